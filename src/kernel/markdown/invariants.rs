//! Kernel: what must hold for every rendered post, for the tests and the fuzzer.

const ELEMENTS: [&str; 61] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
    "colgroup",
];
const ATTRIBUTES: [&str; 18] = [
    "align", "alt", "class", "colspan", "datetime", "dir", "height", "href", "lang", "loading", "open",
    "rel", "reversed", "rowspan", "src", "start", "title", "width",
];

/// Checks `html` with a reader of its own that knows nothing of the renderer: every `<` begins
/// a listed element with listed, quoted attributes, every element is closed in order, the depth
/// is bounded and every URL harmless. Returns what is wrong and the greatest depth.
pub fn check(html: &str, max_depth: usize) -> Result<usize, String> {
    let mut open: Vec<&str> = Vec::new();
    let mut deepest = 0;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(closing) = rest.strip_prefix('/') {
            let (name, after) = closing.split_once('>').ok_or("an end tag without end")?;
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            rest = after;
            continue;
        }
        let end = rest.find([' ', '>']).ok_or("a tag without end")?;
        let name = &rest[..end];
        if !ELEMENTS.contains(&name) {
            return Err(format!("element {name:?}"));
        }
        rest = &rest[end..];
        let mut href = false;
        let mut mention = false;
        let mut rel = false;
        while let Some(attribute) = rest.strip_prefix(' ') {
            let (key, after) = attribute.split_once("=\"").ok_or("an attribute without value")?;
            let (value, after) = after.split_once('"').ok_or("an open quote")?;
            if !ATTRIBUTES.contains(&key) {
                return Err(format!("attribute {key:?} of {name}"));
            }
            href |= key == "href";
            mention |= key == "class" && value == "mention";
            rel |= key == "rel" && value == "nofollow ugc noopener";
            if matches!(key, "href" | "src") && !is_harmless(value) {
                return Err(format!("URL {value:?}"));
            }
            if key == "class" && !value.split(' ').all(|class| class.starts_with("hl-") || class == "mention")
            {
                return Err(format!("class {value:?}"));
            }
            rest = after;
        }
        if href && !rel && !mention {
            return Err("a link without rel".to_owned());
        }
        rest = rest.strip_prefix('>').ok_or_else(|| format!("<{name} is not closed"))?;
        if !matches!(name, "br" | "hr" | "img" | "wbr") {
            open.push(name);
            deepest = deepest.max(open.len());
        }
    }
    match open.last() {
        Some(name) => Err(format!("<{name}> stays open")),
        // Parsers put a `tbody` of their own into tables.
        None if deepest > max_depth + 4 => Err(format!("depth {deepest}")),
        None => Ok(deepest),
    }
}

fn is_harmless(url: &str) -> bool {
    let url: String =
        url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect::<String>().to_lowercase();
    let scheme = url.split(['/', '?', '#']).next().unwrap_or("");
    !scheme.contains(':') || ["http:", "https:", "mailto:"].iter().any(|safe| url.starts_with(safe))
}
