# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that run the tests: a failure is seen, counted and told."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..collection import CHECKOUT
from ..tools import compose, engine, images, readme, runbook, stages
from ..tools.program import Failed, output, run


def fails() -> None:
    raise Failed("this is why")


def ok(name: str) -> stages.Stage:
    return stages.Stage(name, "passes", lambda: None)


@pytest.fixture(autouse=True)
def _prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system has all programs."""
    monkeypatch.setattr(stages, "SYSTEM", ok("system"))


def told(wanted: list[stages.Stage], capsys: pytest.CaptureFixture[str]) -> tuple[stages.Outcome, str]:
    outcome = stages.Outcome()
    stages.run_named(wanted, outcome)
    stages.print_table(outcome)
    return outcome, capsys.readouterr().out


def test_the_run_stops_at_the_first_failure_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    later: list[str] = []
    wanted = [ok("one"), stages.Stage("two", "fails", fails), stages.Stage("three", "", lambda: later.append("ran"))]
    outcome, printed = told(wanted, capsys)
    assert [name for name, _seconds in outcome.failed] == ["two"]
    assert later == []
    assert re.search(r"^two +[0-9.]+  FAILED$", printed, re.MULTILINE)
    assert printed.splitlines()[-3:] == [
        "this is why",
        "The stage two failed; run it alone with: make two",
        "3 passed, 1 failed",  # what is needed, the first stage, and the cleaning
    ]


def test_a_good_run_ends_with_its_count(capsys: pytest.CaptureFixture[str]) -> None:
    outcome, printed = told([ok("one"), ok("two")], capsys)
    assert outcome.failed == []
    assert printed.splitlines()[-1] == "4 passed, 0 failed"


def test_cleaning_that_fails_fails_the_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(stages.clone, "remove_shared_clone", fails)
    _outcome, printed = told([ok("one")], capsys)
    assert printed.splitlines()[-1] == "2 passed, 1 failed"


def test_a_lane_that_fails_ends_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each lane is a process; here one fails at once, and the other would wait for an hour."""
    monkeypatch.setattr(stages, "LOGS", tmp_path)
    monkeypatch.setattr(stages, "LANES", ("A", "B"))
    started: list[list[str]] = []
    popen = subprocess.Popen

    def instead(argv: list[str], **options: Any) -> Any:
        started.append(argv)
        results = argv[argv.index("--results") + 1]
        failing = f"echo here it is; echo '[[], [[\"style\", 1.0]], \"why\"]' > '{results}'; exit 1"
        script = failing if results.endswith("A.json") else "exec sleep 3600"
        return popen(["sh", "-c", script], **options)

    monkeypatch.setattr(stages.subprocess, "Popen", instead)
    outcome = stages.Outcome()
    stages.run_lanes(outcome)
    assert len(started) == 2
    assert set(started[0][5:]).isdisjoint(started[1][5:])
    assert outcome.failed == [("style", 1.0)]
    assert outcome.said == "why"


def test_a_lane_that_dies_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "LOGS", tmp_path)
    popen = subprocess.Popen
    monkeypatch.setattr(
        stages.subprocess, "Popen", lambda _argv, **options: popen(["sh", "-c", "kill -9 $$"], **options)
    )
    outcome = stages.Outcome()
    stages.run_lanes(outcome)
    assert outcome.failed
    assert {name for name, _seconds in outcome.failed} <= {"lane A", "lane B"}
    assert "status -9" in outcome.said


def test_every_stage_is_a_command_and_documented() -> None:
    names = [stage.name for stage in stages.STAGES]
    documented = re.findall(r"^\| `(\w+)` \|", (CHECKOUT / "docs" / "testing.md").read_text(), re.MULTILINE)
    assert documented == names
    makefile = (CHECKOUT / "Makefile").read_text()
    for variable, listed in (("STAGES", names), ("LONG", [stage.name for stage in stages.LONG])):
        assert re.findall(rf"^{variable} := (.*)$", makefile, re.MULTILINE) == [" ".join(listed)]
    lanes = {stage.lane for stage in stages.STAGES}
    assert lanes == {*stages.LANES, None}


def test_a_program_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"what went wrong\n.*ended with status 3"):
        run(["sh", "-c", "echo what went wrong; exit 3"], log=tmp_path / "log")
    assert run(["sh", "-c", "exit 3"], good=(0, 3)) == 3


def test_what_failed_long_before_the_end_is_told_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = "echo FAILED test_one; seq 1 1000; exit 1"
    with pytest.raises(Failed, match=r"1000\nFAILED test_one\n.*ended with status 1"):
        run(["sh", "-c", script], log=tmp_path / "log", live=True)
    assert capsys.readouterr().out == (tmp_path / "log").read_text()


def test_a_program_that_is_not_there_is_named() -> None:
    assert output(["no-such-program"], check=False) == ""
    with pytest.raises(Failed, match="no-such-program is not installed"):
        output(["no-such-program"])


def test_what_cannot_be_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "can_install", lambda: False)
    engine.ensure_programs({"sh": "dash"})
    with pytest.raises(Failed, match="apt-get install some-package"):
        engine.ensure_programs({"sh": "dash", "no-such-program": "some-package"})


def test_a_missing_engine_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "can_install", lambda: False)
    monkeypatch.setattr(engine, "answers", lambda: False)
    with pytest.raises(Failed, match="systemctl start docker"):
        engine.ensure_engine()


def test_compose_is_called_as_it_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    # Each prints a version for what it is asked for here, and fails otherwise, as an engine's client without it does.
    for program, asked in (("docker", "none"), ("docker-compose", "version --short")):
        (tmp_path / program).write_text(f'#!/bin/sh\n[ "$*" = "{asked}" ] && echo 1.29.2\n')
        (tmp_path / program).chmod(0o755)
    assert compose.command() == ["docker-compose"]
    (tmp_path / "docker").write_text('#!/bin/sh\n[ "$*" = "compose version --short" ] && echo 2.26.1\n')
    assert compose.command() == ["docker", "compose"]
    compose.ensure_compose()


def test_a_missing_compose_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "can_install", lambda: False)
    monkeypatch.setattr(compose, "output", lambda *_argv, **_options: "")
    monkeypatch.setattr(engine.shutil, "which", lambda _program: None)
    with pytest.raises(Failed, match="apt-get install docker-compose"):
        compose.command()
    with pytest.raises(Failed, match="apt-get install docker-compose"):
        compose.ensure_compose()


def test_images_are_built_after_those_under_them() -> None:
    for name in images.IMAGES:
        done: list[str] = []
        for round_of in images.rounds([images.IMAGES[name]]):
            for image in round_of:
                assert image.base.startswith(images.DEBIAN) or image.base in done
            done += [image.tag for image in round_of]
        assert images.IMAGES[name].tag in done


def test_only_marked_blocks_of_a_page_are_run() -> None:
    page = "a\n```shell test\nmake weekly\n```\n```shell\nrm -rf /\n```\n```shell test\nls\npwd\n```\n"
    assert readme.blocks_of(page) == ["make weekly\n", "ls\npwd\n"]


@pytest.mark.parametrize(
    ("recap", "good"),
    [
        ("sandbox : ok=9    changed=0    unreachable=0    failed=0    skipped=1 ", True),
        ("sandbox : ok=9    changed=1    unreachable=0    failed=0    skipped=1 ", False),
        ("sandbox : ok=9    changed=0    unreachable=1    failed=0    skipped=1 ", False),
        ("sandbox : ok=9    changed=0    unreachable=0    failed=2    skipped=1 ", False),
        ("no recap at all", False),
    ],
)
def test_a_second_run_is_judged_by_its_recap(recap: str, good: bool) -> None:
    if good:
        runbook.expect_nothing_changed(recap, "second run")
    else:
        with pytest.raises(Failed, match="second run"):
            runbook.expect_nothing_changed(recap, "second run")


def test_make_keeps_bytecode_and_keeps_it_in_the_checkout() -> None:
    show = ["make", "--no-print-directory", "--eval", "show: ; @env", "show"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run(show, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True).stdout
    assert f"PYTHONPYCACHEPREFIX={CHECKOUT}/.work/pycache\n" in said
    assert "PYTHONDONTWRITEBYTECODE" not in said
