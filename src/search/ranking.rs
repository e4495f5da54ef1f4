//! The ranking formula: every weight of it, in one place.
//!
//! score = BM25 summed over the fields, each weighed × bonus, where bonus = 1 + SOLVED + ANSWERED + votes' share.
//! The bonus is small, so that it decides among texts that match about equally well and never lifts a poor match.

/// Weight of a word in the title: what the asker held to be the gist.
pub const TITLE: f32 = 3.0;
/// Weight of a word in the solution: the text people come for.
pub const SOLUTION: f32 = 1.5;
/// Weight of a word in a tag.
pub const TAGS: f32 = 1.2;
/// Weight of a word in the question.
pub const QUESTION: f32 = 1.0;
/// Weight of a word in the other answers.
pub const ANSWERS: f32 = 0.7;
/// Weight of a part of a compound against its whole: `v2` of `WRT54G-v2`.
pub const PART: f32 = 0.5;
/// Weight of a word that means the same as the one typed, against that one.
pub const SYNONYM: f32 = 0.8;
/// Weight of a title word that begins with the word being typed.
pub const PREFIX: f32 = 0.6;

/// Bonus of a solved thread.
pub const SOLVED: f32 = 0.12;
/// Bonus of an unsolved thread with answers.
pub const ANSWERED: f32 = 0.03;
/// Bonus of [`VOTES_FULL`] votes; fewer give their logarithmic share, negative sums none.
pub const VOTES: f32 = 0.08;
/// Votes from which more add nothing.
pub const VOTES_FULL: i64 = 100;
/// Upper bound of [`bonus`], on which skipping of hopeless documents relies.
pub const BONUS_MAX: f32 = 1.0 + SOLVED + VOTES;

/// What of a thread goes into its bonus; one number in a column of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals {
    pub solved: bool,
    pub answered: bool,
    /// Sum of votes, bounded to ±2^30.
    pub votes: i64,
}

impl Signals {
    const OFFSET: i64 = 1 << 30;

    /// As one column value: votes, answered, solved, from high to low.
    pub fn pack(self) -> u64 {
        let votes = self.votes.clamp(-Self::OFFSET, Self::OFFSET) + Self::OFFSET;
        (votes as u64) << 2 | u64::from(self.answered) << 1 | u64::from(self.solved)
    }

    /// Reverse of [`Signals::pack`].
    pub fn unpack(value: u64) -> Signals {
        Signals {
            solved: value & 1 == 1,
            answered: value >> 1 & 1 == 1,
            votes: (value >> 2) as i64 - Self::OFFSET,
        }
    }
}

/// Factor on the text score, from 1 to [`BONUS_MAX`].
pub fn bonus(signals: Signals) -> f32 {
    let state = match signals {
        Signals { solved: true, .. } => SOLVED,
        Signals { answered: true, .. } => ANSWERED,
        _ => 0.0,
    };
    let votes = signals.votes.clamp(0, VOTES_FULL) as f32;
    1.0 + state + VOTES * votes.ln_1p() / (VOTES_FULL as f32).ln_1p()
}

/// Text score times bonus as a sortable number. The last twelve bits of the mantissa are dropped (steps of 0.05 %):
/// the order in which a sum of floats is made depends on what was skipped, and pages must agree on the order of hits.
pub fn key(text_score: f32, signals: Signals) -> u64 {
    let score = (text_score * bonus(signals)).max(0.0);
    u64::from(score.to_bits() >> 12)
}

/// The score a key stands for.
pub fn score(key: u64) -> f32 {
    f32::from_bits((key as u32) << 12)
}

/// A text score up to which no document can reach `key`.
pub fn floor(key: u64) -> f32 {
    score(key) / BONUS_MAX * 0.999
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bonus_stays_within_its_bound_and_signals_survive_packing() {
        for votes in [-5_000_000_000, -3, 0, 1, 99, 100, 5_000_000_000] {
            for (solved, answered) in [(false, false), (false, true), (true, true)] {
                let signals = Signals { solved, answered, votes };
                assert!((1.0..=BONUS_MAX + 1e-6).contains(&bonus(signals)));
                let packed = Signals { votes: votes.clamp(-(1 << 30), 1 << 30), ..signals };
                assert_eq!(Signals::unpack(signals.pack()), packed);
            }
        }
    }

    #[test]
    fn keys_order_as_scores_do() {
        let plain = Signals { solved: false, answered: false, votes: 0 };
        assert!(key(2.0, plain) < key(2.1, plain));
        assert!(key(2.0, plain) < key(2.0, Signals { solved: true, ..plain }));
        assert!((score(key(7.25, plain)) - 7.25).abs() < 0.01);
    }
}
