//! accounts room: argon2id on threads of its own, a few at a time, so that no request thread waits and
//! five hundred sign-ins at once do not take nine gigabytes.
use crate::error::{Error, Result};
use crate::kernel::limits;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    queue: SyncSender<Job>,
    params: Params,
    /// A hash of nothing anybody knows, checked where there is no account, so that it takes as long.
    decoy: Arc<str>,
}

impl Hasher {
    /// `memory_kib` per hash; two passes, one lane (OWASP's second choice at 19 MiB).
    pub fn start(memory_kib: u32) -> Result<Hasher, String> {
        let params = Params::new(memory_kib, 2, 1, None).map_err(|e| e.to_string())?;
        let (queue, jobs) = sync_channel::<Job>(limits::HASHES_WAITING);
        let jobs = Arc::new(Mutex::new(jobs));
        for n in 0..limits::HASHES_AT_ONCE {
            let jobs: Arc<Mutex<Receiver<Job>>> = Arc::clone(&jobs);
            std::thread::Builder::new()
                .name(format!("hasher-{n}"))
                .spawn(move || {
                    loop {
                        let job = match jobs.lock() {
                            Ok(jobs) => jobs.recv(),
                            Err(_) => return,
                        };
                        match job {
                            Ok(job) => job(),
                            Err(_) => return,
                        }
                    }
                })
                .map_err(|e| e.to_string())?;
        }
        let secret = crate::kernel::token::random().map_err(|e| e.to_string())?;
        let decoy = hash(&params, &secret)?.into();
        Ok(Hasher { queue, params, decoy })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            let _ = reply.send(work());
        });
        match self.queue.try_send(job) {
            Ok(()) => answer.await.map_err(|_| Error::Internal("hashing stopped".into())),
            Err(TrySendError::Full(_)) => Err(Error::TooMany(5)),
            Err(TrySendError::Disconnected(_)) => Err(Error::Internal("hashing stopped".into())),
        }
    }

    /// The PHC string of a password.
    pub async fn hash(&self, password: String) -> Result<String> {
        let params = self.params.clone();
        self.run(move || hash(&params, &password)).await?.map_err(Error::Internal)
    }

    /// The same, for commands without a runtime.
    pub fn hash_blocking(&self, password: &str) -> Result<String, String> {
        hash(&self.params, password)
    }

    /// Whether the password is right; with no stored hash it takes as long and is wrong.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        let decoy = Arc::clone(&self.decoy);
        self.run(move || {
            let known = stored.is_some();
            let stored = stored.unwrap_or_else(|| decoy.to_string());
            let right = PasswordHash::new(&stored)
                .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
            known && right
        })
        .await
    }

    /// Whether a stored hash was made with less than today's settings ask for.
    pub fn is_outdated(&self, stored: &str) -> bool {
        PasswordHash::new(stored)
            .ok()
            .and_then(|parsed| parsed.params.get_decimal("m"))
            .is_none_or(|memory| memory < self.params.m_cost())
    }
}

fn hash(params: &Params, password: &str) -> Result<String, String> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|e| e.to_string())
}
