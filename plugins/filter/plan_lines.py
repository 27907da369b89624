# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter plan_lines: what a run in check mode would do, line by line."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

DOCUMENTATION = r"""
name: plan_lines
short_description: What a run in check mode would do, line by line
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes the hosts of an environment as P(day2.ops.environments#filter) returns them, and returns the steps of each,
    what each would do, and whether that would change something.
options:
  _input:
    description: The hosts with their outcomes.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the plan
  ansible.builtin.debug:
    msg: "{{ environment.hosts | day2.ops.plan_lines }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

_MARKS = {"planned": "WOULD CHANGE", "failed": "FAILED", "skipped": "SKIPPED"}
_WIDTH = 110
_INDENT = " " * 6


def plan_lines(hosts: Mapping[str, Any]) -> list[str]:
    """Return the plan of every host."""
    lines = []
    for host, outcome in hosts.items():
        if not outcome["reached"]:
            lines.append(f"{host}: not reached. {outcome['message']}")
            continue
        steps = outcome["facts"].get("steps") or []
        due = sum(step["status"] == "planned" for step in steps)
        lines.append(f"{host}: {due or 'none'} of {len(steps)} steps would change something")
        for step in steps:
            lines += _step(step)
    return lines


def _step(step: Mapping[str, Any]) -> list[str]:
    mark = _MARKS.get(step["status"])
    told = step["message"].strip() or "Nothing to do."
    wrapped = textwrap.wrap(
        told, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
    )
    return [f"  {step['title']}{f': {mark}' if mark else ''}", *wrapped]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"plan_lines": plan_lines}
