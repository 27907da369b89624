# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statements of a plain SQL dump, one by one, in constant memory; rows pass through untouched.

Statements end where psql ends them: at a semicolon that is in no string, quoted name, dollar quote or comment
(PostgreSQL's documentation, "Lexical Structure"). What is left out is named by :data:`LEFT_OUT`.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Collection
from typing import IO, Callable

from .._errors import Refused
from .._present import present

__all__ = ["LEFT_OUT", "Statements"]

CHUNK = 1 << 20

# The longest statement that is kept in memory: a function's text, or an INSERT of many rows.
_LONGEST = 256 << 20

_BEGUN = b"-- PostgreSQL database dump\n"
_COMMENTS = re.compile(rb"(?:\s+|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_COPY = re.compile(rb"COPY\s.*\sFROM\s+stdin;\s*\Z", re.DOTALL | re.IGNORECASE)
_RESTRICTION = re.compile(rb"\\(un)?restrict [A-Za-z0-9]+\r?\n")
_SETTING = re.compile(rb"SET (?:SESSION |LOCAL )?(\w+)(?: = | TO )[^;]*;\s*\Z")

# What opens something in which a semicolon ends nothing, and the semicolon itself.
_TOKEN = re.compile(rb"[eE]'|'|\"|\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$|--|/\*|;|\n\\")
_LONGEST_TOKEN = 70  # a dollar quote's tag is an identifier
_ENDS = {
    b"'": re.compile(rb"[^']*'"),
    b"E": re.compile(rb"(?:[^'\\]|\\.)*'", re.DOTALL),
    b'"': re.compile(rb'[^"]*"'),
    b"--": re.compile(rb"[^\n]*\n"),
    b"/*": re.compile(rb".*?\*/", re.DOTALL),
    b"\n\\": re.compile(rb"[^\n]*\n"),
}

# Statements that a restore under other roles leaves out: by kind, what the whole statement looks like.
LEFT_OUT = {
    "owners": re.compile(rb"ALTER [A-Z ]+ .* OWNER TO [^;]+;\s*\Z", re.DOTALL),
    "grants": re.compile(rb"(?:GRANT|REVOKE) .*;\s*\Z", re.DOTALL),
    "default privileges": re.compile(rb"ALTER DEFAULT PRIVILEGES .*;\s*\Z", re.DOTALL),
    "comments on extensions": re.compile(rb"COMMENT ON EXTENSION .*;\s*\Z", re.DOTALL),
    "subscriptions": re.compile(rb"(?:CREATE|ALTER|COMMENT ON) SUBSCRIPTION .*;\s*\Z", re.DOTALL),
    "user mappings": re.compile(rb"CREATE USER MAPPING .*;\s*\Z", re.DOTALL),
}


class Statements(io.RawIOBase):
    """A dump as a stream without what is left out, between two lines that forbid every command of psql's own.

    :param source: the dump.
    :param key: a word that the dump cannot hold by chance.
    :param settings: the settings that the server knows; ``SET`` of others is left out.
    :param sink: is given everything but what is left out, too.
    :ivar left_out: how many statements were left out, by kind.
    :ivar seen: how many statements there were.
    :ivar begun: whether it begins as pg_dump's do.
    :ivar end: its last bytes.
    """

    def __init__(self, source: IO[bytes], key: str, settings: Collection[str], sink: Callable[[bytes], object]) -> None:
        super().__init__()
        self._source = source
        self._settings = settings
        self._sink = sink
        self._ready = bytearray(f"\\restrict {key}\n".encode())
        self._text = b""
        self._at = 0  # where in the text what comes next begins
        self._searched = 0  # up to where its end has been looked for
        self._in_rows = False
        self._over = False
        self._last = f"\\unrestrict {key}\n".encode()
        self.left_out: Counter[str] = Counter()
        self.seen = 0
        self.begun = False
        self.end = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Give at most *size* bytes; nothing at the end."""
        while not self._ready and not self._over:
            self._take_more()
        wanted = len(self._ready) if size < 0 else size
        taken = bytes(self._ready[:wanted])
        del self._ready[:wanted]
        return taken

    def _take_more(self) -> None:
        chunk = self._source.read(CHUNK)
        gone = max(0, self._at - 1)  # the line break before the next line belongs to it
        self._text = self._text[gone:] + chunk
        self._searched -= gone
        self._at -= gone
        if not self.end:
            self.begun = _BEGUN in chunk[:4096]
        self.end = (self.end + chunk)[-4096:]
        if not chunk:
            self._pass(len(self._text))
            self._ready += self._last
            self._over = True
            return
        while self._take_rows() if self._in_rows else self._take_statement():
            pass
        if len(self._text) - self._at > _LONGEST:
            why = f"one is longer than {_LONGEST >> 20} MiB"
            raise Refused("reading a dump", "its statements", why, "Make a dump in the custom format.")

    def _take_rows(self) -> bool:
        # The line break before the mark that ends the rows is that of the last row, or of the head.
        found = self._text.find(b"\n\\.\n", max(0, self._at - 1))
        if found < 0:
            self._pass(max(self._at, len(self._text) - 3))
            return False
        self._pass(found + 4)
        self._in_rows = False
        return True

    def _take_statement(self) -> bool:
        restriction = _RESTRICTION.match(self._text, self._bare())
        if restriction is not None:
            self._at = self._searched = restriction.end()
            return True
        end = self._end_of_statement()
        if end is None:
            return False
        self.seen += 1
        bare = self._text[self._bare() : end]
        kind = self._kind_left_out(bare)
        if kind is not None:
            self.left_out[kind] += 1
            self._at = self._searched = end
            return True
        self._in_rows = _COPY.match(bare) is not None
        self._pass(end)
        return True

    def _bare(self) -> int:
        """Where what comes next begins, after blanks and comments."""
        return present(_COMMENTS.match(self._text, self._at)).end()

    def _end_of_statement(self) -> int | None:
        """Where the statement ends, its line break included; None while that is not to be seen."""
        position = max(self._searched, self._at)
        while True:
            token = _TOKEN.search(self._text, position)
            if token is None:
                self._searched = max(position, len(self._text) - _LONGEST_TOKEN)
                return None
            end = self._end_of(token)
            if end is None:
                self._searched = token.start()
                return None
            if token.group() == b";":
                return end
            position = end

    def _end_of(self, token: re.Match[bytes]) -> int | None:
        opened = token.group()
        if opened == b";":
            line = self._text[token.end() : token.end() + 1]
            return token.end() + (line == b"\n") if line else None
        if opened.startswith(b"$"):
            found = self._text.find(opened, token.end())
            return None if found < 0 else found + len(opened)
        ending = _ENDS[b"E" if opened in (b"E'", b"e'") else opened].match(self._text, token.end())
        return None if ending is None else ending.end()

    def _kind_left_out(self, bare: bytes) -> str | None:
        setting = _SETTING.match(bare)
        if setting is not None and setting.group(1).decode("latin-1").lower() not in self._settings:
            return "settings"
        return next((kind for kind, pattern in LEFT_OUT.items() if pattern.match(bare)), None)

    def _pass(self, end: int) -> None:
        """Hand on what comes before *end*."""
        text = self._text[self._at : end]
        self._ready += text
        self._sink(text)
        self._at = self._searched = end
