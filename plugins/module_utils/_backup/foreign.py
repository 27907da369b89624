# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring what other tools dumped: plain SQL or an archive of pg_dump, compressed with gzip or not.

Nobody knows who wrote such a file, so nothing in it is run by anybody who may do anything: psql is restricted to SQL
(``\\restrict``, with a key of our own), and logs in as a role that was made for this, owns nothing but the scratch
database, and is dropped at the end. Proven is what the file itself tells: its rows arrived, every one.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import hmac
import secrets
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from .._errors import Day2Error, NotPossible, Refused
from .._interruption import uninterrupted
from .._paths import not_possible
from .._postgresql.catalog import Difference, database_properties
from .._postgresql.client import Client
from .._postgresql.server import Server
from .._postgresql.session import Session
from .._postgresql.sql import Identifier, compose
from .._progress import SILENT, Progress
from .beside import Beside, RestoreResult
from .checks import Question, ask
from .copyrows import DumpCounter
from .ending import Ending
from .manifest import iso, now
from .prerequisites import room_for
from .proof import Proof
from .properties import apply_settings
from .scratch import drop_scratch, orphans
from .statements import Statements
from .store import DirectoryStore

__all__ = ["DumpPlan", "DumpRestore"]

_GZIP, _ARCHIVE = b"\x1f\x8b", b"PGDMP"
_COMPLETE = b"-- PostgreSQL database dump complete\n"
_READ_FIRST = 1 << 16


# What a killed restore leaves can log in no longer than this; no restore takes as long.
_ROLE_LIVES = "3 days"
# What the loading role leaves that no owner can be given, as default privileges, and what it made of the database.
_HAND_OVER = (
    "REASSIGN OWNED BY {role} TO {owner}",
    "DROP OWNED BY {role}",
    "ALTER DATABASE {name} RESET ALL",
    "ALTER DATABASE {name} IS_TEMPLATE false",
)
# How much smaller than their text rows may be in a table, which compresses long values one by one.
_COMPRESSED_AT_BEST = 10
_ITERATIONS = 4096  # PostgreSQL's own default


@dataclass(frozen=True)
class DumpPlan:
    """What restoring a dump would do; what check mode tells.

    :ivar archive: whether it is an archive of pg_dump; otherwise it is SQL.
    :ivar owner: the role to which everything is to belong.
    :ivar needed_bytes: that it takes at least on the server's disk.
    :ivar free_bytes: that are free there; None when nobody knows.
    """

    dump: str
    archive: bool
    target: str | None
    owner: str
    needed_bytes: int
    free_bytes: int | None
    program: str
    problems: list[str]
    orphans: list[str]
    replaces: dict[str, Any] | None
    properties: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The plan as a module returns it."""
        return {name: value for name, value in self.__dict__.items() if name != "properties"}


class DumpRestore(Beside):
    """A restore of a file that some other tool dumped.

    :param database: the database that it is of; the live one with a replacement.
    :param dump: path of the file on this host.
    :param owner: the role to which everything is to belong; that of the live database, or the login's, when None.
    :param extensions: made before the dump is loaded, which is loaded by a role that may make none.
    :param asked: what the restored database must answer.
    """

    def __init__(
        self,
        server: Server,
        database: str,
        store: DirectoryStore,
        dump: str,
        owner: str | None,
        extensions: list[str],
        asked: list[Question],
        ending: Ending,
        progress: Progress = SILENT,
    ) -> None:
        super().__init__(server, database, store, ending, progress)
        self._path = Path(dump)
        self._owner = owner
        self._extensions = extensions
        self._asked = asked

    # -- plan ---------------------------------------------------------------------------------------------------------

    def plan(self) -> DumpPlan:
        """Look, and say what would be done. Changes nothing."""
        with self._opened() as stream:
            first = stream.read(_READ_FIRST)
        archive = first.startswith(_ARCHIVE)
        problems = [] if archive else _odd(first)
        program = self.server.program("pg_restore" if archive else "psql").path
        with self.server.session(self._home) as session:
            properties = self._properties(session)
            look = self.ending.look(session, properties)
            remains = orphans(session)
            room = room_for(self.server, session, self._least_bytes(), properties["tablespace"])
            problems += [*look.problems, *self._lacking(session, properties["owner"])]
            problems += [room.lack] if room.lack else []
        return DumpPlan(
            dump=str(self._path),
            archive=archive,
            target=self.ending.target,
            owner=properties["owner"],
            needed_bytes=room.needed,
            free_bytes=room.free,
            program=program,
            problems=problems,
            orphans=remains,
            replaces=look.replaces,
            properties=properties,
        )

    def _least_bytes(self) -> int:
        """A size that no database is smaller than which such a file makes: what is large is compressed there too."""
        with self._path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
        size = self._path.stat().st_size
        return size if packed else size // _COMPRESSED_AT_BEST

    def _properties(self, session: Session) -> dict[str, Any]:
        """What the new database is to be like: the live one, or else the one that sessions are on by default."""
        there = session.values(compose("SELECT datname FROM pg_database WHERE datname = {name}", name=self.database))
        with self.server.session(there[0] if there else self._home) as like:
            properties = database_properties(like)
        if there:
            return properties if self._owner is None else {**properties, "owner": self._owner}
        me = self._owner or session.value("SELECT current_user::text AS me")
        usual = {"acl": ["=Tc/x"], "settings": [], "comment": None, "connection_limit": -1, "template": False}
        return {**properties, **usual, "owner": me}

    def _lacking(self, session: Session, owner: str) -> Iterator[str]:
        available = set(session.values("SELECT name FROM pg_available_extensions"))
        yield from (f'the extension "{name}" is missing' for name in self._extensions if name not in available)
        if not session.values(compose("SELECT rolname FROM pg_roles WHERE rolname = {name}", name=owner)):
            yield f'the role "{owner}" is missing'
        if not session.value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            yield "only a superuser can make the role without rights that loads the dump, and take it away again"

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        """The dump, without its compression."""
        doing = "reading a dump"
        try:
            with self._path.open("rb") as raw:
                packed = raw.read(2) == _GZIP
                raw.seek(0)
                with gzip.GzipFile(fileobj=raw) if packed else contextlib.nullcontext(raw) as stream:
                    yield cast("IO[bytes]", stream)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            why = f"its compression is damaged, or it was cut short: {error}"
            raise NotPossible(doing, str(self._path), why, "Use another dump.") from error
        except OSError as error:
            raise not_possible(doing, str(self._path), error) from error

    # -- do -----------------------------------------------------------------------------------------------------------

    def run(self, plan: DumpPlan) -> RestoreResult:
        """Load it beside everything else, and prove it; only what is proven comes to its ending."""
        if plan.problems:
            raise Refused(
                f"restoring the dump {plan.dump}",
                self.server.where,
                "; ".join(plan.problems),
                "Mend that, then run it again.",
            )
        load, properties = partial(self._load, plan=plan), plan.properties
        return self._beside("restoring a dump", properties, load, properties, self.server.version)

    def _load(self, scratch: str, plan: DumpPlan) -> RestoreResult:
        began, clock = now(), time.monotonic()
        counter = DumpCounter(lambda name: name.decode("utf-8", "replace"))
        with self._loader(scratch, plan.properties) as loader:
            self._progress.phase("loading the dump")
            left_out = self._archive(loader, scratch, counter) if plan.archive else self._sql(loader, scratch, counter)
            counter.finish()
            # Statistics and questions may call functions that the dump brought: never as anybody else.
            with loader.session(scratch) as humble:
                self._progress.phase("analysing")
                humble.execute("ANALYZE")
                seconds = time.monotonic() - clock
                answers = ask(humble, self._asked)
            self._progress.phase("comparing rows")
            proof = self._prove(loader, scratch, counter, answers)
        return RestoreResult(
            scratch=scratch,
            path=plan.dump,
            started=iso(began),
            seconds=round(seconds, 3),
            seconds_verifying=round(time.monotonic() - clock - seconds, 3),
            proof=proof,
            left_alone=left_out,
            dropped=[],
            amchecked=0,
            answers=answers,
        )

    @contextmanager
    def _loader(self, scratch: str, properties: dict[str, Any]) -> Iterator[Server]:
        """The server as a role that owns the scratch database and may do nothing else.

        What it made gets its owner, and the database its settings; what the dump may have set of it goes.
        """
        password = secrets.token_urlsafe(24)
        role = Identifier(scratch)
        with self.server.session(scratch) as admin:
            try:
                with uninterrupted():
                    admin.execute(
                        compose(
                            "DO $do$ BEGIN EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L VALID UNTIL %L', {name}, "
                            "{verifier}, now() + {lives}::interval); END $do$",
                            name=scratch,
                            verifier=_verifier(password),
                            lives=_ROLE_LIVES,
                        )
                    )
                for name in self._extensions:
                    admin.execute(compose("CREATE EXTENSION {name} CASCADE", name=Identifier(name)))
                admin.execute(compose("ALTER DATABASE {name} OWNER TO {role}", name=Identifier(scratch), role=role))
                if admin.version < 150000:
                    admin.execute(compose("ALTER SCHEMA public OWNER TO {role}", role=role))
                login = replace(self.server.login, user=scratch, password=password)
                yield Server(self.server.runner, login, self.server.bin_dir)
                owner = Identifier(properties["owner"])
                for statement in _HAND_OVER:
                    admin.execute(compose(statement, role=role, owner=owner, name=Identifier(scratch)))
                apply_settings(admin, properties)
            except BaseException:
                with contextlib.suppress(Day2Error):  # the first failure is the one to tell; the next restore drops it
                    self._drop_role(scratch)
                raise
            self._drop_role(scratch)

    def _drop_role(self, scratch: str) -> None:
        with uninterrupted(), contextlib.closing(self.server.session(self._home)) as dropper:
            self._drop_its_role(dropper, scratch)

    def _drop_its_role(self, session: Session, scratch: str) -> None:
        """Drop the role, and before it what keeps it from going: a database that was not finished."""
        there = compose("SELECT count(*) FROM pg_roles WHERE rolname = {name}", name=scratch)
        if not session.value(there):
            return
        owned = "SELECT count(*) FROM pg_database WHERE datname = {name} AND datdba = {name}::regrole"
        if session.value(compose(owned, name=scratch)):
            drop_scratch(session, scratch)
        session.execute(compose("DROP ROLE {name}", name=Identifier(scratch)))

    def _sql(self, loader: Server, scratch: str, counter: DumpCounter) -> dict[str, list[str]]:
        with self.server.session(scratch) as session:
            settings = set(session.values("SELECT lower(name) FROM pg_settings"))
        with self._opened() as stream:
            statements = Statements(self._progress.reading(stream), secrets.token_hex(16), settings, counter)
            Client(loader, scratch).load(cast("IO[bytes]", statements), f"loading {self._path.name}", self._stop)
        if statements.seen == 0:
            raise NotPossible("reading a dump", str(self._path), "there is no statement in it", "Use another dump.")
        if statements.begun and _COMPLETE not in statements.end:
            why = "it was cut short: the line with which pg_dump ends is missing"
            raise NotPossible("reading a dump", str(self._path), why, "Use another dump.")
        return {kind: [f"{number} statements"] for kind, number in sorted(statements.left_out.items())}

    def _archive(self, loader: Server, scratch: str, counter: DumpCounter) -> dict[str, list[str]]:
        client = Client(loader, scratch)
        with self._opened() as archive:
            source = self._progress.reading(archive)
            client.restore(source, ["--no-owner", "--no-privileges"], f"restoring {self._path.name}", self._stop)
        with self._opened() as archive:
            client.read_back(archive, counter, f"reading back {self._path.name}", self._stop)
        with self._opened() as archive:
            entries = client.contents(archive)
        grants = sum(entry.kind == "ACL" or entry.line.split(" ", 3)[3].startswith("DEFAULT ACL ") for entry in entries)
        return {"grants": [f"{grants} entries"]} if grants else {}

    # -- prove --------------------------------------------------------------------------------------------------------

    def _prove(self, loader: Server, scratch: str, counter: DumpCounter, answers: list[dict[str, Any]]) -> Proof:
        wrong = [
            Difference("check", answer["name"], answer["expected"], answer["reason"] or answer["observed"])
            for answer in answers
            if not answer["passed"]
        ]
        with loader.session(scratch) as session:
            for (schema, table), rows in sorted(counter.rows.items()):
                found = _rows_in(session, schema, table)
                if found != rows:
                    wrong.append(Difference("rows", f"{schema}.{table}", rows, found))
            large = session.value("SELECT count(*) FROM pg_largeobject_metadata")
        if large < len(counter.large_objects):
            wrong.append(Difference("large objects", "all", len(counter.large_objects), large))
        if not counter.rows and not answers:
            wrong.append(Difference("rows", "all", "rows in the form of COPY, or checks", "neither: nothing proves it"))
        return Proof(
            tables_compared=len(counter.rows),
            rows_compared=sum(counter.rows.values()),
            objects_compared=0,
            differences=wrong,
            notes=["the dump tells of rows only: no definition was compared"],
        )


def _odd(first: bytes) -> list[str]:
    """What is wrong with the beginning of a plain dump."""
    if not first:
        return ["the dump is empty"]
    if b"\r\n" in first:
        return ["the dump has carriage returns: it was written through a terminal, and its rows are not what they were"]
    if b"\0" in first:
        return ["the dump is neither SQL nor an archive of pg_dump"]
    return []


def _rows_in(session: Session, schema: str, table: str) -> Any:
    name = compose("{name}", name=Identifier(schema, table))
    kind = session.values(compose("SELECT relkind FROM pg_class WHERE oid = to_regclass({name})", name=name))
    if not kind:
        return "missing"
    # Rows that were dumped through a partitioned table's root lie in its partitions.
    only = "" if kind == ["p"] else "ONLY "
    return session.value(f"SELECT count(*) FROM {only}{name}")


def _verifier(password: str) -> str:
    """What the server keeps of a password (RFC 5802, PostgreSQL's SCRAM-SHA-256), so that no log shows the password."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    packed, stored, served = (base64.b64encode(part).decode() for part in (salt, client, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{packed}${stored}:{served}"
