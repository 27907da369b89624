# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many sources at once, each read to its one element of the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

from .._errors import Day2Error
from .errors import NotACertificate, NotAName, NotUnderstood
from .facts import NONSENSE, STATED, alternative_names, days_left, fingerprint, link, loaded, moment, not_after, stated
from .files import certificates_in_file
from .names import a_label, address, covers
from .readers import READERS
from .source import Reading, Source
from .trust import Authorities, authorities, chain_facts

__all__ = ["survey"]

_NOT_SEEN: dict[str, Any] = {
    "reached": False,
    "error": None,
    **dict.fromkeys(STATED),
    "fingerprint_sha256": None,
    "name_matches": None,
    "chain": None,
    "chain_valid": None,
    "chain_error": None,
    "chain_error_kind": None,
    "matches_file": None,
    "compared_with": None,
    "tls_version": None,
    "client_certificate_requested": None,
}


def survey(sources: Sequence[Source], concurrency: int) -> list[dict[str, Any]]:
    """Read all *sources*, at most *concurrency* at a time; one element each, in their order."""
    trusted = {path: authorities(path) for path in {source.ca_cert for source in sources}}
    with ThreadPoolExecutor(max_workers=concurrency) as pool:
        return list(pool.map(lambda source: _element(source, trusted[source.ca_cert]), sources))


def _element(source: Source, trusted: Authorities) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": source.name,
        "type": source.type,
        "source": source.words,
        "server_name": source.expected,
        **_NOT_SEEN,
    }
    try:
        _check_name(source)
        reading = READERS[source.type](source)
        now = datetime.now(timezone.utc)
        facts.update(_facts_of(source, reading, trusted, now))
    except Day2Error as error:
        facts["error"] = error.as_dict()
    if source.compare_with is not None:
        facts.update(_compared(source.compare_with, facts["fingerprint_sha256"]))
    return facts


def _check_name(source: Source) -> None:
    if source.expected is None or address(source.expected):
        return
    try:
        a_label(source.expected)
    except ValueError as error:
        raise NotAName(
            "reading the options",
            source.name,
            f"{source.expected!r} is no host name: {error}",
            "Correct server_name, or host where there is none.",
        ) from None


def _facts_of(source: Source, reading: Reading, trusted: Authorities, now: datetime) -> Mapping[str, Any]:
    leaf = loaded(reading.chain[0])
    if leaf is None:
        raise NotACertificate(
            "reading the certificate",
            source.place,
            "the bytes in its place are no X.509 certificate",
            "Replace the certificate.",
        )
    facts, problems = stated(leaf, now)
    facts["name_matches"] = None
    try:
        if source.expected is not None:
            facts["name_matches"] = covers(source.expected, *alternative_names(leaf))
    except NONSENSE as error:
        problems.append(f"name_matches: {error}")
    chain = chain_facts(reading.chain, trusted, now)
    broken = reading.error
    if broken is None and problems:
        broken = NotUnderstood(
            "reading the certificate",
            source.place,
            "; ".join(problems),
            "Install a newer cryptography, or have the certificate issued again.",
        )
    return {
        **facts,
        "reached": True,
        "error": None if broken is None else broken.as_dict(),
        "fingerprint_sha256": fingerprint(reading.chain[0]),
        "chain": [link(der, now) for der in reading.chain],
        "chain_valid": chain.valid,
        "chain_error": chain.why,
        "chain_error_kind": chain.kind,
        "tls_version": reading.tls_version,
        "client_certificate_requested": reading.client_certificate_requested,
    }


def _compared(path: str, served: str | None) -> dict[str, Any]:
    """What the file holds that should be served, and whether it is what was read."""
    held: dict[str, Any] = {
        "path": path, "fingerprint_sha256": None, "not_after": None, "days_left": None, "error": None,
    }  # fmt: skip
    try:
        der = certificates_in_file(path, "reading the certificate file to compare with")[0]
    except Day2Error as error:
        held["error"] = error.as_dict()
        return {"matches_file": None, "compared_with": held}
    held["fingerprint_sha256"] = fingerprint(der)
    certificate = loaded(der)
    if certificate is not None:
        held["not_after"] = moment(not_after(certificate))
        held["days_left"] = days_left(certificate, datetime.now(timezone.utc))
    return {
        "matches_file": None if served is None else served == held["fingerprint_sha256"],
        "compared_with": held,
    }
