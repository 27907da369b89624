#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module backup_retention."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_retention
short_description: Remove backup sets that are no longer needed
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Keeps the newest sets, and the newest one of each of the last days, ISO weeks, months and years that have any;
    removes
    the others. Days are days in UTC. Order and age come from the manifests, never from names or file times.
  - Whatever the options say, the newest verified set and the set of the last passed drill are kept. Corrupt sets do not
    count, and are kept for a person to look into.
  - Sets with the label V(before-replace), made by M(day2.ops.postgresql_restore) before a replacement, stand for no
    day, week, month or year. Of them as many as O(keep_last) says are kept, and at least the newest.
  - A database whose sets cannot be pruned does not stop the others. The module fails then, and tells what was done.
extends_documentation_fragment:
  - day2.ops.attributes
  - day2.ops.store
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  databases:
    description: The databases whose sets are looked at. All that have sets when omitted.
    type: list
    elements: str
  keep_last:
    description: How many of the newest sets are kept.
    type: int
    default: 3
  keep_daily:
    description: How many days keep their newest set.
    type: int
    default: 7
  keep_weekly:
    description: How many ISO weeks keep their newest set.
    type: int
    default: 4
  keep_monthly:
    description: How many months keep their newest set.
    type: int
    default: 12
  keep_yearly:
    description: How many years keep their newest set.
    type: int
    default: 0
seealso:
  - module: day2.ops.postgresql_backup
  - module: day2.ops.postgresql_backup_info
"""

EXAMPLES = r"""
- name: Keep a week of days, two months of weeks and a year of months
  day2.ops.backup_retention:
    directory: /var/backups/day2
    environment: production
    keep_daily: 7
    keep_weekly: 8
    keep_monthly: 12
"""

RETURN = r"""
kept:
  description: The sets that are kept, the newest first, each with every reason for it.
  returned: always, also on failure once there was something to decide on
  type: list
  elements: dict
  contains: &decision
    path: {description: Folder of the set., type: str, returned: always}
    database: {description: The database., type: str, returned: always}
    state: {description: "V(complete), V(partial) or V(corrupt).", type: str, returned: always}
    finished: {description: When the backup ended; ISO 8601 in UTC., type: str, returned: when known}
    reasons: {description: Why., type: list, elements: str, returned: always}
removed:
  description: The sets that were, or in check mode would be, removed.
  returned: always
  type: list
  elements: dict
  contains: *decision
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._argspec import STORE, store_of
from ansible_collections.day2.ops.plugins.module_utils._backup.overview import prune
from ansible_collections.day2.ops.plugins.module_utils._backup.retention import Decision, Policy
from ansible_collections.day2.ops.plugins.module_utils._errors import Day2Error, Refused, Unfinished
from ansible_collections.day2.ops.plugins.module_utils._module import finish

_LIMITS = {"last": 3, "daily": 7, "weekly": 4, "monthly": 12, "yearly": 0}


def run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Decide on the sets of every database; remove what nothing keeps."""
    limits = {period: params[f"keep_{period}"] for period in _LIMITS}
    policy = Policy(**limits)
    if min(limits.values()) < 0 or not policy.keeps_something:
        raise Refused(
            "planning retention",
            str(params["directory"]),
            f"the limits {limits} would keep nothing, or are below zero",
            "Keep at least one set for some reason.",
        )
    store = store_of(params)
    kept: list[dict[str, Any]] = []
    removed: list[dict[str, Any]] = []
    failures: list[Day2Error] = []
    for database in params["databases"] or store.databases():
        try:
            decisions, failed = prune(store, database, policy, check_mode)
        except Day2Error as error:  # the others' turn comes all the same
            failures.append(error)
            continue
        failures += failed
        for decision in decisions:
            (kept if decision.keep else removed).append(_told(database, decision))
    result = _result(kept, removed)
    if failures and not (kept or removed):
        raise failures[0]
    if failures:
        why = "; ".join(f"{failure.on}: {failure.why}" for failure in failures)
        raise Unfinished("removing backup sets", str(store.directory), why, failures[0].remedy, result)
    return result


def _result(kept: list[dict[str, Any]], removed: list[dict[str, Any]]) -> dict[str, Any]:
    before = "".join(f"{one['path']}\n" for one in [*kept, *removed])
    after = "".join(f"{one['path']}\n" for one in kept)
    return {
        "changed": bool(removed),
        "kept": kept,
        "removed": removed,
        "diff": {"before": before, "after": after, "before_header": "sets", "after_header": "sets"},
    }


def _told(database: str, decision: Decision) -> dict[str, Any]:
    candidate = decision.candidate
    return {
        "path": candidate.path,
        "database": database,
        "state": candidate.state,
        "finished": candidate.finished and candidate.finished.isoformat().replace("+00:00", "Z"),
        "reasons": decision.reasons,
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **STORE,
            "databases": {"type": "list", "elements": "str"},
            **{f"keep_{period}": {"type": "int", "default": default} for period, default in _LIMITS.items()},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
