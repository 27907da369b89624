-- What a restore could lose or change of the rich database, done to it on purpose. After three dashes stand the kinds of
-- the differences that must be told, and no others. What no statement changes is changed in the catalogs themselves.

--- schema
CREATE SCHEMA surplus;
--- schema: owner
ALTER SCHEMA other OWNER TO postgres;
--- schema: acl
GRANT USAGE ON SCHEMA "Rich" TO PUBLIC;
--- relation, column
DROP TABLE public.piled;
--- relation
CREATE TABLE public.surplus ();
--- relation: kind
UPDATE pg_class SET relkind = 'f' WHERE relname = 'piled';
--- relation: owner
ALTER TABLE public.fleeting OWNER TO pg_monitor;
--- relation: acl
GRANT SELECT ON public.orders TO PUBLIC;
--- relation: acl
GRANT USAGE ON SEQUENCE public.lonely TO PUBLIC;
--- relation: acl
REVOKE SELECT ON public.customers FROM pg_signal_backend;
--- relation: persistence
ALTER TABLE public.fleeting SET LOGGED;
--- relation: row_security
ALTER TABLE public.customers DISABLE ROW LEVEL SECURITY;
--- relation: forced
ALTER TABLE public.customers NO FORCE ROW LEVEL SECURITY;
--- relation: replica_identity
ALTER TABLE public.customers REPLICA IDENTITY FULL;
--- relation: options
ALTER TABLE public.customers SET (fillfactor = 81);
--- relation: options
ALTER VIEW public.seen RESET (security_barrier);
--- relation: toast_options
ALTER TABLE public.customers RESET (toast.autovacuum_enabled);
--- relation: tablespace
ALTER TABLE public.spaced SET TABLESPACE pg_default;
--- relation: access_method
ALTER TABLE public.piled SET ACCESS METHOD heap;
--- relation: of_type
ALTER TABLE public.typed NOT OF;
--- relation: populated
REFRESH MATERIALIZED VIEW public.counted WITH NO DATA;
--- relation: bound
UPDATE pg_class SET relpartbound = (SELECT p.relpartbound FROM pg_class AS p WHERE p.relname = 'sad') WHERE
    relname = 'rest';
--- relation: definition
CREATE OR REPLACE VIEW public.seen WITH (security_barrier) AS SELECT o.id, c.name FROM public.orders AS o JOIN
    public.customers AS c ON c.id = o.customer WHERE o.note = 'a b';
--- relation: definition
UPDATE pg_partitioned_table SET partstrat = 'h' WHERE partrelid = 'public.listed'::regclass;
--- relation: parents
UPDATE pg_inherits SET inhseqno = 9 WHERE inhrelid = 'public.child'::regclass AND inhseqno = 1;
--- relation: server
UPDATE pg_foreign_table SET ftserver = (SELECT oid FROM pg_foreign_server WHERE srvname = 'nowhere');
--- relation: foreign_options
ALTER FOREIGN TABLE public.remote OPTIONS (SET table_name 'other');
--- column
ALTER TABLE public.fleeting ADD surplus int;
--- column
ALTER TABLE public.worded DROP COLUMN p;
--- column: position
ALTER TABLE public.swapped DROP COLUMN a, ADD COLUMN a text COLLATE "C";
--- column: type
ALTER TABLE public.fleeting ALTER i TYPE bigint;
--- column: type
ALTER TABLE public.worded ALTER status TYPE varchar(21);
--- column: not_null, not-null constraint
ALTER TABLE public.customers ALTER name DROP NOT NULL;
--- column: identity
ALTER TABLE public.customers ALTER number SET GENERATED ALWAYS;
--- column: generated
UPDATE pg_attribute SET attgenerated = '' WHERE attname = 'upper_name';
--- column: storage
ALTER TABLE public.customers ALTER name SET STORAGE MAIN;
--- column: compression
ALTER TABLE public.customers ALTER name SET COMPRESSION default;
--- column: statistics
ALTER TABLE public.customers ALTER name SET STATISTICS -1;
--- column: options
ALTER TABLE public.customers ALTER mood RESET (n_distinct);
--- column: foreign_options
ALTER FOREIGN TABLE public.remote ALTER a OPTIONS (SET column_name 'y');
--- column: acl
GRANT SELECT (mood) ON public.customers TO pg_monitor;
--- column: acl, column: owner
REVOKE SELECT (name) ON public.customers FROM pg_monitor;
--- column: collation
ALTER TABLE public.swapped ALTER a TYPE text COLLATE "POSIX";
--- column: local
UPDATE pg_attribute SET attislocal = true WHERE attname = 'k' AND attrelid = 'public.child'::regclass;
--- column: definition
ALTER TABLE public.customers ALTER worth SET DEFAULT 1.50;
--- column: definition
ALTER TABLE public.customers ALTER worth DROP DEFAULT;
--- sequence, relation
DROP SEQUENCE public.alone_seq;
--- sequence: type
ALTER SEQUENCE public.alone_seq AS bigint MAXVALUE 2147483647;
--- sequence: start
ALTER SEQUENCE public.lonely START 8;
--- sequence: increment
ALTER SEQUENCE public.lonely INCREMENT 4;
--- sequence: minimum
ALTER SEQUENCE public.lonely MINVALUE 1;
--- sequence: maximum
ALTER SEQUENCE public.lonely MAXVALUE 901;
--- sequence: cache
ALTER SEQUENCE public.lonely CACHE 6;
--- sequence: cycle
ALTER SEQUENCE public.lonely NO CYCLE;
--- sequence: owned_by
ALTER SEQUENCE public.lonely OWNED BY NONE;
--- index
DROP INDEX public.counted_n_idx;
--- index
CREATE INDEX surplus ON public.orders (note);
--- index: table, index: definition
UPDATE pg_index SET indrelid = 'public.second'::regclass WHERE indexrelid = 'public.counted_n_idx'::regclass;
--- index: is_unique, index: definition
UPDATE pg_index SET indisunique = false WHERE indexrelid = 'public.counted_n_idx'::regclass;
--- index: is_primary
UPDATE pg_index SET indisprimary = true WHERE indexrelid = 'public.by_id'::regclass;
--- index: is_clustered
ALTER TABLE public.orders SET WITHOUT CLUSTER;
--- index: is_identity, relation: replica_identity
ALTER TABLE public.orders REPLICA IDENTITY DEFAULT;
--- index: is_valid
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'public.only_parent'::regclass;
--- index: options, index: definition
ALTER INDEX public.by_id SET (fillfactor = 71);
--- index: tablespace
ALTER INDEX public.spaced_i SET TABLESPACE pg_default;
--- index: statistics
ALTER INDEX public.by_note ALTER COLUMN 1 SET STATISTICS 301;
--- index: parent
DELETE FROM pg_inherits WHERE inhrelid = 'public.only_low'::regclass;
--- index: definition
UPDATE pg_index SET indoption = '3 3' WHERE indexrelid = 'public.by_note'::regclass;
--- constraint
ALTER TABLE public.orders DROP CONSTRAINT of_customer;
--- constraint
ALTER TABLE public.orders ADD CONSTRAINT surplus CHECK (id > 0);
--- constraint: kind, constraint: definition
UPDATE pg_constraint SET contype = 'u' WHERE conrelid = 'public.customers'::regclass AND contype = 'p';
--- constraint: validated, constraint: definition
ALTER TABLE public.orders VALIDATE CONSTRAINT unproven;
--- constraint: validated, constraint: definition
ALTER DOMAIN public.word VALIDATE CONSTRAINT short;
--- constraint: deferred, constraint: definition
ALTER TABLE public.orders ALTER CONSTRAINT of_customer DEFERRABLE INITIALLY IMMEDIATE;
--- constraint: is_deferrable, constraint: deferred, constraint: definition
ALTER TABLE public.orders ALTER CONSTRAINT of_customer NOT DEFERRABLE;
--- constraint: local
UPDATE pg_constraint SET conislocal = true WHERE conname = 'small' AND conrelid = 'public.child'::regclass;
--- constraint: parent
UPDATE pg_constraint SET conparentid = 0 WHERE conname = 'keyed_low_pkey';
--- constraint: definition
UPDATE pg_constraint SET conbin = (SELECT o.conbin FROM pg_constraint AS o WHERE o.conname = 'unproven') WHERE
    conname = 'noted';
--- constraint: definition
UPDATE pg_constraint SET connoinherit = false WHERE conname = 'noted';
--- not-null constraint
ALTER TABLE public.customers RENAME CONSTRAINT customers_name_not_null TO other;
--- not-null constraint: column
UPDATE pg_constraint SET conkey = '{1}' WHERE conname = 'customers_name_not_null';
--- not-null constraint: validated
ALTER TABLE public.second VALIDATE CONSTRAINT soon;
--- not-null constraint: no_inherit
ALTER TABLE public.virtual ALTER CONSTRAINT filled INHERIT;
--- trigger
DROP TRIGGER later ON public.orders;
--- trigger: enabled
ALTER TABLE public.orders ENABLE REPLICA TRIGGER touch;
--- trigger
ALTER TABLE public.low ENABLE TRIGGER cloned;
--- trigger: definition
UPDATE pg_trigger SET tgtype = tgtype + 8 WHERE tgname = 'touch';
--- rule
CREATE RULE surplus AS ON DELETE TO public.fleeting DO ALSO NOTHING;
--- rule: enabled
ALTER TABLE public.fleeting ENABLE RULE loud;
--- rule: definition
CREATE OR REPLACE RULE quiet AS ON DELETE TO public.seen DO INSTEAD NOTIFY seen;
--- policy
CREATE POLICY surplus ON public.orders USING (true);
--- policy: command
UPDATE pg_policy SET polcmd = '*';
--- policy: permissive
UPDATE pg_policy SET polpermissive = true;
--- policy: roles
ALTER POLICY own ON public.customers TO pg_monitor;
--- policy: definition
ALTER POLICY own ON public.customers USING (name <> current_user);
--- policy: with_check
ALTER POLICY own ON public.customers WITH CHECK (length(name) > 2);
--- statistics
CREATE STATISTICS public.surplus ON id, day FROM public.orders;
--- statistics: owner
ALTER STATISTICS public.linked OWNER TO pg_monitor;
--- statistics: target
ALTER STATISTICS public.linked SET STATISTICS 51;
--- statistics: definition
UPDATE pg_statistic_ext SET stxkind = '{d}' WHERE stxname = 'linked';
--- function
CREATE FUNCTION public.surplus() RETURNS int LANGUAGE sql AS 'SELECT 1';
--- function: kind
UPDATE pg_proc SET prokind = 'w' WHERE proname = 'add';
--- function: owner
ALTER FUNCTION public.add OWNER TO pg_monitor;
--- function: acl
GRANT EXECUTE ON FUNCTION public.many TO PUBLIC;
--- function: language
UPDATE pg_proc SET prolang = 12 WHERE proname = 'add' AND pronamespace = 2200;
--- function: returns
UPDATE pg_proc SET prorettype = 20 WHERE proname = 'add' AND pronamespace = 2200;
--- function: returns_set
UPDATE pg_proc SET proretset = false WHERE proname = 'many';
--- function: argument_names
UPDATE pg_proc SET proargnames[1] = 'whom' WHERE proname = 'greet';
--- function: argument_modes
UPDATE pg_proc SET proargmodes[1] = 'i' WHERE proname = 'greet';
--- function: argument_types
UPDATE pg_proc SET proallargtypes[1] = 1043 WHERE proname = 'greet';
--- function: argument_defaults
CREATE OR REPLACE FUNCTION public.greet(INOUT who text, VARIADIC more int[] DEFAULT '{1,3}') LANGUAGE plpgsql
    STABLE STRICT SECURITY DEFINER LEAKPROOF PARALLEL SAFE COST 77 SET search_path = public, pg_temp
    AS $$ BEGIN who := 'hi ' || who; END $$;
--- function: variadic
UPDATE pg_proc SET provariadic = 20 WHERE proname = 'greet';
--- function: source
CREATE OR REPLACE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN  NEW; END $$;
--- function: library
UPDATE pg_proc SET probin = '$libdir/other' WHERE proname = 'handle';
--- function: body
CREATE OR REPLACE FUNCTION public.twice(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT n * 3; END;
--- function: volatility
ALTER FUNCTION public.add VOLATILE;
--- function: parallel
ALTER FUNCTION public.greet PARALLEL RESTRICTED;
--- function: strict
ALTER FUNCTION public.greet CALLED ON NULL INPUT;
--- function: security_definer
ALTER FUNCTION public.greet SECURITY INVOKER;
--- function: leakproof
ALTER FUNCTION public.greet NOT LEAKPROOF;
--- function: cost
ALTER FUNCTION public.greet COST 78;
--- function: rows
ALTER FUNCTION public.many ROWS 13;
--- function: support
ALTER FUNCTION public.add SUPPORT generate_series_int4_support;
--- function: transforms
UPDATE pg_proc SET protrftypes = '{23}' WHERE proname = 'touch';
--- function: settings
ALTER FUNCTION public.greet SET search_path = pg_temp, public;
--- function: settings
ALTER FUNCTION public.greet RESET ALL;
--- aggregate, function
DROP AGGREGATE public.middle(float8 ORDER BY anyelement);
--- aggregate: kind
UPDATE pg_aggregate SET aggkind = 'h' WHERE aggfnoid::text LIKE '%middle';
--- aggregate: direct_arguments
UPDATE pg_aggregate SET aggnumdirectargs = 0 WHERE aggfnoid::text LIKE '%middle';
--- aggregate: transition
UPDATE pg_aggregate SET aggtransfn = 'int4mi' WHERE aggfnoid::text LIKE '%total';
--- aggregate: final
UPDATE pg_aggregate SET aggfinalfn = 'int4um' WHERE aggfnoid::text LIKE '%total';
--- aggregate: combine
UPDATE pg_aggregate SET aggcombinefn = 'int4pl' WHERE aggfnoid::text LIKE '%total';
--- aggregate: serial
UPDATE pg_aggregate SET aggserialfn = 'int4um' WHERE aggfnoid::text LIKE '%total';
--- aggregate: deserial
UPDATE pg_aggregate SET aggdeserialfn = 'int4um' WHERE aggfnoid::text LIKE '%total';
--- aggregate: moving_transition
UPDATE pg_aggregate SET aggmtransfn = 'int4mi' WHERE aggfnoid::text LIKE '%total';
--- aggregate: moving_inverse
UPDATE pg_aggregate SET aggminvtransfn = 'int4pl' WHERE aggfnoid::text LIKE '%total';
--- aggregate: moving_final
UPDATE pg_aggregate SET aggmfinalfn = 'int4um' WHERE aggfnoid::text LIKE '%total';
--- aggregate: final_extra
UPDATE pg_aggregate SET aggfinalextra = false WHERE aggfnoid::text LIKE '%middle';
--- aggregate: moving_final_extra
UPDATE pg_aggregate SET aggmfinalextra = true WHERE aggfnoid::text LIKE '%total';
--- aggregate: final_modifies
UPDATE pg_aggregate SET aggfinalmodify = 's' WHERE aggfnoid::text LIKE '%total';
--- aggregate: moving_final_modifies
UPDATE pg_aggregate SET aggmfinalmodify = 's' WHERE aggfnoid::text LIKE '%total';
--- aggregate: sort_operator
UPDATE pg_aggregate SET aggsortop = 97 WHERE aggfnoid::text LIKE '%total';
--- aggregate: state
UPDATE pg_aggregate SET aggtranstype = 20 WHERE aggfnoid::text LIKE '%total';
--- aggregate: state_bytes
UPDATE pg_aggregate SET aggtransspace = 9 WHERE aggfnoid::text LIKE '%total';
--- aggregate: moving_state
UPDATE pg_aggregate SET aggmtranstype = 20 WHERE aggfnoid::text LIKE '%total';
--- aggregate: moving_state_bytes
UPDATE pg_aggregate SET aggmtransspace = 9 WHERE aggfnoid::text LIKE '%total';
--- aggregate: initial
UPDATE pg_aggregate SET agginitval = '1' WHERE aggfnoid::text LIKE '%total';
--- aggregate: moving_initial
UPDATE pg_aggregate SET aggminitval = '1' WHERE aggfnoid::text LIKE '%total';
--- language
CREATE LANGUAGE surplus HANDLER public.handle;
--- language: owner, language: acl
ALTER LANGUAGE trusted OWNER TO pg_monitor;
--- language: acl
GRANT USAGE ON LANGUAGE trusted TO pg_monitor;
--- language: trusted
UPDATE pg_language SET lanpltrusted = true WHERE lanname = 'spoken';
--- language: handler
UPDATE pg_language SET lanplcallfoid = 1242 WHERE lanname = 'spoken';
--- language: inline
UPDATE pg_language SET laninline = 0 WHERE lanname = 'spoken';
--- language: validator
UPDATE pg_language SET lanvalidator = 0 WHERE lanname = 'spoken';
--- transform, comment
DROP TRANSFORM FOR int LANGUAGE spoken;
--- transform: from_sql
UPDATE pg_transform SET trffromsql = 0;
--- transform: to_sql
UPDATE pg_transform SET trftosql = 0;
--- cast, comment
DROP CAST (int AS public.pair);
--- cast: context
UPDATE pg_cast SET castcontext = 'i' WHERE castfunc = 'public.wrap'::regproc;
--- cast: function
UPDATE pg_cast SET castfunc = 'public.add'::regproc WHERE castfunc = 'public.wrap'::regproc;
--- cast: method
UPDATE pg_cast SET castmethod = 'i' WHERE castfunc = 'public.wrap'::regproc;
--- event trigger, comment
DROP EVENT TRIGGER told;
--- event trigger: owner
UPDATE pg_event_trigger SET evtowner = 'pg_monitor'::regrole;
--- event trigger: event
UPDATE pg_event_trigger SET evtevent = 'ddl_command_start';
--- event trigger: enabled
ALTER EVENT TRIGGER told ENABLE ALWAYS;
--- event trigger: tags
UPDATE pg_event_trigger SET evttags = '{CREATE SEQUENCE}';
--- event trigger: function
UPDATE pg_event_trigger SET evtfoid = 'public.touch'::regproc;
--- operator
CREATE OPERATOR public.==> (FUNCTION = public.near, LEFTARG = int, RIGHTARG = int);
--- operator: owner
ALTER OPERATOR public.=== (int, int) OWNER TO pg_monitor;
--- operator: function
UPDATE pg_operator SET oprcode = 'public.far' WHERE oprname = '===';
--- operator: commutator
UPDATE pg_operator SET oprcom = 0 WHERE oprname = '===';
--- operator: negator
UPDATE pg_operator SET oprnegate = 0 WHERE oprname = '===';
--- operator: restriction
ALTER OPERATOR public.=== (int, int) SET (RESTRICT = neqsel);
--- operator: joining
ALTER OPERATOR public.=== (int, int) SET (JOIN = NONE);
--- operator: hashes
UPDATE pg_operator SET oprcanhash = false WHERE oprname = '===';
--- operator: merges
UPDATE pg_operator SET oprcanmerge = false WHERE oprname = '===';
--- operator family
CREATE OPERATOR FAMILY public.surplus USING hash;
--- operator family: owner
ALTER OPERATOR FAMILY public.numbers USING btree OWNER TO pg_monitor;
--- operator family: members
ALTER OPERATOR FAMILY public.numbers USING btree DROP FUNCTION 1 (int4, int8);
--- operator family: members
UPDATE pg_amop SET amopstrategy = 6
    WHERE amopstrategy = 5 AND amopfamily = (SELECT oid FROM pg_opfamily WHERE opfname = 'numbers');
--- operator class, operator family: members, comment
DROP OPERATOR CLASS public.backwards USING btree;
--- operator class: owner
ALTER OPERATOR CLASS public.backwards USING btree OWNER TO pg_monitor;
--- operator class: family
UPDATE pg_opclass SET opcfamily = 1976 WHERE opcname = 'backwards';
--- operator class: type
UPDATE pg_opclass SET opcintype = 20 WHERE opcname = 'backwards';
--- operator class: is_default
UPDATE pg_opclass SET opcdefault = true WHERE opcname = 'wordy';
--- operator class: stored
UPDATE pg_opclass SET opckeytype = 20 WHERE opcname = 'backwards';
--- access method
CREATE ACCESS METHOD surplus TYPE TABLE HANDLER heap_tableam_handler;
--- access method: kind
UPDATE pg_am SET amtype = 'i' WHERE amname = 'pile';
--- access method: handler
UPDATE pg_am SET amhandler = 'bthandler' WHERE amname = 'pile';
--- type
CREATE TYPE public.surplus AS ENUM ();
--- type
DROP TYPE public.only_a_shell;
--- type: kind
UPDATE pg_type SET typtype = 'd' WHERE typname = 'only_a_shell';
--- type: owner
ALTER DOMAIN public.word OWNER TO pg_monitor;
--- type: acl
GRANT USAGE ON TYPE public.mood TO PUBLIC;
--- type: base
UPDATE pg_type SET typtypmod = 14 WHERE typname = 'word';
--- type: not_null
ALTER DOMAIN public.positive DROP NOT NULL;
--- type: collation
UPDATE pg_type SET typcollation = 100 WHERE typname = 'word';
--- type: definition
ALTER DOMAIN public.positive SET DEFAULT 2;
--- type: labels
ALTER TYPE public.mood ADD VALUE 'great';
--- type: labels
UPDATE pg_enum SET enumsortorder = 10 WHERE enumlabel = 'sad';
--- type: subtype
UPDATE pg_range SET rngsubtype = 700 WHERE rngtypid = 'public.span'::regtype;
--- type: subtype_class
UPDATE pg_range SET rngsubopc = (SELECT oid FROM pg_opclass WHERE opcname = 'backwards') WHERE rngtypid =
    'public.span'::regtype;
--- type: subtype_collation
UPDATE pg_range SET rngcollation = 100 WHERE rngtypid = 'public.words'::regtype;
--- type: canonical
UPDATE pg_range SET rngcanonical = 'int4range_canonical' WHERE rngtypid = 'public.span'::regtype;
--- type: difference
UPDATE pg_range SET rngsubdiff = 0 WHERE rngtypid = 'public.span'::regtype;
--- type: multirange
ALTER TYPE public.span_multirange RENAME TO other_name;
--- type: defined
UPDATE pg_type SET typisdefined = true WHERE typname = 'only_a_shell';
--- type: input
UPDATE pg_type SET typinput = 'textin' WHERE typname = 'label';
--- type: output
UPDATE pg_type SET typoutput = 'textout' WHERE typname = 'label';
--- type: receive
UPDATE pg_type SET typreceive = 'textrecv' WHERE typname = 'label';
--- type: send
UPDATE pg_type SET typsend = 'textsend' WHERE typname = 'label';
--- type: modifier_in
UPDATE pg_type SET typmodin = 'varchartypmodin' WHERE typname = 'label';
--- type: modifier_out
UPDATE pg_type SET typmodout = 'varchartypmodout' WHERE typname = 'label';
--- type: analyze
UPDATE pg_type SET typanalyze = 'array_typanalyze' WHERE typname = 'label';
--- type: subscript
UPDATE pg_type SET typsubscript = 'raw_array_subscript_handler' WHERE typname = 'label';
--- type: bytes
UPDATE pg_type SET typlen = 8 WHERE typname = 'label';
--- type: by_value
UPDATE pg_type SET typbyval = true WHERE typname = 'label';
--- type: alignment
UPDATE pg_type SET typalign = 'd' WHERE typname = 'label';
--- type: storage
ALTER TYPE public.label SET (STORAGE = external);
--- type: category
UPDATE pg_type SET typcategory = 'U' WHERE typname = 'label';
--- type: preferred
UPDATE pg_type SET typispreferred = true WHERE typname = 'label';
--- type: delimiter
UPDATE pg_type SET typdelim = '|' WHERE typname = 'label';
--- type: element
UPDATE pg_type SET typelem = 23 WHERE typname = 'label';
--- type: collatable
UPDATE pg_type SET typcollation = 0 WHERE typname = 'label';
--- collation
CREATE COLLATION public.surplus (locale = 'C');
--- collation: owner
ALTER COLLATION public.german OWNER TO pg_monitor;
--- collation: provider, collation: collate, collation: ctype
UPDATE pg_collation SET collprovider = 'd' WHERE collname = 'posix';
--- collation: deterministic
UPDATE pg_collation SET collisdeterministic = true WHERE collname = 'german';
--- collation: encoding
UPDATE pg_collation SET collencoding = 6 WHERE collname = 'german';
--- collation: collate
UPDATE pg_collation SET collcollate = 'POSIX' WHERE collname = 'posix';
--- collation: ctype
UPDATE pg_collation SET collctype = 'C' WHERE collname = 'posix';
--- collation: locale
UPDATE pg_collation SET colllocale = 'fr' WHERE collname = 'german';
--- collation: rules
UPDATE pg_collation SET collicurules = '&a < h' WHERE collname = 'ruled';
--- conversion
CREATE CONVERSION public.surplus FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
--- conversion: owner
ALTER CONVERSION public.read OWNER TO pg_monitor;
--- conversion: from
UPDATE pg_conversion SET conforencoding = 9 WHERE conname = 'read';
--- conversion: to
UPDATE pg_conversion SET contoencoding = 9 WHERE conname = 'read';
--- conversion: function
UPDATE pg_conversion SET conproc = 'win_to_utf8' WHERE conname = 'read';
--- conversion: is_default
UPDATE pg_conversion SET condefault = true WHERE conname = 'read';
--- text search configuration
CREATE TEXT SEARCH CONFIGURATION public.surplus (COPY = simple);
--- text search configuration: owner
ALTER TEXT SEARCH CONFIGURATION public.search OWNER TO pg_monitor;
--- text search configuration: parser
UPDATE pg_ts_config SET cfgparser = 3722 WHERE cfgname = 'search';
--- text search configuration: dictionaries
ALTER TEXT SEARCH CONFIGURATION public.search ALTER MAPPING FOR word WITH english_stem, public.plain;
--- text search dictionary
CREATE TEXT SEARCH DICTIONARY public.surplus (TEMPLATE = simple);
--- text search dictionary: owner
ALTER TEXT SEARCH DICTIONARY public.plain OWNER TO pg_monitor;
--- text search dictionary: template
UPDATE pg_ts_dict SET dicttemplate = 3727 WHERE dictname = 'plain';
--- text search dictionary: settings
ALTER TEXT SEARCH DICTIONARY public.plain (accept = true);
--- text search parser
CREATE TEXT SEARCH PARSER public.surplus (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,
    LEXTYPES = prsd_lextype);
--- text search parser: start
UPDATE pg_ts_parser SET prsstart = 'prsd_end' WHERE prsname = 'parser';
--- text search parser: token
UPDATE pg_ts_parser SET prstoken = 'prsd_end' WHERE prsname = 'parser';
--- text search parser: end
UPDATE pg_ts_parser SET prsend = 'prsd_start' WHERE prsname = 'parser';
--- text search parser: headline
UPDATE pg_ts_parser SET prsheadline = 0 WHERE prsname = 'parser';
--- text search parser: types
UPDATE pg_ts_parser SET prslextype = 'public.types' WHERE prsname = 'parser';
--- text search template
CREATE TEXT SEARCH TEMPLATE public.surplus (LEXIZE = dsimple_lexize);
--- text search template: init
UPDATE pg_ts_template SET tmplinit = 0 WHERE tmplname = 'template';
--- text search template: lexize
UPDATE pg_ts_template SET tmpllexize = 'dispell_lexize' WHERE tmplname = 'template';
--- extension, comment, privileges
DROP EXTENSION hstore;
--- extension: schema
UPDATE pg_extension SET extnamespace = 2200 WHERE extname = 'hstore';
--- foreign data wrapper
CREATE FOREIGN DATA WRAPPER surplus;
--- foreign data wrapper: owner, foreign data wrapper: acl
UPDATE pg_foreign_data_wrapper SET fdwowner = 'pg_monitor'::regrole, fdwacl = NULL WHERE fdwname = 'far_away';
--- foreign data wrapper: acl
REVOKE USAGE ON FOREIGN DATA WRAPPER far_away FROM pg_monitor;
--- foreign data wrapper: handler
ALTER FOREIGN DATA WRAPPER far_away HANDLER postgres_fdw_handler;
--- foreign data wrapper: validator
ALTER FOREIGN DATA WRAPPER far_away VALIDATOR postgresql_fdw_validator;
--- foreign data wrapper: foreign_options
ALTER FOREIGN DATA WRAPPER far_away OPTIONS (SET debug 'false');
--- foreign server
DROP SERVER nowhere;
--- foreign server: owner, foreign server: acl
UPDATE pg_foreign_server SET srvowner = 'pg_monitor'::regrole, srvacl = NULL WHERE srvname = 'elsewhere';
--- foreign server: acl
REVOKE USAGE ON FOREIGN SERVER elsewhere FROM pg_monitor;
--- foreign server: wrapper
UPDATE pg_foreign_server SET srvfdw = (SELECT oid FROM pg_foreign_data_wrapper WHERE fdwname = 'postgres_fdw')
    WHERE srvname = 'nowhere';
--- foreign server: type
UPDATE pg_foreign_server SET srvtype = 'new' WHERE srvname = 'elsewhere';
--- foreign server: version
ALTER SERVER elsewhere VERSION '2';
--- foreign server: foreign_options
ALTER SERVER elsewhere OPTIONS (SET host 'production');
--- foreign server: foreign_options
ALTER SERVER elsewhere OPTIONS (SET password 'another secret');
--- publication
CREATE PUBLICATION surplus;
--- publication: owner
ALTER PUBLICATION few OWNER TO pg_monitor;
--- publication: all_tables
UPDATE pg_publication SET puballtables = true WHERE pubname = 'few';
--- publication: inserts
UPDATE pg_publication SET pubinsert = false WHERE pubname = 'few';
--- publication: updates
UPDATE pg_publication SET pubupdate = false WHERE pubname = 'few';
--- publication: deletes
UPDATE pg_publication SET pubdelete = true WHERE pubname = 'few';
--- publication: truncates
ALTER PUBLICATION few SET (publish = 'insert, update, truncate');
--- publication: via_root
ALTER PUBLICATION whole SET (publish_via_partition_root = false);
--- publication: generated
ALTER PUBLICATION generated SET (publish_generated_columns = none);
--- published table
ALTER PUBLICATION few DROP TABLE public.customers;
--- published table: row_filter
ALTER PUBLICATION part SET TABLE public.orders (id, note) WHERE (id > 6);
--- published table: columns
ALTER PUBLICATION part SET TABLE public.orders (id) WHERE (id > 5);
--- published schema
ALTER PUBLICATION room DROP TABLES IN SCHEMA "Rich";
--- large object
SELECT lo_create(4712);
--- large object: owner
UPDATE pg_largeobject_metadata SET lomowner = 10;
--- large object: acl
REVOKE SELECT ON LARGE OBJECT 4711 FROM pg_signal_backend;
--- default privileges
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
--- default privileges: acl
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT INSERT ON TABLES TO pg_monitor;
--- comment
COMMENT ON TABLE public.orders IS NULL;
--- comment
COMMENT ON COLUMN public.orders.id IS 'surplus';
--- comment: definition
COMMENT ON TABLE public.orders IS 'about it''s  "kind"';
--- comment: definition
COMMENT ON SCHEMA public IS 'not ours';
--- security label
INSERT INTO pg_seclabel VALUES ('public.orders'::regclass, 'pg_class'::regclass, 0, 'guard', 'secret');
--- privileges
GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO pg_monitor;
--- privileges
GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(float8) TO PUBLIC;
--- privileges
GRANT SELECT ON pg_catalog.pg_shadow TO pg_monitor;
--- privileges
GRANT EXECUTE ON FUNCTION other.akeys(other.hstore) TO PUBLIC;
--- privileges: granted, privileges: roles
GRANT SELECT ON pg_catalog.pg_authid TO pg_signal_backend;
--- privileges: granted
REVOKE GRANT OPTION FOR USAGE ON TYPE other.hstore FROM pg_monitor;
--- privileges: revoked
REVOKE SELECT ON pg_catalog.pg_authid FROM postgres;
