# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chunks of bytes to blocks of whole lines, none longer than allowed, in constant memory."""

from __future__ import annotations

from typing import Callable

__all__ = ["Lines"]

_BOM = b"\xef\xbb\xbf"


class Lines:
    """Gathers chunks into blocks of whole lines.

    :param sink: is given each block; it ends in a newline.
    :param longest: bytes that are kept of a line; the rest is left out, and the line counted as cut.
    """

    def __init__(self, sink: Callable[[bytes], object], longest: int) -> None:
        self._sink = sink
        self._longest = longest
        self._carry = b""
        self._in_cut = False
        self.bytes = 0
        self.lines = 0
        self.cut = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk."""
        if self.bytes == 0 and chunk.startswith(_BOM):
            self.bytes, chunk = len(_BOM), chunk[len(_BOM) :]
        self.bytes += len(chunk)
        end = chunk.rfind(b"\n") + 1
        if end == 0:
            self._keep(chunk)
            return
        start = 0
        if self._in_cut:
            start = chunk.find(b"\n")
            self._in_cut = False
        block = self._carry + chunk[start:end]
        self._carry = b""
        self._give(block)
        self._keep(chunk[end:])

    def end(self) -> None:
        """Take what is left as the last line."""
        if self._carry or self._in_cut:
            self._in_cut = False
            block, self._carry = self._carry + b"\n", b""
            self._give(block)

    def _keep(self, rest: bytes) -> None:
        if self._in_cut or not rest:
            return
        self._carry += rest
        if len(self._carry) > self._longest:
            self._carry = self._carry[: self._longest]
            self._in_cut = True
            self.cut += 1

    def _give(self, block: bytes) -> None:
        self.lines += block.count(b"\n")
        if self._may_be_too_long(block):
            block = b"".join(self._shortened(line) for line in block.split(b"\n")[:-1])
        self._sink(block)

    def _may_be_too_long(self, block: bytes) -> bool:
        # A line that is too long covers a whole stretch of half that length, counted from the start of the block.
        half = max(1, self._longest // 2)
        return any(block.find(b"\n", at, at + half) < 0 for at in range(0, len(block) - half, half))

    def _shortened(self, line: bytes) -> bytes:
        if len(line) > self._longest:
            self.cut += 1
            line = line[: self._longest]
        return line + b"\n"
