# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The web application as a process: started, found again, stopped; and the requests that it gets."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from ...collection import CHECKOUT
from ..embedded import EmbeddedServer, free_port, port_is_free
from . import app
from .build import SHOP
from .layout import Layout, SandboxError, say, write_private
from .tls import ca_file

__all__ = ["WebApplication", "requests"]

_LIMIT = 30.0
_USERS = 4
_ANONYMOUS = "#anonymous"  # asked for without logging in
_MODULE = app.__name__


class WebApplication:
    """The application of one sandbox."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._settings = layout.app / "settings.json"
        self._pid = layout.app / "pid"
        self._output = layout.app / "output"
        self.log = layout.logs / "app.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The port of the loopback interface that it listens on."""
        return int((self._layout.app / "port").read_text())

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self._found() is not None

    def start(self, server: EmbeddedServer, certificate: tuple[Path, Path]) -> bool:
        """Start it with this certificate. Return False when it ran like this already."""
        self._layout.app.mkdir(mode=0o700, exist_ok=True)
        self._layout.logs.mkdir(mode=0o700, exist_ok=True)
        running = self.running
        settings = json.dumps(self._wanted(server, certificate, running), indent=1)
        same = self._settings.exists() and self._settings.read_text() == settings
        if running and same and self._answers():
            return False
        self.stop()
        write_private(self._settings, settings)
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _MODULE, str(self._settings)],
                cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        write_private(self._pid, str(self._process.pid))
        self._wait()
        return True

    def _wanted(self, server: EmbeddedServer, certificate: tuple[Path, Path], running: bool) -> dict[str, Any]:
        port_file = self._layout.app / "port"
        if not port_file.exists():
            port_file.write_text(str(free_port()))
        if not running and not port_is_free(self.port):
            old, new = self.port, free_port()
            say(f"Port {old} of the web application is taken by another program; it gets {new}")
            port_file.write_text(str(new))
        return {
            "port": self.port,
            # Another program, or a certificate renewed under the same name, has to be loaded again.
            "written": [Path(app.__file__).stat().st_mtime_ns, certificate[0].stat().st_mtime_ns],
            "certificate": str(certificate[0]),
            "key": str(certificate[1]),
            "log": str(self.log),
            "database": {
                "host": server.host, "port": server.port, "dbname": SHOP, "user": "app",
                "password_file": str(self._layout.passwords / "app"),
            },
        }  # fmt: skip

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        process = self._found()
        if process is not None:
            process.terminate()
            _other, alive = psutil.wait_procs([process], 5)
            for stubborn in alive:
                stubborn.kill()
            psutil.wait_procs(alive, 5)
        if self._process is not None:
            self._process.wait(5)
            self._process = None
        self._pid.unlink(missing_ok=True)

    def _found(self) -> psutil.Process | None:
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            process = psutil.Process(int(self._pid.read_text()))
            if process.cmdline()[-2:] == [_MODULE, str(self._settings)] and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None

    def _wait(self) -> None:
        limit = time.monotonic() + _LIMIT
        while time.monotonic() < limit:
            if self._process is not None and self._process.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.05)
        said = self._output.read_text(errors="replace")[-3000:]
        raise SandboxError(f"The web application does not answer on port {self.port}: {said}")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.get("/nothing")
            return True
        return False

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Send one request; return status and body."""
        with contextlib.closing(self._connection()) as connection:
            return _get(connection, path, headers or {})

    def drive(self, paths: list[str]) -> None:
        """Send requests as its users would, a few at the same time."""

        def send(some: list[str]) -> None:
            with contextlib.closing(self._connection()) as connection:
                for path in some:
                    authorization = {"Authorization": f"Bearer {app.TOKEN}"} if path == "/api/orders" else {}
                    _get(connection, path.removesuffix(_ANONYMOUS), authorization)

        with ThreadPoolExecutor(_USERS) as pool:
            for running in [pool.submit(send, paths[number::_USERS]) for number in range(_USERS)]:
                running.result()

    def _connection(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(ca_file(self._layout.tls)))
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)


def _get(connection: http.client.HTTPSConnection, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response.status, response.read()


def requests(failing: bool = False) -> list[str]:
    """What is asked for: mostly ordinary things. *failing*: many more, at a time when they fail."""
    colours = ("red", "green", "blue")
    paths = [f"/api/product/{1 + number * 7 % 200}" for number in range(120)]
    paths += [f"/api/products?colour={colours[number % 3]}" for number in range(60)]
    if failing:
        return paths
    paths += ["/api/orders"] * 30 + ["/api/orders" + _ANONYMOUS] * 5 + ["/api/report"] * 3 + ["/health", "/ready"] * 10
    paths += ["/api/quotient/0", "/api/quotient/7"]
    paths += ["/search/<script>alert(1)</script>", "/static/ERROR.css", "/api/product/none", "/wp-login.php"]
    return paths
