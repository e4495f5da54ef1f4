//! exchange room: JSON lines.
