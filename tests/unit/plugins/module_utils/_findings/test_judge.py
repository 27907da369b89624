# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The judge: facts and rules in, findings out."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._findings import (
    SEVERITIES,
    Finding,
    at_least,
    judge,
    rulebook,
    unreachable,
)

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=timezone.utc)

DISK = {
    "check": "host.disk",
    "title": "Disk space used",
    "requires": "host",
    "each": "disks",
    "subject": "mount",
    "value": "used_percent",
    "unit": "percent",
    "warning": {"op": ">", "value": 80},
    "critical": {"op": ">", "value": 90},
    "message": "{subject} is {observed} full, {item.free:bytes} left",
    "remedy": "Free space on {subject} of {host}",
    "procedures": ["SIR-06"],
}
VALUE = {
    "check": "host.value",
    "requires": "host",
    "value": "value",
    "warning": {"op": ">", "value": 1},
    "message": "It is {observed}",
    "remedy": "Mend it",
}


def verdict(facts: Any, *rules: dict[str, Any], **options: Any) -> list[Finding]:
    """The findings of one host, by rules given as data."""
    overrides = options.pop("overrides", ())
    return judge(facts, rulebook(list(rules), overrides), now=NOW, host="db1", **options)


def short(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(finding.severity, finding.check, finding.subject) for finding in findings]


def disks(*used: Any) -> dict[str, Any]:
    return {
        "host": {"disks": [{"mount": f"/{n}", "used_percent": value, "free": 2048} for n, value in enumerate(used)]}
    }


def test_a_finding_has_all_that_a_person_needs() -> None:
    assert [finding.as_dict() for finding in verdict(disks(93.26), DISK)] == [
        {
            "check": "host.disk",
            "host": "db1",
            "subject": "/0",
            "severity": "critical",
            "observed": 93.26,
            "expected": "at most 80 %",
            "unit": "percent",
            "message": "/0 is 93.26 % full, 2.0 KiB left",
            "remedy": "Free space on /0 of db1",
            "procedures": ["SIR-06"],
            "silenced": None,
        }
    ]


def test_what_is_well_is_told_with_its_value() -> None:
    (finding,) = verdict(disks(12), DISK)
    assert (finding.severity, finding.message, finding.remedy) == ("ok", "Disk space used: 12 %", "")


def test_the_worst_come_first() -> None:
    findings = verdict(disks(10, 85, None, 95, 91), DISK)
    assert short(findings) == [
        ("critical", "host.disk", "/3"),
        ("critical", "host.disk", "/4"),
        ("unknown", "host.disk", "/2"),
        ("warning", "host.disk", "/1"),
        ("ok", "host.disk", "/0"),
    ]


SEEN = [
    ({}, []),
    ({"postgresql": []}, []),
    ({"host": {"value": 1}}, ["ok"]),
    ({"host": {"value": 2}}, ["warning"]),
    ({"host": {"value": 0}}, ["ok"]),
    ({"host": {"value": None}}, ["unknown"]),
    ({"host": {"value": "2"}}, ["unknown"]),
    ({"host": {"value": "0"}}, ["unknown"]),
    ({"host": {"value": True}}, ["unknown"]),
    ({"host": {"value": float("nan")}}, ["unknown"]),
    ({"host": {"value": []}}, ["unknown"]),
    ({"host": {}}, ["unknown"]),
    ({"host": None}, ["unknown"]),
    ({"host": []}, ["unknown"]),
    ({"host": "gone"}, ["unknown"]),
]


@pytest.mark.parametrize(("facts", "severities"), SEEN)
def test_what_is_not_seen_is_never_well(facts: dict[str, Any], severities: list[str]) -> None:
    assert [finding.severity for finding in verdict(facts, VALUE)] == severities


NO_LIST = [
    ({"host": {}}, "disks is not there or null"),
    ({"host": {"disks": None}}, "disks is not there or null"),
    ({"host": {"disks": {"a": 1}}}, "disks is a dictionary where a list is needed"),
    ({"host": None}, "disks is not there or null"),
]


@pytest.mark.parametrize(("facts", "reason"), NO_LIST)
def test_a_list_that_is_not_there_is_unknown(facts: dict[str, Any], reason: str) -> None:
    (finding,) = verdict(facts, DISK)
    assert (finding.severity, finding.subject) == ("unknown", "not known")
    assert finding.message == f"Disk space used is not known: {reason}"
    assert finding.remedy.startswith("Find out why it was not collected")


def test_an_empty_list_has_nothing_to_judge() -> None:
    assert verdict({"host": {"disks": []}}, DISK) == []


def test_the_reason_of_a_null_is_told_in_the_words_of_who_looked() -> None:
    facts = {"host": {"value": None, "value_reason": "needs pg_monitor", "number": 3}}
    assert verdict(facts, {**VALUE, "reason": "value_reason"})[0].message == "value is not known: needs pg_monitor"
    assert verdict(facts, {**VALUE, "reason": "gone"})[0].message == "value is not known: value is not there or null"
    broken = verdict(facts, {**VALUE, "reason": "length(number)"})[0]
    assert broken.message == "value is not known: value is not there or null"


def test_a_path_that_cannot_be_applied_is_unknown() -> None:
    (finding,) = verdict({"host": {"value": 5}}, {**VALUE, "value": "length(value)"})
    assert finding.severity == "unknown"
    assert "length" in finding.message
    (finding,) = verdict({"host": {"disks": 5}}, {**DISK, "each": "keys(disks)"})
    assert finding.severity == "unknown"
    broken = {**VALUE, "reason": "length(number)"}
    (finding,) = verdict({"host": {"value": None, "number": 5}}, broken)
    assert finding.message == "value is not known: value is not there or null"
    (finding,) = verdict({"host": {"disks": [{"used_percent": 1}]}}, {**DISK, "subject": "length(used_percent)"})
    assert (finding.severity, finding.subject) == ("ok", "not known")


def test_text_where_a_number_is_needed_says_so() -> None:
    (finding,) = verdict({"host": {"value": "95"}}, VALUE)
    assert finding.message == "value is not known: '95' is text where a number is needed"
    assert finding.observed == "95"
    assert finding.remedy == "Mend what collects it, or the rule, so that the two are of one kind."


def test_lists_in_lists_know_what_they_are_in() -> None:
    rule = {
        "check": "postgresql.slot",
        "requires": "postgresql",
        "each": ["[]", "slots"],
        "subject": "{parent.database}: {item.name}",
        "value": "retained",
        "unit": "bytes",
        "warning": {"op": ">", "value": 1024},
        "message": "Slot {item.name} of {parent.database} keeps {observed}",
        "remedy": "Drop it",
    }
    facts = {
        "postgresql": [
            {"database": "a", "slots": [{"name": "s1", "retained": 5000}, {"name": "s2", "retained": 5}]},
            {"database": "b", "slots": None},
            {"database": "c", "slots": []},
        ]
    }
    assert [(finding.severity, finding.message) for finding in verdict(facts, rule)] == [
        ("unknown", "slot is not known: slots is not there or null"),
        ("warning", "Slot s1 of a keeps 4.9 KiB"),
        ("ok", "slot: 5 B"),
    ]


def test_a_rule_can_have_a_subject_without_a_list() -> None:
    (finding,) = verdict({"host": {"value": 3, "name": "web"}}, {**VALUE, "subject": "name"})
    assert finding.subject == "web"
    (finding,) = verdict({"host": {"value": 3}}, {**VALUE, "message": "{subject} has {observed}"})
    assert (finding.subject, finding.message) == ("", "db1 has 3")


def test_info_alone_never_gets_worse() -> None:
    rule = {key: value for key, value in VALUE.items() if key != "warning"}
    (finding,) = verdict({"host": {"value": 100}}, {**rule, "info": {"op": ">", "value": 1}})
    assert finding.severity == "info"


# --- for ---------------------------------------------------------------------------------------------------------


def past(*samples: tuple[float, Any]) -> list[dict[str, Any]]:
    """History of (hours ago, observed); what is observed as ``...`` is not in that run."""
    return [
        {
            "run": {"finished": (NOW - timedelta(hours=hours)).isoformat()},
            "findings": []
            if observed is ...
            else [{"check": "host.value", "host": "db1", "subject": "", "observed": observed}],
        }
        for hours, observed in samples
    ]


LASTING = {**VALUE, "for": "3h", "critical": {"op": ">", "value": 10}}
FOR = [
    ("no history", 5, [], "info", "It is 5 (not yet for 3 h: seen for the first time)"),
    ("long enough", 5, [(1, 5), (2, 4), (3, 3)], "warning", "It is 5"),
    ("longer", 5, [(1, 5), (30, 3)], "warning", "It is 5"),
    ("not long enough", 5, [(1, 5), (2, 4)], "info", "It is 5 (not yet for 3 h: seen for 2 h)"),
    ("well in between", 5, [(1, 5), (2, 1), (3, 5), (4, 5)], "info", "It is 5 (not yet for 3 h: seen for 1 h)"),
    ("well at last", 5, [(1, 0), (3, 5)], "info", "It is 5 (not yet for 3 h: seen for the first time)"),
    ("unknown in between", 5, [(1, 5), (2, None), (3, 5)], "info", "It is 5 (not yet for 3 h: seen for 1 h)"),
    ("text in between", 5, [(1, "5"), (3, 5)], "info", "It is 5 (not yet for 3 h: seen for the first time)"),
    ("not looked at in between", 5, [(1, 5), (2, ...), (3, 5)], "warning", "It is 5"),
    ("critical at once, warning for long", 20, [(1, 5), (3, 5)], "warning", "It is 20"),
    ("critical for long", 20, [(1, 15), (3, 12)], "critical", "It is 20"),
    ("critical before, warning now", 5, [(1, 15), (3, 12)], "warning", "It is 5"),
    ("from the future", 5, [(-1, 5), (3, 5)], "warning", "It is 5"),
    ("well now", 1, [(1, 5), (3, 5)], "ok", "value: 1"),
    ("unknown now", None, [(1, 5), (3, 5)], "unknown", "value is not known: value is not there or null"),
]


@pytest.mark.parametrize(
    ("observed", "history", "severity", "message"), [row[1:] for row in FOR], ids=[row[0] for row in FOR]
)
def test_for(observed: Any, history: list[tuple[float, Any]], severity: str, message: str) -> None:
    entries = past(*history)
    for order in (entries, entries[::-1]):
        (finding,) = verdict({"host": {"value": observed}}, LASTING, history=order)
        assert (finding.severity, finding.message) == (severity, message)


def test_history_of_another_host_or_of_no_use_does_not_count() -> None:
    history: list[Any] = past((1, 5), (3, 5))
    history[0]["findings"][0]["host"] = "db2"
    history[1]["findings"][0]["subject"] = "other"
    history += [
        None,
        {},
        {"run": 1, "findings": []},
        {"run": {}, "findings": [{}]},
        {"run": {"started": "x"}, "findings": []},
    ]
    history += [{"run": {"started": "2026-11-21T00:00:00Z"}, "findings": ["no finding"]}]
    (finding,) = verdict({"host": {"value": 5}}, LASTING, history=history)
    assert finding.severity == "info"


# --- silences and overrides --------------------------------------------------------------------------------------


def test_a_silence_keeps_the_finding_and_says_why() -> None:
    silence = {"check": "host.disk", "silence": {"reason": "new disk  comes", "until": "2026-11-22"}}
    findings = verdict(disks(95, 10), DISK, overrides=[silence])
    assert short(findings) == [("critical", "host.disk", "/0"), ("ok", "host.disk", "/1")]
    assert findings[0].silenced == {"reason": "new disk comes", "until": "2026-11-22"}
    assert findings[1].silenced is None


def test_silenced_findings_come_after_their_equals() -> None:
    silence = {"check": "host.disk", "only": "/0", "silence": {"reason": "known", "until": "2026-12-01"}}
    findings = verdict(disks(95, 96), DISK, overrides=[silence])
    assert [(finding.subject, finding.silenced is not None) for finding in findings] == [("/1", False), ("/0", True)]


BAD_SILENCES: list[tuple[Any, str, str]] = [
    ({"reason": "x", "until": "2026-11-21"}, "info", "The silence of host.disk ended on 2026-11-21; it was: x"),
    ({"reason": "x"}, "warning", "The silence of host.disk does not count: it has no date in until"),
    ({"until": "2026-12-01"}, "warning", "The silence of host.disk does not count: it gives no reason"),
    ({"reason": " ", "until": "soon"}, "warning", "it gives no reason and its until is no date such as 2026-12-31"),
    ({"reason": "x", "until": "2026-12-01", "by": "me"}, "warning", "it has an unknown key by"),
    ("because", "warning", "The silence of host.disk does not count: it is no dictionary of reason and until"),
]


@pytest.mark.parametrize(("silence", "severity", "message"), BAD_SILENCES)
def test_a_silence_that_does_not_count_is_told(silence: Any, severity: str, message: str) -> None:
    findings = verdict(disks(95), DISK, overrides=[{"check": "host.disk", "silence": silence}])
    told = next(finding for finding in findings if finding.check == "rules.silence")
    assert (told.severity, told.subject) == (severity, "host.disk")
    assert message in told.message
    assert told.remedy
    disk = next(finding for finding in findings if finding.check == "host.disk")
    assert (disk.severity, disk.silenced) == ("critical", None)


def test_overrides_change_disable_and_add() -> None:
    overrides = [
        {"check": "host.disk", "warning": {"op": ">", "value": 40}, "critical": None},
        {"check": "host.value", "enabled": False},
        {**VALUE, "check": "host.own", "value": "own"},
    ]
    findings = verdict({"host": {**disks(45, 99)["host"], "value": 7, "own": 2}}, DISK, VALUE, overrides=overrides)
    assert short(findings) == [
        ("warning", "host.disk", "/0"),
        ("warning", "host.disk", "/1"),
        ("warning", "host.own", ""),
    ]


def test_overrides_for_some_subjects() -> None:
    overrides = [
        {"check": "host.disk", "only": ["/1", "/2"], "critical": {"op": ">", "value": 97}},
        {"check": "host.disk", "only": "/2", "enabled": False},
        {"check": "host.disk", "title": "Space"},
    ]
    findings = verdict(disks(95, 95, 95), DISK, overrides=overrides)
    assert short(findings) == [("critical", "host.disk", "/0"), ("warning", "host.disk", "/1")]


BAD_RULES: list[tuple[dict[str, Any], str]] = [
    ({"warnning": {"op": ">", "value": 1}}, "unknown key 'warnning'; did you mean 'warning'?"),
    ({"check": "Host.Value"}, "no lower-case name with a dot"),
    ({"check": 5}, "check must be text, not 5"),
    ({"requires": "hosts"}, "requires 'hosts' is none of host, postgresql"),
    ({"requires": "hosts"}, "did you mean 'host'?"),
    ({"value": "a["}, "value: "),
    ({"value": None}, "value is missing"),
    ({"each": 5, "subject": "x"}, "each must be a path or a list of paths, not 5"),
    ({"each": "disks"}, "subject is missing: with each"),
    ({"each": ["disks", "["], "subject": "x"}, "each: "),
    ({"subject": "{itm.x}"}, "subject: {itm.x} must begin with"),
    ({"reason": "]"}, "reason: "),
    ({"message": "{"}, "message: a lone brace"),
    ({"message": ["x"]}, "message must be text"),
    ({"remedy": ""}, "remedy is missing"),
    ({"warning": None}, "one of critical, warning, info is needed"),
    ({"warning": 80}, "warning must be a dictionary of op and value, not 80"),
    ({"warning": {"op": ">"}}, "warning: value is missing"),
    ({"warning": {"opp": ">", "value": 1}}, "warning: unknown key 'opp'; did you mean 'op'?"),
    ({"warning": {"op": "outsid", "value": [1, 2]}}, "did you mean 'outside'?"),
    ({"critical": {"op": ">", "value": "90"}}, "critical: op > needs a number as value, not text"),
    ({"for": "5 minutes"}, "for: '5 minutes' is no length of time"),
    ({"procedures": "SIR-06"}, "procedures must be a list of ids such as SIR-06"),
    ({"procedures": ["SIR6"]}, "procedures must be a list of ids such as SIR-06"),
    ({"enabled": "yes"}, "enabled must be true or false, not 'yes'"),
]


@pytest.mark.parametrize(("change", "problem"), BAD_RULES)
def test_a_bad_rule_is_told(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(Refused) as caught:
        rulebook([{**VALUE, **change}])
    assert problem in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(Refused) as caught:
        rulebook(
            [VALUE, VALUE, "no rule", {**DISK, "unit": 5}],
            [{"check": "host.dsik"}, {}, {"check": "host.new", "only": "x", "requires": "host", "value": "x"}],
        )
    message = str(caught.value)
    for part in (
        "Rule 'host.value' is there twice",
        "A rule must be a dictionary, not 'no rule'",
        "No rule is called 'host.dsik'; did you mean 'host.disk'?",
        "A rule without a check: {}",
        "Rule 'host.new' is new: only can come in a second entry",
        "Rule 'host.disk': unit must be text",
        "docs/rules.md",
    ):
        assert part in message


def test_rules_and_facts_of_the_wrong_kind_are_refused() -> None:
    with pytest.raises(Refused, match="The rules must be a list"):
        rulebook([], {"check": "host.disk"})
    with pytest.raises(Refused, match="they are no dictionary"):
        verdict([], VALUE)


def test_severities_are_in_order() -> None:
    assert SEVERITIES == ("ok", "info", "warning", "unknown", "critical")
    assert at_least("unknown", "warning")
    assert not at_least("warning", "unknown")


def test_a_host_that_was_not_reached_is_critical() -> None:
    finding = unreachable("db1", "")
    assert (finding.severity, finding.check, finding.message) == (
        "critical",
        "host.reached",
        "db1 was not reached: no reason was given",
    )


def test_without_a_moment_now_serves() -> None:
    assert judge({"host": {"value": 2}}, rulebook([VALUE]))[0].severity == "warning"
