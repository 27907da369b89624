# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that a report shows, in the order in which it shows it, for every format alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._findings.finding import SEVERITIES

from .blocks import Block, Chart, Column, Note, Pairs, Section, Table, attempted, cannot_be_shown
from .changes import Changes
from .charts import Bar, can_draw, waterfall
from .run import Host, Run, dig, items, mapping, number, of_hosts
from .sections import sections
from .sections.backups import drill_words
from .verdict import Group, Verdict, groups, verdict
from .words import count, figure

__all__ = ["View", "view_of"]

_CHECKS = 1000
_STEPS = 200
_CHARTS = 40


@dataclass(frozen=True)
class View:
    """A report, ready to be drawn."""

    run: Run
    verdict: Verdict
    changes: Changes
    needs: list[Group]
    silenced: list[Group]
    lost: list[Host]
    proof: list[str]
    steps: Section
    sections: list[Section]
    checks: list[Block]
    about: list[Block]

    @property
    def title(self) -> str:
        return f"{self.run.environment}: {self.run.runbook}{' (plan)' if self.run.check_mode else ''}"


def view_of(run: Run, changes: Changes) -> View:
    """Lay out the report of *run*."""
    by_host = [(host.name, attempted(f"Steps of {host.name}", partial(_steps, host))) for host in run.hosts]
    steps = Section("steps", "Steps", [(name, blocks) for name, blocks in by_host if blocks])
    parts = sections(run)
    about = attempted("What is known of the run", partial(_about, run))
    left_out = _thin_out([steps, *parts])
    if left_out:
        about.append(
            Note(f"{count(left_out, 'chart')} beyond the first {_CHARTS} are left out; the tables tell the same.")
        )
    return View(
        run=run,
        verdict=verdict(run),
        changes=changes,
        needs=groups(run.counting),
        silenced=groups((finding for finding in run.findings if finding["silenced"]), "info"),
        lost=[host for host in run.hosts if not host.reached],
        proof=[_proof(database) for _other, facts in of_hosts(run.hosts, "backups") for database in items(facts)],
        steps=steps,
        sections=parts,
        checks=attempted("The list of all checks", partial(_checks, run)),
        about=about,
    )


def _thin_out(parts: list[Section]) -> int:
    """Take charts out where there are too many to be looked at, or drawn while somebody waits; tell how many."""
    drawn = left_out = 0
    for section in parts:
        for place, (host, blocks) in enumerate(section.parts):
            kept = []
            for block in blocks:
                drawn += isinstance(block, Chart)
                if not isinstance(block, Chart) or drawn <= _CHARTS:
                    kept.append(block)
            left_out += len(blocks) - len(kept)
            section.parts[place] = (host, kept)
    return left_out


def _steps(host: Host) -> list[Block]:
    every = items(host.facts.get("steps"))
    if not every:
        return []
    drawn: list[Bar] = [
        (str(step.get("title") or step.get("name")), number(step.get("seconds")) or 0.0, str(step.get("status")))
        for step in every
        if number(step.get("seconds"))
    ]
    chart = waterfall("Time of each step, one after the other", drawn)
    columns = (Column("Step"), Column("Result", "tone"), Column("Took", "seconds"), Column("Remark"))
    rows = [
        [step.get("title") or step.get("name"), step.get("status"), step.get("seconds"), _remark(step)]
        for step in every[:_STEPS]
    ]
    took = sum(number(step.get("seconds")) or 0 for step in every)
    table = Table(f"{count(len(every), 'step')} in {figure(took, 'seconds')}", columns, rows, total=len(every))
    return [chart, table] if chart else [table]


def _remark(step: dict[str, Any]) -> str:
    error = mapping(step.get("error"))
    told = list(
        dict.fromkeys(str(part) for part in (step.get("message"), error.get("why"), error.get("remedy")) if part)
    )
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in told)


def _proof(database: dict[str, Any]) -> str:
    try:
        return drill_words(database)
    except Exception as fault:
        return cannot_be_shown("A backup", fault).text


def _checks(run: Run) -> list[Block]:
    """Every finding, by the first word of its check."""
    columns = (
        Column("Result", "tone"),
        Column("Check", "code"),
        Column("Host", "code"),
        Column("Of what", "code"),
        Column("Message"),
        Column("Should be"),
    )
    by_group: dict[str, list[dict[str, Any]]] = {}
    for finding in run.findings:
        by_group.setdefault(finding["check"].partition(".")[0], []).append(finding)
    tables: list[Block] = []
    for name, findings in sorted(by_group.items()):
        rows = [
            [
                "silenced" if finding["silenced"] else finding["severity"],
                finding["check"],
                finding["host"],
                finding["subject"],
                finding["message"],
                finding["expected"],
            ]
            for finding in findings[:_CHECKS]
        ]
        caption = f"{name}: {count(len(findings), 'check')}, {_tally(findings)}"
        tables.append(Table(caption, columns, rows, total=len(findings), folded=True))
    return tables


def _tally(findings: list[dict[str, Any]]) -> str:
    told = []
    for severity in reversed(SEVERITIES):
        number_of = sum(finding["severity"] == severity for finding in findings)
        if number_of:
            told.append(f"{number_of} {severity}")
    return ", ".join(told)


def _about(run: Run) -> list[Block]:
    about, revision = run.about, mapping(run.about.get("revision"))
    commit = str(revision.get("commit") or "") or None
    dirty = "with changes that are not committed" if revision.get("dirty") is True else ""
    values: list[tuple[str, Any, str, str]] = [
        ("Run", about.get("id"), "code", "check mode: nothing was changed" if run.check_mode else ""),
        ("Started", about.get("started"), "when", ""),
        ("Finished", about.get("finished"), "when", ""),
        ("Took", about.get("seconds"), "seconds", ""),
        ("Started by", about.get("user"), "code", ""),
        ("From", about.get("controller"), "code", ""),
        ("Revision", commit, "code", dirty),
        ("Collection", revision.get("collection"), "code", f"ansible-core {about.get('ansible') or 'not known'}"),
        ("Hosts", len(run.hosts), "number", ", ".join(host.name for host in run.hosts[:12])),
        ("Fails at", about.get("fail_on") or "critical", "text", "or worse"),
    ]
    blocks: list[Block] = [Pairs(values)]
    for host, lease in of_hosts(run.hosts, "lease"):
        if dig(lease, "taken_over"):
            blocks.append(Note(f"{host}: {dig(lease, 'message') or 'the lease was taken over.'}", "warning"))
    if not can_draw():
        blocks.append(Note("There are no charts: matplotlib is not installed on the controller.", "info"))
    return blocks
