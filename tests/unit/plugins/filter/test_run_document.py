# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter run_document: every host that was reached is judged, and broken rules hide nothing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.day2.ops.plugins.filter.run_document import FilterModule

run_document = FilterModule().filters()["run_document"]
RUN = {"id": "r1", "started": "2026-11-22T02:00:00Z", "user": "me"}
RULE = {
    "check": "custom.queue", "requires": "custom", "value": "queue", "warning": {"op": ">", "value": 10},
    "message": "The queue holds {observed}", "remedy": "Empty it",
}  # fmt: skip
STEP = {"name": "backup", "title": "Backup", "status": "failed", "seconds": 1, "message": "No.", "error": None}


def environment(**more: Any) -> dict[str, Any]:
    return {
        "environment": "shop", "runbook": "weekly", "fail_on": "critical", "rules": [RULE], "run": RUN,
        "hosts": {"h": {"reached": True, "message": "", "facts": {"custom": {"queue": 12}}}}, **more,
    }  # fmt: skip


def test_the_document_of_a_run() -> None:
    ninety_ago = datetime.now(timezone.utc) - timedelta(seconds=90)
    begun = {**RUN, "started": ninety_ago.isoformat(timespec="seconds").replace("+00:00", "Z")}
    made = run_document(environment(run=begun), {"id": "unused"}, check_mode=True)
    assert made["schema"] == 1
    run = made["run"]
    assert {**run, "finished": None, "seconds": None} == {
        **begun, "environment": "shop", "runbook": "weekly", "check_mode": True, "fail_on": "critical",
        "finished": None, "seconds": None,
    }  # fmt: skip
    assert 90 <= run["seconds"] < 120
    assert run["finished"].endswith("Z")
    assert made["hosts"] == environment()["hosts"]
    (found,) = (finding for finding in made["findings"] if finding["check"] == "custom.queue")
    assert (found["host"], found["severity"], found["message"]) == ("h", "warning", "The queue holds 12")


def test_without_a_run_it_is_that_of_the_identity_and_hosts_not_reached_are_not_judged() -> None:
    hosts = {"h": {"reached": False, "message": "gone", "facts": {"custom": {"queue": 12}}}}
    made = run_document(environment(run=None, hosts=hosts), RUN)
    assert made["run"]["id"] == "r1"
    assert made["run"]["check_mode"] is False
    assert made["findings"] == []
    assert made["hosts"] == hosts


def test_rules_that_cannot_be_used_are_critical_and_the_others_judge() -> None:
    facts = {"steps": [STEP], "custom": {"queue": 12}}
    hosts = {name: {"reached": True, "message": "", "facts": facts} for name in "hi"}
    made = run_document(environment(rules=[{**RULE, "warning": {"op": "~", "value": 1}}], hosts=hosts), RUN)
    first, *others = made["findings"]
    assert (first["check"], first["severity"], first["host"]) == ("rules.invalid", "critical", "")
    assert "the collection's own judged alone. " in first["message"]
    assert len(first["message"]) > len("The rules of the inventory cannot be used; the collection's own judged alone. ")
    assert {finding["host"] for finding in others if finding["check"].startswith("step")} == {"h", "i"}
    assert "custom.queue" not in {finding["check"] for finding in others}
    assert first.keys() == others[0].keys()


def test_earlier_runs_count() -> None:
    lasting = environment(rules=[{**RULE, "for": "2d"}])
    finished = (datetime.now(timezone.utc) - timedelta(days=3)).isoformat().replace("+00:00", "Z")
    past = {"run": {"finished": finished}, "findings": [{**RULE, "host": "h", "subject": "", "observed": 11}]}
    severities = [
        [found["severity"] for found in run_document(lasting, RUN, history=history)["findings"]]
        for history in ([], [past])
    ]
    assert severities == [["info"], ["warning"]]
