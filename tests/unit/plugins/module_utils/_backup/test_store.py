# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store on a real folder: what is listed as what, who is kept out, what stays after a failure."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import Manifest, Part
from ansible_collections.day2.ops.plugins.module_utils._backup.retention import SAFETY
from ansible_collections.day2.ops.plugins.module_utils._backup.selection import Selection
from ansible_collections.day2.ops.plugins.module_utils._backup.store import (
    DirectoryStore,
    Draft,
    StoredSet,
    read_file,
    sha256_of,
)
from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Refused

from .samples import MANIFEST

ODD = ["plain", 'sh"op', "../up", ".hidden", "a/b", "line\nbreak", "ünïcode ☃", "x" * 63, "%2F", "; DROP"]


DRILL = {"path": "/sets/one", "passed": True, "finished": "2026-11-22T02:00:00Z"}


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(str(tmp_path / "sets"), "te/st")


def fill(draft: Draft, database: str, content: bytes = b"data", finished: str = MANIFEST.finished) -> Manifest:
    with draft.file("rest.dump") as stream:
        stream.write(content)
    part = Part("rest.dump", "rest", len(content), hashlib.sha256(content).hexdigest())
    return replace(MANIFEST, database=database, parts=[part], finished=finished)


def make(store: DirectoryStore, database: str = "shop", stamp: str = "20261122T020000Z", **more: str) -> Path:
    with store.lock(database), store.draft(database, stamp, "daily") as draft:
        return draft.publish(fill(draft, database, **more))


@pytest.mark.parametrize("database", ODD)
def test_any_name_has_a_folder_of_its_own_inside(store: DirectoryStore, database: str) -> None:
    path = make(store, database)
    assert store.directory in path.resolve().parents
    assert path.parent.parent.parent == store.directory
    assert store.databases() == [database]
    assert [(one.state, one.reason) for one in store.sets(database, hashes=True)] == [("complete", "")]


def test_only_its_owner_may_read_a_set(store: DirectoryStore) -> None:
    path = make(store)
    for folder in (path, path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_draft_that_is_not_published_leaves_nothing(store: DirectoryStore) -> None:
    def fail_half_way() -> None:
        with store.lock("shop"), store.draft("shop", "20261122T020000Z", "x") as draft:
            fill(draft, "shop")
            assert [one.state for one in store.sets("shop")] == ["partial"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert store.sets("shop") == []


def test_two_sets_of_one_second_do_not_meet(store: DirectoryStore) -> None:
    assert make(store) != make(store)
    assert len(store.sets("shop")) == 2


def test_sets_are_ordered_by_their_manifests(store: DirectoryStore) -> None:
    early = make(store, stamp="20270101T000000Z", finished="2026-01-01T00:00:00Z")
    late = make(store, stamp="20250101T000000Z", finished="2026-02-01T00:00:00Z")
    os.utime(early)
    assert [one.path for one in store.sets("shop")] == [late, early]
    newest = store.newest("shop")
    assert newest is not None
    assert newest.path == late


def test_times_are_compared_and_not_their_texts(store: DirectoryStore) -> None:
    late = make(store, stamp="20250101T000000Z", finished="2026-01-01T01:00:00.5+01:00")
    early = make(store, stamp="20250102T000000Z", finished="2026-01-01T00:00:00Z")
    assert [one.path for one in store.sets("shop")] == [late, early]


def test_the_newest_is_none_that_was_made_before_a_replacement(store: DirectoryStore) -> None:
    ordinary = make(store)
    with store.lock("shop"), store.draft("shop", "20261123T020000Z", SAFETY) as draft:
        manifest = fill(draft, "shop", finished="2026-12-01T00:00:00Z")
        draft.publish(replace(manifest, label=SAFETY))
    newest = store.newest("shop")
    assert newest is not None
    assert newest.path == ordinary
    assert [one.series for one in store.sets("shop")] == [SAFETY, ""]


def test_the_newest_of_chosen_tables_is_no_set_of_the_database(store: DirectoryStore) -> None:
    ordinary = make(store)
    selection = Selection(("public.orders",), ())
    with store.lock("shop"), store.draft("shop", "20261123T020000Z", "orders") as draft:
        manifest = fill(draft, "shop", finished="2026-12-01T00:00:00Z")
        of_orders = draft.publish(replace(manifest, selection=selection.as_dict()))
    found = [store.newest("shop"), store.newest("shop", selection=selection)]
    assert [one and one.path for one in found] == [ordinary, of_orders]
    assert store.newest("shop", selection=Selection((), ("public",))) is None
    assert [one.series for one in store.sets("shop")] == ["public.orders", ""]


def test_what_is_dated_in_the_future_is_the_newest_only_when_there_is_nothing_else(store: DirectoryStore) -> None:
    """One set that was made while the clock was wrong would hide all later ones for as long as that was ahead."""
    ahead = make(store, finished="2999-01-01T00:00:00Z")
    newest = store.newest("shop")
    assert newest is not None
    assert (newest.path, newest.of_the_future) == (ahead, True)
    right = make(store, finished="2026-01-01T00:00:00Z")
    newest = store.newest("shop", verified=True)
    assert newest is not None
    assert (newest.path, newest.of_the_future) == (right, False)
    assert [one.path for one in store.sets("shop")] == [ahead, right]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "hashes", "reason"),
    [
        (lambda path: (path / "rest.dump").unlink(), False, "rest.dump: it is missing"),
        (lambda path: (path / "rest.dump").write_bytes(b"dat"), False, "rest.dump: it has 3 bytes instead of 4"),
        (lambda path: flip(path / "rest.dump"), True, "rest.dump: its content is not what was written"),
        (lambda path: (path / "manifest.json").unlink(), False, "manifest.json is missing"),
        (lambda path: flip(path / "manifest.json"), False, "manifest.json"),
        (lambda path: (path / "manifest.json").write_bytes(b""), False, "it is not a manifest"),
    ],
)
def test_damage_is_found_and_named(store: DirectoryStore, damage: object, hashes: bool, reason: str) -> None:
    path = make(store)
    assert callable(damage)
    damage(path)
    (one,) = store.sets("shop", hashes)
    assert one.state == "corrupt"
    assert reason in one.reason
    assert store.newest("shop") is None or hashes


@pytest.mark.parametrize("name", ["rest.dump", "manifest.json"])
@pytest.mark.parametrize("hashes", [False, True])
def test_a_link_or_a_pipe_in_place_of_a_file_is_no_set(
    store: DirectoryStore, tmp_path: Path, name: str, hashes: bool
) -> None:
    path = make(store)
    (path / name).rename(tmp_path / "elsewhere")
    (path / name).symlink_to(tmp_path / "elsewhere")
    (one,) = store.sets("shop", hashes)
    assert one.state == "corrupt"
    assert one.reason.startswith(name)
    (path / name).unlink()
    os.mkfifo(path / name)  # whoever opened it would wait for ever
    (one,) = store.sets("shop", hashes)
    assert (one.state, one.reason) == ("corrupt", f"{name}: it is no ordinary file")


def test_a_part_that_became_a_link_meanwhile_is_not_read(store: DirectoryStore, tmp_path: Path) -> None:
    path = make(store)
    (one,) = store.sets("shop")
    (path / "rest.dump").rename(tmp_path / "elsewhere")
    (path / "rest.dump").symlink_to(tmp_path / "elsewhere")
    part = Part("rest.dump", "rest", 4, "0")
    with pytest.raises(NotPossible, match="symbolic links"):
        read_file(one, part)
    with pytest.raises(OSError, match="symbolic links"):
        sha256_of(path / "rest.dump")


@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", "..", "a/b", ".hidden", "", "a\nb", "manifest.json"])
def test_a_manifest_names_files_of_its_own_folder_only(store: DirectoryStore, tmp_path: Path, name: str) -> None:
    path = make(store)
    (tmp_path / "sets" / "secret").write_bytes(b"data")
    manifest = Manifest.from_json((path / "manifest.json").read_bytes(), "here")
    moved = replace(manifest, parts=[replace(manifest.parts[0], file=name)])
    (path / "manifest.json").write_text(moved.to_json())  # its checksum is right
    (one,) = store.sets("shop", hashes=True)
    assert (one.state, one.manifest) == ("corrupt", None)
    assert "which no set has" in one.reason


# -- who else may write there -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_store_that_others_may_write_to_is_refused(store: DirectoryStore, level: int) -> None:
    path = make(store)
    folder = [path.parent, path.parent.parent, store.directory][level]
    folder.chmod(0o770)

    def lock() -> None:
        with store.lock("shop"):
            raise AssertionError

    uses = [lambda: store.sets("shop"), lambda: store.newest("shop"), lambda: store.drills("shop"), lock]
    uses += [lambda: store.record_drill("shop", DRILL)]
    uses += [store.databases] if level else []
    for use in uses:
        with pytest.raises(Refused, match=f"{folder} failed: others could put something there"):
            use()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o770
    folder.chmod(0o700)
    assert store.newest("shop") is not None


def test_a_set_that_others_may_have_changed_is_corrupt(store: DirectoryStore) -> None:
    path = make(store)
    path.chmod(0o777)
    (one,) = store.sets("shop")
    assert (one.state, one.reason) == ("corrupt", "others may have changed it: its mode is 0777")


def test_a_link_in_place_of_a_set_is_no_set_and_as_a_remain_is_cleared(store: DirectoryStore, tmp_path: Path) -> None:
    path = make(store)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    (one,) = store.sets("shop")
    assert (one.state, one.reason) == ("corrupt", "others may have changed it: it is a symbolic link")
    path.rename(path.with_name(".partial-x"))
    path.with_name(".partial-y").touch()
    with store.lock("shop"):
        assert store.clear_remains("shop") == [".partial-y", ".partial-x"]
    assert sorted(file.name for file in elsewhere.iterdir()) == ["manifest.json", "rest.dump"]


def test_a_set_of_another_database_is_corrupt(store: DirectoryStore) -> None:
    path = make(store, "other")
    store.folder("shop").mkdir()
    path.rename(store.folder("shop") / path.name)
    assert "other" in store.sets("shop")[0].reason


def test_remains_are_cleared_and_sets_are_not(store: DirectoryStore) -> None:
    path = make(store)
    (path.parent / ".partial-20261122T030000Z-abcd").mkdir()
    (path.parent / ".partial-20261122T030000Z-abcd" / "rest.dump").write_bytes(b"half")
    assert [one.state for one in store.sets("shop")] == ["complete", "partial"]
    with store.lock("shop"):
        assert store.clear_remains("shop") == [".partial-20261122T030000Z-abcd"]
    assert [one.path for one in store.sets("shop")] == [path]


def test_a_removed_set_is_gone(store: DirectoryStore) -> None:
    make(store)
    with store.lock("shop"):
        store.remove(store.sets("shop")[0])
    assert store.sets("shop") == []


def test_the_lock_keeps_others_out(store: DirectoryStore) -> None:
    with store.lock("shop"), pytest.raises(Refused, match="another process"), store.lock("shop"):
        raise AssertionError
    with store.lock("shop", shared=True), store.lock("shop", shared=True), pytest.raises(Refused), store.lock("shop"):
        raise AssertionError
    with store.lock("shop"):
        pass


@pytest.mark.parametrize("label", ["", "a b", "../x", "x" * 65, "ü", ".hidden", "a\n"])
def test_a_label_that_is_none_is_refused(store: DirectoryStore, label: str) -> None:
    with pytest.raises(Refused, match="label"), store.lock("shop"), store.draft("shop", "20261122T020000Z", label):
        raise AssertionError


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "sets").write_text("")
    store = DirectoryStore(str(tmp_path / "sets"), "test")
    with pytest.raises(NotPossible, match="Not a directory"), store.lock("shop"):
        raise AssertionError
    with pytest.raises(NotPossible, match="Not a directory"):
        store.sets("shop")
    with pytest.raises(NotPossible, match="Not a directory"):
        store.databases()


def test_the_record_of_drills_is_kept_short_and_damage_is_told(store: DirectoryStore) -> None:
    make(store)
    for number in range(250):
        store.record_drill("shop", {**DRILL, "number": number})
    assert [drill["number"] for drill in store.drills("shop")] == list(range(50, 250))
    for damage in ("{", "[1]", "{}", "[" * 100000):
        (store.folder("shop") / "drills.json").write_text(damage)
        with pytest.raises(NotPossible, match="damaged"):
            store.drills("shop")


def test_free_space_is_known_before_the_folder_exists(store: DirectoryStore) -> None:
    assert store.free_bytes() > 0


def test_a_part_that_is_gone_is_told(store: DirectoryStore) -> None:
    part = Part("gone.dump", "rest", 1, "0")
    with pytest.raises(NotPossible, match="gone.dump"):
        read_file(StoredSet(store.directory, "shop", "complete", "", MANIFEST), part)


@pytest.fixture(autouse=True)
def _writable_again(tmp_path: Path) -> Iterator[None]:
    yield
    for folder, _folders, _files in os.walk(tmp_path):
        Path(folder).chmod(0o700)
