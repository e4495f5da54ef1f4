//! tests: reads the house's own source, well enough to tell code from comments, texts and tests.
use std::fs;
use std::path::{Path, PathBuf};

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One file of `src/`.
pub struct Source {
    /// From the repository, with `/`: `src/threads/store.rs`.
    pub path: String,
    pub text: String,
    /// The text with comments, string and character literals blanked; same bytes per line, same lines.
    pub code: String,
    /// String literals with the offset at which they begin.
    pub strings: Vec<(usize, String)>,
}

impl Source {
    /// The first folder under `src/`, or the file's own stem: `threads`, `app`.
    pub fn room(&self) -> &str {
        let inside = self.path.trim_start_matches("src/");
        inside.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
    pub fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
    }
    pub fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.path, self.line(offset))
    }
    /// Where `word` stands in the code, not as part of a longer name.
    pub fn word<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let code = self.code.as_bytes();
        self.code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
            let joined =
                |index: Option<usize>| index.and_then(|i| code.get(i)).is_some_and(|&b| part_of_name(b));
            let first = word.as_bytes()[0];
            let last = word.as_bytes()[word.len() - 1];
            let inside_a_name = (part_of_name(first) && joined(at.checked_sub(1)))
                || (part_of_name(last) && joined(Some(at + word.len())));
            !inside_a_name
        })
    }
}

pub fn part_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Every Rust file under `src/`, without what is compiled for tests only.
pub fn sources() -> Vec<Source> {
    let mut only_for_tests = Vec::new();
    let mut sources = Vec::new();
    for path in files("src", "rs") {
        let text = fs::read_to_string(repository().join(&path)).unwrap();
        let (code, strings) = code_of(&text);
        let stem = path.trim_end_matches(".rs");
        let folder = stem.strip_suffix("/mod").or(stem.strip_suffix("/lib")).unwrap_or(stem);
        for name in test_modules(&code) {
            only_for_tests.extend([format!("{folder}/{name}.rs"), format!("{folder}/{name}/")]);
        }
        let (code, strings) = without_tests(code, strings);
        sources.push(Source { path, text, code, strings });
    }
    sources.retain(|source| !only_for_tests.iter().any(|start| source.path.starts_with(start)));
    sources
}

/// Names of modules in files of their own that are compiled for tests only.
fn test_modules(code: &str) -> impl Iterator<Item = &str> {
    code.split("#[cfg(test)]").skip(1).filter_map(|rest| {
        let rest = rest.trim_start();
        let name = rest.strip_prefix("pub(crate) ").unwrap_or(rest).strip_prefix("mod ")?;
        let end = name.bytes().position(|b| !part_of_name(b))?;
        name[end..].trim_start().starts_with(';').then_some(&name[..end])
    })
}

/// Files under a folder of the repository with this ending, sorted; none when there is no such folder.
pub fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![repository().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if ending.is_empty() || path.extension().is_some_and(|e| e == ending) {
                found.push(path.strip_prefix(repository()).unwrap().to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// Blanks comments and literals, and gives the string literals apart.
pub fn code_of(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut strings = Vec::new();
    let mut blank = |from: usize, to: usize| {
        for byte in &mut out[from..to] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    };
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        let after_name = at > 0 && part_of_name(bytes[at - 1]);
        if rest.starts_with(b"//") {
            let end = rest.iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n);
            blank(at, end);
            at = end;
        } else if rest.starts_with(b"/*") {
            let (mut depth, mut end) = (0usize, at);
            while end < bytes.len() {
                if bytes[end..].starts_with(b"/*") {
                    (depth, end) = (depth + 1, end + 2);
                } else if bytes[end..].starts_with(b"*/") {
                    (depth, end) = (depth - 1, end + 2);
                    if depth == 0 {
                        break;
                    }
                } else {
                    end += 1;
                }
            }
            blank(at, end);
            at = end;
        } else if let Some((open, close)) = (!after_name).then(|| raw_string(rest)).flatten() {
            let start = at + open;
            let length = find(&bytes[start..], close.as_bytes()).unwrap_or(bytes.len() - start);
            strings.push((at, String::from_utf8_lossy(&bytes[start..start + length]).into_owned()));
            let end = (start + length + close.len()).min(bytes.len());
            blank(at, end);
            at = end;
        } else if rest[0] == b'"' {
            let mut end = at + 1;
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            let end = end.min(bytes.len());
            strings.push((at, String::from_utf8_lossy(&bytes[at + 1..end]).into_owned()));
            blank(at, (end + 1).min(bytes.len()));
            at = end + 1;
        } else if rest[0] == b'\'' {
            // A character literal closes within a few bytes; a lifetime does not.
            let body = std::str::from_utf8(&rest[1..]).unwrap_or_default();
            let length = match body.chars().next() {
                Some('\\') => body[2..].find('\'').map(|n| n + 4),
                Some(letter) if body[letter.len_utf8()..].starts_with('\'') => Some(letter.len_utf8() + 2),
                _ => None,
            };
            if let Some(length) = length {
                blank(at, at + length);
            }
            at += length.unwrap_or(1);
        } else {
            at += 1;
        }
    }
    (String::from_utf8(out).unwrap(), strings)
}

/// `r"`, `r#"`, `br##"`…: the length of the opening and the text that closes it.
fn raw_string(rest: &[u8]) -> Option<(usize, String)> {
    let prefix =
        if rest.starts_with(b"br") || rest.starts_with(b"cr") { 2 } else { usize::from(rest[0] == b'r') };
    if prefix == 0 {
        return None;
    }
    let hashes = rest[prefix..].iter().take_while(|b| **b == b'#').count();
    (rest.get(prefix + hashes) == Some(&b'"'))
        .then(|| (prefix + hashes + 1, format!("\"{}", "#".repeat(hashes))))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Blanks items under `#[cfg(test)]` and `#[test]`.
fn without_tests(code: String, strings: Vec<(usize, String)>) -> (String, Vec<(usize, String)>) {
    let mut spans = Vec::new();
    for attribute in ["#[cfg(test)]", "#[test]"] {
        for (at, _) in code.match_indices(attribute) {
            spans.push((at, item_end(&code, at + attribute.len())));
        }
    }
    let mut bytes = code.into_bytes();
    for (from, to) in &spans {
        for byte in &mut bytes[*from..*to] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    let strings =
        strings.into_iter().filter(|(at, _)| !spans.iter().any(|(from, to)| (from..to).contains(&at)));
    (String::from_utf8(bytes).unwrap(), strings.collect())
}

/// The end of the item that begins here: its closing brace, or its semicolon.
fn item_end(code: &str, from: usize) -> usize {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && byte == b'}' {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn code_is_told_from_comments_texts_and_tests() {
    let text = r####"
let a = "x.unwrap()"; // y.unwrap()
let b = r#"z.unwrap() " "#; /* /* nested */ q.unwrap() */ let c: &'static str = f('"', '\'', '\u{41}');
let d = ok.expect;
#[cfg(test)]
mod tests { fn t() { w.unwrap() } }
fn last() { v.unwrap() }
"####;
    let (code, strings) = code_of(text);
    assert_eq!(code.len(), text.len());
    let (code, strings) = without_tests(code, strings);
    assert_eq!(code.matches("unwrap").count(), 1);
    assert!(code.contains("v.unwrap()") && code.contains("&'static str") && code.contains("ok.expect"));
    let strings: Vec<&str> = strings.iter().map(|(_, s)| s.as_str()).collect();
    assert_eq!(strings, ["x.unwrap()", "z.unwrap() \" "]);
    let text = "#[cfg(test)]\nmod tests;\n#[cfg(test)] pub(crate) mod props ;\n#[cfg(test)] mod inline {}\nmod real;";
    assert_eq!(test_modules(text).collect::<Vec<_>>(), ["tests", "props"]);
}
