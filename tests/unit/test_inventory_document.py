# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/inventory.md against the code: what it names exists, with that type and default, and nothing is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.day2.ops.plugins.filter.login import KEYS, PURPOSES, login
from ansible_collections.day2.ops.plugins.filter.surroundings import MIGRATION, SERVICE, surroundings
from ansible_collections.day2.ops.plugins.module_utils import _argspec
from ansible_collections.day2.ops.plugins.module_utils._findings import rulebook
from ansible_collections.day2.ops.plugins.plugin_utils._rules import default_rules

from ..collection import CHECKOUT
from ..tools.role_readmes import specs_of
from .test_collection import spec_of

DOCUMENT = (CHECKOUT / "docs" / "inventory.md").read_text(encoding="utf-8")
INVENTORIES = sorted(path.name for path in (CHECKOUT / "inventories").iterdir())
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)

# The variables whose elements are options of a module: the module, and its option.
MODULES = {
    "day2_endpoints": ("http_probe_info", "probes"),
    "day2_certificates": ("certificate_info", "sources"),
    "day2_logs": ("log_scan_info", "sources"),
}


def section(title: str) -> str:
    """What stands below a heading, or before the first."""
    parts = re.split(r"^## (.*)\n", DOCUMENT, flags=re.MULTILINE)
    return dict(zip(["", *parts[1::2]], parts[0::2]))[title]


def table(title: str, number: int = 0) -> dict[str, tuple[str, str]]:
    """The keys of one of a section's tables, each with its type and default."""
    tables = re.findall(r"(?:^\|.*\n)+", section(title), re.MULTILINE)
    return {name: (kind, default) for name, kind, default, _meaning in ROW.findall(tables[number])}


def example(title: str) -> Any:
    """The value of a variable in its example."""
    (block,) = re.findall(r"```yaml\n(.*?)```", section(title), re.DOTALL)
    return yaml.safe_load(block)[title]


def told(spec: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What a table has to say of an argument spec."""

    def default(option: dict[str, Any]) -> str:
        if option.get("required"):
            return "**required**"
        value = option.get("default")
        return "" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"

    def kind(option: dict[str, Any]) -> str:
        return option["type"] + (f" of {option['elements']}" if "elements" in option else "")

    return {name: (kind(option), default(option)) for name, option in spec.items()}


def texts_below(*folders: str) -> str:
    """All code of some folders."""
    paths: list[Path] = [path for folder in folders for path in sorted((CHECKOUT / folder).rglob("*"))]
    return "\n".join(path.read_text() for path in paths if path.suffix in (".py", ".yml"))


def keys_read(variable: str) -> set[str]:
    """The keys of a dictionary of the inventory that roles read."""
    return set(re.findall(rf"\b\w+_{variable}\.(\w+)", texts_below("roles")))


def test_the_variables_are_those_that_the_code_reads() -> None:
    code = texts_below("playbooks", "roles", "plugins/filter")
    handed_on = {"day2_verdicts", "day2_reports"}  # by set_stats, to the next job
    assert set(table("")) == set(re.findall(r"\bday2_\w+\b", code)) - handed_on


@pytest.mark.parametrize(("variable", "path", "default"), [
    ("day2_state_dir", "playbooks/vars/day2.yml", "/var/lib/day2"),
    ("day2_fail_on", "plugins/filter/environments.py", "critical"),
])  # fmt: skip
def test_a_default_of_a_variable_stands_in_the_code(variable: str, path: str, default: str) -> None:
    assert table("")[variable][1] == f"`{default}`"
    lines = [line for line in (CHECKOUT / path).read_text().splitlines() if variable in line]
    assert any(default in line for line in lines)


def test_a_database_takes_what_the_filter_login_takes() -> None:
    assert set(table("day2_databases")) == KEYS
    spec = told(_argspec.POSTGRESQL)
    documented = table("day2_databases")
    assert {name: documented[name] for name in spec} == spec


def test_a_check_takes_what_the_module_takes() -> None:
    spec = spec_of("postgresql_restore")["checks"]
    assert table("day2_databases", 1) == told(spec["options"])
    asked = [database["checks"] for database in example("day2_databases") if "checks" in database]
    assert [ArgumentSpecValidator({"checks": spec}).validate({"checks": one}).error_messages for one in asked] == [[]]


@pytest.mark.parametrize("variable", list(MODULES))
def test_elements_of_a_list_take_what_the_module_takes(variable: str) -> None:
    module, option = MODULES[variable]
    assert table(variable) == told(spec_of(module)[option]["options"])


@pytest.mark.parametrize("variable", ["backup", "maintenance"])
def test_the_keys_of_a_dictionary_are_those_that_roles_read(variable: str) -> None:
    assert set(table(f"day2_{variable}")) == keys_read(variable)


def test_the_keys_of_the_retention_are_those_that_roles_read() -> None:
    read = set(re.findall(r"_backup\.retention\.(\w+)", texts_below("roles")))
    assert set(table("day2_backup", 1)) == read


@pytest.mark.parametrize(("title", "number"), [("day2_backup", 0), ("day2_backup", 1), ("day2_maintenance", 0)])
def test_the_defaults_of_a_dictionary_are_those_of_the_roles(title: str, number: int) -> None:
    code = texts_below("roles")
    for name, (kind, default) in table(title, number).items():
        if kind == "int":
            assert f"{name} | default({default.strip('`')})" in code, name


def documented(title: str, number: int) -> dict[str, tuple[str, str]]:
    """A table, as the specs of roles tell it."""
    return {name: facts for name, facts in table(title, number).items() if name not in ("database", "databases")}


@pytest.mark.parametrize(
    ("title", "number", "option"),
    [("day2_restore", 1, "restore_migrations"), ("day2_services", 0, "restore_stop")],
)
def test_elements_of_a_list_take_what_the_role_takes(title: str, number: int, option: str) -> None:
    spec = told(specs_of("restore")["main"]["options"][option]["options"])
    # The host of a service is the one in whose variables it stands.
    given = {name: facts for name, facts in spec.items() if (title, name) != ("day2_services", "host")}
    assert documented(title, number) == given
    known = {"day2_restore": MIGRATION, "day2_services": SERVICE}[title]
    assert set(table(title, number)) == known


def test_how_a_restore_works_is_handed_to_the_role() -> None:
    mapped = (CHECKOUT / "playbooks" / "vars" / "day2.yml").read_text()
    read = set(re.findall(r"\brestore_given\.(\w+)", mapped))
    assert set(table("day2_restore")) == read | {"migrations"}
    options = specs_of("restore")["main"]["options"]
    for name in read:
        default = re.findall(rf"restore_{name}: .*restore_given\.{name} \| default\((.*?)\)", mapped)
        assert default == [table("day2_restore")[name][1].strip("`")], name
        assert told({name: options[f"restore_{name}"]}) == {name: table("day2_restore")[name]}


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_an_inventory_uses_no_other_keys(inventory: str) -> None:
    path = CHECKOUT / "inventories" / inventory / "group_vars" / f"{inventory}.yml"
    variables: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    given = {name: value for name, value in variables.items() if name.startswith("day2_")}
    assert set(given) <= set(table(""))
    assert {key for service in given["day2_services"] for key in service} <= set(table("day2_services"))
    assert {key for database in given["day2_databases"] for key in database} <= set(table("day2_databases"))
    assert set(given["day2_backup"]) <= set(table("day2_backup"))
    for variable in MODULES:
        assert {key for element in given[variable] for key in element} <= set(table(variable))


@pytest.mark.parametrize("variable", list(MODULES))
def test_an_example_is_what_the_module_takes(variable: str) -> None:
    module, option = MODULES[variable]
    result = ArgumentSpecValidator({option: spec_of(module)[option]}).validate({option: example(variable)})
    assert result.error_messages == []


def test_the_other_examples_are_what_the_code_takes() -> None:
    for database in example("day2_databases"):
        for purpose in PURPOSES:
            options = login(database, purpose)
            assert ArgumentSpecValidator(_argspec.POSTGRESQL).validate(options).error_messages == []
    assert set(example("day2_backup")) <= set(table("day2_backup"))
    assert set(example("day2_backup")["retention"]) <= set(table("day2_backup", 1))
    assert set(example("day2_maintenance")) <= set(table("day2_maintenance"))
    host = {"day2_environment": "x", "day2_databases": [{"name": "shop"}]}
    given = {**host, "day2_services": example("day2_services"), "day2_restore": example("day2_restore")}
    found = surroundings(["db1"], {"db1": given}, ["db1"], "shop")
    assert [service["name"] for service in found["services"]] == ["shop-worker", "shop-web", "api"]
    assert len(found["migrations"]) == 1
    rulebook(default_rules(), example("day2_rules"))
