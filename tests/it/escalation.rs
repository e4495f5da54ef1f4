//! tests: a case from the moderator's note to the official answer, and who may see and do what on the way.
use crate::moderation::{body, viewer};
use crate::world::{Person, World};
use diesel::prelude::*;
use loggia::accounts::Viewer;
use loggia::db::Tx;
use loggia::db::schema::{case_notes, cases, posts};
use loggia::escalation::{self, Answering, CloseReason, Handling, Opening, State};
use loggia::kernel::ids::{CaseId, ThreadId};
use loggia::kernel::moment::HOUR;
use loggia::moderation;
use loggia::threads;

const KEY: &str = "a-form-sent-once-0123456789";

impl World {
    async fn escalate(&self, person: &Person, thread: ThreadId) -> Opening {
        self.act(person, move |tx, v| escalation::open(tx, v, thread, "Twelve people have it.", 24)).await
    }

    /// A thread of Ann's that Carla has passed on.
    async fn case(&self) -> (ThreadId, CaseId) {
        let question = self.ask(&self.ann, "The boiler goes out at night").await;
        match self.escalate(&self.carla, question.thread).await {
            Opening::Opened(case, _) => (question.thread, case),
            other => panic!("not opened: {other:?}"),
        }
    }

    async fn take(&self, person: &Person, case: CaseId) -> Handling {
        self.act(person, move |tx, v| escalation::take(tx, v, case)).await
    }

    async fn official(&self, person: &Person, case: CaseId, key: &'static str) -> Answering {
        self.act(person, move |tx: &mut Tx<'_>, v: &Viewer| {
            let body = body("Version 4.2.2 mends it; it comes on Monday.");
            escalation::answer(tx, v, case, &body, "Dario, Brand care", Some(key))
        })
        .await
    }

    fn state(&self, thread: ThreadId) -> (State, bool) {
        let mut conn = self.db.reader().unwrap();
        let (state, _, _) = escalation::state_for_thread(&mut conn, thread).unwrap().unwrap();
        let row = threads::thread(&mut conn, thread).unwrap().unwrap();
        (state, row.escalated)
    }

    fn answers(&self, thread: ThreadId) -> i64 {
        threads::thread(&mut self.db.reader().unwrap(), thread).unwrap().unwrap().answer_count
    }
}

on_both!(a_case_is_opened_taken_and_answered, |world| async move {
    let (thread, case) = world.case().await;
    assert_eq!(world.state(thread), (State::Open, true));
    let second = world.escalate(&world.elena, thread).await;
    assert!(matches!(second, Opening::Already(same, _) if same == case), "{second:?}");
    assert_eq!(world.take(&world.dario, case).await, Handling::Done);
    assert_eq!(world.take(&world.dario, case).await, Handling::Already);
    assert_eq!(world.take(&world.elena, case).await, Handling::HeldBy(Some(world.dario.id)));
    let Answering::Posted(posted) = world.official(&world.dario, case, KEY).await else {
        panic!("not posted")
    };
    assert!(posted.new);
    assert_eq!(world.state(thread), (State::Answered, false));
    let mut conn = world.db.reader().unwrap();
    let (official, signature): (bool, Option<String>) =
        posts::table.find(posted.post).select((posts::official, posts::signature)).first(&mut *conn).unwrap();
    assert_eq!((official, signature.as_deref()), (true, Some("Dario, Brand care")));
    let due: i64 = cases::table.find(case).select(cases::due_at).first(&mut *conn).unwrap();
    assert_eq!(due, world.clock.now().plus(24 * HOUR).0);
    let told = ["thread_asked", "case_opened", "case_taken", "answer_posted", "case_answered"];
    assert_eq!(world.kinds(), told);
    assert_eq!(world.log(), [("escalate".to_owned(), String::new())], "the note is for staff");
    // The same form once more: the same answer, and no second one.
    let Answering::Posted(again) = world.official(&world.dario, case, KEY).await else { panic!("not known") };
    assert_eq!((again.post, again.new), (posted.post, false));
    assert_eq!(world.official(&world.elena, case, KEY).await, Answering::Over);
    assert_eq!(world.official(&world.dario, case, "another-form-0123456789").await, Answering::Over);
    assert_eq!(world.answers(thread), 1);
    assert_eq!(world.take(&world.elena, case).await, Handling::Over);
});

on_both!(answering_a_case_nobody_has_takes_it, |world| async move {
    let (thread, case) = world.case().await;
    assert!(matches!(world.official(&world.elena, case, KEY).await, Answering::Posted(_)));
    assert_eq!(world.kinds().split_off(2), ["answer_posted", "case_taken", "case_answered"]);
    assert_eq!(world.state(thread), (State::Answered, false));
});

on_both!(of_two_who_take_a_case_at_once_one_has_it, |world| async move {
    let (_, case) = world.case().await;
    let take = |person: &Person| {
        let viewer = viewer(person);
        let db = world.db.clone();
        async move { db.write(move |tx| escalation::take(tx, &viewer, case)).await.unwrap() }
    };
    let (dario, elena) = tokio::join!(take(&world.dario), take(&world.elena));
    let holder = match (&dario, &elena) {
        (Handling::Done, Handling::HeldBy(holder)) => {
            assert_eq!(*holder, Some(world.dario.id));
            &world.dario
        }
        (Handling::HeldBy(holder), Handling::Done) => {
            assert_eq!(*holder, Some(world.elena.id));
            &world.elena
        }
        other => panic!("both or none: {other:?}"),
    };
    let taken = world.kinds().iter().filter(|kind| *kind == "case_taken").count();
    assert_eq!(taken, 1);
    let mut conn = world.db.reader().unwrap();
    let assignee: Option<i64> = cases::table.find(case).select(cases::assignee_id).first(&mut *conn).unwrap();
    assert_eq!(assignee, Some(holder.id.0));
});

on_both!(who_does_not_have_the_case_does_not_answer_it, |world| async move {
    let (thread, case) = world.case().await;
    world.take(&world.dario, case).await;
    assert_eq!(world.official(&world.elena, case, KEY).await, Answering::HeldBy(Some(world.dario.id)));
    assert_eq!(world.answers(thread), 0);
    // An admin frees it; then it is anybody's.
    let release = move |tx: &mut Tx<'_>, v: &Viewer| escalation::release(tx, v, case);
    assert_eq!(world.act(&world.elena, release).await, Handling::Done);
    assert_eq!(world.act(&world.dario, release).await, Handling::Already);
    assert_eq!(world.state(thread), (State::Open, true));
    assert_eq!(world.take(&world.elena, case).await, Handling::Done);
    assert_eq!(world.act(&world.dario, release).await, Handling::HeldBy(Some(world.elena.id)));
});

on_both!(moderators_open_cases_and_staff_alone_handle_them, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    for person in [&world.ann, &world.bruno, &world.dario] {
        assert_eq!(world.escalate(person, question.thread).await, Opening::NotFound, "{}", person.username);
    }
    let (_, case) = world.case().await;
    for person in [&world.ann, &world.bruno, &world.carla] {
        let handled = [
            world.take(person, case).await,
            world.act(person, move |tx, v| escalation::release(tx, v, case)).await,
            world.act(person, move |tx, v| escalation::note(tx, v, case, "I was here")).await,
            world
                .act(person, move |tx, v| escalation::close(tx, v, case, CloseReason::Other, "no more"))
                .await,
        ];
        assert!(handled.iter().all(|h| *h == Handling::NotFound), "{} {handled:?}", person.username);
        assert_eq!(world.official(person, case, KEY).await, Answering::NotFound);
    }
    assert_eq!(world.take(&world.dario, CaseId(9_999)).await, Handling::NotFound);
});

on_both!(a_case_of_a_removed_thread_is_there_for_those_alone_who_see_the_thread, |world| async move {
    let (thread, case) = world.case().await;
    let hide =
        move |tx: &mut Tx<'_>, v: &Viewer| moderation::hide(tx, v, thread.question(), "personal data in it");
    world.act(&world.carla, hide).await;
    assert_eq!(world.take(&world.dario, case).await, Handling::NotFound);
    assert_eq!(world.official(&world.dario, case, KEY).await, Answering::NotFound);
    assert_eq!(escalation::open_case_count(&mut world.db.reader().unwrap()).unwrap(), 0);
    assert_eq!(world.take(&world.elena, case).await, Handling::Done, "an admin moderates too");
    let answer = world.official(&world.elena, case, KEY).await;
    assert_eq!(answer, Answering::Refused("thread-removed"));
    let close = move |tx: &mut Tx<'_>, v: &Viewer| escalation::close(tx, v, case, CloseReason::Contacted, "");
    assert_eq!(world.act(&world.elena, close).await, Handling::Done);
    let reopened = world.escalate(&world.carla, thread).await;
    assert_eq!(reopened, Opening::Refused("case-thread-removed"));
});

on_both!(an_answer_that_is_refused_leaves_the_case_as_it_was, |world| async move {
    let (thread, case) = world.case().await;
    world.act(&world.carla, move |tx, v| moderation::lock(tx, v, thread, "it got heated")).await;
    assert_eq!(world.official(&world.dario, case, KEY).await, Answering::Refused("thread-locked"));
    assert_eq!(world.state(thread), (State::Open, true));
    assert_eq!(world.kinds().last().map(String::as_str), Some("thread_locked"));
});

on_both!(a_closed_case_is_over_and_another_may_follow, |world| async move {
    let (thread, case) = world.case().await;
    world.take(&world.dario, case).await;
    let close = move |tx: &mut Tx<'_>, v: &Viewer| {
        escalation::close(tx, v, case, CloseReason::Community, "Bruno's answer works")
    };
    assert_eq!(world.act(&world.dario, close).await, Handling::Done);
    assert_eq!(world.act(&world.dario, close).await, Handling::Over);
    assert_eq!(world.state(thread), (State::Closed, false));
    let again = world.escalate(&world.carla, thread).await;
    assert!(matches!(again, Opening::Opened(other, _) if other != case), "{again:?}");
    assert_eq!(world.state(thread), (State::Open, true));
});

on_both!(a_note_sent_twice_is_one_note, |world| async move {
    let (_, case) = world.case().await;
    let note = |text: &'static str| move |tx: &mut Tx<'_>, v: &Viewer| escalation::note(tx, v, case, text);
    assert_eq!(world.act(&world.dario, note("asked the firmware team")).await, Handling::Done);
    assert_eq!(world.act(&world.dario, note("asked the firmware team")).await, Handling::Already);
    assert_eq!(world.act(&world.elena, note("asked the firmware team")).await, Handling::Done);
    world.clock.advance(HOUR);
    assert_eq!(world.act(&world.elena, note("asked the firmware team")).await, Handling::Done);
    let mut conn = world.db.reader().unwrap();
    let kept: i64 = case_notes::table.count().get_result(&mut *conn).unwrap();
    assert_eq!(kept, 3);
});

on_both!(a_suspended_member_of_staff_does_nothing_with_a_case, |world| async move {
    let (thread, case) = world.case().await;
    world.act(&world.elena, |tx, v| moderation::suspend(tx, v, "dario", 3, "left the team")).await;
    assert_eq!(world.take(&world.dario, case).await, Handling::Refused("you-are-suspended"));
    assert_eq!(world.official(&world.dario, case, KEY).await, Answering::Refused("you-are-suspended"));
    assert_eq!(world.state(thread), (State::Open, true));
});
