# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small web service: writes its port to the file named, answers, and ends when it is asked for /stop."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ANSWERS = {
    "/health": (200, {"status": "ok", "database": {"latency_ms": 1.5}}),
    "/broken": (500, {"status": "error", "password": "hunter2"}),
    "/stop": (200, "stopping"),
}


class Handler(BaseHTTPRequestHandler):
    """Answers by path; /echo says what it was sent."""

    def do_GET(self) -> None:
        status, document = ANSWERS.get(self.path, (200, {name.lower(): value for name, value in self.headers.items()}))
        body = json.dumps(document).encode()
        self.send_response(302 if self.path == "/moved" else status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/moved":
            self.send_header("Location", "/health")
        self.end_headers()
        self.wfile.write(body)
        if self.path == "/stop":
            threading.Thread(target=self.server.shutdown).start()

    def log_message(self, *_given: object) -> None:
        """Nothing: nobody reads it."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port = Path(sys.argv[1])
    unfinished = port.with_suffix(".new")
    unfinished.write_text(str(server.server_address[1]), encoding="ascii")
    unfinished.rename(port)
    server.serve_forever()
