//! tests: the named world. Ann asks, Bruno answers, Carla moderates, Dario is staff, Elena owns the house.
use crate::ground::{Ground, Scene, aside};
use crate::statements::Statements;
use crate::visitor::Visitor;
use argon2::password_hash::PasswordHasher;
use diesel::prelude::*;
use loggia::accounts::Role;
use loggia::app::{App, Options};
use loggia::config::Config;
use loggia::db::schema::users;
use loggia::db::{Db, DbResult, Instrument, Target};
use loggia::kernel::ids::UserId;
use loggia::kernel::moment::Clock;
use loggia::ledger::Fact;

/// One of the cast, with an account in the house.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    pub username: &'static str,
    pub display_name: &'static str,
    pub email: &'static str,
    pub password: &'static str,
    pub role: Role,
}

pub struct World {
    pub base_url: String,
    pub db: Db,
    pub app: App,
    /// Stands still until a test advances it.
    pub clock: Clock,
    pub ann: Person,
    pub bruno: Person,
    pub carla: Person,
    pub dario: Person,
    pub elena: Person,
    /// Ends the server before the ground under it goes.
    _house: House,
    pub ground: Ground,
}

struct House {
    app: App,
    base_url: String,
    stop: Option<Box<dyn FnOnce() + Send>>,
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

/// Opens the house on this ground. The one place that knows how the server is started.
async fn open(ground: &Ground, settings: &[(&str, &str)], instrument: Option<Instrument>) -> House {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let mut flags = vec![
        ("data", ground.data.display().to_string()),
        ("database_url", url(&ground.target)),
        ("listen", address.to_string()),
        ("workers", "1".into()),
        ("readers", "3".into()),
        ("rate_limits", "false".into()),
        ("password_memory_kib", "1024".into()),
        ("brand.name", "Brezza".into()),
    ];
    flags.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let config = Config::load(None, Vec::new(), &flags).unwrap();
    let clock = ground.clock.clone();
    let (send, receive) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        // Where statements are counted, nothing but the pages may ask any.
        let background = instrument.is_none();
        let app = App::open(config, Options { clock, instrument, background }).unwrap();
        actix_web::rt::System::new().block_on(async {
            let (handle, server) = app.serve(listener).unwrap();
            send.send((app.clone(), handle)).unwrap();
            server.await.unwrap();
        });
        app.close();
    });
    let (app, handle) = aside(move || receive.recv().unwrap()).await;
    House {
        app,
        base_url: format!("http://{address}"),
        stop: Some(Box::new(move || {
            // The order is given when the future is made; the thread carries it out.
            drop(handle.stop(false));
            let _ = thread.join();
        })),
    }
}

fn url(target: &Target) -> String {
    match target {
        Target::Sqlite(path) => format!("sqlite:{}", path.display()),
        Target::Postgres(url) => url.clone(),
    }
}

pub const CAST: [(&str, &str, &str, Role, &str); 5] = [
    ("ann", "Ann", "ann@example.com", Role::Customer, ""),
    ("bruno", "Bruno", "bruno@example.com", Role::Customer, ""),
    ("carla", "Carla", "carla@example.com", Role::Moderator, ""),
    ("dario", "Dario", "dario@example.com", Role::Staff, "Dario, Brand care"),
    ("elena", "Elena", "elena@example.com", Role::Admin, ""),
];

/// The password of all of them; long enough for the house's rules, in no list of leaked ones.
const PASSWORD: &str = "the arches face the square";

/// A house nobody lives in yet.
pub struct EmptyHouse {
    house: House,
    _ground: Ground,
}

impl EmptyHouse {
    pub async fn open(ground: Ground) -> EmptyHouse {
        EmptyHouse { house: open(&ground, &[], None).await, _ground: ground }
    }
    pub fn visitor(&self) -> Visitor {
        Visitor::new(&self.house.base_url)
    }
    /// The link the terminal would print.
    pub async fn first_run_link(&self) -> String {
        let db = self.house.app.db.clone();
        aside(move || db.write_blocking(loggia::accounts::offer_first_run).unwrap().unwrap()).await
    }
}

impl Scene for World {
    async fn set(ground: Ground) -> World {
        World::with(ground, &[]).await
    }
}

impl World {
    /// The world with settings of its own.
    pub async fn with(ground: Ground, settings: &[(&str, &str)]) -> World {
        let house = open(&ground, settings, None).await;
        World::people(ground, house).await
    }

    /// The world without anything in the background, every statement of its pages counted.
    pub async fn counted(ground: Ground, settings: &[(&str, &str)]) -> (World, Statements) {
        let statements = Statements::default();
        let house = open(&ground, settings, Some(statements.instrument())).await;
        (World::people(ground, house).await, statements)
    }

    async fn people(ground: Ground, house: House) -> World {
        let people: Vec<Person> = house
            .app
            .db
            .write(|tx| -> DbResult<_> { CAST.iter().map(|who| enrol(tx, who)).collect() })
            .await
            .unwrap();
        let [ann, bruno, carla, dario, elena] = <[Person; 5]>::try_from(people).unwrap();
        World {
            base_url: house.base_url.clone(),
            db: house.app.db.clone(),
            app: house.app.clone(),
            clock: ground.clock.clone(),
            ann,
            bruno,
            carla,
            dario,
            elena,
            _house: house,
            ground,
        }
    }

    /// Lets every follower do what is in the ledger: points, notices, the index.
    pub async fn settle(&self) {
        let app = self.app.clone();
        aside(move || app.catch_up().unwrap()).await;
    }

    /// Somebody who is not signed in.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(&self.base_url)
    }

    /// A new browser in which `person` has signed in.
    pub async fn signed_in(&self, person: &Person) -> Visitor {
        let visitor = self.visitor();
        visitor.sign_in(person.username, person.password).await.expect(303);
        visitor
    }

    pub async fn ann(&self) -> Visitor {
        self.signed_in(&self.ann).await
    }
    pub async fn bruno(&self) -> Visitor {
        self.signed_in(&self.bruno).await
    }
    pub async fn carla(&self) -> Visitor {
        self.signed_in(&self.carla).await
    }
    pub async fn dario(&self) -> Visitor {
        self.signed_in(&self.dario).await
    }
    pub async fn elena(&self) -> Visitor {
        self.signed_in(&self.elena).await
    }
}

/// An account as sign-up and confirmation leave it.
pub fn enrol(
    tx: &mut loggia::db::Tx<'_>,
    &(username, display_name, email, role, signature): &(
        &'static str,
        &'static str,
        &'static str,
        Role,
        &str,
    ),
) -> DbResult<Person> {
    let id: UserId = diesel::insert_into(users::table)
        .values((
            users::username.eq(username),
            users::username_key.eq(username),
            users::display_name.eq(display_name),
            users::email.eq(email),
            users::email_key.eq(email),
            users::email_confirmed_at.eq(tx.now),
            users::password_hash.eq(cheap_hash()),
            users::role.eq(role.as_str()),
            users::signature.eq(signature),
            users::created_at.eq(tx.now),
        ))
        .returning(users::id)
        .get_result(tx.conn)?;
    tx.append(None, Fact::UserJoined { user: id })?;
    Ok(Person { id, username, display_name, email, password: PASSWORD, role })
}

/// Hashed once and with the least memory argon2 takes: tests sign in hundreds of times.
fn cheap_hash() -> &'static str {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    HASH.get_or_init(|| {
        let params = argon2::Params::new(argon2::Params::MIN_M_COST, 1, 1, None).unwrap();
        let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        argon2.hash_password(PASSWORD.as_bytes()).unwrap().to_string()
    })
}

on_both!(the_cast_is_in_the_house, |world| async move {
    use loggia::db::schema::events;
    let mut conn = world.db.reader().unwrap();
    let names: Vec<(UserId, String, String)> = users::table
        .order(users::id)
        .select((users::id, users::display_name, users::role))
        .load(&mut *conn)
        .unwrap();
    let cast = [&world.ann, &world.bruno, &world.carla, &world.dario, &world.elena];
    let expected: Vec<(UserId, String, String)> =
        cast.iter().map(|p| (p.id, p.display_name.to_owned(), p.role.as_str().to_owned())).collect();
    assert_eq!(names, expected);
    let joined: i64 =
        events::table.filter(events::kind.eq("user_joined")).count().get_result(&mut *conn).unwrap();
    assert_eq!(joined, 5);
    world.visitor().get("/").await.expect(200);
});
