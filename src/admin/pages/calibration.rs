//! admin room: whether answers shown as likely right were right as often as was said.
use super::head;
use crate::admin::views::{CalibrationPage, CalibrationRow};
use crate::error::Result;
use crate::reputation::{self, calibration};
use crate::samples;
use crate::web::i18n::{Arg, translate};
use crate::web::visit::{Page, Visit};
use actix_web::HttpResponse;

/// `GET /admin/calibration`.
pub async fn show(visit: Visit) -> Result<HttpResponse> {
    visit
        .page(|room| {
            let lang = room.visit.lang;
            let since = room.now.month() - calibration::RECENT_MONTHS + 1;
            let (all, recent) = reputation::calibration(room.conn, since)?;
            let number = |value: Option<f64>| value.map(|v| format!("{v:.3}")).unwrap_or_default();
            let rows = all
                .0
                .iter()
                .enumerate()
                .filter_map(|(tenth, bin)| {
                    let (said, came) = bin.shares()?;
                    let tenth = i64::try_from(tenth).unwrap_or(0) * 10;
                    Some(CalibrationRow {
                        range: translate(
                            lang,
                            "calibration-range",
                            &[("from", Arg::Number(tenth)), ("to", Arg::Number(tenth + 10))],
                        ),
                        trials: bin.trials,
                        said: format!("{:.1}", said * 100.0),
                        came: format!("{:.1}", came * 100.0),
                    })
                })
                .collect();
            let sample = samples::recent(room.conn, room.now)?;
            let percent = |share: Option<i64>| share.map(|share| format!("{share} %")).unwrap_or_default();
            let view = CalibrationPage {
                sample_share: percent(sample.share().map(|(share, ..)| share)),
                sample_range: match sample.share() {
                    Some((_, low, high)) => translate(
                        lang,
                        "calibration-sample-range",
                        &[("low", Arg::Number(low)), ("high", Arg::Number(high))],
                    ),
                    None => String::new(),
                },
                sample_said: percent(sample.said()),
                sample_judged: sample.judged(),
                sample_unclear: sample.unclear,
                sample_void: sample.void,
                sample_open: sample.open,
                sample_drifts: sample.drifts(),
                rows,
                trials: all.trials(),
                brier: number(all.brier()),
                error: number(all.error()),
                recent_trials: recent.trials(),
                recent_error: number(recent.error()),
                drifts: recent.drifts() || all.drifts(),
                enough: all.trials() >= calibration::ENOUGH,
            };
            Ok(Page::html("admin/calibration.html", head(room, "admin-calibration"), &view))
        })
        .await
}
