-- Who came in, and what was done to the keys of an account. Lines are added and, when they are old, dropped;
-- only leaving blanks the addresses.
CREATE TABLE account_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at BIGINT NOT NULL,
  act TEXT NOT NULL CHECK (act IN ('signed-in','sign-in-refused','password-changed','password-reset','address-changed','address-restored',
    'token-made','token-revoked','role-changed','sessions-ended','exported','erased')),
  actor_id BIGINT REFERENCES users (id),
  user_id BIGINT NOT NULL REFERENCES users (id),
  address TEXT
);
CREATE INDEX account_log_by_user ON account_log (user_id, id);
CREATE INDEX account_log_by_actor ON account_log (actor_id);
CREATE INDEX account_log_by_age ON account_log (at);
