//! tags room: the list of all tags.
use super::views::{TagRow, TagsPage};
use crate::error::Result;
use crate::kernel::{excerpt::excerpt, limits, markdown, slug::fold};
use crate::threads;
use crate::web::cache::Shows;
use crate::web::form::Params;
use crate::web::view::{self, Cursor, counted, encode};
use crate::web::visit::{Head, Page, Visit};
use actix_web::HttpResponse;

/// `GET /tags?q=&sort=popular|name`.
pub async fn index(visit: Visit, params: Params) -> Result<HttpResponse> {
    let query: String = fold(&params.get("q").chars().take(limits::MAX_TITLE).collect::<String>());
    let by_name = params.get("sort") == "name";
    let after = params.filled("after").map(str::to_owned);
    let after_count = if by_name { None } else { Cursor::of(&params)? };
    visit
        .shared_page(Shows::Everything, move |room| {
            let limit = limits::PAGE_ROWS * 2;
            let rows = threads::tags(room.conn, &query, by_name, after.as_deref(), after_count, limit + 1)?;
            let (rows, next) = threads::cut(rows, limit, |row| Cursor { key: row.thread_count, id: row.id });
            let next = match (next, by_name) {
                (Some(_), true) => rows.last().map(|row| encode(&row.name)),
                (Some(cursor), false) => Some(cursor.encode()),
                (None, _) => None,
            };
            let lang = room.visit.lang;
            let sort = if by_name { "name" } else { "popular" };
            let base = if query.is_empty() {
                format!("/tags?sort={sort}")
            } else {
                format!("/tags?sort={sort}&q={}", encode(&query))
            };
            let view = TagsPage {
                rows: rows
                    .into_iter()
                    .map(|row| TagRow {
                        url: format!("/tags/{}", encode(&row.name)),
                        threads_label: counted(lang, "label-n-threads", row.thread_count),
                        thread_count: row.thread_count,
                        excerpt: excerpt(&markdown::text_of(&row.description_html), limits::EXCERPT_CHARS),
                        name: row.name,
                    })
                    .collect(),
                query,
                sort: sort.into(),
                pager: view::pager(&base, next, after.is_none()),
            };
            let mut head = Head::new(room.visit.t("tags-title"), "tags");
            head.noindex = after.is_some();
            head.canonical = Some("/tags".into());
            Ok(Page::html("tags/index.html", head, &view))
        })
        .await
}
