# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database in a real compose project, by whichever Compose is here: backed up, drilled; and what is told otherwise.

No network reaches the project: all goes through the container.
"""

from __future__ import annotations

import io
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Refused, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._runtime import engine as engine_module
from ansible_collections.day2.ops.plugins.module_utils._runtime.compose import ComposeRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.runner import PrivateFile

from ...conftest import RunModule
from ...tools.compose import Project, project
from ...tools.images import IMAGES
from ...tools.program import output
from ...tools.servers import DATA
from .maintenance_places import Place, until

IMAGE = IMAGES["postgresql-17"].tag
ROWS = 1000
SLEEPER = {"image": IMAGE, "entrypoint": ["sleep", "infinity"]}
SERVICES: dict[str, dict[str, Any]] = {
    "db": {
        "image": IMAGE,
        "environment": {"POSTGRES_PASSWORD": secrets.token_hex()},
        "tmpfs": [f"{DATA}:rw,uid=999,gid=999,mode=0700"],
    },
    "anew": SLEEPER,
    "pair": SLEEPER,
    "paused": SLEEPER,
    "stopped": SLEEPER,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose database takes connections; beside it, services in the states that they are called by."""
    folder = tmp_path_factory.mktemp("compose")
    with project("compose", folder, SERVICES, "--scale", "pair=2") as one:
        output(["docker", "stop", "--time", "0", *one.containers("stopped")])
        output(["docker", "pause", *one.containers("paused")])
        runner = ComposeRunner(one.name, "db", "postgres")
        ask = ["psql", "-XAtc", "SELECT 1", "-h", "/run/postgresql"]
        assert until(lambda: runner.run(ask).stdout == b"1\n", 60), one.run("logs", "db")
        yield one


def options_of(shop: Project, **service: str) -> dict[str, Any]:
    return {"service": {"runtime": "compose", "project": shop.name, "name": "db", "user": "postgres", **service}}


@pytest.fixture
def place(shop: Project) -> Place:
    """A database with a table, a sequence and a large object."""
    one = Place(options_of(shop), "orders; of ünï")
    with one.server.session() as admin:
        admin.execute('DROP DATABASE IF EXISTS "orders; of ünï"')
        admin.execute('CREATE DATABASE "orders; of ünï"')
    one.run(
        "CREATE TABLE public.orders (id serial PRIMARY KEY, note text)",
        f"INSERT INTO public.orders (note) SELECT 'a note ' || i FROM generate_series(1, {ROWS}) AS i",
        "SELECT lo_from_bytea(0, '\\x00ff')",
    )
    return one


def test_a_database_is_backed_up_and_drilled(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    given = place.arguments(directory=str(tmp_path), environment="test")
    planned = run_module("postgresql_backup", given, check_mode=True)
    assert (planned["changed"], list(tmp_path.iterdir())) == (True, [])
    made = run_module("postgresql_backup", given)
    assert made["backup"]["verified"] is True
    assert made["backup"]["tables"] == {"public.orders": ROWS}
    assert made["backup"]["server_version"] // 10_000 == 17
    drilled = run_module("postgresql_restore", {**given, "mode": "drill"})
    assert (drilled["changed"], drilled["restore"]["verified"]) == (False, True)
    assert (drilled["restore"]["tables_compared"], drilled["restore"]["differences"]) == (1, [])
    with place.server.session() as admin:
        assert admin.values("SELECT datname AS name FROM pg_database WHERE datname LIKE 'day2%'") == []
    again = run_module("postgresql_backup", {**given, "unless_newer_than": 3600})
    assert again["changed"] is False


def test_the_other_modules_take_it_too(place: Place, run_module: RunModule) -> None:
    facts = run_module("postgresql_health_info", {**place.options, "databases": [place.database]})
    (server,) = facts["postgresql"]
    assert f"at service db of the compose project {place.options['service']['project']} (" in server["server"]["where"]
    assert "public.orders" in [one["table"] for one in run_module("postgresql_vacuum", place.arguments())["done"]]


def test_programs_run_in_it_as_in_any_container(shop: Project) -> None:
    runner = ComposeRunner(shop.name, "db", "postgres")
    runner.check()
    assert runner.run(["id", "-un"]).stdout == b"postgres\n"
    assert runner.run(["sh", "-c", 'cat "$1" -', "sh", PrivateFile(b"secret ")], stdin=b"rest").stdout == b"secret rest"
    content = os.urandom(3_000_000)
    back: list[bytes] = []
    assert runner.stream_to(["cat"], io.BytesIO(content), sink=back.append).size == len(content)
    assert b"".join(back) == content


def test_what_runs_one_command_beside_the_service_is_not_the_service(shop: Project) -> None:
    (db,) = shop.containers("db")
    shop.run("run", "--detach", "--entrypoint", "sleep", "db", "infinity")
    assert len(shop.containers("db")) == 2
    for runner in (ComposeRunner(shop.name, "db"), ComposeRunner(shop.name, "db", "postgres")):
        assert output(["docker", "container", "inspect", "--format={{.Name}}", runner.container()]) == f"/{db}"


def test_one_that_is_made_anew_is_found_by_the_next(shop: Project) -> None:
    """And not by the one that knew the last: what it had begun there is gone."""
    before = ComposeRunner(shop.name, "anew")
    before.check()
    output(["docker", "rm", "--force", *shop.containers("anew")])
    shop.run("up", "--detach", "--no-recreate", "--no-deps", "anew")
    with pytest.raises(Unreachable, match="No such container"):
        before.check()
    after = ComposeRunner(shop.name, "anew")
    after.check()
    assert after.container() != before.container()


def failure(run_module: RunModule, shop: Project, folder: Path, **service: str) -> dict[str, str]:
    """The error of a backup there; nothing may have been written."""
    options = options_of(shop, **service)
    given = {**options, "database": "postgres", "directory": str(folder / "sets"), "environment": "test"}
    result = run_module("postgresql_backup", given)
    assert result["failed"] is True
    assert not (folder / "sets").exists()
    error: dict[str, str] = result["error"]
    assert result["msg"].endswith(error["remedy"])
    name, where = options["service"]["name"], options["service"]["project"]
    assert error["on"] == f"service {name} of the compose project {where}"
    return error


@pytest.mark.parametrize(("name", "state"), [("stopped", "exited (Exited ("), ("paused", "paused (Up ")])
def test_a_service_that_does_not_run(
    shop: Project, name: str, state: str, run_module: RunModule, tmp_path: Path
) -> None:
    (container,) = shop.containers(name)
    error = failure(run_module, shop, tmp_path, name=name)
    assert error["kind"] == "Unreachable"
    assert f"it does not run: {container} is {state}" in error["why"]
    assert f"unpause it; 'docker logs {container}' shows" in error["remedy"]


def test_a_service_that_is_not_there(shop: Project, run_module: RunModule, tmp_path: Path) -> None:
    error = failure(run_module, shop, tmp_path, name="postgres")
    assert error["kind"] == "Unreachable"
    assert error["why"].endswith("there are some of the services anew, db, pair, paused, stopped")


def test_a_service_in_two_containers(shop: Project, run_module: RunModule, tmp_path: Path) -> None:
    names = shop.containers("pair")
    error = failure(run_module, shop, tmp_path, name="pair")
    assert (error["kind"], error["why"]) == ("Refused", f"2 containers of it run, {names[0]}, {names[1]}")
    assert "runtime container" in error["remedy"]
    with pytest.raises(Refused):
        ComposeRunner(shop.name, "pair").check()


@pytest.mark.parametrize("name", ["day2-test-no-such-project", "--all", "{{.ID}}", "a b; ünï", "*", ""])
def test_a_project_that_is_not_there(shop: Project, name: str, run_module: RunModule, tmp_path: Path) -> None:
    error = failure(run_module, shop, tmp_path, project=name)
    assert error["kind"] == "Unreachable"
    assert "there is no container of that project; there are some of the projects " in error["why"]
    assert shop.name in error["why"]


def test_an_engine_that_cannot_be_reached(
    shop: Project, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    error = failure(run_module, shop, tmp_path)
    assert error["kind"] == "Unreachable"
    assert f"{tmp_path}/none.sock" in error["why"]
    assert "start the engine" in error["remedy"]


def test_an_engine_that_does_not_answer(
    shop: Project, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "ANSWER_SECONDS", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        error = failure(run_module, shop, tmp_path)
    assert (error["kind"], error["why"]) == ("Unreachable", "the engine did not answer within 1 seconds (docker ps)")


def test_a_client_that_is_not_there(shop: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotPossible, match="docker: No such file or directory. Install docker on the host"):
        ComposeRunner(shop.name, "db").check()
