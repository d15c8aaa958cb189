# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments of templates to a resource group, as far as `az vm create` and the like need them.

A template's resources are put one after the other as their `dependsOn` demands, in the name of the caller and with all
checks that the caller's own requests would meet. Expressions (`[parameters('x')]`) are not evaluated but refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Iterator

from ...async_urls import signed
from ...paging import page
from ...replies import AzureError, Reply
from ...routing import Arm, Call
from ...store import Store
from ...world import World

_LOOK = 5.0
"""Virtual seconds between looks at what was put."""
_OF_THE_TEMPLATE = ("type", "name", "apiVersion", "dependsOn", "comments", "condition")
_FAILED = {
    "code": "DeploymentFailed",
    "message": "At least one resource deployment operation failed. Please list deployment operations for details. "
    "Please see https://aka.ms/arm-deployment-operations for usage details.",
}


@dataclass
class Step:
    """One resource of a template."""

    kind: str
    name: str
    path: str
    needs: set[str]
    """Paths of the resources that come first, in lower case."""
    send: Callable[[], Reply]
    look: Callable[[], Reply]
    state: str = "Waiting"
    """Then `Running`, `Succeeded` or `Failed`."""
    error: dict[str, Any] | None = None


@dataclass
class Deployment:
    subscription_id: str
    resource_group: str
    name: str
    mode: str
    correlation_id: str
    started: datetime
    steps: list[Step] = field(default_factory=list)
    state: str = "Accepted"
    """Then `Running`, `Succeeded` or `Failed`."""
    ended: datetime | None = None

    @property
    def id(self) -> str:
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.Resources/deployments/{self.name}"

    @property
    def error(self) -> dict[str, Any] | None:
        details = [step.error for step in self.steps if step.error]
        return {**_FAILED, "details": details} if self.state == "Failed" else None


class DeploymentsState:
    def __init__(self) -> None:
        self.deployments: Store[Deployment] = Store()


def put_deployment(call: Call) -> Reply:
    """201 (200 for a name that is there) with an operation; the resources follow."""
    deployments = call.world.state(DeploymentsState).deployments
    old = deployments.get(call.vars["subscription"], call.vars["group"], call.vars["name"])
    if old is not None and old.state in ("Accepted", "Running"):
        message = f"Unable to edit or replace deployment '{old.name}': it is still active."
        raise AzureError(409, "DeploymentActive", message)
    deployment = deployments.put(_planned(call))
    call.world.after(1.0, lambda: _go_on(call.world, deployment))
    operation = f"{call.raw_path}/operationStatuses/{deployment.correlation_id}"
    headers = {"Azure-AsyncOperation": signed(call, operation, call.api_version)}
    return Reply(200 if old else 201, _view(deployment), headers)


def validate(call: Call) -> Reply:
    """The checks of a deployment, and nothing more."""
    planned = _planned(call)
    planned.state = "Succeeded"
    return Reply(200, _view(planned))


def get_deployment(call: Call) -> Reply:
    return Reply(200, _view(_need(call)))


def list_deployments(call: Call) -> Reply:
    found = call.world.state(DeploymentsState).deployments.within(call.vars["subscription"], call.vars["group"])
    return page(call, sorted(found, key=lambda one: one.started, reverse=True), _view)


def get_status(call: Call) -> Reply:
    """`{deployment}/operationStatuses/{id}`: 200 with the status; `Failed` has the error."""
    found = _need(call)
    error = {"error": found.error} if found.error else {}
    return Reply(200, {"status": found.state, **error})


def list_operations(call: Call) -> Reply:
    """What became of each resource."""
    deployment = _need(call)
    return page(call, deployment.steps, lambda step: _operation_view(deployment, step))


def clean(world: World, subscription_id: str, resource_group: str) -> None:
    """Deployments go with their group."""
    deployments = world.state(DeploymentsState).deployments
    for one in deployments.within(subscription_id, resource_group):
        deployments.remove(one)


def _need(call: Call) -> Deployment:
    group, name = call.vars["group"], call.vars["name"]
    found = call.world.state(DeploymentsState).deployments.get(call.vars["subscription"], group, name)
    if found is None:
        raise AzureError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
    return found


def _planned(call: Call) -> Deployment:
    """The deployment that the body wants, with every resource checked. Raises what Azure says before it starts one."""
    properties = (call.body.get("properties") if isinstance(call.body, dict) else None) or {}
    template = properties.get("template")
    resources = template.get("resources") if isinstance(template, dict) else None
    if not isinstance(resources, list):
        raise _invalid("The template has no list of resources; the simulator reads no linked templates.")
    for text in _expressions(resources):
        raise _invalid(f"The simulator does not evaluate template expressions such as '{text}'.")
    deployment = Deployment(
        call.vars["subscription"],
        call.vars["group"],
        call.vars["name"],
        str(properties.get("mode") or "Incremental").capitalize(),
        call.world.new_id(),
        call.world.now(),
    )
    deployment.steps = [_step(call, one) for one in resources]
    known = {step.path.lower() for step in deployment.steps}
    for step in deployment.steps:
        for path in step.needs - known:
            raise _invalid(f"The resource '{path}' is not defined in the template.")
    return deployment


def _step(call: Call, resource: dict[str, Any]) -> Step:
    kind, name = str(resource.get("type")), str(resource.get("name"))
    path = _path(call, kind, name)
    version = {"api-version": str(resource.get("apiVersion"))}
    body = {key: value for key, value in resource.items() if key not in _OF_THE_TEMPLATE}
    arm = call.world.state(Arm)

    def request(method: str, content: Any) -> Callable[[], Reply]:
        return arm.for_caller(Call(call.world, method, path, version, content, call.base_url, call.principal))

    needs = {(one if one.startswith("/") else _path_of(call, one)).lower() for one in resource.get("dependsOn") or []}
    return Step(kind, name, path, needs, request("PUT", body), request("GET", None))


def _path_of(call: Call, reference: str) -> str:
    """Of `Microsoft.Network/networkInterfaces/nic`, as `dependsOn` has it."""
    namespace, *rest = reference.split("/")
    half = len(rest) // 2
    return _path(call, "/".join([namespace, *rest[:half]]), "/".join(rest[half:]))


def _path(call: Call, kind: str, name: str) -> str:
    namespace, *kinds = kind.split("/")
    names = name.split("/")
    if len(kinds) != len(names):
        raise _invalid(f"The template resource '{name}' for type '{kind}' has incorrect segment lengths.")
    group = f"/subscriptions/{call.vars['subscription']}/resourceGroups/{call.vars['group']}"
    return "/".join([group, "providers", namespace, *(part for pair in zip(kinds, names) for part in pair)])


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _expressions(one)
    elif isinstance(value, str) and value.startswith("[") and value.endswith("]") and not value.startswith("[["):
        yield value


def _invalid(message: str) -> AzureError:
    text = f"Deployment template validation failed: '{message}'."
    return AzureError(400, "InvalidTemplate", text, headers={"x-ms-failure-cause": "gateway"})


def _go_on(world: World, deployment: Deployment) -> None:
    """Looks at what runs, starts what can start, comes again until all is over. After a failure nothing new starts."""
    deployment.state = "Running"
    for step in deployment.steps:
        if step.state == "Running":
            _look_at(step)
    done = {step.path.lower() for step in deployment.steps if step.state == "Succeeded"}
    failed = any(step.state == "Failed" for step in deployment.steps)
    for step in deployment.steps:
        if step.state == "Waiting" and step.needs <= done and not failed:
            _start(step)
            failed = step.state == "Failed"
    states = {step.state for step in deployment.steps}
    if "Running" in states or ("Waiting" in states and not failed):
        world.after(_LOOK, lambda: _go_on(world, deployment))
        return
    deployment.state, deployment.ended = "Failed" if failed else "Succeeded", world.now()


def _start(step: Step) -> None:
    try:
        step.send()
        step.state = "Running"
    except AzureError as problem:
        step.state, step.error = "Failed", problem.reply().body["error"]


def _look_at(step: Step) -> None:
    try:
        found = step.look().body
    except AzureError as problem:
        step.state, step.error = "Failed", problem.reply().body["error"]
        return
    state = str((found.get("properties") or {}).get("provisioningState") or "Succeeded")
    if state in ("Succeeded", "Failed", "Canceled"):
        step.state = "Succeeded" if state == "Succeeded" else "Failed"
    if step.state == "Failed":
        step.error = {
            "code": "ResourceDeploymentFailure",
            "message": "The resource write operation failed to complete successfully, because it reached terminal "
            f"provisioning state '{state}'.",
        }


def _view(deployment: Deployment) -> dict[str, Any]:
    over = deployment.ended or deployment.started
    kinds: dict[str, list[str]] = {}
    for step in deployment.steps:
        namespace, kind = step.kind.split("/", 1)
        if kind not in kinds.setdefault(namespace, []):
            kinds[namespace].append(kind)
    properties: dict[str, Any] = {
        "parameters": {},
        "mode": deployment.mode,
        "provisioningState": deployment.state,
        "timestamp": f"{over:%Y-%m-%dT%H:%M:%S}.{over.microsecond:06d}0Z",
        "duration": f"PT{(over - deployment.started).total_seconds():.7f}S",
        "correlationId": deployment.correlation_id,
        "providers": [
            {"namespace": namespace, "resourceTypes": [{"resourceType": kind} for kind in found]}
            for namespace, found in kinds.items()
        ],
        "dependencies": [],
    }
    if deployment.state == "Succeeded":
        properties["outputs"] = {}
        properties["outputResources"] = [{"id": step.path} for step in deployment.steps]
    if deployment.error:
        properties["error"] = deployment.error
    return {
        "id": deployment.id,
        "name": deployment.name,
        "type": "Microsoft.Resources/deployments",
        "properties": properties,
    }


def _operation_view(deployment: Deployment, step: Step) -> dict[str, Any]:
    number = f"{deployment.steps.index(step):016X}"
    properties: dict[str, Any] = {
        "provisioningOperation": "Create",
        "provisioningState": step.state,
        "targetResource": {"id": step.path, "resourceType": step.kind, "resourceName": step.name},
    }
    if step.error:
        properties["statusMessage"] = {"error": step.error}
    return {"id": f"{deployment.id}/operations/{number}", "operationId": number, "properties": properties}
