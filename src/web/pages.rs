//! web room: pages that belong to no feature: health, help, robots, the preview of a text.
use crate::error::{Error, Result};
use crate::kernel::{limits, markdown};
use crate::web::aside::aside;
use crate::web::form::Form;
use crate::web::rates::Budget;
use crate::web::views::{HelpPage, PointRule, PreviewFragment};
use crate::web::visit::{Head, Page, Visit};
use actix_web::web::Data;
use actix_web::{HttpResponse, http::header::CONTENT_TYPE};
use std::time::Duration;

/// `GET /livez`: the process answers. Touches nothing else.
pub async fn livez() -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body("ok\n")
}

/// Seconds the database may take to say that it is there.
const READY_SECONDS: u64 = 2;

/// `GET /readyz`: the database answers in time.
pub async fn readyz(app: Data<crate::app::App>) -> Result<HttpResponse> {
    let db = app.db.clone();
    let data = app.config.data.clone();
    let patience = Duration::from_secs(READY_SECONDS);
    let backup = aside(patience, move || {
        crate::ledger::head(&mut *db.reader()?)?;
        // A word beside, no reason to take the forum out of service.
        Ok(match crate::exchange::backup::last_made(&data) {
            Ok(Some(at)) if db.clock.now().since(at) <= limits::BACKUP_OLD => {
                format!("last backup: {}", at.iso())
            }
            Ok(Some(at)) => format!("last backup: {}, which is old", at.iso()),
            Ok(None) => "last backup: none".to_owned(),
            Err(error) => format!("last backup: unknown, {}", error.kind()),
        })
    });
    let backup = backup.await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body(format!("ready\n{backup}\n")))
}

/// `GET /robots.txt`: everything but what is different for everyone.
pub async fn robots(app: Data<crate::app::App>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(format!(
        "User-agent: *\nDisallow: /search\nDisallow: /settings\nDisallow: /sign-in\nDisallow: /sign-up\n\
         Disallow: /posts/\nSitemap: {}/sitemap.xml\n",
        app.config.base_url
    ))
}

/// `GET /help`.
pub async fn help(visit: Visit) -> Result<HttpResponse> {
    visit
        .shared_page(crate::web::cache::Shows::Everything, |room| {
            let lang = room.visit.lang;
            let points = crate::reputation::rules()
                .into_iter()
                .map(|(key, points)| PointRule {
                    label: crate::web::i18n::translate(lang, key, &[]),
                    points: if points < 0 { format!("\u{2212}{}", -points) } else { format!("+{points}") },
                })
                .collect();
            let view = HelpPage {
                points,
                powers: Vec::new(),
                contact_url: room.visit.app.config.brand.home_url.clone(),
            };
            let mut head = Head::new(room.visit.t("help-title"), "help");
            head.canonical = Some("/help".into());
            Ok(Page::html("web/help.html", head, &view))
        })
        .await
}

/// `POST /preview`: how a text will look.
pub async fn preview(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    let body = form.get("body_md").to_owned();
    if body.chars().count() > limits::MAX_BODY_CHARS {
        return visit.refuse(Error::Invalid("body", "body-too-long")).await;
    }
    let body_html = visit.prepare(&form, Budget::Preview, move || Ok(markdown::render(&body).html)).await?;
    let view = PreviewFragment { body_html };
    visit
        .page(move |_| {
            Ok(Page::Fragment {
                template: "web/preview.html",
                view: Box::new(tera::Value::from_serializable(&view)),
            })
        })
        .await
}
