# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl

import pytest

from ansible_collections.day2.ops.plugins.module_utils._http.failure import Deadline, ProbeFailed, failure_of


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "kind", "why"),
    [
        (_os_error(errno.ECONNREFUSED), "refused", "nothing listens there"),
        (_os_error(errno.ECONNRESET), "closed", "closed the connection"),
        (_os_error(errno.EPIPE), "closed", "closed the connection"),
        (http.client.RemoteDisconnected("no"), "closed", "closed the connection"),
        (_os_error(errno.EHOSTUNREACH), "unreachable", "No route to host"),
        (_os_error(errno.ENETUNREACH), "unreachable", "Network is unreachable"),
        (_os_error(errno.EIO), "closed", "Input/output error"),
        (OSError(), "closed", "OSError"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "dns", "Name or service not known"),
        (ssl.SSLError("odd"), "tls", "odd"),
        (http.client.IncompleteRead(b""), "closed", "broke off"),
        (http.client.BadStatusLine("SSH-2.0\r\npassword=x"), "protocol", "SSH-2.0 password=***"),
        (http.client.LineTooLong("header line"), "protocol", "does not speak HTTP"),
        (ValueError(""), "protocol", "ValueError"),
    ],
)
def test_what_an_error_means(error: Exception, kind: str, why: str) -> None:
    failure = failure_of(error)
    assert failure.kind == kind
    assert why in failure.why
    assert set(failure.as_dict()) == {"kind", "why", "remedy"}


def test_a_deadline_that_has_passed() -> None:
    assert 0 < Deadline(5).left("it") <= 5
    with pytest.raises(ProbeFailed, match=r"^the answer did not come within 0 seconds$"):
        Deadline(0).left("the answer")
