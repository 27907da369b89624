# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that backs up, as somebody types it: what a backup that failed keeps retention from."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.collection import CHECKOUT
from tests.conftest import RunModule
from tests.stacks.sets import date_back
from tests.tools.program import environment

from .backup_places import arguments
from .maintenance_places import Place, places


@pytest.fixture(params=["embedded 18"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    """A database with a little in it."""
    for one in places(request, login):
        one.run("CREATE TABLE public.orders (id int)", "INSERT INTO public.orders SELECT generate_series(1, 30)")
        yield one


def play(folder: Path, *databases: dict[str, Any]) -> dict[str, Any]:
    """Run the playbook on these databases; return the document of its report."""
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "day2_environment": "test",
        "day2_databases": list(databases),
        "day2_backup": {
            "directory": str(folder / "sets"),
            "unless_newer_than": 0,
            "lock_wait": 1,
            "retention": {"keep_last": 1, **{f"keep_{period}": 0 for period in ("daily", "weekly", "monthly")}},
        },
        "day2_state_dir": str(folder / "state"),
        "day2_report_dir": str(folder / "reports"),
    }
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {"here": variables}}}))
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(folder / "hosts.json"),
            str(CHECKOUT / "playbooks" / "backup.yml"),
        ],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    latest = folder / "reports" / "test" / "latest.json"
    assert latest.exists(), done.stdout + done.stderr
    document: dict[str, Any] = json.loads(latest.read_text())
    return document


def steps(document: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["status"] for step in document["hosts"]["here"]["facts"]["steps"]}


@pytest.mark.long
def test_after_a_backup_that_failed_nothing_is_removed(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    given = arguments(place, tmp_path / "sets")
    sets = [
        date_back(Path(run_module("postgresql_backup", given)["backup"]["path"]), timedelta(days=days))
        for days in (1, 2, 3)
    ]
    database = {"name": place.database, **place.options}
    with place.session() as session:
        session.execute("BEGIN")
        session.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        failed = steps(play(tmp_path, {**database, "name": "postgres"}, database))
    assert failed | {"backup": "failed", "retention": "skipped", "verification": "ok", "release": "ok"} == failed
    assert all(path.is_dir() for path in sets)

    whole = steps(play(tmp_path, {**database, "name": "postgres"}, database))
    assert whole | {"backup": "changed", "retention": "changed"} == whole
    assert not any(path.exists() for path in sets)
    found = run_module("postgresql_backup_info", {"directory": str(tmp_path / "sets"), "environment": "test"})
    assert [one["state"] for one in found["backups"]] == ["complete"] * 2
