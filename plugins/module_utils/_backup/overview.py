# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is of backups: every set, and the state of every database in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from .._errors import Day2Error, NotPossible
from .._present import present
from .manifest import moment, now
from .retention import Candidate, Decision, Policy, decide
from .selection import words
from .store import DirectoryStore, StoredSet, newest_of

__all__ = ["of_database", "prune"]


def of_database(store: DirectoryStore, database: str, found: Sequence[StoredSet]) -> dict[str, Any]:
    """Return the state of one database's backups: sets by state, the newest complete one, the last drill."""
    complete = [one for one in found if one.state == "complete"]
    newest = newest_of(found)
    drill, unread = None, ""
    try:
        drill = _last_drill([drill for drill in store.drills(database) if drill.get("selection") is None])
    except NotPossible as error:
        unread = str(error)
    return {
        "database": database,
        **{state: sum(one.state == state for one in found) for state in ("complete", "partial", "corrupt")},
        "whole": sum(one.series == "" for one in complete),
        "faults": [{"path": str(one.path), "reason": one.reason} for one in found if one.state == "corrupt"],
        "bytes": sum(one.manifest.total_bytes for one in complete if one.manifest),
        "newest": newest and _brief(newest),
        "age_seconds": newest and newest.age_seconds,
        "verified": bool(newest and newest.manifest and newest.manifest.verified),
        "drill": drill,
        "drill_reason": unread,
    }


def _brief(one: StoredSet) -> dict[str, Any]:
    manifest = present(one.manifest)
    summary = manifest.summary()
    rows = sum(rows for rows in summary.pop("tables").values() if rows is not None)
    return {**summary, "path": str(one.path), "table_count": len(manifest.tables), "rows": rows}


def _last_drill(record: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The last drill, with the time of the last one that passed."""
    if not record:
        return None
    passed = [drill for drill in record if drill["passed"]]
    last_passed = passed[-1] if passed else None
    return {
        **record[-1],
        "age_seconds": (now() - moment(record[-1]["finished"])).total_seconds(),
        "last_passed": last_passed,
        "last_passed_age_seconds": last_passed and (now() - moment(last_passed["finished"])).total_seconds(),
    }


def prune(
    store: DirectoryStore, database: str, policy: Policy, check_mode: bool
) -> tuple[list[Decision], list[Day2Error]]:
    """Decide on the sets of a database and, unless in check mode, remove those that nothing keeps.

    :return: what was done with each, and why those that were to go and could not did not.
    """
    if check_mode:
        return _decided(store, database, policy)[0], []
    failures: list[Day2Error] = []
    with store.lock(database, doing="removing backup sets") if store.sets(database) else nullcontext():
        decisions, found = _decided(store, database, policy)
        for decision in decisions:
            if not decision.keep:
                try:
                    store.remove(found[decision.candidate.path])
                except NotPossible as error:
                    failures.append(error)
                    decision.keep, decision.reasons = True, [f"it could not be removed: {error.why}"]
    return decisions, failures


def _decided(store: DirectoryStore, database: str, policy: Policy) -> tuple[list[Decision], dict[str, StoredSet]]:
    """Decide on sizes first; when anything would go, decide again with the hash of every file that would stay."""
    passed = [drill for drill in store.drills(database) if drill["passed"]]
    # By what was restored, too: a drill of a few tables proves no set of them all.
    drilled = {(Path(drill["path"]).name, words(drill.get("selection"))): moment(drill["finished"]) for drill in passed}
    for hashes in (False, True):
        found = {str(one.path): one for one in store.sets(database, hashes)}
        decisions = decide([_candidate(one, drilled) for one in found.values()], policy, now())
        if all(decision.keep for decision in decisions):
            break
    return decisions, found


def _candidate(one: StoredSet, drilled: Mapping[tuple[str, str], datetime]) -> Candidate:
    manifest = one.manifest
    return Candidate(
        path=str(one.path),
        state=one.state,
        verified=bool(manifest and manifest.verified),
        finished=moment(manifest.finished) if manifest else None,
        drilled=drilled.get((one.path.name, words(manifest.selection if manifest else None))),
        series=one.series,
    )
