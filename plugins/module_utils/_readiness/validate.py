# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets Azure check the restores from vaults, just as vm_restore does with validate in check mode: nothing is started."""

from __future__ import annotations

from typing import Any

from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._backup.restore_options import make_targets
from .._backup.restore_stamps import PrimaryStamp
from .._backup.restores import RestoreOptions, make_cases, restore
from .._backup.vaults import check_vault
from .._waiting import Waiting
from .needs import Batch, Needs

LOOK_BACK = 7
"""Days in which a restore of somebody else is looked for, as vm_restore has it."""


def validate_restores(client: ArmClient, needs: Needs, waiting: Waiting) -> list[dict[str, Any]]:
    """An entry a VM, as vm_restore tells it. Azure has no such check for restores from the paired region."""
    found: list[dict[str, Any]] = []
    for batch in needs.batches:
        try:
            found += _validated(client, batch, needs.subscription, waiting)
        except ArmError as error:
            found += [{"id": vm.id, "name": vm.name, "failed": True, "failure": error.as_failure()} for vm in batch.vms]
    return found


def _validated(client: ArmClient, batch: Batch, subscription: str, waiting: Waiting) -> list[dict[str, Any]]:
    params, vms = batch.params, list(batch.vms)
    choice = check_vault(params.get("vault"), params.get("resource_group"), subscription)
    cases = make_cases(params, vms, make_targets(params, vms))
    options = RestoreOptions(LOOK_BACK, force=False, validate=True, check_mode=True, waiting=waiting)
    return [report.as_result() for report in restore(client, PrimaryStamp(client, waiting.interval), choice, cases, options)]
