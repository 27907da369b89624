# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is connected, what runs long, who waits for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..session import Row
from .look import Look, topped

__all__ = ["blocking", "chains", "connections", "long_queries", "prepared_transactions"]

_CLIENT = "client backend"
_HIDDEN = "of other roles' sessions the role sees only that they exist; grant it pg_monitor (or pg_read_all_stats)"


def connections(look: Look) -> dict[str, Any]:
    """Connections of clients. Server-wide, except for the transactions, which are those of this database."""
    limits = look.row(
        """
        SELECT current_setting('max_connections')::int AS max_connections,
          current_setting('superuser_reserved_connections')::int + {reserved_connections} AS reserved
        """
    )
    facts: dict[str, Any] = {
        **dict.fromkeys(
            ("total", "by_state", "own", "used_percent", "by_database", "by_user", "by_application", "background")
        ),
        **dict.fromkeys(("idle_in_transaction", "oldest_transaction_seconds", "oldest_transaction")),
        **limits,
    }
    if any(row["hidden"] for row in look.activity):
        look.miss("connections", _HIDDEN)
        return facts
    clients = [row for row in look.activity if row["backend_type"] == _CLIENT]
    here = [row for row in clients if row["database"] == look.session.database and not row["own"]]
    background = Counter(row["backend_type"] for row in look.activity if row["backend_type"] not in (None, _CLIENT))
    top = look.wanted.top
    open_ = sorted(
        (row for row in here if row["transaction_seconds"] is not None), key=lambda row: -row["transaction_seconds"]
    )
    return {
        **facts,
        "total": len(clients),
        "by_state": dict(sorted(Counter(row["state"] or "unknown" for row in clients).items())),
        "own": sum(row["own"] for row in clients),
        "used_percent": round(100 * len(clients) / max(1, limits["max_connections"] - limits["reserved"]), 1),
        "by_database": _counted((row["database"] for row in clients), top),
        "by_user": _counted((row["user"] for row in clients), top),
        "by_application": _counted((row["application"] for row in clients), top),
        "background": dict(sorted(background.items())),
        "idle_in_transaction": topped(
            [
                {**_session(look, row), "seconds": row["state_seconds"]}
                for row in sorted(here, key=lambda row: -(row["state_seconds"] or 0))
                if (row["state"] or "").startswith("idle in transaction")
            ],
            top,
        ),
        "oldest_transaction_seconds": open_[0]["transaction_seconds"] if open_ else 0,
        "oldest_transaction": _session(look, open_[0]) if open_ else None,
    }


def long_queries(look: Look) -> dict[str, Any] | None:
    """Queries of clients of this database that have been running for long."""
    if any(row["hidden"] for row in look.activity):
        look.miss("long_queries", _HIDDEN)
        return None
    untold = sum(row["state"] == "disabled" and row["database"] == look.session.database for row in look.activity)
    if untold:
        look.miss("long_queries.top", f"{untold} sessions run with track_activities off: what they do cannot be seen")
    long = [
        row
        for row in look.activity
        if row["state"] in ("active", "fastpath function call")
        and row["database"] in (look.session.database, None)
        and row["query_seconds"] is not None
        and row["query_seconds"] >= look.wanted.long_query_seconds
    ]
    theirs = [row for row in long if row["backend_type"] == _CLIENT and not row["own"]]
    listed = [
        {
            **_session(look, row),
            "seconds": row["query_seconds"],
            "wait_event_type": row["wait_event_type"],
            "wait_event": row["wait_event"],
            "query_id": row["query_id"],
        }
        for row in sorted(theirs, key=lambda row: -row["query_seconds"])
    ]
    apart = Counter("own" if row["own"] else row["backend_type"] for row in long if row not in theirs)
    excluded = {
        "own": apart.pop("own", 0),
        "walsender": apart.pop("walsender", 0),
        "autovacuum": apart.pop("autovacuum worker", 0),
        "other": sum(apart.values()),
    }
    return {"seconds": look.wanted.long_query_seconds, **topped(listed, look.wanted.top), "excluded": excluded}


def blocking(look: Look) -> dict[str, Any]:
    """Sessions of this database that wait for locks, for whom, and who stands at the head of each queue."""
    waiting = look.query(
        """
        SELECT w.pid, pg_blocking_pids(w.pid) AS blocked_by, w.mode, w.locktype AS lock,
          {name} AS relation,
          round(extract(epoch FROM clock_timestamp() - w.since)::numeric, 3) AS seconds
        FROM (
          SELECT DISTINCT ON (l.pid) l.pid, l.mode, l.locktype, l.relation, l.database, {wait_start} AS since
          FROM pg_locks l WHERE NOT l.granted AND l.pid IS NOT NULL ORDER BY l.pid
        ) w
        LEFT JOIN pg_database d ON d.datname = current_database() AND d.oid = w.database
        LEFT JOIN pg_class c ON c.oid = w.relation AND d.oid IS NOT NULL
        LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
        """
    )
    by_pid = {row["pid"]: row for row in look.activity}
    edges = {row["pid"]: sorted(set(row["blocked_by"])) for row in waiting if row["blocked_by"]}
    if edges and any(row["hidden"] for row in look.activity):
        look.miss("blocking.top[].query", _HIDDEN)
    found = chains(edges)
    blocked, roots = [], Counter[int]()
    for row in waiting:
        session = by_pid.get(row["pid"])
        if row["pid"] not in found or session is None or session["database"] != look.session.database:
            continue
        depth, heads = found[row["pid"]]
        roots.update(heads)
        blocked.append(
            {
                **_session(look, session),
                "seconds": row["seconds"] if row["seconds"] is not None else session["query_seconds"],
                "lock": row["lock"],
                "mode": row["mode"],
                "relation": row["relation"],
                "blocked_by": row["blocked_by"],
                "depth": depth,
                "roots": heads,
            }
        )
    blocked.sort(key=lambda row: (-(row["seconds"] or 0), row["pid"]))
    return {
        **topped(blocked, look.wanted.top),
        "longest_seconds": blocked[0]["seconds"] if blocked else 0,
        "roots": [
            {**_session(look, by_pid.get(pid, {"pid": pid})), "prepared_transaction": pid == 0, "blocks": count}
            for pid, count in roots.most_common(look.wanted.top)
        ],
    }


def chains(edges: Mapping[int, Sequence[int]]) -> dict[int, tuple[int, list[int]]]:
    """For each blocked process: how many waits stand between it and the farthest process that waits for nobody, and
    those that wait for nobody. Process 0 is a prepared transaction. A cycle, which the server has yet to break, is
    taken to begin at its smallest process.

    :param edges: blocked process → the processes that block it.
    """
    known: dict[int, tuple[int, set[int]]] = {}
    waits_for = {pid: {blocker for blocker in blockers if blocker in edges} for pid, blockers in edges.items()}
    blocks: dict[int, list[int]] = {}
    for pid, blockers in waits_for.items():
        for blocker in blockers:
            blocks.setdefault(blocker, []).append(pid)
    ready = sorted((pid for pid, blockers in waits_for.items() if not blockers), reverse=True)
    while len(known) < len(edges):
        pid = ready.pop() if ready else min(pid for pid in edges if pid not in known)
        if pid in known:
            continue
        in_a_cycle = bool(waits_for[pid])
        heads = {blocker for blocker in edges[pid] if blocker not in edges} | ({pid} if in_a_cycle else set())
        depth = 1
        for blocker in edges[pid]:
            if blocker in known:
                depth, heads = max(depth, known[blocker][0] + 1), heads | known[blocker][1]
        known[pid] = (depth, heads)
        for waiter in blocks.get(pid, []):
            waits_for[waiter].discard(pid)
            if not waits_for[waiter]:
                ready.append(waiter)
    return {pid: (depth, sorted(heads)) for pid, (depth, heads) in sorted(known.items())}


def prepared_transactions(look: Look) -> dict[str, Any] | None:
    """Transactions of this database that were prepared and wait for their second phase."""
    if look.in_recovery:
        look.miss("prepared_transactions", "a standby does not show them; ask the primary")
        return None
    rows = look.query(
        """
        SELECT gid, owner AS user, prepared, transaction::text AS transaction, age(transaction) AS xid_age,
          round(extract(epoch FROM clock_timestamp() - prepared)::numeric, 3) AS age_seconds
        FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared, gid
        """
    )
    return {**topped(rows, look.wanted.top), "oldest_seconds": rows[0]["age_seconds"] if rows else 0}


def _session(look: Look, row: Row) -> Row:
    keys = ("pid", "database", "user", "application", "client", "state", "transaction_seconds")
    query = None if row.get("hidden") else row.get("query")
    return {**{key: row.get(key) for key in keys}, "query": look.shown(query)}


def _counted(names: Iterable[str | None], top: int) -> list[dict[str, Any]]:
    counted = sorted(Counter(name or "" for name in names).items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"name": name, "total": count} for name, count in counted[:top]]
