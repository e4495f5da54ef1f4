//! badges room: what there is to earn, and who has earned it.
use super::policy::{Badge, Measure, Per};
use super::views::{BadgeCard, BadgePage, BadgesPage, Cause, Holder};
use super::{active, all_badges, badges_of, holders};
use crate::accounts::Role;
use crate::error::{Error, Result};
use crate::kernel::ids::{PostId, UserId};
use crate::kernel::limits;
use crate::threads;
use crate::web::cache::Shows;
use crate::web::form::{Params, Parts};
use crate::web::i18n::{Arg, has, translate};
use crate::web::view::{self, Author, Cursor, counted, when};
use crate::web::views::BadgeCounts;
use crate::web::visit::{Head, Page, Room, Visit};
use actix_web::HttpResponse;

/// What a badge is called, with the topic where it is held in one.
pub fn name(lang: &str, id: &str, badge: Option<&Badge>, topic: Option<&str>) -> String {
    let key = format!("badge-{id}-name");
    let name = match badge.map(|badge| badge.name.as_str()).filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None if has(lang, &key) => translate(lang, &key, &[]),
        None => id.to_owned(),
    };
    match topic {
        Some(topic) => {
            translate(lang, "badge-in-topic", &[("name", Arg::Text(&name)), ("topic", Arg::Text(topic))])
        }
        None => name,
    }
}

/// The rule in plain words, from its data.
pub fn rule(lang: &str, badge: &Badge) -> String {
    let needs: Vec<String> = badge
        .needs
        .iter()
        .map(|(measure, least)| {
            let key = format!("badge-needs-{}", measure.as_str());
            let percent = (*least as f64 / 10.0).to_string();
            translate(lang, &key, &[("n", Arg::Number(*least)), ("percent", Arg::Text(&percent))])
        })
        .collect();
    let needs = needs.join(&translate(lang, "badge-needs-and", &[]));
    let per = if badge.per == Per::Topic { "topic" } else { "all" };
    let key = format!("badge-rule-{per}-{}", badge.within.as_str());
    let rule = translate(lang, &key, &[("needs", Arg::Text(&needs))]);
    if badge.about.is_empty() { rule } else { format!("{} {rule}", badge.about) }
}

fn card(lang: &str, badge: &Badge, held: i64, mine: bool) -> BadgeCard {
    BadgeCard {
        url: format!("/badges/{}", badge.id),
        name: name(lang, &badge.id, Some(badge), None),
        rank: badge.level.as_str().to_owned(),
        description: rule(lang, badge),
        starter: badge.starter,
        earned_label: counted(lang, "label-earned-by", held),
        mine,
    }
}

fn mine(room: &mut Room<'_>) -> Result<Vec<String>> {
    match &room.viewer {
        Some(viewer) => {
            Ok(badges_of(room.conn, viewer.id)?.into_iter().map(|held| held.award.badge).collect())
        }
        None => Ok(Vec::new()),
    }
}

/// The post that earned `badge`, if everybody may see it (it has a title then). Who flagged a post is for
/// themselves and for moderators to know.
pub fn cause(
    badge: Option<&Badge>,
    holder: UserId,
    post: Option<PostId>,
    title: Option<String>,
    viewer: Option<(UserId, Role)>,
) -> Option<Cause> {
    // A badge that is no more may have been for flags.
    let of_flags = badge.is_none_or(|badge| badge.needs.iter().any(|need| need.0 == Measure::AgreedFlags));
    let told = !of_flags || viewer.is_some_and(|(id, role)| id == holder || role.moderates());
    Some(Cause { url: format!("/posts/{}", post?), title: title.filter(|_| told)? })
}

/// `GET /badges`.
pub async fn index(visit: Visit) -> Result<HttpResponse> {
    visit
        .shared_page(Shows::Everything, |room| {
            let mine = mine(room)?;
            let lang = room.visit.lang;
            let (_, rules) = active(room.conn)?;
            let badges = all_badges(room.conn, &rules)?
                .iter()
                .map(|row| card(lang, &row.badge, row.holders, mine.contains(&row.badge.id)))
                .collect();
            let mut head = Head::new(room.visit.t("badges-title"), "badges");
            head.canonical = Some("/badges".into());
            Ok(Page::html("badges/index.html", head, &BadgesPage { badges }))
        })
        .await
}

/// `GET /badges/{id}`.
pub async fn show(visit: Visit, parts: Parts, params: Params) -> Result<HttpResponse> {
    let id = parts.text("id")?.to_owned();
    let after = Cursor::of(&params)?;
    visit
        .shared_page(Shows::Everything, move |room| {
            let (_, rules) = active(room.conn)?;
            let badge = rules.find(&id).ok_or(Error::NotFound)?;
            let rows = holders(room.conn, &badge.id, after.map(|c| c.id), limits::PAGE_ROWS + 1)?;
            let (rows, next) = threads::cut(rows, limits::PAGE_ROWS, |row| Cursor { key: 0, id: row.id });
            let (held, revoked) = all_badges(room.conn, &rules)?
                .iter()
                .find(|row| row.badge.id == badge.id)
                .map_or((0, 0), |row| (row.holders, row.revoked));
            let mine = mine(room)?;
            let (lang, now) = (room.visit.lang, room.now);
            let viewer = room.viewer.as_ref().map(|viewer| (viewer.id, viewer.role));
            let view = BadgePage {
                badge: card(lang, badge, held, mine.contains(&badge.id)),
                holders: rows
                    .into_iter()
                    .map(|row| {
                        let author = Author {
                            username: Some(row.username),
                            display_name: Some(row.display_name),
                            ..Author::default()
                        };
                        Holder {
                            person: view::person(lang, &author, BadgeCounts::default()),
                            when: when(lang, row.at, now),
                            event_id: row.event.0,
                            cause: cause(Some(badge), row.user, row.post, row.title, viewer),
                            topic: row.topic.unwrap_or_default(),
                        }
                    })
                    .collect(),
                revoked_label: counted(lang, "badge-taken-back", revoked),
                pager: view::pager(
                    &format!("/badges/{}", badge.id),
                    next.map(Cursor::encode),
                    after.is_none(),
                ),
            };
            let mut head = Head::new(view.badge.name.clone(), "badges");
            head.description = view.badge.description.clone();
            head.canonical = Some(format!("/badges/{}", badge.id));
            Ok(Page::html("badges/show.html", head, &view))
        })
        .await
}
