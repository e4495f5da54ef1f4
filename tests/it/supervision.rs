//! tests: the pages of moderators, staff and administrators, over HTTP.
