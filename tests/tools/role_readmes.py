# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the README of each role: python -m tests.tools.role_readmes [--check]

From its meta/argument_specs.yml, meta/main.yml and tasks, and from the example docs/examples/<role>.yml. With --check,
nothing is written; it fails when a README is not what this writes. A unit test does the same.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ..collection import CHECKOUT

__all__ = ["ROLES", "example_of", "facts_named", "path_of", "specs_of", "tasks_of", "text"]

ROLES = sorted(path.parent.parent.name for path in (CHECKOUT / "roles").glob("*/meta/main.yml"))
_FACT = re.compile(r"\bfact C\((\w+)\)")
_CALLED = re.compile(r"^day2\.ops\.(\w+)$")
_NOTE = "Written by tests/tools/role_readmes.py from meta/argument_specs.yml, meta/main.yml, the tasks and"


def path_of(role: str) -> Path:
    """The README of a role."""
    return CHECKOUT / "roles" / role / "README.md"


def example_of(role: str) -> Path:
    """The playbook that shows how a role is used."""
    return CHECKOUT / "docs" / "examples" / f"{role}.yml"


def specs_of(role: str) -> dict[str, Any]:
    """The argument specs of a role by entry point, the entry point main first."""
    specs: dict[str, Any] = _load(CHECKOUT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    return {name: specs[name] for name in sorted(specs, key=lambda name: (name != "main", name))}


def facts_named(entry: Mapping[str, Any]) -> list[str]:
    """The facts that the description of an entry point names as its result."""
    return [fact for line in entry["description"] for fact in _FACT.findall(line)]


def tasks_of(role: str) -> Iterator[dict[str, Any]]:
    """Every task of a role, those in blocks too."""
    for path in sorted((CHECKOUT / "roles" / role / "tasks").rglob("*.yml")):
        yield from _flat(_load(path) or [])


def text(role: str) -> str:
    """The whole README of a role."""
    about = _load(CHECKOUT / "roles" / role / "meta" / "main.yml")["galaxy_info"]
    example = example_of(role)
    parts = [
        f"# day2.ops.{role}\n",
        f"<!-- {_NOTE} {example.relative_to(CHECKOUT)}. -->\n",
        f"{about['description']}.\n",
        *_entries(specs_of(role)),
        "## Example\n",
        f"```yaml\n{example.read_text(encoding='utf-8').removeprefix('---').strip()}\n```\n",
        *_needs(role, about),
        "## License\n",
        f"{about['license']}",
    ]
    return "\n".join(parts) + "\n"


def _entries(specs: Mapping[str, Any]) -> Iterator[str]:
    tables: dict[str, str] = {}
    for name, entry in specs.items():
        if len(specs) > 1:
            called = "" if name == "main" else f": `tasks_from: {name}`"
            yield f"## {entry['short_description']}{called}\n"
        yield "\n".join(f"{_prose(line)}\n" for line in entry["description"])
        rows = "\n".join(_row(option, facts) for option, facts in (entry.get("options") or {}).items())
        if not rows:
            yield "It takes no options.\n"
        elif rows in tables:
            yield f"Options: those of `{tables[rows]}`.\n"
        else:
            tables[rows] = name
            yield f"| option | type | default | description |\n| --- | --- | --- | --- |\n{rows}\n"


def _row(name: str, facts: Mapping[str, Any]) -> str:
    kind = facts["type"] + (f" of {facts['elements']}" if "elements" in facts else "")
    default = "**required**" if facts.get("required") else _value(facts["default"]) if "default" in facts else ""
    described = facts["description"]
    words = " ".join(described if isinstance(described, list) else [described])
    if "choices" in facts:
        words += f" One of {', '.join(_value(choice) for choice in facts['choices'])}."
    return f"| `{name}` | {kind} | {default} | {_prose(words).replace('|', '&#124;')} |"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value != "" else '`""`'


def _needs(role: str, about: Mapping[str, Any]) -> Iterator[str]:
    yield "## Requirements\n"
    lines = [f"- ansible-core {about['min_ansible_version']} or later on the controller"]
    modules = sorted({module for task in tasks_of(role) for module in _modules(task)})
    for module in modules:
        needs = _requirements(module)
        lines.append(f"- day2.ops.{module}" + (f": {'; '.join(_prose(need) for need in needs)}" if needs else ""))
    roles = sorted({name for task in tasks_of(role) for name in _included(task)})
    lines += [f"- the role [day2.ops.{name}](../{name}/README.md)" for name in roles]
    yield "\n".join(lines) + "\n"
    yield "What hosts and database roles need for each: [docs/requirements.md](../../docs/requirements.md).\n"


def _modules(task: Mapping[str, Any]) -> Iterator[str]:
    for key in task:
        found = _CALLED.match(key)
        if found:
            yield found.group(1)


def _included(task: Mapping[str, Any]) -> Iterator[str]:
    for key in ("ansible.builtin.include_role", "ansible.builtin.import_role"):
        found = _CALLED.match(str((task.get(key) or {}).get("name", "")))
        if found:
            yield found.group(1)


def _requirements(module: str) -> list[str]:
    """What the documentation of a module asks for."""
    source = (CHECKOUT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION":
            needs: list[str] = yaml.safe_load(ast.literal_eval(node.value)).get("requirements") or []
            return needs
    raise AssertionError(f"the module {module} has no DOCUMENTATION")


def _prose(words: str) -> str:
    """Text with the marks of Ansible's documentation, as Markdown."""
    words = re.sub(r"\b[CVOEM]\(((?:[^()\\]|\\.)*)\)", r"`\1`", words)
    words = re.sub(r"\bP\(([^#)]+)#[^)]*\)", r"`\1`", words)
    return words.replace("docs/inventory.md", "[docs/inventory.md](../../docs/inventory.md)")


def _flat(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in tasks:
        yield task
        for part in ("block", "rescue", "always"):
            yield from _flat(task.get(part) or [])


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def main() -> None:
    stale = [role for role in ROLES if not path_of(role).is_file() or path_of(role).read_text("utf-8") != text(role)]
    if "--check" in sys.argv[1:]:
        if stale:
            sys.exit(f"Not current: {', '.join(stale)}. Run: python -m tests.tools.role_readmes")
        return
    for role in stale:
        path_of(role).write_text(text(role), encoding="utf-8")


if __name__ == "__main__":
    main()
