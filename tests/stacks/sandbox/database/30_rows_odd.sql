-- Values that are easy to lose: empty and missing, infinite, quoted, escaped, very small and very large.

INSERT INTO shop."select" SELECT i, 'where ' || i, -i FROM generate_series(1, 40) AS i;
INSERT INTO shop."weird""name" VALUES
    ('plain', 'a	tab', E'a\nline', 1), ('', NULL, E'\\.', 2), (E'\\N', 'NULL', E'\r\n', 3), ('"quoted"', '''single''', '$$', NULL);
INSERT INTO shop."Größe und Maß" VALUES (1, '日本語テキスト', true), (2, 'e' || U&'\0301' || ' is not é', false), (3, '👩‍👩‍👧‍👦', NULL);
INSERT INTO shop."; DROP TABLE shop.customers; --" VALUES (E'''; DROP TABLE x; --', E'\\'), (E'\x01\x7f', E'\\x00');
INSERT INTO shop.a_table_whose_name_is_exactly_as_long_as_postgresql_allows_them SELECT generate_series(1, 63);
INSERT INTO "Reporting"."Daily Figures"
SELECT day, country, 10 + hashint8extended(day - date '2000-01-01', 1) % 10, 100000 + (day - date '2025-01-01') * 7
  FROM (SELECT date '2025-01-01' + i AS day FROM generate_series(0, 364) AS i) AS days, unnest('{DE,FR,IT}'::text[]) AS country;
INSERT INTO "odd ""schema""; DROP SCHEMA shop"."odd 'table' \ name" VALUES (1, E'one\\two'), (2, '');
INSERT INTO public.nothing SELECT FROM generate_series(1, 3);
INSERT INTO public.settings VALUES
    ('theme', '"dark"'), ('limits', '{"cart": 50, "nested": {"a": [1, 2.50, 1e400, null, "\u00e9\ud83d\ude42"]}}'), ('', 'null');

INSERT INTO public.every_type (id) VALUES (0);
INSERT INTO public.every_type VALUES (
    1, -32768, -9223372036854775808, 'NaN', -0.0001, '-Infinity', 'NaN', true, 'x', 'pad', '', '', '',
    '-infinity', '24:00', '23:59:59.999999-15:59', 'infinity', '-infinity', '-178000000 years',
    '{}', '{{1,2},{3,NULL}}', ARRAY['', NULL, 'NULL', '"', '\', E'\n', ',', '{}'], '', '',
    '::1', '0.0.0.0/0', '08:00:2b:ff:fe:01:02:03', '10101', '', '00000000-0000-0000-0000-000000000000',
    '{"b": 1, "a":  2, "a": 3}', '{"b": 1, "a": 2}', '$.a[*] ? (@ > 1)', NULL,
    'empty', '(,)', '[2025-02-28,2025-03-01)', '{[2025-01-01 00:00+00,2025-01-02 00:00+00), (infinity,)}',
    '(Infinity,-0)', '[(0,0),(1,1)]', '((0,0),(1,0),(1,1))', '<(0,0),1e-300>', '("a ""b"" \\ c",,"","München, Süd",DE)', 'it''s "lost"',
    4294967295, 'integer[]', '[1e-30,-2.5,3e30]', 'FFFFFFFF/FFFFFFFF');
INSERT INTO public.every_type VALUES (
    2, 32767, 9223372036854775807, repeat('9', 1000)::numeric + 1e-200::numeric, 1234567890123456.7891, 1e-45, 1.7976931348623157e308, false, '\', '8 chars ',
    'twenty characters ok', E'quote '' double " back \\ tab \t line \n return \r \\. end', '\x00ff5c2e0a0d',
    '4713-01-01 BC', '00:00:00.000001', '00:00+00', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59+00', '1 mon -1 day 00:00:00.000001',
    '[-5:-3]={1,2,3}', NULL, '{"👍🏽",ﷺ,"e\u0301"}', 'a:1A ''b c'':2', '''x'' & !y <-> z',
    '255.255.255.255/1', '2001:db8::/32', 'ff:ff:ff:ff:ff:ff:ff:ff', '00000', '101010101010', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    'null', '"\u0001"', 'strict $.**', NULL, '[1,10)', '[0.1,Infinity]', '(,infinity]', '{}', '(1e-320,NaN)', '[(1,1),(1,1)]', '((0,0))',
    '<(1,1),0>', '(,,,,)', 'über fällig', 0, 'text', '[0,0,0]', '0/0');
INSERT INTO public.every_type (id, exact, free, bytes)
SELECT 10 + i, 10::numeric ^ (i * 20 - 100), repeat(chr(200 + i), 3000 * i), decode(repeat(lpad(to_hex(i), 2, '0'), 500 * i), 'hex')
  FROM generate_series(1, 9) AS i;
INSERT INTO public.every_type (id, free) SELECT 256 + i, chr(i) FROM generate_series(1, 255) AS i;
