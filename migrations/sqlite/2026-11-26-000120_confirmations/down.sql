DROP TABLE confirmation_sums;
DROP TABLE confirmations;
