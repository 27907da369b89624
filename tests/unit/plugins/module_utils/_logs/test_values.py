# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times, levels, statuses, durations: what is written, and what it means."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from ansible_collections.day2.ops.plugins.module_utils._logs.times import Clock, epoch_seconds, in_words, period_seconds
from ansible_collections.day2.ops.plugins.module_utils._logs.values import duration_of, level_of, scale_of, status_of

from .made_up import NOW

BERLIN = ZoneInfo("Europe/Berlin")

TIMES = [
    ("2026-11-22T02:00:00Z", "2026-11-22T02:00:00.000+00:00"),
    ("2026-11-22T02:00:00.5Z", "2026-11-22T02:00:00.500+00:00"),
    ("2026-11-22T02:00:00.123456789Z", "2026-11-22T02:00:00.123+00:00"),
    ("2026-11-22T02:00:00+02:00", "2026-11-22T00:00:00.000+00:00"),
    ("2026-11-22T02:00:00-0330", "2026-11-22T05:30:00.000+00:00"),
    ("2026-11-22T02:00:00+02", "2026-11-22T00:00:00.000+00:00"),
    ("2026-11-22 02:00:00,123", "2026-11-22T01:00:00.123+00:00"),
    ("2026-11-22 02:00:00", "2026-11-22T01:00:00.000+00:00"),
    ("2026-07-22 02:00:00", "2026-07-22T00:00:00.000+00:00"),
    ("2026/11/22 02:00:00", "2026-11-22T01:00:00.000+00:00"),
    ("2026-11-22 02:00:00.250 UTC", "2026-11-22T02:00:00.250+00:00"),
    ("2026-11-22 02:00:00 +0000", "2026-11-22T02:00:00.000+00:00"),
    ("22/Nov/2026:02:00:00 +0000", "2026-11-22T02:00:00.000+00:00"),
    ("22/Nov/2026:02:00:00 -0500", "2026-11-22T07:00:00.000+00:00"),
    ("22/Nov/2026:02:00:00", "2026-11-22T01:00:00.000+00:00"),
    ("Nov 22 02:00:00", "2026-11-22T01:00:00.000+00:00"),
    ("Nov  3 02:00:00", "2026-11-03T01:00:00.000+00:00"),
    ("Dec 24 02:00:00", "2025-12-24T01:00:00.000+00:00"),
    ("Sun Nov 22 02:00:00.123456 2026", "2026-11-22T01:00:00.123+00:00"),
    ("1795312800", "2026-11-22T02:00:00.000+00:00"),
    ("1795312800.250", "2026-11-22T02:00:00.250+00:00"),
    ("1795312800250", "2026-11-22T02:00:00.250+00:00"),
    ("1795312800250000", "2026-11-22T02:00:00.250+00:00"),
    ("2026-12-31 23:59:60", "2026-12-31T23:00:00.000+00:00"),
]
NO_TIMES = [
    "",
    "2026-11-22",
    "2026-13-22T02:00:00Z",
    "2026-02-30T02:00:00Z",
    "2026-11-22T25:00:00Z",
    "2026-11-22T02:00:00+99:00",
    "22/Foo/2026:02:00:00 +0000",
    "Feb 30 02:00:00",
    "12345",
    "0000000001",
    "yesterday",
    "2026-11-22T02:00:00Zulu",
]


@pytest.mark.parametrize(("text", "expected"), TIMES)
def test_times_are_read_in_the_given_zone_where_they_name_none(text: str, expected: str) -> None:
    assert in_words(Clock(BERLIN, NOW.timestamp()).parse(text.encode())) == expected


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_is_none(text: str) -> None:
    assert Clock(BERLIN, NOW.timestamp()).parse(text.encode()) is None


def test_the_cache_of_minutes_is_bounded() -> None:
    clock = Clock(timezone.utc, NOW.timestamp())
    for minute in range(20000):
        text = datetime.fromtimestamp(1.7e9 + 60 * minute, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert clock.parse(text.encode()) == 1.7e9 + 60 * minute
    assert len(clock._minutes) <= 4096


@pytest.mark.parametrize("number", [0.0, -5.0, 1e7, 1e21, float("nan"), float("inf")])
def test_numbers_that_are_no_moment(number: float) -> None:
    assert epoch_seconds(number) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("24h", 86400), ("90m", 5400), ("7d", 604800), ("1d 12h", 129600), (" 1.5H ", 5400), ("2w", 1209600), ("5s", 5)],
)
def test_periods(text: str, seconds: float) -> None:
    assert period_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "24", "24 hours", "-1h", "1y", "2026-11-22"])
def test_no_periods(text: str) -> None:
    assert period_seconds(text) is None


@pytest.mark.parametrize(
    ("raw", "name", "expected"),
    [
        ("ERROR", "", "error"),
        (" Warn ", "", "warning"),
        ("err", "", "error"),
        ("FATAL", "", "critical"),
        ("LOG", "", "info"),
        ("DEBUG3", "", "debug"),
        (30, "level", "info"),
        (50, "level", "error"),
        (60, "level", "critical"),
        (40, "levelno", "error"),
        (50, "levelno", "critical"),
        (3, "PRIORITY", "error"),
        ("6", "PRIORITY", "info"),
        (7, "", "debug"),
        ("audit", "", "audit"),
        (35, "", None),
        (True, "", None),
        ("", "", None),
        ("no level at all", "", None),
        ({"a": 1}, "", None),
    ],
)
def test_levels(raw: object, name: str, expected: str | None) -> None:
    assert level_of(raw, name) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (200, 200),
        ("503", 503),
        (100, 100),
        (599, 599),
        (600, None),
        (99, None),
        ("ok", None),
        (True, None),
        ("20", None),
        ("2000", None),
        (200.0, None),
        ("٢٠٠", None),
        (None, None),
    ],
)
def test_statuses(raw: object, expected: int | None) -> None:
    assert status_of(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (12, 12.0),
        (0, 0.0),
        (1.5, 1.5),
        ("12.5", 12.5),
        ("250ms", 250.0),
        ("1.5s", 1500.0),
        ("1m2.5s", 62500.0),
        ("2h", 7.2e6),
        ("15µs", 0.015),
        ("15μs", 0.015),
        ("900ns", 0.0009),
        ("3 seconds", 3000.0),
        (".5s", 500.0),
        (1e-05, 1e-05),
        ("", None),
        ("fast", None),
        ("-5", None),
        (-5, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        (None, None),
        ([1], None),
        ("1s later", None),
        ("9" * 400, None),
        (1e300, None),
    ],
)
def test_durations(raw: object, expected: float | None) -> None:
    assert duration_of(raw, 1.0) == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        ("duration_ms", "auto", 1.0),
        ("duration", "auto", 1.0),
        ("request_time", "auto", 1000.0),
        ("nginx.request_time", "auto", 1000.0),
        ("took_seconds", "auto", 1000.0),
        ("elapsed_us", "auto", 0.001),
        ("elapsedNs", "auto", 1e-6),
        ("duration_ms", "s", 1000.0),
    ],
)
def test_the_unit_of_a_field(name: str, unit: str, expected: float) -> None:
    assert scale_of(name, unit) == expected
