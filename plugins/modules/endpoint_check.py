#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_check
short_description: Check many ports and web pages at once
version_added: 0.1.0
description:
  - Checks whether TCP ports accept connections and whether web pages answer as they should. All checks run at the same time, and each is tried again
    until it is well or its time is over.
  - It needs Python and nothing else, no Azure either, so with C(delegate_to) it runs on any host that has a way into the network of the recovered VMs.
  - The variables C(http_proxy), C(https_proxy) and C(no_proxy) are not looked at. Use O(proxy).
  - A check that is not well does not make the task fail. Look at RV(ok), or at RV(checks).
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
extends_documentation_fragment:
  - lifeboat.azure_dr.attributes
attributes:
  action_group:
    description: Use C(group/lifeboat.azure_dr.azure_dr) in C(module_defaults) to set options that all modules of this collection have.
    support: N/A
    membership: []
    details:
      - It takes no credentials.
  check_mode:
    support: full
    details:
      - In check mode it connects to nothing. Each check has RV(checks[].skipped) true and RV(checks[].ok) null.
  diff_mode:
    support: N/A
    details:
      - This module does not modify state.
  platform:
    description: Where the module runs.
    platforms: posix
options:
  checks:
    description:
      - The checks. Each has either O(checks[].tcp) or O(checks[].http).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - What the check is called.
        type: str
        required: true
      timeout:
        description:
          - For how long it is tried again, counted from the start of the task. A number with V(s), V(m), V(h), V(d) or V(w), such as V(5m).
          - V(0) tries it once.
        type: str
        default: 5m
      tcp:
        description:
          - A port that is to accept a connection.
        type: dict
        suboptions:
          host:
            description:
              - The name or address of the host.
            type: str
            required: true
          port:
            description:
              - The port.
            type: int
            required: true
      http:
        description:
          - A web page that is to answer.
        type: dict
        suboptions:
          url:
            description:
              - The URL, V(http://) or V(https://).
              - A user and a password in it are sent as basic authentication and never shown; O(checks[].http.url_username) and
                O(checks[].http.url_password) are the better place for them.
            type: str
            required: true
          connect_to:
            description:
              - Connect to this name or address, or V(HOST:PORT), instead of the host of the URL. The page is still asked for, and the certificate
                checked, by the host of the URL. That is how a site is checked before its DNS name points to the recovered VM.
            type: str
          method:
            description:
              - The method of the request.
            type: str
            default: GET
          headers:
            description:
              - Headers of the request. Their values are never shown.
            type: dict
          url_username:
            description:
              - The user for basic authentication.
            type: str
          url_password:
            description:
              - The password for basic authentication.
            type: str
          status:
            description:
              - The statuses that are well.
            type: list
            elements: int
            default: [200]
          contains:
            description:
              - A text that the answer is to contain. The first 4 MB of it are looked through.
            type: str
          validate_certs:
            description:
              - Whether the certificate must be valid.
            type: bool
            default: true
          ca_path:
            description:
              - A file with the certificates of authorities to trust instead of those of the system, on the host that runs the module.
            type: path
          follow_redirects:
            description:
              - Whether to follow redirects, up to five. Otherwise a redirect is a status like any other.
            type: bool
            default: false
  proxy:
    description:
      - An HTTP proxy, such as V(http://10.0.0.4:3128), through which all connections are made with the method C(CONNECT).
      - A user and a password in it are never shown.
    type: str
  interval:
    description:
      - Seconds between two tries of a check.
    type: float
    default: 5.0
  attempt_timeout:
    description:
      - How many seconds a single try may take.
    type: float
    default: 10.0
seealso:
  - module: lifeboat.azure_dr.vm_boot_info
"""

EXAMPLES = r"""
- name: Check what was recovered, from a host in its network
  lifeboat.azure_dr.endpoint_check:
    checks:
      - name: database port
        tcp: {host: 10.20.0.4, port: 5432}
        timeout: 10m
      - name: shop answers
        http:
          url: https://shop.example.com/health
          connect_to: 10.20.0.5
          contains: '"status":"ok"'
  delegate_to: jump-01
  register: answers

- name: Fail when something does not answer
  ansible.builtin.assert:
    that: answers.ok
    fail_msg: "{{ answers.checks | rejectattr('ok') | map(attribute='message') | join(' ') }}"
"""

RETURN = r"""
ok:
  description: Whether all checks are well; null in check mode.
  returned: success
  type: bool
  sample: false
checks:
  description: One entry a check, in the order of O(checks).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What the check is called.
      type: str
    kind:
      description: V(tcp) or V(http).
      type: str
    ok:
      description: Whether it is well; null in check mode.
      type: bool
    message:
      description: How the last try went, in words.
      type: str
    skipped:
      description: Whether it was not made, which is so in check mode.
      type: bool
    attempts:
      description: How often it was tried.
      type: int
    seconds:
      description: How long it took until it was well, or was given up.
      type: float
    started:
      description: When it was started, null in check mode.
      type: str
    finished:
      description: When it was well, or given up; null in check mode.
      type: str
  sample:
    - name: shop answers
      kind: http
      ok: false
      message: https://shop.example.com/health answers with status 503 instead of 200.
      skipped: false
      attempts: 60
      seconds: 296.2
      started: "2026-07-26T13:16:55Z"
      finished: "2026-07-26T13:21:51Z"
"""

import math
from typing import Any
from urllib.parse import unquote

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.timestamps import format_time
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.attempts import attempt
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.endpoints import EndpointCheck, read_checks, read_proxy
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.rounds import Outcome, Rounds
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run

SPEC: dict[str, dict[str, Any]] = {
    "checks": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "timeout": {"type": "str", "default": "5m"},
            "tcp": {"type": "dict", "options": {"host": {"type": "str", "required": True}, "port": {"type": "int", "required": True}}},
            "http": {
                "type": "dict",
                "options": {
                    "url": {"type": "str", "required": True},
                    "connect_to": {"type": "str"},
                    "method": {"type": "str", "default": "GET"},
                    "headers": {"type": "dict", "no_log": True},
                    "url_username": {"type": "str"},
                    "url_password": {"type": "str", "no_log": True},
                    "status": {"type": "list", "elements": "int", "default": [200]},
                    "contains": {"type": "str"},
                    "validate_certs": {"type": "bool", "default": True},
                    "ca_path": {"type": "path"},
                    "follow_redirects": {"type": "bool", "default": False},
                },
            },
        },
    },
    "proxy": {"type": "str"},
    "interval": {"type": "float", "default": 5.0},
    "attempt_timeout": {"type": "float", "default": 10.0},
}


def mask(task: Task) -> None:
    """Has Ansible mask the users and passwords that stand in URLs, wherever it shows the options."""
    urls = [str((check.get("http") or {}).get("url") or "") for check in task.params["checks"]] + [str(task.params["proxy"] or "")]
    for url in urls:
        user = (url.partition("://")[2] or url).partition("/")[0].rpartition("@")[0]
        password = user.partition(":")[2]
        task.module.no_log_values.update(text for text in (user, password, unquote(password)) if text)


def seconds(task: Task, option: str) -> float:
    value = float(task.params[option])
    if not (math.isfinite(value) and value > 0):
        raise OptionError(option, f"{value:g} is not a time: give more than 0 seconds")
    return value


def entry_of(outcome: Outcome) -> dict[str, Any]:
    """One entry of the result."""
    return {
        "name": outcome.check.name,
        "kind": outcome.check.kind,
        "ok": outcome.ok,
        "message": outcome.message,
        "skipped": False,
        "attempts": outcome.attempts,
        "seconds": round(outcome.seconds, 1),
        "started": format_time(outcome.started.replace(microsecond=0)),
        "finished": format_time((outcome.finished or outcome.started).replace(microsecond=0)),
    }


def skipped(check: EndpointCheck) -> dict[str, Any]:
    """An entry of check mode."""
    entry: dict[str, Any] = {"name": check.name, "kind": check.kind, "ok": None, "message": "Not made in check mode.", "skipped": True}
    return {**entry, "attempts": 0, "seconds": 0.0, "started": None, "finished": None}


def body(task: Task) -> dict[str, Any]:
    mask(task)
    checks = read_checks(task.params["checks"])
    proxy = read_proxy(task.params["proxy"])
    interval, longest = seconds(task, "interval"), seconds(task, "attempt_timeout")
    if task.check_mode:
        return {"changed": False, "ok": None, "checks": [skipped(check) for check in checks]}
    rounds = Rounds(
        checks, lambda check, timeout: attempt(check, proxy, timeout), task.clock, interval=interval, longest=longest, tell=task.progress
    )
    entries = [entry_of(outcome) for outcome in rounds.run()]
    return {"changed": False, "ok": all(entry["ok"] for entry in entries), "checks": entries}


def main() -> None:
    run(SPEC, body, hints={}, azure=False)


if __name__ == "__main__":
    main()
