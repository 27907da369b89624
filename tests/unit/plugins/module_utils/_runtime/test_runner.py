# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runners, with small programs for real: what they are given, how they are ended, streams that are told of truly."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._runtime import runner as runner_module
from ansible_collections.day2.ops.plugins.module_utils._runtime.container import ContainerRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.runner import (
    StreamBroken,
    inherited_environment,
)

from .local import BIG, LocalContainer, until

STUBBORN = "trap '' TERM; echo $$ > {file}; while :; do sleep 1; done"


@pytest.fixture(params=["host", "container"])
def runner(request: pytest.FixtureRequest) -> HostRunner | ContainerRunner:
    return HostRunner() if request.param == "host" else LocalContainer("local")


def gone(file: Path) -> bool:
    """Whether the process that wrote its number into the file has ended."""
    try:
        return psutil.Process(int(file.read_text())).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(runner_module, "_REST_SECONDS", 0.2)


# -- what a program is given ------------------------------------------------------------------------------------------


NOT_INHERITED = (
    "PGHOST", "PGHOSTADDR", "PGPASSWORD", "PGSERVICE", "PGSERVICEFILE", "PGOPTIONS", "PGSSLCERT", "LC_MESSAGES",
    "LC_ALL", "LANG", "LANGUAGE", "AWS_SECRET_ACCESS_KEY", "VAULT_TOKEN", "ANSIBLE_VAULT_PASSWORD_FILE", "DB_PASSWORD",
    "GITHUB_TOKEN", "SECRET_KEY_BASE", "http_proxy", "DATABASE_URL", "SOMETHING_NEW",
)  # fmt: skip


def test_programs_inherit_only_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NOT_INHERITED:
        monkeypatch.setenv(name, "from outside")
    monkeypatch.setenv("TZ", "this; $stays")
    before = dict(os.environ)
    done = HostRunner().run(
        [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"], {"PGUSER": "me"}
    )
    said = done.stdout.decode()
    assert "from outside" not in said
    assert '"TZ": "this; $stays"' in said
    assert '"PGUSER": "me"' in said
    assert '"LC_ALL": "C"' in said
    assert dict(os.environ) == before


def test_arguments_arrive_as_they_are() -> None:
    odd = ["a b", "'", '"', "$HOME", "; false", "line\nbreak", "", "ünï ☃", "*"]
    done = HostRunner().run([sys.executable, "-c", "import sys; print(ascii(sys.argv[1:]))", *odd])
    assert done.stdout.decode().strip() == ascii(odd)


def test_a_short_program(runner: HostRunner | ContainerRunner) -> None:
    done = runner.run(["sh", "-c", "cat; echo wrong >&2; exit 3"], stdin=BIG)
    assert (done.returncode, done.stdout, done.stderr) == (3, BIG, "wrong\n")


def test_of_many_errors_the_last_are_kept() -> None:
    done = HostRunner().run(["sh", "-c", "head -c 9000000 /dev/zero | tr '\\0' e >&2; printf '\\377last' >&2"])
    assert len(done.stderr) == runner_module.STDERR_KEPT
    assert done.stderr.endswith("ee\ufffdlast")


def test_a_program_that_is_not_there(runner: HostRunner | ContainerRunner, tmp_path: Path) -> None:
    forbidden = tmp_path / "forbidden"
    forbidden.write_text("#!/bin/sh")
    for program in ("no-such-program", str(forbidden)):
        with pytest.raises(NotPossible) as failed:
            runner.run([program])
        assert f"Install {program} there" in str(failed.value)


# -- how programs end -------------------------------------------------------------------------------------------------


def test_after_its_time_the_whole_group_ends(tmp_path: Path) -> None:
    child = tmp_path / "child"
    with pytest.raises(Unreachable, match="it did not end within 0.5 seconds"):
        HostRunner().run(["sh", "-c", f"sleep 60 & echo $! > {child}; wait"], timeout=0.5)
    assert until(lambda: gone(child))


@pytest.mark.usefixtures("impatient")
def test_a_group_that_does_not_want_to_end_is_killed(tmp_path: Path) -> None:
    leader, child = tmp_path / "leader", tmp_path / "child"
    script = f"({STUBBORN.format(file=child)}) & {STUBBORN.format(file=leader)}"
    with pytest.raises(Unreachable):
        HostRunner().run(["sh", "-c", script], timeout=0.5)
    assert until(lambda: gone(leader))
    assert until(lambda: gone(child))


@pytest.mark.usefixtures("impatient")
def test_what_outlives_its_program_is_killed_too(tmp_path: Path) -> None:
    child = tmp_path / "child"
    with pytest.raises(Unreachable):  # the program itself ends at once; what it leaves holds its output open
        HostRunner().run(["sh", "-c", f"sh -c \"trap '' TERM; sleep 60\" & echo $! > {child}"], timeout=0.5)
    assert until(lambda: gone(child))


def test_a_stream_is_ended_from_outside(runner: HostRunner | ContainerRunner) -> None:
    stop = threading.Event()
    got: list[int] = []

    def sink(chunk: bytes) -> None:
        got.append(len(chunk))
        stop.set()

    began = time.monotonic()
    streamed = runner.stream_from(["sh", "-c", "while :; do echo x; done"], sink, stop=stop)
    assert streamed.returncode != 0
    assert streamed.size == sum(got)
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("impatient")
def test_a_stream_whose_program_does_not_want_to_end_is_ended_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "stubborn"
    stop = threading.Event()
    stop.set()
    streamed = HostRunner().stream_from(["sh", "-c", STUBBORN.format(file=file)], lambda _chunk: None, stop=stop)
    assert streamed.returncode < 0
    assert not file.exists() or until(lambda: gone(file))


def test_a_stream_to_a_program_is_ended_from_outside(runner: HostRunner | ContainerRunner) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as other:
        other.write(b"beginning")
        other.flush()
        threading.Timer(1.5, other.close).start()  # a source that is slow, but not endless
        streamed = runner.stream_to(["sleep", "60"], source, stop=stop)
    assert streamed.returncode != 0


def test_a_sink_that_fails_ends_the_program_at_once(runner: HostRunner | ContainerRunner) -> None:
    def full(_chunk: bytes) -> None:
        raise OSError(28, "No space left on device")

    began = time.monotonic()
    with pytest.raises(OSError, match="No space left"):
        runner.stream_from(["sh", "-c", "head -c 2000000 /dev/zero; exec sleep 60"], full)
    assert time.monotonic() - began < 5


def test_a_source_that_fails_ends_the_program_at_once() -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    began = time.monotonic()
    with pytest.raises(OSError, match="Input/output error"):
        HostRunner().stream_to(["sleep", "60"], Broken())
    assert time.monotonic() - began < 5


def test_a_sink_of_an_answer_that_fails_is_told_and_blocks_nobody(runner: HostRunner | ContainerRunner) -> None:
    def wrong(_chunk: bytes) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        runner.stream_to(["cat"], io.BytesIO(BIG), sink=wrong)


@pytest.mark.usefixtures("impatient")
def test_an_answer_that_never_ends_is_not_taken_for_a_whole_one() -> None:
    with pytest.raises(StreamBroken, match="sh has ended and its output has not"):
        HostRunner().stream_to(
            ["sh", "-c", "echo some; sleep 3 2> /dev/null &"], io.BytesIO(), sink=lambda _chunk: None
        )


# -- streams ----------------------------------------------------------------------------------------------------------


def test_a_big_stream_from_a_program(runner: HostRunner | ContainerRunner, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(BIG)
    got = io.BytesIO()
    streamed = runner.stream_from(["sh", "-c", 'cat "$1"; echo a word >&2', "sh", str(tmp_path / "big")], got.write)
    assert got.getvalue() == BIG
    assert (streamed.size, streamed.sha256) == (len(BIG), hashlib.sha256(BIG).hexdigest())
    assert (streamed.returncode, streamed.stderr.strip()) == (0, "a word")


def test_a_big_stream_to_a_program_and_back(runner: HostRunner | ContainerRunner) -> None:
    back: list[bytes] = []
    streamed = runner.stream_to(["cat"], io.BytesIO(BIG), sink=back.append)
    assert b"".join(back) == BIG
    assert (streamed.size, streamed.sha256) == (len(BIG), hashlib.sha256(BIG).hexdigest())
    assert (streamed.returncode, streamed.stderr.strip()) == (0, "")


def test_a_stream_of_nothing(runner: HostRunner | ContainerRunner) -> None:
    nothing = hashlib.sha256().hexdigest()
    assert runner.stream_from(["true"], lambda _chunk: None).sha256 == nothing
    assert runner.stream_to(["cat"], io.BytesIO()).sha256 == nothing


def test_a_flood_of_errors_blocks_nobody(runner: HostRunner | ContainerRunner) -> None:
    flood = "head -c 3000000 /dev/zero | tr '\\0' e >&2;"
    assert runner.stream_to(["sh", "-c", f"{flood} cat; exit 4"], io.BytesIO(BIG)).returncode == 4
    streamed = runner.stream_from(["sh", "-c", f"{flood} exit 4"], lambda _chunk: None)
    assert streamed.returncode == 4
    assert set(streamed.stderr.strip()) == {"e"}


def test_a_program_that_stops_reading_is_told_by_its_own_words(runner: HostRunner | ContainerRunner) -> None:
    streamed = runner.stream_to(["sh", "-c", "head -c 10 > /dev/null; echo full >&2; exit 5"], io.BytesIO(BIG))
    assert (streamed.returncode, streamed.stderr.strip()) == (5, "full")


def test_a_program_that_stops_reading_and_says_that_all_is_well_is_not_believed() -> None:
    streamed = HostRunner().stream_to(["sh", "-c", "exec <&-; sleep 0.2"], io.BytesIO(BIG))
    assert (streamed.returncode, streamed.size, streamed.sha256) == (0, 0, "")
    with pytest.raises(StreamBroken):
        LocalContainer("local").stream_to(["sh", "-c", "exec 0<&-"], io.BytesIO(BIG))


# -- the reports of the far end ---------------------------------------------------------------------------------------


def test_the_engine_is_asked_with_arguments_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "secret")
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine:2376")
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", "secret")
    argv, env = ContainerRunner("shop-db", "postgres", "podman").command(["psql", "-c", "a b"], {"PGUSER": "x y"})
    assert argv == [
        "podman", "exec", "--interactive", "--user", "postgres", "--env", "LC_ALL=C", "--env", "PGUSER=x y",
        "--", "shop-db", "psql", "-c", "a b",
    ]  # fmt: skip
    assert env["DOCKER_HOST"] == "tcp://engine:2376"
    assert "secret" not in env.values()
    assert "DOCKER_HOST" not in inherited_environment()
    assert "--user" not in ContainerRunner("shop-db").command(["true"], {})[0]


class Liar(LocalContainer):
    """Reports what it is told to, in the place of what was sent or came in."""

    lie = ""

    def sender(self, argv: Sequence[str]) -> Sequence[str]:
        return ["sh", "-c", f'"$@"; printf "{self.lie}" >&2', "sh", *argv]

    receiver = sender


@pytest.mark.parametrize(
    "lie",
    [
        "",
        "\\n{mark} 5 {right}\\n",  # one byte less
        "\\n{mark} 6 {wrong}\\n",
        "\\n{mark} six {right}\\n",
        "\\n{mark} 6 {right}\\n\\n{mark} 6 {right}\\n",  # somebody else's and one's own
        "\\nother-mark 6 {right}\\n",
    ],
)
def test_a_lie_in_the_report_breaks_the_stream(lie: str) -> None:
    liar = Liar("local")
    right = hashlib.sha256(b"hello\n").hexdigest()
    liar.lie = lie.format(mark=liar._mark, right=right, wrong="0" * 64)
    with pytest.raises(StreamBroken, match="6 bytes were counted here"):
        liar.stream_from(["echo", "hello"], lambda _chunk: None, doing="reading a test")
    with pytest.raises(StreamBroken, match="6 bytes were counted here"):
        liar.stream_to(["cat"], io.BytesIO(b"hello\n"), doing="writing a test")
    liar.lie = f"\\n{liar._mark} 6 {right}\\n"
    assert liar.stream_from(["echo", "hello"], lambda _chunk: None).stderr == ""


def test_a_failed_program_is_told_by_itself_without_the_report(runner: HostRunner | ContainerRunner) -> None:
    streamed = runner.stream_from(["sh", "-c", "echo part; echo sorry >&2; exit 7"], lambda _chunk: None)
    assert (streamed.returncode, streamed.stderr.strip(), streamed.size) == (7, "sorry", 5)


def test_the_scripts_leave_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    container = LocalContainer("local")
    container.stream_from(["echo", "hello"], lambda _chunk: None)
    container.stream_from(["false"], lambda _chunk: None)
    container.stream_to(["cat"], io.BytesIO(b"x"))
    assert list(tmp_path.iterdir()) == []


def test_the_senders_program_ends_with_its_reader(tmp_path: Path) -> None:
    container = LocalContainer("local")
    file = tmp_path / "program"
    script = f"echo $$ > {file}; while :; do echo x; sleep 0.1; done"
    process = container.start(container.sender(["sh", "-c", script]))
    assert process.stdout is not None
    assert process.stdin is not None
    with process:
        assert process.stdout.read(2) == b"x\n"
        process.stdin.close()  # as when this process dies
        assert process.wait(20) != 0
    assert until(lambda: gone(file))


def test_a_sender_whose_reader_is_gone_at_once_ends_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    container = LocalContainer("local")
    for _time in range(40):  # the end comes before, while and after the program starts
        with container.start(container.sender(["sleep", "60"])) as process:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(20)
    assert list(tmp_path.iterdir()) == []


def test_a_container_that_runs_is_found_and_another_is_told() -> None:
    LocalContainer("local").check()

    class Down(LocalContainer):
        def command(self, argv: Sequence[str], env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
            return super().command(["sh", "-c", "echo No such container >&2; exit 1"], env)

    with pytest.raises(Unreachable, match="No such container.*'docker ps' lists"):
        Down("local").check()
