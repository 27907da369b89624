-- What only a superuser may make, and the tables need.

CREATE EXTENSION vector;
CREATE FOREIGN DATA WRAPPER elsewhere OPTIONS (debug 'false');
GRANT USAGE ON FOREIGN DATA WRAPPER elsewhere TO app_owner;
