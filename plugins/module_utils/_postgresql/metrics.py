# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the application's own tables tell of its business: numbers, each by a query of the inventory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .._argspec import server_of
from .._errors import Day2Error, NotPossible, Refused
from .question import answer
from .server import Server
from .session import QueryFailed, Session

__all__ = ["Metric", "metrics"]

_CANCELLED = "57014"
_QUALIFY = "; write names with their schema, such as public.users: none is searched"
_HINTS = {"42P01": _QUALIFY, "42883": _QUALIFY, "42501": "; grant the role SELECT on it, or pg_read_all_data"}


@dataclass(frozen=True)
class Metric:
    """One number and how to get it.

    :ivar name: what people call it.
    :ivar database: where to ask.
    :ivar query: a SELECT of one value.
    :ivar unit: what the number counts; empty for nothing that has a name.
    :ivar timeout: how many seconds the answer may take.
    """

    name: str
    database: str
    query: str
    unit: str
    timeout: float

    def told(
        self, value: float | None = None, seconds: float | None = None, error: str | None = None
    ) -> dict[str, Any]:
        """The metric as the module returns it."""
        return {
            "name": self.name,
            "database": self.database,
            "value": value,
            "unit": self.unit,
            "seconds": seconds,
            "error": error,
        }


def metrics(params: dict[str, Any]) -> dict[str, Any]:
    """The module's result for its options.

    :raises Refused: when two of one database have the same name, or one has no time to answer.
    :raises NotPossible: when no program or library is there to connect with.
    """
    server, wanted = server_of(params), _wanted(params)
    told = {
        metric: entry
        for database in dict.fromkeys(metric.database for metric in wanted)
        for metric, entry in _of_one(server, database, [one for one in wanted if one.database == database])
    }
    return {"metrics": [told[metric] for metric in wanted], "warnings": server.warnings}


def _wanted(params: dict[str, Any]) -> list[Metric]:
    usual = params["database"] or params["login_db"]
    found = [Metric(**{**given, "database": given["database"] or usual}) for given in params["metrics"]]
    for number, metric in enumerate(found):
        what = f"the metric {metric.name!r}"
        if metric.timeout <= 0:
            raise Refused("reading the options", what, f"timeout is {metric.timeout:g}", "Give more than 0 seconds.")
        if any((other.name, other.database) == (metric.name, metric.database) for other in found[:number]):
            why = f'there are two of the database "{metric.database}"'
            raise Refused("reading the options", what, why, "Give each a name of its own, by which it is known later.")
    return found


def _of_one(server: Server, database: str, wanted: Sequence[Metric]) -> Iterator[tuple[Metric, dict[str, Any]]]:
    left = list(wanted)
    try:
        with server.session(database) as session:
            while left:
                yield left[0], _asked(session, left[0])
                left.pop(0)
    except NotPossible:
        raise
    except Day2Error as error:  # that of those which are left, the connection is gone for all
        for metric in left:
            yield metric, metric.told(error=str(error))


def _asked(session: Session, metric: Metric) -> dict[str, Any]:
    began = time.monotonic()
    try:
        value = answer(session, metric.query, metric.timeout)
    except QueryFailed as error:
        late = f"it took longer than {metric.timeout:g} seconds (timeout)"
        return metric.told(error=late if error.sqlstate == _CANCELLED else error.why + _HINTS.get(error.sqlstate, ""))
    seconds = round(time.monotonic() - began, 3)
    if value is None:
        return metric.told(error="the query returned NULL, or no row")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        kind = "text" if isinstance(value, str) else type(value).__name__
        return metric.told(error=f"the query returned no number ({kind})")
    return metric.told(value, seconds)
