# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.stacks.sandbox start|stop|status|clean [--sick] [--app]``"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...collection import CHECKOUT
from .platform import TROUBLES, Sandbox


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.stacks.sandbox", description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "status", "clean"])
    parser.add_argument("--sick", action="store_true", help="with start: plant critical troubles")
    parser.add_argument("--app", action="store_true", help="with start and stop: nothing but the web application")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / ".sandbox", help="where it lies; .sandbox by default")
    parser.add_argument("--scale", type=float, default=1.0, help="how large its databases are; 1 by default")
    given = parser.parse_args(arguments)
    sandbox = Sandbox(given.folder.absolute(), given.scale)
    try:
        if given.app and given.command in ("start", "stop"):
            (sandbox.start_app if given.command == "start" else sandbox.stop_app)()
        elif given.command == "start":
            print("Starting the sandbox" + (", sick" if given.sick else ""), flush=True)
            sandbox.start(given.sick)
        elif given.command == "stop":
            sandbox.stop()
        elif given.command == "clean":
            sandbox.remove()
        else:
            for part, state in sandbox.status().items():
                print(f"{part}: {state}")
    except TROUBLES as error:
        print(f"The sandbox does not {given.command}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
