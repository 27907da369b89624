# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What services have said on their outputs, in real containers: all of it, once, and nothing of others."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from ...conftest import RunModule
from ...tools.compose import Project, project
from ...tools.containers import container
from ...tools.images import IMAGES
from ...tools.program import output
from .maintenance_places import until

IMAGE = IMAGES["postgresql-17"].tag

# On both outputs; the last line has no end, and none tells its time.
TALK = r"""
echo '{"level": "info", "msg": "GET /a/ERROR", "path": "/a/ERROR", "status": 200, "duration_ms": 12}'
echo '{"level": "error", "msg": "it broke", "path": "/b", "status": 500, "duration_ms": 1200}'
echo '{"level": "error", "msg": "and this"}' >&2
echo '{"level": "warning", "msg": "nearly"}' >&2
printf '{"level": "info", "msg": "GET /c", "path": "/c", "status": 401, "duration_ms": 3}'
"""


def shell(script: str) -> dict[str, Any]:
    return {"image": IMAGE, "entrypoint": ["sh", "-c", script.replace("$", "$$")]}


SERVICES = {
    "talks": shell(TALK),
    "pair": shell("echo WARNING: twice; exec sleep infinity"),
    "quiet": shell("exec sleep infinity"),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with project("said", tmp_path_factory.mktemp("said"), SERVICES, "--scale", "pair=2") as one:
        look = ["docker", "wait", *one.containers("talks")]
        assert output(look).strip() == "0"
        assert until(lambda: all(output(["docker", "logs", name]) for name in one.containers("pair")), 60)
        yield one


def scanned(run_module: RunModule, *sources: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    result = run_module("log_scan_info", {"sources": list(sources), **more})
    assert "failed" not in result, result
    logs: list[dict[str, Any]] = result["logs"]
    return logs


def of(shop: Project, service: str, **more: Any) -> dict[str, Any]:
    return {"service": {"runtime": "compose", "project": shop.name, "name": service}, **more}


def test_both_outputs_are_read_once(shop: Project, run_module: RunModule) -> None:
    talks, pair, quiet = scanned(run_module, *(of(shop, name) for name in ("talks", "pair", "quiet")))
    assert talks["name"] == f"service talks of the compose project {shop.name}"
    assert [file["path"] for file in talks["files"]] == [f"container {name}" for name in shop.containers("talks")]
    assert (talks["lines"], talks["lines_outside"], talks["errors"]) == (5, 0, 2)
    assert talks["levels"] == {"error": 2, "info": 2, "warning": 1}
    assert talks["statuses"] == {"200": 1, "401": 1, "500": 1}
    assert talks["latency"]["max"] == 1200
    assert [file["path"] for file in pair["files"]] == [f"container {name}" for name in shop.containers("pair")]
    assert (pair["lines"], pair["levels"]["warning"]) == (2, 2)
    assert (quiet["lines"], quiet["files"][0]["error"]) == (0, None)


def test_the_period_is_that_in_which_it_was_said(shop: Project, run_module: RunModule) -> None:
    [recent] = scanned(run_module, of(shop, "talks"), since="1h")
    assert (recent["lines"], recent["lines_outside"], recent["errors"]) == (5, 0, 2)
    [long_ago] = scanned(run_module, of(shop, "talks"), until="2020-01-01")
    assert long_ago["lines"] == 0


def test_patterns_and_formats_hold_there_too(shop: Project, run_module: RunModule) -> None:
    pattern = {"name": "denied", "regex": "^401$", "field": "status"}
    [talks] = scanned(run_module, of(shop, "talks", name="backend", format="json", patterns=[pattern]))
    assert talks["name"] == "backend"
    assert talks["patterns"] == {"denied": 1}


def test_a_container_by_its_name(run_module: RunModule) -> None:
    script = "echo ERROR: one; exec sleep infinity"
    with container("said", IMAGE, "-c", script, options=["--entrypoint", "sh"]) as name:
        assert until(lambda: "ERROR" in output(["docker", "logs", name]), 60)
        [said] = scanned(run_module, {"service": {"runtime": "container", "name": name}})
    assert (said["lines"], said["levels"]["error"]) == (1, 1)


def test_what_is_not_there_is_told_with_what_is(shop: Project, run_module: RunModule) -> None:
    [lost] = scanned(run_module, of(shop, "talk"))
    [file] = lost["files"]
    assert file["path"] == f"service talk of the compose project {shop.name}"
    assert file["error"].startswith(f"The project {shop.name} has no container of talk. There is talks.")
    assert lost["lines"] == 0


def test_an_engine_that_never_answers(shop: Project, run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        [blind] = scanned(run_module, of(shop, "talks", timeout=1))
    assert "the engine did not answer within 1 seconds" in blind["files"][0]["error"]


def test_an_engine_that_cannot_be_reached(
    shop: Project, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    [blind] = scanned(run_module, of(shop, "talks"))
    assert "Cannot connect" in blind["files"][0]["error"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({}, "one of the following is required: paths, service found in sources"),
        ({"paths": ["/x"], "service": {"runtime": "container", "name": "x"}}, "mutually exclusive"),
        ({"service": {"runtime": "compose", "name": "x"}}, "x has no project"),
        ({"service": {"runtime": "container", "name": "x", "project": "p"}}, "which has no project p"),
        ({"service": {"runtime": "podman", "name": "x"}}, "value of runtime must be one of: compose, container"),
        ({"paths": []}, "a path is empty"),
    ],
)
def test_bad_options(run_module: RunModule, source: dict[str, Any], why: str) -> None:
    told = run_module("log_scan_info", {"sources": [source]})
    assert told["failed"]
    assert why in told["msg"]
