//! Kernel: the HTML cleaner that has the last word on every post, and the rules for its URLs.

use crate::kernel::limits::MAX_URL_BYTES;
use ammonia::{Builder, UrlRelative};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// What a link from a post says about itself: no endorsement, written by users, no way back to
/// our window.
pub(super) const REL: &str = "nofollow ugc noopener";

/// Elements a post may hold, apart from the void ones. Attributes are in [`attributes`].
pub(super) const ELEMENTS: [&str; 56] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h3",
    "h4",
    "h5",
    "h6",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
];

/// Elements without content or end tag.
pub(super) const VOID: [&str; 4] = ["br", "hr", "img", "wbr"];

/// The attributes an element may have, beside `title` and `lang`.
pub(super) fn attributes(element: &str) -> &'static [&'static str] {
    match element {
        "a" => &["href", "class", "rel"],
        "bdo" => &["dir"],
        "code" | "span" => &["class"],
        "details" => &["open"],
        "img" => &["src", "alt", "width", "height", "loading"],
        "ol" => &["start", "reversed"],
        "td" | "th" => &["align", "colspan", "rowspan"],
        "time" => &["datetime"],
        _ => &[],
    }
}

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    let tags: HashSet<&str> = ELEMENTS.into_iter().chain(VOID).collect();
    let attributes: HashMap<&str, HashSet<&str>> = tags
        .iter()
        .filter(|tag| !attributes(tag).is_empty())
        .map(|tag| (*tag, attributes(tag).iter().copied().collect()))
        .collect();
    builder
        .tags(tags)
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(attributes)
        .generic_attributes(HashSet::from(["title", "lang"]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true)
        .attribute_filter(filter);
    builder
});

/// Cleans `html`: only listed elements and attributes, safe URLs, our own classes.
pub(super) fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

fn filter<'v>(element: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let keep = match (element, attribute) {
        (_, "class") => return own_classes(element, value),
        ("a", "href") => is_safe_url(value, Use::Link),
        ("img", "src") => is_safe_url(value, Use::Image),
        ("a", "rel") => return Some(Cow::Borrowed(REL)),
        ("img", "loading") => return Some(Cow::Borrowed("lazy")),
        (_, "width" | "height") => is_number(value, 4),
        (_, "colspan" | "rowspan") => is_number(value, 2),
        ("ol", "start") => is_number(value, 9),
        (_, "align") => matches!(value, "left" | "right" | "center"),
        (_, "dir") => matches!(value, "ltr" | "rtl"),
        (_, "open" | "reversed") => return Some(Cow::Borrowed("")),
        _ => value.len() <= MAX_URL_BYTES,
    };
    keep.then_some(Cow::Borrowed(value))
}

fn is_number(value: &str, digits: usize) -> bool {
    (1..=digits).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit())
}

/// The classes among `value` that only colour code or mark a mention.
fn own_classes<'v>(element: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let own = |class: &str| match element {
        "a" => class == "mention",
        _ => {
            let name = class.strip_prefix("hl-");
            name.is_some_and(|n| n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        }
    };
    let mut classes = value.split_ascii_whitespace();
    if classes.clone().all(own) {
        return (!value.is_empty()).then_some(Cow::Borrowed(value));
    }
    let mut kept = String::new();
    for class in classes.by_ref().filter(|class| own(class)) {
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(class);
    }
    (!kept.is_empty()).then_some(Cow::Owned(kept))
}

/// Where a URL is going to stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Link,
    Image,
}

/// Whether `url` (entities decoded) is relative or has a scheme that runs nothing.
pub(super) fn is_safe_url(url: &str, place: Use) -> bool {
    // Browsers drop tabs and newlines inside a scheme, so a URL with any control is refused.
    if url.len() > MAX_URL_BYTES || url.chars().any(char::is_control) {
        return false;
    }
    let url = url.trim();
    let Some(at) = url.find([':', '/', '?', '#']) else {
        return true;
    };
    let (scheme, rest) = url.split_at(at);
    if !rest.starts_with(':') {
        return true;
    }
    scheme.eq_ignore_ascii_case("https")
        || scheme.eq_ignore_ascii_case("http")
        || (place == Use::Link && scheme.eq_ignore_ascii_case("mailto"))
}

/// Appends `url` to `out`, ready for a quoted attribute: what may not stand in a URL is
/// percent-encoded, what is encoded already stays.
pub(super) fn url_into(out: &mut String, url: &str) {
    for byte in url.trim().bytes() {
        match byte {
            b'&' => out.push_str("&amp;"),
            b'\'' => out.push_str("&#39;"),
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0..=0x20 | 0x7f.. => {
                let hex = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0').to_ascii_uppercase();
                out.push('%');
                out.push(hex(byte >> 4));
                out.push(hex(byte & 15));
            }
            _ => out.push(char::from(byte)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_schemes_are_safe() {
        for url in [
            "https://a.b/c:d",
            "HTTP://a",
            "mailto:a@b",
            "/x:y",
            "x",
            "",
            "#a:b",
            "?q=a:b",
            "//host/x",
            " https://a ",
        ] {
            assert!(is_safe_url(url, Use::Link), "{url}");
        }
        for url in [
            "javascript:alert(1)",
            "JaVaScRiPt:x",
            "java\tscript:x",
            "\u{1}javascript:x",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "foo:bar",
            " javascript:x",
            "blob:x",
            "\u{a0}javascript:x",
            ":x",
        ] {
            assert!(!is_safe_url(url, Use::Link), "{url}");
        }
        assert!(!is_safe_url("mailto:a@b", Use::Image));
    }

    #[test]
    fn the_cleaner_keeps_only_our_classes() {
        assert_eq!(clean("<span class=\"hl-a evil hl-b\">x</span>"), "<span class=\"hl-a hl-b\">x</span>");
        assert_eq!(clean("<a class=\"button\" href=\"/x\">x</a>"), "<a href=\"/x\">x</a>");
        assert_eq!(clean("<div class=\"x\" id=\"y\" style=\"z\">x</div>"), "<div>x</div>");
    }
}
