//! threads room: questions, answers, comments, their revisions, and what people say about a thread.
pub mod pages;
pub mod policy;
pub mod store;
pub mod views;

use crate::accounts::{Role, Viewer};
use crate::db::{Conn, Db, DbResult, Tx};
use crate::error::Result;
use crate::kernel::excerpt::excerpt;
use crate::kernel::ids::{PostId, ThreadId, UserId};
use crate::kernel::moment::Moment;
use crate::kernel::names::{TagName, Title};
use crate::kernel::safe_html::SafeHtml;
use crate::kernel::slug::slug;
use crate::kernel::{limits, markdown};
use crate::ledger::Fact;
use dashmap::DashMap;
pub use pages::lists::{Named, rows as list_rows};
pub use pages::write::{Sent, sent};
pub use policy::{Kind, Removed, Standpoint};
pub use store::{
    AnswerRow, Draft, OriginRow, PostHead, PostRow, SeesRemoved, Sort, TagRow, ThreadRow, answers,
    answers_of, comments, comments_after, cut, draft_at, forget, list, post_head, posts_by_id, question,
    questions_of, remove_draft_at, source, sources, tag, tags, thread, threads_by_id,
};
pub use store::{RevisionRow, RevisionText, accepted, is_superseded, revisions_and_texts};

/// A text as it will be stored: its source and what it looks like.
#[derive(Debug, Clone)]
pub struct Body {
    pub md: String,
    pub html: SafeHtml,
    pub text: String,
}

impl Body {
    /// Renders a post's text; the key of a message when it is too short or too long. Takes up to
    /// tens of milliseconds for nasty code, so it is done before the write, never inside it.
    pub fn parse(text: &str, kind: Kind) -> Result<Body, &'static str> {
        let md = text.trim_end();
        let (least, most) = match kind {
            Kind::Question | Kind::Answer => (limits::MIN_BODY, limits::MAX_BODY_CHARS),
            Kind::Comment => (limits::MIN_COMMENT, limits::MAX_COMMENT_CHARS),
        };
        let chars = md.chars().count();
        if chars > most || md.len() > limits::MAX_BODY_BYTES {
            return Err(if kind == Kind::Comment { "comment-too-long" } else { "body-too-long" });
        }
        if md.chars().filter(|c| !c.is_whitespace() && !c.is_control()).count() < least {
            return Err(if kind == Kind::Comment { "comment-too-short" } else { "body-too-short" });
        }
        if md.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err("body-control");
        }
        let rendered = markdown::render(md);
        Ok(Body { md: md.to_owned(), html: rendered.html, text: rendered.text })
    }
}

/// Tags as typed, separated by spaces or commas; each once, in the order given.
pub fn parse_tags(text: &str) -> Result<Vec<TagName>, &'static str> {
    let mut tags: Vec<TagName> = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()) {
        let tag = TagName::parse(word).map_err(|e| e.key())?;
        if !tags.iter().any(|known| known.as_str() == tag.as_str()) {
            tags.push(tag);
        }
        if tags.len() > limits::MAX_TAGS {
            return Err("tags-too-many");
        }
    }
    Ok(tags)
}

/// A key that makes a form sent twice one post; only what we gave out is taken.
pub fn parse_submission_key(text: &str) -> Option<String> {
    let fits = (16..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fits.then(|| text.to_owned())
}

pub struct NewQuestion {
    pub title: Title,
    pub body: Body,
    pub tags: Vec<TagName>,
    pub submission_key: Option<String>,
}

/// Where a new post stands, whether it was made just now or by the same form before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub thread: ThreadId,
    pub slug: String,
    pub post: PostId,
    pub new: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Posting {
    Posted(Posted),
    NotFound,
    /// The key of a message that says why not.
    Refused(&'static str),
}

/// What a form sent twice has in common with itself: its key, where it goes and what it says. A page
/// that was gone back to and written anew is another form.
fn submission(place: &str, key: Option<&str>, body: &Body) -> Option<String> {
    key.map(|key| {
        format!("{place}:{key}:{}", crate::kernel::token::digest(&body.md).get(..16).unwrap_or_default())
    })
}

/// The answer this very form made before, if it did.
pub fn answered_before(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    thread: ThreadId,
    key: &str,
    body: &Body,
) -> DbResult<Option<PostId>> {
    match submission(&format!("answer:{thread}"), Some(key), body) {
        Some(key) => store::submission(tx.conn, viewer.id, &key),
        None => Ok(None),
    }
}

/// Whether this very form has asked its question before.
pub fn asked_before(conn: &mut Conn, user: UserId, key: Option<&str>, body: &Body) -> DbResult<bool> {
    match submission("ask", key, body) {
        Some(key) => Ok(store::submission(conn, user, &key)?.is_some()),
        None => Ok(false),
    }
}

fn sent_before(tx: &mut Tx<'_>, user: UserId, key: Option<&str>) -> DbResult<Option<Posted>> {
    let Some(key) = key else { return Ok(None) };
    let Some(post) = store::submission(tx.conn, user, key)? else { return Ok(None) };
    let Some(head) = store::post_head(tx.conn, post)? else { return Ok(None) };
    Ok(Some(Posted { thread: head.thread, slug: head.slug, post, new: false }))
}

pub fn ask(tx: &mut Tx<'_>, viewer: &Viewer, new: NewQuestion) -> Result<Posting> {
    if viewer.is_suspended(tx.now) {
        return Ok(Posting::Refused("you-are-suspended"));
    }
    let key = submission("ask", new.submission_key.as_deref(), &new.body);
    if let Some(posted) = sent_before(tx, viewer.id, key.as_deref())? {
        return Ok(Posting::Posted(posted));
    }
    tx.is_new()?;
    let slug = slug(new.title.as_str());
    let tags = tag_text(&new.tags);
    let post = store::insert_post(tx, Kind::Question, None, None, viewer.id, &new.body, None)?;
    let thread = ThreadId(post.0);
    store::set_thread_of(tx, post, thread)?;
    store::insert_thread(
        tx,
        thread,
        new.title.as_str(),
        &slug,
        &tags,
        &excerpt(&new.body.text, limits::EXCERPT_CHARS),
        viewer.id,
    )?;
    store::set_tags(tx, thread, &[], &new.tags)?;
    store::insert_revision(tx, post, 1, Some((new.title.as_str(), &tags)), &new.body.md, viewer.id, "")?;
    store::follow(tx, thread, viewer.id)?;
    if let Some(key) = &key {
        store::insert_submission(tx, viewer.id, key, post)?;
    }
    store::remove_draft_at(tx, viewer.id, "question")?;
    tx.append(Some(viewer.id), Fact::ThreadAsked { thread, author: Some(viewer.id) })?;
    if !new.tags.is_empty() {
        let tags = store::tag_ids(tx.conn, thread)?;
        tx.append(Some(viewer.id), Fact::ThreadTagged { thread, tags })?;
    }
    Ok(Posting::Posted(Posted { thread, slug, post, new: true }))
}

fn tag_text(tags: &[TagName]) -> String {
    tags.iter().map(TagName::as_str).collect::<Vec<_>>().join(" ")
}

fn seen(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId) -> DbResult<Option<(PostHead, Standpoint)>> {
    post_seen(tx.conn, Some((viewer.id, viewer.role)), post)
}

/// The thread, if `viewer` may know of it.
pub fn thread_seen(
    conn: &mut Conn,
    viewer: Option<(UserId, Role)>,
    id: ThreadId,
) -> DbResult<Option<ThreadRow>> {
    let Some(row) = store::thread(conn, id)? else { return Ok(None) };
    let at = Standpoint { viewer, author: row.author_id, asker: row.author_id };
    Ok(at.sees(Removed::from_column(row.removed)).then_some(row))
}

/// The post, if `viewer` may know of it and of its thread, and where they stand to it.
pub fn post_seen(
    conn: &mut Conn,
    viewer: Option<(UserId, Role)>,
    post: PostId,
) -> DbResult<Option<(PostHead, Standpoint)>> {
    let Some(head) = store::post_head(conn, post)? else { return Ok(None) };
    Ok(head.seen_by(viewer).map(|at| (head, at)))
}

/// `signature` makes it the brand's official answer, signed so.
pub fn answer(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    thread: ThreadId,
    body: &Body,
    submission_key: Option<&str>,
    signature: Option<&str>,
) -> Result<Posting> {
    let Some((head, at)) = seen(tx, viewer, thread.question())? else { return Ok(Posting::NotFound) };
    if head.kind != Kind::Question {
        return Ok(Posting::NotFound);
    }
    if viewer.is_suspended(tx.now) {
        return Ok(Posting::Refused("you-are-suspended"));
    }
    let key = submission(&format!("answer:{thread}"), submission_key, body);
    if let Some(posted) = sent_before(tx, viewer.id, key.as_deref())? {
        return Ok(Posting::Posted(posted));
    }
    tx.is_new()?;
    if head.removed != Removed::No {
        return Ok(Posting::Refused("thread-removed"));
    }
    if !at.may_answer(head.locked) {
        return Ok(Posting::Refused("thread-locked"));
    }
    if head.duplicate && signature.is_none() {
        return Ok(Posting::Refused("thread-duplicate"));
    }
    let post = store::insert_post(tx, Kind::Answer, Some(thread), None, viewer.id, body, signature)?;
    store::insert_revision(tx, post, 1, None, &body.md, viewer.id, "")?;
    store::count_answers(tx, thread, 1)?;
    store::touch_thread(tx, thread, viewer.id, "answered")?;
    if signature.is_some() {
        store::set_official_answer(tx, thread, Some(post))?;
    }
    store::follow(tx, thread, viewer.id)?;
    if let Some(key) = &key {
        store::insert_submission(tx, viewer.id, key, post)?;
    }
    store::remove_draft_at(tx, viewer.id, &format!("answer:{thread}"))?;
    let official = signature.is_some();
    tx.append(Some(viewer.id), Fact::AnswerPosted { thread, post, author: Some(viewer.id), official })?;
    Ok(Posting::Posted(Posted { thread, slug: head.slug, post, new: true }))
}

pub fn comment(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    parent: PostId,
    body: &Body,
    submission_key: Option<&str>,
) -> Result<Posting> {
    let Some((head, at)) = seen(tx, viewer, parent)? else { return Ok(Posting::NotFound) };
    if viewer.is_suspended(tx.now) {
        return Ok(Posting::Refused("you-are-suspended"));
    }
    let key = submission(&format!("comment:{parent}"), submission_key, body);
    if let Some(posted) = sent_before(tx, viewer.id, key.as_deref())? {
        return Ok(Posting::Posted(posted));
    }
    tx.is_new()?;
    if head.kind == Kind::Comment {
        return Ok(Posting::NotFound);
    }
    if head.removed != Removed::No || head.thread_removed != Removed::No {
        return Ok(Posting::Refused("thread-removed"));
    }
    if !at.may_answer(head.locked) {
        return Ok(Posting::Refused("thread-locked"));
    }
    if head.comment_count >= limits::MAX_COMMENTS {
        return Ok(Posting::Refused("comments-too-many"));
    }
    let post = store::insert_post(tx, Kind::Comment, Some(head.thread), Some(parent), viewer.id, body, None)?;
    store::insert_revision(tx, post, 1, None, &body.md, viewer.id, "")?;
    store::count_comments(tx, parent, 1)?;
    store::touch_thread(tx, head.thread, viewer.id, "commented")?;
    if let Some(key) = &key {
        store::insert_submission(tx, viewer.id, key, post)?;
    }
    tx.append(
        Some(viewer.id),
        Fact::CommentPosted { thread: head.thread, post, parent, author: Some(viewer.id) },
    )?;
    Ok(Posting::Posted(Posted { thread: head.thread, slug: head.slug, post, new: true }))
}

/// A changed text. `title` and `tags` count for questions alone.
pub struct Edit {
    pub base_revision: i32,
    pub title: Option<Title>,
    pub tags: Vec<TagName>,
    pub body: Body,
    pub summary: String,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Editing {
    Saved(Posted),
    /// Nothing was different.
    Same(Posted),
    /// Somebody saved a newer revision meanwhile; nothing was written.
    Conflict,
    NotFound,
    Refused(&'static str),
}

pub fn edit(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId, edit: Edit) -> Result<Editing> {
    let Some((head, at)) = seen(tx, viewer, post)? else { return Ok(Editing::NotFound) };
    if viewer.is_suspended(tx.now) {
        return Ok(Editing::Refused("you-are-suspended"));
    }
    if !at.may_edit(head.removed, head.locked) {
        return Ok(Editing::Refused(if head.locked { "thread-locked" } else { "edit-not-yours" }));
    }
    let place = Posted { thread: head.thread, slug: head.slug.clone(), post, new: false };
    let current = store::source(tx.conn, post)?;
    let Some(current) = current else { return Ok(Editing::NotFound) };
    let tags = tag_text(&edit.tags);
    let title = edit.title.as_ref().map(|t| t.as_str().to_owned());
    let question = head.kind == Kind::Question;
    let same = current.body_md == edit.body.md
        && (!question || (title.as_deref() == Some(current.title.as_str()) && tags == current.tags));
    if same {
        return Ok(Editing::Same(place));
    }
    tx.is_new()?;
    if current.revision != edit.base_revision {
        return Ok(Editing::Conflict);
    }
    let number = current.revision.saturating_add(1);
    store::update_body(tx, post, number, &edit.body, viewer.id)?;
    let mut slug_now = head.slug.clone();
    let mut of_question = None;
    if let (true, Some(title)) = (question, &title) {
        slug_now = slug(title);
        store::update_thread_text(
            tx,
            head.thread,
            title,
            &slug_now,
            &tags,
            &excerpt(&edit.body.text, limits::EXCERPT_CHARS),
        )?;
        let before: Vec<TagName> =
            current.tags.split_whitespace().filter_map(|t| TagName::parse(t).ok()).collect();
        store::set_tags(tx, head.thread, &before, &edit.tags)?;
        of_question = Some((title.as_str(), tags.as_str()));
    }
    store::insert_revision(tx, post, number, of_question, &edit.body.md, viewer.id, &edit.summary)?;
    if head.kind != Kind::Comment {
        store::touch_thread(tx, head.thread, viewer.id, "edited")?;
    }
    store::remove_draft_at(tx, viewer.id, &format!("edit:{post}"))?;
    let (thread, author) = (head.thread, head.author);
    let material = policy::is_material(&current.body_md, &edit.body.md);
    tx.append(Some(viewer.id), Fact::PostEdited { thread, post, revision: number, author, material })?;
    if question && tags != current.tags {
        let tags = store::tag_ids(tx.conn, thread)?;
        tx.append(Some(viewer.id), Fact::ThreadTagged { thread, tags })?;
    }
    Ok(Editing::Saved(Posted { slug: slug_now, ..place }))
}

/// The answer to an act on something that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    Done(Place),
    /// It was so before; nothing was written.
    Already(Place),
    NotFound,
    Refused(&'static str),
}

/// Where to go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub thread: ThreadId,
    pub slug: String,
    pub post: PostId,
}

fn place(head: &PostHead, post: PostId) -> Place {
    Place { thread: head.thread, slug: head.slug.clone(), post }
}

/// The author takes a post back.
pub fn delete(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId, reason: &str) -> Result<Done> {
    let Some((head, at)) = seen(tx, viewer, post)? else { return Ok(Done::NotFound) };
    if head.removed == Removed::Deleted {
        return Ok(Done::Already(place(&head, post)));
    }
    tx.is_new()?;
    if viewer.is_suspended(tx.now) {
        return Ok(Done::Refused("you-are-suspended"));
    }
    if !at.may_delete(head.kind, head.removed, head.locked, head.answer_count > 0, head.accepted) {
        return Ok(Done::Refused("delete-not-possible"));
    }
    remove(tx, viewer.id, &head, post, Removed::Deleted, reason)?;
    Ok(Done::Done(place(&head, post)))
}

pub fn undelete(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId) -> Result<Done> {
    let Some((head, at)) = seen(tx, viewer, post)? else { return Ok(Done::NotFound) };
    if head.removed == Removed::No {
        return Ok(Done::Already(place(&head, post)));
    }
    tx.is_new()?;
    if viewer.is_suspended(tx.now) || !at.may_undelete(head.removed, head.locked) {
        return Ok(Done::Refused("undelete-not-possible"));
    }
    bring_back(tx, viewer.id, &head, post)?;
    Ok(Done::Done(place(&head, post)))
}

/// A moderator takes a post out of sight. Moderation asks for the reason and writes the log.
pub fn hide(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId, reason: &str) -> Result<Done> {
    let Some((head, at)) = seen(tx, viewer, post)? else { return Ok(Done::NotFound) };
    if head.removed == Removed::Hidden {
        return Ok(Done::Already(place(&head, post)));
    }
    if !at.may_hide(head.removed) {
        return Ok(Done::NotFound);
    }
    if head.removed == Removed::Deleted {
        hide_deleted(tx, viewer.id, &head, post, reason)?;
    } else {
        remove(tx, viewer.id, &head, post, Removed::Hidden, reason)?;
    }
    Ok(Done::Done(place(&head, post)))
}

pub fn restore(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId) -> Result<Done> {
    let Some((head, at)) = seen(tx, viewer, post)? else { return Ok(Done::NotFound) };
    if head.removed == Removed::No {
        return Ok(Done::Already(place(&head, post)));
    }
    if !at.may_restore(head.removed) {
        return Ok(Done::Refused("restore-not-possible"));
    }
    bring_back(tx, viewer.id, &head, post)?;
    Ok(Done::Done(place(&head, post)))
}

fn remove(
    tx: &mut Tx<'_>,
    actor: UserId,
    head: &PostHead,
    post: PostId,
    how: Removed,
    reason: &str,
) -> Result<()> {
    // A solution that is out of sight solves nothing; who brings it back may have it accepted again.
    if head.chosen() == Some(post) {
        store::set_accepted(tx, head.thread, None)?;
        let (author, asker) = (head.author, head.asker);
        tx.append(Some(actor), Fact::AnswerUnaccepted { thread: head.thread, post, author, asker })?;
    }
    store::set_removed(tx, post, how)?;
    store::insert_removal(tx, post, how, actor, reason)?;
    recount(tx, head, post, -1, how)?;
    let (thread, author) = (head.thread, head.author);
    let fact = match how {
        Removed::Hidden => Fact::PostHidden { thread, post, author },
        _ => Fact::PostDeleted { thread, post, author },
    };
    tx.append(Some(actor), fact)?;
    Ok(())
}

/// Hides what its author took back already: they cannot bring it back then. It counts nowhere as it is.
fn hide_deleted(tx: &mut Tx<'_>, actor: UserId, head: &PostHead, post: PostId, reason: &str) -> Result<()> {
    store::lift_removal(tx, post, actor)?;
    store::set_removed(tx, post, Removed::Hidden)?;
    store::insert_removal(tx, post, Removed::Hidden, actor, reason)?;
    if head.kind == Kind::Question {
        store::set_thread_removed(tx, head.thread, Removed::Hidden)?;
    }
    tx.append(Some(actor), Fact::PostHidden { thread: head.thread, post, author: head.author })?;
    Ok(())
}

fn bring_back(tx: &mut Tx<'_>, actor: UserId, head: &PostHead, post: PostId) -> Result<()> {
    store::set_removed(tx, post, Removed::No)?;
    store::lift_removal(tx, post, actor)?;
    recount(tx, head, post, 1, Removed::No)?;
    let (thread, author) = (head.thread, head.author);
    let fact = match head.removed {
        Removed::Hidden => Fact::PostRestored { thread, post, author },
        _ => Fact::PostUndeleted { thread, post, author },
    };
    tx.append(Some(actor), fact)?;
    Ok(())
}

/// Keeps the numbers shown in lists true when a post goes or comes back.
fn recount(tx: &mut Tx<'_>, head: &PostHead, post: PostId, change: i64, state: Removed) -> Result<()> {
    match head.kind {
        Kind::Question => {
            store::set_thread_removed(tx, head.thread, state)?;
            store::count_tags(tx, head.thread, change)?;
        }
        Kind::Answer => {
            store::count_answers(tx, head.thread, change)?;
            let official = store::newest_official_answer(tx.conn, head.thread)?;
            store::set_official_answer(tx, head.thread, official)?;
        }
        Kind::Comment => {
            if let Some(parent) = store::parent_of(tx.conn, post)? {
                store::count_comments(tx, parent, change)?;
            }
        }
    }
    Ok(())
}

/// The asker says that this answer solved it. One at a time: another one steps back. Said again of the one that is
/// accepted, it holds for its text of today.
pub fn accept(tx: &mut Tx<'_>, viewer: &Viewer, thread: ThreadId, answer: PostId) -> Result<Done> {
    let Some((head, at)) = seen(tx, viewer, answer)? else { return Ok(Done::NotFound) };
    if head.kind != Kind::Answer || head.thread != thread {
        return Ok(Done::NotFound);
    }
    if head.accepted && head.accepted_revision.unwrap_or(1) == head.revision {
        return Ok(Done::Already(place(&head, answer)));
    }
    if viewer.is_suspended(tx.now)
        || !at.may_accept(head.removed, head.locked)
        || head.thread_removed != Removed::No
    {
        return Ok(Done::Refused("accept-not-yours"));
    }
    if is_superseded(tx.conn, answer)? {
        return Ok(Done::Refused("accept-superseded"));
    }
    if head.accepted {
        store::set_accepted_revision(tx, thread, head.revision)?;
    } else {
        if let Some(before) = head.chosen() {
            unaccept_known(tx, viewer.id, &head, before)?;
        }
        store::set_accepted(tx, thread, Some((answer, head.revision)))?;
        store::touch_thread(tx, thread, viewer.id, "accepted")?;
    }
    let (author, asker) = (head.author, head.asker);
    tx.append(Some(viewer.id), Fact::AnswerAccepted { thread, post: answer, author, asker })?;
    Ok(Done::Done(place(&head, answer)))
}

pub fn unaccept(tx: &mut Tx<'_>, viewer: &Viewer, thread: ThreadId) -> Result<Done> {
    let Some((head, at)) = seen(tx, viewer, thread.question())? else { return Ok(Done::NotFound) };
    if head.kind != Kind::Question {
        return Ok(Done::NotFound);
    }
    let Some(before) = head.chosen() else {
        return Ok(Done::Already(place(&head, thread.question())));
    };
    if viewer.is_suspended(tx.now) || !at.may_accept(Removed::No, head.locked) {
        return Ok(Done::Refused("accept-not-yours"));
    }
    unaccept_known(tx, viewer.id, &head, before)?;
    store::set_accepted(tx, thread, None)?;
    Ok(Done::Done(place(&head, before)))
}

fn unaccept_known(tx: &mut Tx<'_>, actor: UserId, head: &PostHead, before: PostId) -> Result<()> {
    let author = store::post_head(tx.conn, before)?.and_then(|h| h.author);
    tx.append(
        Some(actor),
        Fact::AnswerUnaccepted { thread: head.thread, post: before, author, asker: head.asker },
    )?;
    Ok(())
}

/// Moderators upheld a challenge of this answer, or reversed that: a thread whose solution is wrong is unsolved, until
/// it is right after all or its asker accepts another.
pub fn supersede(tx: &mut Tx<'_>, answer: PostId) -> Result<()> {
    let Some(head) = store::post_head(tx.conn, answer)? else { return Ok(()) };
    let wrong = is_superseded(tx.conn, answer)?;
    let there = head.removed == Removed::No;
    if (wrong && head.accepted) || (!wrong && there && head.superseded_answer == Some(answer)) {
        store::set_superseded(tx, head.thread, answer, wrong)?;
    }
    Ok(())
}

/// "I have this problem too", or not any more.
pub fn me_too(tx: &mut Tx<'_>, viewer: &Viewer, thread: ThreadId, on: bool) -> Result<Done> {
    let Some((head, at)) = seen(tx, viewer, thread.question())? else { return Ok(Done::NotFound) };
    if head.kind != Kind::Question || head.removed != Removed::No {
        return Ok(Done::NotFound);
    }
    let here = place(&head, thread.question());
    if at.is_asker() {
        return Ok(Done::Refused("me-too-own"));
    }
    if viewer.is_suspended(tx.now) {
        return Ok(Done::Refused("you-are-suspended"));
    }
    if !store::set_me_too(tx, thread, viewer.id, on)? {
        return Ok(Done::Already(here));
    }
    if on {
        store::follow(tx, thread, viewer.id)?;
    }
    tx.append(Some(viewer.id), if on { Fact::MeTooAdded { thread } } else { Fact::MeTooRemoved { thread } })?;
    Ok(Done::Done(here))
}

/// Following is between a person and their notices: nobody else sees it, so it is not in the ledger.
pub fn set_follow(tx: &mut Tx<'_>, viewer: &Viewer, thread: ThreadId, on: bool) -> Result<Done> {
    let Some((head, _)) = seen(tx, viewer, thread.question())? else { return Ok(Done::NotFound) };
    if head.kind != Kind::Question {
        return Ok(Done::NotFound);
    }
    if on {
        store::follow(tx, thread, viewer.id)?;
    } else {
        store::unfollow(tx, thread, viewer.id)?;
    }
    Ok(Done::Done(place(&head, thread.question())))
}

/// Locks or unlocks a thread. Moderation asks for the reason and writes the log.
pub fn set_locked(tx: &mut Tx<'_>, viewer: &Viewer, thread: ThreadId, on: bool) -> Result<Done> {
    let Some((head, _)) = seen(tx, viewer, thread.question())? else { return Ok(Done::NotFound) };
    if head.kind != Kind::Question || !viewer.role.moderates() {
        return Ok(Done::NotFound);
    }
    let here = place(&head, thread.question());
    if head.locked == on {
        return Ok(Done::Already(here));
    }
    store::set_locked(tx, thread, on)?;
    tx.append(
        Some(viewer.id),
        if on { Fact::ThreadLocked { thread } } else { Fact::ThreadUnlocked { thread } },
    )?;
    Ok(Done::Done(here))
}

/// Closes a thread in favour of another. Chains are followed to their end, so that no reader is sent twice.
pub fn close_as_duplicate(tx: &mut Tx<'_>, viewer: &Viewer, thread: ThreadId, of: ThreadId) -> Result<Done> {
    let Some((head, _)) = seen(tx, viewer, thread.question())? else { return Ok(Done::NotFound) };
    if head.kind != Kind::Question || !viewer.role.moderates() {
        return Ok(Done::NotFound);
    }
    let here = place(&head, thread.question());
    if head.duplicate {
        return Ok(Done::Already(here));
    }
    let Some((master, _)) = seen(tx, viewer, of.question())? else {
        return Ok(Done::Refused("duplicate-unknown"));
    };
    if master.kind != Kind::Question || master.removed != Removed::No {
        return Ok(Done::Refused("duplicate-unknown"));
    }
    let of = store::master_of(tx.conn, of)?;
    if of == thread {
        return Ok(Done::Refused("duplicate-of-itself"));
    }
    store::set_duplicate(tx, thread, Some(of))?;
    tx.append(Some(viewer.id), Fact::ThreadClosedAsDuplicate { thread, of })?;
    Ok(Done::Done(here))
}

pub fn reopen(tx: &mut Tx<'_>, viewer: &Viewer, thread: ThreadId) -> Result<Done> {
    let Some((head, _)) = seen(tx, viewer, thread.question())? else { return Ok(Done::NotFound) };
    if head.kind != Kind::Question || !viewer.role.moderates() {
        return Ok(Done::NotFound);
    }
    let here = place(&head, thread.question());
    let Some(of) = store::duplicate_of(tx.conn, thread)? else { return Ok(Done::Already(here)) };
    store::set_duplicate(tx, thread, None)?;
    tx.append(Some(viewer.id), Fact::ThreadReopened { thread, of })?;
    Ok(Done::Done(here))
}

/// Says on the thread that staff have it, or no longer do.
pub fn set_escalated(tx: &mut Tx<'_>, thread: ThreadId, on: bool) -> DbResult<()> {
    store::set_escalated(tx, thread, on)
}

/// An unfinished text, as its page sends it.
#[derive(Debug, Clone, Default)]
pub struct Unfinished {
    pub place: String,
    pub title: String,
    pub tags: String,
    pub body_md: String,
    /// Of an edit: the revision that was there when it was begun.
    pub base_revision: Option<i32>,
}

/// Keeps an unfinished text. An empty one is dropped.
pub fn save_draft(tx: &mut Tx<'_>, viewer: &Viewer, draft: &Unfinished) -> Result<bool> {
    if draft.title.trim().is_empty() && draft.body_md.trim().is_empty() {
        store::remove_draft_at(tx, viewer.id, &draft.place)?;
        return Ok(true);
    }
    Ok(store::save_draft(tx, viewer.id, draft)?)
}

/// Where the question lies that this answer made needless.
fn solved_by(post: PostId) -> String {
    format!("solved:{post}")
}

/// Puts the question somebody was writing away, because `post` solved it. Nothing of it is lost: see [`take_up_draft`].
pub fn put_draft_away(tx: &mut Tx<'_>, viewer: &Viewer, draft: &Unfinished, post: PostId) -> Result<bool> {
    if !save_draft(tx, viewer, draft)? {
        return Ok(false);
    }
    store::move_draft(tx, viewer.id, &draft.place, &solved_by(post))?;
    Ok(true)
}

/// Gives back the question that was put away for `post`; `false` when there is none.
pub fn take_up_draft(tx: &mut Tx<'_>, user: UserId, post: PostId) -> DbResult<bool> {
    store::move_draft(tx, user, &solved_by(post), "question")
}

/// Gives back a question that was put away, by its number among the drafts.
pub fn take_up_draft_by_id(tx: &mut Tx<'_>, user: UserId, id: i64) -> DbResult<bool> {
    match store::draft(tx.conn, user, id)? {
        Some(draft) if is_away(&draft.place) => store::move_draft(tx, user, &draft.place, "question"),
        _ => Ok(false),
    }
}

/// Whether a draft at this place is a question put away.
pub fn is_away(place: &str) -> bool {
    matches!(place.split_once(':'), Some(("solved" | store::AWAY, _)))
}

pub fn remove_draft(tx: &mut Tx<'_>, user: UserId, id: i64) -> DbResult<bool> {
    store::remove_draft(tx, user, id)
}

/// Changes the votes kept with a post by what one voter changed; called by the votes room alone.
pub fn count_vote(tx: &mut Tx<'_>, post: PostId, up: i64, down: i64) -> DbResult<i64> {
    store::count_vote(tx, post, up, down)
}

/// Drops keys of forms too old to be sent again.
pub fn sweep(tx: &mut Tx<'_>) -> DbResult<()> {
    store::sweep(tx)
}

/// Which forms have been through the step before posting. Kept in memory: who is asked a second time, on another node
/// or after a restart, loses nothing.
pub struct Steps(quick_cache::sync::Cache<(UserId, String), Moment>);

impl Default for Steps {
    fn default() -> Steps {
        Steps(quick_cache::sync::Cache::new(limits::STEPS_KEPT))
    }
}

impl Steps {
    /// Whether this form was through the step before. A form sent twice is in it still: its second reply shows what
    /// the first one did.
    pub fn taken(&self, user: UserId, key: &str, now: Moment) -> bool {
        self.0.get(&(user, key.to_owned())).is_some_and(|at| now.since(at) > limits::SENT_TWICE)
    }

    pub fn take(&self, user: UserId, key: &str, now: Moment) {
        self.0.insert((user, key.to_owned()), now);
    }
}

/// Views counted in memory and written down now and then: a page view must not cost a commit.
#[derive(Default)]
pub struct ViewCounter {
    waiting: DashMap<i64, i64>,
}

impl ViewCounter {
    pub fn count(&self, thread: ThreadId) {
        // Bounded: a crawl through a million threads must not fill the memory between two flushes.
        if self.waiting.len() < limits::VIEWS_WAITING || self.waiting.contains_key(&thread.0) {
            *self.waiting.entry(thread.0).or_insert(0) += 1;
        }
    }

    /// Writes down what was counted; what cannot be written is kept.
    pub fn flush(&self, db: &Db) -> DbResult<()> {
        let counted: Vec<(i64, i64)> =
            self.waiting.iter().map(|entry| (*entry.key(), *entry.value())).collect();
        for batch in counted.chunks(500) {
            let rows = batch.to_vec();
            db.write_blocking(move |tx| store::count_views(tx, &rows))?;
            for (thread, n) in batch {
                if let Some(mut entry) = self.waiting.get_mut(thread) {
                    *entry -= n;
                }
                self.waiting.remove_if(thread, |_, left| *left <= 0);
            }
        }
        Ok(())
    }
}
