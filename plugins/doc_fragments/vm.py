# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs a module works on."""

from __future__ import annotations


class ModuleDocFragment:
    """C(lifeboat.azure_dr.vm): a fleet of VMs, worked on in one task."""

    DOCUMENTATION = r"""
options:
  vm:
    description:
      - The VMs to work on, in one task. Names, which need O(vm_resource_group), or resource ids.
      - One failing VM does not hide what became of the others. The result has one entry for each.
    type: list
    elements: str
    required: true
  vm_resource_group:
    description:
      - The resource group of the VMs that O(vm) gives by name.
    type: str
"""
