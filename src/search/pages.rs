//! search room: the page of results, and the threads suggested while somebody types.
//!
//! All that is shown comes from the index's stored fields. What has been taken away since the index last followed
//! is left out by what the ledger says: two statements a page when the index is up to date, a few more when it is not; one of them for the names people have now.
use super::alike::likely;
use super::analysis::{Lang, QueryWord, query_words};
use super::query::{Hint, Query, State};
use super::views::{self, Filter, Instead, SearchPage, Suggestion};
use super::{Cursor, ExcerptFrom, Hit, Results, SearchError, Total};
use crate::accounts;
use crate::app::App;
use crate::db::schema::{events, threads};
use crate::db::{Conn, DbError, DbResult, among, zero};
use crate::error::{Error, Result};
use crate::kernel::moment::Moment;
use crate::kernel::safe_html::{escape, marked};
use crate::kernel::slug::slug;
use crate::kernel::{ids::ThreadId, limits};
use crate::ledger;
use crate::web::cache::Shows;
use crate::web::form::{Form, Params};
use crate::web::i18n::{Arg, translate};
use crate::web::rates::Budget;
use crate::web::view::{self, counted, encode};
use crate::web::views::TagLink;
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// `GET /search?q=&after=`.
pub async fn results(visit: Visit, params: Params) -> Result<HttpResponse> {
    visit.app.rates.take(Budget::Search, (Budget::Search, visit.household()))?;
    let text = params.get("q").to_owned();
    let after = params.filled("after").map(Cursor::decode).transpose();
    let after = after.map_err(|_| Error::Bad("error-bad-cursor"))?;
    visit.shared_page(Shows::Search, move |room| page(room, &text, after)).await
}

/// `GET /search/suggestions?title=`: threads like what is being typed.
pub async fn suggestions(visit: Visit, params: Params) -> Result<HttpResponse> {
    visit.app.rates.take(Budget::Search, (Budget::Search, visit.household()))?;
    let title = params.get("title").to_owned();
    visit.json(move |room| similar(&room.visit.app, room.conn, &title, limits::SUGGESTIONS)).await
}

/// `POST /search/suggestions`: the same with the body, which does not fit into an address and has no business in the
/// logs that keep those. It writes nothing, but like all that is posted it must come from a form of ours: what a
/// stranger's page makes a browser send is not worth a search.
pub async fn suggestions_to_question(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    visit.app.rates.take(Budget::Search, (Budget::Search, visit.household()))?;
    visit
        .json(move |room| {
            // Its marks are no words, so the text as typed says what the rendered one would.
            let (title, body) = (form.get("title"), form.get("body"));
            let found = likely(&room.visit.app, room.conn, title, body, limits::SUGGESTIONS)?;
            let asker = room.viewer()?.username.clone();
            Ok(found
                .into_iter()
                .take(limits::SUGGESTIONS)
                .map(|(hit, likelihood)| Suggestion {
                    strong: is_strong(&hit, likelihood, &asker),
                    ..suggestion(hit)
                })
                .collect::<Vec<_>>())
        })
        .await
}

/// So likely the same question, solved, that its asker should have seen it before they post theirs.
fn is_strong(hit: &Hit, likelihood: u16, asker: &str) -> bool {
    likelihood >= limits::STRONG_LIKELIHOOD
        && hit.solution_post_id.is_some()
        // Who asked it knows it, and says otherwise what solved it.
        && hit.author.as_deref() != Some(asker)
}

/// Threads like `title`, for the page on which it is asked. Empty when the index or the database cannot say.
///
/// May be called while a reader is held: it never waits for a second one.
pub fn similar_threads(app: &App, title: &str, limit: usize) -> Vec<Suggestion> {
    let Some(mut conn) = app.db.reader_if_free() else { return Vec::new() };
    similar(app, &mut conn, title, limit).unwrap_or_else(|error| {
        tracing::warn!(%error, "similar threads could not be found");
        Vec::new()
    })
}

/// Solved threads that most likely ask what `asker` is about to ask, but for those in `seen`. Empty when the index or
/// the database cannot say: nobody is kept from asking for that.
pub fn strong_candidates(
    room: &mut Room<'_>,
    title: &str,
    body: &str,
    seen: impl Fn(i64) -> bool,
) -> Vec<Suggestion> {
    let asker = room.viewer.as_ref().map(|viewer| viewer.username.clone()).unwrap_or_default();
    let found =
        likely(&room.visit.app, room.conn, title, body, limits::SUGGESTIONS).unwrap_or_else(|error| {
            tracing::warn!(%error, "threads like a question could not be found");
            Vec::new()
        });
    found
        .into_iter()
        .filter(|(hit, likelihood)| is_strong(hit, *likelihood, &asker) && !seen(hit.thread_id))
        .take(limits::STRONG_CANDIDATES)
        .map(|(hit, _)| Suggestion { strong: true, ..suggestion(hit) })
        .collect()
}

fn similar(app: &App, conn: &mut Conn, title: &str, limit: usize) -> Result<Vec<Suggestion>> {
    Ok(like_this(app, conn, title, "", limit)?.into_iter().map(suggestion).collect())
}

/// Threads like a question, as everybody may see them now.
pub(super) fn like_this(
    app: &App,
    conn: &mut Conn,
    title: &str,
    body: &str,
    limit: usize,
) -> Result<Vec<Hit>> {
    let place = app.search.place();
    let mut hits = ask(app, |index| index.similar(title, body, limit))?;
    let (words, _) = query_words(title, Lang::guess(title), super::query::WORDS_MAX);
    settle(conn, place, &mut hits, |title| says(title, &words, false))?;
    Ok(hits)
}

fn suggestion(hit: Hit) -> Suggestion {
    let from_solution = hit.excerpt_from == ExcerptFrom::Solution;
    Suggestion {
        thread_id: hit.thread_id,
        url: view::thread_url(hit.thread_id, &slug(&hit.title)),
        solved: hit.solved,
        passage_html: marked(&hit.excerpt),
        // Where the passage is another's, the solution is gone since.
        answer_id: hit.solution_post_id.filter(|_| from_solution),
        title: hit.title,
        strong: false,
    }
}

/// One page of what the index has for a query, without what the ledger says is gone meanwhile.
pub fn hits(
    app: &App,
    conn: &mut Conn,
    query: &Query,
    limit: usize,
    after: Option<Cursor>,
) -> Result<Results> {
    let place = app.search.place();
    let mut found = ask(app, |index| index.search(query, limit, after))?;
    let words: Vec<QueryWord> = query.words.iter().chain(query.phrases.iter().flatten()).cloned().collect();
    let all = !found.any_word;
    found.uncounted = settle(conn, place, &mut found.hits, |title| says(title, &words, all))?;
    if found.uncounted {
        // For readers of the API: what is on this page, and perhaps more.
        found.total = Total { count: u32::try_from(found.hits.len()).unwrap_or(u32::MAX), more: true };
    }
    Ok(found)
}

/// Asks the index. One that cannot answer is built anew, and the visitor told to come back.
pub(super) fn ask<T>(app: &App, question: impl FnOnce(&super::Index) -> Result<T, SearchError>) -> Result<T> {
    question(&app.search.index).map_err(|error| {
        tracing::error!(%error, "the search index does not answer and is built anew");
        app.search.distrust();
        app.bell.ring();
        Error::Db(DbError::Unavailable(error.to_string()))
    })
}

/// Events behind the index that are looked through for removals before nothing is said of totals.
const REMOVALS_READ_MAX: i64 = 20_000;

/// Takes out of `hits` what the ledger says is gone or changed behind `place`, up to which the index had followed
/// before it was asked. A thread of which something was removed stays only if its title alone is worth finding
/// (`fits`): that it is found must not tell what is no longer there. `true`: something was removed since.
fn settle(conn: &mut Conn, place: i64, hits: &mut Vec<Hit>, fits: impl Fn(&str) -> bool) -> DbResult<bool> {
    if hits.is_empty() {
        return Ok(false);
    }
    let head = ledger::head(conn)?.0;
    if head == place {
        return Ok(false);
    }
    // An index ahead of the ledger belongs to a database that was put back from an older copy: what it says of
    // any thread is of another time.
    let since = if head < place { 0 } else { place };
    let ids: Vec<ThreadId> = hits.iter().map(|hit| ThreadId(hit.thread_id)).collect();
    let seen: HashMap<i64, String> = threads::table
        .filter(among(threads::id, ids.iter().copied()))
        .filter(threads::removed.eq(zero()))
        .select((threads::id, threads::title))
        .load::<(i64, String)>(conn)?
        .into_iter()
        .collect();
    let of_hits: Vec<(Option<i64>, String)> = events::table
        .filter(among(events::thread_id, ids.iter().copied()))
        .filter(events::id.gt(since))
        .filter(events::kind.eq_any(["post_deleted", "post_hidden", "post_edited"]))
        .select((events::thread_id, events::kind))
        .load(conn)?;
    let touched: HashSet<i64> = of_hits.iter().filter_map(|(thread, _)| *thread).collect();
    let robbed: HashSet<i64> =
        of_hits.iter().filter(|(_, kind)| kind != "post_edited").filter_map(|(thread, _)| *thread).collect();
    hits.retain_mut(|hit| {
        let Some(title) = seen.get(&hit.thread_id) else { return false };
        if head < place || touched.contains(&hit.thread_id) {
            // Any of its texts may be the one that was taken away.
            hit.title_pieces = vec![(title.clone(), false)];
            hit.title.clone_from(title);
            hit.excerpt.clear();
            hit.excerpt_from = ExcerptFrom::Question;
        }
        !(head < place || robbed.contains(&hit.thread_id)) || fits(title)
    });
    if head < place || head - place > REMOVALS_READ_MAX {
        return Ok(true);
    }
    // Also of threads on other pages: the total counts them all.
    let removed: Option<i64> = events::table
        .filter(events::id.gt(place))
        .filter(events::kind.eq_any(["post_deleted", "post_hidden"]))
        .select(events::id)
        .first(conn)
        .optional()?;
    Ok(removed.is_some())
}

/// Whether a title has all of these words, or any.
fn says(title: &str, words: &[QueryWord], all: bool) -> bool {
    let (own, _) = query_words(title, Lang::guess(title), limits::MAX_TITLE);
    let has = |word: &QueryWord| {
        let mut terms = own.iter().flat_map(|own| &own.terms);
        terms.any(|(term, _)| word.terms.iter().any(|(wanted, _)| wanted == term))
    };
    if all { words.iter().all(has) } else { words.iter().any(has) }
}

fn page(room: &mut Room<'_>, text: &str, after: Option<Cursor>) -> Result<Page> {
    let (visit, now) = (room.visit, room.now);
    let (app, lang) = (&visit.app, visit.lang);
    let (query, hints) = Query::parse(text);
    let found = hits(app, room.conn, &query, limits::SEARCH_HITS, after)?;
    let typed = query.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let rebuilding = app.search.is_rebuilding();
    let filters = Filters::of(&typed, &query);
    let mut page = SearchPage {
        total_label: if query.is_empty() || rebuilding || found.uncounted {
            String::new()
        } else {
            total_label(lang, &found)
        },
        pager: view::pager(&search_url(&typed), found.next.map(|next| next.encode()), after.is_none()),
        notes: notes(lang, &hints, &found),
        filters: filters.shown(lang),
        solved_only: query.states.contains(&State::Solved),
        rebuilding,
        ..SearchPage::default()
    };
    if !query.is_empty() {
        page.solved_toggle_url = Some(search_url(&filters.solved_toggled(page.solved_only)));
        if found.hits.is_empty() && after.is_none() {
            page.instead = filters
                .plain_words()
                .filter(|words| *words != typed)
                .map(|query| Instead { url: search_url(&query), query });
        }
    }
    let authors: Vec<&str> = found.hits.iter().filter_map(|hit| hit.author.as_deref()).collect();
    let names = accounts::display_names(room.conn, &authors)?;
    page.hits = found.hits.into_iter().map(|hit| show(lang, hit, &names, now)).collect();
    let title = if typed.is_empty() {
        visit.t("search-title-empty")
    } else {
        translate(lang, "search-title", &[("q", Arg::Text(&typed))])
    };
    let head = Head { search_text: typed.clone(), ..Head::private(title, "search") };
    page.query = typed;
    Ok(Page::html("search/results.html", head, &page))
}

fn search_url(query: &str) -> String {
    if query.is_empty() { "/search".into() } else { format!("/search?q={}", encode(query)) }
}

fn total_label(lang: &str, found: &Results) -> String {
    let key = if found.total.more { "search-found-more" } else { "label-found" };
    counted(lang, key, i64::from(found.total.count))
}

fn notes(lang: &str, hints: &[Hint], found: &Results) -> Vec<String> {
    let say = |key: &str| translate(lang, key, &[]);
    let mut notes: Vec<String> = hints
        .iter()
        .map(|hint| match hint {
            Hint::TooLong => counted(lang, "search-hint-too-long", super::query::CHARS_MAX as i64),
            Hint::TooManyWords => counted(lang, "search-hint-too-many-words", super::query::WORDS_MAX as i64),
            Hint::UnclosedQuote => say("search-hint-unclosed-quote"),
            Hint::UnknownState(word) => {
                translate(lang, "search-hint-unknown-state", &[("word", Arg::Text(word))])
            }
            Hint::OnlyCommonWords => say("search-hint-only-common"),
            Hint::OnlyExclusions => say("search-hint-only-exclusions"),
        })
        .collect();
    // What is said twice says no more.
    notes.dedup();
    if found.any_word && !found.hits.is_empty() {
        notes.push(say("search-any-word"));
    }
    notes
}

fn show(lang: &str, hit: Hit, names: &HashMap<String, String>, now: Moment) -> views::Hit {
    let author = hit.author.as_ref().and_then(|name| names.get_key_value(name));
    let url = view::thread_url(hit.thread_id, &slug(&hit.title));
    let passage = marked(&hit.excerpt);
    let (excerpt_html, solution_html) = match hit.excerpt_from {
        ExcerptFrom::Solution => (escape(""), Some(passage)),
        ExcerptFrom::Answer | ExcerptFrom::Question => (passage, None),
    };
    views::Hit {
        // The accepted answer is always on a thread's first page; an official one may be on a later one.
        solution_url: hit.solution_post_id.filter(|_| solution_html.is_some()).map(|post| match hit.solved {
            true => format!("{url}#post-{post}"),
            false => format!("/posts/{post}"),
        }),
        url,
        title_html: marked(&hit.title_pieces),
        excerpt_html,
        solution_html,
        official: !hit.solved && hit.solution_post_id.is_some(),
        solved: hit.solved,
        duplicate: hit.duplicate_of.is_some(),
        score: hit.votes,
        score_label: counted(lang, "label-votes", hit.votes),
        answer_count: hit.answer_count,
        answers_label: counted(lang, "label-answers", hit.answer_count),
        tags: hit
            .tags
            .into_iter()
            .map(|name| TagLink { url: format!("/tags/{}", encode(&name)), name })
            .collect(),
        // The index may still know the name of somebody who has left since.
        author_url: author.map(|(name, _)| view::person_url(name)),
        author_name: match (author, &hit.author) {
            (Some((_, shown)), _) => shown.clone(),
            (None, Some(_)) => translate(lang, "person-gone", &[]),
            (None, None) => String::new(),
        },
        when: view::when(lang, Moment(hit.created_at_us), now),
    }
}

/// A query taken apart into its words, phrases in quotes whole.
struct Filters<'a> {
    words: Vec<&'a str>,
    query: &'a Query,
}

/// What a word of a query is, as [`Query::parse`] takes it.
#[derive(PartialEq)]
enum Word {
    Plain,
    Strict,
    Is(String),
    Tag(String),
    User(String),
}

fn word(text: &str) -> Word {
    if text.starts_with('-') && text.len() > 1 || text.contains(super::query::is_quote) {
        return Word::Strict;
    }
    match text.split_once(':') {
        Some((name, value)) if !value.is_empty() => match name.to_ascii_lowercase().as_str() {
            "is" => Word::Is(value.to_ascii_lowercase()),
            "tag" => Word::Tag(super::analysis::fold(value)),
            "user" | "author" => Word::User(super::analysis::fold(value.trim_start_matches('@'))),
            _ => Word::Plain,
        },
        _ => Word::Plain,
    }
}

impl<'a> Filters<'a> {
    fn of(text: &'a str, query: &'a Query) -> Filters<'a> {
        let mut words = Vec::new();
        let mut left = text.trim_start();
        while !left.is_empty() {
            let body = left.strip_prefix('-').unwrap_or(left);
            let quoted = body.strip_prefix(super::query::is_quote);
            let after = match quoted.and_then(|inside| inside.split_once(super::query::is_quote)) {
                Some((_, after)) => after,
                None => left.find(char::is_whitespace).and_then(|end| left.get(end..)).unwrap_or(""),
            };
            words.extend(left.get(..left.len() - after.len()).filter(|word| !word.is_empty()));
            left = after.trim_start();
        }
        Filters { words, query }
    }

    fn without(&self, gone: impl Fn(&Word) -> bool) -> String {
        let kept: Vec<&str> = self.words.iter().copied().filter(|text| !gone(&word(text))).collect();
        kept.join(" ")
    }

    /// The query with `is:solved`, or without it.
    fn solved_toggled(&self, on: bool) -> String {
        let rest =
            self.without(|word| matches!(word, Word::Is(state) if state == "solved" || state == "unsolved"));
        if on { rest } else { format!("{rest} is:solved").trim_start().to_owned() }
    }

    /// The words alone, where there are any and something stands beside them.
    fn plain_words(&self) -> Option<String> {
        Some(self.without(|word| *word != Word::Plain)).filter(|words| !words.is_empty())
    }

    /// The qualifiers in use; `is:solved` has a button of its own.
    fn shown(&self, lang: &str) -> Vec<Filter> {
        let filter = |key: &str, value: &str, gone: Word| Filter {
            label: translate(lang, key, &[("value", Arg::Text(value))]),
            remove_url: search_url(&self.without(|word| *word == gone)),
        };
        let states = self.query.states.iter().filter(|state| **state != State::Solved).map(|state| {
            filter(&format!("search-filter-{}", state.word()), "", Word::Is(state.word().to_owned()))
        });
        let tags = self.query.tags.iter().map(|tag| filter("search-filter-tag", tag, Word::Tag(tag.clone())));
        let users =
            self.query.users.iter().map(|user| filter("search-filter-user", user, Word::User(user.clone())));
        states.chain(tags).chain(users).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: impl Fn(&Filters<'_>) -> bool) {
        let (query, _) = Query::parse(text);
        let filters = Filters::of(&query.text, &query);
        assert!(expect(&filters), "{text}: {:?}", filters.words);
    }

    #[test]
    fn a_filter_leaves_the_rest_of_the_query_as_it_was() {
        check("reset tag:Hub \"tag:hub now\" -user:ann is:solved", |f| {
            f.without(|w| *w == Word::Tag("hub".into())) == "reset \"tag:hub now\" -user:ann is:solved"
                && f.shown("en").len() == 1
                && f.solved_toggled(true) == "reset tag:Hub \"tag:hub now\" -user:ann"
                && f.plain_words().as_deref() == Some("reset")
        });
        check("is:unsolved", |f| f.solved_toggled(false) == "is:solved" && f.plain_words().is_none());
        check("\"never closed", |f| f.words == ["\"never", "closed"]);
        check("«a b»c - -- é\u{301}", |f| f.words.join(" ") == "«a b» c - -- é\u{301}");
        check("", |f| f.words.is_empty() && f.shown("en").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_taken_apart_without_loss(text in "(?s).{0,60}") {
            let (query, _) = Query::parse(&text);
            let filters = Filters::of(&query.text, &query);
            let squeeze = |text: &str| text.split_whitespace().collect::<String>();
            proptest::prop_assert_eq!(squeeze(&filters.words.join(" ")), squeeze(&query.text));
        }
    }
}
