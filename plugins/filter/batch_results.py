# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: batch_results
short_description: One entry for every VM of what a loop over batches of VMs came to
version_added: 0.1.0
description:
  - Makes one flat list of the entries C(vms) of a module that was run in a loop over batches of options.
  - Where a batch failed as a whole, because of a wrong option for instance, each of its VMs gets an entry with that failure, so that none is missing.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
positional: begun
options:
  _input:
    description: The results of the loop.
    type: list
    elements: dict
    required: true
  begun:
    description: What the same batches came to in a loop before, which started everything and waited for nothing.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Back up two batches
  lifeboat.azure_dr.vm_backup_trigger:
    vm: "{{ item.vm }}"
    max_age: 24h
  loop: "{{ batches }}"
  register: backed_up
  ignore_errors: true

- name: Show what failed
  ansible.builtin.debug:
    msg: "{{ backed_up.results | lifeboat.azure_dr.batch_results | selectattr('failed') | map(attribute='name') }}"
"""

RETURN = r"""
_value:
  description: The entries, in the order of the batches.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.batches import batch_results


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"batch_results": batch_results}
