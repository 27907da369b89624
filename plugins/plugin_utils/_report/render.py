# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as a page, as Markdown, as JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.day2.ops.plugins.module_utils._findings.units import text_of

from .blocks import Block, cannot_be_shown, part_of, title_of
from .view import View
from .words import Safe, age, clean, count, figure, markdown, moment

__all__ = ["html", "json_text", "markdown_text"]

_TEMPLATES = Path(__file__).parent / "templates"


def html(view: View) -> str:
    """One page that needs nothing else: no network, no script."""
    return _composed(_page(), "html", view)


def markdown_text(view: View) -> str:
    """The same in Markdown, without charts."""
    return re.sub(r"\n{3,}", "\n\n", _composed(_text(), "md", view))


def _composed(environment: Environment, kind: str, view: View) -> str:
    """The page, its parts drawn one by one: one that cannot be drawn says so, and all others are drawn."""
    context = {"view": view, "run": view.run, "now": view.run.now}
    macros: Any = environment.get_template(f"blocks.{kind}.j2").module

    def instead(what: str, fault: Exception) -> Safe:
        return Safe(macros.note(cannot_be_shown(what, fault), None))

    def part(name: str, what: str) -> Safe:
        try:
            return Safe(environment.get_template(f"{name}.{kind}.j2").render(context))
        except Exception as fault:
            return instead(what, fault)

    def drawn(block: Block) -> Safe:
        try:
            return Safe(getattr(macros, part_of(block))(block, view.run.now))
        except Exception as fault:
            return instead(title_of(block), fault)

    def together(blocks: Sequence[Block]) -> Safe:
        groups = [(name, Safe("\n".join(map(drawn, group)))) for name, group in groupby(blocks, key=part_of)]
        return Safe("\n".join(macros.charts(told) if name == "chart" else told for name, told in groups))

    return environment.get_template(f"page.{kind}.j2").render(
        context,
        header=part("header", "The head of the report"),
        needs=part("needs", "What needs a person"),
        changes=part("changes", "What has changed"),
        sections=[
            (section, [(host, together(blocks)) for host, blocks in section.parts])
            for section in [view.steps, *view.sections]
            if section.parts
        ],
        checks=together(view.checks),
        about=together(view.about),
    )


def json_text(view: View) -> str:
    """The document of the run with what the report makes of it."""
    whole = {
        **view.run.document,
        "verdict": {"worst": view.verdict.worst, "counts": view.verdict.counts, "line": view.verdict.line},
        "changes": view.changes.as_dict(),
    }
    text = json.dumps(_finite(whole), ensure_ascii=False, indent=1, allow_nan=False)
    # Halves of characters, from names that are no UTF-8, can only be told as escapes.
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def _finite(value: Any) -> Any:
    """*value* without the numbers that JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _shown(value: Any) -> Any:
    """What every expression of the page goes through, before it is escaped."""
    return value if _as_it_is(value) else clean(str(value))


def _escaped(value: Any) -> Any:
    """What every expression of the text goes through. Nothing is escaped after it."""
    return value if _as_it_is(value) else Safe(markdown(str(value)))


def _as_it_is(value: Any) -> bool:
    return value is None or isinstance(value, (int, float)) or hasattr(value, "__html__")


@lru_cache(maxsize=1)
def _page() -> Environment:
    return _environment(_shown)


@lru_cache(maxsize=1)
def _text() -> Environment:
    return _environment(_escaped)


def _environment(finalize: Callable[[Any], Any]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        {
            "age": age,
            "count_of": count,
            "drawing": Safe,
            "figure": figure,
            "iso": _iso,
            "told": text_of,
        }
    )
    return environment


def _iso(value: Any) -> str:
    then = moment(value)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ") if then else ""
