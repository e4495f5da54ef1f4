-- What a mail shows: it is not sent once that has been removed. Mails that wait already have none.
ALTER TABLE mails ADD COLUMN post_id BIGINT;

-- What is told to followers page by page: no longer answers alone.
ALTER TABLE notice_fanouts ADD COLUMN kind TEXT NOT NULL DEFAULT 'followed-answer';
UPDATE notice_fanouts SET kind = 'followed-official-answer' WHERE official;
ALTER TABLE notice_fanouts DROP COLUMN official;
