//! tests: every page is rendered from sample views: full, empty, with very long texts, for visitors and for the brand's people.
//!
//! With LOGGIA_TEST_GALLERY=DIR the pages are written there as files, to be looked at through any static file server.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use loggia::kernel::safe_html::SafeHtml;
use serde::Serialize;
use serde_json::{Value, json};
use tera::{Context, Kwargs, State, Tera};

use loggia::accounts::views::*;
use loggia::admin::views::*;
use loggia::appeals::views::*;
use loggia::badges::views::*;
use loggia::challenges::views::*;
use loggia::escalation::views::*;
use loggia::insight::views::*;
use loggia::moderation::views::*;
use loggia::notices::views::*;
use loggia::samples::views::*;
use loggia::search::views::*;
use loggia::tags::views::*;
use loggia::threads::views::*;
use loggia::watches::views::*;
use loggia::web::views::*;
use loggia::worth::views::*;

// ---------- templates and words ----------

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_under(&path, out);
        } else {
            out.push(path);
        }
    }
    out.sort();
}

struct Words(FluentBundle<FluentResource>);

impl Words {
    fn english() -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec!["en".parse().unwrap()]);
        bundle.set_use_isolating(false);
        let mut files = Vec::new();
        files_under(&root().join("assets/i18n/en"), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let resource = FluentResource::try_new(text).unwrap_or_else(|(_, e)| panic!("{file:?}: {e:?}"));
            bundle.add_resource(resource).unwrap_or_else(|e| panic!("{file:?}: {e:?}"));
        }
        Words(bundle)
    }

    fn say(&self, key: &str, args: &FluentArgs) -> Option<String> {
        let pattern = self.0.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = self.0.format_pattern(pattern, Some(args), &mut errors).into_owned();
        assert!(errors.is_empty(), "{key}: {errors:?}");
        Some(text)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Calls without arguments cost nothing at run time: they are replaced when templates are loaded.
fn settle(source: &str, words: &Words) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{{ ") {
        let (before, tail) = rest.split_at(start);
        out.push_str(before);
        let end = tail.find(" }}").expect("an expression ends") + 3;
        let (expression, after) = tail.split_at(end);
        let inner = &expression[3..expression.len() - 3];
        if let Some(key) =
            inner.strip_prefix("t(k=\"").and_then(|x| x.strip_suffix("\")")).filter(|x| !x.contains('"'))
        {
            out.push_str(&escape(
                &words.say(key, &FluentArgs::new()).unwrap_or_else(|| panic!("no words for {key}")),
            ));
        } else if let Some(path) = inner.strip_prefix("asset(path=\"").and_then(|x| x.strip_suffix("\")")) {
            assert!(path == "brand.css" || root().join("assets").join(path).is_file(), "no asset {path}");
            out.push_str(&format!("/assets/{path}"));
        } else {
            out.push_str(expression);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn templates() -> Tera {
    let words = Arc::new(Words::english());
    let dir = root().join("templates");
    let mut files = Vec::new();
    files_under(&dir, &mut files);
    let mut tera = Tera::new();
    let spoken = words.clone();
    tera.register_function("t", move |kwargs: Kwargs, _: &State| -> tera::TeraResult<String> {
        let key: String = kwargs.must_get("k")?;
        let mut args = FluentArgs::new();
        for name in ["n", "from", "to"] {
            if let Some(n) = kwargs.get::<i64>(name)? {
                args.set(name, n);
            }
        }
        for name in ["name", "brand", "email", "q", "list", "time"] {
            if let Some(text) = kwargs.get::<String>(name)? {
                args.set(name, text);
            }
        }
        spoken.say(&key, &args).ok_or_else(|| tera::Error::message(format!("no words for {key}")))
    });
    tera.register_function("asset", |kwargs: Kwargs, _: &State| -> tera::TeraResult<String> {
        Ok(format!("/assets/{}", kwargs.must_get::<String>("path")?))
    });
    tera.register_function("limit", |kwargs: Kwargs, _: &State| -> tera::TeraResult<u64> {
        let of: String = kwargs.must_get("of")?;
        loggia::web::templates::limit(&of)
            .map(|n| n as u64)
            .ok_or_else(|| tera::Error::message(format!("no limit {of}")))
    });
    tera.register_filter("grouped", |n: i64, _: Kwargs, _: &State| loggia::web::view::grouped(n));
    tera.register_filter("in_order", loggia::web::templates::in_order);
    let sources: Vec<(String, String)> = files
        .iter()
        .map(|f| {
            let name = f.strip_prefix(&dir).unwrap().to_str().unwrap().to_owned();
            (name, settle(&fs::read_to_string(f).unwrap(), &words))
        })
        .collect();
    tera.add_raw_templates(sources).unwrap_or_else(|e| panic!("{e}\n{e:?}"));
    tera
}

// ---------- samples ----------

fn s(text: &str) -> String {
    text.to_owned()
}
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}
fn html(text: &str) -> SafeHtml {
    SafeHtml::from_stored(text.to_owned())
}
fn when(ago: &str) -> When {
    When { iso: s("2026-11-20T09:30:00Z"), title: s("20 November 2026, 09:30 UTC"), ago: s(ago) }
}

fn person(name: &str, points: i64, tone: u8) -> Person {
    let user = name.split(' ').next().unwrap().to_lowercase();
    Person {
        username: Some(user.clone()),
        display_name: s(name),
        points,
        role: s("customer"),
        badge_counts: BadgeCounts { bronze: points / 60, silver: points / 300, gold: points / 1500 },
        is_official: false,
        url: Some(format!("/people/{user}")),
        initials: name.split(' ').filter_map(|w| w.chars().next()).take(2).collect(),
        tone,
    }
}
fn ann() -> Person {
    person("Ann Marchetti", 48, 0)
}
fn bruno() -> Person {
    person("Bruno Keller", 3120, 5)
}
fn carla() -> Person {
    Person { role: s("moderator"), ..person("Carla Sousa", 1430, 9) }
}
fn dario() -> Person {
    Person { role: s("staff"), is_official: true, ..person("Dario Leka", 210, 8) }
}
fn gone() -> Person {
    Person {
        username: None,
        url: None,
        display_name: s("user1294"),
        initials: s("U"),
        tone: 3,
        role: s("customer"),
        ..Person::default()
    }
}

fn tags(names: &[&str]) -> Vec<TagLink> {
    names.iter().map(|n| TagLink { name: s(n), url: format!("/tags/{n}") }).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Eye {
    Visitor,
    Ann,
    Brand,
}

fn shell(eye: Eye, section: &str, title: &str) -> Shell {
    let viewer = match eye {
        Eye::Visitor => None,
        Eye::Ann => Some(Viewer {
            username: s("ann"),
            display_name: s("Ann Marchetti"),
            role: s("customer"),
            initials: s("AM"),
            tone: 0,
            unread_notices: 3,
            ..Viewer::default()
        }),
        Eye::Brand => Some(Viewer {
            username: s("dario"),
            display_name: s("Dario Leka"),
            role: s("admin"),
            initials: s("DL"),
            tone: 8,
            unread_notices: 128,
            is_moderator: true,
            is_staff: true,
            is_admin: true,
        }),
    };
    Shell {
        lang: s("en"),
        dir: s("ltr"),
        brand: Brand {
            name: s("Meridian Home"),
            tagline: s("Answers from people who live with it, watched over by the people who make it."),
            logo_url: None,
            home_url: some("https://meridian.example"),
        },
        csrf: if viewer.is_some() { s("c5rf") } else { String::new() },
        viewer,
        path: s("%2Fthreads%2F42%2Fhub-loses-its-thermostats"),
        canonical_url: s("https://community.meridian.example/threads"),
        page_title: s(title),
        description: s("Ask, answer, find."),
        open_queue_count: 7,
        open_case_count: 2,
        section: s(section),
        ..Shell::default()
    }
}

fn row(i: i64, title: &str) -> ThreadRow {
    let solved = i % 3 == 0;
    let people = [ann(), bruno(), carla(), dario(), gone()];
    let who = &people[(i as usize) % 5];
    ThreadRow {
        id: i,
        url: format!("/threads/{i}/a-slug"),
        title: s(title),
        excerpt: if i % 2 == 0 {
            s(
                "Since the update on Tuesday the hub forgets two of my four thermostats every night. In the morning the app says “not reachable”, a restart brings them back until the evening.",
            )
        } else {
            String::new()
        },
        score: i * 3 - 4,
        score_label: s("votes"),
        answer_count: if i % 4 == 1 { 0 } else { i % 6 + 1 },
        answers_label: s("answers"),
        solved,
        official: i == 3,
        locked: i == 7,
        duplicate: i == 5,
        escalated: i == 4,
        removed: i == 8,
        tags: tags(if i % 2 == 0 { &["hub", "thermostat", "firmware"] } else { &["billing"] }),
        author_name: who.display_name.clone(),
        author_url: who.url.clone(),
        author_initials: who.initials.clone(),
        author_tone: who.tone,
        author_official: who.is_official,
        activity: s(if i % 2 == 0 { "answered" } else { "asked" }),
        when: when("3 hours ago"),
    }
}

fn rows(n: i64) -> Vec<ThreadRow> {
    let titles = [
        "How do I move my licence to a new hub?",
        "The hub loses two of four thermostats every night",
        "Invoice shows last year's address",
        "Can the garden sensor stay outside in winter?",
        "App asks for the pairing code again and again",
        "What does a slowly blinking amber light mean?",
        "Schedules start an hour late since the clocks changed",
        "Does the open window detection work with two sensors in one room?",
    ];
    (1..=n).map(|i| row(i, titles[(i as usize) % titles.len()])).collect()
}

const BODY: &str = r#"<p>Since the update on Tuesday my <em>Meridian Hub 2</em> forgets two of four thermostats <strong>every night</strong>. In the morning the app says:</p>
<blockquote><p>Device not reachable. Last seen 02:14.</p></blockquote>
<p>A restart brings them back until the evening. This is what the log has, see also <a href="https://meridian.example/help" rel="nofollow ugc">the help page</a>:</p>
<pre class="hl"><code class="hl-source"><span class="hl-comment"># fetch the log of one night</span>
<span class="hl-keyword">import</span> meridian
hub <span class="hl-keyword hl-operator">=</span> meridian.<span class="hl-entity hl-name hl-function">connect</span>(<span class="hl-string">"hub.local"</span>, port<span class="hl-keyword hl-operator">=</span><span class="hl-constant hl-numeric">8443</span>)
<span class="hl-keyword">for</span> line <span class="hl-keyword">in</span> hub.<span class="hl-support hl-function">log</span>(since<span class="hl-keyword hl-operator">=</span><span class="hl-string">"02:00"</span>):
    <span class="hl-support">print</span>(line)  <span class="hl-comment"># a long comment that goes on so that the box has to scroll sideways on a narrow screen</span>
</code></pre>
<table><thead><tr><th>Room</th><th>Firmware</th><th>Signal at night</th><th>Lost</th></tr></thead><tbody><tr><td>Kitchen</td><td>4.2.1</td><td>−71 dBm</td><td>yes</td></tr><tr><td>Bedroom</td><td>4.2.1</td><td>−78 dBm</td><td>yes</td></tr><tr><td>Hall</td><td>4.1.9</td><td>−70 dBm</td><td>no</td></tr></tbody></table>
<p>What I tried:</p><ul><li>new batteries</li><li>pairing them again with <code>reset --soft</code></li><li>moving the hub</li></ul>"#;

fn comment(id: i64, who: &Person, text: &str) -> Comment {
    Comment {
        post_id: id,
        body_html: html(text),
        author_name: who.display_name.clone(),
        author_url: who.url.clone(),
        author_official: who.is_official,
        by_asker: who.initials == "AM",
        when: when("2 hours ago"),
        score: id % 4,
        my_vote: 0,
        can_vote: id % 2 == 0,
        can_edit: id % 3 == 0,
        can_delete: id % 3 == 0,
        can_undelete: false,
        can_flag: true,
        can_hide: false,
        can_unhide: false,
        removed: None,
        edited: id % 2 == 1,
        origin: (id == 206).then(|| Origin {
            author_name: who.display_name.clone(),
            author_url: None,
            url: s("https://example.com/a/5#comment206_5"),
            site: s("Home Automation Stack Exchange"),
            licence: s("Terms of its own"),
            licence_url: None,
        }),
    }
}

fn post(id: i64, author: Person, body: &str, eye: Eye) -> Post {
    let signed_in = eye != Eye::Visitor;
    Post {
        post_id: id,
        title: String::new(),
        body_html: html(body),
        author,
        asked: when("3 hours ago"),
        edited: None,
        score: 14,
        my_vote: i64::from(id == 103),
        tags: Vec::new(),
        comments: Vec::new(),
        comment_more_count: 0,
        comment_more_label: String::new(),
        comment_more_url: String::new(),
        can_vote: signed_in,
        can_edit: signed_in,
        can_delete: eye == Eye::Brand,
        can_undelete: false,
        can_flag: signed_in,
        can_hide: eye == Eye::Brand,
        can_unhide: false,
        removed: None,
        origin: None,
        accepted: false,
        official: false,
        signature: None,
        comment_back: None,
        can_accept: eye == Eye::Ann,
        can_unaccept: false,
        by_asker: false,
        chance: Some(loggia::threads::views::Chance {
            label: s("Probably right: 84 %"),
            why: s("Between 64 and 95 %."),
            order: s("Its author counts as 0.6 of a reader for it."),
        }),
        solved_for: if id % 2 == 1 { s("Solved it for 3 people") } else { String::new() },
        can_confirm: eye == Eye::Brand,
        my_confirmation: s(match id {
            103 => "yes",
            104 => "no",
            _ => "",
        }),
        changed: None,
        superseded: None,
        can_challenge: signed_in,
        verdicts: Vec::new(),
        can_judge: eye == Eye::Brand,
        judged: false,
    }
}

fn verdict(kind: &str, text: &str, note: &str) -> VerdictMark {
    VerdictMark { kind: s(kind), text: s(text), note: s(note), when: when("2 hours ago") }
}

fn suggestion() -> Suggestion {
    Suggestion {
        thread_id: 42,
        title: s("The hub loses two of four thermostats"),
        url: s("/threads/42/x"),
        solved: true,
        passage_html: html(
            "Open Settings › Radio and switch <mark>Eco at night</mark> off: the <mark>hub</mark> keeps its radio on then, and all <mark>thermostats</mark> are there in the morning.",
        ),
        answer_id: Some(103),
        strong: true,
    }
}

fn thread(eye: Eye, answers: Vec<Post>, solved: bool) -> ThreadPage {
    let mut question = post(100, ann(), BODY, eye);
    question.title = s("The hub loses two of four thermostats every night");
    question.tags = tags(&["hub", "thermostat", "firmware-4"]);
    question.edited = Some(Edited {
        when: when("1 hour ago"),
        by: s("Ann Marchetti"),
        revisions_url: s("/posts/100/revisions"),
    });
    question.comments = vec![
        comment(
            202,
            &bruno(),
            "<p>Which firmware is on the hub itself? <code>about</code> in the app shows it.</p>",
        ),
        comment(
            203,
            &ann(),
            "<p>4.2.1, as on the two that get lost. See <a href=\"#\">https://meridian.example/a/very/long/address/that/does/not/end/anytime/soon/and/so/on/and/so/on.html</a></p>",
        ),
        comment(204, &dario(), "<p>Thank you, we are looking at the log.</p>"),
    ];
    question.comment_more_count = 4;
    question.comment_more_label = s("Show 4 more comments");
    question.comment_more_url = s("/threads/42/x?comments=100");
    question.can_accept = false;
    let mut answers = answers;
    if eye == Eye::Visitor {
        for c in std::iter::once(&mut question).chain(answers.iter_mut()).flat_map(|p| p.comments.iter_mut())
        {
            (c.can_vote, c.can_edit, c.can_delete, c.can_flag) = (false, false, false, false);
        }
    }
    let n = answers.len() as i64;
    ThreadPage {
        id: 42,
        url: s("/threads/42/hub-loses-its-thermostats"),
        question,
        answers,
        answer_count: n,
        answers_label: format!("{n} answers"),
        sort: s("score"),
        next_answers_url: (n > 2).then(|| s("/threads/42/x?after=abc")),
        first_answers_url: None,
        status: ThreadStatus {
            solved,
            solution_url: solved.then(|| s("#post-101")),
            duplicates: if solved {
                vec![ThreadRef { title: s("Thermostats vanish at night"), url: s("/threads/77/x") }]
            } else {
                vec![]
            },
            ..ThreadStatus::default()
        },
        views_label: s("1,204 views"),
        me_too: MeToo {
            count: 12,
            label: s("12 other people have this problem"),
            mine: eye == Eye::Brand,
            can: eye == Eye::Brand,
        },
        follow: Follow { mine: true, can: eye != Eye::Visitor },
        can_answer: eye != Eye::Visitor,
        why_no_answer: None,
        can_comment: eye != Eye::Visitor,
        tools: if eye == Eye::Brand {
            ThreadTools {
                can_lock: true,
                can_unlock: true,
                can_close: true,
                can_reopen: true,
                can_escalate: true,
                case_url: some("/desk/9"),
            }
        } else {
            ThreadTools::default()
        },
        answer_md: String::new(),
        draft_saved: Some(when("5 minutes ago")),
        preview_html: None,
        errors: BTreeMap::new(),
        submission_key: s("k"),
        max_body: 30000,
        max_comment: 1000,
        live_url: s("/threads/42/news?since=103"),
        last_post_id: 103,
        json_ld: Some(html(r#"{"@context":"https://schema.org","@type":"QAPage"}"#)),
    }
}

fn solved_thread(eye: Eye) -> ThreadPage {
    let mut solution = post(
        101,
        bruno(),
        "<p>The night mode of 4.2 lowers the radio's power. Two steps:</p><ol><li>Open <strong>Settings › Radio</strong> and switch <em>Eco at night</em> off.</li><li>Restart the hub <em>once</em>.</li></ol><p>Next time a device is lost at the same hour each day, look at the schedules first: <code>hub schedules --all</code>.</p>",
        eye,
    );
    solution.accepted = true;
    solution.can_accept = false;
    solution.can_unaccept = eye == Eye::Ann;
    solution.score = 37;
    solution.verdicts = vec![
        verdict("outdated", "Outdated, says Ann Marchetti", ""),
        verdict("verified", "Verified by staff (Dario)", "On hubs with 4.2.0 and 4.2.1."),
    ];
    solution.changed = Some(Changed {
        compare_url: s("/posts/101/revisions?from=1&to=3"),
        accepted_url: some("/posts/101/revisions?from=1&to=1"),
        can_accept: eye == Eye::Ann,
    });
    solution.judged = eye == Eye::Brand;
    solution.comments =
        vec![comment(206, &ann(), "<p>That was it. All four are there since yesterday, thank you!</p>")];
    let mut official = post(
        102,
        dario(),
        "<p>We have confirmed this and fixed it in 4.2.2, which comes to all hubs this week. Until then, what Bruno wrote is the right way.</p>",
        eye,
    );
    official.official = true;
    official.signature = some("Dario, Care Team");
    official.score = 21;
    let mut imported = post(
        103,
        gone(),
        "<p>I had the same with an older hub. A power line adapter beside it was the cause.</p>",
        eye,
    );
    imported.origin = Some(Origin {
        author_name: s("user1294"),
        author_url: some("https://example.com/u/1294"),
        url: s("https://example.com/a/5"),
        site: s("Home Automation Stack Exchange"),
        licence: s("CC BY-SA 4.0"),
        licence_url: some("https://creativecommons.org/licenses/by-sa/4.0/"),
    });
    imported.score = -1;
    imported.superseded = Some(Superseded {
        note: s("Tried with and without the adapter: the devices vanish all the same."),
        instead_url: some("/posts/101"),
        appeal_url: some("/appeals/new?challenge=4"),
    });
    imported.verdicts = vec![verdict("refuted", "Refuted by Bruno", "The adapter makes no difference here.")];
    let mut asker =
        post(104, ann(), "<p>For the record: with the new firmware it stays away even with Eco on.</p>", eye);
    asker.by_asker = true;
    thread(eye, vec![solution, official, imported, asker], true)
}

fn errors(pairs: &[(&str, &str)]) -> FieldErrors {
    pairs.iter().map(|(k, v)| (s(k), s(v))).collect()
}
fn pager() -> Pager {
    Pager { next_url: some("?after=xyz"), first_url: some("?") }
}
fn diff() -> SafeHtml {
    let old =
        "Since the update on Tuesday my hub forgets two thermostats.\n\nIn the morning the app says nothing.";
    let new = "Since the update on Tuesday my hub forgets two thermostats.\n\nIn the morning the app says not reachable.\n\
               https://meridian.example/a/very/long/address/that/does/not/end/anytime/soon/and/so/on/and/so/on.html";
    loggia::kernel::diff::diff(old, new)
}
fn choice(value: &str, label: &str, help: &str) -> Choice {
    Choice { value: s(value), label: s(label), help: s(help), chosen: false }
}

struct Sheet {
    name: String,
    template: &'static str,
    shell: Shell,
    page: Value,
}

fn sheet(name: &str, template: &'static str, shell: Shell, page: impl Serialize) -> Sheet {
    Sheet { name: s(name), template, shell, page: serde_json::to_value(page).unwrap() }
}

fn sheets() -> Vec<Sheet> {
    use Eye::*;
    let mut all = Vec::new();
    let side = |mut p: ListPage| {
        p.popular_tags = [("hub", 412), ("thermostat", 288), ("billing", 97), ("firmware", 61)]
            .iter()
            .map(|(n, c)| TagCount { name: s(n), url: format!("/tags/{n}"), count: *c })
            .collect();
        p
    };
    let list = |sort: &str, rows: Vec<ThreadRow>| ListPage {
        sort: s(sort),
        base_url: s("/threads"),
        rows,
        pager: pager(),
        feed_url: s("/threads/feed.atom"),
        ..ListPage::default()
    };
    all.push(sheet(
        "front",
        "threads/list.html",
        shell(Visitor, "threads", ""),
        side(ListPage { welcome: true, ..list("active", rows(9)) }),
    ));
    let mut flashed = shell(Ann, "threads", "Newest questions");
    flashed.flash =
        Some(Flash { kind: s("ok"), text: s("Your question is asked. We tell you when somebody answers.") });
    flashed.banner =
        some("Search is being rebuilt. Some questions may be missing from results for a few minutes.");
    all.push(sheet("list", "threads/list.html", flashed, side(list("newest", rows(9)))));
    all.push(sheet(
        "list-empty",
        "threads/list.html",
        shell(Ann, "threads", "Unanswered"),
        ListPage { sort: s("unanswered"), base_url: s("/threads"), feed_url: s("/f"), ..ListPage::default() },
    ));
    all.push(sheet(
        "list-first",
        "threads/list.html",
        shell(Visitor, "threads", ""),
        ListPage {
            sort: s("active"),
            base_url: s("/threads"),
            feed_url: s("/f"),
            welcome: true,
            ..ListPage::default()
        },
    ));
    all.push(sheet("tag", "threads/list.html", shell(Ann, "tags", "thermostat"), ListPage { tag: Some(TagHead { name: s("thermostat"), about_html: Some(html("<p>Radiator and room thermostats of every generation: pairing, batteries, schedules.</p>")), thread_count: 288 }), base_url: s("/tags/thermostat"), ..list("active", rows(4)) }));
    all.push(sheet(
        "thread",
        "threads/show.html",
        shell(Visitor, "threads", "The hub loses two of four thermostats every night"),
        solved_thread(Visitor),
    ));
    all.push(sheet("thread-asker", "threads/show.html", shell(Ann, "threads", "Thread"), {
        let mut p = solved_thread(Ann);
        p.errors = errors(&[("body", "An answer needs at least 15 characters.")]);
        p.answer_md = s("same here");
        p.preview_html = Some(html("<p>same here</p>"));
        p
    }));
    all.push(sheet("thread-brand", "threads/show.html", shell(Brand, "threads", "Thread"), {
        let mut p = solved_thread(Brand);
        p.status.locked = some("The discussion went in circles.");
        p.status.duplicate_of =
            Some(ThreadRef { title: s("Devices vanish at night since 4.2"), url: s("/threads/7/x") });
        p.status.escalated = Some(EscalatedState {
            state: s("taken"),
            text: s("Dario of our team is looking into this and will answer here."),
        });
        p.can_answer = false;
        p.why_no_answer = some("This question is locked.");
        p.errors = errors(&[("form", "This question is locked.")]);
        p.answer_md = s("What I wrote before it was locked.");
        if let Some(a) = p.answers.get_mut(2) {
            a.removed = Some(Removed {
                kind: s("hidden"),
                reason: s("Advertising"),
                by: s("Carla Sousa"),
                when: when("1 hour ago"),
            });
            a.can_unhide = true;
            a.can_hide = false;
        }
        if let Some(c) = p.question.comments.get_mut(1) {
            c.removed = Some(Removed {
                kind: s("deleted"),
                reason: String::new(),
                by: s("Ann Marchetti"),
                when: when("1 hour ago"),
            });
            c.can_undelete = true;
        }
        p
    }));
    let comments = |p: ThreadPage| CommentsPage {
        id: p.id,
        thread_title: p.question.title.clone(),
        post_url: s("/posts/101"),
        post: p.question,
        kind: s("question"),
        pager: pager(),
        can_comment: true,
        rescued: String::new(),
        errors: errors(&[]),
        submission_key: s("k"),
        max_comment: 1000,
    };
    let all_comments = comments(solved_thread(Ann));
    all.push(sheet(
        "comments",
        "threads/comments.html",
        shell(Ann, "threads", "Comments"),
        all_comments.clone(),
    ));
    all.push(sheet("comments-returned", "threads/comments.html", shell(Ann, "threads", "Comments"), {
        let mut p = all_comments.clone();
        let why = "A comment needs at least 5 characters.";
        p.post.comment_back = Some(CommentBack { text: s("x"), error: s(why) });
        p.errors = errors(&[("comment", why)]);
        p
    }));
    all.push(sheet("comments-locked", "threads/comments.html", shell(Ann, "threads", "Comments"), {
        let mut p = all_comments;
        p.can_comment = false;
        p.rescued = s("What I wrote before it was locked.");
        p.errors = errors(&[("form", "This question is locked.")]);
        p
    }));
    all.push(sheet("thread-new", "threads/show.html", shell(Ann, "threads", "Thread"), {
        let mut p = thread(Ann, vec![], false);
        p.question.comments.clear();
        p.question.comment_more_count = 0;
        p.draft_saved = None;
        p
    }));
    all.push(sheet(
        "ask",
        "threads/ask.html",
        shell(Ann, "ask", "Ask"),
        AskPage {
            max_title: 150,
            max_body: 30000,
            max_tags: 5,
            known_tags: vec![s("hub")],
            submission_key: s("k"),
            ..AskPage::default()
        },
    ));
    all.push(sheet(
        "ask-errors",
        "threads/ask.html",
        shell(Ann, "ask", "Ask"),
        AskPage {
            title: s("Hub"),
            body_md: s("It **does not** work."),
            tags: s("hub thermostat"),
            errors: errors(&[
                ("title", "A title needs at least 10 characters."),
                ("tags", "“hub!” is not a tag we know."),
                ("body", "Please say a little more."),
            ]),
            similar: vec![
                suggestion(),
                Suggestion {
                    title: s("Hub does not start"),
                    url: s("/threads/43/x"),
                    ..Suggestion::default()
                },
            ],
            preview_html: Some(html("<p>It <strong>does not</strong> work.</p>")),
            draft_saved: Some(when("1 minute ago")),
            max_title: 150,
            max_body: 30000,
            max_tags: 5,
            submission_key: s("k"),
            ..AskPage::default()
        },
    ));
    all.push(sheet(
        "ask-step",
        "threads/ask.html",
        shell(Ann, "ask", "Ask"),
        AskPage {
            title: s("Thermostats are lost every night"),
            body_md: s("Two of four."),
            seen: s("all"),
            step: vec![suggestion(), Suggestion { answer_id: Some(104), ..suggestion() }],
            max_title: 150,
            max_body: 30000,
            max_tags: 5,
            submission_key: s("k"),
            ..AskPage::default()
        },
    ));
    let edit = EditPage {
        post_id: 100,
        kind: s("question"),
        thread_title: s("The hub loses two of four thermostats every night"),
        post_url: s("/posts/100"),
        title: s("The hub loses thermostats"),
        body_md: s("Since the update…"),
        tags: s("hub"),
        base_revision: 3,
        max_title: 150,
        max_body: 30000,
        max_tags: 5,
        submission_key: s("k"),
        ..EditPage::default()
    };
    all.push(sheet("edit", "threads/edit.html", shell(Ann, "threads", "Edit"), edit.clone()));
    all.push(sheet(
        "edit-conflict",
        "threads/edit.html",
        shell(Ann, "threads", "Edit"),
        EditPage {
            conflict: Some(EditConflict {
                by: s("Carla Sousa"),
                when: when("2 minutes ago"),
                their_title: s("Hub 2 loses thermostats at night"),
                their_body_md: s("Since the update on Tuesday…"),
                their_tags: s("hub thermostat"),
                diff_html: diff(),
                revisions_url: s("/posts/100/revisions"),
            }),
            ..edit
        },
    ));
    all.push(sheet(
        "revision-text",
        "threads/revisions.html",
        shell(Visitor, "threads", "Revisions"),
        RevisionsPage {
            text: some("Open Settings.\n\n    hub schedules --all\n"),
            from: 1,
            to: 1,
            ..RevisionsPage::default()
        },
    ));
    all.push(sheet(
        "revisions",
        "threads/revisions.html",
        shell(Ann, "threads", "Revisions"),
        RevisionsPage {
            post_id: 100,
            kind: s("question"),
            thread_title: s("The hub loses two of four thermostats every night"),
            post_url: s("/posts/100"),
            revisions: vec![
                RevisionRow {
                    number: 3,
                    by: carla(),
                    when: when("1 hour ago"),
                    summary: s("clearer title"),
                    current: true,
                    accepted: false,
                    text_url: s("?from=3&to=3"),
                    compare_url: some("?from=2&to=3"),
                },
                RevisionRow {
                    number: 2,
                    by: ann(),
                    when: when("2 hours ago"),
                    summary: String::new(),
                    current: false,
                    accepted: false,
                    text_url: s("?from=2&to=2"),
                    compare_url: some("?from=1&to=2"),
                },
                RevisionRow {
                    number: 1,
                    by: ann(),
                    when: when("3 hours ago"),
                    summary: String::new(),
                    current: false,
                    accepted: true,
                    text_url: s("?from=1&to=1"),
                    compare_url: None,
                },
            ],
            text: None,
            from: 2,
            to: 3,
            title_diff_html: Some(loggia::kernel::diff::diff(
                "The hub loses devices",
                "The hub loses two thermostats",
            )),
            tags_removed: vec![s("help")],
            tags_added: vec![s("firmware-4")],
            body_diff_html: Some(diff()),
            can_edit: true,
            older_url: None,
        },
    ));
    all.push(sheet(
        "drafts",
        "threads/drafts.html",
        shell(Ann, "drafts", "Drafts"),
        DraftsPage {
            rows: vec![
                DraftRow {
                    id: 1,
                    place_label: s("New question"),
                    title: s("Garden sensor in winter"),
                    excerpt: s("We get down to −15 °C here and…"),
                    url: s("/ask"),
                    take_up_url: some("/drafts/1/restoration"),
                    saved: when("yesterday"),
                },
                DraftRow {
                    id: 2,
                    place_label: s("Answer to “Invoice shows last year's address”"),
                    title: String::new(),
                    excerpt: s("You can change it under…"),
                    url: s("/threads/3/x#answer"),
                    take_up_url: None,
                    saved: when("2 days ago"),
                },
            ],
        },
    ));
    all.push(sheet(
        "drafts-empty",
        "threads/drafts.html",
        shell(Ann, "drafts", "Drafts"),
        DraftsPage::default(),
    ));

    let beside = |missed| Beside {
        query: s("thermostat lost night"),
        feed_url: s("/search.atom?q=x"),
        watch_url: s("/search/watch?q=x"),
        missed,
    };
    let mut searching = shell(Visitor, "search", "Results");
    searching.search_text = s("thermostat lost night");
    let facets = |label: &str, rows: &[&str]| FacetGroup {
        label: s(label),
        rows: rows
            .iter()
            .map(|row| FacetRow { label: s(row), count: s("1,204+"), url: s("/search?q=w") })
            .collect(),
    };
    let leads = || Leads {
        unfiltered: Some(Instead { query: s("thermostat lost night"), url: s("/search?q=t") }),
        unknown: Some(Unknown {
            words: s("flurb, Donaudampfschifffahrtsgesellschaftskapitänsmütze"),
            instead: Some(Instead { query: s("thermostat night"), url: s("/search?q=u") }),
        }),
        tags: ["hub", "thermostat", "accessibility-and-voice-assistants-of-the-second-kind"]
            .iter()
            .map(|name| NearTag { name: s(name), url: format!("/search?q=tag%3A{name}") })
            .collect(),
        unanswered_url: some("/search?q=is%3Aunanswered%20tag%3Ahub"),
        ask_url: s("/ask?title=thermostat"),
    };
    let hit = |i: i64| {
        Hit {
        url: s("/threads/42/x"), title_html: html("The hub loses two of four <mark>thermostats</mark> every <mark>night</mark>"), excerpt_html: html("Since the update on Tuesday my hub forgets two <mark>thermostats</mark> every <mark>night</mark>. In the morning the app says …"),
        solution_html: (i != 2).then(|| html("The <mark>night</mark> mode of 4.2 lowers the radio's power. Open Settings › Radio and switch Eco at <mark>night</mark> off.")), solution_url: some("/posts/101"),
        solved: i != 2, official: i == 1, duplicate: i == 3, also: if i == 1 { vec![s("Thermostats are gone each morning"), s("Two of four radiators stay cold after the night, and the hub's log says <nothing> at all about it")] } else { Vec::new() }, why: if i == 2 { Vec::new() } else { vec![Why { label: s("Words of the query"), share: s("81 %") }, Why { label: s("Solved"), share: s("12 %") }, Why { label: s("Votes"), share: s("7 %") }] }, score: 37, score_label: s("votes"), answer_count: if i == 2 { 0 } else { 4 }, answers_label: s("answers"), tags: tags(&["hub", "thermostat"]), author_name: s("Ann Marchetti"), author_url: some("/people/ann"), when: when("3 hours ago"),
    }
    };
    all.push(sheet(
        "search",
        "search/results.html",
        searching.clone(),
        SearchPage {
            query: s("thermostat lost night"),
            heading: s("thermostat lost night"),
            hits: vec![hit(1), hit(2), hit(3)],
            total_label: s("3 questions found"),
            pager: pager(),
            corrected: Some(Corrected {
                shown: s("thermostat lost at night"),
                instead_url: s("/search?q=x&exact=1"),
            }),
            notes: vec![s("“is:sloved” is no filter we know.")],
            filters: vec![
                Filter { label: s("Tag: hub"), remove_url: s("/search?q=y") },
                Filter {
                    label: s("Not: Asked by ann-with-a-name-of-thirty-chars"),
                    remove_url: s("/search?q=y"),
                },
            ],
            solved_toggle_url: some("/search?q=z"),
            solved_only: true,
            beside: Some(beside(false)),
            controls: Some(Controls {
                q: s("thermostat lost night is:solved tag:hub"),
                exact: true,
                state: s("solved"),
                sort: s("votes"),
                tag: s("hub"),
                user: s("ann"),
                langs: vec![choice("en", "English", ""), choice("it", "Italian", "")],
                answers: s("1"),
                score: s("-3"),
                from: s("2026-01-31"),
                to: s("2026-02-28"),
            }),
            facets: vec![
                facets("State", &["Solved", "Unsolved", "Unanswered"]),
                facets("Tags", &["hub", "accessibility-and-voice-assistants-of-the-second-kind"]),
                facets("Language", &["English", "Italian"]),
                facets("Asked", &["Last month", "Last year", "Longer ago"]),
            ],
            facets_note: some("Counted in 1,000 of the questions found, so there are at least as many."),
            leads: Some(leads()),
            ask_url: s("/ask?title=thermostat"),
            rebuilding: false,
        },
    ));
    all.push(sheet(
        "search-none",
        "search/results.html",
        searching.clone(),
        SearchPage {
            query: s("thermostat lost night"),
            heading: s("thermostat lost night"),
            total_label: s("Nothing found"),
            beside: Some(beside(true)),
            controls: Some(Controls::default()),
            leads: Some(leads()),
            ..SearchPage::default()
        },
    ));
    all.push(sheet(
        "search-none-bare",
        "search/results.html",
        searching.clone(),
        SearchPage {
            query: s("thermostat lost night"),
            heading: s("thermostat lost night"),
            total_label: s("Nothing found"),
            controls: Some(Controls::default()),
            leads: Some(Leads::default()),
            ..SearchPage::default()
        },
    ));
    all.push(sheet(
        "search-none-member",
        "search/results.html",
        Shell { search_text: s("thermostat lost night"), ..shell(Ann, "search", "Results") },
        SearchPage { query: s("thermostat lost night"), beside: Some(beside(true)), ..SearchPage::default() },
    ));
    let watch = WatchPage { query: s("thermostat lost night"), ..WatchPage::default() };
    all.push(sheet("watch", "search/watch.html", shell(Visitor, "search", "Tell me"), watch.clone()));
    all.push(sheet("watch-member", "search/watch.html", shell(Ann, "search", "Tell me"), watch.clone()));
    all.push(sheet(
        "watch-errors",
        "search/watch.html",
        shell(Visitor, "search", "Tell me"),
        WatchPage { email: s("ann@"), errors: errors(&[("email", "This is not an address.")]), ..watch },
    ));
    let token = TokenPage {
        title: s("Hear of this search"),
        text: s("One press, and we write to you when it is answered."),
        action: s("/searches/confirm"),
        button: s("Yes, tell me"),
        token: s("t0k3n"),
    };
    all.push(sheet("token", "search/token.html", shell(Visitor, "search", "Hear"), token.clone()));
    all.push(sheet(
        "token-done",
        "search/token.html",
        shell(Visitor, "search", "Hear"),
        TokenPage { action: s(""), ..token },
    ));
    let saved = |n: i64| SavedRow {
        id: n,
        name: if n == 1 { s("Lost thermostats") } else { s("thermostat lost night") },
        query: s("thermostat lost night"),
        url: s("/search?q=x"),
        feed_url: s("/search.atom?q=x"),
        solved_only: n == 2,
        saved: when("3 days ago"),
        told: (n == 1).then(|| when("1 hour ago")),
    };
    all.push(sheet(
        "saved",
        "search/saved.html",
        shell(Ann, "search", "Saved searches"),
        SavedPage { rows: vec![saved(1), saved(2)], pager: pager(), max: 30, daily: 5 },
    ));
    all.push(sheet(
        "saved-empty",
        "search/saved.html",
        shell(Ann, "search", "Saved searches"),
        SavedPage { daily: 5, ..SavedPage::default() },
    ));
    let gap = |n: i64| GapRow {
        key: s("descal kettl"),
        wording: s("descale the kettle"),
        search_url: s("/search?q=x"),
        also: ["limescale kettle", "decalcify water boiler"][..usize::try_from(n).unwrap()]
            .iter()
            .map(|wording| Wording { wording: s(wording), search_url: s("/search?q=y") })
            .collect(),
        others_label: if n == 1 { s("Also worded another way.") } else { s("") },
        searched: 41,
        found_none: 30,
        weak: n,
        opened: 3,
        solved: 1,
        last: when("yesterday"),
        unanswered: (0..n)
            .map(|_| ThreadLink { title: s("How to descale a kettle"), url: s("/threads/42/x") })
            .collect(),
        solutions: vec![ThreadLink { title: s("Vinegar in the kettle"), url: s("/threads/43/x") }],
        ask_url: s("/ask?title=x"),
    };
    let periods: Vec<Period> = [7, 30, 90]
        .map(|days| Period { label: format!("{days} days"), url: s("/admin/gaps"), here: days == 30 })
        .into();
    let gaps = GapsPage {
        rows: vec![gap(1), gap(2), gap(0)],
        folded: true,
        days: 30,
        periods,
        aside: false,
        aside_url: s("/admin/gaps?show=aside"),
        csv_url: s("/admin/gaps.csv"),
        pager: pager(),
        visitors: 5,
    };
    all.push(sheet("gaps", "admin/gaps.html", shell(Brand, "admin", "Gaps"), gaps.clone()));
    all.push(sheet(
        "gaps-aside",
        "admin/gaps.html",
        shell(Brand, "admin", "Gaps"),
        GapsPage { aside: true, ..gaps.clone() },
    ));
    all.push(sheet(
        "gaps-empty",
        "admin/gaps.html",
        shell(Brand, "admin", "Gaps"),
        GapsPage { rows: Vec::new(), ..gaps.clone() },
    ));
    all.push(sheet(
        "gaps-aside-empty",
        "admin/gaps.html",
        shell(Brand, "admin", "Gaps"),
        GapsPage { rows: Vec::new(), aside: true, ..gaps },
    ));
    let rules = loggia::admin::views::BadgeRulesPage {
        body: loggia::badges::policy::FIRST_RULES.into(),
        base: 2,
        shown: 2,
        count_label: s("15 badges in force"),
        tried: true,
        took_label: s("Looked at 1,200 people in 34 ms."),
        warnings: vec![s("“Helper” would go to nine in ten or more.")],
        effects: vec![loggia::admin::views::BadgeEffectRow {
            name: s("Solver"),
            rank: s("silver"),
            rule: s("It takes 10 answers that proved right."),
            now: 12,
            then: 30,
            gained: 20,
            lost: 2,
            levelled: 3,
            gainers: vec![bruno(), carla()],
            losers: vec![ann()],
            ..Default::default()
        }],
        versions: vec![loggia::admin::views::BadgeVersionRow {
            id: 2,
            url: s("/admin/badges?version=2"),
            by: Some(carla()),
            when: when("yesterday"),
            in_force: true,
        }],
        max: 65_536,
        ..Default::default()
    };
    all.push(sheet("badge-rules", "admin/badges.html", shell(Brand, "admin", "Badges"), rules.clone()));
    all.push(sheet(
        "badge-rules-errors",
        "admin/badges.html",
        shell(Brand, "admin", "Badges"),
        loggia::admin::views::BadgeRulesPage {
            tried: false,
            line: 5,
            line_text: s("needs = { likes = 1 }"),
            errors: [(s("body"), s("Line 5: nothing called “likes” is counted."))].into_iter().collect(),
            ..rules
        },
    ));
    let month = |label: &str, here| WorthMonth { month: s(label), url: s("/worth?month=2026-10"), here };
    let worth = WorthPage {
        month: s("October 2026"),
        months: vec![
            month("November 2026", false),
            month("October 2026", true),
            month("September 2026", false),
        ],
        made: Some(when("25 days ago")),
        readers: 12_480,
        people_helped: 31,
        threads_solved: 7,
        value: s("56.16 EUR"),
        rate_label: s("Brezza values a thousand readers at 4.50 EUR."),
        topics: vec![WorthTopic {
            name: s("router"),
            url: s("/tags/router"),
            label: s("72 % from 14 answers"),
        }],
        rows: (1..=3)
            .map(|n| WorthRow {
                title: s("The hub loses two of four thermostats"),
                url: (n < 3).then(|| format!("/posts/{n}")),
                readers: 8_100 / n,
                people_helped: 12 / n,
                value: s("36.45 EUR"),
            })
            .collect(),
        more: true,
        csv_url: s("/worth.csv?month=2026-10"),
        running: false,
    };
    all.push(sheet("worth", "worth/show.html", shell(Ann, "people", "Statement of worth"), worth.clone()));
    all.push(sheet(
        "worth-empty",
        "worth/show.html",
        shell(Ann, "people", "Statement of worth"),
        WorthPage {
            month: s("November 2026"),
            months: vec![month("November 2026", true)],
            running: true,
            csv_url: s("/worth.csv?month=2026-11"),
            ..WorthPage::default()
        },
    ));
    let row = |range: &str| loggia::admin::views::CalibrationRow {
        range: s(range),
        trials: 1_204,
        said: s("74.2"),
        came: s("71.0"),
    };
    all.push(sheet(
        "calibration",
        "admin/calibration.html",
        shell(Brand, "admin", "Calibration"),
        loggia::admin::views::CalibrationPage {
            rows: vec![row("60 to 70 %"), row("70 to 80 %"), row("80 to 90 %")],
            trials: 3_612,
            brier: s("0.142"),
            error: s("0.112"),
            recent_trials: 31,
            recent_error: s("0.131"),
            drifts: true,
            enough: true,
            sample_share: s("84 %"),
            sample_range: s("The true share lies between 71 and 92 %, nine times in ten."),
            sample_said: s("93 %"),
            sample_judged: 38,
            sample_unclear: 2,
            sample_void: 1,
            sample_open: 14,
            sample_drifts: true,
        },
    ));
    all.push(sheet(
        "calibration-empty",
        "admin/calibration.html",
        shell(Brand, "admin", "Calibration"),
        loggia::admin::views::CalibrationPage::default(),
    ));
    let sample = SamplePage {
        sample: Some(SampleView {
            id: 7,
            title: s("The hub loses two of four thermostats"),
            question_html: html(
                "<p>Since the update of Tuesday two of my four thermostats are gone each night.</p>",
            ),
            answer_html: html(
                "<p>Take the batteries out for a minute, then hold the wheel until it blinks twice.</p>",
            ),
        }),
        judged_title: s("Invoice shows last year's address"),
        judged_url: s("/posts/12"),
        unproven: false,
    };
    let show = |name: &str, page| {
        sheet(name, "samples/show.html", shell(Brand, "samples", "Judge answers blind"), page)
    };
    all.push(show("sample", sample));
    all.push(show("sample-empty", SamplePage::default()));
    all.push(show("sample-unproven", SamplePage { unproven: true, ..SamplePage::default() }));
    let synonyms = SynonymsPage {
        body: s("[[same]]\nwords = [\"wifi\", \"wlan\"]\n"),
        base: 1,
        rules_label: s("One rule in force"),
        tried: s("wifi"),
        widened: vec![WidenedRow { typed: s("wifi"), to: vec![s("wlan"), s("wireless network")] }],
        max: 153_600,
        ..SynonymsPage::default()
    };
    all.push(sheet("synonyms", "admin/synonyms.html", shell(Brand, "admin", "Synonyms"), synonyms.clone()));
    all.push(sheet(
        "synonyms-errors",
        "admin/synonyms.html",
        shell(Brand, "admin", "Synonyms"),
        SynonymsPage {
            errors: errors(&[("body", "Line 2: this rule needs another word.")]),
            line: 2,
            line_text: s("words = [\"wifi\"]"),
            widened: Vec::new(),
            ..synonyms
        },
    ));
    all.push(sheet(
        "synonyms-empty",
        "admin/synonyms.html",
        shell(Brand, "admin", "Synonyms"),
        SynonymsPage::default(),
    ));
    all.push(sheet(
        "search-blank",
        "search/results.html",
        shell(Visitor, "search", "Search"),
        SearchPage::default(),
    ));
    all.push(sheet(
        "tags",
        "tags/index.html",
        shell(Visitor, "tags", "Tags"),
        TagsPage {
            rows: [
                "hub",
                "thermostat",
                "billing",
                "firmware-4",
                "garden",
                "accessibility-and-voice-assistants-of-the-second-kind",
            ]
            .iter()
            .map(|n| TagRow {
                name: s(n),
                url: format!("/tags/{n}"),
                thread_count: 12,
                threads_label: s("120 questions"),
                excerpt: s("Radiator and room thermostats of every generation."),
            })
            .collect(),
            sort: s("popular"),
            pager: pager(),
            ..TagsPage::default()
        },
    ));
    all.push(sheet("tags-empty", "tags/index.html", shell(Visitor, "tags", "Tags"), TagsPage::default()));
    let badge = |name: &str, rank: &str, mine: bool| BadgeCard {
        url: s("/badges/1"),
        name: s(name),
        rank: s(rank),
        description: s("Given for an answer that was accepted and has ten votes or more."),
        earned_label: s("Earned by 31 people"),
        mine,
        starter: mine,
    };
    all.push(sheet(
        "badges",
        "badges/index.html",
        shell(Ann, "badges", "Badges"),
        BadgesPage {
            badges: vec![
                badge("First stone", "bronze", true),
                badge("Column", "silver", false),
                badge("Keystone", "gold", false),
                badge("Guide", "bronze", false),
            ],
        },
    ));
    all.push(sheet(
        "badge",
        "badges/show.html",
        shell(Ann, "badges", "Keystone"),
        BadgePage {
            revoked_label: s("Taken back 3 times"),
            badge: badge("Keystone", "gold", true),
            holders: vec![
                Holder {
                    person: bruno(),
                    when: when("2 days ago"),
                    event_id: 4711,
                    topic: String::new(),
                    cause: Some(Cause {
                        title: s("The hub loses two of four thermostats every night"),
                        url: s("/posts/101"),
                    }),
                },
                Holder {
                    person: carla(),
                    when: when("last month"),
                    event_id: 12,
                    cause: None,
                    topic: s("router"),
                },
            ],
            pager: pager(),
        },
    ));
    all.push(sheet(
        "badge-nobody",
        "badges/show.html",
        shell(Ann, "badges", "Keystone"),
        BadgePage { badge: badge("Keystone", "gold", false), ..BadgePage::default() },
    ));
    let kinds = [
        "answer",
        "comment",
        "acceptance",
        "badge",
        "mention",
        "flag",
        "case",
        "official",
        "moderation",
        "other",
    ];
    all.push(sheet(
        "notices",
        "notices/index.html",
        shell(Ann, "notices", "Notices"),
        NoticesPage {
            rows: kinds
                .iter()
                .enumerate()
                .map(|(i, k)| NoticeRow {
                    id: 1,
                    kind: s(k),
                    text: format!("Bruno Keller did something of the kind {k}"),
                    subject: s("The hub loses two of four thermostats every night"),
                    excerpt: s("The night mode of 4.2 lowers the radio's power."),
                    url: s("/posts/101"),
                    appeal_url: if *k == "moderation" {
                        s("/appeals/new?challenge=4")
                    } else {
                        String::new()
                    },
                    when: when("3 hours ago"),
                    unread: i < 3,
                })
                .collect(),
            newest: Some(1),
            pager: pager(),
        },
    ));
    all.push(sheet(
        "notices-empty",
        "notices/index.html",
        shell(Ann, "notices", "Notices"),
        NoticesPage::default(),
    ));
    all.push(sheet(
        "settings-notices",
        "notices/settings.html",
        shell(Ann, "settings", "Settings"),
        NoticeSettingsPage {
            lists: vec![
                MailList {
                    name: s("answers"),
                    label: s("Answers to my questions"),
                    help: s("At once, or within the hour when there are many."),
                    on: true,
                    fixed: false,
                },
                MailList {
                    name: s("digest"),
                    label: s("A letter each week"),
                    help: String::new(),
                    on: false,
                    fixed: false,
                },
                MailList {
                    name: s("security"),
                    label: s("Password and sign-in"),
                    help: s("Always sent."),
                    on: true,
                    fixed: true,
                },
            ],
            email: s("ann@example.org"),
            email_confirmed: false,
            errors: BTreeMap::new(),
        },
    ));
    for (name, invalid, done) in [
        ("unsubscribe", false, false),
        ("unsubscribe-done", false, true),
        ("unsubscribe-invalid", true, false),
    ] {
        all.push(sheet(
            name,
            "notices/unsubscribe.html",
            shell(Visitor, "", "Mails"),
            UnsubscribePage { token: s("t"), list_label: s("Answers to my questions"), done, invalid },
        ));
    }
    all.push(sheet(
        "sign-up",
        "accounts/sign_up.html",
        shell(Visitor, "account", "Join"),
        SignUpPage {
            username: s("ann"),
            email: s("ann@"),
            errors: errors(&[("email", "This is not a whole address."), ("username", "This name is taken.")]),
            submission_key: s("k"),
            ..SignUpPage::default()
        },
    ));
    all.push(sheet(
        "sign-in",
        "accounts/sign_in.html",
        shell(Visitor, "account", "Sign in"),
        SignInPage {
            can_sign_up: true,
            reason: some("Sign in to ask your question."),
            ..SignInPage::default()
        },
    ));
    all.push(sheet(
        "sign-in-error",
        "accounts/sign_in.html",
        shell(Visitor, "account", "Sign in"),
        SignInPage {
            login: s("ann"),
            errors: errors(&[("form", "User name or password is not right.")]),
            ..SignInPage::default()
        },
    ));
    all.push(sheet(
        "forgot",
        "accounts/forgot.html",
        shell(Visitor, "account", "Password"),
        ForgotPage::default(),
    ));
    all.push(sheet(
        "forgot-sent",
        "accounts/forgot.html",
        shell(Visitor, "account", "Password"),
        ForgotPage { sent: true, ..ForgotPage::default() },
    ));
    all.push(sheet(
        "reset",
        "accounts/reset.html",
        shell(Visitor, "account", "Password"),
        ResetPage::default(),
    ));
    all.push(sheet(
        "reset-invalid",
        "accounts/reset.html",
        shell(Visitor, "account", "Password"),
        ResetPage { invalid: true, ..ResetPage::default() },
    ));
    all.push(sheet(
        "confirm",
        "accounts/confirm.html",
        shell(Visitor, "account", "Confirm"),
        ConfirmPage { email: s("ann@example.org"), ..ConfirmPage::default() },
    ));
    all.push(sheet(
        "first-run",
        "accounts/first_run.html",
        shell(Visitor, "account", "Open"),
        FirstRunPage::default(),
    ));
    all.push(sheet(
        "first-run-invalid",
        "accounts/first_run.html",
        shell(Visitor, "account", "Open"),
        FirstRunPage { invalid: true, ..FirstRunPage::default() },
    ));
    all.push(sheet(
        "people",
        "accounts/people.html",
        shell(Visitor, "people", "People"),
        PeoplePage {
            rows: [bruno(), carla(), dario(), ann()]
                .into_iter()
                .map(|p| PersonRow {
                    person: p,
                    answers_label: s("120 answers"),
                    solutions_label: s("31 solutions"),
                    joined: when("2 years ago"),
                })
                .collect(),
            sort: s("points"),
            pager: pager(),
            ..PeoplePage::default()
        },
    ));
    all.push(sheet(
        "people-none",
        "accounts/people.html",
        shell(Visitor, "people", "People"),
        PeoplePage { query: s("zzz"), ..PeoplePage::default() },
    ));
    let person_page = |p: Person, tab: &str| PersonPage {
        person: p,
        joined: when("2 years ago"),
        about_html: Some(html("<p>I have three hubs and a patient family.</p>")),
        question_count: 12,
        answer_count: 340,
        solution_count: 121,
        past_badges: Vec::new(),
        standing: loggia::accounts::views::Standing {
            label: s("62 % of the time"),
            why: s("Right in 81 % of 34 resolved answers."),
            topics: vec![loggia::accounts::views::TopicStanding {
                name: s("router"),
                url: s("/tags/router"),
                label: s("70 % from 12 answers"),
            }],
        },
        tab: s(tab),
        rows: vec![],
        points_rows: vec![],
        badges: vec![],
        pager: Pager::default(),
        judges: true,
        first_steps: vec![
            FirstStep { name: s("First answer"), url: s("/badges/first-answer"), done: true },
            FirstStep { name: s("First solution"), url: s("/badges/first-solution"), done: false },
        ],
        mine: false,
        suspended: None,
        can_suspend: false,
        can_unsuspend: false,
        imported: false,
        origin_url: None,
    };
    all.push(sheet(
        "person",
        "accounts/person.html",
        shell(Ann, "people", "Bruno Keller"),
        PersonPage { rows: rows(4), ..person_page(bruno(), "answers") },
    ));
    all.push(sheet(
        "person-points",
        "accounts/person.html",
        shell(Brand, "people", "Bruno Keller"),
        PersonPage {
            points_rows: vec![
                PointsRow {
                    points: s("+15"),
                    negative: false,
                    text: s("Answer accepted"),
                    title: s("The hub loses two of four thermostats"),
                    url: some("/posts/101"),
                    when: when("3 hours ago"),
                    event_ids: vec![90412],
                    appeal_url: None,
                },
                PointsRow {
                    points: s("−2"),
                    negative: true,
                    text: s("Vote down"),
                    title: s("Invoice shows last year's address"),
                    url: some("/posts/9"),
                    when: when("yesterday"),
                    event_ids: vec![90012, 90013],
                    appeal_url: some("/appeals/new?finding=7"),
                },
            ],
            suspended: Some(Suspension {
                until_label: s("until 3 March 2027"),
                reason: s("Rude to others, twice."),
            }),
            can_unsuspend: true,
            ..person_page(bruno(), "points")
        },
    ));
    all.push(sheet(
        "person-badges",
        "accounts/person.html",
        shell(Brand, "people", "Bruno Keller"),
        PersonPage {
            past_badges: vec![loggia::accounts::views::PastBadge {
                name: s("Solver"),
                rank: s("silver"),
                url: s("/badges/solver-10"),
                line: s("Given 2026-01-02, taken back 2026-03-04: an answer was judged."),
                restores: s("What would bring it back: ten answers that proved right."),
                grace: s("It still shows until 2026-03-18."),
                event_ids: vec![12, 4711],
                appeal_url: some("/appeals/new?badge=solver-10&event=4711"),
                appeal_label: String::new(),
            }],
            badges: vec![EarnedBadge {
                name: s("Keystone"),
                rank: s("gold"),
                url: s("/badges/3"),
                description: s("An accepted answer with 25 votes."),
                when: when("2 days ago"),
                event_id: 4711,
                leaving: s("Taken back; shows until 2026-12-24"),
                given_back: s("Given back on appeal"),
                cause: Some(Cause {
                    title: s("The hub loses two of four thermostats"),
                    url: s("/posts/101"),
                }),
            }],
            can_suspend: true,
            ..person_page(bruno(), "badges")
        },
    ));
    all.push(sheet(
        "person-empty",
        "accounts/person.html",
        shell(Ann, "people", "Ann"),
        PersonPage {
            mine: true,
            imported: true,
            origin_url: some("https://example.com"),
            about_html: None,
            ..person_page(ann(), "questions")
        },
    ));
    all.push(sheet(
        "person-points-empty",
        "accounts/person.html",
        shell(Ann, "people", "Ann"),
        person_page(ann(), "points"),
    ));
    all.push(sheet(
        "person-badges-empty",
        "accounts/person.html",
        shell(Ann, "people", "Ann"),
        person_page(ann(), "badges"),
    ));
    all.push(sheet(
        "settings",
        "accounts/settings_profile.html",
        shell(Brand, "settings", "Settings"),
        ProfileSettingsPage {
            username: s("dario"),
            display_name: s("Dario Leka"),
            signature: s("Dario, Care Team"),
            is_staff: true,
            errors: errors(&[("about", "Please keep this under 2,000 characters.")]),
            ..ProfileSettingsPage::default()
        },
    ));
    all.push(sheet(
        "settings-account",
        "accounts/settings_account.html",
        shell(Ann, "settings", "Settings"),
        AccountSettingsPage {
            email: s("ann@example.org"),
            email_confirmed: true,
            username: s("ann"),
            can_leave: true,
            pending_email: some("ann@work.example"),
            ..AccountSettingsPage::default()
        },
    ));
    all.push(sheet(
        "settings-account-last-admin",
        "accounts/settings_account.html",
        shell(Brand, "settings", "Settings"),
        AccountSettingsPage {
            errors: errors(&[("leave_name", "This is not your user name.")]),
            ..AccountSettingsPage::default()
        },
    ));
    all.push(sheet(
        "settings-tokens",
        "accounts/settings_tokens.html",
        shell(Ann, "settings", "Settings"),
        TokensPage {
            tokens: vec![TokenRow {
                id: 1,
                name: s("report script"),
                made: when("last month"),
                last_used: None,
            }],
            fresh_token: some("lgg_8f4e2c0d1b7a49e3a5f0c6d2b8e1f4a79c3d5e6f"),
            ..TokensPage::default()
        },
    ));
    all.push(sheet(
        "settings-tokens-empty",
        "accounts/settings_tokens.html",
        shell(Ann, "settings", "Settings"),
        TokensPage::default(),
    ));
    all.push(sheet(
        "settings-sessions",
        "accounts/settings_sessions.html",
        shell(Ann, "settings", "Settings"),
        SessionsPage {
            sessions: vec![
                SessionRow {
                    id: s("a"),
                    device: s("Firefox on Linux"),
                    started: when("2 days ago"),
                    seen: when("now"),
                    current: true,
                },
                SessionRow {
                    id: s("b"),
                    device: s("Chrome on Android"),
                    started: when("last month"),
                    seen: when("yesterday"),
                    current: false,
                },
            ],
        },
    ));
    let flag = FlagPage {
        post_id: 103,
        kind: s("answer"),
        author_name: s("user1294"),
        excerpt: s("Buy cheap thermostats at my shop, all brands, best price in town."),
        post_url: s("/posts/103"),
        thread_title: s("The hub loses two of four thermostats every night"),
        reasons: vec![
            choice("spam", "Spam", "Advertising that has nothing to do with the question."),
            choice("rude", "Rude", "Insults, threats, hatred."),
            choice("personal", "Personal data", "Addresses, numbers, contracts of somebody."),
            choice("other", "Something else", ""),
        ],
        max_note: 500,
        submission_key: s("k"),
        ..FlagPage::default()
    };
    all.push(sheet(
        "flag",
        "moderation/flag.html",
        shell(Ann, "threads", "Flag"),
        FlagPage { errors: errors(&[("reason", "Please choose what is wrong.")]), ..flag.clone() },
    ));
    all.push(sheet(
        "flag-already",
        "moderation/flag.html",
        shell(Ann, "threads", "Flag"),
        FlagPage { already: true, ..flag },
    ));
    let challenge = ChallengePage {
        post_id: 103,
        author_name: s("user1294"),
        excerpt: s("I had the same with an older hub. A power line adapter beside it was the cause."),
        post_url: s("/posts/103"),
        thread_title: s("The hub loses two of four thermostats every night"),
        evidence: s("I moved"),
        max_evidence: 4000,
        others: vec![choice(
            "101",
            "Bruno: The night mode of 4.2 lowers the radio's power. Two steps: Open…",
            "",
        )],
        errors: errors(&[("evidence", "Please write a little more.")]),
        open: None,
    };
    let open = OpenChallenge {
        id: 4,
        evidence_html: html("<p>I moved the adapter to <em>another room</em>: no change.</p>"),
        when: when("2 hours ago"),
    };
    all.push(sheet(
        "challenge",
        "challenges/form.html",
        shell(Ann, "threads", "Challenge"),
        ChallengePage { others: Vec::new(), ..challenge.clone() },
    ));
    all.push(sheet(
        "challenge-others",
        "challenges/form.html",
        shell(Ann, "threads", "Challenge"),
        challenge.clone(),
    ));
    all.push(sheet(
        "challenge-open",
        "challenges/form.html",
        shell(Ann, "threads", "Challenge"),
        ChallengePage { open: Some(open), errors: FieldErrors::new(), ..challenge },
    ));
    let counts = |tab: &str| QueueCounts {
        tab: s(tab),
        flag_count: 2,
        finding_count: 2,
        challenge_count: 1,
        appeal_count: 2,
        duplicate_count: 1,
        unanswered_count: 4,
        unsolved_count: 1,
    };
    let finding = |id: i64, kind: &str| loggia::findings::views::FindingRow {
        id,
        kind: s(kind),
        title: s("A closed group"),
        evidence: s("6 members have 97 % of their praise from each other: 290 of 300."),
        members: vec![bruno(), carla(), ann()],
        more_label: s("and 3 more"),
        post_urls: vec![s("/posts/12"), s("/posts/15")],
        found: when("an hour ago"),
        decided_by: Some(carla()),
        note: s("They work in one shop."),
    };
    let findings = loggia::findings::views::FindingsPage {
        counts: counts("findings"),
        state: s("held"),
        rows: vec![finding(7, "ring"), finding(8, "copies")],
        max_note: 500,
        pager: pager(),
    };
    all.push(sheet(
        "findings",
        "findings/index.html",
        shell(Brand, "moderation", "Findings"),
        findings.clone(),
    ));
    all.push(sheet(
        "findings-empty",
        "findings/index.html",
        shell(Brand, "moderation", "Findings"),
        loggia::findings::views::FindingsPage { rows: Vec::new(), ..findings },
    ));
    let challenged = |id: i64| ChallengeRow {
        id,
        post_url: s("/posts/103"),
        thread_title: s("The hub loses two of four thermostats every night"),
        author: gone(),
        excerpt: s("I had the same with an older hub. A power line adapter beside it was the cause."),
        removed: id == 5,
        challenger: ann(),
        evidence_html: html("<p>I moved the adapter to <em>another room</em>: no change.</p>"),
        when: when("2 hours ago"),
        instead_url: (id == 4).then(|| s("/posts/101")),
        accepted_label: if id == 4 { s("Accepted by Ann Marchetti") } else { String::new() },
        solved_for: if id == 4 { s("Solved it for 3 people") } else { String::new() },
        decision: String::new(),
        decided_by: None,
        decided: None,
        note: String::new(),
        can_decide: id == 4,
    };
    let decided = |id: i64, decision: &str| ChallengeRow {
        decision: s(decision),
        decided_by: Some(carla()),
        decided: Some(when("an hour ago")),
        note: s("Tried it twice: it drops still."),
        ..challenged(id)
    };
    all.push(sheet(
        "challenges-decided",
        "challenges/queue.html",
        shell(Brand, "moderation", "Queue"),
        ChallengesPage {
            counts: counts("challenges"),
            state: s("decided"),
            rows: vec![decided(4, "upheld"), decided(5, "rejected")],
            pager: pager(),
        },
    ));
    all.push(sheet(
        "challenges-undecided",
        "challenges/queue.html",
        shell(Brand, "moderation", "Queue"),
        ChallengesPage { counts: counts("challenges"), state: s("decided"), ..ChallengesPage::default() },
    ));
    all.push(sheet(
        "challenges",
        "challenges/queue.html",
        shell(Brand, "moderation", "Queue"),
        ChallengesPage {
            counts: counts("challenges"),
            state: s("open"),
            rows: vec![challenged(4), challenged(5)],
            pager: pager(),
        },
    ));
    all.push(sheet(
        "challenges-empty",
        "challenges/queue.html",
        shell(Brand, "moderation", "Queue"),
        ChallengesPage { counts: counts("challenges"), state: s("open"), ..ChallengesPage::default() },
    ));
    let award_ground = || Ground {
        title: s("The badge Solver in router was taken back"),
        line: s(
            "Given 2026-01-02, taken back 2026-03-04: an answer was judged. The bound was 54 % before and is 48 % after it.",
        ),
        restores: s("What would bring it back: ten answers that proved right."),
        when: Some(when("2 days ago")),
        event_id: 4711,
        links: vec![Link { url: s("/posts/101"), label: s("The post it happened on") }],
        ..Ground::default()
    };
    let finding_ground = || Ground {
        title: s("Credit is held back: A closed group"),
        line: s("6 members have 97 % of their praise from each other: 290 of 300."),
        restores: s("It counts again as soon as moderators release it."),
        when: Some(when("an hour ago")),
        members: vec![bruno(), carla(), ann()],
        decided_by: Some(carla()),
        note: s("They have one address."),
        ..Ground::default()
    };
    let challenge_ground = || Ground {
        title: s("An answer was found wrong: The hub loses two of four thermostats every night"),
        restores: s("It stands again if moderators decide the challenge anew."),
        when: Some(when("3 days ago")),
        links: vec![Link { url: s("/posts/103"), label: s("The answer") }],
        note: s("Tried it twice: it drops still."),
        excerpt: s("I had the same with an older hub. A power line adapter beside it was the cause."),
        evidence_html: Some(html("<p>I moved the adapter to <em>another room</em>: no change.</p>")),
        decided_by: Some(carla()),
        ..Ground::default()
    };
    let said = || Some(html("<p>The asker meant <em>another</em> hub, see the comments.</p>"));
    let own = |id: i64, state: &str, ground: Ground| OwnAppeal {
        id,
        ground,
        text_html: said(),
        when: when("yesterday"),
        state: s(state),
        decided: (state != "open").then(|| when("2 hours ago")),
        note: if state == "open" { String::new() } else { s("The comments say so indeed.") },
    };
    let appeal = AppealPage {
        ground: award_ground(),
        fields: vec![HiddenField { name: s("event"), value: s("4711") }],
        body: s("I think"),
        max_body: 4000,
        until_label: s("You can appeal until 2026-05-03, once."),
        errors: errors(&[("body", "Please write a little more.")]),
        own: None,
    };
    all.push(sheet("appeal", "appeals/form.html", shell(Ann, "people", "Appeal"), appeal.clone()));
    for (name, state) in [("appeal-open", "open"), ("appeal-decided", "rejected")] {
        all.push(sheet(
            name,
            "appeals/form.html",
            shell(Ann, "people", "Appeal"),
            AppealPage {
                own: Some(own(3, state, challenge_ground())),
                errors: FieldErrors::new(),
                ground: challenge_ground(),
                ..appeal.clone()
            },
        ));
    }
    let own_appeals = AppealsPage {
        rows: vec![
            own(3, "open", award_ground()),
            own(2, "upheld", finding_ground()),
            own(1, "rejected", challenge_ground()),
        ],
        badges_url: s("/people/ann?tab=badges"),
        pager: pager(),
    };
    all.push(sheet(
        "appeals",
        "appeals/index.html",
        shell(Ann, "people", "Your appeals"),
        own_appeals.clone(),
    ));
    all.push(sheet(
        "appeals-empty",
        "appeals/index.html",
        shell(Ann, "people", "Your appeals"),
        AppealsPage { rows: Vec::new(), pager: Pager::default(), ..own_appeals },
    ));
    let appealed = |id: i64, state: &str, ground: Ground| AppealRow {
        id,
        person: bruno(),
        ground,
        text_html: said(),
        when: when("yesterday"),
        state: s(state),
        decided_by: (state != "open").then(carla),
        decided: (state != "open").then(|| when("2 hours ago")),
        note: if state == "open" { String::new() } else { s("The comments say so indeed.") },
        help: s("The badge is given back and stays."),
        hindrance: if id == 3 { s("Somebody else has to decide it.") } else { String::new() },
        can_undo: state == "upheld",
    };
    for (name, state, rows) in [
        (
            "appeals-queue",
            "open",
            vec![
                appealed(1, "open", award_ground()),
                appealed(2, "open", finding_ground()),
                appealed(3, "open", challenge_ground()),
            ],
        ),
        (
            "appeals-queue-decided",
            "decided",
            vec![appealed(4, "upheld", award_ground()), appealed(5, "rejected", challenge_ground())],
        ),
        ("appeals-queue-empty", "open", Vec::new()),
        ("appeals-queue-undecided", "decided", Vec::new()),
    ] {
        all.push(sheet(
            name,
            "appeals/queue.html",
            shell(Brand, "moderation", "Queue"),
            AppealQueuePage { counts: counts("appeals"), state: s(state), rows, pager: pager() },
        ));
    }
    let queue = QueuePage { counts: counts("flags"), pager: pager(), ..QueuePage::default() };
    all.push(sheet("queue", "moderation/queue.html", shell(Brand, "moderation", "Queue"), QueuePage { flags: vec![FlagRow { id: 5, post_id: 103, kind: s("answer"), post_url: s("/posts/103"), thread_title: s("The hub loses two of four thermostats every night"), author: gone(), excerpt: s("Buy cheap thermostats at my shop, all brands.\nhttps://shop.example/a/very/long/address/that/does/not/end/anytime/soon/and/so/on/and/so/on.html"), removed: false, flagged_by: ann(), reason_label: s("Spam"), note: s("Third time this week."), when: when("3 hours ago"), others_label: s("2 more flags on this post") }, FlagRow { id: 6, post_id: 104, kind: s("comment"), post_url: s("/posts/104"), thread_title: s("Invoice shows last year's address"), author: bruno(), excerpt: s("No."), removed: true, flagged_by: carla(), reason_label: s("Rude"), when: when("yesterday"), ..FlagRow::default() }], ..queue.clone() }));
    all.push(sheet(
        "queue-empty",
        "moderation/queue.html",
        shell(Brand, "moderation", "Queue"),
        QueuePage { pager: Pager::default(), ..queue.clone() },
    ));
    let side = |id: i64, title: &str| DuplicateSide {
        thread_id: id,
        title: s(title),
        url: format!("/threads/{id}/x"),
        excerpt: s("Since the update on Tuesday the hub forgets two of my four thermostats every night."),
        asked: when("3 hours ago"),
        answers_label: s("4 answers"),
        solved: id == 42,
    };
    let pair = DuplicateRow {
        id: 3,
        likelihood_label: s("84 % likely"),
        thread: side(57, "Thermostats are gone every morning"),
        of: side(42, "The hub loses two of four thermostats every night"),
    };
    all.push(sheet(
        "queue-duplicates",
        "moderation/queue.html",
        shell(Brand, "moderation", "Queue"),
        QueuePage {
            counts: counts("duplicates"),
            duplicates: vec![pair],
            rule_label: s("New questions that may have been asked before."),
            ..queue.clone()
        },
    ));
    all.push(sheet(
        "queue-duplicates-empty",
        "moderation/queue.html",
        shell(Brand, "moderation", "Queue"),
        QueuePage { counts: counts("duplicates"), pager: Pager::default(), ..queue.clone() },
    ));
    all.push(sheet(
        "queue-unsolved",
        "moderation/queue.html",
        shell(Brand, "moderation", "Queue"),
        QueuePage {
            counts: counts("unsolved"),
            rule_label: s("Unsolved for longer than 3 days"),
            threads: vec![
                QueueThread {
                    thread_id: 42,
                    title: s("The hub loses two of four thermostats every night"),
                    url: s("/threads/42/x"),
                    author: ann(),
                    asked: when("4 days ago"),
                    waiting: s("waiting for 4 days"),
                    late_label: s("late by 1 day"),
                    late: true,
                    answers_label: s("2 answers"),
                    me_too_label: s("12 other people have this problem"),
                    tags: tags(&["hub"]),
                    escalated: false,
                    can_escalate: true,
                },
                QueueThread {
                    thread_id: 43,
                    title: s("Invoice shows last year's address"),
                    url: s("/threads/43/x"),
                    author: bruno(),
                    asked: when("3 days ago"),
                    waiting: s("waiting for 3 days"),
                    late: false,
                    answers_label: s("1 answer"),
                    escalated: true,
                    ..QueueThread::default()
                },
            ],
            ..queue.clone()
        },
    ));
    all.push(sheet(
        "queue-unsolved-empty",
        "moderation/queue.html",
        shell(Brand, "moderation", "Queue"),
        QueuePage { counts: counts("unsolved"), pager: Pager::default(), ..queue },
    ));
    let acts = [
        "hide",
        "unhide",
        "lock",
        "unlock",
        "duplicate",
        "reopen",
        "suspend",
        "unsuspend",
        "escalate",
        "decide",
    ];
    all.push(sheet(
        "log",
        "moderation/log.html",
        shell(Visitor, "", "Log"),
        LogPage {
            rows: acts
                .iter()
                .map(|a| LogRow {
                    act: s(a),
                    text: format!("did “{a}” to an answer"),
                    by: carla(),
                    when: when("3 hours ago"),
                    target_title: s("The hub loses two of four thermostats every night"),
                    target_url: some("/posts/103"),
                    reason: s("Advertising that has nothing to do with the question."),
                })
                .collect(),
            pager: pager(),
        },
    ));
    all.push(sheet("log-empty", "moderation/log.html", shell(Visitor, "", "Log"), LogPage::default()));
    all.push(sheet(
        "escalate",
        "moderation/escalate.html",
        shell(Brand, "moderation", "Pass on"),
        EscalatePage {
            thread_id: 42,
            thread_title: s("The hub loses two of four thermostats every night"),
            thread_url: s("/threads/42/x"),
            asker_name: s("Ann Marchetti"),
            max_note: 2000,
            errors: errors(&[("note", "A note helps the team to begin. Please write one.")]),
            submission_key: s("k"),
            ..EscalatePage::default()
        },
    ));
    for act in ["hide", "duplicate", "suspend"] {
        all.push(sheet(
            &format!("reason-{act}"),
            "moderation/reason.html",
            shell(Brand, "moderation", "Reason"),
            ReasonPage {
                act: s(act),
                title: s("Hide this answer"),
                action: s("/posts/103/hiding"),
                fields: vec![HiddenField { name: s("a"), value: s("b") }],
                target_title: s("The hub loses two of four thermostats every night"),
                target_url: s("/posts/103"),
                days: 7,
                errors: errors(&[
                    ("reason", "A reason is needed."),
                    ("days", "From 1 to 365."),
                    ("of", "There is no such question."),
                ]),
                ..ReasonPage::default()
            },
        ));
    }
    let case_row = |i: i64| CaseRow {
        id: i,
        url: format!("/desk/{i}"),
        thread_title: s("The hub loses two of four thermostats every night"),
        state: s(["open", "taken", "answered"][(i as usize) % 3]),
        state_label: s(["Open", "Taken", "Answered"][(i as usize) % 3]),
        asker: ann(),
        escalated_by: carla(),
        escalated: when("5 hours ago"),
        note: s("Bruno's way helped some, not all. Twelve people have it; we need the log looked at."),
        assignee: (i % 3 != 0).then(dario),
        can_take: i % 3 == 0,
        waiting: s("waiting for 5 hours"),
        late: i == 0,
        tags: tags(&["hub", "firmware-4"]),
    };
    all.push(sheet(
        "desk",
        "escalation/desk.html",
        shell(Brand, "desk", "Desk"),
        DeskPage {
            tab: s("open"),
            open_count: 2,
            mine_count: 1,
            rows: vec![case_row(0), case_row(1), case_row(2)],
            pager: pager(),
        },
    ));
    all.push(sheet(
        "desk-empty",
        "escalation/desk.html",
        shell(Brand, "desk", "Desk"),
        DeskPage { tab: s("open"), ..DeskPage::default() },
    ));
    all.push(sheet(
        "desk-mine-empty",
        "escalation/desk.html",
        shell(Brand, "desk", "Desk"),
        DeskPage { tab: s("mine"), ..DeskPage::default() },
    ));
    all.push(sheet(
        "case",
        "escalation/case.html",
        shell(Brand, "desk", "Case"),
        CasePage {
            id: 9,
            state: s("taken"),
            state_label: s("Taken"),
            escalated_by: carla(),
            escalated: when("5 hours ago"),
            due: Some(CaseDue { label: s("due in 19 hours"), late: false }),
            note: s("Bruno's way helped some, not all.\nTwelve people have it; we need the log looked at."),
            assignee: Some(dario()),
            thread: CaseThread {
                id: 42,
                title: s("The hub loses two of four thermostats every night"),
                url: s("/threads/42/x"),
                body_html: html(BODY),
                tags: tags(&["hub", "firmware-4"]),
                asked: when("2 days ago"),
                score: 14,
                answers_label: s("3 answers"),
                me_too_label: s("12 other people have this problem"),
                answers: vec![CaseAnswer {
                    url: s("/posts/101"),
                    author: bruno(),
                    when: when("yesterday"),
                    score: 4,
                    excerpt: s("The night mode of 4.2 lowers the radio's power. Two steps: …"),
                    accepted: true,
                    official: true,
                }],
            },
            asker: AskerHistory {
                person: ann(),
                joined: when("2 years ago"),
                question_count: 7,
                solved_count: 5,
                answer_count: 2,
                case_count: 1,
                recent: vec![PastThread {
                    title: s("Invoice shows last year's address"),
                    url: s("/threads/3/x"),
                    when: when("last month"),
                    solved: true,
                    escalated: true,
                }],
            },
            notes: vec![CaseNote {
                author: dario(),
                when: when("1 hour ago"),
                body_html: html("<p>Asked the firmware team; fix is in 4.2.2.</p>"),
            }],
            timeline: vec![
                CaseEvent { kind: s("escalated"), text: s("Carla passed it on"), when: when("5 hours ago") },
                CaseEvent { kind: s("taken"), text: s("Dario took the case"), when: when("2 hours ago") },
            ],
            can_take: true,
            can_release: true,
            can_note: true,
            can_answer: true,
            can_close: true,
            answer_md: String::new(),
            signature: s("Dario, Care Team"),
            note_md: String::new(),
            close_reasons: vec![
                choice("solved", "Solved", ""),
                choice("community", "The community solved it", ""),
                choice("not_ours", "Cannot be solved by us", "Say why in the note."),
            ],
            close_note: String::new(),
            preview_html: None,
            rescued: s("What I wrote before it was answered."),
            errors: errors(&[("close", "Please choose why."), ("close-note", "Please say why.")]),
            submission_key: s("k"),
            max_body: 30000,
            max_note: 2000,
            max_signature: 80,
            outcome: s("Closed as solved."),
        },
    ));
    all.push(sheet(
        "admin",
        "admin/overview.html",
        shell(Brand, "admin", "Administration"),
        OverviewPage {
            counts: [
                ("Questions", "12,480"),
                ("Answers", "31,077"),
                ("People", "9,204"),
                ("Events", "148,220"),
            ]
            .iter()
            .map(|(l, v)| Count { label: s(l), value: s(v), url: some("/threads") })
            .collect(),
            checks: vec![
                Check {
                    name: s("Database"),
                    state: s("ok"),
                    text: s("SQLite 3.51.3, 212 MB"),
                    remedy: String::new(),
                },
                Check {
                    name: s("Mail"),
                    state: s("warn"),
                    text: s("Mails go to a folder."),
                    remedy: s("Set mail.smtp to send them."),
                },
                Check {
                    name: s("Data folder"),
                    state: s("error"),
                    text: s("Only 120 MB left."),
                    remedy: s("Free some space."),
                },
            ],
            followers: vec![
                FollowerRow {
                    name: s("search"),
                    place: 148220,
                    lag: 0,
                    lag_label: s("up to date"),
                    late: false,
                    last_error: None,
                },
                FollowerRow {
                    name: s("mail"),
                    place: 148100,
                    lag: 120,
                    lag_label: s("120 events behind"),
                    late: true,
                    last_error: some("connection refused"),
                },
            ],
            version: s("0.1.0"),
            database: s("SQLite 3.51.3"),
            data_folder: s("data"),
            uptime: s("up for 3 days"),
        },
    ));
    let admin_row = |p: Person| AdminPersonRow {
        username: p.username.clone().unwrap_or_default(),
        email: format!("{}@example.org", p.username.clone().unwrap_or_default()),
        email_confirmed: p.tone != 5,
        joined: when("2 years ago"),
        suspended: p.tone == 5,
        can_set_role: p.tone != 8,
        person: p,
    };
    all.push(sheet(
        "admin-people",
        "admin/people.html",
        shell(Brand, "admin", "Administration"),
        AdminPeoplePage {
            rows: vec![admin_row(ann()), admin_row(bruno()), admin_row(carla()), admin_row(dario())],
            pager: pager(),
            ..AdminPeoplePage::default()
        },
    ));
    all.push(sheet(
        "admin-people-none",
        "admin/people.html",
        shell(Brand, "admin", "Administration"),
        AdminPeoplePage::default(),
    ));
    all.push(sheet(
        "admin-person",
        "admin/person.html",
        shell(Brand, "admin", "Administration"),
        AdminPersonPage {
            person: bruno(),
            username: s("bruno"),
            rows: vec![
                AccountLogRow {
                    at: when("1 hour ago"),
                    act: s("Signed in"),
                    actor: s("the person"),
                    address: s("2001:db8:85a3:8d3:1319:8a2e:370:7348"),
                },
                AccountLogRow { at: when("yesterday"), act: s("Role changed"), ..AccountLogRow::default() },
            ],
            pager: pager(),
        },
    ));
    all.push(sheet(
        "admin-person-empty",
        "admin/person.html",
        shell(Brand, "admin", "Administration"),
        AdminPersonPage::default(),
    ));
    all.push(sheet(
        "admin-mails",
        "admin/mails.html",
        shell(Brand, "admin", "Administration"),
        MailsPage {
            state: s("failed"),
            waiting_count: 3,
            failed_count: 1,
            expired_count: 2,
            rows: ["waiting", "failed", "sent", "expired"]
                .iter()
                .map(|st| MailRow {
                    id: 1,
                    to: s("ann@example.org"),
                    subject: s("Bruno answered: The hub loses two of four thermostats"),
                    state: s(st),
                    attempts: 4,
                    made: when("1 hour ago"),
                    sent: None,
                    next_attempt: Some(when("in 10 minutes")),
                    last_error: s("451 4.7.1 greylisted, try again later"),
                    can_retry: *st == "failed",
                })
                .collect(),
            pager: pager(),
            transport: s("SMTP mail.example.org:587"),
        },
    ));
    all.push(sheet(
        "admin-mails-empty",
        "admin/mails.html",
        shell(Brand, "admin", "Administration"),
        MailsPage { state: s("failed"), ..MailsPage::default() },
    ));
    for status in [400, 401, 403, 404, 405, 408, 409, 413, 415, 421, 422, 429, 500, 503, 507] {
        let words = |part: &str| loggia::web::doorman::general_words("en", status, part);
        let mut page =
            ErrorPage { status, title: words("title"), text: words("text"), ..ErrorPage::default() };
        match status {
            401 => page.sign_in_url = some("/sign-in?return=%2Fthreads%2F42"),
            413 => page.rescued_text = some("A very long text …"),
            429 => page.retry_after = some("in 40 seconds"),
            500 => page.request_id = some("01JD2K7"),
            422 => page.text = s("The name of a tag has at most 35 characters."),
            _ => {}
        }
        all.push(sheet(&format!("error-{status}"), "errors/error.html", shell(Visitor, "", "Error"), page));
    }
    all.push(sheet(
        "message",
        "web/message.html",
        shell(Visitor, "account", "Mail"),
        MessagePage {
            title: s("Look at your mail"),
            text: s("We sent a link to ann@example.org. It works for one hour."),
            ..MessagePage::default()
        },
    ));
    all.push(sheet(
        "help",
        "web/help.html",
        shell(Visitor, "help", "How it works"),
        HelpPage {
            points: vec![
                PointRule { label: s("Your answer is accepted"), points: s("+15") },
                PointRule { label: s("Your answer is voted up"), points: s("+10") },
                PointRule { label: s("Your post is voted down"), points: s("−2") },
            ],
            powers: vec![PowerRule { label: s("Vote down"), points: 50 }],
            contact_url: some("/contact"),
        },
    ));
    all.push(sheet(
        "help-bare",
        "web/help.html",
        shell(Visitor, "help", "How it works"),
        HelpPage::default(),
    ));

    // The same pages with very long texts: nothing may break out of its box.
    let long: Vec<Sheet> = all
        .iter()
        .filter(|x| {
            matches!(
                x.name.as_str(),
                "front"
                    | "list"
                    | "thread-brand"
                    | "search"
                    | "person"
                    | "queue"
                    | "desk"
                    | "case"
                    | "people"
                    | "notices"
                    | "log"
                    | "revisions"
                    | "ask-errors"
                    | "admin-people"
                    | "badges"
                    | "message"
                    | "drafts"
                    | "flag"
                    | "challenge-others"
                    | "challenge-open"
                    | "challenges"
                    | "appeal"
                    | "appeals"
                    | "appeals-queue"
                    | "saved"
                    | "gaps"
                    | "synonyms"
                    | "badge-rules"
                    | "findings"
                    | "worth"
                    | "sample"
            )
        })
        .map(|x| {
            let mut page = x.page.clone();
            lengthen(&mut page, "");
            let mut shell = x.shell.clone();
            shell.brand.name = s("Consolidated Household Electronics Community of the Southern Provinces");
            if let Some(v) = shell.viewer.as_mut() {
                v.display_name = s("Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen");
            }
            Sheet { name: format!("{}-long", x.name), template: x.template, shell, page }
        })
        .collect();
    all.extend(long);
    all
}

fn lengthen(value: &mut Value, key: &str) {
    const LONG: &str = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz_and_then_a_word_that_never_ends_because_somebody_leaned_on_the_keyboard and a sentence that goes on for a good while after it, as sentences do";
    match value {
        Value::String(text) => match key {
            "title" | "thread_title" | "display_name" | "author_name" | "text" | "subject" | "excerpt"
            | "note" | "reason" | "label" | "description" | "location" | "summary" | "place_label"
            | "others_label" | "target_title" | "wording" | "query" | "typed" => *text = s(LONG),
            "body_html" | "about_html" => {
                text.push_str(&format!("<p>{LONG} https://example.org/{}</p>", "x".repeat(200)))
            }
            "excerpt_html" | "title_html" | "solution_html" => {
                text.push_str(&format!(" {LONG} {}", "x".repeat(200)))
            }
            "name" => *text = s("a-name-that-is-as-long-as-names-may-be-here"),
            _ => {}
        },
        Value::Number(_) if matches!(key, "score" | "answer_count" | "points") => *value = json!(1_234_567),
        Value::Array(items) => items.iter_mut().for_each(|x| lengthen(x, key)),
        Value::Object(map) => map.iter_mut().for_each(|(k, x)| lengthen(x, k)),
        _ => {}
    }
}

fn render(tera: &Tera, sheet: &Sheet) -> String {
    let mut context = Context::new();
    context.insert("shell", &sheet.shell);
    context.insert("page", &sheet.page);
    tera.render(sheet.template, &context)
        .unwrap_or_else(|e| panic!("{} ({}): {e}", sheet.name, sheet.template))
}

// ---------- tests ----------

#[test]
fn every_page_renders_full_empty_and_long() {
    let tera = templates();
    let dir = std::env::var("LOGGIA_TEST_GALLERY").ok().map(PathBuf::from);
    let mut used = BTreeSet::new();
    for sheet in sheets() {
        let page = render(&tera, &sheet);
        assert_sound(&sheet.name, &page);
        used.insert(sheet.template);
        if let Some(dir) = &dir {
            fs::create_dir_all(dir).unwrap();
            fs::write(dir.join(format!("{}.html", sheet.name)), page).unwrap();
        }
    }
    let mut files = Vec::new();
    files_under(&root().join("templates"), &mut files);
    for file in files {
        let name = file.strip_prefix(root().join("templates")).unwrap().to_str().unwrap().to_owned();
        let part = name.starts_with("components/")
            || name.starts_with("mail/")
            || name == "shell.html"
            || name == "web/preview.html";
        assert!(part || used.contains(name.as_str()), "{name} is shown by no sample");
    }
}

/// Elements nest, ids are unique, labels and descriptions point to something, and the strict CSP is kept.
fn assert_sound(name: &str, page: &str) {
    const VOID: [&str; 8] = ["meta", "link", "input", "br", "hr", "img", "option", "col"];
    let mut open: Vec<String> = Vec::new();
    let mut ids: BTreeSet<String> = BTreeSet::new();
    let mut wanted: Vec<String> = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with('!') {
            continue;
        }
        let end = rest.find('>').unwrap_or_else(|| panic!("{name}: an element does not end"));
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if let Some(closing) = tag.strip_prefix('/') {
            let closing = closing.trim();
            if VOID.contains(&closing) {
                continue;
            }
            let last = open.pop().unwrap_or_default();
            assert_eq!(
                last,
                closing,
                "{name}: </{closing}> where <{last}> is open; before: {}",
                &rest[..rest.len().min(120)]
            );
            continue;
        }
        let element = tag.split([' ', '/', '\n']).next().unwrap_or_default().to_owned();
        for attribute in [" style=", " onclick=", " onload=", " onsubmit="] {
            assert!(!tag.contains(attribute), "{name}: {attribute} in <{tag}>");
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{name}: quotes in <{tag}>");
        for (prefix, target) in
            [(" id=\"", 0), (" for=\"", 1), (" aria-labelledby=\"", 1), (" aria-describedby=\"", 1)]
        {
            if let Some(text) = tag.split(prefix).nth(1).and_then(|x| x.split('"').next()) {
                if target == 0 {
                    assert!(ids.insert(text.to_owned()), "{name}: id {text} twice");
                } else {
                    wanted.extend(text.split_whitespace().map(str::to_owned));
                }
            }
        }
        if element == "script" {
            assert!(tag.contains("src=") || tag.contains("ld+json"), "{name}: a script inside the page");
        }
        let inline_parent = matches!(open.last().map(String::as_str), Some("p" | "h1" | "h2" | "h3" | "h4"));
        assert!(
            !(inline_parent
                && matches!(
                    element.as_str(),
                    "p" | "div" | "ul" | "ol" | "form" | "section" | "table" | "details" | "h2" | "dl"
                )),
            "{name}: <{tag}> inside <{}>",
            open.last().cloned().unwrap_or_default()
        );
        assert!(
            !(matches!(element.as_str(), "a" | "button") && open.iter().any(|o| o == "a" || o == "button")),
            "{name}: <{tag}> inside a link or button"
        );
        assert!(!(element == "form" && open.iter().any(|o| o == "form")), "{name}: a form in a form");
        if element == "li" {
            assert!(
                matches!(open.last().map(String::as_str), Some("ul" | "ol")),
                "{name}: <li> outside a list"
            );
        }
        if !VOID.contains(&element.as_str()) && !tag.ends_with('/') {
            open.push(element);
        }
    }
    assert!(open.is_empty(), "{name}: left open: {open:?}");
    for id in wanted {
        assert!(ids.contains(&id), "{name}: nothing has the id {id}");
    }
    assert!(!page.contains("{{") && !page.contains("{%"), "{name}: template text is left");
}

/// Template sources whole, with what handlers and scripts add beside them.
#[test]
fn every_word_a_template_asks_for_is_there() {
    let words = Words::english();
    let mut files = Vec::new();
    files_under(&root().join("templates"), &mut files);
    let mut asked = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for call in text.split("t(k=\"").skip(1) {
            asked.insert(call.split('"').next().unwrap().to_owned());
        }
    }
    for key in &asked {
        assert!(words.0.has_message(key), "no words for {key}");
    }
}

#[test]
fn an_anonymous_page_has_no_form_that_posts() {
    let tera = templates();
    for sheet in sheets().iter().filter(|x| {
        matches!(
            x.name.as_str(),
            "front" | "thread" | "search" | "search-none" | "tags" | "people" | "help" | "log" | "error-404"
        )
    }) {
        assert!(!render(&tera, sheet).contains("method=\"post\""), "{}", sheet.name);
    }
}

/// How long the two hot pages take; printed, not judged. Run with --release and --nocapture.
#[test]
#[ignore = "a measurement"]
fn how_long_the_hot_pages_take() {
    let tera = templates();
    let list = ListPage {
        sort: s("newest"),
        base_url: s("/threads"),
        rows: rows(30),
        feed_url: s("/f"),
        ..ListPage::default()
    };
    let thread = solved_thread(Eye::Visitor);
    let measure = |name: &str, template: &str, page: &dyn Fn(&mut Context)| {
        let around = shell(Eye::Visitor, "threads", "x");
        let mut best = f64::MAX;
        let mut size = 0;
        for _ in 0..20 {
            let start = std::time::Instant::now();
            for _ in 0..100 {
                let mut context = Context::new();
                context.insert("shell", &around);
                page(&mut context);
                size = tera.render(template, &context).unwrap().len();
            }
            best = best.min(start.elapsed().as_secs_f64() / 100.0);
        }
        println!("{name}: {:.1} µs, {size} bytes", best * 1e6);
    };
    measure("list of 30", "threads/list.html", &|c| c.insert("page", &list));
    measure("thread with 4 answers", "threads/show.html", &|c| c.insert("page", &thread));
}

/// Stack Exchange's terms ask for links to the source and the author "without any nofollow command".
#[test]
fn attribution_leads_to_the_source_without_nofollow() {
    let post = fs::read_to_string(root().join("templates/components/post.html")).unwrap();
    for (tag, row) in [("p", "p"), ("span", "c")] {
        let origin = post.split(&format!("<{tag} class=\"origin\">")).nth(1).unwrap();
        let origin = origin.split(&format!("</{tag}>")).next().unwrap();
        for link in ["url", "author_url", "licence_url"] {
            assert!(origin.contains(&format!("href=\"{{{{ {row}.origin.{link} }}}}\"")), "{origin}");
        }
        assert!(!origin.contains("nofollow"), "{origin}");
    }
}
