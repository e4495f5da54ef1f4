//! The pages of notices and of leaving mail lists.

use serde::Serialize;

use crate::web::views::{FieldErrors, Pager, When};

/// `notices/index.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NoticesPage {
    pub rows: Vec<NoticeRow>,
    /// The newest notice shown, where there is anything to mark as read.
    pub newest: Option<i64>,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct NoticeRow {
    pub id: i64,
    /// answer, comment, acceptance, badge, mention, flag, case, official, moderation or other: picks the sign.
    pub kind: String,
    /// "Bruno answered your question", translated.
    pub text: String,
    /// Title of what it is about; may be empty.
    pub subject: String,
    /// First words of the post; may be empty.
    pub excerpt: String,
    pub url: String,
    /// Where the reader can appeal against it; may be empty.
    pub appeal_url: String,
    pub when: When,
    pub unread: bool,
}

/// `notices/settings.html` (/settings/notices).
#[derive(Debug, Clone, Default, Serialize)]
pub struct NoticeSettingsPage {
    pub lists: Vec<MailList>,
    pub email: String,
    pub email_confirmed: bool,
    pub errors: FieldErrors,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct MailList {
    /// Form field name: a checkbox with value `1`.
    pub name: String,
    pub label: String,
    pub help: String,
    pub on: bool,
    /// Cannot be left (password and security mail).
    pub fixed: bool,
}

/// `notices/unsubscribe.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UnsubscribePage {
    pub token: String,
    /// Name of the list, translated.
    pub list_label: String,
    /// After the POST.
    pub done: bool,
    /// The token was not understood.
    pub invalid: bool,
}
