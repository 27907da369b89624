# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module documents is what it returns; what was lost meanwhile is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import yaml

from ansible_collections.day2.ops.plugins.module_utils._errors import Unreachable
from ansible_collections.day2.ops.plugins.module_utils._runtime.engine import Engine
from ansible_collections.day2.ops.plugins.module_utils._runtime.engine_output import Container
from ansible_collections.day2.ops.plugins.module_utils._runtime.engine_storage import DiskUse, Image
from ansible_collections.day2.ops.plugins.modules import container_engine_prune

from ....conftest import RunModule

RETURN = yaml.safe_load(container_engine_prune.RETURN)
ITEM = RETURN["plan"]["contains"]
OLD = tuple(Image(f"sha256:{number}", (f"shop/api:{number}",), float(number), 10, "", ()) for number in range(1, 5))
SERVICE = Container("db1", "shop-db-1", "exited", "Exited (0)", "shop", "db", "False")


class Made(Engine):
    """An engine with four images, a stopped service and a volume, which does what it is told."""

    def __init__(self) -> None:
        super().__init__("testing", "here")
        self.there = list(OLD)
        self.services = [SERVICE]
        self.names = ["data", "0" * 64]
        self.meanwhile: Callable[[], None] = lambda: None

    def containers(self) -> list[Container]:
        return list(self.services)

    def details(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {"Id": short, "Name": "/shop-db-1", "Image": "sha256:4", "State": {"Status": "exited"}} for short in ids
        ]

    def images(self) -> list[Image]:
        return list(self.there)

    def volumes(self, unused: bool = False) -> list[str]:
        return list(self.names)

    def disk_use(self) -> dict[str, DiskUse]:
        return {"images": DiskUse(len(self.there), 1, 10, 5), "build_cache": DiskUse(0, 0, 0, 0)}

    def remove(self, *argv: str) -> str | None:
        self.there = [image for image in self.there if argv[-1] not in image.tags]
        self.meanwhile()
        return None


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Made:
    made = Made()
    monkeypatch.setattr(container_engine_prune, "Engine", lambda *_words, seconds: made)
    return made


@pytest.mark.parametrize("check_mode", [True, False])
def test_the_result_has_the_documented_keys(run_module: RunModule, engine: Made, check_mode: bool) -> None:
    result = run_module("container_engine_prune", {}, check_mode=check_mode)
    assert set(RETURN) <= set(result)
    assert [item["id"] for item in result["plan"]] == ["sha256:1", "sha256:2"]
    assert result["removed"] == ([] if check_mode else result["plan"])
    assert result["changed"] is True
    assert [set(item) for item in (*result["plan"], *result["kept"])] == [set(ITEM)] * 3
    assert len(engine.there) == (4 if check_mode else 2)
    assert result["unused_volumes"] == ["0" * 64, "data"]


def test_what_was_lost_meanwhile_is_told(run_module: RunModule, engine: Made) -> None:
    def lose() -> None:
        engine.names.clear()
        engine.services.clear()
        engine.there = [image for image in engine.there if image.id != "sha256:4"]

    engine.meanwhile = lose
    told = run_module("container_engine_prune", {})
    assert told["failed"]
    assert "that was to stay: volume data, container db1, image shop/api:4" in told["msg"]


def test_what_goes_with_its_container_may_go(run_module: RunModule, engine: Made) -> None:
    engine.meanwhile = lambda: engine.names.remove("0" * 64) if "0" * 64 in engine.names else None
    assert run_module("container_engine_prune", {})["changed"] is True


def test_a_disk_that_takes_too_long_to_measure_stops_nothing(
    run_module: RunModule, engine: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_engine: Made) -> dict[str, DiskUse]:
        raise Unreachable("testing", "here", "it did not answer", "Wait.")

    monkeypatch.setattr(Made, "disk_use", silent)
    result = run_module("container_engine_prune", {})
    assert (result["changed"], result["before"], result["after"]) == (True, {}, {})
