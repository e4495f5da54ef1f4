//! exchange room: texts of other sites made fit for this one.
use unicode_normalization::UnicodeNormalization;

/// Bytes of a body beyond which it is shown as plain text: cleaning deep HTML is quadratic.
const MAX_CLEANED_BYTES: usize = 120_000;
/// Open elements beyond which a body is shown as plain text, for the same reason.
const MAX_DEPTH: usize = 100;
const MAX_USERNAME: usize = 30;
const MAX_DISPLAY_NAME: usize = 60;

/// Imported HTML, safe to show. Bounded in time whatever comes in.
pub(super) fn clean(html: &str) -> String {
    if html.len() > MAX_CLEANED_BYTES || deep(html) {
        return format!("<pre>{}</pre>", ammonia::clean_text(html));
    }
    ammonia::clean(html)
}

/// Imported Markdown, rendered.
pub(super) fn markdown(source: &str) -> String {
    let paragraphs = source.split("\n\n").map(str::trim).filter(|p| !p.is_empty());
    paragraphs.map(|p| format!("<p>{}</p>", escape(p).replace('\n', "<br>"))).collect()
}

/// The readable part of a thread's URL.
pub(super) fn slug(title: &str) -> String {
    let mut out = String::new();
    for c in title.nfkd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)) {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') && c != '\'' {
            out.push('-');
        }
        if out.len() >= 80 {
            break;
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() { "thread".to_owned() } else { out.to_owned() }
}

/// The key under which two spellings are the same name.
pub(super) fn fold(text: &str) -> String {
    text.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// Whether a person who signs up may not take this name.
fn reserved(name: &str) -> bool {
    const WORDS: [&str; 24] = [
        "about",
        "abuse",
        "admin",
        "administrator",
        "all",
        "anonymous",
        "api",
        "bot",
        "deleted",
        "everyone",
        "guest",
        "help",
        "info",
        "loggia",
        "mod",
        "moderator",
        "null",
        "official",
        "root",
        "security",
        "staff",
        "support",
        "system",
        "webmaster",
    ];
    WORDS.contains(&fold(name).as_str())
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn deep(html: &str) -> bool {
    let mut depth = 0usize;
    for part in html.split('<').skip(1) {
        if part.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if part.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let name: String = part.chars().take_while(char::is_ascii_alphanumeric).collect();
            let void = ["br", "hr", "img", "wbr", "input"].contains(&name.to_ascii_lowercase().as_str());
            depth += usize::from(!void);
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// Characters that show nothing or turn the direction of what follows.
fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
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
    let id = id.unsigned_abs();
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
    let plain = base.chars().count() >= 3 && !mixes_scripts(base) && !reserved(base);
    let suffix = match attempt {
        0 if plain => return base.to_owned(),
        0 | 1 => format!("{id}"),
        n => format!("{id}-{n}"),
    };
    let base = if base.is_empty() || mixes_scripts(base) { "user" } else { base };
    let room = MAX_USERNAME.saturating_sub(suffix.len() + 1);
    let mut name: String = base.chars().take(room).collect();
    name.push('-');
    name.push_str(&suffix);
    name
}

/// Latin, Greek and Cyrillic share shapes, so a name keeps to one of them.
fn mixes_scripts(name: &str) -> bool {
    let script = |c: char| match u32::from(c) {
        0x41..=0x24f | 0x1e00..=0x1eff => Some(0),
        0x370..=0x3ff | 0x1f00..=0x1fff => Some(1),
        0x400..=0x52f | 0x1c80..=0x1c8f => Some(2),
        _ => None,
    };
    let mut seen = name.chars().filter(|c| c.is_alphabetic()).filter_map(script);
    let first = seen.next();
    seen.any(|s| Some(s) != first)
}

/// Tags of a post: `<a><b>`, `|a|b|` or `a b`; each once, as this house writes them.
pub(super) fn tags(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for part in text.split(|c: char| matches!(c, '<' | '>' | '|') || c.is_whitespace()) {
        let tag: String = fold(part).chars().filter(|c| !invisible(*c)).take(35).collect();
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// Text as PostgreSQL takes it and Markdown wants it: no NUL, lines ended by `\n` alone.
pub(super) fn plain(text: String) -> String {
    if text.contains(['\0', '\r']) {
        text.replace('\0', "").replace("\r\n", "\n").replace('\r', "\n")
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
        check("☃", 0, "user-42");
        check("pаypal", 0, "user-42");
        assert!(username(&"x".repeat(500), i64::MIN, u32::MAX).chars().count() <= 31);
    }

    #[test]
    fn both_forms_of_tags_are_read() {
        assert_eq!(tags("<c++><C#><c++>"), ["c++", "c#"]);
        assert_eq!(tags("|grammar|word-choice|"), ["grammar", "word-choice"]);
        assert!(tags("").is_empty());
    }

    #[test]
    fn a_hostile_name_is_one_short_visible_line() {
        assert_eq!(display_name(" a\u{202e}\n\tb\u{0} ", 1), "a b");
        assert_eq!(display_name("\u{200b}", -1), "user1");
        assert_eq!(display_name(&"x".repeat(1000), 1).chars().count(), 60);
    }

    #[test]
    fn deep_html_costs_no_more_than_its_length() {
        assert!(clean(&"<blockquote>".repeat(9_000)).starts_with("<pre>"));
        assert_eq!(clean("<p onclick=x>a<script>b</script></p>"), "<p>a</p>");
    }
}
