# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: restores_to_adopt
short_description: The restores that a killed run has left
version_added: 0.1.0
description:
  - Takes batches of options of M(lifeboat.azure_dr.vm_restore) and what it said of their VMs in check mode, and gives the batches with only those VMs whose
    restores run already, or have ended and left VMs without the tags. Running them starts nothing; it waits, and puts the tags on.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  _input:
    description: The batches.
    type: list
    elements: dict
    required: true
  results:
    description: The entries of C(vms) of all batches.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Wait for what a killed run has started
  ansible.builtin.include_role:
    name: lifeboat.azure_dr.restore_vms
  vars:
    restore_vms_restores: "{{ batches | lifeboat.azure_dr.restores_to_adopt(seen) }}"
"""

RETURN = r"""
_value:
  description: Batches of options. There is none for batches without such VMs.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.batches import restores_to_adopt


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"restores_to_adopt": restores_to_adopt}
