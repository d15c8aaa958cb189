# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API Management services and the backups of them as entries of the simulator's estate. Pure. Of the contents nothing is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Iterable, Mapping, Sequence

from .._apim.backups import Backup
from .._apim.service import Service
from .._arm.ids import ResourceId
from .machines import Names, age_hours, compact
from .left_out import LeftOut

TIERS = ("Developer", "Basic", "Standard", "Premium", "Isolated", "Consumption", "BasicV2", "StandardV2", "PremiumV2")
DATA_ROLE = "Storage Blob Data Contributor"


@dataclass(frozen=True)
class Found:
    """Backups of a service in one container."""

    service: str
    account: str
    container: str
    backups: tuple[Backup, ...]


def service_entries(
    services: Iterable[Service], found: Sequence[Found], accounts: frozenset[str], names: Names, now: datetime, left_out: LeftOut
) -> list[dict[str, Any]]:
    """``accounts``: the names of the exported storage accounts, in lower case."""
    entries = []
    for service in services:
        if service.sku not in TIERS:
            left_out.add(service.id, f"The simulator has no pricing tier {service.sku}.")
            continue
        entries.append(
            compact(
                {
                    "name": service.name,
                    "resource_group": names.group(ResourceId.parse(service.id)),
                    "location": service.location,
                    "sku": service.sku,
                    "capacity": service.capacity,
                    "tags": dict(service.tags),
                    "system_identity": service.has_system_identity or None,
                    "identity_roles": [DATA_ROLE] if service.has_system_identity else [],
                    "user_identities": sorted({identity.rpartition("/")[2] for identity in service.user_identities}),
                    "backups": _backups(service, found, accounts, now, left_out),
                }
            )
        )
    return entries


def identity_entries(services: Iterable[Service]) -> list[dict[str, Any]]:
    """The user-assigned identities of services, as principals of the estate."""
    found: dict[str, dict[str, Any]] = {}
    for service in services:
        for identity, client in service.user_identities.items():
            name = identity.rpartition("/")[2]
            found.setdefault(name, compact({"name": name, "kind": "managed_identity", "client_id": client, "roles": [DATA_ROLE]}))
    return [found[name] for name in sorted(found)]


def _backups(service: Service, found: Sequence[Found], accounts: frozenset[str], now: datetime, left_out: LeftOut) -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = []
    for place in found:
        if place.service.lower() != service.name.lower():
            continue
        for backup in place.backups:
            if place.account.lower() not in accounts:
                left_out.add(service.id, f"The storage account {place.account} with its backups is not part of the estate.")
            elif backup.created is not None:
                entry = {"storage_account": place.account, "container": place.container, "name": backup.name}
                entries.append({**entry, "age_hours": age_hours(backup.created, now)})
    return entries
