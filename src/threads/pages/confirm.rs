//! threads room: a reader says whether an answer solved it for them, on its page or while asking the same.
use super::write::{ask_page, typed_page};
use crate::confirmations::{self, Confirming};
use crate::error::{Error, Result};
use crate::kernel::ids::PostId;
use crate::kernel::limits;
use crate::threads::{self, Unfinished};
use crate::web::form::{Form, Parts};
use crate::web::rates::Budget;
use crate::web::views::FieldErrors;
use crate::web::visit::Visit;
use actix_web::HttpResponse;

/// Where a post is, whichever page it is on.
fn post_url(post: PostId) -> String {
    format!("/posts/{post}")
}

/// `POST /posts/{id}/confirmation`: `value` is yes or no. With `place=question` it comes from somebody who was about
/// to ask the same: their question is put away, and they go to the answer. Whatever is in the way of that, the page
/// they were on comes back with all they wrote.
pub async fn confirm(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let value = match form.get("value") {
        "yes" => true,
        "no" => false,
        _ => return visit.refuse(Error::Invalid("value", "confirm-value").keeping(form.typed())).await,
    };
    if form.get("place") == "question" {
        return instead_of_asking(visit, form, post).await;
    }
    let said = visit
        .act(&form, Budget::Vote, move |tx, viewer| confirmations::confirm(tx, viewer, post, value))
        .await?;
    let flash = if value { "flash-solved-it" } else { "flash-not-solved-it" };
    match said {
        Confirming::Counted { .. } => Ok(visit.redirect(&post_url(post), Some(("ok", flash)))),
        Confirming::NotFound => Err(Error::NotFound),
        Confirming::Refused(key) => Err(Error::Conflict(key)),
    }
}

async fn instead_of_asking(visit: Visit, form: Form, post: PostId) -> Result<HttpResponse> {
    let draft = Unfinished {
        place: "question".into(),
        title: form.get("title").chars().take(limits::MAX_TITLE).collect(),
        tags: form.get("tags").chars().take(limits::MAX_TAGS_CHARS).collect(),
        body_md: form.get("body").to_owned(),
        base_revision: None,
    };
    let too_long = draft.body_md.chars().count() > limits::MAX_BODY_CHARS;
    let problem = if too_long {
        Some("body-too-long")
    } else {
        let act = visit.act(&form, Budget::Vote, move |tx, viewer| {
            match confirmations::confirm(tx, viewer, post, true)? {
                Confirming::Counted { .. } => {}
                Confirming::NotFound => return Ok(Some("confirm-not-here")),
                Confirming::Refused(key) => return Ok(Some(key)),
            }
            let kept = threads::put_draft_away(tx, viewer, &draft, post)?;
            Ok((!kept).then_some("drafts-too-many"))
        });
        act.await?
    };
    let Some(key) = problem else {
        return Ok(visit.redirect(&post_url(post), Some(("ok", "flash-helped"))));
    };
    let page = typed_page(&form, FieldErrors::from([("form".to_owned(), visit.t(key))]));
    visit.again(form.typed(), move |room| Ok(ask_page(room, page)?.with_status(422))).await
}

/// `POST /posts/{id}/confirmation/removal`: what was said is taken back, and a question that was put away for it is
/// there again.
pub async fn withdraw(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let (said, draft_back) = visit
        .act(&form, Budget::Vote, move |tx, viewer| {
            let said = confirmations::withdraw(tx, viewer, post)?;
            // Also where the answer is gone meanwhile: the question is theirs.
            Ok((said, threads::take_up_draft(tx, viewer.id, post)?))
        })
        .await?;
    match said {
        _ if draft_back => Ok(visit.redirect("/ask", Some(("ok", "flash-draft-back")))),
        Confirming::Counted { .. } => {
            Ok(visit.redirect(&post_url(post), Some(("ok", "flash-confirmation-withdrawn"))))
        }
        Confirming::NotFound => Err(Error::NotFound),
        Confirming::Refused(key) => Err(Error::Conflict(key)),
    }
}
