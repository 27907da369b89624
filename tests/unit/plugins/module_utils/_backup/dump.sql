--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

COPY public.orders (id, note) FROM stdin;
1	COPY public.orders (id) FROM stdin;
2	\\.
3	line\nbreak
\.


COPY public."Order ""Items"" of. (x)" ("a ""b"" (c)", "FROM stdin;") FROM stdin;
\.


COPY public.nothing  FROM stdin;


\.


COPY "new
line"."t" (id) FROM stdin;
\N
\.

SELECT pg_catalog.setval('public.orders_id_seq', 42, true);
SELECT pg_catalog.setval('public."it''s a ""Seq"""', 1, false);
SELECT pg_catalog.setval( E'public."back\\slash"', -7, true);
SELECT pg_catalog.lo_open('16390', 131072);
SELECT pg_catalog.lowrite(0, '\x61');
SELECT pg_catalog.lo_close(0);
SELECT pg_catalog.lo_open('16391', 131072);
