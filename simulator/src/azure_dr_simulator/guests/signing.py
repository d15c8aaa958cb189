# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed URLs of what boot diagnostics keep: whoever has one reads the blob, until its time is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Iterator
from urllib.parse import quote

from ..world import World

if TYPE_CHECKING:
    from ..services.compute.state import Vm

LOG, SCREENSHOT = "serialconsole.log", "screenshot.bmp"


@dataclass(frozen=True)
class Signed:
    vm_id: str
    url: str
    signature: str
    ends: datetime


@dataclass
class Console:
    """The URLs that were signed, by path."""

    endpoint: str = "https://console.blob.storage.invalid"
    """Leads nowhere until somebody listens."""
    signed: dict[str, Signed] = field(default_factory=dict)

    def urls(self) -> Iterator[str]:
        """What opens a log: the whole URL, and its signature as it stands in it."""
        for one in self.signed.values():
            yield one.url
            yield one.signature
            yield quote(one.signature, safe="")


def sign(world: World, vm: Vm, name: str, minutes: int) -> str:
    """A new URL of a blob of the VM's boot diagnostics."""
    console = world.state(Console)
    short = "".join(letter for letter in vm.name.lower() if letter.isalnum())[:9]
    # Each call signs anew, and each URL lives by its own time; the path alone tells them apart.
    path = f"/md-{world.new_id()[:8]}/bootdiagnostics-{short}-{vm.vm_id}/{vm.name}.{vm.vm_id}.{name}"
    ends = world.now() + timedelta(minutes=minutes)
    signature = world.new_id().replace("-", "") + "+/A="
    query = f"sv=2018-03-28&sr=b&sig={quote(signature, safe='')}&se={quote(f'{ends:%Y-%m-%dT%H:%M:%SZ}')}&sp=r"
    url = f"{console.endpoint}{path}?{query}"
    console.signed[path] = Signed(vm.id, url, signature, ends)
    return url
