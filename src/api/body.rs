//! api room: JSON bodies, read within limits and refused with the name of the field that is wrong.
use crate::error::{Error, Result};
use crate::kernel::limits;
use crate::web::form::read_body;
use crate::web::visit;
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserializer;
use serde::de::{Deserialize, DeserializeOwned, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::pin::Pin;

/// A posted JSON object (`application/json`, UTF-8) of exactly the fields of `T`.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Json<T>>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Every body belongs to an act, and every act to a token: without one, nothing is read.
        let signed = visit::bearer(req.headers()).is_some();
        let kind = req.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let body = read_body(req, payload.take(), limits::FORM_BYTES);
        Box::pin(async move {
            if !signed {
                return Err(Error::Unauthorized);
            }
            if !kind.as_deref().is_some_and(is_json) {
                return Err(Error::UnsupportedType);
            }
            read(&body.await?).map(Json)
        })
    }
}

/// `application/json`, with no charset or the only one JSON has.
fn is_json(kind: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"))
        && parts.all(|part| match part.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

/// Characters of an unknown field's name that are said back.
const NAME_SHOWN: usize = 64;

/// Reads one JSON object into `T`.
///
/// # Errors
/// `Bad` when it is no JSON object; `InvalidField` names the first field that is unknown, missing, there
/// twice, of another type, or holds a NUL.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let Members(members) = serde_json::from_slice(bytes).map_err(|_| Error::Bad("error-json"))?;
    if members.len() > limits::FORM_FIELDS {
        return Err(Error::Bad("error-too-many-fields"));
    }
    let mut object = Map::new();
    for (name, mut value) in members {
        if name.contains('\0') || !clean(&mut value) {
            return Err(wrong(&name, "error-nul"));
        }
        if object.contains_key(&name) {
            return Err(wrong(&name, "error-field-twice"));
        }
        object.insert(name, value);
    }
    T::deserialize(&Value::Object(object.clone())).map_err(|error| culprit::<T>(object, &error.to_string()))
}

fn wrong(name: &str, key: &'static str) -> Error {
    Error::InvalidField(name.chars().filter(|c| !c.is_control()).take(NAME_SHOWN).collect(), key)
}

/// Which field it was: serde reads fields before it misses any, so each is tried by itself.
fn culprit<T: DeserializeOwned>(object: Map<String, Value>, error: &str) -> Error {
    for (name, value) in object {
        let alone = Value::Object(Map::from_iter([(name.clone(), value)]));
        if let Err(error) = T::deserialize(&alone) {
            match error.to_string() {
                text if text.starts_with("missing field") => {}
                text if text.starts_with("unknown field") => return wrong(&name, "error-field-unknown"),
                _ => return wrong(&name, "error-field-type"),
            }
        }
    }
    match error.split('`').nth(1) {
        Some(name) => wrong(name, "error-field-missing"),
        None => Error::Bad("error-json"),
    }
}

/// Largest number up to which every whole one has a floating form of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Line ends as forms have them, and whole numbers as such (to JSON Schema `1.0` is one); `false` when there
/// is a NUL, which PostgreSQL cannot keep.
fn clean(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            if text.contains('\r') {
                *text = text.replace("\r\n", "\n").replace('\r', "\n");
            }
            !text.contains('\0')
        }
        Value::Number(number) => {
            let whole = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() <= EXACT);
            if let Some(whole) = whole {
                *number = (whole as i64).into();
            }
            true
        }
        Value::Array(items) => items.iter_mut().all(clean),
        Value::Object(members) => {
            members.keys().all(|name| !name.contains('\0')) && members.values_mut().all(clean)
        }
        _ => true,
    }
}

/// The members of an object in their order, also those that stand twice.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    // One too many is enough to know; the rest need not be kept.
                    if members.len() <= limits::FORM_FIELDS {
                        members.push(member);
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        title: String,
        tags: Vec<String>,
        value: Option<i32>,
    }

    #[track_caller]
    fn refused(body: &str, field: &str, key: &str) {
        match read::<Sample>(body.as_bytes()) {
            Err(Error::InvalidField(name, why)) => assert_eq!((name.as_str(), why), (field, key), "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn a_body_is_read_with_line_ends_as_forms_have_them() {
        let sample: Sample = read(br#"{"title":"a\r\nb\rc","tags":["x\r"]}"#).unwrap();
        assert_eq!(sample, Sample { title: "a\nb\nc".into(), tags: vec!["x\n".into()], value: None });
        for (number, value) in [("1.0", 1), ("-1", -1), ("0.5e1", 5), ("-0.0", 0)] {
            let body = format!(r#"{{"title":"a","tags":[],"value":{number}}}"#);
            let sample: Sample = read(body.as_bytes()).unwrap();
            assert_eq!(sample.value, Some(value), "{number}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_field_is_said_with_its_name() {
        refused(r#"{"title":"a","tags":[],"role":"admin"}"#, "role", "error-field-unknown");
        refused(r#"{"title":"a"}"#, "tags", "error-field-missing");
        refused(r#"{}"#, "title", "error-field-missing");
        refused(r#"{"title":5,"tags":[]}"#, "title", "error-field-type");
        refused(r#"{"title":["a","b"],"tags":[]}"#, "title", "error-field-type");
        refused(r#"{"title":null,"tags":[]}"#, "title", "error-field-type");
        refused(r#"{"title":"a","tags":[{"name":"x"}]}"#, "tags", "error-field-type");
        refused(r#"{"title":"a","tags":[],"value":1e30}"#, "value", "error-field-type");
        refused(r#"{"title":"a","tags":[],"value":1.5}"#, "value", "error-field-type");
        refused(r#"{"title":"a","tags":[],"value":99999999999}"#, "value", "error-field-type");
        refused(r#"{"title":"a","title":"b","tags":[]}"#, "title", "error-field-twice");
        refused(r#"{"title":"a\u0000","tags":[]}"#, "title", "error-nul");
        refused(r#"{"title":"a","tags":["\u0000"]}"#, "tags", "error-nul");
        let long = format!(r#"{{"title":"a","tags":[],"{}":1}}"#, "x".repeat(5_000));
        refused(&long, &"x".repeat(NAME_SHOWN), "error-field-unknown");
    }

    #[test]
    fn what_is_no_object_is_refused_whole() {
        let deep = format!("{{\"title\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let lone = r#"{"title":"\ud800","tags":[]}"#;
        for body in ["", "[]", "null", "\"a\"", "{", "{\"title\":\"a\",}", "{} {}", "\u{feff}{}", &deep, lone]
        {
            assert!(matches!(read::<Sample>(body.as_bytes()), Err(Error::Bad("error-json"))), "{body:.40}");
        }
        assert!(matches!(read::<Sample>(b"{\"title\":\"\xff\"}"), Err(Error::Bad("error-json"))));
        let many = (0..=limits::FORM_FIELDS).map(|n| format!("\"f{n}\":1")).collect::<Vec<_>>().join(",");
        let many = read::<Sample>(format!("{{{many}}}").as_bytes());
        assert!(matches!(many, Err(Error::Bad("error-too-many-fields"))));
    }

    #[test]
    fn only_json_is_taken_for_json() {
        for (kind, good) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=latin1", false),
            ("application/json-patch+json", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            assert_eq!(is_json(kind), good, "{kind}");
        }
    }
}
