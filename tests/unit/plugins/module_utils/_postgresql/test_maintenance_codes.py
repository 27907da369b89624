# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The codes of what was skipped and the kinds of what failed: given somewhere, and documented, all of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
import yaml

from ansible_collections.day2.ops.plugins.module_utils._errors import Day2Error
from ansible_collections.day2.ops.plugins.module_utils._postgresql import session
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance import (
    crew,
    rebuild,
    reindex,
    reindex_plan,
    report,
    vacuum,
    vacuum_plan,
)
from ansible_collections.day2.ops.plugins.modules import postgresql_reindex, postgresql_vacuum

# The module, its codes, and the files that skip and fail objects for it.
Maintenance = tuple[ModuleType, Any, tuple[ModuleType, ...]]
BOTH: list[Maintenance] = [
    (postgresql_vacuum, report.VacuumCode, (vacuum, vacuum_plan, crew)),
    (postgresql_reindex, report.ReindexCode, (reindex, reindex_plan, rebuild, crew)),
]
NAMES = ["vacuum", "reindex"]


def trees(files: tuple[ModuleType, ...]) -> list[ast.Module]:
    return [ast.parse(Path(str(file.__file__)).read_text(encoding="utf-8")) for file in files]


def words(files: tuple[ModuleType, ...]) -> set[str]:
    """Every text that the files spell out."""
    nodes = (node for tree in trees(files) for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def skipped_with(files: tuple[ModuleType, ...]) -> set[str]:
    """The codes that calls of skipped() spell out."""
    calls = (node for tree in trees(files) for node in ast.walk(tree) if isinstance(node, ast.Call))
    given = [call.args[1] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "skipped"]
    return {code.value for code in given if isinstance(code, ast.Constant)}


def errors_made(file: ModuleType) -> set[str]:
    """The kinds of errors that a file makes."""
    calls = (node for tree in trees((file,)) for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    known = {name: getattr(file, name, None) for name in names}
    return {name for name, kind in known.items() if isinstance(kind, type) and issubclass(kind, Day2Error)}


def documented(module: ModuleType, *keys: str) -> set[str]:
    told = yaml.safe_load(module.RETURN)
    for key in keys:
        told = told[key]["contains"]
    return set(re.findall(r"V\((\w+)\)", " ".join(told["code" if "skipped" in keys else "kind"]["description"])))


@pytest.mark.parametrize(("module", "codes", "files"), BOTH, ids=NAMES)
def test_every_code_is_documented_and_given(module: ModuleType, codes: Any, files: tuple[ModuleType, ...]) -> None:
    known = set(get_args(codes))
    assert documented(module, "skipped") == known
    assert skipped_with(files) <= known
    assert known <= words(files)


@pytest.mark.parametrize(("module", "codes", "files"), BOTH, ids=NAMES)
def test_every_kind_of_failure_is_documented(module: ModuleType, codes: Any, files: tuple[ModuleType, ...]) -> None:
    del codes
    # What sessions raise, and what the file that works on an object does; a plan fails as a whole.
    made = errors_made(session).union(*(errors_made(file) for file in files if file in (vacuum, rebuild)))
    assert documented(module, "failures", "error") == made | {"Unreachable"}
    assert "NotProven" in made
