# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the sandbox's databases: the SQL files beside this one, in order, the large ones at the same time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from ..embedded import EmbeddedServer
from .layout import LOGINS, Layout, say
from .troubles import plant

__all__ = ["OFFICE", "SHOP", "build", "connect", "definition"]

SHOP = "shop"
OFFICE = "Büro & Lager"  # a second, small database, with a name that has to be quoted everywhere
OWNER = "app_owner"

_FILES = Path(__file__).parent / "database"
_STEPS = (
    ("Schemas, types and tables", None, ["10_types", "20_tables"]),
    ("Rows", "parallel", ["30_rows_orders", "30_rows_products", "30_rows_odd"]),
    ("Indexes", "parallel", ["40_indexes_orders", "40_indexes_products"]),
    ("Constraints, views, functions, grants", None, ["50_constraints", "60_programs"]),
)
_LAST = ["70_grants", "80_comments", "90_settle"]


def definition() -> str:
    """What the databases are made from, as one short text: another one means that they have to be built anew."""
    parts = [path.read_bytes() for path in sorted(_FILES.glob("*.sql"))]
    parts += [Path(__file__).with_name(name).read_bytes() for name in ("build.py", "troubles.py")]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def connect(server: EmbeddedServer, database: str = "postgres", role: str | None = None) -> Any:
    """A session of the superuser in which every statement stands for itself, working as *role*."""
    session = psycopg2.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, dbname=database,
        connect_timeout=10, application_name="sandbox",
    )  # fmt: skip
    session.autocommit = True
    if role:
        session.cursor().execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    return session


def build(server: EmbeddedServer, layout: Layout, scale: float) -> None:
    """Make roles and databases in an empty server that runs."""
    with closing(connect(server)) as session:
        cursor = session.cursor()
        cursor.execute(_text("01_roles"))
        for role in LOGINS:
            cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD %s").format(sql.Identifier(role)), [layout.password(role)])
        for database in (SHOP, OFFICE):
            new = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(OWNER))
            cursor.execute(new)
    _run(server, ["03_superuser_first"], scale, role=None)
    for title, parallel, names in _STEPS:
        _step(title, server, [[name] for name in names] if parallel else [names], scale)
    _run(server, ["65_superuser_last"], scale, role=None)
    _run(server, _LAST, scale)
    _run(server, ["02_settings"], scale, role=None)
    _office(server)
    _vacuum(server)
    plant(lambda: connect(server, SHOP, OWNER), lambda: connect(server, SHOP))


def _text(name: str) -> str:
    return (_FILES / f"{name}.sql").read_text(encoding="utf-8")


def _step(title: str, server: EmbeddedServer, batches: Sequence[Sequence[str]], scale: float) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(len(batches)) as pool:
        for running in [pool.submit(_run, server, names, scale) for names in batches]:
            running.result()
    say(f"{title}: {time.monotonic() - started:.1f} s")


def _run(server: EmbeddedServer, names: Sequence[str], scale: float, role: str | None = OWNER) -> None:
    with closing(connect(server, SHOP, role)) as session:
        cursor = session.cursor()
        cursor.execute("SELECT set_config('sandbox.scale', %s, false)", [str(scale)])
        cursor.execute(_text("05_helpers"))
        for name in names:
            cursor.execute(_text(name))


def _office(server: EmbeddedServer) -> None:
    with closing(connect(server, OFFICE, OWNER)) as session:
        session.cursor().execute(_text("office"))
    with closing(connect(server, OFFICE)) as session:
        session.cursor().execute("VACUUM (ANALYZE)")


def _vacuum(server: EmbeddedServer) -> None:
    """As autovacuum would have done in the meantime: nothing is left for it to find."""
    started = time.monotonic()
    with closing(connect(server, SHOP)) as session:
        cursor = session.cursor()
        cursor.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm') ORDER BY relpages DESC")
        tables = [name for (name,) in cursor.fetchall()]

    def vacuum(names: list[str]) -> None:
        with closing(connect(server, SHOP)) as session:
            cursor = session.cursor()
            cursor.execute("SET vacuum_cost_delay = 0")
            for name in names:
                cursor.execute(f"VACUUM (ANALYZE) {name}")

    with ThreadPoolExecutor(2) as pool:
        for running in [pool.submit(vacuum, tables[part::2]) for part in range(2)]:
            running.result()
    say(f"Statistics: {time.monotonic() - started:.1f} s")
