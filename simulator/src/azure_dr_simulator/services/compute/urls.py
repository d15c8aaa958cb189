# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of virtual machines, disks, operations, and the few catalogues that tools look at."""

from __future__ import annotations

from typing import Any

from ...gate.resource_limits import ResourceLimits
from ...paging import page
from ...replies import AzureError, Reply
from ...routing import Call, Router
from ...world import World
from . import behaviour, boot_diagnostics, restore_point_urls
from .behaviour import change_power, need_disk, need_vm, operation_headers, remove_disk, remove_vm
from .disk_writes import patch_disk, put_disk
from .quotas import list_usages
from .sizes import list_sizes, list_skus
from .state import ComputeOperation, ComputeState
from .views import disk_view, instance_view_of, operation_view, vm_view
from .vm_writes import patch_vm, put_vm

_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.Compute"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
_VM = f"{_GROUP}/virtualMachines/{{vm}}"
_DISK = f"{_GROUP}/disks/{{disk}}"

def register(router: Router, world: World) -> None:
    """Adds the routes."""
    for root in (_SUBSCRIPTION, _GROUP):
        router.add("GET", f"{root}/virtualMachines", _list_vms)
        router.add("GET", f"{root}/disks", _list_disks)
    router.add("GET", _VM, _get_vm)
    router.add("PUT", _VM, put_vm)
    router.add("PATCH", _VM, patch_vm)
    router.add("DELETE", _VM, remove_vm)
    router.add("GET", f"{_VM}/instanceView", lambda call: Reply(200, instance_view_of(need_vm(call), call.world)))
    router.add("GET", f"{_VM}/extensions", lambda call: Reply(200, {"value": []} if need_vm(call) else None))
    router.add("POST", f"{_VM}/start", lambda call: change_power(call, "starting", "running", behaviour.VM_START))
    router.add("POST", f"{_VM}/restart", lambda call: change_power(call, "running", "running", behaviour.VM_RESTART))
    router.add("POST", f"{_VM}/powerOff", lambda call: change_power(call, "stopping", "stopped", behaviour.VM_STOP))
    router.add(
        "POST",
        f"{_VM}/deallocate",
        lambda call: change_power(call, "deallocating", "deallocated", behaviour.VM_DEALLOCATE),
    )
    router.add("POST", f"{_VM}/retrieveBootDiagnosticsData", boot_diagnostics.retrieve)
    router.add("GET", _DISK, lambda call: Reply(200, disk_view(need_disk(call))))
    router.add("PUT", _DISK, put_disk)
    router.add("PATCH", _DISK, patch_disk)
    router.add("DELETE", _DISK, remove_disk)
    for kind in ("operations", "DiskOperations"):
        router.add("GET", f"{_SUBSCRIPTION}/locations/{{location}}/{kind}/{{operation}}", _operation)
    router.add("GET", f"{_SUBSCRIPTION}/locations/{{location}}/vmSizes", list_sizes)
    router.add("GET", f"{_SUBSCRIPTION}/skus", list_skus)
    router.add("GET", f"{_SUBSCRIPTION}/locations/{{location}}/usages", list_usages)
    restore_point_urls.register(router)


def _list_vms(call: Call) -> Reply:
    vms = call.world.state(ComputeState).vms.within(call.vars["subscription"], call.vars.get("group"))
    vms.sort(key=lambda vm: (vm.resource_group.lower(), vm.name.lower()))
    with_view = (
        "instanceview" in call.query.get("$expand", "").lower() or call.query.get("statusonly", "").lower() == "true"
    )
    return page(call, vms, lambda vm: vm_view(vm, call.world, instance_view=with_view))


def _get_vm(call: Call) -> Reply:
    with_view = "instanceview" in call.query.get("$expand", "").lower()
    return Reply(200, vm_view(need_vm(call), call.world, instance_view=with_view))


def _list_disks(call: Call) -> Reply:
    disks = call.world.state(ComputeState).disks.within(call.vars["subscription"], call.vars.get("group"))
    disks.sort(key=lambda disk: (disk.resource_group.lower(), disk.name.lower()))
    return page(call, disks, disk_view)


def _operation(call: Call) -> Reply:
    """The status, or with `monitor=true` (the Location URL) 202 until the result is there."""
    state = call.world.state(ComputeState)
    operation = state.operations.get(call.vars["operation"])
    if operation is None:
        message = f"The entity '{call.vars['operation']}' was not found in location '{call.vars['location']}'."
        raise AzureError(404, "NotFound", message, headers={"x-ms-failure-cause": "service"})
    counters = call.world.state(ResourceLimits).take(
        call.world, "get_operation", call.vars["subscription"], operation.id
    )
    running = call.world.now() < operation.ends
    kind = "DiskOperations" if "/diskoperations/" in call.raw_path.lower() else "operations"
    headers = operation_headers(call, operation, kind) if running else {}
    if call.query.get("monitor") == "true":
        headers.pop("Azure-AsyncOperation", None)
        if running:
            return Reply(202, None, {**headers, **counters})
        if operation.error is not None:
            raise AzureError(409, operation.error["code"], operation.error["message"], headers=counters)
        result = operation.answer or _resource(call.world, operation.result)
        return Reply(200 if result else 204, result, counters)
    headers = {name: value for name, value in headers.items() if name not in ("Azure-AsyncOperation", "Location")}
    return Reply(200, operation_view(operation, call.world, _output(call.world, operation)), {**headers, **counters})


def _output(world: World, operation: ComputeOperation) -> dict[str, Any] | None:
    return operation.answer or (_resource(world, operation.output) if operation.output else None)


def _resource(world: World, resource_id: str) -> dict[str, Any] | None:
    disk = world.state(ComputeState).disks.by_id(resource_id)
    return disk_view(disk) if disk else None
