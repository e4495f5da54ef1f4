//! search room: where a search leads that found little or nothing: to its words alone, to tags, to asking.
use super::controls::{Typed, without_unknown};
use super::{ask, search_url, taken_away};
use crate::app::App;
use crate::db::schema::tags;
use crate::db::{Conn, DbResult};
use crate::error::Result;
use crate::kernel::limits;
use crate::search::query::Query;
use crate::search::views::{Instead, Leads, NearTag, Unknown};
use crate::web::view::encode;
use diesel::prelude::*;

/// The leads of a query. What the index says beside hits is told only while nothing was taken away behind it.
pub fn leads(app: &App, conn: &mut Conn, typed: &Typed<'_>, query: &Query) -> Result<Leads> {
    let instead = |query: String| Instead { url: search_url(&query, false), query };
    let mut leads = Leads { ask_url: ask_url(&typed.words()), ..Leads::default() };
    leads.unfiltered = typed.unfiltered().map(instead);
    let place = app.search.place();
    let words = typed.words();
    let (plain, _) = Query::parse(&words);
    let surfaces: Vec<String> = plain.words.iter().map(|word| word.surface.clone()).collect();
    let (mut unknown, near, facets) = ask(app, |index| {
        let mut unknown = Vec::new();
        for word in &plain.words {
            let alone = Query { words: vec![word.clone()], ..Query::default() };
            if !index.knows(&alone)? {
                unknown.push(word.surface.clone());
            }
        }
        let near = index.near_tags(&surfaces, limits::SEARCH_NEAR_TAGS)?;
        Ok((unknown, near, index.facets(&plain, true, [0; 2])?))
    })?;
    if taken_away(conn, place)? {
        return Ok(leads);
    }
    if facets.total == 0 {
        leads.unfiltered = None;
    }
    // Where no word is known at all, "nothing found" says so.
    if unknown.len() == plain.words.len() {
        unknown.clear();
    }
    if !unknown.is_empty() {
        let left = without_unknown(typed, query, &unknown);
        leads.unknown = Some(Unknown { words: unknown.join(", "), instead: left.map(instead) });
    }
    let mut names = near;
    for (name, _) in facets.tags {
        if names.len() < limits::SEARCH_NEAR_TAGS && !names.contains(&name) {
            names.push(name);
        }
    }
    let alive = in_use(conn, &names)?;
    names.retain(|name| alive.contains(name));
    leads.unanswered_url = names.first().map(|name| search_url(&format!("is:unanswered tag:{name}"), false));
    leads.tags = names
        .into_iter()
        .map(|name| NearTag { url: search_url(&format!("tag:{name}"), false), name })
        .collect();
    Ok(leads)
}

/// Asking, with these words in the title.
pub fn ask_url(words: &str) -> String {
    let title: String = words.chars().take(limits::MAX_TITLE).collect();
    if title.is_empty() { "/ask".into() } else { format!("/ask?title={}", encode(&title)) }
}

/// Those of the names that threads carry now.
fn in_use(conn: &mut Conn, names: &[String]) -> DbResult<Vec<String>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let found = tags::table.filter(tags::name.eq_any(names)).filter(tags::thread_count.gt(0));
    Ok(found.select(tags::name).load(conn)?)
}
