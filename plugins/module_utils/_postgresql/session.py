# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions: queries to PostgreSQL, the same through psycopg2 and through a psql inside the service.

Rows travel as JSON made by the server, so that both drivers give the same Python values: timestamps are ISO 8601
text in UTC, numbers are numbers, NULL is None.

Text is UTF-8 on its way. Only a database of the encoding SQL_ASCII, which is none, gives its bytes as they are: what is
no UTF-8 of them becomes lone surrogates, and the same bytes again on its way back.
"""

from __future__ import annotations

import contextlib
import json
import queue
import re
import secrets
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import partial
from typing import IO, Any, Callable, NoReturn

from .._errors import Day2Error, Refused, Unreachable
from .._interruption import attended, unattended
from .._present import present
from .said import without_rows
from .sql import compose

__all__ = ["ConnectionLost", "PsqlSession", "Psycopg2Session", "QueryFailed", "Row", "Session", "TurnedAway"]

Row = dict[str, Any]

# A setting of our own, with another value in each session that psql begins.
MARK = "day2.session"

UTF8, NO_ENCODING = "UTF8", "SQL_ASCII"

# Whatever makes the text of a value or of a name depend on the session. Definitions too hold values: defaults, checks.
TEXTS = {
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "search_path": "pg_catalog",
    "quote_all_identifiers": "off",
}

# What every session sets: nothing that a role or a database sets may hide rows, cut work short or redirect names.
_SETTINGS = (
    (0, "standard_conforming_strings", "on"),
    *((0, name, value) for name, value in TEXTS.items()),
    (0, "row_security", "off"),
    (0, "statement_timeout", "0"),
    (0, "lock_timeout", "0"),
    (0, "idle_in_transaction_session_timeout", "0"),
    (140000, "idle_session_timeout", "0"),
    (170000, "transaction_timeout", "0"),
)


class QueryFailed(Day2Error):
    """The server refused a statement.

    :ivar sqlstate: the five-character code, or an empty string.
    """

    def __init__(self, on: str, sqlstate: str, message: str, doing: str = "running a statement") -> None:
        remedy = _REMEDIES.get(sqlstate, _REMEDIES.get(sqlstate[:2], "Look at the server's log for what led to it."))
        super().__init__(doing, on, f"{message.strip()} (SQLSTATE {sqlstate or 'unknown'})", remedy)
        self.sqlstate = sqlstate


class TurnedAway(Unreachable):
    """The server answered, and did not let us in for a reason that is its own: a login event trigger, for one."""


class ConnectionLost(Unreachable):
    """The connection ended in the middle of the work."""


_REMEDIES = {
    "22P05": "Rename, or describe otherwise, what has that character in its name, comment or definition.",
    "42501": "Grant the role what the module's notes name as its needs.",
    "55P03": "Something else holds the lock; try again when it is done, or allow a longer wait.",
    "57014": "Allow more time, or look at what made it slow.",
    "53100": "Free space on the server's disk.",
    "53200": "Raise max_locks_per_transaction of the server: every table is locked at once.",
    "53300": "Raise max_connections, or end connections that are not needed.",
    "3D000": "Name a database that exists.",
    "42P01": "The table is gone; run it again.",
    "57P": "The server is being stopped or started; run it again when it is up.",
}


class Session(ABC):
    """One connection to one database, in autocommit until ``BEGIN`` is executed. Not for use by several threads.

    :ivar database: the database's name.
    :ivar version: the server's version as a number, such as 170005.
    :ivar encoding: the database's own encoding, as the server names it.
    :ivar where: server and database in words, for messages.
    """

    database: str
    version: int
    encoding: str
    where: str

    @abstractmethod
    def _lines(self, statement: str) -> tuple[list[str], list[str]]:
        """Run *statement*; return the first column of its rows as text, and the server's warnings."""

    @abstractmethod
    def close(self) -> None:
        """End the connection; an open transaction is rolled back."""

    def execute(self, statement: str) -> list[str]:
        """Run a statement that returns nothing of interest; return the server's warnings."""
        return self._lines(statement)[1]

    def query(self, select: str) -> list[Row]:
        """Run a SELECT (or VALUES, or TABLE); return its rows in their order."""
        lines, _warnings = self._lines(f"SELECT to_jsonb(q)::text FROM (\n{select}\n) AS q")
        return [json.loads(line) for line in lines]

    def row(self, select: str) -> Row:
        """Return the only row of a SELECT."""
        (row,) = self.query(select)
        return row

    def value(self, select: str) -> Any:
        """Return the only value of a SELECT."""
        (value,) = self.row(select).values()
        return value

    def values(self, select: str) -> list[Any]:
        """Return the only column of a SELECT."""
        return [next(iter(row.values())) for row in self.query(select)]

    def _refuse_pooler(self, direct: bool) -> None:
        """Go on only when the server itself answers. What is set through a pooler stays set for its other clients."""
        if not direct:
            raise Refused(
                "opening a session",
                self.where,
                "a connection pooler stands between here and the server; settings, locks and snapshots of a session do "
                "not survive it",
                "Name the server's own address and port.",
            )

    def prepare(self) -> None:
        """Set what every session sets. Called once by whoever opened it."""
        self.version = int(self._lines("SELECT current_setting('server_version_num')")[0][0])
        if self.version < 130000:
            raise Refused(
                "opening a session",
                self.where,
                f"the server is PostgreSQL {self.version // 10000}, older than 13",
                "Use a server of PostgreSQL 13 or later.",
            )
        self.encoding = self._lines("SELECT current_setting('server_encoding')")[0][0]
        self._speak(NO_ENCODING if self.encoding == NO_ENCODING else UTF8)
        self._set({name: value for since, name, value in _SETTINGS if self.version >= since})

    def _speak(self, encoding: str) -> None:
        """Let text be of this encoding on its way: ``UTF8`` or ``SQL_ASCII``."""
        self._set({"client_encoding": encoding})

    def _set(self, settings: Mapping[str, str]) -> None:
        every = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in settings.items())
        self._lines(f"SELECT {every}")

    def reader(self, texts: Iterable[str]) -> Callable[[bytes], str]:
        """Return what reads bytes of the database's own encoding, as the server would, when they are one of *texts*.

        Only the server knows how it converts its encodings: others read some characters otherwise.
        """
        if self.encoding in (UTF8, NO_ENCODING):
            return partial(str, encoding="utf-8", errors="surrogateescape")
        odd = sorted({text for text in texts if not text.isascii()})
        encoded = (
            "SELECT text, encode(convert_to(text, getdatabaseencoding()), 'hex') AS bytes FROM unnest({odd}) AS text"
        )
        known = {bytes.fromhex(row["bytes"]): row["text"] for row in self.query(compose(encoded, odd=odd))}
        return lambda raw: known.get(raw) or raw.decode("ascii", "backslashreplace")

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class Psycopg2Session(Session):
    """A session through psycopg2, for servers whose socket this process reaches."""

    _raw = False

    def __init__(self, psycopg2: Any, parameters: dict[str, Any], where: str) -> None:
        self._psycopg2 = psycopg2
        self.where = where
        self.database = parameters["dbname"]
        try:
            self._connection = psycopg2.connect(**parameters)
        except psycopg2.Error as error:
            raise connection_failure(where, str(error)) from error
        try:
            self._connection.autocommit = True
            attended(self, self._cancel)
            # A pooler answers the start of the session itself, with a process number of its own making.
            told = str(self._connection.info.backend_pid)
            self._refuse_pooler(self._lines("SELECT pg_backend_pid()")[0] == [told])
            self.prepare()
        except BaseException:
            self.close()
            raise

    def _speak(self, encoding: str) -> None:
        # Through LATIN1 every byte comes as one character; psycopg2 would take SQL_ASCII for ASCII.
        self._connection.set_client_encoding("LATIN1" if encoding == NO_ENCODING else encoding)
        self._raw = encoding == NO_ENCODING

    def _text(self, value: Any) -> str:
        text = str(value)
        return text.encode("latin-1", "replace").decode("utf-8", "surrogateescape") if self._raw else text

    def _lines(self, statement: str) -> tuple[list[str], list[str]]:
        del self._connection.notices[:]
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement.encode("utf-8", "surrogateescape"))
                lines = [self._text(row[0]) for row in cursor.fetchall()] if cursor.description else []
        except self._psycopg2.Error as error:
            if self._connection.closed:
                raise ConnectionLost(
                    "running a statement", self.where, str(error), "Look at the server's log; run it again."
                ) from error
            raise QueryFailed(self.where, error.pgcode or "", self._text(_first_line(str(error)))) from error
        return lines, [
            self._text(_first_line(notice)) for notice in self._connection.notices if "WARNING" in notice[:12]
        ]

    def _cancel(self) -> None:
        with contextlib.suppress(self._psycopg2.Error):  # it was closed meanwhile
            self._connection.cancel()

    def close(self) -> None:
        unattended(self)
        self._connection.close()


class PsqlSession(Session):
    """A session through one psql that stays open, wherever a runner can start it.

    :param start: starts psql with :data:`MARK` set to the given word at the start of the session.
    :param cancel: cuts short what the server's process of this number does.
    """

    def __init__(
        self,
        start: Callable[[str], subprocess.Popen[bytes]],
        database: str,
        where: str,
        cancel: Callable[[int], None],
    ) -> None:
        self.where = where
        self.database = database
        self._cancel_process = cancel
        self._token = f"day2-{secrets.token_hex(8)}"
        self._backend: int | None = None
        self._process = start(self._token)
        self._output = _Reader(self._process.stdout)
        self._errors = _Reader(self._process.stderr)
        try:
            self._backend = int(self._lines("SELECT pg_backend_pid()")[0][0])
            attended(self, self._cancel)
            # A pooler keeps what a session is started with to itself, or had started its own before.
            marked = f"SELECT current_setting('{MARK}', true) = '{self._token}'"
            self._refuse_pooler(self._lines(marked)[0] == ["t"])
            self.prepare()
        except BaseException:
            self.close()
            raise

    def _lines(self, statement: str) -> tuple[list[str], list[str]]:
        token = self._token
        # psql tells of an error on standard error; the marks on both streams say where a statement's answer ends.
        ending = f"\n;\n\\warn {token}\n\\echo {token} :ERROR :SQLSTATE\n"
        try:
            stdin = present(self._process.stdin)
            stdin.write((statement + ending).encode("utf-8", "surrogateescape"))
            stdin.flush()
        except OSError:
            pass  # the readers will find out why
        try:
            lines, last = self._output.until(token)
            said, _last = self._errors.until(token)
        except BaseException:  # an interruption: what runs would go on, and hold its locks
            self._cancel()
            raise
        if last is None:
            self._fail_as_lost("\n".join(said))
        _token, failed, sqlstate = last.split(" ")
        if failed == "true":
            message = without_rows("\n".join(re.sub(r"^psql:<stdin>:\d+: ", "", line) for line in said))
            raise QueryFailed(self.where, sqlstate, re.sub(r"^(psql:<stdin>:\d+: )?ERROR:  ", "", message))
        return lines, [_first_line(line) for line in said if re.search(r"^(psql:<stdin>:\d+: )?WARNING:", line)]

    def _fail_as_lost(self, said: str) -> NoReturn:
        status = self._process.wait()
        if not hasattr(self, "version"):
            raise connection_failure(self.where, said or f"psql ended with status {status}")
        raise ConnectionLost(
            "running a statement",
            self.where,
            said or f"psql ended with status {status}",
            "Look at the server's log; run it again.",
        )

    def _cancel(self) -> None:
        if self._backend is not None:
            self._cancel_process(self._backend)

    def close(self) -> None:
        unattended(self)
        with contextlib.suppress(OSError):
            present(self._process.stdin).close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            present(stream).close()


class _Reader(threading.Thread):
    """Reads lines as they come, so that neither stream of psql ever blocks it."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        super().__init__(daemon=True)
        self._stream = present(stream)
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            for raw in self._stream:
                self._lines.put(raw.decode("utf-8", "surrogateescape").rstrip("\n"))
        self._lines.put(None)

    def until(self, token: str) -> tuple[list[str], str | None]:
        """Return the lines before the one that starts with *token*, and that one; None at the stream's end."""
        lines: list[str] = []
        while True:
            line = self._lines.get()
            if line is None:
                self._lines.put(None)  # the end stays the end, for whoever asks again
                return lines, None
            if line.startswith(token):
                return lines, line
            lines.append(line)


def connection_failure(where: str, said: str) -> Unreachable:
    """Turn what libpq said of a connection that could not be made into an error with a remedy."""
    message = " ".join(said.split())
    pattern, remedy = next(known for known in _CONNECTION_REMEDIES if re.search(known[0], message))
    return (TurnedAway if pattern == _ANSWERED else Unreachable)("connecting", where, message, remedy)


_ANSWERED = r"FATAL: "


_CONNECTION_REMEDIES = (
    (r"password authentication failed|no password supplied", "Give the right login_user and login_password."),
    (
        r"(Peer|Ident) authentication failed",
        "The server goes by the system's user there: name a host and a port where it asks for a password.",
    ),
    (r"could not translate host name|Name or service not known", "Name a host that exists, or mend name resolution."),
    (r'database ".*" does not exist', "Name a database that exists; 'psql -l' lists them."),
    (r'role ".*" does not exist', "Name a role that exists, or create it."),
    (r"no pg_hba.conf entry|pg_hba.conf rejects", "Let pg_hba.conf admit this user, database and address."),
    (r"too many clients|remaining connection slots", "Raise max_connections, or end connections that are not needed."),
    (r"timeout expired|timed out", "Look at the firewall and at the server's load; connect_timeout is the wait."),
    (r"certificate|SSL", "Give ca_cert and ssl_mode that fit the server's certificate."),
    (r"unsupported startup parameter", "A pooler stands between; name the server's own address and port."),
    (r"the database system is", "The server is being started or stopped; run it again when it is up."),
    (
        _ANSWERED,
        (
            "Look at the server's log. If a login event trigger of the database says so, log in as a superuser, whom "
            "PostgreSQL 17 and later let in without it, or let the trigger spare this role."
        ),
    ),
    (r"", "Start the server, or name the host and port (or the socket's folder) where it listens."),
)


def _first_line(text: str) -> str:
    text = re.sub(r"^(psql:<stdin>:\d+: )?(WARNING|ERROR|FATAL): *", "", text.strip())
    return text.splitlines()[0] if text else ""
