# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible
from ansible_collections.day2.ops.plugins.module_utils._host import system
from ansible_collections.day2.ops.plugins.module_utils._host.seen import Host, Seen
from ansible_collections.day2.ops.plugins.module_utils._runtime.runner import Completed


class Programs:
    """A runner that knows some programs, each with a status and an output."""

    def __init__(self, **programs: tuple[int, str]) -> None:
        self._programs = {name.replace("_", "-"): answer for name, answer in programs.items()}

    def run(self, argv: Sequence[str], **_options: Any) -> Completed:
        if argv[0] not in self._programs:
            raise NotPossible(f"starting {argv[0]}", "this host", "No such file", "Install it.")
        status, output = self._programs[argv[0]]
        return Completed(status, output.encode(), "")


CSV = "C0A80001,192.168.0.1,3,1795313131.1,0.0001,-0.0001,0.0003,1.5,0.0,0.1,0.002,0.001,64.2,"


@pytest.mark.parametrize(
    ("programs", "synchronized"),
    [
        (Programs(timedatectl=(0, "yes\n")), True),
        (Programs(timedatectl=(0, "no\n"), chronyc=(0, CSV + "Normal\n")), False),
        (Programs(timedatectl=(1, ""), chronyc=(0, CSV + "Normal\n")), True),
        (Programs(chronyc=(0, CSV + "Insert second\n")), True),
        (Programs(chronyc=(0, CSV + "Not synchronised\n")), False),
        (Programs(timedatectl=(1, ""), chronyc=(1, "506 Cannot talk to daemon\n")), None),
        (Programs(), None),
    ],
)
def test_the_clock(programs: Any, synchronized: bool | None) -> None:
    seen = Seen()
    assert system.ntp_synchronized(programs, seen) is synchronized
    assert [each["what"] for each in seen.unseen] == ([] if synchronized is not None else ["clock.ntp_synchronized"])


@pytest.mark.parametrize(
    ("files", "programs", "required"),
    [
        (["run/reboot-required"], Programs(), True),
        (["var/run/reboot-required"], Programs(), True),
        (["usr/share/update-notifier/notify-reboot-required"], Programs(), False),
        (["etc/kernel/postinst.d/unattended-upgrades"], Programs(), False),
        ([], Programs(needs_restarting=(0, "No core libraries.\nReboot should not be necessary.\n")), False),
        ([], Programs(needs_restarting=(1, "Core libraries.\nReboot is required.\n")), True),
        ([], Programs(needs_restarting=(1, "Traceback\n")), None),
        ([], Programs(), None),
    ],
)
def test_whether_a_restart_is_wanted(tmp_path: Path, files: list[str], programs: Any, required: bool | None) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    seen = Seen()
    assert system.reboot_required(Host(str(tmp_path)), programs, seen) is required
    assert [each["what"] for each in seen.unseen] == ([] if required is not None else ["reboot_required"])


def test_the_packages_that_want_it(tmp_path: Path) -> None:
    host = Host(str(tmp_path))
    assert system.reboot_packages(host) == []
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "reboot-required.pkgs").write_text("linux-base\nlibc6\n\nlinux-base\n")
    assert system.reboot_packages(host) == ["libc6", "linux-base"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n', "Debian GNU/Linux 12 (bookworm)"),
        ("# a comment\nNAME=Alpine\nID=alpine\n", "Alpine"),
    ],
)
@pytest.mark.parametrize("folder", ["etc", "usr/lib"])
def test_the_system(tmp_path: Path, folder: str, text: str, name: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "os-release").write_text(text)
    assert system.operating_system(Host(str(tmp_path))) == name


def test_a_system_without_a_name(tmp_path: Path) -> None:
    seen = Seen()
    (tmp_path / "etc").mkdir()
    for text, reason in (("ID=x\n", "NAME"), ('NAME="x\n', "No closing quotation")):
        (tmp_path / "etc" / "os-release").write_text(text)
        assert seen.look("os", lambda: system.operating_system(Host(str(tmp_path)))) is None
        assert reason in seen.unseen[-1]["reason"]


def test_odd_texts_of_the_system_can_be_shown() -> None:
    seen = Seen()
    seen.miss("disk /caf\udce9", "n\udcff")
    assert seen.unseen == [{"what": "disk /caf\\xe9", "reason": "n\\xff"}]
    refused = NotPossible("doing", "here", "not now.", "Wait.")

    def refuse() -> None:
        raise refused

    assert seen.look("it", refuse) is None
    assert seen.unseen[-1] == {"what": "it", "reason": "not now"}
