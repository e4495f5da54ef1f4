//! tests: what staff, moderators and proven members judge of an answer, and who sees it.
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use diesel::prelude::*;
use loggia::db::DbResult;
use loggia::db::schema::{events, topic_standings, verdicts};

on_both!(staff_judge_an_answer_and_everybody_sees_who_and_why, |world| async move {
    let (ann, bruno, dario) = (world.ann().await, world.bruno().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    let action = format!("/posts/{said}/verdict");
    let page = dario.get(&url).await;
    let fields = [("note", "Tried on <b>4.2</b>.")];
    let mut form = page.expect(200).form(&action);
    form.insert("verdict".into(), "verified".into());
    form.insert("note".into(), fields[0].1.into());
    let done = dario.send(dario.request(reqwest::Method::POST, &action).form(&form)).await;
    done.expect(303).leads_to(&format!("/posts/{said}"));
    // Visitors have the page from memory: the verdict is on it at once.
    for who in [world.visitor(), world.bruno().await, ann] {
        let page = who.get(&url).await;
        page.expect(200).contains("Verified by staff (Dario)").contains("Tried on &lt;b&gt;4.2&lt;");
        page.lacks(&format!("action=\"{action}\"")).lacks(&format!("{action}/removal"));
    }
    // One verdict per person: it is taken back before another is given.
    let page = dario.get(&url).await;
    page.expect(200).lacks(&format!("action=\"{action}\""));
    dario.submit(&page, &format!("{action}/removal"), &[]).await.expect(303);
    world.visitor().get(&url).await.expect(200).lacks("Verified by staff");
    dario.get(&url).await.expect(200).contains(&format!("action=\"{action}\""));
    let left: i64 = verdicts::table.count().get_result(&mut *world.db.reader().unwrap()).unwrap();
    assert_eq!(left, 0);
});

on_both!(moderators_judge_in_their_own_name_and_say_wrong_or_outdated, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    carla.get(&url).await;
    let action = format!("/posts/{said}/verdict");
    carla.post(&action, &[("verdict", "refuted"), ("note", "It comes back on its own")]).await.expect(303);
    world.visitor().get(&url).await.contains("Refuted by Carla</b>: It comes back on its own");
    // Another word takes the place of the first.
    carla.post(&action, &[("verdict", "outdated"), ("note", "")]).await.expect(303);
    world.visitor().get(&url).await.contains("Outdated, says Carla").lacks("Refuted");
    carla.post(&action, &[("verdict", "splendid")]).await.expect(422);
    let given: i64 = events::table
        .filter(events::kind.eq("verdict_given"))
        .count()
        .get_result(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(given, 2);
});

on_both!(only_a_member_proven_in_the_topic_is_offered_to_judge, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let other = ask(&ann, "The lamp in the hall flickers at night", BODY, "lamp").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    let elsewhere = answer(&bruno, &other, "Turn the bulb until it is firm in its socket.").await;
    let action = |post: i64| format!("/posts/{post}/verdict");
    ann.get(&url).await.lacks(&format!("action=\"{}\"", action(said)));
    ann.post(&action(said), &[("verdict", "verified"), ("note", "")])
        .await
        .expect(409)
        .contains("proved right");
    let user = world.ann.id;
    world
        .db
        .write(move |tx| -> DbResult<()> {
            let tag: i64 = loggia::db::schema::tags::table
                .filter(loggia::db::schema::tags::name.eq("router"))
                .select(loggia::db::schema::tags::id)
                .first(tx.conn)?;
            diesel::insert_into(topic_standings::table)
                .values((
                    topic_standings::user_id.eq(user),
                    topic_standings::tag_id.eq(tag),
                    topic_standings::outcome_weight.eq(30_000_000),
                    topic_standings::outcome_right.eq(29_000_000),
                    topic_standings::outcome_count.eq(30),
                    topic_standings::solution_count.eq(30),
                    topic_standings::correct_count.eq(29),
                    topic_standings::authority.eq(800),
                ))
                .execute(tx.conn)?;
            Ok(())
        })
        .await
        .unwrap();
    ann.get(&url).await.contains(&format!("action=\"{}\"", action(said)));
    ann.get(&other).await.lacks(&format!("action=\"{}\"", action(elsewhere)));
    ann.post(&action(said), &[("verdict", "verified"), ("note", "")]).await.expect(303);
    world.visitor().get(&url).await.contains("Verified by Ann").lacks("by staff");
    ann.post(&action(elsewhere), &[("verdict", "verified")]).await.expect(409);
});

on_both!(nobody_judges_their_own_answer_nor_a_question, |world| async move {
    let (ann, dario) = (world.ann().await, world.dario().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let own = answer(&dario, &url, "Switch off the nightly update in the settings.").await;
    let page = dario.get(&url).await;
    page.expect(200).lacks(&format!("action=\"/posts/{own}/verdict\""));
    dario.post(&format!("/posts/{own}/verdict"), &[("verdict", "verified")]).await.expect(409);
    let question = format!("/posts/{}/verdict", thread_id(&url));
    dario.post(&question, &[("verdict", "verified")]).await.expect(409);
});

on_both!(a_verdict_is_in_the_copy_of_ones_data_and_stays_under_a_pseudonym, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    carla.get(&url).await;
    let fields = [("verdict", "refuted"), ("note", "It comes back on its own")];
    carla.post(&format!("/posts/{said}/verdict"), &fields).await.expect(303);
    let (now, user) = (world.clock.now(), world.carla.id);
    let data = loggia::privacy::own_data(&mut world.db.reader().unwrap(), user, now).unwrap();
    assert_eq!(data["verdicts"][0]["post"], said);
    assert_eq!(data["verdicts"][0]["verdict"], "refuted");
    assert_eq!(data["verdicts"][0]["note"], "It comes back on its own");
    let erased = world.db.write(move |tx| loggia::privacy::erase(tx, None, user)).await.unwrap();
    assert_eq!(erased, loggia::privacy::Erasing::Erased);
    let page = world.visitor().get(&url).await;
    page.expect(200).contains("Refuted by Someone who left").lacks("Carla");
});
