-- An edit that was begun on an older revision is a conflict, however long its draft lay.
ALTER TABLE drafts ADD COLUMN base_revision INTEGER;
