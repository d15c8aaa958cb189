# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a role that the role check_vms has run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: check_role_told
short_description: What a role of the user came to
version_added: 0.1.0
description:
  - Tells how a role has ended. For the role P(lifeboat.azure_dr.check_vms#role).
options:
  _input:
    description:
      - The number of its job.
    type: int
    required: true
  failure:
    description:
      - The result of the task that failed in it.
    type: dict
  began:
    description:
      - When it began, in seconds since 1970.
    type: float
    required: true
  now:
    description:
      - What time it is now.
    type: float
    required: true
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
"""

EXAMPLES = r"""
- name: Keep that it went well
  ansible.builtin.set_fact:
    told: "{{ told + [3 | lifeboat.azure_dr.check_role_told(none, began, now().timestamp())] }}"
"""

RETURN = r"""
_value:
  description:
    - An entry with C(number), C(ok), C(message), C(attempts), C(seconds), C(started) and C(finished).
  type: dict
"""

from typing import Any, Mapping

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.commands import role_told


def check_role_told(number: int, failure: Mapping[str, Any] | None, began: float, now: float) -> dict[str, Any]:
    return role_told(int(number), failure, float(began), float(now))


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Any]:
        return {"check_role_told": check_role_told}
