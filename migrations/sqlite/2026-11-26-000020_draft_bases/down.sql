ALTER TABLE drafts DROP COLUMN base_revision;
