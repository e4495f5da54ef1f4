//! Kernel: the plain text of cleaned HTML, for search and excerpts.

/// The text of `html`, which must come from the cleaner (well formed, its entities only those
/// the serialiser writes): one line per block, cells divided by a space.
pub(super) fn plain_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        push(&mut out, before);
        let end_mark = if from.starts_with('<') { '>' } else { ';' };
        let mut quoted = false;
        // A quoted attribute may hold the mark that ends the tag.
        let end = from.find(|c| {
            quoted ^= c == '"';
            c == end_mark && !quoted
        });
        let Some(end) = end else {
            rest = from;
            break;
        };
        let (mark, after) = from.split_at(end + 1);
        rest = after;
        if end_mark == ';' {
            out.push_str(match mark {
                "&amp;" => "&",
                "&lt;" => "<",
                "&gt;" => ">",
                "&quot;" => "\"",
                "&nbsp;" => "\u{a0}",
                "&#39;" => "'",
                other => other,
            });
            continue;
        }
        let name = mark.trim_start_matches(['<', '/']);
        let name = name.split([' ', '>', '/']).next().unwrap_or("");
        let divider = match name {
            "td" | "th" => ' ',
            "br" | "hr" | "p" | "pre" | "li" | "ul" | "ol" | "div" | "blockquote" | "h3" | "h4" | "h5"
            | "h6" | "table" | "tr" | "thead" | "tbody" | "tfoot" | "caption" | "dl" | "dt" | "dd"
            | "details" | "summary" | "figure" | "figcaption" => '\n',
            _ => continue,
        };
        if divider == '\n' {
            let end = out.trim_end_matches(' ').len();
            out.truncate(end);
        }
        if !out.is_empty() && !out.ends_with(['\n', ' ']) {
            out.push(divider);
        }
    }
    push(&mut out, rest);
    let end = out.trim_end().len();
    out.truncate(end);
    let start = out.len() - out.trim_start().len();
    out.drain(..start);
    out
}

/// Appends text; the line break between two blocks' tags adds none to theirs.
fn push(out: &mut String, text: &str) {
    let begun = out.is_empty() || out.ends_with('\n');
    out.push_str(if begun { text.trim_start_matches('\n') } else { text });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_lines_and_entities_characters() {
        let check = |html: &str, expect: &str| assert_eq!(plain_text(html), expect);
        check("<p>a <em>b</em>c</p>\n<p>d &lt;e&gt; &amp;amp;</p>", "a bc\nd <e> &amp;");
        check("<table><tbody><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></tbody></table>", "1 2\n3");
        check("<ul><li>x</li><li>y</li></ul>z", "x\ny\nz");
        check("", "");
        check("<p>cut &amp", "cut &amp");
        check("a <p class=\"", "a <p class=\"");
    }

    proptest::proptest! {
        #[test]
        fn stored_html_gives_back_the_text_it_was_stored_with(md in "(?s).{0,200}") {
            let rendered = super::super::render(&md);
            proptest::prop_assume!(!rendered.fell_back);
            proptest::prop_assert_eq!(super::super::plain_text(rendered.html.as_str()), rendered.text);
        }

        #[test]
        fn any_input_gives_some_text(html in "(?s)[<>&;\"'/ a-z\u{e9}]{0,100}") {
            proptest::prop_assert!(plain_text(&html).len() <= html.len());
        }
    }
}
