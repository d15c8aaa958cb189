# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated API Management knows: services with their content, operations, services that were soft-deleted."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Iterator

from ...estate import RoleAssignment
from ...store import Store
from ...world import World
from ..resources.state import REGIONS

DEDICATED = ("Developer", "Basic", "Standard", "Premium")
"""The tiers whose services can be backed up and restored."""
SKUS = (*DEDICATED, "Isolated", "Consumption", "BasicV2", "StandardV2", "PremiumV2")
FAILED = "Failed"
SUCCEEDED = "Succeeded"


@dataclass
class Identity:
    """The managed identities of a service."""

    system: str = ""
    """Object id of the system-assigned identity, empty when there is none."""
    users: list[str] = field(default_factory=list)
    """ARM ids of the user-assigned identities."""

    @property
    def type(self) -> str:
        kinds = ("SystemAssigned" if self.system else "", "UserAssigned" if self.users else "")
        return ", ".join(kind for kind in kinds if kind)


Content = dict[str, dict[str, Any]]
"""Path below the service, such as `apis/echo-api/operations/get` -> properties; what a backup holds."""


@dataclass
class Service:
    subscription_id: str
    resource_group: str
    name: str
    location: str
    """Short form: `eastasia`. Answers have the display form."""
    sku: str
    capacity: int
    created: datetime
    properties: dict[str, Any] = field(default_factory=dict)
    """What the caller chose: publisher, host names, network, custom properties."""
    tags: dict[str, str] = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)
    identity_roles: tuple[RoleAssignment, ...] = ()
    """Roles of the system-assigned identity, whenever it is on."""
    zones: list[str] | None = None
    state: str = SUCCEEDED
    """provisioningState."""
    target: str = ""
    """targetProvisioningState."""
    version: int = 0
    """Counts changes; the etag."""
    content: Content = field(default_factory=dict)
    operation: Operation | None = None
    """The one that runs."""
    delete_ending: str = "succeeded"
    """What the status of a deletion ends with: `succeeded`, or `gone` for 404."""

    @property
    def id(self) -> str:
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.ApiManagement/service/{self.name}"

    @property
    def etag(self) -> str:
        return base64.b64encode((0x9AF00 + self.version).to_bytes(8, "big")).decode()

    @property
    def shown_location(self) -> str:
        return REGIONS.get(self.location, (self.location, ""))[0]

    @property
    def busy(self) -> bool:
        """Whether an operation runs: everything that changes the service is refused meanwhile."""
        return self.operation is not None or self.state not in (SUCCEEDED, FAILED)


@dataclass
class Operation:
    """A long operation of a service. `over` is set by the effect that ends it; one that is stuck never ends."""

    id: str
    """Base64, as it stands in URLs."""
    kind: str
    """`Act`, `Update`, `Term`, `Backup` or `Restore`."""
    service_id: str
    over: bool = False
    status: int = 200
    """HTTP status of its result when it is over: 200, or that of the failure."""
    error: dict[str, Any] | None = None
    """The failure's body; None is an empty one."""


@dataclass
class Deleted:
    """A soft-deleted service."""

    service: Service
    deleted: datetime
    purge: datetime
    purging: bool = False

    @property
    def id(self) -> str:
        root = f"/subscriptions/{self.service.subscription_id}/providers/Microsoft.ApiManagement"
        return f"{root}/locations/{self.service.location}/deletedservices/{self.service.name}"


class ApiManagementState:
    def __init__(self) -> None:
        self.services: Store[Service] = Store()
        self.deleted: dict[str, Deleted] = {}
        """By name in lower case: names are unique in the whole of Azure."""
        self.operations: dict[str, Operation] = {}
        self.sealed: dict[str, str] = {}
        """Secret values that went into backups: reference -> value. Azure encrypts them; here they stay out of blobs."""
        self.sso_tokens: list[str] = []

    def named(self, name: str) -> Service | None:
        return next((one for one in self.services if one.name.lower() == name.lower()), None)


def begin(
    world: World, service: Service, kind: str, seconds: float | None, finish: Callable[[Operation], None]
) -> Operation:
    """Starts an operation that `finish` ends in so many virtual seconds; None: it never ends."""
    stamp = f"{service.location}:{service.name}_{kind}_{world.random.getrandbits(32):08x}"
    operation = Operation(base64.b64encode(stamp.encode()).decode(), kind, service.id)
    world.state(ApiManagementState).operations[operation.id] = operation
    service.operation = operation

    def end() -> None:
        operation.over = True
        service.operation = None
        finish(operation)
        service.version += 1

    if seconds is not None:
        world.after(seconds, end)
    return operation


def dump(world: World) -> dict[str, Any]:
    """For the control port; without secrets."""
    state = world.state(ApiManagementState)
    return {
        "services": [
            {
                "id": one.id,
                "location": one.location,
                "sku": one.sku,
                "provisioningState": one.state,
                "tags": one.tags,
                "identity": one.identity.type,
                "operation": one.operation.kind if one.operation else None,
                "content": sorted(one.content),
            }
            for one in state.services
        ],
        "deletedServices": [
            {"id": one.id, "serviceId": one.service.id, "scheduledPurgeDate": one.purge.isoformat()}
            for one in state.deleted.values()
        ],
    }


def credentials(world: World) -> list[str]:
    """Values of secret named values, and tokens of the developer portal."""
    state = world.state(ApiManagementState)
    services = [*state.services, *(one.service for one in state.deleted.values())]
    secrets = [
        str(properties.get("value", ""))
        for service in services
        for properties in service.content.values()
        if properties.get("secret")
    ]
    return [*secrets, *state.sealed.values(), *state.sso_tokens]


def inventory(world: World, subscription_id: str) -> Iterator[dict[str, Any]]:
    """The services, for the lists of all resources."""
    for one in world.state(ApiManagementState).services.within(subscription_id):
        yield {
            "id": one.id,
            "name": one.name,
            "type": "Microsoft.ApiManagement/service",
            "location": one.location,
            "tags": one.tags,
            "sku": {"name": one.sku, "capacity": one.capacity},
            "_created": one.created,
            "_state": one.state,
        }
