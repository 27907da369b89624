-- A small database whose names and objects are the awkward ones that production has.
CREATE ROLE "shop owner" NOLOGIN;
CREATE DATABASE "web shop" OWNER "shop owner";
\connect "web shop"
SET ROLE "shop owner";
CREATE SCHEMA "Sales";
CREATE TABLE "Sales"."Order" (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer text NOT NULL,
  placed timestamptz NOT NULL DEFAULT now(),
  total numeric(12, 2) NOT NULL CHECK (total >= 0)
);
CREATE TABLE "Sales"."Line" (
  order_id bigint NOT NULL REFERENCES "Sales"."Order",
  position integer NOT NULL,
  article text NOT NULL,
  PRIMARY KEY (order_id, position)
);
INSERT INTO "Sales"."Order" (customer, total)
  SELECT 'customer ' || n, n * 1.25 FROM generate_series(1, 5000) AS n;
INSERT INTO "Sales"."Line"
  SELECT n, p, 'article ' || p FROM generate_series(1, 5000) AS n, generate_series(1, 3) AS p;
CREATE INDEX "by customer" ON "Sales"."Order" (lower(customer));
CREATE MATERIALIZED VIEW "Sales".totals AS SELECT count(*) AS orders, sum(total) AS total FROM "Sales"."Order";
CREATE SEQUENCE "Sales".receipts START 4711;
SELECT nextval('"Sales".receipts');
ANALYZE;
