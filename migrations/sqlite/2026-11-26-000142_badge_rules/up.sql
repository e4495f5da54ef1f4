-- Versions of the badges' rules, as the file they are edited as. The first rules are in the program, as version 0.
CREATE TABLE badge_rules (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  body TEXT NOT NULL,
  created_by BIGINT REFERENCES users (id),
  created_at BIGINT NOT NULL,
  -- when they came into force; they may have been replaced since
  activated_at BIGINT
);
CREATE INDEX badge_rules_by_activation ON badge_rules (activated_at, id);
CREATE INDEX badge_rules_by_author ON badge_rules (created_by);

DROP TABLE badge_awards;
CREATE TABLE badge_awards (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id BIGINT NOT NULL REFERENCES users (id),
  badge TEXT NOT NULL,
  -- the topic, or 0
  tag_id BIGINT NOT NULL,
  level TEXT NOT NULL,
  -- of the rules
  version BIGINT NOT NULL,
  event_id BIGINT NOT NULL,
  post_id BIGINT,
  created_at BIGINT NOT NULL,
  revoked_event_id BIGINT,
  revoked_at BIGINT,
  -- the kind of the event that took it back, and the lower bound of accuracy before and after it
  cause TEXT,
  bound_before BIGINT,
  bound_after BIGINT
);
CREATE INDEX badge_awards_by_user ON badge_awards (user_id, badge);
CREATE INDEX badge_awards_by_badge ON badge_awards (badge, id);
