-- What only a superuser may make, of what is there now; large objects with owners of their own.

CREATE EVENT TRIGGER protect_audit ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP SCHEMA') EXECUTE FUNCTION audit.protect();
COMMENT ON EVENT TRIGGER protect_audit IS 'What happened stays known';
CREATE PUBLICATION everything_in_stock FOR TABLES IN SCHEMA stock WITH (publish = 'insert');
CREATE OPERATOR CLASS shop.text_by_bytes FOR TYPE text USING btree AS
    OPERATOR 1 ~<~, OPERATOR 2 ~<=~, OPERATOR 3 =, OPERATOR 4 ~>=~, OPERATOR 5 ~>~, FUNCTION 1 bttext_pattern_cmp(text, text);
ALTER OPERATOR CLASS shop.text_by_bytes USING btree OWNER TO app_owner;
ALTER OPERATOR FAMILY shop.text_by_bytes USING btree OWNER TO app_owner;

SELECT lo_from_bytea(100001, '\x00ff5c2e0a');
SELECT lo_from_bytea(100002, decode(string_agg(md5(i::text), '' ORDER BY i), 'hex')) FROM generate_series(1, 20000) AS i;
SELECT lo_from_bytea(100003, '');
COMMENT ON LARGE OBJECT 100001 IS 'The contract, "signed"';
GRANT SELECT ON LARGE OBJECT 100001 TO report;
GRANT SELECT, UPDATE ON LARGE OBJECT 100002 TO app WITH GRANT OPTION;
ALTER LARGE OBJECT 100001 OWNER TO app_owner;
ALTER LARGE OBJECT 100002 OWNER TO app_owner;
ALTER LARGE OBJECT 100003 OWNER TO app;
GRANT SELECT ON LARGE OBJECT 100001, 100002, 100003 TO backup;
