# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs one module in this process and tells how long its work took, in which phases, and how much memory it had.

``python -m tests.benchmarks.timed_module postgresql_backup`` reads the module's arguments from standard input as JSON
and prints ``{"result": …, "seconds": …, "phases": [[name, seconds, seconds of the processors], …], "kilobytes": …}``.
Timed is the module's own ``run``: what comes before, the start of Python, is the same for every module and none of its
work. The folder of collections must be among those that Python imports from.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.testing import patch_module_args

from ansible_collections.day2.ops.plugins.module_utils import _module
from ansible_collections.day2.ops.plugins.module_utils._progress import Progress

from .processors import used


class Phases(Progress):
    """Takes down when each phase of a work began."""

    def __init__(self) -> None:
        self._began: list[tuple[str, float, float]] = []

    def phase(self, name: str, *_more: Any, **_named: Any) -> None:
        self._began.append((name, time.monotonic(), used()))

    def lasted(self) -> list[tuple[str, float, float]]:
        """Each phase with its seconds, of the clock and of the processors; but for the last one, which is the end."""
        return [
            (name, then - at, has - had) for (name, at, had), (_next, then, has) in zip(self._began, self._began[1:])
        ]


def main() -> None:
    """Run the module that the first argument names."""
    module = importlib.import_module(f"ansible_collections.day2.ops.plugins.modules.{sys.argv[1]}")
    phases = Phases()
    vars(_module)["SILENT"] = phases
    work = module.run
    times: list[float] = []

    def timed(*arguments: Any) -> Any:
        phases.phase("planning")
        began = time.monotonic()
        try:
            return work(*arguments)
        finally:
            times.append(time.monotonic() - began)
            phases.phase("")

    vars(module)["run"] = timed
    printed = io.StringIO()
    arguments = json.loads(sys.stdin.read())
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit), patch_module_args(arguments):
        module.main()
    said = printed.getvalue()
    told = {"result": json.loads(said[said.index("{") :]), "seconds": sum(times), "phases": phases.lasted()}
    print(json.dumps({**told, "kilobytes": _peak()}))


def _peak() -> int:
    """The most memory that this process ever had. (What getrusage tells, it inherits from whoever started it.)"""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


if __name__ == "__main__":
    main()
