# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write docs/rules.md from the rules that come with the collection: python -m tests.tools.rules_document

A test compares the file with what this writes.
"""

from __future__ import annotations

from typing import Any

from ..collection import CHECKOUT

__all__ = ["PATH", "text"]

PATH = CHECKOUT / "docs" / "rules.md"
_INTRODUCTION = CHECKOUT / "tests" / "tools" / "rules_introduction.md"
_TITLES = {
    "steps": "Steps of the run",
    "lease": "Lease",
    "services": "Services",
    "host": "Hosts",
    "backups": "Backups and drills",
    "restores": "Restores",
    "postgresql": "Databases: reach and activity",
    "postgresql_storage": "Databases: storage",
    "postgresql_server": "Databases: replication, WAL and settings",
    "maintenance": "Maintenance",
    "certificates": "Certificates",
    "probes": "Endpoints",
    "metrics": "Business",
    "logs": "Logs",
}


def text() -> str:
    """The whole document."""
    from ansible_collections.day2.ops.plugins.module_utils._findings import rulebook
    from ansible_collections.day2.ops.plugins.plugin_utils._rules import rules_by_group

    by_file = rules_by_group()
    parts = [_INTRODUCTION.read_text(encoding="utf-8")]
    for name in sorted(by_file, key=list(_TITLES).index):
        limits = {rule.check: dict(rule.levels) for rule in rulebook(by_file[name])}
        parts.append(f"## {_TITLES[name]}\n")
        parts += [_section(rule, limits[rule["check"]]) for rule in by_file[name]]
    return "\n".join(parts)


def _section(rule: dict[str, Any], levels: dict[str, Any]) -> str:
    unit = rule.get("unit", "")
    facts = [_code(rule["requires"])]
    each = rule.get("each")
    if each:
        facts.append("each of " + " / ".join(_code(path) for path in (each if isinstance(each, list) else [each])))
    facts.append(_code(rule["value"]))
    limits = [f"{level} {levels[level].words(unit)}" for level in ("info", "warning", "critical") if level in levels]
    lines = [
        f"### {rule['check']}\n",
        f"{rule['title']}.\n",
        f"- Looks at: {', '.join(facts)}",
        f"- Finds: {'; '.join(limits)}" + (f"; held for {rule['for']}" if "for" in rule else ""),
        f"- Says: {_words(rule['message'])}",
        f"- Do: {_words(rule['remedy'])}",
    ]
    if rule.get("procedures"):
        lines.append(f"- Manuals: {', '.join(rule['procedures'])}")
    return "\n".join(lines) + "\n"


def _code(path: str) -> str:
    told = " ".join(path.split())
    return f"`` {told} ``" if "`" in told else f"`{told}`"


def _words(told: str) -> str:
    return " ".join(told.split()).replace("<", "&lt;")


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
