//! web room: style sheets, scripts and pictures, embedded in the program and cacheable for ever under
//! a path that changes with them.
use crate::app::App;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

#[derive(rust_embed::RustEmbed)]
#[folder = "assets/"]
#[include = "css/*"]
#[include = "js/*"]
#[include = "img/*"]
struct Files;

/// Changes when any embedded file does.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        if let Some(file) = Files::get(&name) {
            hash.update(&file.data);
        }
    }
    hash.finalize().iter().take(6).map(|b| format!("{b:02x}")).collect()
});

/// The address of `path` (such as `css/app.css`), good for as long as its content is the same.
pub fn url(path: &str, brand_hue: u16) -> String {
    // The brand's own sheet is made from its settings, so its address carries them.
    if path == "brand.css" {
        return format!("/assets/{}-{brand_hue}/brand.css", *VERSION);
    }
    format!("/assets/{}/{path}", *VERSION)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    }
}

/// `GET /assets/{version}/{path}`.
pub async fn show(app: Data<App>, path: Path<(String, String)>, req: HttpRequest) -> HttpResponse {
    let (version, path) = path.into_inner();
    let etag = format!("\"{version}\"");
    let body: Vec<u8> = if path == "brand.css" {
        format!(":root{{--brand-hue:{}}}\n", app.config.brand.hue).into_bytes()
    } else if path == "brand-logo" {
        let Some(logo) = &app.config.brand.logo else {
            return crate::error::Error::NotFound.error_response();
        };
        match std::fs::read(logo) {
            Ok(bytes) => {
                let kind = content_type(&logo.to_string_lossy());
                return HttpResponse::Ok()
                    .insert_header((CONTENT_TYPE, kind))
                    .insert_header((CACHE_CONTROL, "public, max-age=3600"))
                    // An SVG opened by itself must not run anything.
                    .insert_header((
                        "content-security-policy",
                        "default-src 'none'; style-src 'unsafe-inline'; sandbox",
                    ))
                    .body(bytes);
            }
            Err(_) => return crate::error::Error::NotFound.error_response(),
        }
    } else {
        match Files::get(&path) {
            Some(file) => file.data.into_owned(),
            None => return crate::error::Error::NotFound.error_response(),
        }
    };
    let kind = if path == "brand.css" { "text/css; charset=utf-8" } else { content_type(&path) };
    if url(&path, app.config.brand.hue) != format!("/assets/{version}/{path}") {
        // Another version's address: a node of another release has other bytes for it, so nobody keeps ours.
        return HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, kind))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(body);
    }
    if req.headers().get(IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == etag.as_bytes()) {
        return HttpResponse::NotModified().insert_header((ETAG, etag)).finish();
    }
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((ETAG, etag))
        .body(body)
}

/// `GET /favicon.ico`: browsers ask for it whatever the page says.
pub async fn favicon(app: Data<App>, req: HttpRequest) -> HttpResponse {
    show(app, Path::from((VERSION.clone(), "img/favicon.svg".to_owned())), req).await
}
