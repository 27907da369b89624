# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module http_probe_info: its options, its documentation, its one shape of result. Nothing is listening."""

from __future__ import annotations

import yaml

from ansible_collections.day2.ops.plugins.module_utils._http.failure import REMEDIES
from ansible_collections.day2.ops.plugins.modules import http_probe_info
from tests.conftest import RunModule


def test_the_result_has_the_documented_keys(run_module: RunModule) -> None:
    documented = yaml.safe_load(http_probe_info.RETURN)["probes"]["contains"]
    probes = [{"name": "nobody", "url": "http://127.0.0.1:1/?token=s3cret&x=1", "timeout": 5}]
    (facts,) = run_module("http_probe_info", {"probes": probes})["probes"]
    assert facts.keys() == documented.keys()
    assert facts["error"].keys() == documented["error"]["contains"].keys()
    assert facts["url"] == "http://127.0.0.1:1/?token=***&x=1"


def test_the_options_are_documented() -> None:
    documented = yaml.safe_load(http_probe_info.DOCUMENTATION)["options"]["probes"]["suboptions"]
    assert http_probe_info.PROBE.keys() == documented.keys()


def test_the_kinds_of_errors_are_documented() -> None:
    told = str(yaml.safe_load(http_probe_info.RETURN)["probes"]["contains"]["error"]["contains"]["kind"])
    assert [kind for kind in REMEDIES if f"V({kind})" not in told] == []
