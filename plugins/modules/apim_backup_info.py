#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_backup_info
short_description: List the backups of API Management services in a blob container
version_added: 0.1.0
description:
  - Lists backups with their size, their time, and until when Azure restores them.
  - The service need not exist any more.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.apim_storage
  - lifeboat.azure_dr.attributes.info
options:
  name:
    description:
      - List the backups of this service only, by name.
      - If not set, all blobs of the container are listed.
    type: str
  backup_name:
    description:
      - How backups are named, as in O(lifeboat.azure_dr.apim_backup#module:backup_name). It tells which service a backup is of.
    type: str
    default: "{name}-%Y%m%dT%H%M%SZ"
notes:
  - A container that does not exist has no backups. The module warns then.
seealso:
  - module: lifeboat.azure_dr.apim_backup
  - module: lifeboat.azure_dr.apim_restore
"""

EXAMPLES = r"""
- name: List the backups of a service
  lifeboat.azure_dr.apim_backup_info:
    name: apim-prod
    storage_account: stbackups
    storage_resource_group: rg-backup
    container: apim-backups
  register: result

- name: Fail when there is none that could be restored
  ansible.builtin.assert:
    that: result.backups | rejectattr('expired') | list | length > 0
"""

RETURN = r"""
backups:
  description: The backups, newest first.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the blob, as O(lifeboat.azure_dr.apim_restore#module:backup_name) takes it.
      type: str
    service:
      description: The service that it is a backup of. Null when its name does not tell.
      type: str
    storage_account:
      description: The storage account that it lies in.
      type: str
    container:
      description: The container that it lies in.
      type: str
    size:
      description: The size in bytes.
      type: int
    time:
      description: When it was written.
      type: str
    expiry:
      description: Until when Azure restores it, which is 30 days.
      type: str
    expired:
      description: Whether that time is over.
      type: bool
  sample:
    - name: apim-prod-20260726T181500Z
      service: apim-prod
      storage_account: stbackups
      container: apim-backups
      size: 1843200
      time: "2026-07-26T18:21:07Z"
      expiry: "2026-08-25T18:21:07Z"
      expired: false
"""

from dataclasses import replace
from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.backups import Backup, backup_of, backups_of, newest_first
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.places import open_place, read_contents
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.service import check_service_name
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.storage_options import APIM_STORAGE, read_storage
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.templates import DEFAULT_NAME, parse_backup_name
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run

SPEC: dict[str, dict[str, Any]] = {
    **APIM_STORAGE,
    "name": {"type": "str"},
    "backup_name": {"type": "str", "default": DEFAULT_NAME},
}


def body(task: Task) -> dict[str, Any]:
    template = parse_backup_name(task.params["backup_name"], "backup_name")
    name = (task.params["name"] or "").strip()
    service = check_service_name(name, "name") if name else None
    storage = read_storage(task.params)
    storage = replace(storage, subscription=storage.subscription or task.subscription)
    place = open_place(task.client, storage)
    # Not by the service's name, which the user may write in other case than Azure.
    contents = read_contents(place, template.prefix(None) if service else "")
    for note in place.notes:
        task.warn(note)
    if contents.problem is not None:
        raise contents.problem
    if contents.exists is False:
        task.warn(f"There is no container {storage.container} in the storage account {storage.account}.")
    blobs = contents.blobs or ()
    found: list[Backup] = backups_of(blobs, template, service) if service else newest_first(map(backup_of, blobs))
    now = task.client.server_now()
    where = {"storage_account": storage.account, "container": storage.container}
    return {
        "changed": False,
        "backups": [{**backup.facts(now), "service": template.service_of(backup.name) or service, **where} for backup in found],
    }


def main() -> None:
    run(SPEC, body, hints={})


if __name__ == "__main__":
    main()
