DROP INDEX challenges_by_decision;
DROP TABLE appeals;
