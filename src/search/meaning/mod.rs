//! search room: meaning: a sentence encoder turns texts into vectors, and what means the same lies near.
//!
//! Off when there is no model. The encoder is a second opinion: it is asked with a deadline, on a thread of its own,
//! and nobody waits for it longer than that. What is compared are threads by their title and the beginning of their
//! question ([`passage`]); [`follow`] keeps their vectors up with the ledger.

#[cfg(not(feature = "meaning"))]
mod absent;
#[cfg(feature = "meaning")]
mod encoder;
pub mod follow;
mod model;
#[cfg(feature = "meaning")]
mod safetensors;
mod vectors;
#[cfg(feature = "meaning")]
mod wordpiece;

#[cfg(not(feature = "meaning"))]
pub use absent::Encoder;
#[cfg(feature = "meaning")]
pub use encoder::Encoder;
pub use model::{Card, FILES, ModelError, NOTE, Note, WEIGHTS, sum};
pub use vectors::{Entry, Seen, Vectors};

use super::analysis::Lang;
use super::document::bounded;
use crate::kernel::limits;
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

/// The text a thread is encoded from: what it is called and what it asks. The encoder reads its beginning.
pub fn passage(title: &str, question: &str) -> String {
    format!("{title}\n{question}")
}

/// A sum of a text, to see whether it is still the one that was encoded.
pub fn print(text: &str) -> u32 {
    crc32fast::hash(text.as_bytes())
}

/// The encoder of a running house, with the vectors of its threads.
pub struct Meaning {
    encoder: Arc<Encoder>,
    pub vectors: Vectors,
    folder: PathBuf,
    queue: SyncSender<Asked>,
    recent: Arc<Recent>,
    /// Apart from those of searches, which come and go: what is compared is compared again tomorrow.
    compared: Recent,
    /// Held by the one for whom many texts are encoded.
    comparing: Mutex<()>,
}

/// A text's numbers, of length one.
pub type Vector = Arc<[f32]>;

/// Vectors of what was looked for lately.
type Recent = Cache<String, Vector>;

/// A text that waits to be encoded.
struct Asked {
    text: String,
    until: Instant,
    reply: SyncSender<Vector>,
}

impl Meaning {
    /// Opens the model in `model` and its vectors in `folder`.
    ///
    /// # Errors
    /// When the model cannot be used, or the vectors cannot be read or written.
    pub fn open(model: &Path, folder: &Path) -> Result<Meaning, ModelError> {
        let encoder = Arc::new(Encoder::open(model)?);
        let card = encoder.card();
        let vectors = Vectors::open(folder, &card.id, card.dims)
            .map_err(|error| ModelError::Io(folder.display().to_string(), error))?;
        let recent = Arc::new(Recent::new(limits::MEANING_RECENT));
        let (queue, asked) = sync_channel(limits::MEANING_WAITING);
        let (own, kept) = (Arc::clone(&encoder), Arc::clone(&recent));
        std::thread::Builder::new()
            .name("meaning".into())
            .spawn(move || answer(&own, &kept, &asked))
            .map_err(|error| ModelError::Io("a thread".into(), error))?;
        let (compared, comparing) = (Recent::new(limits::MEANING_COMPARED), Mutex::new(()));
        Ok(Meaning { encoder, vectors, folder: folder.to_owned(), queue, recent, compared, comparing })
    }

    pub fn card(&self) -> &Card {
        self.encoder.card()
    }

    /// The vector of what somebody looks for, if it is there within `patience`: none while the encoder is busy, and
    /// none for a text in a language the model does not know.
    pub fn query(&self, text: &str, patience: Duration) -> Option<Vec<f32>> {
        let text = bounded(text.trim(), limits::MEANING_QUERY_BYTES);
        if text.is_empty() || !self.knows(Lang::guess(text)) {
            return None;
        }
        if let Some(vector) = self.recent.get(text) {
            return Some(vector.to_vec());
        }
        let (reply, answer) = sync_channel(1);
        let asked = Asked { text: text.to_owned(), until: Instant::now() + patience, reply };
        self.queue.try_send(asked).ok()?;
        answer.recv_timeout(patience).ok().map(|vector| vector.to_vec())
    }

    /// The vectors of texts that are compared with each other, each with its language where that is known: `None` for
    /// one in a language the model does not know.
    ///
    /// Nothing at all where they are not all there within `patience`, or those of somebody else are being made: half
    /// of them would tell another story than all. What was encoded is kept, so that the next one has less to wait for.
    /// They are encoded here and not in the queue: nobody's search waits behind them.
    pub fn several(&self, texts: &[(&str, Option<Lang>)], patience: Duration) -> Option<Vec<Option<Vector>>> {
        let until = Instant::now() + patience;
        let texts: Vec<Option<&str>> = texts
            .iter()
            .map(|(text, lang)| self.knows(*lang).then(|| bounded(text.trim(), limits::MEANING_QUERY_BYTES)))
            .map(|text| text.filter(|text| !text.is_empty()))
            .collect();
        let mut known: HashMap<&str, Vector> = HashMap::new();
        let mut missing: Vec<&str> = Vec::new();
        for text in texts.iter().flatten() {
            match self.compared.get(*text) {
                Some(vector) => drop(known.insert(text, vector)),
                None => missing.push(text),
            }
        }
        missing.sort_unstable();
        missing.dedup();
        let turn = match self.comparing.try_lock() {
            Ok(turn) => Some(turn),
            Err(TryLockError::Poisoned(turn)) => Some(turn.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        for some in missing.chunks(limits::MEANING_TEXTS_AT_ONCE) {
            if turn.is_none() || Instant::now() >= until {
                return None;
            }
            let made = catch_unwind(AssertUnwindSafe(|| self.encoder.encode(some)));
            let Some(made) = made.ok().and_then(Result::ok) else {
                tracing::warn!("texts that are to be compared could not be encoded");
                return None;
            };
            for (text, vector) in some.iter().zip(made) {
                let vector = Vector::from(vector);
                self.compared.insert((*text).to_owned(), Arc::clone(&vector));
                known.insert(text, vector);
            }
        }
        Some(texts.into_iter().map(|text| known.get(text?).cloned()).collect())
    }

    /// The `k` threads nearest to a query's vector among those `allowed`, nearest first, with the cosine. What was
    /// removed a moment ago may still be among them: ask the index.
    pub fn nearest(&self, query: &[f32], k: usize, allowed: Option<&dyn Fn(i64) -> bool>) -> Vec<(i64, f32)> {
        self.vectors.nearest(query, k, allowed)
    }

    /// Whether the model knows a language; of a text too short to tell, it is believed.
    fn knows(&self, lang: Option<Lang>) -> bool {
        lang.is_none_or(|lang| self.card().languages.iter().any(|code| code == lang.language().code))
    }
}

/// Encodes what is asked, one after the other, until the house closes. What nobody waits for any more is left out.
fn answer(encoder: &Encoder, recent: &Recent, asked: &Receiver<Asked>) {
    for Asked { text, until, reply } in asked {
        let known = recent.get(&text);
        let vector = match known {
            Some(vector) => vector,
            None if Instant::now() >= until => continue,
            None => {
                let made = catch_unwind(AssertUnwindSafe(|| encoder.encode(&[&text])));
                let Some(vector) = made.ok().and_then(Result::ok).and_then(|made| made.into_iter().next())
                else {
                    tracing::warn!("a query could not be encoded");
                    continue;
                };
                let vector: Vector = vector.into();
                recent.insert(text, Arc::clone(&vector));
                vector
            }
        };
        let _ = reply.send(vector);
    }
}

#[cfg(test)]
mod tests;
