# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sira's backend: answers in JSON from its database, and says on standard output what it was asked.

A line ends with how many milliseconds the answer took: ``"GET /api/… HTTP/1.1" 200 OK duration: 12.3``.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2.extras import RealDictCursor
from psycopg2.pool import ThreadedConnectionPool

Answer = tuple[int, Any, str]  # status, document, and why it failed, for the log

LOG = logging.getLogger("sira.api")
CONNECTIONS = 8
SLOW_SECONDS = 0.1
THOROUGH_SECONDS = 2.2  # what a match takes that looks at everything


class Database:
    """The application's connections. A broken one is replaced at the next request."""

    def __init__(self) -> None:
        self._pool: ThreadedConnectionPool | None = None
        self._opening = threading.Lock()

    def query(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """The rows of a statement; a slow one is told in the log."""
        with self._opening:
            if self._pool is None:  # where and as whom stands in PGHOST and its like
                self._pool = ThreadedConnectionPool(
                    1, CONNECTIONS, connect_timeout=3, application_name="sira-backend", cursor_factory=RealDictCursor
                )
        connection = self._pool.getconn()
        started = time.perf_counter()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return [dict(row) for row in cursor.fetchall()]
        finally:
            self._pool.putconn(connection, close=bool(connection.closed))
            seconds = time.perf_counter() - started
            if seconds > SLOW_SECONDS:
                LOG.warning("slow query (%.3f s): %s", seconds, statement)


class Application:
    """What is answered, by path."""

    def __init__(self, database: Database, token: str) -> None:
        self._database = database
        self._authorization = f"Bearer {token}"
        self._connected: bool | None = None
        self._of_user: dict[str, Callable[[int, str], Answer]] = {
            "profile": self._profile,
            "recommendations": self._recommendations,
            "match": self._match,
        }

    def answer(self, target: str, authorization: str) -> Answer:
        """The answer to one request, whatever happens to the database."""
        try:
            return self._answer(target, authorization)
        except psycopg2.OperationalError as error:
            return 503, {"error": "database unavailable"}, f"database unavailable: {_first_line(error)}"
        except psycopg2.Error as error:
            return 500, {"error": "internal error"}, f"query failed: {_first_line(error)}"

    def health(self) -> Answer:
        """Whether the database answers now. Only a change of that is told in the log, and not each time asked."""
        try:
            [row] = self._database.query("SELECT clock_timestamp() AS now")
            connected, moment, why = True, row["now"], ""
        except psycopg2.Error as error:
            connected, moment, why = False, datetime.now(timezone.utc), _first_line(error)
        if connected is not self._connected:
            self._connected = connected
            (LOG.info if connected else LOG.error)("database %s", "connected" if connected else f"lost: {why}")
        document = {
            "status": "healthy" if connected else "unhealthy",
            "database": "connected" if connected else "disconnected",
            "timestamp": moment.isoformat(),
        }
        return (200 if connected else 503), document, ""

    def _answer(self, target: str, authorization: str) -> Answer:
        parts = urlsplit(target)
        words = parts.path.strip("/").split("/")
        if words[:2] == ["api", "users"] and len(words) == 4 and words[2].isdigit() and words[3] in self._of_user:
            return self._of_user[words[3]](int(words[2]), parts.query)
        if words[:2] == ["api", "jobs"] and len(words) == 3:
            return 200, self._rows("SELECT count(*) AS jobs FROM public.profiles WHERE title = %s", words[2]), ""
        if parts.path == "/api/me":
            known = authorization == self._authorization
            return (200, {"user": "operator"}, "") if known else (401, {"error": "log in first"}, "")
        if parts.path == "/api/recommendations/latest":
            latest = (
                "SELECT id, user_id, score, created_at FROM public.recommendations ORDER BY created_at DESC LIMIT 10"
            )
            return 200, self._rows(latest), ""
        return 404, {"error": "not found"}, ""

    def _rows(self, statement: str, *values: Any) -> dict[str, Any]:
        return {"rows": self._database.query(statement, *values)}

    def _profile(self, user: int, _query: str) -> Answer:
        found = self._database.query("SELECT * FROM public.profiles WHERE user_id = %s", user)
        return (200, found[0], "") if found else (404, {"error": "not found"}, "")

    def _recommendations(self, user: int, _query: str) -> Answer:
        statement = "SELECT id, score, body FROM public.recommendations WHERE user_id = %s ORDER BY created_at DESC"
        return 200, self._rows(statement, user), ""

    def _match(self, user: int, query: str) -> Answer:
        """Who has no skills cannot be matched: an error of this program that its users find."""
        statement = (
            "SELECT 100 / skills AS share, pg_sleep(%s) IS NULL AS waited FROM public.profiles WHERE user_id = %s"
        )
        seconds = THOROUGH_SECONDS if query == "thorough=1" else 0
        return 200, self._rows(statement, seconds, user), ""


class Handler(BaseHTTPRequestHandler):
    """One request at a time of one connection."""

    protocol_version = "HTTP/1.1"
    timeout = 15
    wbufsize = 1 << 16  # head and body in one packet
    application: Application

    def do_GET(self) -> None:
        """Answer, and tell; whoever asks for health asks often, and is not told of."""
        started = time.perf_counter()
        if self.path == "/health":
            self._send(*self.application.health()[:2])
            return
        status, document, why = self.application.answer(self.path, self.headers.get("Authorization", ""))
        self._send(status, document)
        level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.INFO
        phrase = HTTPStatus(status).phrase + (f": {why}" if why else "")
        milliseconds = (time.perf_counter() - started) * 1000
        LOG.log(level, '"%s" %d %s duration: %.3f', self.requestline, status, phrase, milliseconds)

    def _send(self, status: int, document: Any) -> None:
        body = json.dumps(document, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Requests are told by do_GET."""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def tell_on_standard_output() -> None:
    """Lines with a time in UTC, a level and a name."""
    form = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(form)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def main() -> None:
    """Serve until the process is ended."""
    tell_on_standard_output()
    Handler.application = Application(Database(), os.environ["SIRA_API_TOKEN"])
    server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)  # the container's network is its own
    server.daemon_threads = True
    LOG.info("listening on port 8000")
    server.serve_forever()


if __name__ == "__main__":
    main()
