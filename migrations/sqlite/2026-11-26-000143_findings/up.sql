-- What looks like being right and may not be: rings, servants, series, contradiction, copies. What a finding is about
-- counts no more from when it was found until a moderator releases it.
CREATE TABLE findings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  -- numbers of people and of posts, separated by spaces
  members TEXT NOT NULL,
  posts TEXT NOT NULL,
  -- so many pieces of praise or blame of so many
  pieces BIGINT NOT NULL,
  of_pieces BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('held','upheld','released')),
  found_at BIGINT NOT NULL,
  decided_by BIGINT REFERENCES users (id),
  decided_at BIGINT,
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX findings_by_state ON findings (state, id);
CREATE INDEX findings_by_judge ON findings (decided_by);
-- The longest sentences of each answer, as numbers that say whether two are the same.
CREATE TABLE answer_prints (
  post_id BIGINT NOT NULL,
  print BIGINT NOT NULL,
  words BIGINT NOT NULL,
  PRIMARY KEY (post_id, print)
);
CREATE INDEX answer_prints_by_print ON answer_prints (print, post_id);
