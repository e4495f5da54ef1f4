DROP TABLE measures;
DROP TABLE flag_standings;
DROP TABLE post_standings;
