//! notices room: the page of notices, which mails somebody gets, and leaving a list by a mail's link.
use super::NoticeId;
use super::views::{MailList, NoticeRow, NoticeSettingsPage, NoticesPage, UnsubscribePage};
use crate::db::schema::users;
use crate::error::{Error, Result};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::mail::{self, List};
use crate::web::form::{Form, Params, Parts, read_body};
use crate::web::rates::Budget;
use crate::web::view;
use crate::web::views::MessagePage;
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::web::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use diesel::prelude::*;

/// `GET /notices?after=`.
pub async fn index(visit: Visit, params: Params) -> Result<HttpResponse> {
    let before = params.number("after").map_err(|_| Error::Bad("error-bad-cursor"))?.map(NoticeId);
    visit
        .page(move |room| {
            let (user, lang) = (room.viewer()?.id, room.visit.lang);
            let (notices, next) = super::page(room.conn, user, before, limits::NOTICES_PER_PAGE, lang)?;
            let unread = super::unread_count(room.conn, user)?;
            let view = NoticesPage {
                // Only the first page shows all that is new: what comes later than it is not marked with it.
                newest: notices.first().filter(|_| before.is_none() && unread > 0).map(|notice| notice.id.0),
                pager: view::pager("/notices", next.map(|id| id.to_string()), before.is_none()),
                rows: notices.into_iter().map(|notice| row(lang, notice, room.now)).collect(),
            };
            Ok(Page::html(
                "notices/index.html",
                Head::private(room.visit.t("notices-title"), "notices"),
                &view,
            ))
        })
        .await
}

fn row(lang: &str, notice: super::Notice, now: Moment) -> NoticeRow {
    NoticeRow {
        id: notice.id.0,
        kind: notice.kind.sign().to_owned(),
        text: notice.text,
        subject: notice.subject,
        excerpt: String::new(),
        // Where it leads there already, once is enough.
        appeal_url: if notice.appeal == notice.url { String::new() } else { notice.appeal },
        url: notice.url,
        when: view::when(lang, notice.at, now),
        unread: notice.unread,
    }
}

/// `POST /notices/read`: everything up to the newest that the page showed.
pub async fn read_all(visit: Visit, form: Form) -> Result<HttpResponse> {
    let newest = form.number("newest").ok().flatten().map(NoticeId);
    visit
        .act(&form, Budget::Personal, move |tx, viewer| {
            let newest = newest.ok_or(Error::Bad("error-not-a-number"))?;
            Ok(super::mark_all_read(tx, viewer.id, newest)?)
        })
        .await?;
    Ok(visit.redirect("/notices", None))
}

/// `POST /notices/{id}/reading`: marks one read and leads where it leads.
pub async fn open(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = NoticeId(parts.number("id")?);
    let url = visit
        .act(&form, Budget::Personal, move |tx, viewer| {
            super::open(tx, viewer.id, id)?.ok_or(Error::NotFound)
        })
        .await?;
    // What it was about may be gone by now.
    Ok(visit.redirect(if url.is_empty() { "/notices" } else { &url }, None))
}

/// `GET /settings/notices`.
pub async fn settings(visit: Visit) -> Result<HttpResponse> {
    visit.page(settings_page).await
}

fn settings_page(room: &mut Room<'_>) -> Result<Page> {
    let user = room.viewer()?.id;
    let (email, confirmed_at): (Option<String>, Option<Moment>) =
        users::table.find(user).select((users::email, users::email_confirmed_at)).first(room.conn)?;
    let lists = mail::subscriptions(room.conn, user)?
        .into_iter()
        .map(|(list, on)| MailList {
            name: list.as_str().to_owned(),
            label: room.visit.t(&list.label_key()),
            help: room.visit.t(&format!("{}-help", list.label_key())),
            on,
            fixed: !list.can_be_left(),
        })
        .collect();
    let view = NoticeSettingsPage {
        lists,
        email: email.unwrap_or_default(),
        email_confirmed: confirmed_at.is_some(),
        ..NoticeSettingsPage::default()
    };
    Ok(Page::html(
        "notices/settings.html",
        Head::private(room.visit.t("settings-notices"), "settings"),
        &view,
    ))
}

/// `POST /settings/notices`.
pub async fn save_settings(visit: Visit, form: Form) -> Result<HttpResponse> {
    let wanted: Vec<List> = List::ALL.into_iter().filter(|list| form.get(list.as_str()) == "1").collect();
    visit
        .act(&form, Budget::Personal, move |tx, viewer| Ok(mail::set_subscriptions(tx, viewer.id, &wanted)?))
        .await?;
    Ok(visit.redirect("/settings/notices", Some(("ok", "flash-saved"))))
}

/// `GET /unsubscribe?token=`: shows a button and changes nothing, since mail scanners open every link.
pub async fn unsubscribe_form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let token = params.get("token").to_owned();
    leaving(visit, token, false).await
}

/// `POST /unsubscribe`, by the button or by a mail program's one click (RFC 8058): the token, in the address or
/// in the form, is the whole right.
pub async fn unsubscribe(
    visit: Visit,
    params: Params,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse> {
    let token = match params.filled("token") {
        Some(token) => {
            // What one click sends says nothing more, and may come in either of two form types.
            read_body(&request, body.into_inner(), limits::FORM_BYTES).await?;
            token.to_owned()
        }
        None => Form::from_request(&request, &mut body.into_inner()).await?.get("token").to_owned(),
    };
    let key = visit.app.key.clone();
    if let Some((user, list)) = mail::parse_unsubscribe(&key, &token).filter(|(_, list)| list.can_be_left()) {
        visit.act_by_link(move |tx| Ok(mail::unsubscribe(tx, user, list)?)).await?;
    }
    leaving(visit, token, true).await
}

async fn leaving(visit: Visit, token: String, done: bool) -> Result<HttpResponse> {
    visit
        .page(move |room| {
            let visit = room.visit;
            let list = mail::parse_unsubscribe(&visit.app.key, &token).map(|(_, list)| list);
            let title = |key: &str| Head::private(visit.t(key), "settings");
            let invalid = UnsubscribePage { invalid: true, ..UnsubscribePage::default() };
            let Some(list) = list else {
                return Ok(Page::html(
                    "notices/unsubscribe.html",
                    title("unsubscribe-invalid-title"),
                    &invalid,
                )
                .with_status(400));
            };
            let label = visit.t(&list.label_key());
            if !list.can_be_left() {
                let view = MessagePage {
                    title: label,
                    text: visit.t(&format!("{}-help", list.label_key())),
                    action_url: Some("/settings/notices".into()),
                    action_label: Some(visit.t("notices-settings")),
                };
                return Ok(Page::html("web/message.html", title(&list.label_key()), &view));
            }
            let view = UnsubscribePage { token, list_label: label, done, invalid: false };
            let key = if done { "unsubscribe-done-title" } else { "unsubscribe-title" };
            Ok(Page::html("notices/unsubscribe.html", title(key), &view))
        })
        .await
}
