DROP INDEX cases_by_assignee;
DROP INDEX cases_by_thread;
ALTER TABLE cases DROP COLUMN close_note;
ALTER TABLE cases DROP COLUMN close_reason;
