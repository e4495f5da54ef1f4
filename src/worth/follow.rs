//! worth room: makes the statements of months that are over, and mails them.
use super::store::{self, Unstated};
use super::{Statement, policy, statement};
use crate::db::{Db, DbResult, Tx};
use crate::kernel::limits;
use crate::kernel::money::{self, Rate};
use crate::mail::compose::{defuse, one_line};
use crate::mail::{self, Letter, Letterhead, List};
use crate::web::i18n::{Arg, translate};

/// Statements of one transaction: visitors' writes get between.
const STATEMENTS_AT_ONCE: i64 = 20;
/// Months that are still made up for, where the house stood still when they ended.
const MONTHS_BACK: i64 = 3;

/// Makes the statements that are due; how many. Whoever asks again, on any node, makes what is left.
pub fn state_months(db: &Db, letterhead: &Letterhead, rate: &Rate) -> DbResult<usize> {
    // Readers of the last minutes are written down within moments, on every node.
    let before = db.clock.now().plus(-limits::WORTH_SETTLES).month();
    let mut made = 0;
    loop {
        let (letterhead, rate) = (letterhead.clone(), rate.clone());
        let some = db.write_blocking(move |tx| -> DbResult<usize> {
            let due = store::unstated(tx.conn, before - MONTHS_BACK, before, STATEMENTS_AT_ONCE)?;
            due.iter().try_for_each(|person| make(tx, &letterhead, &rate, person))?;
            Ok(due.len())
        })?;
        made += some;
        if (some as i64) < STATEMENTS_AT_ONCE {
            return Ok(made);
        }
    }
}

fn make(tx: &mut Tx<'_>, letterhead: &Letterhead, rate: &Rate, person: &Unstated) -> DbResult<()> {
    let statement = statement(tx.conn, person.user, person.month, rate)?;
    store::insert(tx, person.user, &statement)?;
    let suspended = person.suspended_until.is_some_and(|until| until > tx.now);
    let address = person.email.as_deref().filter(|_| person.confirmed.is_some() && !suspended);
    let Some(address) = address else { return Ok(()) };
    let best = store::read(tx.conn, person.user, person.month, limits::WORTH_MAILED)?;
    let letter = Letter {
        dedupe_key: format!("worth:{}:{}", person.user, person.month),
        user: Some(person.user),
        recipient: address,
        lang: &person.language,
        list: List::Worth,
        subject: translate(
            &person.language,
            "mail-worth-subject",
            &[
                ("month", Arg::from(&month_label(&person.language, person.month))),
                ("n", Arg::Number(statement.readers)),
            ],
        ),
        name: &person.display_name,
        paragraphs: paragraphs(&person.language, &letterhead.brand, &statement, &best),
        link: Some((
            translate(&person.language, "mail-worth-link", &[]),
            format!("{}/worth?month={}", letterhead.base_url, policy::month_text(person.month)),
        )),
        thread: None,
        post: None,
        expires_at: None,
        stop: None,
    };
    let mail = letterhead.compose(letter);
    mail::enqueue(tx, mail).map(drop)
}

/// "October 2026".
pub fn month_label(lang: &str, month: i64) -> String {
    let year = month.div_euclid(12).to_string();
    translate(
        lang,
        "month-of-year",
        &[("month", Arg::Number(month.rem_euclid(12) + 1)), ("year", Arg::Text(&year))],
    )
}

/// "12.50 EUR"; empty where the brand has set no rate.
pub fn amount(rate: &Rate, hundredths: i64) -> String {
    if rate.per_thousand == 0 {
        String::new()
    } else {
        format!("{} {}", money::plain(hundredths), rate.currency)
    }
}

fn paragraphs(lang: &str, brand: &str, statement: &Statement, best: &[store::Read]) -> Vec<String> {
    let mut texts = vec![translate(
        lang,
        "mail-worth-body",
        &[
            ("readers", Arg::Number(statement.readers)),
            ("people", Arg::Number(statement.people_helped)),
            ("threads", Arg::Number(statement.threads_solved)),
        ],
    )];
    let value = amount(&statement.rate, statement.value());
    if !value.is_empty() {
        texts.push(translate(
            lang,
            "mail-worth-value",
            &[("value", Arg::from(&value)), ("brand", Arg::from(brand))],
        ));
    }
    let lines: Vec<String> = best
        .iter()
        .filter(|read| read.removed == 0 && read.thread_removed == 0)
        .map(|read| {
            let title = defuse(&one_line(&read.title, limits::MAIL_SUBJECT_CHARS));
            let args = [("title", Arg::from(&title)), ("n", Arg::Number(read.readers))];
            translate(lang, "mail-worth-answer", &args)
        })
        .collect();
    if !lines.is_empty() {
        texts.push(lines.join("\n"));
    }
    texts
}
