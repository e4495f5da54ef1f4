DROP TABLE account_log;
