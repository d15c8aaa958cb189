# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading, writing and deleting a backup policy, and waiting until Azure has applied it to the items that use it (facts B.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping

from .._apis import BACKUP
from .._arm.client import ArmClient, Response
from .._arm.errors import ArmError, OperationTimeout, TransportError
from .._arm.ids import segment
from .._arm.poller import Operation, OperationStatus, operation_of, wait_for_operation
from .._waiting import Waiting
from .hints import HINTS
from .items import ProtectedItem, read_item
from .names import VaultRef
from .policies import VM_POLICIES, check_for_vms, is_for_vms
from .policy_words import Words, same_words, words_of
from .watcher import JobWatcher, Watch

MOST_POLICIES = 200
"""Policies that a vault can have, of all workloads together."""

SETTLE_SECONDS = 5.0
"""Between two looks at a policy that Azure has taken and does not show yet."""

SETTLE_LOOKS = 5
"""Looks in which a policy may still be shown as it was."""

ITEMS_NAMED = 5

IN_USE = "BMSUserErrorPolicyObjectInUse"
INVALID = "BMSUserErrorInvalidPolicyInput"

POLICY_HINTS: Mapping[str, str] = {
    **HINTS,
    "CloudDosTimeboudLimitReached": "Azure allows 50 policy edits in a vault within 24 hours. Wait until older ones are a day old.",
    INVALID: "Azure does not say which part it means: compare schedule, retention and time_zone with what the portal offers for such a policy.",
    IN_USE: "Move these VMs to another policy or stop their protection (vm_backup_protection), then delete the policy.",
}


@dataclass
class PolicyOutcome:
    """What became of a change. ``resource`` as Azure shows it at the end, None when it was not read or is gone."""

    changed: bool = False
    error: ArmError | None = None
    operation_id: str | None = None
    jobs: list[str] = field(default_factory=list)
    resource: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)


def policy_path(vault: VaultRef, name: str) -> str:
    return f"{vault.path}/backupPolicies/{segment(name)}"


def read_policy(client: ArmClient, vault: VaultRef, name: str) -> dict[str, Any] | None:
    """The policy, None when there is none (or no such vault); raises OptionError when it is of another workload."""
    resource = client.find(policy_path(vault, name), BACKUP)
    if resource is not None:
        check_for_vms(resource.get("properties") or {}, vault, name, "name")
    return resource


def list_policies(client: ArmClient, vault: VaultRef) -> list[dict[str, Any]]:
    """The policies for VMs of a vault."""
    listed = client.list(f"{vault.path}/backupPolicies", BACKUP, params={"$filter": VM_POLICIES})
    return [resource for resource in listed if is_for_vms(resource.get("properties") or {})]


def check_room(client: ArmClient, vault: VaultRef) -> None:
    """Raises for a vault that has as many policies as it can have, or that is not there."""
    there = sum(1 for _policy in client.list(f"{vault.path}/backupPolicies", BACKUP))
    if there >= MOST_POLICIES:
        raise ArmError(
            f"The vault {vault.name} has {there} policies; Azure allows {MOST_POLICIES}.",
            code="PolicyLimitReached",
            target=vault.id,
            hint="Delete policies that nothing uses, or use another vault.",
        )


def check_unused(client: ArmClient, vault: VaultRef, name: str, count: int) -> None:
    """Raises, naming the first few, when protected items use the policy. ``count`` as the policy itself tells it."""
    if count:
        raise _in_use(client, vault, name, count)


def put_policy(
    client: ArmClient, vault: VaultRef, name: str, properties: Mapping[str, Any], wanted: Words, waiting: Waiting
) -> PolicyOutcome:
    """Sends the policy and waits for what Azure does with it. An error is in the outcome once something may have changed, else raised."""
    outcome = PolicyOutcome()
    try:
        response = client.put(policy_path(vault, name), BACKUP, {"properties": dict(properties)})
        outcome.changed = True
        if not _follow(client, vault, response, outcome, waiting):
            return outcome
        _settle(client, vault, name, wanted, outcome, waiting)
    except ArmError as error:
        _note(outcome, error)
    return outcome


def delete_policy(
    client: ArmClient, vault: VaultRef, name: str, resource: Mapping[str, Any], guard_requests: tuple[str, ...], waiting: Waiting
) -> PolicyOutcome:
    """Deletes the policy, unlocking it first where a resource guard watches, and waits until it is gone. Errors as in ``put_policy``."""
    outcome = PolicyOutcome()
    try:
        if guard_requests:
            body = {"resourceGuardOperationRequests": list(guard_requests), "resourceToBeDeleted": str(resource.get("id"))}
            client.post(f"{vault.path}/backupResourceGuardProxies/VaultProxy/unlockDelete", BACKUP, body)
        response = client.delete(policy_path(vault, name), BACKUP)
        outcome.changed = True
        if _follow(client, vault, response, outcome, waiting):
            _until(client, vault, name, waiting, lambda shown: shown is None, "still shows")
    except ArmError as error:
        # Items that were protected in between, or that the count does not tell of.
        _note(outcome, _named(client, vault, name, error))
    return outcome


def _follow(client: ArmClient, vault: VaultRef, response: Response, outcome: PolicyOutcome, waiting: Waiting) -> bool:
    """Waits for the operation and then for the jobs of the items that it names; False when nobody wants to wait."""
    operation = _operation(response)
    if operation is not None:
        outcome.operation_id = operation.id
    if not waiting.wait:
        return False
    if operation is None:
        return True
    waiting.tell(0, 1, "Azure applies the policy to the protected items")
    status = wait_for_operation(client, operation, timeout=waiting.left(), interval=waiting.interval, gone_is_success=operation.method == "DELETE")
    outcome.jobs = _job_ids(status)
    if outcome.jobs:
        _follow_jobs(client, vault, outcome, waiting)
    refused = _refused_jobs(status)
    if refused:
        raise ArmError(f"Azure has changed the policy, but could not apply it to: {refused}", code="PolicyNotApplied", target=vault.id)
    return True


def _operation(response: Response) -> Operation | None:
    """What goes on after an answer; a 200 is the end, whatever headers it carries."""
    return operation_of(response) if response.status in (201, 202) else None


def _follow_jobs(client: ArmClient, vault: VaultRef, outcome: PolicyOutcome, waiting: Waiting) -> None:
    watcher = JobWatcher(client, timeout=waiting.left(), poll_interval=waiting.interval, tell=waiting.tell)
    followed = watcher.follow([Watch(key=job, vault=vault, job_id=job) for job in outcome.jobs])
    failed = [one for one in followed.values() if one.error is not None]
    if not failed:
        return
    if len(failed) == 1 and failed[0].error is not None:
        raise failed[0].error
    words = "; ".join(f"{one.job.friendly_name if one.job else one.job_id}: {one.error}" for one in failed[:ITEMS_NAMED])
    raise ArmError(f"Azure has changed the policy; {len(failed)} of {len(followed)} jobs that apply it failed. {words}", code="PolicyNotApplied")


def _settle(client: ArmClient, vault: VaultRef, name: str, wanted: Words, outcome: PolicyOutcome, waiting: Waiting) -> None:
    """Reads the policy until it shows, and for some looks more until it shows as wanted."""
    looks = 0

    def settled(shown: dict[str, Any] | None) -> bool:
        nonlocal looks
        if shown is None:
            return False
        looks += 1
        outcome.resource = shown
        return looks >= SETTLE_LOOKS or not _differing(wanted, shown)

    _until(client, vault, name, waiting, settled, "does not show")
    differing = _differing(wanted, outcome.resource or {})
    if differing:
        outcome.warnings.append(
            f"Azure has taken the policy {name} and keeps {', '.join(differing)} in another way than asked; "
            "another run would send it again, and count against the 50 edits a day"
        )


def _until(
    client: ArmClient, vault: VaultRef, name: str, waiting: Waiting, done: Callable[[dict[str, Any] | None], bool], still: str
) -> None:
    while not done(client.find(policy_path(vault, name), BACKUP)):
        if waiting.left() <= 0:
            raise OperationTimeout(
                f"Azure has taken the change and {still} the policy {name} when the time was over.",
                last_state=None,
                resume={"policy_id": f"{vault.id}/backupPolicies/{name}"},
                target=f"{vault.id}/backupPolicies/{name}",
            )
        waiting.pause(client.clock, SETTLE_SECONDS)


def _differing(wanted: Words, shown: Mapping[str, Any]) -> list[str]:
    found = words_of(shown.get("properties") or {})
    return [name for name in wanted if not same_words({name: wanted[name]}, {name: found[name]})]


def _note(outcome: PolicyOutcome, error: ArmError) -> None:
    if not outcome.changed and not error.ambiguous:
        raise error
    outcome.error, outcome.changed = error, True


def _job_ids(status: OperationStatus) -> list[str]:
    """The jobs that an operation on many items names (OperationStatusJobsExtendedInfo), or the one of an operation on one."""
    properties = _extended(status)
    ids = properties.get("jobIds") or [properties.get("jobId")]
    return [str(job) for job in ids if job]


def _refused_jobs(status: OperationStatus) -> str:
    errors = _extended(status).get("failedJobsError")
    if not isinstance(errors, Mapping):
        return ""
    return "; ".join(f"{item}: {reason}" for item, reason in list(errors.items())[:ITEMS_NAMED])


def _extended(status: OperationStatus) -> Mapping[str, Any]:
    properties = status.body.get("properties") if isinstance(status.body, Mapping) else None
    return properties if isinstance(properties, Mapping) else {}


def _named(client: ArmClient, vault: VaultRef, name: str, error: ArmError) -> ArmError:
    """A refused deletion with the items that are in its way. Azure's code for that was never recorded, so they are looked for after any refusal."""
    if error.ambiguous or error.status not in (None, 400, 409) or isinstance(error, (OperationTimeout, TransportError)):
        return error
    items = _items_of(client, vault, name)
    return _in_use(client, vault, name, 0, error, items) if items or error.code == IN_USE else error


def _in_use(
    client: ArmClient, vault: VaultRef, name: str, count: int, cause: ArmError | None = None, found: list[ProtectedItem] | None = None
) -> ArmError:
    items = _items_of(client, vault, name) if found is None else found
    count = max(count, len(items))
    said = f" Azure says {cause.code}: {cause.message}" if cause is not None else ""
    named = ", ".join(f"{item.vm.name} ({item.vm.group})" for item in items[:ITEMS_NAMED])
    more = f" and {count - ITEMS_NAMED} more" if count > ITEMS_NAMED else ""
    which = f": {named}{more}" if named else ""
    return ArmError(
        f"The policy {name} is used by {count or 'some'} protected item{'' if count == 1 else 's'}{which}.{said}",
        code=IN_USE,
        status=cause.status if cause else None,
        request_id=cause.request_id if cause else None,
        operation=cause.operation if cause else None,
        target=f"{vault.id}/backupPolicies/{name}",
        hint=POLICY_HINTS[IN_USE],
    )


def _items_of(client: ArmClient, vault: VaultRef, name: str) -> list[ProtectedItem]:
    """The VMs under the policy; none when they cannot be read, since they only explain."""
    text = f"{VM_POLICIES} and policyName eq '{name}'"
    try:
        resources = list(client.list(f"{vault.path}/backupProtectedItems", BACKUP, params={"$filter": text}))
    except ArmError:
        return []
    items = [read_item(resource, client.server_now()) for resource in resources]
    return [item for item in items if item is not None and (item.policy_name or "").lower() == name.lower()]
