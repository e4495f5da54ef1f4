//! The pages of the staff's desk and of one case.

use serde::Serialize;

use crate::kernel::safe_html::SafeHtml;
use crate::web::views::{Choice, FieldErrors, Pager, Person, TagLink, When};

/// `escalation/desk.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeskPage {
    /// open, mine, answered or all.
    pub tab: String,
    pub open_count: i64,
    pub mine_count: i64,
    pub rows: Vec<CaseRow>,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct CaseRow {
    pub id: i64,
    pub url: String,
    pub thread_title: String,
    /// open, taken, answered or closed.
    pub state: String,
    /// Translated.
    pub state_label: String,
    pub asker: Person,
    pub escalated_by: Person,
    pub escalated: When,
    /// Moderator's note, shortened; plain text.
    pub note: String,
    pub assignee: Option<Person>,
    /// Nobody has it and it is not over.
    pub can_take: bool,
    /// "waiting for 5 hours", translated; empty once answered.
    pub waiting: String,
    pub late: bool,
    pub tags: Vec<TagLink>,
}

/// `escalation/case.html`.
#[derive(Debug, Clone, Serialize)]
pub struct CasePage {
    pub id: i64,
    /// open, taken, answered or closed.
    pub state: String,
    pub state_label: String,
    pub escalated_by: Person,
    pub escalated: When,
    /// Until when it should be answered; `None` once it is over.
    pub due: Option<CaseDue>,
    /// The moderator's note, plain text with line breaks.
    pub note: String,
    pub assignee: Option<Person>,
    pub thread: CaseThread,
    pub asker: AskerHistory,
    /// Internal notes, oldest first.
    pub notes: Vec<CaseNote>,
    /// What happened to the case, oldest first.
    pub timeline: Vec<CaseEvent>,
    pub can_take: bool,
    pub can_release: bool,
    pub can_note: bool,
    pub can_answer: bool,
    pub can_close: bool,
    /// Text in the answer box (draft, or sent back).
    pub answer_md: String,
    /// Shown beneath the answer; the person can change it.
    pub signature: String,
    pub note_md: String,
    pub close_reasons: Vec<Choice>,
    pub close_note: String,
    pub preview_html: Option<SafeHtml>,
    /// What was typed into a form that is no longer here; may be empty.
    pub rescued: String,
    /// Keys: body, signature, note, close, close-note, form.
    pub errors: FieldErrors,
    pub submission_key: String,
    pub max_body: i64,
    pub max_note: i64,
    pub max_signature: i64,
    /// Outcome, for a closed case; may be empty.
    pub outcome: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct CaseDue {
    /// "due in 3 hours" or "late by 2 days", translated.
    pub label: String,
    pub late: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct CaseThread {
    pub id: i64,
    pub title: String,
    pub url: String,
    pub body_html: SafeHtml,
    pub tags: Vec<TagLink>,
    pub asked: When,
    pub score: i64,
    pub answers_label: String,
    pub me_too_label: String,
    /// The best few, shortened.
    pub answers: Vec<CaseAnswer>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct CaseAnswer {
    pub url: String,
    pub author: Person,
    pub when: When,
    pub score: i64,
    /// Plain text.
    pub excerpt: String,
    pub accepted: bool,
    pub official: bool,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct AskerHistory {
    pub person: Person,
    pub joined: When,
    pub question_count: i64,
    pub solved_count: i64,
    pub answer_count: i64,
    pub case_count: i64,
    pub recent: Vec<PastThread>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct PastThread {
    pub title: String,
    pub url: String,
    pub when: When,
    pub solved: bool,
    pub escalated: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct CaseNote {
    pub author: Person,
    pub when: When,
    pub body_html: SafeHtml,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct CaseEvent {
    /// escalated, taken, released, answered, closed or note.
    pub kind: String,
    /// "Dario took the case", translated.
    pub text: String,
    pub when: When,
}
