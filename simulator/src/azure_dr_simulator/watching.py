# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends the simulator together with the process that it was started for, so that nothing is left when that one is killed."""

from __future__ import annotations

import asyncio
import os

_SECONDS_BETWEEN_LOOKS = 1.0


async def stop_with(process: int, stopping: asyncio.Event) -> None:
    """Sets `stopping` when the process has ended."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        stopping.set()
    except (AttributeError, OSError):
        # Not a system on which the end of a process can be waited for.
        await _look(process, stopping)
    else:
        await _wait(handle, stopping)


async def _wait(handle: int, stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, stopping.set)
    try:
        await stopping.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


async def _look(process: int, stopping: asyncio.Event) -> None:
    while not stopping.is_set() and _there(process):
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
    stopping.set()


def _there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
