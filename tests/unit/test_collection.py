# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the collection as a whole: everything is tested, documented, listed, and no gate is loosened."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils import _argspec

from ..collection import CHECKOUT

PLUGINS = CHECKOUT / "plugins"
TESTS = CHECKOUT / "tests"
DOCUMENTED = ("DOCUMENTATION", "EXAMPLES", "RETURN")
DAY2_TARGET = "{{ day2_target | default('all') }}"


def names_in(folder: Path, pattern: str = "*.py") -> list[str]:
    return sorted(path.stem for path in folder.glob(pattern) if path.stem != "__init__")


MODULES = names_in(PLUGINS / "modules")
FRAGMENTS = [name for name in names_in(PLUGINS / "doc_fragments") if name != "attributes"]
ROLES = sorted(path.name for path in (CHECKOUT / "roles").glob("*/"))
PLAYBOOKS = sorted((CHECKOUT / "playbooks").glob("*.yml"))
OTHER_PLUGINS = [f"{kind}/{name}" for kind in ("action", "filter", "lookup") for name in names_in(PLUGINS / kind)]


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def documentation_of(source: Path) -> dict[str, Any]:
    """The DOCUMENTATION of a plugin, or of a doc fragment's class, without running it."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Assign) and any(
            getattr(target, "id", "") == "DOCUMENTATION" for target in node.targets
        ):
            documented: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return documented
    raise AssertionError(f"{source} has no DOCUMENTATION")


class Captured(Exception):
    """Carries the argument spec out of a module's main()."""


@cache
def spec_of(module: str) -> dict[str, Any]:
    def capture(_self: AnsibleModule, argument_spec: dict[str, Any], **_others: Any) -> None:
        raise Captured(argument_spec)

    with patch.object(AnsibleModule, "__init__", capture), pytest.raises(Captured) as captured:
        importlib.import_module(f"ansible_collections.day2.ops.plugins.modules.{module}").main()
    spec: dict[str, Any] = captured.value.args[0]
    return spec


def fragments_of(module: str) -> set[str]:
    extended = documentation_of(PLUGINS / "modules" / f"{module}.py").get("extends_documentation_fragment", [])
    return {name.removeprefix("day2.ops.") for name in ([extended] if isinstance(extended, str) else extended)}


@cache
def action_groups() -> dict[str, set[str]]:
    listed: dict[str, list[Any]] = load(CHECKOUT / "meta" / "runtime.yml")["action_groups"]

    def members(group: str) -> set[str]:
        found: set[str] = set()
        for entry in listed[group]:
            if isinstance(entry, str):
                found.add(entry)
            else:
                found.update(*(members(other) for other in entry["metadata"]["extend_group"]))
        return found

    return {group: members(group) for group in listed}


@cache
def tracked() -> list[Path]:
    """The files that git tracks, or would track."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    return [CHECKOUT / name for name in listed.split("\0") if name and (CHECKOUT / name).is_file()]


# -- modules and plugins ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    "place",
    [
        "tests/unit/plugins/modules/test_{}.py",
        "tests/integration/python/test_{}.py",
    ],
)
def test_every_module_has_its_tests(module: str, place: str) -> None:
    assert (CHECKOUT / place.format(module)).is_file()


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_an_integration_target(module: str) -> None:
    # A target of a role's name would run the role.
    target = TESTS / "integration" / "targets" / (f"{module}_module" if module in ROLES else module)
    assert (target / "tasks" / "main.yml").is_file()
    assert (target / "aliases").is_file()


@pytest.mark.parametrize("plugin", OTHER_PLUGINS)
def test_every_other_plugin_has_a_unit_test(plugin: str) -> None:
    kind, name = plugin.split("/")
    assert (TESTS / "unit" / "plugins" / kind / f"test_{name}.py").is_file()


def test_the_action_group_all_holds_every_module() -> None:
    assert action_groups()["all"] == set(MODULES)


@pytest.mark.parametrize("group", [*FRAGMENTS])
def test_an_action_group_holds_the_modules_that_share_the_options(group: str) -> None:
    members = {module for module in MODULES if group in fragments_of(module)}
    assert action_groups().get(group, set()) == members
    options = documentation_of(PLUGINS / "doc_fragments" / f"{group}.py")["options"]
    for module in sorted(members):
        assert set(options) <= set(spec_of(module)), module


# -- doc fragments ------------------------------------------------------------------------------------------------


def facts_of_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """What documentation must say of an argument spec."""
    return {
        name: {
            "type": option.get("type", "str"),
            "elements": option.get("elements"),
            "required": option.get("required", False),
            "default": option.get("default"),
            "choices": sorted(option.get("choices", [])),
            "aliases": sorted(option.get("aliases", [])),
            "options": facts_of_spec(option.get("options") or {}),
        }
        for name, option in spec.items()
    }


def facts_of_documentation(options: dict[str, Any]) -> dict[str, Any]:
    """The same, of documented options."""
    return facts_of_spec({name: {**option, "options": option.get("suboptions")} for name, option in options.items()})


def nested(options: dict[str, Any] | None) -> dict[str, Any]:
    """Documented suboptions, at every depth, under the name that an argument spec gives them."""
    return {
        name: {**option, "suboptions": nested(option.get("suboptions")) or None}
        for name, option in (options or {}).items()
    }


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_a_doc_fragment_agrees_with_its_argument_spec(fragment: str) -> None:
    documented = documentation_of(PLUGINS / "doc_fragments" / f"{fragment}.py")["options"]
    spec = getattr(_argspec, fragment.upper())
    shared = [documentation_of(PLUGINS / "doc_fragments" / f"{other}.py")["options"] for other in FRAGMENTS]
    elsewhere = {name for options in shared for name in options} - set(documented)
    own = {name: option for name, option in spec.items() if name not in elsewhere}
    assert facts_of_documentation(documented) == facts_of_spec(own)


# -- roles and playbooks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_described(role: str) -> None:
    folder = CHECKOUT / "roles" / role
    assert (folder / "README.md").is_file()
    assert (folder / "meta" / "argument_specs.yml").is_file()
    specs = load(folder / "meta" / "argument_specs.yml")["argument_specs"]
    entries = {path.stem for path in (folder / "tasks").glob("*.yml") if not path.stem.startswith("_")}
    assert "main" in specs
    assert set(specs) <= entries


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_defaults_agree_with_its_argument_specs(role: str) -> None:
    folder = CHECKOUT / "roles" / role
    defaults_file = folder / "defaults" / "main.yml"
    defaults = (load(defaults_file) or {}) if defaults_file.is_file() else {}
    documented: dict[str, Any] = {}
    for entry in load(folder / "meta" / "argument_specs.yml")["argument_specs"].values():
        documented.update(entry.get("options") or {})
    assert {name: option["default"] for name, option in documented.items() if "default" in option} == defaults
    assert [name for name in documented if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_the_plays_of_a_playbook_can_be_aimed(playbook: Path) -> None:
    for play in load(playbook):
        if "import_playbook" in play:
            continue
        assert play["hosts"] in (DAY2_TARGET, "localhost"), play.get("name")
    assert DAY2_TARGET in playbook.read_text() or "import_playbook" in playbook.read_text()


# -- the tree as a whole ------------------------------------------------------------------------------------------

CODE = {".py", ".yml", ".yaml", ".toml", ".cfg", ".ini", ".sh", ".mk", ".j2", ""}

# A letter of each stands in brackets, so that this file does not hold what it looks for.
LOOSENED = [
    r"#\s*no[q]a",
    r"#\s*type:\s*i[g]nore",
    r"pylint:\s*di[s]able",
    r"pragma:\s*no\s+c[o]ver",
    r"#\s*no[s]ec",
    r"shellcheck\s+di[s]able",
    r"yamllint\s+di[s]able",
    r"ignore_[e]rrors:\s*(true|yes)",
    r"failed_[w]hen:\s*false",
    r"skip_[l]ist:",
    r"warn_[l]ist:",
    r"mark\.([s]kip|[x]fail)",
    r"pytest\.([s]kip|[x]fail|[i]mportorskip)",
]


@pytest.mark.parametrize("pattern", LOOSENED)
def test_no_gate_is_loosened(pattern: str) -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}:{number}"
        for path in tracked()
        if path.suffix in CODE and path.name != "LICENSE"
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if re.search(pattern, line, re.IGNORECASE)
    ]
    assert found == []


def test_sanity_has_no_ignore_file() -> None:
    assert [path.name for path in (TESTS / "sanity").glob("ignore*")] == []


def hosts_of_package_clients() -> set[str]:
    """The hosts that this machine's package clients are set to, and the usual ones."""
    files = [
        Path("/etc/apt/sources.list"),
        *Path("/etc/apt/sources.list.d").glob("*"),
        Path("/etc/pip.conf"),
        Path("~/.config/pip/pip.conf").expanduser(),
        Path("~/.npmrc").expanduser(),
    ]
    text = "\n".join(path.read_text(errors="replace") for path in files if path.is_file())
    return {*re.findall(r"https?://([^/\s:\"']+\.[^/\s:\"']+)", text)}


def test_nothing_of_the_machine_it_was_written_on_is_in_the_tree() -> None:
    forbidden = [str(CHECKOUT), str(Path.home() / "."), *sorted(hosts_of_package_clients())]
    words = [word for word in forbidden if len(word) > len("/root")]
    found = [
        (word, str(path.relative_to(CHECKOUT)))
        for path in tracked()
        for text in [path.read_text(errors="replace")]
        for word in words
        if word in text
    ]
    assert found == []


def test_requirements_are_pinned_exactly() -> None:
    for file in sorted((TESTS / "requirements").glob("*.txt")):
        lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
        assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == [], file.name


def lines_of_code(path: Path) -> int:
    """Lines, without those of a module's documentation."""
    text = path.read_text()
    documented = [
        node.end_lineno - node.lineno
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and node.end_lineno and getattr(node.targets[0], "id", "") in DOCUMENTED
    ]
    return len(text.splitlines()) - sum(documented)


def test_python_files_stay_readable() -> None:
    long = [path for path in tracked() if path.suffix == ".py" and lines_of_code(path) > 500]
    assert [str(path.relative_to(CHECKOUT)) for path in long] == []
