//! kernel room: cells of a table as a text file.

/// A cell of a CSV file (RFC 4180). One that a spreadsheet would take for a formula begins with an apostrophe.
pub fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\"").replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("say \"a\"\nb"), "\"say \"\"a\"\" b\"");
    }
}
