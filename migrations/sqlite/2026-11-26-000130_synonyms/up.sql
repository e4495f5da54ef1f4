-- The brand's list of words that mean the same to a search, as TOML text. The newest row is the list.
CREATE TABLE synonym_lists (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
