# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the tests in stages, the fast ones first; stops at the first that fails; tells how long each took.

``python -m tests.tools.stages [--since SECONDS] [NAME …]``: those named, in the order of the list, or all, in two lanes
beside one another.

What was started for the run (the Docker engine, the PostgreSQL containers) is stopped at its end, unless it ran
before or the environment variable KEEP is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from . import (
    ansible_test,
    awx,
    checks,
    clone,
    compose,
    containers,
    engine,
    images,
    package,
    readme,
    runbook,
    scenarios,
    servers,
)
from .program import LOGS, Failed, environment, say

__all__ = ["STAGES", "Stage"]

# Programs that the tests call, each with the Debian package that brings it.
PROGRAMS = {
    "chromium": "chromium",
    "debootstrap": "debootstrap",
    "git": "git",
    "openssl": "openssl",
    "setpriv": "util-linux",
    "shellcheck": "shellcheck",
    "unshare": "util-linux",
    "zstd": "zstd",
}


class Background:
    """The PostgreSQL servers, made ready beside the stages that need none."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._there_before: list[int] = []
        self._engine_started = False

    def prepare(self) -> None:
        """Install the programs, start the engine, and begin to build images and start servers."""
        engine.ensure_programs(PROGRAMS)
        self._engine_started = engine.ensure_engine()
        compose.ensure_compose()
        containers.clear_remains()
        self._there_before = [major for major in servers.MAJORS if servers.ready(major)]
        argv = [sys.executable, "-m", "tests.tools.servers", "up", containers.maker()]
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / "servers.log").open("wb") as log:
            self._process = subprocess.Popen(
                argv,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until the servers answer; begin them where :meth:`prepare` did not."""
        self._engine_started = engine.ensure_engine() or self._engine_started
        compose.ensure_compose()
        if self._process is not None and self._process.wait() != 0:
            raise Failed((LOGS / "servers.log").read_text(errors="replace"))
        self._process = None
        images.build()
        servers.up()

    def clean(self) -> None:
        """Stop what this run started."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait()
        if os.environ.get("KEEP") == "1":
            return
        servers.down(major for major in servers.MAJORS if major not in self._there_before)
        if self._engine_started:
            engine.stop_engine()


BACKGROUND = Background()


@dataclass(frozen=True)
class Stage:
    """One group of tests.

    :ivar name: how it is called.
    :ivar title: what it is.
    :ivar action: what runs it.
    :ivar lane: beside which others it runs; None where it needs what they bring.
    :ivar needs_servers: whether it needs PostgreSQL in containers.
    """

    name: str
    title: str
    action: Callable[[], None]
    lane: str | None = None
    needs_servers: bool = False


SYSTEM = Stage("system", "programs of the system", lambda: engine.ensure_programs(PROGRAMS))
SERVERS = Stage("servers", "PostgreSQL 13, 15, 17 and 18 in containers", BACKGROUND.wait)

LANES = ("A", "B")

# What a run shows of a failure below its table.
TOLD_LINES = 25

STAGES = (
    Stage("style", "ruff: rules and format", checks.style, "A"),
    Stage("types", "mypy, strict", checks.types, "A"),
    Stage("lint", "ansible-lint, profile production", checks.ansible_lint, "B"),
    Stage("unit", "unit tests", checks.unit, "A"),
    Stage("sanity", "ansible-test sanity", ansible_test.sanity, "B"),
    Stage("modules", "modules against real servers, in process", checks.modules, "A", needs_servers=True),
    Stage("targets", "integration targets, through Ansible", ansible_test.targets, "B", needs_servers=True),
    Stage("package", "galaxy build, import, install", package.package, "B"),
    Stage("molecule", "roles on hosts, through molecule", scenarios.scenarios, "B"),
    Stage("readme", "the commands of the README", readme.readme, "B"),
    Stage("awx", "the weekly playbook through ansible-runner", awx.awx, "B"),
    Stage("sick", "make weekly on a sick sandbox, and in check mode", runbook.sick, "B"),
    # Alone: its times are promised to somebody who has nothing else to do.
    Stage("runbook", "make weekly in fresh clones", runbook.weekly),
    Stage("coverage", "coverage of plugins/", checks.coverage),
)

LONG = (
    Stage(
        "long-sanity",
        "ansible-test sanity, for every Python",
        partial(ansible_test.sanity, ansible_test.TARGET_PYTHONS),
    ),
    Stage("long-molecule", "all roles on hosts, through molecule", partial(scenarios.scenarios, ())),
    Stage("long-readme", "the commands of the README and the docs", partial(readme.readme, ("README.md", "docs/*.md"))),
    Stage(
        "long-targets",
        "integration targets against every server",
        partial(ansible_test.targets, tuple(servers.MAJORS)),
        needs_servers=True,
    ),
    Stage("long", "tests that take minutes each", checks.long, needs_servers=True),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--since", type=float, default=time.time(), help="when the set-up began, in seconds of the epoch"
    )
    parser.add_argument("--results", type=Path, help="a file for the outcome of the stages, instead of a table")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *(stage.name for stage in (*STAGES, *LONG))])
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))  # told to end, it clears away first
    outcome = Outcome()
    if arguments.names:
        run_named([stage for stage in (*STAGES, *LONG) if stage.name in arguments.names], outcome)
    else:
        outcome.passed.append(("setup", time.time() - arguments.since))
        run_all(outcome)
    if arguments.results:
        arguments.results.write_text(json.dumps([outcome.passed, outcome.failed, outcome.said]))
    else:
        print_table(outcome)
    sys.exit(1 if outcome.failed else 0)


@dataclass
class Outcome:
    """How stages went: name and seconds of each, and what the one that failed said."""

    passed: list[tuple[str, float]] = field(default_factory=list)
    failed: list[tuple[str, float]] = field(default_factory=list)
    said: str = ""


def run_named(wanted: Sequence[Stage], outcome: Outcome) -> None:
    """Run stages one after the other, up to the first that fails; before them, what they need."""
    first = next((number for number, stage in enumerate(wanted) if stage.needs_servers), len(wanted))
    needed = [SERVERS] if wanted[first:] else []
    try:
        for stage in (SYSTEM, *wanted[:first], *needed, *wanted[first:]):
            if not run_stage(stage, outcome):
                break
    finally:
        run_stage(Stage("clean", "remove the shared clone", clone.remove_shared_clone), outcome)


def run_all(outcome: Outcome) -> None:
    """Run all stages: a lane's one after the other, the lanes beside one another, and last what needs both."""
    try:
        if run_stage(Stage("system", "programs of the system, Docker engine", BACKGROUND.prepare), outcome):
            checks.forget_coverage()
            run_lanes(outcome)
        for stage in STAGES:
            if stage.lane is None and not outcome.failed:
                run_stage(stage, outcome)
    finally:
        run_stage(Stage("clone", "remove the shared clone", clone.remove_shared_clone), outcome)
        run_stage(Stage("clean", "stop what was started", BACKGROUND.clean), outcome)


def run_lanes(outcome: Outcome) -> None:
    """Run each lane in a process of its own; when one fails, the others are told to end."""
    lanes = [Lane(lane, [stage.name for stage in STAGES if stage.lane == lane]) for lane in LANES]
    try:
        while any(lane.is_alive() for lane in lanes):
            for lane in lanes:
                lane.join(0.2)
            if any(lane.status not in (None, 0) for lane in lanes):
                break
    finally:
        for lane in lanes:
            lane.end()
    for lane in lanes:
        lane.tell(outcome)


class Lane(threading.Thread):
    """Stages that run one after the other, beside those of other lanes.

    :ivar status: the exit status of its process; None while that runs.
    """

    def __init__(self, name: str, stages: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self._name = name
        self._results = LOGS / f"lane-{name}.json"
        self._results.unlink(missing_ok=True)
        self.status: int | None = None
        self._ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.tools.stages", "--results", str(self._results), *stages],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.start()

    def run(self) -> None:
        for line in present_stream(self._process.stdout):
            say(f"{self._name} │ {line.rstrip()}")
        self.status = self._process.wait()

    def end(self) -> None:
        """End it if it still runs, and wait until it has cleared away what it had begun."""
        if self._process.poll() is None:
            self._ended = True
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()
        self.join()

    def tell(self, outcome: Outcome) -> None:
        """Add how its stages went."""
        if self._results.exists():
            passed, failed, said = json.loads(self._results.read_text())
            outcome.passed += [(name, seconds) for name, seconds in passed if name not in ("system", "clean")]
            outcome.failed.extend((str(name), float(seconds)) for name, seconds in failed)
            outcome.said = outcome.said or said
        elif not self._ended:
            outcome.failed.append((f"lane {self._name}", 0.0))
            outcome.said = outcome.said or f"The process of lane {self._name} ended with status {self.status}."


def present_stream(stream: IO[str] | None) -> IO[str]:
    """A process's stream, which is there because it was asked for."""
    if stream is None:
        raise Failed("A process was started without a pipe.")
    return stream


def run_stage(stage: Stage, outcome: Outcome) -> bool:
    """Run one stage, note how it went and how long it took; return whether it passed."""
    say(f"\n── {stage.name}: {stage.title}")
    started = time.monotonic()
    try:
        stage.action()
    except Failed as failure:
        say(str(failure))
        outcome.failed.append((stage.name, time.monotonic() - started))
        outcome.said = outcome.said or str(failure)
        return False
    outcome.passed.append((stage.name, time.monotonic() - started))
    return True


def print_table(outcome: Outcome) -> None:
    """One line for each stage with its seconds; what the one that failed said; the last line counts the stages."""
    say("\nstage            seconds")
    marked = [*((entry, "") for entry in outcome.passed), *((entry, "  FAILED") for entry in outcome.failed)]
    for (name, seconds), word in marked:
        say(f"{name:<16} {seconds:7.1f}{word}")
    if outcome.failed:
        say("\n" + "\n".join(outcome.said.splitlines()[-TOLD_LINES:]))
        say(f"The stage {outcome.failed[0][0]} failed; run it alone with: make {outcome.failed[0][0]}")
    say(f"{len(outcome.passed)} passed, {len(outcome.failed)} failed")


if __name__ == "__main__":
    main()
