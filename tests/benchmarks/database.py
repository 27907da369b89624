# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the database that backups are measured on, and says whether it is one that tells something.

What one table or one index takes most of measures that one, and not the work: two processes share nothing there.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass

from .places import Place
from .rows import KINDS, PARTY, Kind, Maker
from .table import Line, at_most

__all__ = ["TABLES", "Made", "Table", "make_database", "tables_of"]

TABLES = 40
_SCHEMAS = ("sales", "web", "content", "finance", "plant")
_PARTY_SHARE = 0.003
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Table:
    """One table that is made.

    :ivar parties: how many rows there are that its rows belong to.
    """

    number: int
    name: str
    kind: Kind
    rows: int
    parties: int


@dataclass(frozen=True)
class Made:
    """A database that was made.

    :ivar lines: what it must be like to tell something, and what it is like.
    """

    name: str
    bytes: int
    rows: int
    lines: tuple[Line, ...]


def make_database(place: Place, name: str, size: int) -> Made:
    """Make a database of about *size* bytes, its indexes included."""
    place.execute(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    tables = tables_of(size)
    place.execute(
        *(f"CREATE SCHEMA {schema}" for schema in _SCHEMAS),
        *(f"CREATE TABLE {table.name} (id integer NOT NULL, {table.kind.columns})" for table in tables),
        database=name,
    )
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(_load, [place] * len(tables), [name] * len(tables), tables))
    with ThreadPoolExecutor(2) as threads:
        seconds = list(threads.map(lambda statement: _timed(place, name, statement), _indexes(tables)))
        keys = [
            f"ALTER TABLE {table.name} ADD FOREIGN KEY (party_id) REFERENCES {tables[0].name}" for table in tables[1:]
        ]
        list(threads.map(lambda statement: _timed(place, name, statement), keys))
    # What ran for a while has been vacuumed, so that the visible need not be found out again by each who reads.
    place.execute("VACUUM (ANALYZE)", database=name)
    return _described(place, name, seconds)


def tables_of(size: int) -> list[Table]:
    """The tables, that which all others refer to first: sizes fall slowly, and no kind has only large ones."""
    parties = max(50, int(size * _PARTY_SHARE / PARTY.row_bytes))
    weights = [(rank + 5) ** -0.8 for rank in range(TABLES - 1)]
    rest = size * (1 - _PARTY_SHARE) / sum(weights)
    tables = [Table(0, f"{_SCHEMAS[0]}.party", PARTY, parties, parties)]
    for rank, weight in enumerate(weights):
        kind = KINDS[rank % len(KINDS)]
        name = f"{_SCHEMAS[rank % len(_SCHEMAS)]}.{kind.name}_{rank // len(KINDS) + 1}"
        tables.append(Table(rank + 1, name, kind, max(10, int(rest * weight / kind.row_bytes)), parties))
    return tables


def _indexes(tables: Sequence[Table]) -> Iterable[str]:
    for table in tables:
        yield f"ALTER TABLE {table.name} ADD PRIMARY KEY (id)"
        for index in table.kind.indexes:
            unique = "UNIQUE " if index.startswith("UNIQUE ") else ""
            yield f"CREATE {unique}INDEX ON {table.name} {index.removeprefix('UNIQUE ')}"


class _Lines(io.RawIOBase):
    """Rows as a stream that is read once."""

    def __init__(self, rows: Iterable[str]) -> None:
        self._rows = iter(rows)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        wanted = _CHUNK if size < 0 else size
        parts, length = [self._rest], len(self._rest)
        while length < wanted:
            row = next(self._rows, None)
            if row is None:
                break
            parts.append(row.encode())
            length += len(parts[-1])
        chunk = b"".join(parts)
        self._rest = chunk[wanted:]
        return chunk[:wanted]


def _load(place: Place, database: str, table: Table) -> None:
    rows = _Lines(table.kind.rows(Maker(table.number, table.parties), table.rows))
    with place.connected(database) as cursor:
        cursor.copy_expert(f"COPY {table.name} FROM STDIN", rows, _CHUNK)


def _timed(place: Place, database: str, statement: str) -> float:
    began = time.monotonic()
    place.execute(statement, database=database)
    return time.monotonic() - began


def _described(place: Place, name: str, seconds: Sequence[float]) -> Made:
    of_tables = "SELECT pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace >= 16384"
    counted = "SELECT sum(reltuples)::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace >= 16384"
    sizes = place.values(of_tables, name)
    (rows,) = place.values(counted, name)
    (whole,) = place.values("SELECT pg_database_size(current_database())", name)
    return Made(
        name,
        whole,
        rows,
        (
            Line(f"{name}: share of the largest of {len(sizes)} tables", [max(sizes) / sum(sizes)], at_most(0.15)),
            Line(f"{name}: time of the slowest of {len(seconds)} indexes", [max(seconds) / sum(seconds)], at_most(0.1)),
        ),
    )
