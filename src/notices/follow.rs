//! notices room: from events to notices and mails.
//!
//! What a popular thread's followers are told, or those who relied on an answer, is paged: the first [`limits::FOLLOWERS_PER_STEP`] in the
//! event's own transaction, the rest by [`fan_out_step`], a page per transaction, from a row that
//! remembers how far it has come.
use super::Kind;
use super::store::{NO_MORE, Words, appeal, url};
use crate::db::schema::{
    appeals, cases, challenges, confirmations, events, follows, me_toos, moderation_log, notice_fanouts,
    notices, posts, removals, revisions, suspensions, threads, users,
};
use crate::db::{Conn, Db, DbError, DbResult, Tx, among, zero};
use crate::kernel::ids::{CaseId, ChallengeId, EventId, PostId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::ledger::follow::{Bell, Follower};
use crate::ledger::{self, Event, Fact};
use crate::mail::compose::{defuse, one_line};
use crate::mail::{self, Letter, Letterhead};
use crate::web::i18n::{Arg, translate};
use diesel::prelude::*;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;
use unicode_normalization::UnicodeNormalization;

/// The follower that tells people.
pub struct Notices {
    letterhead: Letterhead,
}

impl Notices {
    pub fn new(letterhead: Letterhead) -> Notices {
        Notices { letterhead }
    }
}

impl Follower for Notices {
    fn name(&self) -> &'static str {
        "notices"
    }

    fn apply(&self, tx: &mut Tx<'_>, events: &[Event]) -> DbResult<()> {
        let mut crier = Crier::new(&self.letterhead);
        for event in events.iter().filter(|event| !event.imported) {
            crier.event(tx, event)?;
        }
        Ok(())
    }
}

/// A person, as far as telling goes.
#[derive(Clone)]
struct Person {
    display_name: String,
    email: Option<String>,
    confirmed: bool,
    language: String,
    suspended_until: Option<Moment>,
    erased: bool,
}

struct Thread {
    title: String,
    slug: String,
    asker: Option<UserId>,
    accepted: Option<PostId>,
    /// Was accepted, and proved wrong.
    superseded: Option<PostId>,
    removed: bool,
}

struct Post {
    parent: Option<PostId>,
    author: Option<UserId>,
    removed: bool,
}

/// One thing to tell one person.
struct Telling<'a> {
    kind: Kind,
    event: EventId,
    at: Moment,
    actor: Option<UserId>,
    thread: Option<ThreadId>,
    post: Option<PostId>,
    detail: &'a str,
}

/// What one step has looked up already, so that a busy thread is not asked about once per answer.
struct Crier<'a> {
    letterhead: &'a Letterhead,
    people: HashMap<UserId, Option<Person>>,
    threads: HashMap<ThreadId, Option<Thread>>,
    posts: HashMap<PostId, Option<Post>>,
    /// Notices written so far.
    told: usize,
}

impl<'a> Crier<'a> {
    fn new(letterhead: &'a Letterhead) -> Crier<'a> {
        Crier { letterhead, people: HashMap::new(), threads: HashMap::new(), posts: HashMap::new(), told: 0 }
    }

    fn event(&mut self, tx: &mut Tx<'_>, event: &Event) -> DbResult<()> {
        let about = |kind: Kind, thread: Option<ThreadId>, post: Option<PostId>| Telling {
            kind,
            event: event.id,
            at: event.at,
            actor: event.actor,
            thread,
            post,
            detail: "",
        };
        match event.fact {
            Fact::ThreadAsked { thread, .. } => {
                if !self.stands(tx, thread, Some(thread.question()))? {
                    return Ok(());
                }
                let mut told = HashSet::from_iter(event.actor);
                self.mentioned(tx, &about(Kind::Mention, Some(thread), Some(thread.question())), &mut told)?;
            }
            Fact::AnswerPosted { thread, post, author, official } => {
                if !self.stands(tx, thread, Some(post))? {
                    return Ok(());
                }
                let mut told = HashSet::from_iter(event.actor.into_iter().chain(author));
                let kind = if official { Kind::OfficialAnswer } else { Kind::Answer };
                if let Some(asker) = self.thread(tx.conn, thread)?.and_then(|thread| thread.asker)
                    && told.insert(asker)
                {
                    self.tell(tx, asker, &about(kind, Some(thread), Some(post)))?;
                }
                self.mentioned(tx, &about(Kind::Mention, Some(thread), Some(post)), &mut told)?;
                let kind = if official { Kind::FollowedOfficialAnswer } else { Kind::FollowedAnswer };
                self.spread(tx, &about(kind, Some(thread), Some(post)), &told)?;
            }
            Fact::CommentPosted { thread, post, parent, author } => {
                if !self.stands(tx, thread, Some(post))? {
                    return Ok(());
                }
                let mut told = HashSet::from_iter(event.actor.into_iter().chain(author));
                if let Some(author) = self.post(tx.conn, parent)?.and_then(|post| post.author)
                    && told.insert(author)
                {
                    self.tell(tx, author, &about(Kind::Comment, Some(thread), Some(post)))?;
                }
                self.mentioned(tx, &about(Kind::Mention, Some(thread), Some(post)), &mut told)?;
            }
            Fact::AnswerAccepted { thread, post, author, .. } => {
                // Said again of a text that changed since: its author and all others have heard it.
                if !self.stands(tx, thread, Some(post))? || accepted_before(tx.conn, thread, post, event.id)?
                {
                    return Ok(());
                }
                self.tell_other(tx, author, &about(Kind::Accepted, Some(thread), Some(post)))?;
                // Solved by another answer since, or not solved: the later event says enough.
                if self.thread(tx.conn, thread)?.is_some_and(|thread| thread.accepted == Some(post)) {
                    let told = HashSet::from_iter(event.actor.into_iter().chain(author));
                    self.spread(tx, &about(Kind::FollowedSolved, Some(thread), Some(post)), &told)?;
                }
            }
            Fact::AnswerUnaccepted { thread, post, author, .. } => {
                if !self.stands(tx, thread, Some(post))? {
                    return Ok(());
                }
                self.tell_other(tx, author, &about(Kind::Unaccepted, Some(thread), Some(post)))?;
            }
            Fact::AnswerConfirmed { thread, post, user, author, value: true } => {
                if !self.stands(tx, thread, Some(post))? || !still_confirmed(tx.conn, user, post)? {
                    return Ok(());
                }
                if let Some(author) = author
                    && first_confirmations(tx.conn, author, user, post)?
                {
                    self.tell_other(tx, Some(author), &about(Kind::Confirmed, Some(thread), Some(post)))?;
                }
            }
            Fact::ThreadClosedAsDuplicate { thread, of } => {
                if !self.stands(tx, thread, None)? || !self.stands(tx, of, None)? {
                    return Ok(());
                }
                let asker = self.thread(tx.conn, thread)?.and_then(|thread| thread.asker);
                self.tell_other(tx, asker, &about(Kind::Duplicate, Some(thread), None))?;
            }
            Fact::ThreadReopened { thread, .. } => {
                self.tell_asker(tx, thread, &about(Kind::Reopened, Some(thread), None))?;
            }
            Fact::ThreadLocked { thread } => {
                let reason: Option<String> = moderation_log::table
                    .filter(moderation_log::thread_id.eq(thread.0))
                    .filter(moderation_log::act.eq("lock"))
                    .order(moderation_log::id.desc())
                    .select(moderation_log::reason)
                    .first(tx.conn)
                    .optional()?;
                let reason = one_line(&reason.unwrap_or_default(), 500);
                let telling = Telling { detail: &reason, ..about(Kind::Locked, Some(thread), None) };
                self.tell_asker(tx, thread, &telling)?;
            }
            Fact::ThreadUnlocked { thread } => {
                self.tell_asker(tx, thread, &about(Kind::Unlocked, Some(thread), None))?;
            }
            Fact::PostEdited { thread, post, revision, material, .. } => {
                if !self.stands(tx, thread, Some(post))? {
                    return Ok(());
                }
                let author = self.post(tx.conn, post)?.and_then(|post| post.author);
                self.tell_other(tx, author, &about(Kind::Edited, Some(thread), Some(post)))?;
                let mut told = HashSet::from_iter(event.actor.into_iter().chain(author));
                if material
                    && let Some(known) = self.thread(tx.conn, thread)?
                    && known.accepted == Some(post)
                    && let Some(asker) = known.asker
                    && told.insert(asker)
                {
                    self.tell(tx, asker, &about(Kind::SolutionChanged, Some(thread), Some(post)))?;
                }
                let telling = about(Kind::Mention, Some(thread), Some(post));
                self.newly_mentioned(tx, &telling, revision, &mut told)?;
            }
            Fact::PostHidden { thread, post, author } => {
                // Hidden and back again since: the second notice says enough.
                if !self.post(tx.conn, post)?.is_some_and(|post| post.removed) {
                    return Ok(());
                }
                let reason: Option<String> = removals::table
                    .filter(removals::post_id.eq(post))
                    .filter(removals::kind.eq("hidden"))
                    .order(removals::id.desc())
                    .select(removals::reason)
                    .first(tx.conn)
                    .optional()?;
                let reason = one_line(&reason.unwrap_or_default(), 500);
                let telling = Telling { detail: &reason, ..about(Kind::Hidden, Some(thread), Some(post)) };
                self.tell_other(tx, author, &telling)?;
            }
            Fact::PostRestored { thread, post, author } => {
                if !self.stands(tx, thread, Some(post))? {
                    return Ok(());
                }
                self.tell_other(tx, author, &about(Kind::Restored, Some(thread), Some(post)))?;
            }
            Fact::UserSuspended { user, until } => {
                let reason: Option<String> = suspensions::table
                    .filter(suspensions::user_id.eq(user))
                    .order(suspensions::id.desc())
                    .select(suspensions::reason)
                    .first(tx.conn)
                    .optional()?;
                let detail = format!("{}\n{}", until.date(), one_line(&reason.unwrap_or_default(), 500));
                let telling = Telling { detail: &detail, ..about(Kind::Suspended, None, None) };
                self.tell_other(tx, Some(user), &telling)?;
            }
            Fact::FlagDecided { thread, post, flagger, agreed, .. } => {
                let kind = if agreed { Kind::FlagAgreed } else { Kind::FlagDeclined };
                self.tell_other(tx, Some(flagger), &about(kind, Some(thread), Some(post)))?;
            }
            Fact::ChallengeDecided { thread, post, author, challenge, challenger, upheld } => {
                self.challenge_decided(tx, event, thread, post, author, (challenge, challenger, upheld))?;
            }
            Fact::CreditHeld { .. } | Fact::CreditReleased { .. } => self.credit(tx, event, None)?,
            Fact::AppealDecided { appeal, user, upheld } => {
                let row: Option<(String, String)> = appeals::table
                    .find(appeal)
                    .select((appeals::state, appeals::decision_note))
                    .first(tx.conn)
                    .optional()?;
                // Decided otherwise since: the later event says enough.
                let Some((_, note)) =
                    row.filter(|(state, _)| state == if upheld { "upheld" } else { "rejected" })
                else {
                    return Ok(());
                };
                let before = decided_before(tx.conn, event, |fact| match *fact {
                    Fact::AppealDecided { appeal: of, upheld, .. } if of == appeal => Some(upheld),
                    _ => None,
                })?;
                let kind = match (upheld, before) {
                    (true, _) => Kind::AppealUpheld,
                    (false, Some(true)) => Kind::AppealUndone,
                    (false, _) => Kind::AppealRejected,
                };
                let note = one_line(&note, 500);
                self.tell_other(tx, Some(user), &Telling { detail: &note, ..about(kind, None, None) })?;
            }
            Fact::CaseOpened { thread, case } => self.case_opened(tx, event, thread, case)?,
            Fact::CaseTaken { thread, case, .. } => {
                let opener = opener(tx.conn, case)?;
                self.tell_other(tx, opener, &about(Kind::CaseTaken, Some(thread), None))?;
            }
            Fact::CaseClosed { thread, case } => {
                let opener = opener(tx.conn, case)?;
                self.tell_other(tx, opener, &about(Kind::CaseClosed, Some(thread), None))?;
            }
            Fact::CaseAnswered { thread, case, post } => {
                if !self.stands(tx, thread, Some(post))? {
                    return Ok(());
                }
                let opener = opener(tx.conn, case)?;
                self.tell_other(tx, opener, &about(Kind::CaseAnswered, Some(thread), Some(post)))?;
                let asker = self.thread(tx.conn, thread)?.and_then(|thread| thread.asker);
                if let Some(asker) = asker
                    && Some(asker) != opener
                    && !told_of_answer(tx.conn, asker, post)?
                {
                    self.tell_other(tx, Some(asker), &about(Kind::OfficialAnswer, Some(thread), Some(post)))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells the two a challenge was about, and those who relied on the answer, or were told not to.
    fn challenge_decided(
        &mut self,
        tx: &mut Tx<'_>,
        event: &Event,
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
        (challenge, challenger, upheld): (ChallengeId, UserId, bool),
    ) -> DbResult<()> {
        let row: Option<(String, String)> = challenges::table
            .find(challenge)
            .select((challenges::state, challenges::decision_note))
            .first(tx.conn)
            .optional()?;
        // Decided the other way since: the later event says enough.
        let Some((_, note)) = row.filter(|(state, _)| state == if upheld { "upheld" } else { "rejected" })
        else {
            return Ok(());
        };
        let anew = decided_before(tx.conn, event, |fact| match *fact {
            Fact::ChallengeDecided { challenge: of, upheld, .. } if of == challenge => Some(upheld),
            _ => None,
        })?
        .is_some();
        let (claimed, written) = match (upheld, anew) {
            (true, false) => (Kind::ChallengeUpheld, Kind::AnswerSuperseded),
            (true, true) => (Kind::ChallengeUpheldAnew, Kind::AnswerSupersededAnew),
            (false, false) => (Kind::ChallengeRejected, Kind::AnswerStands),
            (false, true) => (Kind::ChallengeRejectedAnew, Kind::AnswerStandsAnew),
        };
        // Who appealed hears it with the same words.
        let mut told = told_by_appeal(tx.conn, event.id, "challenge", challenge.0)?;
        let detail = format!("{}\n{challenge}", one_line(&note, 500));
        let about = |kind, detail| Telling {
            kind,
            event: event.id,
            at: event.at,
            actor: event.actor,
            thread: Some(thread),
            post: Some(post),
            detail,
        };
        if !told.contains(&challenger) {
            self.tell_other(tx, Some(challenger), &about(claimed, &detail))?;
        }
        // It stands only if no other challenge was upheld.
        if !upheld && superseded_by_another(tx.conn, post, challenge)? {
            return Ok(());
        }
        if author.is_some_and(|author| !told.contains(&author)) {
            self.tell_other(tx, author, &about(written, &detail))?;
        }
        if (!upheld && !anew) || !self.stands(tx, thread, Some(post))? {
            return Ok(());
        }
        told.extend(event.actor.into_iter().chain(author));
        told.insert(challenger);
        let relied = about(if upheld { Kind::SolutionSuperseded } else { Kind::SolutionStands }, "");
        if let Some(known) = self.thread(tx.conn, thread)?
            && [known.accepted, known.superseded].contains(&Some(post))
            && let Some(asker) = known.asker
            && told.insert(asker)
        {
            self.tell(tx, asker, &relied)?;
        }
        self.spread(tx, &relied, &told)
    }

    /// Tells that a finding holds credit, or no longer does: those it is about, or (`whose`) others whose points went or
    /// came back by it, each once.
    fn credit(&mut self, tx: &mut Tx<'_>, event: &Event, whose: Option<&BTreeSet<UserId>>) -> DbResult<()> {
        let (kind, finding, members, posts) = match &event.fact {
            Fact::CreditHeld { finding, members, posts } => (Kind::CreditHeld, finding, members, posts),
            Fact::CreditReleased { finding, members, posts } => {
                (Kind::CreditReleased, finding, members, posts)
            }
            _ => return Ok(()),
        };
        if tx.now.since(event.at) >= limits::STANDING_NEWS {
            return Ok(());
        }
        let authors: Vec<Option<UserId>> = posts::table
            .filter(among(posts::id, posts.iter().copied()))
            .select(posts::author_id)
            .load(tx.conn)?;
        let about: BTreeSet<UserId> = members.iter().copied().chain(authors.into_iter().flatten()).collect();
        let people = match whose {
            None => about,
            Some(whose) => whose.difference(&about).copied().collect(),
        };
        // Who appealed hears it with the moderators' words.
        let told = match kind {
            Kind::CreditReleased => told_by_appeal(tx.conn, event.id, "finding", finding.0)?,
            _ => HashSet::new(),
        };
        let mut people: Vec<UserId> = people.into_iter().filter(|person| !told.contains(person)).collect();
        if people.len() > limits::FINDING_TOLD {
            let (people, told) = (people.len(), limits::FINDING_TOLD);
            tracing::warn!(event = event.id.0, people, told, "a finding is about more people than are told");
        }
        people.truncate(limits::FINDING_TOLD);
        self.load_people(tx.conn, &people)?;
        let detail = if kind == Kind::CreditHeld { finding.to_string() } else { String::new() };
        let (event, at, actor) = (event.id, event.at, event.actor);
        let telling = Telling { kind, event, at, actor, thread: None, post: None, detail: &detail };
        for person in people {
            self.tell_other(tx, Some(person), &telling)?;
        }
        Ok(())
    }

    fn case_opened(
        &mut self,
        tx: &mut Tx<'_>,
        event: &Event,
        thread: ThreadId,
        case: CaseId,
    ) -> DbResult<()> {
        let mut told: HashSet<UserId> = HashSet::from_iter(event.actor);
        told.extend(opener(tx.conn, case)?);
        let staff: Vec<UserId> = users::table
            .filter(users::role.eq_any(["staff", "admin"]))
            .filter(users::erased_at.is_null())
            .order(users::id)
            .limit(limits::STAFF_TOLD)
            .select(users::id)
            .load(tx.conn)?;
        let detail = case.to_string();
        let telling = |kind: Kind, detail| Telling {
            kind,
            event: event.id,
            at: event.at,
            actor: event.actor,
            thread: Some(thread),
            post: None,
            detail,
        };
        for person in staff {
            if told.insert(person) {
                self.tell(tx, person, &telling(Kind::CaseOpened, &detail))?;
            }
        }
        if self.stands(tx, thread, None)?
            && let Some(asker) = self.thread(tx.conn, thread)?.and_then(|thread| thread.asker)
            && told.insert(asker)
        {
            self.tell(tx, asker, &telling(Kind::CasePassedOn, ""))?;
        }
        Ok(())
    }

    /// Whether the post, what it hangs on and its thread are all there to be seen.
    fn stands(&mut self, tx: &mut Tx<'_>, thread: ThreadId, post: Option<PostId>) -> DbResult<bool> {
        if self.thread(tx.conn, thread)?.is_none_or(|thread| thread.removed) {
            return Ok(false);
        }
        let Some(post) = post else { return Ok(true) };
        let parent = match self.post(tx.conn, post)? {
            Some(post) if !post.removed => post.parent,
            _ => return Ok(false),
        };
        match parent {
            None => Ok(true),
            Some(parent) => Ok(self.post(tx.conn, parent)?.is_some_and(|post| !post.removed)),
        }
    }

    fn thread(&mut self, conn: &mut Conn, id: ThreadId) -> DbResult<Option<&Thread>> {
        let known = match self.threads.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                type Row = (String, String, Option<UserId>, Option<PostId>, Option<PostId>, i16);
                let row: Option<Row> = threads::table
                    .find(id)
                    .select((
                        threads::title,
                        threads::slug,
                        threads::author_id,
                        threads::accepted_answer_id,
                        threads::superseded_answer_id,
                        threads::removed,
                    ))
                    .first(conn)
                    .optional()?;
                place.insert(row.map(|(title, slug, asker, accepted, superseded, removed)| Thread {
                    title,
                    slug,
                    asker,
                    accepted,
                    superseded,
                    removed: removed != 0,
                }))
            }
        };
        Ok(known.as_ref())
    }

    fn post(&mut self, conn: &mut Conn, id: PostId) -> DbResult<Option<&Post>> {
        let known = match self.posts.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let row: Option<(Option<PostId>, Option<UserId>, i16)> = posts::table
                    .find(id)
                    .select((posts::parent_id, posts::author_id, posts::removed))
                    .first(conn)
                    .optional()?;
                place.insert(row.map(|(parent, author, removed)| Post {
                    parent,
                    author,
                    removed: removed != 0,
                }))
            }
        };
        Ok(known.as_ref())
    }

    fn person(&mut self, conn: &mut Conn, id: UserId) -> DbResult<Option<&Person>> {
        if !self.people.contains_key(&id) {
            self.load_people(conn, &[id])?;
        }
        Ok(self.people.get(&id).and_then(Option::as_ref))
    }

    fn load_people(&mut self, conn: &mut Conn, ids: &[UserId]) -> DbResult<()> {
        type Row = (UserId, String, Option<String>, Option<Moment>, String, Option<Moment>, Option<Moment>);
        let missing: Vec<UserId> = ids.iter().copied().filter(|id| !self.people.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let rows: Vec<Row> = users::table
            .filter(users::id.eq_any(&missing))
            .select((
                users::id,
                users::display_name,
                users::email,
                users::email_confirmed_at,
                users::language,
                users::suspended_until,
                users::erased_at,
            ))
            .load(conn)?;
        self.people.extend(missing.into_iter().map(|id| (id, None)));
        for (id, display_name, email, confirmed, language, suspended_until, erased) in rows {
            let person = Person {
                display_name,
                email,
                confirmed: confirmed.is_some(),
                language,
                suspended_until,
                erased: erased.is_some(),
            };
            self.people.insert(id, Some(person));
        }
        Ok(())
    }

    /// Tells `person` unless they did it themselves or there is nobody.
    fn tell_other(&mut self, tx: &mut Tx<'_>, person: Option<UserId>, telling: &Telling<'_>) -> DbResult<()> {
        match person {
            Some(person) if Some(person) != telling.actor => self.tell(tx, person, telling).map(drop),
            _ => Ok(()),
        }
    }

    /// Tells whoever asked `thread`, if it is there to be seen.
    fn tell_asker(&mut self, tx: &mut Tx<'_>, thread: ThreadId, telling: &Telling<'_>) -> DbResult<()> {
        if !self.stands(tx, thread, None)? {
            return Ok(());
        }
        let asker = self.thread(tx.conn, thread)?.and_then(|thread| thread.asker);
        self.tell_other(tx, asker, telling)
    }

    /// Writes the notice and its mail; `false` when this person was told before, or is gone.
    fn tell(&mut self, tx: &mut Tx<'_>, user: UserId, telling: &Telling<'_>) -> DbResult<bool> {
        let Some(person) = self.person(tx.conn, user)?.cloned() else { return Ok(false) };
        if person.erased || already(tx.conn, user, telling.event, Some(telling.kind))? {
            return Ok(false);
        }
        diesel::insert_into(notices::table)
            .values((
                notices::user_id.eq(user),
                notices::event_id.eq(telling.event),
                notices::kind.eq(telling.kind.as_str()),
                notices::thread_id.eq(telling.thread),
                notices::post_id.eq(telling.post),
                notices::actor_id.eq(telling.actor),
                notices::detail.eq(telling.detail),
                notices::created_at.eq(telling.at),
            ))
            .execute(tx.conn)?;
        self.told += 1;
        self.mail(tx, user, &person, telling)?;
        Ok(true)
    }

    fn mail(
        &mut self,
        tx: &mut Tx<'_>,
        user: UserId,
        person: &Person,
        telling: &Telling<'_>,
    ) -> DbResult<()> {
        let Some(list) = telling.kind.list() else { return Ok(()) };
        let Some(address) = person.email.as_deref().filter(|_| person.confirmed) else { return Ok(()) };
        // A suspended person gets the one mail that says why, and no others.
        let suspended = person.suspended_until.is_some_and(|until| until > tx.now);
        if suspended && telling.kind != Kind::Suspended {
            return Ok(());
        }
        let lang = person.language.as_str();
        let actor = match telling.actor {
            Some(actor) => self.person(tx.conn, actor)?.map(|person| person.display_name.clone()),
            None => None,
        };
        let seen = match telling.thread {
            Some(thread) => self.stands(tx, thread, telling.post)?,
            None => false,
        };
        let thread = match telling.thread {
            Some(id) if seen => self.thread(tx.conn, id)?.map(|t| (id, t.title.clone(), t.slug.clone())),
            _ => None,
        };
        let title = match (&thread, telling.thread) {
            (Some((_, title, _)), _) => title.clone(),
            (None, Some(_)) => translate(lang, "notice-removed-post", &[]),
            (None, None) => String::new(),
        };
        let words = Words { kind: telling.kind, actor: actor.as_deref(), detail: telling.detail };
        let subject = words.say(
            lang,
            &format!("mail-{}-subject", telling.kind.as_str()),
            &[("title", &title), ("brand", &self.letterhead.brand)],
        );
        let path = url(
            telling.kind,
            telling.detail,
            thread.as_ref().map(|(id, _, slug)| (*id, slug.as_str())),
            telling.post,
        );
        let link = (!path.is_empty()).then(|| {
            let label = translate(lang, "mail-notice-link", &[("brand", Arg::from(&self.letterhead.brand))]);
            (label, format!("{}{path}", self.letterhead.base_url))
        });
        let mut paragraphs = vec![defuse(&one_line(&words.text(lang), 1_000))];
        if thread.is_some() {
            paragraphs.push(defuse(&one_line(&title, 300)));
        }
        if let Some(appeal) = appeal(telling.kind, telling.detail, telling.event) {
            let address = format!("{}{appeal}", self.letterhead.base_url);
            paragraphs.push(translate(lang, "mail-notice-appeal", &[("url", Arg::from(&address))]));
        }
        let new = self.letterhead.compose(Letter {
            dedupe_key: format!("notice:{}:{user}:{}", telling.event, telling.kind.as_str()),
            user: Some(user),
            recipient: address,
            lang,
            list,
            subject,
            name: &person.display_name,
            paragraphs,
            link,
            thread: telling.thread,
            // What it shows must still be there when it leaves.
            post: telling.post.or(telling.thread.map(ThreadId::question)).filter(|_| seen),
            expires_at: None,
            stop: None,
        });
        mail::enqueue(tx, new).map(drop)
    }

    /// Tells those whom the post calls by name.
    fn mentioned(
        &mut self,
        tx: &mut Tx<'_>,
        telling: &Telling<'_>,
        told: &mut HashSet<UserId>,
    ) -> DbResult<()> {
        for (person, _) in called(tx.conn, telling.post)? {
            if told.insert(person) {
                self.tell(tx, person, telling)?;
            }
        }
        Ok(())
    }

    /// Tells those whom `revision` of the post was the first to call by name.
    fn newly_mentioned(
        &mut self,
        tx: &mut Tx<'_>,
        telling: &Telling<'_>,
        revision: i32,
        told: &mut HashSet<UserId>,
    ) -> DbResult<()> {
        let called = called(tx.conn, telling.post)?;
        let Some(post) = telling.post.filter(|_| !called.is_empty()) else { return Ok(()) };
        // Texts before this one are kept as they were typed; a name in them was told then, or was in code.
        let before: Option<String> = revisions::table
            .filter(revisions::post_id.eq(post))
            .filter(revisions::number.lt(revision))
            .order(revisions::number.desc())
            .select(revisions::body_md)
            .first(tx.conn)
            .optional()?;
        let before = folded(&before.unwrap_or_default());
        for (person, key) in called {
            let known = calls(&before, &key);
            if !known && told.insert(person) && !told_of_post(tx.conn, person, post)? {
                self.tell(tx, person, telling)?;
            }
        }
        Ok(())
    }

    /// Tells the first page of those whom this concerns, and leaves a note for the rest.
    fn spread(&mut self, tx: &mut Tx<'_>, telling: &Telling<'_>, told: &HashSet<UserId>) -> DbResult<()> {
        let (Some(thread), Some(post)) = (telling.thread, telling.post) else { return Ok(()) };
        let after = if self.told < limits::NOTICES_PER_STEP {
            self.fan_out(tx, telling, UserId(0), told)?
        } else {
            // So much has been told in this transaction that the next ones take over.
            Some(UserId(0))
        };
        if let Some(after) = after {
            let known: Option<i64> = notice_fanouts::table
                .find(telling.event)
                .select(notice_fanouts::event_id)
                .first(tx.conn)
                .optional()?;
            if known.is_none() {
                diesel::insert_into(notice_fanouts::table)
                    .values((
                        notice_fanouts::event_id.eq(telling.event),
                        notice_fanouts::at.eq(telling.at),
                        notice_fanouts::thread_id.eq(thread),
                        notice_fanouts::post_id.eq(post),
                        notice_fanouts::actor_id.eq(telling.actor),
                        notice_fanouts::kind.eq(telling.kind.as_str()),
                        notice_fanouts::after_user_id.eq(after),
                    ))
                    .execute(tx.conn)?;
            }
        }
        Ok(())
    }

    /// Tells one page, behind `after`; where the next begins, `None` after the last.
    fn fan_out(
        &mut self,
        tx: &mut Tx<'_>,
        telling: &Telling<'_>,
        after: UserId,
        told: &HashSet<UserId>,
    ) -> DbResult<Option<UserId>> {
        let Some(thread) = telling.thread else { return Ok(None) };
        let size = limits::FOLLOWERS_PER_STEP;
        let page = match (telling.kind, telling.post) {
            (Kind::SolutionSuperseded | Kind::SolutionStands, Some(post)) => {
                relied_on(tx.conn, thread, post, after, size)?
            }
            _ => follows::table
                .filter(follows::thread_id.eq(thread))
                .filter(follows::user_id.gt(after))
                .order(follows::user_id)
                .limit(i64::try_from(size).unwrap_or(i64::MAX))
                .select(follows::user_id)
                .load(tx.conn)?,
        };
        self.load_people(tx.conn, &page)?;
        for person in &page {
            if Some(*person) != telling.actor
                && !told.contains(person)
                && !already(tx.conn, *person, telling.event, None)?
            {
                self.tell(tx, *person, telling)?;
            }
        }
        Ok(page.last().copied().filter(|_| page.len() == size))
    }
}

/// A page of those who relied on an answer, by number: whom it helped, who has its problem too, and who asked what was
/// closed in favour of its thread.
fn relied_on(
    conn: &mut Conn,
    thread: ThreadId,
    post: PostId,
    after: UserId,
    size: usize,
) -> DbResult<Vec<UserId>> {
    let limit = i64::try_from(size).unwrap_or(i64::MAX);
    let helped: Vec<UserId> = confirmations::table
        .filter(confirmations::post_id.eq(post))
        .filter(confirmations::value.eq(true))
        .filter(confirmations::user_id.gt(after))
        .order(confirmations::user_id)
        .limit(limit)
        .select(confirmations::user_id)
        .load(conn)?;
    let too: Vec<UserId> = me_toos::table
        .filter(me_toos::thread_id.eq(thread))
        .filter(me_toos::user_id.gt(after))
        .order(me_toos::user_id)
        .limit(limit)
        .select(me_toos::user_id)
        .load(conn)?;
    let sent_here: Vec<UserId> = threads::table
        .filter(threads::duplicate_of.eq(thread))
        .filter(threads::author_id.gt(after))
        .filter(threads::removed.eq(zero()))
        .order(threads::author_id)
        .limit(limit)
        .select(threads::author_id.assume_not_null())
        .distinct()
        .load(conn)?;
    // The first of each are all that the first of them together can be.
    let all: BTreeSet<UserId> = helped.into_iter().chain(too).chain(sent_here).collect();
    Ok(all.into_iter().take(size).collect())
}

/// Whom a post calls by name, with the keys of the names.
fn called(conn: &mut Conn, post: Option<PostId>) -> DbResult<Vec<(UserId, String)>> {
    let Some(post) = post else { return Ok(Vec::new()) };
    // Most posts mention nobody: their bodies stay where they are.
    let body: Option<String> = posts::table
        .find(post)
        .filter(posts::body_html.like("%class=\"mention\"%"))
        .select(posts::body_html)
        .first(conn)
        .optional()?;
    let keys = mentions(&body.unwrap_or_default());
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(users::table
        .filter(users::username_key.eq_any(&keys))
        .order(users::id)
        .select((users::id, users::username_key))
        .load(conn)?)
}

/// A text in the way keys of usernames are written. To give way to the kernel's `Username::key` when both
/// rooms stand in one house.
fn folded(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase()
}

/// Whether a folded text has `@key`, and not only as the beginning of a longer name.
fn calls(text: &str, key: &str) -> bool {
    let of_a_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.split('@').skip(1).filter_map(|rest| rest.strip_prefix(key)).any(|after| {
        let mut after = after.chars();
        match after.next() {
            Some('.') => !after.next().is_some_and(of_a_name),
            Some(c) => !of_a_name(c),
            None => true,
        }
    })
}

/// News of a thread which some of its followers are still to be told.
#[derive(Clone, Queryable)]
struct Fanout {
    event: EventId,
    at: Moment,
    thread: ThreadId,
    post: PostId,
    actor: Option<UserId>,
    kind: String,
    after: UserId,
}

impl Fanout {
    fn telling(&self) -> Option<Telling<'_>> {
        Some(Telling {
            kind: Kind::parse(&self.kind)?,
            event: self.event,
            at: self.at,
            actor: self.actor,
            thread: Some(self.thread),
            post: Some(self.post),
            detail: "",
        })
    }
}

/// Tells the next page of the oldest unfinished fan-out; `false` when there is none.
pub fn fan_out_step(db: &Db, letterhead: &Letterhead) -> DbResult<bool> {
    let oldest = |conn: &mut Conn| -> DbResult<Option<Fanout>> {
        Ok(notice_fanouts::table
            .order(notice_fanouts::event_id)
            .select((
                notice_fanouts::event_id,
                notice_fanouts::at,
                notice_fanouts::thread_id,
                notice_fanouts::post_id,
                notice_fanouts::actor_id,
                notice_fanouts::kind,
                notice_fanouts::after_user_id,
            ))
            .first(conn)
            .optional()?)
    };
    if oldest(&mut *db.reader()?)?.is_none() {
        return Ok(false);
    }
    let letterhead = letterhead.clone();
    db.write_blocking(move |tx| -> DbResult<bool> {
        // Another node may have finished it meanwhile.
        let Some(news) = oldest(tx.conn)? else { return Ok(false) };
        let mut crier = Crier::new(&letterhead);
        let next = match news.telling() {
            Some(telling) if crier.stands(tx, news.thread, Some(news.post))? => {
                crier.fan_out(tx, &telling, news.after, &HashSet::new())?
            }
            _ => None,
        };
        let row = notice_fanouts::table.find(news.event);
        match next {
            Some(after) => {
                diesel::update(row).set(notice_fanouts::after_user_id.eq(after)).execute(tx.conn)?
            }
            None => diesel::delete(row).execute(tx.conn)?,
        };
        Ok(true)
    })
}

/// A thread that works through fan-outs, a page per transaction, so that visitors' writes get between.
pub fn spawn_fan_out(db: Db, letterhead: Letterhead, bell: Bell) -> DbResult<std::thread::JoinHandle<()>> {
    std::thread::Builder::new()
        .name("notices".into())
        .spawn(move || {
            while !bell.stopping() {
                match fan_out_step(&db, &letterhead) {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => {
                        tracing::warn!(%error, "followers could not be told; it will be tried again");
                    }
                }
                let begun = std::time::Instant::now();
                let pause = Duration::from_millis(limits::MAIL_POLL_MS);
                while !bell.stopping() && begun.elapsed() < pause {
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        })
        .map_err(|e| DbError::Unavailable(e.to_string()))
}

/// What became of a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadgeNews {
    Earned,
    /// By an event of this kind.
    Revoked(&'static str),
    /// The rules no longer have them.
    NoMore,
}

/// Tells `user` of badges that `event` gave or took; `false` when they know. For the reputation follower, in
/// its own transaction.
pub fn notify_badges(
    tx: &mut Tx<'_>,
    letterhead: &Letterhead,
    user: UserId,
    badges: &[&str],
    event: EventId,
    news: BadgeNews,
) -> DbResult<bool> {
    let (kind, detail) = match news {
        BadgeNews::Earned => (Kind::Badge, badges.join(" ")),
        BadgeNews::Revoked(why) => (Kind::BadgeRevoked, format!("{}\n{why}", badges.join(" "))),
        BadgeNews::NoMore => (Kind::BadgeRevoked, format!("{}\n{NO_MORE}", badges.join(" "))),
    };
    let telling = Telling { kind, event, at: tx.now, actor: None, thread: None, post: None, detail: &detail };
    Crier::new(letterhead).tell(tx, user, &telling)
}

/// Tells `whose` points the event of a finding took, or gave back, where this is not told already as they are those it is
/// about. For the reputation follower, in its own transaction.
pub fn notify_credit(
    tx: &mut Tx<'_>,
    letterhead: &Letterhead,
    event: &Event,
    whose: &BTreeSet<UserId>,
) -> DbResult<()> {
    Crier::new(letterhead).credit(tx, event, Some(whose))
}

/// Tells `user` that a thread is news for a search they saved, `name`. For the follower of saved searches, in its own
/// transaction.
pub fn notify_search(
    tx: &mut Tx<'_>,
    letterhead: &Letterhead,
    user: UserId,
    kind: Kind,
    thread: ThreadId,
    name: &str,
    (event, at): (EventId, Moment),
) -> DbResult<()> {
    let mut crier = Crier::new(letterhead);
    if !crier.stands(tx, thread, None)? {
        return Ok(());
    }
    let telling = Telling { kind, event, at, actor: None, thread: Some(thread), post: None, detail: name };
    crier.tell(tx, user, &telling).map(drop)
}

/// Whether `user` was told of `event`, in this way or (`None`) in any.
fn already(conn: &mut Conn, user: UserId, event: EventId, kind: Option<Kind>) -> DbResult<bool> {
    let mut query =
        notices::table.filter(notices::user_id.eq(user)).filter(notices::event_id.eq(event)).into_boxed();
    if let Some(kind) = kind {
        query = query.filter(notices::kind.eq(kind.as_str()));
    }
    let row: Option<i64> = query.select(notices::id).first(conn).optional()?;
    Ok(row.is_some())
}

/// Whether `user` was ever told of this post.
fn told_of_post(conn: &mut Conn, user: UserId, post: PostId) -> DbResult<bool> {
    let row: Option<i64> = notices::table
        .filter(notices::user_id.eq(user))
        .filter(notices::post_id.eq(post))
        .select(notices::id)
        .first(conn)
        .optional()?;
    Ok(row.is_some())
}

/// Whether `user` was among those told of the answer itself.
fn told_of_answer(conn: &mut Conn, user: UserId, post: PostId) -> DbResult<bool> {
    // Newest first: the answer's own event is a step before the case's.
    let recent: Vec<Option<PostId>> = notices::table
        .filter(notices::user_id.eq(user))
        .order(notices::id.desc())
        .limit(limits::NOTICES_PER_PAGE)
        .select(notices::post_id)
        .load(conn)?;
    Ok(recent.contains(&Some(post)))
}

/// Whether a reader who confirmed an answer has not taken that back since.
fn still_confirmed(conn: &mut Conn, user: UserId, post: PostId) -> DbResult<bool> {
    let value: Option<bool> = confirmations::table
        .filter(confirmations::user_id.eq(user))
        .filter(confirmations::post_id.eq(post))
        .select(confirmations::value)
        .first(conn)
        .optional()?;
    Ok(value == Some(true))
}

/// Whether `author` has been told of fewer than the first confirmations of this answer, and of none by `user`.
fn first_confirmations(conn: &mut Conn, author: UserId, user: UserId, post: PostId) -> DbResult<bool> {
    let told: Vec<Option<UserId>> = notices::table
        .filter(notices::user_id.eq(author))
        .filter(notices::post_id.eq(post))
        .filter(notices::kind.eq(Kind::Confirmed.as_str()))
        .limit(limits::CONFIRMATIONS_TOLD)
        .select(notices::actor_id)
        .load(conn)?;
    Ok((told.len() as i64) < limits::CONFIRMATIONS_TOLD && !told.contains(&Some(user)))
}

/// Whether this answer was the thread's solution already when it was accepted in this event.
fn accepted_before(conn: &mut Conn, thread: ThreadId, post: PostId, event: EventId) -> DbResult<bool> {
    let last: Option<(String, Option<PostId>)> = events::table
        .filter(events::thread_id.eq(thread))
        .filter(events::id.lt(event))
        .filter(events::kind.eq_any(["answer_accepted", "answer_unaccepted"]))
        .order(events::id.desc())
        .select((events::kind, events::post_id))
        .first(conn)
        .optional()?;
    Ok(last.is_some_and(|(kind, of)| kind == "answer_accepted" && of == Some(post)))
}

/// What was decided before about the same, in the same thread or about the same person; `of` tells what a fact decided.
fn decided_before(
    conn: &mut Conn,
    event: &Event,
    of: impl Fn(&Fact) -> Option<bool>,
) -> DbResult<Option<bool>> {
    let earlier = events::table
        .filter(events::id.lt(event.id))
        .filter(events::kind.eq(event.fact.kind()))
        .order(events::id.desc())
        .limit(limits::COUNT_CAP)
        .select((events::id, events::data))
        .into_boxed();
    let facts: Vec<(EventId, String)> = match event.fact.thread() {
        Some(thread) => earlier.filter(events::thread_id.eq(thread)).load(conn)?,
        None => earlier.filter(events::user_id.eq(event.fact.user())).load(conn)?,
    };
    for (id, data) in facts {
        if let Some(decided) = of(&ledger::fact(id, &data)?) {
            return Ok(Some(decided));
        }
    }
    Ok(None)
}

/// Who hears by an appeal of theirs what this event decided: the one that was upheld in the same act, just after it.
fn told_by_appeal(conn: &mut Conn, event: EventId, subject: &str, number: i64) -> DbResult<HashSet<UserId>> {
    let next = ledger::after(conn, event, 1)?.pop();
    let Some(Fact::AppealDecided { appeal, user, upheld: true }) = next.map(|event| event.fact) else {
        return Ok(HashSet::new());
    };
    let about: Option<(String, i64)> =
        appeals::table.find(appeal).select((appeals::subject, appeals::subject_id)).first(conn).optional()?;
    let same = about.is_some_and(|(of, id)| of == subject && id == number);
    Ok(HashSet::from_iter(same.then_some(user)))
}

/// Whether moderators upheld another challenge of the same answer.
fn superseded_by_another(conn: &mut Conn, post: PostId, challenge: ChallengeId) -> DbResult<bool> {
    let other: Option<ChallengeId> = challenges::table
        .filter(challenges::post_id.eq(post))
        .filter(challenges::state.eq("upheld"))
        .filter(challenges::id.ne(challenge))
        .select(challenges::id)
        .first(conn)
        .optional()?;
    Ok(other.is_some())
}

fn opener(conn: &mut Conn, case: CaseId) -> DbResult<Option<UserId>> {
    Ok(cases::table.find(case).select(cases::opened_by).first(conn).optional()?)
}

/// Keys of the usernames a rendered body mentions, each once, at most [`limits::MENTIONS_TOLD`]. Reads
/// the links the Markdown pipeline made, so that a name inside code is not a mention.
pub fn mentions(body_html: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for rest in body_html.split("<a ").skip(1) {
        let Some((tag, _)) = rest.split_once('>') else { continue };
        if !tag.contains("class=\"mention\"") {
            continue;
        }
        let name = tag
            .split_once("href=\"/people/")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(name, _)| name)
            .filter(|name| !name.is_empty() && name.len() <= 400);
        let Some(name) = name else { continue };
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        let key = folded(&name);
        if !keys.contains(&key) {
            keys.push(key);
            if keys.len() >= limits::MENTIONS_TOLD {
                break;
            }
        }
    }
    keys
}
