# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which commands the role check_vms runs next."""

from __future__ import annotations

DOCUMENTATION = r"""
name: check_due
short_description: The commands that are due
version_added: 0.1.0
description:
  - Each command is due once, and again while it fails and its time is not over. For the role P(lifeboat.azure_dr.check_vms#role).
options:
  _input:
    description:
      - C(commands) of P(lifeboat.azure_dr.check_work#filter).
    type: list
    elements: dict
    required: true
  hosts:
    description:
      - What P(lifeboat.azure_dr.check_hosts#filter) tells.
    type: list
    elements: dict
    required: true
  told:
    description:
      - What P(lifeboat.azure_dr.check_told#filter) has told so far.
    type: list
    elements: dict
    required: true
  elapsed:
    description:
      - Seconds since the first try.
    type: float
    required: true
  interval:
    description:
      - Seconds between two tries.
    type: float
    required: true
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
"""

EXAMPLES = r"""
- name: Show what is still to be run
  ansible.builtin.debug:
    msg: "{{ work.commands | lifeboat.azure_dr.check_due(hosts, told, 12.5, 5) }}"
"""

RETURN = r"""
_value:
  description:
    - One entry a command, with C(number), C(name), C(host), C(windows), C(cmd) and C(left), the seconds that it has.
  type: list
  elements: dict
"""

from typing import Any, Mapping, Sequence

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.commands import to_try


def check_due(
    jobs: Sequence[Mapping[str, Any]], hosts: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]], elapsed: float, interval: float
) -> list[dict[str, Any]]:
    return to_try([dict(job) for job in jobs], hosts, [dict(one) for one in told], float(elapsed), float(interval))


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Any]:
        return {"check_due": check_due}
