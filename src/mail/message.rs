//! mail room: from a row to the bytes SMTP carries. A row that cannot be built says why; it never
//! stops the sender, though lettre panics on some names.
use super::compose::one_line;
use super::store::Held;
use crate::config::Config;
use crate::kernel::ids::MailId;
use crate::kernel::limits;
use base64::Engine;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, UNIX_EPOCH};

/// Who sends.
#[derive(Debug, Clone)]
pub struct From {
    pub name: String,
    pub address: String,
    /// For the Message-IDs of threads.
    pub host: String,
}

impl From {
    pub fn new(config: &Config) -> From {
        From {
            name: config.brand.name.clone(),
            address: config.mail.from.clone(),
            host: super::compose::host_of(&config.base_url),
        }
    }
}

/// A mail ready to leave: one recipient, and bytes with CRLF line ends.
#[derive(Debug, Clone)]
pub struct Ready {
    pub id: MailId,
    pub from: Address,
    pub to: Address,
    pub bytes: Vec<u8>,
}

/// Builds the message of `mail`; the error says what is wrong with it.
pub fn build(from: &From, mail: &Held) -> Result<Ready, String> {
    catch_unwind(AssertUnwindSafe(|| build_or_panic(from, mail)))
        .unwrap_or_else(|_| Err("the mail cannot be put together".into()))
}

fn build_or_panic(from: &From, mail: &Held) -> Result<Ready, String> {
    let sender = address(&from.address).ok_or("mail.from is no address that can be used")?;
    let to = address(&mail.recipient).ok_or("the recipient is no address that can be used")?;
    // An encoded word in a name would be decoded by the reader: `=?utf-8?q?x?=` must stay text.
    let name = one_line(&from.name, 60).replace("=?", "= ?").replace("?=", "? =");
    let subject = one_line(&mail.subject, limits::MAIL_SUBJECT_CHARS);
    let created = u64::try_from(mail.created_at.0).unwrap_or(0);
    let mut builder = Message::builder()
        .from(Mailbox::new(Some(name).filter(|name| !name.is_empty()), sender.clone()))
        .to(Mailbox::new(None, to.clone()))
        .date(UNIX_EPOCH + Duration::from_micros(created))
        .message_id(Some(one_line(&mail.message_id, 400)))
        .raw_header(subject_header(&subject))
        .raw_header(raw("Auto-Submitted", "auto-generated"));
    if let Some(thread) = mail.thread {
        let root = format!("<thread-{thread}@{}>", from.host);
        builder = builder.in_reply_to(root.clone()).references(root);
        builder = builder.raw_header(raw("List-Id", &format!("<{}.{}>", mail.list, from.host)));
    }
    if let Some(url) = mail.unsubscribe_url.as_deref().filter(|url| is_header_url(url)) {
        builder = builder
            .raw_header(raw("List-Unsubscribe", &format!("<{url}>")))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    let message = builder
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|e| format!("the mail cannot be put together: {e}"))?;
    Ok(Ready { id: mail.id, from: sender, to, bytes: message.formatted() })
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), one_line(value, 990))
}

fn is_header_url(url: &str) -> bool {
    url.len() < 900 && url.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
}

/// lettre passes `=?` through as it is; a title that holds it goes out encoded, so that the reader
/// sees what the author typed.
fn subject_header(subject: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Subject");
    if subject.contains("=?") {
        HeaderValue::dangerous_new_pre_encoded(name, subject.to_owned(), encoded_words(subject))
    } else {
        HeaderValue::new(name, subject.to_owned())
    }
}

/// RFC 2047 base64 words of at most 75 characters, folded; ASCII without line ends of the author's.
fn encoded_words(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut chunk = String::new();
    let word = |chunk: &str| {
        format!("=?utf-8?b?{}?=", base64::engine::general_purpose::STANDARD.encode(chunk.as_bytes()))
    };
    for c in text.chars() {
        if chunk.len() + c.len_utf8() > 42 {
            words.push(word(&chunk));
            chunk.clear();
        }
        chunk.push(c);
    }
    if !chunk.is_empty() {
        words.push(word(&chunk));
    }
    words.join("\r\n ")
}

/// A bare address that means the same to every server on its way: no quoting, no encoded words
/// (CVE-2024-45051), no spaces or controls.
pub fn address(text: &str) -> Option<Address> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "\"()<>[],;:\\".contains(c);
    if text.len() > limits::MAIL_ADDRESS_BYTES || text.contains("=?") || text.contains(odd) {
        return None;
    }
    text.parse::<Address>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::moment::Moment;

    fn mail() -> Held {
        Held {
            id: MailId(1),
            recipient: "ann@example.org".into(),
            list: "answers".into(),
            subject: "Hello".into(),
            text: "Text".into(),
            html: "<p>Html</p>".into(),
            unsubscribe_url: Some("https://help.example/unsubscribe?token=1.answers.x".into()),
            thread: None,
            message_id: "<a@help.example>".into(),
            attempts: 0,
            created_at: Moment(1_700_000_000_000_000),
            expires_at: None,
        }
    }

    fn from() -> From {
        From { name: "Brand".into(), address: "community@help.example".into(), host: "help.example".into() }
    }

    fn header_lines(bytes: &[u8]) -> Vec<String> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        head.split("\r\n").map(|line| line.split(':').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn nothing_typed_by_a_person_adds_a_header() {
        let intended = header_lines(&build(&from(), &mail()).unwrap().bytes);
        for evil in [
            "x\r\nBcc: eve@evil.example",
            "x\nBcc: eve@evil.example\n\nbody",
            "x\rBcc: eve@evil.example",
            "x\0y",
            "x\u{85}Bcc: eve@evil.example",
            "x\u{2028}Bcc: eve@evil.example",
            "=?utf-8?q?x=0D=0ABcc:_eve@evil.example?=",
            "=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=",
            "",
            "\" <eve@evil.example>, \"",
        ] {
            let mut from = from();
            from.name = evil.into();
            let mut mail = mail();
            mail.subject = evil.into();
            let ready = build(&from, &mail).unwrap();
            assert_eq!(header_lines(&ready.bytes), intended, "{evil:?}");
            let text = String::from_utf8(ready.bytes).unwrap();
            assert!(!text.contains("=?utf-8?q?x="), "{text}");
            assert!(!text.contains("\0"));
        }
    }

    #[test]
    fn a_title_with_an_encoded_word_arrives_as_it_was_typed() {
        let words = encoded_words("=?utf-8?q?x?= è una lunga domanda con molte parole e accenti àèìòù");
        let decoded: Vec<u8> = words
            .split("\r\n ")
            .flat_map(|word| {
                assert!(word.len() <= 75, "{word}");
                let inner = word.strip_prefix("=?utf-8?b?").unwrap().strip_suffix("?=").unwrap();
                base64::engine::general_purpose::STANDARD.decode(inner).unwrap()
            })
            .collect();
        assert_eq!(
            String::from_utf8(decoded).unwrap(),
            "=?utf-8?q?x?= è una lunga domanda con molte parole e accenti àèìòù"
        );
    }

    #[test]
    fn an_address_that_others_read_differently_is_refused() {
        for bad in [
            "=?x?q?u=40evil.com=3e=00?=foo@example.com",
            "a@b@example.com",
            "a b@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "\"a b\"@example.com",
            "a@example.com,b@example.com",
            "<a@example.com>",
            "a@",
            "",
        ] {
            assert!(address(bad).is_none(), "{bad}");
            let mut mail = mail();
            mail.recipient = bad.into();
            assert!(build(&from(), &mail).is_err());
        }
        assert!(address("ann+forum@example.org").is_some());
    }
}
