# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter fellows: hosts by environment, and inventories that would give hosts each other's variables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.filter.fellows import FilterModule

fellows = FilterModule().filters()["fellows"]


def host(environment: Any, folder: str | None = "/inventories/a") -> dict[str, Any]:
    return {"of": environment, "inventory_dir": folder}


def test_hosts_by_environment_in_their_order() -> None:
    hostvars = {"b2": host("b"), "a1": host("a"), "b1": host("b", "/inventories/a"), "none": {}, "empty": host("")}
    assert fellows(["b2", "a1", "none", "b1", "empty"], hostvars, "of") == {"b": ["b2", "b1"], "a": ["a1"]}
    assert list(fellows(["b2", "a1"], hostvars, "of")) == ["b", "a"]
    assert fellows([], {}, "of") == {}


def test_hosts_that_are_of_no_inventory_in_a_folder_are_fellows() -> None:
    assert fellows(["x", "y"], {"x": host("a", None), "y": {"of": "a"}}, "of") == {"a": ["x", "y"]}


def test_one_environment_of_two_inventories_is_refused() -> None:
    hostvars = {"x": host("a", "/inventories/a"), "y": host("a", "/inventories/b")}
    with pytest.raises(AnsibleFilterError) as refused:
        fellows(["x", "y"], hostvars, "of")
    told = str(refused.value)
    assert "'x' of /inventories/a and 'y' of /inventories/b are both of the environment 'a'" in told
    assert "a group of its own" in told


def test_two_environments_of_two_inventories_are_well() -> None:
    hostvars = {"x": host("a", "/inventories/a"), "y": host("b", "/inventories/b")}
    assert fellows(["x", "y"], hostvars, "of") == {"a": ["x"], "b": ["y"]}
