//! threads room: asking, answering, commenting, editing, and the small acts on a thread.
use super::show::{self, Typed};
use crate::accounts;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::kernel::ids::{PostId, ThreadId, UserId};
use crate::kernel::names::{TagName, Title};
use crate::kernel::safe_html::SafeHtml;
use crate::kernel::{diff, excerpt::excerpt, limits, markdown, token};
use crate::threads::policy::{Kind, Standpoint};
use crate::threads::views::{
    AskPage, DraftRow, DraftsPage, EditConflict, EditPage, RevisionRow, RevisionsPage, Suggestion,
};
use crate::threads::{self, Body, Done, Edit, Editing, NewQuestion, Place, Posting, Unfinished, store};
use crate::votes::{self, Cast};
use crate::web::cache::Diff;
use crate::web::form::{Form, Params, Parts};
use crate::web::i18n::translate;
use crate::web::rates::Budget;
use crate::web::view::{self, Author, Cursor, thread_url, when};
use crate::web::views::{BadgeCounts, FieldErrors};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn fresh_key() -> Result<String> {
    token::random().map_err(|e| Error::Internal(e.to_string()))
}

pub(super) fn post_url(thread: ThreadId, slug: &str, post: PostId) -> String {
    format!("{}#post-{post}", thread_url(thread.0, slug))
}

/// The address at which a post is certainly on the page: not every answer and comment is on the first one.
fn place_of(conn: &mut Conn, head: &store::PostHead, post: PostId) -> Result<String> {
    let just_before = |id: PostId| Cursor { key: 0, id: id.0 - 1 }.encode();
    let mut stands_on = post;
    if head.kind == Kind::Comment {
        stands_on = store::parent_of(conn, post)?.ok_or(Error::NotFound)?;
        let before = store::comments_before(conn, stands_on, post)?;
        if before >= limits::COMMENTS_PER_PAGE {
            let after = just_before(post);
            return Ok(format!("/posts/{stands_on}/comments?after={after}#post-{post}"));
        }
        if before >= limits::SHOWN_COMMENTS as i64 {
            return Ok(format!("/posts/{stands_on}/comments#post-{post}"));
        }
    }
    let first_page = stands_on == head.thread.question()
        || head.answer_count <= limits::PAGE_ANSWERS
        || head.accepted_answer == Some(stands_on);
    if first_page {
        return Ok(post_url(head.thread, &head.slug, post));
    }
    let after = just_before(stands_on);
    Ok(format!("{}?sort=oldest&after={after}#post-{post}", thread_url(head.thread.0, &head.slug)))
}

fn submission_key(form: &Form) -> Option<String> {
    threads::parse_submission_key(form.get("submission_key"))
}

/// A body as a form brought it: only to be looked at (for those who press "preview" without scripts), or kept.
pub enum Sent {
    Preview(SafeHtml),
    Body(Body),
    /// The key of a message that says what is wrong with it.
    Wrong(&'static str),
}

/// Renders the form's body, once, for somebody who may send it.
pub async fn sent(visit: &Visit, form: &Form, kind: Kind) -> Result<Sent> {
    let text = form.get("body").to_owned();
    if form.get("act") == "preview" {
        let text: String = text.chars().take(limits::MAX_BODY_CHARS).collect();
        let html = visit.prepare(form, Budget::Preview, move || Ok(markdown::render(&text).html)).await?;
        return Ok(Sent::Preview(html));
    }
    let parsed = visit.prepare(form, Budget::Render, move || Ok(Body::parse(&text, kind))).await?;
    Ok(parsed.map_or_else(Sent::Wrong, Sent::Body))
}

pub(super) fn ask_page(room: &mut Room<'_>, mut page: AskPage) -> Result<Page> {
    // Who has looked at threads like theirs, or looks at them now, is not shown them a second time.
    if !page.title.is_empty() && page.step.is_empty() && page.seen != SEEN_ALL {
        page.similar = crate::search::similar_threads(&room.visit.app, &page.title, SIMILAR);
    }
    page.known_tags =
        store::tags(room.conn, "", false, None, None, KNOWN_TAGS)?.into_iter().map(|t| t.name).collect();
    if page.submission_key.is_empty() {
        page.submission_key = fresh_key()?;
    }
    page.max_title = limits::MAX_TITLE as i64;
    page.max_body = limits::MAX_BODY_CHARS as i64;
    page.max_tags = limits::MAX_TAGS as i64;
    Ok(Page::html("threads/ask.html", Head::private(room.visit.t("ask-title"), "ask"), &page))
}

/// Threads offered that may hold the answer already.
const SIMILAR: usize = 4;
/// What a form says of somebody who wants to be shown no more threads like theirs.
const SEEN_ALL: &str = "all";

/// The threads somebody was shown while asking, as the form brings them back: bounded, and nothing but numbers.
pub(super) fn seen_threads(form: &Form) -> String {
    let text = form.get("seen");
    if text == SEEN_ALL {
        return SEEN_ALL.into();
    }
    let numbers = text.split(',').filter(|id| id.parse::<i64>().is_ok_and(|n| n > 0 && n.to_string() == *id));
    let mut kept = String::new();
    for id in numbers {
        if kept.len() + id.len() > limits::SEEN_BYTES {
            break;
        }
        if !kept.is_empty() {
            kept.push(',');
        }
        kept.push_str(id);
    }
    kept
}

/// The step before a question is posted: solved threads that are most likely the same question and that its asker
/// has not seen. Taken once: the form that comes back from it says so, one that is gone back to is remembered, and the
/// form that was posted needs it no more.
async fn step(visit: &Visit, form: &Form, title: &Title, body: &Body) -> Result<Vec<Suggestion>> {
    let seen = seen_threads(form);
    if seen == SEEN_ALL {
        return Ok(Vec::new());
    }
    let (key, title, body) = (submission_key(form), title.as_str().to_owned(), body.clone());
    let found = visit.clone().read(move |room| {
        let (user, now, steps) = (room.viewer()?.id, room.now, &room.visit.app.steps);
        if key.as_deref().is_some_and(|key| steps.taken(user, key, now))
            || threads::asked_before(room.conn, user, key.as_deref(), &body)?
        {
            return Ok(Vec::new());
        }
        let seen: Vec<i64> = seen.split(',').filter_map(|id| id.parse().ok()).collect();
        let found = crate::search::strong_candidates(room, &title, &body.text, |id| seen.contains(&id));
        if let Some(key) = key.filter(|_| !found.is_empty()) {
            steps.take(user, &key, now);
        }
        Ok(found)
    });
    found.await.map_err(|error| error.keeping(form.typed()))
}
/// Tags offered in the tag field.
const KNOWN_TAGS: i64 = 100;

/// `GET /ask`.
pub async fn ask_form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let title: String = params.get("title").chars().take(limits::MAX_TITLE).collect();
    visit
        .page(move |room| {
            let viewer = room.viewer()?.id;
            let draft = store::draft_at(room.conn, viewer, "question")?.filter(|_| title.is_empty());
            let page = match draft {
                Some(draft) => AskPage {
                    draft_saved: Some(when(room.visit.lang, draft.updated_at, room.now)),
                    title: draft.title,
                    body_md: draft.body_md,
                    tags: draft.tags,
                    ..AskPage::default()
                },
                None => AskPage { title, ..AskPage::default() },
            };
            ask_page(room, page)
        })
        .await
}

/// `POST /threads`.
pub async fn ask(visit: Visit, form: Form) -> Result<HttpResponse> {
    let mut errors = FieldErrors::new();
    let (mut preview_html, mut like_it) = (None, Vec::new());
    let title = Title::parse(form.get("title"));
    let tags = threads::parse_tags(form.get("tags"));
    if let Err(error) = &title {
        errors.insert("title".into(), visit.t(error.key()));
    }
    if let Err(key) = &tags {
        errors.insert("tags".into(), visit.t(key));
    }
    match (sent(&visit, &form, Kind::Question).await?, title, tags) {
        (Sent::Preview(html), ..) => preview_html = Some(html),
        (Sent::Wrong(key), ..) => drop(errors.insert("body".into(), visit.t(key))),
        (Sent::Body(body), Ok(title), Ok(tags)) => {
            like_it = step(&visit, &form, &title, &body).await?;
            if like_it.is_empty() {
                let new = NewQuestion { title, body, tags, submission_key: submission_key(&form) };
                let asked =
                    visit.act_once(&form, Budget::Post, move |tx, viewer| threads::ask(tx, viewer, new));
                match asked.await? {
                    Posting::Posted(posted) => {
                        return Ok(visit.redirect(&thread_url(posted.thread.0, &posted.slug), None));
                    }
                    Posting::NotFound => return Err(Error::NotFound.keeping(form.typed())),
                    Posting::Refused(key) => drop(errors.insert("form".into(), visit.t(key))),
                }
            }
        }
        (Sent::Body(_), ..) => {}
    }
    let looked_at = preview_html.is_some() || !like_it.is_empty();
    if preview_html.is_some() {
        errors.clear();
    }
    let mut page = typed_page(&form, errors);
    page.preview_html = preview_html;
    if !like_it.is_empty() {
        page.seen = SEEN_ALL.into();
        // The same question still, should this form be sent twice.
        page.submission_key = submission_key(&form).unwrap_or_default();
        page.step = like_it;
    }
    let status = if looked_at { 200 } else { 422 };
    visit.again(form.typed(), move |room| Ok(ask_page(room, page)?.with_status(status))).await
}

/// The page of asking with everything as it was typed.
pub(super) fn typed_page(form: &Form, errors: FieldErrors) -> AskPage {
    AskPage {
        title: form.get("title").to_owned(),
        body_md: form.get("body").to_owned(),
        tags: form.get("tags").to_owned(),
        seen: seen_threads(form),
        errors,
        ..AskPage::default()
    }
}

/// `POST /threads/{id}/answers`.
pub async fn answer(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    let mut typed = Typed { answer_md: Some(form.get("body").to_owned()), ..Typed::default() };
    match sent(&visit, &form, Kind::Answer).await? {
        Sent::Preview(html) => typed.preview_html = Some(html),
        Sent::Wrong(key) => drop(typed.errors.insert("body".into(), visit.t(key))),
        Sent::Body(body) => {
            let key = submission_key(&form);
            let posting = visit
                .act_once(&form, Budget::Post, move |tx, viewer| {
                    threads::answer(tx, viewer, thread, &body, key.as_deref(), None)
                })
                .await?;
            match posting {
                Posting::Posted(p) => return Ok(visit.redirect(&post_url(p.thread, &p.slug, p.post), None)),
                Posting::NotFound => return Err(Error::NotFound.keeping(form.typed())),
                Posting::Refused(key) => drop(typed.errors.insert("form".into(), visit.t(key))),
            }
        }
    }
    let status = if typed.preview_html.is_some() { 200 } else { 422 };
    visit
        .again(form.typed(), move |room| {
            Ok(show::page(room, thread, None, false, None, typed)?.with_status(status))
        })
        .await
}

/// `POST /posts/{id}/comments`. What is wrong with a comment is said beneath its post alone: on the page of the
/// thread that post may not be on the first page, nor its form anywhere.
pub async fn comment(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let parent = PostId(parts.number("id")?);
    let text = form.get("body").to_owned();
    let body = visit.prepare(&form, Budget::Render, move || Ok(Body::parse(&text, Kind::Comment))).await?;
    let (field, key) = match body {
        Err(key) => ("comment", key),
        Ok(body) => {
            let key = submission_key(&form);
            let posting = visit
                .act_once(&form, Budget::Comment, move |tx, viewer| {
                    threads::comment(tx, viewer, parent, &body, key.as_deref())
                })
                .await?;
            match posting {
                Posting::Posted(p) => return Ok(visit.redirect(&format!("/posts/{}", p.post), None)),
                Posting::NotFound => return Err(Error::NotFound.keeping(form.typed())),
                Posting::Refused(key) => ("form", key),
            }
        }
    };
    let errors = FieldErrors::from([(field.to_owned(), visit.t(key))]);
    let text = form.get("body").to_owned();
    visit
        .again(form.typed(), move |room| {
            let (head, _) = seen(room, parent)?;
            let page = show::comments_page(room, head.thread, parent, None, Some((text, errors)))?;
            Ok(page.with_status(422))
        })
        .await
}

/// The post with its thread, for somebody who may see both.
fn seen(room: &mut Room<'_>, post: PostId) -> Result<(store::PostHead, Standpoint)> {
    let viewer = room.viewer.as_ref().map(|v| (v.id, v.role));
    threads::post_seen(room.conn, viewer, post)?.ok_or(Error::NotFound)
}

/// `GET /posts/{id}`: where a post stands.
pub async fn locate(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    visit
        .page(move |room| {
            let (head, _) = seen(room, post)?;
            Ok(Page::Redirect(place_of(room.conn, &head, post)?))
        })
        .await
}

/// `GET /posts/{id}/comments?after=`: all comments of a post, beneath it.
pub async fn comments(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let after = Cursor::of(&params)?;
    visit
        .page(move |room| {
            let (head, _) = seen(room, post)?;
            show::comments_page(room, head.thread, post, after, None)
        })
        .await
}

/// An edit that was sent back.
struct Returned {
    form: Form,
    errors: FieldErrors,
    preview_html: Option<SafeHtml>,
    /// What somebody else saved meanwhile, and how this text differs from it.
    conflict: Option<(store::Source, SafeHtml)>,
}

fn edit_page(room: &mut Room<'_>, post: PostId, returned: Option<Returned>) -> Result<Page> {
    let (head, at) = seen(room, post)?;
    if !at.may_edit(head.removed, head.locked) {
        return Err(Error::Forbidden(if head.locked { "thread-locked" } else { "edit-not-yours" }));
    }
    let source = store::source(room.conn, post)?.ok_or(Error::NotFound)?;
    let user = room.viewer()?.id;
    let lang = room.visit.lang;
    let question = head.kind == Kind::Question;
    let draft = store::draft_at(room.conn, user, &format!("edit:{post}"))?.filter(|_| returned.is_none());
    let mut page = EditPage {
        post_id: post.0,
        kind: head.kind.as_str().into(),
        thread_title: source.title.clone(),
        post_url: post_url(head.thread, &head.slug, post),
        title: if question { source.title.clone() } else { String::new() },
        tags: if question { source.tags.clone() } else { String::new() },
        body_md: source.body_md.clone(),
        base_revision: i64::from(source.revision),
        submission_key: fresh_key()?,
        max_title: limits::MAX_TITLE as i64,
        max_body: if head.kind == Kind::Comment { limits::MAX_COMMENT_CHARS } else { limits::MAX_BODY_CHARS }
            as i64,
        max_tags: limits::MAX_TAGS as i64,
        ..EditPage::default()
    };
    if let Some(draft) = draft {
        page.draft_saved = Some(when(lang, draft.updated_at, room.now));
        page.body_md = draft.body_md;
        // What others saved since it was begun is then a conflict, not overwritten.
        page.base_revision = draft.base_revision.map_or(page.base_revision, i64::from);
        if question {
            page.title = draft.title;
            page.tags = draft.tags;
        }
    }
    if let Some(Returned { form, errors, preview_html, conflict }) = returned {
        page.title = form.get("title").to_owned();
        page.tags = form.get("tags").to_owned();
        page.body_md = form.get("body").to_owned();
        page.summary = form.get("summary").to_owned();
        page.errors = errors;
        page.preview_html = preview_html;
        page.base_revision = form.number("base_revision")?.unwrap_or(page.base_revision);
        if let Some((theirs, diff_html)) = conflict {
            let names = accounts::names_of(room.conn, &theirs.editor_id.into_iter().collect::<Vec<_>>())?;
            let by = theirs.editor_id.and_then(|id| names.get(&id)).map(|p| p.display_name.clone());
            // Sending the form again is a decision: it then stands on what the other one saved.
            page.base_revision = i64::from(theirs.revision);
            page.conflict = Some(EditConflict {
                by: by.unwrap_or_else(|| room.visit.t("person-gone")),
                when: when(lang, theirs.edited_at.unwrap_or(room.now), room.now),
                their_title: if question { theirs.title } else { String::new() },
                their_tags: if question { theirs.tags } else { String::new() },
                diff_html,
                their_body_md: theirs.body_md,
                revisions_url: format!("/posts/{post}/revisions"),
            });
        }
    }
    if question {
        page.known_tags =
            store::tags(room.conn, "", false, None, None, KNOWN_TAGS)?.into_iter().map(|t| t.name).collect();
    }
    Ok(Page::html("threads/edit.html", Head::private(room.visit.t("edit-title"), "threads"), &page))
}

fn difference(lang: &str, old: &str, new: &str) -> SafeHtml {
    let [added, removed, skipped] =
        ["diff-added", "diff-removed", "diff-skipped"].map(|key| translate(lang, key, &[]));
    diff::diff_in(old, new, diff::DiffWords { added: &added, removed: &removed, skipped: &skipped })
}

/// `GET /posts/{id}/edit`.
pub async fn edit_form(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    visit.page(move |room| edit_page(room, post, None)).await
}

/// `POST /posts/{id}/revisions`.
pub async fn edit(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let looked = visit.clone().read(move |room| Ok(seen(room, post)?.0.kind)).await;
    let kind = looked.map_err(|error| error.keeping(form.typed()))?;
    let mut errors = FieldErrors::new();
    let title = if kind == Kind::Question { Some(Title::parse(form.get("title"))) } else { None };
    let tags = if kind == Kind::Question { threads::parse_tags(form.get("tags")) } else { Ok(Vec::new()) };
    let summary = form.get("summary").trim().to_owned();
    if let Some(Err(error)) = &title {
        errors.insert("title".into(), visit.t(error.key()));
    }
    if let Err(key) = &tags {
        errors.insert("tags".into(), visit.t(key));
    }
    if summary.chars().count() > limits::MAX_SUMMARY || summary.chars().any(char::is_control) {
        errors.insert("summary".into(), visit.t("summary-bad"));
    }
    let Some(base) = form.number("base_revision")?.and_then(|n| i32::try_from(n).ok()) else {
        return visit.refuse(Error::Bad("error-not-a-number")).await;
    };
    let (mut conflict, mut preview_html, mut status) = (None, None, 422);
    match (sent(&visit, &form, kind).await?, tags) {
        (Sent::Preview(html), _) => {
            preview_html = Some(html);
            status = 200;
            errors.clear();
        }
        (Sent::Wrong(key), _) => drop(errors.insert("body".into(), visit.t(key))),
        (Sent::Body(body), Ok(tags)) if errors.is_empty() => {
            let title = title.and_then(std::result::Result::ok);
            let edit = Edit { base_revision: base, title, tags, body, summary };
            let edited = visit
                .act_once(&form, Budget::Post, move |tx, viewer| threads::edit(tx, viewer, post, edit))
                .await?;
            match edited {
                Editing::Saved(p) | Editing::Same(p) => {
                    let place = post_url(p.thread, &p.slug, p.post);
                    return Ok(visit.redirect(&place, Some(("ok", "flash-saved"))));
                }
                Editing::Conflict => {
                    let theirs = beside_theirs(&visit, post, form.get("body")).await;
                    conflict = Some(theirs.map_err(|error| error.keeping(form.typed()))?);
                    status = 409;
                }
                Editing::NotFound => return Err(Error::NotFound.keeping(form.typed())),
                Editing::Refused(key) => drop(errors.insert("form".into(), visit.t(key))),
            }
        }
        (Sent::Body(_), _) => {}
    }
    visit
        .again(form.typed(), move |room| {
            let returned = Returned { form, errors, preview_html, conflict };
            Ok(edit_page(room, post, Some(returned))?.with_status(status))
        })
        .await
}

/// What was saved meanwhile, and from it to `mine`; compared without holding a reader.
async fn beside_theirs(visit: &Visit, post: PostId, mine: &str) -> Result<(store::Source, SafeHtml)> {
    let (lang, mine) = (visit.lang, mine.to_owned());
    let theirs = visit
        .clone()
        .read(move |room| {
            seen(room, post)?;
            store::source(room.conn, post)?.ok_or(Error::NotFound)
        })
        .await?;
    visit
        .compute(move || {
            let diff = difference(lang, &theirs.body_md, &mine);
            Ok((theirs, diff))
        })
        .await
}

/// `GET /posts/{id}/revisions?from=&to=&before=`.
pub async fn revisions(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let number = |name: &str| -> Result<Option<i32>> {
        params
            .number(name)?
            .map(|n| i32::try_from(n).map_err(|_| Error::Bad("error-not-a-number")))
            .transpose()
    };
    let (from, to, before) = (number("from")?, number("to")?, number("before")?);
    let pair = visit.clone().read(move |room| Pair::of(room, post, from, to, before)).await?;
    let key = (post, pair.from, pair.to, visit.lang);
    let diff = match visit.app.diffs.get(&key) {
        Some(diff) => diff,
        None if pair.from == pair.to => Arc::default(),
        None => {
            visit.app.rates.take(Budget::Diff, (Budget::Diff, visit.household()))?;
            let (pair, lang) = (Arc::clone(&pair), visit.lang);
            let diff = visit.compute(move || Ok(pair.compared(lang))).await?;
            visit.app.diffs.put(key, diff)
        }
    };
    visit.page(move |room| revisions_page(room, post, before, &pair, &diff)).await
}

/// Two revisions of a post.
struct Pair {
    from: i32,
    to: i32,
    old: store::RevisionText,
    new: store::RevisionText,
}

impl Pair {
    /// Those that were asked for, or the newest on the page and the one before it.
    fn of(
        room: &mut Room<'_>,
        post: PostId,
        from: Option<i32>,
        to: Option<i32>,
        before: Option<i32>,
    ) -> Result<Arc<Pair>> {
        seen(room, post)?;
        let to = match to {
            Some(to) => to,
            None => store::revisions(room.conn, post, before)?.first().map_or(1, |row| row.number),
        };
        let from = from.unwrap_or_else(|| to.saturating_sub(1).max(1));
        let new = store::revision(room.conn, post, to)?.ok_or(Error::NotFound)?;
        let old = store::revision(room.conn, post, from)?.ok_or(Error::NotFound)?;
        Ok(Arc::new(Pair { from, to, old, new }))
    }

    fn compared(&self, lang: &str) -> Diff {
        Diff {
            title_html: match (&self.old.title, &self.new.title) {
                (Some(a), Some(b)) if a != b => Some(difference(lang, a, b)),
                _ => None,
            },
            body_html: (self.old.body_md != self.new.body_md)
                .then(|| difference(lang, &self.old.body_md, &self.new.body_md)),
        }
    }
}

fn revisions_page(
    room: &mut Room<'_>,
    post: PostId,
    before: Option<i32>,
    pair: &Pair,
    diff: &Diff,
) -> Result<Page> {
    let (head, at) = seen(room, post)?;
    let source = store::source(room.conn, post)?.ok_or(Error::NotFound)?;
    let mut rows = store::revisions(room.conn, post, before)?;
    let more = rows.len() as i64 > limits::PAGE_ROWS;
    rows.truncate(usize::try_from(limits::PAGE_ROWS).unwrap_or(0));
    let ids: Vec<UserId> = rows.iter().filter_map(|row| row.editor_id).collect();
    let names = if ids.is_empty() { HashMap::new() } else { accounts::names_of(room.conn, &ids)? };
    let (lang, now) = (room.visit.lang, room.now);
    let words = |tags: &Option<String>| -> Vec<String> {
        tags.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    let (old_tags, new_tags) = (words(&pair.old.tags), words(&pair.new.tags));
    let older_url =
        rows.last().filter(|_| more).map(|row| format!("/posts/{post}/revisions?before={}", row.number));
    let page = RevisionsPage {
        post_id: post.0,
        kind: head.kind.as_str().into(),
        thread_title: source.title,
        post_url: post_url(head.thread, &head.slug, post),
        revisions: rows
            .iter()
            .map(|row| {
                let known = row.editor_id.and_then(|id| names.get(&id));
                let author = Author {
                    username: known.map(|p| p.username.clone()),
                    display_name: known.map(|p| p.display_name.clone()),
                    kept_name: row.editor_name.clone(),
                    role: known.map(|p| p.role.as_str().to_owned()),
                    ..Author::default()
                };
                RevisionRow {
                    number: i64::from(row.number),
                    by: view::person(lang, &author, BadgeCounts::default()),
                    when: when(lang, row.created_at, now),
                    summary: row.summary.clone(),
                    current: row.number == source.revision,
                    accepted: head.accepted && head.accepted_revision == Some(row.number),
                    text_url: format!("/posts/{post}/revisions?from={n}&to={n}", n = row.number),
                    compare_url: (row.number > 1).then(|| {
                        format!("/posts/{post}/revisions?from={}&to={}", row.number - 1, row.number)
                    }),
                }
            })
            .collect(),
        from: i64::from(pair.from),
        to: i64::from(pair.to),
        title_diff_html: diff.title_html.clone(),
        tags_removed: old_tags.iter().filter(|tag| !new_tags.contains(tag)).cloned().collect(),
        tags_added: new_tags.iter().filter(|tag| !old_tags.contains(tag)).cloned().collect(),
        body_diff_html: diff.body_html.clone(),
        text: (pair.from == pair.to).then(|| pair.new.body_md.clone()),
        can_edit: at.may_edit(head.removed, head.locked),
        older_url,
    };
    Ok(Page::html("threads/revisions.html", Head::private(room.visit.t("revisions-title"), "threads"), &page))
}

/// Back to the thread with a word, or the reason why not.
fn done(visit: &Visit, done: Done, flash: Option<&'static str>) -> Result<HttpResponse> {
    match done {
        Done::Done(Place { thread, slug, post }) => {
            Ok(visit.redirect(&post_url(thread, &slug, post), flash.map(|key| ("ok", key))))
        }
        Done::Already(Place { thread, slug, post }) => {
            Ok(visit.redirect(&post_url(thread, &slug, post), None))
        }
        Done::NotFound => Err(Error::NotFound),
        Done::Refused(key) => Err(Error::Conflict(key)),
    }
}

/// `POST /posts/{id}/vote`: a form, or a script of ours that wants the score back.
pub async fn vote(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let value: i16 = match form.get("value") {
        "1" => 1,
        "-1" => -1,
        "0" => 0,
        _ => return visit.refuse(Error::Invalid("value", "vote-value")).await,
    };
    match visit.act(&form, Budget::Vote, move |tx, viewer| votes::cast(tx, viewer, post, value)).await? {
        Cast::Counted { score, my_vote, .. } if visit.wants_json => {
            Ok(HttpResponse::Ok().json(serde_json::json!({ "score": score, "my_vote": my_vote })))
        }
        Cast::Counted { place, .. } => {
            Ok(visit.redirect(&post_url(place.thread, &place.slug, place.post), None))
        }
        Cast::NotFound => Err(Error::NotFound),
        Cast::Refused(key) => Err(Error::Conflict(key)),
    }
}

/// `POST /threads/{id}/acceptance`.
pub async fn accept(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let Some(answer) = form.number("answer_id")?.map(PostId) else {
        return visit.refuse(Error::Invalid("answer_id", "error-not-a-number")).await;
    };
    let outcome =
        visit.act(&form, Budget::Vote, move |tx, viewer| threads::accept(tx, viewer, thread, answer)).await?;
    done(&visit, outcome, Some("flash-accepted"))
}

/// `POST /threads/{id}/acceptance/removal`.
pub async fn unaccept(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    let outcome =
        visit.act(&form, Budget::Vote, move |tx, viewer| threads::unaccept(tx, viewer, thread)).await?;
    done(&visit, outcome, Some("flash-unaccepted"))
}

/// `POST /posts/{id}/deletion`.
pub async fn delete(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let reason: String =
        form.get("reason").trim().chars().filter(|c| !c.is_control()).take(limits::MAX_SUMMARY).collect();
    let outcome = visit
        .act_once(&form, Budget::Post, move |tx, viewer| threads::delete(tx, viewer, post, &reason))
        .await?;
    done(&visit, outcome, Some("flash-deleted"))
}

/// `POST /posts/{id}/deletion/removal`.
pub async fn undelete(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let outcome =
        visit.act_once(&form, Budget::Post, move |tx, viewer| threads::undelete(tx, viewer, post)).await?;
    done(&visit, outcome, Some("flash-undeleted"))
}

async fn set_me_too(visit: Visit, parts: Parts, form: Form, on: bool) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    let outcome =
        visit.act(&form, Budget::Vote, move |tx, viewer| threads::me_too(tx, viewer, thread, on)).await?;
    done(&visit, outcome, on.then_some("flash-me-too"))
}

/// `POST /threads/{id}/me-too`.
pub async fn me_too(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    set_me_too(visit, parts, form, true).await
}

/// `POST /threads/{id}/me-too/removal`.
pub async fn not_me_too(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    set_me_too(visit, parts, form, false).await
}

async fn set_follow(visit: Visit, parts: Parts, form: Form, on: bool) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    let outcome =
        visit.act(&form, Budget::Vote, move |tx, viewer| threads::set_follow(tx, viewer, thread, on)).await?;
    done(&visit, outcome, Some(if on { "flash-following" } else { "flash-unfollowed" }))
}

/// `POST /threads/{id}/follow`.
pub async fn follow(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    set_follow(visit, parts, form, true).await
}

/// `POST /threads/{id}/follow/removal`.
pub async fn unfollow(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    set_follow(visit, parts, form, false).await
}

/// Where an unfinished text belongs: `question`, `answer:ID`, `edit:ID` or `case:ID`.
fn draft_place(text: &str) -> Option<String> {
    let known = text == "question"
        || text.split_once(':').is_some_and(|(kind, id)| {
            matches!(kind, "answer" | "edit" | "case")
                && id.parse::<i64>().is_ok_and(|n| n > 0 && n.to_string() == id)
        });
    known.then(|| text.to_owned())
}

/// `POST /drafts`: keeps what is being written.
pub async fn save_draft(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    let Some(place) = draft_place(form.get("place")) else {
        return visit.refuse(Error::Invalid("place", "draft-place")).await;
    };
    let draft = Unfinished {
        place,
        title: form.get("title").chars().take(limits::MAX_TITLE).collect(),
        tags: form.get("tags").chars().take(limits::MAX_TAGS_CHARS).collect(),
        body_md: form.get("body").to_owned(),
        base_revision: form.number("base_revision")?.and_then(|n| i32::try_from(n).ok()),
    };
    if draft.body_md.chars().count() > limits::MAX_BODY_CHARS {
        return visit.refuse(Error::Invalid("body", "body-too-long")).await;
    }
    let saved =
        visit.act(&form, Budget::Personal, move |tx, viewer| threads::save_draft(tx, viewer, &draft)).await?;
    if !saved {
        return Err(Error::Conflict("drafts-too-many"));
    }
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /drafts`.
pub async fn drafts(visit: Visit) -> Result<HttpResponse> {
    visit
        .page(|room| {
            let user = room.viewer()?.id;
            let rows = store::drafts_of(room.conn, user)?;
            let places: Vec<&str> = rows.iter().map(|row| row.place.as_str()).collect();
            let titles = store::titles_of_places(room.conn, &places)?;
            let (lang, now) = (room.visit.lang, room.now);
            let page = DraftsPage {
                rows: rows
                    .into_iter()
                    .map(|row| {
                        let (kind, id) = row.place.split_once(':').unwrap_or(("question", ""));
                        let url = match kind {
                            "answer" => format!("/threads/{id}"),
                            "edit" => format!("/posts/{id}/edit"),
                            "case" => format!("/desk/{id}"),
                            "solved" => format!("/posts/{id}"),
                            _ => "/ask".into(),
                        };
                        DraftRow {
                            take_up_url: threads::is_away(&row.place)
                                .then(|| format!("/drafts/{}/restoration", row.id)),
                            id: row.id,
                            place_label: translate(lang, &format!("place-{kind}"), &[]),
                            // A draft without a title of its own is known by its thread's.
                            title: match titles.get(&row.place) {
                                Some(title) if row.title.trim().is_empty() => title.clone(),
                                _ => row.title,
                            },
                            excerpt: excerpt(&row.body_md, limits::EXCERPT_CHARS),
                            url,
                            saved: when(lang, row.updated_at, now),
                        }
                    })
                    .collect(),
            };
            Ok(Page::html(
                "threads/drafts.html",
                Head::private(room.visit.t("drafts-title"), "drafts"),
                &page,
            ))
        })
        .await
}

/// `POST /drafts/{id}/removal`.
pub async fn remove_draft(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = parts.number("id")?;
    let gone = visit
        .act(&form, Budget::Personal, move |tx, viewer| Ok(threads::remove_draft(tx, viewer.id, id)?))
        .await?;
    if gone {
        Ok(visit.redirect("/drafts", Some(("ok", "flash-draft-removed"))))
    } else {
        Err(Error::NotFound)
    }
}

/// `POST /drafts/{id}/restoration`: a question that was put away is taken up again.
pub async fn take_up_draft(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = parts.number("id")?;
    let there = visit
        .act(&form, Budget::Personal, move |tx, viewer| Ok(threads::take_up_draft_by_id(tx, viewer.id, id)?))
        .await?;
    if there { Ok(visit.redirect("/ask", Some(("ok", "flash-draft-back")))) } else { Err(Error::NotFound) }
}

/// `GET /questions/{id}/{slug}/{answer}`, `/q/{id}/{user}`, `/a/{id}/{user}` and their shorter forms: addresses
/// of imported posts lead to where they are now. What stands behind the number counts for nothing (words of an old
/// title, who shared the link), unless it ends with the number of one of the question's answers.
pub async fn imported_post(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let origin = parts.number("id")?;
    let answer = parts.text("slug").ok().and_then(|rest| rest.rsplit('/').next()?.parse::<i64>().ok());
    visit
        .page(move |room| {
            let post = store::post_by_origin(room.conn, "post", origin)?.ok_or(Error::NotFound)?;
            let (head, _) = seen(room, post)?;
            let viewer = room.viewer.as_ref().map(|v| (v.id, v.role));
            if let Some(answer) = answer
                && let Some(answer) = store::post_by_origin(room.conn, "post", answer)?
                && let Some((there, _)) = threads::post_seen(room.conn, viewer, answer)?
                && there.thread == head.thread
            {
                return Ok(Page::Moved(place_of(room.conn, &there, answer)?));
            }
            Ok(Page::Moved(if post == head.thread.question() {
                thread_url(head.thread.0, &head.slug)
            } else {
                place_of(room.conn, &head, post)?
            }))
        })
        .await
}

/// `GET /questions/tagged/{name}`: the list of the tag under the name it has here.
pub async fn imported_tag(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let name = TagName::near(parts.text("name")?).ok_or(Error::NotFound)?;
    visit
        .page(move |room| {
            let tag = store::tag(room.conn, name.as_str())?.ok_or(Error::NotFound)?;
            Ok(Page::Moved(format!("/tags/{}", view::encode(&tag.name))))
        })
        .await
}

/// `GET /users/{id}`: the same for people. The old site's own hand has the number -1 there and is a person here.
pub async fn imported_person(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let text = parts.text("id")?;
    let origin = text.parse().ok().filter(|n: &i64| n.to_string() == text).ok_or(Error::NotFound)?;
    visit
        .page(move |room| {
            let username = store::person_by_origin(room.conn, origin)?.ok_or(Error::NotFound)?;
            Ok(Page::Moved(view::person_url(&username)))
        })
        .await
}
