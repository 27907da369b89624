# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as Galaxy gets it and as a user installs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from .program import CHECKOUT, LOGS, WORK, Failed, environment, output, run, say

__all__ = ["package"]

PACKAGE = WORK / "package"
MADE_BY_GALAXY = {"MANIFEST.json", "FILES.json"}
PLUGIN_KINDS = {"module": "modules", "filter": "filter", "lookup": "lookup"}


def package() -> None:
    """Build the tarball, import it as Galaxy does, install it where nothing else is, and use it from there."""
    shutil.rmtree(PACKAGE, ignore_errors=True)
    run(["ansible-galaxy", "collection", "build", "--force", "--output-path", str(PACKAGE)], log=LOGS / "build.log")
    (tarball,) = PACKAGE.glob("*.tar.gz")
    _check_contents(tarball)
    say(f"built {tarball.name}, {tarball.stat().st_size // 1024} KiB")
    _import(tarball)
    with tempfile.TemporaryDirectory(prefix="day2 installed ") as folder:
        _use(tarball, Path(folder))


def _check_contents(tarball: Path) -> None:
    listed = output(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    known = {*listed.split("\0"), *MADE_BY_GALAXY}
    with tarfile.open(tarball) as archive:
        strange = sorted(entry.name for entry in archive if entry.isfile() and entry.name not in known)
    if strange:
        raise Failed(f"The tarball holds what is not part of the project; mend build_ignore: {', '.join(strange[:20])}")


def _import(tarball: Path) -> None:
    """Galaxy's own importer; what it warns of counts too. The stage lint has linted the same files, more strictly."""
    log = LOGS / "importer.log"
    home = WORK / "home"
    home.mkdir(parents=True, exist_ok=True)
    env = environment(HOME=str(home), GALAXY_IMPORTER_RUN_ANSIBLE_LINT="false")
    run(["python", "-m", "galaxy_importer.main", str(tarball)], env=env, cwd=PACKAGE, log=log)
    bad = [line for line in log.read_text().splitlines() if line.startswith(("WARNING:", "ERROR:"))]
    if bad:
        raise Failed("\n".join(["Galaxy's importer says:", *bad]))
    say("imported by galaxy-importer")


def _use(tarball: Path, folder: Path) -> None:
    env = environment(ANSIBLE_COLLECTIONS_PATH=str(folder), ANSIBLE_COLLECTIONS_SCAN_SYS_PATH="false")
    install = ["ansible-galaxy", "collection", "install", "--offline", "-p", str(folder), str(tarball)]
    run(install, env=env, cwd=folder, log=LOGS / "install.log")
    installed = folder / "ansible_collections" / "day2" / "ops"
    documented = 0
    for kind, subfolder in PLUGIN_KINDS.items():
        names = [f"day2.ops.{path.stem}" for path in sorted((CHECKOUT / "plugins" / subfolder).glob("*.py"))]
        found = _documented(kind, names, env, folder) if names else {}
        for name in names:
            if not str(found.get(name, {}).get("doc", {}).get("filename", "")).startswith(str(installed)):
                raise Failed(f"ansible-doc does not find {kind} {name} in the installed collection.")
        documented += len(names)
    playbooks = sorted(path.stem for path in (CHECKOUT / "playbooks").glob("*.yml"))
    for playbook in playbooks:
        argv = ["ansible-playbook", "-i", "localhost,", "--syntax-check", f"day2.ops.{playbook}"]
        run(argv, env=env, cwd=folder, log=LOGS / f"syntax-{playbook}.log")
    say(f"installed: {documented} plugins documented, {len(playbooks)} playbooks found by name")


def _documented(kind: str, names: list[str], env: dict[str, str], folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    argv = ["ansible-doc", "--json", "-t", kind, *names]
    done = subprocess.run(argv, env=env, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"ansible-doc of the installed collection failed: {done.stderr}")
    found: dict[str, dict[str, dict[str, str]]] = json.loads(done.stdout)
    return found
