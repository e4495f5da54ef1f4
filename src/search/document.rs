//! What the index keeps of a thread: the schema, and the stored record a results page is made from.

use tantivy::TantivyDocument;
use tantivy::schema::document::{DeserializeError, DocumentDeserialize, DocumentDeserializer};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions,
};

use super::analysis::{self, Lang, fold, marked, marked_part};
use super::query::State;
use super::ranking::Signals;

/// Raised whenever schema, record or analysis change: an index of another version is rebuilt, never read.
pub const SCHEMA_VERSION: u32 = 3;

/// Bytes of a title indexed and stored.
pub const TITLE_BYTES_MAX: usize = 1_000;
/// Bytes of one text that are indexed; what stands further behind is not found.
pub const TEXT_BYTES_MAX: usize = 100_000;
/// Answers of a thread that are indexed.
pub const ANSWERS_MAX: usize = 500;
/// Answers of a thread without a solution of which one may be shown.
pub const ANSWERS_SHOWN_MAX: usize = 50;
/// Bytes of a username stored.
const AUTHOR_BYTES_MAX: usize = 200;
/// Bytes of a question in which product versions are looked for: what is asked about stands at its beginning.
const VERSION_BYTES: usize = 2_000;
/// Versions of a thread that are indexed.
const VERSIONS_MAX: usize = 8;
/// Tags of a thread that are indexed.
pub const TAGS_MAX: usize = 20;

/// A thread as the index sees it. Only what everybody may read goes in here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadDoc {
    pub thread_id: i64,
    pub title: String,
    /// Plain text.
    pub question: String,
    /// Plain text of the accepted, else of the official answer.
    pub solution: Option<String>,
    pub solution_post_id: Option<i64>,
    /// Plain texts of the other answers.
    pub answers: Vec<String>,
    /// Their posts, in the same order.
    pub answer_post_ids: Vec<i64>,
    pub tags: Vec<String>,
    /// The asker's username; found in any spelling that folds alike.
    pub author: Option<String>,
    pub solved: bool,
    /// Has an official answer, accepted or not.
    pub official: bool,
    pub answer_count: i64,
    pub score: i64,
    /// Microseconds since the epoch, UTC.
    pub created_at_us: i64,
    /// Microseconds since the epoch, UTC.
    pub active_at_us: i64,
    /// The thread this one is a known duplicate of, at the end of the chain.
    pub duplicate_of: Option<i64>,
    /// How much weight the solution's author has, from 0 to [`super::ranking::AUTHORITY_FULL`].
    pub authority: u8,
    /// ISO 639-1 code where known; guessed from the text otherwise.
    pub language: Option<String>,
}

impl ThreadDoc {
    /// FNV-1a over all content, so that a stale document can be told from a current one without its texts.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        hash.text(&self.title);
        hash.text(&self.question);
        hash.optional(self.solution.as_deref());
        hash.number(self.solution_post_id.unwrap_or(-1));
        hash.number(self.answers.len() as i64);
        self.answers.iter().for_each(|answer| hash.text(answer));
        self.answer_post_ids.iter().for_each(|id| hash.number(*id));
        hash.number(self.tags.len() as i64);
        self.tags.iter().for_each(|tag| hash.text(tag));
        hash.optional(self.author.as_deref());
        hash.optional(self.language.as_deref());
        for number in [
            i64::from(self.solved) | i64::from(self.official) << 1,
            self.answer_count,
            self.score,
            self.created_at_us,
            self.active_at_us,
            self.duplicate_of.unwrap_or(-1),
        ] {
            hash.number(number);
        }
        hash.0
    }

    /// Product versions the thread speaks of: in its title, its tags and the beginning of its question.
    fn versions(&self) -> Vec<String> {
        let mut out = Vec::new();
        let texts = [self.title.as_str(), bounded(&self.question, VERSION_BYTES)];
        for text in texts.into_iter().chain(self.tags.iter().map(String::as_str)) {
            analysis::versions_into(text, &mut out);
        }
        out.truncate(VERSIONS_MAX);
        out
    }

    fn lang(&self) -> Lang {
        self.language.as_deref().and_then(Lang::from_code).unwrap_or_else(|| {
            Lang::guess(&self.question)
                .or_else(|| Lang::guess(&self.title))
                .or_else(|| self.solution.as_deref().and_then(Lang::guess))
                .unwrap_or(Lang::DEFAULT)
        })
    }
}

struct Fnv(u64);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: i64) {
        self.bytes(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as i64);
        self.bytes(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.number(i64::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }
}

/// The fields of the index.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    pub thread_id: Field,
    pub title: Field,
    pub question: Field,
    pub solution: Field,
    pub answers: Field,
    pub tags: Field,
    /// The title with its stop words.
    pub every: Field,
    /// Roots of all texts, in languages that have them.
    pub roots: Field,
    /// Exact terms for qualifiers: `is:solved`, `tag:router`, `user:ann`, `lang:it`, `version:2.4`.
    pub facts: Field,
    /// What hits are counted by, as a column: `tag:Router`, `lang:it`.
    pub labels: Field,
    pub signals: Field,
    /// The master of a duplicate, the thread itself otherwise.
    pub master: Field,
    pub answer_count: Field,
    pub created_at: Field,
    pub active_at: Field,
    pub fingerprint: Field,
    /// Stored only: what every hit shows but its passage, which is read from the posts as they are then.
    pub card: Field,
}

/// Column names, as the readers of columns need them.
pub const THREAD_ID: &str = "thread_id";
pub const SIGNALS: &str = "signals";
pub const MASTER: &str = "master";
pub const LABELS: &str = "labels";
pub const ANSWER_COUNT: &str = "answer_count";
pub const CREATED_AT: &str = "created_at";
pub const ACTIVE_AT: &str = "active_at";
pub const FINGERPRINT: &str = "fingerprint";

impl Fields {
    /// The schema and its fields.
    pub fn schema() -> (Schema, Fields) {
        let mut builder = Schema::builder();
        let cut = |tokenizer, option| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option);
            TextOptions::default().set_indexing_options(indexing)
        };
        let text = |option| cut(analysis::TOKENIZER, option);
        let exact = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic);
        let fields = Fields {
            thread_id: builder.add_i64_field(THREAD_ID, INDEXED | FAST),
            title: builder.add_text_field("title", text(IndexRecordOption::WithFreqsAndPositions)),
            question: builder.add_text_field("question", text(IndexRecordOption::WithFreqsAndPositions)),
            solution: builder.add_text_field("solution", text(IndexRecordOption::WithFreqsAndPositions)),
            answers: builder.add_text_field("answers", text(IndexRecordOption::WithFreqsAndPositions)),
            tags: builder.add_text_field("tags", text(IndexRecordOption::WithFreqsAndPositions)),
            every: builder
                .add_text_field("every", cut(analysis::EVERY, IndexRecordOption::WithFreqsAndPositions)),
            roots: builder.add_text_field("roots", cut(analysis::ROOTS, IndexRecordOption::WithFreqs)),
            facts: builder.add_text_field("facts", TextOptions::default().set_indexing_options(exact)),
            labels: builder.add_text_field(LABELS, TextOptions::default().set_fast("raw")),
            signals: builder.add_u64_field(SIGNALS, FAST),
            master: builder.add_i64_field(MASTER, FAST),
            answer_count: builder.add_i64_field(ANSWER_COUNT, FAST),
            created_at: builder.add_i64_field(CREATED_AT, FAST),
            active_at: builder.add_i64_field(ACTIVE_AT, FAST),
            fingerprint: builder.add_u64_field(FINGERPRINT, FAST),
            card: builder.add_bytes_field("card", STORED),
        };
        (builder.build(), fields)
    }

    /// The document tantivy indexes for `doc`.
    pub fn document(&self, doc: &ThreadDoc) -> TantivyDocument {
        let lang = doc.lang();
        let mut out = TantivyDocument::with_capacity(256 + doc.question.len() * 2);
        out.add_i64(self.thread_id, doc.thread_id);
        let mut text = |field, text: &str, max| {
            let text = bounded(text, max);
            let text = if field == self.answers { marked_part(lang, text) } else { marked(lang, text) };
            if lang.has_roots() {
                out.add_text(self.roots, &text);
            }
            out.add_text(field, text);
        };
        text(self.title, &doc.title, TITLE_BYTES_MAX);
        text(self.question, &doc.question, TEXT_BYTES_MAX);
        if let Some(solution) = &doc.solution {
            text(self.solution, solution, TEXT_BYTES_MAX);
        }
        for answer in doc.answers.iter().take(ANSWERS_MAX) {
            text(self.answers, answer, TEXT_BYTES_MAX);
        }
        out.add_text(self.every, marked(lang, bounded(&doc.title, TITLE_BYTES_MAX)));
        for version in doc.versions() {
            out.add_text(self.facts, version_fact(&version));
        }
        let answered = doc.answer_count > 0 || doc.solved;
        out.add_text(self.facts, state_fact(if doc.solved { State::Solved } else { State::Unsolved }));
        out.add_text(self.facts, state_fact(if answered { State::Answered } else { State::Unanswered }));
        if doc.official {
            out.add_text(self.facts, state_fact(State::Official));
        }
        let lang_label = lang_fact(lang);
        out.add_text(self.labels, &lang_label);
        out.add_text(self.facts, lang_label);
        for tag in doc.tags.iter().take(TAGS_MAX) {
            out.add_text(self.tags, marked(lang, bounded(tag, analysis::TERM_BYTES_MAX * 2)));
            out.add_text(self.facts, tag_fact(&fold(tag)));
            out.add_text(self.labels, tag_fact(tag));
        }
        if let Some(author) = &doc.author {
            out.add_text(self.facts, user_fact(&fold(author)));
        }
        let signals =
            Signals { solved: doc.solved, answered, votes: doc.score, authority: doc.authority, lang };
        out.add_u64(self.signals, signals.pack());
        out.add_i64(self.master, doc.duplicate_of.unwrap_or(doc.thread_id));
        out.add_i64(self.answer_count, doc.answer_count);
        out.add_i64(self.created_at, doc.created_at_us);
        out.add_i64(self.active_at, doc.active_at_us);
        out.add_u64(self.fingerprint, doc.fingerprint());
        out.add_bytes(self.card, &Record::card(doc, lang));
        out
    }
}

/// The exact term of a state.
pub fn state_fact(state: State) -> String {
    format!("is:{}", state.word())
}

/// The exact term of a folded tag.
pub fn tag_fact(tag: &str) -> String {
    format!("tag:{}", bounded(tag, 200))
}

/// The exact term of a language.
pub fn lang_fact(lang: Lang) -> String {
    format!("lang:{}", lang.language().code)
}

/// The exact term of a folded version.
pub fn version_fact(version: &str) -> String {
    format!("version:{}", bounded(version, 200))
}

/// The exact term of a folded username.
pub fn user_fact(user: &str) -> String {
    format!("user:{}", bounded(user, 200))
}

/// The beginning of `text` of at most `max` bytes, cut at a character's edge.
pub fn bounded(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The stored part of a thread, read without touching the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    pub lang: u8,
    pub solved: bool,
    pub answer_count: i64,
    pub score: i64,
    pub created_at_us: i64,
    pub active_at_us: i64,
    pub solution_post_id: Option<i64>,
    pub duplicate_of: Option<i64>,
    pub title: String,
    pub author: Option<String>,
    pub tags: Vec<String>,
    /// Posts of the first answers; none where the solution says something, since it is shown then.
    pub answer_post_ids: Vec<i64>,
}

impl Record {
    fn card(doc: &ThreadDoc, lang: Lang) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 + doc.title.len());
        out.push(lang.mark());
        out.push(u8::from(doc.solved));
        for number in [doc.answer_count, doc.score, doc.created_at_us, doc.active_at_us] {
            put_number(&mut out, number);
        }
        for number in [doc.solution_post_id, doc.duplicate_of] {
            out.push(u8::from(number.is_some()));
            put_number(&mut out, number.unwrap_or(0));
        }
        put_text(&mut out, bounded(&doc.title, TITLE_BYTES_MAX));
        put_optional(&mut out, doc.author.as_deref());
        let tags = doc.tags.get(..doc.tags.len().min(TAGS_MAX)).unwrap_or_default();
        put_length(&mut out, tags.len());
        tags.iter().for_each(|tag| put_text(&mut out, bounded(tag, analysis::TERM_BYTES_MAX * 2)));
        let shown = doc.solution.as_deref().is_some_and(|solution| !solution.trim().is_empty());
        let answers = if shown { &[] } else { doc.answer_post_ids.as_slice() };
        let answers = answers.get(..answers.len().min(ANSWERS_SHOWN_MAX)).unwrap_or_default();
        put_length(&mut out, answers.len());
        // Numbers of posts grow, so the steps from one to the next are small.
        let mut before = 0;
        for &id in answers {
            put_number(&mut out, id.wrapping_sub(before));
            before = id;
        }
        out
    }

    fn decode(bytes: &[u8]) -> Option<Record> {
        let mut input = Input(bytes);
        let mut record = Record {
            lang: input.byte()?,
            solved: input.byte()? == 1,
            answer_count: input.number()?,
            score: input.number()?,
            created_at_us: input.number()?,
            active_at_us: input.number()?,
            solution_post_id: input.optional_number()?,
            duplicate_of: input.optional_number()?,
            title: input.text()?,
            author: input.optional_text()?,
            tags: input.texts(TAGS_MAX)?,
            answer_post_ids: Vec::new(),
        };
        let count = usize::try_from(input.unsigned()?).ok().filter(|count| *count <= ANSWERS_SHOWN_MAX)?;
        for _ in 0..count {
            let before = record.answer_post_ids.last().copied().unwrap_or(0);
            record.answer_post_ids.push(input.number()?.wrapping_add(before));
        }
        Some(record)
    }
}

impl DocumentDeserialize for Record {
    fn deserialize<'de, D>(mut deserializer: D) -> Result<Self, DeserializeError>
    where
        D: DocumentDeserializer<'de>,
    {
        let unreadable = || DeserializeError::custom("a record that cannot be read");
        let (_, card): (Field, Vec<u8>) = deserializer.next_field()?.ok_or_else(unreadable)?;
        Record::decode(&card).ok_or_else(unreadable)
    }
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    put_unsigned(out, length as u64);
}

fn put_unsigned(out: &mut Vec<u8>, mut number: u64) {
    while number >= 128 {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_number(out: &mut Vec<u8>, number: i64) {
    put_unsigned(out, (number << 1 ^ number >> 63) as u64);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_length(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_optional(out: &mut Vec<u8>, text: Option<&str>) {
    out.push(u8::from(text.is_some()));
    put_text(out, bounded(text.unwrap_or_default(), AUTHOR_BYTES_MAX));
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    fn number(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn optional_number(&mut self) -> Option<Option<i64>> {
        let some = self.byte()? == 1;
        let number = self.number()?;
        Some(some.then_some(number))
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.unsigned()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(std::str::from_utf8(text).ok()?.to_owned())
    }

    fn optional_text(&mut self) -> Option<Option<String>> {
        let some = self.byte()? == 1;
        let text = self.text()?;
        Some(some.then_some(text))
    }

    fn texts(&mut self, max: usize) -> Option<Vec<String>> {
        let count = usize::try_from(self.unsigned()?).ok().filter(|count| *count <= max)?;
        (0..count).map(|_| self.text()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_survives_encoding_and_no_cut_of_it_panics() {
        let doc = ThreadDoc {
            title: "Città".into(),
            solution_post_id: Some(-3),
            tags: vec!["router".into()],
            author: Some("ann".into()),
            answer_post_ids: vec![70, 9, i64::MIN],
            score: -12,
            created_at_us: i64::MIN,
            active_at_us: i64::MAX,
            ..ThreadDoc::default()
        };
        let bytes = Record::card(&doc, Lang::DEFAULT);
        let record = Record::decode(&bytes).unwrap();
        assert_eq!((record.score, record.created_at_us, record.active_at_us), (-12, i64::MIN, i64::MAX));
        assert_eq!(
            (record.title.as_str(), record.solution_post_id, record.duplicate_of),
            ("Città", Some(-3), None)
        );
        assert_eq!((record.author.as_deref(), record.tags.len()), (Some("ann"), 1));
        assert_eq!(record.answer_post_ids, [70, 9, i64::MIN]);
        for end in 0..bytes.len() {
            assert_eq!(Record::decode(&bytes[..end]), None);
        }
    }

    #[test]
    fn every_change_of_content_changes_the_fingerprint() {
        let doc = ThreadDoc { title: "a".into(), ..ThreadDoc::default() };
        let changed = [
            ThreadDoc { title: String::new(), question: "a".into(), ..doc.clone() },
            ThreadDoc { solution: Some(String::new()), ..doc.clone() },
            ThreadDoc { answers: vec![String::new()], ..doc.clone() },
            ThreadDoc { answer_post_ids: vec![7], ..doc.clone() },
            ThreadDoc { solved: true, ..doc.clone() },
            ThreadDoc { official: true, ..doc.clone() },
            ThreadDoc { tags: vec!["b".into()], ..doc.clone() },
        ];
        for other in changed {
            assert_ne!(other.fingerprint(), doc.fingerprint());
        }
    }
}
