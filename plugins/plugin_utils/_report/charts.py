# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts as SVG that takes its colours and its type from the page around it."""

from __future__ import annotations

import importlib
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._present import present

from .blocks import Chart
from .run import number
from .words import clean, figure, shortened

__all__ = ["Bar", "bars", "can_draw", "waterfall", "whole"]

# (label, value, tone); the tone names the colour.
Bar = tuple[str, float, str]

# Colours that stand for variables of the page; nobody sees them as they are.
_COLOURS = {
    "#010203": "var(--ink)",
    "#010204": "var(--muted)",
    "#010206": "var(--bar)",
    "#010207": "var(--critical)",
    "#010208": "var(--warning)",
    "#010209": "var(--unknown)",
    "#01020b": "var(--track)",
    "#01020c": "var(--bar-2)",
}
INK, MUTED, BAR, CRITICAL, WARNING, UNKNOWN, TRACK, BAR_2 = _COLOURS
_TONES = {
    "critical": CRITICAL,
    "failed": CRITICAL,
    "unreachable": CRITICAL,
    "warning": WARNING,
    "unknown": UNKNOWN,
    "ok": BAR,
    "changed": BAR,
    "second": BAR_2,
    "skipped": MUTED,
    "planned": BAR_2,
}
_WIDTH = 320.0
_ROW = 34.0
_FONT = 12.5
_LABEL = 36
# More bars nobody compares; tables tell the rest.
_MOST = 60


@lru_cache(maxsize=1)
def _matplotlib() -> tuple[Any, Any, Any] | None:
    """The drawing library, without a display and without a window system; None when it is not installed."""
    try:
        library = importlib.import_module("matplotlib")
        figure_class = importlib.import_module("matplotlib.figure").Figure
        canvas_class = importlib.import_module("matplotlib.backends.backend_svg").FigureCanvasSVG
    except ImportError:
        return None
    return library, figure_class, canvas_class


def can_draw() -> bool:
    """Whether there will be charts. A report without them is better than none."""
    return _matplotlib() is not None


def bars(title: str, items: Sequence[Bar], kind: str, most: float | None = None, words: str = "") -> Chart | None:
    """Horizontal bars, each below its label; *most* is the value of a full bar where there is such a thing."""
    items = [(label, value, tone) for label, value, tone in items if _drawable(value)][:_MOST]
    if not items or not can_draw():
        return None
    longest = most or max(value for _other, value, _other in items) or 1.0
    told = "; ".join(f"{clean(label)} {figure(value, kind)}" for label, value, _other in items)

    def draw(axes: Any) -> None:
        for place, (label, value, tone) in enumerate(items):
            _row(axes, place, label, figure(value, kind))
            _bar(axes, place, 0.0, 1.0, TRACK)
            _bar(axes, place, 0.0, min(1.0, value / longest), _TONES.get(tone, BAR))

    return Chart(title, partial(_drawn, draw, len(items), title), words or f"{title}: {told}.")


def waterfall(title: str, items: Sequence[Bar]) -> Chart | None:
    """Durations one after the other."""
    items = [(label, value, tone) for label, value, tone in items if _drawable(value)][:_MOST]
    total = sum(value for _other, value, _other in items)
    if not items or total <= 0 or not can_draw():
        return None
    told = "; ".join(f"{clean(label)} {figure(value, 'seconds')}" for label, value, _other in items)

    def draw(axes: Any) -> None:
        begun = 0.0
        for place, (label, value, tone) in enumerate(items):
            _row(axes, place, label, figure(value, "seconds"))
            _bar(axes, place, 0.0, 1.0, TRACK)
            width = max(value / total, 0.006)
            _bar(axes, place, min(begun / total, 1.0 - width), width, _TONES.get(tone, BAR))
            begun += value

    return Chart(title, partial(_drawn, draw, len(items), title), f"{title}: {told}.")


def whole(title: str, items: Sequence[Bar]) -> Chart | None:
    """One bar that is divided among *items*, which are counts."""
    items = [(label, value, tone) for label, value, tone in items if _drawable(value) and value > 0]
    total = sum(value for _other, value, _other in items)
    if not items:
        return None
    return bars(title, items, "number", most=total)


def _drawable(value: Any) -> bool:
    return (known := number(value)) is not None and known >= 0


def _row(axes: Any, place: int, label: str, value: str) -> None:
    _text(axes, 0.0, -place - 0.30, shortened(label, _LABEL), INK, "left")
    _text(axes, 1.0, -place - 0.30, value, INK, "right")


def _text(axes: Any, x: float, y: float, text: str, colour: str, side: str) -> None:
    axes.text(x, y, clean(text), color=colour, fontsize=_FONT, ha=side, va="center", parse_math=False, clip_on=False)


def _bar(axes: Any, place: int, begin: float, width: float, colour: str) -> None:
    if width > 0:
        axes.barh(-place - 0.72, width, height=0.26, left=begin, color=colour, linewidth=0, clip_on=False)


def _drawn(draw: Callable[[Any], None], rows: int, salt: str) -> str:
    library, figure_class, canvas_class = present(_matplotlib())
    height = rows * _ROW
    settings = {"svg.fonttype": "none", "svg.hashsalt": salt, "font.family": "sans-serif", "text.usetex": False}
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with library.rc_context(settings), warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")
        chart = figure_class(figsize=(_WIDTH / 72, height / 72), dpi=72)
        axes = chart.add_axes((0, 0, 1, 1))
        chart.patch.set_visible(False)
        axes.set_axis_off()
        draw(axes)
        axes.set_xlim(0, 1)
        axes.set_ylim(-rows, 0)
        target = io.StringIO()
        canvas_class(chart).print_svg(target, metadata=nothing)
    return _for_a_page(target.getvalue())


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's words about fonts that lack a character: the text stays text, the page has its own."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _for_a_page(svg: str) -> str:
    """*svg* without its own frame, colours, type and names, which would meet those of other charts in one page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<defs>.*?</defs>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true" focusable="false">', svg)
    # Only inside of tags: what is between them came from outside, and is escaped.
    svg = re.sub(r"<[^>]+>", lambda tag: _tag_for_a_page(tag[0]), svg)
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip())


def _tag_for_a_page(tag: str) -> str:
    tag = re.sub(r' (?:id|transform)="[^"]*"', "", tag)
    # Older releases of the library write one property for the size and the family, newer ones two.
    tag = re.sub(r"font: ([0-9.]+px)[^;\"]*", r"font-size: \1; font-family: var(--type)", tag)
    tag = re.sub(r"font-family: [^;\"]*", "font-family: var(--type)", tag)
    for stand_in, variable in _COLOURS.items():
        tag = tag.replace(stand_in, variable)
    return tag
