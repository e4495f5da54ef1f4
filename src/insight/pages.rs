//! insight room: the page of gaps, for administrators, and the same as a file.
use super::policy::csv_cell;
use super::store::{self, Beside, Gap};
use super::views::{GapRow, GapsPage, Period, ThreadLink};
use crate::error::{Error, Result};
use crate::kernel::limits;
use crate::kernel::moment::DAY;
use crate::search::{self, Query};
use crate::web::form::{Form, Params};
use crate::web::i18n::translate;
use crate::web::rates::Budget;
use crate::web::view::{self, counted, encode, when};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use std::fmt::Write;

/// Days a manager can look back over; the second is what the page begins with.
const PERIODS: [i64; 3] = [7, 30, 90];
const _: () = assert!(PERIODS[2] <= limits::SEARCH_COUNT_DAYS);

/// Which gaps: of how many days, and whether those put aside.
#[derive(Clone, Copy)]
struct Asked {
    days: i64,
    aside: bool,
}

impl Asked {
    fn of(params: &Params) -> Result<Asked> {
        let days = params.number("days")?.unwrap_or(PERIODS[1]);
        let aside = match params.get("show") {
            "" => false,
            "aside" => true,
            _ => return Err(Error::NotFound),
        };
        if PERIODS.contains(&days) { Ok(Asked { days, aside }) } else { Err(Error::NotFound) }
    }

    fn url(self, path: &str) -> String {
        format!("{path}?days={}{}", self.days, if self.aside { "&show=aside" } else { "" })
    }

    fn gaps(self, room: &mut Room<'_>, after: Option<&(i64, String)>, limit: i64) -> Result<Vec<Gap>> {
        let since = room.now.0.div_euclid(DAY) - self.days;
        Ok(store::gaps(room.conn, since, self.aside, after, limit)?)
    }
}

/// Times missed and key, behind which a page begins.
fn cursor(params: &Params) -> Result<Option<(i64, String)>> {
    let bad = || Error::Bad("error-bad-cursor");
    let Some(text) = params.filled("after") else { return Ok(None) };
    let (missed, key) = text.split_once('_').ok_or_else(bad)?;
    Ok(Some((missed.parse().map_err(|_| bad())?, key.to_owned())))
}

/// `GET /admin/gaps?days=&show=&after=`.
pub async fn gaps(visit: Visit, params: Params) -> Result<HttpResponse> {
    let asked = Asked::of(&params)?;
    let after = cursor(&params)?;
    visit
        .page(move |room| {
            let mut gaps = asked.gaps(room, after.as_ref(), limits::GAPS_PER_PAGE + 1)?;
            let size = usize::try_from(limits::GAPS_PER_PAGE).unwrap_or(usize::MAX);
            let more = gaps.len() > size;
            gaps.truncate(size);
            let next =
                gaps.last().filter(|_| more).map(|gap| format!("{}_{}", gap.missed(), encode(&gap.key)));
            let rows = rows(room, gaps)?;
            let lang = room.visit.lang;
            let view = GapsPage {
                rows,
                days: asked.days,
                periods: PERIODS
                    .into_iter()
                    .map(|days| Period {
                        label: counted(lang, "gaps-days", days),
                        url: Asked { days, ..asked }.url("/admin/gaps"),
                        here: days == asked.days,
                    })
                    .collect(),
                aside: asked.aside,
                aside_url: Asked { aside: !asked.aside, ..asked }.url("/admin/gaps"),
                csv_url: asked.url("/admin/gaps.csv"),
                pager: view::pager(&asked.url("/admin/gaps"), next, after.is_none()),
                visitors: limits::SEARCH_SHOWN_VISITORS,
            };
            let head = Head::private(room.visit.t("admin-gaps"), "admin");
            Ok(Page::html("admin/gaps.html", head, &view))
        })
        .await
}

/// Each gap with what the index has for it now: one search each, and one statement for all.
fn rows(room: &mut Room<'_>, gaps: Vec<Gap>) -> Result<Vec<GapRow>> {
    let app = room.visit.app.clone();
    let mut found: Vec<Vec<i64>> = Vec::with_capacity(gaps.len());
    let queries: Vec<Query> = gaps.iter().map(|gap| Query::parse(&gap.wording).0).collect();
    for query in &queries {
        found.push(search::look(&app, query, limits::GAP_HITS)?);
    }
    let ids: Vec<i64> = found.iter().flatten().copied().collect();
    let threads = store::beside(room.conn, &ids)?;
    let (lang, now) = (room.visit.lang, room.now);
    let link = |thread: &Beside| ThreadLink {
        title: thread.title.clone(),
        url: view::thread_url(thread.id, &thread.slug),
    };
    Ok(gaps
        .into_iter()
        .zip(found)
        .map(|(gap, ids)| {
            let hits: Vec<&Beside> = ids.iter().filter_map(|id| threads.get(id)).collect();
            let some = |wanted: &dyn Fn(&Beside) -> bool| -> Vec<ThreadLink> {
                hits.iter().filter(|hit| wanted(hit)).take(limits::GAP_THREADS).map(|hit| link(hit)).collect()
            };
            GapRow {
                unanswered: some(&|hit| hit.answer_count == 0 && hit.accepted_at.is_none()),
                solutions: some(&|hit| hit.accepted_at.is_some_and(|at| at >= gap.missed_at)),
                search_url: format!("/search?q={}", encode(&gap.wording)),
                ask_url: format!("/ask?title={}", encode(&gap.wording)),
                others_label: if gap.others > 0 {
                    counted(lang, "gaps-others", gap.others)
                } else {
                    String::new()
                },
                last: when(lang, gap.missed_at, now),
                key: gap.key,
                wording: gap.wording,
                searched: gap.searched,
                found_none: gap.found_none,
                weak: gap.weak,
                opened: gap.opened,
                solved: gap.solved,
            }
        })
        .collect())
}

/// `GET /admin/gaps.csv?days=&show=`.
pub async fn csv(visit: Visit, params: Params) -> Result<HttpResponse> {
    let asked = Asked::of(&params)?;
    let text = visit
        .read(move |room| {
            let lang = room.visit.lang;
            let gaps = asked.gaps(room, None, limits::GAPS_PER_FILE)?;
            let heads = ["search", "missed", "found-none", "weak", "searched", "opened", "solved", "last"];
            let heads = heads.map(|name| csv_cell(&translate(lang, &format!("gaps-{name}"), &[])));
            let mut out = format!("{}\r\n", heads.join(","));
            for gap in gaps {
                // Writing into a String cannot fail.
                let _ = write!(
                    out,
                    "{},{},{},{},{},{},{},{}\r\n",
                    csv_cell(&gap.wording),
                    gap.missed(),
                    gap.found_none,
                    gap.weak,
                    gap.searched,
                    gap.opened,
                    gap.solved,
                    gap.missed_at.date()
                );
            }
            Ok(out)
        })
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"gaps-{}.csv\"", asked.days)))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(text))
}

/// Back to the list the form stood on.
fn back(form: &Form) -> String {
    let days = form.number("days").ok().flatten().filter(|days| PERIODS.contains(days));
    Asked { days: days.unwrap_or(PERIODS[1]), aside: form.get("show") == "aside" }.url("/admin/gaps")
}

/// `POST /admin/gaps/dismissal`.
pub async fn dismiss(visit: Visit, form: Form) -> Result<HttpResponse> {
    let key = form.get("key").to_owned();
    let done = visit.act(&form, Budget::Moderate, move |tx, _| Ok(super::dismiss(tx, &key)?)).await?;
    Ok(visit.redirect(
        &back(&form),
        Some(if done { ("ok", "flash-gap-aside") } else { ("warn", "flash-gap-gone") }),
    ))
}

/// `POST /admin/gaps/dismissal/removal`.
pub async fn restore(visit: Visit, form: Form) -> Result<HttpResponse> {
    let key = form.get("key").to_owned();
    let done = visit.act(&form, Budget::Moderate, move |tx, _| Ok(super::restore(tx, &key)?)).await?;
    Ok(visit.redirect(
        &back(&form),
        Some(if done { ("ok", "flash-gap-back") } else { ("warn", "flash-gap-gone") }),
    ))
}
