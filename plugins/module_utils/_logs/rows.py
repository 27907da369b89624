# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of a shape made ready to be counted: durations as numbers, and what has to be read one by one set apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .._present import present
from .json_lines import text_of
from .shapes import Rows
from .values import TRAILERS

if TYPE_CHECKING:
    from .lines import LineParser
    from .specs import Entry

__all__ = ["Ready", "ready", "unescaped"]

# Rows with the milliseconds of each, which are empty when there are none.
Ready = tuple[Rows, Sequence[float]]

_TRAILERS = frozenset(TRAILERS)


def unescaped(text: bytes) -> bytes:
    """Return the text of a JSON string's inside."""
    if b"\\" not in text:
        return text
    return text_of(json.loads('"' + text.decode("utf-8", "replace") + '"', strict=False)) or b""


def ready(rows: Rows, parser: LineParser) -> tuple[list[Ready], list[Entry], int]:
    """Return rows to be counted as they are, entries to be counted one by one, and how many lines continue another."""
    if "rest" in rows.columns:
        return _access(rows, parser), [], 0
    if rows.shape.kind == "plain":
        return _plain(rows, parser)
    texts, scale = rows.columns.get("duration"), rows.shape.scale
    if texts is None:
        return [(rows, ())], [], 0
    durations = list(map(float, texts)) if scale == 1.0 else [float(text) * scale for text in texts]
    return [(rows, durations)], [], 0


def _access(rows: Rows, parser: LineParser) -> list[Ready]:
    durations = [parser.access.duration(rest) for rest in rows.columns["rest"]]
    timed = [place for place, duration in enumerate(durations) if duration is not None]
    untimed = [place for place, duration in enumerate(durations) if duration is None]
    known = [duration for duration in durations if duration is not None]
    return [(_only(rows, timed), known), (_only(rows, untimed), ())]


def _plain(rows: Rows, parser: LineParser) -> tuple[list[Ready], list[Entry], int]:
    messages, words = rows.columns["message"], rows.columns["level"]
    together = b"\n".join(messages)
    triggers = [trigger for trigger in parser.text.triggers if trigger in together]
    trailing = not _TRAILERS.isdisjoint(words)
    if not triggers and not trailing:
        return [(rows, ())], [], 0
    plain, telling, continuing = [], [], 0
    for place, message in enumerate(messages):
        if trailing and words[place] in _TRAILERS:
            continuing += 1
        elif any(trigger in message for trigger in triggers):
            telling.append(place)
        else:
            plain.append(place)
    entries = [parser.text.details(_moment(rows, parser, place), words[place], messages[place]) for place in telling]
    return [(_only(rows, plain), ())], entries, continuing


def _moment(rows: Rows, parser: LineParser, place: int) -> float | None:
    return parser.clock.moment(present(rows.shape.time), rows.columns["time"][place], rows.shape.zone)


def _only(rows: Rows, places: Sequence[int]) -> Rows:
    columns = {name: [values[place] for place in places] for name, values in rows.columns.items()}
    return replace(rows, count=len(places), columns=columns)
