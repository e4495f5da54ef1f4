//! search room: how likely two threads ask the same, judged by their words. Pure; docs/search.md says on what it
//! was fitted and how well it holds.
//!
//! A word weighs what it tells: ln(1 + (N − n + ½) / (n + ½)) where n of N threads have it. From these weights come
//! four shares between 0 and 1 ([`Features`]), and from them the likelihood 1 / (1 + e^−z), where z is
//! [`BIAS`] + [`WEIGHTS`] × shares. No share depends on how results are ranked, so a change there leaves it true.
use std::collections::{BTreeMap, BTreeSet};

/// The fit of 26 November 2026; see docs/search.md.
pub const BIAS: f64 = -5.594;
/// In the order of [`Features::list`].
pub const WEIGHTS: [f64; 4] = [0.617, 1.433, 2.797, 6.378];

/// What a thread asks, as sets of terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub title: BTreeSet<String>,
    /// Title and question together.
    pub whole: BTreeSet<String>,
}

/// How many threads there are and how many have each term; a term that is missing stands in none.
#[derive(Clone, Debug, Default)]
pub struct Rarity {
    pub threads: u64,
    pub having: BTreeMap<String, u64>,
}

impl Rarity {
    fn weight(&self, term: &str) -> f64 {
        let having = self.having.get(term).copied().unwrap_or(0).min(self.threads) as f64;
        (1.0 + (self.threads as f64 - having + 0.5) / (having + 0.5)).ln()
    }
}

/// What the likelihood is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Features {
    /// Of what the new title says, how much the other title says too.
    pub title_in_title: f64,
    /// Of what the new title says, how much the other thread says anywhere in its question; and the reverse.
    pub title_in_whole: f64,
    pub title_in_whole_back: f64,
    /// What both say against what a perfect copy would share: the cosine of their weights.
    pub copy: f64,
}

impl Features {
    pub fn of(one: &Asked, other: &Asked, rarity: &Rarity) -> Features {
        let share = |of: &BTreeSet<String>, within: &BTreeSet<String>| {
            let all: f64 = of.iter().map(|term| rarity.weight(term)).sum();
            let found: f64 =
                of.iter().filter(|term| within.contains(*term)).map(|term| rarity.weight(term)).sum();
            if all > 0.0 { found / all } else { 0.0 }
        };
        let squared = |terms: &mut dyn Iterator<Item = &String>| -> f64 {
            terms.map(|term| rarity.weight(term).powi(2)).sum()
        };
        let both = squared(&mut one.whole.intersection(&other.whole));
        let each = (squared(&mut one.whole.iter()) * squared(&mut other.whole.iter())).sqrt();
        Features {
            title_in_title: share(&one.title, &other.title),
            title_in_whole: share(&one.title, &other.whole),
            title_in_whole_back: share(&other.title, &one.whole),
            copy: if each > 0.0 { both / each } else { 0.0 },
        }
    }

    pub fn list(&self) -> [f64; 4] {
        [self.title_in_title, self.title_in_whole, self.title_in_whole_back, self.copy]
    }

    /// In per mille.
    pub fn likelihood(&self) -> u16 {
        let z: f64 =
            BIAS + WEIGHTS.iter().zip(self.list()).map(|(weight, share)| weight * share).sum::<f64>();
        // Between 0 and 1000 whatever z is.
        (1000.0 / (1.0 + (-z).exp())).round() as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(title: &str, body: &str) -> Asked {
        let terms = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
        Asked { title: terms(title), whole: terms(&format!("{title} {body}")) }
    }

    fn rarity() -> Rarity {
        let having = [("router", 400), ("update", 300), ("orbi", 2), ("vlan", 4), ("lost", 100)];
        Rarity { threads: 1_000, having: having.map(|(term, n)| (term.to_owned(), n)).into() }
    }

    #[test]
    fn a_perfect_copy_is_as_likely_as_can_be_and_nothing_in_common_hardly_at_all() {
        let (one, none) = (asked("orbi vlan lost", "after update"), asked("printer jam", "paper"));
        let copy = Features::of(&one, &one, &rarity());
        assert!(copy.list().iter().all(|share| (share - 1.0).abs() < 1e-9), "{copy:?}");
        assert_eq!(Features::of(&one, &none, &rarity()).list(), [0.0; 4]);
        assert!(copy.likelihood() > 900, "{}", copy.likelihood());
        assert!(Features::of(&one, &none, &rarity()).likelihood() < 100);
        assert!(Features::of(&asked("", ""), &asked("", ""), &rarity()).likelihood() < 100);
    }

    #[test]
    fn a_rare_word_in_common_tells_more_than_a_common_one() {
        let one = asked("orbi router", "");
        let rare = Features::of(&one, &asked("orbi printer", ""), &rarity());
        let common = Features::of(&one, &asked("router printer", ""), &rarity());
        assert!(rare.title_in_title > common.title_in_title);
        assert!(rare.likelihood() > common.likelihood());
    }

    #[test]
    fn which_of_the_two_came_first_changes_only_the_sides() {
        let (one, other) = (asked("orbi vlan", "lost"), asked("router update vlan", "lost orbi"));
        let (there, back) = (Features::of(&one, &other, &rarity()), Features::of(&other, &one, &rarity()));
        assert_eq!(there.title_in_whole, back.title_in_whole_back);
        assert_eq!(there.copy, back.copy);
    }
}
