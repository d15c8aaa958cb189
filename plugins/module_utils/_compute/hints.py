# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person can do about the error codes of Azure Compute where restore points, disks and VMs are concerned."""

from __future__ import annotations

from typing import Mapping

_NO_ROOM = (
    "The region has no room for this VM now. Remove the VM if Azure shows it as failed, and run the task again with another vm_size: "
    "the disks that are there are kept."
)

HINTS: Mapping[str, str] = {
    "OperationNotAllowed": (
        "Azure does not allow this now: a quota is used up, another restore point of the VM is being made, or the VM is in a state without them. "
        "The message says which; run the task again when it is over."
    ),
    "TooManyRequests": (
        "Azure allows 3 restore points an hour of a VM and consistency, and 3 copies an hour and collection. "
        "Run the task again when the time that the message names is over."
    ),
    "VMRestorePointClientError": "Azure makes one restore point of a VM at a time, and none of some disks: see the message, and exclude_disks.",
    "OperationPreempted": "Something else, such as a deletion, took the place of this operation. Run the task again.",
    "DiskRestorePointUsedByCustomer": "A disk of the restore point is being exported. End that access first (az restore-point revoke-access or the portal).",
    "Conflict": "Something else works on the same resource. Run the task again when that has ended.",
    "AuthorizationFailed": (
        "The identity lacks a role: Contributor on the resource groups of the VMs and collections, or one with "
        "Microsoft.Compute/restorePointCollections/* and virtualMachines/read; to make disks, also Microsoft.Compute/disks/write; "
        "to make VMs, also virtualMachines/write, Microsoft.Network/networkInterfaces/* and virtualNetworks/subnets/join/action."
    ),
    "LinkedAuthorizationFailed": "The identity also needs a role on the resource that the message names.",
    "ScopeLocked": "A management lock is on the resource or a scope above it. Remove the lock, or leave the resource as it is.",
    "SubscriptionNotFound": "Check subscription_id, and that the identity belongs to the tenant of that subscription.",
    "ResourceGroupNotFound": "Check the resource group's name and the subscription; make the resource group first where it is missing.",
    "ResourceNotFound": "Check the names, the resource group and the subscription.",
    "ParentResourceNotFound": "Check the name of the collection and its resource group.",
    "RequestDisallowedByPolicy": "An Azure Policy forbids it. Ask for an exemption for what the message names.",
    "InternalServerError": "Azure had an internal problem. Run the task again; what was started goes on.",
    "InternalOperationError": "Azure had an internal problem. Run the task again; what was started goes on.",
    "AllocationFailed": _NO_ROOM,
    "ZonalAllocationFailed": _NO_ROOM,
    "OverconstrainedAllocationRequest": _NO_ROOM,
    "VMAgentStatusCommunicationError": "Azure cannot reach the VM agent. Start the VM and repair its agent, or use consistency=crash.",
}

BOOT_HINTS: Mapping[str, str] = {
    "OperationNotAllowed": "Boot diagnostics may not be enabled for the VM: az vm boot-diagnostics enable, or the portal.",
    "AuthorizationFailed": (
        "The identity lacks a role: Virtual Machine Contributor, or one with Microsoft.Compute/virtualMachines/read, "
        "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action and Microsoft.Network/networkInterfaces/read."
    ),
}
"""The same for how VMs boot."""
