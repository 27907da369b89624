# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox's web application: ``python -m tests.stacks.sandbox.app SETTINGS``. It answers in JSON over TLS.

``/health`` and ``/ready`` measure the database each time. Every request is one line of JSON in the log.
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
from psycopg2.extras import RealDictCursor
from psycopg2.pool import ThreadedConnectionPool

__all__ = ["TOKEN", "Answer", "main"]

TOKEN = "sandbox"  # who has it may see the orders
_VERSION = "4.2.0"
_CONNECTIONS = 8
_CLIENT_SECONDS = 15

Answer = tuple[int, Any, str]  # status, document, message for the log


class Database:
    """The application's connections. A broken one is replaced at the next request."""

    def __init__(self, settings: dict[str, Any]) -> None:
        password = Path(settings["password_file"]).read_text()
        login = {name: settings[name] for name in ("host", "port", "dbname", "user")}
        self._login = {**login, "password": password, "connect_timeout": 3, "application_name": "shop-web"}
        self._pool: ThreadedConnectionPool | None = None
        self._opening = threading.Lock()

    def query(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with self._opening:
            if self._pool is None:
                self._pool = ThreadedConnectionPool(1, _CONNECTIONS, **self._login, cursor_factory=RealDictCursor)
        connection = self._pool.getconn()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return [dict(row) for row in cursor.fetchall()]
        finally:
            self._pool.putconn(connection, close=bool(connection.closed))

    def seconds(self) -> float:
        """How long the database takes to answer now."""
        started = time.perf_counter()
        self.query("SELECT count(*) AS n FROM shop.categories")
        return time.perf_counter() - started


class Shop:
    """What the application answers, by path."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._started = time.monotonic()
        self._paths: dict[str, Callable[[str, dict[str, list[str]], str], Answer]] = {
            "/health": self._health,
            "/ready": self._ready,
            "/api/products": self._products,
            "/api/product": self._product,
            "/api/orders": self._orders,
            "/api/report": self._report,
            "/api/quotient": self._quotient,
        }

    def answer(self, target: str, authorization: str) -> Answer:
        parts = urlsplit(target)
        path, _other, rest = parts.path.removeprefix("/api/").partition("/")
        known = self._paths.get(parts.path) or (self._paths.get(f"/api/{path}") if rest else None)
        if known is None:
            return 404, {"error": "not found"}, "no such page"
        try:
            return known(rest, parse_qs(parts.query), authorization)
        except psycopg2.OperationalError as error:
            return 503, {"error": "database unavailable"}, f"database unavailable: {str(error).splitlines()[0]}"
        except psycopg2.Error as error:
            return 500, {"error": "internal error"}, f"query failed: {str(error).splitlines()[0]}"

    def _state(self) -> tuple[bool, dict[str, Any]]:
        database: dict[str, Any] = {"connected": True, "latency_ms": None, "error": None}
        try:
            database["latency_ms"] = round(self._database.seconds() * 1000, 3)
        except psycopg2.Error as error:
            database = {"connected": False, "latency_ms": None, "error": str(error).splitlines()[0]}
        return database["connected"], database

    def _health(self, _rest: str, _query: dict[str, list[str]], _authorization: str) -> Answer:
        connected, database = self._state()
        document = {
            "status": "ok" if connected else "failed",
            "version": _VERSION,
            "uptime_seconds": round(time.monotonic() - self._started, 1),
            "database": database,
        }
        return (200, document, "healthy") if connected else (503, document, "the database does not answer")

    def _ready(self, _rest: str, _query: dict[str, list[str]], _authorization: str) -> Answer:
        connected, database = self._state()
        document = {"ready": connected, "checks": {"database": "up" if connected else "down"}, "database": database}
        return (200, document, "ready") if connected else (503, document, "not ready")

    def _products(self, _rest: str, query: dict[str, list[str]], _authorization: str) -> Answer:
        colour = query.get("colour", ["red"])[0]
        rows = self._database.query(
            "SELECT id, sku, name, gross FROM shop.products WHERE attributes ->> 'colour' = %s ORDER BY id LIMIT 20",
            colour,
        )
        return 200, {"products": rows}, "products listed"

    def _product(self, rest: str, _query: dict[str, list[str]], _authorization: str) -> Answer:
        if not rest.isascii() or not rest.isdigit():
            return 404, {"error": "not found"}, "no such product"
        rows = self._database.query("SELECT id, sku, name, gross, attributes FROM shop.products WHERE id = %s", rest)
        return (200, rows[0], "product shown") if rows else (404, {"error": "not found"}, f"no product {rest}")

    def _orders(self, _rest: str, _query: dict[str, list[str]], authorization: str) -> Answer:
        if authorization != f"Bearer {TOKEN}":
            return 401, {"error": "log in first"}, "not logged in"
        rows = self._database.query(
            "SELECT id, status::text, total FROM shop.orders ORDER BY placed_at DESC, id LIMIT 10"
        )
        return 200, {"orders": rows}, "orders listed"

    def _report(self, _rest: str, _query: dict[str, list[str]], _authorization: str) -> Answer:
        rows = self._database.query(
            "SELECT country, count(*) AS orders, sum(total) AS cents, pg_sleep(0.15) IS NULL AS waited "
            "FROM (SELECT country, total FROM shop.orders ORDER BY id LIMIT 100) AS few GROUP BY country"
        )
        return 200, {"report": [{**row, "cents": int(row["cents"])} for row in rows]}, "report made"

    def _quotient(self, rest: str, _query: dict[str, list[str]], _authorization: str) -> Answer:
        rows = self._database.query("SELECT 100 / %s::integer AS quotient", rest)
        return 200, rows[0], "divided"


class Log:
    """One line of JSON for each request."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def write(self, method: str, path: str, status: int, seconds: float, message: str) -> None:
        entry = {
            "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": "error" if status >= 500 else "warning" if status >= 400 else "info",
            "method": method,
            "path": path,
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
            "message": message,
        }
        with self._lock:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")


class Handler(BaseHTTPRequestHandler):
    """One request at a time of one connection."""

    protocol_version = "HTTP/1.1"
    timeout = _CLIENT_SECONDS
    wbufsize = 1 << 16  # head and body in one packet
    shop: Shop
    log: Log

    def do_GET(self) -> None:
        started = time.perf_counter()
        status, document, message = self.shop.answer(self.path, self.headers.get("Authorization", ""))
        body = json.dumps(document, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.log.write(self.command, self.path, status, time.perf_counter() - started, message)

    def log_message(self, *_args: Any) -> None:
        """Requests are written by do_GET; broken connections are nobody's concern here."""


class Server(ThreadingHTTPServer):
    """TLS handshakes take place in each connection's own thread."""

    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


def main(settings_file: str) -> None:
    """Serve until the process is ended."""
    settings = json.loads(Path(settings_file).read_text())
    Handler.shop = Shop(Database(settings["database"]))
    Handler.log = Log(Path(settings["log"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings["certificate"], settings["key"])
    server = Server(("127.0.0.1", settings["port"]), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
