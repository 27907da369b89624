# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/coverage.yml against the collection: every id is one of a procedure, and what is said to do it is there."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.day2.ops.plugins.plugin_utils._rules import default_rules

from ..collection import CHECKOUT

KEYS = {"playbook", "tags", "test", "partial", "kind"}


def read(path: str) -> Any:
    return yaml.safe_load((CHECKOUT / path).read_text(encoding="utf-8"))


LISTED: dict[str, dict[str, Any]] = read("docs/procedures.yml")
PROCEDURES = {f"{prefix}-{number:02}" for prefix, one in LISTED.items() for number in range(1, one["count"] + 1)}
HUMAN = {f"{prefix}-{number:02}" for prefix, one in LISTED.items() for number in one["human"]}
COVERAGE: dict[str, dict[str, Any]] = read("docs/coverage.yml")


def tags_of(playbook: Path) -> set[str]:
    """The tags of a playbook's plays."""
    return {tag for play in yaml.safe_load(playbook.read_text(encoding="utf-8")) for tag in play.get("tags", [])}


def functions_in(path: Path) -> set[str]:
    """The names of a file's tests."""
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def problems(name: str, entry: dict[str, Any]) -> list[str]:
    """What is wrong with an entry."""
    found = [f"there is no procedure {name}"] if name not in PROCEDURES else []
    found += [f"{key} is no key" for key in sorted(set(entry) - KEYS)]
    if ("partial" in entry) and not (isinstance(entry["partial"], str) and entry["partial"]):
        found.append("partial has to say what is missing")
    if (entry.get("kind") == "human") is not (name in HUMAN):
        found.append("kind: human is for those that no program can do, and for all of these")
    if name in HUMAN:
        return found
    playbook = CHECKOUT / "playbooks" / f"{entry.get('playbook')}.yml"
    if not playbook.is_file():
        found.append(f"there is no playbook {entry.get('playbook')}")
    elif not set(entry.get("tags", [])) <= tags_of(playbook):
        found.append(f"{playbook.name} has no such tags: {entry['tags']}")
    path, _colons, test = str(entry.get("test")).partition("::")
    if not (CHECKOUT / path).is_file() or test not in functions_in(CHECKOUT / path):
        found.append(f"there is no test {entry.get('test')}")
    return found


@pytest.mark.parametrize("name", COVERAGE)
def test_what_is_said_to_do_a_procedure_is_there(name: str) -> None:
    assert problems(name, COVERAGE[name]) == []


WELL = {
    "playbook": "daily",
    "tags": ["morning"],
    "test": f"tests/unit/{Path(__file__).name}::test_what_is_wrong_is_seen",
}


@pytest.mark.parametrize(
    ("name", "entry", "seen"),
    [
        ("SIR-01", WELL, []),
        ("SIR-62", WELL, ["there is no procedure SIR-62"]),
        ("SIR-01", {**WELL, "playbok": "daily"}, ["playbok is no key"]),
        ("SIR-01", {**WELL, "playbook": "dayly"}, ["there is no playbook dayly"]),
        ("SIR-01", {**WELL, "tags": ["noon"]}, ["daily.yml has no such tags: ['noon']"]),
        ("SIR-01", {**WELL, "test": "tests/none.py::test"}, ["there is no test tests/none.py::test"]),
        ("SIR-01", {**WELL, "partial": ""}, ["partial has to say what is missing"]),
        ("SIR-26", WELL, ["kind: human is for those that no program can do, and for all of these"]),
        ("SIR-26", {"kind": "human"}, []),
    ],
)
def test_what_is_wrong_is_seen(name: str, entry: dict[str, Any], seen: list[str]) -> None:
    assert problems(name, entry) == seen


def test_rules_name_procedures_that_there_are() -> None:
    inventories = [yaml.safe_load(path.read_text()) for path in (CHECKOUT / "inventories").glob("*/group_vars/*.yml")]
    own = [rules for variables in inventories for name, rules in variables.items() if name.endswith("_rules")]
    rules = [rule for some in (default_rules(), *own) if isinstance(some, list) for rule in some]
    assert {name for rule in rules for name in rule.get("procedures", [])} - PROCEDURES == set()
