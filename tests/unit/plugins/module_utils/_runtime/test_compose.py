# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A compose service: what the client prints, which containers are its own, and the one in which programs run."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Day2Error, NotPossible, Refused, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._runtime import engine as engine_module
from ansible_collections.day2.ops.plugins.module_utils._runtime.compose import ComposeRunner, select
from ansible_collections.day2.ops.plugins.module_utils._runtime.engine_output import Container, listed
from ansible_collections.day2.ops.plugins.module_utils._runtime.runtime import Service

from .local import engine

# As versions of Compose label and name what they make, and with what engines quote.
DB = ["0a1b2c3d4e5f", "shop-db-1", "running", "Up 4 minutes (healthy)", "shop", "db", "False"]
WEB = ["1a1b2c3d4e5f", "shop-web-1", "running", "Up 4 minutes", "shop", "web", "False"]
OLD = ["2a1b2c3d4e5f", "shop_db_1", "running", "Up 3 weeks", "shop", "db", "False"]
PODMAN = ["3a1b2c3d4e5f", "shop_db_1", "running", "Up 3 weeks", "shop", "db", ""]
ONE_OFF = ["4a1b2c3d4e5f", "shop-db-run-0815", "running", "Up 2 seconds", "shop", "db", "True"]
OTHER = ["5a1b2c3d4e5f", "blog-db-1", "running", "Up 4 minutes", "blog", "db", "False"]
EXITED = [*DB[:2], "exited", "Exited (137) 2 hours ago", *DB[4:]]
PAUSED = [*DB[:2], "paused", "Up 5 minutes (Paused)", *DB[4:]]
RESTARTING = [*DB[:2], "restarting", "Restarting (1) 3 seconds ago", *DB[4:]]
CREATED = [*DB[:2], "created", "Created", *DB[4:]]
SECOND = ["6a1b2c3d4e5f", "shop-db-2", "running", "Up 1 second", "shop", "db", "False"]
SECOND_EXITED = [*SECOND[:2], "exited", "Exited (0) 2 hours ago", *SECOND[4:]]
PLAIN = ["8a1b2c3d4e5f", "shop-db-1", "running", "Up 4 minutes", "", "", ""]
ODD = ["7a1b2c3d4e5f", "odd-1", "running", 'Up <1 s>, \u2028 "well"', "a,b=c\td e", "ünï ☃ {{.ID}}", "False"]


def printed(*containers: list[str]) -> str:
    return "".join(json.dumps(container, ensure_ascii=False) + "\n" for container in containers)


def chosen(*containers: list[str], project: str = "shop", service: str = "db") -> Container:
    return ComposeRunner(project, service).chosen(listed(printed(*containers)))


@pytest.mark.parametrize(
    ("containers", "found", "note"),
    [
        ([DB, WEB, OTHER], ["shop-db-1"], None),
        ([DB, SECOND_EXITED, ONE_OFF], ["shop-db-1", "shop-db-2"], None),
        ([PODMAN, PLAIN], ["shop_db_1"], None),
        ([ONE_OFF], [], "The engine has no container of the project shop."),
        ([[*DB[:4], "shopp", "db", ""], PLAIN], [], "The engine has no container of the project shop. There is shopp."),
        ([[*DB[:5], "db2", ""], WEB], [], "The project shop has no container of db. There is db2."),
        ([], [], "The engine has no container of the project shop."),
    ],
)
def test_all_containers_of_a_service_are_found(containers: list[list[str]], found: list[str], note: str | None) -> None:
    selection = select(Service("db", "compose", "shop"), listed(printed(*containers)))
    assert [container.name for container in selection.containers] == found
    assert selection.notes == ((note,) if note else ())


@pytest.mark.parametrize(
    "containers",
    [
        [DB],
        [OLD],
        [PODMAN],
        [OTHER, WEB, DB],
        [PLAIN, DB],
        [ONE_OFF, DB],
        [SECOND_EXITED, DB],  # what an earlier scaling has left
    ],
)
def test_the_one_that_runs_is_chosen(containers: list[list[str]]) -> None:
    assert chosen(*containers) == Container(*containers[-1])


def test_names_are_compared_and_never_read() -> None:
    assert chosen(DB, ODD, project=ODD[4], service=ODD[5]).id == ODD[0]
    for project in ("Shop", "sho", "shop ", "*", ""):
        with pytest.raises(Unreachable, match="no container of that project"):
            chosen(DB, project=project)


@pytest.mark.parametrize(
    ("containers", "kind", "why", "remedy"),
    [
        ([], Unreachable, "the engine has no container of any project", "or the host on which they run"),
        ([PLAIN], Unreachable, "the engine has no container of any project", "or the host on which they run"),
        (
            [OTHER, [*OTHER[:4], "wiki", "db", ""]],
            Unreachable,
            "there is no container of that project; there are some of the projects blog, wiki",
            "Start it, or name the right project and service",
        ),
        (
            [WEB, OTHER],
            Unreachable,
            "there is no container of that service; there are some of the services web",
            "Start it, or name the right project and service",
        ),
        ([ONE_OFF, WEB], Unreachable, "there is no container of that service; there are some of the services web", ""),
        (
            [EXITED],
            Unreachable,
            "it does not run: shop-db-1 is exited (Exited (137) 2 hours ago)",
            "Start it, or unpause it; 'docker logs shop-db-1' shows what it said last.",
        ),
        ([ONE_OFF, EXITED, OTHER], Unreachable, "it does not run: shop-db-1 is exited", "'docker logs shop-db-1'"),
        ([PAUSED], Unreachable, "it does not run: shop-db-1 is paused (Up 5 minutes (Paused))", "unpause it"),
        ([RESTARTING], Unreachable, "shop-db-1 is restarting (Restarting (1) 3 seconds ago)", "docker logs shop-db-1"),
        ([CREATED], Unreachable, "shop-db-1 is created (Created)", "Start it"),
        (
            [EXITED, SECOND_EXITED],
            Unreachable,
            "shop-db-1 is exited (Exited (137) 2 hours ago); shop-db-2 is exited (Exited (0) 2 hours ago)",
            "Start it",
        ),
        (
            [SECOND, WEB, DB],
            Refused,
            "2 containers of it run, shop-db-1, shop-db-2",
            "Stop all but the one that has the data, or name that one with the runtime container.",
        ),
    ],
)
def test_what_is_amiss_is_told(containers: list[list[str]], kind: type[Day2Error], why: str, remedy: str) -> None:
    with pytest.raises(kind) as failed:
        chosen(*containers)
    assert failed.value.on == "service db of the compose project shop"
    assert failed.value.doing == "finding the container"
    assert why in failed.value.why
    assert remedy in failed.value.remedy


@pytest.mark.parametrize(
    ("script", "kind", "why", "remedy"),
    [
        (
            "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' >&2; exit 1",
            Unreachable,
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock",
            "start the engine, or let the user reach it",
        ),
        ("exit 3", Unreachable, "ps ended with status 3", "start the engine"),
        ("exec sleep 60", Unreachable, "the engine did not answer within 0.3 seconds (", "start the engine"),
        ("echo shop-db-1", NotPossible, "prints is not understood (", "the client of Docker 20.10 or later serves"),
        ("echo '[1]'", NotPossible, "prints is not understood (", "the client of Docker 20.10 or later serves"),
        ("echo 7", NotPossible, "prints is not understood (", "the client of Docker 20.10 or later serves"),
    ],
)
def test_an_engine_that_does_not_answer_is_told(
    script: str, kind: type[Day2Error], why: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "ANSWER_SECONDS", 0.3 if "sleep" in script else 60)
    with pytest.raises(kind) as failed:
        ComposeRunner("shop", "db", client=engine(tmp_path, script)).run(["true"])
    assert failed.value.on == "service db of the compose project shop"
    assert why in failed.value.why
    assert remedy in failed.value.remedy


def test_a_client_that_is_missing_is_told() -> None:
    with pytest.raises(NotPossible) as failed:
        ComposeRunner("shop", "db", client="no-such-engine").run(["true"])
    assert str(failed.value) == (
        "Finding the container on service db of the compose project shop failed: no-such-engine: No such file or "
        "directory. Install no-such-engine on the host where it runs, or name that host."
    )


def test_it_is_looked_for_once_and_not_before_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / "there").write_text(printed(OTHER, DB))
    calls = tmp_path / "calls"
    client = engine(tmp_path, f'echo "$1" >> "{calls}"; [ "$1" != ps ] || cat "{tmp_path / "there"}"')
    runner = ComposeRunner("shop", "db", "postgres", client)
    assert not calls.exists()
    threads = [threading.Thread(target=runner.container) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    argv, _env = runner.command(["psql", "-c", "a b"], {})
    assert argv == [
        client, "exec", "--interactive", "--user", "postgres", "--env", "LC_ALL=C", "--", DB[0], "psql", "-c", "a b",
    ]  # fmt: skip
    runner.check()
    assert calls.read_text().split() == ["ps", "exec"]


def test_it_is_looked_for_again_after_it_was_not_found(tmp_path: Path) -> None:
    there = tmp_path / "there"
    runner = ComposeRunner("shop", "db", client=engine(tmp_path, f'cat "{there}"'))
    there.write_text(printed(EXITED))
    with pytest.raises(Unreachable, match="it does not run"):
        runner.check()
    there.write_text(printed(DB))
    runner.check()


def test_the_client_finds_the_engine_as_it_would_for_its_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine:2376")
    monkeypatch.setenv("PGPASSWORD", "secret")
    client = engine(tmp_path, f'env > "{tmp_path / "env"}"; printf "%s\\n" "$@" > "{tmp_path / "argv"}"')
    with pytest.raises(Unreachable):
        ComposeRunner("shop; ls", "--all", client=client).container()
    assert "DOCKER_HOST=tcp://engine:2376" in (tmp_path / "env").read_text()
    assert "secret" not in (tmp_path / "env").read_text()
    # Nothing that was given reaches the client.
    assert not {"shop; ls", "shop"} & set((tmp_path / "argv").read_text().split("\n"))
