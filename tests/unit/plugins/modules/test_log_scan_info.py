# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module log_scan_info: its options, its documentation, its one shape of result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ansible_collections.day2.ops.plugins.module_utils._logs.options import ARGUMENTS, FIELD_OPTIONS
from ansible_collections.day2.ops.plugins.module_utils._logs.specs import FIELDS
from ansible_collections.day2.ops.plugins.modules import log_scan_info
from tests.conftest import RunModule


def _compared(arguments: dict[str, Any], documented: dict[str, Any]) -> None:
    assert arguments.keys() == documented.keys()
    for name, argument in arguments.items():
        for key in ("type", "elements", "choices", "default", "required"):
            assert argument.get(key) == documented[name].get(key), (name, key)
        _compared(argument.get("options", {}), documented[name].get("suboptions", {}))


def test_the_options_are_documented() -> None:
    _compared(ARGUMENTS, yaml.safe_load(log_scan_info.DOCUMENTATION)["options"])


def test_the_default_names_of_fields_are_documented() -> None:
    options = yaml.safe_load(log_scan_info.DOCUMENTATION)["options"]
    for what, option in options["sources"]["suboptions"]["fields"]["suboptions"].items():
        text = " ".join([option["description"]] if isinstance(option["description"], str) else option["description"])
        assert ", ".join(f"C({name})" for name in FIELDS[FIELD_OPTIONS[what]]) + " when omitted." in text


def test_the_result_has_the_documented_keys(run_module: RunModule, tmp_path: Path) -> None:
    documented = yaml.safe_load(log_scan_info.RETURN)["logs"]["contains"]
    log = tmp_path / "a.log"
    log.write_text("2026-11-22 02:00:00 ERROR x method=GET path=/ status=500 duration=1ms\n")
    for paths in ([str(log)], ["/nonexistent"]):
        (found,) = run_module("log_scan_info", {"sources": [{"paths": paths}]})["logs"]
        assert found.keys() == documented.keys()
        assert found["latency"].keys() == documented["latency"]["contains"].keys()
        for name in ("files", "endpoints", "slowest", "groups"):
            assert all(item.keys() == documented[name]["contains"].keys() for item in found[name])


def test_sources_keep_their_order_and_names(run_module: RunModule, tmp_path: Path) -> None:
    names = ['odd "name"; DROP\n', "ünïcødé", "x" * 63]
    sources = [{"name": name, "paths": [str(tmp_path / "none")]} for name in names]
    result = run_module("log_scan_info", {"sources": [*sources, {"paths": ["/a", "/b"]}]})
    assert [source["name"] for source in result["logs"]] == [*names, "/a, /b"]
