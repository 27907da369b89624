# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pg_dump, pg_dumpall and pg_restore: their arguments, their streams, and what their words mean."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import IO, Callable

from .._errors import Day2Error
from .._runtime.runner import PrivateFile, Streamed, Word
from .said import without_rows
from .server import Program, Server
from .sql import conninfo, identifier

__all__ = ["Client", "DumpFailed", "RestoreFailed", "TocEntry", "as_listed", "pattern"]

# What pg_dump says of circular foreign keys and of versions concerns restoring by hand, or is known already.
_HARMLESS = re.compile(
    r"circular foreign-key|^pg_dump: (detail|hint): |You might|You may|Consider using", re.IGNORECASE
)

# Of an archive, so much is read at first for its table of contents, which takes about a hundred bytes for an object.
_HEAD, _LONGEST_HEAD = 1 << 20, 64 << 20

# pg_restore stops reading when it has what it was asked for; only a stream that was read to its end can be compared.
_TO_THE_END = '"$@" && exec cat > /dev/null'

_REMEDIES = (
    (
        r"backslash commands are restricted",
        "The dump holds commands of psql's own, which are never run; dump one database without --create.",
    ),
    (
        r"invalid command .restrict",
        "Install the latest minor release of the client programs: psql of before August 2025 runs commands in a dump.",
    ),
    (
        r"permission denied",
        "Grant the role what the module's notes name as its needs.",
    ),
    (
        r"query would be affected by row-level security",
        "Give the role BYPASSRLS: a dump must see every row.",
    ),
    (
        r"lock timeout|could not obtain lock|canceling statement due to lock",
        "A migration or another exclusive lock stands in the way; try again when it is done, or allow a longer wait.",
    ),
    (r"No space left", "Free space there, or name another folder."),
    (r"out of shared memory", "Raise max_locks_per_transaction of the server: it locks every table of a dump."),
    (r"", "Look at the server's log for what led to it."),
)


class DumpFailed(Day2Error):
    """A dump program did not do its work."""


class RestoreFailed(Day2Error):
    """pg_restore did not do its work."""


class TocEntry:
    """One line of an archive's table of contents.

    :ivar line: the line as pg_restore lists it and takes it back.
    :ivar described: the line without its numbers.
    :ivar kind: such as ``TABLE`` or ``USER MAPPING``; what a comment or an ACL belongs to is in *rest*.
    :ivar rest: schema, name and owner, as one text.
    """

    _KINDS = (
        "SUBSCRIPTION TABLE", "SUBSCRIPTION", "USER MAPPING", "EXTENSION", "COMMENT", "TABLE DATA", "SEQUENCE SET",
        "MATERIALIZED VIEW DATA", "BLOB METADATA", "BLOB COMMENTS", "BLOBS", "BLOB", "ACL", "DATABASE PROPERTIES",
        "DATABASE", "SECURITY LABEL", "STATISTICS DATA",
    )  # fmt: skip

    def __init__(self, line: str) -> None:
        self.line = line
        found = re.match(r"\d+; \d+ \d+ (.*)", line)
        self.described = described = found.group(1) if found else ""
        self.kind = next((kind for kind in self._KINDS if described.startswith(kind + " ")), described.split(" ")[0])
        self.rest = described[len(self.kind) + 1 :]


class Client:
    """The client programs of one server, logged in to one database.

    :param options: settings for the sessions of the programs, as ``-c synchronous_commit=off``.
    """

    def __init__(self, server: Server, database: str, options: str = "") -> None:
        self.server = server
        self.database = database
        self.dumper: Program = server.program("pg_dump")
        self._restorer: Program = server.program("pg_restore")
        self._env = server.environment(database, options)

    def can_compress(self, compression: str) -> bool:
        """Whether this pg_dump can; a build may lack an algorithm of its version, and only the program itself knows.

        It says so before it looks for a server, and here it finds none.
        """
        nowhere = conninfo(host="/nonexistent/day2")
        argv = [self.dumper.path, "--format=custom", "--no-password", f"--compress={compression}", nowhere]
        done = self.server.runner.run(argv)
        return "does not support compression" not in done.stderr

    def dump(
        self,
        options: Sequence[str],
        sink: Callable[[bytes], object],
        doing: str,
        stop: threading.Event | None = None,
    ) -> tuple[Streamed, list[str]]:
        """Write a custom-format archive to *sink*; return what was written and pg_dump's warnings."""
        argv = [self.dumper.path, "--format=custom", "--no-password", *options]
        return self._dumped(argv, sink, doing, stop)

    def dump_globals(self, options: Sequence[str], sink: Callable[[bytes], object]) -> tuple[Streamed, list[str]]:
        """Write the server's roles and tablespaces as SQL to *sink*.

        Their names belong to all databases, and are bytes: they mean what those mean who look after the server.
        """
        program = self.server.program("pg_dumpall")
        argv = [
            program.path, "--globals-only", "--no-password", f"--encoding={self.server.encoding}",
            f"--database={conninfo(dbname=self.server.login.database)}", *options,
        ]  # fmt: skip
        return self._dumped(argv, sink, "dumping roles and tablespaces", None)

    def _dumped(
        self, argv: Sequence[str], sink: Callable[[bytes], object], doing: str, stop: threading.Event | None
    ) -> tuple[Streamed, list[str]]:
        streamed = self.server.runner.stream_from(argv, sink, self._env, doing, stop)
        if streamed.returncode:
            raise DumpFailed(doing, self._where, *_why(streamed))
        said = [line for line in streamed.stderr.splitlines() if line.strip() and not _HARMLESS.search(line)]
        return streamed, said

    def read_back(
        self, archive: IO[bytes], sink: Callable[[bytes], object], doing: str, stop: threading.Event | None = None
    ) -> Streamed:
        """Let pg_restore read an archive to its end and write its SQL to *sink*."""
        argv = [self._restorer.path, "--file=-"]
        streamed = self.server.runner.stream_to(argv, archive, None, doing, stop, sink)
        if streamed.returncode:
            raise RestoreFailed(doing, self._where, *_why(streamed))
        return streamed

    def contents(self, archive: IO[bytes]) -> list[TocEntry]:
        """Return an archive's table of contents, which stands at its beginning; not much more of it is read."""
        doing, head = "listing an archive", archive.read(_HEAD)
        listed: list[bytes] = []
        while (streamed := self._list(head, listed, doing)).returncode:
            more = archive.read(len(head)) if len(head) < _LONGEST_HEAD else b""
            if not more:
                raise RestoreFailed(doing, self._where, *_why(streamed))
            head += more
            listed.clear()
        lines = b"".join(listed).decode("utf-8", "replace").split("\n")  # names may hold what else ends a line
        return [TocEntry(line) for line in lines if line and not line.startswith(";")]

    def _list(self, head: bytes, listed: list[bytes], doing: str) -> Streamed:
        argv: list[Word] = [self._restorer.path, "--list", PrivateFile(head)]
        return self.server.runner.stream_from(argv, listed.append, None, doing)

    def restore(
        self,
        archive: IO[bytes] | PrivateFile,
        options: Sequence[Word],
        doing: str,
        stop: threading.Event | None = None,
    ) -> Streamed:
        """Restore an archive into this client's database: a stream, or, for several jobs, a file."""
        argv: list[Word] = [
            self._restorer.path, "--no-password", "--exit-on-error", "--no-subscriptions",
            f"--dbname={conninfo(dbname=self.database)}", *options,
        ]  # fmt: skip
        runner = self.server.runner
        if isinstance(archive, PrivateFile):
            streamed = runner.stream_from([*argv, archive], lambda _chunk: None, self._env, doing, stop)
        else:
            streamed = runner.stream_to(["sh", "-c", _TO_THE_END, "sh", *argv], archive, self._env, doing, stop)
        if streamed.returncode:
            raise RestoreFailed(doing, self._where, *_why(streamed))
        return streamed

    def load(self, sql: IO[bytes], doing: str, stop: threading.Event | None = None) -> Streamed:
        """Run SQL in this client's database, up to the first statement that fails."""
        program = self.server.program("psql")
        argv: list[Word] = [
            program.path, "-X", "-q", "--no-password", "-v", "ON_ERROR_STOP=1", "-v", "SHOW_CONTEXT=never",
            "-o", "/dev/null", f"--dbname={conninfo(dbname=self.database)}",
        ]  # fmt: skip
        streamed = self.server.runner.stream_to(argv, sql, self._env, doing, stop)
        if streamed.returncode:
            raise RestoreFailed(doing, self._where, *_why(streamed))
        return streamed

    @property
    def _where(self) -> str:
        return f'database "{self.database}" at {self.server.where}'


def as_listed(*words: str) -> str:
    """What a table of contents says of an object, from its kind to its owner."""
    return re.sub("[\n\r]", " ", " ".join(words))


def pattern(schema: str, *relations: str) -> str:
    """The pattern of pg_dump's options that means these relations of a schema and no others."""
    alternatives = "|".join(identifier(relation) for relation in relations)
    return f"{identifier(schema)}.{alternatives if len(relations) == 1 else f'({alternatives})'}"


def _why(streamed: Streamed) -> tuple[str, str]:
    """What a program said of its failure, and what to do about it."""
    said = without_rows(streamed.stderr)[-2000:] or f"it ended with status {streamed.returncode}"
    remedy = next(remedy for word, remedy in _REMEDIES if re.search(word, said))
    return said, remedy
