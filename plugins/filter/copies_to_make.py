# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: copies_to_make
short_description: The copies of restore points that are to be made
version_added: 0.1.0
description:
  - Gives the options of M(lifeboat.azure_dr.restore_point_copy) for each replication.
  - In check mode they are without the VMs whose restore point would be made, because there is none yet that could be looked at. Then C(vm) may be empty.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
positional: points, check_mode
options:
  _input:
    description:
      - The replications, each with C(restore_point) and C(copy), which are options of M(lifeboat.azure_dr.restore_point)
        and M(lifeboat.azure_dr.restore_point_copy).
    type: list
    elements: dict
    required: true
  points:
    description: The results of the loop over the restore points of the same replications.
    type: list
    elements: dict
    required: true
  check_mode:
    description: Whether that was in check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Copy the restore points
  lifeboat.azure_dr.restore_point_copy:
    vm: "{{ item.vm }}"
    target_region: "{{ item.target_region }}"
  loop: "{{ replications | lifeboat.azure_dr.copies_to_make(points.results, ansible_check_mode) }}"
  when: item.vm | length > 0
"""

RETURN = r"""
_value:
  description: Options, one dictionary for each replication.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.batches import copies_to_make


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"copies_to_make": copies_to_make}
