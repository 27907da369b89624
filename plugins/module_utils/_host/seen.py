# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking at a host: what can be seen, and why the rest cannot."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Callable, TypeVar

from .._errors import Day2Error

__all__ = ["Host", "Seen", "iso", "readable"]

Value = TypeVar("Value")


class Host:
    """The files of a host.

    :param root: where its root folder lies; another one than ``/`` in tests.
    """

    def __init__(self, root: str = "/") -> None:
        self._root = Path(root)

    def path(self, name: str) -> Path:
        """The path of the absolute path *name*."""
        return self._root / name.lstrip("/")

    def text(self, name: str) -> str:
        """The text of a file."""
        return self.path(name).read_text(encoding="utf-8", errors="surrogateescape")

    def number(self, name: str) -> int:
        """The number that a file holds."""
        return int(self.text(name))


class Seen:
    """Collects why something could not be seen.

    :ivar unseen: ``what`` and ``reason`` of each.
    """

    def __init__(self) -> None:
        self.unseen: list[dict[str, str]] = []

    def look(self, what: str, call: Callable[[], Value]) -> Value | None:
        """What *call* returns; ``None``, and a reason, when it cannot be seen."""
        try:
            return call()
        except OSError as error:
            file = f": {os.fsdecode(error.filename)}" if error.filename else ""
            self.miss(what, f"{error.strerror or error}{file}")
        except (ValueError, LookupError) as error:
            self.miss(what, f"it cannot be understood: {error}")
        except Day2Error as error:
            self.miss(what, error.why)
        return None

    def miss(self, what: str, reason: str) -> None:
        """Note that *what* could not be seen."""
        self.unseen.append({"what": readable(what), "reason": readable(reason)})


def readable(text: str) -> str:
    """Text from the system that can be written as UTF-8."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601, UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
