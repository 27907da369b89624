# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.stacks.sira start|stop [--sick]``"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from ...collection import CHECKOUT
from ...tools.program import Failed
from ..shared import say
from .platform import Platform


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.stacks.sira", description=__doc__)
    parser.add_argument("command", choices=["start", "stop"])
    parser.add_argument("--sick", action="store_true", help="with start: plant troubles")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / ".stacks" / "sira", help=".stacks/sira by default")
    parser.add_argument("--name", default="sira", help="of the compose project; sira by default")
    given = parser.parse_args(arguments)
    platform = Platform(given.folder, given.name)
    try:
        if given.command == "stop":
            platform.remove()
            return 0
        print("Starting sira" + (", sick" if given.sick else ""), flush=True)
        platform.prepare()
        platform.start(given.sick)
    except Failed as failed:
        print(f"sira does not {given.command}: {failed}", file=sys.stderr)
        return 1
    say("A runbook on it: make stack-sira-run, or")
    say(f"  ansible-playbook -i inventories/sira -i {_short(platform.layout.inventory)} playbooks/daily.yml")
    return 0


def _short(path: Path) -> str:
    """A path as it may be typed here."""
    return shlex.quote(str(path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path))


if __name__ == "__main__":
    sys.exit(main())
