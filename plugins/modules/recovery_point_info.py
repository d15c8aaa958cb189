#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_point_info
short_description: List the recovery points of Azure VMs
version_added: 0.1.0
description:
  - Lists the recovery points that Azure Backup has of one VM or many, newest first, in the region of the vault or in the paired region.
  - All filters must fit. One request a VM, besides those that find the VMs' backups.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.vm
  - lifeboat.azure_dr.vault
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  start:
    description:
      - List only recovery points made at this time or later, in ISO 8601. Without a zone it is UTC.
    type: str
  end:
    description:
      - List only recovery points made at this time or earlier, in ISO 8601. Without a zone it is UTC.
    type: str
  consistency:
    description:
      - List only recovery points of at least this consistency. V(application) is stricter than V(file_system), and that is stricter than V(crash).
    type: str
    choices: [application, file_system, crash]
  tier:
    description:
      - List only recovery points that have a readable copy in this tier.
    type: str
    choices: [snapshot, vault, archive]
  latest_only:
    description:
      - List only the newest recovery point of each VM that fits.
    type: bool
    default: false
  details:
    description:
      - Read every listed recovery point by itself, for its disks and the machine that it is of. One request a recovery point.
      - The paired region does not have these details.
    type: bool
    default: false
  from_secondary_region:
    description:
      - List the copies in the region that is paired with the vault's, from which M(lifeboat.azure_dr.vm_restore) can restore when the vault's is down.
    type: bool
    default: false
seealso:
  - module: lifeboat.azure_dr.vm_restore
  - module: lifeboat.azure_dr.protected_vm_info
  - module: lifeboat.azure_dr.vm_backup_trigger
"""

EXAMPLES = r"""
- name: Find the newest application-consistent recovery point of each VM
  lifeboat.azure_dr.recovery_point_info:
    vm: [web-01, db-01]
    vm_resource_group: rg-prod
    consistency: application
    latest_only: true
  register: newest

- name: Fail when one is older than a day
  ansible.builtin.assert:
    that: item.age < 86400
  loop: "{{ newest.recovery_points }}"
  loop_control:
    label: "{{ item.vm }}"

- name: List what was kept of last July, with the disks
  lifeboat.azure_dr.recovery_point_info:
    vm: db-01
    vm_resource_group: rg-prod
    vault: vault-prod
    resource_group: rg-backup
    start: "2026-07-01"
    end: "2026-08-01"
    details: true

- name: See what could be restored in the paired region
  lifeboat.azure_dr.recovery_point_info:
    vm: db-01
    vm_resource_group: rg-prod
    from_secondary_region: true
"""

RETURN = r"""
recovery_points:
  description: The recovery points, VM by VM in the order given, newest first.
  returned: always, unless the task failed before it looked at any VM
  type: list
  elements: dict
  contains:
    vm:
      description: The name of the VM.
      type: str
    vm_id:
      description: The resource id of the VM.
      type: str
    name:
      description: The name, a string of digits.
      type: str
      sample: "1103996678573089"
    id:
      description: The resource id.
      type: str
    time:
      description: When it was made.
      type: str
      sample: "2026-07-26T13:16:55.439787Z"
    age:
      description: Seconds since then, by Azure's clock.
      type: int
    type:
      description: Azure's word for the consistency.
      type: str
      sample: AppConsistent
    consistency:
      description: V(application), V(file_system), V(crash), or null for a word that is new.
      type: str
    tiers:
      description: Its copies.
      type: list
      elements: dict
      contains:
        name:
          description: V(snapshot), V(vault), V(archive), or Azure's word if that is new.
          type: str
        status:
          description: Azure's word. V(Valid) and V(Rehydrated) can be restored from.
          type: str
    expiry:
      description: When it expires.
      returned: when Azure tells
      type: str
    rule:
      description: The rule of the policy that keeps it, or C(On-Demand).
      returned: when Azure tells
      type: str
    threat_status:
      description: What a scan for threats found, such as V(UnHealthy).
      returned: when Azure tells
      type: str
    disks:
      description: The disks that it has, each with C(lun) (-1 for the disk of the operating system), C(name), C(size_gb) and C(storage_type).
      returned: with O(details=true)
      type: list
      elements: dict
    excluded_disks:
      description: The disks that were left out, likewise.
      returned: with O(details=true)
      type: list
      elements: dict
    os_type:
      description: V(Windows) or V(Linux).
      returned: with O(details=true)
      type: str
    vm_size:
      description: The size of the VM at that time.
      returned: with O(details=true)
      type: str
    security_type:
      description: The security type of the VM at that time.
      returned: with O(details=true)
      type: str
    zones:
      description: The availability zones of the VM at that time.
      returned: with O(details=true)
      type: list
      elements: str
    encrypted:
      description: Whether the VM was encrypted by Azure Disk Encryption.
      returned: with O(details=true)
      type: bool
failures:
  description: The VMs whose recovery points could not be listed, each with C(vm), C(vm_id) and C(failure). The task fails when there is any.
  returned: when there is any
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.point_info import Search, check_search, find_points
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.recovery_points import CONSISTENCIES, TIERS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import check_vault
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VAULT, VM, Task, run

SPEC: dict[str, dict[str, Any]] = {
    **VM,
    **VAULT,
    "start": {"type": "str"},
    "end": {"type": "str"},
    "consistency": {"type": "str", "choices": list(CONSISTENCIES)},
    "tier": {"type": "str", "choices": list(TIERS)},
    "latest_only": {"type": "bool", "default": False},
    "details": {"type": "bool", "default": False},
    "from_secondary_region": {"type": "bool", "default": False},
}


def body(task: Task) -> dict[str, Any]:
    params = task.params
    search: Search = check_search(params)
    vms = task.vms()
    choice = check_vault(params["vault"], params["resource_group"], task.subscription)
    return find_points(task.client, vms, choice, search)


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
