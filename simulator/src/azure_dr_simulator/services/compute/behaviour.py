# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State changes of virtual machines and disks, and the long-running operations they run as."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Callable

from ...async_urls import signed
from ...replies import AzureError, Reply, resource_not_found
from ...routing import Call
from ...world import World
from .state import ComputeOperation, ComputeState, Disk, Vm, delete_vm

VM_CREATE, VM_DELETE, VM_START, VM_STOP, VM_DEALLOCATE, VM_RESTART = 45.0, 60.0, 25.0, 15.0, 40.0, 30.0
"""Virtual seconds the operations take."""
DISK_SECONDS = 2.0
VM_RETRY_AFTER, DISK_RETRY_AFTER = 10.0, 2.0


def begin(
    call: Call,
    location: str,
    seconds: float,
    effect: Callable[[], None],
    *,
    output: str = "",
    result: str = "",
    kind: str = "operations",
) -> tuple[ComputeOperation, dict[str, str]]:
    """Starts an operation whose `effect` happens at its end; returns it with both async headers and Retry-After."""
    world = call.world
    now = world.now()
    operation = ComputeOperation(world.new_id(), location, now, now + timedelta(seconds=seconds), output, result)
    world.state(ComputeState).operations[operation.id] = operation
    world.at(operation.ends, effect)
    return operation, operation_headers(call, operation, kind)


def operation_headers(call: Call, operation: ComputeOperation, kind: str) -> dict[str, str]:
    subscription = call.vars.get("subscription", "")
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{operation.location}/{kind}/{operation.id}"
    # Azure keeps the operations of one region and subscription in one partition.
    partition = f"p={uuid.uuid5(uuid.NAMESPACE_DNS, f'{subscription} {operation.location}'.lower())}"
    wait = DISK_RETRY_AFTER if kind == "DiskOperations" else VM_RETRY_AFTER
    return {
        "Azure-AsyncOperation": signed(call, path, call.api_version, extra=partition),
        "Location": signed(call, path, call.api_version, extra=f"{partition}&monitor=true"),
        **call.world.clock.retry_after_headers(wait),
    }


def need_vm(call: Call) -> Vm:
    """The VM of the path, or 404."""
    group, name = call.vars["group"], call.vars["vm"]
    found = call.world.state(ComputeState).vms.get(call.vars["subscription"], group, name)
    if found is None:
        raise resource_not_found("Microsoft.Compute/virtualMachines", name, group)
    return found


def need_disk(call: Call) -> Disk:
    """The disk of the path, or 404."""
    group, name = call.vars["group"], call.vars["disk"]
    found = call.world.state(ComputeState).disks.get(call.vars["subscription"], group, name)
    if found is None:
        raise resource_not_found("Microsoft.Compute/disks", name, group)
    return found


def change_power(call: Call, passing: str, final: str, seconds: float) -> Reply:
    """202, and the VM is on its way until the operation ends."""
    vm = need_vm(call)
    if final == "stopped" and vm.power_state == "deallocated":
        final = passing = "deallocated"
    vm.power_state = passing

    def arrive() -> None:
        vm.power_state = final

    _, headers = begin(call, vm.location, seconds, arrive)
    return Reply(202, None, headers)


def remove_vm(call: Call) -> Reply:
    """202; the VM shows `Deleting` until it is gone. 204 when there is none."""
    group, name = call.vars["group"], call.vars["vm"]
    vm = call.world.state(ComputeState).vms.get(call.vars["subscription"], group, name)
    if vm is None:
        return Reply(204)
    vm.provisioning_state = "Deleting"
    _, headers = begin(call, vm.location, VM_DELETE, lambda: delete_vm(call.world, vm))
    return Reply(202, None, headers)


def remove_disk(call: Call) -> Reply:
    """202; refused while the disk is attached. 204 when there is none."""
    state = call.world.state(ComputeState)
    disk = state.disks.get(call.vars["subscription"], call.vars["group"], call.vars["disk"])
    if disk is None:
        return Reply(204)
    if disk.managed_by:
        raise AzureError(
            409,
            "OperationNotAllowed",
            f"Disk {disk.name} is attached to VM {disk.managed_by}.",
            headers={"x-ms-failure-cause": "service"},
        )
    _, headers = begin(call, disk.location, DISK_SECONDS, lambda: state.disks.remove(disk), kind="DiskOperations")
    return Reply(202, None, headers)


def settled(world: World, vm: Vm) -> Callable[[], None]:
    """Effect: the VM's creation is over."""

    def done() -> None:
        vm.provisioning_state = "Succeeded"
        vm.power_state = "running"

    return done


def invalid(target: str, message: str, code: str = "InvalidParameter") -> AzureError:
    """Compute's 400."""
    return AzureError(400, code, message, extra={"target": target}, headers={"x-ms-failure-cause": "service"})


def missing(resource_id: str) -> AzureError:
    """Compute's 404 for something that a body names."""
    return AzureError(
        404, "NotFound", f"Resource {resource_id} was not found.", headers={"x-ms-failure-cause": "service"}
    )


def refused(message: str, code: str = "OperationNotAllowed", *, target: str = "") -> AzureError:
    """Compute's 409."""
    extra = {"target": target} if target else {}
    return AzureError(409, code, message, extra=extra, headers={"x-ms-failure-cause": "service"})


def member(body: Any, *names: str) -> Any:
    """A member of nested objects, or None when any is missing."""
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    return body
