# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database with what backups tend to lose, small, and the ways to look at it from outside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql import fingerprint
from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import Table
from ansible_collections.day2.ops.plugins.module_utils._postgresql.fingerprint import Fingerprint
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import Session
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose

from .maintenance_places import Place, places

ODD_NAMES = [
    "Mixed Case",
    'qu"ote',
    "it's",
    "back\\slash",
    "; DROP TABLE x; --",
    "line\nbreak",
    "ünï ☃",
    "y" * 63,
    "select",
]

_STATEMENTS = (
    'CREATE SCHEMA "Odd ""Schema"""',
    "CREATE TYPE public.mood AS ENUM ('sad', 'ok', 'happy')",
    "CREATE DOMAIN public.positive AS int CHECK (VALUE > 0)",
    "CREATE SEQUENCE public.lonely START 7 INCREMENT 3",
    "SELECT nextval('public.lonely') FROM generate_series(1, 5)",
    """CREATE TABLE public.customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
       mood public.mood, upper_name text GENERATED ALWAYS AS (upper(name)) STORED)""",
    "INSERT INTO public.customers (name, mood) SELECT 'n' || i, 'ok' FROM generate_series(1, 500) AS i",
    "CREATE TABLE public.orders (id serial PRIMARY KEY, customer int REFERENCES public.customers, note text)",
    r"""INSERT INTO public.orders (customer, note)
        SELECT 1 + i % 500, E'a\tb\\.\nc' || i FROM generate_series(1, 2000) AS i""",
    "CREATE INDEX ON public.orders (customer) WHERE note IS NOT NULL",
    # The server words this constraint otherwise once it has read its own wording.
    "CREATE TABLE public.worded (status varchar(20) CHECK (status IN ('new', 'old')))",
    "CREATE TABLE public.nothing ()",
    "INSERT INTO public.nothing DEFAULT VALUES",
    "CREATE UNLOGGED TABLE public.fleeting (i int)",
    "INSERT INTO public.fleeting VALUES (1), (2)",
    "CREATE TABLE public.parent (i int); CREATE TABLE public.child (j int) INHERITS (public.parent)",
    "INSERT INTO public.parent VALUES (1), (2), (3)",
    "INSERT INTO public.child VALUES (4, 5)",
    "CREATE TABLE public.parted (d int, v text) PARTITION BY RANGE (d)",
    "CREATE TABLE public.parted_low PARTITION OF public.parted FOR VALUES FROM (0) TO (100)",
    "CREATE TABLE public.parted_rest PARTITION OF public.parted DEFAULT",
    "INSERT INTO public.parted SELECT i, 'v' FROM generate_series(50, 149) AS i",
    "CREATE MATERIALIZED VIEW public.z_first AS SELECT count(*) AS n FROM public.orders",
    "CREATE MATERIALIZED VIEW public.a_second AS SELECT n * 2 AS n FROM public.z_first",
    "CREATE MATERIALIZED VIEW public.never AS SELECT 1 AS one WITH NO DATA",
    "CREATE FUNCTION public.greet(text) RETURNS text LANGUAGE sql AS $$ SELECT 'hi ' || $1 $$",
    "CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "CREATE TRIGGER touch BEFORE UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.touch()",
    "ALTER TABLE public.orders DISABLE TRIGGER touch",
    "ALTER TABLE public.customers ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON public.customers USING (name = current_user)",
    "COMMENT ON TABLE public.orders IS 'What people ordered; it''s important'",
    "SELECT lo_from_bytea(0, decode(repeat('00ff', 5000), 'hex'))",
    "SELECT lo_create(0)",
)  # fmt: skip


def furnish(place: Place) -> None:
    """Fill the place's database."""
    place.run(*_STATEMENTS)
    place.run(
        *(
            compose("CREATE TABLE {t} ({c} int); INSERT INTO {t} SELECT generate_series(1, {n})",
                    t=Identifier('Odd "Schema"', name), c=Identifier(name), n=number)
            for number, name in enumerate(ODD_NAMES, 1)
        )
    )  # fmt: skip


def furnished(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    """The body of fixtures: a furnished database on the kind of server that the parameter names."""
    for place in places(request, login):
        furnish(place)
        yield place


def content_of(session: Session) -> dict[str, str]:
    """A hash of every row of every table of the session's database, and of every large object."""
    names = session.values(
        "SELECT format('%I.%I', n.nspname, c.relname) AS name "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND n.nspname !~ '^pg_' "
        "AND n.nspname <> 'information_schema' ORDER BY 1"
    )
    hashes = {
        name: session.value(
            f"SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) AS h FROM ONLY {name} AS t"
        )
        for name in names
    }
    hashes["large objects"] = session.value(
        "SELECT md5(coalesce(string_agg(oid || ':' || md5(lo_get(oid)), ',' ORDER BY oid), '')) AS h "
        "FROM pg_largeobject_metadata"
    )
    return hashes


def arguments(place: Place, folder: Path, **more: Any) -> dict[str, Any]:
    """What the backup modules are called with."""
    return place.arguments(directory=str(folder), environment="test", **more)


def files_below(folder: Path) -> dict[str, str]:
    """Every file below a folder and its hash, locks aside."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def texts_below(folder: Path) -> str:
    """The content of every file below a folder that a person could read, as one text."""
    return "\n".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def databases(place: Place) -> list[str]:
    """The databases of the place's server that restores made and left."""
    with place.server.session() as session:
        return session.values("SELECT datname AS name FROM pg_database WHERE datname LIKE 'day2\\_restore%' ORDER BY 1")


def miscount(monkeypatch: pytest.MonkeyPatch, relation: str, by: int) -> None:
    """Let the rows of one table be counted wrongly from now on."""
    count = fingerprint.MEASURES["rows"]

    def wrong(session: Session, table: Table) -> Fingerprint:
        return count(session, table) + Fingerprint(by if table.relation == relation else 0)

    monkeypatch.setitem(fingerprint.MEASURES, "rows", wrong)


def manifest_of(path: str | Path) -> dict[str, Any]:
    """A set's manifest."""
    manifest: dict[str, Any] = json.loads((Path(path) / "manifest.json").read_text())
    return manifest
