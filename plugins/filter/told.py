# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter told: a result in one sentence, for the terminal and the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.module_utils._findings.units import bytes_text, duration_text

DOCUMENTATION = r"""
name: told
short_description: A result in one sentence
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes what a module returned, or what a role kept of it, and says it in one sentence; in check mode, what would be
    done.
positional: _input, kind
options:
  _input:
    description: The result.
    type: dict
    required: true
  kind:
    description: What the result is of.
    type: str
    choices: [backup, sets, drill, restore, vacuum, reindex, retention, cleanup]
    required: true
"""

EXAMPLES = r"""
- name: Tell what the backup did
  ansible.builtin.debug:
    msg: "{{ result | day2.ops.told('backup') }}"
"""

RETURN = r"""
_value:
  description: The sentence.
  type: str
"""


def told(result: Mapping[str, Any], kind: str) -> str:
    """Return *result* as a sentence."""
    if kind not in _TELLERS:
        raise AnsibleFilterError(f"Nothing is told of {kind!r}; there are {', '.join(sorted(_TELLERS))}.")
    return _TELLERS[kind](result)


def _backup(result: Mapping[str, Any]) -> str:
    backup, plan = result["backup"], result["plan"]
    if backup is None:
        of = f" of {result['database']}" if "database" in result else ""
        tables, parts = _number(plan["tables"], "table", "tables"), _number(plan["parts"], "part", "parts")
        return (
            f"A backup{of} would be made: {tables} in {parts}, about {bytes_text(plan['needed_bytes'])}, because "
            f"{plan['reason']}."
        )
    if not result["changed"]:
        return f"{backup['database']}: nothing to do, {plan['reason']}."
    rows = sum(rows for rows in backup["tables"].values() if rows is not None)
    proof = f"read back: {rows} rows in {len(backup['tables'])} tables" if backup["verified"] else "not read back"
    return f"{backup['database']}: {bytes_text(backup['bytes'])} in {duration_text(backup['seconds'])}, {proof}."


def _sets(state: Mapping[str, Any]) -> str:
    faults = "".join(f"; {fault['path']} is corrupt: {fault['reason']}" for fault in state["faults"])
    complete = "no complete set"
    if state["newest"] is not None:
        complete = _number(state["complete"], "complete set", "complete sets")
        complete += f", the newest {duration_text(state['age_seconds'])} old"
    return f"{state['database']}: {complete}, {state['corrupt']} corrupt{faults}."


def _drill(result: Mapping[str, Any]) -> str:
    restore, plan = result.get("restore"), result.get("plan") or {}
    name = f"{result['database']}: " if "database" in result else ""
    if restore is None and not result.get("failed"):
        newest = f"{name}the set {PurePosixPath(plan['backup']).name}" if name else plan["backup"]
        return f"{newest} would be restored into a database of its own, compared and dropped."
    if restore is None:
        return f"{name}{result.get('msg')}"
    proof = "nothing differs" if restore["verified"] else f"{restore['differences_total']} differences"
    return (
        f"{name}{'restored' if name else 'Restored'} in {duration_text(restore['seconds'])}; "
        f"{restore['tables_compared']} tables with {restore['rows_compared']} rows and {restore['objects_compared']} "
        f"objects compared, {proof}."
    )


def _restore(result: Mapping[str, Any]) -> str:
    restore, plan = result["restore"], result["plan"]
    if restore is None:
        return " ".join(_rollback_plan(plan) if "previous" in plan else _restore_plan(plan))
    name, previous = restore["database"], restore["previous_database"]
    kept = (
        f" What was live before is kept as {previous}; nobody could connect for "
        f"{duration_text(restore['seconds_without_database'])}."
        if previous
        else ""
    )
    if restore["path"] is None:
        return f"{name} is again what {plan['previous']['name']} was.{kept}"
    safety = f" A backup of it lies in {restore['safety_backup']}." if restore["safety_backup"] else ""
    return f"{name} was restored from {restore['path']}. {_drill(result)}{kept}{safety}"


def _restore_plan(plan: Mapping[str, Any]) -> list[str]:
    replaces = plan["replaces"]
    what = "would be replaced by" if replaces else "would be made from"
    words = [
        f"{plan['target']} {what} {plan['backup']}, {bytes_text(plan['database_bytes'])} when it was dumped.",
        f"It is of PostgreSQL {plan['backup_version'] // 10000}, the server of {plan['server_version'] // 10000}.",
        f"On the server's disk it takes about {_room(plan['needed_bytes'], plan['free_bytes'])}.",
    ]
    expected = plan.get("expected_seconds")
    if expected is None:
        words.append("No drill has passed, so nobody knows how long it takes.")
    else:
        words.append(f"The last drill that passed took {duration_text(expected)}.")
    if replaces:
        words.append(f"What is live, {bytes_text(replaces['bytes'])}, would be kept as {replaces['kept_as']}.")
        if replaces["safety_backup_bytes"] is not None:
            room = _room(replaces["safety_backup_bytes"], replaces["safety_backup_free_bytes"])
            words.append(f"Before that, a backup of it would be made, about {room}.")
        words += _swapped(replaces)
        changes = [
            f"{name} ({_short(two['live'])} → {_short(two['backup'])})" for name, two in replaces["properties"].items()
        ]
        words.append(f"Properties that would change: {_some(changes)}." if changes else "No property would change.")
    if plan["left_alone"]:
        words.append(f"Not restored: {_kinds(plan['left_alone'])}.")
    if plan["orphans"]:
        words.append(f"What killed restores left would be dropped: {_some(plan['orphans'])}.")
    return words


def _room(needed: int, free: int | None) -> str:
    there = "how much is free cannot be seen" if free is None else f"{bytes_text(free)} are free"
    return f"{bytes_text(needed)}; {there}"


def _rollback_plan(plan: Mapping[str, Any]) -> list[str]:
    previous = plan["previous"]
    size = "" if previous["bytes"] is None else f", {bytes_text(previous['bytes'])}"
    return [
        f"{previous['was']} would be again what {previous['name']} is, which was live until {previous['since']}{size}.",
        f"What is live would be kept as {plan['kept_as']}.",
        *_swapped(plan),
    ]


def _swapped(plan: Mapping[str, Any]) -> list[str]:
    """Who would be ended by a swap, and what would be left behind."""
    sessions = [str(row["application"] or row["role"] or row["backend_type"]) for row in plan["sessions"]]
    counted = [f"{name} ({sessions.count(name)})" for name in dict.fromkeys(sessions)]
    words = [f"Sessions that would be ended: {_some(counted)}." if counted else "Nobody is connected now."]
    if plan["in_the_way"]:
        words.append(f"It would be left behind: {_kinds(plan['in_the_way'])}.")
    return words


def _kinds(found: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{kind.replace('_', ' ')} {_some(list(names))}" for kind, names in found.items())


def _short(value: Any, most: int = 60) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= most else f"{text[:most]}…"


def _maintenance(result: Mapping[str, Any], verb: str, noun: str, nouns: str) -> str:
    done, skipped = result.get("done") or [], result.get("skipped") or []
    names = _some([str(item.get("index") or item["table"]) for item in done or result["plan"]])
    if not result["plan"] and not skipped:
        return f"{result['database']}: no {noun} needs it."
    if not done:
        return (
            f"{result['database']}: {_number(len(result['plan']), noun, nouns)} due: {names}; {len(skipped)} skipped."
        )
    freed = sum((item.get("bytes_before") or 0) - (item.get("bytes_after") or 0) for item in done)
    gain = f", {bytes_text(freed)} freed" if freed > 0 else ""
    return f"{result['database']}: {_number(len(done), noun, nouns)} {verb}{gain}: {names}; {len(skipped)} skipped."


def _number(count: int, noun: str, nouns: str) -> str:
    return f"{count} {noun if count == 1 else nouns}"


def _retention(result: Mapping[str, Any]) -> str:
    kept, removed = result.get("kept") or [], result.get("removed") or []
    return f"{_number(len(kept), 'set', 'sets')} kept, {len(removed)} removed."


def _cleanup(result: Mapping[str, Any]) -> str:
    if not result:
        return "Nothing is removed from an engine of containers here."
    removed, refused = result["removed"], result["refused"]
    told = "No image and no container has to be removed"
    if removed:
        told = f"Removed: {_things(removed)}"
        if result["before"] and result["after"]:
            freed = result["before"]["images"]["bytes"] - result["after"]["images"]["bytes"]
            told += f", which gives back about {bytes_text(max(0, freed))}"
    elif result["plan"] and not refused:
        told = f"Would be removed: {_things(result['plan'])}"
    in_use = f"; {_things(refused)} came into use meanwhile" if refused else ""
    volumes = result["unused_volumes"]
    unused = f" Volumes that no container has, which stay: {_some(volumes)}." if volumes else ""
    return f"{told}{in_use}.{unused}"


def _things(items: Sequence[Mapping[str, Any]]) -> str:
    numbers = {kind: sum(item["kind"] == kind for item in items) for kind in ("image", "container")}
    return " and ".join(_number(number, kind, f"{kind}s") for kind, number in numbers.items() if number)


def _some(names: Sequence[str], most: int = 4) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


_TELLERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "backup": _backup,
    "sets": _sets,
    "drill": _drill,
    "restore": _restore,
    "vacuum": lambda result: _maintenance(result, "vacuumed or analysed", "table", "tables"),
    "reindex": lambda result: _maintenance(result, "rebuilt or repaired", "index", "indexes"),
    "retention": _retention,
    "cleanup": _cleanup,
}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"told": told}
