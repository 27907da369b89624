# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of the README and the docs, run as they stand: each fenced block that begins with ```shell test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .clone import shared_clone
from .program import CHECKOUT, Failed, say

__all__ = ["blocks_of", "readme"]

FENCE = re.compile(r"^```shell test\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENDLESS = re.compile(r"\bmake\s+test\b")


def blocks_of(text: str) -> list[str]:
    """The marked blocks of a Markdown text."""
    blocks: list[str] = FENCE.findall(text)
    return blocks


def readme(pages: Sequence[str] = ("README.md",)) -> None:
    """Every marked block, in order, by a shell that stops at the first failure; the README must have some.

    :param pages: patterns of their paths.
    """
    clone = shared_clone()
    for page in [page for pattern in pages for page in _found(pattern)]:
        blocks = blocks_of(page.read_text())
        if not blocks and page.parent == CHECKOUT:
            raise Failed("README.md has no block that begins with ```shell test.")
        for number, block in enumerate(blocks, 1):
            if ENDLESS.search(block):
                raise Failed(f"{page.name}, block {number}: make test would run itself.")
            _said, seconds = clone.run(["bash", "-euo", "pipefail", "-c", block], f"{page.stem}-{number}")
            say(f"{page.relative_to(CHECKOUT)}, block {number}: {seconds:.0f} s")


def _found(pattern: str) -> list[Path]:
    found = sorted(CHECKOUT.glob(pattern))
    if not found:
        raise Failed(f"There is no {pattern}.")
    return found
