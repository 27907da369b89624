# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long work that outlives whoever started it: how far it is, whether it runs, what it returned.

Each work has files of its own in one folder of the user whom it runs as, and a name that its starter gave it:

- ``<name>.json``: its status, replaced as a whole at most once a second;
- ``<name>.lock``: locked by its process for as long as that lives, which no other process can be mistaken for;
- ``<name>.result``: what the module printed, once it has ended;
- ``<name>.unheard``: there until somebody took the result, or was told how it ended. Whoever took it removes this.
"""

from __future__ import annotations
