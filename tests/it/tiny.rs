//! tests: a sentence encoder of forty words and random but fixed weights, written in the usual form.
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;

pub const HIDDEN: usize = 32;
pub const HEADS: usize = 4;
pub const INNER: usize = 48;
pub const LAYERS: usize = 2;
pub const POSITIONS: usize = 40;
pub const EPS: f64 = 1e-12;
pub const WORDS: &[&str] = &[
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "how", "do", "i", "reset", "my", "password", "forgot", "and",
    "cannot", "sign", "in", "the", "lid", "of", "kettle", "is", "loose", "whistles", "router", "blinks",
    "red", "why", "does", "it", "a", "question", ".", "?", ",", "##s", "##ing", "##ed", "boil", "water",
    "filter", "light", "x", "##x",
];

/// Every tensor by name, with its shape.
pub fn tensors() -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let mut all = Vec::new();
    let mut tensor = |name: String, shape: &[usize], scale: f32, middle: f32| {
        let count = shape.iter().product();
        all.push((name, shape.to_vec(), (0..count).map(|_| middle + scale * random()).collect()));
    };
    tensor("embeddings.word_embeddings.weight".into(), &[WORDS.len(), HIDDEN], 1.0, 0.0);
    tensor("embeddings.position_embeddings.weight".into(), &[POSITIONS, HIDDEN], 0.1, 0.0);
    tensor("embeddings.token_type_embeddings.weight".into(), &[2, HIDDEN], 0.1, 0.0);
    let norms = (0..LAYERS).flat_map(|n| {
        ["attention.output.LayerNorm", "output.LayerNorm"].map(|name| format!("encoder.layer.{n}.{name}"))
    });
    for name in std::iter::once("embeddings.LayerNorm".to_owned()).chain(norms) {
        tensor(format!("{name}.weight"), &[HIDDEN], 0.2, 1.0);
        tensor(format!("{name}.bias"), &[HIDDEN], 0.1, 0.0);
    }
    for n in 0..LAYERS {
        for (name, from, to) in [
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", HIDDEN, INNER),
            ("output.dense", INNER, HIDDEN),
        ] {
            tensor(format!("encoder.layer.{n}.{name}.weight"), &[to, from], 0.3, 0.0);
            tensor(format!("encoder.layer.{n}.{name}.bias"), &[to], 0.1, 0.0);
        }
    }
    all
}

pub fn safetensors() -> Vec<u8> {
    let mut header = Map::new();
    let mut data: Vec<u8> = Vec::new();
    for (name, shape, values) in tensors() {
        let begin = data.len();
        values.iter().for_each(|value| data.extend(value.to_le_bytes()));
        header.insert(name, json!({"dtype": "F32", "shape": shape, "data_offsets": [begin, data.len()]}));
    }
    let header = Value::Object(header).to_string();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

pub fn config() -> Value {
    json!({
        "_name_or_path": "tests/tiny", "model_type": "bert", "hidden_act": "gelu", "hidden_size": HIDDEN,
        "num_attention_heads": HEADS, "intermediate_size": INNER, "num_hidden_layers": LAYERS,
        "vocab_size": WORDS.len(), "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "layer_norm_eps": EPS
    })
}

pub fn tokenizer() -> Value {
    let vocabulary: Map<String, Value> =
        WORDS.iter().enumerate().map(|(id, word)| ((*word).to_owned(), json!(id))).collect();
    json!({
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary}
    })
}

/// Writes the model into `folder`, which is made.
pub fn write(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("model.safetensors"), safetensors()).unwrap();
    fs::write(folder.join("config.json"), config().to_string()).unwrap();
    fs::write(folder.join("tokenizer.json"), tokenizer().to_string()).unwrap();
}
