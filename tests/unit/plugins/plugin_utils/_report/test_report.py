# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as text: what it says, what it escapes, what it bears."""

from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.plugin_utils._report import Report, charts
from ansible_collections.day2.ops.plugins.plugin_utils._report.changes import changes_since
from ansible_collections.day2.ops.plugins.plugin_utils._report.run import read_run
from ansible_collections.day2.ops.plugins.plugin_utils._report.words import (
    age,
    clean,
    count,
    figure,
    markdown,
    shortened,
)

from .documents import HOSTILE, document, facts, finding

FORMATS = ["html", "json", "md"]


def texts(given: dict[str, Any], previous: dict[str, Any] | None = None) -> dict[str, str]:
    report = Report(given)
    report.compare(previous)
    return report.texts(FORMATS)


def plain(**run: Any) -> dict[str, Any]:
    """A document that holds no more than it must."""
    return {"run": {"environment": "shop", "runbook": "daily", "started": "2026-11-22T02:00:00Z", **run}}


class Elements(HTMLParser):
    """Every element of a page with its attributes, and what is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_a_page_is_well_formed_and_bears_nothing_active() -> None:
    page = Elements(texts(document())["html"])
    assert (page.open, page.wrong) == ([], [])
    tags = {tag for tag, _other in page.found}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "form", "input", "image", "foreignobject"})
    for _other, attributes in page.found:
        assert not any(name.startswith("on") for name in attributes)
        assert all(
            (value or "").startswith("#") for name, value in attributes.items() if name in ("href", "src", "xlink:href")
        )
    names = [attributes["id"] for _other, attributes in page.found if "id" in attributes]
    assert len(names) == len(set(names))


def test_tables_charts_and_parts_can_be_heard() -> None:
    page = Elements(texts(document())["html"])
    tags = [tag for tag, _other in page.found]
    assert {"header", "main", "nav", "footer", "caption"} <= set(tags)
    assert tags.count("caption") == tags.count("table") > 10
    assert all("scope" in attributes for tag, attributes in page.found if tag == "th")
    figures = [attributes for tag, attributes in page.found if tag == "figure"]
    assert len(figures) > 8
    assert all(attributes["role"] == "img" and len(attributes["aria-label"] or "") > 20 for attributes in figures)
    assert [attributes for tag, attributes in page.found if tag == "html"] == [{"lang": "en"}]


def test_what_comes_from_outside_is_text_everywhere() -> None:
    given = document()
    hostile = {
        "html": HOSTILE,
        "attribute": '" onload="alert(1)',
        "table": "a | b\n# c",
        "markdown": "[x](http://y) *b* `c` ![](z)",
        "terminal": "\x1b[31mred\x1b[0m\x00\x07",
        "direction": "abc\u202edef\u2066",
        "half": "\udc80",
        "svg": "</text></svg><script>alert(1)</script>",
        "maths": "$\\frac{1}{0}$ a$b",
        "template": "{{ 7 * 7 }}{% raw %}",
        "comment": "--> <!-- ]]>",
    }
    for name, text in hostile.items():
        given["findings"].append(
            finding("outside.check", "critical", subject=text, message=f"{name} {text}", remedy=text)
        )
        step = {"name": name, "title": text, "status": text, "seconds": 1.0, "message": text, "error": {"why": text}}
        given["hosts"]["db1"]["facts"]["steps"].append(step)
        given["hosts"][text] = {"reached": False, "message": text}
        given["hosts"]["db1"]["facts"][f"strange {text}"] = {text: [text]}
        given["hosts"]["db1"]["facts"]["backups"].append(
            {"database": text, "newest": {"bytes": text}, "drill": {"path": text}}
        )
        given["hosts"]["db1"]["facts"]["postgresql"][0]["connections"]["by_state"][text] = 3
    given["run"].update(
        environment=HOSTILE, user=hostile["attribute"], controller=HOSTILE, revision={"commit": HOSTILE}
    )
    told = texts(given, json.loads(texts(given)["json"]))
    assert "<script" not in told["html"]
    assert "<script" not in told["md"]
    assert "49" not in re.findall(r"template (\S+)", told["html"])
    for text in told.values():
        assert (
            not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\udc00-\udfff]", text)
            or text is told["json"]
        )
    told["json"].encode()
    page = Elements(told["html"])
    assert (page.open, page.wrong) == ([], [])
    assert not any(name.startswith("on") for _other, attributes in page.found for name in attributes)
    report = Report(given)
    report.compare(None)
    assert not any("\x1b" in line or "\n" in line for line in report.told("")["summary"])


@pytest.mark.parametrize("removed", ["findings", "hosts", "schema"])
def test_what_is_missing_costs_its_part_only(removed: str) -> None:
    given = document()
    del given[removed]
    assert "shop &amp; sons" in texts(given)["html"]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts are laid out, but not drawn: that takes most of the time."""
    monkeypatch.setattr(charts, "_drawn", lambda *_given: "<svg></svg>")


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("wrong", [None, [], {}, 5, "text", [None], [5], [[]], {"a": 1}, [{"database": 1}], [{}]])
def test_facts_of_any_shape_render(wrong: Any) -> None:
    for group in facts():
        given = document(findings=[])
        given["hosts"]["db1"]["facts"][group] = wrong
        assert texts(given)["html"]
    inner = document()
    for database in inner["hosts"]["db1"]["facts"]["postgresql"]:
        for key in list(database):
            if key not in ("reached", "database"):
                database[key] = wrong
    assert texts(inner)["html"]


def test_a_document_that_says_nothing_is_not_well() -> None:
    report = Report(plain())
    told = report.told("")
    assert (told["worst"], told["fails"]) == ("unknown", False)
    assert told["verdict"] == "Nothing was judged, so nothing is known."
    page = report.texts(["html"])["html"]
    assert "Nothing was judged" in page
    assert "Not known: there is no earlier report" in page


BAD = [
    (None, "environment, runbook, started"),
    ({}, "environment, runbook, started"),
    ({"run": {"environment": "a", "runbook": ""}}, "runbook, started"),
    ({"run": {"environment": "a", "runbook": "b", "started": "yesterday"}}, "does not tell started"),
    ({"run": {"environment": 5, "runbook": "b", "finished": "2026-11-22"}}, "does not tell environment"),
]


@pytest.mark.parametrize(("given", "missing"), BAD)
def test_a_document_that_names_no_run_is_refused(given: Any, missing: str) -> None:
    with pytest.raises(Refused, match=missing):
        Report(given)


VERDICTS: list[tuple[dict[str, Any], list[dict[str, Any]], str, bool, str]] = [
    ({}, [finding("a.b")], "ok", False, "All is well: 1 check, nothing to do."),
    ({}, [finding("a.b", "info")], "info", False, "All is well: 1 check, nothing to do."),
    ({}, [finding("a.b", "warning"), finding("a.c")], "warning", False, "Needs a look: 1 warning; 2 checks in all."),
    ({}, [finding("a.b", "unknown")], "unknown", False, "Needs a look: 1 unknown; 1 check in all."),
    ({}, [finding("a.b", "critical")], "critical", True, "Needs a person now: 1 critical; 1 check in all."),
    ({}, [finding("a.b", "strange")], "unknown", False, "Needs a look: 1 unknown; 1 check in all."),
    ({"fail_on": "warning"}, [finding("a.b", "unknown")], "unknown", True, "Needs a look: 1 unknown; 1 check in all."),
    ({"fail_on": "warning"}, [finding("a.b", "info")], "info", False, "All is well: 1 check, nothing to do."),
    (
        {"fail_on": "never"},
        [finding("a.b", "critical")],
        "critical",
        False,
        "Needs a person now: 1 critical; 1 check in all.",
    ),
    (
        {"fail_on": "nonsense"},
        [finding("a.b", "critical")],
        "critical",
        True,
        "Needs a person now: 1 critical; 1 check in all.",
    ),
    (
        {},
        [finding("a.b", "critical", silenced={"reason": "known", "until": "2026-12-01"}), finding("a.c")],
        "ok",
        False,
        "All is well: 2 checks, nothing to do.",
    ),
]


@pytest.mark.parametrize(("run", "findings", "worst", "fails", "line"), VERDICTS)
def test_verdict(run: dict[str, Any], findings: list[dict[str, Any]], worst: str, fails: bool, line: str) -> None:
    told = Report({**plain(**run), "findings": findings}).told("")
    assert (told["worst"], told["fails"], told["verdict"]) == (worst, fails, line)


@pytest.mark.parametrize("host", [{"reached": False}, {}, None, {"reached": "yes"}, {"reached": None}])
def test_a_host_that_was_not_reached_is_critical(host: Any) -> None:
    report = Report({**plain(), "hosts": {"web1": host}})
    told = report.told("")
    assert (told["worst"], told["fails"], told["counts"]["critical"]) == ("critical", True, 1)
    assert "web1 was not reached." in report.texts(["html"])["html"]
    assert any("web1 was not reached" in line for line in told["summary"])


def test_five_hundred_findings_do_not_drown_the_reader() -> None:
    many = [finding("logs.many", "warning", subject=str(place), remedy="Same.") for place in range(500)]
    report = Report({**plain(), "findings": [*many, finding("a.b", "critical", message="The one that matters")]})
    page = report.texts(["html"])["html"]
    needs = page[page.index('id="needs"') : page.index('id="changes"')]
    assert needs.index("The one that matters") < needs.index("logs.many: 500 findings")
    assert needs.count("Same.") == 1
    assert "300 further ones are in the JSON" in needs
    assert len(report.told("x")["summary"]) < 15


def test_silenced_findings_stay_and_say_why() -> None:
    page = texts(document())["html"]
    assert "Silenced, not counted: 1 finding" in page
    assert "Silenced until 2026-12-01: new server, still warming up" in page


def test_the_plan_of_check_mode() -> None:
    given = document()
    given["run"]["check_mode"] = True
    for kind in ("vacuum", "reindex"):
        given["hosts"]["db1"]["facts"]["maintenance"][0][kind].update(done=[], skipped=[])
    told = texts(given)
    assert "plan, nothing was changed" in told["html"]
    assert "Vacuum of shop: planned" in told["html"]
    assert "Reindex of shop: nothing needed it." in told["html"]


CHANGES: list[tuple[str | None, str | None, str | None]] = [
    (None, "critical", "new"),
    (None, "info", None),
    ("ok", "warning", "new"),
    ("info", "unknown", "new"),
    ("warning", "critical", "worse"),
    ("critical", "warning", "better"),
    ("critical", "ok", "resolved"),
    ("warning", "info", "resolved"),
    ("warning", "warning", None),
    ("ok", "info", None),
    ("warning", None, "resolved"),
    ("info", None, None),
]


@pytest.mark.parametrize(("before", "after", "kind"), CHANGES)
def test_changes(before: str | None, after: str | None, kind: str | None) -> None:
    other = finding("a.b", subject="another")
    old = [other, *([finding("a.b", before, subject="x")] if before else [])]
    new = [other, *([finding("a.b", after, subject="x")] if after else [])]
    run = read_run({**plain(), "findings": new})
    changes = changes_since(run, {"run": {"runbook": "daily", "started": "2026-11-21"}, "findings": old})
    found = {
        name: [item["subject"] for item in getattr(changes, name)] for name in ("new", "worse", "better", "resolved")
    }
    assert found == {name: ["x"] if name == kind else [] for name in found}
    assert bool(changes) is (kind is not None)


def test_what_another_runbook_did_not_look_at_is_not_new() -> None:
    run = read_run({**plain(), "findings": [finding("a.b", "critical"), finding("a.c", "critical")]})
    old = [finding("a.b"), finding("a.d", "critical")]
    changes = changes_since(run, {"run": {"runbook": "weekly"}, "findings": old})
    assert [item["check"] for item in changes.new] == ["a.b"]
    assert changes.resolved == []


MOVED = [
    (10.0, 20.0, "percent", "10 % → 20 % (+10 %)"),
    (80.0, 81.0, "percent", None),
    (1.0, 1.5, "percent", None),
    (2.0 * 1024**3, 1024.0**3, "bytes", "2.0 GiB → 1.0 GiB (-1.0 GiB)"),
    (1000.0, 2000.0, "bytes", None),
    (10.0, 5.0, "days", None),
    (None, 5.0, "seconds", None),
    (True, False, "", None),
    (0, 40, "errors", "0 errors → 40 errors (+40 errors)"),
    (0, 1, "errors", None),
]


@pytest.mark.parametrize(("before", "after", "unit", "words"), MOVED)
def test_numbers_that_moved(before: Any, after: Any, unit: str, words: str | None) -> None:
    run = read_run({**plain(), "findings": [finding("a.b", observed=after, unit=unit)]})
    previous = {"run": {"runbook": "daily"}, "findings": [finding("a.b", observed=before, unit=unit)]}
    moved = changes_since(run, previous).moved
    assert [item.words for item in moved] == ([words] if words else [])


@pytest.mark.parametrize("told", ["The lease file is damaged (it is empty); this run takes the lease over.", None])
def test_a_lease_that_was_taken_over_is_told(told: str | None) -> None:
    given = document()
    over = {"run": None, "damage": "it is empty"}
    given["hosts"]["db1"]["facts"]["lease"] = {"run": "r-2", "taken_over": over, "message": told}
    for kind in ("html", "md"):
        page = texts(given)[kind].replace("\\", "")
        assert f"db1: {told or 'the lease was taken over.'}" in page, kind


def test_the_summary_for_the_terminal() -> None:
    report = Report(document())
    report.compare({"run": {"runbook": "weekly", "started": "2026-11-15T02:00:00Z"}, "findings": []})
    lines = report.told("Report: /reports/x.html")["summary"]
    assert lines[0] == "shop & sons: weekly, 2026-11-22 02:00 UTC, 41.2 s"
    assert lines[1] == "Needs a person now: 2 critical, 1 unknown, 10 warnings; 15 checks in all."
    assert "  CRITICAL: There is no backup of audit at all (db1)" in lines
    assert "    Do: Run playbooks/backup.yml for it now, and see in the steps why there is none." in lines
    assert "  WARNING: and 6 more of logs.slow_endpoint" in lines
    assert "Backup of shop: backup 29 s old, verified, 48.0 MiB; drill passed 15 s ago, restored in 11.9 s" in lines
    assert "Backup of audit: no backup; never drilled" in lines
    assert lines[-2:] == ["Changes: 13 new since weekly of 2026-11-15 02:00 UTC", "Report: /reports/x.html"]


def test_the_history_entry_is_small_and_plain() -> None:
    given = document(findings=[finding("a.b", observed=[1, 2]), finding("a.c", observed=5.5, unit="percent")])
    entry = Report(given).history_entry()
    assert entry["run"]["id"] == "20261122T020000Z-weekly-3f9a"
    assert {item["check"]: item["observed"] for item in entry["findings"]} == {
        "a.b": None,
        "a.c": 5.5,
        "host.reached": False,
    }
    json.dumps(entry, allow_nan=False)


def test_the_json_is_the_document_and_what_came_of_it() -> None:
    told = json.loads(texts(document(odd=float("nan")))["json"])
    assert told["run"]["environment"] == "shop & sons"
    assert told["verdict"]["worst"] == "critical"
    assert told["changes"]["reason"] == "there is no earlier report"
    assert told["odd"] is None


def test_the_same_document_gives_the_same_report() -> None:
    assert texts(document()) == texts(document())


def test_rendering_is_quick() -> None:
    given = document()
    given["hosts"].update({f"db{number}": {"reached": True, "facts": facts()} for number in range(2, 30)})
    given["findings"] += [finding(f"many.check_{number}", "ok", subject="x") for number in range(500)]
    begun = time.process_time()
    page = texts(given)["html"]
    assert page.count("<figure") == 40
    assert "are left out; the tables tell the same" in page
    # Measuring coverage makes it several times slower; without, it takes less than two seconds.
    assert time.process_time() - begun < 15


def test_without_matplotlib_there_is_a_report_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "_matplotlib", lambda: None)
    page = texts(document())["html"]
    assert "There are no charts: matplotlib is not installed on the controller." in page
    assert "<svg" not in page
    assert "<figure" not in page


def test_charts() -> None:
    chart = charts.bars("Sizes", [("a$b$<i>", 5.0, "ok"), ("none", -1.0, "ok"), ("nan", float("nan"), "ok")], "bytes")
    assert chart
    assert chart.words == "Sizes: a$b$<i> 5 B."
    assert "a$b$&lt;i&gt;" in chart.svg
    assert "var(--bar)" in chart.svg
    assert "#0102" not in chart.svg
    assert charts.bars("Nothing", [], "bytes") is None
    assert charts.waterfall("Nothing", [("a", 0.0, "ok")]) is None
    assert charts.whole("Nothing", [("a", 0.0, "ok")]) is None


WORDS = [
    (clean("a\tb\nc"), "a b c"),
    (clean("\x1b[0m\x7f"), "␛[0m␡"),
    (shortened("a" * 30, 10), "aaaaaa…aaa"),
    (count(0, "host"), "no hosts"),
    (count(1, "host"), "1 host"),
    (count(2, "fox", "foxes"), "2 foxes"),
    (markdown("- a_b | <c> & #d"), r"\- a\_b \| &lt;c&gt; &amp; \#d"),
    (markdown("1. x"), r"1\. x"),
    (markdown("12.4 days"), "12.4 days"),
    (markdown("---"), r"\---"),
    (markdown("-5 s"), "-5 s"),
    (figure(None), "\N{EN DASH}"),
    (figure("", "text"), ""),
    (figure(1700000000, "when"), "2023-11-14 22:13 UTC"),
    (figure("soon", "when"), "soon"),
    (figure(12.345, "bar"), "12.3 %"),
    (figure(90, "seconds"), "1 min 30 s"),
    (figure(True, "yes"), "yes"),
    (figure("x", "bytes"), "x"),
    (age("nothing", None), ""),
]


@pytest.mark.parametrize(("told", "expected"), WORDS)
def test_words(told: str, expected: str) -> None:
    assert told == expected
