//! api room: the API's description, generated from its handlers and the table of routes.
use super::models::Problem;
use super::{read, write};
use crate::error::{Error, Result};
use crate::routes::TABLE;
use crate::threads::Sort;
use crate::web::cache;
use crate::web::visit::Access;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use std::sync::OnceLock;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Loggia API",
        description = "What the forum's pages do, for programs. Everything public can be read without a token; \
                       acts need one, made under Settings, API tokens. Lists are paged by `after`; errors are \
                       problem+json (RFC 9457).",
    ),
    servers((url = "/", description = "This forum")),
    paths(
        show,
        read::threads,
        read::thread,
        read::comments,
        read::revisions,
        read::find,
        read::tags,
        read::person,
        read::questions,
        read::answers,
        read::me,
        write::ask,
        write::answer,
        write::comment,
        write::edit,
        write::delete,
        write::undelete,
        write::vote,
        write::confirm,
        write::withdraw_confirmation,
        write::flag,
        write::accept,
        write::unaccept,
        write::me_too,
        write::not_me_too,
        write::follow,
        write::unfollow,
    ),
    components(schemas(Problem, Sort, read::AnswerSort)),
    tags(
        (name = "threads", description = "Questions with their answers"),
        (name = "posts", description = "Comments and votes on questions and answers, and the texts of all three"),
        (name = "search", description = "Finding what is solved already"),
        (name = "tags", description = "What threads are about"),
        (name = "people", description = "Members"),
        (name = "description", description = "This document"),
    ),
)]
struct Described;

/// Errors any operation may be answered with.
const ERRORS: &[(&str, &str)] = &[
    ("400", "A parameter is not as it should be"),
    ("401", "The token is missing, wrong or revoked"),
    ("404", "No such thing, or none this caller may know of"),
    ("405", "Not a method of this path; Allow says which are"),
    ("421", "The forum answers under another host"),
    ("429", "Too many; Retry-After says in how many seconds there is one again"),
    ("500", "A failure of the forum; tell the operator the request_id"),
    ("503", "Busy; try again after Retry-After seconds"),
];
/// Errors of operations that change something.
const ACT_ERRORS: &[(&str, &str)] = &[
    ("403", "Not for this caller"),
    ("409", "The state of things forbids it now"),
    ("507", "The disk is full; what is there can still be read"),
];
/// Errors of operations with a body.
const BODY_ERRORS: &[(&str, &str)] = &[
    ("408", "The body came too slowly"),
    ("413", "The body is too large"),
    ("415", "The body is not application/json in UTF-8"),
    ("422", "A field of the body was not accepted; `field` names it"),
];

/// What the `next` of a page looks like, of a list and of what was found.
const AFTER: &str = "^-?[0-9]{1,19}_-?[0-9]{1,19}$";
const AFTER_FOUND: &str = "^[A-Za-z0-9_-]{28}$";

fn access(access: Access) -> (&'static str, &'static str) {
    match access {
        Access::Anyone => ("anyone", "For anyone; a token shows what its owner may see besides."),
        Access::SignedIn => ("signed_in", "For the owner of any token."),
        Access::Moderator => ("moderator", "For moderators and admins."),
        Access::Staff => ("staff", "For staff and admins."),
        Access::Admin => ("admin", "For admins."),
    }
}

/// The whole description as OpenAPI 3.1.
pub fn document() -> Result<Value> {
    let internal = |why: &str| Error::Internal(format!("the API's description: {why}"));
    let mut document =
        serde_json::to_value(Described::openapi()).map_err(|error| internal(&error.to_string()))?;
    document["components"]["securitySchemes"] = json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token made under Settings, API tokens. Cookies are ignored here.",
        }
    });
    let problem =
        json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    for row in TABLE.iter().filter(|row| row.path.starts_with("/api/")) {
        let pointer = format!("/paths/{}/{}", row.path.replace('/', "~1"), row.method.to_lowercase());
        let operation = document.pointer_mut(&pointer).ok_or_else(|| internal(row.path))?;
        let (word, sentence) = access(row.access);
        operation["x-access"] = word.into();
        operation["security"] = match row.access {
            Access::Anyone => json!([{}, { "bearer": [] }]),
            _ => json!([{ "bearer": [] }]),
        };
        let said = operation["description"].as_str().map(|text| format!("{text}\n\n")).unwrap_or_default();
        operation["description"] = format!("{said}{sentence}").into();
        let act = row.method != "GET";
        let body = operation.get("requestBody").is_some();
        if operation["responses"].get("201").is_some() {
            let key = json!({
                "name": "Idempotency-Key",
                "in": "header",
                "required": false,
                "description": "The same text sent again with the same key within a week makes nothing new.",
                "schema": { "type": "string", "minLength": 16, "maxLength": 64, "pattern": "^[A-Za-z0-9_-]+$" },
            });
            match operation["parameters"].as_array_mut() {
                Some(parameters) => parameters.push(key),
                None => operation["parameters"] = json!([key]),
            }
        }
        for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
            if parameter["name"] == "after" {
                let pattern = if row.path.ends_with("/search") { AFTER_FOUND } else { AFTER };
                parameter["schema"]["pattern"] = pattern.into();
            }
        }
        let errors =
            ERRORS.iter().chain(ACT_ERRORS.iter().filter(|_| act)).chain(BODY_ERRORS.iter().filter(|_| body));
        for (status, description) in errors {
            operation["responses"][*status] = json!({ "description": description, "content": problem });
        }
    }
    Ok(document)
}

/// Shows this description.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "description", operation_id = "getOpenApi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object), (status = 304, description = "As it was")),
)]
pub async fn show(req: HttpRequest) -> Result<HttpResponse> {
    static TEXT: OnceLock<(Bytes, String)> = OnceLock::new();
    let (text, etag) = match TEXT.get() {
        Some(known) => known,
        None => {
            let text = Bytes::from(document()?.to_string());
            let etag = cache::etag(&text);
            TEXT.get_or_init(|| (text, etag))
        }
    };
    let seen = req.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = seen.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag);
    let mut reply = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    reply.insert_header((ETAG, etag.clone())).insert_header((CACHE_CONTROL, "no-cache"));
    if known {
        return Ok(reply.finish());
    }
    Ok(reply.insert_header((CONTENT_TYPE, "application/json")).body(text.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::limits;
    use std::collections::BTreeSet;

    fn operations(document: &Value) -> Vec<(String, String, &Value)> {
        let paths = document["paths"].as_object().unwrap();
        paths
            .iter()
            .flat_map(|(path, item)| {
                let item = item.as_object().unwrap();
                item.iter().map(|(method, operation)| (method.to_uppercase(), path.clone(), operation))
            })
            .collect()
    }

    #[test]
    fn every_route_of_the_api_is_described_and_nothing_else() {
        let document = document().unwrap();
        let described: BTreeSet<(String, String)> =
            operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
        let routed: BTreeSet<(String, String)> = TABLE
            .iter()
            .filter(|row| row.path.starts_with("/api/"))
            .map(|row| (row.method.to_owned(), row.path.to_owned()))
            .collect();
        assert_eq!(described, routed);
    }

    #[test]
    fn every_operation_says_who_may_and_what_may_go_wrong() {
        let document = document().unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        let mut ids = BTreeSet::new();
        for (method, path, operation) in operations(&document) {
            let here = format!("{method} {path}");
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{here}: not its own id"
            );
            assert!(operation["x-access"].is_string(), "{here}");
            assert!(operation["summary"].is_string(), "{here}");
            for status in ["400", "401", "404", "429", "500", "503"] {
                let content = &operation["responses"][status]["content"]["application/problem+json"];
                assert!(content["schema"]["$ref"].is_string(), "{here} {status}");
            }
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(parameters.iter().any(|p| p["name"] == name && p["in"] == "path"), "{here} {name}");
            }
        }
    }

    #[test]
    fn schemas_are_closed_and_every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(map) => {
                    found.extend(map.get("$ref").and_then(Value::as_str));
                    map.values().for_each(|inner| references(inner, found));
                }
                Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
                _ => {}
            }
        }
        let document = document().unwrap();
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            if schema["type"] == "object" {
                assert_eq!(schema["additionalProperties"], false, "{name}");
            } else {
                assert!(schema["enum"].is_array(), "{name}: {schema}");
            }
        }
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 30);
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }

    #[test]
    fn bounds_are_those_of_the_house() {
        let document = document().unwrap();
        let schemas = &document["components"]["schemas"];
        let field = |schema: &str, field: &str, bound: &str| {
            let found = &schemas[schema]["properties"][field][bound];
            found.as_u64().unwrap_or_else(|| panic!("{schema}.{field} {bound}")) as usize
        };
        assert_eq!(field("NewThread", "title", "minLength"), limits::MIN_TITLE);
        assert_eq!(field("NewThread", "title", "maxLength"), limits::MAX_TITLE);
        assert_eq!(field("NewThread", "tags", "maxItems"), limits::MAX_TAGS);
        for body in ["NewThread", "NewAnswer"] {
            assert_eq!(field(body, "body", "minLength"), limits::MIN_BODY);
            assert_eq!(field(body, "body", "maxLength"), limits::MAX_BODY_CHARS);
        }
        assert_eq!(field("NewRevision", "title", "minLength"), limits::MIN_TITLE);
        assert_eq!(field("NewRevision", "title", "maxLength"), limits::MAX_TITLE);
        assert_eq!(field("NewRevision", "tags", "maxItems"), limits::MAX_TAGS);
        assert_eq!(field("NewRevision", "body", "minLength"), limits::MIN_COMMENT);
        assert_eq!(field("NewRevision", "body", "maxLength"), limits::MAX_BODY_CHARS);
        assert_eq!(field("NewRevision", "summary", "maxLength"), limits::MAX_SUMMARY);
        assert_eq!(field("NewComment", "body", "minLength"), limits::MIN_COMMENT);
        assert_eq!(field("NewComment", "body", "maxLength"), limits::MAX_COMMENT_CHARS);
        let mut limits_seen = 0;
        for (method, path, operation) in operations(&document) {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let schema = &parameter["schema"];
                match parameter["name"].as_str().unwrap() {
                    "limit" => {
                        limits_seen += 1;
                        assert_eq!(schema["minimum"], 1, "{method} {path}");
                        assert_eq!(schema["maximum"], limits::API_ROWS, "{method} {path}");
                    }
                    "q" if path.ends_with("search") => {
                        assert_eq!(schema["maxLength"], crate::search::query::CHARS_MAX);
                        assert_eq!(parameter["required"], true);
                    }
                    "tag" => assert_eq!(schema["maxLength"], limits::MAX_TAG),
                    "after" => assert!(schema["pattern"].is_string(), "{method} {path}"),
                    _ => {}
                }
            }
        }
        assert_eq!(limits_seen, 6);
    }
}
