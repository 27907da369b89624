# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups of real servers, of every version: whole, proven, and leaving nothing when they fail."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import contents as contents_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import compose
from ansible_collections.day2.ops.plugins.module_utils._postgresql.statistics import TAKEN_FROM
from tests.conftest import RunModule

from .backup_places import ODD_NAMES, arguments, files_below, furnished, manifest_of, texts_below
from .maintenance_places import EVERY, Behind, Place, until

anywhere = pytest.fixture(params=EVERY)(furnished)


place = pytest.fixture(params=["embedded 18"])(furnished)


# -- a whole one ------------------------------------------------------------------------------------------------------


def test_check_mode_plans_then_a_set_is_made_and_proven(anywhere: Place, run_module: RunModule, tmp_path: Path) -> None:
    given = arguments(anywhere, tmp_path / "sets", label="daily", unless_newer_than=3600)
    planned = run_module("postgresql_backup", given, check_mode=True)
    assert (planned["changed"], planned["backup"]) == (True, None)
    assert not (tmp_path / "sets").exists()

    made = run_module("postgresql_backup", given)
    backup = made["backup"]
    assert made["changed"]
    assert {key: made["plan"][key] for key in ("parts", "tables")} == {
        key: planned["plan"][key] for key in ("parts", "tables")
    }
    assert backup["verified"]
    assert backup["state"] == "complete"
    names = anywhere.values(
        "SELECT quote_ident('Odd \"Schema\"') || '.' || quote_ident(n) AS n FROM unnest(ARRAY['x']) AS n"
    )
    assert names
    expected = {
        "public.customers": 500, "public.orders": 2000, "public.nothing": 1, "public.fleeting": 2, "public.parent": 3,
        "public.child": 1, "public.worded": 0, "public.parted_low": 50, "public.parted_rest": 50,
    }  # fmt: skip
    assert expected.items() <= backup["tables"].items()
    assert len(backup["tables"]) == len(expected) + len(ODD_NAMES)
    assert backup["large_objects"] == 2
    assert backup["left_out"] == {"unpopulated_materialized_views": ["public.never"]}
    manifest = manifest_of(backup["path"])
    assert manifest["sequences"]['"public"."lonely"'] == [19, True]
    assert manifest["refresh"] == ["public.z_first", "public.a_second"]
    assert sorted([*backup["files"], "manifest.json"]) == sorted(path.name for path in Path(backup["path"]).iterdir())

    before = files_below(tmp_path)
    again = run_module("postgresql_backup", given)
    assert not again["changed"]
    assert again["backup"]["path"] == backup["path"]
    assert files_below(tmp_path) == before


def test_its_parts_hold_what_one_full_dump_holds(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(contents_module, "LEAST_TABLE_BYTES", 1)  # every table with rows gets a part of its own
    monkeypatch.setattr(contents_module, "LEAST_PART_BYTES", 1)
    backup = run_module("postgresql_backup", arguments(place, tmp_path))["backup"]
    server = place.server
    full = tmp_path / "full.dump"
    statistics = ["--statistics"] if server.major >= TAKEN_FROM else []
    command = [server.program("pg_dump").path, "-Fc", *statistics, f"--file={full}"]
    done = server.runner.run(command, server.environment(place.database))
    assert done.returncode == 0, done.stderr
    assert len(list(Path(backup["path"]).glob("data-*.dump"))) > 10

    def contents(archive: Path) -> list[str]:
        listed = server.runner.run([server.program("pg_restore").path, "--list", str(archive)]).stdout.decode()
        return [
            re.sub(r"^\d+; \d+ \d+ ", "", line) for line in listed.splitlines() if line and not line.startswith(";")
        ]

    parts = [entry for archive in Path(backup["path"]).glob("*.dump") for entry in contents(archive)]
    # Materialised views are refreshed by the restore itself.
    whole = [entry for entry in contents(full) if not entry.startswith("MATERIALIZED VIEW DATA")]
    assert sorted(parts) == sorted(whole)


@pytest.mark.parametrize("fingerprint", ["rows", "content"])
def test_it_is_one_moment_while_others_write(
    place: Place, run_module: RunModule, tmp_path: Path, fingerprint: str
) -> None:
    place.run(
        "CREATE TABLE public.pairs_a (i int); CREATE TABLE public.pairs_b (i int)",
        "CREATE TABLE public.last (at timestamptz); INSERT INTO public.last VALUES (clock_timestamp())",
    )
    given = arguments(place, tmp_path)
    over = threading.Event()

    def write() -> int:
        number = 0
        with place.session() as session:
            while not over.is_set():
                session.execute(
                    "BEGIN; INSERT INTO public.pairs_a VALUES (1); INSERT INTO public.pairs_b VALUES (1); "
                    "UPDATE public.last SET at = clock_timestamp(); COMMIT"
                )
                number += 1
        return number

    writer = Behind(write)
    try:
        assert until(lambda: place.value("SELECT count(*) AS n FROM public.pairs_a") > 10)
        backup = run_module("postgresql_backup", {**given, "fingerprint": fingerprint})["backup"]
    finally:
        over.set()
    assert writer.result() > backup["tables"]["public.pairs_a"]
    assert backup["verified"]
    drill = run_module("postgresql_restore", {**given, "mode": "drill"})
    assert drill["restore"]["verified"], drill["restore"]["differences"]
    assert backup["tables"]["public.pairs_a"] == backup["tables"]["public.pairs_b"] > 10


@pytest.mark.parametrize(("compression", "expected"), [("none", "0"), ("gzip", "gzip"), ("auto", "gzip")])
def test_compression(place: Place, run_module: RunModule, tmp_path: Path, compression: str, expected: str) -> None:
    backup = run_module("postgresql_backup", arguments(place, tmp_path, compression=compression))["backup"]
    assert backup["compression"] == expected  # this build of pg_dump knows no zstd, so auto falls back
    assert backup["verified"]


@pytest.mark.parametrize("container_server", [17, 18], indirect=True)
def test_zstd_where_the_servers_own_tools_can(
    container_server: dict[str, Any], run_module: RunModule, tmp_path: Path
) -> None:
    given = {**container_server, "database": "postgres", "directory": str(tmp_path), "environment": "test"}
    backup = run_module("postgresql_backup", given)["backup"]
    assert backup["compression"] == "zstd:3"
    assert backup["verified"]


def test_globals_without_passwords_unless_asked(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    with place.role("with_password"):
        quiet = run_module("postgresql_backup", arguments(place, tmp_path))["backup"]
        loud = run_module("postgresql_backup", arguments(place, tmp_path, role_passwords=True))["backup"]
    assert "with_password" in (Path(quiet["path"]) / "globals.sql").read_text()
    assert "SCRAM" not in texts_below(Path(quiet["path"]))
    assert "SCRAM" in (Path(loud["path"]) / "globals.sql").read_text()


def test_an_unverified_set_does_not_make_the_next_unnecessary(
    place: Place, run_module: RunModule, tmp_path: Path
) -> None:
    given = arguments(place, tmp_path, unless_newer_than=3600)
    assert not run_module("postgresql_backup", {**given, "verify": False})["backup"]["verified"]
    assert run_module("postgresql_backup", given)["changed"]


# -- least privilege --------------------------------------------------------------------------------------------------


def test_a_role_that_reads_everything_is_enough(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    grants = ["GRANT pg_read_all_data TO reader", "ALTER ROLE reader BYPASSRLS"]
    with place.role("reader", *grants) as login:
        place.run(
            "ALTER ROLE reader SET idle_in_transaction_session_timeout = '1s'",
            "ALTER ROLE reader SET statement_timeout = 1",
        )
        given = {**arguments(place, tmp_path), **login}
        refused = run_module("postgresql_backup", given)
        assert "may not read 2 of them" in refused["msg"]  # large objects
        assert "Grant the role membership in their owner" in refused["error"]["remedy"]
        place.run("SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
        result = run_module("postgresql_backup", given)
        assert result.get("backup", {}).get("verified"), result


@pytest.mark.parametrize(
    ("grants", "why", "remedy"),
    [
        ([], "permission denied", "Grant the role"),
        (["GRANT pg_read_all_data TO reader"], "row-level security", "BYPASSRLS"),
    ],
)
def test_a_role_that_sees_too_little_is_refused(
    place: Place, run_module: RunModule, tmp_path: Path, grants: list[str], why: str, remedy: str
) -> None:
    place.run("SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
    with place.role("reader", *grants) as login:
        result = run_module("postgresql_backup", {**arguments(place, tmp_path), **login})
    assert result["failed"]
    assert why in result["msg"]
    assert remedy in result["error"]["remedy"]
    assert run_module("postgresql_backup_info", {"directory": str(tmp_path), "environment": "test"})["backups"] == []


# -- secrets ----------------------------------------------------------------------------------------------------------


def test_the_password_is_nowhere(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    secret = "pa:ss\\wo'rd \"☃$HOME"
    seen: list[str] = []
    over = threading.Event()

    def watch() -> None:
        me = psutil.Process()
        while not over.is_set():
            for child in me.children(recursive=True):
                try:
                    seen.append("\0".join([*child.cmdline(), *map(str, child.environ().items())]))
                except psutil.Error:
                    continue

    with place.role("secretive", "ALTER ROLE secretive SUPERUSER") as login:
        place.run(compose("ALTER ROLE secretive PASSWORD {p}", p=secret))
        watcher = Behind(watch)
        try:
            result = run_module("postgresql_backup", {**arguments(place, tmp_path), **login, "login_password": secret})
        finally:
            over.set()
        watcher.result()
    assert result["backup"]["verified"]
    children = "\n".join(seen)
    assert "pg_dump" in children
    assert "PGPASSFILE" in children
    for text in (children, str(result), texts_below(tmp_path)):
        assert secret not in text
        assert "☃$HOME" not in text


def test_a_password_like_the_databases_name(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    with place.role("twin", "ALTER ROLE twin SUPERUSER") as login:
        place.run(compose("ALTER ROLE twin PASSWORD {p}", p=place.database))
        given = {**arguments(place, tmp_path), **login, "login_password": place.database}
        result = run_module("postgresql_backup", given)
    assert result["changed"]
    assert place.database not in str(result)
    found = run_module("postgresql_backup_info", {"directory": str(tmp_path), "environment": "test"})["backups"]
    assert [(one["database"], one["state"], one["verified"]) for one in found] == [(place.database, "complete", True)]


def test_a_password_that_no_file_can_hold_is_refused(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    result = run_module("postgresql_backup", {**arguments(place, tmp_path), "login_password": "line\nbreak"})
    assert result["failed"]
    assert "line\nbreak" not in str(result)
