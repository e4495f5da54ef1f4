-- Standing is weighed now, per topic too, so its tables have other columns: they are rebuilt from the ledger by the
-- follower, which begins again at its first event.
DROP TABLE post_standings;
DROP TABLE flag_standings;
DROP TABLE measures;
DROP TABLE standings;
DELETE FROM point_entries;
DELETE FROM badge_awards;
DELETE FROM places WHERE follower = 'reputation';

-- What the reputation's fold remembers between steps: a post, a flag, a challenge, a
-- person, or what one person said of another's posts.
-- Only its follower writes here.
CREATE TABLE standing_states (
  kind BIGINT NOT NULL,
  a BIGINT NOT NULL,
  b BIGINT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (kind, a, b)
);
-- Whom somebody spoke of: asked when what they say is held back.
CREATE INDEX standing_states_by_giver ON standing_states (b) WHERE kind = 3;
CREATE TABLE standings (
  user_id BIGINT PRIMARY KEY REFERENCES users (id),
  points BIGINT NOT NULL DEFAULT 0,
  question_count BIGINT NOT NULL DEFAULT 0,
  answer_count BIGINT NOT NULL DEFAULT 0,
  accepted_count BIGINT NOT NULL DEFAULT 0,
  -- outcomes of answers: their weight and how much of it is right, in millionths; how many are resolved
  outcome_weight BIGINT NOT NULL DEFAULT 0,
  outcome_right BIGINT NOT NULL DEFAULT 0,
  outcome_count BIGINT NOT NULL DEFAULT 0,
  -- the lower bound that follows from them, in thousandths
  authority BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX standings_by_points ON standings (points, user_id);
CREATE INDEX standings_by_authority ON standings (authority, user_id);
-- The same outcomes, per topic.
CREATE TABLE topic_standings (
  user_id BIGINT NOT NULL REFERENCES users (id),
  tag_id BIGINT NOT NULL,
  outcome_weight BIGINT NOT NULL,
  outcome_right BIGINT NOT NULL,
  outcome_count BIGINT NOT NULL,
  solution_count BIGINT NOT NULL,
  correct_count BIGINT NOT NULL,
  authority BIGINT NOT NULL,
  PRIMARY KEY (user_id, tag_id)
);
CREATE INDEX topic_standings_by_tag ON topic_standings (tag_id, authority, user_id);
-- How likely each answer is right: evidence for and against, and the chance that follows, in thousandths.
CREATE TABLE answer_standings (
  post_id BIGINT PRIMARY KEY,
  thread_id BIGINT NOT NULL,
  evidence_right BIGINT NOT NULL,
  evidence_wrong BIGINT NOT NULL,
  chance BIGINT NOT NULL,
  outdated BOOLEAN NOT NULL,
  superseded BOOLEAN NOT NULL,
  -- accepted, and changed since
  changed BOOLEAN NOT NULL,
  -- what it counts for is held back
  held BOOLEAN NOT NULL
);
CREATE INDEX answer_standings_by_thread ON answer_standings (thread_id);
-- Threads from before topics counted.
INSERT INTO events (at, kind, thread_id, data, imported)
SELECT t.created_at, 'thread_tagged', t.id,
  '{"kind":"thread_tagged","thread":' || t.id || ',"tags":[' || group_concat(g.tag_id) || ']}', TRUE
FROM threads t JOIN thread_tags g ON g.thread_id = t.id
GROUP BY t.id, t.created_at ORDER BY t.id;
