//! samples room: one accepted answer after another, judged without a sight of what is known of it.
use super::views::{SamplePage, SampleView};
use super::{Judgement, Judging, Reach, store};
use crate::error::{Error, Result};
use crate::kernel::ids::SampleId;
use crate::kernel::safe_html::SafeHtml;
use crate::web::form::{Form, Params, Parts};
use crate::web::rates::Budget;
use crate::web::visit::{Head, Page, Visit};
use actix_web::HttpResponse;

/// `GET /samples?judged=`.
pub async fn show(visit: Visit, params: Params) -> Result<HttpResponse> {
    let judged = params.number("judged")?.map(SampleId);
    visit
        .page(move |room| {
            let viewer = room.viewer()?.clone();
            let reach = Reach::of(room.conn, &viewer)?;
            let sample = match super::next(room.conn, &viewer, &reach, None)? {
                None => None,
                Some(open) => {
                    let question = store::question(room.conn, open.thread)?.ok_or(Error::NotFound)?;
                    Some(SampleView {
                        id: open.id.0,
                        title: open.title,
                        question_html: SafeHtml::from_stored(question),
                        answer_html: SafeHtml::from_stored(open.answer_html),
                    })
                }
            };
            let before = match judged {
                Some(id) => store::judged_by(room.conn, viewer.id, id)?,
                None => None,
            };
            let (judged_url, judged_title) =
                before.map(|(post, title)| (format!("/posts/{post}"), title)).unwrap_or_default();
            let view = SamplePage { sample, unproven: reach.is_nothing(), judged_title, judged_url };
            Ok(Page::html(
                "samples/show.html",
                Head::private(room.visit.t("samples-title"), "samples"),
                &view,
            ))
        })
        .await
}

/// `POST /samples/{id}/judgement`: `judgement` is right, wrong or unsure.
pub async fn judge(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = SampleId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let Some(judgement) = Judgement::parse(form.get("judgement")) else {
        return visit.refuse(Error::Invalid("judgement", "sample-judgement-unknown")).await;
    };
    let judged =
        visit.act(&form, Budget::Vote, move |tx, viewer| super::judge(tx, viewer, id, judgement)).await?;
    match judged {
        Judging::Judged => {
            Ok(visit.redirect(&format!("/samples?judged={id}"), Some(("ok", "flash-sample-judged"))))
        }
        Judging::Over => Ok(visit.redirect("/samples", Some(("warn", "flash-sample-over")))),
        Judging::Refused(key) => Err(Error::Forbidden(key)),
    }
}
