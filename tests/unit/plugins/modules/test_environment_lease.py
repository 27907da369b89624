# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module environment_lease: its one shape of result."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.day2.ops.plugins.modules import environment_lease
from tests.conftest import RunModule


def test_the_result_has_the_documented_keys(run_module: RunModule, tmp_path: Path) -> None:
    documented = yaml.safe_load(environment_lease.RETURN)["lease"]["contains"]
    options = {"directory": str(tmp_path), "environment": "shop", "run": "r-1", "person": None}
    file = tmp_path / "shop" / "lease.json"
    for check_mode in (True, False):
        lease = run_module("environment_lease", options, check_mode=check_mode)["lease"]
        assert lease.keys() == documented.keys()
    file.write_text(file.read_text().replace('"lifetime": 3600.0', '"lifetime": 0'))
    over = run_module("environment_lease", {**options, "run": "r-2"})["lease"]
    assert over.keys() == documented.keys()
    assert over["taken_over"].keys() == documented["taken_over"]["contains"].keys()


def test_the_choices_are_documented() -> None:
    options = yaml.safe_load(environment_lease.DOCUMENTATION)["options"]
    assert options["state"]["choices"] == ["held", "renewed", "released", "read"]
