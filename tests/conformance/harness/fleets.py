# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets of any size with a recovery plan: three applications in seven waves of four stages, two vaults, and copies in another region."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

from .drills import Recovery
from .simulator import Simulator

SUBSCRIPTION = "5a8f2d3c-7b14-4e09-9c6d-1f2e3a4b5c6d"
NAME = "fleet"
CONTROLLERS = 6
"""VMs that are built from copies of restore points in the other region."""
SOUTH = "southeastasia"

SHARES = {("shop", "data"): 10, ("shop", "app"): 20, ("shop", "web"): 30, ("office", "files"): 15, ("erp", "data"): 10, ("erp", "app"): 15}
"""How the VMs that the vaults protect are spread, in percent."""
PORTS = {"data": 1433, "app": 8443, "web": 8080, "files": 445, "identity": 389}
VAULTS = {"shop": "rsv-shop", "office": "rsv-office", "erp": "rsv-office"}
NETWORKS = {"rg-prod": ("vnet-prod", "10.16.0.0/12", ""), "rg-dr": ("vnet-dr", "10.32.0.0/12", ""), "rg-drill": ("vnet-drill", "10.48.0.0/12", "")}
NETWORKS |= {"rg-dr-south": ("vnet-dr-south", "10.64.0.0/12", SOUTH), "rg-drill-south": ("vnet-drill-south", "10.80.0.0/12", SOUTH)}


class FleetRecovery(Recovery):
    """A fleet of so many VMs with its plan, on a simulator with the limits of a year."""

    def __init__(self, start: Callable[..., Simulator], folder: Path, vms: int, *, speed: float, throttle: str) -> None:
        self.reports, self.plan, loaded = folder / "reports", folder / "plan.yml", folder / "estate.yml"
        # JSON is YAML.
        self.plan.write_text(json.dumps(plan()))
        loaded.write_text(json.dumps(estate(vms)))
        self.sim = start(speed=speed, throttle=throttle, estate=loaded)


def sizes(vms: int) -> dict[tuple[str, str], int]:
    """How many VMs each wave has; together ``vms``."""
    protected = vms - CONTROLLERS
    found = {wave: protected * share // 100 for wave, share in SHARES.items()}
    found["shop", "web"] += protected - sum(found.values())
    return {("office", "identity"): CONTROLLERS, **found}


def estate(vms: int) -> dict[str, Any]:
    """For the simulator. Every VM answers on the port of its tier, and the databases tell in their boot log that they are up."""
    collections = [collection for number in range(1, CONTROLLERS + 1) for collection in _collections(f"office-identity-{number:04d}")]
    return {
        "location": "eastasia",
        "subscription_id": SUBSCRIPTION,
        "principals": [{"name": "recovery", "roles": ["Contributor"]}],
        "resource_groups": [
            *({"name": group, **_at(region)} for group, (_network, _prefix, region) in NETWORKS.items()),
            {"name": "rg-backup"},
            {"name": "rg-copies", "location": SOUTH},
        ],
        "virtual_networks": [
            {"name": name, "resource_group": group, "address_prefixes": [prefix], "subnets": [{"name": "app", "prefix": prefix}], **_at(region)}
            for group, (name, prefix, region) in NETWORKS.items()
        ],
        "storage_accounts": [{"name": "stdrstaging", "resource_group": "rg-dr"}, {"name": "stdrillstaging", "resource_group": "rg-drill"}],
        "virtual_machines": [
            {
                "name": f"{application}-{tier}-{{n:04d}}",
                "count": count,
                "resource_group": "rg-prod",
                "virtual_network": "vnet-prod",
                "tags": {"app": application, "tier": tier},
                "guest": {"ports": [PORTS[tier]], **({"boot_log": "up, login:"} if tier == "data" else {})},
            }
            for (application, tier), count in sizes(vms).items()
        ],
        "vaults": [
            {
                "name": vault,
                "resource_group": "rg-backup",
                "protected_items": [
                    {"vm": f"{application}-{tier}-*", "policy": "EnhancedPolicy", "recovery_points": [{"age_hours": 6, "tiers": ["InstantRP", "HardenedRP"]}]}
                    for application, tier in SHARES
                    if VAULTS[application] == vault
                ],
            }
            for vault in sorted(set(VAULTS.values()))
        ],
        "restore_point_collections": collections,
    }


def _at(region: str) -> dict[str, str]:
    return {"location": region} if region else {}


def _collections(vm: str) -> list[dict[str, Any]]:
    """A VM's restore point, and its copy in the other region."""
    name, point = f"{vm}-restore-points", f"{vm}-nightly"
    source = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/{vm}"
    return [
        {"name": name, "resource_group": "rg-prod", "vm": vm, "restore_points": [{"name": point, "age_hours": 10}]},
        {
            "name": f"{name}-{SOUTH}",
            "resource_group": "rg-copies",
            "location": SOUTH,
            "source": name,
            "source_resource_group": "rg-prod",
            "tags": {"lifeboat_source_vm": source},
            "restore_points": [{"name": point, "copied_hours_ago": 9}],
        },
    ]


def plan() -> dict[str, Any]:
    """The recovery plan, which is the same for fleets of all sizes: it finds the VMs by their tags."""
    return {
        "version": 1,
        "name": NAME,
        "vaults": [{"name": vault, "resource_group": "rg-backup"} for vault in sorted(set(VAULTS.values()))],
        "objectives": {"rto": "12h", "rpo": "3d"},
        "targets": {
            "primary": {
                "from": "vault",
                "region": "eastasia",
                **_place("rg-dr"),
                "storage_account": "stdrstaging",
                "drill": {**_place("rg-drill"), "storage_account": "stdrillstaging", "vm_name": "drill-{name}"},
            },
            "south": {
                "from": "restore_points",
                "region": SOUTH,
                "restore_points": {"resource_group": "rg-copies"},
                **_place("rg-dr-south"),
                "drill": {**_place("rg-drill-south"), "vm_name": "drill-{name}"},
            },
        },
        "applications": [
            {"name": "shop", "target": "primary", "waves": [_wave("shop", "data"), _wave("shop", "app"), _wave("shop", "web", ["app", "office/files"])]},
            {"name": "office", "target": "primary", "waves": [_wave("office", "identity", target="south"), _wave("office", "files")]},
            {"name": "erp", "target": "primary", "waves": [_wave("erp", "data"), _wave("erp", "app", ["data", "shop/web"])]},
        ],
    }


def _place(group: str) -> dict[str, str]:
    return {"resource_group": group, "virtual_network": NETWORKS[group][0], "subnet": "app"}


def _wave(application: str, tier: str, after: list[str] | None = None, target: str | None = None) -> dict[str, Any]:
    chosen = {"tags": {"app": application, "tier": tier}, "resource_group": "rg-prod", **({"target": target} if target else {})}
    checks: list[dict[str, Any]] = [{"name": f"{tier} answers", "tcp": {"port": PORTS[tier]}, "timeout": "2m"}]
    if (application, tier) == ("shop", "data"):
        checks.append({"name": "booted", "boot_diagnostics": {"contains": "login:"}, "vms": ["shop-data-0001"], "timeout": "2m"})
    return {"name": tier, **({"after": after} if after else {}), "virtual_machines": [chosen], "checks": checks}
