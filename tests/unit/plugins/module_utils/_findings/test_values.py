# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values in words, plain values, times, texts."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from ansible._internal._datatag._tags import Origin
from ansible.module_utils._internal._datatag import AnsibleTagHelper

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible
from ansible_collections.day2.ops.plugins.module_utils._findings import paths
from ansible_collections.day2.ops.plugins.module_utils._findings.paths import BadPath, compiled
from ansible_collections.day2.ops.plugins.module_utils._findings.plain import plain
from ansible_collections.day2.ops.plugins.module_utils._findings.text import BadText, read_text
from ansible_collections.day2.ops.plugins.module_utils._findings.times import day_of, moment_of, span_of
from ansible_collections.day2.ops.plugins.module_utils._findings.units import (
    bytes_text,
    duration_text,
    number_text,
    text_of,
)

IN_WORDS: list[tuple[Callable[..., str], tuple[Any, ...], str]] = [
    (number_text, (0,), "0"),
    (number_text, (9999,), "9999"),
    (number_text, (10000,), "10 000"),
    (number_text, (-1234567,), "-1 234 567"),
    (number_text, (12345.678,), "12 346"),
    (number_text, (123.456,), "123.5"),
    (number_text, (99.95,), "99.95"),
    (number_text, (0.5,), "0.5"),
    (number_text, (0.00012,), "0.0001"),
    (number_text, (math.nan,), "nan"),
    (bytes_text, (math.inf,), "inf"),
    (duration_text, (math.nan,), "nan"),
    (bytes_text, (0,), "0 B"),
    (bytes_text, (1023,), "1023 B"),
    (bytes_text, (1536,), "1.5 KiB"),
    (bytes_text, (500 * 1024**2,), "500 MiB"),
    (bytes_text, (-3 * 1024**3,), "-3.0 GiB"),
    (bytes_text, (2**70,), "1048576 PiB"),
    (duration_text, (0,), "0 s"),
    (duration_text, (0.0004,), "0.4 ms"),
    (duration_text, (0.34,), "340 ms"),
    (duration_text, (1,), "1 s"),
    (duration_text, (12.34,), "12.3 s"),
    (duration_text, (59.99,), "60 s"),
    (duration_text, (60,), "1 min"),
    (duration_text, (725,), "12 min 5 s"),
    (duration_text, (7980,), "2 h 13 min"),
    (duration_text, (86400 * 3 + 4 * 3600,), "3 d 4 h"),
    (duration_text, (-90,), "-1 min 30 s"),
    (text_of, (None, "bytes"), "not known"),
    (text_of, (True,), "yes"),
    (text_of, (False, "percent"), "no"),
    (text_of, (93.25, "percent"), "93.25 %"),
    (text_of, (250, "milliseconds"), "250 ms"),
    (text_of, (0.0123, "ratio"), "1.23 %"),
    (text_of, (1, "days"), "1 day"),
    (text_of, (2, "days"), "2 days"),
    (text_of, (1, "class"), "1 class"),
    (text_of, (1, "files/s"), "1 files/s"),
    (text_of, (math.inf, "bytes"), "inf"),
    (text_of, (7,), "7"),
    (text_of, (["a", 2],), "a, 2"),
    (text_of, ([],), "none"),
    (text_of, ({"a": 1},), "{'a': 1}"),
]


@pytest.mark.parametrize(("function", "arguments", "expected"), IN_WORDS)
def test_in_words(function: Callable[..., str], arguments: tuple[Any, ...], expected: str) -> None:
    assert function(*arguments) == expected


def test_plain_takes_the_marks_off() -> None:
    origin = Origin(description="a test")
    marked = {
        origin.tag("key"): [origin.tag("text"), origin.tag(5), origin.tag(2.5), True, None],
        "set": {origin.tag("one")},
        "tuple": (origin.tag(date(2026, 12, 31)),),
        "other": timedelta(seconds=1),
        "bytes": b"x",
    }
    result = plain(marked)
    assert result == {
        "key": ["text", 5, 2.5, True, None],
        "set": ["one"],
        "tuple": ["2026-12-31"],
        "other": "0:00:01",
        "bytes": "b'x'",
    }
    for value in (*result, *result["key"], result["set"][0], result["tuple"][0]):
        assert type(value) in (str, int, float, bool, type(None))
        assert not AnsibleTagHelper.tag_types(value)


def test_plain_bears_what_no_fact_is() -> None:
    deep: Any = "bottom"
    for _level in range(100_000):
        deep = [deep]
    told = plain({"deep": deep, 10**5000: 10**400, "less": -(10**400), "large": 10**30})
    assert told["less"] == "-a number of about 401 digits"
    assert told["large"] == 10**30
    assert told["a number of about 5001 digits"] == "a number of about 401 digits"
    levels = 0
    value = told["deep"]
    while isinstance(value, list):
        (value,) = value
        levels += 1
    assert (levels, value) == (99, "nested too deeply to be told")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("10s", timedelta(seconds=10)),
        ("10m", timedelta(minutes=10)),
        ("10min", timedelta(minutes=10)),
        (" 1.5 h ", timedelta(minutes=90)),
        ("8d", timedelta(days=8)),
        ("2w", timedelta(days=14)),
    ],
)
def test_span(text: str, span: timedelta) -> None:
    assert span_of(text) == span


@pytest.mark.parametrize(
    "text", ["", "10", "ten minutes", "-5m", "5 m 3 s", "0m", "٣m", f"{10**400}d", "9999999999w", 10, None, True]
)
def test_no_span(text: object) -> None:
    with pytest.raises(ValueError, match="length of time"):
        span_of(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T02:00:00Z", datetime(2026, 11, 22, 2, tzinfo=timezone.utc)),
        ("2026-11-22T04:00:00+02:00", datetime(2026, 11, 22, 2, tzinfo=timezone.utc)),
        ("2026-11-22T02:00:00", datetime(2026, 11, 22, 2, tzinfo=timezone.utc)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=timezone.utc)),
        ("0001-01-01T00:00:00+14:00", None),  # before the first day that there is
        ("next week", None),
        ("", None),
        (None, None),
        (20261122, None),
    ],
)
def test_moment(text: object, moment: datetime | None) -> None:
    assert moment_of(text) == moment
    assert day_of(text) == (moment.date() if moment else None)


CONTEXT = {"item": {"mount": "/backup", "free": 2048, "odd key": 1}, "observed": 93.5, "limit": 90, "subject": "x"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{subject} is {observed} full, more than {limit}", "x is 93.5 % full, more than 90 %"),
        ("{item.mount} has {item.free:bytes} left", "/backup has 2.0 KiB left"),
        ('{item."odd key"}', "1"),
        ("{item.gone}", "not known"),
        ("{length(item.mount)}", None),
        ("{item.mount[0:2]}", "not known"),
        ("{host}", "not known"),
    ],
)
def test_text(source: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(BadText, match="must begin with one of expected, host"):
            read_text(source)
        return
    assert read_text(source).filled(CONTEXT, "percent") == expected


def test_text_outlives_a_value_of_the_wrong_kind() -> None:
    text = read_text("{item.mount | length(@)} {item.free | length(@)}")
    assert text.filled(CONTEXT) == "7 not known"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{", "a lone brace"),
        ("a } b", "a lone brace"),
        ("{itm.mount}", "must begin with one of"),
        ("{}", "must begin with one of"),
        ("{item.[}", "item.\\["),
    ],
)
def test_bad_text(source: str, problem: str) -> None:
    with pytest.raises(BadText, match=problem):
        read_text(source)


def test_bad_path_is_told_on_one_line() -> None:
    with pytest.raises(BadPath) as caught:
        compiled("disks[")
    assert "\n" not in str(caught.value)
    with pytest.raises(BadPath, match="length"):
        compiled("length(@)").of(5)


def test_missing_jmespath_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(paths.importlib, "import_module", gone)
    compiled.cache_clear()
    with pytest.raises(NotPossible, match="Install jmespath"):
        compiled("anything")
