# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The molecule scenarios: roles on hosts that are containers, with the oldest and the newest Python of targets."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Collection
from pathlib import Path

import yaml

from . import containers, images
from .program import CHECKOUT, COLLECTIONS, LOGS, WORK, Failed, environment, run, say

__all__ = ["scenarios"]

REQUIREMENTS = CHECKOUT / "tests" / "requirements" / "collections.txt"
OTHERS = WORK / "molecule" / "collections"
# The others are those of the long run.
EACH_TIME = ("backup", "drill")
NEEDED = ("community/docker", "community/library_inventory_filtering_v1")


def scenarios(wanted: Collection[str] = EACH_TIME) -> None:
    """Scenarios from beginning to end: create, prepare, check, converge, idempotence, verify, destroy.

    :param wanted: their names; all when empty.
    """
    there = sorted(path.parent.name for path in (CHECKOUT / "molecule").glob("*/molecule.yml"))
    names = [name for name in there if name in wanted or not wanted]
    if len(names) < max(1, len(wanted)):
        raise Failed(f"Of the molecule scenarios {', '.join(wanted)} there are only: {', '.join(names)}.")
    images.build(["host-13", "host-17"])
    _unpack_collections()
    home = WORK / "home"
    home.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join([str(COLLECTIONS), str(OTHERS)])
    env = environment(HOME=str(home), ANSIBLE_COLLECTIONS_PATH=path, DOCKER_CONFIG=_docker_config())
    for name in names:
        say(f"molecule scenario {name}")
        with containers.kept(*_platforms(name)):
            run(["molecule", "test", "--scenario-name", name], env=env, log=LOGS / f"molecule-{name}.log")
    say(f"{len(names)} scenarios passed: {', '.join(names)}")


def _platforms(scenario: str) -> list[str]:
    """The names of its containers."""
    described = yaml.safe_load((CHECKOUT / "molecule" / scenario / "molecule.yml").read_text())
    return [platform["name"] for platform in described["platforms"]]


def _docker_config() -> str:
    return os.environ.get("DOCKER_CONFIG", str(Path.home() / ".docker"))


def _unpack_collections() -> None:
    """Take the collections that are needed out of the package that carries them; once."""
    stamp = OTHERS / "complete"
    wanted = "\n".join([REQUIREMENTS.read_text(), *NEEDED])
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    shutil.rmtree(OTHERS, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="day2-") as folder:
        pip = [sys.executable, "-m", "pip", "download", "--no-cache-dir", "--no-deps", "--dest", folder]
        run([*pip, "-r", str(REQUIREMENTS)], log=LOGS / "collections.log")
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            prefixes = tuple(f"ansible_collections/{name}/" for name in NEEDED)
            archive.extractall(OTHERS, [name for name in archive.namelist() if name.startswith(prefixes)])
    stamp.write_text(wanted)
