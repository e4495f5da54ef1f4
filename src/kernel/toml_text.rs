//! kernel room: TOML that people edit: the line of what is wrong with it.
use serde::de::DeserializeOwned;

/// The line of a text that byte `at` stands in, from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Reads a text; where it cannot be read, the line of the first mistake and what the parser says, on one line.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, (usize, String)> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (line_of(text, at), error.message().lines().collect::<Vec<_>>().join(" "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_with_its_line() {
        #[derive(Debug, serde::Deserialize)]
        struct Text {
            #[allow(dead_code)]
            word: String,
        }
        assert!(read::<Text>("word = \"a\"").is_ok());
        let (line, said) = read::<Text>("# first\nword = 3").unwrap_err();
        assert_eq!(line, 2);
        assert!(said.contains("string") && !said.contains('\n'), "{said}");
        assert_eq!((line_of("", 0), line_of("a\nb", 2), line_of("a", 9)), (1, 2, 1));
    }
}
