# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords reach the programs that need them, of every version, and no disk, however anybody is killed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import server_of
from ansible_collections.day2.ops.plugins.module_utils._backup import foreign as foreign_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql import server as server_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.kept import kept_databases
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import QueryFailed
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose, identifier
from tests.conftest import RunModule

from .backup_places import arguments, furnished, texts_below
from .long import cases
from .maintenance_places import Behind, Place, every, until
from .test_ended_by_a_signal import EITHER, in_a_process

SECRET = "pa:ss\\wo'rd \"☃$HOME"
KILLS = 5


place = pytest.fixture(furnished)


@contextmanager
def by_password(place: Place) -> Iterator[dict[str, Any]]:
    """A login that needs its password, inside containers too."""
    me = Identifier(place.own("needs a password"))
    place.run(
        compose("DROP ROLE IF EXISTS {me}", me=me),
        compose("CREATE ROLE {me} SUPERUSER LOGIN PASSWORD {secret}", me=me, secret=SECRET),
    )
    host = {"login_host": "127.0.0.1"} if "service" in place.options else {}
    try:
        yield {**host, "login_user": me.parts[0], "login_password": SECRET}
    finally:
        assert until(lambda: gone(place, me), 60)


def gone(place: Place, role: Identifier) -> bool:
    """Whether the role could be dropped; what it left may still be at work in a container for a moment."""
    place.values(compose(_SESSIONS, name=role.parts[0]))
    for left in place.values(compose(_DATABASES, name=identifier(*role.parts))):  # by restores that were killed
        place.run(compose("DROP DATABASE IF EXISTS {left} WITH (FORCE)", left=Identifier(left)))
    try:
        place.run(compose("DROP ROLE {role}", role=role))
    except QueryFailed as error:
        if error.sqlstate != "2BP01":  # something depends on it
            raise
        return False
    return True


_SESSIONS = "SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE usename = {name}"
_DATABASES = "SELECT datname AS name FROM pg_database WHERE datdba = {name}::regrole AND datname LIKE 'day2\\_restore%'"


def held_by_files(place: Place, temporary: Path) -> list[str]:
    """The files with the password in them where temporary files lie, on this host and in the container."""
    pieces = (SECRET.encode(), SECRET.replace("\\", "\\\\").replace(":", "\\:").encode())
    found = [
        str(path)
        for folder in (temporary, Path("/dev/shm"))
        for path in folder.rglob("*")
        if path.is_file() and any(piece in path.read_bytes() for piece in pieces)
    ]
    if "service" in place.options:
        name = place.options["service"]["name"]
        look = ["grep", "-rslF", SECRET.rpartition(" ")[2], "/tmp", "/var/tmp", "/dev/shm"]
        done = subprocess.run(["docker", "exec", name, *look], capture_output=True, text=True, check=False)
        found += done.stdout.split()
    return found


@pytest.mark.parametrize("place", every(), indirect=True)
def test_every_program_logs_in_by_it(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "psycopg2", None)
    with by_password(place) as login:
        wrong = run_module("postgresql_backup", arguments(place, tmp_path, **{**login, "login_password": "wrong"}))
        assert "password authentication failed" in wrong["msg"]
        backup = run_module("postgresql_backup", arguments(place, tmp_path, jobs=3, **login))
        assert backup.get("backup", {}).get("verified"), backup
        drill = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill", jobs=3, **login))
        assert drill.get("restore", {}).get("verified"), drill


@pytest.mark.parametrize("place", cases(EITHER, ["embedded 18"]), indirect=True)
@pytest.mark.parametrize("module", cases(["postgresql_backup", "postgresql_restore"], ["postgresql_backup"]))
def test_killed_at_any_moment_no_file_holds_it(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    place.run("CREATE TABLE public.big AS SELECT i, repeat(md5(i::text), 12) AS t FROM generate_series(1, 60000) AS i")
    with by_password(place) as login:
        more = {"mode": "drill"} if module == "postgresql_restore" else {}
        assert run_module("postgresql_backup", arguments(place, tmp_path / "sets", **login))["backup"]["verified"]
        given = arguments(place, tmp_path / "sets", jobs=2, **login, **more)
        began = time.monotonic()
        whole, _errors = in_a_process(module, given).communicate(timeout=120)
        took = time.monotonic() - began
        assert "failed" not in whole
        moments = random.Random(place.options.get("login_port", module)).sample(range(5, 95), KILLS)
        for moment in moments:
            after = took * moment / 100
            while not killed_after(after, in_a_process(module, given), lambda: held_by_files(place, temporary)):
                after /= 2  # it was quicker than the first: tried again, earlier
                assert after > took / 1000
        assert list(temporary.iterdir()) == []


def killed_after(seconds: float, process: subprocess.Popen[str], held: Callable[[], list[str]]) -> bool:
    """Kill it after so long, and say whether it still ran; at no time may anything be held."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        assert held() == []
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        psutil.wait_procs(children, timeout=30)
    process.communicate(timeout=60)
    assert held() == []
    return process.returncode == -signal.SIGKILL


def told_by_processes(over: threading.Event) -> tuple[set[str], set[str]]:
    """The programs that were seen, and those whose command line or environment held the password, until it is over."""
    seen, telling = set(), set()
    while not over.is_set():
        for process in Path("/proc").glob("[0-9]*"):
            try:
                argv = (process / "cmdline").read_bytes()
                told = argv + (process / "environ").read_bytes()
            except OSError:  # it has ended, or is none of ours
                continue
            name = Path(argv.split(b"\0")[0].decode(errors="replace")).name
            seen.add(name)
            if SECRET.encode() in told or SECRET.rpartition(" ")[2].encode() in told:
                telling.add(name)
    return seen, telling


@pytest.mark.parametrize(
    ("place", "driver"),
    [
        ("embedded 18", "psycopg2"),
        ("container 17", "psql"),
        pytest.param("embedded 18", "psql", marks=pytest.mark.long),
        pytest.param("container 17", "psycopg2", marks=pytest.mark.long),
    ],
    indirect=["place"],
)
def test_no_process_result_or_file_tells_it(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    """Of backup, drill, replacement and rollback; and of a dump, whose loading role has a password of its own."""
    if driver == "psql":
        monkeypatch.setattr(server_module, "psycopg2", None)
    monkeypatch.setattr(foreign_module.secrets, "token_urlsafe", lambda _bytes: SECRET)
    dump = tmp_path / "dump.sql"
    dump.write_text("CREATE TABLE public.t (i int);\nCOPY public.t (i) FROM stdin;\n1\n\\.\n")
    over = threading.Event()
    with by_password(place) as login:
        watcher = Behind(lambda: told_by_processes(over))
        given = arguments(place, tmp_path, **login)
        swapping = {"confirm": place.database, "safety_backup": False}
        try:
            results = [
                run_module("postgresql_backup", given),
                run_module("postgresql_restore", {**given, "mode": "drill"}),
                run_module("postgresql_restore", {**given, "mode": "drill", "dump": str(dump)}),
                run_module("postgresql_restore", {**given, "mode": "replace", **swapping}),
                run_module("postgresql_restore", {**given, "mode": "rollback", "confirm": place.database}),
            ]
        finally:
            over.set()
        seen, telling = watcher.result()
        with place.server.session() as admin:
            for left in kept_databases(admin, place.database):
                admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=Identifier(left.name)))
    assert [one.get("msg") for one in results] == [None] * 5
    assert seen >= {"pg_dump", "pg_restore"}
    assert telling == set()
    for text in (json.dumps(results, ensure_ascii=False), texts_below(tmp_path)):
        assert SECRET.rpartition(" ")[2] not in text


# -- what the environment of this process says ------------------------------------------------------------------------

MISLEADING = {
    "PGHOSTADDR": "192.0.2.1",
    "PGSERVICE": "elsewhere",
    "PGSERVICEFILE": "/nonexistent",
    "PGOPTIONS": "-c search_path=trap -c default_transaction_read_only=on",
    "PGTARGETSESSIONATTRS": "standby",
    "PGPASSFILE": "/nonexistent",
    "PGSSLCERT": "/nonexistent",
    "PGSSLMINPROTOCOLVERSION": "nonsense",
    "PGREQUIREAUTH": "none",
    "PGGSSENCMODE": "nonsense",
    "PGCLIENTENCODING": "nonsense",
    "PGDATESTYLE": "nonsense",
    "PGSOMETHINGNEW": "nonsense",
}


@pytest.mark.parametrize("driver", ["psycopg2", "psql"])
def test_what_steers_libpq_from_outside_is_not_heard(
    login: dict[str, Any], monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    for name, value in MISLEADING.items():
        monkeypatch.setenv(name, value)
    if driver == "psql":
        monkeypatch.setattr(server_module, "psycopg2", None)
    given = {"login_db": "postgres", "ssl_mode": "prefer", "ca_cert": None, "connect_timeout": 5, **login}
    server = server_of(given)
    with server.session() as session:
        assert session.value("SELECT current_setting('default_transaction_read_only') AS s") == "off"
    dumped: list[bytes] = []
    done = server.runner.stream_from(
        [server.program("pg_dump").path, "--schema-only"], dumped.append, server.environment()
    )
    assert (done.returncode, done.stderr) == (0, "")
