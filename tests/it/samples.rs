//! tests: accepted answers drawn at random and judged blind.
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use crate::world::World;
use diesel::prelude::*;
use loggia::db::schema::{answer_standings, samples, standings, topic_standings};
use loggia::db::{DbError, DbResult};
use loggia::error::Error;
use loggia::kernel::ids::{PostId, TagId};
use loggia::kernel::moment::DAY;

const SAID: &str = "Switch off the nightly update in the settings.";

async fn draw(world: &World) -> usize {
    world.db.write(|tx| loggia::samples::draw(tx, loggia::samples::random)).await.unwrap()
}

async fn sweep(world: &World) {
    world.db.write(|tx| -> DbResult<()> { loggia::samples::sweep(tx) }).await.unwrap();
}

/// Ann's question, solved by Bruno: its address and the answer.
async fn solved(world: &World, title: &str) -> (String, i64) {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, title, BODY, "router").await;
    let said = answer(&bruno, &url, SAID).await;
    ann.get(&url).await;
    let id = thread_id(&url);
    ann.post(&format!("/threads/{id}/acceptance"), &[("answer_id", &said.to_string())]).await.expect(303);
    world.settle().await;
    (url, said)
}

/// Somebody or an answer, with two sums.
type Sums = Vec<(i64, i64, i64)>;

/// What everybody has, and what is known of every answer.
fn standings_of(world: &World) -> (Sums, Sums) {
    let mut conn = world.db.reader().unwrap();
    let people = standings::table
        .order(standings::user_id)
        .select((standings::user_id, standings::points, standings::authority))
        .load(&mut *conn)
        .unwrap();
    let answers = answer_standings::table
        .order(answer_standings::post_id)
        .select((
            answer_standings::post_id,
            answer_standings::evidence_right,
            answer_standings::evidence_wrong,
        ))
        .load(&mut *conn)
        .unwrap();
    (people, answers)
}

fn states(world: &World) -> Vec<(PostId, String)> {
    samples::table
        .order(samples::id)
        .select((samples::post_id, samples::state))
        .load(&mut *world.db.reader().unwrap())
        .unwrap()
}

on_both!(a_sample_shows_nothing_of_what_is_known_and_two_who_agree_settle_it, |world| async move {
    let (_, said) = solved(&world, TITLE).await;
    ask(&world.ann().await, "Another router that nobody helped with", BODY, "router").await;
    assert_eq!(draw(&world).await, 1, "only accepted answers");
    assert_eq!(draw(&world).await, 0, "and each once");
    let standing = standings_of(&world);
    let (carla, dario, elena) = (world.carla().await, world.dario().await, world.elena().await);
    let page = carla.get("/samples").await;
    page.expect(200)
        .contains(TITLE)
        .contains(SAID)
        .lacks("Bruno")
        .lacks("Ann<")
        .lacks("ccepted</")
        .lacks("/posts/");
    carla.get("/moderation").await.expect(200).contains("/samples");
    elena.get("/admin/calibration").await.expect(200).contains("None was judged yet").contains("Waiting");

    let action = "/samples/1/judgement";
    carla.submit(&page, action, &[]).await.expect(422);
    let judge = |value| [("judgement", value)];
    carla.get("/samples").await;
    carla.post(action, &judge("right")).await.expect(303).leads_to("/samples?judged=1");
    carla
        .get("/samples?judged=1")
        .await
        .expect(200)
        .contains(&format!("/posts/{said}"))
        .contains("Nothing waits");
    dario.get("/samples?judged=1").await.expect(200).lacks(&format!("/posts/{said}"));
    carla.post(action, &judge("wrong")).await.expect(303).leads_to("/samples");
    assert_eq!(states(&world), [(PostId(said), "open".to_owned())]);
    dario.post(action, &judge("right")).await.expect(303);
    assert_eq!(states(&world), [(PostId(said), "right".to_owned())]);
    elena.post(action, &judge("wrong")).await.expect(303).leads_to("/samples");
    elena.get("/admin/calibration").await.expect(200).contains("100 %").contains("nine times in ten");
    // It measures, and moves nothing.
    world.settle().await;
    assert_eq!(standings_of(&world), standing);
});

on_both!(whoever_knows_the_answer_or_is_not_proven_judges_none, |world| async move {
    let (url, said) = solved(&world, TITLE).await;
    draw(&world).await;
    let (ann, bruno, carla, dario) =
        (world.ann().await, world.bruno().await, world.carla().await, world.dario().await);
    let action = "/samples/1/judgement";
    for browser in [&ann, &bruno] {
        browser.get("/samples").await.expect(200).contains("proved right in a topic").lacks(SAID);
        browser.post(action, &[("judgement", "right")]).await.expect(403).contains("ten at least");
    }
    world.visitor().get("/samples").await.expect(303);
    // Proven in the topic now, yet it is Ann's question and Bruno's answer.
    let people = [world.ann.id, world.bruno.id];
    world
        .db
        .write(move |tx| -> Result<(), DbError> {
            for person in people {
                diesel::delete(topic_standings::table.filter(topic_standings::user_id.eq(person)))
                    .execute(tx.conn)?;
                diesel::insert_into(topic_standings::table)
                    .values((
                        topic_standings::user_id.eq(person),
                        topic_standings::tag_id.eq(TagId(1)),
                        topic_standings::outcome_weight.eq(20_000_000),
                        topic_standings::outcome_right.eq(20_000_000),
                        topic_standings::outcome_count.eq(20),
                        topic_standings::solution_count.eq(20),
                        topic_standings::correct_count.eq(20),
                        topic_standings::authority.eq(900),
                    ))
                    .execute(tx.conn)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    for browser in [&ann, &bruno] {
        browser.get("/samples").await.expect(200).contains("Nothing waits").lacks(SAID);
        browser.post(action, &[("judgement", "right")]).await.expect(303).leads_to("/samples");
    }
    ann.get("/people/ann").await.expect(200).contains("/samples");
    // Who has a comment in its thread has a stake in it, or knows it.
    let elena = world.elena().await;
    elena.get("/samples").await.expect(200).contains(SAID);
    elena.get(&url).await;
    elena
        .post(&format!("/posts/{said}/comments"), &[("body", "That is in the settings, far below.")])
        .await
        .expect(303);
    elena.get("/samples").await.expect(200).contains("Nothing waits");
    // Who has voted on it has seen its marks.
    dario.get(&url).await;
    dario.post(&format!("/posts/{said}/vote"), &[("value", "1")]).await.expect(303);
    dario.get("/samples").await.expect(200).contains("Nothing waits");
    // Another of Carla's asking is Ann's to judge: her answers in the topic held. One in another topic is not.
    let other = ask(&carla, "A modem that forgets its own name", BODY, "router").await;
    let far = ask(&carla, "A kettle that sings at night", BODY, "kettle").await;
    for url in [&other, &far] {
        let said = answer(&bruno, url, "Give it another name in the settings, twice.").await;
        carla.get(url).await;
        let accept = [("answer_id", said.to_string())];
        let form: Vec<(&str, &str)> = accept.iter().map(|(name, value)| (*name, value.as_str())).collect();
        carla.post(&format!("/threads/{}/acceptance", thread_id(url)), &form).await.expect(303);
    }
    assert_eq!(draw(&world).await, 2);
    let page = ann.get("/samples").await;
    page.expect(200).contains("A modem that forgets").lacks("kettle");
    let id = page.text().split("/samples/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    ann.post(&format!("/samples/{id}/judgement"), &[("judgement", "right")]).await.expect(303);
    ann.get("/samples").await.expect(200).contains("Nothing waits");
});

on_both!(a_sample_waits_two_weeks_for_a_second_judgement_and_goes_with_its_answer, |world| async move {
    let (first, second) = (solved(&world, TITLE).await, solved(&world, "A second router that sleeps").await);
    assert_eq!(draw(&world).await, 2);
    let carla = world.carla().await;
    let page = carla.get("/samples").await;
    let id = page.text().split("/samples/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    carla.post(&format!("/samples/{id}/judgement"), &[("judgement", "wrong")]).await.expect(303);
    let one_of = |post: i64| states(&world).into_iter().find(|(of, _)| *of == PostId(post)).unwrap().1;
    let judged: PostId = samples::table
        .find(id.parse::<i64>().unwrap())
        .select(samples::post_id)
        .first(&mut *world.db.reader().unwrap())
        .unwrap();
    let other = if judged == PostId(first.1) { &second } else { &first };
    carla.get(&other.0).await;
    carla.post(&format!("/posts/{}/hiding", other.1), &[("reason", "It is dangerous")]).await.expect(303);
    carla.get("/samples").await.expect(200).contains("Nothing waits");
    sweep(&world).await;
    assert_eq!((one_of(judged.0).as_str(), one_of(other.1).as_str()), ("open", "void"));
    world.clock.advance(15 * DAY);
    sweep(&world).await;
    assert_eq!(one_of(judged.0), "wrong");
    // What was called wrong and is removed is wrong, not void.
    let (third, carla, dario) =
        (solved(&world, "A third router that sleeps").await, world.carla().await, world.dario().await);
    // The house itself may have drawn it by now: a day has passed.
    draw(&world).await;
    assert_eq!(one_of(third.1), "open");
    let page = dario.get("/samples").await;
    let id = page.text().split("/samples/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    dario.post(&format!("/samples/{id}/judgement"), &[("judgement", "wrong")]).await.expect(303);
    carla.get(&third.0).await;
    carla.post(&format!("/posts/{}/hiding", third.1), &[("reason", "It is dangerous")]).await.expect(303);
    sweep(&world).await;
    assert_eq!(one_of(third.1), "wrong");
    // No number to be had: nothing is drawn, and the house says why.
    let failed = world.db.write(|tx| loggia::samples::draw(tx, || Err(Error::Internal("none".into())))).await;
    assert!(failed.is_err());
});

on_both!(a_house_draws_once_a_day_however_often_it_starts, |world| async move {
    solved(&world, TITLE).await;
    let due = || async { world.db.write(loggia::samples::draw_if_due).await.unwrap() };
    assert_eq!(due().await, 1);
    solved(&world, "A second router that sleeps").await;
    assert_eq!(due().await, 0, "it was drawn today");
    world.clock.advance(DAY);
    // Whoever comes first after a day, the house or this test: each answer once.
    due().await;
    assert_eq!(states(&world).len(), 2);
});
