//! web room: how often one account or one address may do a thing.
use crate::error::{Error, Result};
use dashmap::{DashMap, Entry};
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

type Limiter = RateLimiter<u64, DashMapStateStore<u64>, DefaultClock>;

macro_rules! budgets {
    ($($(#[doc = $why:literal])* $name:ident: $burst:literal per $seconds:literal s,)*) => {
        /// A kind of act with its own allowance.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Budget { $($(#[doc = $why])* $name,)* }
        /// Burst, then one more every so many seconds, per account or address.
        const QUOTAS: &[(Budget, u32, u64)] = &[$((Budget::$name, $burst, $seconds),)*];
    };
}

budgets! {
    /// Wrong or right passwords for one account from one address: enough for a bad memory, useless for guessing.
    SignInPair: 8 per 60 s,
    /// The same from one address for any account.
    SignInAddress: 25 per 30 s,
    /// The same for one account from anywhere; high, so that nobody can lock another out with a few tries.
    SignInAccount: 200 per 20 s,
    /// Accounts made from one address: a family or an office fits.
    SignUp: 8 per 600 s,
    /// Reset links asked for from one address.
    Reset: 6 per 300 s,
    /// Mails about an account to one address that somebody typed, whoever asks and whether it is known or not: a
    /// mailbox is not a weapon. Three bad tries and a good one fit.
    AccountMail: 4 per 900 s,
    /// Addresses left for searches by one household: a family's questions fit.
    Watch: 8 per 600 s,
    /// Questions, answers and edits by one person.
    Post: 12 per 30 s,
    /// Comments by one person.
    Comment: 20 per 15 s,
    /// Votes, me-toos, follows, acceptances.
    Vote: 60 per 3 s,
    /// Flags.
    Flag: 12 per 120 s,
    /// Acts of moderators and staff: a raid needs many in a row.
    Moderate: 200 per 2 s,
    /// Settings, drafts and what else only the person sees.
    Personal: 120 per 2 s,
    /// Copies of all that is kept about one person: each reads every table.
    Export: 3 per 600 s,
    /// Previews while typing.
    Preview: 60 per 2 s,
    /// Texts rendered to be kept, however often the same form is sent: each costs before anybody knows.
    Render: 120 per 1 s,
    /// Differences between revisions that are not kept yet, for one address.
    Diff: 60 per 2 s,
    /// Searches from one address, suggestions among them.
    Search: 120 per 1 s,
}

pub struct Rates {
    limiters: Vec<Limiter>,
    /// What was taken for acts that came to nothing through no fault of theirs.
    given_back: DashMap<(usize, u64), u32>,
    hash: RandomState,
    on: bool,
}

impl Rates {
    pub fn new(on: bool) -> Rates {
        let limiters = QUOTAS
            .iter()
            .map(|(_, burst, seconds)| {
                let burst = NonZeroU32::new(*burst).unwrap_or(NonZeroU32::MIN);
                let quota = Quota::with_period(Duration::from_secs((*seconds).max(1)))
                    .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
                    .allow_burst(burst);
                RateLimiter::keyed(quota)
            })
            .collect();
        Rates { limiters, given_back: DashMap::new(), hash: RandomState::new(), on }
    }

    /// Takes one from `who`'s allowance or says in how many seconds there is one again.
    pub fn take(&self, budget: Budget, who: impl Hash) -> Result<()> {
        if !self.on {
            return Ok(());
        }
        let (place, who) = (place(budget), self.hash.hash_one(who));
        if let Entry::Occupied(mut given) = self.given_back.entry((place, who)) {
            match given.get().checked_sub(1) {
                Some(left @ 1..) => *given.get_mut() = left,
                _ => drop(given.remove()),
            }
            return Ok(());
        }
        let Some(limiter) = self.limiters.get(place) else { return Ok(()) };
        limiter.check_key(&who).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Error::TooMany(wait.as_secs().saturating_add(1))
        })
    }

    /// How many people, addresses and names are remembered just now.
    pub fn remembered(&self) -> usize {
        self.limiters.iter().map(RateLimiter::len).sum()
    }

    /// Gives back what was taken for an act that the house could not do.
    pub fn give_back(&self, budget: Budget, who: impl Hash) {
        if self.on {
            *self.given_back.entry((place(budget), self.hash.hash_one(who))).or_insert(0) += 1;
        }
    }

    /// Forgets those whose allowance is full again; called now and then so that memory does not grow.
    pub fn sweep(&self) {
        for limiter in &self.limiters {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        self.given_back.clear();
        self.given_back.shrink_to_fit();
    }
}

fn place(budget: Budget) -> usize {
    QUOTAS.iter().position(|(known, ..)| *known == budget).unwrap_or(0)
}

/// An address as far as it tells people apart: one IPv6 customer has a whole /64.
pub fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again_and_no_more() {
        let rates = Rates::new(true);
        let take = |who: &str| rates.take(Budget::Post, who).is_ok();
        while take("ann") {}
        rates.give_back(Budget::Post, "ann");
        rates.give_back(Budget::Post, "ann");
        assert!(take("ann") && take("ann"));
        assert!(!take("ann"), "more was taken than was given back");
        rates.give_back(Budget::Comment, "ann");
        assert!(!take("ann"), "it was given back to another allowance");
        assert!(take("bruno"));
    }
}
