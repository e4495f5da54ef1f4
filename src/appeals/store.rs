//! appeals room: its rows, and what they are about.
use super::Subject;
use super::policy::Against;
use crate::badges::{self, Award};
use crate::challenges;
use crate::db::schema::{appeals, events, tags};
use crate::db::{Conn, DbResult, Tx, among, made_today};
use crate::findings::{self, Finding};
use crate::kernel::ids::{AppealId, ChallengeId, EventId, FindingId, PostId, TagId, UserId};
use crate::kernel::limits;
use crate::kernel::markdown::Written;
use crate::kernel::moment::Moment;
use crate::ledger::{self, Fact};
use crate::moderation::State;
use crate::reputation;
use crate::web::view::Cursor;
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

const AWARD: &str = "award";
const FINDING: &str = "finding";
const CHALLENGE: &str = "challenge";

/// An appeal, whole.
#[derive(Debug, Clone)]
pub struct Appeal {
    pub id: AppealId,
    pub user: UserId,
    pub subject: Subject,
    pub text_html: String,
    pub state: State,
    pub created_at: Moment,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Moment>,
    pub note: String,
}

impl Appeal {
    /// A badge that it gave back can be taken again; what else it came to is changed in the room that owns it.
    pub fn can_be_undone(&self) -> bool {
        self.state == State::Upheld && matches!(self.subject, Subject::Award { .. })
    }
}

type Row = (
    (AppealId, UserId, String, i64, String, TagId),
    (String, String, Moment, Option<UserId>, Option<Moment>, String),
);

macro_rules! columns {
    () => {
        (
            (
                appeals::id,
                appeals::user_id,
                appeals::subject,
                appeals::subject_id,
                appeals::badge,
                appeals::tag_id,
            ),
            (
                appeals::text_html,
                appeals::state,
                appeals::created_at,
                appeals::decided_by,
                appeals::decided_at,
                appeals::decision_note,
            ),
        )
    };
}

fn appeal(row: Row) -> Appeal {
    let ((id, user, subject, number, badge, tag), (text_html, state, created_at, by, at, note)) = row;
    let subject = match subject.as_str() {
        AWARD => Subject::Award { badge, tag, event: EventId(number) },
        FINDING => Subject::Finding(FindingId(number)),
        _ => Subject::Challenge(ChallengeId(number)),
    };
    let state = State::parse(&state);
    Appeal { id, user, subject, text_html, state, created_at, decided_by: by, decided_at: at, note }
}

/// As stored: the kind, the number, and of an award the badge and its topic.
fn key(subject: &Subject) -> (&'static str, i64, &str, TagId) {
    match subject {
        Subject::Award { badge, tag, event } => (AWARD, event.0, badge, *tag),
        Subject::Finding(finding) => (FINDING, finding.0, "", badges::OVERALL),
        Subject::Challenge(challenge) => (CHALLENGE, challenge.0, "", badges::OVERALL),
    }
}

pub fn find(conn: &mut Conn, id: AppealId) -> DbResult<Option<Appeal>> {
    let row: Option<Row> = appeals::table.find(id).select(columns!()).first(conn).optional()?;
    Ok(row.map(appeal))
}

/// This person's appeal against it, open or decided.
pub fn standing(conn: &mut Conn, user: UserId, subject: &Subject) -> DbResult<Option<Appeal>> {
    let (kind, number, badge, tag) = key(subject);
    let row: Option<Row> = appeals::table
        .filter(appeals::user_id.eq(user))
        .filter(appeals::subject.eq(kind))
        .filter(appeals::subject_id.eq(number))
        .filter(appeals::badge.eq(badge))
        .filter(appeals::tag_id.eq(tag))
        .filter(appeals::state.ne(State::Withdrawn.as_str()))
        .select(columns!())
        .first(conn)
        .optional()?;
    Ok(row.map(appeal))
}

/// How many this person made within a day, up to the limit; those taken back count too.
pub fn today(conn: &mut Conn, user: UserId, now: Moment) -> DbResult<i64> {
    made_today!(conn, appeals, appeals::user_id.eq(user), now, limits::APPEALS_PER_DAY)
}

pub fn insert(tx: &mut Tx<'_>, user: UserId, subject: &Subject, text: &Written) -> DbResult<AppealId> {
    let (kind, number, badge, tag) = key(subject);
    Ok(diesel::insert_into(appeals::table)
        .values((
            appeals::user_id.eq(user),
            appeals::subject.eq(kind),
            appeals::subject_id.eq(number),
            appeals::badge.eq(badge),
            appeals::tag_id.eq(tag),
            appeals::text_md.eq(&text.md),
            appeals::text_html.eq(text.html.as_str()),
            appeals::state.eq(State::Open.as_str()),
            appeals::created_at.eq(tx.now),
        ))
        .returning(appeals::id)
        .get_result(tx.conn)?)
}

pub fn withdraw(tx: &mut Tx<'_>, id: AppealId) -> DbResult<()> {
    diesel::update(appeals::table.find(id))
        .set(appeals::state.eq(State::Withdrawn.as_str()))
        .execute(tx.conn)?;
    Ok(())
}

pub fn decide(tx: &mut Tx<'_>, id: AppealId, upheld: bool, by: UserId, note: &str) -> DbResult<()> {
    diesel::update(appeals::table.find(id))
        .set((
            appeals::state.eq(State::decided(upheld).as_str()),
            appeals::decided_by.eq(by),
            appeals::decided_at.eq(tx.now),
            appeals::decision_note.eq(note),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Whether an appeal that stands gave this badge back.
pub fn is_reinstated(conn: &mut Conn, user: UserId, badge: &str, tag: TagId) -> DbResult<bool> {
    let upheld: Option<AppealId> = appeals::table
        .filter(appeals::user_id.eq(user))
        .filter(appeals::subject.eq(AWARD))
        .filter(appeals::badge.eq(badge))
        .filter(appeals::tag_id.eq(tag))
        .filter(appeals::state.eq(State::Upheld.as_str()))
        .select(appeals::id)
        .first(conn)
        .optional()?;
    Ok(upheld.is_some())
}

/// Appeals that wait for a decision, up to the cap that is shown.
pub fn open_count(conn: &mut Conn) -> DbResult<i64> {
    let open: Vec<AppealId> = appeals::table
        .filter(appeals::state.eq(State::Open.as_str()))
        .limit(limits::COUNT_CAP)
        .select(appeals::id)
        .load(conn)?;
    Ok(open.len() as i64)
}

/// Appeals that wait, oldest first.
pub fn waiting(conn: &mut Conn, after: Option<Cursor>) -> DbResult<(Vec<Appeal>, Option<Cursor>)> {
    let rows: Vec<Row> = appeals::table
        .filter(appeals::state.eq(State::Open.as_str()))
        .filter(appeals::id.gt(AppealId(after.map_or(0, |at| at.id))))
        .order(appeals::id)
        .limit(limits::PAGE_ROWS + 1)
        .select(columns!())
        .load(conn)?;
    Ok(cut(rows, |_| 0))
}

/// Appeals that were decided, the newest decision first.
pub fn decided(conn: &mut Conn, after: Option<Cursor>) -> DbResult<(Vec<Appeal>, Option<Cursor>)> {
    let (key, id) = after.map_or((i64::MAX, i64::MAX), |at| (at.key, at.id));
    let rows: Vec<Row> = appeals::table
        .filter(appeals::decided_at.le(Moment(key)))
        .filter(appeals::decided_at.lt(Moment(key)).or(appeals::id.lt(AppealId(id))))
        .order((appeals::decided_at.desc(), appeals::id.desc()))
        .limit(limits::PAGE_ROWS + 1)
        .select(columns!())
        .load(conn)?;
    Ok(cut(rows, |row| row.decided_at.map_or(0, |at| at.0)))
}

/// What this person appealed against, the newest first; what they took back is left out.
pub fn of_user(
    conn: &mut Conn,
    user: UserId,
    after: Option<Cursor>,
) -> DbResult<(Vec<Appeal>, Option<Cursor>)> {
    let rows: Vec<Row> = appeals::table
        .filter(appeals::user_id.eq(user))
        .filter(appeals::state.ne(State::Withdrawn.as_str()))
        .filter(appeals::id.lt(AppealId(after.map_or(i64::MAX, |at| at.id))))
        .order(appeals::id.desc())
        .limit(limits::PAGE_ROWS + 1)
        .select(columns!())
        .load(conn)?;
    Ok(cut(rows, |_| 0))
}

fn cut(rows: Vec<Row>, key: impl Fn(&Appeal) -> i64) -> (Vec<Appeal>, Option<Cursor>) {
    let rows = rows.into_iter().map(appeal).collect();
    crate::threads::cut(rows, limits::PAGE_ROWS, |row: &Appeal| Cursor { key: key(row), id: row.id.0 })
}

/// What became of this person's appeals for badges: by badge, topic and the event that took it back.
pub fn of_awards(conn: &mut Conn, user: UserId) -> DbResult<HashMap<(String, TagId, EventId), State>> {
    let rows: Vec<(String, TagId, EventId, String)> = appeals::table
        .filter(appeals::user_id.eq(user))
        .filter(appeals::subject.eq(AWARD))
        .filter(appeals::state.ne(State::Withdrawn.as_str()))
        .order(appeals::id.desc())
        .limit(limits::BADGES_SHOWN)
        .select((appeals::badge, appeals::tag_id, appeals::subject_id, appeals::state))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(badge, tag, event, state)| ((badge, tag, event), State::parse(&state)))
        .collect())
}

/// Against which of these findings this person appealed.
pub fn made_against(
    conn: &mut Conn,
    user: UserId,
    of: impl IntoIterator<Item = FindingId>,
) -> DbResult<HashSet<FindingId>> {
    let ids: Vec<i64> = appeals::table
        .filter(appeals::user_id.eq(user))
        .filter(appeals::subject.eq(FINDING))
        .filter(among(appeals::subject_id, of.into_iter().map(|finding| finding.0)))
        .filter(appeals::state.ne(State::Withdrawn.as_str()))
        .select(appeals::subject_id)
        .load(conn)?;
    Ok(ids.into_iter().map(FindingId).collect())
}

/// Which findings these events hold credit by.
pub fn findings_of(conn: &mut Conn, ids: &[EventId]) -> DbResult<HashMap<EventId, FindingId>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(EventId, String)> = events::table
        .filter(among(events::id, ids.iter().copied()))
        .select((events::id, events::data))
        .load(conn)?;
    let mut found = HashMap::new();
    for (id, data) in rows {
        if let Fact::CreditHeld { finding, .. } = ledger::fact(id, &data)? {
            found.insert(id, finding);
        }
    }
    Ok(found)
}

/// The topic of a badge that this event took from somebody; the first, where it took it in several.
pub fn topic_of(conn: &mut Conn, user: UserId, badge: &str, event: EventId) -> DbResult<Option<TagId>> {
    let awards = badges::taken_back(conn, &[user], &[event])?;
    Ok(awards.into_iter().find(|award| award.badge == badge).map(|award| award.tag))
}

/// Takes back what nobody has decided, and blanks what they wrote: that they appealed, and what was decided, stays.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    let open: Vec<AppealId> = appeals::table
        .filter(appeals::user_id.eq(user))
        .filter(appeals::state.eq(State::Open.as_str()))
        .select(appeals::id)
        .load(tx.conn)?;
    for appeal in open {
        withdraw(tx, appeal)?;
        tx.append(Some(user), Fact::AppealWithdrawn { appeal })?;
    }
    diesel::update(appeals::table.filter(appeals::user_id.eq(user)))
        .set((appeals::text_md.eq(""), appeals::text_html.eq("")))
        .execute(tx.conn)?;
    Ok(())
}

/// An event, as far as an appeal asks.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    pub actor: Option<UserId>,
    pub post: Option<PostId>,
}

/// What appeals are about, read in a few queries however many they are.
#[derive(Debug, Default)]
pub struct Grounds {
    awards: HashMap<(UserId, String, TagId, EventId), Award>,
    origins: HashMap<EventId, Origin>,
    pub topics: HashMap<TagId, String>,
    findings: HashMap<FindingId, Finding>,
    /// By which finding an event took badges.
    holds: HashMap<EventId, FindingId>,
    /// Who lost points by a finding that is not about them: they stood on what it holds.
    lost: HashSet<(UserId, FindingId)>,
    authors: BTreeMap<PostId, Option<UserId>>,
    challenges: HashMap<ChallengeId, challenges::Matter>,
}

pub fn grounds(conn: &mut Conn, of: &[(UserId, &Subject)]) -> DbResult<Grounds> {
    let (mut users, mut revoked, mut topics) = (Vec::new(), Vec::new(), Vec::new());
    let (mut found, mut challenged) = (Vec::new(), Vec::new());
    for (user, subject) in of {
        match subject {
            Subject::Award { tag, event, .. } => {
                users.push(*user);
                revoked.push(*event);
                topics.push(*tag);
            }
            Subject::Finding(finding) => found.push(*finding),
            Subject::Challenge(challenge) => challenged.push(*challenge),
        }
    }
    let mut grounds = Grounds::default();
    if !revoked.is_empty() {
        for award in badges::taken_back(conn, &users, &revoked)? {
            let Some(event) = award.revoked_event else { continue };
            grounds.awards.insert((award.user, award.badge.clone(), award.tag, event), award);
        }
        let rows: Vec<(EventId, Option<UserId>, Option<PostId>)> = events::table
            .filter(among(events::id, revoked))
            .select((events::id, events::actor_id, events::post_id))
            .load(conn)?;
        grounds.origins = rows.into_iter().map(|(id, actor, post)| (id, Origin { actor, post })).collect();
        let rows: Vec<(TagId, String)> =
            tags::table.filter(among(tags::id, topics)).select((tags::id, tags::name)).load(conn)?;
        grounds.topics = rows.into_iter().collect();
        let held = grounds.awards.values().filter(|award| award.cause.as_deref() == Some("credit_held"));
        let held: Vec<EventId> = held.filter_map(|award| award.revoked_event).collect();
        grounds.holds = findings_of(conn, &held)?;
        found.extend(grounds.holds.values());
    }
    let found = findings::by_id(conn, &found)?;
    let posts: Vec<PostId> = found.iter().flat_map(|finding| finding.posts.iter().copied()).collect();
    grounds.authors = findings::authors(conn, &posts)?;
    grounds.findings = found.into_iter().map(|finding| (finding.id, finding)).collect();
    let strangers = |(user, subject): &(UserId, &Subject)| match subject {
        Subject::Finding(id) => {
            let finding = grounds.finding(*id)?;
            grounds.held_by(finding).all(|member| member != *user).then_some(*user)
        }
        _ => None,
    };
    let strangers: Vec<UserId> = of.iter().filter_map(strangers).collect();
    if !strangers.is_empty() {
        let lines = reputation::held_from(conn, &strangers)?;
        let events: Vec<EventId> = lines.iter().map(|(_, event)| *event).collect();
        let by = findings_of(conn, &events)?;
        grounds.lost = lines.into_iter().filter_map(|(user, event)| Some((user, *by.get(&event)?))).collect();
    }
    let challenged = challenges::matters(conn, &challenged)?;
    grounds.challenges = challenged.into_iter().map(|matter| (matter.id, matter)).collect();
    Ok(grounds)
}

impl Grounds {
    pub fn award(&self, user: UserId, badge: &str, tag: TagId, event: EventId) -> Option<&Award> {
        self.awards.get(&(user, badge.to_owned(), tag, event))
    }

    pub fn origin(&self, event: EventId) -> Option<Origin> {
        self.origins.get(&event).copied()
    }

    pub fn finding(&self, id: FindingId) -> Option<&Finding> {
        self.findings.get(&id)
    }

    pub fn challenge(&self, id: ChallengeId) -> Option<&challenges::Matter> {
        self.challenges.get(&id)
    }

    /// Whom a finding is about: its members, and the authors of its posts.
    fn held_by<'a>(&'a self, finding: &'a Finding) -> impl Iterator<Item = UserId> + 'a {
        let authors = finding.posts.iter().filter_map(|post| self.authors.get(post).copied().flatten());
        finding.members.iter().copied().chain(authors)
    }

    /// What the rules ask of it; nothing where it is not there.
    pub fn against(&self, user: UserId, subject: &Subject) -> Option<Against> {
        match subject {
            Subject::Award { badge, tag, event } => {
                let award = self.award(user, badge, *tag, *event)?;
                let finding = self.holds.get(event).and_then(|id| self.finding(*id));
                let parties = finding.into_iter().flat_map(|finding| self.held_by(finding));
                Some(Against {
                    theirs: true,
                    over: award.is_final().then_some("appeal-final"),
                    at: award.revoked_at?,
                    decided_by: self.origin(*event).and_then(|origin| origin.actor),
                    concerned: parties.filter(|party| *party != user).collect(),
                })
            }
            Subject::Finding(id) => {
                let finding = self.finding(*id)?;
                Some(Against {
                    theirs: self.held_by(finding).any(|member| member == user)
                        || self.lost.contains(&(user, *id)),
                    over: (finding.state == "released").then_some("appeal-over"),
                    at: finding.decided_at.unwrap_or(finding.found_at),
                    decided_by: finding.decided_by,
                    concerned: self.held_by(finding).filter(|member| *member != user).collect(),
                })
            }
            Subject::Challenge(id) => {
                let matter = self.challenge(*id)?;
                let (claimed, wrote) = (matter.challenger == user, matter.author == Some(user));
                let stands = match matter.state.upheld() {
                    Some(true) => wrote,
                    Some(false) => claimed,
                    None => false,
                };
                // Before it is decided, its author does not know of a challenge.
                Some(Against {
                    theirs: claimed || (wrote && matter.state.upheld().is_some()),
                    over: (!stands).then_some("appeal-over"),
                    at: matter.decided_at.unwrap_or(matter.created_at),
                    decided_by: matter.decided_by,
                    concerned: [Some(matter.challenger), matter.author]
                        .into_iter()
                        .flatten()
                        .filter(|party| *party != user)
                        .collect(),
                })
            }
        }
    }
}
