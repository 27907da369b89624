# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup run: who runs what, from where."""

from __future__ import annotations

DOCUMENTATION = r"""
name: run
short_description: Begin a run and say who runs what, from where
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Returns the identity of a run that begins now, as reports, history and leases know it. Every evaluation is another
    run;
    keep it with C(set_fact).
options:
  _terms:
    description: Name of the runbook.
    required: true
  environment:
    description: Name of the environment that is worked on.
    type: str
    required: true
  person:
    description: Who started the run. The user of this process on the controller when omitted or empty.
    type: str
  directory:
    description: Folder whose git revision is the revision of the run; that of the playbook as a rule.
    type: path
"""

EXAMPLES = r"""
- name: Begin a run
  ansible.builtin.set_fact:
    weekly_run: "{{ lookup('day2.ops.run', 'weekly', environment='shop', directory=playbook_dir) }}"
"""

RETURN = r"""
_raw:
  description:
    - "One dictionary: C(id), C(runbook), C(environment), C(started) (ISO 8601 in UTC), C(user), C(controller),
      C(ansible) (the
      version of ansible-core) and C(revision) with C(commit) and C(dirty), both V(null) where there is no git
      checkout."
  type: list
  elements: dict
"""

import getpass
import os
import secrets
import shutil
import socket
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible.release import __version__ as ansible_version

_GIT_SECONDS = 10


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms: list[str], variables: Any = None, **options: Any) -> list[dict[str, Any]]:
        """Return one identity for each runbook named."""
        self.set_options(var_options=variables, direct=options)
        began = datetime.now(timezone.utc)
        return [
            {
                "id": f"{began:%Y%m%dT%H%M%SZ}-{runbook}-{secrets.token_hex(2)}",
                "runbook": runbook,
                "environment": self.get_option("environment"),
                "started": f"{began:%Y-%m-%dT%H:%M:%SZ}",
                "user": self.get_option("person") or _user(),
                "controller": socket.gethostname(),
                "ansible": ansible_version,
                "revision": revision(self.get_option("directory")),
            }
            for runbook in terms
        ]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # execution environments run under user ids without a name
        return f"uid {os.getuid()}"


def revision(directory: str | None) -> dict[str, Any]:
    """The commit of a folder's git checkout, and whether files differ from it."""
    git = shutil.which("git")
    if directory is None or git is None or not Path(directory).is_dir():
        return {"commit": None, "dirty": None}
    commit = _said(git, directory, "rev-parse", "HEAD")
    changes = _said(git, directory, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit or None, "dirty": None if commit is None or changes is None else bool(changes)}


def _of_git() -> dict[str, str]:
    """What git needs of this process's environment, and none of the controller's tokens and passwords."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR") or name.startswith("GIT_")
    }


def _said(git: str, directory: str, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            [git, "-C", directory, *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
            env={**_of_git(), "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
