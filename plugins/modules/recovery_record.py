#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_record
short_description: Keep the record of a drill or a failover
version_added: 0.1.0
description:
  - Writes what happens in a drill or a failover into the record of that run, a JSON file, and tells which waves of the plan run next.
  - The roles P(lifeboat.azure_dr.run_drill#role), P(lifeboat.azure_dr.fail_over#role) and P(lifeboat.azure_dr.clean_up_drill#role) call it. A playbook of
    your own needs it only to run waves in another way.
  - The file is replaced in one step and readable by its owner alone. A run that was killed leaves the record as it was at the last event.
  - What an event tells a second time changes nothing.
extends_documentation_fragment:
  - lifeboat.azure_dr.attributes
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
      - The file of the record. Folders that are missing are made.
    type: path
    required: true
  event:
    description:
      - What happened.
      - V(start) begins a run, or goes on with one whose record is there. What is done stays as it was told.
      - V(stage) begins a stage of the plan. Waves whose pause is not decided wait, others are halted, because of what failed before them, and the rest
        runs. Told again with decisions, it begins the waves that waited for them.
      - V(recovered) has the results of the VMs and services of waves, V(checked) those of their checks, with which the waves end.
      - V(stopped) ends an attempt that waits for a person.
      - V(cleaned) has what was removed after a drill.
      - V(finished) ends the run.
    type: str
    required: true
    choices: [start, stage, recovered, checked, stopped, cleaned, finished]
  data:
    description:
      - What there is to tell of the event.
      - Of V(start), C(id), C(purpose) (V(drill) or V(failover)), C(plan) and C(stages) as M(lifeboat.azure_dr.recovery_plan_info) returns them, and, if
        there is anything to say, C(approvals), C(environment), C(clock), C(declared), C(by), C(host), C(job) and C(readiness). C(by) and C(host)
        are otherwise the user and the machine.
      - Of V(stage), C(stage), the number, and C(approvals), decisions (V(approve) or V(decline)) by the names of pauses, and C(by), who decided.
      - Of V(recovered), C(waves), ids, C(vms) and C(services), results as the roles P(lifeboat.azure_dr.restore_vms#role) and
        P(lifeboat.azure_dr.recover_apim#role) have them.
      - Of V(checked), C(waves), ids, and C(checks), results of the role P(lifeboat.azure_dr.check_vms#role) by the ids of waves.
      - Of V(cleaned), C(resources) and C(kept) as M(lifeboat.azure_dr.drill_cleanup) returns them, C(failure), why it could not be done, and C(ends), that
        nobody is at work on the run any more.
      - Of V(finished), C(reason), why the run broke off, if it did.
    type: dict
    default: {}
seealso:
  - module: lifeboat.azure_dr.drill_cleanup
  - module: lifeboat.azure_dr.recovery_record_info
  - module: lifeboat.azure_dr.recovery_approval
  - module: lifeboat.azure_dr.recovery_report
"""

EXAMPLES = r"""
- name: Begin a drill
  lifeboat.azure_dr.recovery_record:
    path: recovery-reports/shop-drill-1.json
    event: start
    data:
      id: shop-drill-1
      purpose: drill
      plan: "{{ resolved.plan }}"
      stages: "{{ resolved.stages }}"

- name: Begin its first stage
  lifeboat.azure_dr.recovery_record:
    path: recovery-reports/shop-drill-1.json
    event: stage
    data:
      stage: 1
  register: begun

- name: Show what runs now
  ansible.builtin.debug:
    msg: "{{ begun.record.runnable_waves }}"
"""

RETURN = r"""
check_mode:
  description: Whether nothing was written, because of check mode. The record of the next event then lacks this one.
  returned: success
  type: bool
planned_waves:
  description: Ids of the waves that run when all goes well, and those approve who have not decided yet. Check mode goes by it.
  returned: for the event V(start)
  type: list
  elements: str
  sample: [shop/data, shop/web]
record:
  description: The record in short.
  returned: success
  type: dict
  contains:
    id:
      description: The id of the run.
      type: str
    purpose:
      description: V(drill) or V(failover).
      type: str
    state:
      description: V(running), V(waiting) for a person, or V(finished).
      type: str
    declared:
      description: When the drill or the disaster was declared, from which the time of recovery counts.
      type: str
    runnable_waves:
      description: Ids of the waves of the stage that run now, with those that are done already.
      type: list
      elements: str
    waiting_for:
      description: What people have to decide first, each with C(name), C(message), C(timeout_seconds), C(waves) and the question as C(text).
      type: list
      elements: dict
    halted:
      description: Why waves do not run, by their ids.
      type: dict
    failed:
      description: Why waves failed, by their ids.
      type: dict
    vms:
      description: How many VMs there are in C(total), C(recovered) and C(failed).
      type: dict
    progress:
      description: How far the run is, in a line.
      type: str
    cleanup:
      description: V(not_needed), V(pending), V(done) or V(failed).
      type: str
    verdict:
      description: C(result), which is V(passed), V(failed), V(running) or V(waiting), and C(reasons), sentences.
      type: dict
  sample:
    id: shop-drill-1
    purpose: drill
    state: running
    declared: "2026-06-01T08:00:00Z"
    runnable_waves: [shop/data]
    waiting_for: []
    halted: {}
    failed: {}
    vms:
      total: 3
      recovered: 0
      failed: 0
    progress: 0 of 3 VMs recovered; 0 of 2 waves done
    cleanup: pending
    verdict:
      result: running
      reasons: [0 of 2 waves are done.]
"""

import getpass
import os
import platform
from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.sender import USER_AGENT
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.timestamps import format_time
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.document import Record
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.events import EVENTS, apply, check_data, planned_waves, summary
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.file import read_record, write_record
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.verdict import verdict


def diff_of(record: Record | None) -> dict[str, Any]:
    """What a person sees of the record in a diff: how far it is, without times, which check mode cannot know."""
    if record is None:
        return {}
    states = {wave["id"]: wave["state"] for wave in record["waves"]}
    return {"state": record["run"]["state"], "waves": states, "cleanup": record["cleanup"]["state"], "attempts": len(record["run"]["attempts"])}


def versions(task: Task) -> dict[str, str]:
    collection = USER_AGENT.partition("/")[2].partition(" ")[0]
    return {"collection": collection, "ansible_core": str(task.module.ansible_version), "python": platform.python_version()}


def user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # A container whose user has no name.
        return str(os.getuid())


def body(task: Task) -> dict[str, Any]:
    event, data = task.params["event"], task.params["data"]
    check_data(event, data)
    if event == "start":
        data = {**data, "versions": versions(task), "host": data.get("host") or platform.node()}
    if event in ("start", "stage"):
        data = {**data, "by": data.get("by") or user()}
    before = read_record(task.params["path"])
    now = format_time(task.clock.now().replace(microsecond=0))
    record = apply(before, event, data, now)
    record["verdict"] = verdict(record)
    changed = record != before
    if changed and not task.check_mode:
        write_record(task.params["path"], record)
    result: dict[str, Any] = {"changed": changed, "check_mode": task.check_mode, "record": summary(record, int(data["stage"]) if event == "stage" else None)}
    if event == "start":
        result["planned_waves"] = planned_waves(record, data.get("approvals"), now)
    if task.diff:
        result["diff"] = {"before": diff_of(before), "after": diff_of(record)}
    return result


def main() -> None:
    run(
        {
            "path": {"type": "path", "required": True},
            "event": {"type": "str", "required": True, "choices": list(EVENTS)},
            "data": {"type": "dict", "default": {}},
        },
        body,
        hints={},
        azure=False,
    )


if __name__ == "__main__":
    main()
