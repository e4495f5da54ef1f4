DROP TABLE notice_fanouts;
DROP INDEX mails_in_order;
DROP INDEX mails_due;
CREATE INDEX mails_due ON mails (next_attempt_at, id) WHERE state IN ('queued','sending');
