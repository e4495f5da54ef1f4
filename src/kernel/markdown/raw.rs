//! Kernel: raw HTML in posts, read tag by tag in one pass and rewritten well nested.
//!
//! Nothing here is trusted for safety: the cleaner parses what this writes as a browser would.
//! This keeps the cleaner's work linear, and a post's tags from closing the page's.

use super::clean::{ELEMENTS, REL, VOID, attributes};
use super::writer::{Origin, Writer, is_block};
use crate::kernel::limits::{MAX_ATTRIBUTES, MAX_URL_BYTES};
use crate::kernel::safe_html::escape_into;

/// Tags that failed to end, after which `<` is only a character: each failure has read on to
/// the end of the text.
const MAX_BROKEN_TAGS: usize = 8;

/// How to treat a tag that HTML does not know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// Show it: `Vec<String>` in Markdown is text its writer forgot to quote.
    Show,
    /// Leave it out, as browsers do.
    Drop,
}

struct Tag<'h> {
    name: &'h str,
    attributes: Vec<(&'h str, &'h str)>,
    closing: bool,
    /// What follows the tag.
    rest: &'h str,
}

/// Feeds `html` to the writer. Elements may stay open, for further feeds to close.
pub(super) fn feed(writer: &mut Writer, html: &str, unknown: Unknown) {
    let mut rest = html;
    let mut broken = 0;
    let mut missing = Vec::new();
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        writer.raw_text(before);
        if writer.is_full() {
            return;
        }
        let after = from.get(1..).unwrap_or("");
        if let Some(comment) = after.strip_prefix("!--") {
            let short = comment.strip_prefix('>').or(comment.strip_prefix("->"));
            rest = short.unwrap_or_else(|| comment.split_once("-->").map_or("", |(_, rest)| rest));
            continue;
        }
        if after.starts_with(['!', '?']) {
            rest = after.split_once('>').map_or("", |(_, rest)| rest);
            continue;
        }
        let name_at = after.strip_prefix('/').unwrap_or(after);
        let tag = name_at.starts_with(|c: char| c.is_ascii_alphabetic()) && broken < MAX_BROKEN_TAGS;
        match if tag { read_tag(after) } else { None } {
            Some(tag) => rest = apply(writer, from, tag, unknown, &mut missing),
            None => {
                broken += usize::from(tag);
                writer.raw_text("&lt;");
                rest = after;
            }
        }
    }
    writer.raw_text(rest);
}

/// Reads a tag from the text behind its `<`; none when it does not end.
fn read_tag(after: &str) -> Option<Tag<'_>> {
    let closing = after.starts_with('/');
    let rest = if closing { after.get(1..)? } else { after };
    let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))?;
    let (name, mut rest) = rest.split_at(end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(rest) = rest.strip_prefix('>') {
            return Some(Tag { name, attributes, closing, rest });
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '='));
        // A name may begin with `=`.
        let end = match end? {
            0 => 1,
            end => end,
        };
        let (key, after_key) = rest.split_at(end);
        let mut value = "";
        rest = after_key.trim_start();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = if after.starts_with(['"', '\'']) { after.get(..1) } else { None };
            (value, rest) = match quote {
                Some(quote) => after.get(1..)?.split_once(quote)?,
                None => {
                    let end = after.find(|c: char| c.is_ascii_whitespace() || c == '>')?;
                    after.split_at(end)
                }
            };
        }
        if attributes.len() < MAX_ATTRIBUTES {
            attributes.push((key, value));
        }
    }
}

/// Elements whose content goes with them: it is code, or belongs to a form or a drawing.
const MUTED: [&str; 13] = [
    "iframe", "math", "noembed", "noframes", "noscript", "object", "script", "select", "style", "svg",
    "template", "textarea", "title",
];

/// Other elements of HTML that posts do not hold: the tag goes, the content stays.
const UNWRAPPED: [&str; 62] = [
    "acronym",
    "address",
    "animate",
    "applet",
    "area",
    "article",
    "aside",
    "audio",
    "base",
    "basefont",
    "bgsound",
    "big",
    "blink",
    "body",
    "button",
    "canvas",
    "center",
    "col",
    "colgroup",
    "data",
    "datalist",
    "dialog",
    "dir",
    "embed",
    "fieldset",
    "font",
    "footer",
    "form",
    "frame",
    "frameset",
    "head",
    "header",
    "hgroup",
    "html",
    "image",
    "input",
    "keygen",
    "label",
    "legend",
    "link",
    "listing",
    "main",
    "map",
    "marquee",
    "menu",
    "meta",
    "meter",
    "nav",
    "optgroup",
    "option",
    "output",
    "param",
    "picture",
    "plaintext",
    "progress",
    "search",
    "section",
    "slot",
    "source",
    "track",
    "video",
    "xmp",
];

fn known(names: &[&'static str], name: &str) -> Option<&'static str> {
    names.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

/// Writes one tag; returns where to read on. `from` begins at the tag's `<`; `missing` names
/// the end tags that are known not to come any more, so that nobody looks for them twice.
fn apply<'h>(
    writer: &mut Writer,
    from: &'h str,
    tag: Tag<'h>,
    unknown: Unknown,
    missing: &mut Vec<&'static str>,
) -> &'h str {
    let rest = tag.rest;
    // A page has one `h1`, its title; a post's headings begin two levels below.
    let name = match tag.name {
        "h1" | "H1" => "h3",
        "h2" | "H2" => "h4",
        "h3" | "H3" => "h5",
        "h4" | "H4" | "h5" | "H5" => "h6",
        name => name,
    };
    if let Some(name) = known(&MUTED, name) {
        if tag.closing {
            writer.close_raw(name);
        } else {
            writer.open(name, Origin::Muted, true, |_| ());
            // What a browser reads as text up to the end tag holds no tags.
            let text_only = !matches!(name, "math" | "svg" | "select" | "object" | "template");
            if text_only && !missing.contains(&name) {
                match find_end_tag(rest, name) {
                    Some(end) => return rest.get(end..).unwrap_or(""),
                    None => missing.push(name),
                }
            }
        }
        return rest;
    }
    if let Some(name) = known(&VOID, name) {
        if !tag.closing || name == "br" {
            void(writer, name, &tag);
        }
        return rest;
    }
    let Some(name) = known(&ELEMENTS, name) else {
        let shows =
            unknown == Unknown::Show && tag.attributes.is_empty() && known(&UNWRAPPED, name).is_none();
        if shows {
            let written = from.get(..from.len() - rest.len()).unwrap_or("");
            writer.text(written);
        } else if matches!(
            name,
            "address" | "article" | "center" | "footer" | "header" | "main" | "option" | "section"
        ) {
            writer.raw_text("\n");
        }
        return rest;
    };
    if tag.closing {
        writer.close_raw(name);
        return rest;
    }
    if is_block(name) && writer.in_phrasing() {
        return rest;
    }
    imply_ends(writer, name);
    if name == "tr" && writer.innermost() == "table" {
        // Parsers put one here anyway, and an element nobody counts adds depth.
        writer.open("tbody", Origin::Raw, false, |_| ());
    }
    let fits = match name {
        "tr" => matches!(writer.innermost(), "table" | "thead" | "tbody" | "tfoot"),
        "td" | "th" => writer.innermost() == "tr",
        "thead" | "tbody" | "tfoot" | "caption" => writer.innermost() == "table",
        _ => true,
    };
    if !fits {
        return rest;
    }
    if name == "pre"
        && let Some(rest) = code_block(writer, &tag, missing)
    {
        return rest;
    }
    let href =
        tag.attributes.iter().any(|(key, value)| key.eq_ignore_ascii_case("href") && !value.is_empty());
    let hide = name == "a" && !(href && writer.count_link());
    writer.open(name, Origin::Raw, hide, |out| {
        write_attributes(out, name, &tag.attributes);
        if name == "a" {
            out.push_str(" rel=\"");
            out.push_str(REL);
            out.push('"');
        }
    });
    // Browsers drop a newline here, and would drop a second one when they read it again.
    if name == "pre" { rest.trim_start_matches(['\r', '\n']) } else { rest }
}

/// Ends what HTML ends by itself when `name` begins (`<p>` inside `<p>`, `<li>` after `<li>`).
fn imply_ends(writer: &mut Writer, name: &str) {
    let ends: &[&str] = match name {
        "li" => &["p", "li"],
        "dt" | "dd" => &["p", "dt", "dd"],
        "td" | "th" => &["p", "td", "th"],
        "tr" => &["p", "td", "th", "tr"],
        "thead" | "tbody" | "tfoot" => &["p", "td", "th", "tr", "thead", "tbody", "tfoot", "caption"],
        name if is_block(name) => &["p"],
        _ => &[],
    };
    loop {
        let open = writer.innermost_raw();
        if open.is_empty() || !ends.contains(&open) {
            return;
        }
        writer.close_raw(open);
        // Only the nearest item ends, not the list it stands in.
        if open == name && open != "p" {
            return;
        }
    }
}

fn void(writer: &mut Writer, name: &'static str, tag: &Tag<'_>) {
    if name == "hr" && writer.in_phrasing() {
        return;
    }
    if name == "hr" {
        imply_ends(writer, "hr");
    }
    if name != "img" {
        writer.void(name);
        return;
    }
    let find =
        |key: &str| tag.attributes.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, value)| *value);
    if find("src").is_none_or(str::is_empty) || !writer.count_image() {
        return;
    }
    writer.open_image(|out| {
        write_attributes(out, "img", &tag.attributes);
        if find("alt").is_none() {
            out.push_str(" alt=\"\"");
        }
        out.push_str(" loading=\"lazy\"");
    });
}

/// Writes the attributes a post may set. Classes and link relations are ours alone.
fn write_attributes(out: &mut String, name: &str, given: &[(&str, &str)]) {
    for (key, value) in given {
        let allowed =
            ["title", "lang"].iter().chain(attributes(name)).find(|known| known.eq_ignore_ascii_case(key));
        let Some(key) = allowed.filter(|key| !matches!(**key, "class" | "rel" | "loading")) else {
            continue;
        };
        if value.len() > MAX_URL_BYTES {
            continue;
        }
        out.push(' ');
        out.push_str(key);
        out.push_str("=\"");
        for part in value.split_inclusive(['"', '<', '>']) {
            let (text, mark) = match part.as_bytes().last() {
                Some(b'"') => (part.get(..part.len() - 1), "&quot;"),
                Some(b'<') => (part.get(..part.len() - 1), "&lt;"),
                Some(b'>') => (part.get(..part.len() - 1), "&gt;"),
                _ => (Some(part), ""),
            };
            out.push_str(text.unwrap_or(""));
            out.push_str(mark);
        }
        out.push('"');
    }
}

/// Where the end tag of `name` begins in `html`.
fn find_end_tag(html: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = html.get(from..)?.find("</").map(|at| at + from) {
        let here = html.get(at + 2..at + 2 + name.len());
        if here.is_some_and(|here| here.eq_ignore_ascii_case(name)) {
            return Some(at);
        }
        from = at + 2;
    }
    None
}

/// Writes `<pre><code>…</code></pre>` as a highlighted block; returns what follows it. None
/// when this `pre` is something else.
fn code_block<'h>(writer: &mut Writer, pre: &Tag<'h>, missing: &mut Vec<&'static str>) -> Option<&'h str> {
    if missing.contains(&"pre") {
        return None;
    }
    let inner = pre.rest.trim_start();
    let begins = inner.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case("<code"));
    if !begins {
        return None;
    }
    let code = read_tag(inner.get(1..)?)?;
    if !code.name.eq_ignore_ascii_case("code") {
        return None;
    }
    let Some(end) = find_end_tag(code.rest, "pre") else {
        missing.push("pre");
        return None;
    };
    let (body, after) = code.rest.split_at(end);
    let class = |tag: &Tag<'h>| {
        let class = tag.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case("class"))?.1;
        class.split_ascii_whitespace().find(|name| name.starts_with("lang-") || name.starts_with("language-"))
    };
    let language = class(&code).or_else(|| class(pre)).unwrap_or("");
    writer.code_block(&code_text(body), language);
    Some(after.split_once('>').map_or("", |(_, rest)| rest))
}

/// The text of a code element: tags off, entities decoded.
fn code_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let mut broken = 0;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let after = from.get(1..).unwrap_or("");
        if from.starts_with('&') {
            let end = after.bytes().take(10).position(|b| b == b';');
            let entity = end.and_then(|end| after.get(..end));
            match entity.and_then(decode) {
                Some(c) => {
                    out.push(c);
                    rest = after.split_once(';').map_or("", |(_, rest)| rest);
                }
                None => {
                    out.push('&');
                    rest = after;
                }
            }
            continue;
        }
        let tag = after.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic());
        match if tag && broken < MAX_BROKEN_TAGS { read_tag(after) } else { None } {
            Some(tag) => {
                if tag.name.eq_ignore_ascii_case("br") {
                    out.push('\n');
                }
                rest = tag.rest;
            }
            None => {
                broken += usize::from(tag);
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn decode(entity: &str) -> Option<char> {
    if let Some(number) = entity.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
        return char::from_u32(code).filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    }
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => return None,
    })
}

/// Escapes a whole text as one preformatted block: what is left when nothing else works.
pub(super) fn plain_block(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str("<pre>");
    escape_into(&mut out, text.trim_start_matches(['\r', '\n']));
    out.push_str("</pre>");
    out
}
