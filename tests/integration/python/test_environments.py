# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several environments in one play: a run, a lease and a report for each, whatever becomes of the others."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from .sites import Site, critical, steps


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def refusing() -> str:
    """A URL at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/health"


# What the machine that runs the tests suffers from is none of theirs.
QUIET = {"day2_rules": [{"check": f"host.{check}", "enabled": False} for check in ("clock", "reboot", "disk_space")]}


@pytest.mark.long
def test_each_environment_is_a_run_of_its_own(site: Site, refusing: str) -> None:
    """One is well; in one an endpoint is down and a host is not reached; one loses a host in the midst of its work."""
    endpoints = {"day2_endpoints": [{"name": "shop", "url": refusing}]}
    inventory = site.inventory(
        "all",
        {
            "well": (QUIET, {"well1": {}, "well2": {}}),
            "sick": ({**QUIET, **endpoints}, {"sick1": {}, "sick2": {}}),
            "fading": (
                {**QUIET, "day2_state_host": "fading2"},
                {"fading1": {**endpoints, "fading_lost_by": "http_probe_info"}, "fading2": {}},
            ),
        },
    )
    site.lost("sick2").touch()
    status, said = site.run("maintenance", inventory)
    assert status == 2, said
    well, sick, fading = (site.report(label) for label in ("well", "sick", "fading"))
    assert [list(report["hosts"]) for report in (well, sick, fading)] == [
        ["well1", "well2"],
        ["sick1", "sick2"],
        ["fading1", "fading2"],
    ]
    assert len({report["run"]["id"] for report in (well, sick, fading)}) == 3
    assert not any(site.lease(label).exists() for label in ("well", "sick", "fading")), said

    assert critical(well) == set()
    assert critical(sick) == {("probes.reached", "sick1", "shop"), ("host.reached", "sick2", "sick2")}
    assert critical(fading) == {("steps.result", "fading1", "facts")}
    failing = said.rpartition("Fail when something is too bad to pass")[2]
    assert [label for label in ("well", "sick", "fading") if f"{label}: Needs a person" in failing] == [
        "sick",
        "fading",
    ]

    lost, other = steps(fading, "fading1"), steps(fading, "fading2")
    assert lost["facts"][0] == "failed"
    assert "The host was lost" in lost["facts"][1]
    assert lost["release"] == ("skipped", "the host was lost")
    assert {status for status, _message in other.values()} == {"ok"}
    assert other["release"] == ("ok", "This run gives the lease back.")


@pytest.mark.long
def test_an_environment_that_is_worked_on_stops_no_other(site: Site) -> None:
    """Of inventories that are used together; variables of one do not reach the hosts of the other."""
    first = site.inventory("first", {"taken": (QUIET, {"taken1": {}, "taken2": {}})})
    second = site.inventory("second", {"free": ({**QUIET, "day2_state_dir": str(site.root / "other")}, {"free1": {}})})
    lease = {"directory": str(site.root / "state"), "environment": "taken", "run": "r-1", "state": "held"}
    _status, said = site.run_task(first, "taken2", "day2.ops.environment_lease", lease)
    assert site.lease("taken").exists(), said
    status, said = site.run("maintenance", first, second)
    assert status == 2, said
    taken, free = (
        site.report("taken"),
        json.loads((site.root / "other" / "reports" / "free" / "latest.json").read_text()),
    )
    for host in ("taken1", "taken2"):
        found = steps(taken, host)
        assert found["lease"][0] == "failed"
        assert "held by run r-1" in found["lease"][1]
        assert {status for name, (status, _message) in found.items() if name != "lease"} == {"skipped"}
    assert {status for status, _message in steps(free, "free1").values()} == {"ok"}
    assert critical(free) == set()
    assert site.lease("taken").exists()


def test_inventories_that_give_hosts_each_others_variables_are_refused(site: Site) -> None:
    first = site.inventory("first", {"a": ({}, {"a1": {}})}, group="all")
    second = site.inventory("second", {"b": ({}, {"b1": {}})}, group="all")
    status, said = site.run("maintenance", first, second)
    assert status == 2
    assert "'a1' of" in said
    assert "are both of the environment 'b'" in said
    assert not (site.root / "state").exists()


@pytest.mark.long
def test_a_report_that_cannot_be_written_costs_no_other(site: Site) -> None:
    blocked = site.root / "file"
    blocked.touch()
    gone = {**QUIET, "day2_report_dir": str(blocked)}
    inventory = site.inventory("all", {"gone": (gone, {"gone1": {}}), "well": (QUIET, {"well1": {}})})
    status, said = site.run("maintenance", inventory, more=("-e", f"report_fallback_directory={blocked}"))
    assert status == 2, said
    assert critical(site.report("well")) == set()
    failing = said.rpartition("Fail when something is too bad to pass")[2]
    assert "gone: There is no report: " in failing
    assert "well: " not in failing
