//! The pages of the house's own state: counts, checks, people, mails.

use serde::Serialize;

use crate::web::views::{FieldErrors, Pager, Person, When};

/// `admin/overview.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OverviewPage {
    /// "Questions" and "12,480", both as shown.
    pub counts: Vec<Count>,
    pub checks: Vec<Check>,
    pub followers: Vec<FollowerRow>,
    pub version: String,
    pub database: String,
    pub data_folder: String,
    pub uptime: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Count {
    pub label: String,
    pub value: String,
    pub url: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Check {
    pub name: String,
    /// ok, warn or error.
    pub state: String,
    pub text: String,
    /// What to do; may be empty.
    pub remedy: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct FollowerRow {
    pub name: String,
    pub place: i64,
    /// Events behind the ledger's head.
    pub lag: i64,
    pub lag_label: String,
    pub late: bool,
    pub last_error: Option<String>,
}

/// `admin/people.html`: POST /admin/people/{username}/role.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AdminPeoplePage {
    pub rows: Vec<AdminPersonRow>,
    pub query: String,
    /// Empty for all, or a role.
    pub role: String,
    pub pager: Pager,
    pub errors: FieldErrors,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct AdminPersonRow {
    pub person: Person,
    pub username: String,
    pub email: String,
    pub email_confirmed: bool,
    pub joined: When,
    pub suspended: bool,
    /// False for oneself and for the last admin.
    pub can_set_role: bool,
}

/// `admin/person.html`: POST /admin/people/{username}/sessions/removal.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AdminPersonPage {
    pub person: Person,
    pub username: String,
    pub rows: Vec<AccountLogRow>,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct AccountLogRow {
    pub at: When,
    /// "Signed in", translated.
    pub act: String,
    pub actor: String,
    /// May be empty.
    pub address: String,
}

/// `admin/mails.html`: POST /admin/mails/{id}/retry.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MailsPage {
    /// waiting, sent, failed, expired or all.
    pub state: String,
    pub waiting_count: i64,
    pub failed_count: i64,
    pub expired_count: i64,
    pub rows: Vec<MailRow>,
    pub pager: Pager,
    /// "SMTP mail.example.org:587" or "Folder …/mails".
    pub transport: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct MailRow {
    pub id: i64,
    pub to: String,
    pub subject: String,
    /// waiting, sent, failed or expired.
    pub state: String,
    pub attempts: i64,
    pub made: When,
    pub sent: Option<When>,
    pub next_attempt: Option<When>,
    /// May be empty.
    pub last_error: String,
    pub can_retry: bool,
}

/// `admin/synonyms.html`: POST /admin/synonyms.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SynonymsPage {
    /// The list as TOML: as it is in force, or as it was typed.
    pub body: String,
    /// Which list was read.
    pub base: i64,
    /// "12 rules in force", translated.
    pub rules_label: String,
    pub errors: FieldErrors,
    /// Where the first mistake is, from 1, and what stands there; 0 without one.
    pub line: i64,
    pub line_text: String,
    /// A query to try the list in force on; may be empty.
    pub tried: String,
    pub widened: Vec<WidenedRow>,
    pub max: i64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct WidenedRow {
    pub typed: String,
    pub to: Vec<String>,
}

/// `admin/badges.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BadgeRulesPage {
    /// The rules as TOML: as they are in force, as they were, or as they were typed.
    pub body: String,
    /// The version in force.
    pub base: i64,
    /// The version that is shown.
    pub shown: i64,
    /// "15 badges in force", translated.
    pub count_label: String,
    pub errors: FieldErrors,
    /// Where the first mistake is, from 1, and what stands there; 0 without one.
    pub line: i64,
    pub line_text: String,
    /// What the rules would do stands below.
    pub tried: bool,
    /// "Looked at 1,200 people in 34 ms", translated.
    pub took_label: String,
    /// Translated.
    pub warnings: Vec<String>,
    pub effects: Vec<BadgeEffectRow>,
    pub versions: Vec<BadgeVersionRow>,
    pub max: i64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct BadgeEffectRow {
    pub name: String,
    /// bronze, silver or gold; empty for a badge that is no more.
    pub rank: String,
    /// In plain words.
    pub rule: String,
    /// The rules no longer have it.
    pub gone: bool,
    pub now: i64,
    pub then: i64,
    pub gained: i64,
    pub lost: i64,
    pub levelled: i64,
    pub gainers: Vec<Person>,
    pub losers: Vec<Person>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct BadgeVersionRow {
    pub id: i64,
    pub url: String,
    pub by: Option<Person>,
    pub when: When,
    pub in_force: bool,
}

/// `admin/calibration.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CalibrationPage {
    pub rows: Vec<CalibrationRow>,
    pub trials: i64,
    /// "0.142"; empty without a trial.
    pub brier: String,
    pub error: String,
    pub recent_trials: i64,
    pub recent_error: String,
    /// What is shown is off by more than it may be.
    pub drifts: bool,
    /// There are enough trials to say something.
    pub enough: bool,
    /// Of accepted answers judged blind in the last year: "84 %"; empty without any.
    pub sample_share: String,
    /// Between which it lies, translated; may be empty.
    pub sample_range: String,
    /// What their pages said on average.
    pub sample_said: String,
    pub sample_judged: i64,
    pub sample_unclear: i64,
    pub sample_void: i64,
    pub sample_open: i64,
    /// What pages say of accepted answers lies outside what was judged.
    pub sample_drifts: bool,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct CalibrationRow {
    /// "70 to 80 %", translated.
    pub range: String,
    pub trials: i64,
    /// Percent that was said on average, and that came true.
    pub said: String,
    pub came: String,
}
