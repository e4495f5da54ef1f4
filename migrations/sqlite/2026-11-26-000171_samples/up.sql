-- Accepted answers drawn at random, to be judged by people who do not see what is known of them.
CREATE TABLE samples (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  post_id BIGINT NOT NULL REFERENCES posts (id),
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  -- how likely its page said that it was right when it was drawn, in thousandths
  chance BIGINT NOT NULL,
  drawn_at BIGINT NOT NULL,
  -- void: the answer went before anybody could judge it
  state TEXT NOT NULL CHECK (state IN ('open','right','wrong','unclear','void')),
  settled_at BIGINT
);
CREATE INDEX samples_by_state ON samples (state, id);
CREATE INDEX samples_by_post ON samples (post_id, drawn_at);
CREATE INDEX samples_by_thread ON samples (thread_id);
CREATE INDEX samples_by_day ON samples (drawn_at);

CREATE TABLE sample_judgements (
  sample_id BIGINT NOT NULL REFERENCES samples (id),
  user_id BIGINT NOT NULL REFERENCES users (id),
  judgement TEXT NOT NULL CHECK (judgement IN ('right','wrong','unsure')),
  created_at BIGINT NOT NULL,
  PRIMARY KEY (sample_id, user_id)
);
CREATE INDEX sample_judgements_by_user ON sample_judgements (user_id, sample_id);
