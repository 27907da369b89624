# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter run_document: what a report is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.filter.judge import judged

DOCUMENTATION = r"""
name: run_document
short_description: The document of a run, with its findings
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes an environment as P(day2.ops.environments#filter) returns it, judges the facts of each of its hosts, and
    returns the
    document that M(day2.ops.report) renders.
  - Rules of the inventory that cannot be used are a critical finding; the collection's own rules then judge alone.
positional: _input, identity
options:
  _input:
    description: The environment.
    type: dict
    required: true
  identity:
    description: Who ran what, from P(day2.ops.run#lookup); used when no host was reached.
    type: dict
    required: true
  history:
    description: Earlier runs, from M(day2.ops.run_history).
    type: list
    elements: dict
    default: []
  check_mode:
    description: Whether the run only planned.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Write the report
  day2.ops.report:
    document: "{{ environment | day2.ops.run_document(identity, history=past.history.runs) }}"
    directory: /var/lib/day2/reports
"""

RETURN = r"""
_value:
  description: C(schema), C(run), C(hosts) and C(findings); see docs/report.md.
  type: dict
"""


def run_document(
    environment: Mapping[str, Any],
    identity: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]] = (),
    check_mode: bool = False,
) -> dict[str, Any]:
    """Return the document of a run that ends now."""
    run = dict(environment["run"] or identity)
    ended = datetime.now(timezone.utc)
    began = datetime.fromisoformat(run["started"].replace("Z", "+00:00"))
    findings: list[dict[str, Any]] = []
    rules, fault = environment["rules"], None
    for host, outcome in environment["hosts"].items():
        if not outcome["reached"]:
            continue
        try:
            findings += judged(outcome["facts"], rules, host, history)
        except AnsibleFilterError as error:
            rules, fault = [], str(error)
            findings += judged(outcome["facts"], rules, host, history)
    if fault is not None:
        findings.insert(0, _broken_rules(fault))
    return {
        "schema": 1,
        "run": {
            **run,
            "environment": environment["environment"],
            "runbook": environment["runbook"],
            "finished": ended.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "seconds": round((ended - began).total_seconds(), 1),
            "check_mode": check_mode,
            "fail_on": environment["fail_on"],
        },
        "hosts": dict(environment["hosts"]),
        "findings": findings,
    }


def _broken_rules(fault: str) -> dict[str, Any]:
    return {
        "check": "rules.invalid",
        "host": "",
        "subject": "day2_rules",
        "severity": "critical",
        "observed": None,
        "expected": None,
        "unit": "",
        "message": f"The rules of the inventory cannot be used; the collection's own judged alone. {fault}",
        "remedy": "Correct day2_rules in the inventory.",
        "procedures": [],
        "silenced": None,
    }


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"run_document": run_document}
