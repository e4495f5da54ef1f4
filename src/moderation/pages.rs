//! moderation room: flagging, the queue, the log, and the forms of what moderators do.
use super::policy::{self, FlagReason};
use super::store::{self, Waiting};
use super::views::*;
use super::{Suspending, flag_problem, seen};
use crate::accounts;
use crate::error::{Error, Result};
use crate::kernel::excerpt::excerpt;
use crate::kernel::ids::{CandidateId, FlagId, PostId, ThreadId, UserId};
use crate::kernel::moment::HOUR;
use crate::kernel::{limits, markdown};
use crate::threads::{self, Done, Place};
use crate::web::form::{Form, Params, Parts};
use crate::web::i18n::{Arg, translate};
use crate::web::rates::Budget;
use crate::web::view::{self, Cursor, counted, named, person_url, stretch, tag_links, thread_url, when};
use crate::web::views::{Choice, FieldErrors, MessagePage};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;

fn post_url(post: PostId) -> String {
    format!("/posts/{post}")
}

// --- flags ---

fn flag_page(room: &mut Room<'_>, post: PostId, typed: Option<&Form>, errors: FieldErrors) -> Result<Page> {
    let viewer = room.viewer()?.clone();
    let (head, at) = seen(room.conn, &viewer, post)?.ok_or(Error::NotFound)?;
    if let Some(problem) = flag_problem(&head, &at) {
        return Err(Error::Forbidden(problem));
    }
    let target = store::target(room.conn, post)?.ok_or(Error::NotFound)?;
    let authors: Vec<UserId> = target.author_id.into_iter().collect();
    let names = accounts::names_of(room.conn, &authors)?;
    let lang = room.visit.lang;
    let chosen = typed.map_or("", |form| form.get("reason"));
    let view = FlagPage {
        post_id: post.0,
        kind: target.kind,
        author_name: named(lang, &names, target.author_id, target.author_name.as_deref()).display_name,
        excerpt: excerpt(&markdown::text_of(&target.body_html), limits::FLAG_EXCERPT_CHARS),
        post_url: post_url(post),
        thread_title: target.title,
        reasons: FlagReason::ALL
            .into_iter()
            .map(|reason| Choice {
                value: reason.as_str().to_owned(),
                label: room.visit.t(reason.label_key()),
                help: room.visit.t(&format!("{}-help", reason.label_key())),
                chosen: reason.as_str() == chosen,
            })
            .collect(),
        note: typed.map_or_else(String::new, |form| form.get("note").to_owned()),
        errors,
        max_note: limits::MAX_FLAG_NOTE as i64,
        already: store::has_flagged(room.conn, post, viewer.id)?,
        // A flag is one per person and post: a form sent twice needs no key.
        submission_key: String::new(),
    };
    Ok(Page::html("moderation/flag.html", Head::private(room.visit.t("flag-title"), "threads"), &view))
}

/// `GET /posts/{id}/flag`.
pub async fn flag_form(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    visit.page(move |room| flag_page(room, post, None, FieldErrors::new())).await
}

/// `POST /posts/{id}/flags`.
pub async fn flag(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let reason = FlagReason::parse(form.get("reason"));
    let note = policy::parse_flag_note(form.get("note"));
    let mut errors = FieldErrors::new();
    if reason.is_none() {
        errors.insert("reason".into(), visit.t("flag-reason-missing"));
    }
    if let Err(key) = note {
        errors.insert("note".into(), visit.t(key));
    }
    let (Some(reason), Ok(note)) = (reason, note) else {
        return visit
            .page(move |room| Ok(flag_page(room, post, Some(&form), errors)?.with_status(422)))
            .await;
    };
    let done = visit
        .act_once(&form, Budget::Flag, move |tx, viewer| super::flag(tx, viewer, post, reason, &note))
        .await?;
    match done {
        Done::Done(_) => Ok(visit.redirect(&post_url(post), Some(("ok", "flash-flagged")))),
        Done::Already(_) => Ok(visit.redirect(&post_url(post), Some(("warn", "flash-flagged-already")))),
        Done::NotFound => Err(Error::NotFound),
        Done::Refused(key) => Err(Error::Forbidden(key)),
    }
}

/// `POST /flags/{id}/decision`.
pub async fn decide(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let flag = FlagId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let agreed = match form.get("decision") {
        "agreed" => true,
        "declined" => false,
        _ => return visit.refuse(Error::Invalid("decision", "decision-unknown")).await,
    };
    let reason = match policy::parse_reason(form.get("reason")) {
        Ok(reason) => reason,
        Err(key) => return ask_again(visit, Asked::Decide(flag), form, "reason", key).await,
    };
    let hide = form.get("hide") == "1";
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| {
            super::decide(tx, viewer, flag, agreed, &reason, hide)
        })
        .await?;
    match done {
        Done::Done(_) => Ok(visit.redirect("/moderation", Some(("ok", "flash-decided")))),
        Done::Already(_) => Ok(visit.redirect("/moderation", Some(("warn", "flash-decided-already")))),
        Done::NotFound => Err(Error::NotFound),
        Done::Refused(key) => Err(Error::Conflict(key)),
    }
}

// --- the queue ---

/// How long a thread may stay unsolved, in microseconds.
fn patience(room: &Room<'_>) -> i64 {
    room.visit.app.config.unsolved_after_hours.saturating_mul(HOUR)
}

/// What waits on each tab of the queue, `tab` being the current one.
pub fn queue_counts(room: &mut Room<'_>, tab: &str) -> Result<QueueCounts> {
    let since = room.now.plus(-patience(room));
    Ok(QueueCounts {
        tab: tab.into(),
        flag_count: super::open_flag_count(room.conn)?,
        challenge_count: crate::challenges::open_count(room.conn)?,
        finding_count: crate::findings::held_count(room.conn)?,
        appeal_count: crate::appeals::open_count(room.conn)?,
        duplicate_count: store::open_candidate_count(room.conn)?,
        unanswered_count: store::waiting_count(room.conn, Waiting::Unanswered, room.now)?,
        unsolved_count: store::waiting_count(room.conn, Waiting::Unsolved, since)?,
    })
}

/// `GET /moderation`.
pub async fn queue(visit: Visit, params: Params) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    let tab = match params.get("tab") {
        "" | "flags" => "flags",
        "duplicates" => "duplicates",
        "unanswered" => "unanswered",
        "unsolved" => "unsolved",
        _ => return Err(Error::NotFound),
    };
    visit
        .page(move |room| {
            let lang = room.visit.lang;
            let patience = patience(room);
            let since = room.now.plus(-patience);
            let mut view = QueuePage { counts: queue_counts(room, tab)?, ..QueuePage::default() };
            let base = format!("/moderation?tab={tab}");
            let next = if tab == "flags" {
                let (rows, next) = flag_rows(room, after)?;
                view.flags = rows;
                next
            } else if tab == "duplicates" {
                let (rows, next) = store::open_candidates(room.conn, after)?;
                view.rule_label = room.visit.t("queue-duplicates-rule");
                view.duplicates = rows.into_iter().map(|row| duplicate_row(room, row)).collect();
                next
            } else {
                // Whoever has no answer yet is there from the first minute; the late ones are marked.
                let (what, rule, since) = if tab == "unanswered" {
                    (Waiting::Unanswered, "queue-rule-unanswered", room.now)
                } else {
                    (Waiting::Unsolved, "queue-rule-unsolved", since)
                };
                view.rule_label = translate(lang, rule, &[("time", Arg::Text(&stretch(lang, patience)))]);
                let (rows, next) = waiting_rows(room, what, since, patience, after)?;
                view.threads = rows;
                next
            };
            view.pager = view::pager(&base, next.map(Cursor::encode), after.is_none());
            let head = Head::private(room.visit.t("queue-title"), "moderation");
            Ok(Page::html("moderation/queue.html", head, &view))
        })
        .await
}

fn flag_rows(room: &mut Room<'_>, after: Option<Cursor>) -> Result<(Vec<FlagRow>, Option<Cursor>)> {
    let (lang, now) = (room.visit.lang, room.now);
    let (rows, next) = store::open_flags(room.conn, after)?;
    let mut people: Vec<UserId> = rows.iter().map(|row| row.flagger).collect();
    people.extend(rows.iter().filter_map(|row| row.author_id));
    let names = accounts::names_of(room.conn, &people)?;
    let posts: Vec<PostId> = rows.iter().map(|row| row.post).collect();
    let others = store::open_flags_on(room.conn, &posts)?;
    let rows = rows
        .into_iter()
        .map(|row| {
            let more = others.get(&row.post).copied().unwrap_or(1) - 1;
            let reason = FlagReason::parse(&row.reason).unwrap_or(FlagReason::Other);
            FlagRow {
                id: row.id.0,
                post_id: row.post.0,
                kind: row.kind,
                post_url: post_url(row.post),
                thread_title: row.title,
                author: named(lang, &names, row.author_id, row.author_name.as_deref()),
                excerpt: excerpt(&markdown::text_of(&row.body_html), limits::FLAG_EXCERPT_CHARS),
                removed: row.removed != 0 || row.thread_removed != 0,
                flagged_by: named(lang, &names, Some(row.flagger), None),
                reason_label: translate(lang, reason.label_key(), &[]),
                note: row.note,
                when: when(lang, row.created_at, now),
                others_label: if more > 0 { counted(lang, "label-other-flags", more) } else { String::new() },
            }
        })
        .collect();
    Ok((rows, next))
}

/// Percent that words alone are never beyond.
const SURE: i64 = 99;

fn duplicate_row(room: &Room<'_>, row: store::Candidate) -> DuplicateRow {
    let lang = room.visit.lang;
    let side = |side: store::Side| DuplicateSide {
        thread_id: side.id.0,
        url: thread_url(side.id.0, &side.slug),
        title: side.title,
        excerpt: side.excerpt,
        asked: when(lang, side.created_at, room.now),
        answers_label: counted(lang, "label-n-answers", side.answer_count),
        solved: side.accepted.is_some(),
    };
    DuplicateRow {
        id: row.id.0,
        likelihood_label: counted(lang, "label-likely", ((row.likelihood + 5) / 10).min(SURE)),
        thread: side(row.thread),
        of: side(row.of),
    }
}

fn waiting_rows(
    room: &mut Room<'_>,
    what: Waiting,
    since: crate::kernel::moment::Moment,
    patience: i64,
    after: Option<Cursor>,
) -> Result<(Vec<QueueThread>, Option<Cursor>)> {
    let (lang, now) = (room.visit.lang, room.now);
    let (rows, next) = store::waiting(room.conn, what, since, after)?;
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.author_id).collect();
    let names = accounts::names_of(room.conn, &people)?;
    let rows = rows
        .into_iter()
        .map(|row| {
            let waited = now.since(row.created_at);
            let late_by = waited.saturating_sub(patience);
            QueueThread {
                thread_id: row.id.0,
                url: thread_url(row.id.0, &row.slug),
                title: row.title,
                author: named(lang, &names, row.author_id, row.author_name.as_deref()),
                asked: when(lang, row.created_at, now),
                waiting: translate(lang, "label-waiting", &[("time", Arg::Text(&stretch(lang, waited)))]),
                late_label: if late_by >= 0 {
                    translate(lang, "case-late-by", &[("time", Arg::Text(&stretch(lang, late_by)))])
                } else {
                    String::new()
                },
                late: late_by >= if what == Waiting::Unanswered { 0 } else { patience },
                answers_label: counted(lang, "label-n-answers", row.answer_count),
                me_too_label: if row.me_too_count > 0 {
                    counted(lang, "label-n-me-too", row.me_too_count)
                } else {
                    String::new()
                },
                tags: tag_links(&row.tags),
                escalated: row.escalated,
                can_escalate: !row.escalated,
            }
        })
        .collect();
    Ok((rows, next))
}

/// `POST /moderation/duplicates/{id}/dismissal`.
pub async fn dismiss_candidate(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = CandidateId(parts.number("id")?);
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::dismiss_candidate(tx, viewer, id))
        .await?;
    let queue = "/moderation?tab=duplicates";
    match done {
        Done::Done(_) => Ok(visit.redirect(queue, Some(("ok", "flash-dismissed")))),
        Done::Already(_) => Ok(visit.redirect(queue, Some(("warn", "flash-dismissed-already")))),
        Done::NotFound => Err(Error::NotFound),
        Done::Refused(key) => Err(Error::Conflict(key)),
    }
}

// --- the log ---

/// `GET /moderation/log`.
pub async fn log(visit: Visit, params: Params) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    visit
        .page(move |room| {
            let (lang, now) = (room.visit.lang, room.now);
            let (rows, next) = store::log_page(room.conn, after)?;
            let mut people: Vec<UserId> = rows.iter().filter_map(|row| row.actor).collect();
            people.extend(rows.iter().filter_map(|row| row.user.map(UserId)));
            let threads: Vec<ThreadId> = rows.iter().filter_map(|row| row.thread.map(ThreadId)).collect();
            let posts: Vec<PostId> = rows.iter().filter_map(|row| row.post.map(PostId)).collect();
            let names = accounts::names_of(room.conn, &people)?;
            let titles = store::titles_of(room.conn, &threads)?;
            let kinds = store::kinds_of(room.conn, &posts)?;
            let rows = rows
                .into_iter()
                .map(|row| {
                    let thread = row.thread.map(ThreadId);
                    let title = thread.and_then(|id| Some((id, titles.get(&id)?)));
                    let kind =
                        row.post.and_then(|id| kinds.get(&PostId(id))).map_or("question", String::as_str);
                    let (target_title, target_url) = match (title, row.post, row.user) {
                        (Some((_, (_, title))), Some(post), _) => {
                            (title.clone(), Some(post_url(PostId(post))))
                        }
                        (Some((id, (slug, title))), None, _) => (title.clone(), Some(thread_url(id.0, slug))),
                        (None, _, Some(user)) => {
                            let person = named(lang, &names, Some(UserId(user)), None);
                            (person.display_name, person.url)
                        }
                        (None, _, None) => (String::new(), None),
                    };
                    // For a change of role the reason is the role.
                    let role = row.act == policy::Act::Role.as_str();
                    let given =
                        if role { room.visit.t(&format!("role-{}", row.reason)) } else { String::new() };
                    LogRow {
                        text: translate(
                            lang,
                            &format!("log-{}", row.act),
                            &[("kind", Arg::Text(kind)), ("role", Arg::Text(&given))],
                        ),
                        act: row.act,
                        by: named(lang, &names, row.actor, None),
                        when: when(lang, row.created_at, now),
                        target_title,
                        target_url,
                        reason: if role { String::new() } else { row.reason },
                    }
                })
                .collect();
            let view = LogPage {
                rows,
                pager: view::pager("/moderation/log", next.map(Cursor::encode), after.is_none()),
            };
            let head = Head::private(room.visit.t("log-title"), "moderation");
            Ok(Page::html("moderation/log.html", head, &view))
        })
        .await
}

// --- acts ---

/// What a form that came without a good reason was about.
enum Asked {
    Decide(FlagId),
    Hide(PostId),
    Restore(PostId),
    Lock(ThreadId),
    Duplicate(ThreadId),
    Suspend(String),
}

/// The form once more, with what was typed and what is wrong with it.
async fn ask_again(
    visit: Visit,
    asked: Asked,
    form: Form,
    field: &'static str,
    key: &'static str,
) -> Result<HttpResponse> {
    visit
        .page(move |room| {
            let viewer = room.viewer()?.clone();
            let t = |key: &str| room.visit.t(key);
            let mut view = ReasonPage {
                reason: form.get("reason").to_owned(),
                of: form.get("of").to_owned(),
                days: form.number("days").ok().flatten().unwrap_or(DAYS),
                errors: FieldErrors::from([(field.to_owned(), t(key))]),
                ..ReasonPage::default()
            };
            let mut post = None;
            match &asked {
                Asked::Decide(flag) => {
                    post = Some(store::flag_head(room.conn, *flag)?.ok_or(Error::NotFound)?.post);
                    view.act = "decide".into();
                    view.action = format!("/flags/{flag}/decision");
                    view.title = t(if form.get("decision") == "agreed" {
                        "queue-agree-do"
                    } else {
                        "queue-decline-do"
                    });
                    view.fields = ["decision", "hide"]
                        .into_iter()
                        .filter_map(|name| {
                            let value = form.filled(name)?.to_owned();
                            Some(HiddenField { name: name.into(), value })
                        })
                        .collect();
                }
                Asked::Hide(id) => {
                    post = Some(*id);
                    view.act = "hide".into();
                    view.action = format!("/posts/{id}/hiding");
                }
                Asked::Restore(id) => {
                    post = Some(*id);
                    view.act = "restore".into();
                    view.action = format!("/posts/{id}/hiding/removal");
                }
                Asked::Lock(id) => {
                    post = Some(id.question());
                    view.act = "lock".into();
                    view.action = format!("/threads/{id}/lock");
                    view.title = t("reason-lock");
                }
                Asked::Duplicate(id) => {
                    post = Some(id.question());
                    view.act = "duplicate".into();
                    view.action = format!("/threads/{id}/duplicate");
                    view.title = t("tools-duplicate");
                }
                Asked::Suspend(username) => {
                    let person = accounts::find_person(room.conn, username)?.ok_or(Error::NotFound)?;
                    view.act = "suspend".into();
                    view.action = format!("{}/suspension", person_url(&person.username));
                    view.title = translate(
                        room.visit.lang,
                        "reason-suspend",
                        &[("name", Arg::Text(&person.display_name))],
                    );
                    view.target_url = person_url(&person.username);
                    view.target_title = person.display_name;
                }
            }
            if let Some(post) = post {
                seen(room.conn, &viewer, post)?.ok_or(Error::NotFound)?;
                let target = store::target(room.conn, post)?.ok_or(Error::NotFound)?;
                if let Asked::Hide(_) | Asked::Restore(_) = asked {
                    let key = format!("reason-{}", view.act);
                    view.title = translate(room.visit.lang, &key, &[("kind", Arg::Text(&target.kind))]);
                }
                view.target_url = match asked {
                    Asked::Hide(_) | Asked::Restore(_) | Asked::Decide(_) => post_url(post),
                    _ => thread_url(target.thread.0, &target.slug),
                };
                view.target_title = target.title;
            }
            let head = Head::private(view.title.clone(), "moderation");
            Ok(Page::html("moderation/reason.html", head, &view).with_status(422))
        })
        .await
}

/// Days that a form of suspension begins with.
const DAYS: i64 = 7;

/// Back to the post or thread that was acted on, with the word for what was done or for what was so before.
fn back(
    visit: &Visit,
    done: Done,
    to_post: bool,
    flash: &'static str,
    already: &'static str,
) -> Result<HttpResponse> {
    let to = |place: Place, flash| {
        let url = if to_post { post_url(place.post) } else { thread_url(place.thread.0, &place.slug) };
        Ok(visit.redirect(&url, Some(flash)))
    };
    match done {
        Done::Done(place) => to(place, ("ok", flash)),
        Done::Already(place) => to(place, ("warn", already)),
        Done::NotFound => Err(Error::NotFound),
        Done::Refused(key) => Err(Error::Conflict(key)),
    }
}

/// `POST /posts/{id}/hiding`.
pub async fn hide(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let reason = match policy::parse_reason(form.get("reason")) {
        Ok(reason) => reason,
        Err(key) => return ask_again(visit, Asked::Hide(post), form, "reason", key).await,
    };
    let done =
        visit.act(&form, Budget::Moderate, move |tx, viewer| super::hide(tx, viewer, post, &reason)).await?;
    back(&visit, done, true, "flash-hidden", "flash-hidden-already")
}

/// The remark of an act that takes something back; none is needed.
fn remark(form: &Form) -> Result<String> {
    policy::parse_remark(form.get("reason")).map_err(|key| Error::Invalid("reason", key))
}

/// `POST /posts/{id}/hiding/removal`.
pub async fn restore(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let reason = match policy::parse_reason(form.get("reason")) {
        Ok(reason) => reason,
        Err(key) => return ask_again(visit, Asked::Restore(post), form, "reason", key).await,
    };
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::restore(tx, viewer, post, &reason))
        .await?;
    back(&visit, done, true, "flash-restored", "flash-not-hidden")
}

/// `POST /threads/{id}/lock`.
pub async fn lock(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let reason = match policy::parse_reason(form.get("reason")) {
        Ok(reason) => reason,
        Err(key) => return ask_again(visit, Asked::Lock(thread), form, "reason", key).await,
    };
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::lock(tx, viewer, thread, &reason))
        .await?;
    back(&visit, done, false, "flash-locked", "flash-locked-already")
}

/// `POST /threads/{id}/lock/removal`.
pub async fn unlock(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    let remark = remark(&form)?;
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::unlock(tx, viewer, thread, &remark))
        .await?;
    back(&visit, done, false, "flash-unlocked", "flash-not-locked")
}

/// `POST /threads/{id}/duplicate`.
pub async fn close_as_duplicate(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let asked = Asked::Duplicate(thread);
    let config = &visit.app.config;
    let host = if config.base_url_set { config.base_url.split("://").nth(1) } else { None };
    let Some(of) = policy::parse_thread_ref(form.get("of"), host) else {
        return ask_again(visit, asked, form, "of", "duplicate-unknown").await;
    };
    let reason = match policy::parse_reason(form.get("reason")) {
        Ok(reason) => reason,
        Err(key) => return ask_again(visit, asked, form, "reason", key).await,
    };
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| {
            super::close_as_duplicate(tx, viewer, thread, of, &reason)
        })
        .await?;
    match done {
        Done::Refused(key) if key.starts_with("duplicate-") => ask_again(visit, asked, form, "of", key).await,
        Done::Already(_) => closed_already(visit, thread).await,
        done => back(&visit, done, false, "flash-closed", "flash-closed"),
    }
}

/// Says in favour of which other a thread was closed before.
async fn closed_already(visit: Visit, thread: ThreadId) -> Result<HttpResponse> {
    visit
        .page(move |room| {
            let row = threads::thread(room.conn, thread)?.ok_or(Error::NotFound)?;
            let of: Vec<ThreadId> = row.duplicate_of.into_iter().collect();
            let titles = store::titles_of(room.conn, &of)?;
            let of = of.first().and_then(|id| Some((id, &titles.get(id)?.1)));
            let (number, title) = of.map_or((String::new(), ""), |(id, title)| (id.to_string(), title));
            let said = room.visit.t("duplicate-already-title");
            let view = MessagePage {
                title: said.clone(),
                text: translate(
                    room.visit.lang,
                    "duplicate-already-text",
                    &[("number", Arg::Text(&number)), ("title", Arg::Text(title))],
                ),
                action_url: Some(thread_url(thread.0, &row.slug)),
                action_label: Some(room.visit.t("back-to-thread")),
            };
            Ok(Page::html("web/message.html", Head::private(said, "moderation"), &view).with_status(409))
        })
        .await
}

/// `POST /threads/{id}/duplicate/removal`.
pub async fn reopen(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    let remark = remark(&form)?;
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::reopen(tx, viewer, thread, &remark))
        .await?;
    back(&visit, done, false, "flash-reopened", "flash-not-closed")
}

fn to_person(
    visit: &Visit,
    done: Suspending,
    flash: &'static str,
    already: &'static str,
) -> Result<HttpResponse> {
    match done {
        Suspending::Done(name) => Ok(visit.redirect(&person_url(&name), Some(("ok", flash)))),
        Suspending::Already(name) => Ok(visit.redirect(&person_url(&name), Some(("warn", already)))),
        Suspending::NotFound => Err(Error::NotFound),
        Suspending::Refused(key) => Err(Error::Forbidden(key)),
    }
}

/// `POST /people/{username}/suspension`.
pub async fn suspend(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let username = parts.text("username")?.to_owned();
    visit.confirm_form(&form)?;
    let days = form.number("days").ok().flatten().filter(|d| (1..=limits::MAX_SUSPENSION_DAYS).contains(d));
    let asked = Asked::Suspend(username.clone());
    let Some(days) = days else {
        return ask_again(visit, asked, form, "days", "suspend-days-wrong").await;
    };
    let reason = match policy::parse_reason(form.get("reason")) {
        Ok(reason) => reason,
        Err(key) => return ask_again(visit, asked, form, "reason", key).await,
    };
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::suspend(tx, viewer, &username, days, &reason))
        .await?;
    to_person(&visit, done, "flash-suspended", "flash-suspended-already")
}

/// `POST /people/{username}/suspension/removal`.
pub async fn unsuspend(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let username = parts.text("username")?.to_owned();
    let remark = remark(&form)?;
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::unsuspend(tx, viewer, &username, &remark))
        .await?;
    to_person(&visit, done, "flash-unsuspended", "flash-not-suspended")
}
