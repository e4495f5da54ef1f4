//! tests: appeals against what was taken or decided: who may, what moderators see, what becomes of it, and challenges that
//! are decided anew.
use crate::accounts::newest_mail;
use crate::statements::viewer;
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use crate::visitor::{Page, Visitor};
use crate::world::{World, enrol};
use diesel::prelude::*;
use loggia::accounts::Role;
use loggia::appeals::{self, Acting, Subject};
use loggia::challenges::State;
use loggia::db::DbResult;
use loggia::db::schema::{
    appeals as rows, badge_awards, challenges, events, findings, mails, standings, users,
};
use loggia::kernel::ids::{ChallengeId, EventId, FindingId, TagId, UserId};
use loggia::kernel::limits;
use loggia::kernel::moment::DAY;
use loggia::ledger::Fact;

const ADVICE: &str = "Switch off the nightly update in the settings of the router.";
const EVIDENCE: &str = "The setting is off here since **Monday**, and it still drops.";
const WHY: &str = "Ann pressed the **wrong** button, see her comment below the answer.";

async fn notices(world: &World, of: &Visitor) -> Page {
    world.settle().await;
    of.get("/notices").await
}

/// Bruno's answer is accepted and no longer is: his badge goes. The thread, the answer, and the event that took it.
async fn lost_badge(world: &World) -> (String, i64, i64) {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    let place = format!("/threads/{}/acceptance", thread_id(&url));
    ann.get(&url).await;
    ann.post(&place, &[("answer_id", &said.to_string())]).await.expect(303);
    world.settle().await;
    ann.post(&format!("{place}/removal"), &[]).await.expect(303);
    world.settle().await;
    let event: i64 = badge_awards::table
        .filter(badge_awards::user_id.eq(world.bruno.id))
        .filter(badge_awards::badge.eq("first-solution"))
        .select(badge_awards::revoked_event_id.assume_not_null())
        .first(&mut *world.db.reader().unwrap())
        .unwrap();
    (url, said, event)
}

/// Dario challenges an answer of Bruno's and Carla decides. The thread, the answer and the challenge.
async fn decided_challenge(world: &World, decision: &str) -> (String, i64, i64) {
    let (ann, bruno, dario) = (world.ann().await, world.bruno().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    ann.get(&url).await;
    let place = format!("/threads/{}/acceptance", thread_id(&url));
    ann.post(&place, &[("answer_id", &said.to_string())]).await.expect(303);
    dario.get(&url).await;
    dario.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
    let id: i64 = challenges::table
        .select(diesel::dsl::max(challenges::id).assume_not_null())
        .first(&mut *world.db.reader().unwrap())
        .unwrap();
    let carla = world.carla().await;
    challenge_decision(&carla, id, decision, "Tried it twice in the evening.").await.expect(303);
    world.settle().await;
    (url, said, id)
}

async fn challenge_decision(by: &Visitor, id: i64, decision: &str, reason: &str) -> Page {
    by.get("/").await;
    by.post(&format!("/challenges/{id}/decision"), &[("decision", decision), ("reason", reason)]).await
}

/// A finding of these people that holds their credit, as the search would leave it.
pub async fn hold(world: &World, members: Vec<UserId>) -> FindingId {
    let words = members.iter().map(UserId::to_string).collect::<Vec<_>>().join(" ");
    world
        .db
        .write(move |tx| -> DbResult<FindingId> {
            let finding = diesel::insert_into(findings::table)
                .values((
                    findings::kind.eq("series"),
                    findings::members.eq(words),
                    findings::posts.eq(""),
                    findings::pieces.eq(9),
                    findings::of_pieces.eq(10),
                    findings::state.eq("held"),
                    findings::found_at.eq(tx.now),
                ))
                .returning(findings::id)
                .get_result(tx.conn)?;
            tx.append(None, Fact::CreditHeld { finding, members, posts: vec![] })?;
            Ok(finding)
        })
        .await
        .unwrap()
}

/// Decides anew what the decided tab shows as decided the other way.
async fn challenge_anew(by: &Visitor, id: i64, decision: &str, reason: &str) -> Page {
    by.get("/").await;
    let fields = [("decision", decision), ("reason", reason), ("tab", "decided")];
    by.post(&format!("/challenges/{id}/decision"), &fields).await
}

async fn decide(by: &Visitor, id: i64, decision: &str, reason: &str) -> Page {
    by.get("/").await;
    by.post(&format!("/appeals/{id}/decision"), &[("decision", decision), ("reason", reason)]).await
}

fn newest(world: &World) -> i64 {
    rows::table
        .select(diesel::dsl::max(rows::id).assume_not_null())
        .first(&mut *world.db.reader().unwrap())
        .unwrap()
}

fn happened(world: &World, kind: &str) -> i64 {
    events::table.filter(events::kind.eq(kind)).count().get_result(&mut *world.db.reader().unwrap()).unwrap()
}

fn points(world: &World, user: UserId) -> i64 {
    let mut conn = world.db.reader().unwrap();
    standings::table.find(user).select(standings::points).first(&mut *conn).unwrap_or(0)
}

async fn moderator(world: &World, name: &'static str) -> Visitor {
    let email: &'static str = Box::leak(format!("{name}@example.com").into_boxed_str());
    let row = (name, name, email, Role::Moderator, "");
    let person = world.db.write(move |tx| enrol(tx, &row)).await.unwrap();
    world.signed_in(&person).await
}

on_both!(a_badge_that_was_taken_back_is_given_back_on_appeal_and_can_be_taken_again, |world| async move {
    let (_, said, event) = lost_badge(&world).await;
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    bruno.get("/appeals").await.expect(200).contains("You have appealed against nothing");
    let form_url = format!("/appeals/new?badge=first-solution&amp;topic=0&amp;event={event}");
    let page = bruno.get("/people/bruno?tab=badges").await;
    page.expect(200).contains("Taken back").contains(&form_url);
    // Only its owner is offered that; a moderator sees what was taken.
    carla.get("/people/bruno?tab=badges").await.expect(200).contains("Taken back").lacks("/appeals/new");
    world.visitor().get("/people/bruno?tab=badges").await.expect(200).lacks("/appeals/new");
    // The notice leads there too, without knowing the topic.
    let told = bruno.get("/notices").await;
    told.expect(200).contains(&format!("/appeals/new?badge=first-solution&amp;event={event}"));
    let form = bruno.get(&format!("/appeals/new?badge=first-solution&event={event}")).await;
    form.expect(200)
        .contains("The badge First solution was taken back")
        .contains("an answer is no longer accepted as the solution")
        .contains("What would bring it back")
        .contains(&format!("href=\"/posts/{said}\""))
        .contains("You can appeal until");
    bruno.submit(&form, "/appeals", &[("body", "Please.")]).await.expect(422).contains("write a little more");
    bruno.submit(&form, "/appeals", &[("body", WHY)]).await.expect(303).leads_to("/appeals");
    bruno
        .get("/appeals")
        .await
        .expect(200)
        .contains("<strong>wrong</strong> button")
        .contains("Your appeal waits for a moderator");
    bruno.get("/people/bruno?tab=badges").await.contains("Your appeal waits").lacks(&form_url);
    bruno
        .get(&format!("/appeals/new?badge=first-solution&event={event}"))
        .await
        .expect(200)
        .contains("removal");
    // It is nobody else's to see.
    ann.get("/appeals").await.expect(200).lacks("see her comment");
    ann.get("/moderation/appeals").await.expect(404);

    carla.get("/").await.contains("<span class=\"pill\">1</span>");
    let queue = carla.get("/moderation/appeals").await;
    queue
        .expect(200)
        .contains("<strong>wrong</strong> button")
        .contains("an answer is no longer accepted as the solution")
        .contains("% before and is")
        .contains(&format!("#{event}"))
        .contains(&format!("href=\"/posts/{said}\""))
        .contains("href=\"/people/bruno\"");
    let id = newest(&world);
    decide(&carla, id, "upheld", "no").await.expect(422);
    decide(&carla, id, "upheld", "Ann says <i>so</i> herself.").await.expect(303);
    decide(&carla, id, "upheld", "Once more, by mistake.").await.expect(303);
    carla.get("/").await.lacks("<span class=\"pill\">1</span>");
    carla.get("/moderation/appeals").await.contains("No open appeals");
    assert_eq!(happened(&world, "badge_reinstated"), 1);
    world.settle().await;
    let page = world.visitor().get("/people/bruno?tab=badges").await;
    page.expect(200).contains("First solution").contains("Given back on appeal");
    let told = bruno.get("/notices").await;
    told.expect(200)
        .contains("Moderators uphold your appeal: Ann says &lt;i&gt;so")
        .lacks("You earned the badge First solution and");
    assert_eq!(told.text().matches("You earned the badge").count(), 1, "when it was accepted, not now");
    assert_eq!(newest_mail(&world, "bruno@example.com").unwrap().0, "Your appeal was upheld");
    bruno.get("/appeals").await.contains("Upheld").contains("Ann says &lt;i&gt;so");
    bruno.get("/people/bruno?tab=badges").await.contains("Your appeal was decided");
    carla.get("/moderation/log").await.contains("upheld an appeal").contains("Ann says &lt;i&gt;so");

    // Taken again, the measures alone say whether it is held.
    let decided = carla.get("/moderation/appeals?tab=decided").await;
    decided.expect(200).contains("Take it again");
    // An old page of the open ones does not do that: there it was undecided.
    decide(&carla, id, "rejected", "I had not seen that.").await.expect(303).leads_to("/moderation/appeals");
    assert_eq!(happened(&world, "appeal_decided"), 1);
    let place = format!("/appeals/{id}/decision");
    carla.submit(&decided, &place, &[("reason", "Ann meant another answer.")]).await.expect(303);
    carla.submit(&decided, &place, &[("reason", "Once more, by mistake.")]).await.expect(303);
    assert_eq!(happened(&world, "appeal_decided"), 2);
    world.settle().await;
    world.visitor().get("/people/bruno?tab=badges").await.lacks("Given back on appeal");
    // Told once, with the reason, and without a way to appeal.
    let told = notices(&world, &bruno).await;
    told.contains("took back what your appeal had given you: Ann meant another")
        .lacks("because moderators took back that they had given it back");
    bruno.get("/appeals").await.contains("Not upheld").contains("Ann meant another answer.");
    carla.get("/moderation/log").await.contains("took back what an appeal had given");
    // That is final: neither this nor the second loss can be appealed against.
    bruno.get("/people/bruno?tab=badges").await.expect(200).lacks("/appeals/new");
    assert_eq!(happened(&world, "badge_reinstatement_withdrawn"), 1);
    decide(&carla, id, "upheld", "Back and forth it goes.").await.expect(303);
    assert_eq!(happened(&world, "badge_reinstated"), 1);
});

on_both!(whoever_a_finding_holds_hears_it_and_an_upheld_appeal_releases_it, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    ann.get(&url).await;
    let place = format!("/threads/{}/acceptance", thread_id(&url));
    ann.post(&place, &[("answer_id", &said.to_string())]).await.expect(303);
    world.settle().await;
    let before = (points(&world, world.ann.id), points(&world, world.bruno.id));
    assert!(before.1 > 0);
    let finding = hold(&world, vec![world.ann.id, world.bruno.id]).await;
    let form_url = format!("/appeals/new?finding={finding}");
    for (reader, email) in [(&ann, "ann@example.com"), (&bruno, "bruno@example.com")] {
        notices(&world, reader).await.contains("Credit of yours is held back");
        assert!(newest_mail(&world, email).is_some());
    }
    let page = bruno.get("/notices").await;
    assert!(page.forms().iter().any(|form| form.ends_with("/reading")));
    assert_eq!(points(&world, world.bruno.id), 0);
    bruno.get("/people/bruno?tab=points").await.expect(200).contains("held back").contains(&form_url);
    carla.get("/people/bruno?tab=points").await.expect(200).lacks(&form_url);
    let form = bruno.get(&form_url).await;
    form.expect(200).contains("Credit is held back").contains("9 of 10 pieces (90 %)").lacks("Whom it holds");
    // Whom it does not hold has nothing to appeal against, nor learns that it is there.
    let strange = world.dario().await.get(&form_url).await;
    strange.expect(403).contains("nothing here that you can appeal against").lacks("9 of 10");
    bruno
        .submit(&form, "/appeals", &[("body", "We work in **one** shop, and I solve what she asks.")])
        .await
        .expect(303);
    let queue = carla.get("/moderation/appeals").await;
    queue
        .expect(200)
        .contains("9 of 10 pieces (90 %)")
        .contains("href=\"/people/ann\"")
        .contains("in <strong>one</strong> shop");
    decide(&carla, newest(&world), "upheld", "They work in one shop.").await.expect(303);
    world.settle().await;
    assert_eq!((points(&world, world.ann.id), points(&world, world.bruno.id)), before);
    carla.get("/moderation/findings?tab=released").await.contains("They work in one shop.");
    notices(&world, &ann).await.contains("Credit of yours that was held back counts again");
    // Who appealed hears it once, with the reason.
    notices(&world, &bruno).await.contains("uphold your appeal: They work in one shop").lacks("counts again");
    bruno.get(&form_url).await.expect(200).contains("They work in one shop.");
    ann.get(&form_url).await.expect(403).contains("nothing to give back");
});

on_both!(a_finding_of_an_import_or_of_long_ago_is_no_news, |world| async move {
    let (bruno, dario) = (world.bruno().await, world.dario().await);
    let (old, imported) = (vec![world.bruno.id], vec![world.dario.id]);
    world
        .db
        .write(move |tx| -> DbResult<()> {
            let now = tx.now;
            let held = |members| Fact::CreditHeld { finding: FindingId(99), members, posts: vec![] };
            diesel::insert_into(events::table)
                .values((
                    events::at.eq(now.plus(-limits::STANDING_NEWS)),
                    events::kind.eq("credit_held"),
                    events::data.eq(serde_json::to_string(&held(old)).unwrap()),
                    events::imported.eq(false),
                ))
                .execute(tx.conn)?;
            loggia::db::Tx::past(tx.conn, now, &mut Vec::new()).append(None, held(imported))?;
            Ok(())
        })
        .await
        .unwrap();
    notices(&world, &bruno).await.expect(200).lacks("held back");
    notices(&world, &dario).await.expect(200).lacks("held back");
    hold(&world, vec![world.bruno.id]).await;
    notices(&world, &bruno).await.contains("held back");
});

on_both!(an_authors_upheld_appeal_makes_the_answer_stand_again, |world| async move {
    let (url, _, id) = decided_challenge(&world, "upheld").await;
    let (ann, bruno, dario, elena) =
        (world.ann().await, world.bruno().await, world.dario().await, world.elena().await);
    let form_url = format!("/appeals/new?challenge={id}");
    notices(&world, &ann).await.contains("An answer you relied on proved wrong");
    assert_eq!(points(&world, world.dario.id), 5);
    bruno.get(&url).await.expect(200).contains(&form_url);
    for other in [&ann, &dario, &world.visitor()] {
        other.get(&url).await.expect(200).contains("Superseded").lacks(&form_url);
    }
    bruno.get("/notices").await.contains("found an answer of yours wrong: Tried it").contains(&form_url);
    let form = bruno.get(&form_url).await;
    form.expect(200).contains("Tried it twice").contains("nightly update").lacks("since <strong>Monday");
    dario.get(&form_url).await.expect(403).contains("nothing to give back");
    bruno.submit(&form, "/appeals", &[("body", WHY)]).await.expect(303);
    // Carla decided the challenge: an admin, or another moderator, looks at it.
    let carla = world.carla().await;
    let queue = carla.get("/moderation/appeals").await;
    queue.expect(200).contains("You decided what this is about").lacks("/decision\"");
    let appeal = newest(&world);
    decide(&carla, appeal, "upheld", "On second thoughts.").await.expect(409).contains("You decided what");
    let queue = elena.get("/moderation/appeals").await;
    queue.expect(200).contains("since <strong>Monday").contains("Tried it twice").contains("Carla");
    decide(&elena, appeal, "upheld", "It was tried on an older model.").await.expect(303);
    world.settle().await;
    let page = world.visitor().get(&url).await;
    page.expect(200).contains("solution-title").lacks("Superseded");
    assert_eq!(happened(&world, "challenge_decided"), 2);
    assert_eq!(points(&world, world.dario.id), -5);
    notices(&world, &bruno)
        .await
        .contains("uphold your appeal: It was tried on an older")
        .lacks("your answer stands after all");
    notices(&world, &dario).await.contains("let the answer stand now that you challenged: It was tried");
    notices(&world, &ann).await.contains("An answer that was found wrong stands after all");
    let subject = newest_mail(&world, "ann@example.com").unwrap().0;
    assert!(subject.starts_with("It stands after all"), "{subject}");
    elena.get("/moderation/log").await.contains("upheld an appeal").contains("rejected a challenge");
    // What they appealed against stands there as it was, not as it is now.
    bruno
        .get("/appeals")
        .await
        .expect(200)
        .contains("An answer was found wrong")
        .lacks("A challenge was rejected");
    // The challenger, against whom it went now, may appeal in turn; the author has had their turn.
    dario.get("/notices").await.contains(&form_url);
    let form = dario.get(&form_url).await;
    form.expect(200).contains("since <strong>Monday");
    dario.submit(&form, "/appeals", &[("body", WHY)]).await.expect(303);
    let gina = moderator(&world, "gina").await;
    decide(&gina, newest(&world), "upheld", "It fails on mine as well.").await.expect(303);
    world.settle().await;
    assert_eq!(points(&world, world.dario.id), 5);
    world.visitor().get(&url).await.contains("Superseded");
    notices(&world, &bruno).await.contains("found an answer of yours wrong after all: It fails");
    bruno.get(&form_url).await.expect(200).contains("It was tried on an older model.");
    bruno.post("/appeals", &[("challenge", &id.to_string()), ("body", WHY)]).await.expect(303);
    assert_eq!(happened(&world, "appeal_made"), 2, "once for each matter");
});

on_both!(an_appeal_that_is_not_upheld_leaves_all_as_it_was_and_says_why, |world| async move {
    let (url, _, event) = lost_badge(&world).await;
    let (bruno, carla) = (world.bruno().await, world.carla().await);
    let finding = hold(&world, vec![world.ann.id, world.bruno.id]).await;
    world.settle().await;
    for subject in [format!("badge=first-solution&event={event}"), format!("finding={finding}")] {
        let form = bruno.get(&format!("/appeals/new?{subject}")).await;
        bruno.submit(form.expect(200), "/appeals", &[("body", WHY)]).await.expect(303);
        decide(&carla, newest(&world), "rejected", "She meant the other answer.").await.expect(303);
        decide(&carla, newest(&world), "upheld", "She meant this answer.").await.expect(303);
    }
    world.settle().await;
    assert_eq!((happened(&world, "badge_reinstated"), happened(&world, "credit_released")), (0, 0));
    assert_eq!(happened(&world, "appeal_decided"), 2);
    world.visitor().get("/people/bruno?tab=badges").await.lacks("Given back on appeal");
    carla.get("/moderation/findings").await.contains("9 of 10");
    let told = notices(&world, &bruno).await;
    told.expect(200).contains("looked at your appeal and leave it as it is: She meant the other");
    assert_eq!(newest_mail(&world, "bruno@example.com").unwrap().0, "Your appeal was looked at");
    bruno.get("/appeals").await.contains("Not upheld").contains("She meant the other answer.");
    carla.get("/moderation/log").await.contains("left as it was what somebody appealed against");
    carla.get("/moderation/appeals?tab=decided").await.contains("She meant the other").lacks("Take it again");
    world.visitor().get(&url).await.expect(200).lacks("solution-title");
});

on_both!(what_is_not_ones_own_or_late_or_twice_or_too_much_is_refused_with_a_word, |world| async move {
    let (_, _, event) = lost_badge(&world).await;
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let finding = hold(&world, vec![world.carla.id]).await;
    let event = event.to_string();
    let not_here = "nothing here that you can appeal against";
    for query in [
        "",
        "badge=first-solution",
        "badge=first-solution&event=x",
        "badge=first-solution&event=999999",
        &format!("badge=first-answer&event={event}"),
        &format!("badge=first-solution&topic=7&event={event}"),
        &format!("badge=%27%3BDROP&event={event}"),
        &format!("finding={finding}"),
        "finding=999999",
        "challenge=999999",
        "challenge=-1",
    ] {
        let page = bruno.get(&format!("/appeals/new?{query}")).await;
        page.expect(403).contains(not_here);
        let pairs: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain([("body".to_owned(), WHY.to_owned())])
            .collect();
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // What was typed is given back.
        bruno.post("/appeals", &pairs).await.expect(403).contains(not_here).contains("**wrong** button");
    }
    let fields = [("badge", "first-solution"), ("topic", "0"), ("event", event.as_str()), ("body", WHY)];
    ann.get("/").await;
    ann.post("/appeals", &fields).await.expect(403).contains(not_here);
    bruno
        .post("/appeals", &[&fields[..3], &[("body", &"x".repeat(limits::MAX_APPEAL + 1))]].concat())
        .await
        .expect(422);
    world.visitor().get("/appeals").await.expect(303);
    assert_eq!(happened(&world, "appeal_made"), 0);

    // A challenge that is not decided is nothing to appeal against, nor to learn of.
    let url = ask(&ann, "The lamp in the hall flickers at night", BODY, "lamp").await;
    let said = answer(&bruno, &url, ADVICE).await;
    ann.get(&url).await;
    ann.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
    let open: ChallengeId =
        challenges::table.select(challenges::id).first(&mut *world.db.reader().unwrap()).unwrap();
    bruno.get(&format!("/appeals/new?challenge={open}")).await.expect(403).contains(not_here);
    ann.get(&format!("/appeals/new?challenge={open}")).await.expect(403).contains("nothing to give back");

    // Twice, while one waits: it is there once. Taken back, it may be made again.
    for _ in 0..2 {
        bruno.post("/appeals", &fields).await.expect(303);
    }
    assert_eq!(happened(&world, "appeal_made"), 1);
    let removal = format!("/appeals/{}/removal", newest(&world));
    ann.post(&removal, &[]).await.expect(404);
    let page = bruno.get("/appeals").await;
    bruno.submit(&page, &removal, &[]).await.expect(303);
    bruno.submit(&page, &removal, &[]).await.expect(303);
    assert_eq!(happened(&world, "appeal_withdrawn"), 1);
    bruno.get("/appeals").await.contains("You have appealed against nothing");
    let (carla, old) = (world.carla().await, newest(&world));
    decide(&carla, old, "upheld", "Too late for that one.").await.expect(303);
    assert_eq!(happened(&world, "appeal_decided"), 0, "what is taken back is not decided");
    bruno.post("/appeals", &fields).await.expect(303);
    assert_eq!(happened(&world, "appeal_made"), 2);
    decide(&carla, 999_999, "upheld", "There is no such thing.").await.expect(404);
    decide(&carla, newest(&world), "perhaps", "Neither nor, I think.").await.expect(422);
    decide(&ann, newest(&world), "upheld", "I am no moderator.").await.expect(404);

    // So many a day; who is suspended appeals against nothing; and after two months nobody does.
    let (person, user) = (viewer(&world.bruno), world.bruno.id);
    let made = world
        .db
        .write(move |tx| -> loggia::error::Result<_> {
            let text = appeals::parse_text(WHY).unwrap();
            let mut made = Vec::new();
            for n in 0..=limits::APPEALS_PER_DAY {
                let finding: FindingId = diesel::insert_into(findings::table)
                    .values((
                        findings::kind.eq("contrary"),
                        findings::members.eq(user.to_string()),
                        findings::posts.eq(""),
                        findings::pieces.eq(n),
                        findings::of_pieces.eq(10),
                        findings::state.eq("upheld"),
                        findings::found_at.eq(tx.now.plus(if n == 0 { -61 * DAY } else { -59 * DAY })),
                    ))
                    .returning(findings::id)
                    .get_result(tx.conn)?;
                let mut person = person.clone();
                if n == 1 {
                    person.suspended_until = Some(tx.now.plus(DAY));
                }
                made.push(appeals::make(tx, &person, &Subject::Finding(finding), &text)?);
            }
            Ok(made)
        })
        .await
        .unwrap();
    let day = usize::try_from(limits::APPEALS_PER_DAY).unwrap();
    assert_eq!(made[0], Acting::Refused("appeal-too-late"));
    assert_eq!(made[1], Acting::Refused("you-are-suspended"));
    // Two were made above.
    assert_eq!(made[2..day], vec![Acting::Done; day - 2]);
    assert_eq!(made[day], Acting::Refused("appeal-too-many"));
    world.clock.advance(61 * DAY);
    let bruno = world.bruno().await;
    bruno.get("/people/bruno?tab=badges").await.expect(200).lacks("/appeals/new");
});

on_both!(what_came_back_by_itself_or_is_no_more_is_not_appealed_against, |world| async move {
    let (url, said, event) = lost_badge(&world).await;
    let (ann, bruno, carla, elena) =
        (world.ann().await, world.bruno().await, world.carla().await, world.elena().await);
    let form_url = format!("/appeals/new?badge=first-solution&event={event}");
    let form = bruno.get(&form_url).await;
    ann.get(&url).await;
    let place = format!("/threads/{}/acceptance", thread_id(&url));
    ann.post(&place, &[("answer_id", &said.to_string())]).await.expect(303);
    world.settle().await;
    bruno.get(&form_url).await.expect(403).contains("You hold this badge again");
    bruno.submit(&form, "/appeals", &[("body", WHY)]).await.expect(403).contains("**wrong**");
    bruno.get("/people/bruno?tab=badges").await.expect(200).contains("Taken back").lacks("/appeals/new");
    ann.post(&format!("{place}/removal"), &[]).await.expect(303);
    world.settle().await;
    bruno.submit(&form, "/appeals", &[("body", WHY)]).await.expect(303);
    // Rules are read once by when they were written, and other houses of this process stand at the same moment.
    world.clock.advance(DAY + 7);
    let rules = "[[badge]]\nid = \"lamplighter\"\nname = \"Lamplighter\"\nlevel = \"silver\"\nneeds = { answers = 9 }\n";
    world.db.write(move |tx| loggia::badges::change_rules(tx, None, None, rules).map(drop)).await.unwrap();
    world.settle().await;
    // A badge that is no longer given cannot be given back; the appeal may still be answered.
    decide(&carla, newest(&world), "upheld", "It was a mistake.")
        .await
        .expect(409)
        .contains("no longer given");
    assert_eq!(happened(&world, "appeal_decided"), 0);
    bruno.get("/people/bruno?tab=badges").await.expect(200).contains("Your appeal waits");
    decide(&elena, newest(&world), "rejected", "This badge is no longer given.").await.expect(303);
    assert_eq!(happened(&world, "appeal_decided"), 1);
});

on_both!(nobody_decides_their_own_appeal_and_an_admin_may_about_what_they_decided, |world| async move {
    let (carla, elena) = (world.carla().await, world.elena().await);
    let gina = moderator(&world, "gina").await;
    let of_carla = hold(&world, vec![world.carla.id, world.dario.id]).await;
    let of_elena = hold(&world, vec![world.elena.id]).await;
    world.settle().await;
    for (by, finding) in [(&carla, of_carla), (&elena, of_elena)] {
        let form = by.get(&format!("/appeals/new?finding={finding}")).await;
        by.submit(form.expect(200), "/appeals", &[("body", WHY)]).await.expect(303);
        let page = by.get("/moderation/appeals").await;
        page.expect(200).contains("This is about you, or yours");
        decide(by, newest(&world), "upheld", "I am right, I think.").await.expect(409).contains("about you");
    }
    decide(&gina, newest(&world), "upheld", "One fan is no fraud.").await.expect(303);
    // Kept back for good by Elena, it is hers to look at again: a house may have no other.
    elena.get("/").await;
    let fields = [("decision", "upheld"), ("note", "Looked at it.")];
    elena.post(&format!("/findings/{of_carla}/decision"), &fields).await.expect(303);
    decide(&elena, newest(&world) - 1, "upheld", "I looked again, and was wrong.").await.expect(303);
    let states: Vec<String> = findings::table
        .order(findings::id)
        .select(findings::state)
        .load(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(states, ["released", "released"]);
});

on_both!(moderators_decide_a_challenge_anew_and_everybody_hears_how_it_is_now, |world| async move {
    let (url, said, id) = decided_challenge(&world, "rejected").await;
    let (ann, bruno, carla, dario) =
        (world.ann().await, world.bruno().await, world.carla().await, world.dario().await);
    notices(&world, &bruno).await.contains("moderators let it stand: Tried it");
    let told = notices(&world, &dario).await;
    told.contains("let the answer stand that you challenged")
        .contains(&format!("/appeals/new?challenge={id}"));
    assert_eq!(points(&world, world.dario.id), -5);
    let page = carla.get("/moderation/challenges?tab=decided").await;
    page.expect(200)
        .contains("Rejected: the answer stands</b>: Tried it twice")
        .contains("since <strong>Monday")
        .contains("Decide anew");
    carla.get("/moderation/challenges").await.contains("No open challenges");
    dario.get("/").await;
    challenge_decision(&dario, id, "upheld", "I know better.").await.expect(404);
    // The same again is no decision.
    challenge_decision(&carla, id, "rejected", "As I said before.").await.expect(303);
    assert_eq!(happened(&world, "challenge_decided"), 1);
    let place = format!("/challenges/{id}/decision");
    carla
        .submit(&page, &place, &[("reason", "It fails on the new model.")])
        .await
        .expect(303)
        .leads_to("/moderation/challenges?tab=decided");
    world.settle().await;
    assert_eq!(points(&world, world.dario.id), 5);
    world.visitor().get(&url).await.contains("Superseded").contains("It fails on the new model.");
    notices(&world, &bruno).await.contains("found an answer of yours wrong after all: It fails");
    notices(&world, &dario).await.contains("agree now that the answer you challenged is wrong: It fails");
    notices(&world, &ann).await.contains("An answer you relied on proved wrong");
    challenge_anew(&carla, id, "rejected", "The new model was broken.").await.expect(303);
    world.settle().await;
    assert_eq!(points(&world, world.dario.id), -5);
    world.visitor().get(&url).await.contains("solution-title").lacks("Superseded");
    notices(&world, &bruno).await.contains("your answer stands after all: The new model");
    notices(&world, &dario).await.contains("let the answer stand now that you challenged: The new model");
    notices(&world, &ann).await.contains("An answer that was found wrong stands after all");
    // Decided twice before anybody was told, only what holds is told; and while another challenge stands, the answer
    // does not.
    let elena = world.elena().await;
    elena.get(&url).await;
    elena.post(&format!("/posts/{said}/challenges"), &[("evidence", EVIDENCE)]).await.expect(303);
    let moderator = viewer(&world.carla);
    world
        .db
        .write(move |tx| -> loggia::error::Result<()> {
            let decisions = [
                (id + 1, State::Open, true, "It fails on the old one."),
                (id, State::Rejected, true, "On both models."),
                (id, State::Upheld, false, "Only on the old one."),
            ];
            for (id, seen, upheld, reason) in decisions {
                loggia::challenges::decide(tx, &moderator, ChallengeId(id), seen, upheld, reason)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let told = notices(&world, &bruno).await;
    told.contains("It fails on the old one.").lacks("On both models").lacks("Only on the old one");
    notices(&world, &dario).await.lacks("On both models").contains("Only on the old one");
    world.visitor().get(&url).await.contains("Superseded");
    carla.get("/moderation/challenges?tab=gone").await.expect(404);
    carla
        .get("/moderation/log")
        .await
        .contains("found an answer wrong")
        .contains("rejected a challenge of an answer");
});

on_both!(an_appeal_is_in_the_copy_of_ones_data_and_goes_with_who_leaves, |world| async move {
    let (_, _, event) = lost_badge(&world).await;
    let bruno = world.bruno().await;
    let form = bruno.get(&format!("/appeals/new?badge=first-solution&event={event}")).await;
    bruno.submit(form.expect(200), "/appeals", &[("body", WHY)]).await.expect(303);
    let (now, user) = (world.clock.now(), world.bruno.id);
    let data = loggia::privacy::own_data(&mut world.db.reader().unwrap(), user, now).unwrap();
    assert_eq!(data["appeals"][0]["text"], WHY);
    assert_eq!(data["appeals"][0]["badge"], "first-solution");
    assert_eq!(data["appeals"][0]["state"], "open");
    let erased = world.db.write(move |tx| loggia::privacy::erase(tx, None, user)).await.unwrap();
    assert_eq!(erased, loggia::privacy::Erasing::Erased);
    let left: (String, String, String) = rows::table
        .select((rows::state, rows::text_md, rows::text_html))
        .first(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(left, ("withdrawn".into(), String::new(), String::new()));
    assert_eq!(happened(&world, "appeal_withdrawn"), 1);
    world.carla().await.get("/moderation/appeals").await.expect(200).contains("No open appeals");
    world.settle().await;
});

on_both!(the_queue_of_appeals_is_paged_and_what_is_gone_says_so, |world| async move {
    let page = usize::try_from(limits::PAGE_ROWS).unwrap();
    let user = world.bruno.id;
    world
        .db
        .write(move |tx| -> DbResult<()> {
            for n in 0..=page {
                let subject =
                    Subject::Award { badge: "gone".into(), tag: TagId(0), event: EventId(n as i64) };
                let Subject::Award { badge, event, .. } = subject else { unreachable!() };
                diesel::insert_into(rows::table)
                    .values((
                        rows::user_id.eq(user),
                        rows::subject.eq("award"),
                        rows::subject_id.eq(event.0),
                        rows::badge.eq(badge),
                        rows::text_md.eq(""),
                        rows::text_html.eq(format!("<p>Appeal number {n}:</p>")),
                        rows::state.eq("open"),
                        rows::created_at.eq(tx.now),
                    ))
                    .execute(tx.conn)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let carla = world.carla().await;
    for (visitor, path) in [(&carla, "/moderation/appeals"), (&world.bruno().await, "/appeals")] {
        let (first, last) = if path == "/appeals" { (page, 0) } else { (0, page) };
        let seen = visitor.get(path).await;
        seen.expect(200).contains(&format!("number {first}:")).lacks(&format!("number {last}:"));
        seen.contains("no longer there");
        let next = seen.links().into_iter().find(|link| link.contains(&format!("{path}?after="))).unwrap();
        let second = visitor.get(&next.replace("&amp;", "&")).await;
        second.expect(200).contains(&format!("number {last}:")).lacks(&format!("number {first}:"));
    }
});

on_both!(moderators_see_what_took_a_badge_but_not_whose_vote_it_was, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&carla, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    ann.get(&url).await;
    for value in ["1", "0"] {
        ann.post(&format!("/posts/{said}/vote"), &[("value", value)]).await.expect(303);
        world.settle().await;
    }
    let page = bruno.get("/people/bruno?tab=badges").await;
    let form = page.links().into_iter().find(|link| link.starts_with("/appeals/new")).unwrap();
    let form = bruno.get(&form.replace("&amp;", "&")).await;
    form.expect(200).contains("The badge First answer was taken back").contains("votes have changed");
    bruno.submit(&form, "/appeals", &[("body", WHY)]).await.expect(303);
    let queue = carla.get("/moderation/appeals").await;
    queue.expect(200).contains("votes have changed").contains(&format!("/posts/{said}")).lacks("/people/ann");
});

on_both!(the_author_of_an_answer_that_a_finding_is_about_hears_it_and_may_appeal, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    let finding = world
        .db
        .write(move |tx| -> DbResult<FindingId> {
            let finding = diesel::insert_into(findings::table)
                .values((
                    findings::kind.eq("copies"),
                    findings::members.eq(""),
                    findings::posts.eq(said.to_string()),
                    findings::pieces.eq(3),
                    findings::of_pieces.eq(3),
                    findings::state.eq("held"),
                    findings::found_at.eq(tx.now),
                ))
                .returning(findings::id)
                .get_result(tx.conn)?;
            let posts = vec![loggia::kernel::ids::PostId(said)];
            tx.append(None, Fact::CreditHeld { finding, members: vec![], posts })?;
            Ok(finding)
        })
        .await
        .unwrap();
    notices(&world, &ann).await.lacks("held back");
    notices(&world, &bruno).await.contains("held back");
    ann.get(&format!("/appeals/new?finding={finding}")).await.expect(403);
    let form = bruno.get(&format!("/appeals/new?finding={finding}")).await;
    form.expect(200).contains("Copied answers").contains(&format!("/posts/{said}"));
    bruno.submit(&form, "/appeals", &[("body", WHY)]).await.expect(303);
});

/// A finding of copies that holds this answer, as the search would leave it.
async fn hold_copy(world: &World, author: UserId, answer: i64) -> FindingId {
    world
        .db
        .write(move |tx| -> DbResult<FindingId> {
            let finding = diesel::insert_into(findings::table)
                .values((
                    findings::kind.eq("copies"),
                    findings::members.eq(author.to_string()),
                    findings::posts.eq(answer.to_string()),
                    findings::pieces.eq(3),
                    findings::of_pieces.eq(3),
                    findings::state.eq("held"),
                    findings::found_at.eq(tx.now),
                ))
                .returning(findings::id)
                .get_result(tx.conn)?;
            let posts = vec![loggia::kernel::ids::PostId(answer)];
            tx.append(None, Fact::CreditHeld { finding, members: vec![], posts })?;
            Ok(finding)
        })
        .await
        .unwrap()
}

async fn accept(by: &Visitor, url: &str, answer: i64) {
    by.get(url).await;
    let place = format!("/threads/{}/acceptance", thread_id(url));
    by.post(&place, &[("answer_id", &answer.to_string())]).await.expect(303);
}

on_both!(whoever_stood_on_the_word_of_one_who_is_silenced_hears_it_and_may_appeal, |world| async move {
    let (ann, bruno, carla, dario, elena) = (
        world.ann().await,
        world.bruno().await,
        world.carla().await,
        world.dario().await,
        world.elena().await,
    );
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    let liked = answer(&dario, &url, "Hold the reset button for ten seconds and set it up anew.").await;
    let disliked = answer(&elena, &url, "Buy another one from the shop at the corner.").await;
    accept(&ann, &url, said).await;
    for (post, value) in [(liked, "1"), (disliked, "-1")] {
        ann.post(&format!("/posts/{post}/vote"), &[("value", value)]).await.expect(303);
    }
    world.settle().await;
    let of = |person: &crate::world::Person| points(&world, person.id);
    let before = (of(&world.bruno), of(&world.dario));
    assert!(before.0 > 0 && before.1 > 0 && of(&world.elena) < 0, "{before:?}");
    // One member: nothing Ann ever said counts.
    let finding = hold(&world, vec![world.ann.id]).await;
    let form_url = format!("/appeals/new?finding={finding}");
    for (reader, email) in [(&bruno, "bruno@example.com"), (&dario, "dario@example.com")] {
        let told = notices(&world, reader).await;
        told.contains("Credit of yours is held back");
        assert_eq!(told.text().matches("Credit of yours is held back").count(), 1);
        let subject = newest_mail(&world, email).unwrap().0;
        assert!(subject.starts_with("Credit of yours at"), "{subject}");
        let name = email.split('@').next().unwrap();
        reader.get(&format!("/people/{name}?tab=points")).await.expect(200).contains(&form_url);
        reader.get(&form_url).await.expect(200).contains("9 of 10 pieces");
    }
    assert_eq!((of(&world.bruno), of(&world.dario)), (0, 0));
    // From whom nothing was taken is told nothing, and has nothing to appeal against.
    notices(&world, &elena).await.lacks("held back");
    elena.get("/people/elena?tab=points").await.expect(200).lacks("/appeals/new");
    elena.get(&form_url).await.expect(403);
    carla.get(&form_url).await.expect(403);
    let form = bruno.get(&form_url).await;
    bruno.submit(&form, "/appeals", &[("body", WHY)]).await.expect(303);
    bruno.get("/people/bruno?tab=points").await.expect(200).contains("held back").lacks("/appeals/new");
    decide(&carla, newest(&world), "upheld", "Ann is right.").await.expect(303);
    world.settle().await;
    assert_eq!((of(&world.bruno), of(&world.dario)), before);
    // Released, it is told to whom it gives back, and no link leads to an appeal any more.
    notices(&world, &bruno).await.contains("uphold your appeal: Ann is right").lacks("counts again");
    let told = notices(&world, &dario).await;
    told.contains("Credit of yours that was held back counts again")
        .contains("Credit of yours was held back while moderators looked")
        .lacks("/appeals/new?finding=");
    dario.get("/people/dario?tab=points").await.expect(200).contains("held back").lacks("/appeals/new");
    notices(&world, &elena).await.lacks("held back");
});

on_both!(the_asker_who_accepted_a_copied_answer_hears_that_this_counts_no_more, |world| async move {
    let (ann, bruno, dario) = (world.ann().await, world.bruno().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    accept(&ann, &url, said).await;
    world.settle().await;
    assert!(points(&world, world.ann.id) > 0);
    let finding = hold_copy(&world, world.bruno.id, said).await;
    for reader in [&ann, &bruno] {
        let told = notices(&world, reader).await;
        assert_eq!(told.text().matches("Credit of yours is held back").count(), 1);
        let form = reader.get(&format!("/appeals/new?finding={finding}")).await;
        form.expect(200).contains("Copied answers");
        reader.submit(&form, "/appeals", &[("body", WHY)]).await.expect(303);
    }
    assert_eq!(points(&world, world.ann.id), 0);
    notices(&world, &dario).await.lacks("held back");
});

on_both!(what_moderators_note_about_a_finding_for_their_log_is_theirs_alone, |world| async move {
    let (bruno, carla, elena) = (world.bruno().await, world.carla().await, world.elena().await);
    let finding = hold(&world, vec![world.ann.id, world.bruno.id]).await;
    elena.get("/").await;
    let fields = [("decision", "upheld"), ("note", "The same household, says support.")];
    elena.post(&format!("/findings/{finding}/decision"), &fields).await.expect(303);
    world.settle().await;
    let form = bruno.get(&format!("/appeals/new?finding={finding}")).await;
    form.expect(200).contains("9 of 10 pieces").lacks("household");
    bruno.submit(&form, "/appeals", &[("body", WHY)]).await.expect(303);
    bruno.get("/appeals").await.expect(200).lacks("household");
    carla.get("/moderation/appeals").await.expect(200).contains("The same household, says support.");
});

on_both!(a_badge_that_the_rules_no_longer_have_is_not_offered_for_an_appeal, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    accept(&ann, &url, said).await;
    ann.post(&format!("/posts/{said}/vote"), &[("value", "1")]).await.expect(303);
    world.settle().await;
    bruno.get("/people/bruno?tab=badges").await.contains("First solution").contains("First answer");
    // Rules are read once by when they were written, and other houses of this process stand at the same moment.
    world.clock.advance(DAY + 11);
    let rules = "[[badge]]\nid = \"first-answer\"\nname = \"First answer\"\nlevel = \"bronze\"\nneeds = { answers = 99 }\n";
    world.db.write(move |tx| loggia::badges::change_rules(tx, None, None, rules).map(drop)).await.unwrap();
    let told = notices(&world, &bruno).await;
    told.expect(200).contains("First answer").contains("/appeals");
    let mail = || -> String {
        mails::table
            .filter(mails::recipient.eq("bruno@example.com"))
            .order(mails::id.desc())
            .select(mails::body_text)
            .first(&mut *world.db.reader().unwrap())
            .unwrap()
    };
    assert!(mail().contains("you can appeal"), "one of them is still given: {}", mail());
    world.clock.advance(DAY + 11);
    let rules = "[[badge]]\nid = \"lamplighter\"\nname = \"Lamplighter\"\nlevel = \"silver\"\nneeds = { answers = 1 }\n";
    world.db.write(move |tx| loggia::badges::change_rules(tx, None, None, rules).map(drop)).await.unwrap();
    world.settle().await;
    world.clock.advance(DAY + 11);
    let rules =
        "[[badge]]\nid = \"doorman\"\nname = \"Doorman\"\nlevel = \"silver\"\nneeds = { answers = 9 }\n";
    world.db.write(move |tx| loggia::badges::change_rules(tx, None, None, rules).map(drop)).await.unwrap();
    let told = notices(&world, &bruno).await;
    told.expect(200)
        .contains("the rules of badges changed, and it is no longer given")
        .lacks("badge=lamplighter");
    assert!(mail().contains("no longer given") && !mail().contains("appeal"), "{}", mail());
});

on_both!(members_of_a_finding_do_not_decide_about_the_badges_it_took, |world| async move {
    let (bruno, carla) = (world.bruno().await, world.carla().await);
    let url = ask(&carla, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, ADVICE).await;
    accept(&carla, &url, said).await;
    world.settle().await;
    hold(&world, vec![world.carla.id, world.bruno.id]).await;
    world.settle().await;
    let page = bruno.get("/people/bruno?tab=badges").await;
    let form = page.links().into_iter().find(|link| link.contains("badge=first-solution")).unwrap();
    let form = bruno.get(&form.replace("&amp;", "&")).await;
    form.expect(200).contains("The badge First solution was taken back");
    bruno.submit(&form, "/appeals", &[("body", WHY)]).await.expect(303);
    let queue = carla.get("/moderation/appeals").await;
    queue.expect(200).contains("This is about you, or yours");
    decide(&carla, newest(&world), "upheld", "I know him well.").await.expect(409).contains("about you");
    let gina = moderator(&world, "gina").await;
    decide(&gina, newest(&world), "upheld", "One fan is no fraud.").await.expect(303);
    assert_eq!(happened(&world, "badge_reinstated"), 1);
});

on_both!(who_is_suspended_is_told_so_before_writing_an_appeal, |world| async move {
    let bruno = world.bruno().await;
    let [open, written] = [1, 2].map(|_| hold(&world, vec![world.ann.id, world.bruno.id]));
    let (open, written) = (open.await, written.await);
    world.settle().await;
    let form = bruno.get(&format!("/appeals/new?finding={written}")).await;
    bruno.submit(form.expect(200), "/appeals", &[("body", WHY)]).await.expect(303);
    let (user, until) = (world.bruno.id, world.clock.now().plus(DAY));
    world
        .db
        .write(move |tx| -> DbResult<()> {
            let suspended = diesel::update(users::table.find(user)).set(users::suspended_until.eq(until));
            suspended.execute(tx.conn)?;
            Ok(())
        })
        .await
        .unwrap();
    let refused = bruno.get(&format!("/appeals/new?finding={open}")).await;
    refused.expect(403).contains("suspended").lacks("name=\"body\"");
    // What was written before can be read.
    bruno
        .get(&format!("/appeals/new?finding={written}"))
        .await
        .expect(200)
        .contains("<strong>wrong</strong>");
    world.clock.advance(DAY);
    bruno.get(&format!("/appeals/new?finding={open}")).await.expect(200).contains("name=\"body\"");
});
