//! tests: what means the same lies near, what is taken away does not, and models are put in place by hand.
use crate::ground::{Ground, Scene, aside};
use crate::scratch;
use crate::tiny;
use crate::world::{CAST, Person, World, enrol};
use loggia::accounts::Viewer;
use loggia::app::{App, Options};
use loggia::config::Config;
use loggia::db::Tx;
use loggia::error::Error;
use loggia::kernel::ids::ThreadId;
use loggia::kernel::names::Title;
use loggia::search::meaning::{Entry, Vectors};
use loggia::threads::policy::Kind;
use loggia::threads::{self, Body, Done, NewQuestion, Posting};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// The world with a small encoder in the data folder.
struct School(World);

impl Scene for School {
    async fn set(ground: Ground) -> School {
        tiny::write(&ground.data.join("model"));
        School(World::with(ground, &[]).await)
    }
}

/// The ground alone.
struct Bare(Ground);

impl Scene for Bare {
    async fn set(ground: Ground) -> Bare {
        Bare(ground)
    }
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

impl School {
    async fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.0.app.db.write(act).await.unwrap()
    }

    async fn ask(&self, title: &str, body: &str) -> ThreadId {
        let (ann, title) = (viewer(&self.0.ann), Title::parse(title).unwrap());
        let body = Body::parse(body, Kind::Question).unwrap();
        let asked = NewQuestion { title, body, tags: Vec::new(), submission_key: None };
        let Posting::Posted(posted) = self.act(move |tx| threads::ask(tx, &ann, asked)).await else {
            panic!("it was not posted")
        };
        posted.thread
    }

    /// The threads nearest to a text, once the follower has made them be `expected` many.
    async fn near(&self, text: &'static str, expected: usize) -> Vec<i64> {
        let app = self.0.app.clone();
        aside(move || {
            let meaning = app.search.meaning.as_ref().unwrap();
            let until = Instant::now() + Duration::from_secs(60);
            while meaning.vectors.len() != expected {
                assert!(Instant::now() < until, "{} vectors, not {expected}", meaning.vectors.len());
                app.bell.wait(app.bell.rung(), Duration::from_millis(20));
            }
            let query = meaning.query(text, Duration::from_secs(60)).unwrap();
            meaning.nearest(&query, 10, None).into_iter().map(|(id, _)| id).collect()
        })
        .await
    }
}

on_both!(what_means_the_same_lies_near_and_what_is_taken_away_does_not, |school: School| async move {
    let kettle = school.ask("The kettle whistles", "The water does boil. The lid is loose.").await;
    let router = school.ask("My router blinks red", "How do I reset it? The light is red.").await;
    assert_eq!(school.near("router blinks red light", 2).await, [router.0, kettle.0]);
    assert_eq!(school.near("the lid of the kettle", 2).await, [kettle.0, router.0]);
    // The model speaks English: what it cannot read is not near by chance.
    school
        .ask("Perché la caldaia non parte?", "Da ieri la caldaia non si accende più, che cosa posso fare?")
        .await;
    let third = school.ask("Why is my password a question", "Forgot the password and cannot sign in.").await;
    assert_eq!(school.near("forgot my password", 3).await[0], third.0);
    let meaning = school.0.app.search.meaning.as_ref().unwrap();
    assert_eq!(meaning.query("perché la caldaia non si accende", Duration::from_secs(60)), None);
    assert_eq!(meaning.query("  ", Duration::from_secs(60)), None);

    let carla = viewer(&school.0.carla);
    let hidden = school.act(move |tx| threads::hide(tx, &carla, router.question(), "spam")).await;
    assert!(matches!(hidden, Done::Done(_)));
    assert_eq!(school.near("router blinks red light", 2).await.len(), 2);
    let carla = viewer(&school.0.carla);
    school.act(move |tx| threads::restore(tx, &carla, router.question())).await;
    assert_eq!(school.near("router blinks red light", 3).await[0], router.0);

    // Nobody waits longer than they want to, and what was asked a moment ago costs no waiting.
    assert!(meaning.query("router blinks red light", Duration::ZERO).is_some());
    assert_eq!(meaning.query("why does the filter boil", Duration::ZERO), None);
});

/// The house with its followers, opened on this ground.
async fn open(ground: &Ground) -> App {
    let mut flags = vec![
        ("data", ground.data.display().to_string()),
        ("mail.transport", "off".to_owned()),
        ("password_memory_kib", "1024".to_owned()),
    ];
    if let Some(database) = &ground.postgres {
        flags.push(("database_url", database.url()));
    }
    let config = Config::load(None, [], &flags).unwrap();
    let options = Options { clock: ground.clock.clone(), ..Options::default() };
    aside(move || App::open(config, options).unwrap()).await
}

async fn until(app: &App, what: impl Fn(&Vectors) -> bool + Send + 'static) {
    let app = app.clone();
    aside(move || {
        let vectors = &app.search.meaning.as_ref().unwrap().vectors;
        let until = Instant::now() + Duration::from_secs(60);
        while !what(vectors) {
            assert!(Instant::now() < until, "it did not come to it with {} vectors", vectors.len());
            app.bell.wait(app.bell.rung(), Duration::from_millis(20));
        }
    })
    .await;
}

on_both!(vectors_that_are_lost_are_made_again_and_those_of_no_thread_go, |bare: Bare| async move {
    let ground = bare.0;
    tiny::write(&ground.data.join("model"));
    let app = open(&ground).await;
    let ann = app.db.write(|tx| enrol(tx, &CAST[0])).await.unwrap();
    let mut asked = Vec::new();
    for title in ["The kettle whistles all day", "My router blinks red"] {
        let asks = viewer(&ann);
        let question = NewQuestion {
            title: Title::parse(title).unwrap(),
            body: Body::parse("Why does it do so?", Kind::Question).unwrap(),
            tags: Vec::new(),
            submission_key: None,
        };
        let posting = app.db.write(move |tx| threads::ask(tx, &asks, question)).await.unwrap();
        let Posting::Posted(posted) = posting else { panic!("it was not posted") };
        asked.push(posted.thread.0);
    }
    until(&app, |vectors| vectors.len() == 2 && vectors.place() > 0).await;
    let id = app.search.meaning.as_ref().unwrap().card().id.clone();
    let closing = app.clone();
    aside(move || closing.close()).await;
    drop(app);

    // One is lost, one of a thread that never was is there, and one is of another text.
    let folder = ground.data.join("index").join("vectors");
    let vectors = Vectors::open(&folder, &id, tiny::HIDDEN).unwrap();
    let print = vectors.print(asked[1]).unwrap();
    let wrong = |id| Entry { id, print: print ^ 1, vector: vec![1.0; tiny::HIDDEN] };
    vectors.apply(Some(0), &[wrong(9_999), wrong(asked[1])], &[asked[0]]).unwrap();
    drop(vectors);
    let path = folder.join(&id).join("vectors");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&path, bytes).unwrap();
    fs::create_dir(folder.join("an-earlier-model")).unwrap();

    let app = open(&ground).await;
    // What another model left is of no use, and goes when all is encoded.
    let earlier = folder.join("an-earlier-model");
    until(&app, move |vectors| vectors.place() > 0 && !earlier.exists()).await;
    let vectors = &app.search.meaning.as_ref().unwrap().vectors;
    assert_eq!(vectors.between(i64::MIN, i64::MAX), asked);
    assert_eq!(vectors.print(asked[1]), Some(print));
    aside(move || app.close()).await;
});

fn loggia(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loggia"))
        .args(arguments)
        .args(["--data", "house"])
        .current_dir(folder)
        .env_remove("LOGGIA_MODEL")
        .output()
        .unwrap()
}

#[track_caller]
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = loggia(folder, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = loggia(folder, arguments);
    assert_eq!(output.status.code(), Some(1));
    let left: Vec<_> = fs::read_dir(folder.join("house")).into_iter().flatten().flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().starts_with(".model")), "{left:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A wheel of these files.
fn wheel(path: &Path, files: &[(&str, &[u8])]) {
    let mut out = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, bytes) in files {
        let options =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        out.start_file(*name, options).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap();
}

#[test]
fn a_model_is_put_in_place_out_of_a_folder_or_a_wheel_shown_and_taken_away() {
    let folder = scratch::folder("model");
    let folder = folder.as_path();
    assert!(done(folder, &["model"]).contains("words alone"));
    tiny::write(&folder.join("small-bert"));
    let said = done(folder, &["model", "add", "small-bert", "--languages", "en,it"]);
    assert!(said.contains("small-bert is in") && said.contains("en, it"), "{said}");
    assert!(done(folder, &["model"]).contains("small-bert"));

    let (weights, config, tokenizer) =
        (tiny::safetensors(), tiny::config().to_string(), tiny::tokenizer().to_string());
    let good: Vec<(&str, &[u8])> = vec![
        ("tiny/__init__.py", b"pass"),
        ("tiny/model/model.safetensors", &weights),
        ("tiny/model/config.json", config.as_bytes()),
        ("tiny/model/tokenizer.json", tokenizer.as_bytes()),
        ("../outside.json", b"{}"),
    ];
    wheel(&folder.join("tiny_words-1.0-py3-none-any.whl"), &good);
    assert!(done(folder, &["model", "add", "tiny_words-1.0-py3-none-any.whl"]).contains("tiny-words is in"));
    assert!(!folder.join("outside.json").exists());

    // What is refused leaves the one that is there.
    let whole = fs::read(folder.join("tiny_words-1.0-py3-none-any.whl")).unwrap();
    fs::write(folder.join("cut.whl"), &whole[..whole.len() / 2]).unwrap();
    refused(folder, &["model", "add", "cut.whl"]);
    let mut flipped = whole;
    flipped[20_000] ^= 1;
    fs::write(folder.join("flipped.whl"), &flipped).unwrap();
    refused(folder, &["model", "add", "flipped.whl"]);
    let bomb = vec![b' '; 40 * 1024 * 1024];
    wheel(&folder.join("bomb.whl"), &[good[1], ("tiny/model/config.json", &bomb), good[3]]);
    assert!(refused(folder, &["model", "add", "bomb.whl"]).contains("larger"));
    wheel(&folder.join("empty.whl"), &[("readme", b"")]);
    assert!(refused(folder, &["model", "add", "empty.whl"]).contains("model.safetensors"));
    wheel(&folder.join("two.whl"), &[good[1], ("b/model.safetensors", b"")]);
    assert!(refused(folder, &["model", "add", "two.whl"]).contains("2 models"));
    fs::write(folder.join("text.whl"), "no wheel").unwrap();
    refused(folder, &["model", "add", "text.whl"]);
    refused(folder, &["model", "add", "nowhere"]);
    assert!(done(folder, &["model"]).contains("tiny-words"));

    let weights = folder.join("house/model/model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    fs::write(&weights, bytes).unwrap();
    assert!(refused(folder, &["model"]).contains("not the file that was added"));
    assert!(done(folder, &["model", "remove"]).contains("gone"));
    assert!(!folder.join("house/model").exists());
    assert_eq!(Vectors::look(&folder.join("house/index/vectors"), "x", 8).unwrap(), None);
}
