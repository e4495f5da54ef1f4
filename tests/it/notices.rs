//! tests: notices, who hears of what, from rows and events written straight into a database; and over HTTP.
use crate::ground::{Ground, Which};
use crate::world::World;
use loggia::config::Config;
use loggia::db::{Db, DbResult, Tx};
use loggia::kernel::ids::{AppealId, CaseId, EventId, FindingId, FlagId, NoticeId, PostId, ThreadId, UserId};
use loggia::kernel::limits;
use loggia::kernel::moment::{DAY, Moment};
use loggia::kernel::token::SiteKey;
use loggia::ledger::follow::{Follower, catch_up};
use loggia::ledger::{self, Fact};
use loggia::mail::{self, Letterhead, List, Mail, MailState};
use loggia::notices::{self, BadgeNews, Kind, Notice, Notices, fan_out_step, notify_badges, notify_credit};
use std::sync::Arc;

const ANN: UserId = UserId(1); // asks
const BRUNO: UserId = UserId(2); // answers
const CARLA: UserId = UserId(3); // moderates
const DARIO: UserId = UserId(4); // is staff
const EMMA: UserId = UserId(5); // is admin
const FRED: UserId = UserId(6); // follows
const THREAD: ThreadId = ThreadId(100);
const ANSWER: PostId = PostId(101);
const COMMENT: PostId = PostId(102);

struct House {
    db: Db,
    follower: Arc<dyn Follower>,
    desk: Letterhead,
    start: Moment,
    _ground: Ground,
}

impl From<Ground> for House {
    fn from(ground: Ground) -> House {
        house(ground)
    }
}

fn house(ground: Ground) -> House {
    let env = [("LOGGIA_BASE_URL".to_owned(), "https://help.example".to_owned())];
    let config = Config::load(None, env, &[]).unwrap();
    let desk = Letterhead::new(&config, SiteKey::new("secret"));
    let house = House {
        db: ground.db(),
        follower: Arc::new(Notices::new(desk.clone())),
        desk,
        start: ground.clock.now(),
        _ground: ground,
    };
    for (user, name, role) in [
        (ANN, "Ann", "customer"),
        (BRUNO, "Bruno", "customer"),
        (CARLA, "Carla", "moderator"),
        (DARIO, "Dario", "staff"),
        (EMMA, "Emma", "admin"),
        (FRED, "Fred", "customer"),
    ] {
        house.person(user, name, role);
    }
    house.post(THREAD.question(), "question", None, ANN, "<p>How?</p>");
    house.sql(
        "INSERT INTO threads (id, title, slug, tags, author_id, created_at, active_at)
         VALUES (100, 'Why does it drip?', 'why-does-it-drip', '', 1, 1, 1)",
    );
    house.post(ANSWER, "answer", Some(THREAD.question()), BRUNO, "<p>So.</p>");
    house.post(COMMENT, "comment", Some(ANSWER), CARLA, "<p>Hm.</p>");
    house
}

impl House {
    fn write<T: Send + 'static>(&self, act: impl FnOnce(&mut Tx<'_>) -> DbResult<T> + Send + 'static) -> T {
        self.db.write_blocking(act).unwrap()
    }
    fn sql(&self, statement: &str) {
        use diesel::connection::SimpleConnection;
        let statement = statement.to_owned();
        self.write(move |tx| Ok(tx.conn.batch_execute(&statement)?));
    }
    fn person(&self, user: UserId, name: &str, role: &str) {
        let low = name.to_lowercase();
        self.sql(&format!(
            "INSERT INTO users (id, username, username_key, display_name, email, email_key, email_confirmed_at, role, created_at)
             VALUES ({user}, '{name}', '{low}', '{name}', '{low}@example.org', '{low}@example.org', 1, '{role}', 1)"
        ));
    }
    fn post(&self, post: PostId, kind: &str, parent: Option<PostId>, author: UserId, html: &str) {
        let parent = parent.map_or("NULL".to_owned(), |p| p.to_string());
        self.sql(&format!(
            "INSERT INTO posts (id, kind, thread_id, parent_id, author_id, body_md, body_html, created_at)
             VALUES ({post}, '{kind}', {THREAD}, {parent}, {author}, '', '{html}', 1)"
        ));
    }
    fn mention(&self, post: PostId, names: &[&str]) {
        let html: String = names
            .iter()
            .map(|name| format!("<a class=\"mention\" href=\"/people/{name}\">@{name}</a> "))
            .collect();
        self.sql(&format!("UPDATE posts SET body_html = '{html}' WHERE id = {post}"));
    }
    fn happens(&self, actor: UserId, fact: Fact) -> EventId {
        let event = self.write(move |tx| tx.append(Some(actor), fact));
        catch_up(&self.db, &self.follower).unwrap();
        event
    }
    fn answered(&self, actor: UserId, official: bool) -> EventId {
        self.happens(
            actor,
            Fact::AnswerPosted { thread: THREAD, post: ANSWER, author: Some(actor), official },
        )
    }
    fn told(&self, user: UserId) -> Vec<Notice> {
        notices::page(&mut self.db.reader().unwrap(), user, None, 50, "en").unwrap().0
    }
    fn kinds(&self, user: UserId) -> Vec<Kind> {
        self.told(user).into_iter().map(|notice| notice.kind).collect()
    }
    fn mails(&self) -> Vec<Mail> {
        mail::page(&mut self.db.reader().unwrap(), &MailState::ALL, None, 50).unwrap()
    }
    fn mailed(&self, name: &str) -> Vec<String> {
        let address = format!("{name}@example.org");
        self.mails().into_iter().filter(|m| m.recipient == address).map(|m| m.subject).collect()
    }
}

on_both!(an_answer_is_told_to_the_asker_and_the_followers_and_not_to_its_author, |house: House| {
    house.sql("INSERT INTO follows VALUES (100, 6, 1), (100, 2, 1), (100, 1, 1)");
    house.answered(BRUNO, false);
    assert_eq!(house.kinds(ANN), vec![Kind::Answer]);
    assert_eq!(house.kinds(FRED), vec![Kind::FollowedAnswer]);
    assert_eq!(house.kinds(BRUNO), vec![]);
    let notice = house.told(ANN).remove(0);
    assert_eq!(notice.text, "Bruno answered your question");
    assert_eq!(notice.subject, "Why does it drip?");
    assert_eq!(notice.url, "/posts/101");
    assert!(notice.unread);
    assert_eq!(house.mailed("ann"), vec!["Bruno answered: Why does it drip?"]);
    assert_eq!(house.mails().len(), 2);
});

on_both!(an_official_answer_has_words_of_its_own, |house: House| {
    house.answered(DARIO, true);
    assert_eq!(house.told(ANN)[0].text, "Dario answered your question officially");
    assert_eq!(house.mailed("ann"), vec!["Official answer: Why does it drip?"]);
});

on_both!(nobody_is_told_twice_of_one_event, |house: House| {
    house.sql("INSERT INTO follows VALUES (100, 6, 1)");
    house.answered(BRUNO, false);
    house.sql("DELETE FROM places");
    catch_up(&house.db, &house.follower).unwrap();
    assert_eq!(house.kinds(ANN).len(), 1);
    assert_eq!(house.kinds(FRED).len(), 1);
    assert_eq!(house.mails().len(), 2);
});

on_both!(a_comment_is_told_to_the_author_above_and_to_those_it_names, |house: House| {
    house.mention(COMMENT, &["Ann", "bruno", "nobody", "Carla"]);
    house.happens(
        CARLA,
        Fact::CommentPosted { thread: THREAD, post: COMMENT, parent: ANSWER, author: Some(CARLA) },
    );
    assert_eq!(house.kinds(BRUNO), vec![Kind::Comment]);
    assert_eq!(house.kinds(ANN), vec![Kind::Mention]);
    assert_eq!(house.kinds(CARLA), vec![]);
    assert_eq!(house.told(ANN)[0].text, "Carla mentioned you");
});

on_both!(a_post_that_names_thousands_calls_twenty, |house: House| {
    let names: Vec<String> = (0..50).map(|n| format!("m{n}")).collect();
    for (n, name) in names.iter().enumerate() {
        house.person(UserId(1000 + n as i64), name, "customer");
    }
    let repeated: Vec<&str> = names.iter().map(String::as_str).cycle().take(5_000).collect();
    house.mention(ANSWER, &repeated);
    house.answered(BRUNO, false);
    assert_eq!(house.mails().len(), 20 + 1);
});

on_both!(what_has_been_taken_away_is_told_to_nobody, |which: Which| {
    for gone in [
        "UPDATE posts SET removed = 2 WHERE id = 101",
        "UPDATE posts SET removed = 1 WHERE id = 101",
        "UPDATE threads SET removed = 1",
    ] {
        let house = House::from(Ground::lay(which).unwrap());
        house.sql(gone);
        house.mention(COMMENT, &["Fred"]);
        house.answered(BRUNO, false);
        house.happens(
            CARLA,
            Fact::CommentPosted { thread: THREAD, post: COMMENT, parent: ANSWER, author: Some(CARLA) },
        );
        house.happens(
            ANN,
            Fact::AnswerAccepted { thread: THREAD, post: ANSWER, author: Some(BRUNO), asker: Some(ANN) },
        );
        for user in [ANN, BRUNO, FRED] {
            assert_eq!(house.kinds(user), vec![], "{gone}");
        }
        assert!(house.mails().is_empty());
    }
});

on_both!(a_notice_of_a_post_removed_later_shows_no_title_and_leads_nowhere, |house: House| {
    house.answered(BRUNO, false);
    for gone in [
        "UPDATE posts SET removed = 2 WHERE id = 101",
        "UPDATE posts SET removed = 0; UPDATE threads SET removed = 1",
        "UPDATE threads SET removed = 0; UPDATE posts SET removed = 1 WHERE id = 100",
    ] {
        house.sql(gone);
        let notice = house.told(ANN).remove(0);
        assert_eq!(
            (notice.subject.as_str(), notice.url.as_str()),
            ("a post that has been removed", ""),
            "{gone}"
        );
    }
});

on_both!(an_accepted_answer_is_told_by_mail_and_an_unaccepted_one_in_the_house_alone, |house: House| {
    let (thread, post, author, asker) = (THREAD, ANSWER, Some(BRUNO), Some(ANN));
    house.happens(ANN, Fact::AnswerAccepted { thread, post, author, asker });
    house.happens(ANN, Fact::AnswerUnaccepted { thread, post, author, asker });
    assert_eq!(house.kinds(BRUNO), vec![Kind::Unaccepted, Kind::Accepted]);
    assert_eq!(house.mailed("bruno").len(), 1);
});

on_both!(what_moderators_decide_is_told_with_its_reason_and_without_their_name, |house: House| {
    house.sql(
        "UPDATE posts SET removed = 2 WHERE id = 101;
         INSERT INTO removals (post_id, kind, actor_id, reason, created_at) VALUES (101, 'hidden', 3, 'Advertising', 1);
         INSERT INTO suspensions (user_id, actor_id, reason, created_at, until) VALUES (2, 3, 'Again advertising', 1, 2);",
    );
    house.happens(CARLA, Fact::PostHidden { thread: THREAD, post: ANSWER, author: Some(BRUNO) });
    let until = house.start.plus(DAY);
    house.sql(&format!("UPDATE users SET suspended_until = {until} WHERE id = 2"));
    house.happens(CARLA, Fact::UserSuspended { user: BRUNO, until });
    house.happens(
        CARLA,
        Fact::FlagDecided { thread: THREAD, post: ANSWER, flag: FlagId(1), flagger: FRED, agreed: true },
    );
    let told = house.told(BRUNO);
    assert_eq!(told[1].text, "A moderator hid a post of yours: Advertising");
    assert_eq!(told[1].url, "");
    assert!(
        told[0].text.contains("Again advertising") && told[0].text.contains(&until.date()),
        "{}",
        told[0].text
    );
    assert!(told.iter().all(|notice| !notice.text.contains("Carla")));
    assert_eq!(house.mailed("bruno").len(), 2, "the mail that says why reaches the suspended");
    assert_eq!(house.kinds(FRED), vec![Kind::FlagAgreed]);
    assert_eq!(house.told(FRED)[0].url, "");
    assert!(!house.mailed("fred")[0].contains("drip"));

    house.sql("UPDATE posts SET removed = 0 WHERE id = 101");
    house.happens(CARLA, Fact::PostRestored { thread: THREAD, post: ANSWER, author: Some(BRUNO) });
    assert_eq!(house.kinds(BRUNO)[0], Kind::Restored);
    assert_eq!(house.mailed("bruno").len(), 2, "and no others do");
    house.sql(
        "INSERT INTO posts (id, kind, thread_id, author_id, body_md, body_html, created_at) VALUES (200, 'question', 200, 5, '', '', 1);
         INSERT INTO threads (id, title, slug, tags, author_id, created_at, active_at) VALUES (200, 'Master', 'master', '', 5, 1, 1)",
    );
    house.happens(CARLA, Fact::ThreadClosedAsDuplicate { thread: THREAD, of: ThreadId(200) });
    assert_eq!(house.kinds(ANN), vec![Kind::Duplicate]);
    assert_eq!(house.told(ANN)[0].url, "/threads/100/why-does-it-drip");
});

on_both!(a_solved_thread_is_told_to_its_followers_once_and_only_while_it_is, |house: House| {
    house.sql("INSERT INTO follows VALUES (100, 6, 1), (100, 2, 1), (100, 1, 1)");
    let (thread, post, author, asker) = (THREAD, ANSWER, Some(BRUNO), Some(ANN));
    // Taken back before the follower came to it.
    house.happens(ANN, Fact::AnswerAccepted { thread, post, author, asker });
    assert_eq!(house.kinds(FRED), vec![]);
    house.happens(ANN, Fact::AnswerUnaccepted { thread, post, author, asker });
    house.sql("UPDATE threads SET accepted_answer_id = 101");
    house.happens(ANN, Fact::AnswerAccepted { thread, post, author, asker });
    assert_eq!(house.kinds(FRED), vec![Kind::FollowedSolved]);
    assert_eq!(house.told(FRED)[0].text, "A question you follow has been solved");
    assert_eq!(house.mailed("fred"), ["Solved: Why does it drip?"]);
    assert_eq!(
        house.kinds(BRUNO),
        vec![Kind::Accepted, Kind::Unaccepted, Kind::Accepted],
        "its author hears it in other words"
    );
    assert_eq!(house.kinds(ANN), vec![], "who said it knows it");
    house.happens(ANN, Fact::AnswerAccepted { thread, post, author, asker });
    assert_eq!(
        (house.kinds(FRED).len(), house.kinds(BRUNO).len()),
        (1, 3),
        "said again of a changed text, it is no news"
    );
    house.write(|tx| mail::unsubscribe(tx, FRED, List::Accepted));
    house.happens(ANN, Fact::AnswerUnaccepted { thread, post, author, asker });
    house.happens(ANN, Fact::AnswerAccepted { thread, post, author, asker });
    assert_eq!(house.kinds(FRED).len(), 2);
    assert_eq!(house.mailed("fred").len(), 1, "the list can be left");
});

on_both!(a_popular_threads_solution_is_told_in_pages, |house: House| {
    let mut sql = String::from("UPDATE threads SET accepted_answer_id = 101;");
    for id in 1000..1250 {
        sql.push_str(&format!(
            "INSERT INTO users (id, username, username_key, display_name, created_at) VALUES ({id}, 'f{id}', 'f{id}', 'F', 1);
             INSERT INTO follows VALUES (100, {id}, 1);"
        ));
    }
    house.sql(&sql);
    house.happens(
        ANN,
        Fact::AnswerAccepted { thread: THREAD, post: ANSWER, author: Some(BRUNO), asker: Some(ANN) },
    );
    assert_eq!(house.kinds(UserId(1249)), vec![]);
    while fan_out_step(&house.db, &house.desk).unwrap() {}
    for id in [1000, 1249] {
        assert_eq!(house.kinds(UserId(id)), vec![Kind::FollowedSolved], "{id}");
    }
});

on_both!(everyone_who_relied_on_an_answer_that_proved_wrong_is_told_once_in_pages, |house: House| {
    let mut sql = String::from(
        "UPDATE threads SET accepted_answer_id = 101;
         INSERT INTO challenges (thread_id, post_id, challenger_id, evidence_md, evidence_html, state, created_at, decision_note)
         VALUES (100, 101, 6, '', '', 'upheld', 1, 'It drips on');",
    );
    for id in 1000..1250 {
        sql.push_str(&format!(
            "INSERT INTO users (id, username, username_key, display_name, created_at) VALUES ({id}, 'f{id}', 'f{id}', 'F', 1);"
        ));
        // One of three said that it helped, one has the problem too, one asked a duplicate; some are several.
        if id % 3 == 0 || id % 10 == 0 {
            sql.push_str(&format!(
                "INSERT INTO confirmations (user_id, post_id, thread_id, value, created_at) VALUES ({id}, 101, 100, true, 1);"
            ));
        }
        if id % 3 == 1 {
            sql.push_str(&format!("INSERT INTO me_toos VALUES (100, {id}, 1);"));
        }
        if id % 3 == 2 {
            let other = id + 5000;
            sql.push_str(&format!(
                "INSERT INTO posts (id, kind, thread_id, author_id, body_md, body_html, created_at)
                 VALUES ({other}, 'question', {other}, {id}, '', '', 1);
                 INSERT INTO threads (id, title, slug, tags, author_id, created_at, active_at, duplicate_of)
                 VALUES ({other}, 'It drips too', 'it-drips', '', {id}, 1, 1, 100);"
            ));
        }
    }
    // Whom it did not help never relied on it.
    sql.push_str(
        "INSERT INTO confirmations (user_id, post_id, thread_id, value, created_at) VALUES (5, 101, 100, false, 1)",
    );
    house.sql(&sql);
    let (thread, post, author) = (THREAD, ANSWER, Some(BRUNO));
    let challenge = loggia::kernel::ids::ChallengeId(1);
    house.happens(
        CARLA,
        Fact::ChallengeDecided { thread, post, author, challenge, challenger: FRED, upheld: true },
    );
    assert_eq!(house.kinds(ANN), vec![Kind::SolutionSuperseded], "who accepted it hears at once");
    assert_eq!(house.kinds(BRUNO), vec![Kind::AnswerSuperseded]);
    assert_eq!(house.kinds(FRED), vec![Kind::ChallengeUpheld]);
    assert!(house.told(FRED)[0].text.ends_with(": It drips on"), "{:?}", house.told(FRED));
    assert_eq!(house.kinds(UserId(1000)).len(), 1);
    assert_eq!(house.kinds(UserId(1249)), vec![], "the rest is told in later transactions");
    while fan_out_step(&house.db, &house.desk).unwrap() {}
    for id in 1000..1250 {
        assert_eq!(house.kinds(UserId(id)), vec![Kind::SolutionSuperseded], "{id}");
    }
    assert_eq!(house.kinds(EMMA), vec![]);
    assert_eq!(house.mailed("ann").len(), 1);
    assert_eq!(house.mailed("bruno").len(), 1);
});

on_both!(what_moderators_do_to_a_thread_is_told_to_its_asker, |house: House| {
    house.sql(
        "INSERT INTO moderation_log (actor_id, act, thread_id, reason, created_at) VALUES (3, 'lock', 100, 'It got heated', 1)",
    );
    let thread = THREAD;
    house.happens(CARLA, Fact::ThreadLocked { thread });
    house.happens(CARLA, Fact::ThreadUnlocked { thread });
    house.happens(CARLA, Fact::ThreadReopened { thread, of: ThreadId(200) });
    assert_eq!(house.kinds(ANN), vec![Kind::Reopened, Kind::Unlocked, Kind::Locked]);
    assert_eq!(house.told(ANN)[2].text, "A moderator locked your question: It got heated");
    assert_eq!(house.mailed("ann").len(), 3);
    assert!(house.told(ANN).iter().all(|notice| notice.url == "/threads/100/why-does-it-drip"));
    house.sql("UPDATE threads SET removed = 2; UPDATE posts SET removed = 2 WHERE id = 100");
    house.happens(CARLA, Fact::ThreadUnlocked { thread });
    assert_eq!(house.kinds(ANN).len(), 3, "what is out of sight is no news");
});

on_both!(an_edit_is_told_to_the_author_and_to_those_it_is_the_first_to_name, |house: House| {
    let revision = |number: i32, md: &str| {
        house.sql(&format!(
            "INSERT INTO revisions (post_id, number, body_md, editor_id, summary, created_at) VALUES (101, {number}, '{md}', 2, '', 1)"
        ));
    };
    revision(1, "See what @Fred. wrote, or @emma-lou did");
    revision(2, "See what @Fred wrote, or @Emma and @dario did");
    house.mention(ANSWER, &["Fred", "Emma", "Dario", "Bruno"]);
    let edited =
        |revision| Fact::PostEdited { thread: THREAD, post: ANSWER, revision, author: None, material: false };
    house.happens(BRUNO, edited(2));
    assert_eq!(house.kinds(EMMA), vec![Kind::Mention]);
    assert_eq!(house.kinds(DARIO), vec![Kind::Mention]);
    assert_eq!(house.kinds(FRED), vec![], "the text before named him");
    assert_eq!(house.kinds(BRUNO), vec![], "who edits their own post knows it");
    revision(3, "Nobody");
    house.happens(CARLA, edited(3));
    assert_eq!(house.kinds(BRUNO), vec![Kind::Edited]);
    assert_eq!(house.told(BRUNO)[0].text, "A moderator edited a post of yours");
    assert_eq!(house.told(BRUNO)[0].url, "/posts/101/revisions");
    assert_eq!(house.mailed("bruno"), ["A moderator edited your post: Why does it drip?"]);
    revision(4, "Back");
    house.happens(BRUNO, edited(4));
    assert_eq!(house.kinds(EMMA), vec![Kind::Mention], "and nobody is called twice to one post");
    house.sql("UPDATE posts SET removed = 2 WHERE id = 101");
    house.happens(CARLA, edited(4));
    assert_eq!(house.kinds(BRUNO), vec![Kind::Edited]);
});

on_both!(a_case_is_told_to_staff_then_to_the_moderator_and_the_asker, |house: House| {
    house.sql("INSERT INTO cases (id, thread_id, opened_by, note, opened_at, due_at) VALUES (9, 100, 3, 'please', 1, 2)");
    let (thread, case) = (THREAD, CaseId(9));
    house.happens(CARLA, Fact::CaseOpened { thread, case });
    assert_eq!(house.kinds(DARIO), vec![Kind::CaseOpened]);
    assert_eq!(house.kinds(EMMA), vec![Kind::CaseOpened]);
    assert_eq!(house.told(DARIO)[0].url, "/desk/9");
    assert_eq!(house.kinds(CARLA), vec![]);
    assert_eq!(house.kinds(ANN), vec![Kind::CasePassedOn]);
    assert_eq!(house.told(ANN)[0].url, "/threads/100/why-does-it-drip");
    assert!(!house.told(ANN)[0].text.contains("Carla"));
    house.happens(DARIO, Fact::CaseTaken { thread, case, assignee: DARIO });
    house.post(PostId(103), "answer", Some(THREAD.question()), DARIO, "<p>Officially.</p>");
    let posted = Fact::AnswerPosted { thread, post: PostId(103), author: Some(DARIO), official: true };
    house.happens(DARIO, posted);
    house.happens(DARIO, Fact::CaseAnswered { thread, case, post: PostId(103) });
    house.happens(DARIO, Fact::CaseClosed { thread, case });
    assert_eq!(house.kinds(CARLA), vec![Kind::CaseClosed, Kind::CaseAnswered, Kind::CaseTaken]);
    assert_eq!(house.kinds(ANN), vec![Kind::OfficialAnswer, Kind::CasePassedOn], "once, not twice");
    assert_eq!(house.kinds(DARIO).len(), 1);
});

on_both!(mails_go_to_confirmed_addresses_of_people_who_are_here_and_want_them, |house: House| {
    house.sql(
        "INSERT INTO follows SELECT 100, id, 1 FROM users;
         UPDATE users SET email_confirmed_at = NULL WHERE id = 1;
         UPDATE users SET suspended_until = 9000000000000000 WHERE id = 3;
         UPDATE users SET erased_at = 1 WHERE id = 4;",
    );
    house.write(|tx| mail::unsubscribe(tx, EMMA, List::Answers));
    house.answered(BRUNO, false);
    let mails = house.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].recipient, "fred@example.org");
    for (user, count) in [(ANN, 1), (CARLA, 1), (DARIO, 0), (EMMA, 1)] {
        assert_eq!(house.kinds(user).len(), count, "in the house all but the erased hear of it");
    }
});

on_both!(imported_events_are_told_to_nobody, |house: House| {
    let start = house.start;
    house.write(move |tx| {
        Tx::past(tx.conn, start, &mut Vec::new()).append(
            Some(BRUNO),
            Fact::AnswerPosted { thread: THREAD, post: ANSWER, author: Some(BRUNO), official: false },
        )
    });
    catch_up(&house.db, &house.follower).unwrap();
    assert!(house.kinds(ANN).is_empty() && house.mails().is_empty());
});

on_both!(a_popular_threads_followers_are_told_in_pages_and_each_once, |house: House| {
    let mut sql = String::new();
    for id in 1000..1350 {
        sql.push_str(&format!(
            "INSERT INTO users (id, username, username_key, display_name, created_at) VALUES ({id}, 'f{id}', 'f{id}', 'F', 1);
             INSERT INTO follows VALUES (100, {id}, 1);"
        ));
    }
    house.sql(&sql);
    house.mention(ANSWER, &["f1349"]);
    house.answered(BRUNO, false);
    let told = |user: i64| house.kinds(UserId(user));
    assert_eq!(told(1000), vec![Kind::FollowedAnswer]);
    assert_eq!(told(1200), vec![]);
    let mut pages = 0;
    while fan_out_step(&house.db, &house.desk).unwrap() {
        pages += 1;
        assert!(pages < 10);
    }
    assert_eq!(pages, 3);
    for id in 1000..1349 {
        assert_eq!(told(id), vec![Kind::FollowedAnswer], "{id}");
    }
    assert_eq!(told(1349), vec![Kind::Mention]);
});

on_both!(a_badge_is_told_once, |house: House| {
    let event = house.answered(BRUNO, false);
    for first in [true, false] {
        let desk = house.desk.clone();
        let told = house
            .write(move |tx| notify_badges(tx, &desk, BRUNO, &["first-answer"], event, BadgeNews::Earned));
        assert_eq!(told, first);
    }
    assert_eq!(house.kinds(BRUNO), vec![Kind::Badge]);
    assert_eq!(house.told(BRUNO)[0].url, "/badges/first-answer");
    assert_eq!(house.mailed("bruno"), ["You earned the badge First answer"]);
});

on_both!(an_earlier_decision_that_cannot_be_read_is_an_error_and_not_a_first_decision, |house: House| {
    house.sql(
        "INSERT INTO appeals (id, user_id, subject, subject_id, text_md, text_html, state, created_at)
         VALUES (7, 2, 'finding', 1, '', '', 'rejected', 1)",
    );
    let decided = |upheld| Fact::AppealDecided { appeal: AppealId(7), user: BRUNO, upheld };
    let first = house.happens(CARLA, decided(true));
    assert_eq!(house.kinds(BRUNO), [], "it was rejected since");
    house.sql(&format!("UPDATE events SET data = '{{}}' WHERE id = {first}"));
    house.write(move |tx| tx.append(Some(CARLA), decided(false)));
    let error = catch_up(&house.db, &house.follower).unwrap_err().to_string();
    assert!(error.contains(&format!("event {first} ")), "{error}");
    assert_eq!(house.kinds(BRUNO), []);
    let data = serde_json::to_string(&decided(true)).unwrap();
    house.sql(&format!("UPDATE events SET data = '{data}' WHERE id = {first}"));
    catch_up(&house.db, &house.follower).unwrap();
    assert_eq!(house.kinds(BRUNO), [Kind::AppealUndone]);
});

on_both!(a_finding_about_very_many_is_told_to_as_many_as_one_transaction_bears, |house: House| {
    let many = 1000..1000 + limits::FINDING_TOLD as i64 + 3;
    for id in many.clone() {
        house.person(UserId(id), &format!("Member{id}"), "customer");
    }
    let members: Vec<UserId> = many.map(UserId).collect();
    let (finding, posts) = (FindingId(1), vec![ANSWER]);
    let event = house.write(move |tx| tx.append(None, Fact::CreditHeld { finding, members, posts }));
    catch_up(&house.db, &house.follower).unwrap();
    assert_eq!(house.kinds(BRUNO), [Kind::CreditHeld], "whose answer it holds");
    let last = |at: i64| house.kinds(UserId(1000 + limits::FINDING_TOLD as i64 + at));
    assert_eq!((last(-2), last(-1), last(2)), (vec![Kind::CreditHeld], vec![], vec![]));
    // Others whose points it took have room of their own, and nobody hears it twice.
    let desk = house.desk.clone();
    for _ in 0..2 {
        let desk = desk.clone();
        house.write(move |tx| {
            let told = ledger::after(tx.conn, EventId(event.0 - 1), 1)?.remove(0);
            notify_credit(tx, &desk, &told, &[ANN, BRUNO].into())
        });
    }
    assert_eq!(house.kinds(ANN), [Kind::CreditHeld]);
    assert_eq!(house.kinds(BRUNO), [Kind::CreditHeld]);
});

on_both!(badges_of_one_event_are_one_notice_and_one_taken_back_says_why, |house: House| {
    let event = house.answered(BRUNO, false);
    let desk = house.desk.clone();
    house.write(move |tx| {
        let both = ["first-solution", "helped-many"];
        notify_badges(tx, &desk, BRUNO, &both, event, BadgeNews::Earned)?;
        notify_badges(tx, &desk, BRUNO, &both[..1], event, BadgeNews::Revoked("answer_unaccepted"))
    });
    let told = house.told(BRUNO);
    assert_eq!(told[1].text, "You earned the badges First solution, Helped many");
    assert_eq!(told[1].url, "/badges");
    assert_eq!(
        told[0].text,
        "The badge First solution has been taken back, because an answer is no longer accepted as the \
         solution. It returns as soon as you reach it again"
    );
    assert_eq!(told[0].url, "/badges/first-solution");
    assert_eq!(house.mailed("bruno")[0], "The badge First solution has been taken back");
});

on_both!(notices_are_read_by_their_owner_alone, |house: House| {
    house.answered(BRUNO, false);
    house.answered(DARIO, true);
    let unread = || notices::unread_count(&mut house.db.reader().unwrap(), ANN).unwrap();
    assert_eq!(unread(), 2);
    let newest = house.told(ANN)[0].id;
    assert_eq!(house.write(move |tx| notices::open(tx, FRED, newest)), None);
    let led = house.write(move |tx| notices::open(tx, ANN, newest));
    assert_eq!(led.as_deref(), Some("/posts/101"));
    assert_eq!(unread(), 1);
    assert_eq!(house.write(move |tx| notices::open(tx, ANN, newest)), led, "read twice is read");
    assert_eq!(house.write(move |tx| notices::mark_all_read(tx, ANN, NoticeId(0))), 0);
    assert_eq!(house.write(move |tx| notices::mark_all_read(tx, ANN, newest)), 1);
    assert_eq!(unread(), 0);
    let page =
        |before, limit| notices::page(&mut house.db.reader().unwrap(), ANN, before, limit, "en").unwrap();
    let (first, next) = page(None, 1);
    assert_eq!((first.len(), next), (1, Some(newest)));
    let (second, next) = page(next, 1);
    assert_eq!((second.len(), next), (1, None), "a full page may be the last");
});

#[test]
fn mentions_are_read_from_the_links_of_the_pipeline() {
    let html = "<p>mail <a href=\"/people/x\">x</a> \
        <a class=\"mention\" href=\"/people/Ann\">@Ann</a> <code>@bruno</code> \
        <a class=\"mention\" href=\"/people/ann\">@ann</a> <a class=\"mention\" href=\"/people/%C3%88ve\">@Ève</a> \
        <a class=\"mention\" href=\"/people/\">@</a><a class=\"mention";
    assert_eq!(notices::follow::mentions(html), vec!["ann", "ève"]);
}

on_both!(an_accepted_answer_earns_a_badge_that_is_told_and_taken_back_kindly, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let answer = world.answer(&world.bruno, question.thread).await;
    let ann = world.ann().await;
    let url = format!("/threads/{}/{}", question.thread, question.slug);
    let page = ann.get(&url).await;
    let accept = format!("/threads/{}/acceptance", question.thread);
    ann.submit(&page, &accept, &[]).await.expect(303);
    world.settle().await;
    let bruno = world.bruno().await;
    let notices = bruno.get("/notices").await;
    notices.expect(200).contains("You earned the badge First solution");
    let subjects = |world: &World| -> Vec<String> {
        let mut conn = world.db.reader().unwrap();
        let mails = mail::page(&mut conn, &MailState::ALL, None, 50).unwrap();
        mails.into_iter().filter(|m| m.recipient == "bruno@example.com").map(|m| m.subject).collect()
    };
    assert!(subjects(&world).contains(&"You earned the badge First solution".to_owned()));
    // What gave it is named where it is shown, for everybody.
    let event = event_of(&world, "answer_accepted");
    let visitor = world.visitor();
    for path in ["/people/bruno?tab=badges", "/badges/first-solution"] {
        let page = visitor.get(path).await;
        page.expect(200).contains(&format!("#{event}")).contains("The boiler goes out at night");
        assert!(page.links().contains(&format!("/posts/{}", answer.post)), "{path}");
    }
    // The way to it is the notice's, and it is read then.
    let form = notices.forms().into_iter().find(|form| form.ends_with("/reading")).unwrap();
    let count = notices.text().matches("class=\"unread\"").count();
    bruno.submit(&notices, &form, &[]).await.expect(303);
    let after = bruno.get("/notices").await;
    assert_eq!(after.text().matches("class=\"unread\"").count(), count - 1);

    let page = ann.get(&url).await;
    ann.submit(&page, &format!("{accept}/removal"), &[]).await.expect(303);
    world.settle().await;
    let told = bruno.get("/notices").await;
    told.expect(200).contains("The badge First solution has been taken back");
    told.contains("because an answer is no longer accepted as the solution");
    assert!(subjects(&world).contains(&"The badge First solution has been taken back".to_owned()));
    visitor.get("/badges/first-solution").await.expect(200).lacks("Bruno");
});

on_both!(a_badge_never_shows_the_title_of_what_is_out_of_sight, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let answer = world.answer(&world.bruno, question.thread).await;
    let (thread, post) = (question.thread, answer.post);
    world.act(&world.ann, move |tx, v| loggia::threads::accept(tx, v, thread, post)).await;
    world.settle().await;
    // Hidden, and the projections have not followed yet.
    world
        .act(&world.carla, move |tx, v| loggia::moderation::hide(tx, v, thread.question(), "off our ground"))
        .await;
    for visitor in [world.visitor(), world.carla().await] {
        for path in ["/people/bruno?tab=badges", "/badges/first-solution"] {
            visitor.get(path).await.expect(200).lacks("The boiler goes out");
        }
    }
});

fn event_of(world: &World, kind: &str) -> i64 {
    use diesel::prelude::*;
    use loggia::db::schema::events;
    let mut conn = world.db.reader().unwrap();
    let newest = events::table.filter(events::kind.eq(kind)).order(events::id.desc());
    newest.select(events::id).first(&mut *conn).unwrap()
}

on_both!(all_is_marked_read_up_to_what_the_page_showed, |world| async move {
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    world.answer(&world.bruno, question.thread).await;
    world.settle().await;
    let ann = world.ann().await;
    let page = ann.get("/notices").await;
    world.answer(&world.dario, question.thread).await;
    world.settle().await;
    ann.submit(&page, "/notices/read", &[]).await.leads_to("/notices");
    let after = ann.get("/notices").await;
    after.expect(200).contains("Dario answered");
    assert_eq!(after.text().matches("class=\"unread\"").count(), 1, "what came since is unread");
    ann.post("/notices/read", &[]).await.expect(400);
    let bruno = world.bruno().await;
    bruno.get("/notices").await;
    let id = after.form("/notices/read")["newest"].clone();
    bruno.post(&format!("/notices/{id}/reading"), &[]).await.expect(404);
});
