# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container has used of the processors, seen from inside: of its server and of all programs that run there.

Where others use the machine too, that tells more than the clock. ``python -m tests.benchmarks.processors`` prints it.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["used"]

# Where the kernel counts, and in what part of a second: version 1 of control groups, version 2.
_COUNTERS = (("/sys/fs/cgroup/cpuacct/cpuacct.usage", 1e9), ("/sys/fs/cgroup/cpu.stat", 1e6))


def used() -> float:
    """Seconds since the container was made; on a host that is none, of all that runs there; 0 where nobody counts."""
    for path, parts in _COUNTERS:
        if Path(path).exists():
            found = re.search(r"\d+", Path(path).read_text())
            return int(found.group()) / parts if found else 0.0
    return 0.0


if __name__ == "__main__":
    print(used())
