#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vm_boot_info
short_description: Tell whether VMs run, where they are, and what their boot log says
version_added: 0.1.0
description:
  - Tells of each VM its power state, the state of the VM agent and its private IP addresses. For many VMs this takes a list a resource group and one of the
    subscription, not a request a VM.
  - With O(boot_log), also waits until the log of the serial console has a text. Boot diagnostics must be enabled for the VM.
  - The log is looked through and never shown, nor is the signed URL that Azure gives for it.
  - A VM that is not there, and a log without the text, do not make the task fail. They are told in the result.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  vm:
    description:
      - The VMs. Names, which need O(vm_resource_group), or resource ids.
    type: list
    elements: str
    required: true
  vm_resource_group:
    description:
      - The resource group of the VMs that are given by name.
    type: str
  boot_log:
    description:
      - What the boot logs are to have. All are looked through at the same time, each again and again until it has the text or its time is over.
    type: list
    elements: dict
    default: []
    suboptions:
      vm:
        description:
          - The VMs that this is about, as in O(vm). If not set, all of O(vm).
        type: list
        elements: str
      contains:
        description:
          - A text, such as V(login:). Either this or O(boot_log[].matches) is needed.
        type: str
      matches:
        description:
          - A regular expression of Python. V(^) and V($) match at each line.
        type: str
      timeout:
        description:
          - For how long to look again. A number with V(s), V(m), V(h), V(d) or V(w), such as V(10m). V(0) looks once.
        type: str
        default: 10m
  interval:
    description:
      - Seconds between two looks at a boot log. Azure itself refreshes the log only every now and then.
    type: float
    default: 15.0
seealso:
  - module: lifeboat.azure_dr.endpoint_check
"""

EXAMPLES = r"""
- name: Find the addresses of what was restored
  lifeboat.azure_dr.vm_boot_info:
    vm: [web-01-dr, web-02-dr]
    vm_resource_group: rg-dr
  register: booted

- name: Wait until the login prompt is there
  lifeboat.azure_dr.vm_boot_info:
    vm: [web-01-dr, web-02-dr]
    vm_resource_group: rg-dr
    boot_log:
      - contains: "login:"
        timeout: 10m
  register: booted
  failed_when: booted.boot_logs | rejectattr('ok') | length > 0
"""

RETURN = r"""
vm_states:
  description: One entry a VM, in the order of O(vm).
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The VM's resource id.
      type: str
    name:
      description: The VM's name.
      type: str
    resource_group:
      description: The VM's resource group.
      type: str
    power_state:
      description: Such as V(running), V(stopped) or V(deallocated); null when Azure does not tell.
      type: str
    provisioning_state:
      description: Such as V(Succeeded) or V(Creating).
      type: str
    agent_state:
      description: Such as V(Ready) or V(Not Ready); null when Azure does not tell.
      type: str
    agent_version:
      description: The version of the VM agent; null when Azure does not tell.
      type: str
    boot_diagnostics:
      description: Whether boot diagnostics are enabled.
      type: bool
    private_ip_addresses:
      description: The private addresses, that of the primary network interface first.
      type: list
      elements: str
    failure:
      description: Why the VM could not be read. The other values are null or empty then.
      type: dict
      returned: when it could not be read
  sample:
    - id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-dr/providers/Microsoft.Compute/virtualMachines/web-01-dr
      name: web-01-dr
      resource_group: rg-dr
      power_state: running
      provisioning_state: Succeeded
      agent_state: Ready
      agent_version: 2.9.1.1
      boot_diagnostics: true
      private_ip_addresses: [10.20.0.4]
boot_logs:
  description: One entry for each entry of O(boot_log) and each of its VMs, in this order.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The VM's resource id.
      type: str
    name:
      description: The VM's name.
      type: str
    ok:
      description: Whether the log has the text.
      type: bool
    message:
      description: What the last look found, in words.
      type: str
    attempts:
      description: How many looks it took.
      type: int
    seconds:
      description: How long it took until the text was there, or was given up.
      type: float
    started:
      description: When the first look began.
      type: str
    finished:
      description: When the text was there, or was given up.
      type: str
    failure:
      description: Azure's code and message, the request id, and what to do, when the log could not be read.
      type: dict
      returned: when the last look failed
  sample:
    - id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-dr/providers/Microsoft.Compute/virtualMachines/web-01-dr
      name: web-01-dr
      ok: true
      message: "The boot log has the text 'login:'."
      attempts: 3
      seconds: 31.2
      started: "2026-07-26T13:16:55Z"
      finished: "2026-07-26T13:17:26Z"
"""

import math
from dataclasses import replace
from typing import Any, Mapping

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.timestamps import format_time
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.boot_logs import (
    LogCheck,
    LogOutcome,
    compile_pattern,
    no_boot_diagnostics,
    wait_for_logs,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.hints import BOOT_HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.vm_states import VmState, read_states
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VM, Task, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import parse_age

SPEC: dict[str, dict[str, Any]] = {
    **VM,
    "boot_log": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "vm": {"type": "list", "elements": "str"},
            "contains": {"type": "str"},
            "matches": {"type": "str"},
            "timeout": {"type": "str", "default": "10m"},
        },
    },
    "interval": {"type": "float", "default": 15.0},
}

NOTHING_KNOWN = VmState("", None, None, None, None, False, ())


def log_checks(task: Task, vms: list[Vm]) -> list[LogCheck]:
    """What the option boot_log asks for; raises OptionError."""
    known = {vm.key: vm for vm in vms}
    wanted: list[LogCheck] = []
    for number, entry in enumerate(task.params["boot_log"]):
        place = f"boot_log[{number}]"
        if bool(entry["contains"]) == bool(entry["matches"]):
            raise OptionError(place, "give either contains or matches")
        pattern = compile_pattern(entry["matches"], f"{place}.matches") if entry["matches"] else None
        timeout = parse_age(entry["timeout"], f"{place}.timeout").total_seconds()
        chosen = vms if entry["vm"] is None else task.vms_of(entry["vm"])
        for vm in chosen:
            if vm.key not in known:
                raise OptionError(f"{place}.vm", f"{vm.name} (resource group {vm.group}) is not in vm")
            wanted.append(LogCheck(vm, entry["contains"] or "", pattern, timeout))
    return wanted


def with_refusal(check: LogCheck, state: VmState | ArmError) -> LogCheck:
    """The check of a log, as it is when there can be none: nothing is waited for then."""
    if isinstance(state, ArmError):
        return replace(check, refusal=state)
    return check if state.boot_diagnostics else replace(check, refusal=no_boot_diagnostics(check.vm))


def state_of(vm: Vm, state: VmState | ArmError) -> dict[str, Any]:
    """One entry of `vm_states`."""
    entry: dict[str, Any] = {"id": vm.id, "name": vm.name, "resource_group": vm.group}
    if isinstance(state, ArmError):
        return {**entry, **NOTHING_KNOWN.facts(), "failure": state.as_failure()}
    return {**entry, **state.facts()}


def log_of(outcome: LogOutcome) -> dict[str, Any]:
    """One entry of `boot_logs`."""
    times: Mapping[str, Any] = {
        "seconds": round(outcome.seconds, 1),
        "started": format_time(outcome.started.replace(microsecond=0)),
        "finished": format_time((outcome.finished or outcome.started).replace(microsecond=0)),
    }
    return {**outcome.as_result(), **times}


def body(task: Task) -> dict[str, Any]:
    interval = float(task.params["interval"])
    if not (math.isfinite(interval) and interval > 0):
        raise OptionError("interval", f"{interval:g} is not a pause between two looks: give more than 0 seconds")
    vms = task.vms()
    checks = log_checks(task, vms)
    states = read_states(task.client, vms)
    checks = [with_refusal(check, states[check.vm.key]) for check in checks]
    logs = wait_for_logs(task.client, checks, task.clock, interval, task.progress)
    return {"changed": False, "vm_states": [state_of(vm, states[vm.key]) for vm in vms], "boot_logs": [log_of(outcome) for outcome in logs]}


def main() -> None:
    run(SPEC, body, hints=BOOT_HINTS)


if __name__ == "__main__":
    main()
