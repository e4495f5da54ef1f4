//! worth room: which answer is the solution that was read, and what readers are worth. Pure.
use crate::kernel::ids::{PostId, UserId};
use crate::reputation::Evidence;
use std::collections::HashSet;

/// An answer that may be its thread's solution.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    pub post: PostId,
    pub author: UserId,
    pub accepted: bool,
    pub evidence: Evidence,
    /// Outdated, superseded, or held by a finding.
    pub fallen: bool,
}

/// How likely an accepted answer must be right to stand as the solution, in thousandths: likelier than not. One's own
/// acceptance alone says nothing and leaves it at this.
const LIKELY: i64 = 500;

/// The solution among a thread's answers: the accepted one while it is likely right, else the likeliest of those that
/// proved right.
pub fn solution(candidates: &[Candidate]) -> Option<Candidate> {
    let stands = |one: &&Candidate| {
        !one.fallen && if one.accepted { one.evidence.chance() > LIKELY } else { one.evidence.correct() }
    };
    candidates
        .iter()
        .filter(stands)
        .max_by_key(|one| (one.accepted, one.evidence.chance(), std::cmp::Reverse(one.post)))
        .copied()
}

/// What so many readers are worth at a rate per thousand, in the rate's unit, rounded to the nearest.
pub fn value(readers: i64, per_thousand: i64) -> i64 {
    let worth = (i128::from(readers.max(0)) * i128::from(per_thousand.max(0)) + 500) / 1_000;
    i64::try_from(worth).unwrap_or(i64::MAX)
}

/// What each row of readers is worth, so that the rows add up to what all of them are worth.
pub fn values(readers: &[i64], per_thousand: i64) -> Vec<i64> {
    let (mut sum, mut given) = (0i64, 0);
    readers
        .iter()
        .map(|readers| {
            sum = sum.saturating_add(*readers);
            let all = value(sum, per_thousand);
            let own = all - given;
            given = all;
            own
        })
        .collect()
}

/// How many different people are in it.
pub fn people(helped: &[(PostId, UserId)]) -> i64 {
    let people: HashSet<UserId> = helped.iter().map(|(_, person)| *person).collect();
    i64::try_from(people.len()).unwrap_or(i64::MAX)
}

/// Programs that read for others say so in their name, and are no readers.
pub fn is_robot(user_agent: &str) -> bool {
    const WORDS: [&str; 14] = [
        "bot",
        "crawl",
        "spider",
        "slurp",
        "archiver",
        "fetch",
        "preview",
        "monitor",
        "curl/",
        "wget/",
        "python",
        "httpclient",
        "feed",
        "scan",
    ];
    let name = user_agent.to_lowercase();
    name.trim().is_empty() || WORDS.iter().any(|word| name.contains(word))
}

/// Reads `2026-11` as a month of the calendar.
pub fn parse_month(text: &str) -> Option<i64> {
    let (year, month) = text.split_once('-')?;
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(year, 4) || !digits(month, 2) {
        return None;
    }
    let (year, month): (i64, i64) = (year.parse().ok()?, month.parse().ok()?);
    (1..=12).contains(&month).then_some(year * 12 + month - 1)
}

/// `2026-11`.
pub fn month_text(month: i64) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidate(post: i64, accepted: bool, right: i64, wrong: i64) -> Candidate {
        let evidence = Evidence { right, wrong };
        Candidate { post: PostId(post), author: UserId(post), accepted, evidence, fallen: false }
    }

    fn chosen(candidates: &[Candidate]) -> Option<i64> {
        solution(candidates).map(|one| one.post.0)
    }

    #[test]
    fn the_solution_is_the_accepted_answer_unless_it_proved_wrong() {
        let accepted = candidate(1, true, 1_000, 0);
        let verified = candidate(2, false, 4_000, 0);
        assert_eq!(chosen(&[accepted, verified]), Some(1));
        let refuted = candidate(1, true, 1_000, 6_000);
        assert_eq!(chosen(&[refuted, verified]), Some(2));
        assert_eq!(chosen(&[refuted]), None);
        let fallen = Candidate { fallen: true, ..accepted };
        assert_eq!(chosen(&[fallen, verified]), Some(2));
        // Accepted by its own author, and nobody else said anything.
        assert_eq!(chosen(&[candidate(1, true, 0, 0)]), None);
        // Written, and that is all.
        assert_eq!(chosen(&[candidate(3, false, 0, 0), candidate(4, false, 100, 0)]), None);
    }

    #[test]
    fn programs_are_no_readers() {
        for robot in [
            "",
            " ",
            "Googlebot/2.1",
            "curl/8.5.0",
            "Mozilla/5.0 (compatible; bingbot/2.0)",
            "python-requests/2",
        ] {
            assert!(is_robot(robot), "{robot}");
        }
        for person in ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Lynx/2.9"] {
            assert!(!is_robot(person), "{person}");
        }
    }

    #[test]
    fn months_are_read_as_they_are_written() {
        assert_eq!(parse_month("2026-11").map(month_text).as_deref(), Some("2026-11"));
        assert_eq!(parse_month("0000-01"), Some(0));
        for wrong in ["", "2026", "2026-13", "2026-00", "26-11", "2026-1", "2026-+1", "2026-11-01"] {
            assert_eq!(parse_month(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn rows_add_up_to_the_whole(readers in proptest::collection::vec(0..5_000_000i64, 0..40), rate in 0..100_000_000i64) {
            let rows = values(&readers, rate);
            prop_assert_eq!(rows.iter().sum::<i64>(), value(readers.iter().sum(), rate));
            prop_assert!(rows.iter().all(|row| *row >= 0));
        }
    }
}
