# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filling an empty database from a backup set: definitions, rows in parallel, indexes and constraints, statistics."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import IO

from .._errors import NotPossible
from .._parallel import run_all
from .._postgresql.catalog import views_of
from .._postgresql.client import Client, RestoreFailed, TocEntry
from .._postgresql.differences import Catalog
from .._postgresql.server import Server
from .._postgresql.session import QueryFailed, Session
from .._postgresql.sql import Identifier, compose, split_qualified
from .._postgresql.statistics import Statistics
from .._present import present
from .._progress import Progress
from .._runtime.runner import PrivateFile, Word
from .manifest import Manifest, Part
from .proof import qualified
from .selection import Choice
from .store import StoredSet, read_file, sha256_of
from .undumped import emptied, finished

__all__ = ["TIED_EXTENSIONS", "Filling", "tied_extensions", "whole"]

# Extensions that live in one database of a server only, and the schema that is theirs: a second copy would run the
# first one's jobs.
TIED_EXTENSIONS = {"pg_cron": "cron", "pglogical": "pglogical"}

_NOT_YET_POPULATED = "55000"

# Nothing is served from a database that is being restored; a crash loses nothing but the attempt.
_OPTIONS = "-c synchronous_commit=off"

_GIVE_LARGE_OBJECTS = """
DO $give$ DECLARE one oid; BEGIN
  FOR one IN SELECT oid FROM pg_largeobject_metadata LOOP
    EXECUTE format('ALTER LARGE OBJECT %s OWNER TO %I', one, {owner});
  END LOOP;
END $give$
"""


class Filling:
    """Fills one empty database from one set.

    :param database: the empty database.
    :param owner: the role to which everything is to belong; None leaves each to its own.
    :param stop: ends the programs when set.
    :param progress: is told how far it is.
    :param choice: whose rows; None for those of all tables.
    """

    def __init__(
        self,
        server: Server,
        database: str,
        chosen: StoredSet,
        jobs: int,
        owner: str | None,
        stop: threading.Event,
        progress: Progress,
        choice: Choice | None = None,
    ) -> None:
        self._server = server
        self._database = database
        self._client = Client(server, database, _OPTIONS)
        self._chosen = chosen
        self._manifest: Manifest = present(chosen.manifest)
        self._tied = tied_extensions(self._manifest)
        self._jobs = jobs
        self._owner = owner
        self._stop = stop
        self._progress = progress
        self._choice = choice

    def fill(self, session: Session, catalog: Catalog) -> list[str]:
        """Restore everything but what is left alone; return the materialised views that were not refreshed.

        :param session: a session on the database.
        :param catalog: of the dumped database.
        """
        emptied(session, catalog)
        if self._owner is not None:  # who is to create everything must be allowed to
            give = "ALTER DATABASE {database} OWNER TO {owner}"
            session.execute(compose(give, database=Identifier(self._database), owner=Identifier(self._owner)))
        schema = self._manifest.part("schema")
        archive = whole(self._chosen, schema)
        with io.BytesIO(archive) as stream:
            entries = self._restored(stream)
        # Event triggers would fire at what we still do; pg_restore too makes them last.
        last = [entry for entry in entries if _of_event_trigger(entry)]
        others = [entry for entry in entries if not _of_event_trigger(entry)]
        self._progress.phase("restoring definitions")
        self._definitions(archive, others, "pre-data")
        self._rows()
        if self._owner is not None:  # large objects come with the rows, and belong to whoever loads those
            session.execute(compose(_GIVE_LARGE_OBJECTS, owner=self._owner))
        self._progress.phase("building indexes and constraints")
        self._definitions(archive, others, "post-data")
        finished(session, catalog, self._owner)
        unreadable = self._refresh(session)
        self._statistics()
        if last:
            self._definitions(archive, last, "post-data")
        return unreadable

    def _restored(self, archive: IO[bytes]) -> list[TocEntry]:
        """What of an archive is restored."""
        entries = [entry for entry in self._client.contents(archive) if not _left_alone(entry, self._tied)]
        return entries if self._choice is None else [entry for entry in entries if self._choice.passes(entry)]

    def _definitions(self, archive: bytes, entries: Sequence[TocEntry], section: str) -> None:
        options: list[Word] = [f"--section={section}", f"--jobs={self._jobs}", "--use-list", _listing(entries)]
        if self._owner is not None:
            options += ["--no-owner", f"--role={self._owner}"]
        doing = f"restoring {section} of {self._manifest.part('schema').file}"
        self._client.restore(PrivateFile(archive), options, doing, self._stop)

    def _rows(self) -> None:
        parts = [part for part in self._manifest.parts if part.kind in ("data", "rest") and self._is_chosen(part)]
        parts.sort(key=lambda part: part.bytes, reverse=True)
        self._progress.phase("restoring rows", len(parts), "parts", sum(part.bytes for part in parts))
        run_all([partial(self._part, part) for part in parts], self._jobs, self._stop)

    def _is_chosen(self, part: Part) -> bool:
        if self._choice is None or part.kind == "rest":
            return True
        return not {split_qualified(name) for name in self._choice.chosen}.isdisjoint(part.tables)

    def _part(self, part: Part) -> None:
        self._load(part, ["--data-only"], f"restoring {part.file}")
        self._progress.add(1)

    def _load(self, part: Part, options: Sequence[Word], doing: str) -> None:
        if self._choice is not None or self._tied:
            with read_file(self._chosen, part) as archive:
                options = [*options, "--use-list", _listing(self._restored(archive))]
        with read_file(self._chosen, part) as archive:
            try:
                source = self._progress.reading(archive)
                streamed = self._client.restore(source, options, doing, self._stop)
            except RestoreFailed as error:
                # A damaged archive makes pg_restore say anything, or crash; the hash says what is wrong.
                if sha256_of(self._chosen.path / part.file) != part.sha256:
                    raise _changed(self._chosen, part) from error
                raise
        if streamed.sha256 != part.sha256:
            raise _changed(self._chosen, part)

    def _refresh(self, session: Session) -> list[str]:
        """Refresh the materialised views; return those that are not, because they read what is not here.

        A view may read another through a function, which no catalog tells: what cannot be refreshed yet is tried again
        for as long as others succeed.
        """
        left_out = self._manifest.left_out
        unreadable = {*left_out.get("views_of_foreign_tables", []), *left_out.get("views_of_tables", [])}
        if self._choice is not None:
            unreadable |= set(views_of(session, self._choice.left)) & set(self._manifest.refresh)
        waiting = [name for name in self._manifest.refresh if name not in unreadable]
        self._progress.phase("refreshing materialised views", len(waiting), "views")
        while waiting:
            later: list[str] = []
            for name in waiting:
                try:
                    session.execute(compose("REFRESH MATERIALIZED VIEW {view}", view=qualified(name)))
                    self._progress.add(1)
                except QueryFailed as error:
                    if error.sqlstate != _NOT_YET_POPULATED or len(later) + 1 == len(waiting):
                        raise
                    later.append(name)
            waiting = later
        return sorted(unreadable)

    def _statistics(self) -> None:
        statistics = Statistics(self._server, self._database, self._jobs, self._stop, self._progress)
        manifest = self._manifest
        part = next((part for part in manifest.parts if part.kind == "statistics"), None)
        if part is None or self._choice is not None:
            statistics.collect()
            return
        moved = {name for names in manifest.summed.values() for name in names}
        rows = {name: number for name, number in manifest.tables.items() if name not in moved}
        load = partial(self._load, part, ["--statistics-only"], "restoring the statistics")
        statistics.collect(but=statistics.take(load, rows))


def tied_extensions(manifest: Manifest) -> dict[str, str]:
    """The extensions of a set that live in one database of a server only, each with its schema."""
    return {name: schema for name, schema in TIED_EXTENSIONS.items() if name in manifest.extensions}


def whole(chosen: StoredSet, part: Part) -> bytes:
    """Return a small part's content, after comparing its hash."""
    with read_file(chosen, part) as stream:
        content = stream.read()
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise _changed(chosen, part)
    return content


def _listing(entries: Sequence[TocEntry]) -> PrivateFile:
    return PrivateFile("\n".join([*(entry.line for entry in entries), ""]).encode())


def _left_alone(entry: TocEntry, tied: Mapping[str, str]) -> bool:
    """Whether an entry reaches beyond the database, or belongs to an extension that does."""
    if entry.kind in ("SUBSCRIPTION", "SUBSCRIPTION TABLE", "USER MAPPING"):
        return True
    words = entry.rest.split(" ")
    if entry.kind in ("COMMENT", "SECURITY LABEL") and "SUBSCRIPTION" in words[:2]:
        return True
    if entry.kind == "EXTENSION" or "EXTENSION" in words[:2]:
        return bool(set(words) & set(tied))
    schemas = set(tied.values())
    return words[0] in schemas or (words[:2] == ["-", "SCHEMA"] and bool(set(words) & schemas))


def _of_event_trigger(entry: TocEntry) -> bool:
    return entry.kind == "EVENT" or entry.rest.startswith("- EVENT TRIGGER ")


def _changed(chosen: StoredSet, part: Part) -> NotPossible:
    return NotPossible(
        "reading a backup set",
        str(chosen.path / part.file),
        "its content is not what was written (SHA-256 differs)",
        "Use another set; keep this one to look into.",
    )
