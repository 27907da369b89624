# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the clients of engines print, as they did: Docker 20.10 and 28, Podman 4.3."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._runtime.engine_output import (
    Container,
    Usage,
    inspected,
    instance_of,
    listed,
    moment,
    size,
    used,
)
from ansible_collections.day2.ops.plugins.module_utils._runtime.runtime import Unseen

NEVER = "0001-01-01T00:00:00Z"
ID = "8c828a0cdda679eefcc8a0d34d908bfba88b5b68d13d76efbe8066c350a25c9f"
IMAGE_ID = "sha256:93b64215f25205539b108519744e53d2bcfda5fac13ab2f6a0050c59d6a2c1f0"

# Docker 20.10: a container that runs and has no health check; the parts that are read, and some that are not.
RUNNING: dict[str, Any] = {
    "Id": ID,
    "Created": "2026-11-29T16:11:00.235115161Z",
    "Path": "sleep",
    "Args": ["infinity"],
    "State": {
        "Status": "running", "Running": True, "Paused": False, "Restarting": False, "OOMKilled": False, "Dead": False,
        "Pid": 5785, "ExitCode": 0, "Error": "", "StartedAt": "2026-11-29T16:11:00.588834229Z", "FinishedAt": NEVER,
    },
    "Image": IMAGE_ID,
    "Name": "/shop-api-1",
    "RestartCount": 0,
    "HostConfig": {"Memory": 0, "NanoCpus": 0, "CpuQuota": 0, "CpuPeriod": 0, "LogConfig": {"Type": "json-file"}},
    "Config": {"Image": "day2-test/postgresql:17", "Env": ["PASSWORD=s3cret"]},
}  # fmt: skip
# The facts of it.
FACTS: dict[str, Any] = {
    "name": "shop-api-1",
    "id": ID,
    "state": "running",
    "health": "none",
    "restarts": 0,
    "exit_code": None,
    "oom_killed": False,
    "created": 1795968660.0,
    "started": 1795968660.0,
    "ended": None,
    "cpu_limit": None,
    "memory_limit_bytes": None,
    "image": "day2-test/postgresql:17",
    "image_id": IMAGE_ID,
    "unseen": (),
    "notes": (),
}
FAILED = (
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
    'exec: "/no/such": stat /no/such: no such file or directory: unknown'
)
ENDED = {"Running": False, "Pid": 0, "StartedAt": "2026-11-29T16:11:02.142145168Z"}
# What is otherwise of a container, and then of its facts.
OTHERS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("running", {}, {}, {}),
    ("healthy", {"Health": {"Status": "healthy", "FailingStreak": 0, "Log": []}}, {}, {"health": "healthy"}),
    ("unhealthy", {"Health": {"Status": "unhealthy", "FailingStreak": 10}}, {}, {"health": "unhealthy"}),
    ("starting", {"Health": {"Status": "starting", "FailingStreak": 0, "Log": []}}, {}, {"health": "starting"}),
    ("check switched off", {"Health": {"Status": "none"}}, {}, {"health": "none"}),
    ("health is null", {"Health": None}, {}, {"health": "none"}),
    ("health of another word", {"Health": {"Status": "fine"}}, {}, {"health": None}),
    (
        "exited with 3",
        {**ENDED, "Status": "exited", "ExitCode": 3, "FinishedAt": "2026-11-29T16:11:02.968823321Z"},
        {},
        {"state": "exited", "health": None, "exit_code": 3, "started": 1795968662.0, "ended": 1795968662.0},
    ),
    (
        "exited while it was healthy",
        {**ENDED, "Status": "exited", "FinishedAt": "2026-11-29T16:11:02Z", "Health": {"Status": "healthy"}},
        {},
        {"state": "exited", "health": None, "exit_code": 0, "started": 1795968662.0, "ended": 1795968662.0},
    ),
    (
        "killed because memory ran out",
        {**ENDED, "Status": "exited", "ExitCode": 137, "OOMKilled": True, "FinishedAt": "2026-11-29T16:11:02.1935704Z"},
        {"HostConfig": {"Memory": 16777216}},
        {
            "state": "exited", "health": None, "exit_code": 137, "oom_killed": True, "memory_limit_bytes": 16777216,
            "started": 1795968662.0, "ended": 1795968662.0,
        },
    ),
    (
        "in a loop, waiting",  # Docker says of it that it is running, too
        {
            "Status": "restarting", "Running": True, "Restarting": True, "Pid": 0, "ExitCode": 4,
            "StartedAt": "2026-11-29T16:11:09.877209424Z", "FinishedAt": "2026-11-29T16:11:09.904416895Z",
        },
        {"RestartCount": 7},
        {
            "state": "restarting", "health": None, "exit_code": 4, "restarts": 7, "started": 1795968669.0,
            "ended": 1795968669.0,
        },
    ),
    (
        "in a loop, running",
        {"FinishedAt": "2026-11-29T16:10:59.904416895Z"},
        {"RestartCount": 7},
        {"restarts": 7, "ended": 1795968659.0},
    ),
    ("paused", {"Status": "paused", "Paused": True}, {}, {"state": "paused"}),
    (
        "never started",
        {"Status": "created", "Running": False, "StartedAt": NEVER},
        {},
        {"state": "created", "health": None, "started": None},
    ),
    (
        "could not be started",
        {"Status": "created", "Running": False, "ExitCode": 127, "Error": FAILED, "StartedAt": NEVER},
        {},
        {
            "state": "created", "health": None, "started": None,
            "notes": (f"The engine says of shop-api-1: {FAILED}",),
        },
    ),
    ("being removed", {"Status": "removing", "FinishedAt": NEVER}, {}, {"state": "dead", "health": None}),
    (
        "in a state of another word",
        {"Status": "levitating"},
        {},
        {
            "state": None, "health": None,
            "unseen": (Unseen("state", "shop-api-1 is 'levitating', a word that is not known"),),
        },
    ),
    ("half a processor", {}, {"HostConfig": {"NanoCpus": 500000000, "Memory": 67108864}},
     {"cpu_limit": 0.5, "memory_limit_bytes": 67108864}),
    ("a share of the usual period", {}, {"HostConfig": {"CpuQuota": 150000, "CpuPeriod": 0}}, {"cpu_limit": 1.5}),
    ("a share of a period", {}, {"HostConfig": {"CpuQuota": 25000, "CpuPeriod": 50000}}, {"cpu_limit": 0.5}),
    ("a quota of -1", {}, {"HostConfig": {"CpuQuota": -1, "CpuPeriod": 100000}}, {}),
]  # fmt: skip

# Podman 4.3
PODMAN: dict[str, Any] = {
    "Id": ID,
    "Created": "2026-11-29T16:11:00.235115161Z",
    "State": {
        "OciVersion": "1.0.2-dev", "Status": "running", "Running": True, "Paused": False, "Restarting": False,
        "OOMKilled": False, "Dead": False, "Pid": 10542, "ConmonPid": 10531, "ExitCode": 0, "Error": "",
        "StartedAt": "2026-11-29T16:11:00.188886006Z", "FinishedAt": NEVER,
        "Health": {"Status": "", "FailingStreak": 0, "Log": None},
        "CheckpointedAt": NEVER, "RestoredAt": NEVER,
    },
    "Image": IMAGE_ID.removeprefix("sha256:"),
    "ImageName": "localhost/tiny:1",
    "Name": "shop_api_1",
    "RestartCount": 0,
    "LogPath": None,
    "HostConfig": {"Memory": 67108864, "NanoCpus": 0, "CpuQuota": 0, "CpuPeriod": 0, "LogConfig": {"Type": "k8s-file"}},
    "Config": {"Image": "localhost/tiny:1"},
}  # fmt: skip
PODMAN_STOPPED = {
    "Status": "stopped", "Running": False, "Pid": 0, "ExitCode": 3, "StartedAt": "2026-11-29T16:11:02.007870088Z",
    "FinishedAt": "2026-11-29T16:11:02.008777209Z",
}  # fmt: skip


def changed(state: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(RUNNING)
    document["State"].update(state)
    for key, value in others.items():
        document[key] = {**document[key], **value} if isinstance(value, dict) else value
    return document


def told(document: dict[str, Any]) -> dict[str, Any]:
    instance = instance_of(document)
    return {name: getattr(instance, name) for name in FACTS}


@pytest.mark.parametrize(("state", "others", "expected"), [one[1:] for one in OTHERS], ids=[one[0] for one in OTHERS])
def test_what_inspect_tells(state: dict[str, Any], others: dict[str, Any], expected: dict[str, Any]) -> None:
    assert told(changed(state, others)) == {**FACTS, **expected}


def test_what_podman_tells() -> None:
    known = {
        **FACTS,
        "name": "shop_api_1",
        "memory_limit_bytes": 67108864,
        "image": "localhost/tiny:1",
        "image_id": IMAGE_ID.removeprefix("sha256:"),
    }
    assert told(PODMAN) == known
    stopped = {**PODMAN, "State": {**PODMAN["State"], **PODMAN_STOPPED}}
    ended = {"state": "exited", "health": None, "exit_code": 3, "started": 1795968662.0, "ended": 1795968662.0}
    assert told(stopped) == {**known, **ended}
    # Versions before and after tell less, or by other names.
    bare = {key: value for key, value in PODMAN.items() if key not in ("RestartCount", "Config", "HostConfig")}
    state = {**PODMAN["State"], "Health": None, "Healthcheck": {"Status": "healthy"}}
    assert told({**bare, "State": state}) == {
        **known,
        "health": "healthy",
        "restarts": None,
        "memory_limit_bytes": None,
    }


@pytest.mark.parametrize("document", [{"Id": ID}, {"Id": ID, "State": None, "HostConfig": [], "Config": "x"}])
def test_what_is_not_told_is_not_known(document: dict[str, Any]) -> None:
    facts = told(document)
    assert facts.pop("unseen") == (Unseen("state", " is None, a word that is not known"),)
    assert facts.pop("notes") == ()
    assert facts.pop("name") == ""
    assert facts.pop("id") == ID
    assert set(facts.values()) == {None}


def test_documents_are_a_list() -> None:
    assert inspected(json.dumps([RUNNING, PODMAN])) == [RUNNING, PODMAN]
    assert inspected("[]\n") == inspected("") == []


@pytest.mark.parametrize("printed", ["{}", "null", "[null]", '[{"Name": "/a"}]', "shop", '["shop"]'])
def test_other_documents_are_refused(printed: str) -> None:
    with pytest.raises(ValueError, match=r"no list of containers|Expecting value"):
        inspected(printed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0B", 0),
        ("384KiB", 393_216),
        ("1.944GiB", 2_087_354_106),
        (" 65.44MiB ", 68_618_813),
        ("23.54GiB", 25_275_882_537),
        ("1.5TiB", 1_649_267_441_664),
        ("12.3MB", 12_300_000),
        ("401.4kB", 401_400),
        ("8.255GB", 8_255_000_000),
        ("512 B", 512),
        ("--", None),
        (" -- ", None),
        ("", None),
    ],
)
def test_a_size(text: str, expected: int | None) -> None:
    assert size(text) == expected


@pytest.mark.parametrize("text", ["GiB", "1.2.3MiB", "12", "1e3MiB", "-1B", "12XiB", "NaNMiB"])
def test_another_text_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        size(text)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # Docker 20.10 and 28
        ('["80433bf1a9cc","0.00%","384KiB / 23.54GiB","0.00%"]', Usage(0.0, 393_216, 0.0)),
        ('["80433bf1a9cc","1.47%","724KiB / 64MiB","1.10%"]', Usage(1.47, 741_376, 1.1)),
        ('["80433bf1a9cc","187.31%","1.944GiB / 7.653GiB","25.40%"]', Usage(187.31, 2_087_354_106, 25.4)),
        ('["80433bf1a9cc","0.00%","0B / 0B","0.00%"]', Usage(None, None, None)),
        ('["80433bf1a9cc","--","-- / --","--"]', Usage(None, None, None)),
        ('["80433bf1a9cc","--","12MiB / 64MiB","--"]', Usage(None, 12_582_912, None)),
        # Podman
        ('["80433bf1a9cc","0.05%","368.6kB / 67.11MB","0.55%"]', Usage(0.05, 368_600, 0.55)),
        ('["80433bf1a9cc","7.07%","536.6kB / 25.28GB","0.00%"]', Usage(7.07, 536_600, 0.0)),
        ('["80433bf1a9cc4f4849f8","0.05%","12.3MB / 8.255GB","0.15%"]', Usage(0.05, 12_300_000, 0.15)),
    ],
)
def test_what_stats_tells(line: str, expected: Usage) -> None:
    other = '["ffffffffffff","0.00%","1B / 1B","0.00%"]'
    assert used(f"{line}\n{other}\n")["80433bf1a9cc"] == expected
    assert used("") == {}


@pytest.mark.parametrize(
    "printed",
    ["CONTAINER ID   NAME", "{}", "[]", '["a"]', '["a","x%","1B / 1B","0%"]', '["a","0%","much / 1B","0%"]', "7",
     '[1,"0%","1B / 1B","0%"]', '["a",null,"1B / 1B","0%"]'],
)  # fmt: skip
def test_other_stats_are_refused(printed: str) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        used(printed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-29T16:11:00.588834229Z", 1795968660.0),
        ("2026-11-29T16:11:00Z", 1795968660.0),
        ("2026-11-29T17:11:00.588834229+01:00", 1795968660.0),
        ("2026-11-29 17:11:00.588834229 +0100 CET", 1795968660.0),
        (NEVER, None),
        ("0001-01-01T00:00:00+00:00", None),
        ("", None),
        ("yesterday", None),
        (None, None),
        (7, None),
    ],
)
def test_a_moment(text: Any, expected: float | None) -> None:
    assert moment(text) == expected


# As versions of Compose label what they make, and with what engines quote.
DB = ["0a1b2c3d4e5f", "shop-db-1", "running", "Up 4 minutes (healthy)", "shop", "db", "False"]
ODD = ["7a1b2c3d4e5f", "odd-1", "running", 'Up <1 s>, \u2028 "well"', "a,b=c\td e", "ünï ☃ {{.ID}}", "False"]
PLAIN = ["8a1b2c3d4e5f", "proxy", "exited", "Exited (3) 7 seconds ago", "", "", ""]


def printed_as(*containers: list[str]) -> str:
    return "".join(json.dumps(container, ensure_ascii=False) + "\n" for container in containers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (printed_as(DB, PLAIN), [DB, PLAIN]),
        (printed_as(ODD), [ODD]),
        # what an engine's client prints for Up <1 s>: its quoting is JSON's, with more of it than is needed
        ('["a","b","running","Up \\u003c1 s\\u003e","p","s",""]\n', [["a", "b", "running", "Up <1 s>", "p", "s", ""]]),
    ],
)
def test_what_ps_tells(text: str, expected: list[list[str]]) -> None:
    assert listed(text) == [Container(*fields) for fields in expected]


PODMAN_LISTED = (
    '["c6725182b851","never","Created","Created",null]\n'
    '["7a2f646745d2","shop_api_1","Up 20 seconds ago","Up 20 seconds ago",'
    '{"com.docker.compose.project":"shop","com.docker.compose.service":"api"}]\n'
    '["562617bf7756","three","Exited (3) 19 seconds ago","Exited (3) 19 seconds ago",{"io.buildah.version":"1.28.0"}]\n'
    '["f663df8072d1","paused","Paused","Paused",null]\n'
)


def test_what_ps_of_podman_tells() -> None:
    assert [(one.name, one.state, one.project, one.service, one.composed) for one in listed(PODMAN_LISTED)] == [
        ("never", "created", "", "", False),
        ("shop_api_1", "running", "shop", "api", True),
        ("three", "exited", "", "", False),
        ("paused", "paused", "", "", False),
    ]


@pytest.mark.parametrize("line", ['["a","b"]', '["a","b","running","Up","x","y"]', '["a","b","running","Up",[1]]', "7"])
def test_other_lines_of_ps_are_refused(line: str) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        listed(line)


@pytest.mark.parametrize(
    ("container", "composed"),
    [(DB, True), ([*DB[:6], ""], True), ([*DB[:6], "True"], False), ([*DB[:6], "true"], False), (PLAIN, False)],
)
def test_what_is_part_of_a_service_of_compose(container: list[str], composed: bool) -> None:
    assert Container(*container).composed is composed
