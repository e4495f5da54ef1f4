//! search room: stands in for the encoder in a program built without the feature `meaning`: no model can be opened.
use super::model::{Card, ModelError};
use std::convert::Infallible;
use std::path::Path;

/// There is none in this program.
pub struct Encoder(Infallible);

impl Encoder {
    /// # Errors
    /// Always.
    pub fn open(_dir: &Path) -> Result<Encoder, ModelError> {
        Err(ModelError::NotBuilt)
    }

    /// # Errors
    /// Never, since there is no encoder.
    pub fn encode(&self, _texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        match self.0 {}
    }

    /// # Errors
    /// Never, since there is no encoder.
    pub fn encode_passages(&self, _texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        match self.0 {}
    }

    /// # Errors
    /// Never, since there is no encoder.
    pub fn encode_pieces(&self, _texts: &[&str], _most: usize) -> Result<Vec<Vec<f32>>, ModelError> {
        match self.0 {}
    }

    pub fn dims(&self) -> usize {
        match self.0 {}
    }

    pub fn name(&self) -> &str {
        match self.0 {}
    }

    pub fn languages(&self) -> &[String] {
        match self.0 {}
    }

    pub fn card(&self) -> &Card {
        match self.0 {}
    }
}
