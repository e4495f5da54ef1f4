-- The links stay: which of them were there before is not known, and each is true.
SELECT 1;
