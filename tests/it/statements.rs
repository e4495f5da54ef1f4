//! tests: counts the statements of a page, to hold them constant while rows grow.
use crate::ground::Ground;
use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use loggia::db::schema::secrets;
use loggia::db::{Db, Instrument, Opening};
use std::sync::{Arc, Mutex};

/// Every statement that the readers of one [`Db`] were asked.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// For [`Opening::instrument`].
    pub fn instrument(&self) -> Instrument {
        let heard = Arc::clone(&self.0);
        Arc::new(move || {
            let heard = Arc::clone(&heard);
            Box::new(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event {
                    let text = query.to_string();
                    // The pool's question whether a connection lives is no part of a page.
                    if text != "SELECT 1" {
                        heard.lock().unwrap().push(text);
                    }
                }
            })
        })
    }

    /// What was asked since the last look.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Ground {
    /// The database with every statement of its readers counted.
    pub fn counted(&self) -> (Db, Statements) {
        let statements = Statements::default();
        let db = self.open(Opening {
            target: self.target.clone(),
            clock: self.clock.clone(),
            readers: 3,
            on_commit: Arc::new(|_| {}),
            instrument: Some(statements.instrument()),
        });
        (db, statements)
    }
}

on_both!(each_statement_of_a_reader_is_counted, |ground: Ground| async move {
    let (db, statements) = ground.counted();
    for _ in 0..5 {
        let mut conn = db.reader().unwrap();
        let names: Vec<String> = secrets::table.select(secrets::name).load(&mut *conn).unwrap();
        assert!(names.is_empty());
    }
    let asked = statements.take();
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert!(asked[0].contains("secrets"));
    assert_eq!(statements.take().len(), 0);
});
