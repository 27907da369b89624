-- Views, materialised views, functions, triggers, rules, policies: what is made of the tables.

CREATE VIEW shop.open_orders WITH (security_barrier, check_option = local) AS
    SELECT id, customer_id, placed_at, status, total, country, note FROM shop.orders WHERE status = 'placed';
CREATE VIEW shop."Order Totals" AS
    SELECT "Order Id", sum(quantity * net) AS "Sum", count(*) AS "Lines" FROM shop."Order Items" GROUP BY "Order Id";
CREATE RECURSIVE VIEW shop.category_paths (id, path) AS
    SELECT id, ARRAY[name] FROM shop.categories WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, p.path || c.name FROM shop.categories AS c JOIN category_paths AS p ON p.id = c.parent_id;
CREATE VIEW crm.contact_list AS SELECT id, name, tableoid::regclass AS kind FROM crm.parties;

-- Built on one another against the order of their names.
CREATE MATERIALIZED VIEW "Reporting".z_sales_by_customer AS
    SELECT customer_id, count(*) AS orders, sum(total) AS cents FROM shop.orders GROUP BY customer_id;
CREATE UNIQUE INDEX ON "Reporting".z_sales_by_customer (customer_id);
CREATE MATERIALIZED VIEW "Reporting".m_top_customers AS
    SELECT customer_id, cents, rank() OVER (ORDER BY cents DESC, customer_id) AS rank FROM "Reporting".z_sales_by_customer;
CREATE INDEX "top by rank" ON "Reporting".m_top_customers (rank);
CREATE MATERIALIZED VIEW "Reporting"."A Summary" AS
    SELECT c.country, count(*) AS customers FROM "Reporting".m_top_customers AS t
      JOIN (SELECT id, (home).country AS country FROM shop.customers) AS c ON c.id = t.customer_id
     WHERE t.rank <= 1000 GROUP BY c.country;
CREATE MATERIALIZED VIEW "Reporting".never_filled AS SELECT id, body FROM shop.reviews WHERE stars = 1 WITH NO DATA;
CREATE MATERIALIZED VIEW "Reporting"."b on never filled" AS SELECT count(*) AS n FROM "Reporting".never_filled WITH NO DATA;

CREATE FUNCTION shop.customer_orders(customer bigint, since timestamptz DEFAULT '-infinity')
    RETURNS TABLE (id bigint, total bigint) LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
        SELECT o.id, o.total::bigint FROM shop.orders AS o WHERE o.customer_id = customer AND o.placed_at >= since;
    END;
CREATE FUNCTION shop.search(VARIADIC wanted text[]) RETURNS SETOF shop.products LANGUAGE plpgsql STABLE
    SECURITY DEFINER SET search_path = shop, pg_temp COST 500 AS $body$
BEGIN
    RETURN QUERY SELECT * FROM shop.products
        WHERE words @@ to_tsquery('simple', array_to_string(wanted, ' & ')) LIMIT 50; -- "quotes" 'too' \ $$
END
$body$;
CREATE FUNCTION shop.search(wanted integer) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM shop.products WHERE net > wanted';
CREATE PROCEDURE billing.close_month(IN month date, INOUT closed integer DEFAULT 0) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing.invoices SET paid = true WHERE issued < month AND NOT paid;
    GET DIAGNOSTICS closed = ROW_COUNT;
    COMMIT;
END
$$;
CREATE FUNCTION audit.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit.events (id, at, actor, action, detail)
    VALUES ((SELECT coalesce(max(id), 0) + 1 FROM audit.events), clock_timestamp(), current_user, TG_OP, to_jsonb(OLD));
    RETURN NULL;
END
$$;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.touched := clock_timestamp(); RETURN NEW; END';
CREATE FUNCTION audit.protect() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE schema_name = 'audit' AND object_type = 'table') THEN
        RAISE EXCEPTION 'tables of the schema audit are not dropped';
    END IF;
END
$$;

CREATE FUNCTION shop.longer(text, text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT CASE WHEN length($2) > length($1) OR $1 IS NULL THEN $2 ELSE $1 END';
CREATE AGGREGATE shop.longest(text) (SFUNC = shop.longer, STYPE = text, COMBINEFUNC = shop.longer, PARALLEL = SAFE);
CREATE OPERATOR shop.<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = shop.longer, COMMUTATOR = OPERATOR(shop.<<<));
CREATE FUNCTION shop.cents_of(shop.address) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT ($1).city$$;
CREATE CAST (shop.address AS text) WITH FUNCTION shop.cents_of(shop.address) AS ASSIGNMENT;

CREATE TRIGGER carts_touched BEFORE UPDATE ON shop.carts FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION shop.touch();
CREATE TRIGGER "orders: noted" AFTER UPDATE OF status OR DELETE ON shop.orders FOR EACH ROW EXECUTE FUNCTION audit.note_change();
CREATE CONSTRAINT TRIGGER refunds_noted AFTER DELETE ON billing.refunds DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit.note_change();
CREATE TRIGGER customers_noted AFTER DELETE ON shop.customers FOR EACH ROW EXECUTE FUNCTION audit.note_change();
ALTER TABLE shop.customers DISABLE TRIGGER customers_noted;
ALTER TABLE billing.refunds ENABLE ALWAYS TRIGGER refunds_noted;

CREATE RULE no_delete AS ON DELETE TO public.settings DO INSTEAD NOTHING;
CREATE RULE note_update AS ON UPDATE TO stock.suppliers DO ALSO NOTIFY suppliers;
CREATE FUNCTION crm.insert_contact() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO crm.parties VALUES (NEW.id, NEW.name); RETURN NEW; END';
CREATE TRIGGER contact_list_insert INSTEAD OF INSERT ON crm.contact_list FOR EACH ROW EXECUTE FUNCTION crm.insert_contact();

ALTER TABLE crm.documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE crm.documents FORCE ROW LEVEL SECURITY;
CREATE POLICY own_documents ON crm.documents USING (owner = current_user) WITH CHECK (owner = current_user);
CREATE POLICY "sales is read by all" ON crm.documents AS PERMISSIVE FOR SELECT TO report USING (department = 'sales');
CREATE POLICY never_people ON crm.documents AS RESTRICTIVE FOR SELECT TO report USING (department <> 'people');

CREATE PUBLICATION shop_changes FOR TABLE shop.products (id, sku, net), TABLE public.settings WITH (publish = 'insert, update');
