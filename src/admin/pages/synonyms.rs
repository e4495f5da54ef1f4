//! admin room: the page of the brand's synonyms: the list as text, what is wrong with it, and what a query becomes.
use super::head;
use crate::admin::views::{SynonymsPage, WidenedRow};
use crate::error::{Error, Result};
use crate::kernel::limits;
use crate::search::synonyms::{self, Problem};
use crate::search::{self, Query, SynonymChange};
use crate::web::form::{Form, Params};
use crate::web::i18n::{Arg, translate};
use crate::web::rates::Budget;
use crate::web::view::counted;
use crate::web::visit::{Page, Room, Visit};
use actix_web::HttpResponse;

/// `GET /admin/synonyms?try=`.
pub async fn show(visit: Visit, params: Params) -> Result<HttpResponse> {
    let tried: String = params.get("try").trim().chars().take(search::query::CHARS_MAX).collect();
    visit
        .page(move |room| {
            let list = search::synonym_list(room.conn)?;
            let view =
                SynonymsPage { body: list.body, base: list.id, tried: tried.clone(), ..Default::default() };
            Ok(page(room, view))
        })
        .await
}

fn page(room: &Room<'_>, view: SynonymsPage) -> Page {
    let synonyms = room.visit.app.search.synonyms();
    let (mut query, _) = Query::parse(&view.tried);
    let widened = synonyms::expand(&mut query, &synonyms)
        .into_iter()
        .map(|widened| WidenedRow { typed: widened.typed, to: widened.to })
        .collect();
    let rules = i64::try_from(synonyms.rules()).unwrap_or(i64::MAX);
    let view = SynonymsPage {
        rules_label: counted(room.visit.lang, "synonyms-rules", rules),
        widened,
        max: limits::SYNONYM_BYTES as i64,
        ..view
    };
    Page::html("admin/synonyms.html", head(room, "admin-synonyms"), &view)
}

/// `POST /admin/synonyms`: the whole list anew.
pub async fn save(visit: Visit, form: Form) -> Result<HttpResponse> {
    let body = form.get("body").to_owned();
    let base = form.number("base").ok().flatten().ok_or(Error::Bad("error-not-a-number"));
    let typed = body.clone();
    let change = visit
        .act(&form, Budget::Moderate, move |tx, viewer| {
            Ok(search::change_synonyms(tx, Some(viewer.id), Some(base?), &typed)?)
        })
        .await?;
    let problem = match change {
        SynonymChange::Changed => {
            return Ok(visit.redirect("/admin/synonyms", Some(("ok", "flash-synonyms-saved"))));
        }
        SynonymChange::Same => {
            return Ok(visit.redirect("/admin/synonyms", Some(("warn", "flash-synonyms-same"))));
        }
        SynonymChange::Overtaken => None,
        SynonymChange::Wrong(problem) => Some(problem),
    };
    visit
        .again(form.typed(), move |room| {
            let lang = room.visit.lang;
            let mut view = SynonymsPage { body, ..SynonymsPage::default() };
            // Whoever has seen that the list is another one may put theirs in its place.
            view.base = search::synonym_list(room.conn)?.id;
            view.errors.insert(
                "body".into(),
                match &problem {
                    Some(problem) => said(lang, problem),
                    None => room.visit.t("synonyms-overtaken"),
                },
            );
            if let Some(problem) = &problem {
                view.line = problem.line as i64;
                let line = view.body.lines().nth(problem.line.saturating_sub(1)).unwrap_or_default();
                view.line_text = line.trim().chars().take(limits::SYNONYM_CHARS * 2).collect();
            }
            Ok(page(room, view).with_status(422))
        })
        .await
}

/// A problem in words.
pub fn said(lang: &str, problem: &Problem) -> String {
    let args = [
        ("line", Arg::Number(problem.line as i64)),
        ("detail", Arg::Text(problem.detail())),
        ("n", Arg::Number(problem.bound() as i64)),
    ];
    translate(lang, problem.key(), &args)
}
