-- Written as what a mail on its way is not: SQLite would rather look states up one by one, and read the
-- whole outbox after an outage.
DROP INDEX mails_due;
CREATE INDEX mails_due ON mails (next_attempt_at, id) WHERE state <> 'sent' AND state <> 'failed' AND state <> 'expired';
-- Mails of one thread reach one recipient in order: finds the earlier one that still waits.
CREATE INDEX mails_in_order ON mails (recipient, thread_id, id) WHERE state <> 'sent' AND state <> 'failed' AND state <> 'expired';

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
CREATE INDEX notice_fanouts_thread ON notice_fanouts (thread_id);
