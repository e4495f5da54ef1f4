DROP TABLE dismissed_gaps;
DROP TABLE search_counts;
