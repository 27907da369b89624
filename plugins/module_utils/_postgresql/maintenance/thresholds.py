# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many rows are too many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .vacuum_catalog import Settings, Storage

__all__ = ["Thresholds"]


@dataclass(frozen=True)
class Thresholds:
    """The module's limits. A table that has storage parameters of its own is judged by those.

    Percentages are of the table's rows, and come on top of the fixed numbers.
    """

    dead_rows: float = 50
    dead_percent: float = 10
    changed_rows: float = 50
    changed_percent: float = 10
    inserted_rows: float = 1000
    inserted_percent: float = 20
    freeze_percent: float = 75

    def dead(self, storage: Storage, settings: Settings) -> float:
        """So many dead rows are still well."""
        limit = self._limit(storage, settings, "vacuum", self.dead_rows, self.dead_percent)
        most = settings.of("autovacuum_vacuum_max_threshold", storage.parameters)
        return min(limit, most) if most is not None and most >= 0 else limit

    def changed(self, storage: Storage, settings: Settings) -> float:
        """So many rows changed since the last analysis are still well."""
        return self._limit(storage, settings, "analyze", self.changed_rows, self.changed_percent)

    def inserted(self, storage: Storage, settings: Settings) -> float | None:
        """So many rows inserted since the last vacuum are still well; None when inserts do not count."""
        threshold = settings.of("autovacuum_vacuum_insert_threshold", storage.parameters)
        if threshold is not None and threshold < 0:
            return None
        return self._limit(storage, settings, "vacuum_insert", self.inserted_rows, self.inserted_percent)

    @staticmethod
    def _limit(storage: Storage, settings: Settings, kind: str, rows: float, percent: float) -> float:
        names = f"autovacuum_{kind}_threshold", f"autovacuum_{kind}_scale_factor"
        if _has_any(storage.parameters, names):
            rows = settings.of(names[0], storage.parameters) or 0.0
            percent = 100 * (settings.of(names[1], storage.parameters) or 0.0)
        return rows + percent / 100 * storage.counted


def _has_any(parameters: Mapping[str, str], names: tuple[str, ...]) -> bool:
    return any(name in parameters for name in names)
