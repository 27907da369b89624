# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The size of the files in which engines keep logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._runtime.engine_logs import log_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What an engine has of a container."""
    (tmp_path / "local-logs").mkdir()
    for name, length in {
        "abc-json.log": 1000,
        "abc-json.log.1": 200,
        "abc-json.log.2.gz": 30,
        "abc-json.logs": 7777,
        "config.v2.json": 7777,
        "local-logs/container.log": 500,
        "local-logs/container.log.1.gz": 6,
        "ctr.log": 80,
    }.items():
        (tmp_path / name).write_bytes(b"x" * length)
    return tmp_path


def document(driver: str | None, **others: Any) -> dict[str, Any]:
    return {"HostConfig": {"LogConfig": {"Type": driver, "Config": {}, **others.pop("log", {})}}, **others}


def test_files_and_those_that_they_were_rotated_to_count(folder: Path) -> None:
    given = document("json-file", LogPath=str(folder / "abc-json.log"), HostnamePath=str(folder / "hostname"))
    assert log_of(given) == ("json-file", 1230, None)


def test_files_that_the_engine_does_not_tell_lie_beside_its_others(folder: Path) -> None:
    for key in ("HostnamePath", "ResolvConfPath"):
        assert log_of(document("local", LogPath="", **{key: str(folder / "hostname")})) == ("local", 506, None)


def test_podman_tells_the_path_elsewhere(folder: Path) -> None:
    given = document("k8s-file", log={"Path": str(folder / "ctr.log")})
    assert log_of(given) == ("k8s-file", 80, None)


def test_who_said_nothing_has_no_log(folder: Path) -> None:
    assert log_of(document("json-file", LogPath="")) == ("json-file", 0, None)
    assert log_of(document("local", LogPath="", HostnamePath="")) == ("local", 0, None)
    assert log_of(document("json-file", LogPath=str(folder / "none-json.log"))) == ("json-file", 0, None)


@pytest.mark.parametrize("driver", ["journald", "none", "syslog"])
def test_other_drivers_keep_no_file(driver: str) -> None:
    assert log_of(document(driver)) == (driver, None, f"its log driver, {driver}, keeps no file")


@pytest.mark.parametrize("given", [{}, {"HostConfig": None}, {"HostConfig": {}}, {"HostConfig": {"LogConfig": None}}])
def test_a_driver_that_is_not_told_is_not_known(given: dict[str, Any]) -> None:
    assert log_of(given) == (None, None, "its log driver, which is not known, keeps no file")


def test_files_of_another_host_cannot_be_read(folder: Path) -> None:
    path = folder / "elsewhere" / "abc-json.log"
    expected = f"{path.parent}: No such file or directory"
    assert log_of(document("json-file", LogPath=str(path))) == ("json-file", None, expected)
