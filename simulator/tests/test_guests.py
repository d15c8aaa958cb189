# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers inside machines: the proxy to their ports, their boot logs, and what restored machines have of it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

from azure_dr_simulator.estate import EstateError, default_document, load_estate
from azure_dr_simulator.guests.guests import at_address, boot_log, guest_of, is_up
from azure_dr_simulator.services.compute.state import ComputeState, Vm
from harness import Local, Served, error_code

LOG = "[ OK ] Started kernel\n[ OK ] Reached target\nshop login: \n"
GUESTS: list[dict[str, Any]] = [
    {
        "name": "shop-01",
        "guest": {
            "ports": [22, 5432],
            "http": [{"port": 8080, "path": "/health", "body": "all is well"}, {"port": 8080, "path": "/old", "status": 503}],
            "boot_log": LOG,
        },
    },
    {"name": "dead-01", "guest": {"boot_log": LOG, "boots": False}},
    {"name": "off-01", "power": "deallocated", "guest": {"boot_log": LOG}},
    {"name": "plain-01"},
]


def document() -> dict[str, Any]:
    found = default_document()
    found["virtual_machines"] = [{"resource_group": "rg-prod", **machine} for machine in GUESTS]
    found["vaults"] = [
        {
            "name": "rsv-prod-01",
            "resource_group": "rg-backup",
            "protected_items": [{"vm": "*-01", "policy": "DefaultPolicy", "recovery_points": [{"age_hours": 5}]}],
        }
    ]
    return found


@pytest.fixture()
def azure() -> Local:
    return Local(throttle="off", document=document())


def path_of(azure: Local, name: str) -> str:
    return f"{azure.group('rg-prod')}/providers/Microsoft.Compute/virtualMachines/{name}"


def vm_of(azure: Local, name: str) -> Vm:
    found = azure.world.state(ComputeState).vms.by_id(path_of(azure, name))
    assert found is not None
    return found


# --- the estate ---


@pytest.mark.parametrize(
    ("guest", "place"),
    [
        ({"ports": [0]}, "virtual_machines[0].guest.ports[0]"),
        ({"ports": ["22"]}, "virtual_machines[0].guest.ports[0]"),
        ({"http": [{"port": 70000}]}, "virtual_machines[0].guest.http[0].port"),
        ({"http": [{"port": 80, "status": 99}]}, "virtual_machines[0].guest.http[0].status"),
        ({"http": [{"port": 80, "path": "health"}]}, "virtual_machines[0].guest.http[0].path"),
        ({"boot": "log"}, "virtual_machines[0].guest.boot"),
    ],
)
def test_a_wrong_guest_is_told_with_its_place(guest: dict[str, Any], place: str) -> None:
    wrong = {**document(), "virtual_machines": [{"name": "a", "resource_group": "rg-prod", "guest": guest}], "vaults": []}
    with pytest.raises(EstateError) as caught:
        load_estate(wrong)
    assert caught.value.place == place


# --- boot diagnostics ---


def test_boot_diagnostics_give_signed_urls_which_are_secrets(azure: Local) -> None:
    answer = azure.send("POST", f"{path_of(azure, 'shop-01')}/retrieveBootDiagnosticsData?sasUriExpirationTimeInMinutes=5")
    assert answer.status == 200 and set(answer.body) == {"consoleScreenshotBlobUri", "serialConsoleLogBlobUri"}
    uri = answer.body["serialConsoleLogBlobUri"]
    assert "sig=" in uri and f"bootdiagnostics-shop01-{vm_of(azure, 'shop-01').vm_id}" in uri
    assert uri in azure.simulator.secrets()
    assert not [entry for entry in azure.simulator.recorder.entries if entry.write]


@pytest.mark.parametrize("minutes", ["0", "1441", "soon"])
def test_the_time_of_the_urls_has_limits(azure: Local, minutes: str) -> None:
    path = f"{path_of(azure, 'shop-01')}/retrieveBootDiagnosticsData?sasUriExpirationTimeInMinutes={minutes}"
    assert azure.send("POST", path).status == 400


def test_without_boot_diagnostics_there_is_no_log(azure: Local) -> None:
    refused = azure.send("POST", f"{path_of(azure, 'plain-01')}/retrieveBootDiagnosticsData")
    assert (refused.status, error_code(refused)) == (409, "OperationNotAllowed")
    assert "diagnosticsProfile" not in azure.get(path_of(azure, "plain-01")).body["properties"]
    assert azure.get(path_of(azure, "shop-01")).body["properties"]["diagnosticsProfile"]["bootDiagnostics"]["enabled"]


def test_boot_diagnostics_need_their_own_permission(azure: Local) -> None:
    refused = azure.send("POST", f"{path_of(azure, 'shop-01')}/retrieveBootDiagnosticsData", token=azure.issue("auditor"))
    assert (refused.status, error_code(refused)) == (403, "AuthorizationFailed")
    assert "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action" in refused.body["error"]["message"]


def test_the_log_of_a_machine_that_does_not_boot_stops_half_way(azure: Local) -> None:
    assert boot_log(azure.world, vm_of(azure, "shop-01")) == LOG
    assert boot_log(azure.world, vm_of(azure, "dead-01")) == LOG.splitlines(keepends=True)[0]


# --- who answers ---


def test_a_guest_answers_while_its_machine_runs(azure: Local) -> None:
    up = {name: is_up(azure.world, vm_of(azure, name)) for name in ("shop-01", "dead-01", "off-01", "plain-01")}
    assert up == {"shop-01": True, "dead-01": False, "off-01": False, "plain-01": True}
    azure.send("POST", f"{path_of(azure, 'shop-01')}/powerOff")
    assert not is_up(azure.world, vm_of(azure, "shop-01"))
    azure.send("POST", f"{path_of(azure, 'off-01')}/start")
    azure.advance(30)
    azure.world.settle()
    assert is_up(azure.world, vm_of(azure, "off-01"))


def restored(azure: Local, name: str, target: str) -> Vm:
    """The machine that a restore from the vault makes, after its source is gone."""
    vault = f"{azure.group('rg-backup')}/providers/Microsoft.RecoveryServices/vaults/rsv-prod-01"
    item = f"iaasvmcontainerv2;rg-prod;{name}"
    base = f"{vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{item}/protectedItems/VM;{item}/recoveryPoints"
    point = azure.get(base, version="2025-02-01").body["value"][0]["name"]
    azure.send("DELETE", path_of(azure, name))
    azure.advance(120)
    network = f"{azure.group('rg-dr')}/providers/Microsoft.Network/virtualNetworks/vnet-dr"
    properties = {
        "objectType": "IaasVMRestoreRequest",
        "recoveryPointId": point,
        "recoveryType": "AlternateLocation",
        "sourceResourceId": path_of(azure, name),
        "targetResourceGroupId": azure.group("rg-dr"),
        "targetVirtualMachineId": f"{azure.group('rg-dr')}/providers/Microsoft.Compute/virtualMachines/{target}",
        "virtualNetworkId": network,
        "subnetId": f"{network}/subnets/default",
        "storageAccountId": f"{azure.group('rg-dr')}/providers/Microsoft.Storage/storageAccounts/ststagingea",
        "region": azure.estate.location,
    }
    begun = azure.send("POST", f"{base}/{point}/restore", {"properties": properties}, version="2025-02-01")
    assert begun.status == 202, begun.body
    azure.advance(7200)
    azure.world.settle()
    found = azure.world.state(ComputeState).vms.by_id(str(properties["targetVirtualMachineId"]))
    assert found is not None
    return found


def address_of(azure: Local, vm: Vm) -> str:
    nic = azure.get(vm.nic_ids[0], version="2024-05-01").body
    return str(nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"])


def test_a_restored_machine_has_the_guest_of_its_source_and_an_address_of_its_own(azure: Local) -> None:
    first, second = restored(azure, "shop-01", "shop-01-dr"), restored(azure, "dead-01", "dead-01-dr")
    assert guest_of(azure.world, first).listens(5432) and is_up(azure.world, first)
    assert boot_log(azure.world, first) == LOG
    assert azure.send("POST", f"{first.id}/retrieveBootDiagnosticsData").status == 200
    assert not is_up(azure.world, second)
    addresses = [address_of(azure, first), address_of(azure, second)]
    assert len(set(addresses)) == 2 and all(address.startswith("10.20.") for address in addresses)
    assert at_address(azure.world, addresses[0]) is first


def test_a_machine_of_a_restore_point_has_it_too_unless_its_copy_was_not_complete(azure: Local) -> None:
    state = azure.world.state(ComputeState)
    source = vm_of(azure, "shop-01")
    assert source.os_disk is not None
    collection = f"{azure.group('rg-prod')}/providers/Microsoft.Compute/restorePointCollections/rpc"
    azure.send("PUT", collection, {"location": "eastasia", "properties": {"source": {"id": source.id}}})
    azure.send("PUT", f"{collection}/restorePoints/p1", {})
    azure.advance(60)
    point = azure.get(f"{collection}/restorePoints/p1/diskRestorePoints", version="2025-01-02").body["value"][0]["id"]
    creation = {"createOption": "Restore", "sourceResourceId": point}
    disk = f"{azure.group('rg-prod')}/providers/Microsoft.Compute/disks/made"
    azure.send("PUT", disk, {"location": "eastasia", "properties": {"creationData": creation}}, version="2025-01-02")
    azure.advance(10)
    made = state.disks.by_id(disk)
    assert made is not None and made.guest.listens(5432)
    source.os_disk.disk_id = made.id
    assert is_up(azure.world, source)
    made.incomplete = True
    assert not is_up(azure.world, source)


# --- through the wire ---


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("guests")
    estate = folder / "estate.yml"
    estate.write_text(yaml.safe_dump(document()))
    found = Served(folder, "--estate", str(estate), "--throttle", "off")
    found.sign_in()
    yield found
    found.stop()


def group(served: Served) -> str:
    return f"/subscriptions/{served.ready['subscription_id']}/resourceGroups/rg-prod/providers"


def knock(served: Served, name: str, port: int, request: str = "") -> str:
    """What the proxy and the guest answer."""
    nic = served.arm("GET", f"{group(served)}/Microsoft.Network/networkInterfaces/{name}-nic").json()
    address = nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
    return connect(served, f"{address}:{port}", request)


def connect(served: Served, target: str, request: str = "", method: str = "CONNECT") -> str:
    host, _, port = served.ready["guest_proxy_url"].removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as stream:
        stream.sendall(f"{method} {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        answer = stream.recv(4096).decode()
        if request and answer.startswith("HTTP/1.1 200"):
            stream.sendall(f"{request}\r\nHost: x\r\n\r\n".encode())
            while more := stream.recv(4096):
                answer += more.decode()
    return answer


def test_the_proxy_reaches_open_ports_and_web_pages(served: Served) -> None:
    assert knock(served, "shop-01", 5432) == "HTTP/1.1 200 Connection established\r\n\r\n"
    page = knock(served, "shop-01", 8080, "GET /health?full=1 HTTP/1.1")
    assert "HTTP/1.1 200 OK" in page and page.endswith("all is well")
    assert "HTTP/1.1 503 Service Unavailable" in knock(served, "shop-01", 8080, "GET /old HTTP/1.1")
    assert "HTTP/1.1 404 Not Found" in knock(served, "shop-01", 8080, "GET /nothing HTTP/1.1")


@pytest.mark.parametrize(
    ("name", "port", "status", "why"),
    [
        ("shop-01", 23, "502", "refuses connections to port 23"),
        ("dead-01", 22, "504", "does not answer"),
        ("off-01", 22, "504", "does not answer"),
    ],
)
def test_the_proxy_says_why_it_reaches_nobody(served: Served, name: str, port: int, status: str, why: str) -> None:
    answer = knock(served, name, port)
    assert answer.startswith(f"HTTP/1.1 {status} ") and why in answer


def test_the_proxy_takes_connect_to_known_addresses_only(served: Served) -> None:
    assert connect(served, "192.0.2.1:22").startswith("HTTP/1.1 502 ")
    assert connect(served, "http://192.0.2.1/", method="GET").startswith("HTTP/1.1 405 ")


def test_what_reaches_guests_is_recorded(served: Served) -> None:
    served.control("DELETE", "/requests")
    connect(served, "192.0.2.7:22")
    seen = served.control("GET", "/requests").json()
    assert [(one["endpoint"], one["method"], one["path"], one["status"]) for one in seen] == [
        ("guest", "CONNECT", "/192.0.2.7:22", 502)
    ]


def test_the_log_opens_by_its_url_alone(served: Served) -> None:
    vm = f"{group(served)}/Microsoft.Compute/virtualMachines/shop-01"
    uri = served.arm("POST", f"{vm}/retrieveBootDiagnosticsData").json()["serialConsoleLogBlobUri"]
    session = type(served.session)()
    session.trust_env = False
    session.verify = served.ready["ca_file"]
    assert session.get(uri).text == LOG
    for wrong in (uri.partition("?")[0], uri.replace("sig=", "sig=x")):
        refused = session.get(wrong)
        assert (refused.status_code, refused.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")
    assert session.put(uri, data=b"x").status_code == 403
    # Whoever sends the token of Resource Manager along has given it away.
    assert session.get(uri, headers={"Authorization": "Bearer x"}).status_code == 403
    seen = [one for one in served.control("GET", "/requests").json() if one["endpoint"] == "console"]
    assert len(seen) == 5 and not any(one["query"] for one in seen)
    assert uri in served.control("GET", "/secrets").json()["secrets"]


def test_a_signed_url_ends(served: Served) -> None:
    vm = f"{group(served)}/Microsoft.Compute/virtualMachines/shop-01"
    answer = served.session.post(
        f"{served.ready['arm_url']}{vm}/retrieveBootDiagnosticsData",
        params={"api-version": "2024-11-01", "sasUriExpirationTimeInMinutes": "1"},
    )
    served.control("POST", "/clock", json={"advance": 61})
    gone = type(served.session)()
    gone.trust_env = False
    assert gone.get(answer.json()["serialConsoleLogBlobUri"], verify=served.ready["ca_file"]).status_code == 403


def test_the_address_of_the_proxy_is_in_the_ready_file(served: Served) -> None:
    assert json.loads(Path(served.ready_file).read_text())["guest_proxy_url"].startswith("http://127.0.0.1:")
