# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup policies: naming one by name or id, and making sure that it is there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Mapping

from .._apis import BACKUP
from .._arm.client import ArmClient
from .._arm.errors import OptionError
from .._arm.ids import segment
from .names import VaultRef, vault_of_id

POLICY_NAME = re.compile(r"^[A-Za-z][-_!A-Za-z0-9]{2,149}\Z")
VM_POLICIES = "backupManagementType eq 'AzureIaasVM'"


@dataclass(frozen=True)
class PolicyChoice:
    """The option ``policy``, checked without any request. ``vault`` only when an id was given."""

    name: str
    vault: VaultRef | None = None

    def in_vault(self, vault: VaultRef) -> str:
        """The policy's id in that vault."""
        return f"{vault.id}/backupPolicies/{self.name}"


@dataclass(frozen=True)
class Policy:
    """A VM backup policy; ``type`` ``V1`` (standard) or ``V2`` (enhanced)."""

    id: str
    name: str
    type: str


def check_policy(policy: str | None, vault: VaultRef | None) -> PolicyChoice | None:
    """What the option says; raises OptionError, before any request, when it is wrong or of another vault than ``vault``."""
    text = (policy or "").strip()
    if not text:
        return None
    if not text.startswith("/"):
        return PolicyChoice(check_policy_name(text))
    owner = vault_of_id(text)
    rest = text.rstrip("/")[len(owner.id) :].split("/") if owner else []
    if owner is None or len(rest) != 3 or rest[0] or rest[1].lower() != "backuppolicies":
        raise OptionError("policy", f"{text!r} is neither a name nor the resource id of a Recovery Services vault's backup policy")
    if vault is not None and owner.key != vault.key:
        raise OptionError("policy", f"the policy belongs to the vault {owner.name!r} (resource group {owner.group!r}), not to the vault given")
    return PolicyChoice(check_policy_name(rest[2]), owner)


def find_policy(client: ArmClient, vault: VaultRef, name: str) -> Policy:
    """The policy of that name; raises OptionError naming those that exist when there is none, or when it is not for VMs."""
    resource = client.find(f"{vault.path}/backupPolicies/{segment(name)}", BACKUP)
    if resource is None:
        known = sorted(str(entry.get("name")) for entry in client.list(f"{vault.path}/backupPolicies", BACKUP, params={"$filter": VM_POLICIES}))
        raise OptionError("policy", f"there is no policy {name!r} in the vault {vault.name!r}; it has: {', '.join(known) or 'none for VMs'}")
    properties = resource.get("properties") or {}
    check_for_vms(properties, vault, name)
    # Older answers leave the type out of V1 policies.
    return Policy(str(resource.get("id") or ""), str(resource.get("name") or name), str(properties.get("policyType") or "V1"))


def check_for_vms(properties: Mapping[str, Any], vault: VaultRef, name: str, option: str = "policy") -> None:
    """Raises OptionError for a policy of databases, file shares and the like."""
    if not is_for_vms(properties):
        raise OptionError(option, f"the policy {name!r} in the vault {vault.name!r} is not for VMs but for {properties.get('backupManagementType')}")


def is_for_vms(properties: Mapping[str, Any]) -> bool:
    return str(properties.get("backupManagementType") or "AzureIaasVM").lower() == "azureiaasvm"


def check_policy_name(name: str, option: str = "policy") -> str:
    """The name itself; raises OptionError, naming the option that it is of, for what can be none."""
    if not POLICY_NAME.match(name):
        raise OptionError(option, f"{name!r} is not a policy name: 3 to 150 letters, digits, '-', '_' or '!', beginning with a letter")
    return name
