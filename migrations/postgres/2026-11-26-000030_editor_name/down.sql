ALTER TABLE posts DROP COLUMN editor_name;
