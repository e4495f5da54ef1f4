//! tests: the main job over HTTP: ask, answer, comment, vote, accept, edit, delete.
use crate::visitor::{Page, Visitor};
use crate::world::World;

pub const TITLE: &str = "Router keeps losing the night connection";
pub const BODY: &str = "Every night at two the **router** loses its connection.\n\n```sh\nip route\n```";

/// Asks as this visitor, who has looked at all that is like it; the address of the new thread.
pub async fn ask(by: &Visitor, title: &str, body: &str, tags: &str) -> String {
    let form = by.get("/ask").await;
    let fields = [("title", title), ("body", body), ("tags", tags), ("seen", "all")];
    by.submit(form.expect(200), "/threads", &fields).await.expect(303).location()
}

pub fn thread_id(url: &str) -> i64 {
    url.split('/').nth(2).unwrap().parse().unwrap()
}

/// Answers as this visitor; the answer's number.
pub async fn answer(by: &Visitor, url: &str, body: &str) -> i64 {
    let page = by.get(url).await;
    let action = format!("/threads/{}/answers", thread_id(url));
    let done = by.submit(page.expect(200), &action, &[("body", body)]).await;
    post_id(&done)
}

/// The post a redirect leads to.
#[track_caller]
pub fn post_id(page: &Page) -> i64 {
    let place = page.expect(303).location();
    let id = place.rsplit_once("#post-").map_or_else(|| place.trim_start_matches("/posts/"), |(_, id)| id);
    id.parse().unwrap()
}

on_both!(a_question_is_asked_answered_voted_on_and_solved, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "router wifi").await;
    let id = thread_id(&url);
    let page = world.visitor().get(&url).await;
    page.expect(200).contains(TITLE).contains("<strong>router</strong>").contains("/tags/wifi");

    let answer = answer(&bruno, &url, "Switch off the **nightly update** in the settings.").await;
    let seen = ann.get(&url).await;
    seen.expect(200).contains("<strong>nightly update</strong>");
    let voted = ann.submit(&seen, &format!("/posts/{answer}/vote"), &[]).await;
    voted.expect(422);
    ann.post(&format!("/posts/{answer}/vote"), &[("value", "1")]).await.expect(303);
    ann.submit(&seen, &format!("/threads/{id}/acceptance"), &[]).await.expect(303);
    let solved = world.visitor().get(&url).await;
    solved.expect(200).contains("solution-title");
    world.settle().await;
    // Ann's account is new: her acceptance counts a fifth until somebody independent confirms.
    bruno.get("/people/bruno?tab=points").await.expect(200).contains("+3").contains("+10");
    world.visitor().get("/threads?sort=unsolved").await.expect(200).lacks(TITLE);
    world.visitor().get("/threads?sort=newest").await.expect(200).contains(TITLE);
    world.visitor().get("/tags/router").await.expect(200).contains(TITLE);

    let back = ann.get(&url).await;
    ann.submit(&back, &format!("/threads/{id}/acceptance/removal"), &[]).await.expect(303);
    world.settle().await;
    bruno.get("/people/bruno?tab=points").await.expect(200).contains("\u{2212}3");
    world.visitor().get("/threads?sort=unsolved").await.expect(200).contains(TITLE);
});

on_both!(a_form_sent_many_times_at_once_makes_one_post, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "").await;
    let page = bruno.get(&url).await;
    let action = format!("/threads/{}/answers", thread_id(&url));
    let sends = (0..20).map(|_| bruno.submit(&page, &action, &[("body", "Only one of these is kept.")]));
    let places: Vec<i64> = futures_util::future::join_all(sends).await.iter().map(post_id).collect();
    assert!(places.windows(2).all(|pair| pair[0] == pair[1]), "{places:?}");
    let shown = world.visitor().get(&url).await.text();
    assert_eq!(shown.matches("Only one of these is kept.</p>").count(), 1);
    // Gone back to and written anew, the same page is another answer: nothing written is lost.
    let other = bruno.submit(&page, &action, &[("body", "Another thought from the same page.")]).await;
    assert_ne!(post_id(&other), places[0]);
});

on_both!(concurrent_votes_count_once_and_can_be_taken_back, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "").await;
    let id = thread_id(&url);
    bruno.get(&url).await;
    let vote = |value: &'static str| {
        let bruno = &bruno;
        async move {
            let token = bruno.csrf().unwrap();
            let request = bruno
                .request(reqwest::Method::POST, &format!("/posts/{id}/vote"))
                .header("accept", "application/json")
                .form(&[("csrf", token.as_str()), ("value", value)]);
            bruno.send(request).await
        }
    };
    for page in futures_util::future::join_all((0..16).map(|_| vote("1"))).await {
        assert_eq!(page.expect(200).json(), serde_json::json!({"score": 1, "my_vote": 1}));
    }
    assert_eq!(vote("-1").await.json(), serde_json::json!({"score": -1, "my_vote": -1}));
    assert_eq!(vote("0").await.json(), serde_json::json!({"score": 0, "my_vote": 0}));
    vote("2").await.expect(422);
    let own = ann.post(&format!("/posts/{id}/vote"), &[("value", "1")]).await;
    own.expect(409).contains("your own post");
});

on_both!(an_edit_over_a_newer_edit_is_a_conflict_and_nothing_is_lost, |world| async move {
    let (ann, carla) = (world.ann().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let id = thread_id(&url);
    let action = format!("/posts/{id}/revisions");
    let mine = ann.get(&format!("/posts/{id}/edit")).await;
    let theirs = carla.get(&format!("/posts/{id}/edit")).await;
    carla
        .submit(&theirs, &action, &[("body", "Carla made this text clearer."), ("summary", "clearer")])
        .await
        .expect(303);
    let conflict = ann.submit(&mine, &action, &[("body", "Ann also changed this text.")]).await;
    conflict.expect(409).contains("Ann also changed this text.").contains("Carla");
    let kept = ann.submit(&conflict, &action, &[]).await;
    kept.expect(303);
    world.visitor().get(&url).await.expect(200).contains("Ann also changed this text.");
    let revisions = world.visitor().get(&action).await;
    revisions.expect(200).contains("clearer").contains("diff-added");
    world.visitor().get(&format!("{action}?from=1&to=2")).await.expect(200).contains("Carla");
    world.visitor().get(&format!("{action}?from=1&to=99")).await.expect(404);
});

on_both!(what_is_deleted_is_gone_for_others_and_comes_back, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "").await;
    let answer = answer(&bruno, &url, "canary-of-bruno in an answer").await;
    let page = bruno.get(&url).await;
    bruno.submit(&page, &format!("/posts/{answer}/deletion"), &[]).await.expect(303);
    for other in [world.visitor(), world.ann().await, world.dario().await] {
        other.get(&url).await.expect(200).lacks("canary-of-bruno");
        other.get(&format!("/posts/{answer}")).await.expect(404);
        other.get(&format!("/posts/{answer}/revisions")).await.expect(404);
        other.get("/people/bruno").await.expect(200).lacks("canary-of-bruno");
    }
    carla.get(&url).await.expect(200).contains("canary-of-bruno");
    let own = bruno.get(&url).await;
    own.contains("canary-of-bruno");
    bruno.submit(&own, &format!("/posts/{answer}/deletion/removal"), &[]).await.expect(303);
    world.visitor().get(&url).await.expect(200).contains("canary-of-bruno");
    // A question with answers belongs to those who answered, too.
    ann.post(&format!("/posts/{}/deletion", thread_id(&url)), &[]).await.expect(409);
});

on_both!(comments_me_too_and_follow_work, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "").await;
    let id = thread_id(&url);
    let page = bruno.get(&url).await;
    bruno
        .submit(&page, &format!("/posts/{id}/comments"), &[("body", "Which firmware is on it?")])
        .await
        .expect(303);
    let short = bruno.submit(&page, &format!("/posts/{id}/comments"), &[("body", "ok")]).await;
    short.expect(422).contains("few words more").contains(">\nok</textarea>");
    bruno.submit(&page, &format!("/threads/{id}/me-too"), &[]).await.expect(303);
    bruno.post(&format!("/threads/{id}/me-too"), &[]).await.expect(303);
    world.visitor().get(&url).await.expect(200).contains("Which firmware").contains("1 other person");
    ann.post(&format!("/threads/{id}/me-too"), &[]).await.expect(409);
});

on_both!(a_draft_survives_a_closed_tab, |world| async move {
    let ann = world.ann().await;
    ann.get("/ask").await.expect(200);
    ann.post(
        "/drafts",
        &[("place", "question"), ("title", "Half a title"), ("body", "Half a thought"), ("tags", "x")],
    )
    .await
    .expect(204);
    let again = world.ann().await;
    again.get("/ask").await.expect(200).contains("Half a title").contains("Half a thought");
    let list = again.get("/drafts").await;
    list.expect(200).contains("Half a title");
    ann.post("/drafts", &[("place", "elsewhere"), ("body", "x")]).await.expect(422);
    ask(&again, TITLE, BODY, "").await;
    again.get("/drafts").await.expect(200).lacks("Half a title");
});

on_both!(malformed_input_is_refused_with_a_word, |world: World| async move {
    let ann = world.ann().await;
    let form = ann.get("/ask").await;
    for (title, body, tags, says) in [
        ("", BODY, "", "Please make the title"),
        ("Too short", BODY, "", "Please make the title"),
        (TITLE, "", "", "write a little more"),
        (TITLE, BODY, "a b c d e f", "at most five tags"),
        (TITLE, BODY, "not<ok>", "Tags are made of"),
        (TITLE, "with a bell \u{7} inside", "", "cannot be shown"),
    ] {
        let page = ann.submit(&form, "/threads", &[("title", title), ("body", body), ("tags", tags)]).await;
        page.expect(422).contains(says);
    }
    let long = "x".repeat(30_001);
    ann.submit(&form, "/threads", &[("title", TITLE), ("body", &long)])
        .await
        .expect(422)
        .contains("longer than");
    let huge = "x".repeat(600_000);
    ann.submit(&form, "/threads", &[("title", TITLE), ("body", &huge)]).await.expect(413);
    for path in [
        "/threads/0/x",
        "/threads/-1/x",
        "/threads/99999999999999999999/x",
        "/threads/abc",
        "/posts/1e9",
        "/threads/%ff/x",
    ] {
        ann.get(path).await.expect(404);
    }
    for path in ["/?after=zzz", "/threads?after=1", "/threads?sort=%00", "/tags?after=%ff", "/?a=1&a=2"] {
        ann.get(path).await.expect(400);
    }
    ann.get(&format!("/{}", "y".repeat(5000))).await.expect(400);
});
