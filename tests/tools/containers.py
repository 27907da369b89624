# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers of a test run's own, which never outlive it; nor do networks and volumes that bear a label of it.

``python3 -m tests.tools.containers NAME|LABEL=VALUE…`` is the keeper of containers: it removes those of these names and
labels, and networks and volumes of these labels, as soon as whoever started it closes its standard input, or is gone,
killed even. What a keeper could not remove (the machine went down) is removed when the next container is made: each
bears the process that made it as a label.
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

__all__ = ["LABEL", "clear_remains", "container", "kept", "maker", "name_of", "remove"]

LABEL = "day2-test-maker"

# What containers of a compose project have beside them, in the order in which it can be removed after these.
_BESIDE = ("network", "volume")


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
    """Remove what was made, whoever makes it, after the block or when this process is gone.

    :param which: names of containers, and labels of containers, networks and volumes as ``label=value``.
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
    """Remove the containers, networks and volumes of processes that are gone; return the containers' names."""
    gone = _left(["ps", "--all"], "Names")
    remove(gone)
    for kind in _BESIDE:
        _remove_all(kind, _left([kind, "ls"], "Name"))
    return gone


def _left(listing: Sequence[str], column: str) -> list[str]:
    """The names of what was made by processes that are gone."""
    form = f'{{{{.{column}}}}} {{{{.Label "{LABEL}"}}}}'
    listed = output(["docker", *listing, "--filter", f"label={LABEL}", "--format", form])
    return [name for name, made in (line.split() for line in listed.splitlines()) if not _alive(made)]


def _alive(made: str) -> bool:
    try:
        return maker(psutil.Process(int(made.partition(":")[0]))) == made
    except psutil.NoSuchProcess:
        return False


def remove(which: Iterable[str]) -> None:
    """Remove containers by name; by ``label=value`` networks and volumes too."""
    for one in which:
        if "=" not in one:
            _remove_container(one)
            continue
        for name in _labelled(["ps", "--all"], one):
            _remove_container(name)
        for kind in _BESIDE:
            _remove_all(kind, _labelled([kind, "ls"], one))


def _remove_container(name: str) -> None:
    output(["docker", "rm", "--force", "--volumes", name], check=False)


def _remove_all(kind: str, names: Iterable[str]) -> None:
    for name in names:
        output(["docker", kind, "rm", name], check=False)


def _labelled(listing: Sequence[str], label: str) -> list[str]:
    return output(["docker", *listing, "--quiet", "--filter", f"label={label}"], check=False).split()


def _main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    remove(sys.argv[1:])


if __name__ == "__main__":
    _main()
