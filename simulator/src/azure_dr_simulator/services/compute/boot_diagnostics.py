# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot diagnostics of a VM: where its console's log and screenshot can be read, by signed URLs."""

from __future__ import annotations

from ...guests.signing import LOG, SCREENSHOT, sign
from ...replies import AzureError, Reply
from ...routing import Call
from .behaviour import invalid, member, need_vm
from .state import Vm

_MINUTES = 120
"""When the caller does not say."""
_LONGEST = 1440


def retrieve(call: Call) -> Reply:
    """200 with both URLs. Refused for a VM without boot diagnostics; which code that has is not known."""
    vm = need_vm(call)
    minutes = _minutes(call)
    if not enabled(vm):
        raise AzureError(
            409,
            "OperationNotAllowed",
            f"Boot diagnostics is not enabled for VM '{vm.name}'. Please enable boot diagnostics and retry.",
            headers={"x-ms-failure-cause": "service"},
        )
    return Reply(
        200,
        {
            "consoleScreenshotBlobUri": sign(call.world, vm, SCREENSHOT, minutes),
            "serialConsoleLogBlobUri": sign(call.world, vm, LOG, minutes),
        },
    )


def enabled(vm: Vm) -> bool:
    return member(vm.extra, "diagnosticsProfile", "bootDiagnostics", "enabled") is True


def _minutes(call: Call) -> int:
    given = next((value for name, value in call.query.items() if name.lower() == "sasuriexpirationtimeinminutes"), "")
    if not given:
        return _MINUTES
    if not given.isdigit() or not 1 <= int(given) <= _LONGEST:
        raise invalid(
            "sasUriExpirationTimeInMinutes",
            f"The value '{given}' of parameter 'sasUriExpirationTimeInMinutes' is out of range: 1 to {_LONGEST} minutes.",
        )
    return int(given)
