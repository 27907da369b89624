# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-test: sanity and integration, in a copy of the checkout at the place that ansible-test insists on."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..stacks.embedded import EmbeddedServer
from . import servers
from .program import CHECKOUT, LOGS, VENV, WORK, Failed, environment, output, run, say, system_path

__all__ = ["copy_checkout", "sanity", "targets"]

COPY = WORK / "copy" / "ansible_collections" / "day2" / "ops"
HOME = WORK / "home"
PYTHONS = WORK / "pythons"
FEWEST_SANITY_TESTS = 25

# The Pythons of targets that the collection supports.
TARGET_PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")

# The one that is tried each time, beside the controller's own.
OLDEST = TARGET_PYTHONS[:1]


def copy_checkout(place: Path) -> None:
    """Copy what git tracks, or would track, to *place*, as a repository of its own; what was there is replaced."""
    if place.exists():
        shutil.rmtree(place)
    listed = output(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    for name in listed.split("\0"):
        source = CHECKOUT / name
        if name and source.is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place / name)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-C", str(place)]
    for arguments in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "Copy for a test"]):
        output([*git, *arguments])


def sanity(pythons: Sequence[str] = OLDEST) -> None:
    """All sanity tests, with no ignore file, for the controller's Python and those of *pythons* that are here."""
    ignores = sorted(path.name for path in (CHECKOUT / "tests" / "sanity").glob("ignore*"))
    if ignores:
        raise Failed(f"tests/sanity holds {', '.join(ignores)}: mend the cause instead.")
    say(f"Pythons of targets: {', '.join(_link_pythons(pythons))}")
    with _copied():
        _ansible_test("sanity", "--local", log=LOGS / "sanity.log")
    done = re.findall(r"^Running sanity test (.*)$", (LOGS / "sanity.log").read_text(), re.MULTILINE)
    if len(done) < FEWEST_SANITY_TESTS:
        raise Failed(f"Only {len(done)} sanity tests ran; {LOGS / 'sanity.log'} tells why.")
    say(f"{len(done)} sanity tests passed")


def targets(majors: Collection[int] = ()) -> None:
    """Every integration target, on this host, against the embedded server.

    :param majors: the versions of the servers in containers against which they run besides.
    """
    if any(character.isspace() for character in str(CHECKOUT)):
        raise Failed(
            f"ansible-test runs no integration targets below a path with a space: {CHECKOUT}. Clone elsewhere."
        )
    names = sorted(path.parent.name for path in (CHECKOUT / "tests" / "integration" / "targets").glob("*/tasks"))
    if not names:
        raise Failed("There are no integration targets.")
    _link_pythons(TARGET_PYTHONS)
    with _copied(), tempfile.TemporaryDirectory(prefix="day2-") as folder:
        embedded = EmbeddedServer(Path(folder) / "postgresql", 18)
        embedded.start({"fsync": "off", "max_connections": "60", "shared_buffers": "64MB"})
        try:
            _write_configuration(embedded, majors)
            # The first run of ansible-test in a home makes its keys and injectors there; two at once would collide.
            _target(names[0])
            with ThreadPoolExecutor(max_workers=2) as pool:
                list(pool.map(_target, names[1:]))
        finally:
            embedded.stop("immediate")
    say(f"{len(names)} integration targets passed")


def _target(name: str) -> None:
    started = time.monotonic()
    _ansible_test("integration", "--local", "--allow-destructive", name, log=LOGS / f"target-{name}.log")
    say(f"{name}: {time.monotonic() - started:.0f} s")


def _write_configuration(embedded: EmbeddedServer, majors: Collection[int]) -> None:
    """What the targets know of the servers. YAML holds JSON."""
    found: list[dict[str, Any]] = [
        {"name": servers.name_of(major), "major": major, "options": servers.options_of(major)} for major in majors
    ]
    login = {
        "login_host": embedded.host,
        "login_port": embedded.port,
        "login_user": embedded.user,
        "login_password": embedded.password,
        "bin_dir": str(embedded.bin_dir),
    }
    found.append({"name": "embedded", "major": embedded.major, "options": login})
    place = COPY / "tests" / "integration" / "integration_config.yml"
    place.touch(mode=0o600)
    place.write_text(json.dumps({"postgresql_servers": found}, indent=2))


@contextmanager
def _copied() -> Iterator[None]:
    """A fresh copy of the checkout, for one run of ansible-test at a time."""
    COPY.parent.mkdir(parents=True, exist_ok=True)
    with (WORK / "copy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        copy_checkout(COPY)
        yield


def _ansible_test(command: str, *arguments: str, log: Path | None = None) -> None:
    _make_home()
    path = [str(VENV / "bin"), str(PYTHONS), *system_path()]
    env = environment(HOME=str(HOME), PATH=os.pathsep.join(path))
    for name in ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_HOME", "ANSIBLE_LOCAL_TEMP"):
        del env[name]
    run([str(VENV / "bin" / "ansible-test"), command, "--color", "no", *arguments], env=env, cwd=COPY, log=log)


def _make_home() -> None:
    """A home folder for ansible-test: its stand-in for get-pip, and the user's own settings of pip and Docker."""
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in _pip_versions():
        shutil.copyfile(Path(__file__).with_name("get_pip.py"), cache / f"get_pip_{version.replace('.', '_')}.py")
    for name in (".config/pip", ".pip", ".docker"):
        theirs, ours = Path.home() / name, HOME / name
        if theirs.exists() and not ours.is_symlink():
            ours.parent.mkdir(parents=True, exist_ok=True)
            ours.symlink_to(theirs)


def _pip_versions() -> list[str]:
    """The versions of pip that this ansible-test asks get-pip for."""
    spec = importlib.util.find_spec("ansible_test")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    source = Path(spec.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    versions = re.findall(r"\bpip='([0-9.]+)'", source.read_text())
    if not versions:
        raise Failed(f"{source} no longer names its version of pip; mend tests/tools/ansible_test.py.")
    return versions


def _link_pythons(wanted: Sequence[str]) -> list[str]:
    """Links to the supported Pythons that are here, in one folder; the versions found."""
    if PYTHONS.exists():
        shutil.rmtree(PYTHONS)
    PYTHONS.mkdir(parents=True)
    found = []
    for version in wanted:
        interpreter = _find_python(version)
        if interpreter:
            (PYTHONS / f"python{version}").symlink_to(interpreter)
            found.append(version)
    return found


def _find_python(version: str) -> str | None:
    """The real interpreter of a version: in PATH, or among pyenv's."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return sys.executable
    name = f"python{version}"
    managed = sorted(
        Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/{name}")
    )
    candidates = [shutil.which(name, path=os.pathsep.join(system_path())), *map(str, managed)]
    query = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    for candidate in candidates:
        if candidate and output([candidate, "-c", query], check=False) == version:
            return candidate
    return None
