//! Bench: microseconds for one post through the renderer.

use loggia::kernel::{diff::diff, markdown};
use std::hint::black_box;
use std::time::Instant;

const PROSE: &str = "My thermostat **resets every night** at about two o'clock, and I can't find out why.\n\n\
I have tried the steps on [the support page](https://example.com/support/thermostat) and what @bruno wrote:\n\n\
> Hold the button for ten seconds until the light blinks.\n\n\
- The light blinks *three* times\n- then it goes off\n- and the old schedule is back\n\n\
The firmware is 4.2.1, the hub is the older model. See https://example.com/models?id=42 for mine. Does the \
schedule live in the hub, or in the thermostat itself? I would rather not lose all my settings again, they \
took me an evening to enter. Thanks for any hint!\n";

fn main() {
    let code = format!("{PROSE}\n```rust\n{}```\n", "fn main() {\n    let x: Vec<u32> = (0..10).map(|n| n * 2).collect();\n    println!(\"{x:?}\"); // done\n}\n".repeat(5));
    let imported = "<p>I have <code>foo</code> and <em>bar</em>, <a href=\"https://example.com\">see</a>.</p>\n\n<blockquote>\n  <p>Quote</p>\n</blockquote>\n\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<p>Press <kbd>Ctrl</kbd>+<kbd>C</kbd>.</p>\n".repeat(3);
    let row = format!("{}\n", "|a".repeat(40));
    let cases: Vec<(&str, String)> = vec![
        ("prose", PROSE.to_owned()),
        ("prose + 20 lines of rust", code),
        ("64 KB of >", ">".repeat(64_000)),
        ("30 KB of > on lines", "> > > > > > > >\n".repeat(1_900)),
        ("64 KB of '- '", "- ".repeat(32_000)),
        ("nested lists by indent", (0..350).map(|n| format!("{}- a\n", "  ".repeat(n % 170))).collect()),
        ("64 KB of <div>", "<div>".repeat(13_000)),
        ("64 KB of <b>", "<b>".repeat(21_000)),
        ("64 KB of x<b>", "x <b>".repeat(13_000)),
        ("64 KB of <p><b>", "<p><b>".repeat(11_000)),
        ("64 KB of <blockquote>", "<blockquote>".repeat(5_300)),
        ("64 KB of <table><tr><td>", "<table><tr><td>".repeat(4_200)),
        ("64 KB of <table>x<b>", format!("<table>{}", "x<b>y</b>".repeat(7_000))),
        (
            "wide table, short rows",
            format!("{}\n{}\n{}", "|a".repeat(8_000), "|-".repeat(8_000), "|a\n".repeat(9_000)),
        ),
        ("wide table, long rows", format!("{row}{}\n{}", "|-".repeat(40), row.repeat(780))),
        ("64 KB of *a", "*a ".repeat(21_000)),
        ("64 KB of *a*", "*a* ".repeat(16_000)),
        ("64 KB of **a __b", "**a __b ".repeat(8_000)),
        ("64 KB of [", "[".repeat(64_000)),
        ("64 KB of ![", "![".repeat(32_000)),
        ("64 KB of [a](b", "[a](b".repeat(12_800)),
        ("64 KB of [a](<b", "[a](<b".repeat(10_600)),
        ("64 KB of [a](b)", "[a](b) ".repeat(9_000)),
        ("reference blow-up", format!("[a]: /{}\n\n{}", "x".repeat(1_000), "[a] ".repeat(15_000))),
        ("64 KB of backticks", (1..350).map(|n| format!("{} ", "`".repeat(n))).collect()),
        ("64 KB of <a ", "<a ".repeat(21_000)),
        ("64 KB of <a \"", "<a x=\"".repeat(10_000)),
        ("64 KB of <!--", "<!-- ".repeat(12_800)),
        ("64 KB of <?", "a <?".repeat(16_000)),
        ("64 KB of <![CDATA[", "a <![CDATA[".repeat(5_800)),
        ("64 KB of <!A", "a <!A ".repeat(10_600)),
        ("64 KB of </b>", "a </b>".repeat(10_600)),
        ("64 KB of &amp;", "&amp;".repeat(12_800)),
        ("64 KB of http://", "http://".repeat(9_000)),
        ("64 KB of http://a ", "http://a ".repeat(7_000)),
        ("64 KB of @a", "@abc".repeat(16_000)),
        ("64 KB of @abc ", "@abc ".repeat(12_800)),
        ("64 KB of (", format!("http://a{}", "(".repeat(1_900))),
        ("64 KB of ~~", "~~a ".repeat(16_000)),
        ("64 KB of attributes", format!("<b {}>", "a=b ".repeat(16_000))),
        ("64 KB of headings", "# a\n".repeat(16_000)),
        ("64 KB of a\\n===", "a\n=\n".repeat(16_000)),
        ("64 KB of fences", "```\na\n```\n".repeat(6_400)),
        ("64 KB of pre code", "<pre><code>a\n".repeat(4_900)),
        ("20 KB of js nest", format!("```js\n{}\n```", format!("{}\n", "`${".repeat(130)).repeat(50))),
        ("20 KB of js /", format!("```js\n{}\n```", "a = /((a+)+)+[/\n".repeat(1_200))),
        ("20 KB of cpp <", format!("```cpp\n{}\n```", format!("{}\n", "a<b<".repeat(120)).repeat(40))),
        ("20 KB of cpp (", format!("```cpp\n{}\n```", format!("{}\n", "a::b ( ".repeat(70)).repeat(38))),
        ("20 KB of java", format!("```java\n{}\n```", format!("{}\n", "a.b<c,".repeat(80)).repeat(40))),
        ("20 KB of php", format!("```php\n<?php {}\n```", "\"{$a[\"{$b\n".repeat(1_800))),
        ("20 KB of md in md", format!("~~~md\n{}\n~~~", format!("{}\n", "*_[`<".repeat(95)).repeat(40))),
        ("20 KB of spaces in sh", format!("```sh\n{}\n```", format!("{}\n", " ".repeat(490)).repeat(40))),
        ("20 KB of spaces in md", format!("~~~md\n{}\n~~~", format!("{}x\n", " ".repeat(490)).repeat(40))),
        (
            "20 KB of rust",
            format!(
                "```rust\n{}\n```",
                "    let x: Vec<u32> = (0..10).map(|n| n * 2).collect();\n".repeat(350)
            ),
        ),
    ];
    let only = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    for (name, source) in &cases {
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        report(name, source, markdown::render);
    }
    report("imported html", &imported, markdown::render_html);
    for (name, source) in cases.iter().filter(|(name, _)| name.contains('<')) {
        report(&format!("html: {name}"), source, markdown::render_html);
    }
    let long: String = (0..3_000).map(|n| format!("line {n} of a long text\n")).collect();
    let other = long.replace("7", "seven").replace("of a", "of one");
    let started = Instant::now();
    black_box(diff(&long, &other));
    println!("{:>12.1} µs  diff of two texts of {} bytes", started.elapsed().as_secs_f64() * 1e6, long.len());
}

fn report(name: &str, source: &str, render: fn(&str) -> markdown::Rendered) {
    let first = Instant::now();
    let out = black_box(render(black_box(source)));
    let cold = first.elapsed();
    let runs = if cold.as_millis() > 0 { 2 } else { 1_000 };
    let mut best = cold.as_secs_f64() * 1e6;
    for _ in 0..if cold.as_millis() > 100 { 0 } else { 5 } {
        let started = Instant::now();
        for _ in 0..runs {
            black_box(render(black_box(source)));
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e6 / f64::from(runs));
    }
    let note = if out.fell_back { ", fell back" } else { "" };
    println!(
        "{best:>12.1} µs  (first {:.1}) {name}: {} bytes in, {} out{note}",
        cold.as_secs_f64() * 1e6,
        source.len(),
        out.html.as_str().len()
    );
}
