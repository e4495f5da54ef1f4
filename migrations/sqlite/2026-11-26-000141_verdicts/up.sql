-- What staff, and members with proven standing in the topic, judge of an answer. One verdict per person and answer.
CREATE TABLE verdicts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  post_id BIGINT NOT NULL REFERENCES posts (id),
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  verdict TEXT NOT NULL CHECK (verdict IN ('verified','refuted','outdated')),
  -- by somebody who spoke for the brand then
  staff BOOLEAN NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  UNIQUE (user_id, post_id)
);
CREATE INDEX verdicts_by_post ON verdicts (post_id);
CREATE INDEX verdicts_by_thread ON verdicts (thread_id);
