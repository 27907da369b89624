# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client programs: what they are given, what their words mean. Their parts are played by small scripts."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Refused
from ansible_collections.day2.ops.plugins.module_utils._postgresql.client import (
    Client,
    DumpFailed,
    RestoreFailed,
    TocEntry,
    pattern,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.server import Login, Server, _Known
from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.runner import PrivateFile

DATABASE = "it's; host=elsewhere"

# Says its version like a PostgreSQL program; otherwise tells what it was given, and ends as it is told to.
PROGRAM = """#!{python}
import json, os, sys
if sys.argv[1:] == ["--version"]:
    print("{name} (PostgreSQL) {version}")
    sys.exit()
print(sys.argv[1:])
if {name!r} == "pg_restore" and not os.path.exists(sys.argv[-1]):
    print("read", len(sys.stdin.buffer.read()))
said, status = json.load(open(os.path.dirname(__file__) + "/told.json"))
sys.stderr.write(said)
sys.exit(status)
"""


def install(folder: Path, version: str) -> None:
    folder.mkdir()
    for name in ("pg_dump", "pg_dumpall", "pg_restore"):
        script(folder / name, PROGRAM.format(python=sys.executable, name=name, version=version))


def script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def server_of(folder: Path) -> Server:
    server = Server(HostRunner(), Login(password="secret"), str(folder))
    server.__dict__["_known"] = _Known(170005, "EUC_JP", True)  # as if it had been asked
    return server


@pytest.fixture
def server(tmp_path: Path) -> Server:
    install(tmp_path / "bin", "17.5 (Debian 17.5-1)")
    return server_of(tmp_path / "bin")


def client(server: Server, say: str = "", status: int = 0) -> Client:
    """A client whose programs end like this."""
    (Path(server.bin_dir or "") / "told.json").write_text(json.dumps([say, status]))
    return Client(server, DATABASE)


# -- which programs ---------------------------------------------------------------------------------------------------


def test_the_servers_own_version_is_taken(server: Server) -> None:
    assert (server.program("pg_dump").major, server.warnings) == (17, [])


def test_a_newer_one_is_taken_with_a_warning_that_is_told_once(tmp_path: Path) -> None:
    install(tmp_path / "bin", "18beta1")
    server = server_of(tmp_path / "bin")
    assert server.program("pg_dump") is server.program("pg_dump")
    server._chosen.clear()
    server.program("pg_dump")
    (warning,) = server.warnings
    assert "is of PostgreSQL 18" in warning


def test_an_older_one_is_refused(tmp_path: Path) -> None:
    install(tmp_path / "bin", "16.9")
    with pytest.raises(Refused, match=r"older than the server: .*pg_dump \(16\)"):
        server_of(tmp_path / "bin").program("pg_dump")


def test_a_missing_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="it is not there. Install the client programs of PostgreSQL 17"):
        server_of(tmp_path).program("pg_dump")
    with pytest.raises(NotPossible, match="neither psycopg2 nor psql is there"):
        server_of(tmp_path)._any_program("psql")


@pytest.mark.parametrize("text", ["#!/bin/sh\necho 17.5\n", "#!/bin/sh\necho 'pg_dump (PostgreSQL) 17.5'; exit 1\n"])
def test_what_does_not_say_its_version_is_no_such_program(tmp_path: Path, text: str) -> None:
    script(tmp_path / "pg_dump", text)
    with pytest.raises(NotPossible):
        server_of(tmp_path).program("pg_dump")


# -- what they are given ----------------------------------------------------------------------------------------------


def test_a_dump(server: Server) -> None:
    out = io.BytesIO()
    said = "pg_dump: warning: there are circular foreign-key constraints\npg_dump: hint: Consider\n\nworth knowing\n"
    streamed, notes = client(server, said).dump(["--schema-only"], out.write, "dumping")
    assert out.getvalue().decode() == "['--format=custom', '--no-password', '--schema-only']\n"
    assert streamed.sha256 == hashlib.sha256(out.getvalue()).hexdigest()
    assert notes == ["worth knowing"]


def test_globals_are_dumped_through_the_logins_own_database(server: Server) -> None:
    out = io.BytesIO()
    client(server).dump_globals(["--no-role-passwords"], out.write)
    through = ["--encoding=EUC_JP", "--database=dbname='postgres'"]
    assert out.getvalue().decode() == f"{['--globals-only', '--no-password', *through, '--no-role-passwords']}\n"


@pytest.mark.parametrize("as_file", [False, True])
def test_a_restore(server: Server, as_file: bool) -> None:
    archive = PrivateFile(b"12345") if as_file else io.BytesIO(b"12345")
    streamed = client(server).restore(archive, ["--data-only"], "restoring")
    assert streamed.returncode == 0
    assert as_file or streamed.size == 5


def test_reading_back(server: Server) -> None:
    got: list[bytes] = []
    streamed = client(server).read_back(io.BytesIO(b"x" * 100_000), got.append, "reading")
    assert streamed.size == 100_000
    assert b"".join(got).decode() == "['--file=-']\nread 100000\n"


# -- what their words mean --------------------------------------------------------------------------------------------


def failures(failing: Client) -> list[tuple[type[Exception], Callable[[], object]]]:
    return [
        (DumpFailed, lambda: failing.dump([], len, "dumping")),
        (DumpFailed, lambda: failing.dump_globals([], len)),
        (RestoreFailed, lambda: failing.restore(io.BytesIO(), [], "restoring")),
        (RestoreFailed, lambda: failing.read_back(io.BytesIO(), len, "reading")),
        (RestoreFailed, lambda: failing.contents(io.BytesIO())),
    ]


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("pg_dump: error: query failed: ERROR: permission denied for table x", "Grant the role"),
        ("pg_dump: error: query would be affected by row-level security policy", "BYPASSRLS"),
        ("pg_dump: error: canceling statement due to lock timeout", "stands in the way"),
        ("pg_dump: error: could not obtain lock on relation", "stands in the way"),
        ("pg_dump: error: could not write: No space left on device", "Free space there"),
        ("pg_dump: error: something new", "Look at the server's log"),
        ("", "Look at the server's log"),
    ],
)
def test_a_failure_is_told_with_its_remedy(server: Server, said: str, remedy: str) -> None:
    for kind, attempt in failures(client(server, said, 3)):
        with pytest.raises(kind) as failed:
            attempt()
        assert isinstance(failed.value, (DumpFailed, RestoreFailed))
        assert failed.value.why == (said or "it ended with status 3")
        assert remedy in failed.value.remedy
        assert failed.value.on.startswith(f'database "{DATABASE}" at ')


def test_rows_that_a_program_quotes_are_not_told(server: Server) -> None:
    said = "pg_restore: error: COPY failed: ERROR:  duplicate key\nDETAIL:  Key (email)=(person@example.org) exists.\n"
    with pytest.raises(RestoreFailed) as failed:
        client(server, said, 1).restore(io.BytesIO(), [], "restoring")
    assert "duplicate key" in failed.value.why
    assert "person" not in str(failed.value)


def test_of_endless_words_the_last_are_told(server: Server) -> None:
    with pytest.raises(DumpFailed) as failed:
        client(server, "e" * 5000 + " last", 1).dump([], len, "dumping")
    assert len(failed.value.why) == 2000
    assert failed.value.why.endswith("last")


# -- tables of contents -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kind", "rest"),
    [
        ("215; 1259 16385 TABLE public orders postgres", "TABLE", "public orders postgres"),
        ("3402; 0 16385 TABLE DATA public orders postgres", "TABLE DATA", "public orders postgres"),
        ("3; 0 0 COMMENT - EXTENSION plpgsql ", "COMMENT", "- EXTENSION plpgsql "),
        ("4; 3079 1 EXTENSION - pg_cron ", "EXTENSION", "- pg_cron "),
        ("5; 6100 2 SUBSCRIPTION - sub owner", "SUBSCRIPTION", "- sub owner"),
        ("6; 0 0 SUBSCRIPTION TABLE - sub owner", "SUBSCRIPTION TABLE", "- sub owner"),
        ("7; 1418 9 USER MAPPING - USER MAPPING me SERVER s me", "USER MAPPING", "- USER MAPPING me SERVER s me"),
        ("8; 0 0 MATERIALIZED VIEW DATA public v me", "MATERIALIZED VIEW DATA", "public v me"),
        ("9; 0 0 SEQUENCE SET public s me", "SEQUENCE SET", "public s me"),
        ("10; 2613 7 BLOB METADATA - 7 me", "BLOB METADATA", "- 7 me"),
        ("11; 0 0 BLOBS - BLOBS ", "BLOBS", "- BLOBS "),
        ("12; 0 0 ACL public TABLE orders me", "ACL", "public TABLE orders me"),
        ("13; 2606 1 FK CONSTRAINT public orders fk me", "FK", "CONSTRAINT public orders fk me"),
        ("nonsense", "", ""),
    ],
)
def test_an_entry(line: str, kind: str, rest: str) -> None:
    entry = TocEntry(line)
    assert (entry.line, entry.kind, entry.rest) == (line, kind, rest)


def test_contents_are_the_lines_that_are_no_comments(server: Server, tmp_path: Path) -> None:
    listing = (
        ";\n; Archive created at 2026\n\n1; 1259 2 TABLE public a\u2028b me\n2; 0 2 TABLE DATA public a\u2028b me\n"
    )
    version = "[ \"$1\" = --version ] && echo 'pg_restore (PostgreSQL) 17.5' && exit"
    script(tmp_path / "bin" / "pg_restore", f"#!/bin/sh\n{version}\ncat <<'END'\n{listing}END\n")
    found = client(server).contents(io.BytesIO(b"archive"))
    assert [(entry.kind, entry.rest) for entry in found] == [
        ("TABLE", "public a\u2028b me"),
        ("TABLE DATA", "public a\u2028b me"),
    ]


def test_of_an_archive_no_more_is_read_than_its_table_of_contents_takes(server: Server, tmp_path: Path) -> None:
    version = "[ \"$1\" = --version ] && echo 'pg_restore (PostgreSQL) 17.5' && exit"
    enough = '[ "$(wc -c < "$2")" -ge 3000000 ] || { echo "could not read from input file: end of file" >&2; exit 1; }'
    script(tmp_path / "bin" / "pg_restore", f"#!/bin/sh\n{version}\n{enough}\necho '1; 1259 2 TABLE public a me'\n")
    archive = io.BytesIO(b"x" * (64 << 20))
    assert [entry.kind for entry in client(server).contents(archive)] == ["TABLE"]
    assert archive.tell() == 4 << 20
    short = io.BytesIO(b"x" * 2_000_000)
    with pytest.raises(RestoreFailed, match="end of file"):
        client(server).contents(short)


def test_a_pattern_means_the_relations_and_no_others() -> None:
    assert pattern("public", 'a*."b') == '"public"."a*.""b"'
    assert pattern("public", "a", "b|c") == '"public".("a"|"b|c")'
