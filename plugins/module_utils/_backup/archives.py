# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The archives of a set: written in parallel from one snapshot, read back when nothing of the database is held."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Callable

from .._errors import Day2Error, Refused
from .._parallel import run_all
from .._postgresql.catalog import Catalog, Name, Table, read_catalog
from .._postgresql.client import Client, pattern
from .._postgresql.fingerprint import MEASURES, Fingerprint, Measure, hash_of_known_text, measure_large_objects
from .._postgresql.snapshot import Snapshot
from .._postgresql.statistics import TAKEN_FROM
from .._progress import Progress
from .contents import Archive, Contents
from .copyrows import DumpCounter
from .manifest import Part
from .pace import Pace
from .selection import without_large_objects
from .store import Draft

__all__ = ["Archives", "NotVerified", "Seen", "compressions", "kinds_without_rows"]


# A word of a command may be 128 KiB long; a name takes up to 128 bytes.
_NAMED_AT_ONCE = 500


class NotVerified(Day2Error):
    """What was written is not what was in the database."""


@dataclass
class Seen:
    """What was seen on the snapshot while the archives were written.

    :ivar rows: what is in each dumped table, by object identifier; None where that was not to be measured.
    :ivar large_objects: what is in the large objects; None where contents were not to be measured.
    :ivar known: the sums of a known text.
    """

    rows: dict[int, Fingerprint] | None
    large_objects: Fingerprint | None = None
    known: str = ""
    catalog: Catalog = field(default_factory=dict)

    def of(self, table: Table) -> Fingerprint | None:
        """What is in one table, where that was measured."""
        return None if self.rows is None else self.rows[table.oid]


class Archives:
    """Writes a set's archives into a draft, and reads them back.

    :ivar compression: how they are compressed, as pg_dump calls it.
    :ivar notes: what pg_dump had to say.
    :ivar parts: those that are written, the schema first.
    """

    def __init__(
        self, client: Client, draft: Draft, compressions: Sequence[str], jobs: int, progress: Progress
    ) -> None:
        self.compression = next(
            (one for one in compressions[:-1] if client.can_compress(one)),
            compressions[-1],
        )
        self.notes: list[str] = []
        self.parts: list[Part] = []
        self._client = client
        self._draft = draft
        self._jobs = jobs
        self._progress = progress
        self._stop = threading.Event()

    # -- write --------------------------------------------------------------------------------------------------------

    def write(
        self,
        snapshot: Snapshot,
        contents: Contents,
        kinds: Sequence[str],
        lock_wait_seconds: float,
        fingerprint: str,
        pace: Pace,
    ) -> Seen:
        """Write all archives, several at once; in between, measure the rows that they ought to hold.

        :param kinds: of the archives that hold no rows.
        :param fingerprint: what to record of the rows: ``rows``, ``content`` or ``none``.
        """
        every = [
            f"--snapshot={snapshot.id}",
            f"--encoding={snapshot.session.encoding}",
            f"--lock-wait-timeout={lock_wait_seconds * 1000:.0f}",
            f"--compress={self.compression}",
        ]
        parted = [table for archive in contents.archives if not archive.rest for table in archive.tables]
        apart = named("--exclude-table-data", [_name(table) for table in (*parted, *contents.unchosen)])
        rest = [*apart, *(["--no-blobs"] if contents.selection is not None else [])]
        archives = sorted(contents.archives, key=lambda archive: archive.bytes, reverse=True)
        measure = MEASURES.get(fingerprint)
        rows: dict[int, Fingerprint] = {}
        seen = Seen(None if measure is None else rows)

        def measured(table: Table, measure: Measure) -> None:
            rows[table.oid] = snapshot.pool.ask(lambda session: measure(session, table))
            pace.measured()

        def look() -> None:
            catalog = read_catalog(snapshot.session)
            seen.catalog = catalog if contents.selection is None else without_large_objects(catalog)
            seen.known = hash_of_known_text(snapshot.session)

        def large_objects() -> None:
            seen.large_objects = snapshot.pool.ask(measure_large_objects)

        work: list[Callable[[], None]] = [
            *(partial(self._rows, archive, rest, every, pace) for archive in archives),
            *(partial(self._kind, kind, every, pace) for kind in kinds),
            look,
            *([large_objects] if fingerprint == "content" and contents.selection is None else []),
            *(partial(measured, table, measure) for table in contents.tables if measure is not None),
        ]
        run_all(work, self._jobs, self._stop)
        order = [*map(_file, kinds), *(archive.file for archive in contents.archives)]
        self.parts.sort(key=lambda part: order.index(part.file))
        return seen

    def _kind(self, kind: str, every: Sequence[str], pace: Pace) -> None:
        pace.finished(0, self._write(_file(kind), kind, [*every, f"--{kind}-only"], f"dumping the {kind}"))

    def _rows(self, archive: Archive, rest: Sequence[str], every: Sequence[str], pace: Pace) -> None:
        options = [*every, "--data-only", *(["--load-via-partition-root"] if archive.through_roots else [])]
        if archive.rest:
            options += rest
            doing = "dumping the small tables, sequences and large objects"
            written = self._write(archive.file, "rest", options, doing)
        else:
            names = tuple(map(_name, archive.tables))
            options += [*named("--table", names), *named("--exclude-table-data", archive.sequences)]
            doing = f"dumping {', '.join(table.name for table in archive.tables)}"
            written = self._write(archive.file, "data", options, doing, names)
        pace.finished(archive.bytes, written)

    def _write(self, name: str, kind: str, options: Sequence[str], doing: str, tables: tuple[Name, ...] = ()) -> int:
        with self._draft.file(name) as stream:
            sink = self._progress.writing(stream.write)
            streamed, said = self._client.dump(options, sink, doing, self._stop)
        self.notes += said
        self.parts.append(Part(name, kind, streamed.size, streamed.sha256, tables))
        return streamed.size

    # -- read back ----------------------------------------------------------------------------------------------------

    def read_back(self, read: Callable[[bytes], str]) -> dict[str, DumpCounter]:
        """Let every archive be read to its end, several at once; return what is in each file.

        :param read: reads a name in the encoding of the archives.
        """
        self._progress.phase("reading back", len(self.parts), "parts", sum(part.bytes for part in self.parts))
        largest_first = sorted(self.parts, key=lambda part: part.bytes, reverse=True)
        counted = run_all([partial(self._read_back, part, read) for part in largest_first], self._jobs, self._stop)
        return {part.file: counter for part, counter in zip(largest_first, counted)}

    def _read_back(self, part: Part, read: Callable[[bytes], str]) -> DumpCounter:
        counter = DumpCounter(read)
        with self._draft.open(part.file) as archive:
            # Elsewhere nothing is counted: there is what people wrote, which may look like rows.
            sink = counter if part.kind in ("data", "rest") else _discard
            source = self._progress.reading(archive)
            back = self._client.read_back(source, sink, f"reading back {part.file}", self._stop)
        if (back.size, back.sha256) != (part.bytes, part.sha256):
            raise NotVerified(
                f"reading back {part.file}",
                str(self._draft.folder),
                f"{part.bytes} bytes were written and {back.size} read, or their hashes differ",
                "Look at the disk and the memory of this host, then run it again.",
            )
        self._progress.add(1)
        return counter.finish()


def kinds_without_rows(contents: Contents, fingerprint: str, server_major: int) -> list[str]:
    """The kinds of those archives of a set that hold no rows. Statistics hold for all rows of counted tables only."""
    lasting = contents.selection is None and fingerprint != "none" and server_major >= TAKEN_FROM
    return ["schema", *(["statistics"] if lasting else [])]


def _file(kind: str) -> str:
    return f"{kind}.dump"


def named(option: str, relations: Iterable[Name]) -> list[str]:
    """An option of pg_dump for many relations; each word names hundreds, for thousands of words would be too many."""
    by_schema: dict[str, list[str]] = {}
    for schema, relation in relations:
        by_schema.setdefault(schema, []).append(relation)
    return [
        f"{option}={pattern(schema, *names[start : start + _NAMED_AT_ONCE])}"
        for schema, names in by_schema.items()
        for start in range(0, len(names), _NAMED_AT_ONCE)
    ]


def _name(table: Table) -> Name:
    return table.schema, table.relation


def _discard(chunk: bytes) -> None:
    del chunk


def compressions(wanted: str, level: int | None, client_major: int) -> list[str]:
    """The values of pg_dump's ``--compress`` to try, the best first; the last is known to every build.

    :param wanted: ``auto``, ``zstd``, ``lz4``, ``gzip`` or ``none``.
    :param level: the compression's level; its own default when None.
    """
    suffix = "" if level is None else f":{level}"
    if wanted == "none":
        return ["0"]
    if client_major < 16:
        if wanted in ("zstd", "lz4"):
            raise Refused(
                "choosing the compression",
                f"pg_dump of PostgreSQL {client_major}",
                f"it knows gzip only, {wanted} came with 16",
                "Choose auto or gzip.",
            )
        return [str(6 if level is None else level)]
    if wanted == "auto":
        return [f"zstd{suffix or ':3'}", f"gzip{suffix}"]
    return [f"{wanted}{suffix}"]
