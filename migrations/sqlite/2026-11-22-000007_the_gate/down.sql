DROP TABLE duplicate_links;
ALTER TABLE imported_rows DROP COLUMN local_id;
ALTER TABLE imports DROP COLUMN report;
