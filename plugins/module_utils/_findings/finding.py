# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was found: one shape for people, pagers, trends and schedulers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["SEVERITIES", "Finding", "at_least", "rank", "sorted_worst_first", "unreachable"]

# From best to worst. What could not be seen is worse than what was seen and is unhealthy but not critical.
SEVERITIES = ("ok", "info", "warning", "unknown", "critical")


def rank(severity: str) -> int:
    """The place of *severity* in the order, the worst highest."""
    return SEVERITIES.index(severity)


def at_least(severity: str, limit: str) -> bool:
    """Whether *severity* is as bad as *limit*, or worse."""
    return rank(severity) >= rank(limit)


@dataclass(frozen=True)
class Finding:
    """One thing that one rule says of one subject on one host."""

    check: str
    host: str
    subject: str
    severity: str
    observed: Any
    expected: str
    unit: str
    message: str
    remedy: str
    procedures: tuple[str, ...] = ()
    silenced: dict[str, str] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain data."""
        return {**asdict(self), "procedures": list(self.procedures)}

    def order(self) -> tuple[Any, ...]:
        """Sorts the worst first; among equals what is silenced last, then by name."""
        return (-rank(self.severity), self.silenced is not None, self.check, self.host, self.subject)


def sorted_worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """*findings*, the worst first."""
    return sorted(findings, key=Finding.order)


def unreachable(host: str, message: str) -> Finding:
    """The finding for a host of which nothing could be seen, because it was not reached."""
    return Finding(
        check="host.reached",
        host=host,
        subject=host,
        severity="critical",
        observed=False,
        expected="yes",
        unit="",
        message=f"{host} was not reached: {message or 'no reason was given'}",
        remedy="See whether the host runs, and whether its address, key and account in the inventory are right;"
        " then run the runbook again. Nothing in this report tells how this host is.",
    )
