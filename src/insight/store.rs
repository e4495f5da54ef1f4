//! insight room: counts as rows, and the gaps they tell of.
use super::{Gap, Opening, Searched, Tally};
use crate::db::schema::{dismissed_gaps, search_counts, threads};
use crate::db::{Conn, DbResult, Tx, among, among_texts, insert_all};
use crate::kernel::ids::ThreadId;
use crate::kernel::limits;
use crate::kernel::moment::{DAY, Moment};
use crate::search::analysis::Lang;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use std::collections::{HashMap, HashSet};

/// Rows of one transaction: visitors' writes get between.
pub const ROWS_AT_ONCE: usize = 500;
/// Wordings read to name the gaps of one list, the most frequent: where there are more, a gap that none of them is of
/// is named by its stems.
const WORDINGS: i64 = 10_000;

/// Which of the opened threads are solved.
pub fn solved(conn: &mut Conn, openings: &[Opening]) -> DbResult<HashSet<ThreadId>> {
    if openings.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<ThreadId> = threads::table
        .filter(among(threads::id, openings.iter().map(|opening| opening.thread)))
        .filter(threads::accepted_answer_id.is_not_null())
        .select(threads::id)
        .load(conn)?;
    Ok(ids.into_iter().collect())
}

/// Adds to what has been counted.
pub fn add(tx: &mut Tx<'_>, rows: &[(i64, Searched, Tally)]) -> DbResult<()> {
    for (day, searched, tally) in rows {
        let row = search_counts::table
            .filter(search_counts::day.eq(day))
            .filter(search_counts::query.eq(&searched.query))
            .filter(search_counts::lang.eq(searched.lang));
        let known = diesel::update(row)
            .set((
                search_counts::searched.eq(search_counts::searched + tally.searched),
                search_counts::found_none.eq(search_counts::found_none + tally.found_none),
                search_counts::weak.eq(search_counts::weak + tally.weak),
                search_counts::opened.eq(search_counts::opened + tally.opened),
                search_counts::solved.eq(search_counts::solved + tally.solved),
                search_counts::visitors.eq(search_counts::visitors + tally.visitors),
            ))
            .execute(tx.conn)?;
        if known == 0 {
            diesel::insert_into(search_counts::table)
                .values((
                    search_counts::day.eq(day),
                    search_counts::lang.eq(searched.lang),
                    search_counts::query.eq(&searched.query),
                    search_counts::group_key.eq(&searched.group),
                    search_counts::searched.eq(tally.searched),
                    search_counts::found_none.eq(tally.found_none),
                    search_counts::weak.eq(tally.weak),
                    search_counts::opened.eq(tally.opened),
                    search_counts::solved.eq(tally.solved),
                    search_counts::visitors.eq(tally.visitors),
                ))
                .execute(tx.conn)?;
        }
    }
    Ok(())
}

/// Drops what was counted too long ago.
pub fn sweep(tx: &mut Tx<'_>) -> DbResult<()> {
    let before = tx.now.0.div_euclid(DAY) - limits::SEARCH_COUNT_DAYS;
    diesel::delete(search_counts::table.filter(search_counts::day.lt(before))).execute(tx.conn)?;
    Ok(())
}

/// Gaps since a day, those most often missed first, below `after` (times missed and key).
pub fn gaps(
    conn: &mut Conn,
    since: i64,
    put_aside: bool,
    after: Option<&(i64, String)>,
    limit: i64,
) -> DbResult<Vec<Gap>> {
    type Row = (String, i64, i64, i64, i64, i64, i64);
    const MISSED: &str = "SUM(search_counts.found_none + search_counts.weak)";
    // Not the bare column: SQLite would walk its index, and so all days, to have the groups in order.
    const KEY: &str = "(search_counts.group_key || '')";
    let sum = |column: &str| sql::<BigInt>(&format!("CAST(SUM(search_counts.{column}) AS BIGINT)"));
    let (most, key) = after.map_or((i64::MAX, ""), |(missed, key)| (*missed, key.as_str()));
    let aside = if put_aside { "IN" } else { "NOT IN" };
    let rows: Vec<Row> = search_counts::table
        .filter(search_counts::day.ge(since))
        .filter(sql::<Bool>(&format!(
            "search_counts.group_key {aside} (SELECT d.group_key FROM dismissed_gaps d)"
        )))
        .group_by(sql::<Text>(KEY))
        .having(
            sql::<Bool>("(SUM(search_counts.visitors) >= ")
                .bind::<BigInt, _>(limits::SEARCH_SHOWN_VISITORS)
                .sql(&format!(" AND {MISSED} > 0 AND ({MISSED} < "))
                .bind::<BigInt, _>(most)
                .sql(&format!(" OR {MISSED} = "))
                .bind::<BigInt, _>(most)
                .sql(&format!(" AND {KEY} > "))
                .bind::<Text, _>(key)
                .sql("))"),
        )
        .order((sql::<BigInt>(MISSED).desc(), sql::<Text>(KEY)))
        .limit(limit)
        .select((
            sql::<Text>(KEY),
            sum("searched"),
            sum("found_none"),
            sum("weak"),
            sum("opened"),
            sum("solved"),
            sql::<BigInt>(
                "MAX(CASE WHEN search_counts.found_none + search_counts.weak > 0 THEN search_counts.day ELSE 0 END)",
            ),
        ))
        .load(conn)?;
    let wordings: Vec<(String, String, String)> = search_counts::table
        .filter(among_texts(search_counts::group_key, rows.iter().map(|row| row.0.as_str())))
        .filter(search_counts::day.ge(since))
        .group_by((search_counts::group_key, search_counts::query))
        .order((sql::<BigInt>("SUM(search_counts.searched)").desc(), search_counts::query))
        .limit(WORDINGS)
        .select((
            search_counts::group_key,
            search_counts::query,
            // Some words are sought in a language that can be told, and without.
            sql::<Text>("MAX(search_counts.lang)"),
        ))
        .load(conn)?;
    let mut named: HashMap<String, (String, Option<Lang>, i64)> = HashMap::new();
    for (key, wording, lang) in wordings {
        let first = (wording, Lang::from_code(&lang), 0);
        named.entry(key).and_modify(|(.., others)| *others += 1).or_insert(first);
    }
    Ok(rows
        .into_iter()
        .map(|(key, searched, found_none, weak, opened, solved, day)| {
            let (wording, lang, others) = named.remove(&key).unwrap_or_else(|| (key.clone(), None, 0));
            let missed_at = Moment(day.saturating_mul(DAY));
            let also = Vec::new();
            Gap { key, wording, lang, also, others, searched, found_none, weak, opened, solved, missed_at }
        })
        .collect())
}

/// Puts gaps aside; `false` when nobody ever searched so, or they are aside already.
pub fn dismiss(tx: &mut Tx<'_>, keys: &[String]) -> DbResult<bool> {
    let known: HashSet<String> = search_counts::table
        .filter(among_texts(search_counts::group_key, keys))
        .select(search_counts::group_key)
        .distinct()
        .load(tx.conn)?
        .into_iter()
        .collect();
    let aside: Vec<String> = dismissed_gaps::table
        .filter(among_texts(dismissed_gaps::group_key, keys))
        .select(dismissed_gaps::group_key)
        .load(tx.conn)?;
    let rows: Vec<_> = known
        .iter()
        .filter(|key| !aside.contains(key))
        .map(|key| (dismissed_gaps::group_key.eq(key), dismissed_gaps::dismissed_at.eq(tx.now)))
        .collect();
    let any = !rows.is_empty();
    insert_all!(tx.conn, dismissed_gaps::table, rows);
    Ok(any)
}

/// Takes gaps back among the others.
pub fn restore(tx: &mut Tx<'_>, keys: &[String]) -> DbResult<bool> {
    let rows = dismissed_gaps::table.filter(among_texts(dismissed_gaps::group_key, keys));
    Ok(diesel::delete(rows).execute(tx.conn)? > 0)
}

/// A thread beside a gap.
#[derive(Debug, Clone, Queryable)]
pub struct Beside {
    pub id: i64,
    pub title: String,
    pub slug: String,
    pub answer_count: i64,
    accepted_at: Option<Moment>,
    accepted: Option<i64>,
}

impl Beside {
    /// Since when it is solved.
    pub fn solved_at(&self) -> Option<Moment> {
        self.accepted_at.filter(|_| self.accepted.is_some())
    }
}

/// Those of the threads that everybody may see.
pub fn beside(conn: &mut Conn, ids: &[i64]) -> DbResult<HashMap<i64, Beside>> {
    let rows: Vec<Beside> = threads::table
        .filter(among(threads::id, ids.iter().copied()))
        .filter(threads::removed.eq(crate::db::zero()))
        .select((
            threads::id,
            threads::title,
            threads::slug,
            threads::answer_count,
            threads::accepted_at,
            threads::accepted_answer_id,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
