#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_restore
short_description: Restore a backup into an API Management service
version_added: 0.1.0
description:
  - Restores a backup that M(lifeboat.azure_dr.apim_backup) made into the same service or into another one, which must exist and have the
    same pricing tier. The backup replaces the APIs, products, policies, users and subscriptions of that service.
  - A service that carries the backup already is left alone, unless O(force=true). Azure tells nowhere what was restored into a service, so this module notes
    it in the tags C(lifeboat_backup) and C(lifeboat_restore) of the service. Other tools that manage its tags must leave these alone.
  - A restore is asked for once. One that an earlier run asked for, which was killed, is waited for. How one ended that nobody waited for is read from the
    activity log of the service, which gets its entries some minutes late, so that this may wait up to 20 minutes for them. Where the log cannot be read,
    the task fails, unless it has seen the restore run; it takes the state of the service then, and warns. So it does where the log has the request
    without its end.
  - An operation of the service that runs already, such as a backup, is waited for first.
  - A tier that does not fit, a backup that is too old, missing blobs and missing identities are refused before anything is sent.
  - A backup never contains everything, see RV(not_restored).
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.apim_storage
  - lifeboat.azure_dr.wait
  - lifeboat.azure_dr.attributes
attributes:
  idempotent:
    support: partial
    details:
      - With O(force=true), every run restores.
options:
  name:
    description:
      - The API Management service to restore into. A name, which needs O(resource_group), or a resource id.
      - It must exist. A service that was deleted less than 48 hours ago can be undeleted instead, which the failure explains.
    type: str
    required: true
  resource_group:
    description:
      - The resource group of the service that O(name) gives by name.
    type: str
  confirm:
    description:
      - The name of the service to restore into, once more, because its contents are replaced.
      - It is asked for in check mode too.
    type: str
    required: true
  backup_name:
    description:
      - The name of the backup, which is a blob; or what O(lifeboat.azure_dr.apim_backup#module:backup_name) says, with C({name}) or directives for the time,
        which means the newest backup of O(source_service) with such a name.
      - In a name itself, C(%) is written C(%%), and a brace is doubled.
    type: str
    default: "{name}-%Y%m%dT%H%M%SZ"
  source_service:
    description:
      - The name of the service that was backed up. It need not exist any more.
      - Its pricing tier is compared when it still exists in the subscription.
      - If not set, it is the service to restore into, or the one that O(backup_name) tells.
    type: str
  force:
    description:
      - Restore even when the service carries the backup already, or when it is not known how an earlier restore ended.
    type: bool
    default: false
notes:
  - In check mode the keys of the storage account may be asked for, which is a POST request that only reads.
  - A restore takes 30 minutes or more. Meanwhile do not change the service. The gateway goes on serving, except in the tier Developer.
seealso:
  - module: lifeboat.azure_dr.apim_backup
  - module: lifeboat.azure_dr.apim_backup_info
"""

EXAMPLES = r"""
- name: Bring the newest backup of a lost service into its stand-in in another region
  lifeboat.azure_dr.apim_restore:
    name: apim-dr
    resource_group: rg-api-dr
    confirm: apim-dr
    source_service: apim-prod
    storage_account: stbackups
    storage_resource_group: rg-backup
    container: apim-backups

- name: Go back to the backup that was made before a deployment
  lifeboat.azure_dr.apim_restore:
    name: apim-prod
    resource_group: rg-api
    confirm: apim-prod
    backup_name: apim-prod-20260726T181500Z
    storage_account: stbackups
    storage_resource_group: rg-backup
    container: apim-backups
    storage_access: key
"""

RETURN = r"""
action:
  description:
    - V(started) for a restore that this task started, or would in check mode, V(adopted) for one that an earlier run started, V(none) where all was done.
  returned: always, unless the task failed before it had looked at the service and the backup
  type: str
  sample: started
service:
  description: The service that was restored into, as it was at the end.
  returned: always, unless the task failed before it had looked at the service and the backup
  type: dict
  contains:
    id:
      description: The resource id.
      type: str
    name:
      description: The name.
      type: str
    location:
      description: The region.
      type: str
    sku:
      description: The pricing tier.
      type: str
    provisioning_state:
      description: Azure's word for its state.
      type: str
backup:
  description: The backup that is restored.
  returned: unless there is none, or the task failed before it had looked for it
  type: dict
  contains:
    name:
      description: The name of the blob.
      type: str
    storage_account:
      description: The storage account that it lies in.
      type: str
    container:
      description: The container that it lies in.
      type: str
    size:
      description: The size in bytes. Null when the blob cannot be looked at.
      type: int
    time:
      description: When it was written. Null when the blob cannot be looked at.
      type: str
    expiry:
      description: Until when Azure restores it. Null when the blob cannot be looked at.
      type: str
    expired:
      description: Whether that time is over. Null when the blob cannot be looked at.
      type: bool
  sample:
    name: apim-prod-20260726T181500Z
    storage_account: stbackups
    container: apim-backups
    size: 1843200
    time: "2026-07-26T18:21:07Z"
    expiry: "2026-08-25T18:21:07Z"
    expired: false
start_time:
  description: When the restore was asked for, on Azure's clock.
  returned: when this task started it or waited for it
  type: str
end_time:
  description:
    - When it ended, on Azure's clock, as the activity log says where an earlier task had started it. Of one that this task started, when it was seen to have
      ended, which is up to O(poll_interval) later than it did.
  returned: when this task waited for its end, or found it, and it succeeded
  type: str
restore_seconds:
  description: The time between these two, in seconds.
  returned: with both
  type: float
not_restored:
  description: What no backup contains, and must come from elsewhere.
  returned: always, unless the task failed before it had looked at the service and the backup
  type: list
  elements: str
  sample: [certificates of custom domains, managed identities]
operation:
  description: The operation that was started.
  returned: when a restore was started and Azure named its operation
  type: dict
  contains:
    id:
      description: The operation's id.
      type: str
    service_id:
      description: The service that it runs in.
      type: str
failure:
  description: What went wrong, as Azure says it, and what to do about it.
  returned: failure
  type: dict
  contains:
    code:
      description:
        - Azure's error code, or one of this collection's, such as V(BackupNotFound), V(BackupExpired), V(TierMismatch), V(UnsupportedTier),
          V(ServiceSoftDeleted), V(ServiceBusy), V(RestoreUnclear) or V(OperationTimeout).
      type: str
    message:
      description: The reason.
      type: str
    status:
      description: The HTTP status, when the failure came with one.
      type: int
    target:
      description: What the failure is about.
      type: str
    request_id:
      description: The id of the request, for Azure's support.
      type: str
    operation:
      description: What was being done.
      type: str
    hint:
      description: What to do about it.
      type: str
    last_state:
      description: Azure's word for the state of the service when it was seen last, after a timeout.
      type: str
    resume:
      description: The ids of what goes on in Azure, after a timeout.
      type: dict
"""

from dataclasses import replace
from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.restore_apply import Outcome, carry_out, decide, read
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.restore_options import read_wish
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.restores import NOT_RESTORED, Current, Wish
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.storage_options import APIM_STORAGE
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.templates import DEFAULT_NAME
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.timestamps import format_time
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import WAIT, Task, resource_result, run

SPEC: dict[str, dict[str, Any]] = {
    **APIM_STORAGE,
    **WAIT,
    "name": {"type": "str", "required": True},
    "resource_group": {"type": "str"},
    "confirm": {"type": "str", "required": True},
    "backup_name": {"type": "str", "default": DEFAULT_NAME},
    "source_service": {"type": "str"},
    "force": {"type": "bool", "default": False},
}

ACTIONS = {"none": "none", "start": "started", "wait": "started", "adopt": "adopted", "finish": "adopted"}


def result_of(outcome: Outcome, current: Current, wish: Wish, task: Task) -> dict[str, Any]:
    service = outcome.service
    facts: dict[str, Any] = {"action": ACTIONS[outcome.plan.action], "service": service.facts(), "not_restored": list(NOT_RESTORED)}
    if current.backup is not None:
        place = {"storage_account": wish.storage.account, "container": wish.storage.container}
        facts["backup"] = {**current.backup.facts(task.client.server_now()), **place}
    if outcome.run is not None and outcome.run.operation is not None:
        facts["operation"] = {"id": outcome.run.operation.id, "service_id": service.id}
    times = {"start_time": outcome.begun, "end_time": outcome.ended}
    facts.update({name: format_time(moment) for name, moment in times.items() if moment is not None})
    if outcome.begun is not None and outcome.ended is not None:
        facts["restore_seconds"] = (outcome.ended - outcome.begun).total_seconds()
    diff = outcome.plan.diff()
    return resource_result(
        task,
        facts,
        changed=outcome.changed,
        before=diff["before"],
        after=diff["after"],
        warnings=outcome.warnings,
        failure=outcome.problem,
    )


def body(task: Task) -> dict[str, Any]:
    wish = read_wish(task.params, task.subscription, waits=task.waits)
    found = read(task.client, wish)
    current, decision = decide(task.client, wish, found.current, task.waiting, check=task.check_mode)
    found = replace(found, current=current)
    if task.check_mode or decision.problem is not None:
        outcome = Outcome(decision, found.current.service, decision.changes, problem=decision.problem, warnings=decision.warnings)
    else:
        outcome = carry_out(task.client, wish, found, decision, task.waiting)
    return result_of(outcome, found.current, wish, task)


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
