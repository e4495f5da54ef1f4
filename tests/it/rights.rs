//! tests: the table of routes, walked as every kind of visitor: what is not theirs is not there.
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use crate::visitor::Visitor;
use crate::world::{World, enrol};
use diesel::prelude::*;
use loggia::accounts::Role;
use loggia::db::schema::*;
use loggia::kernel::moment::DAY;
use loggia::routes::{Route, TABLE};
use loggia::web::visit::Access;
use reqwest::Method;
use std::collections::{BTreeMap, BTreeSet};

/// Rows that a route's `{id}` may name.
struct Rows {
    thread: i64,
    answer: i64,
    flag: i64,
    case: i64,
    mail: i64,
    draft: i64,
    challenge: i64,
    appeal: i64,
}

/// A house with one of everything, and the numbers of it.
async fn furnish(world: &World) -> Rows {
    let (ann, bruno, carla) = (world.ann().await, world.bruno().await, world.carla().await);
    let url = ask(&ann, TITLE, BODY, "router").await;
    let thread = thread_id(&url);
    let answer = answer(&bruno, &url, "Switch the update off and see whether it stays.").await;
    ann.get("/ask").await;
    ann.post("/drafts", &[("place", "question"), ("title", "Half"), ("body", "a thought")]).await.expect(204);
    bruno.get(&format!("/posts/{thread}/flag")).await.expect(200);
    let fields = [("reason", "other"), ("note", "Look at this one")];
    bruno.post(&format!("/posts/{thread}/flags"), &fields).await.expect(303);
    ann.get(&url).await.expect(200);
    let fields = [("evidence", "It came back in the second night.")];
    ann.post(&format!("/posts/{answer}/challenges"), &fields).await.expect(303);
    let form = carla.get(&format!("/threads/{thread}/escalate")).await;
    let note = [("note", "Somebody of the brand should look.")];
    carla.submit(form.expect(200), &format!("/threads/{thread}/cases"), &note).await.expect(303);
    let form = world.visitor();
    let page = form.get("/password/forgot").await;
    form.submit(&page, "/password/forgot", &[("email", "ann@example.com")]).await.expect(200);
    let user = world.bruno.id;
    world
        .db
        .write(move |tx| {
            diesel::insert_into(appeals::table)
                .values((
                    appeals::user_id.eq(user),
                    appeals::subject.eq("challenge"),
                    appeals::subject_id.eq(1),
                    appeals::text_md.eq("It was another lamp."),
                    appeals::text_html.eq("It was another lamp."),
                    appeals::state.eq("open"),
                    appeals::created_at.eq(tx.now),
                ))
                .execute(tx.conn)
                .map(drop)
                .map_err(loggia::db::DbError::from)
        })
        .await
        .unwrap();
    world.settle().await;
    let mut conn = world.db.reader().unwrap();
    Rows {
        thread,
        answer,
        flag: flags::table.select(flags::id).first(&mut *conn).unwrap(),
        case: cases::table.select(cases::id).first(&mut *conn).unwrap(),
        mail: mails::table.select(mails::id).first(&mut *conn).unwrap(),
        draft: drafts::table.select(drafts::id).first(&mut *conn).unwrap(),
        challenge: challenges::table.select(challenges::id).first(&mut *conn).unwrap(),
        appeal: appeals::table.select(appeals::id).first(&mut *conn).unwrap(),
    }
}

impl Rows {
    /// The path of a route with something that exists in every gap.
    fn fill(&self, path: &str) -> String {
        let first = path.split('/').nth(1).unwrap_or_default();
        let id = match first {
            "threads" => self.thread,
            "posts" => self.answer,
            "flags" => self.flag,
            "cases" | "desk" => self.case,
            "admin" => self.mail,
            "drafts" => self.draft,
            "challenges" => self.challenge,
            "appeals" => self.appeal,
            // Sessions and tokens of nobody, rows of an import that never was.
            _ => 999_999,
        };
        let id = if first == "badges" { loggia_badge() } else { id.to_string() };
        let mut filled = String::new();
        let mut rest = path;
        while let Some((before, after)) = rest.split_once('{') {
            let (gap, after) = after.split_once('}').unwrap();
            filled.push_str(before);
            filled.push_str(match gap.split(':').next().unwrap() {
                "id" => &id,
                "n" => "1",
                "username" => "bruno",
                "name" => "router",
                "slug" => "router-keeps-losing-the-night-connection",
                "version" => "v",
                "path" => "css/app.css",
                other => panic!("say what {{{other}}} of {path} is"),
            });
            rest = after;
        }
        filled + rest
    }
}

fn loggia_badge() -> String {
    "first-answer".into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Anonymous,
    Suspended,
    As(Role),
}

impl Kind {
    fn may(self, access: Access) -> bool {
        match (access, self) {
            (Access::Anyone, _) => true,
            // Suspension ended the session; the browser still has its cookie.
            (_, Kind::Anonymous | Kind::Suspended) => false,
            (Access::SignedIn, _) => true,
            (Access::Moderator, Kind::As(role)) => matches!(role, Role::Moderator | Role::Admin),
            (Access::Staff, Kind::As(role)) => matches!(role, Role::Staff | Role::Admin),
            (Access::Admin, Kind::As(role)) => role == Role::Admin,
        }
    }
}

/// Everybody who may come, each with a browser.
async fn everybody(world: &World) -> Vec<(Kind, Visitor)> {
    let sven = world
        .db
        .write(|tx| enrol(tx, &("sven", "Sven", "sven@example.com", Role::Customer, "")))
        .await
        .unwrap();
    let suspended = world.signed_in(&sven).await;
    world
        .db
        .write(move |tx| {
            let until = tx.now.plus(30 * DAY);
            loggia::accounts::set_suspended(tx, sven.id, Some(until))
        })
        .await
        .unwrap();
    vec![
        (Kind::Anonymous, world.visitor()),
        (Kind::Suspended, suspended),
        (Kind::As(Role::Customer), world.ann().await),
        (Kind::As(Role::Moderator), world.carla().await),
        (Kind::As(Role::Staff), world.dario().await),
        (Kind::As(Role::Admin), world.elena().await),
    ]
}

/// How many rows every table has that an act could write. Sessions may end, and places move on.
fn counted(world: &World) -> BTreeMap<&'static str, i64> {
    let mut conn = world.db.reader().unwrap();
    let mut counts = BTreeMap::new();
    macro_rules! count {
        ($($table:ident)*) => {
            $(counts.insert(stringify!($table), $table::table.count().get_result(&mut *conn).unwrap());)*
        };
    }
    count!(users one_time_links sign_ups api_tokens posts threads revisions removals votes me_toos follows
        drafts saved_searches synonym_lists dismissed_gaps flags suspensions moderation_log cases case_notes mails unsubscriptions events sessions);
    count!(users one_time_links sign_ups api_tokens posts threads revisions removals votes confirmations verdicts challenges appeals me_toos follows
        drafts flags suspensions moderation_log cases case_notes mails unsubscriptions events sessions);
    let taken = cases::table.filter(cases::state.ne("open")).count().get_result(&mut *conn).unwrap();
    counts.insert("cases taken", taken);
    let decided = flags::table.filter(flags::decision.is_not_null()).count().get_result(&mut *conn).unwrap();
    counts.insert("flags decided", decided);
    let over = challenges::table.filter(challenges::state.ne("open")).count().get_result(&mut *conn).unwrap();
    counts.insert("challenges over", over);
    let over = appeals::table.filter(appeals::state.ne("open")).count().get_result(&mut *conn).unwrap();
    counts.insert("appeals over", over);
    counts
}

/// Asked of the whole table: nothing of it may fail, and each refusal has its form.
#[track_caller]
fn refused(kind: Kind, route: &Route, page: &crate::visitor::Page, found: &mut Vec<String>) {
    let api = route.path.starts_with("/api/");
    let right = match kind {
        Kind::Anonymous | Kind::Suspended if api => page.status == 401,
        Kind::Anonymous | Kind::Suspended => page.status == 303 && page.location().starts_with("/sign-in"),
        _ => page.status == 404,
    };
    if !right {
        found.push(format!("{kind:?} got {} for {} {}", page.status, route.method, route.path));
    }
}

#[track_caller]
fn none(what: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

/// Whose own post it is cannot flag it, and is told so; all else is shown or leads on.
fn there(route: &Route, status: u16) -> bool {
    matches!(status, 200 | 301 | 303) || (status == 403 && route.access != Access::Anyone)
}

fn method(route: &Route) -> Method {
    Method::from_bytes(route.method.as_bytes()).unwrap()
}

on_both!(every_route_is_for_whom_the_table_says, |world| async move {
    // A page that exists for whom it is for; these say no to everybody without the right words.
    const NOT_HERE: &[&str] = &[
        "/questions/{id}",
        "/questions/{id}/{slug:.*}",
        "/q/{id}",
        "/q/{id}/{name:.*}",
        "/a/{id}",
        "/a/{id}/{name:.*}",
        "/users/{id}",
        "/users/{id}/{name:.*}",
        "/password/reset",
        "/confirm",
        "/first-run",
        "/unsubscribe",
        "/searches/confirm",
        "/searches/leave",
    ];
    let rows = furnish(&world).await;
    let everybody = everybody(&world).await;
    let mut found = Vec::new();
    // What only looks first, as everybody, while all is as it was furnished.
    for (kind, visitor) in &everybody {
        for route in TABLE.iter().filter(|route| route.method == "GET") {
            let path = rows.fill(route.path);
            let page = visitor.get(&path).await;
            if !kind.may(route.access) {
                refused(*kind, route, &page, &mut found);
            } else if page.status >= 500 || page.status == 405 {
                found.push(format!("{kind:?} got {} for GET {path}", page.status));
            } else if !NOT_HERE.contains(&route.path)
                && !route.path.starts_with("/api/")
                && !there(route, page.status)
            {
                found.push(format!("{kind:?} got {} for GET {path}, which is there", page.status));
            }
        }
    }
    none("these pages were answered otherwise than the table says", found);
    let mut found = Vec::new();
    let before = counted(&world);
    for (kind, visitor) in &everybody {
        visitor.get("/sign-in").await;
        visitor.get("/").await;
        for route in TABLE.iter().filter(|route| route.method != "GET" && !kind.may(route.access)) {
            let path = rows.fill(route.path);
            let page = if route.method == "POST" {
                visitor.post(&path, &[]).await
            } else {
                visitor.send(visitor.request(method(route), &path)).await
            };
            refused(*kind, route, &page, &mut found);
        }
    }
    none("these acts were answered otherwise than the table says", found);
    assert_eq!(counted(&world), before, "somebody did what they may not");
    let mut found = Vec::new();
    for (kind, visitor) in &everybody {
        visitor.get("/").await;
        // Signing out comes last: nothing would be theirs after it.
        let acts = TABLE.iter().filter(|route| route.method != "GET" && kind.may(route.access));
        let (last, acts): (Vec<&Route>, Vec<&Route>) = acts.partition(|route| route.path == "/sign-out");
        for route in acts.into_iter().chain(last) {
            let path = rows.fill(route.path);
            let page = if route.method == "POST" {
                visitor.post(&path, &[]).await
            } else {
                visitor.send(visitor.request(method(route), &path)).await
            };
            if page.status >= 500 || matches!(page.status, 405 | 415) {
                found.push(format!("{kind:?} got {} for {} {path}", page.status, route.method));
            }
        }
    }
    none("an empty form must be answered with a word", found);
});

on_both!(a_form_without_its_token_changes_nothing, |world| async move {
    let rows = furnish(&world).await;
    let everybody = everybody(&world).await;
    let before = counted(&world);
    let answer = rows.answer.to_string();
    let fields = [
        ("title", TITLE),
        ("body", "Long enough to be a post of its own."),
        ("value", "1"),
        ("seen", "all"),
        ("reason", "Advertising, and no answer"),
        ("note", "Somebody should look at this."),
        ("decision", "agreed"),
        ("days", "7"),
        ("role", "admin"),
        ("display_name", "Changed"),
        ("name", "a token"),
        ("place", "question"),
        ("username", "flora"),
        ("email", "flora@example.com"),
        ("password", "lantern and harbour"),
        ("login", "ann"),
        ("answer_id", &answer),
    ];
    let mut found = Vec::new();
    for (kind, visitor) in &everybody {
        visitor.get("/sign-in").await;
        // A mail program's one click comes without a page of ours; its token is in the address.
        const BY_LINK: &[&str] = &["/unsubscribe", "/searches/leave"];
        let posts = TABLE.iter().filter(|route| route.method == "POST" && !BY_LINK.contains(&route.path));
        for route in posts {
            let path = rows.fill(route.path);
            let api = route.path.starts_with("/api/");
            for token in ["", "nonsense"] {
                let mut form = fields.to_vec();
                form.push(("csrf", token));
                let page = visitor.post_bare(&path, &form).await;
                let right = match kind {
                    _ if api => matches!(page.status, 401 | 415),
                    // Nobody is signed in here, so nobody is signed out.
                    Kind::Anonymous if path == "/sign-out" => page.status == 303,
                    _ => page.status == 403,
                };
                if !right {
                    found.push(format!("{kind:?} got {} for POST {path}", page.status));
                }
            }
        }
    }
    none("forms without a token were not refused", found);
    assert_eq!(counted(&world), before, "a form without a token did something");
});

on_both!(a_path_answers_the_methods_of_the_table_alone, |world| async move {
    let rows = furnish(&world).await;
    let elena = world.elena().await;
    let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for route in TABLE {
        methods.entry(route.path).or_default().insert(route.method);
    }
    let before = counted(&world);
    let mut found = Vec::new();
    for (path, known) in &methods {
        // Any word may stand here, so that no method of the last row is that of a path above it.
        let filled = rows.fill(path);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            if known.contains(method) {
                continue;
            }
            let request = elena.request(Method::from_bytes(method.as_bytes()).unwrap(), &filled);
            let page = elena.send(request.header("x-http-method-override", "POST")).await;
            let right = page.status == 405
                && known.iter().all(|known| page.header("allow").split(", ").any(|name| name == *known));
            if !right {
                let allow = page.header("allow");
                found.push(format!("{method} {filled} got {}, Allow {allow:?}", page.status));
            }
        }
    }
    none("these methods are none of the table's", found);
    assert_eq!(counted(&world), before);
});

on_both!(the_words_of_a_title_hide_no_page, |world| async move {
    let ann = world.ann().await;
    for title in
        ["Acceptance", "Duplicate?", "Answers???", "News......", "Escalate!!", "Follow----", "Cases :-))"]
    {
        let url = ask(&ann, title, BODY, "").await;
        for visitor in [&world.visitor(), &ann] {
            visitor.get(&url).await.expect(200).contains("<strong>router</strong>");
        }
    }
});
