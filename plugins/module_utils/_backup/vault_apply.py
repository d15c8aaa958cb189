# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries the plan of a vault out: sends a step, follows it, looks what the vault is now, and plans again.

A vault in which something is under way is waited for first, so a run that was killed is gone on with and nothing is sent twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from .._apis import BACKUP, DELETED_VAULTS, RESOURCES, VAULT
from .._arm.client import ArmClient, Response
from .._arm.errors import ArmError, HttpError, OperationFailed, OperationTimeout
from .._arm.ids import segment
from .._arm.poller import operation_of, wait_for_operation
from .._waiting import Waiting
from .names import VaultRef
from .vault_hints import NOT_REGISTERED
from .vault_options import Wish
from .vault_plan import Plan, Step
from .vault_read import NO_GROUP, Contents, find_deleted, get_vault, prospect, read_contents
from .vault_state import DeletedVault, VaultSettings

SENT_TWICE = 2
"""How often a step of one kind is sent: once more when Azure took it and shows nothing of it."""

SETTLE_LOOKS = 3
SETTLE_SECONDS = 5.0
REGISTRATION_SECONDS = 10.0
REGISTRATION_TRIES = 12
"""Creations after a registration, until it is known everywhere."""

COMES_BACK_SECONDS = 600.0
"""How long a vault may take to show when its undelete was refused or its answer lost: another run may have sent it."""

GUARDED = "A resource guard watches over this vault: what lowers its security has to be approved there, and is then done in the portal or with the Azure CLI."
FIRST_LOOK = 2.0

STEP_WORDS: Mapping[str, str] = {"create": "creating", "undelete": "bringing back", "change": "changing", "soft_delete": "changing soft delete of"}


@dataclass
class Outcome:
    """What became of the vault. ``failure`` is set, rather than raised, once something may have been sent."""

    changed: bool = False
    vault: VaultSettings | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    operation: dict[str, Any] | None = None
    deleted: DeletedVault | None = None
    contents: Contents | None = None
    warnings: list[str] = field(default_factory=list)
    failure: ArmError | None = None


def foresee_present(client: ArmClient, ref: VaultRef, wish: Wish) -> Outcome:
    """What make_present would do; only reads. Raises what it would fail with."""
    vault = get_vault(client, ref)
    outcome = Outcome(vault=vault)
    _begin(client, ref, None if vault is not None and vault.deleting else vault, wish, outcome)
    return outcome


def make_present(client: ArmClient, ref: VaultRef, wish: Wish, waiting: Waiting) -> Outcome:
    """Makes the vault, or makes it what is wanted. Raises what fails before anything is sent."""
    outcome = Outcome(vault=get_vault(client, ref))
    vault = outcome.vault
    if vault is not None and not vault.settled and (waiting.wait or vault.deleting or not _is_so(client, ref, vault, wish)):
        # First of all, since what is being made need not show yet what it is made with.
        outcome.vault = settle(client, ref, vault, waiting)
    plan = _begin(client, ref, outcome.vault, wish, outcome)
    outcome.changed = False
    try:
        _carry_out(client, ref, plan, wish, waiting, outcome)
    except ArmError as error:
        _explain(error, outcome.vault)
        if not outcome.changed and not error.ambiguous:
            raise
        outcome.changed, outcome.failure = True, error
    return outcome


def _is_so(client: ArmClient, ref: VaultRef, vault: VaultSettings, wish: Wish) -> bool:
    plan, _deleted = prospect(client, ref, vault, wish)
    return plan.problem is None and not plan.steps


def _explain(error: ArmError, vault: VaultSettings | None) -> None:
    """A guarded vault refuses with codes of many kinds."""
    if vault is not None and vault.more.get("multi_user_authorization") and error.hint is None and isinstance(error, (HttpError, OperationFailed)):
        error.hint = GUARDED


def _begin(client: ArmClient, ref: VaultRef, vault: VaultSettings | None, wish: Wish, outcome: Outcome) -> Plan:
    plan, deleted = prospect(client, ref, vault, wish)
    if plan.problem is not None:
        raise plan.problem
    outcome.changed = bool(plan.steps)
    outcome.before, outcome.after = plan.before, plan.after
    outcome.warnings = list(plan.warnings)
    outcome.deleted = deleted
    if vault is not None and vault.settled and vault.state.lower() not in ("", "succeeded") and not plan.steps:
        outcome.warnings.append(
            f"Azure calls the vault {ref.name} {vault.state}: the last operation on it did not succeed. It has all settings that the task asks for."
        )
    if deleted is not None and wish.undelete is None:
        outcome.warnings.append(
            f"A deleted vault {ref.name}, without backups, is left as it is ({deleted.name}); with undelete=true it would be brought back instead."
        )
    return plan


def _carry_out(client: ArmClient, ref: VaultRef, plan: Plan, wish: Wish, waiting: Waiting, outcome: Outcome) -> None:
    sent: list[str] = []
    looks = 0
    while plan.steps:
        step = plan.steps[0]
        again = sent.count(step.kind)
        if again and looks < SETTLE_LOOKS:
            # What was just written may not show yet.
            looks += 1
            waiting.pause(client.clock, SETTLE_SECONDS)
        elif again >= SENT_TWICE:
            raise _not_reached(ref, plan)
        else:
            looks = 0
            waiting.tell(len(sent), len(sent) + len(plan.steps), f"{STEP_WORDS[step.kind]} {ref.name}")
            response = _send(client, ref, step, outcome, waiting)
            sent.append(step.kind)
            outcome.changed = True
            last = len(plan.steps) == 1 and not plan.open_end
            if not _follow(client, ref, step, response, waiting, outcome, leave=last and not waiting.wait):
                return
        outcome.vault = _shown(client, ref, waiting)
        plan, _deleted = prospect(client, ref, outcome.vault, wish)
        if plan.problem is not None:
            raise plan.problem
    waiting.tell(len(sent), len(sent), f"{ref.name} is as wanted")


def _shown(client: ArmClient, ref: VaultRef, waiting: Waiting) -> VaultSettings:
    """The vault after a step, when nothing is under way in it. What was just made or brought back may not show at once, and must not be made again."""
    for look in range(SETTLE_LOOKS + 1):
        if look:
            waiting.pause(client.clock, SETTLE_SECONDS)
        vault = settle(client, ref, get_vault(client, ref), waiting)
        if vault is not None:
            return vault
    told = f"Azure reports success, but the vault {ref.name} is not there."
    raise ArmError(told, code="StateNotReached", target=ref.id, hint="Run the task again.")


def _send(client: ArmClient, ref: VaultRef, step: Step, outcome: Outcome, waiting: Waiting) -> Response | None:
    """The answer; None when it got lost and the step is known to have been taken all the same."""
    body = dict(step.body)
    if step.kind == "change":
        return client.patch(ref.path, VAULT, body)
    if step.kind == "soft_delete":
        return client.patch(f"{ref.path}/backupconfig/vaultconfig", BACKUP, body)
    if step.kind == "undelete":
        return _undelete(client, ref, body, outcome, waiting)
    return _create(client, ref, body, waiting)


def _create(client: ArmClient, ref: VaultRef, body: Mapping[str, Any], waiting: Waiting) -> Response:
    """PUT, after a registration of the provider if Azure asks for one, and then for a while again: it takes time to be known everywhere."""
    for refused in range(REGISTRATION_TRIES):
        try:
            return client.put(ref.path, VAULT, dict(body))
        except HttpError as error:
            if error.code != NOT_REGISTERED or refused and waiting.left() <= 0:
                raise
        if refused:
            waiting.pause(client.clock, REGISTRATION_SECONDS)
        else:
            register(client, ref.subscription, waiting)
    return client.put(ref.path, VAULT, dict(body))


def _follow(client: ArmClient, ref: VaultRef, step: Step, response: Response | None, waiting: Waiting, outcome: Outcome, *, leave: bool) -> bool:
    """Waits for a step; False when it is left running, as the task was asked to."""
    operation = operation_of(response) if response is not None else None
    if operation is None:
        return True
    outcome.operation = {"id": operation.id, "step": step.kind, "vault_id": ref.id}
    if leave:
        return False
    try:
        wait_for_operation(client, operation, timeout=waiting.left(), interval=waiting.interval)
    except OperationFailed as error:
        if error.code != "OperationNotFound":
            raise
        # Azure lost the operation, as it does with some creations; the vault tells how it ended.
    outcome.operation = None
    return True


def _undelete(client: ArmClient, ref: VaultRef, body: Mapping[str, Any], outcome: Outcome, waiting: Waiting) -> Response | None:
    """POST undelete. When its answer gets lost, or an earlier run has sent it, the vault shows up without a second one."""
    if outcome.deleted is None:
        raise ValueError("nothing to bring back")
    base = f"/subscriptions/{segment(ref.subscription)}/providers/Microsoft.RecoveryServices/locations/{segment(outcome.deleted.location)}"
    try:
        return client.post(f"{base}/deletedVaults/{segment(outcome.deleted.name)}/undelete", DELETED_VAULTS, dict(body))
    except ArmError as error:
        if not error.ambiguous and error.status not in (404, 409):
            raise
        until = client.clock.monotonic() + COMES_BACK_SECONDS
        while get_vault(client, ref) is None:
            if waiting.left() <= 0 or client.clock.monotonic() >= until:
                raise error
            waiting.pause(client.clock)
        return None


def settle(client: ArmClient, ref: VaultRef, vault: VaultSettings | None, waiting: Waiting) -> VaultSettings | None:
    """Waits until nothing is under way in the vault; None when it is gone."""
    pause = FIRST_LOOK
    while vault is not None and not vault.settled:
        if waiting.left() <= 0:
            raise OperationTimeout(
                f"The vault {ref.name} was still {vault.state}; Azure goes on with it.",
                last_state=vault.state,
                resume={"vault_id": ref.id},
                operation=f"GET vaults/{ref.name}",
            )
        waiting.tell(0, 1, f"{ref.name} is {vault.state}")
        waiting.pause(client.clock, pause)
        pause = waiting.interval
        vault = get_vault(client, ref)
    return vault


def register(client: ArmClient, subscription: str, waiting: Waiting) -> None:
    """Registers Microsoft.RecoveryServices in the subscription, which is needed once, and waits for it."""
    path = f"/subscriptions/{segment(subscription)}/providers/Microsoft.RecoveryServices"
    try:
        client.post(f"{path}/register", RESOURCES)
    except ArmError as error:
        if not error.ambiguous:
            raise
    while True:
        state = str((client.get(path, RESOURCES).body or {}).get("registrationState") or "")
        if state.lower() == "registered":
            return
        if waiting.left() <= 0:
            raise OperationTimeout(
                f"Microsoft.RecoveryServices was still {state or 'not registered'} in the subscription.",
                last_state=state or None,
                resume={"provider": "Microsoft.RecoveryServices"},
                operation="POST providers/Microsoft.RecoveryServices/register",
            )
        waiting.pause(client.clock, REGISTRATION_SECONDS)


def _not_reached(ref: VaultRef, plan: Plan) -> ArmError:
    """What the step that was sent has not brought about; what another step is for, nobody has asked Azure yet."""
    about_soft_delete = plan.steps[0].kind == "soft_delete"
    names = [name for name in plan.after if name.startswith("soft_delete") is about_soft_delete]
    settings = ", ".join(f"{name} is {plan.before[name]}, not {plan.after[name]}" for name in names)
    return ArmError(
        f"Azure reports success, but shows the vault {ref.name} otherwise: {settings}.",
        code="StateNotReached",
        target=ref.id,
        hint="An Azure Policy, or a rule of the region, may keep the setting; leave the option out, or look at the vault's activity log.",
    )


# --- absent ---


def foresee_absent(client: ArmClient, ref: VaultRef) -> Outcome:
    """What make_absent would do; only reads. Raises what keeps the vault from being deleted."""
    outcome = Outcome(vault=_find_or_none(client, ref))
    vault = outcome.vault
    if vault is None or vault.deleting:
        return outcome
    outcome.contents = read_contents(client, vault)
    problem = outcome.contents.problem(ref)
    if problem is not None:
        raise problem
    outcome.changed = True
    outcome.before, outcome.after = {"state": "present"}, {"state": "absent"}
    count = len(outcome.contents.soft_deleted)
    if count:
        outcome.warnings.append(
            f"{count} soft-deleted item{'s go' if count > 1 else ' goes'} with the vault: {', '.join(outcome.contents.soft_deleted[:5])}"
            + (" and more" if count > 5 else "") + ". undelete=true brings the vault back until then."
        )
    return outcome


def make_absent(client: ArmClient, ref: VaultRef, waiting: Waiting) -> Outcome:
    """Deletes the vault. Raises what fails before anything is sent."""
    outcome = foresee_absent(client, ref)
    if outcome.vault is not None and outcome.vault.deleting and waiting.wait:
        # Of an earlier run; should it fail, the vault is deleted once more.
        settle(client, ref, outcome.vault, waiting)
        outcome = foresee_absent(client, ref)
    vault = outcome.vault
    if vault is None or not outcome.changed:
        return outcome
    settle(client, ref, vault, waiting)
    waiting.tell(0, 1, f"deleting {ref.name}")
    try:
        _delete(client, ref, vault, waiting, outcome)
    except ArmError as error:
        _explain(error, vault)
        # A deletion that Azure took and ended Failed leaves the vault as it was.
        outcome.changed = isinstance(error, OperationTimeout) or error.ambiguous
        outcome.failure = error
        return outcome
    waiting.tell(1, 1, f"{ref.name} is deleted")
    return outcome


def _delete(client: ArmClient, ref: VaultRef, vault: VaultSettings, waiting: Waiting, outcome: Outcome) -> None:
    response = client.delete(ref.path, VAULT)
    operation = operation_of(response)
    if operation is not None:
        outcome.operation = {"id": operation.id, "step": "delete", "vault_id": ref.id}
        if not waiting.wait:
            return
        # 404 is how many of these operations end: the vault is gone, and they with it.
        wait_for_operation(client, operation, timeout=waiting.left(), interval=waiting.interval, gone_is_success=True)
        outcome.operation = None
    for look in range(SETTLE_LOOKS + 1):
        shown = _find_or_none(client, ref)
        if shown is None or shown.deleting and settle(client, ref, shown, waiting) is None:
            break
        if look == SETTLE_LOOKS:
            told = f"Azure reports success, but the vault {ref.name} is still there."
            raise ArmError(told, code="StateNotReached", target=ref.id, hint="Run the task again.")
        waiting.pause(client.clock, SETTLE_SECONDS)
    outcome.vault = None
    outcome.deleted = find_deleted(client, ref, vault.location, needed=False)


def _find_or_none(client: ArmClient, ref: VaultRef) -> VaultSettings | None:
    try:
        return get_vault(client, ref)
    except HttpError as error:
        if error.code == NO_GROUP:
            return None
        raise
