//! tests: the monthly statement of worth: who read whose solutions, on a page, in a file and by mail.
use crate::ground::{Ground, aside};
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use crate::visitor::Visitor;
use crate::world::World;
use diesel::prelude::*;
use loggia::db::schema::{mails, solution_readers, worth_statements};
use loggia::kernel::ids::{PostId, UserId};
use loggia::kernel::moment::{DAY, HOUR};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn flush(world: &World) {
    let app = world.app.clone();
    aside(move || app.readers.flush(&app.db).unwrap()).await;
}

/// How many statements there are, once all that are due are made.
async fn state(world: &World) -> usize {
    let app = world.app.clone();
    aside(move || loggia::worth::state_months(&app.db, &app.letterhead, &app.config.worth).unwrap()).await;
    let all = worth_statements::table
        .select(worth_statements::user_id)
        .load::<i64>(&mut *world.db.reader().unwrap());
    all.unwrap().len()
}

async fn open(visitor: &Visitor, url: &str, user_agent: &str) {
    let request = visitor.request(reqwest::Method::GET, url).header("user-agent", user_agent);
    visitor.send(request).await.expect(200);
}

/// Ann's question that Bruno solved, and its answer; both followers have seen it.
async fn solved(world: &World) -> (String, i64) {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    ann.get(&url).await;
    let id = thread_id(&url);
    ann.post(&format!("/threads/{id}/acceptance"), &[("answer_id", &said.to_string())]).await.expect(303);
    world.settle().await;
    // What was read until now was no solution yet.
    flush(world).await;
    (url, said)
}

fn readers(world: &World, post: i64) -> i64 {
    solution_readers::table
        .filter(solution_readers::post_id.eq(PostId(post)))
        .select(solution_readers::readers)
        .load::<i64>(&mut *world.db.reader().unwrap())
        .unwrap()
        .into_iter()
        .sum()
}

on_both!(readers_of_a_solution_count_once_a_day_and_never_their_author_or_a_program, |world| async move {
    let (url, said) = solved(&world).await;
    world.clock.advance(DAY);
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    for _ in 0..2 {
        open(&ann, &url, BROWSER).await;
        open(&bruno, &url, BROWSER).await;
        open(&world.visitor(), &url, BROWSER).await;
    }
    for robot in ["Googlebot/2.1", "curl/8.5.0", ""] {
        open(&world.visitor(), &url, robot).await;
    }
    flush(&world).await;
    assert_eq!(readers(&world, said), 2, "Ann, and one household");
    // Another day, another reader; an answer that is taken from the solution has no more.
    world.clock.advance(DAY);
    open(&world.visitor(), &url, BROWSER).await;
    flush(&world).await;
    assert_eq!(readers(&world, said), 3);
    world.clock.advance(DAY);
    ann.post(&format!("/threads/{}/acceptance/removal", thread_id(&url)), &[]).await.expect(303);
    world.settle().await;
    open(&world.visitor(), &url, BROWSER).await;
    flush(&world).await;
    assert_eq!(readers(&world, said), 3);
});

on_both!(a_month_that_is_over_is_stated_once_and_mailed, |ground: Ground| async move {
    let world = World::with(ground, &[("worth.per_thousand_readers", "2500")]).await;
    let (url, said) = solved(&world).await;
    world.clock.advance(DAY);
    let carla = world.carla().await;
    open(&carla, &url, BROWSER).await;
    carla.post(&format!("/posts/{said}/confirmation"), &[("value", "yes")]).await.expect(303);
    open(&world.visitor(), &url, BROWSER).await;
    flush(&world).await;
    let bruno = world.bruno().await;
    let month = {
        let date = world.clock.now().date();
        date[..7].to_owned()
    };
    let running = bruno.get("/worth").await;
    running.expect(200).contains("still running").contains(TITLE).contains("5.00 EUR");
    assert_eq!(state(&world).await, 0, "the month is not over");

    while world.clock.now().date().starts_with(&month) {
        world.clock.advance(DAY);
    }
    world.clock.advance(2 * HOUR);
    assert_eq!((state(&world).await, state(&world).await), (1, 1));
    let row: (i64, i64, i64, i64) = worth_statements::table
        .filter(worth_statements::user_id.eq(world.bruno.id))
        .select((
            worth_statements::readers,
            worth_statements::people_helped,
            worth_statements::threads_solved,
            worth_statements::rate,
        ))
        .first(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(row, (2, 1, 1, 250_000));
    let mail: Vec<(String, String)> = mails::table
        .filter(mails::list.eq("worth"))
        .select((mails::subject, mails::body_text))
        .load(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(mail.len(), 1);
    let (subject, text) = &mail[0];
    assert!(subject.contains("2 people read your solutions"), "{subject}");
    for words in ["2 people read solutions of yours", "5.00 EUR", &format!("/worth?month={month}")] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(!text.contains(TITLE), "what is removed before it leaves is not in it");
    // What was stated stays as it was, whatever happens later; the new month begins with nothing.
    let bruno = world.bruno().await;
    world
        .ann()
        .await
        .post(&format!("/threads/{}/acceptance/removal", thread_id(&url)), &[])
        .await
        .expect(303);
    let stated = bruno.get(&format!("/worth?month={month}")).await;
    stated.expect(200).contains("Written down").contains("5.00 EUR").contains(TITLE);
    bruno.get("/worth").await.expect(200).contains("Nobody has read");
    let file = bruno.get(&format!("/worth.csv?month={month}")).await;
    file.expect(200)
        .contains(&format!("\"whole month\",\"{month}\",,2,1,1,5.00,EUR"))
        .contains(&format!("/posts/{said}\",2,1,,5.00,EUR"));
    for bad in ["2026-13", "x", "9999-01"] {
        bruno.get(&format!("/worth?month={bad}")).await.expect(404);
        bruno.get(&format!("/worth.csv?month={bad}")).await.expect(404);
    }
    world.ann().await.get(&format!("/worth?month={month}")).await.expect(200).lacks("5.00 EUR").lacks("<td");
    world.visitor().get("/worth").await.expect(303);
});

on_both!(a_statement_can_be_left_and_shows_no_title_of_what_is_removed, |world| async move {
    let (url, said) = solved(&world).await;
    let bruno = world.bruno().await;
    open(&world.visitor(), &url, BROWSER).await;
    flush(&world).await;
    bruno.get("/worth").await.expect(200).contains(TITLE).lacks("EUR");
    let page = bruno.get("/settings/notices").await;
    let mut form = page.expect(200).contains("What your solutions were worth").form("/settings/notices");
    form.remove("worth").unwrap();
    bruno.send(bruno.request(reqwest::Method::POST, "/settings/notices").form(&form)).await.expect(303);
    let carla = world.carla().await;
    carla.get(&url).await;
    carla.post(&format!("/posts/{said}/hiding"), &[("reason", "It is dangerous")]).await.expect(303);
    world.clock.advance(32 * DAY);
    assert_eq!(state(&world).await, 1);
    let mailed: i64 = mails::table
        .filter(mails::list.eq("worth"))
        .count()
        .get_result(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(mailed, 0);
    let bruno = world.bruno().await;
    let month = bruno.get("/worth").await;
    let link = month.text().split("/worth?month=").nth(2).unwrap()[..7].to_owned();
    bruno.get(&format!("/worth?month={link}")).await.expect(200).contains("was removed").lacks(TITLE);
});

on_both!(who_helped_without_readers_has_a_statement_too, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    carla.get(&url).await;
    carla.post(&format!("/posts/{said}/confirmation"), &[("value", "yes")]).await.expect(303);
    world.settle().await;
    bruno.get("/worth").await.expect(200).contains(TITLE).contains("still running").contains("/worth.csv");
    world.clock.advance(32 * DAY);
    assert_eq!(state(&world).await, 1);
    let row: (UserId, i64, i64) = worth_statements::table
        .select((worth_statements::user_id, worth_statements::readers, worth_statements::people_helped))
        .first(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(row, (world.bruno.id, 0, 1));
    // A month of which none was made does not run, and nobody knows how right anybody was then.
    let bruno = world.bruno().await;
    bruno
        .get("/worth?month=2020-01")
        .await
        .expect(200)
        .lacks("still running")
        .contains("No statement was written");
});

on_both!(
    whoever_comes_back_to_a_page_they_keep_is_a_reader_and_a_look_at_its_head_is_none,
    |world| async move {
        let (url, said) = solved(&world).await;
        // So old that no word on it says how long ago it was.
        world.clock.advance(40 * DAY);
        let visitor = world.visitor();
        let request = visitor.request(reqwest::Method::GET, &url).header("user-agent", BROWSER);
        let page = visitor.send(request).await;
        let etag = page.expect(200).headers.get("etag").unwrap().to_str().unwrap().to_owned();
        flush(&world).await;
        assert_eq!(readers(&world, said), 1);
        world.clock.advance(DAY);
        let head = visitor.request(reqwest::Method::HEAD, &url).header("user-agent", BROWSER);
        visitor.send(head).await.expect(200);
        flush(&world).await;
        assert_eq!(readers(&world, said), 1);
        let kept = visitor.request(reqwest::Method::GET, &url).header("user-agent", BROWSER);
        visitor.send(kept.header("if-none-match", etag)).await.expect(304);
        flush(&world).await;
        assert_eq!(readers(&world, said), 2);
    }
);

on_both!(a_topic_in_which_nothing_is_resolved_is_in_no_statement, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let said = answer(&bruno, &url, "Switch off the nightly update in the settings.").await;
    ann.get(&url).await;
    ann.post(&format!("/posts/{said}/vote"), &[("value", "1")]).await.expect(303);
    world.settle().await;
    bruno.get("/worth").await.expect(200).lacks("How right you were");
    bruno.get("/worth.csv").await.expect(200).lacks("\"topic\"");
});
