//! watches room: finds out which saved searches the latest events are news for.
//!
//! The threads that changed since the last look are put into a small index in memory, and every saved search is asked
//! of that: a look costs as much as there are saved searches, however many threads there are and however many of them
//! changed. Looks are some seconds apart, and all reading is done outside of write transactions. What was found is
//! told in small transactions, each note of it with its telling; the place moves last. So a kill on the way repeats a
//! look, and no telling.
use super::store::{self, Watching};
use super::{Mode, leave_url};
use crate::app::App;
use crate::db::schema::threads;
use crate::db::{DbResult, Tx, among};
use crate::kernel::ids::{EventId, SearchId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::ledger::follow::{advance, place};
use crate::ledger::{self, Event, Fact};
use crate::mail::compose::{defuse, one_line};
use crate::mail::{self, Letter, Letterhead, List};
use crate::notices::{self, Kind};
use crate::search::synonyms::expand;
use crate::search::{self, Index, Query, SearchError, ThreadDoc};
use crate::web::i18n::{Arg, translate};
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The follower's name in the table of places.
const NAME: &str = "watches";
/// Threads of one small index: bounds memory.
const THREADS_AT_ONCE: usize = 300;
/// Tellings of one transaction: visitors' writes get between.
const TELLINGS_AT_ONCE: usize = 50;

#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Db(#[from] crate::db::DbError),
    #[error(transparent)]
    Index(#[from] SearchError),
}

type Result<T> = std::result::Result<T, FollowError>;

/// What happened to a thread, by the last event that says so.
#[derive(Debug, Clone, Copy)]
struct Happened {
    event: EventId,
    at: Moment,
    actor: Option<UserId>,
}

/// What happened to the threads of one look.
type Changes = BTreeMap<ThreadId, Vec<(Mode, Happened)>>;

/// One thing to tell by one search.
#[derive(Debug, Clone)]
struct Finding {
    search: SearchId,
    thread: ThreadId,
    title: String,
    kind: Mode,
    happened: Happened,
}

/// A thread that looks until the bell says stop.
pub fn spawn(app: App) -> anyhow::Result<std::thread::JoinHandle<()>> {
    Ok(std::thread::Builder::new().name("watches".into()).spawn(move || {
        while !app.bell.stopping() {
            match step(&app) {
                Ok(done) if done as i64 == limits::EVENTS_PER_STEP => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "saved searches could not be looked at; it will be tried again");
                }
            }
            let begun = std::time::Instant::now();
            while !app.bell.stopping()
                && begun.elapsed() < Duration::from_millis(limits::SEARCH_NEWS_PAUSE_MS)
            {
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    })?)
}

/// Looks at all that is in the ledger now.
///
/// # Errors
/// When the database does not answer or there is no memory for an index.
pub fn catch_up(app: &App) -> Result<()> {
    while step(app)? > 0 {}
    Ok(())
}

/// One look at up to [`limits::EVENTS_PER_STEP`] events; how many they were.
fn step(app: &App) -> Result<usize> {
    let (from, events, anybody) = {
        let mut conn = app.db.reader()?;
        let from = place(&mut conn, NAME)?;
        let anybody = store::any(&mut conn)?;
        if !anybody {
            // Nobody listens: what happens until somebody does is no news for anybody.
            let head = ledger::head(&mut conn)?;
            if head == from {
                return Ok(0);
            }
            drop(conn);
            move_on(app, from, head)?;
            return Ok(1);
        }
        (from, ledger::after(&mut conn, from, limits::EVENTS_PER_STEP)?, anybody)
    };
    let Some(last) = events.last().map(|event| event.id) else { return Ok(0) };
    let changes = changes(&events);
    if anybody && !changes.is_empty() {
        let findings = findings(app, &changes)?;
        for some in findings.chunks(TELLINGS_AT_ONCE) {
            let (some, letterhead) = (some.to_vec(), app.letterhead.clone());
            app.db.write_blocking(move |tx| -> DbResult<()> {
                some.iter().try_for_each(|finding| tell(tx, &letterhead, finding))
            })?;
        }
    }
    move_on(app, from, last)?;
    Ok(events.len())
}

fn move_on(app: &App, from: EventId, to: EventId) -> DbResult<()> {
    app.db.write_blocking(move |tx| advance(tx, NAME, from, to).map(drop))
}

/// What these events may be news of. Imports are none.
fn changes(events: &[Event]) -> Changes {
    let mut changes = Changes::new();
    for event in events.iter().filter(|event| !event.imported) {
        let (thread, mode) = match event.fact {
            Fact::ThreadAsked { thread, .. } | Fact::ThreadReopened { thread, .. } => (thread, Mode::New),
            Fact::PostUndeleted { thread, post, .. } | Fact::PostRestored { thread, post, .. }
                if post == thread.question() =>
            {
                (thread, Mode::New)
            }
            Fact::AnswerAccepted { thread, .. }
            | Fact::AnswerPosted { thread, official: true, .. }
            | Fact::CaseAnswered { thread, .. } => (thread, Mode::Solved),
            _ => continue,
        };
        let happened = Happened { event: event.id, at: event.at, actor: event.actor };
        let known = changes.entry(thread).or_default();
        known.retain(|(kind, _)| *kind != mode);
        known.push((mode, happened));
    }
    changes
}

fn findings(app: &App, changes: &Changes) -> Result<Vec<Finding>> {
    let ids: Vec<i64> = changes.keys().map(|thread| thread.0).collect();
    let mut found = Vec::new();
    for some in ids.chunks(THREADS_AT_ONCE) {
        let (docs, authors) = {
            let mut conn = app.db.reader()?;
            let docs = search::documents(&mut conn, some)?;
            let authors: Vec<(i64, Option<UserId>)> = threads::table
                .filter(among(threads::id, some.iter().copied()))
                .select((threads::id, threads::author_id))
                .load(&mut *conn)
                .map_err(crate::db::DbError::from)?;
            (docs, authors.into_iter().collect::<HashMap<_, _>>())
        };
        if docs.is_empty() {
            continue;
        }
        let index = Index::of_few(&docs)?;
        let docs: HashMap<i64, &ThreadDoc> = docs.iter().map(|doc| (doc.thread_id, doc)).collect();
        let synonyms = app.search.synonyms();
        let mut after = SearchId(0);
        loop {
            let searches = store::watching(&mut *app.db.reader()?, after, limits::SEARCHES_PER_STEP)?;
            let Some(last) = searches.last() else { break };
            after = last.id;
            for watching in &searches {
                let Some(mode) = Mode::parse(&watching.mode) else { continue };
                let (mut query, _) = Query::parse(&watching.query);
                expand(&mut query, &synonyms);
                // A problem told in many words will never be in one thread with all of them.
                for id in index.newest_of(&query, mode == Mode::Solved, THREADS_AT_ONCE)? {
                    let Some(doc) = docs.get(&id) else { continue };
                    let author = authors.get(&id).copied().flatten();
                    let news = changes.get(&ThreadId(id)).into_iter().flatten();
                    found.extend(news.filter_map(|news| finding(watching, mode, doc, author, *news)));
                }
            }
        }
    }
    Ok(found)
}

fn finding(
    watching: &Watching,
    mode: Mode,
    doc: &ThreadDoc,
    author: Option<UserId>,
    (kind, happened): (Mode, Happened),
) -> Option<Finding> {
    let wanted = match (mode, kind) {
        (Mode::New, Mode::New) => true,
        // Taken back since: the next event says so.
        (_, Mode::Solved) => doc.solution_post_id.is_some(),
        (Mode::Solved, Mode::New) => false,
    };
    // Who did it knows, and so does who asked.
    let knows = watching.user.is_some() && (watching.user == author || watching.user == happened.actor);
    (wanted && !knows && happened.event > watching.since).then(|| Finding {
        search: watching.id,
        thread: ThreadId(doc.thread_id),
        title: doc.title.clone(),
        kind,
        happened,
    })
}

/// Tells whoever listens, once, unless they have heard enough today.
fn tell(tx: &mut Tx<'_>, letterhead: &Letterhead, finding: &Finding) -> DbResult<()> {
    let Some(listener) = store::tell(tx, finding.search, finding.thread.0, finding.kind)? else {
        return Ok(());
    };
    let kind = match finding.kind {
        Mode::New => Kind::SearchNew,
        Mode::Solved => Kind::SearchSolved,
    };
    let Happened { event, at, .. } = finding.happened;
    if let Some(user) = listener.user {
        return notices::notify_search(
            tx,
            letterhead,
            user,
            kind,
            finding.thread,
            &listener.name,
            (event, at),
        );
    }
    let Some(email) = listener.email.as_deref() else { return Ok(()) };
    let lang = listener.language.as_str();
    let title = one_line(&finding.title, 300);
    let args = [("title", Arg::from(&title)), ("detail", Arg::from(&listener.name))];
    let letter = Letter {
        dedupe_key: format!("search:{}:{}:{}", finding.search, finding.thread, finding.kind.as_str()),
        user: None,
        recipient: email,
        lang,
        list: List::Searches,
        subject: translate(lang, &format!("mail-{}-subject", kind.as_str()), &args),
        name: "",
        paragraphs: vec![
            defuse(&translate(lang, &format!("notice-{}", kind.as_str()), &args)),
            defuse(&title),
        ],
        link: Some((
            translate(lang, "mail-notice-link", &[("brand", Arg::from(&letterhead.brand))]),
            format!("{}/threads/{}", letterhead.base_url, finding.thread),
        )),
        thread: Some(finding.thread),
        // What it shows must still be there when it leaves.
        post: Some(finding.thread.question()),
        expires_at: None,
        stop: Some(leave_url(letterhead, finding.search)),
    };
    let mail = letterhead.compose(letter);
    mail::enqueue(tx, mail).map(drop)
}
