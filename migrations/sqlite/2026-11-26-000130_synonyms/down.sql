DROP TABLE synonym_lists;
