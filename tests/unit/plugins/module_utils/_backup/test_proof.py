# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left out on purpose explains its own absence and nothing else; properties that mean the same are the same."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import proof as proof_module
from ansible_collections.day2.ops.plugins.module_utils._backup.proof import LeftAlone, prove_properties
from ansible_collections.day2.ops.plugins.module_utils._postgresql.differences import Difference

ALONE = LeftAlone({"pg_cron": "cron", "pglogical": "pglogical"}, ["public.far_view"])


@pytest.mark.parametrize(
    ("kind", "name", "explained"),
    [
        ("relation: populated", "public.far_view", True),
        ("relation: populated", "public.near_view", False),
        ("relation: populated", "cron.job", False),
        ("extension", "pg_cron", True),
        ("extension", "hstore", False),
        ("schema", "cron", True),
        ("schema", "cronology", False),
        ("relation", "cron.job", True),
        ("relation: acl", "cron.job", True),
        ("relation", "cronology.job", False),
        ("relation", "public.cron", False),
        ("policy", "cron.job.own", True),
        ("comment", "extension pg_cron", True),
        ("comment", "table cron.job", True),
        ("comment", "table public.pg_cron", False),
        ("comment: definition", "schema cron", True),
        ("privileges", "function cron.schedule(text,text)", True),
        ("privileges: granted", "schema cron", True),
        ("privileges", "function public.f(cron.job)", False),
        ("default privileges", "app in cron on r", True),
        ("security label", "guard on table cron.job", True),
        ("event trigger", "cron", False),
        ("foreign server", "pglogical", False),
        ("rows", "cron.job", True),
        ("sequence: value", '"cron"."jobid_seq"', False),
    ],
)
def test_what_is_left_alone_explains_what_is_its_own(kind: str, name: str, explained: bool) -> None:
    assert ALONE.explains(Difference(kind, name, "present", "missing")) is explained


PROPERTIES = {
    "owner": "app",
    "acl": ["=c/app", "app=CTc/app", 'r=c*/"the boss"'],
    "settings": [{"role": None, "setting": "a=1"}, {"role": "x", "setting": "b=2"}],
    "locale_provider": "i",
    "locale": "de@collation=phonebook",
    "bytes": 7,
}


class Now:
    """A session of which only the version counts."""

    def __init__(self, version: int) -> None:
        self.version = version


def properties(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, Any], was: int = 170000, now: int = 170000
) -> set[str]:
    monkeypatch.setattr(proof_module, "database_properties", lambda _session, _name, sized: {**PROPERTIES, **found})
    session: Any = Now(now)
    wrong = prove_properties(session, "shop", was, PROPERTIES)
    return {one.kind for one in wrong}


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"bytes": 8},
        {"acl": ["app=TcC/app", "r=c*/app", "=c/app"]},
        {"acl": ["app=CT/app", "app=c/other", "r=c*/app", "=c/app"]},
        {"settings": [{"role": "x", "setting": "b=2"}, {"role": None, "setting": "a=1"}]},
        {"future": 1},
    ],
)
def test_what_means_the_same_is_the_same(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any]) -> None:
    assert properties(monkeypatch, found) == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("owner", "boss"),
        ("acl", ["=c/app", "app=CTc/app", "r=c/app"]),
        ("acl", ["=c/app", "app=CTc/app"]),
        ("acl", None),
        ("settings", []),
        ("settings", [{"role": "x", "setting": "a=1"}, {"role": "x", "setting": "b=2"}]),
        ("locale", "de"),
        ("locale_provider", "c"),
    ],
)
def test_each_property_counts(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    assert properties(monkeypatch, {name: value}) == {f"database: {name}"}


def test_a_newer_server_may_name_the_locale_of_icu_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"locale": "de-u-co-phonebk"}
    assert properties(monkeypatch, found, 150004, 170000) == set()
    assert properties(monkeypatch, found, 150004, 150008) == {"database: locale"}
    assert properties(monkeypatch, {"locale_provider": "b", **found}, 150004, 170000) == {"database: locale_provider"}
