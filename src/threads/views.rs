//! The pages of threads: lists, the thread itself, asking, editing, revisions, drafts.

use serde::Serialize;

use crate::kernel::safe_html::SafeHtml;
use crate::web::views::{FieldErrors, Pager, Person, TagLink, When};

/// One row of a list. Flat, because thirty of them are shown at once.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ThreadRow {
    pub id: i64,
    pub url: String,
    pub title: String,
    /// First words of the question, plain text; may be empty.
    pub excerpt: String,
    pub score: i64,
    /// "votes" or "vote", translated for `score`.
    pub score_label: String,
    pub answer_count: i64,
    /// "answers" or "answer", translated for `answer_count`.
    pub answers_label: String,
    /// An answer is accepted.
    pub solved: bool,
    /// Has an official answer.
    pub official: bool,
    pub locked: bool,
    pub duplicate: bool,
    /// A case is open.
    pub escalated: bool,
    /// Deleted or hidden; such rows are shown only to those who may see them.
    pub removed: bool,
    pub tags: Vec<TagLink>,
    /// Who did the last thing named by `activity`.
    pub author_name: String,
    pub author_url: Option<String>,
    pub author_initials: String,
    pub author_tone: u8,
    pub author_official: bool,
    /// "asked", "answered", "edited": translated, comes before the time.
    pub activity: String,
    pub when: When,
}

/// `threads/list.html`: the front page, the sorted lists and the list of one tag.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListPage {
    /// newest, active, unanswered or unsolved.
    pub sort: String,
    /// `/threads` or `/tags/{name}`; the tabs add `?sort=`.
    pub base_url: String,
    pub rows: Vec<ThreadRow>,
    pub pager: Pager,
    /// Set on the list of one tag.
    pub tag: Option<TagHead>,
    /// True on the first page of the front page for visitors: the hall's greeting with the large search box.
    pub welcome: bool,
    /// Aside; empty leaves the box out.
    pub popular_tags: Vec<TagCount>,
    /// The Atom feed of this list.
    pub feed_url: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct TagHead {
    pub name: String,
    /// Stored rendered text; `None` if nobody wrote one.
    pub about_html: Option<SafeHtml>,
    pub thread_count: i64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct TagCount {
    pub name: String,
    pub url: String,
    pub count: i64,
}

/// `threads/show.html`.
#[derive(Debug, Clone, Serialize)]
pub struct ThreadPage {
    pub id: i64,
    /// `/threads/{id}/{slug}`.
    pub url: String,
    pub question: Post,
    /// The accepted answer first, then by `sort`.
    pub answers: Vec<Post>,
    pub answer_count: i64,
    /// "4 answers", translated.
    pub answers_label: String,
    /// score or oldest.
    pub sort: String,
    pub next_answers_url: Option<String>,
    /// Set where `after=` is in use.
    pub first_answers_url: Option<String>,
    pub status: ThreadStatus,
    /// "1,204 views", translated; may be empty.
    pub views_label: String,
    pub me_too: MeToo,
    pub follow: Follow,
    pub can_answer: bool,
    /// Why not, translated; shown in place of the form. Visitors are invited to sign in, whatever stands here.
    pub why_no_answer: Option<String>,
    pub can_comment: bool,
    pub tools: ThreadTools,
    /// Text in the answer box: the draft, or what was sent with errors. Shown to be copied where there is no box.
    pub answer_md: String,
    /// When that draft was saved.
    pub draft_saved: Option<When>,
    /// Preview made without JavaScript (button `act=preview`).
    pub preview_html: Option<SafeHtml>,
    /// Of the answer form. Keys: body, form.
    pub errors: FieldErrors,
    pub submission_key: String,
    /// Highest length of an answer in characters.
    pub max_body: i64,
    pub max_comment: i64,
    /// Answers with `{count, label, url}` for `?since=last_post_id`.
    pub live_url: String,
    pub last_post_id: i64,
    /// A whole `<script type="application/ld+json">`'s content, `<` escaped; `None` leaves it out.
    pub json_ld: Option<SafeHtml>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct ThreadStatus {
    pub solved: bool,
    /// An answer is accepted, but moderators found it wrong.
    pub superseded: bool,
    /// Where the accepted answer is, as far as that is known here.
    pub solution_url: Option<String>,
    /// Reason given; set when the thread is locked (may be an empty string).
    pub locked: Option<String>,
    pub duplicate_of: Option<ThreadRef>,
    /// Threads that were closed in favour of this one.
    pub duplicates: Vec<ThreadRef>,
    pub escalated: Option<EscalatedState>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct ThreadRef {
    pub title: String,
    pub url: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct EscalatedState {
    /// open, taken, answered or closed.
    pub state: String,
    /// "Passed to the team 2 hours ago; somebody will answer here", translated.
    pub text: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct MeToo {
    pub count: i64,
    /// "3 people have this problem", translated; empty when 0.
    pub label: String,
    pub mine: bool,
    /// False for visitors and for the asker.
    pub can: bool,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Follow {
    pub mine: bool,
    /// False for visitors.
    pub can: bool,
}

/// What moderators and staff can do here; all false for others.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ThreadTools {
    pub can_lock: bool,
    pub can_unlock: bool,
    pub can_close: bool,
    pub can_reopen: bool,
    pub can_escalate: bool,
    /// The case's page, for those who may open it.
    pub case_url: Option<String>,
}

/// A question or an answer.
#[derive(Debug, Clone, Serialize)]
pub struct Post {
    pub post_id: i64,
    /// Empty for an answer.
    pub title: String,
    pub body_html: SafeHtml,
    pub author: Person,
    /// When it was asked or answered.
    pub asked: When,
    pub edited: Option<Edited>,
    pub score: i64,
    /// -1, 0 or 1.
    pub my_vote: i64,
    /// Of a question.
    pub tags: Vec<TagLink>,
    pub comments: Vec<Comment>,
    /// Comments not shown here.
    pub comment_more_count: i64,
    /// "Show 7 more comments", translated.
    pub comment_more_label: String,
    pub comment_more_url: String,
    /// The comment form as it was sent back.
    pub comment_back: Option<CommentBack>,
    pub can_vote: bool,
    pub can_edit: bool,
    pub can_delete: bool,
    pub can_undelete: bool,
    pub can_flag: bool,
    /// Moderators.
    pub can_hide: bool,
    pub can_unhide: bool,
    /// Set where the post is deleted or hidden and the viewer may still see that.
    pub removed: Option<Removed>,
    /// Attribution of an imported post.
    pub origin: Option<Origin>,
    /// The rest is for answers.
    pub accepted: bool,
    /// The brand's official answer.
    pub official: bool,
    /// "Dario, Care Team", shown beneath an official answer.
    pub signature: Option<String>,
    pub can_accept: bool,
    pub can_unaccept: bool,
    /// By the thread's asker.
    pub by_asker: bool,
    /// "Solved it for 3 people", translated; may be empty.
    pub solved_for: String,
    /// Of an answer on which there is evidence.
    pub chance: Option<Chance>,
    /// The viewer may say whether it solved it for them.
    pub can_confirm: bool,
    /// What they said: yes, no or empty.
    pub my_confirmation: String,
    /// Set where it is accepted and says something else since.
    pub changed: Option<Changed>,
    /// Set where moderators upheld a challenge of it.
    pub superseded: Option<Superseded>,
    /// The viewer may claim, with evidence, that it is wrong.
    pub can_challenge: bool,
    /// What was judged of it, the newest first.
    pub verdicts: Vec<VerdictMark>,
    /// The viewer may judge it.
    pub can_judge: bool,
    /// They have: they may take that back.
    pub judged: bool,
}

/// An accepted answer that says something else than it did when it was accepted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Changed {
    /// Compares the accepted revision with the newest.
    pub compare_url: String,
    /// The accepted text, where it is known which it was.
    pub accepted_url: Option<String>,
    /// The viewer may say that it is the solution still.
    pub can_accept: bool,
}

/// An answer that is no solution any more.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Superseded {
    /// In the moderator's words.
    pub note: String,
    /// The answer that is right.
    pub instead_url: Option<String>,
    /// Where its author can appeal against that.
    pub appeal_url: Option<String>,
}

/// What somebody judged of an answer.
#[derive(Debug, Clone, Default, Serialize)]
pub struct VerdictMark {
    /// verified, refuted or outdated.
    pub kind: String,
    /// "Verified by staff (Dario)", translated.
    pub text: String,
    /// May be empty.
    pub note: String,
    pub when: When,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct CommentBack {
    pub text: String,
    /// What is wrong with the text; empty where it is something else.
    pub error: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Edited {
    pub when: When,
    /// Display name.
    pub by: String,
    pub revisions_url: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Removed {
    /// deleted or hidden.
    pub kind: String,
    /// May be empty.
    pub reason: String,
    /// Display name.
    pub by: String,
    pub when: When,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Origin {
    pub author_name: String,
    pub author_url: Option<String>,
    /// The post on its first site.
    pub url: String,
    /// "Italian Language Stack Exchange".
    pub site: String,
    /// "CC BY-SA 4.0".
    pub licence: String,
    /// Of the licences we know.
    pub licence_url: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Comment {
    pub post_id: i64,
    pub body_html: SafeHtml,
    pub author_name: String,
    pub author_url: Option<String>,
    pub author_official: bool,
    pub by_asker: bool,
    pub when: When,
    pub score: i64,
    pub my_vote: i64,
    pub can_vote: bool,
    pub can_edit: bool,
    pub can_delete: bool,
    pub can_undelete: bool,
    pub can_flag: bool,
    pub can_hide: bool,
    pub can_unhide: bool,
    pub removed: Option<Removed>,
    pub edited: bool,
    /// Attribution of an imported comment.
    pub origin: Option<Origin>,
}

/// `threads/comments.html`: every comment of one post.
#[derive(Debug, Clone, Serialize)]
pub struct CommentsPage {
    /// The thread's.
    pub id: i64,
    pub thread_title: String,
    pub post_url: String,
    pub post: Post,
    /// question or answer.
    pub kind: String,
    pub pager: Pager,
    pub can_comment: bool,
    /// A comment that was not taken, where there is no form for it; may be empty.
    pub rescued: String,
    /// Keys: comment, form.
    pub errors: FieldErrors,
    pub submission_key: String,
    pub max_comment: i64,
}

/// `threads/ask.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AskPage {
    pub title: String,
    pub body_md: String,
    /// Separated by spaces or commas, as typed.
    pub tags: String,
    /// Keys: title, body, tags, form.
    pub errors: FieldErrors,
    pub submission_key: String,
    pub max_title: i64,
    pub max_body: i64,
    pub max_tags: i64,
    /// Similar threads found by the server (shown when the form comes back, and without JavaScript).
    pub similar: Vec<Suggestion>,
    /// Set in the step before posting: solved threads that are most likely the same question.
    pub step: Vec<Suggestion>,
    /// Threads shown so far while asking, as the form brings them back: numbers with commas between them, or `all`.
    pub seen: String,
    /// For the tag field's list.
    pub known_tags: Vec<String>,
    pub draft_saved: Option<When>,
    pub preview_html: Option<SafeHtml>,
}

pub use crate::search::views::Suggestion;

/// `threads/edit.html`: editing a question, an answer or a comment.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EditPage {
    pub post_id: i64,
    /// question, answer or comment.
    pub kind: String,
    pub thread_title: String,
    /// The post on its thread, also for "Cancel".
    pub post_url: String,
    /// Of a question only.
    pub title: String,
    pub body_md: String,
    pub tags: String,
    /// Why it was edited; may be empty.
    pub summary: String,
    /// Revision this edit (or its draft) was begun on; sent back so that a conflict is seen.
    pub base_revision: i64,
    /// Keys: title, body, tags, summary, form.
    pub errors: FieldErrors,
    pub conflict: Option<EditConflict>,
    pub submission_key: String,
    pub max_title: i64,
    pub max_body: i64,
    pub max_tags: i64,
    pub known_tags: Vec<String>,
    pub draft_saved: Option<When>,
    pub preview_html: Option<SafeHtml>,
}

/// Someone saved a newer edit meanwhile. Both texts are kept and shown.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EditConflict {
    pub by: String,
    pub when: When,
    pub their_title: String,
    pub their_body_md: String,
    pub their_tags: String,
    /// From theirs to mine.
    pub diff_html: SafeHtml,
    pub revisions_url: String,
}

/// `threads/revisions.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RevisionsPage {
    pub post_id: i64,
    /// question, answer or comment.
    pub kind: String,
    pub thread_title: String,
    pub post_url: String,
    /// Newest first.
    pub revisions: Vec<RevisionRow>,
    /// Numbers compared.
    pub from: i64,
    pub to: i64,
    /// `None` where the title is the same on both sides.
    pub title_diff_html: Option<SafeHtml>,
    pub tags_removed: Vec<String>,
    pub tags_added: Vec<String>,
    /// `None` where the text is the same.
    pub body_diff_html: Option<SafeHtml>,
    /// The whole text of one revision, where it is not compared with another.
    pub text: Option<String>,
    pub can_edit: bool,
    pub older_url: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct RevisionRow {
    pub number: i64,
    pub by: Person,
    pub when: When,
    /// May be empty.
    pub summary: String,
    pub current: bool,
    /// Accepted as the solution.
    pub accepted: bool,
    /// Shows it whole.
    pub text_url: String,
    /// Compares this revision with the one before; `None` for the first.
    pub compare_url: Option<String>,
}

/// `threads/drafts.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DraftsPage {
    pub rows: Vec<DraftRow>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct DraftRow {
    pub id: i64,
    /// "Question", "Answer to …", translated.
    pub place_label: String,
    /// Its own, or that of the thread it belongs to; may be empty.
    pub title: String,
    pub excerpt: String,
    /// Where writing goes on.
    pub url: String,
    /// Put away: this takes it up again.
    pub take_up_url: Option<String>,
    pub saved: When,
}

/// How likely an answer is right.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Chance {
    /// "Probably right: 84 %", translated.
    pub label: String,
    /// What that rests on, and how sure it is, translated.
    pub why: String,
    /// How that orders the answers, translated.
    pub order: String,
}
