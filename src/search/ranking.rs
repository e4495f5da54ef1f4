//! The ranking formula: every weight of it, in one place.
//!
//! First stage, over all matches: text = BM25 summed over the fields, each weighed, one document frequency per word
//! for all fields, and lengths counted against [`SPREAD`] times the field's average length.
//!
//! Second stage, over the best [`POOL`]:
//! text × (1 + COVERED × covered) + TOGETHER × together, where *covered* is the share of the query's weight (its
//! words' inverse frequencies) that stands in the title, and *together* the weight of its neighbouring words that are
//! neighbours in the title too. Then × bonus, where bonus = 1 + solved + votes + authority + freshness + version +
//! language, each a small share, so that it decides among texts that match about equally well and never lifts a poor
//! match. Where a sentence encoder runs, its likeness is fused in (see [`fused`]).
//!
//! The weights were fitted on public question sets; docs/search.md has the tables and what did not help.

use super::analysis::Lang;

/// Threads of the first stage that the second looks at.
pub const POOL: usize = 200;
/// Of them, while a title is being typed: a handful is shown, and it must be there before the next key.
pub const POOL_TYPING: usize = 60;
/// Threads from which on a community is large: looking through all that say a common word takes long there.
pub const LARGE: u64 = 100_000;
/// Share of a large community's threads that say a common word.
const COMMON: f64 = 0.1;
/// Rarer words that must be left for a common one not to be counted.
const TELLING_MIN: usize = 2;

/// Which words of a query that any of them may answer count in the first stage, by how many of `docs` threads say
/// each: in a large community those that are not common, if enough are left. The second stage counts all again where
/// they stand in titles.
pub fn telling(threads: &[u64], docs: u64) -> Vec<bool> {
    let rare = |threads: &u64| (*threads as f64) < COMMON * docs as f64;
    let left = threads.iter().filter(|threads| **threads > 0 && rare(threads)).count();
    threads.iter().map(|threads| docs < LARGE || left < TELLING_MIN || rare(threads)).collect()
}

/// Weight of a word in the title: what the asker held to be the gist.
pub const TITLE: f32 = 3.0;
/// Weight of a word in the solution: the text people come for.
pub const SOLUTION: f32 = 2.4;
/// Weight of a word in a tag.
pub const TAGS: f32 = 1.2;
/// Weight of a word in the question.
pub const QUESTION: f32 = 1.8;
/// Weight of a word in the other answers.
pub const ANSWERS: f32 = 2.4;
/// Weight of a root (the first letters of a stem) in any text.
pub const ROOT: f32 = 0.5;
/// Weight of a part of a compound against its whole: `v2` of `WRT54G-v2`.
pub const PART: f32 = 0.2;
/// Weight of a word that means the same as the one typed, against that one.
pub const SYNONYM: f32 = 0.8;
/// Weight of a title word that begins with the word being typed.
pub const PREFIX: f32 = 0.6;
/// Weight of a word one letter away from one the index does not know; two letters away, its square.
pub const CORRECTED: f32 = 0.8;
/// Weight of a question's words, when it is the query, against its title's.
pub const BODY: f32 = 0.5;

/// How many times its average length a field may have before its words lose weight. BM25's k1 and b follow from it:
/// k1 = 1.2 × (0.25 + 0.75 ÷ spread), b = 0.75 ÷ spread ÷ (0.25 + 0.75 ÷ spread). Answers of a thread are many texts
/// in one field, so their length says little.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub title: f64,
    pub question: f64,
    pub solution: f64,
    pub answers: f64,
}

/// See [`Spread`].
pub const SPREAD: Spread = Spread { title: 1.5, question: 1.0, solution: 1.5, answers: 4.0 };

/// Bonus on the text of a title that has the whole query.
pub const COVERED: f32 = 0.3;
/// Weight of neighbours in query and title, times the lesser of their inverse frequencies.
pub const TOGETHER: f32 = 0.6;

/// Bonus of a solved thread.
pub const SOLVED: f32 = 0.12;
/// Bonus of an unsolved thread with answers.
pub const ANSWERED: f32 = 0.03;
/// Bonus of [`VOTES_FULL`] votes; fewer give their logarithmic share, negative sums none.
pub const VOTES: f32 = 0.08;
/// Votes from which more add nothing.
pub const VOTES_FULL: i64 = 100;
/// Bonus of a solution by somebody of full authority.
pub const AUTHORITY: f32 = 0.06;
/// Full authority: answers that are always right, beyond doubt; see [`authority`].
pub const AUTHORITY_FULL: u8 = 100;
/// Bonus of a thread active today; it halves every [`FRESH_HALF_DAYS`].
pub const FRESH: f32 = 0.04;
/// Days in which the bonus of freshness halves: about as long as a product's version is sold.
pub const FRESH_HALF_DAYS: f32 = 365.0;
/// Bonus of a thread that speaks of a version the query names.
pub const VERSION: f32 = 0.15;
/// Bonus of a thread in the reader's language.
pub const LANGUAGE: f32 = 0.10;
/// Upper bound of the bonus of the first stage, on which skipping of hopeless documents relies.
const BONUS_MAX: f32 = 1.0 + SOLVED + VOTES + AUTHORITY;
/// Share of the score that is kept in hand when documents are skipped: tantivy's bounds of blocks are made for
/// average lengths other than ours.
const IN_HAND: f32 = 0.9;

/// What of a thread goes into its bonus; one number in a column of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals {
    pub solved: bool,
    pub answered: bool,
    /// Sum of votes, bounded to ±2^30.
    pub votes: i64,
    /// Of the solution's author, up to [`AUTHORITY_FULL`].
    pub authority: u8,
    pub lang: Lang,
}

impl Signals {
    const OFFSET: i64 = 1 << 30;

    /// As one column value: votes, language, authority, answered, solved, from high to low.
    pub fn pack(self) -> u64 {
        let votes = self.votes.clamp(-Self::OFFSET, Self::OFFSET) + Self::OFFSET;
        (votes as u64) << 18
            | u64::from(self.lang.mark()) << 10
            | u64::from(self.authority) << 2
            | u64::from(self.answered) << 1
            | u64::from(self.solved)
    }

    /// Reverse of [`Signals::pack`].
    pub fn unpack(value: u64) -> Signals {
        Signals {
            solved: value & 1 == 1,
            answered: value >> 1 & 1 == 1,
            authority: (value >> 2) as u8,
            lang: Lang::from_mark((value >> 10) as u8),
            votes: (value >> 18) as i64 - Self::OFFSET,
        }
    }
}

/// The authority of somebody whose accuracy has this lower bound, in thousandths, from 0 to [`AUTHORITY_FULL`].
pub fn authority(bound: i64) -> u8 {
    u8::try_from(bound.clamp(0, 1_000) / 10).unwrap_or(AUTHORITY_FULL)
}

/// A part of why a hit stands where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Title,
    Question,
    Solution,
    Answers,
    Tags,
    Roots,
    Covered,
    Together,
    Meaning,
    Solved,
    Answered,
    Votes,
    Authority,
    Fresh,
    Version,
    Language,
}

impl Part {
    /// All parts.
    pub const ALL: [Part; 16] = [
        Part::Title,
        Part::Question,
        Part::Solution,
        Part::Answers,
        Part::Tags,
        Part::Roots,
        Part::Covered,
        Part::Together,
        Part::Meaning,
        Part::Solved,
        Part::Answered,
        Part::Votes,
        Part::Authority,
        Part::Fresh,
        Part::Version,
        Part::Language,
    ];

    /// Its word in texts and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Part::Title => "title",
            Part::Question => "question",
            Part::Solution => "solution",
            Part::Answers => "answers",
            Part::Tags => "tags",
            Part::Roots => "roots",
            Part::Covered => "covered",
            Part::Together => "together",
            Part::Meaning => "meaning",
            Part::Solved => "solved",
            Part::Answered => "answered",
            Part::Votes => "votes",
            Part::Authority => "authority",
            Part::Fresh => "fresh",
            Part::Version => "version",
            Part::Language => "language",
        }
    }
}

/// Who reads, as far as it matters for the order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reader {
    /// The language of the reader's pages.
    pub lang: Option<Lang>,
    /// Days since the epoch; without it freshness does not count.
    pub today: Option<i64>,
}

/// What the second stage knows of a thread beside its text.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    pub signals: Signals,
    /// Days since the epoch of the last activity.
    pub active_day: i64,
    pub version: bool,
}

/// The shares of the bonus.
pub fn bonuses(of: &Circumstances, reader: &Reader) -> [(Part, f32); 7] {
    let signals = of.signals;
    let votes = signals.votes.clamp(0, VOTES_FULL) as f32;
    let fresh = reader.today.map_or(0.0, |today| {
        let days = (today - of.active_day).max(0) as f32;
        FRESH * (-days / FRESH_HALF_DAYS).exp2()
    });
    let answered = signals.answered && !signals.solved;
    [
        (Part::Solved, if signals.solved { SOLVED } else { 0.0 }),
        (Part::Answered, if answered { ANSWERED } else { 0.0 }),
        (Part::Votes, VOTES * votes.ln_1p() / (VOTES_FULL as f32).ln_1p()),
        (
            Part::Authority,
            AUTHORITY * f32::from(signals.authority.min(AUTHORITY_FULL)) / f32::from(AUTHORITY_FULL),
        ),
        (Part::Fresh, fresh),
        (Part::Version, if of.version { VERSION } else { 0.0 }),
        (Part::Language, if reader.lang == Some(signals.lang) { LANGUAGE } else { 0.0 }),
    ]
}

/// Factor of the second stage.
pub fn bonus(of: &Circumstances, reader: &Reader) -> f32 {
    1.0 + bonuses(of, reader).iter().map(|(_, share)| share).sum::<f32>()
}

/// Factor of the first stage, from 1 to [`BONUS_MAX`]: what is known of a thread whoever reads.
pub fn first_bonus(signals: Signals) -> f32 {
    bonus(&Circumstances { signals, active_day: 0, version: false }, &Reader::default())
}

/// Text score times bonus of the first stage, as a key.
pub fn first_key(text_score: f32, signals: Signals) -> u64 {
    key(text_score * first_bonus(signals))
}

/// A score as a sortable number. The last twelve bits of the mantissa are dropped (steps of 0.05 %): the order in
/// which a sum of floats is made depends on what was skipped, and pages must agree on the order of hits.
pub fn key(score: f32) -> u64 {
    u64::from(score.max(0.0).to_bits() >> 12)
}

/// The score a key stands for.
pub fn score(key: u64) -> f32 {
    f32::from_bits((key as u32) << 12)
}

/// A text score up to which no document can reach the key in the first stage.
pub fn floor(key: u64) -> f32 {
    score(key) / BONUS_MAX * IN_HAND
}

/// Share of the meaning in the score, where the sentence encoder has a likeness; the rest is the text's. An encoder
/// that knows the language is worth more than all words: 0.6 instead loses 2 to 12 points of recall.
pub const MEANING: f32 = 0.93;
/// The same where a whole question is the query: its many words say less than its few.
pub const MEANING_OF_QUESTIONS: f32 = 0.96;
/// The same where the query names a code such as `WRT54G`: an encoder cannot spell.
pub const MEANING_OF_CODES: f32 = 0.85;
/// Cosine below which two sentences have nothing in common: MiniLM gives unrelated titles about as much.
pub const MEANING_FROM: f32 = 0.15;
/// Cosine from which a thread is found that has none of the words.
pub const MEANING_ALONE: f32 = 0.35;

/// Text and meaning as one score: the cosine above [`MEANING_FROM`], and the cube of the text's share of the best
/// text among the candidates, so that only a text that stands out moves the order. Without a likeness the text alone.
/// `share` is [`MEANING`], [`MEANING_OF_QUESTIONS`] or [`MEANING_OF_CODES`].
pub fn fused(text: f32, top_text: f32, likeness: Option<f32>, share: f32) -> f32 {
    let Some(cosine) = likeness else { return text };
    let text = if top_text > 0.0 { text / top_text } else { 0.0 };
    (1.0 - share) * text.powi(3) + share * ((cosine - MEANING_FROM) / (1.0 - MEANING_FROM)).max(0.0)
}

/// Whether a word is a code: letters and digits in one.
pub fn is_code(folded: &str) -> bool {
    folded.len() >= 4
        && folded.bytes().any(|byte| byte.is_ascii_digit())
        && folded.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Inverse document frequency as BM25 has it.
pub fn idf(doc_freq: u64, docs: u64) -> f32 {
    let doc_freq = doc_freq.min(docs);
    (1.0 + ((docs - doc_freq) as f32 + 0.5) / (doc_freq as f32 + 0.5)).ln()
}

/// BM25 of one word in one field; `spread` as in [`SPREAD`].
pub fn bm25(idf: f32, freq: u32, length: u32, average: f32) -> f32 {
    let freq = freq as f32;
    let norm = 1.2 * (0.25 + 0.75 * length as f32 / average.max(0.01));
    idf * 2.2 * freq / (freq + norm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_large_community_common_words_count_only_where_too_few_rarer_ones_are_left() {
        assert_eq!(telling(&[500, 90_000, 60_000, 20], 200_000), [true, false, false, true]);
        assert_eq!(
            telling(&[500, 90_000, 60_000, 0], 200_000),
            [true; 4],
            "a word nobody says finds nothing"
        );
        assert_eq!(telling(&[500, 9_000, 6_000, 20], 20_000), [true; 4]);
        assert_eq!(telling(&[], 200_000), [true; 0]);
    }

    #[test]
    fn the_bonus_stays_within_its_bound_and_signals_survive_packing() {
        for votes in [-5_000_000_000, -3, 0, 1, 99, 100, 5_000_000_000] {
            for (solved, answered, authority) in [(false, false, 0), (false, true, 7), (true, true, 100)] {
                for lang in Lang::all() {
                    let signals = Signals { solved, answered, votes, authority, lang };
                    assert!((1.0..=BONUS_MAX + 1e-6).contains(&first_bonus(signals)));
                    let packed = Signals { votes: votes.clamp(-(1 << 30), 1 << 30), ..signals };
                    assert_eq!(Signals::unpack(signals.pack()), packed);
                }
            }
        }
    }

    #[test]
    fn keys_order_as_scores_do() {
        let plain = Signals { solved: false, answered: false, votes: 0, authority: 0, lang: Lang::DEFAULT };
        assert!(first_key(2.0, plain) < first_key(2.1, plain));
        assert!(first_key(2.0, plain) < first_key(2.0, Signals { solved: true, ..plain }));
        assert!((score(key(7.25)) - 7.25).abs() < 0.01);
    }

    #[test]
    fn each_circumstance_counts_for_itself() {
        let plain = Signals { solved: false, answered: false, votes: 0, authority: 0, lang: Lang::DEFAULT };
        let of = Circumstances { signals: plain, active_day: 20_000, version: false };
        let reader = Reader { lang: Lang::from_code("it"), today: Some(20_365) };
        let base = bonus(&of, &reader);
        assert!((base - 1.0 - FRESH / 2.0).abs() < 1e-4);
        assert!(bonus(&Circumstances { version: true, ..of }, &reader) > base);
        assert!(bonus(&of, &Reader { lang: Some(Lang::DEFAULT), ..reader }) > base);
        assert!(authority(0) == 0 && authority(300) < authority(600) && authority(9_000) == AUTHORITY_FULL);
    }
}
