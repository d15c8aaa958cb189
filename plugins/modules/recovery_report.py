#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of this name.

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_report
short_description: Make the report of a drill or a failover
version_added: 0.1.0
description:
  - Makes of the record of a run one HTML page that needs no network, a JSON and a JUnit XML file, and the badge of the plan.
  - The page has the verdict, RTO and RPO against the objectives, where the time went, what failed with Azure's words and what to do, the checks, who decided
    what, and what was made and removed.
  - Whoever makes a report is not at work on the run any more, so a run that is not finished is reported as interrupted, which is a failure.
  - It runs on the controller, where the records are, and asks Azure nothing.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
extends_documentation_fragment:
  - lifeboat.azure_dr.attributes
attributes:
  action_group:
    description: Use C(group/lifeboat.azure_dr.azure_dr) in C(module_defaults) to set options that all modules of this collection have.
    support: N/A
    membership: []
    details:
      - It takes no credentials.
  check_mode:
    support: full
    details:
      - In check mode no file is written.
  diff_mode:
    support: full
    details:
      - It shows the hashes of the files that change.
  platform:
    description: Where the module runs, which is always the controller.
    platforms: posix
options:
  record:
    description:
      - The record of the run, as M(lifeboat.azure_dr.recovery_record) keeps it. A relative path starts where C(ansible-playbook) was started.
      - If not set, the newest run in O(reports) is reported.
    type: path
  reports:
    description:
      - The folder that has the records. That of O(record), if not set. The badge is made of all of them.
    type: path
  plan_name:
    description:
      - Report the newest run of this plan only.
    type: str
  plan_hash:
    description:
      - The hash of the plan as it is now, as RV(lifeboat.azure_dr.recovery_plan_info#module:plan) has it. That of the reported run, if not set.
      - With this and O(plan_name) there is a badge also when the plan has never been drilled.
    type: str
  dest:
    description:
      - The folder for the files, which is made when it is missing. That of the records, if not set.
      - The files are readable by everybody (mode 0644), since they are made to be shown and have no secret in them.
    type: path
  formats:
    description:
      - What to make.
    type: list
    elements: str
    choices: [html, json, junit, badge]
    default: [html, json, junit, badge]
notes:
  - The same record makes the same files, byte by byte.
  - A plan is V(verified) by a drill in Azure that passed with the plan as it is now. A rehearsal on the simulator never makes it so.
seealso:
  - module: lifeboat.azure_dr.recovery_record
"""

EXAMPLES = r"""
- name: Report the newest run
  lifeboat.azure_dr.recovery_report:
    reports: recovery-reports
  register: report

- name: Say how it went
  ansible.builtin.debug:
    msg: "{{ report.verdict.result }}: {{ report.files.html }}"

- name: Look at the plan as it is now
  lifeboat.azure_dr.recovery_plan_info:
    path: plans/recovery.yml
    resolve: false
  register: plan

- name: Renew its badge, for instance whenever the plan is merged
  lifeboat.azure_dr.recovery_report:
    reports: recovery-reports
    plan_name: "{{ plan.plan.name }}"
    plan_hash: "{{ plan.plan.hash }}"
    dest: public
    formats: [badge]
"""

RETURN = r"""
record:
  description: The record that was reported. Null when there is only a badge.
  returned: success
  type: str
  sample: /home/dr/recovery-reports/drill-20260601t080000z.json
id:
  description: The id of the run.
  returned: success
  type: str
  sample: drill-20260601t080000z
verdict:
  description: What the run has proved.
  returned: success
  type: dict
  contains:
    result:
      description: V(passed), V(failed), or V(waiting) for a person.
      type: str
    reasons:
      description: Why, in sentences.
      type: list
      elements: str
  sample:
    result: passed
    reasons: [20 VMs were recovered in 5 waves.]
badge:
  description: The state of the plan. Null when no badge was asked for.
  returned: success
  type: dict
  contains:
    state:
      description: V(verified), V(failed) or V(not_verified).
      type: str
    message:
      description: What the badge says.
      type: str
    drill:
      description: The id of the drill that it is about, null when there is none.
      type: str
  sample:
    state: verified
    message: VERIFIED 2026-06-01
    drill: drill-20260601t080000z
files:
  description: The files by what they are, C(html), C(json), C(junit), C(badge_svg) and C(badge_json).
  returned: success
  type: dict
  sample:
    html: /home/dr/recovery-reports/drill-20260601t080000z.html
failure:
  description: What went wrong, and what to do about it.
  returned: failure
  type: dict
  contains:
    code:
      description: For example V(NoRecord) or V(InvalidOption).
      type: str
    message:
      description: The reason.
      type: str
    target:
      description: What the failure is about.
      type: str
    hint:
      description: What to do about it.
      type: str
"""
