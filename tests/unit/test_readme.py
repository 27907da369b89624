# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README and the pages of docs/: what they name is there, and what is there they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..collection import CHECKOUT
from ..tools.readme import blocks_of
from ..tools.role_readmes import ROLES, specs_of

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")), *sorted(CHECKOUT.glob("roles/*/README.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)#]*)(?:#([^)]*))?\)")


def names_in(folder: str, pattern: str = "*.py") -> set[str]:
    return {path.stem for path in (CHECKOUT / folder).glob(pattern)} - {"__init__"}


def listed_below(title: str) -> set[str]:
    """The names in the first column of the table after a line."""
    table = README.split(title, 1)[1].split("\n\n", 2)[1]
    return {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_every_playbook_is_listed() -> None:
    assert listed_below("Playbooks, all run as") == names_in("playbooks", "*.yml")


def test_every_module_is_listed() -> None:
    assert listed_below("Modules; ") == names_in("plugins/modules")


def test_every_other_plugin_is_listed() -> None:
    assert listed_below("Other plugins:") == names_in("plugins/filter") | names_in("plugins/lookup")


def test_every_role_is_listed() -> None:
    assert set(re.findall(r"\(roles/(\w+)/README\.md\)", README)) == set(ROLES)


def test_every_page_is_in_the_index() -> None:
    index = (CHECKOUT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [page for page in names_in("docs", "*.md") - {"README"} if f"({page}.md)" not in index] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        place = (page.parent / target) if target else page
        if not place.exists() or (anchor and anchor not in anchors_of(place)):
            lost.append((target, anchor))
    assert lost == []


def test_the_first_command_is_run_by_the_tests() -> None:
    assert blocks_of(README)[0] == "make weekly\n"


def test_the_inventory_that_is_shown_can_be_read() -> None:
    shown: dict[str, Any] = {}
    for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL):
        shown.update(yaml.safe_load(block) if block.startswith("day2_") else {})
    documented = (CHECKOUT / "docs" / "inventory.md").read_text(encoding="utf-8")
    assert shown["day2_environment"]
    assert [name for name in shown if f"| `{name}` |" not in documented] == []


def test_the_steps_of_playbooks_are_steps() -> None:
    known = specs_of("runbook")["main"]["options"]["runbook_steps"]["choices"]
    tasks = {path.stem for path in (CHECKOUT / "roles" / "runbook" / "tasks" / "steps").glob("*.yml")}
    assert tasks - {"lease", "release"} == set(known)
    for playbook in sorted((CHECKOUT / "playbooks").glob("*.yml")):
        for play in yaml.safe_load(playbook.read_text()):
            for role in play.get("roles", []):
                assert set(role.get("vars", {}).get("runbook_steps", [])) <= set(known), playbook.name
    assert set(specs_of("weekly")["main"]["options"]["weekly_steps"]["default"]) == set(known)
