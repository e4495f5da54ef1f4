//! Kernel: JSON for a script element.

use super::safe_html::SafeHtml;
use serde_json::Value;

/// `value` as JSON that can stand inside `<script type="application/ld+json">`: the characters
/// that could end the element, open a comment or break a JavaScript line are written as `\uXXXX`,
/// which every JSON reader takes for the same character.
pub fn json_for_script(value: &Value) -> SafeHtml {
    let json = value.to_string();
    let mut out = String::with_capacity(json.len() + 16);
    let mut rest = json.as_str();
    while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let mut after = from.chars();
        out.push_str(match after.next() {
            Some('<') => "\\u003c",
            Some('>') => "\\u003e",
            Some('&') => "\\u0026",
            Some('\u{2028}') => "\\u2028",
            _ => "\\u2029",
        });
        rest = after.as_str();
    }
    out.push_str(rest);
    SafeHtml::vouch(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_title_cannot_end_the_script_element() {
        let html = json_for_script(&json!({"name": "</script><script>alert(1)</script><!--\u{2028}"}));
        assert!(!html.as_str().contains(['<', '>', '&', '\u{2028}']));
    }

    proptest! {
        #[test]
        fn a_json_reader_reads_the_same_value(text in any::<String>(), key in any::<String>()) {
            let value = json!({ key: [text] });
            let back: Value = serde_json::from_str(json_for_script(&value).as_str()).unwrap();
            prop_assert_eq!(back, value);
        }
    }
}
