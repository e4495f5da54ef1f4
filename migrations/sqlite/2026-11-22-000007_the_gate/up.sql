-- What an import has counted so far (JSON), moved in the same transaction as its rows.
ALTER TABLE imports ADD COLUMN report TEXT NOT NULL DEFAULT '{}';
-- Which row an imported id became, while an import without post_origins runs.
ALTER TABLE imported_rows ADD COLUMN local_id BIGINT;

-- Every known "this is a duplicate of that"; threads.duplicate_of is the first of them.
CREATE TABLE duplicate_links (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  of_id BIGINT NOT NULL REFERENCES threads (id),
  created_at BIGINT NOT NULL
);
CREATE INDEX duplicate_links_by_thread ON duplicate_links (thread_id, of_id);
CREATE INDEX duplicate_links_by_master ON duplicate_links (of_id);
