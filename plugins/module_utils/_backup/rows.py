# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of a restored database, compared with what its backup recorded of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from .._parallel import run_all
from .._postgresql.catalog import Difference, Table, tables
from .._postgresql.fingerprint import (
    ALGORITHM,
    MEASURES,
    Fingerprint,
    Measure,
    hash_of_known_text,
    measure_large_objects,
)
from .._postgresql.pool import SessionPool
from .._postgresql.server import Server
from .._postgresql.sql import split_qualified
from .._progress import Progress
from .manifest import Manifest

__all__ = ["RowsCompared", "compare_rows"]

MISSING = "missing"


@dataclass(frozen=True)
class RowsCompared:
    """What was found.

    :ivar contents: of how many tables not only the number of rows was compared, but what is in them.
    :ivar notes: why contents that the backup recorded were not compared.
    """

    differences: list[Difference]
    contents: int
    notes: list[str]


def compare_rows(
    server: Server, database: str, manifest: Manifest, jobs: int, without: Collection[str], progress: Progress
) -> RowsCompared:
    """Measure the tables of a restored database as its backup did.

    :param without: schemas of extensions that were left alone.
    """
    recorded = {name: rows for name, rows in manifest.measured().items() if _schema(name) not in without}
    notes: list[str] = []
    wrong: list[Difference] = []
    with SessionPool(partial(server.session, database)) as pool:
        was = manifest.content or {}
        contents = (was.get("algorithm"), was.get("known")) == (ALGORITHM, pool.ask(hash_of_known_text))
        if manifest.content is not None and not contents:
            notes.append("contents were not compared: this server hashes otherwise than the one that was backed up")
        there = {(table.schema, table.relation): table for table in pool.ask(tables)}
        found = [there.get(split_qualified(name) or ("", "")) for name in recorded]
        measure = MEASURES["content" if contents else "rows"]
        progress.phase("comparing rows", len(found), "tables")
        measured = run_all([partial(_measured, pool, measure, table, progress) for table in found], jobs)
        wrong += _compared(recorded, dict(zip(recorded, measured)), manifest.summed)
        if contents and was.get("large_objects") is not None:
            large = pool.ask(measure_large_objects).content
            if large != was.get("large_objects"):
                wrong.append(Difference("content", "large objects", was.get("large_objects"), large))
    return RowsCompared(wrong, len(recorded) if contents else 0, notes)


def _measured(pool: SessionPool, measure: Measure, table: Table | None, progress: Progress) -> Fingerprint | None:
    """What is in a table; an extension may mark no row of its own for dumps any more."""
    if table is None or table.condition is None:
        return None
    fingerprint = pool.ask(lambda session: measure(session, table))
    progress.add(1)
    return fingerprint


def _compared(
    recorded: Mapping[str, Fingerprint | None],
    found: Mapping[str, Fingerprint | None],
    summed: Mapping[str, list[str]],
) -> Iterator[Difference]:
    trees = {name: root for root, names in summed.items() for name in names}
    was: dict[str, Fingerprint] = {}
    now: dict[str, Fingerprint] = {}
    for name, before in recorded.items():
        after = found[name]
        if after is None:
            yield Difference("rows", name, "not counted" if before is None else before.rows, MISSING)
        elif before is not None:
            place = trees.get(name, name)
            was[place] = was[place] + before if place in was else before
            now[place] = now[place] + after if place in now else after
    for name, before in was.items():
        if before.rows != now[name].rows:
            yield Difference("rows", name, before.rows, now[name].rows)
        elif before.content is not None and now[name].content is not None and before.content != now[name].content:
            yield Difference("content", name, before.content, now[name].content)


def _schema(name: str) -> str:
    parts = split_qualified(name)
    return parts[0] if parts else ""
