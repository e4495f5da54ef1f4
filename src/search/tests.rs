//! Search as its callers see it: a small world of threads, an index in a throwaway folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn thread(id: i64, title: &str, question: &str) -> ThreadDoc {
    ThreadDoc {
        thread_id: id,
        title: title.into(),
        question: question.into(),
        created_at_us: id * 1_000,
        active_at_us: id * 1_000,
        ..ThreadDoc::default()
    }
}

fn solved(id: i64, title: &str, question: &str, solution: &str) -> ThreadDoc {
    ThreadDoc {
        solution: Some(solution.into()),
        solution_post_id: Some(id * 10),
        solved: true,
        answer_count: 1,
        ..thread(id, title, question)
    }
}

/// A rebuilt index of these threads at place 1.
fn index_of(docs: Vec<ThreadDoc>) -> (TempDir, Index) {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap().into_index();
    fill(&index, docs, 1);
    (dir, index)
}

fn fill(index: &Index, docs: Vec<ThreadDoc>, place: i64) {
    let mut rebuild = Rebuild::begin(index).unwrap();
    rebuild.add(docs).unwrap();
    rebuild.finish(place).unwrap();
}

/// The folder of this version's index.
fn root() -> std::path::PathBuf {
    format!("v{}", document::SCHEMA_VERSION).into()
}

fn find(index: &Index, query: &str) -> Vec<i64> {
    results(index, query).hits.iter().map(|hit| hit.thread_id).collect()
}

fn results(index: &Index, query: &str) -> Results {
    index.search(&Query::parse(query).0, 20, None).unwrap()
}

fn ready(dir: &Path) -> (Index, i64) {
    match Index::open(dir).unwrap() {
        Opened::Ready { index, place } => (index, place),
        Opened::NeedsRebuild { reason, .. } => panic!("{reason}"),
    }
}

fn reason(dir: &Path) -> Reason {
    match Index::open(dir).unwrap() {
        Opened::Ready { .. } => panic!("taken for whole"),
        Opened::NeedsRebuild { index, reason } => {
            assert!(find(&index, "router").is_empty());
            fill(&index, vec![thread(1, "Router", "")], 5);
            assert_eq!(find(&index, "router"), [1]);
            reason
        }
    }
}

fn shown(pieces: &[(String, bool)]) -> String {
    pieces.iter().map(|(text, hit)| if *hit { format!("[{text}]") } else { text.clone() }).collect()
}

#[test]
fn a_thread_is_found_by_title_question_solution_answer_and_tag() {
    let doc = ThreadDoc {
        answers: vec!["Unplug the cable".into()],
        tags: vec!["modem".into()],
        author: Some("ann".into()),
        ..solved(7, "Router blinks", "The light is orange", "Hold the reset button for ten seconds")
    };
    let (_dir, index) = index_of(vec![doc, thread(8, "Something else", "entirely")]);
    for query in
        ["blinking", "lights", "buttons", "cables", "modem", "ROUTER orange", "tag:modem", "user:Ann"]
    {
        assert_eq!(find(&index, query), [7], "{query}");
    }
    let hit = &results(&index, "router reset").hits[0];
    assert_eq!(shown(&hit.title_pieces), "[Router] blinks");
    assert_eq!((hit.solved, hit.solution_post_id), (true, Some(70)));
    assert_eq!((hit.tags.as_slice(), hit.author.as_deref()), (&["modem".to_owned()][..], Some("ann")));
}

#[test]
fn where_there_is_no_solution_the_answer_that_says_most_shows() {
    let answers = |texts: &[&str]| ThreadDoc {
        answers: texts.iter().map(|text| (*text).to_owned()).collect(),
        answer_post_ids: (70..).take(texts.len()).collect(),
        answer_count: texts.len() as i64,
        ..thread(1, "Help", "my router")
    };
    let shown = |texts: &[&str], query: &str| {
        let (_dir, index) = index_of(vec![answers(texts), thread(2, "Another", "one")]);
        results(&index, query).hits[0].answer_post_id
    };
    let texts = ["No idea of the", "Reset", "Reset the router", "The router, I would reset it"];
    assert_eq!(shown(&texts, "reset router"), Some(72));
    assert_eq!(shown(&texts, "reset"), Some(71));
    assert_eq!(
        shown(&texts, "would router"),
        Some(72),
        "would says nothing, and the answer as much as the question"
    );
    assert_eq!(shown(&texts, "idea"), Some(70));
    assert_eq!(shown(&texts, "help"), None, "nothing but the title says it");
    assert_eq!(shown(&["Ask again", "the my"], "router"), None, "the question says it");
    assert_eq!(shown(&texts, "reset router sort:newest"), Some(72));
    let (_dir, index) = index_of(vec![answers(&texts)]);
    assert_eq!(index.similar("reset my router", "", 5).unwrap().hits[0].answer_post_id, Some(72));
    let solved =
        ThreadDoc { solution: Some("Buy another".into()), solution_post_id: Some(9), ..answers(&texts) };
    let (_dir, index) = index_of(vec![solved]);
    assert_eq!(results(&index, "reset router").hits[0].answer_post_id, None);
}

#[test]
fn solved_and_voted_threads_come_first_among_equals_and_titles_before_bodies() {
    let (_dir, index) = index_of(vec![
        thread(1, "Printer jams", "again"),
        ThreadDoc { solved: true, answer_count: 1, ..thread(2, "Printer jams", "again") },
        ThreadDoc { score: 30, ..thread(3, "Printer jams", "again") },
        ThreadDoc { solved: true, answer_count: 1, score: 30, ..thread(4, "Printer jams", "again") },
        thread(5, "Paper again", "the printer jams"),
    ]);
    assert_eq!(find(&index, "printer jams"), [4, 2, 3, 1, 5]);
}

#[test]
fn italian_is_found_with_and_without_accents_and_in_other_forms() {
    let (_dir, index) = index_of(vec![
        solved(
            1,
            "Perché il router non si accende?",
            "Non capisco cosa fare",
            "Aggiorna il firmware della città",
        ),
        thread(2, "L'aggiornamento dell'account", "Come posso fare per le stampanti nella rete"),
    ]);
    assert_eq!(find(&index, "perche router"), [1]);
    assert_eq!(find(&index, "perché"), [1]);
    assert_eq!(find(&index, "citta"), [1]);
    assert_eq!(find(&index, "stampante"), [2]);
    assert!(find(&index, "account tag:x").is_empty());
    assert_eq!(find(&index, "aggiornamenti account"), [2, 1]);
}

#[test]
fn codes_are_found_whole_joined_and_by_parts() {
    let (_dir, index) = index_of(vec![
        thread(1, "WRT54G-v2 reboots", "error 0x80070057"),
        thread(2, "Send e-mail from C++", "and .net too"),
        thread(3, "WRT54GL", "c net mail"),
    ]);
    for (query, expected) in [
        ("WRT54G-v2", &[1][..]),
        ("wrt54gv2", &[1]),
        ("wrt54g", &[1]),
        ("0x80070057", &[1]),
        ("email", &[2]),
        ("e-mails", &[2]),
        ("c++", &[2]),
        (".NET", &[2]),
        ("wrt54g v2", &[1]),
    ] {
        assert_eq!(find(&index, query), expected, "{query}");
    }
}

#[test]
fn phrases_must_be_there_and_excluded_words_must_not() {
    let (_dir, index) = index_of(vec![
        thread(1, "Factory reset", "of the box"),
        thread(2, "Reset the factory", "of the box"),
        thread(3, "Factory", "the box"),
    ]);
    assert_eq!(find(&index, "\"factory reset\""), [1]);
    assert_eq!(find(&index, "\"reset the factory\""), [2]);
    assert_eq!(find(&index, "factory -reset"), [3]);
    assert_eq!(find(&index, "factory -\"reset the factory\""), [3, 1]);
    assert!(find(&index, "-factory").is_empty());
    assert_eq!(find(&index, "-\"factory reset\""), [3, 2]);
}

#[test]
fn qualifiers_filter_and_alone_list_the_last_active_first() {
    let (_dir, index) = index_of(vec![
        ThreadDoc { tags: vec!["Wi-Fi".into()], author: Some("ann".into()), ..thread(1, "One router", "") },
        ThreadDoc { answer_count: 1, tags: vec!["wi-fi".into()], ..thread(2, "Two router", "") },
        ThreadDoc { author: Some("bruno".into()), ..solved(3, "Three router", "", "done") },
    ]);
    for (query, expected) in [
        ("is:solved", &[3][..]),
        ("is:unsolved", &[2, 1]),
        ("is:unanswered router", &[1]),
        ("is:answered", &[3, 2]),
        ("tag:wi-fi", &[2, 1]),
        ("tag:wi", &[]),
        ("user:bruno is:solved router", &[3]),
        ("is:solved is:unsolved", &[]),
    ] {
        assert_eq!(find(&index, query), expected, "{query}");
    }
}

#[test]
fn numbers_dates_languages_and_official_answers_narrow_and_turned_round_widen() {
    let at = |text: &str| crate::kernel::moment::Moment::parse(text).unwrap().0;
    let (_dir, index) = index_of(vec![
        ThreadDoc {
            answer_count: 0,
            score: -2,
            created_at_us: at("2025-12-31T23:59:59.999999"),
            active_at_us: at("2026-01-01T00:00:00"),
            language: Some("it".into()),
            ..thread(1, "One router", "")
        },
        ThreadDoc {
            answer_count: 2,
            score: 0,
            official: true,
            created_at_us: at("2026-01-01T00:00:00"),
            active_at_us: at("2026-02-28T12:00:00"),
            language: Some("en".into()),
            tags: vec!["hub".into()],
            ..thread(2, "Two router", "")
        },
        ThreadDoc {
            answer_count: 5,
            score: 7,
            created_at_us: at("2026-02-01T00:00:00"),
            active_at_us: at("2026-03-01T00:00:00"),
            language: Some("en".into()),
            ..thread(3, "Three router", "")
        },
    ]);
    for (query, expected) in [
        ("answers:0", &[1][..]),
        ("answers:>2", &[3]),
        ("answers:1..5", &[3, 2]),
        ("-answers:1..5", &[1]),
        ("score:>0", &[3]),
        ("score:<0", &[1]),
        ("score:-2..0", &[2, 1]),
        ("-score:0", &[3, 1]),
        ("created:2025", &[1]),
        ("created:2026-01", &[2]),
        ("created:>2026-01", &[3]),
        ("created:>=2026-01", &[3, 2]),
        ("created:<2026-01", &[1]),
        ("created:2025-12..2026-01", &[2, 1]),
        ("-created:2026", &[1]),
        ("active:2026-03-01", &[3]),
        ("active:<2026-02", &[1]),
        ("lang:it", &[1]),
        ("-lang:it", &[3, 2]),
        ("is:official", &[2]),
        ("-is:official", &[3, 1]),
        ("-tag:hub", &[3, 1]),
        ("-tag:hub -is:official answers:5 score:7 lang:en", &[3]),
        ("version:2.4", &[]),
        ("-version:2.4", &[3, 2, 1]),
    ] {
        assert_eq!(find(&index, query), expected, "{query}");
        let mut with_words = find(&index, &format!("router {query}"));
        with_words.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(with_words, expected, "router {query}");
        let mut some_words = find(&index, &format!("router nonsense {query}"));
        some_words.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(some_words, expected, "router nonsense {query}");
    }
}

#[test]
fn hits_can_be_ordered_by_age_activity_and_votes_and_their_pages_follow_each_other() {
    let docs = (1..=40).map(|id| ThreadDoc {
        score: id % 7 - 3,
        active_at_us: (id * 17 % 41) * 1_000,
        created_at_us: id * 1_000 - 20_000,
        ..thread(id, "Router", &"router ".repeat(id as usize % 5))
    });
    let docs: Vec<ThreadDoc> = docs.collect();
    let (_dir, index) = index_of(docs.clone());
    index.apply(2, docs.iter().take(9).cloned().collect(), vec![]).unwrap();
    for (sort, key) in [
        ("newest", (|doc| doc.created_at_us) as fn(&ThreadDoc) -> i64),
        ("active", |doc| doc.active_at_us),
        ("votes", |doc| doc.score),
    ] {
        let mut expected: Vec<(i64, i64)> = docs.iter().map(|doc| (key(doc), doc.thread_id)).collect();
        expected.sort_unstable_by(|a, b| b.cmp(a));
        for words in ["router", "router nonsense", "is:unsolved"] {
            let (query, _) = Query::parse(&format!("{words} sort:{sort}"));
            let mut seen = Vec::new();
            let mut after = None;
            loop {
                let page = index.search(&query, 7, after).unwrap();
                assert_eq!(page.total, Total { count: 40, more: false });
                seen.extend(page.hits.iter().map(|hit| hit.thread_id));
                let Some(next) = page.next else { break };
                let next = Cursor::decode(&next.encode()).unwrap();
                assert!(next.is_of(&query) && !next.is_of(&Query::parse(words).0));
                after = Some(next);
            }
            assert_eq!(seen, expected.iter().map(|(_, id)| *id).collect::<Vec<_>>(), "{words} sort:{sort}");
        }
    }
}

#[test]
fn in_an_order_of_their_own_threads_with_all_words_are_not_buried() {
    let (_dir, index) =
        index_of(vec![thread(1, "Router reset", ""), thread(2, "Router", ""), thread(3, "Reset", "")]);
    assert_eq!(find(&index, "router reset sort:newest"), [1]);
    assert_eq!(find(&index, "router nonsense sort:newest"), [2, 1]);
}

#[test]
fn counts_are_of_what_is_found_and_of_nothing_else() {
    let (_dir, index) = index_of(
        (1..=60)
            .map(|id| ThreadDoc {
                solved: id % 3 == 0,
                answer_count: i64::from(id % 2 == 0),
                tags: if id % 4 == 0 { vec!["hub".into(), format!("t{id}")] } else { vec!["radio".into()] },
                language: Some(if id % 5 == 0 { "it" } else { "en" }.into()),
                ..thread(id, if id <= 50 { "Router" } else { "Printer" }, "reset")
            })
            .collect(),
    );
    index.apply(2, vec![thread(60, "Router", "late")], vec![3, 4]).unwrap();
    let facets = index.facets(&Query::parse("router").0, false, [11_000, 51_000]).unwrap();
    assert_eq!((facets.total, facets.more), (49, false));
    assert_eq!((facets.solved, facets.unanswered), (15, 18));
    assert_eq!(facets.langs, [("en".to_owned(), 39), ("it".to_owned(), 10)]);
    assert_eq!(facets.tags[..2], [("radio".to_owned(), 37), ("hub".to_owned(), 11)]);
    assert_eq!(facets.tags.len(), facets::FACET_TAGS);
    assert!(!facets.tags.iter().any(|(tag, _)| tag == "t4"), "it was removed");
    assert_eq!(facets.since, [41, 1]);
    for query in ["router is:solved", "router -tag:hub answers:0", "router printer"] {
        let (query, _) = Query::parse(query);
        let found = index.search(&query, 100, None).unwrap();
        let facets = index.facets(&query, found.any_word, [0; 2]).unwrap();
        let asked = Query { since: Some([0; 2]), ..query.clone() };
        assert_eq!(index.search(&asked, 20, None).unwrap().facets.as_ref(), Some(&facets));
        assert_eq!(facets.total, found.total.count, "{}", query.text);
        assert_eq!(facets.solved as usize, found.hits.iter().filter(|hit| hit.solved).count());
    }
    assert_eq!(index.facets(&Query::default(), false, [0; 2]).unwrap(), Facets::default());
}

#[test]
fn of_very_many_matches_old_and_new_are_counted_and_the_counts_say_so() {
    let many = i64::from(facets::FACET_MATCHES) * 4;
    let (_dir, index) = index_of(
        (1..=many).map(|id| ThreadDoc { solved: id % 2 == 0, ..thread(id, "Router", "") }).collect(),
    );
    index.apply(2, (1..=9).map(|id| thread(many + id, "Router", "")).collect(), vec![]).unwrap();
    let (query, _) = Query::parse("router");
    let count = |since: i64| index.facets(&query, false, [since * 1_000, 0]).unwrap();
    let facets = count(many / 2 + 1);
    assert!(facets.more && facets.total.abs_diff(facets::FACET_MATCHES) < 20, "{facets:?}");
    assert!(facets.since[0].abs_diff(facets.total / 2) < 100, "{facets:?}");
    assert!(facets.solved.abs_diff(facets.total / 2) < 100, "{facets:?}");
    assert!(count(many).since[0] > 0, "the newest are not forgotten");
    let asked = Query { since: Some([(many / 2 + 1) * 1_000, 0]), ..query.clone() };
    assert_eq!(index.search(&asked, 20, None).unwrap().facets, Some(facets), "a search counts as it goes");
}

#[test]
fn words_nobody_says_and_tags_nearby_are_known() {
    let (_dir, index) = index_of(vec![
        ThreadDoc { tags: vec!["thermostat".into(), "hub".into()], ..thread(1, "Router", "resets at night") },
        ThreadDoc { tags: vec!["billing".into()], ..thread(2, "Invoice", "") },
    ]);
    index.apply(2, vec![], vec![2]).unwrap();
    let knows = |word: &str| index.knows(&Query::parse(word).0).unwrap();
    assert!(knows("router") && knows("resetting"));
    assert!(!knows("flurb") && !knows("invoice"), "what was removed is not known");
    let near = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        index.near_tags(&words, 5).unwrap()
    };
    assert_eq!(near(&["Thermostats", "night"]), ["thermostat"]);
    assert_eq!(near(&["termostat"]), ["thermostat"]);
    assert_eq!(near(&["hub", "therm"]), ["hub", "thermostat"]);
    assert!(near(&["zebra"]).is_empty() && near(&[]).is_empty());
}

#[test]
fn stop_words_alone_are_searched_all_the_same() {
    let (_dir, index) = index_of(vec![thread(1, "To be or not to be", ""), thread(2, "Come si fa", "")]);
    assert_eq!(find(&index, "to be or not to be"), [1]);
    assert_eq!(find(&index, "come si fa"), [2]);
}

#[test]
fn some_words_are_enough_where_no_thread_has_all() {
    let (_dir, index) = index_of(vec![thread(1, "Router", "blue"), thread(2, "Printer", "green")]);
    let results = results(&index, "router green purple");
    assert!(results.any_word);
    assert_eq!(results.total, Total { count: 2, more: false });
    assert_eq!(results.hits.len(), 2);
}

#[test]
fn pages_have_neither_gaps_nor_repeats_whatever_the_query() {
    let docs = (1..=157).map(|id| ThreadDoc {
        score: id % 5,
        answer_count: id % 2,
        ..thread(id, ["Router", "Router reset", "Reset"][id as usize % 3], &"word ".repeat(id as usize % 7))
    });
    let (_dir, index) = index_of(docs.collect());
    for id in 200..230 {
        index.apply(id, vec![thread(id, "Router reset", "late")], vec![id - 190]).unwrap();
    }
    for (text, count) in [
        ("router reset", None),
        ("router", None),
        ("router nonsense", None),
        ("is:unanswered", None),
        ("word reset router -late", None),
        ("tag:none", Some(0)),
    ] {
        let (query, _) = Query::parse(text);
        let mut seen = Vec::new();
        let mut after = None;
        let mut totals = Vec::new();
        loop {
            let page = index.search(&query, 10, after).unwrap();
            seen.extend(page.hits.iter().map(|hit| (hit.score, hit.thread_id)));
            totals.push(page.total);
            match page.next {
                Some(next) => after = Some(Cursor::decode(&next.encode()).unwrap()),
                None => break,
            }
        }
        assert!(totals.iter().all(|total| *total == totals[0]), "{text}");
        assert_eq!(totals[0], Total { count: seen.len() as u32, more: false }, "{text}");
        assert!(seen.windows(2).all(|pair| pair[0].0 >= pair[1].0), "{text}: best first");
        let mut ids: Vec<_> = seen.iter().map(|hit| hit.1).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), seen.len(), "{text}");
        if let Some(count) = count {
            assert_eq!(seen.len(), count);
        }
    }
}

#[test]
fn forged_cursors_are_refused() {
    for text in ["", "x", "AAAA", "____________________________", "é", &"A".repeat(10_000)] {
        assert!(matches!(Cursor::decode(text), Err(SearchError::BadCursor)), "{text:?}");
    }
    let (_dir, index) = index_of(vec![thread(1, "Router", "")]);
    let cursor = Cursor::decode(&"A".repeat(28)).unwrap();
    assert_eq!(index.search(&Query::parse("router").0, 5, Some(cursor)).unwrap().hits, []);
}

#[test]
fn an_update_replaces_and_a_deleted_thread_is_never_found() {
    let (_dir, index) = index_of(vec![thread(1, "Router", ""), thread(2, "Router", "")]);
    index.apply(2, vec![thread(1, "Printer", "")], vec![2]).unwrap();
    assert!(find(&index, "router").is_empty());
    assert_eq!(find(&index, "printer"), [1]);
    assert_eq!((index.doc_count(), index.place()), (1, 2));
    assert_eq!(index.similar("rout", "", 5).unwrap().hits, []);
    assert_eq!(find(&index, "is:unsolved"), [1]);
}

#[test]
fn the_place_survives_reopening_and_a_drop_without_commit() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap().into_index();
    fill(&index, vec![thread(1, "Router", "")], 41);
    index.apply(42, vec![thread(2, "Router", "")], vec![]).unwrap();
    // A rebuild that never finishes, as a kill would leave it.
    let mut rebuild = Rebuild::begin(&index).unwrap();
    rebuild.add([thread(3, "Router", "")]).unwrap();
    drop(rebuild);
    fs::create_dir_all(dir.path().join(root().join("gen-77"))).unwrap();
    fs::write(dir.path().join(root().join("gen-77/rubbish")), "x").unwrap();
    fs::write(dir.path().join(root().join("CURRENT.next")), "gen-77").unwrap();
    drop(index);
    let (index, place) = ready(dir.path());
    assert_eq!(place, 42);
    assert_eq!(find(&index, "router"), [2, 1]);
    assert!(!dir.path().join(root().join("gen-77")).exists());
}

#[test]
fn a_second_process_is_refused_for_writing_and_may_read() {
    let (dir, index) = index_of(vec![thread(1, "Router", "")]);
    assert!(matches!(Index::open(dir.path()), Err(SearchError::Busy(_))));
    let reading = Index::open_read_only(dir.path()).unwrap().unwrap();
    assert_eq!(find(&reading, "router"), [1]);
    assert!(matches!(reading.apply(2, vec![], vec![]), Err(SearchError::ReadOnly)));
    drop(index);
    assert_eq!(ready(dir.path()).1, 1);
}

#[test]
fn an_index_begun_but_never_filled_is_filled_again() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Index::open(dir.path()).unwrap(), Opened::NeedsRebuild { reason: Reason::Missing, .. }));
    assert!(matches!(
        Index::open(dir.path()).unwrap(),
        Opened::NeedsRebuild { reason: Reason::Unfinished, .. }
    ));
    let index = Index::open(dir.path()).unwrap().into_index();
    index.apply(9, vec![thread(1, "Router", "")], vec![]).unwrap();
    assert_eq!(find(&index, "router"), [1]);
    drop(index);
    assert!(matches!(
        Index::open(dir.path()).unwrap(),
        Opened::NeedsRebuild { reason: Reason::Unfinished, .. }
    ));
}

#[test]
fn an_older_schema_is_rebuilt_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("v0/gen-1")).unwrap();
    assert_eq!(reason(dir.path()), Reason::OlderSchema);
    assert!(!dir.path().join("v0").exists());
    assert_eq!(ready(dir.path()).1, 5);
}

/// An index with several segments and deletes, closed.
fn sample() -> (TempDir, PathBuf) {
    let (dir, index) = index_of(
        (1..40).map(|id| solved(id, "Router reset", "the light blinks", "hold the button")).collect(),
    );
    for id in 2..6 {
        index.apply(id, vec![thread(id + 100, "Router", "new")], vec![id]).unwrap();
    }
    drop(index);
    let current = fs::read_to_string(dir.path().join(root().join("CURRENT"))).unwrap();
    let path = dir.path().join(root()).join(current);
    (dir, path)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target)
        } else {
            assert!(fs::copy(entry.path(), target).is_ok())
        }
    }
}

/// Every file that the living index consists of, damaged in turn.
/// What is told of them may be that they are harmless: lists may hold names of files long gone.
fn damage_each(damage: impl Fn(&Path)) -> usize {
    let (dir, path) = sample();
    let managed = fs::read_to_string(path.join("meta.json")).unwrap();
    let mut tried = 0;
    for entry in fs::read_dir(&path).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let segment = name.split('.').next().unwrap();
        let uuid = managed.replace('-', "");
        if name.ends_with(".lock") || (!segment.is_empty() && segment != "meta" && !uuid.contains(segment)) {
            continue;
        }
        let copied = tempfile::tempdir().unwrap();
        copy(dir.path(), copied.path());
        let file = copied.path().join(path.strip_prefix(dir.path()).unwrap()).join(&name);
        damage(&file);
        if matches!(name.as_str(), "meta.json" | ".managed.json")
            && let Opened::Ready { index, place } = Index::open(copied.path()).unwrap()
        {
            assert_eq!((place, index.doc_count()), (5, 39), "{name}");
            continue;
        }
        match reason(copied.path()) {
            Reason::Damaged(_) | Reason::Unfinished => tried += 1,
            Reason::OlderSchema if name == "meta.json" => tried += 1,
            other => panic!("{name}: {other:?}"),
        }
    }
    tried
}

#[test]
fn a_truncated_file_means_a_rebuild() {
    let tried = damage_each(|file| {
        let length = fs::metadata(file).unwrap().len();
        fs::File::options().write(true).open(file).unwrap().set_len(length / 2).unwrap();
    });
    assert!(tried >= 8, "{tried}");
}

#[test]
fn a_deleted_file_means_a_rebuild() {
    assert!(damage_each(|file| fs::remove_file(file).unwrap()) >= 8);
}

#[test]
fn a_flipped_byte_means_a_rebuild() {
    let tried = damage_each(|file| {
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle] ^= 0x11;
        fs::write(file, bytes).unwrap();
    });
    assert!(tried >= 8, "{tried}");
}

#[test]
fn a_damaged_pointer_means_a_rebuild() {
    for rubbish in [&b""[..], b"gen-", b"../..", b"gen-999", b"\xff\xfe", b"gen-1\0"] {
        let (dir, _) = sample();
        fs::write(dir.path().join(root().join("CURRENT")), rubbish).unwrap();
        assert!(matches!(reason(dir.path()), Reason::Damaged(_)), "{rubbish:?}");
    }
    let (dir, _) = sample();
    fs::remove_dir_all(dir.path().join(root())).unwrap();
    assert_eq!(reason(dir.path()), Reason::Missing);
}

#[test]
fn searches_go_on_while_the_index_is_rebuilt_and_swapped() {
    let (_dir, index) = index_of((1..200).map(|id| thread(id, "Router", "old")).collect());
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let searching = scope.spawn(|| {
            let mut searches = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let page = results(&index, "router");
                assert_eq!(page.hits.len(), 20);
                let old = page.hits.iter().all(|hit| hit.thread_id < 200);
                assert!(old || page.hits.iter().all(|hit| hit.thread_id > 1_000), "one index or the other");
                searches += 1;
            }
            searches
        });
        for round in 1..=4 {
            fill(&index, (1..200).map(|id| thread(id + 1_000 * round, "Router", "new")).collect(), round);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(searching.join().unwrap() > 0);
    });
    assert_eq!(index.place(), 4);
}

#[test]
fn the_folder_deleted_while_running_is_an_error_and_a_rebuild_mends_it() {
    let (dir, index) = index_of(vec![thread(1, "Router", "")]);
    index.apply(2, vec![thread(2, "Router", "")], vec![]).unwrap();
    fs::remove_dir_all(dir.path().join(root())).unwrap();
    assert_eq!(find(&index, "router"), [2, 1]);
    assert!(index.apply(3, vec![thread(3, "Router", "")], vec![]).is_err());
    assert_eq!(find(&index, "router"), [2, 1]);
    fill(&index, vec![thread(4, "Router", "")], 4);
    assert_eq!(find(&index, "router"), [4]);
    index.apply(5, vec![thread(5, "Router", "")], vec![]).unwrap();
    drop(index);
    assert_eq!(ready(dir.path()).1, 5);
}

#[test]
fn verify_names_every_difference() {
    let docs = vec![thread(1, "One", ""), thread(2, "Two", ""), thread(3, "Three", "")];
    let (_dir, index) = index_of(docs.clone());
    let expected = docs.iter().map(|doc| (doc.thread_id, doc.fingerprint()));
    assert!(index.verify(expected.clone()).unwrap().is_empty());
    let changed = ThreadDoc { score: 1, ..docs[1].clone() };
    let expected = [(1, docs[0].fingerprint()), (2, changed.fingerprint()), (9, 0)];
    let differences = index.verify(expected).unwrap();
    assert_eq!(
        differences,
        Differences { missing: vec![9], extra: vec![3], stale: vec![2], repeated: vec![] }
    );
    assert!(index.space_on_disk().unwrap() > 0);
}

#[test]
fn a_title_being_typed_finds_similar_threads() {
    let (_dir, index) = index_of(vec![
        solved(1, "Router restarts every night", "", "Update the firmware"),
        thread(2, "Printer is offline", ""),
        thread(3, "Restaurant guide", "router"),
    ]);
    let ids = |text: &str| {
        index.similar(text, "", 5).unwrap().hits.iter().map(|hit| hit.thread_id).collect::<Vec<_>>()
    };
    assert_eq!(ids("my router resta"), [1, 3]);
    assert_eq!(ids("prin"), [2]);
    assert!(ids("prin ").is_empty());
    assert!(ids("the").is_empty());
    assert!(ids("").is_empty());
    let suggested = index.similar("router rest", "", 5).unwrap();
    assert_eq!(shown(&suggested.hits[0].title_pieces), "[Router] [restarts] every night");
}

#[test]
fn a_misspelt_word_is_read_as_the_nearest_the_index_has_and_that_is_told() {
    let (_dir, index) = index_of(vec![
        thread(1, "Bluetooth headphones keep disconnecting", "They drop after a minute."),
        thread(2, "Kettle whistles", "It whistles after descaling."),
        thread(3, "WRT54G-v2 firmware", "Which one?"),
    ]);
    for typed in ["bluetoth", "bleutooth", "bluettooth", "lbuetooth", "bluttoth"] {
        let found = results(&index, typed);
        assert_eq!(found.hits[0].thread_id, 1, "{typed}");
        assert_eq!(found.corrected[0].read, "bluetooth", "{typed}");
        assert!(found.hits[0].title_pieces.iter().any(|(piece, marked)| *marked && piece == "Bluetooth"));
    }
    assert_eq!(results(&index, "descalling whistles").hits[0].thread_id, 2, "known to a question alone");
    let exact = Query { exact: true, ..Query::parse("bluetoth").0 };
    assert_eq!(index.search(&exact, 20, None).unwrap().hits, []);
    let found = results(&index, "xylophonist firmware");
    assert_eq!((found.unknown.as_slice(), found.hits[0].thread_id), (&["xylophonist".to_owned()][..], 3));
    assert!(find(&index, "wrt54g-v3x").is_empty(), "codes are not corrected");
}

#[test]
fn a_known_duplicate_goes_into_its_master_which_names_it() {
    let duplicate = |id, title: &str, of| ThreadDoc { duplicate_of: Some(of), ..thread(id, title, "") };
    let (_dir, index) = index_of(vec![
        solved(1, "Reset the kettle to its factory settings", "How?", "Hold the button for ten seconds."),
        duplicate(2, "Kettle forgets everything, how do I wipe it", 1),
        duplicate(3, "Wipe kettle", 1),
        thread(4, "Wipe the table", ""),
        duplicate(5, "Wipe a removed thing", 99),
    ]);
    let found = results(&index, "wipe kettle");
    assert_eq!(found.hits[0].thread_id, 1);
    let mut also: Vec<i64> = found.hits[0].also.iter().map(|(id, _)| *id).collect();
    also.sort_unstable();
    assert_eq!(also, [2, 3]);
    let ids: Vec<i64> = found.hits.iter().map(|hit| hit.thread_id).collect();
    assert!(!ids.contains(&2) && !ids.contains(&3) && ids.contains(&5), "{ids:?}");
    assert_eq!(index.similar("wipe my kettle", "", 5).unwrap().hits[0].thread_id, 1);
    // Asked by state, each thread answers for itself.
    assert_eq!(find(&index, "wipe kettle is:unsolved")[..2], [3, 2]);
}

#[test]
fn a_phrase_nobody_wrote_is_searched_by_its_words() {
    let (_dir, index) = index_of(vec![thread(1, "Reset the router", ""), thread(2, "Router reset", "")]);
    let strict = results(&index, "\"router reset\"");
    assert_eq!((strict.loosened, strict.hits.len()), (false, 1));
    let exact = |text: &str| index.search(&Query { exact: true, ..Query::parse(text).0 }, 20, None).unwrap();
    assert_eq!(exact("\"reset router\"").hits, [], "stop words keep their places, so the gap counts");
    assert_eq!(exact("\"reset the router\"").hits.len(), 1);
    let loose = results(&index, "\"router gone reset\"");
    assert_eq!((loose.loosened, loose.hits.len()), (true, 2));
    assert_eq!(exact("\"router gone reset\"").hits, []);
}

#[test]
fn version_language_and_freshness_decide_among_equals_and_every_hit_says_why() {
    let day = 86_400_000_000;
    let fresh = |id, title: &str, active_day: i64| ThreadDoc {
        active_at_us: active_day * day,
        ..thread(id, title, "")
    };
    let (_dir, index) = index_of(vec![
        fresh(1, "Kettle firmware 2.4 stuck", 20_000),
        fresh(2, "Kettle firmware 3.1 stuck", 20_000),
        fresh(3, "Kettle noise", 20_000),
        fresh(4, "Kettle noise", 20_900),
        ThreadDoc { language: Some("it".into()), ..fresh(5, "Kettle noise", 20_000) },
    ]);
    assert_eq!(find(&index, "kettle firmware stuck v3.1")[0], 2);
    let read = |lang: &str| {
        let reader = ranking::Reader { lang: analysis::Lang::from_code(lang), today: Some(20_900) };
        index.search(&Query { reader, ..Query::parse("kettle noise").0 }, 20, None).unwrap().hits
    };
    let order = |lang: &str| read(lang).iter().map(|hit| hit.thread_id).collect::<Vec<_>>();
    assert_eq!(order("en")[..3], [4, 3, 5]);
    assert_eq!(order("it")[0], 5);
    for hit in read("it") {
        let sum: f32 = hit.why.iter().map(|(_, share)| share).sum();
        assert!((sum - hit.score).abs() < hit.score * 0.02, "{} of {}: {:?}", sum, hit.score, hit.why);
        assert_eq!(hit.why[0].0, ranking::Part::Title);
    }
}

#[test]
fn what_the_encoder_finds_joins_in_where_the_qualifiers_allow_it() {
    let (_dir, index) = index_of(vec![
        thread(1, "Kettle noise", ""),
        solved(2, "My teapot is loud", "", "Descale it."),
        thread(3, "Table", ""),
    ]);
    let like = [(2, 0.9), (1, 0.5), (77, 0.95)];
    let ids = |query: &str| {
        let found = index.search_like(&Query::parse(query).0, &like, 20, None).unwrap();
        found.hits.iter().map(|hit| hit.thread_id).collect::<Vec<_>>()
    };
    assert_eq!(ids("kettle noise"), [2, 1]);
    assert_eq!(ids("kettle noise is:unsolved"), [1]);
    assert_eq!(ids("kettle noise -teapot"), [1]);
}

#[test]
fn the_body_of_a_question_finds_what_its_title_does_not() {
    let (_dir, index) = index_of(vec![
        thread(1, "It does not work", "the kettle whistles since the descaling"),
        thread(2, "It does not work either", "the printer is offline"),
        thread(3, "Restaurant guide", "router"),
    ]);
    let ids = |title: &str, body: &str| {
        index.similar(title, body, 5).unwrap().hits.iter().map(|hit| hit.thread_id).collect::<Vec<_>>()
    };
    assert_eq!(ids("What now?", "My kettle whistles without end"), [1]);
    assert_eq!(ids("", "my printer"), [2]);
    // The title says what it is about, whatever else is told.
    assert_eq!(ids("Restaurant guide", "kettle printer")[0], 3);
    assert!(ids("", "the and of").is_empty());
    let found = index.similar("", "my printer", 5).unwrap();
    let passage = found.matcher.look("the printer is offline", analysis::Lang::DEFAULT).excerpt();
    assert_eq!(shown(&passage), "the [printer] is offline");
}

#[test]
fn thousands_of_hits_are_counted_up_to_a_cap() {
    let (_dir, index) =
        index_of((1..=1_500).map(|id| thread(id, "Router", if id % 2 == 0 { "blue" } else { "" })).collect());
    for query in ["router", "is:unsolved", "router zebra"] {
        assert_eq!(results(&index, query).total, Total { count: 1_000, more: true }, "{query}");
    }
    assert_eq!(results(&index, "router blue").total, Total { count: 750, more: false });
}

fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[a-z(){}\\[\\]^~*?:\"'+.#&|!\\\\/-]{0,40}",
        prop::sample::select(vec![
            "(",
            ")",
            "\"",
            "“",
            "”",
            "-",
            "--",
            "-\"",
            "is:",
            "is:solved",
            "tag:",
            "tag:\"",
            "user:@",
            "*",
            "?",
            "~",
            "^",
            "\u{0}",
            "\u{202e}",
            "\u{200d}",
            "\u{feff}",
            "router",
            "reset",
            "e-mail",
            "C++",
            ".",
            "...",
            "'",
            "l'",
            "'t",
            "日本",
            "🙂",
            "\u{301}",
            " AND ",
            " NOT ",
            "a:(^",
            " ",
        ])
        .prop_map(str::to_owned),
    ];
    (prop::collection::vec(piece, 0..30), 1usize..20)
        .prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_query_panics_or_takes_long(text in nasty()) {
        static INDEX: std::sync::OnceLock<(TempDir, Index)> = std::sync::OnceLock::new();
        let (_, index) = INDEX.get_or_init(|| index_of((1..50).map(|id| solved(id, "Router reset e-mail C++", "日本 l'acqua 🙂", "a b c router.reset")).collect()));
        let began = Instant::now();
        let (query, _) = Query::parse(&text);
        prop_assert!(query.words.len() <= query::WORDS_MAX);
        let results = index.search(&query, 20, None).unwrap();
        prop_assert!(results.hits.len() <= 20);
        index.similar(&text, &text, 5).unwrap();
        let _ = Cursor::decode(&text);
        // Far above what it takes, for slow machines.
        prop_assert!(began.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn every_text_can_be_indexed_terms_and_excerpts_stay_within_it(text in nasty()) {
        let doc = ThreadDoc { title: text.clone(), ..thread(1, "", &text) };
        document::Fields::schema().1.document(&doc);
        let (words, _) = analysis::query_words(&text, None, 16);
        let matcher = excerpt::Matcher::new(words.iter(), Some("a"));
        let whole: String = matcher.mark_all(&text, analysis::Lang::DEFAULT).into_iter().map(|piece| piece.0).collect();
        prop_assert!(whole.len() <= text.len());
        // Stepping over words is only a short cut.
        let starting = |skip: bool| {
            let mut scanner = analysis::Scanner::new(&text);
            let mut parts = Vec::new();
            loop {
                if skip {
                    scanner.skip_unwanted(|first, second| first == b'r' || (first, second) == (b'0', b'0'));
                }
                let Some(chunk) = scanner.next_chunk() else { break parts };
                parts.extend(chunk.parts().iter().copied().filter(|part| text[part.0..].starts_with(['r', 'R'])));
            }
        };
        prop_assert_eq!(starting(true), starting(false));
        let passage: String = matcher.look(&text, analysis::Lang::DEFAULT).excerpt().into_iter().map(|piece| piece.0).collect();
        prop_assert!(passage.len() <= excerpt::EXCERPT_BYTES + 2_100);
    }
}

/// A thread's words, as the oracle of the next test sees them.
fn words_of(doc: &ThreadDoc) -> Vec<Vec<&str>> {
    let texts = [Some(&doc.title), Some(&doc.question), doc.solution.as_ref()];
    texts.into_iter().flatten().chain(&doc.answers).map(|text| text.split_whitespace().collect()).collect()
}

fn has(doc: &ThreadDoc, phrase: &[&str]) -> bool {
    words_of(doc).iter().any(|text| text.windows(phrase.len()).any(|window| window == phrase))
}

fn any_text(max: usize) -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["kappa", "lambda", "zeta", "omega", "sigma"]);
    prop::collection::vec(word, 1..max).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_a_plain_reading_finds(
        texts in prop::collection::vec((any_text(3), any_text(5), prop::option::of(any_text(5)), any_text(4)), 1..40),
        queries in prop::collection::vec((any_text(3), prop::option::of(any_text(3)), prop::option::of(any_text(3))), 30),
    ) {
        let docs: Vec<ThreadDoc> = (1..).zip(texts).map(|(id, (title, question, solution, answer))| ThreadDoc {
            solution,
            answers: vec![answer],
            ..thread(id, &title, &question)
        }).collect();
        let (late, early) = docs.split_at(docs.len() / 3);
        let (_dir, index) = index_of(early.to_vec());
        for doc in late {
            index.apply(2, vec![doc.clone()], vec![]).unwrap();
        }
        for (words, phrase, excluded) in queries {
            let mut text = words.clone();
            phrase.iter().for_each(|phrase| text.push_str(&format!(" \"{phrase}\"")));
            excluded.iter().for_each(|phrase| text.push_str(&format!(" -\"{phrase}\"")));
            let phrase: Vec<&str> = phrase.iter().flat_map(|phrase| phrase.split(' ')).collect();
            let excluded: Vec<&str> = excluded.iter().flat_map(|phrase| phrase.split(' ')).collect();
            let query = Query { exact: true, ..Query::parse(&text).0 };
            let results = index.search(&query, LIMIT, None).unwrap();
            let mut expected: Vec<i64> = docs.iter().filter(|doc| {
                let mut words = words.split(' ');
                (if results.any_word { words.any(|word| has(doc, &[word])) } else { words.all(|word| has(doc, &[word])) })
                    && (phrase.is_empty() || has(doc, &phrase))
                    && (excluded.is_empty() || !has(doc, &excluded))
            }).map(|doc| doc.thread_id).collect();
            let mut found: Vec<i64> = results.hits.iter().map(|hit| hit.thread_id).collect();
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(results.total.count as usize, expected.len(), "{}", text);
            prop_assert_eq!(found, expected, "{}", text);
        }
    }
}

const LIMIT: usize = find::LIMIT_MAX;
