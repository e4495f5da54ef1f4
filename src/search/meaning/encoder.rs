//! search room: the sentence encoder: a BERT from a folder of the usual form, run on the processor.
//!
//! The forward pass is our own over `ndarray`'s products of matrices, since the one family of models is a hundred lines
//! and a framework a hundred crates. Texts of a batch lie one behind the other without padding: each row of the
//! products is a piece of a text, and only attention looks at texts one by one.
use super::model::{Card, ModelError, Note, WEIGHTS};
use super::safetensors::{self, Tensor};
use super::wordpiece::WordPiece;
use crate::kernel::limits;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut1, Axis, linalg::general_mat_mul, s};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;

/// Pieces whose rows go through the layers together: more gains nothing and takes memory (12 KB each).
const PIECES_AT_ONCE: usize = 512;
/// Sides of a model that are believed; beyond them a number is damage, or nothing for a forum's processor.
const HIDDEN_MAX: usize = 1_024;
const INNER_MAX: usize = 4_096;
const LAYERS_MAX: usize = 24;
const VOCABULARY_MAX: usize = 300_000;
const POSITIONS_MAX: usize = 8_192;
/// Bytes of a file beside the weights.
const JSON_MAX: u64 = 32 * 1024 * 1024;

/// A sentence encoder, ready to use from any thread.
pub struct Encoder {
    card: Card,
    bert: Bert,
    words: WordPiece,
    pieces_max: usize,
}

impl Encoder {
    /// Opens the model in `dir`: `model.safetensors`, `tokenizer.json`, `config.json`, and where they are there
    /// `modules.json`, `1_Pooling/config.json`, `sentence_bert_config.json` and our own `loggia.toml`.
    ///
    /// # Errors
    /// When a file is missing or damaged, or says what this encoder does not do.
    pub fn open(dir: &Path) -> Result<Encoder, ModelError> {
        let note = Note::read(dir)?;
        let config_bytes =
            read(dir, "config.json")?.ok_or_else(|| ModelError::Missing("config.json".into()))?;
        let shape = Shape::read(&parse("config.json", &config_bytes)?)?;
        modules(dir)?;
        let first_piece = pooling(dir)?;
        let tokenizer =
            read(dir, "tokenizer.json")?.ok_or_else(|| ModelError::Missing("tokenizer.json".into()))?;
        let words = WordPiece::read(&tokenizer, shape.vocabulary)?;
        let weights = dir.join(WEIGHTS);
        if !weights.is_file() {
            return Err(ModelError::Missing(WEIGHTS.into()));
        }
        let (mut tensors, sum) =
            safetensors::read(&weights, |name| !name.contains("pooler.") && !name.ends_with("position_ids"))?;
        note.check(&[("config.json", &config_bytes), ("tokenizer.json", &tokenizer)], &sum)?;
        let bert = Bert::build(&shape, first_piece, &mut tensors)?;
        let mut all = Sha256::new();
        for part in [config_bytes.as_slice(), tokenizer.as_slice(), &sum, &[u8::from(first_piece)]] {
            all.update((part.len() as u64).to_le_bytes());
            all.update(part);
        }
        let digest: [u8; 32] = all.finalize().into();
        let id = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let pieces_max = match read(dir, "sentence_bert_config.json")? {
            None => shape.positions,
            Some(bytes) => {
                number(&parse("sentence_bert_config.json", &bytes)?, "max_seq_length", 2, POSITIONS_MAX)?
                    .min(shape.positions)
            }
        };
        let name = note.name.unwrap_or_else(|| shape.name.clone());
        let card = Card { name, id, dims: shape.hidden, languages: note.languages };
        let encoder = Encoder { card, bert, words, pieces_max };
        // What cannot encode a word is found now and not by a visitor.
        encoder.encode(&["A question."])?;
        Ok(encoder)
    }

    /// The vector of everything that is looked for, of length one ([`limits::MEANING_QUERY_PIECES`]).
    ///
    /// # Errors
    /// When the weights make no numbers of a text.
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.encode_pieces(texts, limits::MEANING_QUERY_PIECES)
    }

    /// The vector of everything that is found ([`limits::MEANING_PASSAGE_PIECES`]); see [`super::passage`].
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_passages(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.encode_pieces(texts, limits::MEANING_PASSAGE_PIECES)
    }

    /// The vectors from the first `most` pieces of each text, or as many as the model takes.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_pieces(&self, texts: &[&str], most: usize) -> Result<Vec<Vec<f32>>, ModelError> {
        let most = most.clamp(2, self.pieces_max.max(2));
        let mut out = Vec::with_capacity(texts.len());
        let mut pieces: Vec<u32> = Vec::new();
        let mut lengths: Vec<usize> = Vec::new();
        for text in texts {
            let more = self.words.pieces(text, most);
            if pieces.len() + more.len() > PIECES_AT_ONCE && !lengths.is_empty() {
                self.bert.run(&pieces, &lengths, &mut out)?;
                pieces.clear();
                lengths.clear();
            }
            lengths.push(more.len());
            pieces.extend(more);
        }
        if !lengths.is_empty() {
            self.bert.run(&pieces, &lengths, &mut out)?;
        }
        Ok(out)
    }

    /// Numbers of a vector.
    pub fn dims(&self) -> usize {
        self.card.dims
    }

    /// What people call the model.
    pub fn name(&self) -> &str {
        &self.card.name
    }

    /// Codes of the languages the model knows (ISO 639-1).
    pub fn languages(&self) -> &[String] {
        &self.card.languages
    }

    /// What is to be known of the model beside its weights.
    pub fn card(&self) -> &Card {
        &self.card
    }
}

fn read(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, ModelError> {
    let path = dir.join(name);
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ModelError::Io(name.into(), error)),
        Ok(meta) if meta.len() > JSON_MAX => {
            return Err(ModelError::Unfit(format!("{name} is too large to be what it should be")));
        }
        Ok(_) => {}
    }
    std::fs::read(&path).map(Some).map_err(|error| ModelError::Io(name.into(), error))
}

fn parse(name: &str, bytes: &[u8]) -> Result<Value, ModelError> {
    serde_json::from_slice(bytes).map_err(|error| ModelError::Damaged(name.into(), error.to_string()))
}

fn number(json: &Value, name: &str, low: usize, high: usize) -> Result<usize, ModelError> {
    json[name].as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| (low..=high).contains(n)).ok_or_else(
        || ModelError::Unfit(format!("{name} is {}, and not a number from {low} to {high}", json[name])),
    )
}

/// The sides of a model, from `config.json`.
struct Shape {
    name: String,
    hidden: usize,
    inner: usize,
    heads: usize,
    layers: usize,
    vocabulary: usize,
    positions: usize,
    kinds: usize,
    eps: f32,
}

impl Shape {
    fn read(json: &Value) -> Result<Shape, ModelError> {
        let fixed = |name: &str, only: &str, usual: Option<&str>| match json[name].as_str().or(usual) {
            Some(value) if value == only => Ok(()),
            _ => Err(ModelError::Unfit(format!(
                "config.json: {name} is {}, only {only} is understood",
                json[name]
            ))),
        };
        fixed("model_type", "bert", None)?;
        fixed("hidden_act", "gelu", None)?;
        fixed("position_embedding_type", "absolute", Some("absolute"))?;
        let hidden = number(json, "hidden_size", 8, HIDDEN_MAX)?;
        let heads = number(json, "num_attention_heads", 1, hidden)?;
        if hidden % heads != 0 {
            return Err(ModelError::Unfit(format!("hidden_size {hidden} cannot be shared by {heads} heads")));
        }
        let eps = match &json["layer_norm_eps"] {
            Value::Null => 1e-12,
            value => value.as_f64().filter(|eps| (0.0..=0.1).contains(eps)).ok_or_else(|| {
                ModelError::Unfit(format!("layer_norm_eps is {value}, and not a number from 0 to 0.1"))
            })?,
        };
        let name = json["_name_or_path"].as_str().unwrap_or_default();
        let name: String = name
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_control())
            .take(80)
            .collect();
        Ok(Shape {
            name: if name.is_empty() { "a BERT without a name".into() } else { name },
            hidden,
            heads,
            inner: number(json, "intermediate_size", 8, INNER_MAX)?,
            layers: number(json, "num_hidden_layers", 1, LAYERS_MAX)?,
            vocabulary: number(json, "vocab_size", 4, VOCABULARY_MAX)?,
            positions: number(json, "max_position_embeddings", 8, POSITIONS_MAX)?,
            kinds: number(json, "type_vocab_size", 1, 16)?,
            eps: eps as f32,
        })
    }
}

/// A model may have steps behind the encoder; lengths of one are made here anyway, others are not understood.
fn modules(dir: &Path) -> Result<(), ModelError> {
    let Some(bytes) = read(dir, "modules.json")? else { return Ok(()) };
    for module in parse("modules.json", &bytes)?.as_array().into_iter().flatten() {
        let kind = module["type"].as_str().unwrap_or_default();
        if !matches!(kind.rsplit('.').next(), Some("Transformer" | "Pooling" | "Normalize")) {
            return Err(ModelError::Unfit(format!("modules.json: {kind} is not understood")));
        }
    }
    Ok(())
}

/// Whether a text's vector is that of its first piece and not the mean of all.
fn pooling(dir: &Path) -> Result<bool, ModelError> {
    let Some(bytes) = read(dir, "1_Pooling/config.json")? else { return Ok(false) };
    let json = parse("1_Pooling/config.json", &bytes)?;
    let on: Vec<&str> = json
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| name.starts_with("pooling_mode_") && value.as_bool() == Some(true))
        .map(|(name, _)| name.as_str())
        .collect();
    match on.as_slice() {
        ["pooling_mode_mean_tokens"] => Ok(false),
        ["pooling_mode_cls_token"] => Ok(true),
        other => Err(ModelError::Unfit(format!(
            "1_Pooling/config.json: {} is not understood",
            other.join(" with ")
        ))),
    }
}

/// A product and what is added to it.
struct Linear {
    /// Inputs by outputs.
    weight: Array2<f32>,
    bias: Array1<f32>,
}

impl Linear {
    fn of(&self, input: &Array2<f32>) -> Array2<f32> {
        let mut out = Array2::zeros((input.nrows(), self.weight.ncols()));
        out += &self.bias;
        general_mat_mul(1.0, input, &self.weight, 1.0, &mut out);
        out
    }
}

struct Norm {
    weight: Array1<f32>,
    bias: Array1<f32>,
    eps: f32,
}

impl Norm {
    fn apply(&self, rows: &mut Array2<f32>) {
        for mut row in rows.rows_mut() {
            let mean = row.mean().unwrap_or(0.0);
            row -= mean;
            let variance = row.dot(&row) / row.len() as f32;
            row *= 1.0 / (variance + self.eps).sqrt();
            row *= &self.weight;
            row += &self.bias;
        }
    }
}

struct Layer {
    /// Query, key and value in one.
    asking: Linear,
    attention_out: Linear,
    attention_norm: Norm,
    inner: Linear,
    out: Linear,
    norm: Norm,
}

struct Bert {
    words: Array2<f32>,
    /// With the vector of the only kind of text there is.
    positions: Array2<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
    first_piece: bool,
}

/// Takes tensors by name and shape.
struct Weights<'a> {
    tensors: &'a mut HashMap<String, Tensor>,
    prefix: &'static str,
    eps: f32,
}

impl Weights<'_> {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        let name = format!("{}{name}", self.prefix);
        let tensor = self
            .tensors
            .remove(&name)
            .ok_or_else(|| ModelError::Unfit(format!("model.safetensors has no tensor {name}")))?;
        if tensor.shape != shape {
            return Err(ModelError::Unfit(format!(
                "the tensor {name} is of the shape {:?}, config.json asks for {shape:?}",
                tensor.shape
            )));
        }
        Ok(tensor.values)
    }

    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<Array2<f32>, ModelError> {
        let values = self.take(name, &[rows, columns])?;
        Array2::from_shape_vec((rows, columns), values)
            .map_err(|error| ModelError::Damaged("model.safetensors".into(), error.to_string()))
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Array1<f32>, ModelError> {
        self.take(name, &[length]).map(Array1::from_vec)
    }

    /// One product of several that have the same input.
    fn linear(&mut self, names: &[String], inputs: usize, outputs: usize) -> Result<Linear, ModelError> {
        let mut weight = Array2::zeros((inputs, outputs * names.len()));
        let mut bias = Array1::zeros(outputs * names.len());
        for (n, name) in names.iter().enumerate() {
            let columns = n * outputs..(n + 1) * outputs;
            weight
                .slice_mut(s![.., columns.clone()])
                .assign(&self.matrix(&format!("{name}.weight"), outputs, inputs)?.t());
            bias.slice_mut(s![columns]).assign(&self.vector(&format!("{name}.bias"), outputs)?);
        }
        Ok(Linear { weight, bias })
    }

    fn norm(&mut self, name: &str, length: usize) -> Result<Norm, ModelError> {
        Ok(Norm {
            weight: self.vector(&format!("{name}.weight"), length)?,
            bias: self.vector(&format!("{name}.bias"), length)?,
            eps: self.eps,
        })
    }
}

impl Bert {
    fn build(
        shape: &Shape,
        first_piece: bool,
        tensors: &mut HashMap<String, Tensor>,
    ) -> Result<Bert, ModelError> {
        let prefixed = tensors.contains_key("bert.embeddings.word_embeddings.weight");
        let mut from = Weights { tensors, prefix: if prefixed { "bert." } else { "" }, eps: shape.eps };
        let hidden = shape.hidden;
        let kinds = from.matrix("embeddings.token_type_embeddings.weight", shape.kinds, hidden)?;
        let mut positions = from.matrix("embeddings.position_embeddings.weight", shape.positions, hidden)?;
        positions += &kinds.row(0);
        let words = from.matrix("embeddings.word_embeddings.weight", shape.vocabulary, hidden)?;
        let norm = from.norm("embeddings.LayerNorm", hidden)?;
        let layers = (0..shape.layers)
            .map(|n| {
                let at = |name: &str| format!("encoder.layer.{n}.{name}");
                let asking = ["query", "key", "value"].map(|name| at(&format!("attention.self.{name}")));
                Ok(Layer {
                    asking: from.linear(&asking, hidden, hidden)?,
                    attention_out: from.linear(&[at("attention.output.dense")], hidden, hidden)?,
                    attention_norm: from.norm(&at("attention.output.LayerNorm"), hidden)?,
                    inner: from.linear(&[at("intermediate.dense")], hidden, shape.inner)?,
                    out: from.linear(&[at("output.dense")], shape.inner, hidden)?,
                    norm: from.norm(&at("output.LayerNorm"), hidden)?,
                })
            })
            .collect::<Result<Vec<_>, ModelError>>()?;
        if tensors.keys().any(|name| name.contains("encoder.layer.")) {
            return Err(ModelError::Unfit("model.safetensors has more layers than config.json says".into()));
        }
        Ok(Bert { words, positions, norm, layers, heads: shape.heads, first_piece })
    }

    /// Adds the vector of every text to `out`; `pieces` are those of all texts, one behind the other.
    fn run(&self, pieces: &[u32], lengths: &[usize], out: &mut Vec<Vec<f32>>) -> Result<(), ModelError> {
        let hidden = self.words.ncols();
        let mut rows = Array2::zeros((pieces.len(), hidden));
        let mut texts = Vec::with_capacity(lengths.len());
        let mut begin = 0;
        for length in lengths {
            texts.push(begin..begin + length);
            for at in 0..*length {
                let mut row = rows.row_mut(begin + at);
                // The tokenizer was checked against the number of rows.
                row += &self.words.row(pieces[begin + at] as usize);
                row += &self.positions.row(at);
            }
            begin += length;
        }
        self.norm.apply(&mut rows);
        for layer in &self.layers {
            let asked = layer.asking.of(&rows);
            let mut heard = Array2::zeros((pieces.len(), hidden));
            for text in &texts {
                self.attend(asked.slice(s![text.clone(), ..]), &mut heard.slice_mut(s![text.clone(), ..]));
            }
            rows += &layer.attention_out.of(&heard);
            layer.attention_norm.apply(&mut rows);
            let mut inner = layer.inner.of(&rows);
            inner.mapv_inplace(gelu);
            rows += &layer.out.of(&inner);
            layer.norm.apply(&mut rows);
        }
        for text in texts {
            let own = rows.slice(s![text, ..]);
            let mut vector = if self.first_piece {
                own.row(0).to_vec()
            } else {
                own.mean_axis(Axis(0)).map(|mean| mean.to_vec()).unwrap_or_default()
            };
            let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            if !length.is_normal() {
                return Err(ModelError::Damaged(
                    "model.safetensors".into(),
                    "its vectors are no numbers".into(),
                ));
            }
            vector.iter_mut().for_each(|x| *x /= length);
            out.push(vector);
        }
        Ok(())
    }

    fn attend(&self, asked: ArrayView2<'_, f32>, heard: &mut ndarray::ArrayViewMut2<'_, f32>) {
        let hidden = heard.ncols();
        let width = hidden / self.heads;
        let scale = 1.0 / (width as f32).sqrt();
        let length = asked.nrows();
        let mut weights = Array2::zeros((length, length));
        for head in 0..self.heads {
            let part = |n: usize| {
                let begin = n * hidden + head * width;
                asked.slice(s![.., begin..begin + width])
            };
            general_mat_mul(scale, &part(0), &part(1).t(), 0.0, &mut weights);
            weights.rows_mut().into_iter().for_each(softmax);
            let mut out = heard.slice_mut(s![.., head * width..(head + 1) * width]);
            general_mat_mul(1.0, &weights, &part(2), 0.0, &mut out);
        }
    }
}

fn softmax(mut row: ArrayViewMut1<'_, f32>) {
    let most = row.fold(f32::MIN, |most, x| most.max(*x));
    row.mapv_inplace(|x| exp(x - most));
    row /= row.sum();
}

/// `e` to a number not above zero, to five digits and more, in steps the compiler can do for many numbers at once.
fn exp(x: f32) -> f32 {
    /// Added to a small number and taken away again, it rounds it; its last bits are then the whole number.
    const ROUND: f32 = 12_582_912.0;
    let x = x.max(-87.0) * std::f32::consts::LOG2_E;
    let rounded = x + ROUND;
    let rest = (x - (rounded - ROUND)) * std::f32::consts::LN_2;
    let power = f32::from_bits(rounded.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23);
    let series = 1.0 / 5_040.0;
    let series = series * rest + 1.0 / 720.0;
    let series = series * rest + 1.0 / 120.0;
    let series = series * rest + 1.0 / 24.0;
    let series = series * rest + 1.0 / 6.0;
    let series = series * rest + 0.5;
    let series = series * rest + 1.0;
    (series * rest + 1.0) * power
}

/// The exact GELU: `x` times the share of a normal distribution below it.
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// The error function to about seven digits, as a quotient of two polynomials (the one Eigen and XLA use), without a
/// branch, so that the compiler can do many at once.
fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let y = x * x;
    let over = -2.726_142_3e-10;
    let over = over * y + 2.770_681_4e-8;
    let over = over * y - 2.101_024e-6;
    let over = over * y - 5.692_506_4e-5;
    let over = over * y - 7.349_906_3e-4;
    let over = over * y - 2.954_6e-3;
    let over = over * y - 1.609_603_3e-2;
    let under = -1.456_607_2e-5;
    let under = under * y - 2.133_740_6e-4;
    let under = under * y - 1.682_827e-3;
    let under = under * y - 7.373_329e-3;
    let under = under * y - 1.426_473_9e-2;
    x * over / under
}

#[cfg(test)]
mod tests {
    use super::{erf, exp};

    #[test]
    fn the_quick_functions_are_the_exact_ones_as_far_as_a_score_can_tell() {
        // Of a table.
        for (x, value) in [
            (0.0, 0.0),
            (0.1, 0.112_462_92),
            (0.5, 0.520_499_9),
            (1.0, 0.842_700_8),
            (2.0, 0.995_322_3),
            (-3.0, -0.999_977_9),
            (9.0, 1.0),
        ] {
            assert!((erf(x) - value).abs() < 1e-6, "erf {x}: {}", erf(x));
        }
        for step in 0..8_000 {
            let x = -(step as f32) / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= exact * 1e-5 + 1e-37, "exp {x}");
        }
    }
}
