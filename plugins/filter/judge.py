# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.module_utils._errors import Day2Error, Refused
from ansible_collections.day2.ops.plugins.module_utils._findings import judge, rulebook
from ansible_collections.day2.ops.plugins.module_utils._findings.plain import plain
from ansible_collections.day2.ops.plugins.module_utils._findings.times import moment_of
from ansible_collections.day2.ops.plugins.plugin_utils._rules import default_rules


class FilterModule:
    """Filters of the collection that judge."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by their names."""
        return {"judge": judged}


def judged(
    facts: Any, rules: Any = None, host: str = "", history: Any = None, defaults: bool = True, now: str | None = None
) -> list[dict[str, Any]]:
    """What the rules say about the facts of a host."""
    try:
        moment = moment_of(plain(now)) if now is not None else None
        if now is not None and moment is None:
            raise Refused("judging facts", str(host), f"now is no time: {now!r}", "Give ISO 8601, or leave it out.")
        book = rulebook(default_rules() if defaults else [], rules or [])
        findings = judge(facts, book, history=_runs(history), now=moment, host=plain(str(host)))
    except Day2Error as error:
        raise AnsibleFilterError(str(error)) from error
    return [finding.as_dict() for finding in findings]


def _runs(history: Any) -> list[Any]:
    runs = plain(history)
    if runs is None:
        return []
    if not isinstance(runs, list):
        raise Refused("judging facts", "the history", "it is no list", "Give history.runs of day2.ops.run_history.")
    return runs
