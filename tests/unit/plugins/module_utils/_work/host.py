# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host on which works are done on record, in this process and in others."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ansible_collections.day2.ops.plugins.module_utils._module import WORK, finish_work
from ansible_collections.day2.ops.plugins.module_utils._progress import Progress
from ansible_collections.day2.ops.plugins.module_utils._work.files import FOLLOWS, Status, WorkFiles
from ansible_collections.day2.ops.plugins.module_utils._work.order import Order
from ansible_collections.day2.ops.plugins.module_utils._work.record import OnRecord, StandsAlready

BACKUP = Order("postgresql_backup", "shop", {"database": "shop"})


class Module:
    """What an AnsibleModule does at its end."""

    check_mode = False
    params: ClassVar[dict[str, Any]] = {}
    argument_spec: ClassVar[dict[str, Any]] = {}

    def warn(self, text: str) -> None:
        del text

    def exit_json(self, **result: Any) -> None:
        print("\n" + json.dumps(result))

    def fail_json(self, **result: Any) -> None:
        self.exit_json(failed=True, **result)


class Host:
    """One user's works, with a clock of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = time.time()
        self.warnings: list[str] = []
        self.began: list[str] = []

    def files(self, name: str) -> WorkFiles:
        return WorkFiles(self.folder / name)

    def status(self, name: str) -> Status:
        status = self.files(name).status()
        assert status is not None
        return status

    def work(
        self,
        name: str,
        order: Order = BACKUP,
        result: dict[str, Any] | None = None,
        during: Callable[[Progress], object] = lambda progress: None,
    ) -> None:
        """Do a work that prints its result as a module does."""
        record = OnRecord(self.folder / name, self.warnings.append, lambda: self.now)

        def call(progress: Progress) -> dict[str, Any]:
            self.began.append(name)
            during(progress)
            return {"changed": True, "by": name, **(result or {})}

        with record.printed():
            print("\n" + json.dumps(record.do(order, call)))

    def killed(self, name: str, order: Order, phase: str) -> None:
        """Leave what a process leaves that is killed in the midst of a phase."""

        def vanish(progress: Progress) -> None:
            progress.phase(phase)
            os._exit(0)

        if (child := os.fork()) == 0:
            self.work(name, order, during=vanish)
        os.waitpid(child, 0)

    def follows(self, name: str, order: Order = BACKUP) -> str:
        """Begin a work for which another stands; return that one's name."""
        with pytest.raises(StandsAlready):
            self.work(name, order)
        status = self.status(name)
        assert (status.state, name in self.began) == (FOLLOWS, False)
        assert status.follows is not None
        return status.follows

    def elsewhere(self, name: str, during: Callable[[Progress], object], order: Order = BACKUP) -> int:
        """Do a work as a module does, in another process; return its id."""
        child = os.fork()
        if child == 0:
            with (self.folder.parent / f"{name}.out").open("w") as sys.stdout:
                os.environ[WORK] = str(self.folder / name)

                def call(progress: Progress) -> dict[str, Any]:
                    during(progress)
                    return {"changed": True, "by": name}

                finish_work(Module(), lambda asked: order, call)
            os._exit(0)
        return child
