//! web room: tera templates, one compiled set per language.
//!
//! `{{ t(k="key") }}` without arguments is replaced by its text when a template is loaded, so that a page
//! of a hundred words to translate costs no look-ups.
use crate::app::App;
use crate::error::{Error, Result};
use crate::kernel::limits;
use crate::web::i18n::{self, Arg, LANGUAGES};
use crate::web::{assets, view, views};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tera::{Context, Kwargs, Map, State, Tera, TeraResult, Value};

#[derive(rust_embed::RustEmbed)]
#[folder = "templates/"]
struct Files;

pub struct Templates {
    sets: HashMap<&'static str, Tera>,
    reload: Option<PathBuf>,
    hue: u16,
}

/// The language for this visitor among those we have: the first of theirs, or the site's.
pub fn language(app: &App, accepted: Option<&str>) -> &'static str {
    let wanted = accepted.unwrap_or_default();
    wanted
        .split(',')
        .take(8)
        .filter_map(|part| part.split([';', '-']).next())
        .find_map(|tag| LANGUAGES.iter().find(|known| known.eq_ignore_ascii_case(tag.trim())))
        .or_else(|| LANGUAGES.iter().find(|known| **known == app.config.language))
        .copied()
        .unwrap_or("en")
}

impl Templates {
    /// Compiles the embedded templates, or those in `reload` at every rendering.
    pub fn load(reload: Option<PathBuf>, hue: u16) -> Result<Templates, String> {
        let mut sets = HashMap::new();
        for lang in LANGUAGES {
            sets.insert(*lang, compile(lang, reload.as_deref(), hue)?);
        }
        Ok(Templates { sets, reload, hue })
    }

    /// A whole page: `shell` and `page` are what the template sees.
    pub fn render(&self, lang: &str, template: &str, shell: &views::Shell, page: Value) -> Result<String> {
        let mut context = Context::new();
        context.insert_value("shell", Value::from_serializable(shell));
        context.insert_value("page", page);
        self.with(lang, template, &context)
    }

    /// A piece of a page for a script of ours, without the shell.
    pub fn fragment(&self, lang: &str, template: &str, page: Value) -> Result<String> {
        let mut context = Context::new();
        context.insert_value("page", page);
        self.with(lang, template, &context)
    }

    fn with(&self, lang: &str, template: &str, context: &Context) -> Result<String> {
        let failed = |e: &dyn std::fmt::Display| Error::Internal(format!("template {template}: {e}"));
        if let Some(folder) = &self.reload {
            let set = compile(lang, Some(folder), self.hue).map_err(|e| failed(&e))?;
            return set.render(template, context).map_err(|e| failed(&e));
        }
        let set = self.sets.get(lang).ok_or_else(|| failed(&"no such language"))?;
        set.render(template, context).map_err(|e| failed(&e))
    }

    pub fn names(&self) -> Vec<String> {
        self.sets
            .get("en")
            .map(|set| set.get_template_names().map(str::to_owned).collect())
            .unwrap_or_default()
    }
}

fn compile(lang: &str, folder: Option<&Path>, hue: u16) -> Result<Tera, String> {
    let mut tera = Tera::new();
    tera.autoescape_on(vec![".html"]);
    let own = lang.to_owned();
    tera.register_function("t", move |kwargs: Kwargs, _: &State| -> TeraResult<String> {
        message(&own, &kwargs)
    });
    tera.register_function("asset", move |kwargs: Kwargs, _: &State| -> TeraResult<String> {
        Ok(assets::url(kwargs.must_get::<&str>("path")?, hue))
    });
    tera.register_function("limit", |kwargs: Kwargs, _: &State| -> TeraResult<u64> {
        let of = kwargs.must_get::<&str>("of")?;
        limit(of).map(|n| n as u64).ok_or_else(|| tera::Error::message(format!("there is no limit {of}")))
    });
    tera.register_filter("grouped", |n: i64, _: Kwargs, _: &State| view::grouped(n));
    tera.register_filter("in_order", in_order);
    let mut sources = Vec::new();
    match folder {
        None => {
            for name in Files::iter().filter(|name| name.ends_with(".html")) {
                if let Some(file) = Files::get(&name) {
                    sources.push((name.to_string(), String::from_utf8_lossy(&file.data).into_owned()));
                }
            }
        }
        Some(folder) => collect(folder, folder, &mut sources).map_err(|e| e.to_string())?,
    }
    let sources: Vec<(String, String)> =
        sources.into_iter().map(|(name, text)| (name, settle(lang, hue, &text))).collect();
    tera.add_raw_templates(sources).map_err(|e| e.to_string())?;
    Ok(tera)
}

/// A map's pairs by their keys: maps of templates have no order of their own.
pub fn in_order(map: Map, _: Kwargs, _: &State) -> Vec<Value> {
    let mut pairs: Vec<_> = map.into_iter().collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs.into_iter().map(|(key, value)| Value::from(vec![Value::from(key.to_string()), value])).collect()
}

/// How much a field takes at most (or at least), so that a form says what its handler holds it to.
pub fn limit(of: &str) -> Option<usize> {
    Some(match of {
        "min-password" => limits::MIN_PASSWORD,
        "password" => limits::MAX_PASSWORD,
        "username" => limits::MAX_USERNAME,
        "display-name" => limits::MAX_DISPLAY_NAME,
        "email" => limits::MAX_EMAIL_BYTES,
        "token-name" => limits::MAX_TOKEN_NAME,
        "about" => limits::MAX_BIO,
        "signature" => limits::MAX_SIGNATURE,
        "reason" => limits::MAX_REASON,
        "suspension-days" => usize::try_from(limits::MAX_SUSPENSION_DAYS).ok()?,
        "summary" => limits::MAX_SUMMARY,
        "query" => crate::search::query::CHARS_MAX,
        "search-name" => limits::SEARCH_NAME,
        "tag" => limits::MAX_TAG,
        "tags" => limits::MAX_TAGS_CHARS,
        _ => return None,
    })
}

fn collect(root: &Path, folder: &Path, into: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, into)?;
        } else if path.extension().is_some_and(|e| e == "html") {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            into.push((name, std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

fn message(lang: &str, kwargs: &Kwargs) -> TeraResult<String> {
    let key = kwargs.must_get::<&str>("k")?;
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut numbers: Vec<(String, i64)> = Vec::new();
    for (name, value) in kwargs.iter() {
        let name = name.as_str().unwrap_or_default().to_owned();
        if name == "k" {
            continue;
        }
        match value.as_i64() {
            Some(n) => numbers.push((name, n)),
            None => texts.push((name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))),
        }
    }
    let args: Vec<(&str, Arg<'_>)> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), Arg::Text(text)))
        .chain(numbers.iter().map(|(name, n)| (name.as_str(), Arg::Number(*n))))
        .collect();
    Ok(i18n::translate(lang, key, &args))
}

/// Puts the text in place of every `{{ t(k="key") }}` without arguments, and the address in place of every
/// `{{ asset(path="file") }}`.
fn settle(lang: &str, hue: u16, source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = from.find("}}") else {
            rest = from;
            break;
        };
        let (tag, after) = from.split_at(end + 2);
        let inner = tag.trim_start_matches("{{").trim_end_matches("}}").trim();
        let key = inner
            .strip_prefix("t(k=\"")
            .and_then(|t| t.strip_suffix("\")"))
            .filter(|key| key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        let file = inner
            .strip_prefix("asset(path=\"")
            .and_then(|t| t.strip_suffix("\")"))
            .filter(|t| !t.contains('"'));
        match (key, file) {
            (Some(key), _) => out.push_str(&escape(&i18n::translate(lang, key, &[]))),
            (None, Some(file)) => out.push_str(&escape(&assets::url(file, hue))),
            (None, None) => out.push_str(tag),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// HTML-escapes a translation and keeps tera from reading it as a tag.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '{' => out.push_str("&#123;"),
            '}' => out.push_str("&#125;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_compiles() {
        Templates::load(None, 22).unwrap();
    }

    #[test]
    fn words_without_arguments_are_settled_at_load() {
        let out =
            settle("en", 22, "<p>{{ t(k=\"no-such-key\") }} {{ t(k=\"x\", n=1) }} {{ page.title }}</p>");
        assert_eq!(out, "<p>no-such-key {{ t(k=\"x\", n=1) }} {{ page.title }}</p>");
    }
}
