//! api room: what can be done: ask, answer, comment, edit, delete, vote, accept, follow, flag.
use super::body::Json;
use super::models::{
    Acceptance, Confirmed, Deletion, Edited, Flagged, Following, MeToo, NewAcceptance, NewAnswer, NewComment,
    NewConfirmation, NewFlag, NewRevision, NewThread, NewVote, Posted, Voted,
};
use crate::accounts::Viewer;
use crate::confirmations::{self, Confirming};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::kernel::ids::{PostId, ThreadId};
use crate::kernel::limits;
use crate::kernel::names::{TagName, Title};
use crate::moderation;
use crate::threads::{self, Body, Done, Edit, Editing, Kind, NewQuestion, Posting};
use crate::votes::{self, Cast};
use crate::web::form::Parts;
use crate::web::rates::Budget;
use crate::web::view::thread_url;
use crate::web::visit::Visit;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

/// Keys of refusals that are about who asks, not about how things stand.
const NOT_YOURS: &[&str] = &[
    "accept-not-yours",
    "confirm-asker",
    "confirm-own",
    "edit-not-yours",
    "flag-own",
    "me-too-own",
    "vote-own",
    "you-are-suspended",
];

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

fn reply<T: Serialize>(value: &T) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, no-store")).json(value)
}

/// Where a post is on the pages.
fn post_url(visit: &Visit, thread: ThreadId, slug: &str, post: PostId) -> String {
    let url = format!("{}{}", visit.app.config.base_url, thread_url(thread.0, slug));
    if post == thread.question() { url } else { format!("{url}#post-{post}") }
}

/// Writes a post: 201 for a new one, 200 when the same request made it before.
async fn post<F>(visit: Visit, req: &HttpRequest, text: String, kind: Kind, write: F) -> Result<HttpResponse>
where
    F: FnOnce(&mut Tx<'_>, &Viewer, Body, Option<String>) -> Result<Posting> + Send + 'static,
{
    let key = idempotency_key(req)?;
    let body = move || Body::parse(&text, kind).map_err(|key| Error::Invalid("body", key));
    let body = visit.prepare_by_api(body).await?;
    let budget = if kind == Kind::Comment { Budget::Comment } else { Budget::Post };
    let posted = match visit.act_once_by_api(budget, move |tx, viewer| write(tx, viewer, body, key)).await? {
        Posting::Posted(posted) => posted,
        Posting::NotFound => return Err(Error::NotFound),
        Posting::Refused(key) => return Err(refused(key)),
    };
    let url = post_url(&visit, posted.thread, &posted.slug, posted.post);
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
    let NewThread { title, body, tags } = json.0;
    let (title, tags) = (parse_title(&title)?, parse_tags(&tags)?);
    post(visit, &req, body, Kind::Question, move |tx, viewer, body, submission_key| {
        threads::ask(tx, viewer, NewQuestion { title, body, tags, submission_key })
    })
    .await
}

fn parse_title(title: &str) -> Result<Title> {
    Title::parse(title).map_err(|e| Error::Invalid("title", e.key()))
}

/// One name an item, each kept once.
fn parse_tags(tags: &[String]) -> Result<Vec<TagName>> {
    if tags.len() > limits::MAX_TAGS {
        return Err(Error::Invalid("tags", "tags-too-many"));
    }
    let mut names = Vec::new();
    for tag in tags {
        let name = TagName::parse(tag).map_err(|e| Error::Invalid("tags", e.key()))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
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
    post(visit, &req, json.0.body, Kind::Answer, move |tx, viewer, body, key| {
        threads::answer(tx, viewer, thread, &body, key.as_deref(), None)
    })
    .await
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
    let parent = PostId(parts.number("id")?);
    post(visit, &req, json.0.body, Kind::Comment, move |tx, viewer, body, key| {
        threads::comment(tx, viewer, parent, &body, key.as_deref())
    })
    .await
}

/// Writes a new text of a question, an answer or a comment: its author, and moderators.
#[utoipa::path(
    post, path = "/api/v1/posts/{id}/revisions", tag = "posts", operation_id = "edit",
    params(("id" = i64, Path, minimum = 1)),
    request_body = NewRevision,
    responses((status = 200, description = "The post reads so now, from now or from before", body = Edited)),
)]
pub async fn edit(visit: Visit, parts: Parts, json: Json<NewRevision>) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let kind = visit.clone().read(move |room| {
        let viewer = room.viewer()?;
        let seen = threads::post_seen(room.conn, Some((viewer.id, viewer.role)), post)?;
        Ok(seen.ok_or(Error::NotFound)?.0.kind)
    });
    let kind = kind.await?;
    let edit = visit.prepare_by_api(move || parse_edit(json.0, kind)).await?;
    let editing = visit.act_once_by_api(Budget::Post, move |tx, viewer| {
        let editing = threads::edit(tx, viewer, post, edit)?;
        Ok((editing, threads::source(tx.conn, post)?))
    });
    match editing.await? {
        (Editing::Saved(place) | Editing::Same(place), source) => Ok(reply(&Edited {
            post_id: post.0,
            thread_id: place.thread.0,
            revision: source.map_or(0, |source| source.revision),
            url: post_url(&visit, place.thread, &place.slug, post),
        })),
        (Editing::Conflict, _) => Err(Error::Conflict("edit-conflict")),
        (Editing::NotFound, _) => Err(Error::NotFound),
        (Editing::Refused(key), _) => Err(refused(key)),
    }
}

/// A question has a title and tags, other posts have none.
fn parse_edit(new: NewRevision, kind: Kind) -> Result<Edit> {
    let (title, tags) = match (kind, new.title, new.tags) {
        (Kind::Question, Some(title), Some(tags)) => (Some(parse_title(&title)?), parse_tags(&tags)?),
        (Kind::Question, None, _) => return Err(Error::Invalid("title", "error-field-missing")),
        (Kind::Question, _, None) => return Err(Error::Invalid("tags", "error-field-missing")),
        (_, Some(_), _) => return Err(Error::Invalid("title", "error-field-unknown")),
        (_, _, Some(_)) => return Err(Error::Invalid("tags", "error-field-unknown")),
        (_, None, None) => (None, Vec::new()),
    };
    let summary = new.summary.unwrap_or_default().trim().to_owned();
    if summary.chars().count() > limits::MAX_SUMMARY || summary.chars().any(char::is_control) {
        return Err(Error::Invalid("summary", "summary-bad"));
    }
    let body = Body::parse(&new.body, kind).map_err(|key| Error::Invalid("body", key))?;
    Ok(Edit { base_revision: new.base_revision, title, tags, body, summary })
}

/// What an act came to: `Ok` when it is so now, from now or from before.
fn done(done: Done) -> Result<()> {
    match done {
        Done::Done(_) | Done::Already(_) => Ok(()),
        Done::NotFound => Err(Error::NotFound),
        Done::Refused(key) => Err(refused(key)),
    }
}

/// Deletes one's own post.
#[utoipa::path(
    delete, path = "/api/v1/posts/{id}", tag = "posts", operation_id = "delete",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "It is deleted now", body = Deletion)),
)]
pub async fn delete(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    done(
        visit.act_once_by_api(Budget::Post, move |tx, viewer| threads::delete(tx, viewer, post, "")).await?,
    )?;
    Ok(reply(&Deletion { post_id: post.0, deleted: true }))
}

/// Takes the deletion of one's own post back.
#[utoipa::path(
    delete, path = "/api/v1/posts/{id}/deletion", tag = "posts", operation_id = "undelete",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "It is there again", body = Deletion)),
)]
pub async fn undelete(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    done(visit.act_once_by_api(Budget::Post, move |tx, viewer| threads::undelete(tx, viewer, post)).await?)?;
    Ok(reply(&Deletion { post_id: post.0, deleted: false }))
}

async fn set_me_too(visit: Visit, parts: Parts, on: bool) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    done(visit.act_by_api(Budget::Vote, move |tx, viewer| threads::me_too(tx, viewer, thread, on)).await?)?;
    Ok(reply(&MeToo { thread_id: thread.0, me_too: on }))
}

/// Says that the caller has this problem too.
#[utoipa::path(
    put, path = "/api/v1/threads/{id}/me-too", tag = "threads", operation_id = "addMeToo",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "It is so now", body = MeToo)),
)]
pub async fn me_too(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    set_me_too(visit, parts, true).await
}

/// Says that the caller does not have this problem any more.
#[utoipa::path(
    delete, path = "/api/v1/threads/{id}/me-too", tag = "threads", operation_id = "removeMeToo",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "It is so now", body = MeToo)),
)]
pub async fn not_me_too(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    set_me_too(visit, parts, false).await
}

async fn set_follow(visit: Visit, parts: Parts, on: bool) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    let act = move |tx: &mut Tx<'_>, viewer: &Viewer| threads::set_follow(tx, viewer, thread, on);
    done(visit.act_by_api(Budget::Vote, act).await?)?;
    Ok(reply(&Following { thread_id: thread.0, following: on }))
}

/// Tells the caller of what is new in this thread.
#[utoipa::path(
    put, path = "/api/v1/threads/{id}/follow", tag = "threads", operation_id = "follow",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "It is so now", body = Following)),
)]
pub async fn follow(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    set_follow(visit, parts, true).await
}

/// Tells the caller no more of this thread.
#[utoipa::path(
    delete, path = "/api/v1/threads/{id}/follow", tag = "threads", operation_id = "unfollow",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "It is so now", body = Following)),
)]
pub async fn unfollow(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    set_follow(visit, parts, false).await
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

fn confirmed(post: PostId, said: Confirming) -> Result<HttpResponse> {
    match said {
        Confirming::Counted { solved, mine, .. } => {
            Ok(reply(&Confirmed { post_id: post.0, solved_for: solved, my_confirmation: mine }))
        }
        Confirming::NotFound => Err(Error::NotFound),
        Confirming::Refused(key) => Err(refused(key)),
    }
}

/// Says whether an answer solved it for the caller; the asker accepts instead.
#[utoipa::path(
    put, path = "/api/v1/posts/{id}/confirmation", tag = "posts", operation_id = "confirm",
    params(("id" = i64, Path, minimum = 1)),
    request_body = NewConfirmation,
    responses((status = 200, description = "This is what the caller says now", body = Confirmed)),
)]
pub async fn confirm(visit: Visit, parts: Parts, json: Json<NewConfirmation>) -> Result<HttpResponse> {
    let (post, value) = (PostId(parts.number("id")?), json.0.solved);
    let act = move |tx: &mut Tx<'_>, viewer: &Viewer| confirmations::confirm(tx, viewer, post, value);
    confirmed(post, visit.act_by_api(Budget::Vote, act).await?)
}

/// Takes back what the caller said of an answer.
#[utoipa::path(
    delete, path = "/api/v1/posts/{id}/confirmation", tag = "posts", operation_id = "withdrawConfirmation",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The caller says nothing of it now", body = Confirmed)),
)]
pub async fn withdraw_confirmation(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let act = move |tx: &mut Tx<'_>, viewer: &Viewer| confirmations::withdraw(tx, viewer, post);
    confirmed(post, visit.act_by_api(Budget::Vote, act).await?)
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
    let act = move |tx: &mut Tx<'_>, viewer: &Viewer| threads::accept(tx, viewer, thread, answer);
    done(visit.act_by_api(Budget::Vote, act).await?)?;
    Ok(reply(&Acceptance { thread_id: thread.0, answer_id: Some(answer.0) }))
}

/// Takes the acceptance back.
#[utoipa::path(
    delete, path = "/api/v1/threads/{id}/acceptance", tag = "threads", operation_id = "unaccept",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "No answer is the solution now", body = Acceptance)),
)]
pub async fn unaccept(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    done(visit.act_by_api(Budget::Vote, move |tx, viewer| threads::unaccept(tx, viewer, thread)).await?)?;
    Ok(reply(&Acceptance { thread_id: thread.0, answer_id: None }))
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
    let act = move |tx: &mut Tx<'_>, viewer: &Viewer| moderation::flag(tx, viewer, post, reason, &note);
    done(visit.act_once_by_api(Budget::Flag, act).await?)?;
    Ok(reply(&Flagged { post_id: post.0 }))
}
