# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._state import lease_record
from ansible_collections.day2.ops.plugins.module_utils._state.lease_record import (
    Damaged,
    Holder,
    Lease,
    Moment,
    moment,
)

WALL = 1_800_000_000.0
HOLDER = Holder("r-1", "weekly", "Mara Ö.", "ops1")


def lease(**changed: Any) -> Lease:
    given: dict[str, Any] = {
        "environment": "shop",
        "holder": HOLDER,
        "since": WALL - 60,
        "renewed": Moment(WALL, "boot-1", 1000.0),
        "lifetime": 600.0,
    }
    return Lease(**{**given, **changed})


@pytest.mark.parametrize("environment", ["shop", "Gr'\"öße\n; DROP", "\udce9", "x" * 5000])
def test_what_is_written_is_read_again(environment: str) -> None:
    written = lease(environment=environment)
    assert Lease.from_text(written.as_text(), environment) == written


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (Moment(WALL + 100, "boot-1", 1100.0), 500),
        (Moment(WALL + 600, "boot-1", 1600.0), 0),
        # The clock was set ahead, back: while the host is up, that means nothing.
        (Moment(WALL + 10**6, "boot-1", 1100.0), 500),
        (Moment(WALL - 10**6, "boot-1", 1700.0), -100),
        # After a reboot, or on another host: the wall clock serves.
        (Moment(WALL + 100, "boot-2", 5.0), 500),
        (Moment(WALL + 700, "", 1100.0), -100),
        (Moment(WALL - 500, "boot-2", 5.0), 1100),
        # Written further ahead than a lease can last: the clock has been set back.
        (Moment(WALL - 601, "boot-2", 5.0), 0),
        # The same boot, yet before it was written: another namespace of time.
        (Moment(WALL + 100, "boot-1", 10.0), 500),
    ],
)
def test_seconds_left(now: Moment, left: float) -> None:
    assert lease().seconds_left(now) == left


@pytest.mark.parametrize(("age", "left"), [(0, 600), (599, 1), (600, 0), (601, -1), (-100, 700), (-601, 0)])
def test_a_damaged_file_is_respected_for_one_lifetime(age: float, left: float) -> None:
    assert Damaged("", WALL).seconds_left(Moment(WALL + age, "boot-1", 0.0), 600) == left


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(lease().as_text()), **fields})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("  \n", "it is empty"),
        ("\x00\x00", "it is not JSON"),
        (lease().as_text()[:-9], "it is not JSON"),
        ("[" * 30000, "it is not JSON"),
        ("[]", "not a lease"),
        ("null", "not a lease"),
        (changed(schema=2), "not a lease"),
        (changed(environment="other"), "the environment 'other'"),
        (changed(run=5), "its run is not text"),
        (changed(boot=None), "its boot is not text"),
        (changed(lifetime="600"), "its lifetime is not a number"),
        (changed(lifetime=True), "its lifetime is not a number"),
        (changed(lifetime=-1), "its lifetime is no time"),
        (changed(since_seconds=float("nan")), "its since_seconds is not a number"),
        (changed(renewed_seconds=1e300), "its renewed_seconds is no time"),
    ],
)
def test_what_is_no_lease_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Lease.from_text(text, "shop")


def test_the_summary_is_for_people() -> None:
    assert lease().summary() == {
        "run": "r-1",
        "runbook": "weekly",
        "person": "Mara Ö.",
        "controller": "ops1",
        "since": "2027-01-15T07:59:00Z",
        "expires": "2027-01-15T08:10:00Z",
    }


def test_half_a_character_can_be_shown() -> None:
    assert lease(holder=Holder("\udce9", "", "", "")).summary()["run"] == "\\udce9"


@pytest.mark.parametrize(
    ("holder", "told"),
    [
        (HOLDER, "run r-1 (weekly, by Mara Ö. from ops1)"),
        (Holder("r-2", "", "", ""), "run r-2 (no runbook, by nobody named)"),
    ],
)
def test_a_holder_in_words(holder: Holder, told: str) -> None:
    assert str(holder) == told


def test_now(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, second = moment(), moment()
    assert first.boot == second.boot != ""
    assert 0 < first.uptime <= second.uptime
    monkeypatch.setattr(lease_record, "_BOOT_ID", tmp_path / "missing")
    assert moment().boot == ""
