//! moderation room: its pages.
