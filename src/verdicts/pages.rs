//! verdicts room: judging an answer, and taking that back, from its thread's page.
use super::{Judging, Verdict};
use crate::error::{Error, Result};
use crate::kernel::ids::PostId;
use crate::web::form::{Form, Parts};
use crate::web::rates::Budget;
use crate::web::visit::Visit;
use actix_web::HttpResponse;

/// `POST /posts/{id}/verdict`: `verdict` is verified, refuted or outdated, `note` says why.
pub async fn judge(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let Some(verdict) = Verdict::parse(form.get("verdict")) else {
        return visit.refuse(Error::Invalid("verdict", "verdict-unknown").keeping(form.typed())).await;
    };
    let note: String = form.get("note").chars().filter(|c| !c.is_control()).collect();
    let judged = visit
        .act_once(&form, Budget::Vote, move |tx, viewer| super::judge(tx, viewer, post, Some(verdict), &note))
        .await?;
    done(&visit, judged, "flash-judged").map_err(|error| error.keeping(form.typed()))
}

/// `POST /posts/{id}/verdict/removal`.
pub async fn withdraw(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let judged =
        visit.act(&form, Budget::Vote, move |tx, viewer| super::judge(tx, viewer, post, None, "")).await?;
    done(&visit, judged, "flash-verdict-withdrawn")
}

/// Back to the answer with a word, or the reason why not.
fn done(visit: &Visit, judged: Judging, flash: &'static str) -> Result<HttpResponse> {
    match judged {
        Judging::Judged(place) => Ok(visit.redirect(&format!("/posts/{}", place.post), Some(("ok", flash)))),
        Judging::NotFound => Err(Error::NotFound),
        Judging::Refused(key) => Err(Error::Conflict(key)),
    }
}
