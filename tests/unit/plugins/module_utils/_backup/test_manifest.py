# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A manifest is believed only when it is what was written, and its names stay in its folder."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import (
    Manifest,
    ManifestDamaged,
    Part,
    moment,
    stamp,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.fingerprint import Fingerprint

from .samples import MANIFEST


def forged(change: dict[str, Any]) -> str:
    """A manifest with other content and a right checksum, as somebody who knows the format can make it."""
    plain = {**json.loads(MANIFEST.to_json()), **change}
    del plain["checksum"]
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return json.dumps({**plain, "checksum": hashlib.sha256(canonical.encode()).hexdigest()})


def test_what_is_written_is_read() -> None:
    assert Manifest.from_json(MANIFEST.to_json(), "here") == MANIFEST
    assert Manifest.from_json(forged({}), "here") == MANIFEST


def test_every_flipped_bit_is_found() -> None:
    text = bytearray(MANIFEST.to_json().encode())
    for position in range(len(text)):
        changed = bytearray(text)
        changed[position] ^= 1
        try:
            again = Manifest.from_json(bytes(changed), "here")
        except ManifestDamaged:
            continue
        assert again == MANIFEST  # a blank that became another blank


@pytest.mark.parametrize("cut", [0, 1, 100, -1, -2])
def test_a_cut_manifest_is_refused(cut: int) -> None:
    text = MANIFEST.to_json().rstrip()
    with pytest.raises(ManifestDamaged, match="Use another set"):
        Manifest.from_json(text[:cut], "here")


@pytest.mark.parametrize("text", ["[]", "null", "3", '"x"', "{}", '{"checksum": 1}', "\ud800", "[" * 100000])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(ManifestDamaged):
        Manifest.from_json(text, "here")


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/b", "..", ".", "", "manifest.json", "a\nb", "x" * 200, ".hidden"]
)
def test_a_name_that_leaves_the_folder_is_refused(name: str) -> None:
    part = {"file": name, "kind": "data", "bytes": 1, "sha256": "0", "tables": []}
    with pytest.raises(ManifestDamaged, match="no set has"):
        Manifest.from_json(forged({"parts": [part]}), "here")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other/9"},
        {"parts": 3},
        {"parts": [{}]},
        {"surprise": 1},
        {"finished": 5},
        {"finished": "x"},
        {"finished": "2026-13-45T00:00:00Z"},
        {"tables": []},
        {"verified": 1},
        {"fingerprint": 1},
        {"content": []},
        {"selection": []},
        {"selection": {}},
        {"selection": {"tables": 5, "schemas": []}},
        {"selection": {"tables": [5], "schemas": []}},
        {"content": {}},
        {"content": {"tables": None}},
        {"content": {"tables": {"public.orders": "1 2"}}},
        {"content": {"tables": dict.fromkeys(MANIFEST.tables, "1")}},
        {"content": {"tables": dict.fromkeys(MANIFEST.tables, "1 x")}},
        {"content": {"tables": dict.fromkeys(MANIFEST.tables, 12)}},
        {"parts": [{"file": 5, "kind": "data", "bytes": 1, "sha256": "0", "tables": []}]},
    ],
)
def test_another_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ManifestDamaged):
        Manifest.from_json(forged(change), "here")


def test_what_was_recorded_of_rows() -> None:
    assert MANIFEST.measured() == {"public.orders": Fingerprint(3), 'public."Order Items"': Fingerprint(0)}
    content = {"tables": {"public.orders": "-1 2", 'public."Order Items"': "0 0"}, "extension_tables": {}}
    measured = replace(MANIFEST, content=content).measured()
    assert measured == {"public.orders": Fingerprint(3, (-1, 2)), 'public."Order Items"': Fingerprint(0, (0, 0))}
    nothing = replace(MANIFEST, fingerprint="none", tables={"public.orders": None})
    assert Manifest.from_json(nothing.to_json(), "here").measured() == {"public.orders": None}


def test_sums_and_parts() -> None:
    assert MANIFEST.total_bytes == 30
    assert MANIFEST.files == {"schema.dump": "a" * 64, "rest.dump": "b" * 64}
    assert MANIFEST.part("schema").file == "schema.dump"
    assert MANIFEST.major == 17
    assert replace(MANIFEST, parts=[Part("x", "data", 1, "c", (("a", "b"),))]).parts[0].tables == (("a", "b"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T02:00:00Z", datetime(2026, 11, 22, 2, tzinfo=timezone.utc)),
        ("2026-11-22T02:00:00.5Z", datetime(2026, 11, 22, 2, 0, 0, 500000, tzinfo=timezone.utc)),
        ("2026-11-22T04:00:00.1234567+02:00", datetime(2026, 11, 22, 2, 0, 0, 123456, tzinfo=timezone.utc)),
    ],
)
def test_times_are_read_and_stamped(text: str, expected: datetime) -> None:
    assert moment(text) == expected
    assert stamp(moment(text)) == "20261122T020000Z"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22", "2026-11-22T02:00:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        moment(text)
