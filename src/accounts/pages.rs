//! accounts room: the doors, people, settings.
pub mod leaving;
pub mod person;

use super::policy::password_problem;
use super::store::PeopleFilter;
use super::views::*;
use super::{AccountAct, ApiTokenMade, Confirmed, FirstRun, NewUser, Opener, Profile, Role, SignUp};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::kernel::ids::UserId;
use crate::kernel::names::{DisplayName, Email, Username};
use crate::kernel::{limits, markdown, token};
use crate::mail::{self, AccountMail, Addressee, Letterhead};
use crate::web::form::{Form, Params, Parts};
use crate::web::i18n::translate;
use crate::web::rates::Budget;
use crate::web::view::{self, Author, Cursor, counted, encode, when};
use crate::web::views::{FieldErrors, MessagePage};
use crate::web::visit::{CookieNames, Head, Page, Room, Visit, cookie};
use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

/// A path of ours to go back to; anything else leads to the front page.
fn safe_return(path: &str) -> String {
    let ours = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/\\")
        // A browser's address is of these alone; what is not would have to be escaped in the header.
        && path.chars().all(|c| c.is_ascii_graphic() && c != '\\')
        && path.len() <= limits::URL_BYTES
        && !path.starts_with("/sign-");
    if ours { path.to_owned() } else { "/".into() }
}

fn message(
    visit: Visit,
    title: &'static str,
    text: &'static str,
    action: Option<(&'static str, &'static str)>,
) -> impl Future<Output = Result<HttpResponse>> {
    visit.page(move |room| {
        let t = |key: &str| room.visit.t(key);
        let view = MessagePage {
            title: t(title),
            text: t(text),
            action_url: action.map(|(url, _)| url.to_owned()),
            action_label: action.map(|(_, key)| t(key)),
        };
        Ok(Page::html("web/message.html", Head::private(t(title), "account"), &view))
    })
}

/// Signs a browser in: its cookie, and the one that tied its forms before is dropped.
fn signed_in(visit: &Visit, token: String, to: &str) -> HttpResponse {
    let names = CookieNames::of(&visit.app);
    HttpResponse::SeeOther()
        .insert_header((LOCATION, to.to_owned()))
        .insert_header(("cache-control", "no-store"))
        .cookie(cookie(
            &visit.app,
            names.session,
            token,
            Some(limits::SESSION_LIFE / crate::kernel::moment::SECOND),
        ))
        .cookie(cookie(&visit.app, names.anonymous, String::new(), Some(0)))
        .finish()
}

pub async fn sign_up_form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let back = safe_return(params.get("return"));
    visit
        .page(move |room| {
            if room.viewer.is_some() {
                return Ok(Page::Redirect(back));
            }
            if !room.visit.app.config.sign_up_open {
                return Err(Error::Forbidden("sign-up-closed"));
            }
            let view = SignUpPage { return_to: back, ..SignUpPage::default() };
            Ok(Page::html(
                "accounts/sign_up.html",
                Head::private(room.visit.t("sign-up-title"), "account"),
                &view,
            ))
        })
        .await
}

/// Takes one from the allowance of the mailbox that an account mail is to go to. Asked alike for every address,
/// so that the refusal tells nothing.
fn spare(visit: &Visit, email: &Email) -> Result<()> {
    visit.app.rates.take(Budget::AccountMail, (Budget::AccountMail, email.key()))
}

/// What the fields of a new account must be, each with its message.
struct Wanted {
    username: Option<Username>,
    display_name: Option<DisplayName>,
    email: Option<Email>,
    errors: FieldErrors,
}

fn wanted(visit: &Visit, form: &Form) -> Wanted {
    let mut errors = FieldErrors::new();
    let username = Username::parse_new(form.get("username").trim());
    if let Err(error) = &username {
        errors.insert("username".into(), visit.t(error.key()));
    }
    // A name that is left empty is the user name.
    let shown = form.filled("display_name").unwrap_or_else(|| form.get("username").trim());
    let display_name = DisplayName::parse(shown);
    if let (Err(error), Ok(_)) = (&display_name, &username) {
        errors.insert("display_name".into(), visit.t(error.key()));
    }
    let email = Email::parse(form.get("email").trim());
    if let Err(error) = &email {
        errors.insert("email".into(), visit.t(error.key()));
    }
    if let Some(problem) =
        password_problem(form.get("password"), &[form.get("username").trim(), form.get("email").trim()])
    {
        errors.insert("password".into(), visit.t(problem));
    }
    Wanted { username: username.ok(), display_name: display_name.ok(), email: email.ok(), errors }
}

pub async fn sign_up(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    if !visit.app.config.sign_up_open {
        return Err(Error::Forbidden("sign-up-closed"));
    }
    let mut want = wanted(&visit, &form);
    if want.errors.is_empty()
        && let (Some(username), Some(display_name), Some(email)) =
            (want.username, want.display_name, want.email)
    {
        visit.app.rates.take(Budget::SignUp, (Budget::SignUp, visit.household()))?;
        spare(&visit, &email)?;
        let hash = visit.app.hasher.hash(form.get("password").to_owned()).await?;
        let browser = visit.browser().unwrap_or_default().to_owned();
        let letterhead = visit.app.letterhead.clone();
        let lang = visit.lang;
        let asked = visit
            .act_anonymously(&form, move |tx| {
                let asked = super::sign_up(tx, &username, &display_name, &email, &hash, &browser)?;
                if let SignUp::Asked { token } = &asked {
                    let to =
                        Addressee { user: None, address: email.as_str(), name: display_name.as_str(), lang };
                    let (about, path) = match token {
                        Some(token) => (AccountMail::ConfirmEmail, format!("/confirm?token={token}")),
                        None => (AccountMail::AddressTaken, "/password/forgot".to_owned()),
                    };
                    let key =
                        format!("sign-up:{}", token::random().map_err(|e| Error::Internal(e.to_string()))?);
                    let until = tx.now.plus(limits::CONFIRM_LIFE);
                    mail::enqueue(tx, letterhead.account(about, &to, Some(&path), key, Some(until)))?;
                }
                Ok(asked)
            })
            .await?;
        match asked {
            SignUp::Asked { .. } => {
                return message(visit, "look-at-mail-title", "look-at-mail-text", None).await;
            }
            SignUp::NameTaken => {
                want.errors.insert("username".into(), visit.t("name-taken"));
            }
        }
    }
    let view = SignUpPage {
        username: form.get("username").to_owned(),
        display_name: form.get("display_name").to_owned(),
        email: form.get("email").to_owned(),
        return_to: safe_return(form.get("return")),
        errors: want.errors,
        submission_key: String::new(),
    };
    visit
        .page(move |room| {
            let head = Head::private(room.visit.t("sign-up-title"), "account");
            Ok(Page::html("accounts/sign_up.html", head, &view).with_status(422))
        })
        .await
}

fn sign_in_page(room: &Room<'_>, view: &SignInPage) -> Page {
    Page::html("accounts/sign_in.html", Head::private(room.visit.t("sign-in-title"), "account"), view)
}

pub async fn sign_in_form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let back = safe_return(params.get("return"));
    visit
        .page(move |room| {
            if room.viewer.is_some() {
                return Ok(Page::Redirect(back));
            }
            let reason = (back != "/").then(|| room.visit.t("sign-in-reason"));
            let can_sign_up = room.visit.app.config.sign_up_open;
            Ok(sign_in_page(
                room,
                &SignInPage { return_to: back, reason, can_sign_up, ..SignInPage::default() },
            ))
        })
        .await
}

pub async fn sign_in(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    let login = form.get("login").trim().to_owned();
    let back = safe_return(form.get("return"));
    let account = crate::kernel::slug::fold(&login.chars().take(300).collect::<String>());
    let household = visit.household();
    // The address first: whoever has used it up leaves no trace of the names they go on typing.
    for (budget, who) in [
        (Budget::SignInAddress, household.to_string()),
        (Budget::SignInPair, format!("{account} {household}")),
        (Budget::SignInAccount, account.clone()),
    ] {
        visit.app.rates.take(budget, (budget, who))?;
    }
    let app = visit.app.clone();
    let db = app.db.clone();
    let known = visit.aside(move || Ok(super::credentials(&mut *db.reader()?, &account)?)).await?;
    let password = form.get("password").to_owned();
    let fits = (1..=limits::MAX_PASSWORD).contains(&password.chars().count());
    let (user, stored) = known.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
    let outdated = stored.as_deref().is_some_and(|hash| app.hasher.is_outdated(hash));
    let right = fits && app.hasher.verify(password.clone(), stored).await?;
    let (Some(user), true) = (user, right) else {
        tracing::info!(address = %visit.address, "a sign-in was refused");
        if let Some(user) = user {
            super::note_refusal(&app.db, user, visit.caller());
        }
        let text = visit.t("sign-in-wrong");
        return refuse_sign_in(visit, login, back, text, 422).await;
    };
    let fresh_hash = if outdated { Some(app.hasher.hash(password).await?) } else { None };
    let caller = visit.caller();
    let old = visit.session_token().map(str::to_owned);
    let started = visit
        .act_anonymously(&form, move |tx| {
            // Gone since the password was looked up: then there is nobody to sign in.
            let person = super::person_head(tx.conn, user)?.ok_or(Error::NotFound)?;
            if let Some(until) = person.suspended_until.filter(|until| *until > tx.now) {
                let why = crate::moderation::suspension(tx.conn, user, tx.now)?;
                super::note(tx, AccountAct::SignInRefused, None, user, &caller)?;
                return Ok(Err((until, why.map(|(_, reason)| reason).unwrap_or_default())));
            }
            if let Some(hash) = fresh_hash {
                super::store::set_password(tx, user, &hash)?;
            }
            if let Some(old) = old {
                super::sign_out(tx, &old)?;
            }
            super::sign_in(tx, user, &caller).map(Ok)
        })
        .await?;
    match started {
        Ok(token) => Ok(signed_in(&visit, token, &back)),
        Err((until, why)) => {
            // Only who knew the password comes here, so the reason is told.
            let (until, lang) = (until.long(), visit.lang);
            let mut text = translate(lang, "sign-in-suspended", &[("date", (&until).into())]);
            if !why.is_empty() {
                text = format!(
                    "{text} {}",
                    translate(lang, "sign-in-suspended-why", &[("reason", (&why).into())])
                );
            }
            text = format!("{text} {}", visit.t("sign-in-suspended-then"));
            refuse_sign_in(visit, login, back, text, 403).await
        }
    }
}

async fn refuse_sign_in(
    visit: Visit,
    login: String,
    return_to: String,
    why: String,
    status: u16,
) -> Result<HttpResponse> {
    let errors = FieldErrors::from([("form".to_owned(), why)]);
    let can_sign_up = status != 403 && visit.app.config.sign_up_open;
    let view = SignInPage { login, return_to, errors, reason: None, can_sign_up };
    visit.page(move |room| Ok(sign_in_page(room, &view).with_status(status))).await
}

pub async fn sign_out(visit: Visit, form: Form) -> Result<HttpResponse> {
    let Some(session) = visit.session_token().map(str::to_owned) else {
        return Ok(visit.redirect("/", None));
    };
    visit.act_anonymously(&form, move |tx| Ok(super::sign_out(tx, &session)?)).await?;
    let names = CookieNames::of(&visit.app);
    let mut reply = visit.redirect("/", None);
    let gone = cookie(&visit.app, names.session, String::new(), Some(0));
    reply.add_cookie(&gone).map_err(|e| Error::Internal(e.to_string()))?;
    // What the browser kept of private pages goes too.
    reply.headers_mut().insert(
        actix_web::http::header::HeaderName::from_static("clear-site-data"),
        actix_web::http::header::HeaderValue::from_static("\"cache\""),
    );
    Ok(reply)
}

pub async fn forgot_form(visit: Visit) -> Result<HttpResponse> {
    visit
        .page(|room| {
            let head = Head::private(room.visit.t("forgot-title"), "account");
            Ok(Page::html("accounts/forgot.html", head, &ForgotPage::default()))
        })
        .await
}

pub async fn forgot(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    let typed = form.get("email").trim().to_owned();
    let mut view = ForgotPage { email: typed.clone(), ..ForgotPage::default() };
    match Email::parse(&typed) {
        Err(error) => {
            view.errors.insert("email".into(), visit.t(error.key()));
        }
        Ok(email) => {
            visit.app.rates.take(Budget::Reset, (Budget::Reset, visit.household()))?;
            spare(&visit, &email)?;
            let letterhead = visit.app.letterhead.clone();
            let lang = visit.lang;
            visit
                .act_anonymously(&form, move |tx| {
                    let link = super::ask_reset(tx, &email)?;
                    let to =
                        Addressee { user: link.user, address: &link.email, name: &link.display_name, lang };
                    let path = format!("/password/reset?token={}", link.token);
                    let key = format!("reset:{}", token::digest(&link.token));
                    let until = tx.now.plus(limits::RESET_LIFE);
                    // Written for an unknown address too and then thrown away: the time taken tells nothing.
                    let about = AccountMail::ResetPassword;
                    let mail = letterhead.account(about, &to, Some(&path), key, Some(until));
                    if link.user.is_some() {
                        mail::enqueue(tx, mail)?;
                    }
                    Ok(())
                })
                .await?;
            view.sent = true;
        }
    }
    let status = if view.sent { 200 } else { 422 };
    visit
        .page(move |room| {
            let head = Head::private(room.visit.t("forgot-title"), "account");
            Ok(Page::html("accounts/forgot.html", head, &view).with_status(status))
        })
        .await
}

pub async fn reset_form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let link = params.get("token").to_owned();
    visit
        .page(move |room| {
            let invalid = !super::reset_link_works(room.conn, &link, room.now)?;
            let view = ResetPage { token: link, invalid, ..ResetPage::default() };
            Ok(Page::html(
                "accounts/reset.html",
                Head::private(room.visit.t("reset-title"), "account"),
                &view,
            )
            .with_status(if invalid { 410 } else { 200 }))
        })
        .await
}

pub async fn reset(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    let link = form.get("token").to_owned();
    let password = form.get("password").to_owned();
    let mut view = ResetPage { token: link.clone(), ..ResetPage::default() };
    match password_problem(&password, &[]) {
        Some(problem) => {
            view.errors.insert("password".into(), visit.t(problem));
        }
        None => {
            visit.app.rates.take(Budget::Reset, (Budget::Reset, visit.household()))?;
            let hash = visit.app.hasher.hash(password).await?;
            let (letterhead, lang, caller) = (visit.app.letterhead.clone(), visit.lang, visit.caller());
            let done = visit
                .act_anonymously(&form, move |tx| {
                    let user = super::reset_password(tx, &link, &hash, &caller)?;
                    if let Some(user) = user {
                        tell_of_password(tx, &letterhead, lang, user)?;
                    }
                    Ok(user.is_some())
                })
                .await?;
            if done {
                return Ok(visit.redirect("/sign-in", Some(("ok", "flash-password-changed"))));
            }
            view.invalid = true;
        }
    }
    visit
        .page(move |room| {
            let head = Head::private(room.visit.t("reset-title"), "account");
            let status = if view.invalid { 410 } else { 422 };
            Ok(Page::html("accounts/reset.html", head, &view).with_status(status))
        })
        .await
}

/// Tells the owner of an account that its password is another, so that they hear of it when it was not them.
fn tell_of_password(tx: &mut Tx<'_>, letterhead: &Letterhead, lang: &str, user: UserId) -> Result<()> {
    let (person, address) = (super::person_head(tx.conn, user)?, super::email_of(tx.conn, user)?);
    if let (Some(person), Some(address)) = (person, address) {
        let to = Addressee { user: Some(user), address: &address, name: &person.display_name, lang };
        let key = format!("password:{user}:{}", tx.now.0);
        let about = AccountMail::PasswordChanged;
        mail::enqueue(tx, letterhead.account(about, &to, Some("/password/forgot"), key, None))?;
    }
    Ok(())
}

pub async fn confirm_form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let link = params.get("token").to_owned();
    visit
        .page(move |room| {
            let email = super::one_time_link_email(room.conn, &token::digest(&link), room.now)?;
            let view =
                ConfirmPage { token: link, invalid: email.is_none(), email: email.unwrap_or_default() };
            let status = if view.invalid { 410 } else { 200 };
            Ok(Page::html(
                "accounts/confirm.html",
                Head::private(room.visit.t("confirm-title"), "account"),
                &view,
            )
            .with_status(status))
        })
        .await
}

pub async fn confirm(visit: Visit, form: Form) -> Result<HttpResponse> {
    let link = form.get("token").to_owned();
    let opener = Opener {
        session: visit.session_token().map(str::to_owned),
        browser: visit.browser().map(str::to_owned),
        caller: visit.caller(),
    };
    let done = visit.act_anonymously(&form, move |tx| super::confirm(tx, &link, &opener)).await?;
    match done {
        Confirmed::Welcome { session: Some(session) } => Ok(signed_in(&visit, session, "/")),
        Confirmed::Welcome { session: None } => {
            Ok(visit.redirect("/sign-in", Some(("ok", "flash-confirmed"))))
        }
        Confirmed::AddressChanged => {
            Ok(visit.redirect("/settings/account", Some(("ok", "flash-address-changed"))))
        }
        Confirmed::AddressRestored => {
            Ok(visit.redirect("/password/forgot", Some(("ok", "flash-address-restored"))))
        }
        Confirmed::NameTaken => {
            message(visit, "name-taken-title", "name-taken-text", Some(("/sign-up", "sign-up-title"))).await
        }
        Confirmed::Invalid => {
            visit
                .page(|room| {
                    let view = ConfirmPage { invalid: true, ..ConfirmPage::default() };
                    let head = Head::private(room.visit.t("confirm-title"), "account");
                    Ok(Page::html("accounts/confirm.html", head, &view).with_status(410))
                })
                .await
        }
    }
}

pub async fn first_run_form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let link = params.get("token").to_owned();
    visit
        .page(move |room| {
            if !super::first_run_open(room.conn)? {
                return Err(Error::NotFound);
            }
            let invalid = !super::first_run_link_works(room.conn, &link, room.now)?;
            let view = FirstRunPage {
                token: link,
                brand_name: room.visit.app.config.brand.name.clone(),
                invalid,
                ..FirstRunPage::default()
            };
            Ok(Page::html(
                "accounts/first_run.html",
                Head::private(room.visit.t("first-run-title"), "account"),
                &view,
            )
            .with_status(if invalid { 410 } else { 200 }))
        })
        .await
}

pub async fn first_run(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    let link = form.get("token").to_owned();
    let mut want = wanted(&visit, &form);
    let mut invalid = false;
    if want.errors.is_empty()
        && let (Some(username), Some(display_name), Some(email)) =
            (want.username, want.display_name, want.email)
    {
        visit.app.rates.take(Budget::SignUp, (Budget::SignUp, visit.household()))?;
        let hash = visit.app.hasher.hash(form.get("password").to_owned()).await?;
        let (link, caller) = (link.clone(), visit.caller());
        let new = NewUser {
            username,
            display_name,
            email: Some(email),
            password_hash: Some(hash),
            role: Role::Admin,
        };
        match visit.act_anonymously(&form, move |tx| super::first_run(tx, &link, new, &caller)).await? {
            FirstRun::Owner { session } => return Ok(signed_in(&visit, session, "/")),
            FirstRun::NameTaken => {
                want.errors.insert("username".into(), visit.t("name-taken"));
            }
            FirstRun::EmailTaken => {
                want.errors.insert("email".into(), visit.t("email-taken"));
            }
            FirstRun::Invalid => invalid = true,
        }
    }
    let view = FirstRunPage {
        token: link,
        brand_name: visit.app.config.brand.name.clone(),
        username: form.get("username").to_owned(),
        display_name: form.get("display_name").to_owned(),
        email: form.get("email").to_owned(),
        errors: want.errors,
        invalid,
    };
    visit
        .page(move |room| {
            let head = Head::private(room.visit.t("first-run-title"), "account");
            Ok(Page::html("accounts/first_run.html", head, &view).with_status(if invalid {
                410
            } else {
                422
            }))
        })
        .await
}

pub async fn people(visit: Visit, params: Params) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    let query: String = params.get("q").trim().chars().take(limits::MAX_USERNAME).collect();
    let newest = params.get("sort") == "newest";
    visit
        .shared_page(crate::web::cache::Shows::Everything, move |room| {
            let filter = PeopleFilter { prefix: query.clone(), role: None, by_points: !newest };
            let (rows, next) = super::list_people(room.conn, &filter, after)?;
            let ids: Vec<UserId> = rows.iter().map(|row| row.id).collect();
            let badges = crate::badges::badge_counts(room.conn, &ids)?;
            let lang = room.visit.lang;
            let now = room.now;
            let base = match (newest, query.is_empty()) {
                (true, true) => "/people?sort=newest".to_owned(),
                (false, true) => "/people".to_owned(),
                (_, false) => format!("/people?q={}", encode(&query)),
            };
            let view = PeoplePage {
                rows: rows
                    .into_iter()
                    .map(|row| {
                        let author = Author {
                            username: Some(row.username),
                            display_name: Some(row.display_name),
                            role: Some(row.role),
                            points: row.points,
                            ..Author::default()
                        };
                        let accepted = row.accepted_count.unwrap_or(0);
                        PersonRow {
                            person: view::person(
                                lang,
                                &author,
                                badges.get(&row.id).copied().unwrap_or_default(),
                            ),
                            answers_label: counted(lang, "label-n-answers", row.answer_count.unwrap_or(0)),
                            solutions_label: if accepted > 0 {
                                counted(lang, "label-n-solutions", accepted)
                            } else {
                                String::new()
                            },
                            joined: when(lang, row.created_at, now),
                        }
                    })
                    .collect(),
                query,
                sort: if newest { "newest" } else { "points" }.into(),
                pager: view::pager(&base, next.map(Cursor::encode), after.is_none()),
            };
            let mut head = Head::new(room.visit.t("people-title"), "people");
            head.noindex = after.is_some();
            Ok(Page::html("accounts/people.html", head, &view))
        })
        .await
}

fn profile_page(room: &mut Room<'_>, errors: FieldErrors, typed: Option<&Form>) -> Result<Page> {
    let viewer = room.viewer()?;
    let (username, is_staff) = (viewer.username.clone(), viewer.role.answers_officially());
    let row = super::profile(room.conn, &username)?.ok_or(Error::NotFound)?;
    let text = |field: &str, stored: String| typed.map_or(stored, |form| form.get(field).to_owned());
    let view = ProfileSettingsPage {
        username,
        display_name: text("display_name", row.display_name),
        about_md: text("about", row.bio_md),
        signature: text("signature", row.signature),
        is_staff,
        errors,
    };
    Ok(Page::html(
        "accounts/settings_profile.html",
        Head::private(room.visit.t("settings-title"), "settings"),
        &view,
    ))
}

pub async fn settings(visit: Visit) -> Result<HttpResponse> {
    visit.page(|room| profile_page(room, FieldErrors::new(), None)).await
}

pub async fn save_settings(visit: Visit, form: Form) -> Result<HttpResponse> {
    let mut errors = FieldErrors::new();
    let display_name = DisplayName::parse(form.get("display_name"));
    if let Err(error) = &display_name {
        errors.insert("display_name".into(), visit.t(error.key()));
    }
    let about = form.get("about").trim().to_owned();
    if about.chars().count() > limits::MAX_BIO {
        errors.insert("about".into(), visit.t("about-too-long"));
    }
    let signature = form.get("signature").trim().to_owned();
    if signature.chars().count() > limits::MAX_SIGNATURE || signature.chars().any(char::is_control) {
        errors.insert("signature".into(), visit.t("signature-bad"));
    }
    match display_name {
        Ok(display_name) if errors.is_empty() => {
            // Takes milliseconds for nasty texts, which no other write should wait for.
            let text = about.clone();
            let bio_html =
                visit.prepare(&form, Budget::Render, move || Ok(markdown::render(&text).html)).await?;
            visit
                .act(&form, Budget::Personal, move |tx, viewer| {
                    let signature = viewer.role.answers_officially().then_some(signature);
                    let profile = Profile { display_name, bio_md: about, bio_html, signature };
                    super::update_profile(tx, viewer.id, profile)
                })
                .await?;
            Ok(visit.redirect("/settings", Some(("ok", "flash-saved"))))
        }
        _ => {
            visit.confirm_form(&form)?;
            visit.page(move |room| Ok(profile_page(room, errors, Some(&form))?.with_status(422))).await
        }
    }
}

fn account_page(room: &mut Room<'_>, errors: FieldErrors, new_email: String) -> Result<Page> {
    let username = room.viewer()?.username.clone();
    let row = super::profile(room.conn, &username)?.ok_or(Error::NotFound)?;
    let last_admin = row.role == Role::Admin.as_str() && !super::another_admin(room.conn, row.id)?;
    let view = AccountSettingsPage {
        username,
        can_leave: !last_admin,
        email_confirmed: row.email.is_some(),
        email: row.email.unwrap_or_default(),
        pending_email: super::pending_email(room.conn, row.id, room.now)?,
        new_email,
        errors,
    };
    Ok(Page::html(
        "accounts/settings_account.html",
        Head::private(room.visit.t("settings-title"), "settings"),
        &view,
    ))
}

pub async fn account_settings(visit: Visit) -> Result<HttpResponse> {
    visit.page(|room| account_page(room, FieldErrors::new(), String::new())).await
}

/// Whether the person at the keyboard knows the account's password; asked before what could take it over.
async fn knows_password(visit: &Visit, form: &Form, field: &str) -> Result<bool> {
    visit.confirm_form(form)?;
    visit.app.rates.take(Budget::SignInAddress, (Budget::SignInAddress, visit.household().to_string()))?;
    let app = visit.app.clone();
    let digest = visit.session_token().map(token::digest).unwrap_or_default();
    let stored = visit
        .aside(move || {
            let mut conn = app.db.reader()?;
            let Some(viewer) = super::viewer_by_session(&mut conn, &digest, app.db.clock.now())? else {
                return Ok(None);
            };
            Ok(super::password_hash_of(&mut conn, viewer.id)?)
        })
        .await?;
    visit.app.hasher.verify(form.get(field).chars().take(limits::MAX_PASSWORD).collect(), stored).await
}

pub async fn change_email(visit: Visit, form: Form) -> Result<HttpResponse> {
    let typed = form.get("email").trim().to_owned();
    let mut errors = FieldErrors::new();
    let email = Email::parse(&typed);
    if let Err(error) = &email {
        errors.insert("email".into(), visit.t(error.key()));
    }
    if errors.is_empty() && !knows_password(&visit, &form, "email_password").await? {
        errors.insert("email_password".into(), visit.t("password-wrong"));
    }
    match email {
        Ok(email) if errors.is_empty() => {
            spare(&visit, &email)?;
            let (letterhead, app) = (visit.app.letterhead.clone(), visit.app.clone());
            let lang = visit.lang;
            visit
                .act(&form, Budget::Personal, move |tx, viewer| {
                    let change = super::change_email(tx, viewer.id, &email)?;
                    let to = |address| Addressee {
                        user: Some(viewer.id),
                        address,
                        name: &viewer.display_name,
                        lang,
                    };
                    let key = token::digest(&change.confirm_token);
                    let (about, path) = if change.taken {
                        (AccountMail::AddressTaken, "/password/forgot".to_owned())
                    } else {
                        (AccountMail::ChangeEmail, format!("/confirm?token={}", change.confirm_token))
                    };
                    let until = tx.now.plus(limits::CONFIRM_LIFE);
                    let new = letterhead.account(
                        about,
                        &to(email.as_str()),
                        Some(&path),
                        format!("change:{key}"),
                        Some(until),
                    );
                    mail::enqueue(tx, new)?;
                    if let Some((old, undo)) = &change.undo {
                        // Whoever changes it again and again would fill the old mailbox.
                        if let Ok(old) = Email::parse(old) {
                            app.rates.take(Budget::AccountMail, (Budget::AccountMail, old.key()))?;
                        }
                        let path = format!("/confirm?token={undo}");
                        let mail = letterhead.account(
                            AccountMail::UndoEmail,
                            &to(old),
                            Some(&path),
                            format!("undo:{key}"),
                            None,
                        );
                        mail::enqueue(tx, mail)?;
                    }
                    Ok(())
                })
                .await?;
            Ok(visit.redirect("/settings/account", Some(("ok", "flash-look-at-mail"))))
        }
        _ => {
            visit.confirm_form(&form)?;
            visit.page(move |room| Ok(account_page(room, errors, typed)?.with_status(422))).await
        }
    }
}

pub async fn change_password(visit: Visit, form: Form) -> Result<HttpResponse> {
    let mut errors = FieldErrors::new();
    let new = form.get("new_password").to_owned();
    if let Some(problem) = password_problem(&new, &[]) {
        errors.insert("new_password".into(), visit.t(problem));
    }
    if errors.is_empty() && !knows_password(&visit, &form, "current_password").await? {
        errors.insert("current_password".into(), visit.t("password-wrong"));
    }
    if !errors.is_empty() {
        visit.confirm_form(&form)?;
        return visit.page(move |room| Ok(account_page(room, errors, String::new())?.with_status(422))).await;
    }
    let hash = visit.app.hasher.hash(new).await?;
    let (letterhead, lang, caller) = (visit.app.letterhead.clone(), visit.lang, visit.caller());
    let session = visit
        .act(&form, Budget::Personal, move |tx, viewer| {
            // Every session ends, this one too; the browser that changed it gets a new one.
            super::set_password(tx, Some(viewer.id), viewer.id, &hash, &caller)?;
            tell_of_password(tx, &letterhead, lang, viewer.id)?;
            super::start_session(tx, viewer.id, &caller.user_agent)
        })
        .await?;
    let mut reply = visit.redirect("/settings/account", Some(("ok", "flash-password-changed")));
    let names = CookieNames::of(&visit.app);
    let fresh = cookie(
        &visit.app,
        names.session,
        session,
        Some(limits::SESSION_LIFE / crate::kernel::moment::SECOND),
    );
    reply.add_cookie(&fresh).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(reply)
}

fn tokens_page(
    room: &mut Room<'_>,
    fresh_token: Option<String>,
    name: String,
    errors: FieldErrors,
) -> Result<Page> {
    let viewer = room.viewer()?.id;
    let (lang, now) = (room.visit.lang, room.now);
    let view = TokensPage {
        tokens: super::tokens_of(room.conn, viewer)?
            .into_iter()
            .map(|row| TokenRow {
                id: row.id,
                name: row.name,
                made: when(lang, row.created_at, now),
                last_used: row.used_at.map(|at| when(lang, at, now)),
            })
            .collect(),
        fresh_token,
        name,
        errors,
    };
    Ok(Page::html(
        "accounts/settings_tokens.html",
        Head::private(room.visit.t("settings-title"), "settings"),
        &view,
    ))
}

pub async fn tokens(visit: Visit) -> Result<HttpResponse> {
    visit.page(|room| tokens_page(room, None, String::new(), FieldErrors::new())).await
}

pub async fn make_token(visit: Visit, form: Form) -> Result<HttpResponse> {
    let name = form.get("name").trim().to_owned();
    let mut errors = FieldErrors::new();
    let fits = (1..=limits::MAX_TOKEN_NAME).contains(&name.chars().count());
    if !fits || name.chars().any(char::is_control) {
        visit.confirm_form(&form)?;
        errors.insert("name".into(), visit.t("token-name-bad"));
    } else if !knows_password(&visit, &form, "password").await? {
        // A token outlives the session it was made in, so a session left open is not enough.
        errors.insert("password".into(), visit.t("password-wrong"));
    } else {
        let (wanted, caller) = (name.clone(), visit.caller());
        match visit
            .act(&form, Budget::Personal, move |tx, viewer| {
                super::make_api_token(tx, viewer.id, &wanted, &caller)
            })
            .await?
        {
            // Shown in this one reply; the database keeps its digest alone.
            ApiTokenMade::Made(token) => {
                return visit
                    .page(move |room| tokens_page(room, Some(token), String::new(), FieldErrors::new()))
                    .await;
            }
            ApiTokenMade::TooMany => {
                errors.insert("form".into(), visit.t("token-too-many"));
            }
        }
    }
    visit.page(move |room| Ok(tokens_page(room, None, name, errors)?.with_status(422))).await
}

pub async fn revoke_token(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let (id, caller) = (parts.number("id")?, visit.caller());
    let gone = visit
        .act(&form, Budget::Personal, move |tx, viewer| {
            Ok(super::revoke_api_token(tx, viewer.id, id, &caller)?)
        })
        .await?;
    if gone {
        Ok(visit.redirect("/settings/tokens", Some(("ok", "flash-token-revoked"))))
    } else {
        Err(Error::NotFound)
    }
}

pub async fn sessions(visit: Visit) -> Result<HttpResponse> {
    visit
        .page(|room| {
            let viewer = room.viewer()?;
            let current = viewer.session.map(|(id, _)| id);
            let user = viewer.id;
            let (lang, now) = (room.visit.lang, room.now);
            let view = SessionsPage {
                sessions: super::sessions_of(room.conn, user, now)?
                    .into_iter()
                    .map(|row| SessionRow {
                        id: row.id.to_string(),
                        device: if row.user_agent.is_empty() {
                            room.visit.t("session-unknown")
                        } else {
                            row.user_agent
                        },
                        started: when(lang, row.created_at, now),
                        seen: when(lang, row.used_at, now),
                        current: Some(row.id) == current,
                    })
                    .collect(),
            };
            Ok(Page::html(
                "accounts/settings_sessions.html",
                Head::private(room.visit.t("settings-title"), "settings"),
                &view,
            ))
        })
        .await
}

pub async fn end_session(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let (id, caller) = (parts.number("id")?, visit.caller());
    visit
        .act(&form, Budget::Personal, move |tx, viewer| {
            Ok(super::end_sessions(tx, viewer.id, Some(id), None, &caller)?)
        })
        .await?;
    Ok(visit.redirect("/settings/sessions", Some(("ok", "flash-session-ended"))))
}

pub async fn end_other_sessions(visit: Visit, form: Form) -> Result<HttpResponse> {
    let caller = visit.caller();
    visit
        .act(&form, Budget::Personal, move |tx, viewer| {
            Ok(super::end_sessions(tx, viewer.id, None, viewer.session.map(|(id, _)| id), &caller)?)
        })
        .await?;
    Ok(visit.redirect("/settings/sessions", Some(("ok", "flash-sessions-ended"))))
}
