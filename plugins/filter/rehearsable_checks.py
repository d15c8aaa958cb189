# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: rehearsable_checks
short_description: The checks of a plan that can be made in a rehearsal
version_added: 0.1.0
description:
  - A rehearsal checks ports, web pages without TLS, and texts in boot logs of the machines themselves. Commands, roles and what is asked of other hosts are
    left out, since nobody is at home in the simulator's machines, and since these may reach what is none of a rehearsal's business. For the role
    P(lifeboat.azure_dr.rehearse_recovery#role).
positional: others
options:
  _input:
    description:
      - The checks of a wave, as M(lifeboat.azure_dr.recovery_plan_info) returns them.
    type: list
    elements: dict
    required: true
  others:
    description:
      - Give those that are left out instead.
    type: bool
    default: false
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
"""

EXAMPLES = r"""
- name: Show which checks a rehearsal leaves out
  ansible.builtin.debug:
    msg: "{{ resolved.stages | map(attribute='waves') | flatten | map(attribute='checks') | flatten | lifeboat.azure_dr.rehearsable_checks(others=true) }}"
"""

RETURN = r"""
_value:
  description: The checks, as they were given.
  type: list
  elements: dict
"""

from typing import Any, Mapping, Sequence

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.guests import rehearsable


def rehearsable_checks(checks: Sequence[Mapping[str, Any]], others: bool = False) -> list[Mapping[str, Any]]:
    return [check for check in checks if rehearsable(check) is not others]


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Any]:
        return {"rehearsable_checks": rehearsable_checks}
