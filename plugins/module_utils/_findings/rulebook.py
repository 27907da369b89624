# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All rules of a run: the defaults, changed by the inventory's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .._errors import Refused
from .plain import plain
from .reading import BadRule, nearest, read_rule
from .rule import Rule

__all__ = ["rulebook"]


def rulebook(defaults: Sequence[Any], overrides: Sequence[Any] = ()) -> list[Rule]:
    """The rules to judge by: *defaults*, each changed by the *overrides* of the same ``check``, and the new ones.

    An override with ``only`` (patterns of subjects) changes the rule for these subjects; without, for all.

    :raises Refused: naming everything that is wrong with any of them.
    """
    book = _Book()
    for data in _listed(plain(defaults), book):
        book.add(data)
    for data in _listed(plain(overrides), book):
        book.change(data)
    rules = book.rules()
    if book.problems:
        raise Refused(
            "reading the rules",
            "day2_rules",
            ". ".join(book.problems),
            "Mend them; docs/rules.md describes every key.",
        )
    return rules


def _listed(data: Any, book: _Book) -> list[dict[str, Any]]:
    if not isinstance(data, list):
        book.problems.append(f"The rules must be a list, not {data!r}")
        return []
    wrong = [item for item in data if not isinstance(item, dict)]
    book.problems += [f"A rule must be a dictionary, not {item!r}" for item in wrong]
    return [item for item in data if isinstance(item, dict)]


class _Book:
    """The rules while they are being merged, as data."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._whole: dict[str, dict[str, Any]] = {}
        self._variants: dict[str, list[dict[str, Any]]] = {}

    def add(self, data: dict[str, Any]) -> None:
        check = str(data.get("check", ""))
        if check in self._whole:
            self.problems.append(f"Rule {check!r} is there twice")
        self._whole[check] = data

    def change(self, data: dict[str, Any]) -> None:
        """Take *data* as a change of the rule of its name, or as a new rule."""
        check = data.get("check")
        if not isinstance(check, str) or not check:
            self.problems.append(f"A rule without a check: {data!r}")
        elif check not in self._whole and not {"requires", "value"} <= data.keys():
            self.problems.append(
                f"No rule is called {check!r}{nearest(check, self._whole)} (A new rule needs requires and value)"
            )
        elif data.get("only") is None:
            self._whole[check] = {**self._whole.get(check, {}), **data}
        elif check not in self._whole:
            self.problems.append(f"Rule {check!r} is new: only can come in a second entry that changes it")
        else:
            self._variants.setdefault(check, []).append(data)

    def rules(self) -> list[Rule]:
        return [rule for rule in (self._rule(check) for check in self._whole) if rule is not None]

    def _rule(self, check: str) -> Rule | None:
        whole = self._whole[check]
        rule = self._read(check, whole)
        variants = []
        for data in reversed(self._variants.get(check, [])):
            only = data["only"] if isinstance(data["only"], list) else [data["only"]]
            variants.append((tuple(str(pattern) for pattern in only), self._read(check, {**whole, **data})))
        return replace(rule, variants=tuple(variants)) if rule else None

    def _read(self, check: str, data: dict[str, Any]) -> Rule | None:
        enabled = data.get("enabled", True)
        if not isinstance(enabled, bool):
            self.problems.append(f"Rule {check!r}: enabled must be true or false, not {enabled!r}")
        try:
            rule = read_rule(data)
        except BadRule as error:
            self.problems.append(f"Rule {check!r}: {error}")
            return None
        return rule if enabled else None
