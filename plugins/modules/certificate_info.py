#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module certificate_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_info
version_added: 0.1.0
short_description: Read certificates as they are served and as they lie in files
description:
  - Reads the certificate and the chain of any number of sources at the same time, and tells what they state, how long
    they are still valid, whether the chain leads to a trusted authority, and whether the certificate is for the name
    that was asked for.
  - Reading and judging are separate. A certificate that is expired, self-signed, for another name or not trusted is
    read like any other, and what is wrong with it is a fact of the result. So is a source that cannot be reached. The
    module fails only when its options make no sense or a library is missing.
  - Endpoints speak TLS from the first byte, or turn to it on request (O(sources[].starttls)).
author:
  - The day2.ops developers (@day2)
extends_documentation_fragment:
  - day2.ops.attributes.info
requirements:
  - cryptography >= 41
options:
  sources:
    description:
      - Where certificates are to be read. The result has one element for each, in this order.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - What the source is called in the result.
          - Its place, C(host:port) or the path, when omitted.
        type: str
      type:
        description:
          - V(endpoint) reads what a service sends, V(file) what lies in a file of the host.
        type: str
        choices: [endpoint, file]
        default: endpoint
      host:
        description:
          - Name or IP address of the service. Required with O(sources[].type=endpoint).
          - International names may be written in their own letters.
          - Mutually exclusive with O(sources[].path).
        type: str
      port:
        description:
          - Port of the service.
          - When omitted, 443, or the usual one of the protocol in O(sources[].starttls), 5432, 25 or 143.
        type: int
      server_name:
        description:
          - The name to ask the service for (SNI), and the one that the certificate has to be for.
          - For an endpoint O(sources[].host) when omitted. For a file RV(certificates[].name_matches) is V(null)
            without it.
          - An IP address is looked for among the certificate's addresses and not sent.
        type: str
      starttls:
        description:
          - The protocol in which encryption is asked for before the handshake. V(none) for TLS from the first byte.
        type: str
        choices: [none, postgresql, smtp, imap]
        default: none
      path:
        description:
          - The file, PEM with the certificate first and its chain after it, or DER. Keys and text in it are passed
            over. Required with O(sources[].type=file).
        type: path
      ca_cert:
        description:
          - File with the certificates of the authorities that are trusted for this source. The system's when omitted.
          - An intermediate certificate in it whose issuer is in it too is left out, because it would hide that the
            service does not send it. One whose issuer is not in the file is trusted like a root.
        type: path
      compare_with:
        description:
          - File on the host whose first certificate should be the one that is read. Shows a service that was not
            reloaded after a renewal.
        type: path
      timeout:
        description:
          - Seconds after which this endpoint is given up, from the look-up of its name to the end of the handshake.
          - The module's O(timeout) when omitted.
        type: float
  timeout:
    description:
      - Seconds after which an endpoint is given up, for those that do not say. At most 3600.
    type: float
    default: 10
  concurrency:
    description:
      - How many sources are read at the same time, at most.
    type: int
    default: 8
notes:
  - No certificate is fetched from elsewhere. A chain that lacks an intermediate certificate is invalid, even where
    this host could get it.
  - The chain is judged by the OpenSSL of the Python that runs the module, at security level 2, which refuses RSA keys
    of less than 2048 bits and signatures with SHA-1 or MD5. The names are judged by RFC 9525. Neither has a say in the
    other.
  - Revocation is not looked at.
  - Private keys are never read from files, and no client certificate is sent.
  - Endpoints need no rights; files have to be readable for the user who runs the module.
seealso:
  - module: community.crypto.x509_certificate_info
  - module: community.crypto.get_certificate
"""

EXAMPLES = r"""
- name: Read what the platform serves, and the file that it should serve
  day2.ops.certificate_info:
    sources:
      - name: Website
        host: www.example.org
        compare_with: /etc/letsencrypt/live/www.example.org/fullchain.pem
      - name: Database
        host: db.example.org
        starttls: postgresql
        ca_cert: /etc/ssl/certs/platform-ca.pem
      - name: Mail submission
        host: mail.example.org
        port: 587
        starttls: smtp
      - name: Behind the load balancer
        host: 192.0.2.10
        server_name: www.example.org
      - name: Certificate of the proxy
        type: file
        path: /etc/haproxy/certs/www.pem
        server_name: www.example.org
  register: read

- name: Show what the next weeks bring
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.days_left | round(1) }} days left"
  loop: "{{ read.certificates | selectattr('reached') | sort(attribute='days_left') }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
certificates:
  description:
    - One element for each of O(sources), in their order.
    - Every element has all keys. What could not be seen is V(null).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: What the source is called.
      returned: always
      type: str
      sample: Website
    type:
      description: V(endpoint) or V(file).
      returned: always
      type: str
      sample: endpoint
    source:
      description: What was read, in words.
      returned: always
      type: str
      sample: TLS at www.example.org:443
    server_name:
      description: The name that was asked for and that the certificate has to be for. V(null) for a file without one.
      returned: always
      type: str
      sample: www.example.org
    reached:
      description: Whether a certificate was read.
      returned: always
      type: bool
      sample: true
    error:
      description:
        - What kept a certificate from being read. V(null) when all went well.
        - Beside RV(certificates[].reached=true) it tells what broke after the certificate had been read, or which of
          its fields could not be understood.
      returned: always
      type: dict
      contains:
        kind:
          description:
            - C(NotAName), C(NotResolved), C(ConnectionRefused), C(Unreachable), C(TimedOut), C(Disconnected),
              C(WrongProtocol) (not the protocol of O(sources[].starttls)), C(TlsNotOffered), C(NotTls), C(TlsRefused)
              (ended by an alert), C(HandshakeFailed), C(NotReadable) (a file), C(NotACertificate) or
              C(NotUnderstood).
          returned: always
          type: str
          sample: ConnectionRefused
        doing:
          description: What was being done.
          returned: always
          type: str
          sample: connecting
        'on':
          description: On what.
          returned: always
          type: str
          sample: www.example.org:443
        why:
          description: Why it failed.
          returned: always
          type: str
          sample: '192.0.2.10: Connection refused'
        remedy:
          description: What to do.
          returned: always
          type: str
          sample: Check that the service runs, and on which address and port it listens.
    subject:
      description: Whom the certificate is for, as RFC 4514 writes it.
      returned: always
      type: str
      sample: CN=www.example.org
    names:
      description: The DNS names and IP addresses that the certificate is for, as they are written in it.
      returned: always
      type: list
      elements: str
      sample: [www.example.org, '*.shop.example.org', 192.0.2.10]
    issuer:
      description: Who issued the certificate, as RFC 4514 writes it.
      returned: always
      type: str
      sample: CN=Platform CA
    serial:
      description: Serial number, in hexadecimal digits as C(openssl x509 -serial) prints it.
      returned: always
      type: str
      sample: 0A1B2C
    not_before:
      description: From when the certificate is valid, ISO 8601 in UTC.
      returned: always
      type: str
      sample: '2026-09-01T00:00:00Z'
    not_after:
      description: Until when the certificate is valid, ISO 8601 in UTC.
      returned: always
      type: str
      sample: '2026-11-30T00:00:00Z'
    lifetime_days:
      description: Days between the two.
      returned: always
      type: float
      sample: 90.0
    days_left:
      description: Days until the certificate expires by the clock of the host. Negative when it has expired.
      returned: always
      type: float
      sample: 41.3125
    lifetime_left_percent:
      description:
        - RV(certificates[].days_left) as a share of RV(certificates[].lifetime_days), in percent. Negative when
          expired, above 100 when not yet valid.
      returned: always
      type: float
      sample: 45.9
    chain_valid:
      description:
        - Whether the chain, with nothing added, leads to an authority that is trusted, and every certificate in it is
          valid now and may be used so. Names play no part.
        - V(null) when it could not be judged; RV(certificates[].chain_error) says why.
      returned: always
      type: bool
      sample: false
    chain_error:
      description: Why the chain is not valid, or could not be judged.
      returned: always
      type: str
      sample: the certificate of CN=www.example.org expired at 2026-11-01T00:00:00Z
    chain_error_kind:
      description:
        - V(expired), V(not_yet_valid), V(self_signed), V(unknown_issuer), V(incomplete) (an intermediate certificate
          that O(sources[].ca_cert) knows is not in the chain), V(bad_signature), V(weak) (key or signature),
          V(wrong_use) (a certificate may not be used for what it is used for), V(name_constraints) or V(other).
        - Where the chain could not be judged, V(no_authorities) (the bundle cannot be read or is empty) or
          V(no_verdict).
        - The first thing that OpenSSL finds; RV(certificates[].chain_error) also names certificates that are out of
          date.
      returned: always
      type: str
      sample: expired
    self_signed:
      description: Whether the certificate is signed with its own key.
      returned: always
      type: bool
      sample: false
    name_matches:
      description:
        - Whether the certificate is for RV(certificates[].server_name). The subject's common name does not count.
          Validity and trust play no part.
        - V(null) when no name was given or the certificate's names could not be understood.
      returned: always
      type: bool
      sample: true
    key_type:
      description: Kind of the public key, V(rsa), V(ec), V(ed25519), V(ed448), V(dsa) or the name of a newer one.
      returned: always
      type: str
      sample: rsa
    key_bits:
      description: Size of the public key in bits. V(null) for kinds that have none.
      returned: always
      type: int
      sample: 2048
    signature_hash:
      description: Hash that was signed. V(null) for signatures without one, as Ed25519.
      returned: always
      type: str
      sample: sha256
    fingerprint_sha256:
      description: SHA-256 of the certificate, in lower-case hexadecimal digits.
      returned: always
      type: str
      sample: 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
    chain:
      description: The certificates as they were sent or as they lie in the file, the certificate itself first.
      returned: always
      type: list
      elements: dict
      contains:
        subject:
          description: Whom it is for.
          returned: always
          type: str
          sample: CN=www.example.org
        issuer:
          description: Who issued it.
          returned: always
          type: str
          sample: CN=Platform CA
        not_after:
          description: Until when it is valid, ISO 8601 in UTC.
          returned: always
          type: str
          sample: '2026-11-30T00:00:00Z'
        days_left:
          description: Days until it expires.
          returned: always
          type: float
          sample: 41.3125
    matches_file:
      description:
        - Whether the certificate is the first one in O(sources[].compare_with). V(null) when that was not given or one
          of the two could not be read.
      returned: always
      type: bool
      sample: true
    compared_with:
      description: The certificate in O(sources[].compare_with), V(null) when that was not given.
      returned: always
      type: dict
      contains:
        path:
          description: The file.
          returned: always
          type: str
          sample: /etc/ssl/www.pem
        fingerprint_sha256:
          description: SHA-256 of its first certificate.
          returned: always
          type: str
          sample: 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
        not_after:
          description: Until when that is valid, ISO 8601 in UTC.
          returned: always
          type: str
          sample: '2027-02-28T00:00:00Z'
        days_left:
          description: Days until it expires.
          returned: always
          type: float
          sample: 131.3125
        error:
          description: Why the file could not be read, as RV(certificates[].error).
          returned: always
          type: dict
    tls_version:
      description: Version of TLS that was agreed on. V(null) for a file.
      returned: always
      type: str
      sample: TLSv1.3
    client_certificate_requested:
      description: Whether the endpoint asked for a client certificate. None is sent. V(null) for a file.
      returned: always
      type: bool
      sample: false
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._certificates.library import need_library
from ansible_collections.day2.ops.plugins.module_utils._certificates.source import sources_of
from ansible_collections.day2.ops.plugins.module_utils._certificates.survey import survey
from ansible_collections.day2.ops.plugins.module_utils._module import finish

SOURCE: dict[str, Any] = {
    "name": {"type": "str"},
    "type": {"type": "str", "choices": ["endpoint", "file"], "default": "endpoint"},
    "host": {"type": "str"},
    "port": {"type": "int"},
    "server_name": {"type": "str"},
    "starttls": {"type": "str", "choices": ["none", "postgresql", "smtp", "imap"], "default": "none"},
    "path": {"type": "path"},
    "ca_cert": {"type": "path"},
    "compare_with": {"type": "path"},
    "timeout": {"type": "float"},
}


def main() -> None:
    """Read the certificates and exit."""
    module = AnsibleModule(
        argument_spec={
            "sources": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": SOURCE,
                "required_if": [("type", "endpoint", ("host",)), ("type", "file", ("path",))],
                "mutually_exclusive": [("host", "path"), ("port", "path")],
            },
            "timeout": {"type": "float", "default": 10},
            "concurrency": {"type": "int", "default": 8},
        },
        supports_check_mode=True,
    )

    def read() -> dict[str, Any]:
        need_library()
        return {"certificates": survey(sources_of(module.params), module.params["concurrency"])}

    finish(module, read)


if __name__ == "__main__":
    main()
