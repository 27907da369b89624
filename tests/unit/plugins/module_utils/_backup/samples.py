# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A manifest to test with."""

from __future__ import annotations

from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import Manifest, Part

MANIFEST = Manifest(
    environment="test",
    database='sh"op',
    label="daily",
    started="2026-11-22T02:00:00.000000Z",
    finished="2026-11-22T02:00:05.000000Z",
    seconds=5.0,
    snapshot="2026-11-22T02:00:00.100000+00:00",
    server_version=170005,
    client_version=17,
    system_identifier="7123456789012345678",
    in_recovery=False,
    compression="zstd:3",
    properties={"owner": "app", "bytes": 1000, "tablespace": "pg_default"},
    extensions={"plpgsql": "1.0"},
    tables={"public.orders": 3, 'public."Order Items"': 0},
    sequences={"public.orders_id_seq": [3, True]},
    large_objects=0,
    refresh=[],
    left_out={},
    parts=[Part("schema.dump", "schema", 10, "a" * 64), Part("rest.dump", "rest", 20, "b" * 64)],
    verified=True,
)
