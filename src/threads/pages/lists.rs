//! threads room: lists of threads as pages show them.
use crate::accounts;
use crate::error::{Error, Result};
use crate::kernel::ids::UserId;
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::names::TagName;
use crate::threads::store::{self, Sort, ThreadRow};
use crate::threads::views;
use crate::web::cache::Shows;
use crate::web::form::Params;
use crate::web::i18n::translate;
use crate::web::view::{self, Cursor, counted, person_url, tag_links, thread_url, when};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;
use std::collections::HashMap;

/// Who is named beside a row, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    Asker,
    LastActive,
}

/// Rows of a list, with the names beside them read in one query.
pub fn rows(room: &mut Room<'_>, threads: &[ThreadRow], named: Named) -> Result<Vec<views::ThreadRow>> {
    let who = |row: &ThreadRow| match named {
        Named::Asker => row.author_id,
        Named::LastActive => row.active_user_id,
    };
    let mut ids: Vec<UserId> = threads.iter().filter_map(who).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = if ids.is_empty() { HashMap::new() } else { accounts::names_of(room.conn, &ids)? };
    let (lang, now) = (room.visit.lang, room.now);
    Ok(threads
        .iter()
        .map(|row| {
            let person = who(row).and_then(|id| names.get(&id));
            let (kind, at) = match named {
                Named::Asker => ("asked", row.created_at),
                Named::LastActive => (row.active_kind.as_str(), row.active_at),
            };
            view_row(lang, now, row, person, kind, at)
        })
        .collect())
}

fn view_row(
    lang: &str,
    now: Moment,
    row: &ThreadRow,
    person: Option<&accounts::PersonHead>,
    kind: &str,
    at: Moment,
) -> views::ThreadRow {
    let name = person.map_or_else(|| translate(lang, "person-gone", &[]), |p| p.display_name.clone());
    views::ThreadRow {
        id: row.id.0,
        url: thread_url(row.id.0, &row.slug),
        title: row.title.clone(),
        excerpt: row.excerpt.clone(),
        score: row.score,
        score_label: counted(lang, "label-votes", row.score),
        answer_count: row.answer_count,
        answers_label: counted(lang, "label-answers", row.answer_count),
        solved: row.accepted_answer_id.is_some(),
        official: row.official_answer_id.is_some(),
        locked: row.locked,
        duplicate: row.duplicate_of.is_some(),
        escalated: row.escalated,
        removed: row.removed != 0,
        tags: tag_links(&row.tags),
        author_initials: view::initials(&name),
        author_tone: view::tone(person.map_or(name.as_str(), |p| p.username.as_str())),
        author_official: person.is_some_and(|p| p.role.answers_officially()),
        author_url: person.map(|p| person_url(&p.username)),
        author_name: name,
        activity: translate(lang, &format!("activity-{kind}"), &[]),
        when: when(lang, at, now),
    }
}

/// `GET /`: what is going on, and for newcomers what this is.
pub async fn front(visit: Visit, params: Params) -> Result<HttpResponse> {
    list(visit, params, Sort::Active, None).await
}

/// `GET /threads?sort=`.
pub async fn index(visit: Visit, params: Params) -> Result<HttpResponse> {
    let sort = match params.filled("sort") {
        None => Sort::Newest,
        Some(text) => Sort::parse(text).ok_or(Error::Bad("error-unknown-sort"))?,
    };
    list(visit, params, sort, None).await
}

/// `GET /tags/{name}`: the threads of one tag.
pub async fn tagged(visit: Visit, params: Params, parts: crate::web::form::Parts) -> Result<HttpResponse> {
    let sort = match params.filled("sort") {
        None => Sort::Newest,
        Some(text) => Sort::parse(text).ok_or(Error::Bad("error-unknown-sort"))?,
    };
    let name = parts.text("name")?.to_owned();
    list(visit, params, sort, Some(name)).await
}

async fn list(visit: Visit, params: Params, sort: Sort, tag: Option<String>) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    visit.shared_page(Shows::Everything, move |room| list_page(room, sort, tag.as_deref(), after)).await
}

fn list_page(room: &mut Room<'_>, sort: Sort, tag: Option<&str>, after: Option<Cursor>) -> Result<Page> {
    let tag = match tag {
        None => None,
        Some(name) => match store::tag(room.conn, name)? {
            Some(tag) => Some(tag),
            None => return folded_tag(room, name),
        },
    };
    let (threads, next) = store::list(room.conn, sort, tag.as_ref().map(|t| t.id), after, limits::PAGE_ROWS)?;
    let named = if sort == Sort::Active { Named::LastActive } else { Named::Asker };
    let rows = rows(room, &threads, named)?;
    let popular = store::tags(room.conn, "", false, None, None, ASIDE_TAGS)?;
    let base_url =
        tag.as_ref().map_or_else(|| "/threads".to_owned(), |t| format!("/tags/{}", view::encode(&t.name)));
    let here = format!("{base_url}?sort={}", sort.as_str());
    let visit = room.visit;
    let title = match &tag {
        Some(tag) => tag.name.clone(),
        None => visit.t(&format!("list-title-{}", sort.as_str())),
    };
    let front = tag.is_none() && sort == Sort::Active;
    let mut head = Head::new(
        if front && after.is_none() { String::new() } else { title },
        if tag.is_some() { "tags" } else { "threads" },
    );
    head.noindex = after.is_some();
    head.canonical = Some(if front {
        "/".into()
    } else if sort == Sort::Newest {
        base_url.clone()
    } else {
        here.clone()
    });
    head.description = visit.app.config.brand.tagline.clone();
    let page = views::ListPage {
        sort: sort.as_str().into(),
        feed_url: match &tag {
            Some(_) => format!("{base_url}/feed.atom"),
            None => "/threads/feed.atom".into(),
        },
        rows,
        pager: view::pager(&here, next.map(Cursor::encode), after.is_none()),
        welcome: front && after.is_none() && room.viewer.is_none(),
        popular_tags: popular
            .into_iter()
            .map(|t| views::TagCount {
                url: format!("/tags/{}", view::encode(&t.name)),
                name: t.name,
                count: t.thread_count,
            })
            .collect(),
        tag: tag.map(|t| views::TagHead {
            about_html: Some(t.description_html)
                .filter(|html| !html.is_empty())
                .map(crate::kernel::safe_html::SafeHtml::from_stored),
            name: t.name,
            thread_count: t.thread_count,
        }),
        base_url,
    };
    Ok(Page::html("threads/list.html", head, &page))
}

/// A tag in capitals or another form of its letters leads to the one that is meant.
fn folded_tag(room: &mut Room<'_>, name: &str) -> Result<Page> {
    let folded = TagName::parse(name).ok().filter(|tag| tag.as_str() != name).ok_or(Error::NotFound)?;
    store::tag(room.conn, folded.as_str())?.ok_or(Error::NotFound)?;
    let query = room.visit.path.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    Ok(Page::Moved(format!("/tags/{}{query}", view::encode(folded.as_str()))))
}

/// Tags in the box beside a list.
const ASIDE_TAGS: i64 = 16;
