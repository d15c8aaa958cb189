# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a module waits for what it has started."""

from __future__ import annotations


class ModuleDocFragment:
    """C(lifeboat.azure_dr.wait): waiting for Azure's long operations and jobs."""

    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until Azure has done what was asked.
      - If V(false), the result has the ids of the jobs and operations, to be waited for later.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait, in seconds, counted from the start of the task.
      - Nothing is lost by a timeout. The failure has the ids to resume from, and running the task again goes on waiting for the same job.
    type: int
    default: 14400
  poll_interval:
    description:
      - Seconds between two looks at what is being waited for.
      - A longer time that Azure asks for (C(Retry-After)) is respected, and so is what is left of the subscription's request budget.
    type: float
    default: 30.0
"""
