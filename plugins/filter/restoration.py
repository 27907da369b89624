# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter restoration: what became of a database that the role restore worked on, and what is live now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DOCUMENTATION = r"""
name: restoration
short_description: What became of a database that was to be restored
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes what the steps of the role C(day2.ops.restore) found, and their record, and says what was done and what is
    live now.
positional: _input, steps
options:
  _input:
    description:
      - "What was found: C(database), C(mode), C(services) (names), C(again) (sentences about what was put right), and
        C(lost) (whether the connection was lost while it was restored)."
      - "As far as it came to it: C(planned) and C(restored) (results of M(day2.ops.postgresql_restore)); C(previous),
        the name under which the database that was live is kept; C(undone), when that was given its name back, the name
        under which the other is kept."
    type: dict
    required: true
  steps:
    description: The record of the steps, the fact C(step_record).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Say what became of it
  ansible.builtin.debug:
    msg: "{{ (restore_found | day2.ops.restoration(step_record)).message }}"
"""

RETURN = r"""
_value:
  description:
    - C(database) and C(mode).
    - C(succeeded), V(null) where nothing but a plan was made.
    - "C(live), what is under the name of the database: V(restored), V(before) (what was there before) or V(unknown)."
    - C(message), what was done and what is live now; C(remedy), what to do, empty when nothing is.
    - C(plan) and C(restore) of the module; C(undone), whether the names were exchanged again; C(previous), the name of
      what is kept; C(services).
  type: dict
"""

# The steps whose success is that of the whole. The others put right what these could not finish.
COURSE = ("lease", "plan", "stop", "restore", "migrate", "start", "health")

Step = Mapping[str, Any]


def restoration(found: Mapping[str, Any], steps: Sequence[Step]) -> dict[str, Any]:
    """Return what became of the database."""
    record = {step["name"]: step for step in steps}
    failed = next((record[name] for name in COURSE if _is(record, name, "failed")), None)
    outcome: dict[str, Any] = {
        "database": found["database"],
        "mode": found["mode"],
        "succeeded": False if failed else True if _is(record, "restore", "ok", "changed") else None,
        "live": _live(found),
        "plan": (found.get("planned") or {}).get("plan"),
        "restore": (found.get("restored") or {}).get("restore"),
        "undone": bool(found.get("undone")),
        "previous": found.get("undone") or found.get("previous"),
        "services": list(found["services"]),
        "remedy": "",
    }
    if failed:
        words = [
            f"{failed['title']} failed: {failed['message']}",
            _now(outcome),
            *_recovered(found, outcome["live"], record),
        ]
        return {**outcome, "message": " ".join(map(_sentence, words)), "remedy": _remedy(outcome, record)}
    if outcome["succeeded"]:
        did = [record[name]["message"] for name in ("restore", "migrate", "start") if _is(record, name, "changed")]
        well = [] if found["mode"] == "new" else [record["health"]["message"]]
        return {**outcome, "message": " ".join([*did, *well])}
    return {**outcome, "message": record["plan"]["message"] if "plan" in record else "Nothing was done."}


def _is(record: Mapping[str, Step], name: str, *statuses: str) -> bool:
    return name in record and record[name]["status"] in statuses


def _live(found: Mapping[str, Any]) -> str:
    if found.get("lost"):
        return "unknown"
    return "restored" if found.get("previous") and not found.get("undone") else "before"


def _now(outcome: Mapping[str, Any]) -> str:
    """What is live after something failed."""
    name, previous = outcome["database"], outcome["previous"]
    if outcome["live"] == "unknown":
        return (
            f"Whether {name} was replaced is not known: the connection was lost, and the work may go on. So nothing "
            "else was done"
        )
    if outcome["live"] == "restored":
        return f"Under the name {name} is what took its place; what was live before is kept as {previous}"
    if outcome["undone"]:
        return f"It was swapped back: {name} is what it was before; what had taken its place is kept as {previous}"
    return f"{name} is what it was before"


def _recovered(found: Mapping[str, Any], live: str, record: Mapping[str, Step]) -> list[str]:
    """What putting it right came to."""
    failed = [record[name] for name in ("undo", "restart", "recheck") if _is(record, name, "failed")]
    words = [*found["again"], *(f"{step['title']} failed: {step['message']}" for step in failed)]
    if found["services"] and live != "before" and _is(record, "stop", "ok", "changed", "failed"):
        words.append(f"The services stay as they are: {', '.join(found['services'])}")
    return words


def _remedy(outcome: Mapping[str, Any], record: Mapping[str, Step]) -> str:
    if outcome["live"] == "unknown":
        return (
            "Look at the host. When the restore has ended there, see by the kept databases which one is live, then "
            "start the services."
        )
    if outcome["live"] == "restored":
        return (
            "See which of the two databases is wanted. To go back, run the playbook restore with day2_mode=rollback; "
            "to stay, mend what failed. Then start the services."
        )
    if _is(record, "restart", "failed") or _is(record, "recheck", "failed"):
        return "The database is what it was. See to the services now: start them, and look at their logs."
    return "Mend what failed, see the plan with --check, then run it again."


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"restoration": restoration}
