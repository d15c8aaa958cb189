# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of subscriptions, resource groups and providers."""

from __future__ import annotations

from ...replies import Reply
from ...routing import Call, Router
from ...world import World


def register(router: Router, world: World) -> None:
    """Adds the routes."""
