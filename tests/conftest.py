# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tests share: modules run in this process, and real PostgreSQL servers."""

from __future__ import annotations

import importlib
import json
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common import warnings as ansible_warnings
from ansible.module_utils.testing import patch_module_args

from .collection import COLLECTIONS
from .stacks.embedded import EmbeddedServer
from .tools import servers

assert COLLECTIONS.is_dir()

# Whoever starts the tests in the background, or with nohup, lets them ignore these; tests of signals need them heard.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
# Told to end, tests stop the servers that they started.
signal.signal(signal.SIGTERM, signal.default_int_handler)

RunModule = Callable[..., dict[str, Any]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that did not run has not passed."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped. What it needs must be there; see docs/testing.md."
    return report


@pytest.fixture
def run_module(capsys: pytest.CaptureFixture[str]) -> RunModule:
    """Run a module's ``main()`` here, as Ansible would; return its result, ``failed`` in it when it failed.

    ``run_module("certificate_info", {"sources": […]}, check_mode=True)``
    """

    def run(name: str, params: dict[str, Any], check_mode: bool = False, diff: bool = False) -> dict[str, Any]:
        module = importlib.import_module(f"ansible_collections.day2.ops.plugins.modules.{name}")
        arguments = {**params, "_ansible_check_mode": check_mode, "_ansible_diff": diff}
        capsys.readouterr()
        ansible_warnings._global_warnings.clear()  # a module's process begins without any
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        printed = capsys.readouterr().out
        result: dict[str, Any] = json.loads(printed[printed.index("{") :])
        return result

    return run


def server(place: Path, major: int) -> Iterator[EmbeddedServer]:
    one = EmbeddedServer(place, major)
    one.start({"fsync": "off", "max_connections": "60", "shared_buffers": "64MB"})
    yield one
    one.stop("immediate")


@pytest.fixture(scope="session", params=[18])
def embedded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A running embedded server, one for each test process. Parametrise indirectly for another major version."""
    yield from server(tmp_path_factory.mktemp("postgresql"), request.param)


@pytest.fixture(scope="session")
def embedded_16(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One of version 16."""
    yield from server(tmp_path_factory.mktemp("postgresql-16"), 16)


@pytest.fixture(scope="session")
def login(embedded: EmbeddedServer) -> dict[str, Any]:
    """The options with which a PostgreSQL module logs in to the embedded server."""
    return {
        "login_host": embedded.host,
        "login_port": embedded.port,
        "login_user": embedded.user,
        "login_password": embedded.password,
        "bin_dir": str(embedded.bin_dir),
    }


@pytest.fixture(scope="session", params=sorted(servers.MAJORS))
def container_server(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The options with which a PostgreSQL module reaches a server in a container, for each version in turn.

    All tests of a process share these servers: make databases, roles and slots under names of your own, and drop them.
    """
    return servers.options_of(request.param)
