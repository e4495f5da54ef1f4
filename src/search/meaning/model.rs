//! search room: what is known of a model beside its weights: its card, our note in its folder, and what can be wrong.
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Our own file in a model's folder.
pub const NOTE: &str = "loggia.toml";
/// The weights.
pub const WEIGHTS: &str = "model.safetensors";
/// What a model's folder has that the encoder reads; the first three must be there.
pub const FILES: &[&str] = &[
    "config.json",
    "tokenizer.json",
    WEIGHTS,
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
];
/// Bytes of the note at most.
const NOTE_MAX: u64 = 64 * 1024;

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("this program was built without the feature `meaning`")]
    NotBuilt,
    #[error("{0} is not in the model's folder")]
    Missing(String),
    #[error("{0} cannot be read: {1}")]
    Io(String, std::io::Error),
    #[error("{0} is damaged: {1}")]
    Damaged(String, String),
    /// It is whole, but of a kind we do not know.
    #[error("this model cannot be used: {0}")]
    Unfit(String),
}

/// What people and vectors have to know of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub name: String,
    /// Made from the files: another model, or the same with one number changed, has another.
    pub id: String,
    pub dims: usize,
    /// ISO 639-1.
    pub languages: Vec<String>,
}

/// What the operator may say of a model, and the sums `loggia model add` writes down.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default = "english")]
    pub languages: Vec<String>,
    /// SHA-256 of files, so that a flipped bit is found.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sums: BTreeMap<String, String>,
}

fn english() -> Vec<String> {
    vec!["en".into()]
}

impl Default for Note {
    fn default() -> Note {
        Note { name: None, languages: english(), sums: BTreeMap::new() }
    }
}

impl Note {
    /// The note in `dir`; where there is none, the model speaks English.
    ///
    /// # Errors
    /// When there is one that cannot be understood.
    pub fn read(dir: &Path) -> Result<Note, ModelError> {
        let path = dir.join(NOTE);
        let text = match std::fs::metadata(&path) {
            Ok(meta) if meta.len() > NOTE_MAX => {
                return Err(ModelError::Unfit(format!("{NOTE} is too large to be a note")));
            }
            Ok(_) => std::fs::read_to_string(&path).map_err(|error| ModelError::Io(NOTE.into(), error))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Note::default()),
            Err(error) => return Err(ModelError::Io(NOTE.into(), error)),
        };
        let note: Note = toml::from_str(&text)
            .map_err(|error| ModelError::Damaged(NOTE.into(), error.message().to_owned()))?;
        let named = note.name.as_deref().is_none_or(|name| {
            (1..=80).contains(&name.chars().count()) && !name.chars().any(char::is_control)
        });
        let spoken = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
        if !named || !note.languages.iter().all(spoken) || note.languages.is_empty() {
            return Err(ModelError::Unfit(format!(
                "{NOTE}: the name has 1 to 80 characters, and languages are codes of two small letters such as en"
            )));
        }
        Ok(note)
    }

    /// Compares what was read with the sums written down, where they were.
    ///
    /// # Errors
    /// `Damaged` for a file that is not the one that was added.
    pub fn check(&self, files: &[(&str, &[u8])], weights: &[u8; 32]) -> Result<(), ModelError> {
        let sums = files.iter().map(|(name, bytes)| (*name, hex(&Sha256::digest(bytes))));
        for (name, sum) in sums.chain([(WEIGHTS, hex(weights))]) {
            if self.sums.get(name).is_some_and(|known| *known != sum) {
                return Err(ModelError::Damaged(name.into(), "it is not the file that was added".into()));
            }
        }
        Ok(())
    }
}

/// SHA-256 of all that is left of a file, written as people do.
///
/// # Errors
/// When it cannot be read.
pub fn sum(input: &mut impl Read) -> std::io::Result<String> {
    let mut sum = Sha256::new();
    let mut bytes = vec![0u8; 1 << 16];
    loop {
        match input.read(&mut bytes)? {
            0 => return Ok(hex(&sum.finalize())),
            length => sum.update(&bytes[..length]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
