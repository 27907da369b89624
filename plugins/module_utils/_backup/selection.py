# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chosen tables and schemas: whose rows are meant, and what cannot be made without the rows of the others. Pure.

Definitions are never chosen among: a set holds all of them and a restore makes all of them, so that whatever a chosen
table needs is there. What is chosen is rows. A foreign key of a chosen table to one whose rows are left out cannot be
made, so it is left out too.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._errors import Refused
from .._postgresql.client import TocEntry, as_listed
from .._postgresql.differences import Catalog
from .._postgresql.sql import split_name, unquoted

__all__ = ["TORN", "Choice", "ForeignKey", "Selection", "choose_rows", "without_large_objects", "words"]

TORN = "rows of its partitions may belong to others of them in another database, so only all of them can be compared"

# A foreign key as the server words it; a column may be a period.
_NAME = r'(?:"(?:[^"]|"")+"|[a-z0-9_]+)'
_COLUMN = rf"(?:PERIOD )?{_NAME}"
_REFERENCED = re.compile(rf"FOREIGN KEY \({_COLUMN}(?:, {_COLUMN})*\) REFERENCES ({_NAME}\.{_NAME})\(")

# What has a name like a table's, and no rows of its own to choose.
_WITHOUT_ROWS = {"v": "a view", "m": "a materialised view", "f": "a foreign table", "S": "a sequence", "c": "a type"}


@dataclass(frozen=True)
class Selection:
    """What somebody chose.

    :ivar tables: qualified names, quoted as in SQL.
    :ivar schemas: names as they are.
    """

    tables: tuple[str, ...]
    schemas: tuple[str, ...]

    @classmethod
    def of(cls, tables: Sequence[str], schemas: Sequence[str]) -> Selection | None:
        """The selection that two options make; None where nothing is chosen, and everything is meant."""
        return cls(tuple(sorted(set(tables))), tuple(sorted(set(schemas)))) if tables or schemas else None

    def as_dict(self) -> dict[str, Any]:
        """The selection as it stands in manifests, records and results."""
        return {"tables": list(self.tables), "schemas": list(self.schemas)}

    def __str__(self) -> str:
        return words(self.as_dict())


def words(selection: Mapping[str, Any] | None) -> str:
    """A selection, as it stands in manifests, in words; empty where there is none."""
    if selection is None:
        return ""
    return ", ".join([*(f"schema {name}" for name in selection["schemas"]), *selection["tables"]])


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key that cannot be made, because rows to which it refers are left out.

    :ivar parts: schema, table and constraint, as the server quotes them.
    :ivar owner: of its table.
    :ivar refers_to: the other table, qualified and quoted.
    """

    parts: tuple[str, ...]
    owner: str
    refers_to: str

    def __str__(self) -> str:
        return f"{self.name} to {self.refers_to}"

    @property
    def name(self) -> str:
        """Its name in a catalog."""
        return ".".join(self.parts)

    @property
    def comment(self) -> str:
        """The name in a catalog of what is said of it."""
        schema, table, constraint = self.parts
        return f"table constraint {constraint} on {schema}.{table}"

    def listed(self) -> Iterator[str]:
        """How archives list it, and what is said of it."""
        schema, table, constraint = self.parts
        yield as_listed("FK CONSTRAINT", *map(unquoted, self.parts), self.owner)
        yield as_listed("COMMENT", unquoted(schema), f"CONSTRAINT {constraint} ON {table}", self.owner)


@dataclass(frozen=True)
class Choice:
    """What a selection means for one database.

    :ivar chosen: the tables whose rows are meant, qualified and quoted.
    :ivar left: those whose rows are left out.
    :ivar foreign_keys: those that cannot be made.
    :ivar unlisted: what of archives is not restored, as they list it.
    """

    chosen: frozenset[str]
    left: Sequence[str]
    foreign_keys: Sequence[ForeignKey]
    unlisted: frozenset[str] = field(repr=False)

    def passes(self, entry: TocEntry) -> bool:
        """Whether an archive's entry is restored. Large objects belong to no table, and so to no selection."""
        of_large_objects = entry.kind.startswith("BLOB") or entry.rest.startswith("- LARGE OBJECT")
        return not of_large_objects and entry.described not in self.unlisted

    def torn(self, summed: Mapping[str, Sequence[str]]) -> list[str]:
        """The partitioned tables of whose partitions some are chosen and others not, see :data:`TORN`.

        :param summed: the partitions whose rows a restore may put elsewhere, by the root of their tree.
        """
        return [root for root, leaves in summed.items() if 0 < len(self.chosen.intersection(leaves)) < len(leaves)]

    def expected(self, catalog: Catalog) -> Catalog:
        """What a restore ought to make of a catalog."""
        gone = {
            "constraint": {key.name for key in self.foreign_keys},
            "comment": {key.comment for key in self.foreign_keys},
        }
        kept = {
            kind: {name: row for name, row in objects.items() if name not in gone.get(kind, ())}
            for kind, objects in catalog.items()
        }
        return without_large_objects(kept)


def choose_rows(catalog: Catalog, selection: Selection, held: Collection[str] | None = None) -> Choice:
    """Say what a selection means for the database that a catalog is of.

    :param held: the tables whose rows there are to choose from; None for all.
    :raises Refused: when it names what is not there, or has no rows of its own; it says what may be meant.
    """
    relations = catalog["relation"]
    wanted = [*_named(relations, selection.tables), *_in_schemas(relations, selection.schemas)]
    below = _partitions(relations)
    chosen = frozenset(leaf for name in wanted for leaf in _leaves(relations, below, name))
    if held is not None and (absent := sorted(chosen - set(held))):
        raise Refused(
            "choosing tables",
            ", ".join(absent[:5]),
            f"the backup set does not hold the rows of {len(absent)} of the chosen tables",
            "Choose among those that it holds, or use another set.",
        )
    return choice_of(catalog, chosen)


def choice_of(catalog: Catalog, chosen: Collection[str]) -> Choice:
    """What it means to have the rows of *chosen* tables and of no others."""
    relations = catalog["relation"]
    tables = [name for name, row in relations.items() if row["kind"] == "r"]
    left = sorted(set(tables) - set(chosen))
    below = _partitions(relations)

    def holds(name: str, rows: Collection[str]) -> bool:
        return any(leaf in rows for leaf in _leaves(relations, below, name))

    keys = []
    for name, row in sorted(catalog["constraint"].items()):
        found = _REFERENCED.match(row["definition"]) if row["kind"] == "f" else None
        if found is not None:
            parts = split_name(name)
            table = ".".join(parts[:2])
            if holds(table, chosen) and holds(found.group(1), set(left)):
                keys.append(ForeignKey(parts, relations[table]["owner"], found.group(1)))

    def listed(names: Iterable[str]) -> set[str]:
        return {as_listed("TABLE DATA", *map(unquoted, split_name(name)), relations[name]["owner"]) for name in names}

    # Names with blanks may be listed alike; rows too many do no harm.
    rows = listed(left) - listed(name for name in chosen if name in relations)
    unlisted = frozenset([*rows, *(text for key in keys for text in key.listed())])
    return Choice(frozenset(chosen), left, keys, unlisted)


def without_large_objects(catalog: Catalog) -> Catalog:
    """A catalog of what a set holds that was made for chosen tables."""
    return {**catalog, "large object": {}}


def _named(relations: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    """The names as the server quotes them."""
    there = {tuple(map(unquoted, split_name(name))): name for name in relations}
    for name in names:
        found = there.get(tuple(map(unquoted, split_name(name))))
        if found is None:
            raise Refused("choosing tables", name, "there is no such table", _meant(name, relations))
        kind = relations[found]["kind"]
        if kind in _WITHOUT_ROWS:
            why = f"it is {_WITHOUT_ROWS[kind]}: its definition is in every set, and rows of its own it has none"
            raise Refused("choosing tables", name, why, "Leave it out, or choose the tables that it reads.")
        yield found


def _in_schemas(relations: Mapping[str, Any], schemas: Iterable[str]) -> Iterator[str]:
    with_rows = [name for name, row in relations.items() if row["kind"] in ("r", "p")]
    inside: dict[str, list[str]] = {}
    for name in with_rows:
        inside.setdefault(unquoted(split_name(name)[0]), []).append(name)
    for schema in schemas:
        if schema not in inside:
            why = "there is no such schema, or no table in it"
            remedy = f"Those with tables are {', '.join(sorted(inside))}." if inside else "There is no table at all."
            raise Refused("choosing schemas", schema, why, remedy)
        yield from inside[schema]


def _meant(name: str, relations: Mapping[str, Any]) -> str:
    """What somebody may have meant by a name that is none."""
    tables = [one for one, row in relations.items() if row["kind"] in ("r", "p")]
    alike = [one for one in tables if split_name(one)[-1] == name] or difflib.get_close_matches(name, tables)
    hint = f"; {' or '.join(sorted(alike)[:3])} may be meant" if alike else ""
    return f'Write schema and table as in SQL, such as public.orders or app."Order Lines"{hint}.'


def _partitions(relations: Mapping[str, Any]) -> dict[str, list[str]]:
    """The partitions of each partitioned table."""
    below: dict[str, list[str]] = {}
    for name, row in relations.items():
        if row.get("bound") is not None:
            for parent in row["parents"]:
                below.setdefault(parent, []).append(name)
    return below


def _leaves(relations: Mapping[str, Any], below: Mapping[str, list[str]], name: str) -> Iterator[str]:
    """The tables that hold a table's rows: itself, or its partitions."""
    if name in relations and relations[name]["kind"] == "r":
        yield name
    for partition in below.get(name, []):
        yield from _leaves(relations, below, partition)
