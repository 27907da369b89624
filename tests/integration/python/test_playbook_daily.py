# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daily runbook, as somebody types it: which half of it a tag takes, and that it changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .sites import Site, steps

MORNING = ["facts", "verification", "logs", "host"]
EVENING = ["facts", "verification", "certificates", "logs"]
LINE = {"time": "2026-11-22T02:00:00Z", "level": "error", "msg": "too old to be counted"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def run(site: Site, *more: str, **variables: Any) -> tuple[int, str]:
    """Run the playbook on a host with a log and a certificate that is missing, when the inventory is there already."""
    folder = site.root / "inventories" / "one"
    if not folder.exists():
        log = site.root / "app.log"
        log.write_text(json.dumps(LINE) + "\n")
        subjects = {
            "day2_logs": [{"name": "app", "paths": [str(log)]}],
            "day2_certificates": [{"name": "gone", "type": "file", "path": str(site.root / "gone.pem")}],
            "day2_backup": {"directory": str(site.root / "sets")},
            "day2_fail_on": "never",
        }
        site.inventory("one", {"shop": ({**subjects, **variables}, {"web1": {}})})
    return site.run("daily", folder, more=more)


@pytest.mark.parametrize(
    ("arguments", "taken"),
    [
        ((), [*MORNING, "certificates"]),
        (("--tags", "morning"), MORNING),
        pytest.param(("--tags", "evening"), EVENING, marks=pytest.mark.long),
        pytest.param(("--tags", "evening,morning"), [*MORNING, "certificates"], marks=pytest.mark.long),
    ],
)
def test_a_tag_takes_its_half(site: Site, arguments: tuple[str, ...], taken: list[str]) -> None:
    status, said = run(site, *arguments)
    assert status == 0, said
    assert "changed=0" in said
    report = site.report("shop")
    assert report["run"]["runbook"] == "daily"
    found = steps(report, "web1")
    assert list(found) == taken
    assert {state for state, _message in found.values()} == {"ok"}, found
    [log] = report["hosts"]["web1"]["facts"]["logs"]
    assert (log["lines"], log["lines_outside"]) == (1, 1)  # it is of another day
    groups = {finding["check"].split(".")[0] for finding in report["findings"]}
    assert ("certificates" in groups) is ("certificates" in taken)
    assert not site.lease("shop").exists()


def test_what_is_critical_fails_it(site: Site) -> None:
    status, said = run(site, "--tags", "evening", day2_fail_on="unknown")
    assert status == 2, said
    assert "gone" in said


def test_check_mode_looks_all_the_same_and_writes_nothing(site: Site) -> None:
    status, said = run(site, "--check")
    assert status == 0, said
    assert "Look at certificates" in said
    assert not (site.root / "state").exists()
