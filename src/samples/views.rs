//! The page on which accepted answers are judged blind.
use crate::kernel::safe_html::SafeHtml;
use serde::Serialize;

/// `samples/show.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SamplePage {
    pub sample: Option<SampleView>,
    /// The viewer may judge none, whatever waits.
    pub unproven: bool,
    /// The one judged just now: its thread's title, and where it is.
    pub judged_title: String,
    pub judged_url: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct SampleView {
    pub id: i64,
    pub title: String,
    pub question_html: SafeHtml,
    pub answer_html: SafeHtml,
}
