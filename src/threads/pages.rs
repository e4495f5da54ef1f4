//! threads room: pages.
