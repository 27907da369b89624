# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Literals taken out of texts, so that what people typed into an application does not reach a report."""

from __future__ import annotations

import re

__all__ = ["MASK", "masked_sql"]

MASK = "?"
_MASKED_COMMENT = f"/* {MASK} */"

# One token of SQL. A server cuts long texts, so a quote that is never closed runs to the end of the text.
_TOKEN = re.compile(
    r"""
    (?P<line_comment>--[^\r\n]*)
  | (?P<block_comment>/\*)
  | (?P<escape_string>[eE]'(?:[^'\\]|\\(?:.|\Z)|'')*(?:'|\Z))
  | (?P<string>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z))
  | (?P<dollar_quote>\$(?P<tag>(?:[^\W\d]\w*)?)\$)
  | (?P<kept>
        "(?:[^"]|"")*(?:"|\Z)
      | [^\W\d][\w$]*
      | \$\d+
    )
  | (?P<number>
        0[xXoObB][0-9a-fA-F_]+
      | (?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|(?<!\.)\.\d[\d_]*)(?:[eE][+-]?\d+)?
    )
    """,
    re.VERBOSE | re.DOTALL,
)

_COMMENT_MARK = re.compile(r"/\*|\*/")


def masked_sql(text: str) -> str:
    """Return the SQL *text* with a ``?`` in the place of each string and number, its comments emptied.

    Quoted names and parameters such as ``$1`` stay. Where it cannot be told what is a literal, all of the rest is
    masked: what stays is never part of one.
    """
    out: list[str] = []
    position = 0
    while True:
        match = _TOKEN.search(text, position)
        if match is None:
            return "".join([*out, text[position:]])
        out.append(text[position : match.start()])
        shown, position = _shown(text, match)
        out.append(shown)


def _shown(text: str, match: re.Match[str]) -> tuple[str, int]:
    """What is shown for a token, and where the text goes on."""
    kind = match.lastgroup
    if kind == "kept":
        return match.group(), match.end()
    if kind == "line_comment":
        return _MASKED_COMMENT, match.end()
    if kind == "block_comment":
        return _MASKED_COMMENT, _end_of_comment(text, match.end())
    if match["tag"] is not None:
        closing = text.find(match.group(), match.end())
        return MASK, len(text) if closing < 0 else closing + len(match.group())
    # Whether a backslash before a quote ends a plain string depends on a setting of the session that sent it.
    if kind == "string" and "\\'" in match.group():
        return MASK, len(text)
    return MASK, match.end()


def _end_of_comment(text: str, position: int) -> int:
    depth = 1
    for mark in _COMMENT_MARK.finditer(text, position):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)
