# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Working on one index: look who is in the way, rebuild or drop it concurrently, clean up after itself, prove."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Callable

from ..._errors import Day2Error
from ..session import ConnectionLost, QueryFailed, Row, Session
from ..sql import compose, identifier
from .holders import lock_holders, long_transactions
from .index_catalog import Index, indexes
from .reindex_plan import DROP, PlannedIndex
from .remains import is_remains_by_name, original_of
from .report import NotProven, Outcome, ReindexCode, done, failed, skipped
from .space import Space

__all__ = ["NAME", "Rebuilder"]

NAME = "reindex"
POLL_SECONDS = 0.2

LOCK_NOT_AVAILABLE = "55P03"
GONE = {"42P01", "42704", "3F000"}

Entry = dict[str, Any]

_STATE = """
SELECT c.oid::bigint AS oid, i.indisvalid AS valid, pg_relation_filenode(c.oid)::bigint AS file,
       pg_relation_size(c.oid) AS bytes, pg_get_indexdef(c.oid) AS definition
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_index i ON i.indexrelid = c.oid
 WHERE n.nspname = {schema} AND c.relname = {name}
"""


class Remains(Day2Error):
    """A rebuild did not end, and what it left could not be removed."""


class Rebuilder:
    """Works on one index at a time in the session given; several threads may use it.

    :param lock_timeout: seconds to wait for the table's lock.
    :param snapshot_timeout: seconds that a rebuild waits for the transactions of others.
    :param open_session: opens another session, for cleaning up when the first was lost.
    """

    def __init__(
        self, lock_timeout: float, snapshot_timeout: float, space: Space, open_session: Callable[[], Session]
    ) -> None:
        self._lock_timeout = lock_timeout
        self._snapshot_timeout = snapshot_timeout
        self._space = space
        self._open_session = open_session

    def work_on(self, session: Session, item: PlannedIndex) -> Outcome:
        """Drop or rebuild one index and prove it."""
        entry = dict(item.entry)
        code, why = self._in_the_way(session, item)
        if code:
            return skipped(entry, code, why)
        if item.action == DROP:
            return self._drop_remains(session, item, entry)
        size = item.index.bytes or 0
        with self._space.reserved(item.index.tablespace, size, entry["expected_bytes"] or size) as lack:
            return skipped(entry, "space", lack) if lack else self._rebuild(session, item, entry)

    def _in_the_way(self, session: Session, item: PlannedIndex) -> tuple[ReindexCode | None, str]:
        """Who would make the work wait in vain, before any of it is done."""
        end = time.monotonic() + self._lock_timeout
        while True:
            locks = lock_holders(session, item.index.table_oid, prepared=True)
            if not locks or time.monotonic() >= end:
                break
            time.sleep(POLL_SECONDS)
        if locks:
            return "locked", f"its table's lock was not to be had within lock_timeout: {'; '.join(locks)}"
        if item.action == DROP:
            return None, ""
        waits = long_transactions(session, self._snapshot_timeout, NAME, item.index.table_oid)
        return ("snapshot", f"a rebuild would wait for {'; '.join(waits)}") if waits else (None, "")

    def _drop_remains(self, session: Session, item: PlannedIndex, entry: Entry) -> Outcome:
        now = indexes(session, item.index.table_oid)
        mine = next((index for index in now if index.oid == item.index.oid), None)
        if mine is None or mine.key != item.index.key:
            return skipped(entry, "gone", "it was dropped or renamed since the plan was made")
        original = original_of(mine, now)
        if original is None or not original.valid:
            return skipped(entry, "original", "the index that it was to replace is not valid, so it is kept")
        begun = time.monotonic()
        try:
            self._drop(session, mine)
        except QueryFailed as error:
            return self._cut(session, item, entry, error)
        return done(entry, bytes_after=0, remains_dropped=[], seconds=round(time.monotonic() - begun, 3))

    def _drop(self, session: Session, index: Index) -> None:
        session.execute(f"DROP INDEX CONCURRENTLY {identifier(index.schema, index.name)}")
        if any(other.oid == index.oid for other in indexes(session, index.table_oid)):
            raise NotProven("dropping an index", index.key, "it is still there", "Look at the server's log.")

    def _rebuild(self, session: Session, item: PlannedIndex, entry: Entry) -> Outcome:
        before = _state(session, item)
        if before is None or before["oid"] != item.index.oid:
            return skipped(entry, "gone", "it was dropped, renamed or rebuilt since the plan was made")
        entry["bytes_before"] = before["bytes"]
        there = {index.oid for index in indexes(session, item.index.table_oid)}
        begun = time.monotonic()
        error: QueryFailed | ConnectionLost | None = None
        try:
            # The same setting bounds the wait for locks and that for old snapshots; the lock was seen to be free.
            _limit(session, self._snapshot_timeout)
            session.execute(str(entry["statement"]))
        except (QueryFailed, ConnectionLost) as cut:
            error = cut
        seconds = round(time.monotonic() - begun, 3)
        if isinstance(error, ConnectionLost):
            return self._lost(item, entry, there, before, error, seconds)
        outcome = self._concluded(session, item, entry, there, before, error, seconds)
        _limit(session, self._lock_timeout)
        return outcome

    def _lost(
        self, item: PlannedIndex, entry: Entry, there: set[int], before: Row, error: ConnectionLost, seconds: float
    ) -> Outcome:
        with self._open_session() as another:
            _limit(another, self._snapshot_timeout)
            return self._concluded(another, item, entry, there, before, error, seconds)

    def _concluded(
        self,
        session: Session,
        item: PlannedIndex,
        entry: Entry,
        there: set[int],
        before: Row,
        error: QueryFailed | ConnectionLost | None,
        seconds: float,
    ) -> Outcome:
        """Clean up, and tell what came of it. A rebuild that was cut after the new index took its place is done."""
        dropped, left = self._clean_up(session, item, there)
        after = _state(session, item)
        told: Entry = {"remains_dropped": dropped, "seconds": seconds}
        rebuilt = after is not None and _rebuilt(before, after)
        if left:
            cause = error.why if error else "the rebuild ended without an error"
            told.update(remains=list(left), rebuilt=rebuilt)
            why = [f"{name} ({reason})" for name, reason in left.items()]
            return failed(entry, _remains_stay(item, session, why, cause), bytes_after=_bytes(after), **told)
        told.update(remains=[], rebuilt=rebuilt)
        if after is not None and rebuilt:
            return done(entry, bytes_after=after["bytes"], remains_dropped=dropped, seconds=seconds)
        if error is None:
            error_of_proof = NotProven(
                f"proving {entry['statement']}",
                session.where,
                "the server shows no valid new index of the same definition in its place",
                "Look at the index and at the server's log.",
            )
            return failed(entry, error_of_proof, bytes_after=_bytes(after), **told)
        if isinstance(error, QueryFailed) and error.sqlstate in {LOCK_NOT_AVAILABLE, *GONE}:
            return self._cut(session, item, {**entry, "remains_dropped": dropped, "seconds": seconds}, error)
        return failed(entry, error, bytes_after=_bytes(after), **told)

    def _clean_up(self, session: Session, item: PlannedIndex, there: set[int]) -> tuple[list[str], dict[str, str]]:
        """Drop what this rebuild left; return what was dropped, and what could not be, with the reason."""
        dropped: list[str] = []
        left: dict[str, str] = {}
        for index in self._own_remains(session, item, there):
            try:
                self._drop(session, index)
                dropped.append(index.key)
            except (QueryFailed, NotProven) as error:
                left[index.key] = error.why
        return dropped, left

    @staticmethod
    def _own_remains(session: Session, item: PlannedIndex, there: set[int]) -> Sequence[Index]:
        # After the swap the index that was there before is the one to go, under a name of the server's making.
        return [
            index
            for index in indexes(session, item.index.table_oid)
            if not index.valid
            and (index.oid not in there or index.oid == item.index.oid)
            and is_remains_by_name(index.name, item.index.name)
        ]

    @staticmethod
    def _cut(session: Session, item: PlannedIndex, entry: Entry, error: QueryFailed) -> Outcome:
        if error.sqlstate in GONE:
            return skipped(entry, "gone", "it was dropped or renamed since the plan was made")
        if error.sqlstate != LOCK_NOT_AVAILABLE:
            raise error
        holders = [
            *lock_holders(session, item.index.table_oid, prepared=True),
            *long_transactions(session, 1, NAME, item.index.table_oid),
        ]
        who = "; ".join(dict.fromkeys(holders)) or "those it waited for have ended since"
        what = "it is still there" if item.action == DROP else "nothing of the rebuild is left"
        return skipped(entry, "locked", f"it waited for others until its time-out, and {what}: {who}")


def _limit(session: Session, seconds: float) -> None:
    session.execute(compose("SET lock_timeout = {limit}", limit=f"{max(1, round(seconds * 1000))}ms"))


def _state(session: Session, item: PlannedIndex) -> Row | None:
    rows = session.query(compose(_STATE, schema=item.index.schema, name=item.index.name))
    return rows[0] if rows else None


def _bytes(state: Row | None) -> int | None:
    return state["bytes"] if state else None


def _rebuilt(before: Row, after: Row) -> bool:
    return bool(after["valid"] and after["file"] != before["file"] and after["definition"] == before["definition"])


def _remains_stay(item: PlannedIndex, session: Session, left: list[str], cause: str) -> Remains:
    return Remains(
        f"rebuilding {item.index.key}",
        session.where,
        f"{cause}; and what it left could not be dropped: {', '.join(left)}",
        "Run it again when what holds the lock has ended: it drops what was left. Until then every write maintains it.",
    )
