//! tests: what is written is found, what is taken away is not, whatever happens to the index; and what else
//! machines read of the forum.
use crate::ground::{Ground, Scene, Which, aside};
use crate::statements::Statements;
use crate::visitor::{Page, Visitor};
use crate::world::{CAST, Person, enrol};
use diesel::prelude::*;
use loggia::accounts::Viewer;
use loggia::app::{App, Options};
use loggia::config::Config;
use loggia::db::{DbResult, Tx};
use loggia::error::Error;
use loggia::kernel::ids::{PostId, ThreadId};
use loggia::kernel::names::{TagName, Title};
use loggia::ledger;
use loggia::mail::{self, List};
use loggia::search;
use loggia::threads::policy::Kind;
use loggia::threads::{self, Body, Done, Edit, Editing, NewQuestion, Posting};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// The house with its doors open, its followers still unless a test moves them.
struct Hall {
    app: App,
    ann: Viewer,
    bruno: Viewer,
    carla: Viewer,
    dario: Viewer,
    visitor: Visitor,
    statements: Statements,
    server: Server,
    ground: Ground,
}

struct Server {
    handle: actix_web::dev::ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
    base_url: String,
}

impl Server {
    fn open(app: App, listener: TcpListener) -> Server {
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let (handle, server) = app.serve(listener).unwrap();
                send.send(handle).unwrap();
                server.await.unwrap();
            });
        });
        Server { handle: receive.recv().unwrap(), thread: Some(thread), base_url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        self.app.close();
    }
}

async fn open(ground: &Ground, listen: &str, statements: &Statements, background: bool) -> App {
    let mut flags = vec![
        ("data", ground.data.display().to_string()),
        ("listen", listen.to_owned()),
        ("mail.transport", "off".to_owned()),
        ("password_memory_kib", "1024".to_owned()),
        ("workers", "1".to_owned()),
        ("readers", "3".to_owned()),
    ];
    if let Some(database) = &ground.postgres {
        flags.push(("database_url", database.url()));
    }
    let config = Config::load(None, [], &flags).unwrap();
    let instrument = Some(statements.instrument());
    let options = Options { clock: ground.clock.clone(), instrument, background };
    aside(move || App::open(config, options).unwrap()).await
}

fn viewer(person: &Person) -> Viewer {
    Viewer {
        id: person.id,
        username: person.username.to_owned(),
        display_name: person.display_name.to_owned(),
        role: person.role,
        suspended_until: None,
        signature: String::new(),
        unread_notices: 0,
        session: None,
        token: None,
    }
}

impl Scene for Hall {
    async fn set(ground: Ground) -> Hall {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let listen = listener.local_addr().unwrap().to_string();
        let statements = Statements::default();
        let app = open(&ground, &listen, &statements, false).await;
        let people: Vec<Person> = app
            .db
            .write(|tx| -> DbResult<_> { CAST.iter().map(|who| enrol(tx, who)).collect() })
            .await
            .unwrap();
        let [ann, bruno, carla, dario, _] = <[Person; 5]>::try_from(people).unwrap();
        let server = Server::open(app.clone(), listener);
        let hall = Hall {
            visitor: Visitor::new(&server.base_url),
            app,
            ann: viewer(&ann),
            bruno: viewer(&bruno),
            carla: viewer(&carla),
            dario: viewer(&dario),
            statements,
            server,
            ground,
        };
        hall.follow().await;
        hall
    }
}

impl Hall {
    async fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.app.db.write(act).await.unwrap()
    }

    async fn ask(&self, title: &str, body: &str, tags: &str) -> ThreadId {
        let (ann, title, tags) = (self.ann.clone(), Title::parse(title).unwrap(), tags.to_owned());
        let body = Body::parse(body, Kind::Question).unwrap();
        let posting = self
            .act(move |tx| {
                let tags = tags.split_whitespace().map(|tag| TagName::parse(tag).unwrap()).collect();
                threads::ask(tx, &ann, NewQuestion { title, body, tags, submission_key: None })
            })
            .await;
        let Posting::Posted(posted) = posting else { panic!("{posting:?}") };
        posted.thread
    }

    async fn answer(&self, thread: ThreadId, body: &str, official: bool) -> PostId {
        let by = if official { self.dario.clone() } else { self.bruno.clone() };
        let body = Body::parse(body, Kind::Answer).unwrap();
        let signature = official.then_some("Dario, Brand care");
        let posting = self.act(move |tx| threads::answer(tx, &by, thread, &body, None, signature)).await;
        let Posting::Posted(posted) = posting else { panic!("{posting:?}") };
        posted.post
    }

    async fn done(&self, act: impl FnOnce(&mut Tx<'_>) -> Result<Done, Error> + Send + 'static) {
        let done = self.act(act).await;
        assert!(matches!(done, Done::Done(_)), "{done:?}");
    }

    async fn hide(&self, post: PostId) {
        let carla = self.carla.clone();
        self.done(move |tx| threads::hide(tx, &carla, post, "spam")).await;
    }

    async fn restore(&self, post: PostId) {
        let carla = self.carla.clone();
        self.done(move |tx| threads::restore(tx, &carla, post)).await;
    }

    async fn accept(&self, thread: ThreadId, answer: PostId) {
        let ann = self.ann.clone();
        self.done(move |tx| threads::accept(tx, &ann, thread, answer)).await;
    }

    async fn edit(&self, by: &Viewer, post: PostId, title: Option<&str>, body: &str) {
        let by = by.clone();
        let title = title.map(|title| Title::parse(title).unwrap());
        let kind = if title.is_some() { Kind::Question } else { Kind::Answer };
        let body = Body::parse(body, kind).unwrap();
        let editing = self
            .act(move |tx| {
                let edit = Edit { base_revision: 1, title, tags: Vec::new(), body, summary: String::new() };
                threads::edit(tx, &by, post, edit)
            })
            .await;
        assert!(matches!(editing, Editing::Saved(_)), "{editing:?}");
    }

    async fn follow(&self) {
        let app = self.app.clone();
        aside(move || search::catch_up(&app).unwrap()).await;
    }

    /// Compares the index with the database, and then the same index built anew.
    async fn whole(&self) {
        let app = self.app.clone();
        aside(move || {
            assert_eq!(search::verify(&app).unwrap(), search::Differences::default());
            search::catch_up(&app).unwrap();
            let before = app.search.index.doc_count();
            search::reindex(&app, &|_, _| {}).unwrap();
            assert_eq!(search::verify(&app).unwrap(), search::Differences::default());
            assert_eq!(app.search.index.doc_count(), before);
        })
        .await;
    }

    async fn search(&self, query: &str) -> Page {
        let page = self.visitor.get(&format!("/search?q={}", query.replace(' ', "+"))).await;
        page.expect(200);
        page
    }

    async fn suggested(&self, title: &str) -> Vec<String> {
        let page = self.visitor.get(&format!("/search/suggestions?title={}", title.replace(' ', "+"))).await;
        let hits = page.expect(200).json();
        hits.as_array().unwrap().iter().map(|hit| hit["title"].as_str().unwrap().to_owned()).collect()
    }

    /// A browser in which `viewer` is signed in.
    async fn browser(&self, viewer: &Viewer) -> Visitor {
        let id = viewer.id;
        let token = self.act(move |tx| loggia::accounts::start_session(tx, id, "test")).await;
        let visitor = Visitor::new(&self.server.base_url);
        visitor.set_cookie(&format!("loggia_session={token}; Path=/"));
        visitor
    }
}

/// What a server answers to an address that clients refuse to send.
fn bare_status(address: &str, target: &str) -> u16 {
    use std::io::{BufRead, BufReader, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    // The server may have answered, and gone, before it has read all.
    let _ = write!(stream, "GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no answer: {line:?}"))
}

/// A query as it stands in an address.
fn encoded(query: &str) -> String {
    loggia::web::view::encode(query)
}

/// The titles of the hits on a page, in order, with their marks.
fn titles(page: &Page) -> Vec<String> {
    let text = page.text();
    text.split("<h2><a href=\"/threads/")
        .skip(1)
        .filter_map(|part| part.split_once('>')?.1.split_once("</a>").map(|(title, _)| title.to_owned()))
        .collect()
}

on_both!(what_is_written_is_found_and_what_is_taken_away_is_not, |hall: Hall| async move {
    let thread =
        hall.ask("The valve drips every night", "Since **autumn** my boiler loses water.", "boiler").await;
    hall.follow().await;
    let page = hall.search("valve").await;
    assert_eq!(titles(&page), ["The <mark>valve</mark> drips every night"]);
    page.contains("1 question found").contains("boiler loses water");
    assert_eq!(titles(&hall.search("tag:boiler is:unsolved").await).len(), 1);
    assert_eq!(titles(&hall.search("user:ANN autumn").await).len(), 1);
    assert_eq!(titles(&hall.search("is:solved valve").await).len(), 0);

    let answer = hall.answer(thread, "Replace it by `G12 & more`.", false).await;
    hall.follow().await;
    hall.search("G12").await.contains("by <mark>G12</mark> &amp; more").lacks("hit-solution");
    hall.accept(thread, answer).await;
    hall.follow().await;
    hall.search("G12 is:solved").await.contains("hit-solution").contains(&format!("#post-{answer}"));

    let bruno = hall.bruno.clone();
    hall.edit(&bruno, answer, None, "Tighten the manifold instead, please.").await;
    let ann = hall.ann.clone();
    hall.edit(
        &ann,
        thread.question(),
        Some("The radiator drips every night"),
        "Since **autumn** it loses water.",
    )
    .await;
    hall.follow().await;
    assert_eq!(titles(&hall.search("valve").await).len(), 0);
    assert_eq!(titles(&hall.search("G12").await).len(), 0);
    assert_eq!(titles(&hall.search("tag:boiler").await).len(), 0);
    assert_eq!(titles(&hall.search("radiator manifold").await).len(), 1);

    hall.hide(answer).await;
    hall.follow().await;
    assert_eq!(titles(&hall.search("manifold").await).len(), 0);
    hall.search("radiator").await.lacks("hit-solution").lacks("manifold");
    hall.restore(answer).await;
    hall.follow().await;
    assert_eq!(titles(&hall.search("manifold").await).len(), 1);

    hall.hide(thread.question()).await;
    hall.follow().await;
    assert_eq!(titles(&hall.search("radiator").await).len(), 0);
    assert_eq!(hall.app.search.index.doc_count(), 0);
    hall.whole().await;
    hall.restore(thread.question()).await;
    hall.follow().await;
    assert_eq!(titles(&hall.search("radiator").await).len(), 1);
    hall.whole().await;
});

on_both!(the_official_answer_is_the_solution_until_one_is_accepted, |hall: Hall| async move {
    let thread = hall.ask("The lamp blinks in the dark", "What does it want to say?", "").await;
    hall.answer(thread, "It says zirconium.", true).await;
    let newest = hall.answer(thread, "It says molybdenum.", true).await;
    hall.follow().await;
    let page = hall.search("lamp").await;
    page.contains("molybdenum").lacks("zirconium").contains(&format!("/posts/{newest}"));
    assert_eq!(titles(&hall.search("lamp is:solved").await).len(), 0);
    let other = hall.answer(thread, "It says vanadium.", false).await;
    hall.accept(thread, other).await;
    hall.follow().await;
    hall.search("lamp is:solved").await.contains("vanadium").lacks("molybdenum");
    assert_eq!(titles(&hall.search("zirconium").await).len(), 1, "other answers are found too");
    hall.whole().await;
});

on_both!(what_is_taken_away_is_gone_before_the_index_follows, |hall: Hall| async move {
    let gone = hall.ask("The kettle whistles a tune", "It whistles nonsense all day.", "kettle").await;
    let kept = hall.ask("The kettle whistles no more", "Who stopped the music?", "kettle").await;
    let answer = hall.answer(kept, "I unscrewed its contraband.", false).await;
    hall.accept(kept, answer).await;
    hall.follow().await;
    assert_eq!(titles(&hall.search("kettle whistles").await).len(), 2);
    hall.search("kettle contraband").await.contains("contraband</mark>");
    assert_eq!(hall.suggested("kettle whistles").await.len(), 2);

    hall.hide(gone.question()).await;
    hall.hide(answer).await;
    let page = hall.search("kettle whistles").await;
    assert_eq!(titles(&page), ["The kettle whistles no more"]);
    page.lacks("nonsense").lacks("contraband").lacks("hit-solution").contains("Who stopped the music?");
    hall.search("kettle contraband").await.lacks("contraband</mark>");
    assert_eq!(hall.suggested("kettle whistles").await, ["The kettle whistles no more"]);
    let app = hall.app.clone();
    let similar = aside(move || search::similar_threads(&app, "kettle whistles", 5)).await;
    assert_eq!(similar.len(), 1);
    let passage = similar[0].passage_html.as_str();
    assert_eq!((passage, similar[0].answer_id), ("Who stopped the music?", None));
    hall.whole().await;
});

on_both!(that_removed_words_matched_is_not_told_either, |hall: Hall| async move {
    let kept = hall.ask("The kettle whistles no more", "Who stopped the music?", "kettle").await;
    let other = hall.ask("Something else with contraband", "It is only named so.", "").await;
    let answer = hall.answer(kept, "I unscrewed its contraband.", false).await;
    hall.follow().await;
    let page = hall.search("contraband").await;
    assert_eq!(titles(&page).len(), 2);
    page.contains("2 questions found");
    hall.hide(answer).await;
    let page = hall.search("contraband").await;
    assert_eq!(titles(&page).len(), 1);
    page.lacks("kettle").lacks("questions found").lacks("question found");
    // By its title it is found as before; how many there are is not told meanwhile.
    let page = hall.search("kettle").await;
    assert_eq!(titles(&page), ["The kettle whistles no more"]);
    page.lacks("contraband").lacks("question found");
    let found = hall.visitor.get("/api/v1/search?q=contraband").await.expect(200).json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!((found["total"].as_u64(), found["total_is_cut"].as_bool()), (Some(1), Some(true)));
    hall.follow().await;
    hall.search("contraband").await.contains("1 question found").lacks("kettle");

    // A database put back from a copy in which something is hidden, and an index of a later time.
    let answer = hall.answer(other, "Look at the samovar.", false).await;
    hall.follow().await;
    hall.hide(answer).await;
    let page = hall.search("samovar").await;
    assert!(titles(&page).is_empty());
    let place = hall.app.search.place();
    hall.act(move |tx| {
        use loggia::db::schema::events;
        diesel::delete(events::table.filter(events::id.ge(place))).execute(tx.conn)?;
        Ok(())
    })
    .await;
    let page = hall.search("samovar").await;
    assert!(titles(&page).is_empty(), "the index is ahead of the ledger");
});

on_both!(the_place_survives_and_what_came_after_is_found, |hall: Hall| async move {
    hall.ask("The first of the questions", "It was before the night.", "").await;
    hall.follow().await;
    let head = ledger::head(&mut hall.app.db.reader().unwrap()).unwrap().0;
    assert_eq!((hall.app.search.place(), hall.app.search.index.place()), (head, head));
    hall.ask("The second of the questions", "It was written while nobody followed.", "").await;

    // The index of another night, opened from what is on disk: as after a kill.
    let folder = hall.ground.data.join("copy");
    let from = hall.ground.data.join("index");
    aside(move || copy(&from, &folder)).await;
    let opened = search::Index::open(&hall.ground.data.join("copy")).unwrap();
    let search::Opened::Ready { index, place } = opened else { panic!("it was whole") };
    assert_eq!((place, index.doc_count()), (head, 1));
    let app = hall.app.clone();
    let found = aside(move || search::compare(&app.db, &index).unwrap()).await;
    assert!(found.is_empty(), "what is not followed yet is no difference: {found:?}");
    hall.follow().await;
    assert_eq!(titles(&hall.search("questions").await).len(), 2);
});

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

on_both!(a_difference_between_index_and_database_is_named, |hall: Hall| async move {
    let thread = hall.ask("The clock stands still at noon", "Which noon is it, please?", "").await;
    let other = hall.ask("The bell rings thirteen times", "Nobody counts that far.", "").await;
    hall.follow().await;
    let app = hall.app.clone();
    let found = aside(move || {
        let place = app.search.place();
        let doc = search::ThreadDoc { thread_id: 999_999, ..Default::default() };
        let stale = search::ThreadDoc { thread_id: other.0, ..Default::default() };
        app.search.index.apply(place, vec![doc, stale], vec![thread.0]).unwrap();
        search::verify(&app).unwrap()
    })
    .await;
    assert_eq!((found.missing, found.extra, found.stale), (vec![thread.0], vec![999_999], vec![other.0]));
    hall.whole_after_reindex().await;
});

impl Hall {
    async fn whole_after_reindex(&self) {
        let app = self.app.clone();
        let heard = aside(move || {
            let heard = std::sync::Mutex::new(Vec::new());
            search::reindex(&app, &|done, total| heard.lock().unwrap().push((done, total))).unwrap();
            assert!(search::verify(&app).unwrap().is_empty());
            heard.into_inner().unwrap()
        })
        .await;
        assert_eq!(heard, [(2, 2)]);
    }
}

on_both!(a_page_of_results_asks_the_database_no_more_for_more_hits, |hall: Hall| async move {
    let count = async |query: &str| {
        hall.statements.take();
        let page = hall.search(query).await;
        (titles(&page).len(), hall.statements.take().len())
    };
    // A page with few hits leads on, which costs more.
    for n in 0..5 {
        hall.ask(&format!("Marble number {n} rolls away"), "It is a blue one.", "").await;
    }
    for n in 0..20 {
        hall.ask(&format!("Pebble number {n} rolls away"), "It is a grey one.", "").await;
    }
    hall.follow().await;
    let (five, few) = count("marble").await;
    let (many, more) = count("pebble").await;
    assert_eq!((five, many), (5, 15));
    assert_eq!(few, more);
    let page = hall.search("pebble").await;
    page.contains("20 questions found");
    let next = page.links().into_iter().find(|link| link.contains("after=")).unwrap();
    let second = hall.visitor.get(&next).await;
    assert_eq!(titles(second.expect(200)).len(), 5);
});

on_both!(strange_queries_get_a_page_and_forged_cursors_a_refusal, |hall: Hall| async move {
    hall.ask("A question about \"quotes\" & <tags>", "Is <script>alert(1)</script> shown?", "").await;
    hall.follow().await;
    hall.visitor.get("/search").await.expect(200).contains("name=\"q\"");
    hall.visitor.get("/search?q=").await.expect(200);
    hall.visitor.get("/search?after=xyz&q=a").await.expect(400);
    hall.visitor.get("/search?q=quotes&after=AAAAAAAAAAAAAAAAAAAAAAAAAAAA").await.expect(200);
    hall.visitor.get("/search?q=%ff").await.expect(400);
    hall.visitor.get("/search?q=is:purple+quotes").await.expect(200).contains("is:purple");
    for query in
        ["((((((((", "a+AND+(", "\"", "-a", "tag:+is:", "%22%22", "%F0%9F%98%80", "*:*", "user:@", "%01"]
    {
        hall.visitor.get(&format!("/search?q={query}")).await.expect(200);
    }
    let long = "word+".repeat(600);
    hall.visitor
        .get(&format!("/search?q={long}"))
        .await
        .expect(200)
        .contains("Only the first 200 characters");
    let page = hall.search("quotes").await;
    page.contains("&quot;<mark>quotes</mark>&quot; &amp; &lt;tags&gt;").lacks("<script>alert");
    let page = hall.search("quotes is:answered tag:none").await;
    page.contains("href=\"/search?q=quotes%20tag%3Anone\"").contains("href=\"/search?q=quotes\"");
});

on_both!(qualifiers_work_alike_in_the_page_and_the_api, |hall: Hall| async move {
    let first = hall.ask("The awning rolls in by itself", "It is windy here.", "awning").await;
    hall.ask("Quanto pesa la tenda da sole?", "Non capisco come si monta questa tenda.", "awning").await;
    let answer = hall.answer(first, "The sensor on the awning measures wind.", false).await;
    hall.accept(first, answer).await;
    hall.ask("The awning is stuck", "Nothing moves any more.", "motor").await;
    hall.follow().await;
    for (query, count) in [
        ("tag:awning", 2),
        ("awning -tag:awning", 1),
        ("tag:awning -is:solved", 1),
        ("awning answers:0", 2),
        ("awning answers:>=1 score:0", 1),
        ("awning score:>3", 0),
        ("awning created:2026-03-02", 3),
        ("awning created:>2026-03", 0),
        ("awning -created:2025", 3),
        ("tag:awning lang:it", 1),
        ("awning is:official", 0),
        ("awning user:ann active:>=2026-03", 3),
        ("\"stuck\" awning", 1),
        ("awning -\"rolls in\"", 2),
    ] {
        assert_eq!(titles(&hall.search(&encoded(query)).await).len(), count, "{query}");
        let found =
            hall.visitor.get(&format!("/api/v1/search?q={}", encoded(query))).await.expect(200).json();
        assert_eq!(found["items"].as_array().unwrap().len(), count, "{query}");
    }
    let official = hall.answer(first, "Our engineers say the same.", true).await;
    hall.follow().await;
    assert_eq!(titles(&hall.search("awning is:official is:solved").await).len(), 1);
    hall.hide(official).await;
    hall.follow().await;
    assert_eq!(titles(&hall.search("awning is:official").await).len(), 0);
    hall.whole().await;
});

on_both!(what_cannot_be_read_is_told_and_searched_as_words, |hall: Hall| async move {
    hall.ask("When is the garden opened soon", "I was told that it is soon.", "").await;
    hall.follow().await;
    for (query, hint) in [
        ("garden created:soon", "created:&gt;2026-01"),
        ("garden score:abc", "Try score:2"),
        ("garden is:purple", "is:official"),
        ("garden lang:xx", "lang:it"),
        ("garden sort:up", "sort:newest"),
    ] {
        let page = hall.search(&encoded(query)).await;
        page.contains("searched for as words").contains(hint);
        assert_eq!(titles(&page).len(), 1, "{query}");
    }
    let many = (0..20).map(|n| format!("-tag:{n}")).collect::<Vec<_>>().join(" ");
    hall.search(&encoded(&format!("garden {many}"))).await.contains("Only the first 16 filters");
});

on_both!(the_controls_of_the_page_write_the_query, |hall: Hall| async move {
    let thread = hall.ask("The lantern flickers", "It does so every evening.", "light").await;
    hall.ask("Another lantern flickers", "It does so every morning.", "light").await;
    hall.answer(thread, "Change the bulb of the lantern.", false).await;
    hall.follow().await;
    let page = hall.search("lantern").await;
    for name in ["state", "tag", "user", "lang", "answers", "score", "from", "to", "sort"] {
        page.contains(&format!("id=\"c-{name}\" name=\"{name}\""));
    }
    let fields = "set=1&q=lantern&state=answered&tag=light&user=&lang=&answers=1&score=&from=2026-01-01&to=&sort=newest";
    let sent = hall.visitor.get(&format!("/search?{fields}")).await;
    sent.expect(303).leads_to(
        "/search?q=lantern%20is%3Aanswered%20tag%3Alight%20answers%3A%3E%3D1%20created%3A2026-01-01..%20sort%3Anewest",
    );
    let page = hall.visitor.get(&sent.location()).await;
    assert_eq!(titles(page.expect(200)).len(), 1);
    page.contains("<option value=\"answered\" selected>").contains("<option value=\"newest\" selected>");
    page.contains("name=\"tag\" value=\"light\"").contains("name=\"answers\" value=\"1\"");
    page.contains("name=\"from\" value=\"2026-01-01\"").contains("name=\"to\" value=\"\"");
    page.contains(
        "name=\"q\" value=\"lantern is:answered tag:light answers:&gt;=1 created:2026-01-01.. sort:newest\"",
    );
    page.contains("Tag: light").contains("Answers: ≥ 1").contains("Asked: ≥ 2026-01-01");
    // Away with one of them.
    page.contains("href=\"/search?q=lantern%20is%3Aanswered%20answers%3A%3E%3D1%20created%3A2026-01-01..%20sort%3Anewest\"");
    // What is meant as it is typed stays so.
    let page = hall.visitor.get("/search?q=lantern&exact=1").await;
    page.expect(200).contains("href=\"/search?q=lantern%20is%3Asolved&amp;exact=1\"");
    // A page of one order is no page of another.
    for n in 0..20 {
        hall.ask(&format!("Lantern number {n}"), "They are all the same.", "").await;
    }
    hall.follow().await;
    let page = hall.search("lantern sort:newest").await;
    let next = page.links().into_iter().find(|link| link.contains("after=")).unwrap();
    let second = hall.visitor.get(&next).await;
    assert_eq!(titles(second.expect(200)).len(), 7);
    second.lacks("Narrow down");
    hall.visitor.get(&next.replace("newest", "votes")).await.expect(400);
    let cursor = next.split("after=").nth(1).unwrap();
    hall.visitor.get(&format!("/api/v1/search?q=lantern&after={cursor}")).await.expect(400);
});

on_both!(counts_beside_the_hits_narrow_them_and_are_silent_of_what_was_removed, |hall: Hall| async move {
    for n in 0..6 {
        let tag = if n % 2 == 0 { "oven" } else { "hob" };
        hall.ask(&format!("Burnt cake number {n}"), "Too hot, I suppose.", tag).await;
    }
    let secret = hall.ask("Burnt cake of the neighbour", "A secret of hers.", "zqsecret").await;
    hall.follow().await;
    let page = hall.search("cake").await;
    page.contains("Narrow down").contains("zqsecret");
    let link = page.links().into_iter().find(|link| link.contains("tag%3Ahob")).unwrap();
    assert_eq!(titles(hall.visitor.get(&link.replace("&amp;", "&")).await.expect(200)).len(), 3);
    page.contains("q=cake%20is%3Aunanswered");
    hall.hide(secret.question()).await;
    // The index has not followed: neither counts nor names of tags are told.
    hall.search("cake").await.lacks("Narrow down").lacks("zqsecret");
    hall.search("cake zqsecret").await.lacks("tag%3Azqsecret");
    hall.search("burnt neighbour flurb").await.lacks("No question says").lacks("tag%3Azqsecret");
    hall.follow().await;
    hall.search("cake").await.contains("Narrow down").lacks("zqsecret");
    hall.search("zqsecre").await.lacks("tag%3Azqsecret");
});

on_both!(a_search_that_finds_little_leads_on, |hall: Hall| async move {
    hall.ask("The chandelier is dark", "No light at all.", "chandelier").await;
    hall.ask("The chandelier is loud", "It hums all day.", "chandelier hum").await;
    hall.follow().await;
    // The filters are too narrow.
    let page = hall.search("chandelier is:solved").await;
    page.contains("Nothing found").contains("Without the filters").contains("href=\"/search?q=chandelier\"");
    page.contains("href=\"/ask?title=chandelier\"");
    // A word nobody says.
    let page = hall.search("chandelier flurb").await;
    assert_eq!(titles(&page).len(), 2);
    page.contains("No question says flurb").contains("href=\"/search?q=chandelier\"");
    page.contains("href=\"/ask?title=chandelier%20flurb\"");
    // A tag nearby, and what waits there.
    let page = hall.search("chandeliers are:ugly chandelie").await;
    page.contains("href=\"/search?q=tag%3Achandelier\"");
    page.contains("href=\"/search?q=is%3Aunanswered%20tag%3Achandelier\"");
    let page = hall.search("flurb").await;
    page.contains("Nothing found").lacks("No question says").lacks("Where to go from here");
});

on_both!(monstrous_queries_get_an_answer_or_a_refusal_in_bounded_time, |hall: Hall| async move {
    hall.ask("How do I tame a monster?", "It eats everything.", "monster").await;
    hall.follow().await;
    let monsters = [
        "a".repeat(100_000),
        "word ".repeat(20_000),
        "*".repeat(5_000),
        "?*~^".repeat(2_000),
        "\"".repeat(5_001),
        "(".repeat(5_000),
        ")".repeat(4_999),
        "tag:x ".repeat(2_000),
        "-".repeat(5_000),
        "-\"a\" ".repeat(1_500),
        "created:".repeat(1_000),
        "score:>".repeat(1_000),
        format!("score:{}", "9".repeat(5_000)),
        format!("created:{}", "2026-".repeat(1_000)),
        "answers:-99999999999..99999999999".into(),
        "\u{1}\u{7}\u{1b}\u{7f}\u{85}".repeat(500),
        "\u{202e}\u{202d}\u{2066}\u{200f}".repeat(500),
        "👩‍👩‍👧‍👦🏳️‍🌈".repeat(300),
        "e\u{301}\u{302}\u{303}".repeat(1_000),
        "a\u{ad}".repeat(1_500),
        "l'".repeat(2_000),
        "a-".repeat(2_000),
        "日本語".repeat(1_000),
    ];
    let address = hall.server.base_url.strip_prefix("http://").unwrap().to_owned();
    let get = async |path: &str, fields: &[(&str, &str)]| {
        let begun = Instant::now();
        let fields: Vec<String> =
            fields.iter().map(|(name, text)| format!("{name}={}", encoded(text))).collect();
        let target = format!("{path}?{}", fields.join("&"));
        // One who asks too much is told to wait, which says nothing of the query.
        let status = loop {
            let (address, target) = (address.clone(), target.clone());
            let status = aside(move || bare_status(&address, &target)).await;
            if status != 429 || begun.elapsed() > Duration::from_secs(4) {
                break status;
            }
        };
        let shown: String = target.chars().take(90).collect();
        assert!((200..500).contains(&status), "{shown}: {status}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{shown} took {:?}", begun.elapsed());
        status
    };
    for monster in &monsters {
        get("/search", &[("q", monster)]).await;
        get("/search", &[("set", "1"), ("q", monster), ("tag", monster), ("score", monster)]).await;
        get("/search/suggestions", &[("title", monster)]).await;
        get("/api/v1/search", &[("q", monster)]).await;
        get("/search", &[("q", "monster"), ("after", monster)]).await;
    }
    for odd in ["-1", "0", "99999999999999999999", "1e9", "NaN", ""] {
        get("/api/v1/search", &[("q", "monster"), ("limit", odd)]).await;
        get("/search", &[("q", "monster"), ("page", odd), ("limit", odd)]).await;
        get("/search", &[("q", "monster"), ("after", odd)]).await;
    }
    assert_eq!(get("/search", &[("q", "monster")]).await, 200);
});

on_both!(a_new_post_is_found_within_a_second, |ground: Ground| async move {
    let statements = Statements::default();
    let app = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        open(&ground, &listener.local_addr().unwrap().to_string(), &statements, true).await
    };
    let person = app.db.write(|tx| enrol(tx, &CAST[0])).await.unwrap();
    let ann = viewer(&person);
    while app.search.is_rebuilding() {
        std::thread::yield_now();
    }
    let body = Body::parse("How do I stop it?", Kind::Question).unwrap();
    let title = Title::parse("The metronome never stops").unwrap();
    let new = NewQuestion { title, body, tags: Vec::new(), submission_key: None };
    app.db.write(move |tx| threads::ask(tx, &ann, new)).await.unwrap();
    let asked = Instant::now();
    let (query, _) = search::Query::parse("metronome");
    while app.search.index.search(&query, 5, None).unwrap().hits.is_empty() {
        // A second is what it may take; a machine that runs a hundred tests beside is given more.
        assert!(asked.elapsed() < Duration::from_secs(5), "not found");
        std::thread::yield_now();
    }
    aside(move || app.close()).await;
});

/// Another node of the same database, with a data folder of its own.
async fn node(hall: &Hall, data: &std::path::Path) -> (App, Server) {
    let database = match (&hall.ground.which, &hall.ground.postgres) {
        (Which::Postgres, Some(database)) => database.url(),
        _ => format!("sqlite:{}", hall.ground.data.join("loggia.sqlite").display()),
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let flags = [
        ("data", data.display().to_string()),
        ("database_url", database),
        ("listen", listener.local_addr().unwrap().to_string()),
        ("mail.transport", "off".to_owned()),
        ("password_memory_kib", "1024".to_owned()),
        ("workers", "1".to_owned()),
    ];
    let config = Config::load(None, [], &flags).unwrap();
    let options = Options { clock: hall.ground.clock.clone(), instrument: None, background: false };
    let node = aside(move || App::open(config, options).unwrap()).await;
    let server = Server::open(node.clone(), listener);
    (node, server)
}

on_both!(a_node_without_an_index_builds_one_and_its_pages_say_so, |hall: Hall| async move {
    hall.ask("The organ misses a pipe", "Where do pipes go at night?", "").await;
    hall.follow().await;
    assert_eq!(titles(&hall.search("organ").await).len(), 1);
    let (node, server) = node(&hall, &hall.ground.data.join("elsewhere")).await;
    let visitor = Visitor::new(&server.base_url);
    let page = visitor.get("/search?q=organ").await;
    page.expect(200).contains("being rebuilt").lacks("Nothing found");
    let app = node.clone();
    aside(move || search::catch_up(&app).unwrap()).await;
    let page = visitor.get("/search?q=organ").await;
    assert_eq!(titles(&page).len(), 1);
    page.lacks("being rebuilt");
    drop(server);
    aside(move || node.close()).await;
});

on_both!(an_index_ahead_of_a_database_put_back_from_a_copy_is_built_anew, |hall: Hall| async move {
    hall.ask("The flute is out of tune", "It was in tune tomorrow.", "").await;
    let data = hall.ground.data.join("ahead");
    let index = search::Index::open(&data.join("index")).unwrap().into_index();
    search::Rebuild::begin(&index).unwrap().finish(1_000_000).unwrap();
    drop(index);
    let (node, server) = node(&hall, &data).await;
    assert_eq!(node.search.place(), 1_000_000);
    let app = node.clone();
    aside(move || search::catch_up(&app).unwrap()).await;
    let page = Visitor::new(&server.base_url).get("/search?q=flute").await;
    assert_eq!(titles(&page).len(), 1);
    drop(server);
    aside(move || node.close()).await;
});

on_both!(votes_and_erased_names_reach_the_index, |hall: Hall| async move {
    let thread = hall.ask("The drum is too quiet", "Louder is what I want.", "").await;
    let bruno = hall.bruno.clone();
    hall.act(move |tx| loggia::votes::cast(tx, &bruno, thread.question(), 1)).await;
    hall.follow().await;
    let (query, _) = search::Query::parse("user:ann");
    let hits = |query: &search::Query| hall.app.search.index.search(query, 5, None).unwrap().hits;
    assert_eq!(hits(&query).iter().map(|hit| hit.votes).collect::<Vec<_>>(), [1]);
    let user = hall.ann.id;
    hall.act(move |tx| {
        use loggia::db::schema::users;
        diesel::update(users::table.find(user)).set(users::erased_at.eq(tx.now)).execute(tx.conn)?;
        tx.append(None, ledger::Fact::UserErased { user })?;
        Ok(())
    })
    .await;
    hall.follow().await;
    assert_eq!(hits(&query).len(), 0);
    assert_eq!(titles(&hall.search("drum").await).len(), 1);
    hall.search("drum").await.lacks("/people/ann");
    hall.whole().await;
});

on_both!(many_threads_and_many_answers_are_taken_in_pages, |hall: Hall| async move {
    const THREADS: usize = 700;
    let ann = hall.ann.clone();
    let body = Body::parse("One of very many questions.", Kind::Question).unwrap();
    hall.act(move |tx| {
        for n in 0..THREADS {
            let title = Title::parse(&format!("Grain of sand number {n}")).unwrap();
            let new = NewQuestion { title, body: body.clone(), tags: Vec::new(), submission_key: None };
            threads::ask(tx, &ann, new)?;
        }
        Ok(())
    })
    .await;
    let thread = hall.ask("How many answers are too many?", "I want to know them all.", "").await;
    let bruno = hall.bruno.clone();
    let body = Body::parse("One more than before, I guess.", Kind::Answer).unwrap();
    hall.act(move |tx| {
        for _ in 0..510 {
            threads::answer(tx, &bruno, thread, &body, None, None)?;
        }
        Ok(())
    })
    .await;
    let last = hall.answer(thread, "Forty-two, says the tortoise.", false).await;
    hall.accept(thread, last).await;
    hall.follow().await;
    assert_eq!(hall.app.search.index.doc_count(), THREADS as u64 + 1);
    hall.search("tortoise").await.contains("hit-solution");
    hall.search("sand").await.contains("700 questions found");
    hall.whole().await;
});

on_both!(an_index_that_fails_while_open_is_built_anew, |hall: Hall| async move {
    let thread = hall.ask("The harp has lost a string", "It was the lowest one of all.", "").await;
    hall.follow().await;
    let version = format!("v{}", search::document::SCHEMA_VERSION);
    for entry in std::fs::read_dir(hall.ground.data.join("index").join(version)).unwrap().map(Result::unwrap)
    {
        if entry.file_type().unwrap().is_dir() {
            std::fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    hall.answer(thread, "Strings grow in the garden.", false).await;
    let app = hall.app.clone();
    aside(move || {
        // What cannot be written now is tried again, and then from the ground up.
        let failed = search::catch_up(&app).is_err();
        assert!(failed || app.search.index.place() == app.search.place());
        search::reindex(&app, &|_, _| {}).unwrap();
    })
    .await;
    assert_eq!(titles(&hall.search("garden").await).len(), 1);
    hall.whole().await;
});

on_both!(feeds_and_the_site_map_show_what_everybody_may_see, |hall: Hall| async move {
    let shown = hall.ask("Why does <b> & \"it\" hum?", "It hums at *night* ]]> &amp; by day.", "hum").await;
    let hidden = hall.ask("Buy cheap watches now", "Very cheap, very good.", "hum").await;
    for path in ["/threads/feed.atom", "/tags/hum/feed.atom", "/sitemap-1.xml"] {
        let page = hall.visitor.get(path).await;
        page.expect(200).contains(&format!("/threads/{hidden}/"));
        well_formed(&page);
    }
    hall.hide(hidden.question()).await;
    for path in ["/threads/feed.atom", "/tags/hum/feed.atom", "/sitemap-1.xml"] {
        let page = hall.visitor.get(path).await;
        page.expect(200).lacks("watches").lacks(&format!("/threads/{hidden}/"));
        page.contains(&format!("{}/threads/{shown}/why-does-b-it-hum", hall.server.base_url));
        well_formed(&page);
        let etag = page.header("etag").to_owned();
        let again = hall.visitor.request(reqwest::Method::GET, path).header("if-none-match", etag);
        hall.visitor.send(again).await.expect(304);
    }
    let feed = hall.visitor.get("/threads/feed.atom").await;
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    feed.contains("Why does &lt;b&gt; &amp; &quot;it&quot; hum?").contains("<name>Ann</name>");
    feed.contains("<updated>2026-03-02T09:00:00Z</updated>").contains("term=\"hum\"");
    let map = hall.visitor.get("/sitemap.xml").await;
    map.expect(200).contains(&format!("{}/sitemap-1.xml", hall.server.base_url));
    well_formed(&map);
    hall.visitor.get("/sitemap-2.xml").await.expect(404);
    hall.visitor.get("/sitemap-99999999999999999.xml").await.expect(404);
    hall.visitor.get("/sitemap-0.xml").await.expect(404);
    hall.visitor.get("/tags/nothing/feed.atom").await.expect(404);
});

fn well_formed(page: &Page) {
    let text = page.text();
    let mut reader = quick_xml::Reader::from_str(&text);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(error) => panic!("{} is not well-formed: {error}\n{text}", page.asked),
        }
    }
}

on_both!(a_list_is_left_by_one_click_without_cookies, |hall: Hall| async move {
    let (app, user) = (hall.app.clone(), hall.bruno.id);
    let wants = move |list: List| {
        let lists = mail::subscriptions(&mut app.db.reader().unwrap(), user).unwrap();
        lists.into_iter().find(|(known, _)| *known == list).unwrap().1
    };
    let link = |list| {
        let url = mail::unsubscribe_url(&hall.server.base_url, &hall.app.key, Some(user), list);
        url.strip_prefix(&hall.server.base_url).unwrap().to_owned()
    };
    let page = hall.visitor.get(&link(List::Answers)).await;
    page.expect(200).contains("Leave this mail list?");
    assert!(wants(List::Answers), "a mail scanner opens every link");
    hall.visitor.submit(&page, "/unsubscribe", &[]).await.expect(200).contains("You have left the list");
    assert!(!wants(List::Answers));

    let stranger = Visitor::new(&hall.server.base_url);
    stranger.post_bare(&link(List::Comments), &[("List-Unsubscribe", "One-Click")]).await.expect(200);
    assert!(!wants(List::Comments));
    let multipart = stranger
        .request(reqwest::Method::POST, &link(List::Badges))
        .header("content-type", "multipart/form-data; boundary=x")
        .header("origin", "https://mail.example")
        .body(
            "--x\r\ncontent-disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
        );
    stranger.send(multipart).await.expect(200);
    assert!(!wants(List::Badges));

    stranger.post_bare(&link(List::Account), &[]).await.expect(200);
    assert!(wants(List::Account));
    stranger.post_bare("/unsubscribe?token=2.mentions.forged", &[]).await.expect(400);
    stranger.get("/unsubscribe").await.expect(400);
    assert!(wants(List::Mentions));
});

on_both!(notices_are_read_and_mails_chosen_by_their_owner_alone, |hall: Hall| async move {
    hall.visitor.get("/notices").await.expect(303);
    let bruno = hall.browser(&hall.bruno).await;
    bruno.get("/notices").await.expect(200).contains("Nothing new");
    let user = hall.bruno.id;
    let thread = hall.ask("Something to be told about", "Somebody answers this one.", "").await;
    hall.act(move |tx| {
        use loggia::db::schema::notices;
        diesel::insert_into(notices::table)
            .values((
                notices::user_id.eq(user),
                notices::event_id.eq(1i64),
                notices::kind.eq("accepted"),
                notices::thread_id.eq(thread),
                notices::detail.eq(""),
                notices::created_at.eq(tx.now),
            ))
            .execute(tx.conn)?;
        Ok(())
    })
    .await;
    let page = bruno.get("/notices").await;
    page.expect(200).contains("Something to be told about").contains("unread");
    bruno.submit(&page, "/notices/read", &[]).await.expect(303).leads_to("/notices");
    bruno.get("/notices").await.expect(200).lacks("class=\"unread\"");
    bruno.get("/notices?after=x").await.expect(400);

    let page = bruno.get("/settings/notices").await;
    page.expect(200).contains("bruno@example.com");
    let form = page.form("/settings/notices");
    assert!(form.contains_key("answers") && form.contains_key("mentions"));
    let csrf = form["csrf"].clone();
    bruno.post_bare("/settings/notices", &[("answers", "1")]).await.expect(403);
    bruno.post_bare("/settings/notices", &[("answers", "1"), ("csrf", &csrf)]).await.expect(303);
    let form = bruno.get("/settings/notices").await.form("/settings/notices");
    assert!(form.contains_key("answers") && !form.contains_key("mentions"));
});
