# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup records of rows, and what a restore proves by it: their number, their content, or nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import MANIFEST, Manifest
from tests.conftest import RunModule

from .backup_places import arguments, furnished, manifest_of
from .long import cases
from .maintenance_places import NEWEST, Place, every, options_of

place = pytest.fixture(params=["embedded 18"])(furnished)


def drill(run_module: RunModule, given: dict[str, Any]) -> dict[str, Any]:
    return run_module("postgresql_restore", {**given, "mode": "drill"})


def rewrite(path: str, **changed: Any) -> None:
    """Let the set of this folder record something else."""
    file = Path(path) / MANIFEST
    file.write_text(replace(Manifest.from_json(file.read_bytes(), path), **changed).to_json())


@pytest.mark.parametrize("place", every(), indirect=True)
def test_contents_are_recorded_and_proven(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    given = arguments(place, tmp_path)
    backup = run_module("postgresql_backup", {**given, "fingerprint": "content"})["backup"]
    assert (backup["fingerprint"], backup["verified"]) == ("content", True)
    content = manifest_of(backup["path"])["content"]
    assert content["algorithm"] == "day2.ops/rows/1"
    assert content["tables"].keys() == backup["tables"].keys()
    assert content["tables"]["public.worded"] == "0 0"  # it has no rows
    done = drill(run_module, given)
    assert done.get("restore", {}).get("verified"), done["msg"]
    assert done["restore"]["contents_compared"] == len(backup["tables"])


@pytest.mark.parametrize("place", ["container 13"], indirect=True)
@pytest.mark.parametrize("onto", cases(["embedded 18", "container 17"], NEWEST))
def test_contents_are_proven_on_another_version(
    place: Place,
    onto: str,
    run_module: RunModule,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    login: dict[str, Any],
) -> None:
    given = arguments(place, tmp_path)
    backup = run_module("postgresql_backup", {**given, "fingerprint": "content"})["backup"]
    there = {name: given[name] for name in ("database", "directory", "environment")}
    done = drill(run_module, {**there, **options_of(onto, request, login)})
    assert done.get("restore", {}).get("verified"), done["msg"]
    assert done["restore"]["contents_compared"] == len(backup["tables"])


def test_another_content_of_as_many_rows_is_found(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    given = arguments(place, tmp_path)
    before = run_module("postgresql_backup", {**given, "fingerprint": "content"})["backup"]
    place.run(
        "UPDATE public.orders SET note = 'other' WHERE id = 77",
        r"SELECT lo_put((SELECT max(oid) FROM pg_largeobject_metadata), 0, '\x01')",
    )
    after = run_module("postgresql_backup", {**given, "fingerprint": "content"})["backup"]
    # As if the first set's archives had come to hold what the second one's do.
    rewrite(after["path"], content=manifest_of(before["path"])["content"])
    done = drill(run_module, {**given, "backup": Path(after["path"]).name})
    found = {(one["kind"], one["object"]) for one in done["restore"]["differences"]}
    assert found == {("content", "public.orders"), ("content", "large objects")}
    assert not done["restore"]["verified"]


def test_a_server_that_hashes_otherwise_is_told(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    given = arguments(place, tmp_path)
    backup = run_module("postgresql_backup", {**given, "fingerprint": "content"})["backup"]
    content = manifest_of(backup["path"])["content"]
    for changed in ({"known": "1 2"}, {"algorithm": "another/1"}):
        rewrite(backup["path"], content={**content, **changed, "tables": dict.fromkeys(content["tables"], "3 4")})
        done = drill(run_module, given)["restore"]
        assert (done["verified"], done["contents_compared"]) == (True, 0)
        assert any("this server hashes otherwise" in note for note in done["notes"])


def test_nothing_recorded_is_nothing_proven(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    given = arguments(place, tmp_path, fingerprint="none", unless_newer_than=3600)
    backup = run_module("postgresql_backup", given)["backup"]
    assert (backup["fingerprint"], backup["verified"]) == ("none", False)
    assert set(backup["tables"].values()) == {None}
    # The values of sequences are read from the archives, which were read to their end.
    assert manifest_of(backup["path"])["sequences"]['"public"."lonely"'] == [19, True]
    assert run_module("postgresql_backup", given)["changed"]
    plain = arguments(place, tmp_path)
    assert "there is no complete and verified one" in drill(run_module, plain)["msg"]
    done = drill(run_module, {**plain, "backup": Path(backup["path"]).name})
    assert done["restore"]["rows_compared"] == 0
    listed = run_module("postgresql_backup_info", {"directory": str(tmp_path), "environment": "test"})
    assert [one["fingerprint"] for one in listed["backups"]] == ["none", "none"]
    assert json.dumps(listed)
