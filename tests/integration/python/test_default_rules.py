# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that come with the collection, over what the modules really return: a renamed key fails here."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from markupsafe import escape

from ansible_collections.day2.ops.plugins.module_utils._findings import judge, rulebook
from ansible_collections.day2.ops.plugins.plugin_utils._report import Report
from ansible_collections.day2.ops.plugins.plugin_utils._rules import default_rules

from ...conftest import RunModule
from ...stacks.pki import issue
from ...tools.containers import container
from ...tools.images import IMAGES
from ...unit.plugins.plugin_utils._report.documents import document
from .backup_places import arguments, furnish
from .kept_places import kept
from .maintenance_places import Place, places

RULES = rulebook(default_rules())

# What is not there on a host like this one, so that these have nothing to judge.
NOTHING_TO_JUDGE = {
    "host.container_memory",
    "host.disk_inodes",
    "host.memory_pressure",
    "lease.taken_over",
    "maintenance.reindex_failures",
    "maintenance.vacuum_failures",
    "postgresql.archive_waiting",
    "postgresql.archiver",
    "postgresql.blocking",
    "postgresql.index_bloat",
    "postgresql.long_queries",
    "postgresql.replay_lag",
    "postgresql.settings_files",
    "postgresql.slow_statements",
    "postgresql.standby_behind",
    "postgresql.subscription_enabled",
    "postgresql.table_bloat",
    "restores.succeeded",
    "services.restart_loop",
    "steps.result",
}
# What a host need not be able to tell: whoever keeps its clock and its updates, and, to who is not root, sizes of logs.
MAY_BE_UNKNOWN = {"host.clock", "host.reboot", "services.log_size"}


class _Application(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"status": "healthy"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def application(folder: Path) -> Iterator[int]:
    """A healthy application behind TLS; gives its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Application)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*issue("localhost", ["127.0.0.1"], days=(-10, 300)).save(folder, "served"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def serviced(run_module: RunModule) -> list[dict[str, Any]]:
    """The facts of a service with limits, and of one that is not there."""
    given = ["--entrypoint", "sleep", "--network", "none", "--memory", "64m", "--cpus", "0.5"]
    with container("rules", IMAGES["postgresql-17"].tag, "infinity", options=given) as name:
        services = [{"name": one, "runtime": "container"} for one in (name, "day2-test-no-such")]
        facts: list[dict[str, Any]] = run_module("service_info", {"services": services})["services"]
    return facts


def somebody(place: Place) -> Any:
    """A session that is not this collection's."""
    login = place.options
    return psycopg2.connect(
        host=login["login_host"],
        port=login["login_port"],
        user=login["login_user"],
        password=login["login_password"],
        dbname=place.database,
    )


@pytest.fixture(params=["embedded 18"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    """A furnished database with a replication slot, a kept one, and a session that is idle inside of a transaction."""
    for one in places(request, login):
        furnish(one)
        one.run("CREATE SEQUENCE public.used_up MAXVALUE 10", "SELECT setval('public.used_up', 8)", "ANALYZE")
        one.run("SELECT pg_create_physical_replication_slot('day2_rules', true)")
        with kept(one, "2026-11-01T02:00:00Z"), closing(somebody(one)) as idle:
            idle.cursor().execute("SELECT 1")
            yield one
        one.run("SELECT pg_drop_replication_slot('day2_rules')")


def collected(run_module: RunModule, place: Place, folder: Path) -> dict[str, Any]:
    """The facts of this host, every group, as the modules return them."""
    log = folder / "app.log"
    entry = {"level": "error", "msg": "no", "method": "GET", "path": "/a", "status": 500, "duration_ms": 2500}
    lines = [json.dumps({"ts": f"2026-11-22T02:00:{second:02d}Z", **entry}) for second in range(40)]
    log.write_text("\n".join(lines) + "\n")
    certificate, _other = issue("localhost", ["localhost"]).save(folder, "web")
    sets = {
        key: value for key, value in arguments(place, folder / "sets").items() if key in ("directory", "environment")
    }
    before = run_module("postgresql_health_info", place.arguments())["postgresql"]
    run_module("postgresql_backup", arguments(place, folder / "sets"))
    run_module("postgresql_restore", arguments(place, folder / "sets", mode="drill"))
    file = {
        "name": "file",
        "type": "file",
        "path": str(certificate),
        "server_name": "localhost",
        "compare_with": str(certificate),
    }
    missing = {"name": "gone", "host": "127.0.0.1", "port": 1}
    with application(folder) as port:
        health = {"name": "health", "url": f"https://127.0.0.1:{port}/health", "validate_certs": False}
        probes = run_module("http_probe_info", {"probes": [health]})["probes"]
        sources = [file, missing, {"name": "web", "host": "127.0.0.1", "port": port}]
        certificates = run_module("certificate_info", {"sources": sources})["certificates"]
    return {
        "host": run_module("host_usage_info", {"paths": [str(folder)], "sample_seconds": 0})["host"],
        "postgresql": before,
        "backups": run_module("postgresql_backup_info", {**sets, "databases": [place.database]})["databases"],
        "maintenance": [
            {
                "database": place.database,
                "vacuum": run_module("postgresql_vacuum", place.arguments()),
                "reindex": run_module("postgresql_reindex", place.arguments()),
            }
        ],
        "certificates": certificates,
        "probes": probes,
        "metrics": run_module(
            "postgresql_metric_info",
            place.arguments(
                metrics=[{"name": "orders", "query": "SELECT count(*) FROM public.orders", "unit": "orders"}]
            ),
        )["metrics"],
        "services": serviced(run_module),
        "logs": run_module("log_scan_info", {"sources": [{"name": "app", "paths": [str(log)]}]})["logs"],
        "steps": [],
    }


def test_the_rules_fit_what_the_modules_return(run_module: RunModule, place: Place, tmp_path: Path) -> None:
    facts = collected(run_module, place, tmp_path)
    findings = judge(facts, RULES, host="here")
    unknown = {finding.check: finding.message for finding in findings if finding.severity == "unknown"}
    assert set(unknown) <= MAY_BE_UNKNOWN, unknown
    judged = {finding.check for finding in findings}
    assert {rule.check for rule in RULES} - judged <= NOTHING_TO_JUDGE
    severities = {finding.check: finding.severity for finding in reversed(findings)}
    expected = {
        "backups.age": "ok",
        "backups.drill_passed": "ok",
        "backups.drill_ever": "ok",
        "backups.exists": "ok",
        "backups.verified": "ok",
        "certificates.reached": "critical",
        "certificates.chain_served": "critical",
        "certificates.days_left": "ok",
        "certificates.name": "ok",
        "certificates.chain_in_file": "warning",
        "certificates.served_is_file": "ok",
        "logs.error_rate": "critical",
        "logs.errors": "warning",
        "logs.latency_p99": "warning",
        "logs.slow_endpoint": "info",
        "metrics.measured": "ok",
        "postgresql.kept_databases": "warning",
        "postgresql.sequences": "warning",
        "postgresql.slot_active": "warning",
        "probes.says": "ok",
        "services.health": "ok",
        "services.memory": "ok",
        "services.state": "critical",
    }
    assert {check: severities[check] for check in expected} == expected
    placeless = [
        finding.message for finding in findings if "not known" in finding.message and finding.severity != "unknown"
    ]
    assert placeless == []
    hosts = {"here": {"reached": True, "message": "", "facts": facts}}
    texts = Report(document(hosts=hosts, findings=[finding.as_dict() for finding in findings])).texts(["html", "md"])
    for word in (
        place.database,
        "127.0.0.1:1",
        "/health",
        "Days until certificates end",
        "Largest processes",
        "Numbers of the business",
    ):
        assert str(escape(word)) in texts["html"], word
    assert "Disks" in texts["md"]
