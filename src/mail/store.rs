//! mail room: the rows of the outbox, from the act that wrote them to the server that took them.
//!
//! queued → sending (under a lease) → sent, or back to queued with a later time, or failed, or expired.
//! All changes pass through the writer, so two nodes never hold one row.
use super::List;
use super::compose::one_line;
use super::unsubscribe::is_unsubscribed;
use crate::db::schema::{mails, unsubscriptions};
use crate::db::{Conn, DbError, DbResult, Tx};
use crate::kernel::ids::{MailId, PostId, ThreadId, UserId};
use crate::kernel::moment::{Moment, SECOND};
use crate::kernel::{limits, token};
use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

/// A mail to be written; [`super::Letterhead`] makes them.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// One mail per key, however often its cause is told.
    pub dedupe_key: String,
    pub user: Option<UserId>,
    /// One bare address.
    pub recipient: String,
    pub list: List,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub unsubscribe_url: String,
    /// Right side of the Message-ID.
    pub host: String,
    /// Mails of one thread are kept together and in order.
    pub thread: Option<ThreadId>,
    /// Not sent once this, what it hangs on or its question has been removed.
    pub post: Option<PostId>,
    /// Not sent after this moment.
    pub expires_at: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailState {
    Queued,
    Sending,
    Sent,
    Failed,
    Expired,
}

impl MailState {
    pub const ALL: [MailState; 5] =
        [MailState::Queued, MailState::Sending, MailState::Sent, MailState::Failed, MailState::Expired];

    pub fn as_str(self) -> &'static str {
        match self {
            MailState::Queued => "queued",
            MailState::Sending => "sending",
            MailState::Sent => "sent",
            MailState::Failed => "failed",
            MailState::Expired => "expired",
        }
    }
    pub fn parse(text: &str) -> Option<MailState> {
        MailState::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A row as the administrators see it: without the bodies, which may hold links that open accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub id: MailId,
    pub recipient: String,
    pub list: String,
    pub subject: String,
    pub state: MailState,
    pub attempts: i32,
    pub next_attempt_at: Moment,
    pub last_error: Option<String>,
    pub created_at: Moment,
    pub sent_at: Option<Moment>,
}

/// A row a sender holds.
#[derive(Debug, Clone, Queryable)]
pub struct Held {
    pub id: MailId,
    pub recipient: String,
    pub list: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub unsubscribe_url: Option<String>,
    pub thread: Option<ThreadId>,
    pub message_id: String,
    /// Attempts already made.
    pub attempts: i32,
    pub created_at: Moment,
    pub expires_at: Option<Moment>,
}

/// Writes a mail to the outbox; `None` when its key is there already or the person left its list.
pub fn enqueue(tx: &mut Tx<'_>, mail: NewMail) -> DbResult<Option<MailId>> {
    if let Some(user) = mail.user
        && mail.list.can_be_left()
        && is_unsubscribed(tx.conn, user, mail.list)?
    {
        return Ok(None);
    }
    let known: Option<MailId> = mails::table
        .filter(mails::dedupe_key.eq(&mail.dedupe_key))
        .select(mails::id)
        .first(tx.conn)
        .optional()?;
    if known.is_some() {
        return Ok(None);
    }
    let local = token::random().map_err(|e| DbError::Refused(format!("no randomness: {e}")))?;
    let id: MailId = diesel::insert_into(mails::table)
        .values((
            mails::dedupe_key.eq(&mail.dedupe_key),
            mails::user_id.eq(mail.user),
            mails::recipient.eq(&mail.recipient),
            mails::list.eq(mail.list.as_str()),
            mails::subject.eq(one_line(&mail.subject, limits::MAIL_SUBJECT_CHARS)),
            mails::body_text.eq(bounded(&mail.text)),
            mails::body_html.eq(bounded(&mail.html)),
            mails::unsubscribe_url.eq(&mail.unsubscribe_url),
            mails::thread_id.eq(mail.thread),
            mails::post_id.eq(mail.post),
            mails::message_id.eq(format!("<{local}@{}>", mail.host)),
            mails::next_attempt_at.eq(tx.now),
            mails::created_at.eq(tx.now),
            mails::expires_at.eq(mail.expires_at),
        ))
        .returning(mails::id)
        .get_result(tx.conn)?;
    Ok(Some(id))
}

/// PostgreSQL takes no NUL in text, and no mail of ours comes near the limit.
fn bounded(body: &str) -> String {
    let mut body = body.replace('\0', "");
    let mut end = limits::MAIL_BODY_BYTES.min(body.len());
    while !body.is_char_boundary(end) {
        end -= 1;
    }
    body.truncate(end);
    body
}

// Word for word what the partial indexes say, so that both databases use them.
fn waiting() -> diesel::expression::SqlLiteral<Bool> {
    sql::<Bool>("(mails.state <> 'sent' AND mails.state <> 'failed' AND mails.state <> 'expired')")
}

/// Whether a sender has anything to do at `now`.
pub fn any_due(conn: &mut Conn, now: Moment) -> DbResult<bool> {
    let due: Option<MailId> = mails::table
        .filter(waiting())
        .filter(mails::next_attempt_at.le(now))
        .order(mails::next_attempt_at)
        .select(mails::id)
        .first(conn)
        .optional()?;
    Ok(due.is_some())
}

/// Marks what came too late to be sent: past its own time, not tried by anybody for two days (mail was off, or
/// the house closed), or wanted no more. Its body goes with it. Returns how many.
pub fn expire(tx: &mut Tx<'_>, now: Moment) -> DbResult<usize> {
    let stale = now.plus(-limits::MAIL_GIVE_UP_SECONDS * SECOND);
    // What it shows has been removed since, or whom it is for has left its list or was suspended after it was
    // written. (What is written to the suspended later says why.)
    let unwanted = sql::<Bool>(
        "(EXISTS (SELECT 1 FROM posts p JOIN posts q ON q.id = p.thread_id LEFT JOIN posts o ON o.id = p.parent_id \
         WHERE p.id = mails.post_id AND (p.removed <> 0 OR q.removed <> 0 OR COALESCE(o.removed, 0) <> 0)) \
         OR EXISTS (SELECT 1 FROM unsubscriptions u WHERE u.user_id = mails.user_id AND u.list = mails.list) \
         OR (mails.list <> 'account' AND EXISTS (SELECT 1 FROM suspensions s WHERE s.user_id = mails.user_id \
         AND s.lifted_at IS NULL AND s.created_at > mails.created_at AND s.until > ",
    )
    .bind::<BigInt, _>(now)
    .sql(")))");
    let count = diesel::update(
        mails::table
            .filter(waiting())
            .filter(mails::next_attempt_at.le(now))
            .filter(mails::expires_at.le(now).or(mails::next_attempt_at.le(stale)).or(unwanted)),
    )
    .set((mails::state.eq("expired"), mails::body_text.eq(""), mails::body_html.eq("")))
    .execute(tx.conn)?;
    Ok(count)
}

/// Takes up to `limit` due mails until `lease`, oldest due first; leaves out those with an earlier
/// mail of the same thread still on its way to the same recipient.
pub fn claim(tx: &mut Tx<'_>, now: Moment, lease: Moment, limit: i64) -> DbResult<Vec<Held>> {
    let earlier = diesel::alias!(mails as earlier);
    let blocked = exists(
        earlier
            .filter(sql::<Bool>(
                "(earlier.state <> 'sent' AND earlier.state <> 'failed' AND earlier.state <> 'expired')",
            ))
            .filter(earlier.field(mails::recipient).eq(mails::recipient))
            .filter(earlier.field(mails::thread_id).eq(mails::thread_id))
            .filter(earlier.field(mails::id).lt(mails::id))
            .select(earlier.field(mails::id)),
    );
    let mut held: Vec<Held> = mails::table
        .filter(waiting())
        .filter(mails::next_attempt_at.le(now))
        .filter(not(blocked))
        .order((mails::next_attempt_at, mails::id))
        .limit(limit)
        .select((
            mails::id,
            mails::recipient,
            mails::list,
            mails::subject,
            mails::body_text,
            mails::body_html,
            mails::unsubscribe_url,
            mails::thread_id,
            mails::message_id,
            mails::attempts,
            mails::created_at,
            mails::expires_at,
        ))
        .load(tx.conn)?;
    let ids: Vec<MailId> = held.iter().map(|mail| mail.id).collect();
    diesel::update(mails::table.filter(mails::id.eq_any(ids)))
        .set((mails::state.eq("sending"), mails::next_attempt_at.eq(lease)))
        .execute(tx.conn)?;
    held.sort_by_key(|mail| mail.id);
    Ok(held)
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// Again at this moment, for this reason.
    Again(Moment, String),
    Failed(String),
    Expired,
    /// Given back untried.
    Released,
}

/// Writes the outcome down if the row is still held until `lease`; `false` when another sender has it.
pub fn settle(tx: &mut Tx<'_>, id: MailId, lease: Moment, now: Moment, outcome: &Outcome) -> DbResult<bool> {
    let held =
        mails::table.find(id).filter(mails::state.eq("sending")).filter(mails::next_attempt_at.eq(lease));
    let count = match outcome {
        // A body that has left is kept no longer: it may hold a link that opens an account.
        Outcome::Sent => diesel::update(held)
            .set((
                mails::state.eq("sent"),
                mails::sent_at.eq(now),
                mails::attempts.eq(mails::attempts + 1),
                mails::last_error.eq(None::<String>),
                mails::body_text.eq(""),
                mails::body_html.eq(""),
            ))
            .execute(tx.conn)?,
        Outcome::Again(at, why) => diesel::update(held)
            .set((
                mails::state.eq("queued"),
                mails::next_attempt_at.eq(*at),
                mails::attempts.eq(mails::attempts + 1),
                mails::last_error.eq(why),
            ))
            .execute(tx.conn)?,
        Outcome::Failed(why) => diesel::update(held)
            .set((
                mails::state.eq("failed"),
                mails::attempts.eq(mails::attempts + 1),
                mails::last_error.eq(why),
            ))
            .execute(tx.conn)?,
        Outcome::Expired => diesel::update(held)
            .set((mails::state.eq("expired"), mails::body_text.eq(""), mails::body_html.eq("")))
            .execute(tx.conn)?,
        Outcome::Released => diesel::update(held)
            .set((mails::state.eq("queued"), mails::next_attempt_at.eq(now)))
            .execute(tx.conn)?,
    };
    Ok(count == 1)
}

/// Gives back every held row: only for a process that is the only one on its database.
pub fn release_all(tx: &mut Tx<'_>) -> DbResult<usize> {
    Ok(diesel::update(mails::table.filter(sql::<Bool>("mails.state = 'sending'")))
        .set((mails::state.eq("queued"), mails::next_attempt_at.eq(tx.now)))
        .execute(tx.conn)?)
}

/// Drops every mail to a person, sent or not, and the lists they left. One that is on its way just now arrives.
pub fn forget(tx: &mut Tx<'_>, user: UserId, address: Option<&str>) -> DbResult<()> {
    diesel::delete(mails::table.filter(mails::user_id.eq(user))).execute(tx.conn)?;
    if let Some(address) = address {
        diesel::delete(mails::table.filter(mails::recipient.eq(address))).execute(tx.conn)?;
    }
    diesel::delete(unsubscriptions::table.filter(unsubscriptions::user_id.eq(user))).execute(tx.conn)?;
    Ok(())
}

/// Forgets up to a thousand mails that ended long ago.
pub fn purge(tx: &mut Tx<'_>, now: Moment) -> DbResult<usize> {
    let before = now.plus(-limits::MAIL_KEEP_SECONDS * SECOND);
    let mut count = 0;
    for state in [MailState::Sent, MailState::Expired] {
        let old: Vec<MailId> = mails::table
            .filter(mails::state.eq(state.as_str()))
            .filter(mails::created_at.lt(before))
            .order(mails::id)
            .limit(500)
            .select(mails::id)
            .load(tx.conn)?;
        count += diesel::delete(mails::table.filter(mails::id.eq_any(old))).execute(tx.conn)?;
    }
    Ok(count)
}

/// Up to `limit` mails in one of `states`, newest first, below `before`.
pub fn page(
    conn: &mut Conn,
    states: &[MailState],
    before: Option<MailId>,
    limit: i64,
) -> DbResult<Vec<Mail>> {
    type Row = (MailId, String, String, String, String, i32, Moment, Option<String>, Moment, Option<Moment>);
    let states = states.iter().map(|state| state.as_str());
    let mut query = mails::table.filter(mails::state.eq_any(states)).into_boxed();
    if let Some(before) = before {
        query = query.filter(mails::id.lt(before));
    }
    let rows: Vec<Row> = query
        .order(mails::id.desc())
        .limit(limit.clamp(1, limits::NOTICES_PER_PAGE))
        .select((
            mails::id,
            mails::recipient,
            mails::list,
            mails::subject,
            mails::state,
            mails::attempts,
            mails::next_attempt_at,
            mails::last_error,
            mails::created_at,
            mails::sent_at,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(
            |(
                id,
                recipient,
                list,
                subject,
                state,
                attempts,
                next_attempt_at,
                last_error,
                created_at,
                sent_at,
            )| {
                Mail {
                    id,
                    recipient,
                    list,
                    subject,
                    state: MailState::parse(&state).unwrap_or(MailState::Failed),
                    attempts,
                    next_attempt_at,
                    last_error,
                    created_at,
                    sent_at,
                }
            },
        )
        .collect())
}

/// How many mails are in each state, counted to [`limits::COUNT_AT_MOST`].
pub fn counts(conn: &mut Conn) -> DbResult<Vec<(MailState, i64)>> {
    MailState::ALL
        .into_iter()
        .map(|state| {
            let ids: Vec<MailId> = mails::table
                .filter(mails::state.eq(state.as_str()))
                .order(mails::id)
                .limit(limits::COUNT_AT_MOST)
                .select(mails::id)
                .load(conn)?;
            Ok((state, i64::try_from(ids.len()).unwrap_or(limits::COUNT_AT_MOST)))
        })
        .collect()
}

/// Puts a failed mail back into the queue, or lets a waiting one go now; `false` when it is neither,
/// or past its time.
pub fn retry(tx: &mut Tx<'_>, id: MailId) -> DbResult<bool> {
    let count = diesel::update(
        mails::table
            .find(id)
            .filter(sql::<Bool>("mails.state IN ('failed','queued')"))
            .filter(mails::expires_at.is_null().or(mails::expires_at.gt(tx.now))),
    )
    .set((mails::state.eq("queued"), mails::attempts.eq(0), mails::next_attempt_at.eq(tx.now)))
    .execute(tx.conn)?;
    Ok(count == 1)
}
