# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people ask sira for: always the same, so that what the logs say is known."""

from __future__ import annotations

import contextlib
import http.client
import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["ORDINARY", "TROUBLED", "Client", "paths"]

_USERS = 6

# How often each kind of request is sent.
ORDINARY = {
    "/api/users/{}/profile": 180,
    "/api/users/{}/recommendations": 90,
    "/api/users/{}/match": 50,
    "/api/recommendations/latest": 30,
    "/": 10,
    "/api/jobs/Nurse": 20,
    "/api/jobs/ERROR-Analyst": 3,  # a path that says ERROR is no error
    "/api/me": 12,  # without a token: 401
    "/api/users/500/match": 2,  # who has no skills cannot be matched: 500
    "/api/nothing": 3,
}
TROUBLED = {
    "/api/users/{}/match?thorough=1": 15,
    "/api/users/1000/match": 25,
    "/api/users/{}/profile": 60,
}


def paths(kinds: Mapping[str, int]) -> list[str]:
    """The requests of so many of each kind, mixed; users are those who can be matched."""
    every = [(number / count, kind, number) for kind, count in kinds.items() for number in range(count)]
    return [kind.format(1 + number * 7 % 499) for _place, kind, number in sorted(every)]


class Client:
    """Asks the platform over TLS as its users do, a few at the same time."""

    def __init__(self, port: int, ca: Path) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(ca))

    def send(self, asked: Sequence[str]) -> Counter[int]:
        """Send requests; return how often each status came."""
        with ThreadPoolExecutor(_USERS) as pool:
            parts = pool.map(self._send, [asked[number::_USERS] for number in range(_USERS)])
            return Counter(status for part in parts for status in part)

    def _send(self, asked: Sequence[str]) -> list[int]:
        connection = http.client.HTTPSConnection("localhost", self._port, timeout=30, context=self._context)
        statuses = []
        with contextlib.closing(connection):
            for path in asked:
                connection.request("GET", path)
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
        return statuses
