# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module host_usage_info: its one shape of result."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.day2.ops.plugins.modules import host_usage_info
from tests.conftest import RunModule

DOCUMENTED: dict[str, Any] = yaml.safe_load(host_usage_info.RETURN)["host"]["contains"]


def test_the_result_has_the_documented_keys(run_module: RunModule) -> None:
    options = {"paths": ["/", "/nonexistent"], "sample_seconds": 0}
    host = run_module("host_usage_info", options)["host"]
    assert host.keys() == DOCUMENTED.keys()
    for key in ("clock", "load", "memory", "open_files"):
        assert host[key].keys() == DOCUMENTED[key]["contains"].keys(), key
    disk, path = DOCUMENTED["disks"]["contains"].keys(), DOCUMENTED["paths"]["contains"].keys()
    assert all(each.keys() == disk for each in host["disks"])
    assert all(each.keys() == disk | path for each in host["paths"])
    assert all(each.keys() == DOCUMENTED["unseen"]["contains"].keys() for each in host["unseen"])


def test_lists_may_be_left_empty(run_module: RunModule) -> None:
    host = run_module("host_usage_info", {"paths": [], "sample_seconds": 0, "top": 0})["host"]
    assert host["paths"] == []
    assert host["processes"]["top_cpu"] == host["processes"]["top_memory"] == []
