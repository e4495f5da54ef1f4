//! findings room: which answers are copies. Pure.
use crate::kernel::ids::{PostId, UserId};
use crate::kernel::markdown;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

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

/// The sentences of answers that are not written down yet.
#[derive(Debug, Default)]
pub struct Fresh {
    of: BTreeMap<PostId, Vec<(i64, i64)>>,
    by: HashMap<i64, BTreeMap<PostId, Option<UserId>>>,
}

impl Fresh {
    /// An answer as it is now, in the place of what it was.
    pub fn put(&mut self, post: PostId, author: Option<UserId>, prints: &[(i64, i64)]) {
        for (print, _) in self.of.insert(post, prints.to_vec()).unwrap_or_default() {
            if let Some(posts) = self.by.get_mut(&print) {
                posts.remove(&post);
            }
        }
        for (print, _) in prints {
            self.by.entry(*print).or_default().insert(post, author);
        }
    }

    pub fn has(&self, post: PostId) -> bool {
        self.of.contains_key(&post)
    }

    /// The first answer that has this sentence, and its author.
    pub fn first(&self, print: i64) -> Option<(PostId, Option<UserId>)> {
        self.by.get(&print)?.iter().next().map(|(post, author)| (*post, *author))
    }

    pub fn all(self) -> Vec<(PostId, Vec<(i64, i64)>)> {
        self.of.into_iter().collect()
    }
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
    fn an_answer_that_says_something_else_now_is_no_longer_the_first_to_say_it() {
        let mut fresh = Fresh::default();
        let (first, second) = (PostId(3), PostId(5));
        fresh.put(second, Some(UserId(2)), &[(70, 9)]);
        fresh.put(first, Some(UserId(1)), &[(70, 9), (71, 8)]);
        assert_eq!(fresh.first(70), Some((first, Some(UserId(1)))));
        fresh.put(first, Some(UserId(1)), &[(71, 8)]);
        assert_eq!(fresh.first(70), Some((second, Some(UserId(2)))));
        assert!(fresh.has(first) && fresh.first(72).is_none());
        assert_eq!(fresh.all().len(), 2);
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
