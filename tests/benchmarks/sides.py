# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sides of a comparison: each does one piece of work, again and again, and tells what it took."""

from __future__ import annotations

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..tools.program import say
from .places import Place

__all__ = ["Run", "Side", "take_turns"]


@dataclass(frozen=True)
class Run:
    """What one run took.

    :ivar processor_seconds: of the processors' time.
    :ivar bytes: of what it wrote.
    :ivar own_kilobytes: the most memory of the module's process; 0 where there is none.
    :ivar kilobytes: the most memory of all the programs that it ran on this host, together.
    :ivar phases: how the time divides: name, seconds, and those of the processors, where they are counted.
    :ivar figures: what else it told.
    """

    seconds: float
    processor_seconds: float = 0
    bytes: int = 0
    own_kilobytes: int = 0
    kilobytes: int = 0
    phases: Sequence[tuple[str, float, float]] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


class Side:
    """One way to do a piece of work.

    :ivar name: what it is.
    :ivar place: the server that it works on.
    """

    name: str
    place: Place

    def before(self) -> None:
        """What comes before each run, and is not timed."""

    def run(self) -> Run:
        """Do it once."""
        raise NotImplementedError

    def after(self) -> None:
        """What comes after each run, and is not timed: the next finds all as it was."""


def take_turns(sides: Sequence[Side], rounds: int) -> dict[str, list[Run]]:
    """Let each side do its work once, then each a second time, and so on: what else the machine does hits all alike."""
    runs: dict[str, list[Run]] = {side.name: [] for side in sides}
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        for side in sides:
            runs[side.name].append(_once(side))
            say(f"  {side.name:<62} {runs[side.name][-1].seconds:8.2f} s")
    return runs


def _once(side: Side) -> Run:
    side.before()
    # Nobody pays for what the one before has not yet written.
    side.place.execute("CHECKPOINT")
    os.sync()
    try:
        return side.run()
    finally:
        side.after()


def seconds(runs: Sequence[Run]) -> list[float]:
    """The seconds of each run."""
    return [run.seconds for run in runs]


def described(runs: Mapping[str, Sequence[Run]]) -> str:
    """What each side took, as a table: medians, and the most memory."""
    width = max(map(len, runs))
    columns = "seconds  (   min ..    max)  processors'   megabytes  memory: module  programs (MB)"
    head = f"{'':{width}}  {columns}"
    return "\n".join([head, *(f"{name:{width}} {_figures(taken)}" for name, taken in runs.items())])


def _figures(taken: Sequence[Run]) -> str:
    all_seconds = seconds(taken)
    own, programs = (max(getattr(run, name) for run in taken) for name in ("own_kilobytes", "kilobytes"))
    written = statistics.median(run.bytes for run in taken)
    processors = statistics.median(run.processor_seconds for run in taken)
    clock = f"{statistics.median(all_seconds):8.2f}  ({min(all_seconds):6.2f} .. {max(all_seconds):6.2f})"
    memory = f"{_megabytes(own / 1024):>14}  {_megabytes(programs / 1024):>8}"
    return f"{clock}  {processors:11.2f}  {_megabytes(written / 1e6):>10}  {memory}"


def divided(runs: Sequence[Run]) -> str:
    """How the time divides: the medians of the phases in order, and of the processors' time in them."""
    told = []
    for place, (name, _seconds, _processors) in enumerate(runs[0].phases):
        clock = statistics.median(run.phases[place][1] for run in runs)
        processors = statistics.median(run.phases[place][2] for run in runs)
        told.append(f"{name} {clock:.2f} ({processors:.2f})")
    return ", ".join(told)


def _megabytes(number: float) -> str:
    return f"{number:.1f}" if number else "-"
