-- What the files of rows share, for one session each. All values come from hashes of a row's number: the same data
-- each time, whatever the order in which the files run.

SET TIME ZONE 'UTC';
SET synchronous_commit = off;
SET maintenance_work_mem = '128MB';
SET work_mem = '32MB';
SET client_min_messages = warning;

CREATE FUNCTION pg_temp.rows(full_size bigint) RETURNS bigint LANGUAGE sql STABLE
    AS $$SELECT greatest(least(full_size, 40), (full_size * current_setting('sandbox.scale')::float8)::bigint)$$;
CREATE FUNCTION pg_temp.pick(i bigint, salt bigint, many bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    AS $$SELECT abs(hashint8extended(i, salt) % many)$$;
CREATE FUNCTION pg_temp.one_of(i bigint, salt bigint, choices text[]) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$SELECT choices[1 + abs(hashint8extended(i, salt) % cardinality(choices))]$$;
CREATE FUNCTION pg_temp.moment(i bigint, salt bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    AS $$SELECT to_timestamp(1735689600 + abs(hashint8extended(i, salt) % 44000000))$$;
