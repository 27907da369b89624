# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest: what a backup set holds, and how it is known to be whole."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from .._errors import Day2Error
from .._postgresql.catalog import Name
from .._postgresql.fingerprint import Fingerprint
from .selection import words

__all__ = ["FORMAT", "MANIFEST", "Manifest", "ManifestDamaged", "Part", "iso", "moment", "now", "stamp"]

FORMAT = "day2.ops/backup-set/1"
MANIFEST = "manifest.json"

# A manifest may have been written by somebody else: its names stay in its own folder.
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


_TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("environment", "database", "label", "started", "finished", "snapshot"), str),
    **dict.fromkeys(("system_identifier", "compression", "fingerprint"), str),
    **dict.fromkeys(("server_version", "client_version", "large_objects"), int),
    **dict.fromkeys(("properties", "extensions", "tables", "extension_tables", "summed", "left_out"), dict),
    **dict.fromkeys(("refresh", "notes"), list),
    **dict.fromkeys(("verified", "in_recovery"), bool),
    "seconds": (int, float),
    **dict.fromkeys(("sequences", "content", "selection"), (dict, type(None))),
}


class ManifestDamaged(Day2Error):
    """A manifest that cannot be trusted."""


@dataclass(frozen=True)
class Part:
    """One file of a set.

    :ivar file: its name in the set's folder.
    :ivar kind: ``schema``, ``statistics``, ``data``, ``rest`` (all data that is in none of those), ``globals``,
        ``catalog`` or ``guide``.
    :ivar tables: for ``data``, schema and name of each table whose rows it holds.
    """

    file: str
    kind: str
    bytes: int
    sha256: str
    tables: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What a set holds. Times are ISO 8601 in UTC; ``seconds`` is how long the backup took.

    :ivar tables: rows of each table at the snapshot's moment; None where they were not counted.
    :ivar extension_tables: the same of tables that belong to extensions: rows that the extension marks for dumps.
    :ivar summed: partitions whose rows a restore may put elsewhere in their tree, by the table at its top; only the sum
        of their rows stays what it was.
    :ivar sequences: last value and whether it was handed out, of each sequence, as the dump has them; None when the
        parts were not read back.
    :ivar left_out: what the set does not hold, by kind: foreign tables' rows, views never populated, and so on.
    :ivar verified: every part was read to its end, and the rows in it equal ``tables``.
    :ivar fingerprint: what was recorded of the rows: ``rows``, how many there are; ``content``, also what they are;
        ``none``.
    :ivar content: for ``content``, the sums of the rows' hashes of each table (``tables``, ``extension_tables``) and of
        all large objects (``large_objects``), how they are made (``algorithm``) and those of a known text (``known``).
    :ivar selection: whose rows were chosen (``tables``, ``schemas``); None where the set holds all of the database.
    """

    environment: str
    database: str
    label: str
    started: str
    finished: str
    seconds: float
    snapshot: str
    server_version: int
    client_version: int
    system_identifier: str
    in_recovery: bool
    compression: str
    properties: dict[str, Any]
    extensions: dict[str, str]
    tables: dict[str, int | None]
    sequences: dict[str, list[Any]] | None
    large_objects: int
    refresh: list[str]
    left_out: dict[str, list[str]]
    parts: list[Part]
    verified: bool
    extension_tables: dict[str, int | None] = field(default_factory=dict)
    summed: dict[str, list[str]] = field(default_factory=dict)
    fingerprint: str = "rows"
    content: dict[str, Any] | None = None
    format: str = FORMAT
    notes: list[str] = field(default_factory=list)
    selection: dict[str, Any] | None = None

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of every file but the manifest itself."""
        return {part.file: part.sha256 for part in self.parts}

    @property
    def total_bytes(self) -> int:
        """Bytes of all files but the manifest itself."""
        return sum(part.bytes for part in self.parts)

    @property
    def major(self) -> int:
        """Major version of the server that was dumped."""
        return self.server_version // 10000

    def measured(self) -> dict[str, Fingerprint | None]:
        """What was recorded of each table's rows, of extensions' tables too; None where nothing was."""
        found: dict[str, Fingerprint | None] = {}
        for kind, tables in (("tables", self.tables), ("extension_tables", self.extension_tables)):
            for name, rows in tables.items():
                content = None if self.content is None else self.content[kind][name]
                found[name] = None if rows is None else Fingerprint.read(rows, content)
        return found

    def narrowed(self, chosen: Collection[str]) -> Manifest:
        """What a set with the rows of *chosen* tables alone, and without large objects, would say."""
        tables = {name: rows for name, rows in self.tables.items() if name in chosen}
        content = self.content
        if content is not None:
            sums = {name: sums for name, sums in content["tables"].items() if name in chosen}
            content = {**content, "tables": sums, "large_objects": None}
        return replace(self, tables=tables, content=content, large_objects=0)

    def part(self, kind: str) -> Part:
        """Return the only part of a kind."""
        (part,) = (part for part in self.parts if part.kind == kind)
        return part

    def to_json(self) -> str:
        """The manifest's file, its own checksum in it."""
        plain = json.loads(json.dumps(asdict(self)))
        return json.dumps({**plain, "checksum": _checksum(plain)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Manifest:
        """Read a manifest's file.

        :raises ManifestDamaged: when it is not what :meth:`to_json` wrote.
        """
        try:
            plain = json.loads(text)
            checksum = plain.pop("checksum")
            known = plain["format"] == FORMAT
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _damaged(where, f"it is not a manifest ({type(error).__name__}: {error})") from error
        if not known:
            raise _damaged(where, f"its format is {plain['format']!r}, and {FORMAT!r} is known here")
        if checksum != _checksum(plain):
            raise _damaged(where, "its checksum is not that of its content")
        try:
            parts = [
                Part(**{**part, "tables": tuple((schema, name) for schema, name in part["tables"])})
                for part in plain.pop("parts")
            ]
            manifest = cls(parts=parts, **plain)
        except (TypeError, KeyError, ValueError) as error:
            raise _damaged(where, f"its keys are not those of the format: {error}") from error
        wrong = [name for name, kinds in _TYPES.items() if not isinstance(getattr(manifest, name), kinds)]
        if wrong:
            raise _damaged(where, f"the type of {', '.join(wrong)} is wrong")
        try:
            moment(manifest.started)
            moment(manifest.finished)
            manifest.measured()
            words(manifest.selection)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _damaged(where, str(error)) from error
        for part in manifest.parts:
            if not isinstance(part.file, str) or not _FILE_NAME.fullmatch(part.file) or part.file == MANIFEST:
                raise _damaged(where, f"it names a file {part.file!r}, which no set has")
        return manifest

    def summary(self) -> dict[str, Any]:
        """The manifest as a module returns it."""
        return {
            "label": self.label,
            "environment": self.environment,
            "database": self.database,
            "started": self.started,
            "finished": self.finished,
            "seconds": self.seconds,
            "bytes": self.total_bytes,
            "format": self.format,
            "compression": self.compression,
            "server_version": self.server_version,
            "client_version": self.client_version,
            "tables": self.tables,
            "extension_tables": self.extension_tables,
            "fingerprint": self.fingerprint,
            "selection": self.selection,
            "large_objects": self.large_objects,
            "left_out": self.left_out,
            "files": self.files,
            "verified": self.verified,
        }


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(timezone.utc)


def iso(when: datetime) -> str:
    """A time as it stands in manifests: ``2026-11-22T02:00:00Z``."""
    return when.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Read a time that a manifest or a server wrote."""
    # Python 3.9's fromisoformat knows neither "Z" nor fractions of other lengths than 3 and 6.
    parts = re.fullmatch(r"([^.+Z]*)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text)
    if parts is None:
        raise ValueError(f"not a time in ISO 8601 with its zone: {text!r}")
    whole, fraction, zone = parts.groups()
    return datetime.fromisoformat(f"{whole}.{(fraction or '0')[:6]:0<6}{zone.replace('Z', '+00:00')}")


def stamp(when: datetime) -> str:
    """A time as it stands in names: ``20261122T020000Z``."""
    return when.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def _checksum(plain: dict[str, Any]) -> str:
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _damaged(where: str, why: str) -> ManifestDamaged:
    return ManifestDamaged(
        "reading a backup set's manifest", where, why, "Use another set; keep this one to look into."
    )
