# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How every module ends: one call, and one place where a typed error becomes ``fail_json``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any, Callable, TypeVar

from ._errors import Day2Error, Ended, Unfinished
from ._interruption import Interrupted, interruptible
from ._progress import SILENT, Progress
from ._work.order import Order, without_secrets
from ._work.record import OnRecord

__all__ = ["WORK", "finish", "finish_work", "pass_on"]

Result = TypeVar("Result")

# Names the files of a work that is done on record, without their ending. The action plugin that starts it sets this.
WORK = "DAY2_WORK"

# Python keeps a byte that is no UTF-8 as one of these, U+DC80 to U+DCFF.
_LONE = re.compile("[\ud800-\udfff]")


def finish(module: Any, call: Callable[[], dict[str, Any]]) -> None:
    """Run *call* and exit the module with its result, or fail with the error that it raised.

    A signal that tells the process to end makes *call* clear away what it had begun, and is such an error.

    :param module: the ``AnsibleModule``.
    :param call: does the work and returns the result, ``changed`` and an optional ``warnings`` list in it.
    """
    result = _attempt(module, call)
    if result is not None:
        module.exit_json(**_sayable({"changed": False, **_after_its_warnings(module, result)}))


def pass_on(module: Any, call: Callable[[], str]) -> None:
    """Exit as another module did: print what *call* returns, which that one printed. Fail as :func:`finish` does."""
    printed = _attempt(module, call)
    if printed is not None:
        sys.stdout.write(printed)
        raise SystemExit(0)


def _attempt(module: Any, call: Callable[[], Result]) -> Result | None:
    try:
        with interruptible():
            return call()
    except Day2Error as error:
        done = _after_its_warnings(module, error.result) if isinstance(error, Unfinished) else {}
        module.fail_json(**_sayable({"msg": str(error), **done, "error": error.as_dict()}))
    except Interrupted as interruption:
        ended = _ended(interruption)
        module.fail_json(msg=str(ended), error=ended.as_dict())
    return None


def finish_work(
    module: Any,
    order: Callable[[dict[str, Any]], Order],
    call: Callable[[Progress], dict[str, Any]],
) -> None:
    """:func:`finish` for long work, which is done on record where whoever started it wants that.

    :param order: says what is asked for, from the module's parameters without secrets.
    :param call: does the work, and tells how far it is.
    """
    path = os.environ.get(WORK)
    if not path or module.check_mode:
        finish(module, lambda: call(SILENT))
        return
    record = OnRecord(Path(path).expanduser(), module.warn)
    with record.printed():
        asked = without_secrets(module.params, module.argument_spec)
        finish(module, lambda: record.do(order(asked), call))


def _ended(interruption: Interrupted) -> Ended:
    return Ended(
        "running the module",
        "this host",
        f"the signal {interruption} told it to end",
        "Run it again: what was begun and not finished has been cleared away, what was finished stays.",
    )


def _after_its_warnings(module: Any, result: dict[str, Any]) -> dict[str, Any]:
    for warning in result.pop("warnings", []):
        module.warn(_sayable(warning))
    return result


def _sayable(value: Any) -> Any:
    r"""The value with bytes that are no UTF-8 written as ``\xe9``: Ansible refuses a result that holds them.

    Names of files and of what is in a database without an encoding may hold any byte.
    """
    if isinstance(value, str):
        return _LONE.sub(_written, value)
    if isinstance(value, dict):
        return {_sayable(name): _sayable(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sayable(item) for item in value]
    return value


def _written(lone: re.Match[str]) -> str:
    code = ord(lone.group())
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
