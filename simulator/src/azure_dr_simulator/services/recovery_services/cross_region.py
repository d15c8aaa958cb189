# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cross-region restore: the seven steps through the paired region."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

from ...bodies import region_of
from ...replies import AzureError, Reply
from ...routing import Call
from .cross_region_rules import paired_region, points_in_secondary
from .filters import page
from .job_views import job_json
from .jobs import job_not_found, select_jobs
from .lifecycle import operation_for
from .links import accepted, item_of, vault_of
from .naming import parse_resource_id
from .neighbours import tenant_id
from .recovery_points import find_point
from .restore_checks import RestoreCase, require_valid
from .restores import start_restore
from .state import Item, Job, RecoveryPoint, SecondaryOperation, Vault, state_of
from .times import stamp, us_time

_TOKEN_LIFE = timedelta(days=1)


def get_aad_properties(call: Call) -> Reply:
    location = region_of(call.vars["location"])
    properties = {
        "tenantId": tenant_id(call.world),
        "audience": f"https://RecoveryServices/IaasCoord/aadmgmt/{location}",
        "servicePrincipalObjectId": "5d0e4d35-4f0b-4b0c-9d3e-7f0d6f1a2b3c",
    }
    return Reply(200, {"properties": properties})


def get_access_token(call: Call) -> Reply:
    """The token a restore in the paired region needs; it is a secret."""
    vault = vault_of(call)
    item = item_of(call, vault)
    point = find_point(call, item)
    given = call.body.get("properties") if isinstance(call.body, dict) else None
    if not isinstance(given, dict) or not given.get("audience") or not given.get("tenantId"):
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    if point not in points_in_secondary(vault, item, call.world.now()):
        raise AzureError(
            400,
            "UserErrorCrossRegionRestoreNotPossible",
            "The recovery point is not available in the secondary region, or cross region restore is not enabled.",
        )
    return Reply(200, {"properties": _token(call, vault, item, point, str(given["audience"]))})


def _token(call: Call, vault: Vault, item: Item, point: RecoveryPoint, audience: str) -> dict[str, Any]:
    now = call.world.now()
    claims = {
        "aud": audience,
        "nbf": int(now.timestamp()),
        "exp": int((now + _TOKEN_LIFE).timestamp()),
        "vault": vault.id,
        "item": item.key,
        "point": point.id,
    }
    return {
        "objectType": "CrrAccessToken",
        "accessTokenString": _jwt(claims),
        "subscriptionId": vault.subscription,
        "resourceGroupName": vault.group,
        "resourceName": vault.name,
        "resourceId": str(vault.resource_id),
        "protectionContainerId": vault.vary("container", item.key).number(7),
        "recoveryPointId": point.id,
        "recoveryPointTime": us_time(point.time),
        "containerName": item.tail,
        "containerType": "IaasVMContainer",
        "backupManagementType": "AzureIaasVM",
        "datasourceType": "VM",
        "datasourceName": item.friendly_name,
        "datasourceId": item.data_id,
        "datasourceContainerName": item.tail,
        "coordinatorServiceStampUri": f"https://pod01-coord1.{vault.location}.backup.windowsazure.com",
        "protectionServiceStampId": call.world.new_id(),
        "protectionServiceStampUri": f"https://pod01-prot1-int.{vault.location}.backup.windowsazure.com",
        "tokenExtendedInformation": _base64({"vault": vault.name}),
        "rpTierInformation": {"InstantRP": "Valid", "HardenedRP": "Valid"},
        "rpOriginalSAOption": False,
        "rpIsManagedVirtualMachine": True,
        "rpVMSizeDescription": point.vm_size,
        "bMSActiveRegion": vault.location,
    }


def _base64(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def _jwt(claims: dict[str, Any]) -> str:
    """Has the form of a JWT; its signature is not checked, its claims are."""
    return ".".join([_base64({"typ": "JWT", "alg": "RS256"}), _base64(claims), _base64({"signed": "simulator"})])


def _claims(token: str) -> dict[str, Any] | None:
    try:
        part = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError):
        return None
    return found if isinstance(found, dict) else None


def trigger(call: Call) -> Reply:
    """backupCrossRegionRestore: 202 with both headers under the secondary location."""
    body = call.body if isinstance(call.body, dict) else {}
    details, request = body.get("crossRegionRestoreAccessDetails"), body.get("restoreRequest")
    if not isinstance(details, dict) or not isinstance(request, dict):
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    vault, item, point = _from_token(call, details)
    location = region_of(call.vars["location"])
    if location != paired_region(state_of(call.world), vault.location):
        raise AzureError(400, "BMSUserErrorInvalidInput", "The location is not the vault's secondary region.")
    case = RestoreCase(call.world, vault, item, point, request, location, secondary=True)
    require_valid(case)
    job = start_restore(case, call.world.now())
    operation = operation_for(call.world, job, instant=True)
    operation.id = base64.b64encode(f"{vault.resource_id};{operation.id}".encode()).decode()
    state_of(call.world).secondary_operations[operation.id] = SecondaryOperation(operation, location)
    path = f"/subscriptions/{call.vars['subscription']}/providers/Microsoft.RecoveryServices/locations/{call.vars['location']}"
    return accepted(
        call,
        status_path=f"{path}/backupCrrOperationsStatus/{operation.id}",
        result_path=f"{path}/backupCrrOperationResults/{operation.id}",
    )


def _from_token(call: Call, details: dict[str, Any]) -> tuple[Vault, Item, RecoveryPoint]:
    claims = _claims(str(details.get("accessTokenString", "")))
    refused = AzureError(403, "UserErrorCrossRegionRestoreTokenInvalid", "The access token is invalid or has expired.")
    if claims is None or claims.get("exp", 0) < call.world.now().timestamp():
        raise refused
    for vault in state_of(call.world).vaults.values():
        if vault.id == claims.get("vault"):
            item = vault.items.get(str(claims.get("item")))
            for point in item.points if item else []:
                if item is not None and point.id == claims.get("point") == details.get("recoveryPointId"):
                    return vault, item, point
    raise refused


def _operation(call: Call) -> SecondaryOperation:
    found = state_of(call.world).secondary_operations.get(call.vars["operation"])
    if found is None or found.location != region_of(call.vars["location"]):
        raise AzureError(404, "OperationNotFound", f"The operation '{call.vars['operation']}' was not found.")
    return found


def get_operation_status(call: Call) -> Reply:
    """endTime has no fraction here (recorded 2024)."""
    operation = _operation(call).operation
    status = operation.status(call.world.now())
    path = f"/subscriptions/{call.vars['subscription']}/providers/Microsoft.RecoveryServices/locations/{call.vars['location']}"
    body: dict[str, Any] = {
        "id": f"{path}/backupCrrOperationsStatus/{operation.id}",
        "name": operation.id,
        "status": status,
        "startTime": stamp(operation.start),
        "endTime": f"{operation.start:%Y-%m-%dT%H:%M:%SZ}",
    }
    if status == "InProgress":
        body["endTime"] = "0001-01-01T00:00:00Z"
    else:
        body["properties"] = {"objectType": "OperationStatusJobExtendedInfo", "jobId": operation.job_id}
    return Reply(200, body)


def get_operation_result(call: Call) -> Reply:
    if _operation(call).operation.status(call.world.now()) == "InProgress":
        return Reply(202, None, call.world.clock.retry_after_headers(60))
    return Reply(200, None)


def _vault_of_body(call: Call) -> Vault:
    body = call.body if isinstance(call.body, dict) else {}
    parsed = parse_resource_id(body.get("resourceId"))
    key = (parsed.subscription.lower(), parsed.group.lower(), parsed.name.lower()) if parsed else ("", "", "")
    vault = state_of(call.world).vaults.get(key)
    location = region_of(call.vars["location"])
    if vault is None or location != paired_region(state_of(call.world), vault.location):
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    return vault


def _job_json(call: Call, job: Job, *, details: bool) -> dict[str, Any]:
    path = f"/subscriptions/{call.vars['subscription']}/providers/Microsoft.RecoveryServices/locations/{call.vars['location']}"
    return job_json(
        job, call.world.now(), job_id=f"{path}/backupJobs/{job.id}", api_version=call.api_version, details=details
    )


def get_job(call: Call) -> Reply:
    """backupCrrJob: a POST that reads one job of the paired region."""
    vault = _vault_of_body(call)
    name = str(call.body.get("jobName", ""))
    job = vault.secondary_jobs.get(name.lower())
    if job is None:
        raise job_not_found(name)
    return Reply(200, _job_json(call, job, details=True))


def list_jobs(call: Call) -> Reply:
    """backupCrrJobs: the filter is in the query, the vault in the body."""
    vault = _vault_of_body(call)
    found, following = page(call, select_jobs(call, vault.secondary_jobs.values()))
    body: dict[str, Any] = {"value": [_job_json(call, job, details=False) for job in found]}
    if following is not None:
        body["nextLink"] = following
    return Reply(200, body)
