# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.benchmarks [backup] [logs] [--rounds 3] [--gigabytes 2]``

Measures what is promised of speed, size and memory, and ends with status 1 when a limit is missed. Each side takes its
turn in each round; ratios are taken within a round. docs/testing.md tells what is measured.
"""

from __future__ import annotations

import argparse
import sys

from ..tools.program import Failed, main_of, say
from . import backup, logs

__all__ = ["main"]

_GIGA = 1_000_000_000


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each side takes its turn")
    parser.add_argument("--gigabytes", type=float, default=2.0, help="size of the database")
    parser.add_argument("--log-megabytes", type=int, default=1000, help="size of the log")
    parser.add_argument("what", nargs="*", metavar="backup|logs", help="all of it when omitted")
    given = parser.parse_args()
    unknown = set(given.what) - {"backup", "logs"}
    if unknown or given.rounds < 1:
        parser.error("say backup or logs, and at least one round")
    lines = []
    if not given.what or "backup" in given.what:
        lines += backup.measure(given.rounds, round(given.gigabytes * _GIGA))
    if not given.what or "logs" in given.what:
        lines += logs.measure(given.rounds, given.log_megabytes * 1_000_000)
    missed = [line.title for line in lines if not line.holds]
    limits = [line for line in lines if line.limit is not None]
    say(f"{len(limits) - len(missed)} of {len(limits)} limits hold")
    if missed:
        raise Failed("Missed: " + "; ".join(missed))


if __name__ == "__main__":
    main_of(main)
    sys.exit(0)
