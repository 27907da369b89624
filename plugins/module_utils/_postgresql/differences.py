# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two catalogs compared: what is missing, too much or not as it was, and what only looks different."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .._errors import Refused
from .grants import Grant
from .session import Row
from .wording import alike, reworded

__all__ = ["HEAD", "Catalog", "Comparison", "Difference", "Head", "compare"]

Catalog = Mapping[str, Mapping[str, Row]]

# Of a catalog itself: which server it is of, and what was read of each kind.
HEAD = "catalog"
_READ = "read"

# Texts that the server makes from what it has understood.
_WORDED = frozenset({"argument_defaults", "body", "bound", "definition", "row_filter", "with_check"})

# What no dump holds, so that no restore can bring it back: told, but no fault of a set. Kind and property, and why.
_IN_NO_DUMP = (
    (r"constraint: triggers .*", "a restored foreign key is enforced again, whatever DISABLE TRIGGER ALL had done"),
    (r"extension: version .*", "the version that the server has is installed"),
    (r"privileges(: \w+)? language (c|internal|sql)", "dumps hold nothing of the system's own languages"),
)

_SECRET = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)

# Of long texts, such as functions, results and reports show a piece.
_EXCERPT, _CONTEXT = 300, 60

_EVERYTHING = "arwdDxt"  # all privileges on a table, until 17 brought "m": MAINTAIN
_OWNER_ROLE = "pg_database_owner"


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was."""

    kind: str
    object: str
    expected: Any
    found: Any

    def as_dict(self) -> dict[str, Any]:
        """The difference as plain data."""
        return {"kind": self.kind, "object": self.object, "expected": self.expected, "found": self.found}

    def __str__(self) -> str:
        return f"{self.kind} {self.object}: {self.expected!r} was, {self.found!r} is"


@dataclass
class Comparison:
    """What differs, and what is not as it was, or was not looked at, for a reason that is no fault."""

    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Head:
    """What a catalog says of itself.

    :ivar version: the server's version as a number, such as 170005.
    :ivar superuser: the role that initdb made.
    :ivar properties: what was read of each kind.
    """

    version: int
    superuser: str
    properties: Mapping[str, list[str]]

    @classmethod
    def of(cls, catalog: Catalog) -> Head:
        """Read it.

        :raises Refused: when the catalog says nothing of itself.
        """
        if HEAD not in catalog:
            raise Refused(
                "reading a backup set's catalog",
                "the set",
                "it does not say what was read; an unreleased version of this collection made it",
                "Make another backup, and use that.",
            )
        return cls(**catalog[HEAD][_READ])

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.version // 10000

    def objects(self) -> dict[str, Row]:
        """The head in the form of a catalog's other objects."""
        return {_READ: asdict(self)}


def compare(expected: Catalog, found: Catalog) -> Comparison:
    """Compare two catalogs, of which the second may be of a newer server.

    Only what both tell of is compared: a server of 13 knows nothing of the compression of columns.
    """
    was, now = Head.of(expected), Head.of(found)
    result = Comparison()
    for kind, properties in was.properties.items():
        if kind not in now.properties:
            result.notes.append(f"objects of the kind {kind} are not compared: they are not read any more")
            continue
        unread = sorted(set(properties) - set(now.properties[kind]))
        if unread:
            result.notes.append(f"of the kind {kind}, not compared: {', '.join(unread)}; it is not read any more")
        both = [name for name in properties if name not in unread]
        for change in _changes(kind, both, expected.get(kind, {}), found.get(kind, {}), was, now):
            _judge(change, result)
    return result


@dataclass(frozen=True)
class _Change:
    """A property that is not the same."""

    kind: str
    name: str
    key: str
    here: Any
    there: Any
    was: Head
    now: Head

    def passes(self, major: int) -> bool:
        """Whether the restore came from before a major version to that or a later one."""
        return self.was.major < major <= self.now.major

    @property
    def difference(self) -> Difference:
        kind = f"{self.kind}: {self.key}" if self.key else self.kind
        here, there = self.here, self.there
        if isinstance(here, str) and isinstance(there, str):
            parting = next(
                (place for place, (a, b) in enumerate(zip(here, there)) if a != b), min(len(here), len(there))
            )
            begin = max(0, parting - _CONTEXT)
            return Difference(kind, self.name, _excerpt(here, begin), _excerpt(there, begin))
        return Difference(kind, self.name, _shown(here), _shown(there))


def _changes(
    kind: str, keys: list[str], objects: Mapping[str, Row], others: Mapping[str, Row], was: Head, now: Head
) -> Iterator[_Change]:
    for name in sorted({*objects, *others}):
        here, there = objects.get(name), others.get(name)
        if here is None or there is None:
            yield _Change(kind, name, "", _presence(here), _presence(there), was, now)
            continue
        for key in keys:
            if here.get(key) != there.get(key):
                yield _Change(kind, name, key, here.get(key), there.get(key), was, now)


def _judge(change: _Change, result: Comparison) -> None:
    difference = change.difference
    for explanation in _EXPLANATIONS:
        told = explanation(change)
        if told is not None:
            result.notes += [f"{difference}; {told}"] if told else []
            return
    result.differences.append(difference)


def _presence(row: Row | None) -> str:
    return "missing" if row is None else "present"


def _excerpt(text: str, begin: int) -> str:
    """Of a long text, a piece; what differs is in it when it begins a little before that."""
    if len(text) <= _EXCERPT:
        return text
    end = begin + _EXCERPT
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"


def _shown(value: Any) -> Any:
    """A value without what is nobody's business: options of foreign data may hold credentials."""
    if not isinstance(value, list):
        return value
    return [
        f"{name}=?" if equals and _SECRET.search(name) else item
        for item in value
        for name, equals, _rest in [str(item).partition("=")]
    ]


# -- what only looks different ----------------------------------------------------------------------------------------
# Each returns None where it explains nothing, an empty text where the change means nothing, else what is to be told.


def _in_no_dump(change: _Change) -> str | None:
    where = f"{change.difference.kind} {change.name}"
    return next((why for pattern, why in _IN_NO_DUMP if re.fullmatch(pattern, where, re.DOTALL)), None)


def _worded(change: _Change) -> str | None:
    """Definitions: the server may word anew what it reads back, and another version has words of its own."""
    here, there = change.here, change.there
    if change.key not in _WORDED or not isinstance(here, str) or not isinstance(there, str):
        return None
    if change.kind == "comment":
        return None
    if reworded(here) == reworded(there):
        return ""
    if not alike(here, there):
        return None
    return "" if change.was.major != change.now.major else "only casts, parentheses or labels differ"


def _maintained(change: _Change) -> str | None:
    """The privilege MAINTAIN came with 17; who had every privilege on a table has it there."""
    if change.key != "acl" or not change.passes(17) or None in (change.here, change.there):
        return None
    return "" if sorted(map(_with_maintain, change.here)) == sorted(change.there) else None


def _with_maintain(item: str) -> str:
    grant = Grant.of(item)
    if grant.letters == _EVERYTHING:
        return str(replace(grant, letters=f"{grant.letters}m"))
    if grant.letters == "".join(f"{letter}*" for letter in _EVERYTHING):
        return str(replace(grant, letters=f"{grant.letters}m*"))
    return item


def _locale_named(change: _Change) -> str | None:
    """From 16 on, the server writes names of ICU locales in the standard's form."""
    if change.kind != "collation" or change.key != "locale" or not change.passes(16):
        return None
    return f"PostgreSQL {change.now.major} names ICU locales in another form"


def _public_schema(change: _Change) -> str | None:
    """From 15 on, the schema public is the database owner's, and only he creates in it; older dumps do not tell."""
    if (change.kind, change.name) != ("schema", "public") or not change.passes(15):
        return None
    superuser = change.was.superuser
    if change.key == "owner":
        same = (change.here, change.there) == (superuser, _OWNER_ROLE)
        return f"from PostgreSQL 15 on it is {_OWNER_ROLE}'s" if same else None
    grants = [Grant.of(item) for item in change.here or []]
    moved = [
        str(
            Grant(
                _OWNER_ROLE if grant.grantee == superuser else grant.grantee,
                "U" if (grant.grantee, grant.letters) == ("", "UC") else grant.letters,
                _OWNER_ROLE if grant.grantor == superuser else grant.grantor,
            )
        )
        for grant in grants
    ]
    if sorted(moved) != sorted(change.there or []):
        return None
    if not any((grant.grantee, grant.letters) == ("", "UC") for grant in grants):
        return ""
    return "from PostgreSQL 15 on not everybody may create in it: grant CREATE to whoever needs it"


_EXPLANATIONS = (_in_no_dump, _worded, _maintained, _locale_named, _public_schema)
