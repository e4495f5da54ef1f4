DROP TABLE challenges;
DROP INDEX threads_by_master_asker;
DROP INDEX confirmations_by_post;
CREATE INDEX confirmations_by_post ON confirmations (post_id);
