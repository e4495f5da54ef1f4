//! Kernel: titles in URLs, and folded keys for what has to be unique.

use super::limits::MAX_SLUG_BYTES;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What stands behind a thread's number for other pages than the thread itself.
const RESERVED: [&str; 9] =
    ["acceptance", "answers", "cases", "duplicate", "escalate", "follow", "lock", "me-too", "news"];

/// A title as part of a URL: ASCII letters and digits in lower case with single hyphens, at
/// most [`MAX_SLUG_BYTES`], `thread` when nothing is left (a title in a script without a Latin
/// reading), never a word that another page has there. The slug is for the reader only; the id beside it finds the thread.
pub fn slug(title: &str) -> String {
    let mut out = String::new();
    let mut gap = false;
    // A title is far shorter; the bound keeps any input cheap.
    'all: for c in title.chars().take(1_000).nfkd() {
        let mut one = [0; 4];
        let part = match c {
            'a'..='z' | '0'..='9' => &*c.encode_utf8(&mut one),
            'A'..='Z' => &*c.to_ascii_lowercase().encode_utf8(&mut one),
            'ß' | 'ẞ' => "ss",
            'æ' | 'Æ' => "ae",
            'œ' | 'Œ' => "oe",
            'ø' | 'Ø' => "o",
            'ł' | 'Ł' => "l",
            'đ' | 'Đ' | 'ð' | 'Ð' => "d",
            'þ' | 'Þ' => "th",
            'ı' => "i",
            // "don't" reads better as "dont" than as "don-t".
            '\'' | '’' => continue,
            _ if is_combining_mark(c) => continue,
            _ => {
                gap = true;
                continue;
            }
        };
        let hyphen = usize::from(gap && !out.is_empty());
        if out.len() + hyphen + part.len() > MAX_SLUG_BYTES {
            if !gap {
                // The word does not fit: end at the word before it, if there is one.
                if let Some(at) = out.rfind('-') {
                    out.truncate(at);
                }
            }
            break 'all;
        }
        if hyphen == 1 {
            out.push('-');
        }
        gap = false;
        out.push_str(part);
    }
    if out.is_empty() {
        return "thread".to_owned();
    }
    if RESERVED.contains(&out.as_str()) {
        out.push_str("-thread");
    }
    out
}

/// The key under which two spellings count as the same name: compatibility forms composed
/// (NFKC), lower case, outer white space off. So `Ｋ` (full width) and the Kelvin sign become
/// `k`, `ß` becomes `ss`, final `ς` becomes `σ`, and Turkish `İ` becomes `i`. Letters that
/// merely look alike in different scripts (Cyrillic `а` beside Latin `a`) stay different:
/// usernames refuse to mix such scripts instead. Folding twice changes nothing.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.trim().to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    // NFKC of a lower-cased text may hold upper case or uncomposed letters again; the second
    // round is the fixed point for all of Unicode's one-step cases.
    fold_once(text, &mut out);
    for _ in 0..3 {
        let mut again = String::with_capacity(out.len());
        fold_once(&out, &mut again);
        if again == out {
            break;
        }
        out = again;
    }
    out
}

fn fold_once(text: &str, out: &mut String) {
    let mut after_i = false;
    let lower = text.trim().nfkc().flat_map(char::to_lowercase);
    let kept = lower.filter(move |&c| {
        // `İ` lower-cases to `i` with a dot above it; the dot says nothing on an `i`.
        let drop = after_i && c == '\u{307}';
        after_i = c == 'i' || drop;
        !drop
    });
    for c in kept.nfkc() {
        match c {
            'ß' => out.push_str("ss"),
            'ς' => out.push('σ'),
            _ => out.push(c),
        }
    }
    let end = out.trim_end().len();
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slug_is_readable_ascii() {
        let check = |title: &str, expect: &str| assert_eq!(slug(title), expect, "{title}");
        check("Why does my Thermostat reset at night?", "why-does-my-thermostat-reset-at-night");
        check("Crème brûlée à l'été", "creme-brulee-a-lete");
        check("  --a__b--  ", "a-b");
        check("Straße nach Łódź", "strasse-nach-lodz");
        check("ﬁne ＡＢＣ ①", "fine-abc-1");
        check("漢字だけ", "thread");
        check("", "thread");
        check("<script>alert(1)</script>", "script-alert-1-script");
        check("../../etc/passwd", "etc-passwd");
    }

    #[test]
    fn a_long_slug_ends_at_a_word() {
        let out = slug(&"word ".repeat(60));
        assert!(out.len() <= MAX_SLUG_BYTES && out.ends_with("word"), "{out}");
        assert_eq!(slug(&"a".repeat(200)).len(), MAX_SLUG_BYTES);
    }

    #[test]
    fn spellings_of_one_name_fold_to_one_key() {
        let check = |a: &str, expect: &str| assert_eq!(fold(a), expect, "{a}");
        check(" Ann ", "ann");
        check("\u{212a}elvin", "kelvin");
        check("Ｆｕｌｌ", "full");
        check("STRASSE", "strasse");
        check("Straße", "strasse");
        check("STRAẞE", "strasse");
        check("İstanbul", "istanbul");
        check("ΟΔΥΣΣΕΥΣ", "οδυσσευσ");
        check("e\u{301}", "é");
        check("ﬁ", "fi");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn a_slug_holds_only_what_a_url_may(text in any::<String>()) {
            let out = slug(&text);
            prop_assert!(!out.is_empty() && out.len() <= MAX_SLUG_BYTES);
            prop_assert!(out.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            prop_assert!(!out.starts_with('-') && !out.ends_with('-') && !out.contains("--"));
        }
    }
}
