ALTER TABLE notice_fanouts ADD COLUMN official BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE notice_fanouts SET official = TRUE WHERE kind = 'followed-official-answer';
ALTER TABLE notice_fanouts DROP COLUMN kind;
ALTER TABLE mails DROP COLUMN post_id;
