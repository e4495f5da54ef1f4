//! tests: while somebody asks: what is like their question, the answer that makes it needless, and pairs for moderators.
use crate::ground::aside;
use crate::threads::{answer, ask, thread_id};
use crate::visitor::{Page, Visitor};
use crate::world::{Person, World, enrol};
use diesel::prelude::*;
use loggia::accounts::Role;
use loggia::db::schema::{
    confirmation_sums, confirmations, drafts, duplicate_candidates, events, mails, notices, posts,
    submissions, threads,
};
use loggia::kernel::limits;
use loggia::kernel::moment::DAY;

const TITLE: &str = "Heating pump hums loudly after a firmware update";
const BODY: &str = "Since the firmware update of last week the heating pump hums loudly all night long.";
const SOLUTION: &str = "Set the pump to proportional pressure; the humming stops within a minute.";
const OTHER: &str = "How do I invite my neighbour to the garden gate?";

/// A solved thread: asked by Ann, answered by Bruno. Its address and its answer.
async fn solved(world: &World) -> (String, i64) {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "pump").await;
    let said = answer(&bruno, &url, SOLUTION).await;
    let page = ann.get(&url).await;
    let action = format!("/threads/{}/acceptance", thread_id(&url));
    ann.submit(&page, &action, &[]).await.expect(303);
    for title in [OTHER, "The app shows yesterday's temperature", "Which screws hold the outdoor sensor?"] {
        ask(&ann, title, "I looked into the manual and found nothing about it.", "").await;
    }
    world.settle().await;
    (url, said)
}

async fn flora(world: &World) -> (Person, Visitor) {
    let cast = ("flora", "Flora", "flora@example.com", Role::Customer, "");
    let flora = world.db.write(move |tx| enrol(tx, &cast)).await.unwrap();
    let browser = world.signed_in(&flora).await;
    (flora, browser)
}

async fn asks(by: &Visitor, title: &str, body: &str) -> (Page, Page) {
    let form = by.get("/ask").await;
    let fields = [("title", title), ("body", body), ("tags", "pump night")];
    let sent = by.submit(form.expect(200), "/threads", &fields).await;
    (form, sent)
}

fn count(world: &World) -> i64 {
    threads::table.count().get_result(&mut *world.db.reader().unwrap()).unwrap()
}

on_both!(what_is_like_a_question_comes_with_the_passage_that_answers, |world| async move {
    let (_, said) = solved(&world).await;
    let (_, flora) = flora(&world).await;
    let found = flora.get("/search/suggestions?title=heating+pump+hums").await.expect(200).json();
    assert_eq!(found[0]["title"], TITLE);
    assert_eq!(found[0]["answer_id"], said);
    let passage = found[0]["passage_html"].as_str().unwrap();
    assert!(passage.contains("proportional pressure") && passage.contains("<mark>pump</mark>"), "{passage}");
    // With the body it is told whether it is the same.
    flora.get("/ask").await;
    let form = [("title", "It hums"), ("body", BODY)];
    let found = flora.post("/search/suggestions", &form).await.expect(200).json();
    assert_eq!(found[0]["title"], TITLE);
    let form = [("title", TITLE), ("body", BODY)];
    let found = flora.post("/search/suggestions", &form).await.expect(200).json();
    assert_eq!((&found[0]["strong"], &found[0]["answer_id"]), (&true.into(), &said.into()));
    // To its asker it is no news, and nobody else's form is answered.
    let ann = world.ann().await;
    ann.get("/ask").await;
    let found = ann.post("/search/suggestions", &form).await.expect(200).json();
    assert_eq!(found[0]["strong"], false);
    flora.post_bare("/search/suggestions", &form).await.expect(403);
    world.visitor().post("/search/suggestions", &form).await.expect(303);
});

on_both!(a_question_like_a_solved_one_is_posted_after_one_look_and_no_word_is_lost, |world| async move {
    let (url, said) = solved(&world).await;
    let (_, flora) = flora(&world).await;
    let before = count(&world);
    let body = format!("{BODY}\n\n- it is a <b>new</b> one & \"loud\"");
    let (form, step) = asks(&flora, TITLE, &body).await;
    step.expect(200)
        .contains("These look like your problem")
        .contains(&url)
        .contains("proportional pressure");
    step.contains(&format!("formaction=\"/posts/{said}/confirmation\""));
    assert_eq!(count(&world), before);
    // A second press of the same button shows the same.
    let again = [("title", TITLE), ("body", body.as_str()), ("tags", "pump night")];
    flora.submit(&form, "/threads", &again).await.expect(200).contains("These look like your problem");
    let kept = step.form("/threads");
    assert_eq!(
        (kept["title"].as_str(), kept["body"].as_str(), kept["tags"].as_str()),
        (TITLE, body.as_str(), "pump night")
    );
    assert_eq!(kept["submission_key"], form.form("/threads")["submission_key"]);
    let place = flora.submit(&step, "/threads", &[]).await.expect(303).location();
    assert_eq!(count(&world), before + 1);
    world.settle().await;
    // The page before is gone back to and sent again: it is the same question, and nobody is asked anything.
    flora.submit(&form, "/threads", &again).await.expect(303).leads_to(&place);
    flora.submit(&step, "/threads", &[]).await.expect(303).leads_to(&place);
    assert_eq!(count(&world), before + 1);
    // Who goes back from the step to the page before it and sends that has thought about it.
    let (form, step) =
        asks(&flora, TITLE, "The heating pump hums loudly since the firmware update, all night.").await;
    step.expect(200).contains("These look like your problem");
    world.clock.advance(limits::SENT_TWICE + 1);
    let other = [("title", TITLE), ("body", "The heating pump hums loudly since the update, and all day.")];
    flora.submit(&form, "/threads", &other).await.expect(303);
    // A preview in between says that this was asked already.
    let page = flora
        .post("/threads", &[("title", TITLE), ("body", BODY), ("act", "preview"), ("seen", "all")])
        .await;
    assert_eq!(page.expect(200).form("/threads")["seen"], "all");
});

on_both!(who_has_seen_what_is_like_theirs_or_asks_something_else_is_not_held_up, |world| async move {
    let (url, _) = solved(&world).await;
    let (_, flora) = flora(&world).await;
    let seen = format!("7,{}", thread_id(&url));
    let form = flora.get("/ask").await;
    let fields = [("title", TITLE), ("body", BODY), ("seen", seen.as_str())];
    flora.submit(&form, "/threads", &fields).await.expect(303);
    let (_, sent) =
        asks(&flora, "Where is the reset button of the garden light?", "I see no button anywhere.").await;
    sent.expect(303);
    // Nonsense in the field is none of our numbers, and an error on the page keeps what was seen.
    let form = flora.get("/ask").await;
    let fields = [("title", "short"), ("body", BODY), ("seen", "1,x,-4,007,23,<b>")];
    assert_eq!(flora.submit(&form, "/threads", &fields).await.expect(422).form("/threads")["seen"], "1,23");
    // An unsolved thread like it is no reason to wait either.
    let (_, sent) = asks(&flora, OTHER, "I looked into the manual and found nothing about it.").await;
    sent.expect(303);
});

on_both!(this_solves_it_puts_the_question_away_and_gives_it_back, |world| async move {
    let (url, said) = solved(&world).await;
    let (person, flora) = flora(&world).await;
    let before = count(&world);
    let (_, step) = asks(&flora, TITLE, BODY).await;
    let mut fields = step.expect(200).form("/threads");
    fields.insert("value".into(), "yes".into());
    let form: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let action = format!("/posts/{said}/confirmation");
    let done = flora.post_bare(&action, &form).await;
    done.expect(303).leads_to(&format!("/posts/{said}"));
    let there = flora.follow(&done).await;
    there.expect(303).leads_to(&format!("{url}#post-{said}"));
    let page = flora.follow(&there).await;
    page.expect(200).contains("Glad that helped. Your draft is put away.").contains("Solved it for 1 person");
    page.contains("It did not after all");
    assert_eq!(count(&world), before);
    flora.get("/ask").await.expect(200).lacks("of last week");
    flora.get("/drafts").await.expect(200).contains(TITLE).contains("Take it up again");
    // It did not after all: the word is taken back and the question is there again.
    let back = flora.submit(&page, &format!("{action}/removal"), &[]).await;
    back.expect(303).leads_to("/ask");
    let page = flora.follow(&back).await;
    page.expect(200).contains("Here is your draft again.");
    let form = page.form("/threads");
    assert_eq!(
        (form["title"].as_str(), form["body"].as_str(), form["tags"].as_str()),
        (TITLE, BODY, "pump night")
    );
    world.visitor().get(&url).await.expect(200).lacks("Solved it for");
    let mut conn = world.db.reader().unwrap();
    let left: i64 = confirmations::table.count().get_result(&mut *conn).unwrap();
    assert_eq!(left, 0);
    let own: i64 =
        drafts::table.filter(drafts::user_id.eq(person.id)).count().get_result(&mut *conn).unwrap();
    assert_eq!(own, 1);
});

on_both!(a_question_put_away_and_one_begun_since_are_both_kept, |world| async move {
    let (_, said) = solved(&world).await;
    let (_, flora) = flora(&world).await;
    flora.get("/ask").await;
    let away =
        |title: &'static str| [("place", "question"), ("title", title), ("body", BODY), ("value", "yes")];
    let action = format!("/posts/{said}/confirmation");
    flora.post(&action, &away("The first of my questions")).await.expect(303);
    flora.post(&action, &away("The second of my questions")).await.expect(303);
    let begun = [("place", "question"), ("title", "The third of my questions"), ("body", "half a thought")];
    flora.post("/drafts", &begun).await.expect(204);
    flora.post(&format!("{action}/removal"), &[]).await.expect(303).leads_to("/ask");
    flora.get("/ask").await.expect(200).contains("The second of my questions");
    let page = flora.get("/drafts").await;
    page.expect(200).contains("The first of my questions").contains("The third of my questions");
    let forms = page.forms();
    let restore = forms.iter().find(|action| action.ends_with("/restoration")).unwrap();
    flora.submit(&page, restore, &[]).await.expect(303).leads_to("/ask");
    // Nobody else takes them up.
    let bruno = world.bruno().await;
    bruno.get("/").await;
    bruno.post(restore, &[]).await.expect(404);
    let kept: i64 = drafts::table.count().get_result(&mut *world.db.reader().unwrap()).unwrap();
    assert_eq!(kept, 3);
});

on_both!(what_is_in_the_way_of_this_solves_it_costs_no_word, |world| async move {
    let (_, said) = solved(&world).await;
    let (_, flora) = flora(&world).await;
    let fields =
        [("place", "question"), ("title", TITLE), ("body", BODY), ("tags", "pump"), ("value", "yes")];
    let bruno = world.bruno().await;
    bruno.get("/ask").await;
    let page = bruno.post(&format!("/posts/{said}/confirmation"), &fields).await;
    page.expect(422).contains("your own answer");
    assert_eq!(page.form("/threads")["body"], BODY);
    flora.get("/ask").await;
    for gone in [999_999, thread_id("/threads/1/x")] {
        let page = flora.post(&format!("/posts/{gone}/confirmation"), &fields).await;
        assert_eq!(page.expect(422).form("/threads")["title"], TITLE);
    }
    let long = "x".repeat(limits::MAX_BODY_CHARS + 1);
    let fields = [("place", "question"), ("title", TITLE), ("body", long.as_str()), ("value", "yes")];
    let page = flora.post(&format!("/posts/{said}/confirmation"), &fields).await;
    assert_eq!(page.expect(422).form("/threads")["body"], long);
    let said: i64 = confirmations::table.count().get_result(&mut *world.db.reader().unwrap()).unwrap();
    assert_eq!(said, 0);
});

on_both!(readers_say_what_solved_it_for_them_and_nobody_counts_twice, |world| async move {
    let (url, said) = solved(&world).await;
    let ((person, flora), dario) = (flora(&world).await, world.dario().await);
    let action = format!("/posts/{said}/confirmation");
    let stranger = world.visitor();
    stranger.get(&url).await.expect(200).lacks("Did this solve it for you?").lacks("Solved it for");
    for reader in [&flora, &dario] {
        let page = reader.get(&url).await;
        page.expect(200).contains("Did this solve it for you?");
        reader.post(&action, &[("value", "yes")]).await.expect(303);
        reader.post(&action, &[("value", "yes")]).await.expect(303);
    }
    stranger.get(&url).await.expect(200).contains("Solved it for 2 people").lacks("Did this solve it");
    dario.post(&action, &[("value", "no")]).await.expect(303);
    stranger.get(&url).await.expect(200).contains("Solved it for 1 person");
    dario.get(&url).await.contains("did not solve it for you");
    dario.post(&action, &[("value", "perhaps")]).await.expect(422);
    // The asker accepts, the author keeps still, and of a question nobody says so.
    for (reader, words) in
        [(world.ann().await, "accept the answer"), (world.bruno().await, "your own answer")]
    {
        let page = reader.get(&url).await;
        page.expect(200).lacks("Did this solve it for you?").contains("Solved it for 1 person");
        reader.post(&action, &[("value", "yes")]).await.expect(409).contains(words);
    }
    flora.post(&format!("/posts/{}/confirmation", thread_id(&url)), &[("value", "yes")]).await.expect(409);
    flora.post(&format!("{action}/removal"), &[]).await.expect(303);
    flora.post(&format!("{action}/removal"), &[]).await.expect(303);
    stranger.get(&url).await.expect(200).lacks("Solved it for");
    flora.post(&action, &[("value", "yes")]).await.expect(303);
    world.settle().await;

    // The ledger says all of it, each word with its inverse, and what follows from it is as it was.
    let mut conn = world.db.reader().unwrap();
    let kinds = ["answer_confirmed", "confirmation_withdrawn"];
    let told: Vec<(String, Option<i64>, Option<i64>, String)> = events::table
        .filter(events::kind.eq_any(kinds))
        .order(events::id)
        .select((events::kind, events::actor_id, events::user_id, events::data))
        .load(&mut *conn)
        .unwrap();
    let (mut yes, mut no) = (0, 0);
    for (kind, actor, author, data) in &told {
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["user"].as_i64(), *actor);
        assert_eq!((data["author"].as_i64(), *author), (Some(world.bruno.id.0), Some(world.bruno.id.0)));
        let sum = if data["value"] == true { &mut yes } else { &mut no };
        *sum += if kind == "answer_confirmed" { 1 } else { -1 };
    }
    assert_eq!((told.len(), yes, no), (6, 1, 1));
    let sums: (i64, i64) = confirmation_sums::table
        .find(said)
        .select((confirmation_sums::solved, confirmation_sums::unsolved))
        .first(&mut *conn)
        .unwrap();
    assert_eq!(sums, (yes, no));
    drop(conn);
    let db = world.db.clone();
    let report = aside(move || loggia::reputation::check(&db, &mut |_, _| {}).unwrap()).await;
    assert_eq!(report.differences, 0);

    // Who is suspended says nothing more, and of an answer that is gone nobody does.
    let suspended = crate::moderation::viewer(&person);
    let refused = world
        .db
        .write(move |tx| -> loggia::error::Result<_> {
            let viewer = loggia::accounts::Viewer { suspended_until: Some(tx.now.plus(DAY)), ..suspended };
            let post = loggia::kernel::ids::PostId(said);
            Ok([
                loggia::confirmations::confirm(tx, &viewer, post, false)?,
                loggia::confirmations::withdraw(tx, &viewer, post)?,
            ])
        })
        .await
        .unwrap();
    assert_eq!(refused, [const { loggia::confirmations::Confirming::Refused("you-are-suspended") }; 2]);
    let carla = world.carla().await;
    carla.get(&url).await;
    carla.post(&format!("/posts/{said}/hiding"), &[("reason", "It is dangerous")]).await.expect(303);
    dario.post(&action, &[("value", "yes")]).await.expect(404);
});

on_both!(a_reader_says_so_only_so_often_a_day, |world| async move {
    let (url, said) = solved(&world).await;
    let (person, flora) = flora(&world).await;
    let (thread, user) = (thread_id(&url), person.id);
    world
        .db
        .write(move |tx| -> loggia::db::DbResult<()> {
            // Answers of a busy day; any post will do.
            for _ in 0..limits::CONFIRMATIONS_PER_DAY {
                let post: i64 = diesel::insert_into(posts::table)
                    .values((
                        posts::kind.eq("answer"),
                        posts::thread_id.eq(thread),
                        posts::parent_id.eq(thread),
                        posts::body_md.eq("x"),
                        posts::body_html.eq("x"),
                        posts::created_at.eq(tx.now),
                    ))
                    .returning(posts::id)
                    .get_result(tx.conn)?;
                diesel::insert_into(confirmations::table)
                    .values((
                        confirmations::user_id.eq(user),
                        confirmations::post_id.eq(post),
                        confirmations::thread_id.eq(thread),
                        confirmations::value.eq(true),
                        confirmations::created_at.eq(tx.now),
                    ))
                    .execute(tx.conn)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    flora.get(&url).await;
    let action = format!("/posts/{said}/confirmation");
    flora.post(&action, &[("value", "yes")]).await.expect(409).contains("many answers today");
    world.clock.advance(DAY);
    flora.post(&action, &[("value", "yes")]).await.expect(303);
});

on_both!(an_author_hears_of_the_first_whom_an_answer_helped, |world| async move {
    let (url, said) = solved(&world).await;
    let mut readers = vec![world.carla().await, world.dario().await, world.elena().await];
    readers.push(flora(&world).await.1);
    let action = format!("/posts/{said}/confirmation");
    // Taken back before anybody was told, and said again: one word.
    for reader in &readers {
        reader.get(&url).await;
        reader.post(&action, &[("value", "yes")]).await.expect(303);
        reader.post(&format!("{action}/removal"), &[]).await.expect(303);
        reader.post(&action, &[("value", "yes")]).await.expect(303);
        world.settle().await;
        reader.post(&action, &[("value", "no")]).await.expect(303);
        reader.post(&action, &[("value", "yes")]).await.expect(303);
        world.settle().await;
    }
    let page = world.bruno().await.get("/notices").await;
    let told = page.expect(200).text().matches("Your answer solved it for somebody else").count();
    assert_eq!(told as i64, limits::CONFIRMATIONS_TOLD);
    page.lacks("Dario");
    let mut conn = world.db.reader().unwrap();
    let others: i64 = notices::table
        .filter(notices::kind.eq("confirmed"))
        .filter(notices::user_id.ne(world.bruno.id))
        .count()
        .get_result(&mut *conn)
        .unwrap();
    assert_eq!(others, 0);
    let sent: i64 = mails::table.filter(mails::list.eq("accepted")).count().get_result(&mut *conn).unwrap();
    assert!(sent >= limits::CONFIRMATIONS_TOLD, "{sent}");
});

on_both!(who_leaves_goes_on_to_count_and_takes_what_they_said_along, |world| async move {
    let (url, said) = solved(&world).await;
    let (person, flora) = flora(&world).await;
    flora.get(&url).await;
    flora.post(&format!("/posts/{said}/confirmation"), &[("value", "yes")]).await.expect(303);
    let page = flora.get("/settings/account").await;
    let data = flora.submit(&page, "/settings/account/data", &[]).await.expect(200).json();
    assert_eq!(data["confirmations"][0]["post"], said);
    assert_eq!(data["confirmations"][0]["solved"], true);
    let gone = world.db.write(move |tx| loggia::privacy::erase(tx, None, person.id)).await.unwrap();
    assert_eq!(gone, loggia::privacy::Erasing::Erased);
    world.visitor().get(&url).await.expect(200).contains("Solved it for 1 person");
});

on_both!(pairs_that_may_be_the_same_wait_for_moderators_alone, |world| async move {
    let (url, _) = solved(&world).await;
    let (_, flora) = flora(&world).await;
    let theirs =
        ask(&flora, TITLE, "The heating pump hums loudly since the firmware update, all night.", "").await;
    let third = ask(&flora, "Heating pump hums after the firmware update", BODY, "").await;
    world.settle().await;
    let carla = world.carla().await;
    let page = carla.get("/moderation?tab=duplicates").await;
    page.expect(200).contains("May be a duplicate").contains("% likely").contains(&url).contains(&theirs);
    for (who, browser) in [("flora", &flora), ("dario", &world.dario().await)] {
        browser.get("/moderation?tab=duplicates").await.expect(404);
        for path in [url.as_str(), &theirs, "/", "/notices"] {
            assert!(!browser.get(path).await.text().contains("likely"), "{who} {path}");
        }
    }
    let pairs = |state: &str| -> Vec<(i64, i64, i64, i64)> {
        duplicate_candidates::table
            .filter(duplicate_candidates::state.eq(state))
            .order(duplicate_candidates::id)
            .select((
                duplicate_candidates::id,
                duplicate_candidates::thread_id,
                duplicate_candidates::candidate_id,
                duplicate_candidates::likelihood,
            ))
            .load(&mut *world.db.reader().unwrap())
            .unwrap()
    };
    let open = pairs("open");
    assert!(
        open.iter()
            .all(|(_, thread, of, likely)| of < thread && *likely >= i64::from(limits::DUPLICATE_LIKELIHOOD)),
        "{open:?}"
    );
    let first = open
        .iter()
        .find(|(_, thread, of, _)| (*thread, *of) == (thread_id(&theirs), thread_id(&url)))
        .unwrap();
    assert!(open.iter().any(|(_, thread, ..)| *thread == thread_id(&third)));

    // Not a duplicate: it is gone, and stays so when everything is compared again.
    carla.submit(&page, &format!("/moderation/duplicates/{}/dismissal", first.0), &[]).await.expect(303);
    carla.post(&format!("/moderation/duplicates/{}/dismissal", first.0), &[]).await.expect(303);
    world
        .db
        .write(|tx| -> loggia::db::DbResult<()> {
            use loggia::db::schema::places;
            let all = places::table.filter(places::follower.eq("duplicates"));
            diesel::update(all).set(places::event_id.eq(0)).execute(tx.conn)?;
            Ok(())
        })
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(pairs("dismissed").len(), 1);
    assert_eq!(pairs("open").len(), open.len() - 1);

    // Closed as a duplicate: the pair was right, and the thread waits no more.
    let page = carla.get("/moderation?tab=duplicates").await;
    let close = format!("/threads/{}/duplicate", thread_id(&third));
    let form = page.expect(200).form(&close);
    let of: i64 = form["of"].parse().unwrap();
    carla.submit(&page, &close, &[]).await.expect(303);
    assert!(
        pairs("confirmed").iter().any(|(_, thread, known, _)| (*thread, *known) == (thread_id(&third), of))
    );
    carla
        .get("/moderation?tab=duplicates")
        .await
        .expect(200)
        .contains("No duplicates in sight")
        .lacks(&third);
});

on_both!(a_pair_vanishes_with_either_of_its_threads, |world| async move {
    let (url, _) = solved(&world).await;
    let (_, flora) = flora(&world).await;
    let theirs = ask(&flora, TITLE, BODY, "").await;
    world.settle().await;
    let carla = world.carla().await;
    let queue = "/moderation?tab=duplicates";
    let acts = [(&theirs, "lock", "lock/removal"), (&url, "lock", "lock/removal")];
    for (thread, there, back) in acts {
        carla.get(queue).await.expect(200).contains(&theirs);
        let base = format!("/threads/{}", thread_id(thread));
        carla.post(&format!("{base}/{there}"), &[("reason", "Let it rest for now")]).await.expect(303);
        carla.get(queue).await.expect(200).contains("No duplicates in sight").lacks(&theirs);
        carla.post(&format!("{base}/{back}"), &[]).await.expect(303);
    }
    for thread in [&theirs, &url] {
        carla.get(queue).await.expect(200).contains(&theirs);
        let base = format!("/posts/{}/hiding", thread_id(thread));
        carla.post(&base, &[("reason", "Let it rest for now")]).await.expect(303);
        carla.get(queue).await.expect(200).contains("No duplicates in sight").lacks(&theirs);
        carla.post(&format!("{base}/removal"), &[("reason", "It is needed")]).await.expect(303);
    }
    // What an import brings is its old community's to judge.
    let kept: i64 = submissions::table.count().get_result(&mut *world.db.reader().unwrap()).unwrap();
    assert!(kept > 0);
    world
        .db
        .write(|tx| -> loggia::db::DbResult<()> {
            use loggia::db::schema::places;
            diesel::delete(duplicate_candidates::table).execute(tx.conn)?;
            diesel::update(events::table).set(events::imported.eq(true)).execute(tx.conn)?;
            let all = places::table.filter(places::follower.eq("duplicates"));
            diesel::update(all).set(places::event_id.eq(0)).execute(tx.conn)?;
            Ok(())
        })
        .await
        .unwrap();
    world.settle().await;
    carla.get(queue).await.expect(200).contains("No duplicates in sight");
});
