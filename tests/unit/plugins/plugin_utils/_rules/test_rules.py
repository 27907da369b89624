# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that come with the collection, as data and as documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._findings import Finding, judge, rulebook
from ansible_collections.day2.ops.plugins.module_utils._findings.rule import Rule
from ansible_collections.day2.ops.plugins.plugin_utils._rules import default_rules, rules_by_group

from .....collection import CHECKOUT
from .....tools.rules_document import PATH, text
from .._report.documents import facts

RULES = rulebook(default_rules())
MODULES = CHECKOUT / "plugins" / "modules"
# The documentation of which module tells the keys of which group.
DOCUMENTED = {
    "host": "host_usage_info",
    "postgresql": "postgresql_health_info",
    "certificates": "certificate_info",
    "probes": "http_probe_info",
    "metrics": "postgresql_metric_info",
    "services": "service_info",
    "logs": "log_scan_info",
}
# Words in paths that are no keys of modules: functions of JMESPath, names of settings.
NO_KEYS = {"length", "contains", "join", "starts_with", "fsync", "full_page_writes", "autovacuum"}


def test_no_rule_is_there_twice() -> None:
    checks = [rule["check"] for rule in default_rules()]
    assert len(checks) == len(set(checks))
    assert len(checks) > 80


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check)
def test_each_rule_tells_a_person_what_to_do(rule: Rule) -> None:
    assert rule.title != rule.check.rpartition(".")[2].replace("_", " ")
    assert len(rule.remedy.source) > 10
    assert rule.check.split(".")[0] == rule.requires
    assert rule.each or rule.requires in ("host", "lease")


def test_the_document_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == text(), "run: python -m tests.tools.rules_document"


def _documented(module: str) -> set[str]:
    source = (MODULES / f"{module}.py").read_text(encoding="utf-8")
    match = re.search(r'^RETURN = r"""\n(.*?)^"""', source, re.DOTALL | re.MULTILINE)
    assert match
    # Descriptions count: where a dictionary is told in words, they name its keys.
    return set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", match[1]))


def _named(rule: dict[str, Any]) -> set[str]:
    """The keys that the paths of a rule name."""
    each = rule.get("each", [])
    paths = [*(each if isinstance(each, list) else [each]), rule["value"], rule.get("reason", "")]
    # Texts and literals in paths are no keys.
    bare = re.sub(r"'[^']*'|`[^`]*`", "", " ".join(paths))
    return set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", bare)) - NO_KEYS


@pytest.mark.parametrize("group", sorted(DOCUMENTED))
def test_paths_name_keys_that_the_module_documents(group: str) -> None:
    documented = _documented(DOCUMENTED[group])
    strange = {
        rule["check"]: sorted(_named(rule) - documented)
        for rule in default_rules()
        if rule["requires"] == group and _named(rule) - documented
    }
    assert strange == {}


def test_facts_of_a_run_are_judged() -> None:
    found = {(finding.check, finding.subject): finding for finding in judge(facts(), RULES, host="db1")}
    expected = {
        ("backups.exists", "audit"): "critical",
        ("backups.exists", "shop"): "ok",
        ("backups.corrupt", "shop"): "critical",
        ("backups.drill_ever", "shop"): "ok",
        ("backups.drill_ever", "audit"): "warning",
        ("backups.partial", "audit"): "info",
        ("steps.result", "reindex"): "critical",
        ("steps.result", "retention"): "info",
        ("steps.result", "backup"): "ok",
        ("probes.reached", "admin"): "critical",
        ("services.state", "shop/api"): "ok",
        ("services.state", "proxy"): "unknown",
        ("services.oom_killed", "shop/api"): "warning",
        ("services.memory", "shop/api"): "ok",
        ("probes.says", "health"): "ok",
        ("certificates.days_left", "Website 0"): "warning",
        ("certificates.chain_served", "Website 2"): "critical",
        ("logs.errors", "application"): "info",
        ("postgresql.sequences", "shop"): "ok",
        ("postgresql.kept_databases", 'shop "x"_before_20261102t020000z'): "warning",
        ("lease.taken_over", ""): "ok",
    }
    assert {key: found[key].severity for key in expected} == expected
    assert "needs 2.1 GiB" in found[("steps.result", "reindex")].message
    assert found[("steps.result", "reindex")].remedy.startswith("Free space where the database lies.")


BACKUPS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"whole": 0, "age_seconds": None, "verified": False}, {"exists": "critical", "drill_ever": "warning"}),
    ({"whole": 1, "age_seconds": 93_600}, {"age": "ok", "verified": "ok"}),
    ({"whole": 1, "age_seconds": 93_601}, {"age": "critical"}),
    ({"whole": 1, "age_seconds": None}, {"age": "unknown"}),
    ({"whole": 1, "age_seconds": -300}, {"age": "ok", "clock": "ok"}),
    ({"whole": 1, "age_seconds": -301}, {"clock": "warning"}),
    ({"whole": 1, "verified": False}, {"verified": "critical"}),
    ({"whole": 1, "verified": None}, {"verified": "unknown"}),
    ({"whole": None}, {"exists": "unknown"}),
    ({"corrupt": 1}, {"corrupt": "critical"}),
    ({"drill": None}, {"drill_ever": "warning"}),
    (
        {"drill": {"passed": True, "seconds": 8000, "last_passed": {}, "last_passed_age_seconds": 60}},
        {"drill_ever": "ok", "drill_passed": "ok", "restore_time": "warning"},
    ),
    (
        {"drill": {"passed": False, "last_passed": {"path": "x"}, "last_passed_age_seconds": 691_201}},
        {"drill_ever": "ok", "drill_passed": "critical", "drill_age": "warning"},
    ),
    ({"drill": {"passed": False, "last_passed": None}}, {"drill_ever": "warning", "drill_passed": "critical"}),
]


@pytest.mark.parametrize(("change", "expected"), BACKUPS)
def test_backups(change: dict[str, Any], expected: dict[str, str]) -> None:
    whole = {
        "database": "shop",
        "complete": 3,
        "whole": 3,
        "partial": 0,
        "corrupt": 0,
        "age_seconds": 60,
        "verified": True,
    }
    found = {
        finding.check: finding.severity for finding in judge({"backups": [{**whole, "drill": None, **change}]}, RULES)
    }
    assert {name: found.get(f"backups.{name}") for name in expected} == expected


def test_a_database_that_was_not_reached_is_one_finding() -> None:
    lost = {"reached": False, "error": {"why": "refused"}, "database": {"name": "shop"}, "families": [], "server": {}}
    (finding,) = judge({"postgresql": [lost]}, RULES)
    assert (finding.check, finding.severity) == ("postgresql.reached", "critical")
    assert finding.message == "shop could not be reached: refused"


@pytest.mark.parametrize(
    ("age", "severity"), [(0, "ok"), (604_800, "ok"), (604_801, "warning"), (10**9, "warning"), (None, "unknown")]
)
def test_a_kept_database_is_not_forgotten(age: int | None, severity: str) -> None:
    kept = {**facts()["postgresql"][0]["kept_databases"][0], "age_seconds": age, "bytes": None}
    database = {**facts()["postgresql"][0], "families": ["kept_databases"], "kept_databases": [kept]}
    findings = judge({"postgresql": [database]}, RULES)
    (found,) = (finding for finding in findings if finding.check == "postgresql.kept_databases")
    assert (found.subject, found.severity) == (kept["name"], severity)
    if severity == "warning":
        name = '"shop ""x""_before_20261102t020000z"'
        assert f"Then, as its owner: DROP DATABASE {name}; if it is a template, before that: " in found.remedy
        assert found.remedy.endswith(f"ALTER DATABASE {name} IS_TEMPLATE false;")
    if severity == "unknown":
        assert "its comment does not tell since when" in found.message


@pytest.mark.parametrize("kept", [[], None])
def test_where_no_database_was_kept_there_is_nothing_to_judge(kept: list[Any] | None) -> None:
    database = {**facts()["postgresql"][0], "families": ["kept_databases"], "kept_databases": kept}
    assert "postgresql.kept_databases" not in {one.check for one in judge({"postgresql": [database]}, RULES)}


SERVICE: dict[str, Any] = {
    "name": "api",
    "runtime": "compose",
    "project": "shop",
    "state": "running",
    "health": "healthy",
    "replicas": {"running": 2, "total": 2},
    "restarts": 0,
    "oom_killed": False,
    "exit_code": None,
    "started": "2026-11-22T02:00:00Z",
    "running_seconds": 86400,
    "cpu_percent": 12.5,
    "cpu_limit": 2.0,
    "cpu_limit_percent": 6.3,
    "memory_bytes": 400,
    "memory_limit_bytes": 1000,
    "memory_percent": 40.0,
    "image": "shop/api:1",
    "log_driver": "json-file",
    "log_bytes": 1000,
    "instances": [{"name": "shop-api-1"}, {"name": "shop-api-2"}],
    "unseen": [],
    "notes": [],
    "error": None,
}
UNSEEN = {
    **dict.fromkeys(SERVICE),
    "name": "api",
    "project": "shop",
    "replicas": {"running": None, "total": None},
    "instances": [],
    "unseen": [],
    "notes": [],
    "error": {"why": "the engine did not answer"},
}
NO_USE = {
    "cpu_limit_percent": None,
    "memory_percent": None,
    "notes": ["Other."],
    "unseen": [{"what": "log", "reason": "none"}, {"what": "use", "reason": "no answer"}],
}
NO_LOG = {
    "log_bytes": None,
    "notes": ["Other."],
    "unseen": [{"what": "use", "reason": "none"}, {"what": "log", "reason": "shop-api-1: /x: Permission denied"}],
}
ALL_WELL = {
    "state": "ok", "health": "ok", "restarts": "ok", "oom_killed": "ok", "cpu": "ok", "memory": "ok", "log_size": "ok",
}  # fmt: skip
ENDED = {"health": None, "replicas": {"running": 0, "total": 1}, "running_seconds": None, **NO_USE}
SERVICES: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, ALL_WELL),
    ({"health": "none"}, ALL_WELL),
    ({"health": "starting"}, {**ALL_WELL, "health": "warning"}),
    ({"health": "unhealthy"}, {**ALL_WELL, "health": "critical"}),
    ({"health": None}, {**ALL_WELL, "health": "unknown"}),
    (
        {**ENDED, "state": "exited", "exit_code": 3},
        {"state": "critical", "restarts": "ok", "oom_killed": "ok", "log_size": "ok"},
    ),
    (
        {**ENDED, "state": "restarting", "restarts": 9},
        {"state": "critical", "restarts": "warning", "oom_killed": "ok", "log_size": "ok"},
    ),
    ({"state": "exited", "replicas": {"running": 1, "total": 2}}, {**ALL_WELL, "state": "critical"}),
    ({**UNSEEN, "state": "missing", "error": None}, {"state": "critical"}),
    (UNSEEN, {"state": "unknown"}),
    ({"restarts": 1}, {**ALL_WELL, "restarts": "warning"}),
    ({"restarts": None}, {**ALL_WELL, "restarts": "unknown"}),
    ({"restarts": 3, "running_seconds": 599}, {**ALL_WELL, "restarts": "warning", "restart_loop": "critical"}),
    ({"restarts": 3, "running_seconds": 600}, {**ALL_WELL, "restarts": "warning", "restart_loop": "ok"}),
    ({"restarts": 2, "running_seconds": 1}, {**ALL_WELL, "restarts": "warning"}),
    ({"oom_killed": True}, {**ALL_WELL, "oom_killed": "warning"}),
    ({"memory_percent": 85.0}, ALL_WELL),
    ({"memory_percent": 85.1}, {**ALL_WELL, "memory": "warning"}),
    ({"memory_percent": 90.1}, {**ALL_WELL, "memory": "critical"}),
    ({"cpu_limit_percent": 99.0}, {**ALL_WELL, "cpu": "info"}),
    (NO_USE, {**ALL_WELL, "cpu": "unknown", "memory": "unknown"}),
    (NO_LOG, {**ALL_WELL, "log_size": "unknown"}),
    ({"log_bytes": (1 << 30) + 1}, {**ALL_WELL, "log_size": "info"}),
    ({"log_bytes": (10 << 30) + 1}, {**ALL_WELL, "log_size": "warning"}),
    (
        {"cpu_limit": None, "cpu_limit_percent": None, "memory_limit_bytes": None, "memory_percent": 99.0},
        {"state": "ok", "health": "ok", "restarts": "ok", "oom_killed": "ok", "log_size": "ok"},
    ),
    (
        {"log_driver": "journald", "log_bytes": None},
        {name: severity for name, severity in ALL_WELL.items() if name != "log_size"},
    ),
]


@pytest.mark.parametrize(("change", "expected"), SERVICES)
def test_services(change: dict[str, Any], expected: dict[str, str]) -> None:
    findings = judge({"services": [{**SERVICE, **change}]}, RULES)
    assert {finding.check.partition(".")[2]: finding.severity for finding in findings} == expected
    assert {finding.subject for finding in findings} == {"shop/api"}


def service_finding(check: str, *changes: dict[str, Any]) -> Finding:
    services = [{**SERVICE, **change} for change in changes]
    found = [finding for finding in judge({"services": services}, RULES) if finding.check == f"services.{check}"]
    return found[0]


def test_services_are_told_apart_by_their_project() -> None:
    blog, proxy = {"project": "blog"}, {"project": None, "runtime": "container", "name": "proxy"}
    findings = judge({"services": [{**SERVICE, **change} for change in ({}, blog, proxy)]}, RULES)
    assert {finding.subject for finding in findings} == {"shop/api", "blog/api", "proxy"}


def test_what_is_said_of_a_service_that_is_not_well() -> None:
    ended = service_finding("state", {**ENDED, "state": "exited", "exit_code": 0, "notes": []})
    assert ended.message == "shop/api is exited; 0 of 1 instances run"
    assert "Exit code 0: 137 is killed" in ended.remedy
    failed = {"unseen": [{"what": "log", "reason": "none"}], "notes": ["The engine says of shop-api-1: no such file"]}
    told = service_finding("state", {**ENDED, **failed, "state": "created"})
    assert told.message == "shop/api is created; 0 of 1 instances run. The engine says of shop-api-1: no such file"
    near = {
        "notes": ["The project shop has no container of api. There is apii."],
        "replicas": {"running": 0, "total": 0},
    }
    missing = service_finding("state", {**UNSEEN, **near, "state": "missing", "error": None})
    assert missing.message.endswith("0 of 0 instances run. The project shop has no container of api. There is apii.")
    strange = {
        "state": None,
        "unseen": [{"what": "state", "reason": "shop-api-1 is 'levitating', a word that is not known"}],
    }
    assert "'levitating'" in service_finding("state", strange).message
    assert service_finding("state", UNSEEN).message == "State of the service is not known: the engine did not answer"
    loop = service_finding("restart_loop", {"restarts": 9, "running_seconds": 75})
    assert loop.message == (
        "shop/api keeps ending: the engine has started it again 9 times, the last time 1 min 15 s ago"
    )
    assert service_finding("restarts", {"restarts": 1}).message.endswith("last started it: 1 restart by the engine")
    assert service_finding("memory", NO_USE).message == "Memory used of its limit is not known: no answer"
    assert "Permission denied" in service_finding("log_size", NO_LOG).message
    memory = service_finding(
        "memory", {"memory_percent": 91.0, "memory_bytes": 910 << 20, "memory_limit_bytes": 1000 << 20}
    )
    assert memory.message == "shop/api uses 91 % of the memory that it may use, 910 MiB of 1000 MiB"


def test_every_file_of_rules_has_its_place_in_the_document() -> None:
    names = set(rules_by_group())
    assert names == {path.stem for path in Path(CHECKOUT / "plugins/plugin_utils/_rules").glob("*.yml")}
