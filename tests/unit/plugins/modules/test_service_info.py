# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module service_info: its options, its documentation, its one shape of result. The engine is a script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.day2.ops.plugins.module_utils._runtime.runtime import HEALTH, STATES
from ansible_collections.day2.ops.plugins.modules import service_info
from tests.conftest import RunModule

DOCUMENTED: dict[str, Any] = yaml.safe_load(service_info.RETURN)["services"]["contains"]
SERVICES = [
    {"name": "api", "runtime": "compose", "project": "shop"},
    {"name": "proxy", "runtime": "container"},
]
ID = "8c828a0cdda679eefcc8a0d34d908bfba88b5b68d13d76efbe8066c350a25c9f"
DOCUMENT = {"Id": ID, "Name": "/shop-api-1", "State": {"Status": "running"}}
CLIENT = f"""#!/bin/sh
case "$1" in
  ps) echo '["{ID[:12]}","shop-api-1","running","Up","shop","api","False"]' ;;
  container) echo '{json.dumps([DOCUMENT])}' ;;
  stats) echo '["{ID[:12]}","12.50%","20MiB / 64MiB","31.25%"]' ;;
esac
"""


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program that is called, in place of the engine's client."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "docker"


def write(client: Path, script: str) -> None:
    client.write_text(script)
    client.chmod(0o755)


def test_the_result_has_the_documented_keys(run_module: RunModule, client: Path) -> None:
    write(client, CLIENT)
    result = run_module("service_info", {"services": SERVICES}, check_mode=True)
    api, proxy = result["services"]
    assert result["changed"] is False
    assert (api["state"], api["cpu_percent"], api["memory_bytes"]) == ("running", 12.5, 20 << 20)
    assert (proxy["state"], proxy["error"]) == ("missing", None)
    for service in (api, proxy):
        assert service.keys() == DOCUMENTED.keys()
        assert service["replicas"].keys() == DOCUMENTED["replicas"]["contains"].keys()
    assert [one.keys() for one in api["instances"]] == [DOCUMENTED["instances"]["contains"].keys()]


def test_a_client_that_is_missing_is_a_fact(run_module: RunModule, client: Path) -> None:
    assert not client.exists()
    result = run_module("service_info", {"services": SERVICES})
    assert "failed" not in result
    for service in result["services"]:
        assert service.keys() == DOCUMENTED.keys()
        assert service["state"] is None
        assert service["error"].keys() == DOCUMENTED["error"]["contains"].keys()
        assert service["error"]["why"] == "docker: No such file or directory"
        assert service["error"]["remedy"].startswith("Install docker on the host")


def test_an_engine_that_hangs_costs_its_time_and_is_a_fact(run_module: RunModule, client: Path) -> None:
    write(client, "#!/bin/sh\nexec /bin/sleep 60\n")
    (api, _proxy) = run_module("service_info", {"services": SERVICES, "timeout": 0.3})["services"]
    assert api["error"]["kind"] == "Unreachable"
    assert api["error"]["why"] == "the engine did not answer within 0.3 seconds (docker ps)"


def test_no_service_needs_no_engine(run_module: RunModule, client: Path) -> None:
    assert not client.exists()
    assert run_module("service_info", {"services": []})["services"] == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"services": SERVICES[:1] * 2}, "the service api of the compose project shop is there twice"),
        ({"services": [{"name": "api", "runtime": "compose"}]}, "api has no project"),
        (
            {"services": SERVICES, "timeout": 0},
            "on timeout failed: it is 0 seconds. Choose more than 0, and at most 600",
        ),
        ({"services": SERVICES, "timeout": 601}, "it is 601 seconds"),
        ({"services": SERVICES, "timeout": "nan"}, "it is nan seconds"),
        ({"services": [{"name": "x", "runtime": "systemd"}]}, "must be one of: compose, container, got: systemd"),
        ({"services": [{"name": "x"}]}, "missing required arguments: runtime"),
        ({"services": [{"runtime": "container"}]}, "missing required arguments: name"),
        ({}, "missing required arguments: services"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], told: str, run_module: RunModule) -> None:
    result = run_module("service_info", options)
    assert result["failed"] is True
    assert told in result["msg"]


def test_the_options_are_documented() -> None:
    documented = yaml.safe_load(service_info.DOCUMENTATION)["options"]["services"]["suboptions"]
    assert service_info.SERVICE.keys() == documented.keys()


def test_every_word_for_a_state_is_documented() -> None:
    assert [word for word in STATES if f"V({word})" not in str(DOCUMENTED["state"]["description"])] == []
    assert [word for word in HEALTH if f"V({word})" not in str(DOCUMENTED["health"]["description"])] == []
