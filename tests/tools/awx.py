# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the weekly playbook in AWX's way: ansible-runner, a private data folder that is thrown away after it.

AWX lays the project's checkout into ``project``, installs the collections of its ``requirements.yml`` beside it, copies
the inventory, gives its own variables, and starts the playbook by its path in the project.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from .ansible_test import copy_checkout
from .clone import Clone, shared_clone
from .program import LOGS, VENV, Failed, environment, run, say
from .runbook import WELL, check_report

__all__ = ["awx"]

PERSON = "somebody-in-awx"
IDENT = "weekly"


def awx() -> None:
    """Run it against the sandbox of the shared clone."""
    clone = shared_clone()
    clone.run(["make", "sandbox"], "awx-sandbox")
    with tempfile.TemporaryDirectory(prefix="day2 awx ") as folder:
        data = Path(folder)
        copy_checkout(data / "project")
        shutil.copytree(data / "project" / "inventories" / "sandbox", data / "inventory")
        _write(data / "env" / "extravars", {"awx_user_name": PERSON, "sandbox_checkout": str(clone.checkout)})
        _write(data / "env" / "settings", {"idle_timeout": 600, "suppress_ansible_output": False})
        env = _environment(data)
        collections = data / "requirements_collections"
        run(
            ["ansible-galaxy", "collection", "install", "-r", "requirements.yml", "-p", str(collections)],
            env=env, cwd=data / "project", log=LOGS / "awx-collections.log",
        )  # fmt: skip
        log = LOGS / "awx.log"
        run(["ansible-runner", "run", str(data), "-p", "playbooks/weekly.yml", "-i", IDENT], env=env, cwd=data, log=log)
        _check(data / "artifacts" / IDENT, clone)


def _environment(data: Path) -> dict[str, str]:
    """Nothing of the collection but what AWX would find: not the link to the checkout in our environment."""
    (data / "home").mkdir()
    env = environment(
        ANSIBLE_COLLECTIONS_PATH=str(data / "requirements_collections"),
        ANSIBLE_COLLECTIONS_SCAN_SYS_PATH="false",
        HOME=str(data / "home"),
        VIRTUAL_ENV=str(VENV),
    )
    for name in ("ANSIBLE_HOME", "ANSIBLE_LOCAL_TEMP"):
        del env[name]
    return env


def _write(place: Path, content: dict[str, Any]) -> None:
    """A settings file. YAML holds JSON."""
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(content))


def _check(artifacts: Path, clone: Clone) -> None:
    status, code = ((artifacts / name).read_text() for name in ("status", "rc"))
    events = len(list((artifacts / "job_events").glob("*.json")))
    if (status, code) != ("successful", "0") or not events:
        raise Failed(f"ansible-runner: {status}, status {code}, {events} events")
    report = check_report(clone.sandbox, "run through ansible-runner", WELL)
    if report["run"]["user"] != PERSON:
        raise Failed(f"The report names {report['run']['user']}, not the person who started the job.")
    say(f"ansible-runner: {status}, {events} events, report by {PERSON}")
