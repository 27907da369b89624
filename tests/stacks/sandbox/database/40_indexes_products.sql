-- Keys and indexes of products, stock, people and events, once the rows are in.

ALTER TABLE shop.products ADD PRIMARY KEY (id), ADD CONSTRAINT products_sku_key UNIQUE (sku) INCLUDE (net);
CREATE INDEX products_words ON shop.products USING gin (words);
CREATE INDEX products_search ON shop.products USING gin (to_tsvector('shop.product_search', coalesce(description, '')));
CREATE INDEX products_colour ON shop.products ((attributes ->> 'colour'), (attributes #>> '{size,w}'));
ALTER TABLE shop.product_images ADD PRIMARY KEY (product_id, position);
ALTER TABLE shop.reviews ADD PRIMARY KEY (id);
CREATE INDEX reviews_product ON shop.reviews (product_id) WITH (fillfactor = 80, deduplicate_items = off);
CREATE INDEX embeddings_near ON shop.embeddings USING hnsw (embedding public.vector_l2_ops) WITH (m = 8, ef_construction = 32);
CREATE INDEX warehouses_place ON stock.warehouses USING gist (place);
CREATE INDEX warehouses_point ON stock.warehouses USING spgist (place);
CREATE INDEX bins_load ON stock.bins USING gist (load);
CREATE INDEX suppliers_network ON stock.suppliers USING gist (network inet_ops);
ALTER TABLE stock.movements ADD PRIMARY KEY (id);
CREATE INDEX movements_time ON stock.movements USING brin (moved_at) WITH (pages_per_range = 32);
ALTER TABLE crm.parties ADD PRIMARY KEY (id);
ALTER TABLE crm.people ADD PRIMARY KEY (id);
ALTER TABLE crm.companies ADD PRIMARY KEY (id);
ALTER TABLE crm.tickets ADD PRIMARY KEY (id);
ALTER TABLE crm.messages ADD PRIMARY KEY (ticket_id, position);
ALTER TABLE audit.events ADD PRIMARY KEY (id);
CREATE INDEX events_detail ON audit.events USING gin (detail jsonb_path_ops);
CREATE INDEX events_time ON audit.events USING brin (at);
ALTER TABLE audit.logins ADD PRIMARY KEY (id);
CREATE INDEX logins_address ON audit.logins (from_address) WHERE NOT ok;
CREATE UNIQUE INDEX "odd index; -- 'name'" ON "odd ""schema""; DROP SCHEMA shop"."odd 'table' \ name" ((v || ' "'));
