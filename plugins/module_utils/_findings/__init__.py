# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules, findings and the judge: pure."""

from __future__ import annotations

from .finding import SEVERITIES, Finding, at_least, rank, sorted_worst_first, unreachable
from .judge import judge
from .rule import GROUPS, Rule
from .rulebook import rulebook

__all__ = [
    "GROUPS",
    "SEVERITIES",
    "Finding",
    "Rule",
    "at_least",
    "judge",
    "rank",
    "rulebook",
    "sorted_worst_first",
    "unreachable",
]
