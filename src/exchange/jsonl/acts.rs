//! exchange room: what each kind of line writes. Everything is looked at before anything is written,
//! so that a line is done as a whole or left as a whole.
use super::Book;
use super::lines::{Fields, Line};
use crate::accounts::{self, Viewer};
use crate::confirmations::{self, Confirming};
use crate::db::schema::{
    cases, duplicate_links, flags, follows, me_toos, moderation_log, posts, removals, revisions, tags,
    thread_tags, threads as threads_table, users, votes as votes_table,
};
use crate::db::{Tx, insert_all, zero};
use crate::exchange::Result;
use crate::exchange::text::{self, Shown};
use crate::exchange::xml::Reason;
use crate::findings;
use crate::kernel::ids::{CaseId, FlagId, PostId, TagId, ThreadId, UserId};
use crate::kernel::moment::{DAY, Moment};
use crate::kernel::names::Title;
use crate::ledger::{self, Fact};
use crate::moderation::Act;
use crate::threads::{self, Editing};
use crate::verdicts::{self, Judging, Verdict};
use crate::votes::{self, Cast};
use crate::web::i18n::translate;
use diesel::dsl::exists;
use diesel::prelude::*;
use std::collections::HashSet;

/// Votes one answer's `score` may stand for.
const MAX_SCORE: i64 = 1_000;
/// `posts.removed` of a post that a moderator took away.
const HIDDEN: i16 = 2;

/// Done, or why the line cannot be used.
type Done = std::result::Result<(), Reason>;

/// Leaves the act with a reason when a line does not hold what it should.
macro_rules! need {
    ($found:expr, $reason:expr) => {
        match $found {
            Some(found) => found,
            None => return Ok(Err($reason.into())),
        }
    };
}
macro_rules! given {
    ($found:expr) => {
        match $found {
            Ok(found) => found,
            Err(reason) => return Ok(Err(reason)),
        }
    };
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = posts)]
struct Post {
    id: PostId,
    kind: String,
    thread_id: ThreadId,
    parent_id: Option<PostId>,
    author_id: Option<UserId>,
    created_at: Moment,
    removed: i16,
}

/// What is new on a thread, for the lists.
struct Activity {
    kind: &'static str,
    by: Option<UserId>,
    at: Moment,
}

/// What a verb said against a line, in the words of its page.
fn refused(key: &'static str) -> Reason {
    format!("refused: {}", translate("en", key, &[])).into()
}

trait IntoDone {
    fn into_done(self) -> Done;
}

impl IntoDone for threads::Done {
    fn into_done(self) -> Done {
        match self {
            threads::Done::Done(_) | threads::Done::Already(_) => Ok(()),
            threads::Done::NotFound => Err("its post is not there for its user".into()),
            threads::Done::Refused(key) => Err(refused(key)),
        }
    }
}

impl Book<'_> {
    /// Does one line, or counts and lists it.
    pub fn line(&mut self, line: Line) -> Result<()> {
        let file = self.file.clone();
        let done = match line.content {
            Ok(Some((fields, shown))) => self.act(*fields, shown)?,
            Ok(None) => Err("an empty line".into()),
            Err(reason) => Err(reason),
        };
        match done {
            Ok(()) => {
                self.run.used(&file);
                Ok(())
            }
            Err(reason) => self.run.unused(&file, &format!("line {}", line.number), &reason),
        }
    }

    fn act(&mut self, line: Fields, shown: Shown) -> Result<Done> {
        match line.kind.as_str() {
            "user" => self.user(line, shown),
            "question" => self.question(line, shown),
            "answer" => self.answer(line, shown),
            "comment" => self.comment(line, shown),
            "vote" => self.vote(line),
            "accept" => self.accept(line, true),
            "unaccept" => self.accept(line, false),
            "me_too" => self.me_too(line),
            "follow" => self.follow(line),
            "confirm" => self.confirm(line),
            "verdict" => self.verdict(line),
            "delete" => self.delete(line, true),
            "undelete" => self.delete(line, false),
            "edit" => self.edit(line),
            "duplicate" => self.duplicate(line),
            "flag" => self.flag(line),
            "hide" => self.hide(line),
            "case" => self.case(line),
            "take" => self.take(line),
            "" => Ok(Err("it has no kind".into())),
            _ => Ok(Err("an unknown kind".into())),
        }
    }

    fn person(&self, id: Option<i64>) -> std::result::Result<UserId, Reason> {
        let id = id.ok_or("it names no user")?;
        self.users.get(&id).copied().ok_or_else(|| "its user is not here".into())
    }

    /// The person a line may name: absent is nobody, unknown is an error.
    fn person_if_any(&self, id: Option<i64>) -> std::result::Result<Option<UserId>, Reason> {
        id.map(|id| self.person(Some(id))).transpose()
    }

    fn post(
        &mut self,
        target: std::result::Result<(char, i64), Reason>,
    ) -> Result<std::result::Result<Post, Reason>> {
        let target = given!(target);
        let id = *need!(self.posts.get(&target), "its post is not here");
        Ok(Ok(posts::table.find(id).select(Post::as_select()).first(&mut self.run.conn)?))
    }

    fn thread_of(&mut self, question: Option<i64>) -> Result<std::result::Result<Post, Reason>> {
        self.post(question.map(|id| ('q', id)).ok_or_else(|| "it names no question".into()))
    }

    fn question(&mut self, line: Fields, shown: Shown) -> Result<Done> {
        let at = given!(line.at()).unwrap_or(self.run.options.now);
        let origin = need!(line.id, "it has no id");
        let author = given!(self.person(line.user));
        let title = text::line(&need!(line.title, "it has no title"), 300);
        let body = need!(line.body, "it has no body");
        if title.is_empty() || body.trim().is_empty() {
            return Ok(Err("its title or body is empty".into()));
        }
        if self.posts.contains_key(&('q', origin)) {
            return Ok(Err("this id came before".into()));
        }
        let names = self.tag_names(line.tags.as_deref().unwrap_or_default());
        let post: PostId = self.new_post("question", ThreadId(0), None, author, &body, shown.html, at)?;
        let thread = ThreadId(post.0);
        diesel::update(posts::table.find(post))
            .set(posts::thread_id.eq(thread))
            .execute(&mut self.run.conn)?;
        diesel::insert_into(threads_table::table)
            .values((
                threads_table::id.eq(thread),
                threads_table::slug.eq(text::slug(&title)),
                threads_table::title.eq(&title),
                threads_table::tags.eq(names.join(" ")),
                threads_table::excerpt.eq(shown.excerpt),
                threads_table::author_id.eq(author),
                threads_table::created_at.eq(at),
                threads_table::active_at.eq(at),
                threads_table::active_user_id.eq(author),
                threads_table::view_count.eq(line.views.unwrap_or(0).max(0)),
            ))
            .execute(&mut self.run.conn)?;
        self.tag_thread(thread, &names, at)?;
        self.revise(post, 1, Some((title, names.join(" "))), body, Some(author), String::new(), at)?;
        self.posts.insert(('q', origin), post);
        self.became("question", origin, post.0)?;
        self.run.facts.push((at, Some(author), Fact::ThreadAsked { thread, author: Some(author) }));
        if !names.is_empty() {
            let mut tags: Vec<TagId> = names.iter().filter_map(|name| self.tags.get(name).copied()).collect();
            tags.sort_unstable();
            self.run.facts.push((at, Some(author), Fact::ThreadTagged { thread, tags }));
        }
        Ok(Ok(()))
    }

    fn answer(&mut self, line: Fields, shown: Shown) -> Result<Done> {
        let origin = need!(line.id, "it has no id");
        let author = given!(self.person(line.user));
        let question = given!(self.thread_of(line.question)?);
        let at = given!(line.at()).unwrap_or(question.created_at);
        let body = need!(line.body, "it has no body");
        let score = line.score.unwrap_or(0);
        if body.trim().is_empty() {
            return Ok(Err("its body is empty".into()));
        }
        if !(-MAX_SCORE..=MAX_SCORE).contains(&score) {
            return Ok(Err("its score is beyond 1,000".into()));
        }
        if self.posts.contains_key(&('a', origin)) {
            return Ok(Err("this id came before".into()));
        }
        let (role, signature): (String, String) =
            users::table.find(author).select((users::role, users::signature)).first(&mut self.run.conn)?;
        let official = line.official.unwrap_or(false);
        if official && !matches!(role.as_str(), "staff" | "admin") {
            return Ok(Err("an official answer by somebody who is not staff".into()));
        }
        let thread = question.thread_id;
        let post = self.new_post("answer", thread, Some(question.id), author, &body, shown.html, at)?;
        diesel::update(threads_table::table.find(thread))
            .set(threads_table::answer_count.eq(threads_table::answer_count + 1))
            .execute(&mut self.run.conn)?;
        self.active(thread, Activity { kind: "answered", by: Some(author), at })?;
        self.revise(post, 1, None, body, Some(author), String::new(), at)?;
        self.posts.insert(('a', origin), post);
        self.became("answer", origin, post.0)?;
        let fact = Fact::AnswerPosted { thread, post, author: Some(author), official };
        self.run.facts.push((at, Some(author), fact));
        if official {
            self.make_official(thread, post, author, signature, at)?;
        }
        self.anonymous_votes(thread, post, author, score, at)?;
        Ok(Ok(()))
    }

    fn make_official(
        &mut self,
        thread: ThreadId,
        post: PostId,
        author: UserId,
        signature: String,
        at: Moment,
    ) -> Result<()> {
        diesel::update(posts::table.find(post))
            .set((posts::official.eq(true), posts::signature.eq(signature)))
            .execute(&mut self.run.conn)?;
        diesel::update(threads_table::table.find(thread))
            .set(threads_table::official_answer_id.eq(post))
            .execute(&mut self.run.conn)?;
        let Some(case) = self.open_case(thread)? else { return Ok(()) };
        diesel::update(cases::table.filter(cases::id.eq(case)))
            .set((cases::state.eq("answered"), cases::answered_at.eq(at), cases::answer_id.eq(post)))
            .execute(&mut self.run.conn)?;
        diesel::update(threads_table::table.find(thread))
            .set(threads_table::escalated.eq(false))
            .execute(&mut self.run.conn)?;
        self.run.facts.push((at, Some(author), Fact::CaseAnswered { thread, case, post }));
        Ok(())
    }

    /// A score without voters: so many votes of nobody, so that all sums agree.
    fn anonymous_votes(
        &mut self,
        thread: ThreadId,
        post: PostId,
        author: UserId,
        score: i64,
        at: Moment,
    ) -> Result<()> {
        let value: i16 = if score < 0 { -1 } else { 1 };
        let rows: Vec<_> = (0..score.abs())
            .map(|_| {
                (
                    votes_table::post_id.eq(post),
                    votes_table::voter_id.eq(None::<UserId>),
                    votes_table::value.eq(value),
                    votes_table::created_at.eq(at),
                )
            })
            .collect();
        insert_all!(&mut self.run.conn, votes_table::table, &rows);
        for _ in 0..score.abs() {
            let author = Some(author);
            let fact = Fact::VoteCast { thread, post, author, question: false, value, before: 0 };
            self.run.facts.push((at, None, fact));
        }
        diesel::update(posts::table.find(post))
            .set((
                posts::up_votes.eq(score.max(0)),
                posts::down_votes.eq((-score).max(0)),
                posts::score.eq(score),
            ))
            .execute(&mut self.run.conn)?;
        Ok(())
    }

    fn comment(&mut self, line: Fields, shown: Shown) -> Result<Done> {
        let author = given!(self.person(line.user));
        let parent = given!(self.post(line.target())?);
        let at = given!(line.at()).unwrap_or(parent.created_at);
        let body = need!(line.body, "it has no body");
        if body.trim().is_empty() {
            return Ok(Err("its body is empty".into()));
        }
        if parent.kind == "comment" {
            return Ok(Err("a comment on a comment".into()));
        }
        if line.id.is_some_and(|id| self.posts.contains_key(&('c', id))) {
            return Ok(Err("this id came before".into()));
        }
        let thread = parent.thread_id;
        let post = self.new_post("comment", thread, Some(parent.id), author, &body, shown.html, at)?;
        diesel::update(posts::table.find(parent.id))
            .set(posts::comment_count.eq(posts::comment_count + 1))
            .execute(&mut self.run.conn)?;
        self.active(thread, Activity { kind: "commented", by: Some(author), at })?;
        self.revise(post, 1, None, body, Some(author), String::new(), at)?;
        if let Some(origin) = line.id {
            self.posts.insert(('c', origin), post);
            self.became("comment", origin, post.0)?;
        }
        let fact = Fact::CommentPosted { thread, post, parent: parent.id, author: Some(author) };
        self.run.facts.push((at, Some(author), fact));
        Ok(Ok(()))
    }

    /// Does one act of one person through its verb, as if it were then. A verb that refuses has written nothing.
    fn as_if<T>(
        &mut self,
        user: UserId,
        at: Moment,
        act: impl FnOnce(&mut Tx<'_>, &Viewer) -> crate::error::Result<T>,
    ) -> Result<std::result::Result<T, Reason>> {
        // The ledger is in the order of the lines.
        let facts = std::mem::take(&mut self.run.facts);
        ledger::append_past(&mut self.run.conn, facts)?;
        let viewer =
            need!(accounts::viewer_by_id(&mut self.run.conn, user)?, "its user is not here any more");
        let mut events = Vec::new();
        let mut tx = Tx::past(&mut self.run.conn, at, &mut events);
        match act(&mut tx, &viewer) {
            Ok(done) => {
                // At the same places of the ledger as in an open house, so that part of a file comes to the same.
                let head = ledger::head(tx.conn)?;
                let due = match self.next_search {
                    Some(due) => due,
                    None => findings::next_search(&mut tx)?,
                };
                self.next_search = Some(due);
                if head >= due {
                    findings::search_in_import(&mut tx)?;
                    self.next_search = Some(findings::next_search(&mut tx)?);
                }
                Ok(Ok(done))
            }
            Err(crate::error::Error::Db(error)) => Err(error.into()),
            Err(error) => Ok(Err(format!("refused: {error}").into())),
        }
    }

    fn vote(&mut self, line: Fields) -> Result<Done> {
        let voter = given!(self.person(line.user));
        let post = given!(self.post(line.target())?);
        let at = given!(line.at()).unwrap_or(post.created_at);
        let value = line.value.as_ref().and_then(serde_json::Value::as_i64);
        let value = value.and_then(|v| i16::try_from(v).ok()).filter(|v| (-1..=1).contains(v));
        let value = need!(value, "a vote is 1, -1 or 0");
        Ok(match given!(self.as_if(voter, at, |tx, viewer| votes::cast(tx, viewer, post.id, value))?) {
            Cast::Counted { .. } => Ok(()),
            Cast::NotFound => Err("its post is not there for its user".into()),
            Cast::Refused(key) => Err(refused(key)),
        })
    }

    fn confirm(&mut self, line: Fields) -> Result<Done> {
        let reader = given!(self.person(line.user));
        let post = given!(self.post(line.target())?);
        let at = given!(line.at()).unwrap_or(post.created_at);
        let value = match line.value {
            Some(serde_json::Value::Bool(value)) => Some(value),
            None | Some(serde_json::Value::Null) => None,
            Some(_) => return Ok(Err("a confirmation is true, false or null".into())),
        };
        let said = self.as_if(reader, at, |tx, viewer| match value {
            Some(value) => confirmations::confirm(tx, viewer, post.id, value),
            None => confirmations::withdraw(tx, viewer, post.id),
        })?;
        Ok(match given!(said) {
            Confirming::Counted { .. } => Ok(()),
            Confirming::NotFound => Err("its post is not there for its user".into()),
            Confirming::Refused(key) => Err(refused(key)),
        })
    }

    fn verdict(&mut self, line: Fields) -> Result<Done> {
        let judge = given!(self.person(line.user));
        let post = given!(self.post(line.target())?);
        let at = given!(line.at()).unwrap_or(post.created_at);
        let verdict = match &line.value {
            None | Some(serde_json::Value::Null) => None,
            Some(value) => Some(need!(
                value.as_str().and_then(Verdict::parse),
                "a verdict is verified, refuted, outdated or null"
            )),
        };
        let note = line.note.unwrap_or_default();
        let judged =
            self.as_if(judge, at, |tx, viewer| verdicts::judge(tx, viewer, post.id, verdict, &note))?;
        Ok(match given!(judged) {
            Judging::Judged(_) => Ok(()),
            Judging::NotFound => Err("its post is not there for its user".into()),
            Judging::Refused(key) => Err(refused(key)),
        })
    }

    fn delete(&mut self, line: Fields, delete: bool) -> Result<Done> {
        let post = given!(self.post(line.target())?);
        let at = given!(line.at()).unwrap_or(post.created_at);
        let user = need!(given!(self.person_if_any(line.user)).or(post.author_id), "it names no user");
        let reason = line.reason.unwrap_or_default();
        let done = self.as_if(user, at, |tx, viewer| {
            if delete {
                threads::delete(tx, viewer, post.id, &reason)
            } else {
                threads::undelete(tx, viewer, post.id)
            }
        })?;
        Ok(given!(done).into_done())
    }

    fn accept(&mut self, line: Fields, accept: bool) -> Result<Done> {
        let question = given!(self.thread_of(line.question)?);
        let (thread, asker) = (question.thread_id, question.author_id);
        let user = need!(given!(self.person_if_any(line.user)).or(asker), "it names no user");
        let answer = match line.answer {
            Some(id) => Some(given!(self.post(Ok(('a', id)))?)),
            None => None,
        };
        if answer.as_ref().is_some_and(|a| a.thread_id != thread) {
            return Ok(Err("its answer belongs to another question".into()));
        }
        let at = given!(line.at()).unwrap_or(answer.as_ref().map_or(question.created_at, |a| a.created_at));
        if accept {
            let answer = need!(answer, "it names no answer");
            let done = self.as_if(user, at, |tx, viewer| threads::accept(tx, viewer, thread, answer.id))?;
            return Ok(given!(done).into_done());
        }
        let row = threads_table::table.find(thread);
        let (accepted, superseded): (Option<PostId>, Option<PostId>) = row
            .select((threads_table::accepted_answer_id, threads_table::superseded_answer_id))
            .first(&mut self.run.conn)?;
        let before = accepted.or(superseded);
        if before.is_none() || answer.is_some_and(|a| Some(a.id) != before) {
            return Ok(Err("its answer is not accepted".into()));
        }
        let done = self.as_if(user, at, |tx, viewer| threads::unaccept(tx, viewer, thread))?;
        Ok(given!(done).into_done())
    }

    /// Takes a thread's solution from it, if it has one.
    fn unaccept(&mut self, thread: ThreadId, actor: Option<UserId>, at: Moment) -> Result<()> {
        let row = threads_table::table.find(thread);
        let (accepted, superseded, asker): (Option<PostId>, Option<PostId>, Option<UserId>) = row
            .select((
                threads_table::accepted_answer_id,
                threads_table::superseded_answer_id,
                threads_table::author_id,
            ))
            .first(&mut self.run.conn)?;
        let Some(post) = accepted.or(superseded) else { return Ok(()) };
        let author = posts::table.find(post).select(posts::author_id).first(&mut self.run.conn)?;
        diesel::update(row)
            .set((
                threads_table::accepted_answer_id.eq(None::<PostId>),
                threads_table::superseded_answer_id.eq(None::<PostId>),
                threads_table::accepted_at.eq(None::<Moment>),
            ))
            .execute(&mut self.run.conn)?;
        self.run.facts.push((at, actor, Fact::AnswerUnaccepted { thread, post, author, asker }));
        Ok(())
    }

    fn me_too(&mut self, line: Fields) -> Result<Done> {
        let user = given!(self.person(line.user));
        let question = given!(self.thread_of(line.question)?);
        let at = given!(line.at()).unwrap_or(question.created_at);
        let thread = question.thread_id;
        let conn = &mut self.run.conn;
        let there: bool = diesel::select(exists(me_toos::table.find((thread, user)))).get_result(conn)?;
        if there {
            return Ok(Ok(()));
        }
        diesel::insert_into(me_toos::table)
            .values((me_toos::thread_id.eq(thread), me_toos::user_id.eq(user), me_toos::created_at.eq(at)))
            .execute(conn)?;
        diesel::update(threads_table::table.find(thread))
            .set(threads_table::me_too_count.eq(threads_table::me_too_count + 1))
            .execute(conn)?;
        self.run.facts.push((at, Some(user), Fact::MeTooAdded { thread }));
        Ok(Ok(()))
    }

    fn follow(&mut self, line: Fields) -> Result<Done> {
        let user = given!(self.person(line.user));
        let question = given!(self.thread_of(line.question)?);
        let at = given!(line.at()).unwrap_or(question.created_at);
        let thread = question.thread_id;
        let conn = &mut self.run.conn;
        let there: bool = diesel::select(exists(follows::table.find((thread, user)))).get_result(conn)?;
        if !there {
            diesel::insert_into(follows::table)
                .values((
                    follows::thread_id.eq(thread),
                    follows::user_id.eq(user),
                    follows::created_at.eq(at),
                ))
                .execute(conn)?;
        }
        Ok(Ok(()))
    }

    fn edit(&mut self, line: Fields) -> Result<Done> {
        let post = given!(self.post(line.target())?);
        let at = given!(line.at()).unwrap_or(post.created_at);
        let editor = need!(given!(self.person_if_any(line.user)).or(post.author_id), "it names no user");
        if (line.title.is_some() || line.tags.is_some()) && post.kind != "question" {
            return Ok(Err("only a question has a title and tags".into()));
        }
        if line.body.is_none() && line.title.is_none() && line.tags.is_none() {
            return Ok(Err("an edit that changes nothing".into()));
        }
        let names = line.tags.map(|tags| self.tag_names(&tags).join(" "));
        let current = need!(threads::source(&mut self.run.conn, post.id)?, "its post is not here");
        let title = line.title.map_or(current.title, |title| text::line(&title, 300));
        let title = match Title::parse(&title) {
            Ok(title) => Some(title),
            Err(_) if post.kind != "question" => None,
            Err(problem) => return Ok(Err(refused(problem.key()))),
        };
        let tags = given!(threads::parse_tags(&names.unwrap_or(current.tags)).map_err(refused));
        let body = line.body.unwrap_or(current.body_md);
        let body = given!(threads::Body::parse(&body, threads::Kind::parse(&post.kind)).map_err(refused));
        let summary = text::line(line.summary.as_deref().unwrap_or_default(), 500);
        let edit = threads::Edit { base_revision: current.revision, title, tags, body, summary };
        let done = self.as_if(editor, at, |tx, viewer| threads::edit(tx, viewer, post.id, edit))?;
        Ok(match given!(done) {
            Editing::Saved(_) => Ok(()),
            Editing::Same(_) => Err("an edit that changes nothing".into()),
            Editing::Conflict | Editing::NotFound => Err("its post is not there for its user".into()),
            Editing::Refused(key) => Err(refused(key)),
        })
    }

    fn duplicate(&mut self, line: Fields) -> Result<Done> {
        let actor = given!(self.person_if_any(line.user));
        let question = given!(self.thread_of(line.question)?);
        let master = given!(self.thread_of(line.of)?);
        let at = given!(line.at()).unwrap_or(question.created_at);
        let (thread, of) = (question.thread_id, master.thread_id);
        let mut next = Some(of);
        let mut seen = HashSet::new();
        while let Some(id) = next.filter(|id| seen.insert(*id)) {
            if id == thread {
                return Ok(Err("a duplicate of itself".into()));
            }
            next = threads_table::table
                .find(id)
                .select(threads_table::duplicate_of)
                .first(&mut self.run.conn)?;
        }
        let changed =
            diesel::update(threads_table::table.find(thread).filter(threads_table::duplicate_of.is_null()))
                .set(threads_table::duplicate_of.eq(of))
                .execute(&mut self.run.conn)?;
        if changed == 0 {
            return Ok(Err("it is a duplicate already".into()));
        }
        diesel::insert_into(duplicate_links::table)
            .values((
                duplicate_links::thread_id.eq(thread),
                duplicate_links::of_id.eq(of),
                duplicate_links::created_at.eq(at),
            ))
            .execute(&mut self.run.conn)?;
        self.log(actor, Act::Duplicate.as_str(), &question, line.reason, at)?;
        self.run.facts.push((at, actor, Fact::ThreadClosedAsDuplicate { thread, of }));
        Ok(Ok(()))
    }

    fn flag(&mut self, line: Fields) -> Result<Done> {
        let flagger = given!(self.person(line.user));
        let post = given!(self.post(line.target())?);
        let at = given!(line.at()).unwrap_or(post.created_at);
        let reason = line.reason.unwrap_or_default();
        if !["spam", "rude", "personal_data", "outdated", "other"].contains(&reason.as_str()) {
            return Ok(Err("an unknown reason of a flag".into()));
        }
        let conn = &mut self.run.conn;
        let own = flags::table.filter(flags::post_id.eq(post.id).and(flags::flagger_id.eq(flagger)));
        let there: bool = diesel::select(exists(own)).get_result(conn)?;
        if there {
            return Ok(Err("flagged by this person before".into()));
        }
        let flag: FlagId = diesel::insert_into(flags::table)
            .values((
                flags::post_id.eq(post.id),
                flags::flagger_id.eq(flagger),
                flags::reason.eq(reason),
                flags::note.eq(line.note.unwrap_or_default()),
                flags::created_at.eq(at),
            ))
            .returning(flags::id)
            .get_result(conn)?;
        let fact = Fact::PostFlagged { thread: post.thread_id, post: post.id, flag };
        self.run.facts.push((at, Some(flagger), fact));
        Ok(Ok(()))
    }

    fn hide(&mut self, line: Fields) -> Result<Done> {
        let actor = given!(self.person_if_any(line.user));
        let post = given!(self.post(line.target())?);
        let at = given!(line.at()).unwrap_or(post.created_at);
        if post.removed != 0 {
            return Ok(Err("it is hidden already".into()));
        }
        let thread = post.thread_id;
        let (accepted, superseded): (Option<PostId>, Option<PostId>) = threads_table::table
            .find(thread)
            .select((threads_table::accepted_answer_id, threads_table::superseded_answer_id))
            .first(&mut self.run.conn)?;
        // A solution that is out of sight solves nothing.
        if [accepted, superseded].contains(&Some(post.id)) {
            self.unaccept(thread, actor, at)?;
        }
        let conn = &mut self.run.conn;
        diesel::update(posts::table.find(post.id)).set(posts::removed.eq(HIDDEN)).execute(conn)?;
        diesel::insert_into(removals::table)
            .values((
                removals::post_id.eq(post.id),
                removals::kind.eq("hidden"),
                removals::actor_id.eq(actor),
                removals::reason.eq(line.reason.as_deref().unwrap_or_default()),
                removals::created_at.eq(at),
            ))
            .execute(conn)?;
        // Counts tell what can be seen.
        match post.kind.as_str() {
            "question" => {
                diesel::update(threads_table::table.find(thread))
                    .set(threads_table::removed.eq(HIDDEN))
                    .execute(conn)?;
                let of =
                    thread_tags::table.filter(thread_tags::thread_id.eq(thread)).select(thread_tags::tag_id);
                let of: Vec<TagId> = of.load(conn)?;
                diesel::update(tags::table.filter(tags::id.eq_any(of)))
                    .set(tags::thread_count.eq(tags::thread_count - 1))
                    .execute(conn)?;
            }
            "answer" => {
                let official = posts::table
                    .filter(posts::thread_id.eq(thread).and(posts::official.eq(true)))
                    .filter(posts::removed.eq(zero()))
                    .select(diesel::dsl::max(posts::id));
                let official: Option<PostId> = official.first(conn)?;
                diesel::update(threads_table::table.find(thread))
                    .set((
                        threads_table::answer_count.eq(threads_table::answer_count - 1),
                        threads_table::official_answer_id.eq(official),
                    ))
                    .execute(conn)?;
            }
            _ => {
                if let Some(parent) = post.parent_id {
                    diesel::update(posts::table.find(parent))
                        .set(posts::comment_count.eq(posts::comment_count - 1))
                        .execute(conn)?;
                }
            }
        }
        self.log(actor, Act::Hide.as_str(), &post, line.reason, at)?;
        self.run.facts.push((at, actor, Fact::PostHidden { thread, post: post.id, author: post.author_id }));
        Ok(Ok(()))
    }

    fn case(&mut self, line: Fields) -> Result<Done> {
        let actor = given!(self.person(line.user));
        let question = given!(self.thread_of(line.question)?);
        let at = given!(line.at()).unwrap_or(question.created_at);
        let due = line.due.map_or(at.plus(DAY), Moment::from_unix_seconds);
        let thread = question.thread_id;
        if self.open_case(thread)?.is_some() {
            return Ok(Err("its case is open already".into()));
        }
        let case: CaseId = diesel::insert_into(cases::table)
            .values((
                cases::thread_id.eq(thread),
                cases::opened_by.eq(actor),
                cases::note.eq(line.note.as_deref().unwrap_or_default()),
                cases::opened_at.eq(at),
                cases::due_at.eq(due),
            ))
            .returning(cases::id)
            .get_result(&mut self.run.conn)?;
        diesel::update(threads_table::table.find(thread))
            .set(threads_table::escalated.eq(true))
            .execute(&mut self.run.conn)?;
        self.log(Some(actor), Act::Escalate.as_str(), &question, None, at)?;
        self.run.facts.push((at, Some(actor), Fact::CaseOpened { thread, case }));
        Ok(Ok(()))
    }

    fn take(&mut self, line: Fields) -> Result<Done> {
        let assignee = given!(self.person(line.user));
        let question = given!(self.thread_of(line.question)?);
        let at = given!(line.at()).unwrap_or(question.created_at);
        let thread = question.thread_id;
        let case = need!(self.open_case(thread)?, "it has no open case");
        diesel::update(cases::table.filter(cases::id.eq(case)))
            .set((cases::state.eq("taken"), cases::assignee_id.eq(assignee), cases::taken_at.eq(at)))
            .execute(&mut self.run.conn)?;
        self.run.facts.push((at, Some(assignee), Fact::CaseTaken { thread, case, assignee }));
        Ok(Ok(()))
    }

    fn open_case(&mut self, thread: ThreadId) -> Result<Option<CaseId>> {
        let open =
            cases::table.filter(cases::thread_id.eq(thread).and(cases::state.eq_any(["open", "taken"])));
        Ok(open.select(cases::id).first(&mut self.run.conn).optional()?)
    }

    #[allow(clippy::too_many_arguments)] // one column each
    fn new_post(
        &mut self,
        kind: &str,
        thread: ThreadId,
        parent: Option<PostId>,
        author: UserId,
        body: &str,
        html: String,
        at: Moment,
    ) -> Result<PostId> {
        Ok(diesel::insert_into(posts::table)
            .values((
                posts::kind.eq(kind),
                posts::thread_id.eq(thread),
                posts::parent_id.eq(parent),
                posts::author_id.eq(author),
                posts::body_md.eq(body),
                posts::body_html.eq(html),
                posts::created_at.eq(at),
            ))
            .returning(posts::id)
            .get_result(&mut self.run.conn)?)
    }

    #[allow(clippy::too_many_arguments)] // one column each
    fn revise(
        &mut self,
        post: PostId,
        number: i32,
        head: Option<(String, String)>,
        body: String,
        editor: Option<UserId>,
        summary: String,
        at: Moment,
    ) -> Result<()> {
        let (title, tags) = head.unzip();
        diesel::insert_into(revisions::table)
            .values((
                revisions::post_id.eq(post),
                revisions::number.eq(number),
                revisions::title.eq(title),
                revisions::tags.eq(tags),
                revisions::body_md.eq(body),
                revisions::editor_id.eq(editor),
                revisions::summary.eq(summary),
                revisions::created_at.eq(at),
            ))
            .execute(&mut self.run.conn)?;
        Ok(())
    }

    fn active(&mut self, thread: ThreadId, new: Activity) -> Result<()> {
        diesel::update(threads_table::table.find(thread).filter(threads_table::active_at.le(new.at)))
            .set((
                threads_table::active_at.eq(new.at),
                threads_table::active_kind.eq(new.kind),
                threads_table::active_user_id.eq(new.by),
            ))
            .execute(&mut self.run.conn)?;
        Ok(())
    }

    fn log(
        &mut self,
        actor: Option<UserId>,
        act: &str,
        post: &Post,
        reason: Option<String>,
        at: Moment,
    ) -> Result<()> {
        diesel::insert_into(moderation_log::table)
            .values((
                moderation_log::actor_id.eq(actor),
                moderation_log::act.eq(act),
                moderation_log::thread_id.eq(post.thread_id.0),
                moderation_log::post_id.eq(post.id.0),
                moderation_log::user_id.eq(post.author_id),
                moderation_log::reason.eq(reason.unwrap_or_default()),
                moderation_log::created_at.eq(at),
            ))
            .execute(&mut self.run.conn)?;
        Ok(())
    }

    /// The names a line's tags have here.
    fn tag_names(&mut self, tags: &[String]) -> Vec<String> {
        let tags = text::tag_names(tags.iter().map(String::as_str));
        self.run.note(text::RENAMED, tags.renamed);
        tags.names
    }

    fn tag_thread(&mut self, thread: ThreadId, names: &[String], at: Moment) -> Result<()> {
        for name in names {
            let id = match self.tags.get(name) {
                Some(id) => *id,
                None => {
                    let id: TagId = diesel::insert_into(tags::table)
                        .values((tags::name.eq(name), tags::created_at.eq(at)))
                        .returning(tags::id)
                        .get_result(&mut self.run.conn)?;
                    self.tags.insert(name.clone(), id);
                    id
                }
            };
            diesel::insert_into(thread_tags::table)
                .values((thread_tags::tag_id.eq(id), thread_tags::thread_id.eq(thread)))
                .execute(&mut self.run.conn)?;
            diesel::update(tags::table.find(id))
                .set(tags::thread_count.eq(tags::thread_count + 1))
                .execute(&mut self.run.conn)?;
        }
        Ok(())
    }
}
