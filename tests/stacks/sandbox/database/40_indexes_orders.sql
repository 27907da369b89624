-- Keys and indexes of customers and orders, once the rows are in.

ALTER TABLE shop.customers ADD PRIMARY KEY (id), ADD CONSTRAINT "customers: one e-mail" UNIQUE (email) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX customers_folded_name ON shop.customers (shop.folded(name) text_pattern_ops);
CREATE INDEX customers_preferences ON shop.customers USING gin (preferences jsonb_path_ops);
CREATE INDEX customers_card ON shop.customers USING hash (card_hint);
ALTER TABLE shop.addresses ADD PRIMARY KEY (id);
CREATE INDEX addresses_customer ON shop.addresses (customer_id);
ALTER TABLE shop.orders ADD PRIMARY KEY (id, placed_at);
CREATE INDEX orders_customer ON shop.orders (customer_id, placed_at DESC) INCLUDE (total);
CREATE INDEX orders_unpaid ON shop.orders (placed_at) WHERE status = 'placed';
ALTER TABLE shop."Order Items" ADD CONSTRAINT "Order Items: key" PRIMARY KEY ("Order Id", placed_at, "Line");
CREATE INDEX "Order Items: product" ON shop."Order Items" (product_id);
ALTER TABLE shop.shipments ADD PRIMARY KEY (id, country);
CREATE INDEX carts_lines ON shop.carts USING gin (lines);
ALTER TABLE shop.coupons ADD PRIMARY KEY (code);
CREATE INDEX coupon_uses_code ON shop.coupon_uses (code COLLATE "C" DESC NULLS LAST);
ALTER TABLE shop.wishlists ADD PRIMARY KEY (customer_id);
CREATE INDEX wishlists_products ON shop.wishlists USING gin (product_ids) WITH (fastupdate = off);
ALTER TABLE billing.invoices ADD PRIMARY KEY (id), ADD UNIQUE (number);
CREATE INDEX invoices_open ON billing.invoices (issued) WHERE NOT paid;
ALTER TABLE billing.invoice_lines ADD PRIMARY KEY (invoice_id, line);
ALTER TABLE billing.payments ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX payments_of_invoice ON billing.payments (invoice_id) NULLS NOT DISTINCT;
CREATE INDEX payments_again ON billing.payments (invoice_id);
