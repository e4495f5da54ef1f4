//! web room: small views that many pages show, made from plain values.
use crate::accounts::{PersonHead, Role};
use crate::error::Result;
use crate::kernel::ids::UserId;
use crate::kernel::moment::{DAY, HOUR, MINUTE, Moment};
use crate::web::i18n::{Arg, translate};
use crate::web::views::{BadgeCounts, Brand, Pager, Person, Shell, TagLink, Viewer, When};
use crate::web::visit::{Head, Room};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::HashMap;

/// Everything but what may stand bare in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Text as one segment of a path or one value of a query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// What surrounds this page for this visitor.
pub fn shell(room: &mut Room<'_>, head: Head, csrf: String) -> Result<Shell> {
    let app = &room.visit.app;
    let brand = &app.config.brand;
    let flash = room.flash();
    let viewer = room.viewer.as_ref().map(|v| Viewer {
        username: v.username.clone(),
        display_name: v.display_name.clone(),
        role: v.role.as_str().to_owned(),
        initials: initials(&v.display_name),
        tone: tone(&v.username),
        unread_notices: v.unread_notices,
        is_moderator: v.role.moderates(),
        is_staff: v.role.answers_officially(),
        is_admin: v.role == Role::Admin,
    });
    let role = room.viewer.as_ref().map(|v| v.role);
    let open_queue_count = if role.is_some_and(Role::moderates) {
        crate::moderation::open_flag_count(room.conn)?
            + crate::challenges::open_count(room.conn)?
            + crate::appeals::open_count(room.conn)?
    } else {
        0
    };
    let open_case_count = if role.is_some_and(Role::answers_officially) {
        crate::escalation::open_case_count(room.conn)?
    } else {
        0
    };
    let banner = head.banner.or_else(|| crate::search::banner(app, room.visit.lang));
    Ok(Shell {
        lang: room.visit.lang.to_owned(),
        dir: "ltr".into(),
        brand: shown_brand(brand),
        viewer,
        csrf,
        path: encode(&room.visit.path),
        flash,
        search_text: head.search_text,
        open_queue_count,
        open_case_count,
        canonical_url: head
            .canonical
            .map(|path| format!("{}{path}", app.config.base_url))
            .unwrap_or_default(),
        page_title: head.title,
        description: head.description,
        noindex: head.noindex,
        banner,
        section: head.section.to_owned(),
    })
}

/// The brand as every page bears it.
pub fn shown_brand(brand: &crate::config::Brand) -> Brand {
    Brand {
        name: brand.name.clone(),
        tagline: brand.tagline.clone(),
        logo_url: brand.logo.as_ref().map(|_| crate::web::assets::url("brand-logo", brand.hue)),
        home_url: brand.home_url.clone(),
    }
}

/// A moment as people read it, seen from `now`.
pub fn when(lang: &str, at: Moment, now: Moment) -> When {
    When { iso: at.iso(), title: at.long(), ago: ago(lang, at, now) }
}

/// "3 hours ago"; a date after a month.
pub fn ago(lang: &str, at: Moment, now: Moment) -> String {
    let age = now.since(at);
    let (key, n) = match age {
        _ if age < MINUTE => ("ago-now", 0),
        _ if age < HOUR => ("ago-minutes", age / MINUTE),
        _ if age < DAY => ("ago-hours", age / HOUR),
        _ if age < 30 * DAY => ("ago-days", age / DAY),
        _ => return at.date(),
    };
    translate(lang, key, &[("n", Arg::Number(n))])
}

/// A stretch of time: "5 hours", "3 days".
pub fn stretch(lang: &str, micros: i64) -> String {
    let (key, n) = match micros {
        _ if micros < HOUR => ("stretch-minutes", (micros / MINUTE).max(1)),
        _ if micros < 2 * DAY => ("stretch-hours", micros / HOUR),
        _ => ("stretch-days", micros / DAY),
    };
    translate(lang, key, &[("n", Arg::Number(n))])
}

/// "3 answers": a message with a number.
pub fn counted(lang: &str, key: &str, n: i64) -> String {
    translate(lang, key, &[("n", Arg::Number(n))])
}

/// A whole number with thin groups: 12,480.
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0 { format!("\u{2212}{out}") } else { out }
}

/// Up to two letters for the circle beside a name.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).take(2).collect()
}

/// The colour of the circle, 0 to 11, the same for the same name everywhere.
pub fn tone(name: &str) -> u8 {
    let sum = name.bytes().fold(7u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    u8::try_from(sum % 12).unwrap_or(0)
}

/// What is known of an author when a post is read.
#[derive(Debug, Clone, Default)]
pub struct Author {
    pub username: Option<String>,
    pub display_name: Option<String>,
    /// The name an imported post came with, where its author has no account.
    pub kept_name: Option<String>,
    pub role: Option<String>,
    pub points: Option<i64>,
    pub erased: bool,
}

pub fn person(lang: &str, author: &Author, badges: BadgeCounts) -> Person {
    let username = author.username.clone().filter(|_| !author.erased);
    let name = match (&author.display_name, &author.kept_name) {
        (Some(name), _) if !author.erased => name.clone(),
        (None, Some(name)) if !name.is_empty() => name.clone(),
        _ => translate(lang, "person-gone", &[]),
    };
    let role = author.role.clone().unwrap_or_else(|| "customer".into());
    Person {
        url: username.as_deref().map(person_url),
        initials: initials(&name),
        tone: tone(username.as_deref().unwrap_or(&name)),
        is_official: matches!(role.as_str(), "staff" | "admin"),
        username,
        display_name: name,
        points: author.points.unwrap_or(0),
        role,
        badge_counts: badges,
    }
}

/// A person found by number among `names`; who is not there is gone, or has the name an import kept.
pub fn named(
    lang: &str,
    names: &HashMap<UserId, PersonHead>,
    id: Option<UserId>,
    kept: Option<&str>,
) -> Person {
    let known = id.and_then(|id| names.get(&id));
    let author = Author {
        username: known.map(|p| p.username.clone()),
        display_name: known.map(|p| p.display_name.clone()),
        kept_name: kept.map(str::to_owned),
        role: known.map(|p| p.role.as_str().to_owned()),
        ..Author::default()
    };
    person(lang, &author, BadgeCounts::default())
}

pub fn person_url(username: &str) -> String {
    format!("/people/{}", encode(username))
}

pub fn thread_url(id: i64, slug: &str) -> String {
    format!("/threads/{id}/{slug}")
}

pub fn tag_links(tags: &str) -> Vec<TagLink> {
    tags.split_whitespace()
        .map(|name| TagLink { name: name.to_owned(), url: format!("/tags/{}", encode(name)) })
        .collect()
}

/// A way on and a way back to the start; `base` has its query already, if any.
pub fn pager(base: &str, next: Option<String>, at_start: bool) -> Pager {
    let join = if base.contains('?') { '&' } else { '?' };
    Pager {
        next_url: next.map(|cursor| format!("{base}{join}after={cursor}")),
        first_url: (!at_start).then(|| base.to_owned()),
    }
}

/// Where a row stands in a list ordered by a number and its id; what the `after` of a next page carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub key: i64,
    pub id: i64,
}

impl Cursor {
    pub fn encode(self) -> String {
        format!("{}_{}", self.key, self.id)
    }

    /// A cursor we never gave is refused, not guessed at.
    pub fn parse(text: &str) -> Result<Cursor> {
        let (key, id) = text.split_once('_').ok_or(crate::error::Error::Bad("error-bad-cursor"))?;
        match (key.parse(), id.parse()) {
            (Ok(key), Ok(id)) => Ok(Cursor { key, id }),
            _ => Err(crate::error::Error::Bad("error-bad-cursor")),
        }
    }

    pub fn of(params: &crate::web::form::Fields) -> Result<Option<Cursor>> {
        params.filled("after").map(Cursor::parse).transpose()
    }
}
