# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What clients of an engine print of images and of the disk, as they printed it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._runtime.engine_storage import (
    DiskUse,
    disk_used,
    image_of,
    texts,
)

PRINTED = """["Images","13","4","2.128GB","1.619GB (76%)"]
["Containers","14","12","252B","0B (0%)"]
["Local Volumes","0","0","0B","0B"]
["Build Cache","7","0","12.3MB","12.3MB"]
"""


def test_what_the_disk_is_used_for() -> None:
    assert disk_used(PRINTED) == {
        "images": DiskUse(13, 4, 2_128_000_000, 1_619_000_000),
        "containers": DiskUse(14, 12, 252, 0),
        "volumes": DiskUse(0, 0, 0, 0),
        "build_cache": DiskUse(7, 0, 12_300_000, 12_300_000),
    }


@pytest.mark.parametrize("printed", ["", '["Images","1","1","1B","0B"]\n', "x", '["Images","many","1","1B","0B"]'])
def test_what_is_something_else_is_refused(printed: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        disk_used(printed)


def test_texts_come_once() -> None:
    assert texts('"sha256:aa"\n"sha256:bb"\n"sha256:aa"\n') == ["sha256:aa", "sha256:bb"]
    assert texts("") == []


def document(**changes: Any) -> dict[str, Any]:
    config = {"Cmd": ["serve"], "Entrypoint": None, "WorkingDir": "/app", "User": "", "Labels": None}
    return {
        "Id": "sha256:c9cc6419ce3663ee3a3be9e6f5576df2cda240eb6e74041d85b6fe3b2908e94f",
        "RepoTags": ["localhost:5000/shop/api:1.4", "shop/api:1.4"],
        "Created": "2026-11-29T16:50:06.698049541Z",
        "Size": 259227728,
        "Config": config,
        **changes,
    }


def test_an_image_with_names() -> None:
    image = image_of(document())
    assert image.repositories == {"localhost:5000/shop/api", "shop/api"}
    assert (image.bytes, image.service) == (259227728, ())
    assert image.name == "localhost:5000/shop/api:1.4, shop/api:1.4"
    assert image.created == pytest.approx(1795971006, abs=1)


def test_one_that_has_lost_its_name() -> None:
    image = image_of(document(RepoTags=["<none>:<none>"]))
    assert (image.tags, image.name) == ((), "c9cc6419ce36")
    assert image.runs == image_of(document()).runs
    assert image.runs != image_of(document(Config={"Cmd": ["work"]})).runs
    assert image_of(document(RepoTags=None, Config=None)).runs == ""


def test_one_that_compose_built() -> None:
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "api"}
    assert image_of(document(Config={"Labels": labels})).service == ("shop", "api")
    assert image_of(document(Config={"Labels": {"com.docker.compose.project": "shop"}})).service == ()


@pytest.mark.parametrize("changes", [{"Size": None}, {"Size": "much"}])
def test_a_document_of_another_kind_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        image_of(document(**changes))
