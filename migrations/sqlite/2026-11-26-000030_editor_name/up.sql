-- Who last edited an imported post, where the old site knows a name alone.
ALTER TABLE posts ADD COLUMN editor_name TEXT;
