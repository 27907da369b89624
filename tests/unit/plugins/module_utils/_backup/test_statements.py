# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statements of a dump: what is left out, what is not, wherever the chunks are cut."""

from __future__ import annotations

import io
import random

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import statements as module
from ansible_collections.day2.ops.plugins.module_utils._backup.statements import Statements

KNOWN = {"search_path", "client_encoding"}


def passed(dump: bytes, chunk: int = 1 << 20) -> tuple[bytes, Statements]:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(chunk, size or 0))

    seen: list[bytes] = []
    stream = Statements(Slow(dump), "KEY", KNOWN, seen.append)
    whole = b"".join(iter(lambda: stream.read(7), b""))
    assert whole.startswith(b"\\restrict KEY\n")
    assert whole.endswith(b"\\unrestrict KEY\n")
    bare = whole[len(b"\\restrict KEY\n") : -len(b"\\unrestrict KEY\n")]
    assert b"".join(seen) == bare
    return bare, stream


LEFT = {
    "ALTER TABLE public.orders OWNER TO app;": "owners",
    'ALTER FUNCTION public."odd OWNER TO name"(a integer) OWNER TO "the owner";': "owners",
    "GRANT SELECT ON TABLE public.orders TO reader;": "grants",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC;": "grants",
    "ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO reader;": "default privileges",
    "COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL; language';": "comments on extensions",
    "SET transaction_timeout = 0;": "settings",
    "CREATE SUBSCRIPTION s CONNECTION 'password=x' PUBLICATION p;": "subscriptions",
}
KEPT = [
    "SET search_path = public;",
    "CREATE TABLE public.t (a text DEFAULT 'GRANT; x');",
    "CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS $_$\nBEGIN\nGRANT SELECT ON t TO x;\n\nEND;\n$_$;",
    "CREATE FUNCTION public.g() RETURNS text AS $$ SELECT 'x;' || $q$GRANT a TO b;$q$ $$;",
    "INSERT INTO t VALUES (E'it\\'s;\nGRANT a TO b;');",
    "INSERT INTO t VALUES ('it''s;\nREVOKE a FROM b;');",
    "COMMENT ON TABLE \"GRANT; x\" IS 'ALTER TABLE a OWNER TO b;';",
    "/* GRANT a TO b; */ SELECT 1;",
    "COPY public.t (a) FROM stdin;\nGRANT a TO b;\n\\restrict x\n\\.\n",
    "COPY public.t (a) FROM stdin;\n\\.\n",
]


@pytest.mark.parametrize("chunk", [1, 3, 17, 1 << 20])
def test_what_speaks_of_other_roles_is_left_out_and_nothing_else(chunk: int) -> None:
    chance = random.Random(chunk)
    pieces = [*LEFT, *KEPT] * 2
    chance.shuffle(pieces)
    dump = "\n".join(f"--\n-- Name: it's; Type: ;\n--\n\n{piece}\n" for piece in pieces).encode()
    bare, stream = passed(dump, chunk)
    assert sum(stream.left_out.values()) == 2 * len(LEFT)
    assert set(stream.left_out) == set(LEFT.values())
    assert stream.seen == len(pieces)
    for kept in KEPT:
        assert bare.count(kept.encode()) == 2
    for left in LEFT:
        assert left.encode() not in bare


@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_the_dumps_own_key_is_taken_away_and_other_commands_stay_for_psql_to_refuse(chunk: int) -> None:
    dump = b"--\n-- dump\n--\n\n\\restrict abc\n\nSELECT 1;\n\\! rm -rf /\nSELECT 2;\n\n\\unrestrict abc\n\n"
    bare, _stream = passed(dump, chunk)
    assert b"restrict" not in bare
    assert b"\\! rm -rf /\n" in bare


def test_the_end_is_kept_to_be_looked_at() -> None:
    dump = b"SELECT 1;\n" * 2000 + b"-- PostgreSQL database dump complete\n"
    _bare, stream = passed(dump)
    assert stream.end.endswith(b"complete\n")
    assert len(stream.end) == 4096


def test_a_statement_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST", 1000)
    monkeypatch.setattr(module, "CHUNK", 100)
    with pytest.raises(module.Refused, match="longer than"):
        passed(b"SELECT '" + b"x" * 2000)


def test_nothing_is_nothing() -> None:
    assert passed(b"")[0] == b""
    assert passed(b"-- only a comment")[0] == b"-- only a comment"
