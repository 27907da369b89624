# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What else a restored database is asked: the application's own questions, and whether its files hold together."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._errors import Refused
from .._findings.condition import CannotCompare, Condition
from .._parallel import run_all
from .._postgresql.catalog import Difference
from .._postgresql.question import answer
from .._postgresql.server import Server
from .._postgresql.session import QueryFailed, Session
from .._postgresql.sql import Identifier, compose
from .._progress import Progress

__all__ = ["Question", "ask", "integrity", "questions"]

_SCHEMA = "day2_amcheck"
_NOT_PERMITTED = "42501"

_WHERE = (
    "SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE extname = 'amcheck'"
)
_AVAILABLE = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck') AS available"

_INDEXES = """
SELECT c.oid::bigint AS oid, format('%I.%I', n.nspname, c.relname) AS name, 'index' AS kind
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_am AS a ON a.oid = c.relam AND a.amname = 'btree'
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'i' AND i.indisvalid AND i.indisready AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
"""
_TABLES = """
SELECT c.oid::bigint AS oid, format('%I.%I', n.nspname, c.relname) AS name, 'table' AS kind
  FROM pg_class AS c
  JOIN pg_am AS a ON a.oid = c.relam AND a.amname = 'heap'
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
"""
_LARGEST_FIRST = " ORDER BY pg_relation_size({oid}) DESC, oid"
_TABLES_SINCE = 140000  # verify_heapam came with 14


@dataclass(frozen=True)
class Question:
    """SQL that the application's owner wrote, and the answer that a good database gives.

    :ivar query: returns one value.
    :ivar condition: what the value must meet.
    :ivar seconds: how long the answer may take.
    """

    name: str
    query: str
    condition: Condition
    seconds: float


def questions(given: Sequence[dict[str, Any]]) -> list[Question]:
    """Read the option ``checks``.

    :raises Refused: when an expectation can never be met or compared.
    """
    found = []
    for item in given:
        condition = Condition(item["op"], item["value"])
        problem = condition.problem()
        if problem:
            raise Refused("reading the options", f"the check {item['name']!r}", problem, "Mend the check.")
        found.append(Question(item["name"], item["query"], condition, item["timeout"]))
    return found


def ask(session: Session, asked: Sequence[Question]) -> list[dict[str, Any]]:
    """Ask, one after the other, without letting a query change anything; return each answer and whether it is good."""
    return [
        {"name": question.name, "expected": question.condition.words(""), **_answer(session, question)}
        for question in asked
    ]


def _answer(session: Session, question: Question) -> dict[str, Any]:
    try:
        observed = answer(session, question.query, question.seconds)
        return {"observed": observed, "passed": question.condition.holds(observed), "reason": ""}
    except (QueryFailed, CannotCompare) as error:
        return {
            "observed": None,
            "passed": False,
            "reason": error.why if isinstance(error, QueryFailed) else str(error),
        }


def integrity(
    server: Server, session: Session, jobs: int, stop: threading.Event, progress: Progress
) -> tuple[int, list[Difference], list[str]]:
    """Let the extension amcheck read every B-tree index, comparing it with its table, and every table.

    :return: how many were read, what is wrong with them, and why nothing was read, if so.
    """
    if not session.value(_AVAILABLE):
        return 0, [], ["amcheck was not run: the extension is not installed on the server"]
    try:
        with _amcheck(session) as schema:
            wanted = session.query(_INDEXES + _LARGEST_FIRST.format(oid="c.oid"))
            if session.version >= _TABLES_SINCE:
                wanted += session.query(_TABLES + _LARGEST_FIRST.format(oid="c.oid"))
            progress.phase("reading indexes and tables", len(wanted), "objects")
            lanes = [wanted[lane::jobs] for lane in range(jobs)]
            pieces = [partial(_read_all, server, session.database, schema, lane, progress) for lane in lanes if lane]
            wrong = [fault for lane in run_all(pieces, jobs, stop) for fault in lane]
    except QueryFailed as error:
        if error.sqlstate != _NOT_PERMITTED:
            raise
        return 0, [], [f"amcheck was not run: {error.why}"]
    return len(wanted), wrong, []


@contextmanager
def _amcheck(session: Session) -> Iterator[str]:
    """The schema of the extension; where the database has none, it gets one for the block."""
    there = session.values(_WHERE)
    if there:
        yield there[0]
        return
    session.execute(f"CREATE SCHEMA {_SCHEMA}")
    try:
        session.execute(f"CREATE EXTENSION amcheck SCHEMA {_SCHEMA}")
        yield _SCHEMA
    finally:
        session.execute("DROP EXTENSION IF EXISTS amcheck")
        session.execute(f"DROP SCHEMA {_SCHEMA}")


def _read_all(
    server: Server, database: str, schema: str, wanted: Sequence[dict[str, Any]], progress: Progress
) -> list[Difference]:
    faults: list[Difference] = []
    with server.session(database) as session:
        for item in wanted:
            faults += _read(session, schema, item)
            progress.add(1)
    return faults


def _read(session: Session, schema: str, item: dict[str, Any]) -> Iterator[Difference]:
    kind, name = f"amcheck: {item['kind']}", item["name"]
    if item["kind"] == "table":
        found = session.query(
            compose(
                "SELECT blkno, attnum FROM {f}({oid}::oid::regclass, check_toast => true) LIMIT 20",
                f=Identifier(schema, "verify_heapam"),
                oid=item["oid"],
            )
        )
        if found:  # its messages may hold what is in the rows
            blocks = ", ".join(sorted({str(row["blkno"]) for row in found}))
            yield Difference(kind, name, "sound", f"corrupt in the blocks {blocks}")
        return
    try:
        session.query(
            compose(
                "SELECT {f}({oid}::oid::regclass, true) IS NULL AS sound",
                f=Identifier(schema, "bt_index_check"),
                oid=item["oid"],
            )
        )
    except QueryFailed as error:
        if not re.match("XX", error.sqlstate):
            raise
        yield Difference(kind, name, "sound", error.why)
