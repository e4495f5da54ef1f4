-- What a reader says of an answer: it solved the problem for them, or it did not. One word per person and answer;
-- who has left goes on to count, under a number that leads to nobody.
CREATE TABLE confirmations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  post_id BIGINT NOT NULL REFERENCES posts (id),
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  value BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (user_id, post_id)
);
CREATE INDEX confirmations_by_post ON confirmations (post_id);
CREATE INDEX confirmations_by_thread ON confirmations (thread_id);
CREATE INDEX confirmations_by_day ON confirmations (user_id, created_at);

-- The same, counted, so that a page need not.
CREATE TABLE confirmation_sums (
  post_id BIGINT PRIMARY KEY REFERENCES posts (id),
  solved BIGINT NOT NULL,
  unsolved BIGINT NOT NULL
);
