//! worth room: what somebody's solutions were worth in a month: who read them, whom they helped, and what the brand says
//! that is worth.
//!
//! Readers are counted as searches are ([`Counter`]): once a day and thread each, by a number made with a key of that day
//! which is never written down, so that no row tells who read what. They count for the answer that was the thread's
//! solution when they came: one that takes its place later gets later readers alone.
//!
//! A month that is over becomes a statement ([`state_months`]), written down once with the rate that held then, and
//! mailed; the running month is reckoned when somebody looks.
mod count;
mod follow;
pub mod pages;
mod policy;
mod store;
pub mod views;

pub use count::{Counter, Reader};
pub use follow::state_months;
pub use policy::is_robot;
pub use store::{forget, own_data};

use crate::db::{Conn, DbResult};
use crate::findings;
use crate::kernel::ids::{PostId, UserId};
use crate::kernel::moment::Moment;
use crate::kernel::money::Rate;
use crate::reputation;
use serde::{Deserialize, Serialize};

/// Topics of a statement: those in which somebody's word carries farthest.
const TOPICS: i64 = 20;

/// How right somebody was in a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    pub name: String,
    /// The lower bound of accuracy, in thousandths.
    pub bound: i64,
    /// Answers it rests on.
    pub count: i64,
}

/// One person's month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Of the calendar, see [`Moment::month`].
    pub month: i64,
    /// People who read a solution of theirs, each once a day and thread.
    pub readers: i64,
    /// Different people who said that an answer solved it for them.
    pub people_helped: i64,
    /// Threads of others that accepted an answer of theirs, and still do.
    pub threads_solved: i64,
    /// What the brand said that readers are worth.
    pub rate: Rate,
    pub topics: Vec<Topic>,
    /// `None` while the month runs, and where none was made of it.
    pub made_at: Option<Moment>,
}

impl Statement {
    /// Whether anything came of the month.
    pub fn says_something(&self) -> bool {
        self.readers + self.people_helped + self.threads_solved > 0
    }

    /// In hundredths of the currency.
    pub fn value(&self) -> i64 {
        policy::value(self.readers, self.rate.per_thousand)
    }
}

/// A month's statement, as it was written down or as it would be now, and who said that which answer helped.
pub fn month(
    conn: &mut Conn,
    user: UserId,
    month: i64,
    rate: &Rate,
    now: Moment,
) -> DbResult<(Statement, Vec<(PostId, UserId)>)> {
    let held = findings::held_now(conn)?;
    let helped = store::helped(conn, user, month, &held)?;
    let statement = match store::stated(conn, user, month)? {
        Some(stated) => stated,
        None => reckon(conn, user, month, rate, &helped)?,
    };
    let known = statement.made_at.is_some() || month == now.month();
    // How right they were in a month that is over and was not stated, nobody knows any more.
    let topics = if known { statement.topics } else { Vec::new() };
    Ok((Statement { topics, ..statement }, helped))
}

/// What a month would be stated as now.
fn reckon(
    conn: &mut Conn,
    user: UserId,
    month: i64,
    rate: &Rate,
    helped: &[(PostId, UserId)],
) -> DbResult<Statement> {
    Ok(Statement {
        month,
        readers: store::readers(conn, user, month)?,
        people_helped: policy::people(helped),
        threads_solved: store::threads_solved(conn, user, month)?,
        rate: rate.clone(),
        topics: reputation::topics_of(conn, user, TOPICS)?
            .into_iter()
            .filter(|(_, authority)| authority.count > 0)
            .map(|(name, authority)| Topic { name, bound: authority.bound, count: authority.count })
            .collect(),
        made_at: None,
    })
}
