# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module's documentation says, and what its main() asks for."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule

_FACTS = ("required", "default", "elements")


class _Asked(Exception):
    """Carries what main() gave to AnsibleModule."""


def module_named(name: str) -> ModuleType:
    """The module itself."""
    return importlib.import_module(f"ansible_collections.day2.ops.plugins.modules.{name}")


def asked_of(name: str) -> dict[str, Any]:
    """What the module's main() gives to AnsibleModule."""

    def capture(_self: AnsibleModule, **given: Any) -> None:
        raise _Asked(given)

    with patch.object(AnsibleModule, "__init__", capture), pytest.raises(_Asked) as asked:
        module_named(name).main()
    given: dict[str, Any] = asked.value.args[0]
    return given


def own_options(name: str, shared: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of the module's own, as documented and as asked for; each with type, need, default and choices."""
    documented = yaml.safe_load(module_named(name).DOCUMENTATION)["options"]
    spec = asked_of(name)["argument_spec"]
    return (
        {option: _facts(facts) for option, facts in documented.items()},
        {option: _facts(facts) for option, facts in spec.items() if option not in shared},
    )


def _facts(option: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": option["type"],
        "choices": sorted(option.get("choices") or []),
        **{name: option.get(name) or None for name in _FACTS if option.get(name) is not False},
    }


def returned(name: str, value: str) -> set[str]:
    """The keys that the module's documentation promises in one of its return values."""
    return set(yaml.safe_load(module_named(name).RETURN)[value]["contains"])


def always_returned(name: str, value: str) -> set[str]:
    """Those of them that it promises without a condition."""
    contains = yaml.safe_load(module_named(name).RETURN)[value]["contains"]
    return {key for key, facts in contains.items() if facts["returned"] == "always"}


def example_options(name: str) -> list[dict[str, Any]]:
    """The options of every example."""
    return [task[f"day2.ops.{name}"] for task in yaml.safe_load(module_named(name).EXAMPLES)]
