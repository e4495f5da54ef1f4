//! admin room: the state of the house, its people and its mails.
pub mod views;
