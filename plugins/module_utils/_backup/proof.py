# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof of a restore: the restored database is compared with what the backup's manifest says of the original."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import Refused
from .._postgresql.catalog import database_properties, read_catalog
from .._postgresql.differences import HEAD, Catalog, Difference, compare
from .._postgresql.grants import Grant
from .._postgresql.server import Server
from .._postgresql.session import Row, Session
from .._postgresql.sql import Identifier, compose, split_qualified
from .._progress import Progress
from .manifest import Manifest
from .rows import compare_rows

__all__ = ["LeftAlone", "Proof", "prove", "prove_properties", "qualified"]


# Kinds of objects that are a schema or an extension, or are named after one.
_NAMED_AS_A_WHOLE = frozenset({"comment", "default privileges", "extension", "privileges", "schema", "security label"})

_SEQUENCES = """
SELECT n.nspname AS schema, c.relname AS name
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'S'
"""

# From 16 on, the server writes names of ICU locales in the standard's form.
_STANDARD_LOCALES = 160000

# The size differs when two databases hold the same: it is no property that anybody gave.
_NOT_GIVEN = frozenset({"bytes"})


@dataclass(frozen=True)
class LeftAlone:
    """What a restore left out on purpose.

    :ivar extensions: extensions that live in one database only, with the schema that is theirs.
    :ivar views: materialised views that read foreign tables, and were not refreshed.
    """

    extensions: Mapping[str, str]
    views: Sequence[str]

    def explains(self, difference: Difference) -> bool:
        """Whether a difference is what leaving things out makes of a database."""
        if difference.kind == "relation: populated":
            return difference.object in self.views
        schemas = self.extensions.values()
        words = difference.object.split(" ")
        if any(word.split(".")[0] in schemas for word in words if "." in word):
            return True
        whole = difference.kind.split(":")[0] in _NAMED_AS_A_WHOLE
        return whole and any(word in (*schemas, *self.extensions) for word in words)


@dataclass
class Proof:
    """What was compared, and what differs.

    :ivar contents_compared: of how many tables not only the number of rows was compared, but what is in them.
    :ivar notes: what is not as it was for a reason that is no fault, such as an extension's newer version.
    """

    tables_compared: int
    rows_compared: int
    objects_compared: int
    differences: list[Difference]
    notes: list[str]
    contents_compared: int = 0

    @property
    def verified(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """The proof as a module returns it; of many differences, the first hundred."""
        return {
            "verified": self.verified,
            "tables_compared": self.tables_compared,
            "rows_compared": self.rows_compared,
            "contents_compared": self.contents_compared,
            "objects_compared": self.objects_compared,
            "differences": [difference.as_dict() for difference in self.differences[:100]],
            "differences_total": len(self.differences),
            "notes": self.notes,
        }


def prove(
    server: Server,
    session: Session,
    manifest: Manifest,
    expected: Catalog,
    jobs: int,
    left_alone: LeftAlone,
    progress: Progress,
) -> Proof:
    """Compare rows, sequences and every catalogued object of the restored database with the backup's.

    :param session: a session on the restored database.
    :param expected: the catalog as it was.
    """
    rows = compare_rows(server, session.database, manifest, jobs, left_alone.extensions.values(), progress)
    progress.phase("comparing objects")
    compared = compare(expected, read_catalog(session))
    wrong = [*rows.differences, *_wrong_values(session, manifest), *compared.differences]
    return Proof(
        tables_compared=len(manifest.tables),
        rows_compared=sum(rows for rows in manifest.tables.values() if rows is not None),
        contents_compared=rows.contents,
        objects_compared=sum(len(objects) for kind, objects in expected.items() if kind != HEAD),
        differences=[difference for difference in wrong if not left_alone.explains(difference)],
        notes=[*rows.notes, *compared.notes],
    )


def _wrong_values(session: Session, manifest: Manifest) -> Iterator[Difference]:
    """The sequences that do not go on where they were; of one that is missing, the catalog tells."""
    there = {(row["schema"], row["name"]) for row in session.query(_SEQUENCES)}
    for name, value in (manifest.sequences or {}).items():
        sequence = qualified(name)
        if sequence.parts not in there:
            continue
        row = session.row(compose("SELECT last_value, is_called FROM {sequence}", sequence=sequence))
        if [row["last_value"], row["is_called"]] != value:
            yield Difference("sequence: value", name, value, [row["last_value"], row["is_called"]])


def prove_properties(session: Session, database: str, version: int, expected: Row) -> list[Difference]:
    """Compare what belongs to a restored database as a whole with what was recorded.

    Owner, grants, comment, settings (of roles in it too), connection limit, encoding, locale, tablespace, security
    labels. Who granted is not compared: a restore grants as the owner.

    :param session: on any database of the server; inside the transaction that gives the properties, it sees them.
    :param database: the database's name.
    :param version: of the server that told what is expected.
    :param expected: the properties as they are to be; the manifest's own, unless they were to become others.
    """
    found = database_properties(session, database, sized=False)
    upgraded = version < _STANDARD_LOCALES <= session.version
    uncompared = _NOT_GIVEN | ({"locale"} if upgraded and expected["locale_provider"] == "i" else set())
    return [
        Difference(f"database: {name}", database, value, found.get(name))
        for name, value in expected.items()
        if name not in uncompared and _plain(name, value) != _plain(name, found.get(name))
    ]


def _plain(name: str, value: Any) -> Any:
    """A property in a form that is the same for what means the same."""
    if name == "acl":
        held: dict[str, set[str]] = {}
        for item in value or []:
            grant = Grant.of(item)
            held.setdefault(grant.grantee, set()).update(re.findall(r"[A-Za-z]\*?", grant.letters))
        return held
    if name == "settings":
        return sorted((setting["role"] or "", setting["setting"]) for setting in value)
    return value


def qualified(name: str) -> Identifier:
    """Take a qualified name of a manifest apart and quote it anew: a manifest may have been tampered with."""
    parts = split_qualified(name)
    if parts is None:
        raise Refused(
            "reading a backup set's manifest",
            repr(name),
            "it is not the name of a relation, quoted and qualified",
            "Use another set; keep this one to look into.",
        )
    return Identifier(*parts)
