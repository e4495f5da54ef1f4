//! accounts room: taking one's data along, and leaving for good.
use super::{account_page, knows_password};
use crate::error::{Error, Result};
use crate::privacy::{self, Erasing};
use crate::web::form::Form;
use crate::web::rates::Budget;
use crate::web::views::FieldErrors;
use crate::web::visit::{CookieNames, Visit, cookie};
use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, HeaderName, HeaderValue};

/// `POST /settings/account/data`: all that is kept about the person, as a file.
pub async fn data(visit: Visit, form: Form) -> Result<HttpResponse> {
    let caller = visit.caller();
    visit
        .act(&form, Budget::Export, move |tx, viewer| Ok(privacy::note_export(tx, viewer.id, &caller)?))
        .await?;
    let mut reply = visit
        .json(|room| {
            let user = room.viewer()?.id;
            Ok(privacy::own_data(room.conn, user, room.now)?)
        })
        .await?;
    let file = HeaderValue::from_static("attachment; filename=\"my-data.json\"");
    reply.headers_mut().insert(CONTENT_DISPOSITION, file);
    Ok(reply)
}

/// `POST /settings/account/erasure`: with the password and the name typed, as it cannot be undone.
pub async fn erase(visit: Visit, form: Form) -> Result<HttpResponse> {
    let typed = form.get("leave_name").trim().to_owned();
    let mut errors = FieldErrors::new();
    if !knows_password(&visit, &form, "leave_password").await? {
        errors.insert("leave_password".into(), visit.t("password-wrong"));
    } else {
        let erasing = visit
            .act(&form, Budget::Personal, move |tx, viewer| {
                if typed != viewer.username {
                    return Ok(None);
                }
                privacy::erase(tx, Some(viewer.id), viewer.id).map(Some)
            })
            .await?;
        match erasing {
            Some(Erasing::Erased) => return gone(&visit),
            Some(Erasing::NoSuchPerson) => return Err(Error::NotFound),
            Some(Erasing::LastAdmin) => errors.insert("form".into(), visit.t("leave-last-admin")),
            None => errors.insert("leave_name".into(), visit.t("leave-name-wrong")),
        };
    }
    visit.page(move |room| Ok(account_page(room, errors, String::new())?.with_status(422))).await
}

fn gone(visit: &Visit) -> Result<HttpResponse> {
    let mut reply = visit.redirect("/", Some(("ok", "flash-account-erased")));
    let ended = cookie(&visit.app, CookieNames::of(&visit.app).session, String::new(), Some(0));
    reply.add_cookie(&ended).map_err(|e| Error::Internal(e.to_string()))?;
    // What the browser kept of private pages goes too.
    let name = HeaderName::from_static("clear-site-data");
    reply.headers_mut().insert(name, HeaderValue::from_static("\"cache\""));
    Ok(reply)
}
