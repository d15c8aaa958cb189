# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API Management services as Azure tells of them (API 2022-08-01), and whether one can be backed up or restored into."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Mapping

from .._apis import APIM
from .._arm.client import ArmClient
from .._arm.errors import ArmError, OperationFailed, OperationTimeout, OptionError
from .._arm.ids import ResourceId, same_id, segment
from .._arm.regions import region_of
from .._options import check_group, parse_id
from .._waiting import Waiting

SERVICE_TYPE = "Microsoft.ApiManagement/service"
SERVICE_NAME = r"[A-Za-z](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?"

TIERS = ("Developer", "Basic", "Standard", "Premium")
"""The pricing tiers that can be backed up and restored."""

RUNNING_STATES = frozenset({"created", "activating", "updating", "terminating"})
"""Words of provisioningState for an operation that has not ended."""

SYSTEM_IDENTITY = "system_identity"
USER_IDENTITY = "user_identity"
KEY = "key"


@dataclass(frozen=True)
class Service:
    """One service. ``location`` in lower case without blanks; ``user_identities`` resource id -> client id; ``etag`` changes with the resource."""

    id: str
    name: str
    subscription: str
    group: str
    location: str
    sku: str
    capacity: int | None
    provisioning_state: str
    tags: Mapping[str, str] = field(default_factory=dict)
    identity_type: str = "None"
    user_identities: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None

    @property
    def path(self) -> str:
        return ResourceId.parse(self.id).path

    @property
    def running(self) -> bool:
        """Whether an operation of the service, of whatever kind, has not ended."""
        return self.provisioning_state.lower() in RUNNING_STATES

    @property
    def succeeded(self) -> bool:
        return self.provisioning_state.lower() == "succeeded"

    def facts(self) -> dict[str, Any]:
        """For results."""
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "sku": self.sku,
            "provisioning_state": self.provisioning_state,
        }

    @property
    def has_system_identity(self) -> bool:
        return "systemassigned" in self.identity_type.lower()


@dataclass(frozen=True)
class DeletedService:
    """A soft-deleted service: its name is taken until ``purge_date`` (as Azure prints it), or until it is purged or undeleted."""

    name: str
    location: str
    service_id: str
    purge_date: str | None


def service_id(name: str, group: str | None, subscription: str, option: str = "name") -> ResourceId:
    """The id for a service's name (with its resource group) or resource id; raises OptionError naming ``option``."""
    text = name.strip()
    if text.startswith("/"):
        found = parse_id(text, option, SERVICE_TYPE)
    else:
        place = check_group(group, "resource_group")
        if place is None:
            raise OptionError("resource_group", f"{text!r} is a name, so the resource group of the service is needed too; or give its whole resource id")
        found = ResourceId(subscription, place, "Microsoft.ApiManagement", ("service",), (text,))
    check_service_name(found.name, option)
    return found


def check_service_name(text: str, option: str) -> str:
    """The name of a service itself; raises OptionError for what can be none."""
    if not re.fullmatch(SERVICE_NAME, text):
        rule = "1 to 50 letters, digits and hyphens, with a letter first and no hyphen last"
        raise OptionError(option, f"{text[:80]!r} is not the name of a service: {rule}")
    return text


def parse_service(resource: Mapping[str, Any]) -> Service:
    """A service from Azure's resource, of which all but the id may be missing or of another shape; raises ValueError for what is none."""
    place = ResourceId.parse(resource.get("id"))
    properties, sku, identity = _mapping(resource, "properties"), _mapping(resource, "sku"), _mapping(resource, "identity")
    assigned = _mapping(identity, "userAssignedIdentities")
    identities = {str(key): str(_mapping(assigned, key).get("clientId") or "") for key in assigned}
    capacity = sku.get("capacity")
    return Service(
        id=str(resource["id"]),
        name=str(resource.get("name") or place.name),
        subscription=place.subscription,
        group=place.group or "",
        location=region_of(resource.get("location")),
        sku=str(sku.get("name") or ""),
        capacity=capacity if isinstance(capacity, int) else None,
        provisioning_state=str(properties.get("provisioningState") or ""),
        tags={str(name): str(value) for name, value in _mapping(resource, "tags").items()},
        identity_type=str(identity.get("type") or "None"),
        user_identities=identities,
        etag=resource.get("etag"),
    )


def _mapping(resource: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = resource.get(name)
    return found if isinstance(found, Mapping) else {}


def read_service(client: ArmClient, path: str) -> Service | None:
    """The service at this path, None when there is none (404)."""
    resource = client.find(path, APIM)
    return _told_of(path, resource) if resource else None


def look_again(client: ArmClient, service: Service) -> Service:
    """The service as it is now, by one request; as it was when that cannot be read."""
    try:
        found = client.get_once(service.path, APIM).body
    except ArmError:
        return service
    return _told_of(service.path, found) if isinstance(found, dict) and found else service


def _told_of(path: str, resource: Mapping[str, Any]) -> Service:
    """What was asked for is what is told of, also when the answer has no id."""
    return parse_service(resource if resource.get("id") else {**resource, "id": str(ResourceId.parse(path))})


def find_service(client: ArmClient, subscription: str, name: str) -> Service | None:
    """The service of this name anywhere in the subscription; names are unique in all of Azure. One paged list."""
    path = f"/subscriptions/{segment(subscription)}/providers/{SERVICE_TYPE}"
    found = (entry for entry in client.list(path, APIM) if entry.get("id") and str(entry.get("name")).lower() == name.lower())
    return next(map(parse_service, found), None)


def find_deleted(client: ArmClient, subscription: str, name: str) -> DeletedService | None:
    """The soft-deleted service of this name; None when there is none, or when the caller may not ask. One paged list."""
    path = f"/subscriptions/{segment(subscription)}/providers/Microsoft.ApiManagement/deletedservices"
    try:
        for entry in client.list(path, APIM):
            if str(entry.get("name")).lower() == name.lower():
                properties = entry.get("properties") or {}
                return DeletedService(
                    name=str(entry["name"]),
                    location=region_of(entry.get("location")),
                    service_id=str(properties.get("serviceId") or ""),
                    purge_date=properties.get("scheduledPurgeDate"),
                )
    except ArmError as error:
        if error.status not in (403, 404):
            raise
    return None


def missing_service(client: ArmClient, wanted: ResourceId) -> ArmError:
    """Why there is no such service, and what to do: it may be soft-deleted. At most one paged list."""
    deleted = find_deleted(client, wanted.subscription, wanted.name)
    if deleted is None:
        return ArmError(
            f"There is no API Management service {wanted.name} in the resource group {wanted.group}.",
            code="ServiceNotFound",
            target=str(wanted),
            hint="Check name, resource_group and subscription_id. A service to restore into must exist, with the pricing tier of the backup.",
        )
    until = f" until {deleted.purge_date}" if deleted.purge_date else ""
    where = f"--service-name {deleted.name} --location {deleted.location}"
    return ArmError(
        f"The API Management service {deleted.name} is soft-deleted in {deleted.location}; Azure keeps it, and its name{until}.",
        code="ServiceSoftDeleted",
        target=deleted.service_id or str(wanted),
        hint=(
            "Undelete it: az rest --method put --url "
            f"{deleted.service_id or wanted}?api-version={client.version_of(APIM)} --body "
            f"'{{\"location\": \"{deleted.location}\", \"properties\": {{\"restore\": true}}}}'. "
            f"Or give it up for ever: az apim deletedservice purge {where}; then create the service anew."
        ),
    )


def check_recoverable(service: Service) -> ArmError | None:
    """Why this service can be neither backed up nor restored into; None when it can, or will when what runs has ended."""
    if service.sku.lower() not in {tier.lower() for tier in TIERS}:
        return ArmError(
            f"The pricing tier {service.sku or 'of the service, which is not told,'} cannot be backed up or restored.",
            code="UnsupportedTier",
            target=service.id,
            hint=f"Azure can for the tiers {', '.join(TIERS)} only; for others, keep the APIs as code (az apim api export, APIOps).",
        )
    if service.provisioning_state.lower() == "terminating":
        return ArmError("The service is being deleted.", code="ServiceNotReady", target=service.id)
    if not service.succeeded and not service.running:
        return ArmError(
            f"The service is {service.provisioning_state or 'in an unknown state'}; only one that is Succeeded can be backed up or restored into.",
            code="ServiceNotReady",
            target=service.id,
            hint="Repair the service first: az apim show tells more, and an update without changes (az apim update) often brings it back.",
        )
    return None


def client_id_of(service: Service, access: str, wanted: str | None) -> str | None:
    """The client id that the service shows to the storage account; None for access by key or by the system-assigned identity.

    ``wanted``: resource id, name or client id of a user-assigned identity of the service; it may be left out when there is one only.
    Raises ArmError when the service has not the identity that it is to use.
    """
    if access == KEY:
        return None
    if access == SYSTEM_IDENTITY:
        if service.has_system_identity:
            return None
        raise _no_identity(service, "no system-assigned identity", "az apim update --name NAME --resource-group GROUP --set identity.type=SystemAssigned")
    found = {key: value for key, value in service.user_identities.items() if wanted is None or _is_identity(wanted, key, value)}
    if len(found) == 1:
        return next(iter(found.values())) or None
    known = ", ".join(sorted(ResourceId.parse(key).name for key in service.user_identities)) or "none"
    if found:
        raise OptionError("user_assigned_identity", f"{service.name} has several user-assigned identities; say which: {known}")
    raise _no_identity(service, f"not the user-assigned identity {wanted or ''}".rstrip() + f" (it has: {known})", "assign it to the service")


def _is_identity(wanted: str, resource_id: str, client_id: str) -> bool:
    text = wanted.strip()
    if text.startswith("/"):
        return same_id(text, resource_id)
    return text.lower() in (client_id.lower(), resource_id.rsplit("/", 1)[-1].lower())


def _no_identity(service: Service, what: str, remedy: str) -> ArmError:
    return ArmError(
        f"The service {service.name} has {what}, so it cannot reach the storage account with it.",
        code="IdentityMissing",
        target=service.id,
        hint=f"Give it one ({remedy}) and the role Storage Blob Data Contributor on the storage account, or choose another storage_access.",
    )


def wait_until_settled(client: ArmClient, service: Service, waiting: Waiting) -> Service:
    """Waits until no operation of the service runs, whatever started it, and returns the service as it is then.

    Raises OperationTimeout with the service's id and state, and OperationFailed when the service is gone.
    """
    while service.running:
        waiting.tell(0, 1, f"{service.name}: {service.provisioning_state}")
        if waiting.left() <= 0:
            raise OperationTimeout(
                f"The service {service.name} was still {service.provisioning_state} when the time was over; Azure goes on with what it does.",
                last_state=service.provisioning_state,
                resume={"service_id": service.id},
                target=service.id,
            )
        waiting.pause(client.clock)
        found = read_service(client, service.path)
        if found is None:
            raise OperationFailed(f"The service {service.name} is gone.", code="ServiceNotFound", target=service.id)
        service = found
    return service
