//! tests: the JSON door: reads, paging, acts by token, and problem+json for everything that goes wrong.
use crate::ground::{Ground, aside};
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use crate::visitor::{Page, Visitor};
use crate::world::{Person, World};
use loggia::accounts::{ApiTokenMade, make_api_token, revoke_api_token, tokens_of};
use reqwest::Method;
use serde_json::{Value, json};

/// A token of this person's, as their settings would make it.
async fn token(world: &World, person: &Person) -> String {
    let (db, id) = (world.db.clone(), person.id);
    let made = aside(move || {
        db.write_blocking(move |tx| make_api_token(tx, id, "a script", &Default::default())).unwrap()
    })
    .await;
    match made {
        ApiTokenMade::Made(token) => token,
        ApiTokenMade::TooMany => panic!("too many tokens"),
    }
}

async fn get_as(visitor: &Visitor, token: &str, path: &str) -> Page {
    visitor.send(visitor.request(Method::GET, path).bearer_auth(token)).await
}

async fn send_as(visitor: &Visitor, method: Method, token: &str, path: &str, body: &Value) -> Page {
    visitor.send(visitor.request(method, path).bearer_auth(token).json(body)).await
}

#[track_caller]
fn problem(page: &Page, status: u16) -> Value {
    page.expect(status);
    assert_eq!(page.header("content-type"), "application/problem+json", "{}", page.asked);
    assert_eq!(page.header("cache-control"), "no-store", "{}", page.asked);
    let problem = page.json();
    assert_eq!(problem["status"], status, "{}", page.asked);
    assert!(problem["title"].is_string(), "{}", page.asked);
    problem
}

#[track_caller]
fn ids(page: &Page) -> Vec<i64> {
    let body = page.expect(200).json();
    body["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

fn question(n: usize) -> Value {
    json!({ "title": format!("Question number {n} of the list"), "body": BODY, "tags": ["router"] })
}

on_both!(a_question_is_asked_answered_voted_on_and_solved_by_program, |world| async move {
    let anyone = world.visitor();
    let (ann, bruno) = (token(&world, &world.ann).await, token(&world, &world.bruno).await);
    let new = json!({ "title": TITLE, "body": BODY, "tags": ["router", "wifi"] });
    let asked = anyone.post_json("/api/v1/threads", &ann, &new).await;
    let id = asked.expect(201).json()["thread_id"].as_i64().unwrap();
    assert_eq!(asked.header("location"), format!("/api/v1/threads/{id}"));
    let said = anyone
        .post_json(&format!("/api/v1/threads/{id}/answers"), &bruno, &json!({ "body": "Switch **it** off." }))
        .await;
    let answer = said.expect(201).json()["id"].as_i64().unwrap();
    let remark = json!({ "body": "That did it, thanks." });
    let commented = anyone.post_json(&format!("/api/v1/posts/{answer}/comments"), &ann, &remark).await;
    let comment = commented.expect(201).json()["id"].as_i64().unwrap();
    let vote = format!("/api/v1/posts/{answer}/vote");
    for (value, score) in [(1, 1), (1, 1), (-1, -1), (0, 0), (1, 1)] {
        let voted = send_as(&anyone, Method::PUT, &ann, &vote, &json!({ "value": value })).await;
        let expected = json!({ "post_id": answer, "score": score, "my_vote": value });
        assert_eq!(voted.expect(200).json(), expected);
    }
    let acceptance = format!("/api/v1/threads/{id}/acceptance");
    let accepted = send_as(&anyone, Method::PUT, &ann, &acceptance, &json!({ "answer_id": answer })).await;
    assert_eq!(accepted.expect(200).json(), json!({ "thread_id": id, "answer_id": answer }));

    let whole = anyone.get(&format!("/api/v1/threads/{id}")).await.expect(200).json();
    assert_eq!(whole["thread"]["title"], TITLE);
    assert_eq!(whole["thread"]["tags"], json!(["router", "wifi"]));
    assert_eq!(whole["thread"]["solved"], true);
    assert_eq!(whole["thread"]["author"]["username"], "ann");
    assert_eq!(whole["thread"]["created_at"], "2026-03-02T09:00:00Z");
    assert_eq!(whole["question"]["body_md"], BODY);
    assert_eq!(whole["question"]["my_vote"], Value::Null);
    let shown = &whole["answers"]["items"][0];
    assert_eq!(
        (&shown["id"], &shown["accepted"], &shown["score"]),
        (&json!(answer), &json!(true), &json!(1))
    );
    assert!(shown["body_html"].as_str().unwrap().contains("<strong>it</strong>"));
    assert_eq!(shown["comments"]["items"][0]["id"], comment);
    assert_eq!(shown["comments"]["items"][0]["post_id"], answer);
    let mine = get_as(&anyone, &ann, &format!("/api/v1/threads/{id}")).await.json();
    assert_eq!(mine["answers"]["items"][0]["my_vote"], 1);
    assert_eq!(ids(&anyone.get(&format!("/api/v1/posts/{answer}/comments")).await), [comment]);

    world.settle().await;
    let bruno_seen = anyone.get("/api/v1/people/bruno").await.expect(200).json();
    // Ten for the vote; of fifteen for the acceptance a fifth, as Ann's account is new.
    assert_eq!((&bruno_seen["points"], &bruno_seen["solution_count"]), (&json!(13), &json!(1)));
    let found = anyone.get("/api/v1/search?q=router").await.expect(200).json();
    assert_eq!((&found["items"][0]["thread"]["id"], &found["total"]), (&json!(id), &json!(1)));
    assert_eq!(ids(&anyone.get("/api/v1/threads?sort=unsolved").await), [] as [i64; 0]);
    let tags = anyone.get("/api/v1/tags?q=wi").await.json();
    assert_eq!((&tags["items"][0]["name"], &tags["items"][0]["thread_count"]), (&json!("wifi"), &json!(1)));

    let unaccepted = send_as(&anyone, Method::DELETE, &ann, &acceptance, &Value::Null).await;
    assert_eq!(unaccepted.expect(200).json()["answer_id"], Value::Null);
    assert_eq!(ids(&anyone.get("/api/v1/threads?sort=unsolved&tag=wifi").await), [id]);
    let flag = json!({ "reason": "spam", "note": "An advertisement." });
    for _ in 0..2 {
        anyone.post_json(&format!("/api/v1/posts/{answer}/flags"), &ann, &flag).await.expect(200);
    }
    world.carla().await.get("/moderation").await.expect(200).contains("An advertisement.");
});

on_both!(lists_are_paged_without_gaps_or_repetitions, |world| async move {
    let anyone = world.visitor();
    let ann = token(&world, &world.ann).await;
    let mut asked = Vec::new();
    for n in 0..7 {
        // Two share each moment: the number decides between them.
        world.clock.advance(i64::from(n % 2 == 0) * 1_000_000);
        let page = anyone.post_json("/api/v1/threads", &ann, &question(n)).await;
        asked.push(page.expect(201).json()["id"].as_i64().unwrap());
    }
    asked.reverse();
    for sort in ["newest", "active", "unanswered", "unsolved"] {
        for limit in [1, 2, 3, 7, 100] {
            let base = format!("/api/v1/threads?sort={sort}&tag=router&limit={limit}");
            let (mut seen, mut path) = (Vec::new(), base.clone());
            loop {
                let page = anyone.get(&path).await;
                let part = ids(&page);
                assert!(part.len() <= limit, "{path}");
                seen.extend(part);
                match page.json()["next"].as_str() {
                    Some(next) => path = format!("{base}&after={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, asked, "{base}");
        }
    }
    let thread = asked[0];
    let mut answers = Vec::new();
    for n in 0..35 {
        let body = json!({ "body": format!("Answer number {n}, one of many.") });
        let page = anyone.post_json(&format!("/api/v1/threads/{thread}/answers"), &ann, &body).await;
        answers.push(page.expect(201).json()["id"].as_i64().unwrap());
    }
    for sort in ["score", "oldest"] {
        let first = anyone.get(&format!("/api/v1/threads/{thread}?sort={sort}")).await.json();
        let next = first["answers"]["next"].as_str().unwrap();
        let second = anyone.get(&format!("/api/v1/threads/{thread}?sort={sort}&after={next}")).await.json();
        let of = |page: &Value| page["answers"]["items"].as_array().unwrap().clone();
        let seen: Vec<i64> =
            of(&first).iter().chain(&of(&second)).map(|a| a["id"].as_i64().unwrap()).collect();
        assert_eq!(seen, answers);
        assert_eq!(second["answers"]["next"], Value::Null);
    }
    for n in 0..5 {
        let body = json!({ "body": format!("Remark number {n}") });
        anyone.post_json(&format!("/api/v1/posts/{thread}/comments"), &ann, &body).await.expect(201);
    }
    let all = ids(&anyone.get(&format!("/api/v1/posts/{thread}/comments")).await);
    let first = anyone.get(&format!("/api/v1/posts/{thread}/comments?limit=2")).await;
    let after = first.json()["next"].as_str().unwrap().to_owned();
    let rest = anyone.get(&format!("/api/v1/posts/{thread}/comments?limit=3&after={after}")).await;
    assert_eq!([ids(&first), ids(&rest)].concat(), all);
});

on_both!(nonsense_in_a_query_is_refused, |world| async move {
    let anyone = world.visitor();
    let person = "/api/v1/people/ann";
    let (asked, answered) = (format!("{person}/questions"), format!("{person}/answers"));
    let lists = ["/api/v1/threads", "/api/v1/tags", "/api/v1/search?q=router", &asked, &answered];
    for list in lists {
        let join = if list.contains('?') { '&' } else { '?' };
        for limit in ["0", "-1", "101", "1000000000", "abc", "9223372036854775808", "1.5", "+5", "05"] {
            problem(&anyone.get(&format!("{list}{join}limit={}", limit.replace('+', "%2B"))).await, 400);
        }
        for after in ["abc", "1", "_", "1_x", "99999999999999999999_1", "%ff", "AAAA"] {
            problem(&anyone.get(&format!("{list}{join}after={after}")).await, 400);
        }
    }
    for path in [
        "/api/v1/threads?sort=best",
        "/api/v1/threads?sort=newest&sort=active",
        "/api/v1/threads?tag=%00",
        "/api/v1/search",
        "/api/v1/search?q=",
        "/api/v1/search?q=%00",
    ] {
        problem(&anyone.get(path).await, 400);
    }
    problem(&anyone.get(&format!("/api/v1/search?q={}", "x".repeat(201))).await, 400);
    anyone.get(&format!("/api/v1/search?q={}", "(".repeat(200))).await.expect(200);
    problem(&anyone.get("/api/v1/threads?tag=nobody-has-this").await, 404);
    for id in ["0", "-1", "01", "+1", "abc", "99999999999999999999", "1%00", "999999"] {
        problem(&anyone.get(&format!("/api/v1/threads/{id}")).await, 404);
        problem(&anyone.get(&format!("/api/v1/posts/{id}/comments")).await, 404);
    }
    problem(&anyone.get("/api/v1/people/nobody").await, 404);
    problem(&anyone.get(&format!("/api/v1/threads?tag={}", "x".repeat(5_000))).await, 400);
});

on_both!(acts_ask_for_a_token_that_is_good, |world| async move {
    let anyone = world.visitor();
    let ann = token(&world, &world.ann).await;
    // A session is of no use here: a stranger's page could send it.
    let signed_in = world.ann().await;
    let refused = signed_in.request(Method::POST, "/api/v1/threads").json(&question(1));
    problem(&signed_in.send(refused).await, 401);
    problem(&signed_in.get("/api/v1/me").await, 401);
    let bare = anyone.request(Method::POST, "/api/v1/threads").body("no json at all");
    let page = anyone.send(bare).await;
    problem(&page, 401);
    assert_eq!(page.header("www-authenticate"), "Bearer");
    for wrong in ["", "loggia_wrong", &ann[1..], &format!("{ann}x"), "\u{e0}"] {
        for path in ["/api/v1/me", "/api/v1/threads"] {
            let value =
                reqwest::header::HeaderValue::from_bytes(format!("Bearer {wrong}").as_bytes()).unwrap();
            let page = anyone.send(anyone.request(Method::GET, path).header("authorization", value)).await;
            // What is no text at all is no token either; public things are there without one.
            if wrong.is_ascii() || path.ends_with("me") {
                problem(&page, 401);
            }
        }
        if wrong.is_ascii() {
            problem(&anyone.post_json("/api/v1/threads", wrong, &question(1)).await, 401);
        }
    }
    let lower = anyone.request(Method::GET, "/api/v1/me").header("authorization", format!("bearer {ann}"));
    let me = anyone.send(lower).await.expect(200).json();
    assert_eq!(me["person"]["username"], "ann");
    assert!(!me.to_string().contains("ann@example.com"));
    // A token opens the API alone.
    get_as(&anyone, &ann, "/settings").await.expect(303);

    let (db, id) = (world.db.clone(), world.ann.id);
    aside(move || {
        let known = tokens_of(&mut db.reader().unwrap(), id).unwrap();
        db.write_blocking(move |tx| revoke_api_token(tx, id, known[0].id, &Default::default())).unwrap();
    })
    .await;
    problem(&get_as(&anyone, &ann, "/api/v1/me").await, 401);
    problem(&get_as(&anyone, &ann, "/api/v1/threads").await, 401);
    problem(&anyone.post_json("/api/v1/threads", &ann, &question(1)).await, 401);
    assert_eq!(ids(&anyone.get("/api/v1/threads").await), [] as [i64; 0]);
});

on_both!(nobody_does_by_program_what_they_may_not_do_by_hand, |world| async move {
    let anyone = world.visitor();
    let (ann, bruno) = (token(&world, &world.ann).await, token(&world, &world.bruno).await);
    let id = anyone.post_json("/api/v1/threads", &ann, &question(1)).await.json()["id"].as_i64().unwrap();
    let said = json!({ "body": "A first answer to this." });
    let path = format!("/api/v1/threads/{id}/answers");
    let answer = anyone.post_json(&path, &bruno, &said).await.json()["id"].as_i64().unwrap();
    let vote = |post: i64| format!("/api/v1/posts/{post}/vote");
    let up = json!({ "value": 1 });
    problem(&send_as(&anyone, Method::PUT, &bruno, &vote(answer), &up).await, 403);
    let acceptance = format!("/api/v1/threads/{id}/acceptance");
    let this = json!({ "answer_id": answer });
    problem(&send_as(&anyone, Method::PUT, &bruno, &acceptance, &this).await, 403);
    problem(&send_as(&anyone, Method::PUT, &ann, &acceptance, &json!({ "answer_id": id })).await, 404);
    let flags = format!("/api/v1/posts/{answer}/flags");
    problem(&anyone.post_json(&flags, &bruno, &json!({ "reason": "spam" })).await, 403);
    let remark = format!("/api/v1/posts/{answer}/comments");
    let comment = anyone.post_json(&remark, &ann, &said).await.json()["id"].as_i64().unwrap();
    problem(&send_as(&anyone, Method::PUT, &bruno, &vote(comment), &up).await, 409);
    problem(&anyone.post_json(&format!("/api/v1/posts/{comment}/comments"), &ann, &said).await, 404);
    problem(&anyone.post_json("/api/v1/threads/999999/answers", &ann, &said).await, 404);
    // Nobody makes themselves or their post anything.
    for field in ["role", "is_admin", "score", "author_id", "created_at", "official", "signature"] {
        let mut new = question(2);
        new[field] = json!("admin");
        let refused = problem(&anyone.post_json("/api/v1/threads", &ann, &new).await, 422);
        assert_eq!(refused["field"], field);
    }
    assert_eq!(ids(&anyone.get("/api/v1/threads").await), [id]);
    let (db, who) = (world.db.clone(), world.bruno.id);
    let until = world.clock.now().plus(60_000_000);
    aside(move || {
        db.write_blocking(move |tx| loggia::accounts::set_suspended(tx, who, Some(until))).unwrap();
    })
    .await;
    problem(&anyone.post_json(&path, &bruno, &said).await, 401);
});

on_both!(what_is_hidden_is_not_there_by_program_either, |world| async move {
    let (ann, carla) = (world.ann().await, world.carla().await);
    let anyone = world.visitor();
    let (ann_key, bruno_key) = (token(&world, &world.ann).await, token(&world, &world.bruno).await);
    let carla_key = token(&world, &world.carla).await;
    let url = ask(&ann, TITLE, BODY, "router").await;
    let id = thread_id(&url);
    let bruno = world.bruno().await;
    let answer = answer(&bruno, &url, "A canarysecret answer to hide.").await;
    world.settle().await;
    assert_eq!(anyone.get("/api/v1/search?q=canarysecret").await.json()["total"], 1);
    let page = carla.get(&url).await;
    let hiding = format!("/posts/{answer}/hiding");
    carla.submit(&page, &hiding, &[("reason", "This is spam, plainly.")]).await.expect(303);
    let thread = format!("/api/v1/threads/{id}");
    // Also before the index has followed.
    anyone.get("/api/v1/search?q=canarysecret").await.expect(200).lacks("A canarysecret answer");
    world.settle().await;
    let person = "/api/v1/people/bruno";
    let answers = format!("{person}/answers");
    let revisions = format!("/api/v1/posts/{answer}/revisions");
    for path in [&thread, "/api/v1/search?q=canarysecret", "/api/v1/threads", person, &answers] {
        anyone.get(path).await.expect(200).lacks("canarysecret answer");
        get_as(&anyone, &ann_key, path).await.expect(200).lacks("canarysecret answer");
    }
    get_as(&anyone, &bruno_key, &thread).await.contains("canarysecret").contains("\"removed\":\"hidden\"");
    get_as(&anyone, &carla_key, &thread).await.contains("canarysecret");
    assert_eq!(ids(&get_as(&anyone, &ann_key, &answers).await), [] as [i64; 0]);
    for key in [&bruno_key, &carla_key] {
        assert_eq!(ids(&get_as(&anyone, key, &answers).await), [answer]);
        get_as(&anyone, key, &revisions).await.expect(200).contains("canarysecret");
    }
    problem(&anyone.get(&revisions).await, 404);
    // Not even that it is there is told by what is wrong with a text for it.
    let text = json!({ "base_revision": 1, "body": "x", "title": "x" });
    problem(&anyone.post_json(&revisions, &ann_key, &text).await, 404);
    let vote = format!("/api/v1/posts/{answer}/vote");
    let voted = send_as(&anyone, Method::PUT, &ann_key, &vote, &json!({ "value": 1 })).await;
    problem(&voted, 404);
    problem(&anyone.get(&format!("/api/v1/posts/{answer}/comments")).await, 404);
    let page = carla.get(&url).await;
    let hiding = format!("/posts/{id}/hiding");
    carla.submit(&page, &hiding, &[("reason", "This is spam, plainly.")]).await.expect(303);
    world.settle().await;
    problem(&anyone.get(&thread).await, 404);
    problem(&get_as(&anyone, &bruno_key, &thread).await, 404);
    get_as(&anyone, &ann_key, &thread).await.expect(200);
    let asked = "/api/v1/people/ann/questions";
    for path in ["/api/v1/threads", "/api/v1/threads?tag=router", "/api/v1/search?q=router", asked, &answers]
    {
        anyone.get(path).await.expect(200).lacks(TITLE);
        get_as(&anyone, &bruno_key, path).await.expect(200).lacks(BODY);
    }
    for key in [&ann_key, &carla_key] {
        assert_eq!(ids(&get_as(&anyone, key, asked).await), [id]);
    }
    let said = json!({ "body": "An answer to what is gone." });
    problem(&anyone.post_json(&format!("{thread}/answers"), &bruno_key, &said).await, 404);
});

on_both!(a_text_is_edited_by_program_and_no_edit_is_lost, |world| async move {
    let anyone = world.visitor();
    let (ann, bruno) = (token(&world, &world.ann).await, token(&world, &world.bruno).await);
    let id = anyone.post_json("/api/v1/threads", &ann, &question(1)).await.json()["id"].as_i64().unwrap();
    let revisions = format!("/api/v1/posts/{id}/revisions");
    let first = anyone.get(&revisions).await.expect(200).json();
    assert_eq!(first["items"][0]["number"], 1);
    assert_eq!(first["items"][0]["body_md"], BODY);
    assert_eq!(first["items"][0]["author"]["username"], "ann");
    let edit = |base: i32, body: &str| json!({ "base_revision": base, "title": TITLE, "tags": ["wifi"], "body": body, "summary": "clearer" });
    let saved = anyone.post_json(&revisions, &ann, &edit(1, "It is *another* text now.")).await;
    let saved = saved.expect(200).json();
    assert_eq!((&saved["post_id"], &saved["revision"]), (&json!(id), &json!(2)));
    assert!(saved["url"].as_str().unwrap().starts_with(&world.base_url), "{saved}");
    // Sent again it changes nothing; another text on the old number is refused and changes nothing either.
    let again = anyone.post_json(&revisions, &ann, &edit(1, "It is *another* text now.")).await;
    assert_eq!(again.expect(200).json()["revision"], 2);
    let late = problem(&anyone.post_json(&revisions, &ann, &edit(1, "Written on the old one.")).await, 409);
    assert!(late["detail"].as_str().unwrap().contains("newer revision"), "{late}");
    let all = anyone.get(&revisions).await.expect(200).json();
    let numbers: Vec<_> = all["items"].as_array().unwrap().iter().map(|r| r["number"].clone()).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(
        (&all["items"][0]["summary"], &all["items"][0]["tags"]),
        (&json!("clearer"), &json!(["wifi"]))
    );
    let whole = anyone.get(&format!("/api/v1/threads/{id}")).await.json();
    assert_eq!((&whole["thread"]["title"], &whole["thread"]["tags"]), (&json!(TITLE), &json!(["wifi"])));
    problem(&anyone.post_json(&revisions, &bruno, &edit(2, "Somebody else's words.")).await, 403);
    // A comment has neither title nor tags, and its own bounds.
    let remark = json!({ "body": "A remark." });
    let comment = anyone.post_json(&format!("/api/v1/posts/{id}/comments"), &bruno, &remark).await;
    let comment = comment.expect(201).json()["id"].as_i64().unwrap();
    let of_comment = format!("/api/v1/posts/{comment}/revisions");
    let short = json!({ "base_revision": 1, "body": "Shorter." });
    assert_eq!(anyone.post_json(&of_comment, &bruno, &short).await.expect(200).json()["revision"], 2);
    for (path, body, field) in [
        (&of_comment, json!({ "base_revision": 2, "body": "Shorter yet", "title": TITLE }), "title"),
        (&of_comment, json!({ "base_revision": 2, "body": "Shorter yet", "tags": [] }), "tags"),
        (&of_comment, json!({ "base_revision": 2, "body": "x".repeat(1_001) }), "body"),
        (&of_comment, json!({ "body": "Shorter yet" }), "base_revision"),
        (
            &of_comment,
            json!({ "base_revision": 2, "body": "Fine so far", "summary": "x".repeat(201) }),
            "summary",
        ),
        (&revisions, json!({ "base_revision": 2, "body": BODY, "tags": [] }), "title"),
        (&revisions, json!({ "base_revision": 2, "body": BODY, "title": TITLE }), "tags"),
        (&revisions, json!({ "base_revision": 2, "body": BODY, "title": "short", "tags": [] }), "title"),
    ] {
        let key = if path == &of_comment { &bruno } else { &ann };
        assert_eq!(problem(&anyone.post_json(path, key, &body).await, 422)["field"], field, "{body}");
    }
    problem(&anyone.post_json("/api/v1/posts/999999/revisions", &ann, &edit(1, BODY)).await, 404);
    problem(&anyone.get("/api/v1/posts/999999/revisions").await, 404);
    problem(&anyone.get(&format!("{revisions}?after=0_99999999999")).await, 400);
    // More than a page of them.
    for n in 2..40 {
        let body = format!("Text number {n} of many.");
        anyone.post_json(&revisions, &ann, &edit(n, &body)).await.expect(200);
    }
    let page = anyone.get(&revisions).await.json();
    let next = page["next"].as_str().unwrap();
    let rest = anyone.get(&format!("{revisions}?after={next}")).await.expect(200).json();
    let numbers: Vec<i64> = [&page, &rest]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|row| row["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=40).rev().collect::<Vec<i64>>());
    assert_eq!(rest["next"], Value::Null);
});

on_both!(small_acts_are_done_and_taken_back_by_program, |world| async move {
    let anyone = world.visitor();
    let (ann, bruno) = (token(&world, &world.ann).await, token(&world, &world.bruno).await);
    let id = anyone.post_json("/api/v1/threads", &ann, &question(1)).await.json()["id"].as_i64().unwrap();
    let act =
        |method: Method, key: &str, path: &str| anyone.send(anyone.request(method, path).bearer_auth(key));
    let me_too = format!("/api/v1/threads/{id}/me-too");
    let thread = format!("/api/v1/threads/{id}");
    for (method, me, count) in [(Method::PUT, true, 1), (Method::PUT, true, 1), (Method::DELETE, false, 0)] {
        let said = act(method, &bruno, &me_too).await.expect(200).json();
        assert_eq!(said, json!({ "thread_id": id, "me_too": me }));
        assert_eq!(anyone.get(&thread).await.json()["thread"]["me_too_count"], count);
    }
    problem(&act(Method::PUT, &ann, &me_too).await, 403);
    let follow = format!("/api/v1/threads/{id}/follow");
    for (method, following) in [(Method::PUT, true), (Method::PUT, true), (Method::DELETE, false)] {
        let said = act(method, &bruno, &follow).await.expect(200).json();
        assert_eq!(said, json!({ "thread_id": id, "following": following }));
        let form = if following { "/follow/removal" } else { "/follow" };
        let page = world.bruno().await.get(&thread.replace("/api/v1", "")).await.location();
        let page = world.bruno().await.get(&page).await;
        assert!(page.forms().contains(&format!("/threads/{id}{form}")), "{:?}", page.forms());
    }
    let text = json!({ "body": "An answer to be taken back." });
    let answer = anyone.post_json(&format!("{thread}/answers"), &bruno, &text).await;
    let answer = answer.expect(201).json()["id"].as_i64().unwrap();
    let (post, deletion) = (format!("/api/v1/posts/{answer}"), format!("/api/v1/posts/{answer}/deletion"));
    problem(&act(Method::DELETE, &ann, &post).await, 409);
    for _ in 0..2 {
        let said = act(Method::DELETE, &bruno, &post).await.expect(200).json();
        assert_eq!(said, json!({ "post_id": answer, "deleted": true }));
        assert_eq!(anyone.get(&thread).await.json()["thread"]["answer_count"], 0);
    }
    problem(&act(Method::DELETE, &ann, &deletion).await, 404);
    for _ in 0..2 {
        let said = act(Method::DELETE, &bruno, &deletion).await.expect(200).json();
        assert_eq!(said, json!({ "post_id": answer, "deleted": false }));
        assert_eq!(anyone.get(&thread).await.json()["thread"]["answer_count"], 1);
    }
    // A question that was answered belongs to others too.
    problem(&act(Method::DELETE, &ann, &format!("/api/v1/posts/{id}")).await, 409);
    for (method, path) in [
        (Method::PUT, me_too.as_str()),
        (Method::DELETE, &me_too),
        (Method::PUT, &follow),
        (Method::DELETE, &follow),
        (Method::DELETE, &post),
        (Method::DELETE, &deletion),
    ] {
        problem(&anyone.send(anyone.request(method.clone(), path)).await, 401);
        let nowhere = path.replace(&id.to_string(), "999999").replace(&answer.to_string(), "999999");
        problem(&act(method, &bruno, &nowhere).await, 404);
    }
});

on_both!(a_program_says_what_solved_it_for_its_owner_and_takes_it_back, |world| async move {
    let anyone = world.visitor();
    let (ann, bruno) = (token(&world, &world.ann).await, token(&world, &world.bruno).await);
    let dario = token(&world, &world.dario).await;
    let id = anyone.post_json("/api/v1/threads", &ann, &question(1)).await.json()["id"].as_i64().unwrap();
    let text = json!({ "body": "An answer that helps a few." });
    let answer = anyone.post_json(&format!("/api/v1/threads/{id}/answers"), &bruno, &text).await;
    let answer = answer.expect(201).json()["id"].as_i64().unwrap();
    let path = format!("/api/v1/posts/{answer}/confirmation");
    for (solved, count) in [(true, 1), (true, 1), (false, 0), (true, 1)] {
        let said = send_as(&anyone, Method::PUT, &dario, &path, &json!({ "solved": solved })).await;
        let expected = json!({ "post_id": answer, "solved_for": count, "my_confirmation": solved });
        assert_eq!(said.expect(200).json(), expected);
    }
    let whole = anyone.get(&format!("/api/v1/threads/{id}")).await.json();
    assert_eq!(whole["answers"]["items"][0]["solved_for"], 1);
    assert_eq!(whole["answers"]["items"][0]["my_confirmation"], Value::Null);
    let request = anyone.request(Method::GET, &format!("/api/v1/threads/{id}")).bearer_auth(&dario);
    assert_eq!(anyone.send(request).await.json()["answers"]["items"][0]["my_confirmation"], true);
    let yes = json!({ "solved": true });
    problem(&send_as(&anyone, Method::PUT, &ann, &path, &yes).await, 403);
    problem(&send_as(&anyone, Method::PUT, &bruno, &path, &yes).await, 403);
    let question = format!("/api/v1/posts/{id}/confirmation");
    problem(&send_as(&anyone, Method::PUT, &dario, &question, &yes).await, 409);
    problem(&send_as(&anyone, Method::PUT, &dario, "/api/v1/posts/999999/confirmation", &yes).await, 404);
    problem(&anyone.send(anyone.request(Method::DELETE, &path)).await, 401);
    for _ in 0..2 {
        let said = anyone.send(anyone.request(Method::DELETE, &path).bearer_auth(&dario)).await;
        let expected = json!({ "post_id": answer, "solved_for": 0, "my_confirmation": null });
        assert_eq!(said.expect(200).json(), expected);
    }
});

on_both!(what_a_person_asked_and_answered_is_paged, |world| async move {
    let anyone = world.visitor();
    let (ann, bruno) = (token(&world, &world.ann).await, token(&world, &world.bruno).await);
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    for n in 0..5 {
        world.clock.advance(i64::from(n % 2 == 0) * 1_000_000);
        let page = anyone.post_json("/api/v1/threads", &ann, &question(n)).await;
        let id = page.expect(201).json()["id"].as_i64().unwrap();
        asked.insert(0, id);
        let text = json!({ "body": format!("Answer number {n}, of one person.") });
        let page = anyone.post_json(&format!("/api/v1/threads/{id}/answers"), &bruno, &text).await;
        answered.insert(0, page.expect(201).json()["id"].as_i64().unwrap());
    }
    for (list, expected) in
        [("/api/v1/people/ann/questions", &asked), ("/api/v1/people/bruno/answers", &answered)]
    {
        for limit in [1, 2, 5, 100] {
            let base = format!("{list}?limit={limit}");
            let (mut seen, mut path) = (Vec::new(), base.clone());
            loop {
                let page = anyone.get(&path).await;
                seen.extend(ids(&page));
                match page.json()["next"].as_str() {
                    Some(next) => path = format!("{base}&after={next}"),
                    None => break,
                }
            }
            assert_eq!(&seen, expected, "{base}");
        }
    }
    let first = &anyone.get("/api/v1/people/bruno/answers").await.json()["items"][0];
    assert_eq!((&first["thread"]["id"], &first["accepted"]), (&json!(asked[0]), &json!(false)));
    assert_eq!(ids(&anyone.get("/api/v1/people/bruno/questions").await), [] as [i64; 0]);
    problem(&anyone.get("/api/v1/people/nobody/questions").await, 404);
    problem(&anyone.get("/api/v1/people/nobody/answers").await, 404);
});

on_both!(a_request_sent_twice_makes_one_post, |world| async move {
    let anyone = world.visitor();
    let ann = token(&world, &world.ann).await;
    let send = |key: &'static str, n: usize| {
        let request = anyone.request(Method::POST, "/api/v1/threads").bearer_auth(&ann).json(&question(n));
        anyone.send(request.header("idempotency-key", key))
    };
    let first = send("0123456789abcdef", 1).await;
    let again = send("0123456789abcdef", 1).await;
    assert_eq!(first.expect(201).json(), again.expect(200).json());
    let many = futures_util::future::join_all((0..10).map(|_| send("fedcba9876543210", 1))).await;
    assert_eq!(many.iter().filter(|page| page.status == 201).count(), 1);
    assert_eq!(ids(&anyone.get("/api/v1/threads").await).len(), 2);
    for key in ["short", "", "0123456789abcde!", "0123456789abcdef 0123456789abcdef"] {
        problem(&send(key, 3).await, 400);
    }
    let twice = anyone.request(Method::POST, "/api/v1/threads").bearer_auth(&ann).json(&question(3));
    let twice =
        twice.header("idempotency-key", "0123456789abcdef").header("idempotency-key", "aaaaaaaaaaaaaaaaa");
    problem(&anyone.send(twice).await, 400);
});

on_both!(every_error_is_a_problem_in_json, |world| async move {
    let anyone = world.visitor();
    let ann = token(&world, &world.ann).await;
    for path in ["/api/", "/api/v2/threads", "/api/v1", "/api/v1/nothing", "/api/v1/threads/1/answers/2"] {
        problem(&anyone.get(path).await, 404);
    }
    for (method, path, allow) in [
        (Method::DELETE, "/api/v1/threads", "GET, POST, HEAD"),
        (Method::PATCH, "/api/v1/threads/1", "GET, HEAD"),
        (Method::GET, "/api/v1/posts/1/vote", "PUT"),
        (Method::OPTIONS, "/api/v1/threads", "GET, POST, HEAD"),
        (Method::POST, "/api/openapi.json", "GET, HEAD"),
    ] {
        let page = anyone.send(anyone.request(method, path)).await;
        problem(&page, 405);
        assert_eq!(page.header("allow"), allow, "{path}");
    }
    let post = || anyone.request(Method::POST, "/api/v1/threads").bearer_auth(&ann);
    let typed = |kind: &str, body: &str| post().header("content-type", kind).body(body.to_owned());
    let good = question(1).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin1",
    ] {
        problem(&anyone.send(typed(kind, &good)).await, 415);
    }
    problem(&anyone.send(post().body(good.clone())).await, 415);
    let nested = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for body in ["", "{", "[]", "null", "\"text\"", &nested, "{\"title\":\"\\ud800\"}"] {
        problem(&anyone.send(typed("application/json", body)).await, 400);
    }
    problem(
        &anyone.send(post().header("content-type", "application/json").body(vec![0xff, 0xfe])).await,
        400,
    );
    let large = json!({ "title": TITLE, "body": "x".repeat(600_000), "tags": [] });
    problem(&anyone.post_json("/api/v1/threads", &ann, &large).await, 413);
    for (body, field) in [
        (json!({ "title": TITLE, "body": BODY }), "tags"),
        (json!({ "title": "short", "body": BODY, "tags": [] }), "title"),
        (json!({ "title": "x".repeat(151), "body": BODY, "tags": [] }), "title"),
        (json!({ "title": 7, "body": BODY, "tags": [] }), "title"),
        (json!({ "title": TITLE, "body": "short", "tags": [] }), "body"),
        (json!({ "title": TITLE, "body": "x".repeat(30_001), "tags": [] }), "body"),
        (json!({ "title": TITLE, "body": "nul \u{0} nul nul nul", "tags": [] }), "body"),
        (json!({ "title": TITLE, "body": BODY, "tags": ["a!b"] }), "tags"),
        (json!({ "title": TITLE, "body": BODY, "tags": ["aa", "bb", "cc", "dd", "ee", "ff"] }), "tags"),
        (json!({ "title": TITLE, "body": BODY, "tags": ["", "", "", "", "", ""] }), "tags"),
        (json!({ "title": TITLE, "body": BODY, "tags": ["aa", ""] }), "tags"),
        (json!({ "title": TITLE, "body": BODY, "tags": ["aa,bb"] }), "tags"),
    ] {
        let refused = problem(&anyone.post_json("/api/v1/threads", &ann, &body).await, 422);
        assert_eq!(refused["field"], field, "{refused}");
        assert!(refused["detail"].as_str().unwrap().len() > 10, "{refused}");
    }
    for value in [json!(2), json!(-2), json!("1"), json!(1.5), json!(null), json!(1e99)] {
        let page =
            send_as(&anyone, Method::PUT, &ann, "/api/v1/posts/1/vote", &json!({ "value": value })).await;
        assert_eq!(problem(&page, 422)["field"], "value");
    }
    let flag = anyone.post_json("/api/v1/posts/1/flags", &ann, &json!({ "reason": "boredom" })).await;
    assert_eq!(problem(&flag, 422)["field"], "reason");
    let strange = anyone.request(Method::GET, "/api/v1/threads").header("host", "evil.example");
    problem(&anyone.send(strange).await, 421);
});

on_both!(too_many_acts_are_told_when_to_come_back, |ground: Ground| async move {
    let world = World::with(ground, &[("rate_limits", "true")]).await;
    let anyone = world.visitor();
    let ann = token(&world, &world.ann).await;
    for n in 0..12 {
        anyone.post_json("/api/v1/threads", &ann, &question(n)).await.expect(201);
    }
    let page = anyone.post_json("/api/v1/threads", &ann, &question(12)).await;
    problem(&page, 429);
    let wait: u64 = page.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
});

on_both!(answers_are_json_for_programs_and_for_nobody_else, |world| async move {
    let anyone = world.visitor();
    let ann = token(&world, &world.ann).await;
    let marked = json!({ "title": "A title </script><script>alert(1)</script>", "body": BODY, "tags": [] });
    anyone.post_json("/api/v1/threads", &ann, &marked).await.expect(201);
    for path in ["/api/v1/threads", "/api/openapi.json", "/api/v1/nothing"] {
        for origin in ["https://evil.example", "null", &format!("{}.evil.example", world.base_url)] {
            let page = anyone.send(anyone.request(Method::GET, path).header("origin", origin)).await;
            assert!(page.header("content-type").starts_with("application/"), "{path}");
            assert_eq!(page.header("x-content-type-options"), "nosniff");
            assert!(page.header("content-security-policy").contains("default-src 'none'"));
            assert!(!page.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{path}");
            assert!(!page.headers.contains_key("set-cookie"), "{path}");
        }
    }
    let seen = anyone.get("/api/v1/threads").await;
    assert_eq!(seen.header("cache-control"), "private, no-store");
    seen.lacks("@example.com").lacks("password");
});

on_both!(the_description_is_served_and_kept_by_who_has_it, |world| async move {
    let anyone = world.visitor();
    let page = anyone.get("/api/openapi.json").await;
    let document = page.expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let etag = page.header("etag");
    let again = anyone.request(Method::GET, "/api/openapi.json").header("if-none-match", etag);
    assert!(anyone.send(again).await.expect(304).bytes.is_empty());
    // What is answered is what is described: every field of a thread, and no other.
    let ann = token(&world, &world.ann).await;
    let id = anyone.post_json("/api/v1/threads", &ann, &question(1)).await.json()["id"].as_i64().unwrap();
    anyone
        .post_json(&format!("/api/v1/threads/{id}/answers"), &ann, &json!({ "body": "An answer of my own." }))
        .await
        .expect(201);
    anyone
        .post_json(&format!("/api/v1/posts/{id}/comments"), &ann, &json!({ "body": "A remark." }))
        .await
        .expect(201);
    world.settle().await;
    for (path, of) in [
        ("/api/v1/threads".to_owned(), "/api/v1/threads"),
        (format!("/api/v1/threads/{id}"), "/api/v1/threads/{id}"),
        (format!("/api/v1/posts/{id}/comments"), "/api/v1/posts/{id}/comments"),
        (format!("/api/v1/posts/{id}/revisions"), "/api/v1/posts/{id}/revisions"),
        ("/api/v1/search?q=question".to_owned(), "/api/v1/search"),
        ("/api/v1/tags".to_owned(), "/api/v1/tags"),
        ("/api/v1/people/ann".to_owned(), "/api/v1/people/{username}"),
        ("/api/v1/people/ann/questions".to_owned(), "/api/v1/people/{username}/questions"),
        ("/api/v1/people/ann/answers".to_owned(), "/api/v1/people/{username}/answers"),
        ("/api/v1/me".to_owned(), "/api/v1/me"),
    ] {
        let answer = get_as(&anyone, &ann, &path).await.expect(200).json();
        let schema =
            &document["paths"][of]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        fits(&document, schema, &answer, &path);
    }
    let refused = anyone.post_json("/api/v1/threads", &ann, &json!({})).await.json();
    fits(&document, &json!({ "$ref": "#/components/schemas/Problem" }), &refused, "a problem");
});

/// Holds a value against the part of JSON Schema that our description uses.
#[track_caller]
fn fits(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(document, document.pointer(&reference[1..]).unwrap(), value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        if value.is_null() {
            assert!(choices.iter().any(|choice| choice["type"] == "null"), "{at} is null");
            return;
        }
        let choice = choices.iter().find(|choice| choice["type"] != "null").unwrap();
        return fits(document, choice, value, at);
    }
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    assert!(types.iter().any(|known| known == name), "{at} is {name}, not {types:?}: {schema}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at}: {value} is none of {words:?}");
    }
    match value {
        Value::Array(items) => {
            assert!(
                !items.is_empty() || !at.ends_with("/items") || at.contains("comments"),
                "{at} shows nothing"
            );
            items.iter().for_each(|item| fits(document, &schema["items"], item, &format!("{at}/0")));
        }
        Value::Object(members) => {
            assert_eq!(schema["additionalProperties"], false, "{at} is open");
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(members.contains_key(required.as_str().unwrap()), "{at} lacks {required}");
            }
            for (name, member) in members {
                let property = &schema["properties"][name];
                assert!(property.is_object(), "{at} has {name}, which is not described");
                fits(document, property, member, &format!("{at}/{name}"));
            }
        }
        _ => {}
    }
}
