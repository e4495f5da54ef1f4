//! threads room: its pages: lists, one thread, and all that is written.
pub mod confirm;
pub mod lists;
pub mod show;
pub mod write;
