-- Pairs of threads that may ask the same, for moderators. Likelihood in per mille; a pair that was dismissed is kept,
-- so that it is not proposed again.
CREATE TABLE duplicate_candidates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  candidate_id BIGINT NOT NULL REFERENCES threads (id),
  likelihood BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open','dismissed','confirmed')),
  found_at BIGINT NOT NULL,
  decided_by BIGINT REFERENCES users (id),
  decided_at BIGINT,
  UNIQUE (thread_id, candidate_id)
);
CREATE INDEX duplicate_candidates_open ON duplicate_candidates (state, likelihood, id);
CREATE INDEX duplicate_candidates_by_candidate ON duplicate_candidates (candidate_id);

-- A house that has been open looks at what is asked from now on.
INSERT INTO places (follower, event_id, updated_at)
SELECT 'duplicates', max(id), max(at) FROM events HAVING count(*) > 0;
