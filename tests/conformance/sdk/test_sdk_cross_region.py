# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-mgmt-recoveryservicesbackup-passivestamp: a restore in the paired region."""

from __future__ import annotations

from typing import Any

from azure.mgmt.recoveryservicesbackup.passivestamp import models as secondary_models
from azure_clients import HOUR, PROTECTED_VMS, VMS, Vault, properties

PAIRED = "southeastasia"


def test_restore_in_the_paired_region(azure: Any) -> None:
    vault = Vault(azure, "rsv-prod-02")
    vault.protected_with_point("web-01")
    azure.sim.control.advance(40 * HOUR)
    secondary = azure.secondary
    (item,) = secondary.backup_protected_items_crr.list(**vault.place, filter=PROTECTED_VMS)
    assert item.properties.friendly_name == "web-01"
    (point,) = secondary.recovery_points_crr.list(**vault.names("web-01"))
    assert [tier.type for tier in point.properties.recovery_point_tier_details] == ["HardenedRP"]

    identity = secondary.aad_properties.get(PAIRED, filter=VMS)
    token = secondary.recovery_points.get_access_token(**vault.names("web-01"), recovery_point_id=point.name, parameters=identity)
    group = azure.sim.rg("rg-dr-secondary")
    request = secondary_models.CrossRegionRestoreRequest(
        cross_region_restore_access_details=token.properties,
        restore_request=secondary_models.IaasVMRestoreRequest(
            recovery_point_id=point.name, recovery_type="RestoreDisks", source_resource_id=azure.sim.vm_id("rg-prod", "web-01"), region=PAIRED,
            target_resource_group_id=group, storage_account_id=group + "/providers/Microsoft.Storage/storageAccounts/ststagingsea",
            create_new_cloud_service=False, original_storage_account_option=False,
        ),
    )
    poller = secondary.cross_region_restore.begin_trigger(PAIRED, request)
    poller.result()
    reference = secondary_models.CrrJobRequest(resource_id=vault.id)
    (listed,) = secondary.backup_crr_jobs.list(PAIRED, reference, filter=VMS)
    assert listed.properties.operation == "CrossRegionRestore"
    azure.sim.control.advance(HOUR)
    job = secondary.backup_crr_job_details.get(PAIRED, secondary_models.CrrJobRequest(resource_id=vault.id, job_name=listed.name))
    assert properties(job)["status"] == "Completed"
    assert vault.jobs("CrossRegionRestore") == []
    disks = list(azure.compute.disks.list_by_resource_group("rg-dr-secondary"))
    assert [disk.location for disk in disks] == [PAIRED]
