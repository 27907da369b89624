# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""inventories/sira: its limits are those of the platform's manual, and the stand-in changes nothing but its places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.day2.ops.plugins.module_utils._findings import Finding, judge, rulebook
from ansible_collections.day2.ops.plugins.plugin_utils._rules import default_rules

from ..collection import CHECKOUT
from ..stacks.sira.layout import DATABASE, DOMAIN, SERVICES, Layout, description
from ..stacks.sira.overlay import variables
from ..stacks.sira.traffic import ORDINARY, TROUBLED, paths

INVENTORY = CHECKOUT / "inventories" / "sira"
VARIABLES: dict[str, Any] = yaml.safe_load((INVENTORY / "group_vars" / "sira.yml").read_text(encoding="utf-8"))
RULES = rulebook(default_rules(), VARIABLES["sira_rules"])
GIB = 1 << 30


def service(name: str, **used: Any) -> dict[str, Any]:
    """A service that runs, with what it uses."""
    return {"services": [{"name": name, "replicas": {"running": 1, "total": 1}, **used}]}


def log(**counted: Any) -> dict[str, Any]:
    """What was counted in the backend's log."""
    latency = {"complete": True, "p95": counted.pop("p95", 1.0), "p99": counted.pop("p99", 1.0)}
    return {"logs": [{"name": "backend", "errors": 0, "groups": [], "latency": latency, **counted}]}


def database(**facts: Any) -> dict[str, Any]:
    families = ["connections", "cache_hit_ratio"]
    return {"postgresql": [{"reached": True, "families": families, "database": {"name": DATABASE}, **facts}]}


def set_of(bytes_: int) -> dict[str, Any]:
    return {"backups": [{"database": DATABASE, "whole": 1, "newest": {"bytes": bytes_}}]}


def disk(percent: float) -> dict[str, Any]:
    return {"host": {"disks": [{"mount": "/", "read_only": False, "used_percent": percent}]}}


def found(facts: dict[str, Any], check: str) -> Finding:
    [finding] = [one for one in judge(facts, RULES) if one.check == check]
    return finding


# The check, facts just within what the manual expects, facts beyond it, and how bad these are.
LIMITS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("logs.errors", log(errors=10), log(errors=11), "warning"),
    ("logs.errors", log(errors=10), log(errors=21), "critical"),
    ("logs.latency_p95", log(p95=500), log(p95=501), "warning"),
    ("logs.latency_p99", log(p99=2000), log(p99=2001), "warning"),
    (
        "logs.recurring",
        log(groups=[{"message": "lost", "count": 4}]),
        log(groups=[{"message": "lost", "count": 5}]),
        "warning",
    ),
    # Only history makes more of it than info.
    ("services.cpu_expected", service("backend", cpu_percent=50), service("backend", cpu_percent=51), "info"),
    ("services.cpu_expected", service("frontend", cpu_percent=30), service("frontend", cpu_percent=31), "info"),
    ("services.cpu_expected", service("postgres", cpu_percent=40), service("postgres", cpu_percent=41), "info"),
    (
        "services.memory_expected",
        service("backend", memory_bytes=2 * GIB),
        service("backend", memory_bytes=2 * GIB + 1),
        "warning",
    ),
    (
        "services.memory_expected",
        service("frontend", memory_bytes=GIB),
        service("frontend", memory_bytes=GIB + 1),
        "warning",
    ),
    (
        "services.memory_expected",
        service("postgres", memory_bytes=4 * GIB),
        service("postgres", memory_bytes=4 * GIB + 1),
        "warning",
    ),
    (
        "services.memory",
        service("backend", memory_limit_bytes=GIB, memory_percent=85, memory_bytes=1),
        service("backend", memory_limit_bytes=GIB, memory_percent=91, memory_bytes=1),
        "critical",
    ),
    ("host.disk_space", disk(80), disk(81), "warning"),
    ("host.disk_space", disk(80), disk(86), "critical"),
    ("backups.bytes", set_of(1_000_000), set_of(999_999), "warning"),
    (
        "postgresql.connection_count",
        database(connections={"total": 19}),
        database(connections={"total": 20}),
        "warning",
    ),
    ("postgresql.cache_hit_ratio", database(cache_hit_ratio=0.99), database(cache_hit_ratio=0.98), "warning"),
]


@pytest.mark.parametrize(("check", "within", "beyond", "severity"), LIMITS)
def test_the_limits_are_those_of_the_manual(
    check: str, within: dict[str, Any], beyond: dict[str, Any], severity: str
) -> None:
    assert found(within, check).severity == "ok"
    assert found(beyond, check).severity == severity
    assert any(name.startswith("SIR-") for name in found(beyond, check).procedures)


def test_a_database_that_is_away_is_seen_in_the_health_document() -> None:
    probe = {"name": "sira, health", "reached": True, "json": {"status": "healthy", "database": "connected"}}
    assert found({"probes": [probe]}, "probes.database").severity == "ok"
    probe["json"] = {"status": "healthy", "database": "disconnected"}
    assert found({"probes": [probe]}, "probes.database").severity == "critical"


def test_no_secret_is_in_it() -> None:
    text = (INVENTORY / "group_vars" / "sira.yml").read_text()
    assert [line for line in text.splitlines() if "password:" in line] == []
    assert "lookup('ansible.builtin.env'" in VARIABLES["sira_api_token"]


# -- the stand-in ------------------------------------------------------------------------------------------------------


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    (tmp_path / "secrets").mkdir()
    return Layout(tmp_path)


def test_the_stand_in_is_what_the_inventory_describes() -> None:
    assert {one["name"] for one in VARIABLES["day2_services"]} == set(SERVICES) == set(description({})["services"])
    assert [one["name"] for one in VARIABLES["day2_databases"]] == [DATABASE]
    assert VARIABLES["sira_domain"] == DOMAIN


def test_what_is_laid_over_it_changes_only_what_differs_on_this_machine(layout: Layout) -> None:
    changed = set(variables(layout, "other", 4443))
    assert {name for name in changed if name.startswith("day2_")} == {"day2_state_dir", "day2_cleanup", "day2_rules"}
    added = {name for name in changed if name.startswith("sira_")} - set(VARIABLES)
    assert added == {"sira_stand_in", "sira_rules_of_the_machine"}
    assert variables(layout, "other", 4443)["day2_cleanup"] == {"engine": False}
    machine = variables(layout, "other", 4443)["sira_rules_of_the_machine"]
    assert {one["check"].partition(".")[0] for one in machine} == {"host"}
    rulebook(default_rules(), [*VARIABLES["sira_rules"], *machine])


def test_everything_that_compose_makes_bears_the_labels() -> None:
    told = description({"mine": "yes"})
    made = [one for kind in ("services", "networks", "volumes") for one in told[kind].values()]
    assert [one["labels"] for one in made] == [{"mine": "yes"}] * len(made)
    assert all(one["logging"]["driver"] == "json-file" for one in told["services"].values())
    assert all({"healthcheck", "mem_limit", "cpus"} <= set(one) for one in told["services"].values())


def test_secrets_are_made_once_and_differ(layout: Layout) -> None:
    assert layout.secret("a") == layout.secret("a") != layout.secret("b")
    assert layout.secret_file("a").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kinds", [ORDINARY, TROUBLED])
def test_the_requests_are_the_same_each_time_and_mixed(kinds: dict[str, int]) -> None:
    asked = paths(kinds)
    assert asked == paths(kinds)
    assert len(asked) == sum(kinds.values())
    assert asked.count("/api/me") == kinds.get("/api/me", 0)
    assert len(set(asked[:20])) > 5
