//! The pages of accounts: the doors (sign up, sign in, passwords), people, settings.

use serde::Serialize;

use crate::kernel::safe_html::SafeHtml;
use crate::threads::views::ThreadRow;
use crate::web::views::{FieldErrors, Pager, Person, When};

/// `accounts/sign_up.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SignUpPage {
    pub username: String,
    pub display_name: String,
    pub email: String,
    /// Where to go afterwards (a path of ours); may be empty. Form field `return`.
    pub return_to: String,
    /// Keys: username, display_name, email, password, form.
    pub errors: FieldErrors,
    pub submission_key: String,
}

/// `accounts/sign_in.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SignInPage {
    /// User name or e-mail address, form field `login`.
    pub login: String,
    pub return_to: String,
    /// Keys: login, password, form.
    pub errors: FieldErrors,
    /// Why the person was sent here, translated.
    pub reason: Option<String>,
    /// Lets the page say that accounts can be made.
    pub can_sign_up: bool,
}

/// `accounts/forgot.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ForgotPage {
    pub email: String,
    pub errors: FieldErrors,
    /// After the POST: the same words whether the address is known or not.
    pub sent: bool,
}

/// `accounts/reset.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ResetPage {
    pub token: String,
    /// Keys: password, form.
    pub errors: FieldErrors,
    /// The link is used up or too old.
    pub invalid: bool,
}

/// `accounts/confirm.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ConfirmPage {
    pub token: String,
    /// Address to be confirmed; may be empty.
    pub email: String,
    pub invalid: bool,
}

/// `accounts/first_run.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FirstRunPage {
    pub token: String,
    pub brand_name: String,
    pub username: String,
    pub display_name: String,
    pub email: String,
    /// Keys: username, display_name, email, password, form.
    pub errors: FieldErrors,
    pub invalid: bool,
}

/// `accounts/people.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PeoplePage {
    pub rows: Vec<PersonRow>,
    pub query: String,
    /// points or newest.
    pub sort: String,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct PersonRow {
    pub person: Person,
    pub answers_label: String,
    /// "12 solutions", translated; may be empty.
    pub solutions_label: String,
    pub joined: When,
}

/// `accounts/person.html`.
#[derive(Debug, Clone, Serialize)]
pub struct PersonPage {
    pub person: Person,
    pub joined: When,
    pub about_html: Option<SafeHtml>,
    pub question_count: i64,
    pub answer_count: i64,
    pub solution_count: i64,
    /// answers, questions, points or badges.
    pub tab: String,
    /// On the tabs answers and questions. For an answer `url` points to it and `title` is the thread's.
    pub rows: Vec<ThreadRow>,
    pub points_rows: Vec<PointsRow>,
    pub badges: Vec<EarnedBadge>,
    /// On the tab badges, for themselves and for moderators: what was taken back.
    pub past_badges: Vec<PastBadge>,
    /// How far their word carries; "standing-none" where nothing is resolved.
    pub standing: Standing,
    pub pager: Pager,
    /// It is the viewer's own page.
    pub mine: bool,
    /// On their own page: what newcomers begin with, until all of it is done.
    pub first_steps: Vec<FirstStep>,
    /// It is their own page, and they may judge samples.
    pub judges: bool,
    pub suspended: Option<Suspension>,
    pub can_suspend: bool,
    pub can_unsuspend: bool,
    /// Imported account nobody has claimed.
    pub imported: bool,
    pub origin_url: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct PointsRow {
    /// "+15" or "−2".
    pub points: String,
    pub negative: bool,
    /// "Answer accepted", translated.
    pub text: String,
    pub title: String,
    /// `None` if hidden by now.
    pub url: Option<String>,
    pub when: When,
    /// Ledger events that gave it.
    pub event_ids: Vec<i64>,
    /// Where its owner can appeal against it.
    pub appeal_url: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct EarnedBadge {
    pub name: String,
    /// bronze, silver or gold.
    pub rank: String,
    pub url: String,
    pub description: String,
    pub when: When,
    /// Its number in the ledger.
    pub event_id: i64,
    pub cause: Option<crate::badges::views::Cause>,
    /// "Taken back on 3 March", translated, while it still shows; empty for one that is held.
    pub leaving: String,
    /// "Given back on appeal", translated; empty for one that is earned.
    pub given_back: String,
}

/// How far somebody's word carries.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Standing {
    /// "62 % of the time", translated; empty where nothing is resolved.
    pub label: String,
    /// What it rests on, translated.
    pub why: String,
    pub topics: Vec<TopicStanding>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct TopicStanding {
    pub name: String,
    pub url: String,
    pub label: String,
}

/// A badge that was taken back.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PastBadge {
    pub name: String,
    pub rank: String,
    pub url: String,
    /// When, why, and the bound before and after, translated.
    pub line: String,
    /// What would bring it back, translated; empty for a badge that is no more.
    pub restores: String,
    /// Until when it still shows, translated; empty when that is over.
    pub grace: String,
    /// Events that gave it and took it back.
    pub event_ids: Vec<i64>,
    /// Where its owner can appeal against that.
    pub appeal_url: Option<String>,
    /// How their appeal stands, translated; empty where there is none.
    pub appeal_label: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Suspension {
    /// "until 3 March 2027", translated.
    pub until_label: String,
    /// Shown to the person and to moderators; empty for others.
    pub reason: String,
}

/// `accounts/settings_profile.html` (/settings).
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProfileSettingsPage {
    pub username: String,
    pub display_name: String,
    pub about_md: String,
    /// Signature beneath official answers; shown to staff.
    pub signature: String,
    pub is_staff: bool,
    /// Keys: display_name, about, signature, form.
    pub errors: FieldErrors,
}

/// `accounts/settings_account.html` (/settings/account): POST /settings/account/email, /settings/account/password,
/// /settings/account/data and /settings/account/erasure.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AccountSettingsPage {
    pub username: String,
    /// False for the last admin.
    pub can_leave: bool,
    pub email: String,
    pub email_confirmed: bool,
    /// An address that waits for its confirmation.
    pub pending_email: Option<String>,
    pub new_email: String,
    /// Keys: email, email_password, current_password, new_password, leave_name, leave_password, form.
    pub errors: FieldErrors,
}

/// `accounts/settings_tokens.html` (/settings/tokens): POST /settings/tokens, POST /settings/tokens/{id}/removal.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TokensPage {
    pub tokens: Vec<TokenRow>,
    /// Shown once, right after it was made.
    pub fresh_token: Option<String>,
    pub name: String,
    /// Keys: name, password, form.
    pub errors: FieldErrors,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct TokenRow {
    pub id: i64,
    pub name: String,
    pub made: When,
    pub last_used: Option<When>,
}

/// `accounts/settings_sessions.html` (/settings/sessions): POST /settings/sessions/{id}/removal, POST /settings/sessions/removal (all others).
#[derive(Debug, Clone, Default, Serialize)]
pub struct SessionsPage {
    pub sessions: Vec<SessionRow>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct SessionRow {
    pub id: String,
    /// "Firefox on Linux"; the raw user agent, shortened, does as well.
    pub device: String,
    pub started: When,
    pub seen: When,
    pub current: bool,
}

/// A badge for newcomers.
#[derive(Debug, Clone, Serialize)]
pub struct FirstStep {
    pub name: String,
    pub url: String,
    pub done: bool,
}
