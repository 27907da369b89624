#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module http_probe_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: http_probe_info
short_description: Tell what answers at URLs, and how fast
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Sends a request to each of several URLs at the same time and returns what came back, as facts.
  - Has no opinion. A service that is down, slow, answers with an error or with no JSON is a fact, not a failure.
  - Every wait ends. A server that sends a byte now and then, or a body without end, only costs the probe's own time.
  - Asks from the host where the module runs, without a proxy.
    The proxy settings of that host's environment are not used, for what is probed is the service itself.
options:
  probes:
    description: What to probe.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the probe, by which its facts are found again. Each probe has its own.
        type: str
        required: true
      url:
        description:
          - URL to ask, C(http) or C(https).
          - A user and password in it are sent as basic authentication.
            They and the values of parameters that are secret by their names do not come back in the result;
            O(probes[].secret_headers) is the better place, for the host's log may hold the options of a task.
        type: str
        required: true
      method:
        description: Method of the request.
        type: str
        choices: [GET, HEAD]
        default: GET
      headers:
        description:
          - Headers to send, none of them secret. They also go where redirects lead.
          - Names such as C(Authorization), C(Cookie) and C(X-Api-Key) are refused here.
        type: dict
        default: {}
      secret_headers:
        description:
          - Headers to send whose values must not be shown anywhere, as C(Authorization).
          - They only go to the scheme, host and port of O(probes[].url), never to another one where a redirect leads.
          - Where an answer repeats such a value, it is hidden in the result.
        type: dict
        default: {}
      ca_cert:
        description:
          - File of PEM certificates, on the host where the module runs, whose authorities alone are trusted.
          - The system's when omitted.
        type: path
      validate_certs:
        description: Whether a certificate that is not trusted, has expired or has another name ends the probe.
        type: bool
        default: true
      timeout:
        description: Seconds that the whole probe may take, redirects and body included. O(timeout) when omitted.
        type: float
      follow_redirects:
        description: Whether to ask where a redirect leads, up to ten times. Otherwise the redirect is the answer.
        type: bool
        default: true
      body_bytes_kept:
        description: Bytes of the body to return as RV(probes[].body_sample), at most V(65536). V(0) keeps none.
        type: int
        default: 256
  timeout:
    description: Seconds that a probe may take, more than V(0) and at most V(600).
    type: float
    default: 10
  concurrency:
    description: Probes that are sent at the same time, from V(1) to V(64).
    type: int
    default: 8
  max_bytes:
    description: Longest body in bytes that is read, packed or unpacked, from V(1) to V(16777216).
    type: int
    default: 262144
extends_documentation_fragment:
  - day2.ops.attributes
  - day2.ops.attributes.info
seealso:
  - module: day2.ops.certificate_info
"""

EXAMPLES = r"""
- name: Probe the shop from inside
  day2.ops.http_probe_info:
    probes:
      - name: health
        url: https://shop.example.com/health
        ca_cert: /etc/ssl/shop-ca.pem
      - name: orders
        url: https://shop.example.com/api/orders?limit=1
        secret_headers:
          Authorization: "Bearer {{ shop_token }}"
        timeout: 3
  register: result

- name: Show how long the database took
  ansible.builtin.debug:
    msg: "{{ result.probes[0].json.database.latency_ms }}"
"""

RETURN = r"""
probes:
  description: What came of each probe, in the order of O(probes). Every key is always there.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the probe.
      type: str
      sample: health
    url:
      description: URL that was asked first; user, password and the values of secret parameters are V(***).
      type: str
      sample: https://shop.example.com/health
    method:
      description: Method of the request.
      type: str
      sample: GET
    reached:
      description: Whether an HTTP answer came, whatever its status.
      type: bool
      sample: true
    status:
      description: Status of the last answer. V(null) when none came.
      type: int
      sample: 200
    seconds:
      description: Seconds that the whole probe took.
      type: float
      sample: 0.0421
    connect_seconds:
      description: Seconds until the first connection stood, name look-up and TLS included. V(null) when none did.
      type: float
      sample: 0.0113
    first_byte_seconds:
      description: Seconds until the headers of the last answer had come, redirects included. V(null) when none came.
      type: float
      sample: 0.0409
    json:
      description:
        - The document that the body is. V(null) when it is none; then RV(probes[].json_error) may say why.
        - Texts whose keys say that they are secret are V(***).
      type: raw
      sample: {status: ok, database: {latency_ms: 1.8}}
    json_error:
      description: Why a body that its type calls JSON could not be read as such, or a packed one unpacked.
      type: str
      sample: null
    headers:
      description:
        - Headers of the last answer, names in lower case, equal names joined by a comma.
        - Values of cookies and of headers that are secret by their names are V(***).
      type: dict
      sample: {content-type: application/json}
    body_sample:
      description:
        - First bytes of the body as text. What looks like a credential in it is V(***).
        - V(null) when none are to be kept, or the body cannot be unpacked.
      type: str
      sample: '{"status": "ok"}'
    bytes:
      description: Bytes of the body as received, still packed. When it was not read to its end, what came until then.
      type: int
      sample: 16
    redirects:
      description: Redirects that were followed, in their order.
      type: list
      elements: dict
      contains:
        status:
          description: Status of the redirect.
          type: int
          sample: 301
        url:
          description: Where it led, masked as RV(probes[].url).
          type: str
          sample: https://shop.example.com/health/
    tls_version:
      description: TLS version of the last connection. V(null) without TLS.
      type: str
      sample: TLSv1.3
    error:
      description: Why no whole answer came. V(null) when one did.
      type: dict
      contains:
        kind:
          description:
            - One of V(refused), V(timeout), V(dns), V(tls), V(unreachable), V(closed) (by the other side, too early),
              V(protocol) (no HTTP), V(redirects) (in a circle, too many, or to nowhere), V(too_large).
          type: str
          sample: refused
        why:
          description: The cause.
          type: str
          sample: nothing listens there, the connection was refused
        remedy:
          description: What to do about it.
          type: str
          sample: Start the service, or correct the address and port.
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._http.masking import masked_options
from ansible_collections.day2.ops.plugins.module_utils._http.probe import probed_all
from ansible_collections.day2.ops.plugins.module_utils._http.target import probes_of, secrets_of
from ansible_collections.day2.ops.plugins.module_utils._module import finish

PROBE = {
    "name": {"type": "str", "required": True},
    "url": {"type": "str", "required": True},
    "method": {"type": "str", "choices": ["GET", "HEAD"], "default": "GET"},
    "headers": {"type": "dict", "default": {}},
    "secret_headers": {"type": "dict", "default": {}, "no_log": True},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "timeout": {"type": "float"},
    "follow_redirects": {"type": "bool", "default": True},
    "body_bytes_kept": {"type": "int", "default": 256},
}


def probe(given: dict[str, Any]) -> dict[str, Any]:
    """Send the probes that the options name."""
    for option, highest in (("concurrency", 64), ("max_bytes", 16 << 20)):
        if not 1 <= given[option] <= highest:
            raise Refused("reading the options", option, f"it is {given[option]}", f"Choose from 1 to {highest}.")
    probes = probes_of(given["probes"], given["timeout"], given["max_bytes"])
    return {"probes": probed_all(probes, given["concurrency"])}


def main() -> None:
    """Probe."""
    module = AnsibleModule(
        argument_spec={
            "probes": {"type": "list", "elements": "dict", "required": True, "options": PROBE},
            "timeout": {"type": "float", "default": 10},
            "concurrency": {"type": "int", "default": 8},
            "max_bytes": {"type": "int", "default": 262144},
        },
        supports_check_mode=True,
    )
    given = dict(module.params)
    for each in given["probes"]:
        module.no_log_values.update(secrets_of(each))
    # The result repeats the options of the call.
    module.params["probes"] = [masked_options(each) for each in given["probes"]]
    finish(module, lambda: probe(given))


if __name__ == "__main__":
    main()
