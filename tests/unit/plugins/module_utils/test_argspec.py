# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that several modules share: from what was given to a server, a runner, a store."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.day2.ops.plugins.module_utils._argspec import (
    POSTGRESQL,
    STORE,
    check_numbers,
    runner_of,
    server_of,
    store_of,
)
from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._postgresql.server import Login
from ansible_collections.day2.ops.plugins.module_utils._runtime.compose import ComposeRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.container import ContainerRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner

VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def validated(given: dict[str, Any]) -> dict[str, Any]:
    result = ArgumentSpecValidator(POSTGRESQL).validate(given)
    assert result.error_messages == []
    parameters: dict[str, Any] = result.validated_parameters
    return parameters


def test_without_options_it_is_the_local_server() -> None:
    server = server_of(validated({}))
    assert server.login == Login()
    assert server.bin_dir is None
    assert isinstance(server.runner, HostRunner)
    assert server.where == "its local socket, port 5432"


def test_every_option_arrives() -> None:
    given = {
        "login_host": "db", "login_port": "6000", "login_user": "u", "login_password": "p", "login_db": "d",
        "ssl_mode": "verify-full", "ca_cert": "/ca.pem", "connect_timeout": 3, "bin_dir": "/bin",
    }  # fmt: skip
    server = server_of(validated(given))
    assert server.login == Login("db", 6000, "u", "p", "d", "verify-full", "/ca.pem", 3)
    assert server.bin_dir == "/bin"
    assert server.where == "db, port 6000"


def test_the_environment_counts_where_an_option_is_omitted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(VARIABLES, ("from", "7000", "env", "word")):
        monkeypatch.setenv(name, value)
    login = server_of(validated({"login_user": "given"})).login
    assert (login.host, login.port, login.user, login.password) == ("from", 7000, "given", "word")


def test_an_empty_host_or_password_is_none() -> None:
    login = server_of(validated({"login_host": "", "login_password": ""})).login
    assert (login.host, login.password) == (None, None)


@pytest.mark.parametrize(
    ("service", "where"),
    [
        (None, "this host"),
        ({"runtime": "host"}, "this host"),
        ({"runtime": "container", "name": "shop-db"}, "container shop-db"),
        ({"runtime": "compose", "project": "shop", "name": "db"}, "service db of the compose project shop"),
    ],
)
def test_a_service_is_reached_where_it_runs(service: dict[str, Any] | None, where: str) -> None:
    assert runner_of(validated({"service": service})).where == where
    assert runner_of({}).where == "this host"


def test_a_container_and_its_user() -> None:
    given = validated({"service": {"runtime": "container", "name": "shop-db", "user": "postgres"}})
    runner = runner_of(given)
    assert isinstance(runner, ContainerRunner)
    argv, _env = runner.command(["true"], {})
    assert argv[argv.index("--user") + 1] == "postgres"
    assert server_of(given).where == "container shop-db (its local socket, port 5432)"


@pytest.mark.parametrize(
    "given", [{"name": "shop-db"}, {"runtime": "host", "user": "x"}, {"project": "p", "name": "db"}]
)
def test_a_service_without_its_runtime_is_not_taken_for_the_host(given: dict[str, str]) -> None:
    with pytest.raises(Refused, match="Give its runtime, container or compose"):
        runner_of(validated({"service": given}))


def test_a_compose_service_and_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    given = validated({"service": {"runtime": "compose", "project": "shop", "name": "db", "user": "postgres"}})
    runner = runner_of(given)
    assert isinstance(runner, ComposeRunner)
    monkeypatch.setattr(runner, "container", lambda: "0a1b2c3d4e5f")
    argv, _env = runner.command(["true"], {})
    assert argv[argv.index("--user") + 1] == "postgres"
    assert argv[argv.index("--") + 1 :] == ["0a1b2c3d4e5f", "true"]
    assert server_of(given).where == "service db of the compose project shop (its local socket, port 5432)"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"service": {"runtime": "container"}}, "all of the following are missing: name"),
        ({"service": {"runtime": "compose"}}, "all of the following are missing: name, project"),
        ({"service": {"runtime": "compose", "name": "db"}}, "all of the following are missing: project"),
        ({"service": {"runtime": "pod"}}, "must be one of"),
        ({"service": {"name": "x", "shell": "sh"}}, "shell"),
        ({"login_port": "many"}, "unable to convert to int"),
        ({"ssl_mode": "perhaps"}, "must be one of"),
    ],
)
def test_what_is_no_option_is_told(given: dict[str, Any], message: str) -> None:
    assert message in " ".join(ArgumentSpecValidator(POSTGRESQL).validate(given).error_messages)


def test_a_password_is_never_logged() -> None:
    result = ArgumentSpecValidator(POSTGRESQL).validate({"login_password": "secret"})
    assert result._no_log_values == {"secret"}


def test_a_store() -> None:
    store = store_of({"directory": "/sets", "environment": "te/st"})
    assert (str(store.directory), store.environment) == ("/sets", "te/st")
    assert all(option["required"] for option in STORE.values())


def test_numbers_have_a_least() -> None:
    check_numbers({"jobs": 1, "wait": None, "other": -1}, jobs=1, wait=0)
    with pytest.raises(Refused, match=r"Reading the options on jobs failed: 0 is less than 1\. Give at least 1\."):
        check_numbers({"jobs": 0}, jobs=1)
