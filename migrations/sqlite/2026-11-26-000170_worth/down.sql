DROP TABLE worth_statements;
DROP TABLE solution_readers;
