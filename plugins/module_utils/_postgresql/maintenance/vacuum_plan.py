# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tables need vacuum or analysis, and why: pure, from what the catalog says to decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..sql import identifier
from .holders import Horizon
from .parents import stale_parents
from .report import LOCK, Outcome, skipped
from .selection import Selection
from .thresholds import Thresholds
from .vacuum_catalog import Settings, Storage, Table

__all__ = ["Planned", "Situation", "plan"]

# A holder whose beginning cannot be seen is taken for one that a vacuum has met already for so long after that vacuum.
UNSEEN_HOLDER_SECONDS = 3600.0


@dataclass(frozen=True)
class Situation:
    """What decisions depend on besides the table itself."""

    version: int
    thresholds: Thresholds
    settings: Settings
    horizon: Horizon
    role: str


@dataclass(frozen=True)
class Need:
    """What a table needs: *dead* and *toast* are reasons of dead rows in it and in its TOAST table, and so on."""

    dead: tuple[str, ...] = ()
    toast: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    freeze: tuple[str, ...] = ()
    analyze: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        return (*self.freeze, *self.dead, *self.toast, *self.other, *self.analyze)


@dataclass(frozen=True)
class Planned:
    """One table of the plan. *level* is 0 but for parents, which come after all their children."""

    table: Table
    entry: Mapping[str, Any]
    vacuum: bool
    toast_only: bool
    freeze: bool
    analyze: bool
    level: int
    urgency: tuple[float, float]
    dead_limit: float
    dead_toast_limit: float


def plan(tables: Sequence[Table], selection: Selection, situation: Situation) -> tuple[list[Planned], list[Outcome]]:
    """Decide on every table; return what to do, the most urgent first, and what needs work that it will not get."""
    by_oid = {table.oid: table for table in tables}
    admitted = [table for table in tables if _admitted(table, by_oid, selection)]
    needs = {table.oid: _need(table, situation) for table in admitted}
    _add_parents(tables, admitted, needs, situation)
    planned, left = [], []
    for table in admitted:
        need, why_not = _less_what_is_held_back(table, needs[table.oid], situation)
        obstacle = _obstacle(table, situation)
        if obstacle and needs[table.oid].reasons:
            left.append(skipped(_entry(table, needs[table.oid], situation), "permission", obstacle))
            continue
        if why_not:
            left.append(skipped(_entry(table, needs[table.oid], situation), "held_back", why_not))
        if need.reasons:
            planned.append(_planned(table, need, situation, _level(table, by_oid.values())))
    planned.sort(key=lambda item: (item.level, -item.urgency[0], -item.urgency[1], item.table.key))
    return planned, left


def _admitted(table: Table, by_oid: Mapping[int, Table], selection: Selection) -> bool:
    ancestors = [by_oid[oid].key for oid in table.ancestors if oid in by_oid]
    return selection.admits(table.schema, table.key, ancestors)


def _need(table: Table, situation: Situation) -> Need:
    if table.partitioned:
        return Need()
    freeze = _freeze(table, situation)
    if table.system:  # its dead rows are autovacuum's: this work itself makes some there
        return Need(freeze=freeze)
    if table.bytes == 0:
        return Need(freeze=freeze)
    if table.last_analyze is None and table.storage.last_vacuum is None:
        never = "neither vacuum nor analysis is recorded of it, so its dead rows are not known"
        return Need(freeze=freeze, other=(never,), analyze=("its statistics are missing",))
    limits, settings = situation.thresholds, situation.settings
    changed = limits.changed(table.storage, settings)
    analyze: tuple[str, ...] = ()
    if table.last_analyze is None:
        analyze = ("no analysis is recorded of it",)
    elif table.changed_rows > changed:
        analyze = (f"{table.changed_rows} rows changed since its last analysis, more than {changed:.0f}",)
    # An analysis estimates the dead rows anew; so a table that comes near to needing vacuum gets both at once.
    share = 0.5 if analyze else 1.0
    inserted = limits.inserted(table.storage, settings)
    other = (
        (f"{table.storage.inserted_rows} rows were inserted since its last vacuum, more than {inserted:.0f}",)
        if inserted is not None and table.storage.inserted_rows > inserted
        else ()
    )
    dead = _dead(table.storage, situation, share, "")
    toast = _dead(table.toast, situation, share, " in its TOAST table") if table.toast else ()
    return Need(dead, toast, other, freeze, analyze)


def _dead(storage: Storage, situation: Situation, share: float, place: str) -> tuple[str, ...]:
    limit = situation.thresholds.dead(storage, situation.settings) * share
    if storage.dead_rows <= limit:
        return ()
    off = storage.parameters.get("autovacuum_enabled") in {"false", "off", "no", "0"}
    reason = f"{storage.dead_rows} dead rows{place}, more than {limit:.0f}"
    return (reason + ("; autovacuum is switched off for it" if off else ""),)


def _freeze(table: Table, situation: Situation) -> tuple[str, ...]:
    reasons = []
    for kind, percent in _freeze_percents(table, situation.settings).items():
        if percent >= situation.thresholds.freeze_percent:
            reasons.append(
                f"its oldest {kind} is at {percent:.1f} % of the age at which the server forces a freeze, "
                f"not below {situation.thresholds.freeze_percent:g} %"
            )
    return tuple(reasons)


def _freeze_percents(table: Table, settings: Settings) -> dict[str, float]:
    percents = {"transaction": 0.0, "multixact": 0.0}
    for storage in (table.storage, table.toast):
        if storage is None:
            continue
        xid, mxid = _freeze_limits(storage.parameters, settings)
        percents["transaction"] = max(percents["transaction"], 100 * storage.xid_age / xid)
        percents["multixact"] = max(percents["multixact"], 100 * storage.mxid_age / mxid)
    return percents


def _freeze_limits(parameters: Mapping[str, str], settings: Settings) -> tuple[float, float]:
    """The ages at which the server forces a freeze; a table can only lower them."""
    limits = []
    for name in ("autovacuum_freeze_max_age", "autovacuum_multixact_freeze_max_age"):
        server = settings.numbers[name]
        limits.append(max(1.0, min(server, float(parameters.get(name, server)))))
    return limits[0], limits[1]


def _add_parents(
    tables: Sequence[Table], admitted: Sequence[Table], needs: dict[int, Need], situation: Situation
) -> None:
    analysed = {table.oid for table in admitted if needs[table.oid].analyze and not _obstacle(table, situation)}
    stale = stale_parents(tables, analysed, situation.version)
    for table in admitted:
        if table.oid in stale and not needs[table.oid].analyze:
            need = needs[table.oid]
            needs[table.oid] = Need(need.dead, need.toast, need.other, need.freeze, (stale[table.oid],))


def _less_what_is_held_back(table: Table, need: Need, situation: Situation) -> tuple[Need, str]:
    """Leave out what vacuum cannot do now because somebody may still see the rows; return that as a sentence too."""
    oldest = situation.horizon.oldest
    if oldest is None or not need.reasons:
        return need, ""
    xid_limit, _mxid = _freeze_limits(table.storage.parameters, situation.settings)
    freeze, dead, toast, held = need.freeze, need.dead, need.toast, []
    if freeze and 100 * oldest.xid_age / xid_limit >= situation.thresholds.freeze_percent:
        held.append("its old transactions cannot be frozen")
        freeze = ()
    if dead and _met_already(table.storage.last_vacuum, situation.horizon):
        held.append(f"{table.storage.dead_rows} dead rows stayed at its last vacuum or came since, and cannot go")
        dead = ()
    if table.toast and toast and _met_already(table.toast.last_vacuum, situation.horizon):
        held.append(f"{table.toast.dead_rows} dead rows of its TOAST table cannot go")
        toast = ()
    if not held:
        return need, ""
    return Need(dead, toast, need.other, freeze, need.analyze), (
        f"{' and '.join(held)} while {oldest.who} may still see them ({oldest.xid_age} transactions old)"
    )


def _met_already(last_vacuum: float | None, horizon: Horizon) -> bool:
    """Whether the last vacuum took away all that the oldest holder lets go.

    Whatever died after the holder began stays, so once a vacuum has run after that, no other can do better.
    """
    if last_vacuum is None or horizon.oldest is None:
        return False
    if horizon.oldest.since is None:
        return last_vacuum > horizon.now - UNSEEN_HOLDER_SECONDS
    return last_vacuum > horizon.oldest.since


def _obstacle(table: Table, situation: Situation) -> str:
    """What the role lacks, with the grant to give; empty when it lacks nothing."""
    role = identifier(situation.role)
    if not table.may:
        if situation.version >= 170000:
            grant = f"GRANT MAINTAIN ON TABLE {table.key} TO {role}; or GRANT pg_maintain TO {role};"
        else:
            grant = f"GRANT {identifier(table.owner)} TO {role}; (its owner)"
        return f"the role {situation.role} may not maintain it; give: {grant}"
    if not table.schema_usage:
        grant = f"GRANT USAGE ON SCHEMA {identifier(table.schema)} TO {role};"
        return f"the role {situation.role} may not use its schema; give: {grant}"
    return ""


def _planned(table: Table, need: Need, situation: Situation, level: int) -> Planned:
    freeze = bool(need.freeze)
    vacuum = bool(freeze or need.dead or need.toast or need.other)
    only_toast = bool(need.toast) and not (freeze or need.dead or need.other or need.analyze)
    percent = max(_freeze_percents(table, situation.settings).values()) if freeze else 0.0
    return Planned(
        table=table,
        entry=_entry(table, need, situation),
        vacuum=vacuum,
        toast_only=only_toast and situation.version >= 160000,
        freeze=freeze,
        analyze=bool(need.analyze),
        level=level,
        urgency=(percent, float(table.bytes or 0)),
        dead_limit=situation.thresholds.dead(table.storage, situation.settings),
        dead_toast_limit=situation.thresholds.dead(table.toast or Storage(), situation.settings),
    )


def _level(table: Table, tables: Iterable[Table]) -> int:
    """How many generations below it the table has."""
    depths = [len(other.ancestors) for other in tables if table.oid in other.ancestors]
    return max(depths) - len(table.ancestors) if depths else 0


def _entry(table: Table, need: Need, situation: Situation) -> dict[str, Any]:
    percents = _freeze_percents(table, situation.settings)
    return {
        "table": table.key,
        "action": _action(need),
        "statement": statement(table, need, situation.version),
        "reasons": list(need.reasons),
        "lock": LOCK,
        "bytes_before": table.bytes,
        "rows": round(table.storage.counted) if not table.partitioned else None,
        "dead_rows": table.storage.dead_rows,
        "dead_toast_rows": table.toast.dead_rows if table.toast else 0,
        "changed_rows": table.changed_rows,
        "inserted_rows": table.storage.inserted_rows,
        "xid_age_percent": round(percents["transaction"], 2),
        "mxid_age_percent": round(percents["multixact"], 2),
    }


def _action(need: Need) -> str:
    vacuum = "freeze" if need.freeze else "vacuum" if need.dead or need.toast or need.other else ""
    return " and ".join(word for word in (vacuum, "analyze" if need.analyze else "") if word)


def statement(table: Table, need: Need, version: int) -> str:
    """The statement that does it; from 18 on ONLY keeps both commands from going down to the children."""
    target = ("ONLY " if version >= 180000 and not table.system else "") + identifier(table.schema, table.name)
    if not (need.freeze or need.dead or need.toast or need.other):
        return f"ANALYZE {target}"
    options = ["TRUNCATE FALSE", f"INDEX_CLEANUP {'AUTO' if version >= 140000 else 'TRUE'}"]
    if need.freeze:
        options.insert(0, "FREEZE")
    if need.analyze:
        options.insert(0, "ANALYZE")
    if need.toast and version >= 160000 and not (need.freeze or need.dead or need.other or need.analyze):
        options.append("PROCESS_MAIN FALSE")
    return f"VACUUM ({', '.join(options)}) {target}"
