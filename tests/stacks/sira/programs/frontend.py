# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sira's frontend: one page, made from what the backend answers."""

from __future__ import annotations

import html
import json
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LATEST = "http://backend:8000/api/recommendations/latest"
PAGE = "<!doctype html><title>sira</title><h1>Recommendations</h1><ol>{items}</ol>"


def page() -> tuple[int, str]:
    """Status and text of the page; without the backend it says so."""
    try:
        with urllib.request.urlopen(LATEST, timeout=10) as answer:
            rows = json.load(answer)["rows"]
    except (urllib.error.URLError, TimeoutError) as error:
        return 502, f"The backend does not answer: {error}"
    return 200, PAGE.format(items="".join(f"<li>{html.escape(str(row['score']))}" for row in rows))


class Handler(BaseHTTPRequestHandler):
    """One request at a time of one connection."""

    timeout = 15

    def do_GET(self) -> None:
        """The page, at whatever path."""
        status, text = (200, "alive") if self.path == "/alive" else page()
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form: str, *values: Any) -> None:
        """To standard output, but for the health check."""
        if getattr(self, "path", "") != "/alive":
            print(f"{self.log_date_time_string()} INFO sira.web: {form % values}", flush=True)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 3000), Handler).serve_forever()  # the container's network is its own
