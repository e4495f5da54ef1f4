-- Somebody's word to moderators against what was taken from them or decided against them, and what became of it.
CREATE TABLE appeals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  subject TEXT NOT NULL CHECK (subject IN ('award','finding','challenge')),
  -- the finding or the challenge; of an award the event that took it back: awards get other numbers in a replay
  subject_id BIGINT NOT NULL,
  -- of an award: the badge, and its topic or 0
  badge TEXT NOT NULL DEFAULT '',
  tag_id BIGINT NOT NULL DEFAULT 0,
  text_md TEXT NOT NULL,
  text_html TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open','upheld','rejected','withdrawn')),
  created_at BIGINT NOT NULL,
  decided_by BIGINT REFERENCES users (id),
  decided_at BIGINT,
  decision_note TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX appeals_one ON appeals (user_id, subject, subject_id, badge, tag_id) WHERE state <> 'withdrawn';
CREATE INDEX appeals_by_state ON appeals (state, id);
CREATE INDEX appeals_by_user ON appeals (user_id, id);
CREATE INDEX appeals_by_decision ON appeals (decided_at, id);

-- What was decided about challenges is listed too.
CREATE INDEX challenges_by_decision ON challenges (decided_at, id);
