//! search room: the pieces of words a BERT reads: the tokenizer of `tokenizer.json`, as far as such models use it.
use super::model::ModelError;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory as Category;
use serde_json::Value;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// Bytes of text looked at for each piece that is wanted: words have about five, and a book must not be read for
/// its first page.
const BYTES_PER_PIECE: usize = 64;
/// Characters of the longest piece that is tried; the longest in use have 18.
const PIECE_CHARS_MAX: usize = 64;

pub(super) struct WordPiece {
    /// Pieces that begin a word, and those that go on with one, without their mark.
    first: HashMap<Box<str>, u32>,
    further: HashMap<Box<str>, u32>,
    unknown: u32,
    begin: u32,
    end: u32,
    word_chars_max: usize,
    longest: usize,
    clean: bool,
    chinese: bool,
    strip_accents: bool,
    lowercase: bool,
}

impl WordPiece {
    /// Reads `tokenizer.json`; `rows` is how many pieces the weights know.
    pub(super) fn read(json: &[u8], rows: usize) -> Result<WordPiece, ModelError> {
        let unfit = |what: &str| ModelError::Unfit(format!("tokenizer.json: {what}"));
        let json: Value = serde_json::from_slice(json)
            .map_err(|error| ModelError::Damaged("tokenizer.json".into(), error.to_string()))?;
        let model = &json["model"];
        if model["type"].as_str().is_some_and(|kind| kind != "WordPiece") {
            return Err(unfit("only WordPiece is understood"));
        }
        let normalizer = &json["normalizer"];
        if normalizer["type"] != "BertNormalizer" || json["pre_tokenizer"]["type"] != "BertPreTokenizer" {
            return Err(unfit("only BertNormalizer and BertPreTokenizer are understood"));
        }
        let flag = |name: &str, usual: bool| match &normalizer[name] {
            Value::Null => Ok(usual),
            value => value.as_bool().ok_or_else(|| unfit(&format!("{name} is neither true nor false"))),
        };
        let lowercase = flag("lowercase", true)?;
        let mark = model["continuing_subword_prefix"].as_str().unwrap_or("##");
        let vocabulary = model["vocab"].as_object().ok_or_else(|| unfit("there is no vocabulary"))?;
        if vocabulary.is_empty() || vocabulary.len() > rows {
            return Err(unfit(&format!(
                "its vocabulary has {} pieces, the weights know {rows}; they do not belong together",
                vocabulary.len()
            )));
        }
        let mut first = HashMap::with_capacity(vocabulary.len());
        let mut further = HashMap::new();
        let mut seen = vec![false; rows];
        let mut longest = 1;
        for (piece, id) in vocabulary {
            let number = id.as_u64().and_then(|id| u32::try_from(id).ok());
            let slot = number.and_then(|id| seen.get_mut(id as usize));
            let (Some(id), Some(slot)) = (number, slot) else {
                return Err(unfit(&format!(
                    "the piece {piece:?} has the number {id}, which the weights do not know"
                )));
            };
            if std::mem::replace(slot, true) {
                return Err(unfit(&format!("two pieces have the number {id}")));
            }
            let rest = piece.strip_prefix(mark).filter(|rest| !rest.is_empty());
            longest = longest.max(rest.unwrap_or(piece).chars().count());
            match rest {
                Some(rest) => further.insert(rest.into(), id),
                None => first.insert(Box::from(piece.as_str()), id),
            };
        }
        let known = |name: &str| {
            first
                .get(name)
                .copied()
                .ok_or_else(|| unfit(&format!("the piece {name} is not in its vocabulary")))
        };
        let (begin, end) =
            frame(&json["post_processor"]).ok_or_else(|| unfit("what frames a text is not understood"))?;
        Ok(WordPiece {
            unknown: known(model["unk_token"].as_str().unwrap_or("[UNK]"))?,
            begin: known(&begin)?,
            end: known(&end)?,
            word_chars_max: model["max_input_chars_per_word"]
                .as_u64()
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(100)
                .min(1_000),
            longest: longest.min(PIECE_CHARS_MAX),
            clean: flag("clean_text", true)?,
            chinese: flag("handle_chinese_chars", true)?,
            strip_accents: flag("strip_accents", lowercase)?,
            lowercase,
            first,
            further,
        })
    }

    /// The numbers of the pieces of `text`, framed, `most` of them at most.
    pub(super) fn pieces(&self, text: &str, most: usize) -> Vec<u32> {
        let room = most.saturating_sub(1);
        let mut out = Vec::with_capacity(most.min(64));
        out.push(self.begin);
        let text = crate::search::document::bounded(text, most.saturating_mul(BYTES_PER_PIECE));
        let text = self.normal(text);
        let mut word = Vec::new();
        for c in text.chars() {
            if out.len() >= room {
                break;
            }
            let white = c.is_whitespace();
            let alone = !white && is_punctuation(c);
            if white || alone {
                self.word(&word, &mut out);
                word.clear();
            }
            if alone {
                self.word(&[c], &mut out);
            } else if !white {
                word.push(c);
            }
        }
        self.word(&word, &mut out);
        out.truncate(room.max(1));
        out.push(self.end);
        out
    }

    fn normal(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        for c in text.chars() {
            if self.clean {
                if c == '\0' || c == '\u{fffd}' || is_control(c) {
                    continue;
                }
                if c.is_whitespace() {
                    clean.push(' ');
                    continue;
                }
            }
            if self.chinese && is_chinese(c) {
                clean.extend([' ', c, ' ']);
            } else {
                clean.push(c);
            }
        }
        if self.strip_accents && !clean.is_ascii() {
            clean = clean.nfd().filter(|c| category(*c) != Category::NonspacingMark).collect();
        }
        if self.lowercase { clean.chars().flat_map(char::to_lowercase).collect() } else { clean }
    }

    /// The longest pieces that make up the word, from its beginning; one unknown where they do not.
    fn word(&self, word: &[char], out: &mut Vec<u32>) {
        if word.is_empty() {
            return;
        }
        if word.len() > self.word_chars_max {
            out.push(self.unknown);
            return;
        }
        let before = out.len();
        let mut at = 0;
        let mut piece = String::new();
        while at < word.len() {
            let table = if at == 0 { &self.first } else { &self.further };
            let mut end = word.len().min(at + self.longest);
            let found = loop {
                if end == at {
                    break None;
                }
                piece.clear();
                piece.extend(&word[at..end]);
                if let Some(id) = table.get(piece.as_str()) {
                    break Some(*id);
                }
                end -= 1;
            };
            let Some(id) = found else {
                out.truncate(before);
                out.push(self.unknown);
                return;
            };
            out.push(id);
            at = end;
        }
    }
}

/// The names of the pieces that begin and end every text.
fn frame(post: &Value) -> Option<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match post["type"].as_str() {
        Some("BertProcessing") => Some((text(&post["cls"][0])?, text(&post["sep"][0])?)),
        Some("TemplateProcessing") => match post["single"].as_array()?.as_slice() {
            [begin, middle, end] if middle["Sequence"]["id"] == "A" => {
                Some((text(&begin["SpecialToken"]["id"])?, text(&end["SpecialToken"]["id"])?))
            }
            _ => None,
        },
        _ => None,
    }
}

fn category(c: char) -> Category {
    CodePointMapData::<Category>::new().get(c)
}

fn is_control(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r');
    }
    matches!(category(c), Category::Control | Category::Format | Category::PrivateUse | Category::Surrogate)
}

fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_punctuation();
    }
    matches!(
        category(c),
        Category::ConnectorPunctuation
            | Category::DashPunctuation
            | Category::OpenPunctuation
            | Category::ClosePunctuation
            | Category::InitialPunctuation
            | Category::FinalPunctuation
            | Category::OtherPunctuation
    )
}

fn is_chinese(c: char) -> bool {
    matches!(
        u32::from(c),
        0x4e00..=0x9fff
            | 0x3400..=0x4dbf
            | 0x20000..=0x2a6df
            | 0x2a700..=0x2b73f
            | 0x2b740..=0x2b81f
            | 0x2b920..=0x2ceaf
            | 0xf900..=0xfaff
            | 0x2f800..=0x2fa1f
    )
}
