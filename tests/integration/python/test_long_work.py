# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work that outlives its controller: real runs of ansible-playbook on real servers, ended at the worst moment.

A backup is held up for as long as a test wants by a lock on a sequence, whose value every pg_dump reads.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.swap import Swap
from ansible_collections.day2.ops.plugins.module_utils._postgresql.kept import kept_databases
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule

from .backup_places import arguments
from .controller import Controller
from .maintenance_places import Place, places, until

TOLD = "dumping, 2 of 3 parts"


@pytest.fixture
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    for one in places(request, login, "embedded 18"):
        one.run(
            "CREATE TABLE public.big AS SELECT i, repeat(md5(i::text), 12) AS t FROM generate_series(1, 30000) AS i",
            "CREATE TABLE public.small AS SELECT 1 AS i",
            "CREATE SEQUENCE public.counter",
        )
        yield one


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    (tmp_path / "controller").mkdir()
    return Controller(tmp_path / "controller")


@pytest.fixture
def given(place: Place, tmp_path: Path) -> dict[str, Any]:
    return arguments(place, tmp_path / "sets")


@contextmanager
def held_up(place: Place) -> Iterator[Callable[[], object]]:
    """Hold up whatever reads the sequence; give what lets it go on."""
    with place.session() as session:
        session.execute("BEGIN")
        session.execute("ALTER SEQUENCE public.counter RENAME TO other")
        yield lambda: session.execute("ROLLBACK")


def backup(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A task that backs up."""
    return {"day2.ops.postgresql_backup": given, **more}


def sets(given: dict[str, Any]) -> list[str]:
    """The sets that are there, whole or not."""
    return sorted(path.name for path in Path(given["directory"]).glob("*/*/*") if path.is_dir())


def killed_in_the_midst(controller: Controller, given: dict[str, Any]) -> None:
    with controller.run(backup(given)) as run:
        run.heard(TOLD)
        run.send(signal.SIGKILL)
        run.ended()


def test_work_is_told_while_it_lasts(place: Place, controller: Controller, given: dict[str, Any]) -> None:
    with controller.run(backup(given), arguments=["-vvv"]) as run:
        with held_up(place):
            line = run.heard(TOLD)
            assert line.startswith(f"[localhost] {place.database}: ")
            [status] = controller.statuses()
            assert (status["state"], status["progress"]["unit"]) == ("running", "parts")
        result = run.result()
    assert run.ended() == 0
    assert (result["changed"], result["backup"]["verified"]) == (True, True)
    assert sets(given) == [Path(result["backup"]["path"]).name]
    assert "adopted" not in result
    assert TOLD not in run.output  # what a callback writes for machines stays as it is

    assert controller.works.stat().st_mode & 0o777 == 0o700
    texts = [run.output, *run.lines, *(path.read_text() for path in controller.works.iterdir())]
    assert not [text for text in texts if given["login_password"] in text]
    # Ansible's copy of the result is gone, and so is the mark that nobody has heard of it.
    assert {path.suffix for path in controller.works.iterdir()} == {"", ".json", ".lock", ".result"}


@pytest.mark.long
def test_the_result_is_the_module_s_own(controller: Controller, given: dict[str, Any], run_module: RunModule) -> None:
    wrong = {**given, "bin_dir": "/nowhere"}
    due = {**given, "unless_newer_than": 3600}
    with controller.run(backup(wrong), backup({**given, "colour": "red"}), backup(due), backup(due)) as run:
        failed, refused, made, unchanged = run.results()
    alone = run_module("postgresql_backup", wrong)
    assert (failed["failed"], failed["changed"]) == (True, False)
    assert (failed["msg"], failed["error"]) == (alone["msg"], alone["error"])
    assert "Unsupported parameters for (day2.ops.postgresql_backup) module: colour" in refused["msg"]
    assert made["changed"] is True
    alone = run_module("postgresql_backup", due)
    assert unchanged.keys() - {"failed"} == alone.keys() - {"invocation"}
    assert (unchanged["changed"], unchanged["plan"]["due"]) == (False, False)


def test_a_killed_controller_s_work_goes_on_and_the_next_run_reports_it(
    place: Place, controller: Controller, given: dict[str, Any]
) -> None:
    with held_up(place):
        killed_in_the_midst(controller, given)
        assert controller.statuses()[0]["state"] == "running"
    assert controller.works_end()
    [made] = sets(given)
    with controller.run(backup(given), backup(given)) as run:
        reported, another = run.results()
    assert (reported["changed"], Path(reported["backup"]["path"]).name) == (True, made)
    assert reported["adopted"]["ended"] >= reported["adopted"]["started"]
    assert "and nobody heard of it; it is reported, not done again" in "".join(reported["warnings"])
    assert "adopted" not in another
    assert sets(given) == [made, Path(another["backup"]["path"]).name]


def test_the_next_run_takes_over_what_still_runs(place: Place, controller: Controller, given: dict[str, Any]) -> None:
    with held_up(place) as go_on:
        killed_in_the_midst(controller, given)
        with controller.run(backup({**given, "label": "other"}), backup(given)) as run:
            run.heard("the same work has been running for")
            run.heard(TOLD)
            assert len(sets(given)) == 1
            go_on()
            other, result = run.results()
    assert "another process is writing" in other["msg"]
    assert (result["changed"], result["backup"]["verified"]) == (True, True)
    assert sets(given) == [Path(result["backup"]["path"]).name]
    assert result["adopted"]["started"]


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_run_stops_its_work(
    place: Place, controller: Controller, given: dict[str, Any], number: signal.Signals
) -> None:
    with held_up(place):
        with controller.run(backup(given)) as run:
            run.heard(TOLD)
            assert [name.startswith(".partial-") for name in sets(given)] == [True]
            run.send(number)
            if number == signal.SIGINT:
                run.heard("cancelled (SIGINT); telling the work to end")
                told = run.heard(" ended")
                results = [path.read_text() for path in controller.works.glob("*.result")]
                assert "it has ended, and cleared away what it had begun" in told, (controller.statuses(), results)
            assert run.ended() == (99 if number == signal.SIGINT else -signal.SIGTERM)
        assert controller.works_end()
        assert sets(given) == []
    assert controller.statuses()[0]["state"] == "failed"
    if number == signal.SIGINT:
        with controller.run(backup(given)) as run:
            result = run.result()
        assert (result["changed"], result.get("warnings", []), result.get("adopted")) == (True, [], None)


@pytest.mark.long
def test_work_that_is_killed_fails_and_is_begun_anew(
    place: Place, controller: Controller, given: dict[str, Any]
) -> None:
    with controller.run(backup(given), backup(given)) as run:
        with held_up(place):
            run.heard(TOLD)
            controller.kill_work()
            assert until(lambda: len(controller.statuses()) == 2, 60)
        killed, result = run.results()
    assert (killed["failed"], killed["error"]["kind"]) == (True, "Ended")
    assert "is gone without a word, while dumping" in killed["msg"]
    assert result["backup"]["verified"] is True
    assert "was killed while dumping; this is a new one" in "".join(result["warnings"])
    assert sets(given) == [Path(result["backup"]["path"]).name]


@pytest.mark.long
def test_a_task_that_is_out_of_time_stops_its_work(place: Place, controller: Controller, given: dict[str, Any]) -> None:
    with held_up(place), controller.run(backup(given, timeout=15)) as run:
        run.heard("telling the work to end")
        run.heard("it has ended, and cleared away what it had begun")
        assert run.result()["failed"] is True
    assert sets(given) == []


@pytest.mark.long
def test_with_async_of_its_own_it_steps_aside(controller: Controller, given: dict[str, Any]) -> None:
    waited_for = {"async": 120, "poll": 1}
    left_alone = {"async": 120, "poll": 0}
    with controller.run(backup(given, **waited_for), backup(given, **left_alone)) as run:
        result, job = run.results()
    assert (result["finished"], result["changed"], result["backup"]["verified"]) == (True, True, True)
    path = Path(job["results_file"])
    assert path.parent == controller.works.parent
    assert until(lambda: "backup" in json.loads(path.read_text() or "{}"))
    assert not controller.works.exists()


def test_check_mode_leaves_nothing_on_the_host(controller: Controller, given: dict[str, Any]) -> None:
    with controller.run(backup(given), arguments=["--check", "--diff"]) as run:
        result = run.result()
    assert (result["changed"], result["backup"], result["plan"]["due"]) == (True, None, True)
    assert not (controller.folder / "async").exists()
    assert not Path(given["directory"]).exists()


@pytest.mark.long
def test_without_a_place_for_jobs_it_is_done_all_the_same(controller: Controller, given: dict[str, Any]) -> None:
    (controller.folder / "async").write_text("")
    with controller.run(backup(given)) as run:
        result = run.result()
    assert result["backup"]["verified"] is True
    assert "The work cannot outlive this run: could not create directory" in "".join(result["warnings"])


def kept_of(place: Place) -> list[str]:
    """The databases that replacements of this place's kept."""
    with place.server.session() as session:
        return [one.name for one in kept_databases(session, place.database)]


def test_who_is_told_to_end_when_the_names_are_exchanged_tells_that_they_are(
    place: Place, given: dict[str, Any], run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_module("postgresql_backup", given)["backup"]["verified"]
    attempt = Swap._attempt

    def told_to_end(swap: Swap) -> float:
        seconds = attempt(swap)
        os.kill(os.getpid(), signal.SIGTERM)
        return seconds

    monkeypatch.setattr(Swap, "_attempt", told_to_end)
    wanted = {**given, "mode": "replace", "confirm": place.database, "safety_backup": False}
    place.onlooker.close()
    result = run_module("postgresql_restore", wanted)
    [made] = kept_of(place)
    with place.server.session() as admin:
        admin.execute(compose("DROP DATABASE {name}", name=Identifier(made)))
    assert (result["changed"], result["restore"]["previous_database"]) == (True, made)


@pytest.mark.long
def test_a_database_is_not_replaced_twice_because_nobody_heard_of_it(
    place: Place, controller: Controller, given: dict[str, Any], run_module: RunModule
) -> None:
    assert run_module("postgresql_backup", given)["backup"]["verified"]
    wanted = {**given, "mode": "replace", "confirm": place.database, "safety_backup": False}
    replace = {"day2.ops.postgresql_restore": wanted}
    with controller.run(replace) as run:
        assert until(lambda: bool(controller.statuses()))
        run.send(signal.SIGKILL)
        run.ended()
    assert controller.works_end()
    [made] = kept_of(place)
    try:
        with controller.run(replace) as run:
            result = run.result()
        assert (result["changed"], result["restore"]["previous_database"]) == (True, made)
        assert "it is reported, not done again" in "".join(result["warnings"])
        assert kept_of(place) == [made]
    finally:
        with place.server.session() as admin:
            admin.execute(compose("DROP DATABASE {name}", name=Identifier(made)))
