-- Somebody's claim, with evidence, that an answer is wrong, and what moderators decided about it.
CREATE TABLE challenges (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  post_id BIGINT NOT NULL REFERENCES posts (id),
  challenger_id BIGINT NOT NULL REFERENCES users (id),
  evidence_md TEXT NOT NULL,
  evidence_html TEXT NOT NULL,
  -- the answer of the same thread that is right instead
  instead_id BIGINT REFERENCES posts (id),
  state TEXT NOT NULL CHECK (state IN ('open','upheld','rejected','withdrawn')),
  created_at BIGINT NOT NULL,
  decided_by BIGINT REFERENCES users (id),
  decided_at BIGINT,
  decision_note TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX challenges_one_open ON challenges (post_id, challenger_id) WHERE state = 'open';
CREATE INDEX challenges_by_state ON challenges (state, id);
CREATE INDEX challenges_by_thread ON challenges (thread_id, state);
CREATE INDEX challenges_by_post ON challenges (post_id, challenger_id, state);
CREATE INDEX challenges_by_challenger ON challenges (challenger_id, created_at);

-- Everyone who relied on an answer is told page by page when it proves wrong.
DROP INDEX confirmations_by_post;
CREATE INDEX confirmations_by_post ON confirmations (post_id, user_id);
CREATE INDEX threads_by_master_asker ON threads (duplicate_of, author_id) WHERE duplicate_of IS NOT NULL;
