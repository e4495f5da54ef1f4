//! findings room: which answers are copies. Pure.
use crate::kernel::markdown;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Sentences of an answer that are kept: its longest say whose text it is.
const SENTENCES: usize = 3;
/// Words a sentence has at least: shorter ones anybody writes.
const SENTENCE_WORDS: usize = 8;
/// Of the words of these sentences, how many percent stand in another answer that is copied.
pub const COPIED_PERCENT: i64 = 70;

/// The longest sentences of a text, each as a number and its count of words. Marks, case and white space count not.
pub fn prints(md: &str) -> Vec<(i64, i64)> {
    let text = markdown::render(md).text;
    let mut sentences: Vec<Vec<String>> = text
        .split(['.', '!', '?', '\n', ';'])
        .map(|sentence| {
            sentence
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(str::to_lowercase)
                .collect::<Vec<_>>()
        })
        .filter(|words| words.len() >= SENTENCE_WORDS)
        .collect();
    sentences.sort_by_key(|words| std::cmp::Reverse(words.len()));
    sentences.truncate(SENTENCES);
    let mut prints: Vec<(i64, i64)> = sentences
        .into_iter()
        .map(|words| {
            let digest = Sha256::digest(words.join(" "));
            let mut number = [0u8; 8];
            number.iter_mut().zip(&digest).for_each(|(to, from)| *to = *from);
            (i64::from_be_bytes(number), i64::try_from(words.len()).unwrap_or(i64::MAX))
        })
        .collect();
    prints.sort_unstable();
    prints.dedup_by_key(|print| print.0);
    prints
}

/// Whether an answer with these prints is a copy, given who wrote the first answer with each of them: words of
/// somebody else's make most of it.
pub fn is_copy(prints: &[(i64, i64)], first: &HashMap<i64, bool>) -> bool {
    let all: i64 = prints.iter().map(|(_, words)| words).sum();
    let others: i64 =
        prints.iter().filter(|(print, _)| first.get(print) == Some(&true)).map(|(_, words)| words).sum();
    all > 0 && others * 100 >= all * COPIED_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "Hold the reset button for ten seconds until the lamp turns blue and wait. \
                        Then open the settings page of the router and choose the second channel.";

    #[test]
    fn marks_case_and_greetings_do_not_hide_a_copy() {
        let one = prints(LONG);
        assert_eq!(one.len(), 2);
        let dressed = format!("Hi there! **{}**\n\nHope it helps.", LONG.to_uppercase().replace(". ", ".\n"));
        assert_eq!(prints(&dressed), one);
        let of_another: HashMap<i64, bool> = one.iter().map(|(print, _)| (*print, true)).collect();
        assert!(is_copy(&one, &of_another));
        assert!(!is_copy(&one, &HashMap::new()));
    }

    #[test]
    fn a_quoted_sentence_in_an_answer_of_ones_own_is_no_copy() {
        let own = format!(
            "{LONG} On the newer model the lamp stays dark for a whole minute, so do not give up before that. \
             Where the second channel is taken, any other with less than three neighbours does as well."
        );
        let quoted: HashMap<i64, bool> =
            prints(LONG).iter().take(1).map(|(print, _)| (*print, true)).collect();
        assert!(!is_copy(&prints(&own), &quoted));
        assert!(prints("Thanks, same here.").is_empty());
    }
}
