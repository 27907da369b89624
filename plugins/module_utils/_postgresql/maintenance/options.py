# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the maintenance modules. Documented in plugins/modules/postgresql_vacuum.py and postgresql_reindex.py."""

from __future__ import annotations

from typing import Any

from ..._errors import Refused
from ..._work.order import Order
from ..index_estimates import DOUBTED_PERCENT
from .reindex import ReindexOrder
from .selection import Wanted
from .thresholds import Thresholds
from .vacuum import VacuumOrder

__all__ = ["MAINTENANCE", "REINDEX", "VACUUM", "maintenance_order", "reindex_order", "vacuum_order"]

_NAMES: dict[str, Any] = {"type": "list", "elements": "str", "default": []}

MAINTENANCE: dict[str, Any] = {
    "database": {"type": "str", "required": True},
    "tables": _NAMES,
    "schemas": _NAMES,
    "exclude_tables": _NAMES,
    "exclude_schemas": _NAMES,
    "jobs": {"type": "int", "default": 2},
    "lock_timeout": {"type": "float", "default": 5},
    "window": {"type": "float"},
}

VACUUM: dict[str, Any] = {
    "dead_rows": {"type": "int", "default": 50},
    "dead_percent": {"type": "float", "default": 10},
    "changed_rows": {"type": "int", "default": 50},
    "changed_percent": {"type": "float", "default": 10},
    "inserted_rows": {"type": "int", "default": 1000},
    "inserted_percent": {"type": "float", "default": 20},
    "freeze_percent": {"type": "float", "default": 75},
}

REINDEX: dict[str, Any] = {
    "bloat_percent": {"type": "float", "default": 30},
    "min_bytes": {"type": "int", "default": 1048576},
    "snapshot_timeout": {"type": "float", "default": 120},
}

# Each option that is a number, its least and its greatest value.
_RANGES: dict[str, tuple[float, float]] = {
    "jobs": (1, 64),
    "lock_timeout": (0.001, 86400),
    "window": (0, 604800),
    "dead_rows": (0, 2**53),
    "dead_percent": (0, 1e6),
    "changed_rows": (0, 2**53),
    "changed_percent": (0, 1e6),
    "inserted_rows": (0, 2**53),
    "inserted_percent": (0, 1e6),
    "freeze_percent": (1, 100),
    "bloat_percent": (DOUBTED_PERCENT, 99),
    "min_bytes": (0, 2**62),
    "snapshot_timeout": (0.001, 86400),
}


def vacuum_order(params: dict[str, Any]) -> VacuumOrder:
    """What the options of postgresql_vacuum ask for."""
    _check(params)
    return VacuumOrder(
        database=params["database"],
        wanted=_wanted(params),
        thresholds=Thresholds(**{name: params[name] for name in VACUUM}),
        jobs=params["jobs"],
        lock_timeout=params["lock_timeout"],
        window=params["window"],
    )


def reindex_order(params: dict[str, Any]) -> ReindexOrder:
    """What the options of postgresql_reindex ask for."""
    _check(params)
    return ReindexOrder(
        database=params["database"],
        wanted=_wanted(params),
        bloat_percent=params["bloat_percent"],
        min_bytes=params["min_bytes"],
        jobs=params["jobs"],
        lock_timeout=params["lock_timeout"],
        snapshot_timeout=params["snapshot_timeout"],
        window=params["window"],
    )


def maintenance_order(module: str, asked: dict[str, Any]) -> Order:
    """Maintenance stands for the same maintenance if it did something: else looking anew costs little."""
    return Order(module, asked["database"], asked, holds=lambda result: bool(result["changed"]))


def _wanted(params: dict[str, Any]) -> Wanted:
    return Wanted(params["tables"], params["schemas"], params["exclude_tables"], params["exclude_schemas"])


def _check(params: dict[str, Any]) -> None:
    for name, (least, greatest) in _RANGES.items():
        value = params.get(name)
        if value is not None and not least <= value <= greatest:
            raise Refused(
                "reading the options",
                f"option {name}",
                f"{value:g} is not between {least:g} and {greatest:g}",
                "Give a value in that range.",
            )
