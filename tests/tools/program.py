# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the test programs share: where things are, running other programs, and failing in words."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

__all__ = [
    "CHECKOUT",
    "COLLECTIONS",
    "LOGS",
    "VENV",
    "WORK",
    "Failed",
    "environment",
    "main_of",
    "output",
    "run",
    "say",
]

CHECKOUT = Path(__file__).resolve().parent.parent.parent
WORK = CHECKOUT / ".work"
LOGS = WORK / "logs"
COLLECTIONS = WORK / "collections"
VENV = CHECKOUT / ".venv-test"

TAIL_LINES = 60
TELLING = ("ERROR", "FAILED")  # how a line begins that tells of a failure
END_SECONDS = 60


class Failed(Exception):
    """A check failed, or what it needs is not there and cannot be installed. The text says what to do."""


def say(text: str) -> None:
    """Show progress at once, also where standard output is a pipe."""
    print(text, flush=True)


def environment(**changed: str) -> dict[str, str]:
    """The environment in which tools run: our virtual environment first, Ansible's files inside the checkout."""
    home = WORK / "ansible"
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)]),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
        "MYPY_CACHE_DIR": str(WORK / "mypy"),
        "MPLCONFIGDIR": str(WORK / "matplotlib"),
        "PYTHONUNBUFFERED": "1",
        **changed,
    }


def system_path() -> list[str]:
    """PATH without the folders of version managers: their shims answer to names of Pythons that are not there."""
    return [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if "/shims" not in folder]


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = CHECKOUT,
    log: Path | None = None,
    live: bool = False,
    good: Sequence[int] = (0,),
) -> int:
    """Run a program to its end. With *log*, its output goes there, and the end of it is shown when it fails.

    :param live: show the output while it comes, though it goes to *log* too.
    :raises Failed: when it ends with a status that is not in *good*.
    """
    env = environment() if env is None else env
    if log is None:
        status = subprocess.run(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, check=False).returncode
    else:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as out:
            status = _run_into(out, argv, env, cwd, live)
    if status not in good:
        said = log.read_text(errors="replace").splitlines() if log else []
        # What some programs call an error stands long before their end.
        errors = [line for line in said[:-TAIL_LINES] if line.startswith(TELLING)]
        raise Failed("\n".join([*said[-TAIL_LINES:], *errors, f"{shlex.join(argv)} ended with status {status}."]))
    return status


def _run_into(out: IO[str], argv: Sequence[str], env: Mapping[str, str], cwd: Path, live: bool) -> int:
    """Run a program whose output goes to a file, and to the terminal while it comes where *live*; return its status."""
    with subprocess.Popen(
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                out.write(line)
                if live:
                    say(line.rstrip("\n"))
            return process.wait()
        except BaseException:  # told to end, with all of the group: the program has time to clear away
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
            process.kill()
            raise


def output(argv: Sequence[str], *, check: bool = True, cwd: Path = CHECKOUT) -> str:
    """What a program writes to standard output, stripped; empty when it fails and *check* is false."""
    try:
        done = subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        if check:
            raise Failed(f"{argv[0]} is not installed.") from None
        return ""
    if done.returncode and check:
        raise Failed(f"{shlex.join(argv)} ended with status {done.returncode}: {done.stderr.strip()}")
    return "" if done.returncode else done.stdout.strip()


def main_of(action: Callable[[], None]) -> None:
    """Run *action* as a program: a failure is told in words, with status 1; told to end, it clears away first."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    try:
        action()
    except Failed as failed:
        print(failed, file=sys.stderr, flush=True)
        sys.exit(1)
