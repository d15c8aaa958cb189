# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the role check_vms, as the record of a run keeps them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: check_results
short_description: The results of the checks of recovered VMs
version_added: 0.1.0
description:
  - Gives each job of P(lifeboat.azure_dr.check_work#filter) its result. For the role P(lifeboat.azure_dr.check_vms#role).
options:
  _input:
    description:
      - What P(lifeboat.azure_dr.check_work#filter) has made.
    type: dict
    required: true
  boot_logs:
    description:
      - RV(lifeboat.azure_dr.vm_boot_info#module:boot_logs).
    type: list
    elements: dict
    default: []
  endpoints:
    description:
      - RV(lifeboat.azure_dr.endpoint_check#module:checks).
    type: list
    elements: dict
    default: []
  others:
    description:
      - The results of commands and roles, each with the C(number) of its job.
    type: list
    elements: dict
    default: []
  unmade:
    description:
      - Why there is no result of any endpoint, when there is none.
    type: str
    default: ""
  check_mode:
    description:
      - Whether no check was made, since the run is in check mode.
    type: bool
    default: false
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
"""

EXAMPLES = r"""
- name: Show the results
  ansible.builtin.debug:
    msg: "{{ work | lifeboat.azure_dr.check_results(endpoints=answers.checks) }}"
"""

RETURN = r"""
_value:
  description:
    - One entry for each check and VM, in the order of the checks, with C(name), C(kind), C(vm) (the id of the VM that was recovered, null for a
      check that is made once), C(ok) (null in check mode), C(message), C(started), C(finished), C(seconds) and C(attempts).
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.jobs import results_of


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Any]:
        return {"check_results": results_of}
