# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What nobody needs is removed from a real engine, of which only what the test made is shown."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._runtime.prune import Prune

from ...conftest import RunModule
from ...tools.containers import container
from ...tools.images import IMAGES
from ...tools.program import output
from .sites import Site, steps

# A client that lists what has a label, and is the client for all else: the engine is shared with others.
CLIENT = """#!/bin/sh
case "$1" in
  ps) shift; exec {client} ps --filter "label={label}" "$@" ;;
  image) [ "$2" = ls ] && shift 2 && exec {client} image ls --filter "label={label}" "$@" ;;
esac
exec {client} "$@"
"""


class Shelf:
    """Images and containers of a test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"day2-test/prune-{os.getpid()}"
        self.label = f"day2.test.prune={os.getpid()}"
        self._made = 0

    def build(self, tag: str, *labels: str, command: str = "none") -> str:
        """An image that differs from all others; gives its id."""
        self._made += 1
        folder = self.folder / str(self._made)
        folder.mkdir()
        (folder / "content").write_text(f"{os.getpid()} {self._made}")
        (folder / "Dockerfile").write_text(f'FROM scratch\nCOPY content /\nCMD ["{command}"]\n')
        given = [word for label in (self.label, *labels) for word in ("--label", label)]
        argv = ["docker", "build", "--quiet", "--force-rm", "--tag", f"{self.name}:{tag}", *given, str(folder)]
        return output(argv).strip()

    def images(self) -> set[str]:
        listed = output(["docker", "image", "ls", "--no-trunc", "--quiet", "--filter", f"label={self.label}"])
        return set(listed.split())

    def clear(self) -> None:
        for image in self.images():
            output(["docker", "image", "rm", "--force", image], check=False)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    real = shutil.which("docker")
    assert real
    one = Shelf(tmp_path)
    (tmp_path / "bin").mkdir()
    client = tmp_path / "bin" / "docker"
    client.write_text(CLIENT.format(client=real, label=one.label))
    client.chmod(0o755)
    with contextlib.ExitStack() as cleaning:
        cleaning.callback(one.clear)
        with monkeypatch.context() as patched:
            patched.setenv("PATH", f"{client.parent}{os.pathsep}{os.environ['PATH']}")
            yield one


def pruned(run_module: RunModule, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    result = run_module("container_engine_prune", {"older_than": 0, **options}, check_mode=check_mode)
    assert "failed" not in result, result
    return result


def ids(items: list[dict[str, Any]]) -> set[str]:
    return {item["id"] for item in items}


def test_what_is_old_goes_and_what_may_be_needed_stays(shelf: Shelf, run_module: RunModule) -> None:
    first, second, third, fourth = (shelf.build(str(number)) for number in range(1, 5))
    lost = shelf.build("anew", command="serve")
    before = shelf.build("anew", command="serve")
    now = shelf.build("anew", command="serve")
    output(["docker", "tag", first, f"{shelf.name}:also"])
    with container("prune", now, options=["--label", shelf.label], start=False):
        planned = pruned(run_module, check_mode=True)
        assert planned["changed"] is True
        assert (ids(planned["plan"]), planned["removed"]) == ({first, second, third, lost}, [])
        assert shelf.images() == {first, second, third, fourth, lost, before, now}
        done = pruned(run_module)
        assert (done["changed"], ids(done["removed"]), done["refused"]) == (True, {first, second, third, lost}, [])
        assert ids(done["kept"]) == {fourth, before}
        assert shelf.images() == {fourth, before, now}
        again = pruned(run_module)
        assert (again["changed"], again["plan"], again["removed"]) == (False, [], [])
    assert done["before"].keys() == done["after"].keys() == {"images", "containers", "volumes", "build_cache"}
    assert all(item["reason"] and item["bytes"] >= 0 for item in (*done["removed"], *done["kept"]))


def test_what_is_young_or_named_stays(shelf: Shelf, run_module: RunModule) -> None:
    made = {shelf.build(str(number)) for number in range(1, 4)}
    assert pruned(run_module, older_than=3600)["plan"] == []
    assert pruned(run_module, keep=[f"{shelf.name}:*"])["plan"] == []
    assert shelf.images() == made


def test_no_volume_and_no_service_that_is_stopped_is_touched(shelf: Shelf, run_module: RunModule) -> None:
    volume = f"day2-test-prune-{os.getpid()}"
    image = IMAGES["postgresql-17"].tag
    service = ["--label", "com.docker.compose.project=prune", "--label", "com.docker.compose.service=db"]
    beside = ["--label", "com.docker.compose.oneoff=True"]
    mine = ["--label", shelf.label, "--entrypoint", "true"]
    output(["docker", "volume", "create", volume])
    try:
        with (
            container("prune-run", image, options=[*mine, *service, *beside]) as ran,
            container("prune-service", image, options=[*mine, *service]) as stopped,
            container("prune-plain", image, options=mine) as plain,
        ):
            output(["docker", "wait", ran, stopped, plain])
            done = pruned(run_module)
            assert [item["name"] for item in done["removed"]] == [ran]
            left = output(["docker", "ps", "--all", "--format", "{{.Names}}", "--filter", f"label={shelf.label}"])
            assert set(left.split()) == {stopped, plain}
            assert volume in done["unused_volumes"]
            assert volume in output(["docker", "volume", "ls", "--quiet"]).split()
    finally:
        output(["docker", "volume", "rm", volume])


def test_what_came_into_use_meanwhile_is_refused_by_the_engine(
    shelf: Shelf, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, gone = shelf.build("1"), shelf.build("2")
    shelf.build("3")
    real = Prune._do
    with contextlib.ExitStack() as later:

        def meanwhile(self: Prune, *given: Any) -> Any:
            later.enter_context(container("prune", old, options=["--label", shelf.label], start=False))
            return real(self, *given)

        monkeypatch.setattr(Prune, "_do", meanwhile)
        done = pruned(run_module, keep_images=1)
        assert (ids(done["removed"]), ids(done["refused"])) == ({gone}, {old})
        assert "conflict" in done["refused"][0]["error"]
        assert old in shelf.images()


def test_an_engine_that_cannot_be_reached_fails(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    told = run_module("container_engine_prune", {}, check_mode=True)
    assert told["error"]["kind"] == "Unreachable"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"keep_images": 0}, "0 is less than 1"),
        ({"older_than": -1}, "-1 is less than 0"),
        ({"timeout": 0}, "0.0 is less than 1"),
        ({"volumes": True}, "Unsupported parameters"),
    ],
)
def test_bad_options(run_module: RunModule, options: dict[str, Any], why: str) -> None:
    told = run_module("container_engine_prune", options, check_mode=True)
    assert told["failed"]
    assert why in told["msg"]


@pytest.mark.long
def test_a_runbook_removes_it_once_it_is_asked_for(shelf: Shelf, tmp_path: Path) -> None:
    old = shelf.build("1")
    shelf.build("2")
    site = Site(tmp_path / "site")
    cleanup = {"day2_cleanup": {"engine": True, "keep_images": 1, "older_than": 0}, "day2_fail_on": "never"}
    folder = site.inventory(
        "one", {"shop": (cleanup, {"web1": {}}), "other": ({"day2_fail_on": "never"}, {"web2": {}})}
    )
    status, said = site.run("cleanup", folder, more=("--check",))
    assert status == 0, said
    assert "Would be removed: 1 image." in said
    assert old in shelf.images()
    status, said = site.run("cleanup", folder)
    assert status == 0, said
    assert steps(site.report("shop"), "web1")["cleanup"][0] == "changed"
    told = "Nothing is removed from an engine of containers here."
    assert steps(site.report("other"), "web2")["cleanup"] == ("ok", told)
    assert old not in shelf.images()
