-- Comments on all kinds of things.

COMMENT ON SCHEMA shop IS 'The web shop: customers, products, orders';
COMMENT ON TABLE shop."Order Items" IS E'What was ordered; "quoted", it''s\non two lines \\ and a \\.';
COMMENT ON COLUMN shop."Order Items"."Line" IS 'From 1';
COMMENT ON INDEX shop.orders_unpaid IS 'For the reminders';
COMMENT ON VIEW shop.open_orders IS 'Not paid yet';
COMMENT ON MATERIALIZED VIEW "Reporting".z_sales_by_customer IS 'Refreshed at night';
COMMENT ON SEQUENCE shop.voucher_number IS 'Printed numbers';
COMMENT ON FUNCTION shop.net_to_gross(bigint, numeric) IS 'Rounded half up';
COMMENT ON PROCEDURE billing.close_month(date, integer) IS 'On the third';
COMMENT ON AGGREGATE shop.longest(text) IS 'The first of the longest';
COMMENT ON OPERATOR shop.<<< (text, text) IS 'The longer one';
COMMENT ON TYPE shop.address IS 'As on a label';
COMMENT ON DOMAIN shop.email IS 'Not checked further';
COMMENT ON CONSTRAINT email_has_at ON DOMAIN shop.email IS 'On purpose lax';
COMMENT ON CONSTRAINT "customers: one e-mail" ON shop.customers IS 'Deferred';
COMMENT ON TRIGGER "orders: noted" ON shop.orders IS 'For the auditor';
COMMENT ON RULE no_delete ON public.settings IS 'Settings stay';
COMMENT ON POLICY own_documents ON crm.documents IS 'Each his own';
COMMENT ON COLLATION shop.by_bytes IS 'For codes';
COMMENT ON TEXT SEARCH CONFIGURATION shop.product_search IS 'German words';
COMMENT ON STATISTICS shop.customers_home IS 'They go together';
COMMENT ON FOREIGN TABLE stock.remote_deliveries IS 'Cannot be read from here';
COMMENT ON SERVER warehouse_system IS 'Elsewhere';
COMMENT ON CAST (shop.address AS text) IS 'The town';
COMMENT ON COLUMN public.every_type.free IS '日本語, ünï, 🙂';
