//! Kernel: the first words of a text.

/// The beginning of `text` in at most `max_chars` characters, ellipsis included: one line,
/// single spaces, cut at a word's end where there is one. Plain text in, plain text out: the
/// caller escapes it.
pub fn excerpt(text: &str, max_chars: usize) -> String {
    let mut out = String::new();
    // Byte length of `out` at the last word that still leaves room for the ellipsis.
    let mut cut_word = 0;
    let mut cut_char = 0;
    let mut count = 0;
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            space = !out.is_empty();
            continue;
        }
        let needed = if space { 2 } else { 1 };
        if space && count < max_chars {
            cut_word = out.len();
        }
        if count + needed > max_chars {
            let cut = if space && count < max_chars { out.len() } else { cut_word };
            // A single word longer than the excerpt, or a script without spaces.
            let cut = if cut * 3 >= out.len() { cut } else { cut_char };
            out.truncate(cut);
            if max_chars > 0 {
                out.push('…');
            }
            return out;
        }
        if space {
            out.push(' ');
            space = false;
        }
        out.push(c);
        count += needed;
        if count < max_chars {
            cut_char = out.len();
        }
    }
    out
}

/// The longest beginning of `text` with at most `max` bytes.
pub fn first_bytes(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_cuts_at_word_ends() {
        let check = |text: &str, max: usize, expect: &str| assert_eq!(excerpt(text, max), expect);
        check("", 10, "");
        check("  one\n\n two\t three ", 100, "one two three");
        check("one two three", 13, "one two three");
        check("one two three", 12, "one two…");
        check("one two three", 8, "one two…");
        check("one two three", 7, "one…");
        check("abcdefghij", 5, "abcd…");
        check("abc", 0, "");
        check("漢字漢字漢字", 4, "漢字漢…");
    }

    #[test]
    fn bytes_are_cut_between_characters() {
        assert_eq!(first_bytes("aé", 2), "a");
        assert_eq!(first_bytes("aé", 9), "aé");
        assert_eq!(first_bytes("é", 0), "");
    }

    proptest! {
        #[test]
        fn it_is_never_longer_than_asked(text in any::<String>(), max in 0usize..60) {
            let out = excerpt(&text, max);
            prop_assert!(out.chars().count() <= max);
            prop_assert!(!out.contains("  ") && !out.contains('\n'));
        }
    }
}
