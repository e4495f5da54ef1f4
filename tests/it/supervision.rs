//! tests: the pages of moderators, staff and administrators, over HTTP.
use crate::visitor::Visitor;
use crate::world::{Person, World};
use diesel::prelude::*;
use loggia::db::schema::{cases, flags, mails, moderation_log, users};
use loggia::kernel::ids::PostId;
use loggia::kernel::moment::{DAY, HOUR};

/// A browser in which this person has signed in and seen a page.
async fn browser(world: &World, person: &Person) -> Visitor {
    let visitor = world.signed_in(person).await;
    visitor.get("/settings").await.expect(200);
    visitor
}

const REASON: &str = "it sells heaters";

on_both!(a_flag_goes_from_a_member_to_the_queue_and_into_the_log, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let answer = world.answer(&world.bruno, question.thread).await;
    let (ann, carla) = (browser(&world, &world.ann).await, browser(&world, &world.carla).await);
    let form = format!("/posts/{}/flag", answer.post);
    let action = format!("/posts/{}/flags", answer.post);

    ann.get(&form).await.expect(200).contains("Clean the thermocouple first.");
    ann.get(&format!("/posts/{}/flag", question.post)).await.expect(403);
    let empty = ann.post(&action, &[("reason", "nonsense"), ("note", "third <b>time</b>")]).await;
    empty.expect(422).contains("Choose what is wrong").contains("third &lt;b&gt;time");
    let long = "x".repeat(501);
    ann.post(&action, &[("reason", "spam"), ("note", &long)]).await.expect(422);
    let sent = ann.post(&action, &[("reason", "spam"), ("note", "third time")]).await;
    sent.leads_to(&format!("/posts/{}", answer.post));
    ann.get(&form).await.expect(200).contains("You have flagged this already");

    let queue = carla.get("/moderation").await;
    queue.expect(200).contains("third time").contains("Clean the thermocouple first.").contains("Spam");
    let flag = flag_id(&world);
    let decision = format!("/flags/{flag}/decision");
    let asked = carla.post(&decision, &[("decision", "agreed"), ("hide", "1"), ("reason", " a ")]).await;
    asked.expect(422).contains("at least 5 characters");
    assert_eq!(asked.form(&decision)["decision"], "agreed");
    assert_eq!(asked.form(&decision)["hide"], "1");
    carla.post(&decision, &[("decision", "perhaps"), ("reason", REASON)]).await.expect(422);
    let done = carla.submit(&asked, &decision, &[("reason", REASON)]).await;
    done.leads_to("/moderation");
    carla.get("/moderation").await.expect(200).contains("The flag is decided.").lacks("third time");
    let log = carla.get("/moderation/log").await;
    log.expect(200).contains("hid an answer").contains("decided a flag on an answer").contains(REASON);
    // It is hidden: for those who may not see it, it cannot even be asked about.
    let dario = browser(&world, &world.dario).await;
    dario.get(&form).await.expect(404).lacks("thermocouple");
});

fn flag_id(world: &World) -> i64 {
    let mut conn = world.db.reader().unwrap();
    flags::table.select(flags::id).order(flags::id.desc()).first(&mut *conn).unwrap()
}

fn case_id(world: &World) -> i64 {
    let mut conn = world.db.reader().unwrap();
    cases::table.select(cases::id).order(cases::id.desc()).first(&mut *conn).unwrap()
}

on_both!(a_form_without_a_reason_comes_back_with_what_was_typed, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let other = world.ask(&world.ann, "The boiler stops in the evening").await;
    let carla = browser(&world, &world.carla).await;
    let (thread, post) = (question.thread, question.post);
    let long = "x".repeat(501);
    for action in [
        format!("/posts/{post}/hiding"),
        format!("/posts/{post}/hiding/removal"),
        format!("/threads/{thread}/lock"),
        format!("/threads/{thread}/duplicate"),
        "/people/bruno/suspension".to_owned(),
    ] {
        for reason in ["", "  no ", long.as_str()] {
            let fields = [("reason", reason), ("of", "77"), ("days", "12")];
            let page = carla.post(&action, &fields).await;
            page.expect(422);
            let form = page.form(&action);
            assert_eq!(form["reason"], reason);
            if action.ends_with("duplicate") {
                assert_eq!(form["of"], "77");
            }
            if action.ends_with("suspension") {
                assert_eq!(form["days"], "12");
            }
        }
    }
    for days in ["0", "366", "-1", "many", "99999999999999999999"] {
        let page = carla.post("/people/bruno/suspension", &[("days", days), ("reason", REASON)]).await;
        page.expect(422).contains("From 1 to 365 days.");
    }
    for of in ["9999", "nothing", &thread.to_string()] {
        let page =
            carla.post(&format!("/threads/{thread}/duplicate"), &[("of", of), ("reason", REASON)]).await;
        page.expect(422);
        assert_eq!(page.form(&format!("/threads/{thread}/duplicate"))["of"], of);
    }
    assert!(world.log().is_empty());
    // By its whole address, as copied from the browser.
    let address = format!("{}/threads/{}/{}", world.base_url, other.thread, other.slug);
    let done =
        carla.post(&format!("/threads/{thread}/duplicate"), &[("of", &address), ("reason", REASON)]).await;
    done.expect(303);
    carla.post(&format!("/threads/{thread}/duplicate/removal"), &[]).await.expect(303);
    carla.post(&format!("/threads/{thread}/lock"), &[("reason", REASON)]).await.expect(303);
    carla.post(&format!("/threads/{thread}/lock/removal"), &[]).await.expect(303);
    carla.post(&format!("/posts/{post}/hiding"), &[("reason", REASON)]).await.expect(303);
    carla.post(&format!("/posts/{post}/hiding/removal"), &[("reason", "a mistake")]).await.expect(303);
    let suspended = carla.post("/people/bruno/suspension", &[("days", "3"), ("reason", REASON)]).await;
    suspended.leads_to("/people/bruno");
    carla.post("/people/bruno/suspension/removal", &[]).await.leads_to("/people/bruno");
    carla.post("/people/dario/suspension", &[("days", "3"), ("reason", REASON)]).await.expect(403);
    let acts: Vec<String> = world.log().into_iter().map(|(act, _)| act).collect();
    assert_eq!(acts, ["duplicate", "reopen", "lock", "unlock", "hide", "unhide", "suspend", "unsuspend"]);
    let log = carla.get("/moderation/log").await;
    log.expect(200)
        .contains("suspended a person")
        .contains("Bruno")
        .contains("closed a question as a duplicate");
});

on_both!(the_queue_shows_who_waits_too_long_oldest_first_and_in_pages, |world| async move {
    for n in 0..33 {
        world.ask(&world.ann, &format!("Question {n:02} about the boiler")).await;
        world.clock.advance(HOUR);
    }
    let carla = browser(&world, &world.carla).await;
    carla.get("/moderation?tab=unsolved").await.expect(200).contains("Nobody is waiting");
    let unanswered = carla.get("/moderation?tab=unanswered").await;
    unanswered.expect(200).contains("Question 00 about").contains("waiting for 33 hours").lacks("late by");
    world.clock.advance(2 * DAY);
    carla
        .get("/moderation?tab=unanswered")
        .await
        .expect(200)
        .contains("waiting for 3 days · late by 33 hours");
    let answered = world.ask(&world.ann, "Asked just now about the boiler").await;
    world.answer(&world.bruno, answered.thread).await;
    for tab in ["unanswered", "unsolved"] {
        let first = carla.get(&format!("/moderation?tab={tab}")).await;
        first.expect(200).contains("Question 00 about").contains("Question 29 about");
        first.lacks("Question 30 about").lacks("Asked just now");
        let text = first.text();
        assert!(text.find("Question 00").unwrap() < text.find("Question 01").unwrap());
        let next = first.links().into_iter().find(|link| link.contains("after=")).unwrap();
        let second = carla.get(&next).await;
        second.expect(200).contains("Question 30 about").contains("Question 32 about");
        second.lacks("Question 29 about");
    }
    // Hidden ones wait for nobody.
    world.act(&world.carla, |tx, v| loggia::moderation::hide(tx, v, PostId(1), REASON)).await;
    carla.get("/moderation?tab=unanswered").await.expect(200).lacks("Question 00 about");
    carla.get("/moderation?tab=nonsense").await.expect(404);
    carla.get("/moderation?after=nonsense").await.expect(400);
    carla.get("/moderation/log?after=1").await.expect(400);
});

on_both!(what_takes_something_back_has_a_place_for_its_reason, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let other = world.ask(&world.ann, "The boiler stops in the evening").await;
    let answer = world.answer(&world.bruno, question.thread).await;
    let (thread, of, post) = (question.thread, other.thread, answer.post);
    let carla = browser(&world, &world.carla).await;
    world.act(&world.carla, move |tx, v| loggia::moderation::hide(tx, v, post, REASON)).await;
    world.act(&world.carla, move |tx, v| loggia::moderation::lock(tx, v, thread, REASON)).await;
    world
        .act(&world.carla, move |tx, v| loggia::moderation::close_as_duplicate(tx, v, thread, of, REASON))
        .await;
    world.act(&world.carla, move |tx, v| loggia::moderation::suspend(tx, v, "bruno", 3, REASON)).await;
    let url = format!("/threads/{thread}/{}", question.slug);
    for (page, action) in [
        (url.as_str(), format!("/posts/{post}/hiding/removal")),
        (url.as_str(), format!("/threads/{thread}/duplicate/removal")),
        (url.as_str(), format!("/threads/{thread}/lock/removal")),
        ("/people/bruno", "/people/bruno/suspension/removal".to_owned()),
    ] {
        let page = carla.get(page).await;
        let reason = format!("because of {action}");
        carla.submit(&page, &action, &[("reason", &reason)]).await.expect(303);
        assert_eq!(world.log().pop().unwrap().1, reason);
    }
});

on_both!(an_act_that_was_done_before_says_so, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let other = world.ask(&world.ann, "The boiler stops in the evening").await;
    let third = world.ask(&world.ann, "The boiler is cold at noon").await;
    let (thread, post) = (question.thread, question.post);
    let carla = browser(&world, &world.carla).await;
    let duplicate = format!("/threads/{thread}/duplicate");
    let close = |of: loggia::kernel::ids::ThreadId| of.to_string();
    carla.post(&duplicate, &[("of", &close(other.thread)), ("reason", REASON)]).await.expect(303);
    let again = carla.post(&duplicate, &[("of", &close(third.thread)), ("reason", REASON)]).await;
    again.expect(409).contains("Closed already").contains(&format!("#{}", other.thread));
    again.contains("The boiler stops in the evening").lacks("cold at noon");
    for (path, first, second) in [
        (format!("/threads/{thread}/lock"), "The question is locked.", "was locked already"),
        (format!("/threads/{thread}/lock/removal"), "open for answers again", "was not locked"),
        (format!("{duplicate}/removal"), "The question is open again.", "was not closed"),
        (format!("/posts/{post}/hiding"), "It is hidden.", "It was hidden already"),
        (format!("/posts/{post}/hiding/removal"), "It is back.", "It was not hidden"),
    ] {
        for word in [first, second] {
            let done = carla.post(&path, &[("reason", REASON)]).await;
            let mut page = carla.follow(&done).await;
            if page.status == 303 || page.status == 301 {
                page = carla.follow(&page).await;
            }
            page.expect(200).contains(word);
        }
    }
});

const NOTE: &str = "Bruno's way helped some; look at the log of hub 7731";
const INTERNAL: &str = "the firmware team knows, ticket 55120";

on_both!(a_case_goes_over_the_desk_and_its_inside_stays_there, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    world.ask(&world.ann, "An older question of hers").await;
    world.answer(&world.bruno, question.thread).await;
    let thread = question.thread;
    let carla = browser(&world, &world.carla).await;
    carla.get(&format!("/threads/{thread}/escalate")).await.expect(200).contains("Ann");
    let cases = format!("/threads/{thread}/cases");
    carla.post(&cases, &[("note", "")]).await.expect(422);
    carla.post(&cases, &[("note", NOTE)]).await.expect(303);
    carla.post(&cases, &[("note", NOTE)]).await.expect(303);
    carla.get(&format!("/threads/{thread}/escalate")).await.expect(303);
    let id = case_id(&world);
    let page = format!("/desk/{id}");

    let (dario, elena) = (browser(&world, &world.dario).await, browser(&world, &world.elena).await);
    let desk = dario.get("/desk").await;
    desk.expect(200).contains("way helped some").contains("Take this case");
    for tab in ["open", "mine", "answered", "all"] {
        dario.get(&format!("/desk?tab={tab}")).await.expect(200);
    }
    let case = dario.get(&page).await;
    case.expect(200).contains("hub 7731").contains("An older question of hers").contains("due in 24 hours");
    case.contains("The pilot light goes out every night.").contains("Clean the thermocouple first.");
    case.contains("Carla passed it on");
    dario.post(&format!("/cases/{id}/assignment"), &[]).await.leads_to(&page);
    let late = elena.post(&format!("/cases/{id}/assignment"), &[]).await;
    late.expect(409).contains("Dario has this case");
    dario.post(&format!("/cases/{id}/notes"), &[("note", "")]).await.expect(422);
    dario.post(&format!("/cases/{id}/notes"), &[("note", INTERNAL)]).await.leads_to(&page);
    elena.get(&page).await.expect(200).contains("ticket 55120").contains("Dario took the case");
    dario.get("/desk?tab=mine").await.expect(200).contains("The boiler goes out at night");

    // What is wrong is said, and what was typed is kept.
    let answers = format!("/cases/{id}/answers");
    let text = "Version 4.2.2 mends it; it comes on Monday.";
    let short = dario.post(&answers, &[("body", "soon"), ("signature", "Dario")]).await;
    short.expect(422);
    assert_eq!(short.form(&answers)["body"], "soon");
    let shown = dario.post(&answers, &[("body", "It **comes**."), ("act", "preview")]).await;
    shown.expect(200).contains("<strong>comes</strong>");
    let held = elena.post(&answers, &[("body", text), ("signature", "Elena")]).await;
    held.expect(409).contains("Dario has this case");
    let form = dario.get(&page).await;
    assert_eq!(form.form(&answers)["signature"], "Dario, Brand care");
    let sent = dario.submit(&form, &answers, &[("body", text)]).await;
    let place = sent.location();
    dario.submit(&form, &answers, &[("body", text)]).await.leads_to(&place);
    dario.get(&page).await.expect(200).contains("Dario answered officially");
    dario.get("/desk?tab=answered").await.expect(200).contains("The boiler goes out at night");
    dario.post(&format!("/cases/{id}/closure"), &[("reason", "community")]).await.expect(409);

    // Notes and who has it are the desk's own, also for the moderator who passed it on.
    let ann = browser(&world, &world.ann).await;
    for visitor in [&carla, &ann] {
        visitor.get(&page).await.expect(404).lacks("7731").lacks("Dario");
        visitor.get("/desk").await.expect(404);
    }
    let log = carla.get("/moderation/log").await;
    log.expect(200).contains("passed a question to our team").lacks("7731").lacks("55120").lacks("Dario");
    carla.get("/moderation?tab=unsolved").await.expect(200).lacks("7731");
});

on_both!(a_case_is_closed_with_a_reason, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let thread = question.thread;
    let opened = world
        .act(&world.carla, move |tx, v| loggia::escalation::open(tx, v, thread, "Please look at it.", 24))
        .await;
    assert!(matches!(opened, loggia::escalation::Opening::Opened(..)));
    world.clock.advance(26 * HOUR);
    let dario = browser(&world, &world.dario).await;
    let id = case_id(&world);
    dario.get(&format!("/desk/{id}")).await.expect(200).contains("late by 2 hours");
    let closure = format!("/cases/{id}/closure");
    dario
        .post(&closure, &[("reason", ""), ("note", "a text to keep")])
        .await
        .expect(422)
        .contains("a text to keep");
    dario.post(&closure, &[("reason", "not_ours")]).await.expect(422).contains("Say why in the note.");
    dario.post(&closure, &[("reason", "not_ours"), ("note", "The maker of the hub must.")]).await.expect(303);
    let page = dario.get(&format!("/desk/{id}")).await;
    page.expect(200).contains("We cannot solve it").contains("The maker of the hub must.");
    dario.get("/desk").await.expect(200).contains("The desk is clear");
});

on_both!(administrators_see_the_house_set_roles_and_try_mails_again, |world| async move {
    world.ask(&world.ann, "The boiler goes out at night").await;
    let elena = browser(&world, &world.elena).await;
    let overview = elena.get("/admin").await;
    overview.expect(200).contains("Questions").contains("Events in the ledger").contains("search");

    elena.get("/admin/people").await.expect(200).contains("bruno@example.com");
    elena.get("/admin/people?q=bru").await.expect(200).contains("bruno@example.com").lacks("ann@example.com");
    elena.get("/admin/people?q=ANN%40example.com").await.expect(200).contains("@ann").lacks("@bruno");
    elena.get("/admin/people?q=nobody%40example.com").await.expect(200).lacks("@example.com</td>");
    elena.get("/admin/people?role=staff").await.expect(200).contains("@dario").lacks("@bruno");
    elena.get("/admin/people?role=king").await.expect(404);
    let role = "/admin/people/bruno/role";
    elena.post(role, &[("role", "king")]).await.expect(422);
    elena.post(role, &[("role", "moderator")]).await.leads_to("/admin/people?q=bruno");
    elena.post("/admin/people/elena/role", &[("role", "customer")]).await.expect(403);
    elena.post("/admin/people/nobody/role", &[("role", "customer")]).await.expect(404);
    elena.get("/moderation/log").await.expect(200).contains("gave a person the role Moderator");

    let now = world.clock.now();
    world
        .db
        .write(move |tx| -> loggia::db::DbResult<()> {
            diesel::insert_into(mails::table)
                .values((
                    mails::dedupe_key.eq("one"),
                    mails::recipient.eq("ann@example.com"),
                    mails::list.eq("answers"),
                    mails::subject.eq("An answer"),
                    mails::body_text.eq("secret-link"),
                    mails::body_html.eq("secret-link"),
                    mails::message_id.eq("<one@localhost>"),
                    mails::state.eq("failed"),
                    mails::attempts.eq(9),
                    mails::last_error.eq("550 no such box"),
                    mails::next_attempt_at.eq(now),
                    mails::created_at.eq(now),
                ))
                .execute(tx.conn)?;
            Ok(())
        })
        .await
        .unwrap();
    let failed = elena.get("/admin/mails?state=failed").await;
    failed.expect(200).contains("550 no such box").contains("9 tries").lacks("secret-link");
    elena.get("/admin/mails").await.expect(200).contains("No mails here");
    let id: i64 = mails::table.select(mails::id).first(&mut *world.db.reader().unwrap()).unwrap();
    elena.post(&format!("/admin/mails/{id}/retry"), &[]).await.expect(303);
    // It waits again, or is gone already.
    elena.get("/admin/mails?state=failed").await.expect(200).lacks("ann@example.com");
    elena.post("/admin/mails/9999/retry", &[]).await.expect(303);
    for state in ["sent", "all"] {
        elena.get(&format!("/admin/mails?state={state}")).await.expect(200);
    }
    elena.get("/admin/mails?state=lost").await.expect(404);
});

on_both!(the_rooms_of_supervision_are_closed_to_others_and_to_forms_that_are_not_ours, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let thread = question.thread;
    let _ = world.flag(&world.bruno, question.post).await;
    let _ = world
        .act(&world.carla, move |tx, v| loggia::escalation::open(tx, v, thread, "Please look at it.", 24))
        .await;
    let rows: Vec<loggia::routes::Route> = loggia::routes::TABLE
        .iter()
        .filter(|row| {
            use loggia::web::visit::Access::*;
            matches!(row.access, Moderator | Staff | Admin)
        })
        .copied()
        .collect();
    assert!(rows.len() >= 25, "{}", rows.len());
    let cast = [&world.ann, &world.carla, &world.dario, &world.elena];
    let nobody = Visitor::new(&world.base_url);
    nobody.get("/sign-in").await.expect(200);
    let mut browsers = Vec::new();
    for person in cast {
        browsers.push((person, browser(&world, person).await));
    }
    let lines = world.log().len();
    for row in rows {
        use loggia::web::visit::Access::*;
        let path = row.path.replace("{id}", "1").replace("{username}", "bruno");
        let fields = [("reason", ""), ("decision", "agreed"), ("note", ""), ("role", "king"), ("body", "")];
        let page = match row.method {
            "GET" => nobody.get(&path).await,
            _ => nobody.post(&path, &fields).await,
        };
        assert!(
            page.status == 303 || page.status == 422,
            "{} {path} for nobody: {}",
            row.method,
            page.status
        );
        for (person, browser) in &browsers {
            let allowed = match row.access {
                Moderator => person.role.moderates(),
                Staff => person.role.answers_officially(),
                _ => person.username == "elena",
            };
            let page = match row.method {
                "GET" => browser.get(&path).await,
                _ if allowed => {
                    let page = browser.post_bare(&path, &fields).await;
                    page.expect(403);
                    page
                }
                _ => browser.post(&path, &fields).await,
            };
            if !allowed {
                assert!(
                    page.status == 404 || page.status == 422 && row.access == Admin,
                    "{} {path} for {}: {}",
                    row.method,
                    person.username,
                    page.status
                );
            } else if row.method == "GET" {
                assert!(page.status == 200 || page.status == 303, "{path}: {}", page.status);
            }
        }
    }
    assert_eq!(world.log().len(), lines, "nothing was done");
    let mut conn = world.db.reader().unwrap();
    let role: String = users::table.find(world.bruno.id).select(users::role).first(&mut *conn).unwrap();
    assert_eq!(role, "customer");
    let rows: i64 = moderation_log::table.count().get_result(&mut *conn).unwrap();
    assert_eq!(rows, 1);
});
