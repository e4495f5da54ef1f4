//! mail room: the outbox. A mail is written in the same transaction as its cause, and sent later.
//!
//! A verb or a follower composes a [`NewMail`] with a [`Letterhead`] and hands it to [`enqueue`]; the
//! [`Sender`] takes due rows under a lease and gives them to a [`Transport`]. Delivery is at least once
//! with one Message-ID: only a kill between the server's 250 and our commit sends a mail twice.
pub mod compose;
pub mod message;
pub mod send;
pub mod store;
pub mod unsubscribe;

pub use compose::{AccountMail, Addressee, Letter, Letterhead};
pub use send::{Delivery, FolderTransport, Sender, Sent, SmtpTransport, Transport, send_due};
pub use store::{Mail, MailState, NewMail, counts, enqueue, forget, page, retry};
pub use unsubscribe::{parse_unsubscribe, set_subscriptions, subscriptions, unsubscribe, unsubscribe_url};

use serde::{Deserialize, Serialize};

/// What a mail is about; each but [`List::Account`] can be left on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    /// Reset, confirmation, change of address: asked for, or about the safety of the account.
    Account,
    Answers,
    Comments,
    Mentions,
    Accepted,
    Moderation,
    Cases,
    Badges,
    Searches,
    /// The monthly statement of worth.
    Worth,
}

impl List {
    pub const ALL: [List; 10] = [
        List::Account,
        List::Answers,
        List::Comments,
        List::Mentions,
        List::Accepted,
        List::Moderation,
        List::Cases,
        List::Badges,
        List::Searches,
        List::Worth,
    ];

    /// As stored, signed and used in field names.
    pub fn as_str(self) -> &'static str {
        match self {
            List::Account => "account",
            List::Answers => "answers",
            List::Comments => "comments",
            List::Mentions => "mentions",
            List::Accepted => "accepted",
            List::Moderation => "moderation",
            List::Cases => "cases",
            List::Badges => "badges",
            List::Searches => "searches",
            List::Worth => "worth",
        }
    }

    pub fn parse(text: &str) -> Option<List> {
        List::ALL.into_iter().find(|list| list.as_str() == text)
    }

    /// Whether a person can stop it. Mails about the account cannot be stopped: a thief who holds a
    /// session could otherwise silence the warning.
    pub fn can_be_left(self) -> bool {
        self != List::Account
    }

    /// Fluent key of its name; `…-help` says what it holds.
    pub fn label_key(self) -> String {
        format!("mail-list-{}", self.as_str())
    }
}
