-- How much somebody voted within a day.
CREATE INDEX votes_by_day ON votes (voter_id, created_at);
