DROP TABLE notice_fanouts;
DROP INDEX mails_in_order;
