//! Kernel: the difference between two revisions as HTML.

use super::excerpt::first_bytes;
use super::limits::{MAX_BODY_BYTES, MAX_DIFF_LINE_BYTES, MAX_DIFF_LINES, MAX_DIFF_TIME};
use super::safe_html::{SafeHtml, escape_into};
use similar::{ChangeTag, DiffOp, TextDiff};
use std::time::Instant;

/// The words a screen reader says before a changed line, and what stands for lines left out.
/// Plain text.
#[derive(Clone, Copy, Debug)]
pub struct DiffWords<'w> {
    pub added: &'w str,
    pub removed: &'w str,
    pub skipped: &'w str,
}

impl Default for DiffWords<'_> {
    fn default() -> Self {
        Self { added: "Added:", removed: "Removed:", skipped: "Unchanged lines left out" }
    }
}

/// [`diff_in`] with English words.
pub fn diff(old: &str, new: &str) -> SafeHtml {
    diff_in(old, new, DiffWords::default())
}

/// A line diff as `<ol class="diff">`: one `<li>` a line with class `diff-added`,
/// `diff-removed`, `diff-same` or `diff-skipped`, changed words inside a changed line in
/// `<ins>` and `<del>`, three lines of context. Empty when the texts are equal. Bounded in time
/// and size: reads [`MAX_BODY_BYTES`] of each text, past [`MAX_DIFF_TIME`] it grows coarser and
/// past [`MAX_DIFF_LINES`] it ends with `diff-skipped`.
pub fn diff_in(old: &str, new: &str, words: DiffWords<'_>) -> SafeHtml {
    let old = first_bytes(old, MAX_BODY_BYTES).replace("\r\n", "\n");
    let new = first_bytes(new, MAX_BODY_BYTES).replace("\r\n", "\n");
    if old == new {
        return SafeHtml::default();
    }
    let deadline = Instant::now() + MAX_DIFF_TIME;
    let lines = TextDiff::configure().deadline(deadline).diff_lines(old.as_str(), new.as_str());
    let mut page = Page { out: String::from("<ol class=\"diff\">\n"), words, lines: 0 };
    let mut shown_to = 0;
    for group in lines.grouped_ops(3) {
        if group.first().is_some_and(|op| op.old_range().start > shown_to) {
            page.skipped();
        }
        for op in &group {
            shown_to = op.old_range().end;
            page.op(op, &lines, deadline);
        }
        if page.lines > MAX_DIFF_LINES {
            break;
        }
    }
    if page.lines > MAX_DIFF_LINES || shown_to < lines.old_len() {
        page.skipped();
    }
    page.out.push_str("</ol>");
    SafeHtml::vouch(page.out)
}

struct Page<'w> {
    out: String,
    words: DiffWords<'w>,
    lines: usize,
}

impl Page<'_> {
    fn skipped(&mut self) {
        self.out.push_str("<li class=\"diff-skipped\"><span class=\"visually-hidden\">");
        escape_into(&mut self.out, self.words.skipped);
        self.out.push_str("</span></li>\n");
    }

    fn op(&mut self, op: &DiffOp, lines: &TextDiff<'_, '_, str>, deadline: Instant) {
        let (old, new) = (op.old_range(), op.new_range());
        let is_same = matches!(op, DiffOp::Equal { .. });
        if is_same {
            for at in old {
                self.line(ChangeTag::Equal, [(false, lines.old_slice(at).unwrap_or(""))].into_iter());
            }
            return;
        }
        // Lines that replace each other one by one are compared word by word.
        let paired = old.len() == new.len();
        let mut added = Vec::new();
        for (step, at) in old.enumerate() {
            let before = lines.old_slice(at).unwrap_or("");
            let after = if paired { lines.new_slice(new.start + step) } else { None };
            match after.and_then(|after| word_diff(before, after, deadline)) {
                Some((removed, now)) => {
                    self.line(ChangeTag::Delete, removed.into_iter());
                    added.push(now);
                }
                None => {
                    self.line(ChangeTag::Delete, [(false, before)].into_iter());
                    added.extend(after.map(|after| vec![(false, after)]));
                }
            }
        }
        if paired {
            for line in added {
                self.line(ChangeTag::Insert, line.into_iter());
            }
            return;
        }
        for at in new {
            self.line(ChangeTag::Insert, [(false, lines.new_slice(at).unwrap_or(""))].into_iter());
        }
    }

    /// Writes one line from its parts and whether each part changed.
    fn line<'p>(&mut self, tag: ChangeTag, parts: impl Iterator<Item = (bool, &'p str)>) {
        self.lines += 1;
        if self.lines > MAX_DIFF_LINES {
            return;
        }
        let (class, word, element) = match tag {
            ChangeTag::Insert => ("diff-added", self.words.added, "ins"),
            ChangeTag::Delete => ("diff-removed", self.words.removed, "del"),
            ChangeTag::Equal => ("diff-same", "", ""),
        };
        let out = &mut self.out;
        out.push_str("<li class=\"");
        out.push_str(class);
        out.push_str("\">");
        if !word.is_empty() {
            out.push_str("<span class=\"visually-hidden\">");
            escape_into(out, word);
            out.push_str(" </span>");
        }
        for (changed, text) in parts {
            let text = text.trim_end_matches(['\r', '\n']);
            if text.is_empty() {
                continue;
            }
            let marked = changed && !element.is_empty();
            if marked {
                out.push('<');
                out.push_str(element);
                out.push('>');
            }
            escape_into(out, text);
            if marked {
                out.push_str("</");
                out.push_str(element);
                out.push('>');
            }
        }
        out.push_str("</li>\n");
    }
}

type Parts<'t> = Vec<(bool, &'t str)>;

/// The parts of two lines and which of them changed; none when the lines have too little in
/// common for that to help, or are too long.
fn word_diff<'t>(old: &'t str, new: &'t str, deadline: Instant) -> Option<(Parts<'t>, Parts<'t>)> {
    if old.len() + new.len() > MAX_DIFF_LINE_BYTES || Instant::now() > deadline {
        return None;
    }
    let diff = TextDiff::configure().deadline(deadline).diff_words(old, new);
    if diff.ratio() < 0.4 {
        return None;
    }
    let (mut removed, mut added): (Parts<'t>, Parts<'t>) = (Vec::new(), Vec::new());
    let (mut old_at, mut new_at) = (0, 0);
    for change in diff.iter_all_changes() {
        let length = change.value().len();
        let changed = change.tag() != ChangeTag::Equal;
        if change.tag() != ChangeTag::Insert {
            push(&mut removed, changed, old, old_at, length);
            old_at += length;
        }
        if change.tag() != ChangeTag::Delete {
            push(&mut added, changed, new, new_at, length);
            new_at += length;
        }
    }
    Some((removed, added))
}

/// Adds `line[at..at + length]`, joined to the part before it when that changed alike.
fn push<'t>(parts: &mut Parts<'t>, changed: bool, line: &'t str, at: usize, length: usize) {
    if let Some((same, part)) = parts.last_mut()
        && *same == changed
    {
        *part = line.get(at - part.len()..at + length).unwrap_or("");
        return;
    }
    parts.push((changed, line.get(at..at + length).unwrap_or("")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn changed_words_are_marked_inside_their_lines() {
        let html = diff("same\nthe quick fox\n", "same\nthe slow fox\n").into_string();
        assert!(html.contains("<li class=\"diff-same\">same</li>"), "{html}");
        assert!(html.contains("the <del>quick</del> fox</li>"), "{html}");
        assert!(html.contains("the <ins>slow</ins> fox</li>"), "{html}");
        assert!(html.contains("<span class=\"visually-hidden\">Removed: </span>"), "{html}");
    }

    #[test]
    fn equal_texts_have_no_diff_and_far_lines_are_left_out() {
        assert!(diff("a\r\nb", "a\nb").is_empty());
        let old = "line\n".repeat(50);
        let html = diff(&old, &format!("{old}more\n")).into_string();
        assert_eq!(html.matches("diff-same").count(), 3, "{html}");
        assert_eq!(html.matches("diff-skipped").count(), 1, "{html}");
    }

    #[test]
    fn markup_in_a_revision_is_shown_and_not_run() {
        let html = diff("<script>alert(1)</script>", "<img src=x onerror=alert(1)> ok").into_string();
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    }

    #[test]
    fn a_diff_of_two_huge_texts_stays_small() {
        let old: String = (0..30_000_u64).map(|n| format!("{}\n", n * 7919 % 1009)).collect();
        let new: String = (0..30_000_u64).map(|n| format!("{}\n", n * 104_729 % 997)).collect();
        let html = diff(&old, &new).into_string();
        assert!(html.matches("<li").count() <= MAX_DIFF_LINES + 100);
    }

    proptest! {
        #[test]
        fn every_line_of_both_texts_is_shown(old in "([a-c<]{0,3} ?){0,4}(\n[ab &]{0,4}){0,3}", new in "([a-c<]{0,3} ?){0,4}(\n[ab &]{0,4}){0,3}") {
            let html = diff(&old, &new).into_string();
            let removed: String = html.lines().filter(|l| l.contains("diff-removed") || l.contains("diff-same")).map(|l| l.replace("<del>", "").replace("</del>", "")).collect();
            for line in old.lines().filter(|_| old != new) {
                let shown = crate::kernel::safe_html::escape(line).into_string();
                prop_assert!(removed.contains(&shown), "{shown} not in {html}");
            }
        }
    }
}
