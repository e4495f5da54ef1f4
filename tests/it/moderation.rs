//! tests: what members flag and moderators do, and the line of the log that each act leaves.
use crate::world::{Person, World};
use diesel::prelude::*;
use loggia::accounts::{Role, Viewer, find_person};
use loggia::db::Tx;
use loggia::db::schema::{events, flags, moderation_log, posts, removals, sessions, suspensions, users};
use loggia::error::Result;
use loggia::kernel::ids::{FlagId, PostId, ThreadId};
use loggia::kernel::moment::DAY;
use loggia::kernel::names::Title;
use loggia::moderation::{self, FlagReason, Suspending};
use loggia::threads::{self, Body, Done, Kind, NewQuestion, Posted, Posting};

/// Somebody as a request brings them.
pub fn viewer(person: &Person) -> Viewer {
    Viewer {
        id: person.id,
        username: person.username.into(),
        display_name: person.display_name.into(),
        role: person.role,
        suspended_until: None,
        signature: String::new(),
        unread_notices: 0,
        session: None,
        token: None,
    }
}

pub fn body(text: &str) -> Body {
    Body::parse(text, Kind::Answer).unwrap()
}

fn posted(posting: Posting) -> Posted {
    match posting {
        Posting::Posted(posted) => posted,
        other => panic!("not posted: {other:?}"),
    }
}

impl World {
    /// One act of this person in a transaction of its own.
    pub async fn act<T: Send + 'static>(
        &self,
        person: &Person,
        act: impl FnOnce(&mut Tx<'_>, &Viewer) -> Result<T> + Send + 'static,
    ) -> T {
        let mut viewer = viewer(person);
        self.db
            .write(move |tx| {
                // As a request does: what the account is now, not what it was.
                viewer.suspended_until =
                    find_person(tx.conn, &viewer.username)?.and_then(|p| p.suspended_until);
                act(tx, &viewer)
            })
            .await
            .unwrap()
    }

    pub async fn ask(&self, person: &Person, title: &str) -> Posted {
        let new = NewQuestion {
            title: Title::parse(title).unwrap(),
            body: body("The pilot light goes out every night."),
            tags: threads::parse_tags("boiler").unwrap(),
            submission_key: None,
        };
        posted(self.act(person, move |tx, viewer| threads::ask(tx, viewer, new)).await)
    }

    pub async fn answer(&self, person: &Person, thread: ThreadId) -> Posted {
        let act = move |tx: &mut Tx<'_>, viewer: &Viewer| {
            threads::answer(tx, viewer, thread, &body("Clean the thermocouple first."), None, None)
        };
        posted(self.act(person, act).await)
    }

    pub async fn flag(&self, person: &Person, post: PostId) -> Done {
        self.act(person, move |tx, viewer| {
            moderation::flag(tx, viewer, post, FlagReason::Spam, "an advertisement")
        })
        .await
    }

    /// The newest flag.
    fn last_flag(&self) -> FlagId {
        let mut conn = self.db.reader().unwrap();
        flags::table.order(flags::id.desc()).select(flags::id).first(&mut *conn).unwrap()
    }

    /// Acts and reasons in the log, oldest first.
    pub fn log(&self) -> Vec<(String, String)> {
        let mut conn = self.db.reader().unwrap();
        moderation_log::table
            .order(moderation_log::id)
            .select((moderation_log::act, moderation_log::reason))
            .load(&mut *conn)
            .unwrap()
    }

    /// Duplicates as `loggia stats` counts them.
    pub fn duplicates(&self) -> i64 {
        loggia::exchange::stats(&mut self.db.reader().unwrap()).unwrap().duplicates
    }

    /// Kinds of the events after the cast came in, oldest first.
    pub fn kinds(&self) -> Vec<String> {
        let mut conn = self.db.reader().unwrap();
        events::table
            .filter(events::kind.ne_all(["user_joined", "thread_tagged"]))
            .order(events::id)
            .select(events::kind)
            .load(&mut *conn)
            .unwrap()
    }
}

fn is_done(done: &Done) -> bool {
    matches!(done, Done::Done(_))
}
fn is_already(done: &Done) -> bool {
    matches!(done, Done::Already(_))
}

on_both!(a_member_flags_a_post_once_and_never_their_own, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let first = world.flag(&world.bruno, question.post).await;
    assert!(is_done(&first), "{first:?}");
    let again = world.flag(&world.bruno, question.post).await;
    assert!(is_already(&again), "{again:?}");
    assert_eq!(world.flag(&world.ann, question.post).await, Done::Refused("flag-own"));
    assert_eq!(world.flag(&world.bruno, PostId(9_999)).await, Done::NotFound);
    assert_eq!(moderation::open_flag_count(&mut world.db.reader().unwrap()).unwrap(), 1);
    assert_eq!(world.kinds(), ["thread_asked", "post_flagged"]);
    assert!(world.log().is_empty(), "a flag is a member's act");
});

on_both!(what_is_out_of_sight_cannot_be_flagged, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let answer = world.answer(&world.bruno, question.thread).await;
    let (post, thread) = (answer.post, question.thread);
    world.act(&world.carla, move |tx, v| moderation::hide(tx, v, post, "an advertisement")).await;
    assert_eq!(world.flag(&world.dario, post).await, Done::NotFound);
    assert_eq!(world.flag(&world.elena, post).await, Done::Refused("flag-removed"));
    world.act(&world.carla, move |tx, v| moderation::restore(tx, v, post, "")).await;
    world.act(&world.carla, move |tx, v| moderation::hide(tx, v, thread.question(), "off our ground")).await;
    assert_eq!(world.flag(&world.dario, post).await, Done::NotFound, "its thread is hidden");
});

on_both!(what_its_author_deleted_can_be_hidden_and_stays_so, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let answer = world.answer(&world.bruno, question.thread).await;
    world.flag(&world.ann, answer.post).await;
    let (post, flag) = (answer.post, world.last_flag());
    let asked = world.ask(&world.bruno, "Buy heaters here").await.post;
    for post in [post, asked] {
        world.act(&world.bruno, move |tx, v| threads::delete(tx, v, post, "")).await;
    }
    let counts = |world: &World| {
        let row = threads::thread(&mut world.db.reader().unwrap(), question.thread).unwrap().unwrap();
        row.answer_count
    };
    assert_eq!(counts(&world), 0);
    let decided = world
        .act(&world.carla, move |tx, v| moderation::decide(tx, v, flag, true, "it sells heaters", true))
        .await;
    assert!(is_done(&decided), "{decided:?}");
    let hidden =
        world.act(&world.carla, move |tx, v| moderation::hide(tx, v, asked, "it sells heaters")).await;
    assert!(is_done(&hidden), "{hidden:?}");
    for post in [post, asked] {
        let back = world.act(&world.bruno, move |tx, v| threads::undelete(tx, v, post)).await;
        assert_eq!(back, Done::Refused("undelete-not-possible"));
        let again = world.act(&world.carla, move |tx, v| moderation::hide(tx, v, post, "it sells")).await;
        assert!(is_already(&again), "{again:?}");
    }
    assert_eq!(counts(&world), 0, "it was counted away once");
    {
        let mut conn = world.db.reader().unwrap();
        let open: Vec<String> = removals::table
            .filter(removals::lifted_at.is_null())
            .select(removals::kind)
            .load(&mut *conn)
            .unwrap();
        assert_eq!(open, ["hidden", "hidden"]);
        let row = threads::thread(&mut conn, ThreadId(asked.0)).unwrap().unwrap();
        assert_eq!(row.removed, 2);
    }
    world.act(&world.carla, move |tx, v| moderation::restore(tx, v, post, "a mistake")).await;
    world.act(&world.carla, move |tx, v| moderation::restore(tx, v, asked, "a mistake")).await;
    assert_eq!(counts(&world), 1);
    world.settle().await;
    let standing = loggia::reputation::standing(&mut world.db.reader().unwrap(), world.bruno.id).unwrap();
    assert_eq!((standing.answer_count, standing.question_count), (1, 1), "what is back counts again");
});

on_both!(a_decision_closes_one_flag_and_may_hide_the_post, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let answer = world.answer(&world.bruno, question.thread).await;
    for post in [question.post, answer.post] {
        world.flag(&world.dario, post).await;
    }
    let flag = world.last_flag();
    let done = world
        .act(&world.carla, move |tx, v| moderation::decide(tx, v, flag, true, "it sells heaters", true))
        .await;
    assert!(is_done(&done), "{done:?}");
    let again = world
        .act(&world.elena, move |tx, v| moderation::decide(tx, v, flag, false, "I disagree", false))
        .await;
    assert!(is_already(&again), "{again:?}");
    let mut conn = world.db.reader().unwrap();
    assert_eq!(moderation::open_flag_count(&mut conn).unwrap(), 1);
    let removed: i16 = posts::table.find(answer.post).select(posts::removed).first(&mut *conn).unwrap();
    assert_eq!(removed, 2);
    let told = [("decide", "it sells heaters"), ("hide", "it sells heaters")];
    assert_eq!(world.log(), told.map(|(act, reason)| (act.to_owned(), reason.to_owned())));
    assert_eq!(world.kinds().split_off(4), ["flag_decided", "post_hidden"]);
});

on_both!(nobody_decides_a_flag_on_their_own_post, |world| async move {
    let question = world.ask(&world.carla, "The boiler goes out at night").await;
    world.flag(&world.ann, question.post).await;
    let flag = world.last_flag();
    let own = world
        .act(&world.carla, move |tx, v| moderation::decide(tx, v, flag, false, "it is fine", false))
        .await;
    assert_eq!(own, Done::Refused("flag-decide-own"));
    let other = world
        .act(&world.elena, move |tx, v| moderation::decide(tx, v, flag, false, "it is fine", false))
        .await;
    assert!(is_done(&other));
});

on_both!(each_act_leaves_one_line_in_the_log_and_none_when_nothing_changed, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let other = world.ask(&world.ann, "The boiler stops in the evening").await;
    let (thread, post, of) = (question.thread, question.post, other.thread);
    for turn in 0..2 {
        let carla = &world.carla;
        let done = [
            world.act(carla, move |tx, v| moderation::lock(tx, v, thread, "it got heated")).await,
            world
                .act(carla, move |tx, v| moderation::close_as_duplicate(tx, v, thread, of, "the same"))
                .await,
            world.act(carla, move |tx, v| moderation::hide(tx, v, post, "an advertisement")).await,
        ];
        assert!(done.iter().all(|d| is_done(d) == (turn == 0) && is_already(d) == (turn == 1)), "{done:?}");
    }
    assert_eq!(world.duplicates(), 1);
    for turn in 0..2 {
        let carla = &world.carla;
        let done = [
            world.act(carla, move |tx, v| moderation::restore(tx, v, post, "a mistake")).await,
            world.act(carla, move |tx, v| moderation::reopen(tx, v, thread, "")).await,
            world.act(carla, move |tx, v| moderation::unlock(tx, v, thread, "")).await,
        ];
        assert!(done.iter().all(|d| is_done(d) == (turn == 0) && is_already(d) == (turn == 1)), "{done:?}");
    }
    // What is open again counts as nobody's duplicate, whoever said that it was one.
    assert_eq!(world.duplicates(), 0);
    let acts: Vec<String> = world.log().into_iter().map(|(act, _)| act).collect();
    assert_eq!(acts, ["lock", "duplicate", "hide", "unhide", "reopen", "unlock"]);
});

on_both!(an_act_that_is_refused_leaves_nothing_behind, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let thread = question.thread;
    for (of, why) in [(thread, "duplicate-of-itself"), (ThreadId(9_999), "duplicate-unknown")] {
        let done = world
            .act(&world.carla, move |tx, v| moderation::close_as_duplicate(tx, v, thread, of, "the same"))
            .await;
        assert_eq!(done, Done::Refused(why));
    }
    assert!(world.log().is_empty());
    assert_eq!(world.kinds(), ["thread_asked"]);
});

on_both!(only_moderators_and_admins_moderate, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    world.flag(&world.bruno, question.post).await;
    let (thread, post, flag) = (question.thread, question.post, world.last_flag());
    for person in [&world.ann, &world.bruno, &world.dario] {
        let done = [
            world.act(person, move |tx, v| moderation::hide(tx, v, post, "because I say so")).await,
            world.act(person, move |tx, v| moderation::restore(tx, v, post, "")).await,
            world.act(person, move |tx, v| moderation::lock(tx, v, thread, "because I say so")).await,
            world.act(person, move |tx, v| moderation::unlock(tx, v, thread, "")).await,
            world.act(person, move |tx, v| moderation::reopen(tx, v, thread, "")).await,
            world
                .act(person, move |tx, v| {
                    moderation::close_as_duplicate(tx, v, thread, ThreadId(1), "because I say so")
                })
                .await,
            world
                .act(person, move |tx, v| moderation::decide(tx, v, flag, true, "because I say so", true))
                .await,
        ];
        assert!(done.iter().all(|d| *d == Done::NotFound), "{} {done:?}", person.username);
        let suspending =
            world.act(person, move |tx, v| moderation::suspend(tx, v, "bruno", 3, "because I say so")).await;
        assert_eq!(suspending, Suspending::NotFound);
    }
    assert!(world.log().is_empty());
    let mut conn = world.db.reader().unwrap();
    let untouched: (i16, bool) =
        threads::thread(&mut conn, thread).unwrap().map(|t| (t.removed, t.locked)).unwrap();
    assert_eq!(untouched, (0, false));
});

on_both!(a_suspended_person_is_out_until_the_time_is_over_or_it_is_lifted, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let bruno = world.bruno.id;
    world.db.write(move |tx| loggia::accounts::start_session(tx, bruno, "a browser")).await.unwrap();
    let suspend = |days: i64| {
        move |tx: &mut Tx<'_>, v: &Viewer| moderation::suspend(tx, v, "Bruno", days, "three insults")
    };
    assert_eq!(world.act(&world.carla, suspend(0)).await, Suspending::Refused("suspend-days-wrong"));
    assert_eq!(world.act(&world.carla, suspend(366)).await, Suspending::Refused("suspend-days-wrong"));
    assert_eq!(world.act(&world.carla, suspend(3)).await, Suspending::Done("bruno".into()));
    assert_eq!(world.act(&world.elena, suspend(9)).await, Suspending::Already("bruno".into()));
    {
        let mut conn = world.db.reader().unwrap();
        let sessions: i64 = sessions::table.count().get_result(&mut *conn).unwrap();
        assert_eq!(sessions, 0, "a suspension ends every session");
        let (until, reason) =
            moderation::suspension(&mut conn, world.bruno.id, world.clock.now()).unwrap().unwrap();
        assert_eq!((until, reason.as_str()), (world.clock.now().plus(3 * DAY), "three insults"));
    }
    assert_eq!(world.flag(&world.bruno, question.post).await, Done::Refused("you-are-suspended"));
    let lift = |tx: &mut Tx<'_>, v: &Viewer| moderation::unsuspend(tx, v, "bruno", "");
    assert_eq!(world.act(&world.carla, lift).await, Suspending::Done("bruno".into()));
    assert_eq!(world.act(&world.carla, lift).await, Suspending::Already("bruno".into()));
    assert!(is_done(&world.flag(&world.bruno, question.post).await));
    // One that runs out needs nobody to lift it, and another may follow.
    assert_eq!(world.act(&world.carla, suspend(1)).await, Suspending::Done("bruno".into()));
    world.clock.advance(DAY);
    assert!(is_already(&world.flag(&world.bruno, question.post).await));
    assert_eq!(world.act(&world.carla, suspend(1)).await, Suspending::Done("bruno".into()));
    let mut conn = world.db.reader().unwrap();
    let rows: i64 = suspensions::table.count().get_result(&mut *conn).unwrap();
    assert_eq!(rows, 3);
    let acts: Vec<String> = world.log().into_iter().map(|(act, _)| act).collect();
    assert_eq!(acts, ["suspend", "unsuspend", "suspend", "suspend"]);
});

on_both!(those_who_stand_beside_or_above_are_not_suspended, |world| async move {
    let suspend = |name: &'static str| {
        move |tx: &mut Tx<'_>, v: &Viewer| moderation::suspend(tx, v, name, 3, "I do not like them")
    };
    for (who, whom, expect) in [
        (&world.carla, "carla", Suspending::Refused("suspend-oneself")),
        (&world.carla, "dario", Suspending::Refused("suspend-not-them")),
        (&world.carla, "elena", Suspending::Refused("suspend-not-them")),
        (&world.carla, "nobody", Suspending::NotFound),
        (&world.elena, "elena", Suspending::Refused("suspend-oneself")),
        (&world.elena, "dario", Suspending::Done("dario".into())),
        (&world.elena, "carla", Suspending::Done("carla".into())),
    ] {
        assert_eq!(world.act(who, suspend(whom)).await, expect, "{} {whom}", who.username);
    }
    // And a suspended moderator does not lift it, or anything else.
    let lift = |tx: &mut Tx<'_>, v: &Viewer| moderation::unsuspend(tx, v, "carla", "");
    assert_eq!(world.act(&world.carla, lift).await, Suspending::Refused("you-are-suspended"));
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let post = question.post;
    let hide = world.act(&world.carla, move |tx, v| moderation::hide(tx, v, post, "an advertisement")).await;
    assert_eq!(hide, Done::Refused("you-are-suspended"));
});

on_both!(a_change_of_role_stands_in_the_log, |world| async move {
    let promote = |tx: &mut Tx<'_>, v: &Viewer| {
        moderation::change_role(tx, v, "bruno", Role::Moderator, &Default::default())
    };
    assert_eq!(world.act(&world.elena, promote).await, moderation::RoleChange::Changed);
    assert_eq!(world.act(&world.elena, promote).await, moderation::RoleChange::Same);
    assert_eq!(world.log(), [("role".to_owned(), "moderator".to_owned())]);
    let mut conn = world.db.reader().unwrap();
    let role: String = users::table.find(world.bruno.id).select(users::role).first(&mut *conn).unwrap();
    assert_eq!(role, "moderator");
});
