# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox platform, made for real and small: what is in it, and that it comes back whatever happens to it."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import zstandard
from cryptography import x509

from tests.collection import CHECKOUT
from tests.stacks.embedded import EmbeddedServer
from tests.stacks.sandbox.build import OFFICE, SHOP, build, connect
from tests.stacks.sandbox.history import ensure_history
from tests.stacks.sandbox.layout import LOGINS, Layout, SandboxError
from tests.stacks.sandbox.platform import Sandbox
from tests.stacks.sandbox.sick import PREPARED, SLOT

SCALE = 0.01


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A small sandbox that runs, at a path that shells and lists of folders trip over."""
    one = Sandbox(tmp_path_factory.mktemp("sand") / 'it\'s a "long" `path`,  ünïcode' / ".sandbox", SCALE)
    one.start()
    yield one
    one.remove()
    assert not one.layout.root.exists()


def rows(server: EmbeddedServer, statement: str, database: str = SHOP) -> list[Any]:
    with closing(connect(server, database)) as session:
        cursor = session.cursor()
        cursor.execute(statement)
        found = cursor.fetchall()
        return [row[0] if len(row) == 1 else row for row in found]


# -- the database -----------------------------------------------------------------------------------------------------


def content(server: EmbeddedServer) -> dict[str, Any]:
    """Rows and a checksum of every table, and what every sequence stands at."""
    tables = rows(
        server,
        "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm') AND relispopulated "
        "AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
    )
    found: dict[str, Any] = {
        table: rows(server, f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM ONLY {table} AS t")[0]
        for table in tables
    }
    found["sequences"] = rows(server, "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2")
    found["large objects"] = rows(server, "SELECT loid, pageno, md5(data) FROM pg_largeobject ORDER BY 1, 2")
    return found


def test_two_builds_hold_the_same(sandbox: Sandbox, tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    server = EmbeddedServer(layout.postgresql).start({"fsync": "off", "autovacuum": "off"})
    try:
        build(server, layout, SCALE)
        assert content(server) == content(sandbox.server)
    finally:
        server.stop("immediate")


FEATURES = {
    "mixed-case, quoted and other odd names": """SELECT count(*) >= 8 FROM pg_class WHERE relkind IN ('r', 'p')
        AND quote_ident(relname) <> relname""",
    "a name of 63 bytes": "SELECT count(*) = 1 FROM pg_class WHERE octet_length(relname) = 63 AND relkind = 'r'",
    "several schemas": "SELECT count(*) >= 7 FROM pg_namespace WHERE nspname !~ '^pg_|^information'",
    "range, list and hash partitions": "SELECT count(DISTINCT partstrat) = 3 FROM pg_partitioned_table",
    "partitions of partitions": "SELECT bool_or(relispartition) FROM pg_class WHERE relkind = 'p'",
    "inheritance": "SELECT count(*) = 2 FROM pg_inherits WHERE inhparent = 'crm.parties'::regclass",
    "foreign keys, two that close circles": """SELECT count(*) = 2 FROM pg_constraint AS a JOIN pg_constraint AS b
        ON a.conrelid = b.confrelid AND a.confrelid = b.conrelid AND a.conrelid < b.conrelid AND a.contype = 'f'""",
    "deferrable constraints": "SELECT count(*) >= 3 FROM pg_constraint WHERE condeferrable",
    "constraints that are not validated": "SELECT count(*) >= 3 FROM pg_constraint WHERE NOT convalidated",
    "exclusion constraints": "SELECT count(*) >= 2 FROM pg_constraint WHERE contype = 'x'",
    "identity columns of both kinds": "SELECT count(DISTINCT attidentity) = 3 FROM pg_attribute",
    "generated columns of both kinds": "SELECT count(DISTINCT attgenerated) = 3 FROM pg_attribute",
    "a sequence that is nearly used up": """SELECT count(*) = 1 FROM pg_sequences
        WHERE last_value::float8 / max_value BETWEEN 0.75 AND 0.85""",
    "views, one recursive, one with a trigger": """SELECT count(*) >= 4 FROM pg_views
        WHERE schemaname IN ('shop', 'crm')""",
    "materialised views that never were filled": "SELECT count(*) = 2 FROM pg_matviews WHERE NOT ispopulated",
    "materialised views that depend on one another": """SELECT count(*) >= 3 FROM pg_depend AS d
        JOIN pg_rewrite AS r ON r.oid = d.objid JOIN pg_class AS v ON v.oid = r.ev_class
        JOIN pg_class AS b ON b.oid = refobjid
        WHERE v.relkind = 'm' AND b.relkind = 'm' AND v.oid <> b.oid""",
    "large objects with owner, ACL and comment": """SELECT count(*) = 3 AND count(DISTINCT lomowner) = 2
        AND bool_or(lomacl::text LIKE '%app=r*w*%') AND bool_or(obj_description(oid, 'pg_largeobject') IS NOT NULL)
        FROM pg_largeobject_metadata""",
    "row-level security that binds the owner too": "SELECT count(*) = 1 FROM pg_class WHERE relforcerowsecurity",
    "policies": "SELECT count(*) = 3 FROM pg_policies",
    "functions, procedures, aggregates": """SELECT count(DISTINCT prokind) = 3 FROM pg_proc
        WHERE pronamespace IN ('shop'::regnamespace, 'billing'::regnamespace)""",
    "operators and operator classes": """SELECT (SELECT count(*) = 1 FROM pg_operator WHERE oprname = '<<<')
        AND (SELECT count(*) = 1 FROM pg_opclass WHERE opcname = 'text_by_bytes')""",
    "enums, composites, domains, ranges": """SELECT array_agg(typtype::text) @> '{c,d,e,r}' FROM pg_type
        WHERE typnamespace IN ('shop'::regnamespace, 'stock'::regnamespace)""",
    "a trigger that is disabled": "SELECT count(*) = 1 FROM pg_trigger WHERE tgenabled = 'D'",
    "an event trigger": "SELECT count(*) = 1 FROM pg_event_trigger",
    "rules": "SELECT count(*) = 2 FROM pg_rules WHERE schemaname <> 'pg_catalog'",
    "comments on all kinds of things": """SELECT count(DISTINCT classoid) >= 13 FROM pg_description
        WHERE objoid >= 16384""",
    "a table without columns, with rows": "SELECT count(*) = 3 FROM public.nothing",
    "an unlogged table": "SELECT count(*) = 1 FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'",
    "grants on columns": "SELECT count(*) >= 3 FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid >= 16384",
    "grants with grant option": "SELECT count(*) >= 3 FROM pg_class WHERE relacl::text LIKE '%*%' AND oid >= 16384",
    "default privileges": "SELECT count(*) >= 3 FROM pg_default_acl",
    "settings of the database and of a role in it": """SELECT bool_or(setrole = 0) AND bool_or(setrole <> 0)
        FROM pg_db_role_setting JOIN pg_database AS d ON d.oid = setdatabase WHERE datname = 'shop'""",
    "the backup's role, which is cut off after a second": """SELECT rolcanlogin
        AND rolconfig = '{idle_in_transaction_session_timeout=1s}'
        AND NOT rolsuper AND rolbypassrls AND pg_has_role(oid, 'pg_read_all_data', 'USAGE')
        FROM pg_roles WHERE rolname = 'backup'""",
    "the monitoring role, which may not change anything": """SELECT pg_has_role(oid, 'pg_monitor', 'USAGE')
        AND NOT rolsuper AND NOT pg_has_role(oid, 'pg_maintain', 'MEMBER') FROM pg_roles WHERE rolname = 'monitor'""",
    "the maintenance role": """SELECT NOT rolsuper AND pg_has_role(oid, 'pg_maintain', 'USAGE')
        AND pg_has_role(oid, 'pg_monitor', 'USAGE') FROM pg_roles WHERE rolname = 'maintenance'""",
    "all kinds of indexes": """SELECT array_agg(DISTINCT amname::text) @> '{btree,hash,gin,gist,spgist,brin,hnsw}'
        FROM pg_class AS c JOIN pg_am AS a ON a.oid = c.relam WHERE c.relkind = 'i'""",
    "expression, partial and covering indexes": """SELECT bool_or(indexprs IS NOT NULL) AND bool_or(indpred IS NOT NULL)
        AND bool_or(indnatts > indnkeyatts) FROM pg_index WHERE indrelid >= 16384""",
    "extended statistics": "SELECT count(*) = 2 FROM pg_statistic_ext",
    "publications": "SELECT count(*) = 2 FROM pg_publication",
    "a foreign table of a server that does not answer": "SELECT count(*) = 1 FROM pg_foreign_table",
    "a text search configuration and collations": """SELECT (SELECT count(*) FROM pg_ts_config WHERE oid >= 16384) = 1
        AND (SELECT count(*) FROM pg_collation WHERE oid >= 16384) = 2""",
    "values of a megabyte": """SELECT count(*) FILTER (WHERE octet_length(raw) >= 1 << 20) = 4
        AND count(*) FILTER (WHERE octet_length(body) > 1 << 20) = 1 FROM crm.messages""",
    "NaN and infinities": """SELECT bool_or(exact = 'NaN') AND bool_or(single = '-Infinity')
        AND bool_or(stamp = 'infinity')
        AND bool_or(day = '-infinity') AND bool_or(free = '') AND bool_or(free IS NULL) FROM public.every_type""",
    "statistics that were never gathered, and dead rows": """SELECT (SELECT n_dead_tup > 4 * n_live_tup
        FROM pg_stat_user_tables WHERE relname = 'levels')""",
    "a bloated index": """SELECT pg_relation_size('stock.reservations_token') > 5 * 60 *
        (SELECT count(*) FROM stock.reservations)""",
    "remains of interrupted rebuilds": """SELECT array_agg(indexrelid::regclass::text
        ORDER BY indexrelid::regclass::text)
        = '{audit.logins_pkey_ccnew,billing.payments_again_ccold}' FROM pg_index WHERE NOT indisvalid""",
    "autovacuum off where troubles are planted": """SELECT count(*) = 3 FROM pg_class
        WHERE 'autovacuum_enabled=off' = ANY (reloptions)""",
    "settings in which work can be seen": """SELECT current_setting('track_io_timing') = 'on'
        AND current_setting('log_lock_waits') = 'on' AND current_setting('log_min_duration_statement') = '250ms'
        AND current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
        AND current_setting('data_checksums') = 'on'""",
}


@pytest.mark.parametrize("feature", FEATURES)
def test_the_database_has(sandbox: Sandbox, feature: str) -> None:
    assert rows(sandbox.server, FEATURES[feature]) == [True]


def test_it_has_at_least_forty_tables(sandbox: Sandbox) -> None:
    names = rows(sandbox.server, "SELECT relname FROM pg_class WHERE relkind = 'r' AND oid >= 16384")
    assert len(names) >= 40


def test_the_second_database_has_a_name_to_be_quoted(sandbox: Sandbox) -> None:
    assert rows(sandbox.server, "SELECT count(*) FROM bookings", OFFICE) == [4000]


def test_every_role_logs_in_with_its_own_password(sandbox: Sandbox) -> None:
    passwords = {role: sandbox.layout.password(role) for role in LOGINS}
    assert len(set(passwords.values())) == len(LOGINS)
    for role, password in passwords.items():
        path = sandbox.layout.passwords / role
        assert path.stat().st_mode & 0o777 == 0o600
        login: dict[str, Any] = {"host": "127.0.0.1", "port": sandbox.server.port, "user": role, "password": password}
        psycopg2.connect(dbname=SHOP, **login).close()
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(dbname=SHOP, **{**login, "password": "wrong"})


# -- the web application ----------------------------------------------------------------------------------------------


def test_health_measures_the_database(sandbox: Sandbox) -> None:
    status, body = sandbox.app.get("/health")
    document = json.loads(body)
    assert (status, document["status"], document["database"]["connected"]) == (200, "ok", True)
    assert 0 < document["database"]["latency_ms"] < 5000
    status, body = sandbox.app.get("/ready")
    assert (status, json.loads(body)["checks"]) == (200, {"database": "up"})


def test_its_log_tells_of_every_request(sandbox: Sandbox) -> None:
    entries = [json.loads(line) for line in sandbox.app.log.read_text(encoding="utf-8").splitlines()]
    assert all(
        set(entry) == {"time", "level", "method", "path", "status", "duration_ms", "message"} for entry in entries
    )
    statuses = Counter(entry["status"] for entry in entries)
    assert statuses[200] > 200
    assert {401, 404, 500} <= set(statuses)
    assert statuses[500] / statuses[200] < 0.02
    paths = {entry["path"] for entry in entries}
    assert {"/search/<script>alert(1)</script>", "/static/ERROR.css"} <= paths
    assert {entry["level"] for entry in entries if "ERROR" in entry["path"]} == {"warning"}
    assert max(entry["duration_ms"] for entry in entries if entry["path"] == "/api/report") > 300


def test_older_logs_are_the_same_but_for_their_times(sandbox: Sandbox, tmp_path: Path) -> None:
    def texts(folder: Path) -> list[str]:
        return [
            (folder / "app.log.1").read_text(),
            gzip.decompress((folder / "app.log.2.gz").read_bytes()).decode(),
            zstandard.ZstdDecompressor().decompress((folder / "app.log.3.zst").read_bytes(), 1 << 24).decode(),
        ]

    def untimed(text: str) -> list[Any]:
        return [{**json.loads(line), "time": None} for line in text.splitlines()]

    assert ensure_history(tmp_path) is True
    assert ensure_history(tmp_path) is False
    there, here = texts(sandbox.layout.logs), texts(tmp_path)
    assert [untimed(text) for text in there] == [untimed(text) for text in here]
    times = [json.loads(line)["time"] for text in reversed(here) for line in text.splitlines()]
    assert times == sorted(times)
    (tmp_path / "history-until").write_text("2020-01-01T00:00:00+00:00")
    assert ensure_history(tmp_path) is True


def test_the_certificate_is_good_for_two_thirds_of_its_life(sandbox: Sandbox) -> None:
    certificate = x509.load_pem_x509_certificate((sandbox.layout.tls / "server.crt").read_bytes())
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert life.days == 90
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]


# -- backup sets ------------------------------------------------------------------------------------------------------


def sets(sandbox: Sandbox, run_module: Any) -> list[Any]:
    found = run_module(
        "postgresql_backup_info",
        {"directory": str(sandbox.layout.backups), "environment": "sandbox", "check_hashes": True},
    )
    backups: list[Any] = found["backups"]
    return backups


def test_older_backup_sets_are_real(sandbox: Sandbox, run_module: Any) -> None:
    found = sets(sandbox, run_module)
    assert [round(one["age_seconds"] / 86400) for one in found] == [1, 2, 3, 9, 20, 50]
    assert {(one["state"], one["verified"], one["database"]) for one in found} == {("complete", True, OFFICE)}


# -- it comes back ----------------------------------------------------------------------------------------------------


def processes(sandbox: Sandbox) -> set[int]:
    """The server's first process and the application's."""
    first = (sandbox.server.data / "postmaster.pid").read_text().split()[0]
    return {int(first), int((sandbox.layout.app / "pid").read_text())}


def test_a_second_start_leaves_what_runs_alone(sandbox: Sandbox) -> None:
    before = processes(sandbox)
    sandbox.start()
    assert processes(sandbox) == before
    assert {"PostgreSQL", "web application"} <= set(sandbox.status())


def test_stop_and_start(sandbox: Sandbox) -> None:
    before = processes(sandbox)
    sandbox.stop()
    assert not sandbox.server.running
    assert not sandbox.app.running
    assert not any(psutil.pid_exists(pid) for pid in before)
    sandbox.stop()
    assert sandbox.status()["web application"] == "stopped"
    sandbox.start()
    assert sandbox.app.get("/health")[0] == 200


def test_it_comes_back_after_its_processes_were_killed(sandbox: Sandbox) -> None:
    killed = processes(sandbox)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    sandbox.start()
    assert not processes(sandbox) & killed
    assert sandbox.app.get("/health")[0] == 200


def test_process_ids_that_others_have_now_are_no_matter(sandbox: Sandbox) -> None:
    sandbox.stop()
    (sandbox.server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{sandbox.server.data}\n")
    (sandbox.layout.app / "pid").write_text(str(os.getpid()))
    sandbox.start()
    assert os.getpid() not in processes(sandbox)


def test_ports_that_others_have_now_are_replaced(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    taken = [sandbox.server.port, sandbox.app.port]
    sandbox.stop()
    with socket.create_server(("127.0.0.1", taken[0])), socket.create_server(("127.0.0.1", taken[1])):
        sandbox.start()
    told = capsys.readouterr().out
    assert f"Port {taken[0]} of PostgreSQL is taken" in told
    assert f"Port {taken[1]} of the web application is taken" in told
    settings = json.loads((sandbox.layout.root / "settings.json").read_text())
    assert [settings["postgresql_port"], settings["app_port"]] == [sandbox.server.port, sandbox.app.port]
    assert not set(taken) & {sandbox.server.port, sandbox.app.port}


def test_sick_and_well_again(sandbox: Sandbox, run_module: Any) -> None:
    sandbox.start(sick=True)
    sandbox.start(sick=True)
    server = sandbox.server
    assert sandbox.status()["troubles"] == "critical ones, planted"
    status, body = sandbox.app.get("/health")
    assert (status, json.loads(body)["database"]["connected"]) == (503, False)
    assert [one["state"] for one in sets(sandbox, run_module)] == ["complete", "corrupt", *["complete"] * 4]
    retained = "SELECT pg_current_wal_lsn() - restart_lsn > 160 << 20 AND NOT active FROM pg_replication_slots"
    assert rows(server, retained) == [True]
    assert rows(server, "SELECT gid FROM pg_prepared_xacts") == [PREPARED]
    served = (sandbox.layout.tls / "expiring.crt").read_bytes()
    assert json.loads((sandbox.layout.app / "settings.json").read_text())["certificate"].endswith("expiring.crt")
    left = x509.load_pem_x509_certificate(served).not_valid_after_utc.timestamp() - time.time()
    assert 86400 < left < 2 * 86400
    errors = [line for line in sandbox.app.log.read_text().splitlines() if '"level": "error"' in line]
    assert len(errors) > 100

    sandbox.start()
    assert sandbox.status()["troubles"] == "the usual ones"
    assert sandbox.app.get("/health")[0] == 200
    assert {one["state"] for one in sets(sandbox, run_module)} == {"complete"}
    assert rows(server, f"SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{SLOT}'") == [0]
    assert rows(server, "SELECT count(*) FROM pg_prepared_xacts") == [0]
    assert len([line for line in sandbox.app.log.read_text().splitlines() if '"level": "error"' in line]) < 10


def test_a_start_that_was_killed_is_begun_anew(tmp_path: Path) -> None:
    folder = tmp_path / ".sandbox"
    command = [sys.executable, "-m", "tests.stacks.sandbox", "start", "--folder", str(folder), "--scale", "0.2"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as starting:
        assert starting.stdout is not None
        for line in starting.stdout:
            if "Rows" in line:
                starting.kill()
                break
    one = Sandbox(folder, SCALE)
    try:
        one.start()
        assert one.app.get("/health")[0] == 200
        assert len(content(one.server)) > 40
    finally:
        one.remove()


def test_what_it_cannot_do_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=10 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    with pytest.raises(SandboxError, match="10 MiB are free where .* 150 MiB are needed"):
        Sandbox(tmp_path / "full", SCALE).start()
    command = [sys.executable, "-m", "tests.stacks.sandbox", "start", "--folder", "/dev/null/sandbox"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert done.stderr.startswith("The sandbox does not start: ")


# -- as whom ----------------------------------------------------------------------------------------------------------

NAMESPACE = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


def namespaces_serve() -> bool:
    return shutil.which("unshare") is not None and not subprocess.run([*NAMESPACE, "true"], check=False).returncode


def ways() -> list[str]:
    """Root tries all of them. An ordinary user can only be one."""
    if os.geteuid():
        return ["as we are"]
    return ["as we are", "no namespaces", *(["an ordinary user"] if namespaces_serve() else [])]


ONE_AFTER_ANOTHER = """
import subprocess, sys
def run(word):
    return subprocess.run([sys.executable, "-m", "tests.stacks.sandbox", word, *sys.argv[2:]]).returncode == 0
went_well = all(run(word) for word in sys.argv[1].split())
sys.exit(not (run("clean") and went_well))
"""


@pytest.mark.long  # the stages "readme" and "runbook" start it, too
@pytest.mark.parametrize("way", ways())
def test_it_runs(way: str, tmp_path: Path) -> None:
    environment, prefix = dict(os.environ), list[str]()
    if way == "no namespaces":
        (tmp_path / "unshare").write_text("#!/bin/sh\necho 'unshare: not here' >&2\nexit 1\n")
        (tmp_path / "unshare").chmod(0o755)
        environment["PATH"] = f"{tmp_path}:{environment['PATH']}"
    elif way == "an ordinary user":
        prefix = NAMESPACE
    folder = tmp_path / "closed to others" / ".sandbox"
    folder.parent.mkdir(mode=0o700)
    words, options = "start status stop start", ["--folder", str(folder), "--scale", str(SCALE)]
    done = subprocess.run(
        [*prefix, sys.executable, "-c", ONE_AFTER_ANOTHER, words, *options],
        cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (data,) = (Path(line.rpartition(", ")[2]) for line in done.stdout.splitlines() if line.startswith("PostgreSQL:"))
    if way == "no namespaces":
        assert f"as nobody from {data.parent}" in done.stdout
        assert not data.parent.exists()
    else:
        assert data == folder / "postgresql" / "data"
    assert not folder.exists()
    assert folder.parent.stat().st_mode & 0o777 == 0o700


# -- the inventory ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["inventories/sandbox", "inventories/sandbox/hosts"])
def test_the_inventory_finds_its_folders(source: str) -> None:
    command = [sys.executable, "-m", "ansible", "adhoc", "-i", source, "shop", "-m", "ansible.builtin.debug",
               "-a", "msg={{ day2_report_dir }}"]  # fmt: skip
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert f'"msg": "{CHECKOUT}/.sandbox/reports"' in done.stdout, done.stdout + done.stderr


def test_the_inventory_reads_the_sandboxs_own_files(sandbox: Sandbox) -> None:
    shown = [
        "day2_environment", "day2_databases", "day2_backup", "day2_endpoints", "day2_certificates", "day2_logs",
        "day2_rules", "day2_state_dir", "day2_report_dir", "day2_fail_on",
    ]  # fmt: skip
    expression = "{{ {" + ", ".join(f"'{name}': {name}" for name in shown) + "} }}"
    command = [sys.executable, "-m", "ansible", "adhoc", "-i", str(CHECKOUT / "inventories" / "sandbox"), "sandbox",
               "-m", "ansible.builtin.debug", "-a", json.dumps({"msg": expression}),
               "-e", json.dumps({"sandbox_folder": str(sandbox.layout.root)})]  # fmt: skip
    environment = {**os.environ, "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1", "ANSIBLE_STDOUT_CALLBACK": "minimal"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.partition("=>")[2])["msg"]
    assert found["day2_environment"] == "sandbox"
    for database in found["day2_databases"]:
        for login in ({**database, **database.get(work, {})} for work in ("backup", "health", "drill", "maintenance")):
            psycopg2.connect(
                dbname=database["name"], host=login["login_host"], port=login["login_port"], user=login["login_user"],
                password=login["login_password"],
            ).close()  # fmt: skip
        assert Path(database["bin_dir"], "pg_dump").exists()
    assert [one["url"].rpartition(":")[2].partition("/")[0] for one in found["day2_endpoints"]] == [
        str(sandbox.app.port)
    ] * 3
    assert all(Path(one["ca_cert"]).exists() for one in found["day2_certificates"])
    assert Path(found["day2_backup"]["directory"]) == sandbox.layout.backups
    assert "password" not in (CHECKOUT / "inventories" / "sandbox" / "hosts").read_text()
