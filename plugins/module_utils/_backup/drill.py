# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drills: restores that prove a set, and are put on record whether they pass or fail."""

from __future__ import annotations

import contextlib
from typing import Any

from .._errors import Day2Error
from .beside import RestoreResult
from .manifest import iso, now
from .restore import Restore, RestorePlan

__all__ = ["drilled"]


def drilled(restore: Restore) -> tuple[RestorePlan, RestoreResult]:
    """Plan, restore, compare, drop, and record the outcome beside the sets.

    :raises Unfinished: when the restored database is not what was backed up.
    """
    selection = restore.options.selection
    record: dict[str, Any] = {"path": "", "started": iso(now()), "selection": selection and selection.as_dict()}
    try:
        plan = restore.plan()
        record.update(path=str(plan.backup.path), selection=plan.selection)
        result = restore.run(plan)
    except Day2Error as error:
        record.update(passed=False, seconds=None, differences=None, reason=str(error), finished=iso(now()))
        with contextlib.suppress(Day2Error):  # where nothing can be written, the first failure is the one to tell
            restore.store.record_drill(restore.database, record)
        raise
    record.update(
        passed=result.proof.verified,
        seconds=result.seconds,
        seconds_verifying=result.seconds_verifying,
        tables_compared=result.proof.tables_compared,
        rows_compared=result.proof.rows_compared,
        differences=len(result.proof.differences),
        reason="" if result.proof.verified else result.why(),
        finished=iso(now()),
    )
    restore.store.record_drill(restore.database, record)
    return plan, result.proven()
