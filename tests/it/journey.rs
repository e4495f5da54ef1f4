//! tests: one way through the house in a real browser, from signing up to the brand's official answer;
//! and the main part of it once more without scripts. Pictures of each step are in `target/screenshots`.
use crate::accounts::newest_mail;
use crate::browser::Browser;
use crate::ground::{Which, play};
use crate::threads::ask;
use crate::world::{Person, World};
use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::{Value, json};
use std::time::Duration;

const OLDER: &str = "Router loses its connection every night at two";
const TITLE: &str = "My router loses the connection at night";
const BODY: &str = "Since the update the **router** drops the line.\n\n```sh\nip route show table main | grep --color default | sort | uniq --count\n```";
const ANSWER: &str = "Switch off the **nightly self-test** under *Settings → Care*, then restart the box.";
const OFFICIAL: &str = "Firmware 7.3 moves the self-test. You will find it under **Settings → System**.";

/// One browser, its pages looked at as they pass.
struct Walk<'a> {
    browser: Browser,
    world: &'a World,
    name: &'static str,
    step: u32,
}

impl<'a> Walk<'a> {
    async fn begin(browser: Browser, world: &'a World, name: &'static str) -> Walk<'a> {
        browser.size(1280, 900).await;
        // A page still gliding is not where the driver presses.
        let features = json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
        browser.devtools("Emulation.setEmulatedMedia", features).await;
        Walk { browser, world, name, step: 0 }
    }

    async fn goto(&self, path: &str) {
        self.browser.client.goto(&format!("{}{path}", self.world.base_url)).await.unwrap();
    }

    /// The element, waited for.
    async fn see(&self, css: &str) -> Element {
        let wait = self.browser.client.wait().at_most(Duration::from_secs(30));
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => {
                self.browser.screenshot(&format!("{}-failed", self.name)).await;
                let text = self.text().await;
                let address = self.browser.client.current_url().await.unwrap();
                panic!("{css} is not on {address}: {error}\n{text}")
            }
        }
    }

    async fn text(&self) -> String {
        self.browser.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
    }

    /// The page shows this text, sooner or later.
    async fn says(&self, text: &str) {
        let found = format!("document.body.innerText.includes({})", json!(text));
        self.until(&found).await;
    }

    async fn write(&self, css: &str, text: &str) {
        self.see(css).await.send_keys(text).await.unwrap();
    }

    async fn press(&self, css: &str) {
        self.see(css).await.click().await.unwrap();
    }

    async fn run(&self, script: &str) -> Value {
        self.browser.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits in the page itself until this is true.
    async fn until(&self, condition: &str) {
        let script = format!(
            "const done = arguments[0], look = () => ({condition}) ? done(true) : setTimeout(look, 20); look();"
        );
        let done = self.browser.client.execute_async(&script, Vec::new()).await;
        assert!(done.is_ok(), "never came true: {condition}\n{}", self.text().await);
    }

    /// A picture wide and narrow; nothing complains and nothing is wider than a small telephone.
    async fn look(&mut self, name: &str) {
        self.step += 1;
        let complaints = self.browser.complaints().await;
        assert!(complaints.is_empty(), "{name}: {complaints:?}");
        self.browser.size(320, 720).await;
        assert!(!self.browser.scrolls_sideways().await, "{name} scrolls sideways at 320 px");
        self.browser.size(1280, 900).await;
        self.browser.screenshot(&format!("{}-{:02}-{name}", self.name, self.step)).await;
    }

    /// Becomes this person, by the door.
    async fn become_person(&self, person: &Person) {
        self.browser.client.delete_all_cookies().await.unwrap();
        self.goto("/sign-in").await;
        self.write("#f-login", person.username).await;
        self.write("#f-password", person.password).await;
        self.press("main form button[type=submit]").await;
        self.see("details.menu").await;
    }

    /// Answers on this thread's page.
    async fn answers(&self, url: &str) {
        self.goto(url).await;
        self.write("#f-body", ANSWER).await;
        self.press(".answer-form button.btn-main").await;
        self.see("article.answer").await;
    }

    async fn here(&self) -> String {
        self.browser.client.current_url().await.unwrap().path().to_owned()
    }
}

#[test]
fn somebody_new_is_helped_by_people_and_then_by_the_brand() {
    play(Which::Sqlite, |world: World| async move {
        let Some(browser) = Browser::open().await else { return };
        ask(&world.bruno().await, OLDER, "It comes back after some minutes.", "router").await;
        world.settle().await;
        let mut walk = Walk::begin(browser, &world, "journey").await;
        let flora = Person {
            id: world.ann.id,
            username: "flora",
            display_name: "Flora",
            email: "flora@example.com",
            password: "lantern and harbour",
            role: world.ann.role,
        };

        // Flora comes to stay.
        walk.goto("/").await;
        walk.look("front").await;
        walk.goto("/sign-up").await;
        walk.write("#f-display_name", flora.display_name).await;
        walk.write("#f-username", flora.username).await;
        walk.write("#f-email", flora.email).await;
        walk.write("#f-password", flora.password).await;
        walk.look("sign-up").await;
        walk.press("main form button[type=submit]").await;
        walk.says("Look at your mail").await;
        // Read at once: what is sent is emptied of its link.
        let (_, link) = newest_mail(&world, flora.email).unwrap();
        assert!(link.starts_with("/confirm?"), "{link}");
        walk.look("look-at-your-mail").await;
        walk.goto(&link).await;
        walk.look("confirm").await;
        walk.press("main form button[type=submit]").await;
        walk.see("details.menu").await;

        // She asks, and sees beforehand what was asked already.
        walk.goto("/ask").await;
        walk.write("#f-title", TITLE).await;
        let similar = walk.see("[data-similar-list]:not([hidden]) a").await;
        assert!(similar.text().await.unwrap().contains(OLDER));
        walk.write("#f-body", BODY).await;
        walk.see(".preview:not([hidden]) pre code").await;
        walk.write("#f-tags", "router night").await;
        walk.look("ask").await;
        walk.press("main form button.btn-main").await;
        walk.see("article.question").await;
        let url = walk.here().await;
        walk.look("asked").await;

        // Bruno answers.
        walk.become_person(&world.bruno).await;
        walk.answers(&url).await;
        walk.look("answered").await;
        world.settle().await;

        // Flora votes without leaving the page, and accepts.
        walk.become_person(&flora).await;
        walk.see(".bell b").await;
        walk.goto(&url).await;
        walk.run("window.stayed = true").await;
        walk.press("article.answer form[data-vote] [data-up]").await;
        walk.until("document.querySelector('article.answer form[data-vote]').dataset.busy === undefined")
            .await;
        let score =
            walk.run("return document.querySelector('article.answer [data-score]').textContent").await;
        assert_eq!(score, json!("1"));
        assert_eq!(walk.run("return window.stayed === true").await, json!(true));
        walk.goto(&url).await;
        walk.see("article.answer [data-up][aria-pressed=true]").await;
        walk.look("voted").await;
        walk.press("form[action$='/acceptance'] button").await;
        walk.see("article.solution").await;
        walk.look("solved").await;
        world.settle().await;

        // A stranger finds the solution.
        walk.browser.client.delete_all_cookies().await.unwrap();
        walk.goto("/").await;
        walk.write("#q-hall", "nightly self-test\u{e007}").await;
        walk.see(".arch-solved").await;
        let hit = walk.see(".hit-solution").await.text().await.unwrap();
        assert!(hit.contains("self-test"), "{hit}");
        walk.see(".hit-solution mark").await;
        walk.look("found").await;
        walk.press(".hit-solution a").await;
        walk.see("article.solution").await;
        assert_eq!(walk.here().await, url);

        // Bruno sees something for the moderators.
        walk.become_person(&world.bruno).await;
        walk.goto(&url).await;
        walk.press("article.question a[href$='/flag']").await;
        walk.press("input[name=reason][value=outdated]").await;
        walk.write("#f-note", "This was moved by the last update.").await;
        walk.look("flag").await;
        walk.press("main form button.btn-main").await;
        walk.see(".flash-ok").await;

        // Carla decides, and passes the question on to the brand.
        walk.become_person(&world.carla).await;
        walk.goto("/moderation").await;
        walk.says("This was moved by the last update.").await;
        walk.look("queue").await;
        walk.goto(&url).await;
        walk.press("a[href$='/escalate']").await;
        walk.write("#f-note", "The menu has moved with 7.3; the brand should say where to.").await;
        walk.look("escalate").await;
        walk.press("main form button.btn-official").await;
        walk.see(".notice-official").await;
        walk.look("escalated").await;

        // Dario takes the case and answers for the brand.
        walk.become_person(&world.dario).await;
        walk.goto("/desk").await;
        walk.look("desk").await;
        walk.press(".case-card h2 a").await;
        walk.press("form[action$='/assignment'] button").await;
        walk.see("form[action$='/assignment/removal']").await;
        walk.write("#f-body", OFFICIAL).await;
        let signature = walk.run("return document.querySelector('#f-signature').value").await;
        assert_eq!(signature, json!("Dario, Brand care"));
        walk.look("case").await;
        walk.press("#official form button.btn-official").await;
        walk.see(".flash-ok").await;
        walk.look("case-answered").await;
        world.settle().await;

        // Flora is told, and reads it with the brand's mark and his signature.
        walk.become_person(&flora).await;
        walk.press(".bell").await;
        walk.see("main form[action$='/reading'] button").await;
        walk.look("notices").await;
        walk.press("main form[action$='/reading'] button").await;
        walk.see("article.question").await;
        walk.goto(&url).await;
        let head = walk.see(".official-head").await.text().await.unwrap();
        assert!(head.to_lowercase().contains("brezza"), "{head}");
        walk.see(".official-head .brand-mark").await;
        let signature = walk.see(".signature").await.text().await.unwrap();
        assert!(signature.contains("Dario, Brand care"), "{signature}");
        walk.see("article.solution").await;
        walk.look("official-answer").await;
        walk.browser.close().await;
    });
}

#[test]
fn without_scripts_everything_is_done_by_plain_forms() {
    play(Which::Sqlite, |world: World| async move {
        let Some(browser) = Browser::without_scripts().await else { return };
        let mut walk = Walk::begin(browser, &world, "plain").await;
        walk.become_person(&world.ann).await;
        walk.goto("/ask").await;
        let toolbars = walk.browser.client.find_all(Locator::Css(".toolbar")).await.unwrap();
        assert!(toolbars.is_empty(), "scripts ran");
        walk.write("#f-title", TITLE).await;
        walk.write("#f-body", BODY).await;
        walk.press("main form button[value=preview]").await;
        walk.see(".preview pre code").await;
        walk.look("preview").await;
        walk.press("main form button.btn-main").await;
        walk.see("article.question").await;
        let url = walk.here().await;
        walk.look("asked").await;

        walk.become_person(&world.bruno).await;
        walk.answers(&url).await;
        walk.look("answered").await;

        walk.become_person(&world.ann).await;
        walk.goto(&url).await;
        walk.press("article.answer form[data-vote] [data-up]").await;
        let pressed = walk.see("article.answer [data-up][aria-pressed=true]").await;
        assert_eq!(pressed.attr("value").await.unwrap().as_deref(), Some("0"));
        let score = walk.see("article.answer [data-score]").await.text().await.unwrap();
        assert_eq!(score, "1");
        walk.press("form[action$='/acceptance'] button").await;
        walk.see("article.solution").await;
        walk.look("solved").await;
        world.settle().await;

        walk.browser.client.delete_all_cookies().await.unwrap();
        walk.goto("/").await;
        walk.write("#q-hall", "nightly self-test").await;
        walk.press(".welcome form button").await;
        walk.see(".hit-solution mark").await;
        walk.look("found").await;
        walk.browser.close().await;
    });
}

#[test]
fn results_are_walked_through_by_keys_and_narrowed_by_a_plain_form() {
    play(Which::Sqlite, |world: World| async move {
        let ann = world.ann().await;
        let older = ask(&ann, OLDER, BODY, "router").await;
        ask(&ann, TITLE, BODY, "night").await;
        world.settle().await;
        let Some(browser) = Browser::open().await else { return };
        let mut walk = Walk::begin(browser, &world, "results").await;
        walk.goto("/search?q=router+sort:newest").await;
        walk.see(".search-side form select[name=sort]").await;
        walk.look("found").await;
        let press = async |keys: &str| {
            walk.browser.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
        };
        let at = async |place: i64| {
            walk.until(&format!(
                "document.activeElement === document.querySelectorAll('[data-hit]')[{place}]"
            ))
            .await;
        };
        press("j").await;
        at(0).await;
        press("j").await;
        at(1).await;
        // The last one stays, and the arrows walk from there.
        press("j").await;
        at(1).await;
        press("\u{e013}").await;
        at(0).await;
        press("\u{e015}").await;
        at(1).await;
        press("/").await;
        walk.until("document.activeElement === document.getElementById('q')").await;
        walk.goto("/search?q=router+sort:newest").await;
        press("k").await;
        at(1).await;
        press("\u{e007}").await;
        walk.see("article.question").await;
        assert_eq!(walk.here().await, older);
        walk.browser.close().await;

        let Some(browser) = Browser::without_scripts().await else { return };
        let mut walk = Walk::begin(browser, &world, "narrowed").await;
        walk.goto("/search?q=router").await;
        // Beside the hits there is room for the form; on a telephone it unfolds.
        walk.write("#c-tag", "night\u{e007}").await;
        walk.see(".chips a[href='/search?q=router']").await;
        walk.goto("/search?q=router").await;
        walk.browser.size(320, 720).await;
        walk.press(".search-side summary").await;
        walk.write("#c-tag", "night").await;
        walk.press(".controls button").await;
        walk.see(".chips a[href='/search?q=router']").await;
        assert_eq!(walk.browser.client.find_all(Locator::Css("[data-hit]")).await.unwrap().len(), 1);
        walk.look("by-tag").await;
        walk.goto("/search?q=router+is:solved").await;
        walk.see(".leads a[href='/search?q=router']").await;
        walk.look("nothing-found").await;
        walk.browser.close().await;
    });
}

const PUMP: &str = "Heating pump hums loudly after a firmware update";
const HUMS: &str = "Since the firmware update of last week the heating pump hums loudly all night long.";

#[test]
fn an_asker_finds_the_solution_before_the_question_is_posted() {
    play(Which::Sqlite, |world: World| async move {
        let Some(browser) = Browser::open().await else { return };
        let url = ask(&world.bruno().await, PUMP, HUMS, "pump").await;
        let dario = world.dario().await;
        let pressure = "Set the pump to **proportional pressure**; the humming stops within a minute.";
        let said = crate::threads::answer(&dario, &url, pressure).await;
        let bruno = world.bruno().await;
        let page = bruno.get(&url).await;
        let action = format!("/threads/{}/acceptance", crate::threads::thread_id(&url));
        bruno.submit(&page, &action, &[]).await.expect(303);
        for title in ["How do I invite my neighbour to the gate?", "Which screws hold the outdoor sensor?"] {
            ask(&bruno, title, "I looked into the manual and found nothing.", "").await;
        }
        world.settle().await;
        let mut walk = Walk::begin(browser, &world, "asking").await;
        walk.become_person(&world.ann).await;
        walk.goto("/ask").await;

        // Two words say nothing yet; the third does, and the answer is there to be read.
        walk.run(
            "window.asked = []; const fetched = window.fetch; window.fetch = (url, options) => {\
             if (String(url).startsWith('/search')) window.asked.push([String(url), performance.now()]);\
             return fetched(url, options); };\
             document.querySelector('#f-title').addEventListener('input', () => { window.last = performance.now(); });",
        )
        .await;
        walk.write("#f-title", "heating pump").await;
        assert_eq!(walk.run("return window.asked.length").await, json!(0));
        walk.write("#f-title", " hum").await;
        let found = walk.see("[data-similar-list]:not([hidden]) .like").await.text().await.unwrap();
        assert!(found.contains(PUMP) && found.contains("proportional pressure"), "{found}");
        walk.see("[data-similar-list] .like mark").await;
        // The wait before the server is asked leaves room for its answer within a tenth of a second.
        let wait = walk.run("return window.asked.at(-1)[1] - window.last").await.as_f64().unwrap();
        assert!((0.0..1_000.0).contains(&wait), "{wait}");
        walk.until("document.getElementById('live-region').textContent.includes('1')").await;
        walk.look("similar").await;

        // By keyboard into the list and out of it; put away, it does not come again.
        walk.write("#f-title", "\u{e015}").await;
        walk.until("document.activeElement.closest('.like')").await;
        walk.write("[data-similar-list] .like a", "\u{e00c}").await;
        walk.until(
            "document.activeElement.id === 'f-title' && document.querySelector('[data-similar-list]').hidden",
        )
        .await;
        walk.run("window.asked = []").await;
        walk.write("#f-title", "s loudly after").await;
        assert_eq!(
            walk.run("return [window.asked.length, document.querySelector('[name=seen]').value]").await,
            json!([0, "all"])
        );

        // With the body it is most likely the same, and said beside the button that would post it.
        walk.goto("/ask").await;
        walk.run("document.querySelector('#f-title').value = ''").await;
        walk.write("#f-title", PUMP).await;
        walk.write("#f-body", HUMS).await;
        let likely = walk.see("[data-like-list]:not([hidden]) .like").await.text().await.unwrap();
        assert!(likely.contains(PUMP) && likely.contains("This solves it"), "{likely}");
        walk.look("likely").await;
        walk.press("[data-like-list] .like button").await;
        walk.says("Glad that helped. Your draft is put away.").await;
        walk.says("Solved it for 1 person").await;
        assert_eq!(walk.here().await, url);
        let hash = walk.run("return location.hash").await;
        assert_eq!(hash, json!(format!("#post-{said}")));
        walk.look("solved").await;

        // It did not after all: the question is there as it was written.
        walk.press(&format!("#post-{said} form[action$='/confirmation/removal'] button")).await;
        walk.says("Here is your draft again.").await;
        let kept = walk.run(
            "return [document.querySelector('#f-title').value, document.querySelector('#f-body').value]",
        );
        assert_eq!(kept.await, json!([PUMP, HUMS]));
        walk.look("again").await;
        walk.browser.close().await;
    });
}

#[test]
fn without_scripts_the_solution_is_shown_in_a_step_before_posting() {
    play(Which::Sqlite, |world: World| async move {
        let Some(browser) = Browser::without_scripts().await else { return };
        let bruno = world.bruno().await;
        let url = ask(&bruno, PUMP, HUMS, "pump").await;
        let dario = world.dario().await;
        crate::threads::answer(&dario, &url, "Set the pump to proportional pressure; the humming stops.")
            .await;
        let page = bruno.get(&url).await;
        let action = format!("/threads/{}/acceptance", crate::threads::thread_id(&url));
        bruno.submit(&page, &action, &[]).await.expect(303);
        for title in ["How do I invite my neighbour to the gate?", "Which screws hold the outdoor sensor?"] {
            ask(&bruno, title, "I looked into the manual and found nothing.", "").await;
        }
        world.settle().await;
        let mut walk = Walk::begin(browser, &world, "plain-asking").await;
        walk.become_person(&world.ann).await;
        walk.goto("/ask").await;
        walk.write("#f-body", HUMS).await;
        // Enter in the title posts, and presses nothing of what is offered.
        walk.write("#f-title", &format!("{PUMP}\u{e007}")).await;
        walk.says("These look like your problem").await;
        walk.look("step").await;
        walk.write("#f-title", "\u{e007}").await;
        walk.see("article.question").await;
        assert_ne!(walk.here().await, url);

        // Carla sees the two side by side.
        world.settle().await;
        walk.become_person(&world.carla).await;
        walk.goto("/moderation?tab=duplicates").await;
        walk.says("May be a duplicate").await;
        walk.look("pair").await;
        walk.browser.close().await;
    });
}
