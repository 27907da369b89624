# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates in files: PEM with anything around it, or DER."""

from __future__ import annotations

import base64
import binascii
import re
import stat
from pathlib import Path

from .errors import NotACertificate, NotReadable

__all__ = ["certificates_in_file"]

_LARGEST = 16 << 20
_BLOCK = re.compile(rb"-----BEGIN (?:X509 )?CERTIFICATE-----(.*?)-----END (?:X509 )?CERTIFICATE-----", re.DOTALL)


def certificates_in_file(path: str, doing: str = "reading the certificate file") -> tuple[bytes, ...]:
    """The certificates in the file, as DER, in the file's order. Keys and text in it are passed over.

    :raises NotReadable: the file is missing, is no file, is too large, or may not be read.
    :raises NotACertificate: it holds none, or a broken block.
    """
    data = _content(path, doing)
    blocks = _BLOCK.findall(data)
    if not blocks and data[:1] == b"\x30":
        return (data,)
    if not blocks:
        held = "is empty" if not data.strip() else "holds no PEM block CERTIFICATE"
        raise NotACertificate(doing, path, f"the file {held}", "Check the path; the file must hold the certificate.")
    return tuple(_decoded(block, number, path, doing) for number, block in enumerate(blocks, 1))


def _decoded(block: bytes, number: int, path: str, doing: str) -> bytes:
    try:
        return base64.b64decode(b"".join(block.split()), validate=True)
    except binascii.Error as error:
        raise NotACertificate(
            doing, path, f"certificate {number} in the file is not valid Base64: {error}", "Write the file again."
        ) from None


def _content(path: str, doing: str) -> bytes:
    file = Path(path)
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise NotReadable(doing, path, "it is no regular file", "Give the path of the file itself.")
        if found.st_size > _LARGEST:
            raise NotReadable(
                doing, path, f"it has {found.st_size} bytes, more than any certificate file", "Check the path."
            )
        return file.read_bytes()
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise NotReadable(
            doing, path, why, "Check the path, and that the user who runs the module may read the file (become)."
        ) from None
