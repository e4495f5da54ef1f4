ALTER TABLE threads DROP COLUMN accepted_revision;
