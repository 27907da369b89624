# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lease as a record: who holds it, how long it still lasts, and how it is written down. Pure but for the clock."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

__all__ = ["Damaged", "Holder", "Lease", "Moment", "iso", "moment"]

SCHEMA = 1
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Moment:
    """A point in time, by the wall clock and by a clock that nobody can set.

    :ivar wall: seconds since 1970, UTC.
    :ivar boot: which boot of which kernel *uptime* counts from; empty where that cannot be known.
    :ivar uptime: seconds since that boot.
    """

    wall: float
    boot: str
    uptime: float


@dataclass(frozen=True)
class Holder:
    """Who holds a lease. One run is one holder."""

    run: str
    runbook: str
    person: str
    controller: str

    def __str__(self) -> str:
        told = f"run {self.run} ({self.runbook or 'no runbook'}, by {self.person or 'nobody named'}"
        return f"{told} from {self.controller})" if self.controller else f"{told})"


@dataclass(frozen=True)
class Damaged:
    """A lease file that says nothing of use: why, and when it was last written."""

    why: str
    modified: float

    def seconds_left(self, now: Moment, lifetime: float) -> float:
        """How long it must still be respected: as long as a lease written at that time would last."""
        return _left_by_wall(self.modified, lifetime, now)


@dataclass(frozen=True)
class Lease:
    """The lease of one environment.

    :ivar since: when its holder took it, seconds since 1970.
    :ivar renewed: when its holder last said that it still works.
    :ivar lifetime: seconds that it lasts from then.
    """

    environment: str
    holder: Holder
    since: float
    renewed: Moment
    lifetime: float

    @property
    def expires(self) -> float:
        return self.renewed.wall + self.lifetime

    def seconds_left(self, now: Moment) -> float:
        """Seconds until it expires; negative or 0 when it has.

        By the clock that nobody can set where that is possible, so that setting the wall clock neither ends a lease
        nor keeps it for ever. After a reboot the wall clock has to serve.
        """
        same_boot = bool(now.boot) and now.boot == self.renewed.boot and now.uptime >= self.renewed.uptime
        if same_boot:
            return self.renewed.uptime + self.lifetime - now.uptime
        return _left_by_wall(self.renewed.wall, self.lifetime, now)

    def summary(self) -> dict[str, Any]:
        """The lease as results show it."""
        holder = {key: value.encode("utf-8", "backslashreplace").decode() for key, value in asdict(self.holder).items()}
        return {**holder, "since": iso(self.since), "expires": iso(self.expires)}

    def as_text(self) -> str:
        """The lease as its file holds it."""
        document = {
            "schema": SCHEMA,
            "environment": self.environment,
            **self.summary(),
            **asdict(self.holder),
            "lifetime": self.lifetime,
            "since_seconds": self.since,
            "renewed_seconds": self.renewed.wall,
            "boot": self.renewed.boot,
            "uptime_seconds": self.renewed.uptime,
        }
        return json.dumps(document, indent=2) + "\n"

    @classmethod
    def from_text(cls, text: str, environment: str) -> Lease:
        """Read what :meth:`as_text` wrote.

        :raises ValueError: when it is something else, in words for a person.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError("it is not JSON" if text.strip() else "it is empty") from error
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise ValueError("it is not a lease of a kind that is known here")
        if document.get("environment") != environment:
            raise ValueError(f"it is the lease of the environment {document.get('environment')!r}")
        holder = Holder(*(_text(document, key) for key in ("run", "runbook", "person", "controller")))
        renewed = Moment(
            _number(document, "renewed_seconds"), _text(document, "boot"), _number(document, "uptime_seconds")
        )
        return cls(environment, holder, _number(document, "since_seconds"), renewed, _number(document, "lifetime"))


def moment() -> Moment:
    """Now."""
    try:
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return Moment(time.time(), boot, time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)))


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _left_by_wall(written: float, lifetime: float, now: Moment) -> float:
    # Written more than a lifetime ahead of now: the clock has been set back, and the expiry means nothing any more.
    if written - now.wall > lifetime:
        return 0.0
    return written + lifetime - now.wall


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str):
        raise ValueError(f"its {key} is not text")
    return value


def _number(document: dict[str, Any], key: str) -> float:
    value = document.get(key)
    # The upper bound is the year 2500: later times cannot be shown, and no clock means them.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"its {key} is not a number")
    if not 0 <= value <= 16_725_225_600:
        raise ValueError(f"its {key} is no time")
    return float(value)
