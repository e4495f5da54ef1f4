//! Kernel: code to HTML with a dozen fixed classes, by syntect's grammars.

use crate::kernel::limits::{MAX_HIGHLIGHT_BYTES, MAX_HIGHLIGHT_LINE_BYTES, MAX_HIGHLIGHT_TIME};
use crate::kernel::safe_html::escape_into;
use std::sync::LazyLock;
use std::time::Duration;
use std::time::Instant;
use syntect::parsing::{BasicScopeStackOp, ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};
use syntect::util::LinesWithEndings;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// Scope prefixes and the class each stands for; the first match wins, an empty class ends the
/// outer one (code inside a string's interpolation is not a string). The grammars know hundreds
/// of scopes; a stylesheet needs only these classes.
const CLASSES: [(&str, &str); 26] = [
    ("comment", "hl-comment"),
    ("punctuation.definition.comment", "hl-comment"),
    ("constant.character.escape", "hl-escape"),
    ("string", "hl-string"),
    ("punctuation.definition.string", "hl-string"),
    ("constant.numeric", "hl-number"),
    ("constant", "hl-constant"),
    ("keyword.operator.word", "hl-keyword"),
    ("keyword.operator", ""),
    ("keyword", "hl-keyword"),
    ("storage", "hl-keyword"),
    ("entity.name.function", "hl-function"),
    ("support.function", "hl-function"),
    ("variable.function", "hl-function"),
    ("entity.name.tag", "hl-tag"),
    ("entity.other.attribute-name", "hl-attribute"),
    ("entity.name.section", "hl-heading"),
    ("markup.heading", "hl-heading"),
    ("entity.name", "hl-type"),
    ("support", "hl-type"),
    ("variable.parameter", "hl-variable"),
    ("variable.other.member", "hl-variable"),
    ("markup.inserted", "hl-inserted"),
    ("markup.deleted", "hl-deleted"),
    ("meta.interpolation", ""),
    ("source", ""),
];

static SCOPES: LazyLock<Vec<(Scope, &'static str)>> = LazyLock::new(|| {
    let known = CLASSES.iter();
    known.filter_map(|(scope, class)| Some((Scope::new(scope).ok()?, *class))).collect()
});

fn class_of(scope: Scope) -> Option<&'static str> {
    SCOPES.iter().find(|(prefix, _)| prefix.is_prefix_of(scope)).map(|(_, class)| *class)
}

/// What one post may still spend on highlighting.
pub(super) struct Budget {
    bytes: usize,
    time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: MAX_HIGHLIGHT_BYTES, time: MAX_HIGHLIGHT_TIME }
    }
}

/// The language a writer named (`rust`, `lang-py`, `language-c++`, `js {1,3}`) in the form that
/// class names use; none for plain text and for what cannot be a language.
pub(super) fn language(info: &str) -> Option<String> {
    let info = info.trim_start();
    let end = info.find([' ', '\t', ',', '{', '\n']).unwrap_or(info.len());
    let token = info.get(..end)?;
    if token.len() > 30 {
        return None;
    }
    let token = token.to_ascii_lowercase();
    let token = token.strip_prefix("language-").or(token.strip_prefix("lang-")).unwrap_or(&token);
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.');
    let plain = matches!(token, "" | "text" | "txt" | "plain" | "plaintext" | "none" | "nohighlight");
    (!plain && token.chars().all(ok)).then(|| token.to_owned())
}

fn grammar(language: &str) -> Option<&'static SyntaxReference> {
    let token = match language {
        "c++" | "cxx" => "cpp",
        "console" | "shell" | "shell-session" | "sh-session" | "zsh" | "ksh" | "shellscript" => "bash",
        "csharp" | "c#" | "dotnet" => "cs",
        "golang" => "go",
        "ts" | "tsx" | "jsx" | "typescript" | "mjs" | "node" | "ecmascript" => "js",
        "json5" | "jsonc" | "jsonl" => "json",
        "kt" | "kotlin" => "java",
        "markdown" => "md",
        "objc" | "objectivec" | "objective-c" => "m",
        "py3" | "python3" | "py2" | "pycon" => "python",
        "patch" | "udiff" => "diff",
        "svg" | "xsl" | "xsd" | "plist" => "xml",
        "vb" | "vbnet" | "vue" | "svelte" => "html",
        "postgresql" | "postgres" | "mysql" | "sqlite" | "plsql" | "tsql" | "t-sql" => "sql",
        "latex" | "tex" => "latex",
        other => other,
    };
    SYNTAXES.find_syntax_by_token(token)
}

/// A guess from the first line (`#!/bin/sh`, `<?xml`, `<?php`), for code without a language.
fn guess(code: &str) -> Option<&'static SyntaxReference> {
    let line = code.lines().next()?;
    let telling = line.starts_with("#!") || line.starts_with("<?") || line.starts_with("<!");
    if line.len() > 200 || !telling {
        return None;
    }
    SYNTAXES.find_syntax_by_first_line(line)
}

/// Appends `code` to `out` as escaped text with flat `<span class="hl-…">`s, as far as the
/// budget goes, and as escaped text from there. Returns the number of spans.
pub(super) fn highlight_into(
    out: &mut String,
    code: &str,
    language: Option<&str>,
    budget: &mut Budget,
    max_spans: usize,
) -> usize {
    let affordable = code.len() <= budget.bytes && !budget.time.is_zero();
    let syntax = if affordable { language.map_or_else(|| guess(code), grammar) } else { None };
    let Some(syntax) = syntax else {
        escape_into(out, code);
        return 0;
    };
    budget.bytes -= code.len();
    let started = Instant::now();
    let mut state = ParseState::new(syntax);
    let mut painter = Painter::default();
    let mut done = 0;
    for line in LinesWithEndings::from(code) {
        let spent = started.elapsed() >= budget.time;
        if spent || line.len() > MAX_HIGHLIGHT_LINE_BYTES || painter.spans + line.len() / 2 > max_spans {
            break;
        }
        // The grammars are compiled for lines that end in a newline.
        let ops = if line.ends_with('\n') {
            state.parse_line(line, &SYNTAXES)
        } else {
            state.parse_line(&format!("{line}\n"), &SYNTAXES)
        };
        let Ok(ops) = ops else { break };
        let mut from = 0;
        for (at, op) in &ops {
            let at = (*at).min(line.len());
            painter.paint(out, line.get(from..at).unwrap_or(""));
            if at > from {
                from = at;
            }
            if !painter.apply(op) {
                break;
            }
        }
        painter.paint(out, line.get(from..).unwrap_or(""));
        done += line.len();
    }
    painter.switch(out, "");
    escape_into(out, code.get(done..).unwrap_or(""));
    budget.time = budget.time.saturating_sub(started.elapsed());
    painter.spans
}

/// Turns the grammar's nested scopes into flat spans.
#[derive(Default)]
struct Painter {
    scopes: ScopeStack,
    /// The class in force at each level of `scopes`.
    classes: Vec<&'static str>,
    open: &'static str,
    spans: usize,
}

impl Painter {
    fn apply(&mut self, op: &syntect::parsing::ScopeStackOp) -> bool {
        let classes = &mut self.classes;
        let applied = self.scopes.apply_with_hook(op, |basic, _| match basic {
            BasicScopeStackOp::Push(scope) => {
                let outer = classes.last().copied().unwrap_or("");
                classes.push(class_of(scope).unwrap_or(outer));
            }
            BasicScopeStackOp::Pop => {
                classes.pop();
            }
        });
        applied.is_ok()
    }

    fn switch(&mut self, out: &mut String, class: &'static str) {
        if class == self.open {
            return;
        }
        if !self.open.is_empty() {
            out.push_str("</span>");
        }
        if !class.is_empty() {
            out.push_str("<span class=\"");
            out.push_str(class);
            out.push_str("\">");
            self.spans += 1;
        }
        self.open = class;
    }

    fn paint(&mut self, out: &mut String, text: &str) {
        if text.is_empty() {
            return;
        }
        // White space has no colour: fewer, longer spans.
        if !text.trim().is_empty() {
            self.switch(out, self.classes.last().copied().unwrap_or(""));
        }
        escape_into(out, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(code: &str, lang: &str) -> String {
        let mut out = String::new();
        highlight_into(&mut out, code, Some(lang), &mut Budget::default(), 1_000);
        out
    }

    #[test]
    fn every_scope_prefix_is_known_to_syntect() {
        assert_eq!(SCOPES.len(), CLASSES.len());
    }

    #[test]
    fn rust_code_gets_flat_spans() {
        let out = html("fn main() { let x = \"a<b\"; } // done\n", "rust");
        assert!(out.contains("<span class=\"hl-keyword\">fn </span>"), "{out}");
        assert!(out.contains("<span class=\"hl-function\">main</span>"), "{out}");
        assert!(out.contains("a&lt;b"), "{out}");
        assert!(out.contains("<span class=\"hl-comment\">// done"), "{out}");
    }

    #[test]
    fn languages_are_found_by_their_usual_names() {
        for name in [
            "rust", "rs", "py", "python3", "js", "ts", "c++", "c#", "sh", "shell", "json", "yaml", "sql",
            "html", "css", "go", "php", "rb", "diff", "md",
        ] {
            assert!(grammar(&language(name).unwrap()).is_some(), "{name}");
        }
        assert_eq!(language("lang-Rust {1}").as_deref(), Some("rust"));
        assert_eq!(language("text"), None);
        assert_eq!(language("\"><script>"), None);
    }

    #[test]
    fn the_text_is_kept_whatever_the_grammar_does() {
        let strip = |html: &str| {
            let mut out = String::new();
            let mut tag = false;
            for c in html.chars() {
                match c {
                    '<' => tag = true,
                    '>' if tag => tag = false,
                    _ if !tag => out.push(c),
                    _ => {}
                }
            }
            out.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&")
        };
        let nasty = [
            "a",
            "\"",
            "/*",
            "<!--\n<script>\n",
            "#{",
            "é\u{0}x\n",
            "((((((((",
            "'''\n\"\"\"\n",
            "`${`${`${",
            "$(( $(( ",
        ];
        for lang in
            ["rust", "py", "js", "c++", "sh", "html", "php", "rb", "perl", "md", "yaml", "sql", "latex", "hs"]
        {
            for piece in nasty {
                let code = piece.repeat(40);
                assert_eq!(strip(&html(&code, lang)), code.replace('\0', "\u{fffd}"), "{lang} {piece}");
            }
        }
    }

    #[test]
    fn code_beyond_the_budget_is_only_escaped() {
        let long = format!("let x = \"{}\";\n", "a".repeat(MAX_HIGHLIGHT_LINE_BYTES));
        assert!(!html(&long, "rust").contains("<span"));
        assert!(!html(&"let x = 1;\n".repeat(MAX_HIGHLIGHT_BYTES / 10), "rust").contains("<span"));
    }
}
