# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module documents is what it does; what a query may answer."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._postgresql import metrics as module_under_test
from ansible_collections.day2.ops.plugins.module_utils._postgresql.server import Server
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import ConnectionLost, QueryFailed
from ansible_collections.day2.ops.plugins.modules import postgresql_metric_info

from ....conftest import RunModule

ENTRY = yaml.safe_load(postgresql_metric_info.RETURN)["metrics"]["contains"]


class NoSession:
    """A session that is there; what it is asked is answered elsewhere."""

    def __enter__(self) -> NoSession:
        return self

    def __exit__(self, *_exception: object) -> None:
        pass


def given(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": name, "query": name, **more} for name in names]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What queries answer: a value, or an exception that is raised."""
    found: dict[str, Any] = {}

    def answer(_session: Any, query: str, _seconds: float) -> Any:
        if isinstance(found[query], Exception):
            raise found[query]
        return found[query]

    monkeypatch.setattr(Server, "session", lambda _server, _database=None: NoSession())
    monkeypatch.setattr(module_under_test, "answer", answer)
    return found


@pytest.mark.parametrize(
    ("answered", "value", "error"),
    [
        (12, 12, None),
        (0, 0, None),
        (-1.5, -1.5, None),
        (None, None, "the query returned NULL, or no row"),
        (True, None, "the query returned no number (bool)"),
        ("NaN", None, "the query returned no number (text)"),
        ([1], None, "the query returned no number (list)"),
        (QueryFailed("db", "22012", "division by zero"), None, "division by zero (SQLSTATE 22012)"),
        (QueryFailed("db", "57014", "canceling"), None, "it took longer than 30 seconds (timeout)"),
    ],
)
def test_only_a_number_is_one(
    run_module: RunModule, answers: dict[str, Any], answered: Any, value: float | None, error: str | None
) -> None:
    answers.update({"odd": answered, "well": 7})
    odd, well = run_module("postgresql_metric_info", {"metrics": given("odd", "well", unit="users")})["metrics"]
    assert set(odd) == set(ENTRY)
    assert (odd["value"], odd["error"], odd["database"], odd["unit"]) == (value, error, "postgres", "users")
    assert (odd["seconds"] is None) is (value is None)
    assert (well["value"], well["error"]) == (7, None)


def test_a_connection_that_is_lost_costs_what_was_still_to_be_asked(
    run_module: RunModule, answers: dict[str, Any]
) -> None:
    lost = ConnectionLost("asking", "db", "it was terminated", "Look why.")
    answers.update({"first": 1, "second": lost, "third": 3, "elsewhere": 4})
    wanted = [*given("first", "second", "third"), *given("elsewhere", database="other")]
    told = run_module("postgresql_metric_info", {"metrics": wanted})["metrics"]
    assert [entry["value"] for entry in told] == [1, None, None, 4]
    assert [entry["error"] for entry in told] == [None, str(lost), str(lost), None]


def test_a_database_that_is_not_reached_is_a_fact(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    def session(_server: Server, database: str | None = None) -> NoSession:
        if database == "gone":
            raise Unreachable("connecting", "gone", "it sleeps", "Wake it.")
        return NoSession()

    monkeypatch.setattr(Server, "session", session)
    monkeypatch.setattr(module_under_test, "answer", lambda *_arguments: 1)
    wanted = [*given("a", database="gone"), *given("a", database="there"), *given("b", database="gone")]
    told = run_module("postgresql_metric_info", {"metrics": wanted}, check_mode=True)
    assert told["changed"] is False
    assert [(entry["database"], entry["value"]) for entry in told["metrics"]] == [
        ("gone", None),
        ("there", 1),
        ("gone", None),
    ]
    assert "it sleeps" in told["metrics"][2]["error"]


def test_without_a_way_to_connect_it_fails(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    def session(_server: Server, _database: str | None = None) -> None:
        raise NotPossible("finding psql", "this host", "neither psycopg2 nor psql is there", "Install psycopg2.")

    monkeypatch.setattr(Server, "session", session)
    assert run_module("postgresql_metric_info", {"metrics": given("a")})["error"]["kind"] == "NotPossible"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (given("a", "a"), 'there are two of the database "postgres"'),
        (given("a", timeout=0), "timeout is 0"),
        ([{"name": "a"}], "missing required arguments: query"),
        ([{"name": "a", "query": "SELECT 1", "colour": "red"}], "Unsupported parameters"),
    ],
)
def test_bad_options(run_module: RunModule, wanted: list[dict[str, Any]], why: str) -> None:
    told = run_module("postgresql_metric_info", {"metrics": wanted})
    assert told["failed"]
    assert why in told["msg"]
