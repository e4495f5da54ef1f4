//! Kernel: writes a post's HTML as well-nested, bounded elements, from Markdown or raw HTML.

use super::clean::{REL, Use, is_safe_url, url_into};
use super::highlight::{self, Budget};
use crate::kernel::limits::{
    MAX_ELEMENTS, MAX_HTML_BYTES, MAX_IMAGES, MAX_LINKS, MAX_MENTIONS, MAX_NESTING, MAX_URL_BYTES,
};
use crate::kernel::names::Username;
use crate::kernel::safe_html::escape_into;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const NAME_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Who opened an element, which decides who may close it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Markdown,
    Raw,
    /// Its content is thrown away when it closes.
    Muted,
}

struct Open {
    name: &'static str,
    origin: Origin,
    /// False when the depth or element limit kept the tag back; its content still shows.
    shown: bool,
    out_len: usize,
    mentions: usize,
}

/// Hidden raw elements that are remembered to find their end tags; more only close early.
const MAX_HIDDEN_RAW: usize = 2 * MAX_NESTING;

#[derive(Default)]
pub(super) struct Writer {
    pub(super) out: String,
    pub(super) mentions: Vec<String>,
    pub(super) links: usize,
    pub(super) images: usize,
    pub(super) has_code: bool,
    stack: Vec<Open>,
    /// Names of the open elements that were written, outermost first.
    shown: Vec<&'static str>,
    hidden_raw: usize,
    elements: usize,
    open_links: usize,
    /// The last character written as text, to tell where words begin.
    last: Option<char>,
    mention_keys: Vec<String>,
    budget: Budget,
}

/// Elements whose children can only be rows or cells: text in them would be moved about.
fn is_table_frame(name: &str) -> bool {
    matches!(name, "table" | "thead" | "tbody" | "tfoot" | "tr")
}

pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "blockquote"
            | "caption"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "figcaption"
            | "figure"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hr"
            | "li"
            | "ol"
            | "p"
            | "pre"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}

impl Writer {
    /// Whether the output has outgrown what a post may weigh.
    pub(super) fn is_full(&self) -> bool {
        self.out.len() > MAX_HTML_BYTES
    }

    fn has_room(&self, depth: usize) -> bool {
        self.shown.len() + depth <= MAX_NESTING && self.elements < MAX_ELEMENTS
    }

    /// Opens `name`, with what `attributes` appends inside its tag. Over the limits, or when
    /// `hide` is set, only the content will show.
    pub(super) fn open(
        &mut self,
        name: &'static str,
        origin: Origin,
        hide: bool,
        attributes: impl FnOnce(&mut String),
    ) {
        if is_block(name) {
            self.last = None;
        }
        if !is_table_frame(name) && !matches!(name, "td" | "th" | "caption") {
            self.leave_table_frame();
        }
        // A table needs room for its rows, cells and something in them.
        let depth = if name == "table" { 5 } else { 1 };
        let shown = !hide && origin != Origin::Muted && self.has_room(depth);
        if !shown && origin == Origin::Raw {
            if self.hidden_raw >= MAX_HIDDEN_RAW {
                return;
            }
            self.hidden_raw += 1;
        }
        self.stack.push(Open { name, origin, shown, out_len: self.out.len(), mentions: self.mentions.len() });
        if shown {
            self.elements += 1;
            self.shown.push(name);
            self.open_links += usize::from(name == "a");
            self.out.push('<');
            self.out.push_str(name);
            attributes(&mut self.out);
            self.out.push('>');
        } else if is_block(name) {
            self.out.push('\n');
        }
    }

    /// Opens an element of Markdown's own without attributes.
    pub(super) fn open_markdown(&mut self, name: &'static str) {
        self.open(name, Origin::Markdown, false, |_| ());
    }

    fn pop(&mut self) -> Option<Open> {
        let open = self.stack.pop()?;
        if open.shown {
            self.shown.pop();
            self.open_links -= usize::from(open.name == "a" && self.open_links > 0);
            self.out.push_str("</");
            self.out.push_str(open.name);
            self.out.push('>');
        } else if open.origin == Origin::Raw {
            self.hidden_raw = self.hidden_raw.saturating_sub(1);
        }
        if open.origin == Origin::Muted {
            self.out.truncate(open.out_len);
            self.mentions.truncate(open.mentions);
            self.mention_keys.truncate(open.mentions);
        }
        if is_block(open.name) {
            self.last = None;
        }
        Some(open)
    }

    /// Closes Markdown's innermost element, and raw ones left open inside it.
    pub(super) fn close_markdown(&mut self) {
        while let Some(open) = self.pop() {
            if open.origin == Origin::Markdown {
                return;
            }
        }
    }

    /// Closes Markdown's innermost row or cell, which may have been opened muted.
    pub(super) fn close_row(&mut self) {
        while let Some(open) = self.pop() {
            let row = matches!(open.name, "tr" | "td" | "th");
            if open.origin == Origin::Markdown || (open.origin == Origin::Muted && row) {
                return;
            }
        }
    }

    /// Closes the innermost raw `name`, unless a Markdown element stands in between.
    pub(super) fn close_raw(&mut self, name: &str) {
        for (inside, open) in self.stack.iter().rev().enumerate() {
            if open.name == name && open.origin != Origin::Markdown {
                for _ in 0..=inside {
                    self.pop();
                }
                return;
            }
            if open.origin != Origin::Raw {
                return;
            }
        }
    }

    /// Closes everything.
    pub(super) fn close_all(&mut self) {
        while self.pop().is_some() {}
    }

    /// The innermost element that was written.
    pub(super) fn innermost(&self) -> &'static str {
        self.shown.last().copied().unwrap_or("")
    }

    /// The innermost open element when it is raw.
    pub(super) fn innermost_raw(&self) -> &'static str {
        match self.stack.last() {
            Some(open) if open.origin == Origin::Raw => open.name,
            _ => "",
        }
    }

    /// Whether the innermost Markdown element holds only text and inline elements.
    pub(super) fn in_phrasing(&self) -> bool {
        let markdown =
            self.stack.iter().rev().take(4 * MAX_NESTING).find(|open| open.origin == Origin::Markdown);
        markdown.is_some_and(|open| !matches!(open.name, "blockquote" | "li" | "ul" | "ol"))
    }

    pub(super) fn in_link(&self) -> bool {
        self.open_links > 0
    }

    fn leave_table_frame(&mut self) {
        while is_table_frame(self.innermost()) {
            match self.stack.last() {
                Some(open) if open.origin == Origin::Raw => {
                    self.pop();
                }
                _ => return,
            }
        }
    }

    /// Text as it is, without mentions or links.
    pub(super) fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.leave_table_frame();
        escape_into(&mut self.out, text);
        self.last = text.chars().next_back();
    }

    /// Raw HTML's text: its entities stay for the cleaner to read.
    pub(super) fn raw_text(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.leave_table_frame();
        }
        self.out.push_str(text);
        self.last = text.chars().next_back();
    }

    /// White space between blocks.
    pub(super) fn newline(&mut self) {
        self.out.push('\n');
        self.last = None;
    }

    /// A void element (`br`, `hr`, `wbr`).
    pub(super) fn void(&mut self, name: &'static str) {
        self.leave_table_frame();
        self.last = None;
        if self.elements < MAX_ELEMENTS {
            self.elements += 1;
            self.out.push('<');
            self.out.push_str(name);
            self.out.push('>');
        } else {
            self.out.push('\n');
        }
    }

    /// An image, or its alternative text when the URL is not safe or there are too many.
    pub(super) fn image(&mut self, url: &str, alt: &str, title: &str) {
        if !is_safe_url(url, Use::Image) || !self.count_image() {
            self.text(alt);
            return;
        }
        self.leave_table_frame();
        self.out.push_str("<img src=\"");
        url_into(&mut self.out, url);
        self.out.push_str("\" alt=\"");
        escape_into(&mut self.out, alt);
        self.out.push('"');
        self.title(title);
        self.out.push_str(" loading=\"lazy\">");
        self.last = None;
    }

    /// Writes a raw image that was counted, with what `attributes` appends.
    pub(super) fn open_image(&mut self, attributes: impl FnOnce(&mut String)) {
        self.leave_table_frame();
        self.out.push_str("<img");
        attributes(&mut self.out);
        self.out.push('>');
        self.last = None;
    }

    /// Whether a table's row with `columns` cells fits under the element limit.
    pub(super) fn has_room_for_row(&self, columns: usize) -> bool {
        self.elements + columns < MAX_ELEMENTS
    }

    /// Counts one image; false when there are too many.
    pub(super) fn count_image(&mut self) -> bool {
        let room = self.images < MAX_IMAGES && self.elements < MAX_ELEMENTS;
        self.images += usize::from(room);
        self.elements += usize::from(room);
        room
    }

    /// Counts one link; false when there are too many, or one is open.
    pub(super) fn count_link(&mut self) -> bool {
        let room = self.links < MAX_LINKS && !self.in_link();
        self.links += usize::from(room);
        room
    }

    fn title(&mut self, title: &str) {
        if !title.is_empty() && title.len() <= MAX_URL_BYTES {
            self.out.push_str(" title=\"");
            escape_into(&mut self.out, title);
            self.out.push('"');
        }
    }

    /// Opens a Markdown link; only its text shows when the URL is not safe.
    pub(super) fn open_link(&mut self, scheme: &str, url: &str, title: &str) {
        let hide = !is_safe_url(url, Use::Link) || !self.count_link();
        self.open("a", Origin::Markdown, hide, |out| {
            out.push_str(" href=\"");
            out.push_str(scheme);
            url_into(out, url);
            out.push('"');
            if !title.is_empty() && title.len() <= MAX_URL_BYTES {
                out.push_str(" title=\"");
                escape_into(out, title);
                out.push('"');
            }
            out.push_str(" rel=\"");
            out.push_str(REL);
            out.push('"');
        });
    }

    /// Code inside a line.
    pub(super) fn code_span(&mut self, code: &str) {
        self.has_code = true;
        self.open_markdown("code");
        escape_into(&mut self.out, code);
        self.close_markdown();
        self.last = Some('`');
    }

    /// A block of code, highlighted as far as the limits go.
    pub(super) fn code_block(&mut self, code: &str, info: &str) {
        self.has_code = true;
        let language = highlight::language(info);
        self.open_markdown("pre");
        self.open("code", Origin::Markdown, false, |out| {
            out.push_str(" class=\"hl-code");
            let name = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if let Some(language) = language.as_deref().filter(|language| language.chars().all(name)) {
                out.push_str(" hl-lang-");
                out.push_str(language);
            }
            out.push('"');
        });
        let room = MAX_ELEMENTS.saturating_sub(self.elements);
        // Spans need one more level.
        let room = if self.has_room(1) { room } else { 0 };
        self.elements +=
            highlight::highlight_into(&mut self.out, code, language.as_deref(), &mut self.budget, room);
        self.close_markdown();
        self.close_markdown();
        self.out.push('\n');
    }

    /// Text with mentions and bare URLs made into links.
    pub(super) fn rich_text(&mut self, text: &str) {
        let mut done = 0;
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find(['@', ':'])).map(|at| at + from) {
            from = at + 1;
            if self.in_link() {
                break;
            }
            let before = text.get(done..at).unwrap_or("");
            let after = text.get(at + 1..).unwrap_or("");
            if text.get(at..at + 1) == Some("@") {
                let last = before.chars().next_back().or(self.last);
                let name = mention(last, after);
                if !name.is_empty() && self.mention_is_known_or_fits(name) {
                    self.text(before);
                    self.mention(name);
                    from = at + 1 + name.len();
                    done = from;
                }
            } else if after.starts_with("//") {
                let length = scheme_length(before);
                let start = at - length;
                let last = text.get(done..start).and_then(|t| t.chars().next_back()).or(self.last);
                if length == 0 || last.is_some_and(char::is_alphanumeric) {
                    continue;
                }
                let (url, seen) = bare_url(text.get(start..).unwrap_or(""));
                from = (start + seen).max(from);
                if url.is_empty() || !self.has_room(1) || !is_safe_url(url, Use::Link) || !self.count_link() {
                    continue;
                }
                self.text(text.get(done..start).unwrap_or(""));
                self.links -= 1; // `open_link` counts it.
                self.open_link("", url, "");
                self.text(url);
                self.close_markdown();
                done = start + url.len();
                from = done;
            }
        }
        self.text(text.get(done..).unwrap_or(""));
    }

    fn mention_is_known_or_fits(&self, name: &str) -> bool {
        self.has_room(1)
            && (self.mentions.len() < MAX_MENTIONS
                || Username::parse(name).is_ok_and(|name| self.mention_keys.contains(&name.key())))
    }

    fn mention(&mut self, written: &str) {
        let Ok(name) = Username::parse(written) else {
            return;
        };
        let key = name.key();
        if !self.mention_keys.contains(&key) {
            self.mention_keys.push(key);
            self.mentions.push(name.as_str().to_owned());
        }
        self.open("a", Origin::Markdown, false, |out| {
            out.push_str(" class=\"mention\" href=\"/people/");
            out.extend(utf8_percent_encode(name.as_str(), NAME_IN_PATH));
            out.push('"');
        });
        self.out.push('@');
        self.text(written);
        self.close_markdown();
    }
}

/// The username at the beginning of `after` (what follows an `@`), empty when this is none.
fn mention(last: Option<char>, after: &str) -> &str {
    if last.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '/' | '.' | '-')) {
        return "";
    }
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    // One character past the longest name shows that it is too long.
    let mut end = 0;
    for (count, c) in after.chars().enumerate() {
        if !part(c) {
            break;
        }
        if count >= 64 {
            return "";
        }
        end += c.len_utf8();
    }
    let name = after.get(..end).unwrap_or("");
    let name = name.split("..").next().unwrap_or("").trim_end_matches('.');
    // `@ann@example.org` is an address elsewhere.
    let elsewhere = after.get(name.len()..).is_some_and(|rest| rest.starts_with('@'));
    if elsewhere || Username::parse(name).is_err() { "" } else { name }
}

fn scheme_length(before: &str) -> usize {
    for scheme in ["https", "http"] {
        let tail = before.len().checked_sub(scheme.len()).and_then(|at| before.get(at..));
        if tail.is_some_and(|tail| tail.eq_ignore_ascii_case(scheme)) {
            return scheme.len();
        }
    }
    0
}

/// The URL at the beginning of `text` by GitHub's rules for bare links (punctuation and
/// unbalanced brackets at its end belong to the sentence), and how many bytes were looked at.
fn bare_url(text: &str) -> (&str, usize) {
    let stop = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`');
    let end = text.find(stop).unwrap_or(text.len());
    let mut url = text.get(..end).unwrap_or("");
    if end > MAX_URL_BYTES {
        return ("", end);
    }
    let count = |url: &str, c: char| url.matches(c).count();
    let (mut opened, mut closed) = (count(url, '('), count(url, ')'));
    while let Some(c) = url.chars().next_back() {
        match c {
            ')' if closed > opened => closed -= 1,
            '(' => opened -= 1,
            '?' | '!' | '.' | ',' | ':' | ';' | '*' | '_' | '~' | '\'' | ']' | '[' | '»' | '”' | '’' => {
            }
            _ => break,
        }
        url = url.get(..url.len() - c.len_utf8()).unwrap_or("");
    }
    let host = url.split_once("//").map_or("", |(_, host)| host);
    let has_host = host.starts_with(|c: char| c.is_alphanumeric() || c == '[');
    (if has_host { url } else { "" }, end)
}
