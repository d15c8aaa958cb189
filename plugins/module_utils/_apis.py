# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The APIs that the rooms call, each with the version it was written for.

The option ``api_versions`` overrides any of them by name, since sovereign clouds lag behind. ``2025-02-01`` is the newest
version of backup and vault that recorded traffic covers in full; ``2021-11-15`` is the only one of cross-region restore.
"""

from __future__ import annotations

from ._arm.client import Api

BACKUP = Api("backup", "2025-02-01")
VAULT = Api("vault", "2025-02-01")
DELETED_VAULTS = Api("deleted_vaults", "2026-05-01")
CRR = Api("cross_region_restore", "2021-11-15")
COMPUTE = Api("compute", "2024-11-01")
DISKS = Api("disks", "2025-01-02")
NETWORK = Api("network", "2024-05-01")
RESOURCES = Api("resources", "2021-04-01")
STORAGE = Api("storage", "2023-05-01")
APIM = Api("apim", "2022-08-01")
AUTHORIZATION = Api("authorization", "2022-04-01")
SKUS = Api("compute_skus", "2021-07-01")
ACTIVITY_LOG = Api("activity_log", "2015-04-01")

API_NAMES = frozenset(
    api.name
    for api in (BACKUP, VAULT, DELETED_VAULTS, CRR, COMPUTE, DISKS, SKUS, NETWORK, RESOURCES, STORAGE, APIM, AUTHORIZATION, ACTIVITY_LOG)
)
"""The names that the option ``api_versions`` knows."""
