//! tests: doors, passwords, sessions, over HTTP.
use crate::visitor::{Page, Visitor};
use crate::world::World;
use diesel::prelude::*;
use loggia::db::schema::{mails, one_time_links, sessions, users};
use loggia::kernel::moment::{DAY, MINUTE};

/// The newest mail to this address: its subject and the link in it.
pub fn newest_mail(world: &World, to: &str) -> Option<(String, String)> {
    let mut conn = world.db.reader().unwrap();
    let (subject, text): (String, String) = mails::table
        .filter(mails::recipient.eq(to))
        .order(mails::id.desc())
        .select((mails::subject, mails::body_text))
        .first(&mut *conn)
        .optional()
        .unwrap()?;
    let base = format!("{}/", world.base_url);
    let link = text.lines().find(|line| line.starts_with(&base)).unwrap_or_default();
    Some((subject, link.trim_start_matches(&world.base_url).to_owned()))
}

fn mails_to(world: &World, to: &str) -> usize {
    let mut conn = world.db.reader().unwrap();
    let ids: Vec<i64> =
        mails::table.filter(mails::recipient.eq(to)).select(mails::id).load(&mut *conn).unwrap();
    ids.len()
}

async fn sign_up(by: &Visitor, name: &str, email: &str, password: &str) -> Page {
    let form = by.get("/sign-up").await;
    by.submit(form.expect(200), "/sign-up", &[("username", name), ("email", email), ("password", password)])
        .await
}

fn session_of(visitor: &Visitor) -> Option<String> {
    visitor.cookie("loggia_session")
}

on_both!(somebody_new_signs_up_by_mail_and_is_signed_in, |world| async move {
    let flora = world.visitor();
    let asked = sign_up(&flora, "flora", "flora@example.com", "lantern and harbour").await;
    asked.expect(200).contains("Look at your mail");
    let (subject, link) = newest_mail(&world, "flora@example.com").unwrap();
    assert!(subject.contains("Brezza"), "{subject}");
    world.visitor().get("/people/flora").await.expect(404);
    let page = flora.get(&link).await;
    page.expect(200).contains("flora@example.com");
    world.visitor().get("/people/flora").await.expect(404);
    flora.submit(&page, "/confirm", &[]).await.expect(303).leads_to("/");
    assert!(session_of(&flora).is_some());
    flora.get("/settings").await.expect(200);
    world.visitor().get("/people/flora").await.expect(200);
    // The link worked once.
    flora.get(&link).await.expect(410);
});

on_both!(opened_in_another_browser_the_link_signs_nobody_in, |world| async move {
    sign_up(&world.visitor(), "flora", "flora@example.com", "lantern and harbour").await.expect(200);
    let (_, link) = newest_mail(&world, "flora@example.com").unwrap();
    let elsewhere = world.visitor();
    let page = elsewhere.get(&link).await;
    elsewhere.submit(&page, "/confirm", &[]).await.expect(303).leads_to("/sign-in");
    assert_eq!(session_of(&elsewhere), None);
});

on_both!(a_known_address_looks_like_a_new_one_to_strangers, |world| async move {
    // Until the index is there, pages say so: nothing to do with who asks.
    world.settle().await;
    let (known, new) = (world.visitor(), world.visitor());
    let a = sign_up(&known, "annette", "ann@example.com", "lantern and harbour").await;
    let b = sign_up(&new, "flora", "flora@example.com", "lantern and harbour").await;
    assert_eq!((a.status, a.text().len()), (b.status, b.text().len()));
    let (subject, _) = newest_mail(&world, "ann@example.com").unwrap();
    assert!(subject.contains("already"), "{subject}");
    for (who, address) in [(world.visitor(), "ann@example.com"), (world.visitor(), "nobody@example.com")] {
        let form = who.get("/password/forgot").await;
        let reply = who.submit(&form, "/password/forgot", &[("email", address)]).await;
        reply.expect(200);
    }
    assert_eq!(mails_to(&world, "nobody@example.com"), 0);
    for (login, password) in [("ann", "wrong password here"), ("nobody-here", "wrong password here")] {
        let page = world.visitor().sign_in(login, password).await;
        page.expect(422).contains("The name or the password is not right.");
    }
});

on_both!(a_password_is_reset_once_by_mail_and_sessions_end, |world| async move {
    let ann = world.ann().await;
    let visitor = world.visitor();
    let ask = async || {
        let form = visitor.get("/password/forgot").await;
        visitor.submit(&form, "/password/forgot", &[("email", "ann@example.com")]).await.expect(200);
        world.clock.advance(1);
        newest_mail(&world, "ann@example.com").unwrap().1
    };
    let first = ask().await;
    let second = ask().await;
    assert_ne!(first, second);
    visitor.get(&first).await.expect(410);
    let page = visitor.get(&second).await;
    visitor.submit(page.expect(200), "/password/reset", &[("password", "password")]).await.expect(422);
    visitor.submit(&page, "/password/reset", &[("password", "a brand new lantern")]).await.expect(303);
    visitor.submit(&page, "/password/reset", &[("password", "another new lantern")]).await.expect(410);
    ann.get("/settings").await.expect(303);
    world.visitor().sign_in("ann", world.ann.password).await.expect(422);
    world.visitor().sign_in("ann@example.com", "a brand new lantern").await.expect(303);
    let third = ask().await;
    world.clock.advance(31 * MINUTE);
    visitor.get(&third).await.expect(410);
});

on_both!(a_changed_password_ends_other_sessions_and_renews_this_one, |world| async move {
    let (here, there) = (world.ann().await, world.ann().await);
    let before = session_of(&here);
    let page = here.get("/settings/account").await;
    let action = "/settings/account/password";
    let wrong = [("current_password", "not it at all"), ("new_password", "a brand new lantern")];
    here.submit(&page, action, &wrong).await.expect(422).contains("not your password");
    let right = [("current_password", world.ann.password), ("new_password", "a brand new lantern")];
    here.submit(&page, action, &right).await.expect(303);
    assert_ne!(session_of(&here), before);
    here.get("/settings").await.expect(200);
    there.get("/settings").await.expect(303);
    assert!(newest_mail(&world, "ann@example.com").unwrap().0.contains("password"));
});

on_both!(an_address_changes_when_the_new_one_is_confirmed_and_can_be_undone, |world| async move {
    let ann = world.ann().await;
    let page = ann.get("/settings/account").await;
    let action = "/settings/account/email";
    ann.submit(&page, action, &[("email", "new@example.com"), ("email_password", "wrong")]).await.expect(422);
    let right = [("email", "new@example.com"), ("email_password", world.ann.password)];
    ann.submit(&page, action, &right).await.expect(303);
    world.visitor().sign_in("ann@example.com", world.ann.password).await.expect(303);
    let (_, link) = newest_mail(&world, "new@example.com").unwrap();
    let (_, undo) = newest_mail(&world, "ann@example.com").unwrap();
    let opener = world.visitor();
    let page = opener.get(&link).await;
    opener.submit(&page, "/confirm", &[]).await.expect(303);
    world.visitor().sign_in("new@example.com", world.ann.password).await.expect(303);
    world.visitor().sign_in("ann@example.com", world.ann.password).await.expect(422);
    let page = opener.get(&undo).await;
    opener.submit(&page, "/confirm", &[]).await.expect(303).leads_to("/password/forgot");
    world.visitor().sign_in("ann@example.com", world.ann.password).await.expect(303);
    ann.get("/settings").await.expect(303);
});

on_both!(sessions_end_by_sign_out_by_idleness_and_by_choice, |world| async move {
    let (here, there) = (world.ann().await, world.ann().await);
    let page = here.get("/settings/sessions").await;
    here.submit(page.expect(200), "/settings/sessions/removal", &[]).await.expect(303);
    there.get("/settings").await.expect(303);
    here.get("/sign-out").await.expect(405);
    let page = here.get("/settings").await;
    here.submit(&page, "/sign-out", &[]).await.expect(303);
    here.get("/settings").await.expect(303);
    let idle = world.ann().await;
    world.clock.advance(31 * DAY);
    idle.get("/settings").await.expect(303);
    let mut conn = world.db.reader().unwrap();
    let tokens: Vec<String> = sessions::table.select(sessions::token_digest).load(&mut *conn).unwrap();
    assert!(
        tokens.iter().all(|digest| Some(digest) != session_of(&idle).as_ref()),
        "tokens are kept as digests"
    );
});

on_both!(forms_from_elsewhere_change_nothing, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let (page, other) = (ann.get("/settings").await, bruno.get("/settings").await);
    let token = page.field("csrf").unwrap();
    let foreign = other.field("csrf").unwrap();
    let post = |headers: Vec<(&'static str, &'static str)>, csrf: String| {
        // By hand: `.form()` and a content type of one's own would be two headers. The token is of letters,
        // digits, `-`, `_` and `.` alone.
        let mut request =
            ann.request(reqwest::Method::POST, "/settings").body(format!("csrf={csrf}&display_name=Changed"));
        if headers.iter().all(|(name, _)| *name != "content-type") {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        ann.send(request)
    };
    post(vec![], String::new()).await.expect(403);
    post(vec![], foreign).await.expect(403);
    post(vec![("origin", "https://evil.test")], token.clone()).await.expect(403);
    post(vec![("origin", "null")], token.clone()).await.expect(403);
    post(vec![("sec-fetch-site", "cross-site")], token.clone()).await.expect(403);
    post(vec![("content-type", "text/plain")], token.clone()).await.expect(415);
    let mut conn = world.db.reader().unwrap();
    let name: String = users::table.find(world.ann.id).select(users::display_name).first(&mut *conn).unwrap();
    assert_eq!(name, "Ann");
    drop(conn);
    post(vec![("origin", "nothing")], "x".into()).await.expect(403);
    post(vec![], token).await.expect(303);
});

on_both!(the_owner_comes_in_by_a_link_that_works_once, |ground: crate::ground::Ground| async move {
    let world = crate::world::EmptyHouse::open(ground).await;
    let link = world.first_run_link().await;
    let owner = world.visitor();
    owner.get("/first-run?token=wrong").await.expect(410);
    let page = owner.get(&format!("/first-run?token={link}")).await;
    let fields = [("username", "owner"), ("email", "owner@example.com"), ("password", "lantern and harbour")];
    owner.submit(page.expect(200), "/first-run", &fields).await.expect(303).leads_to("/");
    owner.get("/settings").await.expect(200);
    world.visitor().get(&format!("/first-run?token={link}")).await.expect(404);
});

on_both!(odd_addresses_make_no_second_account, |world| async move {
    for odd in [
        "a@example.com,b@example.com",
        "a b@example.com",
        "\"a\"@example.com",
        "=?x?q?u=40evil.com=3e=00?=foo@example.com",
        "a@example.com\nBcc: b@example.com",
        "a@",
        "@example.com",
    ] {
        sign_up(&world.visitor(), "flora", odd, "lantern and harbour").await.expect(422);
    }
    let page = sign_up(&world.visitor(), "flora", "ANN@Example.COM", "lantern and harbour").await;
    page.expect(200);
    assert!(newest_mail(&world, "ANN@Example.COM").unwrap().0.contains("already"));
    for name in ["ab", "admin", "..", "a..b", "\u{200b}ann", "Ann", "a\u{202e}b", "аnn"] {
        sign_up(&world.visitor(), name, "new@example.com", "lantern and harbour").await.expect(422);
    }
    let mut conn = world.db.reader().unwrap();
    let links: i64 = one_time_links::table.count().get_result(&mut *conn).unwrap();
    assert_eq!(links, 0);
});

on_both!(guessing_is_slowed_down_without_locking_the_owner_out, |ground: crate::ground::Ground| async move {
    let world = World::with(ground, &[("rate_limits", "true"), ("trusted_proxies", "127.0.0.1")]).await;
    let guess = async |password: &str, from: &str| {
        let visitor = world.visitor();
        let form = visitor.get("/sign-in").await;
        let csrf = form.field("csrf").unwrap();
        let fields = [("csrf", csrf.as_str()), ("login", "ann"), ("password", password)];
        let request =
            visitor.request(reqwest::Method::POST, "/sign-in").form(&fields).header("x-forwarded-for", from);
        visitor.send(request).await
    };
    let mut refused = None;
    for n in 0..30 {
        let page = guess(&format!("guess number {n}"), "203.0.113.7").await;
        if page.status == 429 {
            refused = Some(page);
            break;
        }
        page.expect(422);
    }
    let refused = refused.expect("thirty guesses were let through");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    guess(world.ann.password, "203.0.113.7").await.expect(429);
    // What a client says of itself in front of the proxy counts for nothing.
    guess(world.ann.password, "198.51.100.1, 203.0.113.7").await.expect(429);
    guess(world.ann.password, "198.51.100.1").await.expect(303);
});
