# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of network resources, as Network api-version 2024-05-01 answers."""

from __future__ import annotations

from typing import Any

from .state import NetworkResource, usable_addresses


def network_view(resource: NetworkResource) -> dict[str, Any]:
    view: dict[str, Any] = {
        "name": resource.name,
        "id": resource.id,
        "etag": resource.etag,
        "type": f"Microsoft.Network/{resource.kind}",
        "location": resource.location,
        "properties": resource.properties,
        **resource.extra,
    }
    return {**view, "tags": resource.tags} if resource.tags else view


def subnet_view(network: NetworkResource, subnet: dict[str, Any]) -> dict[str, Any]:
    return {**subnet, "etag": network.etag}


def usage_view(subnet: dict[str, Any], used: int) -> dict[str, Any]:
    return {
        "id": subnet["id"],
        "currentValue": used,
        "limit": usable_addresses(subnet["properties"]["addressPrefix"]),
        "name": {"localizedValue": "Subnet size and usage", "value": "SubnetSpace"},
        "unit": "Count",
    }
