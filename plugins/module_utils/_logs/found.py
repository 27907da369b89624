# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a source consists of, wherever it lies: it pushes chunks of bytes into a sink."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from .._runtime.runner import Runner
    from .budget import Budget

__all__ = ["Found", "Sink", "Unreadable"]

Sink = Callable[[bytes], object]


class Unreadable(Exception):
    """What cannot be read, or not to its end: why, and what to do."""


@dataclass(frozen=True)
class Found(ABC):
    """One thing to read, or why it cannot be.

    :ivar path: where it lies, for people too.
    :ivar size: bytes that it takes there, as far as that is known.
    :ivar modified: when something was last added, seconds since the epoch; None where nobody knows.
    """

    path: str
    error: str | None = None
    modified: float | None = None
    size: int = 0

    @property
    @abstractmethod
    def divisible(self) -> bool:
        """Whether stretches of it can be read by themselves."""

    @abstractmethod
    def read(self, runner: Runner, sink: Sink, budget: Budget) -> None:
        """Push all that it holds now into *sink*.

        :raises OutOfTime: when it takes too long; what came before was pushed.
        :raises Unreadable: when it cannot be read, or not to its end; what came before was pushed.
        """
