//! Kernel: every number that bounds an input, with its unit and its reason.

use std::time::Duration;

/// Characters in one post body. The longest useful posts on the large question sites end near
/// 30,000 characters.
pub const MAX_BODY_CHARS: usize = 30_000;

/// Bytes in one post body: `MAX_BODY_CHARS` characters of four bytes each. Rendering never
/// looks at more than this, whatever the caller lets in.
pub const MAX_BODY_BYTES: usize = 120_000;

/// Elements open at once in rendered HTML, Markdown's own and raw HTML together. Cleaning is
/// about quadratic in depth (16,000 nested quotes took 8 s), and nobody reads the 17th list
/// inside a list.
pub const MAX_NESTING: usize = 32;

/// Elements in one rendered post. Cleaning costs near 1 µs an element, so this bounds it to
/// about 10 ms; a post of 30,000 characters in ordinary Markdown has fewer than 2,000.
pub const MAX_ELEMENTS: usize = 8_000;

/// Columns in one table; further cells are left out. Markdown fills short rows up to the
/// header's width, so width times rows grows quadratically with the input.
pub const MAX_TABLE_COLUMNS: usize = 40;

/// Cells in one post's tables; further rows are left out. Same reason, the other way round.
pub const MAX_TABLE_CELLS: usize = 4_000;

/// Links in one post; further ones keep their text. More is a link farm.
pub const MAX_LINKS: usize = 300;

/// Images in one post; further ones keep their alternative text. Each is a request by every
/// reader's browser.
pub const MAX_IMAGES: usize = 60;

/// Bytes of one URL in a post. Browsers and proxies stop working reliably near 2,000.
pub const MAX_URL_BYTES: usize = 2_000;

/// Bytes of rendered HTML for one post; beyond it the post falls back to escaped text. Escaping
/// multiplies by six at worst, and 1 MB is what a page may carry for one post.
pub const MAX_HTML_BYTES: usize = 1_000_000;

/// People one post may mention: each mention is a notice to someone.
pub const MAX_MENTIONS: usize = 20;

/// Bytes of code highlighted in one post; the rest is shown as it is. Highlighting costs near
/// 2 µs a byte, a hundred times more than the rest of the rendering.
pub const MAX_HIGHLIGHT_BYTES: usize = 20_000;

/// Bytes of one highlighted line. The grammars' expressions backtrack, so long lines (minified
/// code) cost more than their length.
pub const MAX_HIGHLIGHT_LINE_BYTES: usize = 500;

/// Time for highlighting one post, looked at between lines: the last fence against a grammar
/// that is slow on lines nobody thought of.
pub const MAX_HIGHLIGHT_TIME: Duration = Duration::from_millis(100);

/// Attributes read from one raw HTML tag; further ones are left out. HTML parsers compare each
/// attribute with those before it.
pub const MAX_ATTRIBUTES: usize = 16;

/// Characters in a thread's title, at least. Shorter ones say nothing in a list of results.
pub const MIN_TITLE: usize = 10;

/// Characters in a thread's title, at most. Search engines show about 60, mail lists about 100.
pub const MAX_TITLE: usize = 150;

/// Characters in a username, at least: shorter ones are taken for abbreviations in mentions.
pub const MIN_USERNAME: usize = 3;

/// Characters in a username, at most: it has to fit a line beside an avatar.
pub const MAX_USERNAME: usize = 30;

/// Characters in a display name, at most: the same line, with room for two family names.
pub const MAX_DISPLAY_NAME: usize = 60;

/// Bytes in any name or title before it is looked at: normalisation can grow a text eighteen
/// times, so its input is bounded first.
pub const MAX_NAME_BYTES: usize = 1_000;

/// Bytes in an e-mail address: RFC 5321's longest forward path without its angle brackets.
pub const MAX_EMAIL_BYTES: usize = 254;

/// Bytes before the `@` (RFC 5321, 4.5.3.1.1).
pub const MAX_EMAIL_LOCAL_BYTES: usize = 64;

/// Characters in a tag name, at least.
pub const MIN_TAG: usize = 2;

/// Characters in a tag name, at most: Stack Exchange's own limit, so that its dumps fit.
pub const MAX_TAG: usize = 35;

/// Bytes of a slug: enough to recognise a title in a URL.
pub const MAX_SLUG_BYTES: usize = 80;

/// Time for one diff between two revisions; past it the rest is shown as removed and added.
pub const MAX_DIFF_TIME: Duration = Duration::from_millis(150);

/// Lines shown in one diff.
pub const MAX_DIFF_LINES: usize = 3_000;

/// Bytes of a pair of lines that is compared word by word.
pub const MAX_DIFF_LINE_BYTES: usize = 4_000;
