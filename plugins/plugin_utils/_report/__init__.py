# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renders the document of a run as a page, as Markdown, as JSON, and as lines for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._findings.plain import plain

from .changes import changes_since
from .render import html, json_text, markdown_text
from .run import read_run
from .summary import history_entry, summary
from .view import View, view_of

__all__ = ["Report"]

_RENDER: dict[str, Callable[[View], str]] = {"html": html, "json": json_text, "md": markdown_text}


class Report:
    """The report of one run."""

    def __init__(self, document: Any) -> None:
        self.run = read_run(document)
        self._changes = changes_since(self.run, None)

    def compare(self, previous: dict[str, Any] | None, reason: str = "") -> None:
        """Tell what has changed since the *previous* run, or for what *reason* that is not known."""
        self._changes = changes_since(self.run, plain(previous), reason)
        vars(self).pop("_view", None)

    @cached_property
    def _view(self) -> View:
        return view_of(self.run, self._changes)

    def texts(self, formats: Sequence[str]) -> dict[str, str]:
        """The report in each of the *formats*."""
        return {kind: _RENDER[kind](self._view) for kind in formats}

    def history_entry(self) -> dict[str, Any]:
        """What later runs want to know of this one."""
        return history_entry(self._view)

    def told(self, where: str) -> dict[str, Any]:
        """What the task returns of the report; *where* says in a line where it is kept."""
        verdict = self._view.verdict
        return {
            "verdict": verdict.line,
            "worst": verdict.worst,
            "counts": verdict.counts,
            "fails": verdict.fails,
            "changes": self._view.changes.as_dict(),
            "summary": summary(self._view, where),
        }
