//! escalation room: its pages.
