# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role restore alone, as other projects use it: each host of one play has another database and another fate."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.day2.ops.plugins.module_utils._argspec import server_of
from ansible_collections.day2.ops.plugins.module_utils._postgresql.kept import kept_databases
from ansible_collections.day2.ops.plugins.module_utils._postgresql.server import Server
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose

from ...collection import CHECKOUT
from ...conftest import RunModule
from ...tools import containers
from ...tools.compose import Project
from ...tools.compose import project as compose_project
from ...tools.images import IMAGES
from ...tools.program import environment, output

CONNECTIONS = Path(__file__).parent / "connection"
pytestmark = pytest.mark.long  # the playbook that is made of it is tested each time

ROWS = 100

# Writes a line that says what it does, and how many rows the database has that is live then. $1 is the log, $2 what it
# says, $3 the database, $4 the status with which it ends; with "once", only the first time.
SERVICE = """#!/bin/sh
rows=$(psql --no-psqlrc --tuples-only --no-align --dbname "$3" --command 'SELECT count(*) FROM public.things')
echo "$2 $rows" >> "$1"
case $4 in
  once) [ "$(grep -c "^$2 " "$1")" -gt 1 ] || { echo "not yet" >&2; exit 1; } ;;
  *) [ "$4" = 0 ] || { echo "no such thing" >&2; exit "$4"; } ;;
esac
"""

# In another database, something points at the one that was restored: swapping it back is refused.
POINT = """
CREATE FOREIGN DATA WRAPPER day2_role;
CREATE SERVER day2_role FOREIGN DATA WRAPPER day2_role OPTIONS (dbname '{}')
"""

PLAY = """
- name: Restore
  hosts: all:!away
  gather_facts: false
  roles:
    - role: day2.ops.restore
  post_tasks:
    - name: Keep what became of it
      ansible.builtin.copy:
        content: "{{ {'outcome': restore_outcome, 'steps': step_record} | to_json }}"
        dest: "{{ places }}/{{ inventory_hostname }}.json"
        mode: "0600"
"""


class Scene:
    """One server, and a database for each host, with more rows in it than its backup has."""

    def __init__(self, folder: Path, login: dict[str, Any]) -> None:
        self.folder = folder
        self.login = login
        self.script = folder / "service"
        self.script.write_text(SERVICE)
        self.script.chmod(0o755)
        self.hosts: dict[str, dict[str, Any]] = {}
        self.said = ""
        self.status: int | None = None

    @property
    def server(self) -> Server:
        defaults = {"login_db": "postgres", "ssl_mode": "prefer", "ca_cert": None, "connect_timeout": 5}
        return server_of({**defaults, **self.login})

    @staticmethod
    def database(host: str) -> str:
        return f"day2 role {host}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PGHOST": self.login["login_host"],
            "PGPORT": str(self.login["login_port"]),
            "PGUSER": self.login["login_user"],
            "PGPASSWORD": self.login["login_password"],
            "PATH": os.pathsep.join([self.login["bin_dir"], os.environ["PATH"]]),
        }

    def argv(self, host: str, does: str, status: int | str = 0) -> list[str]:
        return [str(self.script), str(self.folder / f"{host}.log"), does, self.database(host), str(status)]

    def service(self, host: str, name: str, stop: int | str = 0, start: int | str = 0) -> dict[str, Any]:
        return {
            "name": name,
            "runtime": "command",
            "stop": self.argv(host, f"stop-{name}", stop),
            "start": self.argv(host, f"start-{name}", start),
        }

    def migration(self, host: str, status: int = 0) -> dict[str, Any]:
        return {"argv": self.argv(host, "migrate", status), "environment": self.environment}

    def add(self, run_module: RunModule, host: str, **given: Any) -> None:
        """A host, its database and the backup of that."""
        name = Identifier(self.database(host))
        with self.server.session() as admin:
            admin.execute(compose("CREATE DATABASE {d}", d=name))
        with self.server.session(self.database(host)) as session:
            session.execute("CREATE TABLE public.things (id int PRIMARY KEY)")
            session.execute(f"INSERT INTO public.things SELECT generate_series(1, {ROWS})")
            place = {"directory": str(self.folder / "sets"), "environment": host, "database": self.database(host)}
            assert run_module("postgresql_backup", {**self.login, **place})["backup"]["verified"]
            session.execute(f"INSERT INTO public.things VALUES ({ROWS + 1})")
        self.hosts[host] = given

    def play(self) -> None:
        playbook, inventory = self.folder / "play.yml", self.folder / "hosts.yml"
        playbook.write_text(PLAY)
        away = {"ansible_connection": "fading", "fading_lost_file": str(self.folder / "service")}
        hosts = {"away": away, **self.hosts}
        known = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_pipelining": True,
            "places": str(self.folder),
            "login": self.login,
            "restore_directory": str(self.folder / "sets"),
            "restore_state_dir": str(self.folder / "state"),
            "restore_environment": "{{ inventory_hostname }}",
            "restore_state_host": "{{ inventory_hostname }}",
            "restore_database": "{{ login | combine({'name': 'day2 role ' ~ inventory_hostname, 'checks': checks}) }}",
            "checks": [{"name": "how many things", "query": "SELECT count(*) FROM public.things", "value": ROWS}],
            "restore_confirm": "day2 role {{ inventory_hostname }}",
            "restore_safety_backup": False,
            "restore_health_retries": 1,
            "restore_health_delay": 0,
            "restore_fails": False,
        }
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": known}}))
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "-i", str(inventory), str(playbook), "--forks", "4"],
            cwd=CHECKOUT, env={**environment(ANSIBLE_CONNECTION_PLUGINS=str(CONNECTIONS)), **self.environment,
                               "PATH": os.pathsep.join([self.environment["PATH"], environment()["PATH"]])},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.said, self.status = done.stdout + done.stderr, done.returncode

    def rows(self, host: str, database: str | None = None) -> int:
        with self.server.session(database or self.database(host)) as session:
            return int(session.value("SELECT count(*) FROM public.things"))

    def kept(self, host: str) -> list[int]:
        """How many rows the kept databases have, the newest first."""
        with self.server.session() as session:
            names = [one.name for one in kept_databases(session, self.database(host))]
        return [self.rows(host, name) for name in names]

    def log(self, host: str) -> list[str]:
        path = self.folder / f"{host}.log"
        return path.read_text().splitlines() if path.exists() else []

    def became(self, host: str) -> tuple[dict[str, Any], dict[str, str]]:
        told = json.loads((self.folder / f"{host}.json").read_text())
        return told["outcome"], {step["name"]: step["status"] for step in told["steps"]}

    def remove(self) -> None:
        with self.server.session() as admin:
            admin.execute("DROP FOREIGN DATA WRAPPER IF EXISTS day2_role CASCADE")
            for name in admin.values("SELECT datname AS name FROM pg_database WHERE datname LIKE 'day2 role %'"):
                admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=Identifier(name)))


CONTAINER = containers.name_of("role-restore")
PROJECT = containers.name_of("role-restore-project")


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    """A container that runs, as a service would."""
    image = IMAGES["postgresql-17"].tag
    with containers.container("role-restore", image, "infinity", options=["--entrypoint", "sleep"]) as name:
        yield name


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A compose project with a service in two containers, and with one that is no service of anybody here."""
    sleeper = {"image": IMAGES["postgresql-17"].tag, "entrypoint": ["sleep", "infinity"]}
    services = {"api": sleeper, "other": sleeper}
    with compose_project(
        "role-restore-project", tmp_path_factory.mktemp("compose"), services, "--scale", "api=2"
    ) as one:
        yield one


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, login: dict[str, Any]) -> Iterator[Scene]:
    one = Scene(tmp_path_factory.mktemp("role"), login)
    yield one
    one.remove()


@pytest.fixture
def played(scene: Scene, run_module: RunModule, container: str, project: Project) -> Scene:
    """All hosts, played together, once."""
    if scene.status is None:
        furnish(scene, run_module, container, project)
        scene.play()
    return scene


def furnish(scene: Scene, run_module: RunModule, container: str, project: Project) -> None:
    def web(host: str, **status: int | str) -> list[dict[str, Any]]:
        return [scene.service(host, "web", **status)]

    def add(host: str, **given: Any) -> None:
        scene.add(run_module, host, **{f"restore_{name}": value for name, value in given.items()})

    pointing = ["sh", "-c", 'psql --dbname postgres --command "$0"; exit 4', POINT.format(scene.database("stuck"))]
    add(
        "well",
        stop=[
            scene.service("well", "worker"),
            {"name": container, "runtime": "container"},
            {"name": "api", "runtime": "compose", "project": project.name},
            scene.service("well", "web"),
        ],
        migrations=[scene.migration("well"), scene.migration("well")],
    )
    add(
        "migration",
        stop=web("migration"),
        migrations=[
            scene.migration("migration"),
            {"argv": ["sleep", "60"], "timeout": 1},
            scene.migration("migration"),
        ],
    )
    add("start", stop=web("start", start="once"))
    add(
        "stop",
        stop=[
            scene.service("stop", "worker"),
            scene.service("stop", "web", stop=7),
            {"name": f"{container}-absent", "runtime": "container"},
            {**scene.service("stop", "far"), "host": "away"},
            {"name": f"{container}-far", "runtime": "container", "host": "away"},
            {"name": "absent", "runtime": "compose", "project": project.name},
            {"name": "api", "runtime": "compose", "project": project.name, "host": "away"},
        ],
        fails=True,
    )
    add("stuck", stop=web("stuck"), migrations=[{"argv": pointing, "environment": scene.environment}])
    add("stray", stop=[{"name": "api", "runtime": "compose"}])
    things = ["public.things"]
    add("beside", mode="new", target=scene.database("copy"), tables=things, confirm="", stop=web("beside"))


SWAPPED = ["stop", "restore", "undo", "restart"]


def stopped_and_started(container: str) -> bool:
    """Whether a container runs that was stopped, and started since."""
    state = json.loads(output(["docker", "container", "inspect", "--format={{json .State}}", container]))
    assert state["Running"]
    return bool(state["StartedAt"] > state["FinishedAt"] > "2")


def test_what_writes_is_stopped_in_order_and_started_in_the_other(played: Scene, project: Project) -> None:
    assert played.log("well") == [
        "stop-worker 101",
        "stop-web 101",
        "migrate 100",
        "migrate 100",
        "start-web 100",
        "start-worker 100",
    ]
    assert (played.rows("well"), played.kept("well")) == (100, [101])
    outcome, steps = played.became("well")
    assert (outcome["succeeded"], outcome["live"]) == (True, "restored")
    assert [(check["observed"], check["passed"]) for check in outcome["restore"]["checks"]] == [(ROWS, True)]
    assert {steps[name] for name in ("undo", "restart", "recheck")} == {"ok"}
    assert outcome["message"].endswith(f"Started: web, api, {CONTAINER}, worker. No endpoint is known.")
    touched = {name: [stopped_and_started(one) for one in project.containers(name)] for name in ("api", "other")}
    assert touched == {"api": [True, True], "other": [False]}
    assert stopped_and_started(CONTAINER)


def undone(played: Scene, host: str, failed: str, log: list[str]) -> str:
    """What a host says whose database was swapped back."""
    assert played.log(host) == log
    assert (played.rows(host), played.kept(host)) == (101, [100])
    outcome, steps = played.became(host)
    assert (outcome["succeeded"], outcome["live"]) == (False, "before")
    assert next(name for name, status in steps.items() if status == "failed") == failed
    assert [name for name, status in steps.items() if status == "changed"] == SWAPPED
    assert "It was swapped back" in outcome["message"]
    assert "Started again: web." in outcome["message"]
    return str(outcome["message"])


def test_a_migration_that_does_not_end_is_ended_and_undone(played: Scene) -> None:
    said = undone(played, "migration", "migrate", ["stop-web 101", "migrate 100", "stop-web 100", "start-web 101"])
    assert "sleep 60 took longer than 1 s" in said


def test_a_service_that_does_not_start_gets_its_database_back(played: Scene) -> None:
    said = undone(played, "start", "start", ["stop-web 101", "start-web 100", "stop-web 100", "start-web 101"])
    assert "web on start could not be started: not yet." in said


def test_services_that_do_not_stop_leave_everything_as_it_was(played: Scene) -> None:
    """One fails, one is not there, one is on a host that is not reached; all are told, and all are started again."""
    assert played.log("stop") == ["stop-worker 101", "stop-web 101", "start-web 101", "start-worker 101"]
    assert (played.rows("stop"), played.kept("stop")) == (101, [])
    assert played.status == 2
    fatal = re.findall(r"^fatal: \[stop\]: FAILED! => (.*)$", played.said, re.MULTILINE)[-1]
    for why in (
        "Stop the services that write failed: ",
        "web on stop could not be stopped: no such thing.",
        f"{CONTAINER}-absent on stop could not be stopped: Error",
        "far on away could not be stopped:",
        f"{CONTAINER}-far on away could not be stopped:",
        f"absent on stop could not be stopped: the project {PROJECT} has no container of it.",
        "api on away could not be stopped:",
        "No route to host",
        "day2 role stop is what it was before.",
        "far on away could not be started:",
        "The database is what it was. See to the services now",
    ):
        assert why in fatal, why
    assert not (played.folder / "stop.json").exists()  # alone, the role fails, and the play ends


def test_a_database_that_cannot_be_given_back_is_told_and_nothing_is_started_on_it(played: Scene) -> None:
    assert played.log("stuck") == ["stop-web 101", "stop-web 100"]
    assert (played.rows("stuck"), played.kept("stuck")) == (100, [101])
    outcome, steps = played.became("stuck")
    assert (outcome["succeeded"], outcome["live"], steps["undo"]) == (False, "restored", "failed")
    assert f"what was live before is kept as {outcome['previous']}" in outcome["message"]
    assert "ended with status 4" in outcome["message"]
    assert "foreign servers of other databases point at the name: day2_role in postgres" in outcome["message"]
    assert "The services stay as they are: web." in outcome["message"]
    assert "day2_mode=rollback" in outcome["remedy"]


def test_a_compose_service_without_its_project_stops_nothing(played: Scene) -> None:
    assert (played.rows("stray"), played.kept("stray")) == (101, [])
    outcome, steps = played.became("stray")
    assert (outcome["succeeded"], steps["plan"]) == (False, "failed")
    assert "A service of the runtime compose needs its project: api." in outcome["message"]


def test_a_restore_beside_it_touches_nothing(played: Scene) -> None:
    assert played.log("beside") == []
    assert (played.rows("beside"), played.kept("beside")) == (101, [])
    assert played.rows("beside", played.database("copy")) == 100
    outcome, steps = played.became("beside")
    assert (outcome["succeeded"], outcome["live"]) == (True, "before")
    assert outcome["plan"]["selection"] == {"tables": ["public.things"], "schemas": []}
    assert [name for name, status in steps.items() if status == "changed"] == ["restore"]


def test_the_lease_is_given_back_in_every_case(played: Scene) -> None:
    assert list((played.folder / "state").rglob("lease.json")) == []


def test_no_password_is_shown(played: Scene) -> None:
    assert played.login["login_password"] not in played.said
