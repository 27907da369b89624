# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database as it is when everything belongs to another role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._postgresql.grants import Grant
from .._postgresql.session import Row

__all__ = ["properties_under_owner", "under_owner"]


def under_owner(catalog: Mapping[str, Mapping[str, Row]], owner: str) -> dict[str, dict[str, Row]]:
    """Return the catalog with *owner* in the place of every object's own, also as who granted and was granted."""
    return {kind: {name: _moved(row, owner) for name, row in objects.items()} for kind, objects in catalog.items()}


def properties_under_owner(properties: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return what belongs to the database as a whole with *owner* in the place of its own, in settings of roles too."""
    # Of a setting that both have, the new owner keeps his own.
    settings = {
        ("" if one["role"] is None else owner if one["role"] == properties["owner"] else one["role"], _name(one)): one
        for one in sorted(properties["settings"], key=lambda one: bool(one["role"] == owner))
    }
    moved = [{**one, "role": role or None} for (role, _setting), one in settings.items()]
    return {**_moved(dict(properties), owner), "settings": moved}


def _name(setting: Mapping[str, Any]) -> str:
    name: str = setting["setting"].partition("=")[0]
    return name


def _moved(row: Row, owner: str) -> Row:
    before: Any = row.get("owner")
    if before is None:
        return row
    moved = {**row, "owner": owner}
    if row.get("acl") is not None:
        moved["acl"] = sorted(_granted(item, before, owner) for item in row["acl"])
    return moved


def _granted(item: str, before: str, owner: str) -> str:
    grant = Grant.of(item)
    grantee, grantor = (owner if role == before else role for role in (grant.grantee, grant.grantor))
    return str(Grant(grantee, grant.letters, grantor))
