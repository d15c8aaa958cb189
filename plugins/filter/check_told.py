# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of commands that the role check_vms has run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: check_told
short_description: What commands came to
version_added: 0.1.0
description:
  - Adds what one more try of commands came to. For the role P(lifeboat.azure_dr.check_vms#role).
options:
  _input:
    description:
      - What was told before.
    type: list
    elements: dict
    required: true
  results:
    description:
      - The results of the loops that have run the commands, the later ones more telling.
    type: list
    elements: dict
    required: true
  hosts:
    description:
      - What P(lifeboat.azure_dr.check_hosts#filter) tells.
    type: list
    elements: dict
    required: true
  began:
    description:
      - When the first try began, in seconds since 1970.
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
- name: Keep what the commands came to
  ansible.builtin.set_fact:
    told: "{{ told | lifeboat.azure_dr.check_told(tried.results, hosts, began, now().timestamp()) }}"
"""

RETURN = r"""
_value:
  description:
    - One entry a command, with C(number), C(ok), C(message), C(attempts), C(seconds), C(started) and C(finished).
  type: list
  elements: dict
"""

from typing import Any, Mapping, Sequence

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.commands import tell


def check_told(
    told: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
    hosts: Sequence[Mapping[str, Any]],
    began: float,
    now: float,
) -> list[dict[str, Any]]:
    return tell([dict(one) for one in told], results, hosts, float(began), float(now))


class FilterModule:
    """Found by its file's name."""

    def filters(self) -> dict[str, Any]:
        return {"check_told": check_told}
