//! search room: the passage each hit shows, read from the posts as they are now: what was changed or taken away since
//! the index followed is not shown as it was.
use super::analysis::Lang;
use super::excerpt::{Look, Matcher, Pieces};
use super::{ExcerptFrom, Hit};
use crate::db::schema::{posts, threads};
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

/// Reads the passages of hits: two statements at most, the second where a solution is gone or shows no words.
pub(super) fn read(conn: &mut Conn, matcher: &Matcher, hits: &mut [Hit]) -> DbResult<()> {
    let mut texts = Texts::default();
    let solutions = hits.iter().filter_map(|hit| hit.solution_post_id);
    let others = hits.iter().filter(|hit| hit.solution_post_id.is_none()).flat_map(without_solution);
    texts.read(conn, solutions.chain(others).collect())?;
    let silent: Vec<i64> = hits
        .iter()
        .filter(|hit| hit.solution_post_id.is_some_and(|id| texts.of(hit, id).is_none()))
        .flat_map(without_solution)
        .collect();
    texts.read(conn, silent)?;
    for hit in hits {
        let solution = hit.solution_post_id.and_then(|id| texts.of(hit, id));
        let question = texts.of(hit, hit.thread_id).unwrap_or_default();
        let answers: Vec<&str> = hit.answer_post_ids.iter().filter_map(|id| texts.of(hit, *id)).collect();
        (hit.excerpt, hit.excerpt_from) = passage(matcher, hit.lang, solution, question, &answers);
    }
    Ok(())
}

/// The question, which has its thread's number, and the first answers.
fn without_solution(hit: &Hit) -> impl Iterator<Item = i64> {
    std::iter::once(hit.thread_id).chain(hit.answer_post_ids.iter().copied())
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
            .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
            .filter(among(posts::id, ids))
            .filter(posts::kind.eq_any(["question", "answer"]))
            .filter(posts::removed.eq(zero()))
            .filter(threads::removed.eq(zero()))
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

/// The solution is a thread's face; without one, the answer that has more of the words than the question.
fn passage(
    matcher: &Matcher,
    lang: Lang,
    solution: Option<&str>,
    question: &str,
    answers: &[&str],
) -> (Pieces, ExcerptFrom) {
    if let Some(solution) = solution {
        return (matcher.look(solution, lang).excerpt(), ExcerptFrom::Solution);
    }
    let question = matcher.look(question, lang);
    let mut best = (question.count().max(1), &question, ExcerptFrom::Question);
    let looks: Vec<Look<'_>> = answers.iter().map(|answer| matcher.look(answer, lang)).collect();
    for look in &looks {
        let words = look.count();
        if words > best.0 || words == best.0 && best.2 == ExcerptFrom::Question {
            best = (words, look, ExcerptFrom::Answer);
        }
    }
    (best.1.excerpt(), best.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::analysis::query_words;

    fn shown(query: &str, solution: Option<&str>, question: &str, answers: &[&str]) -> (String, ExcerptFrom) {
        let (words, _) = query_words(query, None, 16);
        let matcher = Matcher::new(words.iter(), None);
        let (pieces, from) = passage(&matcher, Lang::DEFAULT, solution, question, answers);
        let shown = pieces.into_iter().map(|(piece, hit)| if hit { format!("[{piece}]") } else { piece });
        (shown.collect(), from)
    }

    #[test]
    fn the_solution_shows_whoever_else_says_the_words() {
        let solution = Some("Hold the reset button for ten seconds");
        let (passage, from) = shown("router reset", solution, "my router", &["Reset the router"]);
        assert_eq!(
            (passage.as_str(), from),
            ("Hold the [reset] button for ten seconds", ExcerptFrom::Solution)
        );
    }

    #[test]
    fn the_best_answer_shows_where_there_is_no_solution() {
        let answers = ["No idea", "Reset the router"];
        let (passage, from) = shown("reset router", None, "my router", &answers);
        assert_eq!((passage.as_str(), from), ("[Reset] the [router]", ExcerptFrom::Answer));
        assert_eq!(shown("help", None, "my router", &answers), ("my router".into(), ExcerptFrom::Question));
    }

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
