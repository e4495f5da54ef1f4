-- Why staff closed a case, and the ways the desk looks cases up.
ALTER TABLE cases ADD COLUMN close_reason TEXT;
ALTER TABLE cases ADD COLUMN close_note TEXT NOT NULL DEFAULT '';
CREATE INDEX cases_by_thread ON cases (thread_id, id);
CREATE INDEX cases_by_assignee ON cases (assignee_id, due_at, id);
