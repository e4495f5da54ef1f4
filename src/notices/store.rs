//! notices room: somebody's notices, read back. A fixed number of statements for any page.
use super::{Kind, NoticeId};
use crate::badges;
use crate::db::schema::{findings, notices, posts, threads, users};
use crate::db::{Conn, DbResult, Tx, among, zero};
use crate::kernel::ids::{EventId, PostId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::web::i18n::{Arg, has, translate};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// One notice, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub id: NoticeId,
    pub kind: Kind,
    /// "Bruno answered your question", plain text.
    pub text: String,
    /// The thread's title, or that the post has been removed; empty when it is about no thread.
    pub subject: String,
    /// Where it leads, from the root; empty: nowhere.
    pub url: String,
    /// Where whoever is told can appeal against it, from the root; empty where they cannot.
    pub appeal: String,
    pub at: Moment,
    pub unread: bool,
}

/// The pieces every wording of a notice is made of, for pages and for mails.
pub(super) struct Words<'a> {
    pub kind: Kind,
    pub actor: Option<&'a str>,
    pub detail: &'a str,
}

impl Words<'_> {
    pub fn actor(&self, lang: &str) -> String {
        match self.actor {
            Some(name) if self.kind.names_actor() && !name.trim().is_empty() => {
                crate::mail::compose::one_line(name, 80)
            }
            _ => translate(lang, "notice-somebody", &[]),
        }
    }
    /// The message `key` with this notice's arguments and `more`.
    pub fn say(&self, lang: &str, key: &str, more: &[(&str, &str)]) -> String {
        let actor = self.actor(lang);
        let (first, rest) = self.detail.split_once('\n').unwrap_or((self.detail, ""));
        let (mut detail, mut until, mut why, mut n) =
            (self.detail.to_owned(), String::new(), String::new(), 1);
        match self.kind {
            // The moderators' words, a line end and the number of the challenge.
            kind if kind.is_of_challenge() => first.clone_into(&mut detail),
            // The date, a line end and the reason.
            Kind::Suspended => (until, detail) = (first.to_owned(), rest.to_owned()),
            // Ids of badges; where they are taken back, a line end and the kind of the event that did it.
            Kind::Badge | Kind::BadgeRevoked => {
                let names: Vec<String> = first
                    .split(' ')
                    .map(|id| known(lang, &format!("badge-{id}-name")).unwrap_or_else(|| id.to_owned()))
                    .collect();
                detail = names.join(", ");
                n = i64::try_from(names.len()).unwrap_or(1);
                why = known(lang, &format!("badge-revoked-by-{}", rest.replace('_', "-")))
                    .unwrap_or_else(|| translate(lang, "badge-revoked-by-other", &[]));
            }
            _ => {}
        }
        let mut args = vec![
            ("actor", Arg::from(&actor)),
            ("detail", Arg::from(&detail)),
            ("until", Arg::from(&until)),
            ("why", Arg::from(&why)),
            ("n", Arg::from(n)),
        ];
        args.extend(more.iter().map(|(name, text)| (*name, Arg::from(*text))));
        translate(lang, key, &args)
    }
    pub fn text(&self, lang: &str) -> String {
        if self.kind == Kind::BadgeRevoked && self.detail.ends_with(&format!("\n{NO_MORE}")) {
            return self.say(lang, "notice-badge-no-more", &[]);
        }
        self.say(lang, &format!("notice-{}", self.kind.as_str()), &[])
    }
}

/// Why badges went that the rules no longer have, beside the kinds of the events that take badges.
pub(super) const NO_MORE: &str = "badge_no_more";

/// A message that need not be there.
fn known(lang: &str, key: &str) -> Option<String> {
    has(lang, key).then(|| translate(lang, key, &[]))
}

/// Where a notice leads, from the root; empty when there is nothing to see.
pub(super) fn url(
    kind: Kind,
    detail: &str,
    thread: Option<(ThreadId, &str)>,
    post: Option<PostId>,
) -> String {
    match (kind, thread, post) {
        (Kind::CaseOpened, Some(_), _) if detail.parse::<i64>().is_ok() => format!("/desk/{detail}"),
        (Kind::Badge | Kind::BadgeRevoked, ..) => {
            let badges = detail.split('\n').next().unwrap_or_default();
            if badges.contains(' ') { "/badges".into() } else { format!("/badges/{badges}") }
        }
        (Kind::CreditHeld, ..) if detail.parse::<i64>().is_ok() => {
            format!("/appeals/new?finding={detail}")
        }
        (Kind::AppealUpheld | Kind::AppealRejected | Kind::AppealUndone, ..) => "/appeals".into(),
        (Kind::Edited, Some(_), Some(post)) => format!("/posts/{post}/revisions"),
        (Kind::Suspended, ..) => String::new(),
        (_, Some((thread, _)), Some(post)) if post != thread.question() => format!("/posts/{post}"),
        (_, Some((thread, slug)), _) => format!("/threads/{thread}/{slug}"),
        _ => String::new(),
    }
}

/// Where whoever is told can appeal against it, from the root. What is too late, or was appealed against before, its form
/// says.
pub(super) fn appeal(kind: Kind, detail: &str, event: EventId) -> Option<String> {
    let (first, rest) = detail.split_once('\n').unwrap_or((detail, ""));
    let number = |text: &str| text.parse::<i64>().ok();
    match kind {
        // An appeal was decided so, or there is nothing to give back.
        Kind::BadgeRevoked if [badges::REINSTATEMENT_WITHDRAWN, NO_MORE].contains(&rest) => None,
        // Of several, their list is on the page of who held them.
        Kind::BadgeRevoked if first.contains(' ') => Some("/appeals".into()),
        Kind::BadgeRevoked => Some(format!("/appeals/new?badge={first}&event={event}")),
        Kind::CreditHeld => Some(format!("/appeals/new?finding={}", number(first)?)),
        Kind::AnswerSuperseded
        | Kind::AnswerSupersededAnew
        | Kind::ChallengeRejected
        | Kind::ChallengeRejectedAnew => Some(format!("/appeals/new?challenge={}", number(rest)?)),
        _ => None,
    }
}

/// Up to `limit` notices of `user`, newest first, below `before`, in the words of `lang`; and behind which
/// one the next page begins, if there is one.
pub fn page(
    conn: &mut Conn,
    user: UserId,
    before: Option<NoticeId>,
    limit: i64,
    lang: &str,
) -> DbResult<(Vec<Notice>, Option<NoticeId>)> {
    type Row = (
        (NoticeId, EventId, String),
        Option<ThreadId>,
        Option<PostId>,
        Option<UserId>,
        String,
        Moment,
        Option<Moment>,
    );
    let mut query = notices::table.filter(notices::user_id.eq(user)).into_boxed();
    if let Some(before) = before {
        query = query.filter(notices::id.lt(before));
    }
    let limit = limit.clamp(1, limits::NOTICES_PER_PAGE);
    let mut rows: Vec<Row> = query
        .order(notices::id.desc())
        .limit(limit + 1)
        .select((
            (notices::id, notices::event_id, notices::kind),
            notices::thread_id,
            notices::post_id,
            notices::actor_id,
            notices::detail,
            notices::created_at,
            notices::read_at,
        ))
        .load(conn)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().map(|row| row.0.0).filter(|_| more);
    let thread_ids: Vec<ThreadId> = rows.iter().filter_map(|row| row.1).collect();
    let post_ids: Vec<PostId> = rows.iter().filter_map(|row| row.2).collect();
    let actor_ids: Vec<UserId> = rows.iter().filter_map(|row| row.3).collect();
    let titles: HashMap<i64, (String, String)> = threads::table
        .filter(threads::id.eq_any(&thread_ids))
        .filter(threads::removed.eq(zero()))
        .select((threads::id, threads::title, threads::slug))
        .load::<(i64, String, String)>(conn)?
        .into_iter()
        .map(|(id, title, slug)| (id, (title, slug)))
        .collect();
    // A comment goes with the post it hangs on.
    let standing: Vec<(i64, Option<i64>)> = posts::table
        .filter(posts::id.eq_any(&post_ids))
        .filter(posts::removed.eq(zero()))
        .select((posts::id, posts::parent_id))
        .load(conn)?;
    let parents: Vec<i64> = standing.iter().filter_map(|(_, parent)| *parent).collect();
    let gone_parents: HashSet<i64> = posts::table
        .filter(posts::id.eq_any(parents))
        .filter(posts::removed.ne(0))
        .select(posts::id)
        .load::<i64>(conn)?
        .into_iter()
        .collect();
    let standing: HashSet<i64> = standing
        .into_iter()
        .filter(|(_, parent)| !parent.is_some_and(|parent| gone_parents.contains(&parent)))
        .map(|(id, _)| id)
        .collect();
    let names: HashMap<i64, String> = users::table
        .filter(users::id.eq_any(&actor_ids))
        .select((users::id, users::display_name))
        .load::<(i64, String)>(conn)?
        .into_iter()
        .collect();
    // What was given back leads to no appeal any more.
    let held = Kind::CreditHeld.as_str();
    let held = rows.iter().filter(|row| row.0.2 == held).filter_map(|row| row.4.parse::<i64>().ok());
    let released: HashSet<String> = findings::table
        .filter(among(findings::id, held))
        .filter(findings::state.eq("released"))
        .select(findings::id)
        .load::<i64>(conn)?
        .into_iter()
        .map(|id| id.to_string())
        .collect();
    let notices = rows
        .into_iter()
        .filter_map(|((id, event, kind), thread, post, actor, detail, at, read)| {
            let kind = Kind::parse(&kind)?;
            let title = thread.and_then(|thread| titles.get(&thread.0).map(|title| (thread, title)));
            let post_gone = post.is_some_and(|post| !standing.contains(&post.0));
            let seen = title.filter(|_| !post_gone);
            let words = Words {
                kind,
                actor: actor.and_then(|a| names.get(&a.0)).map(String::as_str),
                detail: &detail,
            };
            let subject = match (thread, seen) {
                (_, Some((_, (title, _)))) => title.clone(),
                (Some(_), None) => translate(lang, "notice-removed-post", &[]),
                (None, None) => String::new(),
            };
            let over = kind == Kind::CreditHeld && released.contains(&detail);
            let url = url(kind, &detail, seen.map(|(thread, (_, slug))| (thread, slug.as_str())), post);
            let url = if over { String::new() } else { url };
            let appeal = appeal(kind, &detail, event).filter(|_| !over).unwrap_or_default();
            let text = if over { translate(lang, "notice-credit-held-over", &[]) } else { words.text(lang) };
            Some(Notice { id, kind, text, subject, url, appeal, at, unread: read.is_none() })
        })
        .collect();
    Ok((notices, next))
}

/// Unread notices of `user`, counted to [`limits::COUNT_AT_MOST`].
pub fn unread_count(conn: &mut Conn, user: UserId) -> DbResult<i64> {
    let ids: Vec<NoticeId> = notices::table
        .filter(notices::user_id.eq(user))
        .filter(notices::read_at.is_null())
        .order(notices::id)
        .limit(limits::COUNT_AT_MOST)
        .select(notices::id)
        .load(conn)?;
    Ok(i64::try_from(ids.len()).unwrap_or(limits::COUNT_AT_MOST))
}

/// Marks one notice of `user` read and tells where it leads; `None` when they have no such notice.
pub fn open(tx: &mut Tx<'_>, user: UserId, id: NoticeId) -> DbResult<Option<String>> {
    let (found, _) = page(tx.conn, user, Some(NoticeId(id.0.saturating_add(1))), 1, "en")?;
    let Some(notice) = found.into_iter().find(|notice| notice.id == id) else { return Ok(None) };
    if notice.unread {
        diesel::update(notices::table.find(id)).set(notices::read_at.eq(tx.now)).execute(tx.conn)?;
    }
    Ok(Some(notice.url))
}

/// Drops all that a person was told. What others were told of them goes on without a name.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    diesel::delete(notices::table.filter(notices::user_id.eq(user))).execute(tx.conn)?;
    Ok(())
}

/// Marks read what `user` has been shown: everything up to `newest`.
pub fn mark_all_read(tx: &mut Tx<'_>, user: UserId, newest: NoticeId) -> DbResult<usize> {
    Ok(diesel::update(
        notices::table
            .filter(notices::user_id.eq(user))
            .filter(notices::read_at.is_null())
            .filter(notices::id.le(newest)),
    )
    .set(notices::read_at.eq(tx.now))
    .execute(tx.conn)?)
}
