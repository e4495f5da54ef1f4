//! exchange room: what a row of a data dump says, decided without the database.
use crate::exchange::text::{self, Shown};
use crate::exchange::xml::{Reason, Row};
use crate::kernel::moment::Moment;

/// What names a row in the list of unused ones, and what was left out of it.
pub struct Label {
    pub name: String,
    pub notes: Vec<Reason>,
}

impl Label {
    fn of(row: Row) -> Label {
        Label { name: row.label(), notes: row.notes }
    }
}

/// What becomes of a row in one stage.
pub enum Take<T> {
    Use(Label, T),
    /// Another stage reads it.
    Skip,
    Leave(Label, Reason),
}

impl<T> Take<T> {
    fn of(row: Row, parsed: Result<Option<T>, Reason>) -> Take<T> {
        match parsed {
            Ok(Some(found)) => Take::Use(Label::of(row), found),
            Ok(None) => Take::Skip,
            Err(reason) => Take::Leave(Label::of(row), reason),
        }
    }
}

pub struct Person {
    pub origin: i64,
    pub name: String,
    pub display: String,
    pub created: Moment,
    pub bio: String,
    pub bio_html: String,
}

pub const USERS: &[&str] = &["DisplayName", "CreationDate", "AboutMe"];

pub fn person(mut row: Row) -> Take<Person> {
    let parsed = (|| {
        let origin = row.id()?;
        let created = row.needed_date("CreationDate")?;
        let name = row.take("DisplayName");
        let bio = row.take("AboutMe");
        let bio_html = if bio.is_empty() { String::new() } else { text::clean(&bio).html };
        let display = text::display_name(&name, origin);
        Ok(Some(Person { origin, name, display, created, bio, bio_html }))
    })();
    Take::of(row, parsed)
}

/// Who wrote something, as the dump says it.
pub struct Author {
    pub id: Option<i64>,
    pub name: Option<String>,
}

fn author(row: &mut Row, id: &'static str, name: &'static str) -> Author {
    let id = row.spare_int(id);
    let name = text::line(&row.take(name), 60);
    Author { id, name: (!name.is_empty()).then_some(name) }
}

/// Tags of a question; those that have another name here are noted.
fn tags(row: &mut Row, key: &'static str) -> Vec<String> {
    let tags = text::tags(&row.take(key));
    for _ in 0..tags.renamed {
        row.notes.push(text::RENAMED.into());
    }
    tags.names
}

pub struct Post {
    pub origin: i64,
    pub created: Moment,
    pub source: String,
    pub shown: Shown,
    pub author: Author,
    pub editor: Author,
    pub edited: Option<Moment>,
    pub licence: Option<String>,
}

pub struct Question {
    pub post: Post,
    pub title: String,
    pub slug: String,
    pub tags: Vec<String>,
    pub views: i64,
    pub active: Moment,
    pub closed: bool,
}

pub struct Answer {
    pub post: Post,
    pub question: i64,
}

/// A tag's description: its excerpt or its wiki.
pub struct Wiki {
    pub origin: i64,
    pub source: String,
    pub html: String,
}

pub enum AnswerOrWiki {
    Answer(Answer),
    Wiki(Wiki),
}

pub const POSTS: &[&str] = &[
    "PostTypeId",
    "CreationDate",
    "Body",
    "OwnerUserId",
    "OwnerDisplayName",
    "LastEditorUserId",
    "LastEditorDisplayName",
    "LastEditDate",
    "LastActivityDate",
    "Title",
    "Tags",
    "ViewCount",
    "ParentId",
    "ClosedDate",
    "DeletionDate",
    "ContentLicense",
];

fn post(row: &mut Row, origin: i64) -> Result<Post, Reason> {
    if row.text("DeletionDate").is_some() {
        return Err("it was deleted on the old site".into());
    }
    let created = row.needed_date("CreationDate")?;
    let edited = row.spare_date("LastEditDate");
    let author = author(row, "OwnerUserId", "OwnerDisplayName");
    let editor = self::author(row, "LastEditorUserId", "LastEditorDisplayName");
    let source = row.take("Body");
    let licence = licence(row);
    let shown = text::clean(&source);
    Ok(Post { origin, created, source, shown, author, editor, edited, licence })
}

fn licence(row: &mut Row) -> Option<String> {
    let licence = text::line(&row.take("ContentLicense"), 60);
    (!licence.is_empty()).then_some(licence)
}

/// The first reading of Posts.xml: questions, and rows that are nothing at all.
pub fn question(mut row: Row) -> Take<Question> {
    let parsed = (|| {
        let origin = row.id()?;
        if row.needed_int("PostTypeId")? != 1 {
            return Ok(None);
        }
        let views = row.spare_int("ViewCount").unwrap_or(0).max(0);
        let post = post(&mut row, origin)?;
        let active = row.spare_date("LastActivityDate").unwrap_or(post.created).max(post.created);
        let title = match text::line(&row.take("Title"), 300) {
            title if title.is_empty() => format!("Question {origin}"),
            title => title,
        };
        let slug = text::slug(&title);
        let tags = tags(&mut row, "Tags");
        let closed = row.text("ClosedDate").is_some();
        Ok(Some(Question { post, title, slug, tags, views, active, closed }))
    })();
    Take::of(row, parsed)
}

/// The second reading of Posts.xml: all that is no question.
pub fn answer(mut row: Row) -> Take<AnswerOrWiki> {
    // Rows without an id or a type were listed by the first reading.
    let (Ok(origin), Ok(kind)) = (row.id(), row.needed_int("PostTypeId")) else { return Take::Skip };
    let parsed = (|| match kind {
        1 => Ok(None),
        2 => {
            let question = row.needed_int("ParentId")?;
            Ok(Some(AnswerOrWiki::Answer(Answer { post: post(&mut row, origin)?, question })))
        }
        4 | 5 => {
            let source = row.take("Body");
            if source.trim().is_empty() {
                return Err("an empty tag wiki".into());
            }
            let html = text::clean(&source).html;
            Ok(Some(AnswerOrWiki::Wiki(Wiki { origin, source, html })))
        }
        3 | 6..=20 => Err(format!("posts of type {kind} have no place here").into()),
        _ => Err("an unknown type of post".into()),
    })();
    Take::of(row, parsed)
}

/// The third reading: which answer a question's asker accepted.
pub struct Acceptance {
    pub question: i64,
    pub answer: i64,
}

pub const ACCEPTANCES: &[&str] = &["PostTypeId", "AcceptedAnswerId"];

pub fn acceptance(row: Row) -> Take<Acceptance> {
    let (Ok(question), Ok(1)) = (row.id(), row.needed_int("PostTypeId")) else { return Take::Skip };
    let answer = row.int("AcceptedAnswerId");
    Take::of(row, answer.map(|answer| answer.map(|answer| Acceptance { question, answer })))
}

/// What an edit set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Title,
    Body,
    Tags,
}

pub struct Change {
    pub post: i64,
    /// Rows of one edit share it.
    pub group: u64,
    pub part: Part,
    pub text: String,
    pub editor: Author,
    pub summary: String,
    pub at: Moment,
}

pub const HISTORY: &[&str] = &[
    "PostHistoryTypeId",
    "PostId",
    "RevisionGUID",
    "CreationDate",
    "UserId",
    "UserDisplayName",
    "Comment",
    "Text",
];

pub fn change(mut row: Row) -> (Label, Result<Change, Reason>) {
    let parsed = (|| {
        row.id()?;
        let part = match row.needed_int("PostHistoryTypeId")? {
            1 | 4 | 7 => Part::Title,
            2 | 5 | 8 => Part::Body,
            3 | 6 | 9 => Part::Tags,
            kind @ 10..=66 => return Err(format!("history of type {kind} changes no text").into()),
            _ => return Err("an unknown type of history".into()),
        };
        let post = row.needed_int("PostId")?;
        let at = row.needed_date("CreationDate")?;
        let editor = author(&mut row, "UserId", "UserDisplayName");
        if row.text("Text").is_none() && part != Part::Tags {
            return Err("a revision without its text".into());
        }
        let group = match row.text("RevisionGUID") {
            Some(guid) => hash(guid.as_bytes()),
            None => hash(&at.0.to_le_bytes()),
        };
        let text = row.take("Text");
        let text = match part {
            Part::Title => text::line(&text, 300),
            Part::Body => text,
            Part::Tags => text::tags(&text).names.join(" "),
        };
        let summary = text::line(&row.take("Comment"), 500);
        Ok(Change { post, group, part, text, editor, summary, at })
    })();
    (Label::of(row), parsed)
}

/// FNV-1a: stable between runs, and no adversary gains from two edits that look like one.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

pub struct Comment {
    pub origin: i64,
    pub post: i64,
    pub source: String,
    pub html: String,
    pub created: Moment,
    pub author: Author,
    pub licence: Option<String>,
    pub scored: bool,
}

pub const COMMENTS: &[&str] = &[
    "PostId",
    "Text",
    "CreationDate",
    "UserId",
    "UserDisplayName",
    "Score",
    "ContentLicense",
    "DeletionDate",
];

pub fn comment(mut row: Row) -> Take<Comment> {
    let parsed = (|| {
        let origin = row.id()?;
        let post = row.needed_int("PostId")?;
        let created = row.needed_date("CreationDate")?;
        if row.text("DeletionDate").is_some() {
            return Err("it was deleted on the old site".into());
        }
        let scored = row.int("Score").is_ok_and(|s| s.unwrap_or(0) != 0);
        let author = author(&mut row, "UserId", "UserDisplayName");
        let source = row.take("Text");
        let html = text::foreign_markdown(&source);
        let licence = licence(&mut row);
        Ok(Some(Comment { origin, post, source, html, created, author, licence, scored }))
    })();
    Take::of(row, parsed)
}

pub enum Ballot {
    /// 1 or -1.
    Vote(i16),
    Acceptance,
}

pub struct Vote {
    pub post: i64,
    pub ballot: Ballot,
    pub at: Moment,
}

pub const VOTES: &[&str] = &["PostId", "VoteTypeId", "CreationDate"];

pub fn vote(row: Row) -> Take<Vote> {
    let parsed = (|| {
        row.id()?;
        let ballot = match row.needed_int("VoteTypeId")? {
            1 => Ballot::Acceptance,
            2 => Ballot::Vote(1),
            3 => Ballot::Vote(-1),
            4 | 12 => return Err("a flag of the old site".into()),
            5 => return Err("a bookmark of the old site".into()),
            6 | 7 | 10 | 11 | 15 => return Err("a vote to close, reopen, delete, undelete or review".into()),
            8 | 9 => return Err("a bounty of the old site".into()),
            16 => return Err("an approved suggestion of an edit".into()),
            _ => return Err("an unknown type of vote".into()),
        };
        let post = row.needed_int("PostId")?;
        let at = row.needed_date("CreationDate")?;
        Ok(Some(Vote { post, ballot, at }))
    })();
    Take::of(row, parsed)
}

pub struct Link {
    pub thread: i64,
    pub of: i64,
    pub at: Moment,
}

pub const LINKS: &[&str] = &["PostId", "RelatedPostId", "LinkTypeId", "CreationDate"];

pub fn link(row: Row) -> Take<Link> {
    let parsed = (|| {
        row.id()?;
        match row.needed_int("LinkTypeId")? {
            3 => {}
            1 => return Err("a link between posts that are no duplicates".into()),
            _ => return Err("an unknown type of link".into()),
        }
        let thread = row.needed_int("PostId")?;
        let of = row.needed_int("RelatedPostId")?;
        let at = row.needed_date("CreationDate")?;
        Ok(Some(Link { thread, of, at }))
    })();
    Take::of(row, parsed)
}

pub struct TagRow {
    pub name: String,
    /// Ids of the posts with its excerpt and its wiki.
    pub excerpt: Option<i64>,
    pub wiki: Option<i64>,
}

pub const TAGS: &[&str] = &["TagName", "ExcerptPostId", "WikiPostId"];

pub fn tag(mut row: Row) -> Take<TagRow> {
    let parsed = (|| {
        row.id()?;
        let (excerpt, wiki) = (row.spare_int("ExcerptPostId"), row.spare_int("WikiPostId"));
        let name = tags(&mut row, "TagName").into_iter().next().ok_or("it has no TagName")?;
        Ok(Some(TagRow { name, excerpt, wiki }))
    })();
    Take::of(row, parsed)
}

/// Badges of the old site are counted and left there.
pub fn badge(row: Row) -> Take<()> {
    Take::Leave(Label::of(row), "badges are earned anew here".into())
}
