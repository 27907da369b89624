# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server must have before a backup set can be restored there: told before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .._postgresql.client import Client
from .._postgresql.grants import Grant
from .._postgresql.maintenance.space import NEEDED, Space
from .._postgresql.server import Server
from .._postgresql.session import QueryFailed, Row, Session
from .._postgresql.sql import compose
from .filling import TIED_EXTENSIONS
from .manifest import Manifest

__all__ = ["Room", "missing", "room_for", "runs_functions_of", "unreadable"]

_TABLESPACE = "SELECT oid::bigint AS oid FROM pg_tablespace WHERE spcname = {name}"
_NOT_SUPPORTED = "0A000"
_NO_SUCH_LOCALE = ("42704", "22023")  # undefined_object, invalid_parameter_value

_MAY_CREATE = "SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user"

Catalog = Mapping[str, Mapping[str, Row]]


@dataclass(frozen=True)
class Room:
    """Room on the server's disk.

    :ivar needed: bytes that a restore probably takes.
    :ivar free: bytes that are free; None when nobody knows.
    :ivar lack: what is missing, as a sentence; empty when there is room or nobody knows.
    """

    needed: int
    free: int | None
    lack: str


def missing(session: Session, manifest: Manifest, catalog: Catalog, owner: str | None) -> list[str]:
    """What the server lacks that a set needs, in words.

    :param owner: the role to which everything is to belong instead of its own.
    """
    wanted = {
        "role": (_roles(manifest, catalog, owner), "SELECT rolname AS name FROM pg_roles"),
        "extension": (
            sorted(set(manifest.extensions) - set(TIED_EXTENSIONS)),
            "SELECT quote_ident(name) AS name FROM pg_available_extensions",
        ),
        "tablespace": (_tablespaces(manifest, catalog), "SELECT spcname AS name FROM pg_tablespace"),
    }
    problems = []
    for kind, (names, query) in wanted.items():
        there = set(session.values(query))
        problems += [f'the {kind} "{name}" is missing' for name in names if name not in there]
    problems += _locales(session, manifest, catalog)
    if not session.value(_MAY_CREATE):
        problems.append(f'the role "{session.value("SELECT current_user::text AS me")}" may not create databases')
    return problems


def room_for(server: Server, session: Session, size: int, tablespace: str) -> Room:
    """The room on the server's disk that a database needs, and that there is.

    :param size: of the database, in bytes.
    """
    space = Space(server.runner, session)
    there = session.values(compose(_TABLESPACE, name=tablespace))
    needed = int(NEEDED * size)
    if not there:  # that it is missing is told elsewhere
        return Room(needed, None, "")
    # What sorting takes elsewhere is that of one index, and not known.
    return Room(needed, space.free(there[0]), space.lack(there[0], size, 0))


def unreadable(client: Client, manifest: Manifest) -> list[str]:
    """Why the client programs cannot read a set's archives, in words; nothing when they can."""
    if client.can_compress(manifest.compression):
        return []
    kind = manifest.compression.partition(":")[0]
    return [f"the set is compressed with {kind}, which the client programs were built without: {client.dumper.path}"]


def runs_functions_of(session: Session, catalog: Catalog) -> list[str]:
    """The ordinary roles whose functions a restore through this session would run as a superuser.

    Functions in constraints and generated columns run as whoever loads the rows.
    """
    if session.value("SELECT current_setting('is_superuser') AS superuser") != "on":
        return []
    ordinary = set(session.values("SELECT rolname AS name FROM pg_roles WHERE NOT rolsuper"))
    return sorted({row["owner"] for row in catalog["function"].values()} & ordinary)


def _roles(manifest: Manifest, catalog: Catalog, owner: str | None) -> list[str]:
    rows = [row for objects in catalog.values() for row in objects.values()]
    whole = manifest.properties
    owners = {row["owner"] for row in (whole, *rows) if row.get("owner")}
    grants = [Grant.of(item) for row in (whole, *rows) for item in row.get("acl") or []]
    named = {name for grant in grants for name in (grant.grantee, grant.grantor) if name}
    named |= {setting["role"] for setting in whole["settings"] if setting["role"] is not None}
    others = {role for row in rows for role in row.get("roles") or []}
    if owner is not None:
        return sorted({owner} | (named - owners) | others)
    return sorted(owners | named | others)


def _tablespaces(manifest: Manifest, catalog: Catalog) -> list[str]:
    of_relations = {row.get("tablespace") for objects in catalog.values() for row in objects.values()}
    return sorted({manifest.properties["tablespace"], *filter(None, of_relations)})


def _locales(session: Session, manifest: Manifest, catalog: Catalog) -> Iterator[str]:
    """Locales that the server does not know: only making a collation tells, so one is made and taken back."""
    providers = {row.get("provider") for row in catalog.get("collation", {}).values()}
    if "i" in (manifest.properties["locale_provider"], *providers):
        why = _refusal(session, "PROVIDER = icu, LOCALE = 'und'")
        if why is not None and why.sqlstate == _NOT_SUPPORTED:
            yield f"ICU is missing, which a locale needs: {why.why}"
    names = {manifest.properties["collate"], manifest.properties["ctype"]}
    names |= {
        row[key]
        for row in catalog.get("collation", {}).values()
        for key in ("collate", "ctype")
        if row.get("provider") == "c" and row.get(key)
    }
    for name in sorted(names - {"C", "POSIX"}):
        why = _refusal(session, compose("PROVIDER = libc, LOCALE = {name}", name=name))
        if why is not None and why.sqlstate in _NO_SUCH_LOCALE:
            yield f'the locale "{name}" is missing: {why.why}'


def _refusal(session: Session, collation: str) -> QueryFailed | None:
    """Why the server makes no such collation; None when it does."""
    session.execute("BEGIN")
    try:
        session.execute(f"CREATE COLLATION pg_temp.day2_trial ({collation})")
    except QueryFailed as error:
        return error
    finally:
        session.execute("ROLLBACK")
    return None
