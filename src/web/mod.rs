//! web room: what every page shares: who is visiting, forms, templates, translations, headers.
//!
//! A handler takes a [`visit::Visit`], the only way to the database: it knows who may use the route
//! (from the table in `routes.rs`) and checks it before the handler's closure runs.
pub mod aside;
pub mod assets;
pub mod cache;
pub mod doorman;
pub mod feeds;
pub mod form;
pub mod i18n;
pub mod pages;
pub mod rates;
pub mod templates;
pub mod view;
pub mod views;
pub mod visit;
