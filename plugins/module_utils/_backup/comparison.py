# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof of a backup: what its archives hold is what the snapshot had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .._postgresql.catalog import Catalog, Name
from .._postgresql.fingerprint import Fingerprint
from .._postgresql.sql import identifier, split_qualified
from .archives import NotVerified
from .contents import REST, Contents
from .copyrows import DumpCounter

__all__ = ["compare", "names_in"]


def compare(
    contents: Contents,
    rows: Mapping[int, Fingerprint] | None,
    catalog: Catalog,
    held: Mapping[str, DumpCounter],
    where: str,
) -> dict[str, list[Any]]:
    """Compare what the archives hold with what the snapshot had; return the values of sequences as those have them.

    :param rows: what is in each dumped table, by object identifier; None where that was not measured.
    :param held: what is in each archive, by its file.
    :raises NotVerified: and tells the first differences.
    """
    wrong = [] if rows is None else _wrong_rows(_expected(contents, rows), held)
    rest = held[REST]
    objects = len(catalog["large object"])
    if objects != len(rest.large_objects):
        wrong.append(f"{objects} large objects in the database, {len(rest.large_objects)} in the dump")
    sequences = {split_qualified(name) for name in catalog["sequence"]}
    wrong += [f"the sequence {name} is not in the dump" for name in sorted(map(str, sequences - set(rest.sequences)))]
    # Read at another moment, they would be set a second time.
    twice = {name for file, counter in held.items() if file != REST for name in counter.sequences}
    wrong += [f"the sequence {name} is in the dump twice" for name in sorted(map(str, twice))]
    if wrong:
        raise NotVerified(
            "comparing the dump with the database",
            where,
            f"{len(wrong)} differences: {'; '.join(wrong[:5])}",
            "Run it again; if it happens again, keep both and report it.",
        )
    values = rest.sequences
    return {identifier(schema, name): list(values[schema, name]) for schema, name in sorted(values)}


def _wrong_rows(expected: Counter[Name], held: Mapping[str, DumpCounter]) -> list[str]:
    found: Counter[Name] = Counter()
    for counter in held.values():
        found.update(counter.rows)
    return [
        f"{'.'.join(name)}: {had} rows in the database, {in_dump} in the dump"
        for name in sorted({*expected, *found})
        if (had := expected.get(name, "no table")) != (in_dump := found.get(name, "none"))
    ]


def _expected(contents: Contents, rows: Mapping[int, Fingerprint]) -> Counter[Name]:
    """The rows that archives ought to load into each table: those of partitions, where it is so, into their root."""
    expected: Counter[Name] = Counter()
    for archive in contents.archives:
        for table in archive.tables:
            target = contents.roots.get(table.oid, table) if archive.through_roots else table
            expected[target.schema, target.relation] += rows[table.oid].rows
    return expected


def names_in(contents: Contents, catalog: Catalog) -> Iterator[str]:
    """Every name of a relation, and of its schema, that an archive may hold."""
    for table in (*contents.tables, *contents.roots.values()):
        yield from (table.schema, table.relation)
    for sequence in catalog["sequence"]:
        yield from split_qualified(sequence) or ()
