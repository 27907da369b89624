# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The READMEs of the roles are current, and what they show is true."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ..collection import CHECKOUT, COLLECTIONS
from ..tools.program import environment
from ..tools.role_readmes import ROLES, example_of, facts_named, path_of, specs_of, tasks_of, text

EVERY = [(role, entry) for role in ROLES for entry in specs_of(role)]


def uses_of(role: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where the example uses the role: its entry point, and the variables that are given."""
    for play in yaml.safe_load(example_of(role).read_text()):
        for use in play.get("roles", []):
            if use["role"] == f"day2.ops.{role}":
                yield "main", use.get("vars", {})
        for task in play.get("tasks", []):
            use = task.get("ansible.builtin.include_role", {})
            if use.get("name") == f"day2.ops.{role}":
                yield use.get("tasks_from", "main"), task.get("vars", {})


@pytest.mark.parametrize("role", ROLES)
def test_a_readme_is_current(role: str) -> None:
    assert path_of(role).read_text(encoding="utf-8") == text(role), "run: python -m tests.tools.role_readmes"


@pytest.mark.parametrize("role", ROLES)
def test_a_readme_is_plain_markdown(role: str) -> None:
    assert not [mark for mark in ("C(", "V(", "O(", "M(", "P(") if f" {mark}" in text(role)]


@pytest.mark.parametrize(("role", "entry"), EVERY)
def test_the_facts_that_are_told_are_set(role: str, entry: str) -> None:
    told = facts_named(specs_of(role)[entry])
    tasks = CHECKOUT / "roles" / role / "tasks"
    assert [fact for fact in told if f"{fact}:" not in "".join(path.read_text() for path in tasks.rglob("*.yml"))] == []
    assert all(fact.startswith(f"{role}_") for fact in told)


@pytest.mark.parametrize("role", ROLES)
def test_an_example_gives_what_the_role_takes(role: str) -> None:
    uses = list(uses_of(role))
    assert uses
    for entry, given in uses:
        options = specs_of(role)[entry].get("options") or {}
        assert set(given) <= set(options)
        assert {name for name, option in options.items() if option.get("required")} <= set(given)


@pytest.mark.parametrize("role", ROLES)
def test_an_example_shows_every_entry_point(role: str) -> None:
    assert {entry for entry, _given in uses_of(role)} == set(specs_of(role))


def test_there_is_an_example_of_every_role_and_no_other() -> None:
    assert sorted(path.stem for path in (CHECKOUT / "docs" / "examples").iterdir()) == ROLES


def test_ansible_understands_the_examples() -> None:
    argv = [sys.executable, "-m", "ansible", "playbook", "--syntax-check", "--inventory=localhost,"]
    done = subprocess.run(
        [*argv, *(str(example_of(role)) for role in ROLES)],
        env=environment(ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS)),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_task_is_read() -> None:
    assert {task["name"] for task in tasks_of("backup")} >= {"Back up each database", "Keep what was made"}
