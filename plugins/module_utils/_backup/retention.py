# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backup sets are kept, and why: a pure decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Callable

from .._present import present

__all__ = ["SAFETY", "Candidate", "Decision", "Policy", "decide"]

# The label of sets that were made before a replacement. They hold what somebody wanted to be rid of: "the newest" never
# means one of them.
SAFETY = "before-replace"


@dataclass(frozen=True)
class Policy:
    """How many sets of each kind are kept; 0 keeps none for that reason."""

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0

    @property
    def keeps_something(self) -> bool:
        """Whether the policy keeps any set at all."""
        return any((self.last, self.daily, self.weekly, self.monthly, self.yearly))


@dataclass(frozen=True)
class Candidate:
    """A set as retention sees it.

    :ivar finished: in UTC, from its manifest; None when that cannot be read.
    :ivar drilled: when the last drill that it passed ended; None when there was none.
    :ivar series: what it is one of: empty for sets of the whole database, :data:`SAFETY`, or the tables that it is of.
    """

    path: str
    state: str
    verified: bool
    finished: datetime | None
    drilled: datetime | None = None
    series: str = ""


@dataclass
class Decision:
    """Whether a set is kept, with every reason for it."""

    candidate: Candidate
    keep: bool
    reasons: list[str] = field(default_factory=list)


_PERIODS: dict[str, Callable[[datetime], tuple[int, ...]]] = {
    "daily": lambda when: (when.year, when.month, when.day),
    "weekly": lambda when: tuple(when.isocalendar()[:2]),
    "monthly": lambda when: (when.year, when.month),
    "yearly": lambda when: (when.year,),
}


def decide(candidates: Sequence[Candidate], policy: Policy, now: datetime) -> list[Decision]:
    """Decide on every set, the newest first.

    Only complete sets count, and none that is dated later than *now*: such a one was made while the clock was wrong, is
    kept, and stands for no day. Of each day, ISO week, month and year the newest set stands for it. The newest verified
    set and the one of the last passed drill are always kept. Sets of the same chosen tables are decided on among
    themselves: none of them stands for the database. Sets made before a replacement hold what somebody wanted to be rid
    of: they stand for no day, and at least the newest of them is kept. Corrupt sets are kept for a person to look into;
    remains of unfinished backups are removed by the next backup, not here.
    """
    complete = sorted(
        (one for one in candidates if one.state == "complete" and one.finished is not None and one.finished <= now),
        key=lambda one: (one.finished, one.path),
        reverse=True,
    )
    reasons: dict[str, list[str]] = {one.path: [] for one in complete}
    for series in sorted({one.series for one in complete}):
        of_series = [one for one in complete if one.series == series]
        for one, reason in _kept_safeties(of_series, policy) if series == SAFETY else _kept(of_series, policy):
            reasons[one.path].append(f"{reason}, of {series}" if series not in ("", SAFETY) else reason)
    drilled: dict[str, Candidate] = {}  # by what they prove: sets made before a replacement are whole, too
    for one in sorted((one for one in complete if one.drilled is not None), key=lambda one: present(one.drilled)):
        drilled["" if one.series == SAFETY else one.series] = one
    for one in drilled.values():
        reasons[one.path].append("the set of the last passed drill")
    decisions = [Decision(one, bool(reasons[one.path]), reasons[one.path] or ["no rule keeps it"]) for one in complete]
    others = [one for one in candidates if one.path not in reasons]
    return decisions + [Decision(one, True, [_WHY_LEFT.get(one.state, _WHY_FUTURE)]) for one in others]


def _kept(newest_first: Sequence[Candidate], policy: Policy) -> Iterator[tuple[Candidate, str]]:
    """Sets that a policy keeps, each with a reason."""
    for one in newest_first[: policy.last]:
        yield one, f"one of the last {policy.last}"
    for period, key in _PERIODS.items():
        limit = getattr(policy, period)
        seen: set[tuple[int, ...]] = set()
        for one in newest_first:
            span = key(present(one.finished))
            if len(seen) < limit and span not in seen:
                seen.add(span)
                yield one, f"{period} {len(seen)} of {limit}"
    for one in [one for one in newest_first if one.verified][:1]:
        yield one, "the newest verified set"


def _kept_safeties(newest_first: Sequence[Candidate], policy: Policy) -> Iterator[tuple[Candidate, str]]:
    number = max(1, policy.last)
    for one in newest_first[:number]:
        yield one, f"one of the last {number} made before a replacement"


_WHY_FUTURE = "it is dated in the future: the clock was wrong when it was made, or is now"
_WHY_LEFT = {
    "corrupt": "it is corrupt: look into it, then remove it by hand",
    "partial": "it is unfinished: the next backup clears it",
}
