# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What earlier runs saw, so that a rule can ask for how long something has been so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from .condition import CannotCompare, Condition
from .times import moment_of

__all__ = ["Past"]


class Past:
    """The observed values of earlier runs, by check, host and subject, the newest first."""

    def __init__(self, history: Iterable[Any], now: datetime) -> None:
        self.now = now
        self._samples: dict[tuple[str, str, str], list[tuple[datetime, Any]]] = {}
        for entry in history:
            self._read(entry)
        for samples in self._samples.values():
            samples.sort(key=lambda sample: sample[0], reverse=True)

    def held_for(self, key: tuple[str, str, str], conditions: list[Condition]) -> timedelta:
        """For how long one of *conditions* has held without a recorded sample at which none did, until now.

        Nothing, where the newest sample is a healthy one or there is none: one look cannot tell a duration.
        """
        since = self.now
        for moment, observed in self._samples.get(key, []):
            if not any(_held(condition, observed) for condition in conditions):
                break
            since = moment
        return self.now - since

    def _read(self, entry: Any) -> None:
        if not isinstance(entry, dict):
            return
        run, findings = entry.get("run"), entry.get("findings")
        if not isinstance(run, dict) or not isinstance(findings, list):
            return
        moment = moment_of(run.get("finished")) or moment_of(run.get("started"))
        if moment is None or moment > self.now:
            return
        for finding in findings:
            if isinstance(finding, dict):
                key = (str(finding.get("check")), str(finding.get("host")), str(finding.get("subject")))
                self._samples.setdefault(key, []).append((moment, finding.get("observed")))


def _held(condition: Condition, observed: Any) -> bool:
    try:
        return condition.holds(observed)
    except CannotCompare:
        return False
