# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a run is told step by step, what would change and what went wrong marked."""

from __future__ import annotations

from typing import Any

from ansible_collections.day2.ops.plugins.filter.plan_lines import FilterModule, plan_lines


def step(status: str, message: str = "") -> dict[str, Any]:
    return {"name": status, "title": f"Step {status}", "status": status, "message": message}


def test_every_step_of_every_host_has_its_line() -> None:
    hosts = {
        "one": {
            "reached": True,
            "message": "",
            "facts": {
                "steps": [step("ok", "Looked."), step("planned", "One set."), step("failed", "No."), step("skipped")]
            },
        },
        "two": {"reached": False, "message": "No route.", "facts": {}},
        "three": {"reached": True, "message": "", "facts": {}},
    }
    assert plan_lines(hosts) == [
        "one: 1 of 4 steps would change something",
        "  Step ok",
        "      Looked.",
        "  Step planned: WOULD CHANGE",
        "      One set.",
        "  Step failed: FAILED",
        "      No.",
        "  Step skipped: SKIPPED",
        "      Nothing to do.",
        "two: not reached. No route.",
        "three: none of 0 steps would change something",
    ]
    assert FilterModule().filters() == {"plan_lines": plan_lines}


def test_long_messages_are_wrapped_and_paths_are_not_cut() -> None:
    path = "/sets/" + "x" * 120
    message = f"{'word ' * 30}{path} is-never-cut-at-hyphens. "
    lines = plan_lines({"one": {"reached": True, "message": "", "facts": {"steps": [step("ok", message)]}}})[2:]
    assert all(line.startswith("      ") for line in lines)
    assert [line for line in lines if len(line) > 110] == [f"      {path}"]
    assert " ".join(line.strip() for line in lines) == message.strip()
