# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers of tests never outlive the test run: not after Ctrl-C, not when it is killed, not when the machine was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.collection import CHECKOUT
from tests.tools import containers
from tests.tools.images import IMAGES
from tests.tools.program import output

from .maintenance_places import until

IMAGE = IMAGES["postgresql-17"].tag

# A test run in small: a container, and a wait in the midst of its test.
RUN = f"""
    import time
    from tests.tools.containers import container
    with container("outlived", {IMAGE!r}, "infinity", options=["--entrypoint", "sleep"]) as name:
        print(name, flush=True)
        time.sleep(60)
"""


# The same with a compose project.
PROJECT = f"""
    import pathlib, sys, time
    from tests.tools.compose import project
    sleeper = {{"image": {IMAGE!r}, "entrypoint": ["sleep", "infinity"]}}
    with project("outlived", pathlib.Path(sys.argv[1]), {{"sleeper": sleeper}}, "--scale", "sleeper=2") as one:
        print(*one.containers("sleeper"), flush=True)
        time.sleep(60)
"""


def there(name: str) -> bool:
    return bool(output(["docker", "ps", "--all", "--quiet", "--filter", f"name=^{name}$"]))


@pytest.fixture
def running() -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-c", textwrap.dedent(RUN)]
    with subprocess.Popen(argv, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_container_goes_with_its_run_however_that_ends(running: subprocess.Popen[str], number: int) -> None:
    assert running.stdout
    name = running.stdout.readline().strip()
    assert there(name)
    os.killpg(running.pid, number)
    running.wait()
    assert until(lambda: not there(name))


def test_a_compose_project_goes_with_a_run_that_was_killed(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", textwrap.dedent(PROJECT), str(tmp_path)]
    with subprocess.Popen(argv, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout
        names = process.stdout.readline().split()
        process.kill()
    assert len(names) == 2
    assert until(lambda: not any(there(name) for name in names))


def beside(label: str) -> list[str]:
    """The networks and volumes that bear a label."""
    return [
        name
        for kind in ("network", "volume")
        for name in output(["docker", kind, "ls", "--quiet", "--filter", f"label={label}"]).split()
    ]


def test_networks_and_volumes_of_a_label_go_with_its_containers() -> None:
    name = containers.name_of("beside")
    label = f"day2-test-beside={os.getpid()}"
    with containers.kept(label):
        output(["docker", "network", "create", "--label", label, name])
        output(["docker", "volume", "create", "--label", label, name])
        mount = ["--mount", f"type=volume,source={name},target=/data"]
        output(["docker", "create", "--pull", "never", "--label", label, "--network", name, *mount, IMAGE])
        assert len(beside(label)) == 2
    assert beside(label) == []


def test_networks_and_volumes_that_a_run_left_are_removed_by_the_next() -> None:
    name = containers.name_of("left-beside")
    label = f"{containers.LABEL}={os.getpid()}:1"  # another process has had that id
    output(["docker", "network", "create", "--label", label, name])
    output(["docker", "volume", "create", "--label", label, name])
    containers.clear_remains()
    assert beside(label) == []


def test_what_a_run_left_that_could_not_clear_away_is_removed_by_the_next() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        made = containers.maker(psutil.Process(ended.pid)) if psutil.pid_exists(ended.pid) else f"{ended.pid}:0"
    # Another process that has the id now is not the one that made it.
    labels = {"gone": made, "reused": f"{os.getpid()}:1", "living": containers.maker()}
    names = {kind: containers.name_of(f"left-{kind}") for kind in labels}
    with containers.kept(*names.values()):
        for kind, name in names.items():
            label = f"{containers.LABEL}={labels[kind]}"
            output(["docker", "create", "--pull", "never", "--name", name, "--label", label, IMAGE])
        with containers.container("next", IMAGE, start=False):
            assert {kind: there(name) for kind, name in names.items()} == {
                "gone": False,
                "reused": False,
                "living": True,
            }
    assert not there(names["living"])
