//! escalation room: passing a thread on, the staff's desk, and the page of a case.
use super::policy::{self, CloseReason, State};
use super::store::{self, Case, Eyes, Tab};
use super::views::*;
use super::{Answering, Handling, Opening, draft_place, question, seen};
use crate::accounts::{self, PersonHead, Viewer};
use crate::error::{Error, Result};
use crate::kernel::excerpt::excerpt;
use crate::kernel::ids::{CaseId, ThreadId, UserId};
use crate::kernel::moment::Moment;
use crate::kernel::safe_html::{SafeHtml, escape};
use crate::kernel::{limits, markdown, token};
use crate::ledger::Fact;
use crate::moderation::parse_case_note;
use crate::moderation::views::EscalatePage;
use crate::threads::{self, Kind, PostRow, Removed, SeesRemoved, Sent, ThreadRow, parse_submission_key};
use crate::web::form::{Form, Params, Parts};
use crate::web::i18n::{Arg, translate};
use crate::web::rates::Budget;
use crate::web::view::{self, Cursor, counted, named, stretch, tag_links, thread_url, when};
use crate::web::views::{BadgeCounts, Choice, FieldErrors};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;
use std::collections::HashMap;

/// Characters of a moderator's note on the desk; the whole is on the case's page.
const DESK_NOTE_CHARS: usize = 240;
/// Characters of an answer on the case's page.
const ANSWER_CHARS: usize = 300;

fn new_key() -> Result<String> {
    token::random().map_err(|e| Error::Internal(e.to_string()))
}

fn case_url(case: CaseId) -> String {
    format!("/desk/{case}")
}

// --- a moderator passes a thread on ---

fn escalate_page(room: &mut Room<'_>, thread: ThreadId, note: String, errors: FieldErrors) -> Result<Page> {
    let viewer = room.viewer()?.clone();
    let head = question(room.conn, &viewer, thread)?.ok_or(Error::NotFound)?;
    if head.removed != Removed::No {
        return Err(Error::Conflict("case-thread-removed"));
    }
    let url = thread_url(thread.0, &head.slug);
    if store::open_case(room.conn, thread)?.is_some() {
        return Ok(Page::Redirect(url));
    }
    let row = threads::question(room.conn, thread)?.ok_or(Error::NotFound)?;
    let title = threads::thread(room.conn, thread)?.ok_or(Error::NotFound)?.title;
    let view = EscalatePage {
        thread_id: thread.0,
        thread_title: title,
        thread_url: url,
        asker_name: view::person(room.visit.lang, &row.author(), BadgeCounts::default()).display_name,
        note,
        max_note: limits::MAX_CASE_NOTE as i64,
        errors,
        // A thread has one case that waits: a form sent twice needs no key.
        submission_key: String::new(),
    };
    let head = Head::private(room.visit.t("escalate-title"), "moderation");
    Ok(Page::html("moderation/escalate.html", head, &view))
}

/// `GET /threads/{id}/escalate`.
pub async fn escalate_form(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    visit.page(move |room| escalate_page(room, thread, String::new(), FieldErrors::new())).await
}

/// `POST /threads/{id}/cases`.
pub async fn open(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let thread = ThreadId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let note = match parse_case_note(form.get("note")) {
        Ok(note) => note,
        Err(key) => {
            let errors = FieldErrors::from([("note".to_owned(), visit.t(key))]);
            let typed = form.get("note").to_owned();
            return visit
                .again(form.typed(), move |room| {
                    Ok(escalate_page(room, thread, typed, errors)?.with_status(422))
                })
                .await;
        }
    };
    let hours = visit.app.config.case_due_hours;
    let opened = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::open(tx, viewer, thread, &note, hours))
        .await?;
    match opened {
        Opening::Opened(_, place) => {
            Ok(visit.redirect(&thread_url(thread.0, &place.slug), Some(("ok", "flash-case-opened"))))
        }
        Opening::Already(_, place) => {
            let flash = ("warn", "flash-case-open-already");
            Ok(visit.redirect(&thread_url(thread.0, &place.slug), Some(flash)))
        }
        Opening::NotFound => Err(Error::NotFound),
        Opening::Refused(key) => Err(Error::Conflict(key)),
    }
}

// --- the desk ---

fn eyes(viewer: &Viewer) -> Eyes {
    Eyes { viewer: viewer.id, sees_removed: viewer.role.moderates() }
}

/// "waiting for 5 hours".
fn waiting(lang: &str, since: Moment, now: Moment) -> String {
    translate(lang, "label-waiting", &[("time", Arg::Text(&stretch(lang, now.since(since))))])
}

/// `GET /desk`.
pub async fn desk(visit: Visit, params: Params) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    let tab = match params.get("tab") {
        "" => Tab::Open,
        name => Tab::parse(name).ok_or(Error::NotFound)?,
    };
    visit
        .page(move |room| {
            let (lang, now) = (room.visit.lang, room.now);
            let eyes = eyes(room.viewer()?);
            let (rows, next) = store::desk(room.conn, tab, eyes, after)?;
            let mut people: Vec<UserId> = Vec::new();
            for row in &rows {
                people.extend([Some(row.opened_by), row.assignee, row.asker].into_iter().flatten());
            }
            let names = accounts::names_of(room.conn, &people)?;
            let rows = rows
                .into_iter()
                .map(|row| {
                    let state = row.state();
                    CaseRow {
                        id: row.id.0,
                        url: case_url(row.id),
                        thread_title: row.title,
                        state: state.as_str().to_owned(),
                        state_label: room.visit.t(state.label_key()),
                        asker: named(lang, &names, row.asker, None),
                        escalated_by: named(lang, &names, Some(row.opened_by), None),
                        escalated: when(lang, row.opened_at, now),
                        note: excerpt(&row.note, DESK_NOTE_CHARS),
                        can_take: state == State::Open,
                        assignee: row.assignee.map(|id| named(lang, &names, Some(id), None)),
                        waiting: if state.waits() {
                            waiting(lang, row.opened_at, now)
                        } else {
                            String::new()
                        },
                        late: state.waits() && row.due_at < now,
                        tags: tag_links(&row.tags),
                    }
                })
                .collect();
            let base = format!("/desk?tab={}", tab.as_str());
            let view = DeskPage {
                tab: tab.as_str().to_owned(),
                open_count: store::waiting_count(room.conn, Some(eyes), false)?,
                mine_count: store::waiting_count(room.conn, Some(eyes), true)?,
                rows,
                pager: view::pager(&base, next.map(Cursor::encode), after.is_none()),
            };
            let head = Head::private(room.visit.t("desk-title"), "desk");
            Ok(Page::html("escalation/desk.html", head, &view))
        })
        .await
}

// --- the page of a case ---

/// What a form brought back to the page.
#[derive(Default)]
struct Typed {
    answer_md: Option<String>,
    signature: Option<String>,
    note: String,
    close_reason: String,
    close_note: String,
    preview: Option<SafeHtml>,
    errors: FieldErrors,
    /// Says who has the case, above everything else.
    held: bool,
}

fn case_page(room: &mut Room<'_>, id: CaseId, typed: Typed) -> Result<Page> {
    let (lang, now) = (room.visit.lang, room.now);
    let viewer = room.viewer()?.clone();
    let (case, standing) = seen(room.conn, &viewer, id)?.ok_or(Error::NotFound)?;
    let thread = threads::thread(room.conn, case.thread)?.ok_or(Error::NotFound)?;
    let question = threads::question(room.conn, case.thread)?.ok_or(Error::NotFound)?;
    let answers = answers(room, &thread)?;
    let asker = asker(room, &thread, &question)?;
    let notes = store::notes(room.conn, id)?;
    let history = store::history(room.conn, &case)?;

    let mut people = vec![case.opened_by];
    people.extend([case.assignee, case.closed_by].into_iter().flatten());
    people.extend(notes.iter().map(|note| note.author));
    people.extend(history.iter().filter_map(|(_, actor, _)| *actor));
    let names = accounts::names_of(room.conn, &people)?;
    let person = |id: Option<UserId>| named(lang, &names, id, None);

    let draft = match typed.answer_md {
        Some(text) => text,
        None if standing.may_answer() => threads::draft_at(room.conn, viewer.id, &draft_place(id))?
            .map(|draft| draft.body_md)
            .unwrap_or_default(),
        None => String::new(),
    };
    let mut errors = typed.errors;
    if typed.held {
        errors.insert("form".into(), held_text(lang, &names, &case));
    }
    let brand = &room.visit.app.config.brand.name;
    let signature = match typed.signature {
        Some(text) => text,
        None => policy::signature("", &viewer.signature, &viewer.display_name, brand).unwrap_or_default(),
    };
    // What was typed into a form that is no longer shown.
    let rescued = [
        (standing.may_answer(), draft.as_str()),
        (standing.may_note(), &typed.note),
        (standing.may_close(), &typed.close_note),
    ];
    let rescued = rescued.into_iter().find(|(shown, text)| !shown && !text.is_empty());
    let rescued = rescued.map(|(_, text)| text.to_owned()).unwrap_or_default();
    let state = case.state();
    let view = CasePage {
        id: id.0,
        state: state.as_str().to_owned(),
        state_label: room.visit.t(state.label_key()),
        escalated_by: person(Some(case.opened_by)),
        escalated: when(lang, case.opened_at, now),
        due: state.waits().then(|| due(room, &case)),
        note: case.note.clone(),
        assignee: case.assignee.map(|id| person(Some(id))),
        thread: CaseThread {
            id: thread.id.0,
            url: thread_url(thread.id.0, &thread.slug),
            title: thread.title,
            body_html: SafeHtml::from_stored(question.body_html),
            tags: tag_links(&thread.tags),
            asked: when(lang, thread.created_at, now),
            score: thread.score,
            answers_label: counted(lang, "label-n-answers", thread.answer_count),
            me_too_label: if thread.me_too_count > 0 {
                counted(lang, "label-n-me-too", thread.me_too_count)
            } else {
                String::new()
            },
            answers,
        },
        asker,
        notes: notes
            .into_iter()
            .map(|note| CaseNote {
                author: person(Some(note.author)),
                when: when(lang, note.created_at, now),
                body_html: lines(&note.body),
            })
            .collect(),
        timeline: history
            .iter()
            .map(|(at, actor, fact)| {
                let (kind, key) = happened(fact);
                let name = person(*actor).display_name;
                CaseEvent {
                    kind: kind.into(),
                    text: translate(lang, key, &[("name", Arg::Text(&name))]),
                    when: when(lang, *at, now),
                }
            })
            .collect(),
        can_take: standing.may_take(),
        can_release: standing.may_release(),
        can_note: standing.may_note(),
        can_answer: standing.may_answer(),
        can_close: standing.may_close(),
        answer_md: draft,
        signature,
        note_md: typed.note,
        close_reasons: CloseReason::ALL
            .into_iter()
            .map(|reason| Choice {
                value: reason.as_str().to_owned(),
                label: room.visit.t(reason.label_key()),
                help: if reason.needs_note() { room.visit.t("case-close-say-why") } else { String::new() },
                chosen: reason.as_str() == typed.close_reason,
            })
            .collect(),
        close_note: typed.close_note,
        preview_html: typed.preview,
        rescued,
        errors,
        submission_key: new_key()?,
        max_body: limits::MAX_BODY_CHARS as i64,
        max_note: limits::MAX_CASE_NOTE as i64,
        max_signature: limits::MAX_SIGNATURE as i64,
        outcome: outcome(room, &case),
    };
    let head = Head::private(view.thread.title.clone(), "desk");
    Ok(Page::html("escalation/case.html", head, &view))
}

/// "Dario has this case."
fn held_text(lang: &str, names: &HashMap<UserId, PersonHead>, case: &Case) -> String {
    let holder = named(lang, names, case.assignee, None);
    translate(lang, "case-held-by", &[("name", Arg::Text(&holder.display_name))])
}

/// Until when it should be answered, or how long it has been late.
fn due(room: &Room<'_>, case: &Case) -> CaseDue {
    let lang = room.visit.lang;
    let left = case.due_at.since(room.now);
    let (key, time) = if left >= 0 { ("case-due-in", left) } else { ("case-late-by", left.saturating_neg()) };
    CaseDue { late: left < 0, label: translate(lang, key, &[("time", Arg::Text(&stretch(lang, time)))]) }
}

/// Plain text as HTML: paragraphs are lines.
fn lines(text: &str) -> SafeHtml {
    let html: String = text.lines().map(|line| format!("{}<br>", escape(line).as_str())).collect();
    SafeHtml::from_stored(html.strip_suffix("<br>").unwrap_or(&html).to_owned())
}

fn happened(fact: &Fact) -> (&'static str, &'static str) {
    match fact {
        Fact::CaseTaken { .. } => ("taken", "case-event-taken"),
        Fact::CaseReleased { .. } => ("released", "case-event-released"),
        Fact::CaseAnswered { .. } => ("answered", "case-event-answered"),
        Fact::CaseClosed { .. } => ("closed", "case-event-closed"),
        _ => ("escalated", "case-event-opened"),
    }
}

fn outcome(room: &Room<'_>, case: &Case) -> String {
    match case.state() {
        State::Open | State::Taken => String::new(),
        State::Answered => room.visit.t("case-outcome-answered"),
        State::Closed => {
            let reason = room.visit.t(case.close_reason().unwrap_or(CloseReason::Other).label_key());
            let text = translate(room.visit.lang, "case-outcome-closed", &[("reason", Arg::Text(&reason))]);
            if case.close_note.is_empty() { text } else { format!("{text} {}", case.close_note) }
        }
    }
}

/// What has been answered: the accepted one, then the best.
fn answers(room: &mut Room<'_>, thread: &ThreadRow) -> Result<Vec<CaseAnswer>> {
    let mut rows: Vec<PostRow> =
        threads::accepted(room.conn, thread, SeesRemoved::None)?.into_iter().collect();
    let (best, _) =
        threads::answers(room.conn, thread.id, thread.accepted_answer_id, false, None, SeesRemoved::None)?;
    rows.extend(best);
    rows.truncate(limits::CASE_ANSWERS);
    let (lang, now) = (room.visit.lang, room.now);
    Ok(rows
        .into_iter()
        .map(|row| CaseAnswer {
            url: format!("/posts/{}", row.id),
            author: view::person(lang, &row.author(), BadgeCounts::default()),
            when: when(lang, row.created_at, now),
            score: row.score,
            excerpt: excerpt(&markdown::text_of(&row.body_html), ANSWER_CHARS),
            accepted: thread.accepted_answer_id == Some(row.id),
            official: row.official,
        })
        .collect())
}

/// Who asks, and what they asked before.
fn asker(room: &mut Room<'_>, thread: &ThreadRow, question: &PostRow) -> Result<AskerHistory> {
    let (lang, now) = (room.visit.lang, room.now);
    let person = view::person(lang, &question.author(), BadgeCounts::default());
    let Some(asker) = thread.author_id else { return Ok(AskerHistory { person, ..AskerHistory::default() }) };
    let profile = match &person.username {
        Some(username) => accounts::profile(room.conn, username)?,
        None => None,
    };
    let standing = crate::reputation::standing(room.conn, asker)?;
    let (asked, _) = threads::questions_of(room.conn, asker, None, limits::PAGE_ROWS, false)?;
    Ok(AskerHistory {
        person,
        joined: profile.map(|p| when(lang, p.created_at, now)).unwrap_or_default(),
        question_count: standing.question_count,
        solved_count: store::solved_count(room.conn, asker)?,
        answer_count: standing.answer_count,
        case_count: store::case_count(room.conn, asker)?,
        recent: asked
            .into_iter()
            .filter(|row| row.id != thread.id)
            .take(limits::CASE_HISTORY)
            .map(|row| PastThread {
                url: thread_url(row.id.0, &row.slug),
                when: when(lang, row.created_at, now),
                solved: row.accepted_answer_id.is_some(),
                escalated: row.escalated,
                title: row.title,
            })
            .collect(),
    })
}

/// `GET /desk/{id}`.
pub async fn case(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let id = CaseId(parts.number("id")?);
    visit.page(move |room| case_page(room, id, Typed::default())).await
}

// --- acts of staff ---

/// The page once more, with the words of why not: who has it, that it is over, or what a field lacks.
async fn again(visit: Visit, id: CaseId, mut typed: Typed, why: Why) -> Result<HttpResponse> {
    let status = match why {
        Why::Held => {
            typed.held = true;
            409
        }
        Why::Over => {
            typed.errors.insert("form".into(), visit.t("case-over"));
            409
        }
        Why::Key(key) => {
            typed.errors.insert("form".into(), visit.t(key));
            409
        }
        Why::Fields => 422,
    };
    let texts = [typed.answer_md.as_deref().unwrap_or_default(), &typed.note, &typed.close_note];
    let kept = texts.into_iter().find(|text| !text.is_empty()).map(str::to_owned);
    visit.again(kept, move |room| Ok(case_page(room, id, typed)?.with_status(status))).await
}

enum Why {
    Held,
    Over,
    Key(&'static str),
    Fields,
}

async fn handled(
    visit: Visit,
    id: CaseId,
    handling: Handling,
    flash: &'static str,
    typed: Typed,
) -> Result<HttpResponse> {
    match handling {
        Handling::Done | Handling::Already => Ok(visit.redirect(&case_url(id), Some(("ok", flash)))),
        Handling::HeldBy(_) => again(visit, id, typed, Why::Held).await,
        Handling::Over => again(visit, id, typed, Why::Over).await,
        Handling::Refused(key) => again(visit, id, typed, Why::Key(key)).await,
        Handling::NotFound => Err(Error::NotFound),
    }
}

/// `POST /cases/{id}/assignment`.
pub async fn take(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = CaseId(parts.number("id")?);
    let done = visit.act(&form, Budget::Moderate, move |tx, viewer| super::take(tx, viewer, id)).await?;
    handled(visit, id, done, "flash-case-taken", Typed::default()).await
}

/// `POST /cases/{id}/assignment/removal`.
pub async fn release(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = CaseId(parts.number("id")?);
    let done = visit.act(&form, Budget::Moderate, move |tx, viewer| super::release(tx, viewer, id)).await?;
    handled(visit, id, done, "flash-case-released", Typed::default()).await
}

/// `POST /cases/{id}/notes`.
pub async fn note(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = CaseId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let mut typed = Typed { note: form.get("note").to_owned(), ..Typed::default() };
    let body = match parse_case_note(form.get("note")) {
        Ok(body) => body,
        Err(key) => {
            typed.errors.insert("note".into(), visit.t(key));
            return again(visit, id, typed, Why::Fields).await;
        }
    };
    let done =
        visit.act(&form, Budget::Moderate, move |tx, viewer| super::note(tx, viewer, id, &body)).await?;
    handled(visit, id, done, "flash-case-noted", typed).await
}

/// `POST /cases/{id}/answers`: the official answer, or a look at how it will be.
pub async fn answer(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = CaseId(parts.number("id")?);
    let mut typed = Typed {
        answer_md: Some(form.get("body").to_owned()),
        signature: Some(form.get("signature").to_owned()),
        ..Typed::default()
    };
    let brand = visit.app.config.brand.name.clone();
    let signed = form.get("signature").to_owned();
    // What was typed is looked at here; where nothing was, the person's own is taken in the act.
    let checked = policy::signature(&signed, "", "", &brand);
    let body = match threads::sent(&visit, &form, Kind::Answer).await? {
        Sent::Preview(html) => {
            typed.preview = Some(html);
            return visit.again(form.typed(), move |room| case_page(room, id, typed)).await;
        }
        Sent::Wrong(key) => {
            typed.errors.insert("body".into(), visit.t(key));
            None
        }
        Sent::Body(body) => Some(body),
    };
    if let Err(key) = &checked {
        typed.errors.insert("signature".into(), visit.t(key));
    }
    let (Some(body), Ok(_)) = (body, checked) else {
        return again(visit, id, typed, Why::Fields).await;
    };
    let key = parse_submission_key(form.get("submission_key"));
    let answered = visit
        .act_once(&form, Budget::Post, move |tx, viewer| {
            match policy::signature(&signed, &viewer.signature, &viewer.display_name, &brand) {
                Ok(signature) => super::answer(tx, viewer, id, &body, &signature, key.as_deref()),
                Err(key) => Ok(Answering::Refused(key)),
            }
        })
        .await?;
    match answered {
        Answering::Posted(posted) => {
            let url = format!("/posts/{}", posted.post);
            Ok(visit.redirect(&url, Some(("ok", "flash-case-answered"))))
        }
        Answering::HeldBy(_) => again(visit, id, typed, Why::Held).await,
        Answering::Over => again(visit, id, typed, Why::Over).await,
        Answering::Refused(key) => again(visit, id, typed, Why::Key(key)).await,
        Answering::NotFound => Err(Error::NotFound.keeping(form.typed())),
    }
}

/// `POST /cases/{id}/closure`.
pub async fn close(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = CaseId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let mut typed = Typed {
        close_reason: form.get("reason").to_owned(),
        close_note: form.get("note").to_owned(),
        ..Typed::default()
    };
    let reason = CloseReason::parse(form.get("reason"));
    let note = match form.filled("note") {
        None if reason.is_some_and(CloseReason::needs_note) => Err("case-close-say-why"),
        None => Ok(String::new()),
        Some(text) => parse_case_note(text),
    };
    if reason.is_none() {
        typed.errors.insert("close".into(), visit.t("case-close-reason"));
    }
    if let Err(key) = &note {
        typed.errors.insert("close-note".into(), visit.t(key));
    }
    let (Some(reason), Ok(note)) = (reason, note) else {
        return again(visit, id, typed, Why::Fields).await;
    };
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::close(tx, viewer, id, reason, &note))
        .await?;
    handled(visit, id, done, "flash-case-closed", typed).await
}
