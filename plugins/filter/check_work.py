# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role check_vms has to do, as its tasks take it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: check_work
short_description: What is to be done for the checks of recovered VMs
version_added: 0.1.0
description:
  - Makes one job for each check and each VM that it is about, and sorts them by who does them. For the role P(lifeboat.azure_dr.check_vms#role).
  - Wrong checks are an error that names the place.
options:
  _input:
    description:
      - The checks, as the role takes them.
    type: list
    elements: dict
    required: true
  vms:
    description:
      - The VMs, each with C(id) and C(recovered).
    type: list
    elements: dict
    required: true
  states:
    description:
      - RV(lifeboat.azure_dr.vm_boot_info#module:vm_states) of the recovered VMs. Without it no address is filled in.
    type: list
    elements: dict
  unread:
    description:
      - Why no VM could be read, when none could.
    type: str
    default: ""
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
"""

EXAMPLES = r"""
- name: See what a check comes to
  ansible.builtin.debug:
    msg: "{{ checks | lifeboat.azure_dr.check_work(vms) }}"
  vars:
    checks:
      - {name: ssh, kind: tcp, options: {port: 22}}
    vms:
      - id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/web-01
        recovered:
          id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-dr/providers/Microsoft.Compute/virtualMachines/web-01-dr
          name: web-01-dr
          resource_group: rg-dr
"""

RETURN = r"""
_value:
  description:
    - C(jobs), all of them; C(vm), the ids of recovered VMs that have to be read; and, for those who do the jobs, C(boot_logs),
      C(endpoints), C(commands) and C(roles).
  type: dict
"""

from typing import Any, Mapping, Sequence

from ansible.errors import AnsibleFilterError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.jobs import work_of


def check_work(
    checks: Sequence[Mapping[str, Any]], vms: Sequence[Mapping[str, Any]], states: Sequence[Mapping[str, Any]] | None = None, unread: str = ""
) -> dict[str, Any]:
    try:
        return work_of(checks, vms, states, unread)
    except OptionError as problem:
        raise AnsibleFilterError(f"check_vms_{problem.message}") from None


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Any]:
        return {"check_work": check_work}
