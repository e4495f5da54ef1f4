//! threads room: its rows, and the joined rows its pages show.
use super::policy::{Kind, Removed, Standpoint};
use super::{Body, Unfinished};
use crate::accounts::Role;
use crate::db::schema::{
    answer_standings, badge_awards, cases, challenges, drafts, duplicate_links, follows, me_toos,
    post_origins, posts, removals, revisions, standings, submissions, tags, thread_tags, threads, users,
};
use crate::db::{Conn, DbResult, Reckoned, Tx, among, reckoned, zero};
use crate::kernel::ids::{CaseId, PostId, TagId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::names::TagName;
use crate::web::view::{Author, Cursor};
use diesel::prelude::*;
use std::collections::HashMap;

/// What policy asks of a post and its thread.
#[derive(Debug, Clone)]
pub struct PostHead {
    pub kind: Kind,
    pub thread: ThreadId,
    pub slug: String,
    pub author: Option<UserId>,
    pub asker: Option<UserId>,
    pub removed: Removed,
    pub thread_removed: Removed,
    pub locked: bool,
    pub duplicate: bool,
    pub score: i64,
    pub comment_count: i64,
    pub answer_count: i64,
    pub accepted_answer: Option<PostId>,
    /// The asker accepted it, and moderators upheld since that it is wrong.
    pub superseded_answer: Option<PostId>,
    /// This very post is the accepted one.
    pub accepted: bool,
    /// The newest.
    pub revision: i32,
    /// Which revision of the accepted answer was accepted, where that is known.
    pub accepted_revision: Option<i32>,
    /// Of a comment: the state of the post it stands under, and who wrote that.
    pub parent: Option<(Removed, Option<UserId>)>,
}

impl PostHead {
    /// What the asker accepted and has not taken back, also where it proved wrong.
    pub fn chosen(&self) -> Option<PostId> {
        self.accepted_answer.or(self.superseded_answer)
    }

    /// Where this person stands to the post, if they may know of it: its own state, that of the post it is
    /// a comment on and that of its thread all count.
    pub fn seen_by(&self, viewer: Option<(UserId, Role)>) -> Option<Standpoint> {
        let at = Standpoint { viewer, author: self.author, asker: self.asker };
        let under = self.parent.is_none_or(|(removed, author)| Standpoint { author, ..at }.sees(removed));
        let asker = Standpoint { author: self.asker, ..at };
        (at.sees(self.removed) && under && asker.sees(self.thread_removed)).then_some(at)
    }
}

type HeadRow = (
    (String, ThreadId, Option<UserId>, i16, i64, i64, i32),
    (String, Option<UserId>, i16, bool, Option<i64>, i64, Option<PostId>, Option<i32>, Option<PostId>),
);

pub fn post_head(conn: &mut Conn, post: PostId) -> DbResult<Option<PostHead>> {
    let row: Option<HeadRow> = posts::table
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .filter(posts::id.eq(post))
        .select((
            (
                posts::kind,
                posts::thread_id,
                posts::author_id,
                posts::removed,
                posts::score,
                posts::comment_count,
                posts::revision,
            ),
            (
                threads::slug,
                threads::author_id,
                threads::removed,
                threads::locked,
                threads::duplicate_of,
                threads::answer_count,
                threads::accepted_answer_id,
                threads::accepted_revision,
                threads::superseded_answer_id,
            ),
        ))
        .first(conn)
        .optional()?;
    let parent: Option<(i16, Option<UserId>)> = match &row {
        Some((own, _)) if Kind::parse(&own.0) == Kind::Comment => match parent_of(conn, post)? {
            Some(parent) => {
                posts::table.find(parent).select((posts::removed, posts::author_id)).first(conn).optional()?
            }
            None => None,
        },
        _ => None,
    };
    Ok(row.map(
        |(
            (kind, thread, author, removed, score, comment_count, revision),
            (
                slug,
                asker,
                thread_removed,
                locked,
                duplicate,
                answer_count,
                accepted_answer,
                accepted_revision,
                superseded_answer,
            ),
        )| {
            PostHead {
                kind: Kind::parse(&kind),
                thread,
                slug,
                author,
                asker,
                removed: Removed::from_column(removed),
                thread_removed: Removed::from_column(thread_removed),
                locked,
                duplicate: duplicate.is_some(),
                score,
                comment_count,
                answer_count,
                accepted_answer,
                superseded_answer,
                accepted: accepted_answer == Some(post),
                revision,
                accepted_revision,
                parent: parent.map(|(removed, author)| (Removed::from_column(removed), author)),
            }
        },
    ))
}

pub fn parent_of(conn: &mut Conn, post: PostId) -> DbResult<Option<PostId>> {
    let parent: Option<Option<PostId>> =
        posts::table.find(post).select(posts::parent_id).first(conn).optional()?;
    Ok(parent.flatten())
}

pub fn insert_post(
    tx: &mut Tx<'_>,
    kind: Kind,
    thread: Option<ThreadId>,
    parent: Option<PostId>,
    author: UserId,
    body: &Body,
    signature: Option<&str>,
) -> DbResult<PostId> {
    // A question's thread is itself; its number is known only after this insert.
    Ok(diesel::insert_into(posts::table)
        .values((
            posts::kind.eq(kind.as_str()),
            posts::thread_id.eq(thread.unwrap_or(ThreadId(0))),
            posts::parent_id.eq(parent.or(thread.map(ThreadId::question))),
            posts::author_id.eq(author),
            posts::body_md.eq(&body.md),
            posts::body_html.eq(body.html.as_str()),
            posts::created_at.eq(tx.now),
            posts::official.eq(signature.is_some()),
            posts::signature.eq(signature),
        ))
        .returning(posts::id)
        .get_result(tx.conn)?)
}

pub fn set_thread_of(tx: &mut Tx<'_>, post: PostId, thread: ThreadId) -> DbResult<()> {
    diesel::update(posts::table.find(post)).set(posts::thread_id.eq(thread)).execute(tx.conn)?;
    Ok(())
}

pub fn insert_thread(
    tx: &mut Tx<'_>,
    thread: ThreadId,
    title: &str,
    slug: &str,
    tags: &str,
    excerpt: &str,
    author: UserId,
) -> DbResult<()> {
    diesel::insert_into(threads::table)
        .values((
            threads::id.eq(thread),
            threads::title.eq(title),
            threads::slug.eq(slug),
            threads::tags.eq(tags),
            threads::excerpt.eq(excerpt),
            threads::author_id.eq(author),
            threads::created_at.eq(tx.now),
            threads::active_at.eq(tx.now),
            threads::active_user_id.eq(author),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn update_thread_text(
    tx: &mut Tx<'_>,
    thread: ThreadId,
    title: &str,
    slug: &str,
    tags: &str,
    excerpt: &str,
) -> DbResult<()> {
    diesel::update(threads::table.find(thread))
        .set((
            threads::title.eq(title),
            threads::slug.eq(slug),
            threads::tags.eq(tags),
            threads::excerpt.eq(excerpt),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Makes the thread's tags what they are now, and keeps the counts of both old and new ones.
pub fn set_tags(tx: &mut Tx<'_>, thread: ThreadId, before: &[TagName], after: &[TagName]) -> DbResult<()> {
    for tag in before.iter().filter(|tag| !after.iter().any(|kept| kept.as_str() == tag.as_str())) {
        let id: Option<i64> =
            tags::table.filter(tags::name.eq(tag.as_str())).select(tags::id).first(tx.conn).optional()?;
        let Some(id) = id else { continue };
        let gone = diesel::delete(
            thread_tags::table.filter(thread_tags::tag_id.eq(id)).filter(thread_tags::thread_id.eq(thread)),
        )
        .execute(tx.conn)?;
        diesel::update(tags::table.find(id))
            .set(tags::thread_count.eq(tags::thread_count - gone as i64))
            .execute(tx.conn)?;
    }
    for tag in after.iter().filter(|tag| !before.iter().any(|kept| kept.as_str() == tag.as_str())) {
        let known: Option<i64> =
            tags::table.filter(tags::name.eq(tag.as_str())).select(tags::id).first(tx.conn).optional()?;
        let id = match known {
            Some(id) => id,
            None => diesel::insert_into(tags::table)
                .values((tags::name.eq(tag.as_str()), tags::created_at.eq(tx.now)))
                .returning(tags::id)
                .get_result(tx.conn)?,
        };
        diesel::insert_into(thread_tags::table)
            .values((thread_tags::tag_id.eq(id), thread_tags::thread_id.eq(thread)))
            .execute(tx.conn)?;
        diesel::update(tags::table.find(id))
            .set(tags::thread_count.eq(tags::thread_count + 1))
            .execute(tx.conn)?;
    }
    Ok(())
}

/// The tags a thread has.
pub fn tag_ids(conn: &mut Conn, thread: ThreadId) -> DbResult<Vec<TagId>> {
    Ok(thread_tags::table
        .filter(thread_tags::thread_id.eq(thread))
        .order(thread_tags::tag_id)
        .select(thread_tags::tag_id)
        .load(conn)?)
}

/// Counts a whole thread in or out of its tags.
pub fn count_tags(tx: &mut Tx<'_>, thread: ThreadId, change: i64) -> DbResult<()> {
    let ids = tag_ids(tx.conn, thread)?;
    diesel::update(tags::table.filter(tags::id.eq_any(ids)))
        .set(tags::thread_count.eq(tags::thread_count + change))
        .execute(tx.conn)?;
    Ok(())
}

pub fn insert_revision(
    tx: &mut Tx<'_>,
    post: PostId,
    number: i32,
    of_question: Option<(&str, &str)>,
    body_md: &str,
    editor: UserId,
    summary: &str,
) -> DbResult<()> {
    diesel::insert_into(revisions::table)
        .values((
            revisions::post_id.eq(post),
            revisions::number.eq(number),
            revisions::title.eq(of_question.map(|(title, _)| title)),
            revisions::tags.eq(of_question.map(|(_, tags)| tags)),
            revisions::body_md.eq(body_md),
            revisions::editor_id.eq(editor),
            revisions::summary.eq(summary),
            revisions::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn update_body(
    tx: &mut Tx<'_>,
    post: PostId,
    revision: i32,
    body: &Body,
    editor: UserId,
) -> DbResult<()> {
    diesel::update(posts::table.find(post))
        .set((
            posts::body_md.eq(&body.md),
            posts::body_html.eq(body.html.as_str()),
            posts::body_is_html.eq(false),
            posts::revision.eq(revision),
            posts::edited_at.eq(tx.now),
            posts::editor_id.eq(editor),
            posts::editor_name.eq(None::<String>),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// A post as its editor needs it.
#[derive(Debug, Clone, Queryable)]
pub struct Source {
    pub body_md: String,
    pub revision: i32,
    pub title: String,
    pub tags: String,
    pub editor_id: Option<UserId>,
    pub edited_at: Option<Moment>,
}

pub fn source(conn: &mut Conn, post: PostId) -> DbResult<Option<Source>> {
    Ok(posts::table
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .filter(posts::id.eq(post))
        .select((
            posts::body_md,
            posts::revision,
            threads::title,
            threads::tags,
            posts::editor_id,
            posts::edited_at,
        ))
        .first(conn)
        .optional()?)
}

pub fn count_answers(tx: &mut Tx<'_>, thread: ThreadId, change: i64) -> DbResult<()> {
    diesel::update(threads::table.find(thread))
        .set(threads::answer_count.eq(threads::answer_count + change))
        .execute(tx.conn)?;
    Ok(())
}

pub fn count_comments(tx: &mut Tx<'_>, parent: PostId, change: i64) -> DbResult<()> {
    diesel::update(posts::table.find(parent))
        .set(posts::comment_count.eq(posts::comment_count + change))
        .execute(tx.conn)?;
    Ok(())
}

pub fn touch_thread(tx: &mut Tx<'_>, thread: ThreadId, user: UserId, kind: &str) -> DbResult<()> {
    // What an import brings over may be older than what is there.
    diesel::update(threads::table.find(thread).filter(threads::active_at.le(tx.now)))
        .set((threads::active_at.eq(tx.now), threads::active_user_id.eq(user), threads::active_kind.eq(kind)))
        .execute(tx.conn)?;
    Ok(())
}

/// Accepts this revision of an answer, or none.
pub fn set_accepted(tx: &mut Tx<'_>, thread: ThreadId, answer: Option<(PostId, i32)>) -> DbResult<()> {
    diesel::update(threads::table.find(thread))
        .set((
            threads::accepted_answer_id.eq(answer.map(|(answer, _)| answer)),
            threads::accepted_revision.eq(answer.map(|(_, revision)| revision)),
            threads::accepted_at.eq(answer.map(|_| tx.now)),
            threads::superseded_answer_id.eq(None::<PostId>),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The accepted answer is wrong (`wrong`), or is right after all: when it was accepted, and which revision, stays known.
pub fn set_superseded(tx: &mut Tx<'_>, thread: ThreadId, answer: PostId, wrong: bool) -> DbResult<()> {
    let (accepted, superseded) = if wrong { (None, Some(answer)) } else { (Some(answer), None) };
    diesel::update(threads::table.find(thread))
        .set((threads::accepted_answer_id.eq(accepted), threads::superseded_answer_id.eq(superseded)))
        .execute(tx.conn)?;
    Ok(())
}

/// Whether moderators upheld a challenge of this answer.
pub fn is_superseded(conn: &mut Conn, answer: PostId) -> DbResult<bool> {
    let upheld: Option<i64> = challenges::table
        .filter(challenges::post_id.eq(answer))
        .filter(challenges::state.eq("upheld"))
        .select(challenges::id)
        .first(conn)
        .optional()?;
    Ok(upheld.is_some())
}

/// The solution is one still: in this revision too.
pub fn set_accepted_revision(tx: &mut Tx<'_>, thread: ThreadId, revision: i32) -> DbResult<()> {
    diesel::update(threads::table.find(thread))
        .set(threads::accepted_revision.eq(revision))
        .execute(tx.conn)?;
    Ok(())
}

/// Where the solution says something else than it did when it was accepted: the revision that was, if it is known, and
/// the newest.
pub fn changed_since_accepted(conn: &mut Conn, thread: ThreadId) -> DbResult<Option<(Option<i32>, i32)>> {
    let row: Option<(Option<i32>, i32)> = threads::table
        .inner_join(posts::table.on(posts::id.nullable().eq(threads::accepted_answer_id)))
        .inner_join(answer_standings::table.on(answer_standings::post_id.eq(posts::id)))
        .filter(threads::id.eq(thread))
        .filter(answer_standings::changed.eq(true))
        .select((threads::accepted_revision, posts::revision))
        .first(conn)
        .optional()?;
    // Accepted again a moment ago: the standing follows.
    Ok(row.filter(|(accepted, newest)| *accepted != Some(*newest)))
}

pub fn set_official_answer(tx: &mut Tx<'_>, thread: ThreadId, answer: Option<PostId>) -> DbResult<()> {
    diesel::update(threads::table.find(thread))
        .set(threads::official_answer_id.eq(answer))
        .execute(tx.conn)?;
    Ok(())
}

pub fn newest_official_answer(conn: &mut Conn, thread: ThreadId) -> DbResult<Option<PostId>> {
    Ok(posts::table
        .filter(posts::thread_id.eq(thread))
        .filter(posts::kind.eq(Kind::Answer.as_str()))
        .filter(posts::official.eq(true))
        .filter(posts::removed.eq(zero()))
        .order(posts::id.desc())
        .select(posts::id)
        .first(conn)
        .optional()?)
}

pub fn set_removed(tx: &mut Tx<'_>, post: PostId, state: Removed) -> DbResult<()> {
    diesel::update(posts::table.find(post)).set(posts::removed.eq(state.column())).execute(tx.conn)?;
    Ok(())
}

pub fn set_thread_removed(tx: &mut Tx<'_>, thread: ThreadId, state: Removed) -> DbResult<()> {
    diesel::update(threads::table.find(thread)).set(threads::removed.eq(state.column())).execute(tx.conn)?;
    Ok(())
}

pub fn insert_removal(
    tx: &mut Tx<'_>,
    post: PostId,
    how: Removed,
    actor: UserId,
    reason: &str,
) -> DbResult<()> {
    diesel::insert_into(removals::table)
        .values((
            removals::post_id.eq(post),
            removals::kind.eq(how.word()),
            removals::actor_id.eq(actor),
            removals::reason.eq(reason),
            removals::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn lift_removal(tx: &mut Tx<'_>, post: PostId, actor: UserId) -> DbResult<()> {
    diesel::update(removals::table.filter(removals::post_id.eq(post)).filter(removals::lifted_at.is_null()))
        .set((removals::lifted_at.eq(tx.now), removals::lifted_by.eq(actor)))
        .execute(tx.conn)?;
    Ok(())
}

/// The reason, who and when of a removal that stands.
pub type OpenRemoval = (String, Option<UserId>, Moment);

/// Why posts are gone, by post.
pub fn open_removals(conn: &mut Conn, ids: &[PostId]) -> DbResult<HashMap<PostId, OpenRemoval>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(PostId, String, Option<UserId>, Moment)> = removals::table
        .filter(among(removals::post_id, ids.iter().copied()))
        .filter(removals::lifted_at.is_null())
        .order(removals::id)
        .select((removals::post_id, removals::reason, removals::actor_id, removals::created_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(post, reason, actor, at)| (post, (reason, actor, at))).collect())
}

/// `true` when that changed something.
pub fn set_me_too(tx: &mut Tx<'_>, thread: ThreadId, user: UserId, on: bool) -> DbResult<bool> {
    let mine = me_toos::table.filter(me_toos::thread_id.eq(thread)).filter(me_toos::user_id.eq(user));
    let is: Option<Moment> = mine.select(me_toos::created_at).first(tx.conn).optional()?;
    if is.is_some() == on {
        return Ok(false);
    }
    if on {
        diesel::insert_into(me_toos::table)
            .values((
                me_toos::thread_id.eq(thread),
                me_toos::user_id.eq(user),
                me_toos::created_at.eq(tx.now),
            ))
            .execute(tx.conn)?;
    } else {
        diesel::delete(
            me_toos::table.filter(me_toos::thread_id.eq(thread)).filter(me_toos::user_id.eq(user)),
        )
        .execute(tx.conn)?;
    }
    let change: i64 = if on { 1 } else { -1 };
    diesel::update(threads::table.find(thread))
        .set(threads::me_too_count.eq(threads::me_too_count + change))
        .execute(tx.conn)?;
    Ok(true)
}

pub fn has_me_too(conn: &mut Conn, thread: ThreadId, user: UserId) -> DbResult<bool> {
    let row: Option<Moment> =
        me_toos::table.find((thread, user)).select(me_toos::created_at).first(conn).optional()?;
    Ok(row.is_some())
}

pub fn follow(tx: &mut Tx<'_>, thread: ThreadId, user: UserId) -> DbResult<()> {
    if !follows_thread(tx.conn, thread, user)? {
        diesel::insert_into(follows::table)
            .values((
                follows::thread_id.eq(thread),
                follows::user_id.eq(user),
                follows::created_at.eq(tx.now),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub fn unfollow(tx: &mut Tx<'_>, thread: ThreadId, user: UserId) -> DbResult<()> {
    diesel::delete(follows::table.filter(follows::thread_id.eq(thread)).filter(follows::user_id.eq(user)))
        .execute(tx.conn)?;
    Ok(())
}

pub fn follows_thread(conn: &mut Conn, thread: ThreadId, user: UserId) -> DbResult<bool> {
    let row: Option<Moment> =
        follows::table.find((thread, user)).select(follows::created_at).first(conn).optional()?;
    Ok(row.is_some())
}

pub fn set_locked(tx: &mut Tx<'_>, thread: ThreadId, on: bool) -> DbResult<()> {
    diesel::update(threads::table.find(thread)).set(threads::locked.eq(on)).execute(tx.conn)?;
    Ok(())
}

pub fn set_escalated(tx: &mut Tx<'_>, thread: ThreadId, on: bool) -> DbResult<()> {
    diesel::update(threads::table.find(thread)).set(threads::escalated.eq(on)).execute(tx.conn)?;
    Ok(())
}

/// Closes a thread in favour of another, with the link that says so, or opens it again, without any.
pub fn set_duplicate(tx: &mut Tx<'_>, thread: ThreadId, of: Option<ThreadId>) -> DbResult<()> {
    diesel::update(threads::table.find(thread)).set(threads::duplicate_of.eq(of)).execute(tx.conn)?;
    match of {
        Some(of) => diesel::insert_into(duplicate_links::table)
            .values((
                duplicate_links::thread_id.eq(thread),
                duplicate_links::of_id.eq(of),
                duplicate_links::created_at.eq(tx.now),
            ))
            .execute(tx.conn)?,
        None => diesel::delete(duplicate_links::table.filter(duplicate_links::thread_id.eq(thread)))
            .execute(tx.conn)?,
    };
    Ok(())
}

pub fn duplicate_of(conn: &mut Conn, thread: ThreadId) -> DbResult<Option<ThreadId>> {
    let of: Option<Option<ThreadId>> =
        threads::table.find(thread).select(threads::duplicate_of).first(conn).optional()?;
    Ok(of.flatten())
}

/// Longest chain of duplicates that is followed; more is a loop that an import brought.
const MASTER_STEPS: usize = 20;

/// The thread at the end of a chain of duplicates.
pub fn master_of(conn: &mut Conn, thread: ThreadId) -> DbResult<ThreadId> {
    let mut at = thread;
    for _ in 0..MASTER_STEPS {
        match duplicate_of(conn, at)? {
            Some(next) if next != thread => at = next,
            _ => break,
        }
    }
    Ok(at)
}

pub fn submission(conn: &mut Conn, user: UserId, key: &str) -> DbResult<Option<PostId>> {
    Ok(submissions::table
        .filter(submissions::user_id.eq(user))
        .filter(submissions::submission_key.eq(key))
        .select(submissions::post_id)
        .first(conn)
        .optional()?)
}

pub fn insert_submission(tx: &mut Tx<'_>, user: UserId, key: &str, post: PostId) -> DbResult<()> {
    diesel::insert_into(submissions::table)
        .values((
            submissions::user_id.eq(user),
            submissions::submission_key.eq(key),
            submissions::post_id.eq(post),
            submissions::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn sweep(tx: &mut Tx<'_>) -> DbResult<()> {
    diesel::delete(
        submissions::table.filter(submissions::created_at.lt(tx.now.plus(-limits::SUBMISSION_LIFE))),
    )
    .execute(tx.conn)?;
    Ok(())
}

#[derive(Debug, Clone, Queryable)]
pub struct Draft {
    pub id: i64,
    pub place: String,
    pub title: String,
    pub tags: String,
    pub body_md: String,
    /// Of an edit: the revision it was begun on; `None` in drafts of before this was kept.
    pub base_revision: Option<i32>,
    pub updated_at: Moment,
}

/// Where a question that was put away lies: `solved:POST`, for the answer that solved it, or `away:DRAFT`.
pub const AWAY: &str = "away";

type DraftColumns = (
    drafts::id,
    drafts::place,
    drafts::title,
    drafts::tags,
    drafts::body_md,
    drafts::base_revision,
    drafts::updated_at,
);

fn draft_columns() -> DraftColumns {
    (
        drafts::id,
        drafts::place,
        drafts::title,
        drafts::tags,
        drafts::body_md,
        drafts::base_revision,
        drafts::updated_at,
    )
}

/// `false` when the person keeps as many drafts as they may.
pub fn save_draft(tx: &mut Tx<'_>, user: UserId, draft: &Unfinished) -> DbResult<bool> {
    let text = (
        drafts::title.eq(&draft.title),
        drafts::tags.eq(&draft.tags),
        drafts::body_md.eq(&draft.body_md),
        drafts::base_revision.eq(draft.base_revision),
        drafts::updated_at.eq(tx.now),
    );
    let changed =
        diesel::update(drafts::table.filter(drafts::user_id.eq(user)).filter(drafts::place.eq(&draft.place)))
            .set(text)
            .execute(tx.conn)?;
    if changed > 0 {
        return Ok(true);
    }
    if drafts_of(tx.conn, user)?.len() as i64 >= limits::MAX_DRAFTS {
        return Ok(false);
    }
    diesel::insert_into(drafts::table)
        .values((drafts::user_id.eq(user), drafts::place.eq(&draft.place), text))
        .execute(tx.conn)?;
    Ok(true)
}

pub fn drafts_of(conn: &mut Conn, user: UserId) -> DbResult<Vec<Draft>> {
    Ok(drafts::table
        .filter(drafts::user_id.eq(user))
        .order((drafts::updated_at.desc(), drafts::id.desc()))
        .limit(limits::MAX_DRAFTS)
        .select(draft_columns())
        .load(conn)?)
}

pub fn draft_at(conn: &mut Conn, user: UserId, place: &str) -> DbResult<Option<Draft>> {
    Ok(drafts::table
        .filter(drafts::user_id.eq(user))
        .filter(drafts::place.eq(place))
        .select(draft_columns())
        .first(conn)
        .optional()?)
}

/// The titles of the threads that drafts at these places belong to, as far as everyone may know of them.
pub fn titles_of_places(conn: &mut Conn, places: &[&str]) -> DbResult<HashMap<String, String>> {
    let mut thread_of: HashMap<&str, ThreadId> = HashMap::new();
    let (mut edited, mut answered) = (HashMap::new(), HashMap::new());
    for place in places {
        match place.split_once(':').and_then(|(kind, id)| Some((kind, id.parse::<i64>().ok()?))) {
            Some(("answer", id)) => drop(thread_of.insert(place, ThreadId(id))),
            Some(("edit", id)) => drop(edited.insert(PostId(id), *place)),
            Some(("case", id)) => drop(answered.insert(CaseId(id), *place)),
            _ => {}
        }
    }
    if !edited.is_empty() {
        let rows: Vec<(PostId, ThreadId)> = posts::table
            .filter(among(posts::id, edited.keys().copied()))
            .select((posts::id, posts::thread_id))
            .load(conn)?;
        thread_of.extend(rows.iter().filter_map(|(post, thread)| Some((*edited.get(post)?, *thread))));
    }
    if !answered.is_empty() {
        let rows: Vec<(CaseId, ThreadId)> = cases::table
            .filter(among(cases::id, answered.keys().copied()))
            .select((cases::id, cases::thread_id))
            .load(conn)?;
        thread_of.extend(rows.iter().filter_map(|(case, thread)| Some((*answered.get(case)?, *thread))));
    }
    let ids: Vec<ThreadId> = thread_of.values().copied().collect();
    let known = threads_by_id(conn, &ids)?;
    Ok(thread_of
        .into_iter()
        .filter_map(|(place, thread)| Some((place.to_owned(), known.get(&thread)?.title.clone())))
        .collect())
}

pub fn remove_draft_at(tx: &mut Tx<'_>, user: UserId, place: &str) -> DbResult<()> {
    diesel::delete(drafts::table.filter(drafts::user_id.eq(user)).filter(drafts::place.eq(place)))
        .execute(tx.conn)?;
    Ok(())
}

pub fn remove_draft(tx: &mut Tx<'_>, user: UserId, id: i64) -> DbResult<bool> {
    let gone = diesel::delete(drafts::table.filter(drafts::user_id.eq(user)).filter(drafts::id.eq(id)))
        .execute(tx.conn)?;
    Ok(gone > 0)
}

/// Moves a person's draft from one place to another. What stands there already goes aside to a place of its own.
pub fn move_draft(tx: &mut Tx<'_>, user: UserId, from: &str, to: &str) -> DbResult<bool> {
    let Some(draft) = draft_at(tx.conn, user, from)? else { return Ok(false) };
    if let Some(there) = draft_at(tx.conn, user, to)? {
        let aside = format!("{AWAY}:{}", there.id);
        diesel::update(drafts::table.find(there.id)).set(drafts::place.eq(aside)).execute(tx.conn)?;
    }
    diesel::update(drafts::table.find(draft.id)).set(drafts::place.eq(to)).execute(tx.conn)?;
    Ok(true)
}

/// A draft of this person by its number.
pub fn draft(conn: &mut Conn, user: UserId, id: i64) -> DbResult<Option<Draft>> {
    Ok(drafts::table
        .filter(drafts::user_id.eq(user))
        .filter(drafts::id.eq(id))
        .select(draft_columns())
        .first(conn)
        .optional()?)
}

/// Takes a person's name from what they wrote, and drops what was only theirs. What they said of threads goes on to
/// count.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    diesel::update(
        posts::table
            .filter(posts::author_id.eq(user))
            .filter(posts::author_name.is_not_null().or(posts::signature.is_not_null())),
    )
    .set((posts::author_name.eq(None::<String>), posts::signature.eq(None::<String>)))
    .execute(tx.conn)?;
    diesel::update(
        revisions::table.filter(revisions::editor_id.eq(user)).filter(revisions::editor_name.is_not_null()),
    )
    .set(revisions::editor_name.eq(None::<String>))
    .execute(tx.conn)?;
    diesel::delete(me_toos::table.filter(me_toos::user_id.eq(user))).execute(tx.conn)?;
    diesel::delete(follows::table.filter(follows::user_id.eq(user))).execute(tx.conn)?;
    diesel::delete(drafts::table.filter(drafts::user_id.eq(user))).execute(tx.conn)?;
    diesel::delete(submissions::table.filter(submissions::user_id.eq(user))).execute(tx.conn)?;
    Ok(())
}

/// Adds to a post's votes; its score now.
pub fn count_vote(tx: &mut Tx<'_>, post: PostId, up: i64, down: i64) -> DbResult<i64> {
    let (score, kind, thread): (i64, String, ThreadId) = diesel::update(posts::table.find(post))
        .set((
            posts::up_votes.eq(posts::up_votes + up),
            posts::down_votes.eq(posts::down_votes + down),
            posts::score.eq(posts::score + up - down),
        ))
        .returning((posts::score, posts::kind, posts::thread_id))
        .get_result(tx.conn)?;
    if Kind::parse(&kind) == Kind::Question {
        diesel::update(threads::table.find(thread)).set(threads::score.eq(score)).execute(tx.conn)?;
    }
    Ok(score)
}

pub fn count_views(tx: &mut Tx<'_>, views: &[(i64, i64)]) -> DbResult<()> {
    for (thread, n) in views {
        diesel::update(threads::table.find(ThreadId(*thread)))
            .set(threads::view_count.eq(threads::view_count + n))
            .execute(tx.conn)?;
    }
    Ok(())
}

// --- what pages show ---

/// A thread as lists and the head of its page show it.
#[derive(Debug, Clone, Queryable)]
pub struct ThreadRow {
    pub id: ThreadId,
    pub title: String,
    pub slug: String,
    pub tags: String,
    pub excerpt: String,
    pub author_id: Option<UserId>,
    pub created_at: Moment,
    pub active_at: Moment,
    pub active_user_id: Option<UserId>,
    pub active_kind: String,
    pub answer_count: i64,
    pub accepted_answer_id: Option<PostId>,
    pub official_answer_id: Option<PostId>,
    pub score: i64,
    pub view_count: i64,
    pub me_too_count: i64,
    pub removed: i16,
    pub locked: bool,
    pub duplicate_of: Option<ThreadId>,
    pub escalated: bool,
    /// The asker accepted it, and moderators upheld since that it is wrong.
    pub superseded_answer_id: Option<PostId>,
}

/// The columns of [`ThreadRow`], in its order.
macro_rules! thread_columns {
    () => {
        (
            threads::id,
            threads::title,
            threads::slug,
            threads::tags,
            threads::excerpt,
            threads::author_id,
            threads::created_at,
            threads::active_at,
            threads::active_user_id,
            threads::active_kind,
            threads::answer_count,
            threads::accepted_answer_id,
            threads::official_answer_id,
            threads::score,
            threads::view_count,
            threads::me_too_count,
            threads::removed,
            threads::locked,
            threads::duplicate_of,
            threads::escalated,
            threads::superseded_answer_id,
        )
    };
}

pub fn thread(conn: &mut Conn, id: ThreadId) -> DbResult<Option<ThreadRow>> {
    Ok(threads::table.find(id).select(thread_columns!()).first(conn).optional()?)
}

/// How a list of threads is ordered and cut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Sort {
    Newest,
    Active,
    Unanswered,
    Unsolved,
}

impl Sort {
    pub fn as_str(self) -> &'static str {
        match self {
            Sort::Newest => "newest",
            Sort::Active => "active",
            Sort::Unanswered => "unanswered",
            Sort::Unsolved => "unsolved",
        }
    }
    pub fn parse(text: &str) -> Option<Sort> {
        [Sort::Newest, Sort::Active, Sort::Unanswered, Sort::Unsolved]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// One page of visible threads and where the next begins.
pub fn list(
    conn: &mut Conn,
    sort: Sort,
    tag: Option<i64>,
    after: Option<Cursor>,
    limit: i64,
) -> DbResult<(Vec<ThreadRow>, Option<Cursor>)> {
    let mut query = threads::table.filter(threads::removed.eq(zero())).select(thread_columns!()).into_boxed();
    if let Some(tag) = tag {
        query =
            query.filter(threads::id.eq_any(
                thread_tags::table.filter(thread_tags::tag_id.eq(tag)).select(thread_tags::thread_id),
            ));
    }
    query = match sort {
        Sort::Newest | Sort::Active => query,
        Sort::Unanswered => {
            query.filter(threads::answer_count.eq(zero())).filter(threads::duplicate_of.is_null())
        }
        Sort::Unsolved => {
            query.filter(threads::accepted_answer_id.is_null()).filter(threads::duplicate_of.is_null())
        }
    };
    let by_activity = sort == Sort::Active;
    if let Some(at) = after {
        query = if by_activity {
            query
                .filter(threads::active_at.le(at.key))
                .filter(threads::active_at.lt(at.key).or(threads::id.lt(at.id)))
        } else {
            query
                .filter(threads::created_at.le(at.key))
                .filter(threads::created_at.lt(at.key).or(threads::id.lt(at.id)))
        };
    }
    query = if by_activity {
        query.order((threads::active_at.desc(), threads::id.desc()))
    } else {
        query.order((threads::created_at.desc(), threads::id.desc()))
    };
    let rows: Vec<ThreadRow> = query.limit(limit + 1).load(conn)?;
    Ok(cut(rows, limit, |row| Cursor {
        key: if by_activity { row.active_at.0 } else { row.created_at.0 },
        id: row.id.0,
    }))
}

/// Takes the row too many off and says where the next page begins.
pub fn cut<T>(mut rows: Vec<T>, limit: i64, cursor: impl Fn(&T) -> Cursor) -> (Vec<T>, Option<Cursor>) {
    let limit = usize::try_from(limit).unwrap_or(0);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(cursor) } else { None };
    (rows, next)
}

/// Threads a person asked, newest first.
pub fn questions_of(
    conn: &mut Conn,
    user: UserId,
    after: Option<Cursor>,
    limit: i64,
    removed_too: bool,
) -> DbResult<(Vec<ThreadRow>, Option<Cursor>)> {
    let mut query = threads::table.filter(threads::author_id.eq(user)).select(thread_columns!()).into_boxed();
    if !removed_too {
        query = query.filter(threads::removed.eq(zero()));
    }
    if let Some(at) = after {
        query = query
            .filter(threads::created_at.le(at.key))
            .filter(threads::created_at.lt(at.key).or(threads::id.lt(at.id)));
    }
    let rows: Vec<ThreadRow> =
        query.order((threads::created_at.desc(), threads::id.desc())).limit(limit + 1).load(conn)?;
    Ok(cut(rows, limit, |row| Cursor { key: row.created_at.0, id: row.id.0 }))
}

/// An answer in a person's history, with the thread it stands in.
#[derive(Debug, Clone, Queryable)]
pub struct AnswerRow {
    pub id: PostId,
    pub score: i64,
    pub created_at: Moment,
    pub official: bool,
    pub removed: i16,
    pub thread: ThreadRow,
}

pub fn answers_of(
    conn: &mut Conn,
    user: UserId,
    after: Option<Cursor>,
    limit: i64,
    sees: SeesRemoved,
) -> DbResult<(Vec<AnswerRow>, Option<Cursor>)> {
    let mut query = posts::table
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .filter(posts::author_id.eq(user))
        .filter(posts::kind.eq(Kind::Answer.as_str()))
        .select((
            posts::id,
            posts::score,
            posts::created_at,
            posts::official,
            posts::removed,
            thread_columns!(),
        ))
        .into_boxed();
    query = match sees {
        SeesRemoved::All => query,
        // One's own removed answer, but not the removed question of another above it.
        SeesRemoved::Own(viewer) => {
            query.filter(threads::removed.eq(zero()).or(threads::author_id.eq(viewer).assume_not_null()))
        }
        SeesRemoved::None => query.filter(posts::removed.eq(zero())).filter(threads::removed.eq(zero())),
    };
    if let Some(at) = after {
        query = query.filter(posts::id.lt(at.id));
    }
    let rows: Vec<AnswerRow> = query.order(posts::id.desc()).limit(limit + 1).load(conn)?;
    Ok(cut(rows, limit, |row| Cursor { key: 0, id: row.id.0 }))
}

/// Threads closed in favour of this one.
pub fn duplicates_of(conn: &mut Conn, master: ThreadId) -> DbResult<Vec<(ThreadId, String, String)>> {
    Ok(threads::table
        .filter(threads::duplicate_of.eq(master))
        .filter(threads::removed.eq(zero()))
        .order(threads::id)
        .limit(limits::PAGE_ROWS)
        .select((threads::id, threads::slug, threads::title))
        .load(conn)?)
}

/// A post as a thread's page shows it.
#[derive(Debug, Clone, Queryable)]
pub struct PostRow {
    pub id: PostId,
    pub parent_id: Option<PostId>,
    pub author_id: Option<UserId>,
    pub author_name: Option<String>,
    pub body_html: String,
    pub created_at: Moment,
    pub edited_at: Option<Moment>,
    pub editor_id: Option<UserId>,
    pub editor_name: Option<String>,
    pub score: i64,
    pub comment_count: i64,
    pub removed: i16,
    pub official: bool,
    pub signature: Option<String>,
    pub author: Option<AuthorColumns>,
    pub points: Option<i64>,
    /// How far its author's word carries: the lower bound of their accuracy, in thousandths.
    pub authority: Option<i64>,
    /// See [`rank`].
    pub rank: i64,
    pub origin: Option<OriginRow>,
}

#[derive(Debug, Clone, Queryable)]
pub struct AuthorColumns {
    pub username: String,
    pub display_name: String,
    pub role: String,
    pub erased_at: Option<Moment>,
}

impl PostRow {
    pub fn author(&self) -> Author {
        let known = self.author.as_ref();
        Author {
            username: known.map(|a| a.username.clone()),
            display_name: known.map(|a| a.display_name.clone()),
            kept_name: self.author_name.clone(),
            role: known.map(|a| a.role.clone()),
            points: self.points,
            erased: known.is_some_and(|a| a.erased_at.is_some()),
        }
    }
}

/// What the answers of a page are ordered by: how likely each is right, in thousandths, and among equals its score.
///
/// It is the mean of the posterior that the page shows ([`crate::reputation::Evidence::chance`]), with the author's
/// authority as that much of one reader for it: so that, before anybody has tried it, the answer of somebody who is
/// mostly right stands first. What is outdated has four readers against it; what a finding holds, nobody for it.
fn rank() -> Reckoned {
    reckoned(
        "((1000 + CASE WHEN answer_standings.held THEN 0 ELSE \
         coalesce(answer_standings.evidence_right, 0) + coalesce(standings.authority, 0) END) * 1000 \
         / (2000 + coalesce(answer_standings.evidence_right, 0) + coalesce(answer_standings.evidence_wrong, 0) \
         + coalesce(standings.authority, 0) + CASE WHEN answer_standings.outdated THEN 4000 ELSE 0 END) \
         * 1000000 + posts.score)",
    )
}

macro_rules! posts_with_authors {
    () => {
        posts::table
            .left_join(users::table.on(users::id.nullable().eq(posts::author_id)))
            .left_join(standings::table.on(standings::user_id.nullable().eq(posts::author_id)))
            .left_join(post_origins::table.on(post_origins::post_id.eq(posts::id)))
            .left_join(answer_standings::table.on(answer_standings::post_id.eq(posts::id)))
            .select((
                posts::id,
                posts::parent_id,
                posts::author_id,
                posts::author_name,
                posts::body_html,
                posts::created_at,
                posts::edited_at,
                posts::editor_id,
                posts::editor_name,
                posts::score,
                posts::comment_count,
                posts::removed,
                posts::official,
                posts::signature,
                (users::username, users::display_name, users::role, users::erased_at).nullable(),
                standings::points.nullable(),
                standings::authority.nullable(),
                rank(),
                (
                    post_origins::post_id,
                    post_origins::site,
                    post_origins::url,
                    post_origins::author_url,
                    post_origins::licence,
                )
                    .nullable(),
            ))
    };
}

pub fn question(conn: &mut Conn, thread: ThreadId) -> DbResult<Option<PostRow>> {
    Ok(posts_with_authors!().filter(posts::id.eq(thread.question())).first(conn).optional()?)
}

pub fn posts_by_id(conn: &mut Conn, ids: &[PostId]) -> DbResult<Vec<PostRow>> {
    Ok(posts_with_authors!().filter(among(posts::id, ids.iter().copied())).load(conn)?)
}

/// The newest post of a thread, the question itself where there is no other.
pub fn newest_post(conn: &mut Conn, thread: ThreadId) -> DbResult<PostId> {
    let newest: Option<PostId> =
        posts::table.filter(posts::thread_id.eq(thread)).select(diesel::dsl::max(posts::id)).first(conn)?;
    Ok(newest.unwrap_or(thread.question()))
}

/// How many comments of this post are older than that one, removed ones too.
pub fn comments_before(conn: &mut Conn, parent: PostId, comment: PostId) -> DbResult<i64> {
    Ok(posts::table
        .filter(posts::parent_id.eq(parent))
        .filter(posts::kind.eq(Kind::Comment.as_str()))
        .filter(posts::id.lt(comment))
        .count()
        .get_result(conn)?)
}

/// Who may see removed answers: nobody, their author, or everyone who moderates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeesRemoved {
    None,
    Own(UserId),
    All,
}

impl SeesRemoved {
    fn shows(self, row: &PostRow) -> bool {
        match self {
            SeesRemoved::None => row.removed == 0,
            SeesRemoved::Own(user) => row.removed == 0 || row.author_id == Some(user),
            SeesRemoved::All => true,
        }
    }
}

/// The accepted answer of a thread, for whom it is there: it stands before the pages of [`answers`].
pub fn accepted(conn: &mut Conn, thread: &ThreadRow, sees: SeesRemoved) -> DbResult<Option<PostRow>> {
    let Some(id) = thread.accepted_answer_id else { return Ok(None) };
    Ok(posts_by_id(conn, &[id])?.pop().filter(|row| sees.shows(row)))
}

/// One page of answers, the accepted one aside (it is fetched by its number and stands first).
pub fn answers(
    conn: &mut Conn,
    thread: ThreadId,
    accepted: Option<PostId>,
    oldest: bool,
    after: Option<Cursor>,
    sees: SeesRemoved,
) -> DbResult<(Vec<PostRow>, Option<Cursor>)> {
    let mut query = posts_with_authors!()
        .filter(posts::thread_id.eq(thread))
        .filter(posts::kind.eq(Kind::Answer.as_str()))
        .filter(posts::id.ne(accepted.unwrap_or(PostId(0))))
        .into_boxed();
    query = match sees {
        SeesRemoved::None => query.filter(posts::removed.eq(zero())),
        SeesRemoved::Own(user) => {
            query.filter(posts::removed.eq(zero()).or(posts::author_id.eq(user).assume_not_null()))
        }
        SeesRemoved::All => query,
    };
    if let Some(at) = after {
        query = if oldest {
            query.filter(posts::id.gt(at.id))
        } else {
            query.filter(rank().lt(at.key).or(rank().eq(at.key).and(posts::id.gt(at.id))))
        };
    }
    query = if oldest { query.order(posts::id.asc()) } else { query.order((rank().desc(), posts::id.asc())) };
    let rows: Vec<PostRow> = query.limit(limits::PAGE_ANSWERS + 1).load(conn)?;
    Ok(cut(rows, limits::PAGE_ANSWERS, |row| Cursor { key: row.rank, id: row.id.0 }))
}

/// The badges that the authors of a thread's large posts hold now: whose, and of which level.
pub fn author_badges(conn: &mut Conn, thread: ThreadId) -> DbResult<Vec<(UserId, String)>> {
    // By the thread and not by a list of people: a statement whose text never changes is prepared once.
    let authors = posts::table
        .filter(posts::thread_id.eq(thread))
        .filter(posts::kind.ne(Kind::Comment.as_str()))
        .select(posts::author_id.assume_not_null());
    Ok(badge_awards::table
        .filter(badge_awards::user_id.eq_any(authors))
        .filter(badge_awards::revoked_event_id.is_null())
        .select((badge_awards::user_id, badge_awards::level))
        .load(conn)?)
}

/// Comments on these posts, oldest first, at most [`limits::PAGE_COMMENTS`].
pub fn comments(conn: &mut Conn, parents: &[PostId], sees: SeesRemoved) -> DbResult<Vec<PostRow>> {
    let mut query = posts_with_authors!()
        .filter(among(posts::parent_id, parents.iter().copied()))
        .filter(posts::kind.eq(Kind::Comment.as_str()))
        .into_boxed();
    query = match sees {
        SeesRemoved::None => query.filter(posts::removed.eq(zero())),
        SeesRemoved::Own(user) => {
            query.filter(posts::removed.eq(zero()).or(posts::author_id.eq(user).assume_not_null()))
        }
        SeesRemoved::All => query,
    };
    Ok(query.order(posts::id).limit(limits::PAGE_COMMENTS).load(conn)?)
}

#[derive(Debug, Clone, Queryable)]
pub struct OriginRow {
    pub post_id: PostId,
    pub site: String,
    pub url: String,
    pub author_url: Option<String>,
    pub licence: String,
}

/// The post an imported number led to, on whatever site; the first import wins.
pub fn post_by_origin(conn: &mut Conn, kind: &str, origin: i64) -> DbResult<Option<PostId>> {
    Ok(post_origins::table
        .filter(post_origins::kind.eq(kind))
        .filter(post_origins::origin_id.eq(origin))
        .order(post_origins::post_id)
        .select(post_origins::post_id)
        .first(conn)
        .optional()?)
}

pub fn person_by_origin(conn: &mut Conn, origin: i64) -> DbResult<Option<String>> {
    Ok(users::table
        .filter(users::origin_id.eq(origin))
        .filter(users::erased_at.is_null())
        .order(users::id)
        .select(users::username)
        .first(conn)
        .optional()?)
}

/// Visible answers after this post: how many (up to the cap) and the first of them.
pub fn answers_since(conn: &mut Conn, thread: ThreadId, since: PostId) -> DbResult<Vec<PostId>> {
    Ok(posts::table
        .filter(posts::thread_id.eq(thread))
        .filter(posts::kind.eq(Kind::Answer.as_str()))
        .filter(posts::removed.eq(zero()))
        .filter(posts::id.gt(since))
        .order(posts::id)
        .limit(limits::COUNT_CAP)
        .select(posts::id)
        .load(conn)?)
}

/// A revision in the list of them, without its text.
#[derive(Debug, Clone, Queryable)]
pub struct RevisionRow {
    pub number: i32,
    pub editor_id: Option<UserId>,
    pub editor_name: Option<String>,
    pub summary: String,
    pub created_at: Moment,
}

/// A page of a post's revisions, newest first, and one row to know whether there are more.
macro_rules! revisions_below {
    ($post:expr, $before:expr) => {
        revisions::table
            .filter(revisions::post_id.eq($post))
            .filter(revisions::number.lt($before.unwrap_or(i32::MAX)))
            .order(revisions::number.desc())
            .limit(limits::PAGE_ROWS + 1)
    };
}

/// Revisions of a post, newest first, below `before`, without their texts.
pub fn revisions(conn: &mut Conn, post: PostId, before: Option<i32>) -> DbResult<Vec<RevisionRow>> {
    Ok(revisions_below!(post, before).select(revision_columns()).load(conn)?)
}

/// The same with their texts.
pub fn revisions_and_texts(
    conn: &mut Conn,
    post: PostId,
    before: Option<i32>,
) -> DbResult<Vec<(RevisionRow, RevisionText)>> {
    let texts = (revisions::title, revisions::tags, revisions::body_md);
    Ok(revisions_below!(post, before).select((revision_columns(), texts)).load(conn)?)
}

type RevisionColumns = (
    revisions::number,
    revisions::editor_id,
    revisions::editor_name,
    revisions::summary,
    revisions::created_at,
);

fn revision_columns() -> RevisionColumns {
    (
        revisions::number,
        revisions::editor_id,
        revisions::editor_name,
        revisions::summary,
        revisions::created_at,
    )
}

#[derive(Debug, Clone, Queryable)]
pub struct RevisionText {
    pub title: Option<String>,
    pub tags: Option<String>,
    pub body_md: String,
}

pub fn revision(conn: &mut Conn, post: PostId, number: i32) -> DbResult<Option<RevisionText>> {
    Ok(revisions::table
        .filter(revisions::post_id.eq(post))
        .filter(revisions::number.eq(number))
        .select((revisions::title, revisions::tags, revisions::body_md))
        .first(conn)
        .optional()?)
}

// --- tags ---

#[derive(Debug, Clone, Queryable)]
pub struct TagRow {
    pub id: i64,
    pub name: String,
    pub description_md: String,
    pub description_html: String,
    pub thread_count: i64,
}

pub fn tag(conn: &mut Conn, name: &str) -> DbResult<Option<TagRow>> {
    Ok(tags::table
        .filter(tags::name.eq(name))
        .select((tags::id, tags::name, tags::description_md, tags::description_html, tags::thread_count))
        .first(conn)
        .optional()?)
}

/// Tags in use, by how much they are used or by name, from `prefix` on.
pub fn tags(
    conn: &mut Conn,
    prefix: &str,
    by_name: bool,
    after: Option<&str>,
    after_count: Option<Cursor>,
    limit: i64,
) -> DbResult<Vec<TagRow>> {
    let mut query = tags::table
        .filter(tags::thread_count.gt(0))
        .select((tags::id, tags::name, tags::description_md, tags::description_html, tags::thread_count))
        .into_boxed();
    if !prefix.is_empty() {
        query = query
            .filter(tags::name.ge(prefix.to_owned()))
            .filter(tags::name.lt(format!("{prefix}\u{10ffff}")));
    }
    if by_name {
        if let Some(after) = after {
            query = query.filter(tags::name.gt(after.to_owned()));
        }
        query = query.order(tags::name);
    } else {
        if let Some(at) = after_count {
            query = query.filter(
                tags::thread_count.lt(at.key).or(tags::thread_count.eq(at.key).and(tags::id.lt(at.id))),
            );
        }
        query = query.order((tags::thread_count.desc(), tags::id.desc()));
    }
    Ok(query.limit(limit).load(conn)?)
}

// --- what the API shows beyond the pages ---

/// Comments on one post behind `after`, oldest first, and where the next page begins.
pub fn comments_after(
    conn: &mut Conn,
    parent: PostId,
    after: PostId,
    limit: i64,
    sees: SeesRemoved,
) -> DbResult<(Vec<PostRow>, Option<Cursor>)> {
    let mut query = posts_with_authors!()
        .filter(posts::parent_id.eq(parent))
        .filter(posts::kind.eq(Kind::Comment.as_str()))
        .filter(posts::id.gt(after))
        .into_boxed();
    query = match sees {
        SeesRemoved::None => query.filter(posts::removed.eq(zero())),
        SeesRemoved::Own(user) => {
            query.filter(posts::removed.eq(zero()).or(posts::author_id.eq(user).assume_not_null()))
        }
        SeesRemoved::All => query,
    };
    let rows: Vec<PostRow> = query.order(posts::id).limit(limit + 1).load(conn)?;
    Ok(cut(rows, limit, |row| Cursor { key: 0, id: row.id.0 }))
}

/// The Markdown of these posts; those an import brought as HTML have none.
pub fn sources(conn: &mut Conn, ids: &[PostId]) -> DbResult<HashMap<PostId, String>> {
    let rows: Vec<(PostId, String)> = posts::table
        .filter(among(posts::id, ids.iter().copied()))
        .filter(posts::body_is_html.eq(false))
        .select((posts::id, posts::body_md))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Of these threads, those that are there for everyone.
pub fn threads_by_id(conn: &mut Conn, ids: &[ThreadId]) -> DbResult<HashMap<ThreadId, ThreadRow>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<ThreadRow> = threads::table
        .filter(among(threads::id, ids.iter().copied()))
        .filter(threads::removed.eq(zero()))
        .select(thread_columns!())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
