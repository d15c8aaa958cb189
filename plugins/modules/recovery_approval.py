#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_approval
short_description: Ask the person at the terminal to approve or decline
version_added: 0.1.0
description:
  - Asks whoever sits at the terminal of C(ansible-playbook) whether what comes next shall happen, and waits for an answer only as long as each question says.
  - Where there is no terminal, nobody is asked. What nobody has decided is not in the result. Ctrl+C leaves a question without a decision, too.
  - The role P(lifeboat.azure_dr.recover_waves#role) asks with it before waves that have a pause. M(ansible.builtin.pause) takes no answer when it has a
    time limit.
extends_documentation_fragment:
  - lifeboat.azure_dr.attributes
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
attributes:
  action_group:
    support: none
    details:
      - It asks Azure nothing and takes no credentials.
  check_mode:
    details:
      - Nobody is asked in check mode.
  diff_mode:
    support: none
  idempotent:
    support: N/A
    details:
      - It asks each time.
options:
  questions:
    description:
      - What to ask, one after the other.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - The name by which the decision is returned.
        type: str
        required: true
      text:
        description:
          - The question.
        type: str
        required: true
      timeout_seconds:
        description:
          - How long to wait for the answer. As long as it takes, if not set.
        type: int
seealso:
  - module: lifeboat.azure_dr.recovery_record
"""

EXAMPLES = r"""
- name: Ask before the shop comes back
  lifeboat.azure_dr.recovery_approval:
    questions:
      - name: start-shop
        text: Is the payment provider ready for the shop to come back?
        timeout_seconds: 3600
  register: asked

- name: Say what was decided
  ansible.builtin.debug:
    msg: "{{ asked.decisions['start-shop'] | default('nobody has decided') }}"
"""

RETURN = r"""
decisions:
  description: V(approve) or V(decline), by the names of the questions that were decided.
  returned: success
  type: dict
  sample:
    start-shop: approve
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run

SPEC: dict[str, dict[str, Any]] = {
    "questions": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {"name": {"type": "str", "required": True}, "text": {"type": "str", "required": True}, "timeout_seconds": {"type": "int"}},
    },
}


def body(task: Task) -> dict[str, Any]:
    # The terminal is the controller's: the action plugin of this name asks, and comes here for the check of the options.
    return {"changed": False, "decisions": {}}


def main() -> None:
    run(SPEC, body, hints={}, azure=False)


if __name__ == "__main__":
    main()
