# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time holds an environment's lease: with real files, real processes, and kills at every step."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Day2Error
from ansible_collections.day2.ops.plugins.module_utils._findings import judge, rulebook
from ansible_collections.day2.ops.plugins.module_utils._paths import encoded
from ansible_collections.day2.ops.plugins.module_utils._state import lease as lease_module
from ansible_collections.day2.ops.plugins.module_utils._state import lease_file as lease_file_module
from ansible_collections.day2.ops.plugins.module_utils._state.lease import LeaseHeld, Request, work
from ansible_collections.day2.ops.plugins.module_utils._state.lease_file import LeaseFile
from ansible_collections.day2.ops.plugins.module_utils._state.lease_record import Holder, Lease, Moment, moment
from ansible_collections.day2.ops.plugins.plugin_utils._rules import default_rules

from ...conftest import RunModule

FORK = multiprocessing.get_context("fork")
ODD = ["..", ".", ".hidden", "a/../../b", "Gr'\"öße\n; DROP", "%2E", "$(id)", "ü" * 31, "nul\x00"]


class Desk:
    """A state directory, and the module on it."""

    def __init__(self, run_module: RunModule, directory: Path) -> None:
        self._run_module = run_module
        self.directory = directory
        self.path = directory / "shop" / "lease.json"

    def __call__(self, run: str | None = "r-1", check_mode: bool = False, **params: Any) -> dict[str, Any]:
        given = {"directory": str(self.directory), "environment": "shop", "run": run, **params}
        return self._run_module("environment_lease", given, check_mode=check_mode)

    def lease(self, run: str | None = "r-1", check_mode: bool = False, **params: Any) -> dict[str, Any]:
        result = self(run, check_mode, **params)
        assert result.get("failed") is None, result["msg"]
        assert result["changed"] is False
        lease: dict[str, Any] = result["lease"]
        return lease

    def expire(self) -> None:
        """Let the lease that is there have been renewed ten thousand seconds ago."""
        document = json.loads(self.path.read_text())
        document["renewed_seconds"] -= 10_000
        document["uptime_seconds"] = max(0, document["uptime_seconds"] - 10_000)
        self.path.write_text(json.dumps({**document, "boot": "another boot"}))

    def names(self) -> set[str]:
        return {entry.name for entry in self.path.parent.iterdir()}


def judged(lease: dict[str, Any]) -> tuple[str, str]:
    """Severity and message of what the collection's own rules say about *lease*."""
    (finding,) = judge({"lease": lease}, rulebook(default_rules()))
    return finding.severity, finding.message


@pytest.fixture
def desk(run_module: RunModule, tmp_path: Path) -> Desk:
    return Desk(run_module, tmp_path / "state" / "day2")


def test_take_renew_read_release(desk: Desk) -> None:
    taken = desk.lease(runbook="weekly", person="mara", controller="ops1", lifetime=600)
    assert taken == {
        "environment": "shop",
        "path": str(desk.path),
        "state": "held",
        "mine": True,
        "run": "r-1",
        "runbook": "weekly",
        "person": "mara",
        "controller": "ops1",
        "since": taken["since"],
        "expires": taken["expires"],
        "seconds_left": 600,
        "action": "taken",
        "taken_over": None,
        "waited_seconds": 0.0,
        "message": "Nobody holds the lease.",
    }
    assert desk.path.stat().st_mode & 0o777 == 0o600
    assert [folder.stat().st_mode & 0o777 for folder in (desk.path.parent, desk.directory)] == [0o700, 0o700]

    renewed = desk.lease(state="renewed", lifetime=7200)
    assert (renewed["action"], renewed["since"], renewed["seconds_left"]) == ("renewed", taken["since"], 7200)
    assert renewed["person"] == "mara"
    assert desk.lease(state="held", lifetime=60)["action"] == "renewed"

    seen = desk.lease(run=None, state="read")
    assert (seen["state"], seen["mine"], seen["run"], seen["action"]) == ("held", False, "r-1", "none")

    assert desk.lease(state="released")["action"] == "released"
    assert desk.names() == {"lease.lock"}
    free = desk.lease(state="read")
    assert (free["state"], free["run"], free["seconds_left"]) == ("free", None, None)


def test_another_run_is_refused_and_told_by_whom(desk: Desk) -> None:
    first = desk.lease(runbook="backup", person="jon")
    before = desk.path.read_bytes()
    result = desk("r-2")
    assert result["failed"]
    assert result["error"]["kind"] == "LeaseHeld"
    assert result["error"]["doing"] == "taking the lease"
    for told in ("environment 'shop'", "run r-1 (backup, by jon)", first["since"], first["expires"], "longer wait"):
        assert told in result["msg"]
    assert desk.path.read_bytes() == before


def test_a_second_run_waits_as_long_as_it_was_told_to(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "POLL_SECONDS", 0.05)
    desk.lease()
    result = desk("r-2", wait=1)
    assert "(waited 1 seconds)" in result["msg"]

    waiting = threading.Event()

    def give_back() -> None:
        assert waiting.wait(10)
        work(LeaseFile(str(desk.directory), "shop"), _request("r-1", "released"), False)

    releaser = threading.Thread(target=give_back)
    releaser.start()
    monkeypatch.setattr(lease_module.time, "sleep", lambda seconds: waiting.set())
    lease = desk.lease("r-2", wait=30)
    releaser.join()
    assert (lease["action"], lease["mine"], lease["run"]) == ("taken", True, "r-2")
    assert lease["waited_seconds"] < 30


def test_an_expired_lease_is_taken_over_and_its_run_told_that_it_is_lost(desk: Desk) -> None:
    desk.lease(runbook="backup", person="jon")
    desk.expire()
    seen = desk.lease(None, state="read")
    assert (seen["state"], seen["seconds_left"]) == ("expired", 0)

    result = desk("r-2", person="mara")
    lease = result["lease"]
    assert (lease["action"], lease["run"], lease["person"]) == ("taken_over", "r-2", "mara")
    over = lease["taken_over"]
    assert (over["run"], over["person"], over["damage"]) == ("r-1", "jon", None)
    assert over["expires"] == seen["expires"]
    assert judged(lease) == ("warning", lease["message"])
    assert "held by run r-1 (backup, by jon)" in lease["message"]
    assert judged(seen)[0] == "ok"
    assert any("run r-1" in warning for warning in _warnings(result))

    lost = desk("r-1", state="renewed")
    assert lost["error"]["kind"] == "LeaseLost"
    assert "held by run r-2" in lost["msg"]
    assert "Stop this run" in lost["msg"]
    assert desk.lease("r-1", state="released")["action"] == "none"
    assert desk.lease(None, state="read")["run"] == "r-2"


def test_a_lease_renewed_after_its_expiry_is_still_ones_own_and_told(desk: Desk) -> None:
    desk.lease()
    desk.expire()
    result = desk(state="renewed")
    assert result["lease"]["action"] == "renewed"
    assert any("after it expired" in warning for warning in _warnings(result))
    desk.lease(state="released")
    assert "nobody holds the lease" in desk(state="renewed")["msg"]


def test_check_mode_only_looks(desk: Desk) -> None:
    assert desk.lease(check_mode=True)["action"] == "taken"
    assert not desk.directory.exists()
    assert "would fail" in desk.lease(state="renewed", check_mode=True)["message"]
    assert desk.lease(state="released")["message"] == "Nobody holds the lease; it is not this run's to release."
    assert not desk.directory.exists()

    desk.lease()
    before = (desk.path.read_bytes(), desk.path.stat().st_mtime_ns, desk.names())
    assert desk.lease(state="renewed", check_mode=True)["action"] == "renewed"
    assert desk.lease(state="released", check_mode=True)["action"] == "released"
    held = desk.lease("r-2", check_mode=True)
    assert (held["action"], held["run"], held["mine"]) == ("none", "r-1", False)
    assert held["message"].endswith("; this run would fail.")
    assert "would wait up to 60 seconds" in desk.lease("r-2", wait=60, check_mode=True)["message"]
    assert (desk.path.read_bytes(), desk.path.stat().st_mtime_ns, desk.names()) == before

    desk.expire()
    over = desk.lease("r-2", check_mode=True)
    assert (over["action"], over["taken_over"]["run"], over["run"]) == ("taken_over", "r-1", "r-1")


@pytest.mark.parametrize("name", ODD)
def test_odd_names_stay_in_the_directory(desk: Desk, name: str) -> None:
    lease = desk.lease(environment=name, person=name, runbook=name, controller=name)
    assert lease["state"] == "held"
    assert [entry.name for entry in desk.directory.iterdir()] == [encoded(name)]
    assert {entry.name for entry in desk.directory.parent.iterdir()} == {"day2"}
    assert desk.lease(environment=name, state="read")["person"] == lease["person"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"environment": ""}, "it is empty"),
        ({"environment": "ü" * 50}, "takes 300 bytes"),
        ({"directory": "relative/path"}, "not an absolute path"),
        ({"lifetime": 0}, "a lifetime of 0 seconds"),
        ({"lifetime": 10**9}, "a lifetime of 1000000000 seconds"),
        ({"lifetime": "soon"}, "lifetime"),
        ({"wait": -1}, "a wait of -1 seconds"),
        ({"run": " "}, "the run has no name"),
        ({"run": None}, "run"),
        ({"state": "mine"}, "state"),
    ],
)
def test_bad_input_is_told(desk: Desk, params: dict[str, Any], told: str) -> None:
    result = desk(**params)
    assert result["failed"]
    assert told in result["msg"]
    assert not desk.directory.exists()


def test_a_damaged_file_is_respected_for_a_lifetime(desk: Desk) -> None:
    desk.lease()
    desk.path.write_bytes(b'{"schema": 1, "env')
    result = desk("r-2", lifetime=600)
    assert "is damaged (it is not JSON)" in result["msg"]
    assert "remove the file" in result["msg"]
    assert "is damaged" in desk(state="renewed")["msg"]
    seen = desk.lease(state="released")
    assert (seen["state"], seen["run"]) == ("damaged", None)
    assert 3590 <= seen["seconds_left"] <= 3600

    long_ago = desk.path.stat().st_mtime - 601
    os.utime(desk.path, (long_ago, long_ago))
    lease = desk.lease("r-2", lifetime=600)
    assert (lease["action"], lease["taken_over"]["run"]) == ("taken_over", None)
    assert lease["taken_over"]["damage"] == "it is not JSON"
    assert judged(lease) == ("warning", lease["message"])
    assert "is damaged (it is not JSON)" in lease["message"]
    assert judged(seen)[0] == "ok"


def test_a_directory_that_cannot_be_used_is_told(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "A part of the path is a file" in desk(directory=str(file))["msg"]
    assert "A part of the path is a file" in desk(directory=str(file), state="read")["msg"]
    desk.lease()
    for replace_with in (desk.path.mkdir, lambda: os.mkfifo(desk.path)):
        desk.path.unlink()
        replace_with()
        assert "it is not a file. Move it away." in desk()["msg"]
        if desk.path.is_dir():
            desk.path.rmdir()
            desk.path.touch()
    desk.path.unlink()
    desk.path.symlink_to(file)
    assert "symbolic link" in desk()["msg"]
    desk.path.unlink()
    (desk.path.parent / "lease.lock").unlink()
    (desk.path.parent / "lease.lock").mkdir()
    assert "A folder has this name" in desk()["msg"]


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_a_directory_that_others_may_write_to_is_refused(desk: Desk, mode: int) -> None:
    desk.lease()
    for folder in (desk.directory, desk.path.parent):
        folder.chmod(mode)
        for state in ("held", "renewed", "released", "read"):
            said = desk(state=state)
            assert said["error"]["kind"] == "Refused"
            assert f"{folder} failed: others could put something there" in said["msg"]
            assert f"chmod go-w {folder}" in said["error"]["remedy"]
        folder.chmod(0o700)
    assert desk.lease(state="read")["mine"]


@pytest.mark.parametrize("state", ["held", "renewed"])
def test_a_full_disk_keeps_what_was_there(desk: Desk, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    if state == "renewed":
        desk.lease()
    before = desk.lease(state="read")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(lease_file_module.os, "fsync", full)
    assert "No space left on device. Free space there" in desk(state=state)["msg"]
    after = desk.lease(state="read")
    assert (after["state"], after["expires"]) == (before["state"], before["expires"])
    assert not any(name.startswith(".lease-") for name in desk.names())
    if state == "renewed":
        assert "releasing the lease" in desk(state="released")["error"]["doing"]


def test_no_permission_is_told(desk: Desk) -> None:
    desk.lease(person="root")

    def as_nobody() -> None:
        if os.geteuid() == 0:
            os.setuid(65534)
        else:
            desk.directory.chmod(0)
        for state in ("held", "read"):
            with pytest.raises(Day2Error, match=r"Permission denied\. Run as a user"):
                work(LeaseFile(str(desk.directory), "shop"), _request("r-2", state), False)

    process = FORK.Process(target=as_nobody)
    process.start()
    process.join(30)
    desk.directory.chmod(0o700)
    assert process.exitcode == 0


def test_a_process_that_hangs_with_the_lock_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "LOCK_PATIENCE", 0.1)
    desk.lease()
    with LeaseFile(str(desk.directory), "shop").locked(1):
        result = desk()
    assert "another process has been changing it for 0.1 seconds" in result["msg"]
    assert desk.lease()["action"] == "renewed"


def test_a_file_system_without_locks_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(lease_file_module.fcntl, "flock", no_locks)
    assert "No locks available" in desk()["msg"]


@pytest.mark.parametrize(("number", "made"), [(errno.EPERM, True), (errno.EIO, False)])
def test_a_file_system_without_hard_links(desk: Desk, monkeypatch: pytest.MonkeyPatch, number: int, made: bool) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(lease_file_module.os, "link", no_links)
    result = desk()
    assert ("failed" not in result) == made
    assert desk.path.exists() == made
    assert not any(name.startswith(".lease-") for name in desk.names())


def test_somebody_who_does_not_respect_the_lock_is_noticed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def both(source: Path, target: Path) -> None:
        link(source, target)
        document = json.loads(target.read_text())
        target.write_text(json.dumps({**document, "run": "r-9"}))

    monkeypatch.setattr(lease_file_module.os, "link", both)
    assert "did not respect the lock" in desk()["msg"]
    desk.path.unlink()

    def before_us(source: Path, target: Path) -> None:
        link(source, target)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    monkeypatch.setattr(lease_file_module.os, "link", before_us)
    assert desk("r-3")["error"]["kind"] == "LeaseHeld"


def _request(run: str, state: str = "held") -> Request:
    return Request(state, Holder(run, "weekly", "mara", ""), 600, 0)


def _warnings(result: dict[str, Any]) -> list[str]:
    return [json.dumps(warning) for warning in result["warnings"]]


def _without_locks() -> None:
    """Only the link keeps two apart then."""
    patch = pytest.MonkeyPatch()
    patch.setattr(lease_file_module.fcntl, "flock", lambda descriptor, operation: None)
    patch.setattr(LeaseFile, "_clear_remains", lambda self: None)


def _fight(directory: str, rounds: int, barrier: Any, wins: Any, index: int, locks: bool) -> None:
    if not locks:
        _without_locks()
    for number in range(rounds):
        barrier.wait(60)
        try:
            work(LeaseFile(directory, f"round-{number}"), _request(f"r-{index}"), False)
        except LeaseHeld:
            continue
        with wins.get_lock():
            wins[number] += 1


@pytest.mark.parametrize(("expired", "locks"), [(True, True), (False, True), (False, False)])
def test_of_eight_that_fight_exactly_one_wins(tmp_path: Path, expired: bool, locks: bool) -> None:
    fighters, rounds = 8, 50
    now = moment()
    old = Moment(now.wall - 10_000, "another boot", 0.0)
    for number in range(rounds if expired else 0):
        file = LeaseFile(str(tmp_path), f"round-{number}")
        with file.locked(1):
            assert file.create(Lease(f"round-{number}", Holder("dead", "", "", ""), old.wall, old, 600.0))
    barrier, wins = FORK.Barrier(fighters), FORK.Array("i", rounds)
    processes = [
        FORK.Process(target=_fight, args=(str(tmp_path), rounds, barrier, wins, index, locks))
        for index in range(fighters)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * fighters
    assert list(wins) == [1] * rounds


STEPS = {
    "before the file is written": ("os", "fsync"),
    "before it gets its name": ("os", "link"),
    "before it replaces the old one": ("Path", "replace"),
    "before the temporary name goes": ("Path", "unlink"),
    "before it is confirmed": ("LeaseFile", "_confirm"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("there", [None, "mine", "expired"])
def test_a_kill_at_any_step_leaves_the_old_lease_or_the_new_one(desk: Desk, step: str, there: str | None) -> None:
    if there is not None:
        desk.lease("r-1" if there == "mine" else "dead")
    if there == "expired":
        desk.expire()
    before = desk.lease("r-1", state="read")

    def take() -> None:
        owner, name = STEPS[step]
        target: Any = {"os": os, "Path": Path, "LeaseFile": LeaseFile}[owner]
        setattr(target, name, lambda *given, **named: os.kill(os.getpid(), signal.SIGKILL))
        work(LeaseFile(str(desk.directory), "shop"), _request("r-1"), False)

    killed = _run(take)
    after = desk.lease("r-1", state="read")
    if killed:
        assert after["state"] in (before["state"], "held")
        assert after["run"] in (before["run"], "r-1")
    # Whoever may take it now can: the lock died with its holder, and the remains are cleared away.
    lease = desk.lease("r-1")
    assert (lease["state"], lease["mine"]) == ("held", True)
    assert desk.names() == {"lease.json", "lease.lock"}


def _run(call: Callable[[], None]) -> bool:
    process = FORK.Process(target=call)
    process.start()
    process.join(30)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0
