# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which indexes need repair or a rebuild, and why: pure, from what the catalog says to decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..index_estimates import bloat_percent
from ..sql import identifier
from .index_catalog import Index
from .remains import original_of
from .report import LOCK, Outcome, ReindexCode, skipped
from .selection import Selection

__all__ = ["Estimate", "IndexSituation", "PlannedIndex", "candidates", "plan_indexes"]

DROP, REPAIR, REBUILD = "drop", "repair", "rebuild"


@dataclass(frozen=True)
class Estimate:
    """How large an index would be after a rebuild; None with the reason when that is not known.

    :ivar measured: whether the index was read for it.
    """

    expected: int | None
    why_not: str = ""
    measured: bool = False


@dataclass(frozen=True)
class IndexSituation:
    """What decisions depend on besides the index itself."""

    version: int
    role: str
    bloat_percent: float
    min_bytes: int


@dataclass(frozen=True)
class PlannedIndex:
    """One index of the plan.

    :ivar original: the oid of the index that must be valid for this one to be dropped.
    :ivar alone: whether it must not be built while others are: their snapshots would wait for one another.
    """

    index: Index
    action: str
    entry: Mapping[str, Any]
    original: int | None
    alone: bool


def candidates(indexes: Sequence[Index], selection: Selection, situation: IndexSituation) -> list[Index]:
    """Valid B-tree indexes that are large enough to be looked at."""
    return [
        index
        for index in _admitted(indexes, selection)
        if index.valid and index.kind == "i" and index.method == "btree" and (index.bytes or 0) >= situation.min_bytes
    ]


def plan_indexes(
    indexes: Sequence[Index],
    estimates: Mapping[int, Estimate],
    selection: Selection,
    situation: IndexSituation,
) -> tuple[list[PlannedIndex], list[Outcome]]:
    """Decide on every index; return what to do, repairs first and then the greatest waste first, and what is left.

    :param estimates: of the candidates, by oid.
    """
    planned: list[PlannedIndex] = []
    left: list[Outcome] = []
    for index in _admitted(indexes, selection):
        item = _invalid(index, indexes, situation) if not index.valid else _bloated(index, estimates, situation)
        if item is None:
            continue
        entry = dict(item.entry)
        code, why = _obstacle(item, situation)
        if index.oid in estimates and estimates[index.oid].expected is None:
            code, why = "not_estimated", estimates[index.oid].why_not
        if code:
            left.append(skipped(entry, code, why))
        else:
            planned.append(item)
    order = {REPAIR: 0, DROP: 1, REBUILD: 2}
    planned.sort(key=lambda item: (order[item.action], -_waste(item.entry), item.index.key))
    return planned, left


def _admitted(indexes: Sequence[Index], selection: Selection) -> list[Index]:
    return [index for index in indexes if selection.admits(index.table_schema, index.table, index.ancestors)]


def _invalid(index: Index, indexes: Sequence[Index], situation: IndexSituation) -> PlannedIndex:
    original = original_of(index, indexes)
    if original is None:
        reason = "it is invalid: every write maintains it and no query uses it"
        return _planned(index, REPAIR, (reason,), situation)
    reason = f"an interrupted rebuild of {original.key} left it behind, invalid: every write maintains it"
    return _planned(index, DROP, (reason,), situation, original=original.oid)


def _bloated(index: Index, estimates: Mapping[int, Estimate], situation: IndexSituation) -> PlannedIndex | None:
    estimate = estimates.get(index.oid)
    if estimate is None:
        return None
    if estimate.expected is None:
        return _planned(index, REBUILD, ("whether it is bloated is not known",), situation)
    percent = bloat_percent(index.bytes, estimate.expected)
    if percent < situation.bloat_percent:
        return None
    how = "read" if estimate.measured else "estimated"
    reason = (
        f"{percent:.1f} % of it is bloat, not below {situation.bloat_percent:g} % ({how}): "
        f"{index.bytes} bytes now, about {estimate.expected} after a rebuild"
    )
    return _planned(index, REBUILD, (reason,), situation, estimate)


def _planned(
    index: Index,
    action: str,
    reasons: tuple[str, ...],
    situation: IndexSituation,
    estimate: Estimate | None = None,
    original: int | None = None,
) -> PlannedIndex:
    expected = estimate.expected if estimate else None
    entry = {
        "table": index.table,
        "index": index.key,
        "action": action,
        "statement": _statement(index, action),
        "reasons": list(reasons),
        "lock": LOCK,
        "method": index.method,
        "constraint": {"p": "primary key", "u": "unique", "x": "exclusion"}.get(index.constraint_type or ""),
        "bytes_before": index.bytes,
        "expected_bytes": 0 if action == DROP else expected,
        "bloat_percent": round(bloat_percent(index.bytes, expected), 1) if expected is not None else None,
        "measured": bool(estimate and estimate.measured),
    }
    # Before 14 every concurrent build waits for every other; from then on only those with expressions or predicates do.
    alone = action != DROP and (index.computed or situation.version < 140000)
    return PlannedIndex(index, action, entry, original, alone)


def _statement(index: Index, action: str) -> str:
    verb = "DROP" if action == DROP else "REINDEX"
    return f"{verb} INDEX CONCURRENTLY {identifier(index.schema, index.name)}"


def _waste(entry: Mapping[str, Any]) -> int:
    return int(entry["bytes_before"] or 0) - int(entry["expected_bytes"] or 0)


def _obstacle(item: PlannedIndex, situation: IndexSituation) -> tuple[ReindexCode | None, str]:
    index, role = item.index, identifier(situation.role)
    if index.kind == "I":
        return "unsupported", (
            "it is the index of a partitioned table and lacks the index of a partition; "
            "create the missing one and attach it with ALTER INDEX … ATTACH PARTITION"
        )
    if index.exclusion and item.action != DROP:
        return "unsupported", (
            "it backs an exclusion constraint, and the server cannot rebuild such an index concurrently; "
            "rebuild it with REINDEX INDEX in a window in which its table may be locked"
        )
    if item.action == DROP and not index.owned:
        return "permission", (
            f"only the owner of its table may drop it; give: GRANT {identifier(index.owner)} TO {role};"
        )
    if not index.may:
        grant = (
            f"GRANT MAINTAIN ON TABLE {index.table} TO {role}; or GRANT pg_maintain TO {role};"
            if situation.version >= 170000
            else f"GRANT {identifier(index.owner)} TO {role}; (its owner)"
        )
        return "permission", f"the role {situation.role} may not maintain it; give: {grant}"
    if not index.schema_usage:
        grant = f"GRANT USAGE ON SCHEMA {identifier(index.schema)} TO {role};"
        return "permission", f"the role {situation.role} may not use its schema; give: {grant}"
    return None, ""
