-- References between the tables, two of them in circles, and rules for the rows.

ALTER TABLE shop.addresses ADD FOREIGN KEY (customer_id) REFERENCES shop.customers ON DELETE CASCADE;
ALTER TABLE shop.categories ADD FOREIGN KEY (parent_id) REFERENCES shop.categories ON DELETE SET NULL;
ALTER TABLE shop.products ADD FOREIGN KEY (category_id) REFERENCES shop.categories;
ALTER TABLE shop.categories ADD CONSTRAINT categories_featured_fkey
    FOREIGN KEY (featured_product_id) REFERENCES shop.products DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
ALTER TABLE shop."Order Items" ADD FOREIGN KEY ("Order Id", placed_at) REFERENCES shop.orders (id, placed_at) ON DELETE CASCADE;
ALTER TABLE shop."Order Items" ADD FOREIGN KEY (product_id) REFERENCES shop.products;
ALTER TABLE shop.reviews ADD FOREIGN KEY (customer_id) REFERENCES shop.customers ON DELETE SET NULL;
ALTER TABLE shop.coupon_uses ADD FOREIGN KEY (code) REFERENCES shop.coupons ON UPDATE CASCADE;
ALTER TABLE billing.accounts ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
ALTER TABLE billing.invoices ADD FOREIGN KEY (account_id) REFERENCES billing.accounts;
ALTER TABLE billing.accounts ADD CONSTRAINT accounts_last_invoice_fkey
    FOREIGN KEY (last_invoice_id) REFERENCES billing.invoices DEFERRABLE;
ALTER TABLE billing.payments ADD FOREIGN KEY (invoice_id) REFERENCES billing.invoices;
ALTER TABLE billing.refunds ADD FOREIGN KEY (payment_id) REFERENCES billing.payments;
ALTER TABLE crm.agents ADD FOREIGN KEY (manager_id) REFERENCES crm.agents, ADD FOREIGN KEY (backup_agent_id) REFERENCES crm.agents;
ALTER TABLE crm.messages ADD FOREIGN KEY (ticket_id) REFERENCES crm.tickets;

ALTER TABLE shop.reviews ADD CONSTRAINT reviews_stars_check CHECK (stars BETWEEN 1 AND 5);
ALTER TABLE shop.carts ADD CONSTRAINT "carts: customer exists"
    FOREIGN KEY (customer_id) REFERENCES shop.customers NOT VALID;
ALTER TABLE audit.events ADD CONSTRAINT events_actor_known CHECK (actor <> 'unknown') NOT VALID;
ALTER TABLE audit.logins ADD CONSTRAINT logins_have_a_customer NOT NULL customer_id NOT VALID;
ALTER TABLE billing.payments ADD CONSTRAINT payments_positive CHECK (amount > 0) NOT ENFORCED;

CREATE STATISTICS shop.customers_home (ndistinct, dependencies, mcv) ON name, card_hint FROM shop.customers;
CREATE STATISTICS audit."events by hour" ON date_trunc('hour', at AT TIME ZONE 'UTC'), action FROM audit.events;
ALTER STATISTICS shop.customers_home SET STATISTICS 200;
ALTER TABLE shop.products ALTER COLUMN attributes SET STATISTICS 300, ALTER COLUMN description SET COMPRESSION pglz;
ALTER TABLE shop.orders ALTER COLUMN customer_id SET (n_distinct_inherited = 40000);
ALTER TABLE stock.movements CLUSTER ON movements_pkey;
ALTER TABLE shop.carts SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_enabled = on);
ALTER TABLE public.settings REPLICA IDENTITY FULL;
