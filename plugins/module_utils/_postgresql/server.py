# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL server: where it runs, how to log in, its sessions and its client programs."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from .._errors import Day2Error, NotPossible, Refused
from .._interruption import uninterrupted
from .._runtime.runner import PrivateFile, Runner, Word
from .session import MARK, PsqlSession, Psycopg2Session, Session, TurnedAway
from .sql import compose

psycopg2: Any
try:
    import psycopg2
except ImportError:  # hosts without it are served through psql
    psycopg2 = None

__all__ = ["Login", "Program", "Server"]

APPLICATION = "day2.ops"

# From the first statement on, no setting of a role or a database cuts anything short, hides rows or forbids to write.
STARTUP_OPTIONS = (
    "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c row_security=off "
    "-c default_transaction_read_only=off"
)
# Nor does it put anybody's functions in the place of the server's own, which we would run with our power. The client
# programs see to that themselves.
OWN_NAMES = "-c search_path=pg_catalog"
# PostgreSQL 17 and later, for superusers and whom they allow it.
NO_EVENT_TRIGGERS = "-c event_triggers=off"
_MAY_SILENCE = "SELECT has_parameter_privilege('event_triggers', 'SET') AS may"


@dataclass(frozen=True)
class Login:
    """How to log in. A *host* that begins with a slash is a socket's folder; None is libpq's default."""

    host: str | None = None
    port: int = 5432
    user: str = "postgres"
    password: str | None = None
    database: str = "postgres"
    ssl_mode: str = "prefer"
    ca_cert: str | None = None
    connect_timeout: int = 10


@dataclass(frozen=True)
class _Known:
    """What the login's own database told."""

    version: int
    encoding: str
    may_silence: bool


@dataclass(frozen=True)
class Program:
    """A client program: its path where the service runs, and its major version."""

    path: str
    major: int


class Server:
    """One server, reached through a runner.

    :param runner: runs programs where the service lives.
    :param login: how to log in.
    :param bin_dir: the folder of the client programs; found by itself when omitted.
    """

    def __init__(self, runner: Runner, login: Login, bin_dir: str | None = None) -> None:
        self.runner = runner
        self.login = login
        self.bin_dir = bin_dir
        self.warnings: list[str] = []
        self._options = STARTUP_OPTIONS
        self._found: dict[str, list[str]] = {}
        self._chosen: dict[str, Program] = {}

    @property
    def where(self) -> str:
        """The server in words."""
        place = f"{self.login.host or 'its local socket'}, port {self.login.port}"
        return place if self.runner.direct else f"{self.runner.where} ({place})"

    def session(self, database: str | None = None) -> Session:
        """Open a session on *database*, by default the one of the login."""
        name = database or self.login.database
        where = f'database "{name}" at {self.where}'
        if self.runner.direct and psycopg2 is not None:
            _forget_inherited_settings()
            return Psycopg2Session(psycopg2, self._parameters(name), where)
        return PsqlSession(partial(self._start_psql, name), name, where, self._cancel)

    def _cancel(self, process: int) -> None:
        """Cut short what a process of the server does. psql cannot be told to: it may be inside a container."""
        with contextlib.suppress(Day2Error), uninterrupted(), self.session() as other:
            other.execute(compose("SELECT pg_cancel_backend({process})", process=process))

    def _start_psql(self, database: str, mark: str) -> subprocess.Popen[bytes]:
        env = self.environment(database, f"{OWN_NAMES} -c {MARK}={mark}")
        argv = [self._any_program("psql"), "-X", "-q", "-A", "-t", "-w", "-v", "SHOW_CONTEXT=never"]
        return self.runner.start(argv, env)

    def _parameters(self, database: str) -> dict[str, Any]:
        login = self.login
        parameters = {
            "host": login.host,
            "port": login.port,
            "user": login.user,
            "password": login.password,
            "dbname": database,
            "sslmode": login.ssl_mode,
            "sslrootcert": login.ca_cert,
            "connect_timeout": login.connect_timeout,
            "application_name": APPLICATION,
            "options": f"{self._options} {OWN_NAMES}",
            # psycopg2 keeps the encoding that a connection began with, whatever is set later.
            "client_encoding": "UTF8",
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def environment(self, database: str | None = None, options: str = "") -> dict[str, Word]:
        """The environment that makes a client program log in as this server's login; its password is a private file.

        :param options: settings for the program's sessions, as ``-c synchronous_commit=off``.
        """
        login = self.login
        env: dict[str, Word] = {
            "PGPORT": str(login.port),
            "PGUSER": login.user,
            "PGDATABASE": database or login.database,
            "PGSSLMODE": login.ssl_mode,
            "PGCONNECT_TIMEOUT": str(login.connect_timeout),
            "PGAPPNAME": APPLICATION,
            "PGCLIENTENCODING": "UTF8",
            "PGOPTIONS": f"{self._options} {options}".strip(),
        }
        if login.host is not None:
            env["PGHOST"] = login.host
        if login.ca_cert is not None:
            env["PGSSLROOTCERT"] = login.ca_cert
        if login.password is not None:
            env["PGPASSFILE"] = PrivateFile(_password_line(login.password))
        return env

    def silence_event_triggers(self) -> None:
        """Let no event trigger of any database fire at what we do from now on, where the role may say so."""
        silent = f"{STARTUP_OPTIONS} {NO_EVENT_TRIGGERS}"
        try:
            may = self._known.may_silence
        except TurnedAway as refused:  # perhaps by such a trigger of the login's own database
            self._options = silent
            try:
                may = self._known.may_silence
            except Day2Error:
                self._options = STARTUP_OPTIONS
                raise refused from None
        if may:
            self._options = silent

    @cached_property
    def _known(self) -> _Known:
        with self.session() as session:
            may_silence = session.version >= 170000 and session.value(_MAY_SILENCE)
            return _Known(session.version, session.encoding, may_silence)

    @property
    def version(self) -> int:
        """The server's version as a number, such as 170005."""
        return self._known.version

    @property
    def encoding(self) -> str:
        """The encoding of the login's own database."""
        return self._known.encoding

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.version // 10000

    def program(self, name: str) -> Program:
        """Find a client program of the server's major version; a newer one with a warning, never an older one.

        :raises NotPossible: when there is none.
        :raises Refused: when all that are there are older than the server.
        """
        if name not in self._chosen:
            self._chosen[name] = self._choose(name)
        return self._chosen[name]

    def _choose(self, name: str) -> Program:
        found = sorted(self._programs(name), key=lambda program: program.major)
        for program in found:
            if program.major == self.major:
                return program
        newer = [program for program in found if program.major > self.major]
        if newer:
            self._warn(
                f"{newer[0].path} is of PostgreSQL {newer[0].major}, the server {self.where} of {self.major}; "
                "install the server's own client programs"
            )
            return newer[0]
        remedy = f"Install the client programs of PostgreSQL {self.major} there, or give their folder as bin_dir."
        doing = f"finding {name} for a server of PostgreSQL {self.major}"
        if found:
            there = ", ".join(f"{program.path} ({program.major})" for program in found)
            raise Refused(doing, self.runner.where, f"all that are there are older than the server: {there}", remedy)
        raise NotPossible(doing, self.runner.where, "it is not there", remedy)

    def _any_program(self, name: str) -> str:
        candidates = self._candidates(name)
        if not candidates:
            raise NotPossible(
                f"finding {name}",
                self.runner.where,
                "neither psycopg2 nor psql is there" if self.runner.direct else "it is not there",
                "Install psycopg2 or the PostgreSQL client programs there, or give bin_dir.",
            )
        return candidates[-1]

    def _programs(self, name: str) -> list[Program]:
        programs = []
        for path in self._candidates(name):
            done = self.runner.run([path, "--version"])
            match = re.search(rb"\(PostgreSQL\) (\d+)", done.stdout)
            if done.returncode == 0 and match:
                programs.append(Program(path, int(match.group(1))))
        return programs

    def _candidates(self, name: str) -> list[str]:
        """Paths of *name* where the service lives: in bin_dir, or in PATH and where distributions put versions."""
        if name not in self._found:
            done = self.runner.run(["sh", "-c", _FIND_PROGRAM, "sh", name, self.bin_dir or ""])
            lines = done.stdout.decode("utf-8", "surrogateescape").splitlines()
            self._found[name] = list(dict.fromkeys(line for line in lines if line.startswith("/")))
        return self._found[name]

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


# A constant program for a POSIX shell: $1 is the program's name, $2 the folder to look in, or empty for everywhere.
_FIND_PROGRAM = """
name=$1
if [ -n "$2" ]; then shift; else
  set -- /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin
  command -v "$name"
fi
for folder; do if [ -x "$folder/$name" ]; then printf '%s\\n' "$folder/$name"; fi; done
"""


def _forget_inherited_settings() -> None:
    """Take out of this process's environment what would steer libpq inside it.

    Its every parameter that is not given comes from there: another address (PGHOSTADDR), a whole other server
    (PGSERVICE), settings of the session (PGOPTIONS). Some cannot be overruled by a parameter, and which there are
    depends on its version.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        os.environ.pop(name, None)


def _password_line(password: str) -> bytes:
    if "\n" in password or "\0" in password:
        raise Refused(
            "writing a password file",
            "the login",
            "the password holds a line break or a NUL character, which no password file can hold",
            "Choose another password for this role.",
        )
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{escaped}\n".encode()
