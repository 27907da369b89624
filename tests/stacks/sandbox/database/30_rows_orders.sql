-- Customers and what they order.

INSERT INTO shop.customers (email, name, born, home, tags, preferences, card_hint, created)
SELECT 'customer' || i || '@' || pg_temp.one_of(i, 1, '{example.org,example.com,beispiel.example,exämple.example}'),
       pg_temp.one_of(i, 2, '{Ada,Grace,Edsger,Barbara,José,Zoë,Łukasz,"Mary \"Molly\"",O''Neil,北京}') || ' '
           || pg_temp.one_of(i, 3, '{Lovelace,Hopper,Dijkstra,Liskov,García,Müller,D''Arcy,"van  der Berg",Ñandú}'),
       CASE WHEN i % 7 <> 0 THEN date '1940-01-01' + pg_temp.pick(i, 4, 25000)::integer END,
       ROW ('Straße ' || pg_temp.pick(i, 5, 900), CASE WHEN i % 5 = 0 THEN '' ELSE (i % 99)::text END,
            lpad(pg_temp.pick(i, 6, 99999)::text, 5, '0'),
            pg_temp.one_of(i, 7, '{Berlin,Lyon,"San José",Łódź,"New, York"}'),
            pg_temp.one_of(i, 8, '{DE,FR,IT,PL,US}'))::shop.address,
       CASE WHEN i % 3 = 0 THEN ARRAY['vip', 'since ' || 2000 + i % 25, NULL] ELSE '{}' END,
       jsonb_build_object('newsletter', i % 2 = 0, 'language', pg_temp.one_of(i, 9, '{de,fr,en}'), 'score', i % 1000,
                          'sizes', jsonb_build_array(i % 50, 'M', NULL)),
       right(md5(i::text), 4),
       pg_temp.moment(i, 10)
  FROM generate_series(1, pg_temp.rows(40000)) AS i;

INSERT INTO shop.addresses (customer_id, label, place)
SELECT i, pg_temp.one_of(i, 11, '{home,work,"",holiday house}'), home
  FROM (SELECT id AS i, home FROM shop.customers WHERE id % 3 <> 1) AS customers ORDER BY i;

INSERT INTO shop.orders
SELECT i, 1 + pg_temp.pick(i, 12, pg_temp.rows(40000)),
       timestamptz '2025-01-01 00:00+00' + i * (interval '660 days' / pg_temp.rows(120000)),
       (enum_range(NULL::shop.order_status))[2 + pg_temp.pick(i, 13, 6)],
       500 + pg_temp.pick(i, 14, 50000), pg_temp.one_of(i, 15, '{DE,DE,DE,FR,IT,PL,US}'),
       CASE i % 50 WHEN 0 THEN E'leave at the door,\nring twice\t"please"' WHEN 1 THEN '' WHEN 2 THEN E'\\.' END
  FROM generate_series(1, pg_temp.rows(120000)) AS i;

INSERT INTO shop."Order Items"
SELECT id, placed_at, line, 1 + pg_temp.pick(id * 10 + line, 16, pg_temp.rows(20000)), 1 + (id + line) % 4,
       100 + pg_temp.pick(id, 17, 9000)
  FROM shop.orders, generate_series(1, 1 + id % 5) AS line;

INSERT INTO shop.shipments
SELECT id, id, country, md5('parcel ' || id)::uuid, 100 + pg_temp.pick(id, 18, 20000), placed_at + interval '1 day'
  FROM shop.orders WHERE status IN ('sent', 'returned', 'it''s "lost"');

INSERT INTO shop.carts
SELECT md5('cart ' || i)::uuid, CASE WHEN i % 4 <> 0 THEN 1 + pg_temp.pick(i, 19, pg_temp.rows(40000)) END,
       jsonb_build_array(jsonb_build_object('product', pg_temp.pick(i, 20, 20000), 'quantity', 1 + i % 3)),
       pg_temp.moment(i, 21)
  FROM generate_series(1, pg_temp.rows(15000)) AS i;

INSERT INTO shop.coupons
SELECT upper(left(md5('coupon ' || i), 10)), tstzrange(pg_temp.moment(i, 22), NULL), 1 + (i % 400) / 8.0
  FROM generate_series(1, 400) AS i;
INSERT INTO shop.coupon_uses
SELECT upper(left(md5('coupon ' || 1 + i % 400), 10)), 1 + pg_temp.pick(i, 23, pg_temp.rows(120000)), pg_temp.moment(i, 24)
  FROM generate_series(1, pg_temp.rows(8000)) AS i;

INSERT INTO shop.wishlists
SELECT i, ARRAY[pg_temp.pick(i, 25, 20000), pg_temp.pick(i, 26, 20000), NULL], pg_temp.moment(i, 27)
  FROM generate_series(1, pg_temp.rows(10000)) AS i;
INSERT INTO shop.web_sessions
SELECT md5('session ' || i), 1 + pg_temp.pick(i, 28, pg_temp.rows(40000)), pg_temp.moment(i, 29), '{"cart": null}'
  FROM generate_series(1, pg_temp.rows(10000)) AS i;

INSERT INTO billing.accounts
SELECT id, id, 'DE' || lpad(pg_temp.pick(id, 30, 1000000000000000000)::text, 20, '0'), NULL FROM shop.customers;
INSERT INTO billing.invoices
SELECT id, customer_id, id, 'R-' || to_char(placed_at, 'YYYY') || '-' || lpad(id::text, 7, '0'), placed_at::date,
       round(total / 100.0, 2), status <> 'placed'
  FROM shop.orders WHERE id % 2 = 0;
INSERT INTO billing.invoice_lines
SELECT id, line, 'Line ' || line, round(amount / (1 + id % 3), 2) FROM billing.invoices, generate_series(1, 1 + id % 3) AS line;
INSERT INTO billing.payments (invoice_id, received, amount, method)
SELECT id, issued + interval '36 hours', amount, pg_temp.one_of(id, 31, '{card,transfer,"pay later"}')
  FROM billing.invoices WHERE paid ORDER BY id;
INSERT INTO billing.refunds (payment_id, reason, amount)
SELECT id, pg_temp.one_of(id, 32, '{broken,late,"changed mind",NULL}'), amount FROM billing.payments WHERE id % 40 = 0 ORDER BY id;
INSERT INTO billing.rates VALUES ('DE', 0.19, ''), ('FR', 0.2, NULL), ('IT', 0.22, E'\\N'), ('PL', 0.23, 'NULL'), ('US', 0, '∅');
UPDATE billing.accounts SET last_invoice_id = newest
  FROM (SELECT account_id, max(id) AS newest FROM billing.invoices GROUP BY account_id) AS invoices WHERE id = account_id;
