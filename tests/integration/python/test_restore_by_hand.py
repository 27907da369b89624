# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RESTORE.md of a backup set: its commands, run as they stand by a shell, bring everything back."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import contents as contents_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import read_catalog
from ansible_collections.day2.ops.plugins.module_utils._postgresql.differences import compare
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule

from .backup_places import arguments, content_of, furnished
from .maintenance_places import Place, places

place = pytest.fixture(params=["embedded 18", "embedded 16"])(furnished)


ODD_DATABASES = ["it's \"; DROP DATABASE x; --", "line\nbreak \\ $HOME `id` -", "-ünï ☃" + "y" * 53]


def commands_of(guide: str) -> str:
    """The indented lines of the page: its commands, as they stand."""
    lines = [line for line in guide.split("\n") if line.startswith("    ")]
    assert lines
    return "\n".join(lines)


@pytest.mark.parametrize("least_table_bytes", [1, 8 << 20])
def test_the_commands_of_the_page_bring_everything_back(
    place: Place,
    least_table_bytes: int,
    run_module: RunModule,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contents_module, "LEAST_TABLE_BYTES", least_table_bytes)
    monkeypatch.setattr(contents_module, "LEAST_PART_BYTES", 1)
    rename(place, place.database, f"{place.database} as it was")
    given = {**arguments(place, tmp_path), "database": f"{place.database} as it was"}
    with place.server.session(given["database"]) as session:
        before = content_of(session)
    folder = Path(run_module("postgresql_backup", given)["backup"]["path"])
    rename(place, f"{place.database} as it was", place.database)
    follow(place, folder)
    try:
        with place.server.session(f"{place.database} as it was") as session:
            assert content_of(session) == before
            recorded = json.loads((folder / "catalog.json").read_text())
            assert compare(recorded, read_catalog(session)).differences == []
    finally:
        drop(place, "restored", f"{place.database} as it was")


@pytest.mark.parametrize("place", ["embedded 18"], indirect=True)
@pytest.mark.parametrize("name", ODD_DATABASES)
def test_they_do_for_a_database_of_any_name(place: Place, run_module: RunModule, tmp_path: Path, name: str) -> None:
    assert len(name.encode()) <= 63
    rename(place, place.database, name)
    folder = Path(run_module("postgresql_backup", {**arguments(place, tmp_path), "database": name})["backup"]["path"])
    rename(place, name, place.database)
    follow(place, folder)
    try:
        with place.session() as original, place.server.session(name) as restored:
            assert content_of(restored) == content_of(original)
    finally:
        drop(place, "restored", name)


@pytest.mark.parametrize("place", ["embedded 18"], indirect=True)
def test_they_do_for_chosen_tables(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    place.run("COMMENT ON CONSTRAINT orders_customer_fkey ON public.orders IS 'who ordered'")
    given = arguments(place, tmp_path, tables=["public.orders"])
    folder = Path(run_module("postgresql_backup", given)["backup"]["path"])
    rename(place, place.database, "moved")
    try:
        follow(place, folder)
        with place.server.session("moved") as original, place.session() as restored:
            was, found = content_of(original), content_of(restored)
        same = {"public.orders", "public.z_first", "public.a_second"}
        assert {name: found[name] for name in same} == {name: was[name] for name in same}
        assert all(found[name] != was[name] for name in ("public.customers", "public.parent", "large objects"))
    finally:
        drop(place, "moved", "restored")


# A name of a materialised view, in the bytes of each encoding.
ENCODED = {"SQL_ASCII": b"caf\xe9 \xff'", "LATIN1": b"caf\xe9 \xd7'", "EUC_JP": b"\xc6\xfc\xcb\xdc \xa1\xc1"}


@pytest.mark.parametrize("encoding", ENCODED)
def test_they_do_in_other_encodings(
    request: pytest.FixtureRequest, login: dict[str, Any], run_module: RunModule, tmp_path: Path, encoding: str
) -> None:
    view = f"convert_from('\\x{ENCODED[encoding].hex()}'::bytea, getdatabaseencoding())"
    for place in places(request, login, "embedded 18", encoding):
        place.run(
            "CREATE TABLE public.plain AS SELECT 1 AS one",
            f"""DO $$ BEGIN EXECUTE format('CREATE MATERIALIZED VIEW public.%I AS SELECT %L AS t', {view}, {view});
                END $$""",
        )
        made = run_module("postgresql_backup", arguments(place, tmp_path))
        with place.session() as session:
            before = content_of(session)
        rename(place, place.database, "moved")
        try:
            follow(place, Path(made["backup"]["path"]))
            with place.session() as session:
                assert content_of(session) == before
                assert (session.encoding, len(before)) == (encoding, 3)
        finally:
            drop(place, "moved", "restored")


def rename(place: Place, old: str, new: str) -> None:
    with place.server.session() as admin:
        admin.execute(compose("ALTER DATABASE {old} RENAME TO {new}", old=Identifier(old), new=Identifier(new)))


def drop(place: Place, *names: str) -> None:
    with place.server.session() as admin:
        for name in names:
            admin.execute(compose("DROP DATABASE IF EXISTS {name} WITH (FORCE)", name=Identifier(name)))


def follow(place: Place, folder: Path) -> None:
    """Do what the page of a set says."""
    login = place.options
    env = {
        **os.environ,
        "PATH": f"{login['bin_dir']}:{os.environ['PATH']}",
        "PGHOST": login["login_host"],
        "PGPORT": str(login["login_port"]),
        "PGUSER": login["login_user"],
        "PGPASSWORD": login["login_password"] or "",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands_of((folder / "RESTORE.md").read_text())],
        cwd=folder, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
