//! web room: translations. Messages are Fluent files under `assets/i18n/LANG/`, embedded in the program.
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The languages Loggia speaks; the first is the one every key exists in.
pub const LANGUAGES: &[&str] = &["en"];

#[derive(rust_embed::RustEmbed)]
#[folder = "assets/i18n/"]
struct Messages;

static BUNDLES: LazyLock<HashMap<&'static str, FluentBundle<FluentResource>>> =
    LazyLock::new(|| LANGUAGES.iter().map(|lang| (*lang, bundle(lang))).collect());

fn bundle(lang: &str) -> FluentBundle<FluentResource> {
    let id = lang.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Pages are HTML with their own direction marks; Fluent's invisible ones break exact text in mails.
    bundle.set_use_isolating(false);
    for path in Messages::iter().filter(|path| path.starts_with(&format!("{lang}/"))) {
        let Some(file) = Messages::get(&path) else { continue };
        let text = String::from_utf8_lossy(&file.data).into_owned();
        let resource = match FluentResource::try_new(text) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                tracing::error!(%path, ?errors, "a translation file has mistakes");
                resource
            }
        };
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(%path, ?errors, "a translation key stands twice");
        }
    }
    bundle
}

/// An argument of a message.
pub enum Arg<'a> {
    Text(&'a str),
    Number(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Arg::Text(text)
    }
}
impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Arg::Text(text)
    }
}
impl From<i64> for Arg<'_> {
    fn from(n: i64) -> Self {
        Arg::Number(n)
    }
}

/// The message `key` in `lang`, else in English, else the key itself, so that a missing one is seen.
pub fn translate(lang: &str, key: &str, args: &[(&str, Arg<'_>)]) -> String {
    let fluent: Option<FluentArgs<'_>> = (!args.is_empty()).then(|| {
        args.iter()
            .map(|(name, arg)| {
                let value = match arg {
                    Arg::Text(text) => FluentValue::from(*text),
                    Arg::Number(n) => FluentValue::from(*n),
                };
                (*name, value)
            })
            .collect()
    });
    for lang in [lang, "en"] {
        let Some(bundle) = BUNDLES.get(lang) else { continue };
        if let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) {
            let mut errors = Vec::new();
            return bundle.format_pattern(pattern, fluent.as_ref(), &mut errors).into_owned();
        }
    }
    key.to_owned()
}

/// Whether `key` is a message in `lang`; tests hold the languages against each other with it.
pub fn has(lang: &str, key: &str) -> bool {
    BUNDLES.get(lang).is_some_and(|bundle| bundle.has_message(key))
}
