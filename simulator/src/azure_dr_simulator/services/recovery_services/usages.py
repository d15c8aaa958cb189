# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vault holds, in numbers, in the shapes of Microsoft's published examples; and whether a name is free.

No data is stored here, so all sizes are 0.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ...replies import Reply
from ...routing import Call
from .filters import parse_filter
from .links import vault_of
from .state import state_of

_DAY = timedelta(days=1)
_KIND = "Microsoft.RecoveryServices/vaults"


def list_usages(call: Call) -> Reply:
    """`{vault}/usages`: counts of items and of the last day's jobs."""
    vault, now = vault_of(call), call.world.now()
    items = len(vault.items) + len(vault.pending)
    failed = sum(item.last_backup_status == "Failed" for item in vault.items.values())
    jobs = [job.status(now) for job in vault.jobs.values() if now - job.start < _DAY]
    return Reply(
        200,
        {
            "value": [
                _usage("ProtectedItemCount", "Backup items/Azure virtual machine backup", items),
                _usage("ProtectedItemCriticalCount", "Critical", failed),
                _usage("ProtectedItemWarningCount", "Warning", 0),
                _usage("IaaSVMProtectedItemCount", "Azure Virtual Machines", items),
                _usage("IaaSVMProtectedItemCriticalCount", "Critical", failed),
                _usage("IaaSVMProtectedItemWarningCount", "Warning", 0),
                _usage("InProgressJobsCount", "In progress", jobs.count("InProgress"), quotaPeriod="P1D"),
                _usage("FailedJobsCount", "Failed", jobs.count("Failed"), quotaPeriod="P1D"),
                _usage("GRSStorageUsage", "Cloud - GRS", 0, unit="Bytes"),
                _usage("LRSStorageUsage", "Cloud - LRS", 0, unit="Bytes"),
                _usage("ManagedInstances", "Protected Instances", items),
            ]
        },
    )


def list_summaries(call: Call) -> Reply:
    """`{vault}/backupUsageSummaries`: counts by kind, of items or, by the filter, of containers; only VMs are known."""
    vault = vault_of(call)
    of_containers = parse_filter(call).get("type", "").lower() == "backupprotectioncontainercountsummary"
    count = len({item.tail.lower() for item in vault.items.values()}) if of_containers else len(vault.items)
    return Reply(200, {"value": [_usage("AzureIaasVM", "Azure Virtual Machine", count)]})


def list_replication_usages(call: Call) -> Reply:
    """`{vault}/replicationUsages`: nothing is replicated by Site Recovery here."""
    vault_of(call)
    monitoring = ("unHealthyVmCount", "unHealthyProviderCount", "eventsCount")
    providers = ("deprecatedProviderCount", "supportedProviderCount", "unsupportedProviderCount")
    counts = ("protectedItemCount", "recoveryPlanCount", "registeredServersCount")
    row: dict[str, Any] = {
        "monitoringSummary": dict.fromkeys((*monitoring, *providers), 0),
        "jobsSummary": dict.fromkeys(("failedJobs", "suspendedJobs", "inProgressJobs"), 0),
        **dict.fromkeys(counts, 0),
    }
    return Reply(200, {"value": [row]})


def check_name(call: Call) -> Reply:
    """Names are taken within a resource group; a deleted vault's name is free."""
    body = call.body if isinstance(call.body, dict) else {}
    place = (call.vars["subscription"].lower(), call.vars["group"].lower())
    taken = (*place, str(body.get("name", "")).lower()) in state_of(call.world).vaults
    if taken and str(body.get("type", "")).lower() == _KIND.lower():
        message = "Resource already exists with the same name."
        return Reply(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Reply(200, {"nameAvailable": True})


def _usage(name: str, text: str, value: int, unit: str = "Count", **more: str) -> dict[str, Any]:
    return {"unit": unit, **more, "currentValue": value, "limit": -1, "name": {"value": name, "localizedValue": text}}
