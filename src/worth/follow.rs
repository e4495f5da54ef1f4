//! worth room: makes the statements of months that are over, and mails them.
use super::store::{self, Addressee};
use super::{Statement, policy, reckon};
use crate::db::{Db, DbResult, Tx};
use crate::findings;
use crate::kernel::ids::UserId;
use crate::kernel::limits;
use crate::kernel::money::{self, Rate};
use crate::mail::{self, Letter, Letterhead, List};
use crate::web::i18n::{Arg, translate};

/// Statements of one transaction: visitors' writes get between.
const STATEMENTS_AT_ONCE: usize = 20;
/// Months that are still made up for, where the house stood still when they ended.
const MONTHS_BACK: i64 = 3;

/// Makes the statements that are due; how many. Whoever asks again, on any node, makes what is left. All is reckoned
/// beside the writer, which others wait for, and written down in small transactions.
pub fn state_months(db: &Db, letterhead: &Letterhead, rate: &Rate) -> DbResult<usize> {
    // Readers of the last minutes are written down within moments, on every node.
    let before = db.clock.now().plus(-limits::WORTH_SETTLES).month();
    let mut made = 0;
    for month in before - MONTHS_BACK..before {
        let due: Vec<UserId> = store::unstated(&mut *db.reader()?, month)?.into_iter().collect();
        for some in due.chunks(STATEMENTS_AT_ONCE) {
            let statements = {
                let mut conn = db.reader()?;
                let held = findings::held_now(&mut conn)?;
                store::addressees(&mut conn, some)?
                    .into_iter()
                    .map(|person| {
                        let helped = store::helped(&mut conn, person.user, month, &held)?;
                        let statement = reckon(&mut conn, person.user, month, rate, &helped)?;
                        Ok((person, statement))
                    })
                    .collect::<DbResult<Vec<_>>>()?
            };
            let letterhead = letterhead.clone();
            made += db.write_blocking(move |tx| -> DbResult<usize> {
                let mut made = 0;
                for (person, statement) in statements.iter().filter(|(_, one)| one.says_something()) {
                    // Another node may have been quicker.
                    if store::stated(tx.conn, person.user, month)?.is_none() {
                        make(tx, &letterhead, person, statement)?;
                        made += 1;
                    }
                }
                Ok(made)
            })?;
        }
    }
    Ok(made)
}

fn make(tx: &mut Tx<'_>, letterhead: &Letterhead, person: &Addressee, statement: &Statement) -> DbResult<()> {
    store::insert(tx, person.user, statement)?;
    let suspended = person.suspended_until.is_some_and(|until| until > tx.now);
    let address = person.email.as_deref().filter(|_| person.confirmed.is_some() && !suspended);
    let Some(address) = address else { return Ok(()) };
    let lang = person.language.as_str();
    let month = month_label(lang, statement.month);
    let letter = Letter {
        dedupe_key: format!("worth:{}:{}", person.user, statement.month),
        user: Some(person.user),
        recipient: address,
        lang,
        list: List::Worth,
        subject: translate(
            lang,
            "mail-worth-subject",
            &[("month", Arg::from(&month)), ("n", Arg::Number(statement.readers))],
        ),
        name: &person.display_name,
        paragraphs: paragraphs(lang, &letterhead.brand, &month, statement),
        link: Some((
            translate(lang, "mail-worth-link", &[]),
            format!("{}/worth?month={}", letterhead.base_url, policy::month_text(statement.month)),
        )),
        thread: None,
        // It names no post: what is removed before it leaves is not in it.
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

fn paragraphs(lang: &str, brand: &str, month: &str, statement: &Statement) -> Vec<String> {
    let mut texts = vec![translate(
        lang,
        "mail-worth-body",
        &[
            ("month", Arg::from(month)),
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
    texts
}
