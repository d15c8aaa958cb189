# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore from the paired region (api 2021-11-15): its own list calls, an access token, a trigger and jobs of its own.

The trailing slashes and the old API version are what leads to the paired region. Its jobs are read by POST and do not count
against the job reads of the vault's region.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping, Sequence
from urllib.parse import quote

from .._apis import BACKUP, CRR
from .._arm.client import ArmClient
from .._arm.errors import ArmError, OperationTimeout
from .._arm.ids import segment
from .._arm.poller import Operation, operation_of, read_operation
from .._arm.redact import keep_secret
from .._fleet import Vm, run_each
from .._progress import Tell, quiet
from .items import FILTER, ProtectedItem, items_by_vm
from .jobs import Job, job_filter, read_job
from .names import VaultRef
from .recovery_points import RecoveryPoint, list_points
from .restore_plan import CROSS_REGION_OPERATION
from .restore_stamps import Order, VaultFacts, not_protected, read_facts
from .vaults import Located, VaultChoice, find_vault, locate
from .watcher import Followed, Watch

FEW = 3
"""Up to this many jobs are read one by one at each look; more by a list."""

_BOTH_WAYS = (
    ("eastus", "westus"),
    ("eastus2", "centralus"),
    ("northcentralus", "southcentralus"),
    ("westus2", "westcentralus"),
    ("northeurope", "westeurope"),
    ("eastasia", "southeastasia"),
    ("japaneast", "japanwest"),
    ("uksouth", "ukwest"),
    ("francecentral", "francesouth"),
    ("germanywestcentral", "germanynorth"),
    ("centralindia", "southindia"),
    ("koreacentral", "koreasouth"),
    ("australiaeast", "australiasoutheast"),
    ("canadacentral", "canadaeast"),
    ("switzerlandnorth", "switzerlandwest"),
    ("southafricanorth", "southafricawest"),
    ("uaenorth", "uaecentral"),
    ("usgovarizona", "usgovtexas"),
    ("usdodeast", "usdodcentral"),
    ("chinanorth2", "chinaeast2"),
    ("chinanorth3", "chinaeast3"),
    ("eastus2euap", "centraluseuap"),
)
_ONE_WAY = {"brazilsouth": "southcentralus", "westindia": "southindia", "usgovvirginia": "usgovtexas", "usgoviowa": "usgovvirginia"}
PAIRED_REGION: Mapping[str, str] = {**dict(_BOTH_WAYS), **{second: first for first, second in _BOTH_WAYS}, **_ONE_WAY}
"""Region of the vault -> the region that its data is copied to (as the Azure CLI knows it)."""


def paired_region(region: str) -> str:
    """The paired region; raises ArmError where none is known."""
    found = PAIRED_REGION.get(region)
    if found is None:
        raise ArmError(f"The paired region of {region} is not known.", code="PairedRegionUnknown", hint="Set secondary_region.")
    return found


class SecondaryStamp:
    """The paired region. `region_name` overrides the table of pairs."""

    operation = CROSS_REGION_OPERATION
    secondary = True

    def __init__(self, client: ArmClient, region_name: str | None) -> None:
        self._client = client
        self._given = region_name
        self._regions: dict[str, str] = {}

    def locate(self, vms: Sequence[Vm], choice: VaultChoice) -> dict[str, Located]:
        """With a vault in the options, nothing is asked of the vault's own region, which may be down."""
        vault = find_vault(self._client, choice)
        return locate(self._client, vms, choice) if vault is None else {vm.key: Located(vm, vault) for vm in vms}

    def facts(self, vault: VaultRef) -> VaultFacts:
        try:
            return read_facts(self._client, vault)
        except ArmError as error:
            if self._given is None or (error.status is not None and error.status < 500):
                raise
            # With its region down the vault may not answer; the restore itself will tell whether it is allowed.
            return VaultFacts(vault, "", True, None)

    def region(self, vault: VaultFacts) -> str:
        enabled = vault.cross_region if vault.cross_region is not None else self._flag(vault.ref)
        if not enabled:
            raise ArmError(
                f"The vault {vault.ref.name} does not allow restores in its paired region.",
                code="CrossRegionRestoreDisabled",
                target=vault.ref.id,
                hint="Switch on cross-region restore in the vault's properties (it needs geo-redundant storage), and allow a day for the data to be copied.",
            )
        found = self._given or paired_region(vault.region)
        self._regions[vault.ref.key] = found
        return found

    def _flag(self, vault: VaultRef) -> bool:
        """Where the vault itself says nothing of its redundancy, its storage config does."""
        config = self._client.find(f"{vault.path}/backupstorageconfig/vaultstorageconfig", BACKUP) or {}
        return bool((config.get("properties") or {}).get("crossRegionRestoreFlag"))

    def _location(self, vault: VaultRef) -> str:
        region = self._regions[vault.key]
        return f"/subscriptions/{segment(vault.subscription)}/providers/Microsoft.RecoveryServices/locations/{segment(region)}"

    def items(self, vault: VaultRef) -> dict[str, ProtectedItem] | None:
        listed = self._client.list(f"{vault.path}/backupProtectedItems/", CRR, params={"$filter": FILTER})
        return items_by_vm(listed, self._client.clock.now())

    def no_item(self, vm: Vm, vault: VaultRef | None) -> ArmError:
        if vault is None:
            return not_protected(vm, None)
        return ArmError(
            f"The vault {vault.name} has no backups of {vm.name} in {self._regions.get(vault.key, 'the paired region')}.",
            code="NotInSecondaryRegion",
            target=vm.id,
            hint="Check the VM's name and resource group. What was backed up lately gets there within about 36 hours.",
        )

    def points(self, item_path: str) -> list[RecoveryPoint]:
        return list_points(self._client, item_path, CRR, secondary=True)

    def point(self, item_path: str, name: str) -> RecoveryPoint | None:
        """There is no GET of one point in the paired region."""
        return next((point for point in self.points(item_path) if point.name == name), None)

    def jobs(self, vault: VaultRef, start: datetime) -> list[Job]:
        params = {"$filter": job_filter(operation=CROSS_REGION_OPERATION, start=start, now=self._client.clock.now())}
        listed = self._client.query_list(f"{self._location(vault)}/backupCrrJobs", CRR, {"resourceId": vault.id}, params=params)
        return [read_job(resource) for resource in listed]

    def job(self, vault: VaultRef, name: str) -> Job | None:
        body = {"resourceId": vault.id, "jobName": name}
        try:
            resource = self._client.query(f"{self._location(vault)}/backupCrrJob", CRR, body).body
        except ArmError as error:
            if error.status == 404:
                return None
            raise
        return read_job(resource) if isinstance(resource, Mapping) and resource.get("properties") else None

    def details(self, vault: VaultRef, jobs: Sequence[Job], *, max_wait: float = 0.0) -> dict[str, Job]:
        """These reads have no scarce budget; what cannot be read is left out."""
        outcomes = run_each(jobs, lambda job: job if job.detailed else self.job(vault, job.name))
        return {outcome.item.name: outcome.value for outcome in outcomes if outcome.value is not None}

    def send(self, order: Order) -> Operation | None:
        access = self._access(order)
        body = {"crossRegionRestoreAccessDetails": access, "restoreRequest": dict(order.request)}
        return operation_of(self._client.post(f"{self._location(order.vault)}/backupCrossRegionRestore", CRR, body))

    def _access(self, order: Order) -> Mapping[str, Any]:
        """The details that prove the right to the data; what is secret in them is never shown (good for a day)."""
        about = self._client.get(f"{self._location(order.vault)}/backupAadProperties", CRR).body or {}
        path = f"{order.item_path}/recoveryPoints/{segment(order.point.name)}/accessToken"
        answer = self._client.query(path, CRR, {"properties": about.get("properties") or {}}).body or {}
        details: Mapping[str, Any] = answer.get("properties") or {}
        for name in ("accessTokenString", "tokenExtendedInformation"):
            keep_secret(str(details.get(name) or ""))
        return details

    def follow(self, watches: Sequence[Watch], *, timeout: float, interval: float, tell: Tell = quiet) -> dict[str, Followed]:
        clock = self._client.clock
        deadline = clock.monotonic() + timeout
        seen: dict[str, Followed] = {watch.key: Followed(watch, job_id=watch.job_id) for watch in watches}
        while True:
            self._look(seen)
            tell(sum(_over(found) for found in seen.values()), len(seen), "restores from the secondary region")
            left = deadline - clock.monotonic()
            if left <= 0 or all(_over(found) for found in seen.values()):
                return {key: found if _over(found) else _timed_out(found, timeout) for key, found in seen.items()}
            clock.sleep(min(left, interval))

    def once(self, watches: Sequence[Watch]) -> dict[str, Followed]:
        seen: dict[str, Followed] = {watch.key: Followed(watch, job_id=watch.job_id) for watch in watches}
        self._look(seen)
        return seen

    def _look(self, seen: dict[str, Followed]) -> None:
        """Reads what is open once; a read that fails says nothing about the restore."""
        for key, found in seen.items():
            if not _over(found) and found.job_id is None:
                seen[key] = self._identify(found)
        open_now = [key for key, found in seen.items() if not _over(found) and found.job_id]
        by_name = self._listed(seen[key].watch.vault for key in open_now) if len(open_now) > FEW else None
        for key in open_now:
            found = seen[key]
            name = found.job_id or ""
            try:
                listed = by_name.get(name.lower()) if by_name is not None else None
                # The list has no bag, so the end is read alone.
                job = listed if listed and not listed.finished else self.job(found.watch.vault, name)
            except ArmError as error:
                if _hopeless(error):
                    seen[key] = Followed(found.watch, found.job, name, error=error)
                continue
            if job is not None:
                seen[key] = Followed(found.watch, job, name, error=job.error() if job.finished else None)

    def _identify(self, found: Followed) -> Followed:
        operation = found.watch.arm_operation
        if operation is None:
            return found
        status = read_operation(self._client, operation)
        if status.error is not None and status.error.status == 404 and operation.id:
            # Unsigned reads by id are answered too.
            path = f"{self._location(found.watch.vault)}/backupCrrOperationsStatus/{quote(operation.id, safe='')}"
            try:
                body = self._client.get_once(path, CRR).body
            except ArmError as error:
                return found if not _hopeless(error) else Followed(found.watch, error=error)
        elif status.state in ("failed", "canceled"):
            return Followed(found.watch, error=status.error)
        else:
            body = status.body
        properties = body.get("properties") if isinstance(body, Mapping) else None
        name = properties.get("jobId") if isinstance(properties, Mapping) else None
        return Followed(found.watch, job_id=str(name)) if name else found

    def _listed(self, vaults: Any) -> dict[str, Job]:
        found: dict[str, Job] = {}
        for vault in {vault.key: vault for vault in vaults}.values():
            try:
                listed = self._client.query_list(f"{self._location(vault)}/backupCrrJobs", CRR, {"resourceId": vault.id})
                found.update({job.name.lower(): job for job in map(read_job, listed)})
            except ArmError as error:
                if _hopeless(error):
                    raise
        return found


def _over(found: Followed) -> bool:
    return found.error is not None or (found.job is not None and found.job.finished)


def _hopeless(error: ArmError) -> bool:
    """What will not get better by waiting."""
    return error.status in (400, 401, 403)


def _timed_out(found: Followed, timeout: float) -> Followed:
    state = found.job.status if found.job else "not yet seen"
    operation = found.watch.arm_operation
    resume = {"job_id": found.job_id} if found.job_id else {"operation_id": operation.id} if operation and operation.id else {}
    error = OperationTimeout(
        f"The restore was still {state} after {timeout:g} s; Azure goes on with it.",
        last_state=found.job.status if found.job else None,
        resume=resume,
        operation=f"job {found.job_id}" if found.job_id else None,
    )
    return Followed(found.watch, found.job, found.job_id, error=error)
