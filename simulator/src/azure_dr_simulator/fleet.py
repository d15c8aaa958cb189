# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large estates: replaces the virtual machines of an estate document by N generated ones."""

from __future__ import annotations

import copy
from typing import Any, Mapping

from .estate import EstateError


def with_fleet(document: Mapping[str, Any], count: int, *, protected: bool) -> dict[str, Any]:
    """The document with machines `vm-0001` ... in its first resource group; their protection is spread over the vaults.

    Unprotected machines leave the vaults empty. Raises EstateError when the document has no group or, for protected
    machines, no vault.
    """
    grown = copy.deepcopy(dict(document))
    groups = grown.get("resource_groups") or []
    vaults = grown.get("vaults") or []
    if not groups:
        raise EstateError("resource_groups", "must have a group for the generated machines")
    if protected and not vaults:
        raise EstateError("vaults", "must have a vault to protect the generated machines")
    group = groups[0]["name"]
    width = max(4, len(str(count)))
    grown["virtual_machines"] = [{"name": f"vm-{{n:0{width}d}}", "count": count, "resource_group": group}]
    grown.pop("restore_point_collections", None)  # They are of machines that are gone.
    for vault in vaults:
        vault["protected_items"] = []
    if protected:
        for number in range(1, count + 1):
            items = vaults[number % len(vaults)]["protected_items"]
            items.append({"vm": f"vm-{number:0{width}d}", "resource_group": group, "policy": "DefaultPolicy"})
    return grown
