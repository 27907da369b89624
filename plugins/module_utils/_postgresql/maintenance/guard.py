# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on which maintenance would be senseless or unsafe are refused before anything is read."""

from __future__ import annotations

from ..._errors import Refused
from ..server import Server
from ..session import Session
from ..sql import compose

__all__ = ["check_server", "prepare"]

_STATE = """
SELECT pg_is_in_recovery() AS standby,
       current_setting('track_counts')::bool AS counted,
       current_setting('port')::int AS port
"""

# An orphaned statement ends soon after its client was killed, where the server can find that out.
_CHECK_INTERVAL = "SET client_connection_check_interval = '2s'"


def check_server(server: Server, session: Session, doing: str) -> None:
    """Refuse a standby, a pooler, and a server that counts nothing.

    :raises Refused: and says why.
    """
    state = session.row(_STATE)
    if state["standby"]:
        raise Refused(doing, session.where, "the server is a standby, which replays its primary's maintenance",
                      "Run it on the primary.")  # fmt: skip
    if not state["counted"]:
        raise Refused(doing, session.where, "track_counts is off, so the server knows of no dead or changed rows",
                      "Set track_counts = on; autovacuum needs it too.")  # fmt: skip
    if not server.runner.direct and _local(server.login.host) and state["port"] != server.login.port:
        raise Refused(
            doing,
            session.where,
            f"the server itself listens on port {state['port']}: a connection pooler stands between, and locks and "
            "settings of a session do not survive it",
            f"Give login_port={state['port']}.",
        )


def prepare(session: Session, name: str, lock_timeout: float) -> None:
    """Set what sessions of maintenance set: their name, the longest wait for a lock, an end with their client."""
    session.execute(compose("SET application_name = {name}", name=f"day2.ops {name}"))
    session.execute(compose("SET lock_timeout = {limit}", limit=f"{max(1, round(lock_timeout * 1000))}ms"))
    if session.version >= 140000:
        session.execute(_CHECK_INTERVAL)


def _local(host: str | None) -> bool:
    return host is None or host.startswith(("/", "127.")) or host in {"localhost", "::1"}
