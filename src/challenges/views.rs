//! The pages of challenges: claiming that an answer is wrong, and the queue of such claims.

use serde::Serialize;

use crate::kernel::safe_html::SafeHtml;
use crate::moderation::views::QueueCounts;
use crate::web::views::{Choice, FieldErrors, Pager, Person, When};

/// `challenges/form.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ChallengePage {
    pub post_id: i64,
    pub author_name: String,
    /// Plain text.
    pub excerpt: String,
    pub post_url: String,
    pub thread_title: String,
    pub evidence: String,
    pub max_evidence: i64,
    /// Other answers of the thread, one of which may be right instead.
    pub others: Vec<Choice>,
    /// Keys: evidence, instead, form.
    pub errors: FieldErrors,
    /// This person's own, which waits for a decision.
    pub open: Option<OpenChallenge>,
}

#[derive(Debug, Clone, Serialize)]
pub struct OpenChallenge {
    pub id: i64,
    pub evidence_html: SafeHtml,
    pub when: When,
}

/// `challenges/queue.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ChallengesPage {
    #[serde(flatten)]
    pub counts: QueueCounts,
    /// open or decided.
    pub state: String,
    pub rows: Vec<ChallengeRow>,
    pub pager: Pager,
}

#[derive(Debug, Clone, Serialize)]
pub struct ChallengeRow {
    pub id: i64,
    pub post_url: String,
    pub thread_title: String,
    pub author: Person,
    /// Of the answer: plain text.
    pub excerpt: String,
    /// The answer is hidden or deleted already.
    pub removed: bool,
    pub challenger: Person,
    pub evidence_html: SafeHtml,
    pub when: When,
    /// The answer that is right, says the challenger.
    pub instead_url: Option<String>,
    /// "Accepted by Ann", translated; may be empty.
    pub accepted_label: String,
    /// "Solved it for 3 people", translated; may be empty.
    pub solved_for: String,
    /// Of one that was decided: upheld or rejected; else empty.
    pub decision: String,
    pub decided_by: Option<Person>,
    pub decided: Option<When>,
    /// In the words of who decided it.
    pub note: String,
    /// False where the answer or the challenge is the viewer's own.
    pub can_decide: bool,
}
