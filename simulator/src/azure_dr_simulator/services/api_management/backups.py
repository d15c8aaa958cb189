# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup and restore of a service.

What Azure can see by itself is refused at once with `InvalidParameters`; what only the work shows - a wrong key, a
missing role, a backup that does not fit - is the answer of the last poll. `InvalidParameters` (for the account and the
container), `RestoreFailed` with its message about the tier, `ServiceLocked` and `MethodNotAllowedInPricingTier` were seen on
Azure; the message about expiry is documented. `BackupFailed` and the other messages are made after them: no source tells.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Callable

from ...blobs import BlobStore
from ...gate.faults import JobFault, JobFaults
from ...replies import Reply
from ...routing import Call
from ...world import World
from ..insights.state import log
from ..storage.state import Account, StorageState, put_container
from ..storage.urls import CONTAINER_NAME
from .documents import LIFETIME, Backup, NoBackup, read_backup, write_backup
from .failures import apim_error, check_unlocked, envelope, invalid_parameter
from .identities import may_use_blobs, users_of
from .operations import accepted_headers
from .state import DEDICATED, SUCCEEDED, ApiManagementState, Operation, Service, begin

BACKUP_SECONDS, RESTORE_SECONDS = (9 * 60.0, 14 * 60.0), (30 * 60.0, 45 * 60.0)
FAILURE_SECONDS = 90.0
"""Virtual seconds until an operation that cannot succeed has failed."""
KEY, SYSTEM, USER = "AccessKey", "SystemAssignedManagedIdentity", "UserAssignedManagedIdentity"
_IDENTITIES_SINCE = "2021-04-01"


class Failure(Exception):
    """Why an operation fails: the answer of its last poll. No code: that answer has no body."""

    def __init__(self, code: str = "", message: str = "") -> None:
        super().__init__(message)
        self.body = envelope(code, message) if code else None


@dataclass(frozen=True)
class Place:
    """Where the backup lies, and how the service gets there."""

    account: str
    container: str
    blob: str
    access: str
    key: str
    client_id: str


def back_up(call: Call, service: Service) -> Reply:
    """202; the content is that of now, the blob is there when the operation is over."""
    place = _check(call, service)
    world = call.world
    content = copy.deepcopy(service.content)

    def write() -> None:
        account = _reach(world, service, place, "BackupFailed", write=True)
        now = world.now()
        data = write_backup(world.state(ApiManagementState), service, content, now, call.api_version)
        put_container(world, account, place.container)
        world.state(BlobStore).put(account.name, place.container, place.blob, data, now)

    problem = _problem(lambda: _reach(world, service, place, "BackupFailed", write=True))
    return _start(call, service, "Backup", BACKUP_SECONDS, problem, write)


def restore(call: Call, service: Service) -> Reply:
    """202; the blob is read now, its content replaces the service's in the end. Nothing else changes."""
    place = _check(call, service)
    found: list[Backup] = []

    def read() -> None:
        found.append(_read(call.world, service, place))

    def apply() -> None:
        service.content = found[0].content

    return _start(call, service, "Restore", RESTORE_SECONDS, _problem(read), apply)


def _start(
    call: Call, service: Service, kind: str, between: tuple[float, float], problem: Failure | None, work: Any
) -> Reply:
    world = call.world
    fault = world.state(JobFaults).take(kind, service.name, "service")
    seconds: float | None = world.random.uniform(*between)
    if fault is not None and fault.kind == "failed":
        problem = Failure(fault.code if fault.code != JobFault.code else f"{kind}Failed", _fault_text(fault, kind))
    if problem is not None:
        seconds = FAILURE_SECONDS
    if fault is not None and fault.kind == "stuck":
        seconds = None
    service.state = "Updating"
    note = _noter(call, service, kind)
    note("Started")
    note("Accepted")

    def finish(operation: Operation) -> None:
        service.state = SUCCEEDED
        failure = problem or _problem(work)
        if failure is not None:
            operation.status, operation.error = 400, failure.body
        note("Failed" if failure is not None else "Succeeded")

    operation = begin(world, service, kind, seconds, finish)
    return Reply(202, None, accepted_headers(call, service, operation))


def _noter(call: Call, service: Service, kind: str) -> Callable[[str], None]:
    """Writes into the activity log how this request gets on."""
    action = f"Microsoft.ApiManagement/service/{kind.lower()}/action"
    correlation = call.headers.get("x-ms-correlation-request-id") or call.world.new_id()
    return lambda status: log(call.world, service.id, action, status, correlation, call.principal)


def _fault_text(fault: JobFault, kind: str) -> str:
    return fault.message if fault.message != JobFault.message else f"{kind} of the service failed. Please try again."


def _problem(work: Any) -> Failure | None:
    try:
        work()
    except Failure as failure:
        return failure
    return None


def _check(call: Call, service: Service) -> Place:
    """What the request asks for. Raises AzureError for what is refused at once."""
    if service.sku not in DEDICATED:
        message = f"Method not allowed in {service.sku} pricing tier"
        raise apim_error(400, "MethodNotAllowedInPricingTier", message)
    check_unlocked(service)
    place = _place(call)
    account = call.world.state(StorageState).named(place.account)
    if account is None:
        raise invalid_parameter(f"The storage account '{place.account}' was not found.", "backupStorageAccount")
    if not CONTAINER_NAME.match(place.container):
        raise invalid_parameter("The specifed resource name contains invalid characters.", "backupContainerName")
    methods = next((rule.get("allowedMethods") for rule in account.cors if len(rule.get("allowedMethods", ())) > 1), ())
    if methods:
        # Azure's backup cannot read the rules of cross-origin requests, and says so with these words.
        text = f"Requested value '{','.join(methods)}' was not found."
        raise invalid_parameter(text, "backupStorageAccount")
    _check_identity(call.world, service, place)
    return place


def _place(call: Call) -> Place:
    body = call.body if isinstance(call.body, dict) else {}
    needed = {
        "storageAccount": "backupStorageAccount",
        "containerName": "backupContainerName",
        "backupName": "backupBlobName",
    }
    for member, parameter in needed.items():
        if not isinstance(body.get(member), str) or not body[member]:
            raise invalid_parameter("Value cannot be null or empty.", parameter)
    access = str(body.get("accessType") or KEY) if call.api_version >= _IDENTITIES_SINCE else KEY
    if access not in (KEY, SYSTEM, USER):
        raise invalid_parameter(f"Requested value '{access}' was not found.", "accessType")
    key, client = str(body.get("accessKey") or ""), str(body.get("clientId") or "")
    if access == KEY and not key:
        raise invalid_parameter("Value cannot be null or empty.", "accessKey")
    if access == USER and not client:
        raise invalid_parameter("Value cannot be null or empty.", "clientId")
    client = client if access == USER else ""
    return Place(body["storageAccount"], body["containerName"], body["backupName"], access, key, client)


def _check_identity(world: World, service: Service, place: Place) -> None:
    if place.access == SYSTEM and not service.identity.system:
        raise invalid_parameter("The service does not have a system assigned managed identity.", "accessType")
    if place.access == USER and place.client_id.lower() not in [one.client_id for one in users_of(world, service)]:
        text = f"The client id '{place.client_id}' is not of a user assigned managed identity of the service."
        raise invalid_parameter(text, "clientId")


def _reach(world: World, service: Service, place: Place, code: str, *, write: bool) -> Account:
    """The account, if the service gets in. Raises Failure."""
    account = world.state(StorageState).named(place.account)
    if account is None:
        raise Failure(code, f"The remote name could not be resolved: '{place.account}.blob.core.windows.net'")
    if place.access == KEY:
        # Reported of Azure with a status and no text at all.
        if not account.allow_shared_key or place.key not in account.keys:
            raise Failure()
    elif not may_use_blobs(world, service, place.client_id, account, write=write):
        text = "This request is not authorized to perform this operation using this permission."
        raise Failure(code, f"{text} (AuthorizationPermissionMismatch)")
    rules = account.extra.get("networkAcls") or {}
    trusted = place.access == SYSTEM and "azureservices" in str(rules.get("bypass", "")).lower()
    if rules.get("defaultAction") == "Deny" and not trusted:
        raise Failure(code, "This request is not authorized to perform this operation. (AuthorizationFailure)")
    return account


def _read(world: World, service: Service, place: Place) -> Backup:
    """The backup, if it can be restored into this service. Raises Failure."""
    account = _reach(world, service, place, "RestoreFailed", write=False)
    data = world.state(BlobStore).blobs.get(account.name, place.container, place.blob)
    if data is None:
        text = f"Cannot restore: backup '{place.blob}' was not found in container '{place.container}'"
        raise Failure("RestoreFailed", text)
    try:
        backup = read_backup(world.state(ApiManagementState), data)
    except NoBackup:
        raise Failure("RestoreFailed", f"Cannot restore: '{place.blob}' is not a backup") from None
    if backup.sku != service.sku:
        text = f"Cannot restore: current SKU is '{service.sku}', backup SKU is '{backup.sku}'"
        raise Failure("RestoreFailed", text)
    if world.now() > backup.created + LIFETIME:
        raise Failure("RestoreFailed", "Cannot restore: backup expired")
    return backup
