# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates: where they are read, and what is true of them.

``readers`` fetches a chain from where it lies (one function per type of source; a new type is one more function and
one more choice of the module's option), ``facts`` and ``names`` say what a certificate states, ``trust`` whether its
chain leads to a trusted authority, and ``survey`` does all of it for many sources at once.
"""
