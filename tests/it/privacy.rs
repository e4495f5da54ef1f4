//! tests: leaving for good, and taking one's data along.
use crate::accounts::newest_mail;
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use crate::visitor::{Page, Visitor};
use crate::world::World;
use diesel::prelude::*;
use loggia::db::schema::{account_log, mails, post_origins, posts, threads, users};
use loggia::db::{Conn, DbResult, dump};

const ERASURE: &str = "/settings/account/erasure";

async fn leave(world: &World, by: &Visitor, name: &str) -> Page {
    let page = by.get("/settings/account").await;
    let fields = [("leave_name", name), ("leave_password", world.ann.password)];
    by.submit(page.expect(200), ERASURE, &fields).await
}

/// Everything every table holds, but for the named ones.
fn whole(conn: &mut Conn, but: &[&str]) -> Vec<(String, String)> {
    conn.transaction(|conn| -> DbResult<Vec<(String, String)>> {
        let mut found = Vec::new();
        for table in dump::tables(conn)?.iter().filter(|table| !but.contains(&table.name.as_str())) {
            dump::read(conn, table, |row: String| -> DbResult<()> {
                found.push((table.name.clone(), row));
                Ok(())
            })?;
        }
        Ok(found)
    })
    .unwrap()
}

on_both!(who_leaves_is_nowhere_named_and_what_they_wrote_stays, |world| async move {
    let (ann, bruno, dario) = (world.ann().await, world.bruno().await, world.dario().await);
    // A name that stands nowhere else.
    let page = bruno.get("/settings").await;
    let fields = [("display_name", "Zq Brunellesco"), ("about", "Zq Brunellesco builds domes.")];
    bruno.submit(&page, "/settings", &fields).await.expect(303);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let theirs =
        ask(&bruno, "The arches let the marmotta in", "What keeps one marmotta out?", "arches").await;
    let id = thread_id(&theirs);
    let said = answer(&bruno, &url, "Switch the nightly update off.").await;
    ann.get(&url).await;
    ann.post(&format!("/posts/{said}/vote"), &[("value", "1")]).await.expect(303);
    ann.post(&format!("/threads/{}/acceptance", thread_id(&url)), &[("answer_id", &said.to_string())]).await;
    bruno.get(&url).await;
    bruno.post(&format!("/threads/{}/me-too", thread_id(&url)), &[]).await.expect(303);
    bruno.post(&format!("/posts/{}/vote", thread_id(&url)), &[("value", "1")]).await.expect(303);
    bruno
        .post("/drafts", &[("place", "question"), ("title", "Half"), ("body", "a thought")])
        .await
        .expect(204);
    let fields = [("reason", "other"), ("note", "Zq Brunellesco asks you to look")];
    bruno.post(&format!("/posts/{}/flags", thread_id(&url)), &fields).await.expect(303);
    answer(&dario, &theirs, "A door of larch keeps it out.").await;
    let user = world.bruno.id;
    world
        .db
        .write(move |tx| -> DbResult<()> {
            diesel::update(users::table.find(user))
                .set((users::origin_site.eq("old.example"), users::origin_id.eq(4711)))
                .execute(tx.conn)?;
            diesel::update(posts::table.find(said))
                .set(posts::signature.eq("Zq Brunellesco"))
                .execute(tx.conn)?;
            diesel::insert_into(post_origins::table)
                .values((
                    post_origins::post_id.eq(said),
                    post_origins::site.eq("old.example"),
                    post_origins::kind.eq("post"),
                    post_origins::origin_id.eq(12),
                    post_origins::url.eq("https://old.example/a/12"),
                    post_origins::author_url.eq("https://old.example/users/4711"),
                    post_origins::licence.eq("CC BY-SA 4.0"),
                ))
                .execute(tx.conn)?;
            Ok(())
        })
        .await
        .unwrap();
    world.settle().await;
    assert!(newest_mail(&world, "bruno@example.com").is_some());
    let stranger = world.visitor();
    stranger.get("/search?q=marmotta").await.expect(200).contains("Zq Brunellesco");
    stranger.get("/users/4711").await.expect(301);
    stranger.get(&url).await.expect(200).contains("Zq Brunellesco").contains("old.example/users/4711");
    let counted = |conn: &mut Conn| -> (i64, i64) {
        threads::table
            .find(thread_id(&url))
            .select((threads::me_too_count, threads::score))
            .first(conn)
            .unwrap()
    };
    let before = counted(&mut world.db.reader().unwrap());

    let page = bruno.get("/settings/account").await;
    let wrong = [("leave_name", "bruno"), ("leave_password", "not it at all")];
    bruno.submit(page.expect(200), ERASURE, &wrong).await.expect(422).contains("not your password");
    leave(&world, &bruno, "brunello").await.expect(422).contains("not your user name");
    let gone = leave(&world, &bruno, "bruno").await;
    gone.expect(303).leads_to("/");
    bruno.get("/settings").await.expect(303);
    world.visitor().sign_in("bruno", world.bruno.password).await.expect(422);
    world.visitor().sign_in("bruno@example.com", world.bruno.password).await.expect(422);

    // At once, before anything has followed, and afterwards.
    for turn in ["at once", "when all had followed"] {
        for path in
            [url.as_str(), &theirs, "/", "/threads", "/people", "/search?q=marmotta", "/threads/feed.atom"]
        {
            let page = stranger.get(path).await;
            let text = page.expect(200).text();
            assert!(!text.contains("Brunellesco") && !text.contains("/people/bruno"), "{turn}: {path}");
        }
        stranger.get(&url).await.contains("Someone who left").contains("Switch the nightly update off.");
        stranger.get(&theirs).await.contains("Someone who left").contains("What keeps one marmotta out?");
        stranger.get("/threads/feed.atom").await.contains("Someone who left");
        stranger.get("/search?q=marmotta").await.contains("1 question found");
        stranger
            .get(&format!("/api/v1/threads/{id}"))
            .await
            .expect(200)
            .lacks("runellesco")
            .lacks("\"bruno\"");
        stranger.get("/badges/first-answer").await.expect(200).lacks("runellesco");
        ann.get("/notices").await.expect(200).lacks("runellesco");
        for path in ["/people/bruno", "/api/v1/people/bruno", "/users/4711", "/people/~2"] {
            stranger.get(path).await.expect(404);
        }
        world.settle().await;
    }
    let mut conn = world.db.reader().unwrap();
    assert_eq!(counted(&mut conn), before);
    // What others were sent of them was theirs.
    let found: Vec<(String, String)> = whole(&mut conn, &["mails"])
        .into_iter()
        .filter(|(_, row)| {
            ["Brunellesco", "bruno@", "\"bruno\"", "users/4711", "a thought"]
                .iter()
                .any(|word| row.contains(word))
        })
        .collect();
    assert_eq!(found, []);
    let theirs: i64 = mails::table
        .filter(mails::user_id.eq(user).or(mails::recipient.eq("bruno@example.com")))
        .count()
        .get_result(&mut *conn)
        .unwrap();
    assert_eq!(theirs, 0);
    let log: Vec<(String, Option<String>)> = account_log::table
        .filter(account_log::user_id.eq(user))
        .order(account_log::id.desc())
        .select((account_log::act, account_log::address))
        .load(&mut *conn)
        .unwrap();
    assert_eq!(log[0], ("erased".to_owned(), None));
    assert!(log.iter().all(|(_, address)| address.is_none()));
    drop(conn);
    // What was counted is still what the ledger says, and the name is free.
    let db = world.db.clone();
    let differences =
        crate::ground::aside(move || loggia::reputation::check(&db, &mut |_, _| {}).unwrap()).await;
    assert_eq!(differences.differences, 0);
    let flora = world.visitor();
    let form = flora.get("/sign-up").await;
    let fields = [("username", "bruno"), ("email", "bruno@example.com"), ("password", "lantern and harbour")];
    flora.submit(&form, "/sign-up", &fields).await.expect(200);
});

on_both!(the_last_admin_stays, |world| async move {
    let elena = world.elena().await;
    elena.get("/settings/account").await.expect(200).contains("the only administrator").lacks(ERASURE);
    let fields = [("leave_name", "elena"), ("leave_password", world.elena.password)];
    elena.post(ERASURE, &fields).await.expect(422).contains("the only administrator");
    elena.post("/admin/people/ann/role", &[("role", "admin")]).await.expect(303);
    leave(&world, &elena, "elena").await.expect(303);
    assert!(!loggia::accounts::first_run_open(&mut world.db.reader().unwrap()).unwrap());
});

on_both!(a_person_takes_their_data_along_and_nobody_elses, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let id = thread_id(&url);
    let said = answer(&bruno, &url, "Switch the **nightly** update off.").await;
    bruno.get(&url).await;
    bruno.post(&format!("/posts/{id}/vote"), &[("value", "1")]).await.expect(303);
    bruno.post(&format!("/threads/{id}/follow"), &[]).await.expect(303);
    bruno
        .post("/drafts", &[("place", "question"), ("title", "Half"), ("body", "a thought")])
        .await
        .expect(204);
    ann.get(&url).await;
    ann.post(&format!("/posts/{said}/vote"), &[("value", "1")]).await.expect(303);
    world.settle().await;
    let page = bruno.get("/settings/account").await;
    let file = bruno.submit(&page, "/settings/account/data", &[]).await;
    assert_eq!(file.expect(200).header("content-type"), "application/json");
    assert!(
        file.header("content-disposition").starts_with("attachment"),
        "{}",
        file.header("content-disposition")
    );
    assert_eq!(file.header("cache-control"), "private, no-store");
    let data = file.json();
    assert_eq!(data["profile"]["email"], "bruno@example.com");
    assert_eq!(data["posts"].as_array().unwrap().len(), 1);
    assert_eq!(data["posts"][0]["body"], "Switch the **nightly** update off.");
    assert_eq!(data["votes"][0]["post"], id);
    assert_eq!(data["votes"].as_array().unwrap().len(), 1);
    assert_eq!(data["follows"][0]["thread"], id);
    assert_eq!(data["drafts"][0]["body"], "a thought");
    assert_eq!(data["sessions"].as_array().unwrap().len(), 1);
    let acts: Vec<&str> =
        data["account_log"].as_array().unwrap().iter().map(|line| line["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["signed-in", "exported"]);
    let text = file.text();
    for foreign in ["ann@example.com", "loses its connection", "argon2", "\"ann\""] {
        assert!(!text.contains(foreign), "{foreign}");
    }
    world.visitor().post("/settings/account/data", &[]).await.expect(303);
});
