//! web room: work beside the request threads, never without a deadline; renderings have a queue of their own.
use crate::db::DbError;
use crate::error::{Error, Result};
use crate::kernel::limits;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

fn late() -> Error {
    Error::Db(DbError::Busy("it was not done in time".into()))
}

/// Runs what may block away from the request threads and waits no longer than `patience`.
pub async fn aside<T, F>(patience: Duration, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    let asked = Instant::now();
    let running = actix_web::web::block(move || {
        // Whoever asked was told to come back: only the others are worth the work.
        if asked.elapsed() >= patience { Err(late()) } else { work() }
    });
    match tokio::time::timeout(patience, running).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Error::Internal("work beside a request panicked".into())),
        Err(_) => Err(late()),
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// Threads that render texts and compare them, so that reading a page never waits for that.
pub struct Renderers {
    queue: SyncSender<Job>,
}

impl Renderers {
    pub fn start() -> std::io::Result<Renderers> {
        let (queue, jobs) = sync_channel::<Job>(limits::RENDERINGS_WAITING);
        let jobs = Arc::new(Mutex::new(jobs));
        for n in 0..limits::RENDERERS {
            let jobs: Arc<Mutex<Receiver<Job>>> = Arc::clone(&jobs);
            std::thread::Builder::new().name(format!("renderer-{n}")).spawn(move || {
                loop {
                    let job = match jobs.lock() {
                        Ok(jobs) => jobs.recv(),
                        Err(_) => return,
                    };
                    match job {
                        // A text that makes it panic must not take the thread along; its reply is dropped.
                        Ok(job) => drop(catch_unwind(AssertUnwindSafe(job))),
                        Err(_) => return,
                    }
                }
            })?;
        }
        Ok(Renderers { queue })
    }

    /// Does `work` in its turn, or says that there is too much of it just now.
    pub async fn run<T, F>(&self, patience: Duration, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let asked = Instant::now();
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            if asked.elapsed() < patience {
                let _ = reply.send(work());
            }
        });
        match self.queue.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(late()),
            Err(TrySendError::Disconnected(_)) => return Err(Error::Internal("rendering stopped".into())),
        }
        match tokio::time::timeout(patience, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::Internal("rendering panicked".into())),
            Err(_) => Err(late()),
        }
    }
}
