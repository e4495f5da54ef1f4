//! tests: communities from elsewhere as their visitors see them: old addresses, attribution, what stayed hidden.
use crate::dump::small_dump;
use crate::ground::{Ground, aside};
use crate::world::World;
use diesel::prelude::*;
use loggia::db::schema::*;
use loggia::db::{Access, Conn};
use loggia::exchange::{Options, jsonl, stackexchange};
use loggia::kernel::ids::ThreadId;
use loggia::ledger::Fact;

const SITE: &str = "small.example.org";

/// A world in which the small dump is already, changed in one way.
async fn after_the_dump(ground: Ground, change: impl FnOnce(&mut Conn) + Send + 'static) -> World {
    let world = World::with(ground, &[]).await;
    let (target, data, now) = (world.ground.target.clone(), world.ground.data.clone(), world.clock.now());
    aside(move || {
        let options = Options::new(data.join("imports"), now);
        stackexchange::import(&target, &small_dump(&data), &options).unwrap();
        change(&mut target.connect(Access::Write).unwrap());
    })
    .await;
    world.settle().await;
    world
}

async fn after_lines(ground: Ground, lines: &[&str]) -> World {
    let file = ground.data.join("lines.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let options = Options::new(ground.data.join("imports"), ground.clock.now());
    let report = jsonl::import(&ground.target, &file, &options).unwrap();
    assert_eq!(report.files["lines.jsonl"].used, lines.len() as u64, "{report:?}");
    let world = World::with(ground, &[]).await;
    world.settle().await;
    world
}

fn post(conn: &mut Conn, origin: i64) -> i64 {
    post_origins::table
        .filter(post_origins::kind.eq("post").and(post_origins::origin_id.eq(origin)))
        .select(post_origins::post_id)
        .first(conn)
        .unwrap()
}

fn url_of(conn: &mut Conn, thread: i64) -> String {
    let slug: String = threads::table.find(thread).select(threads::slug).first(conn).unwrap();
    format!("/threads/{thread}/{slug}")
}

on_both!(every_old_address_leads_to_what_it_meant, |ground: Ground| async move {
    let world = after_the_dump(ground, |_| {}).await;
    let (url, answer, other) = {
        let mut conn = world.db.reader().unwrap();
        let thread = post(&mut conn, 10);
        (url_of(&mut conn, thread), post(&mut conn, 9), post(&mut conn, 13))
    };
    let anyone = world.visitor();
    for path in [
        "/questions/10",
        "/questions/10/how-do-i-start",
        "/questions/10/an-older-title/13",
        "/questions/10/how-do-i-start/999",
        "/q/10",
        "/q/10/2",
    ] {
        anyone.get(path).await.expect(301).leads_to(&url);
    }
    for path in
        ["/a/9", "/a/9/2", "/questions/10/how-do-i-start/9", "/questions/10/9", "/questions/9", "/q/9"]
    {
        let page = anyone.get(path).await;
        page.expect(301).leads_to(&format!("{url}#post-{answer}"));
        anyone.follow(&page).await.expect(200).contains(&format!("id=\"post-{answer}\""));
    }
    anyone.get("/questions/13/second").await.expect(301).leads_to(&format!("/threads/{other}/second"));
    anyone.get("/questions/tagged/c%2b%2b").await.expect(301).leads_to("/tags/c%2B%2B");
    anyone.get("/questions/tagged/C%23").await.expect(301).leads_to("/tags/c%23");
    anyone.get("/tags/c%2B%2B").await.expect(200).contains(&url);
    // The cast has a Bruno of its own.
    for (path, place) in [("/users/2", "Bruno-2"), ("/users/2/bruno", "Bruno-2"), ("/users/-1", "Community")]
    {
        let page = anyone.get(path).await;
        page.expect(301).leads_to(&format!("/people/{place}"));
        anyone.follow(&page).await.expect(200);
    }
    for path in [
        "/questions/12",
        "/questions/999",
        "/q/0",
        "/a/x",
        "/users/-2",
        "/users/--1",
        "/users/+2",
        "/questions/tagged/nothing",
        "/questions/tagged/__",
    ] {
        anyone.get(path).await.expect(404).contains("href=\"/\"");
    }
});

on_both!(an_answer_beyond_the_first_page_is_found_by_its_old_address, |ground: Ground| async move {
    let world = after_the_dump(ground, |conn| {
        // As in a long thread: all others came before.
        let thread = post(conn, 10);
        let body = "One of many.";
        for _ in 0..40 {
            let row = (
                posts::kind.eq("answer"),
                posts::thread_id.eq(thread),
                posts::parent_id.eq(thread),
                posts::body_md.eq(body),
                posts::body_html.eq(body),
                posts::created_at.eq(0),
                posts::score.eq(1),
            );
            let insert = diesel::insert_into(posts::table).values(row);
            insert.execute(conn).unwrap();
        }
        diesel::update(threads::table.find(thread)).set(threads::answer_count.eq(42)).execute(conn).unwrap();
    })
    .await;
    let answer = post(&mut world.db.reader().unwrap(), 9);
    let anyone = world.visitor();
    for path in ["/a/9", "/questions/10/how-do-i-start/9#9"] {
        let page = anyone.get(path).await;
        page.expect(301);
        assert!(page.location().ends_with(&format!("#post-{answer}")), "{}", page.location());
        anyone.follow(&page).await.expect(200).contains(&format!("id=\"post-{answer}\""));
    }
});

on_both!(an_old_address_tells_nothing_of_what_is_hidden, |ground: Ground| async move {
    let world = after_the_dump(ground, |conn| {
        let (question, answer) = (post(conn, 13), post(conn, 9));
        diesel::update(threads::table.find(question)).set(threads::removed.eq(2)).execute(conn).unwrap();
        for id in [question, answer] {
            diesel::update(posts::table.find(id)).set(posts::removed.eq(2)).execute(conn).unwrap();
        }
    })
    .await;
    let (anyone, carla) = (world.visitor(), world.carla().await);
    for path in
        ["/questions/13", "/questions/13/second", "/q/13", "/q/13/2", "/a/9", "/a/9/2", "/questions/9"]
    {
        let page = anyone.get(path).await;
        page.expect(404).lacks("Second").lacks("second");
        assert_eq!(page.header("location"), "", "{path}");
        carla.get(path).await.expect(301);
    }
    let page = anyone.get("/questions/10/how-do-i-start/9").await;
    assert!(!page.expect(301).location().contains('#'), "{}", page.location());
});

on_both!(what_was_imported_says_where_it_is_from_and_under_which_licence, |ground: Ground| async move {
    let world = after_the_dump(ground, |conn| {
        let question = post(conn, 13);
        diesel::update(post_origins::table.find(question))
            .set(post_origins::licence.eq("Terms of its own"))
            .execute(conn)
            .unwrap();
    })
    .await;
    let (url, other, thread) = {
        let mut conn = world.db.reader().unwrap();
        let (thread, other) = (post(&mut conn, 10), post(&mut conn, 13));
        (url_of(&mut conn, thread), url_of(&mut conn, other), thread)
    };
    let anyone = world.visitor();
    let page = anyone.get(&url).await;
    page.expect(200);
    for link in [
        format!("https://{SITE}/questions/10"),
        format!("https://{SITE}/users/1"),
        format!("https://{SITE}/questions/10#comment1_10"),
        format!("https://{SITE}/users/2"),
        format!("https://{SITE}/a/11#comment2_11"),
        "https://creativecommons.org/licenses/by-sa/2.5/".into(),
        "https://creativecommons.org/licenses/by-sa/4.0/".into(),
    ] {
        let tags = crate::visitor::tags(&page.text(), "a");
        let found: Vec<_> = tags.iter().filter(|tag| tag.get("href") == Some(&link)).collect();
        assert!(!found.is_empty(), "no link to {link}: {:?}", page.links());
        for tag in found {
            assert!(!tag.get("rel").is_some_and(|rel| rel.contains("nofollow")), "{tag:?}");
        }
    }
    page.contains("title=\"Old Editor\"");
    // A licence we do not know is named and leads nowhere.
    let page = anyone.get(&other).await;
    page.expect(200).contains("Terms of its own").lacks("creativecommons.org/licenses/by-sa/4.0");
    let whole = anyone.get(&format!("/api/v1/threads/{thread}")).await.expect(200).json();
    let origin = &whole["question"]["comments"]["items"][0]["origin"];
    assert_eq!(origin["site"], SITE, "{whole}");
    assert_eq!(origin["licence"], "CC BY-SA 2.5");
    let comments = anyone.get(&format!("/api/v1/posts/{thread}/comments")).await.expect(200).json();
    assert_eq!(comments["items"][0]["origin"], *origin);
});

const COMMUNITY: [&str; 5] = [
    r#"{"kind":"user","id":1,"name":"petra"}"#,
    r#"{"kind":"user","id":2,"name":"quirin"}"#,
    r#"{"kind":"question","id":1,"user":1,"title":"Where is the zebra kept at night?","body":"I wonder about it every day.","tags":["my_tag","zoo"]}"#,
    r#"{"kind":"answer","id":1,"question":1,"user":2,"body":"A canarysecret in a cage."}"#,
    r#"{"kind":"accept","question":1,"answer":1,"user":1}"#,
];

on_both!(an_imported_solution_that_is_hidden_is_shown_to_nobody, |ground: Ground| async move {
    let hide = r#"{"kind":"hide","post":"answer:1","reason":"No."}"#;
    let world = after_lines(ground, &[&COMMUNITY[..], &[hide]].concat()).await;
    let anyone = world.visitor();
    let listed = anyone.get("/api/v1/threads?sort=unsolved").await.expect(200).json();
    let thread = listed["items"][0]["id"].as_i64().unwrap();
    assert_eq!(listed["items"][0]["accepted_answer_id"], serde_json::Value::Null);
    let url = url_of(&mut world.db.reader().unwrap(), thread);
    let paths =
        [url.as_str(), &format!("/api/v1/threads/{thread}"), "/search?q=zebra", "/api/v1/search?q=zebra"];
    for path in paths {
        anyone.get(path).await.expect(200).lacks("canarysecret");
    }
    for path in ["/search?q=canarysecret", "/api/v1/search?q=canarysecret"] {
        anyone.get(path).await.expect(200).lacks("in a cage").lacks(&url);
    }
    // Even a row that says otherwise does not bring it to the page: the pages ask for themselves.
    let answer: i64 = posts::table
        .filter(posts::thread_id.eq(thread).and(posts::kind.eq("answer")))
        .select(posts::id)
        .first(&mut *world.db.reader().unwrap())
        .unwrap();
    aside({
        let db = world.db.clone();
        move || {
            db.write_blocking(move |tx| {
                diesel::update(threads::table.find(thread))
                    .set(threads::accepted_answer_id.eq(answer))
                    .execute(tx.conn)?;
                tx.append(None, Fact::ThreadUnlocked { thread: ThreadId(thread) })?;
                loggia::db::DbResult::Ok(())
            })
            .unwrap();
        }
    })
    .await;
    for path in paths {
        anyone.get(path).await.expect(200).lacks("canarysecret");
    }
    world.carla().await.get(&url).await.expect(200).contains("canarysecret");
});

on_both!(an_imported_tag_can_be_kept_changed_and_asked_for, |ground: Ground| async move {
    let world = after_lines(ground, &COMMUNITY).await;
    let (anyone, carla) = (world.visitor(), world.carla().await);
    let listed = anyone.get("/api/v1/threads?tag=my-tag").await.expect(200).json();
    let thread = listed["items"][0]["id"].as_i64().unwrap();
    anyone.get("/questions/tagged/my_tag").await.expect(301).leads_to("/tags/my-tag");
    let action = format!("/posts/{thread}/revisions");
    let form = carla.get(&format!("/posts/{thread}/edit")).await;
    let words = [("body", "I wonder about it every single day.")];
    carla.submit(&form, &action, &words).await.expect(303);
    anyone.get("/tags/my-tag").await.expect(200).contains("zebra");
    let form = carla.get(&format!("/posts/{thread}/edit")).await;
    carla.submit(&form, &action, &[("tags", "zoo")]).await.expect(303);
    anyone.get("/tags/my-tag").await.expect(200).lacks("zebra");
    let left: i64 = tags::table
        .filter(tags::name.eq("my-tag"))
        .select(tags::thread_count)
        .first(&mut *world.db.reader().unwrap())
        .unwrap();
    assert_eq!(left, 0);
});
