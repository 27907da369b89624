-- Who may do what: on schemas, tables, columns, functions, sequences, types, and on what will be made later.

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA shop, billing, stock, crm, audit, "Reporting" TO app, report;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop, billing, stock, crm TO app;
GRANT INSERT ON audit.events, audit.logins TO app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA shop, billing TO app;
GRANT SELECT ON ALL TABLES IN SCHEMA "Reporting" TO report WITH GRANT OPTION;
GRANT SELECT ON shop.orders, shop.products, billing.invoices, crm.documents TO report;
GRANT SELECT (id, name, created), UPDATE (preferences) ON shop.customers TO report;
GRANT SELECT ("where") ON shop."select" TO "odd ""role"" ü";
GRANT SELECT, TRIGGER, REFERENCES, MAINTAIN ON "odd ""schema""; DROP SCHEMA shop"."odd 'table' \ name" TO "odd ""role"" ü" WITH GRANT OPTION;
GRANT USAGE ON FOREIGN SERVER warehouse_system TO app;
GRANT USAGE ON TYPE shop.order_status TO report;
REVOKE EXECUTE ON FUNCTION shop.search(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shop.search(text[]) TO app;
REVOKE ALL ON PROCEDURE billing.close_month(date, integer) FROM PUBLIC;
REVOKE ALL ON TABLE public.empty FROM app_owner;

ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app;
ALTER DEFAULT PRIVILEGES IN SCHEMA "Reporting" GRANT SELECT ON TABLES TO report WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
