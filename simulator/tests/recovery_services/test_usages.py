# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vault holds, in numbers; whether a vault's name is free."""

from __future__ import annotations

from typing import Any

import pytest
from backup_world import Backup


def counts(azure: Backup, below: str, **query: str) -> dict[str, int]:
    return {one["name"]["value"]: one["currentValue"] for one in azure.get(azure.vault + below, **query)["value"]}


def vault(**changes: Any) -> Backup:
    items = [{"vm": "web-01", "recovery_points": [{"age_hours": 20}]}, {"vm": "web-02"}]
    return Backup([{"name": "rsv-prod-01", "resource_group": "rg-backup", "protected_items": items, **changes}])


def test_counts_of_items_and_jobs() -> None:
    azure = vault()
    before = counts(azure, "/usages")
    assert (before["ProtectedItemCount"], before["IaaSVMProtectedItemCount"], before["InProgressJobsCount"]) == (
        2,
        2,
        0,
    )
    azure.send("POST", azure.item("web-01") + "/backup", {"properties": {"objectType": "IaasVMBackupRequest"}})
    assert counts(azure, "/usages")["InProgressJobsCount"] == 1
    azure.advance(2 * 86_400)
    assert counts(azure, "/usages")["InProgressJobsCount"] == 0
    assert counts(azure, "/backupUsageSummaries", filter="type eq 'BackupProtectedItemCountSummary'") == {
        "AzureIaasVM": 2
    }
    assert counts(azure, "/backupUsageSummaries", filter="type eq 'BackupProtectionContainerCountSummary'") == {
        "AzureIaasVM": 2
    }


def test_nothing_is_replicated() -> None:
    azure = Backup()
    (row,) = azure.get(azure.vault + "/replicationUsages")["value"]
    assert row["protectedItemCount"] == 0 and set(row["jobsSummary"].values()) == {0}


@pytest.mark.parametrize(
    ("name", "group", "free"),
    [("RSV-prod-01", "rg-backup", False), ("rsv-prod-01", "rg-dr", True), ("rsv-free", "rg-backup", True)],
)
def test_names(name: str, group: str, free: bool) -> None:
    azure = Backup()
    path = f"{azure.subscription}/resourceGroups/{group}/providers/Microsoft.RecoveryServices/locations/eastasia/checkNameAvailability"
    answer = azure.send("POST", path, {"name": name, "type": "Microsoft.RecoveryServices/Vaults"})
    assert (answer.status, answer.body["nameAvailable"]) == (200, free)
