# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists recovery points of many VMs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Mapping, Sequence

from .._apis import BACKUP, CRR
from .._arm.client import ArmClient
from .._arm.errors import OptionError
from .._fleet import Vm, run_each
from .._options import parse_moment
from .cross_region import SecondaryStamp
from .recovery_points import CONSISTENCIES, RecoveryPoint, get_point, list_points, point_details, point_facts
from .restore_stamps import PrimaryStamp, Stamp
from .vaults import Located, VaultChoice


@dataclass(frozen=True)
class Search:
    """The filters. `consistency` is the least that counts."""

    start: datetime | None = None
    end: datetime | None = None
    consistency: str | None = None
    tier: str | None = None
    latest_only: bool = False
    details: bool = False
    secondary: bool = False


def check_search(params: Mapping[str, Any]) -> Search:
    """The filters of the options; raises OptionError for a time that is none or an end before the start."""
    start, end = _time(params, "start"), _time(params, "end")
    if start and end and end < start:
        raise OptionError("end", "it is before start")
    if params["details"] and params["from_secondary_region"]:
        raise OptionError("details", "the paired region does not have them")
    return Search(
        start, end, params["consistency"], params["tier"], params["latest_only"], params["details"], params["from_secondary_region"]
    )


def _time(params: Mapping[str, Any], option: str) -> datetime | None:
    text = params.get(option)
    if not text:
        return None
    return parse_moment(str(text), option)


def find_points(client: ArmClient, vms: Sequence[Vm], choice: VaultChoice, search: Search) -> dict[str, Any]:
    """The module's result: `recovery_points`, and `failures` with `failed` and `msg` when any VM failed."""
    stamp: Stamp = SecondaryStamp(client, None) if search.secondary else PrimaryStamp(client)
    located = _with_items(stamp, stamp.locate(vms, choice))
    outcomes = run_each(vms, lambda vm: _points_of(client, stamp, located[vm.key], search))
    rows = [row for outcome in outcomes for row in outcome.value or []]
    failures = [
        {"vm": outcome.item.name, "vm_id": outcome.item.id, "failure": outcome.error.as_failure()} for outcome in outcomes if outcome.error
    ]
    result: dict[str, Any] = {"changed": False, "recovery_points": rows}
    if failures:
        told = " ".join(f"{outcome.item.name}: {outcome.error}" for outcome in outcomes if outcome.error)
        result.update(failed=True, failures=failures, msg=f"The recovery points of {len(failures)} of {len(vms)} VMs could not be listed. {told}")
    return result


def _with_items(stamp: Stamp, located: Mapping[str, Located]) -> dict[str, Located]:
    """In the paired region the items are listed there, once a vault."""
    vaults = {found.vault.key: found.vault for found in located.values() if found.vault is not None}
    items = {key: stamp.items(vault) for key, vault in vaults.items()}
    completed = {}
    for key, found in located.items():
        listed = items[found.vault.key] if found.vault else None
        completed[key] = found if listed is None else replace(found, item=listed.get(key))
    return completed


def _points_of(client: ArmClient, stamp: Stamp, located: Located, search: Search) -> list[dict[str, Any]]:
    vm = located.vm
    if located.problem is not None:
        raise located.problem
    if located.vault is None or located.item is None:
        raise stamp.no_item(vm, located.vault)
    path = located.item.path
    api = CRR if search.secondary else BACKUP
    points = list_points(client, path, api, start=search.start, end=search.end, secondary=search.secondary)
    fitting = [point for point in points if fits(point, search)]
    if search.latest_only:
        fitting = fitting[:1]
    now = client.server_now()
    rows = []
    for point in fitting:
        row = {"vm": vm.name, "vm_id": vm.id, **point_facts(point), "age": _age(point, now)}
        if search.details:
            row.update(point_details(get_point(client, path, point.name, api) or point))
        rows.append(row)
    return rows


def fits(point: RecoveryPoint, search: Search) -> bool:
    """Whether a point has the consistency and the tier that are asked for."""
    if search.consistency and point.consistency not in CONSISTENCIES[: CONSISTENCIES.index(search.consistency) + 1]:
        return False
    return search.tier is None or search.tier in point.usable_tiers


def _age(point: RecoveryPoint, now: datetime) -> int | None:
    return None if point.time is None else max(0, int((now - point.time).total_seconds()))
