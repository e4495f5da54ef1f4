DROP INDEX verdicts_by_day;
DROP INDEX votes_by_day;
