# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tables are meant: those included, less those excluded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..._errors import Refused
from ..session import QueryFailed, Session
from ..sql import compose

__all__ = ["Selection", "Wanted", "select"]

_TABLE = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS key
  FROM (SELECT parse_ident({name}) AS p) AS given
  JOIN pg_namespace n ON n.nspname = given.p[1]
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = given.p[2] AND c.relkind IN ('r', 'm', 'p')
 WHERE cardinality(given.p) = 2
"""


@dataclass(frozen=True)
class Wanted:
    """What was asked for, as it was written."""

    tables: Sequence[str] = ()
    schemas: Sequence[str] = ()
    exclude_tables: Sequence[str] = ()
    exclude_schemas: Sequence[str] = ()


@dataclass(frozen=True)
class Selection:
    """Tables by key (``quote_ident(schema).quote_ident(table)``) and schemas by name.

    Naming a parent names its partitions and children.
    """

    tables: frozenset[str] = field(default_factory=frozenset)
    schemas: frozenset[str] = field(default_factory=frozenset)
    exclude_tables: frozenset[str] = field(default_factory=frozenset)
    exclude_schemas: frozenset[str] = field(default_factory=frozenset)

    def admits(self, schema: str, table: str, ancestors: Sequence[str] = ()) -> bool:
        """Whether a table, given with the keys of its ancestors, is meant."""
        line = {table, *ancestors}
        if schema in self.exclude_schemas or line & self.exclude_tables:
            return False
        if not self.tables and not self.schemas:
            return True
        return schema in self.schemas or bool(line & self.tables)


def select(session: Session, wanted: Wanted) -> tuple[Selection, list[str]]:
    """Look the names up; return the selection and warnings.

    :raises Refused: when an included name does not exist; an excluded one that does not is only warned about.
    """
    warnings: list[str] = []
    return (
        Selection(
            _tables(session, wanted.tables, None),
            _schemas(session, wanted.schemas, None),
            _tables(session, wanted.exclude_tables, warnings),
            _schemas(session, wanted.exclude_schemas, warnings),
        ),
        warnings,
    )


def _tables(session: Session, names: Sequence[str], warnings: list[str] | None) -> frozenset[str]:
    found = set()
    for name in names:
        try:
            keys = session.values(compose(_TABLE, name=name))
        except QueryFailed as error:
            raise _unknown(session, "table", name, error.why) from None  # its text is the reason given
        if keys:
            found.update(keys)
        elif warnings is None:
            raise _unknown(session, "table", name, f"there is no table or materialised view {name}")
        else:
            warnings.append(f"The table {name}, which is excluded, does not exist in {session.where}.")
    return frozenset(found)


def _schemas(session: Session, names: Sequence[str], warnings: list[str] | None) -> frozenset[str]:
    if not names:
        return frozenset()
    there = set(session.values(compose("SELECT nspname FROM pg_namespace WHERE nspname = ANY ({names})", names=names)))
    for name in names:
        if name in there:
            continue
        if warnings is None:
            raise _unknown(session, "schema", name, f"there is no schema {name}")
        warnings.append(f"The schema {name}, which is excluded, does not exist in {session.where}.")
    return frozenset(there)


def _unknown(session: Session, kind: str, name: str, why: str) -> Refused:
    remedy = (
        'Name a table that exists with its schema, quoted as in SQL: public.orders, "Mixed Case"."A table".'
        if kind == "table"
        else "Name a schema that exists, unquoted."
    )
    return Refused(f"looking up the {kind} {name}", session.where, why, remedy)
