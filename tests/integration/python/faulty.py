# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module run in a process of its own, to which something happens at a chosen step.

``python faulty.py <folder of collections> <module>`` reads from standard input ``{"args": …, "step": …, "fault": …}``.

A step is ``<package>.<file>:<Class>.<function>[:<call number>]`` below ``module_utils``, and stands for the moment just
before that call; with ``!`` at its end, for the moment just after it. A fault is one of

- ``{"kill": null}``: the process is killed with SIGKILL;
- ``{"crash": <pid>}``: a PostgreSQL server is told to stop at once, without a checkpoint, and waited for;
- ``{"fill": <folder>}``: the file system of the folder is filled to its last byte;
- ``{"sql": {"connect": …, "statement": …}}``: a statement is run through psycopg2;
- ``{"run": <argv>}``: a program is run to its end, however that is.

Where the step was never reached, the process ends with the status 99: a test of a fault that did not happen is none.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOT_REACHED = 99
_PACKAGE = "ansible_collections.day2.ops.plugins."


class _Fault:
    def __init__(self, described: dict[str, Any], number: int, after: bool) -> None:
        ((self._kind, self._what),) = described.items()
        self._number = number
        self._after = after
        self._calls = 0
        self._mutex = threading.Lock()
        self.happened = False

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def faulty(*args: Any, **named: Any) -> Any:
            with self._mutex:
                self._calls += 1
                now = self._calls == self._number
            if now and not self._after:
                self._happen()
            result = function(*args, **named)
            if now and self._after:
                self._happen()
            return result

        return faulty

    def _happen(self) -> None:
        self.happened = True
        getattr(self, f"_{self._kind}")(self._what)

    def _kill(self, _what: None) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _crash(self, pid: int) -> None:
        os.kill(pid, signal.SIGQUIT)
        while _alive(pid):
            time.sleep(0.01)

    def _fill(self, folder: str) -> None:
        with contextlib.suppress(OSError), Path(folder, "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))

    def _run(self, argv: list[str]) -> None:
        quiet = subprocess.DEVNULL
        subprocess.run(argv, stdin=quiet, stdout=quiet, stderr=quiet, check=False)

    def _sql(self, what: dict[str, Any]) -> None:
        psycopg2 = importlib.import_module("psycopg2")
        connection = psycopg2.connect(**what["connect"])
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(what["statement"])
        connection.close()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    given = json.loads(sys.stdin.read())
    step, after = given["step"].removesuffix("!"), given["step"].endswith("!")
    place, path, *number = step.split(":")
    fault = _Fault(given["fault"], int(number[0]) if number else 1, after)
    owner: Any = importlib.import_module(f"{_PACKAGE}module_utils.{place}")
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    whole = getattr(owner, name)
    setattr(owner, name, fault.around(whole))
    module = importlib.import_module(f"{_PACKAGE}modules.{sys.argv[2]}")
    testing = importlib.import_module("ansible.module_utils.testing")
    try:
        with testing.patch_module_args(given["args"]):
            module.main()
    finally:
        if not fault.happened:
            sys.stdout.flush()
            os._exit(NOT_REACHED)


if __name__ == "__main__":
    main()
