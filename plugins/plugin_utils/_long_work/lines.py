# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a work is, in a line for people, and how often they are told."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._findings.units import bytes_text, duration_text
from ansible_collections.day2.ops.plugins.module_utils._work.attendance import ENDED, LOST
from ansible_collections.day2.ops.plugins.module_utils._work.files import KILLED
from ansible_collections.day2.ops.plugins.plugin_utils._report.words import clean

__all__ = ["interval", "line", "moment", "over", "stopped", "taking_over"]

# Until so many seconds have passed, a line is told every so many. A line each five seconds for hours hides the rest.
_INTERVALS = ((60, 5.0), (600, 15.0), (3600, 30.0))
_LAST_INTERVAL = 60.0

# Longer than this without news is worth telling: somebody holds a lock, a disk hangs, one object takes long.
_SILENT_SECONDS = 30


def interval(seconds: float) -> float:
    """Seconds until the next line, when work has lasted for so long."""
    return next((every for until, every in _INTERVALS if seconds < until), _LAST_INTERVAL)


def line(status: dict[str, Any]) -> str:
    """How far a work is: ``shop: dumping, 12 of 48 parts, 1.2 of 4.0 GiB, 85.0 MiB/s, about 33 s left``."""
    figures = status["progress"]
    told = [figures.get("phase", "planning"), *_done(figures)]
    silent = status["silent_seconds"]
    lasts = figures.get("phase_seconds", 0) + silent
    if len(told) == 1 and lasts >= 1:
        told.append(f"for {_span(lasts)}")
    elif silent >= _SILENT_SECONDS:
        told.append(f"nothing new for {_span(silent)}")
    elif len(told) > 1:
        told += _speed(figures)
    return clean(f"{status['title']}: {', '.join(told)}")


def moment(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def taking_over(status: dict[str, Any]) -> str:
    """That the same work runs already."""
    since = f"has been running for {_span(status['seconds'])}, as process {status['pid']}"
    return clean(f"{status['title']}: the same work {since}; it is taken over, and stopped if this run is")


def over(status: dict[str, Any]) -> str:
    """That the same work was done already."""
    when = f"from {moment(status['started'])} to {moment(status['ended'])}"
    return clean(f"{status['title']}: this was done {when}, and nobody heard of it; it is reported, not done again.")


def stopped(work: dict[str, Any]) -> str:
    """How telling a work to end went."""
    state, told = work["state"], work["signalled"] or work["interrupted"]
    if work["status"] and work["status"]["succeeded"]:
        return "it was done by then; the next run reports it"
    if state == KILLED:
        return "it was killed; the next run clears away what it had begun"
    if state == ENDED:
        return "it has ended, and cleared away what it had begun" if told else "it had ended before"
    if state == LOST:
        return "no work had begun"
    return "it is still clearing away what it had begun; look at its status before it is run again"


def _done(figures: dict[str, Any]) -> list[str]:
    told = []
    if figures.get("objects_total"):
        told.append(f"{figures['objects_done']} of {figures['objects_total']} {figures['unit']}")
    if figures.get("bytes_total"):
        told.append(_share(figures["bytes_done"], figures["bytes_total"]))
    elif figures.get("bytes_done"):
        told.append(bytes_text(figures["bytes_done"]))
    return told


def _speed(figures: dict[str, Any]) -> list[str]:
    told = []
    if figures["bytes_per_second"]:
        told.append(f"{bytes_text(figures['bytes_per_second'])}/s")
    if (figures["seconds_left"] or 0) >= 1:
        told.append(f"about {_span(figures['seconds_left'])} left")
    return told


def _share(done: int, total: int) -> str:
    done_text, total_text = bytes_text(done), bytes_text(total)
    number, unit = done_text.split(" ")
    return f"{number} of {total_text}" if total_text.endswith(f" {unit}") else f"{done_text} of {total_text}"


def _span(seconds: float) -> str:
    return duration_text(round(seconds))
