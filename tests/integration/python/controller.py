# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real runs of ansible-playbook: one task each, with an eye on what they say, and ways to end them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...tools.program import environment
from .maintenance_places import until

__all__ = ["Controller", "Run"]


class Run:
    """One run of ansible-playbook. Its standard error is where work tells how far it is."""

    def __init__(self, process: subprocess.Popen[str], kept: list[Path]) -> None:
        self._process = process
        self._kept = kept
        self._said: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._said]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str) -> None:
        for text in getattr(self._process, name):
            self._said[name].append(text.rstrip("\n"))

    @property
    def lines(self) -> list[str]:
        """What it said on standard error."""
        return list(self._said["stderr"])

    @property
    def output(self) -> str:
        """What it said on standard output."""
        return "\n".join(self._said["stdout"])

    def heard(self, text: str) -> str:
        """Wait until it has said this on standard error; return the line."""
        assert until(lambda: any(text in line for line in self.lines), 60), (text, self.lines, self.output[-3000:])
        return next(line for line in self.lines if text in line)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, as a terminal or a scheduler does."""
        self._process.send_signal(number)

    def ended(self) -> int:
        """Wait for its end; return its exit status."""
        try:
            self._process.wait(120)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        for reader in self._readers:
            reader.join(10)
        return self._process.returncode

    def results(self) -> list[dict[str, Any]]:
        """Wait for its end; return the results of its tasks."""
        self.ended()
        assert all(path.exists() for path in self._kept), f"{self.output}\n{self.lines}"
        return [json.loads(path.read_text()) for path in self._kept]

    def result(self) -> dict[str, Any]:
        """Wait for its end; return the result of its only task."""
        [result] = self.results()
        return result


class Controller:
    """A controller whose only host is this one.

    :param folder: everything that Ansible writes lies below it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.works = folder / "async" / "day2"
        self._number = 0

    @contextmanager
    def run(self, *tasks: dict[str, Any], arguments: Sequence[str] = ()) -> Iterator[Run]:
        """Run tasks, which may fail, their results kept in files; give the run while it lasts."""
        self._number += 1
        kept = [self.folder / f"result-{self._number}-{place}.json" for place, _task in enumerate(tasks)]
        playbook = self.folder / f"play-{self._number}.yml"
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "tasks": [_kept(task, path) for task, path in zip(tasks, kept)],
        }
        playbook.write_text(json.dumps([play]))
        process = subprocess.Popen(
            ["ansible-playbook", "-i", "localhost,", str(playbook), *arguments],
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            yield Run(process, kept)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _environment(self) -> dict[str, str]:
        return environment(
            ANSIBLE_ASYNC_DIR=str(self.folder / "async"),
            ANSIBLE_HOME=str(self.folder / "home"),
            ANSIBLE_LOCAL_TEMP=str(self.folder / "tmp"),
            ANSIBLE_REMOTE_TEMP=str(self.folder / "remote"),
            ANSIBLE_NOCOLOR="1",
        )

    def statuses(self) -> list[dict[str, Any]]:
        """What is told of every work on the host, in the order in which they began."""
        found = [json.loads(path.read_text()) for path in self.works.glob("*.json")]
        return sorted(found, key=lambda status: status["number"])

    def works_end(self) -> bool:
        """Wait until no work runs any more."""
        return until(lambda: all(status["state"] != "running" for status in self.statuses()), 60)

    def kill_work(self) -> None:
        """Kill the process of the work that was begun last."""
        os.kill(self.statuses()[-1]["pid"], signal.SIGKILL)


def _kept(task: dict[str, Any], path: Path) -> dict[str, Any]:
    """A task whose result is kept, whether it fails or not."""
    keep = {
        "name": "Keep what it returned",
        "ansible.builtin.copy": {"content": "{{ work_result | to_json }}", "dest": str(path), "mode": "0600"},
        "check_mode": False,
        "no_log": True,
    }
    return {"block": [{"name": "Work", "register": "work_result", **task}], "rescue": [keep], "always": [keep]}
