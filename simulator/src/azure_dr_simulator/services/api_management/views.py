# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of services. Which members there are depends on the API version; the order is that of the recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...world import World
from ..resources.state import ResourcesState
from .identities import user_identity
from .state import Deleted, Service

_GATEWAY = "Microsoft.WindowsAzure.ApiManagement.Gateway."
CUSTOM_PROPERTIES = {
    f"{_GATEWAY}{name}": "False"
    for name in (
        "Security.Protocols.Tls10",
        "Security.Protocols.Tls11",
        "Security.Protocols.Ssl30",
        "Security.Ciphers.TripleDes168",
        "Security.Backend.Protocols.Tls10",
        "Security.Backend.Protocols.Tls11",
        "Security.Backend.Protocols.Ssl30",
        "Protocols.Server.Http2",
    )
}
"""What Azure gives a new service."""


def apim_time(moment: datetime) -> str:
    """Seven digits and `Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0Z"


def service_view(world: World, service: Service, version: str) -> dict[str, Any]:
    """A service as this API version answers it."""
    identity = {
        "id": service.id,
        "name": service.name,
        "type": "Microsoft.ApiManagement/service",
        "tags": service.tags,
        "location": service.shown_location,
        "etag": service.etag,
        "properties": _properties(service, version),
        "sku": {"name": service.sku, "capacity": service.capacity},
        "identity": _identity(world, service),
    }
    if version < "2021":
        return identity
    created = apim_time(service.created)
    system = {
        "createdBy": "drill@simulated.example",
        "createdByType": "Application",
        "createdAt": created,
        "lastModifiedBy": "drill@simulated.example",
        "lastModifiedByType": "Application",
        "lastModifiedAt": created,
    }
    return {**identity, "zones": service.zones, "systemData": system}


def _properties(service: Service, version: str) -> dict[str, Any]:
    given = service.properties
    active = service.state not in ("Created", "Activating")
    dedicated = active and service.sku != "Consumption"
    host = f"{service.name.lower()}.{{}}azure-api.net"

    def url(part: str, shown: bool) -> str | None:
        return f"https://{host.format(part)}" if shown else None

    properties: dict[str, Any] = {
        "publisherEmail": given.get("publisherEmail"),
        "publisherName": given.get("publisherName"),
        "notificationSenderEmail": given.get("notificationSenderEmail") or "apimgmt-noreply@mail.windowsazure.com",
        "provisioningState": service.state,
        "targetProvisioningState": service.target,
        "createdAtUtc": apim_time(service.created),
        "gatewayUrl": url("", active or version >= "2019-12"),
        "gatewayRegionalUrl": (
            f"https://{service.name.lower()}-{service.location}-01.regional.azure-api.net" if dedicated else None
        ),
        "portalUrl": url("portal.", dedicated),
        "developerPortalUrl": url("developer.", dedicated),
        "managementApiUrl": url("management.", dedicated),
        "scmUrl": url("scm.", dedicated),
        "hostnameConfigurations": _hostnames(service, version, active),
        "publicIPAddresses": [_address(service)] if dedicated else None,
        "privateIPAddresses": None,
        "additionalLocations": given.get("additionalLocations"),
        "virtualNetworkConfiguration": given.get("virtualNetworkConfiguration"),
        "customProperties": {**CUSTOM_PROPERTIES, **(given.get("customProperties") or {})} if active else None,
        "virtualNetworkType": given.get("virtualNetworkType") or "None",
        "certificates": None,
    }
    if version >= "2019-12":
        properties["disableGateway"] = bool(given.get("disableGateway", False))
    if version >= "2022-08-01":
        properties.update(natGatewayState="Disabled", outboundPublicIPAddresses=properties["publicIPAddresses"])
    if version >= "2019-12":
        properties["apiVersionConstraint"] = given.get("apiVersionConstraint") or {"minApiVersion": None}
    if version >= "2021":
        properties.update(
            publicIpAddressId=given.get("publicIpAddressId"),
            publicNetworkAccess=given.get("publicNetworkAccess") or "Enabled",
            privateEndpointConnections=None,
            platformVersion="mtv1" if service.sku == "Consumption" else "stv2.1" if active else "undetermined",
        )
    if version >= "2024":
        properties.update(
            legacyPortalStatus=given.get("legacyPortalStatus") or "Disabled",
            developerPortalStatus=given.get("developerPortalStatus") or "Enabled",
            configurationApi=given.get("configurationApi") or {"legacyApi": "Enabled"},
        )
    return properties


def _hostnames(service: Service, version: str, active: bool) -> list[dict[str, Any]]:
    """The built-in host, then those the caller configured; without their certificates and passwords."""
    if service.target == "Deleting":
        return []
    own = f"{service.name.lower()}.azure-api.net"
    custom = [one for one in service.properties.get("hostnameConfigurations") or [] if one.get("hostName") != own]
    hosts = []
    for one in [{"type": "Proxy", "hostName": own if active or version >= "2019-12" else None}, *custom]:
        view = {
            "type": one.get("type", "Proxy"),
            "hostName": one.get("hostName"),
            "encodedCertificate": None,
            "keyVaultId": one.get("keyVaultId"),
            "certificatePassword": None,
            "negotiateClientCertificate": bool(one.get("negotiateClientCertificate", False)),
            "certificate": None,
            "defaultSslBinding": bool(one.get("defaultSslBinding", not custom)),
        }
        if version >= "2021":
            source = "BuiltIn" if one.get("hostName") == own else one.get("certificateSource", "Custom")
            view.update(
                identityClientId=one.get("identityClientId"), certificateSource=source, certificateStatus=None
            )
        hosts.append(view)
    return hosts


def _identity(world: World, service: Service) -> dict[str, Any] | None:
    if not service.identity.type:
        return None
    estate = world.state(ResourcesState).estate
    view: dict[str, Any] = {"type": service.identity.type}
    if service.identity.system:
        view.update(principalId=service.identity.system, tenantId=estate.tenant_id if estate else None)
    if service.identity.users:
        found = {one: user_identity(world, one) for one in service.identity.users}
        view["userAssignedIdentities"] = {
            one: {"principalId": user.object_id, "clientId": user.client_id} for one, user in found.items() if user
        }
    return view


def _address(service: Service) -> str:
    return f"203.0.113.{sum(map(ord, service.name)) % 254 + 1}"


def deleted_view(deleted: Deleted) -> dict[str, Any]:
    return {
        "id": deleted.id,
        "name": deleted.service.name,
        "type": "Microsoft.ApiManagement/deletedservices",
        "location": deleted.service.shown_location,
        "properties": {
            "serviceId": deleted.service.id,
            "scheduledPurgeDate": apim_time(deleted.purge),
            "deletionDate": apim_time(deleted.deleted),
        },
    }
