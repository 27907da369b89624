# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images that the tests run, built here. The engine keeps their layers, so a second build takes a moment.

``python3 -m tests.tools.images [postgresql-17 …]``
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .engine import can_install, ensure_engine, ensure_programs
from .program import CHECKOUT, LOGS, WORK, Failed, main_of, output, run, say

__all__ = ["BENCHMARK", "DEBIAN", "IMAGES", "MAJORS", "build", "rounds"]

CONTEXT = CHECKOUT / "tests" / "images"

# Each suite of Debian carries one version of PostgreSQL.
MAJORS = {13: "bullseye", 15: "bookworm", 17: "trixie", 18: "sid"}


@dataclass(frozen=True)
class Image:
    """An image: its tag, the image under it, its folder in ``tests/images``, its build arguments."""

    tag: str
    base: str
    folder: str
    arguments: Mapping[str, str] = field(default_factory=dict)


DEBIAN = "day2-test/debian:"

IMAGES = {
    **{
        f"postgresql-{major}": Image(
            f"day2-test/postgresql:{major}", f"{DEBIAN}{suite}", "postgresql", {"MAJOR": str(major)}
        )
        for major, suite in MAJORS.items()
    },
    # The oldest and the newest Python that targets of the collection have; the older one can boot.
    "host-13": Image(
        "day2-test/host:13", "day2-test/postgresql:13", "host", {"PACKAGES": "python3 python3-psycopg2 systemd"}
    ),
    # A pooler beside PostgreSQL's own programs.
    "pooler-17": Image("day2-test/pooler:17", "day2-test/postgresql:17", "host", {"PACKAGES": "pgbouncer"}),
    "host-17": Image("day2-test/host:17", "day2-test/postgresql:17", "host", {"PACKAGES": "python3"}),
    # What the stand-ins of platforms are made of, beside PostgreSQL.
    "stack-python": Image(
        "day2-test/stack-python:trixie", f"{DEBIAN}trixie", "stack", {"PACKAGES": "curl python3 python3-psycopg2"}
    ),
    "stack-nginx": Image("day2-test/stack-nginx:trixie", f"{DEBIAN}trixie", "stack", {"PACKAGES": "curl nginx-light"}),
}

# What the benchmarks want beside those; nothing else builds it.
BENCHMARK = {
    "benchmark-18": Image(
        "day2-test/benchmark:18",
        "day2-test/postgresql:18",
        "host",
        {"PACKAGES": "python3 python3-psycopg2 python3-psutil pgbackrest"},
    ),
}


def exists(tag: str) -> bool:
    """Whether the engine has an image."""
    return bool(output(["docker", "image", "inspect", "--format", "{{.Id}}", tag], check=False))


def build(names: Iterable[str] = IMAGES) -> None:
    """Build images, two at a time. Another build of this checkout is waited for.

    :raises Failed: with the end of the log of what failed.
    """
    wanted = [{**IMAGES, **BENCHMARK}[name] for name in names]
    WORK.mkdir(exist_ok=True)
    with (WORK / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with ThreadPoolExecutor(max_workers=2) as pool:
            for images in rounds(wanted):
                list(pool.map(_build, images))


def rounds(wanted: Sequence[Image]) -> list[list[Image]]:
    """The images, and those under them, in an order in which each finds the one under it."""
    tags = {image.tag: image for image in IMAGES.values()}
    under = [tags[image.base] for image in wanted if image.base in tags]
    lower = [image for image in tags.values() if image in under or (image in wanted and image.base not in tags)]
    return [lower, [image for image in wanted if image not in lower]]


def _build(image: Image) -> None:
    started = time.monotonic()
    if image.base.startswith(DEBIAN) and not exists(image.base):
        _make_base(image.base.removeprefix(DEBIAN), image.base)
    arguments = {"BASE": image.base, **image.arguments}
    given = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    dockerfile = CONTEXT / image.folder / "Dockerfile"
    argv = ["docker", "build", "--file", str(dockerfile), "--tag", image.tag, *given, str(CONTEXT)]
    run(argv, log=LOGS / f"image-{image.tag.replace('/', '-').replace(':', '-')}.log")
    say(f"image {image.tag}: {time.monotonic() - started:.0f} s")


def _make_base(suite: str, tag: str) -> None:
    if not can_install():
        run(["docker", "pull", f"debian:{suite}-slim"], log=LOGS / f"pull-{suite}.log")
        run(["docker", "tag", f"debian:{suite}-slim", tag])
        return
    (WORK / "images").mkdir(exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix=f"{suite}-", dir=WORK / "images"))
    try:
        run(["debootstrap", "--variant=minbase", suite, str(root)], log=LOGS / f"debootstrap-{suite}.log")
        _import(root, tag)
    finally:
        _remove_root(root)


def _remove_root(root: Path) -> None:
    """Remove the folder. A debootstrap that was stopped may have left /proc mounted in it."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in sorted((place for place in mounted if place.startswith(f"{root}/")), reverse=True):
        run(["umount", place])
    shutil.rmtree(root)


def _import(root: Path, tag: str) -> None:
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
        done = subprocess.run(["docker", "import", "-", tag], stdin=tar.stdout, capture_output=True, check=False)
    if tar.returncode or done.returncode:
        raise Failed(f"Making the image {tag} failed: {done.stderr.decode(errors='replace').strip()}")


def _main() -> None:
    wanted = sys.argv[1:] or list(IMAGES)
    unknown = [name for name in wanted if name not in IMAGES]
    if unknown:
        raise Failed(f"There is no image {', '.join(unknown)}; there are {', '.join(IMAGES)}.")
    if os.geteuid() == 0:
        ensure_programs({"debootstrap": "debootstrap"} if can_install() else {})
    ensure_engine()
    build(wanted)


if __name__ == "__main__":
    main_of(_main)
