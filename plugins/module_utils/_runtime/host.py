# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner of this host."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .runner import Environment, Launch, Runner, Word, inherited_environment, placed

__all__ = ["HostRunner"]

# The open files of whoever looks here.
_DESCRIPTORS = Path("/proc/self/fd")

# A constant program for a POSIX shell: runs "$@" and then removes the folder that is its first argument.
_THEN_REMOVE = """
folder=$1; shift
trap 'rm -rf -- "$folder"' EXIT
trap 'exit 143' HUP INT TERM
"$@"
"""


class HostRunner(Runner):
    """Runs programs on the host of this process, as its user."""

    where = "this host"
    direct = True

    @contextmanager
    def launch(self, argv: Sequence[Word], env: Environment) -> Iterator[Launch]:
        if not _DESCRIPTORS.is_dir() and any(not isinstance(word, str) for word in [*argv, *env.values()]):
            with _named(argv, env) as launch:
                yield launch
            return
        with contextlib.ExitStack() as files:
            descriptors: list[int] = []

            def place(content: bytes) -> str:
                descriptors.append(files.enter_context(_unnamed(content)))
                return str(_DESCRIPTORS / str(descriptors[-1]))

            words, variables = placed(argv, env, place)
            yield Launch(words, {**inherited_environment(), **variables}, tuple(descriptors))


@contextmanager
def _unnamed(content: bytes) -> Iterator[int]:
    """The descriptor of an open file with this content that never had a name."""
    with _open_unnamed() as file:
        os.fchmod(file.fileno(), 0o600)  # libpq takes no password file that others may read
        file.write(content)
        file.flush()
        yield file.fileno()


def _open_unnamed() -> IO[bytes]:
    try:
        return os.fdopen(os.memfd_create("day2"), "w+b")
    except (AttributeError, OSError):  # no such call here, or none that is allowed: then not in memory
        return tempfile.TemporaryFile()


# -- where the kernel does not show open files as files --------------------------------------------------------------


@contextmanager
def _named(argv: Sequence[Word], env: Environment) -> Iterator[Launch]:
    """The best that is possible there: files in a folder of their own, which goes when the program has ended."""
    _clear_remains()
    folder = tempfile.mkdtemp(prefix=f"day2-{os.getpid()}-")
    try:

        def place(content: bytes) -> str:
            descriptor, name = tempfile.mkstemp(dir=folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            return name

        words, variables = placed(argv, env, place)
        yield Launch(["sh", "-c", _THEN_REMOVE, "sh", folder, *words], {**inherited_environment(), **variables})
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _clear_remains() -> None:
    """Remove the folders of processes of this user that were killed."""
    for entry in os.scandir(tempfile.gettempdir()):
        made_by = re.fullmatch(r"day2-([0-9]+)-\w+", entry.name)
        if made_by and entry.is_dir(follow_symlinks=False) and entry.stat().st_uid == os.geteuid():
            try:
                os.kill(int(made_by[1]), 0)
            except ProcessLookupError:
                shutil.rmtree(entry.path, ignore_errors=True)
            except (OSError, OverflowError):
                continue
