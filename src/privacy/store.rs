//! privacy room: one person's rows, from every table that has some.
use crate::db::schema::{
    account_log, api_tokens, appeals, badge_awards, challenges, confirmations, drafts, flags, follows,
    me_toos, notices, posts, revisions, sample_judgements, samples, sessions, standings, threads,
    unsubscriptions, users, verdicts, votes,
};
use crate::db::{Conn, DbResult};
use crate::kernel::ids::UserId;
use crate::kernel::moment::Moment;
use crate::web::view::thread_url;
use diesel::prelude::*;
use serde_json::{Value, json};

fn iso(at: Option<Moment>) -> Option<String> {
    at.map(Moment::iso)
}

pub fn own_data(conn: &mut Conn, user: UserId, now: Moment) -> DbResult<Value> {
    Ok(json!({
        "made_at": now.iso(),
        "profile": profile(conn, user)?,
        "posts": own_posts(conn, user)?,
        "edits": edits(conn, user)?,
        "drafts": own_drafts(conn, user)?,
        "votes": own_votes(conn, user)?,
        "confirmations": own_confirmations(conn, user)?,
        "verdicts": own_verdicts(conn, user)?,
        "blind_judgements": own_judgements(conn, user)?,
        "me_too": stars(me_toos::table
            .filter(me_toos::user_id.eq(user))
            .order(me_toos::thread_id)
            .select((me_toos::thread_id, me_toos::created_at))
            .load(conn)?),
        "follows": stars(follows::table
            .filter(follows::user_id.eq(user))
            .order(follows::thread_id)
            .select((follows::thread_id, follows::created_at))
            .load(conn)?),
        "flags": own_flags(conn, user)?,
        "challenges": own_challenges(conn, user)?,
        "appeals": own_appeals(conn, user)?,
        "notices": own_notices(conn, user)?,
        "mail_lists_left": unsubscriptions::table
            .filter(unsubscriptions::user_id.eq(user))
            .order(unsubscriptions::list)
            .select(unsubscriptions::list)
            .load::<String>(conn)?,
        "saved_searches": crate::watches::own_data(conn, user)?,
        "badges": badges(conn, user)?,
        "worth": crate::worth::own_data(conn, user)?,
        "sessions": own_sessions(conn, user)?,
        "access_tokens": tokens(conn, user)?,
        "account_log": log(conn, user)?,
    }))
}

fn profile(conn: &mut Conn, user: UserId) -> DbResult<Value> {
    type Row = (
        (String, String, Option<String>, Option<Moment>, String, String, String, String),
        (Option<Moment>, Moment, Option<String>, Option<i64>),
        Option<i64>,
    );
    let (
        (username, name, email, confirmed, role, signature, about, language),
        (until, joined, site, id),
        points,
    ): Row = users::table
        .left_join(standings::table.on(standings::user_id.eq(users::id)))
        .filter(users::id.eq(user))
        .select((
            (
                users::username,
                users::display_name,
                users::email,
                users::email_confirmed_at,
                users::role,
                users::signature,
                users::bio_md,
                users::language,
            ),
            (users::suspended_until, users::created_at, users::origin_site, users::origin_id),
            standings::points.nullable(),
        ))
        .first(conn)?;
    Ok(json!({
        "username": username, "display_name": name, "email": email, "email_confirmed_at": iso(confirmed),
        "role": role, "signature": signature, "about": about, "language": language, "points": points.unwrap_or(0),
        "suspended_until": iso(until), "joined_at": joined.iso(), "imported_from": site, "imported_id": id,
    }))
}

fn own_posts(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    type Row =
        (i64, String, i64, Option<i64>, String, bool, Moment, Option<Moment>, i16, String, String, String);
    let rows: Vec<Row> = posts::table
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .filter(posts::author_id.eq(user))
        .order(posts::id)
        .select((
            posts::id,
            posts::kind,
            posts::thread_id,
            posts::parent_id,
            posts::body_md,
            posts::body_is_html,
            posts::created_at,
            posts::edited_at,
            posts::removed,
            threads::title,
            threads::slug,
            threads::tags,
        ))
        .load(conn)?;
    let shown = |(id, kind, thread, parent, body, is_html, at, edited, removed, title, slug, tags): Row| {
        let question = kind == "question";
        json!({
            "id": id, "kind": kind, "thread": thread, "parent": parent, "url": thread_url(thread, &slug),
            // The title and the tags are the asker's.
            "title": question.then_some(title), "tags": question.then_some(tags),
            "body": body, "format": if is_html { "html" } else { "markdown" },
            "created_at": at.iso(), "edited_at": iso(edited),
            "removed": match removed { 0 => None, 1 => Some("deleted"), _ => Some("hidden") },
        })
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// What the person wrote into posts as their editor, their own among them.
fn edits(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    type Row = (i64, i32, Option<String>, Option<String>, String, String, Moment);
    let rows: Vec<Row> = revisions::table
        .filter(revisions::editor_id.eq(user))
        .order(revisions::id)
        .select((
            revisions::post_id,
            revisions::number,
            revisions::title,
            revisions::tags,
            revisions::body_md,
            revisions::summary,
            revisions::created_at,
        ))
        .load(conn)?;
    let shown = |(post, number, title, tags, body, summary, at): Row| {
        json!({
            "post": post, "revision": number, "title": title, "tags": tags, "body": body, "summary": summary,
            "at": at.iso(),
        })
    };
    Ok(rows.into_iter().map(shown).collect())
}

fn own_drafts(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let rows: Vec<(String, String, String, String, Moment)> = drafts::table
        .filter(drafts::user_id.eq(user))
        .order(drafts::id)
        .select((drafts::place, drafts::title, drafts::tags, drafts::body_md, drafts::updated_at))
        .load(conn)?;
    let shown = |(place, title, tags, body, at): (_, _, _, _, Moment)| json!({ "place": place, "title": title, "tags": tags, "body": body, "updated_at": at.iso() });
    Ok(rows.into_iter().map(shown).collect())
}

fn own_votes(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let rows: Vec<(i64, i16, Moment)> = votes::table
        .filter(votes::voter_id.eq(user))
        .order(votes::id)
        .select((votes::post_id, votes::value, votes::created_at))
        .load(conn)?;
    let shown = |(post, value, at): (_, _, Moment)| json!({ "post": post, "value": value, "at": at.iso() });
    Ok(rows.into_iter().map(shown).collect())
}

fn own_confirmations(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let rows: Vec<(i64, bool, Moment)> = confirmations::table
        .filter(confirmations::user_id.eq(user))
        .order(confirmations::id)
        .select((confirmations::post_id, confirmations::value, confirmations::created_at))
        .load(conn)?;
    let shown = |(post, value, at): (_, _, Moment)| json!({ "post": post, "solved": value, "at": at.iso() });
    Ok(rows.into_iter().map(shown).collect())
}

fn own_verdicts(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let rows: Vec<(i64, String, String, Moment)> = verdicts::table
        .filter(verdicts::user_id.eq(user))
        .order(verdicts::id)
        .select((verdicts::post_id, verdicts::verdict, verdicts::note, verdicts::created_at))
        .load(conn)?;
    let shown = |(post, verdict, note, at): (_, _, _, Moment)| json!({ "post": post, "verdict": verdict, "note": note, "at": at.iso() });
    Ok(rows.into_iter().map(shown).collect())
}

fn own_judgements(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let rows: Vec<(i64, String, Moment)> = sample_judgements::table
        .inner_join(samples::table.on(samples::id.eq(sample_judgements::sample_id)))
        .filter(sample_judgements::user_id.eq(user))
        .order(sample_judgements::sample_id)
        .select((samples::post_id, sample_judgements::judgement, sample_judgements::created_at))
        .load(conn)?;
    let shown = |(post, judgement, at): (_, _, Moment)| json!({ "post": post, "judgement": judgement, "at": at.iso() });
    Ok(rows.into_iter().map(shown).collect())
}

fn stars(rows: Vec<(i64, Moment)>) -> Vec<Value> {
    rows.into_iter().map(|(thread, at)| json!({ "thread": thread, "at": at.iso() })).collect()
}

fn own_flags(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let rows: Vec<(i64, String, String, Moment, Option<String>)> = flags::table
        .filter(flags::flagger_id.eq(user))
        .order(flags::id)
        .select((flags::post_id, flags::reason, flags::note, flags::created_at, flags::decision))
        .load(conn)?;
    let shown = |(post, reason, note, at, decision): (_, _, _, Moment, _)| json!({ "post": post, "reason": reason, "note": note, "at": at.iso(), "decision": decision });
    Ok(rows.into_iter().map(shown).collect())
}

fn own_challenges(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    type Row = (i64, String, Option<i64>, String, Moment, Option<Moment>, String);
    let rows: Vec<Row> = challenges::table
        .filter(challenges::challenger_id.eq(user))
        .order(challenges::id)
        .select((
            challenges::post_id,
            challenges::evidence_md,
            challenges::instead_id,
            challenges::state,
            challenges::created_at,
            challenges::decided_at,
            challenges::decision_note,
        ))
        .load(conn)?;
    let shown = |(post, evidence, instead, state, at, decided, note): Row| {
        json!({
            "post": post, "evidence": evidence, "right_instead": instead, "state": state, "at": at.iso(),
            "decided_at": iso(decided), "decision": note,
        })
    };
    Ok(rows.into_iter().map(shown).collect())
}

fn own_appeals(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    type Row = (String, i64, String, i64, String, String, Moment, Option<Moment>, String);
    let rows: Vec<Row> = appeals::table
        .filter(appeals::user_id.eq(user))
        .order(appeals::id)
        .select((
            appeals::subject,
            appeals::subject_id,
            appeals::badge,
            appeals::tag_id,
            appeals::text_md,
            appeals::state,
            appeals::created_at,
            appeals::decided_at,
            appeals::decision_note,
        ))
        .load(conn)?;
    let shown = |(subject, number, badge, topic, text, state, at, decided, note): Row| {
        json!({
            "against": subject, "number": number, "badge": badge, "topic": topic, "text": text, "state": state,
            "at": at.iso(), "decided_at": iso(decided), "decision": note,
        })
    };
    Ok(rows.into_iter().map(shown).collect())
}

fn own_notices(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    type Row = (String, Option<i64>, Option<i64>, String, Moment, Option<Moment>);
    let rows: Vec<Row> = notices::table
        .filter(notices::user_id.eq(user))
        .order(notices::id)
        .select((
            notices::kind,
            notices::thread_id,
            notices::post_id,
            notices::detail,
            notices::created_at,
            notices::read_at,
        ))
        .load(conn)?;
    let shown = |(kind, thread, post, detail, at, read): Row| {
        json!({
            "kind": kind, "thread": thread, "post": post, "detail": detail, "at": at.iso(), "read_at": iso(read),
        })
    };
    Ok(rows.into_iter().map(shown).collect())
}

fn badges(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let rows: Vec<(String, Moment)> = badge_awards::table
        .filter(badge_awards::user_id.eq(user))
        .filter(badge_awards::revoked_event_id.is_null())
        .order(badge_awards::id)
        .select((badge_awards::badge, badge_awards::created_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(badge, at)| json!({ "badge": badge, "at": at.iso() })).collect())
}

fn own_sessions(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let rows: Vec<(String, Moment, Moment, Moment)> = sessions::table
        .filter(sessions::user_id.eq(user))
        .order(sessions::id)
        .select((sessions::user_agent, sessions::created_at, sessions::used_at, sessions::expires_at))
        .load(conn)?;
    let shown = |(browser, begun, used, ends): (_, Moment, Moment, Moment)| json!({ "browser": browser, "begun_at": begun.iso(), "used_at": used.iso(), "ends_at": ends.iso() });
    Ok(rows.into_iter().map(shown).collect())
}

fn tokens(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let rows: Vec<(String, Moment, Option<Moment>, Option<Moment>)> = api_tokens::table
        .filter(api_tokens::user_id.eq(user))
        .order(api_tokens::id)
        .select((api_tokens::name, api_tokens::created_at, api_tokens::used_at, api_tokens::revoked_at))
        .load(conn)?;
    let shown = |(name, made, used, revoked): (_, Moment, _, _)| json!({ "name": name, "made_at": made.iso(), "used_at": iso(used), "revoked_at": iso(revoked) });
    Ok(rows.into_iter().map(shown).collect())
}

/// The log of the account. Where somebody else acted, the address is theirs and is left out.
fn log(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let rows: Vec<(Moment, String, Option<UserId>, Option<String>)> = account_log::table
        .filter(account_log::user_id.eq(user))
        .order(account_log::id)
        .select((account_log::at, account_log::act, account_log::actor_id, account_log::address))
        .load(conn)?;
    let shown = |(at, act, actor, address): (Moment, _, _, Option<String>)| json!({ "at": at.iso(), "act": act, "address": address.filter(|_| actor == Some(user)) });
    Ok(rows.into_iter().map(shown).collect())
}
