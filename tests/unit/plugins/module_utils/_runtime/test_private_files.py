# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private files: what a program finds in them, and that nothing of them has a name or stays."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._runtime import host as host_module
from ansible_collections.day2.ops.plugins.module_utils._runtime.container import ContainerRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.runner import (
    Environment,
    Launch,
    PrivateFile,
    Word,
    inherited_environment,
)

from .local import BIG, LocalContainer, until


@pytest.fixture(params=["host", "container"])
def runner(request: pytest.FixtureRequest) -> HostRunner | ContainerRunner:
    return HostRunner() if request.param == "host" else LocalContainer("local")


LOOK = """
import os, stat, sys
for path in sys.argv[1:] + [os.environ["FILE"]]:
    for time in range(2):  # as often as it likes, and so may what it forks
        print(ascii(open(path, "rb").read()[:20]), os.stat(path).st_size, oct(os.stat(path).st_mode), flush=True)
    os.fork() or (print(ascii(open(path, "rb").read()[:20]), flush=True), os._exit(0))
    os.wait()
print(sys.stdin.read())
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def without_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "_DESCRIPTORS", tmp_path / "no proc")


def looked(runner: HostRunner | ContainerRunner) -> list[str]:
    small, big = PrivateFile(b"secret \xff"), PrivateFile(b"b" * 1_000_003)
    done = runner.run([sys.executable, "-c", LOOK, small, big], {"FILE": PrivateFile(b"")}, b"for the program")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.decode().splitlines()


def as_it_should_be(content: bytes) -> list[str]:
    start = ascii(content[:20])
    return [f"{start} {len(content)} {oct(stat.S_IFREG | 0o600)}"] * 2 + [start]


SEEN = [*as_it_should_be(b"secret \xff"), *as_it_should_be(b"b" * 1_000_003), *as_it_should_be(b""), "for the program"]


def test_private_files(runner: HostRunner | ContainerRunner, temporary: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert looked(runner) == SEEN
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert list(temporary.iterdir()) == []


def test_private_files_where_memory_takes_none(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    assert looked(HostRunner()) == SEEN
    assert list(temporary.iterdir()) == []


def test_a_shell_that_can_only_read_byte_by_byte_reads_them_too(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "bin" / "dd"
    old.parent.mkdir()
    real = shutil.which("dd")
    old.write_text(f'#!/bin/sh\nfor word; do case $word in iflag=*) exit 1;; esac; done\nexec {real} "$@"\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    done = LocalContainer("local").run(["sh", "-c", 'cat "$1" -', "sh", PrivateFile(b"secret, ")], stdin=b"the rest")
    assert done.stdout == b"secret, the rest", done.stderr
    assert list(temporary.iterdir()) == []


def test_no_private_file_ever_has_a_name(runner: HostRunner | ContainerRunner, temporary: Path) -> None:
    held = PrivateFile(b"never to be found")
    with runner.start(["sh", "-c", 'echo begun; cat; test -s "$1"', "sh", held]) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"begun\n"
        assert list(temporary.iterdir()) == []
        process.stdin.close()
        assert process.wait(20) == 0


def test_it_is_not_shown_by_accident() -> None:
    assert "secret" not in repr([PrivateFile(b"secret")])


def test_a_private_file_that_does_not_arrive_whole_starts_nothing(temporary: Path, tmp_path: Path) -> None:
    class Short(LocalContainer):
        @contextmanager
        def launch(self, argv: Sequence[Word], env: Environment) -> Iterator[Launch]:
            with super().launch(argv, env) as launch:
                yield replace(launch, preface=launch.preface[:5])

    mark = tmp_path / "started"
    done = Short("local").run(["touch", str(mark), PrivateFile(b"0123456789")])
    assert (done.returncode, mark.exists()) == (125, False)
    assert "day2.ops can make no private file here: it did not arrive whole" in done.stderr
    assert list(temporary.iterdir()) == []


def test_where_no_private_file_can_be_made_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere(LocalContainer):
        def command(self, argv: Sequence[str], env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
            return [word.replace("/dev/shm", "/nonexistent") for word in argv], {**inherited_environment(), **env}

    monkeypatch.setenv("TMPDIR", "/nonexistent")
    assert LocalContainer("local").run(["cat", PrivateFile(b"in /dev/shm")]).stdout == b"in /dev/shm"
    done = Nowhere("local").run(["echo", "begun", PrivateFile(b"x")])
    assert (done.returncode, done.stdout) == (125, b"")
    assert "no folder for temporary files takes one" in done.stderr


def test_a_program_that_ends_before_it_has_read_its_private_file_says_why() -> None:
    class Down(LocalContainer):
        def command(self, argv: Sequence[str], env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
            return super().command(["sh", "-c", "echo No such container >&2; exit 1"], env)

    done = Down("local").run(["cat", PrivateFile(BIG)])
    assert (done.returncode, done.stderr) == (1, "No such container\n")


# -- private files where the kernel does not show open files as files --------------------------------------------------


@pytest.mark.usefixtures("without_proc")
def test_without_proc_they_have_names_and_go_with_the_program(temporary: Path) -> None:
    assert looked(HostRunner()) == SEEN
    assert list(temporary.iterdir()) == []
    done = HostRunner().run(["sh", "-c", 'ls -ld "$(dirname "$1")"; exit 3', "sh", PrivateFile(b"")])
    assert (done.returncode, done.stdout[:10]) == (3, b"drwx------")
    with pytest.raises(Unreachable):
        HostRunner().run(["sh", "-c", "sleep 60; exit", "sh", PrivateFile(b"")], timeout=0.5)
    assert until(lambda: not list(temporary.iterdir()))


@pytest.mark.usefixtures("without_proc")
def test_without_proc_and_without_a_shell_nothing_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NotPossible, match="Starting sh"):
        HostRunner().run(["cat", PrivateFile(b"")])
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("without_proc")
def test_without_proc_what_killed_processes_have_left_goes_with_the_next(temporary: Path) -> None:
    gone_by_now = HostRunner().run(["sh", "-c", "echo $$"]).stdout.decode().strip()
    (temporary / f"day2-{gone_by_now}-abc").mkdir()
    (temporary / f"day2-{gone_by_now}-abc" / "file").touch()
    stay = [f"day2-{os.getpid()}-abc", "day2-1-abc", "day2-x-abc", f"day2-{10**30}-abc", "else"]
    for name in stay:
        (temporary / name).mkdir()
    (temporary / f"day2-{gone_by_now}-link").symlink_to("else")
    HostRunner().run(["true", PrivateFile(b"")])
    assert sorted(path.name for path in temporary.iterdir()) == sorted([*stay, f"day2-{gone_by_now}-link"])
