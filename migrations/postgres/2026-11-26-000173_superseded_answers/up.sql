-- The accepted answer of a thread, once moderators upheld that it is wrong: the thread is unsolved again.
ALTER TABLE threads ADD COLUMN superseded_answer_id BIGINT REFERENCES posts (id);
UPDATE threads SET superseded_answer_id = accepted_answer_id, accepted_answer_id = NULL, accepted_at = NULL
WHERE accepted_answer_id IN (SELECT post_id FROM challenges WHERE state = 'upheld');
