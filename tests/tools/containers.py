# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers of a test run's own, which never outlive it.

``python3 -m tests.tools.containers NAME|LABEL=VALUE…`` is the keeper of containers: it removes those of these names and
labels as soon as whoever started it closes its standard input, or is gone, killed even. What a keeper could not remove
(the machine went down) is removed when the next container is made: each bears the process that made it as a label.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import psutil

from .program import CHECKOUT, output

__all__ = ["LABEL", "clear_remains", "container", "kept", "maker", "name_of"]

LABEL = "day2-test-maker"


@contextmanager
def container(kind: str, image: str, *command: str, options: Sequence[str] = (), start: bool = True) -> Iterator[str]:
    """A container that is gone after the block, or with this process; gives its name.

    :param kind: a word for its name.
    :param options: of ``docker create``.
    :param start: whether it is started too.
    """
    clear_remains()
    name = name_of(kind)
    begin = ["docker", "run", "--detach"] if start else ["docker", "create"]
    mine = ["--init", "--pull", "never", "--name", name, "--label", f"{LABEL}={maker()}"]
    with kept(name):
        output([*begin, *mine, *options, image, *command])
        yield name


def name_of(kind: str) -> str:
    """The name of this process's container of a kind."""
    return f"day2-test-{kind}-{os.getpid()}"


@contextmanager
def kept(*which: str) -> Iterator[None]:
    """Remove containers, whoever makes them, after the block or when this process is gone.

    :param which: names, and labels as ``label=value``.
    """
    # A session of its own: Ctrl-C is for those whose containers it keeps.
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.tools.containers", *which],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield
    finally:
        keeper.communicate()


def maker(process: psutil.Process | None = None) -> str:
    """A process, this one when omitted, in words that no other process ever has on this machine."""
    process = process or psutil.Process()
    return f"{process.pid}:{process.create_time():.0f}"


def clear_remains() -> list[str]:
    """Remove the containers of processes that are gone; return their names."""
    form = f'{{{{.Names}}}} {{{{.Label "{LABEL}"}}}}'
    listed = output(["docker", "ps", "--all", "--filter", f"label={LABEL}", "--format", form])
    gone = [name for name, made in (line.split() for line in listed.splitlines()) if not _alive(made)]
    _remove(gone)
    return gone


def _alive(made: str) -> bool:
    try:
        return maker(psutil.Process(int(made.partition(":")[0]))) == made
    except psutil.NoSuchProcess:
        return False


def _remove(which: Iterable[str]) -> None:
    for one in which:
        for name in _labelled(one) if "=" in one else [one]:
            output(["docker", "rm", "--force", "--volumes", name], check=False)


def _labelled(label: str) -> list[str]:
    return output(["docker", "ps", "--all", "--quiet", "--filter", f"label={label}"], check=False).split()


def _main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    _remove(sys.argv[1:])


if __name__ == "__main__":
    _main()
