DROP TABLE sample_judgements;
DROP TABLE samples;
