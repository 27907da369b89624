# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at one database: its session, what was asked for, and what could not be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Callable, TypeVar

from ..._masking import masked_sql
from ..relations import LOCKED, USER_SCHEMA
from ..session import QueryFailed, Row, Session
from ..sql import Identifier, Raw, Value, compose
from .versions import pieces

__all__ = ["NAME", "Look", "Wanted", "ratio", "topped"]

QUERY_LENGTH = 1000
CANCELLED = "57014"

# Catalogs are joined whole, and the planner takes some of them for tiny: with nested loops, what takes a second takes
# minutes on a database of thousands of tables. No worker is taken from those for whom the server is there.
_PLANNING = {"enable_nestloop": "off", "jit": "off", "max_parallel_workers_per_gather": "0"}

Found = TypeVar("Found")

# A relation's name as every fact tells it; of pg_class c and pg_namespace n.
NAME = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)"


@dataclass(frozen=True)
class Wanted:
    """What was asked for.

    :ivar top: how many of a long list are returned.
    :ivar long_query_seconds: from how long on a query is listed.
    :ivar mask: whether literals in query texts are masked.
    :ivar query_timeout: seconds after which a query of ours is cancelled.
    """

    top: int = 20
    long_query_seconds: float = 5.0
    mask: bool = True
    query_timeout: float = 30.0


class Look:
    """A session that only reads, and notes what it could not see.

    Every statement is a read-only transaction of its own: one that fails or is cancelled spoils no other, and no
    snapshot is held that would keep vacuum from its work.
    """

    def __init__(self, session: Session, wanted: Wanted) -> None:
        self.session = session
        self.wanted = wanted
        self.unseen: list[dict[str, str]] = []
        self._pieces = pieces(session.version)
        milliseconds = max(1, round(wanted.query_timeout * 1000))
        session.execute("SET default_transaction_read_only = on")
        for name, value in _PLANNING.items():
            session.execute(f"SET {name} = {value}")
        session.execute(f"SET statement_timeout = {milliseconds}")
        session.execute(f"SET lock_timeout = {min(milliseconds, 5000)}")

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.session.version // 10000

    def query(self, template: str, **parts: Identifier | Raw | Value) -> list[Row]:
        """Run a SELECT composed from *template*, *parts* and the pieces that fit the server's version."""
        every: dict[str, Any] = {
            "name": Raw(NAME),
            "user_schema": Raw(USER_SCHEMA),
            "locked": Raw(LOCKED),
            "top": self.wanted.top,
            **self._pieces,
            **parts,
        }
        return self.session.query(compose(template, **every))

    def row(self, template: str, **parts: Identifier | Raw | Value) -> Row:
        """Return the only row of a SELECT."""
        (row,) = self.query(template, **parts)
        return row

    def miss(self, what: str, reason: str) -> None:
        """Note that a fact could not be seen."""
        entry = {"what": what, "reason": reason}
        if entry not in self.unseen:
            self.unseen.append(entry)

    def attempt(self, what: str, read: Callable[[], Found], hint: str = "") -> Found | None:
        """Return what *read* finds; note that *what* could not be seen when the server refuses."""
        try:
            return read()
        except QueryFailed as error:
            late = f"it took longer than {self.wanted.query_timeout:g} seconds (query_timeout)"
            self.miss(what, late if error.sqlstate == CANCELLED else error.why + hint)
        return None

    def shown(self, query: str | None) -> str | None:
        """A query text as it is returned: masked when that is wanted, on one line, cut."""
        if query is None:
            return None
        text = " ".join(masked_sql(query).split()) if self.wanted.mask else query.strip()
        text = text.rstrip("; \n")
        return text if len(text) <= QUERY_LENGTH else text[: QUERY_LENGTH - 1] + "…"

    @cached_property
    def role(self) -> Row:
        """The role and what it may see."""
        return self.row(
            """
            SELECT current_user AS name, rolsuper AS superuser, rolreplication AS replication,
              pg_has_role('pg_monitor', 'USAGE') AS pg_monitor,
              pg_has_role('pg_read_all_stats', 'USAGE') AS pg_read_all_stats,
              pg_has_role('pg_read_all_settings', 'USAGE') AS pg_read_all_settings,
              {reads_all_data} AS pg_read_all_data
            FROM pg_roles WHERE rolname = current_user
            """
        )

    @cached_property
    def in_recovery(self) -> bool:
        """Whether the server is a standby, or recovers."""
        return bool(self.row("SELECT pg_is_in_recovery() AS r")["r"])

    @cached_property
    def activity(self) -> list[Row]:
        """Every server process as pg_stat_activity tells of it, once for all families.

        ``hidden`` are sessions of which this role sees little more than that they exist.
        """
        return self.query(
            """
            SELECT a.pid, a.datname AS database, a.usename AS user, a.application_name AS application,
              host(a.client_addr) AS client, a.backend_type, a.state, a.wait_event_type, a.wait_event,
              a.pid = pg_backend_pid() OR a.application_name = 'day2.ops' AS own,
              a.backend_type IS NULL AND a.datid IS NOT NULL AS hidden,
              {query_id} AS query_id,
              round(extract(epoch FROM clock_timestamp() - a.query_start)::numeric, 3) AS query_seconds,
              round(extract(epoch FROM clock_timestamp() - a.state_change)::numeric, 3) AS state_seconds,
              round(extract(epoch FROM clock_timestamp() - a.xact_start)::numeric, 3) AS transaction_seconds,
              CASE WHEN a.state <> 'idle' THEN left(a.query, 4000) END AS query
            FROM pg_stat_activity a
            """
        )


def topped(rows: Sequence[Row], top: int) -> dict[str, Any]:
    """A list as it is returned: how many there are, and the first of them."""
    return {"total": len(rows), "top": list(rows[:top])}


def ratio(part: float | None, whole: float | None, digits: int = 4) -> float | None:
    """How large a part is, from 0 to 1; None when there is no whole to be part of."""
    if part is None or not whole:
        return None
    return round(part / whole, digits)
