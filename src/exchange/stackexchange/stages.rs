//! exchange room: what each stage of a Stack Exchange import writes.
use super::Dump;
use super::place::PostRef;
use super::rows::{self, Author, Ballot, Label, Part, Post, Take};
use crate::db::insert_all;
use crate::db::schema::{
    duplicate_links, post_origins, posts, revisions, tags, thread_tags, threads, users, votes,
};
use crate::exchange::Result;
use crate::exchange::run::signed;
use crate::exchange::text;
use crate::kernel::ids::{PostId, TagId, ThreadId, UserId};
use crate::kernel::moment::Moment;
use crate::ledger::Fact;
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

const POST_GONE: &str = "its post is not here";
/// Posts whose counters are summed in one transaction.
const COUNTED: i64 = 20_000;

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
struct NewUser {
    id: UserId,
    username: String,
    username_key: String,
    display_name: String,
    bio_md: String,
    bio_html: String,
    created_at: Moment,
    origin_site: Option<String>,
    origin_id: Option<i64>,
}

#[derive(Insertable)]
#[diesel(table_name = posts, treat_none_as_default_value = false)]
struct NewPost {
    id: PostId,
    kind: &'static str,
    thread_id: ThreadId,
    parent_id: Option<PostId>,
    author_id: Option<UserId>,
    author_name: Option<String>,
    body_md: String,
    body_html: String,
    body_is_html: bool,
    created_at: Moment,
    edited_at: Option<Moment>,
    editor_id: Option<UserId>,
    editor_name: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = threads, treat_none_as_default_value = false)]
struct NewThread {
    id: ThreadId,
    title: String,
    slug: String,
    tags: String,
    excerpt: String,
    author_id: Option<UserId>,
    created_at: Moment,
    active_at: Moment,
    active_user_id: Option<UserId>,
    view_count: i64,
}

#[derive(Insertable)]
#[diesel(table_name = post_origins, treat_none_as_default_value = false)]
struct NewOrigin {
    post_id: PostId,
    site: String,
    kind: &'static str,
    origin_id: i64,
    url: String,
    author_url: Option<String>,
    licence: String,
}

#[derive(Insertable)]
#[diesel(table_name = revisions, treat_none_as_default_value = false)]
struct NewRevision {
    post_id: PostId,
    number: i32,
    title: Option<String>,
    tags: Option<String>,
    body_md: String,
    editor_id: Option<UserId>,
    editor_name: Option<String>,
    summary: String,
    created_at: Moment,
}

impl<'a> Dump<'a> {
    pub fn people(&mut self) -> Result<()> {
        self.over("people", "Users.xml", rows::USERS, rows::person, |dump, batch| {
            let batch = dump.sift("Users.xml", batch)?;
            let first = dump.run.reserve("users", batch.len())?;
            let mut names = HashSet::new();
            let mut people = Vec::with_capacity(batch.len());
            for (id, (label, person)) in (first..).zip(batch) {
                let id = UserId(id);
                let (username, username_key) = dump.free_name(&person.name, person.origin, &names)?;
                names.insert(username_key.clone());
                dump.ids.users.insert(person.origin, id);
                dump.used("Users.xml", &label);
                dump.run.facts.push((person.created, Some(id), Fact::UserJoined { user: id }));
                people.push(NewUser {
                    id,
                    username,
                    username_key,
                    display_name: person.display,
                    bio_md: person.bio,
                    bio_html: person.bio_html,
                    created_at: person.created,
                    origin_site: Some(dump.site.clone()),
                    origin_id: Some(person.origin),
                });
            }
            insert_all!(&mut dump.run.conn, users::table, &people);
            Ok(())
        })
    }

    /// A username nobody has, in the database or in this batch.
    fn free_name(&mut self, display: &str, origin: i64, taken: &HashSet<String>) -> Result<(String, String)> {
        let mut attempt = 0;
        loop {
            let name = text::username(display, origin, attempt);
            let key = text::fold(&name);
            let found = users::table.filter(users::username_key.eq(&key));
            let there: bool = diesel::select(diesel::dsl::exists(found)).get_result(&mut self.run.conn)?;
            if !there && !taken.contains(&key) {
                return Ok((name, key));
            }
            attempt += 1;
        }
    }

    pub fn tags(&mut self) -> Result<()> {
        self.over("tags", "Tags.xml", rows::TAGS, rows::tag, |dump, batch| {
            for (label, tag) in dump.sift("Tags.xml", batch)? {
                dump.tag(&tag.name, dump.run.options.now)?;
                dump.used("Tags.xml", &label);
            }
            Ok(())
        })
    }

    /// The tag of this name, made when there is none.
    fn tag(&mut self, name: &str, at: Moment) -> Result<TagId> {
        if let Some(id) = self.tag_ids.get(name) {
            return Ok(*id);
        }
        let found = tags::table.filter(tags::name.eq(name)).select(tags::id);
        let id: Option<TagId> = found.first(&mut self.run.conn).optional()?;
        let id = match id {
            Some(id) => id,
            None => diesel::insert_into(tags::table)
                .values((tags::name.eq(name), tags::created_at.eq(at)))
                .returning(tags::id)
                .get_result(&mut self.run.conn)?,
        };
        self.tag_ids.insert(name.to_owned(), id);
        Ok(id)
    }

    /// Who `author` is here: an account, or just a name.
    fn author(&self, author: Author) -> (Option<UserId>, Option<String>) {
        match author.id {
            Some(-1) => (None, Some(author.name.unwrap_or_else(|| "Community".to_owned()))),
            Some(id) => match self.ids.users.get(&id) {
                Some(user) => (Some(*user), None),
                None => (None, Some(author.name.unwrap_or_else(|| format!("user{}", id.unsigned_abs())))),
            },
            None => (None, author.name),
        }
    }

    fn origin(
        &self,
        id: PostId,
        kind: &'static str,
        url: String,
        author: Option<i64>,
        licence: Licence,
    ) -> NewOrigin {
        NewOrigin {
            post_id: id,
            site: self.site.clone(),
            kind,
            origin_id: licence.origin,
            url,
            author_url: author.map(|author| format!("https://{}/users/{author}", self.site)),
            licence: licence
                .named
                .or_else(|| self.licence.clone())
                .unwrap_or_else(|| by_date(licence.created).to_owned()),
        }
    }

    fn new_post(&self, id: PostId, thread: ThreadId, post: Post) -> (NewPost, NewOrigin) {
        let kind = if id == thread.question() { "question" } else { "answer" };
        let path = if kind == "question" { "questions" } else { "a" };
        let url = format!("https://{}/{path}/{}", self.site, post.origin);
        let licence = Licence { origin: post.origin, named: post.licence, created: post.created };
        let origin = self.origin(id, "post", url, post.author.id, licence);
        let (author_id, author_name) = self.author(post.author);
        let (editor_id, editor_name) = self.author(post.editor);
        let row = NewPost {
            id,
            kind,
            thread_id: thread,
            parent_id: (kind == "answer").then_some(thread.question()),
            author_id,
            author_name,
            body_md: post.source,
            body_html: post.shown.html,
            body_is_html: true,
            created_at: post.created,
            edited_at: post.edited,
            editor_id,
            editor_name,
        };
        (row, origin)
    }

    pub fn questions(&mut self) -> Result<()> {
        self.over("questions", "Posts.xml", rows::POSTS, rows::question, |dump, batch| {
            let batch = dump.sift("Posts.xml", batch)?;
            let first = dump.run.reserve("posts", batch.len())?;
            let (mut new_posts, mut new_threads, mut new_tags, mut origins) =
                (vec![], vec![], vec![], vec![]);
            for (id, (label, question)) in (first..).zip(batch) {
                let (id, thread) = (PostId(id), ThreadId(id));
                let old = question.post.origin;
                let mut question = question;
                let excerpt = std::mem::take(&mut question.post.shown.excerpt);
                let (post, origin) = dump.new_post(id, thread, question.post);
                let mut tags = Vec::with_capacity(question.tags.len());
                for tag in &question.tags {
                    let tag_id = dump.tag(tag, post.created_at)?;
                    tags.push(tag_id);
                    new_tags.push((thread_tags::tag_id.eq(tag_id), thread_tags::thread_id.eq(thread)));
                }
                new_threads.push(NewThread {
                    id: thread,
                    title: question.title,
                    slug: question.slug,
                    tags: question.tags.join(" "),
                    excerpt,
                    author_id: post.author_id,
                    created_at: post.created_at,
                    active_at: question.active,
                    active_user_id: post.author_id,
                    view_count: question.views,
                });
                dump.ids.posts.insert(old, PostRef::new(id, thread, post.author_id));
                let fact = Fact::ThreadAsked { thread, author: post.author_id };
                dump.run.facts.push((post.created_at, post.author_id, fact));
                if !tags.is_empty() {
                    tags.sort_unstable();
                    let fact = Fact::ThreadTagged { thread, tags };
                    dump.run.facts.push((post.created_at, post.author_id, fact));
                }
                dump.run.note("closed on the old site, open here", u64::from(question.closed));
                dump.used("Posts.xml", &label);
                new_posts.push(post);
                origins.push(origin);
            }
            insert_all!(&mut dump.run.conn, posts::table, &new_posts);
            insert_all!(&mut dump.run.conn, threads::table, &new_threads);
            insert_all!(&mut dump.run.conn, thread_tags::table, &new_tags);
            insert_all!(&mut dump.run.conn, post_origins::table, &origins);
            Ok(())
        })
    }

    pub fn answers(&mut self) -> Result<()> {
        let wikis = self.wikis()?;
        self.over("answers", "Posts.xml", rows::POSTS, rows::answer, |dump, batch| {
            let batch = dump.sift("Posts.xml", batch)?;
            let first = dump.run.reserve("posts", batch.len())?;
            let (mut new_posts, mut origins) = (vec![], vec![]);
            for (id, (label, row)) in (first..).zip(batch) {
                let answer = match row {
                    rows::AnswerOrWiki::Answer(answer) => answer,
                    rows::AnswerOrWiki::Wiki(wiki) => {
                        dump.describe(&wikis, &label, wiki)?;
                        continue;
                    }
                };
                let old = answer.post.origin;
                let question = dump.ids.posts.get(&answer.question).copied();
                let Some(question) = question.filter(PostRef::is_question) else {
                    dump.unused("Posts.xml", &label, "its question is not here")?;
                    continue;
                };
                let (id, thread) = (PostId(id), question.thread);
                let (post, origin) = dump.new_post(id, thread, answer.post);
                dump.ids.posts.insert(old, PostRef::new(id, thread, post.author_id));
                let fact = Fact::AnswerPosted { thread, post: id, author: post.author_id, official: false };
                dump.run.facts.push((post.created_at, post.author_id, fact));
                dump.used("Posts.xml", &label);
                new_posts.push(post);
                origins.push(origin);
            }
            insert_all!(&mut dump.run.conn, posts::table, &new_posts);
            insert_all!(&mut dump.run.conn, post_origins::table, &origins);
            Ok(())
        })
    }

    /// Old id of a tag's excerpt or wiki to its tag, and whether it is the excerpt.
    fn wikis(&self) -> Result<HashMap<i64, (String, bool)>> {
        let mut wikis = HashMap::new();
        let Some(mut file) = self.rows("Tags.xml", rows::TAGS)? else { return Ok(wikis) };
        while let Some(row) = file.next_row()? {
            if let Take::Use(_, tag) = rows::tag(row) {
                wikis.extend(tag.wiki.map(|id| (id, (tag.name.clone(), false))));
                wikis.extend(tag.excerpt.map(|id| (id, (tag.name, true))));
            }
        }
        Ok(wikis)
    }

    /// Adds to a tag's description: the excerpt goes before the wiki.
    fn describe(
        &mut self,
        wikis: &HashMap<i64, (String, bool)>,
        label: &Label,
        wiki: rows::Wiki,
    ) -> Result<()> {
        let tag = wikis
            .get(&wiki.origin)
            .and_then(|(tag, is_excerpt)| Some((*self.tag_ids.get(tag)?, *is_excerpt)));
        let Some((tag, is_excerpt)) = tag else {
            return self.unused("Posts.xml", label, "no tag has this description");
        };
        let conn = &mut self.run.conn;
        let row = tags::table.find(tag);
        let (md, html): (String, String) =
            row.select((tags::description_md, tags::description_html)).first(conn)?;
        let join = |old: String, new: String, gap: &str| match (old.is_empty(), is_excerpt) {
            (true, _) => new,
            (false, true) => format!("{new}{gap}{old}"),
            (false, false) => format!("{old}{gap}{new}"),
        };
        let html_part = if wiki.html.starts_with('<') { wiki.html } else { format!("<p>{}</p>", wiki.html) };
        diesel::update(row)
            .set((
                tags::description_md.eq(join(md, wiki.source, "\n\n")),
                tags::description_html.eq(join(html, html_part, "\n")),
            ))
            .execute(conn)?;
        self.used("Posts.xml", label);
        Ok(())
    }

    pub fn history(&mut self) -> Result<()> {
        // Which edit each post's last revision came from is not stored: it is read again.
        let done = self.run.rows_done;
        if done > 0
            && let Some(mut file) = self.rows("PostHistory.xml", rows::HISTORY)?
        {
            while let Some(row) = file.next_row()? {
                if row.number > done {
                    break;
                }
                if let (_, Ok(change)) = rows::change(row)
                    && let Some(post) = self.ids.posts.get_mut(&change.post)
                {
                    post.next_revision(change.group);
                }
            }
        }
        self.over("history", "PostHistory.xml", rows::HISTORY, rows::change, |dump, batch| {
            let mut new: Vec<NewRevision> = Vec::new();
            // Where in `new` a post's last revision is.
            let mut latest: HashMap<PostId, usize> = HashMap::new();
            for (label, change) in batch {
                let file = "PostHistory.xml";
                let change = match change {
                    Ok(change) => change,
                    Err(reason) => {
                        dump.unused(file, &label, reason)?;
                        continue;
                    }
                };
                let Some(post) = dump.ids.posts.get_mut(&change.post) else {
                    dump.unused(file, &label, POST_GONE)?;
                    continue;
                };
                let before = post.revision;
                let number = post.next_revision(change.group);
                let post = *post;
                let at = match latest.get(&post.id) {
                    Some(at) => *at,
                    None if before > 0 => {
                        // Its last revision is in the database: taken out, to be changed or followed.
                        new.push(dump.stored_revision(post.id, before)?);
                        new.len() - 1
                    }
                    None => {
                        new.push(dump.first_revision(post, change.at)?);
                        new.len() - 1
                    }
                };
                let at = if before > 0 && number > before {
                    let last = new.get(at).map(NewRevision::followed);
                    new.extend(last);
                    new.len() - 1
                } else {
                    at
                };
                latest.insert(post.id, at);
                let (editor_id, editor_name) = dump.author(change.editor);
                if let Some(revision) = new.get_mut(at) {
                    revision.number = i32::try_from(number).unwrap_or(i32::MAX);
                    revision.created_at = change.at;
                    if editor_id.is_some() || editor_name.is_some() {
                        (revision.editor_id, revision.editor_name) = (editor_id, editor_name);
                    }
                    if revision.summary.is_empty() {
                        revision.summary = change.summary;
                    }
                    match change.part {
                        Part::Title => revision.title = Some(change.text),
                        Part::Body => revision.body_md = change.text,
                        Part::Tags => revision.tags = Some(change.text),
                    }
                }
                dump.used(file, &label);
            }
            insert_all!(&mut dump.run.conn, revisions::table, &new);
            Ok(())
        })
    }

    /// Takes a revision out of the database so that it can be written again.
    fn stored_revision(&mut self, post: PostId, number: u32) -> Result<NewRevision> {
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let row = revisions::table.filter(revisions::post_id.eq(post)).filter(revisions::number.eq(number));
        type Found = (Option<String>, Option<String>, String, Option<UserId>, Option<String>, String, Moment);
        let (title, tags, body_md, editor_id, editor_name, summary, created_at): Found = row
            .select((
                revisions::title,
                revisions::tags,
                revisions::body_md,
                revisions::editor_id,
                revisions::editor_name,
                revisions::summary,
                revisions::created_at,
            ))
            .first(&mut self.run.conn)?;
        diesel::delete(row).execute(&mut self.run.conn)?;
        Ok(NewRevision {
            post_id: post,
            number,
            title,
            tags,
            body_md,
            editor_id,
            editor_name,
            summary,
            created_at,
        })
    }

    /// What a post's first revision starts from: its history may begin late, with its title alone.
    fn first_revision(&mut self, post: PostRef, at: Moment) -> Result<NewRevision> {
        let conn = &mut self.run.conn;
        let body_md = posts::table.find(post.id).select(posts::body_md).first(conn)?;
        let (title, tags) = if post.is_question() {
            let (title, tags) =
                threads::table.find(post.thread).select((threads::title, threads::tags)).first(conn)?;
            (Some(title), Some(tags))
        } else {
            (None, None)
        };
        Ok(NewRevision {
            post_id: post.id,
            number: 1,
            title,
            tags,
            body_md,
            editor_id: None,
            editor_name: None,
            summary: String::new(),
            created_at: at,
        })
    }

    pub fn comments(&mut self) -> Result<()> {
        self.over("comments", "Comments.xml", rows::COMMENTS, rows::comment, |dump, batch| {
            let batch = dump.sift("Comments.xml", batch)?;
            let first = dump.run.reserve("posts", batch.len())?;
            let (mut new_posts, mut origins) = (vec![], vec![]);
            for (id, (label, comment)) in (first..).zip(batch) {
                let Some(parent) = dump.ids.posts.get(&comment.post).copied() else {
                    dump.unused("Comments.xml", &label, POST_GONE)?;
                    continue;
                };
                let id = PostId(id);
                let path = if parent.is_question() { "questions" } else { "a" };
                let url = format!(
                    "https://{}/{path}/{}#comment{}_{}",
                    dump.site, comment.post, comment.origin, comment.post
                );
                let licence =
                    Licence { origin: comment.origin, named: comment.licence, created: comment.created };
                origins.push(dump.origin(id, "comment", url, comment.author.id, licence));
                let (author_id, author_name) = dump.author(comment.author);
                let fact = Fact::CommentPosted {
                    thread: parent.thread,
                    post: id,
                    parent: parent.id,
                    author: author_id,
                };
                dump.run.facts.push((comment.created, author_id, fact));
                dump.run.note("comments whose score was left behind", u64::from(comment.scored));
                dump.used("Comments.xml", &label);
                new_posts.push(NewPost {
                    id,
                    kind: "comment",
                    thread_id: parent.thread,
                    parent_id: Some(parent.id),
                    author_id,
                    author_name,
                    body_md: comment.source,
                    body_html: comment.html,
                    body_is_html: false,
                    created_at: comment.created,
                    edited_at: None,
                    editor_id: None,
                    editor_name: None,
                });
            }
            insert_all!(&mut dump.run.conn, posts::table, &new_posts);
            insert_all!(&mut dump.run.conn, post_origins::table, &origins);
            Ok(())
        })
    }

    pub fn acceptances(&mut self) -> Result<()> {
        // A vote of type 1 tells when; 16 bytes each.
        let mut times: HashMap<i64, Moment> = HashMap::new();
        if let Some(mut file) = self.rows("Votes.xml", rows::VOTES)? {
            while let Some(row) = file.next_row()? {
                if let Take::Use(_, rows::Vote { post, ballot: Ballot::Acceptance, at }) = rows::vote(row) {
                    times.insert(post, at);
                }
            }
        }
        self.over("acceptances", "Posts.xml", rows::ACCEPTANCES, rows::acceptance, |dump, batch| {
            for row in batch {
                let row = match row {
                    Take::Use(_, row) => row,
                    Take::Skip => continue,
                    Take::Leave(..) => {
                        dump.run.note("questions whose accepted answer is not here", 1);
                        continue;
                    }
                };
                // A question that was not used is listed already.
                let Some(question) = dump.ids.posts.get(&row.question).copied() else { continue };
                let answer = dump.ids.posts.get(&row.answer).copied();
                let fits = |a: &PostRef| a.thread == question.thread && !a.is_question();
                let Some(answer) = answer.filter(fits).filter(|_| question.is_question()) else {
                    dump.run.note("questions whose accepted answer is not here", 1);
                    continue;
                };
                let posted: Moment =
                    posts::table.find(answer.id).select(posts::created_at).first(&mut dump.run.conn)?;
                // Votes carry a day, not a time: never before the answer itself.
                let at = times.get(&row.answer).map_or(posted, |at| (*at).max(posted));
                let changed = diesel::update(threads::table.find(question.thread))
                    .filter(threads::accepted_answer_id.is_null())
                    .set((threads::accepted_answer_id.eq(answer.id), threads::accepted_at.eq(at)))
                    .execute(&mut dump.run.conn)?;
                if changed == 0 {
                    continue;
                }
                if let Some(answer) = dump.ids.posts.get_mut(&row.answer) {
                    answer.accepted = true;
                }
                let (author, asker) = (answer.author(), question.author());
                let fact = Fact::AnswerAccepted { thread: question.thread, post: answer.id, author, asker };
                dump.run.facts.push((at, asker, fact));
            }
            Ok(())
        })
    }

    pub fn votes(&mut self) -> Result<()> {
        self.over("votes", "Votes.xml", rows::VOTES, rows::vote, |dump, batch| {
            let mut new = Vec::with_capacity(batch.len());
            for (label, vote) in dump.sift("Votes.xml", batch)? {
                let post = dump.ids.posts.get(&vote.post).copied();
                let value = match (&post, vote.ballot) {
                    (Some(_), Ballot::Vote(value)) => value,
                    (Some(post), Ballot::Acceptance) if post.accepted => {
                        dump.used("Votes.xml", &label);
                        continue;
                    }
                    (Some(_), Ballot::Acceptance) => {
                        dump.unused("Votes.xml", &label, "an acceptance its question does not know")?;
                        continue;
                    }
                    (None, _) => {
                        dump.unused("Votes.xml", &label, POST_GONE)?;
                        continue;
                    }
                };
                let Some(post) = post else { continue };
                let fact = Fact::VoteCast {
                    thread: post.thread,
                    post: post.id,
                    author: post.author(),
                    question: post.is_question(),
                    value,
                    before: 0,
                };
                dump.run.facts.push((vote.at, None, fact));
                dump.used("Votes.xml", &label);
                new.push((
                    votes::post_id.eq(post.id),
                    votes::voter_id.eq(None::<UserId>),
                    votes::value.eq(value),
                    votes::created_at.eq(vote.at),
                ));
            }
            insert_all!(&mut dump.run.conn, votes::table, &new);
            Ok(())
        })
    }

    pub fn links(&mut self) -> Result<()> {
        self.over("links", "PostLinks.xml", rows::LINKS, rows::link, |dump, batch| {
            for (label, link) in dump.sift("PostLinks.xml", batch)? {
                let question =
                    |id| dump.ids.posts.get(id).filter(|p: &&PostRef| p.is_question()).map(|p| p.thread);
                let (Some(thread), Some(of)) = (question(&link.thread), question(&link.of)) else {
                    dump.unused("PostLinks.xml", &label, "one of its questions is not here")?;
                    continue;
                };
                diesel::insert_into(duplicate_links::table)
                    .values((
                        duplicate_links::thread_id.eq(thread),
                        duplicate_links::of_id.eq(of),
                        duplicate_links::created_at.eq(link.at),
                    ))
                    .execute(&mut dump.run.conn)?;
                dump.used("PostLinks.xml", &label);
                if dump.leads_to(of, thread)? {
                    dump.run.note("duplicates of themselves, by a circle of links", 1);
                    continue;
                }
                let closed = diesel::update(threads::table.find(thread))
                    .filter(threads::duplicate_of.is_null())
                    .set(threads::duplicate_of.eq(of))
                    .execute(&mut dump.run.conn)?;
                // A thread is closed once; further masters are links alone.
                if closed > 0 {
                    dump.run.facts.push((link.at, None, Fact::ThreadClosedAsDuplicate { thread, of }));
                }
            }
            Ok(())
        })
    }

    /// Whether following `duplicate_of` from `from` meets `to`: then the reverse must not be set.
    fn leads_to(&mut self, from: ThreadId, to: ThreadId) -> Result<bool> {
        let mut at = Some(from);
        let mut seen = HashSet::new();
        while let Some(thread) = at {
            if thread == to {
                return Ok(true);
            }
            if !seen.insert(thread) {
                return Ok(false);
            }
            at = threads::table.find(thread).select(threads::duplicate_of).first(&mut self.run.conn)?;
        }
        Ok(false)
    }

    pub fn badges(&mut self) -> Result<()> {
        self.over("badges", "Badges.xml", &[], rows::badge, |dump, batch| {
            dump.sift("Badges.xml", batch)?;
            Ok(())
        })
    }

    /// Sums what was left out while rows streamed in: revisions, scores, counts.
    pub fn counts(&mut self) -> Result<()> {
        let last: Option<PostId> = post_origins::table
            .filter(post_origins::site.eq(&self.site))
            .order(post_origins::post_id.desc())
            .select(post_origins::post_id)
            .first(&mut self.run.conn)
            .optional()?;
        let last = last.map_or(0, |id| id.0);
        let mut from = signed(self.run.rows_done);
        while from < last {
            let to = from.saturating_add(COUNTED).min(last);
            self.run.transaction("counts", u64::try_from(to).unwrap_or(0), |run| {
                for statement in counting(&run.stored.report.site, from, to) {
                    run.conn.sql(&statement)?;
                }
                Ok(())
            })?;
            from = to;
            self.run.progress("counts", u64::try_from(to).unwrap_or(0), u64::try_from(last).unwrap_or(0));
        }
        // All tags: it is one statement, and a count that is right twice stays right.
        self.run.transaction("counts", u64::try_from(last).unwrap_or(0), |run| {
            Ok(run.conn.sql(
                "UPDATE tags SET thread_count = (SELECT count(*) FROM thread_tags tt \
                 JOIN threads t ON t.id = tt.thread_id WHERE tt.tag_id = tags.id AND t.removed = 0)",
            )?)
        })
    }
}

impl PostRef {
    /// The number of the revision that a change of edit `group` belongs to, which is now the last.
    fn next_revision(&mut self, group: u64) -> u32 {
        if self.revision == 0 || self.group != group {
            self.revision = self.revision.saturating_add(1);
            self.group = group;
        }
        self.revision
    }
}

impl NewRevision {
    /// The revision after this one, before anything is changed in it.
    fn followed(&self) -> NewRevision {
        NewRevision {
            post_id: self.post_id,
            number: self.number,
            title: self.title.clone(),
            tags: self.tags.clone(),
            body_md: self.body_md.clone(),
            editor_id: None,
            editor_name: None,
            summary: String::new(),
            created_at: self.created_at,
        }
    }
}

struct Licence {
    origin: i64,
    named: Option<String>,
    created: Moment,
}

/// Stack Exchange's own rule for posts that do not name their licence.
fn by_date(created: Moment) -> &'static str {
    // 2011-04-08 and 2018-05-02, in UTC.
    match created.0 {
        ..1_302_220_800_000_000 => "CC BY-SA 2.5",
        1_302_220_800_000_000..1_525_219_200_000_000 => "CC BY-SA 3.0",
        _ => "CC BY-SA 4.0",
    }
}

/// Statements for this site's posts with ids above `from` up to `to`. Doing them twice changes
/// nothing more. `site` holds letters, digits, dots and hyphens only.
fn counting(site: &str, from: i64, to: i64) -> [String; 6] {
    let ours = |table: &str| {
        format!(
            "{table}.id > {from} AND {table}.id <= {to} AND EXISTS (SELECT 1 FROM post_origins o \
             WHERE o.post_id = {table}.id AND o.site = '{site}')"
        )
    };
    let last = "SELECT r.body_md FROM revisions r WHERE r.post_id = posts.id ORDER BY r.number DESC LIMIT 1";
    [
        // The last revision is what is edited next.
        format!(
            "UPDATE posts SET revision = (SELECT max(r.number) FROM revisions r WHERE r.post_id = posts.id), \
             body_is_html = CASE WHEN body_md = ({last}) THEN body_is_html ELSE FALSE END, body_md = ({last}) \
             WHERE {} AND EXISTS (SELECT 1 FROM revisions r WHERE r.post_id = posts.id)",
            ours("posts")
        ),
        // What has no history has one revision.
        format!(
            "INSERT INTO revisions (post_id, number, title, tags, body_md, editor_id, editor_name, summary, created_at) \
             SELECT p.id, 1, t.title, t.tags, p.body_md, p.author_id, p.author_name, '', p.created_at \
             FROM posts p LEFT JOIN threads t ON t.id = p.id \
             WHERE {} AND NOT EXISTS (SELECT 1 FROM revisions r WHERE r.post_id = p.id)",
            ours("p")
        ),
        format!(
            "UPDATE posts SET \
             up_votes = (SELECT count(*) FROM votes v WHERE v.post_id = posts.id AND v.value = 1), \
             down_votes = (SELECT count(*) FROM votes v WHERE v.post_id = posts.id AND v.value = -1), \
             score = (SELECT coalesce(sum(v.value), 0) FROM votes v WHERE v.post_id = posts.id), \
             comment_count = (SELECT count(*) FROM posts c WHERE c.parent_id = posts.id AND c.kind = 'comment') \
             WHERE {} AND kind <> 'comment'",
            ours("posts")
        ),
        format!(
            "UPDATE threads SET score = (SELECT p.score FROM posts p WHERE p.id = threads.id), \
             answer_count = (SELECT count(*) FROM posts a WHERE a.thread_id = threads.id AND a.kind = 'answer') \
             WHERE {}",
            ours("threads")
        ),
        // Who was last: the answer of that moment, else whoever edited then.
        format!(
            "UPDATE threads SET active_kind = 'edited', \
             active_user_id = (SELECT p.editor_id FROM posts p WHERE p.thread_id = threads.id \
             AND p.kind <> 'comment' AND p.edited_at = threads.active_at ORDER BY p.id LIMIT 1) \
             WHERE {} AND active_at > created_at",
            ours("threads")
        ),
        format!(
            "UPDATE threads SET active_kind = 'answered', \
             active_user_id = (SELECT a.author_id FROM posts a WHERE a.thread_id = threads.id \
             AND a.kind = 'answer' AND a.created_at = threads.active_at ORDER BY a.id DESC LIMIT 1) \
             WHERE {} AND EXISTS (SELECT 1 FROM posts a WHERE a.thread_id = threads.id \
             AND a.kind = 'answer' AND a.created_at = threads.active_at)",
            ours("threads")
        ),
    ]
}
