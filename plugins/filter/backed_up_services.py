# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: backed_up_services
short_description: What became of each API Management service that was to be backed up
version_added: 0.1.0
description:
  - Makes one list of what M(lifeboat.azure_dr.apim_backup) came to in a loop over services.
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
    description: What the same services came to in a loop before, which started everything and waited for nothing.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show what failed
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.failure.message }}"
  loop: "{{ backed_up.results | lifeboat.azure_dr.backed_up_services | selectattr('failed') }}"
"""

RETURN = r"""
_value:
  description:
    - One entry a service, in their order. Each has C(id), C(name), C(changed), C(failed), C(failure), C(backup), C(adopted) and C(pruned).
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.batches import backed_up_services


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backed_up_services": backed_up_services}
