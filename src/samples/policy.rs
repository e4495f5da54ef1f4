//! samples room: which numbers are drawn, and when a sample is settled. Pure.
use crate::error::Result;
use std::collections::HashSet;

/// What somebody judges of an answer they see blind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Judgement {
    Right,
    Wrong,
    /// They cannot tell.
    Unsure,
}

impl Judgement {
    pub const ALL: [Judgement; 3] = [Judgement::Right, Judgement::Wrong, Judgement::Unsure];

    pub fn as_str(self) -> &'static str {
        match self {
            Judgement::Right => "right",
            Judgement::Wrong => "wrong",
            Judgement::Unsure => "unsure",
        }
    }

    pub fn parse(text: &str) -> Option<Judgement> {
        Judgement::ALL.into_iter().find(|judgement| judgement.as_str() == text)
    }
}

/// What a sample came to, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Right,
    Wrong,
    Unclear,
    Void,
}

impl Settled {
    pub fn as_str(self) -> &'static str {
        match self {
            Settled::Right => "right",
            Settled::Wrong => "wrong",
            Settled::Unclear => "unclear",
            Settled::Void => "void",
        }
    }
}

/// People who must agree: one errs, and a third decides between two.
const AGREE: usize = 2;
/// People who cannot tell, after whom nobody else is asked.
const CANNOT_TELL: usize = 3;

fn count(given: &[Judgement], of: Judgement) -> usize {
    given.iter().filter(|judgement| **judgement == of).count()
}

/// What these judgements come to, once they do.
pub fn settled(given: &[Judgement]) -> Option<Settled> {
    if count(given, Judgement::Right) >= AGREE {
        Some(Settled::Right)
    } else if count(given, Judgement::Wrong) >= AGREE {
        Some(Settled::Wrong)
    } else if count(given, Judgement::Unsure) >= CANNOT_TELL {
        Some(Settled::Unclear)
    } else {
        None
    }
}

/// What they come to when nobody else is waited for: a house may have one who can judge.
pub fn settled_late(given: &[Judgement]) -> Settled {
    match (count(given, Judgement::Right), count(given, Judgement::Wrong)) {
        (0, 0) if given.is_empty() => Settled::Void,
        (right, wrong) if right > wrong => Settled::Right,
        (right, wrong) if wrong > right => Settled::Wrong,
        _ => Settled::Unclear,
    }
}

/// Rounds after which drawing gives up: where accepted answers are so rare, few are found at a time.
const ROUNDS: usize = 20;

/// Numbers from 1 to a highest, each as likely as any other, none twice.
pub struct Numbers<R> {
    highest: i64,
    random: R,
    drawn: HashSet<i64>,
    rounds: usize,
}

impl<R: FnMut() -> Result<u64>> Numbers<R> {
    pub fn new(highest: i64, random: R) -> Numbers<R> {
        Numbers { highest, random, drawn: HashSet::new(), rounds: 0 }
    }

    /// At most `n` more, in the order drawn; none once there are no more, or after enough rounds.
    pub fn next(&mut self, n: usize) -> Result<Vec<i64>> {
        let mut some = Vec::new();
        self.rounds += 1;
        let left = usize::try_from(self.highest).unwrap_or(usize::MAX).saturating_sub(self.drawn.len());
        if self.rounds > ROUNDS {
            return Ok(some);
        }
        while some.len() < n.min(left) {
            // Of so many numbers, the last few that do not divide evenly make no difference.
            let number =
                i64::try_from((self.random)()? % u64::try_from(self.highest).unwrap_or(1)).unwrap_or(0) + 1;
            if self.drawn.insert(number) {
                some.push(number);
            }
        }
        Ok(some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Judgement::{Right, Unsure, Wrong};

    #[test]
    fn two_who_agree_settle_a_sample_and_one_does_when_nobody_else_comes() {
        for (given, now, late) in [
            (&[][..], None, Settled::Void),
            (&[Right][..], None, Settled::Right),
            (&[Wrong, Unsure][..], None, Settled::Wrong),
            (&[Right, Wrong][..], None, Settled::Unclear),
            (&[Right, Wrong, Wrong][..], Some(Settled::Wrong), Settled::Wrong),
            (&[Right, Unsure, Right][..], Some(Settled::Right), Settled::Right),
            (&[Unsure, Unsure, Unsure][..], Some(Settled::Unclear), Settled::Unclear),
        ] {
            assert_eq!((settled(given), settled_late(given)), (now, late), "{given:?}");
        }
    }

    /// Numbers that look random and are the same each time.
    fn counted() -> impl FnMut() -> Result<u64> {
        let mut state = 7u64;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Ok(state >> 33)
        }
    }

    #[test]
    fn every_number_comes_once_and_none_is_preferred() {
        let mut numbers = Numbers::new(50, counted());
        let mut all: Vec<i64> = Vec::new();
        loop {
            let some = numbers.next(8).unwrap();
            if some.is_empty() {
                break;
            }
            all.extend(some);
        }
        all.sort_unstable();
        assert_eq!(all, (1..=50).collect::<Vec<_>>());
        assert!(Numbers::new(0, counted()).next(8).unwrap().is_empty());
        let mut random = counted();
        let mut firsts = [0usize; 10];
        for _ in 0..10_000 {
            let first = Numbers::new(10, &mut random).next(1).unwrap()[0];
            firsts[usize::try_from(first - 1).unwrap()] += 1;
        }
        // 1,000 each, give or take four standard deviations of 30.
        assert!(firsts.iter().all(|n| (880..1_120).contains(n)), "{firsts:?}");
    }
}
