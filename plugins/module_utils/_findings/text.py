# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of a rule: words with places in braces that are filled from what was seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .paths import BadPath, Path, compiled
from .units import text_of

__all__ = ["NAMES", "BadText", "Text", "read_text"]

# What a place in braces may begin with.
NAMES = ("expected", "host", "item", "limit", "observed", "parent", "subject", "title")
_PLACE = re.compile(r"\{([^{}]*)\}")
_ASKED = re.compile(r"(?P<path>(?P<name>[A-Za-z_]+).*?)(?::(?P<unit>[a-z]+))?", re.DOTALL)


class BadText(ValueError):
    """A text whose braces do not make sense; says which."""


@dataclass(frozen=True)
class Text:
    """A parsed text: plain pieces, and (path, unit) pairs between them."""

    source: str
    pieces: tuple[str | tuple[Path, str | None], ...]

    def filled(self, context: dict[str, Any], unit: str = "") -> str:
        """The text with its places filled from *context*; ``observed`` and ``limit`` are told in *unit*."""
        return "".join(piece if isinstance(piece, str) else _told(piece, context, unit) for piece in self.pieces)


def _told(piece: tuple[Path, str | None], context: dict[str, Any], unit: str) -> str:
    path, own_unit = piece
    try:
        value = path.of(context)
    except BadPath:
        value = None
    if own_unit is None:
        own_unit = unit if path.text in ("observed", "limit") else ""
    return text_of(value, own_unit)


def read_text(source: str) -> Text:
    """Parse *source*.

    :raises BadText: for a lone brace, a place that is no path, or one that begins with an unknown name.
    """
    pieces: list[str | tuple[Path, str | None]] = []
    at = 0
    for place in _PLACE.finditer(source):
        pieces.append(_words(source[at : place.start()]))
        pieces.append(_asked(place[1]))
        at = place.end()
    pieces.append(_words(source[at:]))
    return Text(source, tuple(piece for piece in pieces if piece != ""))


def _words(text: str) -> str:
    if "{" in text or "}" in text:
        raise BadText(f"a lone brace in {text!r}")
    return text


def _asked(place: str) -> tuple[Path, str | None]:
    match = _ASKED.fullmatch(place.strip())
    if match is None or match["name"] not in NAMES:
        raise BadText(f"{{{place}}} must begin with one of {', '.join(NAMES)}")
    try:
        return compiled(match["path"]), match["unit"]
    except BadPath as error:
        raise BadText(f"{{{place}}}: {error}") from error
