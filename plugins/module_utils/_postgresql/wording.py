# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Definitions that a server wrote, compared although it may write the same thing in other words the next time.

A restore replays the server's own text, and reading that text back changes the wording in known ways: a cast moves
from an array to its elements, and a constant in a subquery gets the name of its type. Each major version has ways of
its own besides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["alike", "reworded"]

_WORD = re.compile(
    r"""
    E'(?:[^'\\]|\\.|'')*'
  | '(?:[^']|'')*'
  | "(?:[^"]|"")*"
  | [^\W\d][\w$]*
  | \d[\w.]*
  | ::
  | [-+*/<>=~!@\#%^&|`?]+
  | \S
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r'"|[^\W\d]')
_LABEL = re.compile(r'"|[a-z_]')  # keywords are in capitals
_LATER_WORDS_OF_TYPES = frozenset({"varying", "precision", "with", "without", "time", "zone"})
_PARENTHESES = frozenset("()")


def reworded(text: str) -> str:
    """The text in the words that the server uses once it has read it; the same for what it wrote then."""
    return " ".join(_unnamed(_spread(_words(text))))


def alike(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but casts, parentheses, qualifications and labels of columns.

    That much may change with the server's version. Constants, names and their order are compared exactly.
    """
    return _bare(_words(one)) == _bare(_words(other))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _spread(words: Sequence[str]) -> list[str]:
    """Move the cast of an array, ``(ARRAY[a, b])::text[]``, to its elements, ``ARRAY[(a)::text, (b)::text]``."""
    result: list[str] = []
    at = 0
    while at < len(words):
        cast = _array_cast(words, at)
        if cast is None:
            result.append(words[at])
            at += 1
            continue
        elements, of_type, at = cast
        result += ["ARRAY", "["]
        for number, element in enumerate(elements):
            result += [*([","] if number else []), "(", *_spread(element), ")", "::", *of_type]
        result.append("]")
    return result


def _array_cast(words: Sequence[str], at: int) -> tuple[list[Sequence[str]], Sequence[str], int] | None:
    """The elements of a cast array that begins at *at*, the type of each, and where the text goes on."""
    if words[at : at + 3] != ["(", "ARRAY", "["]:
        return None
    closed = _closing(words, at + 2)
    if words[closed + 1 : closed + 3] != [")", "::"]:
        return None
    end = _end_of_type(words, closed + 3)
    if words[end - 2 : end] != ["[", "]"]:
        return None
    return _items(words[at + 3 : closed]), words[closed + 3 : end - 2], end


def _closing(words: Sequence[str], opened: int) -> int:
    depth = 0
    for at in range(opened, len(words)):
        depth += (words[at] in "[(") - (words[at] in "])")
        if depth == 0:
            return at
    return len(words)


def _items(words: Sequence[str]) -> list[Sequence[str]]:
    items: list[Sequence[str]] = []
    depth = begin = 0
    for at, word in enumerate(words):
        depth += (word in "[(") - (word in "])")
        if word == "," and depth == 0:
            items.append(words[begin:at])
            begin = at + 1
    return [*items, words[begin:]]


def _end_of_type(words: Sequence[str], begin: int) -> int:
    """Where the name of a type ends, with its length and its brackets."""
    end = begin + 1
    while end < len(words):
        if words[end] == ".":
            end += 2
        elif words[end] in _LATER_WORDS_OF_TYPES:
            end += 1
        elif words[end] == "(" and re.fullmatch(r"\d+", words[end + 1]):
            end = _closing(words, end) + 1
        elif words[end : end + 2] == ["[", "]"]:
            end += 2
        else:
            return end
    return end


def _unnamed(words: Sequence[str]) -> list[str]:
    """Leave out the label that is nothing but the type's name: ``'x'::text AS text``."""
    result: list[str] = []
    at = 0
    while at < len(words):
        if words[at] == "AS" and result and words[at + 1 : at + 2] == result[-1:]:
            at += 2
            continue
        result.append(words[at])
        at += 1
    return result


def _bare(words: Sequence[str]) -> list[str]:
    result: list[str] = []
    at = 0
    while at < len(words):
        end = _end_of_trimming(words, at)
        if end == at:
            result.append(words[at])
            end = at + 1
        at = end
    return result


def _end_of_trimming(words: Sequence[str], at: int) -> int:
    """Where something that does not count, and begins at *at*, ends; *at* itself where nothing does."""
    word, following = words[at], words[at + 1 : at + 2]
    if word == "::":
        return _end_of_type(words, at + 1)
    if word == "AS" and following and _NAME.match(following[0]):
        return at + 2
    if following == ["."] and _NAME.match(word):
        return at + 2
    if words[at - 1 : at] == [")"] and following == ["("] and _LABEL.match(word):
        return _closing(words, at + 1) + 1  # the columns of a function, of which newer servers may know more
    return at + 1 if word in _PARENTHESES else at
