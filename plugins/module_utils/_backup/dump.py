# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backup: plan, do, prove. One snapshot; parts in parallel; read back; published when whole."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._errors import Refused
from .._postgresql.catalog import database_properties, refresh_order, tables
from .._postgresql.client import Client
from .._postgresql.fingerprint import ALGORITHM, Fingerprint
from .._postgresql.server import Server
from .._postgresql.snapshot import Snapshot, limit_lock_waits
from .._postgresql.work_lock import work_lock
from .._progress import SILENT, Progress
from .archives import Archives, Seen, compressions, kinds_without_rows
from .comparison import compare, names_in
from .contents import contents_of, refuse_hidden_large_objects
from .guide import restore_guide
from .manifest import Manifest, Part, now, stamp
from .pace import Pace
from .selection import Selection, choice_of
from .store import DirectoryStore, Draft, StoredSet

__all__ = ["Backup", "BackupOptions", "BackupPlan"]

GLOBALS, CATALOG, GUIDE = "globals.sql", "catalog.json", "RESTORE.md"

_SYSTEM_IDENTIFIER = "SELECT system_identifier::text AS identifier FROM pg_control_system()"


@dataclass(frozen=True)
class BackupOptions:
    """How a backup is made.

    :ivar unless_newer_than: seconds; a verified set younger than this makes the backup unnecessary.
    :ivar fingerprint: what is recorded of the rows: ``rows``, ``content`` or ``none``.
    :ivar compression: ``auto``, ``zstd``, ``lz4``, ``gzip`` or ``none``.
    :ivar level: the compression's level; its own default when None.
    :ivar selection: whose rows are dumped; None for all.
    """

    label: str
    jobs: int
    lock_wait_seconds: float
    compression: str
    level: int | None
    verify: bool
    role_passwords: bool
    unless_newer_than: float | None
    fingerprint: str = "rows"
    selection: Selection | None = None


@dataclass(frozen=True)
class BackupPlan:
    """What a backup would do; what check mode tells.

    :ivar due: whether a backup is necessary.
    :ivar reason: why, or why not.
    """

    due: bool
    reason: str
    parts: int
    tables: int
    database_bytes: int
    needed_bytes: int
    free_bytes: int
    program: str
    left_out: dict[str, list[str]]
    remains: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The plan as a module returns it."""
        return dict(self.__dict__)


class Backup:
    """A backup of one database of one server into one store.

    :param progress: is told how far it is.
    """

    def __init__(
        self,
        server: Server,
        database: str,
        store: DirectoryStore,
        options: BackupOptions,
        progress: Progress = SILENT,
    ) -> None:
        self.server = server
        self.database = database
        self.store = store
        self.options = options
        self.progress = progress
        self.warnings: list[str] = []

    # -- plan ---------------------------------------------------------------------------------------------------------

    def plan(self) -> BackupPlan:
        """Look, and say what would be done. Changes nothing."""
        self.server.silence_event_triggers()
        program = self.server.program("pg_dump")
        with self.server.session(self.database) as session:
            limit_lock_waits(session, self.options.lock_wait_seconds)
            contents = contents_of(tables(session), session, self.options.selection)
            if contents.selection is None:
                refuse_hidden_large_objects(session)
            size = int(database_properties(session)["bytes"])
            system = session.value(_SYSTEM_IDENTIFIER)
        without_rows = len(kinds_without_rows(contents, self.options.fingerprint, self.server.major))
        newest = self.newest(verified=True)
        due, reason = self._due(newest, system)
        return BackupPlan(
            due=due,
            reason=reason,
            parts=len(contents.archives) + without_rows,
            tables=len(contents.tables),
            database_bytes=size,
            needed_bytes=_needed_bytes(size - sum(table.bytes for table in contents.unchosen), newest),
            free_bytes=self.store.free_bytes(),
            program=program.path,
            left_out=contents.left_out,
            remains=[one.path.name for one in self.store.sets(self.database) if one.state == "partial"],
        )

    def newest(self, verified: bool = False) -> StoredSet | None:
        """The newest complete set of what is backed up here."""
        return self.store.newest(self.database, verified, self.options.selection)

    def _due(self, newest: StoredSet | None, system: str) -> tuple[bool, str]:
        limit = self.options.unless_newer_than
        if newest is not None and newest.manifest is not None and newest.manifest.system_identifier != system:
            self.warnings.append(
                f'The sets in {newest.path.parent} are of another server\'s database "{self.database}"; '
                "give each server an environment or a directory of its own."
            )
            return True, "the newest verified set is of another server"
        if newest is None or newest.age_seconds is None:
            of = f"of {self.options.selection} alone" if self.options.selection is not None else "of this database"
            return True, f"there is no verified backup set {of}"
        age = newest.age_seconds
        if limit is None:
            return True, f"a backup was asked for; the newest verified set is {age:.0f} seconds old"
        if age < 0:
            return True, f"the newest verified set, {newest.path.name}, is of the future: the clock was set back"
        if age < limit:
            return (
                False,
                f"the newest verified set, {newest.path.name}, is {age:.0f} seconds old, less than {limit:.0f}",
            )
        return True, f"the newest verified set, {newest.path.name}, is {age:.0f} seconds old, not less than {limit:.0f}"

    # -- do -----------------------------------------------------------------------------------------------------------

    def run(self, plan: BackupPlan) -> StoredSet:
        """Make the set that was planned, and prove it."""
        if plan.free_bytes < plan.needed_bytes:
            raise Refused(
                f'backing up the database "{self.database}"',
                str(self.store.folder(self.database)),
                f"about {plan.needed_bytes} bytes are needed there and {plan.free_bytes} are free",
                "Free space there, or name another folder.",
            )
        doing = f'backing up the database "{self.database}"'
        began = now()
        with self.store.lock(self.database, doing=doing):
            self.store.clear_remains(self.database)
            with self.store.draft(self.database, stamp(began), self.options.label) as draft:
                manifest = self._fill(draft, began)
                path = draft.publish(manifest)
        return StoredSet(path, self.database, "complete", "", manifest)

    def _fill(self, draft: Draft, began: datetime) -> Manifest:
        clock = time.monotonic()
        options = self.options
        client = Client(self.server, self.database)
        compression = compressions(options.compression, options.level, client.dumper.major)
        archives = Archives(client, draft, compression, options.jobs, self.progress)
        last = self.newest()
        self.progress.phase("locking tables")
        with (
            work_lock(self.server, self.database, "backup", shared=True),
            Snapshot(self.server, self.database, options.lock_wait_seconds) as snapshot,
        ):
            session = snapshot.session
            contents = contents_of(snapshot.tables, session, options.selection)
            tables_bytes = sum(one.bytes for one in contents.archives)
            measured = 0 if options.fingerprint == "none" else len(contents.tables)
            kinds = kinds_without_rows(contents, options.fingerprint, self.server.major)
            pace = Pace(self.progress, last, len(contents.archives) + len(kinds), tables_bytes, measured)
            seen = archives.write(snapshot, contents, kinds, options.lock_wait_seconds, options.fingerprint, pace)
            properties = database_properties(session)
            unread = contents.left_out.get("views_of_tables", [])
            refresh = [name for name in refresh_order(session) if name not in unread]
            system = session.row(f"SELECT ({_SYSTEM_IDENTIFIER}) AS identifier, pg_is_in_recovery() AS standby")
            reader = session.reader(names_in(contents, seen.catalog))
        # From here on, nothing of the database is held.
        roles = self._globals(client, draft, archives.notes)
        sequences = None
        if options.verify:
            held = archives.read_back(reader)
            sequences = compare(contents, seen.rows, seen.catalog, held, session.where)
        catalog = _written(draft, CATALOG, "catalog", json.dumps(seen.catalog, sort_keys=True, indent=0))
        keys = [] if options.selection is None else choice_of(seen.catalog, contents.names).foreign_keys
        by_hand = restore_guide(self.database, properties, session.version, archives.parts, refresh, keys)
        guide = _written(draft, GUIDE, "guide", by_hand)
        own = {table.name: seen.of(table) for table in contents.tables if not table.of_extension}
        of_extensions = {table.name: seen.of(table) for table in contents.tables if table.of_extension}
        extensions = {name: row["version"] for name, row in seen.catalog["extension"].items()}
        return Manifest(
            environment=self.store.environment,
            database=self.database,
            label=options.label,
            started=_iso(began),
            finished=_iso(now()),
            seconds=round(time.monotonic() - clock, 3),
            snapshot=snapshot.moment,
            server_version=session.version,
            client_version=client.dumper.major,
            system_identifier=system["identifier"],
            in_recovery=system["standby"],
            compression=archives.compression,
            properties=properties,
            extensions=extensions,
            tables={name: None if one is None else one.rows for name, one in own.items()},
            extension_tables={name: None if one is None else one.rows for name, one in of_extensions.items()},
            fingerprint=options.fingerprint,
            content=_content(seen, own, of_extensions) if options.fingerprint == "content" else None,
            summed=contents.summed,
            sequences=sequences,
            large_objects=len(seen.catalog["large object"]),
            refresh=refresh,
            left_out=contents.left_out,
            parts=[*archives.parts, roles, catalog, guide],
            verified=options.verify and options.fingerprint != "none",
            notes=archives.notes,
            selection=None if options.selection is None else options.selection.as_dict(),
        )

    def _globals(self, client: Client, draft: Draft, notes: list[str]) -> Part:
        options = [] if self.options.role_passwords else ["--no-role-passwords"]
        with draft.file(GLOBALS) as stream:
            streamed, said = client.dump_globals(options, stream.write)
        notes += said
        return Part(GLOBALS, "globals", streamed.size, streamed.sha256)


def _content(
    seen: Seen, own: Mapping[str, Fingerprint | None], of_extensions: Mapping[str, Fingerprint | None]
) -> dict[str, Any]:
    return {
        "algorithm": ALGORITHM,
        "known": seen.known,
        "tables": {name: one and one.content for name, one in own.items()},
        "extension_tables": {name: one and one.content for name, one in of_extensions.items()},
        "large_objects": seen.large_objects and seen.large_objects.content,
    }


def _written(draft: Draft, name: str, kind: str, text: str) -> Part:
    content = text.encode("utf-8", "surrogateescape")
    with draft.file(name) as stream:
        stream.write(content)
    return Part(name, kind, len(content), hashlib.sha256(content).hexdigest())


def _needed_bytes(database_bytes: int, newest: StoredSet | None) -> int:
    """Space that a set will need: a fifth more than the last one; without one, half of the database."""
    if newest is not None and newest.manifest is not None:
        return newest.manifest.total_bytes * 6 // 5
    return database_bytes // 2


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="microseconds").replace("+00:00", "Z")
