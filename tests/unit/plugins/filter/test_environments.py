# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter environments: hosts by environment, whatever became of their run."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.filter.environments import NOT_REACHED, FilterModule

environments = FilterModule().filters()["environments"]
RUN = {"id": "r1", "started": "2026-11-22T02:00:00Z"}


def outcome(**more: Any) -> dict[str, Any]:
    return {"runbook": "weekly", "run": RUN, "reached": True, "message": "", "facts": {"steps": []}, **more}


def test_hosts_by_environment_in_the_order_of_their_first_host() -> None:
    hostvars = {
        "b1": {"day2_environment": "b", "runbook_outcome": outcome()},
        "a1": {"day2_environment": "a", "runbook_outcome": outcome(run=None)},
        "b2": {"day2_environment": "b"},
    }
    second, first = environments(["b1", "a1", "b2"], hostvars, "weekly")
    assert (second["environment"], first["environment"]) == ("b", "a")
    assert second["hosts"] == {
        "b1": {"reached": True, "message": "", "facts": {"steps": []}},
        "b2": NOT_REACHED,
    }
    assert (second["run"], first["run"]) == (RUN, None)


def test_what_the_inventory_says_and_what_holds_without_it() -> None:
    variables = {
        "day2_environment": "a", "day2_state_host": "s", "day2_state_dir": "/state", "day2_report_dir": "/reports",
        "day2_fail_on": "warning", "day2_rules": [{"check": "x"}],
    }  # fmt: skip
    (given,) = environments(["h"], {"h": variables}, "weekly")
    assert given == {
        "environment": "a", "runbook": "weekly", "state_host": "s", "state_dir": "/state", "report_dir": "/reports",
        "fail_on": "warning", "rules": [{"check": "x"}], "run": None, "hosts": {"h": NOT_REACHED},
    }  # fmt: skip
    (plain,) = environments(["h", "i"], {name: {"day2_environment": "a"} for name in "hi"}, "weekly")
    assert (plain["state_host"], plain["state_dir"], plain["fail_on"]) == ("h", "/var/lib/day2", "critical")
    assert (plain["report_dir"], plain["rules"]) == ("/var/lib/day2/reports", [])


def test_the_outcome_of_another_runbook_does_not_count() -> None:
    hostvars = {"h": {"day2_environment": "a", "runbook_outcome": outcome(runbook="backup")}}
    (found,) = environments(["h"], hostvars, "weekly")
    assert (found["run"], found["hosts"]["h"]) == (None, NOT_REACHED)


def test_the_run_is_that_of_the_first_host_that_was_reached() -> None:
    hostvars = {
        "h": {"day2_environment": "a"},
        "i": {"day2_environment": "a", "runbook_outcome": outcome()},
        "j": {"day2_environment": "a", "runbook_outcome": outcome(run={"id": "other"})},
    }
    (found,) = environments(["h", "i", "j"], hostvars, "weekly")
    assert found["run"] == RUN


@pytest.mark.parametrize("variables", [{}, {"day2_environment": ""}, {"day2_environment": None}])
def test_a_host_without_an_environment_is_told(variables: dict[str, Any]) -> None:
    told = {**variables, "runbook_outcome": outcome()}
    with pytest.raises(AnsibleFilterError, match="The host 'h' has no day2_environment"):
        environments(["h"], {"h": told}, "weekly")
    (found,) = environments(["h", "i"], {"h": variables, "i": {"day2_environment": "a"}}, "weekly")
    assert list(found["hosts"]) == ["i"]


def test_no_hosts_are_no_environments() -> None:
    assert environments([], {}, "weekly") == []
