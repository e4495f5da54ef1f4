//! tests: counts the statements of a page, to hold them constant while rows grow.
use crate::ground::{Ground, Which};
use crate::world::{Person, World, enrol};
use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use loggia::accounts::{Role, Viewer};
use loggia::db::schema::{appeals, badge_awards, challenges, findings, secrets};
use loggia::db::{Db, Instrument, Opening};
use loggia::kernel::ids::{PostId, ThreadId};
use loggia::kernel::names::{TagName, Title};
use loggia::moderation::FlagReason;
use loggia::threads::{Body, Kind, NewQuestion, Posting};
use std::sync::{Arc, Mutex};

/// Every statement that the readers of one [`Db`] were asked.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// For [`Opening::instrument`].
    pub fn instrument(&self) -> Instrument {
        let heard = Arc::clone(&self.0);
        Arc::new(move || {
            let heard = Arc::clone(&heard);
            Box::new(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event {
                    let text = query.to_string();
                    // The pool's question whether a connection lives is no part of a page.
                    if text != "SELECT 1" {
                        heard.lock().unwrap().push(text);
                    }
                }
            })
        })
    }

    /// What was asked since the last look.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Ground {
    /// The database with every statement of its readers counted.
    pub fn counted(&self) -> (Db, Statements) {
        let statements = Statements::default();
        let db = self.open(Opening {
            target: self.target.clone(),
            clock: self.clock.clone(),
            readers: 3,
            on_commit: Arc::new(|_| {}),
            instrument: Some(statements.instrument()),
        });
        (db, statements)
    }
}

on_both!(each_statement_of_a_reader_is_counted, |ground: Ground| async move {
    let (db, statements) = ground.counted();
    for _ in 0..5 {
        let mut conn = db.reader().unwrap();
        let names: Vec<String> = secrets::table.select(secrets::name).load(&mut *conn).unwrap();
        assert!(names.is_empty());
    }
    let asked = statements.take();
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert!(asked[0].contains("secrets"));
    assert_eq!(statements.take().len(), 0);
});

/// The person as a verb knows them.
pub fn viewer(person: &Person) -> Viewer {
    Viewer {
        id: person.id,
        username: person.username.to_owned(),
        display_name: person.display_name.to_owned(),
        role: person.role,
        suspended_until: None,
        signature: String::new(),
        unread_notices: 0,
        session: None,
        token: None,
    }
}

fn text(text: &str, kind: Kind) -> Body {
    Body::parse(text, kind).unwrap()
}

#[track_caller]
fn posted(posting: Posting) -> PostId {
    match posting {
        Posting::Posted(posted) => posted.post,
        other => panic!("{other:?}"),
    }
}

/// Statements that SQLite answers by looking at every row of a table, with the table: their cost grows with the
/// community. A walk along a table or an index in the order asked for is none, where its beginning is enough.
fn scans(db: &Db, asked: &[(String, Vec<String>)]) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }
    // Sums that a page must make of everything; few ask for these pages.
    let sums = ["/badges", "/badges/first-answer", "/sitemap.xml"];
    let mut found = std::collections::BTreeSet::new();
    let mut conn = db.reader().unwrap();
    for (page, statements) in asked {
        if sums.iter().any(|sum| page.starts_with(&format!("{sum} for"))) {
            continue;
        }
        for statement in statements {
            let text = statement.split(" -- binds").next().unwrap();
            let steps: Vec<Step> =
                diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(&mut *conn).unwrap();
            let sorts = steps.iter().any(|step| step.detail.contains("TEMP B-TREE FOR ORDER BY"));
            let beginning = text.contains("LIMIT ?") && !sorts;
            for step in &steps {
                let list = ["json_each", "CONSTANT"].iter().any(|known| step.detail.contains(known));
                if step.detail.starts_with("SCAN ") && !list && !beginning {
                    found.insert(format!("{page}: {} in {text}", step.detail));
                }
            }
        }
    }
    found.into_iter().collect()
}

/// An appeal of each kind by this person, the first of which waits.
fn appealed(
    tx: &mut loggia::db::Tx<'_>,
    user: loggia::kernel::ids::UserId,
    challenge: loggia::kernel::ids::ChallengeId,
    n: i64,
) -> loggia::db::DbResult<()> {
    let event = loggia::kernel::ids::EventId(n + 1);
    diesel::insert_into(badge_awards::table)
        .values((
            badge_awards::user_id.eq(user),
            badge_awards::badge.eq("first-answer"),
            badge_awards::tag_id.eq(0),
            badge_awards::level.eq("bronze"),
            badge_awards::version.eq(0),
            badge_awards::event_id.eq(1),
            badge_awards::created_at.eq(tx.now),
            badge_awards::revoked_event_id.eq(event.0),
            badge_awards::revoked_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    let finding: i64 = diesel::insert_into(findings::table)
        .values((
            findings::kind.eq("series"),
            findings::members.eq(user.to_string()),
            findings::posts.eq("1"),
            findings::pieces.eq(9),
            findings::of_pieces.eq(10),
            findings::state.eq("held"),
            findings::found_at.eq(tx.now),
        ))
        .returning(findings::id)
        .get_result(tx.conn)?;
    let subjects =
        [("award", event.0, "first-answer"), ("finding", finding, ""), ("challenge", challenge.0, "")];
    for (at, (subject, number, badge)) in subjects.into_iter().enumerate() {
        for open in [true, false] {
            // Each matter once.
            if open != ((at as i64 + n) % 2 == 0) {
                continue;
            }
            diesel::insert_into(appeals::table)
                .values((
                    appeals::user_id.eq(user),
                    appeals::subject.eq(subject),
                    appeals::subject_id.eq(number),
                    appeals::badge.eq(badge),
                    appeals::text_md.eq("It was another lamp."),
                    appeals::text_html.eq("It was another lamp."),
                    appeals::state.eq(if open { "open" } else { "rejected" }),
                    appeals::created_at.eq(tx.now),
                    appeals::decided_at.eq((!open).then_some(tx.now)),
                ))
                .execute(tx.conn)?;
        }
    }
    Ok(())
}

/// From row `from` up to `to` of all that a page lists: each by somebody else, with all that belongs to it.
async fn grow(world: &World, from: i64, to: i64) {
    let (ann, carla, dario) = (viewer(&world.ann), viewer(&world.carla), viewer(&world.dario));
    world
        .db
        .write(move |tx| -> loggia::error::Result<()> {
            for n in from..to {
                let name: &'static str = Box::leak(format!("person-{n}").into_boxed_str());
                let email: &'static str = Box::leak(format!("{name}@example.com").into_boxed_str());
                let person = viewer(&enrol(tx, &(name, name, email, Role::Customer, ""))?);
                let tags = ["common", name].map(|tag| TagName::parse(tag).unwrap()).to_vec();
                let new = |title: String, tags: Vec<TagName>| NewQuestion {
                    title: Title::parse(&title).unwrap(),
                    body: text("A question about a router and its nights.", Kind::Question),
                    tags,
                    submission_key: None,
                };
                // Ann's thread takes an answer from each, her questions are many, and each asks one.
                let mine = posted(loggia::threads::ask(
                    tx,
                    &ann,
                    new(format!("A router of Ann's {n}"), tags.clone()),
                )?);
                let theirs =
                    posted(loggia::threads::ask(tx, &person, new(format!("The router of {name}"), tags))?);
                let first = ThreadId(1);
                let body = text(&format!("The answer of {name}, for @ann."), Kind::Answer);
                let answer = posted(loggia::threads::answer(tx, &person, first, &body, None, None)?);
                let body = text("An answer of Ann's in a thread of another.", Kind::Answer);
                let own = posted(loggia::threads::answer(tx, &ann, ThreadId(theirs.0), &body, None, None)?);
                for on in [first.question(), answer, PostId(answer.0)] {
                    let body = text(&format!("A comment of {name} on {on}."), Kind::Comment);
                    posted(loggia::threads::comment(tx, &person, on, &body, None)?);
                }
                loggia::votes::cast(tx, &person, first.question(), 1)?;
                loggia::votes::cast(tx, &person, own, 1)?;
                loggia::confirmations::confirm(tx, &carla, answer, true)?;
                let verified = Some(loggia::verdicts::Verdict::Verified);
                loggia::verdicts::judge(tx, &dario, answer, verified, "Tried in our lab.")?;
                let evidence =
                    loggia::challenges::parse_evidence("It did nothing at all on my router.").unwrap();
                // One that was decided, and one that waits.
                loggia::challenges::challenge(tx, &person, own, &evidence, None)?;
                let claimed: loggia::kernel::ids::ChallengeId = challenges::table
                    .select(diesel::dsl::max(challenges::id).assume_not_null())
                    .first(tx.conn)?;
                let open = loggia::challenges::State::Open;
                loggia::challenges::decide(tx, &carla, claimed, open, false, "It works here.")?;
                loggia::challenges::challenge(tx, &person, own, &evidence, None)?;
                appealed(tx, person.id, claimed, n)?;
                appealed(tx, ann.id, claimed, n)?;
                loggia::threads::accept(tx, &person, ThreadId(theirs.0), own)?;
                loggia::moderation::flag(tx, &person, mine, FlagReason::Other, "Look at this.")?;
                loggia::escalation::open(tx, &carla, ThreadId(mine.0), "Somebody of ours should look.", 24)?;
                loggia::moderation::lock(tx, &carla, ThreadId(theirs.0), "It is settled by now.")?;
                let place = format!("answer:{}", theirs.0);
                let body_md = "half a thought".to_owned();
                let draft = loggia::threads::Unfinished { place, body_md, ..Default::default() };
                loggia::threads::save_draft(tx, &ann, &draft)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let ann = world.ann.id;
    world
        .db
        .write(move |tx| -> loggia::error::Result<()> {
            for n in from..to {
                loggia::watches::save(tx, ann, &format!("router {n}"), "", loggia::watches::Mode::New)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    for n in from..to {
        for household in 0..loggia::kernel::limits::SEARCH_SHOWN_VISITORS {
            let address = std::net::IpAddr::from([192, 0, 2, u8::try_from(household).unwrap()]);
            let (app, now) = (&world.app, world.clock.now());
            app.searches.went(&format!("toaster {n}"), loggia::insight::Outcome::Nothing, now);
            app.searches.searched(&format!("toaster {n}"), address, now);
        }
    }
    let app = world.app.clone();
    crate::ground::aside(move || app.searches.flush(&app.db).unwrap()).await;
    world.settle().await;
    let app = world.app.clone();
    let reader = loggia::worth::Reader::Household(std::net::IpAddr::from([192, 0, 2, 1]));
    let questions: Vec<ThreadId> = loggia::db::schema::threads::table
        .select(loggia::db::schema::threads::id)
        .load(&mut *world.db.reader().unwrap())
        .unwrap();
    for thread in questions {
        app.readers.read(thread, reader, world.clock.now());
    }
    crate::ground::aside(move || app.readers.flush(&app.db).unwrap()).await;
}

on_both!(no_page_asks_a_query_per_row, |ground: Ground| async move {
    let (world, statements) = World::counted(ground, &[("page_cache", "false")]).await;
    let ann_viewer = viewer(&world.ann);
    world
        .db
        .write(move |tx| -> loggia::error::Result<()> {
            let new = NewQuestion {
                title: Title::parse("The question that everybody answers").unwrap(),
                body: text("A question about a router and its nights.", Kind::Question),
                tags: Vec::new(),
                submission_key: None,
            };
            assert_eq!(posted(loggia::threads::ask(tx, &ann_viewer, new)?), PostId(1));
            Ok(())
        })
        .await
        .unwrap();
    let everybody = [
        ("a visitor", world.visitor()),
        ("ann", world.ann().await),
        ("carla", world.carla().await),
        ("dario", world.dario().await),
        ("elena", world.elena().await),
    ];
    let thread = "/threads/1/the-question-that-everybody-answers";
    let open = [
        thread,
        "/threads/1/the-question-that-everybody-answers?sort=oldest",
        "/posts/1/comments",
        "/posts/1/revisions",
        "/threads/1/news?since=0",
        "/",
        "/threads?sort=newest",
        "/threads?sort=active",
        "/threads?sort=unsolved",
        "/tags",
        "/tags?sort=name",
        "/tags/common",
        "/people",
        "/people?sort=newest",
        "/people/ann",
        "/people/ann?tab=questions",
        "/people/ann?tab=points",
        "/people/ann?tab=badges",
        "/badges",
        "/badges/first-answer",
        "/search?q=router",
        "/search/suggestions?title=router",
        "/search/watch?q=router",
        "/search.atom?q=router",
        "/threads/feed.atom",
        "/tags/common/feed.atom",
        "/sitemap.xml",
        "/sitemap-1.xml",
    ];
    let own = [
        ("ann", "/notices"),
        ("ann", "/drafts"),
        ("ann", "/searches"),
        ("ann", "/samples"),
        ("carla", "/samples?judged=1"),
        ("ann", "/worth"),
        ("ann", "/worth.csv"),
        ("ann", "/settings/sessions"),
        ("ann", "/ask?title=router"),
        ("carla", "/moderation"),
        ("carla", "/moderation?tab=duplicates"),
        ("carla", "/moderation?tab=unanswered"),
        ("carla", "/moderation?tab=unsolved"),
        ("carla", "/moderation/log"),
        ("carla", "/moderation/challenges"),
        ("carla", "/moderation/challenges?tab=decided"),
        ("carla", "/moderation/appeals"),
        ("carla", "/moderation/appeals?tab=decided"),
        ("ann", "/appeals"),
        ("carla", "/posts/1/flag"),
        ("ann", "/posts/4/challenge"),
        ("dario", "/desk"),
        ("dario", "/desk/1"),
        ("elena", "/admin"),
        ("elena", "/admin/people"),
        ("elena", "/admin/mails"),
        ("elena", "/admin/mails?state=all"),
        ("elena", "/admin/synonyms"),
        ("elena", "/admin/badges"),
        ("elena", "/admin/calibration"),
        ("carla", "/moderation/findings"),
        ("elena", "/admin/gaps"),
        ("elena", "/admin/gaps?show=aside"),
        ("elena", "/admin/gaps.csv"),
        ("carla", thread),
        ("dario", thread),
        ("carla", "/people/ann"),
    ];
    let mut asked: Vec<Vec<(String, Vec<String>)>> = Vec::new();
    let mut at = 0;
    for rows in [2, 25] {
        grow(&world, at, rows).await;
        at = rows;
        let mut now = Vec::new();
        for (who, browser) in &everybody {
            let mine = own.iter().filter(|(whose, _)| whose == who).map(|(_, path)| *path);
            let shared = open.iter().copied().filter(|_| matches!(*who, "a visitor" | "ann"));
            for path in mine.chain(shared) {
                // The first look may find what is looked up once in a while; the second is as all others.
                browser.get(path).await.expect(200);
                statements.take();
                browser.get(path).await.expect(200);
                now.push((format!("{path} for {who}"), statements.take()));
            }
        }
        asked.push(now);
    }
    let mut found = Vec::new();
    for ((page, few), (_, many)) in asked[0].iter().zip(&asked[1]) {
        println!("{:>3} {page}", many.len());
        if many.len() > few.len() {
            let mut more = many.clone();
            for statement in few {
                if let Some(at) = more.iter().position(|text| text == statement) {
                    more.remove(at);
                }
            }
            more.truncate(3);
            found.push(format!("{page}: {} statements became {}, such as {more:#?}", few.len(), many.len()));
        }
        if many.len() > 24 {
            found.push(format!("{page} asks {} statements", many.len()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    if world.ground.which == Which::Sqlite {
        let found = scans(&world.db, &asked[1]);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
});
