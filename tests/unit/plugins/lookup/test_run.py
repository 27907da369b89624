# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup run: who runs what, from which revision."""

from __future__ import annotations

import getpass
import re
import socket
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.release import __version__ as ansible_version

from ansible_collections.day2.ops.plugins.lookup import run as plugin

NO_REVISION = {"commit": None, "dirty": None}


@pytest.fixture
def look_up() -> Callable[..., list[dict[str, Any]]]:
    """The lookup as templates call it."""
    name = "day2.ops.run"
    constants.config.initialize_plugin_configuration_definitions(
        "lookup", name, yaml.safe_load(plugin.DOCUMENTATION)["options"]
    )
    lookup = plugin.LookupModule()
    lookup._load_name = name
    return lambda *terms, **options: lookup.run(list(terms), variables={}, **options)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "a repository; rm"
    folder.mkdir()
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "one"]):
        git(folder, *arguments)
    return folder


def git(folder: Path, *arguments: str) -> str:
    name = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    done = subprocess.run(["git", "-C", str(folder), *name, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_run_says_who_and_what(look_up: Callable[..., list[dict[str, Any]]]) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    first, second = look_up("weekly", "backup", environment="shop")
    assert re.fullmatch(r"\d{8}T\d{6}Z-weekly-[0-9a-f]{4}", first["id"])
    assert second["id"].split("-")[1] == "backup"
    began = datetime.fromisoformat(first.pop("started").replace("Z", "+00:00"))
    assert timedelta(0) <= began - before < timedelta(seconds=60)
    del first["id"]
    assert first == {
        "runbook": "weekly", "environment": "shop", "user": getpass.getuser(), "controller": socket.gethostname(),
        "ansible": ansible_version, "revision": NO_REVISION,
    }  # fmt: skip


def test_two_runs_of_one_second_are_two(look_up: Callable[..., list[dict[str, Any]]]) -> None:
    ids = {one["id"] for one in look_up(*["weekly"] * 20, environment="shop")}
    assert len(ids) > 15


@pytest.mark.parametrize(("person", "user"), [("A. Person", "A. Person"), ("", None), (None, None)])
def test_the_person_may_be_named(
    look_up: Callable[..., list[dict[str, Any]]], person: str | None, user: str | None
) -> None:
    (one,) = look_up("weekly", environment="shop", person=person)
    assert one["user"] == (user or getpass.getuser())


def test_an_environment_is_required(look_up: Callable[..., list[dict[str, Any]]]) -> None:
    with pytest.raises(AnsibleError, match="environment"):
        look_up("weekly")


@pytest.mark.parametrize("error", [OSError, KeyError])
def test_a_user_id_without_a_name_is_told_as_such(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def nameless() -> str:
        raise error("no name")

    monkeypatch.setattr(plugin.getpass, "getuser", nameless)
    monkeypatch.setattr(plugin.os, "getuid", lambda: 4711)
    assert plugin._user() == "uid 4711"


def test_the_revision_of_a_checkout(look_up: Callable[..., list[dict[str, Any]]], repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")

    def revision() -> dict[str, Any]:
        (one,) = look_up("weekly", environment="shop", directory=str(repository))
        told: dict[str, Any] = one["revision"]
        return told

    assert revision() == {"commit": commit, "dirty": False}
    (repository / "file").write_text("1")
    assert revision() == {"commit": commit, "dirty": False}  # what git does not track is no part of it
    git(repository, "add", "file")
    assert revision() == {"commit": commit, "dirty": True}
    (repository / "below").mkdir()
    assert plugin.revision(str(repository / "below"))["commit"] == commit


def test_where_there_is_no_checkout_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    for folder in (None, str(tmp_path), str(tmp_path / "absent")):
        assert plugin.revision(folder) == NO_REVISION
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    assert plugin.revision(str(empty)) == NO_REVISION


@pytest.mark.parametrize("script", ["exit 1", "exec sleep 60"])
def test_a_git_that_fails_or_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    broken = tmp_path / "git"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(plugin, "_GIT_SECONDS", 0.3)
    assert plugin.revision(str(tmp_path)) == NO_REVISION
    monkeypatch.setenv("PATH", "/nonexistent")
    assert plugin.revision(str(tmp_path)) == NO_REVISION


def test_git_is_not_told_the_secrets_of_the_controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nenv\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("VAULT_TOKEN", "secret")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/above")
    told = plugin.revision(str(tmp_path))["commit"]
    assert "GIT_CEILING_DIRECTORIES=/above" in told
    assert "secret" not in told
