//! insight room: what of a search may be written down. Pure.
use crate::kernel::limits;

/// Whether a text may be about one person: an address, somebody's number, or so long that it tells a story. What is
/// taken for personal is forgotten at once, so the judgement errs on that side.
pub fn personal(text: &str) -> bool {
    text.chars().count() > limits::SEARCH_COUNTED_CHARS || has_address(text) || has_number(text)
}

/// `name@host`, also with its dot missing or written out of place.
fn has_address(text: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.char_indices().filter(|(_, c)| matches!(c, '@' | '＠')).any(|(at, c)| {
        let (before, after) = (text.get(..at), text.get(at + c.len_utf8()..));
        word(before.and_then(|part| part.chars().next_back()))
            && word(after.and_then(|part| part.chars().next()))
    })
}

/// Telephones, cards and customer numbers: many digits with only marks and spaces between them, or one word with ten
/// digits and more, as account numbers have. Error codes such as `0x80070057` and product codes are none.
fn has_number(text: &str) -> bool {
    let (mut run, mut in_word) = (0, 0);
    let mut word_has_letter = false;
    for c in text.chars() {
        if c.is_numeric() {
            in_word += 1;
            run = if word_has_letter { 0 } else { run + 1 };
            if run >= limits::SEARCH_DIGITS || in_word >= 10 {
                return true;
            }
        } else if c.is_alphabetic() {
            word_has_letter = true;
            run = 0;
        } else {
            // A mark within a code ends no number: +39 02 1234-567.
            in_word = 0;
            word_has_letter = false;
        }
    }
    false
}

/// A text cell of a file for spreadsheets, which take what begins so for a formula.
pub fn csv_cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\"").replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_about_a_person_is_told_from_codes_and_models() {
        for text in [
            "mail ann@example.com lost",
            "ann@home",
            "call +39 02 1234567",
            "340-123-4567",
            "(02) 1234.567",
            "4111 1111 1111 1111",
            "IT60X0542811101000000123456",
            "customer 80070057",
            "٠١٢٣٤٥٦٧",
            &"very ".repeat(20),
        ] {
            assert!(personal(text), "{text}");
        }
        for text in [
            "0x80070057",
            "wrt54g-v2 reset",
            "error 4042",
            "usb 3.0",
            "2026-11",
            "@",
            "user @ home",
            "mp3 a2 b3 c4 d5 e6 f7",
        ] {
            assert!(!personal(text), "{text}");
        }
    }

    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(csv_cell("=1+1"), "\"'=1+1\"");
        assert_eq!(csv_cell("say \"a\"\nb"), "\"say \"\"a\"\" b\"");
    }
}
