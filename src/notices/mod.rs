//! notices room.
