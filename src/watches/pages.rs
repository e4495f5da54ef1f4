//! watches room: saving a search, the list of them, and the links in mails to addresses without an account.
use super::views::{SavedPage, SavedRow, TokenPage, WatchPage};
use super::{Mode, SavedSearch, Saving, kept, parse_leave};
use crate::error::{Error, Result};
use crate::kernel::ids::SearchId;
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::names::Email;
use crate::web::form::{Form, Params, Parts, read_body};
use crate::web::rates::Budget;
use crate::web::view::{self, encode, when};
use crate::web::views::MessagePage;
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::web::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};

fn head(room: &Room<'_>, key: &str) -> Head {
    Head::private(room.visit.t(key), "search")
}

/// `GET /searches?after=`.
pub async fn index(visit: Visit, params: Params) -> Result<HttpResponse> {
    let before = params.number("after").map_err(|_| Error::Bad("error-bad-cursor"))?.map(SearchId);
    visit
        .page(move |room| {
            let user = room.viewer()?.id;
            let mut rows = super::page(room.conn, user, before, limits::PAGE_ROWS + 1)?;
            let size = usize::try_from(limits::PAGE_ROWS).unwrap_or(usize::MAX);
            let more = rows.len() > size;
            rows.truncate(size);
            let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
            let (lang, now) = (room.visit.lang, room.now);
            let view = SavedPage {
                rows: rows.into_iter().map(|search| row(lang, search, now)).collect(),
                pager: view::pager("/searches", next, before.is_none()),
                max: limits::SAVED_SEARCHES,
                daily: limits::SEARCH_NEWS_PER_DAY,
            };
            Ok(Page::html("search/saved.html", head(room, "searches-title"), &view))
        })
        .await
}

fn row(lang: &str, search: SavedSearch, now: Moment) -> SavedRow {
    let encoded = encode(&search.query);
    SavedRow {
        id: search.id.0,
        name: search.name,
        url: format!("/search?q={encoded}"),
        feed_url: format!("/search.atom?q={encoded}"),
        query: search.query,
        solved_only: search.mode == Mode::Solved,
        saved: when(lang, search.created_at, now),
        told: search.told_at.map(|at| when(lang, at, now)),
    }
}

/// `POST /searches`: one click beside the results.
pub async fn save(visit: Visit, form: Form) -> Result<HttpResponse> {
    let (text, name) = (form.get("q").to_owned(), form.get("name").to_owned());
    let mode = Mode::parse(form.get("mode"));
    let saving = visit
        .act(&form, Budget::Personal, move |tx, viewer| {
            let mode = mode.ok_or(Error::Bad("error-bad-mode"))?;
            super::save(tx, viewer.id, &text, &name, mode)
        })
        .await?;
    let flash = match saving {
        Saving::Saved(_) => ("ok", "flash-search-saved"),
        Saving::Known => ("ok", "flash-search-known"),
        Saving::TooMany => ("warn", "flash-search-too-many"),
        Saving::NothingToSearch => return Err(Error::Invalid("q", "search-nothing-to-save")),
    };
    Ok(visit.redirect("/searches", Some(flash)))
}

/// `POST /searches/{id}/name`.
pub async fn rename(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = SearchId(parts.number("id")?);
    let name = form.get("name").to_owned();
    let known = visit
        .act(&form, Budget::Personal, move |tx, viewer| Ok(super::rename(tx, viewer.id, id, &name)?))
        .await?;
    if known {
        Ok(visit.redirect("/searches", Some(("ok", "flash-search-renamed"))))
    } else {
        Err(Error::NotFound)
    }
}

/// `POST /searches/{id}/removal`.
pub async fn remove(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = SearchId(parts.number("id")?);
    let known =
        visit.act(&form, Budget::Personal, move |tx, viewer| Ok(super::remove(tx, viewer.id, id)?)).await?;
    if known {
        Ok(visit.redirect("/searches", Some(("ok", "flash-search-removed"))))
    } else {
        Err(Error::NotFound)
    }
}

/// `GET /search/watch?q=`: "tell me when this is answered".
pub async fn watch_form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let text = params.get("q").to_owned();
    visit
        .page(move |room| {
            let Some(query) = kept(&text) else { return Ok(Page::Redirect("/search".into())) };
            let view = WatchPage { query, ..WatchPage::default() };
            Ok(Page::html("search/watch.html", head(room, "watch-title"), &view))
        })
        .await
}

/// `POST /search/watch`: an address to be told at, once it is confirmed. The answer is the same whether the address
/// has an account, has searches, or neither.
pub async fn watch(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    let text = form.get("q").to_owned();
    let typed = form.get("email").trim().to_owned();
    let email = match Email::parse(&typed) {
        Ok(email) => email,
        Err(error) => {
            return visit
                .page(move |room| {
                    let query = kept(&text).ok_or(Error::Invalid("q", "search-nothing-to-save"))?;
                    let mut view = WatchPage { query, email: typed, ..WatchPage::default() };
                    view.errors.insert("email".into(), room.visit.t(error.key()));
                    Ok(Page::html("search/watch.html", head(room, "watch-title"), &view).with_status(422))
                })
                .await;
        }
    };
    visit.app.rates.take(Budget::Watch, (Budget::Watch, visit.household()))?;
    visit.app.rates.take(Budget::AccountMail, (Budget::AccountMail, email.key()))?;
    let (letterhead, lang) = (visit.app.letterhead.clone(), visit.lang);
    let asked =
        visit.act_anonymously(&form, move |tx| super::ask(tx, &letterhead, &email, &text, lang)).await?;
    if !asked {
        return Err(Error::Invalid("q", "search-nothing-to-save"));
    }
    message(visit, "look-at-mail-title", "watch-look-at-mail").await
}

async fn message(visit: Visit, title: &'static str, text: &'static str) -> Result<HttpResponse> {
    visit
        .page(move |room| {
            let view = MessagePage {
                title: room.visit.t(title),
                text: room.visit.t(text),
                ..MessagePage::default()
            };
            Ok(Page::html("web/message.html", head(room, title), &view))
        })
        .await
}

/// A page that says one thing, and, with a token, asks for one press.
async fn token_page(visit: Visit, which: &'static str, state: State, token: String) -> Result<HttpResponse> {
    visit
        .page(move |room| {
            let say = |part: &str| room.visit.t(&format!("watch-{which}-{part}"));
            let (part, status) = match state {
                State::Asking => ("ask", 200),
                State::Done => ("done", 200),
                State::Invalid => ("invalid", 400),
            };
            let asking = matches!(state, State::Asking);
            let view = TokenPage {
                title: say(&format!("{part}-title")),
                text: say(&format!("{part}-text")),
                action: if asking { format!("/searches/{which}") } else { String::new() },
                button: if asking { say("button") } else { String::new() },
                token,
            };
            let head = Head::private(view.title.clone(), "search");
            Ok(Page::html("search/token.html", head, &view).with_status(status))
        })
        .await
}

enum State {
    Asking,
    Done,
    Invalid,
}

/// `GET /searches/confirm?token=`: a button; mail scanners open every link.
pub async fn confirm_form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let token = params.get("token").to_owned();
    let state = if token.is_empty() { State::Invalid } else { State::Asking };
    token_page(visit, "confirm", state, token).await
}

/// `POST /searches/confirm`.
pub async fn confirm(visit: Visit, form: Form) -> Result<HttpResponse> {
    let token = form.get("token").to_owned();
    let done = visit.act_anonymously(&form, move |tx| Ok(super::confirm(tx, &token)?)).await?;
    let state = if done.is_some() { State::Done } else { State::Invalid };
    token_page(visit, "confirm", state, String::new()).await
}

/// `GET /searches/leave?token=`.
pub async fn leave_form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let token = params.get("token").to_owned();
    let state = if parse_leave(&visit.app.key, &token).is_some() { State::Asking } else { State::Invalid };
    token_page(visit, "leave", state, token).await
}

/// `POST /searches/leave`, by the button or by a mail program's one click (RFC 8058): the token is the whole right.
pub async fn leave(
    visit: Visit,
    params: Params,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse> {
    let token = match params.filled("token") {
        Some(token) => {
            read_body(&request, body.into_inner(), limits::FORM_BYTES).await?;
            token.to_owned()
        }
        None => Form::from_request(&request, &mut body.into_inner()).await?.get("token").to_owned(),
    };
    let Some(id) = parse_leave(&visit.app.key, &token) else {
        return token_page(visit, "leave", State::Invalid, String::new()).await;
    };
    // Left already is left.
    visit.act_by_link(move |tx| Ok(super::leave(tx, id)?)).await?;
    token_page(visit, "leave", State::Done, String::new()).await
}
