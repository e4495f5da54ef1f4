//! tests: what searches teach: the brand's synonyms, counts without a trace of who sought, gaps, and being told later.
use crate::ground::{Ground, aside};
use crate::threads::{answer, ask, thread_id};
#[cfg(feature = "meaning")]
use crate::tiny;
use crate::visitor::{Page, Visitor};
use crate::world::World;
use diesel::prelude::*;
use loggia::db::schema::{events, mails, notices, saved_searches, search_counts};
use loggia::kernel::limits;
use loggia::kernel::moment::{DAY, HOUR};
use reqwest::Method;

const BODY: &str = "It happens every night, and nothing on the shelf of manuals says why.";

async fn flush(world: &World) {
    let app = world.app.clone();
    aside(move || app.searches.flush(&app.db).unwrap()).await;
}

async fn put_in_force(by: &Visitor, list: &str) -> Page {
    let page = by.get("/admin/synonyms").await;
    by.submit(page.expect(200), "/admin/synonyms", &[("body", list)]).await
}

// --- synonyms ---

on_both!(synonyms_find_each_other_at_once_and_are_marked, |world| async move {
    let (ann, elena) = (world.ann().await, world.elena().await);
    ask(&ann, "The wlan is gone after the update", BODY, "router").await;
    ask(&ann, "I cannot sign in with my phone", BODY, "account").await;
    world.settle().await;
    let visitor = world.visitor();
    visitor.get("/search?q=wireless").await.expect(200).contains("Nothing found");
    let list = "[[same]]\nwords = [\"wireless\", \"wlan\", \"wi-fi\"]\n[[also]]\nfrom = \"login\"\nto = [\"sign in\"]\n";
    put_in_force(&elena, list).await.expect(303).leads_to("/admin/synonyms");
    world.settle().await;
    // Also where the page was kept, in another form, and by the API.
    visitor.get("/search?q=wireless").await.expect(200).contains("The <mark>wlan</mark> is gone");
    visitor.get("/search?q=wi-fi").await.contains("<mark>wlan</mark>");
    visitor.get("/search?q=logins").await.contains("<mark>sign</mark> in with my phone");
    visitor.get("/search?q=%22wireless%22").await.contains("Nothing found");
    visitor.get("/search?q=sign+in+shelf").await.lacks("<mark>login</mark>");
    assert_eq!(
        visitor.get("/api/v1/search?q=wireless").await.json()["items"].as_array().map(Vec::len),
        Some(1)
    );
    let similar = visitor.get("/search/suggestions?title=my+wireless+drops+again").await.expect(200).json();
    assert_eq!(similar[0]["title"], "The wlan is gone after the update", "{similar}");
    // What the list makes of a query can be looked at.
    let page = elena.get("/admin/synonyms?try=my+logins+fail").await;
    page.expect(200).contains("<b>logins</b>").contains("sign in").contains("2 rules in force");
    elena.get("/admin/synonyms?try=toaster").await.contains("No rule is for these words.");
    // An index that is opened anew knows the list.
    let app = world.app.clone();
    aside(move || loggia::search::reindex(&app, &|_, _| {}).unwrap()).await;
    visitor.get("/search?q=wireless&x").await.contains("<mark>wlan</mark>");
    let conn = &mut *world.db.reader().unwrap();
    let told: i64 =
        events::table.filter(events::kind.eq("synonyms_changed")).count().get_result(conn).unwrap();
    assert_eq!(told, 1);
});

on_both!(a_list_with_a_mistake_is_given_back_with_its_line, |world| async move {
    let elena = world.elena().await;
    put_in_force(&elena, "[[same]]\nwords = [\"a\", \"b\"]\n").await.expect(303);
    let wrong = "[[same]]\nwords = [\"tv\", \"set\"]\n\n[[same]]\nwords = [\"alone\"]\n";
    let page = put_in_force(&elena, wrong).await;
    page.expect(422)
        .contains("Line 5: this rule needs another word")
        .contains("<code>words = [&quot;alone&quot;]</code>");
    assert_eq!(page.form("/admin/synonyms")["body"], wrong);
    assert_eq!(
        elena.get("/admin/synonyms").await.form("/admin/synonyms")["body"],
        "[[same]]\nwords = [\"a\", \"b\"]\n"
    );
    // Two at once: the second is told, keeps what they typed, and may insist.
    let (first, second) = (elena.get("/admin/synonyms").await, elena.get("/admin/synonyms").await);
    elena.submit(&first, "/admin/synonyms", &[("body", "# first")]).await.expect(303);
    let page = elena.submit(&second, "/admin/synonyms", &[("body", "# second")]).await;
    page.expect(422).contains("Somebody changed the list while you were editing");
    elena.submit(&page, "/admin/synonyms", &[]).await.expect(303);
    elena.get("/admin/synonyms").await.contains("# second");
});

// --- counting ---

type Counted = (String, i64, i64, i64, i64, i64, i64);

fn counted(world: &World) -> Vec<Counted> {
    let columns = (
        search_counts::query,
        search_counts::searched,
        search_counts::found_none,
        search_counts::weak,
        search_counts::opened,
        search_counts::solved,
        search_counts::visitors,
    );
    let conn = &mut *world.db.reader().unwrap();
    search_counts::table.order((search_counts::query, search_counts::day)).select(columns).load(conn).unwrap()
}

on_both!(searches_are_counted_by_their_words_alone, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let url = ask(&ann, "The zebra printer prints stripes", BODY, "printer").await;
    let said = answer(&bruno, &url, "Clean its head, and the stripes go away.").await;
    let id = thread_id(&url);
    world.settle().await;
    let visitor = world.visitor();
    // One page from the cache, one made for a member: both are searches.
    for _ in 0..2 {
        visitor.get("/search?q=zebra+printer").await.expect(200);
    }
    ann.get("/search?q=Zebra%20printer!").await.expect(200);
    visitor.get("/search?q=flamingo").await.expect(200);
    visitor.get("/search?q=zebra+flamingo").await.expect(200);
    // Nothing of these: addresses, numbers, stories, narrowed searches, later pages.
    for q in
        ["ann%40example.com", "card+4111+1111+1111+1111", "call+%2B39+340+1234567", "printer+is:solved", ""]
    {
        visitor.get(&format!("/search?q={q}")).await.expect(200);
    }
    visitor.get(&format!("/search?q={}", "my+name+is+".repeat(9))).await.expect(200);
    // A hit opened: the browser says where the link was. From elsewhere it is none.
    let open = |from: &'static str| {
        let request =
            visitor.request(Method::GET, &url).header("referer", format!("{}{from}", world.base_url));
        visitor.send(request)
    };
    open("/search?q=zebra+printer").await.expect(200);
    open("/threads").await.expect(200);
    flush(&world).await;
    ann.get(&url).await;
    ann.post(&format!("/threads/{id}/acceptance"), &[("answer_id", &said.to_string())]).await.expect(303);
    open("/search?q=zebra+printer").await.expect(200);
    flush(&world).await;
    flush(&world).await;
    // All came from one household, on one day.
    let expected: [Counted; 3] = [
        ("flamingo".into(), 1, 1, 0, 0, 0, 1),
        ("zebra flamingo".into(), 1, 0, 1, 0, 0, 1),
        ("zebra printer".into(), 3, 0, 0, 2, 1, 1),
    ];
    assert_eq!(counted(&world), expected);
    // Another day is another row, and old ones go.
    world.clock.advance(DAY);
    visitor.get("/search?q=zebra+printer").await.expect(200);
    flush(&world).await;
    assert_eq!(counted(&world)[3], ("zebra printer".into(), 1, 0, 0, 0, 0, 1));
    world.clock.advance(limits::SEARCH_COUNT_DAYS * DAY);
    world.db.write(loggia::insight::sweep).await.unwrap();
    assert_eq!(counted(&world).len(), 1);
});

// --- gaps ---

async fn search_from(world: &World, household: u8, text: &str) {
    let visitor = world.visitor();
    let request = visitor.request(Method::GET, &format!("/search?q={text}"));
    visitor.send(request.header("x-forwarded-for", format!("203.0.113.{household}"))).await.expect(200);
}

on_both!(managers_see_what_many_seek_in_vain, |ground: Ground| async move {
    let world = World::with(ground, &[("trusted_proxies", "127.0.0.1")]).await;
    let (ann, bruno, elena) = (world.ann().await, world.bruno().await, world.elena().await);
    world.settle().await;
    elena.get("/admin/gaps").await.expect(200).contains("No gaps to show");
    for household in 1..5 {
        search_from(&world, household, "descale+the+kettle").await;
        search_from(&world, household, "descale+the+kettle").await;
    }
    search_from(&world, 1, "my+secret+kettle").await;
    flush(&world).await;
    // Eight searches, but of four visitors only.
    elena.get("/admin/gaps").await.contains("No gaps to show");
    search_from(&world, 5, "Kettles+descaling").await;
    flush(&world).await;
    let page = elena.get("/admin/gaps").await;
    page.expect(200).contains("descale the kettle".replace("the ", "").as_str()).lacks("secret");
    page.contains("Searched 9 times: 9 × nothing found").contains("Also worded another way");
    assert!(page.links().contains(&"/ask?title=descale%20kettle".to_owned()), "{:?}", page.links());
    // A question about it comes, then a solution: both stand beside the gap.
    let url = ask(&ann, "How to descale a kettle of the first series", BODY, "kettle").await;
    world.settle().await;
    elena.get("/admin/gaps").await.contains("Unanswered").contains(&url).lacks("Solved since");
    let said = answer(&bruno, &url, "Vinegar, an hour, and rinse it twice.").await;
    ann.get(&url).await;
    let accept = [("answer_id", said.to_string())];
    let accept: Vec<(&str, &str)> = accept.iter().map(|(k, v)| (*k, v.as_str())).collect();
    ann.post(&format!("/threads/{}/acceptance", thread_id(&url)), &accept).await.expect(303);
    world.settle().await;
    elena.get("/admin/gaps").await.contains("Solved since").contains(&url);
    // As a file, for a period, put aside and back.
    let file = elena.get("/admin/gaps.csv?days=7").await;
    file.expect(200).contains("\"descale kettle\",9,9,0,9,0,0,");
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let page = elena.get("/admin/gaps?days=7").await;
    elena.submit(&page, "/admin/gaps/dismissal", &[]).await.expect(303).leads_to("/admin/gaps?days=7");
    elena.get("/admin/gaps?days=7").await.contains("No gaps to show");
    let page = elena.get("/admin/gaps?days=7&show=aside").await;
    elena.submit(page.contains("descale kettle"), "/admin/gaps/dismissal/removal", &[]).await.expect(303);
    elena.get("/admin/gaps?days=7").await.contains("descale kettle");
    world.clock.advance(10 * DAY);
    elena.get("/admin/gaps?days=7").await.contains("No gaps to show");
    elena.get("/admin/gaps?days=90").await.contains("descale kettle");
    for bad in ["?days=8", "?show=x"] {
        elena.get(&format!("/admin/gaps{bad}")).await.expect(404);
    }
    elena.get("/admin/gaps?after=x").await.expect(400);
});

on_both!(gaps_come_in_pages_without_a_gap_between, |ground: Ground| async move {
    let world = World::with(ground, &[("trusted_proxies", "127.0.0.1")]).await;
    world.settle().await;
    let wanted: Vec<String> = (0..limits::GAPS_PER_PAGE + 5).map(|n| format!("quokka{n}")).collect();
    for household in 1..6 {
        for word in &wanted {
            search_from(&world, household, word).await;
        }
    }
    flush(&world).await;
    let elena = world.elena().await;
    let mut seen = Vec::new();
    let mut next = Some("/admin/gaps".to_owned());
    while let Some(path) = next {
        let page = elena.get(&path).await;
        let links = page.expect(200).links();
        seen.extend(links.iter().filter_map(|link| link.strip_prefix("/search?q=")).map(str::to_owned));
        next = links.into_iter().find(|link| link.starts_with("/admin/gaps") && link.contains("after="));
    }
    let mut wanted = wanted;
    wanted.sort();
    seen.sort();
    assert_eq!(seen, wanted);
});

/// The world with a small encoder, to which every word it does not know is the same one.
#[cfg(feature = "meaning")]
async fn schooled(ground: Ground) -> World {
    tiny::write(&ground.data.join("model"));
    World::with(ground, &[("trusted_proxies", "127.0.0.1")]).await
}

#[cfg(feature = "meaning")]
on_both!(wordings_that_mean_the_same_to_a_model_are_one_gap, |ground: Ground| async move {
    let world = schooled(ground).await;
    let (ann, elena) = (world.ann().await, world.elena().await);
    world.settle().await;
    for (visitors, text) in [
        (7, "the+limescale"),
        (5, "furring"),
        (6, "the+red+light"),
        // Of too few visitors, though it means the same.
        (4, "scaling"),
        // The same to the model, but in a language it does not know.
        (5, "il+calcare"),
    ] {
        for household in 1..=visitors {
            search_from(&world, household, text).await;
        }
    }
    flush(&world).await;
    // The solution of one wording is the solution of all.
    let url = ask(&ann, "How to get rid of furring", BODY, "kettle").await;
    world.settle().await;
    let page = elena.get("/admin/gaps").await;
    page.expect(200).contains("Also searched for as").contains("Searched 12 times: 12 × nothing found");
    page.contains("Wordings that mean the same are one gap").contains("Unanswered").contains(&url);
    page.lacks("scaling");
    let text = page.text();
    let gap = |name: &str| format!("<h2><a href=\"/search?q={name}\">");
    let places: Vec<usize> = ["limescale", "red%20light", "calcare"]
        .map(|name| text.find(&gap(name)).unwrap_or_else(|| panic!("{name} is no gap of its own")))
        .into();
    assert!(places.is_sorted(), "{places:?}");
    page.lacks(&gap("furring")).contains("<a href=\"/search?q=furring\">furring</a>");
    let file = elena.get("/admin/gaps.csv").await;
    file.expect(200).contains("\"limescale\",12,12,0,12,0,0,2026-03-02,\"furring\"").lacks("scaling");
    // It is put aside and back as a whole.
    elena.submit(&page, "/admin/gaps/dismissal", &[]).await.expect(303);
    elena.get("/admin/gaps").await.lacks("limescale").lacks("furring").contains("red light");
    let page = elena.get("/admin/gaps?show=aside").await;
    page.contains("Searched 12 times").contains("furring").lacks("red light");
    elena.submit(&page, "/admin/gaps/dismissal/removal", &[]).await.expect(303);
    elena.get("/admin/gaps?show=aside").await.contains("No gap was put aside");
    elena.get("/admin/gaps").await.contains("Searched 12 times").contains("furring");
});

#[cfg(feature = "meaning")]
on_both!(gaps_by_meaning_come_in_pages_without_a_gap_between, |ground: Ground| async move {
    let world = schooled(ground).await;
    let today = world.clock.now().0.div_euclid(DAY);
    // Those with different numbers are different things; often as many times as another.
    let count = i64::try_from(limits::GAPS_COMPARED + limits::GAPS_PER_PAGE + 5).unwrap();
    let mut wanted: Vec<(String, i64)> = (0..count).map(|n| (format!("quokka{n}"), 300 - n / 3)).collect();
    // Two in the middle that are one and come first, and a third behind what is compared.
    wanted.extend([("limescale".into(), 299), ("furring".into(), 298), ("calcification".into(), 1)]);
    let rows = wanted.clone();
    world
        .db
        .write(move |tx| -> loggia::db::DbResult<()> {
            for (word, times) in rows {
                diesel::insert_into(search_counts::table)
                    .values((
                        search_counts::day.eq(today),
                        search_counts::lang.eq("en"),
                        search_counts::query.eq(&word),
                        search_counts::group_key.eq(&word),
                        search_counts::searched.eq(times),
                        search_counts::found_none.eq(times),
                        search_counts::weak.eq(0),
                        search_counts::opened.eq(0),
                        search_counts::solved.eq(0),
                        search_counts::visitors.eq(limits::SEARCH_SHOWN_VISITORS),
                    ))
                    .execute(tx.conn)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let elena = world.elena().await;
    let (mut seen, mut named) = (Vec::new(), 0);
    let mut next = Some("/admin/gaps".to_owned());
    while let Some(path) = next {
        let page = elena.get(&path).await;
        let links = page.expect(200).links();
        if seen.is_empty() {
            assert!(links.contains(&"/search?q=limescale".to_owned()), "the sum comes first: {links:?}");
        }
        named += page.text().matches("<h2><a href=\"/search?q=").count();
        seen.extend(links.iter().filter_map(|link| link.strip_prefix("/search?q=")).map(str::to_owned));
        next = links.into_iter().find(|link| link.starts_with("/admin/gaps") && link.contains("after="));
    }
    let mut wanted: Vec<String> = wanted.into_iter().map(|(word, _)| word).collect();
    assert_eq!(named, wanted.len() - 1);
    wanted.sort();
    seen.sort();
    assert_eq!(seen, wanted);
    let file = elena.get("/admin/gaps.csv").await;
    assert_eq!(file.expect(200).text().lines().count(), wanted.len());
});

// --- being told ---

fn told(world: &World) -> Vec<(String, Option<i64>, String)> {
    let conn = &mut *world.db.reader().unwrap();
    notices::table
        .filter(notices::kind.like("search-%"))
        .order(notices::id)
        .select((notices::kind, notices::thread_id, notices::detail))
        .load(conn)
        .unwrap()
}

on_both!(a_member_is_told_of_what_comes_to_match_a_saved_search, |world| async move {
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    // What was there before is no news.
    ask(&bruno, "The kettle sings a wrong note", BODY, "kettle").await;
    world.settle().await;
    let page = ann.get("/search?q=kettle+whistle").await;
    page.expect(200).contains("Tell me when this is answered").contains("Save this search");
    ann.submit(&ann.get("/search?q=kettle").await, "/searches", &[]).await.expect(303).leads_to("/searches");
    ann.post("/searches", &[("q", "kettle"), ("mode", "new")]).await.expect(303);
    ann.post("/searches", &[("q", "whistle kettle"), ("mode", "solved")]).await.expect(303);
    ann.post("/searches", &[("q", "  "), ("mode", "new")]).await.expect(422);
    ann.get("/searches").await.contains("whistle kettle").contains("No news yet");
    let own = ask(&ann, "My own kettle has a whistle", BODY, "kettle").await;
    let url = ask(&bruno, "The whistle of the kettle is silent", BODY, "kettle").await;
    let id = thread_id(&url);
    let said = answer(&ann, &url, "Turn the whistle by a quarter.").await;
    world.settle().await;
    world.settle().await;
    assert_eq!(told(&world), [("search-new".into(), Some(id), "kettle".into())], "own thread {own}");
    bruno.get(&url).await;
    bruno.post(&format!("/threads/{id}/acceptance"), &[("answer_id", &said.to_string())]).await.expect(303);
    world.settle().await;
    // Both searches match; one notice says so.
    let all = told(&world);
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[1].0, "search-solved");
    ann.get("/notices")
        .await
        .contains("A new question matches your saved search “kettle”")
        .contains("has been solved");
    // Their mails, each with a way out of the list.
    let conn = &mut *world.db.reader().unwrap();
    let sent: Vec<String> = mails::table
        .filter(mails::list.eq("searches"))
        .order(mails::id)
        .select(mails::subject)
        .load(conn)
        .unwrap();
    assert_eq!(
        sent,
        ["New: The whistle of the kettle is silent", "Solved: The whistle of the kettle is silent"]
    );
    // Renamed, removed, and nobody else's.
    let page = ann.get("/searches").await;
    let forms = page.forms();
    let of = |end: &str| forms.iter().find(|action| action.ends_with(end)).unwrap().clone();
    ann.submit(&page, &of("/name"), &[("name", "Kettles of the south")]).await.expect(303);
    ann.get("/searches").await.contains("Kettles of the south");
    bruno.get("/searches").await.contains("No saved searches");
    bruno.post(&of("/removal"), &[]).await.expect(404);
    ann.post(&of("/removal"), &[]).await.expect(303);
    ann.get("/searches").await.lacks("Kettles of the south");
});

on_both!(a_saved_search_tells_so_much_a_day_and_nothing_removed, |world| async move {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    ann.get("/searches").await;
    ann.post("/searches", &[("q", "teapot"), ("mode", "new")]).await.expect(303);
    let hidden = ask(&bruno, "A teapot nobody may see any more", BODY, "tea").await;
    carla.get(&hidden).await;
    let hide = format!("/posts/{}/hiding", thread_id(&hidden));
    carla.post(&hide, &[("reason", "It is no teapot at all.")]).await.expect(303);
    world.settle().await;
    let already = told(&world).len();
    for n in 0..limits::SEARCH_NEWS_PER_DAY + 2 {
        ask(&bruno, &format!("Teapot number {n} has no lid"), BODY, "tea").await;
    }
    world.settle().await;
    assert_eq!(told(&world).len() as i64, limits::SEARCH_NEWS_PER_DAY);
    assert!(already <= 1);
    world.clock.advance(DAY + HOUR);
    ask(&bruno, "Another day, another teapot", BODY, "tea").await;
    world.settle().await;
    assert_eq!(told(&world).len() as i64, limits::SEARCH_NEWS_PER_DAY + 1);
});

/// The newest mail to an address: its text and its way out.
fn mail_to(world: &World, address: &str) -> (String, Option<String>) {
    let conn = &mut *world.db.reader().unwrap();
    mails::table
        .filter(mails::recipient.eq(address))
        .order(mails::id.desc())
        .select((mails::body_text, mails::unsubscribe_url))
        .first(conn)
        .unwrap()
}

fn path_in<'a>(text: &'a str, path: &str) -> &'a str {
    let from = text.find(path).unwrap_or_else(|| panic!("no {path} in {text}"));
    text[from..].split_whitespace().next().unwrap()
}

fn saved(world: &World) -> i64 {
    saved_searches::table.count().get_result(&mut *world.db.reader().unwrap()).unwrap()
}

on_both!(an_address_is_told_once_it_is_confirmed_and_can_leave, |ground: Ground| async move {
    let world = World::with(ground, &[("mail.transport", "off")]).await;
    let (bruno, stranger) = (world.bruno().await, world.visitor());
    // While the index is being built nobody is told that there is nothing.
    world.settle().await;
    let page = stranger.get("/search?q=gramophone+needle").await;
    page.expect(200).contains("Tell me when this is answered");
    let form = stranger.get("/search/watch?q=gramophone+needle").await;
    stranger
        .submit(&form, "/search/watch", &[("email", "no address")])
        .await
        .expect(422)
        .contains("gramophone needle");
    let fields = [("email", "lena@example.org")];
    let done = stranger.submit(&form, "/search/watch", &fields).await;
    // The same answer to an address with an account.
    let known = stranger.submit(&form, "/search/watch", &[("email", world.ann.email)]).await;
    let said = |page: &Page| page.expect(200).text().split("<main").nth(1).unwrap().to_owned();
    assert_eq!(said(&done), said(&known));
    let (text, leave) = mail_to(&world, "lena@example.org");
    assert!(!text.contains("gramophone"), "a stranger's words in a mail: {text}");
    let confirm = path_in(&text, "/searches/confirm").to_owned();
    let leave = path_in(&leave.unwrap(), "/searches/leave").to_owned();
    // Nothing is sent before the link is opened and its button pressed.
    let early = ask(&bruno, "A needle for the old gramophone", BODY, "sound").await;
    let answered = answer(&bruno, &early, "Take one of steel, and turn it often.").await;
    world.settle().await;
    let page = stranger.get(&confirm).await;
    stranger
        .submit(page.expect(200), "/searches/confirm", &[])
        .await
        .expect(200)
        .contains("We will tell you");
    stranger.get(&confirm).await;
    stranger.submit(&page, "/searches/confirm", &[]).await.expect(400);
    bruno.get(&early).await;
    let accept = format!("/threads/{}/acceptance", thread_id(&early));
    bruno.post(&accept, &[("answer_id", &answered.to_string())]).await.expect(303);
    world.settle().await;
    let (text, again) = mail_to(&world, "lena@example.org");
    assert!(text.contains("A needle for the old gramophone") && text.contains(&leave), "{text}");
    assert!(again.unwrap().ends_with(&leave));
    // Leaving: a button for people, one click for mail programs; a forged link does nothing.
    assert_eq!(saved(&world), 2);
    stranger.get(&format!("{leave}x")).await.expect(400);
    stranger.post_bare(&format!("{leave}x"), &[("List-Unsubscribe", "One-Click")]).await.expect(400);
    assert_eq!(saved(&world), 2);
    stranger.get(&leave).await.expect(200).contains("End these mails");
    stranger.post_bare(&leave, &[("List-Unsubscribe", "One-Click")]).await.expect(200).contains("Done");
    stranger.post_bare(&leave, &[]).await.expect(200);
    assert_eq!(saved(&world), 1);
    // Who never confirms is forgotten.
    world.clock.advance(limits::CONFIRM_LIFE + HOUR);
    world.db.write(loggia::watches::sweep).await.unwrap();
    assert_eq!(saved(&world), 0);
});

on_both!(saved_searches_go_with_their_owner_and_come_with_their_data, |world| async move {
    let ann = world.ann().await;
    ann.get("/searches").await;
    ann.post("/searches", &[("q", "heron feather"), ("mode", "new"), ("name", "Herons")]).await.expect(303);
    let stranger = world.visitor();
    let form = stranger.get("/search/watch?q=heron").await;
    stranger.submit(&form, "/search/watch", &[("email", world.ann.email)]).await.expect(200);
    let data = ann.get("/settings/account").await;
    let data = ann.submit(&data, "/settings/account/data", &[]).await;
    data.expect(200).contains("heron feather").contains("Herons");
    assert_eq!(saved(&world), 2);
    let user = world.ann.id;
    world.db.write(move |tx| loggia::privacy::erase(tx, None, user)).await.unwrap();
    assert_eq!(saved(&world), 0);
    let conn = &mut *world.db.reader().unwrap();
    let facts: Vec<String> =
        events::table.filter(events::kind.like("search_%")).select(events::data).load(conn).unwrap();
    assert!(!facts.is_empty() && facts.iter().all(|fact| !fact.contains("heron")), "{facts:?}");
});

on_both!(a_search_has_a_feed_of_what_is_new, |world| async move {
    let (ann, carla) = (world.ann().await, world.carla().await);
    let first = ask(&ann, "A samovar that leaks at night", BODY, "tea").await;
    let second = ask(&ann, "The samovar hums", BODY, "tea").await;
    ask(&ann, "Nothing about any of it", BODY, "tea").await;
    world.settle().await;
    let visitor = world.visitor();
    let page = visitor.get("/search?q=samovar").await;
    page.contains("application/atom+xml\" href=\"/search.atom?q=samovar\"");
    let feed = visitor.get("/search.atom?q=samovar").await;
    feed.expect(200)
        .contains("Search: samovar")
        .contains("<title>The samovar hums</title>")
        .lacks("Nothing about");
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    let text = feed.text();
    assert!(text.find(&second).unwrap() < text.find(&first).unwrap(), "the newest first");
    carla.get(&first).await;
    let hide = format!("/posts/{}/hiding", thread_id(&first));
    carla.post(&hide, &[("reason", "It tells where somebody lives.")]).await.expect(303);
    visitor.get("/search.atom?q=samovar").await.expect(200).lacks("leaks at night");
    visitor.get("/search.atom?q=samovar+is:solved").await.expect(200).lacks("<entry>");
    visitor.get("/search.atom?q=").await.expect(303);
});
