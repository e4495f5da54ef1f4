//! reputation room: makes every sum again from the first event and says whether it was right.
//!
//! It folds into temporary tables while the house stays open, takes the write lock only to catch up
//! with the follower, compare, and put right what differs.
use super::follow::{NAME, fold};
use super::policy::Book;
use super::store::{LIVING, Tables};
use crate::db::{Access, Conn, Db, DbError, DbResult};
use crate::kernel::ids::EventId;
use crate::kernel::limits;
use crate::ledger;
use crate::ledger::follow::place;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// Events folded at once: larger steps than the follower's, as nobody waits behind them.
const EVENTS_PER_STEP: i64 = 5_000;

const SCRATCH: Tables = Tables {
    states: "replay_states",
    standings: "replay_standings",
    topic_standings: "replay_topic_standings",
    answer_standings: "replay_answer_standings",
    point_entries: "replay_point_entries",
    badge_awards: "replay_badge_awards",
};

/// Living table, its scratch, the columns that are compared (ids of lines are not), the columns that
/// make a row one of a kind (none where the fold only ever adds), the order to write them in.
const PAIRS: [(&str, &str, &str, &str, &str); 6] = [
    (LIVING.states, SCRATCH.states, "kind, a, b, data", "kind, a, b", "kind, a, b"),
    (
        LIVING.standings,
        SCRATCH.standings,
        "user_id, points, question_count, answer_count, accepted_count, outcome_weight, outcome_right, \
         outcome_count, authority",
        "user_id",
        "user_id",
    ),
    (
        LIVING.topic_standings,
        SCRATCH.topic_standings,
        "user_id, tag_id, outcome_weight, outcome_right, outcome_count, solution_count, correct_count, authority",
        "user_id, tag_id",
        "user_id, tag_id",
    ),
    (
        LIVING.answer_standings,
        SCRATCH.answer_standings,
        "post_id, thread_id, evidence_right, evidence_wrong, chance, outdated, superseded, changed, held",
        "post_id",
        "post_id",
    ),
    (
        LIVING.point_entries,
        SCRATCH.point_entries,
        "user_id, event_id, reason, points, thread_id, post_id, created_at",
        "",
        "event_id, user_id, reason",
    ),
    (
        LIVING.badge_awards,
        SCRATCH.badge_awards,
        "user_id, badge, tag_id, level, version, event_id, post_id, created_at, revoked_event_id, revoked_at, \
         cause, bound_before, bound_after",
        "user_id, badge, tag_id, event_id",
        "event_id, user_id, badge, tag_id",
    ),
];

/// What a replay found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct ReplayReport {
    /// Events of the ledger that were folded again.
    pub events: u64,
    /// People who have a standing.
    pub people: u64,
    /// Rows that were there and should not have been, or the other way round; 0 when all was right.
    pub differences: u64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn number(conn: &mut Conn, sql: String) -> DbResult<u64> {
    let row: Number = diesel::sql_query(sql).get_result(conn)?;
    Ok(u64::try_from(row.n).unwrap_or(0))
}

/// Rebuilds standings, statements and badges from the whole ledger, compares them with what was
/// there, and replaces what differed. `progress` hears of events done and events to do.
///
/// Memory is bounded, the server may run meanwhile. `Busy` when the write lock was not to be had.
pub fn replay(db: &Db, progress: &mut dyn FnMut(u64, u64)) -> DbResult<ReplayReport> {
    replay_in_steps(db, EVENTS_PER_STEP, limits::STATES_KEPT, progress)
}

/// [`replay`] that changes nothing: tells how many rows it would put right.
pub fn check(db: &Db, progress: &mut dyn FnMut(u64, u64)) -> DbResult<ReplayReport> {
    run(db, EVENTS_PER_STEP, limits::STATES_KEPT, "ROLLBACK", progress)
}

/// [`replay`] with steps of `events` and `kept` posts and people in memory between them.
pub(super) fn replay_in_steps(
    db: &Db,
    events: i64,
    kept: usize,
    progress: &mut dyn FnMut(u64, u64),
) -> DbResult<ReplayReport> {
    run(db, events, kept, "COMMIT", progress)
}

/// `end` is the statement that ends the transaction in which differences were put right.
fn run(
    db: &Db,
    events: i64,
    kept: usize,
    end: &str,
    progress: &mut dyn FnMut(u64, u64),
) -> DbResult<ReplayReport> {
    let mut conn = db.target().connect(Access::Write)?;
    conn.without_time_limits()?;
    conn.scratch_on_disk()?;
    for (living, scratch, columns, key, _) in PAIRS {
        conn.sql(&format!("CREATE TEMPORARY TABLE {scratch} AS SELECT {columns} FROM {living} WHERE 1 = 0"))?;
        if !key.is_empty() {
            conn.sql(&format!("CREATE UNIQUE INDEX {scratch}_key ON {scratch} ({key})"))?;
        }
    }
    // What the follower has not done yet is no difference, and is its own to do: it also tells people.
    let goal = place(&mut conn, NAME)?;
    let total = number(&mut conn, format!("SELECT count(*) AS n FROM events WHERE id <= {goal}"))?;
    let mut run = Run { book: Book::default(), at: EventId(0), done: 0, total, events, kept };
    while run.at < goal {
        conn.begin_snapshot()?;
        run.step(&mut conn, goal)?;
        conn.sql("COMMIT")?;
        progress(run.done, run.total);
    }
    conn.begin_write()?;
    match run.finish(&mut conn) {
        Ok(report) => {
            conn.sql(end)?;
            progress(run.done, run.done);
            Ok(report)
        }
        Err(error) => {
            let _ = conn.sql("ROLLBACK");
            Err(error)
        }
    }
}

struct Run {
    book: Book,
    at: EventId,
    done: u64,
    total: u64,
    events: i64,
    kept: usize,
}

impl Run {
    /// Folds the next events, none after `goal`.
    fn step(&mut self, conn: &mut Conn, goal: EventId) -> DbResult<()> {
        let mut events = ledger::after(conn, self.at, self.events)?;
        events.retain(|event| event.id <= goal);
        fold(conn, SCRATCH, &mut self.book, &events)?;
        self.at = events.last().map_or(goal, |event| event.id);
        self.done += events.len() as u64;
        if self.book.len() > self.kept {
            self.book = Book::default();
        }
        Ok(())
    }

    /// Under the write lock: nothing moves any more.
    fn finish(&mut self, conn: &mut Conn) -> DbResult<ReplayReport> {
        let goal = place(conn, NAME)?;
        if goal < self.at {
            return Err(DbError::Busy("the reputation's place was set back during the replay".into()));
        }
        while self.at < goal {
            self.step(conn, goal)?;
        }
        let mut differences = 0;
        for (living, scratch, columns, _, order) in PAIRS {
            let differing = number(
                conn,
                format!(
                    "SELECT (SELECT count(*) FROM (SELECT {columns} FROM {living} EXCEPT SELECT {columns} FROM {scratch}) AS extra) \
                     + (SELECT count(*) FROM (SELECT {columns} FROM {scratch} EXCEPT SELECT {columns} FROM {living}) AS missing) AS n"
                ),
            )?;
            if differing > 0 {
                conn.sql(&format!("DELETE FROM {living}"))?;
                conn.sql(&format!(
                    "INSERT INTO {living} ({columns}) SELECT {columns} FROM {scratch} ORDER BY {order}"
                ))?;
            }
            differences += differing;
        }
        let people = number(conn, format!("SELECT count(*) AS n FROM {}", LIVING.standings))?;
        Ok(ReplayReport { events: self.done, people, differences })
    }
}
