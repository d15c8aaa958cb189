# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API versions that this room speaks by default; the option `api_versions` overrides them by name."""

from __future__ import annotations

from .._arm.client import Api

COMPUTE = Api("compute", "2024-11-01")
DISKS = Api("disks", "2025-01-02")
NETWORK = Api("network", "2024-05-01")
RESOURCES = Api("resources", "2021-04-01")
