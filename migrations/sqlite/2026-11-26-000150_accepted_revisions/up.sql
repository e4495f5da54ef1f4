-- Which text of the solution was accepted: what changed since is asked about again. Solutions from before have the
-- revision that was the newest then; imported ones may have none.
ALTER TABLE threads ADD COLUMN accepted_revision INTEGER;
UPDATE threads SET accepted_revision = (
  SELECT max(r.number) FROM revisions r
  WHERE r.post_id = threads.accepted_answer_id AND r.created_at <= threads.accepted_at
) WHERE accepted_answer_id IS NOT NULL;
