//! tests: answers that change after they were accepted, and answers that somebody challenges.
use crate::accounts::newest_mail;
use crate::statements::viewer;
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use crate::visitor::{Page, Visitor};
use crate::world::{World, enrol};
use diesel::prelude::*;
use loggia::accounts::Role;
use loggia::challenges::{self, State};
use loggia::db::schema::{challenges as rows, events, mails, standings, threads};
use loggia::kernel::ids::PostId;
use loggia::kernel::limits;
use loggia::kernel::moment::DAY;
use loggia::threads::Done;

const ADVICE: &str = "Switch off the nightly update in the settings of the router.";
const OTHER: &str = "Hold the reset button for ten seconds and set the router up anew.";
const EVIDENCE: &str = "The setting is off here since **Monday**, and it still drops.";

async fn edit(by: &Visitor, post: i64, body: &str) {
    let form = by.get(&format!("/posts/{post}/edit")).await;
    by.submit(form.expect(200), &format!("/posts/{post}/revisions"), &[("body", body)]).await.expect(303);
}

async fn accept(by: &Visitor, url: &str, post: i64) {
    by.get(url).await;
    let place = format!("/threads/{}/acceptance", thread_id(url));
    by.post(&place, &[("answer_id", &post.to_string())]).await.expect(303);
}

fn happened(world: &World, kind: &str) -> i64 {
    events::table.filter(events::kind.eq(kind)).count().get_result(&mut *world.db.reader().unwrap()).unwrap()
}

async fn notices(world: &World, of: &Visitor) -> Page {
    world.settle().await;
    of.get("/notices").await
}

on_both!(
    a_solution_that_changed_since_says_so_and_the_asker_says_that_it_still_solves_it,
    |world| async move {
        let (ann, bruno) = (world.ann().await, world.bruno().await);
        let url = ask(&ann, TITLE, BODY, "router").await;
        let said = answer(&bruno, &url, ADVICE).await;
        accept(&ann, &url, said).await;
        world.settle().await;
        ann.get(&url).await.expect(200).lacks("Changed since it was accepted");
        edit(&bruno, said, "Buy another router, any other one, from the shop at the corner.").await;
        notices(&world, &ann)
            .await
            .contains("The solution you accepted was changed: does it still solve it?");
        let (subject, _) = newest_mail(&world, "ann@example.com").unwrap();
        assert!(subject.starts_with("Changed since you accepted it"), "{subject}");
        let compare = format!("/posts/{said}/revisions?from=1&amp;to=2");
        for reader in [world.visitor(), world.bruno().await] {
            let page = reader.get(&url).await;
            page.expect(200)
                .contains("Changed since it was accepted")
                .contains(&compare)
                .lacks("It still solves it");
        }
        // The accepted text stays readable, whole and beside the new one.
        let reader = world.visitor();
        reader.get(&format!("/posts/{said}/revisions?from=1&to=1")).await.expect(200).contains(ADVICE);
        let both = reader.get(&format!("/posts/{said}/revisions?from=1&to=2")).await;
        both.expect(200).contains("nightly").contains("corner").contains("accepted</span>");

        let page = ann.get(&url).await;
        page.expect(200).contains("It still solves it");
        let action = format!("/threads/{}/acceptance", thread_id(&url));
        ann.submit(&page, &action, &[]).await.expect(303);
        // At once, before anything has followed, and afterwards.
        for _ in 0..2 {
            for reader in [&ann, &world.visitor()] {
                reader.get(&url).await.expect(200).lacks("Changed since").contains("solution-title");
            }
            world.settle().await;
        }
        assert_eq!(happened(&world, "answer_accepted"), 2);
        assert_eq!(happened(&world, "answer_unaccepted"), 0);
        // Its author heard that it was accepted once, and a second press changes nothing.
        let told = bruno.get("/notices").await.expect(200).text();
        assert_eq!(told.matches("accepted your answer").count(), 1);
        ann.submit(&page, &action, &[]).await.expect(303);
        assert_eq!(happened(&world, "answer_accepted"), 2);
    }
);

on_both!(a_mended_typo_is_no_change_and_ones_own_edit_no_news, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let long = "Open the settings, go to the page of updates, and switch off the nigthly one there for good.";
    let said = answer(&bruno, &url, long).await;
    accept(&ann, &url, said).await;
    edit(&bruno, said, &long.replace("nigthly", "nightly")).await;
    notices(&world, &ann).await.expect(200).lacks("does it still solve it");
    ann.get(&url).await.expect(200).lacks("Changed since");
    // The asker's own answer, changed by a moderator, is told to them as their post.
    let own = answer(&ann, &url, "It was the cable between the wall and the router.").await;
    accept(&ann, &url, own).await;
    edit(&carla, own, "Something else altogether stands here, in words of a moderator.").await;
    notices(&world, &ann).await.contains("edited a post of yours").lacks("does it still solve it");
});

on_both!(an_upheld_challenge_supersedes_the_answer_and_leads_to_the_right_one, |world| async move {
    let (ann, bruno, carla, dario) =
        (world.ann().await, world.bruno().await, world.carla().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let wrong = answer(&bruno, &url, ADVICE).await;
    let right = answer(&carla, &url, OTHER).await;
    accept(&ann, &url, wrong).await;
    let (eva, fred) = (world.elena().await, {
        let fred = ("fred", "Fred", "fred@example.com", Role::Customer, "");
        let fred = world.db.write(move |tx| enrol(tx, &fred)).await.unwrap();
        world.signed_in(&fred).await
    });
    eva.get(&url).await;
    eva.post(&format!("/posts/{wrong}/confirmation"), &[("value", "yes")]).await.expect(303);
    fred.get(&url).await;
    fred.post(&format!("/threads/{}/me-too", thread_id(&url)), &[]).await.expect(303);

    dario.get(&url).await.contains(&format!("/posts/{wrong}/challenge"));
    let form = dario.get(&format!("/posts/{wrong}/challenge")).await;
    form.expect(200).contains("Switch off the nightly update").contains("Hold the reset button");
    form.lacks(&format!("<option value=\"{wrong}\""));
    let fields = [("evidence", EVIDENCE), ("instead", &right.to_string())];
    dario.post(&format!("/posts/{wrong}/challenges"), &fields).await.expect(303);
    // Until it is decided, nobody but moderators sees it.
    let page = world.visitor().get(&url).await;
    page.expect(200).contains("solution-title").lacks("since <strong>Monday").lacks("Superseded");

    // Carla wrote another answer, not this one: she may decide.
    carla.get("/").await.contains("<span class=\"pill\">1</span>");
    let queue = carla.get("/moderation/challenges").await;
    queue.expect(200).contains("since <strong>Monday</strong>").contains("Switch off the nightly update");
    queue
        .contains("Accepted by Ann")
        .contains("Solved it for 1 person")
        .contains(&format!("/posts/{right}\""));
    let id: i64 = rows::table.select(rows::id).first(&mut *world.db.reader().unwrap()).unwrap();
    let decision = format!("/challenges/{id}/decision");
    let short = [("decision", "upheld"), ("reason", "no")];
    carla.post(&decision, &short).await.expect(422);
    let fields = [("decision", "upheld"), ("reason", "Tried it <i>twice</i>: it drops still.")];
    carla.post(&decision, &fields).await.expect(303).leads_to("/moderation/challenges");
    carla.get("/moderation/challenges").await.expect(200).contains("No open challenges");
    carla.get("/").await.lacks("<span class=\"pill\">1</span>");
    carla.get("/moderation/log").await.contains("found an answer wrong").contains("&lt;i&gt;twice");

    // The page says so at once, to everybody; the asker may still choose another.
    let page = world.visitor().get(&url).await;
    page.expect(200).contains("Superseded: moderators found this answer wrong</b>: Tried it &lt;i&gt;twice");
    page.contains(&format!("href=\"/posts/{right}\">The answer that is right"));
    page.contains("Solution superseded").lacks("solution-title").lacks("acceptedAnswer");
    let offered = format!("name=\"answer_id\" value=\"{right}\"");
    ann.get(&url).await.contains(&offered).lacks(&format!("name=\"answer_id\" value=\"{wrong}\""));
    let accepted: (Option<PostId>, Option<PostId>) = threads::table
        .select((threads::accepted_answer_id, threads::superseded_answer_id))
        .first(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(accepted, (None, Some(PostId(wrong))));

    // Everyone who relied on it hears, and the two it was about.
    for reader in [&ann, &eva, &fred] {
        notices(&world, reader).await.contains("An answer you relied on proved wrong");
    }
    notices(&world, &dario)
        .await
        .contains("Moderators agree that the answer you challenged is wrong: Tried it");
    notices(&world, &bruno).await.contains("Moderators found an answer of yours wrong: Tried it");
    notices(&world, &carla).await.lacks("proved wrong");
    let subject = |to: &str| newest_mail(&world, to).unwrap().0;
    assert!(subject("fred@example.com").starts_with("An answer you relied on proved wrong"));
    assert!(subject("bruno@example.com").starts_with("Found wrong"));
    // It cannot be challenged once more, nor is that offered.
    fred.get(&url).await.lacks(&format!("/posts/{wrong}/challenge\""));
    fred.get(&format!("/posts/{wrong}/challenge"))
        .await
        .expect(403)
        .contains("found this answer wrong already");
    let points = |user: &crate::world::Person| -> i64 {
        let mut conn = world.db.reader().unwrap();
        standings::table.find(user.id).select(standings::points).first(&mut *conn).unwrap()
    };
    assert_eq!(points(&world.dario), 5);
});

on_both!(a_superseded_solution_no_longer_stands_before_the_better_answers, |world| async move {
    let (ann, bruno, carla, dario) =
        (world.ann().await, world.bruno().await, world.carla().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let wrong = answer(&bruno, &url, ADVICE).await;
    let right = answer(&dario, &url, OTHER).await;
    accept(&ann, &url, wrong).await;
    ann.post(&format!("/posts/{right}/vote"), &[("value", "1")]).await.expect(303);
    let order = |page: &Page| {
        let text = page.text();
        let at = |post: i64| text.find(&format!("id=\"post-{post}\"")).unwrap();
        at(wrong) < at(right)
    };
    assert!(order(&world.visitor().get(&url).await));
    let (decider, wrong_id) = (viewer(&world.carla), PostId(wrong));
    let challenger = viewer(&world.dario);
    world
        .db
        .write(move |tx| -> loggia::error::Result<()> {
            let evidence = challenges::parse_evidence(EVIDENCE).unwrap();
            challenges::challenge(tx, &challenger, wrong_id, &evidence, None)?;
            let id = rows::table.select(rows::id).first(tx.conn)?;
            challenges::decide(tx, &decider, id, State::Open, true, "It drops still.")?;
            Ok(())
        })
        .await
        .unwrap();
    // The order follows the standings, a moment later.
    world.settle().await;
    assert!(!order(&world.visitor().get(&url).await));
    carla.get(&format!("/posts/{wrong}")).await.expect(303).leads_to(&format!("{url}#post-{wrong}"));
});

on_both!(a_challenge_needs_evidence_an_answer_of_another_and_a_day_with_room, |world| async move {
    let (ann, bruno, dario) = (world.ann().await, world.bruno().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    let elsewhere = ask(&ann, "The lamp in the hall flickers at night", BODY, "lamp").await;
    let far = answer(&bruno, &elsewhere, "Turn the bulb until it is firm.").await;
    let place = format!("/posts/{said}/challenges");
    world.visitor().get(&format!("/posts/{said}/challenge")).await.expect(303);
    dario.get(&url).await;
    let back = dario.post(&place, &[("evidence", "<b>Wrong.")]).await;
    back.expect(422).contains("write a little more").contains("&lt;b&gt;Wrong.");
    let long = "x".repeat(limits::MAX_EVIDENCE + 1);
    dario.post(&place, &[("evidence", &long)]).await.expect(422).contains("At most 4,000");
    for other in [far, said, thread_id(&url), 999_999] {
        let fields = [("evidence", EVIDENCE), ("instead", &other.to_string())];
        dario.post(&place, &fields).await.expect(422).contains("no such answer").contains("since **Monday**");
    }
    let own = format!("/posts/{said}/challenge");
    bruno.get(&url).await.lacks(&format!("{own}\""));
    bruno.get(&own).await.expect(403).contains("your own answer");
    bruno.post(&place, &[("evidence", EVIDENCE)]).await.expect(403);
    let question = format!("/posts/{}/challenges", thread_id(&url));
    dario.post(&question, &[("evidence", EVIDENCE)]).await.expect(403);
    assert_eq!(happened(&world, "answer_challenged"), 0);

    // Once per person and answer, as long as it is open.
    for _ in 0..2 {
        dario.post(&place, &[("evidence", EVIDENCE)]).await.expect(303);
    }
    assert_eq!(happened(&world, "answer_challenged"), 1);
    dario.get(&own).await.expect(200).contains("since <strong>Monday").contains("/removal");

    // Somebody who is suspended challenges nothing, and nobody more than some a day.
    let (person, post) = (viewer(&world.ann), PostId(said));
    let busy = viewer(&world.elena);
    let mut answers = Vec::new();
    for n in 0..=limits::CHALLENGES_PER_DAY {
        answers.push(PostId(answer(&bruno, &url, &format!("{ADVICE} Or try number {n}.")).await));
    }
    let (suspended, done) = world
        .db
        .write(move |tx| -> loggia::error::Result<_> {
            let mut person = person;
            person.suspended_until = Some(tx.now.plus(DAY));
            let evidence = challenges::parse_evidence(EVIDENCE).unwrap();
            let suspended = challenges::challenge(tx, &person, post, &evidence, None)?;
            let mut done = Vec::new();
            for answer in answers {
                done.push(challenges::challenge(tx, &busy, answer, &evidence, None)?);
            }
            Ok((suspended, done))
        })
        .await
        .unwrap();
    assert_eq!(suspended, Done::Refused("you-are-suspended"));
    let (last, first) = done.split_last().unwrap();
    assert!(first.iter().all(|done| matches!(done, Done::Done(_))), "{first:?}");
    assert_eq!(last, &Done::Refused("challenge-too-many"));
});

on_both!(only_the_challenger_takes_a_challenge_back_and_only_while_it_is_open, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    ann.get(&url).await;
    ann.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
    let id: i64 = rows::table.select(rows::id).first(&mut *world.db.reader().unwrap()).unwrap();
    let removal = format!("/challenges/{id}/removal");
    bruno.get("/").await;
    bruno.post(&removal, &[]).await.expect(404);
    carla.get("/").await;
    carla.post(&removal, &[]).await.expect(404);
    let page = ann.get(&format!("/posts/{said}/challenge")).await;
    ann.submit(&page, &removal, &[]).await.expect(303);
    ann.submit(&page, &removal, &[]).await.expect(303);
    assert_eq!(happened(&world, "challenge_withdrawn"), 1);
    carla.get("/moderation/challenges").await.expect(200).contains("No open challenges");
    let fields = [("decision", "upheld"), ("reason", "It drops still.")];
    carla.post(&format!("/challenges/{id}/decision"), &fields).await.expect(303);
    assert_eq!(happened(&world, "challenge_decided"), 0, "what is taken back is not decided");
    ann.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
    assert_eq!(happened(&world, "answer_challenged"), 2, "but it may be claimed anew");
});

on_both!(an_old_page_of_the_queue_does_not_overturn_what_a_colleague_decided, |world| async move {
    let (ann, bruno, carla, dario) =
        (world.ann().await, world.bruno().await, world.carla().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    dario.get(&url).await;
    dario.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
    let id: i64 = rows::table.select(rows::id).first(&mut *world.db.reader().unwrap()).unwrap();
    let decision = format!("/challenges/{id}/decision");
    let elena = world.elena().await;
    let old = elena.get("/moderation/challenges").await;
    old.expect(200).contains(&decision);
    carla.get("/").await;
    carla.post(&decision, &[("decision", "upheld"), ("reason", "Tried it twice.")]).await.expect(303);
    // Elena's page still shows it as open.
    let fields = [("decision", "rejected"), ("reason", "It works here.")];
    let back = elena.submit(&old, &decision, &fields).await;
    back.expect(303).leads_to("/moderation/challenges");
    elena.get("/moderation/challenges").await.contains("Somebody has decided this challenge already");
    assert_eq!(happened(&world, "challenge_decided"), 1);
    // Anew, she can; and then whoever saw it upheld decides about what is no more.
    let decided = [elena.get("/moderation/challenges?tab=decided").await, {
        let page = carla.get("/moderation/challenges?tab=decided").await;
        page.expect(200).contains("name=\"decision\" value=\"rejected\"");
        page
    }];
    for (by, page) in [&elena, &carla].into_iter().zip(&decided) {
        by.submit(page, &decision, &[("reason", "It works here.")]).await.expect(303);
        assert_eq!(happened(&world, "challenge_decided"), 2);
    }
    world.visitor().get(&url).await.expect(200).lacks("Superseded");
    // Nor does a form that decides anew decide what is open.
    dario.get(&url).await;
    dario.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
    let fields = [("decision", "upheld"), ("reason", "It drops still."), ("tab", "decided")];
    carla.post(&format!("/challenges/{}/decision", id + 1), &fields).await.expect(303);
    assert_eq!(happened(&world, "challenge_decided"), 2);
});

on_both!(a_rejected_challenge_leaves_the_answer_and_costs_the_challenger, |world| async move {
    let (ann, bruno, carla, elena) =
        (world.ann().await, world.bruno().await, world.carla().await, world.elena().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&carla, &url, ADVICE).await;
    accept(&ann, &url, said).await;
    elena.get(&url).await;
    elena.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
    let id: i64 = rows::table.select(rows::id).first(&mut *world.db.reader().unwrap()).unwrap();
    let decision = format!("/challenges/{id}/decision");
    // Neither its author nor who claimed it decides, moderators as they are.
    let fields = [("decision", "rejected"), ("reason", "It works in the current firmware.")];
    for own in [&carla, &elena] {
        let queue = own.get("/moderation/challenges").await;
        queue.expect(200).contains("somebody else decides").lacks(&format!("action=\"{decision}\""));
        own.post(&decision, &fields).await.expect(409);
    }
    bruno.get("/").await;
    bruno.post(&decision, &fields).await.expect(404);
    let other = ("gina", "Gina", "gina@example.com", Role::Moderator, "");
    let gina = world.db.write(move |tx| enrol(tx, &other)).await.unwrap();
    let gina = world.signed_in(&gina).await;
    gina.get("/").await;
    gina.post(&decision, &[("decision", "perhaps"), ("reason", "It works.")]).await.expect(422);
    gina.post(&decision, &fields).await.expect(303);
    gina.post(&decision, &fields).await.expect(303);
    assert_eq!(happened(&world, "challenge_decided"), 1);
    gina.get("/moderation/log").await.contains("rejected a challenge of an answer");
    world.visitor().get(&url).await.contains("solution-title").lacks("Superseded");
    notices(&world, &elena)
        .await
        .contains("let the answer stand that you challenged: It works in the current");
    notices(&world, &carla).await.contains("Somebody challenged an answer of yours; moderators let it stand");
    notices(&world, &ann).await.lacks("proved wrong");
    let mut conn = world.db.reader().unwrap();
    let points: i64 =
        standings::table.find(world.elena.id).select(standings::points).first(&mut *conn).unwrap();
    assert!(points < 0, "{points}");
});

on_both!(a_challenge_is_in_the_copy_of_ones_data_and_goes_with_who_leaves, |world| async move {
    let (ann, bruno, dario) = (world.ann().await, world.bruno().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    dario.get(&url).await;
    dario.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
    let (now, user) = (world.clock.now(), world.dario.id);
    let data = loggia::privacy::own_data(&mut world.db.reader().unwrap(), user, now).unwrap();
    assert_eq!(data["challenges"][0]["post"], said);
    assert_eq!(data["challenges"][0]["evidence"], EVIDENCE);
    assert_eq!(data["challenges"][0]["state"], "open");
    let erased = world.db.write(move |tx| loggia::privacy::erase(tx, None, user)).await.unwrap();
    assert_eq!(erased, loggia::privacy::Erasing::Erased);
    let left: (String, String, String) = rows::table
        .select((rows::state, rows::evidence_md, rows::evidence_html))
        .first(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(left, ("withdrawn".into(), String::new(), String::new()));
    world.carla().await.get("/moderation/challenges").await.expect(200).contains("No open challenges");
    world.settle().await;
});

on_both!(a_removed_answer_that_is_found_wrong_is_told_to_nobody_who_cannot_see_it, |world| async move {
    let (ann, bruno, dario, elena) =
        (world.ann().await, world.bruno().await, world.dario().await, world.elena().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    accept(&ann, &url, said).await;
    elena.get(&url).await;
    elena.post(&format!("/posts/{said}/confirmation"), &[("value", "yes")]).await.expect(303);
    dario.get(&url).await;
    dario.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
    let moderator = viewer(&world.carla);
    world
        .db
        .write(move |tx| -> loggia::error::Result<()> {
            loggia::moderation::hide(tx, &moderator, PostId(said), "It sells a router.")?;
            let id = rows::table.select(rows::id).first(tx.conn)?;
            challenges::decide(tx, &moderator, id, State::Open, true, "It drops still.")?;
            Ok(())
        })
        .await
        .unwrap();
    notices(&world, &elena).await.expect(200).lacks("proved wrong");
    notices(&world, &dario).await.contains("Moderators agree that the answer you challenged is wrong");
    let sent: i64 = mails::table
        .filter(mails::subject.like("%relied on%"))
        .count()
        .get_result(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(sent, 0);
});

on_both!(the_queue_of_challenges_is_paged_and_the_longest_waiting_comes_first, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = PostId(answer(&bruno, &url, ADVICE).await);
    let page = usize::try_from(limits::PAGE_ROWS).unwrap();
    world
        .db
        .write(move |tx| -> loggia::error::Result<()> {
            for n in 0..=page {
                let name: &'static str = Box::leak(format!("doubter-{n}").into_boxed_str());
                let email: &'static str = Box::leak(format!("{name}@example.com").into_boxed_str());
                let person = viewer(&enrol(tx, &(name, name, email, Role::Customer, ""))?);
                let evidence =
                    challenges::parse_evidence(&format!("Claim number {n}: it drops still.")).unwrap();
                challenges::challenge(tx, &person, said, &evidence, None)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let carla = world.carla().await;
    let first = carla.get("/moderation/challenges").await;
    first.expect(200).contains("Claim number 0:").lacks(&format!("Claim number {page}:"));
    let next = first.links().into_iter().find(|link| link.contains("/moderation/challenges?after=")).unwrap();
    let second = carla.get(&next.replace("&amp;", "&")).await;
    second.expect(200).contains(&format!("Claim number {page}:")).lacks("Claim number 0:");
    assert_eq!(second.text().matches("Claim number").count(), 1);
});

on_both!(
    a_thread_whose_solution_proved_wrong_is_unsolved_everywhere_until_that_is_reversed,
    |world| async move {
        let (ann, bruno, carla, dario) =
            (world.ann().await, world.bruno().await, world.carla().await, world.dario().await);
        let url = ask(&ann, TITLE, BODY, "router").await;
        let said = answer(&bruno, &url, ADVICE).await;
        let other = answer(&dario, &url, OTHER).await;
        let id = thread_id(&url);
        accept(&ann, &url, said).await;
        world.settle().await;
        let points = |of: loggia::kernel::ids::UserId| -> i64 {
            let mut conn = world.db.reader().unwrap();
            standings::table.find(of).select(standings::points).first(&mut *conn).unwrap_or(0)
        };
        let before = (points(world.ann.id), points(world.bruno.id));
        assert_eq!(before, (2, 3));
        let reader = world.visitor();
        let unsolved = || async {
            let list = reader.get("/threads?sort=unsolved").await;
            let found = reader.get("/search?q=is%3Aunsolved+router").await;
            let api = reader.get(&format!("/api/v1/threads/{id}")).await.json();
            (
                list.text().contains(TITLE),
                found.text().contains(&url),
                !api["thread"]["solved"].as_bool().unwrap(),
            )
        };
        assert_eq!(unsolved().await, (false, false, false));
        dario.get(&url).await;
        dario.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
        let decide = |decision: &'static str, tab: &'static str| {
            let carla = &carla;
            async move {
                carla.get("/moderation/challenges").await;
                let reason = "We tried it again in the hall.";
                let form = [("decision", decision), ("reason", reason), ("tab", tab)];
                carla.post("/challenges/1/decision", &form).await.expect(303);
            }
        };
        decide("upheld", "open").await;
        world.settle().await;
        assert_eq!(unsolved().await, (true, true, true));
        assert_eq!((points(world.ann.id), points(world.bruno.id)), (0, 0));
        bruno.get("/people/bruno?tab=points").await.contains("found that the accepted solution is wrong");
        // It cannot be accepted again as it is.
        ann.get(&url).await;
        let place = format!("/threads/{id}/acceptance");
        ann.post(&place, &[("answer_id", &said.to_string())])
            .await
            .expect(409)
            .contains("found that this answer is wrong");

        decide("rejected", "decided").await;
        world.settle().await;
        assert_eq!(unsolved().await, (false, false, false));
        assert_eq!((points(world.ann.id), points(world.bruno.id)), before);
        // Upheld once more, and another answer accepted meanwhile: reversing it changes nothing of that.
        decide("upheld", "decided").await;
        accept(&ann, &url, other).await;
        assert_eq!(happened(&world, "answer_unaccepted"), 1);
        decide("rejected", "decided").await;
        world.settle().await;
        let accepted: Option<PostId> = threads::table
            .find(loggia::kernel::ids::ThreadId(id))
            .select(threads::accepted_answer_id)
            .first(&mut *world.db.reader().unwrap())
            .unwrap();
        assert_eq!(accepted, Some(PostId(other)));
        assert_eq!(points(world.bruno.id), 0);
    }
);
