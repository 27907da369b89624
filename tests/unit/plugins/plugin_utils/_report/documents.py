# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents of runs, as the playbooks put them together, for the tests of the report."""

from __future__ import annotations

import copy
from typing import Any

__all__ = ["HOSTILE", "document", "facts", "finding"]

# Texts from outside that a page, a terminal or a drawing would obey if it were let.
HOSTILE = "<script>alert(1)</script>"

_MIB = 1024**2
_TABLES = ("public.orders", 'shop."Line Items"', "public.events_2026_11", "audit.log", "public.customers", 'x."a$b$c"')


def finding(check: str, severity: str = "ok", **changes: Any) -> dict[str, Any]:
    """A finding."""
    return {
        "check": check,
        "host": "db1",
        "subject": "",
        "severity": severity,
        "observed": None,
        "expected": "",
        "unit": "",
        "message": f"{check} is {severity}",
        "remedy": "" if severity == "ok" else f"Mend {check}.",
        "procedures": [],
        "silenced": None,
        **changes,
    }


def _steps() -> list[dict[str, Any]]:
    times = (
        ("preflight", "Preflight: connections, versions, space", "ok", 1.2),
        ("facts", "Facts of the databases", "ok", 2.4),
        ("backup", "Backup of shop", "changed", 8.7),
        ("verify", "Verification of the backup", "ok", 1.9),
        ("drill", "Drill: restore and compare", "ok", 12.3),
        ("vacuum", "Vacuum", "changed", 4.4),
        ("reindex", "Reindex", "failed", 3.1),
        ("retention", "Retention", "skipped", 0.4),
        ("certificates", "Certificates", "ok", 0.8),
        ("logs", "Log scan", "ok", 2.2),
        ("judge", "Judge", "ok", 0.3),
    )
    steps = [
        {"name": name, "title": title, "status": status, "seconds": seconds, "message": "", "error": None}
        for name, title, status, seconds in times
    ]
    steps[6]["error"] = {
        "kind": "NotPossible",
        "doing": "rebuilding an index",
        "on": "shop",
        "why": "the index public.orders_by_day needs 2.1 GiB, 1.4 GiB are free",
        "remedy": "Free space where the database lies.",
    }
    steps[7]["message"] = "Needs a verified backup of this run."
    return steps


def _database() -> dict[str, Any]:
    sizes = [
        {
            "table": table,
            "table_bytes": (90 - 14 * place) * _MIB,
            "index_bytes": (40 - 6 * place) * _MIB,
            "bytes": (130 - 20 * place) * _MIB,
            "estimated_rows": 1_250_000 // (place + 1),
        }
        for place, table in enumerate(_TABLES)
    ]
    dead = [
        {
            "table": table,
            "live_tuples": 100_000,
            "dead_tuples": 21_000 // (place + 1),
            "dead_percent": 17.4 / (place + 1),
            "vacuum_age_seconds": 86400 * place or None,
            "statistics_age_seconds": 3600.0 * place,
        }
        for place, table in enumerate(_TABLES)
    ]
    return {
        "reached": True,
        "error": None,
        "families": ["connections", "long_queries", "cache_hit_ratio", "sequences", "wraparound", "kept_databases"],
        "database": {"name": "shop", "bytes": 421 * _MIB},
        "server": {"version": "17.5", "in_recovery": False, "uptime_seconds": 3_456_000},
        "connections": {
            "total": 14,
            "max_connections": 100,
            "used_percent": 14.4,
            "by_state": {"active": 3, "idle": 9, "idle in transaction": 2},
            "oldest_transaction_seconds": 0.8,
        },
        "cache_hit_ratio": 0.9934,
        "long_queries": {
            "total": 1,
            "top": [{"query": f"SELECT '{HOSTILE}'", "user": "report", "seconds": 33.4, "state": "active"}],
        },
        "blocking": {"total": 0, "top": []},
        "table_sizes": {"total": 44, "top": sizes},
        "vacuum_times": {"total": 44, "top": dead},
        "bloat": {
            "tables": {"top": [{"table": "audit.log", "bloat_bytes": 31 * _MIB, "bytes": 80 * _MIB}]},
            "indexes": {"top": [{"index": "public.orders_by_day", "bloat_bytes": 12 * _MIB, "bytes": 40 * _MIB}]},
        },
        "slow_statements": None,
        "sequences": {
            "total": 1,
            "highest_used_percent": 61.5,
            "top": [{"sequence": "public.s", "used_percent": 61.5, "column_used_percent": None}],
        },
        "index_usage": {"invalid": {"total": 0, "top": []}, "unused": {"total": 0, "top": []}},
        "wraparound": {"xid_percent_of_freeze": 12.4},
        "replication": {"slots": [], "standby": None},
        "kept_databases": [
            {
                "name": 'shop "x"_before_20261102t020000z',
                "identifier": '"shop ""x""_before_20261102t020000z"',
                "was": "shop",
                "since": "2026-11-02T02:00:00Z",
                "age_seconds": 1_728_029,
                "bytes": 400 * _MIB,
            }
        ],
        "unseen": [{"what": "slow_statements", "reason": "pg_stat_statements is not installed in this database"}],
    }


def facts() -> dict[str, Any]:
    """The facts of a database host, every group."""
    return copy.deepcopy(
        {
            "postgresql": [_database()],
            "backups": [
                {
                    "database": "shop",
                    "complete": 7,
                    "whole": 7,
                    "partial": 0,
                    "corrupt": 1,
                    "faults": [{"path": "/backups/shop/20261119T020000Z-weekly", "reason": "part-3 is cut short"}],
                    "newest": {"finished": "2026-11-22T02:00:12Z", "bytes": 48 * _MIB, "seconds": 8.7},
                    "age_seconds": 29.0,
                    "verified": True,
                    "drill": {
                        "passed": True,
                        "finished": "2026-11-22T02:00:26Z",
                        "age_seconds": 15.0,
                        "seconds": 11.9,
                        "path": "/backups/shop/20261122T020000Z-weekly",
                        "differences": [],
                    },
                },
                {
                    "database": "audit",
                    "complete": 0,
                    "whole": 0,
                    "partial": 1,
                    "corrupt": 0,
                    "faults": [],
                    "newest": None,
                    "age_seconds": None,
                    "verified": False,
                    "drill": None,
                },
            ],
            "maintenance": [
                {
                    "database": "shop",
                    "vacuum": {
                        "plan": [{"table": "audit.log", "action": "vacuum", "bytes_before": 80 * _MIB}],
                        "done": [
                            {
                                "table": "audit.log",
                                "action": "vacuum and analyze",
                                "reasons": ["21000 dead rows, more than 5000"],
                                "bytes_before": 80 * _MIB,
                                "bytes_after": 80 * _MIB,
                                "seconds": 4.1,
                            }
                        ],
                        "skipped": [
                            {
                                "table": 'shop."Line Items"',
                                "bytes_before": 12 * _MIB,
                                "why": "the role may not maintain it",
                            }
                        ],
                    },
                    "reindex": {
                        "plan": [],
                        "done": [
                            {
                                "index": f"public.orders_{number}",
                                "action": "rebuild",
                                "reasons": ["61 % of it would not be needed"],
                                "bytes_before": (40 - number * 9) * _MIB,
                                "bytes_after": (15 - number * 3) * _MIB,
                                "seconds": 1.2,
                            }
                            for number in range(3)
                        ],
                        "skipped": [],
                        "failures": [],
                    },
                }
            ],
            "certificates": [
                {
                    "name": f"Website {number}",
                    "source": f"TLS at www{number}.example.org:443",
                    "reached": True,
                    "days_left": 12.4 + number * 25,
                    "lifetime_left_percent": 13.8 + number * 25,
                    "not_after": "2026-12-04T12:00:00Z",
                    "chain_valid": number != 2,
                    "name_matches": True,
                    "matches_file": None,
                    "chain_error": "the chain ends at an unknown authority" if number == 2 else None,
                    "error": None,
                }
                for number in range(4)
            ],
            "services": [
                {
                    "name": "api",
                    "runtime": "compose",
                    "project": "shop",
                    "state": "running",
                    "health": "healthy",
                    "replicas": {"running": 2, "total": 2},
                    "restarts": 4,
                    "oom_killed": True,
                    "exit_code": None,
                    "started": "2026-11-21T01:00:00Z",
                    "running_seconds": 90_000,
                    "cpu_percent": 31.5,
                    "cpu_limit": 2.0,
                    "cpu_limit_percent": 20.1,
                    "memory_bytes": 700 * _MIB,
                    "memory_limit_bytes": 1024 * _MIB,
                    "memory_percent": 71.2,
                    "image": "shop/api:1.4.2",
                    "images_differ": True,
                    "log_driver": "json-file",
                    "log_bytes": 3 * _MIB,
                    "instances": [
                        {
                            "name": f"shop-api-{number}",
                            "state": "running",
                            "health": "healthy",
                            "restarts": 2,
                            "started": "2026-11-21T01:00:00Z",
                            "cpu_percent": 15.0,
                            "memory_bytes": 350 * _MIB,
                            "memory_limit_bytes": 512 * _MIB,
                            "memory_percent": 68.4,
                            "image": f"shop/api:1.4.{number}",
                        }
                        for number in (1, 2)
                    ],
                    "unseen": [],
                    "notes": [],
                    "error": None,
                },
                {
                    "name": "proxy",
                    "runtime": "container",
                    "project": None,
                    "state": None,
                    "health": None,
                    "replicas": {"running": None, "total": None},
                    "restarts": None,
                    "memory_bytes": None,
                    "instances": [],
                    "unseen": [{"what": "log", "reason": "Permission denied"}],
                    "notes": ["A note."],
                    "error": {"kind": "Unreachable", "why": "the engine did not answer within 30 seconds"},
                },
            ],
            "metrics": [
                {
                    "name": "active in 7 days",
                    "database": "shop",
                    "value": 1204,
                    "unit": "users",
                    "seconds": 0.012,
                    "error": None,
                },
                {
                    "name": "orders today",
                    "database": "shop",
                    "value": None,
                    "unit": "orders",
                    "seconds": None,
                    "error": "it took longer than 30 seconds (timeout)",
                },
            ],
            "probes": [
                {
                    "name": "health",
                    "url": "https://shop.example.org/health",
                    "reached": True,
                    "status": 200,
                    "seconds": 0.0421,
                    "first_byte_seconds": 0.04,
                    "json": {"status": "healthy", "database": {"latency_ms": 1.8}},
                    "error": None,
                },
                {
                    "name": "admin",
                    "url": "https://admin.example.org/",
                    "reached": False,
                    "status": None,
                    "seconds": 10.0,
                    "first_byte_seconds": None,
                    "json": None,
                    "error": {"kind": "timeout", "why": "no answer within 10 seconds"},
                },
            ],
            "logs": [
                {
                    "name": "application",
                    "lines": 184_223,
                    "first_time": "2026-11-21T02:00:00Z",
                    "last_time": "2026-11-22T02:00:00Z",
                    "errors": 12,
                    "requests": 90_000,
                    "error_rate": 0.0021,
                    "unauthorized": 48,
                    "unparsed": 0,
                    "levels": {"info": 180_000, "warning": 211, "error": 12},
                    "patterns": {"circuit breaker": 3},
                    "status_classes": {"1xx": 0, "2xx": 88_000, "3xx": 800, "4xx": 1000, "5xx": 200},
                    "latency": {
                        "min": 0.4,
                        "p50": 12.1,
                        "p95": 181.0,
                        "p99": 740.2,
                        "max": 5210.0,
                        "unit": "ms",
                        "complete": True,
                    },
                    "groups": [
                        {
                            "message": "connection to # refused",
                            "count": 9,
                            "first_time": "2026-11-21T08:00:00Z",
                            "last_time": "2026-11-21T09:00:00Z",
                        }
                    ],
                    "groups_kept": 1,
                    "slowest": [
                        {
                            "method": "GET",
                            "path": f"/search/{HOSTILE}",
                            "count": 17,
                            "p50": 900.0,
                            "p95": 4100.0,
                            "max": 5210.0,
                        },
                        {"method": "POST", "path": "/orders", "count": 8112, "p50": 31.0, "p95": 260.0, "max": 900.0},
                    ],
                }
            ],
            "host": {
                "hostname": "db1",
                "os": "Debian GNU/Linux 12 (bookworm)",
                "kernel": "6.1.0-40-amd64",
                "uptime_seconds": 864_000,
                "cpus": 4,
                "cpu_percent": 12.5,
                "memory": {
                    "bytes": 8 * 1024**3,
                    "available_bytes": 3 * 1024**3,
                    "used_percent": 62.5,
                    "swap_used_percent": 0.0,
                },
                "clock": {"ntp_synchronized": None},
                "reboot_required": True,
                "disks": [
                    {
                        "mount": "/",
                        "used_percent": 41.0,
                        "free_bytes": 23 * 1024**3,
                        "bytes": 40 * 1024**3,
                        "filesystem": "ext4",
                    },
                    {
                        "mount": "/backup",
                        "used_percent": 88.2,
                        "free_bytes": 9 * 1024**3,
                        "bytes": 80 * 1024**3,
                        "filesystem": "xfs",
                    },
                ],
                "processes": {
                    "total": 132,
                    "zombies": 0,
                    "top_memory": [
                        {"pid": 812, "name": HOSTILE, "memory_bytes": 900 * _MIB},
                        {"pid": 901, "name": None, "memory_bytes": 0},
                    ],
                },
                "unseen": [{"what": "clock.ntp_synchronized", "reason": "nothing gives an answer"}],
            },
            "steps": _steps(),
            "lease": {"run": "20261122T020000Z-weekly-3f9a", "taken_over": None},
        }
    )


def document(**changes: Any) -> dict[str, Any]:
    """The document of a weekly run with troubles of every kind."""
    return copy.deepcopy(
        {
            "schema": 1,
            "run": {
                "id": "20261122T020000Z-weekly-3f9a",
                "runbook": "weekly",
                "environment": "shop & sons",
                "started": "2026-11-22T02:00:00Z",
                "finished": "2026-11-22T02:00:41Z",
                "seconds": 41.2,
                "check_mode": False,
                "user": "mara",
                "controller": "ops1.example.org",
                "fail_on": "critical",
                "revision": {"commit": "4f1c2d9e8a77", "dirty": True, "collection": "0.1.0"},
                "ansible": "2.19.14",
            },
            "hosts": {
                "db1": {"reached": True, "message": "", "facts": facts()},
                "web1": {
                    "reached": False,
                    "message": "ssh: connect to host web1 port 22: No route to host",
                    "facts": {},
                },
            },
            "findings": [
                finding(
                    "backups.exists",
                    "critical",
                    subject="audit",
                    observed=0,
                    expected="not 0 sets",
                    unit="sets",
                    message="There is no backup of audit at all",
                    remedy="Run playbooks/backup.yml for it now, and see in the steps why there is none.",
                    procedures=["SIR-05", "SYN-04"],
                ),
                finding(
                    "certificates.days_left",
                    "warning",
                    subject="Website 0",
                    observed=12.4,
                    expected="at least 30 days",
                    unit="days",
                    message="The certificate of Website 0 ends in 12.4 days",
                    remedy="Renew it, reload the server, and look at what is served.",
                    procedures=["SIR-11"],
                ),
                *[
                    finding(
                        "logs.slow_endpoint",
                        "warning",
                        subject=f"GET /path/{number}/{HOSTILE}",
                        observed=2000.0 + number,
                        expected="at most 2 s",
                        unit="milliseconds",
                        message=f"GET /path/{number}/{HOSTILE} takes {2 + number / 10:.1f} s",
                        remedy="Look at what it waits for.",
                    )
                    for number in range(9)
                ],
                finding(
                    "postgresql.statements", "unknown", message="slow statements is not known: no pg_stat_statements"
                ),
                finding("host.disk", "ok", subject="/", observed=41.0, unit="percent", message="Disk space used: 41 %"),
                finding(
                    "postgresql.cache",
                    "warning",
                    subject="shop",
                    silenced={"reason": "new server, still warming up", "until": "2026-12-01"},
                ),
            ],
            **changes,
        }
    )
