# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PUT and DELETE of a protected item: enable, change policy, stop, suspend, undelete, delete."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ...replies import AzureError, Reply
from ...routing import Call
from ...world import World
from .lifecycle import operation_for, start_job
from .links import accepted_at_item, accepted_at_vault, item_name, vault_of
from .naming import ItemName, VmId, parse_item_name, parse_luns, parse_vm_id, same
from .neighbours import find_vm
from .state import BagEntry, Item, Job, Operation, Policy, Vault, state_of

STOPPED = "ProtectionStopped"
SUSPENDED = "BackupsSuspended"


def put_item(call: Call) -> Reply:
    """One verb, many meanings; what is meant is read from the body."""
    vault = vault_of(call)
    name = item_name(call)
    properties = call.body.get("properties") if isinstance(call.body, dict) else None
    if not isinstance(properties, dict) or properties.get("protectedItemType") != "Microsoft.Compute/virtualMachines":
        raise _malformed()
    item = vault.items.get(name.key)
    if item is None:
        operation = _enable_new(call, vault, name, properties)
    elif item.deleted is not None:
        operation = _undelete(call, vault, item, properties)
    elif properties.get("protectionState") in (STOPPED, SUSPENDED):
        operation = _stop(call, vault, item, str(properties["protectionState"]))
    elif "policyId" in properties and not properties["policyId"]:
        operation = _stop(call, vault, item, STOPPED)
    else:
        operation = _configure(call, vault, item, properties)
    vault.operations[operation.id.lower()] = operation
    return accepted_at_item(call, operation)


def delete_item(call: Call) -> Reply:
    """Stops protection and deletes the data: softly, unless the estate says otherwise. Repeating it is harmless."""
    vault = vault_of(call)
    name = item_name(call)
    item = vault.items.get(name.key)
    if item is None and name.key in vault.pending:
        raise _conflicting()
    if item is None:
        return Reply(204)
    world, now = call.world, call.world.now()
    if vault.immutability in ("Unlocked", "Locked") and item.points and item.deleted is None:
        raise AzureError(
            400,
            "UserErrorOperationDeniedOnImmutableItem",
            "The operation is not allowed as the backup item has recovery points that cannot be deleted "
            "because immutability is enabled on the vault.",
        )
    vary = vault.vary("delete", item.key, len(vault.jobs))
    seconds = vary.between(105, 115) if vault.hard_delete else vary.between(11.0, 12.0)
    job = _job(world, vault, item, "DeleteBackupData", now, seconds)
    job.bag.append(BagEntry("Number of Recovery Points", str(len(item.points))))
    operation = _begin(world, vault, job, item, lambda: _deleted(world, vault, item, now))
    vault.operations[operation.id.lower()] = operation
    return accepted_at_vault(call, operation)


def _malformed() -> AzureError:
    return AzureError(
        400,
        "BMSUserErrorInvalidConfigureProtectionRequest",
        "Input for configure protection is not in proper format\r\n"
        "Please ensure that container exists and other parameters are in valid format",
    )


def _conflicting() -> AzureError:
    """Documented for file shares; a VM whose first ConfigureBackup job runs is in the same situation."""
    return AzureError(
        409,
        "BMSUserErrorConflictingProtectionOperation",
        "Another configure protection operation is in progress for this item.",
    )


def _enable_new(call: Call, vault: Vault, name: ItemName, properties: dict[str, Any]) -> Operation:
    world, now = call.world, call.world.now()
    vm_id = parse_vm_id(properties.get("sourceResourceId"))
    if vm_id is None or vm_id.group.lower() != name.group.lower() or vm_id.name.lower() != name.vm.lower():
        raise _malformed()
    owner = state_of(world).owners.get(vm_id.key)
    if owner is not None and owner != vault.key:
        raise AzureError(
            409,
            "BMSUserErrorContainerIsAlreadyRegisteredWithAnotherVault",
            "Virtual machine is already registered\\registering with another recovery services vault. "
            "Please select a different virtual machine for registration.",
        )
    vm = find_vm(world, vm_id.text)
    known = vm is not None and vm.key not in state_of(world).undiscovered
    if vm is None or not known or vm.location != vault.location or not same(vm.subscription, vault.subscription):
        raise _malformed()
    if name.key in vault.pending and properties.get("protectionState") in (STOPPED, SUSPENDED):
        raise _conflicting()
    policy = _policy(vault, properties.get("policyId"))
    if properties.get("protectionState") not in (None, "", "IRPending", "Protected"):
        raise _malformed()
    if vm.security_type == "TrustedLaunch" and policy.policy_type == "V1" and call.api_version < "2025-01-01":
        # The minimum version is documented, the code of the refusal is not.
        raise AzureError(
            400,
            "UserErrorTrustedLaunchVmNeedsEnhancedPolicy",
            "A Trusted Launch virtual machine can be protected with a standard policy from api-version 2025-01-01 on only.",
        )
    item = vault.pending.get(name.key) or Item(
        group=name.group.lower(),
        vm=name.vm,
        source_id=vm_id.text,
        vm_id=vm.id,
        friendly_name=vm.name,
        data_id=str(vault.vary("data id", name.key).number(15)),
        policy=policy.name,
        policy_type=policy.policy_type,
        backup_hints=state_of(world).backup_hints.get(vm_id.key, {}),
    )
    item.policy, item.policy_type = policy.name, policy.policy_type
    item.disk_exclusion = _disk_exclusion(properties, None)
    vault.pending[name.key] = item
    state_of(world).owners[vm_id.key] = vault.key
    seconds = vault.vary("enable", name.key).between(30, 61)
    job = _job(world, vault, item, "ConfigureBackup", now, seconds)
    job.bag.append(BagEntry("Policy Name", policy.name))

    def enabled() -> None:
        vault.pending.pop(name.key, None)
        vault.items.setdefault(name.key, item)

    operation = _begin(world, vault, job, item, enabled)
    if job.outcome == "Failed" and job.end is not None:
        world.at(job.end, lambda: _forget_pending(world, vault, name.key, vm_id))
    return operation


def _forget_pending(world: World, vault: Vault, key: str, vm_id: VmId) -> None:
    vault.pending.pop(key, None)
    if key not in vault.items:
        state_of(world).owners.pop(vm_id.key, None)


def _configure(call: Call, vault: Vault, item: Item, properties: dict[str, Any]) -> Operation:
    """Policy change, resume, or a new disk selection. An equal PUT is accepted again and makes one more job."""
    source = parse_vm_id(properties.get("sourceResourceId"))
    if source is not None and source.key != item.vm_id.lower():
        raise _malformed()
    resumes = item.protection_state in (STOPPED, SUSPENDED)
    if "policyId" not in properties and not resumes and "extendedProperties" in properties:
        policy = vault.policies[item.policy.lower()]
    else:
        policy = _policy(vault, properties.get("policyId"))
    if item.policy_type == "V2" and policy.policy_type == "V1":
        raise AzureError(
            400,
            "UserErrorPolicyChangeFromEnhancedToStandardNotAllowed",
            "A virtual machine protected with an enhanced policy cannot be changed to a standard policy.",
        )
    world, now = call.world, call.world.now()
    seconds = vault.vary("configure", item.key, len(vault.jobs)).between(2, 11)
    job = _job(world, vault, item, "ConfigureBackup", now, seconds)
    job.bag.append(BagEntry("Policy Name", policy.name))
    exclusion = _disk_exclusion(properties, item.disk_exclusion)
    return _begin(world, vault, job, item, lambda: _configured(item, policy, exclusion))


def _configured(item: Item, policy: Policy, exclusion: dict[str, Any] | None) -> None:
    item.policy, item.policy_type = policy.name, policy.policy_type
    item.protection_state = "Protected" if item.last_backup is not None else "IRPending"
    item.disk_exclusion = exclusion


def _stop(call: Call, vault: Vault, item: Item, target: str) -> Operation:
    immutable = vault.immutability in ("Unlocked", "Locked")
    if target == SUSPENDED and not immutable:
        # The text misleads in Azure too: the vault is not immutable enough.
        raise AzureError(
            400, "UserErrorOperationDeniedOnImmutableItem", "The operation is not allowed on an immutable backup item."
        )
    world, now = call.world, call.world.now()
    job = _job(world, vault, item, "DisableBackup", now, vault.vary("stop", item.key, len(vault.jobs)).between(10.4, 10.9))
    job.bag.append(BagEntry("Policy Name", "" if target == STOPPED else item.policy))

    def stopped() -> None:
        item.protection_state = target
        item.policy = "" if target == STOPPED else item.policy

    return _begin(world, vault, job, item, stopped)


def _undelete(call: Call, vault: Vault, item: Item, properties: dict[str, Any]) -> Operation:
    if properties.get("isRehydrate") is not True:
        # Facts C.3: a plain enable is rejected; the exact code is in no source.
        raise AzureError(
            400,
            "UserErrorItemIsInSoftDeletedState",
            "The operation cannot be performed as the backup item is in soft deleted state. "
            "Please undelete the item and try again.",
        )
    world, now = call.world, call.world.now()
    job = _job(world, vault, item, "Undelete", now, vault.vary("undelete", item.key, len(vault.jobs)).between(10.4, 11.1))
    job.bag.append(BagEntry("Undelete flag", "True"))

    def undeleted() -> None:
        item.deleted = None
        item.protection_state = STOPPED
        item.policy = ""

    return _begin(world, vault, job, item, undeleted)


def _deleted(world: World, vault: Vault, item: Item, when: datetime) -> None:
    if vault.hard_delete:
        purge_item(world, vault, item)
        return
    if item.deleted is None:
        item.deleted = when
    item.protection_state = STOPPED
    item.policy = ""
    schedule_purge(world, vault, item)


def schedule_purge(world: World, vault: Vault, item: Item) -> None:
    """Soft-deleted data goes for good when its days are over, unless it was undeleted."""
    assert item.deleted is not None
    world.at(item.deleted + timedelta(days=vault.soft_delete_days), lambda: _purge_if_still_deleted(world, vault, item))


def _purge_if_still_deleted(world: World, vault: Vault, item: Item) -> None:
    if item.deleted is not None and world.now() >= item.deleted + timedelta(days=vault.soft_delete_days):
        purge_item(world, vault, item)


def purge_item(world: World, vault: Vault, item: Item) -> None:
    if vault.items.get(item.key) is item:
        del vault.items[item.key]
        state_of(world).owners.pop(item.vm_id.lower(), None)


def _policy(vault: Vault, policy_id: Any) -> Policy:
    """The policy of an id, any case; it must belong to this vault."""
    text = policy_id if isinstance(policy_id, str) else ""
    position = text.lower().rfind("/backuppolicies/")
    head, name = (text[:position], text[position + len("/backuppolicies/") :]) if position >= 0 else ("", "")
    policy = vault.policies.get(name.strip("/").lower())
    if policy is None or not same(head, vault.id):
        raise AzureError(
            400, "BMSUserErrorInvalidPolicyForGivenProvider", "Policy is not valid for given provider type. "
            "Please choose valid policy for given provider."
        )
    return policy


def _disk_exclusion(properties: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any] | None:
    """Each PUT replaces the list; null, or extendedProperties without it, resets it; silence keeps it."""
    extended = properties.get("extendedProperties")
    if not isinstance(extended, dict):
        return old
    given = extended.get("diskExclusionProperties")
    if given is None:
        return None
    luns = parse_luns(given.get("diskLunList")) if isinstance(given, dict) else None
    if luns is None:
        raise _malformed()
    return {"diskLunList": luns, "isInclusionList": bool(given.get("isInclusionList"))}


def _job(world: World, vault: Vault, item: Item, operation: str, now: datetime, seconds: float) -> Job:
    return Job(
        id=world.new_id(),
        activity_id=world.new_id(),
        operation=operation,
        vm_name=item.friendly_name,
        container_name=item.tail,
        start=now,
        end=now + timedelta(seconds=seconds),
        bag=[BagEntry("VM Name", item.friendly_name)],
    )


def _begin(world: World, vault: Vault, job: Job, item: Item, done: Any) -> Operation:
    """Files the job; the operation lasts as long as it does."""
    start_job(world, vault, job, done)
    operation = operation_for(world, job, instant=False, item_key=item.key)
    return operation


def enable_by_intent(call: Call, vault: Vault, intent: str, given: dict[str, Any]) -> None:
    """Starts protection for an intent; what PUT of an item would refuse is swallowed, as Azure does."""
    name = parse_item_name(intent, "vm")
    if name is None or name.key in vault.items:
        return
    properties = {"sourceResourceId": given.get("sourceResourceId"), "policyId": given.get("policyId")}
    try:
        operation = _enable_new(call, vault, name, properties)
    except AzureError:
        return
    vault.operations[operation.id.lower()] = operation
