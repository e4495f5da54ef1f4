//! worth room: one's own statements, on a page and as a file.
use super::follow::{amount, month_label};
use super::views::{WorthMonth, WorthPage, WorthRow, WorthTopic};
use super::{Statement, policy, store};
use crate::error::{Error, Result};
use crate::kernel::ids::{PostId, UserId};
use crate::kernel::money::{self, Rate};
use crate::kernel::{csv, limits};
use crate::web::form::Params;
use crate::web::i18n::{Arg, translate};
use crate::web::view::{encode, when};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The month that is asked for; none: the one that runs.
fn month_of(params: &Params) -> Result<Option<i64>> {
    match params.filled("month") {
        None => Ok(None),
        Some(text) => policy::parse_month(text).map(Some).ok_or(Error::NotFound),
    }
}

/// One answer with what it was worth.
struct Line {
    post: PostId,
    /// Nothing where the answer is removed.
    title: Option<String>,
    readers: i64,
    people_helped: i64,
    /// In hundredths.
    value: i64,
}

/// The answers that were read, those most read first, and then those that helped without.
fn lines(
    room: &mut Room<'_>,
    user: UserId,
    statement: &Statement,
    said: &[(PostId, UserId)],
    limit: i64,
) -> Result<Vec<Line>> {
    let mut read = store::read(room.conn, user, statement.month, limit)?;
    let mut helped: BTreeMap<PostId, i64> = BTreeMap::new();
    for (post, _) in said {
        *helped.entry(*post).or_default() += 1;
    }
    let left = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(read.len());
    let unread: Vec<PostId> =
        helped.keys().copied().filter(|post| !read.iter().any(|one| one.post == *post)).take(left).collect();
    if !unread.is_empty() {
        read.extend(store::unread(room.conn, &unread)?);
    }
    let readers: Vec<i64> = read.iter().map(|one| one.readers).collect();
    let values = policy::values(&readers, statement.rate.per_thousand);
    Ok(read
        .into_iter()
        .zip(values)
        .map(|(one, value)| Line {
            post: one.post,
            title: Some(one.title).filter(|_| one.removed == 0 && one.thread_removed == 0),
            readers: one.readers,
            people_helped: helped.get(&one.post).copied().unwrap_or(0),
            value,
        })
        .collect())
}

fn rate(room: &Room<'_>) -> Rate {
    room.visit.app.config.worth.clone()
}

/// A month that has not begun has nothing.
fn asked(room: &Room<'_>, month: Option<i64>) -> Result<i64> {
    let running = room.now.month();
    Some(month.unwrap_or(running)).filter(|month| *month <= running).ok_or(Error::NotFound)
}

/// `GET /worth?month=2026-11`.
pub async fn show(visit: Visit, params: Params) -> Result<HttpResponse> {
    let month = month_of(&params)?;
    visit
        .page(move |room| {
            let user = room.viewer()?.id;
            let (lang, now) = (room.visit.lang, room.now);
            let month = asked(room, month)?;
            let rate = rate(room);
            let (statement, helped) = super::month(room.conn, user, month, &rate, room.now)?;
            let mut lines = lines(room, user, &statement, &helped, limits::WORTH_ROWS + 1)?;
            let more = lines.len() as i64 > limits::WORTH_ROWS;
            lines.truncate(usize::try_from(limits::WORTH_ROWS).unwrap_or(usize::MAX));
            let mut months = store::months(room.conn, user, limits::WORTH_MONTHS)?;
            months.extend([now.month(), month]);
            months.sort_unstable_by_key(|month| std::cmp::Reverse(*month));
            months.dedup();
            let address = |path: &str, month: i64| format!("{path}?month={}", policy::month_text(month));
            let per_thousand = amount(&statement.rate, statement.rate.per_thousand);
            let view = WorthPage {
                month: month_label(lang, month),
                months: months
                    .into_iter()
                    .map(|one| WorthMonth {
                        month: month_label(lang, one),
                        url: address("/worth", one),
                        here: one == month,
                    })
                    .collect(),
                running: month == now.month(),
                made: statement.made_at.map(|at| when(lang, at, now)),
                readers: statement.readers,
                people_helped: statement.people_helped,
                threads_solved: statement.threads_solved,
                value: amount(&statement.rate, statement.value()),
                rate_label: if per_thousand.is_empty() {
                    String::new()
                } else {
                    let brand = &room.visit.app.config.brand.name;
                    let args = [("value", Arg::from(&per_thousand)), ("brand", Arg::from(brand))];
                    translate(lang, "worth-rate", &args)
                },
                topics: statement
                    .topics
                    .iter()
                    .map(|topic| WorthTopic {
                        name: topic.name.clone(),
                        url: format!("/tags/{}", encode(&topic.name)),
                        label: translate(
                            lang,
                            "standing-topic",
                            &[("bound", Arg::Number(topic.bound / 10)), ("count", Arg::Number(topic.count))],
                        ),
                    })
                    .collect(),
                rows: lines
                    .into_iter()
                    .map(|line| WorthRow {
                        url: line.title.is_some().then(|| format!("/posts/{}", line.post)),
                        title: line.title.unwrap_or_else(|| room.visit.t("worth-removed")),
                        readers: line.readers,
                        people_helped: line.people_helped,
                        value: amount(&statement.rate, line.value),
                    })
                    .collect(),
                more,
                csv_url: address("/worth.csv", month),
            };
            Ok(Page::html("worth/show.html", Head::private(room.visit.t("worth-title"), "people"), &view))
        })
        .await
}

/// `GET /worth.csv?month=2026-11`: a line for the whole, one for each answer, one for each topic.
pub async fn file(visit: Visit, params: Params) -> Result<HttpResponse> {
    let month = month_of(&params)?;
    let name = policy::month_text(month.unwrap_or_else(|| visit.app.db.clock.now().month()));
    visit
        .table(format!("worth-{name}"), move |room| {
            let user = room.viewer()?.id;
            let month = asked(room, month)?;
            let rate = rate(room);
            let (statement, helped) = super::month(room.conn, user, month, &rate, room.now)?;
            let lines = lines(room, user, &statement, &helped, limits::WORTH_LINES)?;
            let base = room.visit.app.config.base_url.clone();
            let heads = [
                "line", "title", "address", "readers", "people", "threads", "value", "currency", "accuracy",
                "count",
            ];
            let heads = heads.map(|name| csv::cell(&room.visit.t(&format!("worth-file-{name}"))));
            let said = |key: &str| csv::cell(&room.visit.t(key));
            let money = |hundredths: i64| match statement.rate.per_thousand {
                0 => String::from(","),
                _ => format!("{},{}", money::plain(hundredths), statement.rate.currency),
            };
            // Writing into a String cannot fail.
            let mut out = format!("{}\r\n", heads.join(","));
            let _ = write!(
                out,
                "{},{},,{},{},{},{},,\r\n",
                said("worth-file-all"),
                csv::cell(&policy::month_text(month)),
                statement.readers,
                statement.people_helped,
                statement.threads_solved,
                money(statement.value())
            );
            for line in lines {
                let _ = write!(
                    out,
                    "{},{},{},{},{},,{},,\r\n",
                    said("worth-file-answer"),
                    csv::cell(line.title.as_deref().unwrap_or(&room.visit.t("worth-removed"))),
                    csv::cell(&format!("{base}/posts/{}", line.post)),
                    line.readers,
                    line.people_helped,
                    money(line.value)
                );
            }
            for topic in &statement.topics {
                let _ = write!(
                    out,
                    "{},{},,,,,,,{}.{},{}\r\n",
                    said("worth-file-topic"),
                    csv::cell(&topic.name),
                    topic.bound / 10,
                    topic.bound % 10,
                    topic.count
                );
            }
            Ok(out)
        })
        .await
}
