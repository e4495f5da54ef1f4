-- People who read a thread while this answer was its solution: once a day each, summed by month, without a trace of who.
CREATE TABLE solution_readers (
  user_id BIGINT NOT NULL REFERENCES users (id),
  month BIGINT NOT NULL,
  post_id BIGINT NOT NULL REFERENCES posts (id),
  readers BIGINT NOT NULL,
  PRIMARY KEY (user_id, month, post_id)
);
CREATE INDEX solution_readers_by_month ON solution_readers (month, user_id);
CREATE INDEX solution_readers_by_post ON solution_readers (post_id);

-- What somebody's answers were worth in a month that is over, as it was reckoned then.
CREATE TABLE worth_statements (
  user_id BIGINT NOT NULL REFERENCES users (id),
  month BIGINT NOT NULL,
  readers BIGINT NOT NULL,
  people_helped BIGINT NOT NULL,
  threads_solved BIGINT NOT NULL,
  -- of a thousand readers, in hundredths of the currency; 0 where the brand has set none
  rate BIGINT NOT NULL,
  currency TEXT NOT NULL,
  -- accuracy by topic then, as JSON
  topics TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, month)
);
CREATE INDEX worth_statements_by_month ON worth_statements (month, user_id);

-- What happened within a month: who has something to be stated.
CREATE INDEX confirmations_by_time ON confirmations (created_at);
CREATE INDEX threads_by_acceptance ON threads (accepted_at) WHERE accepted_at IS NOT NULL;
