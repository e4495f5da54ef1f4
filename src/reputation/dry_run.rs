//! reputation room: what rules of badges would do today, before they come into force.
use super::policy::{Book, Rulebook};
use super::store::{self, LIVING};
use crate::badges::{Rules, Turn};
use crate::db::{Conn, DbResult};
use crate::kernel::ids::{EventId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::ledger::{Event, Fact};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What would become of one badge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effect {
    /// Awards there are now, and would be.
    pub now: i64,
    pub then: i64,
    pub gained: i64,
    pub lost: i64,
    /// Awards that stay, at another level.
    pub levelled: i64,
    /// Some of those who would gain it, and lose it.
    pub gainers: Vec<UserId>,
    pub losers: Vec<UserId>,
}

/// What rules would do.
#[derive(Debug, Clone, Default)]
pub struct DryRun {
    /// By the badge's id: those of the rules, and those they no longer have.
    pub effects: BTreeMap<String, Effect>,
    /// People who have a standing.
    pub people: i64,
    /// How long it takes to look at everybody.
    pub took: Duration,
}

impl DryRun {
    /// Badges that nearly everybody would hold: they would tell nobody apart.
    pub fn common<'a>(&'a self, rules: &'a Rules) -> impl Iterator<Item = &'a str> {
        rules
            .badges
            .iter()
            .filter(|badge| !badge.starter)
            .filter(|badge| {
                let held = self.effects.get(&badge.id).map_or(0, |effect| effect.then);
                self.people >= limits::BADGE_COMMON_PEOPLE && held * 10 >= self.people * 9
            })
            .map(|badge| badge.id.as_str())
    }
}

/// Looks at everybody with `rules` in the place of those in force, and writes nothing.
pub fn dry_run(conn: &mut Conn, rules: &Arc<Rules>) -> DbResult<DryRun> {
    let start = Instant::now();
    let (_, now) = crate::badges::active(conn)?;
    let mut run = DryRun::default();
    let event = Event {
        id: EventId(0),
        at: Moment(0),
        actor: None,
        imported: false,
        fact: Fact::BadgeRulesActivated { version: 0 },
    };
    let mut after = UserId(0);
    loop {
        let people = store::people_after(conn, LIVING, after, limits::BADGE_PEOPLE_PER_STEP)?;
        let Some(last) = people.last() else { break };
        after = *last;
        run.people += i64::try_from(people.len()).unwrap_or(0);
        let rulebook = Rulebook { rules: rules.clone(), ..Rulebook::default() };
        let mut book = Book::under(rulebook);
        store::load_people(conn, LIVING, &mut book, &people)?;
        store::load_topics_of(conn, LIVING, &mut book, &people)?;
        for held in book.held.values().flatten() {
            let effect = run.effects.entry(held.badge.clone()).or_default();
            effect.now += 1;
            effect.then += 1;
            let level = |rules: &Rules| rules.find(&held.badge).map(|badge| badge.level);
            effect.levelled += i64::from(level(rules).is_some_and(|new| level(&now) != Some(new)));
        }
        book.judge_anew(&event, &people);
        for turned in book.turns {
            let effect = run.effects.entry(turned.badge).or_default();
            let (count, people, sign) = match turned.turn {
                Turn::Earned => (&mut effect.gained, &mut effect.gainers, 1),
                Turn::Revoked => (&mut effect.lost, &mut effect.losers, -1),
            };
            *count += 1;
            effect.then += sign;
            if people.len() < limits::BADGE_EXAMPLES && !people.contains(&turned.user) {
                people.push(turned.user);
            }
        }
    }
    for badge in &rules.badges {
        run.effects.entry(badge.id.clone()).or_default();
    }
    run.took = start.elapsed();
    Ok(run)
}
