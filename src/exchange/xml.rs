//! exchange room: the `<row …/>` files of a data dump, one row at a time.
use super::text::plain;
use super::{ExchangeError, Result};
use crate::kernel::moment::Moment;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes one element may take: the largest real bodies are below 1 MB, and memory stays bounded.
const MAX_ELEMENT_BYTES: usize = 32 * 1024 * 1024;

/// Elements that may be open at once; a dump has two.
const MAX_DEPTH: u64 = 100;

/// Why a row cannot be used; from a closed set, so that reports stay short.
pub type Reason = Cow<'static, str>;

/// One row: the attributes asked for, unescaped.
#[derive(Debug, Default)]
pub struct Row {
    /// 1 for the first row of the file.
    pub number: u64,
    values: Vec<(&'static str, String)>,
    /// A row with its Id came before.
    again: bool,
    /// What was wrong with values it can do without.
    pub notes: Vec<Reason>,
}

impl Row {
    /// The text of an attribute; `None` when it is absent or empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(k, _)| *k == key).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }
    /// Moves an attribute's text out; empty when it is absent.
    pub fn take(&mut self, key: &str) -> String {
        self.values
            .iter_mut()
            .find(|(k, _)| *k == key)
            .map(|(_, v)| plain(std::mem::take(v)))
            .unwrap_or_default()
    }
    /// A whole number; `None` when it is absent or empty.
    pub fn int(&self, key: &'static str) -> std::result::Result<Option<i64>, Reason> {
        let Some(text) = self.text(key).map(str::trim).filter(|t| !t.is_empty()) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| format!("{key} is not a number").into())
    }
    pub fn needed_int(&self, key: &'static str) -> std::result::Result<i64, Reason> {
        self.int(key)?.ok_or_else(|| format!("it has no {key}").into())
    }
    /// A date between the years 1970 and 9999; `None` when it is absent or empty.
    pub fn date(&self, key: &'static str) -> std::result::Result<Option<Moment>, Reason> {
        let Some(text) = self.text(key).map(str::trim).filter(|t| !t.is_empty()) else { return Ok(None) };
        let moment = Moment::parse(text).filter(|m| (0..=253_402_300_799_000_000).contains(&m.0));
        moment.map(Some).ok_or_else(|| format!("{key} is not a date").into())
    }
    pub fn needed_date(&self, key: &'static str) -> std::result::Result<Moment, Reason> {
        self.date(key)?.ok_or_else(|| format!("it has no {key}").into())
    }
    /// A whole number the row can do without: one that cannot be read is noted and left out.
    pub fn spare_int(&mut self, key: &'static str) -> Option<i64> {
        let read = self.int(key);
        self.spare(read)
    }
    pub fn spare_date(&mut self, key: &'static str) -> Option<Moment> {
        let read = self.date(key);
        self.spare(read)
    }
    fn spare<T>(&mut self, read: std::result::Result<Option<T>, Reason>) -> Option<T> {
        read.unwrap_or_else(|reason| {
            self.notes.push(format!("{reason}; it was left out").into());
            None
        })
    }
    /// Every row's own number; one that came before is used once.
    pub fn id(&self) -> std::result::Result<i64, Reason> {
        let id = self.needed_int("Id")?;
        if self.again { Err("a row with this Id came before".into()) } else { Ok(id) }
    }
    /// What names this row in the list of unused ones.
    pub fn label(&self) -> String {
        match self.int("Id") {
            Ok(Some(id)) => id.to_string(),
            _ => format!("row {}", self.number),
        }
    }
    /// Bytes it holds.
    pub fn weight(&self) -> usize {
        self.values.iter().map(|(_, v)| v.len()).sum()
    }
}

/// The Ids of a file that stand behind a higher one: of these alone a row can come twice. Nine bytes
/// each, and none at all in a dump as its makers write it, where Ids ascend.
pub struct Late {
    ids: Vec<i64>,
    met: Vec<bool>,
}

impl Late {
    /// Reads the file once for its Ids.
    pub fn of(path: &Path) -> Result<Late> {
        let mut rows = Rows::open(path, &[])?;
        let (mut highest, mut ids) = (None, Vec::new());
        while let Some(row) = rows.next_row()? {
            if let Ok(Some(id)) = row.int("Id") {
                if Some(id) <= highest {
                    ids.push(id);
                }
                highest = highest.max(Some(id));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        let met = vec![false; ids.len()];
        Ok(Late { ids, met })
    }

    /// Whether a row with this Id came before this one.
    fn again(&mut self, id: i64) -> bool {
        let met = self.ids.binary_search(&id).ok().and_then(|at| self.met.get_mut(at));
        met.is_some_and(|met| std::mem::replace(met, true))
    }
}

/// Reads a file of rows from its beginning to its end.
pub struct Rows {
    reader: Reader<Limited>,
    buffer: Vec<u8>,
    name: String,
    wanted: &'static [&'static str],
    depth: u64,
    rooted: bool,
    number: u64,
    late: Option<Late>,
}

enum Element {
    Row,
    Other,
    End,
}

impl Rows {
    /// `wanted` names the attributes to keep; `Id` is always kept.
    pub fn open(path: &Path, wanted: &'static [&'static str]) -> Result<Rows> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let mut inner =
            BufReader::with_capacity(256 * 1024, File::open(path).map_err(ExchangeError::io(path))?);
        let start = inner.fill_buf().map_err(ExchangeError::io(path))?;
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Err(ExchangeError::Malformed {
                file: name,
                offset: 0,
                text: "it is UTF-16; convert it to UTF-8 first".into(),
            });
        }
        let reader = Reader::from_reader(Limited { inner, left: MAX_ELEMENT_BYTES });
        Ok(Rows { reader, buffer: Vec::new(), name, wanted, depth: 0, rooted: false, number: 0, late: None })
    }

    /// From here on a row is told when its Id came before.
    pub fn guard(&mut self, late: Late) {
        self.late = Some(late);
    }

    /// The next row, or `None` at the proper end of the file.
    pub fn next_row(&mut self) -> Result<Option<Row>> {
        self.step(true)
    }

    /// Passes over `rows` rows, of which only the Ids count.
    pub fn skip(&mut self, rows: u64) -> Result<()> {
        let decode = self.late.is_some();
        while self.number < rows && self.step(decode)?.is_some() {}
        Ok(())
    }

    fn step(&mut self, decode: bool) -> Result<Option<Row>> {
        loop {
            self.buffer.clear();
            self.reader.get_mut().left = MAX_ELEMENT_BYTES;
            let wanted = self.wanted;
            let number = self.number + 1;
            let mut row = None;
            let read = match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Eof) => {
                    if self.depth > 0 || !self.rooted {
                        let text = if self.rooted { "the file is cut off" } else { "it holds no element" };
                        return Err(self.malformed(self.reader.buffer_position(), text.into()));
                    }
                    return Ok(None);
                }
                Ok(Event::Empty(tag)) => element(&tag, number, wanted, decode, &mut row).map(|e| (e, 0)),
                Ok(Event::Start(tag)) => element(&tag, number, wanted, decode, &mut row).map(|e| (e, 1)),
                Ok(Event::End(_)) => Ok((Element::End, 0)),
                Ok(_) => continue,
                Err(error) => {
                    let text = error.to_string();
                    return Err(self.malformed(self.reader.error_position(), text));
                }
            };
            match read {
                Err(text) => return Err(self.malformed(self.reader.buffer_position(), text)),
                Ok((Element::End, _)) => self.depth = self.depth.saturating_sub(1),
                Ok((Element::Other, deeper)) => {
                    self.rooted = true;
                    self.depth += deeper;
                    // The parser remembers every open element.
                    if self.depth > MAX_DEPTH {
                        return Err(
                            self.malformed(self.reader.buffer_position(), "elements nest too deep".into())
                        );
                    }
                }
                Ok((Element::Row, deeper)) => {
                    self.depth += deeper;
                    self.number = number;
                    let mut row = row.unwrap_or_default();
                    if let (Some(late), Ok(Some(id))) = (&mut self.late, row.int("Id")) {
                        row.again = late.again(id);
                    }
                    return Ok(Some(row));
                }
            }
        }
    }

    fn malformed(&self, offset: u64, text: String) -> ExchangeError {
        ExchangeError::Malformed { file: self.name.clone(), offset, text }
    }
}

fn element(
    tag: &BytesStart<'_>,
    number: u64,
    wanted: &'static [&'static str],
    decode: bool,
    out: &mut Option<Row>,
) -> std::result::Result<Element, String> {
    if !tag.local_name().as_ref().eq_ignore_ascii_case("row") {
        return Ok(Element::Other);
    }
    if decode {
        let mut row = Row { number, ..Row::default() };
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|e| e.to_string())?;
            let name = attribute.key.as_ref();
            let key = match name {
                "Id" => Some(&"Id"),
                _ => wanted.iter().find(|k| **k == name),
            };
            let Some(key) = key else { continue };
            let text = match quick_xml::escape::unescape(&attribute.value) {
                Ok(text) => text.into_owned(),
                Err(_) => lenient(&attribute.value),
            };
            row.values.push((key, text));
        }
        *out = Some(row);
    }
    Ok(Element::Row)
}

/// Text with references that XML forbids, as dumps have them (`&#x0;`): what stands for no character
/// becomes U+FFFD, what is no reference stays as it is. A post is worth more than its bell character.
fn lenient(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, from)) = rest.split_once('&') {
        out.push_str(before);
        let end = from.char_indices().take(12).find(|(_, c)| *c == ';').map(|(at, _)| at);
        let name = end.and_then(|at| from.get(..at));
        let number = name.and_then(|n| n.strip_prefix('#')).map(|n| match n.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => n.parse().ok(),
        });
        let meant = match (name, number) {
            (_, Some(code)) => code.and_then(char::from_u32).filter(|c| *c != '\0').or(Some('\u{fffd}')),
            (Some("amp"), _) => Some('&'),
            (Some("lt"), _) => Some('<'),
            (Some("gt"), _) => Some('>'),
            (Some("quot"), _) => Some('"'),
            (Some("apos"), _) => Some('\''),
            _ => None,
        };
        match (meant, end) {
            (Some(c), Some(end)) => {
                out.push(c);
                rest = from.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push('&');
                rest = from;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Ends a read that would put more into memory than one element may take.
struct Limited {
    inner: BufReader<File>,
    left: usize,
}

impl Read for Limited {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(buf)
    }
}

impl BufRead for Limited {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.left == 0 {
            return Err(std::io::Error::other("an element is longer than 32 MiB"));
        }
        self.inner.fill_buf()
    }
    fn consume(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
        self.inner.consume(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::lenient;

    #[test]
    fn references_to_no_character_cost_no_row() {
        assert_eq!(lenient("a &amp;&lt;b&gt; &#65;&#x42; &quot;&apos;"), "a &<b> AB \"'");
        assert_eq!(lenient("&#0;&#x110000;&#xd800;&#x1b;"), "\u{fffd}\u{fffd}\u{fffd}\u{1b}");
        assert_eq!(lenient("&nosuch; & &;&#; &é; &"), "&nosuch; & &;\u{fffd} &é; &");
    }
}
