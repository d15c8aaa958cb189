# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: replicated_vms
short_description: What became of each VM whose restore points were to be copied
version_added: 0.1.0
description:
  - Puts together what M(lifeboat.azure_dr.restore_point) and M(lifeboat.azure_dr.restore_point_copy) came to in loops over replications.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
positional: points, copies, begun, check_mode
options:
  _input:
    description:
      - The replications, each with C(restore_point) and C(copy), which are options of M(lifeboat.azure_dr.restore_point)
        and M(lifeboat.azure_dr.restore_point_copy).
    type: list
    elements: dict
    required: true
  points:
    description: The results of the loop over their restore points.
    type: list
    elements: dict
    required: true
  copies:
    description: The results of the loop over P(lifeboat.azure_dr.copies_to_make#filter).
    type: list
    elements: dict
    required: true
  begun:
    description: The results of such a loop before, which started all copies and waited for none.
    type: list
    elements: dict
    default: []
  check_mode:
    description: Whether that was in check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the VMs without a usable copy
  ansible.builtin.debug:
    msg: "{{ replications | lifeboat.azure_dr.replicated_vms(points.results, copies.results) | rejectattr('usable') | map(attribute='name') }}"
"""

RETURN = r"""
_value:
  description:
    - One entry a VM, in the order of the replications. Each has C(id), C(name), C(changed), C(failed), C(failure), C(restore_point) with C(name) and C(time),
      and C(copies), C(usable), C(left) and C(target_collection_id) as M(lifeboat.azure_dr.restore_point_copy) tells them.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.batches import replicated_vms


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"replicated_vms": replicated_vms}
