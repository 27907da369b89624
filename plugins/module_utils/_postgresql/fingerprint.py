# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fingerprints of tables: how many rows there are and, if asked for, two sums over a hash of each row.

A sum does not depend on the order of rows, and tells how often each is there; an exclusive or would lose pairs of equal
rows. Each row is hashed as a whole, as one text of all its columns but generated ones, sorted by name: values that
changed places between rows change the sums. Every value is quoted as a literal, so that NULL, the empty string and a
comma are told apart. Its text comes from its type's output function, never from a cast, which anybody may define and
would then run as whoever looks; and no locale decides what is quoted, as it does in the text of a record. Nor does a
collation decide what is the same: the hash is taken of bytes, whatever the columns' collations say of them.

The hash is the server's own for text, taken twice with different seeds: 128 bits in all. By chance, two tables that
differ have the same sums once in 10^38. It is not made to withstand somebody who looks for such tables, and need not
be: whoever could plant them could plant other sums too. It costs hardly any time beyond making the text, where md5 and
sha256 make it three to four times as long, and md5 is missing from servers in FIPS mode. Servers whose processors order
bytes the other way hash otherwise; therefore the hash of a known text is recorded, and compared first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

from .._present import present
from .catalog import Table
from .session import Session
from .sql import Identifier, Raw, compose, identifier, literal

__all__ = [
    "ALGORITHM", "MEASURES", "Fingerprint", "Measure", "count_rows", "hash_of_known_text", "measure_content",
    "measure_large_objects",
]  # fmt: skip

# Another name for every change of what is hashed, or how.
ALGORITHM = "day2.ops/rows/1"

_SEEDS = (0x6A09E667F3BCC908, 0x3C6EF372FE94F82B)  # digits of square roots of 2 and 3, as in SHA-512

_CHUNK = 1 << 20
_ARGUMENTS = 90  # a function takes a hundred


@dataclass(frozen=True)
class Fingerprint:
    """What is in a table, or in several together.

    :ivar rows: how many rows.
    :ivar sums: the sums of their hashes; None when only rows were counted.
    """

    rows: int
    sums: tuple[int, int] | None = None

    def __add__(self, other: Fingerprint) -> Fingerprint:
        if self.sums is None or other.sums is None:
            return Fingerprint(self.rows + other.rows)
        return Fingerprint(self.rows + other.rows, (self.sums[0] + other.sums[0], self.sums[1] + other.sums[1]))

    @property
    def content(self) -> str | None:
        """The sums as text."""
        return None if self.sums is None else "{} {}".format(*self.sums)

    @classmethod
    def read(cls, rows: int, content: str | None) -> Fingerprint:
        """Read what :attr:`content` wrote.

        :raises ValueError: when it is something else.
        """
        if content is None:
            return cls(rows)
        first, second = map(int, content.split(" "))
        return cls(rows, (first, second))


Measure = Callable[[Session, Table], Fingerprint]


def hash_of_known_text(session: Session) -> str:
    """The sums of one known row. Where they are others, the sums of all rows are, and cannot be compared."""
    return present(_measured(session, "SELECT 'day2.ops'::text AS row").content)


def count_rows(session: Session, table: Table) -> Fingerprint:
    """Count the rows of one table itself, without those of its children, that a dump holds."""
    return Fingerprint(session.value(f"SELECT count(*) AS rows FROM {_rows_of(table)}"))


def measure_content(session: Session, table: Table) -> Fingerprint:
    """Count the same rows and hash them."""
    columns = session.values(
        compose(
            "SELECT a.attname AS name FROM pg_attribute AS a WHERE a.attrelid = {table} AND a.attnum > 0 "
            "AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attname",
            table=table.oid,
        )
    )
    return _measured(session, f"SELECT {_text_of(columns)} AS row FROM {_rows_of(table)}")


def _text_of(columns: Sequence[str]) -> str:
    """SQL for one text of these columns' values."""
    texts = [
        _formatted("%L", list(map(identifier, columns[start : start + _ARGUMENTS])))
        for start in range(0, len(columns), _ARGUMENTS)
    ]
    return texts[0] if len(texts) == 1 else _formatted("%s", texts)


def _formatted(kind: str, values: Sequence[str]) -> str:
    return f"format({', '.join([literal(','.join([kind] * len(values))), *values])})"


def measure_large_objects(session: Session) -> Fingerprint:
    """Count and hash the large objects, in pieces that fit into memory."""
    piece = f"lo_get(o.oid, o.start, {_CHUNK})"
    return _measured(
        session,
        f"""
        WITH RECURSIVE o AS (
            SELECT m.oid, 0::bigint AS start FROM pg_largeobject_metadata AS m
            UNION ALL
            SELECT o.oid, o.start + {_CHUNK} FROM o WHERE length({piece}) = {_CHUNK}
        )
        SELECT format('%L,%L,%L', o.oid, o.start, {piece}) AS row FROM o
        """,
    )


MEASURES: dict[str, Measure] = {"rows": count_rows, "content": measure_content}


def _rows_of(table: Table) -> str:
    name, condition = Identifier(table.schema, table.relation), Raw(present(table.condition))
    return compose("ONLY {name} {condition}", name=name, condition=condition)


def _measured(session: Session, rows: str) -> Fingerprint:
    # Without the OFFSET, the planner would put the making of the text into each of the sums.
    sums = ", ".join(
        f'coalesce(sum(hashtextextended(q.row COLLATE "C", {seed})), 0)::text AS sum_{number}'
        for number, seed in enumerate(_SEEDS)
    )
    found: dict[str, Any] = session.row(f"SELECT count(*) AS rows, {sums} FROM ({rows} OFFSET 0) AS q")
    return Fingerprint(found["rows"], (int(found["sum_0"]), int(found["sum_1"])))
