# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases in other encodings than UTF-8: every byte of their names and rows survives a backup and a restore."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import contents as contents_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule

from .backup_places import arguments, content_of
from .long import cases
from .maintenance_places import Place, places

# In each encoding: names of a table, a column and a sequence, and bytes that its rows may hold. Some of EUC_JP have no
# equivalent in UTF-8, and others share one.
NAMES = {
    "SQL_ASCII": (b"caf\xe9 \xff\xfe", b"\xc3\xbc\x80", b"mixed. \xe9 \xc3\xa9"),
    "LATIN1": (b"caf\xe9", b"\xfcn\xef", b"\xa0\xff. \xd7"),
    "EUC_JP": (b"\xc6\xfc\xcb\xdc \xa1\xc1", b"\xb8\xec", b"\xa1\xc1. \xa1\xc0"),
}
ROWS = {"SQL_ASCII": b"\xfe\xff\x80", "LATIN1": b"\x80\x9f\xff", "EUC_JP": b"\xfe\xfe\xad\xf5\xa2\xe2"}


def text_of(raw: bytes) -> str:
    """An expression for the text that has these bytes in the database's own encoding."""
    return f"convert_from('\\x{raw.hex()}'::bytea, getdatabaseencoding())"


PLACES = list(itertools.product(["embedded 18", "container 17", "container 13"], NAMES))
QUICK = [*((kind, encoding) for kind, encoding in PLACES if kind == "embedded 18"), ("container 13", "EUC_JP")]


@pytest.fixture(params=cases(PLACES, QUICK))
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    """A database of another encoding, with odd bytes wherever there may be text."""
    kind, encoding = request.param
    table, column, sequence = map(text_of, NAMES[encoding])
    note = text_of(ROWS[encoding] * 3)
    for one in places(request, login, kind, encoding):
        one.run(
            f"""
            DO $$ BEGIN
              EXECUTE format('CREATE SEQUENCE public.%I START 41', {sequence});
              EXECUTE format('CREATE TABLE public.%I (id serial, %I text)', {table}, {column});
              EXECUTE format('INSERT INTO public.%I (%I) SELECT repeat(%L, i) FROM generate_series(1, 300) AS i',
                             {table}, {column}, {note});
              EXECUTE format('COMMENT ON TABLE public.%I IS %L', {table}, {column});
              EXECUTE format('CREATE FUNCTION public.%I() RETURNS text LANGUAGE sql AS %L', {column},
                             'SELECT ' || quote_literal({table}));
            END $$
            """,
            "CREATE TABLE public.plain (t text)",
            f"INSERT INTO public.plain SELECT {note} FROM generate_series(1, 50)",
        )
        yield one


def test_every_byte_survives(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Parts for tables as far as programs can be told their names.
    monkeypatch.setattr(contents_module, "LEAST_TABLE_BYTES", 1)
    monkeypatch.setattr(contents_module, "LEAST_PART_BYTES", 1)
    with place.session() as session:
        before = content_of(session)
        assert len(before) == 3  # two tables, and the large objects
    made = run_module("postgresql_backup", arguments(place, tmp_path))
    assert made.get("backup", {}).get("verified"), made["msg"]
    assert sorted(made["backup"]["tables"].values()) == [50, 300]
    assert len(list(Path(made["backup"]["path"]).glob("data-*.dump"))) == 1
    target = f"{place.database[:50]} restored"
    try:
        restored = run_module("postgresql_restore", arguments(place, tmp_path, mode="new", target=target))
        assert restored.get("restore", {}).get("verified"), restored["msg"]
        with place.server.session(target) as session:
            assert content_of(session) == before
            sequences = "SELECT sum(last_value) AS sum FROM pg_sequences"
            assert session.value(sequences) == place.value(sequences) == 300
    finally:
        with place.server.session() as admin:
            admin.execute(compose("DROP DATABASE IF EXISTS {d} WITH (FORCE)", d=Identifier(target)))


@pytest.mark.parametrize("place", [("embedded 18", "EUC_JP"), ("container 17", "EUC_JP")], indirect=True)
def test_a_name_that_cannot_be_said_in_utf_8_is_told(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    place.run(f"DO $$ BEGIN EXECUTE format('CREATE TABLE public.%I ()', {text_of(ROWS['EUC_JP'])}); END $$")
    result = run_module("postgresql_backup", arguments(place, tmp_path))
    assert "has no equivalent in encoding" in result["msg"]
    assert "Rename" in result["error"]["remedy"]
