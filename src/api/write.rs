//! api room: what can be done: ask, answer, comment, vote, accept, flag.
use super::body::Json;
use super::models::{
    Acceptance, Flagged, NewAcceptance, NewAnswer, NewComment, NewFlag, NewThread, NewVote, Posted, Voted,
};
use crate::error::{Error, Result};
use crate::kernel::ids::{PostId, ThreadId};
use crate::kernel::names::Title;
use crate::moderation;
use crate::threads::{self, Body, Done, Kind, NewQuestion, Posting};
use crate::votes::{self, Cast};
use crate::web::form::Parts;
use crate::web::rates::Budget;
use crate::web::view::thread_url;
use crate::web::visit::Visit;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

/// Keys of refusals that are about who asks, not about how things stand.
const NOT_YOURS: &[&str] = &["accept-not-yours", "flag-own", "vote-own", "you-are-suspended"];

fn refused(key: &'static str) -> Error {
    if NOT_YOURS.contains(&key) { Error::Forbidden(key) } else { Error::Conflict(key) }
}

/// The key that makes a request sent twice one post.
fn idempotency_key(req: &HttpRequest) -> Result<Option<String>> {
    let mut keys = req.headers().get_all("idempotency-key");
    let bad = || Error::Bad("error-idempotency-key");
    match (keys.next(), keys.next()) {
        (None, _) => Ok(None),
        (Some(key), None) => {
            let key = key.to_str().ok().and_then(threads::parse_submission_key);
            key.map(Some).ok_or_else(bad)
        }
        (Some(_), Some(_)) => Err(bad()),
    }
}

async fn rendered(visit: &Visit, text: String, kind: Kind) -> Result<Body> {
    visit.prepare_by_api(move || Body::parse(&text, kind).map_err(|key| Error::Invalid("body", key))).await
}

fn reply<T: Serialize>(value: &T) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, no-store")).json(value)
}

/// 201 for a new post, 200 when the same request made it before.
fn posted(visit: &Visit, posting: Posting) -> Result<HttpResponse> {
    let posted = match posting {
        Posting::Posted(posted) => posted,
        Posting::NotFound => return Err(Error::NotFound),
        Posting::Refused(key) => return Err(refused(key)),
    };
    let mut url = format!("{}{}", visit.app.config.base_url, thread_url(posted.thread.0, &posted.slug));
    if posted.post != posted.thread.question() {
        url.push_str(&format!("#post-{}", posted.post));
    }
    let mut reply = if posted.new { HttpResponse::Created() } else { HttpResponse::Ok() };
    reply.insert_header((LOCATION, format!("/api/v1/threads/{}", posted.thread)));
    reply.insert_header((CACHE_CONTROL, "private, no-store"));
    Ok(reply.json(Posted { id: posted.post.0, thread_id: posted.thread.0, url }))
}

/// Asks a question.
#[utoipa::path(
    post, path = "/api/v1/threads", tag = "threads", operation_id = "ask",
    request_body = NewThread,
    responses(
        (status = 201, description = "Asked; Location is the thread", body = Posted),
        (status = 200, description = "Asked before with this Idempotency-Key", body = Posted),
    ),
)]
pub async fn ask(visit: Visit, req: HttpRequest, json: Json<NewThread>) -> Result<HttpResponse> {
    let Json(new) = json;
    let submission_key = idempotency_key(&req)?;
    let title = Title::parse(&new.title).map_err(|e| Error::Invalid("title", e.key()))?;
    let tags = threads::parse_tags(&new.tags.join(",")).map_err(|key| Error::Invalid("tags", key))?;
    let body = rendered(&visit, new.body, Kind::Question).await?;
    let new = NewQuestion { title, body, tags, submission_key };
    let posting =
        visit.act_once_by_api(Budget::Post, move |tx, viewer| threads::ask(tx, viewer, new)).await?;
    posted(&visit, posting)
}

/// Answers a question.
#[utoipa::path(
    post, path = "/api/v1/threads/{id}/answers", tag = "threads", operation_id = "answer",
    params(("id" = i64, Path, minimum = 1)),
    request_body = NewAnswer,
    responses(
        (status = 201, description = "Answered; Location is the thread", body = Posted),
        (status = 200, description = "Answered before with this Idempotency-Key", body = Posted),
    ),
)]
pub async fn answer(
    visit: Visit,
    parts: Parts,
    req: HttpRequest,
    json: Json<NewAnswer>,
) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    let key = idempotency_key(&req)?;
    let body = rendered(&visit, json.0.body, Kind::Answer).await?;
    let posting = visit
        .act_once_by_api(Budget::Post, move |tx, viewer| {
            threads::answer(tx, viewer, thread, &body, key.as_deref(), None)
        })
        .await?;
    posted(&visit, posting)
}

/// Comments on a question or an answer.
#[utoipa::path(
    post, path = "/api/v1/posts/{id}/comments", tag = "posts", operation_id = "comment",
    params(("id" = i64, Path, minimum = 1)),
    request_body = NewComment,
    responses(
        (status = 201, description = "Commented; Location is the thread", body = Posted),
        (status = 200, description = "Commented before with this Idempotency-Key", body = Posted),
    ),
)]
pub async fn comment(
    visit: Visit,
    parts: Parts,
    req: HttpRequest,
    json: Json<NewComment>,
) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let key = idempotency_key(&req)?;
    let body = rendered(&visit, json.0.body, Kind::Comment).await?;
    let posting = visit
        .act_once_by_api(Budget::Comment, move |tx, viewer| {
            threads::comment(tx, viewer, post, &body, key.as_deref())
        })
        .await?;
    posted(&visit, posting)
}

/// Sets the caller's vote on a question or an answer.
#[utoipa::path(
    put, path = "/api/v1/posts/{id}/vote", tag = "posts", operation_id = "vote",
    params(("id" = i64, Path, minimum = 1)),
    request_body = NewVote,
    responses((status = 200, description = "The vote is so now", body = Voted)),
)]
pub async fn vote(visit: Visit, parts: Parts, json: Json<NewVote>) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let value = i16::try_from(json.0.value).ok().filter(|value| (-1..=1).contains(value));
    let value = value.ok_or(Error::Invalid("value", "error-vote-value"))?;
    match visit.act_by_api(Budget::Vote, move |tx, viewer| votes::cast(tx, viewer, post, value)).await? {
        Cast::Counted { score, my_vote, .. } => {
            Ok(reply(&Voted { post_id: post.0, score, my_vote: my_vote.into() }))
        }
        Cast::NotFound => Err(Error::NotFound),
        Cast::Refused(key) => Err(refused(key)),
    }
}

fn acceptance(done: Done, thread: ThreadId, answer: Option<PostId>) -> Result<HttpResponse> {
    match done {
        Done::Done(_) | Done::Already(_) => {
            Ok(reply(&Acceptance { thread_id: thread.0, answer_id: answer.map(|id| id.0) }))
        }
        Done::NotFound => Err(Error::NotFound),
        Done::Refused(key) => Err(refused(key)),
    }
}

/// Says which answer solved it: the asker, or a moderator.
#[utoipa::path(
    put, path = "/api/v1/threads/{id}/acceptance", tag = "threads", operation_id = "accept",
    params(("id" = i64, Path, minimum = 1)),
    request_body = NewAcceptance,
    responses((status = 200, description = "This is the solution now", body = Acceptance)),
)]
pub async fn accept(visit: Visit, parts: Parts, json: Json<NewAcceptance>) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    let answer = PostId(json.0.answer_id);
    let done =
        visit.act_by_api(Budget::Vote, move |tx, viewer| threads::accept(tx, viewer, thread, answer)).await?;
    acceptance(done, thread, Some(answer))
}

/// Takes the acceptance back.
#[utoipa::path(
    delete, path = "/api/v1/threads/{id}/acceptance", tag = "threads", operation_id = "unaccept",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "No answer is the solution now", body = Acceptance)),
)]
pub async fn unaccept(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    let done =
        visit.act_by_api(Budget::Vote, move |tx, viewer| threads::unaccept(tx, viewer, thread)).await?;
    acceptance(done, thread, None)
}

/// Asks moderators to look at a post; once per person and post.
#[utoipa::path(
    post, path = "/api/v1/posts/{id}/flags", tag = "posts", operation_id = "flag",
    params(("id" = i64, Path, minimum = 1)),
    request_body = NewFlag,
    responses((status = 200, description = "The moderators have it, from now or from before", body = Flagged)),
)]
pub async fn flag(visit: Visit, parts: Parts, json: Json<NewFlag>) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let NewFlag { reason, note } = json.0;
    let note = moderation::parse_flag_note(&note.unwrap_or_default());
    let note = note.map_err(|key| Error::Invalid("note", key))?;
    let done = visit
        .act_once_by_api(Budget::Flag, move |tx, viewer| moderation::flag(tx, viewer, post, reason, &note))
        .await?;
    match done {
        Done::Done(_) | Done::Already(_) => Ok(reply(&Flagged { post_id: post.0 })),
        Done::NotFound => Err(Error::NotFound),
        Done::Refused(key) => Err(refused(key)),
    }
}
