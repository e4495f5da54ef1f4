//! The pages of badges.

use serde::Serialize;

use crate::web::views::{Pager, Person, When};

/// `badges/index.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BadgesPage {
    pub badges: Vec<BadgeCard>,
}

/// A badge with what it takes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BadgeCard {
    pub url: String,
    pub name: String,
    /// bronze, silver or gold.
    pub rank: String,
    /// What it is given for, translated.
    pub description: String,
    /// "Earned by 31 people", translated; may be empty.
    pub earned_label: String,
    /// The viewer has it.
    pub mine: bool,
    /// The way in for newcomers: it says nothing about being right.
    pub starter: bool,
}

/// `badges/show.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BadgePage {
    pub badge: BadgeCard,
    /// "Taken back 3 times", translated.
    pub revoked_label: String,
    pub holders: Vec<Holder>,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Holder {
    pub person: Person,
    pub when: When,
    /// Its number in the ledger.
    pub event_id: i64,
    pub cause: Option<Cause>,
    /// The topic it is held in, or empty.
    pub topic: String,
}

/// The post that earned a badge, where it can be seen.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Cause {
    /// Of its thread.
    pub title: String,
    pub url: String,
}
