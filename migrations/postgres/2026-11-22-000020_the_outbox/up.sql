-- Mails of one thread reach one recipient in order: finds the earlier one that still waits.
CREATE INDEX mails_in_order ON mails (recipient, thread_id, id) WHERE state IN ('queued','sending');

-- Answers whose followers are not all told yet: a popular thread is told in pages.
CREATE TABLE notice_fanouts (
  event_id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  post_id BIGINT NOT NULL REFERENCES posts (id),
  actor_id BIGINT REFERENCES users (id),
  official BOOLEAN NOT NULL,
  after_user_id BIGINT NOT NULL
);
