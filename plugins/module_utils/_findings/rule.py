# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rule: what should be true of one kind of fact, as data, and what to say and do where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from .condition import Condition
from .paths import Path
from .text import Text

__all__ = ["GROUPS", "LEVELS", "Rule", "Silence"]

# The groups of facts that a rule can require. `custom` is for facts that an inventory collects itself.
GROUPS = (
    "host",
    "postgresql",
    "backups",
    "restores",
    "maintenance",
    "certificates",
    "probes",
    "logs",
    "steps",
    "lease",
    "services",
    "metrics",
    "custom",
)
# The severities that a rule can give, the worst first.
LEVELS = ("critical", "warning", "info")


@dataclass(frozen=True)
class Silence:
    """Why findings of a rule do not count for now, and until which day, that day included."""

    reason: str
    until: date

    def as_dict(self) -> dict[str, str]:
        return {"reason": self.reason, "until": self.until.isoformat()}


@dataclass(frozen=True)
class Rule:
    """A rule, parsed. Its paths are applied to the group of facts that it requires."""

    check: str
    title: str
    requires: str
    each: tuple[Path, ...]
    subject: Text | Path | None
    value: Path
    reason: Path | None
    unit: str
    levels: tuple[tuple[str, Condition], ...]
    span: timedelta | None
    message: Text
    remedy: Text
    procedures: tuple[str, ...]
    silence: Silence | None
    # What is wrong with the rule's silence, told as a finding of its own: (severity, message).
    complaint: tuple[str, str] | None
    # Other versions of the rule for the subjects that match a pattern, the last match first.
    variants: tuple[tuple[tuple[str, ...], Rule | None], ...] = ()

    @property
    def expected(self) -> str:
        """In words, what the value should be so that the rule has nothing to say."""
        return self.levels[-1][1].healthy(self.unit)
