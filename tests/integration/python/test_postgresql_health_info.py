# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Planted troubles are found, on every version, and what a role cannot see is never told as nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.health.collect import FAMILIES, health
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose

from ...conftest import RunModule
from ...stacks.embedded import EmbeddedServer
from ...tools import servers
from .health_plants import ODD_SCHEMA, Plants, options

SETTINGS = {
    "fsync": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "wal_level": "logical",
    "max_prepared_transactions": "5",
    "autovacuum_naptime": "1h",
}
DEFAULTS = {
    "databases": None,
    "database": None,
    "families": None,
    "top": 20,
    "long_query_seconds": 5.0,
    "mask": True,
    "query_timeout": 30.0,
}
ODD = '"' + ODD_SCHEMA.replace('"', '""') + '"'


@pytest.fixture(
    scope="module",
    params=["embedded 18", "embedded 16", *(f"container {major}" for major in sorted(servers.MAJORS))],
)
def plants(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plants]:
    """The planted database, on each kind of server in turn."""
    kind, major = request.param.split()
    embedded = None
    if kind == "embedded":
        embedded = EmbeddedServer(tmp_path_factory.mktemp("health"), int(major)).start(SETTINGS)
        login = {"login_host": embedded.host, "login_port": embedded.port, "login_password": embedded.password}
        login["bin_dir"] = str(embedded.bin_dir)
    else:
        login = servers.options_of(int(major))
    plants = Plants(login)
    try:
        plants.plant()
        yield plants
    finally:
        plants.remove()
        if embedded:
            embedded.stop("immediate")


def look(plants: Plants, **changed: Any) -> dict[str, Any]:
    """The facts of the planted database."""
    (facts,) = health({**options(plants.login), **DEFAULTS, "database": plants.database, **changed})["postgresql"]
    found: dict[str, Any] = facts
    return found


@pytest.fixture(scope="module")
def facts(plants: Plants) -> dict[str, Any]:
    """What a superuser sees while nobody else works there."""
    return look(plants, top=1000)


def named(rows: list[dict[str, Any]], key: str, name: str) -> dict[str, Any]:
    """The one row of that name."""
    (row,) = [row for row in rows if row[key] == name]
    return row


def reasons(facts: dict[str, Any], what: str) -> list[str]:
    """Why something was not seen."""
    return [entry["reason"] for entry in facts["unseen"] if entry["what"] == what]


def test_the_server_the_database_and_the_role_are_told(plants: Plants, facts: dict[str, Any]) -> None:
    assert (facts["reached"], facts["error"]) == (True, None)
    assert facts["database"]["name"] == plants.database
    assert facts["database"]["owner"] == "postgres"
    assert facts["database"]["bytes"] > 5_000_000
    assert facts["server"]["bytes"] > facts["database"]["bytes"]
    assert facts["server"]["version_num"] // 10000 == int(facts["server"]["version"].split(".")[0])
    assert facts["server"]["in_recovery"] is False
    assert facts["server"]["system_identifier"].isdigit()
    assert facts["server"]["uptime_seconds"] >= 0
    assert facts["role"]["superuser"] is True
    assert facts["role"]["cannot_see"] == []
    assert set(facts) == {
        "reached", "error", "seconds", "families", "unseen", "server", "database", "role", *FAMILIES,
    }  # fmt: skip


def test_nothing_fails_for_a_superuser(facts: dict[str, Any]) -> None:
    missing = {name for name in FAMILIES if facts[name] is None}
    assert missing <= {"slow_statements"}
    allowed = ("does not keep it", "pg_stat_statements is not installed", "are not estimated", "checksums are off")
    assert [entry for entry in facts["unseen"] if not any(word in entry["reason"] for word in allowed)] == []


def test_bloat_is_estimated(facts: dict[str, Any]) -> None:
    tables, indexes = facts["bloat"]["tables"], facts["bloat"]["indexes"]
    assert named(tables["top"], "table", "public.bloated")["bloat_percent"] == pytest.approx(90, abs=2)
    assert named(indexes["top"], "index", "public.bloated_pkey")["bloat_percent"] == pytest.approx(88, abs=4)
    assert tables["top"][0]["table"] == "public.bloated"
    for name in ("public.fresh", "public.many_equal"):
        assert named(tables["top"], "table", name)["bloat_percent"] < 3
    for name in (
        "fresh_pkey", "fresh_label", "fresh_label_again", "fresh_label_id", "fresh_partial", "fresh_upper",
        "fresh_small", "many_equal_kind",
    ):  # fmt: skip
        assert named(indexes["top"], "index", f"public.{name}")["bloat_percent"] < 8, name
    assert not [row for row in indexes["top"] if row["index"] == "public.fresh_hash"]
    assert not [row for row in tables["top"] if row["table"] == "public.never_analyzed"]
    assert tables["unknown"] >= 1
    assert reasons(facts, "bloat.tables")
    assert tables["bloat_bytes"] == sum(row["bloat_bytes"] for row in tables["top"])
    assert "estimated" in facts["bloat"]["method"]


def test_sizes_are_measured(facts: dict[str, Any]) -> None:
    sizes = facts["table_sizes"]
    assert sizes["bytes"] == sum(row["bytes"] for row in sizes["top"])
    assert sizes["total"] == len(sizes["top"])
    assert named(sizes["top"], "table", "public.forgetful")["persistence"] == "unlogged"
    assert named(sizes["top"], "table", "public.summary")["kind"] == "materialized view"
    assert named(sizes["top"], "table", "public.parted_2a")["partition_of"] == "public.parted"
    assert named(sizes["partitioned"]["top"], "table", "public.parted")["partitions"] == 2
    assert named(sizes["top"], "table", "public.no_columns")["bytes"] == 0
    for name in ('"Mixed Case"', "x" * 63, '"sel\'ect"', '"ünïcødé"'):
        assert named(sizes["top"], "table", f"{ODD}.{name}")["bytes"] > 0
    assert sizes["other_bytes"] > 1_000_000
    assert facts["index_sizes"]["bytes"] == sum(row["bytes"] for row in facts["index_sizes"]["top"])
    assert named(facts["index_sizes"]["top"], "index", "public.fresh_hash")["method"] == "hash"


def test_idle_double_and_broken_indexes_are_found(facts: dict[str, Any]) -> None:
    usage = facts["index_usage"]
    unused = {row["index"]: row for row in usage["unused"]["top"]}
    assert unused["public.fresh_upper"]["is_needed"] is False
    assert unused["public.child_pkey"]["is_replica_identity"] is True
    assert unused["public.child_pkey"]["backs_constraint"] is True
    assert unused["public.parted_1_part_idx"]["is_partition"] is True
    needed = [row["is_needed"] for row in usage["unused"]["top"]]
    assert needed == sorted(needed)
    assert usage["unused"]["not_needed_total"] == needed.count(False)
    (group,) = usage["duplicates"]["top"]
    assert [row["index"] for row in group["indexes"]] == ["public.fresh_label", "public.fresh_label_again"]
    assert group["table"] == "public.fresh"
    assert usage["duplicates"]["bytes"] == group["bytes"] > 0
    covered = {row["index"]: row["covered_by"] for row in usage["overlapping"]["top"]}
    assert covered == dict.fromkeys(("public.fresh_label", "public.fresh_label_again"), "public.fresh_label_id")
    leftovers = {row["index"]: row["leftover"] for row in usage["invalid"]["top"]}
    assert leftovers == {
        "public.doubled_x": None,
        "public.doubled_x_ccnew": "ccnew",
        "public.doubled_x_ccold1": "ccold",
    }
    assert (usage["invalid"]["total"], usage["invalid"]["leftovers"], usage["invalid"]["in_progress"]) == (3, 2, 0)


def test_sequences_that_run_out_are_found(facts: dict[str, Any]) -> None:
    top = facts["sequences"]["top"]
    assert [row["sequence"] for row in top[:2]] == ["public.nearly_over", "public.wide"]
    assert (top[0]["used_percent"], top[0]["column_used_percent"]) == (95.0, None)
    assert (top[0]["last_value"], top[0]["limit"]) == (31129, 32767)
    assert (top[1]["used_percent"], top[1]["column_used_percent"]) == (0.0, 95.0)
    assert [column["column"] for column in top[1]["columns"]] == ["public.narrow.id", "public.identified.other"]
    assert facts["sequences"]["highest_used_percent"] == 95.0
    down = named(top, "sequence", "public.downwards")
    assert (down["used_percent"], down["cycles"], down["limit"]) == (99.5, True, -200)
    identity = named(top, "sequence", "public.identified_id_seq")
    assert (identity["used_percent"], identity["columns"][0]["identity"]) == (0.0, True)
    odd = named(top, "sequence", f'{ODD}."Mixed Case_c""ol_seq"')
    assert odd["last_value"] == 100
    assert facts["sequences"]["unread"] == 0


def test_dead_rows_and_old_statistics_are_told(facts: dict[str, Any]) -> None:
    vacuum = facts["vacuum_times"]
    dirty = named(vacuum["top"], "table", "public.dirty")
    assert (dirty["dead_tuples"], dirty["live_tuples"], dirty["dead_percent"]) == (400, 600, 40.0)
    assert dirty["modified_since_analyze"] == 400
    assert dirty["last_vacuum"]
    assert dirty["last_autovacuum"] is None
    assert dirty["vacuum_age_seconds"] >= 0
    assert dirty["autovacuum_enabled"] is False
    assert named(vacuum["top"], "table", "public.never_analyzed")["statistics_age_seconds"] is None
    assert vacuum["never_analyzed"] >= 1
    assert vacuum["autovacuum_disabled"] >= 5
    assert vacuum["horizon_xid_age"]["prepared_transactions"] >= 0
    assert vacuum["horizon_xid_age"]["slots_catalog"] > 0


def test_wraparound_is_told(plants: Plants, facts: dict[str, Any]) -> None:
    wraparound = facts["wraparound"]
    assert wraparound["xid_age"] > 0
    assert wraparound["xid_percent_of_limit"] < wraparound["xid_percent_of_freeze"] + 0.01
    assert plants.database in [row["database"] for row in wraparound["databases"]]
    toast = [row for row in wraparound["tables"] if row["toast_of"]]
    assert toast[0]["table"].startswith("pg_toast.")


def test_prepared_transactions_and_replication_are_told(plants: Plants, facts: dict[str, Any]) -> None:
    prepared = facts["prepared_transactions"]
    assert (prepared["total"], prepared["top"][0]["gid"], prepared["top"][0]["user"]) == (1, plants.gid, "postgres")
    assert prepared["oldest_seconds"] == prepared["top"][0]["age_seconds"] > 0
    slots = facts["replication"]["slots"]
    logical, physical = (named(slots, "name", name) for name in plants.slots)
    assert (logical["type"], logical["database"], logical["plugin"]) == ("logical", plants.database, "pgoutput")
    assert (physical["type"], physical["active"], physical["wal_status"]) == ("physical", False, "reserved")
    assert logical["retained_bytes"] > 0
    assert physical["retained_bytes"] > 0
    since = facts["server"]["version_num"] >= 170000
    assert (physical["inactive_since"] is not None) is since
    assert facts["replication"]["receiver"] is None
    assert facts["replication"]["standby"] is None
    (subscription,) = facts["replication"]["subscriptions"]
    assert (subscription["name"], subscription["enabled"], subscription["slot"]) == ("idle_one", False, None)
    assert subscription["apply_error_count"] == (0 if facts["server"]["version_num"] >= 150000 else None)
    publications = {row["name"]: row for row in facts["replication"]["publications"]}
    assert publications["all_of_it"]["all_tables"] is True
    assert publications["one"]["tables"] == 1
    assert "sEcReT" not in str(facts)


def test_the_definition_of_tables_is_looked_at(facts: dict[str, Any]) -> None:
    schema = facts["schema"]
    keyless = {row["table"]: row for row in schema["tables_without_primary_key"]["top"]}
    assert {"public.parted", "public.doubled", "public.no_columns"} <= set(keyless)
    assert "public.parted_1" not in keyless
    assert "public.fresh" not in keyless
    assert keyless["public.parted"]["is_partitioned"] is True
    assert {row["table"] for row in schema["disabled_triggers"]["top"]} == {"public.child"}
    assert all(row["enforces_foreign_key"] for row in schema["disabled_triggers"]["top"])
    assert schema["not_valid_constraints"]["top"] == [
        {"table": "public.child", "constraint": "unchecked", "type": "check", "is_enforced": True}
    ]


def test_counters_settings_and_extensions_are_told(facts: dict[str, Any]) -> None:
    assert 0 < facts["cache_hit_ratio"] <= 1
    assert 0 < facts["index_hit_ratio"] <= 1
    assert facts["statistics"]["commits"] > 10
    assert facts["statistics"]["rollback_ratio"] is not None
    assert facts["statistics"]["age_seconds"] >= 0
    assert facts["checksum_failures"]["count"] in (0, None)
    assert facts["settings"]["values"]["max_connections"]["value"].isdigit()
    assert facts["settings"]["file_errors"] == []
    assert named(facts["extensions"], "name", "plpgsql")["update_available"] is False
    assert facts["wal"]["bytes"] > 0
    assert facts["wal"]["archiver"]["failing"] is False
    assert facts["wal"]["archiver"]["waiting"] == 0
    assert facts["wal"]["checkpoints"]["last_seconds"] >= 0
    assert facts["collations"]["mismatched"] == {"total": 0, "top": []}


@pytest.fixture(scope="module")
def busy(plants: Plants) -> dict[str, Any]:
    """What different roles see while sessions hold, wait, and take long."""
    with plants.alive() as pids:
        return {
            "pids": pids,
            "facts": look(plants, long_query_seconds=0.2),
            "open": look(plants, long_query_seconds=0.2, mask=False, families=["long_queries"]),
            "plain": look(plants, login_user=plants.plain, login_password="known"),
            "monitor": look(plants, login_user=plants.monitor, login_password="known", long_query_seconds=0.2),
        }


def test_who_waits_for_whom_is_told(busy: dict[str, Any]) -> None:
    pids, blocking = busy["pids"], busy["facts"]["blocking"]
    blocked = {row["pid"]: row for row in blocking["top"]}
    waiter, locker = blocked[pids["waiter"]], blocked[pids["locker"]]
    assert blocking["total"] == 2
    assert (waiter["blocked_by"], waiter["depth"], waiter["roots"]) == ([pids["holder"]], 1, [pids["holder"]])
    assert (locker["depth"], locker["roots"]) == (2, [pids["holder"]])
    assert set(locker["blocked_by"]) == {pids["holder"], pids["waiter"]}
    assert (locker["mode"], locker["relation"]) == ("AccessExclusiveLock", "public.fresh")
    assert waiter["query"] == "UPDATE public.fresh SET label = ? WHERE id = ?"
    assert blocking["longest_seconds"] == waiter["seconds"] > locker["seconds"] > 0
    (root,) = blocking["roots"]
    assert (root["pid"], root["blocks"], root["application"]) == (pids["holder"], 2, "holder")


def test_connections_and_open_transactions_are_counted(plants: Plants, busy: dict[str, Any]) -> None:
    pids, connections = busy["pids"], busy["facts"]["connections"]
    (idle,) = connections["idle_in_transaction"]["top"]
    assert (idle["pid"], idle["user"], idle["state"]) == (pids["holder"], "postgres", "idle in transaction")
    assert idle["seconds"] > 0
    assert connections["oldest_transaction"]["pid"] == pids["holder"]
    assert connections["oldest_transaction_seconds"] >= idle["seconds"]
    assert connections["total"] >= 6
    assert sum(connections["by_state"].values()) == connections["total"]
    assert connections["by_state"]["active"] >= 3
    assert connections["used_percent"] > 0
    assert named(connections["by_database"], "name", plants.database)["total"] == 5
    assert connections["background"]["checkpointer"] == 1


def test_long_queries_are_listed_and_masked(busy: dict[str, Any]) -> None:
    slow = busy["pids"]["slow"]
    listed = {row["pid"]: row for row in busy["facts"]["long_queries"]["top"]}
    assert listed[slow]["query"] == "SELECT ?, ? AS n, pg_sleep(?)"
    assert (listed[slow]["wait_event"], listed[slow]["application"]) == ("PgSleep", "slow")
    assert listed[slow]["seconds"] >= 0.3
    assert busy["pids"]["holder"] not in listed
    assert "'sEcReT-literal'" in named(busy["open"]["long_queries"]["top"], "pid", slow)["query"]
    assert "sEcReT" not in str(busy["facts"])


def test_what_was_not_asked_for_is_named(busy: dict[str, Any]) -> None:
    assert busy["open"]["families"] == ["long_queries"]
    assert busy["open"]["connections"] is None
    assert reasons(busy["open"], "connections") == ["it was not asked for"]


def test_a_table_that_others_lock_is_not_waited_for(busy: dict[str, Any]) -> None:
    facts = busy["facts"]
    assert facts["table_sizes"]["unmeasured"] == 1
    assert named(facts["table_sizes"]["top"], "table", "public.fresh")["bytes"] is None
    assert reasons(facts, "table_sizes.bytes")
    assert facts["seconds"] < 5


def test_a_plain_role_does_not_take_what_it_sees_for_all(busy: dict[str, Any]) -> None:
    plain, pids = busy["plain"], busy["pids"]
    assert plain["long_queries"] is None
    for key in ("total", "by_state", "idle_in_transaction", "oldest_transaction_seconds", "used_percent"):
        assert plain["connections"][key] is None, key
    assert plain["connections"]["max_connections"] == busy["facts"]["connections"]["max_connections"]
    assert reasons(plain, "connections") == reasons(plain, "long_queries")
    assert "pg_monitor" in reasons(plain, "connections")[0]
    hidden = named(plain["blocking"]["top"], "pid", pids["locker"])
    assert (hidden["query"], hidden["state"], hidden["roots"]) == (None, None, [pids["holder"]])
    assert reasons(plain, "blocking.top[].query")


def test_a_member_of_pg_monitor_sees_the_activity(busy: dict[str, Any]) -> None:
    monitor, pids = busy["monitor"], busy["pids"]
    assert named(monitor["long_queries"]["top"], "pid", pids["slow"])["query"] == "SELECT ?, ? AS n, pg_sleep(?)"
    assert named(monitor["blocking"]["top"], "pid", pids["waiter"])["roots"] == [pids["holder"]]
    assert monitor["connections"]["idle_in_transaction"]["total"] == 1


def test_a_plain_role_is_told_what_it_does_not_see(plants: Plants) -> None:
    facts = look(plants, login_user=plants.plain, login_password="known")
    assert facts["reached"] is True
    assert facts["error"] is None
    assert facts["slow_statements"] is None
    assert facts["replication"]["senders"] is None
    assert facts["wal"]["bytes"] is None
    assert facts["wal"]["archiver"]["waiting"] is None
    assert facts["settings"]["file_errors"] is None
    assert facts["server"]["bytes"] is not None or reasons(facts, "server.bytes")
    assert facts["sequences"]["unread"] == facts["sequences"]["total"] > 0
    assert facts["sequences"]["highest_used_percent"] is None
    assert facts["sequences"]["top"][0]["used_percent"] is None
    assert facts["bloat"]["tables"]["unknown"] > 0
    assert not [row for row in facts["bloat"]["tables"]["top"] if row["table"] == "public.bloated"]
    for what in ("replication.senders", "wal.bytes", "wal.archiver.waiting", "settings", "settings.file_errors"):
        assert reasons(facts, what), what
    assert reasons(facts, "sequences.top[].used_percent")
    assert len(facts["role"]["cannot_see"]) == 4
    assert facts["role"]["superuser"] is False


def test_a_member_of_pg_monitor_sees_all_but_the_data(plants: Plants) -> None:
    facts = look(plants, login_user=plants.monitor, login_password="known")
    assert [name for name in FAMILIES if facts[name] is None and name != "slow_statements"] == []
    assert facts["connections"]["total"] >= 1
    assert facts["replication"]["senders"] is not None
    assert facts["wal"]["bytes"] > 0
    assert facts["wal"]["archiver"]["waiting"] == 0
    assert facts["table_sizes"]["unmeasured"] == 0
    assert facts["server"]["bytes"] > 0
    assert facts["sequences"]["unread"] == facts["sequences"]["total"]
    assert facts["bloat"]["tables"]["unknown"] > 0


def test_bloat_is_estimated_of_what_the_role_may_read(plants: Plants, facts: dict[str, Any]) -> None:
    seen = look(plants, login_user=plants.monitor, login_password="known", top=1000, families=["bloat"])["bloat"]
    every = facts["bloat"]
    for name in ("public.bloated", "public.fresh"):
        assert named(seen["tables"]["top"], "table", name) == named(every["tables"]["top"], "table", name)
    for name in ("public.bloated_pkey", "public.fresh_label_id"):
        assert named(seen["indexes"]["top"], "index", name) == named(every["indexes"]["top"], "index", name)
    assert not [row for row in seen["indexes"]["top"] if row["index"] == "public.many_equal_kind"]


def test_the_module_returns_the_same_and_changes_nothing(plants: Plants, run_module: RunModule) -> None:
    params = {**plants.login, "databases": [plants.database, "postgres", plants.database, "no such"], "top": 1}
    result = run_module("postgresql_health_info", params, check_mode=True)
    assert result["changed"] is False
    found = result["postgresql"]
    assert [facts["database"]["name"] for facts in found] == [plants.database, "postgres", "no such"]
    assert [facts["reached"] for facts in found] == [True, True, False]
    assert len(found[0]["table_sizes"]["top"]) == 1
    assert found[0]["table_sizes"]["total"] > 10
    assert "does not exist" in found[2]["error"]["why"]
    assert found[2]["connections"] is None
    assert "does not exist" in reasons(found[2], "connections")[0]
    assert all(set(facts) == set(found[0]) for facts in found)


def test_statements_are_told_where_they_are_counted(plants: Plants) -> None:
    facts = look(plants, families=["slow_statements"])
    if "service" not in plants.login:
        assert facts["slow_statements"] is None
        assert reasons(facts, "slow_statements") == ["pg_stat_statements is not installed in this database"]
        return
    with plants.session() as session:
        session.execute("CREATE SCHEMA stats")
        session.execute("CREATE EXTENSION pg_stat_statements SCHEMA stats")
        session.query("SELECT stats.pg_stat_statements_reset() IS NULL AS reset")
        session.query("SELECT 'sEcReT' AS planted, pg_sleep(0.01) IS NULL AS slept")
        facts = look(plants, top=1000)
        plain = look(plants, login_user=plants.plain, login_password="known")
        session.execute("DROP SCHEMA stats CASCADE")
    statements = facts["slow_statements"]
    assert statements["total"] > 0
    planted = next(row for row in statements["by_total_time"] if "planted" in row["query"])
    assert planted["total_seconds"] >= 0.01
    assert planted["mean_seconds"] >= 0.01
    assert planted["calls"] == 1
    assert planted["user"] == "postgres"
    assert len(statements["by_calls"]) == len(statements["by_mean_time"]) == statements["total"]
    assert statements["by_mean_time"][0]["mean_seconds"] >= statements["by_mean_time"][-1]["mean_seconds"]
    assert "sEcReT" not in str(facts)
    assert plain["slow_statements"] is None
    assert "pg_read_all_stats" in reasons(plain, "slow_statements")[0]
    assert named(facts["extensions"], "name", "pg_stat_statements")["schema"] == "stats"


# A statement whose text no database in UTF-8 can hold.
LATIN = """
DO $do$ BEGIN
  SET LOCAL pg_stat_statements.track = 'all';
  EXECUTE format('SELECT 1 AS %I', convert_from('\\xe9', 'SQL_ASCII'));
END $do$
"""


def test_statements_in_another_encoding_cost_the_texts_only(plants: Plants) -> None:
    if "service" not in plants.login:
        return  # the embedded servers have no such extension
    other = Identifier(f"{plants.database} latin")
    with plants.session() as session:
        session.execute("CREATE SCHEMA stats")
        session.execute("CREATE EXTENSION pg_stat_statements SCHEMA stats")
        session.execute(
            compose("CREATE DATABASE {d} ENCODING SQL_ASCII LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", d=other)
        )
        try:
            with plants.session(other.parts[0]) as latin:
                latin.execute(LATIN)
            facts = look(plants, families=["slow_statements"])
        finally:
            session.query("SELECT stats.pg_stat_statements_reset() IS NULL AS reset")
            session.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=other))
            session.execute("DROP SCHEMA stats CASCADE")
    statements = facts["slow_statements"]
    assert statements["total"] > 0
    assert {row["query"] for row in statements["by_calls"]} == {None}
    assert "invalid byte sequence" in reasons(facts, "slow_statements.query")[0]


def test_a_collation_whose_library_changed_is_found(plants: Plants) -> None:
    if "service" not in plants.login:
        return  # the embedded servers are built without ICU, and without versions of other collations
    with plants.session() as session:
        session.execute("CREATE COLLATION public.stale (provider = icu, locale = 'de')")
        session.execute("CREATE TABLE public.sorted (t text COLLATE public.stale)")
        session.execute("UPDATE pg_collation SET collversion = '0.1' WHERE collname = 'stale'")
        facts = look(plants, families=["collations"])
        session.execute("DROP TABLE public.sorted")
        session.execute("DROP COLLATION public.stale")
    (found,) = facts["collations"]["mismatched"]["top"]
    assert (found["collation"], found["recorded"]) == ("public.stale", "0.1")
    assert facts["collations"]["in_use"] >= 1
