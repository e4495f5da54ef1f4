//! accounts room: the page of a person, with what they asked, answered, earned.
use crate::accounts::views::{
    EarnedBadge, FirstStep, PastBadge, PersonPage, PointsRow, Standing, Suspension, TopicStanding,
};
use crate::accounts::{Role, profile};
use crate::appeals;
use crate::badges::{Award, Rules};
use crate::error::{Error, Result};
use crate::kernel::ids::{EventId, FindingId, TagId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::safe_html::SafeHtml;
use crate::reputation::Authority;
use crate::threads::{self, Named, SeesRemoved, list_rows};
use crate::web::cache::Shows;
use crate::web::form::{Params, Parts};
use crate::web::i18n::{Arg, has, translate};
use crate::web::view::{self, Author, Cursor, thread_url, when};
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;
use std::collections::HashMap;

/// `GET /people/{username}?tab=answers|questions|points|badges`.
pub async fn show(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let username = parts.text("username")?.to_owned();
    let tab = match params.filled("tab") {
        None => "answers",
        Some(text) => ["answers", "questions", "points", "badges"]
            .into_iter()
            .find(|known| *known == text)
            .ok_or(Error::Bad("error-unknown-tab"))?,
    };
    let after = Cursor::of(&params)?;
    visit.shared_page(Shows::Everything, move |room| page(room, &username, tab, after)).await
}

fn page(room: &mut Room<'_>, username: &str, tab: &str, after: Option<Cursor>) -> Result<Page> {
    let person = profile(room.conn, username)?.ok_or(Error::NotFound)?;
    if person.username != username {
        return Ok(Page::Moved(view::person_url(&person.username)));
    }
    let standing = crate::reputation::standing(room.conn, person.id)?;
    let (lang, now) = (room.visit.lang, room.now);
    let viewer = room.viewer.as_ref().map(|v| (v.id, v.role));
    let mine = viewer.is_some_and(|(id, _)| id == person.id);
    let moderates = viewer.is_some_and(|(_, role)| role.moderates());
    let role = Role::parse(&person.role).unwrap_or(Role::Customer);
    let badges = crate::badges::badge_counts(room.conn, &[person.id])?;
    let author = Author {
        username: Some(person.username.clone()),
        display_name: Some(person.display_name.clone()),
        role: Some(person.role.clone()),
        points: Some(standing.points),
        ..Author::default()
    };
    let url = view::person_url(&person.username);
    let here = format!("{url}?tab={tab}");
    let suspended = person.suspended_until.filter(|until| *until > now);
    let mut view = PersonPage {
        person: view::person(lang, &author, badges.get(&person.id).copied().unwrap_or_default()),
        joined: when(lang, person.created_at, now),
        about_html: Some(person.bio_html).filter(|html| !html.is_empty()).map(SafeHtml::from_stored),
        question_count: standing.question_count,
        answer_count: standing.answer_count,
        solution_count: standing.accepted_count,
        tab: tab.to_owned(),
        rows: Vec::new(),
        points_rows: Vec::new(),
        first_steps: Vec::new(),
        badges: Vec::new(),
        past_badges: Vec::new(),
        standing: standing_view(room, person.id, standing.authority())?,
        pager: view::pager(&here, None, after.is_none()),
        mine,
        judges: match room.viewer.clone().filter(|_| mine) {
            Some(viewer) => !crate::samples::Reach::of(room.conn, &viewer)?.is_nothing(),
            None => false,
        },
        suspended: None,
        can_suspend: suspended.is_none()
            && viewer.is_some_and(|by| crate::moderation::may_suspend(by, (person.id, role)).is_ok()),
        can_unsuspend: suspended.is_some() && moderates,
        imported: person.origin_site.is_some(),
        origin_url: match (&person.origin_site, person.origin_id) {
            (Some(site), Some(id)) => Some(format!("https://{site}/users/{id}")),
            _ => None,
        },
    };
    if mine {
        view.first_steps = first_steps(room, person.id)?;
    }
    if let Some(until) = suspended {
        let reason = if mine || moderates {
            crate::moderation::suspension(room.conn, person.id, now)?
                .map(|(_, reason)| reason)
                .unwrap_or_default()
        } else {
            String::new()
        };
        let until_label = translate(lang, "suspended-until", &[("date", (&until.date()).into())]);
        view.suspended = Some(Suspension { until_label, reason });
    }
    let next = match tab {
        "questions" => {
            let (threads, next) =
                threads::questions_of(room.conn, person.id, after, limits::PAGE_ROWS, moderates || mine)?;
            view.rows = list_rows(room, &threads, Named::Asker)?;
            next
        }
        "points" => {
            let lines = crate::reputation::points_page(
                room.conn,
                person.id,
                after.map(|c| c.id),
                limits::PAGE_ROWS + 1,
                mine || moderates,
            )?;
            let (lines, next) = threads::cut(lines, limits::PAGE_ROWS, |row| Cursor { key: 0, id: row.id });
            let held = if mine { held_by(room, person.id, &lines)? } else { HashMap::new() };
            view.points_rows = lines.into_iter().map(|line| points_row(lang, now, line, &held)).collect();
            next
        }
        "badges" => {
            let (_, rules) = crate::badges::active(room.conn)?;
            let history = crate::badges::badge_history(room.conn, person.id, None, limits::BADGES_SHOWN)?;
            view.badges = crate::badges::badges_of(room.conn, person.id)?
                .into_iter()
                .map(|held| {
                    let badge = rules.find(&held.award.badge);
                    let given_back = held.is_reinstated();
                    EarnedBadge {
                        name: crate::badges::name(lang, &held.award.badge, badge, held.topic.as_deref()),
                        rank: held.award.level,
                        url: format!("/badges/{}", held.award.badge),
                        description: badge.map(|badge| crate::badges::rule(lang, badge)).unwrap_or_default(),
                        when: when(lang, held.award.at, now),
                        event_id: held.award.event.0,
                        cause: crate::badges::cause(badge, person.id, held.award.post, held.title, viewer),
                        leaving: String::new(),
                        given_back: if given_back {
                            translate(lang, "badge-given-back", &[])
                        } else {
                            String::new()
                        },
                    }
                })
                .collect();
            for (award, ends) in
                history.iter().filter_map(|award| Some((award, in_grace(award, &history, now)?)))
            {
                let badge = rules.find(&award.badge);
                view.badges.push(EarnedBadge {
                    name: crate::badges::name(lang, &award.badge, badge, None),
                    rank: award.level.clone(),
                    url: format!("/badges/{}", award.badge),
                    description: badge.map(|badge| crate::badges::rule(lang, badge)).unwrap_or_default(),
                    when: when(lang, award.at, now),
                    event_id: award.event.0,
                    cause: None,
                    leaving: translate(lang, "badge-leaving", &[("date", Arg::Text(&ends.date()))]),
                    given_back: String::new(),
                });
            }
            if mine || moderates {
                let appealed = if mine { Some(appeals::of_awards(room.conn, person.id)?) } else { None };
                view.past_badges = past_badges(lang, now, &history, &rules, appealed.as_ref());
            }
            None
        }
        _ => {
            let sees = match viewer {
                Some((_, role)) if role.moderates() => SeesRemoved::All,
                Some((id, _)) if mine => SeesRemoved::Own(id),
                _ => SeesRemoved::None,
            };
            let (answers, next) = threads::answers_of(room.conn, person.id, after, limits::PAGE_ROWS, sees)?;
            let threads: Vec<_> = answers.iter().map(|answer| answer.thread.clone()).collect();
            view.rows = list_rows(room, &threads, Named::Asker)?;
            for (row, answer) in view.rows.iter_mut().zip(&answers) {
                // The row stands for the answer: its own score and time, and whether it is the solution.
                row.url = format!("{}#post-{}", row.url, answer.id);
                row.score = answer.score;
                row.score_label = view::counted(lang, "label-votes", answer.score);
                row.solved = answer.thread.accepted_answer_id == Some(answer.id);
                row.official = answer.official;
                row.removed = answer.removed != 0 || answer.thread.removed != 0;
                row.activity = translate(lang, "activity-answered", &[]);
                row.when = when(lang, answer.created_at, now);
                row.author_name.clone_from(&view.person.display_name);
                row.author_url.clone_from(&view.person.url);
                row.author_initials.clone_from(&view.person.initials);
                row.author_tone = view.person.tone;
            }
            next
        }
    };
    view.pager = view::pager(&here, next.map(Cursor::encode), after.is_none());
    let mut head = Head::new(view.person.display_name.clone(), "people");
    head.canonical = Some(url);
    head.noindex = after.is_some() || tab != "answers";
    Ok(Page::html("accounts/person.html", head, &view))
}

fn points_row(
    lang: &str,
    now: crate::kernel::moment::Moment,
    line: crate::reputation::PointLine,
    held: &HashMap<EventId, FindingId>,
) -> PointsRow {
    let url = match (line.thread, &line.slug, line.post, line.post_removed) {
        (Some(thread), Some(slug), Some(post), Some(0)) => {
            Some(format!("{}#post-{post}", thread_url(thread.0, slug)))
        }
        _ => None,
    };
    let held = held.get(&line.event).filter(|_| is_held(&line));
    PointsRow {
        points: if line.points < 0 {
            format!("\u{2212}{}", -line.points)
        } else {
            format!("+{}", line.points)
        },
        negative: line.points < 0,
        text: translate(lang, &format!("point-reason-{}", line.reason.replace('_', "-")), &[]),
        title: if url.is_some() { line.title.unwrap_or_default() } else { String::new() },
        url,
        when: when(lang, line.at, now),
        event_ids: vec![line.event.0],
        appeal_url: held.map(|finding| appeals::form_url(&appeals::Subject::Finding(*finding))),
    }
}

/// Whether a finding took these points.
fn is_held(line: &crate::reputation::PointLine) -> bool {
    line.reason == crate::reputation::Reason::CreditHeld.as_str() && line.points < 0
}

/// The findings that took these points, as far as their owner can appeal against them now.
fn held_by(
    room: &mut Room<'_>,
    owner: UserId,
    lines: &[crate::reputation::PointLine],
) -> Result<HashMap<EventId, FindingId>> {
    let events: Vec<EventId> = lines.iter().filter(|line| is_held(line)).map(|line| line.event).collect();
    Ok(appeals::held_by(room.conn, owner, &events, room.now)?)
}

/// The badges for newcomers, each with whether it is held; none once all of them are.
fn first_steps(room: &mut Room<'_>, user: UserId) -> Result<Vec<FirstStep>> {
    let lang = room.visit.lang;
    let (_, rules) = crate::badges::active(room.conn)?;
    let held = crate::badges::held_by(room.conn, user)?;
    let steps: Vec<FirstStep> = rules
        .badges
        .iter()
        .filter(|badge| badge.starter)
        .map(|badge| FirstStep {
            name: crate::badges::name(lang, &badge.id, Some(badge), None),
            url: format!("/badges/{}", badge.id),
            done: held.iter().any(|held| held.badge == badge.id),
        })
        .collect();
    Ok(if steps.iter().all(|step| step.done) { Vec::new() } else { steps })
}

/// How far somebody's word carries, overall and in their strongest topics.
fn standing_view(room: &mut Room<'_>, user: UserId, authority: Authority) -> Result<Standing> {
    let lang = room.visit.lang;
    let percent = |thousandths: i64| Arg::Number(thousandths / 10);
    let args = [
        ("bound", percent(authority.bound)),
        ("accuracy", percent(authority.accuracy)),
        ("high", percent(authority.high)),
        ("count", Arg::Number(authority.count)),
    ];
    if authority.count == 0 {
        let why = translate(lang, "standing-none", &[]);
        return Ok(Standing { why, ..Standing::default() });
    }
    let topics = crate::reputation::topics_of(room.conn, user, limits::TOPICS_SHOWN)?
        .into_iter()
        .filter(|(_, of)| of.count > 0)
        .map(|(name, of)| TopicStanding {
            url: format!("/tags/{name}"),
            label: translate(
                lang,
                "standing-topic",
                &[("bound", percent(of.bound)), ("count", Arg::Number(of.count))],
            ),
            name,
        })
        .collect();
    Ok(Standing {
        label: translate(lang, "standing-overall", &args),
        why: translate(lang, "standing-why", &args),
        topics,
    })
}

/// Until when a badge that was taken back still shows; `None` when it does not, or was earned again.
fn in_grace(award: &Award, history: &[Award], now: Moment) -> Option<Moment> {
    let ends = award.revoked_at?.plus(limits::BADGE_GRACE);
    let newest = history
        .iter()
        .filter(|other| other.badge == award.badge && other.tag == award.tag)
        .all(|other| other.id <= award.id);
    (ends > now && newest).then_some(ends)
}

/// Whether its owner may appeal against it: it is still given, was not earned again, went not long ago, and not because
/// an earlier appeal was decided so.
fn may_appeal(award: &Award, history: &[Award], rules: &Rules, now: Moment) -> bool {
    let given = rules.find(&award.badge).is_some_and(|badge| badge.is_given_in(award.tag));
    let held = history
        .iter()
        .any(|other| other.badge == award.badge && other.tag == award.tag && other.revoked_event.is_none());
    given && !held && !award.is_final() && award.revoked_at.is_some_and(|at| appeals::in_time(at, now))
}

/// What was taken back: when, by what, and what would bring it back. `appealed`: what its owner, who looks at it, appealed
/// against.
fn past_badges(
    lang: &str,
    now: Moment,
    history: &[Award],
    rules: &Rules,
    appealed: Option<&HashMap<(String, TagId, EventId), appeals::State>>,
) -> Vec<PastBadge> {
    let mut past = Vec::new();
    for award in history {
        let (Some(event), Some(at)) = (award.revoked_event, award.revoked_at) else { continue };
        let badge = rules.find(&award.badge);
        let kind = award.cause.as_deref().unwrap_or_default().replace('_', "-");
        let key = format!("badge-revoked-by-{kind}");
        let why = translate(lang, if has(lang, &key) { &key } else { "badge-revoked-by-other" }, &[]);
        let (given, taken) = (award.at.date(), at.date());
        let args = [
            ("given", Arg::Text(&given)),
            ("taken", Arg::Text(&taken)),
            ("why", Arg::Text(&why)),
            ("before", Arg::Number(award.bound_before.unwrap_or(0) / 10)),
            ("after", Arg::Number(award.bound_after.unwrap_or(0) / 10)),
        ];
        let restores = |badge| {
            let rule = crate::badges::rule(lang, badge);
            translate(lang, "badge-restores", &[("rule", Arg::Text(&rule))])
        };
        let appeal = appealed.and_then(|all| all.get(&(award.badge.clone(), award.tag, event)));
        let subject = appeals::Subject::Award { badge: award.badge.clone(), tag: award.tag, event };
        let may = appealed.is_some() && appeal.is_none() && may_appeal(award, history, rules, now);
        past.push(PastBadge {
            appeal_url: may.then(|| appeals::form_url(&subject)),
            appeal_label: match appeal {
                Some(appeals::State::Open) => translate(lang, "appeal-person-open", &[]),
                Some(_) => translate(lang, "appeal-person-decided", &[]),
                None => String::new(),
            },
            name: crate::badges::name(lang, &award.badge, badge, None),
            rank: award.level.clone(),
            url: format!("/badges/{}", award.badge),
            line: translate(lang, "badge-past-line", &args),
            restores: badge.map(restores).unwrap_or_default(),
            grace: in_grace(award, history, now)
                .map(|ends| translate(lang, "badge-grace", &[("date", Arg::Text(&ends.date()))]))
                .unwrap_or_default(),
            event_ids: vec![award.event.0, event.0],
        });
    }
    past
}
