//! exchange room: lines of JSON, each bounded, parsed and rendered without the database.
use crate::exchange::text::{self, Shown};
use crate::exchange::xml::Reason;
use crate::exchange::{ExchangeError, Result};
use crate::kernel::moment::Moment;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes one line may have; a body has at most a tenth of it.
const MAX_LINE_BYTES: u64 = 4 * 1024 * 1024;

pub struct RawLine {
    pub number: u64,
    /// Bytes of the file up to its end.
    pub end: u64,
    pub bytes: Vec<u8>,
    pub too_long: bool,
}

pub struct Lines {
    reader: BufReader<File>,
    path: std::path::PathBuf,
    number: u64,
    offset: u64,
}

impl Lines {
    pub fn open(path: &Path) -> Result<Lines> {
        let file = File::open(path).map_err(ExchangeError::io(path))?;
        let reader = BufReader::with_capacity(256 * 1024, file);
        Ok(Lines { reader, path: path.to_owned(), number: 0, offset: 0 })
    }

    pub fn skip(&mut self, lines: u64) -> Result<()> {
        while self.number < lines && self.next_line()?.is_some() {}
        Ok(())
    }

    /// The next line without its end; what is longer than a line may be is read past, not kept.
    pub fn next_line(&mut self) -> Result<Option<RawLine>> {
        let mut bytes = Vec::new();
        let io = |e| ExchangeError::Io { path: self.path.clone(), source: e };
        let read = (&mut self.reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes).map_err(io)?;
        if read == 0 {
            return Ok(None);
        }
        self.offset += read as u64;
        let mut too_long = false;
        if bytes.last() != Some(&b'\n') && read as u64 == MAX_LINE_BYTES {
            loop {
                let rest = self.reader.fill_buf().map_err(io)?;
                if rest.is_empty() {
                    break;
                }
                too_long = true;
                let end = rest.iter().position(|b| *b == b'\n');
                let used = end.map_or(rest.len(), |at| at + 1);
                self.reader.consume(used);
                self.offset += used as u64;
                if end.is_some() {
                    break;
                }
            }
        }
        self.number += 1;
        if too_long {
            bytes = Vec::new();
        }
        Ok(Some(RawLine { number: self.number, end: self.offset, bytes, too_long }))
    }
}

/// All fields any kind has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    pub kind: String,
    pub id: Option<i64>,
    pub user: Option<i64>,
    pub question: Option<i64>,
    pub answer: Option<i64>,
    pub of: Option<i64>,
    pub post: Option<String>,
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub email: Option<String>,
    pub role: Option<String>,
    pub signature: Option<String>,
    pub bio: Option<String>,
    pub title: Option<String>,
    pub body: Option<String>,
    pub tags: Option<Vec<String>>,
    pub views: Option<i64>,
    pub score: Option<i64>,
    pub official: Option<bool>,
    pub value: Option<serde_json::Value>,
    pub reason: Option<String>,
    pub note: Option<String>,
    pub summary: Option<String>,
    pub created: Option<i64>,
    pub due: Option<i64>,
}

pub struct Line {
    pub number: u64,
    pub end: u64,
    /// The fields and the rendered body; `None` for a line with nothing on it.
    pub content: std::result::Result<Option<(Box<Fields>, Shown)>, Reason>,
}

impl Line {
    pub fn parse(raw: RawLine) -> Line {
        let RawLine { number, end, bytes, too_long } = raw;
        Line {
            number,
            end,
            content: if too_long { Err("it is longer than 4 MiB".into()) } else { parse(&bytes) },
        }
    }
}

fn parse(bytes: &[u8]) -> std::result::Result<Option<(Box<Fields>, Shown)>, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Ok(None);
    }
    let mut fields: Box<Fields> = serde_json::from_str(text).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => "a field is of another type than it should be",
        _ => "it is not JSON",
    })?;
    let texts = [
        &mut fields.post,
        &mut fields.name,
        &mut fields.display_name,
        &mut fields.email,
        &mut fields.signature,
        &mut fields.bio,
        &mut fields.title,
        &mut fields.body,
        &mut fields.reason,
        &mut fields.note,
        &mut fields.summary,
    ];
    for field in texts.into_iter().flatten() {
        *field = text::plain(std::mem::take(field));
    }
    let source = if fields.kind == "user" { &fields.bio } else { &fields.body };
    let shown = source.as_deref().map(text::markdown).unwrap_or_default();
    Ok(Some((fields, shown)))
}

impl Fields {
    /// When it happened; `None` when the line does not say, an error when it cannot be.
    pub fn at(&self) -> std::result::Result<Option<Moment>, Reason> {
        match self.created {
            None => Ok(None),
            Some(seconds) if (0..=253_402_300_799).contains(&seconds) => {
                Ok(Some(Moment::from_unix_seconds(seconds)))
            }
            Some(_) => Err("created is no time".into()),
        }
    }

    /// The post it is about, as kind and id.
    pub fn target(&self) -> std::result::Result<(char, i64), Reason> {
        let named = match self.post.as_deref().and_then(|post| post.split_once(':')) {
            Some(("question", id)) => Some(('q', id)),
            Some(("answer", id)) => Some(('a', id)),
            Some(("comment", id)) => Some(('c', id)),
            _ => None,
        };
        if let Some((kind, id)) = named {
            return Ok((kind, id.trim().parse().map_err(|_| "post is no post's name")?));
        }
        match (self.answer, self.question) {
            _ if self.post.is_some() => Err("post is no post's name".into()),
            (Some(id), _) => Ok(('a', id)),
            (None, Some(id)) => Ok(('q', id)),
            (None, None) => Err("it names no post".into()),
        }
    }
}
