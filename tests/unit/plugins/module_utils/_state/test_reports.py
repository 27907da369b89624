# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of reports: names, modes, the run before, what goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Day2Error, NotPossible, Refused
from ansible_collections.day2.ops.plugins.module_utils._state.reports import (
    ReportFolder,
    content_of,
    digest_of,
    keep_reports,
)

FIRST, SECOND, THIRD = "20261108T020000Z", "20261115T020000Z", "20261122T020000Z"


def document(name: str, **more: Any) -> bytes:
    return json.dumps({"run": {"id": name}, "findings": [{"check": "a.b"}], "hosts": {}, **more}).encode()


def kept(folder: Path, stamp: str, runbook: str = "weekly", **more: Any) -> dict[str, Any]:
    given = {"modes": ("0640", "0750"), "keep": 0, "check_mode": False, **more}
    contents = {"html": b"<p>", "json": document(f"{runbook} {stamp}"), "md": b"#"}
    return keep_reports(ReportFolder(str(folder), "Shop/ü", runbook), stamp, contents, **given)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_names_modes_and_content(tmp_path: Path) -> None:
    told = kept(tmp_path / "reports", FIRST)
    place = tmp_path / "reports" / "Shop%2F%C3%BC"
    assert told["report"] == {kind: str(place / f"weekly-{FIRST}.{kind}") for kind in ("html", "json", "md")}
    assert told["latest"] == {kind: str(place / f"latest.{kind}") for kind in ("html", "json", "md")}
    assert len(names(place)) == 6
    for path in place.iterdir():
        assert path.stat().st_mode & 0o777 == 0o640
        assert path.read_bytes() == (place / f"latest{path.suffix}").read_bytes()
    assert place.stat().st_mode & 0o777 == 0o750


def test_check_mode_makes_nothing(tmp_path: Path) -> None:
    told = kept(tmp_path / "reports", FIRST, check_mode=True)
    assert told["report"]["html"].endswith(f"weekly-{FIRST}.html")
    assert list(tmp_path.iterdir()) == []


def test_the_run_before_is_that_of_the_same_runbook(tmp_path: Path) -> None:
    first = kept(tmp_path, FIRST)
    assert (first["previous"], first["previous_reason"]) == (None, "there is no earlier report")
    kept(tmp_path, SECOND, runbook="daily")
    third = kept(tmp_path, THIRD)
    assert third["previous"]["run"]["id"] == f"weekly {FIRST}"
    assert kept(tmp_path, THIRD, runbook="monthly")["previous"]["run"]["id"] == f"weekly {THIRD}"
    assert kept(tmp_path, THIRD)["previous"]["run"]["id"] == f"weekly {FIRST}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"{", "is no JSON"), (b"[]", "is no report"), (b'{"run": 1}', "is no report"), (b"\xff", "is no JSON")],
)
def test_a_run_before_that_cannot_be_read_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    path = Path(kept(tmp_path, FIRST)["report"]["json"])
    path.write_bytes(content)
    told = kept(tmp_path, SECOND)
    assert told["previous"] is None
    assert told["previous_reason"] == f"{path} {reason}"
    path.unlink()
    path.mkdir()
    assert "cannot be read: Is a directory" in kept(tmp_path, SECOND)["previous_reason"]


def test_only_the_newest_stay_and_nothing_else_goes(tmp_path: Path) -> None:
    kept(tmp_path, FIRST, runbook="week")
    kept(tmp_path, FIRST)
    place = tmp_path / "Shop%2F%C3%BC"
    mine = place / f"weekly-{FIRST}.html.bak"
    mine.write_text("mine")
    (place / f"weekly-{FIRST}.md").unlink()
    kept(tmp_path, SECOND, keep=2)
    assert len(kept(tmp_path, THIRD, keep=2)["removed"]) == 2
    assert mine.exists()
    assert f"week-{FIRST}.html" in names(place)
    assert [name for name in names(place) if name.startswith("weekly-")] == [
        f"weekly-{FIRST}.html.bak",
        *(f"weekly-{stamp}.{kind}" for stamp in (SECOND, THIRD) for kind in ("html", "json", "md")),
    ]
    assert kept(tmp_path, THIRD, keep=2)["removed"] == []


BAD: list[tuple[dict[str, Any], type[Day2Error], str]] = [
    ({"stamp": "2026-11-22"}, Refused, "no UTC stamp"),
    ({"stamp": "../../etc"}, Refused, "no UTC stamp"),
    ({"stamp": FIRST, "modes": ("rw", "0750")}, Refused, "no octal mode"),
    ({"stamp": FIRST, "modes": ("0640", "1777")}, Refused, "no octal mode"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD)
def test_bad_options(tmp_path: Path, options: dict[str, Any], kind: type[Day2Error], message: str) -> None:
    with pytest.raises(kind, match=message):
        kept(tmp_path / "reports", **options)
    assert list(tmp_path.iterdir()) == []


def test_places_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotPossible, match="making the folder|Making the folder"):
        kept(tmp_path / "file", FIRST)
    with pytest.raises(NotPossible, match="Reading a rendered report"):
        content_of(str(tmp_path / "gone"))
    kept(tmp_path / "reports", FIRST)
    path = Path(kept(tmp_path / "reports", SECOND)["report"]["md"])
    path.unlink()
    path.mkdir()
    with pytest.raises(NotPossible, match="A folder has this name|Is a directory"):
        kept(tmp_path / "reports", SECOND)
    with pytest.raises(NotPossible, match="Removing an old report"):
        kept(tmp_path / "reports", THIRD, keep=1)


def test_a_digest_holds_what_is_compared() -> None:
    whole = {"run": {"id": "x"}, "findings": [{"check": "a.b"}], "hosts": {"a": {"reached": True, "facts": {}}, "b": 1}}
    assert digest_of(whole) == {"run": {"id": "x"}, "findings": [{"check": "a.b"}], "hosts": {"a": {"reached": True}}}
    assert digest_of({"run": {}, "findings": 5, "hosts": []}) == {"run": {}, "findings": [], "hosts": {}}
