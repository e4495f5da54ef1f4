//! mail room: the words of a mail. Sentences come from Fluent, the two parts from the same sentences.
use super::unsubscribe::unsubscribe_url;
use super::{List, NewMail};
use crate::config::Config;
use crate::kernel::ids::{PostId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::token::SiteKey;
use crate::web::i18n::{Arg, translate};
use std::fmt::Write as _;

/// What every mail of this house bears: the brand, the addresses people use, the key of its links.
#[derive(Clone)]
pub struct Letterhead {
    pub brand: String,
    /// Without a slash at its end.
    pub base_url: String,
    /// For Message-IDs.
    pub host: String,
    key: SiteKey,
}

/// What one mail says.
pub struct Letter<'a> {
    pub dedupe_key: String,
    pub user: Option<UserId>,
    pub recipient: &'a str,
    pub lang: &'a str,
    pub list: List,
    pub subject: String,
    /// Whom it greets; empty: no greeting.
    pub name: &'a str,
    pub paragraphs: Vec<String>,
    /// Label and address of what to do.
    pub link: Option<(String, String)>,
    pub thread: Option<ThreadId>,
    /// What it shows: not sent once that has been removed.
    pub post: Option<PostId>,
    pub expires_at: Option<Moment>,
    /// The link that stops such mails, where it is not the list's: to an address without an account.
    pub stop: Option<String>,
}

/// The mails about an account itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountMail {
    ConfirmEmail,
    ResetPassword,
    /// To the new address: confirm it.
    ChangeEmail,
    /// To the old address: undo the change.
    UndoEmail,
    PasswordChanged,
    /// Someone signed up with an address that has an account already; the page says nothing about it.
    AddressTaken,
}

impl AccountMail {
    pub const ALL: [AccountMail; 6] = [
        AccountMail::ConfirmEmail,
        AccountMail::ResetPassword,
        AccountMail::ChangeEmail,
        AccountMail::UndoEmail,
        AccountMail::PasswordChanged,
        AccountMail::AddressTaken,
    ];

    /// Prefix of its Fluent keys: `mail-KEY-subject`, `-body`, `-link`.
    pub fn key(self) -> &'static str {
        match self {
            AccountMail::ConfirmEmail => "confirm-email",
            AccountMail::ResetPassword => "reset-password",
            AccountMail::ChangeEmail => "change-email",
            AccountMail::UndoEmail => "undo-email",
            AccountMail::PasswordChanged => "password-changed",
            AccountMail::AddressTaken => "address-taken",
        }
    }
}

/// To whom an account mail goes.
pub struct Addressee<'a> {
    pub user: Option<UserId>,
    pub address: &'a str,
    pub name: &'a str,
    pub lang: &'a str,
}

impl Letterhead {
    pub fn new(config: &Config, key: SiteKey) -> Letterhead {
        Letterhead {
            brand: one_line(&config.brand.name, 60),
            base_url: config.base_url.clone(),
            host: host_of(&config.base_url),
            key,
        }
    }

    /// Signs a value for links of one purpose.
    pub fn sign(&self, purpose: &str, value: &str) -> String {
        self.key.sign(purpose, value)
    }

    /// Both parts, with the link that stops such mails in each.
    pub fn compose(&self, letter: Letter<'_>) -> NewMail {
        let Letter {
            dedupe_key,
            user,
            recipient,
            lang,
            list,
            subject,
            name,
            paragraphs,
            link,
            thread,
            post,
            expires_at,
            stop,
        } = letter;
        let stop = stop.unwrap_or_else(|| unsubscribe_url(&self.base_url, &self.key, user, list));
        let subject = one_line(&subject, limits::MAIL_SUBJECT_CHARS);
        let name = defuse(&one_line(name, 80));
        let greeting = if name.is_empty() {
            String::new()
        } else {
            translate(lang, "mail-greeting", &[("name", Arg::from(&name))])
        };
        let why = translate(
            lang,
            if list.can_be_left() { "mail-why" } else { "mail-why-account" },
            &[
                ("brand", Arg::from(&self.brand)),
                ("list", Arg::from(&translate(lang, &list.label_key(), &[]))),
            ],
        );
        let stop_label =
            translate(lang, if list.can_be_left() { "mail-stop" } else { "mail-stop-account" }, &[]);
        let sentences: Vec<&str> = std::iter::once(greeting.as_str())
            .chain(paragraphs.iter().flat_map(|text| text.split("\n\n")))
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .collect();

        let mut text = String::new();
        for sentence in &sentences {
            let _ = write!(text, "{sentence}\n\n");
        }
        if let Some((label, url)) = &link {
            let _ = write!(text, "{label}:\n{url}\n\n");
        }
        let _ = write!(text, "-- \n{why}\n{stop_label}: {stop}\n");

        let mut html = format!(
            "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n",
            escape(lang),
            escape(&subject)
        );
        for sentence in &sentences {
            let _ = writeln!(html, "<p>{}</p>", escape(sentence).replace('\n', "<br>\n"));
        }
        if let Some((label, url)) = &link {
            let _ = writeln!(html, "<p><a href=\"{}\">{}</a></p>", escape(url), escape(label));
        }
        let _ = write!(
            html,
            "<hr>\n<p><small>{}<br>\n<a href=\"{}\">{}</a></small></p>\n</body>\n</html>\n",
            escape(&why),
            escape(&stop),
            escape(&stop_label)
        );
        NewMail {
            dedupe_key,
            user,
            recipient: recipient.to_owned(),
            list,
            subject,
            text,
            html,
            unsubscribe_url: stop,
            host: self.host.clone(),
            thread,
            post,
            expires_at,
        }
    }

    /// A mail about an account. `path` begins with a slash and may carry a one-time token; the mail is
    /// not sent once that has run out (`expires_at`).
    pub fn account(
        &self,
        about: AccountMail,
        to: &Addressee<'_>,
        path: Option<&str>,
        dedupe_key: String,
        expires_at: Option<Moment>,
    ) -> NewMail {
        let words = |part: &str| {
            translate(
                to.lang,
                &format!("mail-{}-{part}", about.key()),
                &[("brand", Arg::from(&self.brand)), ("address", Arg::from(to.address))],
            )
        };
        self.compose(Letter {
            dedupe_key,
            user: to.user,
            recipient: to.address,
            lang: to.lang,
            list: List::Account,
            subject: words("subject"),
            name: to.name,
            paragraphs: vec![words("body")],
            link: path.map(|path| (words("link"), format!("{}{path}", self.base_url))),
            thread: None,
            post: None,
            expires_at,
            stop: None,
        })
    }
}

/// The host of an address, as something a Message-ID can bear.
pub fn host_of(base_url: &str) -> String {
    let rest = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let fits = !host.is_empty()
        && host.len() <= 200
        && host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
    if fits { host.to_ascii_lowercase() } else { "localhost".into() }
}

/// `text` as one line of at most `max` characters: no control characters, no separators of lines, no
/// characters that turn the direction of what follows.
pub fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    let mut space = false;
    for c in text.chars() {
        let blank = c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c);
        if blank {
            space = !line.is_empty();
            continue;
        }
        if space {
            line.push(' ');
            count += 1;
            space = false;
        }
        if count >= max {
            line.push('…');
            break;
        }
        line.push(c);
        count += 1;
    }
    line
}

/// Keeps mail programs from making links of what people call themselves or their questions:
/// `see www.evil.example` must not become something to click in the brand's own mail.
pub fn defuse(text: &str) -> String {
    const WORD_JOINER: char = '\u{2060}';
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        let tight = chars.peek().is_some_and(|next| next.is_alphanumeric() || *next == '/');
        if tight && matches!(c, '.' | ':' | '@') {
            out.push(WORD_JOINER);
        }
    }
    out
}

/// HTML-escapes text. To give way to the kernel's `escape` when both rooms stand in one house.
pub(crate) fn escape(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_stays_one_line() {
        for (text, line) in [
            ("a\r\nBcc: b", "a Bcc: b"),
            ("  a\0\u{85}\u{2028}b\t ", "a b"),
            ("abc\u{202e}def", "abc def"),
            ("", ""),
            ("abcdefghijk", "abcdefghij…"),
        ] {
            assert_eq!(one_line(text, 10), line, "{text:?}");
        }
    }

    #[test]
    fn hosts_fit_into_message_ids() {
        for (url, host) in [
            ("https://Help.Example:8443", "help.example"),
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("http://[::1]:8080", "localhost"),
            ("https://a..b", "localhost"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }

    #[test]
    fn names_and_titles_do_not_become_links() {
        assert_eq!(defuse("J. R. Smith"), "J. R. Smith");
        assert!(!defuse("http://evil.example").contains("://"));
        assert!(!defuse("www.evil.example a@b.c").contains(".evil"));
    }

    #[test]
    fn every_account_mail_has_its_words() {
        for about in AccountMail::ALL {
            for part in ["subject", "body", "link"] {
                let key = format!("mail-{}-{part}", about.key());
                assert!(crate::web::i18n::has("en", &key), "{key}");
            }
        }
        for list in List::ALL {
            assert!(crate::web::i18n::has("en", &list.label_key()));
            assert!(crate::web::i18n::has("en", &format!("{}-help", list.label_key())));
        }
    }
}
