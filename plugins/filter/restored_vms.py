# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: restored_vms
short_description: What became of each VM that was to be restored
version_added: 0.1.0
description:
  - Puts together what M(lifeboat.azure_dr.vm_restore) and M(lifeboat.azure_dr.restore_point_restore) came to in loops over batches of options.
  - A restore that was started without waiting and waited for afterwards is one entry, that of a restore that was started.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
positional: followed, built
options:
  _input:
    description: The results of the loop over restores from vaults.
    type: list
    elements: dict
    required: true
  followed:
    description: The results of the loop that waited for those restores afterwards, where there was one.
    type: list
    elements: dict
    default: []
  built:
    description: The results of the loop over restores from restore points.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show what failed
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.failure.message }}"
  loop: "{{ begun.results | lifeboat.azure_dr.restored_vms(waited.results, built.results) | selectattr('failed') }}"
"""

RETURN = r"""
_value:
  description:
    - One entry a VM, in the order of the batches, restores from vaults first. Each has C(id), C(name), C(recovered) with C(id) and C(name), C(from) which is
      V(vault), V(secondary_region) or V(restore_points), C(recovery_point) with C(name) and C(time), C(action), C(changed), C(failed), C(failure), C(job_id),
      C(started), C(finished) and C(seconds). What is not known is null.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.batches import restored_vms


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"restored_vms": restored_vms}
