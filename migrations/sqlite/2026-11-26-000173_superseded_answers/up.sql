-- The accepted answer of a thread, once moderators upheld that it is wrong: the thread is unsolved again. When it was
-- accepted stays known, should they find that it is right after all.
ALTER TABLE threads ADD COLUMN superseded_answer_id BIGINT REFERENCES posts (id);
UPDATE threads SET superseded_answer_id = accepted_answer_id, accepted_answer_id = NULL
WHERE accepted_answer_id IN (SELECT post_id FROM challenges WHERE state = 'upheld');

-- Such an acceptance gives nothing any more: where there is one, the follower begins again at its first event.
DELETE FROM standing_states WHERE EXISTS (SELECT 1 FROM challenges WHERE state = 'upheld');
DELETE FROM standings WHERE EXISTS (SELECT 1 FROM challenges WHERE state = 'upheld');
DELETE FROM topic_standings WHERE EXISTS (SELECT 1 FROM challenges WHERE state = 'upheld');
DELETE FROM answer_standings WHERE EXISTS (SELECT 1 FROM challenges WHERE state = 'upheld');
DELETE FROM point_entries WHERE EXISTS (SELECT 1 FROM challenges WHERE state = 'upheld');
DELETE FROM badge_awards WHERE EXISTS (SELECT 1 FROM challenges WHERE state = 'upheld');
DELETE FROM places WHERE follower = 'reputation' AND EXISTS (SELECT 1 FROM challenges WHERE state = 'upheld');
