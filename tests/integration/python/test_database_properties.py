# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to a restored database as a whole is as it was; what is not is told, property by property."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import Manifest
from ansible_collections.day2.ops.plugins.module_utils._backup.proof import prove_properties
from ansible_collections.day2.ops.plugins.module_utils._backup.scratch import drop_scratch
from ansible_collections.day2.ops.plugins.module_utils._postgresql.differences import Difference
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import Session
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule

from .backup_places import arguments
from .long import cases
from .maintenance_places import places

# Settings of every shape, grants with and without options, and an owner who gave up a privilege of his own.
GIVEN = (
    'ALTER DATABASE {d} SET search_path = "$user", public, \'a, "b\'',
    "ALTER DATABASE {d} SET work_mem = '64MB'",
    "ALTER ROLE {role} IN DATABASE {d} SET day2.note = 'it''s = 1'",
    "ALTER DATABASE {d} CONNECTION LIMIT 17",
    "ALTER DATABASE {d} IS_TEMPLATE true",
    "COMMENT ON DATABASE {d} IS 'it''s a shop'",
    "REVOKE TEMPORARY ON DATABASE {d} FROM PUBLIC",
    "GRANT CREATE ON DATABASE {d} TO pg_signal_backend WITH GRANT OPTION",
    "REVOKE CREATE ON DATABASE {d} FROM {owner}",
    "ALTER DATABASE {d} OWNER TO {role}",
)

# The kinds that must be told, and what is done to the restored database.
SABOTAGE = [
    ("database: settings", "ALTER DATABASE {d} SET work_mem = '65MB'"),
    ("database: settings", "ALTER ROLE {role} IN DATABASE {d} RESET day2.note"),
    ("database: settings", "ALTER ROLE {role} IN DATABASE {d} SET lock_timeout = 1"),
    ("database: connection_limit", "ALTER DATABASE {d} CONNECTION LIMIT 18"),
    ("database: template", "ALTER DATABASE {d} IS_TEMPLATE false"),
    ("database: comment", "COMMENT ON DATABASE {d} IS NULL"),
    ("database: acl", "GRANT TEMPORARY ON DATABASE {d} TO PUBLIC"),
    ("database: acl", "REVOKE GRANT OPTION FOR CREATE ON DATABASE {d} FROM pg_signal_backend"),
    ("database: acl", "GRANT CREATE ON DATABASE {d} TO {role}"),
    ("database: owner, database: acl", "ALTER DATABASE {d} OWNER TO pg_signal_backend"),
]


@dataclass
class Restored:
    """A database that was restored.

    :ivar admin: a session elsewhere on the server.
    :ivar role: of the test's own.
    """

    admin: Session
    name: str
    manifest: Manifest
    role: str

    def differences(self, statement: str = "SELECT 1", **expected: Any) -> list[Difference]:
        """What differs after a statement, which is taken back, from what was recorded, or from what is expected."""
        self.admin.execute("BEGIN")
        self.admin.execute(compose(statement, d=Identifier(self.name), role=Identifier(self.role)))
        wanted = {**self.manifest.properties, **expected}
        found = prove_properties(self.admin, self.name, self.manifest.server_version, wanted)
        self.admin.execute("ROLLBACK")
        return found


@pytest.fixture(params=cases(["embedded 18", "container 15", "container 13"], ["embedded 18", "container 15"]))
def restored(
    request: pytest.FixtureRequest, login: dict[str, Any], run_module: RunModule, tmp_path: Path
) -> Iterator[Restored]:
    for place in places(request, login):
        names = {"owner": Identifier(place.server.login.user), "d": Identifier(place.database)}
        role, target = place.own("keeper"), f"again {place.database}"[:60]
        with place.role(role), place.server.session() as admin:
            place.run(*(compose(statement, role=Identifier(role), **names) for statement in GIVEN))
            backup = run_module("postgresql_backup", arguments(place, tmp_path))["backup"]
            manifest = Manifest.from_json((Path(backup["path"]) / "manifest.json").read_bytes(), "here")
            try:
                result = run_module("postgresql_restore", arguments(place, tmp_path, mode="new", target=target))
                assert result.get("changed"), result
                yield Restored(admin, target, manifest, role)
            finally:
                drop_scratch(admin, target)
                admin.execute(compose("ALTER DATABASE {d} IS_TEMPLATE false", **names))
                admin.execute(compose("ALTER DATABASE {d} OWNER TO {owner}", **names))


def test_all_is_as_it_was_and_whatever_is_not_is_told(restored: Restored) -> None:
    assert restored.differences() == []
    for kinds, statement in SABOTAGE:
        found = restored.differences(statement)
        assert {one.kind for one in found} == set(kinds.split(", ")), statement
        assert {one.object for one in found} == {restored.name}


@pytest.mark.parametrize("restored", ["embedded 18"], indirect=True)
def test_what_no_statement_changes_is_compared_too(restored: Restored) -> None:
    for name, value in (
        ("encoding", "LATIN1"),
        ("collate", "C"),
        ("ctype", "C"),
        ("locale_provider", "b"),
        ("locale", "C"),
        ("locale_rules", "&a < b"),
        ("tablespace", "fast"),
        ("security_labels", [{"provider": "guard", "label": "closed"}]),
    ):
        (found,) = restored.differences(**{name: value})
        was = restored.manifest.properties[name]
        assert (found.kind, found.expected, found.found) == (f"database: {name}", value, was)
    assert restored.differences(bytes=1) == []
