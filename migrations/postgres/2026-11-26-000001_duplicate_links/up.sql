-- A thread that a moderator closed has its link too, as imported ones have.
INSERT INTO duplicate_links (thread_id, of_id, created_at)
SELECT t.id, t.duplicate_of, t.active_at FROM threads t
WHERE t.duplicate_of IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM duplicate_links l WHERE l.thread_id = t.id AND l.of_id = t.duplicate_of);
