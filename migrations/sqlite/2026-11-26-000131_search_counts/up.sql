-- What was searched for, a day a row: how often, how often in vain, and what came of it. Of whom nothing is kept.
CREATE TABLE search_counts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  day BIGINT NOT NULL,
  lang TEXT NOT NULL,
  query TEXT NOT NULL,
  group_key TEXT NOT NULL,
  searched BIGINT NOT NULL DEFAULT 0,
  found_none BIGINT NOT NULL DEFAULT 0,
  weak BIGINT NOT NULL DEFAULT 0,
  opened BIGINT NOT NULL DEFAULT 0,
  solved BIGINT NOT NULL DEFAULT 0,
  visitors BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX search_counts_once ON search_counts (day, query, lang);
CREATE INDEX search_counts_by_group ON search_counts (group_key, day);
-- Gaps that somebody has looked at and put aside.
CREATE TABLE dismissed_gaps (
  group_key TEXT PRIMARY KEY NOT NULL,
  dismissed_at BIGINT NOT NULL
);
