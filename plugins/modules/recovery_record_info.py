#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_record_info
short_description: List the records of drills and failovers
version_added: 0.1.0
description:
  - Lists the records that a folder has, with how each run ended, those of the newest runs first.
  - Files that are no records are passed over, and so is a folder that is not there.
extends_documentation_fragment:
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
attributes:
  action_group:
    support: none
    details:
      - It asks Azure nothing and takes no credentials.
options:
  path:
    description:
      - The folder.
    type: path
    required: true
  plan:
    description:
      - Only runs of the plan of this name.
    type: str
  purpose:
    description:
      - Only runs of this kind.
    type: str
    choices: [drill, failover]
seealso:
  - module: lifeboat.azure_dr.recovery_record
"""

EXAMPLES = r"""
- name: Look how the drills of the shop ended
  lifeboat.azure_dr.recovery_record_info:
    path: recovery-reports
    plan: shop
    purpose: drill
  register: drills

- name: Say so
  ansible.builtin.debug:
    msg: "{{ item.id }}: {{ item.verdict.result }}"
  loop: "{{ drills.records }}"
  loop_control:
    label: "{{ item.id }}"
"""

RETURN = r"""
records:
  description: One entry a run.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file of the record.
      type: str
    id:
      description: The id of the run.
      type: str
    purpose:
      description: V(drill) or V(failover).
      type: str
    plan:
      description: The name of the plan.
      type: str
    hash:
      description: The hash of the plan as it was then.
      type: str
    state:
      description: V(running), V(waiting) for a person, or V(finished). A run that was killed stays V(running).
      type: str
    started:
      description: When the run began.
      type: str
    declared:
      description: When the drill or the disaster was declared.
      type: str
    finished:
      description: When the run ended, null when it has not.
      type: str
    cleanup:
      description: V(not_needed), V(pending), V(done) or V(failed).
      type: str
    verdict:
      description: C(result), which is V(passed), V(failed), V(running) or V(waiting), and C(reasons), sentences.
      type: dict
  sample:
    - path: recovery-reports/shop-drill-1.json
      id: shop-drill-1
      purpose: drill
      plan: shop
      hash: "sha256:0"
      state: finished
      started: "2026-06-01T08:00:00Z"
      declared: "2026-06-01T08:00:00Z"
      finished: "2026-06-01T08:40:00Z"
      cleanup: done
      verdict:
        result: passed
        reasons: [3 VMs were recovered in 2 waves.]
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.document import PURPOSES, Record
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.file import list_records


def facts(path: str, record: Record) -> dict[str, Any]:
    of_run = {name: record["run"].get(name) for name in ("state", "started", "declared", "finished")}
    return {
        "path": path,
        "id": record["id"],
        "purpose": record["purpose"],
        "plan": record["plan"].get("name"),
        "hash": record["plan"].get("hash"),
        **of_run,
        "cleanup": record["cleanup"].get("state"),
        "verdict": record["verdict"],
    }


def body(task: Task) -> dict[str, Any]:
    wanted = {name: task.params[name] for name in ("plan", "purpose") if task.params[name] is not None}
    found = [facts(path, record) for path, record in list_records(task.params["path"]).items()]
    return {"changed": False, "records": [entry for entry in found if all(entry[name] == value for name, value in wanted.items())]}


def main() -> None:
    run(
        {
            "path": {"type": "path", "required": True},
            "plan": {"type": "str"},
            "purpose": {"type": "str", "choices": list(PURPOSES)},
        },
        body,
        hints={},
        azure=False,
    )


if __name__ == "__main__":
    main()
