//! search room: the page of results, and the threads suggested while somebody types.
//!
//! What is shown comes from the index's stored fields, and the passages from the posts as they are now. What has been
//! taken away since the index last followed is left out by what the ledger says: three statements a page when the index
//! is up to date, a few more when it is not or when so little was found that the page leads on; one of them for the
//! names people have now.
mod controls;
mod leads;

use self::controls::Typed;
use super::alike::likely;
use super::analysis::{Lang, QueryWord, query_words};
use super::query::{CHARS_MAX, Hint, Kind, QUALIFIERS_MAX, Query, State, WORDS_MAX, lang_codes};
use super::ranking::{Part, Reader};
use super::spelling::Correction;
use super::views::{self, Corrected, SearchPage, Suggestion, Why};
use super::{Cursor, ExcerptFrom, Hit, Results, SearchError, Total, passages, synonyms};
use crate::accounts;
use crate::app::App;
use crate::db::schema::{events, threads};
use crate::db::{Conn, DbError, DbResult, among, zero};
use crate::error::{Error, Result};
use crate::insight::Outcome;
use crate::kernel::moment::Moment;
use crate::kernel::safe_html::{escape, marked};
use crate::kernel::slug::slug;
use crate::kernel::{ids::ThreadId, limits};
use crate::ledger;
use crate::watches;
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

/// `GET /search?q=&after=&exact=`; with `set=`, the form of controls: its fields are written into `q`.
pub async fn results(visit: Visit, params: Params) -> Result<HttpResponse> {
    let text = params.get("q").to_owned();
    let exact = params.filled("exact").is_some();
    if params.filled("set").is_some() {
        let (query, _) = Query::parse(&text);
        let typed = squeezed(&query.text);
        let composed = Typed::of(&typed, exact).composed(&params);
        return Ok(visit.redirect(&search_url(&composed, exact), None));
    }
    visit.app.rates.take(Budget::Search, (Budget::Search, visit.household()))?;
    let after = params.filled("after").map(Cursor::decode).transpose();
    let after = after.map_err(|_| Error::Bad("error-bad-cursor"))?;
    let counted = after.is_none().then(|| (visit.app.clone(), text.clone(), visit.household()));
    let reply = visit.shared_page(Shows::Search, move |room| page(room, &text, exact, after)).await?;
    if let Some((app, text, household)) = counted {
        app.searches.searched(&text, household, app.db.clock.now());
    }
    Ok(reply)
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
            let found = likely(&room.visit.app, room.conn, (title, body), limits::SUGGESTIONS, |_, _| true)?;
            let asker = room.viewer()?.username.clone();
            Ok(found
                .into_iter()
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
    let wanted = |hit: &Hit, likelihood| is_strong(hit, likelihood, &asker) && !seen(hit.thread_id);
    let found = likely(&room.visit.app, room.conn, (title, body), limits::STRONG_CANDIDATES, wanted);
    let found = found.unwrap_or_else(|error| {
        tracing::warn!(%error, "threads like a question could not be found");
        Vec::new()
    });
    found.into_iter().map(|(hit, _)| Suggestion { strong: true, ..suggestion(hit) }).collect()
}

fn similar(app: &App, conn: &mut Conn, title: &str, limit: usize) -> Result<Vec<Suggestion>> {
    let mut found = like_this(app, conn, title, "", limit)?;
    passages::read(conn, &found.matcher, &mut found.hits)?;
    Ok(found.hits.into_iter().map(suggestion).collect())
}

/// Threads like a question, as everybody may see them now, without their passages.
pub(super) fn like_this(
    app: &App,
    conn: &mut Conn,
    title: &str,
    body: &str,
    limit: usize,
) -> Result<Results> {
    let place = app.search.place();
    // While a title is typed nobody waits long; a whole question is worth it.
    let wait = if body.is_empty() { limits::MEANING_WAIT_TYPING_MS } else { limits::MEANING_WAIT_MS };
    let like = app.search.like_text(&format!("{title}\n{body}"), wait);
    let synonyms = app.search.synonyms();
    let mut found = ask(app, |index| index.similar_like(title, body, &synonyms, &like, limit))?;
    let (words, _) = query_words(title, Lang::guess(title), WORDS_MAX);
    settle(conn, place, &mut found.hits, |title| says(title, &words, false))?;
    Ok(found)
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
    if after.is_some_and(|after| !after.is_of(query)) {
        return Err(Error::Bad("error-bad-cursor"));
    }
    let place = app.search.place();
    let mut query = query.clone();
    synonyms::expand(&mut query, &app.search.synonyms());
    let like = app.search.like(&query, after);
    let mut found = ask(app, |index| index.search_like(&query, &like, limit, after))?;
    let words: Vec<QueryWord> = query.words.iter().chain(query.phrases.iter().flatten()).cloned().collect();
    let all = !found.any_word;
    found.uncounted = settle(conn, place, &mut found.hits, |title| says(title, &words, all))?;
    if found.uncounted {
        // For readers of the API: what is on this page, and perhaps more.
        found.total = Total { count: u32::try_from(found.hits.len()).unwrap_or(u32::MAX), more: true };
    }
    passages::read(conn, &found.matcher, &mut found.hits)?;
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
    let wordings = hits.iter().flat_map(|hit| hit.also.iter().map(|(id, _)| *id));
    let ids: Vec<ThreadId> = hits.iter().map(|hit| hit.thread_id).chain(wordings).map(ThreadId).collect();
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
        hit.also.retain_mut(|(id, title)| match seen.get(id) {
            Some(now) => {
                title.clone_from(now);
                true
            }
            None => false,
        });
        if head < place || touched.contains(&hit.thread_id) {
            hit.title_pieces = vec![(title.clone(), false)];
            hit.title.clone_from(title);
        }
        !(head < place || robbed.contains(&hit.thread_id)) || fits(title)
    });
    // Also of threads on other pages: the total counts them all.
    removed_between(conn, place, head)
}

/// Whether something was removed since the index had followed up to `place`: what it counts or knows of words and
/// tags is then not to be told.
fn taken_away(conn: &mut Conn, place: i64) -> DbResult<bool> {
    let head = ledger::head(conn)?.0;
    if head == place { Ok(false) } else { removed_between(conn, place, head) }
}

fn removed_between(conn: &mut Conn, place: i64, head: i64) -> DbResult<bool> {
    if head < place || head - place > REMOVALS_READ_MAX {
        return Ok(true);
    }
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

fn page(room: &mut Room<'_>, text: &str, exact: bool, after: Option<Cursor>) -> Result<Page> {
    let (visit, now) = (room.visit, room.now);
    let (app, lang) = (&visit.app, visit.lang);
    let (mut query, hints) = Query::parse(text);
    query.reader = Reader { lang: Lang::from_code(lang), today: Some(now.day()) };
    query.exact = exact;
    query.since = after.is_none().then(|| controls::ages(now).map(|moment| moment.0));
    let found = hits(app, room.conn, &query, limits::SEARCH_HITS, after)?;
    let asked = text;
    let text = squeezed(&query.text);
    let typed = Typed::of(&text, exact);
    let rebuilding = app.search.is_rebuilding();
    let solved_only = query.wants(State::Solved);
    let mut went = Outcome::Found;
    if after.is_none() && !rebuilding {
        went = outcome(app, &query, &found)?;
        app.searches.went(asked, went, now);
    }
    let mut page = SearchPage {
        total_label: if query.is_empty() || rebuilding || found.uncounted {
            String::new()
        } else {
            total_label(lang, &found)
        },
        pager: view::pager(&typed.url(&text), found.next.map(|next| next.encode()), after.is_none()),
        notes: notes(lang, &hints, &found),
        ask_url: leads::ask_url(&typed.words()),
        solved_only,
        rebuilding,
        beside: watches::Beside::of(&query, went != Outcome::Found),
        ..SearchPage::default()
    };
    if !query.is_empty() {
        page.filters = typed.chips(lang);
        page.solved_toggle_url = Some(typed.url(&typed.solved_toggled(solved_only)));
        page.controls = Some(typed.controls(lang, &text));
        if after.is_none() && !rebuilding {
            if let Some(facets) = found.facets.as_ref().filter(|_| !found.hits.is_empty() && !found.uncounted)
            {
                page.facets = typed.facets(lang, facets, now);
                page.facets_note = controls::bounded_note(lang, facets);
            }
            let few = found.hits.len() < limits::SEARCH_FEW || found.any_word && found.next.is_none();
            if few {
                page.leads = Some(leads::leads(app, room.conn, &typed, &query)?);
            }
        }
    }
    if let Some(shown) = corrected(&text, &found) {
        page.corrected = Some(Corrected { shown, instead_url: search_url(&text, true) });
    }
    let authors: Vec<&str> = found.hits.iter().filter_map(|hit| hit.author.as_deref()).collect();
    let names = accounts::display_names(room.conn, &authors)?;
    page.hits = found.hits.into_iter().map(|hit| show(lang, hit, &names, now)).collect();
    let words = typed.words();
    page.heading = if words.is_empty() { text.clone() } else { words };
    let title = if text.is_empty() {
        visit.t("search-title-empty")
    } else {
        translate(lang, "search-title", &[("q", Arg::Text(&page.heading))])
    };
    let head = Head { search_text: text.clone(), ..Head::private(title, "search") };
    page.query = text;
    Ok(Page::html("search/results.html", head, &page))
}

/// The query as the index read it, where that is another.
fn corrected(text: &str, found: &Results) -> Option<String> {
    let mut shown = text.to_owned();
    for Correction { typed, read } in &found.corrected {
        shown = shown.replacen(typed.as_str(), read, 1);
    }
    (shown != text && !found.hits.is_empty()).then_some(shown)
}

/// The parts of a score with their shares of it.
fn why(lang: &str, parts: &[(Part, f32)]) -> Vec<Why> {
    let sum: f32 = parts.iter().map(|(_, share)| share).sum();
    let shown = parts.iter().map(|(part, share)| {
        let percent = (share / sum * 100.0).round();
        let share = if percent < 1.0 { "<1 %".into() } else { format!("{percent} %") };
        Why { label: translate(lang, &format!("search-why-{}", part.word()), &[]), share }
    });
    shown.collect()
}

/// Whether the first page has what was sought: a thread with most of the words.
fn outcome(app: &App, query: &Query, found: &Results) -> Result<Outcome> {
    Ok(match (found.hits.is_empty(), found.any_word) {
        (true, _) => Outcome::Nothing,
        (false, true) if super::look(app, query, 1)?.is_empty() => Outcome::Weak,
        _ => Outcome::Found,
    })
}

/// A query's text with single spaces.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The page of a query; `exact` is kept by every link on it.
fn search_url(query: &str, exact: bool) -> String {
    match (query, exact) {
        ("", _) => "/search".into(),
        (query, false) => format!("/search?q={}", encode(query)),
        (query, true) => format!("/search?q={}&exact=1", encode(query)),
    }
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
            Hint::TooLong => counted(lang, "search-hint-too-long", CHARS_MAX as i64),
            Hint::TooManyWords => counted(lang, "search-hint-too-many-words", WORDS_MAX as i64),
            Hint::TooManyQualifiers => counted(lang, "search-hint-too-many-filters", QUALIFIERS_MAX as i64),
            Hint::UnclosedQuote => say("search-hint-unclosed-quote"),
            Hint::Unread(kind, word) => unread(lang, *kind, word),
            Hint::OnlyCommonWords => say("search-hint-only-common"),
            Hint::OnlyExclusions => say("search-hint-only-exclusions"),
        })
        .collect();
    // What is said twice says no more.
    notes.dedup();
    if found.loosened && !found.hits.is_empty() {
        notes.push(say("search-loosened"));
    }
    if found.any_word && !found.hits.is_empty() {
        notes.push(say("search-any-word"));
    }
    notes
}

/// A qualifier that could not be read, and the form that can.
fn unread(lang: &str, kind: Kind, word: &str) -> String {
    let key = match kind {
        Kind::Is => "search-hint-is",
        Kind::Number => "search-hint-number",
        Kind::Date => "search-hint-date",
        Kind::Lang => "search-hint-lang",
        Kind::Sort => "search-hint-sort",
    };
    let name = word.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let langs = lang_codes().map(|code| format!("lang:{code}")).collect::<Vec<_>>().join(", ");
    let args = [("word", Arg::Text(word)), ("name", Arg::Text(&name)), ("langs", Arg::Text(&langs))];
    translate(lang, key, &args)
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
        also: hit.also.iter().map(|(_, title)| title.clone()).collect(),
        why: why(lang, &hit.why),
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
