//! tests: what is written is rendered for those who may, counted once, and never lost.
use crate::browser::Browser;
use crate::ground::{Ground, Which, aside, play};
use crate::moderation::body;
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use crate::traps::raw;
use crate::visitor::{Page, Visitor};
use crate::world::World;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fantoccini::Locator;
use loggia::accounts::{ApiTokenMade, make_api_token};
use loggia::db::schema::{drafts, posts};
use loggia::db::{Access, Conn};
use loggia::kernel::ids::PostId;
use loggia::kernel::{limits, names::Title};
use loggia::threads::{self, Edit, Editing};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const TEXT: &str = "What Bruno wrote and would hate to lose.";

fn how_many(world: &World) -> i64 {
    posts::table.count().get_result(&mut *world.db.reader().unwrap()).unwrap()
}

/// Sends this form of `page` many times at once; where all the answers lead.
async fn at_once(by: &Visitor, page: &Page, action: &str, fields: &[(&str, &str)]) -> BTreeSet<String> {
    let sends = futures_util::future::join_all((0..50).map(|_| by.submit(page, action, fields))).await;
    sends.iter().map(|page| page.expect(303).location()).collect()
}

on_both!(a_form_sent_fifty_times_at_once_has_fifty_equal_answers, |ground: Ground| async move {
    let world = World::with(ground, &[("rate_limits", "true")]).await;
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let form = ann.get("/ask").await;
    let asked = at_once(&ann, &form, "/threads", &[("title", TITLE), ("body", BODY)]).await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    let url = asked.into_iter().next().unwrap();
    let id = thread_id(&url);
    let page = bruno.get(&url).await;
    for (action, text) in [
        (format!("/threads/{id}/answers"), "One answer, I hope."),
        (format!("/posts/{id}/comments"), "One remark."),
    ] {
        let places = at_once(&bruno, &page, &action, &[("body", text)]).await;
        assert_eq!(places.len(), 1, "{places:?}");
    }
    let form = ann.get(&format!("/posts/{id}/edit")).await;
    let edited =
        at_once(&ann, &form, &format!("/posts/{id}/revisions"), &[("body", "Said anew, once.")]).await;
    assert_eq!(edited.len(), 1, "{edited:?}");
    bruno.get(&format!("/posts/{id}/flag")).await.expect(200);
    let flag = [("reason", "other"), ("note", "Look at this one")];
    let path = format!("/posts/{id}/flags");
    for page in futures_util::future::join_all((0..50).map(|_| bruno.post(&path, &flag))).await {
        page.expect(303);
    }
    assert_eq!(how_many(&world), 3);

    let (db, user) = (world.db.clone(), world.carla.id);
    let made = aside(move || {
        db.write_blocking(move |tx| {
            make_api_token(tx, user, "a script", &loggia::accounts::Caller::default())
        })
        .unwrap()
    })
    .await;
    let ApiTokenMade::Made(token) = made else { panic!("no token") };
    let anyone = world.visitor();
    let again = || {
        let request = anyone
            .request(Method::POST, &format!("/api/v1/threads/{id}/answers"))
            .bearer_auth(&token)
            .header("idempotency-key", "one-request-0123456789")
            .json(&json!({ "body": "Answered by program, once." }));
        anyone.send(request)
    };
    let mut ids = BTreeSet::new();
    for page in futures_util::future::join_all((0..50).map(|_| again())).await {
        assert!(matches!(page.status, 200 | 201), "{}: {}", page.status, page.text());
        ids.insert(page.json()["id"].as_i64().unwrap());
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
});

on_both!(what_is_new_is_counted_and_one_too_many_is_not_lost, |ground: Ground| async move {
    let world = World::with(ground, &[("rate_limits", "true")]).await;
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "").await;
    let page = bruno.get(&url).await;
    let action = format!("/threads/{}/answers", thread_id(&url));
    let mut refused = None;
    for n in 0..14 {
        let text = format!("{TEXT} Number {n}.");
        let sent = bruno.submit(&page, &action, &[("body", &text)]).await;
        if sent.status == 429 {
            sent.contains(&text);
            refused = Some(n);
            break;
        }
        sent.expect(303);
    }
    assert!(refused.is_some_and(|n| n >= 12), "{refused:?}");
    // To look at it is counted too, by another count.
    let mut looked = 0;
    while looked < 70 {
        let text = [("body", TEXT), ("act", "preview"), ("submission_key", "")];
        let sent = bruno.post(&action, &text).await;
        if sent.status == 429 {
            sent.contains(TEXT);
            break;
        }
        sent.expect(200).contains("class=\"preview\"");
        looked += 1;
    }
    assert!((60..70).contains(&looked), "{looked}");
});

/// Makes the database say that its disk is full to whoever posts.
fn fill_disk(world: &World, full: bool) {
    let mut conn = world.ground.target.connect(Access::Write).unwrap();
    let sqlite = if full {
        "CREATE TRIGGER full_disk BEFORE INSERT ON posts BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    } else {
        "DROP TRIGGER full_disk"
    };
    let postgres = if full {
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'no space left on device'; END $$; \
         CREATE TRIGGER full_disk BEFORE INSERT ON posts FOR EACH ROW EXECUTE FUNCTION full_disk()"
    } else {
        "DROP TRIGGER full_disk ON posts"
    };
    match &mut conn {
        Conn::Sqlite(conn) => conn.batch_execute(sqlite).unwrap(),
        Conn::Postgres(conn) => conn.batch_execute(postgres).unwrap(),
    }
}

on_both!(what_the_house_cannot_do_is_taken_from_no_allowance, |ground: Ground| async move {
    let world = World::with(ground, &[("rate_limits", "true")]).await;
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "").await;
    let page = bruno.get(&url).await;
    let action = format!("/threads/{}/answers", thread_id(&url));
    fill_disk(&world, true);
    for n in 0..20 {
        let text = format!("{TEXT} Number {n}.");
        bruno.submit(&page, &action, &[("body", &text)]).await.expect(507).contains(&text);
    }
    fill_disk(&world, false);
    bruno.submit(&page, &action, &[("body", TEXT)]).await.expect(303);
});

on_both!(nothing_is_rendered_for_those_who_may_not_write_and_no_page_waits_for_it, |world| async move {
    let url = ask(&world.ann().await, TITLE, BODY, "").await;
    let id = thread_id(&url);
    let (ann, visitor) = (world.ann().await, world.visitor());
    visitor.get("/sign-in").await.expect(200);
    ann.get(&url).await.expect(200);
    // Every renderer has a text that takes for ever.
    let mut busy = Vec::new();
    for _ in 0..limits::RENDERERS {
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let app = world.app.clone();
        let work = move || {
            let _ = wait.recv();
            Ok(())
        };
        tokio::spawn(async move { app.renderers.run(Duration::from_secs(60), work).await });
        busy.push(release);
    }
    tokio::task::yield_now().await;
    let began = Instant::now();
    for act in ["", "preview"] {
        let text = [("title", TITLE), ("body", BODY), ("act", act)];
        for path in ["/threads".to_owned(), format!("/threads/{id}/answers"), format!("/posts/{id}/comments")]
        {
            visitor.post(&path, &text).await.expect(401).contains("id=\"rescued\"").lacks("<strong>router");
            ann.post_bare(&path, &text).await.expect(403);
        }
        visitor.post(&format!("/posts/{id}/revisions"), &text).await.expect(401);
        ann.post("/cases/1/answers", &text).await.expect(404);
    }
    visitor.post("/preview", &[("body_md", BODY)]).await.expect(303);
    ann.get(&url).await.expect(200);
    world.visitor().get(&url).await.expect(200);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    // Who may waits, but not for ever.
    let waited = Instant::now();
    ann.post("/preview", &[("body_md", BODY)]).await.expect(503);
    let answering = format!("/threads/{id}/answers");
    assert!(waited.elapsed() < Duration::from_secs(5), "{:?}", waited.elapsed());
    drop(busy);
    ann.post("/preview", &[("body_md", BODY)]).await.expect(200).contains("<strong>router");
    let preview = ann.post(&answering, &[("body", BODY), ("act", "preview")]).await;
    preview.expect(200).contains("class=\"preview\"").contains(">\nEvery night");
});

on_both!(a_draft_of_an_edit_knows_on_what_it_was_begun, |world| async move {
    let (ann, carla) = (world.ann().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let id = thread_id(&url);
    let action = format!("/posts/{id}/revisions");
    let mine = ann.get(&format!("/posts/{id}/edit")).await;
    let base = mine.form(&action)["base_revision"].clone();
    let place = format!("edit:{id}");
    let draft = [
        ("place", place.as_str()),
        ("title", TITLE),
        ("body", TEXT),
        ("tags", "router"),
        ("base_revision", &base),
    ];
    ann.post("/drafts", &draft).await.expect(204);
    let theirs = carla.get(&format!("/posts/{id}/edit")).await;
    carla.submit(&theirs, &action, &[("body", "Carla made this text clearer.")]).await.expect(303);
    let reopened = ann.get(&format!("/posts/{id}/edit")).await;
    reopened.expect(200).contains(TEXT);
    let conflict = ann.submit(&reopened, &action, &[]).await;
    conflict.expect(409).contains(TEXT).contains("Carla made this text clearer.");
    world.visitor().get(&url).await.expect(200).contains("Carla made this text clearer.");
    // With both seen, it is a decision.
    ann.submit(&conflict, &action, &[]).await.expect(303);
    world.visitor().get(&url).await.expect(200).contains(TEXT);
    // A draft of before the revision was kept stands on what is there now.
    ann.post("/drafts", &draft[..4]).await.expect(204);
    let bases: Vec<Option<i32>> =
        drafts::table.select(drafts::base_revision).load(&mut *world.db.reader().unwrap()).unwrap();
    assert_eq!(bases, [None]);
    let old = ann.get(&format!("/posts/{id}/edit")).await;
    assert_eq!(old.form(&action)["base_revision"], "3");
});

on_both!(what_was_typed_is_given_back_where_its_form_is_gone, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "").await;
    let id = thread_id(&url);
    let own = answer(&bruno, &url, "An answer that Bruno is about to edit.").await;
    let page = bruno.get(&url).await;
    let edit = bruno.get(&format!("/posts/{own}/edit")).await;
    let rescued = |page: &Page, status: u16| {
        page.expect(status).contains("id=\"rescued\"").contains(&format!(">\n{TEXT}</textarea>"));
    };
    carla.get(&url).await;
    carla.post(&format!("/threads/{id}/lock"), &[("reason", "it got heated")]).await.expect(303);
    let answering = format!("/threads/{id}/answers");
    let locked = bruno.submit(&page, &answering, &[("body", TEXT)]).await;
    rescued(&locked, 422);
    locked.contains("class=\"error-summary\"").contains("This thread is locked.");
    for post in [id, own] {
        let comment = bruno.submit(&page, &format!("/posts/{post}/comments"), &[("body", TEXT)]).await;
        rescued(&comment, 422);
        comment.contains("class=\"error-summary\"").contains("This thread is locked.");
    }
    rescued(&bruno.submit(&edit, &format!("/posts/{own}/revisions"), &[("body", TEXT)]).await, 403);
    // What Bruno had begun is there to be copied, too.
    bruno.post("/drafts", &[("place", &format!("answer:{id}")), ("body", TEXT)]).await.expect(204);
    rescued(&bruno.get(&url).await, 200);
    carla.post(&format!("/threads/{id}/lock/removal"), &[]).await.expect(303);

    let other = ask(&ann, "Another router, the same nights", BODY, "").await;
    carla
        .post(&format!("/threads/{id}/duplicate"), &[("of", &other), ("reason", "the same again")])
        .await
        .expect(303);
    rescued(&bruno.submit(&page, &answering, &[("body", TEXT)]).await, 422);
    carla.post(&format!("/threads/{id}/duplicate/removal"), &[]).await.expect(303);

    carla.post(&format!("/posts/{id}/hiding"), &[("reason", "not for everyone")]).await.expect(303);
    rescued(&bruno.submit(&page, &answering, &[("body", TEXT)]).await, 404);
    carla
        .post(&format!("/posts/{id}/hiding/removal"), &[("reason", "seen by everyone again")])
        .await
        .expect(303);

    // The session ends elsewhere while the page is open here.
    let elsewhere = world.bruno().await;
    elsewhere.get("/settings/sessions").await.expect(200);
    elsewhere.post("/settings/sessions/removal", &[]).await.expect(303);
    let mut form = page.form(&answering);
    form.insert("body".into(), TEXT.into());
    let send = |referer: String, json: bool| {
        let mut request = bruno.request(Method::POST, &answering).header("referer", referer).form(&form);
        if json {
            request = request.header("accept", "application/json");
        }
        bruno.send(request)
    };
    let lost = send(format!("{}{url}", world.base_url), false).await;
    rescued(&lost, 401);
    let back: String =
        percent_encoding::utf8_percent_encode(&url, percent_encoding::NON_ALPHANUMERIC).collect();
    let links = lost.links();
    let leads = |place: &str| links.iter().any(|link| link.eq_ignore_ascii_case(place));
    assert!(leads(&format!("/sign-in?return={}", back.replace("%2D", "-"))), "{links:?}");
    // Another house's page is nowhere to go back to, and a script is told instead of led away.
    rescued(&send("https://evil.test/threads/1".into(), false).await, 401);
    assert_eq!(send(String::new(), true).await.expect(401).json()["status"], 401);
});

on_both!(a_refused_comment_says_so_first_and_beneath_its_post, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "").await;
    let post = answer(&bruno, &url, "An answer to remark on.").await;
    let path = format!("/posts/{post}/comments");
    let page = ann.get(&path).await;
    let short = ann.submit(page.expect(200), &path, &[("body", "ok")]).await;
    short.expect(422).contains("data-focus").contains("href=\"#f-comment\"").contains("id=\"f-comment\"");
    short.contains("aria-invalid=\"true\" aria-describedby=\"f-comment-error f-comment-help\"");
    short.contains(">\nok</textarea>").contains("An answer to remark on.").lacks("id=\"rescued\"");
    ann.submit(&short, &path, &[("body", "Now long enough to be taken.")]).await.expect(303);

    let dario = world.dario().await;
    let carla = world.carla().await;
    carla.get(&url).await;
    let cases = format!("/threads/{}/cases", thread_id(&url));
    carla.post(&cases, &[("note", "Somebody of the brand should look.")]).await.expect(303);
    dario.get("/desk/1").await.expect(200);
    let wrong = dario.post("/cases/1/closure", &[("reason", ""), ("note", "")]).await;
    wrong.expect(422).contains("href=\"#f-close\"").contains("id=\"f-close\"").contains("id=\"e-close\"");
    wrong.contains("aria-describedby=\"e-close\"");
    let closing = wrong.text();
    let reason = closing.split("name=\"reason\" value=\"other\"").count();
    assert_eq!(reason, 2, "there is no such reason");
    let note = dario.post("/cases/1/closure", &[("reason", "other"), ("note", "")]).await;
    note.expect(422).contains("href=\"#f-close-note\"").contains("aria-describedby=\"e-close-note\"");
});

on_both!(all_comments_of_a_post_can_be_read, |world| async move {
    let thread = world.ask(&world.ann, "The boiler goes out at night").await;
    let parent = thread.post;
    let many = usize::try_from(limits::COMMENTS_PER_PAGE).unwrap() + 5;
    let made: Vec<PostId> = world
        .act(&world.bruno, move |tx, viewer| {
            let mut made = Vec::new();
            for n in 0..many {
                match threads::comment(tx, viewer, parent, &body(&format!("Remark number {n}.")), None)? {
                    threads::Posting::Posted(posted) => made.push(posted.post),
                    other => panic!("{other:?}"),
                }
            }
            Ok(made)
        })
        .await;
    let reader = world.visitor();
    let (first, last) = (made[0], made[many - 1]);
    let page = reader.get(&format!("/posts/{parent}/comments")).await;
    page.expect(200).contains(&format!("id=\"post-{first}\"")).lacks(&format!("id=\"post-{last}\""));
    let next = page.links().into_iter().find(|link| link.contains("comments?after=")).unwrap();
    let rest = reader.get(&next).await;
    rest.expect(200).contains(&format!("id=\"post-{last}\"")).lacks(&format!("id=\"post-{first}\""));
    let seen = [&page, &rest].map(|page| page.text().matches("Remark number").count());
    assert_eq!(seen, [many - 5, 5]);
    // A comment's own address leads to where it is.
    for id in [first, made[7], last] {
        let place = reader.get(&format!("/posts/{id}")).await.location();
        reader.get(place.split('#').next().unwrap()).await.expect(200).contains(&format!("id=\"post-{id}\""));
    }
    reader.get(&format!("/posts/{parent}/comments?after=x")).await.expect(400);
});

on_both!(revisions_are_compared_once_and_not_without_end, |ground: Ground| async move {
    let world = World::with(ground, &[("rate_limits", "true")]).await;
    let thread = world.ask(&world.ann, "The boiler goes out at night").await;
    let post = thread.post;
    for n in 1..=12 {
        let edit = Edit {
            base_revision: n,
            title: Some(Title::parse("The boiler goes out at night").unwrap()),
            tags: threads::parse_tags("boiler").unwrap(),
            body: body(&format!("It went out {n} times last night.")),
            summary: String::new(),
        };
        let edited = world.act(&world.ann, move |tx, viewer| threads::edit(tx, viewer, post, edit)).await;
        assert!(matches!(edited, Editing::Saved(_)), "{edited:?}");
    }
    let reader = world.visitor();
    let compare = |from: i64, to: i64| format!("/posts/{post}/revisions?from={from}&to={to}");
    for path in [
        format!("/posts/{post}/revisions?to=-2147483648"),
        format!("/posts/{post}/revisions?to=0"),
        compare(1, i64::from(i32::MIN)),
    ] {
        reader.get(&path).await.expect(404);
    }
    // What was compared before costs nothing, however often it is asked for.
    for _ in 0..100 {
        reader.get(&compare(1, 2)).await.expect(200).contains("diff-added");
    }
    let pairs = (1..=13).flat_map(|from| (1..=13).map(move |to| (from, to)));
    let mut answers = Vec::new();
    for (from, to) in pairs.filter(|(from, to)| from != to).take(75) {
        answers.push(reader.get(&compare(from, to)).await.status);
    }
    assert!(answers.iter().all(|status| matches!(status, 200 | 429)), "{answers:?}");
    assert!(answers.iter().filter(|status| **status == 200).count() >= 60, "{answers:?}");
    assert!(answers.contains(&429), "comparing has no end");
    reader.get(&compare(1, 2)).await.expect(200);
    reader.get(&compare(3, 3)).await.expect(200);
    let newest = reader.get(&format!("/posts/{post}/revisions")).await;
    assert!(matches!(newest.status, 200 | 429));
});

on_both!(a_kept_page_names_no_thread_that_was_hidden, |world| async move {
    let (ann, carla) = (world.ann().await, world.carla().await);
    let master = ask(&ann, "The router that was first of all", BODY, "").await;
    let other = ask(&ann, "A canary among the duplicates", BODY, "").await;
    carla.get(&other).await;
    let close = [("of", master.as_str()), ("reason", "the same again")];
    carla.post(&format!("/threads/{}/duplicate", thread_id(&other)), &close).await.expect(303);
    let reader = world.visitor();
    reader.get(&master).await.expect(200).contains("A canary among the duplicates");
    reader.get(&other).await.expect(200).contains("The router that was first of all");
    let hide = [("reason", "not for everyone")];
    carla.post(&format!("/posts/{}/hiding", thread_id(&other)), &hide).await.expect(303);
    reader.get(&master).await.expect(200).lacks("A canary among the duplicates");
    carla
        .post(
            &format!("/posts/{}/hiding/removal", thread_id(&other)),
            &[("reason", "seen by everyone again")],
        )
        .await
        .expect(303);
    reader.get(&other).await.expect(200).contains("The router that was first of all");
    carla.post(&format!("/posts/{}/hiding", thread_id(&master)), &hide).await.expect(303);
    reader.get(&other).await.expect(200).lacks("The router that was first of all");
});

on_both!(a_body_that_says_it_is_too_long_is_not_waited_for, |world| async move {
    let host = world.base_url.trim_start_matches("http://").to_owned();
    for (path, kind) in [
        ("/sign-in", "application/x-www-form-urlencoded"),
        ("/threads", "application/x-www-form-urlencoded"),
        ("/unsubscribe?token=x", "text/plain"),
        ("/api/v1/threads", "application/json"),
    ] {
        let began = Instant::now();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nAuthorization: Bearer x\r\n\
             Content-Length: 9999999\r\nConnection: close\r\n\r\n"
        );
        let (answer, _) = raw(&world.base_url, request, Duration::from_secs(3)).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
        assert!(began.elapsed() < Duration::from_secs(5), "{path}: {:?}", began.elapsed());
    }
});

on_both!(to_edit_what_is_hidden_is_to_edit_nothing, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "").await;
    let post = answer(&bruno, &url, "An answer that is about to be hidden.").await;
    carla.get(&url).await;
    carla.post(&format!("/posts/{post}/hiding"), &[("reason", "not for everyone")]).await.expect(303);
    for fields in
        [&[("body", TEXT)][..], &[("body", TEXT), ("base_revision", "1")], &[("base_revision", "x")]]
    {
        let hidden = ann.post(&format!("/posts/{post}/revisions"), fields).await;
        let missing = ann.post("/posts/999999/revisions", fields).await;
        assert_eq!((hidden.status, hidden.text()), (404, missing.text()), "{fields:?}");
        assert_eq!(missing.status, 404);
    }
});

on_both!(a_draft_is_known_by_its_thread, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "").await;
    let id = thread_id(&url);
    let post = answer(&bruno, &url, "An answer that Bruno is about to edit.").await;
    bruno.get(&url).await;
    for place in [format!("answer:{id}"), format!("edit:{post}")] {
        bruno.post("/drafts", &[("place", &place), ("body", TEXT)]).await.expect(204);
    }
    let list = bruno.get("/drafts").await;
    assert_eq!(list.expect(200).text().matches(&format!("\">{TITLE}</a>")).count(), 2);
    assert!(list.links().contains(&format!("/threads/{id}")));
    carla.get(&url).await;
    carla.post(&format!("/posts/{id}/hiding"), &[("reason", "not for everyone")]).await.expect(303);
    bruno.get("/drafts").await.expect(200).lacks(TITLE).contains(TEXT);
});

on_both!(a_tag_in_capitals_leads_to_the_tag, |world| async move {
    ask(&world.ann().await, TITLE, BODY, "router").await;
    let reader = world.visitor();
    reader.get("/tags/Router").await.expect(301).leads_to("/tags/router");
    reader.get("/tags/ROUTER?sort=unsolved").await.expect(301).leads_to("/tags/router?sort=unsolved");
    reader.get("/tags/router").await.expect(200);
    for nothing in ["/tags/Modem", "/tags/modem", "/tags/%20", "/tags/%3Cb%3E"] {
        reader.get(nothing).await.expect(404);
    }
});

#[test]
fn scripts_say_why_a_vote_failed_and_complete_the_last_tag() {
    play(Which::Sqlite, |world: World| async move {
        let Some(browser) = Browser::open().await else { return };
        browser.size(1280, 900).await;
        // A page still gliding is not where the driver presses.
        let features = json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
        browser.devtools("Emulation.setEmulatedMedia", features).await;
        let url = ask(&world.ann().await, TITLE, BODY, "router wifi").await;
        let goto = |path: &str| {
            let (client, url) = (browser.client.clone(), format!("{}{path}", world.base_url));
            async move { client.goto(&url).await.unwrap() }
        };
        let see = |css: &'static str| {
            let client = browser.client.clone();
            async move {
                client.wait().at_most(Duration::from_secs(30)).for_element(Locator::Css(css)).await.unwrap()
            }
        };
        goto("/sign-in").await;
        see("#f-login").await.send_keys("bruno").await.unwrap();
        see("#f-password").await.send_keys(world.bruno.password).await.unwrap();
        see("main form button[type=submit]").await.click().await.unwrap();
        see("details.menu").await;
        goto("/ask").await;
        see("#f-tags").await.send_keys("router w").await.unwrap();
        let offered = "return [...document.getElementById('known-tags').options].map((o) => o.value)";
        let offered = browser.client.execute(offered, Vec::new()).await.unwrap();
        assert_eq!(offered, json!(["router wifi"]));
        goto(&url).await;
        let elsewhere = world.bruno().await;
        elsewhere.get("/settings/sessions").await.expect(200);
        elsewhere.post("/settings/sessions/removal", &[]).await.expect(303);
        let press = "document.querySelector('article.question [data-up]').click()";
        browser.client.execute(press, Vec::new()).await.unwrap();
        let link = see("[data-complaint] a").await;
        assert!(link.attr("href").await.unwrap().unwrap().starts_with("/sign-in?return=%2Fthreads%2F"));
        let said = see("[data-complaint]").await.text().await.unwrap();
        assert!(said.contains("no longer signed in"), "{said}");
        browser.close().await;
    });
}
