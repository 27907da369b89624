#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module log_scan_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: log_scan_info
version_added: 0.1.0
short_description: Count what logs say, in one pass
description:
  - Reads any number of log files once, plain or compressed, and counts levels, patterns, HTTP statuses, response times,
    endpoints and recurring errors at the same time, in constant memory.
  - The level is a field of the entry, or a word in its place at the head of a line. A request whose path contains
    C(ERROR) is no error, and a number that contains C(401) is no status.
  - Files that are missing, unreadable or corrupt are facts of the result. What could be read of a corrupt file counts.
  - Identifiers, numbers and quoted text are folded, so that errors which say the same are counted together and nobody's
    data is in the result.
author:
  - The day2.ops developers (@day2)
extends_documentation_fragment:
  - day2.ops.attributes.info
requirements:
  - for files compressed by zstd, the Python library zstandard or the program C(zstd)
  - for O(timezone) other than V(UTC), the time zone database of the operating system or the Python library tzdata
options:
  sources:
    description:
      - The logs. The result has one element for each, in this order.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the source is called in the result. Its paths, or its service, when omitted.
        type: str
      paths:
        description:
          - Files and globs on the host. V(**) stands for any number of folders. A path that exists is never read as a
            glob. Names that begin with a dot are only found by a glob that does.
          - A file that several of them name, under whatever name, is read once. So is one behind a symbolic link.
          - Files compressed by gzip or zstd are recognised by what they begin with, whatever they are called.
        type: list
        elements: path
      service:
        description:
          - The service whose own log is read; what all its instances have written on their outputs, also those that
            have ended. Either this or O(sources[].paths).
          - It is what the engine keeps. The log of a container that was removed is gone.
        type: dict
        suboptions:
          name:
            description: Name of the service, or name or id of the container.
            type: str
            required: true
          runtime:
            description: What runs it.
            type: str
            choices: [compose, container]
            required: true
          project:
            description: The compose project in which the service has that name. Required for V(compose).
            type: str
      format:
        description:
          - V(auto) decides line by line among the other three, and also reads what compose and container engines put
            round or before a line.
          - V(json) is one object a line, after a time or the service's name as C(docker logs --timestamps) and
            C(docker compose logs) write them.
          - V(plain) is text. A time, a level and key=value pairs are found where they are; PostgreSQL's
            C(duration:) lines count as statements.
          - V(access) is the combined or common log format of nginx and Apache. A duration that stands last counts,
            see O(sources[].duration_unit).
        type: str
        choices: [auto, json, plain, access]
        default: auto
      fields:
        description:
          - Where things are in objects and in key=value pairs. Each is a list of names; the first one that holds a
            usable value counts. What is given replaces the defaults of this thing only.
          - A dot goes into a nested object, unless a key holds the whole name.
        type: dict
        suboptions:
          time:
            description:
              - When it happened, as text or as a count of seconds, milliseconds, microseconds or nanoseconds since
                the epoch.
              - C(ts), C(time), C(timestamp), C(@timestamp), C(datetime), C(asctime), C(__REALTIME_TIMESTAMP) when
                omitted.
            type: list
            elements: str
          level:
            description:
              - The level as a word, or as a number of syslog (0 to 7), of pino and bunyan (10 to 60), or, in a field
                called C(levelno), of Python.
              - C(level), C(severity), C(levelname), C(log.level), C(lvl), C(loglevel), C(log_level), C(levelno),
                C(PRIORITY) when omitted.
            type: list
            elements: str
          text:
            description: The message, what happened. C(msg), C(message), C(event), C(MESSAGE) when omitted.
            type: list
            elements: str
          status:
            description:
              - HTTP status, 100 to 599. Other values are passed over.
              - C(status), C(status_code), C(statusCode), C(http_status), C(http.response.status_code),
                C(response.status), C(res.statusCode) when omitted.
            type: list
            elements: str
          duration:
            description:
              - How long it took, as a number or as text such as V(1.5s) or V(250ms). See O(sources[].duration_unit).
              - C(duration_ms), C(duration), C(elapsed_ms), C(elapsed), C(latency_ms), C(latency), C(response_time_ms),
                C(response_time), C(responseTime), C(request_time), C(took_ms), C(took), C(duration_s),
                C(duration_seconds), C(rt) when omitted.
            type: list
            elements: str
          method:
            description:
              - HTTP method. C(method), C(http_method), C(request_method), C(http.request.method), C(request.method),
                C(req.method) when omitted.
            type: list
            elements: str
          path:
            description:
              - Path of the request. C(path), C(uri), C(url), C(request_uri), C(request_path), C(http_path),
                C(url.path), C(request.uri), C(request.path), C(req.url), C(endpoint) when omitted.
            type: list
            elements: str
      duration_unit:
        description:
          - Unit of durations that carry none.
          - With V(auto) the field's name tells, by endings such as C(_ms), C(_us), C(_seconds). C(request_time) and
            C(rt) are seconds, as nginx writes them, all others milliseconds. A last number of an access log is seconds
            when it has a decimal point; one without is only taken when this option has another value (V(us) for
            Apache's C(%D)).
        type: str
        choices: [auto, ns, us, ms, s]
        default: auto
      durations_of:
        description:
          - What the log gives the duration of, V(all) requests, or only those that were V(slow). Percentiles of the
            slow ones are high whatever is changed, so the default rules do not judge them; see
            RV(logs[].latency.complete).
          - With V(auto) it is V(all) when at least half of what has a duration is requests, and V(slow) otherwise, as
            in a log of PostgreSQL that is told by C(log_min_duration_statement) what to log.
        type: str
        choices: [auto, all, slow]
        default: auto
      timeout:
        description:
          - How many seconds the scan of the source may take. Then it ends with what was counted until then, all counts
            are too low, and RV(logs[].timed_out) and RV(logs[].files[].error) say so.
          - It also ends a regular expression that takes ages for one line, as V((a+)+$) does.
        type: int
        default: 600
      max_unpacked_bytes:
        description:
          - How much of what a compressed file holds is read. When it holds more, RV(logs[].files[].error) says so.
        type: int
        default: 8589934592
      patterns:
        description:
          - What to count besides. All patterns are counted in the same pass.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: What the pattern is called in the result. Once in each source.
            type: str
            required: true
          regex:
            description:
              - A regular expression of Python, searched for in each line. One without characters beyond ASCII is
                matched against bytes, so that C(\w) means ASCII letters.
              - Colours are taken out of lines before. A line that continues an entry is a line of its own here.
              - One that contains two or more literal characters in a row outside of groups is much faster.
            type: str
            required: true
          field:
            description:
              - Search only in this field of each entry. V(level), V(message), V(status), V(method) and V(path) stand
                for what was found by O(sources[].fields), anything else for a field by its own name. Access logs have
                V(host), V(user), V(referer) and V(agent).
              - A field by its own name makes the scan of plain and access logs several times slower.
            type: str
          level:
            description: Count only in entries of this level, and lines that continue them.
            type: str
  since:
    description:
      - From when on lines count, as an ISO 8601 time or date, or as a period before now such as V(24h), V(90m), V(7d).
      - Lines without a time have that of the line before. Those before the first time of a file always count.
      - A file that was last written to more than a day before is left unread, and RV(logs[].files[].skipped) says so.
    type: str
  until:
    description:
      - Until when lines count, written as O(since). Lines of that moment do not count.
    type: str
  timezone:
    description:
      - Zone of times that name none, such as V(Europe/Berlin). Also of O(since) and O(until).
      - Of zone abbreviations only C(UTC), C(GMT) and C(Z) are understood. Others, such as the C(CET) that PostgreSQL
        writes, count as none.
    type: str
    default: UTC
  top:
    description: Length of the lists of endpoints and error groups.
    type: int
    default: 10
  mask:
    description:
      - Whether the samples of error groups are masked. Secrets, quoted text, addresses, identifiers and numbers are
        then replaced by V(?).
      - Group messages, statements and paths are folded in the same manner in any case.
    type: bool
    default: true
  concurrency:
    description:
      - How many processes scan at the same time, at most. One more is only started for each 8 MiB of logs. Large files
        that are not compressed are shared out among them; a compressed one is read by one process.
      - Each takes the time of one processor, and about 10 MiB of memory.
    type: int
    default: 2
  max_line_bytes:
    description:
      - How much of a line is looked at. Longer lines are cut and counted in RV(logs[].cut_lines). 256 to 4194304.
    type: int
    default: 262144
notes:
  - The files have to be readable for the user who runs the module. Membership in the group C(adm) is enough for most
    logs of Debian.
  - Percentiles are within 0.5 percent of the true value, by the histogram of DDSketch with a relative error of 0.005
    (Masson, Rim, Lee, "DDSketch", PVLDB 12, 2019). The p-th percentile is the smallest duration that p percent do not
    exceed. Minimum, maximum and mean are exact; what is below 100 nanoseconds counts as nought.
  - Memory does not grow with the files. At most 600 endpoints and 1000 error groups are known at a time; then the rarer
    half is let go. What comes again after that may have been counted before, by no more than its C(missing).
  - Durations, statuses and levels are counted in all entries, also where endpoints or groups are let go.
  - Entries of several lines, such as stack traces, are one entry. A line continues the entry before it when it has
    neither a time nor a level at its head nor is a whole object.
  - A file is read as long as it was when it was opened.
  - Of a service's own log, the engine tells what was said in the period. Lines that tell another time than that are
    outside all the same.
seealso:
  - module: day2.ops.http_probe_info
  - module: day2.ops.postgresql_health_info
"""

EXAMPLES = r"""
- name: Look at the last day of a web platform
  day2.ops.log_scan_info:
    since: 24h
    sources:
      - name: Application
        paths:
          - /var/log/shop/app.log*
        format: json
        patterns:
          - name: authentication failed
            regex: (?i)authentication failed
          - name: rate limited
            regex: ^429$
            field: status
          - name: circuit breaker opened
            regex: circuit.*open
            level: error
      - name: Proxy
        paths:
          - /var/log/nginx/access.log
          - /var/log/nginx/access.log.1
        format: access
        patterns:
          - name: scanners
            regex: \.php|\.jsp|wp-login
            field: path
      - name: Database
        paths:
          - /var/log/postgresql/postgresql-*.log
        format: plain
      - name: Backend
        service:
          runtime: compose
          project: shop
          name: backend
  register: day

- name: Show the slowest endpoints and statements
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.slowest }}"
  loop: "{{ day.logs }}"
  loop_control:
    label: "{{ item.name }}"

- name: Read a log whose fields have names of their own
  day2.ops.log_scan_info:
    timezone: Europe/Berlin
    sources:
      - name: Gateway
        paths: [/srv/gateway/log/*.json.zst]
        format: json
        fields:
          time: [when]
          duration: [timing.total]
          path: [http.target, http.route]
        duration_unit: us
"""

RETURN = r"""
logs:
  description:
    - One element for each of O(sources), in their order, always with all keys.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: What the source is called.
      returned: always
      type: str
      sample: Application
    files:
      description: The files that were found, and the paths that led to none, in the order in which they were read.
      returned: always
      type: list
      elements: dict
      contains:
        path:
          description: The file, or the path or glob that led to none; of a service, its instance.
          returned: always
          type: str
          sample: /var/log/shop/app.log.2.gz
        bytes:
          description: Bytes that were read, decompressed.
          returned: always
          type: int
          sample: 1048576
        lines:
          description: Lines that were read.
          returned: always
          type: int
          sample: 5012
        error:
          description: Why the file, or the rest of it, could not be read. V(null) when it was read to its end.
          returned: always
          type: str
          sample: 'corrupt zstd: it ends within a frame; what came before was read'
        skipped:
          description: Why there was no need to read the file. V(null) when there was.
          returned: always
          type: str
    bytes:
      description: Bytes that were read, decompressed.
      returned: always
      type: int
      sample: 4194304
    lines:
      description: Lines that were read.
      returned: always
      type: int
      sample: 20048
    lines_outside:
      description: Lines that do not lie between O(since) and O(until). Nothing else counts them.
      returned: always
      type: int
      sample: 120
    entries:
      description: Entries that lie in the period.
      returned: always
      type: int
      sample: 19000
    continued:
      description: Lines that continue an entry, as those of a stack trace do.
      returned: always
      type: int
      sample: 928
    unparsed:
      description:
        - Lines that are neither an entry nor continue one, such as broken objects. Empty lines are not counted.
      returned: always
      type: int
      sample: 0
    cut_lines:
      description: Lines longer than O(max_line_bytes).
      returned: always
      type: int
      sample: 0
    since:
      description: From when on lines counted, ISO 8601 in UTC.
      returned: always
      type: str
      sample: '2026-11-21T02:00:00.000+00:00'
    until:
      description: Until when lines counted, ISO 8601 in UTC.
      returned: always
      type: str
    timed_out:
      description: Why not all was read or counted. V(null) when the time sufficed.
      returned: always
      type: str
      sample: "its 600 seconds were over while it was searched for 'circuit breaker opened'"
    first_time:
      description: Time of the earliest entry, ISO 8601 in UTC. V(null) when no entry has one.
      returned: always
      type: str
      sample: '2026-11-21T02:00:01.003+00:00'
    last_time:
      description: Time of the latest entry, ISO 8601 in UTC. V(null) when no entry has one.
      returned: always
      type: str
      sample: '2026-11-22T01:59:58.120+00:00'
    levels:
      description:
        - Entries by level. Levels are told as C(trace), C(debug), C(info), C(notice), C(warning), C(error),
          C(critical), or as the log calls them, at most 32 different ones. Entries without a level are not counted.
      returned: always
      type: dict
      sample: {error: 12, info: 18900, warning: 88}
    patterns:
      description: Lines that each of O(sources[].patterns) was found in; entries for those with a field.
      returned: always
      type: dict
      sample: {authentication failed: 3}
    statuses:
      description: Requests by HTTP status.
      returned: always
      type: dict
      sample: {'200': 18000, '401': 12, '500': 3}
    status_classes:
      description: Requests by class of HTTP status, from C(1xx) to C(5xx).
      returned: always
      type: dict
      sample: {1xx: 0, 2xx: 18000, 3xx: 0, 4xx: 12, 5xx: 3}
    requests:
      description: Entries with an HTTP status, or with a method and a path.
      returned: always
      type: int
      sample: 18015
    error_rate:
      description: Share of the requests with status 500 to 599, from 0 to 1. V(null) when there were no requests.
      returned: always
      type: float
      sample: 0.000167
    unauthorized:
      description: Requests with status 401.
      returned: always
      type: int
      sample: 12
    forbidden:
      description: Requests with status 403.
      returned: always
      type: int
      sample: 0
    latency:
      description: Durations of all entries that have one. The numbers are V(null) when there are none.
      returned: always
      type: dict
      contains:
        count:
          description: Entries with a duration.
          returned: always
          type: int
          sample: 18015
        min:
          description: The shortest.
          returned: always
          type: float
          sample: 0.41
        p50:
          description: The median.
          returned: always
          type: float
          sample: 6.02
        p95:
          description: What 95 percent do not exceed.
          returned: always
          type: float
          sample: 48.1
        p99:
          description: What 99 percent do not exceed.
          returned: always
          type: float
          sample: 310.4
        max:
          description: The longest.
          returned: always
          type: float
          sample: 4102.9
        mean:
          description: The arithmetic mean.
          returned: always
          type: float
          sample: 11.7
        unit:
          description: Always V(ms), milliseconds.
          returned: always
          type: str
          sample: ms
        complete:
          description:
            - Whether these are the durations of all requests, so that the percentiles tell how requests fare. V(false)
              when there are none. See O(sources[].durations_of).
          returned: always
          type: bool
          sample: true
    endpoints:
      description: The O(top) endpoints with the most requests.
      returned: always
      type: list
      elements: dict
      contains: &endpoint
        method:
          description: HTTP method, V(SQL) for statements that a database logged, V(null) when it is not known.
          returned: always
          type: str
          sample: GET
        path:
          description: Path without query, with C({id}) for numbers and identifiers; the folded text of a statement.
          returned: always
          type: str
          sample: /api/orders/{id}
        count:
          description: How often it was counted.
          returned: always
          type: int
          sample: 5120
        missing:
          description: How much too small the count may be at most, because the endpoint may have been let go before.
          returned: always
          type: int
          sample: 0
        p50:
          description: Median of its durations in milliseconds. V(null) when it has none.
          returned: always
          type: float
          sample: 6.02
        p95:
          description: What 95 percent of its durations do not exceed, in milliseconds. V(null) when it has none.
          returned: always
          type: float
          sample: 48.1
        max:
          description: The longest of its durations in milliseconds. V(null) when it has none.
          returned: always
          type: float
          sample: 812.0
    slowest:
      description: The O(top) endpoints and statements with the highest p95.
      returned: always
      type: list
      elements: dict
      contains: *endpoint
    endpoints_kept:
      description: Different endpoints and statements that are known at the end.
      returned: always
      type: int
      sample: 42
    endpoints_let_go:
      description: How often one of the rarer endpoints was let go to bound memory.
      returned: always
      type: int
      sample: 0
    errors:
      description: Entries of level error or critical, and requests with status 500 to 599 of other levels.
      returned: always
      type: int
      sample: 15
    groups:
      description: The O(top) most frequent errors, those that say the same counted together.
      returned: always
      type: list
      elements: dict
      contains:
        message:
          description:
            - The folded message. For requests that say no more, such as those of access logs, the folded request with
              its status.
          returned: always
          type: str
          sample: 'connection to server at "?", port ? failed: timeout expired'
        count:
          description: How often it was counted.
          returned: always
          type: int
          sample: 9
        missing:
          description: How much too small the count may be at most, because the group may have been let go before.
          returned: always
          type: int
          sample: 0
        first_time:
          description: When it was seen first, ISO 8601 in UTC. V(null) when no time is known.
          returned: always
          type: str
          sample: '2026-11-21T03:11:52.000+00:00'
        last_time:
          description: When it was seen last, ISO 8601 in UTC. V(null) when no time is known.
          returned: always
          type: str
          sample: '2026-11-22T01:40:02.000+00:00'
        sample:
          description: The first of the messages, at most 500 characters, masked unless O(mask=false).
          returned: always
          type: str
          sample: 'connection to server at "?", port ? failed: timeout expired'
    groups_kept:
      description: Different groups that are known at the end.
      returned: always
      type: int
      sample: 4
    groups_let_go:
      description: How often one of the rarer groups was let go to bound memory.
      returned: always
      type: int
      sample: 0
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._logs.options import ARGUMENTS, settings_of, sources_of
from ansible_collections.day2.ops.plugins.module_utils._logs.scan import scan
from ansible_collections.day2.ops.plugins.module_utils._module import finish
from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner


def main() -> None:
    """Scan the logs and exit."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)

    def call() -> dict[str, Any]:
        settings = settings_of(module.params, time.time())
        runner, concurrency = HostRunner(), module.params["concurrency"]
        return {"logs": [scan(source, settings, runner, concurrency) for source in sources_of(module.params)]}

    finish(module, call)


if __name__ == "__main__":
    main()
