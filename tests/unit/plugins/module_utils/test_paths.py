# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ansible_collections.day2.ops.plugins.module_utils import _paths
from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Refused
from ansible_collections.day2.ops.plugins.module_utils._paths import (
    atomic_write,
    decoded,
    encoded,
    not_possible,
    sync_folder,
)

NAMES = {
    "sandbox": "sandbox",
    "A-z_0.9": "A-z_0.9",
    ".": "%2E",
    "..": "%2E.",
    ".git": "%2Egit",
    "../../etc": "%2E.%2F..%2Fetc",
    "a b": "a%20b",
    "%2E": "%252E",
    'Or"der\n; DROP': "Or%22der%0A%3B%20DROP",
    "Größe": "Gr%C3%B6%C3%9Fe",
    "a\x00b": "a%00b",
    "caf\udce9": "caf%E9",
    "€" * 21: "%E2%82%AC" * 21,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_becomes_one_component_and_comes_back(name: str) -> None:
    assert encoded(name) == NAMES[name]
    assert decoded(NAMES[name]) == name
    assert len(encoded(name)) <= 255


@pytest.mark.parametrize(
    ("name", "why"),
    [("", "empty"), ("\ud800", "half a character"), ("a" * 256, "256 bytes"), ("ü" * 43, "258 bytes")],
)
def test_a_name_that_cannot_be_one_is_refused(name: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        encoded(name)


@pytest.mark.parametrize("component", ["", "a b", ".", "..", "%2e", "%41", "ö", "a%", "a/b", "\ud800"])
def test_what_is_no_encoding_is_refused(component: str) -> None:
    with pytest.raises(Refused):
        decoded(component)


def test_the_file_is_whole_private_and_alone(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    atomic_write(path, "erst")
    atomic_write(str(path), b"dann\xff", mode=0o640)
    assert path.read_bytes() == b"dann\xff"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_keeps_what_was_there_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    atomic_write(path, "before")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_paths.os, "fsync", full)
    with pytest.raises(NotPossible, match="No space left on device. Free space there"):
        atomic_write(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_a_file_or_missing_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotPossible, match="A part of the path is a file"):
        atomic_write(tmp_path / "file" / "x", "")
    with pytest.raises(NotPossible, match="No such file"):
        atomic_write(tmp_path / "missing" / "x", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotPossible, match="A folder has this name"):
        atomic_write(tmp_path / "folder", "")


@pytest.mark.parametrize(("number", "raised"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_file_systems_that_cannot_sync_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, raised: bool
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(_paths.os, "fsync", refuse)
    if raised:
        with pytest.raises(OSError, match="no"):
            sync_folder(tmp_path)
    else:
        sync_folder(tmp_path)


def test_an_error_without_a_known_number_still_has_a_remedy() -> None:
    assert "Look at the file system" in str(not_possible("doing this", "that", OSError("odd")))
