# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: recovered_services
short_description: What became of each API Management service that was to be recovered
version_added: 0.1.0
description:
  - Puts together what M(lifeboat.azure_dr.apim_restore) came to in loops over the services of a recovery plan.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
positional: waited, validated, begun
options:
  _input:
    description: The services, each with C(name), C(restore) with options of M(lifeboat.azure_dr.apim_restore), or null, C(validate_only) and C(note).
    type: list
    elements: dict
    required: true
  waited:
    description: The results of the loop over those to be restored.
    type: list
    elements: dict
    required: true
  validated:
    description: The results of the loop over those to be validated only.
    type: list
    elements: dict
    default: []
  begun:
    description: The results of the loop that started restores without waiting.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show what failed
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.failure.message }}"
  loop: "{{ services | lifeboat.azure_dr.recovered_services(restored.results) | selectattr('failed') }}"
"""

RETURN = r"""
_value:
  description:
    - One entry a service, in their order. Each has C(name), C(standby), C(backup), C(validate_only), C(action), C(changed), C(failed), C(failure), C(started),
      C(finished), C(seconds) and C(note). What is not known is null.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.batches import recovered_services


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"recovered_services": recovered_services}
