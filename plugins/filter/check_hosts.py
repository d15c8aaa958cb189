# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As which hosts the role check_vms reaches recovered VMs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: check_hosts
short_description: The hosts by which commands and roles reach recovered VMs
version_added: 0.1.0
description:
  - Tells for each check that connects to a VM by which host of the inventory, and with which variables. For the role P(lifeboat.azure_dr.check_vms#role).
options:
  _input:
    description:
      - C(commands) and C(roles) of P(lifeboat.azure_dr.check_work#filter).
    type: list
    elements: dict
    required: true
  inventory:
    description:
      - The variables of the hosts, which are C(hostvars).
    type: dict
    required: true
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
"""

EXAMPLES = r"""
- name: Add the hosts to the inventory
  ansible.builtin.add_host:
    name: "{{ item.host }}"
    ansible_host: "{{ item.address }}"
  loop: "{{ work.commands | lifeboat.azure_dr.check_hosts(hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - One entry for each check that needs a host, with C(number), C(host), C(address), C(windows), C(variables) (a list of C(key) and C(value)) and
      C(problem), null when there is none.
  type: list
  elements: dict
"""

from typing import Any, Mapping, Sequence

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.commands import connections


def check_hosts(jobs: Sequence[Mapping[str, Any]], inventory: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return connections([dict(job) for job in jobs], inventory)


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Any]:
        return {"check_hosts": check_hosts}
