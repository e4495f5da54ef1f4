//! The pages of appeals: making one, one's own, and the moderators' queue of them.

use serde::Serialize;

use crate::kernel::safe_html::SafeHtml;
use crate::moderation::views::{HiddenField, QueueCounts};
use crate::web::views::{FieldErrors, Pager, Person, When};

/// What an appeal is about, as far as its reader may know.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Ground {
    /// "The badge Solver was taken back", translated.
    pub title: String,
    /// When, why and with which figures, translated; may be empty.
    pub line: String,
    /// What would put it right, translated; may be empty.
    pub restores: String,
    pub when: Option<When>,
    /// The event in the ledger that took it; 0 where it was none.
    pub event_id: i64,
    /// The posts it rests on, each with a word for it.
    pub links: Vec<Link>,
    /// In the words of who decided it; may be empty.
    pub note: String,
    /// Of a challenge: the answer, plain text.
    pub excerpt: String,
    /// Of a challenge: for moderators and whoever made it.
    pub evidence_html: Option<SafeHtml>,
    /// Of a finding, for moderators: whom it holds.
    pub members: Vec<Person>,
    /// For moderators.
    pub decided_by: Option<Person>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Link {
    pub url: String,
    pub label: String,
}

/// `appeals/form.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AppealPage {
    pub ground: Ground,
    /// What it is about, as the form sends it.
    pub fields: Vec<HiddenField>,
    pub body: String,
    pub max_body: i64,
    /// Until when it can be made, translated.
    pub until_label: String,
    /// Keys: body, form.
    pub errors: FieldErrors,
    /// This person's own against the same.
    pub own: Option<OwnAppeal>,
}

/// `appeals/index.html`: what somebody appealed against.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AppealsPage {
    pub rows: Vec<OwnAppeal>,
    /// Where the badges stand that were taken back.
    pub badges_url: String,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct OwnAppeal {
    pub id: i64,
    pub ground: Ground,
    pub text_html: Option<SafeHtml>,
    pub when: When,
    /// open, upheld or rejected.
    pub state: String,
    pub decided: Option<When>,
    /// In the moderators' words.
    pub note: String,
}

/// `appeals/queue.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AppealQueuePage {
    #[serde(flatten)]
    pub counts: QueueCounts,
    /// open or decided.
    pub state: String,
    pub rows: Vec<AppealRow>,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct AppealRow {
    pub id: i64,
    pub person: Person,
    pub ground: Ground,
    pub text_html: Option<SafeHtml>,
    pub when: When,
    /// open, upheld or rejected.
    pub state: String,
    pub decided_by: Option<Person>,
    pub decided: Option<When>,
    pub note: String,
    /// What upholding it does, translated.
    pub help: String,
    /// Why this moderator does not decide it, translated; empty where they may.
    pub hindrance: String,
    /// A badge it gave back can be taken again.
    pub can_undo: bool,
}
