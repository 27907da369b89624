# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one shape of an error: what was being done, on what, why it failed, what to do now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Day2Error", "Ended", "NotPossible", "Refused", "Unfinished", "Unreachable"]


class Day2Error(Exception):
    """An operation that did not succeed, told so that a person can act on it.

    :param doing: what was being done, as a gerund phrase: ``dumping the table public.orders``.
    :param on: on what: a host, database, file, URL.
    :param why: the cause, in the words of the program that refused where there are any. Never holds a secret.
    :param remedy: what to do now, as an imperative sentence.
    """

    def __init__(self, doing: str, on: str, why: str, remedy: str) -> None:
        super().__init__(doing, on, why, remedy)
        self.doing = doing
        self.on = on
        self.why = why.strip().rstrip(".")
        self.remedy = remedy.strip()

    def __str__(self) -> str:
        return f"{self.doing[:1].upper()}{self.doing[1:]} on {self.on} failed: {self.why}. {self.remedy}"

    def as_dict(self) -> dict[str, str]:
        """The error as the ``error`` key of a module's result."""
        return {
            "kind": type(self).__name__,
            "doing": self.doing,
            "on": self.on,
            "why": self.why,
            "remedy": self.remedy,
        }


class Unreachable(Day2Error):
    """The other side could not be reached or did not let us in."""


class Refused(Day2Error):
    """Nothing was tried, because trying would be unsafe or senseless as things stand."""


class NotPossible(Day2Error):
    """Something that is needed is missing: a program, a permission, space."""


class Ended(Day2Error):
    """A signal told the module to end before its work was done."""


class Unfinished(Day2Error):
    """Part of the work was done and part of it failed; the result tells of both.

    :ivar result: what the module would have returned, ``changed`` and ``warnings`` in it.
    """

    def __init__(self, doing: str, on: str, why: str, remedy: str, result: Mapping[str, Any]) -> None:
        super().__init__(doing, on, why, remedy)
        self.result = dict(result)
