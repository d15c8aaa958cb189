# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks of a plan: each is a pure function of what is needed and what there is."""

from __future__ import annotations

from typing import Callable, Iterable, Sequence

from .._arm.client import ArmClient
from .._waiting import Waiting
from .check_api_management import check_api_management
from .check_permissions import check_permissions, check_validations
from .check_points import check_points
from .check_protection import check_protection, check_vaults
from .check_quotas import check_quotas
from .check_targets import check_groups, check_names, check_networks, check_storage
from .facts import Facts
from .findings import Finding
from .needs import Needs
from .read import read_facts
from .validate import validate_restores

ALL: Sequence[Callable[[Needs, Facts], Iterable[Finding]]] = (
    check_points,
    check_protection,
    check_vaults,
    check_groups,
    check_networks,
    check_names,
    check_quotas,
    check_storage,
    check_api_management,
    check_permissions,
)


def survey(client: ArmClient, needs: Needs, waiting: Waiting | None) -> list[Finding]:
    """What there is compared with what is needed; with ``waiting``, Azure is also asked to check each restore."""
    facts = read_facts(client, needs)
    found = [finding for check in ALL for finding in check(needs, facts)]
    return found + (list(check_validations(needs, validate_restores(client, needs, waiting))) if waiting else [])
