# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: services_to_restore
short_description: The restores of API Management services that are to be made
version_added: 0.1.0
description:
  - Takes the API Management services of a recovery plan, and gives the options of M(lifeboat.azure_dr.apim_restore) of those to be restored.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
positional: begun, validate_only
options:
  _input:
    description: The services, each with C(name), C(restore) with options of M(lifeboat.azure_dr.apim_restore), or null, C(validate_only) and C(note).
    type: list
    elements: dict
    required: true
  begun:
    description: The results of the loop that started restores without waiting. What failed to start is left out.
    type: list
    elements: dict
    default: []
  validate_only:
    description: Give those that are only to be validated instead.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Restore the services
  lifeboat.azure_dr.apim_restore:
    name: "{{ item.name }}"
    resource_group: "{{ item.resource_group }}"
    confirm: "{{ item.confirm }}"
    storage_account: "{{ item.storage_account }}"
    container: "{{ item.container }}"
  loop: "{{ services | lifeboat.azure_dr.services_to_restore }}"
"""

RETURN = r"""
_value:
  description: Options, in the order of the services.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.batches import services_to_restore


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"services_to_restore": services_to_restore}
