//! challenges room: claiming that an answer is wrong, taking that back, and the moderators' queue of such claims.
use super::views::{ChallengePage, ChallengeRow, ChallengesPage, OpenChallenge};
use super::{Matter, State, store};
use crate::accounts;
use crate::confirmations;
use crate::error::{Error, Result};
use crate::kernel::excerpt::excerpt;
use crate::kernel::ids::{ChallengeId, PostId, UserId};
use crate::kernel::safe_html::SafeHtml;
use crate::kernel::{limits, markdown};
use crate::moderation;
use crate::threads::{self, Done, SeesRemoved};
use crate::web::form::{Form, Params, Parts};
use crate::web::i18n::{Arg, translate};
use crate::web::rates::Budget;
use crate::web::view::{self, Cursor, counted, named, when};
use crate::web::views::{BadgeCounts, Choice, FieldErrors};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;

/// Characters of an answer in the list of those that may be right instead: a line of a narrow screen.
const CHOICE_CHARS: usize = 60;

fn post_url(post: PostId) -> String {
    format!("/posts/{post}")
}

fn form_page(room: &mut Room<'_>, post: PostId, typed: Option<&Form>, errors: FieldErrors) -> Result<Page> {
    let viewer = room.viewer()?.clone();
    let seen = threads::post_seen(room.conn, Some((viewer.id, viewer.role)), post)?;
    let (head, at) = seen.ok_or(Error::NotFound)?;
    let open = store::open_by(room.conn, post, viewer.id)?;
    if open.is_none()
        && let Some(problem) = super::problem(room.conn, &at, &head, post)?
    {
        return Err(Error::Forbidden(problem));
    }
    let thread = threads::thread(room.conn, head.thread)?.ok_or(Error::NotFound)?;
    let row = threads::posts_by_id(room.conn, &[post])?.pop().ok_or(Error::NotFound)?;
    let (lang, now) = (room.visit.lang, room.now);
    let chosen = typed.map_or("", |form| form.get("instead"));
    let text = |html: &str, chars| excerpt(&markdown::text_of(html), chars);
    let name =
        |row: &threads::PostRow| view::person(lang, &row.author(), BadgeCounts::default()).display_name;
    let others = if open.is_none() {
        threads::answers(room.conn, head.thread, Some(post), false, None, SeesRemoved::None)?.0
    } else {
        Vec::new()
    };
    let view = ChallengePage {
        post_id: post.0,
        author_name: name(&row),
        excerpt: text(&row.body_html, limits::FLAG_EXCERPT_CHARS),
        post_url: post_url(post),
        thread_title: thread.title,
        evidence: typed.map_or_else(String::new, |form| form.get("evidence").to_owned()),
        max_evidence: limits::MAX_EVIDENCE as i64,
        others: others
            .iter()
            .map(|row| Choice {
                value: row.id.to_string(),
                label: format!("{}: {}", name(row), text(&row.body_html, CHOICE_CHARS)),
                help: String::new(),
                chosen: row.id.to_string() == chosen,
            })
            .collect(),
        errors,
        open: open.map(|own| OpenChallenge {
            id: own.id.0,
            evidence_html: SafeHtml::from_stored(own.evidence_html),
            when: when(lang, own.created_at, now),
        }),
    };
    Ok(Page::html("challenges/form.html", Head::private(room.visit.t("challenge-title"), "threads"), &view))
}

/// `GET /posts/{id}/challenge`.
pub async fn form(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    visit.page(move |room| form_page(room, post, None, FieldErrors::new())).await
}

/// `POST /posts/{id}/challenges`: `evidence` says why the answer is wrong, `instead` may name the one that is right.
pub async fn challenge(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let text = form.get("evidence").to_owned();
    let evidence = visit.prepare(&form, Budget::Render, move || Ok(super::parse_evidence(&text))).await?;
    let instead = match form.filled("instead") {
        None => Ok(None),
        Some(text) => text.parse().map(|id| Some(PostId(id))).map_err(|_| "challenge-instead-unknown"),
    };
    let mut errors = FieldErrors::new();
    if let Err(key) = &evidence {
        errors.insert("evidence".into(), visit.t(key));
    }
    if let Err(key) = instead {
        errors.insert("instead".into(), visit.t(key));
    }
    if let (Ok(evidence), Ok(instead)) = (evidence, instead) {
        let done = visit
            .act_once(&form, Budget::Flag, move |tx, viewer| {
                super::challenge(tx, viewer, post, &evidence, instead)
            })
            .await?;
        match done {
            Done::Done(_) => return Ok(visit.redirect(&post_url(post), Some(("ok", "flash-challenged")))),
            Done::Already(_) => {
                return Ok(visit.redirect(&post_url(post), Some(("warn", "flash-challenged-already"))));
            }
            Done::NotFound => return Err(Error::NotFound.keeping(form.typed())),
            Done::Refused("challenge-instead-unknown") => {
                errors.insert("instead".into(), visit.t("challenge-instead-unknown"));
            }
            Done::Refused(key) => return Err(Error::Forbidden(key).keeping(form.typed())),
        }
    }
    visit
        .again(form.typed(), move |room| Ok(form_page(room, post, Some(&form), errors)?.with_status(422)))
        .await
}

/// `POST /challenges/{id}/removal`.
pub async fn withdraw(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = ChallengeId(parts.number("id")?);
    let done = visit.act(&form, Budget::Flag, move |tx, viewer| super::withdraw(tx, viewer, id)).await?;
    match done {
        Done::Done(place) => {
            Ok(visit.redirect(&post_url(place.post), Some(("ok", "flash-challenge-withdrawn"))))
        }
        Done::Already(place) => {
            Ok(visit.redirect(&post_url(place.post), Some(("warn", "flash-challenge-over"))))
        }
        Done::NotFound => Err(Error::NotFound),
        Done::Refused(key) => Err(Error::Conflict(key)),
    }
}

/// `GET /moderation/challenges?tab=open|decided&after=`.
pub async fn queue(visit: Visit, params: Params) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    let (state, base) = match params.get("tab") {
        "" | "open" => ("open", "/moderation/challenges"),
        "decided" => ("decided", "/moderation/challenges?tab=decided"),
        _ => return Err(Error::NotFound),
    };
    visit
        .page(move |room| {
            let (rows, next) = if state == "open" {
                store::waiting(room.conn, after)?
            } else {
                store::decided(room.conn, after)?
            };
            let view = ChallengesPage {
                counts: moderation::queue_counts(room, "challenges")?,
                state: state.into(),
                rows: rows_of(room, rows)?,
                pager: view::pager(base, next.map(Cursor::encode), after.is_none()),
            };
            let head = Head::private(room.visit.t("queue-title"), "moderation");
            Ok(Page::html("challenges/queue.html", head, &view))
        })
        .await
}

fn rows_of(room: &mut Room<'_>, rows: Vec<Matter>) -> Result<Vec<ChallengeRow>> {
    let (lang, now) = (room.visit.lang, room.now);
    let viewer = room.viewer()?.id;
    let mut people: Vec<UserId> = rows.iter().map(|row| row.challenger).collect();
    people.extend(rows.iter().filter_map(|row| row.author));
    people.extend(rows.iter().filter_map(|row| row.asker));
    people.extend(rows.iter().filter_map(|row| row.decided_by));
    let names = accounts::names_of(room.conn, &people)?;
    let posts: Vec<PostId> = rows.iter().map(|row| row.post).collect();
    let sums = confirmations::sums(room.conn, &posts)?;
    let rows = rows.into_iter().map(|row| {
        let asker = named(lang, &names, row.asker, None).display_name;
        ChallengeRow {
            id: row.id.0,
            post_url: post_url(row.post),
            thread_title: row.title,
            author: named(lang, &names, row.author, row.author_name.as_deref()),
            excerpt: excerpt(&markdown::text_of(&row.body_html), limits::FLAG_EXCERPT_CHARS),
            removed: row.removed,
            challenger: named(lang, &names, Some(row.challenger), None),
            evidence_html: SafeHtml::from_stored(row.evidence_html),
            when: when(lang, row.created_at, now),
            instead_url: row.instead.map(post_url),
            accepted_label: if row.accepted_answer == Some(row.post) {
                translate(lang, "challenge-accepted-by", &[("name", Arg::Text(&asker))])
            } else {
                String::new()
            },
            solved_for: match sums.get(&row.post) {
                Some(sum) if sum.solved > 0 => counted(lang, "label-solved-for", sum.solved),
                _ => String::new(),
            },
            decision: match row.state.upheld() {
                Some(true) => "upheld".into(),
                Some(false) => "rejected".into(),
                None => String::new(),
            },
            decided_by: row.decided_by.map(|by| named(lang, &names, Some(by), None)),
            decided: row.decided_at.map(|at| when(lang, at, now)),
            note: row.note,
            can_decide: super::may_decide(viewer, row.challenger, row.author),
        }
    });
    Ok(rows.collect())
}

/// `POST /challenges/{id}/decision`: `decision` is upheld or rejected, `reason` says why. `tab` is decided in
/// the forms that decide anew what was decided otherwise before; the others decide what is open.
pub async fn decide(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = ChallengeId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let upheld = match form.get("decision") {
        "upheld" => true,
        "rejected" => false,
        _ => return visit.refuse(Error::Invalid("decision", "challenge-decision-unknown")).await,
    };
    let note = match moderation::parse_reason(form.get("reason")) {
        Ok(note) => note,
        Err(key) => return visit.refuse(Error::Invalid("reason", key).keeping(form.typed())).await,
    };
    let anew = form.get("tab") == "decided";
    let seen = if anew { State::decided(!upheld) } else { State::Open };
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::decide(tx, viewer, id, seen, upheld, &note))
        .await?;
    let queue = if anew { "/moderation/challenges?tab=decided" } else { "/moderation/challenges" };
    match done {
        Done::Done(_) => Ok(visit.redirect(queue, Some(("ok", "flash-challenge-decided")))),
        Done::Already(_) => Ok(visit.redirect(queue, Some(("warn", "flash-challenge-decided-already")))),
        Done::NotFound => Err(Error::NotFound),
        Done::Refused(key) => Err(Error::Conflict(key).keeping(form.typed())),
    }
}
