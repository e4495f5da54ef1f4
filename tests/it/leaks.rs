//! tests: what was removed, and what was never for everybody, is looked for on every surface as everybody.
use crate::threads::{answer, ask, post_id, thread_id};
use crate::visitor::{Page, Visitor};
use crate::world::{World, enrol};
use diesel::prelude::*;
use loggia::accounts::Role;
use loggia::db::schema::{mails, posts};
use std::collections::{BTreeSet, VecDeque};

/// A word that stands in one text alone, and who may read that text beside moderators.
struct Canary {
    word: String,
    may: &'static [&'static str],
    /// Not even for moderators.
    secret: bool,
}

struct Scene {
    canaries: Vec<Canary>,
    /// Every post and thread that is gone, or holds something that is.
    ids: Vec<i64>,
    case: i64,
    /// The newest mail from before anything was removed.
    mails_before: i64,
}

impl Scene {
    fn word(&mut self, word: &str, may: &'static [&'static str]) -> String {
        self.canaries.push(Canary { word: word.into(), may, secret: false });
        // In every text also a word they share, by which a search would find them all.
        format!("{word} marmotta on the terrace of the old station")
    }
    fn secret(&mut self, word: &str, may: &'static [&'static str]) -> String {
        let text = self.word(word, may);
        self.canaries.last_mut().unwrap().secret = true;
        text
    }
}

async fn comment(by: &Visitor, post: i64, body: &str) -> i64 {
    by.get(&format!("/posts/{post}/comments")).await.expect(200);
    post_id(&by.post(&format!("/posts/{post}/comments"), &[("body", body)]).await)
}

async fn act(by: &Visitor, path: &str, fields: &[(&str, &str)]) {
    by.get("/help").await;
    by.post(path, fields).await.expect(303);
}

/// Texts of every kind that are not for all, written; `remove` then takes away what is to go.
async fn write(world: &World) -> (Scene, Vec<(i64, &'static str)>, String) {
    let mut s = Scene { canaries: Vec::new(), ids: Vec::new(), case: 0, mails_before: 0 };
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let (carla, dario) = (world.carla().await, world.dario().await);
    let mut gone = Vec::new();
    // A question that stays, and what is taken from it.
    let live =
        ask(&ann, "The terrace is full of marmots", "Every morning, marmotta after marmotta.", "garden")
            .await;
    let id = thread_id(&live);
    let text = s.word("zqoldrevision", &["bruno"]);
    let hidden = answer(&bruno, &live, &text).await;
    let form = bruno.get(&format!("/posts/{hidden}/edit")).await;
    let (body, summary) = (s.word("zqhiddenanswer", &["bruno"]), s.word("zqsummary", &["bruno"]));
    let fields = [("body", body.as_str()), ("summary", summary.as_str())];
    bruno.submit(&form, &format!("/posts/{hidden}/revisions"), &fields).await.expect(303);
    let text = s.word("zqunderhidden", &["ann", "bruno"]);
    let under = comment(&ann, hidden, &text).await;
    gone.push((hidden, "hiding"));
    let text = s.word("zqdeletedanswer", &["bruno"]);
    let deleted = answer(&bruno, &live, &text).await;
    gone.push((deleted, "deletion"));
    let text = s.word("zqaccepted", &["bruno"]);
    let accepted = answer(&bruno, &live, &text).await;
    let page = ann.get(&live).await;
    let all = page.forms().iter().filter(|action| action.ends_with("/acceptance")).count();
    assert!(all >= 1, "{:?}", page.forms());
    act(&ann, &format!("/threads/{id}/acceptance"), &[("answer_id", &accepted.to_string())]).await;
    gone.push((accepted, "hiding"));
    let text = s.word("zqhiddencomment", &["bruno"]);
    let hidden_comment = comment(&bruno, id, &text).await;
    gone.push((hidden_comment, "hiding"));
    let text = s.word("zqdeletedcomment", &["bruno"]);
    let deleted_comment = comment(&bruno, id, &text).await;
    gone.push((deleted_comment, "deletion"));
    // A question that its asker deletes.
    let (title, body) = (s.word("zqdeletedtitle", &["bruno"]), s.word("zqdeletedbody", &["bruno"]));
    let url = ask(&bruno, &title, &body, "garden zqdeletedtag").await;
    s.word("zqdeletedtag", &["bruno"]);
    let text = s.word("zqondeleted", &["bruno"]);
    let on_deleted = comment(&ann, thread_id(&url), &text).await;
    gone.push((thread_id(&url), "deletion"));
    // A question that is hidden with all that stands in it.
    let (title, body) = (s.word("zqhiddentitle", &["ann"]), s.word("zqhiddenbody", &["ann"]));
    let url = ask(&ann, &title, &body, "garden zqhiddentag").await;
    s.word("zqhiddentag", &["ann"]);
    let text = s.word("zqinhidden", &["ann"]);
    let in_hidden = answer(&bruno, &url, &text).await;
    let text = s.word("zqoninhidden", &["ann"]);
    let on_in_hidden = comment(&bruno, in_hidden, &text).await;
    gone.push((thread_id(&url), "hiding"));
    s.ids =
        vec![id, hidden, under, deleted, accepted, hidden_comment, deleted_comment, on_deleted, in_hidden];
    s.ids.extend([on_in_hidden, thread_id(&url)]);
    s.ids.extend(gone.iter().map(|(post, _)| *post));
    // What was never for everybody.
    let text = s.secret("zqdraft", &["ann"]);
    act_204(&ann, "/drafts", &[("place", "question"), ("title", &text), ("body", &text)]).await;
    let note = s.word("zqflagnote", &[]);
    act(&bruno, &format!("/posts/{id}/flags"), &[("reason", "other"), ("note", &note)]).await;
    let note = s.word("zqcasenote", &["dario"]);
    act(&carla, &format!("/threads/{id}/cases"), &[("note", &note)]).await;
    {
        use loggia::db::schema::cases;
        s.case = cases::table.select(cases::id).first(&mut *world.db.reader().unwrap()).unwrap();
    }
    act(&dario, &format!("/cases/{}/assignment", s.case), &[]).await;
    let note = s.word("zqinternal", &["dario"]);
    act(&dario, &format!("/cases/{}/notes", s.case), &[("note", &note)]).await;
    (s, gone, live)
}

async fn act_204(by: &Visitor, path: &str, fields: &[(&str, &str)]) {
    by.get("/help").await;
    by.post(path, fields).await.expect(204);
}

async fn remove(world: &World, scene: &mut Scene, gone: &[(i64, &'static str)]) {
    let (bruno, carla) = (world.bruno().await, world.carla().await);
    let reason = scene.word("zqreason", &["ann", "bruno"]);
    for (post, how) in gone {
        let by = if *how == "hiding" { &carla } else { &bruno };
        act(by, &format!("/posts/{post}/{how}"), &[("reason", &reason)]).await;
    }
    let reason = scene.word("zqsuspension", &[]);
    act(&carla, "/people/sven/suspension", &[("days", "7"), ("reason", &reason)]).await;
}

/// Every address that might say something, whoever asks.
fn surfaces(scene: &Scene) -> Vec<String> {
    let mut all: Vec<String> = [
        "/",
        "/threads",
        "/threads?sort=active",
        "/threads?sort=unanswered",
        "/threads?sort=unsolved",
        "/threads?sort=votes",
        "/tags",
        "/tags?q=zq",
        "/tags?sort=name",
        "/tags/garden",
        "/tags/garden/feed.atom",
        "/tags/zqhiddentag",
        "/tags/zqhiddentag/feed.atom",
        "/tags/zqdeletedtag",
        "/threads/feed.atom",
        "/sitemap.xml",
        "/sitemap-1.xml",
        "/search?q=marmotta",
        "/search?q=terrace+station",
        "/search?q=user:bruno+marmotta",
        "/search?q=%5Bgarden%5D+marmotta",
        "/search/suggestions?title=marmotta+on+the+terrace+of+the+old+station",
        "/people",
        "/people?q=a",
        "/people?sort=newest",
        "/badges",
        "/badges/first-answer",
        "/badges/first-solution",
        "/badges/asker",
        "/notices",
        "/drafts",
        "/ask",
        "/ask?title=marmotta+on+the+terrace",
        "/settings",
        "/settings/account",
        "/settings/tokens",
        "/settings/sessions",
        "/moderation",
        "/moderation?tab=unanswered",
        "/moderation/log",
        "/desk",
        "/desk?tab=mine",
        "/desk?tab=closed",
        "/admin",
        "/admin/mails",
        "/admin/people",
        "/nowhere",
    ]
    .map(String::from)
    .to_vec();
    for who in ["ann", "bruno", "carla", "dario", "sven"] {
        all.push(format!("/people/{who}"));
        for tab in ["answers", "questions", "points", "badges"] {
            all.push(format!("/people/{who}?tab={tab}"));
        }
    }
    all.push(format!("/desk/{}", scene.case));
    for id in &scene.ids {
        for path in [
            "/posts/{}",
            "/posts/{}/comments",
            "/posts/{}/revisions",
            "/posts/{}/revisions?from=1&to=2",
            "/posts/{}/edit",
            "/posts/{}/flag",
            "/threads/{}",
            "/threads/{}/x",
            "/threads/{}/news?since=0",
            "/threads/{}/escalate",
        ] {
            all.push(path.replace("{}", &id.to_string()));
        }
    }
    all
}

/// Everything one visitor finds: the surfaces, where they lead, and what the pages link to.
async fn crawl(visitor: &Visitor, scene: &Scene) -> Vec<Page> {
    const AT_MOST: usize = 420;
    let mut waiting: VecDeque<String> = surfaces(scene).into();
    let mut known: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut pages = Vec::new();
    while let Some(path) = waiting.pop_front() {
        let mut page = visitor.get(&path).await;
        page.asked = format!("GET {path}");
        assert!(page.status < 500, "{path} answered {}: {}", page.status, page.text());
        let mut links = page.links();
        links.extend(Some(page.header("location").to_owned()).filter(|place| !place.is_empty()));
        for link in links {
            let link = link.split('#').next().unwrap_or_default().to_owned();
            let ours = link.starts_with('/') && !link.starts_with("//") && !link.starts_with("/assets/");
            if ours && known.len() < AT_MOST && known.insert(link.clone()) {
                waiting.push_back(link);
            }
        }
        pages.push(page);
    }
    pages
}

/// Where `word` stands in this answer: its body, or a header.
fn says(page: &Page, word: &str) -> bool {
    let head = page.headers.iter().any(|(_, value)| String::from_utf8_lossy(value.as_bytes()).contains(word));
    let text = page.text();
    // Ours are of letters alone, so that no escaping and no encoding hides them; addresses are not.
    head || text.contains(word) || text.contains(&word.replace('@', "&#64;").replace('.', "&#46;"))
}

async fn look(world: &World, scene: &Scene, everybody: &[(&'static str, Visitor)], when: &str) {
    let mut found = Vec::new();
    let people = ["ann", "bruno", "carla", "dario", "elena", "sven", "gina"];
    let sessions: Vec<String> =
        everybody.iter().filter_map(|(_, browser)| browser.cookie("loggia_session")).collect();
    for (who, browser) in everybody {
        for page in crawl(browser, scene).await {
            let mut forbidden: Vec<String> = scene
                .canaries
                .iter()
                .filter(|canary| !canary.may.contains(who) && (*who != "carla" || canary.secret))
                .map(|canary| canary.word.clone())
                .collect();
            let others = people.iter().filter(|name| *name != who);
            forbidden.extend(others.map(|name| format!("{name}@example.com")));
            forbidden.push("$argon2".into());
            forbidden.extend(sessions.iter().cloned());
            forbidden.extend(sessions.iter().map(|token| loggia::kernel::token::digest(token)));
            // What one looks for stands on the page on which one looks.
            forbidden.retain(|word| !page.asked.contains(word.as_str()) && !page.asked.contains("q=zq"));
            for word in forbidden.iter().filter(|word| says(&page, word)) {
                found.push(format!("{who} read {word} at {} ({})", page.asked, page.status));
            }
        }
    }
    // Mails of after: none holds what is gone, whoever it is for; what is of staff goes to staff alone.
    let mut conn = world.db.reader().unwrap();
    let sent: Vec<(String, String, String, String)> = mails::table
        .filter(mails::id.gt(scene.mails_before))
        .select((mails::recipient, mails::subject, mails::body_text, mails::body_html))
        .load(&mut *conn)
        .unwrap();
    for (to, subject, text, html) in sent {
        let name = to.split('@').next().unwrap_or_default();
        let moderator = matches!(name, "carla" | "elena");
        for canary in scene.canaries.iter().filter(|c| !c.may.contains(&name) && (!moderator || c.secret)) {
            if [&subject, &text, &html].iter().any(|part| part.contains(&canary.word)) {
                found.push(format!("a mail to {to} says {}: {subject}", canary.word));
            }
        }
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{when}:\n  {}", found.join("\n  "));
}

async fn everybody(world: &World) -> Vec<(&'static str, Visitor)> {
    let gina = world
        .db
        .write(|tx| {
            enrol(tx, &("sven", "Sven", "sven@example.com", Role::Customer, ""))?;
            enrol(tx, &("gina", "Gina", "gina@example.com", Role::Customer, ""))
        })
        .await
        .unwrap();
    vec![
        ("visitor", world.visitor()),
        ("gina", world.signed_in(&gina).await),
        ("ann", world.ann().await),
        ("bruno", world.bruno().await),
        ("dario", world.dario().await),
        ("carla", world.carla().await),
    ]
}

on_both!(what_is_removed_or_private_is_found_nowhere, |world| async move {
    let everybody = everybody(&world).await;
    let (mut scene, gone, live) = write(&world).await;
    world.settle().await;
    {
        let mut conn = world.db.reader().unwrap();
        let newest: Option<i64> = mails::table.select(diesel::dsl::max(mails::id)).first(&mut *conn).unwrap();
        scene.mails_before = newest.unwrap_or(0);
    }
    // All of it is found while it is there, and every page that could be kept is kept.
    for path in surfaces(&scene) {
        everybody[0].1.get(&path).await;
    }
    let page = everybody[0].1.get(&live).await;
    page.expect(200).contains("zqhiddenanswer").contains("zqaccepted").contains("zqhiddencomment");
    everybody[0].1.get("/search?q=marmotta").await.expect(200).contains("zqhiddentitle");
    remove(&world, &mut scene, &gone).await;
    look(&world, &scene, &everybody, "at once").await;
    world.settle().await;
    look(&world, &scene, &everybody, "when all had followed").await;
    // The test itself would see it: a moderator does.
    let all: Vec<i64> = posts::table.select(posts::id).load(&mut *world.db.reader().unwrap()).unwrap();
    assert!(all.len() > 10);
    everybody[5].1.get(&live).await.expect(200).contains("zqhiddenanswer").contains("zqreason");
});

on_both!(who_flagged_a_post_is_not_told_to_its_author, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url =
        ask(&ann, "The terrace is full of marmots", "Every morning, marmotta after marmotta.", "").await;
    act(&bruno, &format!("/posts/{}/flags", thread_id(&url)), &[("reason", "other"), ("note", "")]).await;
    let flag: i64 = {
        use loggia::db::schema::flags;
        flags::table.select(flags::id).first(&mut *world.db.reader().unwrap()).unwrap()
    };
    let decision = [("decision", "agreed"), ("reason", "It is no question, true")];
    act(&carla, &format!("/flags/{flag}/decision"), &decision).await;
    world.settle().await;
    for who in [&bruno, &carla] {
        who.get("/people/bruno?tab=points").await.expect(200).contains("full of marmots");
    }
    for who in [&ann, &world.dario().await, &world.visitor()] {
        let page = who.get("/people/bruno?tab=points").await;
        // Not even when it was, which the time of the hiding would answer.
        page.expect(200).lacks("A moderator agreed").lacks("+2").lacks("full of marmots").lacks(&url);
    }
    ann.get(&url).await.expect(200).lacks("Bruno");
    ann.get("/notices").await.expect(200).lacks("Bruno");
});
