# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Azure behind the wire: machines with interfaces and boot logs, in lists and one by one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import BASE, SUB, Sent, answer, failure

LOGS = "https://logs.blob.test"
SIGNATURE = "c2lnbmVkLWJ5LWF6dXJl"


def vm(name: str, group: str = "rg-dr") -> Vm:
    return Vm(SUB, group, name)


class FakeMachines:
    """``logs`` by the machine's name; None is a blob that is not there yet. ``answers`` {start of a path, in lower case: what is answered instead}."""

    def __init__(self) -> None:
        self.vms: dict[str, dict[str, Any]] = {}
        self.nics: dict[str, dict[str, Any]] = {}
        self.logs: dict[str, list[str | None]] = {}
        self.answers: dict[str, RawResponse] = {}
        self.uris: dict[str, str] = {}
        self.sent: list[Sent] = []
        self._lock = threading.Lock()

    def add(self, name: str, *addresses: str, group: str = "rg-dr", power: str = "running", logged: bool = True, nic_group: str = "") -> None:
        """A machine with one interface for each address, the last of them the primary one."""
        nics = []
        for number, address in enumerate(addresses):
            nic = f"/subscriptions/{SUB}/resourceGroups/{nic_group or group}/providers/Microsoft.Network/networkInterfaces/{name}-{number}"
            configuration = {"name": "ipconfig1", "properties": {"privateIPAddress": address, "primary": True}}
            self.nics[nic.lower()] = {"id": nic, "properties": {"ipConfigurations": [configuration]}}
            nics.append({"id": nic, "properties": {"primary": number == len(addresses) - 1}})
        statuses = [{"code": "ProvisioningState/succeeded"}, {"code": f"PowerState/{power}"}]
        agent = {"vmAgentVersion": "2.9.1.1", "statuses": [{"displayStatus": "Ready"}]} if power == "running" else {}
        machine = vm(name, group)
        self.vms[machine.key] = {
            "id": machine.id,
            "name": name,
            "properties": {
                "provisioningState": "Succeeded",
                "networkProfile": {"networkInterfaces": nics},
                **({"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}} if logged else {}),
                "instanceView": {"statuses": statuses, "vmAgent": agent},
            },
        }

    @property
    def asked(self) -> list[str]:
        """What was asked for: ``GET virtualMachines``."""
        return [f"{sent.method} {'/'.join(_path(sent.url).split('/')[-2:])}" for sent in self.sent]

    def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> RawResponse:
        with self._lock:
            self.sent.append(Sent(method, url, dict(headers), data))
            path = _path(url)
            for start, found in self.answers.items():
                if path.lower().startswith(start):
                    return found
            return self._log(path) if url.startswith(LOGS) else self._arm(method, path, url)

    def _arm(self, method: str, path: str, url: str) -> RawResponse:
        query = parse_qs(urlsplit(url).query)
        store = self.nics if "/microsoft.network/" in path.lower() else self.vms
        if method == "POST":
            name = path.split("/")[-2]
            uri = self.uris.get(name, f"{LOGS}/md-1/{name}?sv=1&sig={SIGNATURE}")
            return answer(200, {"serialConsoleLogBlobUri": uri, "consoleScreenshotBlobUri": uri})
        if path.lower() in store:
            return answer(200, self._shown(store[path.lower()], query.get("$expand") == ["instanceView"]))
        if path.lower().endswith(("/virtualmachines", "/networkinterfaces")):
            found = [one for key, one in store.items() if key.startswith(path.lower().partition("/providers/")[0] + "/")]
            if query.get("statusOnly") == ["true"]:
                return answer(200, {"value": [{"id": one["id"].upper(), "properties": {"instanceView": one["properties"]["instanceView"]}} for one in found]})
            return answer(200, {"value": [self._shown(one, False) for one in found]})
        return failure(404, "ResourceNotFound")

    @staticmethod
    def _shown(resource: dict[str, Any], view: bool) -> dict[str, Any]:
        properties = {name: value for name, value in resource["properties"].items() if view or name != "instanceView"}
        return {**resource, "properties": properties}

    def _log(self, path: str) -> RawResponse:
        logs = self.logs.get(path.rsplit("/", 1)[1], [None])
        text = logs.pop(0) if len(logs) > 1 else logs[0]
        return RawResponse(404, {"x-ms-error-code": "BlobNotFound"}, b"<Error/>") if text is None else RawResponse(200, {}, text.encode())


def _path(url: str) -> str:
    assert url.startswith((BASE, LOGS))
    return unquote(urlsplit(url).path)
