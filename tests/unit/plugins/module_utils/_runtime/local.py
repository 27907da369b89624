# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container that is this host, an engine that is a script, and waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ansible_collections.day2.ops.plugins.module_utils._runtime.container import ContainerRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.runner import inherited_environment

BIG = bytes(range(256)) * 40_000  # ten megabytes, every byte in it


class LocalContainer(ContainerRunner):
    """A container's runner whose programs run here, all else as it is."""

    def command(self, argv: Sequence[str], env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
        return list(argv), {**inherited_environment(), **env}


def engine(folder: Path, script: str) -> str:
    """A client program that does this; $1 is its command."""
    file = folder / "engine"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
