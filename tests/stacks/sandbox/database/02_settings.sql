-- Settings of the database, and of one role in it.

ALTER DATABASE shop SET "TimeZone" = 'Europe/Berlin';
ALTER DATABASE shop SET search_path = shop, public;
ALTER DATABASE shop SET "shop.motto" = 'it''s "open", \ all day';
ALTER ROLE report IN DATABASE shop SET work_mem = '64MB';
ALTER ROLE app IN DATABASE shop SET lock_timeout = '3s';
GRANT TEMPORARY, CONNECT ON DATABASE shop TO report WITH GRANT OPTION;
REVOKE TEMPORARY ON DATABASE shop FROM PUBLIC;
COMMENT ON DATABASE shop IS 'The web shop of the sandbox, "always open"';
