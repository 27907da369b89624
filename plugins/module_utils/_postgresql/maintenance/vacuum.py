# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vacuum and analysis of a database: plan, do, prove."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Callable

from ..._progress import SILENT, Progress
from ..server import Server
from ..session import QueryFailed, Row, Session
from ..sql import compose
from ..work_lock import holders as work_holders
from ..work_lock import work_lock
from .crew import Crew, Window
from .guard import check_server, prepare
from .holders import horizon, lock_holders
from .report import NotProven, Outcome, Report, done, skipped
from .selection import Wanted, select
from .thresholds import Thresholds
from .vacuum_catalog import settings, tables
from .vacuum_plan import Planned, Situation, plan

__all__ = ["VacuumOrder", "vacuum"]

NAME = "vacuum"
PROOF_SECONDS = 10.0  # servers before 15 count in a process of its own, which may lag

LOCK_NOT_AVAILABLE = "55P03"
GONE = {"42P01", "3F000"}

_STATE = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS key,
       CASE WHEN c.relkind <> 'p' THEN pg_table_size(c.oid) END AS bytes,
       pg_stat_get_vacuum_count(c.oid) AS vacuums,
       pg_stat_get_vacuum_count(c.reltoastrelid) AS toast_vacuums,
       pg_stat_get_analyze_count(c.oid) AS analyses,
       pg_stat_get_dead_tuples(c.oid) AS dead_rows,
       coalesce(pg_stat_get_dead_tuples(c.reltoastrelid), 0) AS dead_toast_rows,
       CASE WHEN c.relfrozenxid::text <> '0' THEN age(c.relfrozenxid) END AS xid_age
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = {oid}
"""


@dataclass(frozen=True)
class VacuumOrder:
    """What is asked for."""

    database: str
    wanted: Wanted
    thresholds: Thresholds
    jobs: int = 2
    lock_timeout: float = 5.0
    window: float | None = None


def vacuum(
    server: Server, order: VacuumOrder, check_mode: bool, diff: bool = False, progress: Progress = SILENT
) -> dict[str, Any]:
    """Vacuum and analyse what needs it.

    :raises Unfinished: when some of it failed; the result is in it.
    """
    doing = f'vacuuming the database "{order.database}"'
    report = Report()
    window = Window(order.window)
    with ExitStack() as stack:
        session = stack.enter_context(server.session(order.database))
        check_server(server, session, doing)
        prepare(session, NAME, order.lock_timeout)
        if check_mode:
            report.warn(*(f"A run now would be refused: {who} works on the database." for who in work_holders(session)))
        else:
            stack.enter_context(work_lock(server, order.database, NAME))
        planned = _plan(session, order, report)
        if not check_mode:
            progress.phase("vacuuming and analysing", len(planned), "tables", report.planned_bytes)
            _do(server, order, window, planned, report, progress)
        report.warn(*server.warnings)
        return report.finished(doing, session.where, check_mode, diff)


def _plan(session: Session, order: VacuumOrder, report: Report) -> list[Planned]:
    selection, warnings = select(session, order.wanted)
    report.warn(*warnings)
    situation = Situation(
        version=session.version,
        thresholds=order.thresholds,
        settings=settings(session),
        horizon=horizon(session),
        role=session.value("SELECT current_user AS role"),
    )
    planned, left = plan(tables(session), selection, situation)
    report.plan = [dict(item.entry) for item in planned]
    report.take(left)
    return planned


def _do(
    server: Server, order: VacuumOrder, window: Window, planned: list[Planned], report: Report, progress: Progress
) -> None:
    def open_session() -> Session:
        session = server.session(order.database)
        prepare(session, NAME, order.lock_timeout)
        return session

    crew: Crew[Planned] = Crew(open_session, order.jobs, window, lambda item: dict(item.entry), work_on, progress)
    for level in sorted({item.level for item in planned}):  # children before their parents
        report.take(crew.work([[item] for item in planned if item.level == level]))


def work_on(session: Session, item: Planned) -> Outcome:
    """Vacuum or analyse one table and prove it."""
    entry = dict(item.entry)
    try:
        before = _state(session, item)
        if before is None or before["key"] != item.table.key:
            return skipped(entry, "gone", "it was dropped or renamed since the plan was made")
        entry["bytes_before"] = before["bytes"]
        begun = time.monotonic()
        said = session.execute(str(entry["statement"]))
    except QueryFailed as error:
        return _cut(session, item, entry, error)
    seconds = round(time.monotonic() - begun, 3)
    after = _proven(session, item, before, said)
    return _told(session, item, entry, before, after, seconds, said)


def _cut(session: Session, item: Planned, entry: dict[str, Any], error: QueryFailed) -> Outcome:
    if error.sqlstate in GONE:
        return skipped(entry, "gone", "it was dropped or renamed since the plan was made")
    if error.sqlstate != LOCK_NOT_AVAILABLE:
        raise error
    who = "; ".join(lock_holders(session, item.table.oid)) or "who held it has ended since"
    return skipped(entry, "locked", f"its lock was not to be had within lock_timeout: {who}")


def _state(session: Session, item: Planned) -> Row | None:
    rows = session.query(compose(_STATE, oid=item.table.oid))
    return rows[0] if rows else None


def _proven(session: Session, item: Planned, before: Row, said: list[str]) -> Row:
    """Wait until the counters show the work.

    :raises NotProven: when they do not: VACUUM of a table that the role may not vacuum succeeds with a warning.
    """
    end = time.monotonic() + PROOF_SECONDS
    while True:
        after = _state(session, item)
        if after is not None and all(moved(before, after) for moved in _proofs(session, item, said)):
            return after
        if said or time.monotonic() > end:
            why = "; ".join(said) or f"the server's counters do not show it after {PROOF_SECONDS:g} s"
            raise NotProven(
                f"proving {item.entry['statement']}",
                session.where,
                why,
                "Look at the warning and at the table's counters in pg_stat_all_tables; run it again.",
            )
        time.sleep(0.1)


def _proofs(session: Session, item: Planned, said: list[str]) -> list[Callable[[Row, Row], bool]]:
    proofs: list[Callable[[Row, Row], bool]] = []
    if item.vacuum:
        count = "toast_vacuums" if item.toast_only else "vacuums"
        proofs.append(lambda before, after: bool(after[count] > before[count]))
    if item.analyze and item.table.partitioned and session.version < 140000:
        proofs.append(lambda _before, _after: not said)  # 13 does not count analyses of partitioned tables
    elif item.analyze:
        proofs.append(lambda before, after: bool(after["analyses"] > before["analyses"]))
    return proofs


def _told(
    session: Session,
    item: Planned,
    entry: dict[str, Any],
    before: Row,
    after: Row,
    seconds: float,
    said: list[str],
) -> Outcome:
    warnings = [f"{entry['statement']}: {text}" for text in said]
    held_back_by: list[str] = []
    stayed = item.vacuum and (after["dead_rows"] > item.dead_limit or after["dead_toast_rows"] > item.dead_toast_limit)
    not_frozen = item.freeze and (after["xid_age"] or 0) > (before["xid_age"] or 0) / 2
    if stayed or not_frozen:
        held_back_by = [holder.who for holder in horizon(session).holders[:3]] or ["somebody who has ended since"]
        what = "dead rows that vacuum could not remove" if stayed else "transactions that could not be frozen"
        warnings.append(f"{item.table.key} still has {what}: {', '.join(held_back_by)} may still see them.")
    return done(
        entry,
        warnings,
        bytes_after=after["bytes"],
        dead_rows_after=after["dead_rows"],
        dead_toast_rows_after=after["dead_toast_rows"],
        xid_age_after=after["xid_age"],
        held_back_by=held_back_by,
        seconds=seconds,
    )
