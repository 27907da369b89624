# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services in real containers, in every state; and engines that are away, silent, or lose containers meanwhile."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from ...collection import CHECKOUT
from ...conftest import RunModule
from ...tools.compose import Project, project
from ...tools.containers import container
from ...tools.images import IMAGES
from ...tools.program import environment, output
from .maintenance_places import Behind, until

IMAGE = IMAGES["postgresql-17"].tag
MIB = 1 << 20
SLEEP = {"image": IMAGE, "entrypoint": ["sleep", "infinity"]}


def shell(script: str, **others: Any) -> dict[str, Any]:
    return {"image": IMAGE, "entrypoint": ["sh", "-c", script], **others}


def checked(*test: str, interval: str = "1s") -> dict[str, Any]:
    check = {"test": ["CMD", *test], "interval": interval, "timeout": "20s", "retries": 1}
    return {**SLEEP, "healthcheck": check}


# Each is called by the state that it comes to be in.
SERVICES: dict[str, dict[str, Any]] = {
    "healthy": {**checked("true"), "mem_limit": "64m", "cpus": 0.5},
    "unhealthy": checked("false"),
    "starting": checked("true", interval="1h"),
    "plain": shell("echo it began; exec sleep infinity"),
    "exited": shell("exit 3"),
    "looping": shell("exit 4", restart="always"),
    "paused": SLEEP,
    "killed": {
        "image": IMAGE,
        "entrypoint": ["perl", "-e", "my $$all = q(x) x 500000000; sleep"],  # Compose reads $$ as one of them
        "mem_limit": "24m",
        "memswap_limit": "24m",
    },
    "pair": SLEEP,
    "beside": SLEEP,
    "victim": SLEEP,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with all of them."""
    with project("services", tmp_path_factory.mktemp("services"), SERVICES, "--scale", "pair=2") as one:
        output(["docker", "stop", "--time", "0", one.containers("pair")[0]])
        output(["docker", "pause", *one.containers("paused")])
        yield one


def named(shop: Project, *names: str) -> list[dict[str, str]]:
    return [{"name": name, "runtime": "compose", "project": shop.name} for name in names]


def seen(run_module: RunModule, *services: dict[str, str], **options: Any) -> list[dict[str, Any]]:
    result = run_module("service_info", {"services": list(services), **options})
    assert "failed" not in result, result
    assert result["changed"] is False
    facts: list[dict[str, Any]] = result["services"]
    assert [(one["name"], one["runtime"]) for one in facts] == [(one["name"], one["runtime"]) for one in services]
    assert len({tuple(one) for one in facts}) <= 1
    return facts


def until_seen(run_module: RunModule, service: dict[str, str], **expected: Any) -> dict[str, Any]:
    """The facts of a service once they are these."""
    found: list[dict[str, Any]] = []

    def so() -> bool:
        found[:] = seen(run_module, service)
        return expected.items() <= found[0].items()

    assert until(so, 60), found
    return found[0]


def inspected(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(output(["docker", "container", "inspect", name]))[0]
    return document


# -- states -----------------------------------------------------------------------------------------------------------


def test_healthy_within_its_limits(shop: Project, run_module: RunModule) -> None:
    (name,) = shop.containers("healthy")
    facts = until_seen(run_module, *named(shop, "healthy"), state="running", health="healthy")
    document = inspected(name)
    assert (facts["error"], facts["unseen"], facts["notes"], facts["exit_code"]) == (None, [], [], None)
    assert facts["replicas"] == {"running": 1, "total": 1}
    assert (facts["restarts"], facts["oom_killed"]) == (0, False)
    assert (facts["cpu_limit"], facts["memory_limit_bytes"]) == (0.5, 64 * MIB)
    assert 0 <= facts["cpu_percent"] < 100
    assert facts["cpu_limit_percent"] == pytest.approx(facts["cpu_percent"] / 0.5, abs=0.02)
    assert 0 < facts["memory_bytes"] < 64 * MIB
    assert facts["memory_percent"] == pytest.approx(100 * facts["memory_bytes"] / (64 * MIB), abs=0.1)
    assert (facts["image"], facts["image_id"], facts["images_differ"]) == (IMAGE, document["Image"], False)
    assert facts["started"][:19] == document["State"]["StartedAt"][:19]
    began = datetime.fromisoformat(facts["started"].replace("Z", "+00:00"))
    assert facts["running_seconds"] == pytest.approx((datetime.now(timezone.utc) - began).total_seconds(), abs=30)
    (instance,) = facts["instances"]
    assert (instance["name"], instance["id"], instance["state"]) == (name, document["Id"], "running")
    assert instance["memory_bytes"] == facts["memory_bytes"]


def test_what_the_health_check_says(shop: Project, run_module: RunModule) -> None:
    until_seen(run_module, *named(shop, "unhealthy"), state="running", health="unhealthy")
    facts = seen(run_module, *named(shop, "unhealthy", "starting", "plain"))
    assert [(one["state"], one["health"]) for one in facts] == [
        ("running", "unhealthy"),
        ("running", "starting"),
        ("running", "none"),
    ]
    assert [one["instances"][0]["health"] for one in facts] == [one["health"] for one in facts]
    for one in facts:  # without a limit, the share is that of the host
        assert (one["memory_limit_bytes"], one["cpu_limit"]) == (None, None)
        assert 0 <= one["memory_percent"] < 5


def test_what_has_ended(shop: Project, run_module: RunModule) -> None:
    facts = until_seen(run_module, *named(shop, "exited"), state="exited")
    assert (facts["exit_code"], facts["health"], facts["replicas"]) == (3, None, {"running": 0, "total": 1})
    nothing = ("started", "running_seconds", "cpu_percent", "memory_bytes", "memory_percent")
    assert {facts[key] for key in nothing} == {None}
    assert facts["instances"][0]["started"] is not None


def test_what_ends_again_and_again(shop: Project, run_module: RunModule) -> None:
    facts = until_seen(run_module, *named(shop, "looping"), state="restarting", exit_code=4)
    assert facts["restarts"] > 0
    assert facts["replicas"] == {"running": 0, "total": 1}
    more = facts["restarts"]
    assert until(lambda: seen(run_module, *named(shop, "looping"))[0]["restarts"] > more, 60)


def test_what_is_paused(shop: Project, run_module: RunModule) -> None:
    (facts,) = seen(run_module, *named(shop, "paused"))
    assert (facts["state"], facts["replicas"], facts["exit_code"]) == ("paused", {"running": 0, "total": 1}, None)
    assert facts["memory_bytes"] > 0


def test_what_was_killed_because_memory_ran_out(shop: Project, run_module: RunModule) -> None:
    (name,) = shop.containers("killed")

    def noticed() -> bool:
        """Whether the engine did: it misses some that end at once."""
        output(["docker", "start", name])
        output(["docker", "wait", name])
        return bool(inspected(name)["State"]["OOMKilled"])

    assert until(noticed, 60)
    (facts,) = seen(run_module, *named(shop, "killed"))
    assert facts["state"] == "exited"
    assert (facts["oom_killed"], facts["exit_code"], facts["memory_limit_bytes"]) == (True, 137, 24 * MIB)


def test_two_instances_of_which_one_is_stopped(shop: Project, run_module: RunModule) -> None:
    stopped, running = shop.containers("pair")
    (facts,) = seen(run_module, *named(shop, "pair"))
    assert (facts["state"], facts["health"]) == ("exited", "none")
    assert facts["replicas"] == {"running": 1, "total": 2}
    assert [(one["name"], one["state"]) for one in facts["instances"]] == [(stopped, "exited"), (running, "running")]
    assert facts["exit_code"] == facts["instances"][0]["exit_code"] == inspected(stopped)["State"]["ExitCode"] > 128
    assert facts["instances"][1]["exit_code"] is None
    assert facts["memory_bytes"] == facts["instances"][1]["memory_bytes"] > 0
    assert facts["started"] == facts["instances"][1]["started"]


def test_what_was_never_started_and_what_could_not_be(run_module: RunModule) -> None:
    with container("created", IMAGE, "infinity", options=["--entrypoint", "sleep"], start=False) as name:
        (facts,) = seen(run_module, {"name": name, "runtime": "container"})
        assert (facts["state"], facts["exit_code"], facts["log_bytes"]) == ("created", None, 0)
        assert facts["instances"][0]["started"] is None
    with container("broken", IMAGE, options=["--user", "nobody-is-called-so"], start=False) as name:
        output(["docker", "start", name], check=False)
        (facts,) = seen(run_module, {"name": name, "runtime": "container"})
        assert (facts["state"], facts["exit_code"]) == ("created", None)
        assert any(note.startswith(f"The engine says of {name}: ") for note in facts["notes"]), facts


def test_what_runs_one_command_beside_the_service_does_not_count(shop: Project, run_module: RunModule) -> None:
    (beside,) = shop.containers("beside")
    shop.run("run", "--detach", "--entrypoint", "sh -c 'exit 9'", "beside")
    assert len(shop.containers("beside")) == 2
    (facts,) = seen(run_module, *named(shop, "beside"))
    assert (facts["replicas"], [one["name"] for one in facts["instances"]]) == ({"running": 1, "total": 1}, [beside])
    assert facts["exit_code"] is None


# -- how services are named -------------------------------------------------------------------------------------------


def test_a_container_by_its_name_and_by_its_id(shop: Project, run_module: RunModule) -> None:
    (name,) = shop.containers("healthy")
    whole = inspected(name)["Id"]
    names = [name, whole, whole[:12]]
    facts = seen(run_module, *({"name": one, "runtime": "container"} for one in names))
    assert [one["instances"][0]["id"] for one in facts] == [whole] * 3
    assert [one["project"] for one in facts] == [None] * 3


def test_what_is_not_there(shop: Project, run_module: RunModule) -> None:
    (plain,) = shop.containers("plain")
    facts = seen(
        run_module,
        *named(shop, "plainn", "plain"),
        {"name": "plain", "runtime": "compose", "project": f"{shop.name}x"},
        {"name": f"{plain}x", "runtime": "container"},
    )
    assert [one["state"] for one in facts] == ["missing", "running", "missing", "missing"]
    assert [one["error"] for one in facts] == [None] * 4
    assert facts[0]["notes"][0].startswith(f"The project {shop.name} has no container of plainn. There is plain")
    assert shop.name in facts[2]["notes"][0].partition(". There is ")[2]
    assert plain in facts[3]["notes"][0].partition(". There is ")[2]
    assert (facts[0]["instances"], facts[0]["replicas"]) == ([], {"running": 0, "total": 0})


ODD = ["--all", "{{.ID}}", "a b; ünï ☃", "*", "$(id)", "line\nbreak", "x" * 5000, "/", "%s"]


def test_odd_names_are_compared_and_never_read(shop: Project, run_module: RunModule) -> None:
    services = [
        *({"name": name, "runtime": "container"} for name in ODD),
        *({"name": name, "runtime": "compose", "project": shop.name} for name in ODD),
        *({"name": "plain", "runtime": "compose", "project": name} for name in ODD),
    ]
    facts = seen(run_module, *services, *named(shop, "plain"))
    assert [one["state"] for one in facts] == ["missing"] * len(services) + ["running"]


def test_odd_names_of_services_that_there_are(tmp_path: Path, run_module: RunModule) -> None:
    with project("odd", tmp_path, {"a.b_c-D.1": SLEEP}) as one:
        (facts,) = seen(run_module, *named(one, "a.b_c-D.1"))
        assert facts["state"] == "running"


# -- logs -------------------------------------------------------------------------------------------------------------


def test_the_size_of_logs(shop: Project, run_module: RunModule) -> None:
    (plain,) = shop.containers("plain")
    log = Path(inspected(plain)["LogPath"])
    assert until(lambda: "it began" in output(["docker", "logs", plain]))
    (facts,) = seen(run_module, *named(shop, "plain"))
    assert facts["log_driver"] == "json-file"
    if facts["log_bytes"] is None:  # whoever is not root may not look
        assert "Permission denied" in facts["unseen"][0]["reason"]
    else:
        assert facts["log_bytes"] == log.stat().st_size > 0
    options = ["--entrypoint", "sleep", "--log-driver", "none"]
    with container("no-log", IMAGE, "infinity", options=options) as name:
        (facts,) = seen(run_module, {"name": name, "runtime": "container"})
        assert (facts["log_driver"], facts["log_bytes"]) == ("none", None)
        assert facts["unseen"] == [{"what": "log", "reason": f"{name}: its log driver, none, keeps no file"}]


# -- what goes meanwhile ----------------------------------------------------------------------------------------------


@contextmanager
def client(folder: Path, monkeypatch: pytest.MonkeyPatch, question: str, first: str) -> Iterator[Path]:
    """The engine's client, with something that happens before it asks one question; gives the record of its calls."""
    real, calls = shutil.which("docker"), folder / "calls"
    script = f'#!/bin/sh\necho "$1" >> "{calls}"\nif [ "$1" = {question} ]; then\n{first}\nfi\nexec "{real}" "$@"\n'
    place = folder / "bin"
    place.mkdir()
    (place / "docker").write_text(script)
    (place / "docker").chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(place), prepend=":")
        yield calls


@pytest.mark.parametrize(
    ("question", "how"),
    [
        ("container", '"{real}" rm --force {name} > /dev/null'),
        ("stats", '"{real}" rm --force {name} > /dev/null'),
        ("stats", '"{real}" rm --force {name} > /dev/null 2>&1 &'),  # while the question is being answered
    ],
    ids=["before it is inspected", "before its use is told", "while its use is told"],
)
def test_one_that_is_removed_meanwhile_does_not_spoil_the_others(
    shop: Project, question: str, how: str, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.run("up", "--detach", "--no-recreate", "--no-deps", "victim")
    (name,) = shop.containers("victim")
    with client(tmp_path, monkeypatch, question, how.format(real=shutil.which("docker"), name=name)) as calls:
        victim, healthy, plain = seen(run_module, *named(shop, "victim", "healthy", "plain"))
    assert until(lambda: shop.containers("victim") == [])
    assert calls.read_text().split() == ["ps", "container", "stats"]
    for other in (healthy, plain):
        assert (other["state"], other["error"]) == ("running", None)
        assert other["memory_bytes"] > 0
        assert other["cpu_percent"] is not None
    assert victim["error"] is None
    if question == "container":
        assert (victim["state"], victim["notes"]) == ("missing", [f"{name} was removed while it was looked at."])
    else:
        assert victim["state"] == "running"
        why = {"what": "use", "reason": f"{name} ended while it was looked at"}
        assert (victim["memory_bytes"] is None) == (why in victim["unseen"])


def test_containers_that_come_and_go_all_the_time_disturb_nobody(shop: Project, run_module: RunModule) -> None:
    ended = threading.Event()

    def churn() -> int:
        rounds = 0
        while not ended.is_set():
            with container("churn", IMAGE, "infinity", options=["--entrypoint", "sleep"]):
                rounds += 1
        return rounds

    churning = Behind(churn)
    try:
        services = [*named(shop, "healthy", "plain"), {"name": "day2-test-churn", "runtime": "container"}]
        for _time in range(4):
            healthy, plain, _none = seen(run_module, *services)
            assert (healthy["error"], plain["error"]) == (None, None)
            assert min(healthy["memory_bytes"], plain["memory_bytes"]) > 0
    finally:
        ended.set()
    assert churning.result() > 1


def test_any_number_of_services_takes_three_questions(
    shop: Project, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    containers = [{"name": name, "runtime": "container"} for name in shop.containers("pair")]
    with client(tmp_path, monkeypatch, "nothing", "exit 1") as calls:
        facts = seen(run_module, *named(shop, *SERVICES), *containers)
    assert len(facts) == len(SERVICES) + 2
    assert calls.read_text().split() == ["ps", "container", "stats"]


def test_use_that_is_not_told_in_time(
    shop: Project, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client(tmp_path, monkeypatch, "stats", "exec sleep 600"):
        healthy, exited = seen(run_module, *named(shop, "healthy", "exited"), timeout=5)
    assert (healthy["state"], healthy["error"], healthy["memory_bytes"]) == ("running", None, None)
    assert healthy["memory_limit_bytes"] == 64 * MIB
    (unseen,) = healthy["unseen"]
    assert unseen["what"] == "use"
    assert "did not answer within 5 seconds (docker stats)" in unseen["reason"]
    assert (exited["exit_code"], exited["unseen"]) == (3, [])


# -- engines that cannot be asked -------------------------------------------------------------------------------------


def unseen(run_module: RunModule, shop: Project, timeout: float = 30) -> dict[str, str]:
    """The error of all services."""
    services = [*named(shop, "plain"), {"name": "proxy", "runtime": "container"}]
    plain, proxy = seen(run_module, *services, timeout=timeout)
    assert plain["error"] == proxy["error"]
    assert (plain["state"], plain["replicas"]["total"], plain["instances"]) == (None, None, [])
    error: dict[str, str] = plain["error"]
    return error


def test_an_engine_that_cannot_be_reached(
    shop: Project, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:  # bound, and nobody listens
        closed.bind(("127.0.0.1", 0))
        place = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("DOCKER_HOST", place)
        error = unseen(run_module, shop)
    assert error["kind"] == "Unreachable"
    assert place in error["why"]
    assert "start the engine" in error["remedy"]


def test_an_engine_that_never_answers(shop: Project, run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        error = unseen(run_module, shop, timeout=1.5)
    assert (error["kind"], error["why"]) == ("Unreachable", "the engine did not answer within 1.5 seconds (docker ps)")


def test_a_client_that_is_not_there(
    shop: Project, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        error = unseen(run_module, shop)
    assert (error["kind"], error["why"]) == ("NotPossible", "docker: No such file or directory")


# -- in a runbook -----------------------------------------------------------------------------------------------------


def ran(folder: Path, shop: Project, playbook: str, *more: str) -> tuple[int, str]:
    """The exit status of a playbook on this host and its services, and what it said."""
    services = [
        *named(shop, "healthy", "exited"),
        {"name": "other", "runtime": "command", "stop": ["x"], "start": ["x"]},
    ]
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "day2_environment": "shop",
        "day2_state_dir": str(folder / "state"),
        "day2_services": [{**service, "databases": ["shop"]} for service in services],
    }
    inventory = folder / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"here": variables}}}))
    argv = [sys.executable, "-m", "ansible", "playbook", "-i", str(inventory), f"playbooks/{playbook}.yml", *more]
    done = subprocess.run(argv, cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_runbook_looks_at_services_and_judges_them(shop: Project, run_module: RunModule, tmp_path: Path) -> None:
    until_seen(run_module, *named(shop, "healthy"), health="healthy")
    status, said = ran(tmp_path, shop, "inspect")
    assert status == 2, said
    folder = tmp_path / "state" / "reports" / "shop"
    report = json.loads((folder / "latest.json").read_text())
    facts = report["hosts"]["here"]["facts"]
    assert [(one["name"], one["state"]) for one in facts["services"]] == [("healthy", "running"), ("exited", "exited")]
    found = {(one["check"], one["subject"]): one["severity"] for one in report["findings"]}
    healthy, exited = f"{shop.name}/healthy", f"{shop.name}/exited"
    expected = {
        ("services.state", healthy): "ok",
        ("services.health", healthy): "ok",
        ("services.memory", healthy): "ok",
        ("services.state", exited): "critical",
    }
    assert {key: found[key] for key in expected} == expected
    step = next(one for one in facts["steps"] if one["name"] == "facts")
    assert "services: 2" in step["message"]
    for name in ("latest.html", "latest.md"):
        assert IMAGE in (folder / name).read_text()


@pytest.mark.long
def test_check_mode_looks_at_services_too(shop: Project, tmp_path: Path) -> None:
    status, said = ran(tmp_path, shop, "weekly", "--check")
    assert status == 2, said
    assert "services: 2" in said
    assert f"{shop.name}/exited is exited" in said
    assert not (tmp_path / "state").exists()
