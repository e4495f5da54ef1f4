//! Kernel: posts to safe HTML, from Markdown or from imported HTML.
//!
//! Three steps, each bounded: the source becomes events, the writer makes them into well-nested
//! elements within the limits, and the cleaner parses the result as a browser would and keeps
//! only what is listed. Posts are rendered once, when they are saved, and the HTML is stored.

mod clean;
mod highlight;
#[cfg(test)]
mod invariants;
mod raw;
#[cfg(test)]
mod tests;
mod text;
mod writer;

use super::excerpt::first_bytes;
use super::limits::{MAX_BODY_BYTES, MAX_HTML_BYTES, MAX_TABLE_CELLS, MAX_TABLE_COLUMNS};
use super::safe_html::SafeHtml;
use pulldown_cmark::{
    Alignment, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd,
};
use raw::Unknown;
use std::panic::{AssertUnwindSafe, catch_unwind};
use writer::{Origin, Writer};

/// A post, ready to be stored and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The post's HTML, at most [`MAX_HTML_BYTES`] before cleaning.
    pub html: SafeHtml,
    /// Its plain text, one line per block, for search and excerpts; not HTML.
    pub text: String,
    /// Usernames it mentions, as written, each person once, at most
    /// [`MAX_MENTIONS`](super::limits::MAX_MENTIONS). Nobody has looked whether they exist.
    pub mentions: Vec<String>,
    /// Links to elsewhere, for spam rules.
    pub links: usize,
    pub images: usize,
    /// Whether it shows code, inline or as a block.
    pub has_code: bool,
    /// True when the source was too large or too strange, and shows as escaped text.
    pub fell_back: bool,
}

/// A text in somebody's own words, ready to be stored: its source and what it looks like.
#[derive(Clone, Debug)]
pub struct Written {
    pub md: String,
    pub html: SafeHtml,
}

impl Written {
    pub fn of(md: String) -> Written {
        let html = render(&md).html;
        Written { md, html }
    }
}

/// Renders Markdown (CommonMark with tables, strikethrough, task lists, mentions and bare
/// links; the raw HTML that the cleaner lets through). Total: never fails, never panics. Only
/// the first [`MAX_BODY_BYTES`] are read, and a longer source shows as escaped text.
pub fn render(md: &str) -> Rendered {
    bounded(md, |md| {
        let mut front = Front::default();
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
        for event in Parser::new_ext(md, options) {
            front.event(event);
            if front.writer.is_full() {
                break;
            }
        }
        front.flush();
        front.writer
    })
}

/// The plain text of HTML that was rendered here and stored.
pub fn text_of(stored_html: &str) -> String {
    text::plain_text(stored_html)
}

/// Renders a body that is HTML already (Stack Exchange dumps): cleaned, bounded, its code
/// highlighted, headings and links as in Markdown. An `@name` stays text: the names are those
/// of another site. Total, like [`render`].
pub fn render_html(source_html: &str) -> Rendered {
    bounded(source_html, |html| {
        let mut writer = Writer::default();
        raw::feed(&mut writer, html, Unknown::Drop);
        writer
    })
}

/// The plain text of a post's stored HTML, as in [`Rendered::text`], at a fraction of a rendering's cost.
/// Total: HTML that no renderer wrote gives some text, never a failure.
pub fn plain_text(stored_html: &str) -> String {
    text::plain_text(stored_html)
}

fn bounded(source: &str, write: impl FnOnce(&str) -> Writer) -> Rendered {
    if source.len() > MAX_BODY_BYTES {
        return fall_back(source);
    }
    // The parsers are not ours; a bug in one of them costs the post its markup, not the server.
    let finish = || {
        let mut writer = write(source);
        if writer.is_full() {
            return None;
        }
        writer.close_all();
        if writer.out.len() > 2 * MAX_HTML_BYTES {
            return None;
        }
        let html = clean::clean(&writer.out);
        let text = text::plain_text(&html);
        Some(Rendered {
            html: SafeHtml::vouch(html),
            text,
            mentions: writer.mentions,
            links: writer.links,
            images: writer.images,
            has_code: writer.has_code,
            fell_back: false,
        })
    };
    catch_unwind(AssertUnwindSafe(finish)).ok().flatten().unwrap_or_else(|| fall_back(source))
}

fn fall_back(source: &str) -> Rendered {
    let text = first_bytes(source, MAX_BODY_BYTES);
    Rendered {
        html: SafeHtml::vouch(raw::plain_block(text)),
        text: text.to_owned(),
        fell_back: true,
        ..Rendered::default()
    }
}

/// Takes Markdown's events and drives the writer.
#[derive(Default)]
struct Front<'a> {
    writer: Writer,
    /// Text not written yet: the parser cuts it at every character that could be markup.
    pending: String,
    code: Option<(CowStr<'a>, String)>,
    html: Option<String>,
    image: Option<OpenImage<'a>>,
    alignments: Vec<Alignment>,
    column: usize,
    cells: usize,
    in_head: bool,
}

struct OpenImage<'a> {
    url: CowStr<'a>,
    title: CowStr<'a>,
    alt: String,
    /// Images and links inside the alternative text.
    depth: usize,
}

impl<'a> Front<'a> {
    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.writer.rich_text(&self.pending);
            self.pending.clear();
        }
    }

    fn event(&mut self, event: Event<'a>) {
        if let Some(image) = &mut self.image {
            match event {
                Event::Text(text) | Event::Code(text) => image.alt.push_str(&text),
                Event::SoftBreak | Event::HardBreak => image.alt.push(' '),
                Event::Start(_) => image.depth += 1,
                Event::End(_) if image.depth > 0 => image.depth -= 1,
                Event::End(_) => {
                    if let Some(image) = self.image.take() {
                        self.writer.image(&image.url, &image.alt, &image.title);
                    }
                }
                _ => {}
            }
            return;
        }
        match event {
            Event::Text(text) => match (&mut self.code, &mut self.html) {
                (Some((_, code)), _) => code.push_str(&text),
                (None, Some(html)) => html.push_str(&text),
                (None, None) => self.pending.push_str(&text),
            },
            Event::SoftBreak => self.pending.push('\n'),
            Event::Html(html) => match &mut self.html {
                Some(block) => block.push_str(&html),
                None => raw::feed(&mut self.writer, &html, Unknown::Show),
            },
            Event::InlineHtml(html) => {
                self.flush();
                raw::feed(&mut self.writer, &html, Unknown::Show);
            }
            Event::Code(code) => {
                self.flush();
                self.writer.code_span(&code);
            }
            Event::HardBreak => {
                self.flush();
                self.writer.void("br");
                self.writer.newline();
            }
            Event::Rule => {
                self.flush();
                self.writer.void("hr");
                self.writer.newline();
            }
            Event::TaskListMarker(done) => self.writer.text(if done { "☑ " } else { "☐ " }),
            Event::Start(tag) => {
                self.flush();
                self.start(tag);
            }
            Event::End(tag) => {
                self.flush();
                self.end(tag);
            }
            // Their extensions are off.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.pending.push_str(&text);
            }
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        let writer = &mut self.writer;
        match tag {
            Tag::Paragraph => writer.open_markdown("p"),
            // A page has one `h1`, its title; a post's headings begin two levels below.
            Tag::Heading { level, .. } => writer.open_markdown(match level {
                HeadingLevel::H1 => "h3",
                HeadingLevel::H2 => "h4",
                HeadingLevel::H3 => "h5",
                HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => "h6",
            }),
            Tag::BlockQuote(_) => {
                writer.open_markdown("blockquote");
                writer.newline();
            }
            Tag::CodeBlock(kind) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info,
                    CodeBlockKind::Indented => CowStr::Borrowed(""),
                };
                self.code = Some((info, String::new()));
            }
            Tag::HtmlBlock => self.html = Some(String::new()),
            Tag::List(None) => {
                writer.open_markdown("ul");
                writer.newline();
            }
            Tag::List(Some(first)) => {
                writer.open("ol", Origin::Markdown, false, |out| {
                    if first != 1 {
                        out.push_str(&format!(" start=\"{first}\""));
                    }
                });
                writer.newline();
            }
            Tag::Item => writer.open_markdown("li"),
            Tag::Table(alignments) => {
                self.alignments = alignments;
                writer.open_markdown("table");
            }
            Tag::TableHead => {
                self.in_head = true;
                self.column = 0;
                let hide = writer.innermost() != "table";
                writer.open("thead", Origin::Markdown, hide, |_| ());
                self.row();
            }
            Tag::TableRow => {
                self.column = 0;
                self.row();
            }
            Tag::TableCell => self.cell(),
            Tag::Emphasis => writer.open_markdown("em"),
            Tag::Strong => writer.open_markdown("strong"),
            Tag::Strikethrough => writer.open_markdown("del"),
            Tag::Link { link_type, dest_url, title, .. } => {
                let scheme = if link_type == LinkType::Email { "mailto:" } else { "" };
                writer.open_link(scheme, &dest_url, &title);
            }
            Tag::Image { dest_url, title, .. } => {
                self.image = Some(OpenImage { url: dest_url, title, alt: String::new(), depth: 0 });
            }
            // Their extensions are off; an open element keeps start and end in step.
            Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => writer.open_markdown("span"),
        }
    }

    /// Opens a row; one beyond the limit is thrown away when it closes.
    fn row(&mut self) {
        let over = self.cells + self.alignments.len().min(MAX_TABLE_COLUMNS) > MAX_TABLE_CELLS;
        let hide = over || !self.writer.has_room_for_row(self.alignments.len().min(MAX_TABLE_COLUMNS));
        let origin = if hide { Origin::Muted } else { Origin::Markdown };
        // Without its table the row is only text.
        let framed = matches!(self.writer.innermost(), "table" | "thead");
        self.writer.open("tr", origin, !framed, |_| ());
    }

    fn cell(&mut self) {
        let alignment = self.alignments.get(self.column).copied().unwrap_or(Alignment::None);
        self.column += 1;
        self.cells += 1;
        let origin = if self.column > MAX_TABLE_COLUMNS { Origin::Muted } else { Origin::Markdown };
        let name = if self.in_head { "th" } else { "td" };
        let hide = self.writer.innermost() != "tr";
        self.writer.open(name, origin, hide, |out| {
            out.push_str(match alignment {
                Alignment::None => "",
                Alignment::Left => " align=\"left\"",
                Alignment::Center => " align=\"center\"",
                Alignment::Right => " align=\"right\"",
            });
        });
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::CodeBlock => {
                if let Some((info, code)) = self.code.take() {
                    self.writer.code_block(&code, &info);
                }
            }
            TagEnd::HtmlBlock => {
                if let Some(html) = self.html.take() {
                    raw::feed(&mut self.writer, &html, Unknown::Show);
                }
            }
            TagEnd::TableHead => {
                self.in_head = false;
                self.writer.close_row();
                self.writer.close_markdown();
            }
            TagEnd::TableRow | TagEnd::TableCell => self.writer.close_row(),
            TagEnd::Image => {}
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link => {
                self.writer.close_markdown()
            }
            _ => {
                self.writer.close_markdown();
                self.writer.newline();
            }
        }
    }
}
