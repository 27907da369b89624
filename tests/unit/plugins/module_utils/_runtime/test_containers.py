# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services in containers: how often the engine is asked, and what becomes of what it does not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Unreachable
from ansible_collections.day2.ops.plugins.module_utils._runtime.containers import ContainersRuntime
from ansible_collections.day2.ops.plugins.module_utils._runtime.engine import Engine
from ansible_collections.day2.ops.plugins.module_utils._runtime.engine_output import Container, Usage
from ansible_collections.day2.ops.plugins.module_utils._runtime.runtime import Service, Sight, Unseen

DOWN = Unreachable("looking at services", "this host", "nobody is there", "Start it.")
API = Service("api", "compose", "shop")
PROXY = Service("proxy", "container")
USAGE = {f"{number:012x}": Usage(float(number), number * 1000, number / 10) for number in range(9)}


def container(number: int, name: str, service: str = "", state: str = "running", oneoff: str = "") -> Container:
    return Container(f"{number:012x}", name, state, state, "shop" if service else "", service, oneoff)


def document(one: Container) -> dict[str, Any]:
    return {
        "Id": f"{one.id}{'0' * 52}",
        "Name": f"/{one.name}",
        "State": {"Status": one.state},
        "HostConfig": {"LogConfig": {"Type": "none"}},
    }


ALL = (
    container(3, "shop-api-2", "api"),
    container(2, "shop-api-1", "api"),
    container(4, "shop-api-run-1", "api", oneoff="True"),
    container(5, "proxy"),
    container(6, "shop-db-1", "db", state="exited"),
)


class Scripted(Engine):
    """An engine that has these containers; some of them go, or it goes, before a question is answered."""

    def __init__(self, *there: Container, gone: Sequence[int] = (), down_at: str = "") -> None:
        super().__init__("looking at services", "this host")
        self.there = there
        self.gone = {f"{number:012x}" for number in gone}
        self.down_at = down_at
        self.asked: list[Any] = []

    def _answering(self, question: str) -> None:
        if question == self.down_at:
            raise DOWN

    def containers(self) -> list[Container]:
        self.asked.append("ps")
        self._answering("ps")
        return list(self.there)

    def details(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        self.asked.append(list(ids))
        self._answering("inspect")
        return [document(one) for one in self.there if one.id in ids and one.id not in self.gone]

    def usage(self) -> Mapping[str, Usage]:
        self.asked.append("stats")
        self._answering("stats")
        return {short: usage for short, usage in USAGE.items() if short not in self.gone}


def seen(engine: Engine, *services: Service) -> list[Sight]:
    return ContainersRuntime(engine).look(services)


def names(sight: Sight) -> list[str]:
    return [instance.name for instance in sight.instances]


def test_three_questions_serve_any_number_of_services() -> None:
    engine = Scripted(*ALL)
    api, proxy, db = seen(engine, API, PROXY, Service("db", "compose", "shop"))
    assert engine.asked == ["ps", [f"{number:012x}" for number in (2, 3, 5, 6)], "stats"]
    assert (names(api), names(proxy), names(db)) == (["shop-api-1", "shop-api-2"], ["proxy"], ["shop-db-1"])
    assert [(one.cpu_percent, one.memory_bytes, one.memory_percent) for one in api.instances] == [
        (2.0, 2000, 0.2),
        (3.0, 3000, 0.3),
    ]
    assert db.instances[0].memory_bytes is None
    assert [sight.error for sight in (api, proxy, db)] == [None] * 3


def test_nothing_is_asked_that_nobody_needs() -> None:
    engine = Scripted(*ALL)
    assert names(seen(engine, Service("db", "compose", "shop"))[0]) == ["shop-db-1"]
    assert "stats" not in engine.asked
    engine = Scripted(*ALL)
    (missing,) = seen(engine, Service("proxi", "container"))
    assert missing == Sight((), ("The engine has no container proxi. There is proxy.",))
    assert engine.asked == ["ps"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("proxy", ["proxy"]),
        ("shop-api-run-1", ["shop-api-run-1"]),  # whoever names one wants it
        (f"{5:012x}", ["proxy"]),
        (f"{5:012x}{'0' * 52}", ["proxy"]),
        (f"{5:012x}"[:11], []),
        ("Proxy", []),
        ("/proxy", []),
        ("--all", []),
        ("*", []),
        ("prox", []),
    ],
)
def test_a_container_is_found_by_its_name_or_id(name: str, found: list[str]) -> None:
    (sight,) = seen(Scripted(*ALL), Service(name, "container"))
    assert names(sight) == found
    assert bool(found) or sight.notes[0].startswith(f"The engine has no container {name}.")


@pytest.mark.parametrize("question", ["ps", "inspect"])
def test_an_engine_that_is_not_there_is_told_of_each(question: str) -> None:
    assert seen(Scripted(*ALL, down_at=question), API, PROXY) == [Sight(error=DOWN)] * 2


def test_what_is_removed_meanwhile_leaves_the_rest() -> None:
    api, proxy = seen(Scripted(*ALL, gone=[3]), API, PROXY)
    assert names(api) == ["shop-api-1"]
    assert "shop-api-2 was removed while it was looked at." in api.notes
    assert api.instances[0].memory_bytes == 2000
    assert proxy.instances[0].memory_bytes == 5000
    assert not [note for note in proxy.notes if "removed" in note]


def test_use_that_is_not_told_has_its_reason() -> None:
    api, proxy = seen(Scripted(*ALL, down_at="stats"), API, PROXY)
    assert api.unseen == (Unseen("use", "nobody is there"),)
    assert proxy.instances[0].state == "running"
    assert proxy.error is None

    class Forgetful(Scripted):
        def usage(self) -> Mapping[str, Usage]:
            return {f"{2:012x}": Usage(None, None, None), f"{5:012x}": USAGE[f"{5:012x}"]}

    api, proxy = seen(Forgetful(*ALL), API, PROXY)
    assert api.unseen == (Unseen("use", "shop-api-1, shop-api-2 ended while it was looked at"),)
    assert proxy.unseen == ()


def test_why_the_size_of_a_log_is_not_known_is_told() -> None:
    (proxy,) = seen(Scripted(*ALL), PROXY)
    assert proxy.instances[0].unseen == (Unseen("log", "proxy: its log driver, none, keeps no file"),)
