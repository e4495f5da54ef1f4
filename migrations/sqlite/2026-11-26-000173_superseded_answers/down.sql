UPDATE threads SET accepted_answer_id = superseded_answer_id
WHERE superseded_answer_id IS NOT NULL AND accepted_answer_id IS NULL;
ALTER TABLE threads DROP COLUMN superseded_answer_id;
