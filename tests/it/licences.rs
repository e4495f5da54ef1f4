//! tests: every crate the house is built with may be used under the house's own licence.
use crate::scratch;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Licences that ask for a notice at most (MPL: for changes to its own files).
const FINE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "NCSA",
    "OpenSSL",
    "PostgreSQL",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "WTFPL",
    "Zlib",
    "blessing",
    "bzip2-1.0.6",
];

/// Whether an SPDX expression leaves a way to use the crate under [`FINE`] licences alone.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let answer = either(&words, &mut at);
    answer && at == words.len()
}

fn either(words: &[&str], at: &mut usize) -> bool {
    let mut answer = both(words, at);
    while words.get(*at).is_some_and(|word| word.eq_ignore_ascii_case("or")) {
        *at += 1;
        answer |= both(words, at);
    }
    answer
}

fn both(words: &[&str], at: &mut usize) -> bool {
    let mut answer = one(words, at);
    while words.get(*at).is_some_and(|word| word.eq_ignore_ascii_case("and")) {
        *at += 1;
        answer &= one(words, at);
    }
    answer
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let answer = either(words, at);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return answer && closed;
    }
    // An exception only ever gives more rights.
    if words.get(*at).is_some_and(|word| word.eq_ignore_ascii_case("with")) {
        *at += 2;
    }
    FINE.contains(word)
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    for (expression, fine) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only", false),
        ("MIT OR GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR LGPL-2.1) AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", true),
        ("LGPL-3.0 WITH some-exception", false),
        ("AGPL-3.0 OR (GPL-2.0 AND MIT)", false),
        ("", false),
    ] {
        assert_eq!(allowed(expression), fine, "{expression}");
    }
}

#[test]
fn every_dependency_has_a_licence_we_can_live_with() {
    let said = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let said = match said {
        Ok(output) if output.status.success() => output.stdout,
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            return scratch::skip("the licence check", why.trim());
        }
        Err(error) => return scratch::skip("the licence check", &error.to_string()),
    };
    let metadata: Value = serde_json::from_slice(&said).unwrap();
    let packages: BTreeMap<&str, &Value> =
        metadata["packages"].as_array().unwrap().iter().map(|p| (p["id"].as_str().unwrap(), p)).collect();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let built: BTreeSet<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert!(built.len() > 100, "the list of dependencies is not complete");
    let mut refused = Vec::new();
    for id in built {
        let package = packages[id];
        let licence = package["license"].as_str().unwrap_or_default();
        if !allowed(licence) {
            refused.push(format!("{} {}: {licence:?}", package["name"], package["version"]));
        }
    }
    assert!(refused.is_empty(), "these crates cannot be used:\n  {}", refused.join("\n  "));
}

/// The machine's own platform: what others would need is not downloaded here.
fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("-vV").output().unwrap().stdout;
    let text = String::from_utf8(said).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}
