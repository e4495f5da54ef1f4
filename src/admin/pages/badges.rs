//! admin room: the rules of badges as text, what is wrong with them, and what they would do before they do it.
use super::head;
use crate::accounts;
use crate::admin::views::{BadgeEffectRow, BadgeRulesPage, BadgeVersionRow};
use crate::badges::{self, Changing, Problem, Rules};
use crate::error::{Error, Result};
use crate::kernel::ids::UserId;
use crate::kernel::limits;
use crate::reputation::{self, DryRun};
use crate::web::form::{Form, Params};
use crate::web::i18n::{Arg, translate};
use crate::web::rates::Budget;
use crate::web::view::{counted, named, when};
use crate::web::visit::{Page, Room, Visit};
use actix_web::HttpResponse;
use std::sync::Arc;

/// `GET /admin/badges?version=`: the rules in force, or an earlier version to read or to begin from.
pub async fn show(visit: Visit, params: Params) -> Result<HttpResponse> {
    let asked = match params.filled("version") {
        None => None,
        Some(text) => Some(text.parse::<i64>().map_err(|_| Error::NotFound)?),
    };
    visit
        .page(move |room| {
            let (version, _) = badges::active(room.conn)?;
            let shown = asked.unwrap_or(version);
            let body = badges::rules_text(room.conn, shown)?.ok_or(Error::NotFound)?;
            page(room, BadgeRulesPage { body, shown, ..BadgeRulesPage::default() })
        })
        .await
}

fn page(room: &mut Room<'_>, mut view: BadgeRulesPage) -> Result<Page> {
    let lang = room.visit.lang;
    let (version, rules) = badges::active(room.conn)?;
    view.base = version;
    view.count_label = counted(lang, "badge-rules-count", rules.badges.len() as i64);
    view.max = limits::BADGE_RULES_BYTES as i64;
    let versions = badges::versions(room.conn, limits::BADGE_VERSIONS)?;
    let people: Vec<UserId> = versions.iter().filter_map(|version| version.by).collect();
    let names = accounts::names_of(room.conn, &people)?;
    view.versions = versions
        .into_iter()
        .map(|row| BadgeVersionRow {
            id: row.id,
            url: format!("/admin/badges?version={}", row.id),
            by: row.by.map(|by| named(lang, &names, Some(by), None)),
            when: when(lang, row.at, room.now),
            in_force: row.id == version,
        })
        .collect();
    Ok(Page::html("admin/badges.html", head(room, "admin-badges"), &view))
}

/// `POST /admin/badges`: `action` is `try`, which says what the rules would do, or `activate`.
pub async fn save(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    let body = form.get("body").to_owned();
    let base = form.number("base").ok().flatten().ok_or(Error::Bad("error-not-a-number"));
    match form.get("action") {
        "try" => return tried(visit, form, body).await,
        "activate" => {}
        _ => return visit.refuse(Error::Bad("badge-rules-action")).await,
    }
    let typed = body.clone();
    let change = visit
        .act(&form, Budget::Moderate, move |tx, viewer| {
            Ok(badges::change_rules(tx, Some(viewer.id), Some(base?), &typed)?)
        })
        .await?;
    let problem = match change {
        Changing::Activated(_) => {
            return Ok(visit.redirect("/admin/badges", Some(("ok", "flash-badge-rules-activated"))));
        }
        Changing::Same => {
            return Ok(visit.redirect("/admin/badges", Some(("warn", "flash-badge-rules-same"))));
        }
        Changing::Overtaken => None,
        Changing::Wrong(problem) => Some(problem),
    };
    visit
        .again(form.typed(), move |room| {
            let mut view = BadgeRulesPage { body, ..BadgeRulesPage::default() };
            wrong(room, &mut view, problem.as_ref());
            Ok(page(room, view)?.with_status(422))
        })
        .await
}

fn wrong(room: &Room<'_>, view: &mut BadgeRulesPage, problem: Option<&Problem>) {
    let said = match problem {
        Some(problem) => badges::said(room.visit.lang, problem),
        None => room.visit.t("badge-rules-overtaken"),
    };
    view.errors.insert("body".into(), said);
    if let Some(problem) = problem {
        view.line = problem.line as i64;
        let line = view.body.lines().nth(problem.line.saturating_sub(1)).unwrap_or_default();
        view.line_text = line.trim().chars().take(limits::SYNONYM_CHARS * 2).collect();
    }
}

/// Says what the rules would do, and changes nothing.
async fn tried(visit: Visit, form: Form, body: String) -> Result<HttpResponse> {
    visit
        .again(form.typed(), move |room| {
            let mut view = BadgeRulesPage { body: body.clone(), ..BadgeRulesPage::default() };
            let known = badges::known_tags(room.conn)?;
            match Rules::parse_with(&body.replace("\r\n", "\n"), &known) {
                Err(problem) => {
                    wrong(room, &mut view, Some(&problem));
                    Ok(page(room, view)?.with_status(422))
                }
                Ok(rules) => {
                    let rules = Arc::new(rules);
                    let run = reputation::dry_run(room.conn, &rules)?;
                    told(room, &mut view, &rules, &run)?;
                    page(room, view)
                }
            }
        })
        .await
}

fn told(room: &mut Room<'_>, view: &mut BadgeRulesPage, rules: &Rules, run: &DryRun) -> Result<()> {
    let lang = room.visit.lang;
    let people: Vec<UserId> =
        run.effects.values().flat_map(|e| e.gainers.iter().chain(&e.losers).copied()).collect();
    let names = accounts::names_of(room.conn, &people)?;
    view.tried = true;
    let took = i64::try_from(run.took.as_millis()).unwrap_or(i64::MAX);
    view.took_label = translate(
        lang,
        "badge-rules-took",
        &[("people", Arg::Number(run.people)), ("ms", Arg::Number(took))],
    );
    view.warnings = run
        .common(rules)
        .map(|id| {
            let name = badges::name(lang, id, rules.find(id), None);
            translate(lang, "badge-rules-everybody", &[("name", Arg::Text(&name))])
        })
        .collect();
    view.effects = run
        .effects
        .iter()
        .map(|(id, effect)| {
            let badge = rules.find(id);
            let some = |users: &[UserId]| users.iter().map(|u| named(lang, &names, Some(*u), None)).collect();
            BadgeEffectRow {
                name: badges::name(lang, id, badge, None),
                rank: badge.map(|badge| badge.level.as_str().to_owned()).unwrap_or_default(),
                rule: badge.map(|badge| badges::rule(lang, badge)).unwrap_or_default(),
                gone: badge.is_none(),
                now: effect.now,
                then: effect.then,
                gained: effect.gained,
                lost: effect.lost,
                levelled: effect.levelled,
                gainers: some(&effect.gainers),
                losers: some(&effect.losers),
            }
        })
        .collect();
    Ok(())
}
