# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server lacks that a set needs is told before anything starts; who has a part in a database must be there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import Manifest
from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import database_properties
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule
from tests.tools.program import output

from .backup_places import arguments, databases, furnished
from .maintenance_places import Place
from .test_postgresql_restore import newest

place = pytest.fixture(params=["embedded 18"])(furnished)


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"collate": "xx_XX.UTF-8"}, 'the locale "xx_XX.UTF-8" is missing'),
        ({"ctype": "xx_XX.UTF-8"}, 'the locale "xx_XX.UTF-8" is missing'),
        ({"tablespace": "faster"}, 'the tablespace "faster" is missing'),
    ],
)
def test_what_else_the_server_lacks_is_told_before_anything_starts(
    backed_up: tuple[Place, Path], run_module: RunModule, properties: dict[str, Any], told: str
) -> None:
    place, folder = backed_up
    file = newest(folder) / "manifest.json"
    manifest = Manifest.from_json(file.read_bytes(), "here")
    altered = {**manifest.__dict__, "properties": {**manifest.properties, **properties}}
    file.write_text(Manifest(**altered).to_json())
    for mode in ("drill", "replace"):
        given = arguments(place, folder, mode=mode, confirm=place.database)
        assert told in run_module("postgresql_restore", given, check_mode=True)["plan"]["problems"][-1]
        assert told in run_module("postgresql_restore", given)["msg"]
    assert databases(place) == []
    assert not list(folder.rglob("*before-replace"))


@pytest.mark.parametrize("place", ["container 18"], indirect=True)
def test_what_objects_and_archives_need_is_missed_too(
    place: Place, login: dict[str, Any], run_module: RunModule, tmp_path: Path
) -> None:
    name = place.own("nearby")
    folder = f"/tmp/day2 {name}"
    output(["docker", "exec", "--user", "postgres", place.options["service"]["name"], "mkdir", folder])
    with place.server.session() as admin:
        admin.execute(compose("CREATE TABLESPACE {n} LOCATION {f}", n=Identifier(name), f=folder))
    try:
        place.run(
            compose("CREATE TABLE public.near (t text) TABLESPACE {n}", n=Identifier(name)),
            "CREATE COLLATION public.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            "CREATE TABLE public.cased (t text COLLATE public.any_case)",
        )
        # The embedded server is built without ICU, its programs without zstd.
        assert run_module("postgresql_backup", arguments(place, tmp_path))["backup"]["verified"]
        there = {key: value for key, value in arguments(place, tmp_path, mode="drill").items() if key != "service"}
        problems = run_module("postgresql_restore", {**there, **login}, check_mode=True)["plan"]["problems"]
    finally:
        place.run("DROP TABLE IF EXISTS public.near")
        with place.server.session() as admin:
            admin.execute(compose("DROP TABLESPACE {n}", n=Identifier(name)))
    assert f'the tablespace "{name}" is missing' in problems
    assert [one.split(":")[0] for one in problems if not one.startswith("the tablespace")] == [
        "ICU is missing, which a locale needs",
        "the set is compressed with zstd, which the client programs were built without",
    ]


ROLE = Identifier("soon gone")


@pytest.mark.parametrize(
    "part",
    [
        "ALTER DATABASE {d} OWNER TO {r}",
        "GRANT TEMPORARY ON DATABASE {d} TO {r}",
        "ALTER ROLE {r} IN DATABASE {d} SET work_mem = '3MB'",
    ],
)
def test_a_role_that_has_a_part_in_the_database_itself_is_missed_too(
    place: Place, run_module: RunModule, tmp_path: Path, part: str
) -> None:
    name = Identifier(place.database)
    with place.role("soon gone"):
        place.run(compose(part, d=name, r=ROLE))
        run_module("postgresql_backup", arguments(place, tmp_path))
        place.run(compose("ALTER DATABASE {d} OWNER TO postgres", d=name))
    planned = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"), check_mode=True)
    assert planned["plan"]["problems"] == ['the role "soon gone" is missing']


def test_under_another_owner_the_one_of_the_original_is_not_needed(
    place: Place, run_module: RunModule, tmp_path: Path
) -> None:
    name, target, heir = Identifier(place.database), f"heritage of {place.database}"[:60], place.own("heir")
    with place.role(heir), place.role("soon gone"):
        given = {"d": name, "r": ROLE, "h": Identifier(heir)}
        place.run(
            compose("ALTER DATABASE {d} OWNER TO {r}", **given),
            compose("ALTER TABLE public.orders OWNER TO {r}", **given),
            compose("GRANT TEMPORARY ON DATABASE {d} TO {h}", **given),
            *(
                compose(f"ALTER ROLE {{r}} IN DATABASE {{d}} SET {s}", **given)
                for s in ("work_mem = '3MB'", "jit = off")
            ),
            compose("ALTER ROLE {h} IN DATABASE {d} SET jit = on", **given),
        )
        run_module("postgresql_backup", arguments(place, tmp_path))
        place.run(compose("REASSIGN OWNED BY {r} TO postgres", **given))
    # Both roles are gone. The heir is there again, with nothing.
    with place.role(heir, compose("ALTER ROLE {r} SUPERUSER", r=Identifier(heir))), place.server.session() as admin:
        asked = arguments(place, tmp_path, mode="new", target=target, owner=heir)
        try:
            assert run_module("postgresql_restore", asked, check_mode=True)["plan"]["problems"] == []
            result = run_module("postgresql_restore", asked)
            assert result.get("changed"), result["msg"]
            found = database_properties(admin, target)
            assert (found["owner"], found["settings"]) == (
                heir,
                [{"role": heir, "setting": "jit=on"}, {"role": heir, "setting": "work_mem=3MB"}],
            )
            assert "soon gone" not in str(found["acl"])
        finally:
            admin.execute(compose("DROP DATABASE IF EXISTS {t} WITH (FORCE)", t=Identifier(target)))
