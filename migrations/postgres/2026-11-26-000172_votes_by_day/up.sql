-- How much somebody says within a day.
CREATE INDEX votes_by_day ON votes (voter_id, created_at);
CREATE INDEX verdicts_by_day ON verdicts (user_id, created_at);
