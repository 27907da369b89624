# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every operator against every kind of value."""

from __future__ import annotations

import math

import pytest

from ansible_collections.day2.ops.plugins.module_utils._findings.condition import CannotCompare, Condition

HOLDS = [
    (">", 80, 80.1, True),
    (">", 80, 80, False),
    (">", 80, -1, False),
    (">=", 80, 80, True),
    (">=", 80, 79.999, False),
    ("<", 80, 79, True),
    ("<", 80, 80, False),
    ("<=", 80, 80, True),
    ("<=", 80, 81, False),
    ("==", 3, 3, True),
    ("==", 3, 3.0, True),
    ("==", 3, 4, False),
    ("==", "exited", "exited", True),
    ("==", "exited", "Exited", False),
    ("==", True, True, True),
    ("==", False, True, False),
    ("!=", 3, 4, True),
    ("!=", 3, 3, False),
    ("!=", "healthy", "sick", True),
    ("!=", True, False, True),
    ("!=", True, True, False),
    ("outside", [1, 5], 0.9, True),
    ("outside", [1, 5], 1, False),
    ("outside", [1, 5], 5, False),
    ("outside", [1, 5], 5.1, True),
    ("outside", [3, 3], 3, False),
    ("in", ["exited", "dead"], "dead", True),
    ("in", ["exited", "dead"], "running", False),
    ("in", [500, 503], 503, True),
    ("in", [500, 503], 200, False),
    ("in", [1, "one"], 1, True),
]


@pytest.mark.parametrize(("op", "limit", "observed", "expected"), HOLDS)
def test_holds(op: str, limit: object, observed: object, expected: bool) -> None:
    condition = Condition(op, limit)
    assert condition.problem() is None
    assert condition.holds(observed) is expected


CANNOT = [
    (">", 80, "95", "'95' is text where a number is needed"),
    (">", 80, True, "True is a boolean where a number is needed"),
    ("<", 80, math.nan, "nan is nan where a number is needed"),
    (">=", 80, math.inf, "inf is inf where a number is needed"),
    ("<=", 80, [1], "[1] is a list where a number is needed"),
    ("outside", [1, 5], "3", "'3' is text where a number is needed"),
    ("outside", [1, 5], {"a": 1}, "{'a': 1} is a dictionary where a number is needed"),
    ("==", 3, "3", "'3' is text where a number is needed"),
    ("==", 1, True, "True is a boolean where a number is needed"),
    ("==", True, 1, "1 is a number where a boolean is needed"),
    ("!=", True, "yes", "'yes' is text where a boolean is needed"),
    ("!=", "x", "x" * 100, None),
    ("in", [500, 503], "500", "'500' is text, which none of the values is"),
    ("in", ["1"], 1, "1 is a number, which none of the values is"),
    (">", 1, "x" * 100, "'" + "x" * 56 + "... is text where a number is needed"),
]


@pytest.mark.parametrize(("op", "limit", "observed", "reason"), CANNOT)
def test_text_is_never_taken_for_a_number(op: str, limit: object, observed: object, reason: str | None) -> None:
    if reason is None:
        assert Condition(op, limit).holds(observed) is True
        return
    with pytest.raises(CannotCompare) as caught:
        Condition(op, limit).holds(observed)
    assert str(caught.value) == reason


PROBLEMS = [
    ("=>", 1, "op '=>' is none of > >= < <= == != outside in"),
    (">", "80", "op > needs a number as value, not text"),
    (">", None, "op > needs a number as value, not None"),
    ("<", True, "op < needs a number as value, not a boolean"),
    ("<=", math.nan, "op <= needs a number as value, not nan"),
    ("outside", 3, "op outside needs two numbers as value: [lowest, highest]"),
    ("outside", [1], "op outside needs two numbers as value: [lowest, highest]"),
    ("outside", [1, "5"], "op outside needs two numbers as value: [lowest, highest]"),
    ("outside", [5, 1], "op outside needs the lower number first, not [5, 1]"),
    ("in", "dead", "op in needs a list of at least one as value"),
    ("in", [], "op in needs a list of at least one as value"),
    ("==", None, "op == needs one number, text or boolean as value"),
    ("!=", [1], "op != needs one number, text or boolean as value"),
]


@pytest.mark.parametrize(("op", "limit", "problem"), PROBLEMS)
def test_problem(op: str, limit: object, problem: str) -> None:
    assert Condition(op, limit).problem() == problem


WORDS = [
    (">", 80, "percent", "> 80 %", "at most 80 %"),
    (">=", 3, "", ">= 3", "less than 3"),
    ("<", 1073741824, "bytes", "< 1.0 GiB", "at least 1.0 GiB"),
    ("<=", 0, "days", "<= 0 days", "more than 0 days"),
    ("==", 0, "sets", "== 0 sets", "not 0 sets"),
    ("==", True, "", "== yes", "no"),
    ("!=", True, "", "!= yes", "yes"),
    ("!=", "healthy", "", "!= healthy", "healthy"),
    ("outside", [1, 5], "seconds", "outside 1 s to 5 s", "1 s to 5 s"),
    ("in", ["exited", "dead"], "", "one of exited, dead", "not exited or dead"),
]


@pytest.mark.parametrize(("op", "limit", "unit", "words", "healthy"), WORDS)
def test_words(op: str, limit: object, unit: str, words: str, healthy: str) -> None:
    condition = Condition(op, limit)
    assert condition.words(unit) == words
    assert condition.healthy(unit) == healthy
