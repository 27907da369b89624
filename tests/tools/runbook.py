# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The weekly runbook on the sandbox, as the README tells to run it: in fresh clones, by root and by somebody else."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import psycopg2

from ..stacks.embedded import EmbeddedServer
from .clone import Clone, shared_clone
from .program import Failed, say

__all__ = ["WELL", "Report", "check_report", "expect_nothing_changed", "sick", "weekly"]

ORDINARY = "nobody"
FIRST_SECONDS, SECOND_SECONDS = 180, 60
SEVERITIES = ("ok", "info", "warning", "unknown", "critical")

# The worst finding of a report. What cannot be seen depends on the machine: a container has no clock of its own.
WELL = ("warning", "unknown")
SICK = ("critical",)

# What a change would change: rows of the catalog with their files, and how often somebody vacuumed or analysed.
STATE_OF_A_DATABASE = """
SELECT c.oid, c.relname, c.relfilenode, i.indisvalid, t.vacuum_count, t.analyze_count
FROM pg_class c
LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_stat_user_tables t ON t.relid = c.oid
WHERE c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
ORDER BY c.oid
"""

Report = dict[str, Any]


def weekly() -> None:
    """The first run does its work, the second has nothing to do, both in the time that is promised.

    By an ordinary account, where this one may do so; the commands of the README are run by this one.
    """
    clone = Clone(ORDINARY if os.geteuid() == 0 else None)
    try:
        _journey(clone)
    finally:
        clone.remove()


def _journey(clone: Clone) -> None:
    say(f"as {clone.who}")
    _said, seconds = clone.run(["make", "weekly"], "weekly-first")
    _within("first run", seconds, FIRST_SECONDS)
    first = check_report(clone.sandbox, "first run", WELL)

    said, seconds = clone.run(["make", "weekly"], "weekly-second")
    _within("second run", seconds, SECOND_SECONDS)
    expect_nothing_changed(said, "second run")
    second = check_report(clone.sandbox, "second run", WELL)
    if second["run"]["id"] == first["run"]["id"]:
        raise Failed("The second run did not write a report of its own.")


def sick() -> None:
    """A sick platform fails, with its report written; check mode changes nothing on it."""
    clone = shared_clone()
    before = newest_report(clone.sandbox)
    clone.run(["make", "weekly", "SICK=1"], "weekly-sick", good=(2,))
    if check_report(clone.sandbox, "sick run", SICK)["run"]["id"] == before:
        raise Failed("The run on the sick sandbox did not write its report.")
    _check_mode(clone)
    say("check mode on a sick sandbox: nothing changed")


def _check_mode(clone: Clone) -> None:
    """A plan for a sandbox on which there is work, and nothing is different after it."""
    clone.run(["make", "sandbox", "SICK=1"], "weekly-prepare")
    before = _state_of(clone)
    said, _seconds = clone.run(["make", "weekly", "SICK=1", "ARGS=--check"], "weekly-check", good=(0, 2))
    after = _state_of(clone)
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    if changed:
        raise Failed(f"{said}\nCheck mode changed: {', '.join(changed[:20])}")
    if "PLAY RECAP" not in said:
        raise Failed(f"{said}\nCheck mode did not reach its end.")


def check_report(sandbox: Path, which: str, expected: tuple[str, ...]) -> Report:
    """The newest report, after a look at what it must hold."""
    folder = sandbox / "reports" / "sandbox"
    page = folder / "latest.html"
    if not page.is_file() or "<html" not in page.read_text():
        raise Failed(f"The {which} left no {page}.")
    report: Report = json.loads((folder / "latest.json").read_text())
    if report["schema"] != 1 or report["run"]["runbook"] != "weekly":
        raise Failed(f"The report of the {which} is of another kind: {report['run']}")
    loud = [entry for entry in report["findings"] if not entry["silenced"]]
    worst = max(loud, key=lambda entry: SEVERITIES.index(entry["severity"]))["severity"] if loud else "ok"
    if worst not in expected:
        told = [
            f"{entry['check']} {entry['subject']}: {entry['message']}" for entry in loud if entry["severity"] == worst
        ]
        raise Failed(
            "\n".join([*told[:20], f"The worst finding of the {which} is {worst}, not {' or '.join(expected)}."])
        )
    return report


def newest_report(sandbox: Path) -> str:
    """The id of the run that wrote the newest report; empty when there is none."""
    written = sandbox / "reports" / "sandbox" / "latest.json"
    return str(json.loads(written.read_text())["run"]["id"]) if written.is_file() else ""


def _state_of(clone: Clone) -> dict[str, object]:
    """Everything that a run could change, but for the reports."""
    state: dict[str, object] = {}
    for folder in ("backups", "state"):
        for path in sorted((clone.sandbox / folder).rglob("*")):
            if path.is_file():
                state[str(path.relative_to(clone.sandbox))] = (path.stat().st_size, path.stat().st_mtime_ns)
    if clone.account is None:
        server = EmbeddedServer(clone.sandbox / "postgresql")
        for database in _query(server, "postgres", "SELECT datname FROM pg_database WHERE datallowconn"):
            state[f"database {database[0]}"] = _query(server, database[0], STATE_OF_A_DATABASE)
        state["roles"] = _query(server, "postgres", "SELECT rolname FROM pg_roles ORDER BY 1")
    return state


def _query(server: EmbeddedServer, database: str, query: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, dbname=database
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    finally:
        connection.close()


def expect_nothing_changed(said: str, which: str) -> None:
    """The recap of every host says that nothing was changed, and that nothing failed."""
    recap = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+)", said, re.MULTILINE)
    if not recap or any(counts != ("0", "0", "0") for counts in (row[1:] for row in recap)):
        raise Failed(f"{said}\nThe {which} changed something, or failed: {recap}")


def _within(which: str, seconds: float, most: int) -> None:
    say(f"{which}: {seconds:.0f} s")
    if seconds > most:
        raise Failed(f"The {which} took {seconds:.0f} s; it may take {most} s.")
