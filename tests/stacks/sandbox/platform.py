# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole sandbox: what is missing is made, what stands is started, what runs is left alone."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import psycopg2

from ..embedded import EmbeddedServer, free_port, port_is_free
from .build import build, definition
from .history import ensure_history
from .layout import Layout, SandboxError, say, write_private
from .older_sets import make_older_sets
from .sick import fall_ill, recover
from .tls import ca_file, ensure_certificates, expiring, issued
from .webapp import WebApplication, requests

__all__ = ["Sandbox"]

_FREE_MIB = 1500  # the databases, a backup of them, a drill, and WAL
_BUILDING = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "wal_level": "minimal",
    "max_wal_senders": "0", "max_wal_size": "8GB", "checkpoint_timeout": "1h", "shared_buffers": "256MB",
    "autovacuum": "off", "jit": "off",
}  # fmt: skip
_SERVING = {
    "shared_buffers": "128MB", "max_connections": "60", "wal_level": "logical", "max_wal_size": "1GB",
    "max_wal_senders": "4", "max_replication_slots": "4", "max_slot_wal_keep_size": "1GB",
    "max_prepared_transactions": "4", "track_io_timing": "on", "jit": "off", "timezone": "UTC", "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ", "log_min_duration_statement": "250ms", "log_lock_waits": "on",
    "log_autovacuum_min_duration": "0", "log_temp_files": "0", "log_checkpoints": "on",
}  # fmt: skip


class Sandbox:
    """One sandbox, all of it below *folder*.

    :param scale: how large the databases are; 1 is the sandbox, less is for tests.
    """

    def __init__(self, folder: Path, scale: float = 1.0) -> None:
        self.layout = Layout(folder)
        self.scale = scale
        self.app = WebApplication(self.layout)

    @property
    def server(self) -> EmbeddedServer:
        """Its PostgreSQL server."""
        return EmbeddedServer(self.layout.postgresql)

    def start(self, sick: bool = False) -> None:
        """Make and start everything; plant the critical troubles, or take them away."""
        began = time.monotonic()
        self._check_folder()
        with self.layout.locked():
            server = self._database()
            self._certificates_and_logs()
            made = make_older_sets(server, self.layout)
            if made:
                say(f"Older backup sets: {made}")
            if sick:
                self._fall_ill(server)
            else:
                self._be_well(server)
            self._write_settings(server)
        say(f"The sandbox runs: PostgreSQL on port {server.port}, https://localhost:{self.app.port} "
            f"({time.monotonic() - began:.1f} s)")  # fmt: skip

    def stop(self) -> None:
        """Stop what runs."""
        if self.layout.root.exists():
            with self.layout.locked():
                self.app.stop()
                if EmbeddedServer.made(self.layout.postgresql):
                    self.server.stop()

    def start_app(self) -> None:
        """Start the web application, and nothing else."""
        with self.layout.locked():
            certificate = expiring(self.layout.tls) if self.layout.sick.exists() else issued(self.layout.tls)
            self.app.start(self.server, certificate)

    def stop_app(self) -> None:
        """Stop the web application, and nothing else."""
        with self.layout.locked():
            self.app.stop()

    def remove(self) -> None:
        """Stop what runs and remove all of it, what lies outside the folder too."""
        if self.layout.root.exists():
            with self.layout.locked():
                self.app.stop()
                EmbeddedServer.remove(self.layout.postgresql)
                shutil.rmtree(self.layout.root)

    def status(self) -> dict[str, str]:
        """What runs, in words."""
        if not EmbeddedServer.made(self.layout.postgresql):
            return {"sandbox": "not built"}
        server = self.server
        return {
            "PostgreSQL": f"{'runs' if server.running else 'stopped'}, port {server.port}, {server.data}",
            "web application": f"runs, port {self.app.port}" if self.app.running else "stopped",
            "troubles": "critical ones, planted" if self.layout.sick.exists() else "the usual ones",
        }

    def _check_folder(self) -> None:
        root = self.layout.root
        if root.exists() and root.stat().st_uid != os.geteuid():
            raise SandboxError(f"{root} belongs to another account (uid {root.stat().st_uid}). Use that account, or "
                               "remove the folder as that account.")  # fmt: skip

    # -- PostgreSQL ---------------------------------------------------------------------------------------------------

    def _database(self) -> EmbeddedServer:
        server = self._open_or_discard()
        if not server.running and not port_is_free(server.port):
            old, new = server.port, free_port()
            say(f"Port {old} of PostgreSQL is taken by another program; it gets {new}")
            server.move(new)
        if not self._is_built(server):
            server = self._build(server)
        server.start(_SERVING)
        return server

    def _open_or_discard(self) -> EmbeddedServer:
        """The server as it is, or a new one when the one that is there is half made or made from other files."""
        fresh = not EmbeddedServer.made(self.layout.postgresql)
        if fresh:
            self._check_space()
            say("Making a PostgreSQL server and its databases")
        server = self.server
        if fresh or self._is_built(server):
            return server
        say("The databases are not those of this version of the sandbox; making them anew")
        EmbeddedServer.remove(self.layout.postgresql)
        self._forget_sets()
        self._check_space()
        return self.server

    def _built(self, server: EmbeddedServer) -> Path:
        return server.data.parent / "built"

    def _is_built(self, server: EmbeddedServer) -> bool:
        built = self._built(server)
        return built.exists() and built.read_text() == f"{definition()} {self.scale}"

    def _build(self, server: EmbeddedServer) -> EmbeddedServer:
        server.start(_BUILDING)
        try:
            build(server, self.layout, self.scale)
        finally:
            server.stop()
        server.sync()
        self._built(server).write_text(f"{definition()} {self.scale}")
        return server

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.layout.root).free >> 20
        needed = int(_FREE_MIB * max(self.scale, 0.1))
        if free < needed:
            raise SandboxError(f"{free} MiB are free where {self.layout.root} lies, and {needed} MiB are needed. "
                               "Free some, or use a checkout elsewhere.")  # fmt: skip

    def _forget_sets(self) -> None:
        shutil.rmtree(self.layout.backups, ignore_errors=True)
        self.layout.sick.unlink(missing_ok=True)

    # -- everything else ----------------------------------------------------------------------------------------------

    def _certificates_and_logs(self) -> None:
        if ensure_certificates(self.layout.tls):
            say("Certificates: an authority of its own, a server certificate of 90 days with 60 left")
        if ensure_history(self.layout.logs):
            say("Logs of the last three days")

    def _be_well(self, server: EmbeddedServer) -> None:
        if recover(server, self.layout):
            say("The critical troubles are taken away")
            self.app.stop()
            self.app.log.unlink(missing_ok=True)
            server.log.write_bytes(b"")  # the server appends; its complaints about the troubles go too
        self._serve(server, issued(self.layout.tls), requests())

    def _fall_ill(self, server: EmbeddedServer) -> None:
        if not self.layout.sick.exists():
            self._serve(server, issued(self.layout.tls), requests())
        fall_ill(server, self.layout)
        self._serve(server, expiring(self.layout.tls), requests(failing=True))

    def _serve(self, server: EmbeddedServer, certificate: tuple[Path, Path], paths: list[str]) -> None:
        started = self.app.start(server, certificate)
        began = time.monotonic()
        self.app.drive(paths)
        what = "started" if started else "runs"
        say(f"The web application {what}; {len(paths)} requests in {time.monotonic() - began:.1f} s")

    def _write_settings(self, server: EmbeddedServer) -> None:
        """What the inventory has to know and cannot know before."""
        known = {
            "postgresql_host": server.host, "postgresql_port": server.port, "postgresql_bin_dir": str(server.bin_dir),
            "app_port": self.app.port, "app_url": f"https://localhost:{self.app.port}",
            "ca_cert": str(ca_file(self.layout.tls)),
        }  # fmt: skip
        write_private(self.layout.root / "settings.json", json.dumps(known, indent=1) + "\n")


TROUBLES = (SandboxError, RuntimeError, OSError, psycopg2.Error)
