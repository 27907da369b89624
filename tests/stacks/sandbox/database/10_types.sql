-- Schemas, types, and all that tables need before they can be made.

CREATE SCHEMA shop;
CREATE SCHEMA billing;
CREATE SCHEMA stock;
CREATE SCHEMA crm;
CREATE SCHEMA audit;
CREATE SCHEMA "Reporting";
CREATE SCHEMA "odd ""schema""; DROP SCHEMA shop";

CREATE TYPE shop.order_status AS ENUM ('cart', 'placed', 'paid', 'sent', 'returned', 'it''s "lost"', 'über fällig');
CREATE TYPE shop.address AS (street text, house text, postcode text, city text, country char(2));
CREATE TYPE stock.span AS RANGE (subtype = float8, subtype_diff = float8mi);

CREATE DOMAIN shop.email AS text COLLATE "C"
    CONSTRAINT email_has_at CHECK (VALUE ~ '^[^@\s]+@[^@\s]+$');
CREATE DOMAIN shop.cents AS bigint DEFAULT 0
    CONSTRAINT cents_not_negative CHECK (VALUE >= 0) NOT NULL;
CREATE DOMAIN shop.country AS char(2) CHECK (VALUE = upper(VALUE));

CREATE COLLATION shop.by_bytes (provider = builtin, locale = 'C');
CREATE COLLATION "Reporting"."as Unicode" (provider = builtin, locale = 'C.UTF-8');

CREATE SEQUENCE shop.voucher_number AS integer INCREMENT BY 10 MINVALUE 1000 MAXVALUE 99990 START 1000 CACHE 5 CYCLE;
CREATE SEQUENCE "Reporting"."run Number" INCREMENT BY -1 MAXVALUE -1 START -1;

CREATE FUNCTION shop.net_to_gross(net bigint, rate numeric) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN round(net * (1 + rate))::bigint;

CREATE FUNCTION shop.folded(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$SELECT lower(btrim(value, E' \t\n'))$$;

CREATE TEXT SEARCH DICTIONARY shop.german_stem_plain (TEMPLATE = snowball, LANGUAGE = german);
CREATE TEXT SEARCH CONFIGURATION shop.product_search (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION shop.product_search
    ALTER MAPPING FOR asciiword, word WITH shop.german_stem_plain;
