//! error room: everything that can go wrong for a visitor, and the one place that turns it into a reply.
//!
//! A handler returns an [`Error`]; [`Error::error_response`] gives it a status and keeps the details as an
//! [`ErrorDetail`] on the reply, from which `web::doorman` makes the page or, under `/api/`, problem+json.
use crate::db::DbError;
use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};

#[derive(Debug)]
pub enum Error {
    /// No such thing, or none this visitor may know of.
    NotFound,
    /// A page for people with an account; the path to come back to.
    SignIn(String),
    /// The API without a token that is good.
    Unauthorized,
    /// Signed in, but not allowed; the key of a message that says why.
    Forbidden(&'static str),
    /// The request is malformed; the key of a message.
    Bad(&'static str),
    /// A field was not accepted: its name and the key of a message.
    Invalid(&'static str, &'static str),
    /// The same for a field of a JSON body, by the name it came with.
    InvalidField(String, &'static str),
    /// The state of things forbids it now; the key of a message.
    Conflict(&'static str),
    /// More bytes than a form may have.
    TooLarge,
    /// The form is of an old page or another session.
    Expired,
    /// What befell a form that brought a text: the page that says so gives the text back.
    Keeping(Box<Error>, String),
    /// Too many of these; seconds until the next.
    TooMany(u64),
    /// Another host's name in the request.
    WrongHost,
    /// The body came too slowly.
    TooSlow,
    UnsupportedType,
    Db(DbError),
    Internal(String),
}

/// What a reply with an error status carries to the doorman.
#[derive(Debug, Clone)]
pub struct ErrorDetail {
    /// Key of a message that says what exactly was wrong.
    pub key: Option<&'static str>,
    pub field: Option<String>,
    pub retry_after: Option<u64>,
    pub rescued: Option<String>,
    /// Where to go on after signing in, for those who no longer are.
    pub sign_in: Option<String>,
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        Error::Db(error)
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Error::Db(error.into())
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Error {
    /// The same with what was typed, if anything was.
    pub fn keeping(self, typed: Option<String>) -> Error {
        match typed {
            Some(text) => Error::Keeping(Box::new(self), text),
            None => self,
        }
    }

    /// Whether it is the house that failed, not the one who asked.
    pub fn is_ours(&self) -> bool {
        self.status_code().is_server_error()
    }

    fn detail(&self) -> ErrorDetail {
        let mut detail =
            ErrorDetail { key: None, field: None, retry_after: None, rescued: None, sign_in: None };
        match self {
            Error::Forbidden(key) | Error::Bad(key) | Error::Conflict(key) => detail.key = Some(key),
            Error::Invalid(field, key) => {
                detail.field = Some((*field).to_owned());
                detail.key = Some(key);
            }
            Error::InvalidField(field, key) => {
                detail.field = Some(field.clone());
                detail.key = Some(key);
            }
            Error::TooMany(seconds) => detail.retry_after = Some(*seconds),
            Error::Expired => detail.key = Some("error-expired-form"),
            Error::Keeping(error, text) => {
                detail = error.detail();
                detail.rescued = Some(text.clone()).filter(|text| !text.is_empty());
            }
            Error::SignIn(back) => {
                detail.key = Some("error-signed-out");
                detail.sign_in = Some(back.clone());
            }
            Error::WrongHost => detail.key = Some("error-wrong-host"),
            Error::Db(DbError::Busy(_) | DbError::Unavailable(_)) => {
                detail.retry_after = Some(BUSY_RETRY_SECONDS)
            }
            Error::Db(DbError::Full(_)) => {
                detail.key = Some("error-disk-full");
                detail.retry_after = Some(FULL_RETRY_SECONDS);
            }
            _ => {}
        }
        detail
    }
}

/// Seconds after which a busy house is worth another try.
const BUSY_RETRY_SECONDS: u64 = 5;
/// Seconds after which a full disk may have been looked after.
const FULL_RETRY_SECONDS: u64 = 60;

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            // A redirect would lose the text.
            Error::Keeping(error, _) => match **error {
                Error::SignIn(_) => StatusCode::UNAUTHORIZED,
                ref error => error.status_code(),
            },
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::SignIn(_) => StatusCode::SEE_OTHER,
            Error::Unauthorized => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) | Error::Expired => StatusCode::FORBIDDEN,
            Error::Bad(_) => StatusCode::BAD_REQUEST,
            Error::Invalid(..) | Error::InvalidField(..) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Error::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Error::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Error::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Error::Db(DbError::Busy(_) | DbError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Db(DbError::Full(_)) => StatusCode::INSUFFICIENT_STORAGE,
            Error::Db(_) | Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let inner = if let Error::Keeping(error, _) = self { error } else { self };
        match inner {
            Error::Db(error) => tracing::error!(%error, "the database did not answer a request"),
            Error::Internal(error) => tracing::error!(%error, "a request failed"),
            _ => {}
        }
        let mut reply = HttpResponse::build(self.status_code());
        if let Error::SignIn(back) = self {
            let back: String =
                percent_encoding::utf8_percent_encode(back, percent_encoding::NON_ALPHANUMERIC).collect();
            return reply.insert_header((LOCATION, format!("/sign-in?return={back}"))).finish();
        }
        let detail = self.detail();
        match inner {
            Error::Unauthorized => drop(reply.insert_header((WWW_AUTHENTICATE, "Bearer"))),
            Error::SignIn(_) => drop(reply.insert_header((WWW_AUTHENTICATE, "Cookie"))),
            _ => {}
        }
        if let Some(seconds) = detail.retry_after {
            reply.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        let mut reply = reply.finish();
        reply.extensions_mut().insert(detail);
        reply
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
