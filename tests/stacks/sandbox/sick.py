# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Critical troubles, planted and taken away again: each is real, and each is asked for by its own sign."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from ..embedded import EmbeddedServer
from .build import SHOP, connect
from .layout import Layout, say, write_private

__all__ = ["fall_ill", "recover"]

SLOT = "standby_that_is_gone"
PREPARED = "sandbox: transfer of last night"
_RETAINED_SEGMENTS = 12  # of 16 MiB


def fall_ill(server: EmbeddedServer, layout: Layout) -> None:
    """Plant what the database and the backup sets can have. What is planted already stays as it is."""
    with closing(connect(server, SHOP)) as session:
        cursor = session.cursor()
        _plant_slot(cursor)
        _plant_prepared_transaction(cursor)
        cursor.execute("ALTER ROLE app NOLOGIN")
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'app'")
    if not layout.sick.exists():
        _damage_a_backup(layout)
    say("Sick: WAL held back by a slot, a prepared transaction, a damaged backup set, no database for the application")


def recover(server: EmbeddedServer, layout: Layout) -> bool:
    """Take all of it away. Return whether anything was there."""
    with closing(connect(server, SHOP)) as session:
        cursor = session.cursor()
        cursor.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'app'")
        was_sick = layout.sick.exists() or cursor.fetchone() != (True,)
        if _slot_is_there(cursor):
            cursor.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])
        if _prepared(cursor):
            cursor.execute("ROLLBACK PREPARED %s", [PREPARED])
        cursor.execute("ALTER ROLE app LOGIN")
        if was_sick:
            cursor.execute("CHECKPOINT")  # the WAL that was held back goes
    if layout.sick.exists():
        for damage in json.loads(layout.sick.read_text()):
            _flip(Path(damage["file"]), damage["offset"], damage["byte"])
        layout.sick.unlink()
    return was_sick


def _plant_slot(cursor: Any) -> None:
    if not _slot_is_there(cursor):
        cursor.execute("SELECT pg_create_physical_replication_slot(%s, true)", [SLOT])
        for _turn in range(_RETAINED_SEGMENTS):
            cursor.execute("SELECT pg_logical_emit_message(false, 'sandbox', 'written for the standby')")
            cursor.execute("SELECT pg_switch_wal()")


def _plant_prepared_transaction(cursor: Any) -> None:
    if not _prepared(cursor):
        cursor.execute("BEGIN")
        cursor.execute("UPDATE public.settings SET value = '\"light\"' WHERE key = 'theme'")
        cursor.execute("PREPARE TRANSACTION %s", [PREPARED])


def _slot_is_there(cursor: Any) -> bool:
    cursor.execute("SELECT count(*) FROM pg_replication_slots WHERE slot_name = %s", [SLOT])
    return bool(cursor.fetchone() == (1,))


def _prepared(cursor: Any) -> bool:
    cursor.execute("SELECT count(*) FROM pg_prepared_xacts WHERE gid = %s", [PREPARED])
    return bool(cursor.fetchone() == (1,))


def _damage_a_backup(layout: Layout) -> None:
    """Change one bit in the largest part of the newest set but one, and keep how to mend it.

    The newest set stays whole: what comes of a damaged one in a drill would stand in the record for good.
    """
    sets = [sorted(folder.glob("[0-9]*")) for folder in layout.backups.glob("*/*")]
    damaged = max(sets, key=len, default=[])[-2:-1]
    parts = sorted((part for folder in damaged for part in folder.glob("*.dump")), key=lambda part: part.stat().st_size)
    damage: list[dict[str, Any]] = []
    for part in parts[-1:]:
        content = part.read_bytes()
        offset = len(content) // 2
        damage.append({"file": str(part), "offset": offset, "byte": content[offset]})
    write_private(layout.sick, json.dumps(damage))  # first, so that it can be mended whatever happens
    for one in damage:
        _flip(Path(one["file"]), one["offset"], one["byte"] ^ 0x10)


def _flip(path: Path, offset: int, byte: int) -> None:
    if path.exists():  # retention may have removed the set
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(bytes([byte]))
