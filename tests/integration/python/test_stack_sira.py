# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daily and the weekly runbook on sira, described by its inventory: healthy, and with every trouble planted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ...collection import CHECKOUT
from ...stacks.sets import date_back
from ...stacks.sira.layout import DATABASE
from ...stacks.sira.platform import ENVIRONMENT, Platform, instance
from ...stacks.sira.traffic import ORDINARY
from .sites import Site, steps

INVENTORY = CHECKOUT / "inventories" / "sira"
HOST = "sira1"

# What each trouble is found by: the check, what it is about, how bad it is. PROJECT stands for the compose project.
TROUBLES = {
    "the backend is unhealthy": {
        ("services.health", "PROJECT/backend", "critical"),
        ("probes.status", "sira, health", "critical"),
        ("probes.says", "sira, health", "critical"),
        ("probes.database", "sira, health", "critical"),
    },
    "the frontend has ended": {
        ("services.state", "PROJECT/frontend", "critical"),
        ("probes.status", "sira, page", "critical"),
    },
    "more than 20 errors": {
        ("logs.errors", "backend", "critical"),
        ("logs.error_rate", "backend", "critical"),
        ("logs.recurring", "backend: division by zero", "warning"),
    },
    "slow requests": {("logs.latency_p99", "backend", "warning")},
    "an old backup": {("backups.age", DATABASE, "critical")},
    "a certificate that was not renewed": {("certificates.lifetime_left", "sira", "warning")},
    "a number that cannot be measured": {("metrics.measured", f"{DATABASE}: mean duration of a session", "unknown")},
}
MENDED_BY_WEEKLY = "an old backup"


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with instance(tmp_path_factory.mktemp("sira"), "sira") as one:
        yield one


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with instance(tmp_path_factory.mktemp("sira-sick"), "sira-sick", sick=True) as one:
        yield one


def run(platform: Platform, playbook: str, *more: str) -> tuple[int, str]:
    """Run a playbook on an instance, by the inventory of the platform and what is laid over it."""
    return Site(platform.layout.root).run(playbook, INVENTORY, platform.layout.inventory, more=more)


def report(platform: Platform) -> dict[str, Any]:
    return Site(platform.layout.root).report(ENVIRONMENT)


def reports(platform: Platform, runbook: str) -> set[str]:
    """The kinds of files that reports of a runbook were written as."""
    return {path.suffix for path in (platform.layout.root / "state" / "reports" / ENVIRONMENT).glob(f"{runbook}-*")}


def bad(platform: Platform, document: dict[str, Any]) -> set[tuple[str, str, str]]:
    """The findings above info."""
    found = [finding for finding in document["findings"] if finding["severity"] not in ("ok", "info")]
    return {(one["check"], subject_of(platform, one), one["severity"]) for one in found}


def subject_of(platform: Platform, finding: dict[str, Any]) -> str:
    """What a finding is about, without what differs from instance to instance, and from error to error."""
    if finding["check"] == "logs.recurring":
        log, _colon, message = finding["subject"].partition(": ")
        return f"{log}: {'division by zero' if 'division by zero' in message else message}"
    return str(finding["subject"]).replace(f"{platform.project.name}/", "PROJECT/")


def files(folder: Path) -> dict[str, int]:
    """Every file below a folder, with the time at which it was written."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_healthy_platform_is_found_well_every_day(healthy: Platform) -> None:
    status, said = run(healthy, "daily")
    assert status == 0, said
    assert "changed=0" in said
    document = report(healthy)
    assert document["run"]["runbook"] == "daily"
    assert bad(healthy, document) == set()
    assert {state for state, _message in steps(document, HOST).values()} == {"ok"}
    assert reports(healthy, "daily") == {".html", ".json", ".md"}
    facts = document["hosts"][HOST]["facts"]
    assert {one["name"]: one["health"] for one in facts["services"]} == dict.fromkeys(
        ("frontend", "backend", "postgres", "nginx"), "healthy"
    )
    [log] = facts["logs"]
    assert log["statuses"]["401"] == ORDINARY["/api/me"]
    assert log["statuses"]["500"] == log["errors"] == 2  # and none for the path that says ERROR
    assert log["requests"] >= sum(ORDINARY.values())  # the runbook asks, too
    assert log["latency"]["complete"] is True
    metrics = {one["name"]: one["value"] for one in facts["metrics"]}
    assert metrics["users"] == 2000
    assert 0 < metrics["active in 7 days"] < 2000
    [certificate] = facts["certificates"]
    assert certificate["server_name"] == "sira.itsma3il.com"
    assert certificate["name_matches"] is True  # who asks for no name gets another certificate


@pytest.mark.long
@pytest.mark.parametrize("playbook", ["daily", "weekly"])
def test_check_mode_is_clean_and_changes_nothing(healthy: Platform, playbook: str) -> None:
    before = files(healthy.layout.root / "state"), files(healthy.layout.backups)
    status, said = run(healthy, playbook, "--check")
    assert status == 0, said
    assert (files(healthy.layout.root / "state"), files(healthy.layout.backups)) == before


@pytest.mark.long
def test_a_second_day_changes_nothing(healthy: Platform) -> None:
    for _turn in range(2):
        status, said = run(healthy, "daily")
        assert (status, "changed=0" in said) == (0, True), said


@pytest.mark.long
def test_the_weekly_runbook_works_through_the_compose_service(healthy: Platform) -> None:
    for folder in healthy.layout.backups.glob("*/*/[0-9]*"):
        date_back(folder, timedelta(days=1))  # as it is when the next night has come
    status, said = run(healthy, "weekly")
    assert (status, "changed=1 " in said) == (0, True), said
    document = report(healthy)
    assert bad(healthy, document) == set()
    [backups] = document["hosts"][HOST]["facts"]["backups"]
    assert (backups["database"], backups["whole"], backups["verified"]) == (DATABASE, 2, True)
    assert backups["newest"]["path"].endswith("-weekly")
    assert backups["drill"]["path"] == backups["newest"]["path"]
    assert backups["drill"]["passed"] is True
    assert reports(healthy, "weekly") == {".html", ".json", ".md"}
    again, said = run(healthy, "weekly")
    assert (again, "changed=0" in said) == (0, True), said
    assert bad(healthy, report(healthy)) == set()


@pytest.mark.long
@pytest.mark.parametrize(("playbook", "mended"), [("daily", ""), ("weekly", MENDED_BY_WEEKLY)])
def test_every_planted_trouble_is_found(sick: Platform, playbook: str, mended: str) -> None:
    status, said = run(sick, playbook)
    assert status == 2, said
    document = report(sick)
    assert document["run"]["runbook"] == playbook
    assert reports(sick, playbook) == {".html", ".json", ".md"}
    found = bad(sick, document)
    missed = {what: expected - found for what, expected in TROUBLES.items() if what != mended and expected - found}
    assert missed == {}
    planted = {one for what, expected in TROUBLES.items() if what != mended for one in expected}
    assert found - planted == set()


@pytest.mark.long
def test_two_instances_stand_side_by_side(healthy: Platform, sick: Platform) -> None:
    assert healthy.project.name != sick.project.name
    assert healthy.port != sick.port
    assert healthy.health("backend") == "healthy"
    assert sick.health("backend") == "unhealthy"
