//! db room: one thread writes. Acts that wait while it commits go into the next commit together.
use super::{Access, Conn, DbError, DbResult, OnCommit, Target};
use crate::kernel::ids::{EventId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::{Clock, Moment};
use crate::ledger::{self, Event, Fact};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// An open write transaction, as verbs see it.
pub struct Tx<'a> {
    pub conn: &'a mut Conn,
    /// The moment of this act; every row it writes carries this time.
    pub now: Moment,
    events: &'a mut Vec<Event>,
    toll: Option<Toll<'a>>,
    /// It happened elsewhere, long ago: followers tell nobody about it.
    past: bool,
}

/// Whoever counts acts: asked once an act is known to be new, and may say that it is one too many.
pub type Toll<'a> = &'a mut dyn FnMut() -> crate::error::Result<()>;

impl<'a> Tx<'a> {
    /// A transaction of the caller's own making, for commands that write without the writer thread.
    pub fn new(conn: &'a mut Conn, now: Moment, events: &'a mut Vec<Event>) -> Tx<'a> {
        Tx { conn, now, events, toll: None, past: false }
    }

    /// The same for what is brought over from another community, where it happened at `then`.
    pub fn past(conn: &'a mut Conn, then: Moment, events: &'a mut Vec<Event>) -> Tx<'a> {
        Tx { conn, now: then, events, toll: None, past: true }
    }

    /// The same transaction, with somebody who counts.
    pub fn counted<'b>(&'b mut self, toll: Toll<'b>) -> Tx<'b> {
        Tx { conn: self.conn, now: self.now, events: self.events, toll: Some(toll), past: self.past }
    }

    /// Verbs that can tell a form sent twice say here, before they write, that this one is new: only what is new
    /// is taken from somebody's allowance.
    pub fn is_new(&mut self) -> crate::error::Result<()> {
        self.toll.as_mut().map_or(Ok(()), |toll| toll())
    }

    /// Writes one event to the ledger, at this act's time.
    pub fn append(&mut self, actor: Option<UserId>, fact: Fact) -> DbResult<EventId> {
        let event = ledger::append(self.conn, self.now, actor, fact, self.past)?;
        let id = event.id;
        self.events.push(event);
        Ok(id)
    }
}

/// One waiting act and the one who waits for it.
trait Job: Send {
    /// Runs inside the transaction; `true` keeps what it wrote.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Answers, after the commit or instead of it.
    fn finish(self: Box<Self>, committed: Result<(), DbError>);
}

struct Act<T, E, F> {
    act: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Act<T, E, F>
where
    T: Send,
    E: From<DbError> + Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(act) = self.act.take() else { return false };
        let result = catch_unwind(AssertUnwindSafe(|| act(tx)))
            .unwrap_or_else(|_| Err(DbError::Refused("the act panicked".into()).into()));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn finish(self: Box<Self>, committed: Result<(), DbError>) {
        let answer = match (committed, self.result) {
            (Err(error), None | Some(Ok(_))) => Err(error.into()),
            (_, Some(result)) => result,
            (Ok(()), None) => Err(DbError::Unavailable("the act did not run".into()).into()),
        };
        // The one who asked may have gone; the write stands all the same.
        let _ = self.reply.send(answer);
    }
}

enum Message {
    Do(Box<dyn Job>),
    Stop,
}

#[derive(Clone)]
pub struct Writer {
    queue: SyncSender<Message>,
    thread: Arc<Mutex<Option<std::thread::JoinHandle<()>>>>,
}

impl Writer {
    pub fn start(target: Target, clock: Clock, on_commit: OnCommit) -> DbResult<Writer> {
        let (queue, jobs) = sync_channel(limits::WRITE_QUEUE);
        let conn = target.connect(Access::Write)?;
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || Loop { target, conn: Some(conn), clock, on_commit, jobs }.run())
            .map_err(|e| DbError::Unavailable(e.to_string()))?;
        Ok(Writer { queue, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    pub fn submit<T, E, F>(&self, act: F) -> DbResult<oneshot::Receiver<Result<T, E>>>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Act { act: Some(act), result: None, reply };
        match self.queue.try_send(Message::Do(Box::new(job))) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(DbError::Busy("too many writes are waiting".into())),
            Err(TrySendError::Disconnected(_)) => Err(DbError::Unavailable("the writer stopped".into())),
        }
    }

    pub fn stop(&self) {
        let _ = self.queue.send(Message::Stop);
        let handle = self.thread.lock().map(|mut guard| guard.take()).unwrap_or_default();
        if let Some(handle) = handle {
            let _ = handle.join();
        }
    }
}

struct Loop {
    target: Target,
    conn: Option<Conn>,
    clock: Clock,
    on_commit: OnCommit,
    jobs: Receiver<Message>,
}

impl Loop {
    fn run(mut self) {
        while let Ok(Message::Do(first)) = self.jobs.recv() {
            if self.batch(first) {
                return;
            }
        }
    }

    /// A connection with its write transaction begun. One that died since the last act, with the server at its
    /// other end, is opened anew before anyone is told.
    fn begin(&mut self) -> DbResult<Conn> {
        let mut failure = None;
        for _ in 0..2 {
            let mut conn = match self.conn.take() {
                Some(conn) => conn,
                None => self.target.connect(Access::Write)?,
            };
            match conn.begin_write() {
                Ok(()) => return Ok(conn),
                Err(error @ (DbError::Busy(_) | DbError::Full(_))) => {
                    self.conn = Some(conn);
                    return Err(error);
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| DbError::Unavailable("no transaction could be begun".into())))
    }

    /// Answers `first` and all that waits behind it with one failure: each would wait as long for its own, one
    /// after the other. `true` when asked to stop.
    fn refuse(&mut self, first: Box<dyn Job>, error: &DbError) -> bool {
        first.finish(Err(again(error)));
        loop {
            match self.jobs.try_recv() {
                Ok(Message::Do(job)) => job.finish(Err(again(error))),
                Ok(Message::Stop) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Runs `first` and what else waits in one transaction; `true` when asked to stop.
    fn batch(&mut self, first: Box<dyn Job>) -> bool {
        let mut conn = match self.begin() {
            Ok(conn) => conn,
            Err(error) => return self.refuse(first, &error),
        };
        let mut stop = false;
        let mut events = Vec::new();
        // Each with the failure that is its own.
        let mut done: Vec<(Box<dyn Job>, Option<DbError>)> = Vec::new();
        let mut broken: Option<DbError> = None;
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            let before = events.len();
            let kept = conn.sql("SAVEPOINT act").and_then(|()| {
                let now = self.clock.now();
                let keep = job.run(&mut Tx::new(&mut conn, now, &mut events));
                // PostgreSQL lets go of no savepoint after an error that the act has hidden.
                let released = if keep { Some(conn.sql("RELEASE SAVEPOINT act")) } else { None };
                match released {
                    Some(Ok(())) => Ok((true, None)),
                    failed => {
                        conn.sql("ROLLBACK TO SAVEPOINT act; RELEASE SAVEPOINT act")?;
                        Ok((false, failed.and_then(Result::err)))
                    }
                }
            });
            match kept {
                Ok((keep, failure)) => {
                    if !keep {
                        events.truncate(before);
                    }
                    done.push((job, failure));
                }
                Err(error) => {
                    done.push((job, None));
                    broken = Some(error);
                    break;
                }
            }
            if done.len() < limits::WRITES_PER_COMMIT {
                match self.jobs.try_recv() {
                    Ok(Message::Do(job)) => next = Some(job),
                    Ok(Message::Stop) => stop = true,
                    Err(_) => {}
                }
            }
        }
        let committed = match broken {
            None => conn.sql("COMMIT"),
            Some(error) => Err(error),
        };
        match committed {
            Ok(()) => {
                self.conn = Some(conn);
                if !events.is_empty() {
                    (self.on_commit)(&events);
                }
                for (job, failure) in done {
                    job.finish(failure.map_or(Ok(()), Err));
                }
            }
            Err(error) => {
                tracing::error!(%error, acts = done.len(), "a commit failed; its acts are answered with the failure");
                // A connection whose rollback works can be used again; any other is opened anew.
                if conn.sql("ROLLBACK").is_ok() {
                    self.conn = Some(conn);
                }
                for (job, _) in done {
                    job.finish(Err(again(&error)));
                }
            }
        }
        stop
    }
}

fn again(error: &DbError) -> DbError {
    match error {
        DbError::Busy(t) => DbError::Busy(t.clone()),
        DbError::Full(t) => DbError::Full(t.clone()),
        DbError::Constraint(t) => DbError::Constraint(t.clone()),
        DbError::Refused(t) => DbError::Refused(t.clone()),
        DbError::Newer(t) => DbError::Newer(t.clone()),
        DbError::Unavailable(t) => DbError::Unavailable(t.clone()),
    }
}
