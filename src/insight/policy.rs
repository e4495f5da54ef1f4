//! insight room: what of a search may be written down, and which gaps are one. Pure.
use super::Gap;
use crate::kernel::limits;
use crate::search::analysis::Lang;
use std::collections::BTreeSet;

/// Whether a text may be about one person: an address, somebody's number, or so long that it tells a story. What is
/// taken for personal is forgotten at once, so the judgement errs on that side.
pub fn personal(text: &str) -> bool {
    text.chars().count() > limits::SEARCH_COUNTED_CHARS || has_address(text) || has_number(text)
}

/// `name@host`, also with its dot missing or written out of place.
fn has_address(text: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.char_indices().filter(|(_, c)| matches!(c, '@' | '＠')).any(|(at, c)| {
        let (before, after) = (text.get(..at), text.get(at + c.len_utf8()..));
        word(before.and_then(|part| part.chars().next_back()))
            && word(after.and_then(|part| part.chars().next()))
    })
}

/// Telephones, cards and customer numbers: many digits with only marks and spaces between them, or one word with ten
/// digits and more, as account numbers have. Error codes such as `0x80070057` and product codes are none.
fn has_number(text: &str) -> bool {
    let (mut run, mut in_word) = (0, 0);
    let mut word_has_letter = false;
    for c in text.chars() {
        if c.is_numeric() {
            in_word += 1;
            run = if word_has_letter { 0 } else { run + 1 };
            if run >= limits::SEARCH_DIGITS || in_word >= 10 {
                return true;
            }
        } else if c.is_alphabetic() {
            word_has_letter = true;
            run = 0;
        } else {
            // A mark within a code ends no number: +39 02 1234-567.
            in_word = 0;
            word_has_letter = false;
        }
    }
    false
}

/// The language most gaps were sought in, of those whose language can be told; keywords alone seldom tell.
pub fn usual_language(gaps: &[Gap]) -> Option<Lang> {
    let of = |lang: Lang| gaps.iter().filter(|gap| gap.lang == Some(lang)).count();
    Lang::all().filter(|lang| of(*lang) > 0).max_by_key(|lang| of(*lang))
}

/// Words with digits, which an encoder cannot spell: `e01` and `e02` are two errors.
fn codes(wording: &str) -> BTreeSet<&str> {
    wording.split(' ').filter(|word| word.contains(char::is_numeric)).collect()
}

/// Gaps that mean the same as one, each with its numbers, of length one, where there are any; those most often missed
/// first.
///
/// Those sought most lead: each gap goes to the leader it is most like, from [`limits::GAP_LIKENESS`] on, or leads
/// itself. So nothing is chained to what it is not like, and the order in which they come changes nothing. Only what
/// may be shown by itself may be given here.
pub fn fold<V: AsRef<[f32]>>(mut gaps: Vec<(Gap, Option<V>)>) -> Vec<Gap> {
    gaps.sort_by(|(a, _), (b, _)| {
        b.searched.cmp(&a.searched).then_with(|| a.wording.cmp(&b.wording)).then_with(|| a.key.cmp(&b.key))
    });
    let mut leaders: Vec<(Gap, Option<V>)> = Vec::with_capacity(gaps.len());
    for (gap, meant) in gaps {
        let like = |(leader, theirs): &(Gap, Option<V>)| {
            let (mine, theirs) = (meant.as_ref()?.as_ref(), theirs.as_ref()?.as_ref());
            let cosine: f32 = mine.iter().zip(theirs).map(|(a, b)| a * b).sum();
            (cosine >= limits::GAP_LIKENESS && codes(&leader.wording) == codes(&gap.wording))
                .then_some(cosine)
        };
        let mut nearest: Option<(usize, f32)> = None;
        for (at, leader) in leaders.iter().enumerate() {
            if let Some(cosine) = like(leader).filter(|cosine| nearest.is_none_or(|(_, most)| *cosine > most))
            {
                nearest = Some((at, cosine));
            }
        }
        match nearest.and_then(|(at, _)| leaders.get_mut(at)) {
            Some((leader, _)) => leader.take_in(gap),
            None => leaders.push((gap, meant)),
        }
    }
    let mut gaps: Vec<Gap> = leaders.into_iter().map(|(gap, _)| gap).collect();
    gaps.sort_by(|a, b| b.missed().cmp(&a.missed()).then_with(|| a.key.cmp(&b.key)));
    gaps
}

impl Gap {
    fn take_in(&mut self, other: Gap) {
        self.also.push((other.key, other.wording));
        self.also.extend(other.also);
        self.others += other.others;
        self.searched += other.searched;
        self.found_none += other.found_none;
        self.weak += other.weak;
        self.opened += other.opened;
        self.solved += other.solved;
        self.missed_at = self.missed_at.max(other.missed_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::moment::Moment;
    use proptest::prelude::*;

    fn gap(wording: &str, searched: i64, missed: i64) -> Gap {
        Gap {
            key: format!("the key of {wording}"),
            wording: wording.to_owned(),
            lang: None,
            also: Vec::new(),
            others: searched % 3,
            searched,
            found_none: missed / 2,
            weak: missed - missed / 2,
            opened: searched / 2,
            solved: searched / 3,
            missed_at: Moment(searched),
        }
    }

    /// A direction in a plane: what is near is like.
    fn towards(degrees: f32) -> Option<Vec<f32>> {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Some(vec![cos, sin])
    }

    #[test]
    fn what_means_the_same_is_one_gap_by_the_name_most_sought() {
        let folded = fold(vec![
            (gap("decalcify kettle", 6, 6), towards(10.0)),
            (gap("reset router", 8, 8), towards(90.0)),
            (gap("descale kettle", 7, 5), towards(0.0)),
            (gap("limescale", 1, 1), towards(-10.0)),
        ]);
        let names: Vec<(Vec<&str>, i64)> =
            folded.iter().map(|gap| (gap.wordings().collect(), gap.missed())).collect();
        let kettle = vec!["descale kettle", "decalcify kettle", "limescale"];
        assert_eq!(names, [(kettle, 12), (vec!["reset router"], 8)]);
        assert_eq!(folded[0].searched, 14);
        assert_eq!(folded[0].missed_at, Moment(7));
        assert_eq!(folded[0].keys().next(), Some("the key of descale kettle"));
    }

    #[test]
    fn keywords_are_taken_to_be_in_the_language_of_most() {
        let of = |codes: &[&str]| -> Vec<Gap> {
            codes.iter().map(|code| Gap { lang: Lang::from_code(code), ..gap("x", 1, 1) }).collect()
        };
        assert_eq!(usual_language(&of(&["", "en", "it", "it", "", ""])), Lang::from_code("it"));
        assert_eq!(usual_language(&of(&["", ""])), None);
    }

    #[test]
    fn nothing_is_chained_and_each_goes_where_it_is_most_like() {
        let degrees = |folded: Vec<Gap>| -> Vec<Vec<String>> {
            folded.iter().map(|gap| gap.wordings().map(str::to_owned).collect()).collect()
        };
        let (a, b, c) = (gap("a", 9, 9), gap("b", 8, 8), gap("c", 7, 7));
        // c is like b and b like a, but c is not like a, which b has gone to.
        let chain = vec![(a.clone(), towards(0.0)), (b.clone(), towards(35.0)), (c.clone(), towards(70.0))];
        assert_eq!(degrees(fold(chain)), [vec!["a", "b"], vec!["c"]]);
        let between = vec![(a, towards(0.0)), (b, towards(60.0)), (c, towards(35.0))];
        assert_eq!(degrees(fold(between)), [vec!["b", "c"], vec!["a"]]);
    }

    #[test]
    fn codes_that_differ_and_what_has_no_vector_stay_apart() {
        let folded = fold(vec![
            (gap("error e01", 9, 9), towards(0.0)),
            (gap("error e02", 8, 8), towards(0.0)),
            (gap("fault e01", 7, 7), towards(5.0)),
            (gap("errore", 6, 6), None),
            (gap("guasto", 5, 5), None),
        ]);
        let names: Vec<Vec<&str>> = folded.iter().map(|gap| gap.wordings().collect()).collect();
        assert_eq!(
            names,
            [vec!["error e01", "fault e01"], vec!["error e02"], vec!["errore"], vec!["guasto"]]
        );
    }

    proptest! {
        #[test]
        fn the_order_they_come_in_changes_nothing_each_is_in_one_gap_and_sums_are_kept(
            given in proptest::collection::vec((1i64..40, 1i64..40, 0u16..360, 0u8..6), 0..40),
            seed in any::<u64>(),
        ) {
            let all: Vec<(Gap, Option<Vec<f32>>)> = given
                .iter()
                .enumerate()
                .map(|(n, (searched, missed, degrees, kind))| {
                    // Some have a code, some the same wording under another key, and some no vector.
                    let wording = match kind {
                        0 => format!("e{} word", n % 2),
                        1 => "word".to_owned(),
                        _ => format!("word {}", "x".repeat(n)),
                    };
                    let mut gap = gap(&wording, *searched, *missed);
                    gap.key = format!("key {n}");
                    (gap, (*kind != 2).then(|| towards(f32::from(*degrees))).flatten())
                })
                .collect();
            let mut mixed = all.clone();
            let mut state = seed | 1;
            for at in (1..mixed.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                mixed.swap(at, (state >> 33) as usize % (at + 1));
            }
            let folded = fold(all.clone());
            prop_assert_eq!(&fold(mixed), &folded);
            let mut keys: Vec<&str> = folded.iter().flat_map(Gap::keys).collect();
            let mut expected: Vec<&str> = all.iter().map(|(gap, _)| gap.key.as_str()).collect();
            keys.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(keys, expected);
            let sums = |gaps: &mut dyn Iterator<Item = &Gap>| {
                gaps.fold([0; 6], |[a, b, c, d, e, f], gap| {
                    let (found_none, weak) = (gap.found_none, gap.weak);
                    [a + gap.searched, b + found_none, c + weak, d + gap.opened, e + gap.solved, f + gap.others]
                })
            };
            prop_assert_eq!(sums(&mut folded.iter()), sums(&mut all.iter().map(|(gap, _)| gap)));
            for gap in &folded {
                let of = |key: &str| all.iter().find(|(gap, _)| gap.key == key).map(|(gap, _)| gap.searched);
                let own = of(&gap.key);
                prop_assert!(gap.also.iter().all(|(key, _)| of(key) <= own), "it is named by the one sought most");
            }
        }
    }

    #[test]
    fn what_may_be_about_a_person_is_told_from_codes_and_models() {
        for text in [
            "mail ann@example.com lost",
            "ann@home",
            "call +39 02 1234567",
            "340-123-4567",
            "(02) 1234.567",
            "4111 1111 1111 1111",
            "IT60X0542811101000000123456",
            "customer 80070057",
            "٠١٢٣٤٥٦٧",
            &"very ".repeat(20),
        ] {
            assert!(personal(text), "{text}");
        }
        for text in [
            "0x80070057",
            "wrt54g-v2 reset",
            "error 4042",
            "usb 3.0",
            "2026-11",
            "@",
            "user @ home",
            "mp3 a2 b3 c4 d5 e6 f7",
        ] {
            assert!(!personal(text), "{text}");
        }
    }
}
