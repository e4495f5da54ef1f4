//! tests: the ledger is read in commit order, followers move with their effects, and the one writer
//! answers each act for itself.
use crate::ground::{Ground, Which, aside, dawn};
use crate::scratch;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use loggia::db::schema::{events, places, secrets};
use loggia::db::{Db, DbError, DbResult, Opening, Target, Tx};
use loggia::kernel::ids::{EventId, ThreadId, UserId};
use loggia::kernel::moment::{Clock, MINUTE};
use loggia::ledger::follow::{self, Bell, Follower};
use loggia::ledger::{self, Event, Fact};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

fn fact(number: i64) -> Fact {
    Fact::MeTooAdded { thread: ThreadId(number) }
}

fn append(db: &Db, number: i64) -> DbResult<EventId> {
    db.write_blocking(move |tx| tx.append(None, fact(number)))
}

fn all(db: &Db) -> Vec<Event> {
    ledger::after(&mut db.reader().unwrap(), EventId(0), 10_000).unwrap()
}

/// A row that only one transaction may write; a second time is an error.
fn mark(tx: &mut Tx<'_>, name: &str) -> DbResult<()> {
    diesel::insert_into(secrets::table)
        .values((secrets::name.eq(name), secrets::value.eq("")))
        .execute(tx.conn)
        .map(|_| ())
        .map_err(DbError::from)
}

fn marks(db: &Db) -> Vec<String> {
    let mut conn = db.reader().unwrap();
    secrets::table.select(secrets::name).order(secrets::name).load(&mut *conn).unwrap()
}

/// Keeps the writer of `db` inside an act until the answer is sent (or dropped).
fn hold_the_writer(db: &Db) -> Sender<()> {
    let (inside, is_inside) = channel();
    let (release, released) = channel::<()>();
    let db = db.clone();
    std::thread::spawn(move || {
        db.write_blocking(move |_| -> DbResult<()> {
            inside.send(()).unwrap();
            let _ = released.recv_timeout(PATIENCE);
            Ok(())
        })
    });
    is_inside.recv_timeout(PATIENCE).unwrap();
    release
}

on_both!(events_of_two_busy_nodes_are_read_once_and_in_order, |ground: Ground| async move {
    const EACH: i64 = 150;
    let nodes = [ground.db(), ground.db()];
    aside(move || {
        let writing = AtomicUsize::new(4);
        let seen = std::thread::scope(|scope| {
            for (number, node) in [&nodes[0], &nodes[0], &nodes[1], &nodes[1]].into_iter().enumerate() {
                let writing = &writing;
                scope.spawn(move || {
                    for i in 0..EACH {
                        append(node, number as i64 * EACH + i).unwrap();
                    }
                    writing.fetch_sub(1, Ordering::SeqCst);
                });
            }
            let mut seen: Vec<Event> = Vec::new();
            let mut conn = nodes[0].reader().unwrap();
            loop {
                let over = writing.load(Ordering::SeqCst) == 0;
                let place = seen.last().map_or(EventId(0), |event| event.id);
                let new = ledger::after(&mut conn, place, 7).unwrap();
                if new.is_empty() && over {
                    break seen;
                }
                seen.extend(new);
            }
        });
        assert!(seen.windows(2).all(|pair| pair[0].id < pair[1].id));
        let mut threads: Vec<i64> = seen.iter().map(|event| event.fact.thread().unwrap().0).collect();
        threads.sort_unstable();
        assert_eq!(threads, (0..4 * EACH).collect::<Vec<_>>());
    })
    .await;
});

on_both!(an_event_that_commits_late_is_not_overtaken, |ground: Ground| async move {
    let (early, late) = (ground.db(), ground.db());
    aside(move || {
        // The first node takes its id and stays in its transaction.
        let (inside, is_inside) = channel();
        let (release, released) = channel::<()>();
        let first = {
            let early = early.clone();
            std::thread::spawn(move || {
                early.write_blocking(move |tx| -> DbResult<EventId> {
                    let id = tx.append(None, fact(1))?;
                    inside.send(()).unwrap();
                    let _ = released.recv_timeout(PATIENCE);
                    Ok(id)
                })
            })
        };
        is_inside.recv_timeout(PATIENCE).unwrap();
        let (second, answer) = channel();
        let second_node = late.clone();
        std::thread::spawn(move || second.send(append(&second_node, 2)));
        // The second would be done within a millisecond if nothing held it.
        assert!(
            answer.recv_timeout(Duration::from_millis(300)).is_err(),
            "a later event committed before an earlier"
        );
        assert_eq!(all(&late), []);
        release.send(()).unwrap();
        let first = first.join().unwrap().unwrap();
        let second = answer.recv_timeout(PATIENCE).unwrap().unwrap();
        assert!(first < second);
        assert_eq!(all(&late).iter().map(|e| e.id).collect::<Vec<_>>(), [first, second]);
    })
    .await;
});

on_both!(an_event_says_when_who_and_what, |ground: Ground| async move {
    let db = ground.db();
    ground.clock.advance(3 * MINUTE);
    let now = dawn().plus(3 * MINUTE);
    let (actor, joined) = (UserId(7), Fact::UserJoined { user: UserId(7) });
    let voted = Fact::VoteCast {
        thread: ThreadId(4),
        post: loggia::kernel::ids::PostId(9),
        author: Some(UserId(3)),
        question: false,
        value: -1,
        before: 1,
    };
    let (first, second) = db
        .write({
            let (joined, voted) = (joined.clone(), voted.clone());
            move |tx| -> DbResult<_> {
                assert_eq!(tx.now, now);
                let joined = tx.append(Some(actor), joined)?;
                Ok((joined, Tx::past(tx.conn, dawn(), &mut Vec::new()).append(None, voted)?))
            }
        })
        .await
        .unwrap();
    assert_eq!(
        all(&db),
        [
            Event { id: first, at: now, actor: Some(actor), imported: false, fact: joined },
            Event { id: second, at: dawn(), actor: None, imported: true, fact: voted },
        ]
    );
    let mut conn = db.reader().unwrap();
    let row: (String, Option<i64>, Option<i64>, Option<i64>) = events::table
        .find(second)
        .select((events::kind, events::thread_id, events::post_id, events::user_id))
        .first(&mut *conn)
        .unwrap();
    assert_eq!(row, ("vote_cast".into(), Some(4), Some(9), Some(3)));
    assert_eq!(ledger::head(&mut conn).unwrap(), second);
});

/// Marks every event it sees, and fails once at `stumbles_at`.
struct Marker {
    stumbles_at: Mutex<Option<EventId>>,
    seen: Mutex<Option<Sender<EventId>>>,
}

impl Marker {
    fn stumbling(stumbles_at: Option<EventId>) -> Arc<dyn Follower> {
        Arc::new(Marker { stumbles_at: Mutex::new(stumbles_at), seen: Mutex::new(None) })
    }
    fn telling(seen: Sender<EventId>) -> Arc<dyn Follower> {
        Arc::new(Marker { stumbles_at: Mutex::new(None), seen: Mutex::new(Some(seen)) })
    }
}

impl Follower for Marker {
    fn name(&self) -> &'static str {
        "marker"
    }
    fn apply(&self, tx: &mut Tx<'_>, events: &[Event]) -> DbResult<()> {
        for event in events {
            mark(tx, &format!("event {:06}", event.id.0))?;
            if self.stumbles_at.lock().unwrap().take_if(|id| *id == event.id).is_some() {
                return Err(DbError::Refused("stumbled".into()));
            }
            if let Some(seen) = &*self.seen.lock().unwrap() {
                seen.send(event.id).unwrap();
            }
        }
        Ok(())
    }
}

fn place(db: &Db) -> EventId {
    follow::place(&mut db.reader().unwrap(), "marker").unwrap()
}

on_both!(a_follower_moves_with_its_effects_or_not_at_all, |ground: Ground| async move {
    let db = ground.db();
    aside(move || {
        let ids: Vec<EventId> = (0..5).map(|i| append(&db, i).unwrap()).collect();
        let follower = Marker::stumbling(Some(ids[3]));
        assert!(matches!(follow::step(&db, &follower), Err(DbError::Refused(_))));
        assert_eq!((place(&db), marks(&db).len()), (EventId(0), 0));
        assert_eq!(follow::step(&db, &follower).unwrap(), 5);
        assert_eq!((place(&db), marks(&db).len()), (ids[4], 5));
        assert_eq!(follow::step(&db, &follower).unwrap(), 0);
        let last = append(&db, 9).unwrap();
        follow::catch_up(&db, &follower).unwrap();
        assert_eq!((place(&db), marks(&db).len()), (last, 6));
    })
    .await;
});

on_both!(two_nodes_with_one_follower_do_each_event_once, |ground: Ground| async move {
    const EVENTS: i64 = 1_600;
    let nodes = [ground.db(), ground.db()];
    aside(move || {
        for batch in 0..16 {
            let act = move |tx: &mut Tx<'_>| -> DbResult<()> {
                (0..EVENTS / 16).try_for_each(|i| tx.append(None, fact(batch * 100 + i)).map(|_| ()))
            };
            nodes[0].write_blocking(act).unwrap();
        }
        let follower = Marker::stumbling(None);
        std::thread::scope(|scope| {
            for node in [&nodes[0], &nodes[1], &nodes[0], &nodes[1]] {
                let follower = &follower;
                // An event done twice would break the marks' key.
                scope.spawn(move || follow::catch_up(node, follower).unwrap());
            }
        });
        assert_eq!(marks(&nodes[1]).len() as i64, EVENTS);
        let mut conn = nodes[1].reader().unwrap();
        assert_eq!(place(&nodes[1]), ledger::head(&mut conn).unwrap());
        let rows: i64 = places::table.count().get_result(&mut *conn).unwrap();
        assert_eq!(rows, 1);
    })
    .await;
});

on_both!(a_follower_wakes_at_the_bell_and_at_another_nodes_commit, |ground: Ground| async move {
    let bell = Bell::default();
    let node = ground.node(Arc::new({
        let bell = bell.clone();
        move |_: &[Event]| bell.ring()
    }));
    let other = ground.db();
    aside(move || {
        let (send, seen) = channel();
        let thread = follow::spawn(node.clone(), vec![Marker::telling(send)], bell.clone()).unwrap();
        for db in [&node, &other, &node] {
            let id = append(db, 1).unwrap();
            assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), id);
        }
        bell.stop();
        thread.join().unwrap();
    })
    .await;
});

on_both!(a_failing_act_leaves_nothing, |ground: Ground| async move {
    let told = Arc::new(AtomicUsize::new(0));
    let db = ground.node(Arc::new({
        let told = Arc::clone(&told);
        move |events: &[Event]| {
            told.fetch_add(events.len(), Ordering::SeqCst);
        }
    }));
    let refused: DbResult<()> = db
        .write(|tx| {
            mark(tx, "row")?;
            tx.append(None, fact(1))?;
            Err(DbError::Refused("changed my mind".into()))
        })
        .await;
    assert!(matches!(refused, Err(DbError::Refused(_))));
    let broken: DbResult<()> = db
        .write(|tx| {
            mark(tx, "row")?;
            tx.append(None, fact(1))?;
            mark(tx, "row")
        })
        .await;
    assert!(matches!(broken, Err(DbError::Constraint(_))), "{broken:?}");
    assert_eq!((all(&db), marks(&db), told.load(Ordering::SeqCst)), (vec![], vec![], 0));
    db.write(|tx| tx.append(None, fact(2))).await.unwrap();
    assert_eq!((all(&db).len(), told.load(Ordering::SeqCst)), (1, 1));
});

/// Starts an act without waiting for it, in the order of the calls.
fn submit<T: Send + 'static>(
    db: &Db,
    act: impl FnOnce(&mut Tx<'_>) -> DbResult<T> + Send + 'static,
) -> Receiver<DbResult<T>> {
    let (send, answer) = channel();
    let mut write = Box::pin({
        let db = db.clone();
        async move { db.write(act).await }
    });
    // The first poll puts the act into the writer's queue.
    let waker = std::task::Waker::noop();
    assert!(write.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _ = send.send(runtime.block_on(write));
    });
    answer
}

on_both!(acts_in_one_commit_each_get_their_own_answer, |ground: Ground| async move {
    let commits = Arc::new(Mutex::new(Vec::new()));
    let db = ground.node(Arc::new({
        let commits = Arc::clone(&commits);
        move |events: &[Event]| commits.lock().unwrap().push(events.len())
    }));
    aside(move || {
        let release = hold_the_writer(&db);
        let good: Vec<_> = (0..10).map(|i| submit(&db, move |tx| tx.append(None, fact(i)))).collect();
        let refused = submit(&db, |tx| -> DbResult<()> {
            tx.append(None, fact(100))?;
            Err(DbError::Refused("no".into()))
        });
        let constraint = submit(&db, |tx| {
            mark(tx, "twice")?;
            mark(tx, "twice")
        });
        let panicked = submit(&db, |tx| -> DbResult<()> {
            tx.append(None, fact(101))?;
            panic!("part of the test");
        });
        let last = submit(&db, |tx| mark(tx, "last").map(|()| 42));
        release.send(()).unwrap();
        let ids: Vec<EventId> =
            good.iter().map(|answer| answer.recv_timeout(PATIENCE).unwrap().unwrap()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let refused = refused.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(&refused, Err(DbError::Refused(why)) if why == "no"), "{refused:?}");
        let constraint = constraint.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(constraint, Err(DbError::Constraint(_))), "{constraint:?}");
        let panicked = panicked.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(panicked, Err(DbError::Refused(_))), "{panicked:?}");
        assert_eq!(last.recv_timeout(PATIENCE).unwrap().unwrap(), 42);
        assert_eq!(*commits.lock().unwrap(), [10], "they did not share one commit");
        assert_eq!(all(&db).iter().map(|e| e.id).collect::<Vec<_>>(), ids);
        assert_eq!(marks(&db), ["last"]);
    })
    .await;
});

on_both!(an_act_that_hides_an_error_of_the_database_fails_alone, |ground: Ground| async move {
    let db = ground.db();
    aside(move || {
        let release = hold_the_writer(&db);
        let before = submit(&db, |tx| mark(tx, "before"));
        // PostgreSQL refuses everything after an error, until the savepoint; SQLite does not.
        let hides = submit(&db, |tx| -> DbResult<()> {
            tx.append(None, fact(1))?;
            let _ = mark(tx, "before");
            Ok(())
        });
        let after = submit(&db, |tx| mark(tx, "later"));
        release.send(()).unwrap();
        before.recv_timeout(PATIENCE).unwrap().unwrap();
        let hides = hides.recv_timeout(PATIENCE).unwrap();
        after.recv_timeout(PATIENCE).unwrap().unwrap();
        assert_eq!(marks(&db), ["before", "later"]);
        assert_eq!(all(&db).len(), usize::from(hides.is_ok()), "the answer and the ledger differ: {hides:?}");
    })
    .await;
});

on_both!(an_act_that_panics_is_answered_and_the_writer_lives, |ground: Ground| async move {
    let db = ground.db();
    for _ in 0..3 {
        let answer: DbResult<()> = db.write(|_| panic!("part of the test")).await;
        assert!(matches!(answer, Err(DbError::Refused(_))), "{answer:?}");
    }
    db.write(|tx| tx.append(None, fact(1))).await.unwrap();
    assert_eq!(all(&db).len(), 1);
});

on_both!(an_act_whose_asker_has_gone_is_done_all_the_same, |ground: Ground| async move {
    let db = ground.db();
    aside(move || {
        let release = hold_the_writer(&db);
        drop(submit(&db, |tx| tx.append(None, fact(1))));
        release.send(()).unwrap();
        append(&db, 2).unwrap();
        assert_eq!(all(&db).len(), 2);
    })
    .await;
});

on_both!(more_acts_than_may_wait_are_refused_as_busy, |ground: Ground| async move {
    let db = ground.db();
    aside(move || {
        let release = hold_the_writer(&db);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut waiting = Vec::new();
        let refused = loop {
            let mut write = Box::pin(db.write(|tx| tx.append(None, fact(1))));
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            match write.as_mut().poll(&mut cx) {
                std::task::Poll::Pending => waiting.push(write),
                std::task::Poll::Ready(answer) => break answer,
            }
            assert!(waiting.len() <= loggia::kernel::limits::WRITE_QUEUE);
        };
        assert!(matches!(refused, Err(DbError::Busy(_))), "{refused:?}");
        release.send(()).unwrap();
        let expected = waiting.len();
        for write in waiting {
            runtime.block_on(write).unwrap();
        }
        assert_eq!(all(&db).len(), expected);
    })
    .await;
});

on_both!(a_stopped_writer_finishes_what_waits_and_refuses_the_rest, |ground: Ground| async move {
    let db = ground.db();
    aside(move || {
        let release = hold_the_writer(&db);
        let waiting: Vec<_> = (0..100).map(|i| submit(&db, move |tx| tx.append(None, fact(i)))).collect();
        release.send(()).unwrap();
        db.stop();
        for answer in waiting {
            answer.recv_timeout(PATIENCE).unwrap().unwrap();
        }
        assert_eq!(all(&db).len(), 100);
        assert!(matches!(append(&db, 1), Err(DbError::Unavailable(_))));
    })
    .await;
});

on_both!(a_snapshot_sees_one_state_of_the_data, |ground: Ground| async move {
    let db = ground.db();
    aside(move || {
        append(&db, 1).unwrap();
        let mut conn = db.reader().unwrap();
        conn.begin_snapshot().unwrap();
        assert_eq!(ledger::after(&mut conn, EventId(0), 9).unwrap().len(), 1);
        append(&db, 2).unwrap();
        assert_eq!(ledger::after(&mut conn, EventId(0), 9).unwrap().len(), 1);
        conn.batch_execute("ROLLBACK").unwrap();
        assert_eq!(ledger::after(&mut conn, EventId(0), 9).unwrap().len(), 2);
    })
    .await;
});

on_both!(a_reader_cannot_write, |ground: Ground| async move {
    let db = ground.db();
    let mut conn = db.reader().unwrap();
    let refused = conn.batch_execute("INSERT INTO secrets (name, value) VALUES ('a', 'b')");
    assert!(refused.is_err());
    drop(conn);
    assert_eq!(marks(&db), [] as [String; 0]);
});

#[test]
fn a_postgres_that_is_gone_is_an_error_and_never_a_no() {
    let Some(ground) = Ground::lay(Which::Postgres) else { return };
    let db = ground.db();
    append(&db, 1).unwrap();
    let mut kept = db.reader().unwrap();
    ground.postgres.as_ref().unwrap().destroy();
    let read = ledger::head(&mut kept);
    assert!(matches!(read, Err(DbError::Unavailable(_))), "{read:?}");
    let place = follow::place(&mut kept, "marker");
    assert!(place.is_err(), "{place:?}");
    for _ in 0..2 {
        let write = append(&db, 2);
        assert!(matches!(write, Err(DbError::Unavailable(_))), "{write:?}");
    }
    assert!(follow::step(&db, &Marker::stumbling(None)).is_err());
}

#[test]
fn connections_that_were_cut_are_made_anew() {
    let Some(ground) = Ground::lay(Which::Postgres) else { return };
    let db = ground.db();
    let before = append(&db, 1).unwrap();
    ground.postgres.as_ref().unwrap().cut();
    // The act that meets the cut may fail, and says so; the next one must not.
    let first = append(&db, 2);
    assert!(matches!(first, Ok(_) | Err(DbError::Unavailable(_))), "{first:?}");
    let last = append(&db, 3).unwrap();
    assert!(last > before);
    assert_eq!(all(&db).len(), 2 + usize::from(first.is_ok()));
}

#[test]
fn a_silent_writer_of_another_node_makes_busy_and_not_no() {
    let Some(ground) = Ground::lay(Which::Postgres) else { return };
    let (hung, db) = (ground.db(), ground.db());
    let release = hold_the_writer(&hung);
    let write = append(&db, 1);
    assert!(matches!(write, Err(DbError::Busy(_))), "{write:?}");
    release.send(()).unwrap();
    // Behind the one that held it: once this is answered its lock is gone, however slow the machine.
    hung.write_blocking(|_| -> DbResult<()> { Ok(()) }).unwrap();
    append(&db, 2).unwrap();
    assert_eq!(all(&db).len(), 1);
}

fn open(target: Target) -> DbResult<Db> {
    Db::open(Opening {
        target,
        clock: Clock::standing(dawn()),
        readers: 1,
        on_commit: Arc::new(|_| {}),
        instrument: None,
    })
}

#[test]
fn a_sqlite_file_that_is_no_database_is_an_error_and_never_a_no() {
    let folder = scratch::folder("broken");
    let missing = Target::Sqlite(folder.join("not").join("here.sqlite"));
    let answer = open(missing).map(|_| ());
    assert!(matches!(answer, Err(DbError::Unavailable(_))), "{answer:?}");
    let garbage = folder.join("garbage.sqlite");
    std::fs::write(&garbage, vec![7u8; 8192]).unwrap();
    let answer = open(Target::Sqlite(garbage.clone())).map(|_| ());
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(std::fs::read(garbage).unwrap(), vec![7u8; 8192]);
    let empty = open(Target::Sqlite(folder.join("empty.sqlite"))).unwrap();
    let read = ledger::head(&mut empty.reader().unwrap());
    assert!(matches!(read, Err(DbError::Refused(_))), "{read:?}");
    assert!(append(&empty, 1).is_err());
    empty.stop();
}

#[test]
fn every_fact_is_stored_under_the_name_it_is_read_by() {
    let fact = Fact::UserErased { user: UserId(1) };
    let stored: serde_json::Value = serde_json::to_value(&fact).unwrap();
    assert_eq!(stored, serde_json::json!({ "kind": "user_erased", "user": 1 }));
    assert_eq!(stored["kind"], fact.kind());
    // Every variant: its name in the source, in snake case, is the kind it says.
    let source = std::fs::read_to_string(crate::source::repository().join("src/ledger/mod.rs")).unwrap();
    let kinds = source.split("pub fn kind(").nth(1).unwrap().split("\n    }\n").next().unwrap();
    let mut count = 0;
    for line in kinds.lines().filter_map(|line| line.trim().split_once(" { .. } => \"")) {
        let mut snake = String::new();
        for letter in line.0.chars() {
            if letter.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        assert_eq!(line.1, format!("{snake}\","));
        count += 1;
    }
    assert!(count > 25, "only {count} kinds were read");
}
