-- Who works with the database. Passwords are set by the program: they differ from one sandbox to the next.

CREATE ROLE app_owner LOGIN;
CREATE ROLE app LOGIN CONNECTION LIMIT 40;
CREATE ROLE report LOGIN;
CREATE ROLE backup LOGIN BYPASSRLS IN ROLE pg_read_all_data;
CREATE ROLE monitor LOGIN IN ROLE pg_monitor, pg_read_all_data;
CREATE ROLE maintenance LOGIN IN ROLE pg_maintain, pg_monitor, pg_read_all_data, app_owner;
CREATE ROLE drill LOGIN SUPERUSER;
CREATE ROLE "odd ""role"" ü" NOLOGIN;
GRANT report TO "odd ""role"" ü" WITH ADMIN OPTION;
ALTER ROLE backup SET idle_in_transaction_session_timeout = '1s';
ALTER ROLE report SET statement_timeout = '5min';
COMMENT ON ROLE app IS 'The web application';
