//! votes room: one vote per person and post, changed and taken back, never counted twice.
use crate::accounts::Viewer;
use crate::db::schema::votes;
use crate::db::{Conn, DbResult, Tx, among, made_today};
use crate::error::Result;
use crate::kernel::ids::{PostId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::ledger::Fact;
use crate::threads::{self, Kind, Removed};
use diesel::prelude::*;
use std::collections::HashMap;

/// What a vote came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cast {
    /// The post's score and this voter's vote now; also when nothing changed.
    Counted {
        score: i64,
        my_vote: i16,
        place: threads::Place,
    },
    NotFound,
    /// The key of a message that says why not.
    Refused(&'static str),
}

/// Sets this voter's vote to `value`: 1, -1, or 0 to take it back.
pub fn cast(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId, value: i16) -> Result<Cast> {
    let Some(head) = threads::post_head(tx.conn, post)? else { return Ok(Cast::NotFound) };
    let Some(at) = head.seen_by(Some((viewer.id, viewer.role))) else { return Ok(Cast::NotFound) };
    if viewer.is_suspended(tx.now) {
        return Ok(Cast::Refused("you-are-suspended"));
    }
    if at.is_author() {
        return Ok(Cast::Refused("vote-own"));
    }
    if !at.may_vote(head.kind, head.removed, head.locked) || head.thread_removed != Removed::No {
        return Ok(Cast::Refused(if head.kind == Kind::Comment { "vote-comment" } else { "vote-closed" }));
    }
    let place = threads::Place { thread: head.thread, slug: head.slug.clone(), post };
    let before: Option<(i64, i16)> = votes::table
        .filter(votes::post_id.eq(post))
        .filter(votes::voter_id.eq(viewer.id))
        .select((votes::id, votes::value))
        .first(tx.conn)
        .optional()?;
    let had = before.map_or(0, |(_, value)| value);
    if had == value {
        return Ok(Cast::Counted { score: head.score, my_vote: value, place });
    }
    if before.is_none() && today(tx.conn, viewer.id, tx.now)? >= limits::VOTES_PER_DAY {
        return Ok(Cast::Refused("vote-too-many"));
    }
    match (before, value) {
        (Some((id, _)), 0) => {
            diesel::delete(votes::table.find(id)).execute(tx.conn)?;
        }
        (Some((id, _)), _) => {
            diesel::update(votes::table.find(id))
                .set((votes::value.eq(value), votes::created_at.eq(tx.now)))
                .execute(tx.conn)?;
        }
        (None, _) => {
            diesel::insert_into(votes::table)
                .values((
                    votes::post_id.eq(post),
                    votes::voter_id.eq(viewer.id),
                    votes::value.eq(value),
                    votes::created_at.eq(tx.now),
                ))
                .execute(tx.conn)?;
        }
    }
    let up = i64::from(value == 1) - i64::from(had == 1);
    let down = i64::from(value == -1) - i64::from(had == -1);
    let score = threads::count_vote(tx, post, up, down)?;
    let question = head.kind == Kind::Question;
    let fact =
        Fact::VoteCast { thread: head.thread, post, author: head.author, question, value, before: had };
    tx.append(Some(viewer.id), fact)?;
    Ok(Cast::Counted { score, my_vote: value, place })
}

/// How many votes of this person's last day stand, up to the limit.
fn today(conn: &mut Conn, voter: UserId, now: Moment) -> DbResult<i64> {
    made_today!(conn, votes, votes::voter_id.eq(voter), now, limits::VOTES_PER_DAY)
}

/// A person's votes on these posts.
pub fn votes_of(conn: &mut Conn, voter: UserId, posts: &[PostId]) -> DbResult<HashMap<PostId, i16>> {
    let rows: Vec<(PostId, i16)> = votes::table
        .filter(votes::voter_id.eq(voter))
        .filter(among(votes::post_id, posts.iter().copied()))
        .select((votes::post_id, votes::value))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
