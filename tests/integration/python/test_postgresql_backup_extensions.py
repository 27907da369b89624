# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows that extensions mark for dumps: counted under the extension's own condition, and compared."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunModule
from tests.tools.servers import name_of

from .backup_places import arguments, manifest_of, miscount
from .long import cases
from .maintenance_places import Place, places

CONTROL = "default_version = '1.0'\nrelocatable = false\nschema = register\n"
SCRIPT = """
CREATE TABLE settings (name text PRIMARY KEY, value text, ours boolean NOT NULL DEFAULT false);
INSERT INTO settings SELECT 'ours ' || i, 'x', true FROM generate_series(1, 1000) AS i;
CREATE TABLE "Odd Log" (id serial PRIMARY KEY, what text);
CREATE TABLE secret (i int);
INSERT INTO secret VALUES (1), (2);
SELECT pg_extension_config_dump('settings', 'WHERE NOT ours AND value <> $$skip$$');
SELECT pg_extension_config_dump('"Odd Log"', '');
SELECT pg_extension_config_dump('"Odd Log_id_seq"', '');
"""


@pytest.fixture(params=cases(["container 17", "container 13"], ["container 13"]))
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    """A database with an extension of the test's own, and rows in its tables."""
    major = int(request.param.split()[1])
    for name, text in (("day2_register.control", CONTROL), ("day2_register--1.0.sql", SCRIPT)):
        path = f"/usr/share/postgresql/{major}/extension/{name}"
        into = ["docker", "exec", "--interactive", "--user", "root", name_of(major), "sh", "-c", f"cat > {path}"]
        subprocess.run(into, input=text.encode(), check=True)
    for one in places(request, login):
        one.run(
            "CREATE SCHEMA register",
            "CREATE EXTENSION day2_register SCHEMA register",
            "INSERT INTO register.settings VALUES ('mine', '1'), ('mine too', '2'), ('not dumped', 'skip')",
            'INSERT INTO register."Odd Log" (what) SELECT repeat($$w$$, i) FROM generate_series(1, 5) AS i',
            "CREATE TABLE public.own (i int)",
        )
        yield one


def test_rows_that_an_extension_marks_are_counted(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    backup = run_module("postgresql_backup", arguments(place, tmp_path))["backup"]
    assert backup["verified"]
    assert backup["tables"] == {"public.own": 0}
    assert backup["extension_tables"] == {"register.settings": 2, 'register."Odd Log"': 5}
    assert backup["left_out"] == {"extension_tables": ["register.secret"]}
    assert manifest_of(backup["path"])["sequences"] == {'"register"."Odd Log_id_seq"': [5, True]}
    drill = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))
    assert drill.get("restore", {}).get("verified"), drill["msg"]


def test_a_row_lost_in_the_dump_is_found(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    miscount(monkeypatch, "settings", 1)
    result = run_module("postgresql_backup", arguments(place, tmp_path))
    assert "register.settings: 3 rows in the database, 2 in the dump" in result["msg"]


def test_a_row_lost_in_the_restore_is_found(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_module("postgresql_backup", arguments(place, tmp_path))["backup"]["verified"]
    miscount(monkeypatch, "settings", -1)
    drill = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))
    assert "rows register.settings: 2 was, 1 is" in drill["msg"]
