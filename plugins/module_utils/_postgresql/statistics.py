# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the planner knows of a restored database: taken from the backup where that holds, collected anew elsewhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Callable

from .._parallel import run_all
from .._progress import Progress
from .kinds.kind import OWN_SCHEMA, qualified
from .pool import SessionPool
from .server import Server
from .session import Row, Session
from .sql import Identifier, Raw, compose

__all__ = ["TAKEN_FROM", "Statistics", "holding"]

# The first major version whose pg_dump writes statistics, and whose server takes them.
TAKEN_FROM = 18

# A table's statistics hold while its rows have changed by no more than what makes autovacuum collect them anew by
# default (autovacuum_analyze_threshold and autovacuum_analyze_scale_factor).
_FEW, _SHARE = 50, 0.1

_OWN = f"{OWN_SCHEMA} AND c.relpersistence <> 't'"

_INDEXES = f"""
SELECT c.oid::bigint AS oid, i.indrelid::bigint AS of, c.reltuples::float8 AS tuples
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'i' AND {_OWN}
"""
# Of how many columns there are statistics, of how many there ought to be: for tables, and for indexes on expressions.
_TABLES = f"""
WITH known AS (
  SELECT schemaname, tablename, count(*) AS columns FROM pg_stats WHERE NOT inherited GROUP BY 1, 2
), columns AS (
  SELECT attrelid, count(*) AS columns FROM pg_attribute
   WHERE attnum > 0 AND NOT attisdropped AND attgenerated <> 'v' AND attstattarget IS DISTINCT FROM 0
   GROUP BY 1
), expressions AS (
  SELECT i.indrelid, bool_or(coalesce(known.columns, 0) < (SELECT count(*) FROM unnest(i.indkey) AS k WHERE k = 0))
         AS lacking
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
         LEFT JOIN known ON known.schemaname = n.nspname AND known.tablename = c.relname
   WHERE i.indexprs IS NOT NULL
   GROUP BY 1
)
SELECT c.oid::bigint AS oid, {qualified("c.relname")} AS name,
       c.reltuples::float8 AS tuples,
       coalesce(known.columns, 0) < coalesce(columns.columns, 0) OR coalesce(expressions.lacking, false)
       OR c.relhassubclass OR EXISTS (SELECT FROM pg_statistic_ext AS x WHERE x.stxrelid = c.oid) AS lacking
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
       LEFT JOIN known ON known.schemaname = n.nspname AND known.tablename = c.relname
       LEFT JOIN columns ON columns.attrelid = c.oid
       LEFT JOIN expressions ON expressions.indrelid = c.oid
 WHERE c.relkind = 'r' AND {_OWN}
"""
# The files here have other sizes than those of the dumped database, which may have been bloated.
_CORRECT = """
SELECT pg_restore_relation_stats(
         'schemaname', n.nspname::text, 'relname', c.relname::text,
         'relpages', least(pg_relation_size(c.oid) / current_setting('block_size')::int, 2147483647)::int,
         'reltuples', counted.tuples::real, 'relallvisible', 0, 'relallfrozen', 0)
  FROM jsonb_to_recordset({sizes}::jsonb) AS counted(oid bigint, tuples float8)
       JOIN pg_class AS c ON c.oid = counted.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace
"""

_LARGEST_FIRST = f"""
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND {_OWN} AND (NOT c.relispartition OR {{alone}})
 ORDER BY pg_relation_size(c.oid) DESC, c.oid
"""
# A partitioned table's statistics are taken from its partitions, whose own come with them unless it is told otherwise.
_PARTITIONED = f"""
SELECT n.nspname AS schema, c.relname AS name
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'p' AND {_OWN} AND (NOT c.relispartition OR {{alone}})
 ORDER BY c.oid
"""
_AT_ONCE = 50


class Statistics:
    """The statistics of one restored database; without them it answers, but may do so a thousand times slower.

    :param stop: ends the work when set.
    :param progress: is told how far it is.
    """

    def __init__(self, server: Server, database: str, jobs: int, stop: threading.Event, progress: Progress) -> None:
        self._server = server
        self._database = database
        self._jobs = jobs
        self._stop = stop
        self._progress = progress

    def take(self, load: Callable[[], object], rows: Mapping[str, int | None]) -> frozenset[int]:
        """Take those of the backup; return the tables, by object identifier, for which they hold.

        :param load: loads them.
        :param rows: how many rows each table has, by its quoted and qualified name; None where that is not known.
        """
        self._progress.phase("taking statistics")
        with self._server.session(self._database) as session:
            indexes = session.query(_INDEXES)
            load()
            tables = holding(session.query(_TABLES), rows)
            of_indexes = {row["oid"]: row["tuples"] for row in indexes if row["of"] in tables}
            self._correct(session, {**tables, **of_indexes})
        return frozenset(tables)

    def _correct(self, session: Session, sizes: Mapping[int, float]) -> None:
        told = json.dumps([{"oid": oid, "tuples": tuples} for oid, tuples in sizes.items()])
        session.query(compose(_CORRECT, sizes=told))

    def collect(self, but: Collection[int] = ()) -> None:
        """Collect them of every table.

        :param but: the tables, by object identifier, whose statistics are there.
        """
        alone = self._server.major >= TAKEN_FROM  # ANALYZE ONLY is as old
        with SessionPool(partial(self._server.session, self._database)) as pool:
            tables = pool.ask(lambda session: session.query(compose(_LARGEST_FIRST, alone=alone)))
            parents = pool.ask(lambda session: session.query(compose(_PARTITIONED, alone=alone)))
            groups = [*_grouped([row for row in tables if row["oid"] not in but]), *([row] for row in parents)]
            self._progress.phase("analysing", sum(map(len, groups)), "tables")
            run_all([partial(self._analyze, pool, group, alone) for group in groups], self._jobs, self._stop)

    def _analyze(self, pool: SessionPool, tables: Sequence[Row], alone: bool) -> None:
        only = "ONLY " if alone else ""
        names = (only + compose("{table}", table=Identifier(row["schema"], row["name"])) for row in tables)
        pool.ask(lambda session: session.execute(compose("ANALYZE {names}", names=Raw(", ".join(names)))))
        self._progress.add(len(tables))


def holding(tables: Sequence[Row], rows: Mapping[str, int | None]) -> dict[int, float]:
    """The tables for which the statistics that came with a backup hold, with the number of their rows.

    :param tables: oid, name, the tuples of which the statistics tell, and whether some are lacking.
    :param rows: how many rows there are, by name.
    """
    found: dict[int, float] = {}
    for table in tables:
        there = rows.get(table["name"])
        if there is None or table["lacking"] or table["tuples"] < 0:
            continue
        if abs(table["tuples"] - there) <= _FEW + _SHARE * there:
            found[table["oid"]] = float(there)
    return found


def _grouped(tables: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The largest each on its own, the many others together."""
    for row in tables[:_AT_ONCE]:
        yield [row]
    for start in range(_AT_ONCE, len(tables), _AT_ONCE):
        yield tables[start : start + _AT_ONCE]
