# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders that others may write to are refused, at every level and behind every link; others are not."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._trust import open_ordinary, refuse_unsafe, unsafe

SOMEBODY = 12345


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three levels below the one that was chosen."""
    folder = tmp_path / "top" / "environment" / "data base"
    folder.mkdir(mode=0o700, parents=True)
    for each in (folder, folder.parent, folder.parent.parent):
        each.chmod(0o700)
    return folder


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let a path belong to somebody else; where that is not allowed, be somebody else oneself."""

    def give(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, SOMEBODY, -1, follow_symlinks=False)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)

    return give


def refused(folder: Path, top: Path) -> str:
    with pytest.raises(Refused) as error:
        refuse_unsafe(folder, top, "listing backup sets")
    return str(error.value)


def test_what_is_ours_alone_is_taken_and_what_is_missing_too(folder: Path) -> None:
    top = folder.parent.parent
    refuse_unsafe(folder, top, "looking")
    refuse_unsafe(top, top, "looking")
    refuse_unsafe(folder / "not" / "yet", top, "looking")
    refuse_unsafe(top / "not" / "yet", top / "not", "looking")
    for mode in (0o755, 0o750, 0o500, 0o1755, 0o2755):
        folder.chmod(mode)
        refuse_unsafe(folder, top, "looking")


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777, 0o2775, 0o722, 0o720])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_every_level_that_others_may_write_to_is_refused_and_stays_as_it_is(
    folder: Path, mode: int, level: int
) -> None:
    top = folder.parent.parent
    open_one = [top, folder.parent, folder][level]
    open_one.chmod(mode)
    said = refused(folder, top)
    assert f"Listing backup sets on {open_one} failed: others could put something there" in said
    assert f"its mode is {mode:04o}" in said
    assert f"chmod go-w '{open_one}'" in said if " " in str(open_one) else f"chmod go-w {open_one}" in said
    assert stat.S_IMODE(open_one.stat().st_mode) == mode


def test_above_the_chosen_folder_nothing_is_judged(folder: Path) -> None:
    folder.parent.parent.parent.chmod(0o777)
    refuse_unsafe(folder, folder.parent.parent, "looking")


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_folder_of_somebody_else_is_refused(folder: Path, give: Callable[[Path], None], level: int) -> None:
    top = folder.parent.parent
    give([top, folder.parent, folder][level])
    assert "its owner is " in refused(folder, top)


@pytest.mark.parametrize("target", ["relative", "absolute", "upwards"])
def test_a_link_is_followed_where_nobody_else_can_swap_it(folder: Path, tmp_path: Path, target: str) -> None:
    targets = {"relative": "top", "absolute": str(tmp_path / "top"), "upwards": f"../{tmp_path.name}/top"}
    link = tmp_path / "link"
    link.symlink_to(targets[target])
    refuse_unsafe(link / "environment" / "data base", link, "looking")
    folder.chmod(0o777)
    assert "its mode is 0777" in refused(link / "environment" / "data base", link)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o2775])
def test_a_link_in_a_folder_that_others_may_write_to_is_refused(folder: Path, tmp_path: Path, mode: int) -> None:
    shared = tmp_path / "shared place"
    shared.mkdir()
    (shared / "link").symlink_to(tmp_path / "top")
    (tmp_path / "first").symlink_to(shared / "link")  # the second of a chain
    shared.chmod(mode)
    for way in (shared / "link", tmp_path / "first"):
        said = refused(way / "environment", way)
        assert f"{shared / 'link'} on the way there is a symbolic link that others can swap" in said
        assert f"chmod go-w '{shared}'" in said


def test_a_link_of_ours_in_a_sticky_folder_is_followed_and_that_of_others_is_not(
    folder: Path, tmp_path: Path, give: Callable[[Path], None]
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    link = shared / "link"
    link.symlink_to(folder.parent.parent)
    shared.chmod(0o1777)
    refuse_unsafe(link, link, "looking")
    give(link)
    assert "a symbolic link that others can swap" in refused(link, link)


def test_a_link_in_a_folder_of_somebody_else_is_refused(
    folder: Path, tmp_path: Path, give: Callable[[Path], None]
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o755)
    (theirs / "link").symlink_to(folder.parent.parent)
    give(theirs)
    assert "its owner is" in refused(theirs / "link", theirs / "link")


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    refuse_unsafe(tmp_path / "one", tmp_path / "one", "looking")  # whoever opens it is told


def test_a_relative_folder_is_one_of_where_we_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    refuse_unsafe(Path("data base"), Path("data base"), "looking")
    folder.chmod(0o777)
    assert "its mode is 0777" in refused(Path("../environment/data base"), Path("../environment"))


def test_of_one_path_alone(folder: Path, tmp_path: Path, give: Callable[[Path], None]) -> None:
    assert unsafe(folder) == ""
    (tmp_path / "link").symlink_to(folder)
    assert unsafe(tmp_path / "link") == "it is a symbolic link"
    folder.chmod(0o770)
    assert unsafe(folder) == "its mode is 0770"
    folder.chmod(0o700)
    give(folder)
    assert unsafe(folder).startswith("its owner is ")
    with pytest.raises(OSError, match="No such file"):
        unsafe(tmp_path / "gone")


def test_only_ordinary_files_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with open_ordinary(tmp_path / "file") as stream:
        assert stream.read() == b"content"
        assert not os.get_inheritable(stream.fileno())
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    for name, why in (("link", "symbolic links"), ("pipe", "no ordinary file"), ("", "Is a directory"), ("x", "No")):
        with pytest.raises(OSError, match=why):
            open_ordinary(tmp_path / name)
