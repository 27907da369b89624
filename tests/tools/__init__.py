# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that set up and run the tests: ``python3 -m tests.tools.<name>``, from the checkout's top.

Those that run before anything is installed (engine, images, servers, stages) need Python 3.11 and nothing else.
"""
