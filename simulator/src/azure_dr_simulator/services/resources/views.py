# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of subscriptions, groups, regions and providers, as Resources api-version 2021-04-01 and newer answer."""

from __future__ import annotations

from typing import Any

from ...estate import Estate
from .state import PROVIDERS, REGIONS, Group


def subscription_view(estate: Estate) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{estate.subscription_id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": estate.subscription_id,
        "tenantId": estate.tenant_id,
        "displayName": "Simulated subscription",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Internal_2014-09-01",
            "quotaId": "Internal_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def tenant_view(estate: Estate) -> dict[str, Any]:
    return {
        "id": f"/tenants/{estate.tenant_id}",
        "tenantId": estate.tenant_id,
        "countryCode": "KR",
        "displayName": "Simulated tenant",
        "domains": ["simulated.example"],
        "tenantCategory": "Home",
        "defaultDomain": "simulated.example",
        "tenantType": "AAD",
    }


def group_view(group: Group) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": group.id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "properties": {"provisioningState": group.provisioning_state},
    }
    return {**view, "tags": group.tags} if group.tags else view


def locations_view(estate: Estate) -> list[dict[str, Any]]:
    names = dict(REGIONS)
    for extra in (estate.location, estate.paired_location):
        names.setdefault(extra, (extra, "Other"))
    pairs = {estate.location: estate.paired_location, estate.paired_location: estate.location}
    return [_location(estate, name, shown, area, pairs.get(name, "")) for name, (shown, area) in sorted(names.items())]


def provider_view(subscription_id: str, namespace: str, registered: bool, regions: list[str]) -> dict[str, Any]:
    types = [
        {
            "resourceType": kind,
            "locations": regions,
            "apiVersions": [
                "2026-07-01",
                "2025-04-01",
                "2025-02-01",
                "2024-11-01",
                "2024-05-01",
                "2023-05-01",
                "2021-04-01",
            ],
            "capabilities": "SupportsTags, SupportsLocation",
        }
        for kind in PROVIDERS[namespace]
    ]
    return {
        "id": f"/subscriptions/{subscription_id}/providers/{namespace}",
        "namespace": namespace,
        "resourceTypes": types,
        "registrationState": "Registered" if registered else "NotRegistered",
        "registrationPolicy": "RegistrationRequired",
    }


def _location(estate: Estate, name: str, shown: str, area: str, pair: str) -> dict[str, Any]:
    root = f"/subscriptions/{estate.subscription_id}/locations"
    return {
        "id": f"{root}/{name}",
        "name": name,
        "type": "Region",
        "displayName": shown,
        "regionalDisplayName": f"({area}) {shown}",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geographyGroup": area,
            "pairedRegion": [{"name": pair, "id": f"{root}/{pair}"}] if pair else [],
        },
    }
