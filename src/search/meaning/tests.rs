//! search room: the encoder against a naive one, damage of models and vectors, and the nearest against all.
#![cfg(feature = "meaning")]
#[path = "../../../tests/it/tiny.rs"]
mod tiny;

use self::tiny::{EPS, HEADS, HIDDEN, INNER, LAYERS, WORDS};
use super::{Encoder, Entry, Meaning, ModelError, NOTE, Note, Vectors, WEIGHTS};
use crate::search::analysis::Lang;
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::time::Duration;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn opened() -> Encoder {
    let dir = folder();
    tiny::write(dir.path());
    Encoder::open(dir.path()).unwrap()
}

/// The forward pass of a BERT as the paper has it, number by number.
fn naive(ids: &[usize]) -> Vec<f64> {
    let tensors: HashMap<String, Vec<f64>> = tiny::tensors()
        .into_iter()
        .map(|(name, _, values)| (name, values.into_iter().map(f64::from).collect()))
        .collect();
    let of = |name: &str| &tensors[name];
    let linear = |name: &str, input: &[f64], outputs: usize| -> Vec<f64> {
        let (weight, bias) = (of(&format!("{name}.weight")), of(&format!("{name}.bias")));
        let inputs = input.len();
        (0..outputs)
            .map(|o| bias[o] + (0..inputs).map(|i| weight[o * inputs + i] * input[i]).sum::<f64>())
            .collect()
    };
    let norm = |name: &str, row: &[f64]| -> Vec<f64> {
        let (weight, bias) = (of(&format!("{name}.weight")), of(&format!("{name}.bias")));
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64;
        (0..row.len()).map(|i| (row[i] - mean) / (variance + EPS).sqrt() * weight[i] + bias[i]).collect()
    };
    let add = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a + b).collect() };
    let mut rows: Vec<Vec<f64>> = ids
        .iter()
        .enumerate()
        .map(|(at, id)| {
            let row: Vec<f64> = (0..HIDDEN)
                .map(|i| {
                    of("embeddings.word_embeddings.weight")[id * HIDDEN + i]
                        + of("embeddings.position_embeddings.weight")[at * HIDDEN + i]
                        + of("embeddings.token_type_embeddings.weight")[i]
                })
                .collect();
            norm("embeddings.LayerNorm", &row)
        })
        .collect();
    let width = HIDDEN / HEADS;
    for n in 0..LAYERS {
        let at = |name: &str| format!("encoder.layer.{n}.{name}");
        let asked: Vec<[Vec<f64>; 3]> = rows
            .iter()
            .map(|row| {
                ["query", "key", "value"]
                    .map(|name| linear(&at(&format!("attention.self.{name}")), row, HIDDEN))
            })
            .collect();
        let mut next = Vec::new();
        for (row, [query, ..]) in rows.iter().zip(&asked) {
            let mut heard = vec![0.0; HIDDEN];
            for head in 0..HEADS {
                let part = head * width..(head + 1) * width;
                let scores: Vec<f64> = asked
                    .iter()
                    .map(|[_, key, _]| {
                        let dot: f64 = part.clone().map(|i| query[i] * key[i]).sum();
                        (dot / (width as f64).sqrt()).exp()
                    })
                    .collect();
                let all: f64 = scores.iter().sum();
                for (score, [.., value]) in scores.iter().zip(&asked) {
                    part.clone().for_each(|i| heard[i] += score / all * value[i]);
                }
            }
            let row = add(row, &linear(&at("attention.output.dense"), &heard, HIDDEN));
            let row = norm(&at("attention.output.LayerNorm"), &row);
            let inner: Vec<f64> =
                linear(&at("intermediate.dense"), &row, INNER).into_iter().map(|x| x * below(x)).collect();
            let row = add(&row, &linear(&at("output.dense"), &inner, HIDDEN));
            next.push(norm(&at("output.LayerNorm"), &row));
        }
        rows = next;
    }
    let mean: Vec<f64> =
        (0..HIDDEN).map(|i| rows.iter().map(|row| row[i]).sum::<f64>() / rows.len() as f64).collect();
    let length = mean.iter().map(|x| x * x).sum::<f64>().sqrt();
    mean.into_iter().map(|x| x / length).collect()
}

/// The share of a normal distribution below `x`, by its series.
fn below(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= x * x / f64::from(2 * n + 1);
        sum += term;
    }
    0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

fn ids(words: &[&str]) -> Vec<usize> {
    words.iter().map(|word| WORDS.iter().position(|known| known == word).unwrap()).collect()
}

#[test]
fn a_text_has_the_vector_that_a_plain_forward_pass_gives_it() {
    let encoder = opened();
    let texts = [
        ("How do I reset my router?", vec!["how", "do", "i", "reset", "my", "router", "?"]),
        ("KETTLES boiled,  wäter", vec!["kettle", "##s", "boil", "##ed", ",", "water"]),
        ("nobody knows xxx", vec!["[UNK]", "[UNK]", "x", "##x", "##x"]),
        ("", vec![]),
    ];
    let encoded = encoder.encode(&texts.each_ref().map(|(text, _)| *text)).unwrap();
    for ((text, pieces), vector) in texts.iter().zip(encoded) {
        let framed: Vec<&str> = ["[CLS]"].iter().chain(pieces).chain(&["[SEP]"]).copied().collect();
        for (own, exact) in vector.iter().zip(naive(&ids(&framed))) {
            assert!((f64::from(*own) - exact).abs() < 1e-4, "{text}: {own} is not {exact}");
        }
    }
}

#[test]
fn a_text_has_the_same_vector_whatever_stands_beside_it_and_however_long_it_is() {
    let encoder = opened();
    let long = "the kettle whistles ".repeat(400);
    let texts: Vec<&str> = (0..60).map(|n| [long.as_str(), "a question", "why does it"][n % 3]).collect();
    let together = encoder.encode(&texts).unwrap();
    for (text, vector) in texts.iter().zip(&together) {
        let alone = &encoder.encode(&[text]).unwrap()[0];
        assert!(alone.iter().zip(vector).all(|(a, b)| (a - b).abs() < 1e-5));
        assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
    }
    let cut = encoder.encode_pieces(&["the kettle whistles the kettle"], 5).unwrap();
    let short = encoder.encode_pieces(&["the kettle whistles"], 5).unwrap();
    assert_eq!(cut, short, "what stands behind the last piece that is read changes nothing");
}

fn refused(change: impl FnOnce(&Path)) -> String {
    let dir = folder();
    tiny::write(dir.path());
    change(dir.path());
    match Encoder::open(dir.path()) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_model_of_another_kind_is_refused_with_a_reason() {
    for (name, value, reason) in [
        ("model_type", json!("roberta"), "model_type"),
        ("hidden_act", json!("relu"), "hidden_act"),
        ("position_embedding_type", json!("relative_key"), "position_embedding_type"),
        ("hidden_size", json!(64), "shape"),
        ("hidden_size", json!(1e30), "hidden_size"),
        ("num_attention_heads", json!(5), "heads"),
        ("num_hidden_layers", json!(3), "no tensor"),
        ("num_hidden_layers", json!(1), "more layers"),
        ("vocab_size", json!(20), "do not belong together"),
        ("vocab_size", json!(100), "shape"),
        ("max_position_embeddings", json!(-1), "max_position_embeddings"),
        ("layer_norm_eps", json!("none"), "layer_norm_eps"),
    ] {
        let said = refused(|dir| {
            let mut config = tiny::config();
            config[name] = value.clone();
            fs::write(dir.join("config.json"), config.to_string()).unwrap();
        });
        assert!(said.contains(reason), "{name} {value}: {said}");
    }
    let said = refused(|dir| {
        let mut tokenizer = tiny::tokenizer();
        tokenizer["model"]["type"] = json!("BPE");
        fs::write(dir.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    });
    assert!(said.contains("WordPiece"), "{said}");
    let said = refused(|dir| {
        let mut tokenizer = tiny::tokenizer();
        tokenizer["model"]["vocab"]["kettle"] = json!(4_000_000_000u64);
        fs::write(dir.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    });
    assert!(said.contains("kettle"), "{said}");
    let said = refused(|dir| {
        fs::create_dir(dir.join("1_Pooling")).unwrap();
        fs::write(dir.join("1_Pooling/config.json"), json!({"pooling_mode_max_tokens": true}).to_string())
            .unwrap();
    });
    assert!(said.contains("pooling_mode_max_tokens"), "{said}");
    for file in ["config.json", "tokenizer.json", WEIGHTS] {
        assert!(refused(|dir| fs::remove_file(dir.join(file)).unwrap()).contains(file));
        assert!(refused(|dir| fs::write(dir.join(file), "{\"").unwrap()).contains(file));
    }
}

#[test]
fn cut_or_flipped_weights_are_refused_and_never_a_panic() {
    let whole = tiny::safetensors();
    let dir = folder();
    tiny::write(dir.path());
    let weights = dir.path().join(WEIGHTS);
    for cut in (0..whole.len()).step_by(whole.len() / 60) {
        fs::write(&weights, &whole[..cut]).unwrap();
        assert!(Encoder::open(dir.path()).is_err(), "cut at {cut}");
    }
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    for at in (0..header).step_by(7) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&weights, &flipped).unwrap();
        // A flip within a name of a tensor nobody asks for, or of a space, may go unseen; a panic would not.
        let _ = Encoder::open(dir.path());
    }
    let mut sums = BTreeMap::new();
    sums.insert(WEIGHTS.to_owned(), super::sum(&mut whole.as_slice()).unwrap());
    fs::write(dir.path().join(NOTE), toml::to_string(&Note { sums, ..Note::default() }).unwrap()).unwrap();
    fs::write(&weights, &whole).unwrap();
    assert!(Encoder::open(dir.path()).is_ok());
    for at in (8..whole.len()).step_by(whole.len() / 40) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(&weights, &flipped).unwrap();
        assert!(Encoder::open(dir.path()).is_err(), "flipped at {at}");
    }
}

#[test]
fn a_note_says_what_the_model_is_called_and_speaks() {
    let dir = folder();
    tiny::write(dir.path());
    let encoder = Encoder::open(dir.path()).unwrap();
    assert_eq!(
        (encoder.name(), encoder.languages(), encoder.dims()),
        ("tiny", &["en".to_owned()][..], HIDDEN)
    );
    let id = encoder.card().id.clone();
    fs::write(dir.path().join(NOTE), "name = \"Ours\"\nlanguages = [\"it\", \"en\"]\n").unwrap();
    let encoder = Encoder::open(dir.path()).unwrap();
    assert_eq!((encoder.name(), encoder.languages().len(), &encoder.card().id), ("Ours", 2, &id));
    for wrong in ["languages = [\"English\"]", "languages = []", "what = 1", "name = \"\""] {
        fs::write(dir.path().join(NOTE), wrong).unwrap();
        assert!(
            matches!(Encoder::open(dir.path()), Err(ModelError::Unfit(_) | ModelError::Damaged(..))),
            "{wrong}"
        );
    }
}

#[test]
fn the_real_model_gives_the_cosines_of_its_card() {
    let Ok(dir) = std::env::var("LOGGIA_TEST_MODEL") else {
        eprintln!("skipped: LOGGIA_TEST_MODEL names no folder of all-MiniLM-L6-v2");
        return;
    };
    let encoder = Encoder::open(Path::new(&dir)).unwrap();
    let texts = [
        "That is a happy person",
        "That is a happy dog",
        "That is a very happy person",
        "Today is a sunny day",
    ];
    let made = encoder.encode(&texts).unwrap();
    for (other, known) in made[1..].iter().zip([0.695, 0.943, 0.257]) {
        let cosine: f32 = made[0].iter().zip(other).map(|(a, b)| a * b).sum();
        assert!((cosine - known).abs() < 1e-3, "{cosine} is not {known}");
    }
}

/// Vectors that lie in clusters, as those of texts do.
fn clustered(count: usize, dims: usize) -> Vec<Vec<f32>> {
    let mut state = 88_172_645_463_325_252u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let centres: Vec<Vec<f32>> = (0..40).map(|_| (0..dims).map(|_| random()).collect()).collect();
    (0..count).map(|n| centres[n % 40].iter().map(|x| x + random()).collect()).collect()
}

fn entries(vectors: &[Vec<f32>]) -> Vec<Entry> {
    vectors
        .iter()
        .enumerate()
        .map(|(n, vector)| Entry { id: n as i64 * 3 + 1, print: n as u32, vector: vector.clone() })
        .collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn two_looks_find_98_of_the_nearest_100() {
    let made = clustered(20_000, 96);
    let vectors = Vectors::in_memory(96).unwrap();
    vectors.apply(None, &entries(&made), &[]).unwrap();
    let odd = |id: i64| id % 50 == 1;
    let mut common = 0;
    for query in made.iter().step_by(400) {
        let exact = vectors.nearest_exactly(query, 100, None);
        let found = vectors.nearest(query, 100, None);
        common += found.iter().filter(|hit| exact.contains(hit)).count();
        assert_eq!(found.len(), 100);
        assert!(found.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        let few = vectors.nearest(query, 30, Some(&odd));
        assert_eq!(few.len(), 30);
        assert!(few.iter().all(|(id, _)| odd(*id)));
    }
    assert!(common >= 50 * 98, "{common} of 5000");
}

#[test]
fn vectors_that_are_none_of_the_models_are_refused() {
    let vectors = Vectors::in_memory(4).unwrap();
    for wrong in [vec![1.0; 3], vec![f32::NAN; 4], vec![0.0; 4], vec![1.0, f32::INFINITY, 0.0, 0.0]] {
        let entry = Entry { id: 1, print: 0, vector: wrong.clone() };
        assert!(vectors.apply(None, &[entry], &[]).is_err());
        assert!(vectors.nearest(&wrong, 5, None).is_empty());
    }
    assert!(vectors.is_empty() && Vectors::in_memory(0).is_err());
}

fn open(dir: &Path) -> Vectors {
    Vectors::open(dir, "model", 8).unwrap()
}

/// What is in the vectors, by id.
fn content(vectors: &Vectors) -> BTreeMap<i64, u32> {
    vectors.between(i64::MIN, i64::MAX).into_iter().map(|id| (id, vectors.print(id).unwrap())).collect()
}

#[test]
fn vectors_are_there_again_after_a_restart_as_they_were_and_at_their_place() {
    let dir = folder();
    let made = entries(&clustered(50, 8));
    let vectors = open(dir.path());
    vectors.apply(Some(7), &made, &[]).unwrap();
    vectors
        .apply(None, &[Entry { id: 4, print: 99, vector: made[9].vector.clone() }], &[1, 148, 777])
        .unwrap();
    assert!(vectors.changed_since_place());
    let (held, near) = (content(&vectors), vectors.nearest(&made[9].vector, 60, None));
    assert_eq!((held.len(), held[&4], near.len()), (48, 99, 48));
    drop(vectors);
    let vectors = open(dir.path());
    assert_eq!((content(&vectors), vectors.place()), (held, 7));
    assert_eq!(vectors.nearest(&made[9].vector, 60, None), near);
    let seen = Vectors::look(dir.path(), "model", 8).unwrap().unwrap();
    assert_eq!((seen.vectors, seen.place, seen.damaged), (48, 7, 0));
    // Another model has vectors of its own.
    assert!(Vectors::open(dir.path(), "other", 8).unwrap().is_empty());
    Vectors::remove_others(dir.path(), "other");
    assert_eq!(Vectors::look(dir.path(), "model", 8).unwrap(), None);
}

#[test]
fn what_was_replaced_does_not_stay_on_disk_for_ever() {
    let dir = folder();
    let made = entries(&clustered(64, 8));
    let vectors = open(dir.path());
    for place in 1..=200 {
        vectors.apply(Some(place), &made, &[]).unwrap();
    }
    let size = fs::metadata(dir.path().join("model/vectors")).unwrap().len();
    assert!(size < 29 * 4_500, "{size}");
    drop(vectors);
    let vectors = open(dir.path());
    assert_eq!((vectors.len(), vectors.place()), (64, 200));
}

/// A file, the prints each thread had, and the print it has.
type Written = (Vec<u8>, BTreeMap<i64, Vec<u32>>, BTreeMap<i64, u32>);

/// A file with replaced, removed and living vectors, and what may be found after damage: an id with a print it had.
fn damaged_file() -> Written {
    let dir = folder();
    let made = entries(&clustered(9, 8));
    let vectors = open(dir.path());
    let mut had: BTreeMap<i64, Vec<u32>> = made.iter().map(|entry| (entry.id, vec![entry.print])).collect();
    vectors.apply(Some(3), &made, &[]).unwrap();
    vectors.apply(Some(5), &[Entry { print: 50, ..made[2].clone() }], &[made[0].id]).unwrap();
    had.get_mut(&made[2].id).unwrap().push(50);
    let held = content(&vectors);
    (fs::read(dir.path().join("model/vectors")).unwrap(), had, held)
}

#[test]
fn a_file_cut_anywhere_has_what_stood_before_the_cut_and_no_later_place() {
    let (whole, had, _) = damaged_file();
    for cut in 0..whole.len() {
        let dir = folder();
        fs::create_dir(dir.path().join("model")).unwrap();
        fs::write(dir.path().join("model/vectors"), &whole[..cut]).unwrap();
        let vectors = open(dir.path());
        // A place of 0, nine vectors, the place 3, one of them anew, one gone, the place 5.
        let records = cut.saturating_sub(12) / 29;
        assert_eq!(vectors.place(), if records < 11 { 0 } else { 3 }, "cut at {cut}");
        let held = records.saturating_sub(1).min(9) - usize::from(records == 13);
        assert_eq!(vectors.len(), held, "cut at {cut}");
        assert!(content(&vectors).iter().all(|(id, print)| had[id].contains(print)));
        // It can be written on.
        vectors.apply(Some(9), &[Entry { id: 500, print: 1, vector: vec![1.0; 8] }], &[]).unwrap();
        drop(vectors);
        assert_eq!((open(dir.path()).place(), open(dir.path()).print(500)), (9, Some(1)));
    }
}

#[test]
fn a_flipped_bit_costs_one_record_and_the_place_and_is_seen() {
    let (whole, had, held) = damaged_file();
    for at in 0..whole.len() {
        let dir = folder();
        fs::create_dir(dir.path().join("model")).unwrap();
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(dir.path().join("model/vectors"), &flipped).unwrap();
        let seen = Vectors::look(dir.path(), "model", 8).unwrap().unwrap();
        assert_eq!((seen.damaged, seen.place), (1, 0), "flipped at {at}");
        let vectors = open(dir.path());
        assert_eq!(vectors.place(), 0, "flipped at {at}: all are compared again");
        let found = content(&vectors);
        assert!(found.iter().all(|(id, print)| had[id].contains(print)), "flipped at {at}");
        assert!(held.keys().filter(|id| !found.contains_key(id)).count() <= 1, "flipped at {at}");
        drop(vectors);
        let mended = Vectors::look(dir.path(), "model", 8).unwrap().unwrap();
        assert_eq!((mended.damaged, mended.vectors), (0, found.len()), "flipped at {at}: it is written anew");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn the_nearest_are_those_that_looking_at_all_of_them_finds(
        steps in prop::collection::vec((0i64..40, prop::collection::vec(-1f32..1.0, 12), any::<bool>()), 1..120),
        query in prop::collection::vec(-1f32..1.0, 12),
        k in 0usize..50,
    ) {
        let vectors = Vectors::in_memory(12).unwrap();
        let mut model: BTreeMap<i64, Vec<f32>> = BTreeMap::new();
        for (id, vector, gone) in steps {
            if gone {
                vectors.apply(None, &[], &[id]).unwrap();
                model.remove(&id);
            } else if vectors.apply(None, &[Entry { id, print: 0, vector: vector.clone() }], &[]).is_ok() {
                model.insert(id, vector);
            }
        }
        let found = vectors.nearest(&query, k, None);
        prop_assert_eq!(vectors.len(), model.len());
        prop_assert!(found.len() == k.min(model.len()) || cosine(&query, &query).is_nan());
        let mut all: Vec<f32> = model.values().map(|vector| cosine(&query, vector)).collect();
        all.sort_by(|a, b| b.total_cmp(a));
        // Bytes are as exact as a hundredth; ranks may differ by no more than that.
        for ((id, near), best) in found.iter().zip(all) {
            prop_assert!((near - cosine(&query, &model[id])).abs() < 0.02);
            prop_assert!((near - best).abs() < 0.04);
        }
    }
}

#[test]
fn texts_that_are_compared_have_all_their_vectors_or_none() {
    let (model, kept) = (folder(), folder());
    tiny::write(model.path());
    let meaning = Meaning::open(model.path(), kept.path()).unwrap();
    let (minute, italian) = (Duration::from_secs(60), Lang::from_code("it"));
    let texts =
        [("reset my router", None), ("boil water", Lang::from_code("en")), ("kettle", italian), (" ", None)];
    // There is no time, then there is, and then none is needed.
    assert_eq!(meaning.several(&texts, Duration::ZERO), None);
    let vectors = meaning.several(&texts, minute).unwrap();
    assert_eq!(vectors[0].as_deref(), meaning.query("reset my router", minute).as_deref());
    assert_eq!(vectors.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, false]);
    assert_eq!(meaning.several(&texts, Duration::ZERO).as_ref(), Some(&vectors));
    // Somebody else's are being made.
    let _turn = meaning.comparing.lock().unwrap();
    assert_eq!(meaning.several(&texts, minute).as_ref(), Some(&vectors));
    assert_eq!(meaning.several(&[("the lid", None)], minute), None);
}
