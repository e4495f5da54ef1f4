//! tests: the rules of badges as the community manager edits them, findings as moderators judge them, and how
//! somebody's standing is shown.
use crate::appeals::hold;
use crate::child::until;
use crate::ground::aside;
use crate::statements::viewer;
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use diesel::prelude::*;
use loggia::db::DbResult;
use loggia::db::schema::{badge_awards, findings, standings};
use loggia::kernel::ids::PostId;
use loggia::kernel::limits;
use loggia::kernel::moment::DAY;
use loggia::kernel::names::Title;
use loggia::ledger::Fact;
use loggia::threads::{Body, Kind, NewQuestion, Posting};
use loggia::votes::Cast;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

const RULES: &str =
    "[[badge]]\nid = \"lamplighter\"\nname = \"Lamplighter\"\nlevel = \"silver\"\nneeds = { answers = 1 }\n";

on_both!(rules_of_badges_are_tried_before_they_come_into_force, |world| async move {
    let (ann, bruno, elena) = (world.ann().await, world.bruno().await, world.elena().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    ann.get(&url).await;
    ann.post(&format!("/posts/{said}/vote"), &[("value", "1")]).await.expect(303);
    world.settle().await;
    world.visitor().get("/people/bruno?tab=badges").await.expect(200).contains("First answer");
    let page = elena.get("/admin/badges").await;
    page.expect(200).contains("first-solution").contains("The first rules");

    let with = |body: &str, action: &str| {
        let mut form = page.form("/admin/badges");
        form.insert("body".into(), body.into());
        form.insert("action".into(), action.into());
        elena.send(elena.request(reqwest::Method::POST, "/admin/badges").form(&form))
    };
    let wrong = with(&RULES.replace("answers = 1", "likes = 1"), "activate").await;
    wrong.expect(422).contains("Line 5: nothing called").contains("needs = { likes = 1 }");
    let unknown =
        with(&RULES.replace("answers = 1 }", "solutions = 1 }\nper = \"topic\"\ntags = [\"moon\"]"), "try")
            .await;
    unknown.expect(422).contains("there is no tag");
    world.visitor().get("/badges").await.expect(200).contains("First solution").lacks("Lamplighter");

    let tried = with(RULES, "try").await;
    tried
        .expect(200)
        .contains("What would change")
        .contains("Lamplighter")
        .contains("Bruno")
        .contains("no longer given");
    world.settle().await;
    let given: i64 = badge_awards::table
        .filter(badge_awards::badge.eq("lamplighter"))
        .count()
        .get_result(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(given, 0, "trying gives nothing");

    with(RULES, "activate").await.expect(303);
    world.settle().await;
    world.visitor().get("/badges").await.expect(200).contains("Lamplighter").lacks("First solution");
    world
        .visitor()
        .get("/badges/lamplighter")
        .await
        .expect(200)
        .contains("Bruno")
        .contains("Never taken back");
    world.visitor().get("/people/bruno?tab=badges").await.expect(200).contains("Lamplighter");
    let past = bruno.get("/people/bruno?tab=badges").await;
    past.expect(200).contains("the rules of badges changed");
    // Whoever read the rules before others came into force is told, and the others stay.
    with(&RULES.replace("answers = 1", "answers = 2"), "activate").await.expect(422).contains("meanwhile");
    elena.get("/admin/badges?version=0").await.expect(200).contains("first-solution");
    ann.get("/admin/badges").await.expect(404);
});

on_both!(what_a_finding_holds_comes_back_when_a_moderator_releases_it, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    let id = thread_id(&url);
    ann.get(&url).await;
    ann.post(&format!("/threads/{id}/acceptance"), &[("answer_id", &said.to_string())]).await.expect(303);
    let points = |name: &str| -> i64 {
        let user = if name == "bruno" { world.bruno.id } else { world.ann.id };
        standings::table
            .find(user)
            .select(standings::points)
            .first(&mut *world.db.reader().unwrap())
            .unwrap_or(0)
    };
    world.settle().await;
    assert_eq!(points("bruno"), 3);
    let finding = hold(&world, vec![world.ann.id, world.bruno.id]).await;
    world.settle().await;
    assert_eq!((points("ann"), points("bruno")), (0, 0));
    bruno.get("/people/bruno?tab=points").await.expect(200).contains("held back");
    bruno.get("/people/bruno?tab=badges").await.expect(200).contains("Taken back").contains("shows until");
    let action = format!("/findings/{finding}/decision");
    bruno.get("/moderation/findings").await.expect(404);
    let page = carla.get("/moderation/findings").await;
    page.expect(200).contains("9 of 10 pieces (90 %)").contains("Ann").contains("Bruno");
    let mut form = page.form(&action);
    form.insert("decision".into(), "released".into());
    form.insert("note".into(), "They work in one shop.".into());
    carla.send(carla.request(reqwest::Method::POST, &action).form(&form)).await.expect(303);
    world.settle().await;
    assert_eq!((points("ann"), points("bruno")), (2, 3));
    carla.get("/moderation/findings?tab=released").await.expect(200).contains("They work in one shop.");
    carla.get("/moderation/log").await.expect(200).contains("released credit");
});

on_both!(an_answer_says_how_likely_it_is_right_and_a_member_how_far_their_word_carries, |world| async move {
    let (ann, bruno, dario) = (world.ann().await, world.bruno().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    world.visitor().get(&url).await.expect(200).lacks("Probably right");
    world.visitor().get("/people/bruno").await.expect(200).contains("No answer is resolved yet");
    dario.get(&url).await;
    dario.post(&format!("/posts/{said}/verdict"), &[("verdict", "verified"), ("note", "")]).await.expect(303);
    world.settle().await;
    // Beta(5, 1): five sixths.
    let page = ann.get(&url).await;
    page.expect(200).contains("Probably right: 83 %").contains("as 4.0 readers who tried it");
    ann.get("/people/bruno").await.expect(200).contains("one resolved answer").contains("By topic");
    // Whoever speaks next puts that to the test.
    let elena = world.elena().await;
    elena.get("/admin/calibration").await.expect(200).contains("Nothing to compare yet");
    world.db.clock.advance(20 * loggia::kernel::moment::DAY);
    let carla = world.carla().await;
    carla.get(&url).await;
    carla.post(&format!("/posts/{said}/confirmation"), &[("value", "yes")]).await.expect(303);
    world.settle().await;
    let page = world.elena().await.get("/admin/calibration").await;
    page.expect(200)
        .contains("80 to 90 %")
        .contains("83.3 %")
        .contains("100.0 %")
        .contains("fewer than fifty");
});

on_both!(answers_stand_in_the_order_of_how_likely_they_are_right, |world| async move {
    let (ann, bruno, carla, dario) =
        (world.ann().await, world.bruno().await, world.carla().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let id = thread_id(&url);
    let texts =
        ["Unplug it over night, every night.", "Update the firmware first.", "Change the channel by hand."];
    let mut said = Vec::new();
    for text in texts {
        said.push(answer(&bruno, &url, text).await);
    }
    let order = async |by: &crate::visitor::Visitor, said: &[i64]| -> Vec<usize> {
        let page = by.get(&url).await.expect(200).text().to_owned();
        let mut places: Vec<(usize, usize)> = said
            .iter()
            .enumerate()
            .map(|(at, post)| (page.find(&format!("id=\"post-{post}\"")).unwrap(), at))
            .collect();
        places.sort_unstable();
        places.into_iter().map(|(_, at)| at).collect()
    };
    assert_eq!(order(&dario, &said).await, [0, 1, 2], "nothing is known yet: as they came");
    // A vote is little; a reader it solved it for is more; a refutation outweighs a vote.
    ann.get(&url).await;
    ann.post(&format!("/posts/{}/vote", said[1]), &[("value", "1")]).await.expect(303);
    ann.post(&format!("/posts/{}/vote", said[0]), &[("value", "1")]).await.expect(303);
    carla.get(&url).await;
    carla.post(&format!("/posts/{}/confirmation", said[2]), &[("value", "yes")]).await.expect(303);
    dario.get(&url).await;
    dario
        .post(&format!("/posts/{}/verdict", said[0]), &[("verdict", "refuted"), ("note", "")])
        .await
        .expect(303);
    world.settle().await;
    assert_eq!(order(&dario, &said).await, [2, 1, 0]);
    let shown = world.visitor().get(&format!("/api/v1/threads/{id}")).await.expect(200).json();
    let ids: Vec<i64> =
        shown["answers"]["items"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [said[2], said[1], said[0]], "the API tells them in the same order");
    // Where nobody has said anything, the word of somebody who is mostly right stands first.
    let other = ask(&ann, "The lamp in the hall flickers at night", BODY, "lamp").await;
    let by_bruno = answer(&bruno, &other, "Turn the bulb until it is firm in its socket.").await;
    let by_carla = answer(&carla, &other, "Ask the landlord to look at the wiring of the hall.").await;
    world.settle().await;
    let carla_id = world.carla.id;
    world
        .db
        .write(move |tx| -> DbResult<()> {
            diesel::update(standings::table.find(carla_id))
                .set(standings::authority.eq(700))
                .execute(tx.conn)?;
            Ok(())
        })
        .await
        .unwrap();
    let page = ann.get(&other).await.expect(200).text().to_owned();
    let at = |post: i64| page.find(&format!("id=\"post-{post}\"")).unwrap();
    assert!(at(by_carla) < at(by_bruno));
});

on_both!(
    newcomers_see_their_first_steps_until_all_are_done_and_they_carry_no_authority,
    |world| async move {
        let (ann, bruno) = (world.ann().await, world.bruno().await);
        bruno
            .get("/people/bruno")
            .await
            .expect(200)
            .contains("First steps")
            .lacks("</a> <span class=\"muted\">done");
        let url = ask(&ann, TITLE, BODY, "router").await;
        let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
        ann.get(&url).await;
        ann.post(&format!("/posts/{said}/vote"), &[("value", "1")]).await.expect(303);
        world.settle().await;
        bruno
            .get("/people/bruno")
            .await
            .expect(200)
            .contains("First steps")
            .contains("</a> <span class=\"muted\">done");
        ann.get("/people/bruno").await.expect(200).lacks("First steps");
        let authority: i64 = standings::table
            .find(world.bruno.id)
            .select(standings::authority)
            .first(&mut *world.db.reader().unwrap())
            .unwrap();
        assert!(authority < 10, "one vote is next to nothing: {authority} of a thousand");
    }
);

on_both!(a_kept_page_shows_what_standings_came_to_a_moment_later, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    let id = thread_id(&url);
    world.settle().await;
    let visitor = world.visitor();
    visitor.get(&url).await.expect(200).lacks("Probably right");
    ann.get(&url).await;
    ann.post(&format!("/threads/{id}/acceptance"), &[("answer_id", &said.to_string())]).await.expect(303);
    // The clock stands still: no page grows old by itself.
    until("the kept page shows how likely the answer is right", PATIENCE, async || {
        visitor.get(&url).await.expect(200).text().contains("Probably right")
    })
    .await;
});

on_both!(nobody_votes_without_end_in_a_day, |world| async move {
    let (bruno, carla) = (viewer(&world.bruno), viewer(&world.carla));
    let asker = carla.clone();
    let posts: Vec<PostId> = world
        .db
        .write(move |tx| -> loggia::error::Result<Vec<PostId>> {
            (0..=limits::VOTES_PER_DAY)
                .map(|n| {
                    let new = NewQuestion {
                        title: Title::parse(&format!("The router of the night {n}")).unwrap(),
                        body: Body::parse(BODY, Kind::Question).unwrap(),
                        tags: Vec::new(),
                        submission_key: None,
                    };
                    match loggia::threads::ask(tx, &asker, new)? {
                        Posting::Posted(posted) => Ok(posted.post),
                        other => panic!("{other:?}"),
                    }
                })
                .collect()
        })
        .await
        .unwrap();
    let last = posts[posts.len() - 1];
    let (voter, rest) = (bruno.clone(), posts.clone());
    world
        .db
        .write(move |tx| -> loggia::error::Result<()> {
            for post in &rest[..rest.len() - 1] {
                assert!(matches!(loggia::votes::cast(tx, &voter, *post, 1)?, Cast::Counted { .. }));
            }
            assert_eq!(loggia::votes::cast(tx, &voter, last, 1)?, Cast::Refused("vote-too-many"));
            // What was said may be said otherwise, or taken back.
            assert!(matches!(loggia::votes::cast(tx, &voter, rest[0], -1)?, Cast::Counted { .. }));
            assert!(matches!(loggia::votes::cast(tx, &voter, rest[1], 0)?, Cast::Counted { .. }));
            assert!(matches!(loggia::votes::cast(tx, &voter, last, 1)?, Cast::Counted { .. }));
            assert!(matches!(loggia::votes::cast(tx, &voter, rest[1], 1)?, Cast::Refused(_)));
            Ok(())
        })
        .await
        .unwrap();
    let browser = world.bruno().await;
    browser.get("/").await;
    let page = browser.post(&format!("/posts/{}/vote", posts[1]), &[("value", "1")]).await;
    page.expect(409).contains("Please go on tomorrow");
    world.clock.advance(DAY);
    let browser = world.bruno().await;
    browser.get("/").await;
    browser.post(&format!("/posts/{}/vote", posts[1]), &[("value", "1")]).await.expect(303);
});

on_both!(copies_in_an_open_house_are_found_as_it_grows_and_once, |world| async move {
    let (ann, bruno, dario) = (world.ann().await, world.bruno().await, world.dario().await);
    const LONG: &str = "Hold the reset button for ten seconds until the lamp turns blue and wait for it. \
                        Then open the settings page of the router and choose the second channel there.";
    let mut copies = Vec::new();
    for n in 0..3 {
        let url = ask(&ann, &format!("A router that sleeps {n} times a night"), BODY, "router").await;
        let own =
            format!("{LONG} On the model of {n} lamps, count to {n} between both of these steps, slowly.");
        if n == 0 {
            answer(&dario, &url, LONG).await;
        }
        copies.push(answer(&bruno, &url, if n == 0 { &own } else { LONG }).await);
        let again = format!("**{LONG}**\n\nHope it helps.");
        copies.push(answer(&bruno, &url, &again).await);
    }
    let search = || {
        let app = world.app.clone();
        aside(move || loggia::findings::search(&app.db).unwrap())
    };
    assert_eq!(search().await, 0, "the ledger has not grown enough");
    world
        .db
        .write(|tx| -> DbResult<()> {
            for _ in 0..60 {
                tx.append(None, Fact::TagDescribed { tag: loggia::kernel::ids::TagId(1) })?;
            }
            Ok(())
        })
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(search().await, 1);
    assert_eq!(search().await, 0);
    let carla = world.carla().await;
    carla.get("/moderation/findings").await.expect(200).contains("Bruno").lacks("Dario");
    let held: Vec<String> =
        findings::table.select(findings::posts).load(&mut *world.db.reader().unwrap()).unwrap();
    assert_eq!(held.len(), 1);
    for copy in &copies[1..] {
        assert!(held[0].split(' ').any(|post| post == copy.to_string()), "{copy} in {held:?}");
    }
});
