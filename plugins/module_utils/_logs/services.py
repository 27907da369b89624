# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services as line sources: what each of their instances has said, as their runtime keeps it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._errors import Day2Error
from .._runtime.engine import ANSWER_SECONDS
from .._runtime.survey import runtime_of
from .found import Found, Sink, Unreadable

if TYPE_CHECKING:
    from .._runtime.runner import Runner
    from .._runtime.runtime import LogStream, Service
    from .budget import Budget
    from .specs import Settings

__all__ = ["FoundStream", "find_streams"]

# A message of a runtime is no longer.
_TAIL = 400


@dataclass(frozen=True)
class FoundStream(Found):
    """The log of one instance."""

    stream: LogStream | None = None

    @property
    def divisible(self) -> bool:
        return False

    def read(self, runner: Runner, sink: Sink, budget: Budget) -> None:
        if self.stream is None:
            raise Unreadable(self.error)
        stop, last = threading.Event(), bytearray()

        def feed(chunk: bytes) -> None:
            last.extend(chunk[-_TAIL:])
            del last[:-_TAIL]
            sink(chunk)

        with budget.ringing(stop):
            try:
                streamed = runner.stream_from(self.stream.argv, feed, self.stream.env, "reading a log", stop)
            except Day2Error as error:
                raise Unreadable(f"{error.why}. {error.remedy}") from error
        budget.check()
        if streamed.returncode:
            said = last.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise Unreadable(f"what prints it ended with status {streamed.returncode}: {said}")


def find_streams(service: Service, settings: Settings, timeout: float | None) -> list[Found]:
    """The logs of a service's instances; or the service itself, and why there are none.

    :param timeout: seconds that its scan may take; None for any time.
    """
    seconds = min(timeout or ANSWER_SECONDS, ANSWER_SECONDS)
    try:
        streams = runtime_of(service, seconds).logs(service, settings.since, settings.until)
    except Day2Error as error:
        return [FoundStream(service.where, f"{error.why}. {error.remedy}")]
    return [FoundStream(stream.name, stream=stream) for stream in streams]
