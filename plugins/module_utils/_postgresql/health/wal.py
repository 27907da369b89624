# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The write-ahead log: its archive, its size, its checkpoints. Server-wide."""

from __future__ import annotations

from typing import Any

from ..session import Row
from .look import Look

__all__ = ["wal"]

_WAITING = "SELECT count(*) AS n FROM pg_ls_archive_statusdir() f WHERE f.name LIKE '%.ready'"
_FILES = "SELECT count(*) AS files, COALESCE(sum(f.size), 0)::bigint AS bytes FROM pg_ls_waldir() f"


def wal(look: Look) -> dict[str, Any]:
    """Archiving, what pg_wal holds, checkpoints."""
    return {
        "archiver": _archiver(look),
        **_files(look),
        "written_bytes": look.row("SELECT {written_wal} AS bytes")["bytes"],
        "checkpoints": _checkpoints(look),
    }


def _archiver(look: Look) -> Row:
    facts = look.row(
        """
        SELECT current_setting('archive_mode') AS archive_mode, s.archived_count, s.failed_count,
          s.last_archived_wal, s.last_archived_time, s.last_failed_wal, s.last_failed_time,
          COALESCE(s.last_failed_time > COALESCE(s.last_archived_time, '-infinity'), false) AS failing,
          round(extract(epoch FROM clock_timestamp() - s.last_archived_time)::numeric) AS last_archived_seconds,
          s.stats_reset AS reset
        FROM pg_stat_archiver s
        """
    )
    waiting = look.attempt("wal.archiver.waiting", lambda: look.row(_WAITING)["n"])
    return {**facts, "waiting": waiting}


def _files(look: Look) -> Row:
    return look.attempt("wal.bytes", lambda: look.row(_FILES)) or {"files": None, "bytes": None}


def _checkpoints(look: Look) -> Row:
    return look.row(
        """
        SELECT c.*,
          (SELECT k.checkpoint_time FROM pg_control_checkpoint() k) AS last,
          round(extract(epoch FROM clock_timestamp() - (SELECT k.checkpoint_time FROM pg_control_checkpoint() k))
            ::numeric) AS last_seconds
        FROM ({checkpoints}) c
        """
    )
