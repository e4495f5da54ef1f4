DELETE FROM places WHERE follower = 'duplicates';
DROP TABLE duplicate_candidates;
