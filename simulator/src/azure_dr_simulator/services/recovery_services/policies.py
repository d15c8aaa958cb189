# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup policies: list, get, put, delete."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ...replies import AzureError, Reply
from ...routing import Call
from ...world import World
from .filters import parse_filter
from .lifecycle import start_job
from .links import RETRY_AFTER, accepted, sent_vault_path, vault_of
from .operations import find_operation
from .policy_rules import normalised_policy
from .state import BagEntry, Item, Job, Operation, Policy, Vault

EDITS_A_DAY = 50
POLICIES_A_VAULT = 200


def built_in_policies(vault: Vault) -> None:
    """DefaultPolicy and EnhancedPolicy of a new vault; their dates are those of the vault's creation."""
    date = f"{vault.changed:%Y-%m-%d}"
    run = f"{date}T22:30:00Z"
    window = f"{date}T08:00:00Z"
    vault.policies["defaultpolicy"] = Policy("DefaultPolicy", _daily(run), built_in=True)
    vault.policies["enhancedpolicy"] = Policy(
        "EnhancedPolicy",
        {
            "backupManagementType": "AzureIaasVM",
            "policyType": "V2",
            "instantRPDetails": {},
            "schedulePolicy": {
                "schedulePolicyType": "SimpleSchedulePolicyV2",
                "scheduleRunFrequency": "Hourly",
                "hourlySchedule": {"interval": 4, "scheduleWindowStartTime": window, "scheduleWindowDuration": 12},
            },
            "retentionPolicy": _long_term(window, 30),
            "instantRpRetentionRangeInDays": 2,
            "timeZone": "UTC",
        },
        built_in=True,
    )


def _daily(run: str) -> dict[str, Any]:
    return {
        "backupManagementType": "AzureIaasVM",
        "instantRPDetails": {},
        "schedulePolicy": _simple_schedule(run),
        "retentionPolicy": _long_term(run, 30),
        "instantRpRetentionRangeInDays": 2,
        "timeZone": "UTC",
    }


def _simple_schedule(run: str) -> dict[str, Any]:
    return {
        "schedulePolicyType": "SimpleSchedulePolicy",
        "scheduleRunFrequency": "Daily",
        "scheduleRunTimes": [run],
        "scheduleWeeklyFrequency": 0,
    }


def _long_term(time: str, days: int) -> dict[str, Any]:
    return {
        "retentionPolicyType": "LongTermRetentionPolicy",
        "dailySchedule": {"retentionTimes": [time], "retentionDuration": {"count": days, "durationType": "Days"}},
    }


_WORKLOAD_POLICY = "HourlyLogBackup"


def _hourly_log_backup(vault: Vault) -> dict[str, Any]:
    """The SQL policy every vault has; of the lists only the unfiltered one shows it."""
    run = f"{vault.changed:%Y-%m-%d}T22:30:00Z"
    properties: dict[str, Any] = {
        "backupManagementType": "AzureWorkload",
        "workLoadType": "SQLDataBase",
        "settings": {"timeZone": "UTC", "issqlcompression": False, "isCompression": False},
        "subProtectionPolicy": [
            {"policyType": "Full", "schedulePolicy": _simple_schedule(run), "retentionPolicy": _long_term(run, 30)},
            {
                "policyType": "Log",
                "schedulePolicy": {"schedulePolicyType": "LogSchedulePolicy", "scheduleFrequencyInMins": 60},
                "retentionPolicy": {
                    "retentionPolicyType": "SimpleRetentionPolicy",
                    "retentionDuration": {"count": 30, "durationType": "Days"},
                },
            },
        ],
        "protectedItemsCount": 0,
    }
    return _envelope(vault, _WORKLOAD_POLICY, properties)


def _envelope(vault: Vault, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{vault.id}/backupPolicies/{name}",
        "name": name,
        "type": "Microsoft.RecoveryServices/vaults/backupPolicies",
        "properties": properties,
    }


def items_of_policy(vault: Vault, name: str) -> int:
    return sum(item.policy.lower() == name.lower() for item in [*vault.items.values(), *vault.pending.values()])


def policy_json(vault: Vault, policy: Policy) -> dict[str, Any]:
    count = items_of_policy(vault, policy.name)
    return _envelope(vault, policy.name, {**policy.properties, "protectedItemsCount": count})


def _find(call: Call, vault: Vault) -> Policy:
    policy = vault.policies.get(call.vars["policy"].lower())
    if policy is None:
        raise AzureError(
            404,
            "BMSUserErrorPolicyNotFound",
            "The policy was not found. Please check that the policy exists in the vault.",
            headers={"x-ms-failure-cause": "service"},
        )
    return policy


def list_policies(call: Call) -> Reply:
    """Own policies come before the built-in ones, as recorded; the workload policy only without a filter for VMs."""
    vault = vault_of(call)
    management = parse_filter(call).get("backupmanagementtype", "").lower()
    rows = [_hourly_log_backup(vault)] if management in ("", "azureworkload") else []
    if management in ("", "azureiaasvm"):
        ordered = sorted(vault.policies.values(), key=lambda policy: policy.built_in)
        rows += [policy_json(vault, policy) for policy in ordered]
    return Reply(200, {"value": rows})


def get_policy(call: Call) -> Reply:
    vault = vault_of(call)
    if call.vars["policy"].lower() == _WORKLOAD_POLICY.lower():
        return Reply(200, _hourly_log_backup(vault))
    return Reply(200, policy_json(vault, _find(call, vault)))


def put_policy(call: Call) -> Reply:
    vault = vault_of(call)
    name = call.vars["policy"]
    old = vault.policies.get(name.lower())
    body = call.body.get("properties") if isinstance(call.body, dict) else None
    properties = normalised_policy(name, body, old.properties if old else None)
    if old is None:
        _check_room(vault)
    _count_edit(call.world, vault)
    policy = Policy(old.name if old else name, properties, built_in=old.built_in if old else False)
    vault.policies[name.lower()] = policy
    items = [item for item in vault.items.values() if item.policy.lower() == policy.name.lower()]
    if old is None or not items_of_policy(vault, policy.name):
        return Reply(200, policy_json(vault, policy))
    operation = _apply_to(call.world, vault, policy, items)
    path = f"{sent_vault_path(call)}/backupPolicies/{name}"
    return accepted(
        call, status_path=f"{path}/operations/{operation.id}", result_path=f"{path}/operationResults/{operation.id}"
    )


def _apply_to(world: World, vault: Vault, policy: Policy, items: list[Item]) -> Operation:
    """Items follow in the background: a job each, which the operation names when it is over."""
    now = world.now()
    jobs = []
    for item in items:
        job = Job(
            id=world.new_id(),
            activity_id=world.new_id(),
            operation="ConfigureBackup",
            vm_name=item.friendly_name,
            container_name=item.tail,
            start=now,
            end=now + timedelta(seconds=vault.vary("policy", item.key, len(vault.jobs)).between(8, 30)),
            bag=[BagEntry("VM Name", item.friendly_name), BagEntry("Policy Name", policy.name)],
        )
        jobs.append(start_job(world, vault, job, lambda: None))
    result = {"objectType": "OperationStatusJobsExtendedInfo", "jobIds": [job.id for job in jobs]}
    operation = Operation(id=world.new_id(), start=now, end=now + timedelta(seconds=10), result=result)
    vault.operations[operation.id.lower()] = operation
    return operation


def get_policy_result(call: Call) -> Reply:
    """202 while items take the change over, then the policy."""
    vault = vault_of(call)
    if find_operation(call, vault).status(call.world.now()) == "InProgress":
        return Reply(202, None, call.world.clock.retry_after_headers(RETRY_AFTER))
    return Reply(200, policy_json(vault, _find(call, vault)))


def _check_room(vault: Vault) -> None:
    """The limit is documented, its code is not."""
    if len(vault.policies) + len([_WORKLOAD_POLICY]) >= POLICIES_A_VAULT:
        raise AzureError(
            400,
            "BMSUserErrorPolicyLimitReached",
            f"The vault has the maximum number of {POLICIES_A_VAULT} policies. Please delete unused ones.",
        )


def _count_edit(world: World, vault: Vault) -> None:
    now = world.now()
    vault.policy_edits = [edit for edit in vault.policy_edits if now - edit < timedelta(days=1)]
    if len(vault.policy_edits) >= EDITS_A_DAY:
        # The limit is documented, its code is not; this is the family a Backup vault answers with.
        raise AzureError(
            400,
            "CloudDosTimeboudLimitReached",
            f"The operation was attempted beyond a limit of {EDITS_A_DAY} policy edits in 24 hours. Please try again later.",
        )
    vault.policy_edits.append(now)


def delete_policy(call: Call) -> Reply:
    vault = vault_of(call)
    policy = vault.policies.get(call.vars["policy"].lower())
    if policy is None:
        return Reply(204)
    if items_of_policy(vault, policy.name):
        raise AzureError(
            400,
            "BMSUserErrorPolicyObjectInUse",
            "The policy cannot be deleted as it is associated with backup items. "
            "Please remove the association and try again.",
        )
    del vault.policies[policy.name.lower()]
    return Reply(200)
