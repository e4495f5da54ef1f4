//! web room: what machines read of the forum: Atom feeds and the map of the site. Only what everybody may see.
use crate::app::App;
use crate::db::schema::{posts, tags, thread_tags, threads, users};
use crate::db::{Conn, DbResult, among, zero};
use crate::error::{Error, Result};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::safe_html::escape;
use crate::search;
use crate::web::cache::Shows;
use crate::web::form::{Params, Parts};
use crate::web::i18n::{Arg, translate};
use crate::web::rates::Budget;
use crate::web::view::{encode, tag_links, thread_url};
use crate::web::visit::Visit;
use actix_web::HttpResponse;
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::fmt::Write;

const ATOM: &str = "application/atom+xml; charset=utf-8";
const XML: &str = "application/xml; charset=utf-8";

/// Any text as XML that says exactly this, but for characters XML 1.0 has no way to write.
fn xml(text: &str) -> String {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r') || c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}');
    if text.chars().all(allowed) {
        return escape(text).into_string();
    }
    escape(&text.chars().filter(|c| allowed(*c)).collect::<String>()).into_string()
}

#[derive(Queryable)]
struct Entry {
    id: i64,
    title: String,
    slug: String,
    tags: String,
    excerpt: String,
    created_at: Moment,
    active_at: Moment,
    /// The name an imported question came with.
    kept_name: Option<String>,
    author: Option<(String, Option<Moment>)>,
}

macro_rules! entries {
    () => {
        threads::table
            .inner_join(posts::table.on(posts::id.eq(threads::id)))
            .left_join(users::table.on(users::id.nullable().eq(threads::author_id)))
            .filter(threads::removed.eq(zero()))
            .order((threads::created_at.desc(), threads::id.desc()))
            .limit(limits::FEED_ENTRIES)
            .select((
                threads::id,
                threads::title,
                threads::slug,
                threads::tags,
                threads::excerpt,
                threads::created_at,
                threads::active_at,
                posts::author_name,
                (users::display_name, users::erased_at).nullable(),
            ))
    };
}

/// `GET /threads/feed.atom`: the newest questions.
pub async fn newest(visit: Visit) -> Result<HttpResponse> {
    let path = "/threads/feed.atom".to_owned();
    visit
        .shared_file(path.clone(), Shows::Everything, ATOM, move |room| {
            let app = &room.visit.app;
            let rows: Vec<Entry> = entries!().load(room.conn)?;
            let title = translate(&app.config.language, "feed-title", &[]);
            Ok(feed(app, &title, &path, "/threads", &rows))
        })
        .await
}

/// `GET /tags/{name}/feed.atom`: the newest questions with this tag.
pub async fn of_tag(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let name = parts.text("name")?.to_owned();
    let page = format!("/tags/{}", encode(&name));
    let path = format!("{page}/feed.atom");
    visit
        .shared_file(path.clone(), Shows::Everything, ATOM, move |room| {
            let app = &room.visit.app;
            let known: Option<i64> =
                tags::table.filter(tags::name.eq(&name)).select(tags::id).first(room.conn).optional()?;
            let tag = known.ok_or(Error::NotFound)?;
            let of_tag =
                thread_tags::table.filter(thread_tags::tag_id.eq(tag)).select(thread_tags::thread_id);
            let rows: Vec<Entry> = entries!().filter(threads::id.eq_any(of_tag)).load(room.conn)?;
            let title = format!("{}: {name}", translate(&app.config.language, "feed-title", &[]));
            Ok(feed(app, &title, &path, &page, &rows))
        })
        .await
}

/// `GET /search.atom?q=`: the newest questions that have all of a query.
pub async fn of_search(visit: Visit, params: Params) -> Result<HttpResponse> {
    visit.app.rates.take(Budget::Search, (Budget::Search, visit.household()))?;
    let Some(text) = crate::watches::kept(params.get("q")) else {
        return Ok(visit.redirect("/threads/feed.atom", None));
    };
    let page = format!("/search?q={}", encode(&text));
    let path = format!("/search.atom?q={}", encode(&text));
    visit
        .shared_file(path.clone(), Shows::Search, ATOM, move |room| {
            let app = room.visit.app.clone();
            let (query, _) = search::Query::parse(&text);
            let limit = usize::try_from(limits::FEED_ENTRIES).unwrap_or(0);
            let ids = search::newest(&app, room.conn, &query, limit)?;
            let rows: Vec<Entry> = entries!().filter(among(threads::id, ids)).load(room.conn)?;
            let title = translate(&app.config.language, "feed-search-title", &[("q", Arg::Text(&text))]);
            Ok(feed(&app, &title, &path, &page, &rows))
        })
        .await
}

fn feed(app: &App, title: &str, path: &str, page: &str, rows: &[Entry]) -> String {
    let base = xml(&app.config.base_url);
    // Never the time of asking: an unchanged feed must read the same.
    let updated = rows.iter().map(|row| row.active_at).max().unwrap_or(Moment(0));
    let nobody = translate(&app.config.language, "person-gone", &[]);
    let mut out = String::with_capacity(1_000 + rows.len() * 1_000);
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{lang}\">\n\
         <title>{title} · {brand}</title>\n<id>{base}{path}</id>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{base}{path}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{base}{page}\"/>\n<updated>{updated}</updated>\n\
         <generator>Loggia</generator>\n",
        lang = xml(&app.config.language),
        title = xml(title),
        brand = xml(&app.config.brand.name),
        path = xml(path),
        page = xml(page),
        updated = updated.iso(),
    );
    for row in rows {
        let author = match (&row.author, &row.kept_name) {
            (Some((name, None)), _) => name,
            (None, Some(name)) if !name.trim().is_empty() => name,
            _ => &nobody,
        };
        // The number alone is the identity: a title, and so its slug, may be edited.
        let _ = write!(
            out,
            "<entry>\n<title>{title}</title>\n<id>{base}/threads/{id}</id>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{base}{url}\"/>\n<published>{published}</published>\n\
             <updated>{updated}</updated>\n<author><name>{author}</name></author>\n",
            title = xml(&row.title),
            id = row.id,
            url = xml(&thread_url(row.id, &row.slug)),
            published = row.created_at.iso(),
            updated = row.active_at.iso(),
            author = xml(author),
        );
        for tag in tag_links(&row.tags) {
            let _ = writeln!(out, "<category term=\"{}\" scheme=\"{base}/tags\"/>", xml(&tag.name));
        }
        let _ = write!(out, "<summary>{}</summary>\n</entry>\n", xml(&row.excerpt));
    }
    out.push_str("</feed>\n");
    out
}

/// The site map's page on which a thread stands, from 1.
fn ranges(conn: &mut Conn) -> DbResult<Vec<(i64, Option<Moment>)>> {
    let page = || sql::<BigInt>(&format!("((id - 1) / {}) + 1", limits::SITEMAP_RANGE));
    Ok(threads::table
        .filter(threads::removed.eq(zero()))
        .group_by(page())
        .select((page(), max(threads::active_at)))
        .order(page())
        .load(conn)?)
}

/// `GET /sitemap.xml`: the pages of the site map, each of a range of numbers, so that none is ever renumbered.
pub async fn sitemap_index(visit: Visit) -> Result<HttpResponse> {
    // Looks at every thread, so not anew after each event; it names none of them.
    visit
        .shared_file("/sitemap.xml".into(), Shows::Numbers, XML, |room| {
            let base = xml(&room.visit.app.config.base_url);
            let mut out = String::from(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
                 <sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
            );
            for (page, active_at) in ranges(room.conn)? {
                let lastmod = active_at.unwrap_or(Moment(0)).iso();
                let _ = writeln!(
                    out,
                    "<sitemap><loc>{base}/sitemap-{page}.xml</loc><lastmod>{lastmod}</lastmod></sitemap>"
                );
            }
            out.push_str("</sitemapindex>\n");
            Ok(out)
        })
        .await
}

/// `GET /sitemap-{n}.xml`: the visible threads of one range of numbers.
pub async fn sitemap(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let page = parts.number("n")?;
    let last = page.checked_mul(limits::SITEMAP_RANGE).ok_or(Error::NotFound)?;
    visit
        .shared_file(format!("/sitemap-{page}.xml"), Shows::Everything, XML, move |room| {
            let base = xml(&room.visit.app.config.base_url);
            let rows: Vec<(i64, String, Moment)> = threads::table
                .filter(threads::removed.eq(zero()))
                .filter(threads::id.gt(last - limits::SITEMAP_RANGE))
                .filter(threads::id.le(last))
                .order(threads::id)
                .select((threads::id, threads::slug, threads::active_at))
                .load(room.conn)?;
            if rows.is_empty() {
                return Err(Error::NotFound);
            }
            let mut out = String::with_capacity(200 + rows.len() * 160);
            out.push_str(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
                 <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
            );
            for (id, slug, active_at) in rows {
                let _ = writeln!(
                    out,
                    "<url><loc>{base}{}</loc><lastmod>{}</lastmod></url>",
                    xml(&thread_url(id, &slug)),
                    active_at.iso()
                );
            }
            out.push_str("</urlset>\n");
            Ok(out)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_write_is_left_out() {
        assert_eq!(xml("a\u{1} <b> & \"c\" \u{b}\u{ffff}é\t"), "a &lt;b&gt; &amp; &quot;c&quot; é\t");
    }
}
