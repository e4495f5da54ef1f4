DROP TABLE answer_prints;
DROP TABLE findings;
