//! tests: the database under a test, fresh for each, on SQLite and on PostgreSQL.
use crate::{postgres, scratch};
use loggia::db::{Db, OnCommit, Opening, Target, migrate};
use loggia::kernel::moment::{Clock, Moment};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// One test on both databases: `on_both!(a_sentence, |world| async move { … })` makes
/// `a_sentence::on_sqlite` and `a_sentence::on_postgres`. With a type, as in `|ground: Ground|`, the
/// scene is another than [`crate::world::World`]. Without `async move` the test is one that blocks: nothing
/// but its ground is made for it, by `From<Ground>`.
#[allow(unused_macros)]
macro_rules! on_both {
    ($(#[$meta:meta])* $name:ident, |$scene:ident| async move $body:block) => {
        on_both!($(#[$meta])* $name, |$scene: $crate::world::World| async move $body);
    };
    ($(#[$meta:meta])* $name:ident, |$scene:ident : $kind:ty| $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            fn act($scene: $kind) $body
            #[test]
            fn on_sqlite() {
                $crate::ground::act($crate::ground::Which::Sqlite, act);
            }
            #[test]
            fn on_postgres() {
                $crate::ground::act($crate::ground::Which::Postgres, act);
            }
        }
    };
    ($(#[$meta:meta])* $name:ident, |$scene:ident : $kind:ty| async move $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn play($scene: $kind) $body
            #[test]
            fn on_sqlite() {
                $crate::ground::play($crate::ground::Which::Sqlite, play);
            }
            #[test]
            fn on_postgres() {
                $crate::ground::play($crate::ground::Which::Postgres, play);
            }
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Sqlite,
    Postgres,
}

/// What a test stands on: a migrated, empty database, a folder of its own and a clock that stands still.
pub struct Ground {
    #[allow(dead_code)]
    pub which: Which,
    pub target: Target,
    pub clock: Clock,
    /// The data folder of this test.
    pub data: PathBuf,
    pub postgres: Option<postgres::Database>,
    nodes: Mutex<Vec<Db>>,
}

/// The moment at which every test begins.
pub fn dawn() -> Moment {
    Moment::parse("2026-03-02T09:00:00Z").unwrap()
}

/// What a test is given: made from the ground, before its first line.
pub trait Scene: Sized {
    fn set(ground: Ground) -> impl Future<Output = Self>;
}

impl Scene for Ground {
    async fn set(ground: Ground) -> Ground {
        ground
    }
}

pub fn play<S: Scene, F: Future<Output = ()>>(which: Which, test: impl FnOnce(S) -> F) {
    let Some(ground) = Ground::lay(which) else { return };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { test(S::set(ground).await).await });
}

/// For tests that lay several grounds.
impl From<Ground> for Which {
    fn from(ground: Ground) -> Which {
        ground.which
    }
}

/// Plays a test that blocks, on this thread.
pub fn act<S: From<Ground>>(which: Which, test: impl FnOnce(S)) {
    if let Some(ground) = Ground::lay(which) {
        test(S::from(ground));
    }
}

/// Runs what may block (followers, `write_blocking`) away from the test's own thread.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

impl Ground {
    /// `None` when this machine has no such database; it has been said.
    pub fn lay(which: Which) -> Option<Ground> {
        let postgres = match which {
            Which::Sqlite => None,
            Which::Postgres => Some(postgres::migrated()?),
        };
        let data = scratch::folder("data");
        let target = match &postgres {
            Some(database) => database.target(),
            None => {
                let path = data.join("loggia.sqlite");
                fs::copy(template(), &path).unwrap();
                Target::Sqlite(path)
            }
        };
        let clock = Clock::standing(dawn());
        Some(Ground { which, target, clock, data, postgres, nodes: Mutex::default() })
    }

    /// The database as one node opens it.
    pub fn db(&self) -> Db {
        self.node(Arc::new(|_| {}))
    }

    /// Another node on the same database, told of its own commits.
    pub fn node(&self, on_commit: OnCommit) -> Db {
        self.open(Opening {
            target: self.target.clone(),
            clock: self.clock.clone(),
            readers: 3,
            on_commit,
            instrument: None,
        })
    }

    /// Opens it in any way; it is stopped before the ground goes.
    pub fn open(&self, opening: Opening) -> Db {
        let db = Db::open(opening).unwrap();
        self.nodes.lock().unwrap().push(db.clone());
        db
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        for db in self.nodes.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).drain(..) {
            db.stop();
        }
        let _ = fs::remove_dir_all(&self.data);
    }
}

/// A migrated SQLite file that every test copies.
fn template() -> &'static Path {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let path = scratch::folder("template").join("loggia.sqlite");
        migrate(&Target::Sqlite(path.clone())).unwrap();
        let beside = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(beside, 1, "the template's WAL was not folded into the file");
        path
    })
}
