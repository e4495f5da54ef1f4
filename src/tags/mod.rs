//! tags room: the words threads are filed under. Their rows belong to the threads room.
pub mod pages;
pub mod views;
