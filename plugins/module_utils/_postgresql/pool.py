# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions for several threads: as many as ask at once, each kept for who asks next."""

from __future__ import annotations

import contextlib
from typing import Callable, TypeVar

from .session import Session

__all__ = ["SessionPool"]

Result = TypeVar("Result")


class SessionPool:
    """Sessions that end with the block.

    :param open_session: opens another one.
    """

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open = open_session
        self._free: list[Session] = []

    def ask(self, piece: Callable[[Session], Result]) -> Result:
        """Run *piece* with a session; one on which it failed is not used again."""
        try:
            session = self._free.pop()
        except IndexError:
            session = self._open()
        try:
            result = piece(session)
        except BaseException:
            session.close()
            raise
        self._free.append(session)
        return result

    def close(self) -> None:
        """End the sessions. Nobody may be asking any more."""
        with contextlib.ExitStack() as closing:
            for session in self._free:
                closing.callback(session.close)

    def __enter__(self) -> SessionPool:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
