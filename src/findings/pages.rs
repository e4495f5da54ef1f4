//! findings room: what was found, for moderators to judge.
use super::views::{FindingRow, FindingsPage};
use super::{Deciding, Finding, decide as decide_finding, store};
use crate::accounts;
use crate::error::{Error, Result};
use crate::kernel::ids::{FindingId, UserId};
use crate::kernel::limits;
use crate::moderation::queue_counts;
use crate::threads;
use crate::web::form::{Form, Params, Parts};
use crate::web::i18n::{Arg, translate};
use crate::web::rates::Budget;
use crate::web::view::{self, Cursor, counted, named, when};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;

/// `GET /moderation/findings?tab=held|upheld|released`.
pub async fn index(visit: Visit, params: Params) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    let tab = match params.get("tab") {
        "" | "held" => "held",
        "upheld" => "upheld",
        "released" => "released",
        _ => return Err(Error::NotFound),
    };
    visit
        .page(move |room| {
            let rows = store::page(room.conn, tab, after.map(|at| at.id), limits::PAGE_ROWS + 1)?;
            let (rows, next) = threads::cut(rows, limits::PAGE_ROWS, |row| Cursor { key: 0, id: row.id.0 });
            let mut people: Vec<UserId> = rows
                .iter()
                .flat_map(|row| row.members.iter().take(limits::FINDING_MEMBERS_SHOWN).copied())
                .chain(rows.iter().filter_map(|row| row.decided_by))
                .collect();
            people.sort_unstable();
            people.dedup();
            let names = accounts::names_of(room.conn, &people)?;
            let view = FindingsPage {
                counts: queue_counts(room, "findings")?,
                state: tab.into(),
                rows: rows.into_iter().map(|finding| row(room, finding, &names)).collect(),
                max_note: limits::MAX_REASON as i64,
                pager: view::pager(
                    &format!("/moderation/findings?tab={tab}"),
                    next.map(Cursor::encode),
                    after.is_none(),
                ),
            };
            let head = Head::private(room.visit.t("findings-title"), "moderation");
            Ok(Page::html("findings/index.html", head, &view))
        })
        .await
}

type Names = std::collections::HashMap<UserId, accounts::PersonHead>;

/// What was found.
pub fn title(lang: &str, finding: &Finding) -> String {
    translate(lang, &format!("finding-{}", finding.kind.as_str()), &[])
}

fn member_count(finding: &Finding) -> i64 {
    i64::try_from(finding.members.len()).unwrap_or(i64::MAX)
}

/// The figures that show it.
pub fn evidence(lang: &str, finding: &Finding) -> String {
    let percent = if finding.of > 0 { finding.pieces * 100 / finding.of } else { 0 };
    translate(
        lang,
        &format!("finding-{}-evidence", finding.kind.as_str()),
        &[
            ("members", Arg::Number(member_count(finding))),
            ("pieces", Arg::Number(finding.pieces)),
            ("of", Arg::Number(finding.of)),
            ("percent", Arg::Number(percent)),
        ],
    )
}

fn row(room: &Room<'_>, finding: Finding, names: &Names) -> FindingRow {
    let lang = room.visit.lang;
    let members = member_count(&finding);
    let more = members.saturating_sub(limits::FINDING_MEMBERS_SHOWN as i64);
    FindingRow {
        id: finding.id.0,
        kind: finding.kind.as_str().into(),
        title: title(lang, &finding),
        evidence: evidence(lang, &finding),
        members: finding
            .members
            .iter()
            .take(limits::FINDING_MEMBERS_SHOWN)
            .map(|member| named(lang, names, Some(*member), None))
            .collect(),
        more_label: if more > 0 { counted(lang, "findings-more", more) } else { String::new() },
        post_urls: finding
            .posts
            .iter()
            .take(limits::FINDING_MEMBERS_SHOWN)
            .map(|post| format!("/posts/{post}"))
            .collect(),
        found: when(lang, finding.found_at, room.now),
        decided_by: finding.decided_by.map(|by| named(lang, names, Some(by), None)),
        note: finding.note,
    }
}

/// `POST /findings/{id}/decision`: `decision` is upheld or released.
pub async fn decide(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = FindingId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let uphold = match form.get("decision") {
        "upheld" => true,
        "released" => false,
        _ => return visit.refuse(Error::Bad("finding-decision")).await,
    };
    let note = form.get("note").to_owned();
    let decided = visit
        .act(&form, Budget::Moderate, move |tx, viewer| decide_finding(tx, viewer, id, uphold, &note))
        .await?;
    let flash = if uphold { "flash-finding-upheld" } else { "flash-finding-released" };
    match decided {
        Deciding::Decided => Ok(visit.redirect("/moderation/findings", Some(("ok", flash)))),
        Deciding::Already => {
            Ok(visit.redirect("/moderation/findings", Some(("warn", "flash-finding-already"))))
        }
        Deciding::NotFound => Err(Error::NotFound),
        Deciding::Refused(key) => Err(Error::Conflict(key)),
    }
}
