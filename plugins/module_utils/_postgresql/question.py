# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking a database for one value, by SQL that somebody else wrote: it may only read, and only for so long."""

from __future__ import annotations

from typing import Any

from .session import Session
from .sql import compose

__all__ = ["answer"]


def answer(session: Session, query: str, seconds: float) -> Any:
    """The value that a query returns.

    :param query: a SELECT of one value.
    :param seconds: how long it may take.
    :raises QueryFailed: when it does not return one, would change something, or takes longer.
    """
    session.execute("BEGIN READ ONLY")
    try:
        session.execute(compose("SET LOCAL statement_timeout = {ms}", ms=max(1, int(seconds * 1000))))
        return session.value(f"SELECT (\n{query}\n) AS answer")
    finally:
        session.execute("ROLLBACK")
