# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner of a container, with a real one: what arrives there, what comes back, what is left there."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._runtime.container import ContainerRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.runner import PrivateFile, StreamBroken

BIG = bytes(range(256)) * 40_000  # ten megabytes, every byte in it
pytestmark = pytest.mark.parametrize("container_server", [17], indirect=True)


@pytest.fixture
def runner(container_server: dict[str, Any]) -> ContainerRunner:
    return ContainerRunner(container_server["service"]["name"], "postgres")


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def runs(runner: ContainerRunner, mark: str) -> bool:
    """Whether a program with this word among its arguments runs in the container."""
    script = 'for file in /proc/[0-9]*/cmdline; do [ "$file" = "/proc/$$/cmdline" ] || cat "$file"; done 2> /dev/null'
    return mark.encode() in runner.run(["sh", "-c", script]).stdout


def temporary(runner: ContainerRunner) -> set[bytes]:
    return set(runner.run(["ls", "-A", "/tmp"]).stdout.split())


def test_it_is_reached_and_a_missing_one_is_told(runner: ContainerRunner) -> None:
    runner.check()
    with pytest.raises(Unreachable, match="No such container"):
        ContainerRunner("day2-no-such-container").check()
    with pytest.raises(NotPossible, match="Install no-such-engine there"):
        ContainerRunner(runner.name, client="no-such-engine").check()
    with pytest.raises(Unreachable):  # a name, not an option
        ContainerRunner("--privileged").check()


def test_arguments_environment_and_user_arrive_as_they_are(
    runner: ContainerRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "from outside")
    odd = ["a b", "'", '"', "$HOME", "; false", "line\nbreak", "", "ünï ☃", "*", "--help"]
    done = runner.run(["printf", "%s\\0", *odd])
    assert done.stdout.decode().split("\0")[:-1] == odd
    env = runner.run(["env", "-0"], {"PGUSER": "it's; $x", "ODD": "a\nb"}).stdout.decode().split("\0")
    assert {"PGUSER=it's; $x", "ODD=a\nb", "LC_ALL=C"} <= set(env)
    assert not [line for line in env if "from outside" in line]
    assert runner.run(["id", "-un"]).stdout == b"postgres\n"


def test_a_short_program(runner: ContainerRunner) -> None:
    done = runner.run(["sh", "-c", "cat; echo wrong >&2; exit 3"], stdin=BIG)
    assert (done.returncode, done.stdout, done.stderr) == (3, BIG, "wrong\n")
    missing = runner.run(["no-such-program"])
    assert missing.returncode != 0
    assert "no-such-program" in missing.stderr + missing.stdout.decode()  # older engines say it on standard output


def test_it_does_not_wait_for_ever(runner: ContainerRunner) -> None:
    with pytest.raises(Unreachable, match="Running sleep on container .* failed: it did not end within 1 seconds"):
        runner.run(["sleep", "5"], timeout=1)


def test_private_files(runner: ContainerRunner) -> None:
    small, big = PrivateFile(f"secret {os.getpid()}".encode() + b" \xff"), PrivateFile(BIG + b"odd")
    look = 'cat "$1"; sha256sum < "$SUMMED" | cut -c1-64; stat -L -c "%a %U %F" "$1"; cat'
    done = runner.run(["sh", "-c", look, "sh", small], {"SUMMED": big}, b"the rest")
    digest = hashlib.sha256(BIG + b"odd").hexdigest().encode()
    assert done.stdout == small.content + digest + b"\n600 postgres regular file\nthe rest", done.stderr


def test_private_files_and_streams(runner: ContainerRunner) -> None:
    secret = PrivateFile(b"secret")
    got = io.BytesIO()
    received = runner.stream_from(["sh", "-c", 'cat "$1" "$1"', "sh", secret], got.write)
    assert (got.getvalue(), received.returncode, received.size) == (b"secret" * 2, 0, 12)
    back: list[bytes] = []
    sent = runner.stream_to(["sh", "-c", 'cat "$1" -', "sh", secret], io.BytesIO(BIG), sink=back.append)
    assert b"".join(back) == b"secret" + BIG
    assert (sent.size, sent.returncode) == (len(BIG), 0)


def test_a_private_file_has_no_name_from_the_start(runner: ContainerRunner) -> None:
    secret = f"never to be found {os.getpid()}"
    find = 'grep -rsl "$(cat "$1")" "${TMPDIR:-/tmp}" /var/tmp /dev/shm; echo "status $?"'
    done = runner.run(["sh", "-c", find, "sh", PrivateFile(secret.encode())])
    assert done.stdout == b"status 1\n"


def test_what_programs_that_were_killed_have_left_goes_with_the_next(runner: ContainerRunner) -> None:
    left = runner.run(["sh", "-c", 'mktemp "/tmp/day2.$$.XXXXXX"; mktemp -d "/tmp/day2.$$.XXXXXX"']).stdout.split()
    (stays,) = runner.run(["mktemp", "/tmp/day2.1.XXXXXX"]).stdout.split()  # of a process that runs
    runner.run(["true", PrivateFile(b"")])
    there = {b"/tmp/" + name for name in temporary(runner)}
    runner.run(["rm", stays.decode()])
    assert len(left) == 2
    assert there >= {stays}
    assert not there & set(left)


def test_big_streams_both_ways(runner: ContainerRunner) -> None:
    before = temporary(runner)
    back: list[bytes] = []
    sent = runner.stream_to(["cat"], io.BytesIO(BIG), sink=back.append)
    assert b"".join(back) == BIG
    assert (sent.size, sent.sha256, sent.returncode) == (len(BIG), hashlib.sha256(BIG).hexdigest(), 0)
    assert sent.stderr.strip() == ""
    got = io.BytesIO()
    script = 'head -c "$1" /dev/urandom; echo a word >&2'
    received = runner.stream_from(["sh", "-c", script, "sh", "5000000"], got.write)
    assert (received.size, received.sha256) == (5_000_000, hashlib.sha256(got.getvalue()).hexdigest())
    assert (received.returncode, received.stderr.strip()) == (0, "a word")
    assert temporary(runner) == before


def test_what_fails_there_is_told_by_its_own_words(runner: ContainerRunner) -> None:
    received = runner.stream_from(["sh", "-c", "echo part; echo sorry >&2; exit 7"], lambda _chunk: None)
    assert (received.returncode, received.stderr.strip()) == (7, "sorry")
    sent = runner.stream_to(["sh", "-c", "head -c 10 > /dev/null; echo full >&2; exit 5"], io.BytesIO(BIG))
    assert (sent.returncode, sent.stderr.strip()) == (5, "full")


def test_a_program_that_stops_reading_and_says_that_all_is_well_is_not_believed(runner: ContainerRunner) -> None:
    with pytest.raises(StreamBroken):
        runner.stream_to(["sh", "-c", "exec <&-"], io.BytesIO(BIG))


def test_a_stream_is_ended_from_outside_and_nothing_of_it_goes_on(runner: ContainerRunner) -> None:
    before = temporary(runner)
    mark = f"endless-{os.getpid()}"
    stop = threading.Event()

    ran: list[bool] = []

    def sink(_chunk: bytes) -> None:
        if not ran:
            ran.append(runs(runner, mark))
        stop.set()

    with contextlib.suppress(StreamBroken):  # an engine's client that was ended may say that all is well
        received = runner.stream_from(["sh", "-c", "while :; do echo x; done", mark], sink, stop=stop)
        assert received.returncode != 0
    assert ran == [True]
    assert until(lambda: not runs(runner, mark))
    assert until(lambda: temporary(runner) == before)


def test_a_reader_that_dies_ends_its_program_there(runner: ContainerRunner) -> None:
    mark = f"orphan-{os.getpid()}"
    process = runner.start(runner.sender(["sh", "-c", "while :; do echo x; sleep 0.1; done", mark]))
    with process:
        assert process.stdout is not None
        assert process.stdout.read(2) == b"x\n"
        assert runs(runner, mark)
        process.kill()
    assert until(lambda: not runs(runner, mark))
