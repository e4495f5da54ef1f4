//! Kernel: the short texts people and things are called by, parsed once and then trusted.

use super::limits::*;
use super::slug::fold;
use serde::{Serialize, Serializer};
use std::ops::RangeInclusive;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Why a name was refused. [`NameError::key`] is the message's key in the translations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    #[error("the name is too short")]
    TooShort,
    #[error("the name is too long")]
    TooLong,
    #[error("the name holds a character it may not")]
    BadCharacter,
    #[error("the name begins with a character it may not")]
    BadStart,
    #[error("the name holds two dots in a row or ends with one")]
    BadDots,
    #[error("the name mixes scripts whose letters look alike")]
    MixedScripts,
    #[error("the name is reserved")]
    Reserved,
}

impl NameError {
    pub fn key(self) -> &'static str {
        match self {
            Self::TooShort => "name-too-short",
            Self::TooLong => "name-too-long",
            Self::BadCharacter => "name-bad-character",
            Self::BadStart => "name-bad-start",
            Self::BadDots => "name-bad-dots",
            Self::MixedScripts => "name-mixed-scripts",
            Self::Reserved => "name-reserved",
        }
    }
}

/// Why an e-mail address was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EmailError {
    #[error("the address is empty")]
    Empty,
    #[error("the address is too long")]
    TooLong,
    #[error("this is not one e-mail address")]
    Malformed,
}

impl EmailError {
    pub fn key(self) -> &'static str {
        match self {
            Self::Empty => "email-empty",
            Self::TooLong => "email-too-long",
            Self::Malformed => "email-malformed",
        }
    }
}

/// Why a thread's title was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TitleError {
    #[error("the title is too short")]
    TooShort,
    #[error("the title is too long")]
    TooLong,
    #[error("the title holds a character it may not")]
    BadCharacter,
}

impl TitleError {
    pub fn key(self) -> &'static str {
        match self {
            Self::TooShort => "title-too-short",
            Self::TooLong => "title-too-long",
            Self::BadCharacter => "title-bad-character",
        }
    }
}

/// Why a tag's name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TagNameError {
    #[error("the tag is too short")]
    TooShort,
    #[error("the tag is too long")]
    TooLong,
    #[error("the tag holds a character it may not")]
    BadCharacter,
    #[error("the tag begins with a character it may not")]
    BadStart,
}

impl TagNameError {
    pub fn key(self) -> &'static str {
        match self {
            Self::TooShort => "tag-too-short",
            Self::TooLong => "tag-too-long",
            Self::BadCharacter => "tag-bad-character",
            Self::BadStart => "tag-bad-start",
        }
    }
}

/// What somebody says in their own words, on as many lines as they like: at most so many characters, and no fewer that can
/// be seen. `keys`: of the messages where it is too short and too long.
pub fn parse_prose(
    text: &str,
    bounds: RangeInclusive<usize>,
    keys: [&'static str; 2],
) -> Result<String, &'static str> {
    let (text, [short, long]) = (text.trim(), keys);
    if text.chars().count() > *bounds.end() {
        return Err(long);
    }
    if text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).count() < *bounds.start() {
        return Err(short);
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("text-control");
    }
    Ok(text.to_owned())
}

/// Characters that show nothing or change the direction of what follows: a name with one can
/// look like another name.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Joiners that emoji and several scripts need to be written right; harmless between visible
/// characters.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

macro_rules! text_type {
    ($name:ident) => {
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }

            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

/// The unique name a person is mentioned and linked by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);
text_type!(Username);

/// Names that would speak for the site, or that routes and imports use themselves.
const RESERVED: [&str; 40] = [
    "about",
    "abuse",
    "admin",
    "administrator",
    "all",
    "anonymous",
    "api",
    "bot",
    "community",
    "deleted",
    "everyone",
    "guest",
    "help",
    "here",
    "hostmaster",
    "info",
    "login",
    "logout",
    "loggia",
    "mail",
    "mailer-daemon",
    "me",
    "mod",
    "moderator",
    "moderators",
    "new",
    "no-reply",
    "nobody",
    "noreply",
    "null",
    "official",
    "postmaster",
    "root",
    "security",
    "settings",
    "staff",
    "support",
    "system",
    "undefined",
    "webmaster",
];

impl Username {
    /// A username in NFKC: [`MIN_USERNAME`] to [`MAX_USERNAME`] characters, letters, digits,
    /// `_`, `-` and `.`; a letter or digit first, no dot last, no two dots in a row, and not
    /// letters of Latin, Greek or Cyrillic mixed with each other.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > MAX_NAME_BYTES {
            return Err(NameError::TooLong);
        }
        let ascii = text.is_ascii();
        let name: String = if ascii { text.trim().to_owned() } else { text.trim().nfkc().collect() };
        let count = name.chars().count();
        if count < MIN_USERNAME {
            return Err(NameError::TooShort);
        }
        if count > MAX_USERNAME {
            return Err(NameError::TooLong);
        }
        if name.chars().any(|c| is_invisible(c) || !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))) {
            return Err(NameError::BadCharacter);
        }
        if !name.starts_with(char::is_alphanumeric) {
            return Err(NameError::BadStart);
        }
        if name.contains("..") || name.ends_with('.') {
            return Err(NameError::BadDots);
        }
        if !ascii && mixes_scripts(&name) {
            return Err(NameError::MixedScripts);
        }
        Ok(Self(name))
    }

    /// Like [`parse`](Self::parse), for someone who chooses a name now: reserved names are
    /// refused too. (Imports and the system's own accounts use `parse`.)
    pub fn parse_new(text: &str) -> Result<Self, NameError> {
        let name = Self::parse(text)?;
        let bare: String = name.key().chars().filter(|c| c.is_alphanumeric()).collect();
        let reserved = RESERVED.iter().any(|word| *word == name.key() || word.replace('-', "") == bare);
        if reserved { Err(NameError::Reserved) } else { Ok(name) }
    }

    /// The key that has to be unique.
    pub fn key(&self) -> String {
        fold(&self.0)
    }
}

/// Latin, Greek and Cyrillic share shapes (`а`, `a`, `α`), so a name keeps to one of them.
fn mixes_scripts(name: &str) -> bool {
    let mut seen = [false; 3];
    for c in name.chars().filter(|c| c.is_alphabetic()) {
        match u32::from(c) {
            0x41..=0x24f | 0x1e00..=0x1eff => seen[0] = true,
            0x370..=0x3ff | 0x1f00..=0x1fff => seen[1] = true,
            0x400..=0x52f | 0x1c80..=0x1c8f | 0x2de0..=0x2dff | 0xa640..=0xa69f => seen[2] = true,
            _ => {}
        }
    }
    seen.iter().filter(|seen| **seen).count() > 1
}

/// The name a person is shown by; not unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DisplayName(String);
text_type!(DisplayName);

impl DisplayName {
    /// 1 to [`MAX_DISPLAY_NAME`] characters in NFC, outer white space off and inner white space
    /// as single spaces; no control, line break or direction override, something visible in it.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match visible_line(text) {
            Err(LineError::TooLong) => Err(NameError::TooLong),
            Err(LineError::BadCharacter) => Err(NameError::BadCharacter),
            Ok(name) if name.is_empty() => Err(NameError::TooShort),
            Ok(name) if name.chars().count() > MAX_DISPLAY_NAME => Err(NameError::TooLong),
            Ok(name) => Ok(Self(name)),
        }
    }
}

enum LineError {
    TooLong,
    BadCharacter,
}

/// One visible line in NFC with single spaces; empty when nothing in it can be seen.
fn visible_line(text: &str) -> Result<String, LineError> {
    if text.len() > MAX_NAME_BYTES {
        return Err(LineError::TooLong);
    }
    if text.chars().any(|c| c.is_control() || (is_invisible(c) && !is_joiner(c))) {
        return Err(LineError::BadCharacter);
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.nfc());
    }
    let visible = line.chars().any(|c| !c.is_whitespace() && !is_invisible(c));
    Ok(if visible { line } else { String::new() })
}

/// One e-mail address, exactly as it will stand in an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);
text_type!(Email);

impl Email {
    /// One address of at most [`MAX_EMAIL_BYTES`]: an ASCII local part without quotes, and a
    /// domain of at least two DNS labels. No encoded words (`=?…?=`): mail software may decode
    /// them into another address after our checks.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim_matches(' ');
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > MAX_EMAIL_BYTES {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::Malformed)?;
        if local.len() > MAX_EMAIL_LOCAL_BYTES {
            return Err(EmailError::TooLong);
        }
        let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b);
        let local_ok = local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom));
        if local_ok && !local.contains("=?") && !local.contains("?=") && is_domain(domain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(EmailError::Malformed)
        }
    }

    /// The key that has to be unique. No provider in use tells addresses apart by case.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// What follows the `@`, in lower case.
    pub fn domain(&self) -> String {
        self.0.rsplit('@').next().unwrap_or("").to_ascii_lowercase()
    }
}

/// ASCII only: international domains come in as `xn--…`.
fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let last = domain.rsplit('.').next().unwrap_or("");
    // A numeric last label would be an IP address.
    domain.contains('.')
        && domain.split('.').all(label)
        && last.len() >= 2
        && last.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A thread's title: one line of plain text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Title(String);
text_type!(Title);

impl Title {
    /// [`MIN_TITLE`] to [`MAX_TITLE`] characters in NFC, white space as single spaces (line
    /// breaks and tabs count as white space), no control or direction override.
    pub fn parse(text: &str) -> Result<Self, TitleError> {
        if text.len() > MAX_NAME_BYTES {
            return Err(TitleError::TooLong);
        }
        let line = text.replace(['\r', '\n', '\t'], " ");
        match visible_line(&line) {
            Err(LineError::TooLong) => Err(TitleError::TooLong),
            Err(LineError::BadCharacter) => Err(TitleError::BadCharacter),
            Ok(title) => match title.chars().count() {
                count if count < MIN_TITLE => Err(TitleError::TooShort),
                count if count > MAX_TITLE => Err(TitleError::TooLong),
                _ => Ok(Self(title)),
            },
        }
    }
}

/// A tag's name; it is its own key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagName(String);
text_type!(TagName);

impl TagName {
    /// The folded name: [`MIN_TAG`] to [`MAX_TAG`] characters, lower-case letters, digits, `+`,
    /// `#`, `.` and `-`, with a letter, a digit or a dot first (`.net`).
    pub fn parse(text: &str) -> Result<Self, TagNameError> {
        if text.len() > MAX_NAME_BYTES {
            return Err(TagNameError::TooLong);
        }
        let name = fold(text);
        let count = name.chars().count();
        if count < MIN_TAG {
            return Err(TagNameError::TooShort);
        }
        if count > MAX_TAG {
            return Err(TagNameError::TooLong);
        }
        if name
            .chars()
            .any(|c| is_invisible(c) || !(c.is_alphanumeric() || matches!(c, '+' | '#' | '.' | '-')))
        {
            return Err(TagNameError::BadCharacter);
        }
        // `.` and `..` would walk up in a URL's path.
        if !name.starts_with(|c: char| c.is_alphanumeric() || c == '.')
            || !name.contains(char::is_alphanumeric)
        {
            return Err(TagNameError::BadStart);
        }
        Ok(Self(name))
    }

    /// The name that comes nearest to what another site calls a tag: `my_tag` is `my-tag` here; `None`
    /// when nothing of it can stay.
    pub fn near(text: &str) -> Option<Self> {
        if let Ok(name) = Self::parse(text) {
            return Some(name);
        }
        let begin: String = text.chars().take(MAX_NAME_BYTES / 4).filter(|c| !is_invisible(*c)).collect();
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '+' | '#' | '.' | '-');
        let name: String = fold(&begin).chars().map(|c| if fits(c) { c } else { '-' }).collect();
        let name = name.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '.').trim_end_matches('-');
        let name: String = name.chars().take(MAX_TAG).collect();
        Self::parse(name.trim_end_matches('-')).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usernames_are_readable_and_unmistakable() {
        let ok = |text: &str, expect: &str| assert_eq!(Username::parse(text).unwrap().as_str(), expect);
        ok("Ann", "Ann");
        ok("a.b-c_d", "a.b-c_d");
        ok(" 007bond ", "007bond");
        ok("Ｂｒｕｎｏ", "Bruno");
        ok("Дарио", "Дарио");
        ok("李小龙", "李小龙");
        let no = |text: &str, error| assert_eq!(Username::parse(text), Err(error), "{text:?}");
        no("", NameError::TooShort);
        no("ab", NameError::TooShort);
        no(&"a".repeat(31), NameError::TooLong);
        no(&"a".repeat(100_000), NameError::TooLong);
        no("ann bee", NameError::BadCharacter);
        no("ann\u{200b}bee", NameError::BadCharacter);
        no("ann\u{202e}bee", NameError::BadCharacter);
        no("ann\r\nbcc:", NameError::BadCharacter);
        no("<script>", NameError::BadCharacter);
        no("{{7*7}}", NameError::BadCharacter);
        no(".ann", NameError::BadStart);
        no("-ann", NameError::BadStart);
        no("ann..bee", NameError::BadDots);
        no("ann.", NameError::BadDots);
        no("аnn", NameError::MixedScripts);
        no("dαrio", NameError::MixedScripts);
    }

    #[test]
    fn reserved_names_are_refused_to_newcomers_only() {
        for name in ["admin", "Admin", "SYSTEM", "deleted", "ad-min", "a.d.m.i.n", "no_reply", "Ａdmin"] {
            assert_eq!(Username::parse_new(name), Err(NameError::Reserved), "{name}");
        }
        assert!(Username::parse("admin").is_ok());
        assert!(Username::parse_new("adminton").is_ok());
    }

    #[test]
    fn a_kelvin_sign_makes_no_second_account() {
        assert_eq!(Username::parse("\u{212a}arl").unwrap().key(), Username::parse("karl").unwrap().key());
        assert_eq!(Username::parse("Strauß").unwrap().key(), Username::parse("STRAUSS").unwrap().key());
    }

    #[test]
    fn display_names_are_one_visible_line() {
        let ok = |text: &str, expect: &str| assert_eq!(DisplayName::parse(text).unwrap().as_str(), expect);
        ok("A", "A");
        ok("  Ann   Bee ", "Ann Bee");
        ok("Ann 👩\u{200d}💻", "Ann 👩\u{200d}💻");
        ok("\"><img src=x>", "\"><img src=x>");
        let no = |text: &str, error| assert_eq!(DisplayName::parse(text), Err(error), "{text:?}");
        no("", NameError::TooShort);
        no("   ", NameError::TooShort);
        no("\u{200d}\u{200c}", NameError::TooShort);
        no("\u{200b}", NameError::BadCharacter);
        no("Ann\r\nBcc: x", NameError::BadCharacter);
        no("Ann\0", NameError::BadCharacter);
        no("Ann \u{202e}nimda", NameError::BadCharacter);
        no(&"x".repeat(61), NameError::TooLong);
        no(&"x".repeat(1_000_000), NameError::TooLong);
    }

    #[test]
    fn an_email_is_exactly_one_address() {
        for text in [
            "ann@example.com",
            "a.b+c@sub.example.co.uk",
            " ann@example.com ",
            "o'neil@example.org",
            "x=y@example.com",
            "a@xn--mnchen-3ya.de",
        ] {
            assert!(Email::parse(text).is_ok(), "{text}");
        }
        for text in [
            "ann",
            "@example.com",
            "ann@",
            "ann@example",
            "a@b@example.com",
            "ann@example.com,bob@example.com",
            "ann@example.com bob@example.com",
            "ann @example.com",
            "ann@exam ple.com",
            "\"ann bee\"@example.com",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            "ann@-example.com",
            "ann@example-.com",
            "ann@example..com",
            "ann@example.com.",
            ".ann@example.com",
            "ann.@example.com",
            "a..b@example.com",
            "ann@exämple.com",
            "änn@example.com",
            "ann@example.com\r\nBcc: x@example.com",
            "ann\0@example.com",
            "<ann@example.com>",
            "Ann <ann@example.com>",
            "=?x?q?u=40evil.com=3e=00?=foo@example.com",
            "a=?b@example.com",
            "a(comment)@example.com",
            "ann@example.c",
            "ann%0d@exa%0dmple.com",
            "\tann@example.com",
        ] {
            assert_eq!(Email::parse(text), Err(EmailError::Malformed), "{text:?}");
        }
        assert_eq!(Email::parse(""), Err(EmailError::Empty));
        assert_eq!(Email::parse(&format!("{}@example.com", "a".repeat(300))), Err(EmailError::TooLong));
        let ann = Email::parse("Ann@Example.COM").unwrap();
        assert_eq!(
            (ann.as_str(), ann.key().as_str(), ann.domain().as_str()),
            ("Ann@Example.COM", "ann@example.com", "example.com")
        );
    }

    #[test]
    fn titles_and_tags_have_their_own_limits() {
        assert_eq!(Title::parse("  Why\n does it   reset? ").unwrap().as_str(), "Why does it reset?");
        assert_eq!(Title::parse("short"), Err(TitleError::TooShort));
        assert_eq!(Title::parse(&" ".repeat(50)), Err(TitleError::TooShort));
        assert_eq!(Title::parse(&"x".repeat(151)), Err(TitleError::TooLong));
        assert_eq!(Title::parse("a title with \u{202e}"), Err(TitleError::BadCharacter));
        let tag = |text: &str, expect: &str| assert_eq!(TagName::parse(text).unwrap().as_str(), expect);
        tag("C++", "c++");
        tag(" .NET ", ".net");
        tag("Größe", "grösse");
        tag("asp.net-core-2.1", "asp.net-core-2.1");
        for text in ["a b", "a/b", "a?b", "<b>", "a_b", "a\u{200b}b"] {
            assert_eq!(TagName::parse(text), Err(TagNameError::BadCharacter), "{text:?}");
        }
        assert_eq!(TagName::parse(".."), Err(TagNameError::BadStart));
        tag("C", "c");
        assert_eq!(TagName::parse(" "), Err(TagNameError::TooShort));
        assert_eq!(TagName::parse(&"x".repeat(36)), Err(TagNameError::TooLong));
    }

    #[test]
    fn another_sites_tag_keeps_what_it_can_of_its_name() {
        let near = |text: &str| TagName::near(text).map(TagName::into_string);
        for (text, name) in [
            ("C++", "c++"),
            ("my_tag", "my-tag"),
            ("q&a", "q-a"),
            ("two words", "two-words"),
            ("_private_", "private"),
            ("a\u{200b}b", "ab"),
            ("+1", "1"),
        ] {
            assert_eq!(near(text).as_deref(), Some(name), "{text:?}");
        }
        assert_eq!(near(&"x_".repeat(5_000)).unwrap().len(), 35);
        for text in ["", "__", "..", "\u{200b}", "😀"] {
            assert_eq!(near(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_parsed_once_parses_to_itself(text in any::<String>(), ascii in "[ -~]{0,40}") {
            for text in [text, ascii] {
                if let Ok(name) = Username::parse(&text) {
                    prop_assert_eq!(Username::parse(name.as_str()), Ok(name.clone()));
                }
                if let Ok(name) = DisplayName::parse(&text) {
                    prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(name.clone()));
                }
                if let Ok(email) = Email::parse(&text) {
                    prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                }
                if let Ok(title) = Title::parse(&text) {
                    prop_assert_eq!(Title::parse(title.as_str()), Ok(title.clone()));
                }
                if let Some(tag) = TagName::near(&text) {
                    prop_assert_eq!(TagName::parse(tag.as_str()), Ok(tag.clone()));
                }
            }
        }
    }
}
