# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history of runs: lines that stay whole, a size that stays bounded."""

from __future__ import annotations

import errno
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Refused
from ansible_collections.day2.ops.plugins.module_utils._state import history
from ansible_collections.day2.ops.plugins.module_utils._state.history import append, read


def entry(number: int, **more: Any) -> dict[str, Any]:
    return {"run": {"id": str(number)}, "findings": [], **more}


def ids(path: Path, last: int = 100) -> list[str]:
    return [run["run"]["id"] for run in read(path, last).runs]


def test_what_is_added_is_read(tmp_path: Path) -> None:
    path = tmp_path / "state" / "shop" / "history.jsonl"
    assert read(path, 5).runs == []
    for number in range(4):
        append(path, entry(number, text='ü\n"\u2028'))
    assert ids(path) == ["0", "1", "2", "3"]
    assert ids(path, 2) == ["2", "3"]
    assert ids(path, 0) == []
    assert read(path, 1).runs[0]["text"] == 'ü\n"\u2028'
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


CUT = [b'{"run": {"id": "x', b"[1, 2]\n", b"\xff\xfe\n", b"null\n", b"\x00\x00\x00"]


@pytest.mark.parametrize("rest", CUT)
def test_what_a_killed_writer_left_is_passed_over(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "history.jsonl"
    append(path, entry(1))
    with path.open("ab") as stream:
        stream.write(rest)
    assert (ids(path), read(path, 9).damaged) == (["1"], 1)
    append(path, entry(2))
    assert (ids(path), read(path, 9).damaged) == (["1", "2"], 1)


def test_the_size_is_bounded_and_the_newest_stay(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for number in range(50):
        append(path, entry(number), max_bytes=300)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 2 * 340
    kept = ids(path)
    assert kept == [str(number) for number in range(50)][-len(kept) :]
    assert len(kept) >= 7
    assert ids(path, 3) == ["47", "48", "49"]
    assert {file.name for file in tmp_path.iterdir()} <= {"history.jsonl", "history.jsonl.1"}


def test_several_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"

    def work(first: int) -> None:
        for number in range(first, first + 20):
            append(path, entry(number), max_bytes=2500)

    workers = [threading.Thread(target=work, args=(first,)) for first in (0, 100, 200)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = read(path, 1000)
    assert found.damaged == 0
    assert len({run["run"]["id"] for run in found.runs}) == len(found.runs) == 60


def test_a_run_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with pytest.raises(Refused, match="it is no JSON|is no JSON"):
        append(path, entry(1, value=float("nan")))
    with pytest.raises(Refused, match="is no JSON"):
        append(path, entry(1, value={1, 2}))
    with pytest.raises(Refused, match="Raise max_bytes"):
        append(path, entry(1), max_bytes=10)
    assert not path.exists()


def test_no_space_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.jsonl"
    append(path, entry(1))
    whole = path.read_bytes()
    write = os.write
    monkeypatch.setattr(history.os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    with pytest.raises(NotPossible, match="no space"):
        append(path, entry(2))
    assert path.read_bytes() == whole

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(history.os, "write", full)
    with pytest.raises(NotPossible, match="No space left on device"):
        append(path, entry(2))
    assert path.read_bytes() == whole


def test_a_file_that_was_put_aside_meanwhile_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.jsonl"
    append(path, entry(1))
    flock, aside = history.fcntl.flock, [path]

    def slow(descriptor: int, how: int) -> None:
        if aside:
            aside.pop().rename(tmp_path / "history.jsonl.1")
        flock(descriptor, how)

    monkeypatch.setattr(history.fcntl, "flock", slow)
    append(path, entry(2))
    assert json.loads(path.read_text())["run"]["id"] == "2"
    assert ids(path) == ["1", "2"]


def test_places_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotPossible, match="A folder has this name"):
        append(tmp_path, entry(1))
    with pytest.raises(NotPossible, match="A folder has this name"):
        read(tmp_path, 1)
    with pytest.raises(NotPossible, match="Not a directory|File exists"):
        append(tmp_path / "file" / "history.jsonl", entry(1))
    with pytest.raises(NotPossible, match="symbolic link"):
        append(tmp_path / "link", entry(1))
    with pytest.raises(NotPossible, match="symbolic link"):
        read(tmp_path / "link", 1)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop" / "history.jsonl"
    append(path, entry(1))
    path.parent.chmod(0o1777)
    for use in (lambda: append(path, entry(2)), lambda: read(path, 1)):
        with pytest.raises(Refused, match=f"{path.parent} failed: others could put something there"):
            use()
    path.parent.chmod(0o700)
    assert ids(path) == ["1"]
