//! exchange room: texts of other sites made fit for this one.
use crate::kernel::excerpt::excerpt;
use crate::kernel::limits::{EXCERPT_CHARS, MAX_DISPLAY_NAME, MAX_USERNAME};
use crate::kernel::markdown::{self, Rendered};
use crate::kernel::names::{TagName, Username};
pub(super) use crate::kernel::slug::{fold, slug};
use unicode_normalization::UnicodeNormalization;

/// A body as it is shown, and its first words for lists.
#[derive(Default)]
pub(super) struct Shown {
    pub html: String,
    pub excerpt: String,
}

impl Shown {
    fn of(rendered: Rendered) -> Shown {
        Shown { excerpt: excerpt(&rendered.text, EXCERPT_CHARS), html: rendered.html.into_string() }
    }
}

/// Imported HTML, safe to show. Bounded in time whatever comes in.
pub(super) fn clean(html: &str) -> Shown {
    Shown::of(markdown::render_html(html))
}

/// Imported Markdown, rendered.
pub(super) fn markdown(source: &str) -> Shown {
    Shown::of(markdown::render(source))
}

/// Characters that show nothing or turn the direction of what follows.
fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Markdown of another site: an `@name` is one of theirs and stays text.
pub(super) fn foreign_markdown(source: &str) -> String {
    let html = markdown(source).html;
    let mut out = String::with_capacity(html.len());
    let mut rest = html.as_str();
    // Quotes inside an attribute's value are escaped, so this text is a mention's own tag.
    while let Some((before, from)) = rest.split_once("<a ") {
        out.push_str(before);
        let (tag, after) = from.split_once('>').unwrap_or((from, ""));
        match after.split_once("</a>") {
            Some((name, after)) if tag.contains("class=\"mention\"") => {
                out.push_str(name);
                rest = after;
            }
            _ => {
                out.push_str("<a ");
                rest = from;
            }
        }
    }
    out.push_str(rest);
    out
}

/// One visible line of at most `max` characters.
pub(super) fn line(text: &str, max: usize) -> String {
    let visible: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !invisible(*c))
        .take(max.saturating_mul(4))
        .collect();
    let mut out = String::new();
    for word in visible.split(' ').filter(|w| !w.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    match out.char_indices().nth(max) {
        Some((at, _)) => out.get(..at).unwrap_or_default().trim_end().to_owned(),
        None => out,
    }
}

/// The name a person is shown by; `user<id>` when nothing of it can be seen.
pub(super) fn display_name(text: &str, id: i64) -> String {
    let name = line(text, MAX_DISPLAY_NAME);
    if name.is_empty() { format!("user{}", id.unsigned_abs()) } else { name }
}

/// A username made from a display name: letters, digits, `_`, `-` and `.`, a letter or digit first.
/// `attempt` 0 is the name itself, 1 adds the old id, more add a counter; so it ends soon.
pub(super) fn username(display: &str, id: i64, attempt: u32) -> String {
    let (own, id) = (id == -1, id.unsigned_abs());
    let mut base = String::new();
    for c in display.nfkc() {
        let c = if c.is_whitespace() { '-' } else { c };
        let separator = matches!(c, '_' | '-' | '.');
        if separator && (base.is_empty() || base.ends_with(['_', '-', '.'])) {
            continue;
        }
        if c.is_alphanumeric() || separator {
            base.push(c);
        }
        if base.chars().count() >= MAX_USERNAME {
            break;
        }
    }
    let base = base.trim_end_matches(['_', '-', '.']);
    // The old site's own hand may have its name; nobody else may have one that speaks for this site.
    let free = if own { Username::parse(base) } else { Username::parse_new(base) };
    let suffix = match (attempt, free) {
        (0, Ok(name)) => return name.into_string(),
        (0 | 1, _) => format!("{id}"),
        (n, _) => format!("{id}-{n}"),
    };
    let room = MAX_USERNAME.saturating_sub(suffix.len() + 1);
    let cut: String = base.chars().take(room).collect();
    match Username::parse(&format!("{cut}-{suffix}")) {
        Ok(name) => name.into_string(),
        Err(_) => format!("user-{suffix}"),
    }
}

/// What is noted of tags that could not keep their name.
pub(super) const RENAMED: &str = "tags that are written otherwise here, or not at all";

/// Names that tags may have in this house, each once.
#[derive(Default)]
pub(super) struct Tags {
    pub names: Vec<String>,
    /// How many had another name, or one of which nothing could stay.
    pub renamed: u64,
}

/// Tags of a post: `<a><b>`, `|a|b|` or `a b`.
pub(super) fn tags(text: &str) -> Tags {
    tag_names(text.split(|c: char| matches!(c, '<' | '>' | '|') || c.is_whitespace()))
}

pub(super) fn tag_names<'a>(parts: impl IntoIterator<Item = &'a str>) -> Tags {
    let mut tags = Tags::default();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        tags.renamed += u64::from(TagName::parse(part).is_err());
        if let Some(name) = TagName::near(part).map(TagName::into_string)
            && !tags.names.contains(&name)
        {
            tags.names.push(name);
        }
    }
    tags
}

/// Text as PostgreSQL takes it and Markdown wants it, and as an editor may send it back: lines ended by
/// `\n` alone, no other control characters but tabs.
pub(super) fn plain(text: String) -> String {
    let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(strange) {
        text.replace("\r\n", "\n").replace('\r', "\n").replace(strange, "")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_keep_what_can_be_kept() {
        let check = |display: &str, attempt, expect: &str| assert_eq!(username(display, 42, attempt), expect);
        check("Geoff Dalgas", 0, "Geoff-Dalgas");
        check("Geoff Dalgas", 1, "Geoff-Dalgas-42");
        check("Geoff Dalgas", 3, "Geoff-Dalgas-42-3");
        check("..a\u{202e}.b...c.", 0, "a.b.c");
        check("李小龙", 0, "李小龙");
        check("Al", 0, "Al-42");
        check("admin", 0, "admin-42");
        assert_eq!(username("Community", -1, 0), "Community");
        check("☃", 0, "user-42");
        check("pаypal", 0, "user-42");
        assert!(username(&"x".repeat(500), i64::MIN, u32::MAX).chars().count() <= 40);
    }

    #[test]
    fn names_of_another_site_are_not_linked() {
        assert_eq!(
            foreign_markdown("@Bruno see **[this](https://a.example/)** & @ann"),
            "<p>@Bruno see <strong><a href=\"https://a.example/\" rel=\"nofollow ugc noopener\">this</a></strong> &amp; @ann</p>\n"
        );
        assert!(markdown("@Bruno").html.contains("/people/"));
    }

    #[test]
    fn both_forms_of_tags_are_read() {
        let check = |text: &str, names: &[&str], renamed: u64| {
            let tags = tags(text);
            assert_eq!(
                (tags.names, tags.renamed),
                (names.iter().map(|n| (*n).to_owned()).collect(), renamed)
            );
        };
        check("<c++><C#><c++>", &["c++", "c#"], 0);
        check("|grammar|word-choice|", &["grammar", "word-choice"], 0);
        check("", &[], 0);
        check("<my_tag><my-tag><__>", &["my-tag"], 2);
    }

    #[test]
    fn control_characters_do_not_come_in() {
        assert_eq!(plain("a\r\nb\rc\0\u{7}\u{85}\td".into()), "a\nb\nc\td");
    }

    #[test]
    fn a_hostile_name_is_one_short_visible_line() {
        assert_eq!(display_name(" a\u{202e}\n\tb\u{0} ", 1), "a b");
        assert_eq!(display_name("\u{200b}", -1), "user1");
        assert_eq!(display_name(&"x".repeat(1000), 1).chars().count(), 60);
    }
}
