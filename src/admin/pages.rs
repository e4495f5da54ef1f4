//! admin room: its pages.
pub mod badges;
pub mod calibration;
pub mod synonyms;

use super::views::*;
use crate::accounts::{self, PeopleFilter, Role};
use crate::app::App;
use crate::config::{MailTransport, SmtpTls};
use crate::error::{Error, Result};
use crate::kernel::ids::{MailId, UserId};
use crate::kernel::limits;
use crate::mail::{self, MailState};
use crate::moderation::{self, RoleChange};
use crate::web::form::{Form, Params, Parts};
use crate::web::i18n::{Arg, translate};
use crate::web::rates::Budget;
use crate::web::view::{self, Author, Cursor, counted, encode, grouped, stretch, when};
use crate::web::views::{BadgeCounts, FieldErrors};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;

fn head(room: &Room<'_>, key: &str) -> Head {
    Head::private(room.visit.t(key), "admin")
}

/// How mails leave, in words.
fn transport(app: &App, lang: &str) -> String {
    let mail = &app.config.mail;
    match mail.transport {
        MailTransport::Smtp => format!("SMTP {}:{}", mail.smtp_host, mail.smtp_port),
        MailTransport::Folder => {
            let folder = app.config.data.join("mails").display().to_string();
            translate(lang, "mails-folder", &[("folder", Arg::Text(&folder))])
        }
        MailTransport::Off => translate(lang, "mails-off", &[]),
    }
}

/// `GET /admin`.
pub async fn overview(visit: Visit) -> Result<HttpResponse> {
    visit
        .page(|room| {
            let app = room.visit.app.clone();
            let (lang, now) = (room.visit.lang, room.now);
            let stats = app.counts.get(room.conn, now)?;
            let mails = mail::counts(room.conn)?;
            let in_state = |wanted: MailState| {
                mails.iter().filter(|(state, _)| *state == wanted).map(|(_, n)| *n).sum::<i64>()
            };
            let (waiting, failed) =
                (in_state(MailState::Queued) + in_state(MailState::Sending), in_state(MailState::Failed));
            let flags = crate::moderation::open_flag_count(room.conn)?;
            let cases = crate::escalation::open_case_count(room.conn)?;
            let followers = followers(room, &app)?;
            let count = |key: &str, value: String, url: Option<&str>| Count {
                label: room.visit.t(key),
                value,
                url: url.map(str::to_owned),
            };
            let view = OverviewPage {
                counts: vec![
                    count("admin-count-questions", grouped(stats.questions), Some("/threads")),
                    count("admin-count-solved", grouped(stats.accepted), None),
                    count("admin-count-answers", grouped(stats.answers), None),
                    count("admin-count-comments", grouped(stats.comments), None),
                    count("admin-count-people", grouped(stats.people), Some("/admin/people")),
                    count("admin-count-tags", grouped(stats.tags), Some("/tags")),
                    count("admin-count-flags", capped(flags), Some("/moderation")),
                    count("admin-count-cases", capped(cases), Some("/desk")),
                    count("admin-count-mails-waiting", capped(waiting), Some("/admin/mails?state=waiting")),
                    count("admin-count-mails-failed", capped(failed), Some("/admin/mails?state=failed")),
                    count("admin-count-events", grouped(stats.events), None),
                ],
                checks: checks(room, &app, failed, &followers),
                followers,
                version: format!("Loggia {}", env!("CARGO_PKG_VERSION")),
                database: app.config.database.describe(),
                data_folder: app.config.data.display().to_string(),
                uptime: translate(
                    lang,
                    "admin-uptime",
                    &[("time", Arg::Text(&stretch(lang, now.since(app.started))))],
                ),
            };
            Ok(Page::html("admin/overview.html", head(room, "nav-admin"), &view))
        })
        .await
}

/// A count that stops at a cap.
fn capped(n: i64) -> String {
    if n >= limits::COUNT_CAP { format!("{}+", limits::COUNT_CAP - 1) } else { n.to_string() }
}

fn followers(room: &mut Room<'_>, app: &App) -> Result<Vec<FollowerRow>> {
    let lang = room.visit.lang;
    let mut rows: Vec<FollowerRow> = super::follower_places(room.conn)?
        .into_iter()
        .map(|follower| FollowerRow {
            name: follower.name,
            place: follower.place.0,
            lag: follower.lag,
            lag_label: counted(lang, "label-behind", follower.lag),
            late: is_late(follower.lag),
            last_error: None,
        })
        .collect();
    // The index keeps its place in itself, so that both are never apart.
    let place = app.search.index.place();
    let lag = crate::ledger::head(room.conn)?.0.saturating_sub(place).max(0);
    rows.push(FollowerRow {
        name: "search".into(),
        place,
        lag,
        lag_label: counted(lang, "label-behind", lag),
        late: is_late(lag),
        last_error: app.search.is_rebuilding().then(|| room.visit.t("search-rebuilding")),
    });
    Ok(rows)
}

/// More than a follower does in one step: it is held up, not only a breath behind.
fn is_late(lag: i64) -> bool {
    lag > limits::EVENTS_PER_STEP
}

fn checks(room: &Room<'_>, app: &App, failed_mails: i64, followers: &[FollowerRow]) -> Vec<Check> {
    let t = |key: &str| room.visit.t(key);
    let check = |name: &str, state: &str, text: String, remedy: &str| Check {
        name: t(name),
        state: state.into(),
        text,
        remedy: if remedy.is_empty() { String::new() } else { t(remedy) },
    };
    let config = &app.config;
    let mut checks = Vec::new();
    let late: Vec<&str> = followers.iter().filter(|f| f.late).map(|f| f.name.as_str()).collect();
    checks.push(if late.is_empty() {
        check("admin-followers", "ok", t("admin-check-followers-ok"), "")
    } else {
        check("admin-followers", "warn", late.join(", "), "admin-check-followers-late")
    });
    checks.push(if app.search.is_rebuilding() {
        check("admin-check-search", "warn", t("search-rebuilding"), "")
    } else {
        check("admin-check-search", "ok", t("admin-check-search-ok"), "")
    });
    let how = transport(app, room.visit.lang);
    checks.push(match (config.mail.transport, failed_mails) {
        (MailTransport::Off, _) => check("admin-mails", "warn", how, "admin-check-mail-off"),
        (MailTransport::Folder, _) => check("admin-mails", "warn", how, "admin-check-mail-folder"),
        (MailTransport::Smtp, 0) if config.mail.smtp_tls == SmtpTls::None => {
            check("admin-mails", "warn", how, "admin-check-mail-bare")
        }
        (MailTransport::Smtp, 0) => check("admin-mails", "ok", how, ""),
        (MailTransport::Smtp, _) => check("admin-mails", "error", how, "admin-check-mail-failed"),
    });
    checks.push(if !config.base_url_set {
        check("admin-check-address", "warn", config.base_url.clone(), "admin-check-address-unset")
    } else if !config.is_https() {
        check("admin-check-address", "warn", config.base_url.clone(), "admin-check-address-http")
    } else {
        check("admin-check-address", "ok", config.base_url.clone(), "")
    });
    checks.push(if config.rate_limits {
        check("admin-check-rates", "ok", t("admin-check-rates-on"), "")
    } else {
        check("admin-check-rates", "error", t("admin-check-rates-off"), "admin-check-rates-remedy")
    });
    let (lang, now) = (room.visit.lang, room.now);
    checks.push(match crate::exchange::backup::last_made(&config.data) {
        Ok(Some(at)) if now.since(at) <= limits::BACKUP_OLD => {
            check("admin-check-backup", "ok", view::ago(lang, at, now), "")
        }
        Ok(Some(at)) => {
            check("admin-check-backup", "error", view::ago(lang, at, now), "admin-check-backup-old")
        }
        Ok(None) => {
            check("admin-check-backup", "warn", t("admin-check-backup-none"), "admin-check-backup-how")
        }
        Err(error) => check("admin-check-backup", "error", error.to_string(), "admin-check-backup-old"),
    });
    checks
}

// --- people ---

/// Characters of what is looked for: an e-mail address fits.
const QUERY_CHARS: usize = limits::MAX_EMAIL_BYTES;

/// `GET /admin/people`.
pub async fn people(visit: Visit, params: Params) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    let query: String = params.get("q").trim().chars().take(QUERY_CHARS).collect();
    let role = match params.get("role") {
        "" => None,
        name => Some(Role::parse(name).ok_or(Error::NotFound)?),
    };
    visit
        .page(move |room| {
            let me = room.viewer()?.id;
            let (lang, now) = (room.visit.lang, room.now);
            let prefix = if query.contains('@') {
                super::username_by_email(room.conn, &query)?
            } else {
                Some(query.clone())
            };
            let (rows, next) = match prefix {
                Some(prefix) => {
                    let filter = PeopleFilter { prefix, role, by_points: false };
                    accounts::list_people(room.conn, &filter, after)?
                }
                // An address nobody has.
                None => (Vec::new(), None),
            };
            let rows = rows
                .into_iter()
                .map(|row| {
                    let author = Author {
                        username: Some(row.username.clone()),
                        display_name: Some(row.display_name),
                        role: Some(row.role),
                        points: row.points,
                        ..Author::default()
                    };
                    AdminPersonRow {
                        person: view::person(lang, &author, BadgeCounts::default()),
                        username: row.username,
                        email_confirmed: row.email.is_none() || row.email_confirmed_at.is_some(),
                        email: row.email.unwrap_or_default(),
                        joined: when(lang, row.created_at, now),
                        suspended: row.suspended_until.is_some_and(|until| until > now),
                        can_set_role: row.id != me,
                    }
                })
                .collect();
            let mut base = String::from("/admin/people");
            let mut join = '?';
            if let Some(role) = role {
                base.push_str(&format!("{join}role={}", role.as_str()));
                join = '&';
            }
            if !query.is_empty() {
                base.push_str(&format!("{join}q={}", encode(&query)));
            }
            let view = AdminPeoplePage {
                rows,
                query,
                role: role.map_or("", Role::as_str).to_owned(),
                pager: view::pager(&base, next.map(Cursor::encode), after.is_none()),
                errors: FieldErrors::new(),
            };
            Ok(Page::html("admin/people.html", head(room, "admin-people"), &view))
        })
        .await
}

/// `GET /admin/people/{username}`: what happened to an account.
pub async fn person(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let username = parts.text("username")?.to_owned();
    let after = Cursor::of(&params)?;
    visit
        .page(move |room| {
            let head_of = accounts::find_person(room.conn, &username)?.ok_or(Error::NotFound)?;
            let (lang, now) = (room.visit.lang, room.now);
            let before = after.map(|at| at.id);
            let lines = accounts::log_page(room.conn, head_of.id, before, limits::PAGE_ROWS + 1)?;
            let (lines, next) = cut(lines, |line| Cursor { key: 0, id: line.id });
            let others: Vec<UserId> = lines.iter().filter_map(|line| line.actor).collect();
            let names = accounts::names_of(room.conn, &others)?;
            let rows = lines.into_iter().map(|line| AccountLogRow {
                at: when(lang, line.at, now),
                act: translate(lang, &format!("account-act-{}", line.act), &[]),
                actor: match line.actor {
                    None => translate(lang, "admin-log-nobody", &[]),
                    Some(actor) if actor == head_of.id => translate(lang, "admin-log-themselves", &[]),
                    Some(_) => view::named(lang, &names, line.actor, None).display_name,
                },
                address: line.address.unwrap_or_default(),
            });
            let here = format!("/admin/people/{}", encode(&head_of.username));
            let shown = view::named(
                lang,
                &[(head_of.id, head_of.clone())].into_iter().collect(),
                Some(head_of.id),
                None,
            );
            let view = AdminPersonPage {
                rows: rows.collect(),
                person: shown,
                username: head_of.username,
                pager: view::pager(&here, next.map(Cursor::encode), after.is_none()),
            };
            Ok(Page::html("admin/person.html", head(room, "admin-people"), &view))
        })
        .await
}

/// The rows of one page, and where the next begins.
fn cut<T>(mut rows: Vec<T>, cursor: impl Fn(&T) -> Cursor) -> (Vec<T>, Option<Cursor>) {
    let limit = usize::try_from(limits::PAGE_ROWS).unwrap_or(0);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(cursor) } else { None };
    (rows, next)
}

/// `POST /admin/people/{username}/sessions/removal`: everybody who is in this account is out.
pub async fn shut_out(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let username = parts.text("username")?.to_owned();
    let back = format!("/admin/people/{}", encode(&username));
    let caller = visit.caller();
    visit
        .act(&form, Budget::Moderate, move |tx, viewer| {
            let person = accounts::find_person(tx.conn, &username)?.ok_or(Error::NotFound)?;
            Ok(accounts::shut_out(tx, viewer.id, person.id, &caller)?)
        })
        .await?;
    Ok(visit.redirect(&back, Some(("ok", "flash-shut-out"))))
}

/// `POST /admin/people/{username}/role`.
pub async fn set_role(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let username = parts.text("username")?.to_owned();
    visit.confirm_form(&form)?;
    let Some(role) = Role::parse(form.get("role")) else {
        return visit.refuse(Error::Invalid("role", "role-unknown")).await;
    };
    let back = format!("/admin/people?q={}", encode(&username));
    let caller = visit.caller();
    let change = visit
        .act(&form, Budget::Moderate, move |tx, viewer| {
            moderation::change_role(tx, viewer, &username, role, &caller)
        })
        .await?;
    match change {
        RoleChange::Changed => Ok(visit.redirect(&back, Some(("ok", "flash-role-changed")))),
        RoleChange::Same => Ok(visit.redirect(&back, Some(("warn", "flash-role-same")))),
        RoleChange::NoSuchPerson => Err(Error::NotFound),
        RoleChange::Oneself => Err(Error::Forbidden("role-oneself")),
    }
}

// --- mails ---

/// On their way: also those a sender holds just now.
const WAITING: &[MailState] = &[MailState::Queued, MailState::Sending];

/// `GET /admin/mails`.
pub async fn mails(visit: Visit, params: Params) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    let (state, wanted): (_, &[MailState]) = match params.get("state") {
        "" | "waiting" => ("waiting", WAITING),
        "sent" => ("sent", &[MailState::Sent]),
        "failed" => ("failed", &[MailState::Failed]),
        "expired" => ("expired", &[MailState::Expired]),
        "all" => ("all", &MailState::ALL),
        _ => return Err(Error::NotFound),
    };
    visit
        .page(move |room| {
            let (lang, now) = (room.visit.lang, room.now);
            let counts = mail::counts(room.conn)?;
            let in_states = |wanted: &[MailState]| {
                counts.iter().filter(|(state, _)| wanted.contains(state)).map(|(_, n)| *n).sum::<i64>()
            };
            let rows = mail::page(room.conn, wanted, after.map(|at| MailId(at.id)), limits::PAGE_ROWS + 1)?;
            let (rows, next) = cut(rows, |row| Cursor { key: 0, id: row.id.0 });
            let view = MailsPage {
                state: state.into(),
                waiting_count: in_states(WAITING),
                failed_count: in_states(&[MailState::Failed]),
                expired_count: in_states(&[MailState::Expired]),
                rows: rows.into_iter().map(|row| mail_row(lang, now, row)).collect(),
                pager: view::pager(
                    &format!("/admin/mails?state={state}"),
                    next.map(Cursor::encode),
                    after.is_none(),
                ),
                transport: transport(&room.visit.app, lang),
            };
            Ok(Page::html("admin/mails.html", head(room, "admin-mails"), &view))
        })
        .await
}

fn mail_row(lang: &str, now: crate::kernel::moment::Moment, row: mail::Mail) -> MailRow {
    let waits = WAITING.contains(&row.state);
    let expired = row.state == MailState::Expired;
    MailRow {
        id: row.id.0,
        to: row.recipient,
        subject: row.subject,
        state: match row.state {
            MailState::Queued | MailState::Sending => "waiting",
            MailState::Sent => "sent",
            MailState::Failed => "failed",
            MailState::Expired => "expired",
        }
        .into(),
        attempts: i64::from(row.attempts),
        made: when(lang, row.created_at, now),
        sent: row.sent_at.map(|at| when(lang, at, now)),
        next_attempt: (waits && row.next_attempt_at > now).then(|| until(lang, row.next_attempt_at, now)),
        // What came of it first, and then why it had waited.
        last_error: expired
            .then(|| translate(lang, "mails-expired", &[]))
            .into_iter()
            .chain(row.last_error)
            .collect::<Vec<_>>()
            .join(" "),
        can_retry: matches!(row.state, MailState::Failed | MailState::Queued),
    }
}

/// A moment to come: "in 4 minutes".
fn until(
    lang: &str,
    at: crate::kernel::moment::Moment,
    now: crate::kernel::moment::Moment,
) -> crate::web::views::When {
    let ago = translate(lang, "admin-in", &[("time", Arg::Text(&stretch(lang, at.since(now))))]);
    crate::web::views::When { iso: at.iso(), title: at.long(), ago }
}

/// `POST /admin/mails/{id}/retry`.
pub async fn retry(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = MailId(parts.number("id")?);
    let queued = visit.act(&form, Budget::Moderate, move |tx, _| Ok(mail::retry(tx, id)?)).await?;
    // The sender looks at once, not at its next turn.
    visit.app.bell.ring();
    let flash = if queued { ("ok", "flash-mail-retried") } else { ("warn", "flash-mail-not-retried") };
    Ok(visit.redirect("/admin/mails?state=waiting", Some(flash)))
}
