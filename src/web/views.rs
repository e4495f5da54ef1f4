//! What every page shares: the shell around it, and the small views (people, times, tags) that all pages show.
//!
//! Views hold plain data only. A handler fills them, a template shows them; neither policy nor SQL is in here.
//! Every `Option` that is `None` and every empty `Vec` has a place in the templates, so handlers need no fillers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::kernel::safe_html::SafeHtml;

/// Messages beside form fields: field name to message, already translated. The key `form` is for the form as a whole.
pub type FieldErrors = BTreeMap<String, String>;

/// Template variable `shell`: all that surrounds a page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Shell {
    /// BCP 47, for `<html lang>`.
    pub lang: String,
    /// `ltr` or `rtl`.
    pub dir: String,
    pub brand: Brand,
    /// `None` for a visitor who is not signed in.
    pub viewer: Option<Viewer>,
    /// The hidden `csrf` field of every form; empty where the page is anonymous and cacheable (no form is shown then).
    pub csrf: String,
    /// Path and query of this page, percent-encoded for use inside `?return=`.
    pub path: String,
    pub flash: Option<Flash>,
    /// What stands in the header's search box.
    pub search_text: String,
    /// Work waiting in the moderators' queue; 0 for others.
    pub open_queue_count: i64,
    /// Open cases on the staff's desk; 0 for others.
    pub open_case_count: i64,
    /// Absolute URL; empty where a page has none (forms, errors).
    pub canonical_url: String,
    /// Without the brand's name, which the shell adds. Empty on the front page.
    pub page_title: String,
    /// For `<meta name="description">`; may be empty.
    pub description: String,
    pub noindex: bool,
    /// A line above every page, such as "Search is being rebuilt".
    pub banner: Option<String>,
    /// The current place: threads, ask, tags, people, badges, search, notices, settings, drafts, moderation, desk, admin, help, account or empty.
    pub section: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Brand {
    pub name: String,
    /// May be empty.
    pub tagline: String,
    /// The brand's own logo; the arches are shown where there is none.
    pub logo_url: Option<String>,
    /// The brand's main site, linked in the footer.
    pub home_url: Option<String>,
}

/// The person who is looking.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Viewer {
    pub username: String,
    pub display_name: String,
    /// customer, moderator, staff or admin.
    pub role: String,
    pub initials: String,
    /// Colour of the avatar, 0..=11.
    pub tone: u8,
    pub unread_notices: i64,
    /// May see the moderation queue.
    pub is_moderator: bool,
    /// May see the desk.
    pub is_staff: bool,
    pub is_admin: bool,
}

/// A message that is shown once, after a redirect.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Flash {
    /// ok, warn or error.
    pub kind: String,
    pub text: String,
}

/// A moment as people read it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct When {
    /// RFC 3339, for `<time datetime>`.
    pub iso: String,
    /// Full date and time in UTC, for the tooltip.
    pub title: String,
    /// "3 hours ago", already translated.
    pub ago: String,
}

/// A person as shown beside a post.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Person {
    /// `None` for authors without an account (imported or erased).
    pub username: Option<String>,
    pub display_name: String,
    pub points: i64,
    /// customer, moderator, staff or admin.
    pub role: String,
    pub badge_counts: BadgeCounts,
    /// Speaks for the brand (staff and admin).
    pub is_official: bool,
    /// Profile; `None` where there is no account.
    pub url: Option<String>,
    pub initials: String,
    /// Colour of the avatar, 0..=11.
    pub tone: u8,
}

pub use crate::badges::BadgeCounts;

/// A tag as a link.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TagLink {
    pub name: String,
    pub url: String,
}

/// Keyset paging: there is a way on and a way back to the start, no page numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pager {
    pub next_url: Option<String>,
    /// Set on every page but the first.
    pub first_url: Option<String>,
}

/// One of several values to choose from in a form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Choice {
    pub value: String,
    /// Already translated.
    pub label: String,
    /// May be empty.
    pub help: String,
    pub chosen: bool,
}

/// `errors/error.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ErrorPage {
    pub status: u16,
    /// The general words of this status, translated.
    pub title: String,
    /// What exactly was wrong, translated; else the general words.
    pub text: String,
    /// Shown on 500 so that a person can name the failure.
    pub request_id: Option<String>,
    /// "in 40 seconds", for 429 and 503.
    pub retry_after: Option<String>,
    /// Text the person had typed, given back so that nothing is lost.
    pub rescued_text: Option<String>,
    /// For those who are no longer signed in.
    pub sign_in_url: Option<String>,
}

/// `web/message.html`: one thing to say and one way on, such as "Look at your mail".
#[derive(Debug, Clone, Default, Serialize)]
pub struct MessagePage {
    pub title: String,
    pub text: String,
    pub action_url: Option<String>,
    pub action_label: Option<String>,
}

/// `web/help.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HelpPage {
    pub points: Vec<PointRule>,
    /// What standing is needed for, if anything.
    pub powers: Vec<PowerRule>,
    pub contact_url: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct PointRule {
    /// "Your answer is accepted", translated.
    pub label: String,
    /// "+15" or "−2".
    pub points: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct PowerRule {
    pub label: String,
    pub points: i64,
}

/// `web/preview.html`: the reply of POST /preview, a fragment without shell.
#[derive(Debug, Clone, Serialize)]
pub struct PreviewFragment {
    pub body_html: SafeHtml,
}
