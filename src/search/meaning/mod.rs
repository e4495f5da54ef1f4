//! search room: meaning: a sentence encoder turns texts into vectors, and what means the same lies near.
//!
//! Off when there is no model. The encoder is the second opinion: it is asked with a deadline, and nobody waits for
//! it longer than that.

#[cfg(not(feature = "meaning"))]
mod absent;
#[cfg(feature = "meaning")]
mod encoder;
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
pub use model::{Card, ModelError, Note};
pub use vectors::{Entry, Seen, Vectors};

/// The text a thread is encoded from: what it is called and what it asks. The encoder reads its beginning.
pub fn passage(title: &str, question: &str) -> String {
    format!("{title}\n{question}")
}

/// A sum of a text (FNV-1a), to see whether it is still the one that was encoded.
pub fn print(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
