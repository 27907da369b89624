# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Large streams through a container's runner, both ways: nothing is lost, and memory does not grow with them."""

from __future__ import annotations

import hashlib
import resource
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import runner_of

GIB = 1 << 30
MIB = 1 << 20

pytestmark = pytest.mark.long


def most_memory() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Zeros:
    """A source of *size* bytes."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, most: int) -> bytes:
        now = min(most, self.left)
        self.left -= now
        return bytes(now)


def hash_of_zeros(size: int) -> str:
    digest = hashlib.sha256()
    for _block in range(size // MIB):
        digest.update(bytes(MIB))
    return digest.hexdigest()


def test_two_gibibytes_arrive_whole_from_a_container(container_server: dict[str, Any]) -> None:
    received = hashlib.sha256()
    before = most_memory()
    streamed = runner_of(container_server).stream_from(["head", "-c", str(2 * GIB), "/dev/zero"], received.update)
    assert (streamed.returncode, streamed.size) == (0, 2 * GIB)
    assert streamed.sha256 == received.hexdigest() == hash_of_zeros(2 * GIB)
    assert most_memory() - before < 64 * MIB


def test_two_gibibytes_arrive_whole_in_a_container(container_server: dict[str, Any]) -> None:
    counted = bytearray()
    before = most_memory()
    source: Any = Zeros(2 * GIB)
    streamed = runner_of(container_server).stream_to(["sha256sum"], source, sink=counted.extend)
    assert (streamed.returncode, streamed.size) == (0, 2 * GIB)
    assert counted.decode().split()[0] == streamed.sha256 == hash_of_zeros(2 * GIB)
    assert most_memory() - before < 64 * MIB
