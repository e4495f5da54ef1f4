DROP INDEX votes_by_day;
