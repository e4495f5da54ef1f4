//! appeals room: making an appeal, one's own, and the moderators' queue with what each rests on.
use super::store::{self, Appeal, Grounds};
use super::views::{AppealPage, AppealQueuePage, AppealRow, AppealsPage, Ground, Link, OwnAppeal};
use super::{Acting, State, Subject, policy};
use crate::accounts::{self, PersonHead};
use crate::badges::{self, OVERALL, Rules};
use crate::error::{Error, Result};
use crate::findings;
use crate::kernel::excerpt::excerpt;
use crate::kernel::ids::{AppealId, ChallengeId, EventId, FindingId, PostId, TagId, UserId};
use crate::kernel::moment::Moment;
use crate::kernel::safe_html::SafeHtml;
use crate::kernel::{limits, markdown};
use crate::moderation;
use crate::moderation::views::HiddenField;
use crate::web::form::{Fields, Form, Params, Parts};
use crate::web::i18n::{Arg, has, translate};
use crate::web::rates::Budget;
use crate::web::view::{self, Cursor, named, when};
use crate::web::views::FieldErrors;
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;
use std::collections::HashMap;

const NOT_HERE: Error = Error::Forbidden("appeal-not-here");

/// What an address or a form says that an appeal is about; of a badge's topic a link need not speak.
#[derive(Debug, Clone)]
enum Asked {
    Award { badge: String, tag: Option<TagId>, event: EventId },
    Of(Subject),
}

impl Asked {
    fn of(fields: &Fields) -> Result<Asked> {
        let number = |name| fields.number(name).map_err(|_| NOT_HERE);
        if let Some(id) = number("finding")? {
            return Ok(Asked::Of(Subject::Finding(FindingId(id))));
        }
        if let Some(id) = number("challenge")? {
            return Ok(Asked::Of(Subject::Challenge(ChallengeId(id))));
        }
        match (fields.filled("badge"), number("event")?) {
            (Some(badge), Some(event)) => {
                let (badge, event) = (badge.to_owned(), EventId(event));
                Ok(Asked::Award { badge, tag: number("topic")?.map(TagId), event })
            }
            _ => Err(NOT_HERE),
        }
    }
}

/// The fields by which a form, or a link to it, says what it is about.
fn fields(subject: &Subject) -> Vec<HiddenField> {
    let field = |name: &str, value: String| HiddenField { name: name.into(), value };
    match subject {
        Subject::Award { badge, tag, event } => vec![
            field("badge", badge.clone()),
            field("topic", tag.to_string()),
            field("event", event.to_string()),
        ],
        Subject::Finding(id) => vec![field("finding", id.to_string())],
        Subject::Challenge(id) => vec![field("challenge", id.to_string())],
    }
}

/// Where somebody appeals against it.
pub fn form_url(subject: &Subject) -> String {
    let pairs: Vec<String> = fields(subject)
        .iter()
        .map(|field| format!("{}={}", field.name, view::encode(&field.value)))
        .collect();
    format!("/appeals/new?{}", pairs.join("&"))
}

/// Who looks at what an appeal is about, and with what.
struct Reader<'a> {
    lang: &'a str,
    now: Moment,
    grounds: &'a Grounds,
    rules: &'a Rules,
    names: &'a HashMap<UserId, PersonHead>,
    moderates: bool,
}

impl Reader<'_> {
    fn t(&self, key: &str) -> String {
        translate(self.lang, key, &[])
    }

    fn ground(&self, user: UserId, subject: &Subject) -> Ground {
        let known = match subject {
            Subject::Award { badge, tag, event } => self.award(user, badge, *tag, *event),
            Subject::Finding(id) => self.finding(*id),
            Subject::Challenge(id) => self.challenge(user, *id),
        };
        known.unwrap_or_else(|| Ground { title: self.t("appeal-gone"), ..Ground::default() })
    }

    fn link(&self, post: PostId, key: &str) -> Link {
        Link { url: format!("/posts/{post}"), label: self.t(key) }
    }

    fn person(&self, id: Option<UserId>) -> Option<crate::web::views::Person> {
        id.filter(|_| self.moderates).map(|id| named(self.lang, self.names, Some(id), None))
    }

    fn award(&self, user: UserId, id: &str, tag: TagId, event: EventId) -> Option<Ground> {
        let award = self.grounds.award(user, id, tag, event)?;
        let (lang, at) = (self.lang, award.revoked_at?);
        let badge = self.rules.find(id);
        let topic = self.grounds.topics.get(&tag).map(String::as_str).filter(|_| tag != OVERALL);
        let name = badges::name(lang, id, badge, topic);
        let key =
            format!("badge-revoked-by-{}", award.cause.as_deref().unwrap_or_default().replace('_', "-"));
        let why = self.t(if has(lang, &key) { &key } else { "badge-revoked-by-other" });
        let (given, taken) = (award.at.date(), at.date());
        let line = [
            ("given", Arg::Text(&given)),
            ("taken", Arg::Text(&taken)),
            ("why", Arg::Text(&why)),
            ("before", Arg::Number(award.bound_before.unwrap_or(0) / 10)),
            ("after", Arg::Number(award.bound_after.unwrap_or(0) / 10)),
        ];
        let rule = badge.map(|badge| badges::rule(lang, badge));
        // What a reader says by a press of a button bears no name, for moderators neither.
        let of_a_button = matches!(
            award.cause.as_deref(),
            Some("vote_cast" | "answer_confirmed" | "confirmation_withdrawn")
        );
        let origin = self.grounds.origin(event);
        let by_event = origin.and_then(|origin| origin.post);
        let links = by_event.map(|post| self.link(post, "appeal-post-of-event"));
        let earned = award.post.filter(|post| Some(*post) != by_event);
        Some(Ground {
            title: translate(lang, "appeal-award-title", &[("badge", Arg::Text(&name))]),
            line: translate(lang, "appeal-award-line", &line),
            restores: rule
                .map(|rule| translate(lang, "badge-restores", &[("rule", Arg::Text(&rule))]))
                .unwrap_or_default(),
            when: Some(when(lang, at, self.now)),
            event_id: event.0,
            links: links
                .into_iter()
                .chain(earned.map(|post| self.link(post, "appeal-post-earned")))
                .collect(),
            decided_by: self.person(origin.and_then(|origin| origin.actor).filter(|_| !of_a_button)),
            ..Ground::default()
        })
    }

    fn finding(&self, id: FindingId) -> Option<Ground> {
        let finding = self.grounds.finding(id)?;
        let title = findings::title(self.lang, finding);
        let members = finding.members.iter().take(limits::FINDING_MEMBERS_SHOWN);
        Some(Ground {
            title: translate(self.lang, "appeal-finding-title", &[("finding", Arg::Text(&title))]),
            line: findings::evidence(self.lang, finding),
            restores: self.t("appeal-finding-restores"),
            when: Some(when(self.lang, finding.found_at, self.now)),
            links: finding
                .posts
                .iter()
                .take(limits::FINDING_MEMBERS_SHOWN)
                .map(|post| self.link(*post, "appeal-post-of-finding"))
                .collect(),
            // It is written for the moderators' log.
            note: if self.moderates { finding.note.clone() } else { String::new() },
            members: members.filter_map(|member| self.person(Some(*member))).collect(),
            decided_by: self.person(finding.decided_by),
            ..Ground::default()
        })
    }

    fn challenge(&self, user: UserId, id: ChallengeId) -> Option<Ground> {
        let matter = self.grounds.challenge(id)?;
        // What it was when they appealed, whatever became of it: who made it appeals as it was rejected.
        let upheld = matter.challenger != user;
        let as_then = matter.state.upheld()? == upheld;
        // Of what is removed only moderators see more than that it was.
        let shown = self.moderates || !matter.removed;
        let thread = if shown { matter.title.clone() } else { self.t("notice-removed-post") };
        let (title, restores) = if upheld {
            ("appeal-challenge-upheld-title", "appeal-challenge-upheld-restores")
        } else {
            ("appeal-challenge-rejected-title", "appeal-challenge-rejected-restores")
        };
        let evidence = self.moderates || matter.challenger == user;
        Some(Ground {
            title: translate(self.lang, title, &[("thread", Arg::Text(&thread))]),
            restores: self.t(restores),
            when: matter.decided_at.filter(|_| as_then).map(|at| when(self.lang, at, self.now)),
            links: shown.then(|| self.link(matter.post, "appeal-post-of-challenge")).into_iter().collect(),
            note: if as_then { matter.note.clone() } else { String::new() },
            excerpt: if shown {
                excerpt(&markdown::text_of(&matter.body_html), limits::FLAG_EXCERPT_CHARS)
            } else {
                String::new()
            },
            evidence_html: evidence.then(|| SafeHtml::from_stored(matter.evidence_html.clone())),
            decided_by: self.person(matter.decided_by.filter(|_| as_then)),
            ..Ground::default()
        })
    }

    fn own(&self, appeal: Appeal) -> OwnAppeal {
        OwnAppeal {
            id: appeal.id.0,
            ground: self.ground(appeal.user, &appeal.subject),
            text_html: Some(SafeHtml::from_stored(appeal.text_html)),
            when: when(self.lang, appeal.created_at, self.now),
            state: appeal.state.as_str().into(),
            decided: appeal.decided_at.map(|at| when(self.lang, at, self.now)),
            note: appeal.note,
        }
    }
}

fn form_page(room: &mut Room<'_>, asked: Asked, typed: Option<&Form>, errors: FieldErrors) -> Result<Page> {
    let viewer = room.viewer()?;
    let (user, suspended) = (viewer.id, viewer.is_suspended(room.now));
    let subject = match asked {
        Asked::Of(subject) => subject,
        Asked::Award { badge, tag: Some(tag), event } => Subject::Award { badge, tag, event },
        Asked::Award { badge, tag: None, event } => {
            let tag = store::topic_of(room.conn, user, &badge, event)?.ok_or(NOT_HERE)?;
            Subject::Award { badge, tag, event }
        }
    };
    let own = store::standing(room.conn, user, &subject)?;
    if own.is_none() {
        if let Some(problem) = super::problem(room.conn, user, &subject, room.now)? {
            return Err(Error::Forbidden(problem));
        }
        if suspended {
            return Err(Error::Forbidden("you-are-suspended"));
        }
    }
    let grounds = store::grounds(room.conn, &[(user, &subject)])?;
    let (_, rules) = badges::active(room.conn)?;
    let (lang, now) = (room.visit.lang, room.now);
    let reader =
        Reader { lang, now, grounds: &grounds, rules: &rules, names: &HashMap::new(), moderates: false };
    let until = grounds.against(user, &subject).map(|against| against.at.plus(limits::APPEAL_WITHIN).date());
    let view = AppealPage {
        ground: reader.ground(user, &subject),
        fields: fields(&subject),
        body: typed.map_or_else(String::new, |form| form.get("body").to_owned()),
        max_body: limits::MAX_APPEAL as i64,
        until_label: translate(
            lang,
            "appeal-until",
            &[("date", Arg::Text(until.as_deref().unwrap_or_default()))],
        ),
        errors,
        own: own.map(|own| reader.own(own)),
    };
    Ok(Page::html("appeals/form.html", Head::private(room.visit.t("appeal-title"), "people"), &view))
}

/// `GET /appeals/new?badge=&topic=&event=`, or `?finding=`, or `?challenge=`.
pub async fn form(visit: Visit, params: Params) -> Result<HttpResponse> {
    let asked = Asked::of(&params);
    visit.page(move |room| form_page(room, asked?, None, FieldErrors::new())).await
}

/// `POST /appeals`: `body` says why, the other fields what it is about.
pub async fn make(visit: Visit, form: Form) -> Result<HttpResponse> {
    visit.confirm_form(&form)?;
    let asked = match Asked::of(&form) {
        Ok(asked) => asked,
        Err(error) => return visit.refuse(error.keeping(form.typed())).await,
    };
    let typed = form.get("body").to_owned();
    let text = visit.prepare(&form, Budget::Render, move || Ok(super::parse_text(&typed))).await?;
    let text = match text {
        Ok(text) => text,
        Err(key) => {
            let errors = FieldErrors::from([("body".into(), visit.t(key))]);
            return visit
                .again(form.typed(), move |room| {
                    Ok(form_page(room, asked, Some(&form), errors)?.with_status(422))
                })
                .await;
        }
    };
    let subject = match asked {
        Asked::Of(subject) => subject,
        // The form says which.
        Asked::Award { badge, tag, event } => Subject::Award { badge, tag: tag.unwrap_or(OVERALL), event },
    };
    let done = visit
        .act_once(&form, Budget::Flag, move |tx, viewer| super::make(tx, viewer, &subject, &text))
        .await?;
    match done {
        Acting::Done => Ok(visit.redirect("/appeals", Some(("ok", "flash-appealed")))),
        Acting::Already => Ok(visit.redirect("/appeals", Some(("warn", "flash-appealed-already")))),
        Acting::NotFound => Err(NOT_HERE.keeping(form.typed())),
        Acting::Refused(key) => Err(Error::Forbidden(key).keeping(form.typed())),
    }
}

/// `GET /appeals?after=`.
pub async fn index(visit: Visit, params: Params) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    visit
        .page(move |room| {
            let viewer = room.viewer()?.clone();
            let (rows, next) = store::of_user(room.conn, viewer.id, after)?;
            let of: Vec<_> = rows.iter().map(|row| (row.user, &row.subject)).collect();
            let grounds = store::grounds(room.conn, &of)?;
            let (_, rules) = badges::active(room.conn)?;
            let (lang, now) = (room.visit.lang, room.now);
            let names = HashMap::new();
            let reader =
                Reader { lang, now, grounds: &grounds, rules: &rules, names: &names, moderates: false };
            let view = AppealsPage {
                rows: rows.into_iter().map(|row| reader.own(row)).collect(),
                badges_url: format!("{}?tab=badges", view::person_url(&viewer.username)),
                pager: view::pager("/appeals", next.map(Cursor::encode), after.is_none()),
            };
            let head = Head::private(room.visit.t("appeals-title"), "people");
            Ok(Page::html("appeals/index.html", head, &view))
        })
        .await
}

/// `POST /appeals/{id}/removal`.
pub async fn withdraw(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = AppealId(parts.number("id")?);
    let done = visit.act(&form, Budget::Flag, move |tx, viewer| super::withdraw(tx, viewer, id)).await?;
    match done {
        Acting::Done => Ok(visit.redirect("/appeals", Some(("ok", "flash-appeal-withdrawn")))),
        Acting::Already => Ok(visit.redirect("/appeals", Some(("warn", "flash-appeal-over")))),
        Acting::NotFound => Err(Error::NotFound),
        Acting::Refused(key) => Err(Error::Conflict(key)),
    }
}

/// `GET /moderation/appeals?tab=open|decided&after=`.
pub async fn queue(visit: Visit, params: Params) -> Result<HttpResponse> {
    let after = Cursor::of(&params)?;
    let (state, base) = match params.get("tab") {
        "" | "open" => ("open", "/moderation/appeals"),
        "decided" => ("decided", "/moderation/appeals?tab=decided"),
        _ => return Err(Error::NotFound),
    };
    visit
        .page(move |room| {
            let (rows, next) = if state == "open" {
                store::waiting(room.conn, after)?
            } else {
                store::decided(room.conn, after)?
            };
            let view = AppealQueuePage {
                counts: moderation::queue_counts(room, "appeals")?,
                state: state.into(),
                rows: rows_of(room, rows)?,
                pager: view::pager(base, next.map(Cursor::encode), after.is_none()),
            };
            let head = Head::private(room.visit.t("queue-title"), "moderation");
            Ok(Page::html("appeals/queue.html", head, &view))
        })
        .await
}

fn rows_of(room: &mut Room<'_>, rows: Vec<Appeal>) -> Result<Vec<AppealRow>> {
    let of: Vec<_> = rows.iter().map(|row| (row.user, &row.subject)).collect();
    let grounds = store::grounds(room.conn, &of)?;
    let mut people: Vec<UserId> = rows.iter().map(|row| row.user).collect();
    people.extend(rows.iter().filter_map(|row| row.decided_by));
    for (user, subject) in &of {
        let Some(against) = grounds.against(*user, subject) else { continue };
        people.extend(against.decided_by);
        people.extend(against.concerned.into_iter().take(limits::FINDING_MEMBERS_SHOWN));
    }
    people.sort_unstable();
    people.dedup();
    let names = accounts::names_of(room.conn, &people)?;
    let (_, rules) = badges::active(room.conn)?;
    let viewer = room.viewer()?.clone();
    let (lang, now) = (room.visit.lang, room.now);
    let reader = Reader { lang, now, grounds: &grounds, rules: &rules, names: &names, moderates: true };
    let rows = rows.iter().map(|row| {
        let against = grounds.against(row.user, &row.subject);
        let problem = policy::decision_problem((viewer.id, viewer.role), row.user, against.as_ref());
        let help = match row.subject {
            Subject::Award { .. } => "queue-appeal-uphold-award",
            Subject::Finding(_) => "queue-appeal-uphold-finding",
            Subject::Challenge(_) => "queue-appeal-uphold-challenge",
        };
        AppealRow {
            id: row.id.0,
            person: named(lang, &names, Some(row.user), None),
            ground: reader.ground(row.user, &row.subject),
            text_html: Some(SafeHtml::from_stored(row.text_html.clone())),
            when: when(lang, row.created_at, now),
            state: row.state.as_str().into(),
            decided_by: row.decided_by.map(|by| named(lang, &names, Some(by), None)),
            decided: row.decided_at.map(|at| when(lang, at, now)),
            note: row.note.clone(),
            help: reader.t(help),
            hindrance: problem.map(|key| reader.t(key)).unwrap_or_default(),
            can_undo: row.can_be_undone(),
        }
    });
    Ok(rows.collect())
}

/// `POST /appeals/{id}/decision`: `decision` is upheld or rejected, `reason` says why. `tab` is decided in
/// the forms that take again what was given back; the others decide what is open.
pub async fn decide(visit: Visit, parts: Parts, form: Form) -> Result<HttpResponse> {
    let id = AppealId(parts.number("id")?);
    visit.confirm_form(&form)?;
    let upheld = match form.get("decision") {
        "upheld" => true,
        "rejected" => false,
        _ => return visit.refuse(Error::Invalid("decision", "appeal-decision-unknown")).await,
    };
    let note = match moderation::parse_reason(form.get("reason")) {
        Ok(note) => note,
        Err(key) => return visit.refuse(Error::Invalid("reason", key).keeping(form.typed())).await,
    };
    let anew = form.get("tab") == "decided";
    let seen = if anew { State::Upheld } else { State::Open };
    let done = visit
        .act(&form, Budget::Moderate, move |tx, viewer| super::decide(tx, viewer, id, seen, upheld, &note))
        .await?;
    let queue = if anew { "/moderation/appeals?tab=decided" } else { "/moderation/appeals" };
    match done {
        Acting::Done => Ok(visit.redirect(queue, Some(("ok", "flash-appeal-decided")))),
        Acting::Already => Ok(visit.redirect(queue, Some(("warn", "flash-appeal-decided-already")))),
        Acting::NotFound => Err(Error::NotFound),
        Acting::Refused(key) => Err(Error::Conflict(key).keeping(form.typed())),
    }
}

/// How an appeal stands that somebody made, in words.
pub fn state_label(lang: &str, state: State) -> String {
    translate(lang, &format!("appeal-state-{}", state.as_str()), &[])
}
