DELETE FROM events WHERE kind = 'thread_tagged';
DROP TABLE answer_standings;
DROP TABLE topic_standings;
DROP TABLE standings;
DROP TABLE standing_states;
CREATE TABLE standings (
  user_id BIGINT PRIMARY KEY REFERENCES users (id),
  points BIGINT NOT NULL DEFAULT 0,
  question_count BIGINT NOT NULL DEFAULT 0,
  answer_count BIGINT NOT NULL DEFAULT 0,
  accepted_count BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX standings_by_points ON standings (points, user_id);
-- What the reputation's fold remembers between steps. Rebuilt by replay; only its follower writes here.
CREATE TABLE post_standings (
  post_id BIGINT PRIMARY KEY,
  thread_id BIGINT NOT NULL,
  author_id BIGINT,
  up_votes BIGINT NOT NULL,
  down_votes BIGINT NOT NULL,
  deleted BOOLEAN NOT NULL,
  hidden BOOLEAN NOT NULL,
  -- of an answer: accepted, by somebody else than its author
  credited BOOLEAN NOT NULL,
  -- of a question: the accepted answer, and whether its asker has the credit for accepting it
  accepted_id BIGINT,
  accepting BOOLEAN NOT NULL
);
CREATE TABLE flag_standings (
  flag_id BIGINT PRIMARY KEY,
  flagger_id BIGINT NOT NULL,
  credited BOOLEAN NOT NULL
);
-- What badges count, one row per person and measure, beside the counts in standings.
CREATE TABLE measures (
  user_id BIGINT NOT NULL REFERENCES users (id),
  measure TEXT NOT NULL,
  value BIGINT NOT NULL,
  PRIMARY KEY (user_id, measure)
);
DELETE FROM point_entries;
DELETE FROM badge_awards;
DELETE FROM places WHERE follower = 'reputation';
