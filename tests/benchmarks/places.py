# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where is measured: a container that is a host with PostgreSQL, and this host, which reaches it as a container.

The host is Debian's with its own packages: PostgreSQL that compresses with zstd and has amcheck, and Python. The same
server is the one target and the other.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ansible
import psycopg2

from ..collection import CHECKOUT, COLLECTIONS
from ..tools import containers
from ..tools.program import WORK, Failed, environment, output
from ..tools.servers import DATA

__all__ = ["ARCHIVED_NOWHERE", "FOLDER", "Place", "Taken", "place_in"]

# Where dumps lie on the host that is a container: in a volume, like the server's data.
FOLDER = "/var/lib/benchmark"

# As on a small real server: nothing is lost in a crash, and there is room for what is being written. Autovacuum would
# begin whenever it likes, and hit one side and not the other; a restore's own ANALYZE is part of what is measured.
_SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "archive_mode": "on",
    "track_commit_timestamp": "off",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
}
ARCHIVED_NOWHERE = "true"

_READY_SECONDS = 60


@dataclass(frozen=True)
class Taken:
    """What a run of programs took.

    :ivar processor_seconds: of the processors' time, what they and the server used.
    :ivar kilobytes: the most memory that they had together.
    :ivar printed: what the last of them wrote, where that went to no file.
    """

    seconds: float
    processor_seconds: float
    kilobytes: int
    printed: str


@dataclass(frozen=True)
class Place:
    """The host in a container.

    :ivar address: of its server.
    :ivar password: of its superuser, over TCP; over the local socket nobody needs one.
    """

    container: str
    address: str
    password: str

    def inside(self, *argv: str, user: str = "root") -> str:
        """What a program in the container prints."""
        return output(["docker", "exec", "--user", user, self.container, *argv])

    def timed(self, *argvs: Sequence[str], stdin: str = "", stdout: str = "", here: bool = False) -> Taken:
        """Run programs, each reading what the one before writes, and measure them where they run.

        :param stdin: what the first one reads.
        :param stdout: the file that the last one writes.
        :param here: on this host instead of the one that is a container.
        """
        order = json.dumps({"argvs": argvs, "stdin": stdin, "stdout": stdout})
        module = ["-m", "tests.benchmarks.timed_programs"]
        argv = [sys.executable, *module] if here else self._python(*module)
        had = self._used()
        env = environment(PYTHONPATH=str(COLLECTIONS))
        done = subprocess.run(argv, env=env, cwd=CHECKOUT, input=order, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"{' | '.join(' '.join(argv) for argv in argvs)}: {done.stderr}")
        taken = Taken(**json.loads(done.stdout))
        # What runs in the container is counted with it.
        used = self._used() - had + (taken.processor_seconds if here else 0)
        return replace(taken, processor_seconds=used)

    def _python(self, *arguments: str) -> list[str]:
        """How Python runs a program of this checkout in the container."""
        variables = {"PYTHONPATH": _python_path(), "PYTHONPYCACHEPREFIX": f"{FOLDER}/pycache", "LC_ALL": "C.UTF-8"}
        given = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        where = ["--interactive", "--user", "root", "--workdir", str(CHECKOUT), *given, self.container]
        return ["docker", "exec", *where, "python3", *arguments]

    def _used(self) -> float:
        return float(output(self._python("-m", "tests.benchmarks.processors")))

    @contextmanager
    def connected(self, database: str = "postgres") -> Iterator[Any]:
        """A cursor that commits each statement."""
        with contextlib.closing(
            psycopg2.connect(host=self.address, user="postgres", password=self.password, dbname=database)
        ) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, one after the other."""
        with self.connected(database) as cursor:
            for statement in statements:
                cursor.execute(statement)

    def values(self, query: str, database: str = "postgres") -> list[Any]:
        """The first column of what a query returns."""
        with self.connected(database) as cursor:
            cursor.execute(query)
            return [row[0] for row in cursor.fetchall()]

    def archive_by(self, command: str) -> None:
        """Let the server hand what it archives to this command."""
        self.execute(f"ALTER SYSTEM SET archive_command = '{command}'", "SELECT pg_reload_conf()")


@contextmanager
def place_in(image: str) -> Iterator[Place]:
    """A container of this image, as a host."""
    password = secrets.token_urlsafe(18)
    options = ["--env", f"POSTGRES_PASSWORD={password}", "--shm-size", "512m", "--volume", f"{CHECKOUT}:{CHECKOUT}:ro"]
    options += ["--volume", DATA, "--volume", FOLDER]
    with containers.container("benchmark", image, *_words(_SETTINGS), options=options) as name:
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        address = output(["docker", "container", "inspect", "--format", form, name])
        place = Place(name, address, password)
        _wait_for(place)
        place.archive_by(ARCHIVED_NOWHERE)
        yield place


def _words(settings: Mapping[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _python_path() -> str:
    """From where Python imports in the container: of our environment's packages Ansible alone, which is all Python."""
    folder = WORK / "benchmark-packages"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "ansible"
    if not link.is_symlink():
        link.symlink_to(Path(ansible.__file__).parent, target_is_directory=True)
    return f"{COLLECTIONS}:{folder}"


def _wait_for(place: Place) -> None:
    limit = time.monotonic() + _READY_SECONDS
    while True:
        try:
            place.execute("SELECT 1")
            return
        except psycopg2.OperationalError as error:
            if time.monotonic() > limit:
                raise Failed(f"The server in {place.container} takes no connections: {error}") from error
        time.sleep(0.2)
