//! tests: doors, passwords, sessions, over HTTP.
use crate::visitor::{Page, Visitor};
use crate::world::World;
use diesel::prelude::*;
use loggia::db::schema::{account_log, api_tokens, mails, one_time_links, sessions, users};
use loggia::kernel::ids::UserId;
use loggia::kernel::moment::{DAY, HOUR, MINUTE};

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
    // What is sent is emptied of its link; the file it was sent into is not.
    let text = if text.contains("://") { text } else { sent_to(world, to) };
    let base = format!("{}/", world.base_url);
    let link = text.lines().find(|line| line.starts_with(&base)).unwrap_or_default();
    Some((subject, link.trim_start_matches(&world.base_url).to_owned()))
}

/// The newest mail in the folder that mails are sent into, as its reader sees it.
fn sent_to(world: &World, to: &str) -> String {
    let mut newest = (std::time::SystemTime::UNIX_EPOCH, String::new());
    for entry in std::fs::read_dir(world.ground.data.join("mails")).into_iter().flatten().flatten() {
        // One that is just being written has another name a moment later.
        let read = std::fs::read_to_string(entry.path());
        let (Ok(text), Ok(at)) = (read, entry.metadata().and_then(|meta| meta.modified())) else { continue };
        if at >= newest.0 && text.contains(to) {
            newest = (at, text.replace("=\r\n", "").replace("=3D", "=").replace("\r\n", "\n"));
        }
    }
    newest.1
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

/// Asks for another address as this visitor.
async fn change_address(world: &World, by: &Visitor, to: &str) -> Page {
    world.clock.advance(1);
    let page = by.get("/settings/account").await;
    let fields = [("email", to), ("email_password", world.ann.password)];
    by.submit(page.expect(200), "/settings/account/email", &fields).await
}

/// Presses the button behind a mailed link.
async fn confirm(by: &Visitor, link: &str) -> Page {
    let page = by.get(link).await;
    if page.status != 200 {
        return page;
    }
    by.submit(&page, "/confirm", &[]).await
}

fn address_of(world: &World, user: UserId) -> Option<String> {
    users::table.find(user).select(users::email).first(&mut *world.db.reader().unwrap()).unwrap()
}

on_both!(the_first_undoing_of_a_change_of_address_is_the_last_word, |world| async move {
    let intruder = world.ann().await;
    let victim = world.visitor();
    change_address(&world, &intruder, "a@evil.example").await.expect(303);
    let (_, undo) = newest_mail(&world, "ann@example.com").unwrap();
    confirm(&intruder, &newest_mail(&world, "a@evil.example").unwrap().1).await.expect(303);
    change_address(&world, &intruder, "b@evil.example").await.expect(303);
    let (_, later_undo) = newest_mail(&world, "a@evil.example").unwrap();
    confirm(&intruder, &newest_mail(&world, "b@evil.example").unwrap().1).await.expect(303);
    assert_eq!(address_of(&world, world.ann.id).as_deref(), Some("b@evil.example"));
    confirm(&victim, &undo).await.expect(303).leads_to("/password/forgot");
    confirm(&intruder, &later_undo).await.expect(410);
    assert_eq!(address_of(&world, world.ann.id).as_deref(), Some("ann@example.com"));
});

on_both!(a_later_undoing_leaves_the_earlier_one_good, |world| async move {
    let intruder = world.ann().await;
    change_address(&world, &intruder, "a@evil.example").await.expect(303);
    let (_, undo) = newest_mail(&world, "ann@example.com").unwrap();
    confirm(&intruder, &newest_mail(&world, "a@evil.example").unwrap().1).await.expect(303);
    change_address(&world, &intruder, "b@evil.example").await.expect(303);
    let (_, later_undo) = newest_mail(&world, "a@evil.example").unwrap();
    confirm(&intruder, &later_undo).await.expect(303);
    confirm(&world.visitor(), &undo).await.expect(303).leads_to("/password/forgot");
    assert_eq!(address_of(&world, world.ann.id).as_deref(), Some("ann@example.com"));
});

/// Sets a new password by mail, as somebody who lost theirs.
async fn reset(world: &World, by: &Visitor, to: &str) {
    let form = by.get("/password/forgot").await;
    by.submit(&form, "/password/forgot", &[("email", "ann@example.com")]).await.expect(200);
    let page = by.get(&newest_mail(world, "ann@example.com").unwrap().1).await;
    world.clock.advance(1);
    by.submit(page.expect(200), "/password/reset", &[("password", to)]).await.expect(303);
}

async fn make_token(by: &Visitor, password: &str) -> Page {
    let page = by.get("/settings/tokens").await;
    by.submit(page.expect(200), "/settings/tokens", &[("name", "a script"), ("password", password)]).await
}

/// The token a page shows once.
fn shown_token(page: &Page) -> String {
    let text = page.expect(200).text();
    let from = text.find("loggia_").unwrap();
    text[from..].split('<').next().unwrap().to_owned()
}

async fn me(world: &World, token: &str) -> Page {
    let visitor = world.visitor();
    visitor.send(visitor.request(reqwest::Method::GET, "/api/v1/me").bearer_auth(token)).await
}

on_both!(a_new_password_shuts_out_whoever_knew_the_old_one, |world| async move {
    let intruder = world.ann().await;
    let victim = world.visitor();
    let token = shown_token(&make_token(&intruder, world.ann.password).await);
    change_address(&world, &intruder, "a@evil.example").await.expect(303);
    let (_, link) = newest_mail(&world, "a@evil.example").unwrap();
    me(&world, &token).await.expect(200);
    reset(&world, &victim, "a brand new lantern").await;
    assert!(newest_mail(&world, "ann@example.com").unwrap().0.contains("was changed"));
    confirm(&intruder, &link).await.expect(410);
    assert_eq!(address_of(&world, world.ann.id).as_deref(), Some("ann@example.com"));
    me(&world, &token).await.expect(401);
    // The same by a change of it.
    let ann = world.visitor();
    ann.sign_in("ann", "a brand new lantern").await.expect(303);
    let token = shown_token(&make_token(&ann, "a brand new lantern").await);
    let page = ann.get("/settings/account").await;
    page.contains("removes your access tokens");
    let fields = [("current_password", "a brand new lantern"), ("new_password", "another new lantern")];
    ann.submit(&page, "/settings/account/password", &fields).await.expect(303);
    me(&world, &token).await.expect(401);
});

on_both!(undoing_a_change_of_address_takes_the_tokens_too, |world| async move {
    let intruder = world.ann().await;
    let token = shown_token(&make_token(&intruder, world.ann.password).await);
    change_address(&world, &intruder, "a@evil.example").await.expect(303);
    let (_, undo) = newest_mail(&world, "ann@example.com").unwrap();
    confirm(&world.visitor(), &undo).await.expect(303);
    me(&world, &token).await.expect(401);
});

on_both!(a_token_is_made_with_the_password_and_its_use_is_noted, |world| async move {
    let ann = world.ann().await;
    make_token(&ann, "not it at all").await.expect(422).contains("not your password");
    let token = shown_token(&make_token(&ann, world.ann.password).await);
    ann.get("/settings/tokens").await.contains("never");
    let used = || -> Option<loggia::kernel::moment::Moment> {
        api_tokens::table.select(api_tokens::used_at).first(&mut *world.db.reader().unwrap()).unwrap()
    };
    let first = world.clock.now();
    me(&world, &token).await.expect(200);
    // What is written later is written before this.
    world.db.write(|_| loggia::db::DbResult::Ok(())).await.unwrap();
    assert_eq!(used(), Some(first));
    world.clock.advance(MINUTE);
    me(&world, &token).await.expect(200);
    world.db.write(|_| loggia::db::DbResult::Ok(())).await.unwrap();
    assert_eq!(used(), Some(first));
    world.clock.advance(HOUR);
    let asked = serde_json::json!({ "title": "A question by a script", "body": "Does it count as a use?", "tags": [] });
    world.visitor().post_json("/api/v1/threads", &token, &asked).await.expect(201);
    assert_eq!(used(), Some(world.clock.now()));
});

on_both!(a_changed_address_ends_every_other_session, |world| async move {
    let (here, there) = (world.ann().await, world.ann().await);
    change_address(&world, &here, "new@example.com").await.expect(303);
    here.get("/settings/account").await.contains("We wrote to new@example.com");
    confirm(&here, &newest_mail(&world, "new@example.com").unwrap().1).await.expect(303);
    here.get("/settings/account").await.expect(200).lacks("We wrote to");
    there.get("/settings").await.expect(303);
});

on_both!(a_taken_address_looks_like_a_free_one_to_whoever_asks_for_it, |world| async move {
    let ann = world.ann().await;
    let said = async |address: &str| {
        let page = change_address(&world, &ann, address).await;
        let place = page.expect(303).location();
        let shown = ann.get(&place).await.text().contains(&format!("We wrote to {address}"));
        (place, shown, newest_mail(&world, "ann@example.com").unwrap())
    };
    let free = said("free@example.com").await;
    let taken = said("bruno@example.com").await;
    assert_eq!((&free.0, free.1, &free.2.0), (&taken.0, taken.1, &taken.2.0));
    assert!(newest_mail(&world, "bruno@example.com").unwrap().0.contains("already"));
    // The mail to the old address holds a link that works.
    confirm(&world.visitor(), &taken.2.1).await.expect(303).leads_to("/password/forgot");
    assert_eq!(address_of(&world, world.ann.id).as_deref(), Some("ann@example.com"));
});

on_both!(no_mailbox_is_filled_by_whoever_types_its_address, |ground: crate::ground::Ground| async move {
    let world = World::with(ground, &[("rate_limits", "true"), ("trusted_proxies", "127.0.0.1")]).await;
    let ann = world.ann().await;
    let bothered = async |address: &str| {
        let mut counts = (0, 0);
        for n in 0..12 {
            let visitor = world.visitor();
            let (path, more) = match n % 3 {
                0 => (
                    "/sign-up",
                    vec![("username", format!("flora-{n}")), ("password", "lantern and harbour".into())],
                ),
                1 => ("/password/forgot", vec![]),
                _ => ("/settings/account/email", vec![("email_password", world.ann.password.to_owned())]),
            };
            let by = if n % 3 == 2 { &ann } else { &visitor };
            let csrf = by.get(if n % 3 == 2 { "/settings/account" } else { path }).await.csrf().unwrap();
            let mut fields = vec![("csrf", csrf), ("email", address.to_owned())];
            fields.extend(more);
            // From everywhere, so that only the mailbox itself is spared.
            let from = format!("203.0.113.{}", n + 1);
            let request =
                by.request(reqwest::Method::POST, path).form(&fields).header("x-forwarded-for", from);
            match by.send(request).await.status {
                429 => counts.1 += 1,
                _ => counts.0 += 1,
            }
        }
        counts
    };
    assert_eq!(bothered("bruno@example.com").await, (4, 8));
    assert_eq!(bothered("nobody@example.com").await, (4, 8));
    assert!(mails_to(&world, "bruno@example.com") <= 4);
});

on_both!(a_household_out_of_tries_leaves_no_names_behind, |ground: crate::ground::Ground| async move {
    let world = World::with(ground, &[("rate_limits", "true"), ("trusted_proxies", "127.0.0.1")]).await;
    let visitor = world.visitor();
    let csrf = visitor.get("/sign-in").await.field("csrf").unwrap();
    let mut remembered = None;
    for n in 0..60 {
        let name = format!("somebody-{n}");
        let fields = [("csrf", csrf.as_str()), ("login", name.as_str()), ("password", "")];
        let request = visitor.request(reqwest::Method::POST, "/sign-in").form(&fields);
        let page = visitor.send(request.header("x-forwarded-for", "203.0.113.7:4711")).await;
        if page.status == 429 {
            let known = world.app.rates.remembered();
            assert_eq!(*remembered.get_or_insert(known), known);
        }
    }
    assert!(remembered.is_some(), "sixty tries were let through");
});

on_both!(who_is_suspended_hears_why_and_until_when, |world| async move {
    let carla = world.carla().await;
    let page = carla.get("/people/bruno").await;
    let fields = [("days", "3"), ("reason", "three insults in a row")];
    carla.submit(&page, "/people/bruno/suspension", &fields).await.expect(303);
    let refused = world.visitor().sign_in("bruno", world.bruno.password).await;
    refused
        .expect(403)
        .contains("2026-03-05")
        .contains("three insults in a row")
        .contains("you can read here");
    // Only to who knows the password.
    world.visitor().sign_in("bruno", "not it at all").await.expect(422).lacks("insults");
});

/// The log of an account, oldest first.
fn log_of(world: &World, user: UserId) -> Vec<(String, Option<UserId>, Option<String>)> {
    account_log::table
        .filter(account_log::user_id.eq(user))
        .order(account_log::id)
        .select((account_log::act, account_log::actor_id, account_log::address))
        .load(&mut *world.db.reader().unwrap())
        .unwrap()
}

on_both!(what_is_done_to_an_account_stands_in_its_log, |world| async move {
    let wrong = world.visitor();
    wrong.sign_in("ann", "not it at all").await.expect(422);
    let ann = world.ann().await;
    make_token(&ann, world.ann.password).await.expect(200);
    let page = ann.get("/settings/tokens").await;
    let removal = page.forms().into_iter().find(|form| form.ends_with("/removal")).unwrap();
    ann.submit(&page, &removal, &[]).await.expect(303);
    let page = ann.get("/settings/sessions").await;
    ann.submit(&page, "/settings/sessions/removal", &[]).await.expect(303);
    change_address(&world, &ann, "new@example.com").await.expect(303);
    let (_, undo) = newest_mail(&world, "ann@example.com").unwrap();
    confirm(&ann, &newest_mail(&world, "new@example.com").unwrap().1).await.expect(303);
    let page = ann.get("/settings/account").await;
    let fields = [("current_password", world.ann.password), ("new_password", "a brand new lantern")];
    ann.submit(&page, "/settings/account/password", &fields).await.expect(303);
    confirm(&world.visitor(), &undo).await.expect(303);
    reset(&world, &world.visitor(), "another new lantern").await;
    let elena = world.elena().await;
    elena.post("/admin/people/ann/role", &[("role", "staff")]).await.expect(303);
    elena.post("/admin/people/ann/sessions/removal", &[]).await.expect(303);
    let (me, her) = (Some(world.ann.id), Some(world.elena.id));
    let here = Some("127.0.0.1".to_owned());
    let acts = [
        ("sign-in-refused", None),
        ("signed-in", me),
        ("token-made", me),
        ("token-revoked", me),
        ("sessions-ended", me),
        ("address-changed", me),
        ("password-changed", me),
        ("address-restored", None),
        ("password-reset", None),
        ("role-changed", her),
        ("sessions-ended", her),
    ];
    let expected: Vec<_> = acts.map(|(act, actor)| (act.to_owned(), actor, here.clone())).into();
    assert_eq!(log_of(&world, world.ann.id), expected);
    let page = elena.get("/admin/people/ann").await;
    page.expect(200)
        .contains("A sign-in was refused")
        .contains("Change of address undone")
        .contains("127.0.0.1");
    world.carla().await.get("/admin/people/ann").await.expect(404);
});

on_both!(the_log_of_an_account_is_read_page_by_page, |world| async move {
    let user = world.bruno.id;
    world
        .db
        .write(move |tx| -> loggia::db::DbResult<()> {
            for n in 0..35u8 {
                let address = Some(std::net::IpAddr::from([203, 0, 113, n]));
                let caller = loggia::accounts::Caller { address, user_agent: String::new() };
                loggia::accounts::note(tx, loggia::accounts::AccountAct::SignInRefused, None, user, &caller)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let elena = world.elena().await;
    let first = elena.get("/admin/people/bruno").await;
    first.expect(200).contains(">203.0.113.34<").contains(">203.0.113.5<").lacks(">203.0.113.4<");
    let next = first.links().into_iter().find(|link| link.contains("after=")).unwrap();
    elena
        .get(&next)
        .await
        .expect(200)
        .contains(">203.0.113.4<")
        .contains(">203.0.113.0<")
        .lacks(">203.0.113.5<");
    // And is not kept for ever.
    world.clock.advance(366 * DAY);
    world.db.write(loggia::accounts::sweep).await.unwrap();
    assert!(log_of(&world, user).is_empty());
});

on_both!(an_admin_shuts_everybody_out_of_an_account, |world| async move {
    let (ann, elena) = (world.ann().await, world.elena().await);
    let token = shown_token(&make_token(&ann, world.ann.password).await);
    let page = elena.get("/admin/people/ann").await;
    elena.submit(page.expect(200), "/admin/people/ann/sessions/removal", &[]).await.expect(303);
    ann.get("/settings").await.expect(303);
    me(&world, &token).await.expect(401);
    world.ann().await.get("/settings").await.expect(200);
});
