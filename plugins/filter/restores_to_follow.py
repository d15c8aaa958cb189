# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: restores_to_follow
short_description: The restores to wait for after they were started without waiting
version_added: 0.1.0
description:
  - Takes what M(lifeboat.azure_dr.vm_restore) with O(lifeboat.azure_dr.vm_restore#module:wait=false) came to in a loop over batches of options, and gives
    the batches to run once more with waiting. They have only the VMs whose restores run.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  _input:
    description: The results of the loop.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Wait for all that was started
  lifeboat.azure_dr.vm_restore:
    vm: "{{ item.vm }}"
    job: "{{ item.job }}"
    mode: new_vm
    vm_name: "{{ item.vm_name }}"
    target_resource_group: "{{ item.target_resource_group }}"
    virtual_network: "{{ item.virtual_network }}"
    subnet: "{{ item.subnet }}"
    storage_account: "{{ item.storage_account }}"
  loop: "{{ begun.results | lifeboat.azure_dr.restores_to_follow }}"
"""

RETURN = r"""
_value:
  description: Batches of options, with the ids of the VMs in C(vm) and those of the jobs in C(job).
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.batches import restores_to_follow


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"restores_to_follow": restores_to_follow}
