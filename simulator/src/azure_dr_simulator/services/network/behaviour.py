# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PUT, PATCH and DELETE of network resources. All are synchronous here: 200 or 201 with provisioningState `Succeeded`."""

from __future__ import annotations

from typing import Any, Mapping

from ...bodies import region_of
from ...replies import AzureError, Reply, resource_not_found
from ...routing import Call
from .state import NetworkResource, NetworkState, create_nic, make_subnet
from .views import network_view, subnet_view


def need(call: Call, kind: str) -> NetworkResource:
    """The resource of the path, or 404."""
    found = (
        call.world.state(NetworkState).store(kind).get(call.vars["subscription"], call.vars["group"], call.vars["name"])
    )
    if found is None:
        raise resource_not_found(f"Microsoft.Network/{kind}", call.vars["name"], call.vars["group"])
    return found


def put(call: Call, kind: str) -> Reply:
    """201 when new, 200 when it was there; what the body leaves out keeps its value."""
    body: Mapping[str, Any] = call.body if isinstance(call.body, dict) else {}
    store = call.world.state(NetworkState).store(kind)
    existing = store.get(call.vars["subscription"], call.vars["group"], call.vars["name"])
    location = region_of(body.get("location") or (existing.location if existing else ""))
    if not location:
        raise _invalid("LocationRequired", "The location property is required for this definition.")
    properties = dict(body.get("properties") or {})
    if kind == "networkInterfaces" and existing is None:
        resource = _new_nic(call, location, properties)
    else:
        resource = existing or NetworkResource(
            call.vars["subscription"], call.vars["group"], kind, call.vars["name"], location
        )
        _complete(call, resource, properties)
    resource.properties.update({name: value for name, value in properties.items() if name != "ipConfigurations"})
    resource.properties["provisioningState"] = "Succeeded"
    resource.properties.setdefault("resourceGuid", call.world.new_id())
    resource.tags = {str(key): str(value) for key, value in (body.get("tags") or resource.tags).items()}
    resource.extra.update({name: body[name] for name in ("sku", "zones") if name in body})
    resource.etag = f'W/"{call.world.new_id()}"'
    store.put(resource)
    return Reply(200 if existing else 201, network_view(resource))


def patch(call: Call, kind: str) -> Reply:
    """UpdateTags, all that Network lets a PATCH change: the tags given replace those there are."""
    resource = need(call, kind)
    body: Mapping[str, Any] = call.body if isinstance(call.body, dict) else {}
    if "tags" in body:
        resource.tags = {str(key): str(value) for key, value in (body["tags"] or {}).items()}
        resource.etag = f'W/"{call.world.new_id()}"'
    return Reply(200, network_view(resource))


def delete(call: Call, kind: str) -> Reply:
    """200, or 204 when there is none; refused while it is in use."""
    state = call.world.state(NetworkState)
    found = state.store(kind).get(call.vars["subscription"], call.vars["group"], call.vars["name"])
    if found is None:
        return Reply(204)
    owner = str((found.properties.get("virtualMachine") or {}).get("id", ""))
    if owner:
        raise _invalid("NicInUse", f"Network Interface {found.id} is used by existing resource {owner}.")
    if kind == "virtualNetworks":
        for subnet in found.properties.get("subnets", []):
            _check_unused(state, str(subnet["id"]))
    state.store(kind).remove(found)
    return Reply(200)


def need_subnet(call: Call) -> tuple[NetworkResource, dict[str, Any]]:
    """The network and subnet of the path, or 404."""
    network = need(call, "virtualNetworks")
    for subnet in network.properties.get("subnets", []):
        if subnet["name"].lower() == call.vars["subnet"].lower():
            return network, subnet
    message = f"Resource {network.id}/subnets/{call.vars['subnet']} not found."
    raise AzureError(404, "NotFound", message, extra={"details": []}, headers={"x-ms-failure-cause": "service"})


def put_subnet(call: Call) -> Reply:
    network = need(call, "virtualNetworks")
    properties = dict((call.body or {}).get("properties") or {})
    prefix = str(properties.get("addressPrefix") or (properties.get("addressPrefixes") or [""])[0])
    if not prefix:
        raise _invalid("InvalidRequestFormat", "Cannot parse the request: addressPrefix is missing.")
    subnet = make_subnet(network.id, call.vars["subnet"], prefix)
    subnet["properties"].update(properties, provisioningState="Succeeded")
    others = [
        one for one in network.properties.setdefault("subnets", []) if one["name"].lower() != subnet["name"].lower()
    ]
    created = len(others) == len(network.properties["subnets"])
    network.properties["subnets"] = [*others, subnet]
    return Reply(201 if created else 200, subnet_view(network, subnet))


def delete_subnet(call: Call) -> Reply:
    network, subnet = need_subnet(call)
    _check_unused(call.world.state(NetworkState), str(subnet["id"]))
    network.properties["subnets"] = [one for one in network.properties["subnets"] if one is not subnet]
    return Reply(200)


def _new_nic(call: Call, location: str, properties: Mapping[str, Any]) -> NetworkResource:
    configurations = properties.get("ipConfigurations") or [{}]
    subnet_id = str(((configurations[0].get("properties") or {}).get("subnet") or {}).get("id", ""))
    if call.world.state(NetworkState).subnet(subnet_id) is None:
        raise _invalid(
            "InvalidResourceReference", f"Resource {subnet_id} referenced by resource {call.raw_path} was not found."
        )
    return create_nic(
        call.world,
        subscription_id=call.vars["subscription"],
        resource_group=call.vars["group"],
        name=call.vars["name"],
        location=location,
        subnet_id=subnet_id,
    )


def _complete(call: Call, resource: NetworkResource, properties: dict[str, Any]) -> None:
    """Gives what Azure adds: ids of subnets, an address, the default rules' list."""
    if resource.kind == "virtualNetworks" and "subnets" in properties:
        subnets = []
        for one in properties["subnets"]:
            given = dict(one.get("properties") or {})
            subnet = make_subnet(resource.id, str(one["name"]), str(given.get("addressPrefix", "")))
            subnet["properties"].update(given, provisioningState="Succeeded")
            subnets.append(subnet)
        properties["subnets"] = subnets
    if resource.kind == "publicIPAddresses":
        properties.setdefault("publicIPAllocationMethod", "Static")
        properties.setdefault(
            "ipAddress", resource.properties.get("ipAddress") or f"203.0.113.{call.world.random.randint(1, 254)}"
        )
    if resource.kind == "networkSecurityGroups":
        properties.setdefault("securityRules", [])
        properties.setdefault("defaultSecurityRules", [])


def _check_unused(state: NetworkState, subnet_id: str) -> None:
    for nic in state.store("networkInterfaces"):
        for configuration in nic.properties.get("ipConfigurations", []):
            used = str((configuration["properties"].get("subnet") or {}).get("id", ""))
            if used.lower() == subnet_id.lower():
                raise _invalid(
                    "InUseSubnetCannotBeDeleted",
                    f"Subnet {subnet_id.rsplit('/', 1)[-1]} is in use by {configuration['id']} and cannot be deleted.",
                )


def _invalid(code: str, message: str) -> AzureError:
    return AzureError(400, code, message, extra={"details": []}, headers={"x-ms-failure-cause": "service"})
