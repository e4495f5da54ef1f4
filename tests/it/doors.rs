//! tests: the pages that say why something cannot be had, in words that fit.
use crate::ground::Ground;
use crate::world::World;
use loggia::web::doorman::general_words;
use std::fs;

/// What is said when it is our fault.
const OURS: [&str; 2] = ["Something broke", "It is our fault"];

#[test]
fn no_refusal_is_put_down_to_us() {
    for status in 400..500 {
        for part in ["title", "text"] {
            let words = general_words("en", status, part);
            assert!(!words.starts_with("error-"), "{status} has no words: {words}");
            assert!(OURS.iter().all(|ours| !words.contains(ours)), "{status}: {words}");
        }
    }
    for status in [500, 501, 502] {
        assert_eq!(general_words("en", status, "title"), OURS[0]);
    }
    // What we answer with has words of its own.
    let own = [400, 401, 403, 404, 405, 408, 409, 413, 415, 421, 422, 429, 500, 503, 507];
    let titles: std::collections::BTreeSet<String> =
        own.iter().map(|status| general_words("en", *status, "title")).collect();
    assert_eq!(titles.len(), own.len());
}

on_both!(a_refused_request_gets_a_page_of_its_own_kind_with_the_brands_logo, |ground: Ground| async move {
    let logo = ground.data.join("logo.svg");
    fs::write(&logo, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    let logo = logo.display().to_string();
    let world = World::with(ground, &[("brand.logo", logo.as_str())]).await;
    let visitor = world.visitor();
    let home = visitor.get("/").await;
    let source = |html: &str| {
        let at = html.find("brand-logo").unwrap_or_else(|| panic!("no logo in {html}"));
        html[..at].rfind('"').map(|from| html[from..at].to_owned()).unwrap()
    };
    let wrong_method = visitor.post_bare("/help", &[]).await;
    wrong_method.expect(405).contains("That cannot be done here");
    assert_eq!(source(&wrong_method.text()), source(&home.text()));
    let wrong_host = reqwest::Client::new()
        .get(format!("{}/", world.base_url))
        .header("host", "elsewhere.example")
        .send()
        .await
        .unwrap();
    assert_eq!(wrong_host.status(), 421);
    assert!(wrong_host.text().await.unwrap().contains("Another house"));
    for page in [visitor.get("/nowhere").await, visitor.get("/notices?after=x&after=y").await] {
        for ours in OURS {
            page.lacks(ours);
        }
    }
});
