# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a database a backup holds, in which archives, and what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._errors import Refused
from .._postgresql.catalog import Name, Table, owned_sequences, read_catalog, views_of, views_of_foreign_tables
from .._postgresql.partitions import Partition, partitions
from .._postgresql.session import UTF8, Session
from .selection import TORN, Selection, choose_rows

__all__ = ["Archive", "Contents", "contents_of", "refuse_hidden_large_objects"]

REST = "rest.dump"

# A part takes a process of its own, which first reads all of the catalog: there are no more of them than it takes to
# keep many jobs busy to the end of a restore, about so many, and never twice as many. Tables smaller than the least are
# in the part that holds all others, and large ones too once what is left is no more than a part.
LEAST_TABLE_BYTES = 8 << 20
LEAST_PART_BYTES = 128 << 20
PARTS = 48
MOST_NAMED = 2000  # tables that programs are told by name


@dataclass(frozen=True)
class Archive:
    """One archive with rows.

    :ivar tables: the tables whose rows it holds.
    :ivar sequences: schema and name of those that belong to its tables; their values are in the one of all others.
    :ivar through_roots: whether rows of partitions are loaded through the roots of their trees.
    """

    file: str
    tables: Sequence[Table]
    sequences: Sequence[Name]
    through_roots: bool

    @property
    def rest(self) -> bool:
        """Whether it is the one that holds all that is in no other."""
        return self.file == REST

    @property
    def bytes(self) -> int:
        """Bytes of its tables, on the server's disk."""
        return sum(table.bytes for table in self.tables)


@dataclass(frozen=True)
class Contents:
    """What of a database is dumped.

    :ivar tables: those of which the rows are dumped, the largest first.
    :ivar unchosen: those of which the rows are not, because others were chosen.
    :ivar roots: for each partition, the root of its tree.
    :ivar archives: where the rows are, the one that holds all others last.
    :ivar left_out: what is not dumped, by kind; kinds with nothing in them are absent.
    """

    tables: Sequence[Table]
    unchosen: Sequence[Table]
    partitions: Mapping[int, Partition]
    roots: Mapping[int, Table]
    archives: Sequence[Archive]
    left_out: dict[str, list[str]]
    selection: Selection | None

    @property
    def names(self) -> frozenset[str]:
        """The tables of which the rows are dumped."""
        return frozenset(table.name for table in self.tables)

    @property
    def summed(self) -> dict[str, list[str]]:
        """The partitions whose rows a restore may put elsewhere, by the root of their tree."""
        return _summed(self.tables, self.partitions, self.roots)


def _summed(
    tables: Sequence[Table], trees: Mapping[int, Partition], roots: Mapping[int, Table]
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table in sorted(tables, key=lambda table: table.name):
        if table.oid in trees and not trees[table.oid].certain:
            found.setdefault(roots[table.oid].name, []).append(table.name)
    return found


def contents_of(found: Sequence[Table], session: Session, selection: Selection | None = None) -> Contents:
    """Say what of a database is dumped, and how.

    :param found: its relations, the largest first.
    :param selection: whose rows; None for all.
    """
    standby = session.value("SELECT pg_is_in_recovery() AS standby")
    dumped = [
        table
        for table in found
        if table.kind == "r" and table.condition is not None and not (standby and table.persistence == "u")
    ]
    by_oid = {table.oid: table for table in found}
    trees = partitions(session)
    roots = {oid: by_oid[partition.root] for oid, partition in trees.items() if partition.root in by_oid}
    unchosen, without = _unchosen(dumped, session, selection, _summed(dumped, trees, roots))
    dumped = [table for table in dumped if table not in unchosen]
    return Contents(
        tables=dumped,
        unchosen=unchosen,
        partitions=trees,
        roots=roots,
        archives=_archives(dumped, trees, owned_sequences(session), session.encoding),
        left_out={**_left_out(found, standby, session), **without},
        selection=selection,
    )


def _unchosen(
    dumped: Sequence[Table], session: Session, selection: Selection | None, summed: Mapping[str, Sequence[str]]
) -> tuple[list[Table], dict[str, list[str]]]:
    """The tables whose rows are left out by a selection, and all that is left out with them, by kind.

    What cannot be named to a program stays: rows too many do no harm.

    :param summed: the partitions whose rows a restore may put elsewhere, by the root of their tree.
    :raises Refused: for some of those without the others.
    """
    if selection is None:
        return [], {}
    choice = choose_rows(read_catalog(session), selection)
    torn = choice.torn(summed)
    if torn:
        raise Refused("choosing tables", torn[0], TORN, f"Choose {torn[0]}.")
    unchosen = [table for table in dumped if table.name not in choice.chosen and _nameable(table, session.encoding)]
    names = sorted(table.name for table in unchosen)
    objects = session.value("SELECT count(*) AS number FROM pg_largeobject_metadata")
    kinds = {
        "tables": names,
        "foreign_keys": [str(key) for key in choice.foreign_keys],
        "views_of_tables": views_of(session, names),
        "large_objects": [f"all {objects}"] if objects else [],
    }
    return unchosen, {kind: found for kind, found in kinds.items() if found}


def _nameable(table: Table, encoding: str, sequences: Sequence[Name] = ()) -> bool:
    """Whether pg_dump can be told a table's name, and those of its sequences.

    It takes names for bytes of the database's encoding: in another one than UTF-8, only those in ASCII mean the same.
    Of an extension's tables it takes no name at all.
    """
    names = [table.name, *(word for sequence in sequences for word in sequence)]
    return not table.of_extension and (encoding == UTF8 or all(name.isascii() for name in names))


def _archives(
    dumped: Sequence[Table], trees: Mapping[int, Partition], owned: Mapping[int, Sequence[Name]], encoding: str
) -> list[Archive]:
    """The tables in groups of about the same size, each an archive; and one archive of all others.

    :param dumped: the largest first.
    :param owned: the sequences that belong to tables.
    """

    def through_roots(table: Table) -> bool:
        return table.oid in trees and not trees[table.oid].certain

    left = total = sum(table.bytes for table in dumped)
    most = max(LEAST_PART_BYTES, total // PARTS)
    groups: list[list[Table]] = []
    filled: list[int] = []
    named = 0
    rest: list[Table] = []
    for table in dumped:
        worth = left > most and table.bytes >= LEAST_TABLE_BYTES and named < MOST_NAMED
        if not (worth and _nameable(table, encoding, owned.get(table.oid, ()))):
            rest.append(table)
            continue
        left -= table.bytes
        fitting = (
            number
            for number, group in enumerate(groups)
            if filled[number] + table.bytes <= most and through_roots(group[0]) == through_roots(table)
        )
        number = next(fitting, len(groups))
        if number == len(groups):
            groups.append([])
            filled.append(0)
        groups[number].append(table)
        named += 1
        filled[number] += table.bytes
    files = [*(f"data-{number:03d}.dump" for number in range(1, len(groups) + 1)), REST]
    return [
        Archive(
            file,
            tables,
            [] if file == REST else [name for table in tables for name in owned.get(table.oid, ())],
            any(through_roots(table) for table in tables),
        )
        for file, tables in zip(files, [*groups, rest])
    ]


def _left_out(found: Sequence[Table], standby: bool, session: Session) -> dict[str, list[str]]:
    tables = [table for table in found if table.kind == "r"]
    unpopulated = [table.name for table in found if table.kind == "m" and not table.populated]
    kinds = {
        "foreign_tables": [table.name for table in found if table.kind == "f"],
        "unpopulated_materialized_views": unpopulated,
        "views_of_foreign_tables": [name for name in views_of_foreign_tables(session) if name not in unpopulated],
        "extension_tables": [table.name for table in tables if table.condition is None],
        "unlogged_tables": [table.name for table in tables if table.persistence == "u" and standby],
        "invalid_indexes": session.values(
            "SELECT i.indexrelid::regclass::text AS name FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid "
            "WHERE NOT i.indisvalid AND t.relkind <> 'p' AND t.relpersistence <> 't' ORDER BY 1"
        ),
    }
    return {kind: sorted(names) for kind, names in kinds.items() if names}


def refuse_hidden_large_objects(session: Session) -> None:
    """Refuse a role that may not read every large object: pg_dump would fail in the middle of its work.

    :raises Refused: and tells how many.
    """
    hidden = session.value(
        """
        SELECT count(*) AS hidden FROM pg_largeobject_metadata AS l
        WHERE current_setting('is_superuser') = 'off' AND NOT pg_has_role(l.lomowner, 'USAGE')
              AND NOT EXISTS (SELECT FROM aclexplode(l.lomacl) AS a WHERE a.privilege_type = 'SELECT'
                              AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))
        """
    )
    if hidden:
        raise Refused(
            "backing up large objects",
            session.where,
            f"the role may not read {hidden} of them; pg_read_all_data does not cover large objects",
            "Grant the role membership in their owner, or SELECT on them, or use a superuser.",
        )
