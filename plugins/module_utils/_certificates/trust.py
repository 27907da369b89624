# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom this host trusts, and why a chain does not lead there."""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import NotACertificate, NotReadable
from .facts import NONSENSE, is_issued_by, issuer, key_type, loaded, moment, not_after, not_before, subject
from .files import certificates_in_file
from .handshake import Verdict, is_loadable, verdict

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["Authorities", "ChainFacts", "authorities", "chain_facts"]

# Where distributions keep the bundle, for a Python whose OpenSSL looks elsewhere.
_USUAL_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")

_EXPIRED, _NOT_YET_VALID = "expired", "not_yet_valid"
_UNKNOWN_ISSUER, _INCOMPLETE = "unknown_issuer", "incomplete"
_ENDS_UNTRUSTED = 19
_KINDS = {
    9: _NOT_YET_VALID,
    10: _EXPIRED,
    7: "bad_signature",
    18: "self_signed",
    _ENDS_UNTRUSTED: _UNKNOWN_ISSUER,
    2: _UNKNOWN_ISSUER,
    20: _UNKNOWN_ISSUER,
    21: _UNKNOWN_ISSUER,
    22: "wrong_use",
    24: "wrong_use",
    25: "wrong_use",
    26: "wrong_use",
    32: "wrong_use",
    47: "name_constraints",
    48: "name_constraints",
    66: "weak",
    67: "weak",
    68: "weak",
    79: "wrong_use",
}


@dataclass(frozen=True)
class Authorities:
    """The authorities of a bundle.

    *left_out* are its intermediate certificates whose issuer is in the bundle too: servers have to send these, and
    a bundle that holds them would hide that one does not. *problem* says why there are none at all.
    """

    bundle: str
    trusted: tuple[bytes, ...] = ()
    partial: bool = False
    left_out: tuple[str, ...] = ()
    unread: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class ChainFacts:
    """Whether a chain leads to an authority (None: could not be told); if not True, the kind of error, and why."""

    valid: bool | None
    kind: str | None = None
    why: str | None = None


def authorities(ca_cert: str | None) -> Authorities:
    """The authorities in the file *ca_cert*, or those that the system trusts."""
    bundle = ca_cert or "the system's authorities"
    try:
        ders = certificates_in_file(ca_cert, "reading the CA bundle") if ca_cert else _of_the_system()
    except (NotReadable, NotACertificate) as error:
        return Authorities(bundle, problem=f"the CA bundle {bundle} cannot be used: {error.why}")
    except OSError as error:
        return Authorities(bundle, problem=f"{bundle} cannot be read: {error.strerror}")
    trusted, partial, left_out, unread = [], False, [], 0
    certificates = {der: loaded(der) for der in ders}
    known = [certificate for certificate in certificates.values() if certificate is not None]
    for der, certificate in certificates.items():
        if certificate is None and not is_loadable(der):
            unread += 1
        elif certificate is None or is_issued_by(certificate, certificate):
            trusted.append(der)
        elif any(is_issued_by(certificate, other) for other in known):
            left_out.append(_name_of(certificate))
        else:
            trusted.append(der)
            partial = True
    problem = None if trusted else f"{bundle}: there is no certificate that can be read"
    return Authorities(bundle, tuple(trusted), partial, tuple(left_out), unread, problem)


def _of_the_system() -> list[bytes]:
    """What OpenSSL trusts when it is told nothing: its file and its folder of files named by hashes."""
    paths = ssl.get_default_verify_paths()
    files = [paths.cafile] if paths.cafile else []
    if paths.capath:
        files += sorted(str(file) for file in Path(paths.capath).iterdir() if _HASHED.fullmatch(file.name))
    found: list[bytes] = []
    for file in files or _USUAL_BUNDLES:
        with contextlib.suppress(NotReadable, NotACertificate):  # a dangling link; OpenSSL passes over it, too
            found.extend(certificates_in_file(file))
    return found


def chain_facts(chain: Sequence[bytes], trusted: Authorities, now: datetime) -> ChainFacts:
    """Whether *chain*, with nothing added to it, leads to one of the *trusted*, and why not."""
    if trusted.problem is not None:
        return ChainFacts(None, "no_authorities", trusted.problem)
    certificates = [certificate for certificate in map(loaded, chain) if certificate is not None]
    try:
        found = verdict(chain, trusted.trusted, key_type(certificates[0]), trusted.partial)
    except NONSENSE as error:
        return ChainFacts(None, "no_verdict", f"the key of the certificate cannot be read: {error}")
    if found.valid:
        return ChainFacts(True)
    if found.valid is None:
        return ChainFacts(None, "no_verdict", f"OpenSSL cannot judge the chain: {found.words}")
    kind = _KINDS.get(found.code, "other")
    try:
        kind, why = _explained(kind, found, certificates, trusted, now)
        also = [] if kind in {_EXPIRED, _NOT_YET_VALID} else _out_of_date(certificates, now)
    except NONSENSE:  # a name in the chain that cannot be told
        return ChainFacts(False, kind, found.words)
    return ChainFacts(False, kind, "; ".join([why, *also]))


def _explained(
    kind: str, found: Verdict, certificates: Sequence[Certificate], trusted: Authorities, now: datetime
) -> tuple[str, str]:
    """The kind and the reason in words, where more can be said than OpenSSL does."""
    if kind in {_EXPIRED, _NOT_YET_VALID}:
        dates = _out_of_date(certificates, now)
        word = "expired" if kind == _EXPIRED else "not yet valid"
        return kind, "; ".join(dates) or f"a certificate of an authority in {trusted.bundle} is {word}"
    if kind == "self_signed":
        return kind, f"the certificate is signed by itself and is not among {_those_of(trusted)}"
    if kind != _UNKNOWN_ISSUER:
        return kind, found.words
    last, wanted = _missing(certificates)
    if found.code == _ENDS_UNTRUSTED:
        return kind, f"the chain ends at the authority {wanted}, which is not among {_those_of(trusted)}"
    if wanted in trusted.left_out:
        return _INCOMPLETE, f"the chain lacks the intermediate certificate of {wanted}, which issued that of {last}"
    return (
        kind,
        f"{wanted}, the issuer of the certificate of {last}, is neither in the chain nor among {_those_of(trusted)}",
    )


def _those_of(trusted: Authorities) -> str:
    unread = f" ({trusted.unread} of them could not be read)" if trusted.unread else ""
    return f"the authorities of {trusted.bundle}{unread}" if "/" in trusted.bundle else f"{trusted.bundle}{unread}"


def _name_of(certificate: Certificate) -> str:
    try:
        return subject(certificate)
    except NONSENSE:
        return ""


def _missing(certificates: Sequence[Certificate]) -> tuple[str, str]:
    """The last certificate on the way from the first one upwards, and the issuer that is looked for next."""
    here = certificates[0]
    left = list(certificates[1:])
    while True:
        above = next((other for other in left if other.subject == here.issuer), None)
        if above is None:
            return subject(here), issuer(here)
        left.remove(above)
        here = above


def _out_of_date(certificates: Iterable[Certificate], now: datetime) -> list[str]:
    return [
        f"the certificate of {subject(certificate)} expired at {moment(not_after(certificate))}"
        if not_after(certificate) < now
        else f"the certificate of {subject(certificate)} is valid only from {moment(not_before(certificate))}"
        for certificate in certificates
        if not not_before(certificate) <= now <= not_after(certificate)
    ]
