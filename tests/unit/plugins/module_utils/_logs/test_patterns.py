# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns count what trying every line would count."""

from __future__ import annotations

import random
import re

import pytest

from ansible_collections.day2.ops.plugins.module_utils._logs.budget import Budget
from ansible_collections.day2.ops.plugins.module_utils._logs.patterns import PatternCounts, needles_of
from ansible_collections.day2.ops.plugins.module_utils._logs.specs import PatternSpec


@pytest.mark.parametrize(
    ("regex", "needles", "plain"),
    [
        ("timeout expired", ["timeout expired"], True),
        ("a|b", [], False),
        ("red|green", ["red", "green"], False),
        ("circuit.*open", ["circuit"], False),
        (r"rate\.limit", ["rate.limit"], True),
        (r"colou?r", ["colo"], False),
        (r"colo(u)?r-name", ["r-name"], False),
        (r"ab*cde", ["cde"], False),
        (r"abx{2}cd", ["ab"], False),
        (r"abx+cde", ["abx"], False),
        (r"^start$", ["start"], False),
        (r"\bword\b", ["word"], False),
        (r"[abc]def", ["def"], False),
        (r"[]a]def", ["def"], False),
        (r"[^]a]def", ["def"], False),
        (r"(red|green)", [], False),
        (r"(?:ab)\)cd", [")cd"], False),
        (r"x([)(]|\()yz", ["yz"], False),
        (r"\d+", [], False),
        (r"\x41bc", [], False),
        (r"a\tb", [], False),
        ("", [], False),
        ("abc|", [], False),
        ("größe", ["größe"], True),
    ],
)
def test_needles(regex: str, needles: list[str], plain: bool) -> None:
    assert needles_of(regex) == (needles, plain)


REGEXES = [
    "error",
    "(?i)ERROR",
    "err|warn",
    "(?i)Err|wARN",
    "e.*r",
    "^error",
    "error$",
    r"\berr\b",
    "[ew]rr",
    "er+o*r?",
    "err{2}or|war",
    r"a\.b",
    "a.b",
    r"\(x\)",
    "(er|wa)r",
    "(?s)e.r",
    "(?x) e r r  # spaces do not count",
    "ö",
    "(?i)ÖR",
    "é?rör",
    ".*",
    r"\s",
    r"r\nw",
    "",
]


@pytest.mark.parametrize("regex", REGEXES)
def test_blocks_count_as_lines_do(regex: str) -> None:
    dice = random.Random(regex)
    words = ["error", "ERROR", "err", "warn", "Warn", "a.b", "axb", "(x)", " ", "rör", "RÖR", "wor", "e", "r", "\\n"]
    lines = ["".join(dice.choice(words) for _turn in range(dice.randrange(6))) for _turn in range(400)]
    exact = re.compile(regex)
    counts = PatternCounts((PatternSpec("p", regex),), Budget())
    text = b"\n" + b"".join(line.encode() + b"\n" for line in lines)
    counts.block(text, lambda _start: None)
    assert counts.counts == {"p": sum(1 for line in lines if exact.search(line))}
    for line in lines:
        counts.line(line.encode(), None)
    assert counts.counts["p"] == 2 * sum(1 for line in lines if exact.search(line))
