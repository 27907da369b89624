# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JMESPath, loaded when it is first needed."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

from .._errors import NotPossible

__all__ = ["BadPath", "Path", "compiled"]


class BadPath(ValueError):
    """A text that is no JMESPath, or one that cannot be applied to the value at hand."""


class Path:
    """A compiled JMESPath."""

    def __init__(self, text: str, expression: Any) -> None:
        self.text = text
        self._expression = expression

    def of(self, value: Any) -> Any:
        """What the path finds in *value*; None when nothing is there."""
        try:
            return self._expression.search(value)
        except ValueError as error:
            raise BadPath(" ".join(str(error).split())) from error


@lru_cache(maxsize=1024)
def compiled(text: str) -> Path:
    """The path that *text* spells."""
    try:
        jmespath = importlib.import_module("jmespath")
    except ImportError as error:
        raise NotPossible(
            "judging facts", "the controller", "the Python package jmespath is missing", "Install jmespath."
        ) from error
    try:
        return Path(text, jmespath.compile(text))
    except ValueError as error:
        # The library draws the text again with a caret under the fault, on lines of their own.
        raise BadPath(str(error).split("\n", maxsplit=1)[0].strip().rstrip(":")) from error
