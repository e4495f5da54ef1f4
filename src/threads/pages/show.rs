//! threads room: the page of one thread.
use crate::accounts::{self, PersonHead};
use crate::appeals;
use crate::challenges;
use crate::confirmations;
use crate::error::{Error, Result};
use crate::kernel::ids::{PostId, ThreadId, UserId};
use crate::kernel::moment::Moment;
use crate::kernel::safe_html::SafeHtml;
use crate::kernel::{excerpt::excerpt, limits, safe_json, token};
use crate::reputation;
use crate::threads::policy::{Kind, Removed, Standpoint};
use crate::threads::store::{self, OriginRow, PostRow, SeesRemoved, ThreadRow};
use crate::threads::views;
use crate::verdicts;
use crate::web::cache::Shows;
use crate::web::form::{Params, Parts};
use crate::web::i18n::{Arg, translate};
use crate::web::view::{self, Cursor, counted, person_url, tag_links, thread_url, when};
use crate::web::views::{BadgeCounts, FieldErrors};
use crate::web::visit::{Head, Page, Room, Visit};
use crate::worth::{self, Reader};
use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// What a form sent back puts on the page again, so that nothing written is lost.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    pub answer_md: Option<String>,
    pub errors: FieldErrors,
    pub preview_html: Option<SafeHtml>,
}

/// `GET /threads/{id}/{slug}`.
pub async fn show(visit: Visit, method: Method, parts: Parts, params: Params) -> Result<HttpResponse> {
    let id = ThreadId(parts.number("id")?);
    let slug = parts.text("slug")?.to_owned();
    let after = Cursor::of(&params)?;
    let oldest = match params.filled("sort") {
        None | Some("score") => false,
        Some("oldest") => true,
        Some(_) => return Err(Error::Bad("error-unknown-sort")),
    };
    let app = visit.app.clone();
    let came_from = visit.came_from().map(str::to_owned);
    let (household, robot) = (visit.household(), worth::is_robot(&visit.user_agent));
    let member = Arc::new(OnceLock::new());
    let known = Arc::clone(&member);
    let reply = visit
        .shared_page(Shows::Thread(id), move |room| {
            if let Some(viewer) = &room.viewer {
                let _ = known.set(viewer.id);
            }
            page(room, id, Some(&slug), oldest, after, Typed::default())
        })
        .await?;
    // Whoever comes back has the page already, and reads it.
    let shown = reply.status().is_success() || reply.status() == StatusCode::NOT_MODIFIED;
    if shown && method == Method::GET {
        let now = app.db.clock.now();
        app.views.count(id);
        if !robot {
            let reader = member.get().map_or(Reader::Household(household), |id| Reader::Member(*id));
            app.readers.read(id, reader, now);
        }
        app.searches.opened(came_from.as_deref(), id, now);
    }
    Ok(reply)
}

/// `GET /threads/{id}`: the short address leads to the whole one.
pub async fn short(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let id = ThreadId(parts.number("id")?);
    visit
        .page(move |room| {
            let row = visible(room, id)?;
            Ok(Page::Moved(thread_url(id.0, &row.slug)))
        })
        .await
}

fn visible(room: &mut Room<'_>, id: ThreadId) -> Result<ThreadRow> {
    let viewer = room.viewer.as_ref().map(|v| (v.id, v.role));
    crate::threads::thread_seen(room.conn, viewer, id)?.ok_or(Error::NotFound)
}

/// Everything the page needs beside the posts themselves.
struct Setting<'a> {
    lang: &'static str,
    now: Moment,
    viewer: Option<(UserId, accounts::Role)>,
    suspended: bool,
    thread: &'a ThreadRow,
    votes: HashMap<PostId, i16>,
    /// Of answers: for how many they solved it, and what the viewer says.
    sums: HashMap<PostId, confirmations::Sum>,
    confirmed: HashMap<PostId, bool>,
    verdicts: HashMap<PostId, Vec<verdicts::Given>>,
    /// Answers of this thread that proved wrong.
    superseded: HashMap<PostId, challenges::Superseded>,
    /// Of answers: how likely they are right.
    evidence: HashMap<PostId, (reputation::Evidence, bool)>,
    /// Of the solution, where its text changed since: which revision was accepted, and the newest.
    changed: Option<(Option<i32>, i32)>,
    /// The viewer may judge answers of this thread.
    judges: bool,
    badges: HashMap<UserId, BadgeCounts>,
    removals: HashMap<PostId, (String, Option<UserId>, Moment)>,
    people: HashMap<UserId, PersonHead>,
}

/// The thread as this visitor sees it; `slug` is checked where it stood in the address.
pub fn page(
    room: &mut Room<'_>,
    id: ThreadId,
    slug: Option<&str>,
    oldest: bool,
    after: Option<Cursor>,
    typed: Typed,
) -> Result<Page> {
    let thread = visible(room, id)?;
    let url = thread_url(id.0, &thread.slug);
    if slug.is_some_and(|slug| slug != thread.slug) {
        return Ok(Page::Moved(url));
    }
    let viewer = room.viewer.as_ref().map(|v| (v.id, v.role));
    let sees = match viewer {
        Some((_, role)) if role.moderates() => SeesRemoved::All,
        Some((user, _)) => SeesRemoved::Own(user),
        None => SeesRemoved::None,
    };
    let question = store::question(room.conn, id)?.ok_or(Error::NotFound)?;
    let superseded = challenges::superseded(room.conn, id)?;
    let solution = thread.accepted_answer_id;
    let (mut answers, next) = store::answers(room.conn, id, solution, oldest, after, sees)?;
    let accepted = match (after, solution) {
        (None, Some(_)) => store::accepted(room.conn, &thread, sees)?,
        _ => None,
    };
    let solution_url = match (&accepted, thread.superseded_answer_id) {
        (Some(row), _) => Some(format!("#post-{}", row.id)),
        (None, Some(answer)) => Some(format!("/posts/{answer}")),
        _ => None,
    };
    answers.splice(0..0, accepted);
    let shown: Vec<PostId> = std::iter::once(question.id).chain(answers.iter().map(|row| row.id)).collect();
    let counted_comments = question.comment_count + answers.iter().map(|row| row.comment_count).sum::<i64>();
    let comments = if counted_comments > 0 || sees != SeesRemoved::None {
        store::comments(room.conn, &shown, sees)?
    } else {
        Vec::new()
    };
    let setting = setting(room, &thread, &question, &answers, &comments, superseded)?;
    // What stands on other pages of this thread is no news either.
    let live_last = if next.is_some() || after.is_some() {
        store::newest_post(room.conn, id)?.0
    } else {
        answers.iter().chain(comments.iter()).map(|row| row.id.0).fold(question.id.0, i64::max)
    };
    let mut by_parent: HashMap<PostId, Vec<&PostRow>> = HashMap::new();
    for row in &comments {
        if let Some(parent) = row.parent_id {
            by_parent.entry(parent).or_default().push(row);
        }
    }
    let comments_of = |post: PostId| {
        let all = by_parent.get(&post).map(Vec::as_slice).unwrap_or_default();
        all.get(..limits::SHOWN_COMMENTS).unwrap_or(all)
    };

    let question_view = post_view(&setting, &question, Kind::Question, comments_of(question.id));
    let answer_views: Vec<views::Post> =
        answers.iter().map(|row| post_view(&setting, row, Kind::Answer, comments_of(row.id))).collect();
    let at = Standpoint { viewer, author: thread.author_id, asker: thread.author_id };
    let gone = thread.removed != 0;
    let moderates = at.moderates();
    let lang = setting.lang;
    let can_answer = at.may_answer(thread.locked)
        && !gone
        && !setting.suspended
        && (thread.duplicate_of.is_none() || moderates);
    let why_no_answer = if can_answer || viewer.is_none() {
        None
    } else {
        let key = match (setting.suspended, gone, thread.locked) {
            (true, ..) => "you-are-suspended",
            (_, true, _) => "thread-removed",
            (_, _, true) => "thread-locked",
            _ => "thread-duplicate",
        };
        Some(translate(lang, key, &[]))
    };
    let duplicates = store::duplicates_of(room.conn, id)?;
    let duplicate_of = match thread.duplicate_of {
        Some(master) => store::thread(room.conn, master)?
            .filter(|row| row.removed == 0)
            .map(|row| views::ThreadRef { url: thread_url(row.id.0, &row.slug), title: row.title }),
        None => None,
    };
    let locked = if thread.locked {
        Some(crate::moderation::lock_reason(room.conn, id)?.unwrap_or_default())
    } else {
        None
    };
    let (mut me_too_mine, mut follow_mine, mut draft) = (false, false, None);
    if let Some((user, _)) = viewer {
        me_too_mine = store::has_me_too(room.conn, id, user)?;
        follow_mine = store::follows_thread(room.conn, id, user)?;
        draft = store::draft_at(room.conn, user, &format!("answer:{id}"))?;
    }
    let case = crate::escalation::state_for_thread(room.conn, id)?;
    let staff = viewer.is_some_and(|(_, role)| role.answers_officially());
    let tools = views::ThreadTools {
        can_lock: moderates && !thread.locked && !gone,
        can_unlock: moderates && thread.locked,
        can_close: moderates && thread.duplicate_of.is_none() && !gone,
        can_reopen: moderates && thread.duplicate_of.is_some(),
        can_escalate: moderates && !thread.escalated && !gone,
        case_url: case.as_ref().filter(|_| staff).map(|(_, case, _)| format!("/desk/{case}")),
    };
    // How far the case is, and nothing of who has it or what staff write about it.
    let escalated = case.map(|(state, _, opened_at)| {
        let ago = view::ago(lang, opened_at, setting.now);
        let text = translate(lang, &format!("escalated-{}", state.as_str()), &[("ago", (&ago).into())]);
        views::EscalatedState { state: state.as_str().to_owned(), text }
    });
    let solved = solution.is_some();
    let json_ld =
        (!gone && after.is_none()).then(|| json_ld(room, &thread, &question, &answers, &setting, &url));
    let submission_key = if viewer.is_some() {
        token::random().map_err(|e| Error::Internal(e.to_string()))?
    } else {
        String::new()
    };
    let draft_saved =
        draft.as_ref().filter(|_| typed.answer_md.is_none()).map(|d| when(lang, d.updated_at, setting.now));
    let base = if oldest { format!("{url}?sort=oldest") } else { url.clone() };
    let pager = view::pager(&base, next.map(Cursor::encode), after.is_none());
    let me_too_count = thread.me_too_count;
    let view = views::ThreadPage {
        id: id.0,
        url: url.clone(),
        question: question_view,
        answer_count: thread.answer_count,
        answers_label: counted(lang, "label-n-answers", thread.answer_count),
        answers: answer_views,
        sort: if oldest { "oldest" } else { "score" }.into(),
        next_answers_url: pager.next_url.map(|u| format!("{u}#answers")),
        first_answers_url: pager.first_url.map(|u| format!("{u}#answers")),
        status: views::ThreadStatus {
            solved,
            superseded: !solved && thread.superseded_answer_id.is_some(),
            solution_url,
            locked,
            duplicate_of,
            duplicates: duplicates
                .into_iter()
                .map(|(id, slug, title)| views::ThreadRef { url: thread_url(id.0, &slug), title })
                .collect(),
            escalated,
        },
        views_label: if thread.view_count > 0 {
            let shown = view::grouped(thread.view_count);
            let args = [("n", Arg::Number(thread.view_count)), ("shown", Arg::Text(&shown))];
            translate(lang, "label-n-views", &args)
        } else {
            String::new()
        },
        me_too: views::MeToo {
            count: me_too_count,
            label: if me_too_count > 0 {
                counted(lang, "label-n-me-too", me_too_count)
            } else {
                String::new()
            },
            mine: me_too_mine,
            can: viewer.is_some() && !at.is_asker() && !gone && !setting.suspended,
        },
        follow: views::Follow { mine: follow_mine, can: viewer.is_some() && !gone },
        can_answer,
        why_no_answer,
        can_comment: at.may_answer(thread.locked) && !gone && !setting.suspended,
        tools,
        answer_md: typed.answer_md.unwrap_or_else(|| draft.map(|d| d.body_md).unwrap_or_default()),
        draft_saved,
        preview_html: typed.preview_html,
        errors: typed.errors,
        submission_key,
        max_body: limits::MAX_BODY_CHARS as i64,
        max_comment: limits::MAX_COMMENT_CHARS as i64,
        live_url: format!("/threads/{id}/news"),
        last_post_id: live_last,
        json_ld,
    };
    let mut head = Head::new(thread.title.clone(), "threads");
    head.canonical = Some(url);
    head.description = thread.excerpt.clone();
    head.noindex = gone || after.is_some() || oldest;
    // Of these threads this one's events say nothing.
    head.names_threads = thread.duplicate_of.is_some() || !view.status.duplicates.is_empty();
    Ok(Page::html("threads/show.html", head, &view))
}

/// What the posts have in common, each kind of it read in one query however many posts there are.
fn setting<'a>(
    room: &mut Room<'_>,
    thread: &'a ThreadRow,
    question: &PostRow,
    answers: &[PostRow],
    comments: &[PostRow],
    superseded: HashMap<PostId, challenges::Superseded>,
) -> Result<Setting<'a>> {
    let viewer = room.viewer.as_ref().map(|v| (v.id, v.role));
    let large = || std::iter::once(question).chain(answers);
    let all = || large().chain(comments);
    let large_ids: Vec<PostId> = large().map(|row| row.id).collect();
    let votes = match viewer {
        Some((user, _)) => crate::votes::votes_of(room.conn, user, &large_ids)?,
        None => HashMap::new(),
    };
    let answer_ids: Vec<PostId> = answers.iter().map(|row| row.id).collect();
    let sums = confirmations::sums(room.conn, &answer_ids)?;
    let confirmed = match viewer {
        Some((user, _)) => confirmations::own(room.conn, user, &answer_ids)?,
        None => HashMap::new(),
    };
    let verdicts = verdicts::of_posts(room.conn, &answer_ids)?;
    let evidence = reputation::evidence_of(room.conn, &answer_ids)?;
    let changed = match thread.accepted_answer_id {
        Some(answer) if answer_ids.contains(&answer) => store::changed_since_accepted(room.conn, thread.id)?,
        _ => None,
    };
    let suspended = room.viewer.as_ref().is_some_and(|v| v.is_suspended(room.now));
    let judges = match &room.viewer {
        Some(viewer) if !suspended && !answers.is_empty() => {
            verdicts::may_judge(room.conn, viewer, thread.id)?
        }
        _ => false,
    };
    let badges = crate::badges::tally(store::author_badges(room.conn, thread.id)?);
    let removed: Vec<PostId> = all().filter(|row| row.removed != 0).map(|row| row.id).collect();
    let removals = store::open_removals(room.conn, &removed)?;
    let mut others: Vec<UserId> = all()
        .filter_map(|row| row.editor_id)
        .chain(removals.values().filter_map(|(_, actor, _)| *actor))
        .collect();
    others.sort_unstable();
    others.dedup();
    let people = if others.is_empty() { HashMap::new() } else { accounts::names_of(room.conn, &others)? };
    Ok(Setting {
        lang: room.visit.lang,
        now: room.now,
        viewer,
        suspended,
        thread,
        votes,
        sums,
        confirmed,
        verdicts,
        superseded,
        evidence,
        changed,
        judges,
        badges,
        removals,
        people,
    })
}

fn name_of(setting: &Setting<'_>, id: Option<UserId>, kept: Option<&str>) -> String {
    id.and_then(|id| setting.people.get(&id))
        .map(|person| person.display_name.as_str())
        .or(kept)
        .map_or_else(|| translate(setting.lang, "person-gone", &[]), str::to_owned)
}

fn removed_view(setting: &Setting<'_>, row: &PostRow) -> Option<views::Removed> {
    let state = Removed::from_column(row.removed);
    if state == Removed::No {
        return None;
    }
    let known = setting.removals.get(&row.id);
    Some(views::Removed {
        kind: state.word().into(),
        reason: known.map(|(reason, ..)| reason.clone()).unwrap_or_default(),
        by: name_of(setting, known.and_then(|(_, actor, _)| *actor), None),
        when: when(setting.lang, known.map_or(row.created_at, |(_, _, at)| *at), setting.now),
    })
}

/// How likely an answer is right, and what that rests on.
fn chance_view(lang: &str, evidence: reputation::Evidence, authority: i64, held: bool) -> views::Chance {
    let (low, high) = evidence.interval();
    let percent = |thousandths: i64| Arg::Number((thousandths + 5) / 10);
    let readers = |weight: i64| format!("{}.{}", weight / 1_000, weight % 1_000 / 100);
    let (right, wrong) = (readers(evidence.right), readers(evidence.wrong));
    let args = [
        ("percent", percent(evidence.chance())),
        ("low", percent(low)),
        ("high", percent(high)),
        ("right", Arg::Text(&right)),
        ("wrong", Arg::Text(&wrong)),
    ];
    views::Chance {
        label: translate(lang, "chance-label", &args),
        why: translate(lang, if held { "chance-why-held" } else { "chance-why" }, &args),
        order: translate(lang, "chance-order", &[("authority", Arg::Text(&readers(authority)))]),
    }
}

fn post_view(setting: &Setting<'_>, row: &PostRow, kind: Kind, comments: &[&PostRow]) -> views::Post {
    let thread = setting.thread;
    let at = Standpoint { viewer: setting.viewer, author: row.author_id, asker: thread.author_id };
    let removed = Removed::from_column(row.removed);
    let accepted = kind == Kind::Answer && thread.accepted_answer_id == Some(row.id);
    let active = !setting.suspended && thread.removed == 0;
    let badges = row.author_id.and_then(|id| setting.badges.get(&id)).copied().unwrap_or_default();
    let lang = setting.lang;
    let superseded = setting.superseded.get(&row.id);
    let given = setting.verdicts.get(&row.id).map(Vec::as_slice).unwrap_or_default();
    let hidden_comments =
        (row.comment_count - comments.iter().filter(|c| c.removed == 0).count() as i64).max(0);
    views::Post {
        post_id: row.id.0,
        title: if kind == Kind::Question { thread.title.clone() } else { String::new() },
        body_html: SafeHtml::from_stored(row.body_html.clone()),
        author: view::person(lang, &row.author(), badges),
        asked: when(lang, row.created_at, setting.now),
        edited: row.edited_at.map(|edited| views::Edited {
            when: when(lang, edited, setting.now),
            by: name_of(setting, row.editor_id, row.editor_name.as_deref()),
            revisions_url: format!("/posts/{}/revisions", row.id),
        }),
        score: row.score,
        my_vote: i64::from(setting.votes.get(&row.id).copied().unwrap_or(0)),
        tags: if kind == Kind::Question { tag_links(&thread.tags) } else { Vec::new() },
        comments: comments.iter().map(|c| comment_view(setting, c)).collect(),
        comment_more_count: hidden_comments,
        comment_more_label: if hidden_comments > 0 {
            counted(lang, "label-more-comments", hidden_comments)
        } else {
            String::new()
        },
        comment_more_url: format!("/posts/{}/comments", row.id),
        comment_back: None,
        can_vote: active && at.may_vote(kind, removed, thread.locked),
        can_edit: active && at.may_edit(removed, thread.locked),
        can_delete: active && at.may_delete(kind, removed, thread.locked, thread.answer_count > 0, accepted),
        can_undelete: !setting.suspended && at.may_undelete(removed, thread.locked),
        can_flag: active && at.may_flag(removed),
        can_hide: at.may_hide(removed),
        can_unhide: at.may_restore(removed),
        removed: removed_view(setting, row),
        origin: row.origin.as_ref().map(|origin| origin_view(setting, row, origin)),
        accepted,
        official: row.official,
        signature: row.signature.clone(),
        can_accept: kind == Kind::Answer
            && !accepted
            && superseded.is_none()
            && active
            && at.may_accept(removed, thread.locked),
        can_unaccept: accepted && active && at.may_accept(removed, thread.locked),
        by_asker: kind == Kind::Answer && row.author_id.is_some() && row.author_id == thread.author_id,
        solved_for: match setting.sums.get(&row.id) {
            Some(sum) if sum.solved > 0 => counted(lang, "label-solved-for", sum.solved),
            _ => String::new(),
        },
        chance: setting
            .evidence
            .get(&row.id)
            .filter(|(evidence, _)| evidence.right + evidence.wrong > 0)
            // What a finding is about is between its author and moderators.
            .map(|(evidence, held)| {
                let held = *held && (at.is_author() || at.moderates());
                chance_view(lang, *evidence, row.authority.unwrap_or(0), held)
            }),
        can_confirm: active && confirmations::may_confirm(&at, kind, removed),
        my_confirmation: match setting.confirmed.get(&row.id) {
            Some(true) => "yes".into(),
            Some(false) => "no".into(),
            None => String::new(),
        },
        changed: match setting.changed {
            Some(revisions) if accepted => Some(changed_view(&at, row.id, thread, active, revisions)),
            _ => None,
        },
        can_challenge: active && superseded.is_none() && challenges::may_challenge(&at, kind, removed),
        superseded: superseded.map(|known| views::Superseded {
            note: known.note.clone(),
            instead_url: known.instead.map(|post| format!("/posts/{post}")),
            appeal_url: known
                .decided_at
                .filter(|decided| active && at.is_author() && appeals::in_time(*decided, setting.now))
                .map(|_| appeals::form_url(&appeals::Subject::Challenge(known.challenge))),
        }),
        can_judge: active && setting.judges && verdicts::problem(&at, kind, removed).is_none(),
        judged: active && given.iter().any(|given| Some(given.user) == setting.viewer.map(|(user, _)| user)),
        verdicts: given.iter().map(|given| verdict_view(setting, given)).collect(),
    }
}

fn changed_view(
    at: &Standpoint,
    answer: PostId,
    thread: &ThreadRow,
    active: bool,
    (accepted, newest): (Option<i32>, i32),
) -> views::Changed {
    let revisions = format!("/posts/{answer}/revisions");
    views::Changed {
        compare_url: match accepted {
            Some(accepted) => format!("{revisions}?from={accepted}&to={newest}"),
            None => revisions.clone(),
        },
        accepted_url: accepted.map(|n| format!("{revisions}?from={n}&to={n}")),
        can_accept: active && at.may_accept(Removed::No, thread.locked),
    }
}

fn verdict_view(setting: &Setting<'_>, given: &verdicts::Given) -> views::VerdictMark {
    let lang = setting.lang;
    let name = given.display_name.clone().unwrap_or_else(|| translate(lang, "person-gone", &[]));
    let kind = given.verdict.as_str();
    let key = format!("verdict-{kind}{}", if given.staff { "-staff" } else { "" });
    views::VerdictMark {
        kind: kind.into(),
        text: translate(lang, &key, &[("name", Arg::Text(&name))]),
        note: given.note.clone(),
        when: when(lang, given.at, setting.now),
    }
}

/// Where a licence can be read, if we know it: a link to another one would be a lie.
fn licence_url(name: &str) -> Option<String> {
    let version = name.strip_prefix("CC BY-SA ").filter(|v| matches!(*v, "2.5" | "3.0" | "4.0"))?;
    Some(format!("https://creativecommons.org/licenses/by-sa/{version}/"))
}

fn origin_view(setting: &Setting<'_>, row: &PostRow, origin: &OriginRow) -> views::Origin {
    views::Origin {
        author_name: view::person(setting.lang, &row.author(), BadgeCounts::default()).display_name,
        author_url: origin.author_url.clone(),
        url: origin.url.clone(),
        site: origin.site.clone(),
        licence: origin.licence.clone(),
        licence_url: licence_url(&origin.licence),
    }
}

fn comment_view(setting: &Setting<'_>, row: &PostRow) -> views::Comment {
    let thread = setting.thread;
    let at = Standpoint { viewer: setting.viewer, author: row.author_id, asker: thread.author_id };
    let removed = Removed::from_column(row.removed);
    let active = !setting.suspended && thread.removed == 0;
    let person = view::person(setting.lang, &row.author(), BadgeCounts::default());
    views::Comment {
        post_id: row.id.0,
        body_html: SafeHtml::from_stored(row.body_html.clone()),
        author_name: person.display_name,
        author_url: person.url,
        author_official: person.is_official,
        by_asker: row.author_id.is_some() && row.author_id == thread.author_id,
        when: when(setting.lang, row.created_at, setting.now),
        score: row.score,
        my_vote: 0,
        can_vote: false,
        can_edit: active && at.may_edit(removed, thread.locked),
        can_delete: active && at.may_delete(Kind::Comment, removed, thread.locked, false, false),
        can_undelete: !setting.suspended && at.may_undelete(removed, thread.locked),
        can_flag: active && at.may_flag(removed),
        can_hide: at.may_hide(removed),
        can_unhide: at.may_restore(removed),
        removed: removed_view(setting, row),
        edited: row.edited_at.is_some(),
        origin: row.origin.as_ref().map(|origin| origin_view(setting, row, origin)),
    }
}

/// Characters of a text in structured data: search engines show less.
const JSON_LD_CHARS: usize = 500;
/// Answers in structured data beside the accepted one.
const JSON_LD_ANSWERS: usize = 3;
/// Bytes of HTML that hold these characters, however much of it is markup in an ordinary post.
const JSON_LD_HTML_BYTES: usize = 4_000;

/// schema.org's QAPage, with nothing in it that the page does not show.
fn json_ld(
    room: &Room<'_>,
    thread: &ThreadRow,
    question: &PostRow,
    answers: &[PostRow],
    setting: &Setting<'_>,
    url: &str,
) -> SafeHtml {
    let base = &room.visit.app.config.base_url;
    let author = |row: &PostRow| {
        let person = view::person(setting.lang, &row.author(), BadgeCounts::default());
        let mut value = serde_json::json!({ "@type": "Person", "name": person.display_name });
        if let (Some(map), Some(username)) = (value.as_object_mut(), person.username) {
            map.insert("url".into(), format!("{base}{}", person_url(&username)).into());
        }
        value
    };
    let text = |row: &PostRow| {
        let mut end = row.body_html.len().min(JSON_LD_HTML_BYTES);
        while !row.body_html.is_char_boundary(end) {
            end -= 1;
        }
        let html = row.body_html.get(..end).unwrap_or_default();
        // A tag that was cut in two is left out.
        let html = match (html.rfind('<'), html.rfind('>')) {
            (Some(open), close) if close.is_none_or(|close| close < open) => {
                html.get(..open).unwrap_or_default()
            }
            _ => html,
        };
        excerpt(&crate::kernel::markdown::text_of(html), JSON_LD_CHARS)
    };
    let answer = |row: &PostRow| {
        serde_json::json!({
            "@type": "Answer",
            "text": text(row),
            "url": format!("{base}{url}#post-{}", row.id),
            "upvoteCount": row.score,
            "dateCreated": row.created_at.iso(),
            "author": author(row),
        })
    };
    let visible = answers.iter().filter(|row| row.removed == 0 && !setting.superseded.contains_key(&row.id));
    let (accepted, others): (Vec<&PostRow>, Vec<&PostRow>) =
        visible.partition(|row| Some(row.id) == thread.accepted_answer_id);
    let mut entity = serde_json::json!({
        "@type": "Question",
        "name": thread.title,
        "text": text(question),
        "answerCount": thread.answer_count,
        "upvoteCount": thread.score,
        "dateCreated": question.created_at.iso(),
        "author": author(question),
    });
    if let Some(map) = entity.as_object_mut() {
        if let Some(row) = accepted.first() {
            map.insert("acceptedAnswer".into(), answer(row));
        }
        let suggested: Vec<_> = others.iter().take(JSON_LD_ANSWERS).map(|row| answer(row)).collect();
        if !suggested.is_empty() {
            map.insert("suggestedAnswer".into(), suggested.into());
        }
    }
    safe_json::json_for_script(&serde_json::json!({
        "@context": "https://schema.org",
        "@type": "QAPage",
        "mainEntity": entity,
    }))
}

/// `GET /threads/{id}/news?since=POST`: new answers, for the page that is open.
pub async fn news(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let id = ThreadId(parts.number("id")?);
    let since = PostId(params.number("since")?.unwrap_or(0));
    visit
        .json(move |room| {
            visible(room, id)?;
            let new = store::answers_since(room.conn, id, since)?;
            let n = new.len() as i64;
            Ok(serde_json::json!({
                "count": n,
                "label": if n > 0 { counted(room.visit.lang, "label-n-new-answers", n) } else { String::new() },
                "url": new.first().map(|post| format!("/posts/{post}")),
            }))
        })
        .await
}

/// All comments of one post, with the post above them; `back` is a comment that was not taken, and why.
pub fn comments_page(
    room: &mut Room<'_>,
    id: ThreadId,
    post: PostId,
    after: Option<Cursor>,
    back: Option<(String, FieldErrors)>,
) -> Result<Page> {
    let thread = visible(room, id)?;
    let viewer = room.viewer.as_ref().map(|v| (v.id, v.role));
    let sees = match viewer {
        Some((_, role)) if role.moderates() => SeesRemoved::All,
        Some((user, _)) => SeesRemoved::Own(user),
        None => SeesRemoved::None,
    };
    let question = store::question(room.conn, id)?.ok_or(Error::NotFound)?;
    let is_question = post == id.question();
    let answers = if is_question { Vec::new() } else { store::posts_by_id(room.conn, &[post])? };
    let first = PostId(after.map_or(0, |at| at.id));
    let (comments, next) = store::comments_after(room.conn, post, first, limits::COMMENTS_PER_PAGE, sees)?;
    let superseded = challenges::superseded(room.conn, id)?;
    let setting = setting(room, &thread, &question, &answers, &comments, superseded)?;
    let refs: Vec<&PostRow> = comments.iter().collect();
    let (row, kind) = match answers.first() {
        Some(row) => (row, Kind::Answer),
        None => (&question, Kind::Question),
    };
    let mut shown = post_view(&setting, row, kind, &refs);
    // The pager leads to those that are not on this page.
    (shown.comment_more_count, shown.comment_more_label) = (0, String::new());
    let can_comment = Standpoint { viewer, author: None, asker: None }.may_answer(thread.locked)
        && thread.removed == 0
        && !setting.suspended;
    let (text, errors) = back.unwrap_or_default();
    let mut rescued = String::new();
    if can_comment && shown.removed.is_none() {
        shown.comment_back = (!errors.is_empty())
            .then(|| views::CommentBack { error: errors.get("comment").cloned().unwrap_or_default(), text });
    } else {
        rescued = text;
    }
    let view = views::CommentsPage {
        thread_title: thread.title.clone(),
        post_url: format!("{}#post-{post}", thread_url(id.0, &thread.slug)),
        id: id.0,
        post: shown,
        kind: kind.as_str().into(),
        pager: view::pager(&format!("/posts/{post}/comments"), next.map(Cursor::encode), after.is_none()),
        can_comment,
        rescued,
        errors,
        submission_key: token::random().map_err(|e| Error::Internal(e.to_string()))?,
        max_comment: limits::MAX_COMMENT_CHARS as i64,
    };
    let head = Head::private(thread.title.clone(), "threads");
    Ok(Page::html("threads/comments.html", head, &view))
}
