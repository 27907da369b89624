-- Products, stock, people, and what was done.

INSERT INTO shop.categories
SELECT i, CASE WHEN i > 10 THEN 1 + pg_temp.pick(i, 50, 10) END, 'Category ' || i, 1 + i % 40 FROM generate_series(1, 200) AS i;

INSERT INTO shop.products (id, category_id, sku, name, description, net, vat, attributes)
SELECT i, 1 + pg_temp.pick(i, 51, 200), 'SKU-' || lpad(i::text, 6, '0'),
       pg_temp.one_of(i, 52, '{Lamp,Chair,Türgriff,Café table,Shelf,Rug,"Mirror 36\"","Knife & fork","100% wool"}') || ' ' || i,
       CASE WHEN i % 9 <> 0 THEN repeat('A good thing. ', 1 + (i % 20)::integer) END,
       99 + pg_temp.pick(i, 53, 40000), pg_temp.one_of(i, 54, '{0.19,0.07,0}')::numeric,
       jsonb_build_object('colour', pg_temp.one_of(i, 55, '{red,green,blue}'), 'weight', i % 5000,
                          'size', jsonb_build_object('w', i % 200, 'h', i % 90), 'stock', i % 4 = 0)
  FROM generate_series(1, pg_temp.rows(20000)) AS i;

INSERT INTO shop.product_prices
SELECT i, daterange(date '2025-01-01' + year * 180, date '2025-01-01' + (year + 1) * 180), 99 + pg_temp.pick(i + year, 56, 40000)
  FROM generate_series(1, pg_temp.rows(4000)) AS i, generate_series(0, 1) AS year;

INSERT INTO shop.product_images (product_id, position, content)
SELECT i, 1, (SELECT decode(string_agg(md5(i || '/' || part), ''), 'hex') FROM generate_series(1, 500) AS part)
  FROM generate_series(1, pg_temp.rows(2500)) AS i;

INSERT INTO shop.reviews
SELECT i, 1 + pg_temp.pick(i, 57, pg_temp.rows(20000)), 1 + pg_temp.pick(i, 58, pg_temp.rows(40000)), 1 + i % 5,
       pg_temp.one_of(i, 59, '{"Très bien","Does what it says","Never again!","5/5 ⭐⭐⭐⭐⭐","<b>bold</b> & true"}') || repeat(
           ' ' || md5(i::text), 1 + (i % 9)::integer), i % 17
  FROM generate_series(1, pg_temp.rows(40000)) AS i;

INSERT INTO shop.embeddings
SELECT i, (SELECT array_agg(round(pg_temp.pick(i * 32 + d, 60, 2000) / 1000.0 - 1, 3)::real ORDER BY d)
             FROM generate_series(1, 32) AS d)::public.vector
  FROM generate_series(1, pg_temp.rows(3000)) AS i;

INSERT INTO stock.warehouses
SELECT i, 'Warehouse ' || i, point(i * 1.5, i % 7), polygon(box(point(i, i), point(i + 1, i + 2))) FROM generate_series(1, 12) AS i;
INSERT INTO stock.bins
SELECT 1 + i % 3, box(point(i * 2, 0), point(i * 2 + 1, 1)), 'B' || i, stock.span(0, i / 7.0)
  FROM generate_series(1, 300) AS i;
INSERT INTO stock.suppliers
SELECT i, 'Supplier ' || i || CASE i % 3 WHEN 0 THEN ' & Söhne' ELSE '' END, NULL,
       ('10.' || i % 250 || '.0.0/16')::inet, ('08:00:2b:01:02:' || lpad(to_hex(i % 256), 2, '0'))::macaddr
  FROM generate_series(1, 150) AS i;
INSERT INTO stock.levels
SELECT i, 1 + i % 12, pg_temp.pick(i, 61, 500), pg_temp.moment(i, 62), repeat('counted by hand ', (i % 4)::integer)
  FROM generate_series(1, pg_temp.rows(40000)) AS i;
INSERT INTO stock.movements
SELECT i, 1 + pg_temp.pick(i, 63, pg_temp.rows(20000)), 1 + i % 12, timestamptz '2025-01-01 00:00+00' + i * interval '90 seconds',
       pg_temp.pick(i, 64, 40) - 20, pg_temp.one_of(i, 65, '{sale,return,count,NULL}')
  FROM generate_series(1, pg_temp.rows(450000)) AS i;
INSERT INTO stock.reservations
SELECT i, md5('reservation ' || i), 1 + pg_temp.pick(i, 66, pg_temp.rows(20000)), pg_temp.moment(i, 67)
  FROM generate_series(1, pg_temp.rows(150000)) AS i;

INSERT INTO crm.parties SELECT i, 'Party ' || i, date '2010-01-01' + i::integer FROM generate_series(1, pg_temp.rows(500)) AS i;
INSERT INTO crm.people SELECT i, 'Person ' || i, NULL, date '1950-01-01' + i::integer FROM generate_series(1001, 1000 + pg_temp.rows(5000)) AS i;
INSERT INTO crm.companies SELECT i, 'Company ' || i, '2020-02-29', 'HRB ' || i, i % 900 FROM generate_series(9001, 9000 + pg_temp.rows(900)) AS i;
INSERT INTO crm.agents SELECT i, 'agent' || i, nullif(1 + i / 4, i), 1 + i % 40 FROM generate_series(1, 40) AS i;
INSERT INTO crm.tickets
SELECT i, 1 + pg_temp.pick(i, 68, pg_temp.rows(40000)), 1 + i % 40, 'Ticket ' || i || pg_temp.one_of(i, 69, '{""," ERROR"," <script>"}'),
       pg_temp.moment(i, 70), make_interval(mins => pg_temp.pick(i, 71, 90000)::integer)
  FROM generate_series(1, pg_temp.rows(6000)) AS i;
INSERT INTO crm.messages
SELECT i, part, repeat(md5(i || '/' || part) || E'\r\n', 1 + (i % 12)::integer), CASE WHEN i % 20 = 0 THEN decode(md5(i::text), 'hex') END
  FROM generate_series(1, pg_temp.rows(6000)) AS i, generate_series(1, 1 + i % 3) AS part;
INSERT INTO crm.messages  -- values of a megabyte: one that compresses to nothing, others not at all
SELECT 1, 100, repeat('compressible ', 90000), NULL
UNION ALL
SELECT i, 101, 'see raw', (SELECT decode(string_agg(md5(i || '-' || part), ''), 'hex') FROM generate_series(1, 65536) AS part)
  FROM generate_series(1, 4) AS i;
INSERT INTO crm.documents
SELECT i, pg_temp.one_of(i, 72, '{app,report,app_owner}'), pg_temp.one_of(i, 73, '{sales,people,it}'), md5(i::text)
  FROM generate_series(1, 900) AS i;

INSERT INTO audit.events
SELECT i, timestamptz '2025-06-01 00:00+00' + i * interval '4 minutes', pg_temp.one_of(i, 74, '{web,api,cron,o''connor}'),
       pg_temp.one_of(i, 75, '{login,view,change,delete,export}'),
       jsonb_build_object('ip', '192.0.2.' || i % 255, 'object', pg_temp.pick(i, 76, 100000), 'hash', md5(i::text),
                          'fields', jsonb_build_array('name', i % 13), 'note', CASE i % 11 WHEN 0 THEN E'tab\tquote"back\\' END)
  FROM generate_series(1, pg_temp.rows(120000)) AS i;
INSERT INTO audit.logins
SELECT i, 1 + pg_temp.pick(i, 77, pg_temp.rows(40000)), ('198.51.100.' || i % 256)::inet, pg_temp.moment(i, 78), i % 10 <> 0,
       pg_temp.one_of(i, 79, '{"Mozilla/5.0 (X11; Linux x86_64)","curl/8.5.0",""}')
  FROM generate_series(1, pg_temp.rows(60000)) AS i;
