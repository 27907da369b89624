# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests of index maintenance plant, and how they look at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import QueryFailed, Session
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, Raw, compose

from .maintenance_places import ALONE_WITH_TOAST, Place

# Every kind of B-tree index of which the estimate has to think differently: columns, options, predicate.
KINDS = [
    "(id)", "(few)", "(thousand)", "(big)", "(hash)", "(var)", "(nullish)", "(mostly_null)", "(flag)", "(num)",
    "(num_few)", "(uid)", "(ts)", "(wide)", "(skewed)", "(zipf)", "(pairs)", "(short)", "(kind)", "(list)", "(doc)",
    "(toasted)", "(few, thousand)", "(flag, id)", "(hash, id)", "(id) INCLUDE (hash)", "(lower(hash))",
    "((thousand * 2))", "(id) WHERE flag", "(hash) WHERE few = 3", "(var) WHERE thousand < 100",
    "(id) WITH (fillfactor = 60)", "(hash) WITH (fillfactor = 100)", "(few) WITH (deduplicate_items = off)",
    "(mostly_null, nullish)", "(nullish) WHERE nullish IS NOT NULL", "((doc ->> 'a'))", "(var, hash, ts)",
    "(upper(var)) WHERE few < 5", "(substr(wide, 1, 50))", "(hash COLLATE \"C\" DESC NULLS LAST)",
]  # fmt: skip


def plant_zoo(place: Place, rows: int) -> None:
    place.run(
        f"""CREATE TABLE public.zoo WITH ({ALONE_WITH_TOAST}) AS
            SELECT g AS id, g % 10 AS few, g % 1000 AS thousand, g::bigint AS big, md5(g::text) AS hash,
                   repeat('x', (g * 7919) % 60) AS var, CASE WHEN g % 5 > 0 THEN g END AS nullish,
                   CASE WHEN g % 100 = 0 THEN g END AS mostly_null, g % 3 = 0 AS flag, g::numeric AS num,
                   (g % 50)::numeric AS num_few, md5(g::text)::uuid AS uid,
                   timestamptz '2026-01-01' + g * interval '1s' AS ts, repeat(md5(g::text), 10) AS wide,
                   CASE WHEN g % 10 < 3 THEN 'common' ELSE md5(g::text) END AS skewed,
                   (((g * 7919) % 1000)::float8 ^ 3 / 10000)::int AS zipf, g / 2 AS pairs,
                   g::text::varchar(20) AS short, ('n' || g % 20)::name AS kind, ARRAY[g, g + 1] AS list,
                   jsonb_build_object('a', g) AS doc,
                   (SELECT string_agg(md5(g::text || i), '' ORDER BY i)
                      FROM generate_series(1, CASE WHEN g % 20 = 0 THEN 75 ELSE 1 END) i) AS toasted
              FROM generate_series(1, {rows}) g""",
        *(f"CREATE INDEX zoo_{number} ON public.zoo {kind}" for number, kind in enumerate(KINDS)),
    )


def bloated(place: Place, table: str = "bloated", rows: int = 60000) -> None:
    """A table with a primary key and an index, of both of which four fifths are empty."""
    name = compose("public.{t}", t=Identifier(table))
    place.run(
        f"CREATE TABLE {name} (id int PRIMARY KEY, v text) WITH ({ALONE_WITH_TOAST})",
        f"INSERT INTO {name} SELECT g, md5(g::text) FROM generate_series(1, {rows}) g",
        compose("CREATE INDEX {i} ON {t} (v)", i=Identifier(f"{table[:55]} v"), t=Raw(name)),
        f"DELETE FROM {name} WHERE id % 5 > 0",
    )
    place.run(f"VACUUM (ANALYZE) {name}")
    settle(place, name)


def settle(place: Place, name: str) -> None:
    place.settle(
        compose(
            "SELECT pg_stat_get_mod_since_analyze({n}::regclass) + pg_stat_get_dead_tuples({n}::regclass) AS n", n=name
        ),
        0,
    )


def actions(entries: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["index"]: entry["action"] for entry in entries}


def index_files(place: Place) -> list[Any]:
    return place.values(
        """SELECT json_build_array(c.relname, c.oid, pg_relation_filenode(c.oid), i.indisvalid)::text
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.oid >= 16384 ORDER BY c.oid"""
    )


def invalid(place: Place) -> list[str]:
    return place.values(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid ORDER BY 1"
    )


@contextmanager
def old_snapshot(place: Place, *statements: str) -> Iterator[Session]:
    """A transaction with a snapshot, for which every concurrent build has to wait."""
    with place.session() as session:
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        session.value("SELECT count(*) AS n FROM pg_class")
        for statement in statements:
            session.execute(statement)
        yield session
        session.execute("ROLLBACK")


def interrupt(place: Place, *statements: str, blocking: Sequence[str] = ()) -> None:
    """Really interrupt concurrent builds: each waits for a transaction until its time-out."""
    with old_snapshot(place, *blocking), place.session() as session:
        session.execute("SET lock_timeout = '100ms'")
        for statement in statements:
            with pytest.raises(QueryFailed, match="lock timeout"):
                session.execute(statement)
