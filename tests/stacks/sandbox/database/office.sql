-- The second database: small, and in older backup sets too.

CREATE TABLE public."Räume" (id integer PRIMARY KEY, name text NOT NULL, seats integer);
INSERT INTO public."Räume" SELECT i, 'Raum ' || i, 2 + i % 12 FROM generate_series(1, 40) AS i;
CREATE TABLE public.bookings (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room integer NOT NULL REFERENCES public."Räume",
    during tstzrange NOT NULL,
    EXCLUDE USING gist (int4range(room, room, '[]') WITH &&, during WITH &&)
);
INSERT INTO public.bookings (room, during)
SELECT 1 + i % 40, tstzrange(at, at + interval '45 minutes')
  FROM generate_series(1, 4000) AS i, LATERAL (SELECT timestamptz '2026-01-01 08:00+00' + (i / 40) * interval '1 hour' AS at) AS start;
CREATE VIEW public.busiest AS SELECT room, count(*) AS bookings FROM public.bookings GROUP BY room ORDER BY 2 DESC, 1 LIMIT 5;
