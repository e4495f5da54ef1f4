//! web room: what every page shares: who is visiting, forms, templates, translations, headers.
pub mod i18n;
