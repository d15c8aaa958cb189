# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Recovery Services vault a module works in."""

from __future__ import annotations


class ModuleDocFragment:
    """C(lifeboat.azure_dr.vault): the vault, which can often be found from the VM."""

    DOCUMENTATION = r"""
options:
  vault:
    description:
      - The Recovery Services vault. A name or a resource id.
      - A name is looked for in O(resource_group), or else in the whole subscription, where it must be unique then.
      - If not set, the vault that protects the VM is looked up.
    type: str
  resource_group:
    description:
      - The resource group of the vault that O(vault) gives by name.
      - Without O(vault), only vaults of this resource group are looked at.
    type: str
"""
