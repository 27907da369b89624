# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that go wrong: told why, in time, leaving nothing that could be taken for a backup."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.archives import Archives
from ansible_collections.day2.ops.plugins.module_utils._backup.dump import Backup
from ansible_collections.day2.ops.plugins.module_utils._backup.store import DirectoryStore
from ansible_collections.day2.ops.plugins.module_utils._postgresql.client import Client, DumpFailed
from ansible_collections.day2.ops.plugins.module_utils._postgresql.fingerprint import MEASURES
from ansible_collections.day2.ops.plugins.module_utils._postgresql.server import Server
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from ansible_collections.day2.ops.plugins.module_utils._postgresql.work_lock import work_lock
from tests.conftest import RunModule
from tests.stacks.embedded import EmbeddedServer

from .backup_places import arguments, files_below, furnished, manifest_of, miscount
from .long import cases
from .maintenance_places import EVERY, NEWEST, Behind, Place, until

anywhere = pytest.fixture(params=EVERY)(furnished)


place = pytest.fixture(params=["embedded 18"])(furnished)


def nothing_left(folder: Path) -> bool:
    return not [path for path in folder.rglob("*") if path.name not in (".lock",) and path.is_file()]


@pytest.mark.parametrize(
    ("changed", "why", "remedy"),
    [
        ({"login_password": "wrong"}, "password authentication failed", "login_password"),
        ({"login_host": "host.invalid"}, "could not translate host name", "host that exists"),
        ({"database": "no 'such\" db"}, "does not exist", "database that exists"),
        ({"bin_dir": "/nonexistent"}, "not there", "bin_dir"),
        ({"label": "../up"}, "label", "another label"),
        ({"environment": ""}, "empty", ""),
        ({"compression": "zstd"}, "does not support compression", ""),
    ],
)
def test_bad_input_is_told(
    place: Place, run_module: RunModule, tmp_path: Path, changed: dict[str, Any], why: str, remedy: str
) -> None:
    result = run_module("postgresql_backup", {**arguments(place, tmp_path), **changed})
    assert result["failed"], result
    assert why in result["msg"]
    assert remedy in result["error"]["remedy"]
    assert nothing_left(tmp_path)


def test_a_folder_that_is_a_file(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    (tmp_path / "sets").write_text("precious")
    result = run_module("postgresql_backup", arguments(place, tmp_path / "sets"))
    assert "Not a directory" in result["msg"]
    assert (tmp_path / "sets").read_text() == "precious"


def test_a_folder_that_others_may_write_to(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    given = arguments(place, tmp_path / "sets")
    backup = run_module("postgresql_backup", given)["backup"]
    (tmp_path / "sets").chmod(0o777)
    read = {"directory": given["directory"], "environment": "test"}
    before = files_below(tmp_path)
    for module, options in (
        ("postgresql_backup", given),
        ("postgresql_restore", {**given, "mode": "drill"}),
        ("postgresql_backup_info", read),
        ("backup_retention", read),
    ):
        for check_mode in (True, False):
            result = run_module(module, options, check_mode=check_mode)
            assert result["error"]["kind"] == "Refused"
            assert "others could put something there or change what is there: its mode is 0777" in result["msg"]
            assert f"chmod go-w {tmp_path / 'sets'}" in result["error"]["remedy"]
    assert files_below(tmp_path) == before
    (tmp_path / "sets").chmod(0o755)
    assert [one["path"] for one in run_module("postgresql_backup_info", read)["backups"]] == [backup["path"]]


def test_too_little_space_is_told_before_anything_starts(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DirectoryStore, "free_bytes", lambda _store: 4096)
    result = run_module("postgresql_backup", arguments(place, tmp_path))
    assert "4096 are free" in result["msg"]
    assert nothing_left(tmp_path)


def test_older_programs_are_refused(
    embedded_16: EmbeddedServer, place: Place, run_module: RunModule, tmp_path: Path
) -> None:
    result = run_module("postgresql_backup", {**arguments(place, tmp_path), "bin_dir": str(embedded_16.bin_dir)})
    assert "older than the server" in result["msg"]
    assert nothing_left(tmp_path)


def test_newer_programs_are_used_with_a_warning(
    embedded: EmbeddedServer, embedded_16: EmbeddedServer, run_module: RunModule, tmp_path: Path
) -> None:
    given = {
        "login_host": embedded_16.host, "login_port": embedded_16.port, "login_password": embedded_16.password,
        "bin_dir": str(embedded.bin_dir), "database": "postgres", "directory": str(tmp_path), "environment": "test",
    }  # fmt: skip
    result = run_module("postgresql_backup", given)
    assert result["backup"]["verified"]
    assert any("install the server's own client programs" in str(warning) for warning in result["warnings"])


def test_a_table_locked_for_good_fails_in_time(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    with place.session() as session:
        session.execute("BEGIN")
        session.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        result = run_module("postgresql_backup", arguments(place, tmp_path, lock_wait=1))
    assert "lock timeout" in result["msg"]
    assert nothing_left(tmp_path)


def test_it_keeps_apart_from_maintenance(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    with work_lock(place.server, place.database, "reindex"):
        result = run_module("postgresql_backup", arguments(place, tmp_path))
    assert "day2.ops reindex" in result["msg"]
    assert nothing_left(tmp_path)


_ALONE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ansible.module_utils.testing import patch_module_args
from ansible_collections.day2.ops.plugins.modules import postgresql_backup
with patch_module_args(json.loads(sys.stdin.read())):
    postgresql_backup.main()
"""


def backup_in_a_process(given: dict[str, Any]) -> subprocess.Popen[bytes]:
    import json

    from tests.collection import COLLECTIONS

    process = subprocess.Popen(
        [sys.executable, "-c", _ALONE, str(COLLECTIONS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(given).encode())
    process.stdin.close()
    return process


@pytest.mark.parametrize("place", cases(["embedded 18", "container 17"], NEWEST), indirect=True)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_backup_leaves_nothing_that_could_be_taken_for_one(
    place: Place, run_module: RunModule, tmp_path: Path, number: signal.Signals
) -> None:
    place.run("CREATE TABLE public.big AS SELECT i, repeat(md5(i::text), 12) AS t FROM generate_series(1, 150000) AS i")
    given = arguments(place, tmp_path)
    process = backup_in_a_process(given)
    assert until(lambda: bool(list(tmp_path.rglob("rest.dump"))))
    process.send_signal(number)
    process.wait(20)
    assert process.returncode
    found = run_module("postgresql_backup_info", {"directory": str(tmp_path), "environment": "test"})["backups"]
    assert {one["state"] for one in found} <= {"partial"}
    # Nothing of it goes on in the server, and the next run clears what it left.
    watch = compose(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = {d} AND application_name LIKE 'day2.ops%'",
        d=place.database,
    )
    with place.server.session() as admin:
        assert until(lambda: admin.value(watch) == 0)
    result = run_module("postgresql_backup", given)
    assert result["backup"]["verified"], result
    assert not list(tmp_path.rglob(".partial-*"))


@pytest.mark.parametrize(
    ("whose", "moment"),
    [(Archives, "_rows"), (Archives, "read_back"), (Backup, "_globals"), (Client, "dump"), (Client, "read_back")],
)
def test_a_failing_dump_leaves_nothing(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: type, moment: str
) -> None:
    def broken(*_arguments: object) -> None:
        raise DumpFailed("dumping", "a test", "it was told to fail", "Nothing.")

    monkeypatch.setattr(whose, moment, broken)
    result = run_module("postgresql_backup", arguments(place, tmp_path))
    assert "it was told to fail" in result["msg"]
    assert nothing_left(tmp_path)


def test_a_dump_that_lost_rows_is_found_out(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    miscount(monkeypatch, "orders", 1)
    result = run_module("postgresql_backup", arguments(place, tmp_path))
    assert "public.orders: 2001 rows in the database, 2000 in the dump" in result["msg"]
    assert nothing_left(tmp_path)


def test_two_at_once(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    with DirectoryStore(str(tmp_path), "test").lock(place.database):
        result = run_module("postgresql_backup", arguments(place, tmp_path))
    assert "another process" in result["msg"]
    assert nothing_left(tmp_path)


@pytest.mark.parametrize(
    "name", ['sh"op; DROP', "line\nbreak", "it's ünï ☃", "x" * 63, "dbname=postgres host=elsewhere", "-Fc"]
)
def test_odd_names_of_databases(place: Place, run_module: RunModule, tmp_path: Path, name: str) -> None:
    server: Server = place.server
    with server.session() as admin:
        admin.execute(compose("DROP DATABASE IF EXISTS {d}", d=Identifier(name)))
        admin.execute(compose("CREATE DATABASE {d}", d=Identifier(name)))
    try:
        backup = run_module("postgresql_backup", {**arguments(place, tmp_path), "database": name})["backup"]
        assert (backup["database"], backup["verified"]) == (name, True)
        assert Path(backup["path"]).parent.parent.parent == tmp_path
        drill = run_module("postgresql_restore", {**arguments(place, tmp_path), "database": name, "mode": "drill"})
        assert drill["restore"]["verified"]
    finally:
        with server.session() as admin:
            admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=Identifier(name)))


def test_a_standby_is_backed_up(embedded: EmbeddedServer, run_module: RunModule, tmp_path: Path, place: Place) -> None:
    folder = tmp_path / "standby"
    folder.mkdir(mode=0o700)
    standby = EmbeddedServer.standby_of(embedded, folder, "backed_up")
    standby.start({"hot_standby": "on", "fsync": "off", "max_connections": "60"})
    try:
        given = {**arguments(place, tmp_path / "sets"), "login_port": standby.port}
        result = run_module("postgresql_backup", given)
        assert result.get("backup", {}).get("verified"), result
        assert result["backup"]["left_out"]["unlogged_tables"] == ["public.fleeting"]
        assert "public.fleeting" not in result["backup"]["tables"]
        assert manifest_of(result["backup"]["path"])["in_recovery"]
    finally:
        standby.stop("immediate")
        with place.server.session() as admin:
            watch = "SELECT count(*) AS n FROM pg_replication_slots WHERE slot_name = 'backed_up' AND active"
            assert until(lambda: admin.value(watch) == 0)
            admin.execute("SELECT pg_drop_replication_slot('backed_up')")


def test_a_set_of_another_server_does_not_count(
    embedded_16: EmbeddedServer, place: Place, run_module: RunModule, tmp_path: Path
) -> None:
    other = {
        "login_host": embedded_16.host, "login_port": embedded_16.port, "login_password": embedded_16.password,
        "bin_dir": str(embedded_16.bin_dir),
    }  # fmt: skip
    given = {**arguments(place, tmp_path, unless_newer_than=3600), "database": "postgres"}
    assert run_module("postgresql_backup", {**given, **other})["changed"]
    result = run_module("postgresql_backup", given)
    assert result["changed"]
    assert "another server" in result["plan"]["reason"]
    assert any("environment or a directory of its own" in str(warning) for warning in result["warnings"])


def test_a_count_behind_a_waiting_alteration_ends_in_time(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = MEASURES["rows"]
    altering: list[Behind] = []

    def alter() -> None:
        with place.session() as session:
            session.execute("SET lock_timeout = '30s'")
            session.execute("ALTER TABLE public.orders ADD COLUMN later int")

    def counted(session: Any, table: Any) -> int:
        if table.relation == "orders":  # an alteration begins to wait for our locks, and we then wait behind it
            altering.append(Behind(alter))
            waiting = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
            assert until(lambda: place.value(waiting) > 0)
        return count(session, table)

    monkeypatch.setitem(MEASURES, "rows", counted)
    result = run_module("postgresql_backup", arguments(place, tmp_path, lock_wait=2))
    altering[0].result()
    assert "lock timeout" in result["msg"]
    assert nothing_left(tmp_path)


def test_a_function_that_looks_like_rows_stops_no_backup(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    body = "/*\nCOPY public.orders (id) FROM stdin;\n1\n*/ SELECT 1"
    place.run(compose("CREATE FUNCTION public.odd() RETURNS int LANGUAGE sql AS {body}", body=body))
    assert run_module("postgresql_backup", arguments(place, tmp_path))["backup"]["verified"]
    assert run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))["restore"]["verified"]


@pytest.mark.parametrize("option", ["jobs", "lock_wait"])
def test_numbers_that_make_no_sense_are_refused(
    place: Place, run_module: RunModule, tmp_path: Path, option: str
) -> None:
    result = run_module("postgresql_backup", {**arguments(place, tmp_path), option: 0})
    assert "Give at least 1" in result["msg"]
