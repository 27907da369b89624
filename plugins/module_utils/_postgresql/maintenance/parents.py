# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parents: autovacuum never analyses a partitioned table, nor an inheritance parent for what its children hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .vacuum_catalog import Table

__all__ = ["stale_parents"]


def stale_parents(tables: Sequence[Table], analysed: Collection[int], version: int) -> dict[int, str]:
    """Parents whose statistics over their children are missing or stale, by oid, with the reason.

    :param analysed: tables that will be analysed in this run.
    :param version: the server's.
    """
    stale = {}
    for parent in tables:
        if not parent.has_children or parent.system:
            continue
        children = [table for table in tables if parent.oid in table.ancestors and not table.partitioned]
        reason = _reason(parent, children, analysed, version)
        if reason:
            stale[parent.oid] = reason
    return stale


def _reason(parent: Table, children: Sequence[Table], analysed: Collection[int], version: int) -> str:
    if all(child.bytes == 0 for child in children):
        return ""
    last = _last_analyze(parent, children, version)
    if last is None:
        return "no analysis over all its children is recorded, and autovacuum never makes one"
    if any(child.oid in analysed for child in children):
        return "children of it are analysed, and its statistics are about them"
    if any(time > last for child in children for time in _times(parent, child)):
        return "children of it were analysed since its own analysis, and autovacuum does not follow"
    return ""


def _last_analyze(parent: Table, children: Sequence[Table], version: int) -> float | None:
    """PostgreSQL 13 does not record it of partitioned tables; but an analysis of one goes on to all its partitions."""
    if not parent.partitioned or version >= 140000:
        return parent.last_analyze
    known = [child.manual_analyze for child in children if child.manual_analyze is not None]
    return min(known) if len(known) == len(children) else None


def _times(parent: Table, child: Table) -> list[float]:
    """When the child was analysed other than by way of its parent.

    An analysis of a partitioned table goes down to its partitions and ends there later than at the parent; only what
    autovacuum did to them tells of change.
    """
    times = [child.auto_analyze] if parent.partitioned else [child.auto_analyze, child.manual_analyze]
    return [time for time in times if time is not None]
