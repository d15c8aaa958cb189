# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options and the policy that there is to what must be sent. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Mapping

from .._arm.errors import OptionError
from .names import VaultRef
from .policy_rules import STANDARD_INSTANT_DAYS, check_whole
from .policy_words import Words, properties_of, same_words, words_of

Action = Literal["none", "create", "update", "delete"]

DEFAULT_INSTANT_DAYS = 2
"""What Azure's own policies have; a week apart, five days are the least that helps, and all that a standard policy may have."""


@dataclass(frozen=True)
class PolicyPlan:
    """``before`` and ``after`` in words, empty where there is no policy; ``properties`` what a PUT has to send; ``items`` how many
    protected items the change touches, as Azure counts them."""

    action: Action
    before: Words = field(default_factory=dict)
    after: Words = field(default_factory=dict)
    properties: dict[str, Any] | None = None
    items: int = 0

    @property
    def changes(self) -> bool:
        return self.action != "none"


def plan_present(name: str, given: Words, current: Mapping[str, Any] | None) -> PolicyPlan:
    """``given``: the words of the options that are set; ``current``: the properties of the policy, None when there is none.

    Raises OptionError when the policy cannot become so. A policy that is so already is never measured by the rules, nor sent.
    """
    if current is None:
        wanted = _new(given)
        check_whole(wanted)
        return PolicyPlan("create", {}, wanted, properties_of(wanted))
    before = words_of(current)
    wanted = {**before, **given}
    items = items_of(current)
    if same_words(wanted, before):
        return PolicyPlan("none", before, before, items=items)
    if wanted["policy_type"] != before["policy_type"]:
        raise OptionError(
            "policy_type",
            f"the policy {name!r} is {before['policy_type']}, which cannot be changed",
            hint="Make a policy with another name, and move the VMs to it with vm_backup_protection; from an enhanced policy there is no way back.",
        )
    if wanted["schedule"] is None and "retention" in given:
        raise OptionError("schedule", f"the policy {name!r} has a schedule that these options cannot say: give the whole schedule too")
    problem = _problem(wanted)
    if problem is not None and str(problem) != str(_problem(before)):
        raise problem
    return PolicyPlan("update", before, wanted, properties_of(wanted, current), items)


def _problem(words: Words) -> OptionError | None:
    """What is wrong with a whole policy. What was so before hinders no edit of something else: Azure has taken it once."""
    try:
        check_whole(words)
    except OptionError as error:
        return error
    return None


def plan_absent(current: Mapping[str, Any] | None) -> PolicyPlan:
    """Deletes what is there. Whether protected items are in the way is for the reader to find out."""
    if current is None:
        return PolicyPlan("none")
    return PolicyPlan("delete", words_of(current), {}, items=items_of(current))


def items_of(properties: Mapping[str, Any]) -> int:
    """How many protected items use the policy, as Azure counts them."""
    count = properties.get("protectedItemsCount")
    return count if isinstance(count, int) else 0


def _new(given: Words) -> Words:
    for option in ("schedule", "retention"):
        if option not in given:
            raise OptionError(option, "a new policy needs it")
    days = STANDARD_INSTANT_DAYS if given["schedule"]["frequency"] == "weekly" else DEFAULT_INSTANT_DAYS
    return {**words_of({}), "instant_restore_days": days, **given}


def policy_facts(vault: VaultRef, name: str, properties: Mapping[str, Any] | None, words: Words | None = None, items: int = 0) -> dict[str, Any]:
    """What results say of a policy: the words of the options, and where it is. ``properties`` as Azure shows it, or else ``words``."""
    return {
        "id": f"{vault.id}/backupPolicies/{name}",
        "name": name,
        "vault": vault.name,
        "vault_id": vault.id,
        "resource_group": vault.group,
        "protected_items_count": items if properties is None else items_of(properties),
        **(words or {} if properties is None else words_of(properties)),
    }
