# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where backups of API Management lie, and how they are reached."""

from __future__ import annotations


class ModuleDocFragment:
    """C(lifeboat.azure_dr.apim_storage): the blob container, and who may read and write it."""

    DOCUMENTATION = r"""
options:
  storage_account:
    description:
      - The storage account that holds the backups. A name or a resource id.
      - A name is looked for in O(storage_resource_group), or else in the whole subscription.
    type: str
    required: true
  storage_resource_group:
    description:
      - The resource group of the storage account that O(storage_account) gives by name.
    type: str
  container:
    description:
      - The blob container that holds the backups.
    type: str
    required: true
  storage_access:
    description:
      - How the service, and this module, reach the blobs.
      - V(system_identity) uses the service's own managed identity, and V(user_identity) the one that O(user_assigned_identity) names.
        Either needs the role C(Storage Blob Data Contributor) on the storage account. The module itself signs in to the blobs
        as it does to Azure, and needs a role such as C(Storage Blob Data Reader) there. With O(access_token), which is for Azure Resource Manager
        only, it uses a key of the storage account instead, when it may list the keys.
      - V(key) uses a key of the storage account for both, which the account must allow.
    type: str
    choices: [system_identity, user_identity, key]
    default: system_identity
  storage_key:
    description:
      - A key of the storage account, for O(storage_access=key).
      - If not set, it is asked of Azure (C(listKeys)). It is never shown.
    type: str
  user_assigned_identity:
    description:
      - The user-assigned identity of the service, for O(storage_access=user_identity). Its name, resource id or client id.
      - It may be left out when the service has one only.
    type: str
"""
