//! web room: stands at the door of every request: hosts and lengths, panics, error pages, headers.
use crate::app::App;
use crate::error::{Error, ErrorDetail};
use crate::web::i18n::{Arg, has, translate};
use crate::web::views::{ErrorPage, Shell};
use crate::web::{templates, view, visit};
use actix_web::body::{BodySize, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// Scripts, styles and pictures of our own alone, but for the hosts of pictures that the operator named; forms go
/// home; nobody frames us.
pub fn content_security_policy(config: &crate::config::Config) -> HeaderValue {
    let mut pictures = String::from("'self'");
    for source in &config.image_sources {
        pictures.push(' ');
        pictures.push_str(source);
    }
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src {pictures}; font-src 'self'; \
         connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    );
    // Sources are ASCII by their parsing; a policy that could not be sent must not become none at all.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// The page a refused request may leave for the one who sent it.
struct Context {
    api: bool,
    json: bool,
    lang: &'static str,
    id: String,
}

pub async fn stand<B>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error>
where
    B: MessageBody + 'static,
{
    let Some(app) = req.app_data::<Data<App>>().map(|app| app.get_ref().clone()) else {
        return next.call(req).await.map(ServiceResponse::map_into_left_body);
    };
    let accept =
        |name: &str| req.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let context = Context {
        api: req.path().starts_with("/api/"),
        json: accept("accept").starts_with("application/json"),
        lang: templates::language(&app, Some(&accept("accept-language"))),
        id: crate::kernel::token::random().unwrap_or_default().chars().take(12).collect(),
    };
    let health = matches!(req.path(), "/livez" | "/readyz");
    let refusal =
        if req.uri().path_and_query().is_some_and(|p| p.as_str().len() > crate::kernel::limits::URL_BYTES) {
            Some(Error::Bad("error-long-address"))
        } else if !health && !right_host(&app, &req) {
            Some(Error::WrongHost)
        } else {
            None
        };
    let path = req.path().to_owned();
    let signed_in = req.cookie(&visit::CookieNames::of(&app).session).is_some();
    let mut reply = match refusal {
        Some(error) => req.into_response(error.error_response()).map_into_right_body(),
        None => {
            // A panic must be an answer, not a closed connection.
            match AssertUnwindSafe(next.call(req)).catch_unwind().await {
                Ok(Ok(reply)) => reply.map_into_left_body(),
                Ok(Err(error)) => stand_in(error.error_response()).map_into_right_body(),
                Err(_) => {
                    tracing::error!(%path, id = %context.id, "a handler panicked");
                    let error = Error::Internal("a handler panicked".into());
                    stand_in(error.error_response()).map_into_right_body()
                }
            }
        }
    };
    let status = reply.status();
    if status.is_client_error() || status.is_server_error() {
        let detail = reply.response_mut().extensions_mut().remove::<ErrorDetail>();
        let bare = matches!(reply.response().body().size(), BodySize::None | BodySize::Sized(0));
        if status.is_server_error() {
            tracing::warn!(%path, %status, id = %context.id, "answered with an error");
        }
        if bare || detail.is_some() {
            let body = describe(&app, &context, status.as_u16(), detail);
            let kind = if context.api || context.json {
                "application/problem+json"
            } else {
                "text/html; charset=utf-8"
            };
            reply = reply.map_body(|head, _| {
                head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
                EitherBody::right(actix_web::body::BoxBody::new(body))
            });
        }
        // An error is of this moment and perhaps of this person.
        reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let headers = reply.headers_mut();
    let mut insert = |name: &'static str, value: HeaderValue| {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    };
    insert("content-security-policy", app.content_security_policy.clone());
    let mut add = |name, value| insert(name, HeaderValue::from_static(value));
    add("x-content-type-options", "nosniff");
    add("x-frame-options", "DENY");
    add("referrer-policy", "same-origin");
    add("cross-origin-opener-policy", "same-origin");
    add("cross-origin-resource-policy", "same-origin");
    add("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()");
    if app.config.is_https() {
        add("strict-transport-security", "max-age=31536000");
    }
    add("cache-control", if signed_in { "private, no-store" } else { "no-cache" });
    Ok(reply)
}

/// A reply where the request itself is gone: the router wants it whole, so no copy is kept for this.
fn stand_in(reply: HttpResponse) -> ServiceResponse {
    ServiceResponse::new(actix_web::test::TestRequest::default().to_http_request(), reply)
}

/// Links and cookies belong to one host. Where the operator named it, no other is answered; where not,
/// plain addresses and localhost are, so that a first start works from the next machine too.
fn right_host(app: &App, req: &ServiceRequest) -> bool {
    let mut hosts = req.headers().get_all("host");
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return req.headers().get("host").is_none() };
    let Ok(host) = host.to_str() else { return false };
    let host = req.uri().authority().map_or(host, |authority| authority.as_str());
    let own = app.config.base_url.split("://").nth(1).unwrap_or_default();
    if host.eq_ignore_ascii_case(own) {
        return true;
    }
    if app.config.base_url_set {
        return false;
    }
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok()
}

fn describe(app: &App, context: &Context, status: u16, detail: Option<ErrorDetail>) -> String {
    let lang = context.lang;
    let say = |key: &str| translate(lang, key, &[]);
    let text = detail.as_ref().and_then(|d| d.key).map(say);
    if context.api || context.json {
        let title = actix_web::http::StatusCode::from_u16(status)
            .ok()
            .and_then(|s| s.canonical_reason())
            .unwrap_or("Error");
        let mut problem = serde_json::json!({ "type": "about:blank", "title": title, "status": status });
        if let Some(map) = problem.as_object_mut() {
            if let Some(text) = text {
                map.insert("detail".into(), text.into());
            }
            if let Some(field) = detail.as_ref().and_then(|d| d.field.clone()) {
                map.insert("field".into(), field.into());
            }
            if status >= 500 {
                map.insert("request_id".into(), context.id.clone().into());
            }
        }
        return problem.to_string();
    }
    let page = ErrorPage {
        status,
        title: general_words(lang, status, "title"),
        text: text.unwrap_or_else(|| general_words(lang, status, "text")),
        request_id: (status >= 500).then(|| context.id.clone()),
        retry_after: detail.as_ref().and_then(|d| d.retry_after).map(|seconds| {
            translate(lang, "in-seconds", &[("n", Arg::Number(i64::try_from(seconds).unwrap_or(i64::MAX)))])
        }),
        sign_in_url: detail
            .as_ref()
            .and_then(|d| d.sign_in.as_deref())
            .map(|back| format!("/sign-in?return={}", view::encode(back))),
        rescued_text: detail.and_then(|d| d.rescued),
    };
    let shell = Shell {
        lang: lang.to_owned(),
        dir: "ltr".into(),
        brand: view::shown_brand(&app.config.brand),
        page_title: say("error-page-title"),
        path: "%2F".into(),
        noindex: true,
        ..Shell::default()
    };
    app.templates
        .render(lang, "errors/error.html", &shell, tera::Value::from_serializable(&page))
        .unwrap_or_else(|error| {
            tracing::error!(%error, "the error page itself failed");
            format!("<!doctype html><title>{status}</title><p>Something went wrong ({status}).</p>")
        })
}

/// The `title` or `text` that goes with a status. One without words of its own is put down to the request or
/// to us, as its number says.
pub fn general_words(lang: &str, status: u16, part: &str) -> String {
    let own = format!("error-{status}-{part}");
    if has("en", &own) {
        return translate(lang, &own, &[]);
    }
    translate(lang, &format!("error-{}-{part}", if status < 500 { 400 } else { 500 }), &[])
}

/// What answers where no route does.
pub async fn nothing_here() -> HttpResponse {
    Error::NotFound.error_response()
}
