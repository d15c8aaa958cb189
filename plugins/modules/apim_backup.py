#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_backup
short_description: Make sure that an API Management service has a recent backup in a blob container
version_added: 0.1.0
description:
  - Looks at the newest backup of the service in the container, and makes a new one when that is older than O(max_age).
  - An operation of the service that runs already, such as a backup of an earlier run that was killed, is waited for. When it has left
    a backup, no other one is made, RV(ignore:changed) is V(false) and RV(adopted) is V(true).
  - A request whose answer gets lost is looked for in the service and in the container before it is sent again.
  - Makes the container when it is missing, and deletes old backups with O(keep).
  - Azure restores a backup for 30 days. This module warns when less than 7 of them are left of the newest one.
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
      - With O(max_age=0) or O(force=true), every run makes a new backup.
      - So does every run that cannot read the container, since a backup too many is better than none. It warns then.
options:
  name:
    description:
      - The API Management service to back up. A name, which needs O(resource_group), or a resource id.
      - Azure can back up the pricing tiers Developer, Basic, Standard and Premium only.
    type: str
    required: true
  resource_group:
    description:
      - The resource group of the service that O(name) gives by name.
    type: str
  backup_name:
    description:
      - The name of the backup, which is a blob. C({name}) stands for the name of the service, and the directives C(%Y), C(%y), C(%m), C(%d), C(%j),
        C(%H), C(%M) and C(%S) for the time, in UTC.
      - In other parts of the name, C(%) is written C(%%), and a brace is doubled.
      - Only blobs with a name that this can give count as backups of the service. Without C({name}), use the container for one service only.
      - Without a part that depends on the time there is one backup only, which is overwritten.
    type: str
    default: "{name}-%Y%m%dT%H%M%SZ"
  max_age:
    description:
      - How old the newest backup may be, at most 30 days. A number with V(s), V(m), V(h), V(d) or V(w), such as V(90m),
        or plain seconds.
    type: str
    default: 24h
  keep:
    description:
      - How many backups of the service to keep. Older ones are deleted from the container once the newest is recent enough.
      - Only blobs with a name that O(backup_name) can give are deleted, never the newest, and none after a backup that failed or is not waited for.
      - Whoever runs this needs the role C(Storage Blob Data Contributor) then, or O(storage_access=key).
      - If not set, nothing is deleted.
    type: int
  force:
    description:
      - Make a new backup, however recent the newest one is. A backup that runs already counts as new.
    type: bool
    default: false
notes:
  - In check mode the keys of the storage account may be asked for, which is a POST request that only reads.
  - In check mode a running operation of the service is not waited for, so RV(ignore:changed) says V(true) even when a backup runs already.
  - While a backup is made, do not change the service, its pricing tier or its domains. Changes to APIs may be missing in the backup.
seealso:
  - module: lifeboat.azure_dr.apim_backup_info
  - module: lifeboat.azure_dr.apim_restore
"""

EXAMPLES = r"""
- name: Make sure that there is a backup of today, and keep two weeks
  lifeboat.azure_dr.apim_backup:
    name: apim-prod
    resource_group: rg-api
    storage_account: stbackups
    storage_resource_group: rg-backup
    container: apim-backups
    keep: 14

- name: Back up before a deployment, with a user-assigned identity of the service
  lifeboat.azure_dr.apim_backup:
    name: apim-prod
    resource_group: rg-api
    storage_account: stbackups
    storage_resource_group: rg-backup
    container: apim-backups
    storage_access: user_identity
    user_assigned_identity: id-apim
    max_age: 1h

- name: Overwrite one backup each day, with a key of the storage account
  lifeboat.azure_dr.apim_backup:
    name: apim-prod
    resource_group: rg-api
    storage_account: stbackups
    storage_resource_group: rg-backup
    container: apim-backups
    backup_name: "{name}-latest"
    storage_access: key
"""

RETURN = r"""
service:
  description: The service, as it was at the end.
  returned: always, unless the task failed before it had looked at the service and its backups
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
      description: The pricing tier, which a service to restore into must have too.
      type: str
    provisioning_state:
      description: Azure's word for its state.
      type: str
backup:
  description:
    - The newest backup. The one that this task made, when it waited for it, and else the one that was found.
    - Null when there is none, or when it is not known.
  returned: always, unless the task failed before it had looked at the service and its backups
  type: dict
  contains:
    name:
      description: The name of the blob, as O(lifeboat.azure_dr.apim_restore#module:backup_name) takes it.
      type: str
    storage_account:
      description: The storage account that it lies in.
      type: str
    container:
      description: The container that it lies in.
      type: str
    size:
      description: The size in bytes. Null when the container cannot be read.
      type: int
    time:
      description: When it was written. Null when the container cannot be read.
      type: str
    expiry:
      description: Until when Azure restores it. Null when the container cannot be read.
      type: str
    expired:
      description: Whether that time is over. Null when the container cannot be read.
      type: bool
  sample:
    name: apim-prod-20260726T181500Z
    storage_account: stbackups
    container: apim-backups
    size: 1843200
    time: "2026-07-26T18:21:07Z"
    expiry: "2026-08-25T18:21:07Z"
    expired: false
adopted:
  description:
    - Whether the newest backup is one that was being made already, and was waited for.
    - With O(wait=false), whether an operation of the service ran, so that nothing was started.
  returned: always, unless the task failed before it had looked at the service and its backups
  type: bool
container_created:
  description: Whether this task made the container, or would in check mode.
  returned: always, unless the task failed before it had looked at the service and its backups
  type: bool
pruned:
  description: The names of the backups that O(keep) deleted, or would in check mode, oldest first.
  returned: always, unless the task failed before it had looked at the service and its backups
  type: list
  elements: str
  sample: [apim-prod-20260712T181500Z]
operation:
  description: The operation that was started.
  returned: when a backup was started and Azure named its operation
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
      description: Azure's error code, or one of this collection's, such as V(UnsupportedTier), V(IdentityMissing) or V(OperationTimeout).
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

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.backup_apply import BackupTask, Outcome
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.backups import Wish, check_prunes_own, check_wish
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.service import service_id
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.storage_options import APIM_STORAGE, ApimStorage, read_storage
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.templates import DEFAULT_NAME, parse_backup_name
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import WAIT, Task, resource_result, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import parse_age

SPEC: dict[str, dict[str, Any]] = {
    **APIM_STORAGE,
    **WAIT,
    "name": {"type": "str", "required": True},
    "resource_group": {"type": "str"},
    "backup_name": {"type": "str", "default": DEFAULT_NAME},
    "max_age": {"type": "str", "default": "24h"},
    "keep": {"type": "int"},
    "force": {"type": "bool", "default": False},
}


def read_wish(params: dict[str, Any], service: str) -> Wish:
    """What the options ask for; raises OptionError, before any request, when they are wrong."""
    template = parse_backup_name(params["backup_name"], "backup_name")
    wish = check_wish(Wish(template, parse_age(params["max_age"], "max_age"), params["keep"], params["force"]))
    check_prunes_own(wish, service)
    return wish


def result_of(outcome: Outcome, storage: ApimStorage, task: Task) -> dict[str, Any]:
    service, place = outcome.service, {"storage_account": storage.account, "container": storage.container}
    facts: dict[str, Any] = {
        "service": service.facts(),
        "backup": {**outcome.backup.facts(outcome.now), **place} if outcome.backup else None,
        "adopted": outcome.adopted,
        "container_created": outcome.container_made,
        "pruned": outcome.pruned,
    }
    if outcome.run is not None and outcome.run.operation is not None:
        facts["operation"] = {"id": outcome.run.operation.id, "service_id": service.id}
    return resource_result(
        task,
        facts,
        changed=outcome.changed,
        before=outcome.before,
        after=outcome.after,
        warnings=outcome.warnings,
        failure=outcome.failure,
    )


def body(task: Task) -> dict[str, Any]:
    storage = read_storage(task.params)
    wanted = service_id(task.params["name"], task.params["resource_group"], task.subscription)
    wish = read_wish(task.params, wanted.name)
    outcome = BackupTask(task.client, wish, storage, task.waiting, check=task.check_mode).carry_out(wanted)
    return result_of(outcome, storage, task)


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
