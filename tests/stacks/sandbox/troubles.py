# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plants what maintenance has to find: bloat, missing statistics, remains of interrupted index rebuilds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2.errors

from .layout import SandboxError, say

__all__ = ["plant"]

Connect = Callable[[], Any]
_LIMIT = 60.0  # seconds for an index rebuild to reach the point at which it is to be interrupted

# Autovacuum leaves these tables alone, so that what is planted stays.
_BLOAT = """
ALTER TABLE stock.levels SET (autovacuum_enabled = off);
ALTER TABLE stock.reservations SET (autovacuum_enabled = off);
ALTER TABLE shop.wishlists SET (autovacuum_enabled = off);
CREATE INDEX levels_quantity ON stock.levels (quantity);
CREATE INDEX reservations_token ON stock.reservations (token);
"""
_UPDATE = "UPDATE stock.levels SET quantity = (quantity + 7) % 500, note = note"
_DELETE = "DELETE FROM stock.reservations WHERE id % 12 <> 0"


def plant(connect: Connect, as_superuser: Connect) -> None:
    """Plant all of them. *connect* gives a session as the owner of the tables."""
    started = time.monotonic()
    with closing(connect()) as session:
        cursor = session.cursor()
        cursor.execute(_BLOAT)
        for _turn in range(5):
            cursor.execute(_UPDATE)
        cursor.execute(_DELETE)
        cursor.execute("VACUUM (ANALYZE, TRUNCATE off) stock.reservations")
        cursor.execute("ANALYZE stock.levels")
        cursor.execute("UPDATE shop.wishlists SET changed = changed + interval '1 day' WHERE customer_id % 3 = 0")
    _interrupt(
        connect, as_superuser, "audit.logins_pkey", "waiting for old snapshots",
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM shop.coupons",
    )  # fmt: skip
    _interrupt(
        connect, as_superuser, "billing.payments_again", "waiting for readers before marking dead",
        "BEGIN; LOCK TABLE billing.payments IN ACCESS SHARE MODE",
    )  # fmt: skip
    say(f"Bloat, and interrupted index rebuilds: {time.monotonic() - started:.1f} s")


def _interrupt(connect: Connect, as_superuser: Connect, index: str, phase: str, blocker: str) -> None:
    """Rebuild *index* until it waits in *phase* for the *blocker*, and cancel it there."""
    with closing(connect()) as blocking, closing(connect()) as rebuilding, closing(as_superuser()) as watching:
        blocking.cursor().execute(blocker)
        failures: list[BaseException] = []

        def rebuild() -> None:
            try:
                rebuilding.cursor().execute(f"REINDEX INDEX CONCURRENTLY {index}")
            except psycopg2.Error as failure:
                failures.append(failure)

        thread = threading.Thread(target=rebuild)
        thread.start()
        pid = rebuilding.get_backend_pid()
        reached = _wait_for_phase(watching.cursor(), pid, phase, thread)
        watching.cursor().execute("SELECT pg_cancel_backend(%s)", [pid])
        thread.join(_LIMIT)
    if not reached or thread.is_alive() or not isinstance(failures[0], psycopg2.errors.QueryCanceled):
        raise SandboxError(f"The rebuild of {index} could not be interrupted while {phase}: {failures}")


def _wait_for_phase(cursor: Any, pid: int, phase: str, thread: threading.Thread) -> bool:
    limit = time.monotonic() + _LIMIT
    while thread.is_alive() and time.monotonic() < limit:
        cursor.execute("SELECT phase FROM pg_stat_progress_create_index WHERE pid = %s", [pid])
        if (phase,) in cursor.fetchall():
            return True
        time.sleep(0.02)
    return False
