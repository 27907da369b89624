# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the module log_scan_info, as what is asked of a scan."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .._errors import Refused
from .._runtime.survey import RUNTIMES, service_of
from .patterns import Pattern
from .specs import FIELDS, PatternSpec, Settings, SourceSpec
from .times import Clock, period_seconds
from .values import level_of

__all__ = ["ARGUMENTS", "FIELD_OPTIONS", "settings_of", "sources_of"]

_NAMES: Mapping[str, Any] = {"type": "list", "elements": "str"}

# What each option of "fields" is about. ansible-core keeps the name "message" for itself.
FIELD_OPTIONS: Mapping[str, str] = {{"message": "text"}.get(what, what): what for what in FIELDS}

ARGUMENTS: dict[str, Any] = {
    "sources": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str"},
            "paths": {"type": "list", "elements": "path"},
            "service": {
                "type": "dict",
                "options": {
                    "name": {"type": "str", "required": True},
                    "runtime": {"type": "str", "required": True, "choices": list(RUNTIMES)},
                    "project": {"type": "str"},
                },
            },
            "format": {"type": "str", "choices": ["auto", "json", "plain", "access"], "default": "auto"},
            "fields": {"type": "dict", "options": {name: dict(_NAMES) for name in FIELD_OPTIONS}},
            "duration_unit": {"type": "str", "choices": ["auto", "ns", "us", "ms", "s"], "default": "auto"},
            "timeout": {"type": "int", "default": 600},
            "max_unpacked_bytes": {"type": "int", "default": 8589934592},
            "durations_of": {"type": "str", "choices": ["auto", "all", "slow"], "default": "auto"},
            "patterns": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "regex": {"type": "str", "required": True},
                    "field": {"type": "str"},
                    "level": {"type": "str"},
                },
            },
        },
        "mutually_exclusive": [("paths", "service")],
        "required_one_of": [("paths", "service")],
    },
    "since": {"type": "str"},
    "until": {"type": "str"},
    "timezone": {"type": "str", "default": "UTC"},
    "top": {"type": "int", "default": 10},
    "mask": {"type": "bool", "default": True},
    "concurrency": {"type": "int", "default": 2},
    "max_line_bytes": {"type": "int", "default": 262144},
}

SMALLEST_LINE, LONGEST_LINE = 256, 4194304


def settings_of(params: Mapping[str, Any], now: float) -> Settings:
    """Return what holds for all sources.

    :param now: seconds since the epoch, against which periods count back.
    """
    zone = _zone(params["timezone"])
    since, until = _moment("since", params["since"], zone, now), _moment("until", params["until"], zone, now)
    if since is not None and until is not None and since >= until:
        raise _refused("since", params["since"], "it does not lie before until", "Give a since that is earlier.")
    if params["top"] < 1:
        raise _refused("top", str(params["top"]), "it is less than 1", "Give the length of the lists, 1 or more.")
    if params["concurrency"] < 1:
        raise _refused("concurrency", str(params["concurrency"]), "it is less than 1", "Give 1 or more.")
    longest = params["max_line_bytes"]
    if not SMALLEST_LINE <= longest <= LONGEST_LINE:
        remedy = f"Give a number from {SMALLEST_LINE} to {LONGEST_LINE}."
        raise _refused("max_line_bytes", str(longest), "it is too small or too large", remedy)
    return Settings(zone, now, since, until, params["top"], params["mask"], longest)


def sources_of(params: Mapping[str, Any]) -> list[SourceSpec]:
    """Return the sources."""
    return [_source(given) for given in params["sources"]]


def _source(given: Mapping[str, Any]) -> SourceSpec:
    paths = tuple(given["paths"] or ())
    service = service_of(given["service"], "service") if given["service"] else None
    name = given["name"] or (service.where if service else ", ".join(paths))
    if service is None and (not all(paths) or not paths):
        raise _refused("paths", name or "a source", "a path is empty", "Name the files of the source.")
    asked = {name: names for name, names in (given["fields"] or {}).items() if names is not None}
    named = {FIELD_OPTIONS[name]: tuple(names) for name, names in asked.items()}
    patterns = tuple(_pattern(pattern) for pattern in given["patterns"] or ())
    twice = [what for what, times in Counter(pattern.name for pattern in patterns).items() if times > 1]
    if twice:
        raise _refused("patterns", name, f"two patterns are called {twice[0]}", "Give each a name of its own.")
    for limit in ("timeout", "max_unpacked_bytes"):
        if given[limit] < 1:
            raise _refused(limit, name, f"{given[limit]} is less than 1", "Give 1 or more.")
    return SourceSpec(
        name,
        paths,
        given["format"],
        {**FIELDS, **named},
        given["duration_unit"],
        patterns,
        given["durations_of"],
        given["timeout"],
        given["max_unpacked_bytes"],
        service,
    )


def _pattern(given: Mapping[str, Any]) -> PatternSpec:
    level: str | None = None
    if given["level"]:
        level = level_of(given["level"])
        if level is None:
            remedy = "Use a word such as info, warning or error."
            raise _refused("patterns", given["name"], f"{given['level']} is no level", remedy)
    spec = PatternSpec(given["name"], given["regex"], given["field"] or None, level)
    try:
        Pattern(spec)
    except (re.error, RecursionError, OverflowError) as error:
        remedy = "Write it as Python's re module reads it; double the backslashes inside double quotes of YAML."
        raise _refused("patterns", given["name"], f"the regular expression cannot be read: {error}", remedy) from error
    return spec


def _zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        remedy = "Give a name such as Europe/Berlin; the operating system's package tzdata may be missing."
        raise _refused("timezone", name, "this host knows no such time zone", remedy) from error


def _moment(option: str, text: str | None, zone: tzinfo, now: float) -> float | None:
    if not text:
        return None
    seconds = period_seconds(text)
    if seconds is not None:
        return now - seconds
    moment = Clock(zone, now).parse(text.strip().encode("utf-8", "replace"))
    if moment is None:
        moment = _whole(text.strip(), zone)
    if moment is None:
        remedy = "Give a time such as 2026-11-22T02:00:00Z, a date, or a period such as 24h or 7d."
        raise _refused(option, text, "it is neither a time nor a period", remedy)
    return moment


def _whole(text: str, zone: tzinfo) -> float | None:
    """A date, or a time without seconds."""
    try:
        given = datetime.fromisoformat(text)
        return (given if given.tzinfo else given.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None


def _refused(option: str, on: str, why: str, remedy: str) -> Refused:
    return Refused(f"reading the option {option}", on, why, remedy)
