# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine's client, played by scripts: how it is asked, and what is told of every way in which it fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Day2Error, NotPossible, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._runtime.engine import Engine
from ansible_collections.day2.ops.plugins.module_utils._runtime.engine_output import Usage

from .local import engine

HERE, GONE = "8c828a0cdda6", "0123456789ab"
DOCUMENT = {"Id": f"{HERE}79eefcc8a0d34d908bfba88b5b68d13d76efbe8066c350a25c9f", "Config": {"Env": ["A=s3cret"]}}
DOWN = "Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?"

QUESTIONS: dict[str, Callable[[Engine], Any]] = {
    "ps": Engine.containers,
    "inspect": lambda one: one.details([HERE]),
    "stats": Engine.usage,
}


def asked(client: str, seconds: float = 60) -> Engine:
    return Engine("looking at services", "this host", client, seconds)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("script", "kind", "why", "remedy"),
    [
        (f"echo '{DOWN}' >&2; exit 1", Unreachable, DOWN, "start the engine, or let the user reach it"),
        (f"echo '[]'; echo '{DOWN}' >&2; exit 1", Unreachable, DOWN, "start the engine, or let the user reach it"),
        ("exit 3", Unreachable, " ended with status 3", "start the engine"),
        ("exec sleep 60", Unreachable, "the engine did not answer within 0.3 seconds (", "start the engine"),
        ("echo CONTAINER ID", NotPossible, "prints is not understood (", "the client of Docker 20.10 or later serves"),
        ("echo '[1]'", NotPossible, "prints is not understood (", "the client of Docker 20.10 or later serves"),
        ("echo 7", NotPossible, "prints is not understood (", "the client of Docker 20.10 or later serves"),
        (
            "printf '\\377\\376'",
            NotPossible,
            "prints is not understood (",
            "the client of Docker 20.10 or later serves",
        ),
    ],
)
def test_an_engine_that_does_not_answer_is_told(
    question: str, script: str, kind: type[Day2Error], why: str, remedy: str, tmp_path: Path
) -> None:
    answers_nothing = script.startswith("echo '[]'") and question != "inspect"
    one = asked(engine(tmp_path, script), 0.3 if "sleep" in script else 60)
    with pytest.raises(kind) as failed:
        QUESTIONS[question](one)
    assert (failed.value.doing, failed.value.on) == ("looking at services", "this host")
    assert why.rstrip(".") in failed.value.why
    assert remedy in failed.value.remedy
    assert answers_nothing or question in failed.value.why or DOWN in failed.value.why + "?"


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_client_that_is_missing_is_told(question: str) -> None:
    with pytest.raises(NotPossible) as failed:
        QUESTIONS[question](asked("no-such-engine"))
    assert failed.value.why == "no-such-engine: No such file or directory"
    assert failed.value.remedy == "Install no-such-engine on the host where it runs, or name that host."


@pytest.mark.parametrize(
    "said",
    [
        f"Error: No such container: {GONE}",  # Docker 20.10
        f"Error response from daemon: No such container: {GONE}",  # Docker 28
        f"Error: no such container {GONE}",  # Podman
        f'Error: inspecting object: no such container "{GONE}"',
        f"Error: No such object: {GONE}",
    ],
)
def test_what_is_gone_does_not_spoil_the_rest(said: str, tmp_path: Path) -> None:
    (tmp_path / "said").write_text(said)
    printed = tmp_path / "printed"
    script = f'cat "{printed}"; cat "{tmp_path / "said"}" >&2; exit 1'
    printed.write_text(json.dumps([DOCUMENT]))
    assert asked(engine(tmp_path, script)).details([GONE, HERE]) == [DOCUMENT]
    for nothing in ("[]", ""):
        printed.write_text(nothing)
        assert asked(engine(tmp_path, script)).details([GONE]) == []


def test_one_that_is_gone_does_not_hide_an_engine_that_is(tmp_path: Path) -> None:
    (tmp_path / "said").write_text(f"Error: No such container: {GONE}\n{DOWN}\n")
    script = f"echo '[]'; cat '{tmp_path / 'said'}' >&2; exit 1"
    with pytest.raises(Unreachable, match="Cannot connect"):
        asked(engine(tmp_path, script)).details([GONE, HERE])


def test_nothing_of_what_is_printed_of_a_container_is_repeated(tmp_path: Path) -> None:
    (tmp_path / "printed").write_text(json.dumps([DOCUMENT])[:-1])
    with pytest.raises(NotPossible) as failed:
        asked(engine(tmp_path, f'cat "{tmp_path / "printed"}"')).details([HERE])
    assert "s3cret" not in str(failed.value)


def test_labels_are_asked_together_of_a_client_that_knows_no_other_way(tmp_path: Path) -> None:
    said = """template: ps:1:82: executing "ps" at <.Label>: can't evaluate field Label in type containers.psReporter"""
    (tmp_path / "said").write_text(said)
    line = '["7a2f646745d2","shop_api_1","Up 20 seconds ago","Up 20 seconds ago",{"com.docker.compose.service":"api"}]'
    script = f"case \"$4\" in *.Labels*) echo '{line}' ;; *) cat '{tmp_path / 'said'}' >&2; exit 125 ;; esac"
    (found,) = asked(engine(tmp_path, script)).containers()
    assert (found.name, found.state, found.service) == ("shop_api_1", "running", "api")


def test_the_use_of_all_is_asked_at_once(tmp_path: Path) -> None:
    argv = tmp_path / "argv"
    line = f'["{HERE}","1.47%","724KiB / 64MiB","1.10%"]'
    one = asked(engine(tmp_path, f"printf '%s\\n' \"$@\" > '{argv}'; echo '{line}'"))
    assert one.usage() == {HERE: Usage(1.47, 741_376, 1.1)}
    assert argv.read_text().split("\n")[:2] == ["stats", "--no-stream"]
