# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cross-region restore: the seven steps."""

from __future__ import annotations

from typing import Any

import pytest
from backup_world import Backup, code, vault_with_points

CRR = "2021-11-15"


@pytest.fixture()
def azure() -> Backup:
    return Backup(vault_with_points(redundancy="GeoRedundant", cross_region_restore=True))


def token(azure: Backup, name: str = "web-01") -> dict[str, Any]:
    aad = azure.get(azure.location("southeastasia") + "/backupAadProperties", version=CRR)
    point = azure.rows(azure.item(name) + "/recoveryPoints/", version=CRR)[0]["name"]
    reply = azure.send("POST", f"{azure.item(name)}/recoveryPoints/{point}/accessToken", aad, version=CRR)
    assert reply.status == 200
    found: dict[str, Any] = reply.body["properties"]
    return found


def request(azure: Backup, point: str, **changes: Any) -> dict[str, Any]:
    return azure.restore_request(
        "web-01",
        **{
            "recoveryPointId": point,
            "region": "southeastasia",
            "targetResourceGroupId": f"{azure.subscription}/resourceGroups/rg-dr-secondary",
            "storageAccountId": azure.storage("rg-dr-secondary", "ststagingsea"),
            **changes,
        },
    )


def trigger(azure: Backup, details: dict[str, Any], restore: dict[str, Any], region: str = "southeastasia") -> Any:
    body = {"crossRegionRestoreAccessDetails": details, "restoreRequest": restore}
    return azure.send("POST", azure.location(region) + "/backupCrossRegionRestore", body, version=CRR)


def test_the_whole_way(azure: Backup) -> None:
    assert len(azure.rows(f"{azure.vault}/backupProtectedItems/", version=CRR)) == 2
    point = azure.rows(azure.item("web-01") + "/recoveryPoints/", version=CRR)[0]
    assert point["properties"]["recoveryPointTierDetails"] == [{"type": "HardenedRP", "status": "Valid"}]
    assert point["properties"]["crossRegionRestoreState"] == "Supported"
    assert "recoveryPointAdditionalInfo" not in point["properties"]
    details = token(azure)
    assert details["accessTokenString"].count(".") == 2
    reply = trigger(azure, details, request(azure, point["name"]))
    assert (reply.status, reply.body) == (202, None)
    azure.advance(3)
    operation = reply.headers["Azure-AsyncOperation"].split("?")[0]
    status = azure.get(operation.replace("=", "%3D"), version=CRR)
    assert status["status"] == "Succeeded" and status["endTime"].count(".") == 0
    name = status["properties"]["jobId"]
    assert azure.send("GET", f"{azure.vault}/backupJobs/{name}").status == 404
    body = {"resourceId": azure.vault, "jobName": name}
    job_path = azure.location("southeastasia") + "/backupCrrJob"
    job = azure.send("POST", job_path, body, version=CRR).body
    assert job["id"] == f"{azure.location('southeastasia')}/backupJobs/{name}"
    assert job["properties"]["operation"] == "CrossRegionRestore"
    azure.advance(20 * 60)
    job = azure.send("POST", job_path, body, version=CRR).body["properties"]
    bag = job["extendedInfo"]["propertyBag"]
    assert job["status"] == "Completed" and bag["Vault name"] == "rsv-prod-01" and bag["Target VM Name"] == "vmName"
    assert "Template Blob Uri" in bag
    assert [disk.location for disk in azure.compute.disks if disk.resource_group == "rg-dr-secondary"] == ["southeastasia"]
    jobs = azure.send("POST", azure.location("southeastasia") + "/backupCrrJobs", {"resourceId": azure.vault}, version=CRR).body
    assert [one["name"] for one in jobs["value"]] == [name] and "extendedInfo" not in jobs["value"][0]["properties"]


def test_a_new_vm_in_the_paired_region(azure: Backup) -> None:
    details = token(azure)
    network = f"{azure.subscription}/resourceGroups/rg-dr-secondary/providers/Microsoft.Network/virtualNetworks/vnet-dr-secondary"
    wanted = request(
        azure,
        details["recoveryPointId"],
        recoveryType="AlternateLocation",
        targetVirtualMachineId=azure.vm("web-01-dr", "rg-dr-secondary"),
        virtualNetworkId=network,
        subnetId=f"{network}/subnets/default",
    )
    assert trigger(azure, details, wanted).status == 202
    azure.advance(25 * 60)
    vm = azure.get(azure.vm("web-01-dr", "rg-dr-secondary"), version="2024-11-01")
    assert vm["location"] == "southeastasia"


@pytest.mark.parametrize(
    "changes",
    [{"region": "eastasia"}, {"recoveryType": "OriginalLocation"}, {"storageAccountId": "primary"}, {"identityInfo": {"isSystemAssignedIdentity": True}}],
)
def test_what_is_impossible_across_regions(azure: Backup, changes: dict[str, Any]) -> None:
    details = token(azure)
    if changes.get("storageAccountId"):
        changes = {"storageAccountId": azure.storage("rg-dr", "ststagingea")}
    assert trigger(azure, details, request(azure, details["recoveryPointId"], **changes)).status == 400


def test_the_token_is_checked(azure: Backup) -> None:
    details = token(azure)
    good = request(azure, details["recoveryPointId"])
    assert trigger(azure, {**details, "accessTokenString": "nonsense"}, good).status == 403
    assert trigger(azure, {**details, "recoveryPointId": "1"}, good).status == 403
    assert trigger(azure, details, good, region="eastasia").status == 400
    azure.advance(86400 + 60)
    assert code(trigger(azure, details, good)).startswith("403")


def test_without_cross_region_restore_nothing_is_there() -> None:
    azure = Backup(vault_with_points())
    assert azure.rows(f"{azure.vault}/backupProtectedItems/", version=CRR) == []
    assert azure.rows(azure.item("web-01") + "/recoveryPoints/", version=CRR) == []
    point = azure.points("web-01")[0]["name"]
    aad = azure.get(azure.location("southeastasia") + "/backupAadProperties", version=CRR)
    assert azure.send("POST", f"{azure.item('web-01')}/recoveryPoints/{point}/accessToken", aad, version=CRR).status == 400


def test_points_arrive_with_a_lag() -> None:
    azure = Backup(vault_with_points(redundancy="GeoRedundant", cross_region_restore=True, cross_region_lag=3600))
    job = azure.backup("db-01")
    azure.run_to_end(job)
    secondary = azure.item("db-01") + "/recoveryPoints/"
    assert len(azure.rows(secondary, version=CRR)) == 1
    azure.advance(3600)
    assert len(azure.rows(secondary, version=CRR)) == 2


def test_enabling_shows_points_after_the_lag() -> None:
    azure = Backup(vault_with_points(redundancy="GeoRedundant"))
    azure.send("PATCH", azure.vault, {"properties": {"redundancySettings": {"crossRegionRestore": "Enabled"}}})
    assert azure.rows(f"{azure.vault}/backupProtectedItems/", version=CRR) == []
    azure.advance(301)
    assert len(azure.rows(f"{azure.vault}/backupProtectedItems/", version=CRR)) == 2
