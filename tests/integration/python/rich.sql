-- A database with at least one of every kind of object, and every property of them somewhere other than usual.
-- Roles are those that every server has. What follows a line "since" is for servers of that version and later.

CREATE SCHEMA "Rich";
GRANT USAGE ON SCHEMA "Rich" TO pg_monitor WITH GRANT OPTION;
CREATE SCHEMA other AUTHORIZATION pg_monitor;
COMMENT ON SCHEMA public IS 'ours';
GRANT CREATE ON SCHEMA public TO pg_monitor;
CREATE EXTENSION hstore SCHEMA other;
COMMENT ON EXTENSION hstore IS 'pairs';
REVOKE EXECUTE ON FUNCTION other.akeys(other.hstore) FROM PUBLIC;
GRANT USAGE ON TYPE other.hstore TO pg_monitor WITH GRANT OPTION;
CREATE EXTENSION postgres_fdw;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO pg_monitor;
CREATE TYPE public.mood AS ENUM ('sad', 'ok', 'happy');
CREATE COLLATION public.german (provider = icu, locale = 'de', deterministic = false);
CREATE COLLATION public.posix (provider = libc, lc_collate = 'C', lc_ctype = 'POSIX');
CREATE DOMAIN public.positive AS int DEFAULT 1 NOT NULL CONSTRAINT above CHECK (VALUE > 0);
CREATE DOMAIN public.word AS text COLLATE "C";
ALTER DOMAIN public.word ADD CONSTRAINT short CHECK (length(VALUE) < 100) NOT VALID;
CREATE TYPE public.pair AS (one int, other text COLLATE "C");
REVOKE USAGE ON TYPE public.mood FROM PUBLIC;
CREATE TYPE public.span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE public.words AS RANGE (subtype = text, collation = "C");
CREATE TYPE public.label;
CREATE FUNCTION public.label_in(cstring) RETURNS public.label LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION public.label_out(public.label) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE public.label (INPUT = public.label_in, OUTPUT = public.label_out, LIKE = text, CATEGORY = 'S',
    DELIMITER = ';', COLLATABLE = true);
CREATE TYPE public.only_a_shell;
CREATE FUNCTION public.greet(INOUT who text, VARIADIC more int[] DEFAULT '{1,2}') LANGUAGE plpgsql
    STABLE STRICT SECURITY DEFINER LEAKPROOF PARALLEL SAFE COST 77 SET search_path = public, pg_temp
    AS $$ BEGIN who := 'hi ' || who; END $$;
CREATE FUNCTION public.many(n int) RETURNS TABLE (a int, b text) LANGUAGE sql ROWS 12
    AS 'SELECT i, i::text FROM generate_series(1, n) AS i';
CREATE FUNCTION public.nothing_much() RETURNS int LANGUAGE sql AS 'SELECT 0';
CREATE PROCEDURE public.nothing() LANGUAGE sql AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION public.many FROM PUBLIC;
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION public.told() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FUNCTION public.wrap(int) RETURNS public.pair LANGUAGE sql IMMUTABLE AS $$ SELECT ($1, 'x')::public.pair $$;
CREATE CAST (int AS public.pair) WITH FUNCTION public.wrap(int) AS ASSIGNMENT;
CREATE FUNCTION public.add(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE AGGREGATE public.total(int) (SFUNC = public.add, STYPE = int, SSPACE = 8, COMBINEFUNC = public.add,
    INITCOND = '0', MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MINITCOND = '0', PARALLEL = SAFE);
CREATE AGGREGATE public.middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE);
CREATE FUNCTION public.handle() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION public.inline(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION public.validate(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE LANGUAGE spoken HANDLER public.handle INLINE public.inline VALIDATOR public.validate;
CREATE TRUSTED LANGUAGE trusted HANDLER public.handle;
REVOKE USAGE ON LANGUAGE trusted FROM PUBLIC;
CREATE TRANSFORM FOR int LANGUAGE spoken (FROM SQL WITH FUNCTION prsd_lextype(internal),
    TO SQL WITH FUNCTION int4recv(internal));
CREATE FUNCTION public.near(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 3';
CREATE FUNCTION public.far(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) >= 3';
CREATE OPERATOR public.=== (FUNCTION = public.near, LEFTARG = int, RIGHTARG = int,
    COMMUTATOR = OPERATOR(public.===), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR public.!== (FUNCTION = public.far, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(public.===));
CREATE OPERATOR FAMILY public.numbers USING btree;
CREATE OPERATOR CLASS public.backwards FOR TYPE int USING btree FAMILY public.numbers AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(int, int);
ALTER OPERATOR FAMILY public.numbers USING btree ADD FUNCTION 1 (int4, int8) btint48cmp(int4, int8);
CREATE OPERATOR CLASS public.wordy FOR TYPE public.word USING btree AS OPERATOR 1 < (text, text),
    OPERATOR 2 <= (text, text), OPERATOR 3 = (text, text), OPERATOR 4 >= (text, text), OPERATOR 5 > (text, text),
    FUNCTION 1 bttextcmp(text, text);
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
CREATE CONVERSION public.read FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE DEFAULT CONVERSION public.write FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE FUNCTION public.types(internal) RETURNS internal LANGUAGE internal STRICT AS 'prsd_lextype';
CREATE TEXT SEARCH PARSER public.parser (START = prsd_start,
    GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE public.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY public.plain (TEMPLATE = public.template, stopwords = english, accept = false);
CREATE TEXT SEARCH CONFIGURATION public.search (PARSER = public.parser);
ALTER TEXT SEARCH CONFIGURATION public.search ADD MAPPING FOR asciiword, word WITH public.plain, english_stem;
CREATE SEQUENCE public.lonely AS smallint START 7 INCREMENT 3 MINVALUE 2 MAXVALUE 900 CACHE 5 CYCLE;
CREATE TABLE public.customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number int GENERATED BY DEFAULT AS IDENTITY, name text COLLATE public.german NOT NULL, mood public.mood,
    upper_name text GENERATED ALWAYS AS (upper(name)) STORED, gone int, worth numeric DEFAULT 1.5);
ALTER TABLE public.customers DROP COLUMN gone;
INSERT INTO public.customers (name, mood) SELECT 'n' || i, 'ok' FROM generate_series(1, 20) AS i;
ALTER TABLE public.customers ALTER name SET STORAGE EXTERNAL, ALTER name SET STATISTICS 500;
ALTER TABLE public.customers ALTER mood SET (n_distinct = 3);
ALTER TABLE public.customers SET (fillfactor = 80, toast.autovacuum_enabled = false);
ALTER TABLE public.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON public.customers AS RESTRICTIVE FOR UPDATE TO pg_signal_backend, pg_monitor
    USING (name = current_user) WITH CHECK (length(name) > 1);
GRANT SELECT (name), UPDATE (mood) ON public.customers TO pg_monitor;
GRANT SELECT ON public.customers TO pg_signal_backend WITH GRANT OPTION;
GRANT ALL ON public.customers TO pg_monitor;
CREATE TABLE public.orders (id serial PRIMARY KEY, customer int, note text, spare int, day date,
    CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES public.customers DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT noted CHECK (note <> '') NO INHERIT, CONSTRAINT at_once UNIQUE (spare) DEFERRABLE);
ALTER TABLE public.orders ADD CONSTRAINT unproven CHECK (day > '2000-01-01') NOT VALID;
INSERT INTO public.orders (customer, note) SELECT 1 + i % 20, 'a' FROM generate_series(1, 40) AS i;
CREATE INDEX by_note ON public.orders (lower(note), customer DESC) WHERE note IS NOT NULL;
ALTER INDEX public.by_note ALTER COLUMN 1 SET STATISTICS 300;
CREATE UNIQUE INDEX by_id ON public.orders (id) WITH (fillfactor = 70);
ALTER TABLE public.orders CLUSTER ON by_id, REPLICA IDENTITY USING INDEX by_id;
ALTER SEQUENCE public.lonely OWNED BY public.orders.spare;
CREATE TABLE public.worded (status varchar(20) CHECK (status IN ('new', 'old')), d public.positive, p public.pair);
CREATE TABLE public.typed OF public.pair (one PRIMARY KEY);
CREATE TABLE public.swapped (a text COLLATE "C", b int);
CREATE UNLOGGED TABLE public.fleeting (i int);
CREATE TABLE public.piled (i int) USING pile;
CREATE TABLE public.parent (i int NOT NULL, CONSTRAINT small CHECK (i < 1000));
CREATE TABLE public.second (k text);
CREATE TABLE public.child (j int) INHERITS (public.parent, public.second);
ALTER TABLE public.parent ADD late text DEFAULT 'l';
CREATE TABLE public.merged (i int NOT NULL DEFAULT 5) INHERITS (public.parent);
CREATE TABLE public.parted (d int, v text, w int) PARTITION BY RANGE (d, lower(v));
CREATE TABLE public.low PARTITION OF public.parted FOR VALUES FROM (0, MINVALUE) TO (100, MAXVALUE);
CREATE TABLE public.rest (w int, v text, d int);
ALTER TABLE public.parted ATTACH PARTITION public.rest DEFAULT;
CREATE TABLE public.listed (d int, m public.mood) PARTITION BY LIST (m);
CREATE TABLE public.sad PARTITION OF public.listed FOR VALUES IN ('sad', NULL) PARTITION BY HASH (d);
CREATE TABLE public.sad_one PARTITION OF public.sad FOR VALUES WITH (modulus 2, remainder 1);
CREATE TABLE public.keyed (i int PRIMARY KEY) PARTITION BY RANGE (i);
CREATE TABLE public.keyed_low PARTITION OF public.keyed FOR VALUES FROM (0) TO (9);
CREATE SEQUENCE public.alone_seq AS int;
CREATE INDEX parted_v ON public.parted (v);
CREATE INDEX only_parent ON ONLY public.parted (w);
CREATE INDEX only_low ON public.low (w);
ALTER INDEX public.only_parent ATTACH PARTITION public.only_low;
ALTER TABLE public.parted ADD CONSTRAINT refers FOREIGN KEY (w) REFERENCES public.customers;
CREATE TRIGGER touch BEFORE UPDATE OF note ON public.orders FOR
    EACH ROW WHEN (OLD.note <> NEW.note) EXECUTE FUNCTION public.touch('a');
ALTER TABLE public.orders DISABLE TRIGGER touch;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON public.orders
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.touch();
CREATE TRIGGER cloned AFTER INSERT ON public.parted FOR EACH ROW EXECUTE FUNCTION public.touch();
ALTER TABLE public.low DISABLE TRIGGER cloned;
CREATE VIEW public.seen WITH (security_barrier) AS SELECT o.id,
    c.name FROM public.orders AS o JOIN public.customers AS c ON c.id = o.customer WHERE o.note = ANY (ARRAY['a'::varchar, 'b']::text[]);
ALTER VIEW public.seen ALTER id SET DEFAULT 5;
CREATE VIEW public.apart AS SELECT 1 AS one;
CREATE RULE quiet AS ON DELETE TO public.seen DO INSTEAD NOTHING;
CREATE RULE loud AS ON INSERT TO public.fleeting DO ALSO NOTIFY fleeting;
ALTER TABLE public.fleeting DISABLE RULE loud;
CREATE MATERIALIZED VIEW public.counted AS SELECT count(*) AS n FROM public.orders;
CREATE MATERIALIZED VIEW public.never AS SELECT n FROM public.counted WITH NO DATA;
CREATE UNIQUE INDEX ON public.counted (n);
CREATE STATISTICS public.linked (dependencies, ndistinct) ON customer, note FROM public.orders;
ALTER STATISTICS public.linked SET STATISTICS 50;
CREATE FOREIGN DATA WRAPPER far_away OPTIONS (debug 'true');
GRANT USAGE ON FOREIGN DATA WRAPPER far_away TO pg_monitor;
CREATE SERVER elsewhere TYPE 'old' VERSION '1' FOREIGN DATA WRAPPER
    far_away OPTIONS (host 'h', dbname 'd', password 'pw');
CREATE SERVER nowhere FOREIGN DATA WRAPPER far_away;
GRANT USAGE ON FOREIGN SERVER elsewhere TO pg_monitor;
CREATE USER MAPPING FOR pg_monitor SERVER elsewhere OPTIONS (user 'u', password 'very secret');
CREATE FOREIGN TABLE public.remote (a int OPTIONS (column_name 'x'), b text) SERVER elsewhere OPTIONS (table_name 't');
CREATE PUBLICATION few FOR TABLE public.orders, public.customers WITH (publish = 'insert, update');
CREATE PUBLICATION whole FOR ALL TABLES WITH (publish_via_partition_root = true);
CREATE EVENT TRIGGER told ON ddl_command_end WHEN TAG IN ('CREATE SEQUENCE', 'DROP SEQUENCE')
    EXECUTE FUNCTION public.told();
ALTER EVENT TRIGGER told DISABLE;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO pg_monitor;
ALTER DEFAULT PRIVILEGES FOR ROLE pg_signal_backend REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
SELECT lo_create(4711);
ALTER LARGE OBJECT 4711 OWNER TO pg_monitor;
GRANT SELECT ON LARGE OBJECT 4711 TO pg_signal_backend;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text) TO pg_monitor;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(float8) FROM PUBLIC;
GRANT SELECT ON pg_catalog.pg_authid TO pg_monitor;
GRANT SELECT (rolname) ON pg_catalog.pg_authid TO pg_signal_backend;
REVOKE USAGE ON LANGUAGE sql FROM PUBLIC;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_catalog.plpgsql_call_handler() FROM PUBLIC;
ALTER TABLE public.worded OWNER TO pg_monitor;
ALTER TYPE public.mood OWNER TO pg_monitor;
ALTER FUNCTION public.many OWNER TO pg_monitor;
ALTER AGGREGATE public.total(int) OWNER TO pg_monitor;
ALTER COLLATION public.posix OWNER TO pg_monitor;
COMMENT ON TABLE public.orders IS 'about it''s "kind"';
COMMENT ON COLUMN public.orders.note IS 'about it''s "kind"';
COMMENT ON INDEX public.by_note IS 'about it''s "kind"';
COMMENT ON SEQUENCE public.lonely IS 'about it''s "kind"';
COMMENT ON CONSTRAINT noted ON public.orders IS 'about it''s "kind"';
COMMENT ON CONSTRAINT above ON DOMAIN public.positive IS 'about it''s "kind"';
COMMENT ON CONSTRAINT refers ON public.parted IS 'about it''s "kind"';
COMMENT ON TRIGGER touch ON public.orders IS 'about it''s "kind"';
COMMENT ON RULE loud ON public.fleeting IS 'about it''s "kind"';
COMMENT ON POLICY own ON public.customers IS 'about it''s "kind"';
COMMENT ON STATISTICS public.linked IS 'about it''s "kind"';
COMMENT ON VIEW public.seen IS 'about it''s "kind"';
COMMENT ON MATERIALIZED VIEW public.counted IS 'about it''s "kind"';
COMMENT ON FOREIGN TABLE public.remote IS 'about it''s "kind"';
COMMENT ON TYPE public.mood IS 'about it''s "kind"';
COMMENT ON DOMAIN public.positive IS 'about it''s "kind"';
COMMENT ON COLUMN public.pair.one IS 'about it''s "kind"';
COMMENT ON COLLATION public.german IS 'about it''s "kind"';
COMMENT ON CONVERSION public.read IS 'about it''s "kind"';
COMMENT ON FUNCTION public.greet IS 'about it''s "kind"';
COMMENT ON PROCEDURE public.nothing IS 'about it''s "kind"';
COMMENT ON AGGREGATE public.total(int) IS 'about it''s "kind"';
COMMENT ON OPERATOR public.=== (int, int) IS 'about it''s "kind"';
COMMENT ON OPERATOR CLASS public.backwards USING btree IS 'about it''s "kind"';
COMMENT ON OPERATOR FAMILY public.numbers USING btree IS 'about it''s "kind"';
COMMENT ON CAST (int AS public.pair) IS 'about it''s "kind"';
COMMENT ON TRANSFORM FOR int LANGUAGE spoken IS 'about it''s "kind"';
COMMENT ON LANGUAGE spoken IS 'about it''s "kind"';
COMMENT ON ACCESS METHOD pile IS 'about it''s "kind"';
COMMENT ON TEXT SEARCH PARSER public.parser IS 'about it''s "kind"';
COMMENT ON TEXT SEARCH TEMPLATE public.template IS 'about it''s "kind"';
COMMENT ON TEXT SEARCH DICTIONARY public.plain IS 'about it''s "kind"';
COMMENT ON TEXT SEARCH CONFIGURATION public.search IS 'about it''s "kind"';
COMMENT ON FOREIGN DATA WRAPPER far_away IS 'about it''s "kind"';
COMMENT ON SERVER elsewhere IS 'about it''s "kind"';
COMMENT ON PUBLICATION few IS 'about it''s "kind"';
COMMENT ON EVENT TRIGGER told IS 'about it''s "kind"';
COMMENT ON LARGE OBJECT 4711 IS 'about it''s "kind"';
COMMENT ON SCHEMA "Rich" IS 'about it''s "kind"';

-- since 14
CREATE TABLE public.squeezed (t text COMPRESSION pglz);
CREATE FUNCTION public.twice(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT n * 2; END;
CREATE STATISTICS public.spoken (mcv) ON lower(note), customer FROM public.orders;
ALTER TABLE public.customers ALTER name SET COMPRESSION pglz;

-- since 15
CREATE PUBLICATION part FOR TABLE public.orders (id, note) WHERE (id > 5);
CREATE PUBLICATION room FOR TABLES IN SCHEMA "Rich";
CREATE TABLE public.alone (i int UNIQUE NULLS NOT DISTINCT);
CREATE VIEW public.invoked WITH (security_invoker) AS SELECT 1 AS one;

-- since 16
CREATE COLLATION public.ruled (provider = icu, locale = 'und', rules = '&a < g');

-- since 17
CREATE COLLATION public.plain (provider = builtin, locale = 'C.UTF-8');

-- since 18
CREATE TABLE public.virtual (i int CONSTRAINT filled NOT NULL NO INHERIT, j int GENERATED ALWAYS AS (i * 2));
COMMENT ON CONSTRAINT filled ON public.virtual IS 'it is';
CREATE TABLE public.loose (i int CONSTRAINT of_nobody REFERENCES public.customers NOT ENFORCED);
CREATE PUBLICATION generated FOR TABLE public.virtual WITH (publish_generated_columns = stored);
ALTER TABLE public.second ADD CONSTRAINT soon NOT NULL k NOT VALID;
