# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide in a set gives commands that bash takes as they are meant, whatever names there are."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.guide import restore_guide
from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import Part
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import identifier, literal

NAMES = [
    "plain",
    'it\'s "quoted"',
    "back\\slash \\n $'x' \\",
    "; rm -rf $HOME `x` $(x) # & | > !",
    "-leading dash",
    "--options=x",
    "line\nbreak\r\n\n    indented\t",
    "\n",
    "ünï ☃ \U0001f4be",
    "\u202egnp.exe\u200b\u00a0\x1b[31m\x07\x7f",
    "\udce4\udcff and 0",  # bytes that are no UTF-8
    "<script>alert(1)</script> **bold** ```",
    "y" * 63,
]

PROPERTIES = {
    "encoding": "UTF8", "collate": "C", "ctype": "C", "locale_provider": "i", "locale": "und",
    "tablespace": "pg_default",
}  # fmt: skip

# Stand-ins for the programs, which say what they were given.
SAY = """
set -eu
say() { printf '%s\\0' "$@" end; }
for program in psql pg_restore vacuumdb; do eval "$program() { say $program \\"\\$@\\"; }"; done
"""


def told(guide: str, database: bytes) -> list[list[bytes]]:
    """What the programs are given when the commands are pasted as they stand in the file."""
    commands = "\n".join(line for line in guide.split("\n") if line.startswith("    "))
    script = f'{SAY}\n{commands}\nsay "$DATABASE"\n'.encode("utf-8", "surrogateescape")
    done = subprocess.run(["bash"], input=script, capture_output=True, check=True)
    assert done.stderr == b""
    words = [call.split(b"\0") for call in done.stdout.split(b"\0end\0")[:-1]]
    assert words.pop() == [database]
    return words


@pytest.mark.parametrize("name", NAMES)
def test_names_reach_the_programs_as_they_are(name: str) -> None:
    parts = [
        Part("schema.dump", "schema", 1, "0"),
        Part("data-001.dump", "data", 1, "0", ((name, name),)),
        Part("rest.dump", "rest", 1, "0"),
        Part("globals.sql", "globals", 1, "0"),
    ]
    view = identifier(name, name)
    calls = told(restore_guide(name, {**PROPERTIES, "locale": name}, 180000, parts, [view]), encoded(name))
    assert [call[0] for call in calls] == [
        b"psql", b"psql", b"pg_restore", b"pg_restore", b"pg_restore", b"pg_restore", b"psql", b"vacuumdb", b"psql",
    ]  # fmt: skip
    assert calls[1][-1].startswith(b'CREATE DATABASE "restored" TEMPLATE template0 ')
    assert calls[1][-1].endswith(encoded(f" ICU_LOCALE {literal(name)}"))
    assert [call[-1] for call in calls[2:6]] == [b"schema.dump", b"data-001.dump", b"rest.dump", b"schema.dump"]
    assert calls[6][-1] == encoded(f"REFRESH MATERIALIZED VIEW {view}")
    assert calls[8][-1] == encoded(f'ALTER DATABASE "restored" RENAME TO {identifier(name)}')


def test_nothing_that_hides_is_in_the_page() -> None:
    guide = restore_guide("".join(NAMES), PROPERTIES, 170000, [], ["".join(NAMES)])
    assert all(line.isprintable() for line in guide.split("\n"))


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
