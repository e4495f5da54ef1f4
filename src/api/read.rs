//! api room: what can be read: lists, a thread, what search finds, people and tags.
use super::models::{
    Answered, Badges, Beside, Comment, ExcerptFrom, Found, Listing, Me, Person, Post, Profile, Revision,
    SearchResults, Tag, Thread, ThreadRef, WholeThread,
};
use crate::accounts::{self, PersonHead, Role};
use crate::error::{Error, Result};
use crate::kernel::ids::{PostId, ThreadId, UserId};
use crate::kernel::moment::Moment;
use crate::kernel::{limits, names::TagName};
use crate::search::{self, Query};
use crate::threads::{self, PostRow, RevisionRow, RevisionText, SeesRemoved, Sort, ThreadRow};
use crate::web::form::{Fields, Params, Parts};
use crate::web::rates::Budget;
use crate::web::view::{Cursor, person_url};
use crate::web::visit::{Room, Visit};
use crate::{badges, confirmations, reputation, votes};
use actix_web::HttpResponse;
use std::collections::HashMap;

/// How many rows are wanted, 1 to [`limits::API_ROWS`].
fn limit_of(params: &Fields) -> Result<i64> {
    let Some(text) = params.filled("limit") else { return Ok(limits::PAGE_ROWS) };
    let number = text.parse().ok().filter(|n: &i64| n.to_string() == text);
    number.filter(|n| (1..=limits::API_ROWS).contains(n)).ok_or(Error::Bad("error-limit"))
}

fn sees(room: &Room<'_>) -> SeesRemoved {
    match &room.viewer {
        Some(viewer) if viewer.role.moderates() => SeesRemoved::All,
        Some(viewer) => SeesRemoved::Own(viewer.id),
        None => SeesRemoved::None,
    }
}

fn viewer(room: &Room<'_>) -> Option<(UserId, Role)> {
    room.viewer.as_ref().map(|viewer| (viewer.id, viewer.role))
}

fn base<'a>(room: &Room<'a>) -> &'a str {
    &room.visit.app.config.base_url
}

/// One page of threads, each with who asked it.
fn listing(room: &mut Room<'_>, rows: &[ThreadRow], next: Option<Cursor>) -> Result<Listing<Thread>> {
    let people = askers(room, rows)?;
    let base = base(room);
    let author = |row: &ThreadRow| row.author_id.and_then(|id| people.get(&id));
    Ok(Listing {
        items: rows.iter().map(|row| Thread::of(base, row, author(row))).collect(),
        next: next.map(Cursor::encode),
    })
}

/// The people who asked these threads, in one query.
fn askers<'a>(
    room: &mut Room<'_>,
    rows: impl IntoIterator<Item = &'a ThreadRow>,
) -> Result<HashMap<UserId, PersonHead>> {
    people(room, rows.into_iter().filter_map(|row| row.author_id).collect())
}

fn people(room: &mut Room<'_>, mut ids: Vec<UserId>) -> Result<HashMap<UserId, PersonHead>> {
    ids.sort_unstable();
    ids.dedup();
    Ok(if ids.is_empty() { HashMap::new() } else { accounts::names_of(room.conn, &ids)? })
}

/// Lists threads, newest first or by last activity.
#[utoipa::path(
    get, path = "/api/v1/threads", tag = "threads", operation_id = "listThreads",
    params(
        ("sort" = Option<Sort>, Query, description = "newest, if not given; unanswered and unsolved are newest first too"),
        ("tag" = Option<String>, Query, description = "threads with this tag only; 404 when there is none", min_length = 2, max_length = 35),
        ("after" = Option<String>, Query, description = "`next` of the page before", max_length = 64),
        ("limit" = Option<i64>, Query, description = "rows, 30 if not given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "One page of threads", body = Listing<Thread>)),
)]
pub async fn threads(visit: Visit, params: Params) -> Result<HttpResponse> {
    let limit = limit_of(&params)?;
    let after = Cursor::of(&params)?;
    let sort = match params.filled("sort") {
        None => Sort::Newest,
        Some(text) => Sort::parse(text).ok_or(Error::Bad("error-unknown-sort"))?,
    };
    let tag =
        params.filled("tag").map(|name| TagName::parse(name).map_err(|e| Error::Bad(e.key()))).transpose()?;
    visit
        .json(move |room| {
            let tag = match tag {
                Some(name) => Some(threads::tag(room.conn, name.as_str())?.ok_or(Error::NotFound)?.id),
                None => None,
            };
            let (rows, next) = threads::list(room.conn, sort, tag, after, limit)?;
            listing(room, &rows, next)
        })
        .await
}

/// Shows a thread: its question, one page of answers, and the comments of both.
#[utoipa::path(
    get, path = "/api/v1/threads/{id}", tag = "threads", operation_id = "getThread",
    params(
        ("id" = i64, Path, minimum = 1),
        ("sort" = Option<AnswerSort>, Query, description = "order of the answers, score if not given"),
        ("after" = Option<String>, Query, description = "`answers.next` of the page before", max_length = 64),
    ),
    responses((status = 200, description = "The thread", body = WholeThread)),
)]
pub async fn thread(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let id = ThreadId(parts.number("id")?);
    let after = Cursor::of(&params)?;
    let oldest = match params.filled("sort") {
        None | Some("score") => false,
        Some("oldest") => true,
        Some(_) => return Err(Error::Bad("error-unknown-sort")),
    };
    visit.json(move |room| whole(room, id, oldest, after)).await
}

/// How answers are ordered.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code)] // Only documents what `thread` reads.
pub enum AnswerSort {
    Score,
    Oldest,
}

fn whole(room: &mut Room<'_>, id: ThreadId, oldest: bool, after: Option<Cursor>) -> Result<WholeThread> {
    let thread = threads::thread_seen(room.conn, viewer(room), id)?.ok_or(Error::NotFound)?;
    let sees = sees(room);
    let question = threads::question(room.conn, id)?.ok_or(Error::NotFound)?;
    let accepted = thread.accepted_answer_id;
    let (mut answers, next) = threads::answers(room.conn, id, accepted, oldest, after, sees)?;
    if after.is_none() {
        answers.splice(0..0, threads::accepted(room.conn, &thread, sees)?);
    }
    let duplicate_of = match thread.duplicate_of {
        Some(master) => threads::threads_by_id(room.conn, &[master])?.remove(&master),
        None => None,
    };
    let people = askers(room, [&thread])?;
    let base = base(room);
    let mut posts =
        posts(room, &thread, std::iter::once(question).chain(answers).collect(), sees)?.into_iter();
    Ok(WholeThread {
        duplicate_of: duplicate_of.map(|row| ThreadRef::of(base, &row)),
        question: posts.next().ok_or(Error::NotFound)?,
        answers: Listing { items: posts.collect(), next: next.map(Cursor::encode) },
        thread: Thread::of(base, &thread, thread.author_id.and_then(|id| people.get(&id))),
    })
}

/// Posts with what stands beside them, each kind of it read in one query however many posts there are.
fn posts(
    room: &mut Room<'_>,
    thread: &ThreadRow,
    rows: Vec<PostRow>,
    sees: SeesRemoved,
) -> Result<Vec<Post>> {
    let ids: Vec<PostId> = rows.iter().map(|row| row.id).collect();
    let comments = threads::comments(room.conn, &ids, sees)?;
    // Read oldest first over all posts: what is missing comes after the last of them.
    let cut =
        (comments.len() as i64 >= limits::PAGE_COMMENTS).then(|| comments.last().map_or(0, |row| row.id.0));
    let all: Vec<PostId> = ids.iter().copied().chain(comments.iter().map(|row| row.id)).collect();
    let mut sources = threads::sources(room.conn, &all)?;
    let votes = match &room.viewer {
        Some(viewer) => Some(votes::votes_of(room.conn, viewer.id, &ids)?),
        None => None,
    };
    let sums = confirmations::sums(room.conn, &ids)?;
    let confirmed = match &room.viewer {
        Some(viewer) => confirmations::own(room.conn, viewer.id, &ids)?,
        None => HashMap::new(),
    };
    let base = base(room);
    let mut beneath: HashMap<PostId, Vec<Comment>> = HashMap::new();
    for row in comments {
        if let Some(parent) = row.parent_id {
            let source = sources.remove(&row.id);
            beneath.entry(parent).or_default().push(Comment::of(base, row, source));
        }
    }
    Ok(rows
        .into_iter()
        .map(|mut row| {
            let items = beneath.remove(&row.id).unwrap_or_default();
            let more = cut.filter(|_| (items.len() as i64) < row.comment_count);
            let next = more.map(|id| Cursor { key: 0, id }.encode());
            let beside = Beside {
                my_vote: votes.as_ref().map(|votes| votes.get(&row.id).map_or(0, |vote| i64::from(*vote))),
                body_md: sources.remove(&row.id),
                origin: row.origin.take().map(Into::into),
                accepted: thread.accepted_answer_id == Some(row.id),
                solved_for: sums.get(&row.id).map_or(0, |sum| sum.solved),
                my_confirmation: confirmed.get(&row.id).copied(),
            };
            Post::of(base, thread, row, beside, Listing { items, next })
        })
        .collect())
}

/// Lists the comments on a question or an answer, oldest first.
#[utoipa::path(
    get, path = "/api/v1/posts/{id}/comments", tag = "posts", operation_id = "listComments",
    params(
        ("id" = i64, Path, minimum = 1),
        ("after" = Option<String>, Query, description = "`next` of the page before", max_length = 64),
        ("limit" = Option<i64>, Query, description = "rows, 30 if not given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "One page of comments", body = Listing<Comment>)),
)]
pub async fn comments(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let limit = limit_of(&params)?;
    let after = PostId(Cursor::of(&params)?.map_or(0, |cursor| cursor.id));
    visit
        .json(move |room| {
            threads::post_seen(room.conn, viewer(room), post)?.ok_or(Error::NotFound)?;
            let sees = sees(room);
            let (rows, next) = threads::comments_after(room.conn, post, after, limit, sees)?;
            let ids: Vec<PostId> = rows.iter().map(|row| row.id).collect();
            let mut sources = threads::sources(room.conn, &ids)?;
            let base = base(room);
            let items = rows.into_iter().map(|row| {
                let source = sources.remove(&row.id);
                Comment::of(base, row, source)
            });
            Ok(Listing { items: items.collect(), next: next.map(Cursor::encode) })
        })
        .await
}

/// Lists the revisions of a post, newest first.
#[utoipa::path(
    get, path = "/api/v1/posts/{id}/revisions", tag = "posts", operation_id = "listRevisions",
    params(
        ("id" = i64, Path, minimum = 1),
        ("after" = Option<String>, Query, description = "`next` of the page before", max_length = 64),
    ),
    responses((status = 200, description = "One page of revisions, 30 at most", body = Listing<Revision>)),
)]
pub async fn revisions(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let post = PostId(parts.number("id")?);
    let before = Cursor::of(&params)?.map(|cursor| i32::try_from(cursor.id)).transpose();
    let before = before.map_err(|_| Error::Bad("error-bad-cursor"))?;
    visit
        .json(move |room| {
            threads::post_seen(room.conn, viewer(room), post)?.ok_or(Error::NotFound)?;
            let rows = threads::revisions_and_texts(room.conn, post, before)?;
            let at = |(row, _): &(RevisionRow, RevisionText)| Cursor { key: 0, id: row.number.into() };
            let (rows, next) = threads::cut(rows, limits::PAGE_ROWS, at);
            let people = people(room, rows.iter().filter_map(|(row, _)| row.editor_id).collect())?;
            let base = base(room);
            let items = rows.into_iter().map(|row| {
                let editor = row.0.editor_id.and_then(|id| people.get(&id));
                Revision::of(base, row, editor)
            });
            Ok(Listing { items: items.collect(), next: next.map(Cursor::encode) })
        })
        .await
}

/// Searches questions with their answers, best first.
///
/// Besides words: "phrases", -exclusions and qualifiers, each perhaps negated (`-tag:name`): `is:solved`,
/// `is:unsolved`, `is:answered`, `is:unanswered`, `is:official`, `tag:name`, `user:name`, `lang:it`, `version:2.4`;
/// numbers `answers:0`, `score:>3`, `score:1..5`; dates in UTC `created:2026`, `created:>2026-01`,
/// `active:2026-01-15..2026-02-28`; and an order, `sort:newest`, `sort:active` or `sort:votes`. A qualifier that cannot
/// be read is searched as words.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "search", operation_id = "search",
    params(
        ("q" = String, Query, min_length = 1, max_length = 200),
        ("exact" = Option<String>, Query, description = "`1`: the words are meant as they are typed", max_length = 8),
        ("after" = Option<String>, Query, description = "`next` of the page before", max_length = 64),
        ("limit" = Option<i64>, Query, description = "rows, 30 if not given; a page may have fewer although there is a next one", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "One page of threads found", body = SearchResults)),
)]
pub async fn find(visit: Visit, params: Params) -> Result<HttpResponse> {
    visit.app.rates.take(Budget::Search, (Budget::Search, visit.household()))?;
    let limit = limit_of(&params)?;
    let text = params.filled("q").unwrap_or_default().to_owned();
    if text.is_empty() || text.chars().count() > search::query::CHARS_MAX {
        return Err(Error::Bad("error-query-length"));
    }
    let after = params.filled("after").map(search::Cursor::decode).transpose();
    let after = after.map_err(|_| Error::Bad("error-bad-cursor"))?;
    let exact = params.filled("exact").is_some();
    visit.json(move |room| results(room, &text, exact, limit, after)).await
}

fn results(
    room: &mut Room<'_>,
    text: &str,
    exact: bool,
    limit: i64,
    after: Option<search::Cursor>,
) -> Result<SearchResults> {
    let (query, _) = Query::parse(text);
    let query = Query { exact, ..query };
    let limit = usize::try_from(limit).unwrap_or(1);
    let found = search::hits(&room.visit.app, room.conn, &query, limit, after)?;
    // The index may be a moment behind; the database says how a thread stands.
    let ids: Vec<ThreadId> = found.hits.iter().map(|hit| ThreadId(hit.thread_id)).collect();
    let rows = threads::threads_by_id(room.conn, &ids)?;
    let present: Vec<ThreadRow> = rows.values().cloned().collect();
    let people = askers(room, &present)?;
    let base = base(room);
    let items = found.hits.into_iter().filter_map(|hit| {
        let row = rows.get(&ThreadId(hit.thread_id))?;
        Some(Found {
            thread: Thread::of(base, row, row.author_id.and_then(|id| people.get(&id))),
            excerpt: hit.excerpt.into_iter().map(|(text, _)| text).collect(),
            excerpt_from: match hit.excerpt_from {
                search::ExcerptFrom::Solution => ExcerptFrom::Solution,
                search::ExcerptFrom::Answer => ExcerptFrom::Answer,
                search::ExcerptFrom::Question => ExcerptFrom::Question,
            },
        })
    });
    Ok(SearchResults {
        items: items.collect(),
        next: found.next.map(|cursor| cursor.encode()),
        total: found.total.count,
        total_is_cut: found.total.more,
        any_word: found.any_word,
    })
}

/// Lists tags in use, the most used first.
#[utoipa::path(
    get, path = "/api/v1/tags", tag = "tags", operation_id = "listTags",
    params(
        ("q" = Option<String>, Query, description = "tags that begin so", max_length = 35),
        ("after" = Option<String>, Query, description = "`next` of the page before", max_length = 64),
        ("limit" = Option<i64>, Query, description = "rows, 30 if not given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "One page of tags", body = Listing<Tag>)),
)]
pub async fn tags(visit: Visit, params: Params) -> Result<HttpResponse> {
    let limit = limit_of(&params)?;
    let after = Cursor::of(&params)?;
    let prefix =
        crate::kernel::slug::fold(&params.get("q").chars().take(limits::MAX_TAG).collect::<String>());
    visit
        .json(move |room| {
            let rows = threads::tags(room.conn, &prefix, false, None, after, limit + 1)?;
            let (rows, next) = threads::cut(rows, limit, |row| Cursor { key: row.thread_count, id: row.id });
            let base = base(room);
            let items = rows.into_iter().map(|row| Tag::of(base, row)).collect();
            Ok(Listing { items, next: next.map(Cursor::encode) })
        })
        .await
}

/// Shows a person's public page.
#[utoipa::path(
    get, path = "/api/v1/people/{username}", tag = "people", operation_id = "getPerson",
    params(("username" = String, Path, min_length = 1)),
    responses((status = 200, description = "The person", body = Profile)),
)]
pub async fn person(visit: Visit, parts: Parts) -> Result<HttpResponse> {
    let username = parts.text("username")?.to_owned();
    visit
        .json(move |room| {
            let row = accounts::profile(room.conn, &username)?.ok_or(Error::NotFound)?;
            let standing = reputation::standing(room.conn, row.id)?;
            let badges = badges::badge_counts(room.conn, &[row.id])?.remove(&row.id).unwrap_or_default();
            let now = room.now;
            Ok(Profile {
                person: Person {
                    url: Some(format!("{}{}", base(room), person_url(&row.username))),
                    username: Some(row.username),
                    display_name: row.display_name,
                    role: Role::parse(&row.role).unwrap_or(Role::Customer),
                },
                joined_at: row.created_at.iso(),
                about_html: row.bio_html,
                points: standing.points,
                badges: Badges { gold: badges.gold, silver: badges.silver, bronze: badges.bronze },
                question_count: standing.question_count,
                answer_count: standing.answer_count,
                solution_count: standing.accepted_count,
                suspended_until: row.suspended_until.filter(|until| *until > now).map(Moment::iso),
            })
        })
        .await
}

/// What the viewer sees of this person's own posts: all of it when it is theirs or they moderate.
fn sees_of(room: &Room<'_>, person: UserId) -> SeesRemoved {
    match sees(room) {
        SeesRemoved::Own(viewer) if viewer != person => SeesRemoved::None,
        sees => sees,
    }
}

/// Lists the questions of a person, newest first.
#[utoipa::path(
    get, path = "/api/v1/people/{username}/questions", tag = "people", operation_id = "listQuestionsOfPerson",
    params(
        ("username" = String, Path, min_length = 1),
        ("after" = Option<String>, Query, description = "`next` of the page before", max_length = 64),
        ("limit" = Option<i64>, Query, description = "rows, 30 if not given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "One page of threads", body = Listing<Thread>)),
)]
pub async fn questions(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let username = parts.text("username")?.to_owned();
    let (limit, after) = (limit_of(&params)?, Cursor::of(&params)?);
    visit
        .json(move |room| {
            let person = accounts::profile(room.conn, &username)?.ok_or(Error::NotFound)?.id;
            let removed_too = sees_of(room, person) != SeesRemoved::None;
            let (rows, next) = threads::questions_of(room.conn, person, after, limit, removed_too)?;
            listing(room, &rows, next)
        })
        .await
}

/// Lists the answers of a person with the threads they stand in, newest first.
#[utoipa::path(
    get, path = "/api/v1/people/{username}/answers", tag = "people", operation_id = "listAnswersOfPerson",
    params(
        ("username" = String, Path, min_length = 1),
        ("after" = Option<String>, Query, description = "`next` of the page before", max_length = 64),
        ("limit" = Option<i64>, Query, description = "rows, 30 if not given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "One page of answers", body = Listing<Answered>)),
)]
pub async fn answers(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let username = parts.text("username")?.to_owned();
    let (limit, after) = (limit_of(&params)?, Cursor::of(&params)?);
    visit
        .json(move |room| {
            let person = accounts::profile(room.conn, &username)?.ok_or(Error::NotFound)?.id;
            let sees = sees_of(room, person);
            let (rows, next) = threads::answers_of(room.conn, person, after, limit, sees)?;
            let people = askers(room, rows.iter().map(|row| &row.thread))?;
            let base = base(room);
            let items = rows.into_iter().map(|row| {
                let asker = row.thread.author_id.and_then(|id| people.get(&id));
                Answered::of(base, row, asker)
            });
            Ok(Listing { items: items.collect(), next: next.map(Cursor::encode) })
        })
        .await
}

/// Shows whose token this is.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "people", operation_id = "getMe",
    responses((status = 200, description = "The token's owner", body = Me)),
)]
pub async fn me(visit: Visit) -> Result<HttpResponse> {
    visit
        .json(|room| {
            let viewer = room.viewer()?;
            Ok(Me {
                person: Person {
                    username: Some(viewer.username.clone()),
                    display_name: viewer.display_name.clone(),
                    role: viewer.role,
                    url: Some(format!("{}{}", base(room), person_url(&viewer.username))),
                },
                unread_notices: viewer.unread_notices,
            })
        })
        .await
}
