//! Kernel: HTML that is safe to put into a page as it stands.

use serde::{Serialize, Serializer};

/// HTML that may be written into a page unescaped. Outside the kernel one can only read it:
/// there is no public way from a user's text to this type but [`escape`] and the renderers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// Vouches for `html`; only the kernel's renderers may.
    pub(in crate::kernel) fn vouch(html: String) -> Self {
        Self(html)
    }

    /// Reads back what a renderer made and the store kept. Only for columns that nothing but a
    /// renderer's output is ever written to.
    pub fn from_stored(html: String) -> Self {
        Self(html)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for SafeHtml {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Any text as HTML that shows exactly this text, in element content and in quoted attributes.
pub fn escape(text: &str) -> SafeHtml {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    escape_into(&mut out, text);
    SafeHtml(out)
}

/// Text in pieces as HTML that shows exactly this text, the pieces marked `true` inside `<mark>`.
pub fn marked(pieces: &[(String, bool)]) -> SafeHtml {
    let length: usize = pieces.iter().map(|(text, _)| text.len() + 16).sum();
    let mut out = String::with_capacity(length);
    for (text, mark) in pieces {
        if *mark {
            out.push_str("<mark>");
            escape_into(&mut out, text);
            out.push_str("</mark>");
        } else {
            escape_into(&mut out, text);
        }
    }
    SafeHtml(out)
}

/// Appends `text` to `out`, escaped for element content and quoted attributes.
pub(in crate::kernel) fn escape_into(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'', '\0']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut chars = from.chars();
        out.push_str(match chars.next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('"') => "&quot;",
            Some('\'') => "&#39;",
            _ => "\u{fffd}",
        });
        rest = chars.as_str();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_text_holds_no_markup() {
        let html = escape("<a href=\"x\" id='y'>&\0</a>");
        assert_eq!(html.as_str(), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;\u{fffd}&lt;/a&gt;");
    }

    #[test]
    fn marked_pieces_hold_no_markup_but_the_marks() {
        let pieces = [("a <b>".to_owned(), false), ("</mark>&".to_owned(), true), (String::new(), false)];
        assert_eq!(marked(&pieces).as_str(), "a &lt;b&gt;<mark>&lt;/mark&gt;&amp;</mark>");
    }

    #[test]
    fn it_serialises_as_a_plain_string() {
        assert_eq!(serde_json::to_string(&escape("a<b")).unwrap(), "\"a&lt;b\"");
    }
}
