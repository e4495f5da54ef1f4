-- Times are microseconds since 1970 UTC.
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  username TEXT NOT NULL,
  username_key TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  email TEXT,
  email_key TEXT UNIQUE,
  email_confirmed_at BIGINT,
  password_hash TEXT,
  role TEXT NOT NULL DEFAULT 'customer' CHECK (role IN ('customer','moderator','staff','admin')),
  signature TEXT NOT NULL DEFAULT '',
  bio_md TEXT NOT NULL DEFAULT '',
  bio_html TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT 'en',
  suspended_until BIGINT,
  created_at BIGINT NOT NULL,
  erased_at BIGINT,
  origin_site TEXT,
  origin_id BIGINT,
  UNIQUE (origin_site, origin_id)
);

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token_digest TEXT NOT NULL UNIQUE,
  user_id BIGINT NOT NULL REFERENCES users (id),
  user_agent TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Links that work once: the owner's first run, password reset, confirming an address, undoing a change of address.
CREATE TABLE one_time_links (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  purpose TEXT NOT NULL CHECK (purpose IN ('first_run','reset_password','confirm_email','change_email','undo_email')),
  token_digest TEXT NOT NULL UNIQUE,
  user_id BIGINT REFERENCES users (id),
  email TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX one_time_links_by_user ON one_time_links (user_id, purpose);

-- Accounts that wait for their address to be confirmed; nobody sees them, and they are dropped when the link is too old.
CREATE TABLE sign_ups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token_digest TEXT NOT NULL UNIQUE,
  username TEXT NOT NULL,
  username_key TEXT NOT NULL,
  display_name TEXT NOT NULL,
  email TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  browser_digest TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sign_ups_by_name ON sign_ups (username_key, expires_at);

CREATE TABLE api_tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  token_digest TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  used_at BIGINT,
  revoked_at BIGINT
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);

CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE posts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('question','answer','comment')),
  thread_id BIGINT NOT NULL,
  parent_id BIGINT REFERENCES posts (id),
  author_id BIGINT REFERENCES users (id),
  author_name TEXT,
  body_md TEXT NOT NULL,
  body_html TEXT NOT NULL,
  body_is_html BOOLEAN NOT NULL DEFAULT FALSE,
  created_at BIGINT NOT NULL,
  edited_at BIGINT,
  editor_id BIGINT REFERENCES users (id),
  revision INTEGER NOT NULL DEFAULT 1,
  up_votes BIGINT NOT NULL DEFAULT 0,
  down_votes BIGINT NOT NULL DEFAULT 0,
  score BIGINT NOT NULL DEFAULT 0,
  comment_count BIGINT NOT NULL DEFAULT 0,
  removed SMALLINT NOT NULL DEFAULT 0 CHECK (removed IN (0,1,2)),
  official BOOLEAN NOT NULL DEFAULT FALSE,
  signature TEXT
);
CREATE INDEX posts_by_thread ON posts (thread_id, kind, id);
CREATE INDEX posts_by_parent ON posts (parent_id, kind, id);
CREATE INDEX posts_by_author ON posts (author_id, kind, id);

-- A thread is a question with all that hangs on it; its id is the question's.
CREATE TABLE threads (
  id BIGINT PRIMARY KEY REFERENCES posts (id),
  title TEXT NOT NULL,
  slug TEXT NOT NULL,
  tags TEXT NOT NULL,
  excerpt TEXT NOT NULL DEFAULT '',
  author_id BIGINT REFERENCES users (id),
  created_at BIGINT NOT NULL,
  active_at BIGINT NOT NULL,
  active_user_id BIGINT REFERENCES users (id),
  active_kind TEXT NOT NULL DEFAULT 'asked' CHECK (active_kind IN ('asked','answered','commented','edited','accepted')),
  answer_count BIGINT NOT NULL DEFAULT 0,
  accepted_answer_id BIGINT REFERENCES posts (id),
  accepted_at BIGINT,
  official_answer_id BIGINT REFERENCES posts (id),
  score BIGINT NOT NULL DEFAULT 0,
  view_count BIGINT NOT NULL DEFAULT 0,
  me_too_count BIGINT NOT NULL DEFAULT 0,
  removed SMALLINT NOT NULL DEFAULT 0 CHECK (removed IN (0,1,2)),
  locked BOOLEAN NOT NULL DEFAULT FALSE,
  duplicate_of BIGINT REFERENCES threads (id),
  escalated BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX threads_newest ON threads (created_at, id) WHERE removed = 0;
CREATE INDEX threads_active ON threads (active_at, id) WHERE removed = 0;
CREATE INDEX threads_unanswered ON threads (created_at, id) WHERE removed = 0 AND answer_count = 0 AND duplicate_of IS NULL;
CREATE INDEX threads_unsolved ON threads (created_at, id) WHERE removed = 0 AND accepted_answer_id IS NULL AND duplicate_of IS NULL;
CREATE INDEX threads_by_author ON threads (author_id, created_at, id);
CREATE INDEX threads_by_master ON threads (duplicate_of) WHERE duplicate_of IS NOT NULL;

CREATE TABLE revisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  post_id BIGINT NOT NULL REFERENCES posts (id),
  number INTEGER NOT NULL,
  title TEXT,
  tags TEXT,
  body_md TEXT NOT NULL,
  editor_id BIGINT REFERENCES users (id),
  editor_name TEXT,
  summary TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  UNIQUE (post_id, number)
);

-- Who took a post away, when and why; lifted when it came back.
CREATE TABLE removals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  post_id BIGINT NOT NULL REFERENCES posts (id),
  kind TEXT NOT NULL CHECK (kind IN ('deleted','hidden')),
  actor_id BIGINT REFERENCES users (id),
  reason TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  lifted_at BIGINT,
  lifted_by BIGINT REFERENCES users (id)
);
CREATE INDEX removals_by_post ON removals (post_id);

CREATE TABLE tags (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description_md TEXT NOT NULL DEFAULT '',
  description_html TEXT NOT NULL DEFAULT '',
  thread_count BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);
CREATE INDEX tags_by_count ON tags (thread_count, id);
CREATE TABLE thread_tags (
  tag_id BIGINT NOT NULL REFERENCES tags (id),
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  PRIMARY KEY (tag_id, thread_id)
);
CREATE INDEX thread_tags_by_thread ON thread_tags (thread_id);

-- Imported votes have no voter: dumps do not tell who cast them.
CREATE TABLE votes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  post_id BIGINT NOT NULL REFERENCES posts (id),
  voter_id BIGINT REFERENCES users (id),
  value SMALLINT NOT NULL CHECK (value IN (-1,1)),
  created_at BIGINT NOT NULL,
  UNIQUE (post_id, voter_id)
);
CREATE INDEX votes_by_voter ON votes (voter_id, post_id);

CREATE TABLE me_toos (
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  user_id BIGINT NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,
  PRIMARY KEY (thread_id, user_id)
);
CREATE TABLE follows (
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  user_id BIGINT NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,
  PRIMARY KEY (thread_id, user_id)
);
CREATE INDEX follows_by_user ON follows (user_id, thread_id);

CREATE TABLE drafts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  place TEXT NOT NULL,
  title TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT '',
  body_md TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (user_id, place)
);

-- A form sent twice makes one post: its key remembers which.
CREATE TABLE submissions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  submission_key TEXT NOT NULL,
  post_id BIGINT NOT NULL REFERENCES posts (id),
  created_at BIGINT NOT NULL,
  UNIQUE (user_id, submission_key)
);
CREATE INDEX submissions_by_age ON submissions (created_at);

CREATE TABLE flags (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  post_id BIGINT NOT NULL REFERENCES posts (id),
  flagger_id BIGINT NOT NULL REFERENCES users (id),
  reason TEXT NOT NULL CHECK (reason IN ('spam','rude','personal_data','outdated','other')),
  note TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  decision TEXT CHECK (decision IN ('agreed','declined')),
  decided_by BIGINT REFERENCES users (id),
  decided_at BIGINT,
  UNIQUE (post_id, flagger_id)
);
CREATE INDEX flags_open ON flags (id) WHERE decision IS NULL;

CREATE TABLE suspensions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  actor_id BIGINT NOT NULL REFERENCES users (id),
  reason TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  until BIGINT NOT NULL,
  lifted_at BIGINT,
  lifted_by BIGINT REFERENCES users (id)
);
CREATE INDEX suspensions_by_user ON suspensions (user_id);

CREATE TABLE moderation_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  actor_id BIGINT REFERENCES users (id),
  act TEXT NOT NULL,
  thread_id BIGINT,
  post_id BIGINT,
  user_id BIGINT,
  reason TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX moderation_log_by_thread ON moderation_log (thread_id, id);
CREATE INDEX moderation_log_by_user ON moderation_log (user_id, id);

CREATE TABLE cases (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  opened_by BIGINT NOT NULL REFERENCES users (id),
  note TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open','taken','answered','closed')),
  assignee_id BIGINT REFERENCES users (id),
  taken_at BIGINT,
  answered_at BIGINT,
  answer_id BIGINT REFERENCES posts (id),
  closed_at BIGINT,
  closed_by BIGINT REFERENCES users (id)
);
CREATE UNIQUE INDEX cases_one_open ON cases (thread_id) WHERE state IN ('open','taken');
CREATE INDEX cases_by_state ON cases (state, due_at, id);
CREATE TABLE case_notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id BIGINT NOT NULL REFERENCES cases (id),
  author_id BIGINT NOT NULL REFERENCES users (id),
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX case_notes_by_case ON case_notes (case_id, id);

CREATE TABLE notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  event_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  thread_id BIGINT REFERENCES threads (id),
  post_id BIGINT REFERENCES posts (id),
  actor_id BIGINT REFERENCES users (id),
  detail TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  read_at BIGINT,
  UNIQUE (user_id, event_id, kind)
);
CREATE INDEX notices_unread ON notices (user_id, id) WHERE read_at IS NULL;
CREATE INDEX notices_by_user ON notices (user_id, id);

CREATE TABLE unsubscriptions (
  user_id BIGINT NOT NULL REFERENCES users (id),
  list TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, list)
);

-- The outbox: a mail is a row until the server at the other end has taken it.
CREATE TABLE mails (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  dedupe_key TEXT NOT NULL UNIQUE,
  user_id BIGINT REFERENCES users (id),
  recipient TEXT NOT NULL,
  list TEXT NOT NULL,
  subject TEXT NOT NULL,
  body_text TEXT NOT NULL,
  body_html TEXT NOT NULL,
  unsubscribe_url TEXT,
  thread_id BIGINT,
  message_id TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued','sending','sent','failed','expired')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at BIGINT NOT NULL,
  last_error TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  sent_at BIGINT
);
CREATE INDEX mails_due ON mails (next_attempt_at, id) WHERE state IN ('queued','sending');
CREATE INDEX mails_by_state ON mails (state, id);

-- The ledger: what happened, in commit order. Ids and numbers only: never names, addresses or texts.
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor_id BIGINT,
  thread_id BIGINT,
  post_id BIGINT,
  user_id BIGINT,
  data TEXT NOT NULL,
  imported BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX events_by_thread ON events (thread_id, id);
CREATE INDEX events_by_user ON events (user_id, id);
CREATE TABLE places (
  follower TEXT PRIMARY KEY,
  event_id BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE standings (
  user_id BIGINT PRIMARY KEY REFERENCES users (id),
  points BIGINT NOT NULL DEFAULT 0,
  question_count BIGINT NOT NULL DEFAULT 0,
  answer_count BIGINT NOT NULL DEFAULT 0,
  accepted_count BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX standings_by_points ON standings (points, user_id);
CREATE TABLE point_entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  event_id BIGINT NOT NULL,
  reason TEXT NOT NULL,
  points BIGINT NOT NULL,
  thread_id BIGINT,
  post_id BIGINT,
  created_at BIGINT NOT NULL,
  UNIQUE (user_id, event_id, reason)
);
CREATE INDEX point_entries_by_user ON point_entries (user_id, id);
CREATE TABLE badge_awards (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  badge TEXT NOT NULL,
  event_id BIGINT NOT NULL,
  post_id BIGINT,
  created_at BIGINT NOT NULL,
  revoked_event_id BIGINT,
  revoked_at BIGINT
);
CREATE INDEX badge_awards_by_user ON badge_awards (user_id, badge);
CREATE INDEX badge_awards_by_badge ON badge_awards (badge, id);

-- Where imported posts come from: attribution, licence, and the old ids that redirect.
CREATE TABLE imports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site TEXT NOT NULL UNIQUE,
  stage TEXT NOT NULL,
  rows_done BIGINT NOT NULL DEFAULT 0,
  started_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE TABLE post_origins (
  post_id BIGINT PRIMARY KEY REFERENCES posts (id),
  site TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('post','comment')),
  origin_id BIGINT NOT NULL,
  url TEXT NOT NULL,
  author_url TEXT,
  licence TEXT NOT NULL,
  UNIQUE (site, kind, origin_id)
);
CREATE INDEX post_origins_by_id ON post_origins (kind, origin_id);
CREATE TABLE imported_rows (
  site TEXT NOT NULL,
  kind TEXT NOT NULL,
  origin_id BIGINT NOT NULL,
  PRIMARY KEY (site, kind, origin_id)
);
