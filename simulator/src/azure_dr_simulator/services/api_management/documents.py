# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in a backup's blob: the content of a service, and which service it was.

Left out is what a backup never contains: identity, network, certificates, host names, monitoring, what the developer
portal shows.
Azure encrypts secret values; here a reference stands for each, and the value stays in the simulator.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from .state import ApiManagementState, Content, Service

LIFETIME = timedelta(days=30)
_FORMAT = 1


class NoBackup(ValueError):
    """The blob is not a backup."""


@dataclass(frozen=True)
class Backup:
    created: datetime
    sku: str
    content: Content


def write_backup(state: ApiManagementState, service: Service, content: Content, now: datetime, version: str) -> bytes:
    """The blob of a backup; `version` is the request's api-version."""
    document = {
        "kind": "ApiManagementBackup",
        "format": _FORMAT,
        "apiVersion": version,
        "created": now.isoformat(),
        "service": {"id": service.id, "name": service.name, "location": service.location, "sku": service.sku},
        "content": {path: _sealed(state, path, service, properties) for path, properties in content.items()},
    }
    return json.dumps(document, indent=1).encode()


def read_backup(state: ApiManagementState, data: bytes) -> Backup:
    """The backup in a blob. Raises NoBackup."""
    try:
        document = json.loads(data)
        if document["kind"] != "ApiManagementBackup" or document["format"] != _FORMAT:
            raise NoBackup("of another format")
        content = {str(path): dict(properties) for path, properties in document["content"].items()}
        created, sku = datetime.fromisoformat(document["created"]), str(document["service"]["sku"])
    except NoBackup:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoBackup(str(error)) from None
    for properties in content.values():
        if "sealed" in properties:
            properties["value"] = state.sealed.get(str(properties.pop("sealed")), "")
    return Backup(created, sku, content)


def _sealed(state: ApiManagementState, path: str, service: Service, properties: dict[str, object]) -> dict[str, object]:
    kept = copy.deepcopy(properties)
    if kept.get("secret"):
        value = str(kept.pop("value", ""))
        reference = f"{service.name}/{path}/{len(state.sealed)}"
        state.sealed[reference] = value
        kept["sealed"] = reference
    return kept
