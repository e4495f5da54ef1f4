//! insight room: the page of gaps, for administrators, and the same as a file.
use super::policy;
use super::store::{self, Beside};
use super::views::{GapRow, GapsPage, Period, ThreadLink, Wording};
use super::{Gap, KEYS_APART};
use crate::error::{Error, Result};
use crate::kernel::moment::DAY;
use crate::kernel::{csv, limits};
use crate::search::{self, Query};
use crate::web::form::{Form, Params};
use crate::web::i18n::translate;
use crate::web::rates::Budget;
use crate::web::view::{self, counted, encode, when};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;
use std::collections::HashSet;
use std::fmt::Write;
use std::time::Duration;

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

    fn gaps(self, room: &mut Room<'_>, after: Option<&(i64, String)>, limit: usize) -> Result<Vec<Gap>> {
        let since = room.now.0.div_euclid(DAY) - self.days;
        Ok(store::gaps(room.conn, since, self.aside, after, i64::try_from(limit).unwrap_or(i64::MAX))?)
    }

    /// The list's beginning by meaning; none without a model, or while it has no time. It is waited for without a
    /// connection in hand.
    async fn folded(self, visit: &Visit) -> Result<Option<Folded>> {
        let app = visit.app.clone();
        if app.search.meaning.is_none() {
            return Ok(None);
        }
        let gaps = visit.ahead(move |room| self.gaps(room, None, limits::GAPS_COMPARED)).await?;
        let rest = (gaps.len() == limits::GAPS_COMPARED)
            .then(|| gaps.last().map(|gap| (gap.missed(), gap.key.clone())))
            .flatten();
        visit
            .aside(move || {
                let usual = policy::usual_language(&gaps);
                let texts: Vec<_> =
                    gaps.iter().map(|gap| (gap.wording.as_str(), gap.lang.or(usual))).collect();
                let wait = Duration::from_millis(limits::GAPS_WAIT_MS);
                let vectors = app.search.meaning.as_ref().and_then(|meaning| meaning.several(&texts, wait));
                Ok(vectors.map(|vectors| Folded {
                    gaps: policy::fold(gaps.into_iter().zip(vectors).collect()),
                    rest,
                }))
            })
            .await
    }

    /// Gaps behind `after`, and how many of them are of the folded beginning. What comes behind it was missed less
    /// often than all that is in it.
    fn list(
        self,
        room: &mut Room<'_>,
        folded: Option<Folded>,
        after: Option<&After>,
        limit: usize,
    ) -> Result<(Vec<Gap>, usize)> {
        let Some(folded) = folded else {
            return Ok((self.gaps(room, after.map(|after| &after.place), limit)?, 0));
        };
        let behind = |gap: &Gap| {
            after.is_none_or(|After { place: (missed, key), .. }| {
                gap.missed() < *missed || (gap.missed() == *missed && gap.key > *key)
            })
        };
        let mut gaps: Vec<Gap> = folded.gaps.into_iter().filter(behind).take(limit).collect();
        let count = gaps.len();
        if let Some(rest) = folded.rest.filter(|_| count < limit) {
            gaps.extend(self.gaps(room, Some(&rest), limit - count)?);
        }
        Ok((gaps, count))
    }
}

/// The beginning of a list, with what means the same as one gap.
struct Folded {
    gaps: Vec<Gap>,
    /// Behind which the list goes on, where there is more than is compared.
    rest: Option<(i64, String)>,
}

/// Behind which a page begins: times missed and key, and whether that gap was of a folded beginning.
struct After {
    place: (i64, String),
    folded: bool,
}

impl After {
    fn of(params: &Params) -> Result<Option<After>> {
        let bad = || Error::Bad("error-bad-cursor");
        let Some(text) = params.filled("after") else { return Ok(None) };
        let (missed, key) = text.split_once('_').ok_or_else(bad)?;
        let (folded, missed) = missed.strip_prefix('m').map_or((false, missed), |missed| (true, missed));
        Ok(Some(After { place: (missed.parse().map_err(|_| bad())?, key.to_owned()), folded }))
    }

    fn text(gap: &Gap, folded: bool) -> String {
        format!("{}{}_{}", if folded { "m" } else { "" }, gap.missed(), encode(&gap.key))
    }
}

/// `GET /admin/gaps?days=&show=&after=`.
pub async fn gaps(visit: Visit, params: Params) -> Result<HttpResponse> {
    let asked = Asked::of(&params)?;
    let after = After::of(&params)?;
    // A list that began without goes on without, so that nothing is missed or shown twice.
    let folded = match &after {
        Some(after) if !after.folded => None,
        _ => asked.folded(&visit).await?,
    };
    visit
        .page(move |room| {
            let (mut gaps, folded) = asked.list(room, folded, after.as_ref(), limits::GAPS_PER_PAGE + 1)?;
            let more = gaps.len() > limits::GAPS_PER_PAGE;
            gaps.truncate(limits::GAPS_PER_PAGE);
            let next = gaps.last().filter(|_| more).map(|gap| After::text(gap, folded >= gaps.len()));
            let rows = rows(room, gaps)?;
            let lang = room.visit.lang;
            let view = GapsPage {
                folded: rows.iter().any(|row| !row.also.is_empty()),
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

/// What several searches found, each search in turn and each thread once.
fn in_turn(found: &[Vec<i64>]) -> Vec<i64> {
    let most = found.iter().map(Vec::len).max().unwrap_or(0);
    let turns = (0..most).flat_map(|turn| found.iter().filter_map(move |ids| ids.get(turn)));
    let mut seen = HashSet::new();
    turns.copied().filter(|id| seen.insert(*id)).collect()
}

/// Each gap with what the index has for it now: one search for each wording, and one statement for all.
fn rows(room: &mut Room<'_>, gaps: Vec<Gap>) -> Result<Vec<GapRow>> {
    let app = room.visit.app.clone();
    let mut found: Vec<Vec<i64>> = Vec::with_capacity(gaps.len());
    for gap in &gaps {
        let hits = gap
            .wordings()
            .map(|wording| search::look(&app, &Query::parse(wording).0, limits::GAP_HITS))
            .collect::<Result<Vec<_>>>()?;
        found.push(in_turn(&hits));
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
                unanswered: some(&|hit| hit.answer_count == 0 && hit.solved_at().is_none()),
                solutions: some(&|hit| hit.solved_at().is_some_and(|at| at >= gap.missed_at)),
                search_url: search_url(&gap.wording),
                also: gap
                    .also
                    .iter()
                    .map(|(_, wording)| Wording { search_url: search_url(wording), wording: wording.clone() })
                    .collect(),
                ask_url: format!("/ask?title={}", encode(&gap.wording)),
                others_label: if gap.others > 0 {
                    counted(lang, "gaps-others", gap.others)
                } else {
                    String::new()
                },
                last: when(lang, gap.missed_at, now),
                key: gap.keys().collect::<Vec<_>>().join(KEYS_APART),
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
pub async fn file(visit: Visit, params: Params) -> Result<HttpResponse> {
    let asked = Asked::of(&params)?;
    let folded = asked.folded(&visit).await?;
    visit
        .table(format!("gaps-{}", asked.days), move |room| {
            let lang = room.visit.lang;
            let (gaps, _) = asked.list(room, folded, None, limits::GAPS_PER_FILE)?;
            let heads =
                ["search", "missed", "found-none", "weak", "searched", "opened", "solved", "last", "also"];
            let heads = heads.map(|name| csv::cell(&translate(lang, &format!("gaps-{name}"), &[])));
            let mut out = format!("{}\r\n", heads.join(","));
            for gap in gaps {
                let also: Vec<&str> = gap.wordings().skip(1).collect();
                // Writing into a String cannot fail.
                let _ = write!(
                    out,
                    "{},{},{},{},{},{},{},{},{}\r\n",
                    csv::cell(&gap.wording),
                    gap.missed(),
                    gap.found_none,
                    gap.weak,
                    gap.searched,
                    gap.opened,
                    gap.solved,
                    gap.missed_at.date(),
                    csv::cell(&also.join("; "))
                );
            }
            Ok(out)
        })
        .await
}

fn search_url(wording: &str) -> String {
    format!("/search?q={}", encode(wording))
}

/// Keys of all that is in the gap the form stood beside.
fn keys(form: &Form) -> Vec<String> {
    form.get("key").split(KEYS_APART).take(limits::GAPS_COMPARED).map(str::to_owned).collect()
}

/// Back to the list the form stood on.
fn back(form: &Form) -> String {
    let days = form.number("days").ok().flatten().filter(|days| PERIODS.contains(days));
    Asked { days: days.unwrap_or(PERIODS[1]), aside: form.get("show") == "aside" }.url("/admin/gaps")
}

/// `POST /admin/gaps/dismissal`.
pub async fn dismiss(visit: Visit, form: Form) -> Result<HttpResponse> {
    let keys = keys(&form);
    let done = visit.act(&form, Budget::Moderate, move |tx, _| Ok(super::dismiss(tx, &keys)?)).await?;
    Ok(visit.redirect(
        &back(&form),
        Some(if done { ("ok", "flash-gap-aside") } else { ("warn", "flash-gap-gone") }),
    ))
}

/// `POST /admin/gaps/dismissal/removal`.
pub async fn restore(visit: Visit, form: Form) -> Result<HttpResponse> {
    let keys = keys(&form);
    let done = visit.act(&form, Budget::Moderate, move |tx, _| Ok(super::restore(tx, &keys)?)).await?;
    Ok(visit.redirect(
        &back(&form),
        Some(if done { ("ok", "flash-gap-back") } else { ("warn", "flash-gap-gone") }),
    ))
}
