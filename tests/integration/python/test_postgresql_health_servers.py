# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Health of servers in trouble: standbys, archives that fail, damaged pages, lost connections, slow catalogs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import server_of
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health import sequences
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health.collect import FAMILIES, health
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health.look import Look, Wanted
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import QueryFailed, Session

from ...conftest import RunModule
from ...stacks.embedded import EmbeddedServer
from .health_plants import options, until

SETTINGS = {"fsync": "off", "max_connections": "40", "shared_buffers": "32MB"}
DEFAULTS = {
    "databases": None,
    "database": "postgres",
    "families": None,
    "top": 20,
    "long_query_seconds": 5.0,
    "mask": True,
    "query_timeout": 30.0,
}


def login_of(server: EmbeddedServer) -> dict[str, Any]:
    """How to log in to an embedded server."""
    return options(
        {
            "login_host": server.host,
            "login_port": server.port,
            "login_password": server.password,
            "bin_dir": str(server.bin_dir),
        }
    )


def session_of(server: EmbeddedServer, database: str = "postgres") -> Session:
    """A session of the superuser."""
    return server_of(login_of(server)).session(database)


def look(server: EmbeddedServer, **changed: Any) -> dict[str, Any]:
    """The facts of one database of a server."""
    (facts,) = health({**login_of(server), **DEFAULTS, **changed})["postgresql"]
    found: dict[str, Any] = facts
    return found


def reasons(facts: dict[str, Any], what: str) -> list[str]:
    """Why something was not seen."""
    return [entry["reason"] for entry in facts["unseen"] if entry["what"] == what]


@pytest.fixture(scope="module")
def primary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server whose archive fails, with something in it."""
    server = EmbeddedServer(tmp_path_factory.mktemp("primary"), 18)
    server.start({**SETTINGS, "archive_mode": "on", "archive_command": "false", "max_prepared_transactions": "2"})
    with session_of(server) as session:
        session.execute("CREATE TABLE public.kept (id serial PRIMARY KEY, t text)")
        session.execute("INSERT INTO public.kept (t) SELECT 'x' FROM generate_series(1, 500)")
        session.execute("CREATE UNLOGGED TABLE public.lost (id serial)")
        session.execute("VACUUM (ANALYZE) public.kept")
    yield server
    server.stop("immediate")


@pytest.fixture(scope="module")
def standby(primary: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A standby that streams from the primary through a slot."""
    folder = tmp_path_factory.mktemp("standby")
    server = EmbeddedServer.standby_of(primary, folder, "to_standby")
    server.start(
        {**SETTINGS, "max_prepared_transactions": "2", "archive_mode": "off", "wal_retrieve_retry_interval": "100"}
    )
    yield server
    server.stop("immediate")


def streams(standby: EmbeddedServer) -> bool:
    """Whether the standby receives."""
    with session_of(standby) as session:
        return session.values("SELECT status FROM pg_stat_wal_receiver") == ["streaming"]


def test_a_standby_tells_what_it_knows_and_no_more(primary: EmbeddedServer, standby: EmbeddedServer) -> None:
    until(lambda: streams(standby), "streaming")
    facts = look(standby)
    assert facts["server"]["in_recovery"] is True
    unseen = {name for name in FAMILIES if facts[name] is None}
    assert unseen <= {"vacuum_times", "prepared_transactions", "slow_statements", "index_hit_ratio"}
    for family in ("vacuum_times", "prepared_transactions"):
        assert facts[family] is None
        assert "primary" in reasons(facts, family)[0]
    replication = facts["replication"]
    assert (replication["receiver"]["status"], replication["receiver"]["slot"]) == ("streaming", "to_standby")
    assert replication["receiver"]["sender_port"] == primary.port
    assert replication["standby"]["replay_paused"] is False
    assert replication["standby"]["unreplayed_bytes"] is not None
    by_name = {row["sequence"]: row for row in facts["sequences"]["top"]}
    assert by_name["public.kept_id_seq"]["last_value"] >= 500
    assert by_name["public.lost_id_seq"]["last_value"] is None
    assert facts["bloat"]["tables"]["bloat_bytes"] is not None
    assert primary.password not in str(facts)


def test_a_standby_that_lags_or_is_cut_off_says_so(standby: EmbeddedServer) -> None:
    until(lambda: streams(standby), "streaming")
    with session_of(standby) as session:
        session.execute("SELECT pg_wal_replay_pause()")
        try:
            paused = until(lambda: paused_facts(standby), "replay is paused")
        finally:
            session.execute("SELECT pg_wal_replay_resume()")
        conninfo = session.value("SELECT current_setting('primary_conninfo') AS c")
        session.execute("ALTER SYSTEM SET primary_conninfo = ''")
        session.execute("SELECT pg_reload_conf()")
        try:
            until(lambda: not session.values("SELECT pid FROM pg_stat_wal_receiver"), "the receiver ends")
            cut_off = until(lambda: caught_up(standby), "all that was received is replayed")
        finally:
            session.execute("ALTER SYSTEM RESET primary_conninfo")
            session.execute(f"ALTER SYSTEM SET primary_conninfo = '{conninfo.replace(chr(39), chr(39) * 2)}'")
            session.execute("SELECT pg_reload_conf()")
    assert paused["replication"]["standby"]["replay_paused"] is True
    assert cut_off["replication"]["receiver"] is None
    assert cut_off["replication"]["standby"]["replay_lag_seconds"] is None
    assert reasons(cut_off, "replication.standby.replay_lag_seconds")


def paused_facts(standby: EmbeddedServer) -> dict[str, Any] | None:
    facts = look(standby, families=["replication"])
    return facts if facts["replication"]["standby"]["replay_paused"] else None


def caught_up(standby: EmbeddedServer) -> dict[str, Any] | None:
    facts = look(standby, families=["replication"])
    return facts if facts["replication"]["standby"]["unreplayed_bytes"] == 0 else None


def test_the_primary_tells_of_its_standby(primary: EmbeddedServer, standby: EmbeddedServer) -> None:
    until(lambda: streams(standby), "streaming")
    facts = look(primary, long_query_seconds=0)
    (sender,) = facts["replication"]["senders"]
    assert (sender["state"], sender["sync_state"], sender["user"]) == ("streaming", "async", "postgres")
    assert sender["lag_bytes"] >= 0
    (slot,) = facts["replication"]["slots"]
    assert (slot["name"], slot["active"], slot["inactive_since"]) == ("to_standby", True, None)
    assert facts["connections"]["background"]["walsender"] == 1
    assert facts["long_queries"]["excluded"]["walsender"] == 1
    assert "walsender" not in str(facts["long_queries"]["top"])


def test_an_archive_that_fails_is_told(primary: EmbeddedServer) -> None:
    with session_of(primary) as session:
        session.execute("INSERT INTO public.kept (t) VALUES ('more')")
        session.execute("SELECT pg_switch_wal()")
        until(lambda: session.value("SELECT failed_count FROM pg_stat_archiver"), "a failed archiving")
    archiver = look(primary, families=["wal"])["wal"]["archiver"]
    assert archiver["archive_mode"] == "on"
    assert archiver["failed_count"] >= 1
    assert archiver["failing"] is True
    assert archiver["last_failed_wal"]
    assert archiver["waiting"] >= 1
    assert archiver["last_archived_time"] is None


def test_settings_that_wait_and_mistakes_in_files_are_told(primary: EmbeddedServer) -> None:
    file = primary.data / "postgresql.auto.conf"
    before = file.read_text()
    with session_of(primary) as session:
        session.execute("ALTER SYSTEM SET max_worker_processes = 9")
        session.execute("ALTER SYSTEM SET max_connections = 77")  # the command line says otherwise
        file.write_text(file.read_text() + "work_mem = 'sEcReT'\n")
        session.execute("SELECT pg_reload_conf()")
        try:
            until(lambda: look(primary, families=["settings"])["settings"]["pending_restart"], "a pending restart")
            settings = look(primary, families=["settings"])["settings"]
        finally:
            file.write_text(before)
            session.execute("SELECT pg_reload_conf()")
    assert settings["pending_restart"] == ["max_worker_processes"]
    mistakes = {row["name"]: row for row in settings["file_errors"]}
    assert "max_connections" not in mistakes
    assert mistakes["work_mem"]["file"].endswith("postgresql.auto.conf")
    assert "sEcReT" not in str(settings)


def test_damaged_pages_are_counted(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "damaged", 18).start(SETTINGS)
    try:
        with session_of(server) as session:
            session.execute("CREATE TABLE public.damaged AS SELECT i FROM generate_series(1, 1000) i")
            path = session.value("SELECT pg_relation_filepath('public.damaged') AS p")
        server.stop("fast")
        with (server.data / path).open("r+b") as pages:
            pages.seek(4096)
            pages.write(b"damage")
        server.start(SETTINGS)
        with session_of(server) as session, pytest.raises(QueryFailed, match="invalid page"):
            session.query("SELECT count(*) AS n FROM public.damaged")
        failures = until(
            lambda: (
                found if (found := look(server, families=["checksum_failures"])["checksum_failures"])["count"] else None
            ),
            "a counted failure",
        )
    finally:
        server.stop("immediate")
    assert failures["enabled"] is True
    assert failures["server_count"] == failures["count"] == 1
    assert failures["last"] is not None
    assert failures["last"] == failures["server_last"]


def test_a_slow_catalog_costs_its_own_family_only(primary: EmbeddedServer) -> None:
    with session_of(primary) as holder:
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE pg_catalog.pg_sequence IN ACCESS EXCLUSIVE MODE")
        facts = look(primary, query_timeout=0.5)
    assert facts["sequences"] is None
    assert reasons(facts, "sequences")
    missing = {name for name in FAMILIES if facts[name] is None}
    assert missing <= {"sequences", "slow_statements", "index_hit_ratio"}


def test_however_short_the_time_every_gap_has_a_reason(primary: EmbeddedServer) -> None:
    facts = look(primary, query_timeout=0.001)
    assert facts["reached"] is True
    for name in FAMILIES:
        assert facts[name] is not None or reasons(facts, name), name


def test_a_connection_that_is_cut_keeps_what_was_seen(primary: EmbeddedServer) -> None:
    seen: list[dict[str, Any]] = []
    with session_of(primary) as holder, session_of(primary, "template1") as admin:
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE pg_catalog.pg_sequence IN ACCESS EXCLUSIVE MODE")
        work = threading.Thread(target=lambda: seen.append(look(primary)), daemon=True)
        work.start()
        waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'pg_catalog.pg_sequence'::regclass"
        (pid,) = until(lambda: admin.values(waiting), "a wait for the lock")
        admin.value(f"SELECT pg_terminate_backend({pid}) AS done")
        work.join(20)
    (facts,) = seen
    assert facts["reached"] is True
    assert facts["error"]["kind"] == "ConnectionLost"
    assert facts["connections"]["total"] > 0
    for name in ("sequences", "wraparound", "schema"):
        assert facts[name] is None
        assert reasons(facts, name)


def test_a_sequence_that_goes_meanwhile_does_not_hide_the_others(primary: EmbeddedServer) -> None:
    with session_of(primary) as session:
        look_ = Look(session, Wanted())
        every = sequences._catalog(look_)
        gone = {"oid": 1, "schema": "public", "relname": "gone; DROP"}
        positions = sequences._positions(look_, [gone, *every, {**gone, "oid": 2}])
    assert set(positions) == {row["oid"] for row in every}
    assert any("does not exist" in entry["reason"] for entry in look_.unseen)


def test_names_in_other_encodings_are_read_or_cost_their_own_family_only(primary: EmbeddedServer) -> None:
    latin_like = "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    with session_of(primary) as session:
        session.execute(f"CREATE DATABASE latin {latin_like}")
        try:
            with session_of(primary, "latin") as latin:
                latin.execute('CREATE TABLE public."né" (id int)')
                latin.execute(f'CREATE DATABASE "latiné" {latin_like}')
                inside, outside = look(primary, database="latin"), look(primary)
                latin.execute('DROP DATABASE "latiné"')
        finally:
            session.execute("DROP DATABASE latin")
    assert [row["table"] for row in inside["table_sizes"]["top"]] == ['public."né"']
    assert "latiné" in [row["database"] for row in inside["wraparound"]["databases"]]
    assert outside["wraparound"] is None
    assert "encoding" in reasons(outside, "wraparound")[0]
    assert outside["connections"]["total"] > 0


@pytest.fixture(scope="module")
def plain(primary: EmbeddedServer, standby: EmbeddedServer) -> dict[str, Any]:
    """How a role without any privilege logs in, at the primary and at the standby."""
    with session_of(primary) as session, session_of(standby) as copy:
        session.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        until(lambda: copy.values("SELECT rolname FROM pg_roles WHERE rolname = 'plain'"), "the role is replayed")
    return {"login_user": "plain", "login_password": "plain"}


def test_a_plain_role_does_not_size_what_it_may_not_enter(primary: EmbeddedServer, plain: dict[str, Any]) -> None:
    with session_of(primary) as session:
        session.execute("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
        try:
            facts = look(primary, **plain)
        finally:
            session.execute("GRANT CONNECT ON DATABASE template1 TO PUBLIC")
    assert facts["server"]["bytes"] is None
    assert "1 of the databases" in reasons(facts, "server.bytes")[0]
    assert facts["database"]["bytes"] > 0


def test_a_plain_role_is_told_that_it_does_not_see_the_receiver(standby: EmbeddedServer, plain: dict[str, Any]) -> None:
    until(lambda: streams(standby), "streaming")
    facts = look(standby, **plain)
    assert facts["replication"]["receiver"]["pid"] > 0
    assert facts["replication"]["receiver"]["status"] is None
    assert reasons(facts, "replication.receiver")


def test_sessions_that_hide_what_they_do_are_told(primary: EmbeddedServer) -> None:
    with session_of(primary) as session:
        session.execute("SET track_activities = off")
        facts = look(primary)
    assert "track_activities" in reasons(facts, "long_queries.top")[0]
    assert facts["connections"]["by_state"]["disabled"] == 1


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"login_password": "wrong"}, "password authentication failed"),
        ({"login_host": "host.invalid"}, "could not translate host name"),
        ({"login_port": 1}, "refused"),
        ({"database": "no such \"'; DROP"}, "does not exist"),
    ],
)
def test_what_cannot_be_reached_is_a_fact(
    primary: EmbeddedServer, run_module: RunModule, changed: dict[str, Any], why: str
) -> None:
    params = {name: value for name, value in login_of(primary).items() if value is not None}
    result = run_module("postgresql_health_info", {**params, **changed})
    assert "failed" not in result
    (facts,) = result["postgresql"]
    assert facts["reached"] is False
    assert facts["error"]["kind"] == "Unreachable"
    assert why in facts["error"]["why"]
    assert facts["database"]["name"] == changed.get("database", "postgres")
    assert all(facts[name] is None and reasons(facts, name) for name in FAMILIES)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"top": 0}, "option top failed: 0 is not between 1 and 1000"),
        ({"query_timeout": 0}, "option query_timeout failed"),
        ({"long_query_seconds": -1}, "option long_query_seconds failed"),
        ({"families": ["weather"]}, "value of families must be one or more of"),
        ({"database": "a", "databases": ["b"]}, "mutually exclusive"),
    ],
)
def test_senseless_options_are_refused(run_module: RunModule, changed: dict[str, Any], message: str) -> None:
    result = run_module("postgresql_health_info", changed)
    assert result["failed"] is True
    assert message in result["msg"]


def test_no_databases_are_no_facts(primary: EmbeddedServer, run_module: RunModule) -> None:
    params = {name: value for name, value in login_of(primary).items() if value is not None}
    assert run_module("postgresql_health_info", {**params, "databases": []})["postgresql"] == []
