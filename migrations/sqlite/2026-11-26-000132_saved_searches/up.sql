-- Searches that somebody wants to hear of: a member, or a confirmed address without an account.
CREATE TABLE saved_searches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT REFERENCES users (id),
  email TEXT,
  email_key TEXT,
  token_digest TEXT,
  language TEXT NOT NULL,
  name TEXT NOT NULL,
  query TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('new','solved')),
  since_event_id BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  confirmed_at BIGINT,
  expires_at BIGINT,
  told_day BIGINT NOT NULL DEFAULT 0,
  told_count BIGINT NOT NULL DEFAULT 0,
  told_at BIGINT,
  CHECK ((user_id IS NULL) <> (email IS NULL))
);
CREATE INDEX saved_searches_by_user ON saved_searches (user_id, id);
CREATE INDEX saved_searches_by_email ON saved_searches (email_key);
CREATE UNIQUE INDEX saved_searches_by_token ON saved_searches (token_digest);
CREATE INDEX saved_searches_by_expiry ON saved_searches (expires_at);
-- Which thread a saved search has told of, so that it tells once.
CREATE TABLE search_tellings (
  search_id BIGINT NOT NULL REFERENCES saved_searches (id),
  thread_id BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('new','solved')),
  told_at BIGINT NOT NULL,
  PRIMARY KEY (search_id, thread_id, kind)
);
