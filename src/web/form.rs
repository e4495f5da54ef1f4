//! web room: forms and query strings, read within limits and refused with a clear word when malformed.
use crate::error::{Error, Result};
use crate::kernel::limits;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::time::Duration;

/// Named texts in the order they came; every name at most once.
#[derive(Debug, Default, Clone)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `a=1&b=2`; wrong UTF-8, NUL, and a name that stands twice are refused.
    pub fn parse(encoded: &[u8]) -> Result<Fields> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in encoded.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            if fields.len() == limits::FORM_FIELDS {
                return Err(Error::Bad("error-too-many-fields"));
            }
            let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(at);
            let name = decode(name)?;
            let value = decode(value.get(1..).unwrap_or_default())?;
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(Error::Bad("error-field-twice"));
            }
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }

    /// The text of a field, empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The text of a field without white space around it; `None` when missing or empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        Some(self.get(name).trim()).filter(|text| !text.is_empty())
    }

    /// What somebody wrote into this form, to be given back where the form itself is not.
    pub fn typed(&self) -> Option<String> {
        // Written by hand, and nobody's secret.
        const TEXTS: &[&str] = &[
            "title",
            "body",
            "comment",
            "tags",
            "note",
            "reason",
            "summary",
            "about",
            "signature",
            "evidence",
        ];
        let texts: Vec<&str> = TEXTS.iter().filter_map(|name| self.filled(name)).collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }

    /// A whole number; `None` when missing, an error when it is none.
    pub fn number(&self, name: &str) -> Result<Option<i64>> {
        self.filled(name).map(|text| text.parse().map_err(|_| Error::Bad("error-not-a-number"))).transpose()
    }
}

fn decode(bytes: &[u8]) -> Result<String> {
    let spaced: Vec<u8> = bytes.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    let text = percent_encoding::percent_decode(&spaced)
        .decode_utf8()
        .map_err(|_| Error::Bad("error-not-utf8"))?
        .into_owned();
    if text.contains('\0') {
        return Err(Error::Bad("error-nul"));
    }
    // Browsers send line ends as CR LF; texts are kept with LF alone.
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text })
}

/// A posted form (`application/x-www-form-urlencoded`).
#[derive(Debug)]
pub struct Form(pub Fields);

impl std::ops::Deref for Form {
    type Target = Fields;
    fn deref(&self) -> &Fields {
        &self.0
    }
}

impl FromRequest for Form {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Form>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = req.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let is_form = kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let body = read_body(req, payload.take(), limits::FORM_BYTES);
        let empty = req.headers().get("content-length").is_some_and(|v| v.as_bytes() == b"0");
        Box::pin(async move {
            if !is_form && !empty {
                return Err(Error::UnsupportedType);
            }
            Fields::parse(&body.await?).map(Form)
        })
    }
}

/// The whole body, within `limit` bytes and [`limits::BODY_SECONDS`]: a body that trickles holds nothing, and one
/// whose sender says that it is too long is not waited for.
pub fn read_body(
    req: &HttpRequest,
    mut body: Payload,
    limit: usize,
) -> impl Future<Output = Result<Vec<u8>>> + use<> {
    let declared = req.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let too_long = declared.is_some_and(|bytes| bytes > limit as u64);
    async move {
        if too_long {
            return Err(Error::TooLarge);
        }
        let read = async {
            let mut bytes = Vec::new();
            while let Some(chunk) = body.next().await {
                let chunk = chunk.map_err(|_| Error::Bad("error-body"))?;
                if bytes.len() + chunk.len() > limit {
                    return Err(Error::TooLarge);
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(bytes)
        };
        match tokio::time::timeout(Duration::from_secs(limits::BODY_SECONDS), read).await {
            Ok(result) => result,
            Err(_) => Err(Error::TooSlow),
        }
    }
}

/// The query string of a page.
#[derive(Debug)]
pub struct Params(pub Fields);

impl std::ops::Deref for Params {
    type Target = Fields;
    fn deref(&self) -> &Fields {
        &self.0
    }
}

impl FromRequest for Params {
    type Error = Error;
    type Future = Ready<Result<Params>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Fields::parse(req.query_string().as_bytes()).map(Params))
    }
}

/// Parts of the path. A number that is none, or text that is not UTF-8, is a page that does not exist.
#[derive(Debug)]
pub struct Parts(Vec<(String, String)>);

impl Parts {
    pub fn number(&self, name: &str) -> Result<i64> {
        let text = self.text(name)?;
        // "+7" and "007" are not addresses of ours.
        text.parse().ok().filter(|n: &i64| *n > 0 && n.to_string() == text).ok_or(Error::NotFound)
    }
    pub fn text(&self, name: &str) -> Result<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).ok_or(Error::NotFound)
    }
}

impl FromRequest for Parts {
    type Error = Error;
    type Future = Ready<Result<Parts>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut parts = Vec::new();
        for (name, value) in req.match_info().iter() {
            match percent_encoding::percent_decode_str(value).decode_utf8() {
                Ok(text) if !text.contains('\0') => parts.push((name.to_owned(), text.into_owned())),
                _ => return ready(Err(Error::NotFound)),
            }
        }
        ready(Ok(Parts(parts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_browsers_send_them() {
        let fields = Fields::parse(b"title=Caff%C3%A8+lungo&body=a%0D%0Ab&empty=&flag").unwrap();
        assert_eq!(fields.get("title"), "Caff\u{e8} lungo");
        assert_eq!(fields.get("body"), "a\nb");
        assert_eq!(fields.filled("empty"), None);
        assert_eq!(fields.get("flag"), "");
    }

    #[test]
    fn malformed_forms_are_refused() {
        for bad in [&b"a=%ff"[..], b"a=1&a=2", b"a=x%00y"] {
            assert!(matches!(Fields::parse(bad), Err(Error::Bad(_))), "{bad:?}");
        }
        let many = (0..=limits::FORM_FIELDS).map(|n| format!("f{n}=1")).collect::<Vec<_>>().join("&");
        assert!(matches!(Fields::parse(many.as_bytes()), Err(Error::Bad("error-too-many-fields"))));
    }
}
