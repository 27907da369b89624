# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From instances to the facts of their service; and which services are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._runtime.runtime import Instance, Service, Sight, Unseen
from ansible_collections.day2.ops.plugins.module_utils._runtime.service_facts import facts_of
from ansible_collections.day2.ops.plugins.module_utils._runtime.survey import services_of

API = Service("api", "compose", "shop")
NOW = 1_000_000.0
ONE = Instance(
    name="shop-api-1", id="1", state="running", health="healthy", restarts=0, exit_code=None, oom_killed=False,
    created=999_000.0, started=999_400.0, ended=None, cpu_limit=0.5, memory_limit_bytes=1000, image="api:1",
    image_id="a", cpu_percent=10.0, memory_bytes=500, memory_percent=50.0, log_driver="json-file", log_bytes=70,
)  # fmt: skip
TWO = replace(ONE, name="shop-api-2", id="2", created=999_001.0)
IDLE = {"cpu_percent": None, "memory_bytes": None, "memory_percent": None, "health": None}
EXITED = replace(TWO, state="exited", exit_code=3, ended=999_500.0, **IDLE)

CASES: list[tuple[str, tuple[Instance, ...], dict[str, Any]]] = [
    ("one", (ONE,), {
        "state": "running", "health": "healthy", "replicas": {"running": 1, "total": 1}, "restarts": 0,
        "oom_killed": False, "exit_code": None, "started": "1970-01-12T13:36:40Z", "running_seconds": 600,
        "cpu_percent": 10.0, "cpu_limit": 0.5, "cpu_limit_percent": 20.0, "memory_bytes": 500,
        "memory_limit_bytes": 1000, "memory_percent": 50.0, "image": "api:1", "image_id": "a",
        "images_differ": False, "log_driver": "json-file", "log_bytes": 70, "unseen": [], "notes": [], "error": None,
    }),
    ("sums, and the highest", (ONE, replace(TWO, cpu_percent=30.008, memory_bytes=900, memory_percent=90.0)), {
        "cpu_percent": 40.01, "cpu_limit": 1.0, "cpu_limit_percent": 60.02, "memory_bytes": 1400,
        "memory_limit_bytes": 2000, "memory_percent": 90.0, "log_bytes": 140,
        "replicas": {"running": 2, "total": 2},
    }),
    ("one of two has ended", (ONE, EXITED), {
        "state": "exited", "health": "healthy", "replicas": {"running": 1, "total": 2}, "exit_code": 3,
        "memory_bytes": 500, "memory_limit_bytes": 1000, "started": "1970-01-12T13:36:40Z", "log_bytes": 140,
    }),
    ("all have ended", (replace(ONE, state="exited", exit_code=0, ended=999_900.0, **IDLE), EXITED), {
        "state": "exited", "health": None, "exit_code": 0, "started": None, "running_seconds": None,
        "cpu_percent": None, "cpu_limit_percent": None, "memory_bytes": None, "memory_percent": None,
        "memory_limit_bytes": 2000, "cpu_limit": 1.0,
    }),
    ("none", (), {
        "state": "missing", "health": None, "replicas": {"running": 0, "total": 0}, "restarts": None,
        "oom_killed": None, "images_differ": None, "log_bytes": None, "image": None, "instances": [],
    }),
    ("paused uses memory, and does not run", (replace(ONE, state="paused"),), {
        "state": "paused", "replicas": {"running": 0, "total": 1}, "memory_bytes": 500, "started": None,
    }),
    ("a state that is not known", (ONE, replace(TWO, state=None)), {"state": None, "error": None}),
    ("unhealthy is worse", (ONE, replace(TWO, health="unhealthy")), {"health": "unhealthy"}),
    ("starting is worse than no check", (replace(ONE, health="none"), replace(TWO, health="starting")),
     {"health": "starting"}),
    ("restarting is worse than paused", (replace(ONE, state="paused"), replace(TWO, state="restarting")),
     {"state": "restarting"}),
    ("restarts are added", (replace(ONE, restarts=2), replace(TWO, restarts=5)), {"restarts": 7}),
    ("restarts that are not told", (ONE, replace(TWO, restarts=None)), {"restarts": None}),
    ("one was killed", (ONE, replace(TWO, oom_killed=True)), {"oom_killed": True}),
    ("whether it was killed is not told", (ONE, replace(TWO, oom_killed=None)), {"oom_killed": None}),
    ("one was killed, the other is not told", (replace(ONE, oom_killed=None), replace(TWO, oom_killed=True)),
     {"oom_killed": True}),
    ("one has no limit", (ONE, replace(TWO, memory_limit_bytes=None, cpu_limit=None, cpu_percent=99.0)),
     {"memory_limit_bytes": None, "cpu_limit": None, "cpu_limit_percent": 20.0}),
    ("use that is not known", (ONE, replace(TWO, cpu_percent=None, memory_bytes=None)),
     {"cpu_percent": None, "memory_bytes": None, "cpu_limit_percent": 20.0}),
    ("a log that is not known", (ONE, replace(TWO, log_bytes=None, unseen=(Unseen("log", "none"),), notes=("Note.",))),
     {"log_bytes": None, "unseen": [{"what": "log", "reason": "none"}], "notes": ["Note."]}),
    ("half released", (ONE, replace(TWO, image="api:2", image_id="b")),
     {"images_differ": True, "image": "api:2", "image_id": "b"}),
    ("the same name means another image", (replace(ONE, created=None), replace(TWO, image_id="b")),
     {"images_differ": True, "image": "api:1", "image_id": "b"}),
    ("the youngest", (ONE, replace(TWO, started=999_999.9)), {"started": "1970-01-12T13:46:39Z", "running_seconds": 0}),
    ("a clock that is behind", (replace(ONE, started=NOW + 60),), {"running_seconds": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("instances", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_facts_of_a_service(instances: tuple[Instance, ...], expected: dict[str, Any]) -> None:
    facts = facts_of(API, Sight(instances), NOW)
    assert {name: facts[name] for name in expected} == expected
    assert (facts["name"], facts["runtime"], facts["project"]) == ("api", "compose", "shop")
    assert [one["name"] for one in facts["instances"]] == [one.name for one in instances]


def test_what_could_not_be_seen_has_every_key() -> None:
    error = Unreachable("looking at services", "this host", "nobody is there", "Start it.")
    facts = facts_of(API, Sight(error=error), NOW)
    assert facts.keys() == facts_of(API, Sight((ONE,)), NOW).keys()
    assert facts.pop("error")["why"] == "nobody is there"
    assert facts.pop("replicas") == {"running": None, "total": None}
    assert (facts.pop("instances"), facts.pop("unseen"), facts.pop("notes")) == ([], [], [])
    named = {facts.pop(key) for key in ("name", "runtime", "project")}
    assert named == {"api", "compose", "shop"}
    assert set(facts.values()) == {None}


def test_services_are_read_from_options() -> None:
    given = [
        {"name": "api", "runtime": "compose", "project": "shop"},
        {"name": "api", "runtime": "compose", "project": "blog"},
        {"name": "api", "runtime": "container", "project": None},
        {"name": "a b; $(x) ☃", "runtime": "container", "project": ""},
    ]
    assert services_of(given) == [
        API,
        Service("api", "compose", "blog"),
        Service("api", "container"),
        Service("a b; $(x) ☃", "container"),
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            [{"name": "api", "runtime": "compose"}],
            "api has no project. Name the compose project in which the service has that name.",
        ),
        (
            [{"name": "api", "runtime": "container", "project": "shop"}],
            "api is of the runtime container, which has no project shop. Leave the project out, or give the runtime",
        ),
        ([{"name": "", "runtime": "container"}], "one of them has an empty name. Name it."),
        (
            [{"name": "api", "runtime": "compose", "project": "shop"}] * 2,
            "the service api of the compose project shop is there twice. Name each service once.",
        ),
        ([{"name": "db", "runtime": "container"}] * 2, "the container db is there twice. Name each service once."),
    ],
)
def test_what_makes_no_sense_is_refused(given: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(Refused) as refused:
        services_of(given)
    assert str(refused.value).startswith(f"Reading the options on services failed: {told}")
