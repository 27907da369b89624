# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter environments: hosts by the environment that they belong to, with what became of their run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: environments
short_description: Hosts by environment, with what became of their run
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes the names of hosts and C(hostvars); returns one element for each C(day2_environment) among them, with the
    variables that its report needs and the outcome of every host.
  - A host without an outcome was not reached. One that has no environment either is left out; no runbook takes it.
positional: _input, hostvars, runbook
options:
  _input:
    description: Names of hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variables of all hosts.
    type: dict
    required: true
  runbook:
    description: Name of the runbook. The outcome is in the fact C(runbook_outcome), which names its C(runbook); one of
      another runbook does not count.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: See which environments were worked on
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all | day2.ops.environments(hostvars, 'weekly') | map(attribute='environment') }}"
"""

RETURN = r"""
_value:
  description:
    - C(environment), C(runbook), C(state_host), C(state_dir), C(report_dir), C(fail_on), C(rules), C(run) (V(null)
      when no
      host was reached) and C(hosts), each with C(reached), C(message) and C(facts).
  type: list
  elements: dict
"""

NOT_REACHED = {
    "reached": False,
    "message": "The host could not be reached, or its run ended before its end.",
    "facts": {},
}


def environments(hosts: Sequence[str], hostvars: Mapping[str, Any], runbook: str) -> list[dict[str, Any]]:
    """Return the environments of *hosts* in the order of their first host."""
    found: dict[str, dict[str, Any]] = {}
    for host in hosts:
        variables = hostvars[host]
        name = variables.get("day2_environment")
        told = variables.get("runbook_outcome") or {}
        if not name and not told:
            continue
        if not name:
            raise AnsibleFilterError(f"The host {host!r} has no day2_environment. Set it in the inventory.")
        outcome = told if told.get("runbook") == runbook else NOT_REACHED
        state_dir = variables.get("day2_state_dir") or "/var/lib/day2"
        environment = found.setdefault(
            name,
            {
                "environment": name,
                "runbook": runbook,
                "state_host": variables.get("day2_state_host") or host,
                "state_dir": state_dir,
                "report_dir": variables.get("day2_report_dir") or f"{state_dir}/reports",
                "fail_on": variables.get("day2_fail_on") or "critical",
                "rules": variables.get("day2_rules") or [],
                "run": None,
                "hosts": {},
            },
        )
        environment["run"] = environment["run"] or outcome.get("run")
        environment["hosts"][host] = {key: outcome[key] for key in ("reached", "message", "facts")}
    return list(found.values())


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"environments": environments}
