DROP TABLE search_tellings;
DROP TABLE saved_searches;
