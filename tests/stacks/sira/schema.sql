-- The database of sira: the roles of operators as the README makes them, tables, and rows that are the same each time,
-- dated back from now. The password of sira_user is set where this is run.

CREATE ROLE sira_user LOGIN;
CREATE ROLE day2_health LOGIN;
GRANT pg_monitor, pg_read_all_data TO day2_health;
CREATE ROLE day2_backup LOGIN BYPASSRLS;
GRANT pg_read_all_data TO day2_backup;
CREATE ROLE day2_maintenance LOGIN;
GRANT pg_maintain, pg_monitor, pg_read_all_data, sira_user TO day2_maintenance;
CREATE ROLE day2_drill LOGIN SUPERUSER;

CREATE DATABASE sira_db OWNER sira_user;
\connect sira_db
CREATE EXTENSION pg_stat_statements;
SET ROLE sira_user;

CREATE TABLE public.users (
  id integer PRIMARY KEY,
  email text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL
);
CREATE TABLE public.profiles (
  user_id integer PRIMARY KEY REFERENCES public.users,
  title text NOT NULL,
  skills integer NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE TABLE public.recommendations (
  id integer PRIMARY KEY,
  user_id integer NOT NULL REFERENCES public.users,
  score numeric(4, 2) NOT NULL,
  body text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE TABLE public.sessions (
  id integer PRIMARY KEY,
  user_id integer NOT NULL REFERENCES public.users,
  started_at timestamptz NOT NULL,
  ended_at timestamptz
);

SELECT setseed(0.42);

INSERT INTO public.users
SELECT n, 'user' || n || '@example.org', now() - interval '1 day' - random() * interval '400 days'
FROM generate_series(1, 2000) AS n;

-- Every 500th has no skills yet.
INSERT INTO public.profiles
SELECT id, (ARRAY['Nurse', 'Analyst', 'Welder', 'Teacher'])[1 + id % 4], CASE WHEN id % 500 = 0 THEN 0 ELSE 1 + id % 30 END,
  greatest(created_at, now() - random() * interval '60 days')
FROM public.users;

INSERT INTO public.recommendations
SELECT n, 1 + n % 2000, round((random() * 99)::numeric, 2),
  (SELECT string_agg(md5(n::text || k), ' ') FROM generate_series(1, 10) AS k),
  now() - random() * interval '30 days'
FROM generate_series(1, 9000) AS n;

INSERT INTO public.sessions
SELECT id, user_id, began, began + (30 + random() * 1800) * interval '1 second'
FROM (
  SELECT n AS id, 1 + n * 7 % 2000 AS user_id, now() - interval '1 hour' - random() * interval '30 days' AS began
  FROM generate_series(1, 4000) AS n
) AS them;

CREATE INDEX recommendations_user ON public.recommendations (user_id, created_at DESC);
CREATE INDEX recommendations_created ON public.recommendations (created_at);
CREATE INDEX profiles_updated ON public.profiles (updated_at);
CREATE INDEX sessions_started ON public.sessions (started_at);

RESET ROLE;
VACUUM (FREEZE, ANALYZE);
