# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a vault can be seen in the paired region, and when."""

from __future__ import annotations

from datetime import datetime, timedelta

from .naming import PAIRED_REGION
from .state import Item, RecoveryPoint, RecoveryServicesState, Vault

SECONDARY_VERSION = "2021-11-15"
"""Together with a trailing slash, this api-version routes a read to the paired region."""


def paired_region(state: RecoveryServicesState, location: str) -> str | None:
    return state.paired.get(location) or PAIRED_REGION.get(location)


def points_in_secondary(vault: Vault, item: Item, now: datetime) -> list[RecoveryPoint]:
    """Vault-tier points that have had the time to replicate; none without cross-region restore."""
    if not vault.cross_region_restore or item.deleted is not None:
        return []
    since = vault.cross_region_since
    lag = timedelta(seconds=vault.cross_region_lag)
    return [
        point
        for point in item.points
        if point.has_tier("HardenedRP")
        and point.hardened is not None
        and (max(point.hardened, since) if since else point.hardened) + lag <= now
    ]
