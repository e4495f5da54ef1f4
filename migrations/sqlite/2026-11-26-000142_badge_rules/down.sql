DROP TABLE badge_rules;
DROP TABLE badge_awards;
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
