//! search room: the passage each hit shows, read from the posts as they are now: what was changed or taken away since
//! the index followed is not shown as it was.
use super::excerpt::Matcher;
use super::{ExcerptFrom, Hit};
use crate::db::schema::posts;
use crate::db::{Conn, DbResult, among, zero};
use crate::kernel::markdown::plain_text;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use std::collections::HashMap;

/// Characters of a post's HTML that are read for a passage; what stands further behind is found, but not shown.
const HTML_CHARS: i32 = 10_000;

#[diesel::declare_sql_function]
extern "SQL" {
    fn substr(text: Text, from: Integer, length: Integer) -> Text;
}

/// Reads the passages of hits that are known to be there for everybody: two statements at most, the second where what was to be shown is gone or has no words.
pub(super) fn read(conn: &mut Conn, matcher: &Matcher, hits: &mut [Hit]) -> DbResult<()> {
    let mut texts = Texts::default();
    texts.read(conn, hits.iter().map(|hit| face(hit).0).collect())?;
    let silent: Vec<i64> =
        hits.iter().filter(|hit| texts.of(hit, face(hit).0).is_none()).map(|hit| hit.thread_id).collect();
    texts.read(conn, silent)?;
    for hit in hits {
        let (id, from) = face(hit);
        let (text, from) = match texts.of(hit, id) {
            Some(text) => (text, from),
            None => (texts.of(hit, hit.thread_id).unwrap_or_default(), ExcerptFrom::Question),
        };
        hit.excerpt = matcher.look(text, hit.lang).excerpt();
        hit.excerpt_from = from;
    }
    Ok(())
}

/// The post a hit shows: the solution, else the answer that says most, else the question, which has its thread's
/// number.
fn face(hit: &Hit) -> (i64, ExcerptFrom) {
    let solution = hit.solution_post_id.map(|id| (id, ExcerptFrom::Solution));
    let answer = hit.answer_post_id.map(|id| (id, ExcerptFrom::Answer));
    solution.or(answer).unwrap_or((hit.thread_id, ExcerptFrom::Question))
}

/// Plain texts of posts that everybody may see, with their threads.
#[derive(Default)]
struct Texts(HashMap<i64, (i64, String)>);

impl Texts {
    fn read(&mut self, conn: &mut Conn, ids: Vec<i64>) -> DbResult<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let rows: Vec<(i64, i64, String)> = posts::table
            .filter(among(posts::id, ids))
            .filter(posts::removed.eq(zero()))
            .select((posts::id, posts::thread_id, substr(posts::body_html, 1, HTML_CHARS)))
            .load(conn)?;
        self.0.extend(rows.into_iter().map(|(id, thread, html)| (id, (thread, plain_text(whole(&html))))));
        Ok(())
    }

    /// A post of this hit's thread, unless it has no words.
    fn of(&self, hit: &Hit, id: i64) -> Option<&str> {
        let (thread, text) = self.0.get(&id)?;
        (*thread == hit.thread_id && !text.trim().is_empty()).then_some(text)
    }
}

/// HTML without the tag or entity it may have been cut in.
fn whole(html: &str) -> &str {
    let end =
        html.rfind(['<', '>', '&', ';']).filter(|at| matches!(html.as_bytes().get(*at), Some(b'<' | b'&')));
    end.and_then(|end| html.get(..end)).unwrap_or(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_that_was_cut_loses_the_tag_it_was_cut_in() {
        for (html, kept) in [
            ("<p>a</p>", "<p>a</p>"),
            ("<p>a <a href=\"/x", "<p>a "),
            ("<p>a &am", "<p>a "),
            ("<p>a &amp; b", "<p>a &amp; b"),
            ("a &amp; <b", "a &amp; "),
            ("", ""),
        ] {
            assert_eq!(whole(html), kept, "{html}");
        }
    }
}
