# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RESTORE.md: how to restore a set by hand, without this collection.

Names in it were chosen by others. Each command is one line, whatever they hold, and means the same pasted from the
file, from a rendered page, or run as a script.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._postgresql.session import NO_ENCODING, UTF8
from .._postgresql.sql import Identifier, compose
from .manifest import Part
from .properties import create_database
from .selection import ForeignKey

__all__ = ["restore_guide"]

# The name that the database gets at first.
_NEW = "restored"

_PSQL = "psql -X -v ON_ERROR_STOP=1"
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def restore_guide(
    database: str,
    properties: dict[str, Any],
    version: int,
    parts: Sequence[Part],
    refresh: Sequence[str],
    impossible: Sequence[ForeignKey] = (),
) -> str:
    """Return the commands that restore a set into a new database with PostgreSQL's own programs.

    :param properties: of the database that was dumped.
    :param version: of its server.
    :param refresh: the materialised views to refresh, in their order, as quoted names.
    :param impossible: foreign keys to rows that the set does not hold.
    """
    data = [
        f'pg_restore --exit-on-error --data-only -d "$TARGET" {part.file}'
        for part in parts
        if part.kind in ("data", "rest")
    ]
    # Text is UTF-8, but in a database that knows no encoding the bytes that they are.
    spoken = NO_ENCODING if properties["encoding"] == NO_ENCODING else UTF8
    views = [f'{_PSQL} -d "$TARGET" -c {_quoted(f"REFRESH MATERIALIZED VIEW {view}")}' for view in refresh]
    creation = create_database(_NEW, properties, version, connection_limit=-1)
    rename = compose("ALTER DATABASE {new} RENAME TO {name}", new=Identifier(_NEW), name=Identifier(database))
    return f"""# Restoring this backup by hand

This folder is a backup of a PostgreSQL database, made by day2.ops. `manifest.json` tells what is in it: server version,
rows of each table, SHA-256 of each file. The `.dump` files are pg_dump archives in custom format. The commands are for
bash, in this folder; PGHOST, PGPORT, PGUSER and PGPASSFILE say where the server is, as for every program of PostgreSQL.

First compare the files with the manifest: `sha256sum *.dump globals.sql`.

    # the database that was backed up
    DATABASE={_quoted(database)}
    export PGCLIENTENCODING={spoken}

    # roles and tablespaces, where they are missing (without passwords unless they were asked for)
    psql -X -d postgres -f globals.sql

    # a new database; where its locale or tablespace is missing, name others
    {_PSQL} -d postgres -c {_quoted(creation)}
    export TARGET="dbname={_NEW}"

    # tables, types, functions
    pg_restore --exit-on-error --no-subscriptions --section=pre-data -d "$TARGET" schema.dump

    # rows, sequences, large objects; in any order, several at once if you like
{_indented(data)}

    # indexes, constraints, triggers
{_indented(_post_data(impossible))}
{_indented(views)}

    # statistics, without which queries are slow
    vacuumdb --analyze-only -d "$TARGET"

Now compare the row counts with the manifest. Owner, grants and settings of the database itself are under `properties`
there. When all is as it should be, and no database has the old name any more:

    {_PSQL} -d postgres -c {_quoted(rename)}
"""


def _post_data(impossible: Sequence[ForeignKey]) -> list[str]:
    command = 'pg_restore --exit-on-error --no-subscriptions --section=post-data --jobs=4 -d "$TARGET"'
    if not impossible:
        return [f"{command} schema.dump"]
    unwanted = " ".join(f"-e {_quoted(text)}" for key in impossible for text in key.listed())
    return [
        "# but for foreign keys to rows that this backup does not hold",
        f"{command} --use-list=<(pg_restore --list schema.dump | grep -v -F {unwanted}) schema.dump",
    ]


def _quoted(text: str) -> str:
    """The text as one word of bash on one line; what cannot be seen, or is not text, as the bytes it is."""
    if text.isprintable():
        return "'" + text.replace("'", "'\\''") + "'"
    return "$'" + "".join(_ESCAPES.get(character) or _visible(character) for character in text) + "'"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def _indented(lines: Sequence[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
