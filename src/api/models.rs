//! api room: what goes in and out. Field names here are a promise; fields may be added, none changes.
use crate::accounts::{PersonHead, Role};
use crate::kernel::moment::Moment;
use crate::moderation::FlagReason;
use crate::threads::{AnswerRow, OriginRow, PostRow, Removed, RevisionRow, RevisionText, TagRow, ThreadRow};
use crate::web::view::{Author, encode, person_url, thread_url};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

// --- in ---

/// A new question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewThread {
    #[schema(min_length = 10, max_length = 150)]
    pub title: String,
    /// Markdown.
    #[schema(min_length = 10, max_length = 30000)]
    pub body: String,
    /// Names of tags; those that are new are made.
    #[schema(max_items = 5)]
    pub tags: Vec<String>,
}

/// A new answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    /// Markdown.
    #[schema(min_length = 10, max_length = 30000)]
    pub body: String,
}

/// A new comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    /// Markdown.
    #[schema(min_length = 5, max_length = 1000)]
    pub body: String,
}

/// What this voter's vote is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVote {
    /// 1 up, -1 down, 0 takes the vote back.
    #[schema(minimum = -1, maximum = 1)]
    pub value: i32,
}

/// What the caller says of an answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConfirmation {
    /// It solved the problem for the caller, or it did not.
    pub solved: bool,
}

/// Which answer solved it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAcceptance {
    #[schema(minimum = 1)]
    pub answer_id: i64,
}

/// A post's text as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRevision {
    /// The number of the newest revision when the text was read: if there is a newer one, nothing is written (409).
    #[schema(minimum = 1)]
    pub base_revision: i32,
    /// Markdown.
    #[schema(min_length = 5, max_length = 30000)]
    pub body: String,
    /// Of a question, and needed there.
    #[schema(min_length = 10, max_length = 150)]
    pub title: Option<String>,
    /// Of a question, and needed there: all its tags.
    #[schema(max_items = 5)]
    pub tags: Option<Vec<String>>,
    /// What was changed and why.
    #[schema(max_length = 200)]
    pub summary: Option<String>,
}

/// Why moderators should look.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFlag {
    pub reason: FlagReason,
    /// In one's own words.
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

// --- out ---

/// One page of a list. `next` goes into `after` of the next request; `null` at the end.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// Somebody beside what they wrote.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// `null` where an imported post came with a name alone.
    pub username: Option<String>,
    pub display_name: String,
    pub role: Role,
    pub url: Option<String>,
}

/// A thread as lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Thread {
    /// Also the number of the question as a post.
    pub id: i64,
    pub url: String,
    pub title: String,
    /// First words of the question, plain text.
    pub excerpt: String,
    pub tags: Vec<String>,
    /// Who asked; `null` where that person is gone.
    pub author: Option<Person>,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When somebody last asked, answered, commented, edited or accepted here.
    #[schema(format = DateTime)]
    pub active_at: String,
    pub score: i64,
    pub answer_count: i64,
    pub view_count: i64,
    /// People who have this problem too.
    pub me_too_count: i64,
    pub solved: bool,
    pub accepted_answer_id: Option<i64>,
    /// The brand itself has answered.
    pub official_answer_id: Option<i64>,
    pub locked: bool,
    /// Closed in favour of another thread.
    pub duplicate: bool,
    /// With the brand's staff.
    pub escalated: bool,
    /// Set for those who may still see it.
    pub removed: Option<Removal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Removal {
    /// By its author.
    Deleted,
    /// By a moderator.
    Hidden,
}

/// Another thread, by name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadRef {
    pub id: i64,
    pub title: String,
    pub url: String,
}

/// A thread with its question and one page of its answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WholeThread {
    pub thread: Thread,
    pub duplicate_of: Option<ThreadRef>,
    pub question: Post,
    /// The accepted answer first, on the first page.
    pub answers: Listing<Post>,
}

/// A question or an answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Post {
    pub id: i64,
    pub url: String,
    pub author: Option<Person>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub edited_at: Option<String>,
    pub score: i64,
    /// The caller's own vote: -1, 0 or 1; `null` without a token.
    pub my_vote: Option<i64>,
    /// As written; `null` where an import brought HTML alone.
    pub body_md: Option<String>,
    /// Cleaned: may be shown as it is.
    pub body_html: String,
    pub accepted: bool,
    /// Readers who say that this answer solved it for them.
    pub solved_for: i64,
    /// Whether the caller says so; `null` where they said nothing.
    pub my_confirmation: Option<bool>,
    /// The brand's own answer.
    pub official: bool,
    /// Who signed it for the brand.
    pub signature: Option<String>,
    pub comment_count: i64,
    /// Oldest first; `next` goes into `after` of `/api/v1/posts/{id}/comments`.
    pub comments: Listing<Comment>,
    pub origin: Option<Origin>,
    pub removed: Option<Removal>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    pub id: i64,
    /// The question or answer it stands under.
    pub post_id: i64,
    pub author: Option<Person>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub edited_at: Option<String>,
    pub score: i64,
    pub body_md: Option<String>,
    /// Cleaned: may be shown as it is.
    pub body_html: String,
    pub origin: Option<Origin>,
    pub removed: Option<Removal>,
}

/// A text a post had.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    pub number: i32,
    /// Of a question.
    pub title: Option<String>,
    /// Of a question.
    pub tags: Option<Vec<String>>,
    pub body_md: String,
    /// Who wrote it; `null` where that person is gone or was never known.
    pub author: Option<Person>,
    pub summary: String,
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// An answer in a person's history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    pub id: i64,
    pub url: String,
    pub score: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    pub accepted: bool,
    /// The brand's own answer.
    pub official: bool,
    /// Set for those who may still see it.
    pub removed: Option<Removal>,
    pub thread: Thread,
}

/// Where an imported post came from. Whoever shows the post must show this too, as its licence asks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    pub site: String,
    pub url: String,
    pub author_url: Option<String>,
    pub licence: String,
}

/// A thread found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Found {
    pub thread: Thread,
    /// A passage with words of the query, plain text.
    pub excerpt: String,
    pub excerpt_from: ExcerptFrom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExcerptFrom {
    Solution,
    Answer,
    Question,
}

/// One page of what was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchResults {
    pub items: Vec<Found>,
    pub next: Option<String>,
    /// Threads found; counting stops at a thousand.
    pub total: u32,
    /// There are more than `total`.
    pub total_is_cut: bool,
    /// Too few threads have all the words, so these have some of them.
    pub any_word: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    pub name: String,
    pub url: String,
    pub thread_count: i64,
    /// Cleaned HTML; empty where nobody wrote one.
    pub about_html: String,
}

/// A person's public page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub person: Person,
    #[schema(format = DateTime)]
    pub joined_at: String,
    /// Cleaned HTML; empty where nothing was written.
    pub about_html: String,
    pub points: i64,
    pub badges: Badges,
    pub question_count: i64,
    pub answer_count: i64,
    /// Answers that others accepted.
    pub solution_count: i64,
    #[schema(format = DateTime)]
    pub suspended_until: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Badges {
    pub gold: i64,
    pub silver: i64,
    pub bronze: i64,
}

/// Whose token it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Me {
    pub person: Person,
    pub unread_notices: i64,
}

/// Where a new post is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Posted {
    pub id: i64,
    pub thread_id: i64,
    pub url: String,
}

/// How a post stands after a vote.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Voted {
    pub post_id: i64,
    pub score: i64,
    pub my_vote: i64,
}

/// How an answer stands after a confirmation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    pub post_id: i64,
    /// Readers who say that it solved it for them.
    pub solved_for: i64,
    /// What the caller says now; `null` after it was taken back.
    pub my_confirmation: Option<bool>,
}

/// A flag is with the moderators.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Flagged {
    pub post_id: i64,
}

/// Whether the caller has this problem too, now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeToo {
    pub thread_id: i64,
    pub me_too: bool,
}

/// Whether the caller is told of what is new in the thread, from now on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Following {
    pub thread_id: i64,
    pub following: bool,
}

/// Whether the post is deleted now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deletion {
    pub post_id: i64,
    pub deleted: bool,
}

/// How a post stands after an edit.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Edited {
    pub post_id: i64,
    pub thread_id: i64,
    /// The number of its newest revision.
    pub revision: i32,
    pub url: String,
}

/// The thread's solution now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    pub thread_id: i64,
    pub answer_id: Option<i64>,
}

/// What every error is answered with (RFC 9457), as `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What exactly was wrong, in the language asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The field of the body that was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// To be told to the operator, with a failure of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

// --- how rows become models ---

fn removal(column: i16) -> Option<Removal> {
    match Removed::from_column(column) {
        Removed::No => None,
        Removed::Deleted => Some(Removal::Deleted),
        Removed::Hidden => Some(Removal::Hidden),
    }
}

impl Person {
    pub fn of_head(base: &str, head: &PersonHead) -> Person {
        Person::new(base, Some(&head.username), head.display_name.clone(), head.role)
    }

    fn new(base: &str, username: Option<&str>, display_name: String, role: Role) -> Person {
        let url = username.map(|name| format!("{base}{}", person_url(name)));
        Person { username: username.map(str::to_owned), display_name, role, url }
    }

    fn of_author(base: &str, author: &Author) -> Option<Person> {
        let role = author.role.as_deref().and_then(Role::parse).unwrap_or(Role::Customer);
        match (&author.username, &author.display_name, &author.kept_name) {
            _ if author.erased => None,
            (Some(username), Some(name), _) => Some(Person::new(base, Some(username), name.clone(), role)),
            (_, _, Some(kept)) if !kept.is_empty() => Some(Person::new(base, None, kept.clone(), role)),
            _ => None,
        }
    }
}

impl Thread {
    pub fn of(base: &str, row: &ThreadRow, author: Option<&PersonHead>) -> Thread {
        Thread {
            id: row.id.0,
            url: format!("{base}{}", thread_url(row.id.0, &row.slug)),
            title: row.title.clone(),
            excerpt: row.excerpt.clone(),
            tags: row.tags.split_whitespace().map(str::to_owned).collect(),
            author: author.map(|head| Person::of_head(base, head)),
            created_at: row.created_at.iso(),
            active_at: row.active_at.iso(),
            score: row.score,
            answer_count: row.answer_count,
            view_count: row.view_count,
            me_too_count: row.me_too_count,
            solved: row.accepted_answer_id.is_some(),
            accepted_answer_id: row.accepted_answer_id.map(|id| id.0),
            official_answer_id: row.official_answer_id.map(|id| id.0),
            locked: row.locked,
            duplicate: row.duplicate_of.is_some(),
            escalated: row.escalated,
            removed: removal(row.removed),
        }
    }
}

impl ThreadRef {
    pub fn of(base: &str, row: &ThreadRow) -> ThreadRef {
        ThreadRef {
            id: row.id.0,
            title: row.title.clone(),
            url: format!("{base}{}", thread_url(row.id.0, &row.slug)),
        }
    }
}

/// What a post shows beside its own row.
#[derive(Default)]
pub struct Beside {
    pub my_vote: Option<i64>,
    pub body_md: Option<String>,
    pub origin: Option<Origin>,
    pub accepted: bool,
    pub solved_for: i64,
    pub my_confirmation: Option<bool>,
}

impl Post {
    pub fn of(
        base: &str,
        thread: &ThreadRow,
        row: PostRow,
        beside: Beside,
        comments: Listing<Comment>,
    ) -> Post {
        Post {
            id: row.id.0,
            url: post_url(base, thread, row.id.0),
            author: Person::of_author(base, &row.author()),
            created_at: row.created_at.iso(),
            edited_at: row.edited_at.map(Moment::iso),
            score: row.score,
            my_vote: beside.my_vote,
            body_md: beside.body_md,
            body_html: row.body_html,
            accepted: beside.accepted,
            solved_for: beside.solved_for,
            my_confirmation: beside.my_confirmation,
            official: row.official,
            signature: row.signature,
            comment_count: row.comment_count,
            comments,
            origin: beside.origin,
            removed: removal(row.removed),
        }
    }
}

fn post_url(base: &str, thread: &ThreadRow, post: i64) -> String {
    let url = thread_url(thread.id.0, &thread.slug);
    if post == thread.id.0 { format!("{base}{url}") } else { format!("{base}{url}#post-{post}") }
}

impl Comment {
    pub fn of(base: &str, row: PostRow, body_md: Option<String>) -> Comment {
        Comment {
            id: row.id.0,
            post_id: row.parent_id.map_or(0, |id| id.0),
            author: Person::of_author(base, &row.author()),
            origin: row.origin.map(Into::into),
            created_at: row.created_at.iso(),
            edited_at: row.edited_at.map(Moment::iso),
            score: row.score,
            body_md,
            body_html: row.body_html,
            removed: removal(row.removed),
        }
    }
}

impl Revision {
    pub fn of(base: &str, (row, text): (RevisionRow, RevisionText), editor: Option<&PersonHead>) -> Revision {
        let kept = row.editor_name.filter(|name| !name.is_empty());
        Revision {
            number: row.number,
            title: text.title,
            tags: text.tags.map(|tags| tags.split_whitespace().map(str::to_owned).collect()),
            body_md: text.body_md,
            author: match editor {
                Some(head) => Some(Person::of_head(base, head)),
                None => kept.map(|name| Person::new(base, None, name, Role::Customer)),
            },
            summary: row.summary,
            created_at: row.created_at.iso(),
        }
    }
}

impl Answered {
    pub fn of(base: &str, row: AnswerRow, asker: Option<&PersonHead>) -> Answered {
        Answered {
            id: row.id.0,
            url: post_url(base, &row.thread, row.id.0),
            score: row.score,
            created_at: row.created_at.iso(),
            accepted: row.thread.accepted_answer_id == Some(row.id),
            official: row.official,
            removed: removal(row.removed),
            thread: Thread::of(base, &row.thread, asker),
        }
    }
}

impl From<OriginRow> for Origin {
    fn from(row: OriginRow) -> Origin {
        Origin { site: row.site, url: row.url, author_url: row.author_url, licence: row.licence }
    }
}

impl Tag {
    pub fn of(base: &str, row: TagRow) -> Tag {
        Tag {
            url: format!("{base}/tags/{}", encode(&row.name)),
            name: row.name,
            thread_count: row.thread_count,
            about_html: row.description_html,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(username: Option<&str>, kept: Option<&str>, erased: bool) -> Author {
        Author {
            username: username.map(str::to_owned),
            display_name: username.map(|_| "Ann".to_owned()),
            kept_name: kept.map(str::to_owned),
            role: username.map(|_| "staff".to_owned()),
            points: None,
            erased,
        }
    }

    #[test]
    fn an_author_is_named_as_far_as_they_are_known() {
        let base = "https://forum.example";
        let known = Person::of_author(base, &author(Some("ann"), None, false)).unwrap();
        assert_eq!(known.url.as_deref(), Some("https://forum.example/people/ann"));
        assert_eq!(known.role, Role::Staff);
        let kept = Person::of_author(base, &author(None, Some("user 7"), false)).unwrap();
        assert_eq!((kept.username, kept.display_name.as_str(), kept.url), (None, "user 7", None));
        assert!(Person::of_author(base, &author(Some("ann"), Some("Ann"), true)).is_none());
        assert!(Person::of_author(base, &author(None, None, false)).is_none());
    }
}
