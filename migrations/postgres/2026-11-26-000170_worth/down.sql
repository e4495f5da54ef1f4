DROP INDEX threads_by_acceptance;
DROP INDEX confirmations_by_time;
DROP TABLE worth_statements;
DROP TABLE solution_readers;
