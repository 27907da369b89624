# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Repair and rebuild of a database's indexes: plan, do, prove."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from ..._errors import Refused
from ..._progress import SILENT, Progress
from ..index_estimates import Sketch, bloat_percent, index_estimates
from ..server import Server
from ..session import Session
from ..work_lock import holders as work_holders
from ..work_lock import work_lock
from .crew import Crew, Window
from .guard import check_server, prepare
from .holders import long_transactions
from .index_catalog import Index, indexes
from .measure import Measure
from .rebuild import NAME, Rebuilder
from .reindex_plan import DROP, Estimate, IndexSituation, PlannedIndex, candidates, plan_indexes
from .report import Report, skipped
from .selection import Wanted, select
from .space import Space

__all__ = ["ReindexOrder", "reindex"]


@dataclass(frozen=True)
class ReindexOrder:
    """What is asked for."""

    database: str
    wanted: Wanted
    bloat_percent: float = 30.0
    min_bytes: int = 1 << 20
    jobs: int = 2
    lock_timeout: float = 5.0
    snapshot_timeout: float = 120.0
    window: float | None = None


def reindex(
    server: Server, order: ReindexOrder, check_mode: bool, diff: bool = False, progress: Progress = SILENT
) -> dict[str, Any]:
    """Repair invalid indexes and rebuild bloated ones.

    :raises Unfinished: when some of it failed; the result is in it.
    """
    doing = f'rebuilding indexes of the database "{order.database}"'
    report = Report()
    window = Window(order.window)
    with ExitStack() as stack:
        session = stack.enter_context(server.session(order.database))
        check_server(server, session, doing)
        _check_version(session, doing)
        prepare(session, NAME, order.lock_timeout)
        if check_mode:
            report.warn(*(f"A run now would be refused: {who} works on the database." for who in work_holders(session)))
        else:
            stack.enter_context(work_lock(server, order.database, NAME))
        space = Space(server.runner, session)
        planned = _plan(session, order, space, report)
        if planned and space.why_not:
            report.warn(f"Whether there is room for rebuilds is not known: {space.why_not}.")
        if check_mode and planned:
            waits = long_transactions(session, order.snapshot_timeout, NAME)
            report.warn(*(f"A run now would rebuild nothing while this goes on: {who}." for who in waits))
        if not check_mode:
            progress.phase("rebuilding indexes", len(planned), "indexes", report.planned_bytes)
            _do(server, order, window, planned, space, report, progress)
        report.warn(*server.warnings)
        return report.finished(doing, session.where, check_mode, diff)


def _check_version(session: Session, doing: str) -> None:
    if 140000 <= session.version < 140004:
        raise Refused(
            doing,
            session.where,
            f"PostgreSQL 14.{session.version % 100} may corrupt indexes that it builds concurrently "
            "(mended in 14.4, which reverts the change d9d076222f5b)",
            "Update the server to the newest release of 14, then rebuild what was ever built concurrently.",
        )


def _plan(session: Session, order: ReindexOrder, space: Space, report: Report) -> list[PlannedIndex]:
    selection, warnings = select(session, order.wanted)
    report.warn(*warnings)
    situation = IndexSituation(
        version=session.version,
        role=session.value("SELECT current_user AS role"),
        bloat_percent=order.bloat_percent,
        min_bytes=order.min_bytes,
    )
    every = indexes(session)
    estimates = _estimates(session, candidates(every, selection, situation), order.bloat_percent)
    planned, left = plan_indexes(every, estimates, selection, situation)
    roomy = []
    for item in planned:
        lack = "" if item.action == DROP else space.lack(*needs(item))
        if lack:
            left.append(skipped(dict(item.entry), "space", lack))
        else:
            roomy.append(item)
    report.plan = [dict(item.entry) for item in roomy]
    report.take(left)
    return roomy


def needs(item: PlannedIndex) -> tuple[int, int, int]:
    """Tablespace, size now and size expected, for asking whether there is room."""
    size = item.index.bytes or 0
    return item.index.tablespace, size, item.entry["expected_bytes"] or size


def _estimates(session: Session, looked_at: list[Index], limit: float) -> dict[int, Estimate]:
    """Estimate from the statistics; where that says bloated, read the index."""
    measure = Measure(session)
    found = index_estimates(session, [index.oid for index in looked_at])
    return {oid: _estimate(measure, oid, sketch, limit) for oid, sketch in found.items()}


def _estimate(measure: Measure, oid: int, sketch: Sketch, limit: float) -> Estimate:
    expected = sketch.expected
    if sketch.shape is None or expected is None:
        return Estimate(None, sketch.why_not)
    if measure.possible and bloat_percent(sketch.bytes, expected) >= limit:
        return Estimate(measure.expected_bytes(oid, sketch.shape), measured=True)
    return Estimate(expected)


def _do(
    server: Server,
    order: ReindexOrder,
    window: Window,
    planned: list[PlannedIndex],
    space: Space,
    report: Report,
    progress: Progress,
) -> None:
    def open_session() -> Session:
        session = server.session(order.database)
        prepare(session, NAME, order.lock_timeout)
        return session

    rebuilder = Rebuilder(order.lock_timeout, order.snapshot_timeout, space, open_session)
    work_on = rebuilder.work_on
    crew: Crew[PlannedIndex] = Crew(open_session, order.jobs, window, lambda item: dict(item.entry), work_on, progress)
    tables: dict[int, list[PlannedIndex]] = {}
    for item in planned:  # two on one table would wait for each other
        tables.setdefault(item.index.table_oid, []).append(item)
    groups = list(tables.values())
    report.take(crew.work([group for group in groups if not any(item.alone for item in group)]))
    report.take(crew.work([group for group in groups if any(item.alone for item in group)], alone=True))
