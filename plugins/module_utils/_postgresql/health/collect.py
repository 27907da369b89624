# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All families of facts of one database. What fails is told in ``unseen`` and takes nothing else down."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Callable

from ..._argspec import server_of
from ..._errors import Day2Error, Refused, Unreachable
from ..server import Server as PostgresqlServer
from ..session import ConnectionLost
from . import activity, bloat, indexes, replication, schema, sequences, server, sizes, statements, traffic, vacuum, wal
from .look import Look, Wanted
from .versions import KEPT_SINCE

__all__ = ["FAMILIES", "collect", "health"]

Family = Callable[[Look], Any]

_ALWAYS: dict[str, Family] = {"server": server.server, "database": server.database, "role": server.role}

FAMILIES: dict[str, Family] = {
    "connections": activity.connections,
    "long_queries": activity.long_queries,
    "blocking": activity.blocking,
    "prepared_transactions": activity.prepared_transactions,
    "cache_hit_ratio": traffic.cache_hit_ratio,
    "index_hit_ratio": traffic.index_hit_ratio,
    "statistics": traffic.statistics,
    "checksum_failures": traffic.checksum_failures,
    "table_sizes": sizes.table_sizes,
    "index_sizes": sizes.index_sizes,
    "bloat": bloat.bloat,
    "index_usage": indexes.index_usage,
    "sequences": sequences.sequences,
    "slow_statements": statements.slow_statements,
    "vacuum_times": vacuum.vacuum_times,
    "wraparound": vacuum.wraparound,
    "replication": replication.replication,
    "wal": wal.wal,
    "settings": server.settings,
    "extensions": server.extensions,
    "collations": server.collations,
    "kept_databases": server.kept,
    "schema": schema.schema,
}


# Each option that is a number, its least and its greatest value.
_RANGES: dict[str, tuple[float, float]] = {
    "top": (1, 1000),
    "long_query_seconds": (0, 1e9),
    "query_timeout": (0.001, 86400),
}


def health(params: dict[str, Any]) -> dict[str, Any]:
    """The module's result for its options."""
    for name, (least, greatest) in _RANGES.items():
        if not least <= params[name] <= greatest:
            raise Refused(
                "reading the options",
                f"option {name}",
                f"{params[name]:g} is not between {least:g} and {greatest:g}",
                "Give a value in that range.",
            )
    wanted = Wanted(params["top"], params["long_query_seconds"], params["mask"], params["query_timeout"])
    databases = params["databases"]
    if databases is None:
        databases = [params["database"] or params["login_db"]]
    where = server_of(params)
    found = [collect(where, database, wanted, params["families"]) for database in dict.fromkeys(databases)]
    return {"postgresql": found, "warnings": where.warnings}


def collect(
    where: PostgresqlServer, database: str, wanted: Wanted, families: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the facts of one *database*; the keys are the same whatever could be seen.

    :param families: which of FAMILIES to look at; all when omitted.
    """
    facts: dict[str, Any] = {
        "reached": False,
        "error": None,
        "seconds": None,
        "families": [name for name in FAMILIES if families is None or name in families],
        **dict.fromkeys(_ALWAYS),
        **dict.fromkeys(FAMILIES),
        "unseen": [],
    }
    try:
        session = where.session(database)
    except (Unreachable, Refused) as error:
        return {**facts, **_not_reached(where, database, error)}
    with session:
        _look_at(Look(session, wanted), facts)
    return facts


def _look_at(look: Look, facts: dict[str, Any]) -> None:
    started = time.monotonic()
    asked: dict[str, Family] = {**_ALWAYS, **{name: FAMILIES[name] for name in facts["families"]}}
    facts.update({"reached": True, "unseen": look.unseen})
    for name in FAMILIES:
        if name not in asked:
            look.miss(name, "it was not asked for")
    left = list(asked)
    try:
        while left:
            facts[left[0]] = _attempt(look, left[0], asked[left[0]])
            del left[0]
    except ConnectionLost as error:
        facts["error"] = error.as_dict()
        for name in left:
            look.miss(name, str(error))
    facts["seconds"] = round(time.monotonic() - started, 3)


def _attempt(look: Look, name: str, family: Family) -> Any:
    for fact, since in KEPT_SINCE.get(name, {}).items():
        if look.major < since:
            look.miss(f"{name}.{fact}", f"PostgreSQL {look.major} does not keep it; {since} and later do")
    try:
        return look.attempt(name, lambda: family(look))
    except UnicodeDecodeError:
        look.miss(name, "a name in it is written in another encoding than that of this database")
        return None


def _not_reached(where: PostgresqlServer, database: str, error: Day2Error) -> dict[str, Any]:
    return {
        "error": error.as_dict(),
        "server": {"where": where.where},
        "database": {"name": database},
        "unseen": [{"what": name, "reason": str(error)} for name in (*_ALWAYS, *FAMILIES)],
    }
