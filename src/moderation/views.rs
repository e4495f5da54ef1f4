//! The pages of supervision: flagging, the queue, the log, handing a thread to staff.

use serde::Serialize;

use crate::web::views::{Choice, FieldErrors, Pager, Person, TagLink, When};

/// `moderation/flag.html`: a member flags a post.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FlagPage {
    pub post_id: i64,
    /// question, answer or comment.
    pub kind: String,
    pub author_name: String,
    /// Plain text.
    pub excerpt: String,
    pub post_url: String,
    pub thread_title: String,
    pub reasons: Vec<Choice>,
    pub note: String,
    /// Keys: reason, note, form.
    pub errors: FieldErrors,
    pub max_note: i64,
    /// This person has flagged it, decided or not.
    pub already: bool,
    pub submission_key: String,
}

/// The tabs of the queue, on each of its pages.
#[derive(Debug, Clone, Default, Serialize)]
pub struct QueueCounts {
    /// flags, challenges, findings, appeals, duplicates, unanswered or unsolved.
    pub tab: String,
    pub flag_count: i64,
    pub challenge_count: i64,
    pub finding_count: i64,
    pub appeal_count: i64,
    pub duplicate_count: i64,
    pub unanswered_count: i64,
    pub unsolved_count: i64,
}

/// `moderation/queue.html`; the tab challenges has a page of its own.
#[derive(Debug, Clone, Default, Serialize)]
pub struct QueuePage {
    #[serde(flatten)]
    pub counts: QueueCounts,
    /// Filled on the tab flags.
    pub flags: Vec<FlagRow>,
    /// Filled on the tab duplicates.
    pub duplicates: Vec<DuplicateRow>,
    /// Filled on the other tabs.
    pub threads: Vec<QueueThread>,
    /// "Unsolved for longer than 3 days", translated; may be empty.
    pub rule_label: String,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct FlagRow {
    pub id: i64,
    pub post_id: i64,
    /// question, answer or comment.
    pub kind: String,
    pub post_url: String,
    pub thread_title: String,
    pub author: Person,
    /// Plain text.
    pub excerpt: String,
    /// The post is hidden or deleted already.
    pub removed: bool,
    pub flagged_by: Person,
    /// Translated.
    pub reason_label: String,
    pub note: String,
    pub when: When,
    /// "2 more flags on this post", translated; may be empty.
    pub others_label: String,
}

/// Two threads that may ask the same.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DuplicateRow {
    pub id: i64,
    /// "84 % likely", translated.
    pub likelihood_label: String,
    /// The later one, which would be closed.
    pub thread: DuplicateSide,
    pub of: DuplicateSide,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct DuplicateSide {
    pub thread_id: i64,
    pub title: String,
    pub url: String,
    pub excerpt: String,
    pub asked: When,
    pub answers_label: String,
    pub solved: bool,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct QueueThread {
    pub thread_id: i64,
    pub title: String,
    pub url: String,
    pub author: Person,
    pub asked: When,
    /// "waiting for 4 days", translated.
    pub waiting: String,
    /// "late by 1 day", translated; empty within the set time.
    pub late_label: String,
    /// Stands out: without an answer for the set time, or unsolved for twice that.
    pub late: bool,
    pub answers_label: String,
    pub me_too_label: String,
    pub tags: Vec<TagLink>,
    pub escalated: bool,
    pub can_escalate: bool,
}

/// `moderation/log.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogPage {
    pub rows: Vec<LogRow>,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct LogRow {
    /// hide, unhide, lock, unlock, duplicate, reopen, suspend, unsuspend, escalate, decide, role or other: picks the sign.
    pub act: String,
    /// "hid an answer", translated; follows the moderator's name.
    pub text: String,
    pub by: Person,
    pub when: When,
    pub target_title: String,
    pub target_url: Option<String>,
    pub reason: String,
}

/// `moderation/escalate.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EscalatePage {
    pub thread_id: i64,
    pub thread_title: String,
    pub thread_url: String,
    pub asker_name: String,
    pub note: String,
    pub max_note: i64,
    /// Keys: note, form.
    pub errors: FieldErrors,
    pub submission_key: String,
}

/// `moderation/reason.html`: an act that needs a reason and came without (a form sent back, or opened from a narrow screen).
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReasonPage {
    /// hide, restore, lock, duplicate, suspend or decide.
    pub act: String,
    /// "Hide this answer", translated.
    pub title: String,
    /// Where the form is sent.
    pub action: String,
    /// Hidden fields sent along.
    pub fields: Vec<HiddenField>,
    pub target_title: String,
    pub target_url: String,
    pub reason: String,
    /// For duplicate: id or address of the other thread.
    pub of: String,
    /// For suspend: 1..=365.
    pub days: i64,
    /// Keys: reason, of, days, form.
    pub errors: FieldErrors,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct HiddenField {
    pub name: String,
    pub value: String,
}
